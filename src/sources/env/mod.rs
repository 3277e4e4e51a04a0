//! The gate's own environment: values at hand. `collect` recognises them without the network; `probe` asks their issuers, each
//! value at most once a run. Values never leave this source. What binds a variable to a slot is decided by the gate. Values of other
//! stores are not probed: their fingerprints tell where a value at hand lies, too.

#[cfg(feature = "aws")]
mod aws;
mod issued;
pub mod issuers;
#[cfg(feature = "vault")]
mod vault;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::{ConfigError, Environment, Files, RawSource};
use crate::model::Id;
use crate::model::inventory::{Credential, Gap, Inventory, LivenessState, Slot};
use crate::probe::guard::{self, Guard};
use crate::probe::http::{self, Http};
use crate::probe::recognize::{self, Kind};
use crate::probe::{self, Probe, observed};
use crate::secret::{FingerprintKey, Secret};

use super::{About, Batch, Holdings, Source, Wanted, observe};

#[cfg(feature = "aws")]
pub use aws::Issuer as AwsIssuer;
#[cfg(feature = "vault")]
pub use vault::{Issuer as VaultIssuer, same_server};

/// How long all probes together may take; what has no answer by then is unknown.
const ALL_PROBES: Duration = Duration::from_secs(30);

/// Settings of `kind: env`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Variables to examine, besides those that the jobs in scope refer to.
    #[serde(default)]
    pub variables: Vec<Named>,
    /// Probes for values of providers that driftgate does not know.
    #[serde(default)]
    pub probes: Vec<http::Settings>,
    /// Where providers answer that others run, too: `{github: https://ghe.example.com/api/v3, gitlab: https://gitlab.example.com}`.
    /// Default: as the sources of that kind say, else the CI's variables, else the public service. Also: slack, and npm, which has no
    /// default.
    #[serde(default)]
    pub endpoints: BTreeMap<String, String>,
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
    /// Tokens that one HTTP call tells of, by provider.
    pub tokens: issuers::Known,
}

/// What tells which issuer a value has.
enum Form {
    /// A form that providers document.
    Known(Kind),
    /// The user's own word.
    Own(Arc<Http>),
}

/// A recognised value.
struct Value {
    /// The variable that holds it (for an AWS key, its id).
    variable: String,
    form: Form,
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
    own: Vec<Arc<Http>>,
    fingerprints: Option<Arc<FingerprintKey>>,
    guard: Guard,
    /// What `collect` recognised, and which values were probed (by variable).
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    values: Vec<Arc<Value>>,
    probed: BTreeSet<String>,
    named: Vec<issued::Named>,
}

impl EnvSource {
    /// The environment, with the places where its values' issuers answer.
    #[must_use]
    pub fn new(about: About, settings: Settings, env: Arc<Environment>, issuers: Issuers) -> Self {
        Self {
            about,
            settings,
            env,
            issuers,
            own: Vec::new(),
            fingerprints: None,
            guard: Guard::default(),
            state: Mutex::default(),
        }
    }

    /// With the user's own probes, as [`probes`] checked them.
    #[must_use]
    pub fn with_probes(mut self, own: Vec<Http>) -> Self {
        self.own = own.into_iter().map(Arc::new).collect();
        self
    }

    /// With a key: every value that is looked at gets a fingerprint, whatever its form. Without one, none does.
    #[must_use]
    pub fn with_fingerprints(mut self, key: Option<Arc<FingerprintKey>>) -> Self {
        self.fingerprints = key;
        self
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
        for name in self.own.iter().flat_map(|own| &own.settings().variables) {
            out.entry(name.clone()).or_default();
        }
        out
    }

    /// The variables that the user named.
    fn named(&self) -> impl Iterator<Item = &String> {
        let variables = self.settings.variables.iter().map(|named| match named {
            Named::Name(name) | Named::Bound(Bound { name, .. }) => name,
        });
        variables.chain(self.own.iter().flat_map(|own| &own.settings().variables))
    }

    /// The form of a value. What the user says of a variable outranks what its value looks like.
    fn form(&self, variable: &str, value: &Secret) -> Option<Form> {
        let own = self.own.iter().find(|own| own.is_for(variable, value)).map(|own| Form::Own(Arc::clone(own)));
        own.or_else(|| recognize::kind(value).map(Form::Known))
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
            let Some(form) = self.form(name, &secret) else { continue };
            let mut slots = slots_of(name);
            let mut parts = None;
            let mut id = None;
            if matches!(form, Form::Known(Kind::AwsKeyId)) {
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
            out.push(Value { variable: name.clone(), form, slots, id, secret, parts });
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

    async fn probe_one(&self, value: &Arc<Value>, known: &Inventory, into: &mut Batch) {
        // The two that are more than one HTTP call; all others stand in the probes' table.
        match value.form {
            #[cfg(feature = "aws")]
            Form::Known(Kind::AwsKeyId) => return self.probe_aws(value, known, into).await,
            #[cfg(feature = "vault")]
            Form::Known(Kind::Vault) => return self.probe_vault(value, known, into).await,
            _ => {}
        }
        if value.probe().is_some() {
            return self.probe_issued(value, known, into).await;
        }
        for id in value.id.clone().into_iter().chain(value.recorded(known)) {
            observe(into, &id, observed(LivenessState::NotChecked, "", Some("no probe for this kind")));
        }
    }
}

impl Value {
    /// Its probe, where that is one HTTP call.
    fn probe(&self) -> Option<&dyn Probe> {
        match &self.form {
            Form::Known(kind) => probe::of(*kind).map(|probe| probe as &dyn Probe),
            Form::Own(own) => Some(own.as_ref()),
        }
    }

    /// The credentials that its slots are recorded to hold and that it may be: only its issuer could tell which it is.
    fn recorded(&self, known: &Inventory) -> BTreeSet<Id> {
        let held = self.slots.iter().filter_map(|id| known.slot(id)?.holds.clone());
        let may_be = |id: &Id| match (&self.form, self.probe()) {
            (Form::Known(Kind::Vault), _) => id.provider() == "vault" && id.kind() == "token",
            (_, Some(probe)) => id.provider() == probe.provider() && probe.may_be(&self.secret, id),
            (_, None) => false,
        };
        held.filter(may_be).collect()
    }
}

/// The user's own probes, checked.
///
/// # Errors
/// Where the settings of one cannot be meant so.
pub fn probes(settings: &Settings, raw: &RawSource, files: &Files) -> Result<Vec<Http>, ConfigError> {
    let mut out: Vec<Http> = Vec::new();
    for settings in &settings.probes {
        if out.iter().any(|known| known.settings().name == settings.name) {
            return Err(raw.error("probes", format!("two probes have the name `{}`", settings.name), "keep one"));
        }
        let wrong = |(setting, message, next): http::Wrong| {
            raw.error("probes", format!("`{setting}` of a probe: {message}"), next)
        };
        let roots = settings.ca_cert.as_deref().map(|path| issuers::pem(files, path)).transpose();
        out.push(Http::new(settings.clone()).map_err(wrong)?.with_roots(roots));
    }
    Ok(out)
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
        if let Some(key) = &self.fingerprints {
            for (name, slots) in self.variables(want) {
                let Some(value) = self.env.secret(&name) else { continue };
                let fingerprint = Some(value.fingerprint(key));
                for id in slots.into_iter().chain([Id::env(&name)]) {
                    into.inventory.slots.push(Slot { fingerprint: fingerprint.clone(), ..Slot::bare(id) });
                }
            }
        }
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
        for name in self.named().filter(|name| self.env.get(name).is_none()) {
            into.inventory.gaps.push(Gap {
                source: self.about.name.clone(),
                lacks: "value".to_owned(),
                scope: Id::env(name).to_string(),
                reason: format!("the variable {name} is not set in the gate's environment"),
            });
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.values = values.into_iter().map(Arc::new).collect();
    }
}

#[async_trait]
impl Holdings for EnvSource {
    fn examined(&self) -> BTreeSet<Id> {
        self.named().map(|name| Id::env(name)).collect()
    }

    async fn probe(&self, wanted: &BTreeSet<Id>, want: &Wanted, known: &Inventory, into: &mut Batch) {
        self.rename(known, into);
        let due = self.take(wanted);
        let refused = match want.silent() {
            None if want.no_probe => Some("--no-probe"),
            why => why,
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
            for id in value.id.clone().into_iter().chain(value.recorded(known)) {
                observe(&mut batch, &id, observed(LivenessState::NotChecked, "", Some(reason)));
            }
            batch
        });
        // In the order of the variables, whoever answers first: two runs print the same.
        let batches: Vec<Batch> = futures::stream::iter(work).buffered(guard::AT_ONCE).collect().await;
        for batch in batches {
            into.inventory.slots.extend(batch.inventory.slots);
            into.inventory.credentials.extend(batch.inventory.credentials);
            into.account.requests += batch.account.requests;
            into.account.notes.extend(batch.account.notes);
        }
    }
}
