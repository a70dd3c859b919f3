//! Points, rectangles and the camera between document and screen.

use serde::{Deserialize, Serialize};

/// A point, in the pixels of whichever space its name says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Rightwards.
    pub x: f64,
    /// Downwards.
    pub y: f64,
}

impl Point {
    /// The point (x, y).
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }
}

/// A rectangle with its sides along the axes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width, not negative.
    pub width: f64,
    /// Height, not negative.
    pub height: f64,
}

impl Rect {
    /// The smallest rectangle around both.
    pub fn union(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let right = (self.x + self.width).max(other.x + other.width);
        let bottom = (self.y + self.height).max(other.y + other.height);
        Self { x, y, width: right - x, height: bottom - y }
    }

    /// Whether the point lies inside or on the edge.
    pub fn contains(self, point: Point) -> bool {
        let inside_x = point.x >= self.x && point.x <= self.x + self.width;
        let inside_y = point.y >= self.y && point.y <= self.y + self.height;
        inside_x && inside_y
    }

    /// The middle.
    pub fn centre(self) -> Point {
        Point::new(self.x + self.width / 2.0, self.y + self.height / 2.0)
    }
}

/// Which part of the document the screen shows: screen = document × zoom + offset.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Camera {
    /// Screen position of the document's origin.
    pub offset: Point,
    /// Screen pixels a document pixel.
    pub zoom: f64,
}

impl Default for Camera {
    fn default() -> Self {
        Self { offset: Point::default(), zoom: 1.0 }
    }
}

impl Camera {
    /// Smallest and largest zoom.
    pub const ZOOM: (f64, f64) = (0.15, 4.0);

    /// Where a document point is on the screen.
    pub fn screen_from_document(self, at: Point) -> Point {
        Point::new(at.x * self.zoom + self.offset.x, at.y * self.zoom + self.offset.y)
    }

    /// What of the document a screen of this width and height shows.
    pub fn view(self, (width, height): (f64, f64)) -> Rect {
        let Point { x, y } = self.document_from_screen(Point::default());
        Rect { x, y, width: width / self.zoom, height: height / self.zoom }
    }

    /// Which document point is at a screen point.
    pub fn document_from_screen(self, at: Point) -> Point {
        Point::new((at.x - self.offset.x) / self.zoom, (at.y - self.offset.y) / self.zoom)
    }

    /// Zooms by a factor about a screen point, which stays where it is.
    pub fn zoomed_about(self, screen: Point, factor: f64) -> Self {
        let held = self.document_from_screen(screen);
        let zoom = (self.zoom * factor).clamp(Self::ZOOM.0, Self::ZOOM.1);
        let offset = Point::new(screen.x - held.x * zoom, screen.y - held.y * zoom);
        Self { offset, zoom }
    }

    /// Shows all of `content` centred in `window`, no larger than `zoom_max`.
    pub fn fit(content: Rect, window: Rect, zoom_max: f64) -> Self {
        let zoom = (window.width / content.width.max(1.0))
            .min(window.height / content.height.max(1.0))
            .clamp(Self::ZOOM.0, zoom_max);
        let (from, to) = (content.centre(), window.centre());
        Self { offset: Point::new(to.x - from.x * zoom, to.y - from.y * zoom), zoom }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooming_holds_the_point_under_the_pointer() {
        let camera = Camera { offset: Point::new(10.0, -4.0), zoom: 0.5 };
        let pointer = Point::new(300.0, 200.0);
        let before = camera.document_from_screen(pointer);
        let after = camera.zoomed_about(pointer, 1.7).document_from_screen(pointer);
        assert!((before.x - after.x).abs() < 1e-9 && (before.y - after.y).abs() < 1e-9);
    }

    #[test]
    fn fit_centres_and_never_magnifies_past_the_limit() {
        let content = Rect { x: 100.0, y: 50.0, width: 20.0, height: 10.0 };
        let window = Rect { x: 0.0, y: 0.0, width: 800.0, height: 600.0 };
        let camera = Camera::fit(content, window, 1.0);
        assert_eq!(camera.zoom, 1.0);
        assert_eq!(camera.screen_from_document(content.centre()), window.centre());
    }
}
