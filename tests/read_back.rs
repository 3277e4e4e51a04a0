//! What `inventory` prints, `check` reads back with the same verdict and the same findings: live systems first, then the file alone.
//! Also where a source was cut short: a partial list never turns into "deleted".

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{Moto, OpenBao, binary};

const TABLE: &str = "  - kind: csv\n    path: tickets.csv\n    columns: {id: Number, opened_at: Created, closed_at: Closed, title: Summary, state: Status, credential: Credential}\n";

struct House {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
    links: String,
}

fn ago(hours: i64) -> String {
    (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours)).to_string()
}

impl House {
    /// A deploy that reads these secrets, each of which holds one of the credentials, all of which a ticket has revoked.
    fn new(credentials: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut workflow =
            "on: push\njobs:\n  deploy:\n    runs-on: x\n    steps:\n      - run: ./deploy\n        env:\n".to_owned();
        let mut table = "Number,Created,Closed,Summary,Status,Credential\n".to_owned();
        let mut links = "links:\n".to_owned();
        for (number, credential) in credentials.iter().enumerate() {
            workflow.push_str(&format!("          K{number}: ${{{{ secrets.K{number} }}}}\n"));
            table.push_str(&format!("SEC-{number},{},{},Revoke it,Done,{credential}\n", ago(9), ago(8)));
            links.push_str(&format!(
                "  - {{slot: 'github:actions-secret:acme/shop:K{number}', holds: '{credential}'}}\n"
            ));
        }
        fs::create_dir_all(folder.path().join(".github/workflows")).unwrap();
        fs::write(folder.path().join(".github/workflows/deploy.yml"), workflow).unwrap();
        fs::write(folder.path().join("tickets.csv"), table).unwrap();
        Self { folder, variables: Vec::new(), links }
    }

    fn run(&self, sources: &str, arguments: &[&str]) -> (i32, Value, String) {
        let config = format!("version: 1\nrepository: acme/shop\nsources:\n{TABLE}{sources}{}", self.links);
        fs::write(self.folder.path().join(".driftgate.yaml"), config).unwrap();
        let mut command = binary();
        command.args(arguments).args(["--format", "json", "--no-probe"]).current_dir(self.folder.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let output = command.output().unwrap();
        let (out, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        let json = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{errors}"));
        (output.status.code().unwrap(), json, out)
    }

    /// Judges live, writes the inventory, judges by it alone, and sees that both say the same. Gives the findings.
    fn same(&self, live: &str) -> (i32, Vec<Value>) {
        let (code, report, _) = self.run(live, &["check"]);
        let (_, _, inventory) = self.run(live, &["inventory"]);
        fs::write(self.folder.path().join("inventory.json"), inventory).unwrap();
        let (again, read_back, _) = self.run("  - {kind: file, path: inventory.json}\n", &["check"]);
        let said = |report: &Value| -> Vec<Value> {
            let of = |f: &Value| json!([f["rule"], f["subject"]["id"], f["fingerprint"], f["blocking"]]);
            report["findings"].as_array().unwrap().iter().map(of).collect()
        };
        assert_eq!((code, said(&report)), (again, said(&read_back)), "{report:#}\n{read_back:#}");
        assert_eq!(report["verdict"], read_back["verdict"]);
        let proofs = |report: &Value| -> Vec<Value> {
            report["verified"].as_array().unwrap().iter().map(|v| v["subject"]["id"].clone()).collect()
        };
        assert_eq!(proofs(&report), proofs(&read_back));
        (code, said(&report))
    }
}

fn with(mut house: House, pairs: &[(&str, &str)]) -> House {
    house.variables = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    house
}

fn aws(moto: &Moto) -> String {
    format!("  - {{kind: aws, endpoint: '{}', access_key_id_env: A, secret_access_key_env: B}}\n", moto.endpoint)
}

#[test]
fn an_aws_account() {
    let moto = Moto::start();
    let live = moto.create_user_with_key("svc-live");
    let inactive = moto.create_user_with_key("svc-inactive");
    moto.set_status("svc-inactive", &inactive.id, "Inactive");
    let deleted = moto.create_user_with_key("svc-deleted");
    moto.delete_key("svc-deleted", &deleted.id);
    let ids: Vec<String> =
        [&live, &inactive, &deleted].iter().map(|key| format!("aws:access-key:{}", key.id)).collect();
    let house = with(House::new(&ids), &[("A", &moto.admin.id), ("B", &moto.admin.secret)]);
    let (code, findings) = house.same(&aws(&moto));
    assert_eq!(code, 1);
    assert!(findings.iter().any(|f| f[0] == "revoked-but-live" && f[1] == ids[0]), "{findings:#?}");
    assert!(!findings.iter().any(|f| f[0] == "revoked-but-live" && f[1] != ids[0]), "{findings:#?}");
}

#[test]
fn an_aws_account_of_which_a_part_is_seen() {
    let moto = Moto::start();
    let key = moto.create_user_with_key("svc-live");
    let auditor = moto.create_user_with_key("auditor");
    // Who may ask for one key's last use, and not for the lists.
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["iam:GetAccessKeyLastUsed"], "Resource": "*"}]});
    moto.call(
        "put_user_policy",
        &json!({"UserName": "auditor", "PolicyName": "part", "PolicyDocument": policy.to_string()}),
    );
    let deleted = moto.create_user_with_key("svc-deleted");
    moto.delete_key("svc-deleted", &deleted.id);
    let ids = [format!("aws:access-key:{}", key.id), format!("aws:access-key:{}", deleted.id)];
    let house = with(House::new(&ids), &[("A", &auditor.id), ("B", &auditor.secret)]);
    let (code, findings) = house.same(&aws(&moto));
    // Nothing was seen wholly, so that nothing is proved dead: no green, live or by the file.
    assert_ne!(code, 0);
    assert!(findings.iter().all(|f| f[0] != "revoked-but-live"), "{findings:#?}");
}

#[test]
fn tokens_of_a_vault() {
    let bao = OpenBao::start();
    let (live, dead) = (bao.create_token(&["default"], "1h", "a"), bao.create_token(&["default"], "1h", "b"));
    bao.revoke(&dead.accessor);
    let ids = [&live, &dead].map(|token| format!("vault:token:{}", token.accessor));
    let house = with(House::new(&ids), &[("T", &bao.root)]);
    let source = format!("  - {{kind: vault, address: '{}', token_env: T}}\n", bao.endpoint);
    let (code, findings) = house.same(&source);
    assert_eq!(code, 1);
    assert!(findings.iter().any(|f| f[0] == "revoked-but-live" && f[1] == ids[0]), "{findings:#?}");
    assert!(!findings.iter().any(|f| f[0] == "revoked-but-live" && f[1] == ids[1]), "{findings:#?}");
}
