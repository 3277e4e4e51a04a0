//! The example as its own pipelines see it: the gate finds itself by the CI's variables, and only what its failure stops can block.

use std::fs;

use driftgate::model::report::Report;

use super::{Copy, EXPECTED, NOW, binary, line};

/// Judges the example as a run of a pipeline on the protected branch would, where it was checked out without git.
fn run(variables: &[(&str, &str)]) -> (Report, Option<i32>) {
    let copy = Copy::of("acme");
    let event = copy.folder.path().join("event.json");
    fs::write(&event, r#"{"repository": {"default_branch": "main"}}"#).expect("written");
    let mut command = binary();
    command.envs(variables.iter().copied()).env("GITHUB_EVENT_PATH", &event);
    let arguments = ["check", ".", "--now", NOW, "--format", "json"];
    let output = command.args(arguments).current_dir(copy.folder.path()).output().expect("the binary runs");
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("no report ({e}): {}", String::from_utf8_lossy(&output.stderr)));
    (report, output.status.code())
}

fn blocking(report: &Report) -> Vec<String> {
    report.findings.iter().filter(|finding| finding.blocking).map(line).collect()
}

fn github<'v>(workflow: &'v str, job: &'v str) -> Vec<(&'v str, &'v str)> {
    vec![
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "acme/shop"),
        ("GITHUB_REF", "refs/heads/main"),
        ("GITHUB_WORKFLOW_REF", workflow),
        ("GITHUB_JOB", job),
        ("GITHUB_ACTOR", "bob"),
    ]
}

#[test]
fn the_deploys_gate_is_a_job_before_all_others() {
    let (report, code) = run(&github("acme/shop/.github/workflows/deploy.yml@refs/heads/main", "gate"));
    assert_eq!(report.scope.kind, "downstream");
    // The steps of the gate's own job that come after it are in scope, too.
    assert_eq!(report.scope.jobs, ["after", "build", "deploy", "gate", "production", "staging"]);
    assert_eq!(
        blocking(&report),
        [
            "elevation-outlived aws:access-key:AKIADEPLOY222EXAMPLE blocks RITM0020114",
            "excess-grant aws:access-key:AKIABUILDSRV2EXAMPLE blocks IAM-201",
            "residual-access aws:access-key:AKIALEDGER333EXAMPLE blocks IAM-215",
        ]
    );
    assert_eq!(report.findings.len(), EXPECTED.len(), "what other pipelines use is told all the same");
    assert_eq!(code, Some(1));
}

#[test]
fn the_releases_gate_is_a_step_of_the_deploying_job() {
    let (report, code) = run(&github("acme/shop/.github/workflows/release.yml@refs/heads/main", "release"));
    assert_eq!(report.scope.jobs, ["release"]);
    assert_eq!(blocking(&report), ["revoked-but-live github:app:acme:5521904 blocks RITM0020122"]);
    assert_eq!(code, Some(1));
}

#[test]
fn the_mirrors_gate_is_a_job_of_the_first_stage() {
    let (report, code) = run(&[
        ("CI", "true"),
        ("GITLAB_CI", "true"),
        ("CI_PROJECT_PATH", "acme/shop"),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_COMMIT_BRANCH", "main"),
        ("CI_JOB_NAME", "driftgate"),
        ("GITLAB_USER_LOGIN", "bob"),
    ]);
    assert_eq!(report.scope.jobs, ["catalog", "mirror", "warehouse"]);
    assert_eq!(
        blocking(&report),
        [
            "revoked-but-live aws:access-key:AKIACAROLXY44EXAMPLE blocks SEC-310",
            "overdue-revocation gitlab:project-token:acme/shop:48213 blocks SEC-340",
        ]
    );
    assert_eq!(code, Some(1));
}
