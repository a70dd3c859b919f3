//! Links that hold what is open: made, copied, opened.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlElement, HtmlInputElement};

use super::notice::Notice;
use super::squeeze::{Trouble, expand, squeeze};
use super::{Keeper, Panel, menu};
use crate::app::icons::Icon;
use crate::app::store::App;
use crate::base::text;
use crate::session::kept::{Kept, Look};
use crate::session::link;
use crate::session::protocol::Input;

/// Longer links are cut off by some programs.
const COMMON_MAX: usize = 2_000;
/// What is said of every link that is not opened.
const UNCHANGED: &str = "The canvas is as it was.";

fn hash() -> String {
    window().location().hash().unwrap_or_default()
}

/// Takes the design out of the address, once it is kept elsewhere or something else is open.
pub(super) fn forget() {
    if hash().starts_with(link::MARK)
        && let (Ok(history), Ok(path)) = (window().history(), window().location().pathname())
    {
        let search = window().location().search().unwrap_or_default();
        let address = format!("{path}{search}");
        _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
    }
}

/// Gives the keyboard to an element.
pub(super) fn focus(id: &str) {
    let element = document().get_element_by_id(id);
    if let Some(element) = element.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        _ = element.focus();
    }
}

/// Opens the design in the address; false if there is none.
pub(super) fn open(app: App, keep: Keeper) -> bool {
    let Some(bytes) = link::bytes(&hash()) else { return false };
    leptos::task::spawn_local(async move {
        let read = match bytes {
            Ok(bytes) => read(&bytes).await,
            Err(problem) => Err(problem.to_owned()),
        };
        match read {
            Ok((kept, notices)) => {
                super::autosave(app, keep, false);
                keep.notice.set(Notice::reservations(&kept.file.design.name, &notices));
                super::take(app, keep, kept, None);
            }
            Err(problem) => {
                forget();
                let waited = keep.loading.get_untracked();
                if waited {
                    super::reopen(app, keep);
                }
                let end = if waited { "" } else { UNCHANGED };
                let text = format!("The link was not opened: {problem}. {end}");
                keep.notice.set(Some(Notice::new(text.trim_end())));
            }
        }
    });
    true
}

type Read = (Kept, Vec<crate::document::file::Notice>);

async fn read(bytes: &[u8]) -> Result<Read, String> {
    let text = expand(bytes, link::EXPANDED_MAX).await.map_err(|it| match it {
        Trouble::Missing => "this browser cannot expand it; use a newer one".to_owned(),
        Trouble::Broken => "it is cut off or damaged; copy it whole".to_owned(),
        Trouble::Large => "it expands to more than any design needs".to_owned(),
    })?;
    let text = String::from_utf8(text).map_err(|_| "it holds no text".to_owned())?;
    // Nobody can mend the text in a link.
    Kept::read(&text).map_err(|it| match it.position {
        Some(_) => "what it holds is no design; copy the link whole, or ask whoever sent it for a \
                    new one or a file"
            .to_owned(),
        None => it.to_string(),
    })
}

/// The link to what is open.
async fn address(kept: Kept) -> Result<String, String> {
    let bytes = squeeze(kept.write_tight().as_bytes()).await;
    let bytes = bytes.map_err(|_| "This browser cannot make links; use a newer one.".to_owned())?;
    let fragment = link::fragment(&bytes);
    if fragment.len() > link::LINK_MAX {
        return Err("This design is too large for a link: save it as a file instead.".into());
    }
    let address = window().location().href().unwrap_or_default();
    let page = address.split('#').next().unwrap_or_default();
    Ok(format!("{page}{fragment}"))
}

/// What a link holds, in words.
fn contents(kept: &Kept) -> String {
    let count = |faults: bool| {
        kept.inputs.iter().filter(|it| matches!(it.input, Input::Fault(_)) == faults).count()
    };
    let some = |n: usize, what: &str| match n {
        0 => String::new(),
        1 => format!(", 1 {what}"),
        n => format!(", {n} {what}s"),
    };
    let (faults, edits) = (some(count(true), "fault"), some(count(false), "edit"));
    format!("Holds the design, seed {}{faults}{edits}, and this moment.", kept.file.seed)
}

/// The button in the top bar, and the link behind it.
pub fn share(app: App) -> AnyView {
    let keep = Keeper::here();
    let open = move || keep.panel.get() == Some(Panel::Share);
    view! {
        <div class="menu share" on:keydown=move |event| menu::close_on_escape(keep, &event, "share-button")>
            <button id="share-button" aria-label="Share" title="A link to this design, as it is now" aria-haspopup="true"
                aria-expanded=move || open().to_string() on:click=move |_| keep.toggle(Panel::Share)>
                <Icon name="share".to_owned()/>
            </button>
            {move || open().then(|| panel(app, keep))}
        </div>
    }
    .into_any()
}

fn panel(app: App, keep: Keeper) -> impl IntoView {
    let mut kept = super::gather(app, keep);
    // Screens differ.
    kept.look = Look { camera: None, ..kept.look };
    let holds = contents(&kept);
    let made = RwSignal::new(None::<Result<String, String>>);
    let copied = RwSignal::new(None::<bool>);
    leptos::task::spawn_local(async move {
        let address = address(kept).await;
        made.try_set(Some(address));
    });
    let copy = move |address: String| {
        leptos::task::spawn_local(async move {
            let clipboard = window().navigator().clipboard();
            let done = if clipboard.is_undefined() {
                false
            } else {
                JsFuture::from(clipboard.write_text(&address)).await.is_ok()
            };
            if !done && let Some(field) = document().get_element_by_id("share-link") {
                field.unchecked_into::<HtmlInputElement>().select();
            }
            copied.try_set(Some(done));
        });
    };
    let length = move |address: &str| {
        let length = text::number(address.len() as f64);
        let long = address.len() > COMMON_MAX;
        let advice = if long { ". Some programs cut links this long; a file is safer" } else { "" };
        format!("{length} characters{advice}.")
    };
    let body = move || match made.get() {
        None => view! { <p class="hint">"Making the link…"</p> }.into_any(),
        Some(Err(problem)) => view! { <p class="problem">{problem}</p> }.into_any(),
        Some(Ok(address)) => {
            let length = length(&address);
            let copied_text = address.clone();
            view! {
                <div class="link">
                    <input id="share-link" class="num" readonly aria-label="Link" prop:value=address/>
                    <button class="p" on:click=move |_| copy(copied_text.clone())>"Copy"</button>
                </div>
                <p class="hint" role="status">
                    {move || match copied.get() {
                        None => length.clone(),
                        Some(true) => format!("Copied. {length}"),
                        Some(false) => "The browser does not let the page copy: the link is \
                            selected, press Ctrl+C or ⌘C.".to_owned(),
                    }}
                </p>
            }
            .into_any()
        }
    };
    view! {
        <section id="panel" class="panel" tabindex="-1" aria-label="Share">
            <h2>"Share a link"</h2>
            <p>{holds}</p>
            {body}
            <p class="hint">"Nothing is sent anywhere: the design is in the link itself."</p>
        </section>
    }
}
