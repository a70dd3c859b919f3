//! What comes in from pointer and keys, in our own words, and what goes out to whoever draws.

use std::collections::BTreeSet;

use crate::base::geometry::{Camera, Point, Rect};
use crate::document::Diff;
use crate::document::edit::{Edit, EditError, Item};
use crate::document::validate::Refusal;

use super::curve::Curve;
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
}

/// A button of a pointer; a finger or pen presses the main one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// Left, or touch.
    Main,
    /// The wheel: always pans.
    Middle,
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
    /// Opens what is selected.
    Enter,
    /// An arrow: -1, 0 or 1 rightwards and downwards.
    Arrow(i8, i8),
    /// A letter, lower case.
    Letter(char),
}

/// One input. Points are on the screen, in pixels from the canvas's top left corner.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A pointer goes down.
    Press {
        /// Where.
        at: Point,
        /// Which button.
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
    /// The browser takes the pointer away.
    Lost,
    /// Wheel or two fingers on a pad.
    Wheel {
        /// Where.
        at: Point,
        /// How far, rightwards and downwards.
        by: Point,
        /// Keys held; with command it zooms.
        held: Held,
    },
    /// A key goes down.
    Key {
        /// Which.
        key: Key,
        /// Keys held.
        held: Held,
    },
    /// Whether the space bar is held: presses then pan.
    Grip(bool),
    /// Chooses a tool.
    Tool(Tool),
    /// An edit by form, menu or drop: a step of its own, or part of the open gesture.
    Edit(Edit),
    /// A form's gesture begins (a slider is pressed).
    Begin,
    /// It ends, as one step.
    Commit,
    /// Undoes a step.
    Undo,
    /// Redoes a step.
    Redo,
    /// Selects just these.
    Select(BTreeSet<Item>),
    /// Shows everything in a window of this size.
    Fit {
        /// The canvas, in screen pixels.
        window: Rect,
    },
}

/// What is drawn only while a gesture lasts.
#[derive(Clone, Debug, PartialEq)]
pub enum Preview {
    /// Nothing any more.
    Nothing,
    /// A rectangle that selects what it touches, in document pixels.
    Marquee(Rect),
    /// Lines that what moves has snapped to.
    Guides(Vec<Guide>),
    /// A wire to be; where it ends on a component, whether it may.
    Wire {
        /// Its course.
        curve: Box<Curve>,
        /// None while it ends nowhere.
        verdict: Option<Result<(), Refusal>>,
    },
}

/// What an input brought about, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// The design has changed by this much.
    Changed(Diff),
    /// A step is complete: time to save.
    Settled,
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
    /// Show the inside of this.
    Open(Item),
}
