//! Colours by meaning. A hue means the same everywhere, and never speaks alone: each has a glyph.

use serde::{Deserialize, Serialize};

use super::Glyph;

/// What a colour says. The value comes from the theme's design token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    /// Words and figures that count.
    #[default]
    Ink,
    /// Words beside them.
    Ink2,
    /// Captions, idle parts, wires.
    Ink3,
    /// Outlines.
    Line,
    /// Fainter outlines, grids, empty bars.
    Line2,
    /// The ground of panels.
    Surface,
    /// The ground of fields.
    Sunk,
    /// What can be followed; and in a picture, what has just become another.
    Link,
    /// A read: blue dot.
    Read,
    /// A write: vermilion square.
    Write,
    /// Replication: purple diamond.
    Replicate,
    /// Messages of the system itself: grey triangle.
    Control,
    /// Found: green tick.
    Hit,
    /// Not found: hollow mark.
    Miss,
    /// Degraded: amber with "!".
    Warn,
    /// Failed: red cross.
    Fail,
    /// Out of date: amber clock.
    Stale,
    /// Chosen, or the moment shown.
    Selected,
}

impl Tone {
    /// Every tone.
    pub const ALL: [Tone; 18] = [
        Tone::Ink,
        Tone::Ink2,
        Tone::Ink3,
        Tone::Line,
        Tone::Line2,
        Tone::Surface,
        Tone::Sunk,
        Tone::Link,
        Tone::Read,
        Tone::Write,
        Tone::Replicate,
        Tone::Control,
        Tone::Hit,
        Tone::Miss,
        Tone::Warn,
        Tone::Fail,
        Tone::Stale,
        Tone::Selected,
    ];

    /// The word for it: CSS class and plain text.
    pub fn name(self) -> &'static str {
        match self {
            Tone::Ink => "ink",
            Tone::Ink2 => "ink-2",
            Tone::Ink3 => "ink-3",
            Tone::Line => "line",
            Tone::Line2 => "line-2",
            Tone::Surface => "surface",
            Tone::Sunk => "sunk",
            Tone::Link => "link",
            Tone::Read => "read",
            Tone::Write => "write",
            Tone::Replicate => "replicate",
            Tone::Control => "control",
            Tone::Hit => "hit",
            Tone::Miss => "miss",
            Tone::Warn => "warn",
            Tone::Fail => "fail",
            Tone::Stale => "stale",
            Tone::Selected => "selected",
        }
    }

    /// The design token for areas, as the name of a CSS custom property.
    pub fn token(self) -> &'static str {
        match self {
            Tone::Miss => "--ink-3",
            Tone::Selected => "--accent",
            Tone::Ink => "--ink",
            Tone::Ink2 => "--ink-2",
            Tone::Ink3 => "--ink-3",
            Tone::Line => "--line",
            Tone::Line2 => "--line-2",
            Tone::Surface => "--surface",
            Tone::Sunk => "--sunk",
            Tone::Link => "--link",
            Tone::Read => "--read",
            Tone::Write => "--write",
            Tone::Replicate => "--replicate",
            Tone::Control => "--control",
            Tone::Hit => "--hit",
            Tone::Warn => "--warn",
            Tone::Fail => "--fail",
            Tone::Stale => "--stale",
        }
    }

    /// The design token for words and thin lines: yellow needs a darker one to be seen.
    pub fn line_token(self) -> &'static str {
        match self {
            Tone::Warn => "--warn-ink",
            other => other.token(),
        }
    }

    /// The form that says the same as the hue. Neutral tones have none.
    pub fn glyph(self) -> Option<Glyph> {
        match self {
            Tone::Read => Some(Glyph::Dot),
            Tone::Write => Some(Glyph::Square),
            Tone::Replicate => Some(Glyph::Diamond),
            Tone::Control => Some(Glyph::Triangle),
            Tone::Hit => Some(Glyph::Check),
            Tone::Miss => Some(Glyph::Ring),
            Tone::Warn => Some(Glyph::Alert),
            Tone::Fail => Some(Glyph::Cross),
            Tone::Stale => Some(Glyph::Clock),
            _ => None,
        }
    }

    /// Whether it is told apart by hue, and so needs a second cue.
    pub fn is_hue(self) -> bool {
        self.glyph().is_some() && !matches!(self, Tone::Control | Tone::Miss)
    }
}
