//! Snapshots: what a scan has read, a section a source, each authenticated under a key derived from the token that read it, or under the
//! configured one: any job can write to where a CI keeps files. Reading systems is the sources', judging ages the gate's.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::inventory::{Gap, Inventory};
use crate::net::api::{Api, Limits};
use crate::net::cache::private_file;
use crate::secret::MacKey;

/// The schema id of every head line.
pub const SNAPSHOT_SCHEMA: &str = "driftgate/snapshot/v1";

/// The largest snapshot that is read, in bytes.
const MOST_BYTES: usize = 1 << 30;

/// How many sections that are not authentic are told one by one: anybody may have written them.
const MOST_REFUSED: usize = 100;

/// What authenticates snapshots: the configured key alone where there is one, else each source's own.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// Of `snapshot_key_env`.
    pub configured: Option<MacKey>,
    /// Derived from the tokens of the sources, by their names.
    pub own: BTreeMap<String, MacKey>,
}

impl Keys {
    /// The key of a source's section.
    #[must_use]
    pub fn of(&self, source: &str) -> Option<&MacKey> {
        self.configured.as_ref().or_else(|| self.own.get(source))
    }
}

/// What one source has shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// The source's name.
    pub source: String,
    /// Its kind.
    pub kind: String,
    /// When the oldest part of it was read.
    pub at: Timestamp,
    /// Which identity asked.
    pub asked_as: Option<String>,
    /// Slots, credentials, gaps, extents.
    pub inventory: Inventory,
}

/// The line before a body. The tag covers the other fields and the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) schema: String,
    pub(super) source: String,
    pub(super) kind: String,
    /// One repository, project, mount, region; absent in a finished snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) part: Option<String>,
    pub(super) at: Timestamp,
    #[serde(default, rename = "as")]
    pub(super) asked_as: Option<String>,
    /// Bytes of the body, without its line end.
    pub(super) length: usize,
    #[serde(default)]
    tag: String,
}

impl Head {
    pub(super) fn new(source: &str, kind: &str, part: Option<&str>, at: Timestamp, body: &[u8]) -> Self {
        Self {
            schema: SNAPSHOT_SCHEMA.to_owned(),
            source: source.to_owned(),
            kind: kind.to_owned(),
            part: part.map(str::to_owned),
            at,
            asked_as: None,
            length: body.len(),
            tag: String::new(),
        }
    }

    fn tagged(&self, key: &MacKey, body: &[u8]) -> [u8; 32] {
        let untagged = Self { tag: String::new(), ..self.clone() };
        // The body's own tag, then the head's with it: the body need not be copied.
        let inner = key.sign(body);
        let mut bytes = serde_json::to_vec(&untagged).unwrap_or_default();
        bytes.push(b'\n');
        bytes.extend_from_slice(&inner);
        key.sign(&bytes)
    }

    /// Writes head and body.
    pub(super) fn write(mut self, key: &MacKey, body: &[u8], out: &mut impl Write) -> io::Result<()> {
        self.tag = self.tagged(key, body).iter().map(|byte| format!("{byte:02x}")).collect();
        serde_json::to_writer(&mut *out, &self)?;
        out.write_all(b"\n")?;
        out.write_all(body)?;
        out.write_all(b"\n")
    }

    /// Whether head and body are as the key's holder wrote them.
    pub(super) fn is_authentic(&self, key: &MacKey, body: &[u8]) -> bool {
        let said: Option<Vec<u8>> = (0..self.tag.len())
            .step_by(2)
            .map(|at| self.tag.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok()))
            .collect();
        // Compared in constant time: both sides under the key once more.
        said.is_some_and(|said| key.verify(&self.tagged(key, body), &key.sign(&said)))
    }
}

/// Writes a snapshot; a file that stands there is replaced only by a whole one.
///
/// # Errors
/// Where a source has no key, or the file cannot be written.
pub fn write(path: &Path, sections: &[Section], keys: &Keys) -> Result<(), String> {
    let told = |error: io::Error| format!("{}: cannot be written: {}", path.display(), error.kind());
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let partial = path.with_file_name(name);
    let mut out = BufWriter::new(private_file(&partial).map_err(told)?);
    for section in sections {
        let Some(key) = keys.of(&section.source) else { return Err(keyless(&section.source)) };
        let body = serde_json::to_vec(&section.inventory).map_err(|_| "the inventory is no JSON".to_owned())?;
        let mut head = Head::new(&section.source, &section.kind, None, section.at, &body);
        head.asked_as.clone_from(&section.asked_as);
        head.write(key, &body, &mut out).map_err(told)?;
    }
    out.flush().map_err(told)?;
    drop(out);
    fs::rename(&partial, path).map_err(told)
}

/// What to do where nothing authenticates a source's section.
#[must_use]
pub fn keyless(source: &str) -> String {
    format!(
        "nothing authenticates what `{source}` shows: its token gives no key; name one with `snapshot_key_env:` in the configuration"
    )
}

/// The bytes of a snapshot, from a file or an http(s) URL. No credential is sent.
///
/// # Errors
/// Where it cannot be had; in words that hold none of it.
pub async fn fetch(place: &str, offline: bool, max_wait: Duration) -> Result<Vec<u8>, String> {
    if place.starts_with("http://") || place.starts_with("https://") {
        if offline {
            return Err("--offline".to_owned());
        }
        let call = Duration::from_secs(120);
        let limits = Limits { most_bytes: MOST_BYTES, call, max_wait, ..Limits::default() };
        let base = url::Url::parse(place).map_err(|_| "this is no URL".to_owned())?;
        let api = Api::new(&base.origin().ascii_serialization(), None, limits, None)?;
        let answer = api.get(place, reqwest::header::HeaderMap::new()).await.map_err(|reason| reason.to_string())?;
        return match answer.status.as_u16() {
            200 => Ok(answer.body.to_vec()),
            status => Err(format!("HTTP {status}")),
        };
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(place).map_err(|error| format!("cannot be read: {}", error.kind()))?;
    let read = file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot be read: {}", error.kind()))?;
    if bytes.len() > MOST_BYTES { Err("it is larger than 1 GiB".to_owned()) } else { Ok(bytes) }
}

/// How a snapshot's place is told: a signed URL's query is a credential.
#[must_use]
pub fn shown(place: &str) -> String {
    match url::Url::parse(place) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => {
            format!("{}{}", url.origin().ascii_serialization(), url.path())
        }
        _ => place.to_owned(),
    }
}

/// The sections that are authentic, and a gap for everything else, of which not more than [`MOST_REFUSED`] are told.
#[must_use]
pub fn read(place: &str, bytes: &[u8], keys: &Keys) -> (Vec<Section>, Vec<Gap>) {
    let mut sections: Vec<Section> = Vec::new();
    let mut gaps = Vec::new();
    let mut gap = |scope: &str, reason: &str| {
        gaps.push(Gap {
            source: "snapshot".to_owned(),
            lacks: "snapshot".to_owned(),
            scope: scope.to_owned(),
            reason: format!("{place}: {reason}"),
        });
    };
    let mut rest = bytes;
    let mut refused = 0;
    if rest.is_empty() {
        gap("*", "it is empty");
    }
    while !rest.is_empty() {
        let Some((head, body, after)) = split(rest) else {
            gap("*", "this is no snapshot, or it is cut off");
            break;
        };
        rest = after;
        refused += 1;
        if refused > MOST_REFUSED + sections.len() {
            gap("*", "too many parts of it are not authentic");
            break;
        }
        let name: String = head.source.chars().take(200).collect();
        let Some(key) = keys.of(&head.source) else {
            gap(&name, "no source of that name is configured, or its token gives no key (`snapshot_key_env`)");
            continue;
        };
        if head.part.is_some() || !head.is_authentic(key, body) {
            gap(&name, "not authentic: another token or key wrote it, or it was changed");
            continue;
        }
        if sections.iter().any(|known| known.source == head.source) {
            gap(&name, "two sections of one source");
            continue;
        }
        match serde_json::from_slice::<Inventory>(body) {
            Ok(inventory) => sections.push(Section {
                source: head.source,
                kind: head.kind,
                at: head.at,
                asked_as: head.asked_as,
                inventory,
            }),
            Err(_) => gap(&name, "another version wrote it"),
        }
    }
    (sections, gaps)
}

/// Head, body, and what follows.
pub(super) fn split(bytes: &[u8]) -> Option<(Head, &[u8], &[u8])> {
    let at = memchr::memchr(b'\n', bytes)?;
    let head: Head = serde_json::from_slice(&bytes[..at]).ok()?;
    if head.schema != SNAPSHOT_SCHEMA {
        return None;
    }
    let rest = &bytes[at + 1..];
    let (body, after) = rest.split_at_checked(head.length)?;
    Some((head, body, after.strip_prefix(b"\n")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Id;
    use crate::model::inventory::Slot;
    use crate::secret::Secret;

    fn key(text: &str) -> MacKey {
        Secret::new(text.to_owned()).derive("snapshot")
    }

    fn keys(pairs: &[(&str, &str)]) -> Keys {
        Keys { configured: None, own: pairs.iter().map(|(name, text)| ((*name).to_owned(), key(text))).collect() }
    }

    fn section(source: &str) -> Section {
        Section {
            source: source.into(),
            kind: source.into(),
            at: "2026-06-01T00:00:00Z".parse().unwrap(),
            asked_as: Some("auditor".into()),
            inventory: Inventory { slots: vec![Slot::bare(Id::env("A"))], ..Inventory::default() },
        }
    }

    #[test]
    fn only_the_tokens_own_section_is_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let own = keys(&[("github", "a"), ("aws", "b")]);
        write(&path, &[section("github"), section("aws")], &own).unwrap();
        let bytes = fs::read(&path).unwrap();
        assert_eq!(read("s", &bytes, &own), (vec![section("github"), section("aws")], vec![]));
        // Who holds one token cannot write what another one has read.
        let (sections, gaps) = read("s", &bytes, &keys(&[("github", "a"), ("aws", "stolen")]));
        assert_eq!((sections, gaps.len()), (vec![section("github")], 1));
        assert!(gaps[0].reason.contains("not authentic"));
        let (sections, gaps) = read("s", &bytes, &keys(&[("github", "a")]));
        assert_eq!((sections.len(), gaps.len()), (1, 1));
        // The configured key is the only one that counts.
        let configured = Keys { configured: Some(key("c")), ..own };
        assert_eq!(read("s", &bytes, &configured).0, vec![]);
        write(&path, &[section("github")], &configured).unwrap();
        assert_eq!(read("s", &fs::read(&path).unwrap(), &configured).0, vec![section("github")]);
        assert!(write(&path, &[section("vault")], &keys(&[])).is_err());
    }

    #[test]
    fn what_was_changed_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let own = keys(&[("github", "a")]);
        write(&path, &[section("github")], &own).unwrap();
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 2;
            let (sections, gaps) = read("s", &changed, &own);
            assert!(sections.is_empty() && !gaps.is_empty(), "byte {at}: {}", String::from_utf8_lossy(&changed));
            let (sections, gaps) = read("s", &whole[..at], &own);
            assert!(sections.is_empty() && !gaps.is_empty(), "cut off at {at}");
        }
        let twice = [whole.as_slice(), &whole].concat();
        let (sections, gaps) = read("s", &twice, &own);
        assert_eq!((sections.len(), gaps.len()), (1, 1));
    }
}
