//! A filter that answers "certainly not here" or "perhaps", and so spares most reads of the disk.

/// Bits for a set of keys; never wrong when it says no.
#[derive(Debug, Clone)]
pub struct BloomFilter {
    bits: Vec<u64>,
    probes: u32,
}

impl BloomFilter {
    /// Sized for `keys` keys and a share of false alarms such as 0.01.
    pub fn with_rate(keys: usize, false_positive_rate: f64) -> Self {
        let ln2 = std::f64::consts::LN_2;
        let bits = (-(keys.max(1) as f64) * false_positive_rate.ln() / (ln2 * ln2)).ceil() as usize;
        let words = bits.div_ceil(64).max(1);
        let probes = ((words * 64) as f64 / keys.max(1) as f64 * ln2).round().clamp(1.0, 16.0) as u32;
        Self { bits: vec![0; words], probes }
    }

    pub fn insert(&mut self, key: &[u8]) {
        for bit in positions(key, self.probes, self.bits.len() * 64) {
            self.bits[bit / 64] |= 1 << (bit % 64);
        }
    }

    pub fn may_contain(&self, key: &[u8]) -> bool {
        positions(key, self.probes, self.bits.len() * 64).all(|bit| self.bits[bit / 64] & (1 << (bit % 64)) != 0)
    }
}

/// Two hashes are enough to make as many as needed: the n-th is `first + n * second`.
fn positions(key: &[u8], probes: u32, size: usize) -> impl Iterator<Item = usize> {
    let first = fnv1a(key, 0xcbf2_9ce4_8422_2325);
    let second = fnv1a(key, 0x9e37_79b9_7f4a_7c15) | 1;
    (0..u64::from(probes)).map(move |n| (first.wrapping_add(n.wrapping_mul(second)) % size as u64) as usize)
}

fn fnv1a(key: &[u8], seed: u64) -> u64 {
    key.iter().fold(seed, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_in_is_always_found() {
        let mut filter = BloomFilter::with_rate(1000, 0.01);
        for n in 0u32..1000 {
            filter.insert(&n.to_le_bytes());
        }
        assert!((0u32..1000).all(|n| filter.may_contain(&n.to_le_bytes())));
    }

    #[test]
    fn false_alarms_are_rare() {
        let mut filter = BloomFilter::with_rate(1000, 0.01);
        for n in 0u32..1000 {
            filter.insert(&n.to_le_bytes());
        }
        let wrong = (1000u32..11_000).filter(|n| filter.may_contain(&n.to_le_bytes())).count();
        assert!(wrong < 300, "{wrong} of 10000");
    }
}
