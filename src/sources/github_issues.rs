//! GitHub issues from a saved list, comments under `_comments`. Field names: the "Issues" page of GitHub's REST API. Pull requests,
//! which that API lists among the issues, are no tickets. What an issue asks for is understood in `link`.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::config::Files;
use crate::model::sieve::Part;
use crate::model::ticket::{Comment, Person, RawState, Record, System, Text};
use crate::sources::export::markup::markdown;
use crate::sources::export::skim::{Markup, Plan, Shape};
use crate::sources::export::value::{at, kind, list, person, text, time};
use crate::sources::export::{self, Flaw};
use crate::sources::{About, Account, TicketSource, Wanted};

/// Settings of a `github-issues` source.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A saved list of issues, comments under `_comments`.
    pub export: String,
}

/// A saved list of GitHub issues.
pub struct GithubIssues {
    about: About,
    settings: Settings,
    files: Files,
}

impl GithubIssues {
    /// Takes its settings; nothing is read yet.
    #[must_use]
    pub fn new(about: About, settings: Settings, files: Files) -> Self {
        Self { about, settings, files }
    }

    fn record(&self, issue: &Value, flaws: &mut Vec<Flaw>) -> Result<Record, Flaw> {
        let Some(number) = issue.get("number").and_then(Value::as_u64) else {
            return Err(if issue.is_object() { "has no number".to_owned() } else { format!("is {}", kind(issue)) });
        };
        let Some(repository) = repository(issue) else {
            return Err(format!("(#{number}) does not say its repository"));
        };
        let state = text(issue, &["state"], flaws).unwrap_or_default();
        let assignees = list(issue, &["assignees"], flaws);
        let assignee = somebody(issue.get("assignee")).or_else(|| {
            let all: Vec<Person> = assignees.iter().filter_map(|one| somebody(Some(one))).collect();
            all.into_iter().next()
        });
        // Everybody who is assigned counts as the assignee.
        let assignee = assignee.map(|mut first| {
            for other in assignees.iter().filter_map(|one| somebody(Some(one))) {
                first
                    .names
                    .extend(other.names.into_iter().filter(|name| !first.names.contains(name)).collect::<Vec<_>>());
            }
            first
        });
        let mut comments: Vec<Comment> = list(issue, &["_comments"], flaws)
            .iter()
            .filter_map(|comment| {
                Some(Comment {
                    author: somebody(comment.get("user")).unwrap_or_default(),
                    at: comment.get("created_at").and_then(Value::as_str).and_then(export::time),
                    text: markdown::text(comment.get("body")?.as_str()?),
                    system: false,
                })
            })
            .collect();
        comments.sort_by_key(|comment| comment.at);
        let announced = at(issue, &["comments"]).and_then(Value::as_u64).unwrap_or(0);
        if announced > comments.len() as u64 {
            flaws.push(format!("has {announced} comments, of which the export holds {}", comments.len()));
        }
        let body =
            text(issue, &["body"], flaws).map(|body| markdown::text(&body)).filter(|body| !body.trim().is_empty());
        Ok(Record {
            source: self.about.name.clone(),
            system: System::Github,
            id: format!("{repository}#{number}"),
            url: text(issue, &["html_url"], flaws),
            project: repository.clone(),
            repository: Some(repository),
            kind: text(issue, &["type", "name"], flaws),
            title: text(issue, &["title"], flaws).unwrap_or_default(),
            texts: body.map(|text| Text { field: "description".to_owned(), text }).into_iter().collect(),
            comments,
            history: Vec::new(),
            labels: labels(issue, flaws),
            fields: std::collections::BTreeMap::new(),
            state: RawState {
                closed: Some(state == "closed"),
                resolution: text(issue, &["state_reason"], flaws),
                status: state,
            },
            relations: Vec::new(),
            opened_at: time(issue, &["created_at"], flaws),
            closed_at: time(issue, &["closed_at"], flaws),
            due_at: text(issue, &["milestone", "due_on"], flaws).and_then(|due| export::due(&due)),
            updated_at: time(issue, &["updated_at"], flaws),
            reporter: somebody(issue.get("user")).unwrap_or_default(),
            assignee,
            approvers: Vec::new(),
            time_zone: None,
        })
    }
}

#[async_trait]
impl TicketSource for GithubIssues {
    fn about(&self) -> &About {
        &self.about
    }

    async fn tickets(&self, want: &Wanted, sink: &mut (dyn FnMut(Record) + Send)) -> Account {
        let path = &self.settings.export;
        let mut issues_only = |record: Record| {
            if record.kind.as_deref() != Some(PULL) {
                sink(record);
            }
        };
        let convert = |issue: &Value, flaws: &mut Vec<Flaw>| {
            let mut record = self.record(issue, flaws)?;
            if at(issue, &["pull_request"]).is_some() {
                record.kind = Some(PULL.to_owned());
            }
            Ok(record)
        };
        let sift = want.sieve.as_deref().map(|sieve| export::Sift { sieve, plan: PLAN, fields: Vec::new() });
        let lists = &["items", "issues"];
        export::sifted(&self.about, &self.files, path, lists, &mut issues_only, &convert, sift.as_ref())
    }
}

/// Marks what is left out; no issue type can be named so, for it is no name.
const PULL: &str = "\u{0}pull request";

fn somebody(value: Option<&Value>) -> Option<Person> {
    person(value, &["login", "email"], "name")
}

/// What an issue is read for, see `record`: with any other type at these places it is read wholly.
const PLAN: Plan = Plan {
    item: Shape::Object(&[
        ("number", Shape::Number),
        ("repository_url", Shape::Checked(in_repository)),
        ("html_url", Shape::Plain),
        ("pull_request", Shape::Nothing),
        ("title", Shape::Text(Part::Title)),
        ("body", Shape::Rich(Part::Body, Markup::Markdown)),
        ("type", Shape::Object(&[("name", Shape::Text(Part::Label))])),
        ("labels", Shape::Each(&Shape::Named(Part::Label))),
        ("state", Shape::Plain),
        ("state_reason", Shape::Plain),
        ("milestone", Shape::Object(&[("due_on", Shape::Plain)])),
        ("assignees", Shape::Each(&Shape::Any)),
        ("created_at", Shape::Time),
        ("closed_at", Shape::Time),
        ("updated_at", Shape::Time),
        ("comments", Shape::Total),
        ("_comments", Shape::Each(&Shape::Object(&[("body", Shape::Rich(Part::Comment, Markup::Markdown))]))),
    ]),
    checks: 1,
};

fn in_repository(url: &str) -> bool {
    url.split("/repos/").nth(1).is_some_and(|path| path.trim_matches('/').split('/').count() == 2)
}

/// `owner/name`, from the API's address of the repository, else from the issue's page.
fn repository(issue: &Value) -> Option<String> {
    let api = issue.get("repository_url").and_then(Value::as_str).and_then(|url| url.split("/repos/").nth(1));
    let full = at(issue, &["repository", "full_name"]).and_then(Value::as_str);
    let page = issue.get("html_url").and_then(Value::as_str).and_then(|url| {
        let (front, _) = url.rsplit_once("/issues/").or_else(|| url.rsplit_once("/pull/"))?;
        let mut parts = front.rsplitn(3, '/');
        let (name, owner) = (parts.next()?, parts.next()?);
        Some(&front[front.len() - owner.len() - name.len() - 1..])
    });
    let found = api.or(full).or(page)?.trim_matches('/');
    (found.split('/').count() == 2).then(|| found.to_owned())
}

fn labels(issue: &Value, flaws: &mut Vec<Flaw>) -> Vec<String> {
    let named = |label: &Value| label.as_str().or_else(|| label.get("name")?.as_str()).map(str::to_owned);
    list(issue, &["labels"], flaws).iter().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::export::tests_support::{about, collect};
    use serde_json::json;

    fn read(export: &Value) -> (Vec<Record>, Account) {
        collect(export.to_string().as_bytes(), |files| {
            Box::new(GithubIssues::new(about("github-issues"), Settings { export: "export".into() }, files))
        })
    }

    #[test]
    fn issues_and_no_pull_requests() {
        let (records, account) = read(&json!([
            {"number":41,"repository_url":"https://g.example.com/api/v3/repos/acme/shop","title":"Renew X","state":"closed",
             "state_reason":"not_planned","body":"a<!-- b -->","user":{"login":"bob"},"labels":[{"name":"ci"},"x"],
             "assignees":[{"login":"carol"},{"login":"dave"}],"created_at":"2026-07-29T09:00:00Z","comments":2,
             "_comments":[{"user":{"login":"eve"},"body":"hi","created_at":"2026-07-30T09:00:00Z"}]},
            {"number":42,"html_url":"https://github.com/acme/shop/pull/42","pull_request":{},"title":"PR","state":"open"},
            {"title":"no number"}, []
        ]));
        assert_eq!(records.len(), 1);
        let r = &records[0];
        assert_eq!((r.id.as_str(), r.repository.as_deref()), ("acme/shop#41", Some("acme/shop")));
        assert_eq!(r.texts[0].text, "a");
        assert_eq!(r.labels, ["ci", "x"]);
        assert_eq!(r.assignee.as_ref().unwrap().names, ["carol", "dave"]);
        assert_eq!(account.gaps.len(), 3, "{:?}", account.gaps);
    }
}
