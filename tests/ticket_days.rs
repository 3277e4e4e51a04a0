//! From when an action holds and until when an access does, where comments move it, a sentence speaks of a day that another told, or
//! nothing but the day of the action is said; and whose comments count.

#![allow(clippy::unwrap_used)]

#[path = "support/blank.rs"]
mod support;

use driftgate::model::ticket::{Comment, Intent};
use support::{at, opened, person, understood};

fn comment(author: &str, text: &str) -> Comment {
    Comment { author: person(author), at: Some(at("2026-05-14T08:00:00Z")), text: text.to_owned(), system: false }
}

#[test]
fn the_day_of_the_action_where_no_word_says_from_when() {
    for (title, text, want) in [
        ("Revoke DEPLOY_KEY_2023 of globex/api", "It goes dark on 1 June.", Some("2026-06-01T00:00:00Z")),
        ("Remove SMTP_PASSWORD", "Removal: 26 May, 9:00 UTC.", Some("2026-05-26T09:00:00Z")),
        ("Remove SMTP_PASSWORD", "It must work until 20 May 12:00 UTC, then delete it.", Some("2026-05-20T12:00:00Z")),
        (
            "Remove SMTP_PASSWORD",
            "The relay is unplugged on 22 May at 18:00 UTC. At that moment delete the variable.",
            Some("2026-05-22T18:00:00Z"),
        ),
        ("Revoke SMTP_PASSWORD", "It will be revoked on the 18th at 20:00 UTC.", Some("2026-05-18T20:00:00Z")),
        // None of these is one.
        ("Revoke SMTP_PASSWORD", "The audit is on 12 June.", None),
        ("Revoke SMTP_PASSWORD", "Please do so before the next invoice is made on 16 June.", None),
        ("Revoke SMTP_PASSWORD", "I do not want to discuss it at the meeting on 1 June.", None),
        ("Revoke SMTP_PASSWORD", "The report of 1 May names it, that of 1 June must not.", None),
    ] {
        let ticket = understood(&opened(title, text));
        assert_eq!(ticket.intent, Intent::Revoke, "{title}: {text}");
        assert_eq!(ticket.effective_at, want.map(at), "{title}: {text}");
    }
}

#[test]
fn an_hour_of_that_day_is_one_of_the_day_before_it() {
    let ticket = understood(&opened(
        "Rotate SMTP_PASSWORD",
        "The office is closed on 25 May 2026. The password gets a new value at 10:00 UTC on that day.",
    ));
    assert_eq!(ticket.effective_at, Some(at("2026-05-25T10:00:00Z")));
}

#[test]
fn a_comment_moves_the_day_only_from_those_who_may() {
    let text = "Remove SMTP_PASSWORD with effect from 20 May 2026.";
    for (author, want) in [
        ("ruth@globex.test", "2026-06-03T00:00:00Z"),
        ("dave@globex.test", "2026-06-03T00:00:00Z"),
        ("eve@globex.test", "2026-05-20T00:00:00Z"),
    ] {
        let mut record = opened("SMTP_PASSWORD", text);
        record.comments = vec![comment(author, "We postpone: the new date is 3 June 2026.")];
        let ticket = understood(&record);
        assert_eq!(ticket.effective_at, Some(at(want)), "{author}");
        let told = ticket.distrusted.iter().any(|refused| refused.what.starts_with("effective date moved"));
        assert_eq!(told, author == "eve@globex.test", "{author}");
    }
    // What was done holds from then on, whoever writes something else afterwards.
    for author in ["ruth@globex.test", "dave@globex.test"] {
        let mut record = opened("SMTP_PASSWORD", text);
        record.closed_at = Some(at("2026-05-13T08:00:00Z"));
        record.state = support::done();
        record.comments = vec![comment(author, "We postpone: the new date is 3 June 2026.")];
        assert_eq!(understood(&record).effective_at, Some(at("2026-05-20T00:00:00Z")), "{author}");
    }
    // A question, and another thing that is moved, move nothing.
    for said in ["Can we postpone it to 3 June 2026?", "The call is moved to 3 June 2026."] {
        let mut record = opened("SMTP_PASSWORD", text);
        record.comments = vec![comment("dave@globex.test", said)];
        assert_eq!(understood(&record).effective_at, Some(at("2026-05-20T00:00:00Z")), "{said}");
    }
}

#[test]
fn an_access_ends_sooner_by_anybodys_word_and_later_by_those_who_may() {
    let asked = "Temporary write on secret/billing/db until 2026-05-20 16:00 UTC";
    for (author, said, want) in [
        ("eve@globex.test", "We shorten it: access ends on 15 May at 12:00 UTC.", "2026-05-15T12:00:00Z"),
        ("eve@globex.test", "Approved, end moves to 22 May 16:00 UTC.", "2026-05-20T16:00:00Z"),
        ("dave@globex.test", "Approved, end moves to 22 May 16:00 UTC.", "2026-05-22T16:00:00Z"),
        ("dave@globex.test", "Add two more hours, approved.", "2026-05-20T18:00:00Z"),
        ("eve@globex.test", "Add two more hours, approved.", "2026-05-20T16:00:00Z"),
        ("dave@globex.test", "No extension. The end stays 20 May 18:00.", "2026-05-20T16:00:00Z"),
        ("dave@globex.test", "Extended until 21 May 05:30 UTC, report until 29 May.", "2026-05-21T05:30:00Z"),
    ] {
        let mut record = opened(asked, "");
        record.comments = vec![comment(author, said)];
        let ticket = understood(&record);
        assert_eq!(ticket.window.unwrap().end, Some(at(want)), "{author}: {said}");
    }
    // A longer end that was not believed is told, in whatever words it was granted.
    let mut record = opened(asked, "");
    record.comments = vec![comment("eve@globex.test", "Approved until 22 May 16:00 UTC.")];
    let ticket = understood(&record);
    assert_eq!(ticket.window.unwrap().end, Some(at("2026-05-20T16:00:00Z")));
    assert_eq!(ticket.distrusted[0].what, "window extended by eve@globex.test");
    // What somebody asks for holds when somebody who may grants it.
    for (author, want) in [("dave@globex.test", "2026-05-22T20:00:00Z"), ("eve@globex.test", "2026-05-20T16:00:00Z")] {
        let mut record = opened(asked, "");
        record.comments = vec![
            comment("ruth@globex.test", "Can we move the end to 2026-05-22 20:00 UTC?"),
            comment(author, "Fine with me, extended as asked."),
        ];
        assert_eq!(understood(&record).window.unwrap().end, Some(at(want)), "{author}");
    }
}

#[test]
fn an_objection_that_whoever_opened_it_follows_keeps_what_it_names() {
    let text = "Please delete:\n- SONAR_TOKEN\n- SMTP_PASSWORD";
    for (answer, kept) in
        [("Then strike that line.", true), ("No, it goes.", false), ("Scratch that, delete both.", false)]
    {
        let mut record = opened("Two leftovers to delete", text);
        record.comments = vec![
            comment("eve@globex.test", "SONAR_TOKEN has to stay, the nightly scan reads it."),
            comment("ruth@globex.test", answer),
        ];
        let links = understood(&record).links;
        assert_eq!(links.len(), 2 - usize::from(kept), "{answer}: {links:?}");
    }
}

/// Whatever a ticket of many sentences says of "that day": none looks back through all the others.
#[test]
fn a_long_row_of_such_sentences_is_read_as_any_other() {
    let row = "At 10:00 on that day? ".repeat(20_000);
    let mut record = opened("Revoke SMTP_PASSWORD", "It leaked.");
    record.comments = vec![comment("dave@globex.test", &format!("{row} It takes effect at 11:00 on that day."))];
    assert_eq!(understood(&record).intent, Intent::Revoke);
}
