//! The legend: exactly what is to be seen at present, and how to read it.

use leptos::prelude::*;

use crate::app::store::App;
use crate::base::text;

use super::brush::Sign;

/// Each sign, drawn, and what it stands for.
const ITEMS: [(Sign, &str, &str); 7] = [
    (Sign::Read, r#"<circle r="4" class="f-read"/>"#, "read"),
    (Sign::Write, r#"<path d="M-3.700-3.700h7.400v7.400h-7.400z" class="f-write"/>"#, "write"),
    (Sign::Mesh, r#"<path d="M0-5l5 5-5 5-5-5z" class="f-replicate"/>"#, "replication"),
    (Sign::Answer, r#"<circle r="3.400" class="s-read"/>"#, "answer"),
    (Sign::Done, r#"<path d="M-3-3h6v6h-6z" class="s-write"/>"#, "written"),
    (
        Sign::Miss,
        r#"<path d="M-3-3m6 0l-6 6M3.400 0a3.400 3.400 0 1 1-6.800 0a3.400 3.400 0 1 1 6.800 0" class="s-miss"/>"#,
        "miss",
    ),
    (Sign::Failed, r#"<path d="M-4-4l8 8M4-4l-8 8" class="s-fail"/>"#, "failed"),
];

/// The legend.
pub fn legend(app: App) -> AnyView {
    let seen = app.seen;
    let manner = Memo::new(move |_| {
        let clock = app.clock.get();
        match () {
            () if app.still.get() && (clock.flow || app.playing.get()) => {
                "calls per second, over the last whole one; ✕ failures".to_owned()
            }
            () if seen.get() == 0 => "nothing is on its way".to_owned(),
            () if clock.flow => "flow: rate and mix, not single requests".to_owned(),
            () if clock.per_mark > 1.5 => {
                format!("messages: 1 in {}, all failures", text::number(clock.per_mark))
            }
            () => "each mark is one message".to_owned(),
        }
    });
    let scale = Memo::new(move |_| {
        let clock = app.clock.get();
        let shown = clock.flow && clock.per_mark > 0.0 && seen.get() != 0;
        shown.then(|| format!("one mark: {}", text::rate(clock.per_mark, "req")))
    });
    let items = move || {
        let seen = seen.get();
        let shown = ITEMS.iter().filter(|it| seen & 1 << it.0 as u8 != 0);
        let item = |it: &(Sign, &'static str, &'static str)| {
            view! {
                <span><svg viewBox="-6 -6 12 12" width="12" height="12" aria-hidden="true"
                    inner_html=it.1></svg>{it.2}</span>
            }
        };
        shown.map(item).collect_view()
    };
    view! {
        <div class="chip legend" role="note" aria-label="Legend">
            {items}
            <span class="manner">{manner}</span>
            {move || scale.get().map(|it| view! { <span class="manner">{it}</span> })}
        </div>
    }
    .into_any()
}
