//! The keyboard, wherever it is on the page: one table, for those who press keys and for those who
//! look them up.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, HtmlElement, KeyboardEvent};

use crate::document::edit::Item;
use crate::editor::{Held, Input, Key, Preview, Tool};

use super::canvas::hand::{self, Hand};
use super::sheet::Group;
use super::store::App;

/// Keys pressed together.
#[derive(Clone, Copy, Debug)]
pub struct Chord {
    /// As the browser calls it; letters in lower case.
    pub key: &'static str,
    /// With Ctrl, or ⌘ on a Mac.
    pub command: bool,
    /// With Shift: for keys that do not mean something else with it.
    pub shift: bool,
}

const fn key(key: &'static str) -> Chord {
    Chord { key, command: false, shift: false }
}

const fn shift(key: &'static str) -> Chord {
    Chord { key, command: false, shift: true }
}

const fn command(key: &'static str) -> Chord {
    Chord { key, command: true, shift: false }
}

/// Where a key means this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Everywhere but in fields.
    Always,
    /// While a wire is drawn.
    Connecting,
    /// With something selected, and the keyboard on the canvas.
    Selected,
    /// With the keyboard on something of the canvas that is not selected.
    Focused,
    /// With the keyboard on something of the canvas.
    OnThing,
    /// Where nothing takes it that is pressed or unfolded with it.
    Free,
    /// With the keyboard on the scrubber, which takes it itself.
    Scrubber,
}

/// What a key does.
#[derive(Clone, Copy)]
pub struct Shortcut {
    /// Under which heading it is listed.
    pub group: Group,
    /// Any of these.
    pub chords: &'static [Chord],
    /// Where it does so.
    pub when: When,
    /// What it does, in words.
    pub what: &'static str,
    /// Whether holding it down does it again.
    repeats: bool,
    act: fn(App, Hand, &KeyboardEvent),
}

const ARROWS: &[Chord] = &[key("ArrowLeft"), key("ArrowRight"), key("ArrowUp"), key("ArrowDown")];
const FAR_ARROWS: &[Chord] =
    &[shift("ArrowLeft"), shift("ArrowRight"), shift("ArrowUp"), shift("ArrowDown")];

const fn once(
    group: Group,
    chords: &'static [Chord],
    when: When,
    what: &'static str,
    act: fn(App, Hand, &KeyboardEvent),
) -> Shortcut {
    Shortcut { group, chords, when, what, repeats: false, act }
}

const fn often(
    group: Group,
    chords: &'static [Chord],
    when: When,
    what: &'static str,
    act: fn(App, Hand, &KeyboardEvent),
) -> Shortcut {
    Shortcut { group, chords, when, what, repeats: true, act }
}

/// Every key. The first line that fits is the one that counts.
pub const TABLE: &[Shortcut] = &[
    once(
        Group::Choose,
        &[key("Escape")],
        When::Always,
        "Leave: the gesture, the tool, the request that is followed, the selection",
        super::leave::escape,
    ),
    often(
        Group::Build,
        ARROWS,
        When::Connecting,
        "While a wire is drawn: point it at the next component",
        edit_key,
    ),
    often(
        Group::Build,
        &[key("Tab"), shift("Tab")],
        When::Connecting,
        "While a wire is drawn: point it at each in turn; whether it may end there is read out",
        edit_key,
    ),
    once(
        Group::Build,
        &[key("Enter")],
        When::Connecting,
        "While a wire is drawn: connect",
        edit_key,
    ),
    once(
        Group::Choose,
        &[shift("Enter")],
        When::OnThing,
        "Add what has the keyboard to the selection, or take it out",
        |app, hand, _| pick(app, hand, true),
    ),
    once(
        Group::Choose,
        &[key("Enter")],
        When::Focused,
        "Select what has the keyboard",
        |app, hand, _| pick(app, hand, false),
    ),
    once(Group::Choose, &[key("Enter")], When::Selected, "Go on into the inspector", edit_key),
    often(
        Group::Choose,
        ARROWS,
        When::Focused,
        "From component to component, while the one you are on is not selected (Tab goes through all)",
        walk,
    ),
    once(Group::Choose, &[command("a")], When::Always, "Select everything", edit_key),
    often(Group::Build, ARROWS, When::Selected, "Move what is selected by 10", edit_key),
    often(Group::Build, FAR_ARROWS, When::Selected, "Move what is selected by 50", edit_key),
    once(
        Group::Build,
        &[key("a")],
        When::Always,
        "Open the library: type, then Enter adds the first",
        |_, _, _| super::library::toggle(),
    ),
    once(
        Group::Build,
        &[key("w")],
        When::Always,
        "Draw a wire from the component you are on; without one, the tool for wires",
        wire,
    ),
    once(Group::Build, &[key("F2")], When::Always, "Name it", rename),
    once(Group::Build, &[key("Delete"), key("Backspace")], When::Always, "Delete", edit_key),
    once(Group::Build, &[command("d")], When::Always, "Duplicate", edit_key),
    once(
        Group::Build,
        &[command("g")],
        When::Always,
        "Put a zone around what is selected",
        edit_key,
    ),
    often(Group::Build, &[command("z")], When::Always, "Undo, of faults too", |app, _, _| {
        app.act(Input::Undo)
    }),
    often(
        Group::Build,
        &[Chord { key: "z", command: true, shift: true }, command("y")],
        When::Always,
        "Redo",
        |app, _, _| app.act(Input::Redo),
    ),
    once(Group::Look, &[key("v")], When::Always, "Tool: select and move", |app, _, _| {
        app.act(Input::Tool(Tool::Select))
    }),
    once(Group::Look, &[key("h")], When::Always, "Tool: pan", |app, _, _| {
        app.act(Input::Tool(Tool::Pan))
    }),
    once(
        Group::Look,
        &[key("x")],
        When::Always,
        "Tool: cut the network by a line across wires, or around something",
        edit_key,
    ),
    once(
        Group::Build,
        &[shift("x")],
        When::Always,
        "Isolate what is selected: cut it off from everything else; once more heals that",
        |app, hand, _| app.isolate_chosen(hand),
    ),
    once(Group::Look, &[key("f")], When::Always, "Show all", |app, _, _| app.follow()),
    often(Group::Look, &[key("+"), key("=")], When::Always, "Zoom in", |app, _, _| app.zoom(1.25)),
    often(Group::Look, &[key("-"), key("_")], When::Always, "Zoom out", |app, _, _| {
        app.zoom(1.0 / 1.25)
    }),
    once(Group::Look, &[key("c")], When::Always, "Open or close the chart", |app, _, _| {
        app.chart_open.update(|it| *it = !*it)
    }),
    once(Group::Look, &[key("?")], When::Always, "This list", |app, hand, _| {
        super::sheet::show(app, !hand.sheet.get_untracked());
    }),
    often(
        Group::Time,
        &[key(" ")],
        When::Free,
        "Play or pause, on components and wires too; held down, drag to pan",
        space,
    ),
    often(
        Group::Time,
        &[key("."), key("ArrowRight")],
        When::Always,
        "On to the next delivery or change (the arrow: with nothing selected)",
        |app, _, _| app.step_on(),
    ),
    often(
        Group::Time,
        &[key(">"), shift("ArrowRight")],
        When::Always,
        "One event of the engine on",
        |app, _, _| app.step(1),
    ),
    often(
        Group::Time,
        &[key(","), key("ArrowLeft")],
        When::Always,
        "One event back",
        |app, _, _| app.step(-1),
    ),
    often(
        Group::Time,
        &[key("ArrowLeft"), key("ArrowRight")],
        When::Scrubber,
        "On the scrubber: a second back or on; Page Up and Page Down: ten; Home and End",
        |_, _, _| (),
    ),
    often(
        Group::Time,
        &[shift("ArrowLeft"), shift("ArrowRight")],
        When::Scrubber,
        "On the scrubber: a tenth of a second",
        |_, _, _| (),
    ),
    often(Group::Time, &[key("]")], When::Always, "Faster", |app, _, _| app.change_speed(true)),
    often(Group::Time, &[key("[")], When::Always, "Slower", |app, _, _| app.change_speed(false)),
    once(Group::Time, &[key("r")], When::Always, "Run again from the start", |app, _, _| {
        page(app).restart()
    }),
    once(
        Group::Time,
        &[key("b")],
        When::Always,
        "What if: another future beside this one",
        |app, _, _| {
            page(app).what_if();
        },
    ),
    once(Group::Time, &[key("u")], When::Always, "Run until something happens", |app, _, _| {
        page(app).asks.update(|it| *it = !*it);
    }),
    once(
        Group::Time,
        &[key("j")],
        When::Always,
        "The script: what goes wrong by itself",
        |app, _, _| {
            page(app).scripting.update(|it| *it = !*it);
        },
    ),
];

impl Chord {
    /// As it is printed on keys.
    pub fn words(self) -> String {
        let key = match self.key {
            "ArrowLeft" => "←",
            "ArrowRight" => "→",
            "ArrowUp" => "↑",
            "ArrowDown" => "↓",
            " " => "Space",
            "Escape" => "Esc",
            "-" => "−",
            other => other,
        };
        let key = if key.len() == 1 { key.to_uppercase() } else { key.to_owned() };
        let command = if self.command { "Ctrl+" } else { "" };
        let shift = if self.shift { "Shift+" } else { "" };
        format!("{command}{shift}{key}")
    }

    fn fits(self, event: &KeyboardEvent, pressed: &str) -> bool {
        // Of a sign that is typed with Shift, Shift is part.
        let named =
            self.key.len() > 1 || self.command || self.key.as_bytes()[0].is_ascii_alphabetic();
        pressed == self.key
            && self.command == (event.ctrl_key() || event.meta_key())
            && (!named || self.shift == event.shift_key())
    }
}

/// The run that is open, whichever of two futures has the keyboard.
fn page(app: App) -> App {
    let other = app.other.get_value();
    other.filter(|_| app.branch == crate::session::protocol::Branch::Fork).unwrap_or(app)
}

fn element(target: Option<EventTarget>) -> Option<Element> {
    target.and_then(|it| it.dyn_into::<Element>().ok())
}

/// Whether what has the keyboard wants it for itself.
fn is_taken(event: &KeyboardEvent) -> bool {
    element(event.target())
        .is_some_and(|it| matches!(it.tag_name().as_str(), "INPUT" | "SELECT" | "TEXTAREA"))
}

/// What Space presses, unfolds or leads on from; on the canvas, Enter selects, and Space is for time.
const PRESSED: &str = "button, summary, a, [role=button]:not(.stage *)";

fn holds(when: When, app: App, hand: Hand, event: &KeyboardEvent) -> bool {
    let connecting = || hand.preview.with_untracked(|it| matches!(it, Preview::Wire(_)));
    let target = element(event.target());
    let on_canvas = || {
        let inside = |it: &Element| matches!(it.closest(".stage"), Ok(Some(_)));
        target.as_ref().is_none_or(|it| it.tag_name() == "BODY" || inside(it))
            && !hand::is_control(event.target())
    };
    let item = || hand::item_of(event.target());
    let is_chosen = |it: &Item| app.ask(|editor| editor.selection().contains(it));
    match when {
        When::Always => true,
        When::Connecting => {
            connecting() && target.as_ref().is_none_or(|it| it.tag_name() != "BUTTON")
        }
        When::Selected => {
            on_canvas() && app.selected.with_untracked(Option::is_some) && !connecting()
        }
        When::Focused => item().is_some_and(|it| !is_chosen(&it)),
        When::OnThing => item().is_some(),
        When::Free => !target.is_some_and(|it| matches!(it.closest(PRESSED), Ok(Some(_)))),
        When::Scrubber => false,
    }
}

/// Hands a key to the editor.
fn edit_key(app: App, hand: Hand, event: &KeyboardEvent) {
    let key = match event.key().as_str() {
        "ArrowLeft" => Key::Arrow(-1, 0),
        "ArrowRight" => Key::Arrow(1, 0),
        "ArrowUp" => Key::Arrow(0, -1),
        "ArrowDown" => Key::Arrow(0, 1),
        "Tab" => Key::Tab(event.shift_key()),
        "Enter" => Key::Enter,
        "Delete" | "Backspace" => Key::Delete,
        "Escape" => Key::Escape,
        letter => match letter.chars().next() {
            Some(letter) => Key::Letter(letter.to_ascii_lowercase()),
            None => return,
        },
    };
    let held = Held { shift: event.shift_key(), command: event.ctrl_key() || event.meta_key() };
    let focus = hand.focus.get_untracked();
    app.act(Input::Key { key, held });
    // What was just wired keeps the keyboard.
    if let (Some(focus), Key::Arrow(..) | Key::Enter) = (focus, key)
        && document().active_element().is_none_or(|it| it.tag_name() == "BODY")
    {
        hand::focus_on(&focus);
    }
}

fn pick(app: App, hand: Hand, more: bool) {
    if let Some(item) = hand.focus.get_untracked() {
        app.act(Input::Pick { item, more });
    }
}

/// A wire from what has the keyboard, else from what is selected.
fn wire(app: App, hand: Hand, event: &KeyboardEvent) {
    match hand.focus.get_untracked() {
        Some(Item::Component(from)) if !app.ask(|it| it.is_connecting()) => {
            app.act(Input::Aim(from));
        }
        _ => edit_key(app, hand, event),
    }
}

fn rename(app: App, hand: Hand, _: &KeyboardEvent) {
    if let Some(item) = hand.focus.get_untracked() {
        app.act(Input::Pick { item, more: false });
    }
    app.act(Input::Key { key: Key::Rename, held: Held::default() });
}

/// To the nearest component in a direction.
fn walk(app: App, hand: Hand, event: &KeyboardEvent) {
    let Some(from) = hand.focus.get_untracked() else { return };
    let way = match event.key().as_str() {
        "ArrowLeft" => (-1, 0),
        "ArrowRight" => (1, 0),
        "ArrowUp" => (0, -1),
        _ => (0, 1),
    };
    let next = app.ask(|it| {
        let picture = it.picture();
        let others: Vec<_> = picture.in_order().into_iter().filter(|it| it != from.id()).collect();
        let middle = picture.rect(&from)?.centre();
        picture.toward(middle, way, &others).cloned()
    });
    if let Some(next) = next {
        hand::focus_on(&Item::Component(next));
    }
}

/// Tapped, it is for time; held, for panning.
fn space(app: App, hand: Hand, event: &KeyboardEvent) {
    if !event.repeat() && hand.space.with_value(Option::is_none) {
        hand.space.set_value(Some(true));
        app.act(Input::Grip(true));
    }
}

/// Listens from now on.
pub fn listen(app: App, hand: Hand) {
    let page = app;
    let down = window_event_listener(leptos::ev::keydown, move |event| {
        if event.default_prevented() || event.alt_key() {
            return;
        }
        // What is done is done to the future that has the keyboard.
        let app = page.focused();
        if is_taken(&event) {
            if event.key() == "Escape"
                && let Some(field) = element(event.target())
            {
                _ = field.unchecked_into::<HtmlElement>().blur();
            }
            return;
        }
        let pressed = match event.key() {
            letter if letter.len() == 1 => letter.to_ascii_lowercase(),
            name => name,
        };
        let fits = |it: &&Shortcut| {
            it.chords.iter().any(|it| it.fits(&event, &pressed))
                && holds(it.when, app, hand, &event)
        };
        if let Some(shortcut) = TABLE.iter().find(fits) {
            event.prevent_default();
            if shortcut.repeats || !event.repeat() {
                (shortcut.act)(app, hand, &event);
            }
        }
    });
    let up = window_event_listener(leptos::ev::keyup, move |event| {
        if event.key().starts_with("Arrow") && app.desk.with_value(|it| it.editor.is_busy()) {
            app.act(Input::Commit);
        }
        if event.key() == " "
            && let Some(tapped) = hand.space.get_value()
        {
            hand.space.set_value(None);
            app.act(Input::Grip(false));
            if tapped {
                app.toggle();
            }
        }
    });
    // A button that was clicked does not keep the keyboard: Space is for time.
    let clicks = window_event_listener(leptos::ev::click, move |event| {
        let button = element(event.target());
        let button = button.and_then(|it| it.closest("button, summary").ok().flatten());
        if event.detail() > 0
            && let Some(button) = button.and_then(|it| it.dyn_into::<HtmlElement>().ok())
        {
            _ = button.blur();
        }
    });
    // For as long as the page lives.
    std::mem::forget((down, up, clicks));
}
