//! What a node shows of its component: two figures that matter for its kind, the state of its
//! members, its load and its waiting line.

use crate::base::text;
use crate::component::{About, Role, Spec, Standing};
use crate::session::protocol::ComponentFigures;

/// Shorter waiting lines are not worth a mark.
const WAITING_MIN: f64 = 0.95;
/// From this percentage of workers held on, a component is hot.
const HOT: u8 = 95;

/// The power of ten that is not more than a positive number.
pub fn decade(value: f64) -> f64 {
    libm::pow(10.0, libm::floor(libm::log10(value)))
}

/// A number with its unit, and what it counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// Plain name.
    pub label: String,
    /// The number, or a word.
    pub value: String,
    /// Its unit; may be empty.
    pub unit: String,
    /// What it counts, over what window.
    pub help: String,
}

/// How a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Up.
    Up,
    /// Up, but slowed.
    Slow,
    /// Up, and parted from most others by the network.
    Apart,
    /// Down.
    Down,
}

impl Health {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Slow => "slow",
            Self::Apart => "cut off",
            Self::Down => "down",
        }
    }

    /// The class that draws it.
    pub fn class(self) -> &'static str {
        match self {
            Self::Up => "m",
            Self::Slow => "m slow",
            Self::Apart => "m apart",
            Self::Down => "m down",
        }
    }
}

/// A member as a small mark.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberFace {
    /// What it is called.
    pub name: String,
    /// How it is.
    pub health: Health,
    /// Whether it leads; who is down does not, whatever it will believe when it is back.
    pub leads: bool,
}

impl MemberFace {
    /// Its state in words.
    pub fn words(&self) -> String {
        let health = self.health.word();
        let leads = if self.leads { ", leads" } else { "" };
        format!("{}: {health}{leads}", self.name)
    }
}

/// What a node shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Face {
    /// On the left.
    pub left: Figure,
    /// On the right.
    pub right: Figure,
    /// Members by ordinal.
    pub members: Vec<MemberFace>,
    /// Share of workers at work, in whole percent; none where there is no limit.
    pub busy: Option<u8>,
    /// Share of workers held, those that only wait for others included.
    pub held: u8,
    /// Mean number waiting, as text; empty when none.
    pub queue: String,
}

impl Face {
    /// Of a component with these figures.
    pub fn new(spec: &Spec, figures: &ComponentFigures) -> Self {
        let (left, right) = pair(spec, figures);
        let members = figures.members.iter().enumerate().map(|(ordinal, it)| MemberFace {
            name: spec.member_name(ordinal as u16),
            health: match it {
                it if !it.up => Health::Down,
                it if it.apart => Health::Apart,
                it if it.slow > 1.0 => Health::Slow,
                _ => Health::Up,
            },
            leads: it.up && it.standing == Standing::Leader,
        });
        let busy = figures.busy.is_finite().then(|| (figures.busy * 100.0).round() as u8);
        let waits = figures.queue >= WAITING_MIN;
        Self {
            left,
            right,
            members: members.collect(),
            busy,
            held: (figures.occupied.max(0.0) * 100.0).round() as u8,
            queue: if waits {
                text::count(figures.queue.round().max(1.0) as u64)
            } else {
                String::new()
            },
        }
    }

    /// Whether every member is down.
    pub fn is_down(&self) -> bool {
        !self.members.is_empty() && self.members.iter().all(|it| it.health == Health::Down)
    }

    /// Whether something of it wants attention.
    pub fn is_hot(&self) -> bool {
        let full = self.busy.is_some() && self.held.max(self.busy.unwrap_or(0)) >= HOT;
        full || self.members.iter().any(|it| matches!(it.health, Health::Slow | Health::Apart))
    }

    /// All of it in a sentence, for those who do not see it.
    pub fn words(&self) -> String {
        let mut out = format!("{}, {}", said(&self.left), said(&self.right));
        for health in [Health::Down, Health::Slow, Health::Apart] {
            let count = self.members.iter().filter(|it| it.health == health).count();
            if count > 0 {
                out += &format!(", {count} of {} {}", self.members.len(), health.word());
            }
        }
        if !self.queue.is_empty() {
            out += &format!(", {} waiting", self.queue);
        }
        out
    }
}

fn said(figure: &Figure) -> String {
    [figure.label.as_str(), &figure.value, &figure.unit]
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Figures as they are to be shown: what is down finds nothing, holds nothing and lags unknown.
fn shown(spec: &Spec, figures: &ComponentFigures) -> ComponentFigures {
    let mut figures = figures.clone();
    if !figures.members.is_empty() && figures.members.iter().all(|it| !it.up) {
        let held = if spec.about().role == Role::Cache { 0.0 } else { f64::NAN };
        figures.ratios.fill(0.0);
        figures.gauges.fill(held);
    }
    figures
}

fn pair(spec: &Spec, it: &ComponentFigures) -> (Figure, Figure) {
    let about = spec.about();
    let it = &shown(spec, it);
    match about.id {
        "load-balancer" => (offered(it), rule(spec)),
        "cache" | "cache-cluster" => (ratio(about, it, "hits"), gauge(about, it, "entries")),
        "sql-db" | "redis" if it.members.len() > 1 => (offered(it), lag(about, it)),
        _ => (offered(it), percentile("p99", it.p99_ns)),
    }
}

/// Three figures for the head of the inspector.
pub fn trio(spec: &Spec, it: &ComponentFigures) -> [Figure; 3] {
    let about = spec.about();
    let it = &shown(spec, it);
    let failed = Figure {
        label: "Failed".into(),
        value: text::number(it.failed),
        unit: "/s".into(),
        help: "Calls that ended in a failure of any cause, over the last whole second.".into(),
    };
    let named = |label: &str, figure: Figure| Figure { label: label.into(), ..figure };
    match about.id {
        "cache" | "cache-cluster" => [
            named("Hits, 10 s", ratio(about, it, "hits")),
            Figure { unit: String::new(), ..named("Entries", gauge(about, it, "entries")) },
            named("Requests", offered(it)),
        ],
        "sql-db" | "redis" => [
            named("Requests", offered(it)),
            named("p99", percentile("p99", it.p99_ns)),
            named("Lag", lag(about, it)),
        ],
        "load-balancer" => {
            [named("Requests", offered(it)), named("p99", percentile("p99", it.p99_ns)), failed]
        }
        _ => [
            named("p50", percentile("p50", it.p50_ns)),
            named("p99", percentile("p99", it.p99_ns)),
            failed,
        ],
    }
}

fn offered(it: &ComponentFigures) -> Figure {
    Figure {
        label: String::new(),
        value: text::number(it.offered),
        unit: "req/s".into(),
        help: "Requests arriving per second, over the last whole second.".into(),
    }
}

fn percentile(name: &str, nanos: f64) -> Figure {
    let (value, unit) = text::duration_parts(nanos);
    let share = name.trim_start_matches('p');
    Figure {
        label: name.into(),
        value,
        unit: unit.into(),
        help: format!(
            "{share} % of what ended in the last whole second took this long or less, from arrival \
             to answer."
        ),
    }
}

fn ratio(about: &About, it: &ComponentFigures, label: &str) -> Figure {
    let value = it.ratios.first().copied().unwrap_or(f64::NAN);
    let help = about.ratios.first().map_or("", |it| it.help);
    Figure {
        label: label.into(),
        value: text::number(value * 100.0),
        unit: "%".into(),
        help: format!("{help} Over the last ten seconds."),
    }
}

fn gauge(about: &About, it: &ComponentFigures, name: &str) -> Figure {
    let at = about.gauges.iter().position(|it| it.name == name);
    let value = at.and_then(|at| it.gauges.get(at)).copied().unwrap_or(f64::NAN);
    let value = if value.is_finite() { text::count(value.round() as u64) } else { "–".into() };
    let help = at.map_or("", |at| about.gauges[at].help);
    Figure { label: String::new(), value, unit: "keys".into(), help: help.into() }
}

fn lag(about: &About, it: &ComponentFigures) -> Figure {
    let at = about.gauges.iter().position(|it| it.name == "lag_ns");
    let nanos = at.and_then(|at| it.gauges.get(at)).copied().unwrap_or(f64::NAN);
    // Less than a microsecond is none.
    let none = nanos.abs() < 1e3;
    let (value, unit) = if none { ("0".into(), "ms") } else { text::duration_parts(nanos) };
    let help = at.map_or("", |at| about.gauges[at].help);
    Figure { label: "lag".into(), value, unit: unit.into(), help: help.into() }
}

fn rule(spec: &Spec) -> Figure {
    Figure {
        label: String::new(),
        value: String::new(),
        unit: spec.rule().map(|it| it.id().replace('-', " ")).unwrap_or_default(),
        help: "The rule by which it chooses among servers.".into(),
    }
}
