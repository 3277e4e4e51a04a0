//! Things that share a name or a part of it: which of them a ticket acts on, where it only tells them apart, and where only a comment says
//! which; and whose comments count.

#![allow(clippy::unwrap_used)]

#[path = "support/blank.rs"]
mod support;

use driftgate::model::ticket::{Comment, Intent, RawState, State, Ticket};
use support::{at, opened, person, understood};

fn comment(author: &str, hour: u32, text: &str) -> Comment {
    let at = at(&format!("2026-05-14T{hour:02}:00:00Z"));
    Comment { author: person(author), at: Some(at), text: text.to_owned(), system: false }
}

/// The ends of the ids that a ticket links.
fn ends(ticket: &Ticket) -> Vec<String> {
    ticket.links.iter().map(|link| link.credential.to_string().split_once(':').unwrap().1.to_owned()).collect()
}

const OLD: &str = "actions-secret:globex/api:SONAR_TOKEN_OLD";
const NEW: &str = "actions-secret:globex/api:SONAR_TOKEN";

#[test]
fn a_name_that_is_only_told_apart_is_no_target() {
    for (title, text, want) in [
        (
            "`SONAR_TOKEN`: yearly renewal",
            "Fresh value, please.\n\n`SONAR_TOKEN_OLD` is a leftover and has no part in this.",
            &[NEW][..],
        ),
        ("Drop SONAR_TOKEN_OLD", "`scan.yml` reads `SONAR_TOKEN`. This one is from the very first week.", &[OLD]),
        (
            "SONAR_TOKEN_OLD may finally go",
            "Please delete it. To be clear, SONAR_TOKEN itself is what the scanner logs in with right now.",
            &[OLD],
        ),
        // What a sentence adds is meant as well.
        ("Rotate SONAR_TOKEN", "It was in a log. Please renew SONAR_TOKEN_OLD as well.", &[NEW, OLD]),
        ("Rotate the leaked secrets", "- SONAR_TOKEN\n- SONAR_TOKEN_OLD", &[NEW, OLD]),
    ] {
        let ticket = understood(&opened(title, text));
        let mut found = ends(&ticket);
        found.sort();
        assert_eq!(found, want, "{title}: {text}");
    }
}

#[test]
fn a_place_alone_says_which_one_stays() {
    let text = "Both environments of globex/billing, production and staging.";
    let says = "Leave staging as it is, the simulator has a constant. Production only.";
    for (author, want) in [
        ("ruth@globex.test", &["variable:globex/billing:STRIPE_KEY@production"][..]),
        ("dave@globex.test", &["variable:globex/billing:STRIPE_KEY@production"]),
        (
            "eve@globex.test",
            &["variable:globex/billing:STRIPE_KEY@production", "variable:globex/billing:STRIPE_KEY@staging"],
        ),
    ] {
        let mut record = opened("Rotate STRIPE_KEY", text);
        record.comments = vec![comment(author, 8, says)];
        assert_eq!(ends(&understood(&record)), want, "{author}");
    }
}

#[test]
fn an_answer_says_which_is_meant_only_by_those_who_may() {
    let question = comment("dave@globex.test", 8, "There are two of them. globex/billing or globex/mail?");
    for (author, text, want) in [
        ("ruth@globex.test", "Mine of course, mail.", &["project-token:globex/mail:41"][..]),
        ("dave@globex.test", "It is globex/billing.", &["project-token:globex/billing:41"]),
        ("eve@globex.test", "Mine of course, mail.", &[]),
        ("ruth@globex.test", "Not the one of mail.", &[]),
        // No answer, only talk.
        (
            "ruth@globex.test",
            "By the way, I met somebody of the mail team yesterday who told me that they plan to move all of their jobs to another runner soon.",
            &[],
        ),
    ] {
        let mut record = opened("Revoke project token 41", "The host is gone.");
        record.comments = vec![question.clone(), comment(author, 9, text)];
        assert_eq!(ends(&understood(&record)), want, "{author}: {text}");
    }
    // Without a question there is no answer.
    let mut record = opened("Revoke project token 41", "The host is gone.");
    record.comments = vec![comment("ruth@globex.test", 9, "Mine of course, mail.")];
    assert!(ends(&understood(&record)).is_empty());
}

#[test]
fn a_later_word_undoes_a_rotation() {
    let mut record = opened("Revoke AKIALOADER77GLOBEXST", "It was in a call.");
    record.comments = vec![
        comment("dave@globex.test", 8, "Please rotate it instead of revoking it."),
        comment("ruth@globex.test", 9, "No, please revoke it after all."),
    ];
    assert_eq!(understood(&record).intent, Intent::Revoke);
}

#[test]
fn agreement_that_is_none_drops_nothing() {
    let text = "Please deactivate:\n- AKIALOADER77GLOBEXST\n- AKIABATCH55GLOBEXUVW";
    let both = ["access-key:AKIABATCH55GLOBEXUVW", "access-key:AKIALOADER77GLOBEXST"];
    for (first, second) in [
        ("AKIALOADER77GLOBEXST stays, we need it.", "Thanks, but no: both go."),
        ("Only AKIABATCH55GLOBEXUVW then?", "Not ok, both."),
        ("Wrong key, it is AKIABATCH66GLOBEXUVX.", "I do not agree, both have to go."),
    ] {
        let mut record = opened("Two idle access keys", text);
        record.comments = vec![comment("eve@globex.test", 8, first), comment("ruth@globex.test", 9, second)];
        let found = ends(&understood(&record));
        assert!(both.iter().all(|id| found.iter().any(|found| found == id)), "{first} {second}: {found:?}");
    }
    for told in [
        "So far I have deactivated only AKIABATCH55GLOBEXUVW.",
        "Do you mean only AKIABATCH55GLOBEXUVW?",
        "Not only AKIABATCH55GLOBEXUVW.",
    ] {
        let mut record = opened("Two idle access keys", text);
        record.comments = vec![comment("dave@globex.test", 8, told)];
        assert_eq!(ends(&understood(&record)), both, "{told}");
    }
}

#[test]
fn a_yes_to_something_else_moves_no_target() {
    let own = "variable:globex/billing:STRIPE_KEY@staging";
    let other = "variable:globex/billing:STRIPE_KEY@production";
    for (question, answer, want) in [
        ("Is everything still up?", "Yes, production is green.", own),
        ("See https://wiki.globex.test/?q=x", "Yes, production is green.", own),
        ("Are you sure that you do not mean the one of production?", "Yes, production's.", other),
    ] {
        let mut record = opened("Revoke STRIPE_KEY of globex/billing in staging", "It is not used any more.");
        record.comments = vec![comment("eve@globex.test", 8, question), comment("dave@globex.test", 9, answer)];
        assert_eq!(ends(&understood(&record)), [want], "{question} {answer}");
    }
}

#[test]
fn boxes_that_tell_how_far_it_is_are_no_choice() {
    for lead in ["Please check who uses these and rotate them:", "Tick off each key as you revoke it:"] {
        let ticket = understood(&opened(
            "Revoke leaked keys",
            &format!("{lead}\n- [x] AKIALOADER77GLOBEXST\n- [ ] AKIABATCH55GLOBEXUVW"),
        ));
        assert!(ends(&ticket).iter().any(|id| id == "access-key:AKIABATCH55GLOBEXUVW"), "{lead}");
    }
}

#[test]
fn only_one_of_a_list_after_an_objection() {
    let text = "Please deactivate:\n- AKIALOADER77GLOBEXST\n- AKIABATCH55GLOBEXUVW";
    for (author, want) in [
        ("ruth@globex.test", &["access-key:AKIABATCH55GLOBEXUVW"][..]),
        ("eve@globex.test", &["access-key:AKIABATCH55GLOBEXUVW", "access-key:AKIALOADER77GLOBEXST"]),
    ] {
        let mut record = opened("Two idle access keys", text);
        record.comments = vec![comment(author, 9, "Understood, only AKIABATCH55GLOBEXUVW then.")];
        assert_eq!(ends(&understood(&record)), want, "{author}");
    }
}

#[test]
fn a_revocation_becomes_a_rotation_only_by_those_who_may_and_before_it_was_done() {
    let says = "Agreed, then please rotate it rather than revoke.";
    for (author, want) in [
        ("ruth@globex.test", Intent::Rotate),
        ("dave@globex.test", Intent::Rotate),
        ("eve@globex.test", Intent::Revoke),
    ] {
        let mut record = opened("Revoke AKIALOADER77GLOBEXST", "It was in a call.");
        record.comments = vec![comment(author, 9, says)];
        let ticket = understood(&record);
        assert_eq!(ticket.intent, want, "{author}");
        let told = ticket.distrusted.iter().any(|refused| refused.what.starts_with("rotation instead of revocation"));
        assert_eq!(told, want == Intent::Revoke, "{author}");
        record.closed_at = Some(at("2026-05-13T08:00:00Z"));
        record.state = support::done();
        assert_eq!(understood(&record).intent, Intent::Revoke, "{author}, afterwards");
    }
    for (text, want) in [
        // What is quoted is another's word, and what is told or denied orders nothing.
        ("> Please rotate it instead of revoking.\n\nNo. Revoked as planned next week.", Intent::Revoke),
        ("The replacement uses OIDC instead.", Intent::Revoke),
        ("We can't rotate it instead.", Intent::Revoke),
        ("Rotating instead of revoking is not an option.", Intent::Revoke),
        ("Instead of rotation delete it, the replacement is live.", Intent::Revoke),
        ("Forget the revocation. Rotate it instead.", Intent::Rotate),
        ("Then let's not delete it but rotate it.", Intent::Rotate),
        ("Instead of rotating it, revoke it.", Intent::Revoke),
        ("Why not rotate it instead?", Intent::Revoke),
    ] {
        let mut record = opened("Revoke AKIALOADER77GLOBEXST", "It was in a call.");
        record.comments = vec![comment("dave@globex.test", 9, text)];
        assert_eq!(understood(&record).intent, want, "{text}");
    }
}

#[test]
fn what_nobody_is_assigned_to_is_given_up_by_whoever_opened_it() {
    for (author, assignee, want) in [
        ("ruth@globex.test", None, State::Withdrawn),
        ("eve@globex.test", None, State::Done),
        ("ruth@globex.test", Some("dave@globex.test"), State::Done),
    ] {
        let mut record = opened("Revoke AKIALOADER77GLOBEXST", "It looks unused.");
        record.assignee = assignee.map(person);
        record.state = RawState { status: "Closed".to_owned(), closed: Some(true), resolution: None };
        record.closed_at = Some(at("2026-05-14T09:10:00Z"));
        record.comments = vec![comment(author, 9, "I was wrong, it is needed. I did not delete anything. Closing.")];
        assert_eq!(understood(&record).state, want, "{author}, {assignee:?}");
    }
}

#[test]
fn an_idea_that_was_dropped_beside_a_deed_withdraws_nothing() {
    for (text, want) in [
        ("We abandoned the idea of a new value and revoked it this morning.", State::Done),
        ("We abandoned the idea, the present pair lives on.", State::Withdrawn),
    ] {
        let mut record = opened("Revoke AKIALOADER77GLOBEXST", "It looks unused.");
        record.state = RawState { status: "Closed".to_owned(), closed: Some(true), resolution: None };
        record.closed_at = Some(at("2026-05-14T09:10:00Z"));
        record.comments = vec![comment("dave@globex.test", 9, text)];
        assert_eq!(understood(&record).state, want, "{text}");
    }
}

#[test]
fn tables_and_boxes_say_what_is_asked() {
    let table = |rows: &str| format!("| secret | seen | verdict |\n|---|---|---|\n{rows}");
    for (title, text, want) in [
        (
            "Housekeeping of the secrets",
            table("| SONAR_TOKEN | June | scan.yml needs it, hands off |\n| SONAR_TOKEN_OLD | May | no workflow refers to it -> delete |"),
            &[OLD][..],
        ),
        (
            "Stale credentials, week 45",
            "Tick what is to be deleted. Unticked entries are kept.\n\n- [x] SONAR_TOKEN_OLD\n- [ ] SONAR_TOKEN".to_owned(),
            &[OLD],
        ),
        (
            "Delete stale secrets",
            "## Delete\n\n- SONAR_TOKEN_OLD\n\n## Looked dead, isn't\n\n- SONAR_TOKEN\n".to_owned(),
            &[OLD],
        ),
        ("Renew leaked keys", "## Rotate\n\n- SONAR_TOKEN\n\n## Rotated last week already\n\n- SONAR_TOKEN_OLD\n".to_owned(), &[NEW]),
        (
            "Role change: omar@globex.test",
            "| Secret | so far | afterwards |\n|---|---|---|\n| SONAR_TOKEN | may read | no access |\n| SONAR_TOKEN_OLD | may read | as it is |".to_owned(),
            &[NEW],
        ),
    ] {
        let mut record = opened(title, &text);
        record.system = driftgate::model::ticket::System::Github;
        assert_eq!(ends(&understood(&record)), want, "{title}");
    }
}

#[test]
fn a_handle_behind_its_sign_is_somebody_and_a_first_name_is_nobody() {
    for (title, want) in [
        ("@omar retires", &["actions-secret:globex/api:SONAR_TOKEN"][..]),
        ("Farewell @omar: accesses", &["actions-secret:globex/api:SONAR_TOKEN"]),
        ("Omar leaves the company", &[]),
    ] {
        let ticket = understood(&opened(title, "The last day is 30 May 2026."));
        assert_eq!(ticket.intent, Intent::Offboard, "{title}");
        let found = ends(&ticket);
        assert!(want.iter().all(|id| found.iter().any(|found| found == id)), "{title}: {found:?}");
        assert_eq!(found.is_empty(), want.is_empty(), "{title}: {found:?}");
    }
}
