//! Gestures where things are drawn elsewhere than they are saved, and by fingers.

use super::*;

/// Larger nodes lie further apart: pointers hit and drag what is drawn, not what is saved.
#[test]
fn where_things_are_spread_a_drag_goes_as_far_as_the_pointer() {
    let mut editor = editor();
    let mut place = Place::new(1.5);
    place.arrange(editor.design());
    editor.look(Camera::default(), &place, BTreeSet::new());
    let drawn = editor.picture().node("books").expect("it is drawn");
    assert!(drawn.height > geometry::NODE_HEIGHT);
    let grip = Point::new(drawn.x + 5.0, drawn.y + 5.0);
    editor.down(grip.x, grip.y, NO);
    assert_eq!(editor.selected(), ["books"]);
    let to = Point::new(grip.x + 130.0, grip.y - 70.0);
    editor.handle(Input::Move { at: to, held: COMMAND });
    editor.up(to.x, to.y);
    let now = editor.picture().node("books").expect("it is drawn");
    assert!((now.x - drawn.x - 130.0).abs() < 0.1 && (now.y - drawn.y + 70.0).abs() < 0.1);
    let zone = editor.design().zones["vpc"].area;
    let back =
        place.document_from_zone(place.zone(zone).expect("it is drawn")).expect("it is drawn");
    assert!((back.width - zone.width).abs() < 1e-9 && (back.y - zone.y).abs() < 1e-9);
    assert!((back.height - zone.height).abs() < 1e-9);
}

impl Editor {
    /// As on a phone: from top to bottom.
    fn narrow(&mut self) {
        let mut place = Place::default();
        place.narrow = true;
        place.arrange(&self.design);
        let selection = self.selection.clone();
        self.look(self.camera, &place, selection);
    }
    fn finger(&mut self, at: Point) -> Vec<Effect> {
        self.handle(Input::Press { at, button: Button::Finger, held: NO })
    }
}

#[test]
fn on_a_narrow_screen_a_finger_pans_and_holding_sorts_a_row() {
    let mut editor = editor();
    editor.narrow();
    let before = editor.design().clone();
    let middle =
        |editor: &Editor, id: &str| editor.picture().node(id).expect("it is drawn").centre();
    let (books, search) = (middle(&editor, "books"), middle(&editor, "search"));
    assert_eq!(books.y, search.y, "Books and Search stand side by side");
    editor.finger(books);
    assert!(matches!(editor.to(books.x, books.y + 40.0)[..], [Effect::Camera(_)]));
    editor.up(books.x, books.y + 40.0);
    editor.look(Camera::default(), &editor.place.clone(), BTreeSet::new());
    editor.finger(books);
    let effects = editor.handle(Input::Hold);
    assert!(effects.iter().any(|it| matches!(it, Effect::Preview(Preview::Lifted(..)))));
    editor.to(search.x + 10.0, search.y);
    let effects = editor.up(search.x + 10.0, search.y);
    assert!(matches!(effects.last(), Some(Effect::Settled(_))));
    let at = |design: &Design, id: &str| design.components[id].at;
    assert_eq!(at(editor.design(), "books"), at(&before, "search"));
    assert_eq!(at(editor.design(), "search"), at(&before, "books"));
    editor.narrow();
    assert_eq!(middle(&editor, "books"), search);
    editor.handle(Input::Undo);
    assert_eq!(editor.design(), &before);
}

#[test]
fn fingers_select_when_lifted_and_add_when_held() {
    let mut editor = editor();
    let (books, search) = (Point::new(500.0, 120.0), Point::new(500.0, 230.0));
    assert_eq!(editor.finger(books), []);
    editor.up(books.x, books.y);
    assert_eq!(editor.selected(), ["books"]);
    editor.finger(search);
    editor.handle(Input::Hold);
    editor.up(search.x, search.y);
    assert_eq!(editor.selected(), ["books", "search"]);
    editor.finger(Point::new(5.0, 5.0));
    assert!(matches!(editor.to(50.0, 5.0)[..], [Effect::Camera(_)]), "beside things it pans");
}

#[test]
fn while_a_wire_is_aimed_a_finger_pans_and_a_tap_ends_it() {
    let mut editor = editor();
    editor.handle(Input::Aim("search".into()));
    editor.finger(Point::new(750.0, 130.0));
    assert!(matches!(editor.to(750.0, 190.0)[..], [Effect::Camera(_)]));
    editor.up(750.0, 190.0);
    assert!(editor.is_connecting() && !editor.design().wires.contains_key("search-cache"));
    // The cache has moved with the canvas.
    editor.finger(Point::new(750.0, 190.0));
    editor.up(750.0, 190.0);
    assert_eq!(editor.selected(), ["search-cache"]);
    editor.handle(Input::Aim("search".into()));
    editor.finger(Point::new(5.0, 5.0));
    editor.up(5.0, 5.0);
    assert!(!editor.is_connecting(), "a tap beside everything lets go");
}
