//! A lens as it might be, drawn, read and checked; and every form once.

use expect_test::{Expect, expect, expect_file};

use super::layout::axis;
use super::layout::chips::Chip;
use super::layout::figures::Figure;
use super::layout::scale::{Scale, Span, Track};
use super::layout::sheet::Sheet;
use super::*;

/// A small cache lens.
fn lens(width: f32) -> Scene {
    let mut sheet = Sheet::new(width, "Book cache", "LRU, 5 of 40 entries shown.");
    sheet.figures(
        "figures",
        &[
            Figure::new("hit-ratio", "Hit ratio, 10 s", "86.4", "%"),
            Figure::new("entries", "Entries", "4 096", ""),
            Figure { tone: Tone::Stale, ..Figure::new("stale", "Stale reads", "3", "") },
        ],
    );
    sheet.space(12.0);
    sheet.caption("entries", ["Entries, newest first", "40"]);
    let mut chips: Vec<Chip> = [9312, 77, 18, 404, 8]
        .iter()
        .map(|key| Chip::new(format!("entry/{key}"), format!("book:{key}")))
        .collect();
    chips[0] = chips[0].clone().styled(Tone::Ink, CellStyle::Dashed);
    chips[2] = chips[2].clone().styled(Tone::Hit, CellStyle::Strong);
    chips[2].action = Some("follow:18".to_string());
    chips[3] = chips[3].clone().styled(Tone::Stale, CellStyle::Plain);
    chips[4] = chips[4].clone().styled(Tone::Ink, CellStyle::Struck);
    sheet.chips("entries", &chips, 2, 40);
    sheet.finish()
}

#[track_caller]
fn check(found: String, expected: Expect) {
    expected.assert_eq(&found);
}

#[test]
fn a_lens_is_listed() {
    check(
        text::listing(&lens(288.0)),
        expect![[r#"
            Book cache 288×129: LRU, 5 of 40 entries shown.
            figures/frame: hollow bar line-2 at 0,0 288×50
            hit-ratio#label: text ink-3 at 9,10 82×12 “Hit ratio, 10 s”
            hit-ratio: text ink at 9,26 41×17 “86.4” (Hit ratio, 10 s: 86.4 %)
            hit-ratio#unit: text ink-2 at 54,30 11×12 “%”
            figures/column-1: whole line line-2 at 111,0 0×50
            entries#label: text ink-3 at 120,10 42×12 “Entries”
            entries: text ink at 120,26 51×17 “4 096” (Entries: 4 096)
            figures/column-2: whole line line-2 at 192,0 0×50
            stale#label: text ink-3 at 201,10 67×12 “Stale reads”
            stale: text stale at 201,26 10×17 “3” (Stale reads: 3)
            entries/caption: text ink-3 at 0,66 122×12 “Entries, newest first”
            entries/caption-end: text ink-3 at 274,66 14×12 “40”
            entry/9312: dashed cell ink at 0,83 77×21 “book:9312”
            entry/77: plain cell ink at 81,83 62×21 “book:77”
            entry/18: strong cell hit at 147,83 75×21 “book:18” → follow:18
            entry/404: plain cell stale at 0,108 83×21 “book:404”
            entry/8: struck cell ink at 87,108 55×21 “book:8”
            entries/more: text ink-2 at 146,114 65×12 “… 35 more”
        "#]],
    );
}

#[test]
fn a_lens_is_read() {
    check(
        text::reading(&lens(288.0)),
        expect![[r#"
            Book cache
            LRU, 5 of 40 entries shown.
            Hit ratio, 10 s: 86.4 %  Entries: 4 096  Stale reads: 3
            Entries, newest first  40
            book:9312  book:77  book:18
            book:404  book:8  … 35 more
        "#]],
    );
}

#[test]
fn a_lens_is_drawn() {
    expect_file!["snapshots/lens.svg"].assert_eq(&svg::svg(&lens(288.0)));
}

/// Every form in every tone it may have, in one scene.
fn everything() -> Scene {
    let mut sheet = Sheet::new(400.0, "Forms", "Every form once.");
    let area = sheet.block(300.0);
    for (index, tone) in Tone::ALL.into_iter().enumerate() {
        let at = Point::new(10.0 + 20.0 * index as f32, 10.0);
        sheet.draw(Mark::sign(format!("sign/{}", tone.name()), at, tone));
    }
    let fills = [Fill::Solid, Fill::Soft, Fill::Tint, Fill::Framed, Fill::Hollow, Fill::Dashed];
    for (index, fill) in fills.into_iter().enumerate() {
        let bar = Rect::new(10.0 + 50.0 * index as f32, 30.0, 40.0, 12.0);
        let shape = Shape::Bar { area: bar, radius: 2.0, fill };
        sheet.draw(Mark::new(format!("bar/{index}"), shape, Tone::Replicate).labelled("a bar"));
    }
    let center = Point::new(80.0, 130.0);
    for (index, (start, end)) in [(0.0, 0.25), (0.25, 0.9)].into_iter().enumerate() {
        let shape = Shape::Arc { center, inner: 50.0, outer: 60.0, start, end, fill: Fill::Solid };
        sheet.draw(Mark::new(format!("arc/{index}"), shape, Tone::Ink3));
    }
    let whole =
        Shape::Arc { center, inner: 0.0, outer: 20.0, start: 0.0, end: 1.0, fill: Fill::Tint };
    sheet.draw(Mark::new("arc/whole", whole, Tone::Ink3));
    for (fill, inner) in [(Fill::Solid, 36.0), (Fill::Soft, 26.0)] {
        let spans = vec![(0.0, 0.125), (0.5, 0.75), (0.9, 1.0)];
        let arcs = Shape::Arcs { center, inner, outer: inner + 8.0, spans, fill };
        sheet.draw(Mark::new(format!("arcs/{inner}"), arcs, Tone::Ink3));
    }
    let knob = Mark::sign("knob", Point::new(330.0, 100.0), Tone::Selected).labelled("Weight");
    let spot = |at: u32| {
        let area = Rect::new(300.0 + 20.0 * at as f32, 90.0, 20.0, 20.0);
        Spot { area, action: format!("weigh:{at}"), label: format!("weight {at}") }
    };
    sheet.draw(knob.sliding(Slide { spots: (0..3).map(spot).collect(), at: Some(1) }));
    let (from, to) = (Point::new(200.0, 80.0), Point::new(300.0, 80.0));
    let arrow = Shape::Arrow { from, to, stroke: Stroke::THIN, heads: Heads::Both };
    sheet.draw(Mark::new("arrow", arrow, Tone::Stale).labelled("11 entries behind"));
    let points = vec![from, Point::new(250.0, 120.0), to];
    let path = Shape::Path { points: points.clone(), stroke: Stroke::DASHED };
    sheet.draw(Mark::new("path", path, Tone::Ink3));
    let polygon = Shape::Polygon { points, fill: Fill::Tint };
    sheet.draw(Mark::new("polygon", polygon, Tone::Fail).labelled("cut").asking("heal"));
    let plot = Rect::new(50.0, 210.0, area.width - 60.0, 64.0);
    let across =
        Scale::log(Span { low: 1e3, high: 64e3 }, Track { from_px: plot.x, to_px: plot.right() });
    let up = Scale::linear(
        Span { low: 0.0, high: 60.0 },
        Track { from_px: plot.bottom(), to_px: plot.y },
    );
    axis::below(sheet.marks(), "x", plot, &across, &|value, _| format!("{} k", value / 1e3));
    axis::left_of(sheet.marks(), "y", plot, &up, &|value, digits| format!("{value:.digits$} %"));
    sheet.finish()
}

#[test]
fn every_form_is_listed() {
    check(
        text::listing(&everything()),
        expect![[r#"
            Forms 400×300: Every form once.
            sign/ink: dot ink at 6,6 8×8
            sign/ink-2: dot ink-2 at 26,6 8×8
            sign/ink-3: dot ink-3 at 46,6 8×8
            sign/line: dot line at 66,6 8×8
            sign/line-2: dot line-2 at 86,6 8×8
            sign/surface: dot surface at 106,6 8×8
            sign/sunk: dot sunk at 126,6 8×8
            sign/link: dot link at 146,6 8×8
            sign/read: dot read at 166,6 8×8
            sign/write: square write at 186,6 8×8
            sign/replicate: diamond replicate at 206,6 8×8
            sign/control: triangle control at 226,6 8×8
            sign/hit: check hit at 246,6 8×8
            sign/miss: ring miss at 266,6 8×8
            sign/warn: alert warn at 286,6 8×8
            sign/fail: cross fail at 306,6 8×8
            sign/stale: clock stale at 326,6 8×8
            sign/selected: dot selected at 346,6 8×8
            bar/0: solid bar replicate at 10,30 40×12 (a bar)
            bar/1: soft bar replicate at 60,30 40×12 (a bar)
            bar/2: tint bar replicate at 110,30 40×12 (a bar)
            bar/3: framed bar replicate at 160,30 40×12 (a bar)
            bar/4: hollow bar replicate at 210,30 40×12 (a bar)
            bar/5: dashed bar replicate at 260,30 40×12 (a bar)
            arc/0: solid arc 0.000–0.250 ink-3 at 20,70 120×120
            arc/1: solid arc 0.250–0.900 ink-3 at 20,70 120×120
            arc/whole: tint arc 0.000–1.000 ink-3 at 60,110 40×40
            arcs/36: 3 solid arcs, 0.475 in all ink-3 at 36,86 88×88
            arcs/26: 3 soft arcs, 0.475 in all ink-3 at 46,96 68×68
            knob: dot selected at 326,96 8×8 (Weight) ↔ weigh:0 | weigh:1 | weigh:2
            arrow: whole arrow stale at 200,80 100×0 (11 entries behind)
            path: dashed path of 3 ink-3 at 200,80 100×40
            polygon: tint polygon of 3 fail at 200,80 100×40 (cut) → heal
            x/line: whole line line at 50,274 340×0
            x/tick-0: whole line line-2 at 50,210 0×68
            x/word-0: text ink-3 at 50,282 22×12 “1 k”
            x/tick-1: whole line line-2 at 107,210 0×68
            x/word-1: text ink-3 at 96,282 22×12 “2 k”
            x/tick-2: whole line line-2 at 182,210 0×68
            x/word-2: text ink-3 at 171,282 22×12 “5 k”
            x/tick-3: whole line line-2 at 238,210 0×68
            x/word-3: text ink-3 at 224,282 29×12 “10 k”
            x/tick-4: whole line line-2 at 295,210 0×68
            x/word-4: text ink-3 at 281,282 29×12 “20 k”
            x/tick-5: whole line line-2 at 370,210 0×68
            x/word-5: text ink-3 at 355,282 29×12 “50 k”
            y/tick-0: whole line line-2 at 50,274 340×0
            y/word-0: text ink-3 at 22,269 22×12 “0 %”
            y/tick-1: whole line line-2 at 50,253 340×0
            y/word-1: text ink-3 at 15,248 29×12 “20 %”
            y/tick-2: whole line line-2 at 50,231 340×0
            y/word-2: text ink-3 at 15,226 29×12 “40 %”
            y/tick-3: whole line line-2 at 50,210 340×0
            y/word-3: text ink-3 at 15,205 29×12 “60 %”
        "#]],
    );
}

#[test]
fn every_form_is_drawn() {
    let drawn = svg::svg(&everything());
    assert!(!drawn.contains("=\"#"), "no colour but the tokens");
    assert!(!drawn.contains("NaN"));
    expect_file!["snapshots/forms.svg"].assert_eq(&drawn);
}

#[test]
fn scenes_keep_the_rules_at_every_width() {
    assert_eq!(check::problems(&everything()), [""; 0]);
    for width in [120.0, 200.0, 288.0, 500.0, 900.0] {
        assert_eq!(check::problems(&lens(width)), [""; 0], "{width}");
    }
}

#[test]
fn breaches_are_named() {
    let mut scene = lens(288.0);
    let mut twin = Mark::sign("entry/77", Point::new(5.0, 5.0), Tone::Read);
    twin.shape = Shape::Glyph { glyph: Glyph::Square, at: Point::new(500.0, 5.0), radius: 3.0 };
    scene.marks.push(twin.asking("follow:77"));
    let over = Mark::text("over", Point::new(9.0, 20.0), "over", Font::SMALL);
    scene.marks.push(over);
    check(
        check::problems(&scene).join("\n"),
        expect![[r#"
            Two marks have the id entry/77.
            entry/77 reaches out of the scene.
            entry/77 can be asked for something, but has no name.
            entry/77 says read by its hue alone.
            The words of over lie on those of hit-ratio#label."#]],
    );
}

#[test]
fn words_cannot_break_out_of_the_picture() {
    let mut scene = lens(288.0);
    scene.title = "<script>alert('x & \"y\"')</script>\u{1}".to_string();
    let hostile = Mark::text("\"><b>", Point::new(0.0, 20.0), "</text>", Font::BODY);
    scene.marks = vec![hostile.labelled("a\"b").asking("c\"d")];
    let drawn = svg::svg(&scene);
    assert!(!drawn.contains("<script") && !drawn.contains("<b>") && !drawn.contains('\u{1}'));
    let title = "&lt;script&gt;alert(&#39;x &amp; &quot;y&quot;&#39;)&lt;/script&gt;\u{fffd}";
    assert!(drawn.contains(&format!("<title>{title}</title>")));
    assert!(drawn.contains("data-id=\"&quot;&gt;&lt;b&gt;\" data-action=\"c&quot;d\""));
    assert!(drawn.contains("aria-label=\"a&quot;b\"") && drawn.contains(">&lt;/text&gt;</text>"));
}

#[test]
fn scenes_travel_unchanged() {
    for scene in [lens(288.0), everything(), Scene::default()] {
        let bytes = postcard::to_allocvec(&scene).unwrap();
        assert_eq!(postcard::from_bytes::<Scene>(&bytes).unwrap(), scene);
    }
}

#[test]
fn turns_go_clockwise_from_the_top() {
    let center = Point::new(10.0, 10.0);
    let near = |found: Point, x: f32, y: f32| (found.x - x).abs() + (found.y - y).abs() < 1e-4;
    assert!(near(center.around(0.0, 5.0), 10.0, 5.0));
    assert!(near(center.around(0.25, 5.0), 15.0, 10.0));
    assert!(near(center.around(0.5, 5.0), 10.0, 15.0));
}
