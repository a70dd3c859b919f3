//! A wire on the canvas: a curve as thick as its traffic is heavy, an arrow head, a wide strip to
//! click on.

use leptos::prelude::*;

use crate::app::store::{App, Selected};
use crate::base::text;
use crate::document::Id;

use super::route::Curve;

/// Side of the arrow head, in pixels.
const HEAD: f64 = 8.0;

/// One wire; nothing if one of its ends is missing.
#[component]
pub fn Wire(
    /// Which.
    id: Id,
) -> impl IntoView {
    let app = App::here();
    let signals = app.wire(&id)?;
    let (from, to) = signals.record.with_untracked(|it| (it.from.clone(), it.to.clone()));
    let (start, end) = (app.node(&from)?, app.node(&to)?);
    let curve = Memo::new({
        let (start, end) = (start.record.clone(), end.record.clone());
        move |_| {
            app.place.with(|place| {
                let one = start.with(|it| place.rect(&from, it.at));
                Curve::between(one, end.with(|it| place.rect(&to, it.at)))
            })
        }
    });
    let figures = signals.figures;
    let rate = Memo::new({
        let figures = figures.clone();
        move |_| figures.with(|it| it.reads + it.writes)
    });
    let width = move || format!("{:.2}", 1.2 + (rate.get().max(0.0) / 1_500.0).sqrt().min(1.6));
    let chosen = Memo::new({
        let id = id.clone();
        move |_| app.selected.with(|it| matches!(it, Some(Selected::Wire(it)) if *it == id))
    });
    let cut = Memo::new(move |_| figures.with(|it| it.cut));
    let words = {
        let (start, end) = (start.record, end.record);
        move || {
            let (one, other) = (start.with(|it| it.label.clone()), end.with(|it| it.label.clone()));
            let cut = if cut.get() { ", cut" } else { "" };
            format!("Wire from {one} to {other}: {}{cut}", text::rate(rate.get(), "req"))
        }
    };
    let title = words.clone();
    let enter = {
        let id = id.clone();
        move |event: leptos::ev::KeyboardEvent| {
            if event.key() == "Enter" {
                app.select(Some(Selected::Wire(id.clone())));
                crate::app::inspector::focus();
            }
        }
    };
    let middle = move || {
        let [a, b, c, d] = curve.get().points;
        let mid = |a: f64, b: f64, c: f64, d: f64| (a + 3.0 * b + 3.0 * c + d) / 8.0;
        (mid(a.x, b.x, c.x, d.x), mid(a.y, b.y, c.y, d.y))
    };
    Some(view! {
        <g class="wire" class:sel=chosen class:cut=cut data-wire=id.clone() tabindex="-1"
            role="button" aria-label=words on:keydown=enter>
            <title>{title}</title>
            <path class="hit" d=move || curve.get().path()></path>
            <path class="line" d=move || curve.get().path() stroke-width=width></path>
            <path class="head" d=move || curve.get().head(HEAD)></path>
            {move || cut.get().then(|| {
                let (x, y) = middle();
                view! { <path class="break" d=format!("M{} {}l10 10m0-10l-10 10", x - 5.0, y - 5.0)></path> }
            })}
            {move || (app.still.get() && rate.get() > 0.0).then(|| {
                let (x, y) = middle();
                view! { <text class="rate num" x=x y=y text-anchor="middle">{text::rate(rate.get(), "")}</text> }
            })}
        </g>
    })
}
