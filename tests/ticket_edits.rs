//! What becomes of a ticket that somebody edits, and who counts as who: read by `link` alone. The same against the real program and
//! its verdict is in `tests/ticket_attacks.rs`.

#![allow(clippy::unwrap_used)]

#[path = "support/blank.rs"]
mod support;

use std::collections::BTreeMap;

use driftgate::link::Index;
use driftgate::model::inventory::{Inventory, Level};
use driftgate::model::settings::Settings;
use driftgate::model::ticket::{Change, Comment, Field, Intent, Person, RawState, Record, State, System, Ticket};
use support::{at, blank, described, done, person};

const EVE: &str = "eve@globex.test";
const DAVE: &str = "dave@globex.test";
const RUTH: &str = "ruth@globex.test";
const ALICE: &str = "alice@globex.test";
const BEFORE: &str = "2026-05-04T08:30:00Z";
const AFTER: &str = "2026-05-10T08:00:00Z";

/// A grant for two days: opened by ruth, approved by alice an hour later, done by dave on the next day.
fn elevation() -> Record {
    Record {
        texts: described("Until 2026-05-06 10:00 UTC, in staging."),
        history: vec![change(ALICE, "2026-05-04T09:00:00Z", "approval", "Pending", "Approved")],
        fields: BTreeMap::from([(Field::Approval, "Approved".to_owned())]),
        state: done(),
        opened_at: Some(at("2026-05-04T08:00:00Z")),
        closed_at: Some(at("2026-05-05T08:00:00Z")),
        reporter: person(RUTH),
        assignee: Some(person(DAVE)),
        ..blank("jira", "SEC-1", "Temporary read on secret/billing/db for svc-loader")
    }
}

fn change(author: &str, when: &str, field: &str, from: &str, to: &str) -> Change {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Change { at: Some(at(when)), author: person(author), field: field.to_owned(), from: some(from), to: some(to) }
}

fn comment(author: Person, when: &str, text: &str) -> Comment {
    Comment { author, at: Some(at(when)), text: text.to_owned(), system: false }
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.trust.approvers = vec![ALICE.to_owned()];
    settings.fields.insert("jira".to_owned(), BTreeMap::from([(Field::Level, "customfield_7".to_owned())]));
    settings
}

fn read_with(record: &Record, settings: &Settings) -> Ticket {
    let inventory: Inventory = serde_yaml::from_str(include_str!("tickets/inventory.yaml")).unwrap();
    Index::new(&inventory, &[], settings).understand(record, at("2026-06-01T12:00:00Z"))
}

fn read(record: &Record) -> Ticket {
    read_with(record, &settings())
}

/// The ticket with this text now, after an edit of what it said before.
fn edited(author: &str, when: &str, text: &str) -> Record {
    let mut record = elevation();
    let before = std::mem::replace(&mut record.texts[0].text, text.to_owned());
    record.history.push(change(author, when, "description", &before, text));
    record
}

#[test]
fn an_edit_that_loosens_leaves_what_stood_before_and_one_that_tightens_counts() {
    let end = |ticket: &Ticket| ticket.window.as_ref().and_then(|window| window.end).unwrap();
    let (stated, longer, shorter) =
        (at("2026-05-06T10:00:00Z"), at("2026-09-30T10:00:00Z"), at("2026-05-05T10:00:00Z"));
    assert_eq!(end(&read(&elevation())), stated);
    for (author, when, text, expected) in [
        (EVE, AFTER, "Until 2026-09-30 10:00 UTC, in staging.", stated),
        (EVE, BEFORE, "Until 2026-09-30 10:00 UTC, in staging.", stated),
        (RUTH, AFTER, "Until 2026-09-30 10:00 UTC, in staging.", stated),
        (RUTH, BEFORE, "Until 2026-09-30 10:00 UTC, in staging.", longer),
        (DAVE, AFTER, "Until 2026-09-30 10:00 UTC, in staging.", longer),
        (EVE, AFTER, "Until 2026-05-05 10:00 UTC, in staging.", shorter),
        (EVE, AFTER, "In staging.", stated),
    ] {
        let ticket = read(&edited(author, when, text));
        assert_eq!((ticket.intent, end(&ticket)), (Intent::Elevate, expected), "{author} {when} {text}");
        assert_eq!(ticket.edited.len(), usize::from(when == AFTER), "{author} {when}");
        let refused = !ticket.distrusted.is_empty();
        assert_eq!(refused, expected == stated, "{author} {when} {text}: {:?}", ticket.distrusted);
    }
    let said = &read(&edited(EVE, AFTER, "Until 2026-09-30 10:00 UTC, in staging.")).distrusted[0];
    assert_eq!(said.what, "description edited by eve@globex.test at 2026-05-10T08:00:00Z, after it was approved");
    assert!(said.quote.contains("2026-05-06") && said.quote.contains("2026-09-30"), "{}", said.quote);
}

#[test]
fn a_wider_place_or_level_does_not_count() {
    let wider = read(&edited(EVE, AFTER, "Until 2026-05-06 10:00 UTC, in staging and production."));
    assert_eq!(wider.access.environments, ["staging"]);
    assert_eq!(
        read(&edited(DAVE, AFTER, "Until 2026-05-06 10:00 UTC, in production.")).access.environments,
        ["production"]
    );
    for (author, level) in [(EVE, Level::Read), (DAVE, Level::Admin)] {
        let mut record = elevation();
        record.fields.insert(Field::Level, "admin".to_owned());
        record.history.push(change(author, AFTER, "customfield_7", "read", "admin"));
        assert_eq!(read(&record).access.level, Some(level), "{author}");
    }
    // A server that tells a field's name as people see it: the value that stands there now tells which field it is.
    let mut record = elevation();
    record.fields.insert(Field::Level, "admin".to_owned());
    record.history.push(change(EVE, AFTER, "Access level (please choose)", "read", "admin"));
    assert_eq!(read(&record).access.level, Some(Level::Read));
}

#[test]
fn several_edits_and_who_had_the_last_word() {
    let texts = ["Until 2026-05-06 10:00 UTC.", "Until 2026-07-01 10:00 UTC.", "Until 2026-08-01 10:00 UTC."];
    for (first, second, end) in [(EVE, EVE, 0), (DAVE, EVE, 1), (EVE, DAVE, 2)] {
        let mut record = elevation();
        record.texts[0].text = texts[2].to_owned();
        record.history.push(change(first, AFTER, "description", texts[0], texts[1]));
        record.history.push(change(second, "2026-05-11T08:00:00Z", "description", texts[1], texts[2]));
        let window = read(&record).window.unwrap();
        assert!(
            texts[end].contains(&window.end.unwrap().strftime("%Y-%m-%d").to_string()),
            "{first} {second} {window:?}"
        );
    }
}

#[test]
fn an_edit_whose_words_before_are_lost_takes_the_approval_with_it() {
    let mut record = elevation();
    record.history.push(Change { from: None, to: None, ..change(EVE, AFTER, "description", "", "") });
    let ticket = read(&record);
    assert!(ticket.approved && !ticket.may_loosen);
    assert_eq!(ticket.distrusted[0].quote, "what it said before is not recorded");
    record.history[1].author = person(DAVE);
    assert!(read(&record).may_loosen);
    // GitLab says no more than that, in a note of its own.
    let mut record = elevation();
    record.system = System::Gitlab;
    record.comments = vec![Comment { system: true, ..comment(person(EVE), AFTER, "changed the description") }];
    assert!(!read(&record).may_loosen);
}

#[test]
fn titles_of_gitlab_and_labels_of_github_are_put_back() {
    let mut record = elevation();
    record.system = System::Gitlab;
    record.title = "Temporary write on secret/billing/db for svc-loader".to_owned();
    let note = "changed title from **Temporary {-read-} on secret/billing/db for svc-loader** to \
                **Temporary {+write+} on secret/billing/db for svc-loader**";
    record.comments = vec![Comment { system: true, ..comment(person(EVE), AFTER, note) }];
    assert_eq!(read(&record).access.level, Some(Level::Read));
    let mut record = elevation();
    record.system = System::Github;
    record.title = "svc-loader and secret/billing/db".to_owned();
    record.texts.clear();
    record.labels = vec!["key rotation".to_owned()];
    assert_eq!(read(&record).intent, Intent::Rotate);
    // Taking the label away loosens.
    record.labels.clear();
    record.history = vec![change(EVE, AFTER, "labels", "key rotation", "")];
    assert_eq!(read(&record).intent, Intent::Rotate);
    record.history = vec![change(DAVE, AFTER, "labels", "key rotation", "")];
    assert_eq!(read(&record).intent, Intent::None);
}

#[test]
fn nobody_approves_their_own() {
    let approved = |by: &str| {
        let mut record = elevation();
        record.history = vec![change(by, "2026-05-04T09:00:00Z", "approval", "Pending", "Approved")];
        read(&record)
    };
    assert!(approved(DAVE).approved && approved(ALICE).approved);
    let own = approved(RUTH);
    assert!(!own.approved && !own.may_loosen);
    assert_eq!(own.distrusted[0].what, "approved by ruth@globex.test");
    let mut settings = settings();
    settings.change_authors = vec![DAVE.to_owned()];
    let mut record = elevation();
    record.history = vec![change(DAVE, "2026-05-04T09:00:00Z", "approval", "Pending", "Approved")];
    assert!(!read_with(&record, &settings).approved, "not by the author of the change under the gate");
    // Approvers that a tracker lists: not whoever opened it, and not who put themselves there.
    let listed = |approver: &str, by: Option<&str>| {
        let mut record = elevation();
        record.fields.clear();
        record.approvers = vec![person(approver)];
        record.history = by.map(|by| change(by, BEFORE, "Approvers", "", approver)).into_iter().collect();
        read(&record).approved
    };
    assert!(listed(DAVE, None) && listed(DAVE, Some(RUTH)));
    assert!(!listed(RUTH, None) && !listed(EVE, Some(EVE)));
    // An approval in a comment that is taken back.
    let mut record = elevation();
    record.fields.clear();
    record.comments = vec![comment(person(ALICE), BEFORE, "Approved.")];
    assert!(read(&record).approved);
    record.comments.push(comment(person(ALICE), AFTER, "I withdraw my approval."));
    assert!(!read(&record).approved);
}

#[test]
fn people_are_known_by_account_and_never_by_the_name_that_is_shown() {
    let withdrawn = |author: Person, settings: &Settings| {
        let mut record = elevation();
        record.assignee = Some(Person { names: vec!["5b10a2844c".to_owned()], display: Some("Dave".to_owned()) });
        record.state = RawState { status: "Closed".to_owned(), closed: Some(true), resolution: None };
        record.comments = vec![comment(author, "2026-05-05T08:00:00Z", "Superseded, nothing was done. Closing.")];
        read_with(&record, settings).state == State::Withdrawn
    };
    let shown = |names: &[&str]| Person {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        display: Some("Dave".to_owned()),
    };
    let mut settings = settings();
    assert!(!withdrawn(shown(&[EVE]), &settings) && !withdrawn(shown(&[]), &settings));
    assert!(withdrawn(shown(&["5b10a2844c"]), &settings));
    assert!(!withdrawn(shown(&[DAVE]), &settings), "nothing says whose account that is");
    // A directory does: account ids, logins and addresses of one person.
    settings.people = vec![vec![DAVE.to_owned(), "ddavis".to_owned(), "5B10A2844C".to_owned()]];
    assert!(withdrawn(shown(&[DAVE]), &settings) && withdrawn(shown(&["ddavis"]), &settings));
    assert!(!withdrawn(shown(&["dave"]), &settings), "a first name alone is nobody");
    settings.change_authors = vec!["ddavis".to_owned()];
    assert!(!withdrawn(shown(&[DAVE]), &settings), "the change's author, under whatever name");
}

#[test]
fn the_assignee_is_who_was_assigned_by_somebody_else_at_that_time() {
    let closes = |history: Vec<Change>, when: &str| {
        let mut record = elevation();
        record.title = "Revoke AKIALOADER77GLOBEXST".to_owned();
        record.texts.clear();
        record.assignee = history.last().and_then(|change| change.to.as_deref()).map(person);
        record.state =
            RawState { status: "Closed".to_owned(), closed: Some(true), resolution: Some("Won't Do".to_owned()) };
        record.history = history;
        record.history.push(change(EVE, when, "resolution", "", "Won't Do"));
        record.history.push(change(EVE, when, "status", "In Progress", "Closed"));
        read(&record).state
    };
    let to_eve = |by: &str| change(by, "2026-05-06T08:00:00Z", "assignee", DAVE, EVE);
    let back = change(RUTH, "2026-05-08T08:00:00Z", "assignee", EVE, DAVE);
    assert_eq!(closes(vec![to_eve(RUTH)], "2026-05-07T08:00:00Z"), State::Withdrawn);
    assert_eq!(closes(vec![to_eve(EVE)], "2026-05-07T08:00:00Z"), State::Open, "by her own hand");
    assert_eq!(closes(vec![to_eve(RUTH)], "2026-05-05T07:00:00Z"), State::Open, "before she was");
    assert_eq!(closes(vec![to_eve(RUTH), back.clone()], "2026-05-09T08:00:00Z"), State::Open, "after she was");
    assert_eq!(closes(vec![to_eve(RUTH), back], "2026-05-07T08:00:00Z"), State::Withdrawn, "while she was");
}

#[test]
fn a_closing_time_is_not_made_later_by_who_may_not_reopen() {
    let mut record = elevation();
    record.title = "Rotate SMTP_PASSWORD".to_owned();
    record.history = vec![
        change(DAVE, "2026-05-05T08:00:00Z", "status", "In Progress", "Done"),
        change(EVE, "2026-05-20T08:00:00Z", "status", "Done", "Reopened"),
        change(EVE, "2026-05-21T08:00:00Z", "status", "Reopened", "Done"),
    ];
    record.closed_at = Some(at("2026-05-21T08:00:00Z"));
    let ticket = read(&record);
    assert_eq!((ticket.state, ticket.closed_at), (State::Done, Some(at("2026-05-05T08:00:00Z"))));
    assert_eq!(ticket.distrusted[0].what, "reopened by eve@globex.test");
    record.history[1].author = person(DAVE);
    let ticket = read(&record);
    assert_eq!((ticket.closed_at, ticket.distrusted.len()), (record.closed_at, 0));
}
