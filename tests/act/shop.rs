//! A company's repository whose deploy uses one key, and the runner that runs its workflows: `act`, on this machine, without containers
//! and without a network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::{clean, python};

pub(super) const NOW: &str = "2026-06-01T12:00:00Z";
const OLD_KEY: &str = "AKIAZ5VQ7RTLM2XK4N3P";
const NEW_KEY: &str = "AKIAZ5VQ7RTLM2XK4N3Q";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What the stores say of the key that the ticket revoked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// It still works, and the deploy still uses it.
    Live,
    /// It is dead, and the deploy uses another.
    Replaced,
}

/// The checkout, and a folder in which its jobs leave marks.
pub(super) struct Shop {
    folder: TempDir,
    home: TempDir,
    pub(super) marks: TempDir,
}

/// What a run did.
pub(super) struct Run {
    pub(super) success: bool,
    /// Every line of the runner's log, in its own words.
    pub(super) log: Vec<Value>,
}

/// An annotation as the runner understood it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Annotation {
    pub(super) level: String,
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) title: String,
    pub(super) text: String,
}

impl Shop {
    pub(super) fn new(key: Key) -> Self {
        Self::with_title(key, "Revoke AKIAZ5VQ7RTLM2XK4N3P")
    }

    /// The ticket's title is what somebody wrote.
    pub(super) fn with_title(key: Key, title: &str) -> Self {
        let shop = Self {
            folder: tempfile::tempdir().unwrap(),
            home: tempfile::tempdir().unwrap(),
            marks: tempfile::tempdir().unwrap(),
        };
        let state = if key == Key::Live { "live" } else { "dead" };
        let holds = if key == Key::Live { OLD_KEY } else { NEW_KEY };
        let alive = |state: &str| json!({"state": state, "method": "iam ListAccessKeys", "at": NOW});
        let inventory = json!({"schema": "driftgate/inventory/v1", "exported_at": NOW, "slots": [
                {"id": "github:actions-secret:acme/shop:DEPLOY_KEY", "name": "DEPLOY_KEY", "updated_at": "2026-02-01T00:00:00Z",
                 "holds": format!("aws:access-key:{holds}")}],
            "credentials": [
                {"id": format!("aws:access-key:{OLD_KEY}"), "name": "svc-deploy", "status": if state == "live" { "active" } else { "deleted" },
                 "liveness": alive(state)},
                {"id": format!("aws:access-key:{NEW_KEY}"), "name": "svc-deploy 2", "status": "active", "liveness": alive("live")}]});
        shop.write("inventory.json", &inventory.to_string());
        let ticket = |key: &str, summary: &str| {
            json!({"key": key, "fields": {"summary": summary, "project": {"key": "SEC"}, "description": summary,
                "status": {"name": "Done", "statusCategory": {"key": "done"}}, "resolution": {"name": "Done"},
                "created": "2026-05-04T10:12:00.000+0000", "resolutiondate": "2026-05-05T10:12:00.000+0000",
                "updated": "2026-06-01T10:12:00.000+0000", "assignee": {"emailAddress": "alice@example.com"}}})
        };
        let issues = [ticket("SEC-142", title)];
        shop.write("jira.json", &json!({"issues": issues, "isLast": true}).to_string());
        let config = json!({"version": 1, "sources": [{"kind": "file", "path": "inventory.json"}, {"kind": "jira", "export": "jira.json"}],
            "trust": {"projects": ["SEC"], "approvers": ["alice@example.com"]}});
        shop.write(".driftgate.yaml", &config.to_string());
        shop
    }

    pub(super) fn write(&self, file: &str, text: &str) {
        write(self.folder.path(), file, text);
    }

    /// The checkout.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Puts the action itself into the checkout, for `uses: ./`.
    pub(super) fn with_the_action(&self) {
        put_the_action(self.folder.path());
    }

    pub(super) fn mark(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.marks.path().join(name)).ok()
    }

    /// Commits everything to `main`, pushes nothing, and has `act` run what a push starts.
    pub(super) fn push(&self) -> Run {
        self.git(&["init", "--quiet", "--initial-branch=main"]);
        self.git(&["remote", "add", "origin", "https://github.com/acme/shop.git"]);
        self.git(&["add", "--all"]);
        self.git(&["-c", "user.name=Alice", "-c", "user.email=alice@example.com", "commit", "--quiet", "--message=x"]);
        self.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
        let event =
            json!({"ref": "refs/heads/main", "repository": {"default_branch": "main", "full_name": "acme/shop"}});
        let event_file = self.home.path().join("event.json");
        fs::write(&event_file, event.to_string()).unwrap();
        let bin = self.home.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_driftgate"), bin.join("driftgate")).unwrap();
        let mut path = bin.into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut act = clean(python().with_file_name("act"));
        act.current_dir(self.folder.path()).env("HOME", self.home.path()).env("PATH", path);
        act.args(["push", "--json", "--platform", "ubuntu-latest=-self-hosted", "--pull=false"]);
        act.arg("--eventpath").arg(event_file).arg("--env").arg(format!("MARKS={}", self.marks.path().display()));
        act.args(["--secret", "DEPLOY_KEY=the-value-of-the-deploy-key"]);
        let action = self.home.path().join("action");
        put_the_action(&action);
        // Under the name that the manual has, and that which `init` writes.
        for owner in ["acme", "driftgate"] {
            act.arg("--local-repository").arg(format!("{owner}/driftgate@v1={}", action.display()));
        }
        // What a step prints last is lost now and then: act reads it from a terminal that goes away with the step. A gate that failed
        // without a word to anybody is asked again; one that never prints one fails its test as before.
        let mut run = logged(&mut act);
        for _ in 0..2 {
            if run.success || !run.annotations().is_empty() {
                break;
            }
            run = logged(&mut act);
        }
        run
    }

    fn git(&self, arguments: &[&str]) {
        let output = git(self.folder.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What act tells of a run.
fn logged(act: &mut Command) -> Run {
    let output = act.output().unwrap();
    let log: Vec<Value> =
        String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!log.is_empty(), "act ran nothing; run scripts/test: {told}");
    Run { success: output.status.success(), log }
}

/// What a checkout of the action's repository has that the action needs.
fn put_the_action(folder: &Path) {
    for file in ["action.yml", "scripts/action.sh", "Cargo.toml"] {
        write(folder, file, &fs::read_to_string(root().join(file)).unwrap());
    }
}

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn git(folder: &Path) -> Command {
    let mut command = clean("git");
    command.current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command
}

impl Run {
    /// The commands that the runner found in what steps printed, by name: `ignored` while they are stopped.
    pub(super) fn commands(&self) -> Vec<(&str, &Value)> {
        let printed = self.log.iter().filter(|entry| entry["raw"].is_string());
        printed.filter_map(|entry| Some((entry["command"].as_str()?, entry))).collect()
    }

    /// The summary that the gate wrote.
    pub(super) fn summary(&self) -> String {
        let written: Vec<&str> = self.log.iter().filter_map(|entry| entry["content"].as_str()).collect();
        written.concat()
    }

    pub(super) fn annotations(&self) -> Vec<Annotation> {
        let of = |entry: &Value, level: &str| {
            let property = |name: &str| entry["kvPairs"][name].as_str().unwrap_or_default().to_owned();
            Annotation {
                level: level.to_owned(),
                file: property("file"),
                line: property("line").parse().unwrap_or(0),
                column: property("col").parse().unwrap_or(0),
                title: property("title"),
                text: entry["arg"].as_str().unwrap_or_default().to_owned(),
            }
        };
        let all = self.commands().into_iter();
        all.filter(|(name, _)| ["error", "warning", "notice"].contains(name))
            .map(|(name, entry)| of(entry, name))
            .collect()
    }

    /// How a job ended.
    pub(super) fn result(&self, job: &str) -> Option<&str> {
        self.log.iter().filter(|entry| entry["jobID"] == job).find_map(|entry| entry["jobResult"].as_str())
    }

    /// All that was logged, for a message.
    pub(super) fn told(&self) -> String {
        let lines = self.log.iter().map(|entry| entry["msg"].as_str().unwrap_or_default().trim_end().to_owned());
        lines.collect::<Vec<_>>().join("\n")
    }
}
