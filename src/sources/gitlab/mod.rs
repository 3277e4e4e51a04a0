//! GitLab, with an auditor's token: CI/CD variables as slots (their values are dropped on arrival), and what it records of access
//! tokens, deploy tokens, deploy keys and trigger tokens. Here: settings, deadlines, and what the source remembers between its calls.

mod answers;
mod changes;
mod endpoints;
mod levels;
mod people;
mod read;
mod scan;
mod tokens;
mod variables;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::{Environment, Files};
use crate::model::Id;
use crate::model::inventory::{Extent, Gap, Inventory, LivenessState};
use crate::model::report::SourceStatus;
use crate::net::api::Limits;
use crate::probe::observed;
use crate::secret::{FingerprintKey, MacKey};

use super::forge::gitlab::{self as forge, Client, Named, TokenKind, Where};
use super::key_ids::KeyIds;
use super::{About, Batch, Source, Wanted, observe};
use endpoints::Holder;
use tokens::List;

/// How many calls are under way at once: what GitLab.com's limits carry for long.
const AT_ONCE: usize = 16;

/// Settings of `kind: gitlab`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The instance: `https://gitlab.example.com`. Default: `CI_API_V4_URL`, `CI_SERVER_URL`, then `https://gitlab.com`.
    #[serde(default)]
    pub url: Option<String>,
    /// The variable that holds the auditor's token. Default: `GITLAB_TOKEN`, then the job's own `CI_JOB_TOKEN`, which lists neither
    /// variables nor tokens.
    #[serde(default)]
    pub token_env: Option<String>,
    /// The group that a scan reads, with its subgroups: `acme`. Default: the project's top-level group.
    #[serde(default)]
    pub group: Option<String>,
    /// A PEM file with further roots. Default: `CI_SERVER_TLS_CA_FILE`.
    #[serde(default)]
    pub ca_cert: Option<String>,
    /// Seconds that the whole source may take, waits for rate limits aside; a scan has no such limit. Default: 30.
    #[serde(default)]
    pub timeout: Option<u64>,
}

/// What the source is built from, beside its settings.
pub struct Given<'a> {
    /// The environment.
    pub env: &'a Arc<Environment>,
    /// Opens the CA file.
    pub files: &'a Files,
    /// The site's key of fingerprints, where they are wanted.
    pub key: Option<&'a Arc<FingerprintKey>>,
    /// The longest wait for a rate limit.
    pub max_wait: Duration,
    /// This is the GitLab that the checkout's project is on.
    pub home: bool,
    /// Which ids AWS keys have.
    pub aws: KeyIds,
}

/// The source.
pub struct GitlabSource {
    about: About,
    place: Result<Where, String>,
    group: Option<String>,
    timeout: Duration,
    max_wait: Duration,
    /// This is the GitLab that the checkout's project is on.
    home: bool,
    key: Option<Arc<FingerprintKey>>,
    aws: KeyIds,
    client: OnceLock<Result<Client, String>>,
    state: Mutex<State>,
}

/// What was read so far, so that nothing is asked for twice.
#[derive(Default)]
struct State {
    /// Paths whose variables were asked for.
    places: BTreeSet<String>,
    /// Lists of credentials that were asked for, by path.
    lists: BTreeSet<(List, String)>,
    /// Variables of projects and groups.
    kept: BTreeMap<Id, Kept>,
    /// Credentials that some list had.
    seen: BTreeSet<Id>,
    /// Requests that were told in an account.
    told: u64,
    /// Who asks.
    asked_as: Option<String>,
    /// The same, as GitLab tells.
    user: Option<answers::User>,
    /// Some list was read to its end.
    answered: bool,
    /// Refused and granted reads of audit events.
    audits: (u32, u32),
}

/// What must be known of a variable to look its changes up.
#[derive(Debug, Clone)]
struct Kept {
    place: Place,
    key: String,
    masked: bool,
    /// There are several of that name, with other environment scopes.
    several: bool,
}

/// A project or group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    holder: Holder,
    path: String,
}

/// What one part of the work read.
#[derive(Default)]
struct Part {
    inventory: Inventory,
    notes: BTreeSet<String>,
    kept: Vec<(Id, Kept)>,
}

/// The source at work at its server. What is read goes into `out` at once, so that a deadline loses nothing of it.
struct Reader<'a> {
    source: &'a GitlabSource,
    client: &'a Client,
    out: &'a Mutex<Batch>,
}

impl GitlabSource {
    /// The server as that auditor sees it.
    ///
    /// # Errors
    /// Where a setting is wrong: its name, and what is wrong with it.
    pub fn new(about: About, settings: Settings, given: &Given<'_>) -> Result<Self, (&'static str, String)> {
        let named = Named {
            url: settings.url.as_deref(),
            token_env: settings.token_env.as_deref(),
            ca_cert: settings.ca_cert.as_deref(),
            several: about.authority.is_some(),
        };
        let place = forge::place(&named, given.env, given.files)?;
        Ok(Self {
            about,
            place,
            group: forge::group(settings.group)?,
            timeout: Duration::from_secs(settings.timeout.unwrap_or(30)),
            max_wait: given.max_wait,
            home: given.home,
            key: given.key.cloned(),
            aws: given.aws.clone(),
            client: OnceLock::new(),
            state: Mutex::default(),
        })
    }

    fn client(&self) -> Result<&Client, String> {
        let made = self.client.get_or_init(|| {
            let place = self.place.as_ref().map_err(Clone::clone)?;
            let (token, kind) = place.token()?;
            let limits = Limits { max_wait: self.max_wait, at_once: AT_ONCE, ..Limits::default() };
            Client::new(&place.base, token, kind, place.ca.as_deref(), limits)
        });
        made.as_ref().map_err(Clone::clone)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gap(&self, lacks: &str, scope: &str, reason: impl Into<String>) -> Gap {
        Gap { source: self.about.name.clone(), lacks: lacks.to_owned(), scope: scope.to_owned(), reason: reason.into() }
    }

    /// Works against the deadline and accounts for it: what was read by then stays.
    async fn run<'a, F, W>(&'a self, want: &Wanted, lacks: &str, into: &mut Batch, work: W)
    where
        F: Future<Output = ()> + Send,
        W: FnOnce(&'a Client, Arc<Mutex<Batch>>) -> F,
    {
        let client = match self.client() {
            Ok(client) => client,
            Err(reason) => {
                into.inventory.gaps.push(self.gap(lacks, "*", reason));
                return;
            }
        };
        let out = Arc::new(Mutex::new(Batch::default()));
        let work = work(client, Arc::clone(&out));
        let limit = self.timeout.saturating_add(self.max_wait);
        let late = if want.everything && want.wide {
            work.await;
            false
        } else {
            tokio::time::timeout(limit, work).await.is_err()
        };
        let mut batch = std::mem::take(&mut *out.lock().unwrap_or_else(PoisonError::into_inner));
        if late {
            batch.inventory.gaps.push(self.gap(lacks, "*", format!("not read within {} s", limit.as_secs())));
        }
        tidy(&mut batch);
        let requests = client.meter().requests();
        let mut state = self.state();
        batch.account.requests = requests.saturating_sub(state.told);
        state.told = requests;
        batch.account.asked_as = state.asked_as.clone();
        batch.account.items = (batch.inventory.slots.len() + batch.inventory.credentials.len()) as u64;
        state.seen.extend(batch.inventory.credentials.iter().map(|credential| credential.id.clone()));
        *into = batch;
    }

    /// Wanted credentials of this GitLab.
    fn wanted(&self, want: &Wanted) -> Vec<Id> {
        let ours = |id: &&Id| super::speaks_of(&self.about, "gitlab", id);
        let kind = |id: &&Id| List::of_kind(id.kind()).is_some() || id.kind() == people::KIND;
        want.credentials.iter().filter(ours).filter(kind).cloned().collect()
    }

    fn skipped(&self, into: &mut Batch, note: &str) {
        into.account.status = Some(SourceStatus::Skipped);
        into.account.notes.push(note.to_owned());
    }
}

/// The same order in every run, whoever answered first.
fn tidy(batch: &mut Batch) {
    batch.inventory.slots.sort_by(|a, b| a.id.cmp(&b.id));
    batch.inventory.credentials.sort_by(|a, b| a.id.cmp(&b.id));
    batch.inventory.gaps.sort();
    batch.inventory.gaps.dedup();
    batch.inventory.coverage.sort();
    batch.account.notes.sort();
    batch.account.notes.dedup();
}

impl Reader<'_> {
    fn gap(&self, part: &mut Part, lacks: &str, scope: &str, reason: impl Into<String>) {
        part.inventory.gaps.push(self.source.gap(lacks, scope, reason));
    }

    fn extent(&self, part: &mut Part, kind: &str, place: &str, complete: bool) {
        part.inventory.coverage.push(Extent {
            source: self.source.about.name.clone(),
            kind: kind.to_owned(),
            place: place.to_owned(),
            complete,
            asked_as: self.source.state().asked_as.clone(),
            at: None,
        });
    }

    /// Hands a part over.
    fn give(&self, part: Part) {
        let Part { inventory, notes, kept } = part;
        {
            let mut state = self.source.state();
            state.kept.extend(kept);
            state.answered |= inventory.coverage.iter().any(|extent| extent.complete);
        }
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.inventory.slots.extend(inventory.slots);
        out.inventory.credentials.extend(inventory.credentials);
        out.inventory.gaps.extend(inventory.gaps);
        out.inventory.coverage.extend(inventory.coverage);
        out.account.notes.extend(notes);
    }

    /// Where nobody may read audit events, not every place is asked for them.
    fn audit_is_denied(&self) -> bool {
        let (refused, granted) = self.source.state().audits;
        granted == 0 && refused >= 3
    }

    fn audit_was(&self, granted: bool) {
        let audits = &mut self.source.state().audits;
        if granted {
            audits.1 += 1;
        } else {
            audits.0 += 1;
        }
    }
}

#[async_trait]
impl Source for GitlabSource {
    fn about(&self) -> &About {
        &self.about
    }

    fn key(&self) -> Option<MacKey> {
        match self.place.as_ref().ok()?.token().ok()? {
            (token, TokenKind::Private) => Some(token.derive("snapshot")),
            // A job's own token is another one in the next job.
            (_, TokenKind::Job) => None,
        }
    }

    async fn stores(&self, want: &Wanted, into: &mut Batch) {
        let wide = want.everything && want.wide;
        let targets = self.targets(want);
        if targets.is_empty() && !wide {
            return self.skipped(into, "nothing of this GitLab was wanted");
        }
        if let Some(why) = want.silent() {
            into.account.status = Some(SourceStatus::Skipped);
            into.inventory.gaps.push(self.gap("slots", "*", why));
            return;
        }
        self.run(want, "slots", into, |client, out| async move {
            let reader = Reader { source: self, client, out: &out };
            if wide { reader.scan(want).await } else { reader.stores(want, targets).await }
        })
        .await;
    }

    async fn collect(&self, want: &Wanted, into: &mut Batch) {
        let wanted = self.wanted(want);
        if let Some(why) = want.silent() {
            into.account.status = Some(SourceStatus::Skipped);
            for id in &wanted {
                observe(into, id, observed(LivenessState::NotChecked, "", Some(why)));
            }
            if !wanted.is_empty() {
                into.inventory.gaps.push(self.gap("liveness", "*", why));
            }
            return;
        }
        let work = self.due(want, &wanted);
        if work.is_nothing() {
            return self.skipped(into, "nothing more of this GitLab was wanted");
        }
        self.run(want, "liveness", into, |client, out| async move {
            let reader = Reader { source: self, client, out: &out };
            reader.collect(want, work).await;
        })
        .await;
        // What was asked for and no list had: where the whole list was read it is gone, which the gate tells; elsewhere nobody knows.
        let state = self.state();
        for id in &wanted {
            let listed = |id: &Id| state.seen.contains(id);
            let whole = into.inventory.coverage.iter().any(|extent| extent.complete && extent.kind == id.kind());
            if !listed(id) && !whole && self.about.authority.as_deref() == id.authority() {
                observe(into, id, observed(LivenessState::Unknown, "", Some("not read")));
            }
        }
    }
}
