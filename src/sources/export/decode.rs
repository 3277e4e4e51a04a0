//! Bytes of an export as UTF-8, whatever the tool that saved it wrote: UTF-8 with or without a byte order mark, or UTF-16 with one.

use std::io::{self, Read};

/// A reader that hands on UTF-8. Bytes that are no valid UTF-8 in a file without a mark are handed on as they are: whoever parses
/// them says where they stand.
pub(crate) struct Utf8<R> {
    inner: R,
    form: Form,
    ready: Vec<u8>,
    at: usize,
    odd: Option<u8>,
    high: Option<u16>,
    done: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Unknown,
    Utf8,
    Little,
    Big,
}

impl<R: Read> Utf8<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, form: Form::Unknown, ready: Vec::new(), at: 0, odd: None, high: None, done: false }
    }

    fn detect(&mut self) -> io::Result<()> {
        let mut head = [0; 3];
        let mut have = 0;
        while have < head.len() {
            match self.inner.read(&mut head[have..]) {
                Ok(0) => break,
                Ok(n) => have += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let head = &head[..have];
        let (form, skip) = match head {
            [0xef, 0xbb, 0xbf] => (Form::Utf8, 3),
            [0xff, 0xfe, ..] => (Form::Little, 2),
            [0xfe, 0xff, ..] => (Form::Big, 2),
            _ => (Form::Utf8, 0),
        };
        self.form = form;
        self.take(&head[skip..]);
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) {
        if self.form == Form::Utf8 {
            self.ready.extend_from_slice(bytes);
            return;
        }
        for &byte in bytes {
            let Some(first) = self.odd.take() else {
                self.odd = Some(byte);
                continue;
            };
            let unit = if self.form == Form::Little {
                u16::from_le_bytes([first, byte])
            } else {
                u16::from_be_bytes([first, byte])
            };
            self.unit(unit);
        }
    }

    fn unit(&mut self, unit: u16) {
        let high = self.high.take();
        if (0xd800..0xdc00).contains(&unit) {
            if high.is_some() {
                self.push(char::REPLACEMENT_CHARACTER);
            }
            self.high = Some(unit);
            return;
        }
        let units = [high.unwrap_or(unit), unit];
        let units = if high.is_some() { &units[..] } else { &units[1..] };
        for c in char::decode_utf16(units.iter().copied()) {
            self.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
    }

    fn push(&mut self, c: char) {
        let mut buffer = [0; 4];
        self.ready.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.form == Form::Unknown {
            self.detect()?;
        }
        while self.at == self.ready.len() {
            if self.done {
                return Ok(0);
            }
            self.ready.clear();
            self.at = 0;
            if self.form == Form::Utf8 {
                return self.inner.read(out);
            }
            let mut chunk = [0; 8192];
            let n = self.inner.read(&mut chunk)?;
            if n == 0 {
                self.done = true;
                if self.odd.take().is_some() || self.high.take().is_some() {
                    self.push(char::REPLACEMENT_CHARACTER);
                }
            } else {
                self.take(&chunk[..n]);
            }
        }
        let n = out.len().min(self.ready.len() - self.at);
        out[..n].copy_from_slice(&self.ready[self.at..self.at + n]);
        self.at += n;
        // The bytes that told the form are few: whoever looks at the first piece wants more than them.
        if self.form == Form::Utf8 && self.at == self.ready.len() && n < out.len() {
            return Ok(n + self.inner.read(&mut out[n..])?);
        }
        Ok(n)
    }
}

/// Text of bytes that may be in the Windows code page of western Europe, as spreadsheets write it where they write no UTF-8.
pub(crate) fn western(bytes: &[u8]) -> String {
    // Windows-1252, 0x80 to 0x9f; the rest is Latin-1.
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes
            .iter()
            .map(|&b| if (0x80..0xa0).contains(&b) { HIGH[usize::from(b - 0x80)] } else { char::from(b) })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        Utf8::new(bytes).read_to_end(&mut out).unwrap();
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn every_usual_encoding() {
        let text = "é 😀 \"x\"";
        let mut little = vec![0xff, 0xfe];
        let mut big = vec![0xfe, 0xff];
        for unit in text.encode_utf16() {
            little.extend(unit.to_le_bytes());
            big.extend(unit.to_be_bytes());
        }
        assert_eq!(read(text.as_bytes()), text);
        assert_eq!(read(&[&[0xef, 0xbb, 0xbf], text.as_bytes()].concat()), text);
        assert_eq!(read(&little), text);
        assert_eq!(read(&big), text);
        assert_eq!(read(&little[..little.len() - 1]), "é 😀 \"x\u{fffd}");
        assert_eq!(read(&[0xff, 0xfe, 0x3d, 0xd8, 0x3d, 0xd8, 0x00, 0xde]), "\u{fffd}😀");
        assert_eq!(read(b""), "");
        assert_eq!(western(b"D\xe9part \x80"), "Départ €");
        assert_eq!(western("Départ".as_bytes()), "Départ");
    }
}
