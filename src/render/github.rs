//! GitHub's workflow commands: an annotation for each finding, on the line of its reference. Where they are printed and what else a
//! run on GitHub gets is the command line's. Form and limits: GitHub's manual, "Workflow commands for GitHub Actions".

use std::io::{self, Write};

use crate::model::report::{Finding, Place, Report, Verdict};
use crate::render::escape::line;
use crate::render::{Context, count, severity};

/// GitHub shows ten annotations of a kind from one step and drops the others without a word.
pub const MOST: usize = 10;
/// GitHub cuts titles at 255 characters.
const LONGEST_TITLE: usize = 200;
/// Further places that an annotation names.
const MOST_PLACES: usize = 4;

/// The kinds of annotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Stops the deploy.
    Error,
    /// Is told, and stops nothing.
    Warning,
    /// Is good to know.
    Notice,
}

/// One annotation; its texts are not yet escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// How it is shown.
    pub level: Level,
    /// What it is about, in a line.
    pub title: String,
    /// Its lines.
    pub lines: Vec<String>,
    /// Where it stands; none for what stands nowhere.
    pub place: Option<Place>,
}

impl Annotation {
    /// The command that makes it, with its line break.
    #[must_use]
    pub fn command(&self) -> String {
        let mut out = String::from(match self.level {
            Level::Error => "::error ",
            Level::Warning => "::warning ",
            Level::Notice => "::notice ",
        });
        if let Some(place) = &self.place {
            let (at, column) = (place.line.max(1), place.column.max(1));
            out.push_str(&format!("file={},line={at},col={column},", property(&place.file)));
        }
        let title: String = line(&self.title).chars().take(LONGEST_TITLE).collect();
        let lines: Vec<String> = self.lines.iter().map(|text| data(&line(text))).collect();
        out.push_str(&format!("title={}::{}\n", property(&title), lines.join("%0A")));
        out
    }
}

/// Writes the annotations.
///
/// # Errors
/// Where the writer fails.
pub fn report(report: &Report, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    annotations(report, context).iter().try_for_each(|one| out.write_all(one.command().as_bytes()))
}

/// All annotations of a report: what stops the deploy, then the rest, then how it ended. No kind has more than GitHub shows.
#[must_use]
pub fn annotations(report: &Report, context: &Context<'_>) -> Vec<Annotation> {
    let stops = report.exit_code != 0;
    let level = if stops { Level::Error } else { Level::Warning };
    let mut first: Vec<Annotation> =
        report.findings.iter().filter(|finding| finding.blocking).map(|one| finding(one, level, context)).collect();
    let mut rest: Vec<Annotation> = Vec::new();
    let gaps = report.gaps.iter().map(|gap| Annotation {
        level: Level::Warning,
        title: "driftgate: what was needed could not be read".to_owned(),
        lines: vec![crate::render::gap(gap)],
        place: None,
    });
    if report.verdict == Verdict::Inconclusive && stops {
        first.extend(gaps.map(|gap| Annotation { level: Level::Error, ..gap }));
    } else {
        rest.extend(gaps);
    }
    let others = report.findings.iter().filter(|finding| !finding.blocking && finding.waived.is_none());
    rest.extend(others.map(|one| finding(one, Level::Warning, context)));
    if !stops {
        first.append(&mut rest);
    }
    let mut out = within_limit(first);
    out.extend(within_limit(rest));
    out.push(ending(report));
    out
}

/// As many as GitHub shows of one kind; the last of them says how many are left out.
fn within_limit(mut all: Vec<Annotation>) -> Vec<Annotation> {
    if all.len() > MOST {
        let more = all.split_off(MOST - 1);
        let blocking = more.iter().filter(|one| one.level == Level::Error).count();
        let what = if blocking > 0 { "block, too" } else { "are told" };
        all.extend(more.first().map(|one| Annotation {
            level: one.level,
            title: format!("driftgate: {} more", more.len()),
            lines: vec![format!(
                "{} more {what}: GitHub shows {MOST} annotations of a step. The report has all.",
                more.len()
            )],
            place: None,
        }));
    }
    all
}

fn finding(finding: &Finding, level: Level, context: &Context<'_>) -> Annotation {
    let name = finding.subject.name.as_deref().unwrap_or(finding.subject.id.as_str());
    let mut lines = Vec::new();
    let rule = context.rule(&finding.rule).map_or(finding.rule.as_str(), |rule| rule.title.trim_end_matches('.'));
    let would = if finding.blocking && level != Level::Error { " (would block)" } else { "" };
    lines.push(format!("{}{would}: {rule}", severity(finding.severity)));
    lines.push(finding.subject.id.to_string());
    for (word, fact) in [("expected", &finding.expected), ("recorded", &finding.recorded), ("actual", &finding.actual)]
    {
        lines.extend(fact.as_ref().map(|fact| format!("{word}: {fact}")));
    }
    if !finding.tickets.is_empty() {
        lines.push(format!("tickets: {}", finding.tickets.join(", ")));
    }
    let mut places = finding.references.iter();
    let place = places.next().cloned();
    lines.extend(place.as_ref().and_then(|place| place.job.as_ref()).map(|job| format!("used by the job {job}")));
    let also: Vec<String> = places
        .clone()
        .take(MOST_PLACES)
        .map(|place| format!("{}:{}:{}", place.file, place.line, place.column))
        .collect();
    if !also.is_empty() {
        let more = places.len() - also.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        lines.push(format!("also in {}{more}", also.join(", ")));
    }
    if !finding.remediation.is_empty() {
        lines.push(format!("do: {}", finding.remediation));
    }
    Annotation { level, title: format!("{}: {name}", finding.rule), lines, place }
}

/// How it ended, and what was proved or waived.
fn ending(report: &Report) -> Annotation {
    let blocking = report.findings.iter().filter(|finding| finding.blocking).count();
    let verdict = match report.verdict {
        Verdict::Pass => "pass".to_owned(),
        Verdict::Block => format!("blocked by {}", count(blocking, "finding")),
        Verdict::Inconclusive => format!("inconclusive by {}", count(report.gaps.len(), "gap")),
    };
    let only = if crate::render::only_warns(report) { "; the settings only warn" } else { "" };
    let waived = report.findings.iter().filter(|finding| finding.waived.is_some()).count();
    let mut lines: Vec<String> = crate::render::emergency(report).into_iter().collect();
    lines.push(format!(
        "{}; {} verified (expected dead, and dead), {waived} waived, {}. Judged as of {}.",
        count(report.findings.len(), "finding"),
        report.verified.len(),
        count(report.gaps.len(), "gap"),
        report.now,
    ));
    Annotation { level: Level::Notice, title: format!("driftgate: {verdict}{only}"), lines, place: None }
}

/// Text behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text of a property, which a comma or a colon would end.
fn property(text: &str) -> String {
    data(&line(text)).replace(':', "%3A").replace(',', "%2C")
}
