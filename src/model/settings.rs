//! What the configuration tells the judgement: limits, grace, trust, words. `config` fills them in, `link`, `expect`, `rules`
//! and `policy` read them. Settings of sources are not here.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::Id;
use crate::model::inventory::Level;
use crate::model::report::Severity;
use crate::model::ticket::{Field, Intent, State};

/// All settings of the judgement.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Severity that blocks.
    pub fail_on: Severity,
    /// What a deciding gap does.
    pub on_gap: OnGap,
    /// How long things may stay open.
    pub limits: Limits,
    /// How long a replaced credential may overlap (`grace.rotate`).
    pub grace_rotate: SignedDuration,
    /// Age above which a snapshot is a gap.
    pub max_age_snapshot: SignedDuration,
    /// Age above which an export is a gap.
    pub max_age_export: SignedDuration,
    /// Longest time from a waiver's creation to its expiry.
    pub max_waiver: SignedDuration,
    /// Severities that the configuration changes.
    pub severity: BTreeMap<String, Severity>,
    /// Whom to believe.
    pub trust: Trust,
    /// Waivers, already validated.
    pub waivers: Vec<Waiver>,
    /// Joins that no store can show: slot, then the credential that it holds.
    pub links: Vec<(Id, Id)>,
    /// Every person's names: each list is one person, the first name is the one to print.
    pub people: Vec<Vec<String>>,
    /// By ticket source: which of its fields mean what, as configured.
    pub fields: BTreeMap<String, BTreeMap<Field, String>>,
    /// Words that a site adds to ours.
    pub words: Words,
    /// The repository's own name, `owner/name`.
    pub repository: Option<String>,
    /// The host whose GitHub or GitLab the repository lives on, where known.
    pub provider: Option<crate::model::reference::Provider>,
    /// IANA time zone for dates in tickets that name none.
    pub time_zone: String,
    /// The author of the change under the gate, under all known names; empty for a local run.
    pub change_authors: Vec<String>,
    /// Whether at least one ticket source is configured.
    pub has_tickets: bool,
    /// Whether a catalogue is configured.
    pub has_catalog: bool,
}

/// The authority that ids of the checkout's own GitHub and GitLab carry; none where the configuration has one source of that provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Home {
    /// GitHub's.
    pub github: Option<String>,
    /// GitLab's.
    pub gitlab: Option<String>,
    /// The Vaults that are read live: a reference that names a server or namespace means that one alone.
    pub vaults: Vec<VaultPlace>,
}

/// A Vault or OpenBao of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VaultPlace {
    /// The source's name.
    pub source: String,
    /// What its ids carry; none where it is the only one.
    pub authority: Option<String>,
    /// Its address.
    pub address: String,
    /// The namespaces that it reads; none for the root's.
    pub namespaces: Vec<String>,
}

impl Home {
    /// That of a provider's ids; only the two CI systems have one.
    #[must_use]
    pub fn of(&self, provider: &str) -> Option<&str> {
        match provider {
            "github" => self.github.as_deref(),
            "gitlab" => self.gitlab.as_deref(),
            _ => None,
        }
    }
}

/// What a gap that decides does to the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnGap {
    /// Exit 3.
    Block,
    /// Exit 0, and say so.
    Warn,
}

/// How long things may stay open, and how far dates may be postponed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// An open revocation.
    pub revoke: SignedDuration,
    /// An open rotation.
    pub rotate: SignedDuration,
    /// An open offboarding.
    pub offboard: SignedDuration,
    /// The furthest that due and effective dates move an expectation.
    pub postpone: SignedDuration,
    /// How long an approved emergency change may let blocked deploys through (`limits.override`).
    pub emergency: SignedDuration,
}

/// Whom to believe when something loosens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// Projects whose tickets may loosen; empty means all.
    pub projects: Vec<String>,
    /// People who may loosen.
    pub approvers: Vec<String>,
    /// By tracker (`jira`, `servicenow`): the approval field's values that mean approved.
    pub approved: BTreeMap<String, Vec<String>>,
}

/// A waiver of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// The rule.
    pub rule: String,
    /// The subject's id, taken literally.
    pub subject: String,
    /// Why.
    pub reason: String,
    /// Who allowed it.
    pub approved_by: Option<String>,
    /// The ticket that allows it.
    pub ticket: Option<String>,
    /// From.
    pub created: Timestamp,
    /// To.
    pub expires: Timestamp,
    /// Whether its rule is critical by default.
    pub critical: bool,
    /// `.driftgate.yaml:31`, for evidence.
    pub locator: String,
}

/// Words that a site adds to ours: its own, or those of a further language. Lower case, compared without case on word boundaries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// Verbs and phrases by intent.
    pub intents: Vec<(String, Intent)>,
    /// Verbs that ask for it only beside a credential or an access, by intent.
    pub weak: Vec<(String, Intent)>,
    /// Words by level.
    pub levels: Vec<(String, Level)>,
    /// Status names and resolutions by state.
    pub states: Vec<(String, State)>,
    /// What words do to their sentence.
    pub cues: Vec<(String, Cue)>,
    /// What the time behind a word is for.
    pub times: Vec<(String, TimeWord)>,
    /// Names of months, weekdays and units of time, and ours for them.
    pub dates: Vec<(String, &'static str)>,
}

/// What a word does to its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Cue {
    /// What the sentence names stays as it is.
    Keep,
    /// What follows stays as it is.
    Except,
    /// What the sentence names was done already.
    Past,
    /// What the sentence names only illustrates.
    Example,
    /// It negates what follows.
    Not,
    /// It talks about text or plans: at a title's head nothing is asked for.
    Talk,
}

/// What the time behind a word is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeWord {
    /// The end of an access.
    Until,
    /// The start of one.
    From,
    /// A deadline.
    By,
    /// From when on something holds.
    Effective,
    /// Somebody's last day.
    LastDay,
    /// How long: `for` two hours.
    For,
}

impl Default for Settings {
    fn default() -> Self {
        let hours = SignedDuration::from_hours;
        Self {
            fail_on: Severity::High,
            on_gap: OnGap::Block,
            limits: Limits {
                revoke: hours(24),
                rotate: hours(7 * 24),
                offboard: hours(24),
                postpone: hours(30 * 24),
                emergency: hours(24),
            },
            grace_rotate: hours(24),
            max_age_snapshot: hours(24),
            max_age_export: hours(7 * 24),
            max_waiver: hours(90 * 24),
            severity: BTreeMap::new(),
            trust: Trust::default(),
            waivers: Vec::new(),
            links: Vec::new(),
            people: Vec::new(),
            fields: BTreeMap::new(),
            words: Words::default(),
            repository: None,
            provider: None,
            time_zone: "UTC".to_owned(),
            change_authors: Vec::new(),
            has_tickets: false,
            has_catalog: false,
        }
    }
}

impl Settings {
    /// All names of whoever `name` is, `name` included; only `name` where nobody knows them.
    #[must_use]
    pub fn names_of(&self, name: &str) -> Vec<String> {
        let mut all = vec![name.to_owned()];
        for person in &self.people {
            if person.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                all.extend(person.iter().filter(|known| !known.eq_ignore_ascii_case(name)).cloned());
            }
        }
        all
    }

    /// Whether two names are the same person or workload: equal without case, or aliases of one.
    #[must_use]
    pub fn same_party(&self, a: &str, b: &str) -> bool {
        a.eq_ignore_ascii_case(b) || self.names_of(a).iter().any(|name| name.eq_ignore_ascii_case(b))
    }
}
