//! GitHub: the gate as a step of every job that deploys, by the files that are written and by the reader that the gate itself uses.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command as Process;

use predicates::prelude::*;
use predicates::str::{contains, is_empty};

use crate::checkout::{DEPLOY, added, checkout, driftgate, files, init, jobs, text, ungated, verdict};

#[test]
fn a_workflow_that_deploys_is_gated_behind_its_checkout() {
    let folder = checkout(&[(".github/workflows/deploy.yml", DEPLOY)], Some("git@github.com:acme/shop.git"));
    let said = init(folder.path(), &[]);
    let written = text(folder.path(), ".github/workflows/deploy.yml");
    insta::assert_snapshot!("workflow", written);
    insta::assert_snapshot!("configuration", text(folder.path(), ".driftgate.yaml"));
    insta::assert_snapshot!("said", said);
    added(DEPLOY, &written);
    let jobs = jobs(folder.path());
    let gates: Vec<_> =
        jobs.iter().map(|job| (job.name.as_str(), job.gate_step, job.gate_stops, job.steps.len())).collect();
    assert_eq!(gates, [("test", None, true, 1), ("deploy", Some(1), true, 3)]);
    assert!(ungated(folder.path()).is_empty());
    assert_eq!(files(folder.path()).len(), 2, "nothing else is written");
    // Without a ticket source there is nothing to compare, and the report says what to do about it.
    let (code, report) = verdict(folder.path());
    assert_eq!((code, &report["verdict"]), (Some(3), &"inconclusive".into()));
    driftgate(folder.path(), &["check", "--offline"])
        .assert()
        .code(3)
        .stdout(contains("no ticket source is configured"));
}

#[test]
fn every_job_that_deploys_is_gated_and_no_other() {
    let text_of = "\
on: push
permissions: {}
jobs:
    build:
        runs-on: x
        env: {NPM_TOKEN: '${{ secrets.NPM_TOKEN }}'}
        steps:
        - run: make
    staging:
        environment: {name: staging, url: 'https://staging.example.com'}
        runs-on: x
        steps:
        -   name: Code
            uses: actions/checkout@v6
            with:
                persist-credentials: false
        -   run: ./deploy staging
            env: {KEY: '${{ secrets.STAGING_KEY }}'}
    any:
        environment: ${{ inputs.where }}
        runs-on: x
        steps:
        - uses: actions/checkout@v6
          with: {ref: main}
        - run: ./deploy
    bare:
        environment: production
        runs-on: x
        steps:
        # no code is needed
        - run: curl --oauth2-bearer ${{ secrets.HOOK }} https://example.com
    late:
        environment: production
        runs-on: x
        steps:
        - run: echo ${{ secrets.EARLY }}
        - uses: actions/checkout@v6
    gated:
        environment: production
        runs-on: x
        steps:
        - uses: actions/checkout@v6
        - run: driftgate check
        - run: ./deploy
";
    let folder = checkout(&[(".github/workflows/a.yml", text_of)], Some("https://github.com/acme/shop"));
    let said = init(folder.path(), &[]);
    let written = text(folder.path(), ".github/workflows/a.yml");
    insta::assert_snapshot!("several_jobs", written);
    added(text_of, &written);
    let gates: BTreeMap<String, Option<u32>> =
        jobs(folder.path()).into_iter().map(|job| (job.name, job.gate_step)).collect();
    let wanted = [
        ("any", Some(1)),
        ("bare", Some(1)),
        ("build", None),
        ("gated", Some(1)),
        ("late", Some(1)),
        ("staging", Some(1)),
    ];
    assert_eq!(gates, wanted.map(|(name, step)| (name.to_owned(), step)).into());
    assert!(ungated(folder.path()).is_empty());
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("job any: set `fetch-depth: 0` on the checkout"), "{said}");
    assert!(said.contains("job bare: no checkout of this repository comes before the first credential"), "{said}");
    assert!(said.contains("name no environment: build."), "{said}");
    assert!(said.contains("kept .github/workflows/a.yml: job gated runs the gate already"), "{said}");
}

#[test]
fn a_called_workflow_is_gated_where_it_deploys() {
    let caller = "on: push\njobs:\n  call:\n    uses: ./.github/workflows/deploy.yml\n    secrets: inherit\n";
    let called = "on: workflow_call\njobs:\n  deploy:\n    runs-on: x\n    environment: prod\n    steps:\n      - uses: actions/checkout@v6\n      - run: ./deploy ${{ secrets.KEY }}\n";
    let folder = checkout(
        &[(".github/workflows/caller.yml", caller), (".github/workflows/deploy.yml", called)],
        Some("https://github.com/acme/shop"),
    );
    init(folder.path(), &[]);
    assert_eq!(text(folder.path(), ".github/workflows/caller.yml"), caller);
    added(called, &text(folder.path(), ".github/workflows/deploy.yml"));
    let gates: Vec<_> = jobs(folder.path()).into_iter().map(|job| (job.name, job.gate_step)).collect();
    assert_eq!(gates, [("call".to_owned(), None), ("deploy".to_owned(), Some(1))]);
    assert!(ungated(folder.path()).is_empty());
}

#[test]
fn a_job_behind_a_gate_needs_none_of_its_own() {
    let text_of = "on: push\njobs:\n  gate:\n    runs-on: x\n    steps:\n      - run: driftgate check\n  deploy:\n    needs: gate\n    runs-on: x\n    environment: prod\n    steps:\n      - run: ./deploy\n  other:\n    runs-on: x\n    environment: prod\n    steps:\n      - uses: actions/checkout@v6\n";
    let folder = checkout(&[(".github/workflows/a.yml", text_of)], Some("https://github.com/acme/shop"));
    init(folder.path(), &[]);
    let gates: Vec<_> = jobs(folder.path()).into_iter().map(|job| (job.name, job.gate_step)).collect();
    assert_eq!(gates, [("gate".to_owned(), Some(0)), ("deploy".to_owned(), None), ("other".to_owned(), Some(1))]);
    assert!(ungated(folder.path()).is_empty());
}

#[test]
fn without_an_environment_the_gate_gets_a_workflow_of_its_own() {
    let tests =
        "on: push\njobs:\n  test:\n    runs-on: x\n    steps:\n      - uses: actions/checkout@v5\n      - run: make\n";
    let folder = checkout(&[(".github/workflows/test.yml", tests)], Some("https://github.com/acme/shop"));
    let said = init(folder.path(), &[]);
    assert_eq!(text(folder.path(), ".github/workflows/test.yml"), tests);
    insta::assert_snapshot!("own_workflow", text(folder.path(), ".github/workflows/driftgate.yml"));
    assert!(said.contains("no job names an environment, so it stops no deploy"), "{said}");
    // It is there now, and is replaced only where that is asked for.
    driftgate(folder.path(), &["init"]).assert().code(2).stderr(contains(".github/workflows/driftgate.yml"));
    let first = files(folder.path());
    driftgate(folder.path(), &["init", "--force"]).assert().code(0);
    assert_eq!(files(folder.path()), first);
}

#[test]
fn workflows_that_are_written_are_what_github_accepts() {
    let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/testbeds/venv/bin/check-jsonschema");
    assert!(judge.exists(), "check-jsonschema is not installed; run scripts/test");
    for name in ["deploy", "test"] {
        let text_of = if name == "deploy" { DEPLOY } else { "on: push\njobs: {a: {runs-on: x, steps: [{run: x}]}}\n" };
        let folder = checkout(&[(".github/workflows/a.yml", text_of)], Some("https://github.com/acme/shop"));
        init(folder.path(), &[]);
        let mut all = fs::read_dir(folder.path().join(".github/workflows")).unwrap();
        let paths: Vec<_> = all.by_ref().map(|entry| entry.unwrap().path()).collect();
        let mut command = Process::new(&judge);
        let output = command.args(["--builtin-schema", "vendor.github-workflows"]).args(&paths).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn layouts_without_a_place_are_left_and_the_step_is_printed() {
    let odd = [
        "on: push\njobs:\n  deploy: {runs-on: x, environment: prod, steps: [{uses: actions/checkout@v6}, {run: x}]}\n",
        "on: push\njobs:\n  deploy:\n    runs-on: x\n    environment: prod\n    steps:\n    - &code\n      uses: actions/checkout@v6\n    - run: x\n",
        "on: push\njobs:\n  other:\n    runs-on: x\n    steps: &all\n      - uses: actions/checkout@v6\n      - run: x\n  deploy:\n    runs-on: x\n    environment: prod\n    steps: *all\n",
        "on: push\rjobs:\r  deploy:\r    runs-on: x\r    environment: prod\r    steps:\r      - uses: actions/checkout@v6\r",
    ];
    for text_of in odd {
        let folder = checkout(&[(".github/workflows/a.yml", text_of)], Some("https://github.com/acme/shop"));
        let said = init(folder.path(), &[]);
        assert_eq!(text(folder.path(), ".github/workflows/a.yml"), text_of);
        assert!(said.contains("not changed: .github/workflows/a.yml:") && said.contains("job deploy"), "{said}");
        assert!(said.contains("uses: acme/driftgate@v1"), "{said}");
        assert!(folder.path().join(".driftgate.yaml").is_file(), "the configuration is written all the same");
    }
}

#[test]
fn line_ends_marks_and_indentation_stay() {
    let windows = format!("\u{feff}{}", DEPLOY.replace('\n', "\r\n"));
    let mixed =
        DEPLOY.replace("steps:\n      - uses", "steps:\r\n      - uses").replace("make test\n", "make test \t\n");
    let unended = "on: push\njobs:\n   deploy:\n      runs-on: x\n      environment: prod\n      steps:\n      -    uses: actions/checkout@v6";
    for text_of in [windows.as_str(), &mixed, unended] {
        let folder = checkout(&[(".github/workflows/a.yml", text_of)], Some("https://github.com/acme/shop"));
        init(folder.path(), &[]);
        let written = text(folder.path(), ".github/workflows/a.yml");
        let new = added(text_of, &written);
        assert!(new.iter().any(|line| line.contains("acme/driftgate@v1")), "{written}");
        assert_eq!(new.iter().any(|line| line.ends_with("\r\n")), text_of == windows, "{new:?}");
        assert!(jobs(folder.path()).iter().any(|job| job.gate_step == Some(1)), "{written}");
    }
}

#[test]
fn what_is_there_is_not_overwritten_and_nothing_else_is_written() {
    for name in [".driftgate.yaml", ".driftgate.yml", ".github/driftgate.yaml"] {
        let folder =
            checkout(&[(name, "version: 1\n"), (".github/workflows/a.yml", DEPLOY)], Some("https://github.com/a/b"));
        let before = files(folder.path());
        driftgate(folder.path(), &["init"])
            .assert()
            .code(2)
            .stdout(is_empty())
            .stderr(contains(name).and(contains("nothing was written")).and(contains("--force")));
        assert_eq!(files(folder.path()), before);
        driftgate(folder.path(), &["init", "--force"]).assert().code(0);
        assert!(text(folder.path(), ".driftgate.yaml").contains("sources:"));
    }
}

#[test]
fn arguments_that_fit_no_checkout_are_told() {
    let folder = checkout(&[("sub/a", "")], Some("https://github.com/a/b"));
    driftgate(folder.path(), &["init", "nowhere"]).assert().code(2).stderr(contains("there is no such folder"));
    driftgate(folder.path(), &["init", "sub"]).assert().code(2).stderr(contains("is a folder inside the repository"));
    driftgate(folder.path(), &["init", "--config", "x.yaml"]).assert().code(2).stderr(contains("takes no --config"));
    assert_eq!(files(folder.path()).len(), 1);
}

#[test]
fn without_git_and_without_a_ci_it_says_how_to_run_the_gate() {
    let folder = checkout(&[], None);
    let said = init(folder.path(), &[]);
    assert!(said.contains("no git checkout") && said.contains("run `driftgate check` before everything"), "{said}");
    assert_eq!(files(folder.path()).into_keys().collect::<Vec<_>>(), [".driftgate.yaml"]);
    assert_eq!(verdict(folder.path()).0, Some(3));
}
