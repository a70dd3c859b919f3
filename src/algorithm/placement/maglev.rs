//! Maglev: nodes take turns to claim rows of a table, each in an order of its own, until all rows are
//! taken. Shares differ by very little; a change of nodes moves a few keys between survivors.
//!
//! Source: Eisenbud et al., "Maglev: a fast and reliable software network load balancer", NSDI
//! 2016, section 3.4. A node of weight w takes w turns where the heaviest takes its own weight's.

use super::{Node, Placement, Settings};
use crate::algorithm::hashing::Hash;
use crate::base::draw::mix;

/// The node of each row.
#[derive(Clone, Debug, PartialEq)]
pub struct Maglev {
    hash: Hash,
    table: Vec<u32>,
}

const FREE: u32 = u32::MAX;

fn is_prime(number: u32) -> bool {
    let divides = |it: &u32| number.is_multiple_of(*it);
    number > 1 && !(2..).take_while(|it| u64::from(*it).pow(2) <= number.into()).any(|it| divides(&it))
}

impl Maglev {
    /// The number of the node in each row.
    pub fn table(&self) -> &[u32] {
        &self.table
    }
}

impl Placement for Maglev {
    const WEIGHS: bool = true;

    fn build(nodes: &[Node], settings: &Settings) -> Result<Self, String> {
        let (hash, rows) = (settings.hash, settings.table);
        if !(3..=100_000_007).contains(&rows) || !is_prime(rows) {
            let prime = (rows.clamp(3, 100_000_007)..).find(|it| is_prime(*it)).unwrap_or(65_537);
            return Err(format!("table: {rows} is not a prime from 3 to 100000007; {prime} is"));
        }
        if nodes.len() as u64 > u64::from(rows) {
            return Err(format!("table: {rows} rows are too few for {} nodes", nodes.len()));
        }
        let rows = u64::from(rows);
        // Offset and skip of each node: its next row, and the step to the one after that.
        let mut walks: Vec<(u64, u64)> = nodes
            .iter()
            .map(|node| {
                let name = hash.of(node.name.as_bytes());
                (mix(name) % rows, mix(!name) % (rows - 1) + 1)
            })
            .collect();
        let most = nodes.iter().map(|it| u64::from(it.weight)).max().unwrap_or(1);
        let mut table = vec![FREE; rows as usize];
        let (mut free, mut round) = (rows, 0u64);
        'rounds: loop {
            for (number, (next, skip)) in walks.iter_mut().enumerate() {
                let weight = u64::from(nodes[number].weight);
                if (round + 1) * weight / most == round * weight / most {
                    continue;
                }
                while table[*next as usize] != FREE {
                    *next = (*next + *skip) % rows;
                }
                table[*next as usize] = number as u32;
                free -= 1;
                if free == 0 {
                    break 'rounds;
                }
            }
            round += 1;
        }
        Ok(Self { hash, table })
    }

    fn find(&self, key: &[u8], _: &[u32]) -> Result<usize, String> {
        Ok(self.table[(self.hash.of(key) % self.table.len() as u64) as usize] as usize)
    }
}
