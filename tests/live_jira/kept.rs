//! Tickets kept between runs: what is asked for the next time, when the kept ones are not believed, and that a scan keeps them.

use std::fs;

use serde_json::{Value, json};

use super::support::jira::{EMAIL, TOKEN, done, issue};
use super::support::{Jira, binary};
use super::{Setting, busy, reasons};

/// The queries that were asked.
fn queries(server: &Jira) -> Vec<String> {
    let searches = server.asked().into_iter().filter(|request| request["path"] == "/rest/api/3/search/jql");
    searches.map(|request| request["body"]["jql"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn only_changes_are_asked_for() {
    let server = Jira::cloud();
    busy(&server);
    let folder = tempfile::tempdir().unwrap();
    let setting = Setting::cloud(&server.endpoint).with(json!({"cache": folder.path()}));
    let (first, account) = setting.read();
    assert_eq!((first.len(), reasons(&account)), (230, vec![]));

    server.control(&json!({}));
    let (again, account) = setting.read();
    assert_eq!((again, account.requests), (first.clone(), 4), "which Jira, who asks, what changed, how many there are");
    assert_eq!(queries(&server), ["(project in (SEC, IAM)) AND updated >= \"-6m\" ORDER BY key ASC"]);

    // One was changed, one is new.
    server.control(&json!({"put": done(issue("SEC-1", "Changed", "", (90, 0)), "Done")}));
    server.control(&json!({"put": issue("SEC-900", "New", "", (0, 0))}));
    let (third, account) = setting.read();
    assert_eq!((third.len(), reasons(&account), account.requests), (231, vec![], 4));
    let titles: Vec<&str> = third.iter().map(|record| record.title.as_str()).collect();
    assert!(titles.contains(&"Changed") && titles.contains(&"New"));

    // One was deleted: what was kept is not all there is, and everything is read.
    server.control(&json!({"delete": "SEC-2"}));
    let (fourth, account) = setting.read();
    assert_eq!((fourth.len(), reasons(&account)), (230, vec![]));
    assert!(fourth.iter().all(|record| record.id != "SEC-2"));
    assert_eq!(queries(&server).len(), 4, "the changes, and three pages");
    server.control(&json!({}));
    assert_eq!(setting.read().0, fourth);
    assert_eq!(queries(&server).len(), 1);

    // Another query, another account's token: nothing that was kept for this one.
    server.control(&json!({}));
    let other = Setting::cloud(&server.endpoint).with(json!({"cache": folder.path(), "jql": "project = IAM"}));
    assert_eq!(other.read().0.len(), 76);
    assert_eq!(queries(&server), ["(project = IAM) ORDER BY key ASC"]);
    // What somebody else wrote there is as if it were not there.
    for file in fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
        let mut bytes = fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&file, bytes).unwrap();
    }
    server.control(&json!({}));
    assert_eq!(setting.read().0, fourth);
    assert_eq!(queries(&server).len(), 3);
}

#[test]
fn tickets_that_came_in_part_are_not_kept() {
    let server = Jira::cloud();
    busy(&server);
    let folder = tempfile::tempdir().unwrap();
    let setting = Setting::cloud(&server.endpoint).with(json!({"cache": folder.path()}));
    server.control(&json!({"faults": [{"path": "SEC-1/comment", "status": 403, "times": 9}]}));
    let (records, account) = setting.read();
    assert_eq!(records.len(), 230);
    let said = reasons(&account).join("\n");
    assert!(said.contains("SEC-1 has comments, changes or approvals that could not be read: HTTP 403"), "{said}");
    assert!(said.contains("SEC-1 has 130 comments, of which 20 were given"), "{said}");
    server.control(&json!({"faults": []}));
    let (records, account) = setting.read();
    assert_eq!((reasons(&account), records[0].comments.len().max(records[76].comments.len())), (vec![], 130));
    assert_eq!(queries(&server).len(), 3, "everything again");
}

#[test]
fn a_scan_keeps_tickets_for_the_next_gate() {
    let server = Jira::cloud();
    busy(&server);
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "version: 1\nrepository: acme/shop\nsnapshot_key_env: KEY\nsources:\n  - {{kind: vault, address: 'http://127.0.0.1:9', token_env: JIRA_TOKEN, required: false}}\n  \
         - {{kind: jira, url: '{}', jql: 'project in (SEC, IAM)', email_env: JIRA_EMAIL, token_env: JIRA_TOKEN, cache: kept}}\n",
        server.endpoint
    );
    fs::write(folder.path().join(".driftgate.yaml"), config).unwrap();
    let run = |arguments: &[&str]| {
        let output = binary()
            .args(arguments)
            .args(["--format", "json", "--no-progress"])
            .current_dir(folder.path())
            .env("JIRA_EMAIL", EMAIL)
            .env("JIRA_TOKEN", TOKEN)
            .env("KEY", "a key of some length for the snapshot")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        serde_json::from_str::<Value>(&text)
            .unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)))
    };
    let scanned = run(&["scan"]);
    let own = scanned["coverage"].as_array().unwrap().iter().find(|entry| entry["source"] == "jira");
    assert_eq!(own.unwrap()["items"], 230, "{scanned}");
    server.control(&json!({}));
    let report = run(&["check"]);
    assert_eq!(queries(&server).len(), 1, "only what has changed");
    let own = report["coverage"].as_array().unwrap().iter().find(|entry| entry["source"] == "jira").unwrap();
    assert_eq!((&own["items"], &own["status"]), (&json!(230), &json!("read")), "{report}");
}
