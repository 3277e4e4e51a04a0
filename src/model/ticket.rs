//! Tickets: as a tracker gives them (`Record`), and as understood (`Ticket`). Sources make records, `link` makes tickets,
//! `expect` folds them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Id;
use crate::model::inventory::{Gap, Level};

/// The schema id of [`Tickets`].
pub const TICKETS_SCHEMA: &str = "driftgate/tickets/v1";

/// The tracker that a record comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// Jira Cloud or Data Center.
    Jira,
    /// ServiceNow's Table API.
    Servicenow,
    /// GitHub issues.
    Github,
    /// GitLab issues.
    Gitlab,
    /// A table.
    Csv,
}

/// A field that the configuration maps to a meaning (CONTRACT, Configuration: `fields`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The credential's or slot's id or name.
    Credential,
    /// The level asked for.
    Level,
    /// The environment.
    Environment,
    /// The affected person or workload.
    Person,
    /// When the action takes effect.
    Effective,
    /// Start of a temporary access.
    From,
    /// End of a temporary access.
    Until,
    /// The approval's state.
    Approval,
    /// The kind of request.
    RequestType,
}

/// Somebody, under all names that the tracker gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Person {
    /// Account id, login, e-mail, in that tracker's order; the first is the one to print.
    pub names: Vec<String>,
    /// Display name: for people to read, never to match a person by.
    pub display: Option<String>,
}

/// The tracker's own state of a ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawState {
    /// The status' name: `Done`, `Closed Complete`, `closed`.
    pub status: String,
    /// The status' category where the tracker has one: `new`, `indeterminate`, `done`; for others, whether it is closed.
    pub closed: Option<bool>,
    /// Resolution or close reason: `Won't Do`, `completed`, `not_planned`, `duplicate`.
    pub resolution: Option<String>,
}

/// A piece of text of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Which: `title`, `description`, `comment 2`, `variables.key_id`, `field customfield_10054`.
    pub field: String,
    /// Plain text; code blocks and table cells keep their line breaks; ADF and wiki markup are already flattened.
    pub text: String,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Who.
    pub author: Person,
    /// When.
    pub at: Option<Timestamp>,
    /// Plain text.
    pub text: String,
    /// Written by the tracker itself (GitLab system notes).
    pub system: bool,
}

/// An entry of a ticket's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Option<Timestamp>,
    /// Who.
    pub author: Person,
    /// Which field: `status`, `resolution`, `duedate`, `description`.
    pub field: String,
    /// Before.
    pub from: Option<String>,
    /// After.
    pub to: Option<String>,
}

/// A ticket as its tracker gives it, in our words. Hostile text throughout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The source's name.
    pub source: String,
    /// The tracker.
    pub system: System,
    /// `SEC-142`, `RITM0010021`, `acme/shop#41`.
    pub id: String,
    /// Where people read it.
    pub url: Option<String>,
    /// `SEC`, `acme/shop`; what `trust.projects` names. ServiceNow: the table (`sc_req_item`).
    pub project: String,
    /// The repository that an issue belongs to; decides between namesakes.
    pub repository: Option<String>,
    /// Issue type, catalogue item, request type.
    pub kind: Option<String>,
    /// The title.
    pub title: String,
    /// Description and form answers, in order.
    pub texts: Vec<Text>,
    /// Comments, oldest first.
    pub comments: Vec<Comment>,
    /// History, oldest first.
    pub history: Vec<Change>,
    /// Labels and components.
    pub labels: Vec<String>,
    /// The configured fields that have a value.
    pub fields: BTreeMap<Field, String>,
    /// The tracker's state.
    pub state: RawState,
    /// Relations to other tickets: (`duplicates`, `SEC-12`).
    pub relations: Vec<(String, String)>,
    /// Opened.
    pub opened_at: Option<Timestamp>,
    /// Closed; kept by some trackers after a reopening, too.
    pub closed_at: Option<Timestamp>,
    /// Due.
    pub due_at: Option<Timestamp>,
    /// Last change.
    pub updated_at: Option<Timestamp>,
    /// Who opened it.
    pub reporter: Person,
    /// Who works on it.
    pub assignee: Option<Person>,
    /// Who approved it, where that can be read.
    pub approvers: Vec<Person>,
    /// The tracker's time zone for times that name none, as an IANA name.
    pub time_zone: Option<String>,
}

/// What a ticket finally asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Intent {
    /// New access.
    Provision,
    /// A change of existing access.
    Modify,
    /// Temporary access.
    Elevate,
    /// A credential shall be dead.
    Revoke,
    /// A slot shall hold a new value.
    Rotate,
    /// A person or workload goes.
    Offboard,
    /// Nothing that concerns access.
    None,
}

/// A ticket's state, as the tracker's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not finished, or reopened.
    Open,
    /// Finished as asked.
    Done,
    /// Will not be done.
    Withdrawn,
}

/// How surely a ticket speaks of a slot or credential (CONTRACT, `tickets`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Strength {
    /// A person or workload that owns it.
    Owner,
    /// A name alone, on a word boundary.
    Name,
    /// An exact store locator.
    Slot,
    /// A unique identifier.
    Id,
}

/// A ticket's link to a slot or credential, with the words that prove it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// The slot or credential.
    pub credential: Id,
    /// How surely.
    pub strength: Strength,
    /// Where the words stand: `title`, `description`, `comment 2`.
    pub field: String,
    /// The words.
    pub quote: String,
    /// False where the link was made by somebody who may not loosen (a target named in an untrusted comment, say): it may tighten.
    #[serde(skip, default = "yes")]
    pub trusted: bool,
}

/// A start and an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// Start, where stated.
    #[schemars(with = "Option<String>")]
    pub start: Option<Timestamp>,
    /// End.
    #[schemars(with = "Option<String>")]
    pub end: Option<Timestamp>,
}

/// The access that a ticket asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Access {
    /// Who shall have it.
    pub holder: Option<String>,
    /// How much; none where the wording is vague.
    pub level: Option<Level>,
    /// Environments, as written, without case differences.
    pub environments: Vec<String>,
    /// Resources: repositories, paths, buckets.
    pub resources: Vec<String>,
    /// Accounts, organizations, servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tenants: Vec<String>,
}

/// Something that somebody without the right to loosen tried to loosen; the ticket stands as it was without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Distrusted {
    /// What: `withdrawn by eve`, `due date moved by 90 days`.
    pub what: String,
    /// Field and words.
    pub field: String,
    /// The words.
    pub quote: String,
}

/// A ticket as understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ticket {
    /// Its id.
    pub id: String,
    /// Its tracker.
    #[schemars(with = "String")]
    pub system: System,
    /// Where people read it.
    pub url: Option<String>,
    /// What it asks for.
    pub intent: Intent,
    /// Whether that is done.
    pub state: State,
    /// The tracker's word for how it ended.
    pub resolution: Option<String>,
    /// Opened.
    #[schemars(with = "Option<String>")]
    pub opened_at: Option<Timestamp>,
    /// Closed; none while open.
    #[schemars(with = "Option<String>")]
    pub closed_at: Option<Timestamp>,
    /// Due.
    #[schemars(with = "Option<String>")]
    pub due_at: Option<Timestamp>,
    /// The date that the ticket states for the action; not the closing date.
    #[schemars(with = "Option<String>")]
    pub effective_at: Option<Timestamp>,
    /// The window of a temporary access.
    pub window: Option<Window>,
    /// The affected person or workload.
    pub subject: Option<String>,
    /// Whether it was approved; false where that cannot be read.
    pub approved: bool,
    /// The access asked for.
    pub access: Access,
    /// The slots and credentials that it acts on.
    pub links: Vec<Link>,
    /// What a careful reader could not decide, in words.
    pub ambiguous: Vec<String>,
    /// The source's name.
    #[serde(skip, default)]
    pub source: String,
    /// The title, for evidence.
    #[serde(skip, default)]
    pub title: String,
    /// Whether the ticket's author, project and approval allow it to loosen (SEMANTICS: loosening is trusted less).
    #[serde(skip, default)]
    pub may_loosen: bool,
    /// Whether its type, request type or a label says that it is an emergency change.
    #[serde(skip, default)]
    pub emergency: bool,
    /// Whether an author of the change under the gate opened it.
    #[serde(skip, default)]
    pub of_change: bool,
    /// Every name of the people who stand behind it as assignee and approvers.
    #[serde(skip, default)]
    pub vouched_by: Vec<String>,
    /// Every name of whom the offboarding or grant concerns, aliases included.
    #[serde(skip, default)]
    pub subject_names: Vec<String>,
    /// For modify: the level or environment that is taken away.
    #[serde(skip, default)]
    pub removed: Vec<Removal>,
    /// What was not trusted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub distrusted: Vec<Distrusted>,
    /// What was edited after the ticket was approved or done, and by whom: field, time, before and after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edited: Vec<String>,
    /// For a done ticket that was reopened by somebody who may not: since when it is done all the same.
    #[serde(skip, default)]
    pub stood_done: Option<Timestamp>,
    /// What is to be told of it in coverage: that it was done and then withdrawn, say.
    #[serde(skip, default)]
    pub remarks: Vec<String>,
    /// For one that was withdrawn as a duplicate: of what.
    #[serde(skip, default)]
    pub duplicate_of: Vec<String>,
    /// Why it could not be read whole, where that is so: what it asks for may stand in the rest.
    #[serde(skip, default)]
    pub unread: Option<String>,
    /// Steps of the reading, for `--explain`.
    #[serde(skip, default)]
    pub why: Vec<String>,
    /// The words that decided, for `--explain`.
    #[serde(skip, default)]
    pub traces: Vec<Trace>,
}

/// A line of a ticket with the words in it that decided something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// What they decided: `intent revoke`, `link aws:access-key:AKIA… by id`, `not linked: …`.
    pub label: String,
    /// Where the line stands: `title`, `description`, `comment 2`.
    pub field: String,
    /// The line, without values of credentials.
    pub line: String,
    /// The words in it: byte ranges, in order; empty where they cannot be shown.
    pub words: Vec<(usize, usize)>,
}

/// A privilege that a change takes away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removal {
    /// The level that goes; none means all.
    pub level: Option<Level>,
    /// Where: an environment, without case; none is everywhere.
    pub environment: Option<String>,
    /// Which tenant; none is every tenant of that environment.
    pub tenant: Option<String>,
    /// The words.
    pub quote: String,
}

impl Removal {
    /// Whether it takes nothing away but what is more than this level: to state the level says more.
    #[must_use]
    pub fn spans(&self, level: Level) -> bool {
        self.environment.is_none() && self.tenant.is_none() && self.level.is_none_or(|taken| taken > level)
    }
}

/// What `driftgate tickets --format json` prints.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Tickets {
    /// Always `driftgate/tickets/v1`.
    pub schema: String,
    /// In order of id.
    pub tickets: Vec<Ticket>,
    /// What could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
}

fn yes() -> bool {
    true
}

impl Ticket {
    /// The date that the ticket states for the action, else the closing time for done, the opening time for open.
    #[must_use]
    pub fn effective(&self) -> Option<Timestamp> {
        self.effective_at.or(match self.state {
            State::Done => self.closed_at.or(self.opened_at),
            State::Open | State::Withdrawn => self.opened_at,
        })
    }
}

impl Link {
    /// Whether a finding may block on the strength of this link alone.
    #[must_use]
    pub fn can_block(&self, intent: Intent) -> bool {
        self.strength > Strength::Owner || intent == Intent::Offboard
    }
}

impl Person {
    /// The name to print.
    #[must_use]
    pub fn label(&self) -> &str {
        self.names.first().map(String::as_str).or(self.display.as_deref()).unwrap_or("nobody")
    }

    /// Whether one of the names is among `others`, without case.
    #[must_use]
    pub fn is_any_of(&self, others: &[String]) -> bool {
        self.names.iter().any(|name| others.iter().any(|other| other.eq_ignore_ascii_case(name)))
    }
}
