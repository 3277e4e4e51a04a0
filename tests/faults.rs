//! Every live source against every fault, through the real program: a gap with a reason, never green, never a panic, never a credential
//! sent to another host, and nothing of what a server sent or a variable holds in any output. The table of outcomes is printed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test stops at the first surprise")]

mod support;

use std::fs;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::faults::{CANARY, FAULTS, Fault, Faulty};
use support::{Answer, Listener};

/// What a run may take at most.
const MOST_MEMORY: u64 = 300 << 20;

/// How long a run may take until it counts as hanging: no call takes longer than ten seconds, no source than its deadline and the
/// longest wait for a limit.
const HANGS: Duration = Duration::from_secs(240);

/// What the row of a wrong outcome begins with.
const WRONG: &str = "WRONG";

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

/// What one run did.
struct Ran {
    code: i32,
    json: Value,
    all: String,
    peak: u64,
}

/// Runs the program, watches its memory, and sees that it neither panics nor hangs.
fn driftgate(folder: &Path, case: &Case, arguments: &[&str]) -> Ran {
    let (mut out, mut err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    command.args(arguments).current_dir(folder).env_clear().envs(case.variables.iter().copied()).stdin(Stdio::null());
    command.env("HOME", folder).stdout(out.try_clone().unwrap()).stderr(err.try_clone().unwrap());
    let started = Instant::now();
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let exit = loop {
        if let Some(exit) = child.try_wait().unwrap() {
            break exit;
        }
        let seen = fs::read_to_string(&status).unwrap_or_default();
        let mark = seen.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        peak = mark.map_or(peak, |kib: u64| kib << 10);
        if started.elapsed() > HANGS {
            child.kill().unwrap();
            panic!("{}: {arguments:?} hangs", case.kind);
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let mut text = [String::new(), String::new()];
    for (file, text) in [&mut out, &mut err].into_iter().zip(&mut text) {
        file.rewind().unwrap();
        file.read_to_string(text).unwrap();
    }
    let json = serde_json::from_str(&text[0]).unwrap_or(Value::Null);
    Ran { code: exit.code().unwrap_or(-1), json, all: text.concat(), peak }
}

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
        let ran = driftgate(folder.path(), case, &arguments);
        let said = ran.all.chars().take(3000).collect::<String>();
        assert!(!ran.all.contains("panicked") && ran.code != 101, "{what}: {said}");
        assert!(ran.peak < MOST_MEMORY, "{what}: {} MiB", ran.peak >> 20);
        assert!(!ran.all.contains(CANARY), "{what}: the server's words came out: {said}");
        for (variable, value) in case.variables.iter().filter(|(name, _)| *name != "AUDIT_ID") {
            assert!(!ran.all.contains(value), "{what}: {variable} came out: {said}");
        }
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
    let queue = Mutex::new(work.into_iter().enumerate());
    let rows = Mutex::new(Vec::new());
    // Most of the time goes into waiting.
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let Some((number, (case, name, fault))) = queue.lock().unwrap().next() else { break };
                    // One wrong outcome must not hide the others.
                    let judged = std::panic::catch_unwind(|| judge(case, name, fault));
                    let row = judged.unwrap_or_else(|_| format!("{WRONG} {} × {name}", case.kind));
                    rows.lock().unwrap().push((number, row));
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort();
    println!("| source | fault | inventory | requests | peak | reason | check | requests | peak | reason |");
    for (_, row) in &rows {
        println!("{row}");
    }
    let wrong: Vec<&String> = rows.iter().map(|(_, row)| row).filter(|row| row.starts_with(WRONG)).collect();
    assert!(wrong.is_empty(), "what is wrong with each stands above: {wrong:#?}");
    assert_eq!(rows.len(), CASES.len() * FAULTS.len() - (CASES.len() - 1));
}
