//! What an instance refuses, hides or breaks off: each is told, and none is taken for "nothing there".

use serde_json::json;

use super::support::ServiceNow;
use super::support::servicenow::Made;
use super::{AUDITOR, PEOPLE, basic, folder, key, run, tickets};

/// An instance with one revocation that is done, approved in the approver's words, and withdrawn by a stranger; and a task.
fn instance() -> (ServiceNow, Made) {
    let snow = ServiceNow::start(&PEOPLE);
    let bob = snow.user("bob");
    snow.control(json!({"clock": "2026-05-01 08:00:00"}));
    let item =
        snow.insert("dave", "sc_req_item", json!({"short_description": "Revoke an access key", "assigned_to": bob}));
    let question = snow.insert("admin", "item_option_new", json!({"name": "key_id", "type": "6"}));
    snow.answer(&item, &question, &key(1));
    snow.insert("dave", "sc_task", json!({"short_description": "Look at the logs"}));
    snow.approval(&item, &snow.user("alice"), "approved");
    snow.control(json!({"clock": "2026-05-01 09:00:00"}));
    snow.update("bob", "sc_req_item", &item, json!({"state": "3", "approval": "approved"}));
    snow.control(json!({"clock": "2026-05-01 10:00:00"}));
    snow.update("eve", "sc_req_item", &item, json!({"state": "7"}));
    snow.control(json!({"clock": null}));
    (snow, item)
}

fn rule(snow: &ServiceNow, table: &str, rule: &str) {
    snow.control(json!({"rules": {AUDITOR: {table: rule}}}));
}

#[test]
fn a_table_of_tickets_that_is_not_shown_is_a_gap_with_its_role() {
    let (snow, item) = instance();
    let own = folder(&basic(&snow, ", cache: false"), 5);
    let fine = tickets(own.path());
    assert_eq!((fine.code, fine.state(&item), fine.approved(&item)), (0, "done".to_owned(), true), "{}", fine.all);
    for (how, words) in [
        ("403", "HTTP 403: no right to read this table: give the user the role itil"),
        ("empty", "shows no rows"),
        ("hidden", "announces 1 rows and does not show 1 of them"),
    ] {
        rule(&snow, "sc_req_item", how);
        let read = tickets(own.path());
        let reasons = read.reasons();
        assert_eq!(read.code, 3, "{how}: {}", read.all);
        assert!(reasons.iter().any(|r| r.contains("sc_req_item") && r.contains(words)), "{how}: {reasons:?}");
        assert_eq!(read.tickets().len(), 1, "{how}: the other table is read all the same");
    }
    rule(&snow, "sc_req_item", "");
    // That no row meets the query is fine where the table itself is shown.
    let narrow = folder(&basic(&snow, ", cache: false, query: {sc_task: 'active=false'}"), 5);
    let read = tickets(narrow.path());
    assert_eq!((read.code, read.tickets().len()), (0, 1), "{}", read.all);
    let none = folder(&basic(&snow, ", cache: false, query: 'short_description=none'"), 5);
    let read = tickets(none.path());
    assert!(read.code == 3 && read.reasons()[0].contains("shows no tickets at all"), "{}", read.all);
    let wrong = folder(&basic(&snow, ", cache: false, tables: [u_nothing]"), 5);
    assert!(tickets(wrong.path()).reasons()[0].contains("there is no such table"));
}

#[test]
fn some_hidden_rows_are_a_gap() {
    let snow = ServiceNow::start(&PEOPLE);
    for n in 0..250 {
        snow.insert("dave", "sc_task", json!({"short_description": format!("Revoke {}", key(n))}));
    }
    rule(&snow, "sc_task", "half");
    let own = folder(&basic(&snow, ", cache: kept, tables: [sc_task]"), 1);
    for _ in 0..2 {
        // What is not whole is not kept: the second run says the same.
        let read = tickets(own.path());
        let shown = read.tickets().len();
        let words = format!("announces 250 rows and does not show {} of them", 250 - shown);
        assert!(read.code == 3 && shown > 60, "{}", read.all);
        assert!(read.reasons().iter().any(|reason| reason.contains(&words)), "{words}: {:?}", read.reasons());
    }
    rule(&snow, "sc_task", "");
    assert_eq!((tickets(own.path()).code, tickets(own.path()).tickets().len()), (0, 250));
}

#[test]
fn each_table_beside_the_tickets_is_told_with_what_is_lost() {
    let (snow, item) = instance();
    let own = folder(&basic(&snow, ", cache: false"), 5);
    let notes = |table: &str| {
        // `check` tells notes in its coverage.
        let report = run(own.path(), &["check"]);
        let all = report.json["coverage"].as_array().unwrap().clone();
        let entry =
            all.iter().find(|entry| entry["source"] == "servicenow").unwrap_or_else(|| panic!("{}", report.all));
        let notes: Vec<String> =
            entry["notes"].as_array().into_iter().flatten().map(|note| note.as_str().unwrap().to_owned()).collect();
        assert!(notes.iter().any(|note| note.starts_with(table)), "{table}: {notes:?}");
        assert_eq!(entry["as"], AUDITOR);
    };
    // Approvals: nothing counts as approved.
    rule(&snow, "sysapproval_approver", "403");
    let read = tickets(own.path());
    assert_eq!((read.code, read.approved(&item)), (0, false), "{}", read.all);
    notes("sysapproval_approver");
    // Changes: nobody knows that it was a stranger who skipped it.
    for how in ["403", "empty"] {
        rule(&snow, "sys_audit", how);
        let read = tickets(own.path());
        assert_eq!((read.code, read.state(&item)), (0, "withdrawn".to_owned()), "{how}: {}", read.all);
        notes("sys_audit");
    }
    // A run that goes on from kept tickets says the same, and one that may see more than they were read with reads anew.
    rule(&snow, "sysapproval_approver", "403");
    let kept = folder(&basic(&snow, ", cache: kept"), 5);
    let account = || {
        snow.requests();
        let report = run(kept.path(), &["check"]);
        let all = report.json["coverage"].as_array().unwrap().clone();
        let entry = all.into_iter().find(|entry| entry["source"] == "servicenow").unwrap();
        (entry["notes"].to_string(), snow.requests().len())
    };
    let (first, second) = (account(), account());
    assert!(first.0.contains("sysapproval_approver") && first.0 == second.0, "{first:?} {second:?}");
    assert!(second.1 < first.1, "{first:?} {second:?}");
    rule(&snow, "sysapproval_approver", "");
    assert!(tickets(kept.path()).approved(&item));
    // Forms: they may name the credential, so that without them tickets are not whole.
    for how in ["403", "hidden"] {
        rule(&snow, "sc_item_option_mtom", how);
        let read = tickets(own.path());
        assert!(read.code == 3 && read.reasons()[0].contains("forms"), "{how}: {}", read.all);
    }
}

#[test]
fn journals_are_read_as_text_where_entries_are_not_shown() {
    let snow = ServiceNow::start(&PEOPLE);
    let item = snow.insert("dave", "sc_req_item", json!({"short_description": format!("Grant access to {}", key(1))}));
    snow.insert("dave", "sc_task", json!({"short_description": format!("Revoke {}", key(2))}));
    snow.update("alice", "sc_req_item", &item, json!({"comments": "Approved."}));
    let own = folder(&basic(&snow, ", cache: false"), 5);
    let read = tickets(own.path());
    assert_eq!((read.code, read.approved(&item)), (0, true), "{}", read.all);
    for how in ["403", "empty", "hidden"] {
        rule(&snow, "sys_journal_field", how);
        // A display name is nobody's for sure.
        let read = tickets(own.path());
        assert_eq!((read.code, read.approved(&item)), (0, false), "{how}: {}", read.all);
    }
    rule(&snow, "sys_user", "403");
    assert_eq!(tickets(own.path()).code, 0);
    // What a rule for a field hides is missed, too.
    rule(&snow, "sys_user", "");
    snow.control(json!({"rules": {AUDITOR: {"sc_task": ["description"]}}}));
    let read = tickets(own.path());
    assert!(read.code == 3 && read.reasons()[0].contains("does not show the fields description"), "{}", read.all);
}

#[test]
fn limits_sleep_breaks_and_wrong_words() {
    let (snow, item) = instance();
    let own = folder(&basic(&snow, ", cache: false"), 5);
    snow.control(json!({"limit": 2}));
    let waited = tickets(own.path());
    assert_eq!((waited.code, waited.state(&item)), (0, "done".to_owned()), "{}", waited.all);
    snow.control(json!({"limit": 1000}));
    let limited = run(own.path(), &["tickets", "--max-wait", "0s"]);
    assert!(limited.code == 3 && limited.reasons()[0].contains("rate limited"), "{}", limited.all);
    snow.control(json!({"limit": 0, "asleep": true}));
    let asleep = tickets(own.path());
    assert!(asleep.code == 3 && asleep.reasons()[0].contains("hibernating"), "{}", asleep.all);
    snow.control(json!({"asleep": false, "cut": "sc_req_item"}));
    let cut = tickets(own.path());
    assert!(cut.code == 3 && cut.reasons()[0].contains("broke its answer off"), "{}", cut.all);
    snow.control(json!({"cut": null}));
    let offline = run(own.path(), &["tickets", "--offline"]);
    assert!(offline.code == 3 && offline.reasons()[0].contains("--offline"), "{}", offline.all);

    for (login, words) in [
        ("user_env: SNOW_USER, password_env: SNOW_SECRET", "HTTP 401: the instance does not accept the login"),
        ("user_env: SNOW_USER, password_env: UNSET", "the variable UNSET is not set"),
        ("token_env: SNOW_SECRET", "HTTP 401"),
        ("oauth: {client_id_env: SNOW_ID, client_secret_env: SNOW_SECRET}", "does not accept the OAuth client"),
    ] {
        let wrong = folder(&format!("url: '{}', cache: false, {login}", snow.endpoint), 1);
        let read = tickets(wrong.path());
        assert!(read.code == 3 && read.reasons()[0].contains(words), "{login}: {}", read.all);
        assert!(read.tickets().is_empty());
    }
    // A token that the instance ends early is replaced.
    snow.control(json!({"clients": {"app": ["canary-secret-1", AUDITOR]}}));
    let own = folder(
        &format!(
            "url: '{}', cache: false, oauth: {{client_id_env: SNOW_ID, client_secret_env: SNOW_SECRET}}",
            snow.endpoint
        ),
        1,
    );
    assert_eq!(tickets(own.path()).code, 0);
    for (settings, words) in [
        ("export: a.json, url: 'https://a.example.com'", "stand side by side"),
        ("url: 'https://a.example.com'", "nothing says who asks"),
        ("url: 'https://a.example.com', token_env: T, tables: ['sc_task?x']", "lower-case letters"),
    ] {
        let wrong = folder(settings, 1);
        let read = tickets(wrong.path());
        assert!(read.code == 2 && read.all.contains(words), "{settings}: {}", read.all);
    }
}
