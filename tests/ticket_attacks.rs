//! Every way that is known to unblock a gate by writing to a ticket, against the real program and a saved export: the verdict stays
//! `block`, and the report says what was not trusted. Where the same act is somebody's right, the table shows that it counts from
//! them: a gate that believes nobody would pass the first half as well. What single words come to is in `tests/ticket_edits.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]

#[path = "support/binary.rs"]
#[allow(unreachable_pub, missing_docs)]
mod binary;

use std::fs;

use serde_json::{Value, json};

const KEY: &str = "AKIALOADER77GLOBEXST";
const OTHER: &str = "AKIABATCH55GLOBEXUVW";
const NOW: &str = "2026-06-01T12:00:00Z";
/// Nobody: no assignee, no approver, not in the configuration.
const EVE: &str = "eve@globex.test";
/// The assignee.
const DAVE: &str = "dave@globex.test";
/// In `trust.approvers`.
const ALICE: &str = "alice@globex.test";

fn person(name: &str) -> Value {
    json!({"emailAddress": name, "accountId": format!("id-{name}"), "displayName": "Dave"})
}

/// A done revocation: opened by ruth, approved by alice, closed by dave.
fn done() -> Value {
    json!({"key": "SEC-1", "fields": {
        "summary": format!("Revoke {KEY}"), "description": "It leaked.", "issuetype": {"name": "Task"},
        "project": {"key": "SEC"}, "status": {"name": "Done", "statusCategory": {"key": "done"}},
        "resolution": {"name": "Done"}, "created": "2026-05-04T08:00:00.000+0000", "updated": "2026-05-20T08:00:00.000+0000",
        "resolutiondate": "2026-05-05T08:00:00.000+0000", "labels": [], "components": [], "cf_approval": "Approved",
        "reporter": person("ruth@globex.test"), "assignee": person(DAVE), "comment": {"comments": []}, "issuelinks": []},
        "changelog": {"histories": [
            act(ALICE, "2026-05-04T09:00", &[("cf_approval", "Pending", "Approved")]),
            act(DAVE, "2026-05-05T08:00", &[("status", "In Progress", "Done"), ("resolution", "", "Done")]),
        ]}})
}

/// An open one.
fn open(created: &str) -> Value {
    let mut issue = done();
    issue["fields"]["status"] = json!({"name": "In Progress", "statusCategory": {"key": "indeterminate"}});
    issue["fields"]["resolution"] = Value::Null;
    issue["fields"]["resolutiondate"] = Value::Null;
    issue["fields"]["created"] = json!(format!("{created}:00.000+0000"));
    issue["changelog"]["histories"] = json!([]);
    issue
}

/// An entry of the changelog, as Jira writes one.
fn act(author: &str, at: &str, items: &[(&str, &str, &str)]) -> Value {
    let some = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
    let items: Vec<Value> = items
        .iter()
        .map(|(field, from, to)| {
            json!({"field": field, "fieldId": field, "fromString": some(from), "toString": some(to), "from": some(from), "to": some(to)})
        })
        .collect();
    json!({"author": person(author), "created": format!("{at}:00.000+0000"), "items": items})
}

/// Adds an entry, and sets the fields to what it made of them.
fn change(issue: &mut Value, author: &str, at: &str, items: &[(&str, &str, &str)]) {
    issue["changelog"]["histories"].as_array_mut().unwrap().push(act(author, at, items));
    for (field, _, to) in items {
        let value = match *field {
            "status" => {
                let category = if matches!(*to, "Done" | "Closed" | "Rejected") { "done" } else { "indeterminate" };
                json!({"name": to, "statusCategory": {"key": category}})
            }
            "resolution" | "issuetype" if to.is_empty() => Value::Null,
            "resolution" | "issuetype" => json!({"name": to}),
            "labels" => json!(to.split_whitespace().collect::<Vec<_>>()),
            "assignee" => person(to.trim_start_matches("id-")),
            "Key" => {
                issue["key"] = json!(to);
                issue["fields"]["project"] = json!({"key": to.split('-').next().unwrap()});
                continue;
            }
            _ => json!(to),
        };
        issue["fields"][*field] = value;
    }
}

fn comment(issue: &mut Value, author: &str, at: &str, text: &str) {
    let comment = json!({"author": person(author), "created": format!("{at}:00.000+0000"), "body": text});
    issue["fields"]["comment"]["comments"].as_array_mut().unwrap().push(comment);
}

/// Another ticket, done by eve, that gives the access again.
fn again(key: &str, opened_by: &str) -> Value {
    let mut issue = done();
    issue["key"] = json!(key);
    issue["fields"]["summary"] = json!(format!("Grant svc-loader access with {KEY}"));
    issue["fields"]["description"] = json!(format!("Please enable {KEY} again, level: write."));
    issue["fields"]["project"] = json!({"key": key.split('-').next().unwrap()});
    issue["fields"]["created"] = json!("2026-05-20T08:00:00.000+0000");
    issue["fields"]["resolutiondate"] = json!("2026-05-21T08:00:00.000+0000");
    issue["fields"]["reporter"] = person(opened_by);
    issue["changelog"]["histories"] = json!([]);
    issue
}

/// What the gate says of these tickets: its exit code, the rules of its findings, and the report's text.
fn judge(issues: &[Value], now: &str) -> (i32, Vec<String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        ".github/workflows/deploy.yml",
        "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    env:\n      KEY: ${{ secrets.LOADER_KEY }}\n    steps:\n      - run: ./deploy.sh\n",
    );
    let live = |id: &str| {
        json!({"id": format!("aws:access-key:{id}"), "name": null, "owner": "svc-loader", "status": "active",
            "created_at": "2025-01-01T00:00:00Z", "liveness": {"state": "live", "method": "iam ListAccessKeys", "at": now}})
    };
    let inventory = json!({"schema": "driftgate/inventory/v1", "exported_at": now,
        "slots": [{"id": "github:actions-secret:acme/shop:LOADER_KEY", "name": "LOADER_KEY", "updated_at": "2025-01-02T00:00:00Z",
            "holds": format!("aws:access-key:{KEY}")}],
        "credentials": [live(KEY), live(OTHER)],
        "coverage": [{"source": "github", "kind": "actions-secret", "where": "acme/shop", "complete": true}]});
    write("inventory.json", &inventory.to_string());
    let mut issues = issues.to_vec();
    for issue in &mut issues {
        issue["fields"]["updated"] = json!(now);
    }
    write("jira.json", &json!({"total": issues.len(), "issues": issues}).to_string());
    write(
        ".driftgate.yaml",
        "version: 1\nrepository: acme/shop\nsources:\n  - {kind: file, path: inventory.json}\n  - kind: jira\n    export: jira.json\n    \
         fields: {approval: cf_approval, credential: cf_credential, effective: cf_effective}\ntrust:\n  projects: [SEC]\n  \
         approvers: [alice@globex.test]\n",
    );
    let mut command = binary::binary();
    let command = command.args(["check", "--format", "json", "--no-progress", "--now", now]).arg(root);
    let output = command.output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let report: Value =
        serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{}", String::from_utf8_lossy(&output.stderr)));
    let rules = report["findings"].as_array().unwrap().iter();
    let rules = rules.filter(|f| f["blocking"] == true).map(|f| f["rule"].as_str().unwrap().to_owned()).collect();
    (output.status.code().unwrap(), rules, out)
}

/// One way: what somebody does to the tickets, what the gate still finds, and what the report says about it.
struct Attack {
    name: &'static str,
    tickets: fn(&str) -> Vec<Value>,
    rule: &'static str,
    said: &'static str,
    /// Who may do it; none where nobody may.
    right: Option<&'static str>,
}

const LIVE: &str = "revoked-but-live";
const OVERDUE: &str = "overdue-revocation";

fn edited(issue: Value, author: &str, items: &[(&str, &str, &str)]) -> Vec<Value> {
    let mut issue = issue;
    change(&mut issue, author, "2026-05-20T08:00", items);
    vec![issue]
}

fn with(field: &str, value: Value) -> Value {
    let mut issue = done();
    issue["fields"][field] = value;
    issue
}

const ATTACKS: &[Attack] = &[
    Attack {
        name: "a comment says that nothing was done",
        tickets: |who| {
            let mut issue = done();
            issue["fields"]["status"] = json!({"name": "Closed", "statusCategory": {"key": "done"}});
            issue["fields"]["resolution"] = Value::Null;
            issue["changelog"]["histories"] = json!([]);
            comment(&mut issue, who, "2026-05-05T08:00", "Superseded, nothing was done. Closing.");
            vec![issue]
        },
        rule: LIVE,
        said: "not trusted: withdrawn by",
        right: Some(DAVE),
    },
    Attack {
        name: "a comment names another target",
        tickets: |who| {
            let mut issue = done();
            comment(&mut issue, who, "2026-05-20T08:00", &format!("Sorry, wrong key: it is {OTHER}. Leave {KEY} alone."));
            vec![issue]
        },
        rule: LIVE,
        said: "not trusted: another target named by",
        right: Some(DAVE),
    },
    Attack {
        name: "a comment that the assignee wrote, and somebody else edited",
        tickets: |who| {
            let mut issue = done();
            comment(&mut issue, DAVE, "2026-05-20T08:00", &format!("Sorry, wrong key: it is {OTHER}. Leave {KEY} alone."));
            issue["fields"]["comment"]["comments"][0]["updateAuthor"] = person(who);
            vec![issue]
        },
        rule: LIVE,
        said: "edited by",
        right: Some(DAVE),
    },
    Attack {
        name: "the description is edited to another target",
        tickets: |who| {
            let mut issue = with("summary", json!("Revoke the loader's key"));
            let before = format!("Revoke {KEY}, it leaked.");
            issue["fields"]["description"] = json!(before);
            edited(issue, who, &[("description", &before, &format!("Revoke {OTHER}, it leaked."))])
        },
        rule: LIVE,
        said: "not trusted: description edited by",
        right: Some(ALICE),
    },
    Attack {
        name: "the description is edited, an invisible character in the name",
        tickets: |who| {
            let mut issue = with("summary", json!("Revoke the loader's key"));
            let before = format!("Revoke {KEY}, it leaked.");
            issue["fields"]["description"] = json!(before);
            let after = before.replace("LOADER77", "LOADER\u{200b}77");
            edited(issue, who, &[("description", &before, &after)])
        },
        rule: LIVE,
        said: "not trusted: description edited by",
        right: Some(DAVE),
    },
    Attack {
        name: "the title is edited to ask for nothing",
        tickets: |who| {
            let before = format!("Revoke {KEY}");
            edited(done(), who, &[("summary", &before, &format!("Document how {KEY} is used"))])
        },
        rule: LIVE,
        said: "not trusted: title edited by",
        right: Some(DAVE),
    },
    Attack {
        name: "the configured field is changed",
        tickets: |who| {
            let issue = with("summary", json!("Revoke the key in the field"));
            edited(issue, who, &[("cf_credential", KEY, OTHER)])
        },
        rule: LIVE,
        said: "not trusted: field cf_credential edited by",
        right: Some(DAVE),
    },
    Attack {
        name: "the effective date is moved",
        tickets: |who| edited(done(), who, &[("cf_effective", "2026-05-05", "2026-06-03")]),
        rule: LIVE,
        said: "not trusted: field cf_effective edited by",
        right: Some(DAVE),
    },
    Attack {
        name: "the type is changed",
        tickets: |who| {
            let mut issue = with("summary", json!(format!("{KEY} of the loader")));
            issue["fields"]["issuetype"] = json!({"name": "Access revocation"});
            edited(issue, who, &[("issuetype", "Access revocation", "Story")])
        },
        rule: LIVE,
        said: "not trusted: type edited by",
        right: Some(DAVE),
    },
    Attack {
        name: "a label says that it is a question",
        tickets: |who| {
            let mut issue = with("summary", json!(format!("{KEY} of the loader")));
            issue["fields"]["description"] = json!(format!("Please revoke {KEY}."));
            edited(issue, who, &[("labels", "", "question")])
        },
        rule: LIVE,
        said: "not trusted: labels edited by",
        right: Some(DAVE),
    },
    Attack {
        name: "a done ticket becomes one that will not be done",
        tickets: |who| edited(done(), who, &[("resolution", "Done", "Won't Do")]),
        rule: LIVE,
        said: "not trusted: withdrawn by",
        right: Some(DAVE),
    },
    Attack {
        name: "a done ticket is reopened",
        tickets: |who| edited(done(), who, &[("status", "Done", "Reopened"), ("duedate", "", "2026-06-03")]),
        rule: LIVE,
        said: "not trusted: reopened by",
        right: Some(DAVE),
    },
    Attack {
        name: "a done ticket is reopened, and then rejected",
        tickets: |who| {
            let mut issue = done();
            change(&mut issue, who, "2026-05-20T08:00", &[("status", "Done", "Reopened"), ("resolution", "Done", "")]);
            change(&mut issue, who, "2026-05-20T09:00", &[("status", "Reopened", "Rejected")]);
            vec![issue]
        },
        rule: LIVE,
        said: "not trusted: withdrawn by",
        right: Some(DAVE),
    },
    Attack {
        name: "an open ticket is closed as one that will not be done",
        tickets: |who| {
            edited(open("2026-05-10T08:00"), who, &[("status", "In Progress", "Closed"), ("resolution", "", "Won't Do")])
        },
        rule: OVERDUE,
        said: "not trusted: withdrawn by",
        right: Some(DAVE),
    },
    Attack {
        name: "who assigned themselves closes it as one that will not be done",
        tickets: |who| {
            let mut issue = open("2026-05-10T08:00");
            let (dave, to) = (format!("id-{DAVE}"), format!("id-{EVE}"));
            change(&mut issue, who, "2026-05-20T08:00", &[("assignee", &dave, &to)]);
            let refused = [("status", "In Progress", "Closed"), ("resolution", "", "Won't Do")];
            change(&mut issue, EVE, "2026-05-20T09:00", &refused);
            vec![issue]
        },
        rule: OVERDUE,
        said: "not trusted: withdrawn by",
        right: Some(DAVE),
    },
    Attack {
        name: "it is linked as a duplicate",
        tickets: |who| {
            let mut issue = with("status", json!({"name": "Closed", "statusCategory": {"key": "done"}}));
            issue["fields"]["resolution"] = Value::Null;
            issue["changelog"]["histories"] = json!([act(DAVE, "2026-05-05T08:00", &[("status", "In Progress", "Closed")])]);
            issue["fields"]["issuelinks"] = json!([{"type": {"outward": "duplicates"}, "outwardIssue": {"key": "SEC-9"}}]);
            let link = act(who, "2026-05-20T08:00", &[("Link", "", "This issue duplicates SEC-9")]);
            issue["changelog"]["histories"].as_array_mut().unwrap().push(link);
            vec![issue]
        },
        rule: LIVE,
        said: "not trusted: made a duplicate by",
        right: Some(DAVE),
    },
    Attack {
        name: "the due date is moved, in small steps",
        tickets: |who| {
            let mut issue = open("2026-05-10T08:00");
            change(&mut issue, who, "2026-05-11T08:00", &[("duedate", "2026-05-12", "2026-05-20")]);
            change(&mut issue, who, "2026-05-19T08:00", &[("duedate", "2026-05-20", "2026-05-28")]);
            change(&mut issue, who, "2026-05-27T08:00", &[("duedate", "2026-05-28", "2026-06-05")]);
            vec![issue]
        },
        rule: OVERDUE,
        said: "not trusted: due date moved by",
        right: Some(DAVE),
    },
    Attack {
        name: "the due date is moved beyond the bound of all steps",
        tickets: |_| {
            let mut issue = open("2026-04-10T08:00");
            change(&mut issue, DAVE, "2026-04-11T08:00", &[("duedate", "2026-04-12", "2026-05-10")]);
            change(&mut issue, DAVE, "2026-05-09T08:00", &[("duedate", "2026-05-10", "2026-06-05")]);
            vec![issue]
        },
        rule: OVERDUE,
        said: "2026-05-11",
        right: None,
    },
    Attack {
        name: "a due date appears where there was none",
        tickets: |who| edited(open("2026-05-10T08:00"), who, &[("duedate", "", "2026-06-05")]),
        rule: OVERDUE,
        said: "not trusted: due date moved by",
        right: Some(DAVE),
    },
    Attack {
        name: "another ticket gives the access again, approved by whoever opened it",
        tickets: |who| {
            let mut issue = again("SEC-2", who);
            change(&mut issue, who, "2026-05-20T09:00", &[("cf_approval", "Pending", "Approved")]);
            vec![done(), issue]
        },
        rule: LIVE,
        said: "SEC-1",
        right: Some(ALICE),
    },
    Attack {
        name: "another ticket gives the access again, in a project that is not trusted",
        tickets: |who| vec![done(), again(if who == EVE { "OPS-2" } else { "SEC-2" }, who)],
        rule: LIVE,
        said: "it provisions access again, and may not loosen",
        right: Some(DAVE),
    },
    Attack {
        name: "another ticket gives the access again, moved into a trusted project",
        tickets: |who| {
            let mut issue = again("OPS-2", EVE);
            change(&mut issue, who, "2026-05-22T08:00", &[("Key", "OPS-2", "SEC-2")]);
            vec![done(), issue]
        },
        rule: LIVE,
        said: "it provisions access again, and may not loosen",
        right: Some(ALICE),
    },
    Attack {
        name: "another ticket gives the access again, dated before the revocation",
        tickets: |_| {
            let mut issue = again("SEC-2", ALICE);
            issue["fields"]["cf_effective"] = json!("2026-05-01");
            vec![done(), issue]
        },
        rule: LIVE,
        said: "SEC-1",
        right: None,
    },
    Attack {
        name: "a grant of something else is edited to give the access again",
        tickets: |who| {
            let mut issue = again("SEC-2", DAVE);
            let text = format!("Please enable {KEY} again, level: write.");
            issue["fields"]["summary"] = json!("Grant svc-loader access");
            issue["changelog"]["histories"] = json!([act(ALICE, "2026-05-20T09:00", &[("cf_approval", "Pending", "Approved")])]);
            change(&mut issue, who, "2026-05-22T08:00", &[("description", &text.replace(KEY, OTHER), &text)]);
            vec![done(), issue]
        },
        rule: LIVE,
        said: "it provisions access again, and may not loosen",
        right: Some(DAVE),
    },
    Attack {
        name: "a wall of text hides what it asks for",
        tickets: |who| {
            let mut issue = with("summary", json!("Access of the loader"));
            let before = format!("Revoke {KEY}.");
            let after = format!("{}{before}", "All is well. ".repeat(50_001));
            issue["fields"]["description"] = json!(before);
            edited(issue, who, &[("description", &before, &after)])
        },
        rule: LIVE,
        said: "not trusted: description edited by",
        right: None,
    },
];

#[test]
fn nobody_unblocks_the_gate_by_writing_to_a_ticket() {
    for attack in ATTACKS {
        let (code, rules, report) = judge(&(attack.tickets)(EVE), NOW);
        assert_eq!((code, rules.as_slice()), (1, &[attack.rule.to_owned()][..]), "{}: {report}", attack.name);
        assert!(report.contains(attack.said), "{}: {report}", attack.name);
    }
}

#[test]
fn those_who_may_are_heard() {
    for attack in ATTACKS {
        let Some(right) = attack.right else { continue };
        let (_, rules, report) = judge(&(attack.tickets)(right), NOW);
        assert!(!rules.contains(&attack.rule.to_owned()), "{} by {right}: {report}", attack.name);
    }
}

#[test]
fn without_any_attack_the_gate_blocks_and_says_nothing_of_trust() {
    let (code, rules, report) = judge(&[done()], NOW);
    assert_eq!((code, rules), (1, vec![LIVE.to_owned()]), "{report}");
    assert!(!report.contains("not trusted") && !report.contains("edited by"), "{report}");
}

#[test]
fn a_late_edit_by_somebody_who_may_is_told() {
    let before = format!("Revoke {KEY}");
    let (_, rules, report) = judge(&edited(done(), DAVE, &[("summary", &before, &format!("Revoke {KEY} today"))]), NOW);
    assert_eq!(rules, [LIVE]);
    let said = format!(
        "title edited by {DAVE} at 2026-05-20T08:00:00Z, after it was approved: Revoke {KEY} to Revoke {KEY} today"
    );
    assert!(report.contains(&said), "{report}");
}

#[test]
fn a_done_ticket_that_was_withdrawn_by_right_is_told_in_coverage() {
    let (_, rules, report) = judge(&edited(done(), DAVE, &[("resolution", "Done", "Won't Do")]), NOW);
    assert!(!rules.contains(&LIVE.to_owned()));
    assert!(report.contains("SEC-1 was done, and was withdrawn by dave@globex.test at 2026-05-20T08:00:00Z"), "{report}");
    let mut duplicate = done();
    duplicate["fields"]["issuelinks"] = json!([{"type": {"outward": "duplicates"}, "outwardIssue": {"key": "SEC-9"}}]);
    let (_, _, report) = judge(&edited(duplicate, DAVE, &[("resolution", "Done", "Duplicate")]), NOW);
    assert!(report.contains("SEC-1 was closed as a duplicate of SEC-9, which is not among the tickets"), "{report}");
}

#[test]
fn whoever_closed_it_may_take_that_back_and_the_limit_runs_from_its_opening() {
    // Eve did what anybody may (closing binds more), and undoes no more than her own act.
    let mut issue = open("2026-05-25T08:00");
    change(&mut issue, EVE, "2026-05-26T08:00", &[("status", "In Progress", "Done"), ("resolution", "", "Done")]);
    let (_, rules, _) = judge(std::slice::from_ref(&issue), NOW);
    assert_eq!(rules, [LIVE]);
    change(&mut issue, EVE, "2026-05-27T08:00", &[("status", "Done", "Reopened"), ("resolution", "Done", "")]);
    let (_, rules, report) = judge(std::slice::from_ref(&issue), NOW);
    assert_eq!(rules, [OVERDUE], "a reopening starts no new day of grace: {report}");
    let (_, rules, _) = judge(&[issue], "2026-05-26T07:00:00Z");
    assert!(rules.is_empty(), "{rules:?}");
}
