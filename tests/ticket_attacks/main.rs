//! Every way that is known to unblock a gate by writing to a ticket, against the real program and a saved export: the verdict stays
//! `block`, and the report says what was not trusted. Where the same act is somebody's right, the table shows that it counts from
//! them: a gate that believes nobody would pass the first half as well. What single words come to is in `tests/ticket_edits.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]

#[path = "../support/binary.rs"]
#[allow(unreachable_pub, missing_docs)]
mod binary;

mod house;
mod table;

use serde_json::json;

use house::{DAVE, EVE, KEY, NOW, change, done, judge, open, quotes};
use table::{ATTACKS, LIVE, OVERDUE, edited};

#[test]
fn nobody_unblocks_the_gate_by_writing_to_a_ticket() {
    let mut wrong = Vec::new();
    for attack in ATTACKS {
        let (code, rules, report) = judge(&(attack.tickets)(EVE), NOW);
        let holds = code == 1 && rules == [attack.rule] && report.contains(attack.said);
        if !holds {
            wrong.push(format!("{}: {code} {rules:?}, without \"{}\"? {}", attack.name, attack.said, quotes(&report)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn those_who_may_are_heard() {
    let mut wrong = Vec::new();
    for attack in ATTACKS {
        let Some(right) = attack.right else { continue };
        let (_, rules, report) = judge(&(attack.tickets)(right), NOW);
        if rules.contains(&attack.rule.to_owned()) {
            wrong.push(format!("{} by {right}: {rules:?} {}", attack.name, quotes(&report)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
    assert!(
        report.contains("SEC-1 was done, and was withdrawn by dave@globex.test at 2026-05-20T08:00:00Z"),
        "{report}"
    );
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

/// Of a ticket that is too long only the ends are read: what stands between them may be the revocation, so nothing passes.
#[test]
fn what_is_buried_in_a_long_ticket_is_a_gap_and_no_pass() {
    let mut ticket = done();
    ticket["fields"]["summary"] = json!("Old loader");
    let filler = "Nothing of interest stands in this line.\n".repeat(20_000);
    ticket["fields"]["description"] = json!(format!("{filler}Please revoke {KEY}.\n{filler}"));
    let (code, rules, report) = judge(&[ticket.clone()], NOW);
    assert_eq!((code, rules), (3, Vec::new()), "{}", quotes(&report));
    assert!(report.contains("too long to be read whole"), "{report}");
    // Where the beginning asks, it blocks as ever.
    ticket["fields"]["description"] = json!(format!("Please revoke {KEY}.\n{filler}{filler}"));
    let (code, rules, report) = judge(&[ticket], NOW);
    assert_eq!((code, rules), (1, vec![LIVE.to_owned()]), "{}", quotes(&report));
    assert!(report.contains("too long to be read whole"), "{report}");
}
