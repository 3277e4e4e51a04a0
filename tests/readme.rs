//! What README shows works: every command in its `sh` blocks is run by the real binary, and its pipelines and its configuration are
//! read by it.

#![allow(clippy::expect_used)]

#[path = "support/blocks.rs"]
mod blocks;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use blocks::{blocks, files};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("README.md")
}

/// A line of an `sh` block: the command, and the exit code that the README promises (0 where it names none).
fn command(line: &str) -> (Vec<String>, Option<i32>) {
    let (command, comment) = line.split_once('#').unwrap_or((line, ""));
    let code = comment.trim().strip_prefix("exit code ").map(|code| code.trim().parse().expect("an exit code"));
    let words = command.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert!(!command.contains(['\'', '"', '|', '>', '<', '&', ';', '$']), "plain words only: {command}");
    (words, code)
}

fn driftgate(arguments: &[String], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    command.env_clear().envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "HOME"));
    command.args(arguments).current_dir(folder).output().expect("the binary runs")
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let mut run = 0;
    for block in blocks(&readme(), "sh") {
        for line in block.lines().filter(|line| !line.trim().is_empty()) {
            let (words, code) = command(line);
            let start: Vec<&str> = words.iter().take(4).map(String::as_str).collect();
            if start == ["cargo", "run", "--quiet", "--"] {
                let output = driftgate(&words[4..], &root());
                let wanted = code.unwrap_or_else(|| panic!("{line} promises no exit code"));
                let errors = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(wanted), "{line}\n{errors}");
                assert!(!output.stdout.is_empty(), "{line} prints a result");
                run += 1;
            } else {
                // The command that runs this very test.
                assert_eq!(words, ["scripts/test"], "unknown command in README: {line}");
                assert!(is_executable(&root().join("scripts/test")), "scripts/test can be run");
            }
        }
    }
    assert!(run >= 8, "the commands of the README were not found");
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("created");
    fs::write(path, text).expect("written");
}

#[test]
fn the_pipelines_of_the_readme_are_gated() {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files(&readme()) {
        write(folder.path(), &path, &text);
    }
    let output = driftgate(&["refs".into(), "--format".into(), "json".into()], folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let refs: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let found: Vec<(&str, &str)> = refs["references"]
        .as_array()
        .expect("references")
        .iter()
        .map(|one| (one["provider"].as_str().expect("a provider"), one["name"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(found, [("github", "DEPLOY_KEY"), ("gitlab", "DEPLOY_KEY")]);
    // Both deploying jobs wait for their gate.
    let pipelines = driftgate::pipeline::read(&[folder.path().to_owned()], &driftgate::pipeline::Options::default());
    let scope = driftgate::policy::scope::scope(&pipelines, None, &driftgate::model::scope::RunPlace::default());
    assert_eq!(scope.ungated, []);
    let gates = pipelines.pipelines.iter().flat_map(|p| &p.jobs).filter(|job| job.gate_step.is_some()).count();
    assert_eq!(gates, 2, "the gate is recognised in both");
}

#[test]
fn the_configuration_of_the_readme_is_valid() {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files(&readme()) {
        write(folder.path(), &path, &text);
    }
    let records = root().join("examples/acme/records");
    for file in ["inventory.json", "jira.json", "entitlements.csv", "people.csv"] {
        fs::copy(records.join(file), folder.path().join(file)).expect("copied");
    }
    let arguments = ["check", "--now", "2026-06-01T12:00:00Z", "--format", "json"].map(str::to_owned);
    let output = driftgate(&arguments, folder.path());
    let code = output.status.code();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(code, Some(0 | 1 | 3)), "the configuration is no error: {code:?} {errors}");
}

#[test]
fn the_configurations_of_the_manuals_are_valid() {
    let text = fs::read_to_string(root().join("docs/sources.md")).expect("docs/sources.md");
    let blocks = blocks(&text, "yaml");
    assert!(blocks.len() >= 6, "the configurations of the manual were not found");
    for block in blocks {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), ".driftgate.yaml", &format!("{block}repository: acme/shop\n"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
        // A tracker shows tickets, and no inventory.
        let trackers = ["jira", "servicenow", "github-issues", "gitlab-issues"];
        let is_tracker = trackers.iter().any(|kind| block.contains(&format!("kind: {kind}\n")));
        let shows = if is_tracker { "tickets" } else { "inventory" };
        command.args([shows, "--offline", "--format", "json"]).current_dir(folder.path()).env_clear();
        let output = command.env("DRIFTGATE_FINGERPRINT_KEY", "a key").output().expect("the binary runs");
        // Nothing is read offline, which is a gap and no error.
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{block}\n{errors}");
    }
}

#[test]
fn tables_of_the_readme_know_every_command_and_format() {
    let text = readme();
    for format in driftgate::render::FORMATS {
        assert!(text.contains(&format!("| `{}` |", format.name)), "{} is not in the README", format.name);
    }
    let output = driftgate(&["--help".to_owned()], &root());
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    let list = help.split("Commands:\n").nth(1).expect("the help lists commands");
    for line in list.lines().take_while(|line| !line.is_empty()) {
        let name = line.split_whitespace().next().unwrap_or_default();
        if line.starts_with("  ") && !line.starts_with("   ") && name != "help" {
            assert!(text.contains(&format!("| `driftgate {name}")), "{name} is not in the README");
        }
    }
}
