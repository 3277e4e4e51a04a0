//! The gate itself, through the real binary, with OpenBao as store and issuer: what is revoked or removed there flips the verdict, two
//! servers with the same names never mix, and no value appears anywhere.
#![cfg(feature = "vault")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::runs::{Said, ago, done, on_main, write};
use support::{OpenBao, binary};

impl Said {
    fn found(&self) -> Vec<(&str, &str)> {
        // The other server's token has no ticket, which is not what these tests are about.
        let all = self.report["findings"].as_array().unwrap().iter().filter(|f| f["rule"] != "unticketed-credential");
        all.map(|f| (f["rule"].as_str().unwrap(), f["subject"]["id"].as_str().unwrap())).collect()
    }

    fn requests(&self, source: &str) -> u64 {
        let all = self.report["coverage"].as_array().unwrap();
        all.iter().find(|entry| entry["source"] == source).map_or(0, |entry| entry["requests"].as_u64().unwrap())
    }
}

/// A checkout whose deploying job has the gate as a step.
struct Checkout {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Checkout {
    /// `steps` are those behind the gate; `env` is the job's.
    fn new(env: &str, steps: &str, inventory: &Value, ticket: &str, sources: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| write(folder.path(), path, text);
        let workflow = format!(
            "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n{env}    steps:\n      - run: driftgate check\n{steps}      - run: ./deploy.sh\n"
        );
        write(".github/workflows/deploy.yml", &workflow);
        let mut inventory = inventory.clone();
        inventory["schema"] = json!("driftgate/inventory/v1");
        inventory["exported_at"] = json!(ago(0));
        write("inventory.json", &inventory.to_string());
        write("jira.json", &json!({"total": 1, "issues": [done("SEC-1", ticket)]}).to_string());
        write(
            ".driftgate.yaml",
            &format!(
                "version: 1\nrepository: acme/shop\nsources:\n  - {{kind: file, path: inventory.json}}\n  - {{kind: jira, export: jira.json}}\n{sources}"
            ),
        );
        Self { folder, variables: Vec::new() }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn run(&self, arguments: &[&str]) -> Said {
        let root = self.folder.path();
        let mut command = binary();
        command.args(arguments).args(["--format", "json", "--no-progress"]).current_dir(root);
        on_main(&mut command, root);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let said = Said::of(&mut command);
        assert!(!said.all.contains("canary") && !said.all.contains("root-"), "{}", said.all);
        said
    }

    fn expect(&self, code: i32, rules: &[(&str, &str)]) -> Said {
        let said = self.run(&["check"]);
        assert_eq!((said.code, said.found()), (code, rules.to_vec()), "{}", said.all);
        said
    }
}

fn holding(name: &str, id: &str) -> Value {
    json!({"id": format!("github:actions-secret:acme/shop:{name}"), "name": name, "updated_at": ago(900), "holds": id})
}

fn env(names: &[&str]) -> String {
    let lines: String = names.iter().map(|name| format!("      {name}: ${{{{ secrets.{name} }}}}\n")).collect();
    format!("    env:\n{lines}")
}

#[test]
fn a_secret_id_revoked_at_its_issuer_flips_the_verdict() {
    let bao = OpenBao::start_audited();
    bao.admin(Method::POST, "sys/auth/approle", Some(json!({"type": "approle"})));
    bao.admin(Method::POST, "auth/approle/role/deploy", Some(json!({"token_policies": ["default"]})));
    let made = bao.admin(Method::POST, "auth/approle/role/deploy/secret-id", None);
    let accessor = made["data"]["secret_id_accessor"].as_str().unwrap();
    let id = format!("vault:secret-id:deploy:{accessor}");
    bao.policy("auditor", r#"path "auth/approle/role/+/secret-id-accessor/lookup" { capabilities = ["update"] }"#);
    let auditor = bao.create_token(&["auditor"], "1h", "auditor");
    let sources = format!("  - {{kind: vault, address: '{}', token_env: AUDITOR}}\n", bao.endpoint);
    let inventory = json!({"slots": [holding("DEPLOY_SECRET_ID", &id)], "credentials": [{"id": id, "name": "deploy"}]});
    let checkout = Checkout::new(
        &env(&["DEPLOY_SECRET_ID"]),
        "",
        &inventory,
        &format!("Revoke the AppRole secret-id {accessor}"),
        &sources,
    )
    .with("AUDITOR", &auditor.token);
    let before = bao.audited().len();
    let said = checkout.expect(1, &[("revoked-but-live", &id)]);
    assert!(said.all.contains("vault secret-id-accessor lookup"), "{}", said.all);
    let asked = &bao.audited()[before..];
    assert_eq!(asked, ["read sys/internal/ui/mounts", "update auth/approle/role/deploy/secret-id-accessor/lookup"]);
    assert_eq!(said.requests("vault"), 2);

    bao.admin(
        Method::POST,
        "auth/approle/role/deploy/secret-id-accessor/destroy",
        Some(json!({"secret_id_accessor": accessor})),
    );
    checkout.expect(0, &[("dead-reference", &id)]);
    // A policy that is lost proves nothing.
    bao.policy("auditor", r#"path "secret/metadata/x" { capabilities = ["read"] }"#);
    checkout.expect(1, &[("revoked-still-held", &id)]);
}

#[test]
fn two_servers_with_the_same_names() {
    let (eu, us) = (OpenBao::start(), OpenBao::start());
    let tokens = [&eu, &us].map(|bao| bao.create_token(&["default"], "1h", "deploy"));
    for bao in [&eu, &us] {
        bao.admin(Method::POST, "secret/data/app/db", Some(json!({"data": {"password": "value-canary"}})));
    }
    let sources = format!(
        "  - {{kind: vault, name: eu, address: '{}', token_env: EU}}\n  - {{kind: vault, name: us, address: '{}', token_env: US}}\n",
        eu.endpoint, us.endpoint
    );
    let ids = [format!("vault@eu:token:{}", tokens[0].accessor), format!("vault@us:token:{}", tokens[1].accessor)];
    let inventory = json!({
        "slots": [holding("EU_TOKEN", &ids[0]), holding("US_TOKEN", &ids[1])],
        "credentials": [{"id": ids[0], "name": "deploy"}, {"id": ids[1], "name": "deploy"}]});
    let checkout = |title: &str, steps: &str| {
        Checkout::new(&env(&["EU_TOKEN", "US_TOKEN"]), steps, &inventory, title, &sources)
            .with("EU", &eu.root)
            .with("US", &us.root)
    };
    let revoke = |at: usize| checkout(&format!("vault token revoke -accessor {}", tokens[at].accessor), "");
    revoke(0).expect(1, &[("revoked-but-live", &ids[0])]);
    revoke(1).expect(1, &[("revoked-but-live", &ids[1])]);
    eu.revoke(&tokens[0].accessor);
    revoke(0).expect(0, &[("dead-reference", &ids[0])]);
    revoke(1).expect(1, &[("revoked-but-live", &ids[1]), ("dead-reference", &ids[0])]);
    us.revoke(&tokens[1].accessor);
    revoke(1).expect(0, &[("dead-reference", &ids[0]), ("dead-reference", &ids[1])]);

    // The same path in both: a reference that names a server means that one alone.
    let step = |bao: &OpenBao| {
        format!(
            "      - uses: hashicorp/vault-action@v3\n        with:\n          url: {}\n          secrets: secret/data/app/db password | DB ;\n",
            bao.endpoint
        )
    };
    let reads = |bao: &OpenBao| {
        let both = Checkout::new("", &step(bao), &json!({}), "Order a coffee machine", &sources);
        both.with("EU", &eu.root).with("US", &us.root)
    };
    let slot = |name: &str| format!("vault@{name}:kv:secret/app/db#password");
    reads(&eu).expect(0, &[]);
    reads(&us).expect(0, &[]);
    eu.admin(Method::DELETE, "secret/metadata/app/db", None);
    let said = reads(&eu).expect(0, &[("dead-reference", &slot("eu"))]);
    assert_eq!((said.requests("eu"), said.requests("us")), (2, 0), "{}", said.all);
    reads(&us).expect(0, &[]);
    eu.admin(Method::POST, "secret/data/app/db", Some(json!({"data": {"password": "value-canary"}})));
    us.admin(Method::DELETE, "secret/metadata/app/db", None);
    reads(&eu).expect(0, &[]);
    let said = reads(&us).expect(0, &[("dead-reference", &slot("us"))]);
    assert_eq!((said.requests("eu"), said.requests("us")), (0, 2), "{}", said.all);
}

#[test]
fn a_rotation_is_read_from_the_store() {
    let bao = OpenBao::start_audited();
    let ids: Vec<String> = (0..3).map(|number| format!("secret/app/db-{number}")).collect();
    for id in &ids {
        bao.admin(Method::POST, &id.replacen('/', "/data/", 1), Some(json!({"data": {"password": "value-canary"}})));
    }
    let lines: String =
        ids.iter().map(|id| format!("            {} password | DB ;\n", id.replacen('/', "/data/", 1))).collect();
    let steps = format!(
        "      - uses: hashicorp/vault-action@v3\n        with:\n          url: {}\n          secrets: |\n{lines}",
        bao.endpoint
    );
    let sources = format!("  - {{kind: vault, address: '{}', token_env: AUDITOR}}\n", bao.endpoint);
    let checkout = |title: &str| Checkout::new("", &steps, &json!({}), title, &sources).with("AUDITOR", &bao.root);
    let before = bao.audited().len();
    let said = checkout("Rotate secret/app/db-1 in Vault").expect(0, &[]);
    assert_eq!(bao.audited().len() - before, 4, "the mounts and three paths: {:?}", &bao.audited()[before..]);
    assert_eq!(said.requests("vault"), 4);

    // The server refuses one path: what the rotation needs is a gap, and the gate is not green.
    bao.policy("auditor", r#"path "secret/metadata/app/*" { capabilities = ["read"] } path "secret/metadata/app/db-1" { capabilities = ["deny"] }"#);
    let auditor = bao.create_token(&["auditor"], "1h", "auditor");
    let said = checkout("Rotate secret/app/db-1 in Vault").with("AUDITOR", &auditor.token).run(&["check"]);
    assert_eq!(said.code, 3, "{}", said.all);
    assert!(said.report["gaps"].to_string().contains("db-1"), "{}", said.all);
    // Also where the ticket is about another: what the refused one holds, which the deploy reads, is not known.
    let said = checkout("Rotate secret/app/db-2 in Vault").with("AUDITOR", &auditor.token).run(&["check"]);
    assert_eq!(said.code, 3, "{}", said.all);
    assert!(said.report["findings"].as_array().unwrap().is_empty(), "{}", said.all);

    // The inventory of the same server.
    let said = checkout("nothing").run(&["inventory"]);
    assert_eq!(said.code, 0, "{}", said.all);
    let slots: Vec<&str> =
        said.report["slots"].as_array().unwrap().iter().map(|slot| slot["id"].as_str().unwrap()).collect();
    assert_eq!(slots, ["vault:kv:secret/app/db-0", "vault:kv:secret/app/db-1", "vault:kv:secret/app/db-2"]);
}
