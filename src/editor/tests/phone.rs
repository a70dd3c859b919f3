//! How wires run on a narrow screen.

use super::*;

/// Designs on a phone, in usual and in larger type.
fn laid_out(design: &Design) -> [Place; 2] {
    [1.0, 1.46].map(|growth| {
        let mut place = Place::new(growth);
        place.narrow = true;
        place.arrange(design);
        place
    })
}

/// Whoever follows a wire with the eye must not lose it behind a component that is not its end: it
/// would look as if it began or ended there.
#[track_caller]
fn check(name: &str, design: &Design) {
    for place in laid_out(design) {
        let picture = hit::Picture { design, place: &place };
        for (id, wire) in &design.wires {
            let curve = picture.curve(id).expect("both ends are there");
            for step in 0..=1_000 {
                let at = curve.point_at(f64::from(step) / 1_000.0);
                for (other, record) in &design.components {
                    let it = place.rect(other, record);
                    let is_end = *other == wire.from || *other == wire.to;
                    // Of its ends it touches the edge.
                    let near = if is_end { -0.5 } else { 3.0 };
                    let (x, y) = (it.x - near, it.y - near);
                    let (width, height) = (it.width + 2.0 * near, it.height + 2.0 * near);
                    let inside = Rect { x, y, width, height }.contains(at);
                    assert!(!inside, "{name}: {id} runs behind {other} at {at:?}, it is at {it:?}");
                }
            }
        }
    }
}

#[test]
fn no_wire_runs_behind_a_component_that_is_not_its_end() {
    let folder = std::fs::read_dir("static/designs").expect("designs are there");
    let mut seen = 0;
    for file in folder {
        let path = file.expect("it can be listed").path();
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let design = read(&text).expect("it is a design").0.design;
        check(&path.display().to_string(), &design);
        seen += 1;
    }
    assert!(seen >= 6, "the book store and the ready designs: {seen}");
}

/// Circles, calls past others, calls back up, and up to twelve components.
#[test]
fn nor_in_designs_drawn_by_lot() {
    let read_wires = |wires: &str, components: u64| {
        let component = |at: u64| {
            let (x, y) = (at % 4 * 200, at / 4 * 100);
            format!(r#""c{at}": {{ "kind": "service", "at": [{x}, {y}] }}"#)
        };
        let components: Vec<String> = (0..components).map(component).collect();
        let components = components.join(",");
        let text = format!(
            r#"{{"version":1,"design":{{"name":"x","components":{{{components}}},"wires":{{{wires}}}}}}}"#
        );
        read(&text).expect("it can be read").0.design
    };
    let (mut past, mut back) = (0, 0);
    for seed in 0..60 {
        let mut draws = crate::base::keyed::Draws::new(seed);
        let components = 3 + draws.below(10);
        let mut wires = std::collections::BTreeSet::new();
        for _ in 0..components * 2 {
            let (from, to) = (draws.below(components), draws.below(components));
            if from != to {
                wires.insert((from, to));
            }
        }
        let wire = |(from, to): &(u64, u64)| {
            format!(r#""w{from}-{to}": {{ "from": "c{from}", "to": "c{to}" }}"#)
        };
        let wires: Vec<String> = wires.iter().map(wire).collect();
        let design = read_wires(&wires.join(","), components);
        check(&format!("seed {seed}"), &design);
        let [place, _] = laid_out(&design);
        for wire in design.wires.values() {
            let top = |id: &str| place.rect(id, &design.components[id]).y;
            let by = top(&wire.to) - top(&wire.from);
            past += usize::from(by > 150.0);
            back += usize::from(by < 0.0);
        }
    }
    assert!(past > 100 && back > 30, "the lot is worth something: {past} past others, {back} back");
}

/// Wires from different components keep apart where they pass the same gap; those from one share
/// their way.
#[test]
fn in_a_gap_each_component_has_a_lane_of_its_own() {
    let design = editor().design().clone();
    let [place, _] = laid_out(&design);
    let picture = hit::Picture { design: &design, place: &place };
    let cart = picture.node("cart").expect("it is drawn").centre();
    let billing = picture.node("billing").expect("it is drawn").centre();
    assert_eq!(cart.y, billing.y, "Cart and Billing stand side by side");
    let across = |id: &str| {
        let curve = picture.curve(id).expect("both ends are there");
        let points = (0..=1_000).map(|it| curve.point_at(f64::from(it) / 1_000.0));
        let near = |one: &Point, other: &Point| {
            (one.y - cart.y).abs().total_cmp(&(other.y - cart.y).abs())
        };
        points.min_by(near).expect("it has points").x
    };
    let (books, search) = (across("books-cache"), across("search-database"));
    assert_eq!(across("books-database"), books);
    assert!(search - books >= 8.0, "{books} {search}");
    assert!(cart.x < books && search < billing.x);
}
