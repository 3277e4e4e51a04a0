//! The gate's own environment: values at hand. `collect` recognises them without the network; `probe` asks their issuers, each
//! value at most once a run. Values never leave this source. What binds a variable to a slot is decided by the gate.

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "vault")]
mod vault;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::Environment;
use crate::model::Id;
use crate::model::inventory::{Credential, Gap, Inventory, LivenessState, Slot};
use crate::probe::observed;
use crate::probe::recognize::{self, Kind};
use crate::secret::Secret;

use super::{About, Batch, Holdings, Source, Wanted, observe};

#[cfg(feature = "aws")]
pub use aws::Issuer as AwsIssuer;
#[cfg(feature = "vault")]
pub use vault::{Issuer as VaultIssuer, same_server};

/// How long all probes together may take; what has no answer by then is unknown.
const ALL_PROBES: Duration = Duration::from_secs(30);

/// How many issuers are asked at once.
const AT_ONCE: usize = 4;

/// Settings of `kind: env`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Variables to examine, besides those that the jobs in scope refer to.
    #[serde(default)]
    pub variables: Vec<Named>,
}

/// A variable to examine.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Named {
    /// By its name.
    Name(String),
    /// With the slot whose value it is.
    Bound(Bound),
}

/// A variable and the slot whose value it is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// The variable.
    pub name: String,
    /// The slot's id.
    pub slot: Id,
}

/// Where the issuers of values at hand answer.
#[derive(Debug, Clone, Default)]
pub struct Issuers {
    /// AWS' STS, as each source of the configuration says, or the environment.
    #[cfg(feature = "aws")]
    pub aws: Vec<AwsIssuer>,
    /// Vault or OpenBao, likewise.
    #[cfg(feature = "vault")]
    pub vault: Vec<VaultIssuer>,
}

/// A recognised value.
struct Value {
    /// The variable that holds it (for an AWS key, its id).
    variable: String,
    kind: Kind,
    /// The slots that hold it: `env:NAME`, and the bound ones.
    slots: BTreeSet<Id>,
    /// The credential, where the value's form tells.
    id: Option<Id>,
    secret: Secret,
    /// AWS: the secret access key, and the session token.
    parts: Option<(Secret, Option<Secret>)>,
}

/// The source.
pub struct EnvSource {
    about: About,
    settings: Settings,
    env: Arc<Environment>,
    // A build without connectors asks nobody.
    #[cfg_attr(not(any(feature = "aws", feature = "vault")), allow(dead_code))]
    issuers: Issuers,
    /// What `collect` recognised, and which values were probed (by variable).
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    values: Vec<Arc<Value>>,
    probed: BTreeSet<String>,
}

impl EnvSource {
    /// The environment, with the places where its values' issuers answer.
    #[must_use]
    pub fn new(about: About, settings: Settings, env: Arc<Environment>, issuers: Issuers) -> Self {
        Self { about, settings, env, issuers, state: Mutex::default() }
    }

    /// Every variable to look at, with the slots that it is bound to.
    fn variables(&self, want: &Wanted) -> BTreeMap<String, BTreeSet<Id>> {
        let mut out: BTreeMap<String, BTreeSet<Id>> = BTreeMap::new();
        for variable in &want.variables {
            out.entry(variable.name.clone()).or_default().extend(variable.slot.clone());
        }
        for named in &self.settings.variables {
            let (name, slot) = match named {
                Named::Name(name) => (name, None),
                Named::Bound(bound) => (&bound.name, Some(bound.slot.clone())),
            };
            out.entry(name.clone()).or_default().extend(slot);
        }
        out
    }

    /// Recognises the values. An AWS key with its secret and session token is one value, and so is the same value in several
    /// variables: it is probed once.
    fn recognised(&self, want: &Wanted) -> Vec<Value> {
        let variables = self.variables(want);
        let slots_of = |name: &str| {
            let mut slots = variables.get(name).cloned().unwrap_or_default();
            if variables.contains_key(name) {
                slots.insert(Id::env(name));
            }
            slots
        };
        let mut out: Vec<Value> = Vec::new();
        for name in variables.keys() {
            let Some(secret) = self.env.secret(name) else { continue };
            let Some(kind) = recognize::kind(&secret) else { continue };
            let mut slots = slots_of(name);
            let mut parts = None;
            let mut id = None;
            if kind == Kind::AwsKeyId {
                let key_id = secret.expose().trim();
                id = Some(Id::aws_access_key(self.aws_authority(key_id), key_id));
                if let Some((names, key, session)) = self.parts(name) {
                    slots.extend(names.iter().flat_map(|name| slots_of(name)));
                    parts = Some((key, session));
                }
            }
            if let Some(same) = out.iter_mut().find(|known| known.secret.expose().trim() == secret.expose().trim()) {
                same.slots.extend(slots);
                same.parts = same.parts.take().or(parts);
                continue;
            }
            out.push(Value { variable: name.clone(), kind, slots, id, secret, parts });
        }
        out
    }

    /// The other parts of the AWS key whose id is in `name`, with the variables that they stand in; nobody need have named those.
    fn parts(&self, name: &str) -> Option<(Vec<String>, Secret, Option<Secret>)> {
        recognize::aws_partners(name).into_iter().find_map(|partners| {
            let key = self.env.secret(&partners.secret).filter(recognize::is_aws_secret)?;
            let session = self.env.secret(&partners.session);
            let mut names = vec![partners.secret];
            names.extend(session.is_some().then_some(partners.session));
            Some((names, key, session))
        })
    }

    #[cfg(feature = "aws")]
    fn aws_authority(&self, key_id: &str) -> Option<&str> {
        aws::issuer(&self.issuers.aws, key_id).and_then(|issuer| issuer.authority.as_deref())
    }

    #[cfg(not(feature = "aws"))]
    fn aws_authority(&self, _key_id: &str) -> Option<&str> {
        None
    }

    /// The values that are still to be probed, marked as such.
    fn take(&self, wanted: &BTreeSet<Id>) -> Vec<Arc<Value>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let due: Vec<Arc<Value>> = state
            .values
            .iter()
            .filter(|value| !state.probed.contains(&value.variable))
            .filter(|value| value.id.as_ref().is_none_or(|id| wanted.contains(id)))
            .cloned()
            .collect();
        state.probed.extend(due.iter().map(|value| value.variable.clone()));
        due
    }

    #[cfg_attr(not(any(feature = "aws", feature = "vault")), allow(unused_variables))]
    async fn probe_one(&self, value: &Value, known: &Inventory, into: &mut Batch) {
        match value.kind {
            #[cfg(feature = "aws")]
            Kind::AwsKeyId => self.probe_aws(value, known, into).await,
            #[cfg(feature = "vault")]
            Kind::Vault => self.probe_vault(value, known, into).await,
            _ => {
                if let Some(id) = &value.id {
                    observe(into, id, observed(LivenessState::NotChecked, "", Some("no probe for this kind")));
                }
            }
        }
    }
}

/// The Vault tokens that a value's slots are recorded to hold: only its server could tell which token the value is.
fn recorded(value: &Value, known: &Inventory) -> BTreeSet<Id> {
    if value.kind != Kind::Vault {
        return BTreeSet::new();
    }
    let held = value.slots.iter().filter_map(|id| known.slot(id)?.holds.clone());
    held.filter(|id| id.provider() == "vault" && id.kind() == "token").collect()
}

fn hold(into: &mut Batch, slots: &BTreeSet<Id>, credential: &Id) {
    for slot in slots {
        into.inventory.slots.push(Slot { holds: Some(credential.clone()), ..Slot::bare(slot.clone()) });
    }
}

#[async_trait]
impl Source for EnvSource {
    fn about(&self) -> &About {
        &self.about
    }

    async fn collect(&self, want: &Wanted, into: &mut Batch) {
        let values = self.recognised(want);
        for value in &values {
            into.account.items += 1;
            match &value.id {
                Some(id) => {
                    // Its account stands in the id; as a tenant it would look like somebody's record.
                    into.inventory.credentials.push(Credential::bare(id.clone()));
                    hold(into, &value.slots, id);
                }
                // A value without an id of its own still fills its slot.
                None => into.inventory.slots.extend(value.slots.iter().cloned().map(Slot::bare)),
            }
        }
        for named in &self.settings.variables {
            let (Named::Name(name) | Named::Bound(Bound { name, .. })) = named;
            if self.env.get(name).is_none() {
                into.inventory.gaps.push(Gap {
                    source: self.about.name.clone(),
                    lacks: "value".to_owned(),
                    scope: Id::env(name).to_string(),
                    reason: format!("the variable {name} is not set in the gate's environment"),
                });
            }
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.values = values.into_iter().map(Arc::new).collect();
    }
}

#[async_trait]
impl Holdings for EnvSource {
    fn examined(&self) -> BTreeSet<Id> {
        let named = self.settings.variables.iter();
        named
            .map(|named| match named {
                Named::Name(name) | Named::Bound(Bound { name, .. }) => Id::env(name),
            })
            .collect()
    }

    async fn probe(&self, wanted: &BTreeSet<Id>, want: &Wanted, known: &Inventory, into: &mut Batch) {
        let due = self.take(wanted);
        let refused = match (want.offline, want.no_probe) {
            (true, _) => Some("--offline"),
            (false, true) => Some("--no-probe"),
            _ => None,
        };
        let until = tokio::time::Instant::now() + ALL_PROBES;
        let work = due.into_iter().map(|value| async move {
            let mut batch = Batch::default();
            let reason = match refused {
                Some(flag) => flag,
                None => {
                    let probe = self.probe_one(&value, known, &mut batch);
                    match tokio::time::timeout_at(until, probe).await {
                        Ok(()) => return batch,
                        Err(_) => "not asked in time",
                    }
                }
            };
            for id in value.id.clone().into_iter().chain(recorded(&value, known)) {
                observe(&mut batch, &id, observed(LivenessState::NotChecked, "", Some(reason)));
            }
            batch
        });
        // In the order of the variables, whoever answers first: two runs print the same.
        let batches: Vec<Batch> = futures::stream::iter(work).buffered(AT_ONCE).collect().await;
        for batch in batches {
            into.inventory.slots.extend(batch.inventory.slots);
            into.inventory.credentials.extend(batch.inventory.credentials);
            into.account.requests += batch.account.requests;
            into.account.notes.extend(batch.account.notes);
        }
    }
}
