//! Callers that place keys themselves: they know the membership of what they call, and the key says
//! whom to ask.

pub mod slots;

use std::sync::Arc;

use crate::algorithm::placement::{Node, Placed, Scheme, Settings};
use crate::base::candidate::Candidate;
use crate::base::draw::mix;
use crate::base::param::ParamError;
use crate::base::stable::{StableHash, StableHasher};

/// Points of all members on a ring, at most.
const POINTS_MAX: u64 = 200_000;

/// Who there is, and how keys find them: what every caller knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Membership {
    /// How keys find their members.
    pub scheme: Scheme,
    /// What the scheme is told.
    pub settings: Settings,
    /// Name and weight of each member, by ordinal; one of weight 0 is no part of it.
    pub nodes: Vec<Node>,
    /// Whether keys are placed by their numbers alone: 77, and not `user:77`.
    pub bare: bool,
    /// How callers learn that keys have moved.
    pub learn: Learn,
    /// How many members each node has, all with the same keys; those of the first come first.
    pub copies: u16,
    /// The node to ask where a key is, if callers have to ask: it has no keys itself.
    pub directory: Option<u16>,
    /// Groups that keys belong to, by a hash: `de` of `de:42`; a place stands for the key itself. Empty if
    /// keys stand for themselves.
    pub groups: Vec<Arc<str>>,
}

crate::choices! {
    /// How callers learn that keys have moved.
    pub enum Learn {
        /// All at once, with the change.
        AtOnce = "at-once",
        /// From whom they ask in vain (MOVED); they remember the slot.
        Slot = "moved-slot",
        /// The same, but they fetch the whole table then.
        Table = "moved-table",
    }
}

impl Membership {
    /// Writes how a key is called where it is placed.
    pub fn write_key(&self, key: u32, text: &mut String) {
        use std::fmt::Write;
        let group = match self.groups.len() as u64 {
            0 => None,
            groups => self.groups.get((mix(u64::from(key)) % groups) as usize),
        };
        // Writing to a string cannot fail.
        _ = match group {
            None => write!(text, "{key}"),
            Some(group) if self.scheme == Scheme::Geographic => text.write_str(group),
            Some(group) => write!(text, "{group}:{key}"),
        };
    }

    /// The ordinals of those who take part.
    pub fn ordinals(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|it| self.nodes[*it].weight > 0).collect()
    }

    /// The scheme at work on some of those who take part. Its numbers are positions in `among`.
    /// Errors name the setting first.
    pub fn place(&self, among: &[usize]) -> Result<Placed, String> {
        let weighs = self.scheme.weighs();
        let weight = |it: &Node| if weighs { it.weight.max(1) } else { 1 };
        let node = |it: &usize| &self.nodes[*it];
        let nodes: Vec<_> =
            among.iter().map(node).map(|it| Node { weight: weight(it), ..it.clone() }).collect();
        if self.scheme.is_ring() {
            let points = nodes.iter().map(|it| u64::from(it.weight)).sum::<u64>()
                * u64::from(self.settings.vnodes);
            if points > POINTS_MAX {
                return Err(format!(
                    "vnodes: {points} points in all, by weight; at most {POINTS_MAX}"
                ));
            }
        }
        self.scheme.build(&nodes, &self.settings)
    }
}

/// A scheme at work, for callers.
trait Places: std::fmt::Debug + Send + Sync {
    fn find(&self, key: &[u8], loads: &[u32]) -> Option<usize>;
}

impl Places for Placed {
    fn find(&self, key: &[u8], loads: &[u32]) -> Option<usize> {
        Self::find(self, key, loads).ok()
    }
}

fn build(by: &Membership, among: &[usize]) -> Result<Arc<dyn Places>, String> {
    Ok(Arc::new(by.place(among)?))
}

type Build = fn(&Membership, &[usize]) -> Result<Arc<dyn Places>, String>;

// Schemes and hash functions come later on the page: the first run has no need of them.
crate::later! { fn builder() -> Build = build }

/// Places keys by a membership among some of its members, as soon as that is there.
fn built(by: &Membership, among: &[usize]) -> Result<Arc<dyn Places>, String> {
    let build = builder().ok_or("scheme: this part of the page was not loaded; reload it")?;
    build(by, among)
}

/// A caller's own placement of keys.
#[derive(Clone, Debug)]
pub struct Placing {
    /// What it knows.
    pub by: Arc<Membership>,
    /// The members it places keys among, by ordinal: those it does not know to be down.
    pub among: Vec<usize>,
    /// The scheme at work on them; follows from the rest.
    placed: Arc<dyn Places>,
    /// The text of a key: what keys are called, a colon, and the number of the last one.
    text: String,
    /// Length of the first two.
    prefix: usize,
    /// The table it had before, as far as it still goes by it.
    pub old: Option<Box<slots::Old>>,
}

impl PartialEq for Placing {
    fn eq(&self, other: &Self) -> bool {
        self.by == other.by
            && self.among == other.among
            && self.name() == other.name()
            && self.old == other.old
    }
}

impl Placing {
    /// A caller that believes everybody to be up. Keys read `key_name:77`. An error names field and
    /// fix.
    pub fn new(by: Membership, key_name: &str) -> Result<Self, ParamError> {
        let among = by.ordinals();
        let placed = built(&by, &among).map_err(|it| {
            let (field, problem) = it.split_once(": ").unwrap_or(("scheme", &it));
            let field = match (field, by.scheme) {
                ("rows", Scheme::Range) => "ranges",
                ("rows", Scheme::Directory) => "directory",
                ("rows", Scheme::List) => "groups",
                _ => field,
            };
            ParamError { field: field.into(), problem: problem.into() }
        })?;
        let lost = |it: &&Arc<str>| placed.find(it.as_bytes(), &[]).is_none();
        if let Some(it) = by.groups.iter().find(lost).filter(|_| by.scheme == Scheme::Geographic) {
            let problem = format!("{it:?} is no latitude and longitude, such as 52.5:13.4");
            return Err(ParamError { field: "homes".into(), problem });
        }
        let text = if by.bare { String::new() } else { format!("{key_name}:") };
        Ok(Self { by: Arc::new(by), among, prefix: text.len(), text, placed, old: None })
    }

    fn name(&self) -> &str {
        &self.text[..self.prefix]
    }

    /// The ordinal of the member to ask.
    pub fn pick(&mut self, candidates: &[Candidate], key: u32) -> Option<usize> {
        if self.by.learn == Learn::AtOnce {
            self.turn_to(candidates);
        }
        self.text.truncate(self.prefix);
        self.by.write_key(key, &mut self.text);
        if let Some(owner) = self.old.as_ref().and_then(|it| (slots::deeds().owner)(self, it)) {
            return Some(owner);
        }
        if let Some(it) = self.by.directory {
            return Some(it.into());
        }
        let place = |loads: &[u32]| self.placed.find(self.text.as_bytes(), loads);
        let place = match self.by.scheme {
            Scheme::Bounded => {
                let load = |at: &usize| {
                    candidates.iter().find(|it| it.index == *at).map_or(0, |it| it.outstanding)
                };
                place(&self.among.iter().map(load).collect::<Vec<_>>())
            }
            _ => place(&[]),
        };
        self.among.get(place?).copied()
    }

    /// Another membership: where callers learn of it only from whom they ask, the table they had stays.
    pub fn turn_into(&mut self, new: &Self) {
        if self.by.learn == Learn::AtOnce || new.by.learn == Learn::AtOnce {
            self.clone_from(new);
        } else {
            (slots::deeds().turn_into)(self, new);
        }
    }

    /// Whoever was asked for this key has named another.
    pub fn sent_on(&mut self, key: u32, to: u16) {
        if self.by.learn != Learn::AtOnce {
            (slots::deeds().sent_on)(self, key, to);
        }
    }

    /// From now on keys go to those of the candidates who take part; to all who do, if none of them
    /// can be chosen.
    fn turn_to(&mut self, candidates: &[Candidate]) {
        let copies = usize::from(self.by.copies);
        let takes_part =
            |it: &usize| self.by.nodes.get(it / copies).is_some_and(|it| it.weight > 0);
        let offered = candidates.iter().map(|it| it.index).filter(takes_part);
        // What has several members is there as long as one of them is.
        let offered = offered.filter(|it| it % copies == 0).map(|it| it / copies);
        if offered.clone().eq(self.among.iter().copied()) {
            return;
        }
        let mut among: Vec<_> = offered.collect();
        if among.is_empty() {
            among = self.by.ordinals();
        }
        if among != self.among
            && let Ok(placed) = built(&self.by, &among)
        {
            (self.among, self.placed) = (among, placed);
        }
    }
}

impl StableHash for Placing {
    fn stable_hash(&self, h: &mut StableHasher) {
        let Membership { scheme, settings, nodes, bare, learn, copies, directory, groups } =
            &*self.by;
        scheme.stable_hash(h);
        settings.hash.stable_hash(h);
        (settings.vnodes, settings.table).stable_hash(h);
        settings.slack.stable_hash(h);
        for (key, node) in &settings.rows {
            key.stable_hash(h);
            node.stable_hash(h);
        }
        if *bare {
            h.word(1);
        }
        if *copies > 1 || directory.is_some() {
            h.word(u64::from(*copies) << 16 | directory.map_or(0, u64::from));
        }
        if *learn != Learn::AtOnce {
            learn.stable_hash(h);
        }
        if let Some(old) = &self.old {
            old.stable_hash(h);
        }
        if !groups.is_empty() {
            groups.stable_hash(h);
        }
        for node in nodes {
            node.name.stable_hash(h);
            node.weight.stable_hash(h);
        }
        self.among.iter().for_each(|it| (*it as u32).stable_hash(h));
        self.name().stable_hash(h);
    }
}
