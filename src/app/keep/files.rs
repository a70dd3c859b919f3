//! Design files: saved as a download, opened by a picker or by dropping them on the page.

use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, DragEvent, File, HtmlAnchorElement, HtmlInputElement, Url};

use super::notice::Notice;
use super::{Keeper, recording};
use crate::app::inspector::bring;
use crate::app::store::App;
use crate::document::file::TEXT_MAX;
use crate::document::ids;
use crate::session::kept::Kept;

/// Hands the design over as a file: design, seed, what was done to the run, and the moment.
pub fn save(app: App, keep: Keeper) {
    let kept = super::gather(app, keep);
    let name = format!("{}.json", ids::repaired(&kept.file.design.name, "design"));
    if download(&name, &kept.write()).is_none() {
        keep.notice.set(Some(Notice::new("This browser does not let the page save a file.")));
    }
}

fn download(name: &str, text: &str) -> Option<()> {
    let blob = Blob::new_with_str_sequence(&Array::of1(&text.into())).ok()?;
    let address = Url::create_object_url_with_blob(&blob).ok()?;
    let link: HtmlAnchorElement = document().create_element("a").ok()?.dyn_into().ok()?;
    link.set_href(&address);
    link.set_download(name);
    link.click();
    // The download has begun by then.
    let done = move || _ = Url::revoke_object_url(&address);
    set_timeout(done, std::time::Duration::from_secs(10));
    Some(())
}

/// Asks which design.
pub fn pick(app: App, keep: Keeper) {
    choose(".json,application/json", move |file| open(app, keep, file));
}

/// Asks which file of these kinds.
pub fn choose(kinds: &str, act: impl FnOnce(File) + 'static) {
    let input = document().create_element("input").ok();
    let Some(input) = input.and_then(|it| it.dyn_into::<HtmlInputElement>().ok()) else { return };
    input.set_type("file");
    input.set_accept(kinds);
    let chosen = input.clone();
    let heard = Closure::once_into_js(move || {
        if let Some(file) = chosen.files().and_then(|it| it.item(0)) {
            act(file);
        }
    });
    input.set_onchange(Some(heard.unchecked_ref()));
    input.click();
}

/// Reads a file and shows it; if it cannot be read, says why and changes nothing.
fn open(app: App, keep: Keeper, file: File) {
    let name = file.name();
    if file.size() > TEXT_MAX as f64 {
        let text = format!(
            "“{name}” was not opened: it is larger than {} MB, which no design is. The canvas is \
             as it was.",
            TEXT_MAX >> 20
        );
        keep.notice.set(Some(Notice::new(text)));
        return;
    }
    leptos::task::spawn_local(async move {
        let text = JsFuture::from(file.text()).await.ok().and_then(|it| it.as_string());
        let Some(text) = text else {
            let text = format!("“{name}” could not be read. The canvas is as it was.");
            keep.notice.set(Some(Notice::new(text)));
            return;
        };
        match Kept::read(&text) {
            Ok((kept, notices)) => {
                keep.notice.set(Notice::reservations(&name, &notices));
                super::take(app, keep, kept, None);
                super::adopt(app, keep);
            }
            Err(error) => {
                let text = format!("“{name}” was not opened: {error}. The canvas is as it was.");
                keep.notice.set(Some(Notice::new(text)));
            }
        }
    });
}

/// Takes files that are dropped on the page, for as long as it lives.
pub fn listen(app: App, keep: Keeper) {
    let brings = |event: &DragEvent| {
        let kinds = event.data_transfer().map(|it| it.types());
        kinds.is_some_and(|it| it.includes(&"Files".into(), 0))
    };
    let over = window_event_listener(leptos::ev::dragover, move |event| {
        if brings(&event) {
            event.prevent_default();
        }
    });
    let dropped = window_event_listener(leptos::ev::drop, move |event| {
        if brings(&event) {
            event.prevent_default();
            let files = event.data_transfer().and_then(|it| it.files());
            if let Some(file) = files.and_then(|it| it.item(0))
                && !bring::takes(app, &event, &file)
                && !recording::takes(app, keep, &event, &file)
            {
                open(app, keep, file);
            }
        }
    });
    std::mem::forget((over, dropped));
}
