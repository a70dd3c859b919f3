//! Lines that cut the network: which side is where, and what is cut.

use proptest::prelude::*;

use super::*;
use crate::editor::cut::{Line, Parting};
use crate::engine::fault::Target;

fn point(x: f64, y: f64) -> Point {
    Point::new(x, y)
}

/// An oval, back to where it begins.
fn oval(at: (f64, f64), half: (f64, f64)) -> Vec<(f64, f64)> {
    let corner = |step: i32| {
        let angle = f64::from(step) / 40.0 * std::f64::consts::TAU;
        (at.0 + half.0 * libm::cos(angle), at.1 + half.1 * libm::sin(angle))
    };
    (0..=40).map(corner).collect()
}

/// A line drawn with the tool for cuts, and what comes of letting it go.
fn drawn(editor: &mut Editor, points: &[(f64, f64)]) -> Effect {
    editor.handle(Input::Tool(Tool::Cut));
    let (first, last) = (points[0], points[points.len() - 1]);
    editor.down(first.0, first.1, NO);
    for it in points {
        let effects = editor.to(it.0, it.1);
        assert!(matches!(&effects[..], [Effect::Preview(Preview::Cut(_))]), "{effects:?}");
    }
    let mut effects = editor.up(last.0, last.1);
    assert_eq!(effects.remove(0), Effect::Preview(Preview::Nothing));
    effects.remove(0)
}

fn parted(editor: &mut Editor, points: &[(f64, f64)]) -> Parting {
    match drawn(editor, points) {
        Effect::Cut(parting) => *parting,
        other => panic!("nothing is cut: {other:?}"),
    }
}

fn named(side: &[Target]) -> Vec<String> {
    side.iter().map(Target::to_string).collect()
}

/// Services stand left of x = 662, what they call right of x = 710.
const ACROSS: [(f64, f64); 3] = [(690.0, 60.0), (688.0, 300.0), (690.0, 520.0)];
const BESIDE: [&str; 3] = ["cache", "database", "payments"];

#[test]
fn a_line_across_wires_cuts_them_and_parts_who_stands_on_either_side() {
    let mut editor = editor();
    let parting = parted(&mut editor, &ACROSS);
    assert_eq!(named(&parting.one), BESIDE);
    assert_eq!(parting.other.len() + 3, editor.design().components.len());
    let between = |from: &str, to: &str| BESIDE.contains(&to) && !BESIDE.contains(&from);
    let wires = editor.design().wires.iter();
    let wires: Vec<_> =
        wires.filter(|it| between(&it.1.from, &it.1.to)).map(|it| it.0.clone()).collect();
    assert_eq!((parting.wires.len(), parting.wires), (8, wires));
    assert_eq!(editor.tool(), Tool::Cut, "another line may follow");
    assert!(!editor.history().can_undo(), "the design is as it was");
}

#[test]
fn a_short_line_goes_straight_on() {
    let parting = parted(&mut editor(), &[(690.0, 130.0), (690.0, 160.0)]);
    assert_eq!(named(&parting.one), BESIDE);
}

#[test]
fn the_way_it_is_drawn_makes_no_difference() {
    let mut back = ACROSS;
    back.reverse();
    let (one, other) = (parted(&mut editor(), &ACROSS), parted(&mut editor(), &back));
    assert_eq!((one.one, one.other, one.wires), (other.one, other.other, other.wires));
}

#[test]
fn a_line_around_something_cuts_that_off() {
    let around = oval((571.0, 143.0), (115.0, 60.0));
    assert_eq!(named(&parted(&mut editor(), &around).one), ["books"]);
    // Not quite closed is closed.
    assert_eq!(named(&parted(&mut editor(), &around[..39]).one), ["books"]);
    // Around two, by a line that crosses itself between them.
    let eight: Vec<_> = (0..=80)
        .map(|step| f64::from(step) / 80.0 * std::f64::consts::TAU)
        .map(|it| (686.0 + 230.0 * libm::cos(it), 143.0 + 60.0 * libm::sin(2.0 * it)))
        .collect();
    let parting = parted(&mut editor(), &eight);
    assert_eq!(named(&parting.one), ["books", "cache"]);
}

#[test]
fn a_loop_in_passing_parts_nobody_else() {
    let mut points = vec![(690.0, 20.0), (690.0, 230.0)];
    points.extend(oval((690.0, 243.0), (9.0, 9.0)));
    points.extend([(690.0, 260.0), (690.0, 520.0)]);
    assert_eq!(named(&parted(&mut editor(), &points).one), BESIDE);
}

#[test]
fn a_line_that_crosses_no_wire_cuts_nothing() {
    let there_and_back = [(668.0, 60.0), (668.0, 160.0), (706.0, 160.0), (706.0, 60.0)];
    // Straight on it would cross wires; it was not drawn so far.
    for points in
        [&[(690.0, -300.0), (690.0, -200.0)][..], &[(-300.0, 0.0), (-300.0, 90.0)], &there_and_back]
    {
        let effect = drawn(&mut editor(), points);
        let Effect::Refused(error) = effect else { panic!("{points:?}: {effect:?}") };
        assert_eq!(error.problem, "The line crosses no wire: nothing is cut");
    }
}

#[test]
fn a_press_alone_says_nothing() {
    let mut editor = editor();
    editor.handle(Input::Tool(Tool::Cut));
    editor.down(690.0, 130.0, NO);
    assert_eq!(editor.up(691.0, 130.0), [Effect::Preview(Preview::Nothing)]);
}

#[test]
fn the_key_takes_the_tool_up_and_escape_leaves_the_line_then_the_tool() {
    let mut editor = editor();
    assert_eq!(editor.tap(Key::Letter('x'), NO), [Effect::Tool(Tool::Cut)]);
    editor.down(690.0, 60.0, NO);
    editor.to(690.0, 300.0);
    assert_eq!(editor.tap(Key::Escape, NO), [Effect::Preview(Preview::Nothing)]);
    assert_eq!(editor.up(690.0, 300.0), [], "the line is gone");
    assert_eq!(editor.tap(Key::Escape, NO), [Effect::Tool(Tool::Select)]);
    editor.tap(Key::Letter('x'), NO);
    assert_eq!(editor.tap(Key::Letter('x'), NO), [Effect::Tool(Tool::Select)]);
}

#[test]
fn between_the_marks_of_members_they_are_parted() {
    let design =
        read(include_str!("../../../static/designs/mumbai-delhi.json")).expect("a design").0.design;
    let mut editor = Editor::new(design);
    let node = editor.picture().node("store").expect("it is there");
    let mark = |it: f64| point(node.x + it, node.y + 14.0);
    let marks = [("store".to_owned(), vec![mark(130.0), mark(142.0), mark(154.0)])];
    editor.handle(Input::Marks(marks.into_iter().collect()));
    let down = |x: f64| [(node.x + x, node.y - 40.0), (node.x + x, node.y + 100.0)];
    let parting = parted(&mut editor, &down(136.0));
    assert_eq!(named(&parting.one), ["mumbai-client", "store/0"]);
    assert_eq!(named(&parting.other), ["delhi-client", "store/1", "store/2"]);
    assert_eq!(parting.wires, Vec::<String>::new(), "no wire is cut whole");
    // Beside all marks, though not beside its middle: as a whole.
    let parting = parted(&mut editor, &down(120.0));
    assert_eq!(named(&parting.one), ["mumbai-client"]);
    assert_eq!(named(&parting.other), ["delhi-client", "store"]);
    // Beside the node, they all stand together.
    let parting = parted(&mut editor, &down(-20.0));
    assert_eq!(named(&parting.one), ["mumbai-client"]);
}

/// The line as it goes on, far enough for what is looked at here.
fn extended(line: &[Point]) -> Vec<Point> {
    let on = |end: Point, before: Point| {
        let long = libm::hypot(end.x - before.x, end.y - before.y);
        point(end.x + 1e5 / long * (end.x - before.x), end.y + 1e5 / long * (end.y - before.y))
    };
    let mut all = vec![on(line[0], line[1])];
    all.extend_from_slice(line);
    all.push(on(line[line.len() - 1], line[line.len() - 2]));
    all
}

fn turned(at: Point, (angle, x, y): (f64, f64, f64)) -> Point {
    let (sin, cos) = (libm::sin(angle), libm::cos(angle));
    point(at.x * cos - at.y * sin + x, at.x * sin + at.y * cos + y)
}

/// How near counts as the same place: nearer than any two of these points come.
const NEAR: f64 = 1e-3;

fn somewhere() -> impl Strategy<Value = Point> {
    (-500.0..500.0, -500.0..500.0).prop_map(|(x, y)| point(x, y))
}

fn lines() -> impl Strategy<Value = Vec<Point>> {
    prop::collection::vec(somewhere(), 2..16)
}

proptest! {
    /// Moved and turned with what stands around it, a line has the same on either side.
    #[test]
    fn a_line_that_is_moved_with_all_parts_the_same(
        points in lines(), spots in prop::collection::vec(somewhere(), 1..20),
        by in (-3.2..3.2, -2e3..2e3, -2e3..2e3),
    ) {
        let line = Line::new(points.clone(), NEAR);
        let moved = Line::new(points.into_iter().map(|it| turned(it, by)).collect(), NEAR);
        for it in spots {
            prop_assert_eq!(line.holds(it), moved.holds(turned(it, by)));
        }
    }

    /// Drawn the other way, its sides are exchanged.
    #[test]
    fn a_line_drawn_the_other_way_has_its_sides_exchanged(
        points in lines(), spots in prop::collection::vec(somewhere(), 1..20),
    ) {
        let back = Line::new(points.iter().rev().copied().collect(), NEAR);
        let line = Line::new(points, NEAR);
        for it in spots {
            prop_assert_ne!(line.holds(it), back.holds(it));
        }
    }

    /// Whoever goes from one place to another changes sides as often as they cross the line, however it
    /// crosses itself.
    #[test]
    fn to_cross_a_line_is_to_change_sides(points in lines(), from in somewhere(), to in somewhere()) {
        let line = Line::new(points.clone(), NEAR);
        let piece = |it: &[Point]| Line::new(it.to_vec(), NEAR).crosses(&[from, to]);
        let times = extended(&points).windows(2).filter(|it| piece(it)).count();
        prop_assert_eq!(line.holds(from) != line.holds(to), times % 2 == 1, "{} times", times);
    }

    /// A line that comes back to where it began holds what is inside, either way.
    #[test]
    fn what_is_inside_is_inside_either_way(points in lines(), at in somewhere()) {
        prop_assume!(points.len() > 2);
        let mut closed = points;
        closed.push(closed[0]);
        let line = Line::new(closed.clone(), NEAR);
        closed.reverse();
        prop_assert_eq!(line.holds(at), Line::new(closed, NEAR).holds(at));
        prop_assert!(!line.holds(point(at.x + 5_000.0, at.y)), "nobody far away is inside");
    }
}
