//! Lists: the group a key belongs to (`de:42` belongs to `de`) has its node, as list partitions have in
//! databases.
//!
//! Source: PostgreSQL documentation, "Table partitioning": list partitioning.

use std::collections::BTreeMap;

use super::{Node, Placement, Settings, find};

/// The node of each group.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    groups: BTreeMap<Vec<u8>, usize>,
}

impl Placement for List {
    fn build(nodes: &[Node], settings: &Settings) -> Result<Self, String> {
        if settings.rows.is_empty() {
            return Err("rows: scheme list needs the node of each group, such as de=a,fr=b".into());
        }
        let row = |(group, node): &(String, String)| {
            Ok((group.clone().into_bytes(), find(nodes, "rows", node)?))
        };
        let groups = settings.rows.iter().map(row).collect::<Result<_, String>>()?;
        Ok(Self { groups })
    }

    fn find(&self, key: &[u8], _: &[u32]) -> Result<usize, String> {
        let group = key.split(|it| *it == b':').next().unwrap_or(key);
        self.groups.get(group).copied().ok_or_else(|| {
            let group = String::from_utf8_lossy(group);
            format!("rows: no node has the group {group:?}")
        })
    }
}
