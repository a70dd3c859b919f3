//! What may be wired to what. What cannot talk is refused, with the reason and a way out.

use crate::component::Role;
use crate::engine::Addressing;

use super::{ComponentRecord, Design};

/// Why a wire is not drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The reason, a sentence.
    pub reason: String,
    /// What to do instead, a sentence.
    pub suggestion: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.reason, self.suggestion)
    }
}

impl std::error::Error for Refusal {}

fn refusal(reason: String, suggestion: String) -> Result<(), Refusal> {
    Err(Refusal { reason, suggestion })
}

/// Whether a new wire from one component to another makes sense.
pub fn may_connect(design: &Design, from: &str, to: &str) -> Result<(), Refusal> {
    may_reconnect(design, None, from, to)
}

/// Whether a wire that is there may join these instead, or a new one may.
pub fn may_reconnect(
    design: &Design,
    wire: Option<&str>,
    from: &str,
    to: &str,
) -> Result<(), Refusal> {
    let mut others = design.wires.iter().filter(|it| Some(it.0.as_str()) != wire);
    if let Some(wire) = others.find(|it| it.1.from == from && it.1.to == to) {
        let (from, to) = (label(design, from), label(design, to));
        let reason = format!("{from} already calls {to}.");
        let suggestion = format!(
            "Change the wire there is ({}): which classes it carries, how patient it is.",
            wire.0
        );
        return refusal(reason, suggestion);
    }
    may_call(design, from, to)
}

/// Whether one component can call another at all.
pub fn may_call(design: &Design, from: &str, to: &str) -> Result<(), Refusal> {
    let role = |id: &str| design.components.get(id).map(|it| it.spec.about().role);
    let (Some(caller), Some(called)) = (role(from), role(to)) else {
        let missing = if role(from).is_none() { from } else { to };
        let reason = format!("There is no component {missing}.");
        return refusal(reason, "Draw the wire between two components.".into());
    };
    let name = label(design, from);
    if from == to {
        let reason = format!("{name} cannot call itself.");
        let suggestion = "To let several share the work, give it more instances.";
        return refusal(reason, suggestion.into());
    }
    let other = label(design, to);
    let turned = format!("Draw the wire from {other} to {name}.");
    match (caller, called) {
        (_, Role::Source) => {
            let reason = format!("Nothing calls {other}: it begins the requests.");
            let suggestion = if allowed(called, caller) {
                turned
            } else {
                "Answers go back over the wire that asked; no second wire is needed.".into()
            };
            refusal(reason, suggestion)
        }
        (Role::Cache, Role::Store) if is_keyed(design, from) => {
            let reason = format!("{name} calls nobody: who asks it asks the store after a miss.");
            refusal(reason, format!("Let the service that asks {name} ask {other}."))
        }
        (caller, called) if allowed(caller, called) => Ok(()),
        // A cache that asks for what it lacks may stand before a service, and be asked by anybody: as
        // browsers' caches and content delivery networks do.
        (Role::Cache, Role::Server) if through(design, from) => Ok(()),
        // One before the other: a browser's before a network's.
        (Role::Cache, Role::Cache) if through(design, from) && through(design, to) => Ok(()),
        (Role::Source | Role::Balancer, Role::Cache) if through(design, to) => Ok(()),
        // A store whose members answer for each other is what its clients stand at the sides of.
        (Role::Source, Role::Store) if peers(design, to) => Ok(()),
        (Role::Cache, _) => {
            let reason = format!("{name} calls nobody but the store that it stands for.");
            let suggestion = if allowed(called, caller) {
                turned
            } else {
                format!("Let the service that asks {name} ask {other}.")
            };
            refusal(reason, suggestion)
        }
        (Role::Store, _) => {
            let reason = format!("{name} calls nobody: it is asked, and answers.");
            let suggestion = if allowed(called, caller) {
                turned
            } else {
                format!("Put a service that uses both {name} and {other}.")
            };
            refusal(reason, suggestion)
        }
        (Role::Resolver, _) => {
            let reason = format!("{name} says where to ask, and asks nobody itself.");
            refusal(
                reason,
                "Its wires lead to what it answers with: balancers and services.".into(),
            )
        }
        (_, Role::Resolver) => {
            let reason = format!("{other} is asked by clients: others know whom they call.");
            let suggestion = if allowed(called, caller) {
                turned
            } else {
                "Draw the wire from a client.".into()
            };
            refusal(reason, suggestion)
        }
        (Role::External, _) => {
            let reason = format!("{name} belongs to somebody else: what it calls is not ours.");
            let suggestion =
                if allowed(called, caller) { turned } else { "Let a service ask both.".into() };
            refusal(reason, suggestion)
        }
        (Role::Balancer, _) => {
            let reason = format!(
                "{name} only passes requests on; {other} speaks a protocol of its own ({}).",
                kind(design, to)
            );
            let suggestion =
                format!("Put a service between them: {name} to the service to {other}.");
            refusal(reason, suggestion)
        }
        _ => {
            let reason = format!(
                "{name} does not reach {other} directly: a {} is used by services.",
                kind(design, to)
            );
            let suggestion = format!("Put a service between {name} and {other}.");
            refusal(reason, suggestion)
        }
    }
}

fn allowed(caller: Role, called: Role) -> bool {
    match (caller, called) {
        (Role::Cache, called) => called == Role::Store,
        (caller, Role::Resolver) => caller == Role::Source,
        (_, Role::Source) | (Role::Store | Role::External, _) => false,
        (Role::Server, _) => true,
        (Role::Source | Role::Balancer | Role::Resolver, called) => {
            matches!(called, Role::Server | Role::Balancer | Role::External)
        }
    }
}

fn through(design: &Design, id: &str) -> bool {
    design.components.get(id).is_some_and(|it| it.spec.through())
}

fn is_keyed(design: &Design, id: &str) -> bool {
    let keyed = |it: &ComponentRecord| it.spec.about().addressing == Addressing::Keyed;
    design.components.get(id).is_some_and(keyed)
}

fn peers(design: &Design, id: &str) -> bool {
    let it = design.components.get(id);
    it.is_some_and(|it| it.spec.about().addressing == Addressing::Peers)
}

fn label<'a>(design: &'a Design, id: &'a str) -> &'a str {
    design.components.get(id).map_or(id, |it| &it.label)
}

fn kind(design: &Design, id: &str) -> String {
    let name = design.components.get(id).map_or("", |it| it.spec.about().name);
    // "SQL database" keeps its capitals; "Cache" becomes "cache".
    let mut letters = name.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::ALL;
    use crate::document::file::read;
    use expect_test::{Expect, expect};

    fn store() -> Design {
        read(include_str!("../../static/designs/bookstore.json")).unwrap().0.design
    }

    #[track_caller]
    fn check(from: &str, to: &str, expected: Expect) {
        let text = match may_connect(&store(), from, to) {
            Ok(()) => "may".into(),
            Err(refusal) => refusal.to_string(),
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn refusals_say_why_and_what_else() {
        check("search", "cache", expect!["may"]);
        check("search", "books", expect!["may"]);
        check(
            "books",
            "cache",
            expect![
                "Books already calls Book cache. Change the wire there is (books-cache): which classes it carries, how patient it is."
            ],
        );
        check(
            "books",
            "books",
            expect![
                "Books cannot call itself. To let several share the work, give it more instances."
            ],
        );
        check(
            "books",
            "readers",
            expect![
                "Nothing calls Readers: it begins the requests. Draw the wire from Readers to Books."
            ],
        );
        check(
            "cache",
            "readers",
            expect![
                "Nothing calls Readers: it begins the requests. Answers go back over the wire that asked; no second wire is needed."
            ],
        );
        check(
            "readers",
            "database",
            expect![
                "Readers does not reach Store database directly: a SQL database is used by services. Put a service between Readers and Store database."
            ],
        );
        check(
            "balancer",
            "cache",
            expect![
                "Load balancer only passes requests on; Book cache speaks a protocol of its own (cache). Put a service between them: Load balancer to the service to Book cache."
            ],
        );
        check("cache", "database", expect!["may"]);
        check(
            "cache",
            "search",
            expect![
                "Book cache calls nobody but the store that it stands for. Draw the wire from Search to Book cache."
            ],
        );
        check(
            "database",
            "search",
            expect![
                "Store database calls nobody: it is asked, and answers. Draw the wire from Search to Store database."
            ],
        );
        check(
            "database",
            "cache",
            expect![
                "Store database calls nobody: it is asked, and answers. Draw the wire from Book cache to Store database."
            ],
        );
        check(
            "books",
            "nowhere",
            expect!["There is no component nowhere. Draw the wire between two components."],
        );
    }

    /// A cache that asks for itself may stand before a service.
    #[test]
    fn caches_may_stand_before_services() {
        let mut design = store();
        let with = |design: &mut Design, strategy: &str| {
            let cache = &mut design.components.get_mut("cache").expect("a cache").spec;
            cache.set("strategy", &serde_json::json!(strategy)).expect("it can be set");
        };
        assert!(may_call(&design, "cache", "search").is_err(), "cache-aside");
        with(&mut design, "read-through");
        assert_eq!(may_call(&design, "cache", "search"), Ok(()));
        assert_eq!(may_call(&design, "readers", "cache"), Ok(()));
        assert_eq!(may_call(&design, "balancer", "cache"), Ok(()));
        assert!(may_call(&design, "cache", "balancer").is_err());
        // And before another that asks for itself.
        let nearer = design.components["cache"].clone();
        design.components.insert("nearer".into(), nearer);
        assert_eq!(may_call(&design, "nearer", "cache"), Ok(()));
        with(&mut design, "cache-aside");
        assert!(may_call(&design, "nearer", "cache").is_err(), "it would bring nothing");
    }

    /// Every wire of the book store would be drawn again, and every pair of kinds is answered.
    #[test]
    fn every_pair_is_answered() {
        let mut design = store();
        for wire in std::mem::take(&mut design.wires).values() {
            assert_eq!(may_connect(&design, &wire.from, &wire.to), Ok(()));
        }
        let any = design.components["cart"].clone();
        for one in ALL {
            for other in ALL {
                for (id, about) in [("one", one), ("other", other)] {
                    let record =
                        super::super::ComponentRecord { spec: (about.spec)(), ..any.clone() };
                    design.components.insert(id.into(), record);
                }
                let may = may_connect(&design, "one", "other");
                let keyed = one.addressing == Addressing::Keyed && one.role == Role::Cache;
                let peers = one.role == Role::Source && other.addressing == Addressing::Peers;
                assert_eq!(may.is_ok(), allowed(one.role, other.role) && !keyed || peers);
            }
        }
    }
}
