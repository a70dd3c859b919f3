//! Gestures on an editor without a browser: press, move, release, expect.

use super::*;
use crate::base::geometry::Rect;
use crate::document::file::read;

mod cutting;
mod drawn;
mod phone;

fn editor() -> Editor {
    Editor::new(read(include_str!("../../static/designs/bookstore.json")).unwrap().0.design)
}

const NO: Held = Held { shift: false, command: false };
const SHIFT: Held = Held { shift: true, command: false };
const COMMAND: Held = Held { shift: false, command: true };

impl Editor {
    fn down(&mut self, x: f64, y: f64, held: Held) -> Vec<Effect> {
        self.handle(Input::Press { at: Point::new(x, y), button: Button::Main, held })
    }
    fn to(&mut self, x: f64, y: f64) -> Vec<Effect> {
        self.handle(Input::Move { at: Point::new(x, y), held: NO })
    }
    fn up(&mut self, x: f64, y: f64) -> Vec<Effect> {
        self.handle(Input::Release { at: Point::new(x, y) })
    }
    fn click(&mut self, x: f64, y: f64, held: Held) -> Vec<Effect> {
        let mut effects = self.down(x, y, held);
        effects.extend(self.up(x, y));
        effects
    }
    fn tap(&mut self, key: Key, held: Held) -> Vec<Effect> {
        self.handle(Input::Key { key, held })
    }
    fn selected(&self) -> Vec<&str> {
        self.selection().iter().map(|it| it.id().as_str()).collect()
    }
    fn at(&self, id: &str) -> (f64, f64) {
        let at = self.design().components[id].at;
        (at.x, at.y)
    }
}

/// Books lie at (480, 110), Search at (480, 220): 182 by 66 pixels each.
#[test]
fn a_click_selects_and_shift_adds_and_takes_away() {
    let mut editor = editor();
    assert_eq!(editor.click(500.0, 120.0, NO), [Effect::Selected]);
    assert_eq!(editor.selected(), ["books"]);
    editor.click(500.0, 230.0, SHIFT);
    assert_eq!(editor.selected(), ["books", "search"]);
    editor.click(500.0, 120.0, SHIFT);
    assert_eq!(editor.selected(), ["search"]);
    editor.click(5.0, 5.0, NO);
    assert_eq!(editor.selected(), Vec::<&str>::new());
    assert!(!editor.history().can_undo());
}

#[test]
fn a_drag_is_one_step_and_snaps_to_the_grid() {
    let mut editor = editor();
    let before = editor.design().clone();
    editor.down(500.0, 120.0, NO);
    assert_eq!(editor.to(502.0, 121.0), []);
    let effects = editor.to(540.0, 53.0);
    assert!(matches!(&effects[0], Effect::Changed(diff) if !diff.is_felt()));
    editor.to(633.0, 32.0);
    let effects = editor.up(633.0, 32.0);
    let [Effect::Preview(Preview::Nothing), Effect::Settled(step)] = &effects[..] else { panic!() };
    assert!(step.components.len() == 1 && step.is_felt(), "it left its zone, once: {step:?}");
    assert_eq!(editor.at("books"), (610.0, 20.0));
    editor.handle(Input::Undo);
    assert_eq!(editor.design(), &before);
    assert!(!editor.history().can_undo());
    editor.handle(Input::Redo);
    assert_eq!(editor.at("books"), (610.0, 20.0));
}

#[test]
fn a_moved_node_lines_up_with_its_neighbours() {
    let mut editor = editor();
    editor.down(500.0, 120.0, NO);
    let effects = editor.to(503.0, 10.0);
    let Some(Effect::Preview(Preview::Guides(guides))) = effects.last() else { panic!() };
    assert_eq!(editor.at("books"), (480.0, 0.0));
    assert!(guides.iter().any(|it| it.from.x == 480.0 && it.to.x == 480.0), "{guides:?}");
}

#[test]
fn escape_cancels_a_drag_and_leaves_no_trace() {
    let mut editor = editor();
    editor.tap(Key::Arrow(1, 0), NO);
    editor.click(500.0, 230.0, NO);
    editor.tap(Key::Arrow(0, 1), NO);
    editor.handle(Input::Undo);
    let (before, selection) = (editor.design().clone(), editor.selection().clone());
    editor.down(500.0, 120.0, NO);
    editor.to(700.0, 300.0);
    assert_ne!(editor.design(), &before);
    let effects = editor.tap(Key::Escape, NO);
    assert!(matches!(effects[0], Effect::Changed(_)));
    assert_eq!((editor.design(), editor.selection()), (&before, &selection));
    assert_eq!(editor.up(700.0, 300.0), []);
    assert!(editor.history().can_redo(), "what could be redone before still can be");
    assert!(!editor.history().can_undo());
}

#[test]
fn several_move_together_and_a_zone_takes_along_what_it_holds() {
    let mut editor = editor();
    let before = editor.design().clone();
    editor.down(400.0, 72.0, NO);
    assert_eq!(editor.selected(), ["vpc"]);
    editor.to(400.0, 172.0);
    editor.up(400.0, 172.0);
    for (id, record) in &editor.design().components {
        let moved = record.at.y - before.components[id].at.y;
        let inside = record.zones == ["vpc"];
        assert_eq!(moved, if inside { 100.0 } else { 0.0 }, "{id}");
    }
    editor.handle(Input::Undo);
    assert_eq!(editor.design(), &before);
}

#[test]
fn a_rectangle_selects_what_it_touches() {
    let mut editor = editor();
    editor.down(690.0, 100.0, NO);
    editor.to(900.0, 300.0);
    assert_eq!(editor.selected(), ["cache", "database"]);
    editor.up(900.0, 300.0);
    editor.down(470.0, 100.0, SHIFT);
    editor.to(500.0, 120.0);
    assert_eq!(editor.selected(), ["books", "cache", "database"]);
    editor.tap(Key::Escape, NO);
    assert_eq!(editor.selected(), ["cache", "database"]);
}

#[test]
fn a_wire_is_drawn_checked_and_refused() {
    let mut editor = editor();
    editor.tap(Key::Letter('w'), NO);
    assert_eq!(editor.tool(), Tool::Connect);
    editor.down(500.0, 230.0, NO);
    let effects = editor.to(750.0, 130.0);
    let [Effect::Preview(Preview::Wire(drawing))] = &effects[..] else { panic!() };
    assert_eq!(drawing.target, Some(("cache".into(), Ok(()))));
    editor.up(750.0, 130.0);
    assert_eq!(editor.selected(), ["search-cache"]);
    editor.down(500.0, 230.0, NO);
    let effects = editor.up(-190.0, 190.0);
    let Some(Effect::Refused(error)) = effects.last() else { panic!("{effects:?}") };
    assert!(error.problem.starts_with("Nothing calls Readers"), "{error}");
    assert_eq!(editor.tap(Key::Escape, NO), [Effect::Tool(Tool::Select)]);
}

#[test]
fn the_handle_draws_a_wire_without_a_tool() {
    let mut editor = editor();
    editor.down(664.0, 253.0, NO);
    editor.to(720.0, 200.0);
    editor.up(720.0, 130.0);
    assert!(editor.design().wires.contains_key("search-cache"));
    editor.click(664.0, 253.0, NO);
    assert_eq!(editor.selected(), ["search"]);
}

#[test]
fn wires_are_hit_near_their_course_at_any_zoom() {
    let mut editor = editor();
    let middle = editor.picture().curve("billing-payments").unwrap().point_at(0.5);
    for zoom in [0.5, 1.0, 3.0] {
        let near = Point::new(middle.x, middle.y + 5.0 / zoom);
        let item = editor.picture().hit(near, zoom);
        assert_eq!(item, Some(Item::Wire("billing-payments".into())), "at {zoom}");
        let far = Point::new(middle.x, middle.y + 20.0 / zoom);
        assert_ne!(editor.picture().hit(far, zoom), item, "at {zoom}");
    }
    editor.click(middle.x, middle.y, NO);
    editor.tap(Key::Delete, NO);
    assert!(!editor.design().wires.contains_key("billing-payments"));
    assert_eq!(editor.selected(), Vec::<&str>::new());
}

#[test]
fn the_camera_is_not_part_of_undo() {
    let mut editor = editor();
    editor.handle(Input::Grip(true));
    editor.down(0.0, 0.0, NO);
    let effects = editor.to(30.0, -10.0);
    assert!(matches!(effects[..], [Effect::Camera(_)]));
    editor.up(30.0, -10.0);
    assert!(!editor.history().can_undo());
}

#[test]
fn keys_copy_select_all_and_undo() {
    let mut editor = editor();
    let before = editor.design().clone();
    editor.click(500.0, 120.0, NO);
    editor.tap(Key::Letter('d'), COMMAND);
    assert_eq!(editor.selected(), ["books-2"]);
    editor.tap(Key::Arrow(1, 0), SHIFT);
    assert_eq!(editor.at("books-2"), (550.0, 130.0));
    editor.tap(Key::Letter('a'), COMMAND);
    editor.tap(Key::Delete, NO);
    assert!(editor.design().components.is_empty());
    for _ in 0..3 {
        editor.tap(Key::Letter('z'), COMMAND);
    }
    assert_eq!(editor.design(), &before);
    editor.click(500.0, 120.0, NO);
    editor.tap(Key::Letter('d'), COMMAND);
    assert_eq!(editor.selected(), ["books-3"], "an id is never used twice");
}

fn drawing(effects: &[Effect]) -> &input::Drawing {
    let mut previews = effects.iter().filter_map(|it| match it {
        Effect::Preview(Preview::Wire(drawing)) => Some(drawing),
        _ => None,
    });
    previews.next_back().expect("a wire is drawn")
}

fn refusal(effects: &[Effect]) -> Option<&str> {
    effects.iter().find_map(|it| match it {
        Effect::Refused(error) => Some(error.problem.as_str()),
        _ => None,
    })
}

#[test]
fn the_key_for_wires_aims_from_what_is_selected() {
    let mut editor = editor();
    editor.click(500.0, 230.0, NO);
    let effects = editor.tap(Key::Letter('w'), NO);
    let all = drawing(&effects);
    let may = |id: &str| all.targets.iter().find(|it| it.0 == id).map(|it| it.1);
    assert_eq!((may("cache"), may("readers"), may("search")), (Some(true), Some(false), None));
    // The database lies more to the right, the cache more above.
    let effects = editor.tap(Key::Arrow(1, 0), NO);
    let (to, verdict) = drawing(&effects).target.clone().unwrap();
    assert_eq!(to, "database");
    assert!(verdict.unwrap_err().reason.starts_with("Search already calls Store database"));
    let effects = editor.tap(Key::Enter, NO);
    assert!(refusal(&effects).is_some() && editor.is_connecting(), "one may aim again");
    let effects = editor.tap(Key::Arrow(0, -1), NO);
    assert_eq!(drawing(&effects).target, Some(("cache".into(), Ok(()))));
    editor.tap(Key::Enter, NO);
    assert_eq!(editor.selected(), ["search-cache"]);
    assert!(!editor.is_connecting());
    editor.handle(Input::Undo);
    assert!(!editor.design().wires.contains_key("search-cache"));
}

#[test]
fn tab_goes_through_all_and_escape_leaves_no_trace() {
    let mut editor = editor();
    editor.handle(Input::Aim("cart".into()));
    let mut seen = BTreeSet::new();
    for _ in 0..editor.design().components.len() - 1 {
        let effects = editor.tap(Key::Tab(false), NO);
        seen.insert(drawing(&effects).target.clone().unwrap().0);
    }
    assert_eq!(seen.len(), editor.design().components.len() - 1);
    let forth = drawing(&editor.tap(Key::Tab(false), NO)).target.clone();
    editor.tap(Key::Tab(false), NO);
    assert_eq!(drawing(&editor.tap(Key::Tab(true), NO)).target, forth);
    editor.tap(Key::Escape, NO);
    assert!(!editor.is_connecting() && !editor.history().can_undo());
}

#[test]
fn with_the_tool_a_click_at_each_end_does() {
    let mut editor = editor();
    editor.tap(Key::Letter('w'), NO);
    editor.click(500.0, 230.0, NO);
    assert!(editor.is_connecting());
    let effects = editor.to(750.0, 130.0);
    assert_eq!(drawing(&effects).target, Some(("cache".into(), Ok(()))));
    editor.click(750.0, 130.0, NO);
    assert_eq!(editor.selected(), ["search-cache"]);
    editor.click(500.0, 230.0, NO);
    editor.click(5.0, 5.0, NO);
    assert!(!editor.is_connecting(), "a click beside everything lets go");
}

#[test]
fn a_wire_is_led_elsewhere_by_either_end_and_keeps_what_it_carries() {
    let mut editor = editor();
    let before = editor.design().clone();
    let wire = before.wires["search-database"].clone();
    let end = |editor: &Editor, id: &str, share: f64| {
        let curve = editor.picture().curve(id).unwrap();
        hit::ends(&curve, 1.0)[usize::from(share > 0.5)]
    };
    editor.handle(Input::Select([Item::Wire("search-database".into())].into()));
    let at = end(&editor, "search-database", 1.0);
    editor.down(at.x, at.y, NO);
    let effects = editor.to(750.0, 130.0);
    assert_eq!(drawing(&effects).wire.as_deref(), Some("search-database"));
    editor.up(750.0, 130.0);
    assert_eq!(editor.selected(), ["search-cache"]);
    let led = &editor.design().wires["search-cache"];
    assert_eq!((led.from.as_str(), &led.settings), ("search", &wire.settings));
    assert!(!editor.design().wires.contains_key("search-database"));
    // The other end, of another; Cart lies at (480, 330).
    let middle = editor.picture().curve("billing-payments").unwrap().point_at(0.5);
    editor.click(middle.x, middle.y, NO);
    let at = end(&editor, "billing-payments", 0.0);
    editor.down(at.x, at.y, NO);
    editor.to(520.0, 360.0);
    editor.up(520.0, 360.0);
    assert_eq!(editor.selected(), ["cart-payments"]);
    // What it may not end at is refused, and where it was it stays.
    let at = end(&editor, "cart-payments", 1.0);
    editor.down(at.x, at.y, NO);
    let effects = editor.up(-190.0, 190.0);
    assert!(refusal(&effects).unwrap().starts_with("Nothing calls Readers"));
    assert!(editor.design().wires.contains_key("cart-payments"));
    editor.handle(Input::Undo);
    editor.handle(Input::Undo);
    assert_eq!(editor.design(), &before);
}

#[test]
fn scripted_cuts_follow_a_wire_that_is_led_elsewhere() {
    use crate::engine::fault::{Fault, Ways};
    let mut editor = editor();
    let fault = Fault::CutWire { wire: "search-database".into(), ways: Ways::Both };
    let at = crate::base::time::Nanos::seconds(5);
    editor.handle(Input::Edit(Edit::AddFault { at, fault }));
    let (from, to) = ("search".into(), "cache".into());
    editor.handle(Input::Edit(Edit::Reconnect { wire: "search-database".into(), from, to }));
    let record = editor.design().script.values().next().unwrap();
    assert_eq!(record.fault, Fault::CutWire { wire: "search-cache".into(), ways: Ways::Both });
}

#[test]
fn a_zone_is_resized_by_its_corner_in_one_step() {
    let mut editor = editor();
    let before = editor.design().clone();
    let area = before.zones["vpc"].area;
    editor.handle(Input::Select([Item::Zone("vpc".into())].into()));
    let corner = (area.x + area.width, area.y + area.height);
    editor.down(corner.0, corner.1, NO);
    editor.to(corner.0 + 51.0, corner.1 + 22.0);
    editor.to(corner.0 + 103.0, corner.1 + 44.0);
    let effects = editor.up(corner.0 + 103.0, corner.1 + 44.0);
    assert!(matches!(effects.last(), Some(Effect::Settled(_))));
    let now = editor.design().zones["vpc"].area;
    let on_grid = |it: f64| (it / snap::GRID).round() * snap::GRID;
    assert_eq!((now.x, now.y), (area.x, area.y));
    assert_eq!(now.x + now.width, on_grid(corner.0 + 103.0));
    // Sides never pass each other.
    let corner = (now.x + now.width, now.y + now.height);
    editor.down(corner.0, corner.1, NO);
    editor.to(now.x - 500.0, now.y - 500.0);
    assert_eq!(editor.design().zones["vpc"].area.width, 40.0);
    assert!(editor.design().components["books"].zones.is_empty(), "who lies where follows");
    editor.tap(Key::Escape, NO);
    assert_eq!(editor.design().zones["vpc"].area, now);
    editor.handle(Input::Undo);
    assert_eq!(editor.design(), &before);
}

#[test]
fn what_is_carried_from_the_library_lands_in_line_or_nowhere() {
    let mut editor = editor();
    let before = editor.design().clone();
    let carry = |editor: &mut Editor, x: f64, y: f64| {
        let thing = Thing::Component("service".into());
        editor.handle(Input::Carry { thing, at: Point::new(x, y) })
    };
    let effects = carry(&mut editor, 573.0, 20.0);
    assert!(matches!(effects[..], [Effect::Preview(Preview::Ghost(..))]));
    assert_eq!(editor.tap(Key::Escape, NO), [Effect::Preview(Preview::Nothing)]);
    assert_eq!(editor.handle(Input::Drop), []);
    assert_eq!(editor.design(), &before);
    carry(&mut editor, 573.0, 20.0);
    editor.handle(Input::Drop);
    assert_eq!(editor.selected(), ["service"]);
    // Its left edge is on that of Books.
    assert_eq!(editor.at("service").0, 480.0);
    editor.handle(Input::Undo);
    assert_eq!(editor.design(), &before);
}

#[test]
fn what_is_added_finds_room_and_a_name() {
    let mut editor = editor();
    let window = Rect { x: 400.0, y: 0.0, width: 400.0, height: 600.0 };
    for _ in 0..5 {
        editor.handle(Input::Add { thing: Thing::Component("cache".into()), window });
    }
    let rects: Vec<Rect> = editor.design().components.values().map(geometry::node_rect).collect();
    for (index, one) in rects.iter().enumerate() {
        for other in &rects[index + 1..] {
            let apart = one.x + one.width <= other.x
                || other.x + other.width <= one.x
                || one.y + one.height <= other.y
                || other.y + other.height <= one.y;
            assert!(apart, "{one:?} {other:?}");
        }
    }
    let effects = editor.handle(Input::Add { thing: Thing::Note, window });
    assert_eq!(effects.last(), Some(&Effect::Rename(Item::Note("note".into()))));
}

#[test]
fn held_arrows_are_one_step() {
    let mut editor = editor();
    let before = editor.design().clone();
    editor.click(500.0, 120.0, NO);
    for _ in 0..4 {
        editor.tap(Key::Arrow(1, 0), NO);
    }
    assert_eq!(editor.at("books"), (520.0, 110.0));
    assert!(matches!(editor.handle(Input::Commit)[..], [Effect::Settled(_)]));
    editor.handle(Input::Undo);
    assert_eq!(editor.design(), &before);
}

#[test]
fn several_are_lined_up_and_put_into_a_zone() {
    let mut editor = editor();
    let before = editor.design().clone();
    editor.click(500.0, 120.0, NO);
    editor.click(500.0, 230.0, SHIFT);
    editor.handle(Input::Edit(Edit::Move {
        to: vec![(Item::Component("search".into()), Point::new(530.0, 220.0))],
    }));
    editor.handle(Input::Align(align::Side::Left));
    assert_eq!((editor.at("books").0, editor.at("search").0), (480.0, 480.0));
    let effects = editor.handle(Input::Enclose);
    assert!(matches!(effects.last(), Some(Effect::Rename(Item::Zone(_)))));
    for id in ["books", "search"] {
        assert_eq!(editor.design().components[id].zones, ["vpc", "zone"], "{id}");
    }
    assert_eq!(editor.design().components["cart"].zones, ["vpc"]);
    for _ in 0..3 {
        editor.handle(Input::Undo);
    }
    assert_eq!(editor.design(), &before);
}

/// Seen from the past a step may be about what is not there yet.
#[test]
fn no_wire_hangs_loose_after_undo_in_the_past() {
    let mut editor = editor();
    let past = editor.design().clone();
    editor.handle(Input::Add { thing: Thing::Component("cache".into()), window: Rect::default() });
    let new = editor.selected()[0].to_owned();
    editor.handle(Input::Edit(Edit::Connect { from: "cart".into(), to: new.clone() }));
    editor.tap(Key::Delete, NO);
    editor.show(past.clone());
    editor.handle(Input::Undo);
    assert_eq!(editor.design(), &past, "the wire needs {new}");
}

#[test]
fn a_gesture_goes_on_over_what_happens_meanwhile() {
    let mut editor = editor();
    editor.down(500.0, 120.0, NO);
    editor.to(500.0, 20.0);
    let mut meanwhile = editor.design().clone();
    meanwhile.components.get_mut("books").unwrap().at = Point::new(480.0, 110.0);
    meanwhile.components.get_mut("cart").unwrap().label = "Basket".into();
    editor.show(meanwhile);
    assert_eq!(editor.at("books"), (480.0, 10.0));
    editor.up(500.0, 20.0);
    assert_eq!(editor.design().components["cart"].label, "Basket");
}
