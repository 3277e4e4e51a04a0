//! Jira's wiki markup (Data Center, and API v2) to the plain form. Notation: the "Text Formatting Notation Advanced" help page of
//! Jira. What is no markup stays as it is.

use super::{cell, fenced, quoted};

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
    memchr::memchr3(b'{', b'[', b'*', bytes).is_none() && !memchr::memchr_iter(b'-', bytes).any(strikes)
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
    let mut rest = line;
    while let Some(at) = rest.find(['{', '(', '[', '-', '*']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(c) = rest.chars().next() else { break };
        let before = out.chars().next_back();
        if let Some((text, after)) = marked(rest, before) {
            out.push_str(&text);
            rest = after;
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out.push_str(rest);
    out
}

fn marked(rest: &str, before: Option<char>) -> Option<(String, &str)> {
    /// A mark's text is short; an opening sign without its end must not make every later one search the whole line.
    const NEAR: usize = 2000;
    let near = |text: &str, what: &str| {
        let end = (0..=NEAR.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
        text.get(..end.unwrap_or(0)).and_then(|head| head.find(what))
    };
    if let Some(inner) = rest.strip_prefix("{{") {
        let end = near(inner, "}}").filter(|end| *end > 0)?;
        return Some((format!("`{}`", &inner[..end]), &inner[end + 2..]));
    }
    if rest.starts_with("{color") {
        let end = near(rest, "}")?;
        return Some((String::new(), &rest[end + 1..]));
    }
    for (sign, tick) in [("(/)", "[x] "), ("(x)", "[ ] ")] {
        if before.is_none()
            && let Some(after) = rest.strip_prefix(sign)
        {
            return Some((tick.to_owned(), after.trim_start()));
        }
    }
    if let Some(inner) = rest.strip_prefix("[~") {
        let end = near(inner, "]")?;
        return Some((format!("@{}", inner[..end].trim_start_matches("accountid:")), &inner[end + 1..]));
    }
    if let Some(inner) = rest.strip_prefix('[') {
        let end = near(inner, "]")?;
        let (text, target) = inner[..end].split_once('|')?;
        return Some((format!("{text} ({target})"), &inner[end + 1..]));
    }
    let word = |c: char| c.is_alphanumeric() || c == '_';
    for (sign, plain) in [('-', "~~"), ('*', "**")] {
        let Some(inner) = rest.strip_prefix(sign) else { continue };
        // A mark opens at a word's start and closes at a word's end; `well-known` and `-accessor` are neither.
        if before.is_some_and(|c| word(c) || c == '-' || c == '*') || !inner.starts_with(|c: char| word(c) || c == '`')
        {
            continue;
        }
        let mut from = 0;
        while let Some(found) = near(&inner[from..], if sign == '-' { "-" } else { "*" }) {
            let end = from + found;
            let closes = inner[..end].ends_with(|c: char| !c.is_whitespace() && c != '-')
                && !inner[end + 1..].starts_with(|c: char| word(c) || c == '-' || c == '*');
            if closes {
                return Some((format!("{plain}{}{plain}", &inner[..end]), &inner[end + 1..]));
            }
            from = end + 1;
            if from > NEAR {
                break;
            }
        }
    }
    None
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
