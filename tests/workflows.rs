//! The action, our own workflows, and every workflow that a manual shows, before independent judges: zizmor (pedantic), actionlint and
//! GitHub's own schemas. What the files do when they run is `tests/act`'s.

#![allow(clippy::unwrap_used)]

#[path = "support/blocks.rs"]
mod blocks;
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::process::{clean, python};
use tempfile::TempDir;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn judge(name: &str) -> Command {
    let path = python().with_file_name(name);
    assert!(path.is_file(), "{name} is not installed; run scripts/test");
    clean(path)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A repository that holds our action and workflows, and those of the manuals.
fn repository() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let workflows = folder.path().join(".github/workflows");
    fs::create_dir_all(&workflows).unwrap();
    fs::copy(root().join("action.yml"), folder.path().join("action.yml")).unwrap();
    let mut own = 0;
    for entry in fs::read_dir(root().join(".github/workflows")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, workflows.join(path.file_name().unwrap())).unwrap();
        own += 1;
    }
    let mut shown = 0;
    for manual in ["README.md", "docs/github-actions.md"] {
        let text = fs::read_to_string(root().join(manual)).unwrap();
        for (path, text) in blocks::files(&text) {
            if let Some(name) = path.strip_prefix(".github/workflows/") {
                let name = format!("{}-{name}", manual.replace(['/', '.'], "-"));
                fs::write(workflows.join(name), text).unwrap();
                shown += 1;
            }
        }
    }
    assert!(own >= 2 && shown >= 3, "{own} workflows of our own, {shown} in the manuals");
    // actionlint looks for the repository that a workflow is in.
    assert!(clean("git").args(["init", "--quiet"]).arg(folder.path()).status().unwrap().success());
    folder
}

fn workflows(repository: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        fs::read_dir(repository.join(".github/workflows")).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

fn zizmor(repository: &Path) -> Output {
    let mut command = judge("zizmor");
    command.args(["--offline", "--pedantic", "--no-config", "--no-progress", "--color", "never"]);
    command.arg(repository).output().unwrap()
}

fn actionlint(repository: &Path) -> Output {
    judge("actionlint").args(["-no-color"]).args(workflows(repository)).current_dir(repository).output().unwrap()
}

fn schema(name: &str, files: &[PathBuf]) -> Output {
    let mut command = clean(python());
    command.args(["-m", "check_jsonschema", "--builtin-schema", name]).args(files).output().unwrap()
}

#[test]
fn zizmor_finds_nothing_in_them() {
    let repository = repository();
    let output = zizmor(repository.path());
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("No findings"), "{}", said(&output));
    // It can find something: an input that becomes part of a script.
    let action = fs::read_to_string(root().join("action.yml")).unwrap();
    let broken = action.replace("run: bash", "run: echo ${{ inputs.args }}; bash");
    assert_ne!(action, broken);
    fs::write(repository.path().join("action.yml"), broken).unwrap();
    let output = zizmor(repository.path());
    assert!(!output.status.success() && said(&output).contains("template-injection"), "{}", said(&output));
}

#[test]
fn actionlint_finds_nothing_in_them() {
    let repository = repository();
    let output = actionlint(repository.path());
    assert!(output.status.success() && output.stdout.is_empty(), "{}", said(&output));
    let first = workflows(repository.path()).remove(0);
    let text = fs::read_to_string(&first).unwrap();
    fs::write(&first, text.replace("runs-on: ", "runs_on: ")).unwrap();
    let output = actionlint(repository.path());
    assert!(!output.status.success() && said(&output).contains("runs_on"), "{}", said(&output));
}

#[test]
fn the_schemas_accept_them() {
    let repository = repository();
    let files = workflows(repository.path());
    let action = [repository.path().join("action.yml")];
    for (name, files) in [("vendor.github-workflows", &files[..]), ("vendor.github-actions", &action)] {
        let output = schema(name, files);
        assert!(output.status.success(), "{}", said(&output));
        for file in files {
            let text = fs::read_to_string(file).unwrap();
            fs::write(file, format!("{text}\nno-such-key: 1\n")).unwrap();
        }
        assert!(!schema(name, files).status.success(), "{name} accepts everything");
    }
}

#[test]
fn the_gates_that_manuals_show_stop_what_deploys() {
    for path in workflows(repository().path()) {
        let text = fs::read_to_string(&path).unwrap();
        if !text.contains("environment: ") {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(".github/workflows")).unwrap();
        fs::write(folder.path().join(".github/workflows/deploy.yml"), &text).unwrap();
        let read = driftgate::pipeline::read(&[folder.path().to_owned()], &driftgate::pipeline::Options::default());
        let gates = |read: &driftgate::model::pipeline::Pipelines| {
            read.pipelines.iter().flat_map(|p| &p.jobs).filter(|job| job.gate_step.is_some()).count()
        };
        let place = driftgate::model::scope::RunPlace::default();
        assert_eq!(gates(&read), 1, "{}", path.display());
        assert_eq!(driftgate::policy::scope::scope(&read, None, &place).ungated, [], "{}", path.display());
        // A gate whose failure is swallowed would be seen.
        let swallowed = text
            .replace("        uses: acme/driftgate", "        continue-on-error: true\n        uses: acme/driftgate");
        fs::write(folder.path().join(".github/workflows/deploy.yml"), &swallowed).unwrap();
        let read = driftgate::pipeline::read(&[folder.path().to_owned()], &driftgate::pipeline::Options::default());
        assert_ne!(driftgate::policy::scope::scope(&read, None, &place).ungated, [], "{}", path.display());
    }
}

#[test]
fn every_action_is_pinned_by_a_commit() {
    for path in workflows(repository().path()) {
        let text = fs::read_to_string(&path).unwrap();
        for line in text.lines().filter(|line| line.trim_start().trim_start_matches("- ").starts_with("uses:")) {
            let used = line.split_once("uses:").unwrap().1.trim();
            if used.starts_with("$/") {
                continue;
            }
            let (name, comment) = used.split_once(" # ").unwrap_or_else(|| panic!("no version beside {line}"));
            let commit = name.split_once('@').unwrap().1;
            assert!(commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{line}");
            let is_version =
                comment.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            assert!(is_version || name.starts_with("acme/driftgate@"), "{line}");
        }
    }
}

#[test]
fn the_action_offers_what_its_manual_says() {
    let action: serde_json::Value =
        serde_yaml::from_str(&fs::read_to_string(root().join("action.yml")).unwrap()).unwrap();
    let manual = fs::read_to_string(root().join("docs/github-actions.md")).unwrap();
    let script = fs::read_to_string(root().join("scripts/action.sh")).unwrap();
    let steps = action["runs"]["steps"].as_array().unwrap();
    for name in action["inputs"].as_object().unwrap().keys() {
        assert!(manual.contains(&format!("`{name}`")), "{name} is not in the manual");
        let variable = format!("DRIFTGATE_ACTION_{}", name.to_uppercase().replace('-', "_"));
        assert!(steps[0]["env"][&variable] == format!("${{{{ inputs.{name} }}}}"), "{name} is not handed over");
        assert!(script.contains(&variable), "{name} is not used");
    }
    for name in action["outputs"].as_object().unwrap().keys() {
        assert!(manual.contains(&format!("`{name}`")), "{name} is not in the manual");
    }
    assert!(!steps.iter().any(|step| step["run"].as_str().unwrap_or_default().contains("${{")), "text in a script");
}
