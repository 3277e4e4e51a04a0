//! Every way that is known to switch a gate off from the change that it gates. Where the key is live, the deploy stays blocked; where
//! nothing drifts, the weakening alone blocks; and without an attack both are as they should be.

use crate::house::{
    CONFIG, EVENTS, Event, GITHUB, House, WORKFLOW, blocking, export, github_with_vault, gitlab_with_vault, revocation,
    ticket, weakened,
};
use crate::support::listener::{Answer, Listener};

/// On both kinds of house and every event: what the attack does, and whether it must be told as a weakening, by these words.
fn everywhere(attack: impl Fn(&House), told: Option<&str>) {
    let (drifting, sound) = (House::new(true), House::new(false));
    attack(&drifting);
    attack(&sound);
    for event in EVENTS {
        let (code, report, error) = drifting.run(event, &[], &[]);
        assert_eq!(code, 1, "{event:?}: {error}");
        // A gate whose failure stops nothing has nothing in its scope: then the weakening is what blocks.
        let rules = blocking(&report);
        assert!(rules.contains(&"revoked-but-live") || told.is_some() && !rules.is_empty(), "{event:?}: {report:#}");
        let (code, report, error) = sound.run(event, &[], &[]);
        match told {
            Some(words) => {
                assert_eq!(code, 1, "{event:?}: {error}");
                assert!(blocking(&report).contains(&"gate-weakened"), "{event:?}: {report:#}");
                assert!(
                    weakened(&report).iter().any(|fact| fact.contains(words)),
                    "{event:?}: {:?}",
                    weakened(&report)
                );
            }
            None => assert_eq!((code, weakened(&report)), (0, vec![]), "{event:?}: {error} {report:#}"),
        }
    }
}

#[test]
fn without_an_attack_nothing_is_weakened() {
    everywhere(|_| {}, None);
    everywhere(|house| house.change("README.md", Some("# Shop\n")), None);
}

#[test]
fn the_configuration_is_loosened() {
    everywhere(|house| house.edit(".driftgate.yaml", "fail_on: high", "fail_on: critical"), Some("policy.fail_on"));
    everywhere(|house| house.edit(".driftgate.yaml", "fail_on: high", "on_gap: warn"), Some("policy.on_gap"));
}

#[test]
fn the_configuration_goes_or_breaks() {
    everywhere(|house| house.change(".driftgate.yaml", None), Some("the configuration is removed"));
    everywhere(|house| house.change(".driftgate.yaml", Some("version: [")), Some("cannot be read"));
}

#[test]
fn a_source_goes() {
    let line = "  - {kind: jira, export: jira.json, fields: {approval: customfield_1}}\n";
    everywhere(|house| house.edit(".driftgate.yaml", line, ""), Some("jira is not read any more"));
}

#[test]
fn a_waiver_is_added() {
    let waiver = "waivers:
  - {rule: revoked-but-live, subject: 'aws:access-key:AKIAIOSFODNN7EXAMPLE', reason: x, approved_by: eve, ticket: SEC-9,
     created: 2026-05-31, expires: 2026-06-30}
";
    everywhere(
        |house| house.change(".driftgate.yaml", Some(&format!("{CONFIG}{waiver}"))),
        Some("waivers: revoked-but-live"),
    );
}

#[test]
fn a_waiver_that_a_ticket_vouches_for_is_no_weakening() {
    let house = House::new(false);
    let vouches = ticket("SEC-9", "Task", "Waive the mirror key", "In Progress", true, "2026-05-31T09:00:00.000+0000");
    house.before("jira.json", &export(&[revocation(), vouches]));
    let waiver = "waivers:
  - {rule: stale-copy, subject: 'aws:access-key:AKIAIOSFODNN7EXAMPLE', reason: x, approved_by: alice, ticket: SEC-9,
     created: 2026-05-31, expires: 2026-06-30}
";
    house.change(".driftgate.yaml", Some(&format!("{CONFIG}{waiver}")));
    let (code, report, error) = house.run(Event::GithubPull, &[], &[]);
    assert_eq!((code, weakened(&report)), (0, vec![]), "{error}");
}

#[test]
fn the_export_is_rewritten() {
    everywhere(|house| house.change("jira.json", Some(&export(&[]))), None);
}

#[test]
fn the_catalogue_and_the_inventory_are_rewritten() {
    everywhere(
        |house| {
            house.change("catalog.csv", Some("identity,resource,level\n"));
            house.edit("inventory.json", "ListAccessKeys", "nothing");
        },
        None,
    );
}

/// A configuration with a live source whose host is in it, or in a variable.
fn with_vault(address: &str) -> String {
    CONFIG.replace("policy:", &format!("  - {{kind: vault, address: '{address}', token_env: VAULT_TOKEN}}\npolicy:"))
}

#[test]
fn a_host_of_the_change_is_not_asked() {
    let (ours, theirs) = (Listener::start(Answer::json(503, "{}")), Listener::start(Answer::json(200, "{}")));
    let house = House::new(false);
    house.before(".driftgate.yaml", &with_vault(&ours.endpoint));
    house.change(".driftgate.yaml", Some(&with_vault(&theirs.endpoint)));
    for event in EVENTS {
        let (code, report, error) = house.run(event, &[("VAULT_TOKEN", "s.canarycanary")], &[]);
        assert_eq!(code, 1, "{event:?}: {error}");
        assert!(weakened(&report).iter().any(|fact| fact.contains("sources.vault.address")), "{:?}", weakened(&report));
        assert_eq!(theirs.connections(), 0, "{event:?}");
    }
}

#[test]
fn a_variable_of_the_change_leads_no_token_elsewhere() {
    let theirs = Listener::start(Answer::json(200, "{}"));
    for in_github in [true, false] {
        let house = House::new(false);
        // A path in Vault, so that the gate has something to ask for.
        house.before(WORKFLOW, &github_with_vault());
        house.before(".gitlab-ci.yml", &gitlab_with_vault());
        house.before(".driftgate.yaml", &with_vault("${VAULT_ADDR}"));
        let value = &theirs.endpoint;
        if in_github {
            house.edit(WORKFLOW, "jobs:\n", &format!("env:\n  VAULT_ADDR: {value}\njobs:\n"));
        } else {
            house.edit(
                ".gitlab-ci.yml",
                "gate:\n  stage",
                &format!("gate:\n  variables: {{VAULT_ADDR: '{value}'}}\n  stage"),
            );
        }
        let events = if in_github { &EVENTS[..3] } else { &EVENTS[3..] };
        for event in events {
            let environment = [("VAULT_TOKEN", "s.canarycanary"), ("VAULT_ADDR", value.as_str())];
            let (code, report, error) = house.run(*event, &environment, &[]);
            assert_eq!(code, 1, "{event:?}: {error} {report:#}");
            assert!(weakened(&report).iter().any(|fact| fact.contains("VAULT_ADDR")), "{:?}", weakened(&report));
            assert_eq!(theirs.connections(), 0, "{event:?}");
        }
    }
}

/// Attacks on the definition of the pipeline, for both systems.
fn definition(github: (&str, &str), gitlab: (&str, &str), told: &str) {
    everywhere(
        |house| {
            house.edit(WORKFLOW, github.0, github.1);
            house.edit(".gitlab-ci.yml", gitlab.0, gitlab.1);
        },
        Some(told),
    );
}

#[test]
fn the_failure_stops_nothing_any_more() {
    let fail = "fail this job any more";
    definition(
        ("      - run: driftgate", "      - continue-on-error: true\n        run: driftgate"),
        ("  stage: gate\n", "  stage: gate\n  allow_failure: true\n"),
        fail,
    );
    definition(("--fail-on high", "--fail-on high || true"), ("--fail-on high", "--fail-on high || true"), fail);
}

#[test]
fn the_flags_are_loosened() {
    definition(
        ("--fail-on high", "--fail-on critical"),
        ("--fail-on high", "--fail-on critical"),
        "the gate's fail-on",
    );
    definition(
        ("--fail-on high", "--fail-on high --scope environment=none"),
        ("--fail-on high", "--fail-on high --scope environment=none"),
        "the gate's scope",
    );
}

#[test]
fn the_deploy_does_not_wait_any_more() {
    let house = House::new(false);
    house.edit(WORKFLOW, "    needs: gate\n", "");
    let (code, report, error) = house.run(Event::GithubPull, &[], &[]);
    assert_eq!(code, 1, "{error}");
    assert!(weakened(&report).iter().any(|fact| fact.contains("deploys without the gate")), "{report:#}");
}

#[test]
fn the_gate_is_removed_and_another_run_tells() {
    // A second workflow runs the gate, too: it sees that the first has lost it.
    let house = House::new(false);
    let other = GITHUB.replace("  deploy:\n", "  ship:\n");
    house.before(".github/workflows/other.yml", &other);
    house.edit(WORKFLOW, "      - run: driftgate check --fail-on high\n", "      - run: echo no gate\n");
    let workflow = "acme/shop/.github/workflows/other.yml@refs/heads/change";
    for event in [Event::GithubPull, Event::GithubPush, Event::GithubManual] {
        let (code, report, error) = house.run(event, &[("GITHUB_WORKFLOW_REF", workflow)], &[]);
        assert_eq!(code, 1, "{event:?}: {error}");
        assert!(weakened(&report).iter().any(|fact| fact.contains("does not run in this job any more")), "{report:#}");
    }
}

#[test]
fn the_change_does_not_say_what_is_trusted() {
    let house = House::new(true);
    house.edit(".gitlab-ci.yml", "gate:\n  stage", "gate:\n  variables: {CI_DEFAULT_BRANCH: change}\n  stage");
    crate::house::git(&house.clone, &["push", "-q", "origin", "HEAD:refs/heads/change"]);
    crate::house::git(&house.clone, &["fetch", "-q", "origin"]);
    let (code, _, error) = house.run(Event::GitlabPush, &[("CI_DEFAULT_BRANCH", "change")], &[]);
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("CI_DEFAULT_BRANCH"), "{error}");
    let house = House::new(true);
    house.edit(".driftgate.yaml", "fail_on: high", "fail_on: critical");
    house.edit(WORKFLOW, "--fail-on high", "--policy-ref HEAD");
    let (code, _, error) = house.run(Event::GithubPull, &[], &["--policy-ref", "HEAD"]);
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("--policy-ref HEAD is not what"), "{error}");
}

#[test]
fn what_the_protected_branch_has_tightened_since_is_not_the_changes() {
    let house = House::new(false);
    house.change("README.md", Some("# Shop\n"));
    crate::house::git(&house.clone, &["branch", "-q", "mine"]);
    house.before(".driftgate.yaml", &CONFIG.replace("fail_on: high", "fail_on: low"));
    crate::house::git(&house.clone, &["checkout", "-q", "mine"]);
    let (_, report, error) = house.run(Event::GithubPull, &[], &[]);
    let told: Vec<String> = weakened(&report).into_iter().filter(|fact| !fact.starts_with("policy.")).collect();
    assert_eq!(told, Vec::<String>::new(), "{error}");
}
