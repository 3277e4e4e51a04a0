//! The gate through the real binary: a deploy key and an App that a ticket says are revoked block while GitHub lists them, and no
//! longer when it does not. Between the runs only the truth at GitHub changes.
#![cfg(feature = "github")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::github::TOKEN;
use support::runs::{Said, on_main, write};
use support::{Answer, Github, Listener, binary};

const WORKFLOW: &str = "on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: driftgate check
      - run: ./deploy.sh
        env:
          DEPLOY_KEY: ${{ secrets.DEPLOY_KEY }}
          NPM_TOKEN: ${{ secrets.NPM_TOKEN }}
";

impl Said {
    /// Rule and subject of each finding.
    fn findings(&self) -> Vec<(&str, &str)> {
        let findings = self.report["findings"].as_array().unwrap();
        findings.iter().map(|f| (f["rule"].as_str().unwrap(), f["subject"]["id"].as_str().unwrap())).collect()
    }

    fn coverage(&self, source: &str) -> &Value {
        let all = self.report["coverage"].as_array().unwrap();
        all.iter().find(|one| one["source"] == source).unwrap_or_else(|| panic!("{source}: {}", self.all))
    }
}

fn checkout(endpoint: &str, ticket: &str, links: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| write(folder.path(), path, text);
    write(".github/workflows/deploy.yml", WORKFLOW);
    write(
        "tickets.csv",
        &format!(
            "Number,Created,Closed,Summary,Description,Status\nSEC-1,2026-05-01T08:00:00Z,2026-05-02T08:00:00Z,{ticket},,Done\n"
        ),
    );
    write(
        ".driftgate.yaml",
        &format!(
            "version: 1
repository: acme/shop
sources:
  - {{kind: github, url: '{endpoint}', token_env: AUDIT_TOKEN, cache: false, timeout: 20}}
  - kind: csv
    path: tickets.csv
    columns: {{id: Number, opened_at: Created, closed_at: Closed, title: Summary, text: Description, state: Status}}
policy: {{max_age: {{export: 90d}}}}
{links}"
        ),
    );
    folder
}

fn check(root: &Path, arguments: &[&str]) -> Said {
    let mut command = binary();
    command
        .args(["check", "--format", "json", "--no-progress", "--now", "2026-06-01T00:00:00Z"])
        .args(arguments)
        .arg(root);
    on_main(&mut command, root);
    let said = Said::of(command.env("AUDIT_TOKEN", TOKEN));
    assert!(!said.all.contains(TOKEN), "the token is told");
    said
}

fn set_up() -> Value {
    let secret = |name: &str| json!({"name": name, "updated_at": "2026-01-01T00:00:00Z"});
    json!({
        "repositories": {"acme/shop": {
            "actions": [secret("NPM_TOKEN")],
            "environments": {"production": {"secrets": [secret("DEPLOY_KEY")]}},
            "keys": [
                {"id": 8412, "title": "deploy", "read_only": false, "enabled": true, "last_used": null},
                {"id": 8413, "title": "mirror", "read_only": true, "enabled": true, "last_used": null},
            ],
        }},
        "apps": [{"id": 5521, "app_slug": "releaser", "suspended_at": null, "permissions": {"contents": "write"}}],
    })
}

const KEY_HELD: &str = "links:
  - {slot: 'github:actions-secret:acme/shop@production:DEPLOY_KEY', holds: 'github:deploy-key:acme/shop:8412'}
";

const APP_HELD: &str = "links:
  - {slot: 'github:actions-secret:acme/shop:NPM_TOKEN', holds: 'github:app:acme:5521'}
";

#[test]
fn a_deploy_key_that_is_deleted_at_github_lets_the_deploy_through() {
    let github = Github::start();
    github.set(&set_up());
    let key = "github:deploy-key:acme/shop:8412";
    let folder = checkout(&github.endpoint, &format!("Revoke {key}"), KEY_HELD);
    let said = check(folder.path(), &[]);
    assert_eq!((said.code, said.findings()), (1, vec![("revoked-but-live", key)]), "{}", said.all);
    assert!(said.report["findings"][0]["actual"].as_str().unwrap().contains("github deploy keys"), "{}", said.all);
    assert_eq!(said.report["gaps"], json!([]), "{}", said.all);
    let asked = github.requests();
    // Who asks, the lists of the repository, its environment and what its organization shares; the keys, for one is named.
    assert_eq!(asked.len(), 5, "{asked:?}");
    assert_eq!(said.coverage("github")["requests"], 5, "{}", said.all);
    assert_eq!(said.coverage("github")["as"], "auditor", "{}", said.all);

    let mut without = set_up();
    without["repositories"]["acme/shop"]["keys"].as_array_mut().unwrap().remove(0);
    github.set(&without);
    let said = check(folder.path(), &[]);
    // The deploy that refers to it will break, and that does not block.
    assert_eq!((said.code, said.findings()), (0, vec![("dead-reference", key)]), "{}", said.all);

    // It is back, and the list cannot be read: neither live nor dead.
    let mut closed = set_up();
    closed["tokens"] = json!({TOKEN: {"login": "auditor", "deny": {".*/keys": "administration=read"}}});
    github.set(&closed);
    let said = check(folder.path(), &[]);
    assert!(said.code != 0 && !said.findings().contains(&("revoked-but-live", key)), "{}", said.all);
    assert!(said.all.contains("administration=read"), "{}", said.all);

    // Nobody there, no network wanted: never green.
    github.set(&set_up());
    let said = check(folder.path(), &["--offline"]);
    assert!(said.code != 0, "{}", said.all);
    assert_eq!(github.requests(), [], "--offline asks nobody");
    let broken = Listener::start(Answer::Http(502, Vec::new(), b"<html>bad gateway</html>".to_vec()));
    let folder = checkout(&broken.endpoint, &format!("Revoke {key}"), KEY_HELD);
    let said = check(folder.path(), &[]);
    assert!(said.code != 0 && said.all.contains("HTTP 502") && !said.all.contains("bad gateway"), "{}", said.all);
}

#[test]
fn an_app_that_is_suspended_lets_the_deploy_through() {
    let github = Github::start();
    github.set(&set_up());
    let app = "github:app:acme:5521";
    let folder = checkout(&github.endpoint, &format!("Revoke the app {app}"), APP_HELD);
    let said = check(folder.path(), &[]);
    assert_eq!((said.code, said.findings()), (1, vec![("revoked-but-live", app)]), "{}", said.all);
    let mut suspended = set_up();
    suspended["apps"][0]["suspended_at"] = json!("2026-05-02T07:00:00Z");
    github.set(&suspended);
    let said = check(folder.path(), &[]);
    assert_eq!((said.code, said.findings()), (0, vec![("dead-reference", app)]), "{}", said.all);
}

#[test]
fn a_key_that_only_a_ticket_names_is_looked_up_after_the_tickets() {
    let github = Github::start();
    github.set(&set_up());
    let folder = checkout(&github.endpoint, "Revoke github:deploy-key:acme/shop:8413", "");
    let said = check(folder.path(), &[]);
    assert_eq!(said.findings(), [("revoked-but-live", "github:deploy-key:acme/shop:8413")], "{}", said.all);
    assert_eq!(said.code, 0, "no job in scope gets at it: {}", said.all);
    assert_eq!(github.requests().len(), 5, "the keys besides the stores, and nothing twice");
}

#[test]
fn the_secrets_of_a_deploy_are_dated_by_github() {
    let github = Github::start();
    github.set(&set_up());
    let folder = checkout(&github.endpoint, "Rotate NPM_TOKEN in acme/shop", "");
    let said = check(folder.path(), &[]);
    let slot = "github:actions-secret:acme/shop:NPM_TOKEN";
    assert_eq!((said.code, said.findings()), (1, vec![("rotation-not-applied", slot)]), "{}", said.all);
    let mut rotated = set_up();
    rotated["repositories"]["acme/shop"]["actions"][0]["updated_at"] = json!("2026-05-02T07:30:00Z");
    github.set(&rotated);
    let said = check(folder.path(), &[]);
    assert_eq!((said.code, said.findings()), (0, vec![]), "{}", said.all);
    // A secret that is nowhere: the lists were whole.
    rotated["repositories"]["acme/shop"]["actions"] = json!([]);
    github.set(&rotated);
    let said = check(folder.path(), &[]);
    assert!(said.findings().contains(&("dead-reference", slot)), "{}", said.all);
    // A repository that is not seen is no empty one.
    github.set(&json!({"repositories": {}}));
    let said = check(folder.path(), &[]);
    assert!(said.code == 3 && !said.findings().contains(&("dead-reference", slot)), "{}", said.all);
    assert!(said.all.contains("HTTP 404"), "{}", said.all);
}

/// What `inventory` prints, read back in GitHub's place.
fn read_back(folder: &Path) -> Said {
    let output = binary()
        .current_dir(folder)
        .args(["inventory", "--format", "json", "--no-progress", "--now", "2026-06-01T00:00:00Z"])
        .env("AUDIT_TOKEN", TOKEN)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("github:actions-secret:acme/shop:NPM_TOKEN"), "{text}");
    fs::write(folder.join("inventory.json"), text).unwrap();
    let config = folder.join(".driftgate.yaml");
    let live = fs::read_to_string(&config).unwrap();
    let lines = live
        .lines()
        .map(|line| if line.contains("kind: github") { "  - {kind: file, path: inventory.json}" } else { line });
    fs::write(&config, lines.map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let said = check(folder, &[]);
    fs::write(&config, live).unwrap();
    said
}

#[test]
fn what_inventory_prints_gives_the_same_verdict() {
    let github = Github::start();
    let key = "github:deploy-key:acme/shop:8412";
    let mut without = set_up();
    without["repositories"]["acme/shop"]["keys"].as_array_mut().unwrap().remove(0);
    let mut closed = set_up();
    closed["tokens"] = json!({TOKEN: {"login": "auditor", "deny": {".*/keys": "administration=read"}}});
    // A list that was cut short proves no deletion: the slot still holds what it held.
    for (state, verdict, rule) in [
        (set_up(), "block", "revoked-but-live"),
        (without, "pass", "dead-reference"),
        (closed, "block", "revoked-still-held"),
    ] {
        github.set(&state);
        let folder = checkout(&github.endpoint, &format!("Revoke {key}"), KEY_HELD);
        let live = check(folder.path(), &[]);
        let saved = read_back(folder.path());
        let prints = |said: &Said| -> Vec<Value> {
            let findings = said.report["findings"].as_array().unwrap();
            findings
                .iter()
                .map(|finding| json!([finding["rule"], finding["fingerprint"], finding["blocking"]]))
                .collect()
        };
        assert_eq!(live.report["verdict"], verdict, "{}", live.all);
        assert_eq!(live.findings(), [(rule, key)], "{}", live.all);
        assert_eq!(saved.report["verdict"], verdict, "{}", saved.all);
        assert_eq!(prints(&saved), prints(&live), "{}\n{}", saved.all, live.all);
    }
}

#[test]
fn what_inventory_prints_is_judged_like_github_itself() {
    let github = Github::start();
    github.set(&set_up());
    let key = "github:deploy-key:acme/shop:8412";
    let folder = checkout(&github.endpoint, &format!("Revoke {key}"), KEY_HELD);
    let config = folder.path().join(".driftgate.yaml");
    let live_config = fs::read_to_string(&config).unwrap();
    let mut state = set_up();
    for (what, code) in [("listed", 1), ("deleted", 0), ("not shown", 1)] {
        match what {
            "deleted" => state["repositories"]["acme/shop"]["keys"] = json!([]),
            // A list that is refused is no empty list.
            "not shown" => state["faults"] = json!([{"path": "/repos/acme/shop/keys", "status": 403}]),
            _ => {}
        }
        github.set(&state);
        fs::write(&config, &live_config).unwrap();
        let live = check(folder.path(), &[]);
        let mut command = binary();
        command.args(["inventory", "--format", "json", "--now", "2026-06-01T00:00:00Z"]).current_dir(folder.path());
        let printed = command.env("AUDIT_TOKEN", TOKEN).output().unwrap().stdout;
        fs::write(folder.path().join("inventory.json"), &printed).unwrap();
        let source = live_config.lines().find(|line| line.contains("kind: github")).unwrap();
        fs::write(&config, live_config.replace(source, "  - {kind: file, path: inventory.json}")).unwrap();
        let read_back = check(folder.path(), &[]);
        assert_eq!((live.code, live.findings()), (read_back.code, read_back.findings()), "{what}: {}", read_back.all);
        assert_eq!(live.code, code, "{what}: {}", live.all);
        let prints = |said: &Said| -> Vec<Value> {
            said.report["findings"].as_array().unwrap().iter().map(|f| f["fingerprint"].clone()).collect()
        };
        assert_eq!(prints(&live), prints(&read_back), "{what}");
    }
}
