//! An issue of Jira's API to a record: v3 (text in Atlassian Document Format) or v2 (plain text and wiki markup), comments and the
//! changelog where they were asked for. Field names: the "Issue search" and "Issues" pages of Jira Cloud's REST API. What a ticket
//! asks for is understood in `link`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::sieve::Part;
use crate::model::ticket::{Change, Comment, Field, Person, RawState, Record, System, Text};
use crate::sources::About;
use crate::sources::export::markup::{adf, wiki};
use crate::sources::export::shape::{Markup, Plan, Shape};
use crate::sources::export::value::{at, kind, list, person, text, time};
use crate::sources::export::{self, Flaw};

/// The fields that a record is made of, beside the configured ones; nothing else is asked for, attachments least of all.
pub(super) const FIELDS: [&str; 18] = [
    "summary",
    "description",
    "environment",
    "issuetype",
    "project",
    "status",
    "statuscategorychangedate",
    "resolution",
    "resolutiondate",
    "created",
    "updated",
    "duedate",
    "labels",
    "components",
    "reporter",
    "assignee",
    "comment",
    "issuelinks",
];

/// An issue as Jira gives it, in our words. `configured` says which of its fields mean what.
pub(super) fn of(
    about: &About,
    configured: &BTreeMap<Field, String>,
    issue: &Value,
    flaws: &mut Vec<Flaw>,
) -> Result<Record, Flaw> {
    let Some(id) = issue.get("key").and_then(Value::as_str).filter(|key| !key.is_empty()) else {
        return Err("has no key".to_owned());
    };
    let fields = match issue.get("fields") {
        Some(fields @ Value::Object(_)) => fields,
        other => return Err(format!("({id}) has {} for its fields", other.map_or("nothing", kind))),
    };
    let name = |path: &[&str], flaws: &mut Vec<Flaw>| text(fields, path, flaws);
    let status = name(&["status", "name"], flaws).unwrap_or_default();
    let category = name(&["status", "statusCategory", "key"], flaws);
    let mut history = history(issue, flaws);
    history.sort_by_key(|change| change.at);
    let closed = category.map(|key| key == "done");
    let closed_at = time(fields, &["resolutiondate"], flaws).or_else(|| {
        // Without a resolution there is no date: the time of the last change of the status, as well as it is known.
        let moved = history.iter().rev().find(|change| change.field == "status").and_then(|change| change.at);
        let at = moved.or_else(|| time(fields, &["statuscategorychangedate"], flaws));
        (closed == Some(true)).then(|| at.or_else(|| time(fields, &["updated"], flaws))).flatten()
    });
    let project = name(&["project", "key"], flaws)
        .unwrap_or_else(|| id.rsplit_once('-').map_or(id, |(project, _)| project).to_owned());
    let mut labels: Vec<String> =
        list(fields, &["labels"], flaws).iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let components = list(fields, &["components"], flaws);
    labels.extend(components.iter().filter_map(|c| c.get("name")?.as_str()).map(str::to_owned));
    let texts = body(fields.get("description"))
        .map(|text| Text { field: "description".to_owned(), text })
        .into_iter()
        .chain(
            fields
                .get("environment")
                .and_then(|v| body(Some(v)))
                .map(|text| Text { field: "environment".to_owned(), text }),
        )
        .collect();
    Ok(Record {
        source: about.name.clone(),
        system: System::Jira,
        id: id.to_owned(),
        url: issue.get("self").and_then(Value::as_str).and_then(|own| browse(own, id)),
        project,
        repository: None,
        kind: name(&["issuetype", "name"], flaws),
        title: name(&["summary"], flaws).unwrap_or_default(),
        texts,
        comments: comments(fields, flaws),
        history,
        labels,
        fields: configured.iter().filter_map(|(field, key)| Some((*field, shown(fields.get(key)?, *field)?))).collect(),
        state: RawState { status, closed, resolution: name(&["resolution", "name"], flaws) },
        relations: relations(fields, flaws),
        opened_at: time(fields, &["created"], flaws),
        closed_at,
        due_at: name(&["duedate"], flaws).and_then(|due| export::due(&due)),
        updated_at: time(fields, &["updated"], flaws),
        reporter: somebody(fields.get("reporter")).unwrap_or_default(),
        assignee: somebody(fields.get("assignee")),
        approvers: approvers(fields, flaws),
        time_zone: None,
    })
}

/// What an issue is read for, see `record`: with any other type at these places it is read wholly.
pub(super) const PLAN: Plan = Plan {
    item: Shape::Object(&[
        ("key", Shape::Key),
        ("fields", Shape::Object(SHAPES)),
        ("changelog", Shape::Object(&[("histories", Shape::Each(&Shape::Object(HISTORY)))])),
    ]),
    checks: 0,
};
/// What stood there before may be what counts: see `link::settle`.
const HISTORY: &[(&str, Shape)] = &[
    ("created", Shape::Earlier),
    (
        "items",
        Shape::Each(&Shape::Object(&[
            ("field", Shape::Text(Part::Past)),
            ("fromString", Shape::Rich(Part::Past, Markup::Wiki)),
            ("from", Shape::Rich(Part::Past, Markup::Wiki)),
            ("toString", Shape::Rich(Part::Past, Markup::Wiki)),
            ("to", Shape::Rich(Part::Past, Markup::Wiki)),
        ])),
    ),
];
const SHAPES: &[(&str, Shape)] = &[
    ("summary", Shape::Text(Part::Title)),
    ("description", Shape::Rich(Part::Body, Markup::Wiki)),
    ("environment", Shape::Rich(Part::Body, Markup::Wiki)),
    ("issuetype", Shape::Object(&[("name", Shape::Text(Part::Label))])),
    ("labels", Shape::Each(&Shape::Named(Part::Label))),
    ("components", Shape::Each(&Shape::Named(Part::Label))),
    ("project", Shape::Object(&[("key", Shape::Plain)])),
    ("status", Shape::Object(&[("name", Shape::Plain), ("statusCategory", Shape::Object(&[("key", Shape::Plain)]))])),
    ("resolution", Shape::Object(&[("name", Shape::Plain)])),
    ("created", Shape::Time),
    ("updated", Shape::Time),
    ("resolutiondate", Shape::Time),
    ("statuscategorychangedate", Shape::Earlier),
    ("duedate", Shape::Plain),
    (
        "comment",
        Shape::Object(&[
            ("total", Shape::Total),
            ("comments", Shape::Each(&Shape::Object(&[("body", Shape::Rich(Part::Comment, Markup::Wiki))]))),
        ]),
    ),
    ("issuelinks", Shape::Each(&Shape::Told)),
    ("approvals", Shape::Approvals),
];

/// E-mail first: it is what other systems know, too.
fn somebody(value: Option<&Value>) -> Option<Person> {
    person(value, &["emailAddress", "name", "key", "accountId"], "displayName")
}

/// Rich text of either API.
fn body(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(markup) => wiki::text(markup),
        document @ Value::Object(_) => adf::text(document),
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

fn browse(own: &str, id: &str) -> Option<String> {
    let (site, _) = own.split_once("/rest/api/")?;
    Some(format!("{site}/browse/{id}"))
}

fn comments(fields: &Value, flaws: &mut Vec<Flaw>) -> Vec<Comment> {
    let mut comments: Vec<Comment> = list(fields, &["comment", "comments"], flaws)
        .iter()
        .filter_map(|comment| {
            Some(Comment {
                author: writer(comment),
                at: comment.get("created").and_then(Value::as_str).and_then(export::time),
                text: body(comment.get("body"))?,
                system: false,
            })
        })
        .collect();
    comments.sort_by_key(|comment| comment.at);
    if let Some(total) = at(fields, &["comment", "total"]).and_then(Value::as_u64)
        && total > list(fields, &["comment", "comments"], flaws).len() as u64
    {
        flaws.push(format!("has {total} comments, of which {} were given", comments.len()));
    }
    comments
}

fn history(issue: &Value, flaws: &mut Vec<Flaw>) -> Vec<Change> {
    let mut out = Vec::new();
    for entry in list(issue, &["changelog", "histories"], flaws) {
        let author = somebody(entry.get("author")).unwrap_or_default();
        let at = entry.get("created").and_then(Value::as_str).and_then(export::time);
        for item in entry.get("items").and_then(Value::as_array).into_iter().flatten() {
            let side = |key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
            let Some(field) = side("fieldId").or_else(|| side("field")) else { continue };
            let from = shown_before(&field, side("fromString"), side("from"));
            let to = shown_before(&field, side("toString"), side("to"));
            out.push(Change { at, author: author.clone(), field, from, to });
        }
    }
    out
}

/// One side of a change. Options show names, and bare values only have an id; people are known by their id alone, dates by the day
/// that stands there in figures.
fn shown_before(field: &str, shown: Option<String>, raw: Option<String>) -> Option<String> {
    let day = |text: &str| text.get(..10).is_some_and(|day| day.parse::<jiff::civil::Date>().is_ok());
    match field {
        "assignee" | "reporter" => raw.or(shown),
        "description" => shown.map(|text| wiki::text(&text)),
        _ if raw.as_deref().is_some_and(day) => raw,
        _ => shown.or(raw),
    }
}

/// Who answers for a comment's words. One that somebody else edited is nobody's: who wrote which of its words cannot be told.
fn writer(comment: &Value) -> Person {
    let author = somebody(comment.get("author")).unwrap_or_default();
    match somebody(comment.get("updateAuthor")).filter(|other| *other != author) {
        Some(other) => {
            let both = format!("{}, edited by {}", author.label(), other.label());
            Person { names: Vec::new(), display: Some(both) }
        }
        None => author,
    }
}

fn relations(fields: &Value, flaws: &mut Vec<Flaw>) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for link in list(fields, &["issuelinks"], flaws) {
        for (side, word) in [("outwardIssue", "outward"), ("inwardIssue", "inward")] {
            let other = at(link, &[side, "key"]).and_then(Value::as_str);
            let relation = at(link, &["type", word]).and_then(Value::as_str);
            if let (Some(other), Some(relation)) = (other, relation) {
                out.push((relation.to_owned(), other.to_owned()));
            }
        }
    }
    out
}

/// Approvers of Jira Service Management's approvals, those who approved.
fn approvers(fields: &Value, flaws: &mut Vec<Flaw>) -> Vec<Person> {
    let mut out = Vec::new();
    for approval in list(fields, &["approvals"], flaws) {
        for approver in approval.get("approvers").and_then(Value::as_array).into_iter().flatten() {
            let approved = approver.get("approverDecision").and_then(Value::as_str) == Some("approved");
            out.extend(somebody(approver.get("approver")).filter(|_| approved));
        }
    }
    out
}

/// What a configured field holds, in words: an option's value, a person's address, a request type's name, several by commas.
fn shown(value: &Value, field: Field) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Array(items) => {
            let all: Vec<String> = items.iter().filter_map(|item| shown(item, field)).collect();
            all.join(", ")
        }
        Value::Object(_) if value.get("type").and_then(Value::as_str) == Some("doc") => adf::text(value),
        Value::Object(_) => {
            if let Some(person) =
                somebody(Some(value)).filter(|_| value.get("accountId").is_some() || field == Field::Person)
            {
                person.label().to_owned()
            } else {
                let own = ["value", "name"].iter().find_map(|key| value.get(*key)?.as_str());
                let own = own.or_else(|| at(value, &["requestType", "name"])?.as_str())?;
                match at(value, &["child", "value"]).and_then(Value::as_str) {
                    Some(child) => format!("{own} - {child}"),
                    None => own.to_owned(),
                }
            }
        }
    };
    (!text.trim().is_empty()).then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;
    use crate::sources::Account;
    use crate::sources::export::tests_support::{about, collect};
    use crate::sources::jira::{Jira, Settings};
    use crate::sources::tracker::Context;
    use serde_json::json;
    use std::sync::Arc;
    use std::time::Duration;

    fn read(export: &str) -> (Vec<Record>, Account) {
        let fields = BTreeMap::from([
            (Field::Level, "cf1".to_owned()),
            (Field::Person, "cf2".to_owned()),
            (Field::RequestType, "cf3".to_owned()),
        ]);
        collect(export.as_bytes(), |files| {
            let settings = Settings { export: Some("export".into()), fields: fields.clone(), ..Settings::default() };
            let env = Arc::new(Environment::default());
            let context = Context { env: &env, files: &files, max_wait: Duration::ZERO };
            Box::new(Jira::new(about("jira"), settings, Vec::new(), &context).unwrap())
        })
    }

    fn issue() -> Value {
        json!({"key":"SEC-1","self":"https://j.example.com/rest/api/3/issue/1","fields":{
            "summary":"Revoke X","project":{"key":"SEC"},"issuetype":{"name":"Task"},
            "status":{"name":"Closed","statusCategory":{"key":"done"}},"resolution":null,
            "created":"2026-05-04T10:12:00.000+0200","updated":"2026-05-06T10:12:00.000+0200","duedate":"2026-05-07",
            "labels":["leak"],"components":[{"name":"ci"}],
            "reporter":{"accountId":"a1","emailAddress":"bob@example.com","displayName":"Bob"},
            "description":{"type":"doc","content":[{"type":"paragraph","content":[{"type":"text","text":"text"}]}]},
            "comment":{"total":1,"comments":[{"author":{"name":"dave"},"created":"2026-05-05T08:39:00.000+0200","body":"{{done}}"}]},
            "issuelinks":[{"type":{"outward":"duplicates"},"outwardIssue":{"key":"SEC-9"}}],
            "cf1":{"value":"Read"},"cf2":{"accountId":"a2","emailAddress":"eve@example.com"},"cf3":{"requestType":{"name":"Leaver"}},
            "unknown":{"x":[1]}},
            "changelog":{"histories":[{"author":{"name":"dave"},"created":"2026-05-05T09:00:00.000+0200",
                "items":[{"field":"status","fromString":"Open","toString":"Closed"}]}]}})
    }

    #[test]
    fn one_ticket_whole() {
        let (records, account) = read(&json!({"total":1,"issues":[issue()]}).to_string());
        assert_eq!(account.gaps, []);
        let r = &records[0];
        assert_eq!((r.id.as_str(), r.project.as_str()), ("SEC-1", "SEC"));
        assert_eq!(r.url.as_deref(), Some("https://j.example.com/browse/SEC-1"));
        assert_eq!(r.closed_at.unwrap().to_string(), "2026-05-05T07:00:00Z");
        assert_eq!(r.due_at.unwrap().to_string(), "2026-05-07T23:59:59Z");
        assert_eq!(r.comments[0].text, "`done`");
        assert_eq!(r.reporter.label(), "bob@example.com");
        assert_eq!(r.fields[&Field::Level], "Read");
        assert_eq!(r.fields[&Field::Person], "eve@example.com");
        assert_eq!(r.fields[&Field::RequestType], "Leaver");
        assert_eq!(r.relations, [("duplicates".to_owned(), "SEC-9".to_owned())]);
        assert_eq!(account.exported_at.unwrap().to_string(), "2026-05-06T08:12:00Z");
    }

    #[test]
    fn wrong_types_cost_their_ticket_only() {
        let mut odd = issue();
        odd["fields"]["labels"] = json!("leak");
        odd["fields"]["created"] = json!("yesterday");
        let export = json!([{"key":"SEC-2","fields":[]}, 7, {"fields":{}}, odd, issue()]).to_string();
        let (records, account) = read(&export);
        assert_eq!(records.len(), 2);
        let reasons: Vec<&str> = account.gaps.iter().map(|gap| gap.reason.as_str()).collect();
        assert_eq!(
            reasons,
            [
                "export: item 1 (line 1, byte 1) (SEC-2) has a list for its fields",
                "export: item 2 (line 1, byte 29) has no key",
                "export: item 3 (line 1, byte 31) has no key",
                "export: SEC-1 has a text where a list is expected: labels",
                "export: SEC-1 has no readable time: created",
            ]
        );
    }

    #[test]
    fn cut_off_short_and_empty() {
        let whole = json!({"total":1,"issues":[issue(), issue()]}).to_string();
        let (records, account) = read(&whole[..whole.len() - 40]);
        assert_eq!(records.len(), 1);
        assert!(account.gaps[0].reason.contains("ends in the middle, at line 1, byte"), "{:?}", account.gaps);
        let (_, account) = read(&json!({"total":9,"issues":[issue()]}).to_string());
        assert_eq!(account.gaps[0].reason, "export: announces 9 tickets and holds 1");
        assert_eq!(read("[]").1.gaps[0].reason, "export: holds no tickets at all");
        assert_eq!(read("{}").1.gaps[0].reason, "export: holds no list of tickets");
        assert_eq!(read("{\"errorMessages\":[\"x\"]}").1.gaps.len(), 1);
    }
}
