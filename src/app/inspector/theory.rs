//! Theory: what a closed form predicts of the component, beside what was seen; or which of its
//! assumptions fails.

use leptos::prelude::*;

use crate::app::store::App;
use crate::base::english;
use crate::base::text;
use crate::session::protocol::{Compared, Model, Theory as Told};
use crate::session::theory::Prediction;

/// The tab.
#[component]
pub fn Theory() -> impl IntoView {
    let app = App::here();
    move || match app.theory.get() {
        None => view! { <p class="empty">"Looking at the assumptions…"</p> }.into_any(),
        Some(it) => card(&it),
    }
}

fn card(told: &Told) -> AnyView {
    let reasons = told.fails.iter().map(|it| english::sentence(std::slice::from_ref(it)));
    let reasons = reasons.map(|it| view! { <li>{it}</li> }).collect_view();
    let head = match (&told.prediction, told.fails.is_empty()) {
        (None, _) => "No closed form holds here:",
        (Some(_), false) => "Not to be compared at present:",
        (Some(_), true) => {
            "All assumptions hold: requests come independently of each other at a known rate, work is known, and whoever comes first is served first."
        }
    };
    let fits = told.fails.is_empty();
    view! {
        <section class="theory" tabindex="0" aria-label="Theory">
            <p class="theory-head" class:fails=!fits>{head}</p>
            <ul class="reasons" hidden=fits>{reasons}</ul>
            {told.prediction.map(|it| prediction(it, fits))}
        </section>
    }
    .into_any()
}

fn prediction(it: Prediction, fits: bool) -> impl IntoView {
    let model: Model = it.model;
    let share = |it: f64| format!("{} %", text::number(it * 100.0));
    let seconds = |it: f64| text::duration(it * 1e9);
    let each = if it.members > 1 { format!(", {} members", it.members) } else { String::new() };
    let numbers = format!(
        "λ = {}/s, μ = {}/s, c = {}{each}",
        text::number(it.arrivals_per_s),
        text::number(it.services_per_s),
        it.servers
    );
    let row =
        |name: &'static str,
         help: &'static str,
         figure: Compared,
         words: &dyn Fn(f64) -> String| {
            let known = figure.band.1.is_finite();
            let band = if known {
                format!("{} – {}", words(figure.band.0), words(figure.band.1))
            } else {
                "not known".to_owned()
            };
            let state = match (fits, known, figure.holds()) {
                (false, ..) | (_, false, _) => ("", ""),
                (_, _, true) => ("holds", "inside"),
                _ => ("off", "outside"),
            };
            // The band in the middle half of the bar.
            let width = (figure.band.1 - figure.band.0).max(1e-12);
            let place = |at: f64| ((at - figure.band.0) / width * 50.0 + 25.0).clamp(0.0, 100.0);
            let bar = known.then(|| view! {
            <div class="band" aria-hidden="true">
                <i class="inside"></i>
                <i class="predicted" style=format!("left:{:.1}%", place(figure.predicted))></i>
                <i class="seen" style=format!("left:{:.1}%", place(figure.seen))></i>
            </div>
        });
            view! {
                <div class="theory-row" tabindex="0" title=help>
                    <b>{name}</b><span class=format!("verdict {}", state.0)>{state.1}</span>
                    <dl class="num">
                        <dt>"predicted"</dt><dd>{words(figure.predicted)}</dd>
                        <dt>"seen"</dt><dd>{words(figure.seen)}</dd>
                        <dt>"band"</dt><dd>{band}</dd>
                    </dl>
                    {bar}
                </div>
            }
        };
    view! {
        <p class="theory-model"><b>{model.name()}</b> " " <span class="num">{numbers}</span></p>
        <p class="num theory-formula">{model.formula()}</p>
        {row("Workers busy", "The share of time a worker is at work (utilisation, ρ).", it.utilization, &share)}
        {row("Waiting", "Requests waiting for a worker, on average (Lq).", it.waiting, &|it| text::number(it))}
        {row("Time to answer", "From arrival to answer, on average (W); the way over the wire is not part of it.", it.stay_s, &seconds)}
        <p class="help">{format!("Seen over {}. Of 20 runs of this length, 19 fall into the band.", text::duration(it.span.0 as f64))}</p>
    }
}
