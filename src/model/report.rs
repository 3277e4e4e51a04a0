//! The report: findings with evidence, gaps, waivers, coverage and the verdict (CONTRACT: `driftgate/report/v1`). Renderers
//! read nothing else.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Id;
use crate::model::id::SubjectType;
use crate::model::inventory::Gap;
use crate::model::ticket::{Intent, State};

/// The schema id of [`Report`].
pub const REPORT_SCHEMA: &str = "driftgate/report/v1";

/// How bad a finding is. The order is the meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Told, never blocks by default.
    Low,
    /// Told, does not block by default.
    Medium,
    /// Blocks by default.
    High,
    /// Blocks by default; cannot be lowered by configuration.
    Critical,
}

/// The judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything required was read, and nothing unwaived reaches the threshold.
    Pass,
    /// At least one unwaived finding in scope reaches the threshold.
    Block,
    /// A required fact could not be read.
    Inconclusive,
}

/// A cited fact. It can only be made from a collected record: a system, a locator and a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The source: `jira`, `aws`, `github`, `catalog`, `configuration`.
    pub source: String,
    /// Where in it: a ticket's id, a credential's id, `entitlements.csv:12`, `deploy.yml:31:24`.
    pub locator: String,
    /// When the fact was observed or happened.
    #[schemars(with = "Option<String>")]
    pub observed_at: Option<Timestamp>,
    /// The words or the fact, untrusted text.
    pub quote: String,
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// Credential, slot, reference or ticket.
    #[serde(rename = "type")]
    pub kind: SubjectType,
    /// Its id.
    pub id: Id,
    /// Its name, where one is known.
    pub name: Option<String>,
}

/// A place that a finding points at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Path relative to the checkout.
    pub file: String,
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
    /// The job's key.
    pub job: Option<String>,
}

/// One way by which the deploy gets at a subject: a job, the reference in it, the slot that the reference reads, the credential in the slot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Route {
    /// Where the reference stands, with the job.
    #[serde(flatten)]
    pub place: Place,
    /// The environment that the job deploys to, as the file says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The name by which the job refers to it; none where it takes all secrets, or a name that is computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The slot; none where the file names the credential itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<Id>,
    /// The credential, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<Id>,
    /// Whether the slot held the credential until a rotation, and no longer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replaced: bool,
    /// Whether the reference is over-approximated: a computed name, all secrets.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub possible: bool,
}

/// An applied waiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waived {
    /// Why.
    pub reason: String,
    /// Who allowed it.
    pub approved_by: Option<String>,
    /// The ticket that allows it.
    pub ticket: Option<String>,
    /// To.
    #[schemars(with = "String")]
    pub expires: Timestamp,
}

/// A drift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The rule's id.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// Stable identity: rule, subject and stable locators; no lines, times or order.
    pub fingerprint: String,
    /// Whether it blocks this deploy.
    pub blocking: bool,
    /// The waiver in force, if any.
    pub waived: Option<Waived>,
    /// What it is about.
    pub subject: Subject,
    /// What the tickets promised.
    pub expected: Option<String>,
    /// What the catalogue records.
    pub recorded: Option<String>,
    /// What is true.
    pub actual: Option<String>,
    /// Since when it drifts.
    #[schemars(with = "Option<String>")]
    pub since: Option<Timestamp>,
    /// The tickets, by id.
    pub tickets: Vec<String>,
    /// Where the deploy uses it.
    pub references: Vec<Place>,
    /// How the deploy reaches it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    /// When the credential was last used, where its issuer tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub last_used_at: Option<Timestamp>,
    /// The facts.
    pub evidence: Vec<Evidence>,
    /// What to do.
    pub remediation: String,
    /// Standards that ask for it.
    pub standards: Vec<String>,
}

/// When a promise became true. No issuer is asked every minute, so this is a span: not yet true at its beginning, true at its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Timing {
    /// When the ticket was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub opened_at: Option<Timestamp>,
    /// When the ticket was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub closed_at: Option<Timestamp>,
    /// The latest time at which it is known to have been untrue: seen live, used, made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub not_before: Option<Timestamp>,
    /// The earliest time at which it is known to have been true.
    #[schemars(with = "String")]
    pub not_after: Timestamp,
    /// Whether a record of the change itself says `not_after`; else it is a bound, the time of the first look that showed it.
    pub exact: bool,
    /// By which fact `not_after` is known, in words.
    pub known_by: String,
}

/// A proof that a revocation or rotation is true: expected dead, and dead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verified {
    /// The credential or slot.
    pub subject: Subject,
    /// What was promised.
    pub expected: String,
    /// What is true.
    pub actual: String,
    /// The tickets.
    pub tickets: Vec<String>,
    /// The facts.
    pub evidence: Vec<Evidence>,
    /// When it became true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
}

/// A ticket that a finding, a proof or a waiver rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TicketFacts {
    /// Its id.
    pub id: String,
    /// The source that showed it.
    pub source: String,
    /// Its title, untrusted text.
    pub title: String,
    /// Where people read it: untrusted, any scheme.
    pub url: Option<String>,
    /// What it asks for.
    pub intent: Intent,
    /// Whether that is done.
    pub state: State,
    /// Opened.
    #[schemars(with = "Option<String>")]
    pub opened_at: Option<Timestamp>,
    /// Closed; none while open.
    #[schemars(with = "Option<String>")]
    pub closed_at: Option<Timestamp>,
    /// Due.
    #[schemars(with = "Option<String>")]
    pub due_at: Option<Timestamp>,
    /// The date that the ticket states for the action.
    #[schemars(with = "Option<String>")]
    pub effective_at: Option<Timestamp>,
}

/// What a waiver of the configuration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WaiverStatus {
    /// In force, and it matched.
    Active,
    /// Past its expiry: it does nothing.
    Expired,
    /// It matches nothing.
    Stale,
    /// Its ticket cannot be read, is not approved, or is by the change's own author: it does nothing.
    Refused,
}

/// A waiver of the configuration, in the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaiverReport {
    /// The rule.
    pub rule: String,
    /// The subject's id.
    pub subject: String,
    /// What it did.
    pub status: WaiverStatus,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// To.
    #[schemars(with = "String")]
    pub expires: Timestamp,
}

/// How a source ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SourceStatus {
    /// All that was asked for was read.
    Read,
    /// A part of it was.
    Partial,
    /// Nothing was.
    Failed,
    /// Left out on purpose (`--offline`, `--no-probe`, nothing to ask).
    Skipped,
}

/// What one source contributed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// The source's name.
    pub source: String,
    /// Whether a gap in it makes the verdict inconclusive.
    pub required: bool,
    /// How it ended.
    pub status: SourceStatus,
    /// Slots, credentials, tickets or rows read.
    pub items: u64,
    /// Network requests made.
    pub requests: u64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Which identity asked.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub asked_as: Option<String>,
    /// What is knowingly not read, and other remarks that decide nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What the deploy can reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScopeReport {
    /// `downstream`, `environment` or `repository`.
    pub kind: String,
    /// Jobs in scope: by key where that is unique among them, else `file#job`.
    pub jobs: Vec<String>,
    /// The environment, for `environment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Why this scope was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Who wrote the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `driftgate`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// References read.
    pub references: u64,
    /// Credentials known.
    pub credentials: u64,
    /// Tickets read.
    pub tickets: u64,
    /// Findings, waived ones included.
    pub findings: u64,
    /// Waived findings.
    pub waived: u64,
    /// Gaps.
    pub gaps: u64,
}

/// What became of `--override`: a ticket that is to let a blocked deploy through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Override {
    /// The ticket, as it was asked for.
    pub ticket: String,
    /// Whether it lets the deploy through: then the exit code is 0, whatever the verdict.
    pub accepted: bool,
    /// Why, or why not.
    pub reason: String,
}

/// The report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Always `driftgate/report/v1`.
    pub schema: String,
    /// The judgement, also under `--mode warn` and `on_gap: warn`.
    pub verdict: Verdict,
    /// The process' exit code.
    pub exit_code: u8,
    /// What became of `--override`; none where it was not asked for.
    #[serde(default, rename = "override", skip_serializing_if = "Option::is_none")]
    pub emergency: Option<Override>,
    /// As of when it was judged.
    #[schemars(with = "String")]
    pub now: Timestamp,
    /// Who wrote it.
    pub tool: Tool,
    /// What the deploy can reach.
    pub scope: ScopeReport,
    /// Counts.
    pub summary: Summary,
    /// By severity, then rule, then subject.
    pub findings: Vec<Finding>,
    /// Why the verdict is inconclusive, or would be: facts that a rule needed in scope.
    pub gaps: Vec<Gap>,
    /// Waivers.
    pub waivers: Vec<WaiverReport>,
    /// What each source contributed.
    pub coverage: Vec<Coverage>,
    /// Proofs: expected dead, and dead.
    #[serde(default)]
    pub verified: Vec<Verified>,
    /// The tickets that findings, proofs and waivers name, by id and source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tickets: Vec<TicketFacts>,
}

/// The schema id of [`Scan`].
pub const SCAN_SCHEMA: &str = "driftgate/scan/v1";

/// The account of a scan: how much of what was read, and what was not. What was read stands in the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scan {
    /// Always `driftgate/scan/v1`.
    pub schema: String,
    /// The snapshot's file.
    pub snapshot: String,
    /// How many slots are in it.
    pub slots: usize,
    /// How many credentials are in it.
    pub credentials: usize,
    /// An entry a source.
    pub coverage: Vec<Coverage>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}
