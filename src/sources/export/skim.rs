//! Looks through one item's JSON without building it: enough to know that nothing in it is wrong, when it was last changed and what its
//! texts say. Whatever is out of the ordinary makes the item one that is read wholly, so that no gap is missed. Which fields a tracker
//! reads stands in that tracker's own file, as a `Shape`.

use std::borrow::Cow;

use jiff::Timestamp;

use super::keys::{Fields, Key, Keys};
use super::lanes;
use super::markup::{adf, markdown, wiki};
use super::shape::{Markup, Plan, Shape};
use crate::model::sieve::{Part, Reader};

/// What was learnt of an item that need not be read.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Skimmed<'t> {
    /// The last of its times.
    pub(crate) newest: Option<Timestamp>,
    /// Its id, or the number at its end.
    pub(crate) number: Cow<'t, str>,
}

/// Nesting beyond this is read wholly, and judged there.
const DEEPEST: usize = 64;

/// The item is out of the ordinary.
#[derive(Debug)]
struct Odd;

type Step<T> = Result<T, Odd>;

/// Looks through one item after the other.
pub(crate) struct Skimmer<'s> {
    plan: Plan,
    /// The configured keys of the object `fields`.
    fields: &'s [&'s str],
    reader: Box<dyn Reader + 's>,
    keys: Keys,
    /// Texts without their escapes, one after the other: nothing is allocated for each.
    scratch: String,
}

/// What an item came to.
pub(crate) struct Look<'t> {
    /// Where the item ends; none where it is no JSON as it is usual.
    pub(crate) end: Option<usize>,
    /// None where the item must be read wholly: it is kept, or something in it is unusual.
    pub(crate) skimmed: Option<Skimmed<'t>>,
}

impl<'s> Skimmer<'s> {
    pub(crate) fn new(plan: Plan, fields: &'s [&'s str], reader: Box<dyn Reader + 's>) -> Self {
        Self { plan, fields, reader, keys: Keys::default(), scratch: String::new() }
    }

    /// Shows the texts of the item that starts here to the reader.
    pub(crate) fn look<'t>(&mut self, text: &'t str, at: usize) -> Look<'t> {
        self.keys.start();
        let mut walk = Walk {
            text,
            at,
            depth: 0,
            fields: self.fields,
            reader: &mut *self.reader,
            keys: &mut self.keys,
            scratch: &mut self.scratch,
            newest: None,
            number: Cow::Borrowed(""),
            earlier: None,
            total: 0,
            comments: 0,
            checks: 0,
        };
        // What is no object ends where the next sign says so.
        let end = (walk.byte() == Some(b'{') && walk.value(self.plan.item).is_ok()).then_some(walk.at);
        let ordinary = end.is_some() && walk.consistent() && walk.checks >= self.plan.checks;
        let (number, newest) = (walk.number, walk.newest);
        // Asked in any case: the reader forgets the ticket with its answer.
        let keeps = self.reader.keeps(&number);
        let sifted = ordinary && !keeps && !number.is_empty();
        Look { end, skimmed: sifted.then_some(Skimmed { newest, number }) }
    }
}

struct Walk<'w, 't> {
    text: &'t str,
    at: usize,
    depth: usize,
    fields: &'w [&'w str],
    reader: &'w mut dyn Reader,
    keys: &'w mut Keys,
    scratch: &'w mut String,
    newest: Option<Timestamp>,
    number: Cow<'t, str>,
    earlier: Option<Timestamp>,
    total: u64,
    comments: u64,
    checks: usize,
}

impl<'t> Walk<'_, 't> {
    /// Times that may count are not the last; announced comments are there.
    fn consistent(&self) -> bool {
        self.earlier <= self.newest && self.total <= self.comments
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Past white space; gives the place.
    fn blank(&mut self) -> usize {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        self.at
    }

    fn take(&mut self, byte: u8) -> Step<()> {
        self.blank();
        if self.byte() != Some(byte) {
            return Err(Odd);
        }
        self.at += 1;
        Ok(())
    }

    fn is_next(&mut self, byte: u8) -> bool {
        self.blank();
        let is = self.byte() == Some(byte);
        self.at += usize::from(is);
        is
    }

    fn value(&mut self, shape: Shape) -> Step<()> {
        let start = self.blank();
        let first = self.byte().ok_or(Odd)?;
        if first == b'n' && !matches!(shape, Shape::Key | Shape::Number) {
            return self.word(b"null");
        }
        match (shape, first) {
            (Shape::Any, _) => self.any(None),
            (Shape::Told, _) => {
                self.reader.part(Part::Past, "");
                self.any(Some(&mut |walk, text| {
                    walk.part(Part::Past, text);
                    Ok(())
                }))
            }
            (Shape::Object(fields), b'{') => self.object(fields),
            (Shape::Each(each), b'[') => self.list(*each),
            (Shape::Text(part), b'"') => self.shown(|reader, text| reader.part(part, text)),
            (Shape::Text(part), b'0'..=b'9' | b'-') => self.number().map(|text| self.reader.part(part, text)),
            (Shape::Plain, b'"') => self.passed(),
            (Shape::Plain | Shape::Total, b'0'..=b'9' | b'-') => {
                let digits = self.number()?;
                if matches!(shape, Shape::Total) {
                    self.total = digits.parse().map_err(|_| Odd)?;
                }
                Ok(())
            }
            (Shape::Rich(part, markup), b'"') => {
                self.comments += u64::from(part == Part::Comment);
                self.shown(|reader, text| {
                    let plain = match markup {
                        Markup::Wiki => wiki::is_plain(text),
                        Markup::Markdown => markdown::is_plain(text),
                    };
                    match markup {
                        _ if plain => reader.part(part, text),
                        Markup::Wiki => reader.part(part, &wiki::text(text)),
                        Markup::Markdown => reader.part(part, &markdown::text(text)),
                    }
                })
            }
            (Shape::Rich(part, Markup::Wiki), b'{') => {
                self.any(None)?;
                let document = serde_json::from_str(&self.text[start..self.at]).map_err(|_| Odd)?;
                self.comments += u64::from(part == Part::Comment);
                self.reader.part(part, &adf::text(&document));
                Ok(())
            }
            (Shape::Named(part), b'"') => self.shown(|reader, text| reader.part(part, text)),
            (Shape::Named(part), b'{') => self.named(part),
            (Shape::Time | Shape::Earlier, b'"') => self.time(matches!(shape, Shape::Earlier)),
            (Shape::Key, b'"') => {
                self.number = self.string()?;
                Ok(())
            }
            (Shape::Number, b'0'..=b'9') => {
                let number = self.number()?;
                self.number = Cow::Borrowed(number);
                if number.contains('.') { Err(Odd) } else { Ok(()) }
            }
            (Shape::Checked(check), b'"') => {
                let text = self.string()?;
                self.checks += 1;
                if check(&text) { Ok(()) } else { Err(Odd) }
            }
            (Shape::Approvals, b'[') => self.any(Some(&mut |walk, text| {
                if text == "approved" {
                    walk.part(Part::Approval, text);
                }
                Ok(())
            })),
            (Shape::Field, b'{' | b'[' | b'"' | b'0'..=b'9' | b'-' | b't' | b'f') => {
                let mut count = 0;
                self.any(Some(&mut |walk, text| {
                    count += 1;
                    // A document's words stand in pieces.
                    if text == "doc" {
                        return Err(Odd);
                    }
                    for part in [Part::Field, Part::Label, Part::Approval] {
                        walk.part(part, text);
                    }
                    Ok(())
                }))?;
                // Several values are read as one text, and so are an option and the one below it.
                let raw = &self.text[start..self.at];
                let several =
                    first == b'[' && count > 1 || first == b'{' && (raw.contains("child") || raw.contains('\\'));
                if several { Err(Odd) } else { Ok(()) }
            }
            _ => Err(Odd),
        }
    }

    fn object(&mut self, fields: Fields) -> Step<()> {
        let mut seen = 0_u64;
        let mut configured = 0_u64;
        self.enter()?;
        self.take(b'{')?;
        if !self.is_next(b'}') {
            loop {
                let key = self.key(fields)?;
                if let Some(known) = key.known {
                    // The last of several fields of one name is the one that counts.
                    let bit = 1_u64 << (known % 64);
                    if seen & bit != 0 {
                        return Err(Odd);
                    }
                    seen |= bit;
                }
                if let Some(own) = key.configured {
                    let bit = 1_u64 << (own % 64);
                    // One that is read for two reasons is out of the ordinary.
                    if configured & bit != 0 || key.known.is_some() {
                        return Err(Odd);
                    }
                    configured |= bit;
                    self.value(Shape::Field)?;
                } else {
                    let shape = key.known.and_then(|known| fields.get(usize::from(known)));
                    self.value(shape.map_or(Shape::Any, |(_, shape)| *shape))?;
                }
                if self.is_next(b'}') {
                    break;
                }
                self.take(b',')?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// A key with its colon.
    fn key(&mut self, fields: Fields) -> Step<Key> {
        let start = self.blank();
        let rest = self.text.as_bytes().get(start..).ok_or(Odd)?;
        if let Some((key, length)) = self.keys.usual(rest, fields, self.depth) {
            self.at = start + length;
            return Ok(key);
        }
        let text = self.string()?;
        self.take(b':')?;
        let place = |at: usize| u8::try_from(at).map_err(|_| Odd);
        let known = fields.iter().position(|(name, _)| *name == text).map(place).transpose()?;
        let of_fields = self.depth == 2;
        let configured = self.fields.iter().position(|name| of_fields && *name == text).map(place).transpose()?;
        let key = Key { known, configured };
        self.keys.learn(&self.text.as_bytes()[start..self.at], fields, self.depth, key);
        Ok(key)
    }

    fn named(&mut self, part: Part) -> Step<()> {
        let mut seen = false;
        self.members(|walk, key| {
            if key != "name" {
                return walk.value(Shape::Any);
            }
            if std::mem::replace(&mut seen, true) {
                return Err(Odd);
            }
            walk.value(Shape::Text(part))
        })
    }

    fn members(&mut self, mut each: impl FnMut(&mut Self, &str) -> Step<()>) -> Step<()> {
        self.enter()?;
        self.take(b'{')?;
        if !self.is_next(b'}') {
            loop {
                self.blank();
                let key = self.string()?;
                self.take(b':')?;
                each(self, &key)?;
                if self.is_next(b'}') {
                    break;
                }
                self.take(b',')?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn list(&mut self, each: Shape) -> Step<()> {
        self.items(|walk| walk.value(each))
    }

    fn items(&mut self, mut each: impl FnMut(&mut Self) -> Step<()>) -> Step<()> {
        self.enter()?;
        self.take(b'[')?;
        if !self.is_next(b']') {
            loop {
                each(self)?;
                if self.is_next(b']') {
                    break;
                }
                self.take(b',')?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn enter(&mut self) -> Step<()> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(Odd) } else { Ok(()) }
    }

    /// Any value; its texts are shown to `texts`, the names of fields are not.
    fn any(&mut self, mut texts: Option<&mut Texts<'_>>) -> Step<()> {
        self.blank();
        match self.byte().ok_or(Odd)? {
            b'"' => match texts {
                Some(texts) => {
                    let text = self.string()?;
                    texts(&mut *self.reader, &text)
                }
                None => self.passed(),
            },
            b'{' => self.members(|walk, _| walk.any(texts.as_deref_mut())),
            b'[' => self.items(|walk| walk.any(texts.as_deref_mut())),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => {
                let number = self.number()?;
                texts.map_or(Ok(()), |texts| texts(&mut *self.reader, number))
            }
        }
    }

    fn word<const N: usize>(&mut self, word: &[u8; N]) -> Step<()> {
        if self.text.as_bytes().get(self.at..).and_then(|rest| rest.first_chunk::<N>()) != Some(word) {
            return Err(Odd);
        }
        self.at += N;
        Ok(())
    }

    /// Digits without exponent, few enough to be exact.
    fn number(&mut self) -> Step<&'t str> {
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest.iter().take_while(|b| matches!(b, b'0'..=b'9' | b'-' | b'.')).count();
        let text = &self.text[self.at..self.at + length];
        let whole = text.strip_prefix('-').unwrap_or(text);
        let (digits, fraction) = whole.split_once('.').unwrap_or((whole, "0"));
        let good = |digits: &str| (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let leading = digits.len() > 1 && digits.starts_with('0');
        if !good(digits) || !good(fraction) || leading || matches!(rest.get(length), Some(b'e' | b'E' | b'+')) {
            return Err(Odd);
        }
        self.at += length;
        Ok(text)
    }

    /// A string as it is written, and whether it has escapes.
    fn raw(&mut self) -> Step<(&'t str, bool)> {
        if self.byte() != Some(b'"') {
            return Err(Odd);
        }
        let start = self.at + 1;
        let bytes = self.text.as_bytes();
        let mut end = start;
        let mut escaped = false;
        loop {
            end += lanes::usual(bytes.get(end..).ok_or(Odd)?);
            match bytes.get(end).ok_or(Odd)? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    end += 2;
                }
                _ => return Err(Odd),
            }
        }
        let raw = self.text.get(start..end).ok_or(Odd)?;
        self.at = end + 1;
        Ok((raw, escaped))
    }

    fn string(&mut self) -> Step<Cow<'t, str>> {
        let (raw, escaped) = self.raw()?;
        if !escaped {
            return Ok(Cow::Borrowed(raw));
        }
        let mut out = String::new();
        lanes::unescaped(raw, &mut out).ok_or(Odd)?;
        Ok(Cow::Owned(out))
    }

    /// Shows a string.
    fn shown(&mut self, show: impl FnOnce(&mut dyn Reader, &str)) -> Step<()> {
        let (raw, escaped) = self.raw()?;
        if escaped {
            lanes::unescaped(raw, self.scratch).ok_or(Odd)?;
            show(&mut *self.reader, self.scratch);
        } else {
            show(&mut *self.reader, raw);
        }
        Ok(())
    }

    /// Past a string of which only its form matters.
    fn passed(&mut self) -> Step<()> {
        let (raw, escaped) = self.raw()?;
        if escaped { lanes::unescaped(raw, self.scratch).ok_or(Odd) } else { Ok(()) }
    }

    fn time(&mut self, earlier: bool) -> Step<()> {
        let text = self.string()?;
        if text.trim().is_empty() {
            return Ok(());
        }
        let time = Some(super::time(&text).ok_or(Odd)?);
        if earlier {
            self.earlier = self.earlier.max(time);
        } else {
            self.newest = self.newest.max(time);
        }
        Ok(())
    }
}

/// What is shown the texts of a value.
type Texts<'t> = dyn FnMut(&mut dyn Reader, &str) -> Step<()> + 't;
