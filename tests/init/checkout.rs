//! Checkouts for these tests, the real binary in them, and what is there afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command as Process;

use driftgate::model::pipeline::{Job, Pipelines};
use driftgate::model::scope::{RunPlace, ScopeKind};
use driftgate::pipeline::{self, Options};
use tempfile::TempDir;

#[path = "../support/binary.rs"]
mod binary;

pub const DEPLOY: &str = "\
# The deploy.   Comments and odd   spaces stay.
name: deploy
on:
  push:
    branches: [ main ]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: make test
  deploy:
    needs: [test]
    runs-on: ubuntu-latest
    environment: production
    steps:
      - uses: actions/checkout@v4   # the code

      # Everything below uses the key.
      - name: Deploy
        run: ./deploy
        env:
          DEPLOY_KEY: ${{ secrets.DEPLOY_KEY }}
";

/// A folder with files, and a git repository where `origin` is given.
pub fn checkout(files: &[(&str, &str)], origin: Option<&str>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    if let Some(url) = origin {
        git(folder.path(), &["init", "-q", "-b", "main"]);
        git(folder.path(), &["remote", "add", "origin", url]);
    }
    folder
}

pub fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let output = Process::new("git").arg("-C").arg(folder).args(identity).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

pub fn driftgate(folder: &Path, arguments: &[&str]) -> assert_cmd::Command {
    let mut command = binary::binary();
    command.current_dir(folder).args(arguments);
    command
}

/// Runs `init`, which must work; what it said.
pub fn init(folder: &Path, env: &[(&str, &str)]) -> String {
    let output = driftgate(folder, &["init"]).envs(env.iter().copied()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// All files of a folder but git's, by name.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(next) = todo.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            let name = entry.path().strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            if kind.is_dir() && name != ".git" {
                todo.push(entry.path());
            } else if kind.is_file() {
                out.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    out
}

pub fn text(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

pub fn pipelines(folder: &Path) -> Pipelines {
    pipeline::read(&[folder.to_owned()], &Options::default())
}

pub fn jobs(folder: &Path) -> Vec<Job> {
    pipelines(folder).pipelines.into_iter().flat_map(|one| one.jobs).collect()
}

/// The jobs with an environment that no gate stops, by the scope that the gate itself uses.
pub fn ungated(folder: &Path) -> Vec<String> {
    let scope = driftgate::policy::scope::scope(&pipelines(folder), Some(ScopeKind::Repository), &RunPlace::default());
    scope.ungated.into_iter().filter_map(|one| one.place.job).collect()
}

/// Asserts that a new text is the old one with whole lines added, and gives those.
pub fn added(old: &str, new: &str) -> Vec<String> {
    let mut rest: Vec<&str> = old.split_inclusive('\n').collect();
    rest.reverse();
    let mut added = Vec::new();
    for line in new.split_inclusive('\n') {
        // A last line without an end gets one where something follows it.
        let unended = |last: &&str| !last.ends_with('\n') && line.trim_end_matches(['\n', '\r']) == *last;
        if rest.last().is_some_and(|last| *last == line || unended(last)) {
            rest.pop();
        } else {
            added.push(line.to_owned());
        }
    }
    assert!(rest.is_empty(), "lost: {rest:?}\n{new}");
    added
}

/// What `check` says of the folder: its exit code and report.
pub fn verdict(folder: &Path) -> (Option<i32>, serde_json::Value) {
    let output = driftgate(folder, &["check", "--offline", "--format", "json"]).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no report: {errors}"));
    (output.status.code(), report)
}
