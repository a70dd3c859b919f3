//! The legend: exactly what is to be seen at present, and how to read it.

use leptos::prelude::*;

use crate::app::store::App;
use crate::base::text;
use crate::engine::event::{Outcome, Verb};
use crate::session::protocol::Path;

/// What is on the canvas now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Seen {
    reads: bool,
    writes: bool,
    mesh: bool,
    answers: bool,
    misses: bool,
    failed: bool,
    any: bool,
}

fn seen(app: App) -> Seen {
    let clock = app.clock.get();
    app.latest.with_value(|latest| {
        let mut seen = Seen::default();
        if clock.flow {
            for it in &latest.figures.wires {
                seen.reads |= it.reads > 0.0;
                seen.writes |= it.writes > 0.0;
                seen.answers |= it.answers > it.misses;
                seen.misses |= it.misses > 0.0;
                seen.failed |= it.failures > 0.0 || it.lost > 0.0;
            }
        } else {
            for it in &latest.messages {
                match (it.path, it.outcome) {
                    (Path::Mesh { .. }, _) => seen.mesh = true,
                    (_, Some(Outcome::Miss)) => seen.misses = true,
                    (_, Some(outcome)) if outcome.is_failure() => seen.failed = true,
                    (_, Some(_)) => seen.answers = true,
                    (_, None) if it.verb == Verb::Read => seen.reads = true,
                    _ => seen.writes = true,
                }
            }
        }
        seen.any = seen.reads || seen.writes;
        seen
    })
}

/// The legend.
#[component]
pub fn Legend() -> impl IntoView {
    let app = App::here();
    let seen = Memo::new(move |_| seen(app));
    let manner = Memo::new(move |_| {
        let clock = app.clock.get();
        if app.still.get() {
            return "counts per second, for less motion".to_owned();
        }
        match clock.flow {
            true => "flow: rate and mix, not single requests".to_owned(),
            false if clock.per_mark > 1.5 => {
                format!("messages: 1 in {}, all failures", text::number(clock.per_mark))
            }
            false => "each mark is one message".to_owned(),
        }
    });
    let scale = Memo::new(move |_| {
        let clock = app.clock.get();
        let per_mark = clock.per_mark;
        (clock.flow && per_mark > 0.0).then(|| {
            format!("One mark stands for {}.", text::rate(per_mark, "req"))
        })
    });
    let item = |shown: fn(Seen) -> bool, mark: &'static str, name: &'static str| {
        move || {
            shown(seen.get()).then(|| view! {
                <span><svg viewBox="-6 -6 12 12" width="12" height="12" aria-hidden="true"
                    inner_html=mark></svg>{name}</span>
            })
        }
    };
    view! {
        <div class="chip legend" role="note" aria-label="Legend"
            title=move || scale.get().unwrap_or_default()>
            {item(|it| it.reads, r#"<circle r="4" class="f-read"/>"#, "read")}
            {item(|it| it.writes, r#"<path d="M-3.700-3.700h7.400v7.400h-7.400z" class="f-write"/>"#, "write")}
            {item(|it| it.mesh, r#"<path d="M0-5l5 5-5 5-5-5z" class="f-replicate"/>"#, "replication")}
            {item(|it| it.answers, r#"<circle r="3.400" class="s-read"/>"#, "answer")}
            {item(|it| it.misses, r#"<circle r="3.400" class="s-miss"/>"#, "miss")}
            {item(|it| it.failed, r#"<path d="M-4-4l8 8M4-4l-8 8" class="s-fail"/>"#, "failed")}
            <span class="manner">{manner}</span>
        </div>
    }
}
