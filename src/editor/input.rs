//! What comes in from pointer and keys, in our own words, and what goes out to whoever draws.

use std::collections::BTreeSet;

use crate::base::geometry::{Camera, Point, Rect};
use crate::base::table::Table;
use crate::document::edit::{Edit, EditError, Item};
use crate::document::validate::Refusal;
use crate::document::{Diff, Id};
use crate::engine::fault::Fault;

use super::align::Side;
use super::curve::Curve;
use super::cut::Parting;
use super::snap::Guide;

/// What a press does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    /// Selects and moves.
    #[default]
    Select,
    /// Moves the camera.
    Pan,
    /// Draws wires.
    Connect,
    /// Draws lines that cut the network.
    Cut,
}

/// What presses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// The left button, or a pen.
    Main,
    /// The wheel: always pans.
    Middle,
    /// A finger: what it aims at is larger, and beside things it pans.
    Finger,
}

/// Keys held with another input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Adds to the selection; larger steps.
    pub shift: bool,
    /// Ctrl, or ⌘ on a Mac: commands; no snapping while moving.
    pub command: bool,
}

/// A key that means something to the editor. The page handles text fields, play and panels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Key {
    /// Leaves one level: gesture, tool, selection.
    Escape,
    /// Delete or Backspace.
    Delete,
    /// Opens what is selected; ends a wire where it points.
    Enter,
    /// While a wire is drawn: the next component it could end at, or the one before (true).
    Tab(bool),
    /// An arrow: -1, 0 or 1 rightwards and downwards.
    Arrow(i8, i8),
    /// Names what is selected.
    Rename,
    /// A letter, lower case.
    Letter(char),
}

/// What the library holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A component of a kind.
    Component(String),
    /// A zone.
    Zone,
    /// A note.
    Note,
}

/// One input. Points are on the screen, in pixels from the canvas's top left corner.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A pointer goes down.
    Press {
        /// Where.
        at: Point,
        /// With what.
        button: Button,
        /// Keys held.
        held: Held,
    },
    /// A pointer moves.
    Move {
        /// Where to.
        at: Point,
        /// Keys held.
        held: Held,
    },
    /// A pointer goes up.
    Release {
        /// Where.
        at: Point,
    },
    /// A finger has stayed for a while where it went down.
    Hold,
    /// A pointer went down and up twice.
    Twice {
        /// Where.
        at: Point,
    },
    /// The browser takes the pointer away.
    Lost,
    /// A key goes down.
    Key {
        /// Which.
        key: Key,
        /// Keys held.
        held: Held,
    },
    /// Where the marks of components' members are seen, in pixels of the canvas: a line may run between
    /// them.
    Marks(Table<Vec<Point>>),
    /// Whether the space bar is held: presses then pan.
    Grip(bool),
    /// Chooses a tool.
    Tool(Tool),
    /// An edit by form or menu: a step of its own.
    Edit(Edit),
    /// A change that has been worked out elsewhere: a step of its own.
    Change(Diff),
    /// Ends what is held open: a key that repeats has been let go.
    Commit,
    /// Undoes a step.
    Undo,
    /// Redoes a step.
    Redo,
    /// Selects just these.
    Select(BTreeSet<Item>),
    /// Selects this alone; or adds it or takes it out.
    Pick {
        /// What.
        item: Item,
        /// Whether the others stay.
        more: bool,
    },
    /// Begins a wire that ends at what is pointed at next.
    Aim(Id),
    /// Something from the library is carried over the canvas.
    Carry {
        /// What.
        thing: Thing,
        /// Where the pointer is.
        at: Point,
    },
    /// It is let go where it is.
    Drop,
    /// Something from the library, wherever there is room in a window of this size.
    Add {
        /// What.
        thing: Thing,
        /// The canvas that is free to be seen, in screen pixels.
        window: Rect,
    },
    /// Lines up what is selected.
    Align(Side),
    /// Puts a zone around what is selected.
    Enclose,
}

/// A wire as it is drawn, in pixels of the canvas.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// Its course.
    pub curve: Curve,
    /// What it ends at, if it does, and whether it may.
    pub target: Option<(Id, Result<(), Refusal>)>,
    /// Every other component, and whether it may end there.
    pub targets: Vec<(Id, bool)>,
    /// The wire that is led elsewhere, if it is no new one.
    pub wire: Option<Id>,
    /// Whether it is aimed, rather than held by a pointer.
    pub aimed: bool,
}

/// What is drawn only while a gesture lasts.
#[derive(Clone, Debug, PartialEq)]
pub enum Preview {
    /// Nothing any more.
    Nothing,
    /// A rectangle that selects what it touches, in pixels of the canvas.
    Marquee(Rect),
    /// Lines that what moves has snapped to.
    Guides(Vec<Guide>),
    /// A wire to be.
    Wire(Box<Drawing>),
    /// Where something new will be, and what it has snapped to.
    Ghost(Rect, Vec<Guide>),
    /// Held up from a row, at this place.
    Lifted(Id, Point),
    /// A line that cuts the network, and what it parts.
    Cut(Box<Parting>),
}

/// What an input brought about, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// The design has changed by this much.
    Changed(Diff),
    /// A step is complete, and came to this: time to save, and for what runs to feel it.
    Settled(Diff),
    /// This is to be done to what runs, now.
    Do(Vec<Fault>),
    /// Something else is selected.
    Selected,
    /// The camera has moved.
    Camera(Camera),
    /// Another tool is at hand.
    Tool(Tool),
    /// What to draw for the gesture under way.
    Preview(Preview),
    /// An edit was refused; tell the person why.
    Refused(EditError),
    /// A line was drawn: cut off from each other what it parts.
    Cut(Box<Parting>),
    /// Show the inside of this.
    Open(Item),
    /// Ask for a name of this.
    Rename(Item),
}
