use std::fmt;
use std::io;
use std::path::PathBuf;

pub type Result<T> = std::result::Result<T, Error>;

/// Everything that can go wrong, in words for the operator.
#[derive(Debug)]
pub enum Error {
    Io(io::Error),
    /// A stored checksum and the one of the bytes differ.
    Corrupt { file: PathBuf, offset: u64 },
    /// Another process has the directory open.
    Locked(PathBuf),
    KeyTooLong(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(cause) => write!(f, "input/output error: {cause}"),
            Error::Corrupt { file, offset } => {
                write!(f, "checksum mismatch in {} at byte {offset}", file.display())
            }
            Error::Locked(dir) => write!(f, "database {} is in use by another process", dir.display()),
            Error::KeyTooLong(length) => write!(f, "key of {length} bytes is longer than 65535"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io(cause) => Some(cause),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(cause: io::Error) -> Self {
        Error::Io(cause)
    }
}
