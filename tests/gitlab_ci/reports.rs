//! The reports for GitLab, read by readers that nobody here wrote: a validator of JSON schemas, TypeScript's compiler with the published
//! types of Code Climate reports, and a reader of JUnit. On the run of a pipeline, and on the example.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::checkout::{Checkout, root};
use crate::support::binary;
use crate::support::process::{clean, python};
use crate::template;

fn schema(name: &str) -> PathBuf {
    root().join("tests/gitlab_ci").join(name)
}

/// What check-jsonschema says; nothing where the file is valid.
fn judge(schema: &Path, file: &Path) -> Option<String> {
    let mut command = clean(python());
    let output = command.args(["-m", "check_jsonschema", "--schemafile"]).args([schema, file]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (!output.status.success()).then_some(said)
}

/// Judges a report, then the same report broken, which must not pass.
fn judged(schema_name: &str, file: &Path, spoil: impl Fn(&mut Value)) {
    assert_eq!(judge(&schema(schema_name), file), None, "{}", file.display());
    let mut report: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    spoil(&mut report);
    let broken = file.with_extension("broken.json");
    fs::write(&broken, report.to_string()).unwrap();
    assert!(judge(&schema(schema_name), &broken).is_some(), "the judge says nothing of {schema_name}");
}

/// What TypeScript says of reports that are to be lists of Code Climate's issues (the package `codeclimate-types`): what lacks, what has
/// another type or word, and what no issue has, each with its report's number. Nothing where they are.
fn typed(reports: &[Value]) -> String {
    let packages = root().join("target/testbeds/quality/node_modules");
    let types = packages.join("codeclimate-types/index.js");
    assert!(types.is_file(), "the types are not installed; run scripts/test");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.ts");
    let lists = reports.iter().enumerate().map(|(at, report)| format!("export const r{at}: Issue[] = {report}\n"));
    let program = lists.collect::<String>() + &format!("import type {{ Issue }} from {}\n", json!(types));
    fs::write(&file, program).unwrap();
    let mut command = clean("node");
    command.arg(packages.join("typescript/bin/tsc")).args(["--noEmit", "--strict", "--module", "nodenext"]).arg(&file);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.success(), said.is_empty(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[test]
fn a_code_quality_report_is_one_by_code_climates_types() {
    let mut command = binary();
    command.arg("check").arg(root().join("examples/acme")).args(["--now", "2026-06-01T12:00:00Z", "--no-probe"]);
    let report: Value = serde_json::from_slice(&command.args(["--format", "gitlab"]).output().unwrap().stdout).unwrap();
    assert!(report.as_array().unwrap().len() > 5);
    assert_eq!(typed(std::slice::from_ref(&report)), "");
    type Spoil = fn(&mut Value);
    let spoil: [(&str, Spoil); 7] = [
        ("check_name", |issue| drop(issue.as_object_mut().unwrap().remove("check_name"))),
        ("Category", |issue| issue["categories"] = json!(["Secrecy"])),
        ("Severity", |issue| issue["severity"] = json!("high")),
        ("number", |issue| issue["location"]["lines"]["begin"] = json!("31")),
        ("'end'", |issue| drop(issue["location"]["lines"].as_object_mut().unwrap().remove("end"))),
        ("'Location'", |issue| drop(issue["location"].as_object_mut().unwrap().remove("path"))),
        ("invented", |issue| issue["invented"] = json!(true)),
    ];
    let spoiled = spoil.iter().map(|(_, spoil)| {
        let mut broken = report.clone();
        spoil(&mut broken[3]);
        broken
    });
    let said = typed(&spoiled.collect::<Vec<_>>());
    for (at, (word, _)) in spoil.iter().enumerate() {
        let place = format!("report.ts({},", at + 1);
        let told = said.lines().any(|line| line.contains(&place) && line.contains(word));
        assert!(told, "{word}: {said}");
    }
}

#[test]
fn the_reports_of_a_pipeline_are_what_gitlab_takes() {
    let checkout = Checkout::new(&template(""), true);
    checkout.run(&[]);
    let quality = checkout.artifact("driftgate", "gl-code-quality-report.json");
    judged("code-quality.schema.json", &quality, |report| report[0]["severity"] = json!("dreadful"));
    let issues: Value = serde_json::from_str(&fs::read_to_string(&quality).unwrap()).unwrap();
    assert_eq!(typed(std::slice::from_ref(&issues)), "");
    // The line of `script` that uses the key.
    let pipeline = template("");
    let line = pipeline.lines().position(|line| line.contains("DEPLOY_KEY")).unwrap() + 1;
    assert_eq!(
        issues[0]["location"],
        json!({"path": ".gitlab-ci.yml", "lines": {"begin": line, "end": line}}),
        "{issues:#}"
    );
    assert_eq!(issues[0]["severity"], "blocker");
    let sast = checkout.artifact("driftgate", "gl-sast-report.json");
    judged("sast.schema.json", &sast, |report| report["scan"]["start_time"] = json!("2026-06-01T12:00:00Z"));
    let program = "import sys, json, junitparser
xml = junitparser.JUnitXml.fromfile(sys.argv[1])
print(json.dumps({'failures': xml.failures, 'names': [case.name for suite in xml for case in suite]}))";
    let mut command = clean(python());
    let output = command.args(["-c", program]).arg(checkout.artifact("driftgate", "driftgate.xml")).output().unwrap();
    let junit: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(junit["failures"], 2, "the verdict and its finding: {junit}");
    assert!(junit["names"].as_array().unwrap().contains(&json!("gitlab:project-token:acme/shop:77")), "{junit}");
}

#[test]
fn the_reports_of_the_example_are_what_gitlab_takes() {
    let out = tempfile::tempdir().unwrap();
    let of = |format: &str| out.path().join(format!("{format}.json"));
    let mut command = binary();
    command.arg("check").arg(root().join("examples/acme")).args(["--now", "2026-06-01T12:00:00Z", "--no-probe"]);
    for format in ["gitlab", "gitlab-security", "json"] {
        command.arg("--output").arg(format!("{format}={}", of(format).display()));
    }
    assert_eq!(command.output().unwrap().status.code(), Some(1));
    judged("code-quality.schema.json", &of("gitlab"), |report| report[0]["location"]["path"] = json!("/etc/passwd"));
    judged("sast.schema.json", &of("gitlab-security"), |report| {
        report["vulnerabilities"][0]["identifiers"] = json!([])
    });
    let read = |format: &str| -> Value { serde_json::from_str(&fs::read_to_string(of(format)).unwrap()).unwrap() };
    let (report, quality, sast) = (read("json"), read("gitlab"), read("gitlab-security"));
    let findings = report["findings"].as_array().unwrap().len();
    let gaps = report["gaps"].as_array().unwrap().len();
    assert!(findings > 5, "{report:#}");
    assert_eq!(quality.as_array().unwrap().len(), findings + gaps);
    assert_eq!(sast["vulnerabilities"].as_array().unwrap().len(), findings);
    // One entry each, for good: GitLab drops what shares an identity.
    for (list, key) in [(&quality, "fingerprint"), (&sast["vulnerabilities"], "id")] {
        let all: Vec<&str> = list.as_array().unwrap().iter().map(|one| one[key].as_str().unwrap()).collect();
        let distinct: std::collections::BTreeSet<&&str> = all.iter().collect();
        assert_eq!(distinct.len(), all.len(), "{key}: {all:?}");
    }
}
