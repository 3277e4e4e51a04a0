//! `tickets --explain`: a ticket's own lines with the words underlined that decided, then the steps of the reading.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthChar;

use super::lists::{page, tickets};
use super::paint::{BOLD, Page};
use crate::model::ticket::{Tickets, Trace};
use crate::render::Context;
use crate::render::escape::line;

const UNDERLINED: Style = AnsiColor::Cyan.on_default().underline();
const INDENT: &str = "    ";

/// Writes why tickets were understood so.
///
/// # Errors
/// Where the writer fails.
pub fn why(list: &Tickets, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    for ticket in &list.tickets {
        let one = Tickets { schema: list.schema.clone(), tickets: vec![ticket.clone()], gaps: Vec::new() };
        tickets(&one, context, out)?;
        let mut page = page(context, out);
        if !ticket.title.is_empty() {
            page.wrapped("title: ", "       ", &line(&ticket.title))?;
        }
        if let Some(resolution) = &ticket.resolution {
            page.wrapped("resolution: ", "            ", &line(resolution))?;
        }
        let access = &ticket.access;
        if let Some(level) = access.level {
            page.line(&format!("level: {}", format!("{level:?}").to_lowercase()))?;
        }
        for (what, all) in
            [("environments", &access.environments), ("resources", &access.resources), ("tenants", &access.tenants)]
        {
            if !all.is_empty() {
                page.wrapped(&format!("{what}: "), INDENT, &line(&all.join(", ")))?;
            }
        }
        for trace in &ticket.traces {
            underlined(trace, &mut page)?;
        }
        if !ticket.traces.is_empty() {
            page.line("")?;
        }
        for step in &ticket.why {
            page.wrapped("because: ", "         ", &line(step))?;
        }
        for remark in &ticket.remarks {
            page.wrapped("remark: ", "        ", &line(remark))?;
        }
        if let Some(since) = ticket.stood_done {
            page.line(&format!("it is open, and binds as done since {since}: who reopened it may not loosen"))?;
        }
        let may = if ticket.may_loosen { "it may loosen what was promised" } else { "it may tighten, not loosen" };
        page.line(may)?;
    }
    Ok(())
}

/// A line of the ticket below what its words decided.
fn underlined(trace: &Trace, page: &mut Page<'_>) -> io::Result<()> {
    let head = format!("{}, {}:", line(&trace.label), line(&trace.field));
    page.line("")?;
    let head = page.paint(BOLD, &head);
    page.line(&head)?;
    let (text, marks) = escaped(trace);
    for (start, end) in rows(&text, page.width.saturating_sub(INDENT.len()).max(20)) {
        let row = &text[start..end];
        let inside: Vec<(usize, usize)> = marks
            .iter()
            .map(|(from, to)| (from.saturating_sub(start).min(row.len()), to.saturating_sub(start).min(row.len())))
            .filter(|(from, to)| from < to)
            .collect();
        if page.color {
            let mut shown = String::from(INDENT);
            let mut done = 0;
            for (from, to) in inside.iter().filter(|(from, to)| row.get(*from..*to).is_some()) {
                if *from < done {
                    continue;
                }
                shown.push_str(&row[done..*from]);
                shown.push_str(&page.paint(UNDERLINED, &row[*from..*to]));
                done = *to;
            }
            shown.push_str(&row[done..]);
            page.line(&shown)?;
            continue;
        }
        page.line(&format!("{INDENT}{row}"))?;
        if !inside.is_empty() {
            let mut below = String::from(INDENT);
            for (at, c) in row.char_indices() {
                let marked = inside.iter().any(|(from, to)| *from <= at && at < *to);
                let sign = if marked { '^' } else { ' ' };
                below.extend(std::iter::repeat_n(sign, c.width().unwrap_or(0)));
            }
            page.line(&below)?;
        }
    }
    Ok(())
}

/// The line as it may be printed, and where its marked words went. Where escaping the parts is not escaping the whole (a command to
/// a CI that is parted by a mark), nothing is marked.
fn escaped(trace: &Trace) -> (String, Vec<(usize, usize)>) {
    let mut out = String::new();
    let mut marks = Vec::new();
    let mut done = 0;
    for (start, end) in &trace.words {
        let (Some(before), Some(word)) = (trace.line.get(done..*start), trace.line.get(*start..*end)) else { continue };
        out.push_str(&line(before));
        let from = out.len();
        out.push_str(&line(word));
        marks.push((from, out.len()));
        done = *end;
    }
    out.push_str(&line(trace.line.get(done..).unwrap_or_default()));
    let whole = line(&trace.line);
    if out == whole { (out, marks) } else { (whole.into_owned(), Vec::new()) }
}

/// Rows of at most that many columns, parted at blanks alone: a word that is broken may become something else.
fn rows(text: &str, width: usize) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let (mut start, mut columns) = (0, 0);
    let mut blank: Option<(usize, usize)> = None;
    for (at, c) in text.char_indices() {
        columns += c.width().unwrap_or(0);
        if c == ' ' {
            blank = Some((at, columns));
        }
        if columns > width
            && let Some((end, before)) = blank.take()
        {
            out.push((start, end));
            start = end + 1;
            columns -= before;
        }
    }
    out.push((start, text.len()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str, words: &[(usize, usize)], color: bool) -> String {
        let trace =
            Trace { label: "intent revoke".into(), field: "title".into(), line: line.into(), words: words.to_vec() };
        let mut out = Vec::new();
        let mut page = Page { out: &mut out, color, width: 40 };
        underlined(&trace, &mut page).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn carets_stand_below_their_words() {
        insta::assert_snapshot!(shown("Revoke the key of 日本 and of the loader, today", &[(0, 6), (18, 24), (36, 42)], false), @r"

        intent revoke, title:
            Revoke the key of 日本 and of the
            ^^^^^^            ^^^^
            loader, today
            ^^^^^^
        ");
    }

    #[test]
    fn hostile_lines_stay_lines() {
        let text = "::error::x \u{1b}[31m ##[group]\nrevoke \u{202e}it";
        let styles = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
        for marks in [&[][..], &[(0, 1)], &[(1, 3), (24, 30)], &[(5, 3)], &[(3, 99)]] {
            for color in [false, true] {
                let shown = shown(text, marks, color);
                let plain = styles.replace_all(&shown, "");
                assert!(!plain.contains('\u{202e}') && !plain.contains('\u{1b}'), "{shown:?}");
                assert!(!plain.contains("##[") && plain.lines().all(|line| !line.trim_start().starts_with("::")));
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_line_and_any_places(text in "\\PC{0,80}", a in 0usize..90, b in 0usize..90, color in proptest::bool::ANY) {
            let shown = shown(&text, &[(a.min(b), a.max(b))], color);
            proptest::prop_assert!(shown.lines().count() >= 2);
        }
    }
}
