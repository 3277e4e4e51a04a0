//! The gate over ServiceNow's tickets: what a ticket's life does to one unchanged checkout.

use std::fs;

use serde_json::json;

use super::support::ServiceNow;
use super::{PEOPLE, basic, key, run};

#[test]
fn a_requested_item_decides_over_a_deploy() {
    let snow = ServiceNow::start(&PEOPLE);
    let bob = snow.user("bob");
    let ago = |hours: i64| {
        let at = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours);
        snow.control(json!({"clock": at.strftime("%Y-%m-%d %H:%M:%S").to_string()}));
    };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join(".github/workflows")).unwrap();
    let workflow = "on: push\njobs:\n  deploy:\n    runs-on: x\n    steps:\n      - run: ./deploy\n        env:\n          KEY: ${{ secrets.DEPLOY_KEY }}\n";
    fs::write(root.join(".github/workflows/deploy.yml"), workflow).unwrap();
    let now = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap().to_string();
    let id = format!("aws:access-key:{}", key(1));
    let inventory = json!({
        "schema": "driftgate/inventory/v1", "exported_at": now,
        "slots": [{"id": "github:actions-secret:acme/shop:DEPLOY_KEY", "name": "DEPLOY_KEY", "updated_at": "2026-01-01T00:00:00Z", "holds": id}],
        "credentials": [{"id": id, "status": "active", "created_at": "2026-01-01T00:00:00Z",
            "liveness": {"state": "live", "method": "iam ListAccessKeys", "at": now}}],
    });
    fs::write(root.join("inventory.json"), inventory.to_string()).unwrap();
    let config = format!(
        "version: 1\nrepository: acme/shop\npolicy:\n  severity: {{unticketed-credential: low}}\nsources:\n  - {{kind: file, path: inventory.json}}\n  - {{kind: servicenow, {}}}\n",
        basic(&snow, ", tables: [sc_req_item], cache: kept")
    );
    fs::write(root.join(".driftgate.yaml"), config).unwrap();
    let check = |rules: &[&str], code: i32| {
        let ran = run(root, &["check"]);
        let mut found: Vec<String> = ran.json["findings"]
            .as_array()
            .unwrap_or_else(|| panic!("{}", ran.all))
            .iter()
            .filter(|finding| finding["blocking"] == true)
            .map(|finding| finding["rule"].as_str().unwrap().to_owned())
            .collect();
        found.sort();
        assert_eq!((found, ran.code), (rules.iter().map(|r| (*r).to_owned()).collect(), code), "{}", ran.all);
        let coverage = ran.json["coverage"].as_array().unwrap();
        assert_eq!(coverage.iter().find(|entry| entry["source"] == "servicenow").unwrap()["status"], "read");
    };

    // Nobody asked for anything yet of this credential.
    ago(60);
    snow.insert("dave", "sc_req_item", json!({"short_description": "Order a new laptop"}));
    ago(50);
    check(&[], 0);
    let item = snow.insert(
        "dave",
        "sc_req_item",
        json!({"short_description": format!("Revoke {}", key(1)), "assigned_to": bob}),
    );
    ago(49);
    check(&["overdue-revocation"], 1);
    snow.update("bob", "sc_req_item", &item, json!({"state": "3", "comments": "Carried out."}));
    ago(48);
    check(&["revoked-but-live"], 1);
    // The one who works on it skips it; then somebody takes it up again.
    snow.update("bob", "sc_req_item", &item, json!({"state": "7"}));
    ago(47);
    check(&[], 0);
    snow.update("bob", "sc_req_item", &item, json!({"state": "2"}));
    ago(46);
    check(&["overdue-revocation"], 1);
    // Somebody else skips it: it stands.
    snow.update("eve", "sc_req_item", &item, json!({"state": "7"}));
    ago(45);
    check(&["overdue-revocation"], 1);
}
