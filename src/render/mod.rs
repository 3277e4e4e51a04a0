//! The same report in every format. Renderers read the report and nothing else, and no format changes the verdict. Adding one: a
//! file, and a line in [`FORMATS`].

pub mod escape;
pub mod github;
pub mod gitlab;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod sarif;
#[cfg(test)]
mod tests;
pub mod text;

use std::io::{self, Write};

use crate::model::inventory::Gap;
use crate::model::report::{Report, Severity, Verdict};

/// A rule as its manual describes it, for formats that carry manuals.
#[derive(Debug, Clone, Copy)]
pub struct RuleDoc<'a> {
    /// Its id.
    pub id: &'a str,
    /// What it says, in one line.
    pub title: &'a str,
    /// Its default severity.
    pub severity: Severity,
    /// Its manual, in Markdown.
    pub doc: &'a str,
    /// Standards that ask for what it checks.
    pub standards: &'a [&'a str],
}

/// What a renderer may know besides the report.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// All rules.
    pub rules: &'a [RuleDoc<'a>],
    /// Whether to colour.
    pub color: bool,
    /// Columns to wrap text at.
    pub width: usize,
    /// The configuration's path: where findings stand that point at no place in a pipeline.
    pub config: &'a str,
}

impl Context<'_> {
    /// A rule's manual.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&RuleDoc<'_>> {
        self.rules.iter().find(|rule| rule.id == id)
    }
}

/// Writes a report.
pub type Render = fn(&Report, &Context<'_>, &mut dyn Write) -> io::Result<()>;

/// A format of `check`.
#[derive(Clone, Copy)]
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for, for the help.
    pub about: &'static str,
    /// Writes it.
    pub render: Render,
}

/// All formats.
pub const FORMATS: &[Format] = &[
    Format { name: "text", about: "for people", render: text::report },
    Format { name: "json", about: "driftgate/report/v1, for programs", render: json::report },
    Format { name: "sarif", about: "SARIF 2.1.0, for code scanning", render: sarif::report },
    Format { name: "markdown", about: "for job summaries and comments", render: markdown::report },
    Format { name: "html", about: "one self-contained page, for people and auditors", render: html::report },
    Format { name: "junit", about: "JUnit XML, for test reports", render: junit::report },
    Format { name: "github", about: "annotations of a GitHub Actions run", render: github::report },
    Format { name: "gitlab", about: "GitLab's Code Quality report", render: gitlab::quality::report },
    Format { name: "gitlab-security", about: "GitLab's security report, kind sast", render: gitlab::security::report },
];

/// The format with that name.
#[must_use]
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// `1 finding`, `2 findings`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// What became of `--override`, as a sentence; not yet escaped.
#[must_use]
pub fn emergency(report: &Report) -> Option<String> {
    let emergency = report.emergency.as_ref()?;
    let what = if emergency.accepted { "OVERRIDDEN: this deploy goes on by" } else { "Not overridden by" };
    Some(format!("{what} {}: {}", emergency.ticket, emergency.reason))
}

/// Whether the exit code is 0 although the verdict is no pass, and no emergency change is the reason.
#[must_use]
pub fn only_warns(report: &Report) -> bool {
    let let_through = report.emergency.as_ref().is_some_and(|emergency| emergency.accepted);
    report.verdict != Verdict::Pass && report.exit_code == 0 && !let_through
}

/// A gap as a sentence; not yet escaped.
#[must_use]
pub fn gap(gap: &Gap) -> String {
    let of = if gap.scope == "*" { String::new() } else { format!(" of {}", gap.scope) };
    format!("{}: {}{of} not read: {}", gap.source, gap.lacks, gap.reason)
}

/// The severity as it is written.
#[must_use]
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
    }
}
