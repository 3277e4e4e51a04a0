//! The attacks, one an entry.

use serde_json::{Value, json};

use super::house::{ALICE, DAVE, EVE, KEY, OTHER, act, again, change, comment, done, open, person};

/// One way: what somebody does to the tickets, what the gate still finds, and what the report says about it.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) tickets: fn(&str) -> Vec<Value>,
    pub(crate) rule: &'static str,
    pub(crate) said: &'static str,
    /// Who may do it; none where nobody may.
    pub(crate) right: Option<&'static str>,
}

pub(crate) const LIVE: &str = "revoked-but-live";
pub(crate) const OVERDUE: &str = "overdue-revocation";

pub(crate) fn edited(issue: Value, author: &str, items: &[(&str, &str, &str)]) -> Vec<Value> {
    let mut issue = issue;
    change(&mut issue, author, "2026-05-20T08:00", items);
    vec![issue]
}

pub(crate) fn with(field: &str, value: Value) -> Value {
    let mut issue = done();
    issue["fields"][field] = value;
    issue
}

pub(crate) const ATTACKS: &[Attack] = &[
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
            comment(
                &mut issue,
                who,
                "2026-05-20T08:00",
                &format!("Sorry, wrong key: it is {OTHER}. Leave {KEY} alone."),
            );
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
            comment(
                &mut issue,
                DAVE,
                "2026-05-20T08:00",
                &format!("Sorry, wrong key: it is {OTHER}. Leave {KEY} alone."),
            );
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
            issue["fields"]["description"] = Value::Null;
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
            edited(
                open("2026-05-10T08:00"),
                who,
                &[("status", "In Progress", "Closed"), ("resolution", "", "Won't Do")],
            )
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
            issue["changelog"]["histories"] =
                json!([act(DAVE, "2026-05-05T08:00", &[("status", "In Progress", "Closed")])]);
            issue["fields"]["issuelinks"] =
                json!([{"type": {"outward": "duplicates"}, "outwardIssue": {"key": "SEC-9"}}]);
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
            issue["changelog"]["histories"] =
                json!([act(ALICE, "2026-05-20T09:00", &[("cf_approval", "Pending", "Approved")])]);
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
