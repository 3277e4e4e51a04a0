//! Tickets that say little by themselves: comments that say what was left open, and whose count; forms, announcements that ask for
//! objections, titles of people who go, tables of what shall be, times that are counted from fulfilment.

#![allow(clippy::unwrap_used)]

#[path = "support/blank.rs"]
mod support;

use driftgate::model::inventory::Level;
use driftgate::model::ticket::{Comment, Intent, State, Ticket};
use support::{at, done, opened, person, understood};

fn comment(author: &str, hour: u32, text: &str) -> Comment {
    let at = at(&format!("2026-05-14T{hour:02}:00:00Z"));
    Comment { author: person(author), at: Some(at), text: text.to_owned(), system: false }
}

/// The intent, and the ends of the ids that a ticket links, in order.
fn came_to(ticket: &Ticket) -> (Intent, Vec<String>) {
    let ends = ticket.links.iter().map(|link| link.credential.to_string().split_once(':').unwrap().1.to_owned());
    let mut ends: Vec<String> = ends.collect();
    ends.sort();
    (ticket.intent, ends)
}

const RUTH: &str = "ruth@globex.test";
const DAVE: &str = "dave@globex.test";
const EVE: &str = "eve@globex.test";

#[test]
fn comments_say_what_a_ticket_left_open() {
    for (title, text, author, said, want) in [
        (
            "Something to revoke",
            "Details in a minute.",
            RUTH,
            "It is SONAR_TOKEN_OLD, please revoke it.",
            (Intent::Revoke, &["actions-secret:globex/api:SONAR_TOKEN_OLD"][..]),
        ),
        (
            "Something to revoke",
            "Details in a minute.",
            DAVE,
            "Called back: please revoke SONAR_TOKEN_OLD.",
            (Intent::Revoke, &["actions-secret:globex/api:SONAR_TOKEN_OLD"]),
        ),
        // What only tightens counts from anybody.
        (
            "Something to revoke",
            "Details in a minute.",
            EVE,
            "Please revoke SONAR_TOKEN_OLD.",
            (Intent::Revoke, &["actions-secret:globex/api:SONAR_TOKEN_OLD"]),
        ),
        // A grant does not: what it links is not trusted.
        (
            "Access wanted",
            "Details in a minute.",
            EVE,
            "Please grant me write access to secret/web/session.",
            (Intent::Provision, &["kv:secret/web/session"]),
        ),
        (
            "Access wanted",
            "Details in a minute.",
            RUTH,
            "Please grant me write access to secret/web/session.",
            (Intent::Provision, &["kv:secret/web/session"]),
        ),
        // What is only talked about stays so.
        (
            "How do we rotate SONAR_TOKEN?",
            "Please document it.",
            DAVE,
            "You revoke SONAR_TOKEN_OLD and set a new value.",
            (Intent::None, &[]),
        ),
    ] {
        let mut record = opened(title, text);
        record.comments = vec![comment(author, 8, said)];
        let ticket = understood(&record);
        let (intent, ends) = came_to(&ticket);
        let trusted = ticket.links.iter().all(|link| link.trusted);
        assert!(ticket.links.is_empty() || trusted == (author != EVE), "{title}: {said} ({author})");
        assert_eq!(
            (intent, ends),
            (want.0, want.1.iter().map(ToString::to_string).collect()),
            "{title}: {said} ({author})"
        );
    }
}

#[test]
fn an_end_that_a_comment_states_limits_only_what_is_lent() {
    let mut record = opened("Read access to secret/web/session for Lena", "For the rollout.");
    record.comments = vec![
        comment(RUTH, 8, "Forgot the limit: valid through 20 May 2026, 16:00 UTC."),
        comment(DAVE, 9, "You are in."),
    ];
    let ticket = understood(&record);
    assert_eq!((ticket.intent, ticket.window.unwrap().end), (Intent::Elevate, Some(at("2026-05-20T16:00:00Z"))));
    record.comments[0].text = "The rollout runs until 3 June.".to_owned();
    assert_eq!(understood(&record).intent, Intent::Provision);
}

#[test]
fn a_time_is_counted_from_fulfilment() {
    for text in [
        "How long: 45 minutes from completion of this item.",
        "She gets 45 minutes. They run from the fulfilment of this item, not from its submission.",
        "For 45 minutes. The clock starts when you complete this item.",
    ] {
        let mut record = opened("Temporary write on secret/web/session for Lena", text);
        record.state = done();
        record.closed_at = Some(at("2026-05-12T10:00:00Z"));
        let end = understood(&record).window.and_then(|window| window.end);
        assert_eq!(end, Some(at("2026-05-12T10:45:00Z")), "{text}");
    }
}

#[test]
fn who_objects_to_what_was_announced_keeps_it_and_nothing_else() {
    let table = "| Secret | Kind | Last read |\n|---|---|---|\n| SONAR_TOKEN_OLD | Actions | never |\n| DEPLOY_KEY_2023 | Actions | 210 days ago |\n\n";
    for (invites, objects) in [
        (
            "I am going to delete them in three weeks. Reply to stop me.",
            "Stop for SONAR_TOKEN_OLD: the hosts fetch it. The rest is fine with me.",
        ),
        (
            "Scheduled for deletion in 14 days. Veto by comment.",
            "Veto for SONAR_TOKEN_OLD, the drift check runs from a tag. No objection to DEPLOY_KEY_2023.",
        ),
        (
            "Removal follows if nobody objects within ten days.",
            "Please keep SONAR_TOKEN_OLD, the playbook asks for it.",
        ),
    ] {
        let mut record = opened("Secrets that nobody reads", &format!("{table}{invites}"));
        record.comments = vec![comment(EVE, 8, objects)];
        let want = (Intent::Revoke, vec!["actions-secret:globex/api:DEPLOY_KEY_2023".to_owned()]);
        assert_eq!(came_to(&understood(&record)), want, "{invites} {objects}");
    }
}

#[test]
fn boxes_and_answers_of_forms() {
    for text in [
        "Grant [ ]   Withdraw [X]\nPerson ....... Omar\nMail ......... omar@globex.test\nCause ........ post not extended",
        "( ) alta   ( ) cambio   (x) baja\nNombre: Omar\nCorreo: omar@globex.test\nMotivo: fin de las pr\u{e1}cticas",
        "What is to happen: give access -> no; take access away -> yes\nEmployee: Omar / omar@globex.test\nWhy: moved to another employer",
        "| add | no |\n| remove | yes |\n| e-mail | omar@globex.test |\n| name | Omar |\n| ground | retires |",
    ] {
        let ticket = understood(&opened("Access form", text));
        assert_eq!((ticket.intent, ticket.subject.as_deref()), (Intent::Offboard, Some("omar@globex.test")), "{text}");
    }
}

#[test]
fn titles_of_people_who_go() {
    for (title, text) in [
        ("Kofi ist weg", "Bitte alles entfernen, was er bei uns noch hat."),
        ("Gus goes", "| Payroll | informed |\n| Tokens and keys | pending |"),
        ("Leaver, name to follow", "Neither surname nor address in here."),
    ] {
        assert_eq!(understood(&opened(title, text)).intent, Intent::Offboard, "{title}");
    }
    // A contract that ends, and what is to go by its name.
    let ticket = understood(&opened("Contract with the scanner's vendor ends: drop SONAR_TOKEN_OLD", ""));
    assert_eq!(ticket.intent, Intent::Revoke);
}

#[test]
fn closings_that_say_where_it_goes_on() {
    for said in [
        "Replaced by SEC-19, which goes for the token behind it. I left it where it is. Closing.",
        "Tracked as SEC-24 instead, the variable is still in place. Closing this one.",
        "Overtaken by SEC-40, where the token behind it gets killed.",
    ] {
        let mut record = opened("Delete SONAR_TOKEN_OLD", "");
        record.state.status = "Closed".to_owned();
        record.state.closed = Some(true);
        record.closed_at = Some(at("2026-05-14T09:00:00Z"));
        record.comments = vec![comment(DAVE, 8, said)];
        assert_eq!(understood(&record).state, State::Withdrawn, "{said}");
        record.comments[0].author = person(EVE);
        assert_eq!(understood(&record).state, State::Done, "a stranger withdraws nothing: {said}");
    }
}

#[test]
fn rotations_that_ended_as_removals() {
    for said in [
        "No new token after all. I have removed the secret from this repository.",
        "Did not renew it after all, so I revoked the token and deleted the secret.",
        "Nothing to renew: the token is revoked, our secret is deleted.",
        "I took the secret out instead of replacing it.",
    ] {
        let mut record = opened("Rotate SONAR_TOKEN_OLD", "");
        record.comments = vec![comment(DAVE, 8, said)];
        assert_eq!(understood(&record).intent, Intent::Revoke, "{said}");
    }
    for said in [
        "No new errors. I deleted the old value after the new one was set.",
        "Did not renew the staging one, the new key is set and the old one deleted.",
    ] {
        let mut record = opened("Rotate SONAR_TOKEN_OLD", "");
        record.comments = vec![comment(DAVE, 8, said)];
        assert_eq!(understood(&record).intent, Intent::Rotate, "{said}");
    }
}

#[test]
fn numbers_names_and_logs() {
    let mut record =
        opened("Take flux off globex/api", "GitHub deploy key 6101 of globex/api is not used any more, please delete.");
    record.comments = vec![comment(RUTH, 8, "Correction: the name is SONAR_TOKEN_OLD, the key has to stay.")];
    assert_eq!(came_to(&understood(&record)).1, ["actions-secret:globex/api:SONAR_TOKEN_OLD"]);
    // What a log shows is acted on by nobody.
    let log = "t=1 SONAR_TOKEN=*** ok SONAR_TOKEN_OLD=*** 401 ".repeat(40);
    let ticket = understood(&opened(
        "Scan fails with 401",
        &format!("{log}\n\nIt expired. Generate another one and store it as SONAR_TOKEN_OLD."),
    ));
    assert_eq!(came_to(&ticket), (Intent::Rotate, vec!["actions-secret:globex/api:SONAR_TOKEN_OLD".to_owned()]));
}

#[test]
fn a_raise_is_asked_for_and_what_falls_short_is_no_level() {
    let ticket = understood(&opened("deploy-prod should be an admin", "Our rig can't create groups with it."));
    assert_eq!((ticket.intent, ticket.access.level), (Intent::Provision, Some(Level::Admin)));
    let ticket = understood(&opened("flux may only read", "Grant it write access on globex/api."));
    assert_eq!((ticket.intent, ticket.access.level), (Intent::Provision, Some(Level::Write)));
    let ticket = understood(&opened("Deploy-Key flux darf zu viel", "Bitte auf Nur-Lesen herabsetzen."));
    assert_eq!((ticket.intent, ticket.access.level), (Intent::Modify, Some(Level::Read)));
}

#[test]
fn why_it_was_opened_again_keeps_nothing() {
    let mut record = opened("Get rid of SONAR_TOKEN_OLD", "As soon as the app runs.");
    record.state.status = "Reopened".to_owned();
    record.comments = vec![
        comment(DAVE, 8, "Done."),
        comment(RUTH, 9, "The nightly still logs in with SONAR_TOKEN_OLD. Opening again."),
    ];
    assert_eq!(came_to(&understood(&record)).1, ["actions-secret:globex/api:SONAR_TOKEN_OLD"]);
}
