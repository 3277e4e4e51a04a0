//! Every live tracker against every fault, through the real program: a gap with a reason, never green, never a panic, never a credential
//! sent to another host, and nothing of what a server sent or a variable holds in any output. The tables of outcomes are printed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::faults::{FAULTS, Fault, Faulty};
use support::watched::{table, watched};
use support::{Answer, Listener};

/// A tracker under test.
struct Case {
    /// What the row is called.
    name: &'static str,
    /// Its kind.
    kind: &'static str,
    /// Its settings; `{}` is the endpoint.
    settings: &'static str,
    /// Its variables that hold a secret: each value is a canary.
    secrets: &'static [(&'static str, &'static str)],
    /// Its other variables.
    names: &'static [(&'static str, &'static str)],
}

const SERVICENOW: Case = Case {
    name: "servicenow",
    kind: "servicenow",
    settings: "url: '{}', user_env: AUDIT_USER, password_env: AUDIT_PASSWORD, cache: false",
    secrets: &[("AUDIT_PASSWORD", "canaryCANARYcanaryCANARY0001")],
    names: &[("AUDIT_USER", "auditor")],
};

const SERVICENOW_OAUTH: Case = Case {
    name: "servicenow, OAuth",
    kind: "servicenow",
    settings: "url: '{}', oauth: {client_id_env: AUDIT_CLIENT, client_secret_env: AUDIT_CLIENT_SECRET}, cache: false",
    secrets: &[("AUDIT_CLIENT_SECRET", "canaryCANARYcanaryCANARY0002")],
    names: &[("AUDIT_CLIENT", "0123456789abcdef0123456789abcdef")],
};

const JIRA_CLOUD: Case = Case {
    name: "jira, cloud",
    kind: "jira",
    settings: "url: '{}', jql: project = SEC, deployment: cloud, email_env: AUDIT_EMAIL, token_env: AUDIT_JIRA, cache: false",
    secrets: &[("AUDIT_JIRA", "ATATT3canaryCANARYcanaryCANARY0001")],
    names: &[("AUDIT_EMAIL", "auditor@example.com")],
};

const JIRA_DATA_CENTER: Case = Case {
    name: "jira, data center",
    kind: "jira",
    settings: "url: '{}', jql: project = SEC, deployment: datacenter, token_env: AUDIT_JIRA, cache: false",
    secrets: &[("AUDIT_JIRA", "canaryCANARYcanaryCANARY0003")],
    names: &[],
};

const GITHUB: Case = Case {
    name: "github-issues",
    kind: "github-issues",
    settings: "url: '{}/api/v3', token_env: AUDIT_GITHUB, cache: false",
    secrets: &[("AUDIT_GITHUB", "ghp_canaryCANARYcanaryCANARYcanary000001")],
    names: &[],
};

const GITLAB: Case = Case {
    name: "gitlab-issues",
    kind: "gitlab-issues",
    settings: "url: '{}', token_env: AUDIT_GITLAB, cache: false",
    secrets: &[("AUDIT_GITLAB", "glpat-canaryCANARYcanary01")],
    names: &[],
};

/// A checkout whose deploy uses a live credential, of which the tracker alone could tell more.
fn checkout(case: &Case, endpoint: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join(".github/workflows")).unwrap();
    let workflow = "on: push\njobs:\n  deploy:\n    runs-on: x\n    steps:\n      - run: ./deploy\n        env:\n          KEY: ${{ secrets.DEPLOY_KEY }}\n";
    fs::write(root.join(".github/workflows/deploy.yml"), workflow).unwrap();
    let now = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap().to_string();
    let key = "aws:access-key:AKIAY34FZKBOKMUTVV7A";
    let live = json!({"state": "live", "method": "iam ListAccessKeys", "at": now});
    let inventory = json!({
        "schema": "driftgate/inventory/v1",
        "exported_at": now,
        "slots": [{"id": "github:actions-secret:acme/shop:DEPLOY_KEY", "name": "DEPLOY_KEY", "updated_at": "2026-01-01T00:00:00Z", "holds": key}],
        "credentials": [{"id": key, "status": "active", "created_at": "2026-01-01T00:00:00Z", "liveness": live}],
    });
    fs::write(root.join("inventory.json"), inventory.to_string()).unwrap();
    let config = format!(
        "version: 1\nrepository: acme/shop\nsources:\n  - {{kind: file, path: inventory.json}}\n  - {{kind: {}, {}}}\n",
        case.kind,
        case.settings.replace("{}", endpoint),
    );
    fs::write(root.join(".driftgate.yaml"), config).unwrap();
    folder
}

fn judge(case: &Case, name: &str, fault: Fault) -> String {
    let elsewhere = Listener::start(Answer::json(200, "{}"));
    let server = Faulty::start(fault, &elsewhere.endpoint);
    let folder = checkout(case, &server.endpoint);
    let what = format!("{} × {name}", case.name);
    let mut row = format!("| {} | {name} |", case.name);
    let variables = [case.secrets, case.names].concat();
    for command in ["tickets", "check"] {
        let before = server.requests();
        let ran = watched(folder.path(), &variables, &[command, "--format", "json", "--max-wait", "2s"]);
        let said = ran.said();
        ran.is_sound(&what, case.secrets);
        let requests = server.requests() - before;
        assert!((1..=400).contains(&requests), "{what}: {command}: {requests} requests: {said}");
        assert_eq!(ran.code, 3, "{what}: {command}: {said}");
        let gaps = ran.json["gaps"].as_array().unwrap_or_else(|| panic!("{what}: no report: {said}"));
        let own: Vec<&Value> = gaps.iter().filter(|gap| gap["source"] == case.kind).collect();
        assert!(own.iter().any(|gap| gap["lacks"] == "tickets"), "{what}: {command}: no gap of the tracker's: {said}");
        if command == "check" {
            assert_eq!(ran.json["verdict"], "inconclusive", "{what}: {said}");
            let coverage = ran.json["coverage"].as_array().unwrap();
            let entry = coverage.iter().find(|entry| entry["source"] == case.kind).unwrap();
            assert!(matches!(entry["status"].as_str(), Some("failed" | "partial")), "{what}: {said}");
        }
        let reason: String = own[0]["reason"].as_str().unwrap_or_default().chars().take(90).collect();
        let reason = reason.replace(server.endpoint.as_str(), "…");
        row.push_str(&format!(" {} | {requests} | {} MiB | {reason} |", ran.code, ran.peak >> 20));
    }
    assert_eq!(elsewhere.connections(), 0, "{what}: another host was called");
    row
}

fn every_fault(cases: &[&Case]) {
    // AWS' own word for a clock is a 403 to everybody else.
    let faults = FAULTS.iter().filter(|(_, fault)| *fault != Fault::Skewed);
    let work: Vec<(&Case, &str, Fault)> =
        faults.flat_map(|(name, fault)| cases.iter().map(move |case| (*case, *name, *fault))).collect();
    assert!(work.len() > 20);
    table(
        "| tracker | fault | tickets | requests | peak | reason | check | requests | peak | reason |",
        &work,
        |(case, name, _)| format!("{} × {name}", case.name),
        |(case, name, fault)| judge(case, name, *fault),
    );
}

#[test]
fn servicenow_against_every_fault() {
    every_fault(&[&SERVICENOW, &SERVICENOW_OAUTH]);
}

#[test]
fn jira_against_every_fault() {
    every_fault(&[&JIRA_CLOUD, &JIRA_DATA_CENTER]);
}

#[test]
fn github_issues_against_every_fault() {
    every_fault(&[&GITHUB]);
}

#[test]
fn gitlab_issues_against_every_fault() {
    every_fault(&[&GITLAB]);
}
