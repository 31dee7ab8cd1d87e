//! The write-ahead log. A record is on disk before the caller is told that its write has happened.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use crate::crc::{crc32c, mask};
use crate::error::Result;

/// One change of the store. `None` is a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub key: Vec<u8>,
    pub value: Option<Vec<u8>>,
}

/// When the disk is asked to really write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// After each write: slow, loses nothing.
    EveryWrite,
    /// When the operating system sees fit: a crash of the machine may lose the last second.
    Lazy,
}

pub struct Wal {
    file: File,
    path: PathBuf,
    durability: Durability,
}

impl Wal {
    pub fn open(path: &Path, durability: Durability) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file, path: path.to_owned(), durability })
    }

    /// Layout: masked checksum, payload length, payload; all numbers little-endian.
    pub fn append(&mut self, record: &Record) -> Result<()> {
        let payload = encode(record);
        let mut frame = Vec::with_capacity(payload.len() + 8);
        frame.extend_from_slice(&mask(crc32c(&payload)).to_le_bytes());
        frame.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        frame.extend_from_slice(&payload);
        // One write call, so that two threads' frames cannot interleave.
        self.file.write_all(&frame)?;
        if self.durability == Durability::EveryWrite {
            self.file.sync_data()?;
        }
        Ok(())
    }

    /// Starts over with an empty log, after its records have reached a table.
    pub fn truncate(&mut self) -> Result<()> {
        self.file.set_len(0)?;
        self.file.sync_all()?;
        Ok(())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Reads back what was written before a crash. The tail may be half a record, because the power went in the
/// middle of it: reading stops at the first frame that is short or whose checksum is wrong, and what came
/// before it counts.
pub fn replay(path: &Path) -> Result<Vec<Record>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut reader = BufReader::new(file);
    let mut records = Vec::new();
    let mut header = [0u8; 8];
    while reader.read_exact(&mut header).is_ok() {
        let expected = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
        let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        let mut payload = vec![0u8; length as usize];
        if reader.read_exact(&mut payload).is_err() || mask(crc32c(&payload)) != expected {
            break;
        }
        match decode(&payload) {
            Some(record) => records.push(record),
            None => break,
        }
    }
    Ok(records)
}

fn encode(record: &Record) -> Vec<u8> {
    let mut out = Vec::new();
    out.push(u8::from(record.value.is_some()));
    out.extend_from_slice(&(record.key.len() as u16).to_le_bytes());
    out.extend_from_slice(&record.key);
    out.extend_from_slice(record.value.as_deref().unwrap_or_default());
    out
}

fn decode(payload: &[u8]) -> Option<Record> {
    let (&kind, rest) = payload.split_first()?;
    let length = u16::from_le_bytes([*rest.first()?, *rest.get(1)?]) as usize;
    let key = rest.get(2..2 + length)?.to_vec();
    let value = rest.get(2 + length..)?.to_vec();
    Some(Record { key, value: (kind == 1).then_some(value) })
}
