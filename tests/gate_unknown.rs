//! What nobody can know is no pass: a repository without a name, stores that nobody asked, tickets without a day, names that fit several
//! things, keys with a letter wrong. The same checkout each time, with one thing changed; it is blocked where nothing is.

#![allow(clippy::unwrap_used)]

mod support;

use serde_json::{Value, json};
use support::binary;
use support::runs::{Said, ago, done, write};

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SLOT: &str = "github:actions-secret:acme/shop:DEPLOY_KEY";
const WORKFLOW: &str = "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n      - run: ./deploy.sh\n        env:\n          DEPLOY_KEY: ${{ secrets.DEPLOY_KEY }}\n";
const CONFIGURATION: &str = "version: 1\nrepository: acme/shop\nsources:\n  - {kind: file, path: inventory.json}\n  - {kind: jira, export: jira.json}\n";

/// What stands in the checkout.
struct Checkout {
    workflow: String,
    configuration: String,
    inventory: Value,
    tickets: Vec<Value>,
}

impl Checkout {
    fn new() -> Self {
        let inventory = json!({
            "schema": "driftgate/inventory/v1", "exported_at": ago(1),
            "slots": [{"id": SLOT, "name": "DEPLOY_KEY", "holds": format!("aws:access-key:{KEY}"), "updated_at": ago(2000)}],
            "credentials": [{
                "id": format!("aws:access-key:{KEY}"), "status": "active",
                "liveness": {"state": "live", "method": "iam ListAccessKeys", "at": ago(1)},
            }],
        });
        Self {
            workflow: WORKFLOW.to_owned(),
            configuration: CONFIGURATION.to_owned(),
            inventory,
            tickets: vec![done("SEC-142", &format!("Revoke {KEY}"))],
        }
    }

    fn check(&self) -> Said {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(root, ".github/workflows/deploy.yml", &self.workflow);
        write(root, ".driftgate.yaml", &self.configuration);
        write(root, "inventory.json", &self.inventory.to_string());
        write(root, "second.json", &self.inventory.to_string().replace("\"live\"", "\"dead\""));
        let issues = json!({"total": self.tickets.len(), "issues": self.tickets});
        write(root, "jira.json", &issues.to_string());
        Said::of(binary().env_clear().current_dir(root).args(["check", ".", "--format", "json"]))
    }

    /// It is inconclusive, for want of that.
    fn lacks(&self, lacks: &str) {
        let said = self.check();
        let gaps = said.report["gaps"].as_array().unwrap();
        assert!(said.code == 3 && gaps.iter().any(|gap| gap["lacks"] == lacks), "{lacks}: {}", said.all);
    }
}

#[test]
fn a_repository_whose_name_is_not_known_is_no_pass() {
    let mut checkout = Checkout::new();
    checkout.check().expect(1, &["revoked-but-live"]);
    checkout.configuration = CONFIGURATION.replace("repository: acme/shop\n", "");
    checkout.lacks("repository");
    // Neither server tells names by their case.
    checkout.configuration = CONFIGURATION.replace("acme/shop", "Acme/Shop");
    checkout.check().expect(1, &["revoked-but-live"]);
    // One that nobody knows anything of.
    checkout.configuration = CONFIGURATION.replace("acme/shop", "acme/shopp");
    checkout.lacks("slots");
    for wrong in ["https://github.com/acme/shop", "acme/shop.git", "acme/shop/", "github.com/acme/shop"] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), ".driftgate.yaml", &CONFIGURATION.replace("acme/shop", wrong));
        let mut command = binary();
        let output = command.env_clear().current_dir(folder.path()).arg("check").output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong}");
    }
}

#[test]
fn stores_that_nobody_asked_are_no_pass() {
    let mut checkout = Checkout::new();
    checkout.configuration = CONFIGURATION.replace("  - {kind: file, path: inventory.json}\n", "");
    checkout.lacks("slots");
    let mut checkout = Checkout::new();
    checkout.inventory =
        json!({"schema": "driftgate/inventory/v1", "exported_at": ago(1), "slots": [], "credentials": []});
    checkout.lacks("slots");
}

#[test]
fn a_ticket_without_a_day_is_no_pass() {
    let mut checkout = Checkout::new();
    for field in ["created", "updated", "resolutiondate"] {
        checkout.tickets[0]["fields"][field] = Value::Null;
    }
    checkout.lacks("tickets");
}

#[test]
fn a_name_that_fits_several_is_no_pass_where_none_of_them_was_touched() {
    let mut checkout = Checkout::new();
    let slots = |staging: &str| {
        let slot = |environment: &str, at: &str| {
            json!({"id": format!("github:actions-secret:acme/shop@{environment}:DEPLOY_KEY"), "name": "DEPLOY_KEY", "environment": environment,
                   "holds": format!("aws:access-key:{KEY}"), "updated_at": at})
        };
        json!([slot("production", &ago(2000)), slot("staging", staging)])
    };
    checkout.workflow = WORKFLOW.replace("    steps:", "    environment: production\n    steps:");
    checkout.tickets = vec![done("SEC-142", "Revoke DEPLOY_KEY")];
    checkout.inventory["slots"] = slots(&ago(2000));
    checkout.lacks("tickets");
    // The other one was changed since: it may be the one that was meant.
    checkout.inventory["slots"] = slots(&ago(30));
    assert_eq!(checkout.check().code, 0);
}

#[test]
fn two_files_of_one_second_are_judged_the_same_in_either_order() {
    let mut checkout = Checkout::new();
    let (first, second) = ("{kind: file, path: inventory.json}", "{kind: file, name: other, path: second.json}");
    for (one, other) in [(first, second), (second, first)] {
        checkout.configuration = CONFIGURATION.replace(first, &format!("{one}\n  - {other}"));
        checkout.check().expect(1, &["revoked-but-live"]);
    }
}

#[test]
fn an_old_status_proves_nothing_of_what_came_after() {
    let mut checkout = Checkout::new();
    checkout.inventory["exported_at"] = json!(ago(60));
    checkout.inventory["credentials"] = json!([{"id": format!("aws:access-key:{KEY}"), "status": "active"}]);
    checkout.check().expect(1, &["revoked-still-held"]);
    checkout.inventory["exported_at"] = json!(ago(1));
    checkout.check().expect(1, &["revoked-but-live"]);
}

#[test]
fn a_mistyped_key_and_a_ticket_that_stands_twice_are_gaps() {
    let mut checkout = Checkout::new();
    let slot = checkout.inventory["slots"][0].as_object_mut().unwrap();
    let held = slot.remove("holds").unwrap();
    slot.insert("hold".to_owned(), held);
    checkout.lacks("inventory");
    let mut checkout = Checkout::new();
    let mut other = checkout.tickets[0].clone();
    other["fields"]["resolution"] = json!({"name": "Won't Do"});
    checkout.tickets.push(other);
    checkout.lacks("tickets");
}

#[test]
fn what_a_script_of_github_fetches_by_a_command_is_reached() {
    let mut checkout = Checkout::new();
    checkout.workflow = WORKFLOW
        .replace(
            "./deploy.sh\n",
            "K=$(aws secretsmanager get-secret-value --secret-id prod/shop/db --query SecretString)\n",
        )
        .replace("        env:\n          DEPLOY_KEY: ${{ secrets.DEPLOY_KEY }}\n", "");
    let arn = "aws:secret:arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/shop/db-AbCdEf";
    checkout.inventory["slots"][0]["id"] = json!(arn);
    checkout.inventory["slots"][0]["name"] = json!("prod/shop/db");
    checkout.check().expect(1, &["revoked-but-live"]);
}

#[test]
fn a_grant_that_nothing_tells_of_is_no_pass() {
    let mut checkout = Checkout::new();
    let mut ticket = done("SEC-150", &format!("Read access with {KEY}"));
    ticket["fields"]["customfield_1"] = json!("Approved");
    checkout.tickets = vec![ticket];
    checkout.configuration = CONFIGURATION.replace("jira.json}", "jira.json, fields: {approval: customfield_1}}");
    checkout.lacks("grants");
    checkout.inventory["credentials"][0]["grants"] = json!([{"resource": "*", "level": "read"}]);
    assert_eq!(checkout.check().code, 0);
    checkout.inventory["credentials"][0]["grants"] = json!([{"resource": "*", "level": "admin"}]);
    checkout.check().expect(1, &["excess-grant"]);
}

/// The first block of a language in the manual of files that begins so.
fn block<'m>(manual: &'m str, language: &str, begins: &str) -> &'m str {
    let fence = format!("```{language}\n{begins}");
    let at = manual.find(&fence).unwrap() + language.len() + 4;
    &manual[at..at + manual[at..].find("```").unwrap()]
}

#[test]
fn the_files_of_the_manual_are_read() {
    let manual = include_str!("../docs/files.md");
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let csv = block(manual, "yaml", "# .driftgate.yaml");
    let more = "  - {kind: file, path: inventory.yaml}\n  - {kind: catalog, path: entitlements.csv}\npeople: people.csv\nrepository: acme/shop\n";
    write(root, ".driftgate.yaml", &format!("{csv}{more}"));
    write(root, "inventory.yaml", block(manual, "yaml", "# inventory.yaml"));
    write(root, "entitlements.csv", block(manual, "csv", "identity"));
    write(root, "people.csv", block(manual, "csv", "person"));
    let row = format!("A-1,Revoke {KEY},,Done,2026-05-30,2026-05-31");
    write(root, "tickets.csv", &format!("Number,Summary,Description,Status,Opened,Closed\n{row}\n"));
    write(
        root,
        ".github/workflows/deploy.yml",
        &WORKFLOW.replace("    steps:", "    environment: production\n    steps:"),
    );
    let said =
        Said::of(binary().current_dir(root).args(["check", ".", "--format", "json", "--now", "2026-06-01T12:00:00Z"]));
    said.expect(1, &["revoked-but-live"]);
    assert_eq!(said.report["summary"]["gaps"], 0, "{}", said.all);
}
