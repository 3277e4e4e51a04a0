//! One finding for people.

use std::io;

use super::paint::{self, BOLD, DIM, Page};
use crate::model::id::SubjectType;
use crate::model::report::Finding;
use crate::render::escape::line;
use crate::render::{Context, severity};

/// Places and facts that are shown of one finding.
const SHOWN: usize = 6;

pub(super) fn whole(finding: &Finding, context: &Context<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let severity = page.paint(paint::of_severity(finding.severity), severity(finding.severity));
    let subject = finding.subject.name.as_deref().unwrap_or(finding.subject.id.as_str());
    let rule = page.paint(BOLD, &line(&finding.rule));
    page.line(&format!("\n{severity} {rule}: {}", line(subject)))?;
    if let Some(rule) = context.rule(&finding.rule) {
        let title = rule.title.to_owned();
        page.wrapped("  ", "  ", &title)?;
    }
    let kind = match finding.subject.kind {
        SubjectType::Credential => "credential",
        SubjectType::Slot => "slot",
        SubjectType::Reference => "job",
        SubjectType::Ticket => "ticket",
    };
    page.field(kind, &line(finding.subject.id.as_str()))?;
    for (name, text) in [("expected", &finding.expected), ("recorded", &finding.recorded), ("actual", &finding.actual)]
    {
        if let Some(text) = text {
            page.field(name, &line(text))?;
        }
    }
    if let Some(since) = finding.since {
        page.field("since", &since.to_string())?;
    }
    if !finding.tickets.is_empty() {
        let tickets: Vec<_> = finding.tickets.iter().map(|ticket| line(ticket)).collect();
        page.field("tickets", &tickets.join(", "))?;
    }
    for (at, place) in finding.references.iter().take(SHOWN).enumerate() {
        let mut text = format!("{}:{}:{}", line(&place.file), place.line, place.column);
        if let Some(job) = &place.job {
            text.push_str(&format!(" (job {})", line(job)));
        }
        page.field(if at == 0 { "used in" } else { "" }, &text)?;
    }
    more(finding.references.len(), page)?;
    for (at, fact) in finding.evidence.iter().take(SHOWN).enumerate() {
        let mut text = format!("{} {}", line(&fact.source), line(&fact.locator));
        if let Some(time) = fact.observed_at {
            text.push_str(&format!(", {time}"));
        }
        if !fact.quote.is_empty() {
            text.push_str(&format!(": \"{}\"", line(&fact.quote)));
        }
        page.field(if at == 0 { "evidence" } else { "" }, &text)?;
    }
    more(finding.evidence.len(), page)?;
    if !finding.remediation.is_empty() {
        page.field("do", &line(&finding.remediation))?;
    }
    if !finding.standards.is_empty() {
        page.field("standards", &line(&finding.standards.join("; ")))?;
    }
    let fingerprint = line(&finding.fingerprint).into_owned();
    page.field("fingerprint", &fingerprint)
}

pub(super) fn waived(finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    let Some(waiver) = &finding.waived else { return Ok(()) };
    let mut text = format!(
        "{} {}: {}; until {}: {}",
        severity(finding.severity),
        line(&finding.rule),
        line(finding.subject.id.as_str()),
        waiver.expires,
        line(&waiver.reason)
    );
    let by = [waiver.approved_by.as_deref(), waiver.ticket.as_deref()];
    let by: Vec<_> = by.into_iter().flatten().map(line).collect();
    if !by.is_empty() {
        text.push_str(&format!(" ({})", by.join(", ")));
    }
    page.wrapped("  ", "    ", &text)
}

fn more(all: usize, page: &mut Page<'_>) -> io::Result<()> {
    if all > SHOWN {
        let text = page.paint(DIM, &format!("and {} more", all - SHOWN));
        page.line(&format!("              {text}"))?;
    }
    Ok(())
}
