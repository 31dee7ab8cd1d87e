//! CRC-32C (Castagnoli), by table.

const POLYNOMIAL: u32 = 0x82f6_3b78;

const fn make_table() -> [u32; 256] {
    let mut table = [0u32; 256];
    let mut i = 0;
    while i < 256 {
        let mut value = i as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ POLYNOMIAL } else { value >> 1 };
            bit += 1;
        }
        table[i] = value;
        i += 1;
    }
    table
}

static TABLE: [u32; 256] = make_table();

/// Checksum of `bytes`.
pub fn crc32c(bytes: &[u8]) -> u32 {
    extend(0, bytes)
}

/// Continues a checksum over more bytes, as if both pieces had been one.
pub fn extend(crc: u32, bytes: &[u8]) -> u32 {
    let mut state = !crc;
    for &byte in bytes {
        state = TABLE[((state ^ u32::from(byte)) & 0xff) as usize] ^ (state >> 8);
    }
    !state
}

/// Hides a checksum that is stored among data which is itself checksummed: a CRC over bytes that contain
/// their own CRC is always the same number and would detect nothing.
pub fn mask(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_value() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn pieces_equal_the_whole() {
        assert_eq!(extend(crc32c(b"hello "), b"world"), crc32c(b"hello world"));
    }
}
