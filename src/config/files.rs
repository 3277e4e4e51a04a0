//! The files that a configuration names, from the working tree or from the protected ref. What is in them is read elsewhere.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Where the configuration, and every file that it names, is read from.
#[derive(Debug, Clone)]
pub enum Files {
    /// The working tree: paths are relative to this folder (that of the configuration file).
    Tree(PathBuf),
}

impl Files {
    /// Opens a file that the configuration names.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Self::Tree(base) => Ok(Box::new(std::fs::File::open(base.join(Path::new(path)))?)),
        }
    }
}
