//! Values of independent runs, pooled and set beside what theory says.

/// How many standard errors the pooled mean may be off.
pub const Z_MAX: f64 = 4.0;

pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// How many standard errors the mean of independent values is from what theory says.
pub fn z(values: &[f64], theory: f64) -> f64 {
    let (n, middle) = (values.len() as f64, mean(values));
    let squares: f64 = values.iter().map(|it| (it - middle) * (it - middle)).sum();
    (middle - theory) / (squares / (n - 1.0) / n).sqrt()
}

/// The values agree with theory, and would not with a theory that is `off` by so much (a share).
#[track_caller]
pub fn check(what: &str, values: &[f64], theory: f64, off: f64) {
    let (right, wrong) = (z(values, theory), z(values, theory * (1.0 + off)));
    assert!(right.abs() < Z_MAX, "{what}: z = {right}, theory {theory}, seen {}", mean(values));
    assert!(wrong.abs() >= Z_MAX, "{what}: {off} off is not noticed, z = {wrong}");
    println!("{what}: z {right:.2}, {off} off {wrong:.0}");
}
