//! A fork's change gets no credentials, and the report says what was not checked.

use std::fs;

use serde_json::json;

use crate::house::{CONFIG, Event, House, WORKFLOW, github_with_vault};
use crate::support::listener::{Answer, Listener};

#[test]
fn a_fork_gets_no_credentials() {
    let vault = Listener::start(Answer::json(200, "{}"));
    let house = House::new(false);
    house.before(WORKFLOW, &github_with_vault());
    let config =
        CONFIG.replace("policy:", "  - {kind: vault, address: '${VAULT_ADDR}', token_env: VAULT_TOKEN}\npolicy:");
    house.before(".driftgate.yaml", &config);
    house.change("README.md", Some("# a fork\n"));
    let event = house.clone.join("../fork.json");
    let told = json!({"repository": {"default_branch": "main"}, "pull_request": {"user": {"login": "eve"},
        "head": {"repo": {"full_name": "eve/shop"}}, "base": {"repo": {"full_name": "acme/shop"}}}});
    fs::write(&event, told.to_string()).unwrap();
    let event = event.to_str().unwrap();
    // Neither where the CI holds the secrets back nor where it hands them over (`pull_request_target`).
    let given =
        [("GITHUB_EVENT_PATH", event), ("VAULT_ADDR", vault.endpoint.as_str()), ("VAULT_TOKEN", "s.canarycanary")];
    for variables in [&given[..1], &given[..]] {
        let (code, report, error) = house.run(Event::GithubPull, variables, &[]);
        assert_eq!(code, 3, "{error} {report:#}");
        assert_eq!(report["verdict"], "inconclusive");
        assert!(report["gaps"].to_string().contains("fork"), "{report:#}");
        assert!(error.contains("eve/shop"), "{error}");
        assert_eq!(vault.connections(), 0);
    }
}

#[test]
fn a_merge_request_of_a_fork_is_one_too() {
    let house = House::new(false);
    let (_, report, error) =
        house.run(Event::GitlabMerge, &[("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", "eve/shop")], &[]);
    assert!(error.contains("eve/shop"), "{error}");
    assert!(report["coverage"].to_string().contains("eve/shop"), "{report:#}");
}
