//! Runs of the real program in a checkout as a CI system makes it, and what they said. What stands in the checkout, each test says itself.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};

/// What a run said.
#[derive(Debug)]
pub struct Said {
    /// The exit code.
    pub code: i32,
    /// The report, from standard output.
    pub report: Value,
    /// Everything that was printed.
    pub all: String,
}

impl Said {
    /// Runs it.
    ///
    /// # Panics
    /// Where standard output is no JSON.
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let all = format!("{out}\n{}", String::from_utf8(output.stderr).unwrap());
        let report = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {all}"));
        Self { code: output.status.code().unwrap(), report, all }
    }

    /// The rules of its findings.
    pub fn rules(&self) -> Vec<&str> {
        self.report["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap()).collect()
    }

    /// Asserts the exit code and the rules.
    ///
    /// # Panics
    /// Where they are others.
    pub fn expect(&self, code: i32, rules: &[&str]) -> &Self {
        assert_eq!((self.code, self.rules()), (code, rules.to_vec()), "{}", self.all);
        self
    }
}

/// The variables of the job `deploy` of `acme/shop`'s `deploy.yml`, on its default branch; the event is written into the checkout.
pub fn on_main(command: &mut Command, root: &Path) {
    write(root, "event.json", r#"{"repository": {"default_branch": "main"}}"#);
    command
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_REPOSITORY", "acme/shop")
        .env("GITHUB_REF", "refs/heads/main")
        .env("GITHUB_WORKFLOW_REF", "acme/shop/.github/workflows/deploy.yml@refs/heads/main")
        .env("GITHUB_JOB", "deploy")
        .env("GITHUB_EVENT_PATH", root.join("event.json"));
}

/// Writes a file, and the folders above it.
pub fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// So many hours ago.
pub fn ago(hours: i64) -> String {
    (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours)).to_string()
}

/// A ticket of Jira's that was opened 50 hours ago and done 40 hours ago.
pub fn done(key: &str, title: &str) -> Value {
    json!({"key": key, "fields": {
        "summary": title, "description": null, "issuetype": {"name": "Task"}, "project": {"key": "SEC"},
        "status": {"name": "Done", "statusCategory": {"key": "done"}}, "resolution": {"name": "Done"},
        "created": ago(50), "updated": ago(40), "resolutiondate": ago(40), "duedate": null, "labels": [], "components": [],
        "reporter": {"emailAddress": "bob@example.com"}, "assignee": {"emailAddress": "dave@example.com"},
        "comment": {"comments": []},
    }})
}
