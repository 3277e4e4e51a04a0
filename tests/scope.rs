//! The scope that SEMANTICS says, for each way to place the gate: a table over real CI files. What the jobs in scope reach is tested
//! elsewhere.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::fs;

use driftgate::model::reference::Provider;
use driftgate::model::scope::{RunPlace, Scope, ScopeKind};
use driftgate::pipeline;
use driftgate::policy::scope::scope;

/// Reads a checkout made of these files, and scopes it for a gate that runs there.
fn scoped(files: &[(&str, &str)], asked: Option<ScopeKind>, run: &RunPlace) -> Scope {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let pipelines = pipeline::read(&[folder.path().to_owned()], &pipeline::Options::default());
    assert!(pipelines.gaps.is_empty(), "{:?}", pipelines.gaps);
    scope(&pipelines, asked, run)
}

fn github(file: &str, job: &str) -> RunPlace {
    RunPlace { provider: Some(Provider::Github), file: Some(file.into()), job: Some(job.into()), ..RunPlace::default() }
}

fn gitlab(job: &str) -> RunPlace {
    RunPlace { provider: Some(Provider::Gitlab), job: Some(job.into()), ..RunPlace::default() }
}

/// Jobs in scope as `name` or `name>=step`, and ungated jobs.
fn shown(scope: &Scope) -> (BTreeSet<String>, BTreeSet<String>) {
    let jobs = scope.jobs.values().map(|job| match job.from_step {
        Some(step) => format!("{}>={step}", job.name),
        None => job.name.clone(),
    });
    (jobs.collect(), scope.ungated.iter().filter_map(|job| job.place.job.clone()).collect())
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

struct Row {
    what: &'static str,
    files: &'static [(&'static str, &'static str)],
    run: RunPlace,
    jobs: &'static [&'static str],
    ungated: &'static [&'static str],
}

const DEPLOY: &str = ".github/workflows/deploy.yml";

#[test]
fn github_gates() {
    let rows = [
        Row {
            what: "a step in the deploying job: the steps after it, and the jobs that wait for it",
            files: &[(
                DEPLOY,
                "on: push
jobs:
  build: {runs-on: x, steps: [{run: make}]}
  deploy:
    needs: build
    runs-on: x
    environment: production
    steps:
      - uses: actions/checkout@v4
      - run: driftgate check
      - run: ./deploy.sh
  announce: {needs: deploy, runs-on: x, steps: [{run: 'true'}]}
",
            )],
            run: github(DEPLOY, "deploy"),
            jobs: &["deploy>=2", "announce"],
            ungated: &[],
        },
        Row {
            what: "a job before: all that waits for it, transitively",
            files: &[(
                DEPLOY,
                "on: push
jobs:
  gate: {runs-on: x, steps: [{uses: acme/driftgate@v1}]}
  build: {runs-on: x, steps: [{run: make}]}
  deploy:
    needs: [gate, build]
    runs-on: x
    environment: production
    steps: [{run: ./deploy.sh}]
  smoke: {needs: deploy, runs-on: x, steps: [{run: ./smoke.sh}]}
",
            )],
            run: github(DEPLOY, "gate"),
            jobs: &["deploy", "smoke"],
            ungated: &[],
        },
        Row {
            what: "in a called workflow: what waits there, and what waits for the call",
            files: &[
                (
                    DEPLOY,
                    "on: push
jobs:
  checks: {uses: ./.github/workflows/checks.yml}
  deploy:
    needs: checks
    runs-on: x
    environment: production
    steps: [{run: ./deploy.sh}]
  other: {runs-on: x, environment: staging, steps: [{run: ./deploy.sh}]}
",
                ),
                (
                    ".github/workflows/checks.yml",
                    "on: workflow_call
jobs:
  gate: {runs-on: x, steps: [{run: driftgate check}]}
  after: {needs: gate, runs-on: x, steps: [{run: 'true'}]}
  beside: {runs-on: x, steps: [{run: 'true'}]}
",
                ),
            ],
            run: github(DEPLOY, "gate"),
            jobs: &["after", "deploy"],
            ungated: &["other"],
        },
        Row {
            what: "a stopped job never calls its workflow",
            files: &[
                (
                    DEPLOY,
                    "on: push
jobs:
  gate: {runs-on: x, steps: [{run: driftgate check}]}
  deploy: {needs: gate, uses: ./.github/workflows/reusable.yml}
",
                ),
                (
                    ".github/workflows/reusable.yml",
                    "on: workflow_call
jobs:
  roll-out: {runs-on: x, environment: production, steps: [{run: ./deploy.sh}]}
",
                ),
            ],
            run: github(DEPLOY, "gate"),
            jobs: &["deploy", "roll-out"],
            ungated: &[],
        },
        Row {
            what: "a job that runs always is not stopped",
            files: &[(
                DEPLOY,
                "on: push
jobs:
  gate: {runs-on: x, steps: [{run: driftgate check}]}
  deploy:
    needs: gate
    if: always()
    runs-on: x
    environment: production
    steps: [{run: ./deploy.sh}]
  quiet: {needs: gate, if: \"${{ !cancelled() }}\", runs-on: x, steps: [{run: 'true'}]}
  fine: {needs: gate, if: \"github.ref == 'refs/heads/main'\", runs-on: x, environment: staging, steps: [{run: 'true'}]}
",
            )],
            run: github(DEPLOY, "gate"),
            jobs: &["fine"],
            ungated: &["deploy"],
        },
        Row {
            what: "a gate whose failure is ignored stops nothing",
            files: &[(
                DEPLOY,
                "on: push
jobs:
  gate: {runs-on: x, steps: [{run: driftgate check, continue-on-error: true}]}
  deploy: {needs: gate, runs-on: x, environment: production, steps: [{run: ./deploy.sh}]}
",
            )],
            run: github(DEPLOY, "gate"),
            jobs: &[],
            ungated: &["deploy"],
        },
    ];
    let after = Row {
        what: "a workflow that workflow_run starts is beyond the gate",
        files: &[
            (
                DEPLOY,
                "name: Build
on: push
jobs:
  gate: {runs-on: x, steps: [{run: driftgate check}]}
  build: {needs: gate, runs-on: x, steps: [{run: make}]}
",
            ),
            (
                ".github/workflows/after.yml",
                "on: {workflow_run: {workflows: [Build], types: [completed]}}
jobs:
  deploy: {runs-on: x, environment: production, steps: [{run: ./deploy.sh}]}
",
            ),
            (
                ".github/workflows/apart.yml",
                "on: push
jobs:
  other: {runs-on: x, environment: production, steps: [{run: ./deploy.sh}]}
",
            ),
        ],
        run: github(DEPLOY, "gate"),
        jobs: &["build"],
        ungated: &["deploy"],
    };
    for row in rows.into_iter().chain([after]) {
        let scope = scoped(row.files, None, &row.run);
        let (jobs, ungated) = shown(&scope);
        assert_eq!(scope.kind, ScopeKind::Downstream, "{}: {:?}", row.what, scope.reason);
        assert_eq!(jobs, set(row.jobs), "{}", row.what);
        assert_eq!(ungated, set(row.ungated), "{}: {:?}", row.what, scope.ungated);
    }
}

#[test]
fn gitlab_gates() {
    let file = ".gitlab-ci.yml";
    let rows: &[(&str, &str, &[&str], &[&str])] = &[
        (
            "later stages wait for the gate's, needs: [] does not",
            "stages: [check, deploy, after]
gate: {stage: check, script: [driftgate check]}
lint: {stage: check, script: [make lint]}
deploy: {stage: deploy, environment: production, script: [./deploy.sh]}
eager: {stage: deploy, needs: [], environment: staging, script: [./deploy.sh]}
report: {stage: after, script: [./report.sh]}
",
            &["deploy", "report"],
            &["eager"],
        ),
        (
            "needs of the gate alone",
            "stages: [check, deploy]
gate: {stage: check, script: [driftgate check]}
build: {stage: check, script: [make]}
deploy: {stage: deploy, needs: [gate, build], environment: production, script: [./deploy.sh]}
other: {stage: deploy, needs: [build], environment: staging, script: [./deploy.sh]}
",
            &["deploy"],
            &["other"],
        ),
        (
            "a gate that may fail stops nothing",
            "stages: [check, deploy]
gate: {stage: check, script: [driftgate check], allow_failure: true}
deploy: {stage: deploy, environment: production, script: [./deploy.sh]}
",
            &[],
            &["deploy"],
        ),
        (
            "a gate that only warns stops nothing",
            "stages: [check, deploy]
gate: {stage: check, script: [driftgate check --mode warn]}
deploy: {stage: deploy, environment: production, script: [./deploy.sh]}
",
            &[],
            &["deploy"],
        ),
        (
            "a manual gate that nobody has to run stops nothing",
            "stages: [check, deploy]
gate: {stage: check, script: [driftgate check], when: manual}
deploy: {stage: deploy, environment: production, script: [./deploy.sh]}
",
            &[],
            &["deploy"],
        ),
        (
            "a job that runs whatever happens",
            "stages: [check, deploy]
gate: {stage: check, script: [driftgate check]}
deploy: {stage: deploy, environment: production, when: always, script: [./deploy.sh]}
stop: {stage: deploy, environment: {name: production, action: stop}, when: always, script: [./stop.sh]}
fine: {stage: deploy, environment: staging, script: [./deploy.sh]}
",
            &["fine"],
            &["deploy"],
        ),
        (
            "the gate in a manual deploy guards that deploy, and not what does not wait for it",
            "stages: [deploy, after]
gate: {stage: deploy, environment: production, when: manual, script: [driftgate check, ./deploy.sh]}
after: {stage: after, environment: staging, script: [./deploy.sh]}
",
            &["gate>=1"],
            &["after"],
        ),
        (
            "a deploy that may fail is guarded by its own gate, unless a script goes on",
            "stages: [deploy]
gate: {stage: deploy, environment: production, allow_failure: true, script: [driftgate check, ./deploy.sh]}
soft: {stage: deploy, environment: staging, script: ['driftgate check || true', ./deploy.sh]}
",
            &["gate>=1"],
            &["soft"],
        ),
        (
            "a manual deploy behind the gate is still behind it",
            "stages: [check, deploy]
gate: {stage: check, script: [driftgate check]}
deploy: {stage: deploy, environment: production, when: manual, script: [./deploy.sh]}
",
            &["deploy"],
            &[],
        ),
    ];
    for (what, text, jobs, ungated) in rows {
        let scope = scoped(&[(file, text)], None, &gitlab("gate"));
        let (found, escaped) = shown(&scope);
        assert_eq!(scope.kind, ScopeKind::Downstream, "{what}: {:?}", scope.reason);
        assert_eq!(found, set(jobs), "{what}");
        assert_eq!(escaped, set(ungated), "{what}: {:?}", scope.ungated);
    }
}

#[test]
fn a_run_that_only_warns_judges_what_it_would_stop() {
    for gate in ["{run: driftgate check --mode warn}", "{uses: acme/driftgate@v1, with: {mode: warn}}"] {
        let text = format!(
            "on: push
jobs:
  gate: {{runs-on: x, steps: [{gate}]}}
  deploy: {{needs: gate, runs-on: x, environment: production, steps: [{{run: ./deploy.sh}}]}}
  free: {{runs-on: x, environment: production, steps: [{{run: ./deploy.sh}}]}}
"
        );
        let files: &[(&str, &str)] = &[(DEPLOY, &text)];
        let warns = scoped(files, None, &RunPlace { warns: true, ..github(DEPLOY, "gate") });
        assert_eq!(shown(&warns), (set(&["deploy"]), set(&["free"])), "{gate}");
        // The same pipeline, and a run that would block: its definition says that nothing waits for it.
        let enforces = scoped(files, None, &github(DEPLOY, "gate"));
        assert_eq!(shown(&enforces), (set(&[]), set(&["deploy", "free"])), "{gate}");
    }
}

#[test]
fn where_the_gate_is_not_found_for_sure_the_scope_is_the_repository() {
    let two = "on: push
jobs:
  deploy: {runs-on: x, environment: production, steps: [{run: ./deploy.sh}]}
";
    let files = &[(DEPLOY, two), (".github/workflows/release.yml", two)];
    for (what, run) in [
        ("outside CI", RunPlace::default()),
        ("a namesake job", RunPlace { file: None, ..github(DEPLOY, "deploy") }),
        ("a workflow that is not here", github(".github/workflows/gone.yml", "deploy")),
        ("a job that is not here", github(DEPLOY, "gone")),
    ] {
        let scope = scoped(files, None, &run);
        assert_eq!(scope.kind, ScopeKind::Repository, "{what}");
        assert!(scope.reason.is_some(), "{what} says why");
        assert_eq!(scope.jobs.len(), 2, "{what}");
    }
}

#[test]
fn an_environment_takes_the_jobs_that_may_name_it() {
    let text = "on: push
jobs:
  a: {runs-on: x, environment: Production, steps: [{run: 'true'}]}
  b: {runs-on: x, environment: staging, steps: [{run: 'true'}]}
  c: {runs-on: x, environment: {name: \"${{ inputs.env }}\"}, steps: [{run: 'true'}]}
  d: {runs-on: x, steps: [{run: 'true'}]}
";
    let scope = scoped(&[(DEPLOY, text)], Some(ScopeKind::Environment("production".into())), &RunPlace::default());
    assert_eq!(shown(&scope).0, set(&["a", "c"]));
}
