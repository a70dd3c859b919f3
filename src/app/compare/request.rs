//! One request in both futures: its waterfalls over one axis, and where the difference comes from.

use leptos::prelude::*;

use crate::app::inspector::requests;
use crate::app::store::App;
use crate::base::text;
use crate::base::time::Nanos;
use crate::session::compare::{PhaseGap, phase_name, phases};
use crate::session::protocol::Trace;

/// Rows of the table at most: the largest differences.
const ROWS_MAX: usize = 8;

/// The request followed, in the run and in the fork; nothing before both are found.
pub fn compared(app: App, fork: App) -> AnyView {
    let (Some(one), Some(other)) = (app.trace.get(), fork.trace.get()) else {
        return ().into_any();
    };
    let head = |words: String| {
        view! {
            <header>
                <h3>{words}</h3>
                <button class="close" aria-label="Let go" title="Let go (Esc)"
                    on:click=move |_| app.let_go()>"×"</button>
            </header>
        }
    };
    let missing = |it: &Trace| it.missing || it.bars.is_empty();
    if missing(&one) || missing(&other) {
        let words = match (one.missing || other.missing, one.searching || other.searching) {
            (true, _) => "This request is not in both futures: another rate or seed makes others.",
            (_, true) => "Looking for this request in both futures…",
            _ => "Nothing is known of this request yet.",
        };
        return view! { <div class="waterfall">{head(words.to_owned())}</div> }.into_any();
    }
    let length = |it: &Trace| {
        let first = &it.bars[0];
        let newest = it.bars.iter().filter_map(|it| it.end).max().unwrap_or(first.start);
        first.end.unwrap_or(newest).saturating_sub(first.start)
    };
    let lengths = [length(&one), length(&other)];
    let span = lengths[0].max(lengths[1]).max(Nanos(1)).0 as f64;
    let told = RwSignal::new(String::new());
    let fall = |name: &'static str, future: App, trace: &Trace, length: Nanos| {
        let rows = trace
            .bars
            .iter()
            .cloned()
            .map(|it| requests::row(future, it, trace.bars[0].start, span, told));
        let rows = rows.collect_view();
        view! {
            <h4>{name} " · " <span class="num">{text::duration(length.0 as f64)}</span></h4>
            <ol>{rows}</ol>
        }
    };
    let gaps = phases(&one, &other);
    let rest = gaps.len().saturating_sub(ROWS_MAX);
    let rows = gaps.iter().take(ROWS_MAX).map(|it| row(app, it)).collect_view();
    let total = lengths[1].0 as f64 - lengths[0].0 as f64;
    let title = format!("The same request, key {}: {}", one.bars[0].key, change(total));
    view! {
        <div class="waterfall both">
            {head(title)}
            {fall("As it is", app, &one, lengths[0])}
            {fall("What if", fork, &other, lengths[1])}
            {requests::key(&[&one, &other])}
            <p class="told" role="status">{move || {
                let told = told.get();
                if told.is_empty() { "Both on one axis. A click on a bar goes to its moment.".to_owned() } else { told }
            }}</p>
            <table class="phases num">
                <caption>"Where the time goes, along the critical path"</caption>
                <thead><tr><th scope="col">"Phase"</th><th scope="col">"As it is"</th><th scope="col">"What if"</th><th scope="col">"Gap"</th></tr></thead>
                <tbody>{rows}
                    <tr class="total"><th scope="row">"All of it"</th>
                        <td>{text::duration(lengths[0].0 as f64)}</td><td>{text::duration(lengths[1].0 as f64)}</td><td>{change(total)}</td></tr>
                </tbody>
            </table>
            {(rest > 0).then(|| view! { <p class="empty">{format!("{rest} more phases differ less; the sum counts all of them.")}</p> })}
        </div>
    }
    .into_any()
}

/// A change of a duration, with its sign.
fn change(ns: f64) -> String {
    match ns {
        0.0 => "no difference".to_owned(),
        it if it > 0.0 => format!("+{}", text::duration(it)),
        it => format!("−{}", text::duration(-it)),
    }
}

fn row(app: App, it: &PhaseGap) -> impl IntoView {
    let label = app.component_label(it.component);
    let one = |ns: u64| if ns == 0 { "–".to_owned() } else { text::duration(ns as f64) };
    let gap = it.fork_ns as f64 - it.main_ns as f64;
    let gap_words = if gap == 0.0 { "0".to_owned() } else { change(gap) };
    view! {
        <tr class:longer={gap > 0.0}>
            <th scope="row">{label} ", " {phase_name(it.kind)}</th>
            <td>{one(it.main_ns)}</td><td>{one(it.fork_ns)}</td><td>{gap_words}</td>
        </tr>
    }
}

impl App {
    /// What people call the component with this slot.
    pub fn component_label(self, slot: u32) -> String {
        let id = self.latest.with_value(|it| it.cast.components.get(slot as usize).cloned());
        let id = id.unwrap_or_default();
        self.desk
            .with_value(|it| it.shown().components.get(&id).map(|it| it.label.clone()))
            .unwrap_or(id)
    }
}
