//! Vault and OpenBao, seen by an auditor: slots of KV stores (metadata; values only where fingerprints are wanted), tokens and AppRole
//! secret-ids by accessor, policies as levels on paths. Probing with a token at hand is `probe::vault`.

mod approle;
mod asked;
mod grants;
mod kv;
mod login;
mod mounts;
mod policy;
mod settings;
mod slots;
mod tokens;
mod values;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::OnceCell;

use crate::config::{Environment, Files};
use crate::model::Id;
use crate::model::inventory::{Gap, Liveness, LivenessState};
use crate::model::report::SourceStatus;
use crate::net::api::Meter;
use crate::probe::observed;
use crate::probe::vault::Place;
use crate::secret::{FingerprintKey, MacKey};

use super::env::same_server;
use super::key_ids::KeyIds;
use super::{About, Batch, Outer, Source, Wanted, observe, speaks_of};

pub use settings::{Auth, Method, Settings, Wrong, address, namespaces};

use asked::Wish;
use login::{Session, Spot};
use slots::Seen;

/// How many requests are under way at once.
const AT_ONCE: usize = 8;

/// The longest deadline, in seconds: a day.
const MOST_SECONDS: u64 = 86_400;

/// The source.
pub struct VaultSource {
    about: About,
    settings: Settings,
    env: Arc<Environment>,
    files: Files,
    place: Result<Place, String>,
    max_wait: Duration,
    reader: values::Reader,
    session: OnceCell<Result<Arc<Session>, String>>,
    meter: OnceLock<Arc<Meter>>,
    /// Requests to others than the server, and how many of all were told.
    aside: AtomicU64,
    counted: AtomicU64,
    state: Mutex<State>,
}

/// What was read in this run, so that nothing is asked for twice.
#[derive(Default)]
struct State {
    told: BTreeSet<Id>,
    /// References that were answered, whatever the answer was.
    answered: BTreeSet<Outer>,
    granted: BTreeSet<Id>,
    seen: BTreeMap<(usize, String), Seen>,
    lost_values: BTreeMap<String, String>,
    asked_as: Option<String>,
    auditor: Option<String>,
}

impl VaultSource {
    /// The server as that auditor sees it.
    #[must_use]
    pub fn new(about: About, settings: Settings, env: Arc<Environment>, files: &Files) -> Self {
        let place = settings::place(&settings, &env, files);
        Self {
            about,
            settings,
            env,
            files: files.clone(),
            place,
            max_wait: Duration::from_secs(60),
            reader: values::Reader::default(),
            session: OnceCell::new(),
            meter: OnceLock::new(),
            aside: AtomicU64::new(0),
            counted: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    /// With that cap on waiting for rate limits. Default: 60 s.
    #[must_use]
    pub fn waiting(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// With fingerprints of values under that key; without one no value is read.
    #[must_use]
    pub fn fingerprints(mut self, key: Option<Arc<FingerprintKey>>, ids: KeyIds) -> Self {
        self.reader = values::Reader { key, ids };
        self
    }

    /// The server that the settings, or else the environment, name.
    ///
    /// # Errors
    /// Where none is named, or its CA file cannot be read.
    pub fn place(settings: &Settings, env: &Environment, files: &Files) -> Result<Place, String> {
        settings::place(settings, env, files)
    }

    fn gap(&self, lacks: &str, scope: &str, reason: impl Into<String>) -> Gap {
        Gap { source: self.about.name.clone(), lacks: lacks.to_owned(), scope: scope.to_owned(), reason: reason.into() }
    }

    fn tenant(&self) -> Option<String> {
        self.place.as_ref().ok().and_then(Place::host).map(|host| format!("vault:{host}"))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self) -> BTreeSet<Id> {
        self.state().told.clone()
    }

    fn mark_told(&self, id: Id) {
        self.state().told.insert(id);
    }

    fn answered(&self) -> BTreeSet<Outer> {
        self.state().answered.clone()
    }

    /// Wishes are answered once, also those that came to nothing.
    fn answer(&self, wishes: Vec<Wish>) {
        let mut state = self.state();
        for wish in wishes {
            let (id, outer) = wish.origin();
            state.told.extend(id);
            state.answered.extend(outer);
        }
    }

    fn mark_granted(&self, id: Id) {
        self.state().granted.insert(id);
    }

    fn seen(&self, path: &(usize, String)) -> Option<Seen> {
        self.state().seen.get(path).cloned()
    }

    fn saw(&self, path: (usize, String), seen: Seen) {
        self.state().seen.insert(path, seen);
    }

    fn lose_value(&self, place: String, reason: String) {
        self.state().lost_values.insert(place, reason);
    }

    fn tell_lost_values(&self, into: &mut Batch) {
        let lost = std::mem::take(&mut self.state().lost_values);
        into.inventory.gaps.extend(lost.iter().map(|(place, reason)| self.gap("fingerprint", place, reason.as_str())));
    }

    fn asked_as(&self) -> Option<String> {
        self.state().asked_as.clone()
    }

    fn ask_as(&self, name: &str) {
        let short: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
        self.state().asked_as = Some(short).filter(|name| !name.is_empty());
    }

    /// How gaps call a list of one namespace.
    fn scope_of_list(&self, list: &str, spot: &Spot) -> String {
        spot.namespace.as_ref().map_or_else(|| list.to_owned(), |namespace| format!("{list} of {namespace}"))
    }

    fn requests(&self) -> u64 {
        self.aside.load(Ordering::Relaxed) + self.meter.get().map_or(0, |meter| meter.requests())
    }

    /// The requests since it was last asked.
    fn spend(&self) -> u64 {
        let all = self.requests();
        all - self.counted.swap(all, Ordering::Relaxed)
    }

    /// Works until the deadline; waits for rate limits put it off.
    async fn within(&self, want: &Wanted, work: impl Future<Output = ()>) -> Result<(), String> {
        let limit = Duration::from_secs(self.settings.timeout.unwrap_or(30).min(MOST_SECONDS));
        if want.wide {
            work.await;
            return Ok(());
        }
        let waited = || match self.session.get() {
            Some(Ok(session)) => session.home.waited(),
            _ => Duration::ZERO,
        };
        let (begun, before) = (Instant::now(), waited());
        tokio::pin!(work);
        loop {
            let end = begun + limit + waited().saturating_sub(before);
            tokio::select! {
                () = &mut work => return Ok(()),
                () = tokio::time::sleep_until(end.into()) => {
                    if Instant::now() >= begun + limit + waited().saturating_sub(before) {
                        return Err(format!("not read within {} s", limit.as_secs()));
                    }
                }
            }
        }
    }

    /// A death counts only from the credential's own issuer: of several Vaults an id that names none may be another's.
    fn doubted(&self, id: &Id, want: &Wanted, seen: Liveness, method: &str) -> Liveness {
        if seen.state != LivenessState::Dead {
            return seen;
        }
        let tenant = want.tenants.get(id).map(String::as_str);
        let Ok(place) = &self.place else { return seen };
        if !same_server(tenant, place, Some(&self.about.name)) {
            return observed(LivenessState::Unknown, method, Some("another server issued the token"));
        }
        if tenant.is_none() && id.authority() != self.about.authority.as_deref() {
            let reason = "several servers are configured, and nothing tells which issued it";
            return observed(LivenessState::Unknown, method, Some(reason));
        }
        seen
    }

    /// An observation of a credential that the server has no record of.
    fn told_dead(&self, id: &Id, seen: Liveness, into: &mut Batch) {
        if seen.state == LivenessState::Unknown {
            let reason = seen.reason.clone().unwrap_or_default();
            into.inventory.gaps.push(self.gap("liveness", id.as_str(), reason));
        }
        self.mark_told(id.clone());
        observe(into, id, seen);
    }

    /// Everything that the auditor is shown.
    async fn everything(&self, session: &Session, want: &Wanted, into: &mut Batch) {
        let auditor = match self.auditor(session).await {
            Ok(auditor) => Some(auditor),
            Err(failure) => {
                let reason = format!("the auditor's token is not let in: {}", failure.reason());
                into.inventory.gaps.push(self.gap("credentials", "*", reason));
                None
            }
        };
        self.state().auditor.clone_from(&auditor);
        for spot in &session.spots {
            self.walk(spot, want, into).await;
            self.all_tokens(spot, auditor.as_deref(), want, into).await;
            self.all_secret_ids(spot, want, into).await;
        }
    }

    /// Credentials of one kind that are wanted, and of which either life or grants are not told yet.
    fn credentials(&self, want: &Wanted, kind: &str) -> Vec<Id> {
        let state = self.state();
        let due = |id: &&Id| !state.told.contains(*id) || want.grants.contains(*id) && !state.granted.contains(*id);
        let ours = want.credentials.iter().filter(|id| id.kind() == kind && speaks_of(&self.about, "vault", id));
        ours.filter(due).cloned().collect()
    }

    async fn judge_wanted(&self, want: &Wanted, tokens: &[Id], secret_ids: &[Id], slots: bool, into: &mut Batch) {
        let session = match self.session().await {
            Ok(session) => session,
            Err(reason) => {
                into.inventory.gaps.push(self.gap("liveness", "*", reason));
                return;
            }
        };
        if !tokens.is_empty() {
            let known = self.state().auditor.clone();
            let auditor = match known {
                Some(auditor) => Ok(auditor),
                None => self.auditor(&session).await,
            };
            match auditor {
                Ok(auditor) => self.tokens(&session, tokens, want, &auditor, into).await,
                Err(failure) => {
                    let reason = format!("the auditor's token is not let in: {}", failure.reason());
                    into.inventory.gaps.push(self.gap("liveness", "*", reason));
                }
            }
        }
        if !secret_ids.is_empty() {
            self.secret_ids(&session, secret_ids, want, into).await;
        }
        if slots {
            self.slots(&session, want, into).await;
        }
    }
}

#[async_trait]
impl Source for VaultSource {
    fn about(&self) -> &About {
        &self.about
    }

    fn key(&self) -> Option<MacKey> {
        let auth = self.settings.auth.clone().unwrap_or_default();
        let name = match auth.method {
            Method::Token => self.settings.token_env.as_deref().unwrap_or("VAULT_TOKEN"),
            Method::Approle => auth.secret_id_env.as_deref().unwrap_or("VAULT_SECRET_ID"),
            // An identity token is another one in the next job.
            Method::Jwt | Method::Kubernetes => return None,
        };
        Some(self.env.secret(name)?.derive("snapshot"))
    }

    async fn stores(&self, want: &Wanted, into: &mut Batch) {
        if !want.everything && self.wishes(want).is_empty() {
            into.account.status = Some(SourceStatus::Skipped);
            return;
        }
        if let Some(why) = want.silent() {
            into.account.status = Some(SourceStatus::Skipped);
            into.inventory.gaps.push(self.gap("slots", "*", why));
            return;
        }
        let work = async {
            match self.session().await {
                Err(reason) => into.inventory.gaps.push(self.gap("slots", "*", reason)),
                Ok(session) if want.everything => self.everything(&session, want, into).await,
                Ok(session) => self.slots(&session, want, into).await,
            }
        };
        if let Err(reason) = self.within(want, work).await {
            into.inventory.gaps.push(self.gap("slots", "*", reason));
        }
        into.account.requests = self.spend();
        into.account.asked_as = self.asked_as();
    }

    async fn collect(&self, want: &Wanted, into: &mut Batch) {
        let (tokens, secret_ids) = (self.credentials(want, "token"), self.credentials(want, "secret-id"));
        let slots = !want.recorded.contains(&self.about.name) && !self.wishes(want).is_empty();
        if tokens.is_empty() && secret_ids.is_empty() && !slots {
            into.account.status = Some(SourceStatus::Skipped);
            if self.session.get().is_none() {
                into.account.notes.push("nothing of Vault was wanted".to_owned());
            }
            return;
        }
        let methods =
            || tokens.iter().map(|id| (id, tokens::METHOD)).chain(secret_ids.iter().map(|id| (id, approle::METHOD)));
        if let Some(why) = want.silent() {
            into.account.status = Some(SourceStatus::Skipped);
            for (id, _) in methods() {
                observe(into, id, observed(LivenessState::NotChecked, "", Some(why)));
            }
            into.inventory.gaps.push(self.gap("liveness", "*", why));
            return;
        }
        let work = self.judge_wanted(want, &tokens, &secret_ids, slots, into);
        if let Err(reason) = self.within(want, work).await {
            into.inventory.gaps.push(self.gap("liveness", "*", reason));
        }
        let told: BTreeSet<Id> = into.inventory.credentials.iter().map(|credential| credential.id.clone()).collect();
        for (id, method) in methods().filter(|(id, _)| !told.contains(*id)) {
            observe(into, id, observed(LivenessState::Unknown, method, Some("not read")));
        }
        into.account.requests = self.spend();
        into.account.asked_as = self.asked_as();
    }
}
