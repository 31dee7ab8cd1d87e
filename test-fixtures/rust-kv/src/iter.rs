use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::error::Result;
use crate::table::{Entry, TableIter};

struct Head {
    entry: Entry,
    /// Lower is newer.
    source: usize,
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Head {}
impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap gives the greatest first; we want the smallest key, and of equal keys the newest.
        other.entry.0.cmp(&self.entry.0).then(other.source.cmp(&self.source))
    }
}

/// Walks several sorted sources as if they were one, yielding each key once with its newest value.
pub struct MergeIter {
    sources: Vec<TableIter>,
    heap: BinaryHeap<Head>,
    last: Option<Vec<u8>>,
}

impl MergeIter {
    /// `sources` from newest to oldest.
    pub fn new(sources: Vec<TableIter>) -> Result<Self> {
        let mut merge = Self { heap: BinaryHeap::with_capacity(sources.len()), sources, last: None };
        for source in 0..merge.sources.len() {
            merge.refill(source)?;
        }
        Ok(merge)
    }

    fn refill(&mut self, source: usize) -> Result<()> {
        if let Some(entry) = self.sources[source].next() {
            self.heap.push(Head { entry: entry?, source });
        }
        Ok(())
    }
}

impl Iterator for MergeIter {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(Head { entry, source }) = self.heap.pop() {
            if let Err(error) = self.refill(source) {
                return Some(Err(error));
            }
            if self.last.as_ref() != Some(&entry.0) {
                self.last = Some(entry.0.clone());
                return Some(Ok(entry));
            }
        }
        None
    }
}
