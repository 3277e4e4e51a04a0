//! The page as a whole: what its templates are given. All words that are ours and depend on the report are chosen here.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use jiff::Timestamp;

use super::finding::Shown;
use super::proofs::Proofs;
use super::{SCRIPT, STYLE, WITHOUT_SCRIPT, words};
use crate::model::report::{
    Coverage, Evidence, Finding, Report, SourceStatus, TicketFacts, Verdict, WaiverReport, WaiverStatus,
};
use crate::render::{Context, count, gap};

/// From this number of findings on there are filters: fewer are seen at a glance.
const FILTERED_FROM: usize = 6;
/// Beyond this number what is not looked at is not laid out.
const MANY: usize = 50;
/// Up to this number all findings are unfolded.
const ALL_OPEN: usize = 10;
/// Blocking findings that the short list at the top names.
const LISTED: usize = 12;
/// Jobs of the scope that are named at once.
const JOBS: usize = 12;

/// A ticket's id, and its page where it has one.
pub(super) struct Link {
    pub(super) id: String,
    pub(super) address: Option<String>,
    pub(super) title: String,
}

/// What every part looks up.
pub(super) struct Facts<'a> {
    pub(super) now: Timestamp,
    tickets: HashMap<&'a str, Vec<&'a TicketFacts>>,
}

impl<'a> Facts<'a> {
    /// The ticket of that id; of namesakes in two trackers the one that is cited.
    pub(super) fn ticket(&self, id: &str, evidence: &[Evidence]) -> Option<&'a TicketFacts> {
        let all = self.tickets.get(id)?;
        let cited = |ticket: &&&TicketFacts| evidence.iter().any(|f| f.locator == id && f.source == ticket.source);
        all.iter().find(cited).or_else(|| all.first()).copied()
    }

    pub(super) fn link(&self, id: &str, evidence: &[Evidence]) -> Link {
        let ticket = self.ticket(id, evidence);
        Link {
            id: id.to_owned(),
            address: ticket.and_then(|ticket| ticket.url.as_deref()).and_then(words::link),
            title: ticket.map(|ticket| ticket.title.clone()).unwrap_or_default(),
        }
    }
}

/// A choice of a filter.
pub(super) struct Choice<'a> {
    pub(super) value: &'a str,
    pub(super) label: &'a str,
    pub(super) count: usize,
}

/// A source in the table of coverage.
pub(super) struct Source<'a> {
    pub(super) about: &'a Coverage,
    pub(super) status: &'static str,
}

/// A waiver in its table.
pub(super) struct Waiver<'a> {
    pub(super) about: &'a WaiverReport,
    pub(super) status: &'static str,
    pub(super) until: String,
}

/// The page.
#[derive(Template)]
#[template(path = "page.html")]
pub(super) struct Page<'a> {
    report: &'a Report,
    style: &'static str,
    without_script: &'static str,
    script: &'static str,
    policy: String,
    verdict: &'static str,
    tone: &'static str,
    sentence: String,
    /// What became of `--override`.
    emergency: Option<String>,
    let_through: bool,
    now: String,
    scope: String,
    jobs: String,
    figures: Vec<(String, &'static str)>,
    findings: Vec<Shown<'a>>,
    listed: usize,
    unlisted: usize,
    filters: bool,
    many: bool,
    severities: Vec<Choice<'a>>,
    rules: Vec<Choice<'a>>,
    states: Vec<Choice<'a>>,
    gaps: Vec<String>,
    waivers: Vec<Waiver<'a>>,
    proofs: Proofs<'a>,
    sources: Vec<Source<'a>>,
}

impl<'a> Page<'a> {
    pub(super) fn new(report: &'a Report, context: &Context<'a>) -> Self {
        let mut tickets: HashMap<&str, Vec<&TicketFacts>> = HashMap::new();
        for ticket in &report.tickets {
            tickets.entry(ticket.id.as_str()).or_default().push(ticket);
        }
        let facts = Facts { now: report.now, tickets };
        let rank = |finding: &&Finding| (!finding.blocking, finding.waived.is_some());
        let mut ordered: Vec<&Finding> = report.findings.iter().collect();
        ordered.sort_by_key(rank);
        let few = ordered.len() <= ALL_OPEN;
        let findings: Vec<Shown<'_>> =
            ordered.into_iter().enumerate().map(|(at, one)| Shown::new(one, &facts, context, few || at == 0)).collect();
        let blocking = report.findings.iter().filter(|finding| finding.blocking).count();
        let (verdict, tone, sentence) = verdict(report, blocking);
        let listed = blocking.min(LISTED);
        Self {
            style: STYLE,
            without_script: WITHOUT_SCRIPT,
            script: SCRIPT,
            policy: super::policy(),
            verdict,
            tone,
            sentence,
            emergency: crate::render::emergency(report),
            let_through: crate::render::only_warns(report),
            now: words::moment(report.now),
            scope: scope(report),
            jobs: jobs(report),
            figures: figures(report, blocking),
            listed,
            unlisted: blocking - listed,
            filters: findings.len() >= FILTERED_FROM,
            many: findings.len() > MANY,
            severities: choices(&findings, |shown| shown.severity, &["critical", "high", "medium", "low"]),
            rules: choices(&findings, |shown| shown.finding.rule.as_str(), &[]),
            states: choices(&findings, |shown| shown.state, &["blocking", "told", "waived"]),
            findings,
            gaps: report.gaps.iter().map(gap).collect(),
            waivers: report.waivers.iter().map(waiver).collect(),
            proofs: Proofs::new(report, &facts),
            sources: report.coverage.iter().map(source).collect(),
            report,
        }
    }
}

/// The values that findings have, in that order, else by name, with how often.
fn choices<'a>(all: &[Shown<'a>], value: impl Fn(&Shown<'a>) -> &'a str, order: &[&str]) -> Vec<Choice<'a>> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for shown in all {
        *counts.entry(value(shown)).or_default() += 1;
    }
    let label = |value: &'a str| if value == "told" { "not blocking" } else { value };
    let mut out: Vec<Choice<'_>> =
        counts.into_iter().map(|(value, count)| Choice { value, label: label(value), count }).collect();
    out.sort_by_key(|choice| order.iter().position(|known| *known == choice.value));
    out
}

fn verdict(report: &Report, blocking: usize) -> (&'static str, &'static str, String) {
    match report.verdict {
        Verdict::Block => {
            let verb = if blocking == 1 { "blocks" } else { "block" };
            ("Blocked", "block", format!("{} {verb} this deploy.", count(blocking, "finding")))
        }
        Verdict::Inconclusive if report.gaps.is_empty() => {
            ("Inconclusive", "inconclusive", "There was nothing to judge: no job is in scope.".to_owned())
        }
        Verdict::Inconclusive => (
            "Inconclusive",
            "inconclusive",
            format!(
                "{} kept driftgate from a judgement: what could not be read is not taken for good.",
                count(report.gaps.len(), "gap")
            ),
        ),
        Verdict::Pass => ("Pass", "pass", "Everything required was read, and nothing blocks this deploy.".to_owned()),
    }
}

fn scope(report: &Report) -> String {
    let scope = &report.scope;
    let mut text = match (scope.kind.as_str(), &scope.environment) {
        ("downstream", _) => {
            "What the gate protects: the steps after it and the jobs that its failure stops".to_owned()
        }
        ("environment", Some(name)) => format!("What deploys to {name}"),
        ("repository", _) => "The whole repository".to_owned(),
        (other, _) => other.to_owned(),
    };
    if let Some(reason) = &scope.reason {
        text.push_str(&format!(" ({reason})"));
    }
    text
}

fn jobs(report: &Report) -> String {
    let jobs = &report.scope.jobs;
    let shown = jobs.iter().take(JOBS).map(String::as_str).collect::<Vec<_>>().join(", ");
    match jobs.len() {
        0 => "no job".to_owned(),
        all if all > JOBS => format!("{}: {shown} and {} more", count(all, "job"), all - JOBS),
        all => format!("{}: {shown}", count(all, "job")),
    }
}

fn figures(report: &Report, blocking: usize) -> Vec<(String, &'static str)> {
    let s = &report.summary;
    let one =
        |number: u64, one: &'static str, many: &'static str| (number.to_string(), if number == 1 { one } else { many });
    let of = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    vec![
        one(of(blocking), "finding blocks", "findings block"),
        one(s.findings, "finding in all", "findings in all"),
        one(s.waived, "waived", "waived"),
        one(s.gaps, "gap", "gaps"),
        one(of(report.verified.len()), "verified", "verified"),
        one(s.tickets, "ticket", "tickets"),
        one(s.credentials, "credential", "credentials"),
        one(s.references, "reference", "references"),
    ]
}

fn waiver(about: &WaiverReport) -> Waiver<'_> {
    let status = match about.status {
        WaiverStatus::Active => "active",
        WaiverStatus::Expired => "expired",
        WaiverStatus::Stale => "matches nothing",
        WaiverStatus::Refused => "refused",
    };
    Waiver { about, status, until: words::moment(about.expires) }
}

fn source(about: &Coverage) -> Source<'_> {
    let status = match about.status {
        SourceStatus::Read => "read",
        SourceStatus::Partial => "read in part",
        SourceStatus::Failed => "not read",
        SourceStatus::Skipped => "left out",
    };
    Source { about, status }
}
