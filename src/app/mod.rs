//! The page: canvas, inspector, time, chart. It holds the latest frame, never the world; what
//! decides anything lies below.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;

use crate::document::file::File;
use crate::session::Session;
use crate::session::host::Host;
use crate::session::protocol::Branch;
use crate::session::prove::Way;
use crate::worker;

pub mod banner;
pub mod bridge;
pub mod canvas;
pub mod chart;
pub mod compare;
pub mod cuts;
pub mod deeds;
pub mod desk;
pub mod figures;
pub mod form;
pub mod frame_loop;
pub mod glyphs;
pub mod icons;
pub mod inspector;
pub mod keep;
pub mod keys;
mod leave;
pub mod library;
mod loss;
pub mod marks;
pub mod mirror;
pub mod rooms;
pub mod script;
mod sheet;
pub mod store;
pub mod story;
pub mod theme;
pub mod timeline;
pub mod tip;
pub mod topbar;
pub mod track;
pub mod until;

use store::App;
use theme::{Palette, Theme};

/// Page entry point: called by `www/index.html` with what newcomers see, a packed file. The canvas
/// stays empty at first if it `waits` for what was kept or what a link holds.
#[wasm_bindgen]
pub fn start_page(opening: Vec<u8>, waits: bool) {
    console_error_panic_hook::set_once();
    mount_to_body(move || view! { <Page opening waits/> });
}

/// Worker entry point: called by `www/worker.js`. Promises the parts that come after the first run.
#[wasm_bindgen]
pub fn start_worker() -> js_sys::Promise {
    console_error_panic_hook::set_once();
    worker::run(Host::new(Session::first()));
    wasm_bindgen_futures::future_to_promise(async {
        worker::furnish(rooms::later().await.ok());
        Ok(JsValue::UNDEFINED)
    })
}

/// What the fast worker needs to go on with what this one hosts, if this is a moment for it.
#[wasm_bindgen]
pub fn hand_over() -> Option<Vec<u8>> {
    worker::hand_over()
}

/// The fast worker has gone on with it.
#[wasm_bindgen]
pub fn retire() {
    worker::retire();
}

/// Entry point of the proof page's worker: runs every golden run in every way, and tells of each as
/// it ends: its name, the way, the hash expected and the hash computed.
#[wasm_bindgen]
pub async fn prove(told: js_sys::Function) -> Result<(), JsValue> {
    console_error_panic_hook::set_once();
    let missing = |_| JsValue::from_str("a part of the program could not be loaded");
    let proof = rooms::proof().await.map_err(missing)?;
    for golden in proof.runs {
        for way in Way::ALL {
            let failed = |_| JsValue::from_str("a golden run does not compile");
            let hash = (proof.hash)(golden, way).map_err(failed)?;
            let line = js_sys::Array::of4(
                &golden.name.into(),
                &way.label().into(),
                &format!("{:016x}", golden.hash).into(),
                &format!("{hash:016x}").into(),
            );
            told.call1(&JsValue::UNDEFINED, &line)?;
        }
    }
    Ok(())
}

/// Everything on the page.
#[component]
pub fn Page(
    /// What to open, as a packed file.
    opening: Vec<u8>,
    /// Whether something else will be opened instead.
    waits: bool,
) -> impl IntoView {
    let app = App::blank();
    provide_context(app);
    app.still.set(stillness().is_some_and(|it| it.matches()));
    bridge::connect(app);
    app.opening.set_value(opening);
    app.waits.set_value(waits);
    if !waits {
        app.open_template();
    }
    frame_loop::start(app);
    rooms::load(app);
    view! {
        <div class="app" class:with-chart=move || app.chart_open.get()
            class:comparing=move || app.parted.get().is_some()
            class:both=move || app.both.get()
            class:what=move || app.focus.get() == Branch::Fork>
            <header class="topbar">
                <Name/>
                {app.room(|it| it.tools)}
            </header>
            <div class="notices">
                <banner::BannerStrip/>
                {app.room(|it| it.notices)}
            </div>
            <div class="middle">
                <canvas::Canvas/>
                {app.room(|it| it.beside)}
                {app.room(|it| it.vacancy)}
                <section aria-label="What happened, and what to try">{app.room(|it| it.foot)}</section>
                {app.room(|it| it.inspector)}
                {app.room(|it| it.sheet)}
            </div>
            <section class="time" aria-label="Time">{app.room(|it| it.time)}</section>
            {move || app.chart_open.get().then(|| view! {
                <section class="chart" aria-label="Chart">{app.room(|it| it.chart)}</section>
                {app.room(|it| it.gap)}
            })}
            {app.room(|it| it.tip)}
        </div>
    }
}

/// Whose page this is; and what is open, until it can be chosen.
#[component]
fn Name() -> impl IntoView {
    let app = App::here();
    view! {
        <svg class="logo" width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
            <circle cx="11" cy="11" r="8" class="ring"/>
            <circle cx="11" cy="3" r="2.200" class="f-read"/>
            <circle cx="18" cy="15" r="2.200" class="f-write"/>
            <circle cx="4.200" cy="15.200" r="2.200" class="f-hit"/>
        </svg>
        <h1>"Ringside"</h1>
        <span class="document" hidden=move || app.rooms.get().is_some()>
            {move || app.frame_of.with(|it| it.0.clone())}
        </span>
    }
}

impl App {
    /// Puts what newcomers see on the canvas.
    pub fn open_template(self) {
        if let Some(file) = self.opening.with_value(|it| File::unpack(it)) {
            self.seed.set(file.seed);
            self.warmup.set_value(file.warmup);
            self.open(file.design);
        }
    }
}

/// Shows another look.
pub fn choose_theme(app: App, theme: Theme) {
    theme.choose();
    app.theme.set(theme);
    app.palette.set_value(Palette::read());
    app.grow();
    app.charted.update(|it| *it += 1);
}

impl App {
    /// Nodes as large as theme and room ask for.
    pub fn grow(self) {
        let least = if self.both.get_untracked() { Theme::Projector.growth() } else { 1.0 };
        let growth = self.theme.get_untracked().growth().max(least);
        let parted = self.parted.get_untracked().is_some();
        for app in self.other.get_value().filter(|_| parted).into_iter().chain([self]) {
            app.place.update(|it| it.growth = growth);
            app.sync();
        }
        if self.follows.get_untracked() {
            self.fit();
        }
    }
}

/// Whether people ask for less motion.
fn stillness() -> Option<web_sys::MediaQueryList> {
    window().match_media("(prefers-reduced-motion: reduce)").ok().flatten()
}

/// They may ask for it, or for more of it, while the page is open.
fn heed_stillness(app: App) {
    let Some(query) = stillness() else { return };
    let asked = query.clone();
    let changed = Closure::<dyn FnMut()>::new(move || {
        app.still.set(asked.matches());
        app.wake();
    });
    query.set_onchange(Some(changed.as_ref().unchecked_ref()));
    // For as long as the page lives.
    changed.forget();
}
