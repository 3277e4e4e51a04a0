//! The pipelines of a commit: its definitions are written into a folder of their own, and read there like any checkout. What is done
//! with them is `change`'s.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::config::git::Commit;
use crate::model::pipeline::Pipelines;
use crate::pipeline::yaml::MAX_BYTES;
use crate::pipeline::{self, discover};

/// All YAML files together that are written out.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// The pipelines of a commit, below a folder of its repository (empty: all). What is too large to be read is a gap among them, as it is in
/// a checkout.
///
/// # Errors
/// Where git does not tell what the commit holds, or a file cannot be written.
pub(super) fn version(commit: &Commit, below: &str) -> Result<Pipelines, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    // What marks a repository's root.
    fs::create_dir(folder.path().join(".git")).map_err(|error| error.to_string())?;
    let files = commit.files(below).map_err(|error| error.to_string())?;
    let inner = |path: &str| -> Option<String> {
        let inner = if below.is_empty() { path } else { path.strip_prefix(below)?.strip_prefix('/')? };
        (inner.ends_with(".yml") || inner.ends_with(".yaml")).then(|| inner.to_owned())
    };
    let mut files: Vec<(String, String, u64)> =
        files.into_iter().filter_map(|(path, size)| Some((inner(&path)?, path, size))).collect();
    // What the CI systems know by its name goes before what only an include could name.
    files.sort_by_key(|(inner, ..)| discover::kind_of(Path::new(inner)).is_none());
    let mut all = 0;
    for (inner, path, size) in files {
        let target = folder.path().join(inner);
        let fits = size <= MAX_BYTES && all + size <= MOST_BYTES;
        let written = || -> io::Result<()> {
            fs::create_dir_all(target.parent().unwrap_or(folder.path()))?;
            if !fits {
                // A hole of that size stands for it: whoever wants to read the file is told.
                return File::create(&target)?.set_len(size.max(MAX_BYTES + 1));
            }
            let mut text = Vec::new();
            commit.open(&path)?.take(MAX_BYTES).read_to_end(&mut text)?;
            fs::write(&target, text)
        };
        written().map_err(|error| format!("{path}: {error}"))?;
        if fits {
            all += size;
        }
    }
    Ok(pipeline::read(&[folder.path().to_owned()], &pipeline::Options::default()))
}

/// Whether a file of the checkout is what the commit holds under its name; not where either cannot be read.
pub(super) fn same(commit: &Commit, below: &str, file: &str, root: &Path) -> bool {
    let whole = if below.is_empty() { file.to_owned() } else { format!("{below}/{file}") };
    let (Ok(theirs), Ok(ours)) = (commit.open(&whole), File::open(root.join(file))) else { return false };
    equal(theirs, ours).unwrap_or(false)
}

fn equal(one: impl Read, other: impl Read) -> io::Result<bool> {
    let (mut one, mut other) = (io::BufReader::new(one).bytes(), io::BufReader::new(other).bytes());
    loop {
        match (one.next().transpose()?, other.next().transpose()?) {
            (None, None) => return Ok(true),
            (left, right) if left == right => {}
            _ => return Ok(false),
        }
    }
}
