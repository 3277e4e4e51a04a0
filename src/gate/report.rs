//! Puts the report together. Every judgement in it was made before.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::inventory::Inventory;
use crate::model::pipeline::Pipelines;
use crate::model::report::{Coverage, REPORT_SCHEMA, Report, ScopeReport, SourceStatus, Summary, Tool, Verified};
use crate::model::scope::{Reach, Scope, ScopeKind};
use crate::model::settings::Settings;
use crate::model::ticket::Ticket;
use crate::policy::decide::{self, Found, Judged};
use crate::policy::emergency;
use crate::rules::{Draft, Proof};

use super::Options;
use super::account::{self, Records};
use super::collect::Collected;
use super::gaps::Split;

/// Everything that the report is made of.
pub(super) struct Parts<'a> {
    pub(super) options: &'a Options,
    pub(super) now: Timestamp,
    pub(super) settings: &'a Settings,
    pub(super) pipelines: &'a Pipelines,
    pub(super) scope: &'a Scope,
    pub(super) inventory: &'a Inventory,
    pub(super) reach: &'a Reach,
    pub(super) tickets: usize,
    pub(super) notes: &'a [String],
    pub(super) judged: Judged,
    pub(super) proofs: Vec<Proof>,
    pub(super) gaps: Split,
    pub(super) collected: &'a Collected,
    pub(super) config_notes: &'a [String],
    pub(super) all_tickets: &'a [Ticket],
}

/// What a rule found, as policy takes it.
pub(super) fn found(draft: Draft) -> Found {
    Found {
        rule: draft.rule.id,
        severity: draft.rule.severity,
        standards: draft.rule.standards,
        subject: draft.subject,
        expected: draft.expected,
        recorded: draft.recorded,
        actual: draft.actual,
        since: draft.since,
        tickets: draft.tickets,
        evidence: draft.evidence,
        remediation: draft.remediation,
        key: draft.key,
    }
}

/// The report, with its verdict.
pub(super) fn assemble(parts: Parts<'_>) -> Report {
    let (verdict, code) =
        decide::verdict(&parts.judged.findings, &parts.gaps.deciding, parts.gaps.empty_scope, parts.settings);
    let wanted = parts.options.emergency.as_deref();
    let emergency = wanted.map(|id| emergency::judge(id, parts.all_tickets, parts.settings, parts.now));
    let let_through = emergency.as_ref().is_some_and(|emergency| emergency.accepted);
    let exit_code = if parts.options.warn_only || let_through { 0 } else { code };
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let mut verified: Vec<Verified> = parts
        .proofs
        .iter()
        .map(|proof| Verified {
            subject: proof.subject.clone(),
            expected: proof.expected.clone(),
            actual: proof.actual.clone(),
            tickets: proof.tickets.clone(),
            evidence: proof.evidence.clone(),
            timing: None,
        })
        .collect();
    verified.sort_by(|a, b| (&a.subject, &a.expected).cmp(&(&b.subject, &b.expected)));
    verified.dedup();
    let summary = Summary {
        references: count(parts.pipelines.references.len()),
        credentials: count(parts.inventory.credentials.len()),
        tickets: parts.collected.ticket_count.max(count(parts.tickets)),
        findings: count(parts.judged.findings.len()),
        waived: count(parts.judged.findings.iter().filter(|finding| finding.waived.is_some()).count()),
        gaps: count(parts.gaps.deciding.len()),
    };
    let mut report = Report {
        schema: REPORT_SCHEMA.to_owned(),
        verdict,
        exit_code,
        emergency,
        now: parts.now,
        tool: Tool { name: "driftgate".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        scope: scope(parts.scope),
        summary,
        coverage: coverage(&parts),
        findings: parts.judged.findings,
        gaps: parts.gaps.deciding,
        waivers: parts.judged.waivers,
        verified,
        tickets: Vec::new(),
    };
    let records = Records {
        now: parts.now,
        pipelines: parts.pipelines,
        inventory: parts.inventory,
        tickets: parts.all_tickets,
        reach: parts.reach,
    };
    account::complete(&mut report, &records);
    report
}

fn scope(scope: &Scope) -> ScopeReport {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for job in scope.jobs.values() {
        *names.entry(job.name.as_str()).or_default() += 1;
    }
    let jobs = scope.jobs.values();
    let label = |job: &crate::model::scope::ScopedJob| match names.get(job.name.as_str()) {
        Some(1) => job.name.clone(),
        _ => job.id.clone(),
    };
    let mut jobs: Vec<String> = jobs.map(label).collect();
    jobs.sort();
    let (kind, environment) = match &scope.kind {
        ScopeKind::Downstream => ("downstream", None),
        ScopeKind::Environment(name) => ("environment", Some(name.clone())),
        ScopeKind::Repository => ("repository", None),
    };
    ScopeReport { kind: kind.to_owned(), jobs, environment, reason: scope.reason.clone() }
}

fn coverage(parts: &Parts<'_>) -> Vec<Coverage> {
    let mut notes: Vec<String> =
        parts.pipelines.notes.iter().map(|note| format!("{}: {}", note.file, note.reason)).collect();
    notes.extend(parts.scope.notes.iter().cloned());
    notes.extend(parts.config_notes.iter().cloned());
    let mut out = vec![Coverage {
        source: "pipeline".to_owned(),
        required: true,
        status: if parts.pipelines.gaps.is_empty() { SourceStatus::Read } else { SourceStatus::Partial },
        items: u64::try_from(parts.pipelines.references.len()).unwrap_or(u64::MAX),
        requests: 0,
        duration_ms: 0,
        asked_as: None,
        notes,
    }];
    out.extend(parts.collected.coverage.iter().cloned());
    for (source, note) in &parts.gaps.notes {
        add(&mut out, source, note);
    }
    for note in parts.notes {
        // A remark about a ticket stands with the source that gave it.
        let id = note.split(':').next().unwrap_or_default();
        let source =
            parts.all_tickets.iter().find(|ticket| ticket.id == id).map_or("pipeline", |ticket| ticket.source.as_str());
        add(&mut out, source, note);
    }
    for entry in &mut out {
        entry.notes.sort();
        entry.notes.dedup();
    }
    out
}

fn add(coverage: &mut [Coverage], source: &str, note: &str) {
    let at = coverage.iter().position(|entry| entry.source == source).unwrap_or(0);
    if let Some(entry) = coverage.get_mut(at) {
        entry.notes.push(note.to_owned());
    }
}
