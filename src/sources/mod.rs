//! Sources: one file or folder a system. They turn what a system says into the model, say what they could not read, and judge
//! nothing. They never see each other.

pub mod absent;
#[cfg(feature = "aws")]
pub mod aws;
pub mod catalog;
pub mod csv_tickets;
pub mod env;
pub(crate) mod export;
pub mod file;
pub mod github_issues;
pub mod gitlab_issues;
pub mod jira;
mod recorded;
pub mod servicenow;
pub mod table;
#[cfg(feature = "vault")]
pub mod vault;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::model::Id;
use crate::model::catalog::Entry;
use crate::model::inventory::{Gap, Inventory};
use crate::model::report::SourceStatus;
use crate::model::ticket::Record;

/// What every source is configured with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The source's name (CONTRACT: default its kind).
    pub name: String,
    /// Its kind: `aws`, `vault`, `file`.
    pub kind: String,
    /// Whether a gap in it makes the verdict inconclusive.
    pub required: bool,
    /// The authority that its ids carry: its name, where the configuration has more than one source of its provider.
    pub authority: Option<String>,
}

/// What the gate needs to know, so that a gate costs requests in proportion to the deploy.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Everything that the source can see (`scan`, `inventory`); the lists below are then hints only.
    pub everything: bool,
    /// Slots that the deploy reaches or a ticket names.
    pub slots: BTreeSet<Id>,
    /// Credentials whose liveness is wanted: held by those slots, or named by a ticket.
    pub credentials: BTreeSet<Id>,
    /// What is recorded as the tenant of those credentials: a server that is another's says nothing of them.
    pub tenants: BTreeMap<Id, String>,
    /// The gate's own variables to look at, with the slot that each is known to hold the value of.
    pub variables: Vec<Variable>,
    /// As of when to judge; sources stamp what they observe with the real time, and use this for ages only.
    pub now: Timestamp,
    /// No network at all.
    pub offline: bool,
    /// No credential may be used to test it.
    pub no_probe: bool,
}

/// A variable of the gate's own environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// The slot whose value it is, where the workflow's own mapping in the same job or the user says so; else none, and the value
    /// is held by `env:NAME` alone.
    pub slot: Option<Id>,
}

/// What a source read.
#[derive(Debug, Default)]
pub struct Batch {
    /// Slots, credentials, gaps, extents.
    pub inventory: Inventory,
    /// Rows of the catalogue.
    pub catalog: Vec<Entry>,
    /// Account of the work.
    pub account: Account,
}

/// A source's account of its work, for coverage.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// Slots, credentials, tickets or rows read.
    pub items: u64,
    /// Network requests made.
    pub requests: u64,
    /// Which identity asked.
    pub asked_as: Option<String>,
    /// Remarks that decide nothing.
    pub notes: Vec<String>,
    /// How it ended; none means that it follows from gaps and items.
    pub status: Option<SourceStatus>,
    /// The time that an export carries itself; its age is judged by it.
    pub exported_at: Option<Timestamp>,
    /// What could not be read (ticket sources; others write gaps into the inventory).
    pub gaps: Vec<Gap>,
}

/// A system that shows slots, credentials, grants or catalogue rows. It holds a client, so it is a trait.
#[async_trait]
pub trait Source: Send + Sync {
    /// How it is configured.
    fn about(&self) -> &About;
    /// Reads what is wanted. It never fails: what could not be read is a gap in the batch.
    async fn collect(&self, want: &Wanted, into: &mut Batch);
}

/// A tracker.
#[async_trait]
pub trait TicketSource: Send + Sync {
    /// How it is configured.
    fn about(&self) -> &About;
    /// Hands over its tickets one by one, so that their texts need not be held in memory together. It never fails: what could not
    /// be read is a gap in the account, and what came before it is still handed over.
    async fn tickets(&self, want: &Wanted, sink: &mut (dyn FnMut(Record) + Send)) -> Account;
}

/// Values at hand: the gate's own environment. Its `collect` recognises values (what holds which credential) without the network;
/// its `probe` uses them.
#[async_trait]
pub trait Holdings: Source {
    /// The slots of the variables that the user named: naming one asks for its examination.
    fn examined(&self) -> BTreeSet<Id>;
    /// Identifies values that only their issuer can name (a Vault token's accessor), and tests whether values still authenticate:
    /// each at most once a run, those in `wanted` and those not yet identified. `known` is all that is known so far, with the issuers'
    /// own records.
    async fn probe(&self, wanted: &BTreeSet<Id>, want: &Wanted, known: &Inventory, into: &mut Batch);
}

/// All sources of a run, in the order of the configuration.
#[derive(Default)]
pub struct Sources {
    /// Inventories and catalogues from files.
    pub recorded: Vec<Box<dyn Source>>,
    /// Live stores and issuers.
    pub issuers: Vec<Box<dyn Source>>,
    /// Trackers, live or exported.
    pub tickets: Vec<Box<dyn TicketSource>>,
    /// The gate's own environment, where it is to be looked at.
    pub env: Option<Box<dyn Holdings>>,
}

/// Adds an observation of a credential's liveness, made by a source that knows no more of it.
pub(crate) fn observe(into: &mut Batch, id: &Id, seen: crate::model::inventory::Liveness) {
    let mut credential = crate::model::inventory::Credential::bare(id.clone());
    credential.observe(seen);
    into.inventory.credentials.push(credential);
}
