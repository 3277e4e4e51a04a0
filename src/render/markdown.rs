//! Markdown for job summaries and comments. GitHub takes 1 MiB of it: what does not fit is counted, not cut in the middle.

use std::io::{self, Write};

use crate::model::report::{Finding, Report, Verdict};
use crate::render::escape::{code, markdown};
use crate::render::{Context, count, severity};

/// GitHub's limit for one step's summary.
pub const MOST_BYTES: usize = 1024 * 1024;
/// Kept for the lines that say what was left out.
const RESERVE: usize = 4 * 1024;
/// Places and facts that are shown of one finding.
const SHOWN: usize = 10;

/// Writes the report.
///
/// # Errors
/// Where the writer fails.
pub fn report(report: &Report, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(text(report, context, MOST_BYTES).as_bytes())
}

/// A text that stops growing in time.
struct Page {
    text: String,
    most: usize,
}

impl Page {
    /// Adds a block as a whole, or not at all.
    fn add(&mut self, block: &str) -> bool {
        let fits = self.text.len() + block.len() <= self.most;
        if fits {
            self.text.push_str(block);
        }
        fits
    }

    /// Adds blocks under a heading, and how many of them found no room.
    fn section(&mut self, heading: &str, blocks: impl Iterator<Item = String>) {
        let (mut shown, mut more) = (0_usize, 0_usize);
        for block in blocks {
            let first = if shown == 0 && more == 0 { format!("\n## {heading}\n\n") } else { String::new() };
            if more == 0 && self.add(&format!("{first}{block}")) {
                shown += 1;
            } else {
                more += 1;
            }
        }
        if more > 0 {
            // Out of the reserve: this line must be there.
            let first = if shown == 0 { format!("\n## {heading}\n") } else { String::new() };
            self.text.push_str(&format!("{first}\n**{more} more** did not fit here; the JSON report has all.\n"));
        }
    }
}

/// The report in at most so many bytes; what does not fit is counted.
#[must_use]
pub fn text(report: &Report, context: &Context<'_>, most: usize) -> String {
    let mut page = Page { text: String::new(), most: most.saturating_sub(RESERVE) };
    let blocking: Vec<&Finding> = report.findings.iter().filter(|finding| finding.blocking).collect();
    let word = match report.verdict {
        Verdict::Pass => "pass",
        Verdict::Block => "blocked",
        Verdict::Inconclusive => "inconclusive",
    };
    if let Some(text) = crate::render::emergency(report) {
        page.add(&format!("> **{}**\n\n", markdown(&text)));
    }
    let s = &report.summary;
    let jobs = report.scope.jobs.iter().take(20).map(|job| code(job)).collect::<Vec<_>>().join(", ");
    let jobs = match report.scope.jobs.len() {
        0 => "no job".to_owned(),
        all if all > 20 => format!("{jobs} and {} more", all - 20),
        _ => jobs,
    };
    page.add(&format!(
        "# driftgate: {word}\n\n{} by {}. Judged as of {}, scope: {} ({jobs}). Exit code {}.\n\n\
         | references | credentials | tickets | findings | waived | gaps |\n|--:|--:|--:|--:|--:|--:|\n\
         | {} | {} | {} | {} | {} | {} |\n",
        if blocking.is_empty() { "Not blocked".to_owned() } else { "Blocked".to_owned() },
        count(blocking.len(), "finding"),
        report.now,
        markdown(&report.scope.kind),
        report.exit_code,
        s.references,
        s.credentials,
        s.tickets,
        s.findings,
        s.waived,
        s.gaps,
    ));
    page.section("What blocks", blocking.iter().map(|finding| one(finding, context)));
    page.section(
        "Gaps: what was needed and could not be read",
        report.gaps.iter().map(|gap| format!("- {}\n", markdown(&crate::render::gap(gap)))),
    );
    page.section(
        "Other findings",
        report.findings.iter().filter(|f| !f.blocking && f.waived.is_none()).map(|finding| one(finding, context)),
    );
    page.section(
        "Waived findings",
        report.findings.iter().filter_map(|finding| {
            let waiver = finding.waived.as_ref()?;
            let by: Vec<String> =
                [&waiver.approved_by, &waiver.ticket].into_iter().flatten().map(|text| markdown(text)).collect();
            Some(format!(
                "- {} {}: {} until {}: {} {}\n",
                severity(finding.severity),
                code(&finding.rule),
                code(finding.subject.id.as_str()),
                waiver.expires,
                markdown(&waiver.reason),
                by.join(", "),
            ))
        }),
    );
    page.section(
        "Waivers",
        report.waivers.iter().map(|waiver| {
            let reason = waiver.reason.as_deref().map(|reason| format!(" ({})", markdown(reason))).unwrap_or_default();
            let status = serde_json::to_value(waiver.status).ok();
            let status = status.as_ref().and_then(|status| status.as_str()).unwrap_or_default();
            format!("- {} {}: {status}{reason}, until {}\n", code(&waiver.rule), code(&waiver.subject), waiver.expires)
        }),
    );
    page.section(
        "Verified: expected dead, and dead",
        report.verified.iter().map(|proof| {
            format!(
                "- {}: {}; {}\n",
                code(proof.subject.id.as_str()),
                markdown(&proof.expected),
                markdown(&proof.actual)
            )
        }),
    );
    let row = |source: &crate::model::report::Coverage| {
        let status = serde_json::to_value(source.status).ok();
        let status = status.as_ref().and_then(|status| status.as_str()).unwrap_or_default().to_owned();
        let notes = source.notes.iter().map(|note| markdown(note)).collect::<Vec<_>>().join("; ");
        let notes = if notes.is_empty() { notes } else { format!(": {notes}") };
        let required = if source.required { "" } else { ", not required" };
        format!("- {}: {status}, {}{required}{notes}\n", markdown(&source.source), source.items)
    };
    page.section("Coverage", report.coverage.iter().map(row));
    page.text
}

fn one(finding: &Finding, context: &Context<'_>) -> String {
    let mut out = format!("### {}: {}", severity(finding.severity), code(&finding.rule));
    if let Some(name) = &finding.subject.name {
        out.push_str(&format!(" {}", code(name)));
    }
    out.push_str("\n\n");
    if let Some(rule) = context.rule(&finding.rule) {
        out.push_str(&format!("{}.\n\n", markdown(rule.title.trim_end_matches('.'))));
    }
    out.push_str(&format!("- subject: {}\n", code(finding.subject.id.as_str())));
    for (word, fact) in [("expected", &finding.expected), ("recorded", &finding.recorded), ("actual", &finding.actual)]
    {
        if let Some(fact) = fact {
            out.push_str(&format!("- {word}: {}\n", markdown(fact)));
        }
    }
    if let Some(since) = finding.since {
        out.push_str(&format!("- since: {since}\n"));
    }
    if !finding.tickets.is_empty() {
        let tickets: Vec<String> = finding.tickets.iter().map(|ticket| code(ticket)).collect();
        out.push_str(&format!("- tickets: {}\n", tickets.join(", ")));
    }
    if !finding.references.is_empty() {
        let places: Vec<String> = finding
            .references
            .iter()
            .take(SHOWN)
            .map(|place| {
                let job = place.job.as_deref().map(|job| format!(" (job {})", code(job))).unwrap_or_default();
                format!("{}{job}", code(&format!("{}:{}:{}", place.file, place.line, place.column)))
            })
            .collect();
        out.push_str(&format!("- used in: {}{}\n", places.join(", "), more(finding.references.len())));
    }
    for fact in finding.evidence.iter().take(SHOWN) {
        let time = fact.observed_at.map(|time| format!(", {time}")).unwrap_or_default();
        out.push_str(&format!("- evidence: {} {}{time}", markdown(&fact.source), code(&fact.locator)));
        if !fact.quote.is_empty() {
            out.push_str(&format!(": {}", code(&fact.quote)));
        }
        out.push('\n');
    }
    if finding.evidence.len() > SHOWN {
        out.push_str(&format!("- {} more facts\n", finding.evidence.len() - SHOWN));
    }
    if !finding.remediation.is_empty() {
        out.push_str(&format!("- **do**: {}\n", markdown(&finding.remediation)));
    }
    if !finding.standards.is_empty() {
        out.push_str(&format!("- standards: {}\n", markdown(&finding.standards.join("; "))));
    }
    out.push('\n');
    out
}

fn more(all: usize) -> String {
    if all > SHOWN { format!(" and {} more", all - SHOWN) } else { String::new() }
}
