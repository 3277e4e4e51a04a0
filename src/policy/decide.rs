//! The verdict: severities, waivers, what blocks, which gaps decide. It sees findings and gaps, and no source.

use std::collections::BTreeSet;

use aws_lc_rs::digest;
use jiff::Timestamp;

use crate::model::Id;
use crate::model::inventory::Gap;
use crate::model::report::{Evidence, Finding, Place, Severity, Subject, Verdict, Waived, WaiverReport, WaiverStatus};
use crate::model::scope::Reach;
use crate::model::settings::{OnGap, Settings, Waiver};
use crate::model::ticket::{State, Ticket};

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
                routes: Vec::new(),
                last_used_at: None,
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
    if !waiver.critical {
        return Standing::InForce;
    }
    if waiver.ticket.is_none() {
        return Standing::Refused("a critical rule's waiver names its ticket".to_owned());
    }
    match vouched(waiver, settings, tickets) {
        Ok(()) => Standing::InForce,
        Err(why) => Standing::Refused(why),
    }
}

/// Whether a waiver's ticket can be read, is approved, and does not stand on the change's own author alone.
///
/// # Errors
/// Why not.
pub fn vouched(waiver: &Waiver, settings: &Settings, tickets: &[Ticket]) -> Result<(), String> {
    let Some(id) = waiver.ticket.as_deref() else { return Err("it names no ticket".to_owned()) };
    let Some(ticket) = tickets.iter().find(|ticket| ticket.id == id) else {
        return Err(format!("its ticket {id} cannot be read"));
    };
    if !ticket.approved {
        return Err(format!("its ticket {id} is not approved"));
    }
    if ticket.state == State::Withdrawn {
        return Err(format!("its ticket {id} was withdrawn"));
    }
    let projects = &settings.trust.projects;
    let project = id.rsplit_once(['-', '#', '!']).map_or(id, |(project, _)| project);
    if !projects.is_empty() && !projects.iter().any(|known| known.eq_ignore_ascii_case(project)) && !ticket.may_loosen {
        return Err(format!("its ticket {id} is not in trust.projects"));
    }
    if ticket.of_change {
        return Err(format!("its ticket {id} was opened by the change's own author"));
    }
    let by_author = |name: &String| settings.change_authors.iter().any(|author| settings.same_party(author, name));
    if waiver.approved_by.iter().any(by_author)
        || !ticket.vouched_by.is_empty() && ticket.vouched_by.iter().all(by_author)
    {
        return Err(format!("its ticket {id} stands on the change's own author alone"));
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::SubjectType;
    use crate::model::reference::Confidence;
    use crate::model::scope::Use;

    const KEY: &str = "aws:access-key:AKIAIOSFODNN7EXAMPLE";

    fn now() -> Timestamp {
        "2026-06-01T12:00:00Z".parse().unwrap()
    }

    fn days(days: i64) -> Timestamp {
        now() + jiff::SignedDuration::from_hours(24 * days)
    }

    fn found(rule: &'static str, severity: Severity, id: &str) -> Found {
        Found {
            rule,
            severity,
            standards: &[],
            subject: Subject { kind: SubjectType::Credential, id: Id::new(id), name: None },
            expected: None,
            recorded: None,
            actual: None,
            since: None,
            tickets: vec!["SEC-142".into()],
            evidence: vec![Evidence {
                source: "jira".into(),
                locator: "SEC-142".into(),
                observed_at: None,
                quote: "…".into(),
            }],
            remediation: "…".into(),
            key: Vec::new(),
        }
    }

    fn reach(ids: &[&str]) -> Reach {
        let place = Place { file: "deploy.yml".into(), line: 7, column: 3, job: Some("deploy".into()) };
        let used = vec![Use { place, confidence: Confidence::Possible, slot: None }];
        Reach { credentials: ids.iter().map(|id| (Id::new(*id), used.clone())).collect(), ..Reach::default() }
    }

    fn waiver(rule: &str, critical: bool) -> Waiver {
        Waiver {
            rule: rule.into(),
            subject: KEY.into(),
            reason: "the vendor rotates on Friday".into(),
            approved_by: Some("alice@example.com".into()),
            ticket: Some("SEC-150".into()),
            created: days(-10),
            expires: days(10),
            critical,
            locator: ".driftgate.yaml:31".into(),
        }
    }

    fn approval(approved: bool, vouched: &[&str]) -> Ticket {
        let mut ticket: Ticket = serde_json::from_value(serde_json::json!({
            "id": "SEC-150", "system": "jira", "url": null, "intent": "none", "state": "open", "resolution": null,
            "opened_at": null, "closed_at": null, "due_at": null, "effective_at": null, "window": null, "subject": null,
            "approved": approved, "access": {"holder": null, "level": null, "environments": [], "resources": []},
            "links": [], "ambiguous": []
        }))
        .unwrap();
        ticket.vouched_by = vouched.iter().map(|name| (*name).to_owned()).collect();
        ticket
    }

    fn decide(found: Vec<Found>, settings: &Settings, tickets: &[Ticket]) -> Judged {
        judge(found, &reach(&[KEY]), settings, tickets, now())
    }

    fn high() -> Found {
        found("stale-copy", Severity::High, KEY)
    }

    fn critical() -> Found {
        found("revoked-but-live", Severity::Critical, KEY)
    }

    #[test]
    fn what_blocks_is_reachable_severe_and_not_waived() {
        let settings = Settings::default();
        let judged = decide(
            vec![
                high(),
                found("stale-copy", Severity::High, "a:token:far"),
                found("dead-reference", Severity::Medium, KEY),
            ],
            &settings,
            &[],
        );
        let blocking: Vec<_> =
            judged.findings.iter().map(|f| (f.rule.as_str(), f.subject.id.as_str(), f.blocking)).collect();
        assert_eq!(
            blocking,
            [("stale-copy", "a:token:far", false), ("stale-copy", KEY, true), ("dead-reference", KEY, false)]
        );
        assert_eq!(verdict(&judged.findings, &[], false, &settings), (Verdict::Block, 1));
        let lower = Settings { fail_on: Severity::Medium, ..Settings::default() };
        assert!(decide(vec![found("dead-reference", Severity::Medium, KEY)], &lower, &[]).findings[0].blocking);
    }

    #[test]
    fn one_wins_over_three() {
        let settings = Settings::default();
        let gaps = [gap(&Id::new(KEY), "liveness", "timed out")];
        let blocking = decide(vec![high()], &settings, &[]).findings;
        assert_eq!(verdict(&blocking, &gaps, true, &settings), (Verdict::Block, 1));
        assert_eq!(verdict(&[], &gaps, false, &settings), (Verdict::Inconclusive, 3));
        assert_eq!(verdict(&[], &[], true, &settings), (Verdict::Inconclusive, 3), "an empty scope is never a pass");
        assert_eq!(verdict(&[], &[], false, &settings), (Verdict::Pass, 0));
        let warn = Settings { on_gap: OnGap::Warn, ..Settings::default() };
        assert_eq!(verdict(&[], &gaps, false, &warn), (Verdict::Inconclusive, 0));
    }

    #[test]
    fn severities_can_be_changed_but_critical_ones_not_lowered() {
        let wanted =
            [("stale-copy", Severity::Low), ("revoked-but-live", Severity::Low), ("dead-reference", Severity::High)];
        let severity = wanted.into_iter().map(|(rule, severity)| (rule.to_owned(), severity)).collect();
        let settings = Settings { severity, ..Settings::default() };
        let judged = decide(vec![high(), critical(), found("dead-reference", Severity::Medium, KEY)], &settings, &[]);
        let all: Vec<_> = judged.findings.iter().map(|f| (f.rule.as_str(), f.severity, f.blocking)).collect();
        assert_eq!(
            all,
            [
                ("revoked-but-live", Severity::Critical, true),
                ("dead-reference", Severity::High, true),
                ("stale-copy", Severity::Low, false)
            ]
        );
    }

    #[test]
    fn a_waiver_works_until_it_expires_and_only_where_it_fits() {
        let with = |waiver: Waiver| Settings { waivers: vec![waiver], ..Settings::default() };
        let status = |settings: &Settings| {
            let judged = decide(vec![high()], settings, &[]);
            (judged.findings[0].blocking, judged.findings[0].waived.is_some(), judged.waivers[0].status)
        };
        let plain = waiver("stale-copy", false);
        assert_eq!(status(&with(plain.clone())), (false, true, WaiverStatus::Active));
        let last = Waiver { expires: now(), ..plain.clone() };
        assert_eq!(status(&with(last)), (true, false, WaiverStatus::Expired));
        let other = Waiver { subject: "a:token:2".into(), ..plain.clone() };
        assert_eq!(status(&with(other)), (true, false, WaiverStatus::Stale));
        let pattern = Waiver { subject: "aws:access-key:*".into(), ..plain.clone() };
        assert_eq!(status(&with(pattern)), (true, false, WaiverStatus::Stale), "a subject is taken literally");
        let early = Waiver { created: days(1), ..plain };
        assert_eq!(status(&with(early)), (true, false, WaiverStatus::Refused));
    }

    #[test]
    fn a_critical_rules_waiver_needs_an_approved_ticket_of_somebody_else() {
        let settings = |authors: &[&str]| Settings {
            waivers: vec![waiver("revoked-but-live", true)],
            change_authors: authors.iter().map(|name| (*name).to_owned()).collect(),
            people: vec![vec!["eve@example.com".into(), "eve".into()]],
            ..Settings::default()
        };
        let status = |settings: &Settings, tickets: &[Ticket]| {
            let judged = decide(vec![critical()], settings, tickets);
            assert_eq!(judged.findings[0].blocking, judged.waivers[0].status != WaiverStatus::Active);
            assert_eq!(judged.waivers[0].reason.is_some(), judged.waivers[0].status == WaiverStatus::Refused);
            judged.waivers[0].status
        };
        let good = approval(true, &["alice@example.com"]);
        assert_eq!(status(&settings(&[]), std::slice::from_ref(&good)), WaiverStatus::Active);
        assert_eq!(status(&settings(&["bob"]), std::slice::from_ref(&good)), WaiverStatus::Active);
        assert_eq!(status(&settings(&[]), &[]), WaiverStatus::Refused, "the ticket cannot be read");
        assert_eq!(status(&settings(&[]), &[approval(false, &["alice@example.com"])]), WaiverStatus::Refused);
        let own = approval(true, &["eve@example.com"]);
        assert_eq!(status(&settings(&["eve"]), std::slice::from_ref(&own)), WaiverStatus::Refused);
        assert_eq!(status(&settings(&["Alice@example.com"]), &[good]), WaiverStatus::Refused, "approved by the author");
        let both = approval(true, &["eve", "alice@example.com"]);
        assert_eq!(status(&settings(&["eve"]), &[both]), WaiverStatus::Active, "not by the author alone");
    }

    #[test]
    fn a_fingerprint_is_rule_subject_and_stable_locators() {
        let base = fingerprint(&high());
        assert_eq!(base.len(), 32);
        let later = Found {
            since: Some(now()),
            actual: Some("live".into()),
            tickets: Vec::new(),
            evidence: Vec::new(),
            ..high()
        };
        assert_eq!(fingerprint(&later), base, "no times, words, tickets or lines");
        assert_ne!(fingerprint(&found("stale-copy", Severity::High, "a:token:2")), base);
        assert_ne!(fingerprint(&found("excess-grant", Severity::High, KEY)), base);
        let keyed = |key: &[&str]| Found { key: key.iter().map(|k| (*k).to_owned()).collect(), ..high() };
        assert_eq!(fingerprint(&keyed(&["a", "b"])), fingerprint(&keyed(&["b", "a"])), "no list order");
        assert_ne!(fingerprint(&keyed(&["a", "b"])), fingerprint(&keyed(&["ab"])));
    }

    #[test]
    fn findings_are_ordered_and_the_same_one_is_told_once() {
        let mut again = high();
        again.tickets = vec!["SEC-9".into()];
        again.evidence[0].locator = "SEC-9".into();
        let drawn = vec![high(), found("excess-grant", Severity::High, KEY), critical(), again];
        let forward = decide(drawn.clone(), &Settings::default(), &[]);
        let names: Vec<_> = forward.findings.iter().map(|f| f.rule.as_str()).collect();
        assert_eq!(names, ["revoked-but-live", "excess-grant", "stale-copy"]);
        assert_eq!(forward.findings[2].evidence.len(), 2);
        assert_eq!(forward.findings[2].tickets.len(), 2);
        let backward = decide(drawn.into_iter().rev().collect(), &Settings::default(), &[]);
        let keys = |judged: &Judged| judged.findings.iter().map(|f| f.fingerprint.clone()).collect::<Vec<_>>();
        assert_eq!(keys(&forward), keys(&backward));
    }

    #[test]
    fn a_place_is_shown_with_the_finding() {
        let judged = decide(vec![high()], &Settings::default(), &[]);
        assert_eq!(judged.findings[0].references[0].line, 7);
        let mut literal = found("literal-credential", Severity::High, "reference:ci.yml#build");
        literal.evidence[0] = Evidence {
            source: "pipeline".into(),
            locator: "ci.yml:3:9".into(),
            observed_at: None,
            quote: String::new(),
        };
        let judged = decide(vec![literal], &Settings::default(), &[]);
        let place = &judged.findings[0].references[0];
        assert_eq!(
            (place.file.as_str(), place.line, place.column, place.job.as_deref()),
            ("ci.yml", 3, 9, Some("build"))
        );
    }
}
