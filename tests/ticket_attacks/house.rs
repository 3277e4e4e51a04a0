//! The house of the attacks: its tickets, what is done to them, and what its gate says.

use std::fs;

use serde_json::{Value, json};

use super::binary;

pub(crate) const KEY: &str = "AKIALOADER77GLOBEXST";
pub(crate) const OTHER: &str = "AKIABATCH55GLOBEXUVW";
pub(crate) const NOW: &str = "2026-06-01T12:00:00Z";
/// Nobody: no assignee, no approver, not in the configuration.
pub(crate) const EVE: &str = "eve@globex.test";
/// The assignee.
pub(crate) const DAVE: &str = "dave@globex.test";
/// In `trust.approvers`.
pub(crate) const ALICE: &str = "alice@globex.test";

pub(crate) fn person(name: &str) -> Value {
    json!({"emailAddress": name, "accountId": format!("id-{name}"), "displayName": "Dave"})
}

/// A done revocation: opened by ruth, approved by alice, closed by dave.
pub(crate) fn done() -> Value {
    json!({"key": "SEC-1", "fields": {
    "summary": format!("Revoke {KEY}"), "description": "It leaked.", "issuetype": {"name": "Task"},
    "project": {"key": "SEC"}, "status": {"name": "Done", "statusCategory": {"key": "done"}},
    "resolution": {"name": "Done"}, "created": "2026-05-04T08:00:00.000+0000", "updated": "2026-05-20T08:00:00.000+0000",
    "resolutiondate": "2026-05-05T08:00:00.000+0000", "labels": [], "components": [], "cf_approval": "Approved",
    "reporter": person("ruth@globex.test"), "assignee": person(DAVE), "comment": {"comments": []}, "issuelinks": []},
    "changelog": {"histories": [
        act(ALICE, "2026-05-04T09:00", &[("cf_approval", "Pending", "Approved")]),
        act(DAVE, "2026-05-05T08:00", &[("status", "In Progress", "Done"), ("resolution", "", "Done")]),
    ]}})
}

/// An open one.
pub(crate) fn open(created: &str) -> Value {
    let mut issue = done();
    issue["fields"]["status"] = json!({"name": "In Progress", "statusCategory": {"key": "indeterminate"}});
    issue["fields"]["resolution"] = Value::Null;
    issue["fields"]["resolutiondate"] = Value::Null;
    issue["fields"]["created"] = json!(format!("{created}:00.000+0000"));
    issue["changelog"]["histories"] = json!([]);
    issue
}

/// An entry of the changelog, as Jira writes one.
pub(crate) fn act(author: &str, at: &str, items: &[(&str, &str, &str)]) -> Value {
    let some = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
    let items: Vec<Value> = items
        .iter()
        .map(|(field, from, to)| {
            json!({"field": field, "fieldId": field, "fromString": some(from), "toString": some(to), "from": some(from), "to": some(to)})
        })
        .collect();
    json!({"author": person(author), "created": format!("{at}:00.000+0000"), "items": items})
}

/// Adds an entry, and sets the fields to what it made of them.
pub(crate) fn change(issue: &mut Value, author: &str, at: &str, items: &[(&str, &str, &str)]) {
    issue["changelog"]["histories"].as_array_mut().unwrap().push(act(author, at, items));
    for (field, _, to) in items {
        let value = match *field {
            "status" => {
                let category = if matches!(*to, "Done" | "Closed" | "Rejected") { "done" } else { "indeterminate" };
                json!({"name": to, "statusCategory": {"key": category}})
            }
            "resolution" | "issuetype" if to.is_empty() => Value::Null,
            "resolution" | "issuetype" => json!({"name": to}),
            "labels" => json!(to.split_whitespace().collect::<Vec<_>>()),
            "assignee" => person(to.trim_start_matches("id-")),
            "Key" => {
                issue["key"] = json!(to);
                issue["fields"]["project"] = json!({"key": to.split('-').next().unwrap()});
                continue;
            }
            _ => json!(to),
        };
        issue["fields"][*field] = value;
    }
}

pub(crate) fn comment(issue: &mut Value, author: &str, at: &str, text: &str) {
    let comment = json!({"author": person(author), "created": format!("{at}:00.000+0000"), "body": text});
    issue["fields"]["comment"]["comments"].as_array_mut().unwrap().push(comment);
}

/// Another ticket, done by eve, that gives the access again.
pub(crate) fn again(key: &str, opened_by: &str) -> Value {
    let mut issue = done();
    issue["key"] = json!(key);
    issue["fields"]["summary"] = json!(format!("Grant svc-loader access with {KEY}"));
    issue["fields"]["description"] = json!(format!("Please enable {KEY} again, level: write."));
    issue["fields"]["project"] = json!({"key": key.split('-').next().unwrap()});
    issue["fields"]["created"] = json!("2026-05-20T08:00:00.000+0000");
    issue["fields"]["resolutiondate"] = json!("2026-05-21T08:00:00.000+0000");
    issue["fields"]["reporter"] = person(opened_by);
    issue["changelog"]["histories"] = json!([]);
    issue
}

/// What the gate says of these tickets: its exit code, the rules of its findings, and the report's text.
pub(crate) fn judge(issues: &[Value], now: &str) -> (i32, Vec<String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        ".github/workflows/deploy.yml",
        "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    env:\n      KEY: ${{ secrets.LOADER_KEY }}\n    steps:\n      - run: ./deploy.sh\n",
    );
    let live = |id: &str| {
        json!({"id": format!("aws:access-key:{id}"), "name": null, "owner": "svc-loader", "status": "active",
            "created_at": "2025-01-01T00:00:00Z", "liveness": {"state": "live", "method": "iam ListAccessKeys", "at": now}})
    };
    let inventory = json!({"schema": "driftgate/inventory/v1", "exported_at": now,
        "slots": [{"id": "github:actions-secret:acme/shop:LOADER_KEY", "name": "LOADER_KEY", "updated_at": "2025-01-02T00:00:00Z",
            "holds": format!("aws:access-key:{KEY}")}],
        "credentials": [live(KEY), live(OTHER)],
        "coverage": [{"source": "github", "kind": "actions-secret", "where": "acme/shop", "complete": true}]});
    write("inventory.json", &inventory.to_string());
    let mut issues = issues.to_vec();
    for issue in &mut issues {
        issue["fields"]["updated"] = json!(now);
    }
    write("jira.json", &json!({"total": issues.len(), "issues": issues}).to_string());
    write(
        ".driftgate.yaml",
        "version: 1\nrepository: acme/shop\nsources:\n  - {kind: file, path: inventory.json}\n  - kind: jira\n    export: jira.json\n    \
         fields: {approval: cf_approval, credential: cf_credential, effective: cf_effective}\ntrust:\n  projects: [SEC]\n  \
         approvers: [alice@globex.test]\n",
    );
    let mut command = binary::binary();
    let command = command.args(["check", "--format", "json", "--no-progress", "--now", now]).arg(root);
    let output = command.output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let report: Value =
        serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{}", String::from_utf8_lossy(&output.stderr)));
    let rules = report["findings"].as_array().unwrap().iter();
    let rules = rules.filter(|f| f["blocking"] == true).map(|f| f["rule"].as_str().unwrap().to_owned()).collect();
    (output.status.code().unwrap(), rules, out)
}

/// The quotes of a report, for the message of a failure.
pub(crate) fn quotes(report: &str) -> String {
    report.lines().filter(|line| line.contains("\"quote\"")).map(str::trim).collect::<Vec<_>>().join(" ")
}
