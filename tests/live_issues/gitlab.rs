//! A GitLab whose issues python-gitlab, a client that is not ours, makes, closes, reopens and reads.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use driftgate::config::{Environment, Files};
use driftgate::sources::gitlab_issues::{GitlabIssues, Given, Settings};
use serde_json::{Value, json};

use super::support::GitLab;
use super::support::gitlab::{ROOT, call, of};
use super::{Read, about, history, read, wanted};

const PROJECT: &str = "acme/shop";

fn issues(gitlab: &GitLab, last: Value) -> Value {
    gitlab.in_project(PROJECT, "issues", last)
}

/// Makes an issue of `acme/shop`.
pub(super) fn issue(gitlab: &GitLab, body: Value) -> u64 {
    issues(gitlab, call("create", json!([body])))["iid"].as_u64().unwrap()
}

/// Changes one.
pub(super) fn change(gitlab: &GitLab, iid: u64, body: Value) {
    issues(gitlab, call("update", json!([iid, body])));
}

/// Comments on one.
pub(super) fn note(gitlab: &GitLab, iid: u64, text: &str) {
    let lazy = |name: Value| json!({"name": "get", "arguments": [name], "options": {"lazy": true}});
    let body = call("create", json!([{"body": text}]));
    gitlab.with(&[of("projects"), lazy(json!(PROJECT)), of("issues"), lazy(json!(iid)), of("notes"), body]);
}

/// Reads as a new process would.
pub(super) async fn read_as(gitlab: &GitLab, token: &str, folder: Option<&Path>, more: Value) -> Read {
    let mut settings = json!({"url": gitlab.endpoint, "token_env": "AUDIT", "timeout": 60, "cache": false});
    if let Some(folder) = folder {
        settings["cache"] = json!(folder);
    }
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let settings: Settings = serde_json::from_value(settings).unwrap();
    let env: Arc<Environment> = Arc::new([("AUDIT".to_owned(), token.to_owned())].into_iter().collect());
    let files = Files::Tree(".".into());
    let given = Given { env: &env, files: &files, max_wait: Duration::from_secs(2), usual: true, home: true };
    let source = GitlabIssues::new(about("gitlab-issues"), settings, &given).unwrap();
    read(&source, &wanted()).await
}

/// A time so many days ago, as GitLab writes it.
fn ago(days: i64, second: i64) -> String {
    let at = super::github::ago(days) + second;
    jiff::Timestamp::from_second(at).unwrap().strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// Makes 300 issues of six kinds; gives each one's number with its kind.
fn three_hundred(gitlab: &GitLab) -> Vec<(u64, usize)> {
    let mut all = Vec::new();
    for index in 0..300_usize {
        gitlab.control(json!({"clock": ago(30, 60 * index as i64)}));
        let description = format!("## Key\n\nKEY_{index}\n\n- [ ] revoke\n- [x] tell");
        let body = json!({
            "title": format!("Revoke KEY_{index}"), "description": description, "labels": [format!("kind-{}", index % 6)],
        });
        let iid = issue(gitlab, body);
        all.push((iid, index % 6));
        gitlab.control(json!({"clock": ago(30, 60 * index as i64 + 30)}));
        match index % 6 {
            1 => change(gitlab, iid, json!({"state_event": "close"})),
            2 => {
                note(gitlab, iid, "one");
                note(gitlab, iid, "two");
            }
            3 => ["close", "reopen"].iter().for_each(|event| change(gitlab, iid, json!({"state_event": event}))),
            4 => {
                ["close", "reopen", "close"].iter().for_each(|event| change(gitlab, iid, json!({"state_event": event})))
            }
            5 => change(gitlab, iid, json!({"title": format!("Rotate KEY_{index}"), "due_date": "2026-12-24"})),
            _ => {}
        }
    }
    gitlab.control(json!({"clock": null}));
    all
}

fn agrees(read: &Read, iid: u64, kind: usize) {
    let record = read.of(&format!("{PROJECT}#{iid}"));
    let closed = ("status", "opened", "closed", "root");
    let reopened = ("status", "closed", "reopened", "root");
    let said: Vec<&str> = record.comments.iter().filter(|c| !c.system).map(|c| c.text.as_str()).collect();
    assert_eq!(said, if kind == 2 { vec!["one", "two"] } else { vec![] });
    let done = match kind {
        1 => vec![closed],
        3 => vec![closed, reopened],
        4 => vec![closed, reopened, ("status", "reopened", "closed", "root")],
        _ => vec![],
    };
    if kind == 5 {
        let told = history(record);
        assert_eq!((told[0].0, told[0].1.replace("Revoke", "Rotate")), ("title", told[0].2.to_owned()));
        assert_eq!(told[1], ("duedate", "-", "2026-12-24", "root"));
    } else {
        assert_eq!(history(record), done, "{record:?}");
    }
    assert!(record.texts[0].text.contains("- [ ] revoke\n- [x] tell"));
}

#[tokio::test]
async fn three_hundred_issues_and_then_what_has_changed() {
    let gitlab = GitLab::start();
    gitlab.group("acme");
    gitlab.project(PROJECT);
    let all = three_hundred(&gitlab);
    let auditor = gitlab.person("auditor", &["read_api"], &[("projects", PROJECT, 20)]);
    let folder = tempfile::tempdir().unwrap();
    let look = async || read_as(&gitlab, &auditor.token, Some(folder.path()), json!({})).await;
    gitlab.forget();
    let first = look().await;
    assert_eq!((first.gaps(), first.records.len()), (vec![], 300));
    assert_eq!(first.account.asked_as.as_deref(), Some("auditor"));
    let asked = gitlab.requests();
    // Who asks, three pages, and two lists of each issue that something has happened to.
    assert_eq!((asked.len(), first.account.requests), (1 + 3 + 2 * 250, asked.len() as u64));
    for (iid, kind) in &all {
        agrees(&first, *iid, *kind);
    }
    // What python-gitlab, which reads the same server, says of them.
    let theirs =
        issues(&gitlab, json!({"name": "list", "arguments": [], "options": {"get_all": true, "scope": "all"}}));
    let theirs: BTreeMap<String, &Value> = theirs
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["references"]["full"].as_str().unwrap().to_owned(), one))
        .collect();
    assert_eq!(theirs.keys().collect::<Vec<_>>(), first.records.keys().collect::<Vec<_>>());
    for (id, record) in &first.records {
        let their = theirs[id];
        let time = |field: &str| their[field].as_str().and_then(|text| text.parse().ok());
        assert_eq!(record.title, their["title"].as_str().unwrap());
        assert_eq!(record.state.closed, Some(their["state"] == "closed"));
        assert_eq!((record.opened_at, record.closed_at), (time("created_at"), time("closed_at")));
        assert_eq!(record.due_at.is_some(), their["due_date"].is_string());
        assert_eq!(record.reporter.label(), their["author"]["username"].as_str().unwrap());
    }

    gitlab.forget();
    let second = look().await;
    assert_eq!(second.records, first.records);
    assert_eq!(gitlab.requests().len(), 3, "who, what has changed, how many there are: {:?}", gitlab.requests());

    let of = |kind: usize| all.iter().find(|(_, of)| *of == kind).unwrap().0;
    let new = issue(&gitlab, json!({"title": "Revoke NEW"}));
    change(&gitlab, of(1), json!({"state_event": "reopen"}));
    change(&gitlab, of(0), json!({"title": "Revoke ANOTHER"}));
    gitlab.forget();
    let third = look().await;
    let asked = gitlab.requests();
    assert_eq!(asked.len(), 3 + 2 * 2, "two lists of both that were changed: {asked:?}");
    assert_eq!((third.gaps(), third.records.len()), (vec![], 301));
    assert_eq!(third.of(&format!("{PROJECT}#{new}")).title, "Revoke NEW");
    assert_eq!(history(third.of(&format!("{PROJECT}#{}", of(1)))).len(), 2);
    assert_eq!(third.of(&format!("{PROJECT}#{}", of(0))).title, "Revoke ANOTHER");
    for (iid, kind) in all.iter().filter(|(iid, _)| ![of(0), of(1)].contains(iid)) {
        agrees(&third, *iid, *kind);
    }

    // One that is deleted is missed by the count, and everything is asked for anew.
    issues(&gitlab, call("delete", json!([new])));
    let fourth = look().await;
    assert_eq!((fourth.gaps(), fourth.records.len()), (vec![], 300));
}

#[tokio::test]
async fn groups_and_labels() {
    let gitlab = GitLab::start();
    gitlab.group("acme");
    gitlab.group("acme/team");
    gitlab.project(PROJECT);
    gitlab.project("acme/team/access");
    issue(&gitlab, json!({"title": "Revoke A", "labels": ["access"]}));
    issue(&gitlab, json!({"title": "B"}));
    gitlab.in_project("acme/team/access", "issues", call("create", json!([{"title": "C", "labels": ["access"]}])));
    let ids = async |more: Value| -> Vec<String> {
        let got = read_as(&gitlab, ROOT, None, more).await;
        assert_eq!(got.gaps(), [""; 0]);
        got.records.into_keys().collect()
    };
    assert_eq!(ids(json!({"groups": ["acme"]})).await, ["acme/shop#1", "acme/shop#2", "acme/team/access#1"]);
    assert_eq!(ids(json!({"groups": ["acme"], "labels": ["access"]})).await, ["acme/shop#1", "acme/team/access#1"]);
    assert_eq!(ids(json!({"groups": ["acme/team"], "projects": [PROJECT]})).await.len(), 3);
    // One that is named twice is one.
    assert_eq!(ids(json!({"groups": ["acme"], "projects": [PROJECT]})).await.len(), 3);
    assert_eq!(ids(json!({})).await, ["acme/shop#1", "acme/shop#2"]);
}
