//! A GitHub issue's fields as a record: comments under `_comments`, events under `_events`. Field names: the "Issues", "Issue comments"
//! and "Issue events" pages of GitHub's REST API. Pull requests, which that API lists among the issues, are no tickets. What an issue
//! asks for is understood in `link`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::sieve::Part;
use crate::model::ticket::{Change, Comment, Field, Person, RawState, Record, System, Text};
use crate::sources::export::form;
use crate::sources::export::markup::markdown;
use crate::sources::export::shape::{Markup, Plan, Shape};
use crate::sources::export::value::{at, kind, list, person, text, time};
use crate::sources::export::{self, Flaw};

/// An issue as a record; a pull request is one too, marked as such.
pub(super) fn of(
    source: &str,
    fields: &BTreeMap<Field, String>,
    issue: &Value,
    flaws: &mut Vec<Flaw>,
) -> Result<Record, Flaw> {
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
            first.names.extend(other.names.into_iter().filter(|name| !first.names.contains(name)).collect::<Vec<_>>());
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
        flaws.push(format!("has {announced} comments, of which {} are there", comments.len()));
    }
    let body = text(issue, &["body"], flaws).map(|body| markdown::text(&body)).filter(|body| !body.trim().is_empty());
    let labels = labels(issue, flaws);
    let fields = form::answers(body.as_deref(), &labels, fields);
    Ok(Record {
        source: source.to_owned(),
        system: System::Github,
        id: format!("{repository}#{number}"),
        url: text(issue, &["html_url"], flaws),
        project: repository.clone(),
        repository: Some(repository),
        kind: if at(issue, &["pull_request"]).is_some() {
            Some(PULL.to_owned())
        } else {
            text(issue, &["type", "name"], flaws)
        },
        title: text(issue, &["title"], flaws).unwrap_or_default(),
        texts: body.map(|text| Text { field: "description".to_owned(), text }).into_iter().collect(),
        comments,
        history: history(issue, flaws),
        labels,
        fields,
        state: RawState {
            closed: Some(state == "closed"),
            resolution: text(issue, &["state_reason"], flaws),
            status: state,
        },
        relations: parent(issue).map(|parent| ("child of".to_owned(), parent)).into_iter().collect(),
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

/// Marks what is left out; no issue type can be named so, for it is no name.
const PULL: &str = "\u{0}pull request";

/// Whether it is a pull request.
pub(super) fn is_pull(record: &Record) -> bool {
    record.kind.as_deref() == Some(PULL)
}

/// The issue's history, oldest first. Without its events, who closed it is all that the issue itself tells.
fn history(issue: &Value, flaws: &mut Vec<Flaw>) -> Vec<Change> {
    let mut events: Vec<&Value> = list(issue, &["_events"], flaws).iter().collect();
    events.sort_by_key(|event| event.get("created_at").and_then(Value::as_str).and_then(export::time));
    let word = |event: &Value, path: &[&str]| at(event, path).and_then(Value::as_str).map(str::to_owned);
    let closed = |event: &Value| event.get("event").and_then(Value::as_str) == Some("closed");
    let last = events.iter().rposition(|event| closed(event)).unwrap_or_default();
    let is_closed = issue.get("state").and_then(Value::as_str) == Some("closed");
    let own = word(issue, &["state_reason"]).filter(|_| is_closed);
    let mut out = Vec::new();
    let mut reason: Option<String> = None;
    let mut status = "open";
    for (index, event) in events.into_iter().enumerate() {
        let change = |field: &str, from: Option<String>, to: Option<String>| Change {
            at: word(event, &["created_at"]).as_deref().and_then(export::time),
            author: somebody(event.get("actor")).unwrap_or_default(),
            field: field.to_owned(),
            from,
            to,
        };
        match event.get("event").and_then(Value::as_str).unwrap_or_default() {
            "closed" => {
                if status != "closed" {
                    out.push(change("status", Some(status.to_owned()), Some("closed".to_owned())));
                }
                // The repository's list of events names no reason; the issue has that of the last time.
                let told = word(event, &["state_reason"]).or_else(|| own.clone().filter(|_| index == last));
                // None is "completed": issues had none before there were several.
                let new = told.unwrap_or_else(|| "completed".to_owned());
                if reason.as_ref() != Some(&new) {
                    out.push(change("resolution", reason.take(), Some(new.clone())));
                }
                (status, reason) = ("closed", Some(new));
            }
            "reopened" => {
                out.push(change("status", Some("closed".to_owned()), Some("reopened".to_owned())));
                (status, reason) = ("reopened", None);
            }
            "renamed" => out.push(change("title", word(event, &["rename", "from"]), word(event, &["rename", "to"]))),
            "assigned" => out.push(change("assignee", None, word(event, &["assignee", "login"]))),
            "unassigned" => out.push(change("assignee", word(event, &["assignee", "login"]), None)),
            "labeled" => out.push(change("labels", None, word(event, &["label", "name"]))),
            "unlabeled" => out.push(change("labels", word(event, &["label", "name"]), None)),
            "milestoned" => out.push(change("milestone", None, word(event, &["milestone", "title"]))),
            "demilestoned" => out.push(change("milestone", word(event, &["milestone", "title"]), None)),
            _ => {}
        }
    }
    // A reason that no event tells of was given by nobody knows whom.
    if let Some(own) = own.filter(|own| reason.as_ref().is_some_and(|reason| reason != own)) {
        let at = time(issue, &["closed_at"], flaws);
        let (author, field) = (Person::default(), "resolution".to_owned());
        out.push(Change { at, author, field, from: reason, to: Some(own) });
    }
    if let (true, Some(author)) = (issue.get("_events").is_none(), somebody(issue.get("closed_by"))) {
        let closed_at = time(issue, &["closed_at"], flaws);
        let change = |field: &str, from: Option<&str>, to: String| Change {
            at: closed_at,
            author: author.clone(),
            field: field.to_owned(),
            from: from.map(str::to_owned),
            to: Some(to),
        };
        if closed_at.is_some() {
            out.push(change("status", Some("open"), "closed".to_owned()));
            out.extend(word(issue, &["state_reason"]).map(|reason| change("resolution", None, reason)));
        }
    }
    out
}

/// The issue that this one is a part of (`parent_issue_url`).
fn parent(issue: &Value) -> Option<String> {
    let (repository, number) =
        issue.get("parent_issue_url")?.as_str()?.split("/repos/").nth(1)?.split_once("/issues/")?;
    Some(format!("{repository}#{}", number.parse::<u64>().ok()?))
}

/// What an issue is read for, see `of`: with any other type at these places it is read wholly.
pub(super) const PLAN: Plan = Plan {
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
        ("parent_issue_url", Shape::Told),
        ("_events", Shape::Each(&Shape::Told)),
        ("_comments", Shape::Each(&Shape::Object(&[("body", Shape::Rich(Part::Comment, Markup::Markdown))]))),
    ]),
    checks: 1,
};

fn in_repository(url: &str) -> bool {
    url.split("/repos/").nth(1).is_some_and(|path| path.trim_matches('/').split('/').count() == 2)
}

fn somebody(value: Option<&Value>) -> Option<Person> {
    person(value, &["login", "email"], "name")
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

/// The names of its labels.
pub(super) fn labels(issue: &Value, flaws: &mut Vec<Flaw>) -> Vec<String> {
    let named = |label: &Value| label.as_str().or_else(|| label.get("name")?.as_str()).map(str::to_owned);
    list(issue, &["labels"], flaws).iter().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Account;
    use crate::sources::export::tests_support::{about, collect};
    use crate::sources::github_issues::{Form, GithubIssues};
    use serde_json::json;

    fn read(export: &Value) -> (Vec<Record>, Account) {
        collect(export.to_string().as_bytes(), |files| {
            Box::new(GithubIssues {
                about: about("github-issues"),
                fields: BTreeMap::new(),
                form: Form::Saved("export".into(), files),
            })
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

    #[test]
    fn who_did_what_and_when() {
        let event = |name: &str, at: &str, more: Value| {
            let mut event = json!({"event": name, "created_at": at, "actor": {"login": "carol"}});
            event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            event
        };
        let (records, account) = read(&json!([{
            "number": 7, "repository_url": "https://api.github.com/repos/acme/shop", "title": "Revoke B", "state": "closed",
            "state_reason": "not_planned", "closed_at": "2026-05-05T00:00:00Z", "closed_by": {"login": "eve"},
            "parent_issue_url": "https://api.github.com/repos/acme/access/issues/3",
            "_events": [
                event("reopened", "2026-05-03T00:00:00Z", json!({})),
                event("closed", "2026-05-02T00:00:00Z", json!({"state_reason": "completed"})),
                event("renamed", "2026-05-01T00:00:00Z", json!({"rename": {"from": "Revoke A", "to": "Revoke B"}})),
                event("closed", "2026-05-04T00:00:00Z", json!({"state_reason": null})),
                event("closed", "2026-05-05T00:00:00Z", json!({"state_reason": "not_planned"})),
                event("subscribed", "2026-05-06T00:00:00Z", json!({})),
            ],
        }]));
        assert_eq!(account.gaps, []);
        let told: Vec<String> = records[0]
            .history
            .iter()
            .map(|c| format!("{}: {} to {}", c.field, c.from.as_deref().unwrap_or("-"), c.to.as_deref().unwrap_or("-")))
            .collect();
        assert_eq!(
            told,
            [
                "title: Revoke A to Revoke B",
                "status: open to closed",
                "resolution: - to completed",
                "status: closed to reopened",
                "status: reopened to closed",
                "resolution: - to completed",
                "resolution: completed to not_planned",
            ]
        );
        assert_eq!(records[0].relations, [("child of".to_owned(), "acme/access#3".to_owned())]);
        // Of a list without events, the issue itself tells who closed it.
        let (records, _) = read(&json!([{
            "number": 8, "repository_url": "https://api.github.com/repos/acme/shop", "title": "x", "state": "closed",
            "state_reason": "duplicate", "closed_at": "2026-05-05T00:00:00Z", "closed_by": {"login": "eve"},
        }]));
        let last = records[0].history.last().unwrap();
        assert_eq!((last.author.label(), last.to.as_deref()), ("eve", Some("duplicate")));
    }

    #[test]
    fn lists_to_tick_and_answers_of_forms_stay() {
        let body = "### Which credential?

DEPLOY_KEY

### Steps

- [x] revoke
- [ ] tell the team
";
        let (records, _) =
            read(&json!([{"number": 9, "repository_url": "https://a/repos/acme/shop", "title": "x", "body": body}]));
        assert_eq!(records[0].texts[0].text, body);
    }
}
