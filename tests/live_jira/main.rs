//! Jira as a source of tickets: a Data Center driven by the independent `jira` client, and a fake of Cloud that the same client reads.
//! What is read is what was done, whole, within the requests that the manual names. Kept tickets stand in `kept`, refusals in
//! `refusals`, narrowed queries in `narrowed`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

mod by_number;
mod kept;
mod narrowed;
mod refusals;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use driftgate::config::{Environment, Files};
use driftgate::model::ticket::Record;
use driftgate::sources::jira::{Jira as Source, Settings};
use driftgate::sources::tracker::Context;
use driftgate::sources::{About, Account, TicketSource, Wanted};
use serde_json::{Value, json};
use support::jira::{EMAIL, TOKEN, done, issue};
use support::{Jira, binary};

/// A source under test, and how it is asked.
struct Setting {
    settings: Value,
    token: &'static str,
    want: Wanted,
    max_wait: u64,
}

impl Setting {
    /// A Cloud, whose address does not tell that it is one.
    fn cloud(url: &str) -> Self {
        let settings = json!({"url": url, "jql": "project in (SEC, IAM) ORDER BY created DESC", "email_env": "JIRA_EMAIL",
            "token_env": "JIRA_TOKEN", "cache": false});
        Self { settings, token: TOKEN, want: Wanted::default(), max_wait: 20 }
    }

    fn with(mut self, more: Value) -> Self {
        self.settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self
    }

    fn read(&self) -> (Vec<Record>, Account) {
        let settings: Settings = serde_json::from_value(self.settings.clone()).unwrap();
        let variables = [("JIRA_EMAIL", EMAIL), ("JIRA_TOKEN", self.token)];
        let env: Environment = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        let (env, files) = (Arc::new(env), Files::Tree(".".into()));
        let context = Context { env: &env, files: &files, max_wait: Duration::from_secs(self.max_wait) };
        let about = About { name: "jira".into(), kind: "jira".into(), required: true, authority: None };
        let source = Source::new(about, settings, Vec::new(), &context).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let mut records = Vec::new();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let account = runtime.block_on(source.tickets(&self.want, &mut |record| records.push(record)));
        records.sort_by_key(|record: &Record| record.id.clone());
        (records, account)
    }
}

fn reasons(account: &Account) -> Vec<&str> {
    account.gaps.iter().map(|gap| gap.reason.as_str()).collect()
}

/// 300 tickets of some weeks' work, by the client's word for what was done and by ours for what is there.
#[test]
fn data_center_says_what_was_done() {
    let server = Jira::data_center(2);
    let truth = server.script("jira_drive.py", &[]);
    let truth = truth.as_array().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let credentials: Vec<Value> = truth
        .iter()
        .map(|entry| {
            let owner = (entry["intent"] == "offboard").then(|| format!("user{}@example.com", entry["number"]));
            json!({"id": format!("aws:access-key:{}", entry["key"].as_str().unwrap()), "owner": owner})
        })
        .collect();
    let slots: Vec<Value> = truth
        .iter()
        .filter(|entry| entry["intent"] == "rotate")
        .map(|entry| json!({"id": format!("github:actions-secret:acme/shop:SECRET_{}", entry["number"])}))
        .collect();
    let inventory = json!({"schema": "driftgate/inventory/v1", "slots": slots, "credentials": credentials});
    fs::write(folder.path().join("inventory.json"), inventory.to_string()).unwrap();
    let config = format!(
        "version: 1\nrepository: acme/shop\nsources:\n  - {{kind: file, path: inventory.json}}\n  - {{kind: jira, url: '{}', \
         jql: 'project = SEC', token_env: JIRA_TOKEN, cache: tickets}}\n\
         trust: {{approvers: [admin@example.com]}}\n",
        server.endpoint
    );
    fs::write(folder.path().join(".driftgate.yaml"), config).unwrap();
    let run = || {
        let output = binary()
            .args(["tickets", "--format", "json", "--no-progress"])
            .current_dir(folder.path())
            .env("JIRA_TOKEN", "pat-canary")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && !said.contains("pat-canary"), "{said}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
    };
    // The second time the tickets come from what was kept.
    for said in [run(), run()] {
        let tickets: BTreeMap<&str, &Value> =
            said["tickets"].as_array().unwrap().iter().map(|ticket| (ticket["id"].as_str().unwrap(), ticket)).collect();
        assert_eq!((tickets.len(), truth.len()), (300, 300));
        for entry in truth {
            let ticket = tickets[entry["id"].as_str().unwrap()];
            let links: Vec<&str> =
                ticket["links"].as_array().unwrap().iter().map(|link| link["credential"].as_str().unwrap()).collect();
            let expected: Vec<&str> =
                entry["links"].as_array().unwrap().iter().map(|link| link.as_str().unwrap()).collect();
            let told = (&ticket["intent"], &ticket["state"], links);
            assert_eq!(told, (&entry["intent"], &entry["state"], expected), "{entry}\n{ticket}");
            let closed = entry["closed"].as_str().filter(|_| entry["state"] != "open");
            let closed = closed.map(|text| text.replace(".000+0000", "Z"));
            assert_eq!(ticket["closed_at"].as_str(), closed.as_deref(), "{entry}\n{ticket}");
            assert_eq!(ticket["due_at"].as_str().map(|due| &due[..10]), entry["due"].as_str(), "{entry}");
            let url = format!("{}/browse/{}", server.endpoint, entry["id"].as_str().unwrap());
            assert_eq!(ticket["url"].as_str(), Some(url.as_str()));
        }
    }
    // What the records hold beside: comments, links of both directions, the changes of the status.
    let settings = json!({"url": server.endpoint, "jql": "project = SEC", "token_env": "JIRA_TOKEN", "cache": false});
    let (records, account) = Setting { settings, ..Setting::cloud("") }.read();
    assert_eq!((account.gaps.len(), account.items, account.asked_as.as_deref()), (0, 300, Some("admin@example.com")));
    let by_id: BTreeMap<&str, &Record> = records.iter().map(|record| (record.id.as_str(), record)).collect();
    for entry in truth {
        let record = by_id[entry["id"].as_str().unwrap()];
        assert_eq!(record.comments.len() as u64, entry["comments"].as_u64().unwrap(), "{entry}");
        assert_eq!(record.relations.len() as u64, entry["relations"].as_u64().unwrap(), "{entry}");
    }
    let moves = |kind: u64| {
        let entry = truth.iter().find(|entry| entry["number"] == kind).unwrap();
        let history = &by_id[entry["id"].as_str().unwrap()].history;
        history.iter().map(|change| change.to.clone().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(moves(8), ["Done", "Reopened", "Done"]);
}

fn history(hours: i64, field: &str, from: &str, to: &str) -> Value {
    let at = support::jira::time(jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours));
    json!({"id": hours.to_string(), "author": {"emailAddress": "dave@example.com"}, "created": at,
        "items": [{"field": field, "fieldId": field, "fromString": from, "toString": to}]})
}

/// A Cloud with more than two pages of tickets, one of them with a long life.
fn busy(server: &Jira) -> Vec<Value> {
    let mut issues: Vec<Value> = (1..=230)
        .map(|n| {
            let project = if n % 3 == 0 { "IAM" } else { "SEC" };
            let issue = issue(&format!("{project}-{n}"), &format!("Revoke key {n}"), "Please *do*.", (90, 50));
            if n % 2 == 0 { done(issue, "Done") } else { issue }
        })
        .collect();
    let long = &mut issues[0];
    long["changelog"]["histories"] =
        (0..95).map(|n| history(95 - n, "priority", &n.to_string(), &(n + 1).to_string())).collect();
    long["fields"]["comment"]["comments"] = (0..130)
        .map(|n| {
            let body = support::jira::document(&format!("Comment {n}"));
            json!({"author": {"emailAddress": "eve@example.com"}, "created": support::jira::time(jiff::Timestamp::now()), "body": body})
        })
        .collect();
    let decided = |who: &str, how: &str| json!({"approver": {"emailAddress": who}, "approverDecision": how});
    long["approvals"] = json!([{"id": "1", "finalDecision": "approved", "approvers":
        [decided("carol@example.com", "approved"), decided("erin@example.com", "pending")]}]);
    issues.push(issue("HR-1", "Not ours", "", (5, 5)));
    server.control(&json!({"issues": issues}));
    issues
}

#[test]
fn cloud_is_read_to_its_end() {
    let server = Jira::cloud();
    busy(&server);
    let other = server.script("jira_read.py", &["project in (SEC, IAM)"]);
    assert_eq!((other["count"].as_u64(), other["who"].as_str()), (Some(230), Some(EMAIL)));
    server.control(&json!({}));
    let setting = Setting::cloud(&server.endpoint);
    let (records, account) = setting.read();
    assert_eq!((reasons(&account), account.asked_as.as_deref()), (vec![], Some(EMAIL)));
    let by_id: BTreeMap<&str, &Record> = records.iter().map(|record| (record.id.as_str(), record)).collect();
    assert_eq!((records.len(), by_id.len(), account.items), (230, 230, 230));
    for theirs in other["issues"].as_array().unwrap() {
        let ours = by_id[theirs["key"].as_str().unwrap()];
        assert_eq!(Some(ours.title.as_str()), theirs["title"].as_str());
        assert_eq!(Some(ours.state.status.as_str()), theirs["status"].as_str());
        // That client reads one page of comments.
        assert_eq!(Some(ours.comments.len().min(100) as u64), theirs["comments"].as_u64());
    }
    let long = by_id["SEC-1"];
    assert_eq!((long.history.len(), long.comments.len(), long.approvers.len()), (95, 130, 0));
    assert_eq!((long.history[0].to.as_deref(), long.history[94].to.as_deref()), (Some("1"), Some("95")));
    assert_eq!(long.texts[0].text.trim(), "Please *do*.");
    // Which Jira, who asks, three pages, the count; of the long ticket its changes and two pages of comments.
    let asked = server.asked();
    assert_eq!((asked.len() as u64, account.requests), (9, 9), "{asked:?}");
    let search = asked.iter().find(|request| request["path"] == "/rest/api/3/search/jql").unwrap();
    assert_eq!(search["body"]["jql"], "(project in (SEC, IAM)) ORDER BY key ASC");
    let fields = search["body"]["fields"].to_string();
    assert!(!fields.contains("attachment") && !fields.contains('*'), "{fields}");

    let (records, account) = setting.with(json!({"approvals": true, "deployment": "cloud"})).read();
    assert_eq!(reasons(&account), Vec::<&str>::new());
    let long = records.iter().find(|record| record.id == "SEC-1").unwrap();
    assert_eq!(long.approvers.iter().map(|person| person.label()).collect::<Vec<_>>(), ["carol@example.com"]);
    assert_eq!(account.requests, 8 + 230);
}
