use std::collections::BTreeMap;
use std::ops::RangeBounds;

/// The newest writes, sorted, in memory. A `None` marks a deleted key and hides older values below.
#[derive(Debug, Default)]
pub struct Memtable {
    entries: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    bytes: usize,
}

impl Memtable {
    pub fn put(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        let added = key.len() + value.as_ref().map_or(0, Vec::len);
        let key_length = key.len();
        if let Some(old) = self.entries.insert(key, value) {
            self.bytes -= key_length + old.map_or(0, |old| old.len());
        }
        self.bytes += added;
    }

    /// `None`: not here, look further down. `Some(None)`: here, and deleted.
    pub fn get(&self, key: &[u8]) -> Option<Option<&[u8]>> {
        self.entries.get(key).map(|value| value.as_deref())
    }

    pub fn range<R: RangeBounds<Vec<u8>>>(&self, range: R) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.entries.range(range).map(|(key, value)| (key.as_slice(), value.as_deref()))
    }

    /// Approximate heap use, which decides when the table is flushed.
    pub fn approximate_bytes(&self) -> usize {
        self.bytes
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn into_sorted(self) -> impl Iterator<Item = (Vec<u8>, Option<Vec<u8>>)> {
        self.entries.into_iter()
    }
}
