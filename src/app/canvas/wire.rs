//! A wire on the canvas: a curve as thick as its traffic is heavy, an arrow head, a wide strip to
//! click on.

use leptos::prelude::*;

use crate::app::store::App;
use crate::base::text;
use crate::document::Id;

use crate::editor::curve::Curve;

/// Side of the arrow head, in pixels.
const HEAD: f64 = 8.0;

/// The arrow head at a wire's end, as the `d` of an SVG path.
pub fn head(curve: &Curve) -> String {
    let (tip, way) = (curve.point_at(1.0), curve.direction_at(1.0));
    let (x, y) = (tip.x - way.x * HEAD, tip.y - way.y * HEAD);
    let (dx, dy) = (way.y * HEAD / 2.0, way.x * HEAD / 2.0);
    format!("M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z", tip.x, tip.y, x - dx, y + dy, x + dx, y - dy)
}

/// One wire; nothing if one of its ends is missing.
#[component]
pub fn Wire(
    /// Which.
    id: Id,
) -> impl IntoView {
    let app = App::here();
    let signals = app.wire(&id)?;
    let gap = signals.gap.clone();
    let (from, to) = signals.record.with_untracked(|it| (it.from.clone(), it.to.clone()));
    let (start, end) = (app.node(&from)?, app.node(&to)?);
    let curve = Memo::new({
        let (id, start, end) = (id.clone(), start.record.clone(), end.record.clone());
        move |_| {
            app.place.with(|place| {
                let one = start.with(|it| place.rect(&from, it));
                place.course(&id, one, end.with(|it| place.rect(&to, it)))
            })
        }
    });
    let figures = signals.figures;
    let rate = Memo::new({
        let figures = figures.clone();
        move |_| figures.with(|it| it.arrived)
    });
    let width = move || format!("{:.2}", 1.2 + (rate.get().max(0.0) / 1_500.0).sqrt().min(1.6));
    let chosen = Memo::new({
        let id = id.clone();
        move |_| app.selected.with(|it| it.as_ref().is_some_and(|it| it.has_wire(&id)))
    });
    let cut = Memo::new({
        let figures = figures.clone();
        move |_| figures.with(|it| it.cut || it.parted)
    });
    let words = {
        let (start, end) = (start.record, end.record);
        move || {
            let (one, other) = (start.with(|it| it.label.clone()), end.with(|it| it.label.clone()));
            let cut = if cut.get() { ", cut" } else { "" };
            let rate = text::rate(rate.get(), "req");
            format!("Wire from {one} to {other}: {rate}{cut}, over the last whole second")
        }
    };
    let title = words.clone();
    let middle = move || {
        let middle = curve.with(|it| it.point_at(0.5));
        (middle.x, middle.y)
    };
    Some(view! {
        <g class="wire" class:sel=chosen class:cut=cut class:differs=move || gap.get() data-wire=id.clone() tabindex="-1"
            role="button" aria-label=words>
            <title>{title}</title>
            <path class="hit" d=move || curve.with(Curve::svg_path)></path>
            <path class="line" d=move || curve.with(Curve::svg_path) stroke-width=width></path>
            <path class="head" d=move || curve.with(head)></path>
            {move || cut.get().then(|| {
                let (x, y) = middle();
                view! { <path class="break" d=format!("M{:.1} {:.1}l10 10m0-10l-10 10", x - 5.0, y - 5.0)></path> }
            })}
            {move || {
                let rooms = app.rooms.get().filter(|_| app.still.get() && rate.get() > 0.0)?;
                Some(figures.with(|it| (rooms.counts)(it, curve.with(|it| it.point_at(0.5)))))
            }}
        </g>
    })
}
