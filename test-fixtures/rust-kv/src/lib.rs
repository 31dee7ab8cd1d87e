//! A log-structured key-value store: writes go to a log and to memory, memory becomes sorted tables.

pub mod bloom;
pub mod cache;
pub mod compaction;
pub mod crc;
pub mod error;
pub mod iter;
pub mod manifest;
pub mod memtable;
pub mod store;
pub mod table;
pub mod wal;

pub use error::{Error, Result};
pub use store::{Options, Store};
