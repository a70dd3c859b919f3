//! Ranges: the key space in pieces, in order. Scans stay on few nodes, and so does what is asked for
//! most, such as the newest ids.
//!
//! Source: Chang et al., "Bigtable: a distributed storage system for structured data", OSDI 2006
//! (tablets).

use super::{Node, Placement, Settings, find};

/// The first key of each piece but the first, which begins below all keys, and whose each piece is.
/// Keys are numbers, if all of these are, and else text by its bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// The setting that gave the first keys.
    name: &'static str,
    splits: Vec<Vec<u8>>,
    numbers: Option<Vec<i128>>,
    owners: Vec<usize>,
}

fn number(text: &[u8]) -> Option<i128> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

impl Range {
    /// Whose the pieces are that hold keys from one number to another, both included, without
    /// repetition and in the order of the keys; none if keys are no numbers.
    pub fn touched(&self, from: i128, to: i128) -> Option<Vec<usize>> {
        let numbers = self.numbers.as_ref()?;
        let piece = |key: i128| numbers.partition_point(|it| *it <= key);
        let mut nodes = Vec::new();
        for piece in piece(from)..=piece(to.max(from)) {
            if !nodes.contains(&self.owners[piece]) {
                nodes.push(self.owners[piece]);
            }
        }
        Some(nodes)
    }
}

impl Placement for Range {
    fn build(nodes: &[Node], settings: &Settings) -> Result<Self, String> {
        let (name, splits, owners) = match settings.rows.split_first() {
            Some((first, rest)) => {
                let owner = |row: &(String, String)| find(nodes, "rows", &row.1);
                let first = std::iter::once(first);
                let owners = first.chain(rest).map(owner).collect::<Result<Vec<_>, _>>()?;
                ("rows", rest.iter().map(|it| it.0.clone().into_bytes()).collect(), owners)
            }
            None => {
                let texts = settings.splits.iter().map(|it| it.clone().into_bytes());
                ("splits", texts.collect::<Vec<Vec<u8>>>(), (0..nodes.len()).collect())
            }
        };
        if splits.len() + 1 != owners.len() {
            let (splits, nodes) = (splits.len(), nodes.len());
            return Err(format!(
                "splits: {splits} for {nodes} nodes; each node but the first needs its first key"
            ));
        }
        let numbers: Option<Vec<i128>> = splits.iter().map(|it| number(it)).collect();
        let rising = match &numbers {
            Some(numbers) => numbers.windows(2).all(|it| it[0] < it[1]),
            None => splits.windows(2).all(|it| it[0] < it[1]),
        };
        if !rising {
            return Err(format!("{name}: the first keys must rise, each above the one before"));
        }
        Ok(Self { name, splits, numbers, owners })
    }

    fn find(&self, key: &[u8], _: &[u32]) -> Result<usize, String> {
        let Some(numbers) = &self.numbers else {
            let piece = self.splits.partition_point(|it| it.as_slice() <= key);
            return Ok(self.owners[piece]);
        };
        let Some(key) = number(key) else {
            let key = String::from_utf8_lossy(key);
            let name = self.name;
            return Err(format!(
                "{name}: they are numbers, and key {key:?} is none; give whole numbers, or first keys as text"
            ));
        };
        Ok(self.owners[numbers.partition_point(|it| *it <= key)])
    }
}
