//! Tickets kept between runs, so that the next one asks only for what has changed: one file a tracker, query and login, as the tracker
//! gave them, under an HMAC whose key is derived from the login. Any job can write to a CI's cache: a file without the right tag is as
//! if it were not there. What is asked for, and when a kept list is whole, is the tracker's.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::net::cache::private_file;
use crate::secret::{Mac, MacKey};

/// The format; another one is as if it were not there.
const VERSION: u32 = 1;

/// The length of a tag, in bytes.
const TAG: u64 = 32;

/// The last bytes in which the closing line must stand.
const MOST_CLOSING: u64 = 4096;

/// The largest shelf, in bytes: beyond it everything is asked for each time.
const MOST_BYTES: u64 = 4 << 30;

/// After this time everything is asked for again: a tracker does not tell of tickets that were deleted or moved out of the query.
const OLDEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A place for one tracker's tickets.
pub(crate) struct Shelf {
    file: PathBuf,
    key: MacKey,
    what: String,
}

/// The last line of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Closing {
    version: u32,
    /// What was asked for: a file that was moved to another's name must not answer for it.
    what: String,
    /// All changes until then are in it, by the tracker's clock.
    as_of: Timestamp,
    /// When everything was asked for the last time, by ours.
    whole_at: Timestamp,
    count: u64,
}

/// Tickets that were kept, authentic and not too old.
pub(crate) struct Kept {
    reader: io::Take<BufReader<File>>,
    /// All changes until then are in it, by the tracker's clock.
    pub(crate) as_of: Timestamp,
    /// How many tickets.
    pub(crate) count: u64,
    whole_at: Timestamp,
}

/// A new file in the making; dropped, it leaves the old one as it was.
pub(crate) struct Writer<'s> {
    shelf: &'s Shelf,
    partial: PathBuf,
    out: BufWriter<File>,
    mac: Mac,
    count: u64,
    bytes: u64,
    whole_at: Timestamp,
}

/// One line.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    id: std::borrow::Cow<'a, str>,
    item: Value,
}

impl Shelf {
    /// The place of what is asked for by `what`: server, query and fields. Nothing is read or written yet.
    pub(crate) fn new(folder: &Path, key: MacKey, what: String) -> Self {
        // The name tells nothing of what was asked for.
        let name: String = key.sign(what.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self { file: folder.join(format!("{name}.tickets")), key, what }
    }

    /// What was kept; none where there is nothing, or nothing that may be believed.
    pub(crate) fn open(&self, now: Timestamp) -> Option<Kept> {
        let mut file = File::open(&self.file).ok()?;
        let length = file.metadata().ok()?.len().checked_sub(TAG)?;
        let mut mac = self.key.begin();
        let mut rest = length;
        let mut piece = vec![0; 1 << 16];
        while rest > 0 {
            let most = usize::try_from(rest.min(1 << 16)).ok()?;
            let read = file.read(&mut piece[..most]).ok().filter(|read| *read > 0)?;
            mac.update(&piece[..read]);
            rest -= read as u64;
        }
        let mut tag = Vec::new();
        file.read_to_end(&mut tag).ok()?;
        // Compared as tags of tags, so that the time tells nothing.
        if self.key.sign(&mac.finish()) != self.key.sign(&tag) {
            return None;
        }
        let from = length.saturating_sub(MOST_CLOSING + self.what.len() as u64);
        file.seek(SeekFrom::Start(from)).ok()?;
        let mut end = Vec::new();
        (&file).take(length - from).read_to_end(&mut end).ok()?;
        let line = end.strip_suffix(b"\n")?;
        let line = &line[memchr::memrchr(b'\n', line).map_or(0, |at| at + 1)..];
        let closing: Closing = serde_json::from_slice(line).ok()?;
        let young = now.duration_since(closing.whole_at) < OLDEST;
        if closing.version != VERSION || closing.what != self.what || !young {
            return None;
        }
        file.seek(SeekFrom::Start(0)).ok()?;
        let items = length - line.len() as u64 - 1;
        Some(Kept {
            reader: BufReader::with_capacity(1 << 16, file).take(items),
            as_of: closing.as_of,
            count: closing.count,
            whole_at: closing.whole_at,
        })
    }

    /// Begins a new file; `kept` is what it goes on from, where everything was not asked for anew.
    ///
    /// # Errors
    /// Where it cannot be written. Tickets are then asked for anew the next time.
    pub(crate) fn begin(&self, kept: Option<&Kept>, now: Timestamp) -> io::Result<Writer<'_>> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        let partial = self.file.with_extension(format!("{}.new", std::process::id()));
        let out = BufWriter::with_capacity(1 << 16, private_file(&partial)?);
        let whole_at = kept.map_or(now, |kept| kept.whole_at);
        Ok(Writer { shelf: self, partial, out, mac: self.key.begin(), count: 0, bytes: 0, whole_at })
    }
}

impl Kept {
    /// The next ticket as the tracker gave it.
    ///
    /// # Errors
    /// Where the file cannot be read any more.
    pub(crate) fn next(&mut self) -> io::Result<Option<(String, Value)>> {
        let mut line = Vec::new();
        if self.reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line: Line<'_> = serde_json::from_slice(&line)?;
        Ok(Some((line.id.into_owned(), line.item)))
    }

    /// Hands over everything: what was kept, what has changed in its place, and what is new; `keep` is where it is kept again.
    ///
    /// # Errors
    /// Where the file cannot be read any more.
    pub(crate) fn merge(
        mut self,
        mut changed: BTreeMap<String, Value>,
        mut keep: Option<&mut Writer<'_>>,
        each: &mut dyn FnMut(&str, &Value),
    ) -> io::Result<u64> {
        let mut count = 0;
        let mut hand = |id: &str, item: &Value| {
            count += 1;
            if let Some(writer) = &mut keep {
                writer.put(id, item);
            }
            each(id, item);
        };
        while let Some((id, item)) = self.next()? {
            match changed.remove(&id) {
                Some(newer) => hand(&id, &newer),
                None => hand(&id, &item),
            }
        }
        changed.iter().for_each(|(id, item)| hand(id, item));
        Ok(count)
    }
}

impl Writer<'_> {
    /// Keeps a ticket. One that cannot be written spoils the file, which then stays as it was.
    pub(crate) fn put(&mut self, id: &str, item: &Value) {
        let Ok(mut line) = serde_json::to_vec(&Line { id: id.into(), item: item.clone() }) else {
            return self.bytes = MOST_BYTES;
        };
        line.push(b'\n');
        self.count += 1;
        self.write(&line);
    }

    fn write(&mut self, line: &[u8]) {
        self.bytes = self.bytes.saturating_add(line.len() as u64);
        if self.bytes < MOST_BYTES {
            self.mac.update(line);
            if self.out.write_all(line).is_err() {
                self.bytes = MOST_BYTES;
            }
        }
    }

    /// Puts the new file in the old one's place. `as_of` is a time, by the tracker's clock, until which all changes are in it: taken
    /// before the first question.
    pub(crate) fn finish(mut self, as_of: Timestamp) {
        let closing = Closing {
            version: VERSION,
            what: self.shelf.what.clone(),
            as_of,
            whole_at: self.whole_at,
            count: self.count,
        };
        let Ok(mut line) = serde_json::to_vec(&closing) else { return };
        line.push(b'\n');
        self.write(&line);
        if self.bytes >= MOST_BYTES {
            return;
        }
        let mac = std::mem::replace(&mut self.mac, self.shelf.key.begin());
        let done = self.out.write_all(&mac.finish()).and_then(|()| self.out.flush());
        if let Err(error) = done.and_then(|()| fs::rename(&self.partial, &self.shelf.file)) {
            tracing::debug!("tickets were not kept: {}", error.kind());
        }
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        // After a rename there is nothing to remove.
        let _ = fs::remove_file(&self.partial);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use serde_json::json;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn shelf(folder: &Path, token: &str, what: &str) -> Shelf {
        Shelf::new(folder, Secret::new(token.to_owned()).derive("tickets"), what.to_owned())
    }

    fn fill(shelf: &Shelf) {
        let mut writer = shelf.begin(None, NOW).unwrap();
        writer.put("SEC-1", &json!({"title": "line\nbreak"}));
        writer.put("SEC-2", &json!(2));
        writer.finish(NOW);
    }

    fn all(mut kept: Kept) -> Vec<(String, Value)> {
        std::iter::from_fn(|| kept.next().unwrap()).collect()
    }

    #[test]
    fn what_was_kept_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let own = shelf(folder.path(), "a", "x");
        assert!(own.open(NOW).is_none());
        fill(&own);
        let kept = own.open(NOW).unwrap();
        assert_eq!((kept.count, kept.as_of), (2, NOW));
        assert_eq!(all(kept), [("SEC-1".into(), json!({"title": "line\nbreak"})), ("SEC-2".into(), json!(2))]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn changes_take_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let own = shelf(folder.path(), "a", "x");
        fill(&own);
        let kept = own.open(NOW).unwrap();
        let mut writer = own.begin(Some(&kept), NOW).unwrap();
        let changed = BTreeMap::from([("SEC-2".to_owned(), json!(22)), ("SEC-3".to_owned(), json!(3))]);
        let mut seen = Vec::new();
        let count = kept.merge(changed, Some(&mut writer), &mut |id, _| seen.push(id.to_owned())).unwrap();
        writer.finish(NOW);
        assert_eq!((count, seen), (3, vec!["SEC-1".to_owned(), "SEC-2".into(), "SEC-3".into()]));
        assert_eq!(all(own.open(NOW).unwrap())[1].1, json!(22));
    }

    #[test]
    fn what_another_wrote_or_is_old_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let own = shelf(folder.path(), "a", "x");
        fill(&own);
        assert!(own.open(NOW + OLDEST).is_none());
        fs::copy(&own.file, shelf(folder.path(), "b", "x").file).unwrap();
        assert!(shelf(folder.path(), "b", "x").open(NOW).is_none());
        fs::copy(&own.file, shelf(folder.path(), "a", "y").file).unwrap();
        assert!(shelf(folder.path(), "a", "y").open(NOW).is_none());
        let bytes = fs::read(&own.file).unwrap();
        for at in 0..bytes.len() {
            let mut bent = bytes.clone();
            bent[at] ^= 1;
            fs::write(&own.file, &bent).unwrap();
            assert!(own.open(NOW).is_none(), "byte {at}");
            fs::write(&own.file, &bytes[..at]).unwrap();
            assert!(own.open(NOW).is_none(), "cut at {at}");
        }
        fs::write(&own.file, &bytes).unwrap();
        assert!(own.open(NOW).is_some());
        // One that was never finished leaves the old one.
        own.begin(None, NOW).unwrap().put("SEC-9", &json!(9));
        assert_eq!(own.open(NOW).unwrap().count, 2);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
