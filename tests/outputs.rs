//! What `check` writes is what other programs read: judged by independent readers of SARIF and JUnit and by our own schema, on the
//! example and on a report in which every text that somebody else wrote is hostile.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use support::process::{clean, python};
use support::{binary, hostile};
use tempfile::TempDir;

const NOW: &str = "2026-06-01T12:00:00Z";
const FORMATS: [&str; 8] = ["text", "json", "sarif", "markdown", "html", "junit", "gitlab", "gitlab-security"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn bed(file: &str) -> PathBuf {
    let path = root().join("target/testbeds").join(file);
    assert!(path.exists(), "{file} is not installed; run scripts/test");
    path
}

/// Runs `check`, and gives its output in every format, with its exit code.
fn check(folder: &Path, out: &Path) -> i32 {
    let mut command = binary();
    command.arg("check").arg(folder).args(["--now", NOW, "--no-probe", "--format", "text"]);
    for format in FORMATS {
        command.arg("--output").arg(format!("{format}={}", out.join(format).display()));
    }
    let output = command.output().unwrap();
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
    output.status.code().unwrap()
}

fn read(out: &Path, format: &str) -> String {
    fs::read_to_string(out.join(format)).unwrap()
}

fn said(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The example and the hostile checkout, judged: a name, where the outputs are, and the exit code.
fn reports() -> Vec<(&'static str, TempDir, i32)> {
    let hostile = hostile::checkout();
    [("examples/acme", root().join("examples/acme")), ("hostile", hostile.path().to_owned())]
        .into_iter()
        .map(|(name, folder)| {
            let out = tempfile::tempdir().unwrap();
            let code = check(&folder, out.path());
            (name, out, code)
        })
        .collect()
}

#[test]
fn the_reports_hold_what_is_to_be_judged() {
    for (name, out, code) in reports() {
        let report: Value = serde_json::from_str(&read(out.path(), "json")).unwrap();
        let findings = report["findings"].as_array().unwrap();
        assert!(code == 1 && report["exit_code"] == 1, "{name}: {code}: {report:#}");
        assert!(findings.len() >= 3, "{name}: {report:#}");
        assert!(report["waivers"].as_array().is_some_and(|waivers| !waivers.is_empty()), "{name}");
        if name == "hostile" {
            assert!(report["gaps"].as_array().unwrap().len() >= 2, "{report:#}");
            assert!(report.to_string().contains("<script>"), "the texts are told: {report:#}");
        }
    }
}

#[test]
fn sarif_passes_the_schema_and_the_multitool() {
    let schema = bed("node_modules/@microsoft/sarif-multitool-linux/sarif-2.1.0.json");
    let multitool = bed("node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool");
    let judge = |file: &Path| {
        let output =
            clean(python()).args(["-m", "check_jsonschema", "--schemafile"]).args([&schema, file]).output().unwrap();
        let report = file.with_extension("judged.sarif");
        let mut command = clean(&multitool);
        command.env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1").current_dir(file.parent().unwrap());
        command.arg("validate").arg(file).args(["--rule-kind", "Sarif;Ghas", "--level", "Error;Warning;Note"]);
        let valid = command.arg("--output").arg(&report).args(["--log", "ForceOverwrite"]).output().unwrap();
        let text = fs::read_to_string(&report).unwrap_or_else(|error| panic!("{error}: {}", said(&valid)));
        let judged: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
        let run = &judged["runs"][0];
        assert!(run["invocations"][0]["executionSuccessful"] == true, "{}", said(&valid));
        let results = run["results"].as_array().cloned().unwrap_or_default();
        // A result without a level has its rule's, by default a warning.
        let default = |id: &Value| {
            let rules = run["tool"]["driver"]["rules"].as_array().cloned().unwrap_or_default();
            let rule = rules.iter().find(|rule| rule["id"] == *id).cloned().unwrap_or_default();
            rule["defaultConfiguration"]["level"].as_str().unwrap_or("warning").to_owned()
        };
        let level = |r: &Value| r["level"].as_str().map_or_else(|| default(&r["ruleId"]), str::to_owned);
        let errors: Vec<Value> = results.into_iter().filter(|result| level(result) == "error").collect();
        (output.status.success(), said(&output), errors)
    };
    for (name, out, _) in reports() {
        let file = out.path().join("x.sarif");
        fs::copy(out.path().join("sarif"), &file).unwrap();
        let (valid, words, errors) = judge(&file);
        assert!(valid, "{name}: {words}");
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        // The judges can fail.
        let mut broken: Value = serde_json::from_str(&read(out.path(), "sarif")).unwrap();
        broken["runs"][0]["results"][0]["ruleIndex"] = json!(7_000);
        broken["runs"][0]["results"][0]["level"] = json!("dreadful");
        fs::write(&file, broken.to_string()).unwrap();
        assert!(!judge(&file).0, "{name}");
        broken["runs"][0]["results"][0]["level"] = json!("error");
        fs::write(&file, broken.to_string()).unwrap();
        assert!(!judge(&file).2.is_empty(), "{name}");
    }
}

#[test]
fn junit_is_read_by_a_reader_of_junit() {
    let program = "import sys, json, junitparser
xml = junitparser.JUnitXml.fromfile(sys.argv[1])
cases = [case for suite in xml for case in suite]
kinds = [type(result).__name__ for case in cases for result in case.result]
print(json.dumps({'tests': xml.tests, 'failures': xml.failures, 'errors': xml.errors, 'skipped': xml.skipped,
                  'cases': len(cases), 'kinds': kinds}))";
    for (name, out, _) in reports() {
        let mut command: Command = clean(python());
        let output = command.args(["-c", program]).arg(out.path().join("junit")).output().unwrap();
        assert!(output.status.success(), "{name}: {}", said(&output));
        let read_back: Value = serde_json::from_slice(&output.stdout).unwrap();
        let report: Value = serde_json::from_str(&read(out.path(), "json")).unwrap();
        let blocking =
            report["findings"].as_array().unwrap().iter().filter(|finding| finding["blocking"] == true).count();
        let kinds: Vec<&str> = read_back["kinds"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let count = |kind: &str| kinds.iter().filter(|other| **other == kind).count();
        assert!(blocking > 0 && count("Failure") >= blocking, "{name}: {read_back}");
        assert_eq!(read_back["failures"], json!(count("Failure")), "{name}: {read_back}");
        assert_eq!(read_back["errors"], json!(count("Error")), "{name}: {read_back}");
        assert_eq!(read_back["tests"], read_back["cases"], "{name}: {read_back}");
    }
}

#[test]
fn json_passes_its_own_schema() {
    let schema = binary().args(["schema", "--report"]).output().unwrap().stdout;
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (name, out, _) in reports() {
        let mut report: Value = serde_json::from_str(&read(out.path(), "json")).unwrap();
        let wrong: Vec<String> =
            validator.iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
        report["findings"][0]["severity"] = json!("dreadful");
        assert!(!validator.is_valid(&report), "{name}: the schema says nothing");
    }
}

#[test]
fn two_runs_are_the_same_bytes() {
    let (first, second) = (reports(), reports());
    for ((name, a, _), (_, b, _)) in first.iter().zip(&second) {
        for format in FORMATS {
            assert_eq!(steady(&read(a.path(), format)), steady(&read(b.path(), format)), "{name} as {format}");
        }
    }
}

/// Without what may differ: durations and request counts, and the temporary folder's name.
fn steady(text: &str) -> String {
    let varies =
        |line: &&str| ["\"duration_ms\":", "\"requests\":"].iter().any(|key| line.trim_start().starts_with(key));
    text.lines().filter(|line| !varies(line)).collect::<Vec<_>>().join("\n")
}

/// Markdown without its code spans, in which all is text: a run of backticks up to the next run of the same length (CommonMark,
/// "Code spans"). Escaped backticks begin none.
fn outside_code(text: &str) -> String {
    let mut out = String::new();
    for paragraph in text.split("\n\n") {
        let mut rest = paragraph;
        while let Some(at) = rest.find('`') {
            let run = rest[at..].len() - rest[at..].trim_start_matches('`').len();
            let (before, behind) = (&rest[..at], &rest[at + run..]);
            out.push_str(before);
            let fence = "`".repeat(run);
            let ends = |end: &usize| !behind[..*end].ends_with('`') && !behind[*end + run..].starts_with('`');
            let end = behind.match_indices(&fence).map(|(end, _)| end).find(ends);
            rest = match end {
                Some(end) if !before.ends_with('\\') => &behind[end + run..],
                _ => behind,
            };
        }
        out.push_str(rest);
        out.push('\n');
    }
    out
}

#[test]
fn hostile_text_stays_text() {
    let hostile = hostile::checkout();
    let out = tempfile::tempdir().unwrap();
    assert_eq!(check(hostile.path(), out.path()), 1);
    let mut outputs: Vec<(String, String)> =
        FORMATS.iter().map(|format| ((*format).to_owned(), read(out.path(), format))).collect();
    for arguments in [
        &["tickets"][..],
        &["tickets", "--format", "json"],
        &["tickets", "--explain", "SEC-1"],
        &["inventory"],
        &["inventory", "--format", "json"],
        &["refs", "-v"],
        &["refs", "--format", "json"],
        &["waive", "--reason", "x", "--expires", "2026-06-30"],
    ] {
        let mut command = binary();
        command.current_dir(hostile.path()).args(arguments).args(["--now", NOW]);
        let output = command.output().unwrap();
        outputs.push((arguments.join(" "), said(&output)));
    }
    for (name, text) in outputs {
        let odd = text.chars().find(|c| *c != '\n' && driftgate::render::escape::is_deceptive(*c));
        assert_eq!(odd, None, "{name}: a character that is not what it looks like");
        for line in text.lines() {
            let start = line.trim_start();
            assert!(!start.starts_with("::"), "{name}: a command to the CI: {line}");
            for command in ["##[error]", "##vso[", "##teamcity["] {
                assert!(!line.contains(command), "{name}: a command to the CI: {line}");
            }
        }
        if name == "html" {
            for markup in ["<script>alert", "<img", "<!--", "href=\"javascript"] {
                assert!(!text.contains(markup), "{markup} in HTML:\n{text}");
            }
        }
        if name == "markdown" {
            for markup in ["<script", "](javascript", "![i](", "@acme/all"] {
                let outside = outside_code(&text);
                assert!(!outside.contains(markup), "{markup} in Markdown:\n{text}");
            }
        }
    }
}
