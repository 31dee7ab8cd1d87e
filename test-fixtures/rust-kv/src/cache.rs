use std::collections::HashMap;
use std::hash::Hash;

/// Keeps what was read lately; the entry that nobody has asked for longest goes first.
pub struct LruCache<K, V> {
    slots: HashMap<K, (V, u64)>,
    capacity: usize,
    clock: u64,
    pub hits: u64,
    pub misses: u64,
}

impl<K: Eq + Hash + Clone, V> LruCache<K, V> {
    pub fn new(capacity: usize) -> Self {
        Self { slots: HashMap::with_capacity(capacity), capacity, clock: 0, hits: 0, misses: 0 }
    }

    pub fn get(&mut self, key: &K) -> Option<&V> {
        self.clock += 1;
        match self.slots.get_mut(key) {
            Some((value, used)) => {
                *used = self.clock;
                self.hits += 1;
                Some(value)
            }
            None => {
                self.misses += 1;
                None
            }
        }
    }

    pub fn insert(&mut self, key: K, value: V) {
        self.clock += 1;
        if self.slots.len() >= self.capacity && !self.slots.contains_key(&key) {
            self.evict();
        }
        self.slots.insert(key, (value, self.clock));
    }

    /// A scan of all slots: the cache holds a few hundred blocks, where a linked list would not pay.
    fn evict(&mut self) {
        let oldest = self.slots.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| key.clone());
        if let Some(key) = oldest {
            self.slots.remove(&key);
        }
    }
}
