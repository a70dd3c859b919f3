//! Chips, words, ticks and tiles, at the edges of their room.

use super::chips::Chip;
use super::figures::Figure;
use super::measure;
use super::scale::{Scale, Span, Track};
use super::sheet::Sheet;
use crate::scene::{Font, check};

#[test]
fn chips_are_cut_and_counted() {
    let chips: Vec<Chip> =
        (0..30).map(|key| Chip::new(format!("{key}"), format!("key:{key}"))).collect();
    for (width, rows_max) in [(90.0, 1), (90.0, 3), (150.0, 2), (400.0, 1), (400.0, 9)] {
        let mut sheet = Sheet::new(width, "Chips", "Some.");
        sheet.chips("chips", &chips, rows_max, 1_000);
        let scene = sheet.finish();
        assert_eq!(check::problems(&scene), [""; 0], "{width}, {rows_max}");
        let shown = scene.marks.len() - 1;
        let words = scene.marks.last().unwrap().words();
        assert_eq!(words, format!("… {} more", 1_000 - shown), "{width}, {rows_max}");
        assert!(scene.height <= rows_max as f32 * 25.0, "{width}, {rows_max}");
    }
    let mut sheet = Sheet::new(60.0, "Long", "One long key.");
    sheet.chips("chips", &[Chip::new("long", "a-key-that-is-long")], 1, 1);
    let scene = sheet.finish();
    assert_eq!(scene.marks[0].words(), "a-key…");
    assert_eq!(scene.marks[0].label.as_deref(), Some("a-key-that-is-long"));
}

#[test]
fn words_are_cut_and_wrapped() {
    assert_eq!(measure::width("0123456789", Font::NUMBER), 72.0);
    assert_eq!(measure::fit("Store database", Font::SMALL, 200.0), "Store database");
    assert_eq!(measure::fit("Store database", Font::SMALL, 60.0), "Store d…");
    assert_eq!(measure::fit("x", Font::SMALL, 0.0), "…");
    let lines = measure::wrap("read v3 from replica 2, v4 was acknowledged", Font::SMALL, 130.0);
    assert_eq!(lines, ["read v3 from replica", "2, v4 was", "acknowledged"]);
}

#[test]
fn ticks_are_round() {
    let track = Track { from_px: 0.0, to_px: 100.0 };
    let linear = |low, high, count| {
        let scale = Scale::linear(Span { low, high }, track);
        (scale.ticks(count), scale.decimals(count))
    };
    assert_eq!(linear(0.0, 60.0, 3), (vec![0.0, 20.0, 40.0, 60.0], 0));
    assert_eq!(linear(0.0, 60.0, 2), (vec![0.0, 20.0, 40.0, 60.0], 0));
    assert_eq!(linear(0.0, 1.0, 5), (vec![0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0], 1));
    assert_eq!(linear(-7.0, 13.0, 4), (vec![-5.0, 0.0, 5.0, 10.0], 0));
    assert_eq!(linear(3.0, 3.0, 2), (vec![3.0, 3.5, 4.0], 1));
    let log = |low, high, count| Scale::log(Span { low, high }, track).ticks(count);
    assert_eq!(log(1e-3, 1e3, 7), [1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0, 1e3]);
    assert_eq!(log(1e3, 64e3, 6), [1e3, 2e3, 5e3, 1e4, 2e4, 5e4]);
    assert_eq!(log(1.0, 1e6, 3), [1.0, 1e3, 1e6]);
    let scale = Scale::log(Span { low: 1.0, high: 100.0 }, track);
    assert_eq!([scale.px(0.0), scale.px(10.0), scale.px(1e9)], [0.0, 50.0, 100.0]);
}

#[test]
fn tiles_are_equal_if_they_can_be_and_even_if_they_cannot() {
    let figures = ["Hit ratio, 10 s", "Entries", "Stale reads", "Misses"]
        .map(|label| Figure::new(label, label, "86.4", "%"));
    let columns = |width: f32| {
        let mut sheet = Sheet::new(width, "Tiles", "Some.");
        sheet.figures("tiles", &figures);
        let scene = sheet.finish();
        assert_eq!(check::problems(&scene), [""; 0], "{width}");
        let dividers = scene.marks.iter().filter(|mark| mark.id.contains("tiles/column"));
        (scene.height / super::figures::HEIGHT, dividers.map(|it| it.shape.bounds().x).collect())
    };
    assert_eq!(columns(600.0), (1.0, vec![150.0, 300.0, 450.0]));
    assert_eq!(columns(288.0), (2.0, vec![144.0]));
    assert_eq!(columns(100.0), (4.0, vec![]));
}
