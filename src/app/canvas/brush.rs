//! Marks as they are painted.

use web_sys::CanvasRenderingContext2d;

use crate::app::theme::Palette;
use crate::base::geometry::Point;

/// Paints marks: each kind has a colour and a form of its own.
pub struct Brush<'a> {
    /// Where to.
    pub context: &'a CanvasRenderingContext2d,
    /// Colours.
    pub palette: &'a Palette,
    /// Half the size of a mark, in pixels.
    pub size: f64,
}

impl Brush<'_> {
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

    /// A read; hollow: its answer.
    pub fn dot(&self, at: Point, solid: bool) {
        let radius = if solid { self.size } else { self.size * 0.8 };
        self.context.begin_path();
        _ = self.context.arc(at.x, at.y, radius, 0.0, std::f64::consts::TAU);
        self.finish(&self.palette.read, solid);
    }

    /// A write; hollow: its answer.
    pub fn square(&self, at: Point, solid: bool) {
        let half = if solid { self.size * 0.92 } else { self.size * 0.74 };
        self.context.begin_path();
        self.context.rect(at.x - half, at.y - half, 2.0 * half, 2.0 * half);
        self.finish(&self.palette.write, solid);
    }

    /// A word between members.
    pub fn diamond(&self, at: Point) {
        let half = self.size * 1.2;
        self.context.begin_path();
        self.context.move_to(at.x, at.y - half);
        self.context.line_to(at.x + half, at.y);
        self.context.line_to(at.x, at.y + half);
        self.context.line_to(at.x - half, at.y);
        self.context.close_path();
        self.finish(&self.palette.replicate, true);
    }

    /// A hollow mark without the colour of an answer.
    pub fn miss(&self, at: Point) {
        self.context.begin_path();
        _ = self.context.arc(at.x, at.y, self.size * 0.8, 0.0, std::f64::consts::TAU);
        self.finish(&self.palette.ink_3, false);
    }

    /// A failure.
    pub fn cross(&self, at: Point) {
        let half = self.size * 0.95;
        for (color, width) in [(&self.palette.paper, 1.3), (&self.palette.fail, 0.6)] {
            self.context.set_stroke_style_str(color);
            self.context.set_line_width(self.size * width);
            self.context.begin_path();
            self.context.move_to(at.x - half, at.y - half);
            self.context.line_to(at.x + half, at.y + half);
            self.context.move_to(at.x + half, at.y - half);
            self.context.line_to(at.x - half, at.y + half);
            self.context.stroke();
        }
    }
}
