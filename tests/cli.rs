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
    driftgate(folder.path())
        .args(["refs", "--output", "json=a.json", "--output", "text=a.json"])
        .assert()
        .stderr(contains("names a.json twice"));
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

#[test]
fn without_tickets_nothing_is_green() {
    let folder = checkout();
    driftgate(folder.path())
        .arg("check")
        .assert()
        .code(3)
        .stdout(contains("INCONCLUSIVE").and(contains("no ticket source is configured")))
        .stderr(contains("no configuration file"));
    let output = driftgate(folder.path()).args(["check", "--mode", "warn", "--format", "json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["verdict"], &report["exit_code"]), (&"inconclusive".into(), &0.into()));
    driftgate(folder.path()).arg("tickets").assert().code(2).stderr(contains("no ticket source is configured"));
}

#[test]
fn a_wrong_configuration_judges_nothing_and_leaves_nothing() {
    let folder = checkout();
    std::fs::write(folder.path().join(".driftgate.yaml"), "version: 1\npolcy: {}\n").unwrap();
    driftgate(folder.path()).args(["check", "--output", "sarif=x.sarif"]).assert().code(2).stdout(is_empty()).stderr(
        contains("error: .driftgate.yaml:2:1: polcy: unknown setting").and(contains("next: did you mean `policy`?")),
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    for arguments in [
        &["check", "--scope", "environment="][..],
        &["check", "--scope", "galaxy"],
        &["check", "--format", "pdf"],
        &["check", "--fail-on", "never"],
        &["check", "nowhere"],
        &["check", "--config", "nowhere.yaml"],
        &["check", "--policy-ref", "main"],
        &["waive", "--reason", "x"],
        &["waive", "--reason", "x", "--expires", "soon"],
        &["waive", "--reason", "x", "--expires", "2999-01-01"],
        &["waive", "--reason", "x", "--expires", "2001-01-01"],
        &["waive", "--reason", "x", "--expires", "2026-01-01", "--rule", "nonsense"],
    ] {
        std::fs::remove_file(folder.path().join(".driftgate.yaml")).ok();
        driftgate(folder.path()).args(arguments).assert().code(2).stdout(is_empty()).stderr(is_empty().not());
    }
}

#[test]
fn every_format_is_delivered_and_equal_runs_are_equal_bytes() {
    let folder = checkout();
    let run = |name: &str| {
        let mut command = driftgate(folder.path());
        command.args(["check", "--now", "2026-06-01T12:00:00Z", "--format", "text"]);
        for format in ["json", "sarif", "markdown", "html", "junit", "gitlab", "gitlab-security", "text"] {
            command.arg("--output").arg(format!("{format}={name}.{format}"));
        }
        let text = command.output().unwrap().stdout;
        assert_eq!(std::fs::read(folder.path().join(format!("{name}.text"))).unwrap(), text);
    };
    run("a");
    run("b");
    for format in ["sarif", "markdown", "html", "junit", "gitlab", "gitlab-security", "text"] {
        let read = |name: &str| std::fs::read_to_string(folder.path().join(format!("{name}.{format}"))).unwrap();
        assert!(!read("a").is_empty());
        assert_eq!(read("a"), read("b"), "{format}");
    }
}

#[test]
fn what_waive_writes_is_in_force_and_the_rest_of_the_file_stays() {
    let folder = checkout();
    let file = folder.path().join(".driftgate.yaml");
    let config = "version: 1   # keep\nrepository: acme/shop\nsources:\n  - {kind: file, path: inventory.json}\n  \
                  - {kind: catalog, path: entitlements.csv}\nwaivers: []  # none yet\n";
    std::fs::write(&file, config).unwrap();
    let inventory = serde_json::json!({
        "schema": "driftgate/inventory/v1", "exported_at": "2026-05-09T12:00:00Z",
        "slots": [{"id": "github:actions-secret:acme/shop:DEPLOY_KEY", "holds": "aws:access-key:AKIA1"}],
        "credentials": [{"id": "aws:access-key:AKIA1", "status": "active",
                         "liveness": {"state": "live", "method": "iam ListAccessKeys", "at": "2026-05-09T12:00:00Z"}}],
    });
    std::fs::write(folder.path().join("inventory.json"), inventory.to_string()).unwrap();
    std::fs::write(folder.path().join("entitlements.csv"), "identity,resource,level\nsomebody,*,read\n").unwrap();
    let now = ["--now", "2026-05-10T00:00:00Z"];
    let waive = ["waive", "--rule", "unticketed-credential", "--reason", "a: b # c ${HOME}", "--expires", "2026-06-01"];
    driftgate(folder.path())
        .args(waive)
        .args(now)
        .assert()
        .code(0)
        .stdout(contains("subject: aws:access-key:AKIA1").and(contains("expires: 2026-06-01T00:00:00Z")));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), config, "printed only");
    driftgate(folder.path()).args(waive).args(now).arg("--write").assert().code(0).stdout(is_empty());
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.starts_with("version: 1   # keep\n") && written.contains("waivers: # none yet\n"), "{written}");
    let output = driftgate(folder.path()).args(["check", "--format", "json"]).args(now).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["summary"]["waived"], 1, "{report:#}");
    assert_eq!(report["findings"][0]["waived"]["reason"], "a: b # c ${HOME}");
    assert_eq!(report["waivers"][0]["status"], "active");
    // Nothing is left to waive, and nothing is written twice.
    driftgate(folder.path()).args(waive).args(now).arg("--write").assert().code(0).stderr(contains("nothing to waive"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), written);
}

#[test]
fn an_inventory_reads_back_what_it_printed() {
    let folder = checkout();
    std::fs::write(
        folder.path().join(".driftgate.yaml"),
        "version: 1\nsources: [{kind: file, path: inventory.json}]\n",
    )
    .unwrap();
    let inventory = serde_json::json!({
        "schema": "driftgate/inventory/v1", "exported_at": "2026-05-09T12:00:00Z",
        "slots": [{"id": "github:actions-secret:acme/shop:DEPLOY_KEY", "holds": "aws:access-key:AKIA1"}],
        "credentials": [{"id": "aws:access-key:AKIA1", "status": "active"}],
        "gaps": [{"source": "aws", "lacks": "liveness", "scope": "*", "reason": "denied"}],
        "coverage": [{"source": "aws", "kind": "access-key", "where": "123456789012", "complete": false}],
    });
    let path = folder.path().join("inventory.json");
    std::fs::write(&path, inventory.to_string()).unwrap();
    let print = || {
        let mut command = driftgate(folder.path());
        command.args(["inventory", "--format", "json", "--now", "2026-05-10T00:00:00Z"]);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(3), "a gap travels along");
        output.stdout
    };
    let first = print();
    std::fs::write(&path, &first).unwrap();
    let second = print();
    assert_eq!(String::from_utf8(first).unwrap(), String::from_utf8(second).unwrap());
}
