//! Gestures on an editor without a browser: press, move, release, expect.

use super::*;
use crate::document::file::read;

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
    assert_eq!(effects, [Effect::Preview(Preview::Nothing), Effect::Settled]);
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
    let [Effect::Preview(Preview::Wire { verdict, .. })] = &effects[..] else { panic!() };
    assert_eq!(verdict, &Some(Ok(())));
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
    editor.down(664.0, 363.0, NO);
    editor.to(720.0, 200.0);
    editor.up(720.0, 130.0);
    assert!(editor.design().wires.contains_key("cart-cache"));
    editor.click(664.0, 363.0, NO);
    assert_eq!(editor.selected(), ["cart"]);
}

#[test]
fn wires_are_hit_near_their_course_at_any_zoom() {
    let mut editor = editor();
    let wire = &editor.design().wires["billing-payments"];
    let middle = geometry::wire_curve(editor.design(), wire).unwrap().point_at(0.5);
    for zoom in [0.5, 1.0, 3.0] {
        let near = Point::new(middle.x, middle.y + 5.0 / zoom);
        let item = hit::hit(editor.design(), near, zoom);
        assert_eq!(item, Some(Item::Wire("billing-payments".into())), "at {zoom}");
        let far = Point::new(middle.x, middle.y + 20.0 / zoom);
        assert_ne!(hit::hit(editor.design(), far, zoom), item, "at {zoom}");
    }
    editor.click(middle.x, middle.y, NO);
    editor.tap(Key::Delete, NO);
    assert!(!editor.design().wires.contains_key("billing-payments"));
    assert_eq!(editor.selected(), Vec::<&str>::new());
}

#[test]
fn the_camera_is_not_part_of_undo() {
    let mut editor = editor();
    let at = Point::new(100.0, 100.0);
    let held = Held { command: true, ..NO };
    editor.handle(Input::Wheel { at, by: Point::new(0.0, -240.0), held });
    assert_eq!(editor.camera().zoom, 2.0);
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
