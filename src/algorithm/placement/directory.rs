//! A directory: a table says where a key is, so that any key can be moved by changing one row. Keys
//! that are not in it are where a ring puts them.
//!
//! Source: the lookup services of Corbett et al., "Spanner: Google's globally-distributed database",
//! OSDI 2012, and of MongoDB's config servers.

use std::collections::BTreeMap;

use super::ring::Ring;
use super::{Node, Placement, Settings, find};

/// The rows, and the ring for the rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Directory {
    rows: BTreeMap<Vec<u8>, usize>,
    rest: Ring,
}

impl Placement for Directory {
    fn build(nodes: &[Node], settings: &Settings) -> Result<Self, String> {
        let row = |(key, node): &(String, String)| {
            Ok((key.clone().into_bytes(), find(nodes, "rows", node)?))
        };
        let rows = settings.rows.iter().map(row).collect::<Result<_, String>>()?;
        Ok(Self { rows, rest: Ring::build(nodes, settings)? })
    }

    fn find(&self, key: &[u8], _: &[u32]) -> Result<usize, String> {
        match self.rows.get(key) {
            Some(node) => Ok(*node),
            None => self.rest.find(key, &[]),
        }
    }
}
