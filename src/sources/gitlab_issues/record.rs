//! A GitLab issue's fields as a record: notes under `_comments`, state events under `_events`. Field names: the "Issues", "Notes" and
//! "Resource state events" pages of GitLab's REST API. What its system notes tell is in `notes`, what an issue asks for is understood in
//! `link`.

use jiff::Timestamp;
use std::collections::BTreeMap;

use serde_json::Value;

use super::notes;
use crate::model::ticket::{Change, Comment, Field, Person, RawState, Record, System, Text};
use crate::sources::export::form;
use crate::sources::export::markup::markdown;
use crate::sources::export::value::{at, kind, list, person, text, time};
use crate::sources::export::{self, Flaw};

/// An issue as a record.
pub(super) fn of(
    source: &str,
    fields: &BTreeMap<Field, String>,
    issue: &Value,
    flaws: &mut Vec<Flaw>,
) -> Result<Record, Flaw> {
    let Some(id) = reference(issue) else {
        return Err(if issue.is_object() { "has no full reference".to_owned() } else { format!("is {}", kind(issue)) });
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
    let (mut history, relations) = notes::read(&comments, &project);
    history.extend(states(issue, closed_at, flaws));
    history.sort_by_key(|change| change.at);
    let announced = at(issue, &["user_notes_count"]).and_then(Value::as_u64).unwrap_or(0);
    let written = comments.iter().filter(|comment| !comment.system).count();
    if announced > written as u64 {
        flaws.push(format!("has {announced} comments, of which {written} are there"));
    }
    // Closed because another issue stands in its place: that one, not this, says whether it is done.
    let resolution = match () {
        () if at(issue, &["_links", "closed_as_duplicate_of"]).is_some() => Some("duplicate".to_owned()),
        () if at(issue, &["moved_to_id"]).is_some() => Some("superseded".to_owned()),
        () => None,
    };
    let body =
        text(issue, &["description"], flaws).map(|body| markdown::text(&body)).filter(|body| !body.trim().is_empty());
    let labels = list(issue, &["labels"], flaws);
    let named = |label: &Value| label.as_str().or_else(|| label.get("name")?.as_str()).map(str::to_owned);
    let labels: Vec<String> = labels.iter().filter_map(named).collect();
    let fields = form::answers(body.as_deref(), &labels, fields);
    Ok(Record {
        source: source.to_owned(),
        system: System::Gitlab,
        url: text(issue, &["web_url"], flaws),
        repository: Some(project.clone()),
        project,
        kind: text(issue, &["issue_type"], flaws),
        title: text(issue, &["title"], flaws).unwrap_or_default(),
        texts: body.map(|text| Text { field: "description".to_owned(), text }).into_iter().collect(),
        comments,
        history,
        labels,
        fields,
        state: RawState { closed: Some(state == "closed"), status: state, resolution },
        relations,
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

/// Who closed and reopened it. Without its state events, who closed it is all that the issue itself tells.
fn states(issue: &Value, closed_at: Option<Timestamp>, flaws: &mut Vec<Flaw>) -> Vec<Change> {
    if issue.get("_events").is_none() {
        let closer = somebody(issue.get("closed_by"));
        return closer.map(|closer| notes::status(closed_at, &closer, Some("opened"), "closed")).into_iter().collect();
    }
    let mut before = "opened";
    let mut out = Vec::new();
    for event in list(issue, &["_events"], flaws) {
        let Some(state) = event.get("state").and_then(Value::as_str) else { continue };
        let when = event.get("created_at").and_then(Value::as_str).and_then(export::time);
        out.push(notes::status(when, &somebody(event.get("user")).unwrap_or_default(), Some(before), state));
        before = state;
    }
    out
}

fn somebody(value: Option<&Value>) -> Option<Person> {
    person(value, &["username", "public_email", "email"], "name")
}

/// `group/project#3`: the full reference, else from the page's address.
pub(super) fn reference(issue: &Value) -> Option<String> {
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
    use crate::sources::Account;
    use crate::sources::export::tests_support::{about, collect};
    use crate::sources::gitlab_issues::{Form, GitlabIssues};
    use serde_json::json;

    fn read(export: &Value) -> (Vec<Record>, Account) {
        collect(export.to_string().as_bytes(), |files| {
            Box::new(GitlabIssues {
                about: about("gitlab-issues"),
                fields: BTreeMap::new(),
                form: Form::Saved("export".into(), files),
            })
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

    #[test]
    fn reopenings_duplicates_and_comments_that_are_missing() {
        let (records, account) = read(&json!([
            {"iid": 5, "references": {"full": "acme/shop#5"}, "title": "x", "state": "closed", "closed_by": {"username": "eve"},
             "closed_at": "2026-05-05T00:00:00Z", "user_notes_count": 2, "moved_to_id": 9,
             "_comments": [{"body": "hi", "system": false, "author": {"username": "bob"}}],
             "_events": [{"state": "closed", "user": {"username": "carol"}, "created_at": "2026-05-01T00:00:00Z"},
                         {"state": "reopened", "user": {"username": "bob"}, "created_at": "2026-05-02T00:00:00Z"},
                         {"state": "closed", "user": {"username": "eve"}, "created_at": "2026-05-05T00:00:00Z"}]},
            {"iid": 6, "references": {"full": "acme/shop#6"}, "title": "x", "state": "closed",
             "_links": {"closed_as_duplicate_of": "https://gitlab.example.com/api/v4/projects/1/issues/5"}}
        ]));
        let told: Vec<(&str, &str, &str)> = records[0]
            .history
            .iter()
            .map(|c| (c.author.label(), c.from.as_deref().unwrap(), c.to.as_deref().unwrap()))
            .collect();
        assert_eq!(told, [("carol", "opened", "closed"), ("bob", "closed", "reopened"), ("eve", "reopened", "closed")]);
        assert_eq!(records[0].state.resolution.as_deref(), Some("superseded"));
        assert_eq!(records[1].state.resolution.as_deref(), Some("duplicate"));
        assert_eq!(account.gaps.len(), 1);
        assert!(account.gaps[0].reason.contains("has 2 comments, of which 1 are there"), "{:?}", account.gaps);
    }
}
