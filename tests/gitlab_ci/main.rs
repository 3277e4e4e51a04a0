//! The gate in GitLab CI/CD, by the template and by the component, as gitlab-ci-local runs them: blocked and passed, the reports that
//! are left, settings that nothing evaluates, and a log in which no ticket opens or closes a section.

#![allow(clippy::unwrap_used, unreachable_pub, missing_docs)]

#[path = "../support/blocks.rs"]
mod blocks;
#[path = "../support/mod.rs"]
mod support;

mod checkout;
mod files;
mod reports;

use checkout::{ARGS, Checkout, HOST};

/// The job that the gate stands before.
const DEPLOY: &str = "
deploy:
  stage: deploy
  environment: production
  script:
    - test -n \"${DEPLOY_KEY:-x}\"
    - touch deploy
  artifacts: {paths: [deploy]}
";

fn template(more: &str) -> String {
    format!(
        "include:\n  - project: acme/driftgate\n    ref: v0.1.0\n    file: .gitlab-ci-template.yml\n\
         variables: {{DRIFTGATE_ARGS: '{ARGS}'}}\n{more}{DEPLOY}"
    )
}

fn component(inputs: &str, more: &str) -> String {
    format!(
        "include:\n  - component: {HOST}/acme/driftgate/driftgate@0.1.0\n    inputs: {{args: '{ARGS}'{inputs}}}\n{more}{DEPLOY}"
    )
}

/// What every blocked pipeline here has in common.
fn blocked(checkout: &Checkout) {
    let ran = checkout.run(&[]);
    assert!(!ran.passed, "{}", ran.said);
    assert!(!checkout.ran("deploy"), "the deploy ran: {}", ran.said);
    let report = checkout.report("driftgate");
    assert_eq!(report["verdict"], "block", "{report:#}");
    assert_eq!(report["findings"][0]["rule"], "revoked-but-live", "{report:#}");
    // The gate found itself, in a file that is not in the checkout, and what it protects.
    assert_eq!(report["scope"]["kind"], "downstream", "{report:#}");
    assert_eq!(report["scope"]["jobs"], serde_json::json!(["deploy"]), "{report:#}");
    for file in ["driftgate.sarif", "driftgate.xml", "gl-code-quality-report.json", "gl-sast-report.json"] {
        assert!(checkout.artifact("driftgate", file).exists(), "{file} is not there: {}", ran.said);
    }
}

fn passed(checkout: &Checkout) {
    let ran = checkout.run(&[]);
    assert!(ran.passed && checkout.ran("deploy"), "{}", ran.said);
    let report = checkout.report("driftgate");
    assert_eq!(report["verdict"], "pass", "{report:#}");
    assert_eq!(report["scope"]["jobs"], serde_json::json!(["deploy"]), "{report:#}");
    assert!(report["verified"].as_array().is_some_and(|proofs| !proofs.is_empty()), "{report:#}");
}

#[test]
fn the_template_blocks_and_passes() {
    blocked(&Checkout::new(&template(""), true));
    passed(&Checkout::new(&template(""), false));
}

#[test]
fn the_component_blocks_and_passes() {
    blocked(&Checkout::new(&component("", ""), true));
    passed(&Checkout::new(&component("", ""), false));
}

#[test]
fn a_copy_in_the_project_itself_works_the_same() {
    let pipeline = format!("include:\n  - local: ci/driftgate.yml\n    inputs: {{args: '{ARGS}'}}\n{DEPLOY}");
    let copy = std::fs::read_to_string(checkout::root().join("templates/driftgate.yml")).unwrap();
    blocked(&Checkout::with(&pipeline, true, &[("ci/driftgate.yml", &copy)]));
    passed(&Checkout::with(&pipeline, false, &[("ci/driftgate.yml", &copy)]));
}

#[test]
fn a_gate_in_a_later_stage_protects_what_comes_after_it() {
    let more = "stages: [build, gate, deploy]\nbuild:\n  stage: build\n  script: [touch build]\n  artifacts: {paths: [build]}\n";
    let checkout = Checkout::new(&component(", stage: gate", more), true);
    blocked(&checkout);
    assert!(checkout.ran("build"), "what comes before the gate runs");
}

#[test]
fn a_gate_of_ones_own_extends_the_hidden_job() {
    let own = "driftgate: {rules: [{when: never}]}\nstages: [build, gate, deploy]\n\
               gate-production:\n  extends: .driftgate\n  stage: gate\n  variables: {DRIFTGATE_SCOPE: environment=production}\n";
    let checkout = Checkout::new(&template(own), true);
    let ran = checkout.run(&[]);
    assert!(!ran.passed && !checkout.ran("deploy"), "{}", ran.said);
    let report = checkout.report("gate-production");
    assert_eq!(report["scope"]["environment"], "production", "{report:#}");
    assert_eq!(report["verdict"], "block", "{report:#}");
}

#[test]
fn a_job_that_waits_for_nothing_is_reported() {
    let hasty = "hasty:\n  stage: deploy\n  needs: []\n  environment: staging\n  script: [touch hasty]\n  artifacts: {paths: [hasty]}\n";
    for pipeline in [template(hasty), component("", hasty)] {
        let checkout = Checkout::new(&pipeline, false);
        let ran = checkout.run(&[]);
        assert!(!ran.passed, "{}", ran.said);
        let report = checkout.report("driftgate");
        assert_eq!(report["findings"][0]["rule"], "ungated-deploy", "{report:#}");
        assert_eq!(report["findings"][0]["references"][0]["job"], "hasty", "{report:#}");
    }
}

#[test]
fn a_warning_lets_pass() {
    let checkout = Checkout::new(&component(", mode: warn", ""), true);
    let ran = checkout.run(&[]);
    assert!(ran.passed && checkout.ran("deploy"), "{}", ran.said);
    // The same report as that of a run that enforces.
    let report = checkout.report("driftgate");
    assert_eq!(report["verdict"], "block", "{report:#}");
    assert_eq!(report["scope"]["jobs"], serde_json::json!(["deploy"]), "{report:#}");
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(1), "{report:#}");
    let checkout = Checkout::new(&template(""), true);
    assert!(checkout.run(&[("DRIFTGATE_MODE", "warn")]).passed, "the template's settings are variables");
}

#[test]
fn settings_reach_the_command_line_as_words() {
    let hostile = "; touch owned; $(touch owned) `touch owned` ' \" && touch owned";
    for name in ["DRIFTGATE_ARGS", "DRIFTGATE_CONFIG", "DRIFTGATE_MAX_WAIT"] {
        let checkout = Checkout::new(&template(""), false);
        let ran = checkout.run(&[(name, hostile)]);
        assert!(!ran.passed && !checkout.ran("deploy"), "{name}: {}", ran.said);
        let builds = checkout.path().join(".gitlab-ci-local/builds/driftgate/owned");
        assert!(!builds.exists() && !checkout.path().join("owned").exists(), "{name} was run");
    }
    let checkout = Checkout::new(&template(""), false);
    let ran = checkout.run(&[("DRIFTGATE_CONFIG", "no such file.yaml")]);
    assert!(!ran.passed && ran.said.contains("no such file.yaml"), "one word, blanks and all: {}", ran.said);
}

#[test]
fn another_version_than_the_one_asked_for_is_an_error() {
    let checkout = Checkout::new(&template(""), false);
    let ran = checkout.run(&[("DRIFTGATE_VERSION", "9.9.9")]);
    assert!(!ran.passed && !checkout.ran("deploy"), "{}", ran.said);
    assert!(ran.said.contains("asks for 9.9.9"), "{}", ran.said);
    assert!(Checkout::new(&template(""), false).run(&[("DRIFTGATE_VERSION", "any")]).passed);
    let ran = Checkout::new(&component(", version: 9.9.9", ""), false).run(&[]);
    assert!(!ran.passed && ran.said.contains("asks for 9.9.9"), "{}", ran.said);
}

#[test]
fn no_ticket_opens_or_closes_a_section_of_the_log() {
    let checkout = Checkout::new(&template(""), true);
    checkout.run(&[]);
    let log = checkout.log("driftgate");
    assert!(log.contains("SEC-142") && log.contains("section_end:1780315200:driftgate"), "the ticket is quoted: {log}");
    // GitLab's own rule (lib/gitlab/regex.rb): a marker, perhaps options, and then a carriage return with an escape sequence.
    let marker = regex::Regex::new(r"section_(start|end):(\d+):([a-zA-Z0-9_.-]+)(\[[^\]\r\n]*\])?\r\x1b\[0K").unwrap();
    let markers: Vec<(&str, &str)> = marker
        .captures_iter(&log)
        .map(|found| (found.get(1).unwrap().as_str(), found.get(3).unwrap().as_str()))
        .collect();
    assert_eq!(markers, [("start", "driftgate"), ("end", "driftgate")], "{log:?}");
    // Between them nothing is a command to a terminal or to a runner.
    let text = log.split("\r\u{1b}[0K").nth(1).unwrap().rsplit_once("\u{1b}[0Ksection_end").unwrap().0;
    assert!(text.starts_with("driftgate: blocked by 1 finding\n"), "{text}");
    let odd = text.chars().find(|c| *c != '\n' && driftgate::render::escape::is_deceptive(*c));
    assert_eq!(odd, None, "{text:?}");
}

#[test]
fn a_format_that_is_asked_for_is_all_that_is_printed() {
    let checkout = Checkout::new(&template(""), true);
    let printed = |ci: &str, arguments: &[&str]| {
        let mut command = support::binary();
        command.current_dir(checkout.path()).env("GITLAB_CI", ci).env("CI_JOB_NAME", "driftgate");
        command
            .env("CI_COMMIT_BRANCH", "main")
            .env("CI_DEFAULT_BRANCH", "main")
            .env("CI_COMMIT_SHA", checkout.commit());
        let output = command.arg("check").args(ARGS.split(' ')).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let section = printed("true", &[]);
    let asked = printed("true", &["--format", "text"]);
    assert!(
        section.starts_with("\u{1b}[0Ksection_start:1780315200:driftgate[collapsed=false]\r\u{1b}[0K"),
        "{section:?}"
    );
    assert!(section.contains(&asked) && !asked.contains("section_start:1780315200"), "{asked:?}");
    assert!(printed("true", &["--format", "gitlab"]).starts_with('['));
    assert!(printed("false", &[]).starts_with("driftgate: "), "elsewhere nothing changes");
}
