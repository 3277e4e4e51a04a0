//! Colour and wrapping. Everything that comes in as untrusted text has gone through `escape` before.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use textwrap::{Options, WordSeparator, WordSplitter};

use crate::model::report::{Severity, Verdict};

/// A writer that knows colour and width.
pub(super) struct Page<'a> {
    pub(super) out: &'a mut dyn Write,
    pub(super) color: bool,
    pub(super) width: usize,
}

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const GREEN: Style = AnsiColor::Green.on_default().bold();
pub(super) const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const RED: Style = AnsiColor::Red.on_default().bold();

impl Page<'_> {
    /// The text in a style, where colour is wanted.
    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// A line as it is.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", text.trim_end())
    }

    /// A heading, with an empty line before it.
    pub(super) fn heading(&mut self, text: &str) -> io::Result<()> {
        let text = self.paint(BOLD, text);
        writeln!(self.out, "\n{text}")
    }

    /// Text that is wrapped below its first line's indentation. Words are never broken: an id must stay one.
    pub(super) fn wrapped(&mut self, first: &str, rest: &str, text: &str) -> io::Result<()> {
        let options = Options::new(self.width.max(20))
            .initial_indent(first)
            .subsequent_indent(rest)
            .break_words(false)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        for line in textwrap::wrap(text, options) {
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// `  name    text`, wrapped.
    pub(super) fn field(&mut self, name: &str, text: &str) -> io::Result<()> {
        const MARGIN: usize = 12;
        let rest = " ".repeat(MARGIN + 2);
        let mut lines = Vec::new();
        {
            let mut inner = Page { out: &mut lines, color: false, width: self.width };
            inner.wrapped(&rest, &rest, text)?;
        }
        let text = String::from_utf8_lossy(&lines);
        let text = text.get(rest.len()..).unwrap_or_default();
        let name = self.paint(DIM, &format!("{name:<MARGIN$}"));
        write!(self.out, "  {name}{}", if text.is_empty() { "\n" } else { text })
    }
}

pub(super) fn of_severity(severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::High => RED,
        Severity::Medium => YELLOW,
        Severity::Low => DIM,
    }
}

pub(super) fn of_verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Pass => GREEN,
        Verdict::Block => RED,
        Verdict::Inconclusive => YELLOW,
    }
}

/// A table with a heading; columns are as wide as they need, the last takes the rest of the line as it is.
pub(super) fn table(page: &mut Page<'_>, heads: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    /// No column pushes the others out of sight.
    const WIDEST: usize = 64;
    let width = |text: &str| unicode_width::UnicodeWidthStr::width(text);
    let mut widths: Vec<usize> = heads.iter().map(|head| width(head)).collect();
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            widths[at] = widths[at].max(width(cell).min(WIDEST));
        }
    }
    let lay = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        for (at, cell) in cells.enumerate() {
            line.push_str(cell);
            let fill = widths.get(at).copied().unwrap_or(0).saturating_sub(width(cell));
            line.push_str(&" ".repeat(fill + 2));
        }
        line.truncate(line.trim_end().len());
        line
    };
    let head = lay(&mut heads.iter().copied());
    let head = page.paint(BOLD, &head);
    page.line(&head)?;
    for row in rows {
        let line = lay(&mut row.iter().map(String::as_str));
        page.line(&line)?;
    }
    Ok(())
}
