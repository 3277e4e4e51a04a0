//! `scan` writes what real servers show, and `check --snapshot` judges by it as by the servers themselves, with the network for liveness
//! alone. What another wrote, what is old, what is missing is a gap.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

mod support;

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};
use support::openbao::Token;
use support::runs::ago;
use support::{OpenBao, Proxy, binary};

struct House {
    folder: tempfile::TempDir,
    bao: OpenBao,
    proxy: Proxy,
    live: Token,
    dead: Token,
}

struct Ran {
    code: i32,
    json: Value,
    all: String,
}

impl House {
    /// Two secrets that a deploy reads, each of which holds a token that a ticket has revoked, one of them in truth; a rotated secret;
    /// and others that nobody asks for.
    fn new() -> Self {
        let bao = OpenBao::start();
        let (live, dead) = (bao.create_token(&["default"], "1h", "a"), bao.create_token(&["default"], "1h", "b"));
        bao.revoke(&dead.accessor);
        bao.admin(Method::POST, "sys/mounts/team", Some(json!({"type": "kv", "options": {"version": "2"}})));
        let put = |path: &str, holds: Option<&str>| {
            bao.admin(
                Method::POST,
                &format!("{}/data/{}", path.split_once('/').unwrap().0, path.split_once('/').unwrap().1),
                Some(json!({"data": {"token": "canary-of-a-value"}})),
            );
            if let Some(holds) = holds {
                let (mount, path) = path.split_once('/').unwrap();
                bao.admin(
                    Method::POST,
                    &format!("{mount}/metadata/{path}"),
                    Some(json!({"custom_metadata": {"holds": holds, "owner": "alice@example.com"}})),
                );
            }
        };
        put("secret/app/live", Some(&format!("vault:token:{}", live.accessor)));
        put("secret/app/dead", Some(&format!("vault:token:{}", dead.accessor)));
        for number in 0..30 {
            put(&format!("secret/other/{number}"), None);
            put(&format!("team/{number}/db"), None);
        }
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join(".github/workflows")).unwrap();
        fs::write(
            root.join(".github/workflows/deploy.yml"),
            "on: push\njobs:\n  deploy:\n    runs-on: x\n    steps:\n      - uses: hashicorp/vault-action@v3\n        with:\n          secrets: |\n            secret/data/app/live token | A ;\n            secret/data/app/dead token | B\n",
        )
        .unwrap();
        let table = format!(
            "Number,Created,Closed,Summary,Status,Credential\nSEC-1,{0},{1},Revoke it,Done,vault:token:{2}\nSEC-2,{0},{1},Revoke it,Done,vault:token:{3}\n",
            ago(9),
            ago(8),
            live.accessor,
            dead.accessor
        );
        fs::write(root.join("tickets.csv"), table).unwrap();
        let proxy = Proxy::before(&bao.endpoint);
        let house = Self { folder, bao, proxy, live, dead };
        house.configure("");
        house
    }

    fn configure(&self, more: &str) {
        let config = format!(
            "version: 1\nrepository: acme/shop\n{more}sources:\n  - kind: csv\n    path: tickets.csv\n    columns: {{id: Number, opened_at: Created, closed_at: Closed, title: Summary, state: Status, credential: Credential}}\n  - {{kind: vault, address: '{}', token_env: T}}\n",
            self.proxy.endpoint
        );
        fs::write(self.folder.path().join(".driftgate.yaml"), config).unwrap();
    }

    fn run_as(&self, token: &str, arguments: &[&str]) -> Ran {
        let mut command = binary();
        command.args(arguments).args(["--format", "json"]).current_dir(self.folder.path());
        let output = command.env("T", token).env("KEY", "a site's own key").output().unwrap();
        let (out, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        let json = serde_json::from_str(&out).unwrap_or(Value::Null);
        assert!(!(out.clone() + &errors).contains("canary-of-a-value"));
        Ran { code: output.status.code().unwrap(), json, all: out + &errors }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_as(&self.bao.root, arguments)
    }
}

fn findings(ran: &Ran) -> Vec<Value> {
    let of = |f: &Value| json!([f["rule"], f["subject"]["id"], f["fingerprint"], f["blocking"]]);
    ran.json["findings"].as_array().unwrap_or_else(|| panic!("{}", ran.all)).iter().map(of).collect()
}

fn reasons(ran: &Ran) -> String {
    ran.json["gaps"].to_string()
}

#[test]
fn a_snapshot_judges_like_the_servers() {
    let house = House::new();
    let live = house.run(&["check"]);
    assert_eq!(live.code, 1, "{}", live.all);
    let subject = format!("vault:token:{}", house.live.accessor);
    assert!(findings(&live).iter().any(|f| f[0] == "revoked-but-live" && f[1] == subject.as_str()), "{}", live.all);
    assert!(live.json["verified"].to_string().contains(&house.dead.accessor), "{}", live.all);

    let scan = house.run(&["scan"]);
    assert_eq!(scan.code, 0, "{}", scan.all);
    assert_eq!(
        (&scan.json["schema"], scan.json["slots"].as_u64()),
        (&json!("driftgate/scan/v1"), Some(62)),
        "{}",
        scan.all
    );
    assert!(!house.folder.path().join("driftgate.snapshot.partial").exists(), "a whole scan leaves no journal");
    let bytes = fs::read_to_string(house.folder.path().join("driftgate.snapshot")).unwrap();
    assert!(!bytes.contains("canary-of-a-value") && !bytes.contains(&house.bao.root));

    house.proxy.taken();
    let by_snapshot = house.run(&["check", "--snapshot", "driftgate.snapshot"]);
    assert_eq!((by_snapshot.code, findings(&by_snapshot)), (1, findings(&live)), "{}", by_snapshot.all);
    // Liveness of the two tokens, and who asks; no store.
    let asked = house.proxy.taken();
    assert!(asked.len() <= 3 && !asked.iter().any(|line| line.contains("metadata")), "{asked:?}");

    // Revoked at the issuer, nothing else touched: the snapshot is as it was.
    house.bao.revoke(&house.live.accessor);
    let after = house.run(&["check", "--snapshot", "driftgate.snapshot"]);
    assert!(!findings(&after).iter().any(|f| f[0] == "revoked-but-live"), "{}", after.all);
    assert_eq!(after.code, 0, "{}", after.all);
}

#[test]
fn what_another_wrote_or_what_is_old_is_a_gap() {
    let house = House::new();
    assert_eq!(house.run(&["scan"]).code, 0);
    let file = house.folder.path().join("driftgate.snapshot");
    let whole = fs::read(&file).unwrap();
    let check = |arguments: &[&str]| house.run(&[&["check", "--snapshot", "driftgate.snapshot"], arguments].concat());

    // Somebody writes that the slot holds nothing that was revoked.
    let forged =
        String::from_utf8(whole.clone()).unwrap().replace(&house.live.accessor, &"x".repeat(house.live.accessor.len()));
    fs::write(&file, forged).unwrap();
    let ran = check(&[]);
    // The servers are asked instead, and say the truth; that the file lies is told.
    assert!(reasons(&ran).contains("not authentic"), "{}", ran.all);
    assert_eq!(ran.code, 1, "{}", ran.all);

    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert!(reasons(&check(&[])).contains("cut off"));
    fs::remove_file(&file).unwrap();
    let ran = check(&[]);
    assert!(reasons(&ran).contains("cannot be read"), "{}", ran.all);
    fs::write(&file, &whole).unwrap();

    // Another token, another key.
    let other = house.bao.create_token(&["root"], "1h", "other");
    let ran = house.run_as(&other.token, &["check", "--snapshot", "driftgate.snapshot"]);
    assert!(reasons(&ran).contains("not authentic"), "{}", ran.all);

    // A key of the site's own goes with every token.
    house.configure("snapshot_key_env: KEY\n");
    assert!(reasons(&check(&[])).contains("not authentic"));
    assert_eq!(house.run(&["scan"]).code, 0);
    let ran = house.run_as(&other.token, &["check", "--snapshot", "driftgate.snapshot"]);
    assert!(!reasons(&ran).contains("authentic"), "{}", ran.all);

    let later = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(25)).to_string();
    let ran = check(&["--now", &later]);
    assert!(reasons(&ran).contains("older than max_age.snapshot allows"), "{}", ran.all);
}

#[test]
fn an_interrupted_scan_goes_on() {
    let house = House::new();
    let scan = house.run(&["scan", "--snapshot", "whole"]);
    assert_eq!(scan.code, 0, "{}", scan.all);
    let all = house.proxy.taken().len();

    // The line breaks in the middle of the second mount.
    house.proxy.let_through(all * 3 / 4);
    let broken = house.run(&["scan"]);
    assert_eq!(broken.code, 3, "{}", broken.all);
    assert!(!reasons(&broken).is_empty());
    assert!(house.folder.path().join("driftgate.snapshot.partial").exists());
    house.proxy.let_through(usize::MAX);
    house.proxy.taken();
    let again = house.run(&["scan"]);
    assert_eq!((again.code, &again.json["slots"]), (0, &scan.json["slots"]), "{}", again.all);
    assert!(again.all.contains("going on"), "{}", again.all);
    let asked = house.proxy.taken();
    assert!(asked.len() < all, "{} of {all}", asked.len());
    // The mount that was whole is not read again.
    let twice =
        ["secret/metadata", "team/metadata"].map(|mount| asked.iter().filter(|line| line.contains(mount)).count());
    assert!(twice.contains(&0), "{twice:?}: {asked:#?}");
    let judged = house.run(&["check", "--snapshot", "driftgate.snapshot"]);
    assert_eq!(judged.code, 1, "{}", judged.all);
}

#[test]
fn nothing_to_scan_is_said() {
    let house = House::new();
    fs::write(house.folder.path().join(".driftgate.yaml"), "version: 1\nsources: []\n").unwrap();
    let ran = house.run(&["scan"]);
    assert_eq!(ran.code, 2, "{}", ran.all);
    assert!(ran.all.contains("no live source is configured"), "{}", ran.all);
}
