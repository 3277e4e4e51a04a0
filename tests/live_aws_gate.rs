//! The gate on what AWS itself says, through the real program: a key that a secret holds is switched off at the issuer, and the verdict
//! follows, nothing else touched; accounts with the same names stay apart; and another tool, asked about the same key, agrees.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::moto::{Key, everything};
use support::runs::{Said, done, on_main, write};
use support::{Answer, Listener, Moto, binary};

const OTHER: &str = "210987654321";

/// A checkout whose deploying job reads a secret of Secrets Manager behind the gate.
struct Checkout {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Said {
    fn requests(&self, source: &str) -> u64 {
        let coverage = self.report["coverage"].as_array().unwrap();
        let own = coverage.iter().find(|entry| entry["source"] == source);
        own.unwrap_or_else(|| panic!("{}", self.all))["requests"].as_u64().unwrap()
    }
}

impl Checkout {
    fn new(secrets: &[&str], tickets: &[Value], sources: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let ids: String = secrets.iter().map(|id| format!("            {id}\n")).collect();
        let workflow = format!(
            "on: push\npermissions: {{id-token: write, contents: read}}\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n      \
             - run: driftgate check\n      - uses: aws-actions/aws-secretsmanager-get-secrets@v2\n        with:\n          \
             secret-ids: |\n{ids}      - run: ./deploy.sh\n"
        );
        write(root, ".github/workflows/deploy.yml", &workflow);
        write(root, "jira.json", &json!({"total": tickets.len(), "issues": tickets}).to_string());
        let config =
            format!("version: 1\nrepository: acme/shop\nsources:\n  - {{kind: jira, export: jira.json}}\n{sources}");
        write(root, ".driftgate.yaml", &config);
        Self { folder, variables: Vec::new() }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn check(&self) -> Said {
        let root = self.folder.path();
        let mut command = binary();
        command.args(["check", "--format", "json", "--no-progress"]).arg(root);
        on_main(&mut command, root);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        Said::of(&mut command)
    }
}

fn auditor(name: &str, endpoint: &str, more: &str) -> String {
    format!(
        "  - {{kind: aws, name: {name}, endpoint: '{endpoint}', region: us-east-1, access_key_id_env: AUDITOR_ID, \
         secret_access_key_env: AUDITOR_SECRET{more}}}\n"
    )
}

fn secret(moto: &Moto, admin: &Key, name: &str, value: &str, holds: &str) {
    let tags = json!([{"Key": "holds", "Value": holds}]);
    let arguments = json!({"Name": name, "SecretString": value, "Tags": tags});
    moto.call_in(admin, "us-east-1", "secretsmanager", "create_secret", &arguments);
}

#[test]
fn the_verdict_follows_the_issuer() {
    let mut moto = Moto::start();
    let key = moto.create_user_with_key("svc-deploy");
    let admin = moto.admin.clone();
    secret(&moto, &admin, "prod/deploy", &format!("hush-canary {}", key.secret), &key.id);
    let tickets = [done("SEC-1", &format!("Revoke {}", key.id))];
    let checkout = Checkout::new(&["prod/deploy"], &tickets, &auditor("aws", &moto.endpoint, ""))
        .with("AUDITOR_ID", &admin.id)
        .with("AUDITOR_SECRET", &admin.secret);

    let before = moto.requests();
    let said = checkout.check();
    assert_eq!((said.code, said.rules()), (1, vec!["revoked-but-live"]), "{}", said.all);
    assert!(said.all.contains("iam ListAccessKeys"), "{}", said.all);
    // One list of secrets in the region; who we are, whose key it is, its status.
    assert_eq!(said.requests("aws"), 4, "{}", said.all);
    assert_eq!(moto.requests() - before, 4);
    for value in ["hush-canary", &key.secret, &admin.secret] {
        assert!(!said.all.contains(value), "{value}");
    }

    moto.set_status("svc-deploy", &key.id, "Inactive");
    let said = checkout.check();
    assert_eq!((said.code, said.rules()), (0, vec!["dead-reference"]), "{}", said.all);
    moto.set_status("svc-deploy", &key.id, "Active");
    assert_eq!(checkout.check().rules(), ["revoked-but-live"]);
    moto.delete_key("svc-deploy", &key.id);
    let said = checkout.check();
    assert_eq!((said.code, said.rules()), (0, vec!["dead-reference"]), "{}", said.all);

    // The same without a word from AWS.
    drop(moto);
    let said = checkout.check();
    assert_eq!(said.code, 3, "{}", said.all);
    assert!(said.report["gaps"].to_string().contains("secrets of 123456789012/us-east-1"), "{}", said.all);
}

#[test]
fn two_accounts_in_one_configuration() {
    let moto = Moto::start();
    let (ours, theirs) = (moto.admin.clone(), moto.other_account(OTHER));
    let call = |operation: &str, arguments: Value| moto.call_in(&theirs, "us-east-1", "iam", operation, &arguments);
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]});
    call("create_role", json!({"RoleName": "audit", "AssumeRolePolicyDocument": trust.to_string()}));
    call("put_role_policy", json!({"RoleName": "audit", "PolicyName": "all", "PolicyDocument": everything()}));
    call("create_user", json!({"UserName": "svc-deploy"}));
    let made = call("create_access_key", json!({"UserName": "svc-deploy"}));
    let there = made["AccessKey"]["AccessKeyId"].as_str().unwrap().to_owned();
    let here = moto.create_user_with_key("svc-deploy").id;
    secret(&moto, &ours, "prod/deploy", "x", &here);
    secret(&moto, &theirs, "prod/deploy", "y", &there);
    let tickets = [done("SEC-1", &format!("Revoke {here}")), done("SEC-2", &format!("Revoke {there}"))];
    let role = format!(", assume: {{role: 'arn:aws:iam::{OTHER}:role/audit', external_id: acme-7}}");
    let sources = auditor("ours", &moto.endpoint, "") + &auditor("theirs", &moto.endpoint, &role);
    let checkout = Checkout::new(&["prod/deploy"], &tickets, &sources)
        .with("AUDITOR_ID", &ours.id)
        .with("AUDITOR_SECRET", &ours.secret);
    let status = |admin: &Key, id: &str, status: &str| {
        let arguments = json!({"UserName": "svc-deploy", "AccessKeyId": id, "Status": status});
        moto.call_in(admin, "us-east-1", "iam", "update_access_key", &arguments);
    };
    for (dead, live) in [("ours", "theirs"), ("theirs", "ours")] {
        let state = |name: &str| if name == dead { "Inactive" } else { "Active" };
        status(&ours, &here, state("ours"));
        status(&theirs, &there, state("theirs"));
        let said = checkout.check();
        let mut told: Vec<(&str, &str)> = Vec::new();
        for finding in said.report["findings"].as_array().unwrap() {
            told.push((finding["rule"].as_str().unwrap(), finding["subject"]["id"].as_str().unwrap()));
        }
        let id = |name: &str| format!("aws@{name}:access-key:{}", if name == "ours" { &here } else { &there });
        let (live, dead) = (id(live), id(dead));
        assert_eq!(told, [("revoked-but-live", live.as_str()), ("dead-reference", dead.as_str())], "{}", said.all);
        assert_eq!(said.code, 1);
    }
}

/// What kingfisher says of a key, asked at the same server: `verified_active`, `verified_inactive`.
fn kingfisher(moto: &Moto, key: &Key) -> String {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/testbeds/venv/bin/kingfisher");
    let mut command = support::process::clean(program);
    let home = tempfile::tempdir().unwrap();
    command
        .args(["validate", "--rule", "betterleaks.aws-access-token", "--format", "json", "--arg", &key.secret, &key.id])
        .env("HOME", home.path())
        .env("AWS_ENDPOINT_URL", &moto.endpoint)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    let output = command.output().expect("kingfisher is installed; run scripts/test");
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    said["validation_outcome"].as_str().unwrap().to_owned()
}

/// What the gate says of a key that stands in its own environment: the liveness by the probe, and by the issuer's record.
fn ours(moto: &Moto, key: &Key) -> (bool, String) {
    let tickets = [done("SEC-1", &format!("Revoke {}", key.id))];
    let sources = "  - {kind: env, variables: [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY]}\n".to_owned()
        + &format!(
            "  - {{kind: aws, required: false, endpoint: '{}', accounts: ['123456789012'], access_key_id_env: NOBODY}}\n",
            moto.endpoint
        );
    let checkout = Checkout::new(&["x"], &tickets, &sources)
        .with("AWS_ACCESS_KEY_ID", &key.id)
        .with("AWS_SECRET_ACCESS_KEY", &key.secret);
    let said = checkout.check();
    (said.rules().contains(&"revoked-but-live"), said.all)
}

#[test]
fn another_tool_agrees_about_the_same_key() {
    let moto = Moto::start();
    let key = moto.create_user_with_key("svc-deploy");
    let wrong = Key { id: key.id.clone(), secret: "x".repeat(40) };
    let agree = |key: &Key, active: bool| {
        let theirs = kingfisher(&moto, key);
        let (live, all) = ours(&moto, key);
        assert_eq!(
            (theirs.as_str(), live),
            (if active { "verified_active" } else { "verified_inactive" }, active),
            "{all}"
        );
        all
    };
    agree(&key, true);
    // This pair does not work: it is not live. That the key is dead it does not prove, and we do not say so.
    let all = agree(&wrong, false);
    assert!(all.contains("SignatureDoesNotMatch") && !all.contains("InvalidClientTokenId"), "{all}");
    moto.set_status("svc-deploy", &key.id, "Inactive");
    assert!(agree(&key, false).contains("InvalidClientTokenId"));
    moto.set_status("svc-deploy", &key.id, "Active");
    agree(&key, true);
    moto.delete_key("svc-deploy", &key.id);
    assert!(agree(&key, false).contains("InvalidClientTokenId"));
}

#[test]
fn the_credentials_chain_calls_through_the_same_client() {
    let given = "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult>\
        <Credentials><AccessKeyId>ASIAY34FZKBOKMUTVV7A</AccessKeyId><SecretAccessKey>web-secret</SecretAccessKey>\
        <SessionToken>web-session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
        </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
    let listener = Listener::start(Answer::Http(200, vec![("content-type".into(), "text/xml".into())], given.into()));
    let checkout = Checkout::new(
        &["prod/deploy"],
        &[done("SEC-1", "Revoke AKIAIOSFODNN7EXAMPLE")],
        "  - {kind: aws, region: us-east-1}\n",
    );
    let token = checkout.folder.path().join("token");
    fs::write(&token, "hush-canary-id-token").unwrap();
    let checkout = checkout
        .with("AWS_ENDPOINT_URL", &listener.endpoint)
        .with("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap())
        .with("AWS_ROLE_ARN", "arn:aws:iam::609629065308:role/audit")
        .with("AWS_EC2_METADATA_DISABLED", "true");
    let said = checkout.check();
    let heads = listener.requests();
    assert!(heads.len() >= 2, "{heads:?} {}", said.all);
    assert!(heads.iter().all(|head| head.contains("user-agent: driftgate/")), "{heads:?}");
    assert!(!heads[0].contains("authorization:"), "{heads:?}");
    assert!(heads[1].contains("x-amz-security-token: web-session"), "{heads:?}");
    assert_eq!(said.code, 3, "{}", said.all);
    for value in ["hush-canary-id-token", "web-secret", "web-session"] {
        assert!(!said.all.contains(value), "{value}");
    }
}
