//! A repository with a gate: `main` on a remote, a clone with a branch on which the change is made, and the runs of its pipelines.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::binary::binary;

pub(crate) const NOW: &str = "2026-06-01T12:00:00Z";
pub(crate) const CONFIG: &str = "version: 1
repository: acme/shop
sources:
  - {kind: file, path: inventory.json}
  - {kind: jira, export: jira.json, fields: {approval: customfield_1}}
  - {kind: catalog, path: catalog.csv}
policy: {fail_on: high}
trust: {projects: [SEC], approvers: [alice@example.com], approved: {jira: [Approved]}}
";
pub(crate) const WORKFLOW: &str = ".github/workflows/deploy.yml";
pub(crate) const GITHUB: &str = "on:
  push:
  pull_request:
  workflow_dispatch:
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
      - run: driftgate check --fail-on high
  deploy:
    needs: gate
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: ./deploy
        env:
          DEPLOY_KEY: ${{ secrets.DEPLOY_KEY }}
";
pub(crate) const GITLAB: &str = "stages: [gate, deploy]
gate:
  stage: gate
  script:
    - driftgate check --fail-on high
deploy:
  stage: deploy
  environment: production
  script:
    - ./deploy \"$DEPLOY_KEY\"
";
/// The deploying job also reads a path in Vault.
pub(crate) fn github_with_vault() -> String {
    let action = "- uses: hashicorp/vault-action@v3\n        with: {secrets: secret/data/app/db password | DB}\n      - run: ./deploy";
    GITHUB.replace("- run: ./deploy", action)
}

/// The same for GitLab.
pub(crate) fn gitlab_with_vault() -> String {
    GITLAB.replace("  environment:", "  secrets: {DB: {vault: app/db/password@secret}}\n  environment:")
}

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

/// What the repository is like before the change.
pub(crate) struct House {
    folder: tempfile::TempDir,
    pub(crate) clone: PathBuf,
}

/// A CI system and what started the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    GithubPull,
    GithubPush,
    GithubManual,
    GitlabMerge,
    GitlabPush,
    GitlabManual,
}

pub(crate) const EVENTS: [Event; 6] = [
    Event::GithubPull,
    Event::GithubPush,
    Event::GithubManual,
    Event::GitlabMerge,
    Event::GitlabPush,
    Event::GitlabManual,
];

pub(crate) fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=eve", "-c", "user.email=eve@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").arg("-C").arg(folder).args(identity).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) fn ticket(key: &str, kind: &str, summary: &str, status: &str, approved: bool, opened: &str) -> Value {
    let done = status == "Done";
    json!({"key": key, "fields": {
        "summary": summary, "description": null, "issuetype": {"name": kind}, "labels": [], "created": opened,
        "status": {"name": status, "statusCategory": {"key": if done { "done" } else { "indeterminate" }}},
        "resolution": if done { json!({"name": "Done"}) } else { Value::Null },
        "resolutiondate": if done { json!("2026-05-04T10:00:00.000+0000") } else { Value::Null },
        "reporter": {"displayName": "Bob", "emailAddress": "bob@example.com"},
        "assignee": {"displayName": "Alice", "emailAddress": "alice@example.com"},
        "customfield_1": if approved { json!({"value": "Approved"}) } else { Value::Null },
    }})
}

pub(crate) fn revocation() -> Value {
    ticket("SEC-1", "Task", &format!("Revoke AWS access key {KEY}"), "Done", true, "2026-05-04T09:00:00.000+0000")
}

impl House {
    /// `drifts`: the revoked key is still live.
    pub(crate) fn new(drifts: bool) -> Self {
        let liveness = if drifts { "live" } else { "dead" };
        let inventory = json!({"schema": "driftgate/inventory/v1", "exported_at": "2026-06-01T11:00:00Z",
            "slots": [{"id": "github:actions-secret:acme/shop:DEPLOY_KEY", "name": "DEPLOY_KEY",
                       "updated_at": "2026-01-01T00:00:00Z", "holds": format!("aws:access-key:{KEY}")},
                      {"id": "gitlab:variable:acme/shop:DEPLOY_KEY", "name": "DEPLOY_KEY",
                       "updated_at": "2026-01-01T00:00:00Z", "holds": format!("aws:access-key:{KEY}")}],
            "credentials": [{"id": format!("aws:access-key:{KEY}"), "status": if drifts { "active" } else { "inactive" },
                "liveness": {"state": liveness, "method": "iam ListAccessKeys", "at": "2026-06-01T11:00:00Z"}}],
            "gaps": [], "coverage": []});
        let folder = tempfile::tempdir().unwrap();
        let (remote, clone) = (folder.path().join("remote"), folder.path().join("clone"));
        fs::create_dir_all(remote.join(".github/workflows")).unwrap();
        git(&remote, &["init", "-q", "-b", "main"]);
        let write = |name: &str, text: &str| fs::write(remote.join(name), text).unwrap();
        write(".driftgate.yaml", CONFIG);
        write("inventory.json", &inventory.to_string());
        write("jira.json", &export(&[revocation()]));
        write("catalog.csv", &format!("identity,resource,level\naws:access-key:{KEY},shop,write\n"));
        write(WORKFLOW, GITHUB);
        write(".gitlab-ci.yml", GITLAB);
        git(&remote, &["add", "."]);
        git(&remote, &["commit", "-qm", "main"]);
        git(folder.path(), &["clone", "-q", remote.to_str().unwrap(), clone.to_str().unwrap()]);
        git(&clone, &["checkout", "-qb", "change"]);
        Self { folder, clone }
    }

    /// The change: a file's new content, or none where it goes.
    pub(crate) fn change(&self, name: &str, text: Option<&str>) {
        match text {
            Some(text) => fs::write(self.clone.join(name), text).unwrap(),
            None => fs::remove_file(self.clone.join(name)).unwrap(),
        }
        git(&self.clone, &["add", "-A"]);
        git(&self.clone, &["commit", "-q", "--allow-empty", "-m", "change"]);
    }

    /// Replaces a part of a file, which must be there.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.clone.join(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        self.change(name, Some(&text.replacen(from, to, 1)));
    }

    /// What is true on the protected branch, too, before the change begins.
    pub(crate) fn before(&self, name: &str, text: &str) {
        self.change(name, Some(text));
        git(&self.clone, &["push", "-q", "origin", "HEAD:refs/heads/landing"]);
        git(&self.folder.path().join("remote"), &["reset", "-q", "--hard", "landing"]);
        git(&self.clone, &["fetch", "-q", "origin"]);
    }

    /// Runs the gate as the CI does, with further variables and arguments: the exit code, the report, what stood on standard error.
    pub(crate) fn run(&self, event: Event, extra: &[(&str, &str)], arguments: &[&str]) -> (i32, Value, String) {
        self.run_now(event, extra, &[&["--now", NOW], arguments].concat())
    }

    /// The same, judged as of this moment: what live servers say has its own time.
    pub(crate) fn run_now(&self, event: Event, extra: &[(&str, &str)], arguments: &[&str]) -> (i32, Value, String) {
        let payload = self.folder.path().join("event.json");
        let pull = event == Event::GithubPull;
        let mut told = json!({"repository": {"default_branch": "main"}, "sender": {"login": "eve"}});
        if pull {
            told["pull_request"] = json!({"user": {"login": "eve"}, "head": {"repo": {"full_name": "acme/shop"}},
                "base": {"repo": {"full_name": "acme/shop"}}});
        }
        fs::write(&payload, told.to_string()).unwrap();
        let payload = payload.to_str().unwrap().to_owned();
        let workflow = format!("acme/shop/{WORKFLOW}@refs/heads/change");
        let mut variables: Vec<(&str, &str)> = match event {
            Event::GithubPull | Event::GithubPush | Event::GithubManual => vec![
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_REPOSITORY", "acme/shop"),
                ("GITHUB_EVENT_PATH", &payload),
                ("GITHUB_WORKFLOW_REF", &workflow),
                ("GITHUB_JOB", "gate"),
                ("GITHUB_ACTOR", "eve"),
            ],
            _ => vec![
                ("GITLAB_CI", "true"),
                ("CI_PROJECT_PATH", "acme/shop"),
                ("CI_DEFAULT_BRANCH", "main"),
                ("CI_JOB_NAME", "gate"),
                ("GITLAB_USER_LOGIN", "eve"),
                ("GITLAB_USER_EMAIL", "eve@example.com"),
            ],
        };
        variables.extend(match event {
            Event::GithubPull => vec![
                ("GITHUB_EVENT_NAME", "pull_request"),
                ("GITHUB_BASE_REF", "main"),
                ("GITHUB_REF", "refs/pull/1/merge"),
            ],
            Event::GithubPush => vec![("GITHUB_EVENT_NAME", "push"), ("GITHUB_REF", "refs/heads/change")],
            Event::GithubManual => {
                vec![("GITHUB_EVENT_NAME", "workflow_dispatch"), ("GITHUB_REF", "refs/heads/change")]
            }
            Event::GitlabMerge => vec![
                ("CI_PIPELINE_SOURCE", "merge_request_event"),
                ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
                ("CI_MERGE_REQUEST_PROJECT_PATH", "acme/shop"),
                ("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", "acme/shop"),
            ],
            Event::GitlabPush => vec![("CI_PIPELINE_SOURCE", "push"), ("CI_COMMIT_BRANCH", "change")],
            Event::GitlabManual => vec![("CI_PIPELINE_SOURCE", "web"), ("CI_COMMIT_BRANCH", "change")],
        });
        let mut command = binary();
        command.current_dir(&self.clone).envs(variables).envs(extra.iter().copied());
        let output = command.args(["check", "--format", "json"]).args(arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code().unwrap(), report, error)
    }
}

/// An export of that hour: a question among the tickets is the newest.
pub(crate) fn export(tickets: &[Value]) -> String {
    let fresh = ticket("SEC-99", "Question", "Which door?", "In Progress", false, "2026-06-01T11:00:00.000+0000");
    let all: Vec<&Value> = tickets.iter().chain([&fresh]).collect();
    json!({"startAt": 0, "maxResults": 50, "total": all.len(), "issues": all}).to_string()
}

/// The blocking rules of a report.
pub(crate) fn blocking(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().into_iter().flatten();
    findings.filter(|finding| finding["blocking"] == true).filter_map(|finding| finding["rule"].as_str()).collect()
}

/// What the `gate-weakened` findings say.
pub(crate) fn weakened(report: &Value) -> Vec<String> {
    let findings =
        report["findings"].as_array().into_iter().flatten().filter(|finding| finding["rule"] == "gate-weakened");
    let facts = findings.flat_map(|finding| finding["evidence"].as_array().cloned().unwrap_or_default());
    facts.map(|fact| fact["quote"].as_str().unwrap().to_owned()).collect()
}
