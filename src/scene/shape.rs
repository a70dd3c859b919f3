//! The forms a mark may have: a closed list, so that whoever draws knows them all.

use serde::{Deserialize, Serialize};

/// A point in pixels from the top left of the scene.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Rightwards.
    pub x: f32,
    /// Downwards.
    pub y: f32,
}

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Extent to the right.
    pub width: f32,
    /// Extent downwards.
    pub height: f32,
}

/// A form and its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Shape {
    /// A small sign around a point.
    Glyph {
        /// Which sign.
        glyph: Glyph,
        /// Its middle.
        at: Point,
        /// From the middle to its edge.
        radius: f32,
    },
    /// A rectangle.
    Bar {
        /// Where.
        area: Rect,
        /// Radius of its corners.
        radius: f32,
        /// How it is filled.
        fill: Fill,
    },
    /// A piece of a ring, clockwise. Angles are turns: 0 is the top, 0.25 the right.
    Arc {
        /// The middle of the ring.
        center: Point,
        /// Inner radius; 0 makes a slice of a pie.
        inner: f32,
        /// Outer radius.
        outer: f32,
        /// Where it begins, in turns.
        start: f32,
        /// Where it ends, in turns; not before `start`, at most one turn on.
        end: f32,
        /// How it is filled.
        fill: Fill,
    },
    /// Many pieces of one ring, such as all that one owner has of it.
    Arcs {
        /// The middle of the ring.
        center: Point,
        /// Inner radius.
        inner: f32,
        /// Outer radius.
        outer: f32,
        /// Where each begins and ends, in turns from 0 to 1, in rising order and apart.
        spans: Vec<(f32, f32)>,
        /// How they are filled: in the full tone, or at about half strength.
        fill: Fill,
    },
    /// A straight line.
    Line {
        /// One end.
        from: Point,
        /// The other end.
        to: Point,
        /// How it is drawn.
        stroke: Stroke,
    },
    /// A straight line with a head at its end, or at both.
    Arrow {
        /// Where it comes from.
        from: Point,
        /// Where it points.
        to: Point,
        /// How it is drawn.
        stroke: Stroke,
        /// Which ends have a head.
        heads: Heads,
    },
    /// A line through points.
    Path {
        /// In order.
        points: Vec<Point>,
        /// How it is drawn.
        stroke: Stroke,
    },
    /// An area within points.
    Polygon {
        /// Around it, in order.
        points: Vec<Point>,
        /// How it is filled.
        fill: Fill,
    },
    /// A small box with a word in it: an entry, a key, a message. Set in the smallest mono.
    Cell {
        /// Where; at least as wide as the word.
        area: Rect,
        /// The word.
        text: String,
        /// What state the thing is in.
        style: CellStyle,
    },
    /// Words on a baseline.
    Text {
        /// Start, middle or end of the baseline.
        at: Point,
        /// The words.
        text: String,
        /// How they are set.
        font: Font,
        /// Which of the three `at` is.
        anchor: Anchor,
    },
}

/// A small sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Glyph {
    /// A filled disc.
    Dot,
    /// A hollow disc.
    Ring,
    /// A filled square.
    Square,
    /// A filled square on its corner.
    Diamond,
    /// A filled triangle, pointing up.
    Triangle,
    /// Two crossed strokes.
    Cross,
    /// A tick.
    Check,
    /// A box with "!".
    Alert,
    /// A clock face.
    Clock,
}

impl Glyph {
    /// The usual radius in pixels.
    pub const RADIUS: f32 = 4.0;
}

/// How an area is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fill {
    /// In the full tone.
    Solid,
    /// At about half strength, for many of a kind side by side.
    Soft,
    /// A breath of the tone: a stretch behind other marks.
    Tint,
    /// A breath of the tone with an outline.
    Framed,
    /// An outline on the ground of the panel.
    Hollow,
    /// A dashed outline: expected, not yet or no longer there.
    Dashed,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stroke {
    /// Thickness in pixels.
    pub width: f32,
    /// Its gaps.
    pub dash: Dash,
}

impl Stroke {
    /// A fine line: axes, grids.
    pub const THIN: Stroke = Stroke { width: 1.0, dash: Dash::Whole };
    /// A line that carries something: wires, curves.
    pub const BOLD: Stroke = Stroke { width: 2.0, dash: Dash::Whole };
    /// A line beside it: a comparison, a limit.
    pub const DASHED: Stroke = Stroke { width: 1.6, dash: Dash::Dashed };
    /// A faint guide.
    pub const DOTTED: Stroke = Stroke { width: 1.0, dash: Dash::Dotted };
}

/// The gaps of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dash {
    /// None.
    Whole,
    /// Dashes.
    Dashed,
    /// Dots.
    Dotted,
}

/// The heads of an arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Heads {
    /// At its end.
    End,
    /// At both ends: an extent.
    Both,
}

/// What state the thing in a cell is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CellStyle {
    /// There.
    Plain,
    /// Just arrived, or not quite there.
    Dashed,
    /// Just left, or no longer valid.
    Struck,
    /// Filled with a breath of its tone: one of a group.
    Filled,
    /// Bold, with an outline in its tone: acted on just now.
    Strong,
}

/// Which point of a text its place means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Anchor {
    /// The text begins there.
    Start,
    /// The text has its middle there.
    Middle,
    /// The text ends there.
    End,
}

/// How words are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Font {
    /// Step of the type scale.
    pub size: Size,
    /// Stroke strength.
    pub weight: Weight,
    /// Typeface.
    pub face: Face,
}

impl Font {
    /// Running words.
    pub const BODY: Font = Font { size: Size::T2, weight: Weight::Regular, face: Face::Ui };
    /// Words beside a thing.
    pub const SMALL: Font = Font { size: Size::T1, weight: Weight::Regular, face: Face::Ui };
    /// A small heading.
    pub const HEADING: Font = Font { size: Size::T1, weight: Weight::Bold, face: Face::Ui };
    /// A figure in a row.
    pub const NUMBER: Font = Font { size: Size::T1, weight: Weight::Regular, face: Face::Mono };
    /// The figure that matters.
    pub const BIG_NUMBER: Font = Font { size: Size::T4, weight: Weight::Bold, face: Face::Mono };
}

/// A step of the type scale. There is no other size: words are cut, never shrunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Size {
    /// 12 px.
    T1,
    /// 13 px.
    T2,
    /// 14 px.
    T3,
    /// 17 px.
    T4,
}

impl Size {
    /// The size in pixels at normal zoom.
    pub fn px(self) -> f32 {
        match self {
            Size::T1 => 12.0,
            Size::T2 => 13.0,
            Size::T3 => 14.0,
            Size::T4 => 17.0,
        }
    }
}

/// Stroke strength of a typeface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Weight {
    /// For reading.
    Regular,
    /// For what matters.
    Bold,
}

/// One of the two typefaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Face {
    /// Proportional: words.
    Ui,
    /// Monospaced: figures, keys, times.
    Mono,
}
