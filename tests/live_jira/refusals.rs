//! What a Jira refuses, cuts or spoils is a gap with its reason, and nothing of what it sent is in any of them.

use std::time::Instant;

use driftgate::sources::Focus;
use serde_json::{Value, json};

use super::support::Jira;
use super::support::faults::{CANARY, FAULTS, Faulty};
use super::support::jira::issue;
use super::support::{Answer, Listener};
use super::{Setting, busy, reasons};

#[test]
fn a_login_that_is_nobodys() {
    let server = Jira::cloud();
    busy(&server);
    let mut setting = Setting::cloud(&server.endpoint);
    setting.token = "another-token";
    let (records, account) = setting.read();
    let said = reasons(&account).join("\n");
    assert!(records.is_empty() && said.contains("HTTP 401: the login is not let in"), "{said}");
    assert!(said.contains("X-Seraph-LoginReason: AUTHENTICATED_FAILED") && !said.contains("another-token"), "{said}");

    // A variable that is not set.
    let (_, account) = Setting::cloud(&server.endpoint).with(json!({"token_env": "JIRA_OTHER"})).read();
    assert!(reasons(&account)[0].contains("the variable JIRA_OTHER is not set"), "{:?}", account.gaps);
    assert_eq!(account.requests, 0);

    let mut offline = Setting::cloud(&server.endpoint);
    offline.want.offline = true;
    server.control(&json!({}));
    let (_, account) = offline.read();
    assert!(reasons(&account)[0].contains("--offline") && server.asked().is_empty(), "{:?}", account.gaps);
}

/// One refusal in place of one answer, and the words of the gap.
#[test]
fn refusals_by_their_place() {
    let server = Jira::cloud();
    busy(&server);
    let captcha = json!({"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=https://evil.example.com"});
    let anonymous = json!({"X-AUSERNAME": "anonymous"});
    let mine = r#"{"emailAddress": "alice@example.com"}"#;
    for (fault, words, read) in [
        (json!({"path": "myself", "status": 401, "headers": captcha}), "asks for a CAPTCHA", 0),
        (json!({"path": "myself", "status": 403}), "HTTP 403: the login may not do this", 0),
        (
            json!({"path": "myself", "status": 200, "body": mine, "headers": anonymous}),
            "took the login for nobody's",
            0,
        ),
        (json!({"path": "myself", "status": 200, "body": "{}"}), "another form than Jira's", 0),
        (json!({"path": "serverInfo", "status": 404}), "no such Jira API below this address", 0),
        (
            json!({"path": "search/jql", "status": 400, "body": CANARY}),
            "HTTP 400: Jira does not understand the query",
            0,
        ),
        (json!({"path": "search/jql", "status": 410}), "no such Jira API below this address", 0),
        (json!({"path": "search/jql", "skip": 1, "status": 403, "body": CANARY}), "HTTP 403", 100),
        (json!({"path": "search/jql", "skip": 2, "status": 500, "times": 2}), "HTTP 500", 200),
        (json!({"path": "search/jql", "skip": 1, "status": 200, "body": "{\"issues\": 7}"}), "another form", 100),
        (
            json!({"path": "search/jql", "skip": 1, "status": 200, "body": "{\"issues\": [], \"isLast\": false}"}),
            "and not where",
            100,
        ),
        (
            json!({"path": "search/jql", "skip": 1, "status": 200, "body": "{\"issues\": []}"}),
            "announces 230 tickets and gave 100",
            100,
        ),
        (
            json!({"path": "search/jql", "status": 429, "headers": {"Retry-After": "3600"}}),
            "rate limited for 3600 s",
            0,
        ),
        (json!({"path": "approximate-count", "status": 403}), "HTTP 403", 230),
    ] {
        server.control(&json!({"faults": [fault]}));
        let (records, account) = Setting::cloud(&server.endpoint).read();
        let said = reasons(&account).join("\n");
        assert!(said.contains(words), "{fault}: {said}");
        assert!(!said.contains(CANARY) && !said.contains("evil"), "{said}");
        assert_eq!(records.len(), read, "{fault}");
    }
    // What passes by itself: a limit of a second, a break of the server.
    for (fault, more) in [
        (json!({"path": "search/jql", "skip": 1, "status": 429, "headers": {"Retry-After": "1"}}), 1),
        (json!({"path": "search/jql", "skip": 1, "status": 503, "times": 1}), 1),
    ] {
        server.control(&json!({"faults": [fault]}));
        let (records, account) = Setting::cloud(&server.endpoint).read();
        assert_eq!((records.len(), reasons(&account), account.requests), (230, vec![], 9 + more), "{fault}");
    }
}

#[test]
fn lists_that_do_not_add_up() {
    let server = Jira::cloud();
    busy(&server);
    let said = |set: Value, words: &str| {
        server.control(&json!({"set": set}));
        let (_, account) = Setting::cloud(&server.endpoint).read();
        let all = reasons(&account).join("\n");
        assert!(all.contains(words), "{set}: {all}");
    };
    said(json!({"stuck": true}), "its pages go round in circles");
    said(json!({"stuck": false, "counted_more": 5}), "announces 235 tickets and gave 230");
    server.control(&json!({"set": {"counted_more": 1}}));
    assert_eq!(reasons(&Setting::cloud(&server.endpoint).read().1), Vec::<&str>::new(), "an estimate");
    server.control(&json!({"issues": [issue("HR-1", "x", "", (1, 1))], "set": {"counted_more": 0}}));
    let (_, account) = Setting::cloud(&server.endpoint).read();
    assert!(reasons(&account)[0].contains("holds no tickets at all"), "{:?}", account.gaps);
}

/// A gate does not wait for ever; what came in its time is there.
#[test]
fn a_gate_stops_waiting() {
    let server = Listener::start(Answer::Stall);
    let mut setting = Setting::cloud(&server.endpoint).with(json!({"timeout": 1, "deployment": "cloud"}));
    setting.want.focus = Some(Focus::default());
    let started = Instant::now();
    let (_, account) = setting.read();
    assert!(reasons(&account)[0].contains("not read within 1 s"), "{:?}", account.gaps);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// Every fault of every server, in place of a Cloud and of a Data Center.
#[test]
fn every_fault_is_a_gap() {
    let elsewhere = Listener::start(Answer::json(200, "{}"));
    let faults = FAULTS.iter().filter(|(name, _)| !matches!(*name, "time-out"));
    for (name, fault) in faults {
        for deployment in ["cloud", "datacenter"] {
            let server = Faulty::start(*fault, &elsewhere.endpoint);
            let mut setting = Setting::cloud(&server.endpoint).with(json!({"deployment": deployment}));
            setting.max_wait = 2;
            setting.token = "canaryCANARYcanary01";
            let (records, account) = setting.read();
            let said = reasons(&account).join("\n");
            // Pages of these two have a ticket on them; it does not hide that the list has no end.
            let none = records.is_empty() || matches!(*name, "pages without end" | "a next page elsewhere");
            assert!(none && !said.is_empty(), "{name}, {deployment}: {said}");
            assert!(!said.contains(CANARY) && !said.contains("canaryCANARY"), "{name}: {said}");
        }
    }
    assert_eq!(elsewhere.connections(), 0);
}
