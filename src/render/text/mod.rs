//! The report for people: the verdict first, then what blocks, why, which ticket, where it is used and what to do; then the rest.
//! Durations and request counts are left to the JSON, so that equal reports read equal.

mod explain;
mod findings;
mod lists;
mod paint;

use std::io::{self, Write};

use crate::model::report::{Coverage, Report, Scan, SourceStatus, Verdict, WaiverStatus};
use crate::render::escape::line;
use crate::render::{Context, count};
use paint::{DIM, Page, RED, YELLOW};

pub use explain::why;
pub use lists::{inventory, references, tickets};

/// Writes the report.
///
/// # Errors
/// Where the writer fails.
pub fn report(report: &Report, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { out, color: context.color, width: context.width };
    verdict(report, &mut page)?;
    let blocking: Vec<_> = report.findings.iter().filter(|finding| finding.blocking).collect();
    let waived = report.findings.iter().filter(|finding| finding.waived.is_some()).count();
    let others: Vec<_> =
        report.findings.iter().filter(|finding| !finding.blocking && finding.waived.is_none()).collect();
    if !blocking.is_empty() {
        page.heading("What blocks")?;
        for finding in blocking {
            findings::whole(finding, context, &mut page)?;
        }
    }
    if !others.is_empty() {
        page.heading("Other findings (they do not block)")?;
        for finding in others {
            findings::whole(finding, context, &mut page)?;
        }
    }
    if waived > 0 {
        page.heading("Waived findings")?;
        for finding in report.findings.iter().filter(|finding| finding.waived.is_some()) {
            findings::waived(finding, &mut page)?;
        }
    }
    gaps(report, &mut page)?;
    waivers(report, &mut page)?;
    if !report.verified.is_empty() {
        page.heading(&format!("Verified ({}: expected dead, and dead)", count(report.verified.len(), "proof")))?;
        for proof in &report.verified {
            let name = proof.subject.name.as_deref().unwrap_or(proof.subject.id.as_str());
            let text = format!("{}: {}; {}", line(name), line(&proof.expected), line(&proof.actual));
            page.wrapped("  ", "    ", &text)?;
        }
    }
    if !report.coverage.is_empty() {
        page.heading("Coverage")?;
    }
    coverage(&report.coverage, &mut page)
}

/// Writes the account of a scan.
///
/// # Errors
/// Where the writer fails.
pub fn scan(scan: &Scan, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { out, color: context.color, width: context.width };
    let counts = [count(scan.slots, "slot"), count(scan.credentials, "credential"), count(scan.gaps.len(), "gap")];
    page.line(&format!("{}: {}", line(&scan.snapshot), counts.join(", ")))?;
    coverage(&scan.coverage, &mut page)?;
    for gap in &scan.gaps {
        let text =
            format!("{}: {} of {}: {}", line(&gap.source), line(&gap.lacks), line(&gap.scope), line(&gap.reason));
        page.wrapped("gap: ", "     ", &text)?;
    }
    Ok(())
}

fn verdict(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if let Some(text) = crate::render::emergency(report) {
        let text = page.paint(YELLOW, &line(&text));
        page.line(&text)?;
    }
    let blocking = report.findings.iter().filter(|finding| finding.blocking).count();
    let (word, sentence) = match report.verdict {
        Verdict::Block => {
            let verb = if blocking == 1 { "blocks" } else { "block" };
            ("BLOCKED", format!("{} {verb} this deploy", count(blocking, "finding")))
        }
        Verdict::Inconclusive => {
            ("INCONCLUSIVE", format!("{} kept driftgate from a judgement", count(report.gaps.len(), "gap")))
        }
        Verdict::Pass => ("PASS", "everything required was read, and nothing blocks".to_owned()),
    };
    let word = page.paint(paint::of_verdict(report.verdict), word);
    page.line(&format!("driftgate: {word}: {sentence}"))?;
    let mut about = format!("Judged as of {}, scope: {}", report.now, line(&report.scope.kind));
    if let Some(environment) = &report.scope.environment {
        about.push_str(&format!(" {}", line(environment)));
    }
    match report.scope.jobs.len() {
        0 => about.push_str(", no job"),
        _ => {
            let shown: Vec<_> = report.scope.jobs.iter().take(8).map(|job| line(job)).collect();
            about.push_str(&format!(" ({}", shown.join(", ")));
            let more = report.scope.jobs.len().saturating_sub(shown.len());
            if more > 0 {
                about.push_str(&format!(" and {more} more"));
            }
            about.push(')');
        }
    }
    if let Some(reason) = &report.scope.reason {
        about.push_str(&format!("; {}", line(reason)));
    }
    about.push_str(&format!(". Exit code {}.", report.exit_code));
    page.wrapped("", "", &about)?;
    if crate::render::only_warns(report) {
        let text = format!("The exit code is {} because the settings only warn.", report.exit_code);
        let text = page.paint(YELLOW, &text);
        page.line(&text)?;
    }
    let s = &report.summary;
    let plural = |number: u64, noun: &str| count(usize::try_from(number).unwrap_or(usize::MAX), noun);
    page.wrapped(
        "",
        "",
        &format!(
            "Read: {}, {}, {}. Found: {} ({} waived), {}.",
            plural(s.references, "reference"),
            plural(s.credentials, "credential"),
            plural(s.tickets, "ticket"),
            plural(s.findings, "finding"),
            s.waived,
            plural(s.gaps, "gap"),
        ),
    )
}

fn gaps(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if report.gaps.is_empty() {
        return Ok(());
    }
    page.heading("Gaps: what was needed and could not be read")?;
    for gap in &report.gaps {
        page.wrapped("  ", "    ", &line(&crate::render::gap(gap)))?;
    }
    Ok(())
}

fn waivers(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if report.waivers.is_empty() {
        return Ok(());
    }
    page.heading("Waivers")?;
    for waiver in &report.waivers {
        let status = match waiver.status {
            WaiverStatus::Active => page.paint(DIM, "active"),
            WaiverStatus::Expired => page.paint(RED, "expired: it does nothing; remove or renew it"),
            WaiverStatus::Stale => page.paint(YELLOW, "stale: it matches nothing; remove it"),
            WaiverStatus::Refused => page.paint(RED, "refused: it does nothing"),
        };
        let mut text = format!("{} {} until {}: {status}", line(&waiver.rule), line(&waiver.subject), waiver.expires);
        if let Some(reason) = &waiver.reason {
            text.push_str(&format!(" ({})", line(reason)));
        }
        page.wrapped("  ", "    ", &text)?;
    }
    Ok(())
}

fn coverage(coverage: &[Coverage], page: &mut Page<'_>) -> io::Result<()> {
    for source in coverage {
        let status = match source.status {
            SourceStatus::Read => "read",
            SourceStatus::Partial => "read in part",
            SourceStatus::Failed => "not read",
            SourceStatus::Skipped => "left out",
        };
        let mut text = format!("{}: {status}", line(&source.source));
        if source.items > 0 || source.status == SourceStatus::Read {
            text.push_str(&format!(", {}", count(usize::try_from(source.items).unwrap_or(usize::MAX), "item")));
        }
        if let Some(who) = &source.asked_as {
            text.push_str(&format!(", as {}", line(who)));
        }
        if !source.required {
            text.push_str(", not required");
        }
        page.wrapped("  ", "    ", &text)?;
        for note in &source.notes {
            page.wrapped("    note: ", "          ", &line(note))?;
        }
    }
    Ok(())
}
