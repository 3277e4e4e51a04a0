//! The gate's own environment: values at hand. `collect` recognises them without the network; `probe` asks their issuers, each
//! value at most once a run. Values never leave this source. What binds a variable to a slot is decided by the gate.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::Environment;
use crate::model::Id;
use crate::model::inventory::{Credential, Gap, Inventory, LivenessState, Slot};
use crate::probe::recognize::{self, Kind};
use crate::probe::{account, observed};
use crate::secret::Secret;

use super::{About, Batch, Holdings, Source, Wanted, observe};

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
    /// AWS' STS.
    #[cfg(feature = "aws")]
    pub aws: Option<AwsIssuer>,
    /// Vault or OpenBao.
    #[cfg(feature = "vault")]
    pub vault: Option<VaultIssuer>,
}

/// Where STS answers.
#[cfg(feature = "aws")]
#[derive(Debug, Clone)]
pub struct AwsIssuer {
    /// Endpoint and region.
    pub place: crate::probe::aws::Place,
    /// The authority that ids carry.
    pub authority: Option<String>,
    /// Accounts that the user says this endpoint serves.
    pub accounts: Vec<String>,
}

/// Where Vault answers.
#[cfg(feature = "vault")]
#[derive(Debug, Clone)]
pub struct VaultIssuer {
    /// Server and namespace.
    pub place: crate::probe::vault::Place,
    /// The authority that ids carry.
    pub authority: Option<String>,
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

    /// Recognises the values. An AWS key with its secret and session token is one value.
    fn recognised(&self, want: &Wanted) -> Vec<Value> {
        let variables = self.variables(want);
        let mut secrets: BTreeMap<String, Secret> = BTreeMap::new();
        for name in variables.keys() {
            secrets.extend(self.env.secret(name).map(|secret| (name.clone(), secret)));
        }
        // The other parts of a key may stand in variables that nobody named.
        let ids: Vec<String> = secrets
            .iter()
            .filter(|(_, s)| recognize::kind(s) == Some(Kind::AwsKeyId))
            .map(|(name, _)| name.clone())
            .collect();
        for name in &ids {
            for partner in partner_names(name) {
                if !secrets.contains_key(&partner) {
                    secrets.extend(self.env.secret(&partner).map(|secret| (partner, secret)));
                }
            }
        }
        let slots_of = |name: &str| {
            let mut slots = variables.get(name).cloned().unwrap_or_default();
            if variables.contains_key(name) {
                slots.insert(Id::env(name));
            }
            slots
        };
        let mut out = Vec::new();
        for name in variables.keys() {
            let Some(secret) = self.env.secret(name) else { continue };
            let Some(kind) = recognize::kind(&secret) else { continue };
            let mut slots = slots_of(name);
            let mut parts = None;
            let mut id = None;
            if kind == Kind::AwsKeyId {
                id = Some(Id::aws_access_key(self.aws_authority(), secret.expose().trim()));
                if let Some((key, session)) = recognize::aws_parts(name, &secrets) {
                    slots.extend(slots_of(key));
                    slots.extend(session.map(slots_of).unwrap_or_default());
                    parts = self.env.secret(key).map(|key| (key, session.and_then(|name| self.env.secret(name))));
                }
            }
            out.push(Value { variable: name.clone(), kind, slots, id, secret, parts });
        }
        out
    }

    #[cfg(feature = "aws")]
    fn aws_authority(&self) -> Option<&str> {
        self.issuers.aws.as_ref().and_then(|issuer| issuer.authority.as_deref())
    }

    #[cfg(not(feature = "aws"))]
    fn aws_authority(&self) -> Option<&str> {
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

    #[cfg(feature = "aws")]
    async fn probe_aws(&self, value: &Value, known: &Inventory, into: &mut Batch) {
        use crate::probe::aws;
        let Some(id) = &value.id else { return };
        let Some((secret, session)) = &value.parts else {
            let reason = format!("the secret that belongs to {} is not at hand", value.variable);
            observe(into, id, observed(LivenessState::NotChecked, aws::METHOD, Some(&reason)));
            return;
        };
        let Some(issuer) = &self.issuers.aws else { return };
        let key_id = value.secret.expose().trim();
        let key = aws::Key { id: key_id, secret, session: session.as_ref() };
        let (mut seen, _) = aws::probe(&issuer.place, &key).await;
        into.account.requests += 1;
        if seen.state == LivenessState::Dead && !self.is_issuer(issuer, id, key_id, known) {
            let reason = "this endpoint is not known to serve the key's account";
            seen = observed(LivenessState::Unknown, aws::METHOD, Some(reason));
        }
        observe(into, id, seen);
    }

    /// Whether a negative answer comes from the key's own issuer. AWS' own endpoints speak for every account of the partition; any
    /// other endpoint speaks for the accounts that the auditor, the settings, or the inventory's record of this key name.
    #[cfg(feature = "aws")]
    fn is_issuer(&self, issuer: &AwsIssuer, id: &Id, key_id: &str, known: &Inventory) -> bool {
        let Some(own) = account::of_key(key_id) else {
            // An old id names no account: only the auditor's list may say that it is gone.
            return issuer.place.endpoint.is_none() && !foreign_partition(&issuer.place.region);
        };
        if issuer.place.endpoint.is_none() {
            return !foreign_partition(&issuer.place.region);
        }
        let served =
            known.coverage.iter().filter(|extent| extent.kind == "account").map(|extent| extent.place.as_str());
        let mut named: Vec<&str> = served.chain(issuer.accounts.iter().map(String::as_str)).collect();
        if named.is_empty() {
            let tenant = known.credential(id).and_then(|credential| credential.tenant.as_deref());
            named.extend(tenant.and_then(|tenant| tenant.strip_prefix("aws:")));
        }
        named.contains(&own.as_str())
    }

    #[cfg(feature = "vault")]
    async fn probe_vault(&self, value: &Value, known: &Inventory, into: &mut Batch) {
        use crate::probe::vault;
        let Some(issuer) = &self.issuers.vault else { return };
        let (mut seen, answer) = vault::probe(&issuer.place, &value.secret).await;
        into.account.requests += 1;
        if let Some(answer) = answer {
            let id = Id::vault_token(issuer.authority.as_deref(), &answer.accessor);
            let mut credential = Credential {
                name: Some(answer.display_name).filter(|name| !name.is_empty()),
                tenant: issuer.place.host().map(|host| format!("vault:{host}")),
                expires_at: answer.expire_time.and_then(|at| at.parse().ok()),
                created_at: i64::try_from(answer.creation_time)
                    .ok()
                    .and_then(|at| jiff::Timestamp::from_second(at).ok()),
                ..Credential::bare(id.clone())
            };
            credential.observe(seen);
            into.inventory.credentials.push(credential);
            hold(into, &value.slots, &id);
            return;
        }
        // The server does not say whose token this is: it is the one that its slot is recorded to hold.
        for id in recorded(&value.slots, known) {
            if seen.state == LivenessState::Dead && !self.is_vault_issuer(issuer, &id, known) {
                seen = observed(
                    LivenessState::Unknown,
                    vault::METHOD,
                    Some("this server is not known to have issued the token"),
                );
            }
            observe(into, &id, seen.clone());
        }
    }

    /// Whether this server issued the recorded credential: the id is one of this source (a configuration with several Vaults writes
    /// their names into ids), and where its tenant is recorded, that is this server. A token that nothing records is nobody's.
    #[cfg(feature = "vault")]
    fn is_vault_issuer(&self, issuer: &VaultIssuer, id: &Id, known: &Inventory) -> bool {
        if id.authority() != issuer.authority.as_deref() {
            return false;
        }
        same_server(known.credential(id).and_then(|c| c.tenant.as_deref()), &issuer.place)
    }
}

/// Whether a recorded tenant (`vault:vault.example.com`) is that server; nothing recorded does not contradict.
#[cfg(feature = "vault")]
#[must_use]
pub fn same_server(tenant: Option<&str>, place: &crate::probe::vault::Place) -> bool {
    let Some(tenant) = tenant.and_then(|tenant| tenant.strip_prefix("vault:")) else { return true };
    let Some(host) = place.host() else { return false };
    let bare = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    tenant.eq_ignore_ascii_case(&host) || (!tenant.contains(':') && tenant.eq_ignore_ascii_case(bare))
}

/// Regions of partitions whose keys AWS' commercial STS does not know.
#[cfg(feature = "aws")]
fn foreign_partition(region: &str) -> bool {
    ["cn-", "us-gov-", "us-iso", "eu-isoe"].iter().any(|prefix| region.starts_with(prefix))
}

/// The variables that may hold the other parts of an AWS key.
fn partner_names(name: &str) -> Vec<String> {
    let mut out = Vec::new();
    if let Some((secret, session)) = recognize::aws_partners(name) {
        out.extend([secret, session]);
    }
    if let Some(at) = name.to_ascii_uppercase().rfind("ACCESS_KEY") {
        let tail = name[at + "ACCESS_KEY".len()..].trim_start_matches("_ID");
        out.push(format!("{}SECRET_ACCESS_KEY{tail}", &name[..at]));
        out.push(format!("{}SESSION_TOKEN{tail}", &name[..at]));
    }
    out
}

/// The Vault tokens that slots are recorded to hold.
#[cfg(feature = "vault")]
fn recorded(slots: &BTreeSet<Id>, known: &Inventory) -> BTreeSet<Id> {
    let held = slots.iter().filter_map(|id| known.slot(id)?.holds.clone());
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
                    let tenant =
                        (id.provider() == "aws").then(|| account::of_key(value.secret.expose().trim())).flatten();
                    into.inventory.credentials.push(Credential {
                        tenant: tenant.map(|account| format!("aws:{account}")),
                        ..Credential::bare(id.clone())
                    });
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
        for value in due {
            let Some(flag) = refused else {
                self.probe_one(&value, known, into).await;
                continue;
            };
            if let Some(id) = &value.id {
                observe(into, id, observed(LivenessState::NotChecked, "", Some(flag)));
            }
        }
    }
}
