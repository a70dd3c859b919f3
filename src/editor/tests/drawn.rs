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
}

/// Larger nodes grow out of their places; what a zone holds it is drawn around, and a side that is
/// dragged goes where the pointer does, the others stay where the document has them.
#[test]
fn a_zone_is_drawn_around_larger_nodes_and_resized_by_the_side_that_is_dragged() {
    let mut editor = editor();
    let mut place = Place::new(1.5);
    place.arrange(editor.design());
    editor.look(Camera::default(), &place, BTreeSet::new());
    let zone = Item::Zone("vpc".into());
    let drawn = editor.picture().rect(&zone).expect("it is drawn");
    let mut held = 0;
    for (id, it) in
        editor.design().components.iter().filter(|it| it.1.zones.contains(&"vpc".into()))
    {
        let node = place.rect(id, it);
        held += 1;
        assert!(node.x > drawn.x && node.x + node.width < drawn.x + drawn.width, "{id}");
        assert!(node.y > drawn.y && node.y + node.height < drawn.y + drawn.height, "{id}");
    }
    assert!(held > 1);
    let before = editor.design().zones["vpc"].area;
    editor.handle(Input::Select([zone.clone()].into()));
    let side = Point::new(drawn.x + drawn.width, drawn.y + drawn.height / 2.0);
    editor.down(side.x, side.y, NO);
    let to = Point::new(side.x + 75.0, side.y);
    editor.handle(Input::Move { at: to, held: COMMAND });
    editor.up(to.x, to.y);
    let now = editor.picture().rect(&zone).expect("it is drawn");
    assert!((now.x + now.width - to.x).abs() < 0.1, "{now:?}");
    let after = editor.design().zones["vpc"].area;
    assert_eq!((after.x, after.y, after.height), (before.x, before.y, before.height));
    assert!(after.width > before.width);
}

/// However short a wire is, each of its ends can be gripped, beside the mark of a cut in its middle
/// and beside the other end.
#[test]
fn the_ends_of_a_short_wire_lie_apart_and_are_gripped() {
    let node = |x: f64| Rect { x, y: 0.0, width: 182.0, height: 66.0 };
    for gap in [0.0, 4.0, 20.0, 60.0, 400.0] {
        for zoom in [0.4, 1.0, 2.0] {
            let curve = geometry::route(node(0.0), node(182.0 + gap));
            let [start, end] = hit::ends(&curve, zoom);
            let apart = hit::apart(start, end) * zoom;
            assert!(apart >= 4.0 * hit::HANDLE.0 - 1e-6, "{gap} {zoom}: {apart}");
            assert!(start.x < end.x);
        }
    }
    let mut editor = editor();
    let from = editor.design().components["search"].at;
    let to = Point::new(from.x + 182.0 + 10.0, from.y);
    editor.handle(Input::Edit(Edit::Move { to: vec![(Item::Component("cache".into()), to)] }));
    editor.handle(Input::Edit(Edit::Connect { from: "search".into(), to: "cache".into() }));
    let wire = Item::Wire("search-cache".into());
    editor.handle(Input::Select([wire].into()));
    let curve = editor.picture().curve("search-cache").expect("it is drawn");
    let [start, end] = hit::ends(&curve, 1.0);
    for (at, calls) in [(start, false), (end, true)] {
        let loose = editor.loose_at(at, hit::HANDLE.0).expect("it is gripped");
        assert_eq!(loose.calls, calls);
    }
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
