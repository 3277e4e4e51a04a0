//! A file's bytes as text: encodings, limits, and what is no text at all. Parsing lives elsewhere.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Files above this are a gap and are not read: 4 MiB is forty times the largest pipeline seen.
pub const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// A file's text, its byte order mark taken off.
pub struct Source {
    text: String,
}

/// Reads a file.
///
/// # Errors
/// A sentence that says why: too large, unreadable, no text.
pub fn read(path: &Path) -> Result<Source, String> {
    let file = File::open(path).map_err(|error| describe(&error))?;
    let meta = file.metadata().map_err(|error| describe(&error))?;
    if !meta.is_file() {
        return Err("not a regular file".to_owned());
    }
    if meta.len() > MAX_BYTES {
        return Err(too_large(meta.len()));
    }
    // Few sizes, so that the allocator can hand the same memory from file to file.
    let mut bytes = Vec::with_capacity((meta.len() as usize + 1).next_power_of_two().max(16 * 1024));
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| describe(&error))?;
    Source::from_bytes(bytes)
}

fn too_large(size: u64) -> String {
    format!("{size} bytes: larger than {MAX_BYTES}, so it is not read")
}

fn describe(error: &std::io::Error) -> String {
    format!("cannot be read: {}", error.kind())
}

impl Source {
    /// Makes text of a file's bytes: UTF-8 with or without a byte order mark, or UTF-16 with one.
    ///
    /// # Errors
    /// A sentence that says why it is no text, with the line where there is one.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, String> {
        if bytes.len() as u64 > MAX_BYTES {
            return Err(too_large(bytes.len() as u64));
        }
        let text = match bytes.as_slice() {
            [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return Err("UTF-32 is not supported".to_owned()),
            [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
            [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
            _ => utf8(bytes)?,
        };
        match memchr::memchr(0, text.as_bytes()) {
            Some(at) => Err(format!("line {}: a NUL byte, so it is no text", line_of(text.as_bytes(), at))),
            None => Ok(Self { text }),
        }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |newline| newline + 1);
        let column = String::from_utf8_lossy(&bytes[start..at]).chars().count() + 1;
        format!("line {}, column {column}: not valid UTF-8", line_of(bytes, at))
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("not valid UTF-16: an odd number of bytes".to_owned());
    }
    let mut text = String::with_capacity(pairs.len());
    for character in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
        let line = || format!("line {}: not valid UTF-16", line_of(text.as_bytes(), text.len()));
        text.push(character.map_err(|_| line())?);
    }
    Ok(text)
}

fn line_of(bytes: &[u8], at: usize) -> usize {
    memchr::memchr_iter(b'\n', &bytes[..at]).count() + 1
}
