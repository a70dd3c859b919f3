//! What was not as it should be in what was opened, or could not be kept: told calmly, with what
//! can be done.

use leptos::prelude::*;

use super::Keeper;
use crate::app::store::App;
use crate::document::file;

/// Notices shown one by one; the rest is counted.
const LISTED: usize = 8;

/// What can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Save what is open as a file.
    Save,
    /// Show what the other tab has made.
    Theirs,
    /// Go on with what is here, as another design.
    Mine,
}

/// A notice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notice {
    /// What happened, and what was kept.
    pub text: String,
    /// Places and fixes.
    pub list: Vec<String>,
    /// What can be done.
    pub remedies: Vec<Remedy>,
}

impl Notice {
    /// One sentence.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// What was read with reservations; none if there are none.
    pub fn reservations(name: &str, notices: &[file::Notice]) -> Option<Self> {
        if notices.is_empty() {
            return None;
        }
        let mut list: Vec<String> = notices.iter().take(LISTED).map(ToString::to_string).collect();
        if notices.len() > LISTED {
            list.push(format!("and {} more", notices.len() - LISTED));
        }
        let text = format!("“{name}” was opened, but not all of it was taken as it stands:");
        Some(Self { text, list, remedies: Vec::new() })
    }
}

/// The strip across the top of the canvas.
pub fn strip(app: App) -> AnyView {
    let keep = Keeper::here();
    let remedy = move |remedy: Remedy| {
        let (name, act): (_, fn(App, Keeper)) = match remedy {
            Remedy::Save => ("Save a file", super::files::save),
            Remedy::Theirs => ("Show the other version", super::theirs),
            Remedy::Mine => ("Keep mine as a copy", super::mine),
        };
        view! { <button class="o" on:click=move |_| act(app, keep)>{name}</button> }
    };
    let strip = move || {
        keep.notice.get().map(|notice| {
            let list = notice.list.into_iter().map(|it| view! { <li>{it}</li> }).collect_view();
            view! {
                <div class="banner notice" role="alert">
                    <div><p>{notice.text}</p><ul>{list}</ul></div>
                    {notice.remedies.into_iter().map(remedy).collect_view()}
                    <button on:click=move |_| keep.notice.set(None)>"Dismiss"</button>
                </div>
            }
        })
    };
    strip.into_any()
}
