//! AWS, with an auditor's credentials: what Secrets Manager and Parameter Store hold, what IAM records of access keys, of their users'
//! policies and of roles that CI identities may assume. The keys under examination are never the auditor's; probing with them is
//! `probe::aws`.

mod grants;
mod keys;
mod names;
mod parameters;
mod policy;
mod read;
mod roles;
mod secrets;
mod session;
mod settings;
mod trust;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use futures::StreamExt;
use jiff::Timestamp;

use crate::config::Environment;
use crate::model::Id;
use crate::model::inventory::{Credential, Extent, Gap, LivenessState, Slot, Version};
use crate::model::report::SourceStatus;
use crate::net;
use crate::probe::aws::code;
use crate::probe::observed;
use crate::secret::{FingerprintKey, MacKey};

use super::{About, Batch, Source, Wanted};
use names::Name;
use session::Account;
pub use settings::{Assume, Settings, Wrong};

/// The source.
pub struct AwsSource {
    about: About,
    settings: Settings,
    env: Arc<Environment>,
    /// The key of fingerprints, where values may be looked at.
    key: Option<Arc<FingerprintKey>>,
    http: net::aws::Client,
    accounts: Vec<Account>,
    state: Mutex<State>,
}

/// What was read so far, so that nothing is requested twice in a run.
#[derive(Debug, Default)]
struct State {
    /// Slots that were told.
    slots: BTreeSet<Id>,
    /// When secrets were changed in any way, their tags and rotation included (Secrets Manager API reference, `SecretListEntry`,
    /// "LastChangedDate"), with their versions. When a value was written is asked for where a rule compares it.
    changed: BTreeMap<Id, (Timestamp, Vec<Version>)>,
    /// Names that were asked for, found or not.
    asked: BTreeSet<Name>,
    /// Credentials that were told.
    credentials: BTreeSet<Id>,
    /// Accounts whose users' keys were listed, by number, and whether wholly: what is not in the list is then deleted.
    listed: BTreeMap<String, bool>,
    /// Managed policies that were looked up, by ARN.
    policies: BTreeMap<String, policy::Content>,
    /// Accounts whose extent was told.
    accounts: BTreeSet<String>,
    /// Everything was read.
    everything: bool,
}

impl State {
    /// Secrets of which a rule compares when their value was written. A value that was looked at has told it.
    fn compared<'w>(&'w self, want: &'w Wanted, looked_at: bool) -> impl Iterator<Item = &'w Id> {
        want.changes.iter().filter(move |slot| !looked_at && !want.everything && self.changed.contains_key(*slot))
    }
}

impl AwsSource {
    /// AWS as that auditor sees it.
    #[must_use]
    pub fn new(about: About, settings: Settings, env: Arc<Environment>) -> Self {
        let accounts = Account::all(settings.assume.as_ref(), &settings.accounts_assume);
        let http = net::aws::Client::new(Duration::ZERO, net::api::MOST_PAGE_BYTES);
        Self { about, settings, env, key: None, http, accounts, state: Mutex::default() }
    }

    /// Waits for throttling for so long in total.
    #[must_use]
    pub fn waiting(mut self, most: Duration) -> Self {
        self.http = net::aws::Client::new(most, net::api::MOST_PAGE_BYTES);
        self
    }

    /// Looks at the values of secrets in scope, which become fingerprints at once.
    #[must_use]
    pub fn with_fingerprints(mut self, key: Option<Arc<FingerprintKey>>) -> Self {
        self.key = key;
        self
    }

    /// Where STS answers.
    #[must_use]
    pub fn place(settings: &Settings, env: &Environment) -> crate::probe::aws::Place {
        let own = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let variable = |names: &[&str]| names.iter().find_map(|name| env.get(name)).map(str::to_owned);
        crate::probe::aws::Place {
            endpoint: Self::endpoint(settings, env, "AWS_ENDPOINT_URL_STS"),
            region: own(&settings.region)
                .or_else(|| settings.regions.first().cloned())
                .or_else(|| variable(&["AWS_REGION", "AWS_DEFAULT_REGION"]))
                .unwrap_or_else(|| "us-east-1".to_owned()),
        }
    }

    /// Another endpoint than AWS' own: the setting, the service's variable, the one for all services (AWS SDKs and Tools reference,
    /// "Service-specific endpoints").
    fn endpoint(settings: &Settings, env: &Environment, service: &str) -> Option<String> {
        let set = settings.endpoint.clone().filter(|text| !text.is_empty());
        set.or_else(|| [service, "AWS_ENDPOINT_URL"].iter().find_map(|name| env.get(name)).map(str::to_owned))
    }

    fn endpoint_of(&self, service: &str) -> Option<String> {
        Self::endpoint(&self.settings, &self.env, service)
    }

    fn region(&self) -> String {
        Self::place(&self.settings, &self.env).region
    }

    fn regions(&self) -> Vec<String> {
        if self.settings.regions.is_empty() { vec![self.region()] } else { self.settings.regions.clone() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gap(&self, lacks: &str, scope: &str, reason: impl Into<String>) -> Gap {
        Gap { source: self.about.name.clone(), lacks: lacks.to_owned(), scope: scope.to_owned(), reason: reason.into() }
    }

    fn extent(&self, kind: &str, place: &str, complete: bool, asked_as: Option<String>) -> Extent {
        Extent {
            source: self.about.name.clone(),
            kind: kind.to_owned(),
            place: place.to_owned(),
            complete,
            asked_as,
            at: None,
        }
    }

    fn authority(&self) -> Option<&str> {
        self.about.authority.as_deref()
    }

    fn speaks_of(&self, id: &Id) -> bool {
        super::speaks_of(&self.about, "aws", id)
    }

    /// When secrets were changed in any way, for those whose value's time no rule compares.
    fn other_changes(&self, want: &Wanted, into: &mut Batch) {
        let state = self.state();
        let others = state.changed.iter().filter(|(id, _)| !want.everything && !want.changes.contains(*id));
        let slot =
            |(id, (at, _)): (&Id, &(Timestamp, Vec<Version>))| Slot { updated_at: Some(*at), ..Slot::bare(id.clone()) };
        into.inventory.slots.extend(others.map(slot));
    }

    /// The wanted credentials of a kind, by what stands behind the kind: a key's id, a role's ARN.
    fn wanted(&self, want: &BTreeSet<Id>, kind: &str) -> BTreeMap<String, Id> {
        let own = want.iter().filter(|id| id.kind() == kind && self.speaks_of(id));
        own.map(|id| (id.rest().to_owned(), id.clone())).collect()
    }

    /// A credential may be wanted by two ids, with this source's authority and with none: what was told of one holds of the other.
    fn under_all_ids(&self, want: &Wanted, into: &mut Batch) {
        let told = |id: &Id| self.state().credentials.contains(id);
        let mut more = Vec::new();
        for id in want.credentials.iter().filter(|id| self.speaks_of(id) && !told(id)) {
            let same = |known: &&Credential| {
                known.liveness.is_some() && known.id.kind() == id.kind() && known.id.rest() == id.rest()
            };
            let known = into.inventory.credentials.iter().find(same);
            more.extend(known.map(|known| Credential { id: id.clone(), ..known.clone() }));
        }
        self.state().credentials.extend(more.iter().map(|credential| credential.id.clone()));
        into.inventory.credentials.append(&mut more);
    }

    /// Runs within the source's deadline; what was read before it is kept. Waits for limits do not count.
    async fn within(&self, want: &Wanted, lacks: &str, sink: &Sink<'_>, work: impl Future<Output = ()> + Send) {
        let limit = match (self.settings.timeout, want.wide) {
            (None, true) => None,
            (set, _) => Some(Duration::from_secs(set.unwrap_or(30))),
        };
        let Some(limit) = limit else { return work.await };
        tokio::pin!(work);
        let mut counted = self.http.waited();
        let mut left = limit;
        while tokio::time::timeout(left, &mut work).await.is_err() {
            let waited = self.http.waited();
            if waited <= counted {
                sink.gap(lacks, "*", format!("not read within {} s", limit.as_secs()));
                return;
            }
            left = waited.saturating_sub(counted);
            counted = waited;
        }
    }

    /// What the jobs in scope read from here; what cannot be asked for is a gap.
    fn names(&self, want: &Wanted, sink: &Sink<'_>) -> BTreeSet<Name> {
        let mut out = BTreeSet::new();
        for outer in want.outer.iter().filter(|outer| outer.provider == "aws") {
            match Name::of_reference(outer) {
                Ok(name) => {
                    out.insert(name);
                }
                Err(reason) => {
                    let shown: String = outer.name.chars().filter(|c| !c.is_control()).take(100).collect();
                    // No store was silent: which secret it is only the run tells.
                    sink.gap("name", &shown, reason);
                }
            }
        }
        let slots = want.slots.iter().filter(|id| matches!(id.kind(), "secret" | "parameter") && self.speaks_of(id));
        out.extend(slots.filter_map(Name::of_id));
        out
    }
}

/// Where concurrent readers put what they read.
struct Sink<'s> {
    source: &'s AwsSource,
    batch: Mutex<Batch>,
    /// Requests made before.
    before: u64,
}

impl<'s> Sink<'s> {
    fn new(source: &'s AwsSource) -> Self {
        Self { source, batch: Mutex::default(), before: source.http.requests() }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Batch) -> T) -> T {
        change(&mut self.batch.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn gap(&self, lacks: &str, scope: &str, reason: impl Into<String>) {
        let gap = self.source.gap(lacks, scope, reason);
        self.with(|batch| batch.inventory.gaps.push(gap));
    }

    /// Takes slots, and names what they are said to hold, so that tickets that name it are linked to it.
    fn slots(&self, mut slots: Vec<Slot>) {
        self.with(|batch| {
            batch.account.items += slots.len() as u64;
            let held = slots.iter().filter_map(|slot| slot.holds.clone()).map(Credential::bare);
            batch.inventory.credentials.extend(held);
            batch.inventory.slots.append(&mut slots);
        });
    }

    fn note(&self, text: String) {
        self.with(|batch| {
            if !batch.account.notes.contains(&text) {
                batch.account.notes.push(text);
            }
        });
    }

    /// The account's extent: negative answers of this endpoint count for these accounts alone. Once a run.
    fn account(&self, identity: &session::Identity) {
        if self.source.state().accounts.insert(identity.account.clone()) {
            let extent = self.source.extent("account", &identity.account, true, identity.asked_as.clone());
            self.with(|batch| batch.inventory.coverage.push(extent));
        }
        self.with(|batch| {
            if batch.account.asked_as.is_none() {
                batch.account.asked_as.clone_from(&identity.asked_as);
            }
        });
    }

    /// Takes over what was read elsewhere: a part of a scan.
    fn take(&self, part: Batch) {
        self.with(|batch| {
            batch.inventory.slots.extend(part.inventory.slots);
            batch.inventory.credentials.extend(part.inventory.credentials);
            batch.inventory.coverage.extend(part.inventory.coverage);
            for gap in part.inventory.gaps {
                if !batch.inventory.gaps.contains(&gap) {
                    batch.inventory.gaps.push(gap);
                }
            }
            batch.account.items += part.account.items;
            batch.account.notes.extend(part.account.notes);
        });
    }

    fn done(self) -> Batch {
        let requests = self.source.http.requests() - self.before;
        let mut batch = self.batch.into_inner().unwrap_or_else(PoisonError::into_inner);
        batch.account.requests = requests;
        batch.inventory.gaps.sort();
        batch.inventory.gaps.dedup();
        let mut state = self.source.state();
        state.slots.extend(batch.inventory.slots.iter().map(|slot| slot.id.clone()));
        let told = batch.inventory.credentials.iter().filter(|credential| credential.liveness.is_some());
        state.credentials.extend(told.map(|credential| credential.id.clone()));
        batch
    }
}

#[async_trait]
impl Source for AwsSource {
    fn about(&self) -> &About {
        &self.about
    }

    fn key(&self) -> Option<MacKey> {
        let usual = "AWS_SECRET_ACCESS_KEY";
        let name = match (&self.settings.access_key_id_env, &self.settings.profile) {
            (Some(_), _) => self.settings.secret_access_key_env.as_deref().unwrap_or(usual),
            // Temporary credentials are others in the next job.
            (None, None) if self.env.get("AWS_SESSION_TOKEN").is_none() => usual,
            _ => return None,
        };
        Some(self.env.secret(name)?.derive("snapshot"))
    }

    async fn stores(&self, want: &Wanted, into: &mut Batch) {
        let sink = Sink::new(self);
        let names = self.names(want, &sink);
        if names.is_empty() && !want.everything {
            *into = sink.done();
            into.account.status = Some(SourceStatus::Skipped);
            return;
        }
        if let Some(why) = want.silent() {
            sink.gap("slots", "*", why);
            *into = sink.done();
            into.account.status = Some(SourceStatus::Skipped);
            return;
        }
        if want.everything {
            self.within(want, "slots", &sink, self.read_everything(want, &sink)).await;
            self.state().everything = true;
        } else {
            self.within(want, "slots", &sink, self.read_names(want, &names, &sink)).await;
        }
        *into = sink.done();
    }

    async fn collect(&self, want: &Wanted, into: &mut Batch) {
        let keys = self.wanted(&want.credentials, "access-key");
        let roles = self.wanted(&want.credentials, "role");
        let sink = Sink::new(self);
        let mut names = self.names(&Wanted { slots: want.slots.clone(), ..Wanted::default() }, &sink);
        {
            let state = self.state();
            let known = state.everything || want.recorded.contains(&self.about.name);
            names.retain(|name| !known && !state.asked.contains(name));
            let told = |slot: &Id| state.slots.contains(slot);
            let untold =
                want.slots.iter().filter(|slot| !told(slot)).filter_map(Name::of_id).collect::<BTreeSet<Name>>();
            names.retain(|name| untold.contains(name));
        }
        let changes: Vec<Id> = self.state().compared(want, self.key.is_some()).cloned().collect();
        let enumerate = want.everything && !self.state().everything && !want.recorded.contains(&self.about.name);
        if keys.is_empty() && roles.is_empty() && names.is_empty() && changes.is_empty() && !enumerate {
            into.account.status = Some(SourceStatus::Skipped);
            if !want.everything && self.state().slots.is_empty() {
                into.account.notes.push("nothing of AWS was wanted".to_owned());
            }
            self.other_changes(want, into);
            return;
        }
        let all = || keys.values().map(|id| (id, keys::METHOD)).chain(roles.values().map(|id| (id, roles::METHOD)));
        let untold = |into: &mut Batch, state: LivenessState, reason: &str| {
            for (id, method) in all().filter(|(id, _)| !self.state().credentials.contains(*id)) {
                let method = if state == LivenessState::NotChecked { "" } else { method };
                super::observe(into, id, observed(state, method, Some(reason)));
            }
        };
        if let Some(why) = want.silent() {
            into.account.status = Some(SourceStatus::Skipped);
            untold(into, LivenessState::NotChecked, why);
            into.inventory.gaps.push(self.gap("liveness", "*", why));
            return;
        }
        let work = async {
            if enumerate {
                self.read_everything(want, &sink).await;
                self.state().everything = true;
            }
            if !names.is_empty() {
                self.read_names(want, &names, &sink).await;
            }
            self.read_changes(&changes, &sink).await;
            self.read_credentials(want, &keys, &roles, &sink).await;
        };
        self.within(want, "liveness", &sink, work).await;
        *into = sink.done();
        self.under_all_ids(want, into);
        untold(into, LivenessState::Unknown, "not read");
    }
}

/// Makes calls side by side, so many at once.
async fn side_by_side<F: Future>(at_once: usize, calls: Vec<F>) -> Vec<F::Output> {
    futures::stream::iter(calls).buffer_unordered(at_once).collect().await
}

/// Why a call failed: the issuer's code, or our words; never a body.
fn reason<E: ProvideErrorMetadata>(error: &SdkError<E>) -> String {
    let foreign = |status: u16| format!("HTTP {status}, not an answer of AWS");
    match error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            let Some(code) = code::of(error) else {
                return if status < 400 { foreign(status) } else { format!("HTTP {status}") };
            };
            // A clock that is off is refused like a wrong signature.
            let there = answer
                .raw()
                .headers()
                .get("date")
                .and_then(|date| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok());
            let off = there.map(|there| Timestamp::now().duration_since(there).abs()).filter(|off| off.as_mins() >= 5);
            match off.filter(|_| matches!(status, 400 | 403)) {
                Some(off) => format!("{code}; this machine's clock is {} minutes off", off.as_mins()),
                None => code,
            }
        }
        SdkError::TimeoutError(_) => "timed out".to_owned(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "timed out".to_owned(),
        SdkError::DispatchFailure(failure) if failure.is_user() => "the answer is too long".to_owned(),
        SdkError::DispatchFailure(_) => "no connection".to_owned(),
        SdkError::ResponseError(answer) => code::of(error).unwrap_or_else(|| foreign(answer.raw().status().as_u16())),
        _ => "the call could not be made".to_owned(),
    }
}

/// Whether the answer says that there is no such thing; by the code alone.
fn is_absent<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    matches!(code::of(error).as_deref(), Some("NoSuchEntity" | "NoSuchEntityException"))
}

fn time(at: &aws_smithy_types::DateTime) -> Option<Timestamp> {
    Timestamp::from_second(at.secs()).ok()
}
