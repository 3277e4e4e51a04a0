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
pub(crate) mod forge;
#[cfg(feature = "github")]
pub mod github;
pub mod github_issues;
#[cfg(feature = "gitlab")]
pub mod gitlab;
pub mod gitlab_issues;
pub mod jira;
pub mod journal;
#[cfg(any(feature = "gitlab", feature = "vault"))]
pub mod key_ids;
mod recorded;
pub mod servicenow;
pub mod snapshot;
pub mod table;
pub mod tracker;
#[cfg(feature = "vault")]
pub mod vault;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::model::Id;
use crate::model::catalog::Entry;
use crate::model::inventory::{Gap, Inventory};
use crate::model::report::SourceStatus;
use crate::model::settings::Home;
use crate::model::sieve::Sieve;
use crate::model::ticket::Record;
use crate::secret::MacKey;

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
    /// Everything that the source can see of what it is configured for (`inventory`, `scan`); the lists below are then hints only.
    pub everything: bool,
    /// Beyond the checkout's own repository or project: all of the organization or group (`scan`). Goes with `everything`.
    pub wide: bool,
    /// The checkout's own name, `owner/name`.
    pub repository: Option<String>,
    /// The literal names of the environments of the jobs in scope, as written.
    pub environments: BTreeSet<String>,
    /// A job in scope names its environment by an expression: it may be any.
    pub any_environment: bool,
    /// The jobs in scope refer to secrets or variables of their CI system, by name or all of them.
    pub secrets: bool,
    /// The jobs in scope refer to secrets of Dependabot's store, too.
    pub dependabot: bool,
    /// What the jobs in scope read from outer stores: paths, names and ARNs as they are written.
    pub outer: BTreeSet<Outer>,
    /// Credentials of which a rule compares the grants.
    pub grants: BTreeSet<Id>,
    /// Sources whose stores a snapshot has shown: only liveness is still wanted of them.
    pub recorded: BTreeSet<String>,
    /// Which tickets a gate wants of a tracker that can be asked for some; none is all of them.
    pub focus: Option<Focus>,
    /// Which tickets need not be taken apart, because they bear on nothing; none is to read all wholly.
    pub sieve: Option<Arc<dyn Sieve>>,
    /// Where a scan keeps what it has read, so that an interrupted one goes on.
    pub journal: Option<Arc<dyn Journal>>,
    /// Told of progress.
    pub watch: Watch,
    /// Slots that the deploy reaches or a ticket names.
    pub slots: BTreeSet<Id>,
    /// Slots of which a rule compares the time of the last write: those that a ticket expects something of.
    pub changes: BTreeSet<Id>,
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
    /// Why nothing may be asked although the network is there: the change under the gate must not get at credentials.
    pub withheld: Option<&'static str>,
    /// No credential may be used to test it.
    pub no_probe: bool,
}

impl Wanted {
    /// Why nothing may be asked over the network; none where it may.
    #[must_use]
    pub fn silent(&self) -> Option<&'static str> {
        self.withheld.or_else(|| self.offline.then_some("--offline"))
    }
}

/// Which tickets can bear on the verdict: those that use one of these names, those named themselves, and every offboarding. A tracker may
/// hand over more, never fewer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Focus {
    /// Identifiers, names, aliases and owners of what the jobs in scope reach, as they are written.
    pub names: BTreeSet<String>,
    /// Tickets that the configuration names (waivers').
    pub tickets: BTreeSet<String>,
}

/// Something in a store outside of the CI system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outer {
    /// `vault`, `aws`, `gcp`, `azure`.
    pub provider: String,
    /// Path, name or ARN, as it is written.
    pub name: String,
    /// The store, where the reference names it: address, engine, mount.
    pub store: Option<String>,
}

/// Keeps the parts that a scan has read, each as one value; a part with gaps is never kept.
pub trait Journal: Send + Sync + fmt::Debug {
    /// A part that an earlier, interrupted scan has read.
    fn recall(&self, source: &str, part: &str) -> Option<Inventory>;
    /// Keeps a part.
    fn keep(&self, source: &str, part: &str, inventory: &Inventory);
}

/// Hears of progress: the source's name, items and requests so far, and what is left of a limit.
#[derive(Clone, Default)]
pub struct Watch(Option<Hears>);

type Hears = Arc<dyn Fn(&str, u64, u64, Option<u64>) + Send + Sync>;

impl Watch {
    /// Told by calls of `hears`.
    #[must_use]
    pub fn new(hears: impl Fn(&str, u64, u64, Option<u64>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hears)))
    }

    /// Tells.
    pub fn tell(&self, source: &str, items: u64, requests: u64, left: Option<u64>) {
        if let Some(hears) = &self.0 {
            hears(source, items, requests, left);
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Watch(told)" } else { "Watch" })
    }
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
    /// Tickets among them that bear on nothing and were not handed over.
    pub sifted: u64,
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
    /// A key that only who holds the source's token can derive: it authenticates what a scan keeps. None where the source has no token of
    /// its own at hand.
    fn key(&self) -> Option<MacKey> {
        None
    }
    /// Reads the stores: slots and credentials of what the jobs in scope refer to, or everything. It comes before tickets are read, which
    /// are linked to what it finds. Only live stores have it. It never fails: what could not be read is a gap in the batch.
    async fn stores(&self, _want: &Wanted, _into: &mut Batch) {}
    /// Reads what is still wanted: liveness and grants of credentials, slots that only tickets name. It never fails: what could not be
    /// read is a gap in the batch.
    async fn collect(&self, want: &Wanted, into: &mut Batch);
}

/// A tracker.
#[async_trait]
pub trait TicketSource: Send + Sync {
    /// How it is configured.
    fn about(&self) -> &About;
    /// Whether it asks a server: a scan then reads it, so that the next gate asks only for what has changed.
    fn live(&self) -> bool {
        false
    }
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
    /// Which of several servers is the checkout's own.
    pub home: Home,
}

/// Whether an id is one that this source speaks of: its provider's, and under its authority or, as references write it, under none.
#[cfg(any(feature = "aws", feature = "github", feature = "gitlab", feature = "vault"))]
pub(crate) fn speaks_of(about: &About, provider: &str, id: &Id) -> bool {
    id.provider() == provider && (id.authority().is_none() || id.authority() == about.authority.as_deref())
}

/// Whether a gap's reason is the server's own no, which asking again does not change.
pub(crate) fn is_refusal(reason: &str) -> bool {
    ["HTTP 403", "HTTP 404", "permission denied", "AccessDenied"].iter().any(|word| reason.contains(word))
}

/// Adds an observation of a credential's liveness, made by a source that knows no more of it.
pub(crate) fn observe(into: &mut Batch, id: &Id, seen: crate::model::inventory::Liveness) {
    let mut credential = crate::model::inventory::Credential::bare(id.clone());
    credential.observe(seen);
    into.inventory.credentials.push(credential);
}
