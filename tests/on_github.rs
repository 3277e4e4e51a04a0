//! A run that knows it is on GitHub: what goes to standard output, to the step's summary and to its outputs, and what stays as it is
//! elsewhere. The runner itself is `tests/act`'s.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use support::binary;
use tempfile::TempDir;

const NOW: &str = "2026-06-01T12:00:00Z";

/// A step: the files that the runner hands to it.
struct Step(TempDir);

impl Step {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, folder: &Path, arguments: &[&str]) -> Output {
        let mut command = binary();
        command.arg("check").arg(folder).args(["--now", NOW, "--no-probe"]).args(arguments);
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_REPOSITORY", "acme/shop").env("GITHUB_JOB", "gate");
        command.env("GITHUB_STEP_SUMMARY", self.file("summary")).env("GITHUB_OUTPUT", self.file("outputs"));
        command.output().unwrap()
    }

    fn summary(&self) -> String {
        fs::read_to_string(self.file("summary")).unwrap_or_default()
    }

    /// Reads the outputs as the runner does: `name<<DELIMITER`, lines, `DELIMITER`.
    fn outputs(&self) -> BTreeMap<String, String> {
        let text = fs::read_to_string(self.file("outputs")).unwrap_or_default();
        let mut lines = text.lines();
        let mut out = BTreeMap::new();
        while let Some(head) = lines.next() {
            let (name, delimiter) = head.split_once("<<").unwrap();
            let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
            assert!(out.insert(name.to_owned(), value.join("\n")).is_none(), "{name} twice");
        }
        out
    }
}

fn acme() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/acme");
    assert!(folder.is_dir());
    folder
}

/// The example in a folder of its own, so that it is no part of this repository's checkout.
fn checkout() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&acme(), folder.path());
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The token between which commands are stopped, the report there, and the commands after it.
fn parts(stdout: &str) -> (String, String, Vec<String>) {
    let rest = stdout.strip_prefix("::stop-commands::").unwrap();
    let (token, rest) = rest.split_once('\n').unwrap();
    let (report, commands) = rest.split_once(&format!("::{token}::\n")).unwrap();
    (token.to_owned(), report.to_owned(), commands.lines().map(str::to_owned).collect())
}

#[test]
fn the_log_the_summary_and_the_outputs() {
    let folder = checkout();
    let step = Step::new();
    fs::write(step.file("summary"), "what the step wrote before").unwrap();
    fs::write(step.file("outputs"), "").unwrap();
    let sarif = step.file("x.sarif");
    let output = step.run(folder.path(), &["--output", &format!("sarif={}", sarif.display())]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let (token, report, commands) = parts(&text(&output.stdout));
    assert!(token.len() == 64 && token.bytes().all(|b| b.is_ascii_hexdigit()), "{token}");
    // The report is the one that `--format text` gives.
    assert_eq!(report, text(&Step::new().run(folder.path(), &["--format", "text"]).stdout));
    let told: Value = serde_json::from_slice(&Step::new().run(folder.path(), &["--format", "json"]).stdout).unwrap();
    let findings = told["findings"].as_array().unwrap();
    let blocking = findings.iter().filter(|finding| finding["blocking"] == true).count();
    assert!(blocking > 2 && findings.len() > blocking, "{told:#}");
    let of = |kind: &str| commands.iter().filter(|line| line.starts_with(kind)).count();
    assert_eq!((of("::error file="), of("::notice "), of("::")), (blocking, 1, commands.len()), "{commands:#?}");
    let summary = step.summary();
    assert!(summary.starts_with("what the step wrote before\n# driftgate: blocked\n"), "{summary}");
    let outputs = step.outputs();
    let value = |name: &str| outputs.get(name).map(String::as_str);
    assert_eq!(value("verdict"), Some("block"));
    let counts = [("exit-code", 1), ("blocking", blocking), ("findings", findings.len())];
    for (name, count) in counts {
        assert_eq!(value(name), Some(count.to_string().as_str()), "{name}");
    }
    assert_eq!(value("sarif"), sarif.to_str());
    assert_eq!(value("report"), None);
    // Nobody can write the end of the pause into a ticket beforehand.
    let again = step.run(folder.path(), &[]);
    assert_ne!(parts(&text(&again.stdout)).0, token);
}

#[test]
fn a_format_that_is_asked_for_is_all_that_standard_output_gets() {
    let folder = checkout();
    for format in ["json", "text", "github", "markdown"] {
        let step = Step::new();
        let file = step.file("same");
        let output =
            step.run(folder.path(), &["--format", format, "--output", &format!("{format}={}", file.display())]);
        assert_eq!(output.status.code(), Some(1));
        let steady =
            |text: &str| text.lines().filter(|line| !line.contains("duration_ms")).collect::<Vec<_>>().join("\n");
        assert_eq!(steady(&text(&output.stdout)), steady(&fs::read_to_string(file).unwrap()), "{format}");
        assert!(step.summary().starts_with("# driftgate: blocked\n"), "{format}");
        assert_eq!(step.outputs()["verdict"], "block", "{format}");
        assert_eq!(step.outputs().contains_key("report"), format == "json");
    }
}

#[test]
fn elsewhere_nothing_changes() {
    let folder = checkout();
    let step = Step::new();
    for (name, value) in [("CI", "true"), ("GITHUB_ACTIONS", "false"), ("GITLAB_CI", "false")] {
        let mut command = binary();
        command.arg("check").arg(folder.path()).args(["--now", NOW, "--no-probe"]).env(name, value);
        command.env("GITHUB_STEP_SUMMARY", step.file("summary")).env("GITHUB_OUTPUT", step.file("outputs"));
        let output = command.output().unwrap();
        assert!(text(&output.stdout).starts_with("driftgate: BLOCKED"), "{name}");
        assert!(!text(&output.stdout).contains("\n::"), "{name}");
    }
    assert!(!step.file("summary").exists() && !step.file("outputs").exists());
}

#[test]
fn a_full_summary_is_left_alone_and_a_nearly_full_one_is_not_broken() {
    const LIMIT: usize = 1024 * 1024;
    let folder = checkout();
    for (held, grows) in [(LIMIT - 100, false), (LIMIT - 10_000, true)] {
        let step = Step::new();
        fs::write(step.file("summary"), "x".repeat(held)).unwrap();
        let output = step.run(folder.path(), &[]);
        assert_eq!(output.status.code(), Some(1));
        let summary = step.summary();
        assert!(summary.len() <= LIMIT && (summary.len() > held) == grows, "{held}: {}", summary.len());
        let told = text(&output.stderr).contains("no summary is written");
        assert_eq!(told, !grows, "{}", text(&output.stderr));
        if grows {
            assert!(summary.contains(" more** did not fit here"), "what was left out is counted");
        }
    }
}

#[test]
fn a_step_without_files_has_its_log_all_the_same() {
    let folder = checkout();
    let mut command = binary();
    command.arg("check").arg(folder.path()).args(["--now", NOW, "--no-probe"]).env("GITHUB_ACTIONS", "true");
    let output = command.env("GITHUB_REPOSITORY", "acme/shop").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(!parts(&text(&output.stdout)).2.is_empty());
}

#[test]
fn outputs_that_cannot_be_written_are_no_pass() {
    let folder = tempfile::tempdir().unwrap();
    copy(&acme().with_file_name("acme-fixed"), folder.path());
    let step = Step::new();
    assert_eq!(step.run(folder.path(), &[]).status.code(), Some(0));
    fs::remove_file(step.file("outputs")).unwrap();
    fs::create_dir(step.file("outputs")).unwrap();
    let output = step.run(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("outputs"), "{}", text(&output.stderr));
}

#[test]
fn what_cannot_be_judged_is_told_where_people_look() {
    let folder = checkout();
    let file = folder.path().join(".driftgate.yaml");
    let config = fs::read_to_string(&file).unwrap();
    fs::write(&file, config.replace("kind: servicenow", "kind: ::set-output name=x::y")).unwrap();
    let step = Step::new();
    let output = step.run(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let said = text(&output.stderr);
    let command = said.lines().find(|line| line.starts_with("::")).unwrap();
    assert!(command.starts_with("::error file=.driftgate.yaml,line=1"), "{command}");
    assert!(command.contains("title=driftgate%3A nothing was judged::"), "{command}");
    assert_eq!(said.lines().filter(|line| line.trim_start().starts_with("::")).count(), 1, "{said}");
    assert_eq!(step.outputs()["verdict"], "error");
}

#[test]
fn named_variables_are_examined() {
    let folder = checkout();
    let file = folder.path().join(".driftgate.yaml");
    let config = fs::read_to_string(&file).unwrap();
    let items = |config: &str, credentials: &str| -> (Value, String) {
        fs::write(&file, config).unwrap();
        let mut command = binary();
        command.arg("check").arg(folder.path()).args(["--now", NOW, "--no-probe", "--format", "json"]);
        command.args(["--credentials", credentials]).env("KEY_OF_CAROL", "AKIACAROLXY44EXAMPLE");
        let output = command.output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let env = report["coverage"].as_array().into_iter().flatten().find(|one| one["source"] == "env").cloned();
        (env.unwrap_or_default()["items"].clone(), text(&output.stderr))
    };
    assert_eq!(items(&config, "KEY_OF_CAROL").0, 1);
    let listed = config.replace("sources:\n", "sources:\n  - {kind: env, variables: [KEY_OF_CAROL]}\n");
    assert_ne!(listed, config);
    assert_eq!(items(&listed, "KEY_OF_CAROL").0, 1, "once");
    let other = config.replace("sources:\n", "sources:\n  - {kind: env, variables: [OTHER]}\n");
    assert_eq!(items(&other, " KEY_OF_CAROL, OTHER ").0, 1);
    // What is no name may be a secret.
    let (none, said) = items(&config, "KEY_OF_CAROL,hunter-2/secret");
    assert!(none.is_null() && said.contains("--credentials: entry 2 is no name"), "{said}");
    assert!(!said.contains("hunter"), "{said}");
}

/// A repository with the checkout that is judged in a folder of its own; `git`: whether git knows of it.
fn monorepo(git: bool) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&acme(), &folder.path().join("services/shop"));
    if git {
        let made = std::process::Command::new("git").args(["init", "-q"]).arg(folder.path()).status().unwrap();
        assert!(made.success());
    }
    folder
}

/// All paths that a format shows beside sources.
fn shown(format: &str, report: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match format {
        "github" => {
            report.lines().filter_map(|line| Some(line.split_once(" file=")?.1.split_once(',')?.0.to_owned())).collect()
        }
        "junit" => report.split(" file=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect(),
        _ => {
            let value: Value = serde_json::from_str(report).unwrap();
            match format {
                "gitlab" => all(&value).iter().map(|issue| text(&issue["location"]["path"])).collect(),
                "gitlab-security" => {
                    all(&value["vulnerabilities"]).iter().map(|one| text(&one["location"]["file"])).collect()
                }
                _ => {
                    let results = all(&value["runs"][0]["results"]);
                    let places = results.iter().flat_map(|one| all(&one["locations"]));
                    places.map(|place| text(&place["physicalLocation"]["artifactLocation"]["uri"])).collect()
                }
            }
        }
    }
}

#[test]
fn places_are_told_from_the_repositorys_top() {
    let formats = ["github", "gitlab", "gitlab-security", "junit", "sarif"];
    for by_git in [true, false] {
        let repository = monorepo(by_git);
        let (top, shop) = (repository.path(), repository.path().join("services/shop"));
        // Named from the top, as the working folder, and by its whole path; a gate for the whole of it says the same.
        let ways: [(&Path, &Path); 3] = [(top, Path::new("services/shop")), (&shop, Path::new(".")), (top, &shop)];
        for (folder, path) in ways {
            for format in formats {
                for (system, place) in [("GITHUB_ACTIONS", "GITHUB_WORKSPACE"), ("GITLAB_CI", "CI_PROJECT_DIR")] {
                    let mut command = binary();
                    command.current_dir(folder).arg("check").arg(path).args(["--now", NOW, "--no-probe"]);
                    command.args(["--format", format]).env(system, "true").env(place, top);
                    let output = command.output().unwrap();
                    let places = shown(format, &text(&output.stdout));
                    assert!(!places.is_empty(), "{format}: {}", text(&output.stderr));
                    for place in places {
                        assert!(place.starts_with("services/shop/") && top.join(&place).is_file(), "{format}: {place}");
                    }
                }
            }
        }
        // What other programs read is told from the folder that they named.
        let mut command = binary();
        command.current_dir(top).args(["check", "services/shop", "--now", NOW, "--no-probe", "--format", "json"]);
        let told: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
        let places = told["findings"].as_array().unwrap().iter().flat_map(|one| one["references"].as_array().unwrap());
        let places: Vec<&str> = places.map(|place| place["file"].as_str().unwrap()).collect();
        assert!(!places.is_empty() && places.iter().all(|file| shop.join(file).is_file()), "{places:?}");
    }
}

#[test]
fn a_wrong_configuration_is_shown_where_it_stands() {
    let repository = monorepo(true);
    let (top, shop) = (repository.path(), repository.path().join("services/shop"));
    fs::write(shop.join(".driftgate.yaml"), "version: 1\nsorces: []\n").unwrap();
    fs::write(top.join("gate.yaml"), "version: 1\nsorces: []\n").unwrap();
    for (arguments, file) in [(&[][..], "services/shop/.driftgate.yaml"), (&["--config", "gate.yaml"], "gate.yaml")] {
        let mut command = binary();
        command.current_dir(top).args(["check", "services/shop"]).args(arguments).env("GITHUB_ACTIONS", "true");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let error = text(&output.stderr);
        assert!(error.lines().any(|line| line.starts_with(&format!("::error file={file},line=2"))), "{error}");
    }
}
