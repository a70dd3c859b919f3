//! A sheet that is filled from top to bottom and becomes a scene as high as it needs to be.

use super::chips::{self, Chip, Flow};
use super::figures::{self, Figure};
use super::measure;
use crate::scene::{Font, Mark, Point, Rect, Scene, Tone};

/// A scene in the making: marks so far, and how far down they reach.
#[derive(Clone, Debug)]
pub struct Sheet {
    scene: Scene,
    y: f32,
}

impl Sheet {
    /// An empty sheet of this width in pixels.
    pub fn new(width: f32, title: impl Into<String>, description: impl Into<String>) -> Self {
        let (title, description) = (title.into(), description.into());
        Self { scene: Scene { width, title, description, ..Scene::default() }, y: 0.0 }
    }

    /// Its width in pixels.
    pub fn width(&self) -> f32 {
        self.scene.width
    }

    /// The room from here to the bottom of a block of `height`, which is taken.
    pub fn block(&mut self, height: f32) -> Rect {
        let area = Rect::new(0.0, self.y, self.scene.width, height);
        self.y += height;
        area
    }

    /// Blocks side by side: the shares of the width they take, in proportion, and the gap between.
    pub fn columns<const N: usize>(
        &mut self,
        height: f32,
        shares: [f32; N],
        gap: f32,
    ) -> [Rect; N] {
        let area = self.block(height);
        let total: f32 = shares.iter().sum();
        let room = area.width - gap * (N.saturating_sub(1)) as f32;
        let mut x = area.x;
        shares.map(|share| {
            let column = Rect::new(x, area.y, room * share / total, height);
            x = column.right() + gap;
            column
        })
    }

    /// Leaves room.
    pub fn space(&mut self, height: f32) {
        self.y += height;
    }

    /// Draws a mark at its own place.
    pub fn draw(&mut self, mark: Mark) {
        self.scene.marks.push(mark);
    }

    /// The marks so far, for helpers that draw several.
    pub fn marks(&mut self) -> &mut Vec<Mark> {
        &mut self.scene.marks
    }

    /// Tiles of figures.
    pub fn figures(&mut self, id: &str, figures: &[Figure]) {
        let at = Rect::new(0.0, self.y, self.scene.width, 0.0);
        self.y += figures::tiles(&mut self.scene.marks, id, figures, at);
    }

    /// A line: what follows on the left, how many on the right.
    pub fn caption(&mut self, id: &str, words: [&str; 2]) {
        let at = Rect::new(0.0, self.y, self.scene.width, 0.0);
        self.y += chips::caption(&mut self.scene.marks, id, at, words) + 4.0;
    }

    /// A flow of cells in at most `rows_max` rows, of `total` things in all.
    pub fn chips(&mut self, id: &str, chips: &[Chip], rows_max: usize, total: usize) {
        let flow = Flow { x: 0.0, y: self.y, width: self.scene.width, rows_max, total };
        self.y += chips::flow(&mut self.scene.marks, id, chips, flow);
    }

    /// Words that wrap, in the tone for what stands beside the matter.
    pub fn words(&mut self, id: &str, text: &str) {
        let font = Font::SMALL;
        for (index, line) in measure::wrap(text, font, self.scene.width).into_iter().enumerate() {
            let at = Point::new(0.0, self.y + 13.0);
            let mark = Mark::text(format!("{id}/{index}"), at, line, font).toned(Tone::Ink2);
            self.scene.marks.push(mark);
            self.y += measure::line_height(font);
        }
    }

    /// The scene, as high as what was put on the sheet.
    pub fn finish(self) -> Scene {
        Scene { height: self.y, ..self.scene }
    }
}
