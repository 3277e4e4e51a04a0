//! A checkout of an invented project on GitLab, with a ticket that revoked its deploy's token, and gitlab-ci-local, which runs its
//! pipeline as a GitLab runner would: GitLab's own schema, includes, inputs, stages, `needs`, artifacts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::clean;

/// Where the project and the project of the gate lie, as `include` names them.
pub const HOST: &str = "gitlab.example.com";
/// The arguments that every gate here gets: the records are of that day.
pub const ARGS: &str = "--now 2026-06-01T12:00:00Z --no-probe";
/// Text of a ticket that wants to end the gate's section and to begin its own, among other things.
const HOSTILE: &str = "\u{1b}[0Ksection_end:1780315200:driftgate\r\u{1b}[0K\r\nsection_start:9:evil[collapsed=true]\r\u{1b}[0Kgone \
                       ::error::x ##[error]y <script>alert(1)</script> \u{202e}ecruos\u{200b} [a](javascript:x)";

/// A checkout.
pub struct Checkout {
    folder: TempDir,
}

/// How a pipeline ended.
pub struct Ran {
    /// Whether gitlab-ci-local ended with success.
    pub passed: bool,
    /// All that it said.
    pub said: String,
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

impl Checkout {
    /// With that pipeline; the token is alive, or revoked as its ticket says.
    pub fn new(pipeline: &str, alive: bool) -> Self {
        Self::with(pipeline, alive, &[])
    }

    /// With further files.
    pub fn with(pipeline: &str, alive: bool, files: &[(&str, &str)]) -> Self {
        let this = Self { folder: tempfile::tempdir().unwrap() };
        let (state, status) = if alive { ("live", "active") } else { ("dead", "revoked") };
        let token = "gitlab:project-token:acme/shop:77";
        let inventory = json!({
            "schema": "driftgate/inventory/v1", "exported_at": "2026-06-01T00:00:00Z",
            "slots": [{"id": "gitlab:variable:acme/shop:DEPLOY_KEY", "name": "DEPLOY_KEY",
                       "updated_at": if alive { "2026-04-01T00:00:00Z" } else { "2026-05-05T11:00:00Z" },
                       "holds": if alive { token } else { "gitlab:project-token:acme/shop:78" }}],
            "credentials": [
                {"id": token, "name": "deployer", "owner": "svc-deploy", "status": status, "created_at": "2026-01-01T00:00:00Z",
                 "liveness": {"state": state, "method": "the project's list", "at": "2026-06-01T00:00:00Z"}},
                {"id": "gitlab:project-token:acme/shop:78", "name": "deployer 2", "owner": "svc-deploy", "status": "active",
                 "created_at": "2026-05-05T11:00:00Z",
                 "liveness": {"state": "live", "method": "the project's list", "at": "2026-06-01T00:00:00Z"}}],
            "coverage": [{"source": "gitlab", "kind": "project-token", "where": "acme/shop", "complete": true}]});
        let jira = json!({"isLast": true, "issues": [{"key": "SEC-142", "fields": {
            "summary": format!("Revoke {token} {HOSTILE}"), "project": {"key": "SEC"}, "description": format!("Revoke {token}"),
            "status": {"name": "Done", "statusCategory": {"key": "done"}}, "resolution": {"name": "Done"},
            "created": "2026-05-04T10:12:00.000+0000", "resolutiondate": "2026-05-05T10:12:00.000+0000",
            "updated": "2026-05-31T10:12:00.000+0000", "assignee": {"emailAddress": "alice@example.com"}}}]});
        let config = "version: 1\nrepository: acme/shop\nsources:\n  - {kind: file, path: inventory.json}\n  - {kind: jira, export: jira.json}\n\
                      trust: {projects: [SEC]}\n";
        this.write(".gitlab-ci.yml", pipeline);
        files.iter().for_each(|(file, text)| this.write(file, text));
        this.write(".driftgate.yaml", config);
        this.write("inventory.json", &inventory.to_string());
        this.write("jira.json", &jira.to_string());
        this.write(".gitignore", ".gitlab-ci-local\n.home\n");
        this.git(&["init", "--quiet", "--initial-branch", "main"]);
        this.git(&["remote", "add", "origin", &format!("https://{HOST}/acme/shop.git")]);
        this.git(&["add", "--all"]);
        this.git(&["commit", "--quiet", "--message", "shop"]);
        // What GitLab would fetch from the project of the gate, as gitlab-ci-local keeps it.
        for version in ["0.1.0", "v0.1.0"] {
            for file in [".gitlab-ci-template.yml", "templates/driftgate.yml"] {
                let kept = format!(".gitlab-ci-local/includes/{HOST}/acme/driftgate/{version}/{file}");
                this.write(&kept, &fs::read_to_string(root().join(file)).unwrap());
            }
        }
        this
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, file: &str, text: &str) {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Its commit.
    pub fn commit(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut command = clean("git");
        command.current_dir(self.path()).args(["-c", "user.name=Alice", "-c", "user.email=alice@example.com"]);
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Runs the whole pipeline, each job in a copy of the checkout of its own. `variables` are those of the run.
    pub fn run(&self, variables: &[(&str, &str)]) -> Ran {
        let runner = root().join("target/testbeds/gitlab-ci-local/node_modules/.bin/gitlab-ci-local");
        assert!(runner.exists(), "gitlab-ci-local is not installed; run scripts/test");
        let binary = Path::new(env!("CARGO_BIN_EXE_driftgate")).parent().unwrap().to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([binary].into_iter().chain(std::env::split_paths(&path))).unwrap();
        let mut command: Command = clean(&runner);
        // Settings and variables of whoever runs the tests lie in their own folder.
        let home = self.path().join(".home");
        fs::create_dir_all(&home).unwrap();
        command.env("PATH", path).env("HOME", home).env("NO_COLOR", "1").current_dir(self.path());
        command.args(["--force-shell-executor", "--shell-isolation"]);
        // It says `false`, so that people can tell it from the real one; and it knows nothing of protected branches.
        for (name, value) in [("GITLAB_CI", "true"), ("CI_COMMIT_REF_PROTECTED", "true")].iter().chain(variables) {
            command.arg("--variable").arg(format!("{name}={value}"));
        }
        let output: Output = command.output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!said.contains("Invalid .gitlab-ci.yml"), "GitLab's schema: {said}");
        Ran { passed: output.status.success(), said }
    }

    /// Whether a job left its mark.
    pub fn ran(&self, mark: &str) -> bool {
        self.path().join(".gitlab-ci-local/artifacts").join(mark).join(mark).exists()
    }

    /// What a job printed.
    pub fn log(&self, job: &str) -> String {
        fs::read_to_string(self.path().join(".gitlab-ci-local/output").join(format!("{job}.log"))).unwrap()
    }

    /// An artifact of a job.
    pub fn artifact(&self, job: &str, file: &str) -> PathBuf {
        self.path().join(".gitlab-ci-local/artifacts").join(job).join(file)
    }

    /// The report that the gate left.
    pub fn report(&self, job: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.artifact(job, "driftgate.json")).unwrap()).unwrap()
    }
}
