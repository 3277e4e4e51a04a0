//! The gate between a Jira and an issuer that both live: a ticket is closed, reopened and withdrawn by the independent `jira` client, its key
//! switched off and deleted at moto, and the verdict follows; the checkout stays the same.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::path::Path;

use serde_json::json;
use support::runs::{Said, on_main, write};
use support::{Jira, Moto, binary};

/// What a run said: the exit code, the rules that fired, and everything that was printed.
fn check(root: &Path, kept: &Path, auditor: &support::moto::Key) -> (i32, Vec<String>, String) {
    let mut command = binary();
    command.args(["check", "--format", "json", "--no-progress"]).arg(root);
    on_main(&mut command, root);
    command.env("DRIFTGATE_CACHE_DIR", kept).env("JIRA_TOKEN", "pat-canary");
    let said = Said::of(command.env("AUDITOR_ID", &auditor.id).env("AUDITOR_SECRET", &auditor.secret));
    assert!(!said.all.contains("pat-canary") && !said.all.contains(&auditor.secret), "{}", said.all);
    (said.code, said.rules().into_iter().map(str::to_owned).collect(), said.all)
}

#[test]
fn the_verdict_follows_ticket_and_key() {
    // Its today is three days ago: an open ticket is past the limit of a day.
    let (moto, server) = (Moto::start(), Jira::data_center(3));
    let key = moto.create_user_with_key("svc-deploy");
    let admin = moto.admin.clone();
    let tags = json!([{"Key": "holds", "Value": key.id}]);
    let arguments = json!({"Name": "prod/deploy", "SecretString": "x", "Tags": tags});
    moto.call_in(&admin, "us-east-1", "secretsmanager", "create_secret", &arguments);

    let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let root = folder.path();
    let workflow = "on: push\npermissions: {id-token: write, contents: read}\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n      \
                    - run: driftgate check\n      - uses: aws-actions/aws-secretsmanager-get-secrets@v2\n        with:\n          \
                    secret-ids: prod/deploy\n      - run: ./deploy.sh\n";
    write(root, ".github/workflows/deploy.yml", workflow);
    let config = format!(
        "version: 1\nrepository: acme/shop\nsources:\n  - {{kind: jira, url: '{}', jql: 'project = SEC', token_env: JIRA_TOKEN}}\n  \
         - {{kind: aws, endpoint: '{}', region: us-east-1, access_key_id_env: AUDITOR_ID, secret_access_key_env: AUDITOR_SECRET}}\n\
         trust: {{projects: [SEC], approvers: [admin@example.com]}}\n",
        server.endpoint, moto.endpoint
    );
    write(root, ".driftgate.yaml", &config);
    let run = || check(root, kept.path(), &admin);
    let act = |arguments: &[&str]| server.script("jira_act.py", arguments).as_str().unwrap().to_owned();

    // No ticket at all looks like a query that finds nothing.
    let (code, _, said) = run();
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("holds no tickets at all"), "{said}");
    act(&["create", "Order chairs", "Three of them."]);
    let ticket = act(&["create", &format!("Revoke access key {}", key.id), "It was in a log."]);
    act(&["move", &ticket, "Done"]);
    let (code, rules, said) = run();
    assert_eq!((code, rules), (1, vec!["revoked-but-live".to_owned()]), "{said}");

    // Switched off at the issuer, and on again.
    moto.set_status("svc-deploy", &key.id, "Inactive");
    let (code, rules, said) = run();
    assert_eq!((code, rules), (0, vec!["dead-reference".to_owned()]), "{said}");
    moto.set_status("svc-deploy", &key.id, "Active");

    act(&["move", &ticket, "Reopened"]);
    let (code, rules, said) = run();
    assert_eq!((code, rules), (1, vec!["overdue-revocation".to_owned()]), "{said}");

    act(&["move", &ticket, "Done", "Won't Do"]);
    let (code, rules, said) = run();
    assert_eq!(code, 0, "{said}");
    assert!(rules.iter().all(|rule| rule == "unticketed-credential"), "{said}");

    act(&["move", &ticket, "Reopened"]);
    act(&["move", &ticket, "Done"]);
    assert_eq!(run().1, ["revoked-but-live"]);
    moto.delete_key("svc-deploy", &key.id);
    let (code, rules, said) = run();
    assert_eq!((code, rules), (0, vec!["dead-reference".to_owned()]), "{said}");

    // Nobody answers any more.
    drop(server);
    let (code, _, said) = run();
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("no connection"), "{said}");
}
