//! What a wire carries, in numbers: for those who want less motion.

use leptos::prelude::*;

use crate::base::geometry::Point;
use crate::base::text;
use crate::session::protocol::WireFigures;

/// Calls above the middle of the wire, and failures below: nodes are near. As the flow shows it, what a cut swallows
/// is a failure too.
pub fn counts(figures: &WireFigures, middle: Point) -> AnyView {
    let line = |class: &'static str, words: String, y: f64| {
        view! { <text class=class x=format!("{:.1}", middle.x) y=format!("{y:.1}") text-anchor="middle">{words}</text> }
    };
    let failing = figures.failures + figures.lost;
    let failed = (failing > 0.0)
        .then(|| line("rate num failing", format!("✕ {}", text::number(failing)), middle.y + 15.0));
    (line("rate num", text::number(figures.arrived), middle.y - 5.0), failed).into_any()
}
