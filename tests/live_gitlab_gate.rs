//! The real program on a GitLab: a revoked token that still works blocks, a dead one passes, a rotation is seen, two servers do not mix,
//! and values come out nowhere. Between the runs only the truth changes.
#![cfg(feature = "gitlab")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

mod support;

use std::fs;

use assert_cmd::Command;
use serde_json::{Value, json};
use support::gitlab::{ROOT, call};
use support::runs::{Said, write};
use support::{GitLab, binary};

/// A checkout of `acme/shop` whose first job is the gate of the second.
struct Checkout {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Checkout {
    fn new(endpoint: &str, config: &str, tickets: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let pipeline = "stages: [gate, deploy]\ngate:\n  stage: gate\n  script: [driftgate check]\ndeploy:\n  stage: deploy\n  environment: production\n  script: ['./deploy \"$DEPLOY_TOKEN\"']\n";
        write(root, ".gitlab-ci.yml", pipeline);
        let rows: String = tickets
            .iter()
            .enumerate()
            .map(|(at, (closed, title))| format!("SEC-{at},2026-01-15T00:00:00Z,{closed},{title},Done,SEC\n"))
            .collect();
        write(root, "tickets.csv", &format!("Number,Opened,Closed,Title,State,Project\n{rows}"));
        let tickets = "  - {kind: csv, path: tickets.csv, columns: {id: Number, opened_at: Opened, closed_at: Closed, title: Title, state: State}}\n";
        // An export's age is not what is tested.
        let policy = "policy: {max_age: {export: 3650d}}\n";
        write(root, ".driftgate.yaml", &format!("version: 1\nsources:\n{tickets}{config}{policy}"));
        let ci = [
            ("GITLAB_CI", "true"),
            ("CI_PROJECT_PATH", "acme/shop"),
            ("CI_JOB_NAME", "gate"),
            ("CI_SERVER_URL", endpoint),
            ("CI_COMMIT_BRANCH", "main"),
            ("CI_DEFAULT_BRANCH", "main"),
            ("GITLAB_TOKEN", ROOT),
        ];
        let variables = ci.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { folder, variables }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = binary();
        command.args(arguments).current_dir(self.folder.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn json(&self, arguments: &[&str]) -> Said {
        Said::of(self.command(arguments).args(["--format", "json", "--no-progress"]))
    }
}

impl Said {
    fn entry<'s>(&'s self, list: &str, id: &str) -> &'s Value {
        let found = self.report[list].as_array().unwrap().iter().find(|entry| entry["id"] == id);
        found.unwrap_or_else(|| panic!("{id} is not there: {}", self.all))
    }
}

/// A project in a group, a variable, and a token. Gives the token's number.
fn shop(gitlab: &GitLab) -> u64 {
    gitlab.control(json!({"clock": "2026-01-01T00:00:00.000Z"}));
    gitlab.group("acme");
    gitlab.project("acme/shop");
    gitlab.variable("acme/shop", "DEPLOY_TOKEN", "canary-of-the-deploy-token", json!({"masked": true}));
    gitlab.group_variable("acme", "COPY", "canary-of-the-deploy-token", json!({"masked": true}));
    gitlab.group_variable("acme", "OTHER", "canary-of-another", json!({}));
    let token =
        call("create", json!([{"name": "deploy", "scopes": ["api"], "access_level": 40, "expires_at": "2099-01-01"}]));
    gitlab.in_project("acme/shop", "access_tokens", token)["id"].as_u64().unwrap()
}

fn held(authority: &str, number: u64) -> String {
    format!(
        "  - slot: gitlab{authority}:variable:acme/shop:DEPLOY_TOKEN\n    holds: gitlab{authority}:project-token:acme/shop:{number}\n"
    )
}

#[test]
fn a_token_is_revoked_at_its_issuer_and_the_verdict_flips() {
    let gitlab = GitLab::start();
    let number = shop(&gitlab);
    let title = format!("Revoke gitlab:project-token:acme/shop:{number}");
    let config = format!("  - kind: gitlab\nlinks:\n{}", held("", number));
    let checkout = Checkout::new(&gitlab.endpoint, &config, &[("2026-01-20T00:00:00Z", &title)]);

    gitlab.forget();
    let said = checkout.json(&["check"]);
    said.expect(1, &["revoked-but-live"]);
    assert!(said.all.contains("gitlab project access tokens"), "{}", said.all);
    let requests = gitlab.requests();
    assert!(requests.len() <= 5, "four, and the list of the token that the ticket names: {requests:?}");
    let coverage =
        said.report["coverage"].as_array().unwrap().iter().find(|entry| entry["source"] == "gitlab").unwrap();
    assert_eq!(
        (coverage["requests"].as_u64().unwrap() as usize, &coverage["as"], &coverage["asked_as"]),
        (requests.len(), &coverage["as"], &coverage["asked_as"])
    );

    gitlab.in_project("acme/shop", "access_tokens", call("delete", json!([number])));
    checkout.json(&["check"]).expect(0, &["dead-reference"]);

    // One that no list has: the whole list was read, so that it is gone.
    let gone = format!("  - kind: gitlab\nlinks:\n{}", held("", 99_999));
    let title = "Revoke gitlab:project-token:acme/shop:99999";
    let checkout = Checkout::new(&gitlab.endpoint, &gone, &[("2026-01-20T00:00:00Z", title)]);
    checkout.json(&["check"]).expect(0, &["dead-reference"]);
    // Where the list is refused, nobody knows: the slot holds the value from before the ticket, and that blocks.
    gitlab.control(
        json!({"faults": [{"match": "access_tokens", "status": 403, "body": "{\"message\": \"x\"}", "times": -1}]}),
    );
    let said = checkout.json(&["check"]);
    assert_ne!(said.code, 0, "{}", said.all);
    assert!(!said.all.contains("canary"));

    // A GitLab that does not answer is never green.
    drop(gitlab);
    assert_ne!(checkout.json(&["check"]).code, 0);
}

#[test]
fn a_rotation_is_seen_in_audit_events() {
    let gitlab = GitLab::start();
    shop(&gitlab);
    let title = "Rotate the CI variable DEPLOY_TOKEN of acme/shop";
    let checkout = Checkout::new(&gitlab.endpoint, "  - kind: gitlab\n", &[("2026-02-01T00:00:00Z", title)]);
    gitlab.forget();
    checkout.json(&["check"]).expect(1, &["rotation-not-applied"]);
    assert!(gitlab.requests().len() <= 4, "{:?}", gitlab.requests());
    gitlab.control(json!({"clock": "2026-01-31T12:00:00.000Z"}));
    let change = call("update", json!(["DEPLOY_TOKEN", {"value": "canary-of-the-new-one"}]));
    gitlab.in_project("acme/shop", "variables", change);
    checkout.json(&["check"]).expect(0, &[]);
    // Without the licence nothing tells: inconclusive, not green.
    gitlab.control(json!({"premium": false}));
    assert_eq!(checkout.json(&["check"]).code, 3);
}

#[test]
fn two_gitlabs_do_not_mix() {
    let (eu, us) = (GitLab::start(), GitLab::start());
    let number = shop(&eu);
    assert_eq!(shop(&us), number, "the same numbers and names in both");
    us.in_project("acme/shop", "access_tokens", call("delete", json!([number])));
    let config = format!(
        "  - {{kind: gitlab, name: eu, token_env: EU_TOKEN}}\n  - {{kind: gitlab, name: us, url: '{}', token_env: US_TOKEN}}\nlinks:\n{}{}",
        us.endpoint,
        held("@eu", number),
        held("@us", number)
    );
    let title = |name: &str| format!("Revoke gitlab@{name}:project-token:acme/shop:{number}");
    let tickets = [("2026-01-20T00:00:00Z", &*title("eu")), ("2026-01-20T00:00:00Z", &*title("us"))];
    let checkout = Checkout::new(&eu.endpoint, &config, &tickets).with("EU_TOKEN", ROOT).with("US_TOKEN", ROOT);
    let state = |said: &Said, name: &str| {
        let id = format!("gitlab@{name}:project-token:acme/shop:{number}");
        said.entry("credentials", &id)["liveness"]["state"].as_str().unwrap().to_owned()
    };
    let said = checkout.json(&["inventory"]);
    assert_eq!((state(&said, "eu"), state(&said, "us")), ("live".into(), "dead".into()), "{}", said.all);
    let said = checkout.json(&["check"]);
    said.expect(1, &["revoked-but-live"]);
    assert!(said.report["findings"][0]["subject"]["id"].as_str().unwrap().starts_with("gitlab@eu:"), "{}", said.all);
    // The other way round.
    eu.in_project("acme/shop", "access_tokens", call("delete", json!([number])));
    let said = checkout.json(&["inventory"]);
    assert_eq!((state(&said, "eu"), state(&said, "us")), ("dead".into(), "dead".into()));
    checkout.json(&["check"]).expect(0, &["dead-reference"]);
    // No token for the second: its part is a gap, and the first's token does not go there.
    us.forget();
    let config = config.replace(", token_env: US_TOKEN", "");
    let checkout = Checkout::new(&eu.endpoint, &config, &tickets).with("EU_TOKEN", ROOT);
    let said = checkout.json(&["inventory"]);
    assert_eq!(said.code, 3, "{}", said.all);
    assert!(us.requests().is_empty(), "{:?}", us.requests());
}

#[test]
fn values_come_out_nowhere() {
    let gitlab = GitLab::start();
    let number = shop(&gitlab);
    let deploy_token = call("create", json!([{"name": "pull", "scopes": ["read_registry"]}]));
    gitlab.in_project("acme/shop", "deploytokens", deploy_token);
    gitlab.in_project("acme/shop", "triggers", call("create", json!([{"description": "nightly"}])));
    let title = format!("Revoke gitlab:project-token:acme/shop:{number}");
    for fingerprints in ["", "fingerprints: true\nfingerprint_key_env: SITE_KEY\n"] {
        let config = format!("  - kind: gitlab\n{fingerprints}links:\n{}", held("", number));
        let checkout = Checkout::new(&gitlab.endpoint, &config, &[("2026-01-20T00:00:00Z", &title)])
            .with("SITE_KEY", "canary-of-the-sites-key");
        for arguments in [
            &["inventory", "--format", "json", "-v"][..],
            &["inventory", "-v"],
            &["check", "-v"],
            &["check", "--format", "json"],
            &["check", "--format", "sarif"],
            &["check", "--format", "markdown"],
        ] {
            let (_, out, errors) = checkout.run(arguments);
            assert!(!out.is_empty(), "{arguments:?}: {errors}");
            for text in [&out, &errors] {
                let found = ["canary", ROOT].into_iter().find(|value| text.contains(value));
                assert_eq!(found, None, "{arguments:?} {fingerprints}: {text}");
            }
        }
        // What one variable is known to hold, another with the same value holds; only where the site wants fingerprints.
        let said = checkout.json(&["inventory"]);
        assert_eq!(said.code, 0, "{}", said.all);
        let copy = &said.entry("slots", "gitlab:variable:acme:COPY")["holds"];
        let token = json!(format!("gitlab:project-token:acme/shop:{number}"));
        assert_eq!(*copy, if fingerprints.is_empty() { Value::Null } else { token });
        assert_eq!(said.entry("slots", "gitlab:variable:acme:OTHER")["holds"], Value::Null);
    }
}

#[test]
fn without_a_configuration_the_environment_tells() {
    let gitlab = GitLab::start();
    shop(&gitlab);
    let checkout = Checkout::new(&gitlab.endpoint, "", &[]);
    fs::remove_file(checkout.folder.path().join(".driftgate.yaml")).unwrap();
    let said = checkout.json(&["inventory"]);
    assert_eq!(said.code, 0, "{}", said.all);
    assert_eq!(said.entry("slots", "gitlab:variable:acme/shop:DEPLOY_TOKEN")["masked"], true);
    // Offline nothing is asked.
    gitlab.forget();
    assert_eq!(checkout.json(&["inventory", "--offline"]).code, 3);
    assert!(gitlab.requests().is_empty());
    // A wrong address is a configuration error.
    write(checkout.folder.path(), ".driftgate.yaml", "version: 1\nsources:\n  - {kind: gitlab, url: 'ftp://x'}\n");
    let (code, _, errors) = checkout.run(&["inventory"]);
    assert!(
        code == 2 && errors.contains("no http or https URL") && errors.contains(".driftgate.yaml:3"),
        "{code}: {errors}"
    );
}

#[test]
fn what_inventory_prints_is_judged_like_gitlab_itself() {
    let gitlab = GitLab::start();
    let number = shop(&gitlab);
    let title = format!("Revoke gitlab:project-token:acme/shop:{number}");
    let config = |source: &str| format!("  - {source}\nlinks:\n{}", held("", number));
    let tickets = [("2026-01-20T00:00:00Z", title.as_str())];
    let live = Checkout::new(&gitlab.endpoint, &config("kind: gitlab"), &tickets);
    for (what, code) in [("listed", 1), ("not shown", 1), ("revoked", 0)] {
        let faults = match what {
            "not shown" => json!([{"match": "access_tokens", "status": 403, "body": "{}", "times": -1}]),
            _ => json!([]),
        };
        gitlab.control(json!({"faults": faults}));
        if what == "revoked" {
            gitlab.in_project("acme/shop", "access_tokens", call("delete", json!([number])));
        }
        let said = live.json(&["check"]);
        let (_, printed, _) = live.run(&["inventory", "--format", "json"]);
        let read_back = Checkout::new(&gitlab.endpoint, &config("{kind: file, path: inventory.json}"), &tickets);
        write(read_back.folder.path(), "inventory.json", &printed);
        let again = read_back.json(&["check"]);
        let of = |said: &Said| -> Vec<Value> {
            let findings = said.report["findings"].as_array().unwrap().iter();
            findings.map(|f| json!([f["rule"], f["subject"]["id"], f["fingerprint"]])).collect()
        };
        assert_eq!((said.code, of(&said)), (again.code, of(&again)), "{what}: {}", again.all);
        assert_eq!(said.code, code, "{what}: {}", said.all);
    }
}
