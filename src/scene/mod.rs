//! The drawing vocabulary of lenses: a scene is a list of marks, plain data that can be drawn on a
//! canvas, written as SVG, read aloud and compared in a test. It knows no lens and no screen.

mod bounds;
pub mod check;
pub mod layout;
pub mod shape;
pub mod svg;
pub mod text;
pub mod tone;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use shape::{
    Anchor, CellStyle, Dash, Face, Fill, Font, Glyph, Heads, Point, Rect, Shape, Size, Stroke,
    Weight,
};
pub use tone::Tone;

/// One picture, in pixels at normal zoom; larger themes scale the whole picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// Width in pixels.
    pub width: f32,
    /// Height in pixels.
    pub height: f32,
    /// What the picture is, in a few words.
    pub title: String,
    /// What it shows at this moment, in a sentence.
    pub description: String,
    /// What is drawn, the rearmost first.
    pub marks: Vec<Mark>,
}

/// One thing in a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Stays with the same thing from frame to frame; unique in its scene. `/` leads from a group
    /// to its members, `#` from a thing to its parts.
    pub id: String,
    /// Its form and place.
    pub shape: Shape,
    /// Its colour, by meaning.
    pub tone: Tone,
    /// Tooltip and accessible name.
    pub label: Option<String>,
    /// What a click asks for, in the words of whoever shows the scene.
    pub action: Option<String>,
    /// Where it can be dragged, or stepped with the arrow keys.
    pub slide: Option<Slide>,
}

/// The places something can be dragged to. A pointer is at the one whose middle is nearest of those
/// it is within.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slide {
    /// All of them, in the order of the arrow keys.
    pub spots: Vec<Spot>,
    /// Where it is now, if at one of them.
    pub at: Option<usize>,
}

/// A place for something to be dragged to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spot {
    /// Where.
    pub area: Rect,
    /// What is asked for when it is let go there.
    pub action: String,
    /// What that is, in words.
    pub label: String,
}

impl Mark {
    /// A mark without label and action.
    pub fn new(id: impl Into<String>, shape: Shape, tone: Tone) -> Self {
        Self { id: id.into(), shape, tone, label: None, action: None, slide: None }
    }

    /// The sign of a meaning, in the form that belongs to it: read dot, write square and so on.
    pub fn sign(id: impl Into<String>, at: Point, tone: Tone) -> Self {
        let glyph = tone.glyph().unwrap_or(Glyph::Dot);
        Self::new(id, Shape::Glyph { glyph, at, radius: Glyph::RADIUS }, tone)
    }

    /// Words, `at` being the start, middle or end of their baseline.
    pub fn text(id: impl Into<String>, at: Point, text: impl Into<String>, font: Font) -> Self {
        Self::new(id, Shape::Text { at, text: text.into(), font, anchor: Anchor::Start }, Tone::Ink)
    }

    /// The same with a tooltip and accessible name.
    pub fn labelled(self, label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    /// The same with something to ask for when it is clicked.
    pub fn asking(self, action: impl Into<String>) -> Self {
        Self { action: Some(action.into()), ..self }
    }

    /// The same with places to be dragged to.
    pub fn sliding(self, slide: Slide) -> Self {
        Self { slide: Some(slide), ..self }
    }

    /// The same in another tone.
    pub fn toned(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    /// The same, if it is text, set at another side of its point.
    pub fn anchored(mut self, side: Anchor) -> Self {
        if let Shape::Text { anchor, .. } = &mut self.shape {
            *anchor = side;
        }
        self
    }
}
