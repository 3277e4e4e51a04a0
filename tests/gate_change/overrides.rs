//! Break glass: which tickets let a blocked deploy through, and that the report says so first.

use serde_json::{Value, json};

use crate::house::{Event, House, NOW, blocking, export, revocation, ticket};

const OPENED: &str = "2026-06-01T10:00:00.000+0000";

fn emergency() -> Value {
    ticket("SEC-7", "Emergency Change", "Ship the hotfix", "In Progress", true, OPENED)
}

/// The run with `--override SEC-7`, where that ticket is on the protected branch.
fn run(tickets: &[Value], extra: &[(&str, &str)]) -> (i32, Value, String) {
    let house = House::new(true);
    let all: Vec<Value> = std::iter::once(revocation()).chain(tickets.iter().cloned()).collect();
    house.before("jira.json", &export(&all));
    house.run(Event::GithubManual, extra, &["--override", "SEC-7"])
}

#[test]
fn an_approved_emergency_change_lets_it_through() {
    let (code, report, error) = run(&[emergency()], &[]);
    assert_eq!(code, 0, "{error} {report:#}");
    assert_eq!(report["verdict"], "block");
    assert_eq!(report["override"]["accepted"], true);
    assert!(blocking(&report).contains(&"revoked-but-live"), "the findings stay");
}

#[test]
fn every_other_ticket_does_not() {
    let mut labelled = ticket("SEC-7", "Task", "Emergency change: ship it", "In Progress", true, OPENED);
    let by_title = labelled.clone();
    labelled["fields"]["labels"] = json!(["break-glass"]);
    assert_eq!(run(&[labelled], &[]).0, 0, "a label says so, too");
    let mut own = emergency();
    own["fields"]["assignee"] = json!({"displayName": "Eve", "emailAddress": "eve@example.com", "name": "eve"});
    let cases: [(&str, Vec<Value>); 7] = [
        ("no configured source shows it", vec![]),
        ("says that it is an emergency", vec![by_title]),
        ("not approved", vec![ticket("SEC-7", "Emergency Change", "x", "In Progress", false, OPENED)]),
        ("it is closed", vec![ticket("SEC-7", "Emergency Change", "x", "Done", true, OPENED)]),
        (
            "limits.override",
            vec![ticket("SEC-7", "Emergency Change", "x", "In Progress", true, "2026-05-20T10:00:00.000+0000")],
        ),
        ("author alone", vec![own]),
        ("no configured source shows it", vec![ticket("SEC-77", "Emergency Change", "x", "In Progress", true, OPENED)]),
    ];
    for (why, tickets) in cases {
        let (code, report, error) = run(&tickets, &[("GITHUB_ACTOR", "eve@example.com")]);
        assert_eq!(code, 1, "{why}: {error} {report:#}");
        assert_eq!(report["override"]["accepted"], false, "{why}");
        assert!(report["override"]["reason"].as_str().unwrap().contains(why), "{why}: {}", report["override"]);
    }
}

#[test]
fn a_ticket_of_the_change_itself_does_not_count() {
    let house = House::new(true);
    house.change("jira.json", Some(&export(&[revocation(), emergency()])));
    let (code, report, _) = house.run(Event::GithubManual, &[], &["--override", "SEC-7"]);
    assert_eq!((code, &report["override"]["accepted"]), (1, &json!(false)));
}

#[test]
fn the_report_says_it_first() {
    let house = House::new(true);
    house.before("jira.json", &export(&[revocation(), emergency()]));
    let output = crate::support::binary::binary()
        .current_dir(&house.clone)
        .args(["check", "--now", NOW, "--override", "SEC-7", "--output", "markdown=out.md"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("OVERRIDDEN: this deploy goes on by SEC-7"), "{text}");
    let page = std::fs::read_to_string(house.clone.join("out.md")).unwrap();
    assert!(page.lines().next().is_some_and(|line| line.contains("OVERRIDDEN")), "{page}");
}
