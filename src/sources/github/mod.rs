//! GitHub and GitHub Enterprise Server, with an auditor's token or App: the secrets (names and times, never values), deploy keys,
//! fine-grained tokens, Apps and single sign-on credentials of a repository and its organization. Here is what a run asks for;
//! the lists are in `tasks` and `lists`, a whole organization in `scan`. Tickets from issues are `github_issues`.

mod credentials;
mod lists;
mod models;
mod scan;
mod settings;
mod tasks;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::OnceCell;

use crate::model::Id;
use crate::model::id::SubjectType;
use crate::model::inventory::{Gap, Inventory, LivenessState};
use crate::model::report::SourceStatus;
use crate::net::api::{Api, Limits};
use crate::net::cache::Cache;
use crate::probe::observed;
use crate::secret::MacKey;

use super::forge::github::{Auth, Client};
use super::{About, Batch, Source, Wanted, observe, speaks_of};
use credentials::Subset;
use lists::Part;
use tasks::{Family, Task, owner};

pub use settings::Settings;

pub use super::forge::github::{AppSettings, Context};
pub use super::tracker::{CacheSetting, Wrong};

/// How many calls a scan has under way at once; GitHub allows a hundred ("Rate limits for the REST API", secondary limits).
const SCAN_AT_ONCE: usize = 16;

/// How many places besides its own a gate looks at because tickets name them.
const MOST_FOREIGN: usize = 20;

/// The source.
pub struct GithubSource {
    about: About,
    settings: Settings,
    url: String,
    auth: Result<Auth, String>,
    ca: Result<Option<Vec<u8>>, String>,
    cache: Option<PathBuf>,
    max_wait: Duration,
    home: bool,
    api: OnceLock<Result<Arc<Api>, String>>,
    client: OnceCell<Result<Client, String>>,
    book: Mutex<Book>,
}

/// What was done so far, so that nothing is asked for twice.
#[derive(Default)]
struct Book {
    claimed: BTreeSet<Task>,
    /// The lists that were read, each with what it lacks.
    outcome: BTreeMap<Task, Option<String>>,
    /// The credentials that were told of.
    told: BTreeSet<Id>,
    /// Fine-grained tokens whose repositories nobody asked for yet.
    subsets: BTreeMap<Id, Subset>,
    reported: u64,
}

/// One reading: who asks, for what, and where it goes.
struct Reader<'a> {
    source: &'a GithubSource,
    client: &'a Client,
    want: &'a Wanted,
    into: &'a Mutex<Batch>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl GithubSource {
    /// GitHub as that auditor sees it. Nothing is asked yet.
    ///
    /// # Errors
    /// Where the settings contradict each other, or the URL is none.
    pub fn new(about: About, settings: Settings, context: &Context<'_>) -> Result<Self, Wrong> {
        let url = settings.url(context)?;
        let auth = settings.auth(context)?;
        let ca = settings.ca(context);
        // A token of one job alone would fill the cache with answers that nobody can read again.
        let passes = auth.as_ref().is_ok_and(Auth::passes);
        let cache = settings.cache_folder(context).filter(|_| !passes);
        Ok(Self {
            about,
            url,
            auth,
            ca,
            cache,
            max_wait: context.max_wait,
            home: context.home,
            settings,
            api: OnceLock::new(),
            client: OnceCell::new(),
            book: Mutex::default(),
        })
    }

    fn gap(&self, lacks: &str, scope: &str, reason: impl Into<String>) -> Gap {
        Gap { source: self.about.name.clone(), lacks: lacks.to_owned(), scope: scope.to_owned(), reason: reason.into() }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        locked(&self.book)
    }

    /// Whether a list is to be read: nobody did so yet.
    fn claim(&self, task: &Task) -> bool {
        self.book().claimed.insert(task.clone())
    }

    /// The checkout's own repository, where it is one of this GitHub's.
    fn repository(&self, want: &Wanted) -> Option<String> {
        let repository = want.repository.clone().filter(|_| self.home)?;
        let plain = |part: &str| !part.is_empty() && !part.contains('/');
        repository.split_once('/').is_some_and(|(owner, name)| plain(owner) && plain(name)).then_some(repository)
    }

    fn organization(&self, want: &Wanted) -> Option<String> {
        let set = self.settings.organization.clone().filter(|name| !name.is_empty());
        set.or_else(|| self.repository(want).map(|repository| owner(&repository).to_owned()))
    }

    fn api(&self, want: &Wanted) -> Result<Arc<Api>, String> {
        let build = || {
            let auth = self.auth.as_ref().map_err(Clone::clone)?;
            let cache = self.cache.clone().map(|folder| Cache::new(folder, auth.key("cache")));
            let at_once = if want.wide { SCAN_AT_ONCE } else { Limits::default().at_once };
            let limits = Limits { max_wait: self.max_wait, at_once, ..Limits::default() };
            let ca = self.ca.as_ref().map_err(Clone::clone)?;
            Api::new(&self.url, ca.as_deref(), limits, cache).map(Arc::new)
        };
        self.api.get_or_init(build).clone()
    }

    async fn client(&self, want: &Wanted) -> Result<&Client, String> {
        let connect = || async {
            let api = self.api(want)?;
            let mut places: Vec<String> = Vec::new();
            places.extend(self.repository(want).filter(|_| !want.wide).map(|repository| tasks::repo(&repository)));
            if let Some(owner) = self.organization(want) {
                places.push(format!("/orgs/{}", tasks::segment(&owner)));
                places.push(format!("/users/{}", tasks::segment(&owner)));
            }
            Client::connect(api, self.auth.as_ref().map_err(Clone::clone)?, &places).await
        };
        self.client.get_or_init(connect).await.as_ref().map_err(Clone::clone)
    }

    /// What a gate reads of the stores: the lists of its own repository, environments and organization, where a job in scope refers to
    /// secrets; and the lists of credentials that the slots are known to hold.
    fn plan(&self, want: &Wanted) -> Vec<Task> {
        let mut out = BTreeSet::new();
        if let Some(repository) = self.repository(want) {
            let ours = |id: &Id| speaks_of(&self.about, "github", id);
            if want.secrets || want.slots.iter().any(ours) {
                out.insert(Task::Repository(Family::Actions, repository.clone()));
                out.insert(Task::Shared(repository.clone()));
                if want.any_environment {
                    out.insert(Task::Environments(repository.clone()));
                } else {
                    let named = want.environments.iter().filter(|name| !name.is_empty());
                    out.extend(named.map(|name| Task::Environment(repository.clone(), name.clone())));
                }
            }
            if want.dependabot {
                out.insert(Task::Repository(Family::Dependabot, repository.clone()));
                out.insert(Task::Organization(Family::Dependabot, owner(&repository).to_owned()));
            }
        }
        out.extend(self.lists_of_credentials(want));
        out.into_iter().collect()
    }

    /// All lists of the repository and its organization.
    async fn plan_everything(&self, reader: &Reader<'_>) -> Vec<Task> {
        let mut out = Vec::new();
        let mut user = false;
        let repository = self.repository(reader.want);
        if let Some(repository) = &repository {
            out.extend(Family::ALL.map(|family| Task::Repository(family, repository.clone())));
            out.push(Task::Environments(repository.clone()));
            out.push(Task::DeployKeys(repository.clone()));
            // A user's repository has no organization to ask for.
            user = lists::is_user(&reader.client.one(&tasks::repo(repository)).await);
            if !user {
                out.push(Task::Shared(repository.clone()));
            }
        }
        let organization = self.organization(reader.want);
        let other = organization.as_deref() != repository.as_deref().map(owner);
        if let Some(org) = organization.filter(|_| !user || other) {
            out.extend([Family::Dependabot, Family::Codespaces].map(|family| Task::Organization(family, org.clone())));
            out.extend([Task::Tokens(org.clone()), Task::Apps(org.clone()), Task::Sso(org)]);
        }
        out
    }

    fn lists_of_credentials(&self, want: &Wanted) -> BTreeSet<Task> {
        want.credentials.iter().filter(|id| speaks_of(&self.about, "github", id)).filter_map(list_of).collect()
    }

    /// The lists of slots that only tickets name.
    fn lists_of_slots(&self, want: &Wanted) -> BTreeSet<Task> {
        let own = self.repository(want);
        let slots = want
            .slots
            .iter()
            .filter(|id| id.subject_type() == SubjectType::Slot && speaks_of(&self.about, "github", id));
        slots
            .filter_map(|id| {
                let family = Family::ALL.into_iter().find(|family| family.kind() == id.kind())?;
                let place = id.rest().split(':').next()?;
                let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
                Some(match place.split_once('@') {
                    Some((repository, name)) => Task::Environment(decode(repository), decode(name)),
                    None if place.contains('/') => Task::Repository(family, decode(place)),
                    // What the checkout's repository sees of its organization's was read with it.
                    None if family == Family::Actions && own.as_deref().map(owner) == Some(place) => {
                        Task::Shared(own.clone()?)
                    }
                    None => Task::Organization(family, decode(place)),
                })
            })
            .collect()
    }

    /// Reads within the deadline; what was read before it is kept.
    async fn within(&self, want: &Wanted, lacks: &str, into: &mut Batch, work: Work) {
        let sink = Mutex::new(std::mem::take(into));
        let limit = Duration::from_secs(self.settings.timeout.unwrap_or(30));
        let reading = async {
            match self.client(want).await {
                Ok(client) => {
                    let reader = Reader { source: self, client, want, into: &sink };
                    locked(&sink).account.asked_as.clone_from(&client.asked_as);
                    match work {
                        Work::Everything if want.wide => reader.scan().await,
                        Work::Everything => {
                            let tasks = self.plan_everything(&reader).await;
                            reader.run(tasks).await;
                        }
                        Work::Lists(tasks) => reader.run(tasks).await,
                    }
                    reader.subsets().await;
                }
                Err(reason) => locked(&sink).inventory.gaps.push(self.gap(lacks, "*", reason)),
            }
        };
        if want.wide {
            reading.await;
        } else if tokio::time::timeout(limit.saturating_add(self.max_wait), reading).await.is_err() {
            locked(&sink).inventory.gaps.push(self.gap(lacks, "*", format!("not read within {} s", limit.as_secs())));
        }
        *into = sink.into_inner().unwrap_or_else(PoisonError::into_inner);
        let inventory = &into.inventory;
        into.account.items = (inventory.slots.len() + inventory.credentials.len()) as u64;
        into.account.notes.sort();
        into.account.notes.dedup();
        if let Some(Ok(api)) = self.api.get() {
            let mut book = self.book();
            let all = api.meter().requests();
            into.account.requests = all - book.reported;
            book.reported = all;
        }
    }

    /// Says of every credential that was asked for what is known of it: nothing, where its list was not wholly read.
    fn answer(&self, wanted: &[Id], into: &mut Batch) {
        for id in wanted {
            let Some(list) = list_of(id) else { continue };
            let book = self.book();
            if book.told.contains(id) {
                continue;
            }
            let reason = match book.outcome.get(&list) {
                // The whole list does not have it; its absence is judged with all lists.
                Some(None) => continue,
                Some(Some(reason)) => reason.clone(),
                None => match self.client.get() {
                    Some(Err(reason)) => reason.clone(),
                    _ => "not read".to_owned(),
                },
            };
            drop(book);
            into.inventory.gaps.push(self.gap("liveness", id.as_str(), reason.clone()));
            observe(into, id, observed(LivenessState::Unknown, list.method(), Some(reason.as_str())));
        }
    }
}

/// What a reading is for.
enum Work {
    Everything,
    Lists(Vec<Task>),
}

/// The list that has a credential, by its id; none where the id is none of GitHub's.
fn list_of(id: &Id) -> Option<Task> {
    let (place, _) = id.rest().rsplit_once(':')?;
    let place = percent_encoding::percent_decode_str(place).decode_utf8().ok()?.into_owned();
    Task::of_credential(id.kind(), place)
}

impl Reader<'_> {
    /// Reads lists side by side; those that were read before are left out.
    async fn run(&self, tasks: Vec<Task>) {
        let tasks: Vec<Task> = tasks.into_iter().filter(|task| self.source.claim(task)).collect();
        let reads = tasks.iter().map(|task| async { self.push(self.list(task).await) });
        futures::future::join_all(reads).await;
    }

    /// Hands over what was read.
    fn push(&self, part: Part) {
        self.source.book().told.extend(part.inventory.credentials.iter().map(|credential| credential.id.clone()));
        let mut into = locked(self.into);
        let Inventory { slots, credentials, gaps, coverage, .. } = part.inventory;
        into.inventory.slots.extend(slots);
        into.inventory.credentials.extend(credentials);
        into.inventory.gaps.extend(gaps);
        into.inventory.coverage.extend(coverage);
        into.account.notes.extend(part.notes);
        let items = (into.inventory.slots.len() + into.inventory.credentials.len()) as u64;
        drop(into);
        if let Some(Ok(api)) = self.source.api.get() {
            let meter = api.meter();
            self.want.watch.tell(&self.source.about.name, items, meter.requests(), meter.left());
        }
    }

    /// The repositories of fine-grained tokens whose grants a rule compares.
    async fn subsets(&self) {
        let wanted: Vec<(Id, Subset)> = {
            let mut book = self.source.book();
            let ids: Vec<Id> = book.subsets.keys().filter(|id| self.want.grants.contains(*id)).cloned().collect();
            ids.into_iter().filter_map(|id| book.subsets.remove(&id).map(|subset| (id, subset))).collect()
        };
        let reads = wanted.iter().map(|(id, subset)| async { self.push(self.reach(id, subset).await) });
        futures::future::join_all(reads).await;
    }
}

#[async_trait]
impl Source for GithubSource {
    fn about(&self) -> &About {
        &self.about
    }

    fn key(&self) -> Option<MacKey> {
        // A job's own token is another one in the next job.
        self.auth.as_ref().ok().filter(|auth| !auth.passes()).map(|auth| auth.key("snapshot"))
    }

    async fn stores(&self, want: &Wanted, into: &mut Batch) {
        let work = if want.everything { Work::Everything } else { Work::Lists(self.plan(want)) };
        if matches!(&work, Work::Lists(tasks) if tasks.is_empty()) {
            into.account.status = Some(SourceStatus::Skipped);
            return;
        }
        if let Some(why) = want.silent() {
            into.account.status = Some(SourceStatus::Skipped);
            into.inventory.gaps.push(self.gap("slots", "*", why));
            return;
        }
        self.within(want, "slots", into, work).await;
    }

    async fn collect(&self, want: &Wanted, into: &mut Batch) {
        let wanted: Vec<Id> =
            want.credentials.iter().filter(|id| speaks_of(&self.about, "github", id)).cloned().collect();
        let fresh = |task: &Task| !self.book().claimed.contains(task);
        let mut tasks: Vec<Task> = self.lists_of_credentials(want).into_iter().filter(fresh).collect();
        // A snapshot has shown the stores: only liveness is left to ask for.
        if !want.recorded.contains(&self.about.name) && !want.everything {
            tasks.extend(self.lists_of_slots(want).into_iter().filter(fresh));
        }
        for task in tasks.iter().skip(MOST_FOREIGN) {
            let (kind, place) = task.extent();
            let reason =
                format!("tickets name more than {MOST_FOREIGN} places that the gate does not reach; {kind} not read");
            into.inventory.gaps.push(self.gap(if task.credentials() { "liveness" } else { "slots" }, &place, reason));
        }
        tasks.truncate(MOST_FOREIGN);
        let subsets = self.book().subsets.keys().any(|id| want.grants.contains(id));
        if let Some(why) = want.silent().filter(|_| !(wanted.is_empty() && tasks.is_empty())) {
            into.account.status = Some(SourceStatus::Skipped);
            for id in &wanted {
                observe(into, id, observed(LivenessState::NotChecked, "", Some(why)));
            }
            into.inventory.gaps.push(self.gap("liveness", "*", why));
            return;
        }
        if tasks.is_empty() && !subsets {
            into.account.status = Some(SourceStatus::Skipped);
            if self.book().claimed.is_empty() && wanted.is_empty() {
                into.account.notes.push("nothing of GitHub was wanted".to_owned());
            }
            self.answer(&wanted, into);
            return;
        }
        self.within(want, "liveness", into, Work::Lists(tasks)).await;
        self.answer(&wanted, into);
    }
}
