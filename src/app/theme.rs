//! The three looks, and their colours for what is painted rather than styled.

use leptos::prelude::*;

/// Where the choice is kept; `www/index.html` reads it before the first paint.
const KEY: &str = "ringside.theme";

/// A look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Paper.
    Light,
    /// Night.
    Dark,
    /// White, heavier lines, larger type.
    Projector,
}

impl Theme {
    /// Every theme, in the order of the switch.
    pub const ALL: [Self; 3] = [Self::Light, Self::Dark, Self::Projector];

    /// The word in `data-theme` and in storage.
    pub fn word(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Projector => "projector",
        }
    }

    /// The name people see.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "Light",
            Self::Dark => "Dark",
            Self::Projector => "Projector",
        }
    }

    /// What the page shell has chosen.
    pub fn current() -> Self {
        let root = document().document_element();
        let word = root.and_then(|it| it.get_attribute("data-theme"));
        Self::ALL.into_iter().find(|it| Some(it.word()) == word.as_deref()).unwrap_or(Self::Light)
    }

    /// Shows it and remembers it.
    pub fn choose(self) {
        if let Some(root) = document().document_element() {
            _ = root.set_attribute("data-theme", self.word());
        }
        if let Ok(Some(storage)) = window().local_storage() {
            _ = storage.set_item(KEY, self.word());
        }
    }

    /// How much larger nodes and marks are than in the document.
    pub fn growth(self) -> f64 {
        if self == Self::Projector { 1.5 } else { 1.0 }
    }
}

/// Design tokens for what is painted on a canvas, as the style sheet has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Palette {
    /// A read.
    pub read: String,
    /// A write.
    pub write: String,
    /// Replication, and other words between members.
    pub replicate: String,
    /// A failure.
    pub fail: String,
    /// Words and the time cursor.
    pub ink: String,
    /// Captions, misses.
    pub ink_3: String,
    /// Faint outlines.
    pub line_2: String,
    /// The ground of panels.
    pub surface: String,
    /// The ground of the canvas.
    pub paper: String,
    /// Family of figures.
    pub num: String,
    /// Smallest type, in pixels.
    pub type_1: f64,
}

impl Palette {
    /// Reads the tokens in force.
    pub fn read() -> Self {
        let style = document()
            .document_element()
            .and_then(|root| window().get_computed_style(&root).ok().flatten());
        let token = |name: &str| {
            let value = style.as_ref().and_then(|it| it.get_property_value(name).ok());
            value.unwrap_or_default().trim().to_owned()
        };
        Self {
            read: token("--read"),
            write: token("--write"),
            replicate: token("--replicate"),
            fail: token("--fail"),
            ink: token("--ink"),
            ink_3: token("--ink-3"),
            line_2: token("--line-2"),
            surface: token("--surface"),
            paper: token("--paper"),
            num: token("--num"),
            type_1: token("--t1")
                .trim_end_matches(['p', 'x'])
                .parse::<u32>()
                .map_or(12.0, f64::from),
        }
    }
}
