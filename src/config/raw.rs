//! The configuration as it is written: the names of all settings, with what they mean. The JSON schema is made from these types.
//! What the texts in them mean (durations, times) is decided in `resolve`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::inventory::Level;
use crate::model::report::Severity;
use crate::model::settings::{Cue, TimeWord};
use crate::model::ticket::{Intent, State};

/// The configuration of driftgate, `.driftgate.yaml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "driftgate configuration")]
pub(super) struct Root {
    /// The version of this format; always 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u64,
    /// Where tickets, slots, credentials and the catalogue are read from.
    #[serde(default)]
    #[schemars(with = "Vec<serde_json::Value>")]
    pub sources: Vec<serde_yaml::Value>,
    /// A table of people: the columns person and aliases (several, separated by semicolons). Relative to this file.
    pub people: Option<String>,
    /// Joins that no store can show: which credential a slot holds.
    #[serde(default)]
    pub links: Vec<Joined>,
    /// What blocks, and how long things may stay open.
    #[serde(default)]
    pub policy: Policy,
    /// Whose tickets and comments may loosen what was promised.
    #[serde(default)]
    pub trust: Trust,
    /// The repository's own name, owner/name, where the CI does not say it.
    pub repository: Option<String>,
    /// IANA time zone of dates that name none, in tickets and here. Default: UTC.
    pub time_zone: Option<String>,
    /// Whether values that are at hand become keyed hashes, so that copies are found. Needs `fingerprint_key_env`.
    #[serde(default)]
    pub fingerprints: bool,
    /// The environment variable that holds the key of the fingerprints.
    pub fingerprint_key_env: Option<String>,
    /// The environment variable that holds the key which authenticates snapshots. Default: a key derived from each source's token.
    pub snapshot_key_env: Option<String>,
    /// Findings that are accepted for a time.
    #[serde(default)]
    pub waivers: Vec<Waiver>,
    /// Words of this site, besides the built-in ones.
    #[serde(default)]
    pub words: Words,
}

/// A slot, and the credential that it holds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Joined {
    /// The slot's id, as `driftgate inventory` prints it.
    pub slot: String,
    /// The credential's id.
    pub holds: String,
}

/// What blocks, and how long things may stay open. Durations are numbers with units: 24h, 7d.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    /// The lowest severity that blocks. Default: high.
    pub fail_on: Option<Severity>,
    /// What a fact does that was needed and could not be read: block (exit code 3, the default) or warn (exit code 0).
    pub on_gap: Option<OnGap>,
    /// How long open tickets may stay open.
    #[serde(default)]
    pub limits: Limits,
    /// How long a finished ticket's effect may take.
    #[serde(default)]
    pub grace: Grace,
    /// How old saved data may be.
    #[serde(default)]
    pub max_age: MaxAge,
    /// The longest time from a waiver's creation to its expiry. Default: 90d.
    pub max_waiver: Option<String>,
    /// Other severities for rules. A critical rule's cannot be lowered.
    #[serde(default)]
    pub severity: BTreeMap<String, Severity>,
}

/// What a deciding gap does.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum OnGap {
    /// Exit code 3.
    Block,
    /// Exit code 0, and the report says so.
    Warn,
}

/// How long open tickets may stay open.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// A revocation. Default: 24h.
    pub revoke: Option<String>,
    /// A rotation. Default: 7d.
    pub rotate: Option<String>,
    /// An offboarding. Default: 24h.
    pub offboard: Option<String>,
    /// The furthest that due and effective dates move an expectation. Default: 30d.
    pub postpone: Option<String>,
    /// How long after its opening an approved emergency change lets blocked deploys through (`--override`). Default: 24h.
    #[serde(rename = "override")]
    pub emergency: Option<String>,
}

/// How long a finished ticket's effect may take.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Grace {
    /// How long a credential that was replaced may still be alive. Default: 24h.
    pub rotate: Option<String>,
}

/// How old saved data may be before it proves nothing.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MaxAge {
    /// A snapshot. Default: 24h.
    pub snapshot: Option<String>,
    /// An export of tickets, or an inventory. Default: 7d.
    pub export: Option<String>,
}

/// Whose tickets and comments may loosen what was promised.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Trust {
    /// Projects whose tickets may loosen; empty means all.
    #[serde(default)]
    pub projects: Vec<String>,
    /// People who may loosen, besides a ticket's assignee and approvers.
    #[serde(default)]
    pub approvers: Vec<String>,
    /// By tracker (jira, servicenow): the values of the approval field that mean approved.
    #[serde(default)]
    pub approved: BTreeMap<String, Vec<String>>,
}

/// A finding that is accepted for a time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Waiver {
    /// The rule's id.
    pub rule: String,
    /// The subject's id, taken literally: no patterns.
    pub subject: String,
    /// Why it is accepted.
    pub reason: String,
    /// Who accepted it. Mandatory for critical rules.
    pub approved_by: Option<String>,
    /// The ticket that accepted it. Mandatory for critical rules.
    pub ticket: Option<String>,
    /// From when: a date or an RFC 3339 time.
    pub created: String,
    /// Until when: at most `policy.max_waiver` after `created`.
    pub expires: String,
}

/// Words of this site, or of a further language: the words by what they mean.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    /// Verbs and phrases of requests, by intent: `{revoke: [sunset, retire]}`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub intent: BTreeMap<Intent, Vec<String>>,
    /// Verbs that are meant so only beside a credential or an access, by intent: `{revoke: [discard]}`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub weak: BTreeMap<Intent, Vec<String>>,
    /// Words for levels of access, by level: `{write: [operator]}`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub level: BTreeMap<Level, Vec<String>>,
    /// Status names and resolutions, by state: `{done: [Verified], withdrawn: [Obsolete]}`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub state: BTreeMap<State, Vec<String>>,
    /// What words do to their sentence: keep, except, past, example, not, talk: `{keep: [stays on]}`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub sentence: BTreeMap<Cue, Vec<String>>,
    /// What the time behind a word is for: until, from, by, effective, last_day, for.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub time: BTreeMap<TimeWord, Vec<String>>,
    /// Names of months, by the English ones.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub month: BTreeMap<Month, Vec<String>>,
    /// Names of weekdays, by the English ones.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub weekday: BTreeMap<Weekday, Vec<String>>,
    /// Units of time: minutes, hours, days, weeks.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub unit: BTreeMap<Unit, Vec<String>>,
}

/// A month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Month {
    January,
    February,
    March,
    April,
    May,
    June,
    July,
    August,
    September,
    October,
    November,
    December,
}

/// A weekday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Unit {
    Minutes,
    Hours,
    Days,
    Weeks,
}

impl Month {
    /// Short enough to stand in the place of any name.
    pub(super) fn short(self) -> &'static str {
        // `may` is a verb too, and is read as a month only in capitals; `mai` is none.
        match self {
            Self::January => "jan",
            Self::February => "feb",
            Self::March => "mar",
            Self::April => "apr",
            Self::May => "mai",
            Self::June => "jun",
            Self::July => "jul",
            Self::August => "aug",
            Self::September => "sep",
            Self::October => "oct",
            Self::November => "nov",
            Self::December => "dec",
        }
    }
}

impl Weekday {
    /// Short enough to stand in the place of any name.
    pub(super) fn short(self) -> &'static str {
        match self {
            Self::Monday => "mon",
            Self::Tuesday => "tue",
            Self::Wednesday => "wed",
            Self::Thursday => "thu",
            Self::Friday => "fri",
            Self::Saturday => "sat",
            Self::Sunday => "sun",
        }
    }
}

impl Unit {
    /// Short enough to stand in the place of any name.
    pub(super) fn short(self) -> &'static str {
        match self {
            Self::Minutes => "m",
            Self::Hours => "h",
            Self::Days => "d",
            Self::Weeks => "w",
        }
    }
}
