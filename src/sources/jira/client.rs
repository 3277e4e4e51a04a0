//! Jira's API behind the shared guards: Cloud's version 3 ("Issue search" with `nextPageToken`) and Data Center's version 2 (`startAt`),
//! who asks, and what a refusal means. What is asked for, and what becomes of it, is not known here.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};

use crate::net::api::{Answer, Api, NoAnswer};
use crate::sources::export::value::at;

use super::settings::Deployment;

/// Issues in one page: what Cloud gives at the most with these fields, and what Data Center is usually set to.
const PAGE: usize = 100;

/// Pages of one query, at most: a million tickets.
const MOST_PAGES: usize = 10_000;

/// Pages of one ticket's comments or changelog, at most.
const MOST_PARTS: usize = 200;

/// Cloud's search cuts an issue's changelog here, and says nothing of it; the changelog's own list has all.
const CLOUD_HISTORIES: usize = 40;

/// Cloud's search cuts an issue's comments here.
const CLOUD_COMMENTS: usize = 20;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A server, and who asks it.
pub(super) struct Client {
    api: Api,
    headers: HeaderMap,
    deployment: Deployment,
    deadline: Option<Deadline>,
    fields: String,
}

/// When a gate stops waiting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    pub(super) started: Instant,
    pub(super) limit: Duration,
}

/// Why there is nothing to read. It holds nothing of what the server sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No answer came.
    NoAnswer(NoAnswer),
    /// A status, and what the server's headers say of the login.
    Status(u16, Option<&'static str>),
    /// The server let nobody in: it would answer with an empty list.
    Anonymous,
    /// Another form than the documented one.
    Form,
    /// The gate's time is over.
    Late(u64),
    /// The pages do not make one list.
    Pages(String),
}

impl Refusal {
    /// Whether it is Jira's word that it does not understand a query.
    pub(super) fn is_of_query(&self) -> bool {
        matches!(self, Self::Status(400 | 413 | 414, _))
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoAnswer(reason) => reason.fmt(f),
            Self::Status(status, login) => {
                let meaning = match status {
                    400 => ": Jira does not understand the query; try `jql` in its own search",
                    401 => ": the login is not let in",
                    403 => ": the login may not do this",
                    404 | 410 => ": there is no such Jira API below this address",
                    _ => "",
                };
                write!(f, "HTTP {status}{meaning}")?;
                login.map_or(Ok(()), |login| write!(f, " ({login})"))
            }
            Self::Anonymous => f.write_str("Jira took the login for nobody's; to nobody it shows an empty list"),
            Self::Form => f.write_str("the answer has another form than Jira's"),
            Self::Late(seconds) => write!(f, "not read within {seconds} s"),
            Self::Pages(what) => f.write_str(what),
        }
    }
}

/// The place in a query's pages.
pub(super) struct Pages<'c> {
    client: &'c Client,
    jql: String,
    token: Option<String>,
    /// Keys that came.
    seen: BTreeSet<String>,
    last: Option<String>,
    read: usize,
    pages: usize,
    ended: bool,
}

impl Client {
    /// Finds out which Jira it is, where the settings do not tell.
    pub(super) async fn connect(
        api: Api,
        login: HeaderMap,
        known: Option<Deployment>,
        fields: String,
        deadline: Option<Deadline>,
    ) -> Result<Self, Refusal> {
        let mut headers = login;
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let mut client = Self { api, headers, deployment: known.unwrap_or(Deployment::Datacenter), deadline, fields };
        if known.is_none() {
            let (info, _) = client.get("rest/api/2/serverInfo").await?;
            client.deployment = match info.get("deploymentType").and_then(Value::as_str) {
                Some(kind) if kind.eq_ignore_ascii_case("cloud") => Deployment::Cloud,
                Some(_) => Deployment::Datacenter,
                // Servers before 7.0 do not say.
                None if info.get("version").is_some_and(Value::is_string) => Deployment::Datacenter,
                None => return Err(Refusal::Form),
            };
        }
        Ok(client)
    }

    pub(super) fn requests(&self) -> u64 {
        self.api.meter().requests()
    }

    /// What the server said is left of its limit.
    pub(super) fn left(&self) -> Option<u64> {
        self.api.meter().left()
    }

    /// Whether the pages tell how many issues there are, and were compared with it.
    pub(super) fn pages_tell(&self) -> bool {
        self.deployment == Deployment::Datacenter
    }

    fn version(&self) -> u8 {
        match self.deployment {
            Deployment::Cloud => 3,
            Deployment::Datacenter => 2,
        }
    }

    /// Who asks, and the server's clock.
    pub(super) async fn myself(&self) -> Result<(String, Timestamp), Refusal> {
        let (who, headers) = self.get(&format!("rest/api/{}/myself", self.version())).await?;
        let name = ["emailAddress", "name", "accountId", "displayName"]
            .iter()
            .find_map(|key| who.get(*key).and_then(Value::as_str).map(str::trim).filter(|name| !name.is_empty()));
        let name = name.ok_or(Refusal::Form)?.to_owned();
        let date = headers.get("date").and_then(|date| date.to_str().ok());
        let clock = date.and_then(|date| rfc2822::DateTimeParser::new().parse_timestamp(date).ok());
        Ok((name, clock.unwrap_or_else(Timestamp::now)))
    }

    /// How many issues a query has. Cloud's own word for it is "approximate": the newest changes may not be counted yet.
    pub(super) async fn count(&self, jql: &str) -> Result<u64, Refusal> {
        let (answer, key) = match self.deployment {
            Deployment::Cloud => {
                (self.ask("rest/api/3/search/approximate-count", &json!({"jql": jql})).await?, "count")
            }
            Deployment::Datacenter => {
                let link = format!("rest/api/2/search?jql={}&startAt=0&maxResults=0&fields=key", encoded(jql));
                (self.get(&link).await?.0, "total")
            }
        };
        answer.get(key).and_then(Value::as_u64).ok_or(Refusal::Form)
    }

    /// The pages of a query, which brings its own order.
    pub(super) fn pages(&self, jql: String) -> Pages<'_> {
        Pages { client: self, jql, token: None, seen: BTreeSet::new(), last: None, read: 0, pages: 0, ended: false }
    }

    /// Reads what a search leaves out of an issue: comments and changes beyond its limit.
    pub(super) async fn complete(&self, issue: &mut Value, approvals: bool) -> Result<(), Refusal> {
        let Some(key) = issue.get("key").and_then(Value::as_str).map(str::to_owned) else { return Ok(()) };
        if !super::query::is_key(&key) {
            return Err(Refusal::Form);
        }
        let path = format!("rest/api/{}/issue/{}", self.version(), encoded(&key));
        let cloud = self.deployment == Deployment::Cloud;
        if is_cut(issue, &["changelog"], "histories", cloud.then_some(CLOUD_HISTORIES)) {
            let whole = if cloud {
                self.parts(&format!("{path}/changelog"), "values").await?
            } else {
                let (one, _) = self.get(&format!("{path}?fields=key&expand=changelog")).await?;
                let whole = at(&one, &["changelog", "histories"]).and_then(Value::as_array).ok_or(Refusal::Form)?;
                if is_cut(&one, &["changelog"], "histories", None) {
                    return Err(Refusal::Pages("Jira gives only a part of its changes".to_owned()));
                }
                whole.clone()
            };
            issue["changelog"] = json!({"total": whole.len(), "histories": whole});
        }
        if !issue.get("fields").is_some_and(Value::is_object) {
            return Ok(());
        }
        if is_cut(issue, &["fields", "comment"], "comments", cloud.then_some(CLOUD_COMMENTS)) {
            let whole = self.parts(&format!("{path}/comment"), "comments").await?;
            issue["fields"]["comment"] = json!({"total": whole.len(), "comments": whole});
        }
        if approvals {
            let link = format!("rest/servicedeskapi/request/{}/approval", encoded(&key));
            match self.parts(&link, "values").await {
                Ok(whole) => issue["fields"]["approvals"] = Value::Array(whole),
                // An issue that is no customer's request has none.
                Err(Refusal::Status(404, _)) => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(())
    }

    /// A list of one issue, in pages by number.
    async fn parts(&self, link: &str, list: &str) -> Result<Vec<Value>, Refusal> {
        let mut all: Vec<Value> = Vec::new();
        let size = if link.starts_with("rest/servicedeskapi") { "limit=50&start" } else { "maxResults=100&startAt" };
        for _ in 0..MOST_PARTS {
            let (page, _) = self.get(&format!("{link}?{size}={}", all.len())).await?;
            let items = page.get(list).and_then(Value::as_array).ok_or(Refusal::Form)?;
            all.extend(items.iter().cloned());
            let total = page.get("total").and_then(Value::as_u64);
            let last = page.get("isLast").or_else(|| page.get("isLastPage")).and_then(Value::as_bool);
            let more = match (total, last) {
                (Some(total), _) => total > all.len() as u64,
                (None, Some(last)) => !last,
                (None, None) => false,
            };
            if !more {
                return Ok(all);
            }
            if items.is_empty() {
                break;
            }
        }
        Err(Refusal::Pages("the pages of its comments or changes end before they are all there".to_owned()))
    }

    async fn get(&self, link: &str) -> Result<(Value, HeaderMap), Refusal> {
        let answer = self.within(self.api.get(link, self.headers.clone())).await?;
        read(&answer).map(|value| (value, answer.headers))
    }

    async fn ask(&self, link: &str, question: &Value) -> Result<Value, Refusal> {
        let mut headers = self.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let answer = self.within(self.api.query(link, headers, Bytes::from(question.to_string()))).await?;
        read(&answer)
    }

    /// An answer within the gate's time; what limits have put off is not counted.
    async fn within(&self, call: impl Future<Output = Result<Answer, NoAnswer>>) -> Result<Answer, Refusal> {
        let Some(deadline) = self.deadline else { return call.await.map_err(Refusal::NoAnswer) };
        let late = Refusal::Late(deadline.limit.as_secs());
        let mut call = std::pin::pin!(call);
        loop {
            let left = (deadline.limit + self.api.waited()).saturating_sub(deadline.started.elapsed());
            if left.is_zero() {
                return Err(late);
            }
            if let Ok(answer) = tokio::time::timeout(left, &mut call).await {
                return answer.map_err(Refusal::NoAnswer);
            }
        }
    }
}

impl Pages<'_> {
    /// The next issues that were not given before; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Value>>, Refusal> {
        if self.ended {
            return Ok(None);
        }
        self.pages += 1;
        if self.pages > MOST_PAGES {
            return Err(Refusal::Pages(format!("the query has more than {MOST_PAGES} pages; narrow `jql`")));
        }
        match self.client.deployment {
            Deployment::Cloud => self.by_token().await,
            Deployment::Datacenter => self.by_number().await,
        }
    }

    async fn by_token(&mut self) -> Result<Option<Vec<Value>>, Refusal> {
        let fields: Vec<&str> = self.client.fields.split(',').collect();
        let mut question = json!({"jql": self.jql, "maxResults": PAGE, "fields": fields, "expand": "changelog"});
        if let Some(token) = &self.token {
            question["nextPageToken"] = json!(token);
        }
        let mut page = self.client.ask("rest/api/3/search/jql", &question).await?;
        let next = page.get("nextPageToken").and_then(Value::as_str).filter(|token| !token.is_empty());
        let next = next.map(str::to_owned);
        let last = page.get("isLast").and_then(Value::as_bool);
        if last == Some(false) && next.is_none() {
            return Err(Refusal::Pages("a page says that more follow, and not where".to_owned()));
        }
        let issues = taken(&mut page)?;
        let came = issues.len();
        let new = self.fresh(issues);
        self.ended = last == Some(true) || next.is_none();
        if !self.ended && (next == self.token || (came > 0 && new.is_empty())) {
            return Err(Refusal::Pages("its pages go round in circles".to_owned()));
        }
        self.token = next;
        Ok(Some(new))
    }

    /// Pages overlap by one issue: where the last one of the page before is not found again, the list has moved while it was read.
    async fn by_number(&mut self) -> Result<Option<Vec<Value>>, Refusal> {
        let mut from = self.read.saturating_sub(1);
        let mut back = false;
        loop {
            let (mut page, _) = self.client.get(&self.numbered(from)).await?;
            let total = page.get("total").and_then(Value::as_u64).ok_or(Refusal::Form)?;
            let issues = taken(&mut page)?;
            let came = from + issues.len();
            let key_of = |issue: &Value| issue.get("key").and_then(Value::as_str).map(str::to_owned);
            let whole = match &self.last {
                Some(last) => issues.iter().any(|issue| key_of(issue).as_ref() == Some(last)),
                None => true,
            };
            if !whole {
                // Issues before this place have left the list: what moved up is found a page before.
                if back {
                    return Err(Refusal::Pages("its list changed too much while it was read; run again".to_owned()));
                }
                back = true;
                from = from.saturating_sub(PAGE / 2);
                continue;
            }
            let new = self.fresh(issues);
            if let Some(last) = new.last().and_then(key_of) {
                self.last = Some(last);
            }
            self.read = came;
            self.ended = came as u64 >= total;
            if !self.ended && new.is_empty() {
                let seen = self.seen.len();
                return Err(Refusal::Pages(format!("a page repeats or is empty after {seen} of {total} tickets")));
            }
            if self.ended && total > self.seen.len() as u64 {
                return Err(Refusal::Pages(format!("announces {total} tickets and gave {}", self.seen.len())));
            }
            return Ok(Some(new));
        }
    }

    fn numbered(&self, from: usize) -> String {
        format!(
            "rest/api/2/search?jql={}&startAt={from}&maxResults={PAGE}&expand=changelog&fields={}",
            encoded(&self.jql),
            encoded(&self.client.fields)
        )
    }

    /// Those that did not come before; what has no key is given on, so that it becomes a gap.
    fn fresh(&mut self, issues: Vec<Value>) -> Vec<Value> {
        let mut out = Vec::with_capacity(issues.len());
        for issue in issues {
            let key = issue.get("key").and_then(Value::as_str).map(str::to_owned);
            if key.is_none_or(|key| self.seen.insert(key)) {
                out.push(issue);
            }
        }
        out
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

fn taken(page: &mut Value) -> Result<Vec<Value>, Refusal> {
    match page.get_mut("issues").map(Value::take) {
        Some(Value::Array(issues)) => Ok(issues),
        _ => Err(Refusal::Form),
    }
}

/// Whether a list inside an issue is absent, or shorter than it says or than its server cuts it.
fn is_cut(issue: &Value, path: &[&str], list: &str, cut_at: Option<usize>) -> bool {
    let Some(part) = at(issue, path) else { return true };
    let Some(items) = part.get(list).and_then(Value::as_array) else { return true };
    let total = part.get("total").and_then(Value::as_u64);
    total.is_some_and(|total| total > items.len() as u64) || cut_at.is_some_and(|most| items.len() >= most)
}

/// An answer's JSON, where it is one of Jira's and somebody's.
fn read(answer: &Answer) -> Result<Value, Refusal> {
    let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if answer.status != reqwest::StatusCode::OK {
        // Only words that are known: a header is the server's text.
        let login = if header("x-authentication-denied-reason").contains("CAPTCHA_CHALLENGE") {
            Some("Jira asks for a CAPTCHA after failed logins: log in once with a browser as this account")
        } else {
            let reason = header("x-seraph-loginreason");
            [
                ("AUTHENTICATION_DENIED", "X-Seraph-LoginReason: AUTHENTICATION_DENIED, too many failed logins"),
                ("AUTHENTICATED_FAILED", "X-Seraph-LoginReason: AUTHENTICATED_FAILED, wrong user, password or token"),
                ("AUTHORISATION_FAILED", "X-Seraph-LoginReason: AUTHORISATION_FAILED, no access to Jira"),
            ]
            .into_iter()
            .find_map(|(word, meaning)| reason.contains(word).then_some(meaning))
        };
        return Err(Refusal::Status(answer.status.as_u16(), login));
    }
    if header("x-ausername").eq_ignore_ascii_case("anonymous") || header("x-seraph-loginreason").contains("FAILED") {
        return Err(Refusal::Anonymous);
    }
    // The parser's own words could quote a ticket.
    serde_json::from_slice(&answer.body).map_err(|_| Refusal::Form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut() {
        let of = |issue: Value, most| is_cut(&issue, &["changelog"], "histories", most);
        assert!(of(json!({}), None));
        assert!(of(json!({"changelog": {"total": 2, "histories": [1]}}), None));
        assert!(!of(json!({"changelog": {"total": 1, "histories": [1]}}), Some(40)));
        assert!(!of(json!({"changelog": {"histories": [1]}}), Some(2)));
        assert!(of(json!({"changelog": {"histories": [1, 2]}}), Some(2)));
        assert!(of(json!({"changelog": {"total": 2, "histories": [1, 2]}}), Some(2)));
    }

    #[test]
    fn refusals_quote_nothing_of_the_server() {
        let of = |status: u16, headers: &[(&'static str, &'static str)], body: &'static str| {
            let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
            let status = reqwest::StatusCode::from_u16(status).unwrap();
            read(&Answer { status, headers: headers.collect(), body: Bytes::from_static(body.as_bytes()) })
        };
        let captcha =
            of(401, &[("x-authentication-denied-reason", "CAPTCHA_CHALLENGE; login-url=https://evil")], "hush");
        let said = captcha.unwrap_err().to_string();
        assert!(said.contains("CAPTCHA") && !said.contains("evil") && !said.contains("hush"), "{said}");
        let failed = of(401, &[("x-seraph-loginreason", "AUTHENTICATED_FAILED")], "").unwrap_err().to_string();
        assert!(failed.contains("X-Seraph-LoginReason: AUTHENTICATED_FAILED"), "{failed}");
        assert_eq!(of(200, &[("x-ausername", "anonymous")], "{}"), Err(Refusal::Anonymous));
        assert_eq!(of(200, &[], "<html>"), Err(Refusal::Form));
        assert_eq!(of(200, &[("x-ausername", "bob")], "{}"), Ok(json!({})));
    }
}
