//! The list of tables that make up the database. Replaced as a whole, so that it is never half new.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::crc::crc32c;
use crate::error::{Error, Result};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Generations of the live tables, newest first.
    pub tables: Vec<u64>,
    pub next_generation: u64,
}

impl Manifest {
    fn path(dir: &Path) -> PathBuf {
        dir.join("MANIFEST")
    }

    pub fn load(dir: &Path) -> Result<Self> {
        let path = Self::path(dir);
        if !path.exists() {
            return Ok(Self { tables: Vec::new(), next_generation: 1 });
        }
        let text = fs::read_to_string(&path)?;
        let (checksum, body) = text.split_once('\n').unwrap_or_default();
        if checksum != format!("{:08x}", crc32c(body.as_bytes())) {
            return Err(Error::Corrupt { file: path, offset: 0 });
        }
        let mut numbers = body.split_whitespace().filter_map(|word| word.parse().ok());
        let next_generation = numbers.next().unwrap_or(1);
        Ok(Self { tables: numbers.collect(), next_generation })
    }

    /// Writes beside, syncs, renames; then syncs the directory, or the new name itself might be lost.
    pub fn save(&self, dir: &Path) -> Result<()> {
        let mut body = self.next_generation.to_string();
        for table in &self.tables {
            body.push_str(&format!(" {table}"));
        }
        let temporary = dir.join("MANIFEST.new");
        let mut file = File::create(&temporary)?;
        write!(file, "{:08x}\n{body}", crc32c(body.as_bytes()))?;
        file.sync_all()?;
        fs::rename(&temporary, Self::path(dir))?;
        File::open(dir)?.sync_all()?;
        Ok(())
    }
}
