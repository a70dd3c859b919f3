//! Partition pruning: which nodes a query over neighbouring keys has to ask. Where ranges say whose
//! keys are whose, few; where a hash does, soon all.
//!
//! Source: PostgreSQL documentation, "Partition Pruning".

use super::Placed;

/// Keys looked at one by one, at most.
const KEYS_MAX: u64 = 1_000_000;

/// The numbers of the nodes that hold keys from `from` to `to`, both included, rising. Keys are
/// written as their numbers. Errors name the setting first.
pub fn concerned(placed: &Placed, from: u64, to: u64) -> Result<Vec<usize>, String> {
    if to < from {
        return Err(format!("between: {to} is below {from}"));
    }
    let mut nodes = match placed {
        Placed::Range(range) => range.touched(from.into(), to.into()),
        _ => None,
    };
    if nodes.is_none() {
        if to - from >= KEYS_MAX {
            return Err(format!("between: at most {KEYS_MAX} keys, where ranges do not say it"));
        }
        let mut seen = Vec::new();
        for key in from..=to {
            let node = placed.find(key.to_string().as_bytes(), &[])?;
            if !seen.contains(&node) {
                seen.push(node);
            }
        }
        nodes = Some(seen);
    }
    let mut nodes = nodes.unwrap_or_default();
    nodes.sort_unstable();
    Ok(nodes)
}
