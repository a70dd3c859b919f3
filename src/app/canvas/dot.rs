//! One message at a time: a press on its dot, or the request that is followed, says what may befall
//! it.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::app::store::{App, Selected, Tab};
use crate::base::geometry::Point;
use crate::base::text;
use crate::base::time::Nanos;
use crate::document::Id;
use crate::engine::fault::Fault;
use crate::session::protocol::{Flight, Path};

use super::hand::Hand;

/// How near to a dot counts, in screen pixels: for a mouse, and for a finger.
const NEAR: (f64, f64) = (9.0, 18.0);
/// What a message can be delayed by.
const DELAYS: [Nanos; 2] = [Nanos::millis(100), Nanos::seconds(1)];
/// Room that the menu needs, in pixels.
const ROOM: (f64, f64) = (250.0, 150.0);

/// A dot that was pressed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pressed {
    /// The message.
    pub flight: Flight,
    /// Where its dot is, in document pixels.
    pub at: Point,
    /// Whether time ran.
    pub played: bool,
}

/// Takes a press if there is a dot under it: time stands still, and what may befall the message is
/// offered. False if there is none.
pub fn press(app: App, hand: Hand, at: Point, finger: bool) -> bool {
    close(app, hand);
    if app.clock.with_untracked(|it| it.flow) || app.shows_counts() {
        return false;
    }
    let camera = app.camera.get_untracked();
    let here = camera.document_from_screen(at);
    let near = if finger { NEAR.1 } else { NEAR.0 } / camera.zoom;
    if app.ask(|it| it.picture().component_at(here).is_some()) {
        return false;
    }
    let found = app.latest.with_value(|latest| {
        app.pulse.with_value(|pulse| {
            let spots = latest.messages.iter().filter_map(|it| {
                let at = pulse.overlay.spot(it, latest.now)?;
                Some((libm::hypot(at.x - here.x, at.y - here.y), *it, at))
            });
            spots.filter(|it| it.0 <= near).min_by(|a, b| a.0.total_cmp(&b.0))
        })
    });
    let Some((_, flight, at)) = found else { return false };
    let played = app.playing.get_untracked();
    app.playing.set(false);
    app.bridge.update_value(|it| it.look());
    hand.dot.set(Some(Pressed { flight, at, played }));
    request_animation_frame(|| {
        let first = document().query_selector(".dot-menu button").ok().flatten();
        if let Some(first) = first.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
            _ = first.focus();
        }
    });
    true
}

/// Closes the menu; time goes on if it ran.
pub fn close(app: App, hand: Hand) {
    let Some(pressed) = hand.dot.get_untracked() else { return };
    hand.dot.set(None);
    if pressed.played {
        app.playing.set(true);
        app.wake();
    }
}

/// The components that a message comes from and goes to.
fn ends(app: App, flight: &Flight) -> Option<(Id, Id)> {
    let wire = |at: u32| {
        let id = app.latest.with_value(|it| it.cast.wires.get(at as usize).cloned())?;
        let record = app.wire(&id)?.record.get_untracked();
        Some((record.from, record.to))
    };
    match flight.path {
        Path::Forth(it) => wire(it),
        Path::Back(it) => wire(it).map(|(from, to)| (to, from)),
        Path::Mesh { component, .. } => {
            let id =
                app.latest.with_value(|it| it.cast.components.get(component as usize).cloned())?;
            Some((id.clone(), id))
        }
    }
}

/// Where a message comes from and goes to.
fn words(app: App, flight: &Flight) -> String {
    let Some((from, to)) = ends(app, flight).map(|it| (app.label(&it.0), app.label(&it.1))) else {
        return "Message".to_owned();
    };
    match flight.path {
        Path::Forth(_) => format!("Call, {from} → {to}"),
        Path::Back(_) => format!("Answer, {from} → {to}"),
        Path::Mesh { .. } => format!("Message within {to}"),
    }
}

/// What may befall a message; `after` follows.
fn deeds(app: App, flight: Flight, after: impl Fn() + Copy + 'static) -> AnyView {
    let message = flight.number;
    let act = move |fault: Fault| {
        app.fault(fault);
        after();
    };
    let delays = DELAYS.map(|by| {
        let words = text::duration(by.0 as f64).replace(".00", "");
        let title = format!("It arrives {words} later than it would have.");
        let words = format!("Delay it by {words}");
        view! {
            <button class="o" title=title
                on:click=move |_| act(Fault::DelayMessage { message, by })>{words}</button>
        }
    });
    view! {
        <button class="o" title="It never arrives; whoever waits for it finds out by waiting."
            on:click=move |_| act(Fault::DropMessage { message })>"Drop this message"</button>
        {delays.collect_view()}
    }
    .into_any()
}

/// The menu of the dot that was pressed.
pub fn menu(app: App, hand: Hand) -> AnyView {
    let Some(Pressed { flight, at, .. }) = hand.dot.get() else { return ().into_any() };
    // Time goes on: so does the message.
    if app.playing.get() {
        request_animation_frame(move || hand.dot.set(None));
        return ().into_any();
    }
    let spot = move || app.camera.get().screen_from_document(at);
    let place = move || {
        let (spot, stage) = (spot(), app.stage.get());
        let x = (spot.x + 14.0).min(stage.0 - ROOM.0).max(8.0);
        let y = (spot.y + 14.0).min(stage.1 - ROOM.1).max(8.0);
        format!("translate({x:.1}px, {y:.1}px)")
    };
    let ring = move || {
        let spot = spot();
        format!("translate({:.1}px, {:.1}px)", spot.x, spot.y)
    };
    let follow = move |_| {
        let now = app.latest.with_value(|it| it.now);
        app.tab.set(Tab::Requests);
        // It is told of in the inspector, and let go of there: of whom the message goes to.
        if app.selected.with_untracked(Option::is_none) {
            app.select(ends(app, &flight).map(|it| Selected::Node(it.1)));
        }
        app.follow_request(flight.request, now);
        hand.dot.set(None);
    };
    view! {
        <i class="dot-ring" style:transform=ring></i>
        <div class="dot-menu chip" role="group" aria-label="One message" style:transform=place>
            <b>{words(app, &flight)}</b>
            {deeds(app, flight, move || close(app, hand))}
            {(flight.request != 0).then(|| view! {
                <button class="o" title="Its request as a waterfall: where it was, and how long."
                    on:click=follow>"Follow its request"</button>
            })}
        </div>
    }
    .into_any()
}

/// Messages of the request that is followed that are on their way now.
pub fn of_followed(app: App) -> AnyView {
    let flights = Memo::new(move |_| {
        // As often as the clock is told, or something is done.
        app.clock.track();
        app.inputs.track();
        let followed = app.following.get().map(|it| it.0);
        app.latest.with_value(|it| {
            let its = it.messages.iter().filter(|it| Some(it.request) == followed);
            its.copied().collect::<Vec<_>>()
        })
    });
    let one = move |flight: Flight| {
        view! { <li><b>{words(app, &flight)}</b>{deeds(app, flight, || ())}</li> }
    };
    let list = move || {
        let flights = flights.get();
        (!flights.is_empty()).then(|| {
            view! {
                <h3>"On its way now"</h3>
                <ul class="its-messages">{flights.into_iter().map(one).collect_view()}</ul>
            }
        })
    };
    list.into_any()
}
