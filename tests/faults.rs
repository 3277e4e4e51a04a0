//! Every live source against every fault, through the real program: a gap with a reason, never green, never a panic, never a credential
//! sent to another host, and nothing of what a server sent or a variable holds in any output. The table of outcomes is printed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test stops at the first surprise")]

mod support;

use std::fs;

use serde_json::Value;
use support::faults::{FAULTS, Fault, Faulty};
use support::watched::{table, watched};
use support::{Answer, Listener};

/// A source under test.
struct Case {
    /// Its kind.
    kind: &'static str,
    /// Its settings; `{}` is the endpoint.
    settings: &'static str,
    /// Its variables: each value is a canary.
    variables: &'static [(&'static str, &'static str)],
    /// A slot of its own that the workflow refers to, and the credential in it that a ticket has revoked.
    slot: &'static str,
    credential: &'static str,
    /// How the workflow refers to the slot.
    reference: &'static str,
}

const CASES: &[Case] = &[
    Case {
        kind: "github",
        settings: "url: '{}/api/v3', token_env: AUDIT_GITHUB, cache: false",
        variables: &[("AUDIT_GITHUB", "ghp_canaryCANARYcanaryCANARYcanary000001")],
        slot: "github:actions-secret:acme/shop:DEPLOY_KEY",
        credential: "github:deploy-key:acme/shop:8412",
        reference: "      - run: ./deploy\n        env:\n          KEY: ${{ secrets.DEPLOY_KEY }}\n",
    },
    Case {
        kind: "gitlab",
        settings: "url: '{}', token_env: AUDIT_GITLAB",
        variables: &[("AUDIT_GITLAB", "glpat-canaryCANARYcanary01")],
        slot: "gitlab:variable:acme/shop:DEPLOY_KEY",
        credential: "gitlab:project-token:acme/shop:77",
        reference: "  script: ['./deploy --key \"$DEPLOY_KEY\"']\n",
    },
    Case {
        kind: "vault",
        settings: "address: '{}', token_env: AUDIT_VAULT",
        variables: &[("AUDIT_VAULT", "hvs.canaryCANARYcanaryCANARY01")],
        slot: "vault:kv:secret/app/db",
        credential: "vault:token:canaryAccessor0001",
        reference: "      - uses: hashicorp/vault-action@v3\n        with:\n          secrets: secret/data/app/db password | DB\n",
    },
    Case {
        kind: "aws",
        settings: "endpoint: '{}', region: us-east-1, access_key_id_env: AUDIT_ID, secret_access_key_env: AUDIT_SECRET",
        variables: &[
            ("AUDIT_ID", "AKIAY34FZKBOKMUTVV7B"),
            ("AUDIT_SECRET", "canaryCANARYcanaryCANARYcanaryCANARY0001"),
        ],
        slot: "github:actions-secret:acme/shop:DEPLOY_KEY",
        credential: "aws:access-key:AKIAY34FZKBOKMUTVV7A",
        reference: "      - run: ./deploy\n        env:\n          KEY: ${{ secrets.DEPLOY_KEY }}\n",
    },
];

/// A checkout whose deploy uses the slot, with the ticket that revoked what is in it.
fn checkout(case: &Case, endpoint: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    if case.kind == "gitlab" {
        fs::write(root.join(".gitlab-ci.yml"), format!("deploy:\n{}", case.reference)).unwrap();
    } else {
        let workflow = format!("on: push\njobs:\n  deploy:\n    runs-on: x\n    steps:\n{}", case.reference);
        fs::create_dir_all(root.join(".github/workflows")).unwrap();
        fs::write(root.join(".github/workflows/deploy.yml"), workflow).unwrap();
    }
    let (_, id) = case.credential.split_once(':').unwrap();
    let now = jiff::Timestamp::now().checked_sub(jiff::SignedDuration::from_hours(2)).unwrap();
    let table = format!(
        "Number,Created,Closed,Summary,Text,Status,Credential\nSEC-1,{now},{now},Revoke {id},Please revoke {0},Done,{0}\n",
        case.credential
    );
    fs::write(root.join("tickets.csv"), table).unwrap();
    let config = format!(
        "version: 1\nrepository: acme/shop\nsources:\n  - {{kind: {}, {}}}\n  - kind: csv\n    path: tickets.csv\n    columns: {{id: Number, opened_at: Created, closed_at: Closed, title: Summary, text: Text, state: Status, credential: Credential}}\nlinks:\n  - slot: {}\n    holds: {}\n",
        case.kind,
        case.settings.replace("{}", endpoint),
        case.slot,
        case.credential
    );
    fs::write(root.join(".driftgate.yaml"), config).unwrap();
    folder
}

fn judge(case: &Case, name: &str, fault: Fault) -> String {
    let elsewhere = Listener::start(Answer::json(200, "{}"));
    let server = Faulty::start(fault, &elsewhere.endpoint);
    let folder = checkout(case, &server.endpoint);
    let what = format!("{} × {name}", case.kind);
    let mut row = format!("| {} | {name} |", case.kind);
    for command in [&["inventory", "-v", "-v"][..], &["check"]] {
        let before = server.requests();
        let arguments = [command, &["--format", "json", "--max-wait", "2s"]].concat();
        let ran = watched(folder.path(), case.variables, &arguments);
        let said = ran.said();
        let secrets: Vec<(&str, &str)> =
            case.variables.iter().copied().filter(|(name, _)| *name != "AUDIT_ID").collect();
        ran.is_sound(&what, &secrets);
        assert!(server.requests() > before, "{what}: {} asked nothing: {said}", command[0]);
        let requests = server.requests() - before;
        assert!(requests <= 400, "{what}: {requests} requests");
        let gaps = ran.json["gaps"].as_array().unwrap_or_else(|| panic!("{what}: no report: {said}"));
        let mut reasons: Vec<&str> = gaps.iter().filter_map(|gap| gap["reason"].as_str()).collect();
        if command[0] == "inventory" {
            assert!(!gaps.is_empty(), "{what}: no gap is told: {said}");
            assert_eq!(ran.code, 3, "{what}: {said}");
        } else {
            // A gap that decides nothing, as something was found all the same, is a note.
            let own =
                ran.json["coverage"].as_array().unwrap().iter().find(|entry| entry["source"] == case.kind).unwrap();
            assert!(matches!(own["status"].as_str(), Some("failed" | "partial")), "{what}: {said}");
            let notes = own["notes"].as_array().into_iter().flatten().filter_map(Value::as_str);
            reasons.extend(notes.filter(|note| note.starts_with("not read")));
            assert!(!reasons.is_empty(), "{what}: nothing tells what was not read: {said}");
            // The revoked credential's liveness could not be read: blocked or inconclusive, whatever the fault, and never proved dead.
            assert!(matches!(ran.code, 1 | 3), "{what}: exit {}: {said}", ran.code);
            assert_ne!(ran.json["verdict"], "pass", "{what}");
            let proved = ran.json["verified"]
                .as_array()
                .is_some_and(|all| all.iter().any(|v| v["subject"]["id"] == case.credential));
            assert!(!proved, "{what}: taken for dead: {said}");
        }
        let reason: String = reasons.first().unwrap_or(&"").chars().take(90).collect();
        row.push_str(&format!(" {} | {requests} | {} MiB | {reason} |", ran.code, ran.peak >> 20));
    }
    assert_eq!(elsewhere.connections(), 0, "{what}: another host was called");
    row
}

#[test]
fn every_source_against_every_fault() {
    let work: Vec<(&Case, &str, Fault)> = CASES
        .iter()
        .flat_map(|case| FAULTS.iter().map(move |(name, fault)| (case, *name, *fault)))
        .filter(|(case, _, fault)| case.kind == "aws" || *fault != Fault::Skewed)
        .collect();
    assert_eq!(work.len(), CASES.len() * FAULTS.len() - (CASES.len() - 1));
    table(
        "| source | fault | inventory | requests | peak | reason | check | requests | peak | reason |",
        &work,
        |(case, name, _)| format!("{} × {name}", case.kind),
        |(case, name, fault)| judge(case, name, *fault),
    );
}
