//! GitLab issues from a saved list, comments and system notes under `_comments`. Field names: the "Issues" and "Notes" pages of
//! GitLab's REST API. What an issue asks for is understood in `link`.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::config::Files;
use crate::model::sieve::Part;
use crate::model::ticket::{Change, Comment, Person, RawState, Record, System, Text};
use crate::sources::export::markup::markdown;
use crate::sources::export::skim::{Markup, Plan, Shape};
use crate::sources::export::value::{kind, list, person, text, time};
use crate::sources::export::{self, Flaw};
use crate::sources::{About, Account, TicketSource, Wanted};

/// Settings of a `gitlab-issues` source.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A saved list of issues, notes under `_comments`.
    pub export: String,
}

/// A saved list of GitLab issues.
pub struct GitlabIssues {
    about: About,
    settings: Settings,
    files: Files,
}

impl GitlabIssues {
    /// Takes its settings; nothing is read yet.
    #[must_use]
    pub fn new(about: About, settings: Settings, files: Files) -> Self {
        Self { about, settings, files }
    }

    fn record(&self, issue: &Value, flaws: &mut Vec<Flaw>) -> Result<Record, Flaw> {
        let Some(id) = reference(issue) else {
            return Err(if issue.is_object() {
                "has no full reference".to_owned()
            } else {
                format!("is {}", kind(issue))
            });
        };
        let project = id.rsplit_once('#').map_or(id.as_str(), |(project, _)| project).to_owned();
        let state = text(issue, &["state"], flaws).unwrap_or_default();
        let mut comments: Vec<Comment> = list(issue, &["_comments"], flaws)
            .iter()
            .filter_map(|note| {
                Some(Comment {
                    author: somebody(note.get("author")).unwrap_or_default(),
                    at: note.get("created_at").and_then(Value::as_str).and_then(export::time),
                    text: markdown::text(note.get("body")?.as_str()?),
                    system: note.get("system").and_then(Value::as_bool).unwrap_or(false),
                })
            })
            .collect();
        comments.sort_by_key(|comment| comment.at);
        let assignees: Vec<Person> =
            list(issue, &["assignees"], flaws).iter().filter_map(|one| somebody(Some(one))).collect();
        // Everybody who is assigned counts as the assignee.
        let assignee = assignees.into_iter().chain(somebody(issue.get("assignee"))).reduce(|mut first, other| {
            first.names.extend(other.names.into_iter().filter(|name| !first.names.contains(name)).collect::<Vec<_>>());
            first
        });
        let closed_at = time(issue, &["closed_at"], flaws);
        // Who closed it is the only entry of its history that a list gives.
        let history = somebody(issue.get("closed_by"))
            .map(|author| Change {
                at: closed_at,
                author,
                field: "status".to_owned(),
                from: Some("opened".to_owned()),
                to: Some("closed".to_owned()),
            })
            .into_iter()
            .collect();
        let body = text(issue, &["description"], flaws)
            .map(|body| markdown::text(&body))
            .filter(|body| !body.trim().is_empty());
        let labels = list(issue, &["labels"], flaws);
        let named = |label: &Value| label.as_str().or_else(|| label.get("name")?.as_str()).map(str::to_owned);
        Ok(Record {
            source: self.about.name.clone(),
            system: System::Gitlab,
            url: text(issue, &["web_url"], flaws),
            repository: Some(project.clone()),
            project,
            kind: text(issue, &["issue_type"], flaws),
            title: text(issue, &["title"], flaws).unwrap_or_default(),
            texts: body.map(|text| Text { field: "description".to_owned(), text }).into_iter().collect(),
            comments,
            history,
            labels: labels.iter().filter_map(named).collect(),
            fields: std::collections::BTreeMap::new(),
            state: RawState { closed: Some(state == "closed"), status: state, resolution: None },
            relations: Vec::new(),
            opened_at: time(issue, &["created_at"], flaws),
            closed_at,
            due_at: text(issue, &["due_date"], flaws).and_then(|due| export::due(&due)),
            updated_at: time(issue, &["updated_at"], flaws),
            reporter: somebody(issue.get("author")).unwrap_or_default(),
            assignee,
            approvers: Vec::new(),
            time_zone: None,
            id,
        })
    }
}

#[async_trait]
impl TicketSource for GitlabIssues {
    fn about(&self) -> &About {
        &self.about
    }

    async fn tickets(&self, want: &Wanted, sink: &mut (dyn FnMut(Record) + Send)) -> Account {
        let path = &self.settings.export;
        let convert = |issue: &Value, flaws: &mut Vec<Flaw>| self.record(issue, flaws);
        let sift = want.sieve.as_deref().map(|sieve| export::Sift { sieve, plan: PLAN, fields: Vec::new() });
        export::sifted(&self.about, &self.files, path, &["issues"], sink, &convert, sift.as_ref())
    }
}

/// What an issue is read for, see `record`: with any other type at these places it is read wholly.
const PLAN: Plan = Plan {
    item: Shape::Object(&[
        ("iid", Shape::Plain),
        ("references", Shape::Object(&[("full", Shape::Reference)])),
        ("title", Shape::Text(Part::Title)),
        ("description", Shape::Rich(Part::Body, Markup::Markdown)),
        ("issue_type", Shape::Text(Part::Label)),
        ("labels", Shape::Each(&Shape::Named(Part::Label))),
        ("state", Shape::Plain),
        ("web_url", Shape::Plain),
        ("due_date", Shape::Plain),
        ("assignees", Shape::Each(&Shape::Any)),
        ("created_at", Shape::Time),
        ("closed_at", Shape::Time),
        ("updated_at", Shape::Time),
        ("_comments", Shape::Each(&Shape::Object(&[("body", Shape::Rich(Part::Comment, Markup::Markdown))]))),
    ]),
    checks: 0,
};

fn somebody(value: Option<&Value>) -> Option<Person> {
    person(value, &["username", "public_email", "email"], "name")
}

/// `group/project#3`: the full reference, else from the page's address.
fn reference(issue: &Value) -> Option<String> {
    let full = issue.get("references").and_then(|r| r.get("full")).and_then(Value::as_str);
    if let Some(full) = full.filter(|full| full.contains('#')) {
        return Some(full.to_owned());
    }
    let iid = issue.get("iid")?.as_u64()?;
    let url = issue.get("web_url")?.as_str()?;
    let (project, _) = url.split_once("/-/")?;
    let path = project.split_once("://")?.1.split_once('/')?.1;
    Some(format!("{path}#{iid}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::export::tests_support::{about, collect};
    use serde_json::json;

    fn read(export: &Value) -> (Vec<Record>, Account) {
        collect(export.to_string().as_bytes(), |files| {
            Box::new(GitlabIssues::new(about("gitlab-issues"), Settings { export: "export".into() }, files))
        })
    }

    #[test]
    fn notes_and_closer() {
        let (records, account) = read(&json!([
            {"iid":3,"references":{"full":"acme/payments#3"},"title":"Rotate X","state":"closed","description":null,
             "closed_at":"2026-05-27T13:45:00.000Z","closed_by":{"username":"carol"},"due_date":"2026-10-15",
             "assignees":[{"username":"carol","name":"Carol"}],"labels":["security"],
             "_comments":[{"body":"marked this issue as a duplicate of #1","system":true,"author":{"username":"carol"}}]},
            {"iid":4,"web_url":"https://g.example.com/a/b/c/-/issues/4","title":"x","state":"opened"},
            {"iid":5}
        ]));
        assert_eq!(records[0].id, "acme/payments#3");
        assert!(records[0].comments[0].system);
        assert_eq!(records[0].history[0].author.names, ["carol"]);
        assert_eq!(records[1].repository.as_deref(), Some("a/b/c"));
        assert_eq!(account.gaps.len(), 1);
    }
}
