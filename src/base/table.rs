//! A small table of records by id, in the order of ids: a sorted list. Designs are made of these.
//! Why not a `BTreeMap`: its code, made anew for each type of record, was a tenth of the page.

use serde::{Deserialize, Serialize};

/// The table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table<R>(Vec<(String, R)>);

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<R> Table<R> {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    fn find(&self, id: &str) -> Result<usize, usize> {
        // Most tables are filled in order.
        if self.0.last().is_none_or(|it| it.0.as_str() < id) {
            return Err(self.0.len());
        }
        self.0.binary_search_by(|it| it.0.as_str().cmp(id))
    }

    /// The record with this id.
    pub fn get(&self, id: &str) -> Option<&R> {
        self.find(id).ok().map(|at| &self.0[at].1)
    }

    /// The record with this id, to change.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut R> {
        self.find(id).ok().map(|at| &mut self.0[at].1)
    }

    /// Whether there is a record with this id.
    pub fn contains_key(&self, id: &str) -> bool {
        self.find(id).is_ok()
    }

    /// Sets the record with this id and gives back the one before.
    pub fn insert(&mut self, id: String, record: R) -> Option<R> {
        match self.find(&id) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, record)),
            Err(at) => {
                self.0.insert(at, (id, record));
                None
            }
        }
    }

    /// Takes the record with this id out.
    pub fn remove(&mut self, id: &str) -> Option<R> {
        self.find(id).ok().map(|at| self.0.remove(at).1)
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Ids and records, in the order of ids.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&String, &R)> + Clone {
        self.0.iter().map(|it| (&it.0, &it.1))
    }

    /// Ids, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &String> + Clone {
        self.0.iter().map(|it| &it.0)
    }

    /// Records, in the order of ids.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &R> + Clone {
        self.0.iter().map(|it| &it.1)
    }

    /// Records to change, in the order of ids.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut R> {
        self.0.iter_mut().map(|it| &mut it.1)
    }

    /// Ids and records to change, in the order of ids.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&String, &mut R)> {
        self.0.iter_mut().map(|it| (&it.0, &mut it.1))
    }

    /// Takes all records out.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Keeps only the records for which this holds.
    pub fn retain(&mut self, keep: impl Fn(&String, &R) -> bool) {
        self.0.retain(|it| keep(&it.0, &it.1));
    }
}

impl<R> FromIterator<(String, R)> for Table<R> {
    fn from_iter<I: IntoIterator<Item = (String, R)>>(records: I) -> Self {
        let mut table = Self::default();
        table.extend(records);
        table
    }
}

impl<R> Extend<(String, R)> for Table<R> {
    fn extend<I: IntoIterator<Item = (String, R)>>(&mut self, records: I) {
        for (id, record) in records {
            self.insert(id, record);
        }
    }
}

impl<R> IntoIterator for Table<R> {
    type Item = (String, R);
    type IntoIter = std::vec::IntoIter<(String, R)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, R> IntoIterator for &'a Table<R> {
    type Item = (&'a String, &'a R);
    type IntoIter =
        std::iter::Map<std::slice::Iter<'a, (String, R)>, fn(&(String, R)) -> (&String, &R)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|it| (&it.0, &it.1))
    }
}

impl<R> std::ops::Index<&str> for Table<R> {
    type Output = R;
    fn index(&self, id: &str) -> &R {
        self.get(id).expect("the caller knows that the record is there")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::base::keyed::Draws;

    #[test]
    fn behaves_like_a_map() {
        for seed in 0..20 {
            let mut draws = Draws::new(seed);
            let (mut table, mut model) = (Table::new(), BTreeMap::new());
            for step in 0..400 {
                let id = format!("k{}", draws.below(30));
                match draws.below(3) {
                    0 => assert_eq!(table.remove(&id), model.remove(&id), "seed {seed}"),
                    _ => assert_eq!(table.insert(id.clone(), step), model.insert(id, step)),
                }
                assert!(table.iter().eq(model.iter()), "seed {seed}, step {step}");
            }
        }
    }
}
