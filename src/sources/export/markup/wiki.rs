//! Jira's wiki markup (Data Center, and API v2) to the plain form. Notation: the "Text Formatting Notation Advanced" help page of
//! Jira. What is no markup stays as it is.

use std::borrow::Cow;

use super::{cell, fenced, may_stress, quoted, unstressed};

/// The text of wiki markup.
pub(crate) fn text(markup: &str) -> String {
    let markup = markup.replace("\r\n", "\n");
    let mut out = String::with_capacity(markup.len());
    let mut lines = markup.lines();
    // Blocks of which no later line has the end: each is looked for once.
    let mut endless: Vec<&str> = Vec::new();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if let Some(block) = opens(trimmed) {
            let rest = if endless.contains(&block) { "".lines() } else { lines.clone() };
            let found = body(trimmed, block, rest);
            if found.is_none() {
                endless.push(block);
            }
            if let Some((body, used)) = found {
                for _ in 0..used {
                    lines.next();
                }
                match block {
                    "quote" => out.push_str(&quoted(&text_inner(body.trim_matches('\n')))),
                    "panel" => out.push_str(&text_inner(body.trim_matches('\n'))),
                    _ => out.push_str(&fenced(&body)),
                }
                continue;
            }
        }
        out.push_str(&one_line(line));
        out.push('\n');
    }
    out.trim_end().to_owned()
}

/// Whether a text has the same words as its plain form, line by line: no mark of more than a line's start stands in it.
pub(crate) fn is_plain(markup: &str) -> bool {
    let bytes = markup.as_bytes();
    let word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    // `-struck-`: a hyphen at a word's start.
    let strikes = |at: usize| {
        let opens = bytes.get(at + 1).is_some_and(|next| word(Some(next)) || *next == b'`' || !next.is_ascii());
        opens && !word(at.checked_sub(1).and_then(|before| bytes.get(before)))
    };
    memchr::memchr3(b'{', b'[', b'*', bytes).is_none()
        && !memchr::memchr_iter(b'-', bytes).any(strikes)
        && !may_stress(markup)
}

/// The inside of a quote or panel: line by line, no blocks in blocks.
fn text_inner(markup: &str) -> String {
    markup.lines().map(|line| one_line(line) + "\n").collect()
}

/// The name of the block macro that a line starts with.
fn opens(line: &str) -> Option<&'static str> {
    ["code", "noformat", "quote", "panel"].into_iter().find(|name| {
        line.strip_prefix('{')
            .and_then(|rest| rest.strip_prefix(name))
            .is_some_and(|rest| rest.starts_with('}') || (rest.starts_with(':') && rest.contains('}')))
    })
}

/// A block's body and how many further lines it takes; none where it is never closed.
fn body<'a>(first: &str, name: &str, rest: impl Iterator<Item = &'a str>) -> Option<(String, usize)> {
    let close = format!("{{{name}}}");
    let after = &first[first.find('}')? + 1..];
    if let Some(end) = after.find(&close) {
        return Some((after[..end].to_owned(), 0));
    }
    let mut body = after.to_owned();
    for (used, line) in rest.enumerate() {
        if let Some(end) = line.find(&close) {
            body.push('\n');
            body.push_str(&line[..end]);
            return Some((body, used + 1));
        }
        body.push('\n');
        body.push_str(line);
    }
    None
}

fn one_line(line: &str) -> String {
    let trimmed = line.trim_start();
    if let Some(rest) = trimmed.strip_prefix("bq. ") {
        return format!("> {}", inline(rest));
    }
    if let Some(rest) = trimmed.strip_prefix('h')
        && let [level @ b'1'..=b'6', b'.', b' ', ..] = rest.as_bytes()
    {
        let level = usize::from(level - b'0');
        return format!("{} {}", "#".repeat(level), inline(&rest[3..]));
    }
    if trimmed.starts_with('|') && trimmed.trim_end().ends_with('|') && trimmed.trim_end().len() > 1 {
        let cells = trimmed.trim().trim_matches('|').replace("||", "|");
        let cells: String = cells.split('|').map(|c| format!(" {} |", cell(&inline(c)))).collect();
        return format!("|{cells}");
    }
    let stars = trimmed.bytes().take_while(|b| matches!(b, b'*' | b'#' | b'-')).count();
    if stars > 0 && trimmed.as_bytes().get(stars) == Some(&b' ') && (stars < 3 || !trimmed.starts_with('-')) {
        return format!("{}- {}", "  ".repeat(stars - 1), inline(trimmed[stars..].trim_start()));
    }
    inline(line)
}

/// Marks inside a line: monospace, strike, colour, links, mentions, ticks.
fn inline(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut ahead = Ahead::new(line);
    let mut at = 0;
    while let Some(found) = line[at..].find(['{', '(', '[', '-', '*']) {
        out.push_str(&line[at..at + found]);
        at += found;
        if let Some((text, after)) = marked(line, at, out.chars().next_back(), &mut ahead) {
            out.push_str(&text);
            at = after;
        } else {
            // Every sign is one byte.
            out.push_str(&line[at..=at]);
            at += 1;
        }
    }
    out.push_str(&line[at..]);
    match unstressed(&out) {
        Cow::Borrowed(_) => out,
        Cow::Owned(plain) => plain,
    }
}

/// What can end a mark.
#[derive(Clone, Copy)]
enum End {
    Braces,
    Brace,
    Bracket,
    Bar,
    Dash,
    Star,
}

/// Where the next end of each kind stands. A line is walked once from left to right, so each end is looked for once, however many
/// signs open before it.
struct Ahead<'l> {
    line: &'l str,
    /// By kind: not looked for yet; or the place of the next one, none where no more come.
    next: [Option<Option<usize>>; 6],
}

impl<'l> Ahead<'l> {
    /// A mark's text is short.
    const NEAR: usize = 2000;

    fn new(line: &'l str) -> Self {
        Self { line, next: [None; 6] }
    }

    /// The first end at or behind a place, if it is near.
    fn find(&mut self, end: End, from: usize) -> Option<usize> {
        let known = self.next[end as usize].filter(|next| next.is_none_or(|next| next >= from));
        let next = known.unwrap_or_else(|| self.search(end, from));
        self.next[end as usize] = Some(next);
        next.filter(|next| next - from <= Self::NEAR)
    }

    fn search(&self, end: End, from: usize) -> Option<usize> {
        let bytes = self.line.as_bytes().get(from..)?;
        let found = match end {
            End::Braces => memchr::memmem::find(bytes, b"}}"),
            End::Brace => memchr::memchr(b'}', bytes),
            End::Bracket => memchr::memchr(b']', bytes),
            End::Bar => memchr::memchr(b'|', bytes),
            End::Dash => memchr::memchr_iter(b'-', bytes).find(|at| self.closes(from + at)),
            End::Star => memchr::memchr_iter(b'*', bytes).find(|at| self.closes(from + at)),
        };
        found.map(|at| from + at)
    }

    /// Whether the sign at a place stands at a word's end.
    fn closes(&self, at: usize) -> bool {
        self.line[..at].ends_with(|c: char| !c.is_whitespace() && c != '-')
            && !self.line[at + 1..].starts_with(|c: char| word(c) || c == '-' || c == '*')
    }
}

fn word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What the sign at a place marks, and where the rest begins.
fn marked(line: &str, at: usize, before: Option<char>, ahead: &mut Ahead<'_>) -> Option<(String, usize)> {
    let rest = &line[at..];
    if rest.starts_with("{{") {
        let end = ahead.find(End::Braces, at + 2).filter(|end| *end > at + 2)?;
        return Some((format!("`{}`", &line[at + 2..end]), end + 2));
    }
    if rest.starts_with("{color") {
        return ahead.find(End::Brace, at).map(|end| (String::new(), end + 1));
    }
    for (sign, tick) in [("(/)", "[x] "), ("(x)", "[ ] ")] {
        if before.is_none()
            && let Some(after) = rest.strip_prefix(sign)
        {
            return Some((tick.to_owned(), line.len() - after.trim_start().len()));
        }
    }
    if rest.starts_with("[~") {
        let end = ahead.find(End::Bracket, at + 2)?;
        return Some((format!("@{}", line[at + 2..end].trim_start_matches("accountid:")), end + 1));
    }
    if rest.starts_with('[') {
        let end = ahead.find(End::Bracket, at + 1)?;
        let bar = ahead.find(End::Bar, at + 1).filter(|bar| *bar < end)?;
        return Some((format!("{} ({})", &line[at + 1..bar], &line[bar + 1..end]), end + 1));
    }
    let (end, plain) = match rest.as_bytes().first() {
        Some(b'-') => (End::Dash, "~~"),
        Some(b'*') => (End::Star, "**"),
        _ => return None,
    };
    // A mark opens at a word's start and closes at a word's end; `well-known` and `-accessor` are neither.
    let opens = !before.is_some_and(|c| word(c) || c == '-' || c == '*')
        && rest[1..].starts_with(|c: char| word(c) || c == '`');
    let end = if opens { ahead.find(end, at + 1)? } else { return None };
    Some((format!("{plain}{}{plain}", &line[at + 1..end]), end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_notation() {
        let markup = "h3. What\nRemove {{OLD_KEY}} of *svc-a*, -not this- {color:red}now{color} [~bob] [link|http://x]\r\n\
                      * a\n** b\n# c\n||Id||Type||\n|7|token|\nbq. said\n{quote}\nmore\n{quote}\n{code:bash}\naws iam x -y\n{code}\n\
                      {code}\n```\n{code}\n* [x] ticked\n----\nsvc-a stays, -accessor X\n{code} never closed";
        assert_eq!(
            text(markup),
            "### What\nRemove `OLD_KEY` of **svc-a**, ~~not this~~ now @bob link (http://x)\n- a\n  - b\n- c\n| Id | Type |\n\
             | 7 | token |\n> said\n> more\n```\naws iam x -y\n```\n```\n'''\n```\n- [x] ticked\n----\nsvc-a stays, -accessor X\n\
             {code} never closed"
        );
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(markup in "([-*|{}\\[\\]~#hb1. \n]|\\{code\\}|\\{\\{|é|w){0,80}") {
            let _ = text(&markup);
        }
    }
}
