//! Quiet warnings: what will hurt one day, and what helps.

use std::collections::BTreeMap;

use crate::component::client::{ClientParams, Course, Load};
use crate::component::{Role, Spec};

use super::compile::passes;
use super::graph::{Graph, is_idle};
use super::{ComponentRecord, Design, Id};

/// One warning about one component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// Which component wears the badge.
    pub component: Id,
    /// Which rule.
    pub id: &'static str,
    /// What is wrong.
    pub sentence: String,
    /// What helps.
    pub fix: String,
}

/// All warnings, by component.
pub fn lint(design: &Design) -> Vec<Lint> {
    let graph = Graph::of(design);
    let mut lints = Vec::new();
    single_points(design, &graph, &mut lints);
    unused(design, &graph, &mut lints);
    silent(design, &mut lints);
    cycles(design, &graph, &mut lints);
    lone_caches(design, &graph, &mut lints);
    idle_wires(design, &mut lints);
    retry_storms(design, &mut lints);
    unknown_places(design, &mut lints);
    lints.sort_by(|one, other| (&one.component, one.id).cmp(&(&other.component, other.id)));
    lints
}

fn role(design: &Design, id: &str) -> Option<Role> {
    design.components.get(id).map(|it| it.spec.about().role)
}

fn push(lints: &mut Vec<Lint>, of: &str, id: &'static str, sentence: String, fix: String) {
    lints.push(Lint { component: of.into(), id, sentence, fix });
}

/// What has one member and lies on every way from a client to something it needs; and, less
/// loudly, everything else that has only one.
fn single_points(design: &Design, graph: &Graph, lints: &mut Vec<Lint>) {
    let mut needed_by = BTreeMap::<usize, usize>::new();
    let is_cache = |at: usize| role(design, graph.ids[at]) == Some(Role::Cache);
    for (at, id) in graph.ids.iter().enumerate() {
        if role(design, id) == Some(Role::Source) {
            // Requests end where nothing but caches is called; without a cache they still end well.
            let ends = |at: usize| !is_cache(at) && graph.out[at].iter().all(|it| is_cache(*it));
            for dominator in graph.dominators(at, ends) {
                needed_by.entry(dominator).or_insert(at);
            }
        }
    }
    for (at, id) in graph.ids.iter().enumerate() {
        let record = &design.components[*id];
        let label = &record.label;
        let server = matches!(record.spec.about().role, Role::Server | Role::Store);
        // What is somebody else's is not ours to multiply.
        let begins_or_beyond =
            matches!(record.spec.about().role, Role::Source | Role::External | Role::Resolver);
        if record.spec.members() > 1 || begins_or_beyond {
            continue;
        }
        if let Some(client) = needed_by.get(&at) {
            let client = &design.components[graph.ids[*client]].label;
            let sentence = format!("If {label} fails, {client} cannot be served: there is one.");
            let fix = if server {
                format!("Give {label} more instances or replicas.")
            } else {
                "In practice two of them share one address; here there is one.".into()
            };
            push(lints, id, "single-point-of-failure", sentence, fix);
        } else if server {
            let sentence = format!("{label} runs once: its failure or its update is an outage.");
            let fix = format!("Give {label} more instances or replicas.");
            push(lints, id, "no-redundancy", sentence, fix);
        }
    }
}

fn unused(design: &Design, graph: &Graph, lints: &mut Vec<Lint>) {
    for (at, id) in graph.ids.iter().enumerate() {
        let record = &design.components[*id];
        let label = &record.label;
        if record.spec.about().role == Role::Source {
            if graph.out[at].is_empty() {
                let sentence = format!("{label} asks nobody: its requests come to nothing.");
                let fix = format!("Draw a wire from {label} to what it uses.");
                push(lints, id, "client-without-wire", sentence, fix);
            }
        } else if graph.into[at].is_empty() {
            let sentence = format!("Nobody calls {label}.");
            let fix = format!("Draw a wire from what uses {label}, or remove it.");
            push(lints, id, "nobody-calls", sentence, fix);
        }
    }
}

/// A client whose settings leave it nothing to ask for: of which setting that comes, why, and what helps.
fn nothing_from(it: &ClientParams) -> Option<(&'static str, &'static str, &'static str)> {
    let nothing = it.classes.iter().all(|it| it.weight == 0);
    // Rows of a recording may have classes of their own.
    Some(match it.load {
        Load::Recorded if it.recording.is_empty() => (
            "recording",
            "its recording is empty",
            "Drop a recording on it (CSV: time, key, class, size), or choose another load.",
        ),
        Load::Recorded => return None,
        _ if it.classes.is_empty() => ("classes", "it has no request class", "Give it a class."),
        _ if nothing => (
            "classes",
            "every class of it has weight 0",
            "Give one of its classes a weight above 0.",
        ),
        Load::Open if it.rate.0 == 0.0 && it.course == Course::Steady => {
            ("rate", "its rate is 0/s", "Give it a rate above 0/s.")
        }
        Load::Closed if it.users == 0 => ("users", "it has no users", "Give it at least one."),
        _ => return None,
    })
}

fn silent(design: &Design, lints: &mut Vec<Lint>) {
    for (id, record) in &design.components {
        let Spec::Client(it) = &record.spec else { continue };
        if let Some((_, why, fix)) = nothing_from(it) {
            let sentence = format!("{} sends nothing: {why}.", record.label);
            push(lints, id, "sends-nothing", sentence, fix.to_owned());
        }
    }
}

/// The clients that send nothing, by component and setting: for who runs a design without seeing it.
pub fn silences(design: &Design) -> Vec<String> {
    let of = |(id, record): (&Id, &ComponentRecord)| {
        let Spec::Client(it) = &record.spec else { return None };
        let (field, why, fix) = nothing_from(it)?;
        let label = &record.label;
        Some(format!("components.{id}.settings.{field}: {label} sends nothing: {why}. {fix}"))
    };
    design.components.iter().filter_map(of).collect()
}

fn cycles(design: &Design, graph: &Graph, lints: &mut Vec<Lint>) {
    for cycle in graph.cycles() {
        let names: Vec<_> =
            cycle.iter().map(|it| design.components[graph.ids[*it]].label.as_str()).collect();
        let sentence = format!(
            "{} call each other in a circle, and each waits for the next: one slow member stops \
             all of them, and a request may go round until it is given up.",
            names.join(", ")
        );
        let fix = "Take one wire away, or name the request classes it carries.".to_owned();
        push(lints, graph.ids[cycle[0]], "cycle", sentence, fix);
    }
}

fn lone_caches(design: &Design, graph: &Graph, lints: &mut Vec<Lint>) {
    let is = |at: usize, wanted| role(design, graph.ids[at]) == Some(wanted);
    for (at, id) in graph.ids.iter().enumerate().filter(|it| is(it.0, Role::Cache)) {
        if passes(design, id, None) {
            continue;
        }
        for caller in &graph.into[at] {
            if !graph.out[*caller].iter().any(|it| is(*it, Role::Store)) {
                let label = &design.components[*id].label;
                let caller = &design.components[graph.ids[*caller]].label;
                let sentence = format!(
                    "When {label} does not have the answer, {caller} has no store to ask: nothing \
                     ever comes in."
                );
                let fix =
                    format!("Draw a wire from {caller} to the store that {label} stands for.");
                push(lints, id, "cache-without-store", sentence, fix);
                break;
            }
        }
    }
}

fn idle_wires(design: &Design, lints: &mut Vec<Lint>) {
    for wire in design.wires.values().filter(|it| is_idle(design, it)) {
        let label =
            |id: &str| design.components.get(id).map_or(id.to_owned(), |it| it.label.clone());
        let (from, to) = (label(&wire.from), label(&wire.to));
        let sentence = format!(
            "Nothing goes from {from} to {to}: another wire of {from} carries all request classes."
        );
        let fix = "Name the request classes that each of the wires carries.".to_owned();
        push(lints, &wire.from, "idle-wire", sentence, fix);
    }
}

/// Retries on two hops in a row multiply.
fn retry_storms(design: &Design, lints: &mut Vec<Lint>) {
    let mut tries_in = BTreeMap::<&str, (u32, &str)>::new();
    let mut tries_out = BTreeMap::<&str, (u32, &str)>::new();
    for wire in design.wires.values() {
        let Some(from) = design.components.get(&wire.from) else { continue };
        let own = from.spec.patience().map(|it| it.retries);
        let tries = own.unwrap_or(wire.settings.retries) + 1;
        let sides = [(&mut tries_in, &wire.to, &wire.from), (&mut tries_out, &wire.from, &wire.to)];
        for (table, at, other) in sides {
            let most = table.entry(at).or_insert((tries, other));
            if tries > most.0 {
                *most = (tries, other);
            }
        }
    }
    for (id, (before, caller)) in &tries_in {
        let Some((after, called)) = tries_out.get(id) else { continue };
        if *before < 2 || *after < 2 {
            continue;
        }
        let label =
            |id: &str| design.components.get(id).map_or(id.to_owned(), |it| it.label.clone());
        let (name, caller, called) = (label(id), label(caller), label(called));
        let sentence = format!(
            "When {called} is in trouble, one request of {caller} becomes up to {} calls of it: \
             {caller} tries {name} {before} times, and {name} tries {called} {after} times.",
            before * after
        );
        let fix = "Retry at one place only, best the one nearest to the client.".to_owned();
        push(lints, id, "retry-storm", sentence, fix);
    }
}

/// Members that are said to stand in zones that are not there stand where the component lies.
fn unknown_places(design: &Design, lints: &mut Vec<Lint>) {
    for (id, record) in &design.components {
        let unknown = super::zone::unknown_places(design, record);
        if unknown.is_empty() {
            continue;
        }
        let (label, names) = (&record.label, unknown.join(", "));
        let sentence = format!("Places of {label}: no zone is called {names}.");
        let known: Vec<&str> = design.zones.values().map(|it| it.label.as_str()).collect();
        let fix = match known.is_empty() {
            true => "Until one is, its members stand where it lies; draw zones first.".to_owned(),
            false => {
                format!("Until one is, they stand where it lies; zones: {}.", known.join(", "))
            }
        };
        push(lints, id, "unknown-place", sentence, fix);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::file::read;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(text: &str, expected: Expect) {
        let (file, _) = read(text).unwrap();
        let line = |it: &Lint| format!("{} {}: {} {}\n", it.component, it.id, it.sentence, it.fix);
        expected.assert_eq(&lint(&file.design).iter().map(line).collect::<String>());
    }

    #[test]
    fn the_book_store_has_one_load_balancer() {
        check(
            include_str!("../../static/designs/bookstore.json"),
            expect![[r#"
                balancer single-point-of-failure: If Load balancer fails, Readers cannot be served: there is one. In practice two of them share one address; here there is one.
            "#]],
        );
    }

    #[test]
    fn loose_ends() {
        check(
            r#"{"components": {"a": {"kind": "client"}, "b": {"kind": "service"},
                "c": {"kind": "cache"}, "d": {"kind": "sql-db", "settings": {"replicas": 0}}},
                "wires": {"b-c": {"from": "b", "to": "c"}}}"#,
            expect![[r#"
                a client-without-wire: Client asks nobody: its requests come to nothing. Draw a wire from Client to what it uses.
                b nobody-calls: Nobody calls Service. Draw a wire from what uses Service, or remove it.
                c cache-without-store: When Cache does not have the answer, Service has no store to ask: nothing ever comes in. Draw a wire from Service to the store that Cache stands for.
                d no-redundancy: SQL database runs once: its failure or its update is an outage. Give SQL database more instances or replicas.
                d nobody-calls: Nobody calls SQL database. Draw a wire from what uses SQL database, or remove it.
            "#]],
        );
    }

    /// Told of a client only where nothing can come of its settings.
    #[test]
    fn clients_that_send_nothing() {
        let of = |settings: &str| {
            let text = format!(
                r#"{{"version": 1, "design": {{"components": {{"c": {{"kind": "client",
                    "at": [0, 0], "settings": {settings}}}}}}}}}"#
            );
            let (file, notices) = read(&text).expect("it can be read");
            assert_eq!(notices, [], "{settings}");
            let all = lint(&file.design).into_iter().filter(|it| it.id == "sends-nothing");
            all.map(|it| format!("{} {}", it.sentence, it.fix)).collect::<Vec<_>>()
        };
        for (settings, sentence) in [
            (
                r#"{"classes": []}"#,
                "Client sends nothing: it has no request class. Give it a class.",
            ),
            (
                r#"{"classes": [{"name": "a", "weight": 0}, {"name": "b", "weight": 0}]}"#,
                "Client sends nothing: every class of it has weight 0. Give one of its classes a weight above 0.",
            ),
            (
                r#"{"load": "recorded"}"#,
                "Client sends nothing: its recording is empty. Drop a recording on it (CSV: time, key, class, size), or choose another load.",
            ),
            (
                r#"{"rate": "0/s"}"#,
                "Client sends nothing: its rate is 0/s. Give it a rate above 0/s.",
            ),
            (
                r#"{"load": "closed", "users": 0}"#,
                "Client sends nothing: it has no users. Give it at least one.",
            ),
        ] {
            assert_eq!(of(settings), [sentence], "{settings}");
        }
        for settings in [
            "{}",
            r#"{"classes": [{"name": "a", "weight": 0}, {"name": "b", "weight": 1}]}"#,
            r#"{"load": "recorded", "classes": [], "recording": "1,2,browse,3"}"#,
            r#"{"rate": "0/s", "course": "ramp"}"#,
            r#"{"rate": "0/s", "load": "closed"}"#,
        ] {
            assert_eq!(of(settings), [""; 0], "{settings}");
        }
    }

    #[test]
    fn circles_and_storms() {
        check(
            r#"{"components": {"a": {"kind": "client", "settings": {"retries": 2}},
                "b": {"kind": "service"}, "c": {"kind": "service"}, "d": {"kind": "service"}},
                "wires": {"1": {"from": "a", "to": "b"},
                    "2": {"from": "b", "to": "c", "settings": {"retries": 1}},
                    "3": {"from": "c", "to": "d"}, "4": {"from": "d", "to": "b"}}}"#,
            expect![[r#"
                b cycle: Service, Service, Service call each other in a circle, and each waits for the next: one slow member stops all of them, and a request may go round until it is given up. Take one wire away, or name the request classes it carries.
                b retry-storm: When Service is in trouble, one request of Client becomes up to 6 calls of it: Client tries Service 3 times, and Service tries Service 2 times. Retry at one place only, best the one nearest to the client.
            "#]],
        );
    }

    #[test]
    fn places_that_are_nowhere() {
        check(
            r#"{"components": {"a": {"kind": "client"},
                "b": {"kind": "kv-store", "settings": {"places": "North, Suoth, North"}}},
                "wires": {"1": {"from": "a", "to": "b"}},
                "zones": {"n": {"label": "North", "area": [0, 0, 400, 300]}, "s": {"label": "South", "area": [500, 0, 400, 300]}}}"#,
            expect![[r#"
                b unknown-place: Places of Key–value store: no zone is called Suoth. Until one is, they stand where it lies; zones: North, South.
            "#]],
        );
    }

    /// A second balancer is no help as long as nothing is sent to it.
    #[test]
    fn an_idle_wire_is_no_second_way() {
        check(
            r#"{"components": {"a": {"kind": "client"}, "l1": {"kind": "load-balancer"},
                "l2": {"kind": "load-balancer"}, "b": {"kind": "service"},
                "d": {"kind": "sql-db", "settings": {"replicas": 0}}},
                "wires": {"1": {"from": "a", "to": "l1"}, "2": {"from": "a", "to": "l2"},
                    "3": {"from": "l1", "to": "b"}, "4": {"from": "l2", "to": "b"},
                    "5": {"from": "b", "to": "d"}}}"#,
            expect![[r#"
                a idle-wire: Nothing goes from Client to Load balancer: another wire of Client carries all request classes. Name the request classes that each of the wires carries.
                d single-point-of-failure: If SQL database fails, Client cannot be served: there is one. Give SQL database more instances or replicas.
                l1 single-point-of-failure: If Load balancer fails, Client cannot be served: there is one. In practice two of them share one address; here there is one.
                l2 nobody-calls: Nobody calls Load balancer. Draw a wire from what uses Load balancer, or remove it.
            "#]],
        );
    }
}
