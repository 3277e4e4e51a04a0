//! Looks through one item's JSON without building it: enough to know that nothing in it is wrong, when it was last changed and what its
//! texts say. Whatever is out of the ordinary makes the item one that is read wholly, so that no gap is missed. Which fields a tracker
//! reads stands in that tracker's own file, as a `Shape`.

use std::borrow::Cow;

use jiff::Timestamp;

use super::lanes;
use super::markup::{adf, markdown, wiki};
use crate::model::sieve::{Part, Reader};

/// What is expected at a place of an item, and what it is for. Null is as good as absence everywhere but at `Key`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// Anything; nobody reads it.
    Any,
    /// Anything; all its texts may tell what was there before.
    Told,
    /// An object with these fields.
    Object(&'static [(&'static str, Shape)]),
    /// A list of these.
    Each(&'static Shape),
    /// A text or number that is read as it is.
    Text(Part),
    /// A text or number that has no words to read.
    Plain,
    /// A text in a tracker's markup.
    Rich(Part, Markup),
    /// A text, or an object with the text under `name`.
    Named(Part),
    /// A time that counts as the ticket's last change.
    Time,
    /// A time that may count as it: it must not be later than those that do.
    Earlier,
    /// How many comments there are.
    Total,
    /// The ticket's id.
    Key,
    /// The number at the end of its id.
    Number,
    /// A text that the ticket's id is made of, with what it must look like.
    Checked(fn(&str) -> bool),
    /// Only null: with it, the item is another thing.
    Nothing,
    /// Lists in which the word `approved` says so.
    Approvals,
    /// A configured field of any type.
    Field,
}

/// What a tracker's items look like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// An item.
    pub(crate) item: Shape,
    /// How many `Checked` texts it has at least.
    pub(crate) checks: usize,
}

/// A tracker's markup.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Markup {
    /// Jira's notation, or a document.
    Wiki,
    /// GitHub's and GitLab's.
    Markdown,
}

/// What was learnt of an item that need not be read.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Skimmed {
    /// The last of its times.
    pub(crate) newest: Option<Timestamp>,
    /// Its id, or the number at its end.
    pub(crate) number: String,
}

/// Nesting beyond this is read wholly, and judged there.
const DEEPEST: usize = 64;

/// The item is out of the ordinary.
#[derive(Debug)]
struct Odd;

type Step<T> = Result<T, Odd>;

/// Shows the item's texts to a reader. None where the item must be read wholly: it is kept, or something in it is unusual. `fields` are
/// the configured keys of the object `fields`.
pub(crate) fn skim(
    item: &[u8],
    plan: Plan,
    fields: &[&str],
    reader: &mut dyn Reader,
    scratch: &mut String,
) -> Option<Skimmed> {
    let text = std::str::from_utf8(item).ok()?;
    let mut walk = Walk {
        text,
        at: 0,
        depth: 0,
        fields,
        reader,
        scratch,
        out: Skimmed::default(),
        earlier: None,
        total: 0,
        comments: 0,
        checks: 0,
    };
    let ordinary = walk.value(plan.item).is_ok() && walk.blank() == text.len();
    let ordinary = ordinary && walk.consistent() && walk.checks >= plan.checks;
    let number = std::mem::take(&mut walk.out.number);
    // Asked in any case: the reader forgets the ticket with its answer.
    let keeps = walk.reader.keeps(&number);
    (ordinary && !keeps && !number.is_empty()).then_some(Skimmed { newest: walk.out.newest, number })
}

struct Walk<'w> {
    text: &'w str,
    at: usize,
    depth: usize,
    fields: &'w [&'w str],
    reader: &'w mut dyn Reader,
    /// Texts without their escapes, one after the other: nothing is allocated for each.
    scratch: &'w mut String,
    out: Skimmed,
    earlier: Option<Timestamp>,
    total: u64,
    comments: u64,
    checks: usize,
}

impl<'w> Walk<'w> {
    /// Times that may count are not the last; announced comments are there.
    fn consistent(&self) -> bool {
        self.earlier <= self.out.newest && self.total <= self.comments
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
            return self.word("null");
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
                self.out.number = self.string()?.into_owned();
                Ok(())
            }
            (Shape::Number, b'0'..=b'9') => {
                let number = self.number()?;
                self.out.number = number.to_owned();
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

    fn object(&mut self, fields: &'static [(&'static str, Shape)]) -> Step<()> {
        let mut seen = 0_u64;
        let mut configured = 0_u64;
        self.members(|walk, key| {
            let first = key.as_bytes().first();
            let known = fields.iter().position(|(name, _)| name.as_bytes().first() == first && *name == key);
            if let Some(known) = known {
                // The last of several fields of one name is the one that counts.
                let bit = 1_u64 << (known % 64);
                if seen & bit != 0 {
                    return Err(Odd);
                }
                seen |= bit;
            }
            if walk.depth == 2
                && let Some(at) = walk.fields.iter().position(|name| *name == key)
            {
                let bit = 1_u64 << (at % 64);
                // One that is read for two reasons is out of the ordinary.
                if configured & bit != 0 || known.is_some() {
                    return Err(Odd);
                }
                configured |= bit;
                return walk.value(Shape::Field);
            }
            walk.value(known.map_or(Shape::Any, |known| fields[known].1))
        })
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
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => {
                let number = self.number()?;
                texts.map_or(Ok(()), |texts| texts(&mut *self.reader, number))
            }
        }
    }

    fn word(&mut self, word: &str) -> Step<()> {
        if !self.text[self.at..].starts_with(word) {
            return Err(Odd);
        }
        self.at += word.len();
        Ok(())
    }

    /// Digits without exponent, few enough to be exact.
    fn number(&mut self) -> Step<&'w str> {
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
    fn raw(&mut self) -> Step<(&'w str, bool)> {
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

    fn string(&mut self) -> Step<Cow<'w, str>> {
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
            self.out.newest = self.out.newest.max(time);
        }
        Ok(())
    }
}

/// What is shown the texts of a value.
type Texts<'t> = dyn FnMut(&mut dyn Reader, &str) -> Step<()> + 't;
