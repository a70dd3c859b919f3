//! A key space in pieces, to be split and joined: what range sharding is told. Pieces are half open:
//! each goes from its first key up to the next one's, and the last has no end.
//!
//! Source: Chang et al., "Bigtable: a distributed storage system for structured data", OSDI 2006
//! (tablets split when they grow and merge when they shrink).

use std::fmt;

/// Pieces at most.
const PIECES_MAX: usize = 256;

/// First key and node of each piece, in the order of the keys; there is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pieces(Vec<(u64, String)>);

impl Pieces {
    /// Equal pieces of the keys below `keys`, one for each name; with fewer keys than names, some have
    /// none.
    pub fn even(keys: u64, names: &[String]) -> Self {
        let count = names.len().max(1) as u64;
        let first = |at: u64| keys * at / count;
        let some = |it: &(u64, &String)| first(it.0) < first(it.0 + 1);
        let piece = |(at, name): (u64, &String)| (first(at), name.clone());
        Self((0..).zip(names).filter(some).map(piece).collect())
    }

    /// Reads `0=A, 10000=B, 20000=C`. An error says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces: Vec<(u64, String)> = Vec::new();
        for piece in text.split(',').map(str::trim).filter(|it| !it.is_empty()) {
            let read = piece.split_once('=');
            let read =
                read.and_then(|it| Some((it.0.trim().parse().ok()?, it.1.trim().to_owned())));
            let (first, node): (u64, String) =
                read.filter(|it| !it.1.is_empty()).ok_or_else(|| {
                    format!("{piece:?} is no first key and its shard, such as 10000=B")
                })?;
            if pieces.last().is_some_and(|it| it.0 >= first) {
                return Err(format!("{first} comes after a key that is not lower"));
            }
            pieces.push((first, node));
        }
        match pieces.first() {
            None => Err("there must be one piece at least, such as 0=A".into()),
            Some((first, _)) if *first > 0 => Err(format!("nobody has the keys below {first}")),
            Some(_) if pieces.len() > PIECES_MAX => Err(format!("at most {PIECES_MAX} pieces")),
            Some(_) => Ok(Self(pieces)),
        }
    }

    /// First key and node of each piece.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u64, &str)> {
        self.0.iter().map(|it| (it.0, it.1.as_str()))
    }

    /// The index of the piece that a key lies in.
    fn piece(&self, key: u64) -> usize {
        self.0.partition_point(|it| it.0 <= key).saturating_sub(1)
    }

    /// The node that has a key.
    pub fn node(&self, key: u64) -> &str {
        &self.0[self.piece(key)].1
    }

    /// The keys from `at` on, up to the end of the piece they lie in, go to a node. False if a piece
    /// begins there already, or there are too many.
    pub fn split(&mut self, at: u64, node: &str) -> bool {
        let piece = self.piece(at);
        if self.0[piece].0 == at || self.0.len() >= PIECES_MAX {
            return false;
        }
        self.0.insert(piece + 1, (at, node.to_owned()));
        true
    }

    /// The piece that begins at a key becomes part of the one before. False if there is none.
    pub fn merge(&mut self, first: u64) -> bool {
        let piece = self.piece(first);
        if piece == 0 || self.0[piece].0 != first {
            return false;
        }
        self.0.remove(piece);
        true
    }

    /// First keys and nodes as [`super::Settings::rows`] has them.
    pub fn rows(&self) -> Vec<(String, String)> {
        self.0.iter().map(|it| (it.0.to_string(), it.1.clone())).collect()
    }
}

impl fmt::Display for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, node)) in self.0.iter().enumerate() {
            write!(f, "{}{first}={node}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}
