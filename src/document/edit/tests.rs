//! Edits: what they change, what they refuse, and that nothing else changes.

use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::document::compile::compile;
use crate::document::file::{File, read, write};
use crate::document::history::History;

fn store() -> Design {
    read(include_str!("../../../static/designs/bookstore.json")).unwrap().0.design
}

fn made(design: &Design, edit: &Edit) -> Design {
    let mut after = design.clone();
    edit.diff(design, &BTreeSet::new()).unwrap().apply(&mut after);
    after
}

#[track_caller]
fn check_error(edit: Edit, expected: Expect) {
    let error = edit.diff(&store(), &BTreeSet::new()).expect_err("refused");
    expected.assert_eq(&error.to_string());
}

fn set(id: &str, field: &str, value: Value) -> Edit {
    Edit::SetComponent { id: id.into(), field: field.into(), value }
}

#[test]
fn several_parameters_are_one_edit_or_none() {
    let (mut design, history) = (Design::default(), History::default());
    let add = Edit::AddComponent { kind: "kv-store".into(), at: Point::default() };
    add.diff(&design, history.used()).unwrap().apply(&mut design);
    let before = design.clone();
    let tune = |write: Value| {
        let values = [("when_cut", json!("quorums")), ("write_quorum", write)];
        let values = values.map(|it| (it.0.to_owned(), it.1)).into();
        Edit::Tune { id: "kv-store".into(), values }
    };
    let problem = tune(json!("many")).diff(&design, history.used()).unwrap_err();
    assert_eq!(problem.field, "write_quorum");
    let diff = tune(json!(3)).diff(&design, history.used()).unwrap();
    diff.apply(&mut design);
    let set = serde_json::to_value(&design.components["kv-store"].spec).unwrap();
    assert!(set.to_string().contains(r#""write_quorum":3"#), "{set}");
    diff.reversed().apply(&mut design);
    assert_eq!(design, before);
}

#[test]
fn ids_come_from_the_kind_and_never_come_again() {
    let (mut design, mut history) = (Design::default(), History::default());
    let add = Edit::AddComponent { kind: "service".into(), at: Point::new(1.0 / 3.0, 0.0) };
    let mut act = |edit: &Edit, design: &mut Design| {
        let diff = edit.diff(design, history.used()).unwrap();
        diff.apply(design);
        history.record(diff);
    };
    act(&add, &mut design);
    act(&add, &mut design);
    assert_eq!(design.components["service-2"].label, "Service 2");
    assert_eq!(design.components["service"].at, Point::new(0.33, 0.0));
    let items = [Item::Component("service-2".into())].into();
    act(&Edit::Remove { items }, &mut design);
    act(&add, &mut design);
    assert_eq!(design.components.keys().collect::<Vec<_>>(), ["service", "service-3"]);
}

#[test]
fn a_component_takes_its_wires_with_it() {
    let design = store();
    let items = [Item::Component("books".into())].into();
    let after = made(&design, &Edit::Remove { items });
    assert!(after.wires.values().all(|it| it.from != "books" && it.to != "books"));
    assert_eq!(after.wires.len(), design.wires.len() - 3);
}

#[test]
fn a_copy_has_the_wires_between_what_is_copied() {
    let items = ["books", "cache", "search"].map(|it| Item::Component(it.into())).into();
    let after = made(&store(), &Edit::Duplicate { items, by: Point::new(20.0, 20.0) });
    assert_eq!(after.components["books-2"].label, "Books 2");
    assert_eq!(after.components["books-2"].at, Point::new(500.0, 130.0));
    let wire = &after.wires["books-2-cache-2"];
    assert_eq!((wire.from.as_str(), wire.to.as_str()), ("books-2", "cache-2"));
    assert_eq!(after.wires.len(), store().wires.len() + 1);
}

#[test]
fn wires_follow_the_classes_of_clients() {
    let rows =
        |names: &[&str]| json!(names.iter().map(|it| json!({"name": it})).collect::<Vec<_>>());
    let renamed = set("readers", "classes", rows(&["look", "search", "cart", "checkout"]));
    let after = made(&store(), &renamed);
    assert_eq!(after.wires["balancer-books"].settings.classes, "look");
    assert!(compile(&after, 1).is_ok());
    check_error(
        set("readers", "classes", rows(&["browse", "search", "cart"])),
        expect![
            "classes: the wire balancer-billing carries only checkout; give it other classes or remove it first"
        ],
    );
}

#[test]
fn refusals_name_the_field_and_the_fix() {
    let connect = |from: &str, to: &str| Edit::Connect { from: from.into(), to: to.into() };
    check_error(
        set("books", "instances", json!(0)),
        expect!["instances: 0 is not a whole number from 1 to 1000"],
    );
    check_error(
        set("books", "size", json!(0)),
        expect![
            "size: there is no such parameter; known: instances, standby, workers, queue, discipline, target, interval, shed, shed_from, work, work_shape, work_sigma, work_alpha, work_times, speed, hold_worker, calls, enough, drop_expired, on_write"
        ],
    );
    check_error(
        set("nobody", "work", json!("1ms")),
        expect![[r#"id: there is no "nobody"; perhaps it was removed"#]],
    );
    check_error(
        connect("cart", "readers"),
        expect![
            "to: Nothing calls Readers: it begins the requests. Draw the wire from Readers to Cart."
        ],
    );
    check_error(
        Edit::AddComponent { kind: "abacus".into(), at: Point::default() },
        expect![[
            r#"kind: there is no kind "abacus"; known: client, dns, waf, api-gateway, load-balancer, service, cache, cache-cluster, sql-db, sharded-db, kv-store, redis, failover-pair, raft-group, third-party"#
        ]],
    );
    check_error(
        Edit::AddComponent { kind: "cache".into(), at: Point::new(f64::NAN, 0.0) },
        expect!["at: places lie between -1000000 and 1000000"],
    );
    let fault = Fault::Crash("books/9".parse().unwrap());
    check_error(
        Edit::AddFault { at: Nanos::SECOND, fault },
        expect!["fault: there is no books/9; a target is a component's id or id/ordinal"],
    );
    let (id, field) = ("balancer-books".into(), "classes".into());
    check_error(
        Edit::SetWire { id, field, value: json!("browse, bowse") },
        expect![[
            r#"classes: no client sends "bowse"; known: browse, search, cart, checkout, attack"#
        ]],
    );
}

#[derive(Clone, Debug)]
enum Act {
    Edit(Edit),
    Undo,
    Redo,
}

fn act() -> impl Strategy<Value = Act> {
    let id = || {
        let ids = ["service", "service-2", "cache", "client", "sql-db", "service-client", "zone"];
        prop::sample::select(ids.to_vec()).prop_map(str::to_owned)
    };
    let item = move || {
        (id(), 0..4u8).prop_map(|(id, kind)| match kind {
            0 | 1 => Item::Component(id),
            2 => Item::Wire(id),
            _ => Item::Zone(id),
        })
    };
    let items = move || prop::collection::btree_set(item(), 0..4);
    let point = || (-500..500i32, -500..500i32).prop_map(|(x, y)| Point::new(x.into(), y.into()));
    let kind = prop::sample::select(vec!["service", "cache", "client", "sql-db"]);
    let edit = prop_oneof![
        4 => (kind, point()).prop_map(|(kind, at)| Edit::AddComponent { kind: kind.into(), at }),
        4 => (id(), id()).prop_map(|(from, to)| Edit::Connect { from, to }),
        2 => items().prop_map(|items| Edit::Remove { items }),
        2 => (items(), point()).prop_map(|(items, by)| Edit::Duplicate { items, by }),
        2 => (item(), point()).prop_map(|(item, at)| Edit::Move { to: vec![(item, at)] }),
        1 => (id(), 0..20u32).prop_map(|(id, n)| set(&id, "instances", json!(n))),
        1 => (item(), "[a-z ]{0,9}").prop_map(|(item, text)| Edit::Rename { item, text }),
    ];
    prop_oneof![6 => edit.prop_map(Act::Edit), 1 => Just(Act::Undo), 1 => Just(Act::Redo)]
}

proptest! {
    /// Whatever is done: the design holds together, compiles, and survives its file.
    #[test]
    fn any_edits_leave_a_sound_design(acts in prop::collection::vec(act(), 0..40)) {
        let (mut design, mut history) = (Design::default(), History::default());
        for act in acts {
            match act {
                Act::Undo => _ = history.undo(&mut design),
                Act::Redo => _ = history.redo(&mut design),
                Act::Edit(edit) => {
                    let Ok(diff) = edit.diff(&design, history.used()) else { continue };
                    let before = design.clone();
                    diff.apply(&mut design);
                    prop_assert_eq!(&Diff::between(&before, &design), &diff);
                    history.record(diff);
                }
            }
            for wire in design.wires.values() {
                prop_assert!(design.components.contains_key(&wire.from));
                prop_assert!(design.components.contains_key(&wire.to));
            }
        }
        let compiled = compile(&design, 1);
        prop_assert!(compiled.is_ok(), "{}", compiled.err().unwrap());
        let file = File::new(design.clone());
        let (again, notices) = read(&write(&file)).unwrap();
        prop_assert_eq!(notices, vec![]);
        prop_assert_eq!(&again, &file);
        while history.undo(&mut design).is_some() {}
        prop_assert_eq!(design, Design::default());
    }
}
