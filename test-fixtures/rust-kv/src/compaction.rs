//! Merges tables in the background, to win back the space of what was overwritten or deleted.

use std::path::Path;

use crate::error::Result;
use crate::iter::MergeIter;
use crate::table::Table;

/// Tables of about the same size are merged once there are this many of them.
const TABLES_PER_TIER: usize = 4;
/// A table belongs to the tier of its neighbour unless it is this many times larger.
const SIZE_RATIO: u64 = 3;

/// Which tables to merge, as a range of positions in the list ordered from newest to oldest.
pub fn pick(sizes: &[u64]) -> Option<std::ops::Range<usize>> {
    let mut start = 0;
    while start < sizes.len() {
        let smallest = sizes[start].max(1);
        let end = sizes[start..]
            .iter()
            .position(|&size| size > smallest * SIZE_RATIO)
            .map_or(sizes.len(), |offset| start + offset);
        if end - start >= TABLES_PER_TIER {
            return Some(start..end);
        }
        start = end.max(start + 1);
    }
    None
}

/// Writes the merged table. A deletion mark may go only when no older table is left below, or the value that
/// it hides would come back to life.
pub fn merge(tables: &[Table], includes_oldest: bool, generation: u64, dir: &Path) -> Result<Table> {
    let sources = tables.iter().map(Table::entries).collect::<Result<Vec<_>>>()?;
    let mut entries = Vec::new();
    for entry in MergeIter::new(sources)? {
        let (key, value) = entry?;
        if value.is_none() && includes_oldest {
            continue;
        }
        entries.push((key, value));
    }
    let count = entries.len();
    Table::write(&dir.join(format!("{generation:08}.table")), generation, entries.into_iter(), count)
}

#[cfg(test)]
mod tests {
    use super::pick;

    #[test]
    fn few_tables_are_left_alone() {
        assert_eq!(pick(&[10, 11, 12]), None);
    }

    #[test]
    fn a_large_old_table_is_not_rewritten_for_four_small_ones() {
        assert_eq!(pick(&[10, 12, 9, 14, 900]), Some(0..4));
    }
}
