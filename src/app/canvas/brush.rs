//! Marks as they are painted, and as the legend shows them: each has a colour and a form of its own.

use std::cell::Cell;

use web_sys::CanvasRenderingContext2d;

use crate::app::theme::Palette;
use crate::base::geometry::{Point, Rect};

/// What can be seen on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// A call that reads.
    Read,
    /// A call that writes.
    Write,
    /// A word between members.
    Mesh,
    /// The answer to a read.
    Answer,
    /// The answer to a write.
    Done,
    /// A cache did not have the key.
    Miss,
    /// A failure, or what a cut has stopped.
    Failed,
}

/// How many signs there are.
pub const SIGNS: usize = 7;

/// Paints marks.
pub struct Brush<'a> {
    /// Where to.
    pub context: &'a CanvasRenderingContext2d,
    /// Colours.
    pub palette: &'a Palette,
    /// Half the size of a mark, in pixels.
    pub size: f64,
    /// What of the canvas is on screen.
    pub view: Rect,
    /// Which signs have been painted there, by bits.
    pub painted: Cell<u8>,
}

impl Brush<'_> {
    /// Paints one mark.
    pub fn mark(&self, sign: Sign, at: Point) {
        if !self.view.contains(at) {
            return;
        }
        self.painted.set(self.painted.get() | 1 << sign as u8);
        let Palette { read, write, replicate, ink_3, .. } = self.palette;
        match sign {
            Sign::Read => self.dot(at, self.size, read, true),
            Sign::Answer => self.dot(at, self.size * 0.8, read, false),
            Sign::Write => self.square(at, self.size * 0.92, write, true),
            Sign::Done => self.square(at, self.size * 0.74, write, false),
            Sign::Mesh => self.diamond(at, self.size * 1.2, replicate),
            Sign::Miss => {
                self.dot(at, self.size * 0.8, ink_3, false);
                let half = self.size * 0.75;
                self.line((at.x - half, at.y + half), (at.x + half, at.y - half));
                self.context.stroke();
            }
            Sign::Failed => self.cross(at, self.size * 0.95),
        }
    }

    fn finish(&self, color: &str, solid: bool) {
        if solid {
            self.context.set_fill_style_str(color);
            self.context.fill();
        } else {
            self.context.set_fill_style_str(&self.palette.paper);
            self.context.fill();
            self.context.set_stroke_style_str(color);
            self.context.set_line_width(self.size * 0.42);
            self.context.stroke();
        }
    }

    fn dot(&self, at: Point, radius: f64, color: &str, solid: bool) {
        self.context.begin_path();
        _ = self.context.arc(at.x, at.y, radius, 0.0, std::f64::consts::TAU);
        self.finish(color, solid);
    }

    fn square(&self, at: Point, half: f64, color: &str, solid: bool) {
        self.context.begin_path();
        self.context.rect(at.x - half, at.y - half, 2.0 * half, 2.0 * half);
        self.finish(color, solid);
    }

    fn diamond(&self, at: Point, half: f64, color: &str) {
        self.context.begin_path();
        self.context.move_to(at.x, at.y - half);
        self.context.line_to(at.x + half, at.y);
        self.context.line_to(at.x, at.y + half);
        self.context.line_to(at.x - half, at.y);
        self.context.close_path();
        self.finish(color, true);
    }

    fn cross(&self, at: Point, half: f64) {
        self.line((at.x - half, at.y - half), (at.x + half, at.y + half));
        self.context.move_to(at.x + half, at.y - half);
        self.context.line_to(at.x - half, at.y + half);
        for (color, width) in [(&self.palette.paper, 1.3), (&self.palette.fail, 0.6)] {
            self.context.set_stroke_style_str(color);
            self.context.set_line_width(self.size * width);
            self.context.stroke();
        }
    }

    fn line(&self, from: (f64, f64), to: (f64, f64)) {
        self.context.begin_path();
        self.context.move_to(from.0, from.1);
        self.context.line_to(to.0, to.1);
    }
}
