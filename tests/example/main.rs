//! The example, judged by the real binary: the five cases and nothing else, the fixed copy, and what becomes of the verdict when
//! one fact is another.

#![allow(clippy::expect_used)]

mod flips;
mod pipelines;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use driftgate::model::report::{Finding, Report, Severity, Verdict, WaiverStatus};
use serde_json::Value;

const NOW: &str = "2026-06-01T12:00:00Z";

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// The binary on a plain machine: no CI's variables, no credentials.
fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    command.env_clear().envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "HOME"));
    command
}

fn check(folder: &Path, arguments: &[&str]) -> Output {
    binary().arg("check").arg(folder).args(["--now", NOW]).args(arguments).output().expect("the binary runs")
}

fn report_of(folder: &Path, arguments: &[&str]) -> (Report, i32) {
    let mut all = vec!["--format", "json"];
    all.extend(arguments);
    let output = check(folder, &all);
    let code = output.status.code().expect("an exit code");
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("no report ({e}): {}", String::from_utf8_lossy(&output.stderr)));
    (report, code)
}

/// A finding in one line: what a flip compares.
fn line(finding: &Finding) -> String {
    let weight = match (finding.blocking, &finding.waived) {
        (true, _) => "blocks",
        (false, Some(_)) => "waived",
        (false, None) => "told",
    };
    format!("{} {} {weight} {}", finding.rule, finding.subject.id, finding.tickets.join(","))
}

fn lines(report: &Report) -> Vec<String> {
    report.findings.iter().map(line).collect()
}

/// What the example must find: rule, subject, weight and tickets, in the report's order.
const EXPECTED: &[&str] = &[
    "elevation-outlived aws:access-key:AKIADEPLOY222EXAMPLE blocks RITM0020114",
    "revoked-but-live aws:access-key:AKIACAROLXY44EXAMPLE blocks SEC-310",
    "revoked-but-live github:app:acme:5521904 blocks RITM0020122",
    "revoked-but-live gitlab:deploy-token:acme/shop:30417 waived SEC-330",
    "excess-grant aws:access-key:AKIABUILDSRV2EXAMPLE blocks IAM-201",
    "overdue-revocation gitlab:project-token:acme/shop:48213 blocks SEC-340",
    "residual-access aws:access-key:AKIALEDGER333EXAMPLE blocks IAM-215",
];

/// The file, the job, and the words of a reference.
type Words = (&'static str, &'static str, &'static str);

/// Where each must point: the reference in the pipeline, by the words that stand there.
const PLACES: &[(&str, &[Words])] = &[
    (
        "AKIADEPLOY222EXAMPLE",
        &[
            (".github/workflows/deploy-site.yml", "deploy", "secrets.AWS_ACCESS_KEY_ID"),
            (".github/workflows/deploy-site.yml", "deploy", "secrets.AWS_SECRET_ACCESS_KEY"),
        ],
    ),
    (
        "AKIACAROLXY44EXAMPLE",
        &[
            (".gitlab-ci.yml", "catalog", "$CATALOG_AWS_ACCESS_KEY_ID"),
            (".gitlab-ci.yml", "catalog", "$CATALOG_AWS_SECRET_ACCESS_KEY"),
        ],
    ),
    ("5521904", &[(".github/workflows/release.yml", "release", "secrets.CHATLOOP_TOKEN")]),
    ("30417", &[(".gitlab-ci.yml", "warehouse", "$WAREHOUSE_PULL_TOKEN")]),
    (
        "AKIABUILDSRV2EXAMPLE",
        &[
            (".github/workflows/deploy.yml", "build", "secrets.BUILD_AWS_ACCESS_KEY_ID"),
            (".github/workflows/deploy.yml", "build", "secrets.BUILD_AWS_SECRET_ACCESS_KEY"),
        ],
    ),
    ("48213", &[(".gitlab-ci.yml", "mirror", "${MIRROR_TOKEN}")]),
    (
        "AKIALEDGER333EXAMPLE",
        &[
            (".github/workflows/deploy.yml", "after", "secrets.LEDGER_AWS_ACCESS_KEY_ID"),
            (".github/workflows/deploy.yml", "after", "secrets.LEDGER_AWS_SECRET_ACCESS_KEY"),
        ],
    ),
];

#[test]
fn the_example_blocks_with_exactly_the_right_findings() {
    let (report, code) = report_of(&example("acme"), &[]);
    assert_eq!(lines(&report), EXPECTED);
    assert_eq!((code, report.exit_code, report.verdict), (1, 1, Verdict::Block));
    assert_eq!(report.gaps, [], "nothing that a rule needed is missing");
    let weights: Vec<Severity> = report.findings.iter().map(|finding| finding.severity).collect();
    assert_eq!(weights[..4], [Severity::Critical; 4]);
    assert_eq!(weights[4..], [Severity::High; 3]);
}

#[test]
fn every_finding_points_at_the_words_in_the_pipeline() {
    let (report, _) = report_of(&example("acme"), &[]);
    for (subject, places) in PLACES {
        let finding = report
            .findings
            .iter()
            .find(|finding| finding.subject.id.as_str().ends_with(subject))
            .unwrap_or_else(|| panic!("{subject} was not found"));
        let mut seen = Vec::new();
        for place in &finding.references {
            let text = fs::read_to_string(example("acme").join(&place.file)).expect("the file of a reference");
            let line = text.lines().nth(place.line as usize - 1).expect("the line of a reference");
            let rest: String = line.chars().skip(place.column as usize - 1).collect();
            let words: String =
                rest.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '{' | '}')).collect();
            seen.push((place.file.clone(), place.job.clone().unwrap_or_default(), words));
        }
        let wanted: Vec<(String, String, String)> =
            places.iter().map(|(f, j, w)| ((*f).to_owned(), (*j).to_owned(), (*w).to_owned())).collect();
        assert_eq!(seen, wanted, "{subject}");
    }
}

#[test]
fn every_finding_carries_what_it_rests_on() {
    let (report, _) = report_of(&example("acme"), &[]);
    for finding in &report.findings {
        let cites = |source: &str| finding.evidence.iter().any(|fact| fact.source == source);
        assert!(cites("jira") || cites("servicenow"), "{} cites its ticket", finding.subject.id);
        assert!(cites(finding.subject.id.provider()), "{} cites its issuer", finding.subject.id);
        assert!(finding.evidence.iter().all(|fact| !fact.quote.is_empty()), "{}", finding.subject.id);
        assert!(finding.expected.is_some() && finding.actual.is_some() && finding.since.is_some());
        assert!(!finding.remediation.is_empty() && !finding.standards.is_empty());
    }
    // That Carol's key was used after she left is told with it, and is no finding of its own.
    let carol = report.findings.iter().find(|f| f.subject.id.as_str().contains("CAROL")).expect("her key");
    assert!(carol.evidence.iter().any(|fact| fact.quote.contains("last used 2026-05-31")), "{:?}", carol.evidence);
}

#[test]
fn waivers_are_told_as_they_are() {
    let (report, _) = report_of(&example("acme"), &[]);
    let told: Vec<(&str, WaiverStatus)> = report.waivers.iter().map(|w| (w.subject.as_str(), w.status)).collect();
    assert_eq!(
        told,
        [
            ("gitlab:deploy-token:acme/shop:30417", WaiverStatus::Active),
            ("gitlab:project-token:acme/shop:48213", WaiverStatus::Expired),
        ]
    );
}

#[test]
fn kept_promises_are_listed_as_proved() {
    let (report, _) = report_of(&example("acme"), &[]);
    let mut proved: Vec<&str> = report.verified.iter().map(|proof| proof.subject.id.as_str()).collect();
    proved.sort_unstable();
    assert_eq!(
        proved,
        [
            "aws:access-key:AKIACDNUSER22EXAMPLE",
            "github:actions-secret:acme/shop:MEDIA_AWS_ACCESS_KEY_ID",
            "github:deploy-key:acme/shop:71200418",
        ]
    );
}

#[test]
fn the_fixed_example_passes_with_the_same_tickets() {
    let (report, code) = report_of(&example("acme-fixed"), &[]);
    assert_eq!(lines(&report), ["revoked-but-live gitlab:deploy-token:acme/shop:30417 waived SEC-330"]);
    assert_eq!((code, report.verdict), (0, Verdict::Pass));
    assert_eq!(report.gaps, []);
    for export in ["jira.json", "servicenow.json", "people.csv"] {
        let read = |name: &str| fs::read(example(name).join("records").join(export)).expect("an export");
        assert_eq!(read("acme"), read("acme-fixed"), "{export}");
    }
}

/// The rows of a section's table, without marks of code.
fn table(text: &str, section: &str) -> Vec<Vec<String>> {
    let body = text.split(section).nth(1).expect("the section").split("\n## ").next().unwrap_or_default();
    let rows = body.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect()).collect()
}

#[test]
fn the_examples_readme_tells_the_story_as_it_is() {
    let text = fs::read_to_string(example("acme").join("README.md")).expect("the README");
    let (report, _) = report_of(&example("acme"), &[]);
    let mut told: Vec<String> = table(&text, "\n## What drifted\n")
        .iter()
        .map(|row| format!("{} {} blocks {} in {}", row[4], row[2], row[1], row[3]))
        .collect();
    let mut found: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.blocking)
        .map(|finding| {
            let place = &finding.references[0];
            let file = place.file.rsplit('/').next().unwrap_or_default();
            format!("{} in {file}, job {}", line(finding), place.job.as_deref().unwrap_or_default())
        })
        .collect();
    told.sort();
    found.sort();
    assert_eq!(told, found);
    let near = table(&text, "\n## What looks like drift and is none\n");
    assert!(near.len() >= 6);
    let blocking = |words: &str| report.findings.iter().any(|f| f.blocking && words.contains(f.subject.id.as_str()));
    assert!(near.iter().all(|row| !blocking(&row[2])), "a near miss does not block");
}

#[test]
fn warn_mode_prints_the_same_verdict_and_does_not_block() {
    let (report, code) = report_of(&example("acme"), &["--mode", "warn"]);
    assert_eq!((code, report.exit_code, report.verdict), (0, 0, Verdict::Block));
    assert_eq!(lines(&report), EXPECTED);
}

#[test]
fn an_environment_is_a_smaller_scope() {
    // Staging is deployed by the called workflow alone, whose environment is an expression.
    let (report, code) = report_of(&example("acme"), &["--scope", "environment=staging"]);
    let blocking: Vec<String> = report.findings.iter().filter(|f| f.blocking).map(line).collect();
    assert_eq!(blocking, ["elevation-outlived aws:access-key:AKIADEPLOY222EXAMPLE blocks RITM0020114"]);
    assert_eq!(report.findings.len(), EXPECTED.len(), "what does not block is told all the same");
    assert_eq!(code, 1);
}

#[test]
fn the_example_reads_as_a_story() {
    let output = check(&example("acme"), &["--color", "never"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(!text.contains('\u{1b}'));
    insta::assert_snapshot!("acme-text", without_measures(&text));
    let (mut report, _) = report_of(&example("acme"), &[]);
    for coverage in &mut report.coverage {
        coverage.duration_ms = 0;
        coverage.requests = 0;
    }
    report.tool.version = "[version]".to_owned();
    insta::assert_json_snapshot!("acme-json", report);
}

#[test]
fn two_runs_are_the_same_byte_for_byte() {
    for format in ["text", "json", "sarif", "markdown", "html", "junit", "gitlab", "gitlab-security"] {
        let run = || {
            let output = check(&example("acme"), &["--format", format]);
            assert_eq!(output.status.code(), Some(1), "{format} does not change the exit code");
            without_measures(&String::from_utf8(output.stdout).expect("UTF-8"))
        };
        let first = run();
        assert!(first.contains("AKIADEPLOY222EXAMPLE"), "{format}");
        assert_eq!(first, run(), "{format}");
    }
}

/// A text without the figures that may differ between two runs: durations and counts of requests.
fn without_measures(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        if trimmed.starts_with("\"duration_ms\":") || trimmed.starts_with("\"requests\":") {
            out.push_str(line.split(':').next().unwrap_or_default());
            out.push_str(": 0\n");
        } else {
            out.push_str(line);
        }
    }
    out
}

/// A copy of an example to change.
struct Copy {
    folder: tempfile::TempDir,
}

impl Copy {
    fn of(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        copy(&example(name), folder.path());
        Self { folder }
    }

    /// Changes a JSON file.
    fn json(&self, file: &str, change: impl FnOnce(&mut Value)) {
        let path = self.folder.path().join(file);
        let mut value: Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
        let before = value.clone();
        change(&mut value);
        assert_ne!(before, value, "a flip changes something");
        fs::write(path, serde_json::to_vec_pretty(&value).expect("JSON")).expect("written");
    }

    /// Replaces the one occurrence of a text.
    fn text(&self, file: &str, from: &str, to: &str) {
        let path = self.folder.path().join(file);
        let text = fs::read_to_string(&path).expect("a file");
        assert_eq!(text.matches(from).count(), 1, "{from} stands once in {file}");
        fs::write(path, text.replace(from, to)).expect("written");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}
