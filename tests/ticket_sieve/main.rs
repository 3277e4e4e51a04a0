//! Tickets that are left out before they are understood bear on nothing: with them and without, the report is the same, byte for byte; and
//! what the stream of tickets links to is what a search for every name in every text finds.

#![allow(clippy::unwrap_used)]

mod exports;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use driftgate::config::{Environment, Files};
use driftgate::link::Index;
use driftgate::model::inventory::Inventory;
use driftgate::model::settings::Settings;
use driftgate::model::sieve::{Part, Reader, Sieve};
use driftgate::model::ticket::{Intent, Record, State, Ticket};
use driftgate::sources::github_issues::{self, GithubIssues};
use driftgate::sources::gitlab_issues::{self, GitlabIssues};
use driftgate::sources::jira::{self, Jira};
use driftgate::sources::tracker::Context;
use driftgate::sources::{About, Account, TicketSource, Wanted};
use exports::{TOGETHER, export};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::stream::{self, Dice, Known};

fn now() -> jiff::Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

/// Whether anything of a ticket can show in a report: it links, somebody leaves, it is done and names nothing, it cannot be mapped, or it
/// was withdrawn after it was done or for another one.
fn bears(ticket: &Ticket) -> bool {
    let done = ticket.state == State::Done && matches!(ticket.intent, Intent::Revoke | Intent::Rotate);
    ticket.intent != Intent::None
        && (!ticket.links.is_empty()
            || ticket.intent == Intent::Offboard
            || done
            || (ticket.approved && !ticket.ambiguous.is_empty())
            || !ticket.remarks.is_empty()
            || !ticket.duplicate_of.is_empty())
}

fn about(kind: &str) -> About {
    About { name: kind.to_owned(), kind: kind.to_owned(), required: true, authority: None }
}

fn source(kind: &str, folder: &Path) -> Box<dyn TicketSource> {
    let files = Files::Tree(folder.to_owned());
    let env = Arc::new(Environment::from_iter([]));
    let max_wait = Duration::ZERO;
    let export = "export.json".to_owned();
    let fields = [("approval", "cf1"), ("credential", "cf2"), ("request_type", "cf3")];
    let fields: Value = fields.into_iter().map(|(field, key)| (field.to_owned(), json!(key))).collect();
    match kind {
        "jira" => {
            let settings =
                serde_json::from_value::<jira::Settings>(json!({"export": export, "fields": fields})).unwrap();
            let context = Context { env: &env, files: &files, max_wait };
            Box::new(Jira::new(about(kind), settings, Vec::new(), &context).unwrap())
        }
        "github" => {
            let context = github_issues::Context { env: &env, files: &files, max_wait, home: true };
            let settings = github_issues::Settings { export: Some(export), ..github_issues::Settings::default() };
            Box::new(GithubIssues::new(about(kind), settings, &context).unwrap())
        }
        _ => {
            let given = gitlab_issues::Given { env: &env, files: &files, max_wait, usual: true, home: true };
            let settings = gitlab_issues::Settings { export: Some(export), ..gitlab_issues::Settings::default() };
            Box::new(GitlabIssues::new(about(kind), settings, &given).unwrap())
        }
    }
}

fn read(kind: &str, export: &Value, want: &Wanted) -> (Vec<Record>, Account) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("export.json"), export.to_string()).unwrap();
    let mut records = Vec::new();
    let account =
        futures::executor::block_on(source(kind, folder.path()).tickets(want, &mut |record| records.push(record)));
    (records, account)
}

/// Leaves out everything that may be left out.
#[derive(Debug)]
struct Nothing;

impl Sieve for Nothing {
    fn reader(&self) -> Box<dyn Reader + '_> {
        Box::new(Nothing)
    }
}

impl Reader for Nothing {
    fn part(&mut self, _part: Part, _text: &str) {}

    fn keeps(&mut self, _number: &str) -> bool {
        false
    }
}

fn items() -> Vec<(&'static str, Value)> {
    vec![
        (
            "jira",
            json!({"key": "SEC-1", "self": "https://j.example.com/rest/api/3/issue/1", "fields": {
            "summary": "Blank page", "project": {"key": "SEC"}, "issuetype": {"name": "Task"},
            "status": {"name": "Closed", "statusCategory": {"key": "done"}}, "resolution": {"name": "Done"},
            "created": "2026-05-04T10:12:00.000+0200", "updated": "2026-05-06T10:12:00.000+0200", "duedate": "2026-05-07",
            "resolutiondate": "2026-05-05T10:12:00.000+0200", "labels": ["web"], "components": [{"name": "ci"}],
            "reporter": {"accountId": "a1"}, "description": "{{x}} \u{e9} \"y\"", "environment": null, "cf1": {"value": "x"}, "votes": 1.5,
            "comment": {"total": 1, "comments": [{"author": {"name": "dave"}, "created": "2026-05-05T08:39:00.000+0200", "body": "done"}]},
            "issuelinks": [{"type": {"outward": "duplicates"}, "outwardIssue": {"key": "SEC-9"}}]},
            "changelog": {"histories": [{"author": {"name": "dave"}, "created": "2026-05-05T09:00:00.000+0200",
                "items": [{"field": "status", "fromString": "Open", "toString": "Closed"}]}]}}),
        ),
        (
            "github",
            json!({"number": 41, "repository_url": "https://api.github.com/repos/acme/shop", "title": "Blank page", "state": "closed",
            "html_url": "https://github.com/acme/shop/issues/41", "state_reason": "completed", "body": "text", "user": {"login": "bob"},
            "labels": [{"name": "ci"}, "x"], "assignees": [{"login": "carol"}], "created_at": "2026-05-01T09:00:00Z", "pull_request": null,
            "type": {"name": "Bug"}, "milestone": {"due_on": "2026-06-01"}, "closed_at": "2026-05-02T09:00:00Z",
            "updated_at": "2026-05-03T09:00:00Z", "comments": 1,
            "_comments": [{"user": {"login": "eve"}, "body": "hi", "created_at": "2026-05-02T09:00:00Z"}]}),
        ),
        (
            "gitlab",
            json!({"iid": 3, "references": {"full": "acme/payments#3"}, "title": "Blank page", "state": "closed", "description": null,
            "web_url": "https://g.example.com/acme/payments/-/issues/3", "created_at": "2026-05-02T13:45:00.000Z",
            "closed_at": "2026-05-27T13:45:00.000Z", "updated_at": "2026-05-28T13:45:00.000Z", "closed_by": {"username": "carol"},
            "due_date": "2026-10-15", "assignees": [{"username": "carol"}], "labels": ["web"], "issue_type": "issue",
            "_comments": [{"body": "done", "system": true, "author": {"username": "carol"}}]}),
        ),
    ]
}

/// The places of all values in an item.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| places(value, &format!("{at}/{key}"), out)),
        Value::Array(items) => items.iter().enumerate().for_each(|(n, value)| places(value, &format!("{at}/{n}"), out)),
        _ => {}
    }
}

/// What is wrong with an item, when it was changed and whether it counts does not depend on how it is read: each value of each item in
/// turn is made another, and missing.
#[test]
fn what_is_left_out_has_nothing_wrong_with_it() {
    let sieved = Wanted { sieve: Some(Arc::new(Nothing)), ..Wanted::default() };
    let others = [
        json!(null),
        json!(true),
        json!(7),
        json!(-7),
        json!(1.5),
        json!(1e300),
        json!(""),
        json!(" "),
        json!("x"),
        json!("2027-01-01"),
        json!("2026-99-99"),
        json!([]),
        json!([1]),
        json!(["approved"]),
        json!({}),
        json!({"name": 7}),
        json!({"x": [{"y": "doc"}]}),
    ];
    for (kind, item) in items() {
        let mut all = vec![item.clone()];
        let mut found = Vec::new();
        places(&item, "", &mut found);
        for place in found {
            for other in &others {
                let mut changed = item.clone();
                *changed.pointer_mut(&place).unwrap() = other.clone();
                all.push(changed);
            }
            if let Some((parent, key)) = place.rsplit_once('/') {
                let mut changed = item.clone();
                if let Some(fields) = changed.pointer_mut(parent).and_then(Value::as_object_mut) {
                    fields.remove(key);
                }
                all.push(changed);
            }
        }
        let mut sifted = 0;
        for changed in &all {
            let export = json!([changed]);
            let (records, whole) = read(kind, &export, &Wanted::default());
            let (left, quick) = read(kind, &export, &sieved);
            assert_eq!(quick.gaps, whole.gaps, "{kind}: {changed}");
            assert_eq!((quick.exported_at, quick.items), (whole.exported_at, whole.items), "{kind}: {changed}");
            assert_eq!(left.len() as u64 + quick.sifted, records.len() as u64, "{kind}: {changed}");
            sifted += quick.sifted;
        }
        if kind == "gitlab" {
            assert_eq!(sifted, 0, "its notes tell what stood there before: all are read wholly");
            continue;
        }
        assert!(sifted * 3 > all.len() as u64, "{kind}: only {sifted} of {} are left out", all.len());
        assert_eq!(read(kind, &json!([item]), &sieved).1.sifted, 1, "{kind}");
    }
}

#[test]
fn bytes_that_are_no_ordinary_json_are_read_wholly() {
    let sieved = Wanted { sieve: Some(Arc::new(Nothing)), ..Wanted::default() };
    let folder = tempfile::tempdir().unwrap();
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    for odd in [
        "\"a\\ud800\"",
        "\"a\u{1}\"",
        "1e999",
        "01",
        "1.",
        "-",
        "\"\\x\"",
        "nul",
        &deep,
        "\"\\u00zz\"",
        "{\"a\" 1}",
        "[1,]",
    ] {
        let text = format!("[{{\"key\":\"A-1\",\"fields\":{{\"summary\":\"x\",\"odd\":{odd}}}}}]");
        std::fs::write(folder.path().join("export.json"), text).unwrap();
        let source = source("jira", folder.path());
        let run = |want: &Wanted| futures::executor::block_on(source.tickets(want, &mut |_| {}));
        let (whole, quick) = (run(&Wanted::default()), run(&sieved));
        assert_eq!((quick.gaps, quick.sifted), (whole.gaps, 0), "{odd}");
    }
}

fn index(known: &[Known], settings: &Settings) -> Index {
    let inventory: Inventory = serde_json::from_value(stream::inventory(known)).unwrap();
    Index::new(&inventory, &[], settings)
}

/// Every whole occurrence of every name in the records, found the slow way: the texts one behind the other, searched for each name.
fn naive(records: &[Record], known: &[Known]) -> BTreeSet<(String, String)> {
    let (mut all, mut starts) = (String::new(), Vec::new());
    for record in records {
        starts.push(all.len());
        let texts = record.texts.iter().map(|text| &text.text);
        for text in
            std::iter::once(&record.title).chain(texts).chain(record.comments.iter().map(|comment| &comment.text))
        {
            all.push_str(text);
            all.push('\n');
        }
    }
    let joined = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '@'));
    let mut found = BTreeSet::new();
    for known in known {
        for at in memchr::memmem::find_iter(all.as_bytes(), &known.name) {
            let (before, after) = (all[..at].chars().next_back(), all[at + known.name.len()..].chars().next());
            if !joined(before) && !joined(after) {
                let record = &records[starts.partition_point(|start| *start <= at) - 1];
                found.insert((record.id.clone(), known.id.clone()));
            }
        }
    }
    found
}

#[test]
fn links_are_what_a_search_for_every_name_finds() {
    let known = stream::known(5_000);
    let index = index(&known, &Settings::default());
    let tickets: Vec<Value> = (0..2_000).map(|number| stream::ticket(number, &known).0).collect();
    let sieved = Wanted { sieve: Some(index.sieve()), ..Wanted::default() };
    let (records, account) = read("jira", &json!(tickets), &sieved);
    let found: Vec<(String, String)> = records
        .iter()
        .map(|record| index.understand(record, now()))
        .flat_map(|ticket| ticket.links.into_iter().map(move |link| (ticket.id.clone(), link.credential.to_string())))
        .collect();
    let found: BTreeSet<_> = found.into_iter().collect();
    let wanted = naive(&read("jira", &json!(tickets), &Wanted::default()).0, &known);
    assert_eq!(found, wanted);
    assert!(wanted.len() >= 8 && wanted.iter().any(|(_, id)| id.starts_with("gitlab:project-token")));
    assert!(account.sifted > 1_200, "{} of 2000 are left out", account.sifted);
}

/// What the words are read against.
static READ: LazyLock<Index> = LazyLock::new(|| {
    let inventory: Inventory = serde_yaml::from_str(include_str!("../tickets/inventory.yaml")).unwrap();
    let mut settings = Settings::default();
    settings.trust.approvers = vec!["grace".to_owned()];
    settings.trust.approved.insert("jira".to_owned(), vec!["Freigegeben".to_owned(), "approved".to_owned()]);
    settings.words.intents = vec![("weg damit".to_owned(), Intent::Revoke), ("huddle".to_owned(), Intent::None)];
    settings.words.weak = vec![("ausmisten".to_owned(), Intent::Revoke)];
    Index::new(&inventory, &[], &settings)
});

/// Some hundred, or as many as DRIFTGATE_CASES says.
fn cases() -> u32 {
    std::env::var("DRIFTGATE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases().div_ceil(u32::try_from(TOGETHER).unwrap())))]

    /// Whatever is left out would have come to nothing.
    #[test]
    fn nothing_that_bears_on_a_verdict_is_left_out(seed in any::<u64>(), kind in prop::sample::select(vec!["jira", "jira", "github"])) {
        let export = export(kind, seed);
        let sieved = Wanted { sieve: Some(READ.sieve()), ..Wanted::default() };
        let kept: BTreeSet<String> = read(kind, &export, &sieved).0.into_iter().map(|record| record.id).collect();
        for record in read(kind, &export, &Wanted::default()).0 {
            if !kept.contains(&record.id) {
                let ticket = READ.understand(&record, now());
                prop_assert!(!bears(&ticket), "{record:#?}\n{ticket:#?}");
            }
        }
    }

    /// The whole gate over exports of all trackers says the same.
    #[test]
    fn any_report_is_the_same_with_every_ticket_read_wholly(seed in any::<u64>()) {
        let folder = tempfile::tempdir().unwrap();
        let save = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
        save("inventory.yaml", include_str!("../tickets/inventory.yaml").to_owned());
        for (number, kind) in ["jira", "github", "gitlab"].into_iter().enumerate() {
            save(&format!("{kind}.json"), export(kind, seed.wrapping_add(number as u64)).to_string());
        }
        save(".driftgate.yaml", HOUSE.to_owned());
        let (quick, whole) = (report(folder.path(), false), report(folder.path(), true));
        prop_assert!(quick == whole, "{}", apart(&quick, &whole));
    }
}

/// A configuration with fields, approvers and words of its own.
const HOUSE: &str = r#"
version: 1
repository: globex/api
sources:
  - {kind: file, path: inventory.yaml}
  - {kind: jira, export: jira.json, fields: {approval: cf1, credential: cf2, request_type: cf3}}
  - {kind: github-issues, export: github.json}
  - {kind: github-issues, name: forms, export: github.json, fields: {request_type: "Type of change", level: "label:access/"}}
  - {kind: gitlab-issues, export: gitlab.json}
trust:
  approvers: [grace]
"#;

/// What stands in one of two reports alone.
fn apart(quick: &Value, whole: &Value) -> String {
    let mut out = String::new();
    for key in whole.as_object().into_iter().flat_map(|fields| fields.keys()) {
        let items = |report: &Value| match &report[key] {
            Value::Array(items) => items.clone(),
            other => vec![other.clone()],
        };
        let (sieved, all) = (items(quick), items(whole));
        sieved.iter().filter(|item| !all.contains(item)).for_each(|item| out += &format!("\nsieved {key}: {item:#}"));
        all.iter().filter(|item| !sieved.contains(item)).for_each(|item| out += &format!("\nwhole {key}: {item:#}"));
    }
    out
}

/// The report of a folder, with every ticket read wholly or not.
fn report(folder: &Path, read_all: bool) -> Value {
    let env = Arc::new(Environment::default());
    let rules: Vec<_> = driftgate::rules::RULES.iter().map(|rule| (rule.id, rule.severity)).collect();
    let kinds = driftgate::sources::table::known();
    let known = driftgate::config::Known { rules: &rules, kinds: &kinds };
    let request = driftgate::config::Request { root: folder, explicit: None, policy_ref: None, env: &env, known };
    let config = driftgate::config::load(&request).unwrap();
    let sources = driftgate::sources::table::build(&config, &env, std::time::Duration::from_secs(1)).unwrap();
    let options =
        driftgate::gate::Options { root: folder.to_owned(), now: Some(now()), read_all, ..Default::default() };
    let report = driftgate::gate::check(&options, &config, &sources, &env);
    let report = tokio::runtime::Runtime::new().unwrap().block_on(report);
    let mut report = serde_json::to_value(report).unwrap();
    for source in report["coverage"].as_array_mut().unwrap() {
        source["duration_ms"] = Value::Null;
    }
    report
}

#[test]
fn the_report_is_the_same_with_every_ticket_read_wholly() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for example in ["acme", "acme-fixed"] {
        assert_eq!(report(&examples.join(example), false), report(&examples.join(example), true), "{example}");
    }
    // Seldom-named things, a later state of an earlier ticket, and gaps.
    let known = stream::known(300);
    let mut tickets: Vec<Value> = (0..2_000).map(|number| stream::ticket(number, &known).0).collect();
    let named = (0..2_000).find(|number| stream::ticket(*number, &known).1.is_some()).unwrap();
    let mut later = stream::ticket(named + 1, &known).0;
    later["key"] = json!(format!("OPS-{named}"));
    tickets.push(later);
    tickets.push(json!({"key": "OPS-9", "fields": {"summary": "Blank page", "labels": "x", "created": "yesterday"}}));
    let mut dice = Dice::new(7);
    for ticket in &mut tickets {
        if dice.below(20) == 0 {
            ticket["fields"]["approvals"] =
                json!([{"approvers": [{"approver": {"name": "eve"}, "approverDecision": "approved"}]}]);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    save("inventory.json", stream::inventory(&known).to_string());
    save("jira.json", json!({"total": tickets.len(), "issues": tickets}).to_string());
    save(".driftgate.yaml", stream::CONFIGURATION.to_owned());
    let quick = report(folder.path(), false);
    assert_eq!(quick, report(folder.path(), true));
    assert!(quick["findings"].as_array().unwrap().len() > 5, "{}", quick["findings"]);
    assert_eq!(quick["summary"]["tickets"], json!(2_002));
}
