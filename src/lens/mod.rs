//! The lenses: the inside of a component, drawn from the running state. To add one: write its
//! file, add its line to the registry below.
//!
//! A mark's action is an [`Act`]: the page makes edits and faults of them, and notes; what is only
//! tried out or noted comes back in [`Look`], and changes nothing but the picture.

use crate::base::text;
use crate::base::time::Nanos;
use crate::component::{Registry, Spec, State};
use crate::engine::World;
use crate::engine::recorder::{ComponentRecord, Recorder};
use crate::scene::Scene;

pub use act::{Act, Look};

mod act;
mod api_gateway;
mod beside;
pub mod cache;
mod column;
mod dns;
mod hash_ring;
pub mod history;
mod hits;
mod kv_store;
mod load_balancer;
mod mesh;
mod phases;
mod redis;
mod service;
mod shards;
mod sql_db;
mod stale_share;

/// What a lens may look at: as an observer, everything.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The world at the cursor.
    pub world: &'a World<Registry>,
    /// What was recorded up to the cursor.
    pub recorder: &'a Recorder<Registry>,
    /// Slot of the component.
    pub component: u32,
    /// What people call it.
    pub label: &'a str,
    /// What people call the component or zone with an id.
    pub name: &'a dyn Fn(&str) -> String,
    /// What people call a key: `book` for `book:77`.
    pub key_name: &'a str,
    /// Width the picture may have, in pixels.
    pub width: f32,
    /// What the component was set to before each edit of it up to the cursor, the latest first, and
    /// when.
    pub earlier: &'a [(Nanos, &'a Spec)],
    /// The future that was left behind when the past was last changed.
    pub before: Option<&'a Before<'a>>,
    /// What somebody looks for.
    pub look: &'a Look,
}

/// What is still known of a future that was left behind.
#[derive(Clone, Debug)]
pub struct Before<'a> {
    /// What was recorded of it, and of what came before.
    pub recorder: &'a Recorder<Registry>,
    /// The edits of the component in it, oldest first: when, and what it was set to before and after.
    pub edits: Vec<(Nanos, &'a Spec, &'a Spec)>,
}

impl<'a> Subject<'a> {
    /// The cursor.
    pub fn now(&self) -> Nanos {
        self.world.now()
    }

    /// A moment as the clock shows it, in seconds: since the end of the warm-up.
    pub fn seconds(&self, at: Nanos) -> f64 {
        at.0 as f64 / 1e9 - self.recorder.zero.as_seconds()
    }

    /// The same in words.
    pub fn moment(&self, at: Nanos) -> String {
        let zero = self.recorder.zero;
        let span = |it: Nanos| text::duration(it.0 as f64);
        if at < zero { format!("−{}", span(zero - at)) } else { span(at - zero) }
    }

    /// What was recorded of the component.
    pub fn record(&self) -> Option<&'a ComponentRecord> {
        self.recorder.components.get(self.component as usize)
    }

    /// Its members' states and whether they are up, by ordinal.
    pub fn members(&self) -> Vec<(Option<&'a State>, bool)> {
        let component = &self.world.blueprint().components[self.component as usize];
        let member =
            |slot: &u32| (self.world.member(*slot).state.as_ref(), self.world.is_up(*slot));
        component.members.iter().map(member).collect()
    }

    /// What people call a member, by ordinal.
    pub fn member_name(&self, ordinal: usize) -> String {
        let component = &self.world.blueprint().components[self.component as usize];
        component.spec.as_ref().map_or_else(String::new, |it| it.member_name(ordinal as u16))
    }

    /// What is being tried out.
    pub fn trial(&self) -> Option<Act> {
        self.look.trial.as_deref().and_then(Act::parse)
    }

    /// What was noted under this name.
    pub fn noted(&self, name: &str) -> Option<String> {
        match self.trial() {
            Some(Act::Note(it, value)) if it == name => Some(value),
            _ => self.look.noted.iter().find(|it| it.0 == name).map(|it| it.1.clone()),
        }
    }

    /// A key as people see it.
    pub fn key(&self, key: u32) -> String {
        format!("{}:{key}", self.key_name)
    }
}

type Draw = fn(&Subject) -> Scene;

/// Every lens: the id of its kind, and what draws it.
const ALL: &[(&str, Draw)] = &[
    ("cache", cache::draw),
    ("cache-cluster", hash_ring::draw),
    ("service", service::draw),
    ("sql-db", sql_db::draw),
    ("sharded-db", shards::draw),
    ("kv-store", kv_store::draw),
    ("redis", redis::draw),
    ("api-gateway", api_gateway::draw),
    ("load-balancer", load_balancer::draw),
    ("dns", dns::draw),
];

/// The inside of a component; none if its kind has no lens yet.
pub fn draw(subject: &Subject) -> Option<Scene> {
    let component = subject.world.blueprint().components.get(subject.component as usize)?;
    let kind = component.spec.as_ref().map(Spec::about)?.id;
    ALL.iter().find(|it| it.0 == kind).map(|it| (it.1)(subject))
}

/// Whether a kind has a lens.
pub fn has(kind: &str) -> bool {
    ALL.iter().any(|it| it.0 == kind)
}
