use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use crate::compaction;
use crate::error::{Error, Result};
use crate::manifest::Manifest;
use crate::memtable::Memtable;
use crate::table::Table;
use crate::wal::{self, Durability, Record, Wal};

#[derive(Debug, Clone)]
pub struct Options {
    /// Memory that may be filled before it is written out as a table.
    pub flush_bytes: usize,
    pub durability: Durability,
}

impl Default for Options {
    fn default() -> Self {
        Self { flush_bytes: 4 << 20, durability: Durability::EveryWrite }
    }
}

/// The database: what callers see.
pub struct Store {
    dir: PathBuf,
    options: Options,
    wal: Wal,
    memtable: Memtable,
    tables: Vec<Table>,
    manifest: Manifest,
    _lock: DirLock,
}

impl Store {
    /// Opens or creates a database, and takes in what a crash has left in the log.
    pub fn open(dir: &Path, options: Options) -> Result<Self> {
        fs::create_dir_all(dir)?;
        let lock = DirLock::acquire(dir)?;
        let manifest = Manifest::load(dir)?;
        let log = dir.join("wal.log");
        let mut memtable = Memtable::default();
        for record in wal::replay(&log)? {
            memtable.put(record.key, record.value);
        }
        let wal = Wal::open(&log, options.durability)?;
        let tables = manifest
            .tables
            .iter()
            .map(|&generation| Table::open(&dir.join(format!("{generation:08}.table")), generation))
            .collect::<Result<Vec<_>>>()?;
        Ok(Self { dir: dir.to_owned(), options, wal, memtable, tables, manifest, _lock: lock })
    }

    pub fn set(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        self.write(Record { key: key.to_vec(), value: Some(value.to_vec()) })
    }

    pub fn delete(&mut self, key: &[u8]) -> Result<()> {
        self.write(Record { key: key.to_vec(), value: None })
    }

    /// Looks in memory first, then in the tables from newest to oldest.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        if let Some(value) = self.memtable.get(key) {
            return Ok(value.map(<[u8]>::to_vec));
        }
        for table in &self.tables {
            if let Some(value) = table.get(key)? {
                return Ok(value);
            }
        }
        Ok(None)
    }

    fn write(&mut self, record: Record) -> Result<()> {
        self.wal.append(&record)?;
        self.memtable.put(record.key, record.value);
        if self.memtable.approximate_bytes() >= self.options.flush_bytes {
            self.flush()?;
        }
        Ok(())
    }

    /// Turns memory into a table. The log is emptied last: a crash in between repeats work but loses none.
    pub fn flush(&mut self) -> Result<()> {
        if self.memtable.is_empty() {
            return Ok(());
        }
        let generation = self.manifest.next_generation;
        let memtable = std::mem::take(&mut self.memtable);
        let entries: Vec<_> = memtable.into_sorted().collect();
        let count = entries.len();
        let path = self.dir.join(format!("{generation:08}.table"));
        self.tables.insert(0, Table::write(&path, generation, entries.into_iter(), count)?);
        self.manifest.next_generation += 1;
        self.manifest.tables.insert(0, generation);
        self.manifest.save(&self.dir)?;
        self.wal.truncate()?;
        self.compact()
    }

    fn compact(&mut self) -> Result<()> {
        let sizes = self.tables.iter().map(|table| Ok(fs::metadata(&table.path)?.len())).collect::<Result<Vec<_>>>()?;
        let Some(range) = compaction::pick(&sizes) else {
            return Ok(());
        };
        let generation = self.manifest.next_generation;
        let oldest = range.end == self.tables.len();
        let merged = compaction::merge(&self.tables[range.clone()], oldest, generation, &self.dir)?;
        let replaced: Vec<Table> = self.tables.splice(range, [merged]).collect();
        self.manifest.next_generation += 1;
        self.manifest.tables = self.tables.iter().map(|table| table.generation).collect();
        self.manifest.save(&self.dir)?;
        for table in replaced {
            fs::remove_file(&table.path)?;
        }
        Ok(())
    }
}

/// Keeps two processes from opening one database: the file exists as long as its owner does.
struct DirLock(PathBuf);

impl DirLock {
    fn acquire(dir: &Path) -> Result<Self> {
        let path = dir.join("LOCK");
        let created: std::io::Result<File> = OpenOptions::new().write(true).create_new(true).open(&path);
        match created {
            Ok(_) => Ok(Self(path)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(Error::Locked(dir.to_owned())),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for DirLock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
