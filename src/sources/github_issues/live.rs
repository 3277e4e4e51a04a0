//! The live issues: which lists of a repository are asked for, page by page, and what is kept between runs. "Issues", "Issue comments"
//! and "Issue events" of GitHub's REST API. What an issue's fields mean is in `record`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Settings, record};
use crate::model::report::SourceStatus;
use crate::model::ticket::{Field, Record};
use crate::net::api::{Api, Limits};
use crate::sources::forge::github::{Auth, Client, Context, Form, Place, Refusal, clip};
use crate::sources::forge::issues::{Desk, Found, OVERLAP, some, within};
use crate::sources::tracker::shelf::Shelf;
use crate::sources::tracker::{self, Wrong};
use crate::sources::{About, Account, Wanted};

/// Of so many issues comments and events are asked for one by one, where not the whole repository is read: its lists of them are long.
const MOST_SINGLE: usize = 50;

/// How many issues are asked for at once.
const AT_ONCE: usize = 8;

/// Seconds for all of it.
const TIMEOUT: u64 = 120;

/// GitHub's issues, as one auditor sees them.
pub(super) struct Live {
    url: String,
    auth: Result<Auth, String>,
    ca: Result<Option<Vec<u8>>, String>,
    folder: Option<PathBuf>,
    repositories: Vec<String>,
    labels: Vec<String>,
    timeout: Duration,
    max_wait: Duration,
    home: bool,
}

/// One reading: for whom, and through which client.
struct Reader<'r> {
    live: &'r Live,
    client: &'r Client,
    /// Hears how many issues came so far.
    hears: &'r (dyn Fn(usize) + Sync),
}

impl Live {
    pub(super) fn new(settings: Settings, context: &Context<'_>) -> Result<Self, Wrong> {
        if let Some(wrong) = settings.repositories.iter().find(|name| !is_repository(name)) {
            let what = format!("{} is no repository's name", clip(wrong));
            return Err(Wrong::new("repositories", what, "write owner/name"));
        }
        if settings.labels.iter().any(|label| label.trim().is_empty() || label.contains(',')) {
            return Err(Wrong::new(
                "labels",
                "a label has no name, or a comma in it",
                "write each label as an entry of its own",
            ));
        }
        let place = Place {
            url: settings.url.as_deref(),
            token_env: settings.token_env.as_deref(),
            app: settings.app.as_ref(),
        };
        let auth = place.auth(context)?;
        let passes = auth.as_ref().is_ok_and(Auth::passes);
        Ok(Self {
            url: place.address(context)?,
            auth,
            ca: tracker::roots(settings.ca_cert.as_deref(), &context.tracker()),
            folder: tracker::folder(settings.cache.as_ref(), &context.tracker()).filter(|_| !passes),
            repositories: settings.repositories,
            labels: settings.labels,
            timeout: Duration::from_secs(settings.timeout.unwrap_or(TIMEOUT)),
            max_wait: context.max_wait,
            home: context.home,
        })
    }

    pub(super) async fn tickets(
        &self,
        about: &About,
        fields: &BTreeMap<Field, String>,
        want: &Wanted,
        sink: &mut (dyn FnMut(Record) + Send),
    ) -> Account {
        let mut desk = Desk::new(about, "GitHub", sink);
        if let Some(why) = want.silent() {
            desk.account.status = Some(SourceStatus::Skipped);
            desk.lack(why);
            return desk.finish();
        }
        let repositories = match self.wanted(want) {
            Ok(repositories) => repositories,
            Err(reason) => {
                desk.lack(&reason);
                return desk.finish();
            }
        };
        let (api, auth) = match self.api() {
            Ok(both) => both,
            Err(reason) => {
                desk.lack(&reason);
                return desk.finish();
            }
        };
        let mut found = Found::default();
        let mut convert = |issue: &Value, flaws: &mut Vec<String>| record::of(&about.name, fields, issue, flaws);
        let reading = async {
            let places: Vec<String> = repositories.iter().map(|name| path(name)).collect();
            let client = match Client::connect(Arc::clone(&api), auth, &places).await {
                Ok(client) => client,
                Err(reason) => return desk.lack(&reason),
            };
            desk.account.asked_as.clone_from(&client.asked_as);
            let meter = api.meter();
            let hears = |items: usize| want.watch.tell(&about.name, items as u64, meter.requests(), meter.left());
            let reader = Reader { live: self, client: &client, hears: &hears };
            for repository in &repositories {
                let shelf = self.shelf(auth, repository);
                let labelled = !self.labels.is_empty();
                found = Found { place: repository.clone(), labelled, ..Found::default() };
                reader.repository(shelf.as_ref(), &mut found).await;
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
        desk.account.requests = api.meter().requests();
        desk.finish()
    }

    /// The repositories to read.
    fn wanted(&self, want: &Wanted) -> Result<Vec<String>, String> {
        if !self.repositories.is_empty() {
            return Ok(self.repositories.clone());
        }
        let own = want.repository.as_ref().filter(|name| self.home && is_repository(name));
        own.map(|name| vec![name.clone()])
            .ok_or_else(|| "the checkout's repository is none of this GitHub's: name some in `repositories`".to_owned())
    }

    fn api(&self) -> Result<(Arc<Api>, &Auth), String> {
        let auth = self.auth.as_ref().map_err(Clone::clone)?;
        let ca = self.ca.as_ref().map_err(Clone::clone)?;
        let limits = Limits { max_wait: self.max_wait, at_once: AT_ONCE, ..Limits::default() };
        Ok((Arc::new(Api::new(&self.url, ca.as_deref(), limits, None)?), auth))
    }

    fn shelf(&self, auth: &Auth, repository: &str) -> Option<Shelf> {
        let what = format!("github-issues\n{}\n{repository}\n{}", self.url, self.labels.join("\n"));
        Some(Shelf::new(self.folder.as_deref()?, auth.key("tickets"), what))
    }
}

impl Reader<'_> {
    /// Reads a repository's issues: what has changed since they were kept, else all.
    async fn repository(&self, shelf: Option<&Shelf>, found: &mut Found) {
        found.kept = shelf.and_then(|shelf| shelf.open(Timestamp::now()));
        self.issues(found).await;
        self.commented(found).await;
        if found.kept.is_some() && found.issues.len() > MOST_SINGLE && found.lacks.is_empty() {
            // So many are read faster by the repository's own lists.
            found.kept = None;
            found.issues.clear();
            self.issues(found).await;
        }
        if found.issues.is_empty() {
            return;
        }
        let single = (found.kept.is_some() || !self.live.labels.is_empty()) && found.issues.len() <= MOST_SINGLE;
        if single { self.one_by_one(found).await } else { self.all_at_once(found).await }
    }

    async fn issues(&self, found: &mut Found) {
        let mut query = "state=all&sort=created&direction=asc".to_owned();
        query.push_str(&since(found));
        if !self.live.labels.is_empty() {
            let labels: Vec<String> = self.live.labels.iter().map(|label| segment(label)).collect();
            query.push_str(&format!("&labels={}", labels.join(",")));
        }
        let issues = &mut found.issues;
        let mut nameless = 0_u32;
        let mut each = |page: Vec<Value>| {
            for issue in page.iter().filter(|issue| issue.get("pull_request").is_none_or(Value::is_null)) {
                match issue.get("number").and_then(Value::as_u64) {
                    Some(number) => {
                        issues.insert(number.to_string(), slim(issue));
                    }
                    None => nameless += 1,
                }
            }
            (self.hears)(issues.len());
        };
        let walked = self.client.walk(&format!("{}/issues?{query}", path(&found.place)), Form::Plain, &mut each).await;
        found.as_of = walked.at;
        if nameless > 0 {
            found.lack("issues", &format!("{nameless} without a number"));
        }
        if let Some(refusal) = walked.refusal {
            found.lack("issues", &told(&refusal));
        }
    }

    /// Issues with a comment that was edited: GitHub does not promise that this changes the issue's own time.
    async fn commented(&self, found: &mut Found) {
        if found.kept.is_none() || !found.lacks.is_empty() {
            return;
        }
        let base = path(&found.place);
        let mut numbers = BTreeSet::new();
        let mut each = |page: Vec<Value>| {
            // Comments on pull requests are in the same list.
            let on_issues = page.iter().filter(|comment| {
                comment.get("html_url").and_then(Value::as_str).is_none_or(|url| !url.contains("/pull/"))
            });
            numbers.extend(on_issues.filter_map(issue_of).map(str::to_owned));
        };
        let list = format!("{base}/issues/comments?sort=updated&direction=asc{}", since(found));
        let walked = self.client.walk(&list, Form::Plain, &mut each).await;
        if let Some(refusal) = walked.refusal {
            return found.lack("comments", &told(&refusal));
        }
        let labels = &self.live.labels;
        for number in numbers
            .iter()
            .filter(|number| !found.issues.contains_key(*number))
            .take(MOST_SINGLE + 1)
            .cloned()
            .collect::<Vec<_>>()
        {
            match self.client.one::<Value>(&format!("{base}/issues/{number}")).await {
                Ok(issue) if issue.get("pull_request").is_some_and(|pull| !pull.is_null()) => {}
                Ok(issue) => {
                    let has = |label: &String| record::labels(&issue, &mut Vec::new()).contains(label);
                    if labels.iter().all(has) {
                        found.issues.insert(number, slim(&issue));
                    }
                }
                // It was deleted meanwhile, or moved.
                Err(refusal) if refusal.is(404) || refusal.is(410) => {}
                Err(refusal) => found.lack(&format!("#{number}"), &told(&refusal)),
            }
        }
    }

    /// Comments and events of each issue by itself.
    async fn one_by_one(&self, found: &mut Found) {
        let base = path(&found.place);
        let base = base.as_str();
        let due: Vec<(String, bool)> = found
            .issues
            .iter()
            .map(|(number, issue)| (number.clone(), issue.get("comments").and_then(Value::as_u64) != Some(0)))
            .collect();
        let mut reads = futures::stream::iter(due)
            .map(|(number, commented)| async move {
                let list = async |what: &str, wanted: bool| {
                    let mut items = Vec::new();
                    let path = format!("{base}/issues/{number}/{what}");
                    let refusal = match wanted {
                        true => self.client.walk(&path, Form::Plain, &mut |page| items.extend(page)).await.refusal,
                        false => None,
                    };
                    (items, refusal)
                };
                let (comments, events) = futures::future::join(list("comments", commented), list("events", true)).await;
                (number, comments, events)
            })
            .buffer_unordered(AT_ONCE);
        let mut lacks = Vec::new();
        while let Some((number, comments, events)) = reads.next().await {
            let Some(issue) = found.issues.get_mut(&number) else { continue };
            for (what, slim, (items, refusal)) in [
                ("comments", slim_comment as fn(&Value) -> Value, comments),
                ("events", slim_event as fn(&Value) -> Value, events),
            ] {
                issue[format!("_{what}")] = items.iter().map(slim).collect();
                lacks.extend(refusal.map(|refusal| format!("#{number}: {what}: {}", told(&refusal))));
            }
        }
        drop(reads);
        found.lacks.extend(lacks);
    }

    /// Comments and events of the whole repository, side by side.
    async fn all_at_once(&self, found: &mut Found) {
        let base = path(&found.place);
        let (mut comments, mut events) = (BTreeMap::<String, Vec<Value>>::new(), BTreeMap::<String, Vec<Value>>::new());
        let wanted = &found.issues;
        let mut keep_comments = |page: Vec<Value>| {
            for comment in &page {
                if let Some(number) = issue_of(comment).filter(|number| wanted.contains_key(*number)) {
                    comments.entry(number.to_owned()).or_default().push(slim_comment(comment));
                }
            }
        };
        let mut keep_events = |page: Vec<Value>| {
            for event in page.iter().filter(|event| tells(event)) {
                let number = event.get("issue").and_then(|issue| issue.get("number")).and_then(Value::as_u64);
                if let Some(number) = number.map(|number| number.to_string()).filter(|n| wanted.contains_key(n)) {
                    events.entry(number).or_default().push(slim_event(event));
                }
            }
        };
        let of_comments = format!("{base}/issues/comments?sort=created&direction=asc");
        let of_events = format!("{base}/issues/events");
        let (commented, happened) = futures::future::join(
            self.client.walk(&of_comments, Form::Plain, &mut keep_comments),
            self.client.walk(&of_events, Form::Plain, &mut keep_events),
        )
        .await;
        for (number, issue) in &mut found.issues {
            issue["_comments"] = comments.remove(number).unwrap_or_default().into();
            // Without the list the issue itself tells who closed it.
            if happened.refusal.is_none() {
                issue["_events"] = events.remove(number).unwrap_or_default().into();
            }
            // What is lacking is said once, not for each issue.
            if commented.refusal.is_some() {
                issue["comments"] = json!(0);
            }
        }
        for (what, walked) in [("comments", commented), ("events", happened)] {
            if let Some(refusal) = walked.refusal {
                found.lack(what, &told(&refusal));
            }
        }
    }
}

/// What of a query asks for changes alone, where something was kept.
fn since(found: &Found) -> String {
    let since = found.kept.as_ref().and_then(|kept| kept.as_of.checked_sub(OVERLAP).ok());
    since.map(|since| since.strftime("&since=%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}

/// The number of the issue that a comment is on.
fn issue_of(comment: &Value) -> Option<&str> {
    let number = comment.get("issue_url")?.as_str()?.rsplit('/').next()?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then_some(number)
}

/// A refusal, with what to do.
fn told(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Status { status: 410, .. } => {
            "HTTP 410: issues are switched off there: name the repositories that have issues in `repositories`"
                .to_owned()
        }
        Refusal::Status { status: 404, .. } | Refusal::Status { status: 403, lacks: None } => {
            format!("{refusal}; reading them needs the permission Issues: read")
        }
        other => other.to_string(),
    }
}

/// Whether an event is one that `record` reads.
fn tells(event: &Value) -> bool {
    let name = event.get("event").and_then(Value::as_str).unwrap_or_default();
    matches!(
        name,
        "closed"
            | "reopened"
            | "renamed"
            | "assigned"
            | "unassigned"
            | "labeled"
            | "unlabeled"
            | "milestoned"
            | "demilestoned"
    )
}

fn slim(issue: &Value) -> Value {
    let mut out = some(
        issue,
        &[
            "number",
            "title",
            "body",
            "state",
            "state_reason",
            "html_url",
            "repository_url",
            "created_at",
            "updated_at",
            "closed_at",
            "comments",
            "parent_issue_url",
        ],
    );
    for person in ["user", "assignee", "assignees", "closed_by"] {
        within(&mut out, issue, person, &["login"]);
    }
    within(&mut out, issue, "labels", &["name"]);
    within(&mut out, issue, "type", &["name"]);
    within(&mut out, issue, "milestone", &["due_on"]);
    out.into()
}

fn slim_comment(comment: &Value) -> Value {
    let mut out = some(comment, &["body", "created_at"]);
    within(&mut out, comment, "user", &["login"]);
    out.into()
}

fn slim_event(event: &Value) -> Value {
    let mut out = some(event, &["event", "created_at", "state_reason", "rename"]);
    within(&mut out, event, "actor", &["login"]);
    within(&mut out, event, "assignee", &["login"]);
    within(&mut out, event, "label", &["name"]);
    within(&mut out, event, "milestone", &["title"]);
    out.into()
}

fn is_repository(name: &str) -> bool {
    let plain = |part: &str| {
        !matches!(part, "" | "." | "..")
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    name.len() <= 200 && name.split_once('/').is_some_and(|(owner, name)| plain(owner) && plain(name))
}

/// `/repos/owner/name`, of a name that is one.
fn path(repository: &str) -> String {
    format!("/repos/{repository}")
}

fn segment(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
