//! Sorted tables: immutable files of key-value pairs, with an index of every n-th key.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::bloom::BloomFilter;
use crate::error::{Error, Result};

/// A key is indexed each time this many bytes have been written.
const INDEX_EVERY: u64 = 4096;
const TOMBSTONE: u32 = u32::MAX;

pub type Entry = (Vec<u8>, Option<Vec<u8>>);

/// An open table. The sparse index and the filter live in memory, the pairs on disk.
pub struct Table {
    pub path: PathBuf,
    pub generation: u64,
    index: Vec<(Vec<u8>, u64)>,
    filter: BloomFilter,
    length: u64,
}

impl Table {
    /// Writes entries, which must come in ascending order of key.
    pub fn write(path: &Path, generation: u64, entries: impl Iterator<Item = Entry>, expected: usize) -> Result<Self> {
        let mut out = BufWriter::new(File::create(path)?);
        let mut filter = BloomFilter::with_rate(expected, 0.01);
        let mut index = Vec::new();
        let mut offset = 0u64;
        let mut next_mark = 0u64;
        for (key, value) in entries {
            if key.len() > usize::from(u16::MAX) {
                return Err(Error::KeyTooLong(key.len()));
            }
            if offset >= next_mark {
                index.push((key.clone(), offset));
                next_mark = offset + INDEX_EVERY;
            }
            filter.insert(&key);
            let value_length = value.as_ref().map_or(TOMBSTONE, |value| value.len() as u32);
            out.write_all(&(key.len() as u16).to_le_bytes())?;
            out.write_all(&value_length.to_le_bytes())?;
            out.write_all(&key)?;
            out.write_all(value.as_deref().unwrap_or_default())?;
            offset += 6 + key.len() as u64 + value.map_or(0, |value| value.len() as u64);
        }
        out.into_inner().map_err(|error| error.into_error())?.sync_all()?;
        Ok(Self { path: path.to_owned(), generation, index, filter, length: offset })
    }

    /// Opens a finished table and rebuilds its index and filter from one pass over the file.
    pub fn open(path: &Path, generation: u64) -> Result<Self> {
        let length = std::fs::metadata(path)?.len();
        let filter = BloomFilter::with_rate(1, 0.01);
        let mut table = Self { path: path.to_owned(), generation, index: Vec::new(), filter, length };
        let mut keys = Vec::new();
        let mut entries = table.entries()?;
        let mut next_mark = 0u64;
        loop {
            let offset = length - entries.left;
            let Some(entry) = entries.next() else { break };
            let (key, _) = entry?;
            if offset >= next_mark {
                table.index.push((key.clone(), offset));
                next_mark = offset + INDEX_EVERY;
            }
            keys.push(key);
        }
        table.filter = BloomFilter::with_rate(keys.len(), 0.01);
        keys.iter().for_each(|key| table.filter.insert(key));
        Ok(table)
    }

    /// Finds the last indexed key that is not greater, then reads on from there.
    pub fn get(&self, key: &[u8]) -> Result<Option<Option<Vec<u8>>>> {
        if !self.filter.may_contain(key) {
            return Ok(None);
        }
        let slot = self.index.partition_point(|(indexed, _)| indexed.as_slice() <= key);
        let Some((_, start)) = slot.checked_sub(1).and_then(|slot| self.index.get(slot)) else {
            return Ok(None);
        };
        for entry in self.entries_from(*start)? {
            let (found, value) = entry?;
            if found.as_slice() == key {
                return Ok(Some(value));
            }
            if found.as_slice() > key {
                break;
            }
        }
        Ok(None)
    }

    pub fn entries(&self) -> Result<TableIter> {
        self.entries_from(0)
    }

    fn entries_from(&self, start: u64) -> Result<TableIter> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(start))?;
        Ok(TableIter { reader: std::io::BufReader::new(file), left: self.length - start })
    }
}

pub struct TableIter {
    reader: std::io::BufReader<File>,
    left: u64,
}

impl TableIter {
    fn read_entry(&mut self) -> Result<Entry> {
        let mut header = [0u8; 6];
        self.reader.read_exact(&mut header)?;
        let mut key = vec![0u8; u16::from_le_bytes([header[0], header[1]]) as usize];
        self.reader.read_exact(&mut key)?;
        let value_length = u32::from_le_bytes([header[2], header[3], header[4], header[5]]);
        self.left -= 6 + key.len() as u64;
        if value_length == TOMBSTONE {
            return Ok((key, None));
        }
        let mut value = vec![0u8; value_length as usize];
        self.reader.read_exact(&mut value)?;
        self.left -= u64::from(value_length);
        Ok((key, Some(value)))
    }
}

impl Iterator for TableIter {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        (self.left > 0).then(|| self.read_entry())
    }
}
