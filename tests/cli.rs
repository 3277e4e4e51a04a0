//! The command line as a program sees it: streams, exit codes, files.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::{contains, is_empty};

/// The binary, without the environment of whoever runs the tests: a CI's variables would change what it does.
fn driftgate(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("driftgate").unwrap();
    command.current_dir(folder).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

fn checkout() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let workflows = folder.path().join(".github/workflows");
    std::fs::create_dir_all(&workflows).unwrap();
    let text = "on: push\njobs:\n  deploy:\n    runs-on: x\n    steps:\n      - run: ./deploy\n        env:\n          KEY: ${{ secrets.DEPLOY_KEY }}\n";
    std::fs::write(workflows.join("deploy.yml"), text).unwrap();
    folder
}

#[test]
fn usage_errors_exit_with_2_and_say_nothing_on_standard_output() {
    let folder = checkout();
    for arguments in [
        &["--nonsense"][..],
        &[],
        &["refs", "nowhere"],
        &["refs", "--format", "xml"],
        &["refs", "--output", "json"],
        &["refs", "--output", "json=no/such/folder/x.json"],
        &["refs", "--output", "json=.github"],
        &["refs", "--output", "json=a.json", "--output", "text=a.json"],
        &["refs", "--now", "yesterday"],
        &["explain"],
        &["explain", "revoked-but-life"],
        &["completions", "tcl"],
    ] {
        driftgate(folder.path()).args(arguments).assert().code(2).stdout(is_empty()).stderr(is_empty().not());
    }
    driftgate(folder.path())
        .args(["explain", "revoked-but-life"])
        .assert()
        .stderr(contains("did you mean `revoked-but-live`?"));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [".github"], "nothing is left behind");
}

#[test]
fn help_and_version_are_no_errors() {
    let folder = checkout();
    for arguments in [&["--help"][..], &["--version"], &["refs", "--help"], &["help", "explain"]] {
        driftgate(folder.path()).args(arguments).assert().code(0).stdout(is_empty().not()).stderr(is_empty());
    }
    driftgate(folder.path()).arg("--help").assert().stdout(contains("Exit codes:"));
    driftgate(folder.path())
        .args(["refs", "--help"])
        .assert()
        .stdout(contains("Examples:").and(contains("Exit codes:")));
}

#[test]
fn refs_deliver_to_files_and_standard_output_at_once() {
    let folder = checkout();
    std::fs::write(folder.path().join("old.json"), "old").unwrap();
    driftgate(folder.path())
        .args(["refs", "--output", "json=old.json", "--output", "text=new.txt"])
        .assert()
        .code(0)
        .stdout(contains(".github/workflows/deploy.yml:8:20").and(contains("DEPLOY_KEY")))
        .stderr(is_empty());
    let json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("old.json")).unwrap()).unwrap();
    assert_eq!(json["schema"], "driftgate/references/v1");
    assert_eq!(json["references"][0]["name"], "DEPLOY_KEY");
    assert!(std::fs::read_to_string(folder.path().join("new.txt")).unwrap().contains("DEPLOY_KEY"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
fn what_cannot_be_read_is_3_and_the_rest_is_printed() {
    let folder = checkout();
    std::fs::write(folder.path().join(".github/workflows/broken.yml"), "on: push\njobs: [\n").unwrap();
    driftgate(folder.path())
        .args(["refs", "--format", "json"])
        .assert()
        .code(3)
        .stdout(contains("DEPLOY_KEY").and(contains("broken.yml")))
        .stderr(contains("note: not read: .github/workflows/broken.yml"));
    driftgate(folder.path()).args(["refs", "--quiet"]).assert().code(3).stderr(is_empty());
}

#[test]
fn colour_follows_flags_and_variables() {
    let folder = checkout();
    let colored = |arguments: &[&str], env: &[(&str, &str)]| {
        let mut command = driftgate(folder.path());
        command.arg("refs").args(arguments).envs(env.iter().copied());
        String::from_utf8(command.output().unwrap().stdout).unwrap().contains('\u{1b}')
    };
    assert!(!colored(&[], &[]));
    assert!(colored(&["--color", "always"], &[]));
    assert!(colored(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!colored(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_is_no_panic() {
    use std::process::{Command, Stdio};
    let folder = checkout();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin("driftgate"))
        .args(["explain", "--list"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(assert_cmd::cargo::cargo_bin("driftgate"))
        .args(["explain", "--list"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "a result that nobody can read is no pass");
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: standard output: "));
}

#[test]
fn completions_and_schemas_are_complete() {
    let folder = checkout();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        driftgate(folder.path()).args(["completions", shell]).assert().code(0).stdout(contains("refs"));
    }
    for arguments in [&["schema"][..], &["schema", "--report"]] {
        let output = driftgate(folder.path()).args(arguments).output().unwrap();
        let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(schema["$schema"].as_str().unwrap().contains("2020-12"));
        jsonschema::validator_for(&schema).unwrap();
    }
}
