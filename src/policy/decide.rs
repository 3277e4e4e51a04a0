//! The verdict: severities, waivers, what blocks, which gaps decide. It sees findings and gaps, and no source.

use std::collections::BTreeSet;

use aws_lc_rs::digest;
use jiff::Timestamp;

use crate::model::Id;
use crate::model::inventory::Gap;
use crate::model::report::{Evidence, Finding, Place, Severity, Subject, Verdict, Waived, WaiverReport, WaiverStatus};
use crate::model::scope::Reach;
use crate::model::settings::{OnGap, Settings, Waiver};
use crate::model::ticket::Ticket;

/// A finding before the verdict, in plain data: what a rule found, and the rule's own severity and standards.
#[derive(Debug, Clone)]
pub struct Found {
    /// The rule's id.
    pub rule: &'static str,
    /// The rule's default severity.
    pub severity: Severity,
    /// The rule's standards.
    pub standards: &'static [&'static str],
    /// What it is about.
    pub subject: Subject,
    /// What the tickets promised.
    pub expected: Option<String>,
    /// What the catalogue records.
    pub recorded: Option<String>,
    /// What is true.
    pub actual: Option<String>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// The tickets.
    pub tickets: Vec<String>,
    /// The facts.
    pub evidence: Vec<Evidence>,
    /// What to do.
    pub remediation: String,
    /// Stable locators beyond rule and subject.
    pub key: Vec<String>,
}

/// The findings as the report shows them, and what became of the waivers.
pub struct Judged {
    /// By severity, then rule, then subject.
    pub findings: Vec<Finding>,
    /// In the order of the configuration.
    pub waivers: Vec<WaiverReport>,
}

/// Applies severities, scope and waivers.
#[must_use]
pub fn judge(found: Vec<Found>, reach: &Reach, settings: &Settings, tickets: &[Ticket], now: Timestamp) -> Judged {
    let mut matched: BTreeSet<usize> = BTreeSet::new();
    let standing: Vec<Standing> =
        settings.waivers.iter().map(|waiver| standing(waiver, settings, tickets, now)).collect();
    let mut findings: Vec<Finding> = found
        .into_iter()
        .map(|found| {
            let severity = severity(&found, settings);
            let waiver = settings.waivers.iter().enumerate().find(|(index, waiver)| {
                let fits = waiver.rule == found.rule && waiver.subject == found.subject.id.as_str();
                if fits {
                    matched.insert(*index);
                }
                fits && matches!(standing[*index], Standing::InForce)
            });
            let waived = waiver.map(|(_, waiver)| Waived {
                reason: waiver.reason.clone(),
                approved_by: waiver.approved_by.clone(),
                ticket: waiver.ticket.clone(),
                expires: waiver.expires,
            });
            let reachable = reach.has(&found.subject.id);
            let mut references: Vec<Place> =
                reach.uses(&found.subject.id).iter().map(|used| used.place.clone()).collect();
            references.extend(own_place(&found));
            references.sort();
            references.dedup();
            Finding {
                fingerprint: fingerprint(&found),
                blocking: reachable && severity >= settings.fail_on && waived.is_none(),
                rule: found.rule.to_owned(),
                severity,
                waived,
                subject: found.subject,
                expected: found.expected,
                recorded: found.recorded,
                actual: found.actual,
                since: found.since,
                tickets: found.tickets,
                references,
                evidence: found.evidence,
                remediation: found.remediation,
                standards: found.standards.iter().map(|text| (*text).to_owned()).collect(),
            }
        })
        .collect();
    findings.sort_by(|a, b| {
        let key =
            |f: &Finding| (std::cmp::Reverse(f.severity), f.rule.clone(), f.subject.id.clone(), f.fingerprint.clone());
        key(a).cmp(&key(b))
    });
    // The same subject under the same rule and locators is one finding: what the copies add is kept as evidence.
    findings.dedup_by(|later, first| {
        let same = later.fingerprint == first.fingerprint;
        if same {
            for fact in std::mem::take(&mut later.evidence) {
                if !first.evidence.contains(&fact) {
                    first.evidence.push(fact);
                }
            }
            for ticket in std::mem::take(&mut later.tickets) {
                if !first.tickets.contains(&ticket) {
                    first.tickets.push(ticket);
                }
            }
        }
        same
    });
    let waivers = settings
        .waivers
        .iter()
        .zip(standing)
        .enumerate()
        .map(|(index, (waiver, standing))| {
            let (status, reason) = match standing {
                Standing::Expired => (WaiverStatus::Expired, None),
                Standing::Refused(reason) => (WaiverStatus::Refused, Some(reason)),
                Standing::InForce if matched.contains(&index) => (WaiverStatus::Active, None),
                Standing::InForce => (WaiverStatus::Stale, None),
            };
            WaiverReport {
                rule: waiver.rule.clone(),
                subject: waiver.subject.clone(),
                status,
                reason,
                expires: waiver.expires,
            }
        })
        .collect();
    Judged { findings, waivers }
}

/// The verdict, and the process' exit code in `--mode enforce`. 1 wins over 3.
#[must_use]
pub fn verdict(findings: &[Finding], deciding: &[Gap], empty_scope: bool, settings: &Settings) -> (Verdict, u8) {
    if findings.iter().any(|finding| finding.blocking) {
        (Verdict::Block, 1)
    } else if !deciding.is_empty() || empty_scope {
        (Verdict::Inconclusive, if settings.on_gap == OnGap::Block { 3 } else { 0 })
    } else {
        (Verdict::Pass, 0)
    }
}

enum Standing {
    InForce,
    Expired,
    Refused(String),
}

/// Whether a waiver works now. For a critical rule its ticket must be readable, approved, and not the change's own author's; the
/// rest was checked when the configuration was read.
fn standing(waiver: &Waiver, settings: &Settings, tickets: &[Ticket], now: Timestamp) -> Standing {
    if waiver.expires <= now {
        return Standing::Expired;
    }
    if waiver.created > now {
        return Standing::Refused(format!("it begins {}", waiver.created));
    }
    let critical = waiver.critical;
    if !critical {
        return Standing::InForce;
    }
    let Some(id) = waiver.ticket.as_deref() else {
        return Standing::Refused("a critical rule's waiver names its ticket".to_owned());
    };
    let Some(ticket) = tickets.iter().find(|ticket| ticket.id == id) else {
        return Standing::Refused(format!("its ticket {id} cannot be read"));
    };
    if !ticket.approved {
        return Standing::Refused(format!("its ticket {id} is not approved"));
    }
    let by_author = |name: &String| settings.change_authors.iter().any(|author| settings.same_party(author, name));
    if waiver.approved_by.iter().any(by_author)
        || !ticket.vouched_by.is_empty() && ticket.vouched_by.iter().all(by_author)
    {
        return Standing::Refused(format!("its ticket {id} stands on the change's own author alone"));
    }
    Standing::InForce
}

fn severity(found: &Found, settings: &Settings) -> Severity {
    let wanted = settings.severity.get(found.rule).copied().unwrap_or(found.severity);
    // A critical rule cannot be lowered; the configuration refuses to, and this holds it.
    if found.severity == Severity::Critical { Severity::Critical } else { wanted }
}

/// The place of a finding about a place: `pipeline` evidence carries it.
fn own_place(found: &Found) -> Option<Place> {
    let fact = found.evidence.first().filter(|fact| fact.source == "pipeline")?;
    let mut parts = fact.locator.rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    let file = parts.next()?.to_owned();
    let job = found.subject.id.as_str().rsplit_once('#').map(|(_, job)| job.to_owned()).filter(|job| !job.is_empty());
    Some(Place { file, line, column, job })
}

/// SHA-256 over rule, subject and stable locators, as 32 hexadecimal digits: no lines, times or list order.
fn fingerprint(found: &Found) -> String {
    let mut keys = found.key.clone();
    keys.sort();
    let mut text = format!("{}\0{}", found.rule, found.subject.id);
    for key in keys {
        text.push('\0');
        text.push_str(&key);
    }
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Turns a missing fact into a gap of the report.
#[must_use]
pub fn gap(subject: &Id, lacks: &str, reason: &str) -> Gap {
    Gap {
        source: subject.provider().to_owned(),
        lacks: lacks.to_owned(),
        scope: subject.to_string(),
        reason: reason.to_owned(),
    }
}
