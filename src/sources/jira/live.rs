//! Reading Jira: tickets kept from the last run and what has changed since, else in a gate what can bear on it, else everything. What the
//! server says is `client`'s, what a query says `query`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use jiff::Timestamp;
use serde_json::Value;

use crate::model::ticket::{Field, Record};
use crate::net::api::{Api, Limits};
use crate::sources::export::Gaps;
use crate::sources::tracker::shelf::{Shelf, Writer};
use crate::sources::tracker::{self, Context, Login, Wrong};
use crate::sources::{About, Account, Focus, Wanted};

use super::client::{Client, Deadline, Refusal};
use super::settings::Settings;
use super::{query, record};

/// How long a gate waits for one tracker.
const GATE: Duration = Duration::from_secs(60);

/// How long one call may take: a page of long tickets takes Jira seconds.
const CALL: Duration = Duration::from_secs(30);

/// Changes of the last minutes before the last run are asked for again: Jira's index may be behind its clock.
const OVERLAP_MINUTES: i64 = 5;

/// Issues of one page whose comments and changes are read side by side.
const AT_ONCE: usize = 8;

/// A Jira, and who asks it.
pub(super) struct Live {
    settings: Settings,
    url: String,
    configured: String,
    login: Result<Login, String>,
    roots: Result<Option<Vec<u8>>, String>,
    folder: Option<PathBuf>,
    max_wait: Duration,
    /// The site's own words for offboardings.
    leaving: Vec<String>,
}

impl Live {
    /// Takes its settings; nothing is asked yet.
    pub(super) fn new(settings: Settings, leaving: Vec<String>, context: &Context<'_>) -> Result<Self, Wrong> {
        Ok(Self {
            url: settings.address()?,
            configured: settings.query().to_owned(),
            login: settings.login(context),
            roots: tracker::roots(settings.ca_cert.as_deref(), context),
            folder: tracker::folder(settings.cache.as_ref(), context),
            max_wait: context.max_wait,
            leaving,
            settings,
        })
    }

    pub(super) async fn tickets(&self, about: &About, want: &Wanted, sink: &mut (dyn FnMut(Record) + Send)) -> Account {
        let mut run = Run {
            live: self,
            about,
            want,
            sink,
            gaps: Gaps::new(about, &self.url),
            account: Account::default(),
            seen: BTreeSet::new(),
            whole: true,
        };
        if let Some(why) = want.silent() {
            run.gaps.whole(&format!("not asked: {why}"));
        } else if let Err(reason) = run.read().await {
            run.gaps.whole(&reason);
        }
        let mut account = run.account;
        account.gaps = run.gaps.finish();
        account
    }

    /// The fields that are asked for.
    fn fields(&self) -> String {
        let own = record::FIELDS.into_iter().chain(self.settings.fields.values().map(String::as_str));
        own.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(",")
    }
}

/// One reading.
struct Run<'r> {
    live: &'r Live,
    about: &'r About,
    want: &'r Wanted,
    sink: &'r mut (dyn FnMut(Record) + Send),
    gaps: Gaps,
    account: Account,
    /// Keys that were handed over.
    seen: BTreeSet<String>,
    /// Whether every issue came with all its comments and changes.
    whole: bool,
}

impl Run<'_> {
    async fn read(&mut self) -> Result<(), String> {
        let live = self.live;
        let login = live.login.as_ref().map_err(Clone::clone)?;
        let roots = live.roots.as_ref().map_err(Clone::clone)?;
        let limits = Limits { call: CALL, max_wait: live.max_wait, at_once: AT_ONCE, ..Limits::default() };
        let api = Api::new(&live.url, roots.as_deref(), limits, None)?;
        let meter = api.meter();
        let deadline = self.want.focus.as_ref().map(|_| Deadline {
            started: Instant::now(),
            limit: live.settings.timeout.map_or(GATE, Duration::from_secs),
        });
        let client = Client::connect(api, login.headers()?, live.settings.by_settings(), live.fields(), deadline).await;
        let read = match client {
            Ok(client) => self.ask(&client, login).await,
            Err(refusal) => Err(refusal),
        };
        self.account.requests = meter.requests();
        self.account.items = self.seen.len() as u64;
        read.map_err(|refusal| refusal.to_string())
    }

    async fn ask(&mut self, client: &Client, login: &Login) -> Result<(), Refusal> {
        let (who, clock) = client.myself().await?;
        let what = format!("{}\n{}\n{}\n{who}", self.live.url, self.live.configured, self.live.fields());
        let what = if self.live.settings.approvals { what + "\napprovals" } else { what };
        self.account.asked_as = Some(who);
        let folder = self.live.folder.as_ref();
        let shelf = folder.map(|folder| Shelf::new(folder, login.key("tickets of Jira"), what));
        if let Some(shelf) = &shelf
            && self.changes(client, shelf, clock).await?
        {
            return Ok(());
        }
        if let Some(focus) = self.want.focus.as_ref().filter(|_| self.live.settings.narrow != Some(false))
            && self.narrowed(client, focus).await?
        {
            return Ok(());
        }
        self.everything(client, shelf.as_ref(), clock).await
    }

    /// The kept tickets with what has changed since. Nothing is handed over where they are not all that the query has now.
    async fn changes(&mut self, client: &Client, shelf: &Shelf, clock: Timestamp) -> Result<bool, Refusal> {
        let now = Timestamp::now();
        let Some(mut known) = shelf.open(now) else { return Ok(false) };
        let (as_of, count) = (known.as_of, known.count);
        let minutes = clock.duration_since(as_of).as_secs().max(0) / 60 + 1 + OVERLAP_MINUTES;
        let mut changed: BTreeMap<String, Value> = BTreeMap::new();
        let mut pages = client.pages(query::changed(&self.live.configured, minutes));
        loop {
            let issues = match pages.next().await {
                Ok(Some(issues)) => issues,
                Ok(None) => break,
                Err(refusal) if refusal.is_of_query() => return Ok(false),
                Err(refusal) => return Err(refusal),
            };
            for issue in self.completed(client, issues).await {
                if let Some(key) = key_of(&issue) {
                    changed.insert(key, issue);
                }
            }
            self.tell(client, changed.len());
        }
        let mut new: BTreeSet<&str> = changed.keys().map(String::as_str).collect();
        loop {
            match known.next() {
                Ok(Some((key, _))) => _ = new.remove(key.as_str()),
                Ok(None) => break,
                Err(_) => return Ok(false),
            }
        }
        let announced = client.count(&self.live.configured).await?;
        // A ticket that was deleted or moved out of the query is among the kept ones still: then everything is read.
        if count + new.len() as u64 != announced {
            return Ok(false);
        }
        let Some(kept) = shelf.open(now).filter(|kept| (kept.as_of, kept.count) == (as_of, count)) else {
            return Ok(false);
        };
        let mut writer = if self.whole { shelf.begin(Some(&kept), now).ok() } else { None };
        let updated = changed.len();
        if kept.merge(changed, writer.as_mut(), &mut |_, issue| self.hand(issue)).is_err() {
            self.gaps.whole("the kept tickets cannot be read to their end");
        } else if let Some(writer) = writer {
            writer.finish(clock);
        }
        self.tell(client, self.seen.len());
        self.account.notes.push(format!("{count} tickets were kept; {updated} were asked for since {as_of}"));
        self.none(announced);
        Ok(true)
    }

    /// Only what can bear on the gate; false where that cannot be asked.
    async fn narrowed(&mut self, client: &Client, focus: &Focus) -> Result<bool, Refusal> {
        let live = self.live;
        let Some(queries) = query::narrowed(&live.configured, focus, &live.settings.fields, &live.leaving) else {
            self.account
                .notes
                .push("not narrowed: Jira's search cannot find what the deploy uses by its names".to_owned());
            return Ok(false);
        };
        let asked = queries.len();
        for query in queries {
            match self.pages(client, query, None).await {
                Err(refusal) if refusal.is_of_query() => {
                    self.account.notes.push("not narrowed: Jira refused the narrowed query".to_owned());
                    return Ok(false);
                }
                other => other?,
            }
        }
        self.named(client, focus).await?;
        self.account.notes.push(format!("narrowed to what the deploy uses, in {asked} queries"));
        if self.seen.is_empty() {
            let announced = client.count(&live.configured).await?;
            self.none(announced);
        }
        Ok(true)
    }

    /// The tickets that the configuration names. Jira refuses a query for all of them where one does not exist.
    async fn named(&mut self, client: &Client, focus: &Focus) -> Result<(), Refusal> {
        let keys: Vec<&str> = focus.tickets.iter().map(String::as_str).filter(|key| query::is_key(key)).collect();
        if keys.is_empty() {
            return Ok(());
        }
        match self.pages(client, query::keyed(&self.live.configured, &keys), None).await {
            Err(refusal) if refusal.is_of_query() => {}
            other => return other,
        }
        for key in keys {
            match self.pages(client, query::keyed(&self.live.configured, &[key]), None).await {
                Err(refusal) if refusal.is_of_query() => {}
                other => other?,
            }
        }
        Ok(())
    }

    async fn everything(&mut self, client: &Client, shelf: Option<&Shelf>, clock: Timestamp) -> Result<(), Refusal> {
        let mut writer = shelf.and_then(|shelf| shelf.begin(None, Timestamp::now()).ok());
        self.pages(client, query::whole(&self.live.configured), writer.as_mut()).await?;
        let read = self.seen.len() as u64;
        let announced = if client.pages_tell() { read } else { client.count(&self.live.configured).await? };
        self.none(announced.max(read));
        // "Recent updates might not be immediately visible" in Cloud's count, which is an estimate; a lost page is more than that.
        let missing = announced.saturating_sub(read);
        if missing > 2.max(announced / 100) {
            self.gaps.whole(&format!("announces {announced} tickets and gave {read}"));
        } else if let Some(writer) = writer.filter(|_| self.whole) {
            writer.finish(clock);
        }
        Ok(())
    }

    async fn pages(&mut self, client: &Client, jql: String, mut keep: Option<&mut Writer<'_>>) -> Result<(), Refusal> {
        let mut pages = client.pages(jql);
        while let Some(mut issues) = pages.next().await? {
            if keep.is_none() {
                // One that several narrowed queries find is completed once.
                issues.retain(|issue| key_of(issue).is_none_or(|key| !self.seen.contains(&key)));
            }
            for issue in self.completed(client, issues).await {
                if let (Some(writer), Some(key)) = (&mut keep, key_of(&issue)) {
                    writer.put(&key, &issue);
                }
                self.hand(&issue);
            }
            self.tell(client, self.seen.len());
        }
        Ok(())
    }

    /// A page's issues with all their comments and changes.
    async fn completed(&mut self, client: &Client, issues: Vec<Value>) -> Vec<Value> {
        let approvals = self.live.settings.approvals;
        let reads = issues.into_iter().map(|mut issue| async move {
            let done = client.complete(&mut issue, approvals).await;
            (issue, done)
        });
        let all: Vec<_> = futures::stream::iter(reads).buffered(AT_ONCE).collect().await;
        let mut out = Vec::with_capacity(all.len());
        for (issue, done) in all {
            if let Err(refusal) = done {
                self.whole = false;
                let key = key_of(&issue).unwrap_or_else(|| "a ticket".to_owned());
                self.gaps.item(&key, &format!("has comments, changes or approvals that could not be read: {refusal}"));
            }
            out.push(issue);
        }
        out
    }

    /// Hands over an issue that was not handed over before.
    fn hand(&mut self, issue: &Value) {
        let key = key_of(issue);
        if key.as_ref().is_some_and(|key| self.seen.contains(key)) {
            return;
        }
        let fields: &BTreeMap<Field, String> = &self.live.settings.fields;
        let mut flaws = Vec::new();
        match record::of(self.about, fields, issue, &mut flaws) {
            Ok(record) => {
                for flaw in flaws {
                    self.gaps.item(&record.id, &flaw);
                }
                (self.sink)(record);
            }
            Err(flaw) => self.gaps.item("an issue of the answer", &flaw),
        }
        self.seen.extend(key);
    }

    /// Nothing at all looks like a query that finds nothing, or a login that sees nothing.
    fn none(&mut self, announced: u64) {
        if announced == 0 {
            self.gaps.whole("holds no tickets at all: look at `jql`, and whether the login may browse these projects");
        }
    }

    fn tell(&self, client: &Client, items: usize) {
        self.want.watch.tell(&self.about.name, items as u64, client.requests(), client.left());
    }
}

fn key_of(issue: &Value) -> Option<String> {
    issue.get("key").and_then(Value::as_str).filter(|key| !key.is_empty()).map(str::to_owned)
}
