//! The inventory: slots, credentials, grants, and how completely each part was read (CONTRACT, Inventory). What `inventory`
//! prints, the `file` source reads back.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{Id, observation};
pub use crate::secret::Fingerprint;

/// The schema id of [`Inventory`].
pub const INVENTORY_SCHEMA: &str = "driftgate/inventory/v1";

/// How much a grant allows. The order is the meaning: `None < Read < Write < Admin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing.
    None,
    /// Read-only, view, list, pull, reporter.
    Read,
    /// Push, deploy, publish, developer, power user.
    Write,
    /// Owner, full, `*`.
    Admin,
}

/// Whether a credential authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum LivenessState {
    /// The issuer's documented answer says that it works.
    Live,
    /// The issuer's documented answer says that it does not.
    Dead,
    /// The issuer's whole list was read, and it is not in it.
    #[serde(alias = "not_found")]
    NotFound,
    /// Asked, and the answer proves nothing.
    Unknown,
    /// Not asked.
    #[default]
    #[serde(alias = "not_checked")]
    NotChecked,
}

/// One observation of a credential's liveness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Liveness {
    /// The outcome.
    pub state: LivenessState,
    /// How it was found out: `sts GetCallerIdentity`, `iam ListAccessKeys`, `vault lookup-self`.
    #[serde(default)]
    pub method: String,
    /// When it was observed.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub at: Option<Timestamp>,
    /// Why, for dead and unknown: the issuer's error code or our reason; never a body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What the system that issued a credential records of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// In force.
    Active,
    /// Switched off, may be switched on again.
    Inactive,
    /// Revoked for good.
    Revoked,
    /// Past its expiry.
    Expired,
    /// No longer listed.
    Deleted,
    /// Not known.
    #[default]
    #[serde(other)]
    Unknown,
}

/// Whether a store's rotation keeps the previous value alive on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RotationKind {
    /// One user: the previous value is meant to be dead.
    Single,
    /// Alternating users: `AWSPREVIOUS` is meant to be alive.
    Alternating,
}

/// Access that somebody has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Grant {
    /// Who has it; absent in a credential's own grants means the credential.
    #[serde(default)]
    pub holder: Option<String>,
    /// On what; `*` for everything.
    #[serde(default)]
    pub resource: Option<String>,
    /// How much.
    #[serde(default)]
    pub level: Option<Level>,
    /// The system's own word for it.
    #[serde(default)]
    pub native: Option<String>,
    /// Account, organization, server: `aws:123456789012`.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Environment, compared without case.
    #[serde(default)]
    pub environment: Option<String>,
    /// When it ends by itself.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub until: Option<Timestamp>,
}

/// One version of a slot's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Version {
    /// When it was written.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub at: Option<Timestamp>,
    /// The store's stage: `AWSCURRENT`, `AWSPREVIOUS`.
    #[serde(default)]
    pub stage: Option<String>,
    /// The credential that it holds.
    #[serde(default)]
    pub holds: Option<Id>,
    /// Keyed fingerprint of the value.
    #[serde(default)]
    pub fingerprint: Option<Fingerprint>,
}

/// A place that holds a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Slot {
    /// The id.
    pub id: Id,
    /// Its name: `DEPLOY_KEY`, `secret/app/db`.
    #[serde(default)]
    pub name: Option<String>,
    /// Other names for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Environment, compared without case.
    #[serde(default)]
    pub environment: Option<String>,
    /// When its value was last written, as far as the store tells.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub updated_at: Option<Timestamp>,
    /// The credential that it holds, where metadata, a fingerprint, the configuration or a value seen says so.
    #[serde(default)]
    pub holds: Option<Id>,
    /// Keyed fingerprint of its value.
    #[serde(default)]
    pub fingerprint: Option<Fingerprint>,
    /// Person or workload that owns it.
    #[serde(default)]
    pub owner: Option<String>,
    /// Who can read its value.
    #[serde(default)]
    pub readers: Vec<String>,
    /// Who may read or write it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<Grant>,
    /// How its store rotates it.
    #[serde(default)]
    pub rotation: Option<RotationKind>,
    /// Its history, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<Version>,
    /// GitLab: only protected refs see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected: Option<bool>,
    /// GitHub, secrets of an organization: which of its repositories see it (`all`, `private`, `selected`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
    /// The selected repositories, `owner/name`; none where they were not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_to: Option<Vec<String>>,
    /// GitLab: its value is masked in job logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked: Option<bool>,
    /// GitLab: nobody is shown its value any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
}

/// A thing that authenticates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Credential {
    /// The id.
    pub id: Id,
    /// Its display name.
    #[serde(default)]
    pub name: Option<String>,
    /// Other names: fingerprints of keys, users.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Person or workload that owns it.
    #[serde(default)]
    pub owner: Option<String>,
    /// Account, organization, server.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Environment, compared without case.
    #[serde(default)]
    pub environment: Option<String>,
    /// What its issuer records.
    #[serde(default)]
    pub status: Status,
    /// When it was made.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub created_at: Option<Timestamp>,
    /// When it was last used; how coarse that is depends on the issuer (AWS: a day).
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub last_used_at: Option<Timestamp>,
    /// When it ends by itself.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub expires_at: Option<Timestamp>,
    /// The best observation of its liveness.
    #[serde(default)]
    pub liveness: Option<Liveness>,
    /// Other observations, kept so that a conflict shows both sides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<Liveness>,
    /// What it allows.
    #[serde(default)]
    pub grants: Vec<Grant>,
}

/// Something that was asked for and could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// The source's name.
    pub source: String,
    /// What is lacking: `liveness`, `slots`, `grants`, `tickets`, `references`, `change-time`, `catalog`, `inventory`, `repository` (its
    /// name), `comparison` (of the change with what is trusted).
    pub lacks: String,
    /// For what: an id, a mount, an account, a file; `*` for all of the source.
    pub scope: String,
    /// Why, in words.
    pub reason: String,
}

/// How completely one part of one source was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Extent {
    /// The source's name or kind.
    pub source: String,
    /// What was listed: `access-key`, `actions-secret`.
    #[serde(default)]
    pub kind: String,
    /// Where: an account, a repository, a mount.
    #[serde(default, rename = "where")]
    pub place: String,
    /// Whether the whole list was read; only then does an absence mean deletion.
    #[serde(default)]
    pub complete: bool,
    /// Which identity asked.
    #[serde(default, rename = "as")]
    pub asked_as: Option<String>,
    /// When.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub at: Option<Timestamp>,
}

/// Slots and credentials, with gaps and completeness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Inventory {
    /// Always `driftgate/inventory/v1`.
    #[serde(default = "inventory_schema")]
    pub schema: String,
    /// When it was written; its age is judged by it.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub exported_at: Option<Timestamp>,
    /// Places.
    #[serde(default)]
    pub slots: Vec<Slot>,
    /// Things.
    #[serde(default)]
    pub credentials: Vec<Credential>,
    /// What could not be read.
    #[serde(default)]
    pub gaps: Vec<Gap>,
    /// How completely each part was read.
    #[serde(default)]
    pub coverage: Vec<Extent>,
    /// Of credentials of which a file says no more than their status: when that was written. What was true before proves nothing about
    /// after.
    #[serde(skip)]
    pub recorded_at: BTreeMap<Id, Timestamp>,
}

fn inventory_schema() -> String {
    INVENTORY_SCHEMA.to_owned()
}

impl Default for Inventory {
    fn default() -> Self {
        Self {
            schema: inventory_schema(),
            exported_at: None,
            slots: Vec::new(),
            credentials: Vec::new(),
            gaps: Vec::new(),
            coverage: Vec::new(),
            recorded_at: BTreeMap::new(),
        }
    }
}

impl Inventory {
    /// The slot with that id.
    #[must_use]
    pub fn slot(&self, id: &Id) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.id == *id)
    }

    /// The credential with that id.
    #[must_use]
    pub fn credential(&self, id: &Id) -> Option<&Credential> {
        self.credentials.iter().find(|credential| credential.id == *id)
    }

    /// Adds what another source read. The same id from two sources becomes one entry: what the first leaves open the second
    /// fills, observations of liveness are all kept, and the latest change time wins.
    pub fn absorb(&mut self, other: Self) {
        let known = if other.slots.is_empty() { &[] } else { self.slots.as_slice() };
        let mut slots: HashMap<Id, usize> = known.iter().enumerate().map(|(i, s)| (s.id.clone(), i)).collect();
        for slot in other.slots {
            if let Some(&at) = slots.get(&slot.id) {
                self.slots[at].absorb(slot);
            } else {
                slots.insert(slot.id.clone(), self.slots.len());
                self.slots.push(slot);
            }
        }
        let known = if other.credentials.is_empty() { &[] } else { self.credentials.as_slice() };
        let mut credentials: HashMap<Id, usize> = known.iter().enumerate().map(|(i, c)| (c.id.clone(), i)).collect();
        for credential in other.credentials {
            if let Some(&at) = credentials.get(&credential.id) {
                self.credentials[at].absorb(credential);
            } else {
                credentials.insert(credential.id.clone(), self.credentials.len());
                self.credentials.push(credential);
            }
        }
        self.gaps.extend(other.gaps);
        self.coverage.extend(other.coverage);
        for (id, at) in other.recorded_at {
            let newest = self.recorded_at.entry(id).or_insert(at);
            *newest = at.max(*newest);
        }
    }
}

impl Slot {
    /// A slot of which only the id is known.
    #[must_use]
    pub fn bare(id: Id) -> Self {
        Self {
            id,
            name: None,
            aliases: Vec::new(),
            environment: None,
            updated_at: None,
            holds: None,
            fingerprint: None,
            owner: None,
            readers: Vec::new(),
            grants: Vec::new(),
            rotation: None,
            versions: Vec::new(),
            protected: None,
            visibility: None,
            visible_to: None,
            masked: None,
            hidden: None,
        }
    }

    fn absorb(&mut self, other: Self) {
        // What is held now is what the later writer says.
        if other.updated_at > self.updated_at {
            self.updated_at = other.updated_at;
            self.holds = other.holds.or(self.holds.take());
            self.fingerprint = other.fingerprint.or(self.fingerprint.take());
        } else {
            self.holds = self.holds.take().or(other.holds);
            self.fingerprint = self.fingerprint.take().or(other.fingerprint);
        }
        self.name = self.name.take().or(other.name);
        self.environment = self.environment.take().or(other.environment);
        self.owner = self.owner.take().or(other.owner);
        self.rotation = self.rotation.or(other.rotation);
        self.protected = self.protected.or(other.protected);
        self.visibility = self.visibility.take().or(other.visibility);
        self.visible_to = self.visible_to.take().or(other.visible_to);
        self.masked = self.masked.or(other.masked);
        self.hidden = self.hidden.or(other.hidden);
        extend_new(&mut self.aliases, other.aliases);
        extend_new(&mut self.readers, other.readers);
        extend_new(&mut self.grants, other.grants);
        for version in other.versions {
            match self.versions.iter_mut().find(|known| known.is(&version)) {
                Some(known) => {
                    known.at = known.at.or(version.at);
                    known.holds = known.holds.take().or(version.holds);
                    known.fingerprint = known.fingerprint.take().or(version.fingerprint);
                }
                None => self.versions.push(version),
            }
        }
    }
}

impl Version {
    /// Whether both tell of one version, one perhaps more than the other.
    fn is(&self, other: &Self) -> bool {
        let times = self.at == other.at || self.at.is_none() || other.at.is_none();
        self == other || times && self.stage.is_some() && self.stage == other.stage
    }
}

impl Credential {
    /// A credential of which only the id is known.
    #[must_use]
    pub fn bare(id: Id) -> Self {
        Self {
            id,
            name: None,
            aliases: Vec::new(),
            owner: None,
            tenant: None,
            environment: None,
            status: Status::Unknown,
            created_at: None,
            last_used_at: None,
            expires_at: None,
            liveness: None,
            observations: Vec::new(),
            grants: Vec::new(),
        }
    }

    /// Adds an observation: the best known stays in `liveness`, all are kept.
    pub fn observe(&mut self, seen: Liveness) {
        let known = self.liveness.take();
        self.observations.extend(known.filter(|known| !self.observations.contains(known)));
        if !self.observations.contains(&seen) {
            self.observations.push(seen);
        }
        self.liveness = observation::best(&self.observations).cloned();
        if self.observations.len() == 1 {
            self.observations.clear();
        }
    }

    fn absorb(&mut self, other: Self) {
        self.name = self.name.take().or(other.name);
        self.owner = self.owner.take().or(other.owner);
        self.tenant = self.tenant.take().or(other.tenant);
        self.environment = self.environment.take().or(other.environment);
        self.created_at = self.created_at.or(other.created_at);
        self.last_used_at = self.last_used_at.max(other.last_used_at);
        self.expires_at = self.expires_at.or(other.expires_at);
        if self.status == Status::Unknown {
            self.status = other.status;
        }
        extend_new(&mut self.aliases, other.aliases);
        extend_new(&mut self.grants, other.grants);
        for seen in other.observations.into_iter().chain(other.liveness) {
            self.observe(seen);
        }
    }
}

fn extend_new<T: PartialEq>(into: &mut Vec<T>, more: Vec<T>) {
    for item in more {
        if !into.contains(&item) {
            into.push(item);
        }
    }
}
