//! A ticket's text, cut into what can be judged by itself: the title, headings, sentences, list items, table rows and lines of code,
//! each with the heading and the lead-in line that govern it. Struck text is left out here, and so never links; quoted text is read where
//! the caller says so. What the words mean is decided in `stance`.

use super::abbreviated::abbreviates;

use crate::model::ticket::Record;

use super::boxes;
use super::tokens::joined;

/// Where a unit stands in its ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// The title.
    Title,
    /// A description or form answer: `record.texts`' index.
    Body(usize),
    /// A comment: `record.comments`' index.
    Comment(usize),
}

/// What shape a unit has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A sentence.
    Prose,
    /// A heading.
    Heading,
    /// A sentence in a list item.
    Item,
    /// A table's row; cells are separated by `|`.
    Row,
    /// A line of a code block.
    Code,
}

/// A sentence, heading, item, row or line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) origin: Origin,
    pub(super) shape: Shape,
    /// Without bullets and fences; backticks and stars are left.
    pub(super) text: String,
    /// The unit index of the governing heading.
    pub(super) heading: Option<usize>,
    /// The unit index of the line that introduces this list, table or code.
    pub(super) lead: Option<usize>,
    /// The line that it stands on, counted over the ticket: sentences of one line share it.
    pub(super) line: usize,
    /// Of a list item with a tick box, whether that is ticked.
    pub(super) ticked: Option<bool>,
    /// What was chosen of several boxes that stand one under the other.
    pub(super) choice: bool,
}

/// A sentence is cut after this many bytes.
const LONGEST: usize = 1000;

/// A table's row is one unit; what is longer than this is no row, and is cut like a sentence.
const LONGEST_ROW: usize = 4 * LONGEST;

/// Units beyond this many are left out of one ticket, which says so; nobody reads so far, and only an attack writes it.
const MAX_UNITS: usize = 50_000;

/// The units of a whole ticket, in order: title, texts, comments; and whether some were left out. `quotes`: with what the description
/// quotes.
pub(super) fn units(record: &Record, quotes: bool) -> (Vec<Unit>, bool) {
    let mut reader = Reader { quotes, ..Reader::default() };
    for sentence in sentences(&visible(&record.title)) {
        reader.push(Origin::Title, Shape::Prose, sentence, None, None);
    }
    for (index, text) in record.texts.iter().enumerate() {
        reader.block(Origin::Body(index), &text.text);
    }
    for (index, comment) in record.comments.iter().enumerate() {
        reader.block(Origin::Comment(index), &comment.text);
    }
    (reader.units, reader.cut)
}

/// The name of a unit's field, as links quote it.
pub(super) fn field(record: &Record, origin: Origin) -> String {
    match origin {
        Origin::Title => "title".to_owned(),
        Origin::Body(index) => record.texts.get(index).map_or_else(String::new, |text| text.field.clone()),
        Origin::Comment(index) => format!("comment {}", index + 1),
    }
}

#[derive(Default)]
struct Reader {
    quotes: bool,
    units: Vec<Unit>,
    line: usize,
    cut: bool,
}

/// What governs the lines that follow.
#[derive(Default)]
struct Governing {
    heading: Option<usize>,
    /// A line that introduces, and whether only the next line belongs to it.
    lead: Option<(usize, bool)>,
    /// Items by their indent.
    parents: Vec<(usize, usize)>,
    /// Whether a list, table or code stands open under the lead.
    inside: bool,
}

impl Reader {
    fn push(&mut self, origin: Origin, shape: Shape, text: String, heading: Option<usize>, lead: Option<usize>) {
        self.cut |= self.units.len() >= MAX_UNITS;
        if !self.cut && !text.trim().is_empty() {
            self.units.push(Unit { origin, shape, text, heading, lead, line: self.line, ticked: None, choice: false });
        }
    }

    fn block(&mut self, origin: Origin, text: &str) {
        let text = &*super::wrapped::unwrapped(text);
        let mut by = Governing::default();
        let mut fence = false;
        let choices = boxes::choices(text);
        let values = super::csv::rows(text);
        let body = matches!(origin, Origin::Body(_));
        let older = super::mail::older(text).filter(|_| body && !self.quotes).unwrap_or(usize::MAX);
        for (number, line) in text.lines().enumerate() {
            self.line += 1;
            if number >= older {
                break;
            }
            if let Some(row) = values.get(&number).filter(|_| !fence) {
                by.inside = true;
                self.push(origin, Shape::Row, visible(row), by.heading, by.lead.map(|(unit, _)| unit));
                continue;
            }
            let line = if self.quotes && body { unquoted(line) } else { line };
            let trimmed = line.trim();
            match choices.get(&number) {
                Some(false) => continue,
                Some(true) => {
                    let first = self.units.len();
                    let said = trimmed.get(3..).unwrap_or_default();
                    self.push(origin, Shape::Item, visible(said), by.heading, by.lead.map(|(unit, _)| unit));
                    self.units[first..].iter_mut().for_each(|unit| unit.choice = true);
                    continue;
                }
                None => {}
            }
            if trimmed.starts_with("```") || trimmed == "~~~" {
                fence = !fence;
                by.inside = true;
                continue;
            }
            if fence {
                let lead = by.lead.map(|(unit, _)| unit);
                for piece in sentences(trimmed) {
                    self.push(origin, Shape::Code, piece, by.heading, lead);
                }
                continue;
            }
            if trimmed.is_empty() {
                if by.inside {
                    // A list may go on after a blank line; whether it does shows at the next line.
                    by.parents.clear();
                } else if by.lead.is_some_and(|(_, next_only)| next_only) {
                    by.lead = None;
                }
                continue;
            }
            if trimmed.starts_with('>') || hint(trimmed) {
                continue;
            }
            self.line_of_text(origin, line, trimmed, &mut by);
        }
    }

    fn line_of_text(&mut self, origin: Origin, line: &str, trimmed: &str, by: &mut Governing) {
        if let Some(heading) = heading(trimmed) {
            by.heading = Some(self.units.len());
            by.lead = None;
            by.parents.clear();
            by.inside = false;
            self.push(origin, Shape::Heading, visible(heading), None, None);
            return;
        }
        if (2..=LONGEST_ROW).contains(&trimmed.len()) && trimmed.starts_with('|') && trimmed[1..].contains('|') {
            by.inside = true;
            if !trimmed.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ')) {
                self.push(origin, Shape::Row, visible(trimmed), by.heading, by.lead.map(|(unit, _)| unit));
            }
            return;
        }
        if let Some((indent, item, ticked)) = item(line) {
            by.inside = true;
            by.parents.retain(|(depth, _)| *depth < indent);
            let lead = by.parents.last().map(|(_, unit)| *unit).or(by.lead.map(|(unit, _)| unit));
            let first = self.units.len();
            by.parents.push((indent, first));
            for sentence in sentences(&visible(item)) {
                self.push(origin, Shape::Item, sentence, by.heading, lead);
            }
            self.units[first..].iter_mut().for_each(|unit| unit.ticked = ticked);
            return;
        }
        // A plain line ends a list and what introduced it.
        let lead = if by.inside {
            None
        } else {
            by.lead.filter(|(_, next)| *next || !trimmed.contains(' ')).map(|(unit, _)| unit)
        };
        by.inside = false;
        by.parents.clear();
        let first = self.units.len();
        for sentence in sentences(&visible(trimmed)) {
            self.push(origin, Shape::Prose, sentence, by.heading, lead);
        }
        // "[ ] New [x] Change": what was chosen.
        if boxes::offers(trimmed) {
            self.units[first..].iter_mut().for_each(|unit| unit.choice = true);
        }
        by.lead = None;
        if self.units.len() > first {
            let last = self.units.len() - 1;
            let end = trimmed.trim_end_matches(['*', '_', '`', ' ']).chars().next_back().unwrap_or(' ');
            if end == ':' {
                by.lead = Some((last, false));
            } else if !matches!(end, '.' | '!' | '?' | ')' | ';') && !entry(trimmed) {
                by.lead = Some((last, true));
            }
        }
    }
}

/// "billing-deployer: keep": an entry by itself, which says nothing of the next line.
fn entry(line: &str) -> bool {
    [": ", " -> ", " → ", " - ", " – "].iter().find_map(|sign| line.split_once(sign)).is_some_and(|(key, value)| {
        !value.trim().is_empty() && value.split_whitespace().count() <= 2 && key.split_whitespace().count() <= 3
    })
}

/// `<name of the key, for example AKIA…>`: what a form says of an answer, no answer.
fn hint(line: &str) -> bool {
    line.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).is_some_and(|inner| {
        // A sentence that ends in it would end around it, too.
        inner.contains(' ')
            && sentences(inner).len() == 1
            && !inner.contains(['<', '>', '='])
            && !inner.contains("://")
            && !inner.starts_with('/')
    })
}

/// A line without the signs of quoting before it.
fn unquoted(line: &str) -> &str {
    let inner = line.trim_start();
    if inner.starts_with('>') { inner.trim_start_matches(['>', ' ']) } else { line }
}

/// Whether a ticket says that what it quotes is what is asked: it was forwarded.
pub(super) fn forwards(record: &Record) -> bool {
    const BELOW: [&str; 13] = [
        "adelanto",
        "see below",
        "what they ask",
        "below",
        "forward",
        "fwd",
        "passing on",
        "siehe unten",
        "weiterleit",
        "ci-dessous",
        "transf",
        "abajo",
        "reenv",
    ];
    let title = record.title.trim_start().to_lowercase();
    let first = title.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    // "From procurement:", and a quote.
    let from = |text: &str| {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
        while let Some(line) = lines.next() {
            let first = line.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_lowercase();
            let says = matches!(&*first, "from" | "mail" | "message" | "request" | "they" | "copied" | "von" | "de");
            if line.ends_with(':') && says && lines.peek().is_some_and(|next| next.starts_with('>')) {
                return true;
            }
        }
        false
    };
    let own = |text: &str| {
        from(text)
            || text.lines().any(|line| {
                !line.trim_start().starts_with('>') && {
                    let line = line.to_lowercase();
                    BELOW.iter().any(|word| line.contains(word))
                }
            })
    };
    matches!(first, "fw" | "fwd" | "wg" | "tr" | "rv") || record.texts.iter().any(|text| own(&text.text))
}

/// "FW: RE: evidence request": the subject of a mail is what others wrote about.
pub(super) fn forwarded(title: &str) -> bool {
    let first = title.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty()).unwrap_or_default();
    matches!(first.to_lowercase().as_str(), "fw" | "fwd" | "wg" | "tr" | "rv")
}

/// Whether a ticket was forwarded with a request of its own to act on it.
pub(super) fn passes_on(record: &Record) -> bool {
    let own = |text: &str| {
        let mut lines = text.lines().filter(|line| !line.trim_start().starts_with('>'));
        lines.any(|line| {
            super::tokens::words(line).iter().any(|w| matches!(&*w.text, "please" | "pls" | "plz" | "bitte" | "merci"))
        })
    };
    forwarded(&record.title) && record.texts.iter().any(|text| own(&text.text))
}

/// Whether the description quotes anything.
pub(super) fn quotes(record: &Record) -> bool {
    record.texts.iter().any(|text| {
        text.text.lines().any(|line| line.trim_start().starts_with('>')) || super::mail::older(&text.text).is_some()
    })
}

fn heading(line: &str) -> Option<&str> {
    let level = line.bytes().take_while(|b| *b == b'#').count();
    // Nobody's heading is so long; each unit's words are compared with each other.
    if line.len() > LONGEST {
        return None;
    }
    if (1..=6).contains(&level) && line.as_bytes().get(level) == Some(&b' ') {
        return Some(line[level..].trim().trim_end_matches('#').trim());
    }
    // A line that is strong as a whole is a heading, too.
    let inner = line.strip_prefix("**")?.strip_suffix("**").or_else(|| line.strip_prefix("**")?.strip_suffix("**:"))?;
    (!inner.contains("**") && inner.len() < 80).then_some(inner)
}

/// A list item's indent and text, without bullet, number and tick box, and whether that is ticked.
fn item(line: &str) -> Option<(usize, &str, Option<bool>)> {
    let trimmed = line.trim_start();
    let indent = line.len() - trimmed.len();
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let rest = if (1..=3).contains(&digits) && trimmed[digits..].starts_with(['.', ')']) {
        &trimmed[digits + 1..]
    } else {
        trimmed.strip_prefix(['-', '*', '+', '•', '–'])?
    };
    let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
    let boxed = rest.strip_prefix('[').and_then(|inner| {
        let mut chars = inner.chars();
        let (tick, close) = (chars.next()?, chars.next()?);
        let ticked = match tick {
            'x' | 'X' => Some(true),
            ' ' => Some(false),
            '~' | '-' => None,
            _ => return None,
        };
        (close == ']').then(|| (chars.as_str().trim_start(), ticked))
    });
    let (text, ticked) = boxed.unwrap_or((rest, None));
    Some((indent, text, ticked))
}

/// Text without what is struck through, and without the option boxes of a form that were not chosen.
pub(super) fn visible(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find("~~") {
        let Some(length) = rest[start + 2..].find("~~") else { break };
        out.push_str(&rest[..start]);
        rest = &rest[start + 2 + length + 2..];
    }
    out.push_str(rest);
    boxes::chosen(&without_hints(&out))
}

/// `Who: <name, mail>` is not filled in. A word of its own keeps apart what stood around it.
fn without_hints(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(open) = rest.find('<') {
        let Some(length) = rest[open..].find('>') else { break };
        let end = open + length + 1;
        out.push_str(&rest[..open]);
        out.push_str(if hint(&rest[open..end]) && !rest[open + 1..].starts_with(' ') {
            "<gap>"
        } else {
            &rest[open..end]
        });
        rest = &rest[end..];
    }
    if out.is_empty() { rest.to_owned() } else { out + rest }
}

/// Sentences of one line.
fn sentences(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut code = false;
    for (at, c) in line.char_indices() {
        // However long a line is, each piece is judged by itself and costs no more than its own length.
        if at.saturating_sub(start) > LONGEST && !joined(c) {
            out.push(line[start..at].trim().to_owned());
            start = at;
        }
        if c == '`' {
            code = !code && line[at + 1..].contains('`');
        }
        if code || !matches!(c, '.' | '!' | '?') {
            continue;
        }
        // "**Remove it.** Then": the stars belong to what they end.
        let behind = line[at + c.len_utf8()..].trim_start_matches('*');
        if !behind.starts_with(char::is_whitespace) {
            continue;
        }
        let end = line.len() - behind.len();
        if c == '.' && abbreviates(&line[start..at]) {
            continue;
        }
        out.push(line[start..end].trim().to_owned());
        start = end;
    }
    let rest = line[start..].trim();
    if !rest.is_empty() {
        out.push(rest.to_owned());
    }
    out
}
