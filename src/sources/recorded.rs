//! What every source that reads a file needs: its text, bounded, and its mistakes in words that hold none of its contents. What the
//! text means is each source's own.

use std::io::{self, Read};

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::config::{Files, Positions, Step};

/// The largest file that is read.
pub(super) const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The most mistakes of one file that are told one by one.
pub(super) const MOST_MISTAKES: usize = 1000;

/// A mistake in a file: where, and what, without the file's contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    /// Where: empty for the whole file.
    pub(super) path: Vec<Step>,
    /// What is wrong.
    pub(super) what: String,
}

/// The text of a file that the configuration names; else why it cannot be read.
pub(super) fn read(files: &Files, path: &str) -> Result<String, String> {
    read_at_most(files, path, MOST_BYTES)
}

fn read_at_most(files: &Files, path: &str, most: u64) -> Result<String, String> {
    let told = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => format!("{path}: there is no such file{}", origin(files)),
        io::ErrorKind::PermissionDenied => format!("{path}: permission denied"),
        kind => format!("{path}: cannot be read: {kind}"),
    };
    let mut bytes = Vec::new();
    files.open(path).map_err(told)?.take(most + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() as u64 > most {
        return Err(format!("{path}: larger than {} MiB", MOST_BYTES / 1024 / 1024));
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + memchr::memchr_iter(b'\n', good).count();
        let start = memchr::memrchr(b'\n', good).map_or(0, |at| at + 1);
        let column = 1 + String::from_utf8_lossy(&good[start..]).chars().count();
        format!("{path}:{line}:{column}: this is not UTF-8")
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

fn origin(files: &Files) -> String {
    files.origin().map(|name| format!(" in {name}")).unwrap_or_default()
}

/// Reads one entry as its type. Null means absent, as in the contract; unknown fields are ignored by the type.
pub(super) fn typed<T: DeserializeOwned>(mut value: Value, base: &[Step]) -> Result<T, Mistake> {
    drop_nulls(&mut value);
    serde_path_to_error::deserialize(value).map_err(|error| mistake(base, error.path(), &error.inner().to_string()))
}

/// A deserialiser's error as a mistake.
pub(super) fn mistake(base: &[Step], path: &Path, message: &str) -> Mistake {
    let more = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(Step::Index(*index)),
        Segment::Map { key } => Some(Step::Key(key.clone())),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    Mistake { path: base.iter().cloned().chain(more).collect(), what: words(message) }
}

/// The depth is bounded by the parsers' limit of 128.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// What a deserialiser's message says without what it quotes from the file: the kind of what was found, and what was expected,
/// which are the types' own words.
pub(super) fn words(message: &str) -> String {
    let expected =
        || message.rsplit_once(", expected ").map(|(_, tail)| tail.split(" at line ").next().unwrap_or(tail));
    if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        return format!("`{name}` is missing");
    }
    if let Some(found) = message.strip_prefix("invalid type: ") {
        const KINDS: [&str; 8] = ["string", "integer", "floating point", "boolean", "map", "sequence", "null", "unit"];
        let found = KINDS.iter().find(|kind| found.starts_with(*kind)).unwrap_or(&"something else");
        return format!("{found} where {} is expected", expected().unwrap_or("something else"));
    }
    if message.starts_with("unknown variant ") {
        return format!("this word is not possible here; possible: {}", expected().unwrap_or("none"));
    }
    if message.starts_with("missing ") || message.starts_with("invalid length") {
        return "the value is incomplete".to_owned();
    }
    "the value does not fit; times are written as in 2026-05-09T12:00:00Z".to_owned()
}

/// `inventory.json:12:9: slots[3].updated_at: …`.
pub(super) fn locate(file: &str, positions: &Positions, mistake: &Mistake) -> String {
    let at = match positions.find(&mistake.path) {
        Some(place) => format!("{file}:{}:{}", place.line, place.column),
        None => file.to_owned(),
    };
    let mut dotted = String::new();
    for step in &mistake.path {
        match step {
            Step::Key(key) if dotted.is_empty() => dotted.push_str(key),
            Step::Key(key) => {
                dotted.push('.');
                dotted.push_str(key);
            }
            Step::Index(index) => dotted.push_str(&format!("[{index}]")),
        }
    }
    if dotted.is_empty() { format!("{at}: {}", mistake.what) } else { format!("{at}: {dotted}: {}", mistake.what) }
}

/// Whether the text is JSON: by the file's name, else by how it begins.
pub(super) fn is_json(path: &str, text: &str) -> bool {
    match path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
        Some("json") => true,
        Some("yaml" | "yml") => false,
        _ => text.trim_start().starts_with('{') || text.trim_start().starts_with('['),
    }
}

/// Why a JSON text cannot be read, with its place and nothing of its contents.
pub(super) fn json_error(path: &str, error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "the file is cut off".to_owned(),
        serde_json::error::Category::Data => words(&error.to_string()),
        _ => "this is no valid JSON".to_owned(),
    };
    format!("{path}:{}:{}: {what}", error.line(), error.column())
}

/// A YAML text as a value, merge keys applied; else why not.
pub(super) fn yaml(path: &str, text: &str) -> Result<serde_yaml::Value, String> {
    let told = |error: serde_yaml::Error| match error.location() {
        Some(at) => format!("{path}:{}:{}: this is no valid YAML", at.line(), at.column()),
        None => format!("{path}: this is no valid YAML"),
    };
    let mut value: serde_yaml::Value = serde_yaml::from_str(text).map_err(told)?;
    value.apply_merge().map_err(told)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_encodings_and_absent_files() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::Tree(folder.path().to_path_buf());
        std::fs::write(folder.path().join("a"), "\u{feff}abc").unwrap();
        assert_eq!(read_at_most(&files, "a", 6), Ok("abc".into()));
        assert_eq!(read_at_most(&files, "a", 5), Err("a: larger than 64 MiB".into()));
        assert_eq!(read(&files, "b"), Err("b: there is no such file".into()));
        assert!(read(&files, ".").is_err());
        std::fs::write(folder.path().join("c"), b"x\n\xc3\xa4\xff").unwrap();
        assert_eq!(read(&files, "c"), Err("c:2:2: this is not UTF-8".into()));
    }

    #[test]
    fn messages_keep_no_contents() {
        assert_eq!(words("invalid type: string \"hunter2, expected x\", expected u64"), "string where u64 is expected");
        assert_eq!(
            words("unknown variant `hunter2`, expected `a` or `b`"),
            "this word is not possible here; possible: `a` or `b`"
        );
        assert_eq!(words("missing field `id`"), "`id` is missing");
        assert!(!words("failed to parse hunter2").contains("hunter2"));
    }
}
