//! The gate through the real binary: an issue that asked for a revocation and was closed as done blocks while the credential lives; one
//! that was closed as not planned, by whoever may say so, asks for nothing.

use assert_cmd::Command;

use serde_json::json;

use super::github::Bench;
use super::gitlab::{change, issue, note};
use super::support::github::TOKEN;
use super::support::gitlab::{ROOT, call};
use super::support::runs::{Said, on_main, write};
use super::support::{GitLab, Github, binary};

fn run(mut command: Command, arguments: &[&str]) -> Said {
    let said = Said::of(command.args(arguments));
    assert!(!said.all.contains(TOKEN) && !said.all.contains(ROOT), "a token is told");
    said
}

#[test]
fn a_github_issue_that_is_done_blocks_while_the_key_lives() {
    let repository = json!({
        "actions": [{"name": "DEPLOY_KEY", "updated_at": "2026-01-01T00:00:00Z"}],
        "keys": [{"id": 8412, "title": "deploy", "read_only": false, "enabled": true, "last_used": null}],
    });
    let bench = Bench::new(Github::start(), &json!({"acme/shop": repository}));
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let workflow = "on: push\njobs:\n  deploy:\n    runs-on: x\n    steps:\n      - run: driftgate check\n      - run: ./deploy.sh\n        env:\n          KEY: ${{ secrets.DEPLOY_KEY }}\n";
    write(root, ".github/workflows/deploy.yml", workflow);
    let endpoint = &bench.github.endpoint;
    let config = format!(
        "version: 1
repository: acme/shop
sources:
  - {{kind: github, url: '{endpoint}', token_env: AUDIT_TOKEN, cache: false}}
  - {{kind: github-issues, url: '{endpoint}', token_env: AUDIT_TOKEN, cache: kept}}
links:
  - {{slot: 'github:actions-secret:acme/shop:DEPLOY_KEY', holds: 'github:deploy-key:acme/shop:8412'}}
"
    );
    write(root, ".driftgate.yaml", &config);
    let check = |arguments: &[&str]| {
        let mut command = binary();
        command.args(["check", "--format", "json", "--no-progress"]).arg(root);
        on_main(&mut command, root);
        command.env("AUDIT_TOKEN", TOKEN);
        run(command, arguments)
    };
    // No issue at all is no clean slate.
    let said = check(&[]);
    assert!(said.code == 3 && said.all.contains("no issues at all"), "{}", said.all);
    bench.github.issues(&json!({"clock": super::github::ago(20)}));
    let number = bench.issue(json!({"title": "Revoke the deploy key 8412 of acme/shop", "assignees": ["carol"]}));
    bench.change(number, json!({"state": "closed", "state_reason": "completed"}));
    bench.github.issues(&json!({"clock": null}));
    let said = check(&[]);
    said.expect(1, &["revoked-but-live"]);
    assert_eq!(said.report["findings"][0]["tickets"], json!([format!("acme/shop#{number}")]), "{}", said.all);
    assert_eq!(said.report["gaps"], json!([]), "{}", said.all);
    let issues =
        said.report["coverage"].as_array().unwrap().iter().find(|one| one["source"] == "github-issues").unwrap();
    assert_eq!((&issues["items"], &issues["as"], issues["requests"].as_u64()), (&json!(1), &json!("auditor"), Some(4)));
    // Its assignee reopens it: still to be done, and long overdue.
    bench.change(number, json!({"state": "open"}));
    check(&[]).expect(1, &["overdue-revocation"]);
    // Closed as not planned by the assignee: nothing is asked for.
    bench.change(number, json!({"state": "closed", "state_reason": "not_planned"}));
    check(&[]).expect(0, &["unticketed-credential"]);
    // Offline nobody is asked, and nothing is green.
    bench.github.forget();
    assert_eq!(check(&["--offline"]).code, 3);
    assert!(bench.github.requests().is_empty());
}

#[test]
fn a_gitlab_issue_that_is_done_blocks_while_the_token_lives() {
    let gitlab = GitLab::start();
    gitlab.control(json!({"clock": "2026-01-01T00:00:00.000Z"}));
    gitlab.group("acme");
    gitlab.project("acme/shop");
    gitlab.variable("acme/shop", "DEPLOY_TOKEN", "canary-of-the-deploy-token", json!({"masked": true}));
    let token =
        call("create", json!([{"name": "deploy", "scopes": ["api"], "access_level": 40, "expires_at": "2099-01-01"}]));
    let number = gitlab.in_project("acme/shop", "access_tokens", token)["id"].as_u64().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let pipeline = "stages: [gate, deploy]\ngate:\n  stage: gate\n  script: [driftgate check]\ndeploy:\n  stage: deploy\n  environment: production\n  script: ['./deploy \"$DEPLOY_TOKEN\"']\n";
    write(root, ".gitlab-ci.yml", pipeline);
    let config = format!(
        "version: 1\nsources:\n  - kind: gitlab\n  - {{kind: gitlab-issues, cache: kept}}\nlinks:\n  - slot: gitlab:variable:acme/shop:DEPLOY_TOKEN\n    holds: gitlab:project-token:acme/shop:{number}\n"
    );
    write(root, ".driftgate.yaml", &config);
    let check = || {
        let mut command = binary();
        command.args(["check", "--format", "json", "--no-progress"]).current_dir(root);
        for (name, value) in [
            ("GITLAB_CI", "true"),
            ("CI_PROJECT_PATH", "acme/shop"),
            ("CI_JOB_NAME", "gate"),
            ("CI_SERVER_URL", gitlab.endpoint.as_str()),
            ("CI_COMMIT_BRANCH", "main"),
            ("CI_DEFAULT_BRANCH", "main"),
            ("GITLAB_TOKEN", ROOT),
        ] {
            command.env(name, value);
        }
        run(command, &[])
    };
    let root_user =
        gitlab.with(&[super::support::gitlab::of("users"), call("get", json!([1]))])["id"].as_u64().unwrap();
    gitlab.control(json!({"clock": "2026-01-15T00:00:00.000Z"}));
    let title = format!("Revoke gitlab:project-token:acme/shop:{number}");
    let iid = issue(&gitlab, json!({"title": title, "assignee_ids": [root_user]}));
    gitlab.control(json!({"clock": "2026-01-20T00:00:00.000Z"}));
    change(&gitlab, iid, json!({"state_event": "close"}));
    gitlab.control(json!({"clock": null}));
    let said = check();
    said.expect(1, &["revoked-but-live"]);
    assert_eq!(said.report["findings"][0]["tickets"], json!([format!("acme/shop#{iid}")]), "{}", said.all);
    assert_eq!(said.report["gaps"], json!([]), "{}", said.all);
    // Closed once more, by its assignee and with other words: nothing is asked for.
    change(&gitlab, iid, json!({"state_event": "reopen"}));
    note(&gitlab, iid, "Closing as not planned: nothing was done.");
    change(&gitlab, iid, json!({"state_event": "close"}));
    check().expect(0, &["unticketed-credential"]);
    // Open again, and the token is gone: the deploy that refers to it will break, and that does not block.
    change(&gitlab, iid, json!({"state_event": "reopen"}));
    gitlab.in_project("acme/shop", "access_tokens", call("delete", json!([number])));
    check().expect(0, &["dead-reference"]);
    assert!(!said.all.contains("canary"), "{}", said.all);
}
