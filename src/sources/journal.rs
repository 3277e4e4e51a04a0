//! The journal of a scan: each part that was read, appended as it comes, authenticated like a snapshot. An interrupted scan goes on from
//! it; a finished one removes it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::model::inventory::Inventory;

use super::Journal;
use super::snapshot::{Head, Keys};

/// How every head begins.
const BEGINNING: &str = "{\"schema\":\"driftgate/snapshot/v1\"";

/// A head longer than this is none.
const MOST_HEAD: u64 = 64 * 1024;

/// A journal in a file.
#[derive(Debug)]
pub struct FileJournal {
    path: PathBuf,
    keys: Keys,
    now: Timestamp,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    /// Where each part's body stands.
    parts: BTreeMap<(String, String), (Head, u64)>,
    /// The oldest part that was recalled, by source.
    oldest: BTreeMap<String, Timestamp>,
    broken: bool,
}

impl FileJournal {
    /// Opens the journal beside a snapshot, with what an interrupted scan has left of not before `oldest`.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn open(snapshot: &Path, keys: Keys, now: Timestamp, oldest: Timestamp) -> io::Result<Self> {
        let mut name = snapshot.file_name().unwrap_or_default().to_owned();
        name.push(".partial");
        let path = snapshot.with_file_name(name);
        let mut options = fs::OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path)?;
        let (parts, end) = heads(&file, oldest)?;
        if end == 0 && !is_journal(&mut file)? {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "another file stands there"));
        }
        // What is too old to be recalled is not kept either.
        let end = if parts.is_empty() { 0 } else { end };
        // A part that was cut off in the middle is written again.
        file.set_len(end)?;
        file.seek(SeekFrom::End(0))?;
        let state = State { file, parts, oldest: BTreeMap::new(), broken: false };
        Ok(Self { path, keys, now, state: Mutex::new(state) })
    }

    /// How many parts an interrupted scan has left.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).parts.len()
    }

    /// When the oldest part of a source's was read: now, where nothing was recalled.
    #[must_use]
    pub fn oldest(&self, source: &str) -> Timestamp {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.oldest.get(source).copied().unwrap_or(self.now)
    }

    /// Removes it: the snapshot is whole.
    pub fn finish(&self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether a file without a whole part is a journal that was cut off in its first, or empty.
fn is_journal(file: &mut File) -> io::Result<bool> {
    let mut start = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    Read::by_ref(file).take(BEGINNING.len() as u64).read_to_end(&mut start)?;
    Ok(BEGINNING.as_bytes().starts_with(&start))
}

type Parts = BTreeMap<(String, String), (Head, u64)>;

/// The heads of all whole parts, with the places of their bodies, and where the last whole part ends.
fn heads(file: &File, oldest: Timestamp) -> io::Result<(Parts, u64)> {
    let length = file.metadata()?.len();
    let mut reader = BufReader::new(file);
    reader.seek(SeekFrom::Start(0))?;
    let mut parts = Parts::new();
    let mut at = 0u64;
    loop {
        let mut line = Vec::new();
        let read = reader.by_ref().take(MOST_HEAD).read_until(b'\n', &mut line)? as u64;
        let Ok(head) = serde_json::from_slice::<Head>(&line) else { break };
        let body = at + read;
        let end = body.saturating_add(head.length as u64).saturating_add(1);
        if end > length {
            break;
        }
        reader.seek(SeekFrom::Start(end))?;
        at = end;
        if head.at >= oldest
            && let Some(part) = head.part.clone()
        {
            parts.insert((head.source.clone(), part), (head, body));
        }
    }
    Ok((parts, at))
}

impl Journal for FileJournal {
    fn recall(&self, source: &str, part: &str) -> Option<Inventory> {
        let key = self.keys.of(source)?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (head, at) = state.parts.get(&(source.to_owned(), part.to_owned()))?.clone();
        let mut body = vec![0; head.length];
        let read = state.file.seek(SeekFrom::Start(at)).and_then(|_| state.file.read_exact(&mut body));
        let _ = state.file.seek(SeekFrom::End(0));
        if read.is_err() || !head.is_authentic(key, &body) {
            return None;
        }
        let inventory = serde_json::from_slice(&body).ok()?;
        let oldest = state.oldest.entry(source.to_owned()).or_insert(head.at);
        *oldest = head.at.min(*oldest);
        Some(inventory)
    }

    fn keep(&self, source: &str, part: &str, inventory: &Inventory) {
        let (Some(key), Ok(body)) = (self.keys.of(source), serde_json::to_vec(inventory)) else { return };
        let mut bytes = Vec::with_capacity(body.len() + 512);
        let head = Head::new(source, "", Some(part), self.now, &body);
        if head.write(key, &body, &mut bytes).is_err() {
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.broken {
            return;
        }
        // A full disk costs the resumption, not the scan.
        if let Err(error) = state.file.write_all(&bytes).and_then(|()| state.file.flush()) {
            tracing::warn!("the journal cannot be written ({}): an interrupted scan begins anew", error.kind());
            state.broken = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Id;
    use crate::model::inventory::Slot;
    use crate::secret::Secret;

    fn keys(token: &str) -> Keys {
        let key = Secret::new(token.to_owned()).derive("snapshot");
        Keys { configured: None, own: BTreeMap::from([("github".to_owned(), key)]) }
    }

    fn slots(name: &str) -> Inventory {
        Inventory { slots: vec![Slot::bare(Id::env(name))], ..Inventory::default() }
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_interrupted_scan_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("snapshot");
        let (noon, later) = (time("2026-06-01T12:00:00Z"), time("2026-06-01T13:00:00Z"));
        let first = FileJournal::open(&file, keys("a"), noon, noon).unwrap();
        assert_eq!((first.parts(), first.recall("github", "acme/a")), (0, None));
        first.keep("github", "acme/a", &slots("A"));
        first.keep("github", "acme/b", &slots("B"));
        drop(first);
        // Interrupted while a part was written.
        let partial = folder.path().join("snapshot.partial");
        let whole = fs::read(&partial).unwrap();
        for cut in 1..=whole.len() / 2 - 1 {
            fs::write(&partial, &whole[..whole.len() - cut]).unwrap();
            let again = FileJournal::open(&file, keys("a"), later, noon).unwrap();
            assert_eq!((again.parts(), again.recall("github", "acme/b")), (1, None), "{cut}");
            assert_eq!(again.recall("github", "acme/a"), Some(slots("A")));
            assert_eq!(again.oldest("github"), noon);
            again.keep("github", "acme/b", &slots("C"));
            drop(again);
            let third = FileJournal::open(&file, keys("a"), later, noon).unwrap();
            assert_eq!(third.recall("github", "acme/b"), Some(slots("C")), "{cut}");
        }
    }

    #[test]
    fn what_is_old_or_anothers_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("snapshot");
        let (noon, later) = (time("2026-06-01T12:00:00Z"), time("2026-06-01T13:00:00Z"));
        FileJournal::open(&file, keys("a"), noon, noon).unwrap().keep("github", "acme/a", &slots("A"));
        let other = FileJournal::open(&file, keys("b"), later, noon).unwrap();
        assert_eq!(other.recall("github", "acme/a"), None);
        let own = FileJournal::open(&file, keys("a"), later, noon).unwrap();
        assert_eq!(own.recall("github", "acme/a"), Some(slots("A")));
        // What is too old is dropped, and what is no journal is let be.
        assert_eq!(FileJournal::open(&file, keys("a"), later, later).unwrap().parts(), 0);
        assert_eq!(FileJournal::open(&file, keys("a"), later, noon).unwrap().parts(), 0);
        let foreign = folder.path().join("notes");
        fs::write(folder.path().join("notes.partial"), "my notes").unwrap();
        assert!(FileJournal::open(&foreign, keys("a"), later, noon).is_err());
        assert_eq!(fs::read_to_string(folder.path().join("notes.partial")).unwrap(), "my notes");
        own.finish();
        assert!(!folder.path().join("snapshot.partial").exists());
    }
}
