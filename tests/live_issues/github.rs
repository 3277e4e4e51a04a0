//! GitHub behind prism, which holds every request and answer against GitHub's own description. Issues are made and changed through
//! GitHub's calls.

use std::sync::Arc;
use std::time::Duration;

use driftgate::config::{Environment, Files};
use driftgate::sources::github::Context;
use driftgate::sources::github_issues::{GithubIssues, Settings};
use reqwest::Method;
use serde_json::{Value, json};

use super::support::Github;
use super::support::github::TOKEN;
use super::{Read, about, history, read, wanted};

/// Who works on issues.
const CAROL: &str = "ghp_CanaryCanaryCanaryCanaryCanary0002";

/// The server at work, and a folder to keep issues in.
pub(super) struct Bench {
    pub(super) github: Github,
    folder: tempfile::TempDir,
}

impl Bench {
    pub(super) fn new(github: Github, repositories: &Value) -> Self {
        let bench = Self { github, folder: tempfile::tempdir().unwrap() };
        bench.set(json!({"repositories": repositories}));
        bench
    }

    pub(super) fn set(&self, mut state: Value) {
        if state.get("tokens").is_none() {
            state["tokens"] = json!({TOKEN: {"login": "auditor"}, CAROL: {"login": "carol"}});
        }
        self.github.set(&state);
    }

    pub(super) fn write(&self, method: Method, path: &str, body: Value) -> Value {
        self.github.write(CAROL, method, &format!("/repos/acme/shop/{path}"), &body)
    }

    pub(super) fn issue(&self, body: Value) -> u64 {
        self.write(Method::POST, "issues", body)["number"].as_u64().unwrap()
    }

    pub(super) fn change(&self, number: u64, body: Value) {
        self.write(Method::PATCH, &format!("issues/{number}"), body);
    }

    pub(super) fn comment(&self, number: u64, text: &str) {
        self.write(Method::POST, &format!("issues/{number}/comments"), json!({"body": text}));
    }

    /// Reads as a new process would, with those settings over the usual ones.
    pub(super) async fn read(&self, more: Value) -> Read {
        let mut settings = json!({
            "url": self.github.endpoint, "token_env": "AUDIT", "timeout": 60, "cache": self.folder.path(),
        });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        if more.get("app").is_some() {
            settings["token_env"].take();
        }
        let settings: Settings = serde_json::from_value(settings).unwrap();
        let variables = [("AUDIT", TOKEN.to_owned()), ("KEY", self.github.app().1)];
        let env: Environment = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let files = Files::Tree(".".into());
        let context = Context { env: &Arc::new(env), files: &files, max_wait: Duration::from_secs(2), home: true };
        let source = GithubIssues::new(about("github-issues"), settings, &context).unwrap();
        read(&source, &wanted()).await
    }
}

/// Days before now, in seconds.
pub(super) fn ago(days: i64) -> i64 {
    jiff::Timestamp::now().as_second() - days * 24 * 3600
}

/// Makes 300 issues of six kinds, and two pull requests among them. Gives each issue's number with its kind.
fn three_hundred(bench: &Bench) -> Vec<(u64, usize)> {
    let mut calls = Vec::new();
    let mut all = Vec::new();
    let mut number = 0_u64;
    for index in 0..300_usize {
        if index % 150 == 7 {
            number += 1;
            calls.push(json!(["PULL", "acme/shop", "", {}]));
        }
        number += 1;
        let mut call = |method: &str, rest: String, body: Value| calls.push(json!([method, "acme/shop", rest, body]));
        let body = format!("### Key\n\nKEY_{index}\n\n- [ ] revoke\n- [x] tell");
        let new = json!({
            "title": format!("Revoke KEY_{index}"), "body": body, "labels": [format!("kind-{}", index % 6)], "assignees": ["bob"],
        });
        call("POST", "issues".to_owned(), new);
        all.push((number, index % 6));
        let close = |reason: &str| json!({"state": "closed", "state_reason": reason});
        let open = || json!({"state": "open"});
        let changes = match index % 6 {
            1 => vec![close("completed")],
            2 => vec![close("not_planned")],
            3 => vec![close("completed"), open()],
            4 => vec![close("completed"), open(), close("duplicate")],
            5 => vec![json!({"title": format!("Rotate KEY_{index}")})],
            _ => vec![],
        };
        changes.into_iter().for_each(|change| call("PATCH", format!("issues/{number}"), change));
        for text in ["one", "two"].iter().filter(|_| index % 6 == 5) {
            call("POST", format!("issues/{number}/comments"), json!({"body": text}));
        }
    }
    bench.github.issues(&json!({"clock": ago(30), "login": "carol", "calls": calls}));
    all
}

/// Whether a record says what was done to an issue of its kind.
fn agrees(read: &Read, number: u64, kind: usize) {
    let record = read.of(&format!("acme/shop#{number}"));
    let state = (record.state.closed.unwrap(), record.state.resolution.as_deref());
    let closed = ("status", "open", "closed", "carol");
    let first = ("resolution", "-", "completed", "carol");
    let reopened = ("status", "closed", "reopened", "carol");
    let done: (_, Vec<_>) = match kind {
        0 => ((false, None), vec![]),
        1 => ((true, Some("completed")), vec![closed, first]),
        2 => ((true, Some("not_planned")), vec![closed, ("resolution", "-", "not_planned", "carol")]),
        3 => ((false, Some("reopened")), vec![closed, first, reopened]),
        4 => {
            let again = ("status", "reopened", "closed", "carol");
            let why = ("resolution", "-", "duplicate", "carol");
            ((true, Some("duplicate")), vec![closed, first, reopened, again, why])
        }
        _ => ((false, None), vec![]),
    };
    if kind == 5 {
        let said: Vec<&str> = record.comments.iter().map(|comment| comment.text.as_str()).collect();
        assert_eq!(said, ["one", "two"], "{record:?}");
        let [(field, from, to, who)] = history(record)[..] else { panic!("{record:?}") };
        assert_eq!((field, from.replace("Revoke", "Rotate"), who), ("title", to.to_owned(), "carol"));
    } else {
        assert_eq!(history(record), done.1, "{record:?}");
    }
    assert_eq!(state, done.0, "{record:?}");
    assert_eq!(record.closed_at.is_some(), done.0.0);
    assert_eq!(record.labels, [format!("kind-{kind}")]);
    assert_eq!(record.assignee.as_ref().unwrap().names, ["bob"]);
    assert!(
        record.texts[0].text.contains("### Key\n\nKEY_") && record.texts[0].text.contains("- [ ] revoke\n- [x] tell")
    );
}

#[tokio::test]
async fn three_hundred_issues_and_then_what_has_changed() {
    let bench = Bench::new(Github::checked(), &json!({"acme/shop": {}}));
    let all = three_hundred(&bench);
    for list in ["issues?state=all", "issues/comments", "issues/events", "issues/1/events", "issues/1/comments"] {
        bench.github.warm(&format!("/repos/acme/shop/{list}"));
    }
    bench.github.forget();
    let first = bench.read(json!({})).await;
    assert_eq!(first.gaps(), [""; 0]);
    assert_eq!(
        (first.records.len(), first.account.items, first.account.asked_as.as_deref()),
        (300, 300, Some("auditor"))
    );
    for (number, kind) in &all {
        agrees(&first, *number, *kind);
    }
    let asked = bench.github.requests();
    // Who asks, and pages of a hundred: 302 issues, 100 comments, 300 events.
    assert_eq!((asked.len(), first.account.requests), (1 + 4 + 1 + 4, asked.len() as u64), "{asked:?}");

    // Nothing has changed: nothing but that is asked.
    bench.github.forget();
    let second = bench.read(json!({})).await;
    assert_eq!(second.records, first.records);
    assert_eq!(bench.github.requests().len(), 3, "who, issues, comments: {:?}", bench.github.requests());

    // A new one, a reopened one, and one that is closed for another reason.
    bench.github.issues(&json!({"clock": null}));
    let of = |kind: usize| all.iter().find(|(_, of)| *of == kind).unwrap().0;
    let new = bench.issue(json!({"title": "Revoke NEW"}));
    bench.change(of(1), json!({"state": "open"}));
    bench.change(of(2), json!({"state": "closed", "state_reason": "completed"}));
    bench.comment(of(0), "a word");
    bench.github.forget();
    let third = bench.read(json!({})).await;
    let asked = bench.github.requests();
    // Who, changed issues and comments; four lists of events, one of comments.
    assert_eq!(asked.len(), 3 + 4 + 1, "{asked:?}");
    assert!(asked.iter().any(|one| one.query.contains("since=")), "{asked:?}");
    assert_eq!((third.gaps(), third.records.len()), (vec![], 301));
    assert_eq!(third.of(&format!("acme/shop#{new}")).title, "Revoke NEW");
    let reopened = third.of(&format!("acme/shop#{}", of(1)));
    assert_eq!((reopened.state.closed, history(reopened).len()), (Some(false), 3));
    let done = third.of(&format!("acme/shop#{}", of(2)));
    assert_eq!(history(done).last(), Some(&("resolution", "not_planned", "completed", "carol")));
    assert_eq!(third.of(&format!("acme/shop#{}", of(0))).comments[0].text, "a word");
    for (number, kind) in all.iter().filter(|(number, _)| ![of(0), of(1), of(2)].contains(number)) {
        agrees(&third, *number, *kind);
    }
}

#[tokio::test]
async fn labels_and_other_repositories() {
    let bench = Bench::new(Github::checked(), &json!({"acme/shop": {}, "acme/old": {"renamed": "acme/shop"}}));
    bench.github.issues(&json!({"clock": ago(3)}));
    for (title, labels) in [("Revoke A", json!(["access", "eu"])), ("Revoke B", json!(["access"])), ("C", json!([]))] {
        bench.issue(json!({"title": title, "labels": labels}));
    }
    bench.comment(1, "please");
    bench.change(2, json!({"title": "Revoke BB", "state": "closed", "state_reason": "not_planned"}));
    for list in ["issues?state=all", "issues/1/comments", "issues/1/events", "issues/comments", "issues/events"] {
        bench.github.warm(&format!("/repos/acme/shop/{list}"));
    }
    let some = bench.read(json!({"labels": ["access"]})).await;
    assert_eq!((some.gaps(), some.records.len()), (vec![], 2));
    assert_eq!(some.of("acme/shop#1").comments.len(), 1);
    assert_eq!(history(some.of("acme/shop#2"))[0], ("title", "Revoke B", "Revoke BB", "carol"));
    assert_eq!(bench.read(json!({"labels": ["access", "eu"]})).await.records.len(), 1);
    // A repository that was renamed: its issues have the new name.
    let moved = bench.read(json!({"repositories": ["acme/old"]})).await;
    assert_eq!((moved.gaps(), moved.records.len()), (vec![], 3), "{:?}", moved.account);
    assert_eq!(moved.of("acme/shop#3").repository.as_deref(), Some("acme/shop"));
    let none = bench.read(json!({"labels": ["nobody"]})).await;
    assert_eq!(none.gaps(), ["GitHub: acme/shop: it has no issues at all with these labels"]);
}

#[tokio::test]
async fn what_others_keep_is_not_believed_and_deleted_issues_go_with_the_next_whole_reading() {
    let bench = Bench::new(Github::start(), &json!({"acme/shop": {}}));
    bench.github.issues(&json!({"clock": ago(3)}));
    for index in 0..3 {
        bench.issue(json!({"title": format!("Revoke KEY_{index}")}));
    }
    assert_eq!(bench.read(json!({})).await.records.len(), 3);
    bench.github.issues(&json!({"delete": ["acme/shop", 2]}));
    // GitHub tells of no deletion: what was kept is believed for seven days.
    assert_eq!(bench.read(json!({})).await.records.len(), 3);
    for entry in std::fs::read_dir(bench.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[10] ^= 1;
        std::fs::write(&path, bytes).unwrap();
    }
    // A file that another wrote is as if it were not there.
    let again = bench.read(json!({})).await;
    assert_eq!((again.gaps(), again.records.len()), (vec![], 2));
    assert_eq!(bench.read(json!({"cache": false})).await.records.len(), 2);
}

#[tokio::test]
async fn an_app_reads_as_a_token_does() {
    let bench = Bench::new(Github::start(), &json!({"acme/shop": {}}));
    bench.github.issues(&json!({"clock": ago(3)}));
    bench.issue(json!({"title": "Revoke A"}));
    let app = json!({"id": bench.github.app().0, "private_key_env": "KEY"});
    bench.github.forget();
    let first = bench.read(json!({"app": app})).await;
    assert_eq!((first.gaps(), first.records.len()), (vec![], 1));
    assert_eq!(first.account.asked_as.as_deref(), Some("app auditor, installation 77"));
    // What an App has kept is under its own key, which the next token of it has, too.
    bench.github.forget();
    assert_eq!(bench.read(json!({"app": app})).await.records, first.records);
    assert_eq!(bench.github.requests().len(), 4, "{:?}", bench.github.requests());
}

#[tokio::test]
async fn an_edited_comment_is_read_again() {
    let bench = Bench::new(Github::start(), &json!({"acme/shop": {}}));
    bench.github.issues(&json!({"clock": ago(3)}));
    bench.github.issues(&json!({"pull": "acme/shop"}));
    let number = bench.issue(json!({"title": "Revoke A"}));
    bench.issue(json!({"title": "Revoke B"}));
    let comment = |number: u64| {
        bench.write(Method::POST, &format!("issues/{number}/comments"), json!({"body": "no"}))["id"].clone()
    };
    let ids = [comment(1), comment(number)];
    assert_eq!(bench.read(json!({})).await.of(&format!("acme/shop#{number}")).comments[0].text, "no");
    bench.github.issues(&json!({"clock": null}));
    for id in ids {
        bench.write(Method::PATCH, &format!("issues/comments/{id}"), json!({"body": "yes"}));
    }
    bench.github.forget();
    let again = bench.read(json!({})).await;
    assert_eq!((again.gaps(), again.records.len()), (vec![], 2));
    assert_eq!(again.of(&format!("acme/shop#{number}")).comments[0].text, "yes");
    // Who, issues, comments; the issue, its comments, its events: nothing of the pull request.
    assert_eq!(bench.github.requests().len(), 6, "{:?}", bench.github.requests());
}
