//! Values of independent runs, pooled and set beside what theory says.

/// How many standard errors the pooled mean may be off.
pub const Z_MAX: f64 = 4.0;

/// Stretches a run is cut into, whose means are nearly independent (the method of batch means: Law,
/// "Simulation modeling and analysis", 5th ed., section 9.5.3).
pub const BATCHES: usize = 20;
/// 97.5 % quantile of Student's t with 19 degrees of freedom (any table).
const T_19: f64 = 2.093;
/// Part of the runs whose 95 % interval must hold what theory says: 80 %, and all may.
const COVERED_MIN: f64 = 0.8;

pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Mean and standard error of independent values.
pub fn estimate(values: &[f64]) -> (f64, f64) {
    let (n, middle) = (values.len() as f64, mean(values));
    let squares: f64 = values.iter().map(|it| (it - middle) * (it - middle)).sum();
    (middle, (squares / (n - 1.0) / n).sqrt())
}

/// How many standard errors the mean of independent values is from what theory says.
pub fn z(values: &[f64], theory: f64) -> f64 {
    let (middle, error) = estimate(values);
    (middle - theory) / error
}

/// The means of as many stretches of equal number as there are batches.
pub fn batches(values: &[f64]) -> [f64; BATCHES] {
    let each = values.len() / BATCHES;
    assert!(each > 100, "batches of {each} are not independent");
    std::array::from_fn(|batch| mean(&values[batch * each..(batch + 1) * each]))
}

/// The 95 % interval that one run's batches give.
pub fn interval(batches: &[f64; BATCHES]) -> (f64, f64) {
    let (middle, error) = estimate(batches);
    (middle - T_19 * error, middle + T_19 * error)
}

/// The intervals of independent runs hold what is true, and not what is not.
#[track_caller]
pub fn check_covered(what: &str, intervals: &[(f64, f64)], right: f64, wrong: f64) {
    let covered = |theory: f64| {
        intervals.iter().filter(|(low, high)| (*low..=*high).contains(&theory)).count()
    };
    let (runs, covered) = (intervals.len(), [covered(right), covered(wrong)]);
    println!("{what}: covered {covered:?} of {runs}");
    assert!(covered[0] as f64 >= COVERED_MIN * runs as f64, "{what}: {covered:?} of {runs}");
    assert!(covered[1] < covered[0], "{what}: intervals tell nothing: {covered:?} of {runs}");
}

/// The values agree with theory, and would not with a theory that is `off` by so much (a share).
#[track_caller]
pub fn check(what: &str, values: &[f64], theory: f64, off: f64) {
    let (right, wrong) = (z(values, theory), z(values, theory * (1.0 + off)));
    assert!(right.abs() < Z_MAX, "{what}: z = {right}, theory {theory}, seen {}", mean(values));
    assert!(wrong.abs() >= Z_MAX, "{what}: {off} off is not noticed, z = {wrong}");
    println!("{what}: z {right:.2}, {off} off {wrong:.0}");
}
