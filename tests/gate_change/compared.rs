//! What the gate compares with, and what it says where it cannot: a trusted definition that is too large, a repository that does not tell
//! what it holds, a ref that nothing vouches for, and gates that come from elsewhere.

use std::fs;

use serde_json::Value;

use crate::house::{EVENTS, Event, GITHUB, GITLAB, House, WORKFLOW, git, weakened};

const GITLAB_EVENTS: [Event; 3] = [Event::GitlabMerge, Event::GitlabPush, Event::GitlabManual];

/// The scopes and reasons of what could not be compared.
fn uncompared(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let gaps = report["gaps"].as_array().into_iter().flatten().filter(|gap| gap["lacks"] == "comparison");
    gaps.map(|gap| (text(&gap["scope"]), text(&gap["reason"]))).collect()
}

/// More than is read of a file.
fn filler() -> String {
    "# filler\n".repeat(500_000)
}

#[test]
fn a_trusted_definition_that_is_too_large_is_a_gap() {
    let house = House::new(false);
    house.before(WORKFLOW, &(GITHUB.to_owned() + &filler()));
    house.change(WORKFLOW, Some(&GITHUB.replace("    needs: gate\n", "    needs: gate # later\n")));
    for event in EVENTS {
        let (code, report, error) = house.run(event, &[], &[]);
        assert_eq!((code, &report["verdict"]), (3, &"inconclusive".into()), "{event:?}: {error} {report:#}");
        let told = uncompared(&report);
        assert_eq!((told.len(), told[0].0.as_str()), (1, WORKFLOW), "{event:?}: {told:?}");
        assert!(told[0].1.contains("larger than 4194304"), "{told:?}");
    }
}

#[test]
fn large_files_that_no_gate_is_in_or_that_stay_are_none() {
    let house = House::new(false);
    house.before("values.yaml", &filler());
    house.before(".github/workflows/generated.yml", &(GITHUB.replace("driftgate check", "make") + &filler()));
    house.change("values.yaml", Some(&(filler() + "# more\n")));
    for event in EVENTS {
        let (code, report, error) = house.run(event, &[], &[]);
        assert_eq!((code, uncompared(&report)), (0, vec![]), "{event:?}: {error} {report:#}");
    }
}

#[test]
fn a_repository_that_does_not_tell_what_it_holds_is_a_gap() {
    let house = House::new(false);
    house.edit(WORKFLOW, "    needs: gate\n", "    needs: gate # later\n");
    house.edit(".gitlab-ci.yml", "  stage: gate\n", "  stage: gate # later\n");
    // The tree of a folder of the trusted commit is lost, as in a clone that left it out; the configuration beside it can be read.
    let folder = WORKFLOW.rsplit_once('/').unwrap().0;
    let output = std::process::Command::new("git")
        .arg("-C")
        .arg(&house.clone)
        .args(["rev-parse", &format!("refs/remotes/origin/main:{folder}")])
        .output()
        .unwrap();
    let object = String::from_utf8(output.stdout).unwrap();
    let (first, rest) = object.trim().split_at(2);
    fs::remove_file(house.clone.join(".git/objects").join(first).join(rest)).unwrap();
    for event in EVENTS {
        let (code, report, error) = house.run(event, &[], &[]);
        assert_eq!(code, 3, "{event:?}: {error} {report:#}");
        let told = uncompared(&report);
        assert_eq!((told.len(), told[0].0.as_str()), (1, "*"), "{event:?}: {told:?}");
        assert!(told[0].1.contains("refs/remotes/origin/main") && told[0].1.contains("git says"), "{told:?}");
    }
}

#[test]
fn a_ref_of_the_changes_own_needs_the_protected_branch_at_hand() {
    let house = House::new(true);
    house.edit(".driftgate.yaml", "fail_on: high", "fail_on: critical");
    git(&house.clone, &["update-ref", "-d", "refs/remotes/origin/main"]);
    for event in EVENTS {
        for named in ["HEAD", "change"] {
            let (code, _, error) = house.run(event, &[], &["--policy-ref", named]);
            assert_eq!(code, 2, "{event:?}: {error}");
            assert!(error.contains(&format!("--policy-ref {named} cannot be checked")), "{error}");
            assert!(error.contains("git fetch --depth=1 origin +refs/heads/main:refs/remotes/origin/main"), "{error}");
        }
    }
}

#[test]
fn a_ref_is_not_taken_for_protected_where_nothing_tells() {
    let house = House::new(false);
    house.edit(".driftgate.yaml", "fail_on: high", "fail_on: critical");
    let nobody_says = [("GITHUB_EVENT_PATH", "")];
    for named in ["HEAD", "refs/remotes/origin/main"] {
        let (code, report, error) = house.run(Event::GithubPush, &nobody_says, &["--policy-ref", named]);
        assert!(code != 0, "{named}: {error} {report:#}");
        let told = uncompared(&report);
        assert!(told.iter().any(|(_, reason)| reason.contains(&format!("--policy-ref {named} could not be checked"))));
    }
}

/// A pipeline whose gate comes from elsewhere.
fn including(include: &str) -> String {
    let deploy = GITLAB.split_once("deploy:\n").unwrap().1;
    format!("include:\n  - {include}\nstages: [deploy]\ndeploy:\n{deploy}")
}

#[test]
fn a_gate_of_another_project_of_that_name_is_told() {
    let kinds = [
        "{project: PATH, ref: VERSION, file: .gitlab-ci-template.yml}",
        "component: $CI_SERVER_FQDN/PATH/driftgate@VERSION",
        "remote: https://git.example.com/PATH/-/raw/VERSION/.gitlab-ci-template.yml",
    ];
    for kind in kinds {
        let of = |path: &str, version: &str| including(&kind.replace("PATH", path).replace("VERSION", version));
        let house = House::new(false);
        house.before(".gitlab-ci.yml", &of("acme/driftgate", "1.0.0"));
        for (path, version, is_told) in
            [("acme/driftgate", "1.0.0", false), ("acme/driftgate", "1.1.0", false), ("eve/driftgate", "1.0.0", true)]
        {
            house.change(".gitlab-ci.yml", Some(&of(path, version)));
            for event in GITLAB_EVENTS {
                let (code, report, error) = house.run(event, &[("CI_JOB_NAME", "driftgate")], &[]);
                let told = weakened(&report);
                assert_eq!(code, i32::from(is_told), "{event:?}: {error} {report:#}");
                let named = |fact: &String| {
                    fact.contains("what runs as the gate")
                        && fact.contains("acme/driftgate")
                        && fact.contains("eve/driftgate")
                };
                assert_eq!(told.iter().any(named), is_told, "{event:?}: {told:?}");
            }
        }
    }
}

#[test]
fn an_include_that_cannot_be_read_may_redefine_the_gate() {
    let house = House::new(false);
    let known = "include: [{project: acme/ci, file: build.yml}]\n";
    house.before(".gitlab-ci.yml", &format!("{known}{GITLAB}"));
    let cases = [
        ("include: [{project: acme/ci, file: build.yml}, {template: Jobs/SAST.gitlab-ci.yml}]\n", None),
        (
            "include: [{project: acme/ci, file: build.yml}, {project: eve/ci, file: more.yml}]\n",
            Some("project eve/ci (more.yml)"),
        ),
        ("include: [{project: acme/ci, file: other.yml}]\n", Some("project acme/ci (other.yml)")),
        (
            "include: [{project: acme/ci, file: build.yml}, 'https://eve.example/x.yml']\n",
            Some("remote https://eve.example/x.yml"),
        ),
    ];
    for (include, told) in cases {
        house.change(".gitlab-ci.yml", Some(&format!("{include}{GITLAB}")));
        for event in GITLAB_EVENTS {
            let (code, report, error) = house.run(event, &[], &[]);
            assert_eq!(code, if told.is_some() { 3 } else { 0 }, "{event:?} {include}: {error} {report:#}");
            let reasons = uncompared(&report);
            assert_eq!(reasons.len(), usize::from(told.is_some()), "{reasons:?}");
            assert!(told.is_none_or(|words| reasons[0].1.contains(words)), "{reasons:?}");
        }
    }
}

#[test]
fn another_program_in_the_gates_place_is_told() {
    let house = House::new(false);
    let told =
        |report: &Value| weakened(report).into_iter().filter(|fact| fact.contains("what runs as the gate")).count();
    let edits: [(&str, &str, &str, &[Event]); 4] = [
        (WORKFLOW, "run: driftgate check", "run: ./driftgate check", &EVENTS[..3]),
        (
            WORKFLOW,
            "    runs-on: ubuntu-latest\n    steps",
            "    runs-on: ubuntu-latest\n    container: eve/driftgate:1\n    steps",
            &EVENTS[..3],
        ),
        (".gitlab-ci.yml", "    - driftgate check", "    - bin/driftgate check", &EVENTS[3..]),
        (".gitlab-ci.yml", "gate:\n  stage", "gate:\n  image: eve/driftgate:1\n  stage", &EVENTS[3..]),
    ];
    for (file, from, to, events) in edits {
        house.edit(file, from, to);
        for event in events {
            let (code, report, error) = house.run(*event, &[], &[]);
            assert_eq!((code, told(&report)), (1, 1), "{event:?}: {error} {:?}", weakened(&report));
        }
        house.edit(file, to, from);
    }
    let house = House::new(false);
    house.before(
        ".gitlab-ci.yml",
        &GITLAB.replace("gate:\n  stage", "gate:\n  image: registry:5000/acme/driftgate:1\n  stage"),
    );
    house.edit(".gitlab-ci.yml", "driftgate:1", "driftgate:2");
    let (code, report, error) = house.run(Event::GitlabPush, &[], &[]);
    assert_eq!((code, weakened(&report)), (0, vec![]), "another version is no other gate: {error}");
}

#[test]
fn a_shell_that_runs_nothing_is_told() {
    let house = House::new(false);
    house.edit(WORKFLOW, "jobs:\n", "defaults: {run: {shell: 'true {0}'}}\njobs:\n");
    for event in &EVENTS[..3] {
        let (code, report, error) = house.run(*event, &[], &[]);
        assert_eq!(code, 1, "{event:?}: {error}");
        assert!(
            weakened(&report).iter().any(|fact| fact.contains("default shell: true {0}")),
            "{:?}",
            weakened(&report)
        );
    }
}

#[test]
fn what_takes_the_gates_place_before_it_runs_is_told() {
    let house = House::new(false);
    house.before(
        ".gitlab-ci.yml",
        &GITLAB.replace(
            "gate:\n  stage",
            "variables: {GATE_IMAGE: 'registry:5000/acme/driftgate:1', VAULT_ADDR: 'https://vault.example'}\n\
             gate:\n  image: $GATE_IMAGE\n  stage",
        ),
    );
    let edits: [(&str, &str, &str, &[Event], &str); 7] = [
        (".gitlab-ci.yml", "acme/driftgate:1", "eve/driftgate:1", &EVENTS[3..], "what runs as the gate"),
        (
            ".gitlab-ci.yml",
            "image: $GATE_IMAGE",
            "image: {name: $GATE_IMAGE, entrypoint: ['/bin/true']}",
            &EVENTS[3..],
            "what runs as the gate",
        ),
        (
            ".gitlab-ci.yml",
            "  script:\n    - driftgate check",
            "  before_script: ['driftgate() { true; }']\n  script:\n    - driftgate check",
            &EVENTS[3..],
            "what runs before the gate",
        ),
        (
            ".gitlab-ci.yml",
            "    - driftgate check",
            "    - cp /bin/true /usr/local/bin/driftgate\n    - driftgate check",
            &EVENTS[3..],
            "what runs before the gate",
        ),
        (
            ".gitlab-ci.yml",
            "    - driftgate check",
            "    - exit 0\n    - driftgate check",
            &EVENTS[3..],
            "what runs before the gate",
        ),
        (".gitlab-ci.yml", ", VAULT_ADDR: 'https://vault.example'", "", &EVENTS[3..], "VAULT_ADDR is not set any more"),
        (WORKFLOW, "run: driftgate check", "run: exit 0; driftgate check", &EVENTS[..3], "what runs before the gate"),
    ];
    for (file, from, to, events, fact) in edits {
        let before = std::fs::read_to_string(house.clone.join(file)).unwrap();
        house.edit(file, from, to);
        for event in events {
            let (code, report, error) = house.run(*event, &[], &[]);
            let told = weakened(&report);
            assert_ne!(code, 0, "{event:?}: {to}: {error}");
            assert!(told.iter().any(|one| one.contains(fact)), "{event:?}: {to}: {told:?}");
        }
        house.change(file, Some(&before));
    }
    // A harmless line is none.
    house.edit(".gitlab-ci.yml", "    - driftgate check", "    - echo checking\n    - driftgate check");
    let (code, report, error) = house.run(Event::GitlabPush, &[], &[]);
    assert_eq!((code, weakened(&report)), (0, vec![]), "{error}");
}
