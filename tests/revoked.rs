//! The main job on real credentials at real servers: a revoked key that still works blocks, a dead one passes, an unknown one is not
//! taken for either. The same four for an AWS key and for a Vault token; between the runs only the truth changes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

mod support;

use serde_json::{Value, json};
use support::runs::{Said, ago, done, on_main, write};
use support::{Answer, Listener, Moto, OpenBao, binary};

/// A checkout whose deploying job has the gate as a step, with an inventory, one ticket and a configuration.
struct Checkout {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Checkout {
    fn new(secrets: &[&str], inventory: &Value, ticket: &Value, sources: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let mapping: String = secrets.iter().map(|name| format!("      {name}: ${{{{ secrets.{name} }}}}\n")).collect();
        write(
            root,
            ".github/workflows/deploy.yml",
            &format!(
                "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    env:\n{mapping}    steps:\n      - run: driftgate check\n      - run: ./deploy.sh\n"
            ),
        );
        let mut inventory = inventory.clone();
        inventory["schema"] = json!("driftgate/inventory/v1");
        inventory["exported_at"] = json!(ago(0));
        write(root, "inventory.json", &inventory.to_string());
        write(root, "jira.json", &json!({"total": 1, "issues": [ticket]}).to_string());
        write(
            root,
            ".driftgate.yaml",
            &format!(
                "version: 1\nrepository: acme/shop\nsources:\n  - {{kind: file, path: inventory.json}}\n  - {{kind: jira, export: jira.json}}\n  - {{kind: env}}\n{sources}"
            ),
        );
        Self { folder, variables: Vec::new() }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn check(&self, arguments: &[&str]) -> Said {
        let root = self.folder.path();
        let mut command = binary();
        command.args(["check", "--format", "json", "--no-progress"]).args(arguments).arg(root);
        on_main(&mut command, root);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        Said::of(&mut command)
    }
}

const AWS: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

fn aws_slots() -> Value {
    json!({"slots": AWS.map(|name| json!({"id": format!("github:actions-secret:acme/shop:{name}"), "name": name, "updated_at": ago(900)}))})
}

fn aws_checkout(moto: &Moto, inventory: &Value, title: &str, key: &support::moto::Key) -> Checkout {
    let sources = format!(
        "  - {{kind: aws, endpoint: '{}', access_key_id_env: AUDITOR_ID, secret_access_key_env: AUDITOR_SECRET, timeout: 20}}\n",
        moto.endpoint
    );
    Checkout::new(&AWS, inventory, &done("SEC-1", title), &sources)
        .with("AWS_ACCESS_KEY_ID", &key.id)
        .with("AWS_SECRET_ACCESS_KEY", &key.secret)
        .with("AUDITOR_ID", &moto.admin.id)
        .with("AUDITOR_SECRET", &moto.admin.secret)
}

#[test]
fn an_aws_key_live_dead_and_unknown() {
    let moto = Moto::start();
    let key = moto.create_user_with_key("svc-deploy");
    let named = aws_checkout(&moto, &aws_slots(), &format!("Revoke {}", key.id), &key);
    let only_slot = aws_checkout(&moto, &json!({}), "Revoke the key in AWS_ACCESS_KEY_ID of acme/shop", &key);

    let said = named.check(&[]);
    said.expect(1, &["revoked-but-live"]);
    assert!(said.all.contains("sts GetCallerIdentity"), "{}", said.all);
    assert_eq!(said.report["findings"][0]["subject"]["id"], format!("aws:access-key:{}", key.id));

    moto.set_status("svc-deploy", &key.id, "Inactive");
    named.check(&[]).expect(0, &["dead-reference"]);

    drop(moto);
    named.check(&[]).expect(1, &["revoked-still-held"]);
    let said = only_slot.check(&[]);
    said.expect(3, &["unverified-closure"]);
    assert!(!said.all.contains(&key.secret));
}

#[test]
fn an_aws_key_without_an_auditor() {
    let moto = Moto::start();
    let key = moto.create_user_with_key("svc-deploy");
    let account = "    accounts: ['123456789012']\n";
    let sources = format!(
        "  - kind: aws\n    required: false\n    endpoint: '{}'\n{account}    access_key_id_env: NOBODY\n",
        moto.endpoint
    );
    let checkout = Checkout::new(&AWS, &aws_slots(), &done("SEC-1", &format!("Revoke {}", key.id)), &sources)
        .with("AWS_ACCESS_KEY_ID", &key.id)
        .with("AWS_SECRET_ACCESS_KEY", &key.secret);
    checkout.check(&[]).expect(1, &["revoked-but-live"]);
    moto.delete_key("svc-deploy", &key.id);
    checkout.check(&[]).expect(0, &["dead-reference"]);
}

#[test]
fn answers_that_prove_nothing_about_an_aws_key() {
    let moto = Moto::start();
    // A key of another account, by its id.
    let foreign = support::moto::Key { id: "AKIAY34FZKBOKMUTVV7A".into(), secret: "s".repeat(40) };
    let checkout = aws_checkout(&moto, &aws_slots(), &format!("Revoke {}", foreign.id), &foreign);
    let said = checkout.check(&[]);
    said.expect(1, &["revoked-still-held"]);
    assert!(said.report["verified"].as_array().unwrap().is_empty(), "{}", said.all);

    let key = moto.create_user_with_key("svc-deploy");
    for answer in [
        Answer::Http(
            403,
            vec![("content-type".into(), "text/html".into())],
            b"<html>Forbidden by policy</html>".to_vec(),
        ),
        Answer::Http(404, Vec::new(), b"no route".to_vec()),
        Answer::Http(429, Vec::new(), Vec::new()),
        Answer::Http(503, Vec::new(), Vec::new()),
        Answer::Raw(
            b"HTTP/1.1 403 Forbidden\r\ncontent-length: 500\r\n\r\n<ErrorResponse><Error><Code>InvalidClientTok"
                .to_vec(),
        ),
    ] {
        let wall = Listener::start(answer.clone());
        let sources = format!(
            "  - {{kind: aws, endpoint: '{}', accounts: ['123456789012'], access_key_id_env: AUDITOR_ID, secret_access_key_env: AUDITOR_SECRET, timeout: 20}}\n",
            wall.endpoint
        );
        let checkout = Checkout::new(&AWS, &aws_slots(), &done("SEC-1", &format!("Revoke {}", key.id)), &sources)
            .with("AWS_ACCESS_KEY_ID", &key.id)
            .with("AWS_SECRET_ACCESS_KEY", &key.secret)
            .with("AUDITOR_ID", &moto.admin.id)
            .with("AUDITOR_SECRET", &moto.admin.secret);
        let said = checkout.check(&[]);
        assert_eq!((said.code, said.rules()), (1, vec!["revoked-still-held"]), "{answer:?}: {}", said.all);
        assert!(!said.all.contains("Forbidden by policy"), "no body in any output");
    }
}

#[test]
fn without_probes_and_offline_nothing_is_called() {
    let wall = Listener::start(Answer::Stall);
    let sources = format!(
        "  - {{kind: aws, endpoint: '{0}', access_key_id_env: A, secret_access_key_env: B, accounts: ['123456789012']}}\n  - {{kind: vault, address: '{0}', token_env: C}}\n",
        wall.endpoint
    );
    let checkout = Checkout::new(&AWS, &aws_slots(), &done("SEC-1", "Revoke AKIAQ2XYZ3CI4EXAMPLE"), &sources)
        .with("AWS_ACCESS_KEY_ID", "AKIAQ2XYZ3CI4EXAMPLE")
        .with("AWS_SECRET_ACCESS_KEY", &"x".repeat(40))
        .with("A", "AKIAADMINADMINADMIN7")
        .with("B", &"y".repeat(40))
        .with("C", "s.abcdefabcdefabcdefabcdef");
    checkout.check(&["--offline"]).expect(1, &["revoked-still-held"]);
    assert_eq!(wall.connections(), 0);
}

fn vault_checkout(bao: &OpenBao, inventory: &Value, title: &str, token: &str) -> Checkout {
    let sources = format!("  - {{kind: vault, address: '{}', token_env: AUDITOR_TOKEN, timeout: 20}}\n", bao.endpoint);
    Checkout::new(&["VAULT_DEPLOY_TOKEN"], inventory, &done("SEC-1", title), &sources)
        .with("VAULT_DEPLOY_TOKEN", token)
        .with("AUDITOR_TOKEN", &bao.root)
}

fn vault_slots(accessor: &str) -> Value {
    json!({"slots": [{"id": "github:actions-secret:acme/shop:VAULT_DEPLOY_TOKEN", "name": "VAULT_DEPLOY_TOKEN", "updated_at": ago(900),
                      "holds": format!("vault:token:{accessor}")}],
           "credentials": [{"id": format!("vault:token:{accessor}"), "name": "deploy token"}]})
}

#[test]
fn a_vault_token_live_dead_and_unknown() {
    let bao = OpenBao::start();
    let token = bao.create_token(&["default"], "1h", "deploy");
    let title = format!("vault token revoke -accessor {}", token.accessor);
    let named = vault_checkout(&bao, &vault_slots(&token.accessor), &title, &token.token);
    let only_slot =
        vault_checkout(&bao, &json!({}), "Revoke the token in VAULT_DEPLOY_TOKEN of acme/shop", &token.token);

    let said = named.check(&[]);
    said.expect(1, &["revoked-but-live"]);
    assert!(said.all.contains("vault lookup-self"), "{}", said.all);

    bao.revoke(&token.accessor);
    named.check(&[]).expect(0, &["dead-reference"]);

    drop(bao);
    named.check(&[]).expect(1, &["revoked-still-held"]);
    let said = only_slot.check(&[]);
    said.expect(3, &["unverified-closure"]);
    assert!(!said.all.contains(&token.token));
}

#[test]
fn a_token_of_another_vault_is_unknown() {
    let (here, there) = (OpenBao::start(), OpenBao::start());
    let token = there.create_token(&["default"], "1h", "deploy");
    let title = format!("vault token revoke -accessor {}", token.accessor);
    let mut inventory = vault_slots(&token.accessor);
    inventory["credentials"][0]["tenant"] = json!(there.endpoint.replace("http://", "vault:"));
    vault_checkout(&here, &inventory, &title, &token.token).check(&[]).expect(1, &["revoked-still-held"]);
}
