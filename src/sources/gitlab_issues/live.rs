//! The live issues: which lists of a project or group are asked for, and what is kept between runs. "Issues API", "Issues statistics
//! API", "Notes API" and "Resource state events API" of GitLab. What an issue's fields mean is in `record`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use futures::StreamExt;
use gitlab::api::common::{NameOrId, SortOrder};
use gitlab::api::endpoint_prelude::{Endpoint, Method, Pageable, QueryParams};
use gitlab::api::projects::issues::notes::IssueNotes;
use gitlab::api::users::CurrentUser;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::{Given, Settings, record};
use crate::model::report::SourceStatus;
use crate::model::ticket::{Field, Record};
use crate::net::api::Limits;
use crate::sources::export;
use crate::sources::forge::gitlab::{Client, Named, Refusal, TokenKind, Where, is_path, place};
use crate::sources::forge::issues::{Desk, Found, OVERLAP, some, within};
use crate::sources::tracker::shelf::Shelf;
use crate::sources::tracker::{self, Wrong};
use crate::sources::{About, Account, Wanted};

/// How many issues' notes are asked for at once.
const AT_ONCE: usize = 16;

/// Seconds for all of it.
const TIMEOUT: u64 = 120;

/// What reading issues needs.
const NEED: &str = "the scope read_api and the Reporter role (and issues that are switched on there)";

/// GitLab's issues, as one auditor sees them.
pub(super) struct Live {
    place: Result<Where, String>,
    projects: Vec<String>,
    groups: Vec<String>,
    labels: Vec<String>,
    folder: Option<PathBuf>,
    timeout: Duration,
    max_wait: Duration,
    home: bool,
    client: OnceLock<Result<Client, String>>,
}

/// Whose issues.
#[derive(Debug, Clone, Copy)]
enum Holder {
    Project,
    Group,
}

impl Holder {
    fn path(self) -> &'static str {
        match self {
            Self::Project => "projects",
            Self::Group => "groups",
        }
    }
}

/// `GET /projects/:id/issues`, `GET /groups/:id/issues`: all of them, archived projects' too.
struct Issues<'p> {
    holder: Holder,
    path: &'p str,
    labels: &'p [String],
    since: Option<Timestamp>,
}

impl Endpoint for Issues<'_> {
    fn method(&self) -> Method {
        Method::GET
    }

    fn endpoint(&self) -> Cow<'static, str> {
        format!("{}/{}/issues", self.holder.path(), NameOrId::from(self.path)).into()
    }

    fn parameters(&self) -> QueryParams<'_> {
        let mut out = QueryParams::default();
        out.push("scope", "all").push("state", "all").push("order_by", "created_at").push("sort", "asc");
        if matches!(self.holder, Holder::Group) {
            out.push("non_archived", false);
        }
        if !self.labels.is_empty() {
            out.push("labels", self.labels.join(","));
        }
        if let Some(since) = self.since {
            out.push("updated_after", since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        }
        out
    }
}

impl Pageable for Issues<'_> {}

/// `GET /projects/:id/issues_statistics`, `GET /groups/:id/issues_statistics`: how many there are.
struct Statistics<'p>(Issues<'p>);

impl Endpoint for Statistics<'_> {
    fn method(&self) -> Method {
        Method::GET
    }

    fn endpoint(&self) -> Cow<'static, str> {
        format!("{}_statistics", self.0.endpoint()).into()
    }

    fn parameters(&self) -> QueryParams<'_> {
        let mut out = QueryParams::default();
        out.push("scope", "all");
        if !self.0.labels.is_empty() {
            out.push("labels", self.0.labels.join(","));
        }
        out
    }
}

#[derive(Deserialize)]
struct Counted {
    statistics: Counts,
}

#[derive(Deserialize)]
struct Counts {
    counts: All,
}

#[derive(Deserialize)]
struct All {
    all: u64,
}

/// `GET /projects/:id/issues/:issue_iid/resource_state_events`: GitLab keeps no system notes of closing and reopening.
struct StateEvents {
    project: u64,
    issue: u64,
}

impl Endpoint for StateEvents {
    fn method(&self) -> Method {
        Method::GET
    }

    fn endpoint(&self) -> Cow<'static, str> {
        format!("projects/{}/issues/{}/resource_state_events", self.project, self.issue).into()
    }
}

impl Pageable for StateEvents {}

#[derive(Deserialize)]
struct User {
    username: String,
}

/// One reading: for whom, and through which client.
struct Reader<'r> {
    live: &'r Live,
    client: &'r Client,
    /// Hears how many issues are ready so far.
    hears: &'r (dyn Fn(usize) + Sync),
}

impl Live {
    pub(super) fn new(settings: Settings, given: &Given<'_>) -> Result<Self, Wrong> {
        for (setting, paths) in [("projects", &settings.projects), ("groups", &settings.groups)] {
            if paths.iter().any(|path| !is_path(path) || setting == "projects" && !path.contains('/')) {
                let what =
                    format!("an entry is no path of {}", if setting == "groups" { "a group" } else { "a project" });
                return Err(Wrong::new(setting, what, "write acme/shop for a project, acme or acme/team for a group"));
            }
        }
        if settings.labels.iter().any(|label| label.trim().is_empty() || label.contains(',')) {
            return Err(Wrong::new(
                "labels",
                "a label has no name, or a comma in it",
                "write each label as an entry of its own",
            ));
        }
        let named = Named {
            url: settings.url.as_deref(),
            token_env: settings.token_env.as_deref(),
            ca_cert: settings.ca_cert.as_deref(),
            several: !given.usual,
        };
        let place = place(&named, given.env, given.files)
            .map_err(|(setting, what)| Wrong::new(setting, what, "correct the setting"))?;
        let context = tracker::Context { env: given.env, files: given.files, max_wait: given.max_wait };
        Ok(Self {
            place,
            folder: tracker::folder(settings.cache.as_ref(), &context),
            projects: settings.projects,
            groups: settings.groups,
            labels: settings.labels,
            timeout: Duration::from_secs(settings.timeout.unwrap_or(TIMEOUT)),
            max_wait: given.max_wait,
            home: given.home,
            client: OnceLock::new(),
        })
    }

    pub(super) async fn tickets(
        &self,
        about: &About,
        fields: &BTreeMap<Field, String>,
        want: &Wanted,
        sink: &mut (dyn FnMut(Record) + Send),
    ) -> Account {
        let mut desk = Desk::new(about, "GitLab", sink);
        if let Some(why) = want.silent() {
            desk.account.status = Some(SourceStatus::Skipped);
            desk.lack(why);
            return desk.finish();
        }
        let (places, client) = match self.wanted(want).and_then(|places| Ok((places, self.client()?))) {
            Ok(both) => both,
            Err(reason) => {
                desk.lack(&reason);
                return desk.finish();
            }
        };
        let mut found = Found::default();
        let mut convert = |issue: &Value, flaws: &mut Vec<String>| record::of(&about.name, fields, issue, flaws);
        let reading = async {
            let user = match CurrentUser::builder().build() {
                Ok(me) => client.one::<User>(&me).await,
                Err(_) => Err(Refusal::Form),
            };
            match user {
                Ok(user) => desk.account.asked_as = Some(user.username),
                Err(refusal @ (Refusal::NoAnswer(_) | Refusal::Status { status: 401, .. })) => {
                    return desk.lack(&refusal.reason(NEED));
                }
                // Who may not know itself may still read lists.
                Err(_) => {}
            }
            let meter = client.meter();
            let hears = |items: usize| want.watch.tell(&about.name, items as u64, meter.requests(), meter.left());
            let reader = Reader { live: self, client, hears: &hears };
            for (holder, path) in &places {
                let shelf = self.shelf(*holder, path);
                let labelled = !self.labels.is_empty();
                found = Found { place: path.clone(), labelled, ..Found::default() };
                reader.place(*holder, shelf.as_ref(), &mut found).await;
                desk.hand_over(std::mem::take(&mut found), shelf.as_ref(), &mut convert);
            }
        };
        if tokio::time::timeout(self.timeout.saturating_add(self.max_wait), reading).await.is_err() {
            let limit = self.timeout.as_secs();
            let late =
                format!("not read within {limit} s: a higher `timeout`, or fewer issues by `labels`, gives it time");
            if found.place.is_empty() {
                desk.lack(&late);
            } else {
                found.lacks.push(late);
                desk.hand_over(found, None, &mut convert);
            }
        }
        desk.account.requests = client.meter().requests();
        desk.finish()
    }

    /// The projects and groups to read.
    fn wanted(&self, want: &Wanted) -> Result<Vec<(Holder, String)>, String> {
        let named = |holder, paths: &[String]| paths.iter().map(|path| (holder, path.clone())).collect::<Vec<_>>();
        let all = [named(Holder::Project, &self.projects), named(Holder::Group, &self.groups)].concat();
        if !all.is_empty() {
            return Ok(all);
        }
        let own = want.repository.as_ref().filter(|path| self.home && is_path(path) && path.contains('/'));
        own.map(|path| vec![(Holder::Project, path.clone())]).ok_or_else(|| {
            "the checkout's project is none of this GitLab's: name some in `projects` or `groups`".to_owned()
        })
    }

    fn client(&self) -> Result<&Client, String> {
        let made = self.client.get_or_init(|| {
            let place = self.place.as_ref().map_err(Clone::clone)?;
            let (token, kind) = place.token()?;
            if kind == TokenKind::Job {
                return Err(format!("CI_JOB_TOKEN cannot read issues: set GITLAB_TOKEN to a token with {NEED}"));
            }
            let limits = Limits { max_wait: self.max_wait, at_once: AT_ONCE, ..Limits::default() };
            Client::new(&place.base, token, kind, place.ca.as_deref(), limits)
        });
        made.as_ref().map_err(Clone::clone)
    }

    fn shelf(&self, holder: Holder, path: &str) -> Option<Shelf> {
        let place = self.place.as_ref().ok()?;
        let (token, _) = place.token().ok()?;
        let what = format!("gitlab-issues\n{}\n{}\n{path}\n{}", place.base, holder.path(), self.labels.join("\n"));
        Some(Shelf::new(self.folder.as_deref()?, token.derive("tickets"), what))
    }
}

impl Reader<'_> {
    /// Reads a project's or group's issues: what has changed since they were kept, else all.
    async fn place(&self, holder: Holder, shelf: Option<&Shelf>, found: &mut Found) {
        let open = || shelf.and_then(|shelf| shelf.open(Timestamp::now()));
        if let Some(mut kept) = open() {
            let since = kept.as_of.checked_sub(OVERLAP).ok();
            self.issues(holder, since, found).await;
            if !found.lacks.is_empty() {
                found.kept = Some(kept);
                return;
            }
            let mut known: BTreeSet<String> = found.issues.keys().cloned().collect();
            while let Ok(Some((id, _))) = kept.next() {
                known.insert(id);
            }
            // Where GitLab counts others, some were deleted or moved: everything is asked for anew.
            let all = Statistics(self.asked(holder, &found.place, None));
            let told = self.client.one::<Counted>(&all).await.ok().map(|told| told.statistics.counts.all);
            found.kept = open().filter(|_| told.is_none_or(|told| told == known.len() as u64));
        }
        if found.kept.is_none() {
            found.issues.clear();
            self.issues(holder, None, found).await;
        }
        self.notes(found).await;
    }

    fn asked<'p>(&'p self, holder: Holder, path: &'p str, since: Option<Timestamp>) -> Issues<'p> {
        Issues { holder, path, labels: &self.live.labels, since }
    }

    async fn issues(&self, holder: Holder, since: Option<Timestamp>, found: &mut Found) {
        let listed = self.client.list::<Value>(&self.asked(holder, &found.place, since)).await;
        let listed = match listed {
            Ok(listed) => listed,
            Err(refusal) => return found.lack("issues", &refusal.reason(NEED)),
        };
        found.as_of = listed.at;
        if let Some(broken) = listed.broken {
            found.lack("issues", &broken);
        }
        let mut nameless = 0_u32;
        for issue in &listed.items {
            match record::reference(issue) {
                Some(reference) => {
                    found.issues.insert(reference, slim(issue));
                }
                None => nameless += 1,
            }
        }
        if nameless > 0 {
            found.lack("issues", &format!("{nameless} without a full reference"));
        }
    }

    /// Notes and state events of each issue that something has happened to since it was opened.
    async fn notes(&self, found: &mut Found) {
        let number = |issue: &Value, field: &str| issue.get(field).and_then(Value::as_u64);
        let due: Vec<(String, u64, u64)> = found
            .issues
            .iter()
            .filter(|(_, issue)| touched(issue))
            .filter_map(|(id, issue)| Some((id.clone(), number(issue, "project_id")?, number(issue, "iid")?)))
            .collect();
        let mut reads = futures::stream::iter(due)
            .map(|(id, project, issue)| async move {
                let notes = async {
                    let list = IssueNotes::builder().project(project).issue(issue).sort(SortOrder::Ascending).build();
                    match list {
                        Ok(list) => self.client.list::<Value>(&list).await,
                        Err(_) => Err(Refusal::Form),
                    }
                };
                let events = StateEvents { project, issue };
                let (notes, events) = futures::future::join(notes, self.client.list::<Value>(&events)).await;
                (id, notes, events)
            })
            .buffer_unordered(AT_ONCE);
        let mut lacks = Vec::new();
        let mut ready = 0;
        while let Some((id, notes, events)) = reads.next().await {
            ready += 1;
            (self.hears)(ready);
            let Some(issue) = found.issues.get_mut(&id) else { continue };
            match notes {
                Ok(listed) => {
                    issue["_comments"] = listed.items.iter().map(slim_note).collect();
                    lacks.extend(listed.broken.map(|broken| format!("{id}: notes: {broken}")));
                }
                Err(refusal) => lacks.push(format!("{id}: notes: {}", refusal.reason(NEED))),
            }
            match events {
                Ok(listed) => {
                    issue["_events"] = listed.items.iter().map(slim_event).collect();
                    lacks.extend(listed.broken.map(|broken| format!("{id}: state events: {broken}")));
                }
                // Before 13.2 there were none: the issue itself tells who closed it.
                Err(Refusal::Status { status: 404, .. }) => {}
                Err(refusal) => lacks.push(format!("{id}: state events: {}", refusal.reason(NEED))),
            }
        }
        drop(reads);
        found.lacks.extend(lacks);
    }
}

/// Whether something may have happened since it was opened: GitLab then changes `updated_at`.
fn touched(issue: &Value) -> bool {
    let word = |field: &str| issue.get(field).and_then(Value::as_str);
    let at = |field: &str| word(field).and_then(export::time);
    let apart = at("created_at")
        .zip(at("updated_at"))
        .is_none_or(|(opened, updated)| updated.duration_since(opened) > SignedDuration::from_secs(1));
    apart || word("state") != Some("opened") || issue.get("user_notes_count").and_then(Value::as_u64) != Some(0)
}

fn slim(issue: &Value) -> Value {
    let mut out = some(
        issue,
        &[
            "iid",
            "project_id",
            "title",
            "description",
            "state",
            "created_at",
            "updated_at",
            "closed_at",
            "due_date",
            "labels",
            "web_url",
            "issue_type",
            "user_notes_count",
            "moved_to_id",
        ],
    );
    within(&mut out, issue, "references", &["full"]);
    within(&mut out, issue, "_links", &["closed_as_duplicate_of"]);
    for person in ["author", "assignees", "closed_by"] {
        within(&mut out, issue, person, &["username", "name"]);
    }
    out.into()
}

fn slim_note(note: &Value) -> Value {
    let mut out = some(note, &["body", "created_at", "system"]);
    within(&mut out, note, "author", &["username", "name"]);
    out.into()
}

fn slim_event(event: &Value) -> Value {
    let mut out = some(event, &["state", "created_at"]);
    within(&mut out, event, "user", &["username", "name"]);
    out.into()
}
