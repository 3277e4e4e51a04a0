//! The gated change cannot loosen its own gate: which configuration is read, on real repositories and with the variables that the CI
//! systems set.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use driftgate::config::{self, Config, ConfigError, Environment, Known, Request};
use driftgate::model::report::Severity;

fn git(folder: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").arg("-C").arg(folder).args(identity).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A remote whose `main` blocks at `low`, and a clone whose branch `change` loosens that to `critical` and adds a person.
struct House {
    _folder: tempfile::TempDir,
    clone: PathBuf,
}

const STRICT: &str = "version: 1\npolicy: {fail_on: low}\npeople: people.csv\n";
const LOOSE: &str = "version: 1\npolicy: {fail_on: critical}\npeople: people.csv\n";

fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let (remote, clone) = (folder.path().join("remote"), folder.path().join("clone"));
    fs::create_dir(&remote).unwrap();
    git(&remote, &["init", "-q", "-b", "main"]);
    fs::write(remote.join(".driftgate.yaml"), STRICT).unwrap();
    fs::write(remote.join("people.csv"), "person,aliases\nalice,al\n").unwrap();
    git(&remote, &["add", "."]);
    git(&remote, &["commit", "-qm", "main"]);
    git(folder.path(), &["clone", "-q", remote.to_str().unwrap(), clone.to_str().unwrap()]);
    git(&clone, &["checkout", "-qb", "change"]);
    fs::write(clone.join(".driftgate.yaml"), LOOSE).unwrap();
    fs::write(clone.join("people.csv"), "person,aliases\nalice,eve\n").unwrap();
    git(&clone, &["commit", "-qam", "change"]);
    House { _folder: folder, clone }
}

fn load(
    root: &Path,
    explicit: Option<&Path>,
    policy_ref: Option<&str>,
    env: &[(&str, &str)],
) -> Result<Config, ConfigError> {
    let env: Environment = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    config::load(&Request { root, explicit, policy_ref, env: &env, known: Known::default() })
}

fn strictness(config: &Config) -> (Severity, &str) {
    (config.settings.fail_on, config.settings.people[0][1].as_str())
}

const STRICTLY: (Severity, &str) = (Severity::Low, "al");
const LOOSELY: (Severity, &str) = (Severity::Critical, "eve");

#[test]
fn outside_of_ci_the_working_tree_decides() {
    let house = house();
    let config = load(&house.clone, None, None, &[]).unwrap();
    assert_eq!(strictness(&config), LOOSELY);
    assert_eq!(config.file.as_deref(), Some(".driftgate.yaml"));
}

#[test]
fn a_pull_request_is_judged_by_its_target() {
    let house = house();
    let pull = [("GITHUB_ACTIONS", "true"), ("GITHUB_BASE_REF", "main"), ("GITHUB_REF", "refs/pull/1/merge")];
    let config = load(&house.clone, None, None, &pull).unwrap();
    assert_eq!(strictness(&config), STRICTLY);
    assert!(config.notes.iter().any(|note| note.contains("refs/remotes/origin/main")), "{:?}", config.notes);
    let merge = [("GITLAB_CI", "true"), ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"), ("CI_DEFAULT_BRANCH", "x")];
    assert_eq!(strictness(&load(&house.clone, None, None, &merge).unwrap()), STRICTLY);
    // A file that is named explicitly lies in the same checkout: it is the change's, too.
    let explicit = house.clone.join(".driftgate.yaml");
    assert_eq!(strictness(&load(&house.clone, Some(&explicit), None, &pull).unwrap()), STRICTLY);
}

#[test]
fn a_branch_is_judged_by_the_default_branch_protected_or_not() {
    let house = house();
    let branch = [
        ("GITLAB_CI", "true"),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_COMMIT_BRANCH", "change"),
        ("CI_COMMIT_REF_PROTECTED", "true"),
    ];
    assert_eq!(strictness(&load(&house.clone, None, None, &branch).unwrap()), STRICTLY);
    let tag = [("GITLAB_CI", "true"), ("CI_DEFAULT_BRANCH", "main"), ("CI_COMMIT_TAG", "v1")];
    assert_eq!(strictness(&load(&house.clone, None, None, &tag).unwrap()), STRICTLY);
}

#[test]
fn a_run_on_the_default_branch_reads_its_own_tree_if_it_is_that_commit() {
    let house = house();
    let head = git(&house.clone, &["rev-parse", "HEAD"]);
    let on = |commit: &str| {
        let env = [
            ("GITLAB_CI", "true"),
            ("CI_DEFAULT_BRANCH", "main"),
            ("CI_COMMIT_BRANCH", "main"),
            ("CI_COMMIT_SHA", commit),
        ];
        strictness(&load(&house.clone, None, None, &env).unwrap()).0
    };
    assert_eq!(on(&head), Severity::Critical);
    // The workflow runs for `main`, but has checked out something else.
    assert_eq!(on(&git(&house.clone, &["rev-parse", "origin/main"])), Severity::Low);
}

#[test]
fn the_ref_that_the_user_names_wins() {
    let house = house();
    assert_eq!(strictness(&load(&house.clone, None, Some("origin/main"), &[]).unwrap()), STRICTLY);
    let pull = [("GITHUB_ACTIONS", "true"), ("GITHUB_BASE_REF", "main")];
    assert_eq!(strictness(&load(&house.clone, None, Some("change"), &pull).unwrap()), LOOSELY);
    let error = load(&house.clone, None, Some("--output=x"), &[]).unwrap_err();
    assert!(error.to_string().contains("there is no such ref"), "{error}");
}

#[test]
fn what_cannot_be_read_is_an_error_with_the_command_that_fetches_it() {
    let house = house();
    let pull = [("GITHUB_ACTIONS", "true"), ("GITHUB_BASE_REF", "release")];
    let error = load(&house.clone, None, None, &pull).unwrap_err();
    assert!(
        error.next.contains("git fetch --depth=1 origin +refs/heads/release:refs/remotes/origin/release"),
        "{error}"
    );
    let unknown = [("GITHUB_ACTIONS", "true"), ("GITHUB_REF", "refs/heads/change")];
    // The clone knows its remote's default branch; without that, and with a remote, nothing tells what to trust.
    assert_eq!(strictness(&load(&house.clone, None, None, &unknown).unwrap()), STRICTLY);
    git(&house.clone, &["remote", "set-head", "origin", "--delete"]);
    assert!(load(&house.clone, None, None, &unknown).unwrap_err().next.contains("--policy-ref"));
    // Without a remote there is no other ref than what is checked out, and the configuration says so.
    let alone = load(tempfile::tempdir().unwrap().path(), None, None, &unknown).unwrap();
    assert!(alone.notes.iter().any(|note| note.contains("working tree")), "{:?}", alone.notes);
    let bare = tempfile::tempdir().unwrap();
    let main = [("GITHUB_ACTIONS", "true"), ("GITHUB_BASE_REF", "main")];
    assert!(load(bare.path(), None, None, &main).unwrap_err().to_string().contains("no git checkout"));
}

#[test]
fn a_configuration_that_only_the_change_has_is_not_used() {
    let house = house();
    git(&house.clone, &["checkout", "-q", "origin/main"]);
    git(&house.clone, &["checkout", "-qb", "bare"]);
    git(&house.clone, &["rm", "-q", ".driftgate.yaml"]);
    git(&house.clone, &["commit", "-qm", "without"]);
    fs::write(house.clone.join(".driftgate.yaml"), LOOSE).unwrap();
    let config = load(&house.clone, None, Some("bare"), &[]).unwrap();
    assert_eq!(config.settings.fail_on, Severity::High);
    assert!(config.file.is_none());
    assert!(config.notes.iter().any(|note| note.contains("it is not used")), "{:?}", config.notes);
}

#[test]
fn a_configuration_below_the_checkouts_top_is_found_there() {
    let house = house();
    git(&house.clone, &["checkout", "-q", "main"]);
    fs::create_dir_all(house.clone.join("examples/acme/.github")).unwrap();
    fs::write(house.clone.join("examples/acme/.github/driftgate.yaml"), "version: 1\npolicy: {fail_on: medium}\n")
        .unwrap();
    git(&house.clone, &["add", "."]);
    git(&house.clone, &["commit", "-qm", "nested"]);
    fs::remove_file(house.clone.join("examples/acme/.github/driftgate.yaml")).unwrap();
    let config = load(&house.clone.join("examples/acme"), None, Some("main"), &[]).unwrap();
    assert_eq!(config.settings.fail_on, Severity::Medium);
    assert_eq!(config.file.as_deref(), Some(".github/driftgate.yaml"));
}

#[test]
fn the_repositorys_name_and_the_changes_author_come_from_the_ci() {
    let house = house();
    git(&house.clone, &["remote", "set-url", "origin", "git@gitlab.example.com:acme/shop.git"]);
    let config = load(&house.clone, None, None, &[]).unwrap();
    assert_eq!(config.settings.repository.as_deref(), Some("acme/shop"));
    assert!(config.settings.change_authors.is_empty());
    let event = house.clone.join("event.json");
    fs::write(&event, r#"{"pull_request": {"user": {"login": "eve"}}}"#).unwrap();
    let pull = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_BASE_REF", "main"),
        ("GITHUB_REPOSITORY", "acme/other"),
        ("GITHUB_ACTOR", "bob"),
        ("GITHUB_EVENT_PATH", event.to_str().unwrap()),
    ];
    let config = load(&house.clone, None, None, &pull).unwrap();
    assert_eq!(config.settings.repository.as_deref(), Some("acme/other"));
    assert_eq!(config.settings.change_authors, ["bob", "eve"]);
}
