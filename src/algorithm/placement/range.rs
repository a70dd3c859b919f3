//! Ranges: the key space in pieces, one a node, in order. Scans stay on few nodes, and so does what is
//! asked for most, such as the newest ids.
//!
//! Source: Chang et al., "Bigtable: a distributed storage system for structured data", OSDI 2006
//! (tablets).

use super::{Node, Placement, Settings};

/// The first key of each node but the first: numbers, if all of them are, and else text by its bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    splits: Vec<Vec<u8>>,
    numbers: Option<Vec<i128>>,
}

fn number(text: &[u8]) -> Option<i128> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

impl Placement for Range {
    fn build(nodes: &[Node], settings: &Settings) -> Result<Self, String> {
        let splits: Vec<Vec<u8>> =
            settings.splits.iter().map(|it| it.clone().into_bytes()).collect();
        if splits.len() + 1 != nodes.len() {
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
            return Err("splits: they must rise".into());
        }
        Ok(Self { splits, numbers })
    }

    fn find(&self, key: &[u8], _: &[u32]) -> Result<usize, String> {
        let Some(numbers) = &self.numbers else {
            return Ok(self.splits.partition_point(|it| it.as_slice() <= key));
        };
        let Some(key) = number(key) else {
            let key = String::from_utf8_lossy(key);
            return Err(format!("splits: they are numbers, and key {key:?} is none"));
        };
        Ok(numbers.partition_point(|it| *it <= key))
    }
}
