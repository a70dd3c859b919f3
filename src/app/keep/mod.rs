//! Keeping what people make: in the browser after every change, in files, in links. A design that
//! was only looked at (the book store, a link) is kept from the first thing done to it on.

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, StorageEvent};

use super::store::App;
use crate::document::file::File;
use crate::document::{Design, Extra};
use crate::session::kept::{Kept, Look};

pub mod files;
pub mod menu;
pub mod notice;
mod ready;
mod recording;
pub mod share;
mod shelf;
mod squeeze;
pub mod vacancy;

use notice::{Notice, Remedy};
use shelf::{Entry, Trouble};

/// A change is settled when nothing followed it for so long.
const SETTLED_MS: u32 = 400;

/// What is open, where it is kept, and what is shown of that.
#[derive(Clone, Copy)]
pub struct Keeper {
    /// Its key on the shelf; none while it is only looked at.
    id: RwSignal<Option<String>>,
    /// The shelf.
    shelf: RwSignal<Vec<Entry>>,
    /// What is to be told.
    notice: RwSignal<Option<Notice>>,
    /// The open panel.
    panel: RwSignal<Option<Panel>>,
    /// Whether something is about to be opened.
    loading: RwSignal<bool>,
    /// What was opened: as long as it is still this, there is nothing to keep.
    origin: StoredValue<(Design, u64, usize)>,
    /// What was kept last, without where people look.
    written: StoredValue<String>,
    /// Unknown fields of what was opened.
    extra: StoredValue<Extra>,
    /// Keeps it soon.
    timer: StoredValue<Option<Timeout>, LocalStorage>,
    /// Whether another tab has changed the same design: until that is decided, nothing is kept.
    contested: StoredValue<bool>,
}

/// A panel of the top bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Panel {
    /// The kept designs.
    Designs,
    /// The link.
    Share,
}

/// Tells of something typed that was not taken.
pub fn teller() -> impl Fn(String) + Copy + 'static {
    let keep = Keeper::here();
    move |text| keep.notice.set(Some(Notice::new(text)))
}

impl Keeper {
    fn here() -> Self {
        expect_context()
    }

    fn toggle(self, panel: Panel) {
        self.panel.update(|it| *it = (*it != Some(panel)).then_some(panel));
        self.shelf.set(shelf::list());
        // Once it is there: Escape closes it from wherever the keyboard is in it.
        set_timeout(|| share::focus("panel"), std::time::Duration::ZERO);
    }
}

/// Begins to keep what is done, and opens what was kept or what a link holds.
pub fn begin(app: App) {
    let keep = Keeper {
        id: RwSignal::new(None),
        shelf: RwSignal::new(shelf::list()),
        notice: RwSignal::new(None),
        panel: RwSignal::new(None),
        loading: RwSignal::new(false),
        origin: StoredValue::default(),
        written: StoredValue::default(),
        extra: StoredValue::default(),
        timer: StoredValue::new_local(None),
        contested: StoredValue::new(false),
    };
    provide_context(keep);
    settle(app, keep);
    if app.waits.get_value() {
        keep.loading.set(true);
        if !share::open(app, keep) {
            reopen(app, keep);
        }
    }
    Effect::new(move |_| {
        app.history.track();
        app.inputs.track();
        app.seed.track();
        let timer = Timeout::new(SETTLED_MS, move || autosave(app, keep, false));
        keep.timer.set_value(Some(timer));
    });
    files::listen(app, keep);
    listen(app, keep);
}

/// Other tabs, other links, and the end of the page.
fn listen(app: App, keep: Keeper) {
    let others = window_event_listener(leptos::ev::storage, move |event| other_tab(keep, &event));
    let links = window_event_listener(leptos::ev::hashchange, move |_| {
        share::open(app, keep);
    });
    let leaving = window_event_listener(leptos::ev::pagehide, move |_| autosave(app, keep, true));
    let outside = window_event_listener(leptos::ev::pointerdown, move |event| {
        let element = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        let inside = element.is_some_and(|it| it.closest(".menu").ok().flatten().is_some());
        if !inside && keep.panel.get_untracked().is_some() {
            keep.panel.set(None);
        }
    });
    std::mem::forget((others, links, leaving, outside));
}

/// Another tab has kept something.
fn other_tab(keep: Keeper, event: &StorageEvent) {
    let Some(key) = event.key() else { return };
    if key == shelf::LIST {
        keep.shelf.set(shelf::list());
    }
    let mine = keep.id.get_untracked().map(|id| format!("{}{id}", shelf::TEXT));
    if mine.as_deref() != Some(key.as_str()) {
        return;
    }
    if event.new_value().is_none() {
        keep.id.set(None);
        keep.notice.set(Some(Notice::new(
            "This design was deleted in another tab. It is still here, and kept again once you \
             change it.",
        )));
        return;
    }
    // It was only looked at elsewhere.
    let theirs = event.new_value().and_then(|it| Kept::read(&it).ok());
    if theirs.is_some_and(|it| keep.written.with_value(|mine| unseen(it.0).write() == *mine)) {
        return;
    }
    keep.contested.set_value(true);
    keep.notice.set(Some(Notice {
        text:
            "This design was changed in another tab. Until you choose, nothing done here is kept."
                .into(),
        remedies: vec![Remedy::Theirs, Remedy::Mine],
        ..Notice::default()
    }));
}

/// Shows what the other tab has kept.
fn theirs(app: App, keep: Keeper) {
    keep.notice.set(None);
    if let Some(id) = keep.id.get_untracked() {
        show(app, keep, &id);
    }
}

/// Keeps what is here under another key.
fn mine(app: App, keep: Keeper) {
    keep.notice.set(None);
    app.edit(named(app, |name| format!("{name} (copy)")));
    adopt(app, keep);
}

/// The change of the design's name.
fn named(app: App, name: impl FnOnce(&str) -> String) -> crate::document::Diff {
    let now = app.desk.with_value(|it| it.design.name.clone());
    let then = name(&now);
    let name = (now != then).then_some((now, then));
    crate::document::Diff { name, ..Default::default() }
}

/// What is open, as it is kept.
fn gather(app: App, keep: Keeper) -> Kept {
    let (at, zero) = app.latest.with_value(|it| (it.now, it.zero));
    let camera = (!app.follows.get_untracked()).then(|| app.camera.get_untracked());
    let (at, paused) = ((at > zero).then_some(at), !app.playing.get_untracked());
    let look = Look { at, paused, camera, forks: app.forks.get_untracked() };
    app.desk.with_value(|desk| {
        let mut file = File::new(desk.design.clone());
        file.seed = app.seed.get_untracked();
        file.warmup = app.warmup.get_value();
        file.extra = keep.extra.get_value();
        Kept { file, base: desk.base.clone(), inputs: desk.inputs.clone(), look }
    })
}

/// What is open now is what was opened.
fn settle(app: App, keep: Keeper) {
    let kept = gather(app, keep);
    keep.origin.set_value((kept.file.design.clone(), kept.file.seed, kept.inputs.len()));
    keep.written.set_value(unseen(kept).write());
    keep.contested.set_value(false);
}

fn unseen(kept: Kept) -> Kept {
    Kept { look: Look::default(), ..kept }
}

/// Keeps what is open, if there is something new to keep; when the page is left, where people look too.
fn autosave(app: App, keep: Keeper, leaving: bool) {
    if keep.contested.get_value() || keep.loading.get_untracked() {
        return;
    }
    let kept = gather(app, keep);
    let pristine = keep.origin.with_value(|it| {
        let same = it.0 == kept.file.design && it.1 == kept.file.seed;
        same && kept.inputs.len() == it.2
    });
    if keep.id.get_untracked().is_none() && pristine {
        return;
    }
    let text = unseen(kept.clone()).write();
    if !leaving && keep.written.with_value(|it| *it == text) {
        return;
    }
    let id = keep.id.get_untracked().unwrap_or_else(shelf::fresh);
    let (name, changed) = (kept.file.design.name.clone(), js_sys::Date::now());
    match shelf::put(Entry { id: id.clone(), name, changed }, &kept.write()) {
        Ok(()) => {
            share::forget();
            shelf::set_opened(Some(&id));
            keep.id.set(Some(id));
            keep.written.set_value(text);
            keep.shelf.set(shelf::list());
        }
        Err(trouble) => {
            // Told once, not at every change.
            keep.written.set_value(text);
            let text = match trouble {
                Trouble::Forbidden => {
                    "Changes are not kept: this browser does not store anything for this page."
                }
                Trouble::Full => {
                    "The last change is not kept: this browser has no room left for this page. \
                     Delete designs you no longer need."
                }
            };
            let remedies = vec![Remedy::Save];
            keep.notice.set(Some(Notice { text: text.into(), remedies, ..Notice::default() }));
        }
    }
}

/// Keeps what is open under a key of its own, at once.
fn adopt(app: App, keep: Keeper) {
    keep.id.set(Some(shelf::fresh()));
    keep.written.set_value(String::new());
    keep.contested.set_value(false);
    autosave(app, keep, false);
}

/// Puts a run on the canvas.
fn take(app: App, keep: Keeper, kept: Kept, id: Option<String>) {
    let Kept { file, base, inputs, look } = kept;
    keep.timer.set_value(None);
    keep.extra.set_value(file.extra);
    app.select(None);
    app.resume(file.design, (base, file.seed, file.warmup), inputs.clone(), look.at);
    app.forks.set(look.forks);
    app.playing.set(!look.paused);
    match look.camera {
        Some(camera) => {
            app.follows.set(false);
            app.camera.set(camera);
        }
        None => app.follow(),
    }
    opened(app, keep, id);
}

/// Something else is open now.
fn opened(app: App, keep: Keeper, id: Option<String>) {
    keep.loading.set(false);
    keep.panel.set(None);
    shelf::set_opened(id.as_deref());
    keep.id.set(id);
    settle(app, keep);
}

/// Opens the design that was open last.
fn reopen(app: App, keep: Keeper) {
    match shelf::opened() {
        Some(id) => show(app, keep, &id),
        None => open_template(app, keep),
    }
}

/// Opens a kept design.
fn show(app: App, keep: Keeper, id: &str) {
    let read = shelf::text(id).map(|it| Kept::read(&it));
    match read {
        Some(Ok((kept, notices))) => {
            keep.notice.set(Notice::reservations(&kept.file.design.name, &notices));
            share::forget();
            take(app, keep, kept, Some(id.to_owned()));
        }
        broken => {
            let problem = match broken {
                Some(Err(error)) => format!("it cannot be read: {error}"),
                _ => "it is no longer there".into(),
            };
            let text = format!("The kept design was not opened: {problem}.");
            keep.notice.set(Some(Notice::new(text)));
            if keep.loading.get_untracked() {
                open_template(app, keep);
            }
        }
    }
}

/// Leaves what is open for something else: it stays on the shelf, and what was told of it is told no longer.
fn leave(app: App, keep: Keeper) {
    keep.notice.set(None);
    autosave(app, keep, false);
    share::forget();
}

/// Opens what newcomers see; what was open stays on the shelf.
fn open_template(app: App, keep: Keeper) {
    leave(app, keep);
    keep.extra.set_value(Extra::default());
    app.select(None);
    app.playing.set(true);
    app.open_template();
    app.follow();
    opened(app, keep, None);
}

/// Opens an empty canvas.
fn open_new(app: App, keep: Keeper) {
    leave(app, keep);
    let design = Design { name: "Untitled".into(), ..Design::default() };
    take(app, keep, Kept::new(File::new(design)), None);
    adopt(app, keep);
}
