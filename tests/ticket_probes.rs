//! Many ways to say one thing: ends of an access, dates, which of several names is meant, what asks for nothing (`probes/*.yaml`). Each is read
//! from a tracker's export; and once more where nothing is known, to see that the sieve keeps whatever bears on a verdict.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use driftgate::config::{Environment, Files};
use driftgate::link::Index;
use driftgate::model::inventory::{Inventory, Level};
use driftgate::model::settings::Settings;
use driftgate::model::ticket::{Intent, Record, State, Ticket};
use driftgate::sources::jira::{Jira, Settings as JiraSettings};
use driftgate::sources::tracker::Context;
use driftgate::sources::{About, TicketSource, Wanted};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

/// A ticket, and what is asked of its reading.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Probe {
    title: String,
    text: String,
    #[serde(default)]
    kind: String,
    closed: Option<String>,
    /// Who, when, what.
    #[serde(default)]
    comments: Vec<(String, String, String)>,
    intent: Intent,
    links: Option<Vec<String>>,
    level: Option<Level>,
    #[serde(default, deserialize_with = "stated")]
    end: Option<Option<Timestamp>>,
    #[serde(default, deserialize_with = "stated")]
    effective: Option<Option<Timestamp>>,
}

/// Tells a null from no word about it.
fn stated<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<Timestamp>>, D::Error> {
    Option::<Timestamp>::deserialize(from).map(Some)
}

fn exported(number: usize, probe: &Probe) -> Value {
    let person = |name: &str| json!({"accountId": format!("id-{name}"), "emailAddress": format!("{name}@example.com"), "displayName": name});
    let comments: Vec<Value> = (probe.comments.iter().enumerate())
        .map(|(at, (who, when, text))| json!({"id": format!("{at}"), "author": person(who), "created": when, "updated": when, "body": text}))
        .collect();
    let created = "2026-08-03T09:00:00Z";
    let mut fields = json!({
        "summary": probe.title, "description": probe.text, "issuetype": {"name": probe.kind}, "labels": [], "project": {"key": "P"},
        "status": {"name": "To Do", "statusCategory": {"key": "new"}}, "created": created, "updated": created,
        "reporter": person("bob"), "assignee": person("dave"), "comment": {"comments": comments, "total": comments.len()},
    });
    if let Some(closed) = &probe.closed {
        fields["status"] = json!({"name": "Done", "statusCategory": {"key": "done"}});
        fields["resolution"] = json!({"name": "Done"});
        fields["resolutiondate"] = json!(closed);
    }
    json!({"id": format!("{number}"), "key": format!("P-{number}"), "fields": fields})
}

/// The same, done.
fn closed(mut issue: Value) -> Value {
    issue["fields"]["status"] = json!({"name": "Done", "statusCategory": {"key": "done"}});
    issue["fields"]["resolution"] = json!({"name": "Done"});
    issue["fields"]["resolutiondate"] = json!("2026-08-30T09:00:00Z");
    issue
}

/// The tickets of an export, by their numbers.
fn read(folder: &Path, wanted: &Wanted) -> BTreeMap<usize, Record> {
    let (env, files) = (Arc::new(Environment::from_iter([])), Files::Tree(folder.to_owned()));
    let context = Context { env: &env, files: &files, max_wait: Duration::ZERO };
    let about = About { name: "jira".into(), kind: "jira".into(), required: true, authority: None };
    let settings = JiraSettings { export: Some("jira.json".into()), ..JiraSettings::default() };
    let source = Jira::new(about, settings, Vec::new(), &context).unwrap();
    let mut out = BTreeMap::new();
    let account = futures::executor::block_on(source.tickets(wanted, &mut |record: Record| {
        out.insert(record.id.rsplit('-').next().unwrap().parse().unwrap(), record);
    }));
    assert_eq!(account.gaps, []);
    out
}

fn wrong(probe: &Probe, ticket: &Ticket) -> Vec<String> {
    let mut out = Vec::new();
    let mut differs = |what: &str, want: String, got: String| {
        if want != got {
            out.push(format!("{what}: want {want}, got {got}"));
        }
    };
    differs("intent", format!("{:?}", probe.intent), format!("{:?}", ticket.intent));
    if let Some(links) = &probe.links {
        let (mut want, mut got) = (links.clone(), Vec::new());
        got.extend(ticket.links.iter().map(|link| link.credential.to_string()));
        want.sort();
        got.sort();
        differs("links", format!("{want:?}"), format!("{got:?}"));
    }
    if probe.level.is_some() {
        differs("level", format!("{:?}", probe.level), format!("{:?}", ticket.access.level));
    }
    if let Some(end) = probe.end {
        differs("end", format!("{end:?}"), format!("{:?}", ticket.window.as_ref().and_then(|window| window.end)));
    }
    if let Some(effective) = probe.effective {
        differs("effective", format!("{effective:?}"), format!("{:?}", ticket.effective_at));
    }
    out
}

/// Whether anything of a ticket can show in a report.
fn bears(ticket: &Ticket) -> bool {
    let done = ticket.state == State::Done && matches!(ticket.intent, Intent::Revoke | Intent::Rotate);
    let shows = !ticket.links.is_empty() || ticket.intent == Intent::Offboard || done;
    ticket.intent != Intent::None && (shows || (ticket.approved && !ticket.ambiguous.is_empty()))
}

fn all_of(file: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/probes");
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let inventory: Inventory = serde_yaml::from_str(&text("inventory.yaml")).unwrap();
    let probes: Vec<Probe> = serde_yaml::from_str(&text(file)).unwrap();
    let index = Index::new(&inventory, &[], &Settings::default());
    let scratch = tempfile::tempdir().unwrap();
    let save = |issues: Vec<Value>| {
        let export = json!({"issues": issues, "total": issues.len()}).to_string();
        std::fs::write(scratch.path().join("jira.json"), export).unwrap();
    };
    save(probes.iter().enumerate().map(|(number, probe)| exported(number, probe)).collect());
    let whole = read(scratch.path(), &Wanted::default());
    assert_eq!(whole.len(), probes.len());
    let mut failures = Vec::new();
    for (number, record) in &whole {
        let (probe, ticket) = (&probes[*number], index.understand(record, "2026-09-01T12:00:00Z".parse().unwrap()));
        let wrong = wrong(probe, &ticket);
        if !wrong.is_empty() {
            let comments: Vec<&String> = probe.comments.iter().map(|(.., text)| text).collect();
            failures.push(format!(
                "{:?} {:?} {comments:?}\n  {}\n  why: {:?}",
                probe.title,
                probe.text,
                wrong.join("\n  "),
                ticket.why
            ));
        }
    }
    assert!(failures.is_empty(), "{} of {} tickets:\n{}", failures.len(), probes.len(), failures.join("\n"));
    // Where nothing is known and all of them are done, whatever bears is what the words ask for.
    save(probes.iter().enumerate().map(|(number, probe)| closed(exported(number, probe))).collect());
    let none: Inventory = serde_yaml::from_str("schema: driftgate/inventory/v1").unwrap();
    let index = Index::new(&none, &[], &Settings::default());
    let sieved = read(scratch.path(), &Wanted { sieve: Some(index.sieve()), ..Wanted::default() });
    for (number, record) in &read(scratch.path(), &Wanted::default()) {
        let ticket = index.understand(record, "2026-09-01T12:00:00Z".parse().unwrap());
        let (probe, kept) = (&probes[*number], sieved.contains_key(number));
        assert!(kept || !bears(&ticket), "the sieve leaves out {:?} {:?}: {:?}", probe.title, probe.text, ticket.why);
    }
}

#[test]
fn an_access_ends_in_many_words() {
    all_of("ends.yaml");
    all_of("windows.yaml");
}

#[test]
fn comments_end_an_access_sooner_or_later() {
    all_of("ends-in-comments.yaml");
}

#[test]
fn actions_hold_from_a_day() {
    all_of("effective.yaml");
    all_of("leavers-and-moves.yaml");
}

#[test]
fn requests_in_titles_and_texts() {
    all_of("titles.yaml");
    all_of("texts.yaml");
    all_of("grants.yaml");
}

#[test]
fn one_of_several_names() {
    all_of("several-names.yaml");
    all_of("namesakes.yaml");
    all_of("lists.yaml");
}

#[test]
fn what_asks_for_nothing() {
    all_of("asks-for-nothing.yaml");
}
