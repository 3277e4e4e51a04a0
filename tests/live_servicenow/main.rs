//! ServiceNow live: an instance that ServiceNow's own client has filled, read by the real program. What is refused is in `refusals`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

mod gate;
mod refusals;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::servicenow::Made;
use support::{ServiceNow, binary};

/// The auditor's password is its name.
const AUDITOR: &str = "auditor-canary-0001";

/// People of the instance.
const PEOPLE: [&str; 5] = [AUDITOR, "alice", "bob", "dave", "eve"];

/// An access key's id for each number.
fn key(number: usize) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let tail: String = [number / 1024, number / 32 % 32, number % 32].iter().map(|n| char::from(letters[*n])).collect();
    format!("AKIAY34FZKBOKMUTV{tail}")
}

/// A folder with the configuration: `settings` come after `kind: servicenow`.
fn folder(settings: &str, keys: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let credentials: Vec<Value> = (0..keys).map(|n| json!({"id": format!("aws:access-key:{}", key(n))})).collect();
    let inventory = json!({"schema": "driftgate/inventory/v1", "credentials": credentials});
    fs::write(folder.path().join("inventory.json"), inventory.to_string()).unwrap();
    let config = format!(
        "version: 1\nsources:\n  - {{kind: file, path: inventory.json}}\n  - {{kind: servicenow, {settings}}}\ntrust:\n  approvers: [alice@example.com]\n"
    );
    fs::write(folder.path().join(".driftgate.yaml"), config).unwrap();
    folder
}

/// Settings of the auditor with user and password.
fn basic(snow: &ServiceNow, more: &str) -> String {
    format!("url: '{}', user_env: SNOW_USER, password_env: SNOW_PASSWORD{more}", snow.endpoint)
}

/// What `driftgate tickets` prints, its exit code, and all of its output.
struct Read {
    code: i32,
    json: Value,
    all: String,
}

impl Read {
    fn tickets(&self) -> BTreeMap<String, Value> {
        let all = self.json["tickets"].as_array().unwrap_or_else(|| panic!("no tickets: {}", self.all));
        all.iter().map(|ticket| (ticket["id"].as_str().unwrap().to_owned(), ticket.clone())).collect()
    }

    fn state(&self, ticket: &Made) -> String {
        self.tickets()[&ticket.number]["state"].as_str().unwrap().to_owned()
    }

    fn approved(&self, ticket: &Made) -> bool {
        self.tickets()[&ticket.number]["approved"].as_bool().unwrap()
    }

    fn reasons(&self) -> Vec<String> {
        let gaps = self.json["gaps"].as_array().into_iter().flatten();
        gaps.map(|gap| gap["reason"].as_str().unwrap().to_owned()).collect()
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Read {
    let output = binary()
        .args(arguments)
        .args(["--format", "json"])
        .current_dir(folder)
        .env("HOME", folder)
        .envs([
            ("SNOW_USER", AUDITOR),
            ("SNOW_PASSWORD", AUDITOR),
            ("SNOW_ID", "app"),
            ("SNOW_SECRET", "canary-secret-1"),
        ])
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let all = format!("{}{}", text(&output.stdout), text(&output.stderr));
    for secret in ["canary-secret-1", "canary-of-a-session"] {
        assert!(!all.contains(secret), "{all}");
    }
    let json = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    Read { code: output.status.code().unwrap(), json, all }
}

fn tickets(folder: &Path) -> Read {
    run(folder, &["tickets"])
}

#[test]
fn driftgate_and_the_vendors_client_agree_on_300_tickets() {
    let snow = ServiceNow::start(&PEOPLE);
    let (alice, bob) = (snow.user("alice"), snow.user("bob"));
    let question = snow.insert("admin", "item_option_new", json!({"name": "key_id", "type": "6"}));
    let mut expected: BTreeMap<String, (&str, &str, usize, bool)> = BTreeMap::new();
    for day in 0..20 {
        let at = |hour: u32| snow.control(json!({"clock": format!("2026-05-{:02} {hour:02}:00:00", day + 1)}));
        let of_day = day * 15..(day + 1) * 15;
        at(8);
        let made = of_day.clone().map(|n| {
            let plain = json!({"short_description": format!("Revoke {}", key(n)), "assigned_to": bob,
                "description": format!("Please revoke {} today", key(n))});
            match n % 6 {
                4 => {
                    let fields = json!({"short_description": "Revoke an access key", "assigned_to": bob});
                    let made = snow.insert("dave", "sc_req_item", fields);
                    snow.answer(&made, &question, &key(n));
                    made
                }
                5 => {
                    let title = format!("Grant read access to {}", key(n));
                    let fields = json!({"short_description": title, "assigned_to": bob, "approval": "approved"});
                    let made = snow.insert("dave", "sc_req_item", fields);
                    snow.approval(&made, &alice, "approved");
                    made
                }
                3 => snow.insert("dave", "sc_task", plain),
                _ => snow.insert("dave", "sc_req_item", plain),
            }
        });
        let made: Vec<Made> = made.collect();
        at(10);
        let table = |n: usize| if n % 6 == 3 { "sc_task" } else { "sc_req_item" };
        for (n, made) in of_day.clone().zip(&made).filter(|(n, _)| n % 6 != 0) {
            let fields = match n % 6 {
                2 => json!({"state": "7", "work_notes": "No longer needed."}),
                _ => json!({"state": "3", "comments": "Carried out."}),
            };
            snow.update("bob", table(n), made, fields);
        }
        at(12);
        for (n, made) in of_day.zip(made) {
            if n % 12 == 1 {
                let fields = json!({"state": "2", "comments": "Reopened: the key is still there."});
                snow.update("bob", table(n), &made, fields);
            }
            let state = match n % 12 {
                0 | 6 | 1 => "open",
                2 | 8 => "withdrawn",
                _ => "done",
            };
            let intent = if n % 6 == 5 { "provision" } else { "revoke" };
            expected.insert(made.number, (intent, state, n, n % 6 == 5));
        }
    }
    snow.control(json!({"clock": null}));
    snow.requests();

    let folder = folder(&basic(&snow, ", cache: false"), 300);
    let read = tickets(folder.path());
    assert_eq!((read.code, read.reasons()), (0, Vec::<String>::new()), "{}", read.all);
    let own = read.tickets();
    assert_eq!(own.len(), 300);
    for (number, (intent, outcome, n, approved)) in &expected {
        let ticket = &own[number];
        let seen = (ticket["intent"].as_str().unwrap(), ticket["state"].as_str().unwrap());
        assert_eq!(seen, (*intent, *outcome), "{number} ({n}): {ticket}");
        let links: Vec<&str> =
            ticket["links"].as_array().unwrap().iter().filter_map(|link| link["credential"].as_str()).collect();
        assert_eq!(links, [format!("aws:access-key:{}", key(*n))], "{number} ({n}): {ticket}");
        assert_eq!(ticket["approved"], *approved, "{number} ({n})");
    }
    // The same instance through the vendor's client, page by page as it pages.
    let mut theirs = Vec::new();
    for table in ["sc_req_item", "sc_task"] {
        theirs.extend(snow.list(table, "", &["number", "active", "closed_at", "opened_at"]));
    }
    assert_eq!(theirs.len(), 300);
    for row in theirs {
        let get = |field: &str| row[field]["value"].as_str().unwrap_or_default().to_owned();
        let ticket = &own[&get("number")];
        let time =
            |field: &str| ticket[field].as_str().map(|at| at.replace('T', " ").replace('Z', "")).unwrap_or_default();
        assert_eq!(time("closed_at"), get("closed_at"), "{}", get("number"));
        assert_eq!(time("opened_at"), get("opened_at"), "{}", get("number"));
        assert_eq!(ticket["state"] == "open", get("active") == "true", "{}", get("number"));
    }
}

#[test]
fn a_second_run_asks_for_what_has_changed() {
    let snow = ServiceNow::start(&PEOPLE);
    let bob = snow.user("bob");
    let mut made = Vec::new();
    snow.control(json!({"clock": "2026-05-01 08:00:00"}));
    for n in 0..120 {
        let fields = json!({"short_description": format!("Revoke {}", key(n)), "assigned_to": bob, "u_team": "iam"});
        made.push(snow.insert("dave", "sc_req_item", fields));
    }
    snow.control(json!({"clock": "2026-05-01 09:00:00"}));
    let settings = basic(&snow, ", tables: [sc_req_item], query: 'u_team=iam', cache: kept");
    let folder = folder(&settings, 200);
    snow.requests();
    let first = tickets(folder.path());
    assert_eq!((first.code, first.tickets().len()), (0, 120), "{}", first.all);
    let whole = snow.requests().len();
    snow.control(json!({"clock": "2026-05-01 10:00:00"}));
    let again = tickets(folder.path());
    assert_eq!(again.json, first.json);
    let few = snow.requests().len();
    assert!(few <= 6 && few < whole, "{few} requests, {whole} the first time");

    // Closed, commented on without a change of the ticket's own time, approved likewise, new, and out of the query.
    snow.control(json!({"clock": "2026-05-01 11:00:00"}));
    snow.update("bob", "sc_req_item", &made[3], json!({"state": "3"}));
    snow.update("alice", "sc_req_item", &made[7], json!({"comments": "Approved."}));
    let new = snow.insert(
        "dave",
        "sc_req_item",
        json!({"short_description": format!("Revoke {}", key(150)), "u_team": "iam"}),
    );
    snow.update("dave", "sc_req_item", &made[9], json!({"u_team": "other"}));
    snow.control(json!({"clock": "2026-05-01 12:00:00"}));
    snow.requests();
    let third = tickets(folder.path());
    assert_eq!((third.code, third.tickets().len()), (0, 120), "{}", third.all);
    assert_eq!((third.state(&made[3]), third.approved(&made[7])), ("done".to_owned(), true));
    assert!(third.tickets().contains_key(&new.number) && !third.tickets().contains_key(&made[9].number));
    let asked = snow.requests();
    let pages = asked
        .iter()
        .filter(|request| request["query"]["sysparm_query"].as_str().is_some_and(|q| q.contains("u_team=iam^sys_id>")))
        .count();
    assert_eq!(pages, 0, "not everything was read again: {asked:#?}");

    // A deleted ticket tells nothing of itself: the count does, and everything is asked for.
    snow.delete("sc_req_item", &made[11]);
    let fourth = tickets(folder.path());
    assert_eq!((fourth.code, fourth.tickets().len()), (0, 119), "{}", fourth.all);
    assert!(!fourth.tickets().contains_key(&made[11].number));
    // Nobody else's view is taken for one's own.
    snow.control(json!({"rules": {"eve": {"sc_req_item": "403"}}}));
    let config = fs::read_to_string(folder.path().join(".driftgate.yaml")).unwrap();
    fs::write(
        folder.path().join(".driftgate.yaml"),
        config.replace("user_env: SNOW_USER, password_env: SNOW_PASSWORD", "user_env: EVE, password_env: EVE"),
    )
    .unwrap();
    let output = binary()
        .args(["tickets", "--format", "json"])
        .current_dir(folder.path())
        .envs([("EVE", "eve")])
        .output()
        .unwrap();
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), seen["tickets"].as_array().map(Vec::len)), (Some(3), Some(0)));
}

#[test]
fn forms_people_and_journals_are_read() {
    let snow = ServiceNow::start(&PEOPLE);
    let choice = snow.insert("admin", "item_option_new", json!({"name": "access_level", "type": "5"}));
    snow.insert("admin", "question_choice", json!({"question": choice.sys_id, "value": "ro", "text": "Read only"}));
    let person = snow.insert("admin", "item_option_new", json!({"name": "employee", "type": "8"}));
    let item = snow.insert("dave", "sc_req_item", json!({"short_description": format!("Grant access to {}", key(1))}));
    snow.answer(&item, &choice, "ro");
    let leaver = snow.insert("dave", "sc_req_item", json!({"short_description": "Offboarding of an employee"}));
    snow.answer(&leaver, &person, &snow.user("eve"));
    // A task of the item has the item's form.
    let task = snow.insert(
        "dave",
        "sc_task",
        json!({"short_description": format!("Grant access to {}", key(2)), "request_item": item.sys_id}),
    );
    let folder = folder(&basic(&snow, ", cache: false"), 5);
    let read = tickets(folder.path());
    assert_eq!((read.code, read.reasons()), (0, Vec::<String>::new()), "{}", read.all);
    let own = read.tickets();
    assert_eq!(own[&item.number]["access"]["level"], "read", "{}", own[&item.number]);
    assert_eq!(own[&task.number]["access"]["level"], "read", "{}", own[&task.number]);
    assert_eq!(own[&leaver.number]["subject"], "eve@example.com", "{}", own[&leaver.number]);
    assert_eq!(own[&item.number]["url"], format!("{}/task.do?sys_id={}", snow.endpoint, item.sys_id));
}

#[test]
fn every_login_works_and_keeps_its_secret() {
    let snow = ServiceNow::start(&PEOPLE);
    let item = snow.insert("dave", "sc_req_item", json!({"short_description": format!("Revoke {}", key(1))}));
    snow.insert("dave", "sc_task", json!({"short_description": "Revoke it"}));
    snow.control(json!({"clients": {"app": ["canary-secret-1", AUDITOR], "web": ["canary-secret-1", null]}}));
    let tls = format!("ca_cert: '{}', cache: false, url: '{}'", snow.ca().display(), snow.tls);
    let client = "oauth: {client_id_env: SNOW_ID, client_secret_env: SNOW_SECRET}";
    for login in [
        "user_env: SNOW_USER, password_env: SNOW_PASSWORD".to_owned(),
        client.to_owned(),
        format!("{client}, user_env: SNOW_USER, password_env: SNOW_PASSWORD"),
    ] {
        snow.requests();
        let folder = folder(&format!("{tls}, {login}"), 2);
        let read = tickets(folder.path());
        assert_eq!((read.code, read.reasons()), (0, Vec::<String>::new()), "{login}: {}", read.all);
        assert!(read.tickets().contains_key(&item.number));
        // No session's cookie is kept.
        assert!(snow.requests().iter().all(|request| request["cookie"].is_null()), "{login}");
    }
    // A token that ends at once is asked for again before each call.
    snow.control(json!({"life": 1}));
    let folder = folder(&format!("{tls}, {client}"), 2);
    assert_eq!(tickets(folder.path()).code, 0);
    let asked = snow.requests();
    let of = |path: &str| asked.iter().filter(|request| request["path"] == path).count();
    assert!(of("/oauth_token.do") > 2, "{asked:#?}");
}
