//! From a character of a scalar's text back to the file: quotes, escapes, folding and indentation undone. The parser gives the
//! text; here the source is walked beside it once, and stretches that run in step become one segment.

use super::{Place, Style, Tree};

/// The positions of one scalar. Offsets are bytes of [`super::Node::str`].
pub struct PositionMap<'t> {
    tree: &'t Tree<'t>,
    /// (byte of the text, byte of the file): from there both run in step until the next segment.
    segments: Vec<(u32, u32)>,
}

impl<'t> PositionMap<'t> {
    pub(super) fn new(tree: &'t Tree<'t>, source: &str, base: u32, text: &str, style: Style, indent: u32) -> Self {
        let mut walk = Walk { base, segments: Vec::new(), at: 0, text };
        match style {
            Style::Plain => walk.flow(source, 0, source.len(), false, false),
            Style::Single => walk.flow(source, 1, source.len().saturating_sub(1), true, false),
            Style::Double => walk.flow(source, 1, source.len().saturating_sub(1), false, true),
            Style::Literal | Style::Folded => walk.block(source, indent as usize),
        }
        Self { tree, segments: walk.segments }
    }

    /// A map that sends everything to the file's start, for a node that has no text.
    pub(crate) fn nowhere(tree: &'t Tree<'t>) -> Self {
        Self { tree, segments: Vec::new() }
    }

    /// The byte of the file that a byte of the text comes from.
    #[must_use]
    pub fn byte(&self, at: usize) -> usize {
        let index = self.segments.partition_point(|&(text, _)| text as usize <= at);
        match index.checked_sub(1).and_then(|index| self.segments.get(index)) {
            Some(&(text, file)) => file as usize + (at - text as usize),
            None => self.segments.first().map_or(0, |&(_, file)| file as usize),
        }
    }

    /// The place of a byte of the text.
    #[must_use]
    pub fn place(&self, at: usize) -> Place {
        self.tree.place(self.byte(at))
    }
}

struct Walk<'s> {
    base: u32,
    segments: Vec<(u32, u32)>,
    /// How much of the text is done, in bytes.
    at: usize,
    text: &'s str,
}

impl Walk<'_> {
    /// The next `length` bytes of the text come from `source` bytes into the scalar's source.
    fn emit(&mut self, source: usize, length: usize) {
        let file = self.base + source as u32;
        let step = |&(text, from): &(u32, u32)| from + (self.at as u32 - text) == file;
        if !self.segments.last().is_some_and(step) {
            self.segments.push((self.at as u32, file));
        }
        self.at += length;
    }

    /// Plain and quoted scalars (YAML 1.2, 7.3): blanks around a line break vanish, one break is a space, n breaks are n − 1.
    fn flow(&mut self, source: &str, from: usize, to: usize, single: bool, double: bool) {
        let bytes = source.as_bytes();
        let mut i = from;
        while i < to {
            match bytes[i] {
                b' ' | b'\t' | b'\r' | b'\n' => i = self.blanks(bytes, i, to, false),
                b'\'' if single && bytes.get(i + 1) == Some(&b'\'') => {
                    self.emit(i, 1);
                    i += 2;
                }
                b'\\' if double => i = self.escape(bytes, i, to),
                _ => {
                    let length = width(bytes[i]).min(to - i);
                    self.emit(i, length);
                    i += length;
                }
            }
        }
    }

    /// A run of blanks; `escaped` after a backslash at the line's end, where the first break gives nothing.
    fn blanks(&mut self, bytes: &[u8], from: usize, to: usize, escaped: bool) -> usize {
        let mut i = from;
        let mut breaks = Vec::new();
        while i < to {
            match bytes[i] {
                b' ' | b'\t' => i += 1,
                b'\r' | b'\n' => {
                    breaks.push(i);
                    i += if bytes[i] == b'\r' && i + 1 < to && bytes[i + 1] == b'\n' { 2 } else { 1 };
                }
                _ => break,
            }
        }
        match breaks.as_slice() {
            [] if escaped => {}
            [] => {
                for at in from..i {
                    self.emit(at, 1);
                }
            }
            [only] if !escaped => self.emit(*only, 1),
            [_, rest @ ..] => {
                for &at in rest {
                    self.emit(at, 1);
                }
            }
        }
        i
    }

    /// An escape of a double-quoted scalar (5.7). Returns where the source goes on.
    fn escape(&mut self, bytes: &[u8], at: usize, to: usize) -> usize {
        let Some(&kind) = bytes.get(at + 1).filter(|_| at + 1 < to) else {
            return to;
        };
        let digits = match kind {
            b'\r' | b'\n' => return self.blanks(bytes, at + 1, to, true),
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => 0,
        };
        // The text says how long the character is; a surrogate pair is two escapes and one character.
        let length = self.text.get(self.at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        self.emit(at, length);
        let mut end = at + 2 + digits;
        if kind == b'u' && length == 4 {
            end += 6;
        }
        if digits == 0 {
            end = at + 1 + width(kind);
        }
        end.min(to)
    }

    /// Block scalars (8.1): the source starts at the first content character; later lines lose `indent` blanks.
    fn block(&mut self, source: &str, indent: usize) {
        let bytes = source.as_bytes();
        let text = self.text.as_bytes();
        let mut breaks: Vec<usize> = Vec::new();
        // Blank lines before the content lie before the source.
        let leading = text.iter().take_while(|&&byte| byte == b'\n').count();
        if leading > 0 && !matches!(bytes.first(), Some(b'\n' | b'\r')) {
            for _ in 0..leading {
                self.emit(0, 1);
            }
        }
        let (mut i, mut first) = (0, true);
        while i < bytes.len() {
            if !first {
                let blanks = bytes[i..].iter().take(indent).take_while(|&&byte| byte == b' ').count();
                i += blanks;
            }
            first = false;
            let end = memchr::memchr2(b'\n', b'\r', &bytes[i..]).map_or(bytes.len(), |length| i + length);
            if end > i {
                self.breaks(&mut breaks);
                let line = &bytes[i..end];
                if !text[self.at.min(text.len())..].starts_with(line) {
                    // Past the content: a less indented line that belongs to what follows.
                    return;
                }
                self.emit(i, line.len());
            }
            if end < bytes.len() {
                breaks.push(end);
            }
            i = end + if bytes.get(end) == Some(&b'\r') && bytes.get(end + 1) == Some(&b'\n') { 2 } else { 1 };
        }
        self.breaks(&mut breaks);
    }

    /// Gives the line breaks since the last content line to the text's own: as many, one fewer, or one blank.
    fn breaks(&mut self, breaks: &mut Vec<usize>) {
        let text = self.text.as_bytes();
        let rest = &text[self.at.min(text.len())..];
        let kept = rest.iter().take(breaks.len()).take_while(|&&byte| byte == b'\n').count();
        if kept == 0 && !breaks.is_empty() && rest.first() == Some(&b' ') {
            self.emit(breaks[0], 1);
        } else {
            for &at in &breaks[breaks.len() - kept..] {
                self.emit(at, 1);
            }
        }
        breaks.clear();
    }
}

/// Bytes of the UTF-8 character that starts with this byte.
fn width(first: u8) -> usize {
    match first {
        0..=0x7f => 1,
        0x80..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    }
}
