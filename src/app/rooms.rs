//! What is not needed to see a design run: loaded right after it, as a second WebAssembly module
//! (`bin/site` splits it off; other builds have all in one). A part belongs here unless the first
//! paint or the first run needs it.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::PointerEvent;

use crate::base::geometry::Point;
use crate::session::later::Later;
use crate::session::protocol::{Command, Frame, Stamped, WireFigures};
use crate::session::prove::Proof;

use super::banner::Banner;
use super::canvas::hand::{self, Hand};
use super::canvas::{count, legend, sketch, zoom};
use super::store::App;
use super::{chart, compare, keep, keys, loss, sheet, story, timeline, tip, topbar};

#[wasm_bindgen]
extern "C" {
    /// Fetches how they look (`www/index.html`); done when they can be shown.
    #[wasm_bindgen(js_name = ringsideLooks)]
    fn ringside_looks() -> js_sys::Promise;
}

/// The parts, once they are there.
#[derive(Clone, Copy)]
pub struct Rooms {
    /// What is chosen: its figures, its settings, its inside.
    pub inspector: fn(App) -> AnyView,
    /// What happened, and what to try.
    pub foot: fn(App) -> AnyView,
    /// What lies over the canvas: notes, handles, what a gesture draws, actions.
    pub over: fn(App) -> AnyView,
    /// What pointers and keys are doing.
    pub hand: Hand,
    /// Every key and gesture.
    pub sheet: fn(App) -> AnyView,
    /// What a pointer does on the canvas.
    pub touch: fn(App, &PointerEvent),
    /// What was not as it should be in what was opened, or could not be kept.
    pub notices: fn(App) -> AnyView,
    /// What an empty canvas teaches.
    pub vacancy: fn(App) -> AnyView,
    /// Begins to keep what is done, and opens what was kept.
    pub keep: fn(App),
    /// What the bar at the top holds.
    pub tools: fn(App) -> AnyView,
    /// What the bar of time holds.
    pub time: fn(App) -> AnyView,
    /// Zoom and fit.
    pub zoom: fn(App) -> AnyView,
    /// How to read what moves.
    pub legend: fn(App) -> AnyView,
    /// One chart, with its place kept until it is there.
    pub chart: fn(App) -> AnyView,
    /// What something is, beside what has the focus.
    pub tip: fn(App) -> AnyView,
    /// Reads what a frame holds for them.
    pub unpack: fn(&mut Frame),
    /// The other future.
    pub beside: fn(App) -> AnyView,
    /// The difference of two futures over time.
    pub gap: fn(App) -> AnyView,
    /// Marks what differs between two futures.
    pub differ: fn(App),
    /// There is one future again.
    pub rejoin: fn(App),
    /// What is done without when a worker has died twice: of what was to be done, and what was done.
    pub lose: fn(App, Option<Command>, &mut Vec<Stamped>) -> Option<String>,
    /// What a wire carries, in numbers, about its middle.
    pub counts: fn(&WireFigures, Point) -> AnyView,
}

/// They did not come: the network, or the host.
#[derive(Debug)]
pub struct Missing;

#[cfg(split)]
impl From<leptos::wasm_split::SplitLoaderError> for Missing {
    fn from(_: leptos::wasm_split::SplitLoaderError) -> Self {
        Self
    }
}

#[cfg(split)]
#[allow(unsafe_code, reason = "calls from module to module, written by the macro")]
mod gate {
    use super::{App, Later, Missing, Proof, Rooms};

    #[leptos::wasm_split::wasm_split(later, wasm_split_path = leptos::wasm_split, fallible)]
    pub fn later() -> Result<Later, Missing> {
        Ok(Later::all())
    }

    #[leptos::wasm_split::wasm_split(proof, wasm_split_path = leptos::wasm_split, fallible)]
    pub fn proof() -> Result<Proof, Missing> {
        Ok(Proof::new())
    }

    #[leptos::wasm_split::wasm_split(rooms, wasm_split_path = leptos::wasm_split, fallible)]
    pub fn rooms(app: App) -> Result<Rooms, Missing> {
        Ok(super::open(app))
    }
}

#[cfg(not(split))]
mod gate {
    use super::{App, Later, Missing, Proof, Rooms};

    pub async fn proof() -> Result<Proof, Missing> {
        Ok(Proof::new())
    }

    pub async fn later() -> Result<Later, Missing> {
        Ok(Later::all())
    }

    pub async fn rooms(app: App) -> Result<Rooms, Missing> {
        Ok(super::open(app))
    }
}

fn open(app: App) -> Rooms {
    crate::component::provide();
    let hand = Hand::new();
    keys::listen(app, hand);
    hand::follow(app, hand);
    super::heed_stillness(app);
    Rooms {
        inspector: compare::inspector,
        foot: story::foot,
        over: sketch::over,
        hand,
        sheet: sheet::sheet,
        touch: hand::touch,
        notices: keep::notice::strip,
        vacancy: keep::vacancy::vacancy,
        keep: keep::begin,
        tools: topbar::tools,
        time: timeline::timeline,
        zoom: zoom::zoom,
        legend: legend::legend,
        chart: chart::panel,
        tip: |_| tip::tip(),
        unpack: Frame::unpack,
        beside: compare::beside,
        gap: compare::gap::panel,
        differ: App::mark_differences,
        rejoin: App::rejoin,
        lose: loss::lose,
        counts: count::counts,
    }
}

/// Loads them.
pub fn load(app: App) {
    let owner = Owner::current().unwrap_or_default();
    let looks = JsFuture::from(ringside_looks());
    leptos::task::spawn_local(async move {
        match gate::rooms(app).await {
            Ok(rooms) => {
                _ = looks.await;
                owner.with(|| (rooms.keep)(app));
                app.rooms.set(Some(rooms));
            }
            Err(Missing) => {
                app.banner.set(Some(Banner::missing()));
                if app.waits.get_value() {
                    app.open_template();
                }
            }
        }
    });
}

/// The session's parts, for the worker.
pub async fn later() -> Result<Later, Missing> {
    gate::later().await
}

/// The golden runs, for the proof page.
pub async fn proof() -> Result<Proof, Missing> {
    gate::proof().await
}

impl App {
    /// The parts that come later, if they are there.
    pub fn later(self) -> Option<Rooms> {
        self.rooms.get_untracked()
    }

    /// Shows one of them as soon as it is there.
    pub fn room(self, which: fn(Rooms) -> fn(Self) -> AnyView) -> impl IntoView {
        let owner = Owner::current();
        move || {
            let view = self.rooms.get().map(which)?;
            Some(owner.clone().map_or_else(|| view(self), |it| it.with(|| view(self))))
        }
    }
}
