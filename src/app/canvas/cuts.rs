//! Cutting the network on the canvas: the line while it is drawn, with what it parts, and a chip for each
//! cut in force.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::app::cuts::Cut;
use crate::app::inspector::cut::WhichWays;
use crate::app::store::App;
use crate::base::geometry::{Point, Rect};
use crate::base::table::Table;
use crate::document::Id;
use crate::editor::cut::Parting;
use crate::engine::fault::{Fault, Target};
use crate::session::protocol::Input;

/// From a node to the ring around it, and how round that is, in pixels of the canvas.
const RING: (f64, f64) = (5.0, 13.0);
/// The same of a member's mark.
const MARK_RING: (f64, f64) = (7.0, 7.0);

/// Where the marks of members are seen on a stage, in pixels of the canvas.
pub fn marks(app: App, stage: &Element) -> Table<Vec<Point>> {
    let found = stage.query_selector_all(".node .members > span").ok();
    let marks = found.iter().flat_map(|all| (0..all.length()).filter_map(|at| all.get(at)));
    let corner = stage.get_bounding_client_rect();
    let camera = app.camera.get_untracked();
    let mut table: Table<Vec<Point>> = Table::new();
    for mark in marks.filter_map(|it| it.dyn_into::<Element>().ok()) {
        let node = mark.closest("[data-node]").ok().flatten();
        let Some(id) = node.and_then(|it| it.get_attribute("data-node")) else { continue };
        let rect = mark.get_bounding_client_rect();
        if rect.width() == 0.0 {
            continue;
        }
        let at = Point::new(
            rect.x() + rect.width() / 2.0 - corner.x(),
            rect.y() + rect.height() / 2.0 - corner.y(),
        );
        let at = camera.document_from_screen(at);
        match table.get_mut(&id) {
            Some(it) => it.push(at),
            None => _ = table.insert(id, vec![at]),
        }
    }
    table
}

/// The line, how it goes on, the wires it cuts, and who stands on either side.
pub fn drawn(app: App, parting: &Parting) -> AnyView {
    let [line, on] = parting.line.svg_paths();
    let (wires, rings) = app.ask(|editor| {
        let picture = editor.picture();
        let path = |id: &Id| Some(picture.curve(id)?.svg_path());
        let wires: Vec<String> = parting.wires.iter().filter_map(path).collect();
        let ring = |it: &Target| {
            let Some(member) = it.member else { return Some((picture.node(&it.component)?, RING)) };
            let Point { x, y } = editor.mark(&it.component, member)?;
            Some((Rect { x, y, width: 0.0, height: 0.0 }, MARK_RING))
        };
        let rings = |side: &[Target]| side.iter().filter_map(ring).collect::<Vec<_>>();
        (wires, [rings(&parting.one), rings(&parting.other)])
    });
    let ring = |class: &'static str, (it, (out, radius)): (Rect, (f64, f64))| {
        let Rect { x, y, width, height } = it;
        view! {
            <rect class=class x=x - out y=y - out width=width + 2.0 * out height=height + 2.0 * out rx=radius></rect>
        }
    };
    let [one, other] = rings;
    view! {
        {one.into_iter().map(|it| ring("ring side", it)).collect_view()}
        {other.into_iter().map(|it| ring("ring side far", it)).collect_view()}
        {wires.into_iter().map(|path| view! { <path class="severed" d=path></path> }).collect_view()}
        <path class="cutting on" d=on></path>
        <path class="cutting" d=line></path>
    }
    .into_any()
}

/// What a line would part, in words; how to draw one, while none is drawn.
pub fn words(app: App, parting: Option<&Parting>) -> String {
    match parting {
        None => "Draw a line across wires, or around something: nothing passes it".to_owned(),
        Some(it) if it.one.is_empty() => "It crosses no wire yet".to_owned(),
        Some(Parting { one, other, .. }) => app.called(&[one.clone(), other.clone()], None),
    }
}

/// A chip for each cut in force: who is cut off from whom, which ways, and its end.
pub fn chips(app: App) -> AnyView {
    // Most runs have none: the clock is not looked at.
    let any = Memo::new(move |_| {
        let is_cut = |it: &Fault| matches!(it, Fault::Partition { .. });
        let scripted = app.frame_of.with(|it| it.3.values().any(|it| is_cut(&it.fault)));
        let by_hand = |it: &Input| matches!(it, Input::Fault(it) if is_cut(it));
        scripted || app.inputs.with(|it| it.iter().any(|it| by_hand(&it.input)))
    });
    let cuts = Memo::new(move |_| if any.get() { app.cuts() } else { Vec::new() });
    let names = move || cuts.get().into_iter().map(|it| it.name).collect::<Vec<_>>();
    view! {
        <div class="cuts-in-force" role="group" aria-label="Cuts in force" hidden=move || cuts.with(Vec::is_empty)>
            <For each=names key=|name| name.clone() let:name>{chip(app, cuts, name)}</For>
        </div>
    }
    .into_any()
}

fn chip(app: App, cuts: Memo<Vec<Cut>>, name: String) -> AnyView {
    let cut = {
        let name = name.clone();
        Memo::new(move |_| cuts.with(|it| it.iter().find(|it| it.name == name).cloned()))
    };
    let who = Memo::new(move |_| {
        app.nodes.track();
        cut.with(|it| it.as_ref().map_or_else(String::new, |it| app.called(&it.sides, None)))
    });
    let label = Signal::derive(move || format!("Which ways, {}", who.get()));
    let ways =
        Signal::derive(move || cut.with(|it| it.as_ref().map(|it| it.ways)).unwrap_or_default());
    let choose = move |ways| {
        if let Some(it) = cut.get_untracked() {
            app.fault(Cut { ways, ..it }.fault());
        }
    };
    view! {
        <div class="chip" role="group" aria-label=who title="Nothing passes between them.">
            <b>{who}</b>
            <WhichWays ways choose label names=["Stops only →", "Stops only ←"] disabled=false/>
            <button class="o" aria-label=move || format!("Heal {}", who.get()) on:click=move |_| app.fault(Fault::Heal { name: name.clone() })>"Heal"</button>
        </div>
    }
    .into_any()
}
