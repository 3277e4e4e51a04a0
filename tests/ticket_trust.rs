//! Ways to unblock a gate by writing to a ticket, and what becomes of them: what loosens counts only from those who may
//! (SEMANTICS, "Loosening is trusted less than tightening").

#![allow(clippy::unwrap_used)]

#[path = "support/blank.rs"]
mod support;

use std::collections::BTreeMap;

use driftgate::link::Index;
use driftgate::model::inventory::Inventory;
use driftgate::model::settings::Settings;
use driftgate::model::ticket::{Change, Comment, Field, Intent, RawState, Record, State, Ticket};
use support::{at, blank, described, done, person};

const KEY: &str = "aws:access-key:AKIALOADER77GLOBEXST";
const OTHER: &str = "aws:access-key:AKIABATCH55GLOBEXUVW";

/// A done revocation, assigned to dave.
fn revocation() -> Record {
    Record {
        texts: described("It leaked."),
        fields: BTreeMap::from([(Field::Approval, "Approved".to_owned())]),
        state: done(),
        opened_at: Some(at("2026-05-04T08:00:00Z")),
        closed_at: Some(at("2026-05-05T08:00:00Z")),
        reporter: person("ruth@globex.test"),
        assignee: Some(person("dave@globex.test")),
        ..blank("jira", "SEC-1", "Revoke AKIALOADER77GLOBEXST")
    }
}

fn comment(author: &str, text: &str) -> Comment {
    Comment { author: person(author), at: Some(at("2026-05-05T08:00:00Z")), text: text.to_owned(), system: false }
}

fn change(author: &str, field: &str, from: &str, to: &str) -> Change {
    Change {
        at: Some(at("2026-05-06T08:00:00Z")),
        author: person(author),
        field: field.to_owned(),
        from: Some(from.to_owned()),
        to: Some(to.to_owned()),
    }
}

fn read(record: &Record, settings: &Settings) -> Ticket {
    let inventory: Inventory = serde_yaml::from_str(include_str!("tickets/inventory.yaml")).unwrap();
    Index::new(&inventory, &[], settings).understand(record, at("2026-06-01T12:00:00Z"))
}

fn ids(ticket: &Ticket) -> Vec<&str> {
    ticket.links.iter().map(|link| link.credential.as_str()).collect()
}

#[test]
fn a_comment_withdraws_a_closed_ticket_only_from_those_who_may() {
    let mut record = revocation();
    record.state = RawState { status: "Closed".to_owned(), closed: Some(true), resolution: None };
    for (author, state, distrusted) in [
        ("dave@globex.test", State::Withdrawn, 0),
        ("eve@globex.test", State::Done, 1),
        ("ruth@globex.test", State::Done, 1),
    ] {
        record.comments = vec![comment(author, "Superseded, nothing was done. Closing.")];
        let ticket = read(&record, &Settings::default());
        assert_eq!((ticket.state, ticket.distrusted.len()), (state, distrusted), "{author}");
    }
}

#[test]
fn a_changed_resolution_counts_only_from_those_who_may() {
    let mut record = revocation();
    record.state =
        RawState { status: "Closed".to_owned(), closed: Some(true), resolution: Some("Won't Do".to_owned()) };
    assert_eq!(read(&record, &Settings::default()).state, State::Withdrawn, "nobody is recorded: the assignee");
    record.history = vec![change("eve@globex.test", "resolution", "Done", "Won't Do")];
    let ticket = read(&record, &Settings::default());
    assert_eq!(ticket.state, State::Done);
    assert_eq!(ticket.distrusted[0].what, "withdrawn by eve@globex.test");
    record.history = vec![change("eve@globex.test", "status", "In Progress", "Rejected")];
    assert_eq!(read(&record, &Settings::default()).state, State::Open, "it was open before");
    record.history = vec![change("dave@globex.test", "resolution", "Done", "Won't Do")];
    assert_eq!(read(&record, &Settings::default()).state, State::Withdrawn);
    let mut settings = Settings::default();
    settings.trust.approvers = vec!["eve@globex.test".to_owned()];
    record.history = vec![change("eve@globex.test", "resolution", "Done", "Won't Do")];
    assert_eq!(read(&record, &settings).state, State::Withdrawn);
    // The author of the change under the gate cannot, whoever they are.
    settings.change_authors = vec!["eve@globex.test".to_owned()];
    assert_eq!(read(&record, &settings).state, State::Done);
}

#[test]
fn naming_another_target_adds_it_and_takes_nothing_away() {
    let mut record = revocation();
    let words = "Sorry, wrong key: it is AKIABATCH55GLOBEXUVW. Leave AKIALOADER77GLOBEXST alone.";
    record.comments = vec![comment("eve@globex.test", words)];
    let ticket = read(&record, &Settings::default());
    assert_eq!(ids(&ticket), [OTHER, KEY]);
    assert!(!ticket.links[0].trusted && ticket.links[1].trusted);
    assert_eq!(ticket.distrusted[0].what, "another target named by eve@globex.test");
    record.comments.push(comment("dave@globex.test", "Thanks, doing that one instead."));
    assert_eq!(ids(&read(&record, &Settings::default())), [OTHER]);
    record.comments = vec![comment("dave@globex.test", words)];
    assert_eq!(ids(&read(&record, &Settings::default())), [OTHER]);
}

#[test]
fn whoever_opened_a_ticket_corrects_it_until_it_is_approved_or_closed() {
    let mut record = revocation();
    // Nobody has approved it yet.
    record.fields.clear();
    let words = "Sorry, wrong key: it is AKIABATCH55GLOBEXUVW. Leave AKIALOADER77GLOBEXST alone.";
    let said = |at_: &str| Comment { at: Some(at(at_)), ..comment("ruth@globex.test", words) };
    record.comments = vec![said("2026-05-04T09:00:00Z")];
    assert_eq!(ids(&read(&record, &Settings::default())), [OTHER]);
    // An author of the change under the gate never does.
    let author = Settings { change_authors: vec!["ruth@globex.test".to_owned()], ..Settings::default() };
    assert_eq!(ids(&read(&record, &author)), [OTHER, KEY]);
    for late in ["2026-05-05T08:00:00Z", "2026-05-06T08:00:00Z"] {
        record.comments = vec![said(late)];
        assert_eq!(ids(&read(&record, &Settings::default())), [OTHER, KEY], "{late}");
    }
    // Nor behind an approval.
    record.comments = vec![said("2026-05-04T12:00:00Z")];
    record.history =
        vec![Change { at: Some(at("2026-05-04T10:00:00Z")), ..change("dave@globex.test", "approval", "", "Approved") }];
    record.approvers = vec![person("dave@globex.test")];
    record.fields.insert(Field::Approval, "Approved".to_owned());
    assert_eq!(ids(&read(&record, &Settings::default())), [OTHER, KEY]);
}

#[test]
fn one_of_several_stays_where_somebody_who_may_says_so() {
    let mut record = revocation();
    record.texts = described("And AKIABATCH55GLOBEXUVW.");
    assert_eq!(ids(&read(&record, &Settings::default())), [OTHER, KEY]);
    let keep = "AKIABATCH55GLOBEXUVW is read by the nightly job. Keep that one.";
    for (author, words, left) in [
        ("dave@globex.test", keep, &[KEY][..]),
        ("eve@globex.test", keep, &[OTHER, KEY]),
        ("dave@globex.test", "AKIABATCH55GLOBEXUVW stays inactive over the weekend.", &[OTHER, KEY]),
        ("dave@globex.test", "Keep AKIABATCH55GLOBEXUVW and AKIALOADER77GLOBEXST.", &[OTHER, KEY]),
    ] {
        record.comments = vec![comment(author, words)];
        assert_eq!(ids(&read(&record, &Settings::default())), left, "{author}: {words}");
    }
}

#[test]
fn a_later_due_date_counts_only_from_those_who_may() {
    let mut record = revocation();
    record.state = RawState { status: "Open".to_owned(), closed: Some(false), resolution: None };
    record.due_at = Some(at("2026-12-31T23:59:59Z"));
    record.history = vec![change("eve@globex.test", "duedate", "2026-05-10", "2026-12-31")];
    let ticket = read(&record, &Settings::default());
    assert_eq!(ticket.due_at, Some(at("2026-05-10T23:59:59Z")));
    assert_eq!(ticket.distrusted[0].what, "due date moved by eve@globex.test");
    record.history = vec![change("dave@globex.test", "duedate", "2026-05-10", "2026-12-31")];
    assert_eq!(read(&record, &Settings::default()).due_at, Some(at("2026-12-31T23:59:59Z")));
}

#[test]
fn a_longer_window_counts_only_from_those_who_may() {
    let mut record = revocation();
    record.title = "Temporary write on secret/billing/db until 2026-05-05 10:00 UTC".to_owned();
    record.closed_at = Some(at("2026-05-04T09:00:00Z"));
    for (author, end) in [("eve@globex.test", "2026-05-05T10:00:00Z"), ("dave@globex.test", "2026-09-30T10:00:00Z")] {
        record.comments = vec![comment(author, "Extended until 2026-09-30 10:00 UTC.")];
        let ticket = read(&record, &Settings::default());
        assert_eq!(ticket.window.unwrap().end, Some(at(end)), "{author}");
    }
    // What was over before the ticket was closed loosens nothing any more.
    record.closed_at = Some(at("2026-05-07T09:00:00Z"));
    record.comments = vec![comment("eve@globex.test", "Extended until 2026-05-06 10:00 UTC.")];
    assert_eq!(read(&record, &Settings::default()).window.unwrap().end, Some(at("2026-05-06T10:00:00Z")));
}

#[test]
fn who_may_loosen_by_a_ticket_of_their_own() {
    let mut record = revocation();
    record.title = "Grant svc-loader read on secret/web/session".to_owned();
    let ticket = read(&record, &Settings::default());
    assert_eq!(ticket.intent, Intent::Provision);
    assert!(ticket.approved && ticket.may_loosen);
    assert_eq!(ticket.vouched_by, ["dave@globex.test"]);
    // Where approval cannot be read, there is none.
    record.fields.clear();
    assert!(!read(&record, &Settings::default()).may_loosen);
    record.fields.insert(Field::Approval, "Pending".to_owned());
    assert!(!read(&record, &Settings::default()).approved);
    record.fields.insert(Field::Approval, "OK by security".to_owned());
    let mut settings = Settings::default();
    settings.trust.approved.insert("jira".to_owned(), vec!["ok by security".to_owned()]);
    assert!(read(&record, &settings).may_loosen);
    settings.trust.projects = vec!["IAM".to_owned()];
    assert!(!read(&record, &settings).may_loosen, "tickets of this project only tighten");
    settings.trust.projects = vec!["sec".to_owned()];
    assert!(read(&record, &settings).may_loosen);
    settings.change_authors = vec!["ruth@globex.test".to_owned(), "ruth".to_owned()];
    assert!(read(&record, &settings).may_loosen, "dave stands behind it, too");
    record.assignee = Some(person("ruth@globex.test"));
    assert!(!read(&record, &settings).may_loosen, "the author alone");
    // A comment approves where its author is configured to.
    record.fields.clear();
    record.assignee = Some(person("dave@globex.test"));
    record.comments = vec![comment("omar@globex.test", "Approved.")];
    assert!(!read(&record, &settings).approved);
    settings.trust.approvers = vec!["omar@globex.test".to_owned()];
    assert!(read(&record, &settings).approved);
    record.comments = vec![comment("omar@globex.test", "Not approved.")];
    assert!(!read(&record, &settings).approved);
}

#[test]
fn an_objection_that_the_ticket_asks_for_is_heard() {
    let mut record = revocation();
    record.title = "Unused secrets".to_owned();
    record.texts[0].text =
        "- AKIALOADER77GLOBEXST\n- AKIABATCH55GLOBEXUVW\n\nThey will be deleted next week unless somebody objects."
            .to_owned();
    assert_eq!(ids(&read(&record, &Settings::default())), [OTHER, KEY]);
    record.comments = vec![comment("omar@globex.test", "I object to AKIALOADER77GLOBEXST, the nightly run needs it.")];
    assert_eq!(ids(&read(&record, &Settings::default())), [OTHER]);
    let settings = Settings { change_authors: vec!["omar@globex.test".to_owned()], ..Settings::default() };
    let ticket = read(&record, &settings);
    assert_eq!(ids(&ticket), [OTHER, KEY], "not from the author of the change under the gate");
    assert_eq!(ticket.distrusted.len(), 1);
}

#[test]
fn no_comment_of_a_stranger_singles_out_what_stays() {
    let mut record = revocation();
    record.title = "Keys of a lost laptop".to_owned();
    record.texts = described("Please revoke AKIALOADER77GLOBEXST and AKIABATCH55GLOBEXUVW.");
    for words in [
        "The first is still needed.",
        "The first one stays.",
        "The latter stays.",
        "The tests need the former.",
        "The loader key stays.",
    ] {
        record.comments = vec![comment("eve@globex.test", words)];
        assert_eq!(ids(&read(&record, &Settings::default())), [OTHER, KEY], "{words}");
    }
    // A bare list, and a part of a name.
    record.texts = described("Please revoke:\n\n* SONAR_TOKEN_OLD\n* SMTP_PASSWORD");
    let both = ids(&read(&record, &Settings::default())).len();
    record.comments = vec![comment("eve@globex.test", "The smtp password stays.")];
    assert_eq!(ids(&read(&record, &Settings::default())).len(), both);
    // A title that begins with the word invites nobody to object.
    record.title = "Object storage key rotation".to_owned();
    record.texts = described("Please rotate AKIALOADER77GLOBEXST.");
    record.comments = vec![comment("eve@globex.test", "Which jobs use AKIALOADER77GLOBEXST?")];
    assert_eq!(ids(&read(&record, &Settings::default())), [KEY]);
}

#[test]
fn a_strangers_correction_needs_a_word_of_agreement() {
    let early = |author: &str, text: &str, minute: u8| Comment {
        at: Some(at(&format!("2026-05-04T08:{minute:02}:00Z"))),
        ..comment(author, text)
    };
    let wrong = "Wrong key, AKIABATCH55GLOBEXUVW is meant.";
    for (author, answer, left) in [
        ("ruth@globex.test", "Any news?", &[OTHER, KEY][..]),
        ("ruth@globex.test", "Right, thanks.", &[OTHER]),
        ("eve@globex.test", "Right, thanks.", &[OTHER, KEY]),
        ("dave@globex.test", "Deactivated it.", &[OTHER]),
    ] {
        let mut record = revocation();
        record.fields.clear();
        record.comments = vec![early("mallory@globex.test", wrong, 1), early(author, answer, 2)];
        assert_eq!(ids(&read(&record, &Settings::default())), left, "{author}: {answer}");
        // The change's own author does not correct what stops it.
        let author_of = Settings { change_authors: vec!["mallory@globex.test".to_owned()], ..Settings::default() };
        assert_eq!(ids(&read(&record, &author_of)), [OTHER, KEY], "{author}: {answer}");
    }
}

#[test]
fn who_opened_it_writes_nothing_of_what_was_approved_nobody_knows_when() {
    let mut record = revocation();
    record.comments = vec![Comment {
        at: Some(at("2026-05-04T08:01:00Z")),
        ..comment("ruth@globex.test", "Sorry, wrong key: AKIABATCH55GLOBEXUVW is meant.")
    }];
    assert_eq!(ids(&read(&record, &Settings::default())), [OTHER, KEY]);
    record.fields.clear();
    assert_eq!(ids(&read(&record, &Settings::default())), [OTHER]);
    // Nor does whoever made themselves the one who opened it, nor by quoting somebody.
    record.history = vec![change("ruth@globex.test", "reporter", "lena@globex.test", "ruth@globex.test")];
    assert_eq!(ids(&read(&record, &Settings::default())), [OTHER, KEY]);
    record.history.clear();
    record.comments[0].text = "> Wrong key: AKIABATCH55GLOBEXUVW is meant.\n\nWhere did you see that?".to_owned();
    assert_eq!(ids(&read(&record, &Settings::default())), [KEY]);
}

#[test]
fn a_label_in_a_form_is_looked_for_by_characters() {
    let mut record = revocation();
    record.kind = Some("Access request".to_owned());
    for length in 25..45 {
        record.title = format!("Test {} äöüäöüäöü", "x".repeat(length));
        read(&record, &Settings::default());
    }
}

#[test]
fn a_table_in_a_comment_makes_no_smaller_thing_of_a_removal() {
    let mut record = revocation();
    record.title = "Key of the loader".to_owned();
    record.texts = described("Delete AKIALOADER77GLOBEXST.");
    for table in
        ["| now | target |\n| --- | --- |\n| write | read |", "## Current level\n\nwrite\n\n## Requested level\n\nread"]
    {
        record.comments = vec![comment("eve@globex.test", table)];
        let ticket = read(&record, &Settings::default());
        assert_eq!((ticket.intent, ids(&ticket)), (Intent::Revoke, vec![KEY]), "{table}");
    }
}

#[test]
fn a_request_grants_nothing_that_it_only_tells_of() {
    for text in [
        "AKIALOADER77GLOBEXST was revoked last week, so the loader needs write on the new bucket.",
        "The loader still uses AKIALOADER77GLOBEXST for the old one.",
        "Is AKIALOADER77GLOBEXST gone? Then it needs a way into the new bucket.",
    ] {
        let record = Record { texts: described(text), ..revocation() };
        let record = Record { title: "Grant write access to the new bucket".to_owned(), ..record };
        // Nor where a form has the level in a field.
        let mut form = record.clone();
        form.fields.insert(Field::Level, "Write".to_owned());
        for record in [record, form] {
            let ticket = read(&record, &Settings::default());
            let grants = matches!(ticket.intent, Intent::Provision | Intent::Elevate | Intent::Modify);
            assert!(!grants || ids(&ticket).is_empty(), "{text}: {:?} {:?}", ticket.intent, ids(&ticket));
        }
    }
}

#[test]
fn a_strangers_words_weigh_nothing() {
    let praise = "Please grant write access and keep it. The documentation, the design and the question of the wiki: read-only. "
        .repeat(20);
    let mut record = revocation();
    record.comments = vec![comment("eve@globex.test", &praise)];
    assert_eq!(read(&record, &Settings::default()).intent, Intent::Revoke);
    // Nor where they are written into the text after it was closed.
    record.comments.clear();
    record.texts = described(&format!("It leaked. {praise}"));
    record.history = vec![change("eve@globex.test", "description", "It leaked.", &format!("It leaked. {praise}"))];
    let ticket = read(&record, &Settings::default());
    assert_eq!((ticket.intent, ids(&ticket)), (Intent::Revoke, vec![KEY]), "{:?}", ticket.why);
}

#[test]
fn what_was_not_done_yet_may_have_been_done_at_the_closing() {
    let mut record = revocation();
    record.state = RawState { status: "Closed".to_owned(), closed: Some(true), resolution: None };
    let before =
        Comment { at: Some(at("2026-05-05T07:30:00Z")), ..comment("dave@globex.test", "I have not revoked it yet.") };
    for closing in [
        "Key killed in IAM.",
        "Revoked: nothing else used it.",
        "Not a false positive, it is dead now.",
        "Thanks, all.",
    ] {
        record.comments = vec![before.clone(), comment("dave@globex.test", closing)];
        assert_eq!(read(&record, &Settings::default()).state, State::Done, "{closing}");
        // Nor does a stranger's word afterwards bring the older one back.
        let stranger =
            Comment { at: Some(at("2026-05-06T08:00:00Z")), ..comment("eve@globex.test", "I leave it alone.") };
        record.comments.push(stranger);
        assert_eq!(read(&record, &Settings::default()).state, State::Done, "{closing}, and a stranger");
    }
    record.comments = vec![before, comment("dave@globex.test", "We need it after all, I leave it as it is.")];
    assert_eq!(read(&record, &Settings::default()).state, State::Withdrawn);
}
