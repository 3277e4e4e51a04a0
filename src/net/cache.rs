//! Answers kept between runs, so that a server can say "not modified": one file an answer, under an HMAC whose key is derived from
//! the token that fetched it. Any job can write to a CI's cache, so an entry without the right tag is as if it were not there.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::secret::MacKey;

/// The largest answer that is kept.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// The length of a tag, in bytes.
const TAG: usize = 32;

/// A folder of answers, for one token.
pub struct Cache {
    folder: PathBuf,
    key: MacKey,
}

/// A kept answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// What was asked for; a file that was moved to another's name must not answer for it.
    pub(super) url: String,
    /// `ETag`.
    pub(super) etag: String,
    /// `Link`.
    pub(super) link: Option<String>,
    #[serde(skip)]
    pub(super) body: Vec<u8>,
}

impl Cache {
    /// Answers in that folder, authentic under that key. Nothing is read or written yet.
    #[must_use]
    pub fn new(folder: PathBuf, key: MacKey) -> Self {
        Self { folder, key }
    }

    fn file(&self, url: &str) -> PathBuf {
        // The name tells nothing of what was asked for: repositories' names may be confidential.
        let name: String = self.key.sign(url.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(name)
    }

    /// The kept answer, where there is an authentic one.
    pub(super) fn get(&self, url: &str) -> Option<Entry> {
        let mut bytes = Vec::new();
        fs::File::open(self.file(url)).ok()?.take(2 * MOST_BYTES).read_to_end(&mut bytes).ok()?;
        let (tag, rest) = bytes.split_at_checked(TAG)?;
        if !self.key.verify(rest, tag) {
            return None;
        }
        let at = memchr::memchr(b'\n', rest)?;
        let mut entry: Entry = serde_json::from_slice(&rest[..at]).ok()?;
        entry.body = rest[at + 1..].to_vec();
        (entry.url == url).then_some(entry)
    }

    /// Keeps an answer; one that cannot be kept is fetched again the next time.
    pub(super) fn put(&self, entry: &Entry) {
        if entry.body.len() as u64 > MOST_BYTES {
            return;
        }
        let Ok(mut rest) = serde_json::to_vec(entry) else { return };
        rest.push(b'\n');
        rest.extend_from_slice(&entry.body);
        let file = self.file(&entry.url);
        let partial = file.with_extension(format!("{}.new", std::process::id()));
        let write = || -> std::io::Result<()> {
            fs::create_dir_all(&self.folder)?;
            let mut out = private_file(&partial)?;
            out.write_all(&self.key.sign(&rest))?;
            out.write_all(&rest)?;
            drop(out);
            fs::rename(&partial, &file)
        };
        if let Err(error) = write() {
            tracing::debug!("an answer was not kept: {}", error.kind());
            let _ = fs::remove_file(&partial);
        }
    }
}

/// A new file that nobody else may read. What stands there is replaced and not followed: a change can put a link into a folder that the
/// gate writes to.
pub(crate) fn private_file(path: &Path) -> std::io::Result<fs::File> {
    let _ = fs::remove_file(path);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn cache(folder: &std::path::Path, token: &str) -> Cache {
        Cache::new(folder.to_owned(), Secret::new(token.to_owned()).derive("cache"))
    }

    fn entry(url: &str) -> Entry {
        Entry { url: url.into(), etag: "\"1\"".into(), link: None, body: b"{\"a\":\n1}".to_vec() }
    }

    #[test]
    fn only_what_the_same_token_kept_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let own = cache(folder.path(), "token a");
        own.put(&entry("https://a/x"));
        assert_eq!(own.get("https://a/x"), Some(entry("https://a/x")));
        assert_eq!(own.get("https://a/y"), None);
        assert_eq!(cache(folder.path(), "token b").get("https://a/x"), None);
    }

    #[test]
    fn what_another_wrote_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let own = cache(folder.path(), "token a");
        own.put(&entry("https://a/x"));
        let file = own.file("https://a/x");
        // Somebody else's answer under this name.
        own.put(&entry("https://a/y"));
        fs::copy(own.file("https://a/y"), &file).unwrap();
        assert_eq!(own.get("https://a/x"), None);
        own.put(&entry("https://a/x"));
        let whole = fs::read(&file).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(&file, &changed).unwrap();
            assert_eq!(own.get("https://a/x"), None, "byte {at}");
            fs::write(&file, &whole[..at]).unwrap();
            assert_eq!(own.get("https://a/x"), None, "cut off at {at}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_way_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (link, target) = (folder.path().join("link"), folder.path().join("target"));
        fs::write(&target, "kept").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        private_file(&link).unwrap().write_all(b"new").unwrap();
        assert_eq!((fs::read(&target).unwrap(), fs::read(&link).unwrap()), (b"kept".to_vec(), b"new".to_vec()));
        assert!(!fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
