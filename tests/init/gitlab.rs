//! GitLab: an include and a job in the stage before all others, in a file of their own or in the one that is there.

use std::fs;

use crate::checkout::{added, checkout, files, init, jobs, text, ungated, verdict};

const ORIGIN: Option<&str> = Some("https://gitlab.example.com/acme/shop.git");

const PIPELINE: &str = "\
# The pipeline.
stages:   [ build, deploy ]

build:
  stage: build
  script: [make]

deploy:
  stage: deploy
  environment: production
  script:
    - ./deploy --key \"$DEPLOY_KEY\"   # last
";

/// The gate's step and the jobs that wait for it.
fn gate(folder: &std::path::Path) -> (usize, Vec<String>) {
    let jobs = jobs(folder);
    let gates = jobs.iter().filter(|job| job.name == "driftgate" && job.gate_step.is_some() && job.gate_stops).count();
    let behind =
        |job: &&driftgate::model::pipeline::Job| job.needs.iter().any(|edge| edge.on == "driftgate" && edge.stops);
    (gates, jobs.iter().filter(behind).map(|job| job.name.clone()).collect())
}

#[test]
fn a_pipeline_gets_an_include_and_the_gate_before_all_stages() {
    let folder = checkout(&[(".gitlab-ci.yml", PIPELINE)], ORIGIN);
    let said = init(folder.path(), &[]);
    let written = text(folder.path(), ".gitlab-ci.yml");
    insta::assert_snapshot!("gitlab_pipeline", written);
    insta::assert_snapshot!("gitlab_configuration", text(folder.path(), ".driftgate.yaml"));
    insta::assert_snapshot!("gitlab_said", said);
    added(PIPELINE, &written);
    assert_eq!(gate(folder.path()), (1, vec!["build".to_owned(), "deploy".to_owned()]));
    assert!(ungated(folder.path()).is_empty());
    assert_eq!(files(folder.path()).len(), 2);
    assert_eq!(verdict(folder.path()).0, Some(3));
}

#[test]
fn a_list_of_includes_gets_one_more_entry() {
    for list in [
        "include:\n- local: ci/a.yml\n",
        "include:\n    -   local: /ci/a.yml\n    # the last\n    -   /ci/a.yml   # yes\n",
    ] {
        let old = format!("{list}\n{PIPELINE}");
        let folder = checkout(&[(".gitlab-ci.yml", &old), ("ci/a.yml", "lint:\n  script: [lint]\n")], ORIGIN);
        init(folder.path(), &[]);
        let written = text(folder.path(), ".gitlab-ci.yml");
        let new = added(&old, &written);
        assert!(
            new.iter().any(|line| line.contains("component: $CI_SERVER_FQDN/acme/driftgate/driftgate@")),
            "{written}"
        );
        assert_eq!(written.matches("include:").count(), 1, "{written}");
        assert_eq!(gate(folder.path()).0, 1);
        // A second time there is nothing to add.
        let again = checkout(&[(".gitlab-ci.yml", &written), ("ci/a.yml", "lint:\n  script: [lint]\n")], ORIGIN);
        assert!(init(again.path(), &[]).contains("kept .gitlab-ci.yml"));
        assert_eq!(text(again.path(), ".gitlab-ci.yml"), written);
    }
}

#[test]
fn line_ends_stay_and_a_last_line_without_one_gets_one() {
    let windows = PIPELINE.replace('\n', "\r\n");
    let unended = PIPELINE.trim_end();
    for old in [windows.as_str(), unended] {
        let folder = checkout(&[(".gitlab-ci.yml", old)], ORIGIN);
        init(folder.path(), &[]);
        let new = added(old, &text(folder.path(), ".gitlab-ci.yml"));
        assert_eq!(new.iter().any(|line| line.ends_with("\r\n")), old == windows, "{new:?}");
        assert_eq!(gate(folder.path()).0, 1);
    }
}

#[test]
fn layouts_without_a_place_are_left_and_the_include_is_printed() {
    let inputs = "spec:\n  inputs:\n    a:\n---\n";
    for old in [
        format!("include: ci/a.yml\n{PIPELINE}"),
        format!("include: [{{local: ci/a.yml}}]\n{PIPELINE}"),
        format!("{inputs}{PIPELINE}"),
        format!("{PIPELINE}driftgate:\n  script: [echo]\n"),
        "{deploy: {script: [x], environment: a}}\n".to_owned(),
        format!("{PIPELINE}...\n"),
        "- a\n- b\n".to_owned(),
    ] {
        let folder = checkout(&[(".gitlab-ci.yml", &old)], ORIGIN);
        let said = init(folder.path(), &[]);
        assert_eq!(text(folder.path(), ".gitlab-ci.yml"), old, "{said}");
        assert!(
            said.contains("not changed: .gitlab-ci.yml") && said.contains("  extends: .driftgate"),
            "{old}\n{said}"
        );
        assert!(folder.path().join(".driftgate.yaml").is_file());
    }
}

#[test]
fn a_project_without_a_pipeline_gets_one() {
    let folder = checkout(&[], ORIGIN);
    init(folder.path(), &[]);
    insta::assert_snapshot!("gitlab_new", text(folder.path(), ".gitlab-ci.yml"));
    assert_eq!(gate(folder.path()).0, 1);
}

#[test]
fn the_run_decides_then_the_files_then_the_remote() {
    let both = [(".gitlab-ci.yml", PIPELINE), (".github/workflows/a.yml", crate::checkout::DEPLOY)];
    let written = |origin: Option<&str>, env: &[(&str, &str)]| {
        let folder = checkout(&both, origin);
        init(folder.path(), env);
        both.map(|(name, old)| fs::read_to_string(folder.path().join(name)).unwrap() != old)
    };
    assert_eq!(written(None, &[]), [true, true]);
    assert_eq!(written(ORIGIN, &[]), [true, false]);
    assert_eq!(written(Some("https://github.com/acme/shop"), &[]), [false, true]);
    assert_eq!(written(ORIGIN, &[("GITHUB_ACTIONS", "true")]), [false, true]);
    assert_eq!(written(Some("https://github.com/acme/shop"), &[("GITLAB_CI", "true")]), [true, false]);
}
