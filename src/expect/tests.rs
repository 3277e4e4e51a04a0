//! Tests of the fold: each row of SEMANTICS' table, order, caps, trust, and what a slot held when.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::inventory::{Credential, Level, Slot, Version};
use crate::model::ticket::{Access, Link, Removal, Strength, System, Window};

const KEY: &str = "aws:access-key:AKIAIOSFODNN7EXAMPLE";
const NEW: &str = "aws:access-key:AKIAI44QH8DHBEXAMPLE";
const SLOT: &str = "github:actions-secret:acme/shop:DEPLOY_KEY";

/// A day of May 2026, at noon.
fn may(day: i64) -> Timestamp {
    let start: Timestamp = "2026-05-01T12:00:00Z".parse().unwrap();
    start + jiff::SignedDuration::from_hours(24 * (day - 1))
}

const fn hours(hours: i64) -> jiff::SignedDuration {
    jiff::SignedDuration::from_hours(hours)
}

fn ticket(id: &str, intent: Intent, state: State, opened: i64, closed: Option<i64>, links: &[&str]) -> Ticket {
    Ticket {
        id: id.to_owned(),
        system: System::Jira,
        url: None,
        intent,
        state,
        resolution: None,
        opened_at: Some(may(opened)),
        closed_at: closed.map(may),
        due_at: None,
        effective_at: None,
        window: None,
        subject: None,
        approved: true,
        access: Access::default(),
        links: links.iter().map(|id| link(id, Strength::Id)).collect(),
        ambiguous: Vec::new(),
        source: "jira".to_owned(),
        title: String::new(),
        may_loosen: true,
        emergency: false,
        of_change: false,
        vouched_by: Vec::new(),
        subject_names: Vec::new(),
        removed: Vec::new(),
        distrusted: Vec::new(),
        edited: Vec::new(),
        stood_done: None,
        remarks: Vec::new(),
        duplicate_of: Vec::new(),
        why: Vec::new(),
        unread: None,
        traces: Vec::new(),
    }
}

fn done(id: &str, intent: Intent, opened: i64, closed: i64, links: &[&str]) -> Ticket {
    ticket(id, intent, State::Done, opened, Some(closed), links)
}

fn open(id: &str, intent: Intent, opened: i64, links: &[&str]) -> Ticket {
    ticket(id, intent, State::Open, opened, None, links)
}

fn link(id: &str, strength: Strength) -> Link {
    Link { credential: Id::new(id), strength, field: "title".into(), quote: "…".into(), trusted: true }
}

fn credential(id: &str, owner: Option<&str>, made: Option<Timestamp>) -> Credential {
    Credential { owner: owner.map(str::to_owned), created_at: made, ..Credential::bare(Id::new(id)) }
}

fn slot(written: Option<Timestamp>, holds: Option<&str>) -> Slot {
    Slot { updated_at: written, holds: holds.map(Id::new), ..Slot::bare(Id::new(SLOT)) }
}

fn version(at: Timestamp, holds: Option<&str>, value: Option<&str>) -> Version {
    let full: Value = json!({"at": at.to_string(), "holds": holds, "fingerprint": value});
    serde_json::from_value(full).unwrap()
}

fn inventory(slots: Vec<Slot>, credentials: Vec<Credential>) -> Inventory {
    Inventory { slots, credentials, ..Inventory::default() }
}

fn at(tickets: &[Ticket], inventory: &Inventory, now: Timestamp) -> Expectations {
    expect(tickets, inventory, &Settings::default(), now)
}

fn of(all: &Expectations, id: &str) -> Expected {
    all.get(&Id::new(id)).cloned().unwrap_or_default()
}

fn nothing() -> Inventory {
    Inventory::default()
}

#[test]
fn a_done_revocation_makes_dead_since_its_effective_time() {
    let closed = at(&[done("A", Intent::Revoke, 1, 2, &[KEY])], &nothing(), may(20));
    assert_eq!(of(&closed, KEY).dead.unwrap().since, may(2));
    let stated = Ticket { effective_at: Some(may(9)), ..done("A", Intent::Revoke, 1, 2, &[KEY]) };
    assert_eq!(of(&at(std::slice::from_ref(&stated), &nothing(), may(20)), KEY).dead.unwrap().since, may(9));
    assert_eq!(of(&at(&[stated], &nothing(), may(5)), KEY).dead, None, "a date that is still to come");
}

#[test]
fn withdrawn_unapproved_and_irrelevant_tickets_promise_nothing() {
    for ticket in [
        ticket("A", Intent::Revoke, State::Withdrawn, 1, Some(2), &[KEY]),
        done("A", Intent::None, 1, 2, &[KEY]),
        Ticket { links: vec![link(KEY, Strength::Owner)], ..done("A", Intent::Revoke, 1, 2, &[]) },
    ] {
        assert_eq!(at(&[ticket], &nothing(), may(20)), Expectations::default());
    }
    let unapproved = Ticket { approved: false, ..done("A", Intent::Provision, 1, 2, &[KEY]) };
    let expected = of(&at(&[unapproved], &nothing(), may(20)), KEY);
    assert_eq!((expected.approved.len(), expected.tickets.len()), (0, 1), "spoken of, and no more");
}

#[test]
fn an_open_revocation_has_until_its_due_date_and_no_later_than_may_be() {
    let deadline =
        |ticket: &Ticket| of(&at(std::slice::from_ref(ticket), &nothing(), may(3)), KEY).revoke_by.unwrap().at;
    let plain = open("A", Intent::Revoke, 1, &[KEY]);
    assert_eq!(deadline(&plain), may(2));
    assert_eq!(deadline(&Ticket { due_at: Some(may(10)), ..plain.clone() }), may(10));
    assert_eq!(deadline(&Ticket { due_at: Some(may(300)), ..plain.clone() }), may(32), "24 h and 30 days");
    assert_eq!(deadline(&Ticket { effective_at: Some(may(5)), ..plain.clone() }), may(6));
    assert_eq!(deadline(&Ticket { effective_at: Some(may(300)), ..plain }), may(32));
    let rotate = open("A", Intent::Rotate, 1, &[KEY]);
    assert_eq!(of(&at(&[rotate], &nothing(), may(3)), KEY).rotate_by.unwrap().at, may(8));
}

#[test]
fn a_stated_date_moves_a_done_ticket_by_thirty_days_at_most() {
    let far = Ticket { effective_at: Some(may(200)), ..done("A", Intent::Revoke, 1, 2, &[KEY]) };
    assert_eq!(of(&at(&[far], &nothing(), may(40)), KEY).dead.unwrap().since, may(32));
}

#[test]
fn dates_at_the_end_of_time_are_no_panic() {
    let never = Timestamp::MAX;
    for intent in [Intent::Revoke, Intent::Rotate, Intent::Offboard, Intent::Provision, Intent::Elevate] {
        for state in [State::Open, State::Done] {
            for edge in [never, Timestamp::MIN] {
                let ticket = Ticket {
                    opened_at: Some(edge),
                    closed_at: Some(edge),
                    due_at: Some(never),
                    effective_at: Some(edge),
                    subject: Some("alice@example.com".into()),
                    ..ticket("A", intent, state, 1, None, &[KEY, SLOT])
                };
                let held = inventory(vec![slot(Some(edge), Some(KEY))], vec![credential(KEY, None, Some(edge))]);
                let _ = at(&[ticket], &held, never);
            }
        }
    }
}

#[test]
fn later_tickets_override_earlier_ones_in_the_order_of_their_effective_time() {
    let revoke = done("B", Intent::Revoke, 3, 4, &[KEY]);
    let again = done("C", Intent::Provision, 5, 6, &[KEY]);
    let expected = of(&at(&[again.clone(), revoke.clone()], &nothing(), may(20)), KEY);
    assert!(expected.dead.is_none() && expected.approved.len() == 1);
    let before = Ticket { effective_at: Some(may(2)), ..again.clone() };
    assert!(of(&at(&[before, revoke.clone()], &nothing(), may(20)), KEY).dead.is_some(), "stated to be earlier");
    let untrusted = Ticket { may_loosen: false, ..again };
    let expected = of(&at(&[revoke.clone(), untrusted], &nothing(), may(20)), KEY);
    assert!(expected.dead.is_some() && expected.approved.is_empty());
    assert_eq!(expected.distrusted.len(), 1, "what was not trusted is kept for the finding");
    let same_time = [done("Z", Intent::Provision, 1, 4, &[KEY]), revoke];
    assert!(of(&at(&same_time, &nothing(), may(20)), KEY).dead.is_some(), "the one opened later speaks last");
}

#[test]
fn revoked_twice_is_dead_since_the_first_time() {
    let twice = [done("A", Intent::Revoke, 1, 2, &[KEY]), done("B", Intent::Revoke, 5, 6, &[KEY])];
    let dead = of(&at(&twice, &nothing(), may(20)), KEY).dead.unwrap();
    assert_eq!((dead.since, dead.basis.ticket), (may(2), 0));
}

#[test]
fn provisioned_limits_add_up_and_a_modify_replaces_what_it_names() {
    let access =
        |level, place: &str| Access { level: Some(level), environments: vec![place.to_owned()], ..Access::default() };
    let tickets = [
        Ticket { access: access(Level::Write, "production"), ..done("A", Intent::Provision, 1, 2, &[KEY]) },
        Ticket { access: access(Level::Write, "staging"), ..done("B", Intent::Provision, 1, 3, &[KEY]) },
        Ticket {
            access: access(Level::Read, "Production"),
            removed: vec![Removal { level: Some(Level::Write), ..Removal::default() }],
            ..done("C", Intent::Modify, 4, 5, &[KEY])
        },
    ];
    let expected = of(&at(&tickets, &nothing(), may(20)), KEY);
    let held: Vec<_> = expected.approved.iter().map(|a| (a.access.level, a.access.environments[0].as_str())).collect();
    assert_eq!(held, [(Some(Level::Write), "staging"), (Some(Level::Read), "Production")]);
    assert_eq!(expected.removed.len(), 1);
    let untrusted = Ticket { approved: false, may_loosen: false, ..tickets[2].clone() };
    let expected = of(&at(&[tickets[0].clone(), untrusted], &nothing(), may(20)), KEY);
    assert_eq!((expected.removed.len(), expected.approved.len()), (1, 1), "taking away tightens, whoever writes it");
}

#[test]
fn a_window_gives_until_its_end_and_suspends_a_revocation_only_for_its_time() {
    let window = |end| Some(Window { start: Some(may(5)), end: Some(may(end)) });
    let elevate = |end| Ticket { window: window(end), ..done("B", Intent::Elevate, 5, 6, &[KEY]) };
    let revoke = || done("A", Intent::Revoke, 1, 2, &[KEY]);
    let running = of(&at(&[revoke(), elevate(30)], &nothing(), may(20)), KEY);
    assert!(running.dead.is_none() && running.elevated[0].until == Some(may(30)));
    assert_eq!(running.elevated[0].from, may(5));
    let over = of(&at(&[revoke(), elevate(10)], &nothing(), may(20)), KEY);
    assert_eq!(over.dead.unwrap().since, may(10), "afterwards what was expected before");
    let untrusted = Ticket { may_loosen: false, ..elevate(30) };
    let expected = of(&at(&[revoke(), untrusted], &nothing(), may(20)), KEY);
    assert!(expected.dead.is_some() && expected.elevated.is_empty());
    let cut_short = [elevate(30), done("C", Intent::Revoke, 7, 8, &[KEY])];
    assert_eq!(of(&at(&cut_short, &nothing(), may(20)), KEY).dead.unwrap().since, may(8));
}

#[test]
fn a_slot_means_what_it_held_when_the_ticket_was_opened() {
    let revoke = [done("A", Intent::Revoke, 5, 6, &[SLOT])];
    let minutes = jiff::SignedDuration::from_mins;
    let same = inventory(vec![slot(Some(may(5) + minutes(4)), Some(KEY))], vec![]);
    let all = at(&revoke, &same, may(20));
    assert_eq!(of(&all, SLOT).content, Some(Content::Same));
    assert_eq!(of(&all, KEY).dead.unwrap().through, Some(Id::new(SLOT)));

    let refilled = inventory(vec![slot(Some(may(5) + minutes(6)), Some(NEW))], vec![]);
    let all = at(&revoke, &refilled, may(20));
    assert_eq!(of(&all, SLOT).content, Some(Content::Refilled));
    assert_eq!(of(&all, NEW), Expected::default(), "nothing is said of the new value");
    assert_eq!(all.notes.len(), 1, "{:?}", all.notes);

    let unknown = inventory(vec![slot(None, Some(KEY))], vec![]);
    let all = at(&revoke, &unknown, may(20));
    assert_eq!(of(&all, SLOT).content, Some(Content::Unknown));
    assert_eq!(of(&all, KEY), Expected::default());

    let younger = inventory(vec![slot(None, Some(NEW))], vec![credential(NEW, None, Some(may(7)))]);
    assert_eq!(of(&at(&revoke, &younger, may(20)), SLOT).content, Some(Content::Refilled));
}

#[test]
fn fingerprints_and_history_outrank_change_times() {
    let revoke = [done("A", Intent::Revoke, 5, 6, &[SLOT])];
    let content = |slot: Slot| of(&at(&revoke, &inventory(vec![slot], vec![]), may(20)), SLOT).content;
    let values = |first, second| Slot {
        versions: vec![version(may(8), None, Some(second)), version(may(1), None, Some(first))],
        ..slot(Some(may(8)), None)
    };
    assert_eq!(content(values("hmac-sha256:1", "hmac-sha256:1")), Some(Content::Same));
    assert_eq!(content(values("hmac-sha256:1", "hmac-sha256:2")), Some(Content::Refilled));
    let named = Slot { versions: vec![version(may(1), Some(KEY), None)], ..slot(Some(may(8)), Some(KEY)) };
    assert_eq!(content(named), Some(Content::Same));
    let holes = Slot {
        fingerprint: serde_json::from_value(json!("hmac-sha256:2")).unwrap(),
        versions: vec![version(may(1), None, Some("hmac-sha256:1"))],
        ..slot(Some(may(3)), None)
    };
    assert_eq!(content(holes), Some(Content::Same), "its last write was before the ticket");
}

#[test]
fn the_history_tells_what_a_refilled_slot_held() {
    let held = Slot { versions: vec![version(may(1), Some(KEY), None)], ..slot(Some(may(8)), Some(NEW)) };
    let held = inventory(vec![held], vec![]);
    let all = at(&[done("A", Intent::Revoke, 5, 6, &[SLOT])], &held, may(20));
    assert!(of(&all, KEY).dead.is_some() && of(&all, NEW).dead.is_none() && all.notes.is_empty());
    let all = at(&[open("A", Intent::Revoke, 5, &[SLOT])], &held, may(20));
    assert!(
        of(&all, KEY).revoke_by.is_some() && of(&all, SLOT).revoke_by.is_none() && of(&all, NEW).revoke_by.is_none()
    );
}

#[test]
fn a_rotation_asks_for_a_later_value_and_for_the_death_of_the_old_one() {
    let rotate = || done("A", Intent::Rotate, 5, 6, &[SLOT]);
    let by_history = Slot { versions: vec![version(may(1), Some(KEY), None)], ..slot(Some(may(6)), Some(NEW)) };
    let all = at(&[rotate()], &inventory(vec![by_history], vec![]), may(20));
    let rotated = of(&all, SLOT).rotated.unwrap();
    assert_eq!(rotated.threshold, may(5) - SKEW);
    assert_eq!(rotated.dead_from, may(6) + hours(24));
    assert_eq!(rotated.replaced, [Id::new(KEY)]);
    let dead = of(&all, KEY).dead.unwrap();
    assert_eq!((dead.since, dead.cause), (may(7), Cause::Replaced));

    let dated = Ticket { effective_at: Some(may(3)), ..rotate() };
    let all = at(&[dated], &inventory(vec![slot(Some(may(4)), None)], vec![]), may(20));
    assert_eq!(of(&all, SLOT).rotated.unwrap().threshold, may(3) - SKEW);
}

#[test]
fn a_rotation_within_minutes_of_its_ticket_still_replaces_what_was_before() {
    let soon = may(5) + jiff::SignedDuration::from_mins(2);
    let quick = Slot {
        versions: vec![version(soon, Some(NEW), None), version(may(1), Some(KEY), None)],
        ..slot(Some(soon), Some(NEW))
    };
    let all = at(&[done("A", Intent::Rotate, 5, 6, &[SLOT])], &inventory(vec![quick], vec![]), may(20));
    assert!(of(&all, KEY).dead.is_some() && of(&all, NEW).dead.is_none());
}

#[test]
fn the_older_of_two_keys_is_the_replaced_one() {
    let keys = |made: i64| {
        vec![credential(KEY, Some("svc-deploy"), Some(may(-300))), credential(NEW, Some("SVC-deploy"), Some(may(made)))]
    };
    let rotate = [done("A", Intent::Rotate, 5, 6, &[SLOT])];
    let all = at(&rotate, &inventory(vec![slot(Some(may(6)), Some(NEW))], keys(6)), may(20));
    assert_eq!(of(&all, SLOT).rotated.unwrap().replaced, [Id::new(KEY)]);
    let all = at(&rotate, &inventory(vec![slot(Some(may(6)), Some(NEW))], keys(1)), may(20));
    assert!(of(&all, SLOT).rotated.unwrap().replaced.is_empty(), "not made for this rotation");
}

#[test]
fn a_rotation_that_names_old_and_new_key_means_the_old_one() {
    let named = [done("A", Intent::Rotate, 5, 6, &[SLOT, KEY, NEW])];
    let filled = |made: Option<Timestamp>| {
        inventory(
            vec![slot(Some(may(5)), Some(NEW))],
            vec![credential(KEY, None, Some(may(-300))), credential(NEW, None, made)],
        )
    };
    for made in [Some(may(6)), Some(may(5) - hours(3)), None] {
        let all = at(&named, &filled(made), may(20));
        assert_eq!(of(&all, SLOT).rotated.unwrap().replaced, [Id::new(KEY)], "{made:?}");
        assert!(of(&all, NEW).dead.is_none() && of(&all, KEY).dead.is_some(), "{made:?}");
    }
    let all = at(&named, &filled(Some(may(-200))), may(20));
    assert_eq!(of(&all, SLOT).rotated.unwrap().replaced.len(), 2, "a key that old is no new key");
}

#[test]
fn an_alternating_store_keeps_its_previous_value() {
    let db = Slot {
        rotation: Some(crate::model::inventory::RotationKind::Alternating),
        versions: vec![version(may(6), Some(NEW), None), version(may(1), Some(KEY), None)],
        ..slot(Some(may(6)), Some(NEW))
    };
    let all = at(&[done("A", Intent::Rotate, 5, 6, &[SLOT])], &inventory(vec![db], vec![]), may(20));
    assert!(of(&all, KEY).dead.is_none() && all.notes.is_empty());
}

#[test]
fn a_rotation_never_softens_a_revocation() {
    let held = inventory(vec![slot(Some(may(1)), Some(KEY))], vec![credential(KEY, None, Some(may(-9)))]);
    let tickets = [done("A", Intent::Revoke, 2, 3, &[KEY]), done("B", Intent::Rotate, 5, 6, &[SLOT, KEY])];
    let dead = of(&at(&tickets, &held, may(20)), KEY).dead.unwrap();
    assert_eq!((dead.since, dead.cause), (may(3), Cause::Revoked));
}

#[test]
fn a_slots_ticket_does_not_revive_the_key_that_was_left_in_it() {
    let tickets = |link: &str| [done("A", Intent::Revoke, 2, 3, &[KEY]), done("B", Intent::Provision, 5, 6, &[link])];
    let left = inventory(vec![slot(Some(may(1)), Some(KEY))], vec![]);
    let expected = of(&at(&tickets(SLOT), &left, may(20)), KEY);
    assert!(expected.dead.is_some() && expected.distrusted.len() == 1);
    let put_back = inventory(vec![slot(Some(may(6)), Some(KEY))], vec![]);
    assert!(of(&at(&tickets(SLOT), &put_back, may(20)), KEY).dead.is_none());
    let by_name = [done("A", Intent::Revoke, 2, 3, &[SLOT]), done("B", Intent::Provision, 5, 6, &[SLOT])];
    assert!(of(&at(&by_name, &left, may(20)), KEY).dead.is_none(), "revoked and approved by the same name");
}

#[test]
fn a_join_that_only_the_configuration_states_does_not_survive_a_refill() {
    let settings = Settings { links: vec![(Id::new(SLOT), Id::new(KEY))], ..Settings::default() };
    let rotate = [done("A", Intent::Provision, 5, 6, &[SLOT])];
    let held = |day| inventory(vec![slot(Some(may(day)), Some(KEY))], vec![]);
    assert!(expect(&rotate, &held(6), &settings, may(20)).get(&Id::new(KEY)).is_some());
    assert!(expect(&rotate, &held(9), &settings, may(20)).get(&Id::new(KEY)).is_none());
}

#[test]
fn a_leavers_credentials_and_slots() {
    let shared = Slot { readers: vec!["Alice".into()], ..slot(Some(may(1)), None) };
    let held = inventory(vec![shared], vec![credential(KEY, Some("alice@example.com"), None)]);
    let settings = Settings { people: vec![vec!["alice@example.com".into(), "alice".into()]], ..Settings::default() };
    let leave = |state, closed| Ticket {
        subject: Some("alice@example.com".into()),
        ..ticket("HR", Intent::Offboard, state, 5, closed, &[])
    };
    let fold = |ticket: Ticket, now| expect(&[ticket], &held, &settings, now);
    let all = fold(leave(State::Done, Some(6)), may(20));
    assert_eq!(of(&all, KEY).owner_gone.unwrap().since, may(6));
    assert_eq!(of(&all, SLOT).readers_gone.len(), 1);
    assert_eq!(fold(leave(State::Open, None), may(5) + hours(23)).of.len(), 0);
    assert!(of(&fold(leave(State::Open, None), may(6)), KEY).owner_gone.is_some());
    let future = Ticket { effective_at: Some(may(25)), ..leave(State::Done, Some(6)) };
    assert_eq!(fold(future, may(20)).of.len(), 0);
    let named = Ticket { links: vec![link(KEY, Strength::Id)], ..leave(State::Done, Some(6)) };
    assert!(of(&fold(named, may(20)), KEY).dead.is_some(), "named itself: revoked");
    let taken_over = [leave(State::Done, Some(6)), done("B", Intent::Provision, 7, 8, &[KEY])];
    assert!(of(&expect(&taken_over, &held, &settings, may(20)), KEY).owner_gone.is_none());
}

#[test]
fn a_workloads_end_revokes_all_that_it_owns() {
    let held = inventory(vec![], vec![credential(KEY, Some("svc-legacy"), None), credential(NEW, Some("svc"), None)]);
    let end = |state, closed| Ticket {
        subject: Some("svc-legacy".into()),
        ..ticket("A", Intent::Offboard, state, 5, closed, &[])
    };
    let all = at(&[end(State::Done, Some(6))], &held, may(20));
    assert_eq!(of(&all, KEY).dead.unwrap().since, may(6));
    assert_eq!(of(&all, NEW), Expected::default());
    let late = of(&at(&[end(State::Open, None)], &held, may(20)), KEY);
    assert!(late.dead.is_none() && late.revoke_by.unwrap().at == may(6));
}

/// What is expected, with tickets by id, so that it can be compared between lists in another order.
fn by_id(all: &Expectations, tickets: &[Ticket]) -> Vec<String> {
    let name = |basis: &Basis| tickets[basis.ticket].id.clone();
    let mut out = all.notes.clone();
    for (id, e) in &all.of {
        let mut spoken: Vec<&str> = e.tickets.iter().map(|n| tickets[*n].id.as_str()).collect();
        spoken.sort_unstable();
        let dead = e.dead.as_ref().map(|d| (d.since, d.cause, name(&d.basis), d.through.clone()));
        let deadlines: Vec<_> = [&e.revoke_by, &e.rotate_by]
            .map(|d| d.as_ref().map(|d| (d.at, d.asked_at, name(&d.basis), d.content)))
            .to_vec();
        let rotated = e.rotated.as_ref().map(|r| (r.threshold, r.dead_from, name(&r.basis), r.replaced.clone()));
        let grants: Vec<_> = e.approved.iter().chain(&e.elevated).map(|a| (a.from, a.until, name(&a.basis))).collect();
        let removed: Vec<_> = e.removed.iter().map(|r| (r.since, name(&r.basis))).collect();
        let gone: Vec<_> = e.owner_gone.iter().chain(&e.readers_gone).map(|d| (d.since, name(&d.basis))).collect();
        let distrusted: Vec<_> = e.distrusted.iter().map(|(n, what)| (&tickets[*n].id, what)).collect();
        out.push(format!(
            "{id}: {spoken:?} {dead:?} {:?} {deadlines:?} {rotated:?} {grants:?} {removed:?} {gone:?} {distrusted:?}",
            e.content
        ));
    }
    out
}

fn any_ticket() -> impl Strategy<Value = Ticket> {
    let intents =
        [Intent::Provision, Intent::Modify, Intent::Elevate, Intent::Revoke, Intent::Rotate, Intent::Offboard];
    let states = [State::Open, State::Done, State::Withdrawn];
    let links = proptest::collection::vec(proptest::sample::select(&[KEY, NEW, SLOT][..]), 1..3);
    (
        proptest::sample::select(intents.to_vec()),
        proptest::sample::select(states.to_vec()),
        (1..10i64, 0..5i64, proptest::option::of(1..40i64)),
        links,
        any::<bool>(),
    )
        .prop_map(|(intent, state, (opened, took, stated), links, trusted)| Ticket {
            may_loosen: trusted,
            subject: Some("alice@example.com".into()),
            effective_at: stated.map(may),
            window: stated.map(|end| Window { start: None, end: Some(may(end)) }),
            removed: vec![Removal::default()],
            ..ticket("", intent, state, opened, Some(opened + took), &links)
        })
}

proptest! {
    #[test]
    fn the_order_in_which_tickets_are_listed_means_nothing(
        drawn in proptest::collection::vec(any_ticket(), 0..7),
        seed in any::<prop::sample::Index>(),
        written in proptest::option::of(1..12i64),
        now in 1..40i64,
    ) {
        let mut tickets = drawn;
        for (number, ticket) in tickets.iter_mut().enumerate() {
            ticket.id = format!("T-{number}");
        }
        let mut shared = slot(written.map(may), Some(NEW));
        shared.versions = vec![version(may(1), Some(KEY), None)];
        shared.readers = vec!["alice@example.com".into()];
        let held = inventory(
            vec![shared],
            vec![credential(KEY, Some("alice@example.com"), Some(may(-9))), credential(NEW, None, Some(may(4)))],
        );
        let first = by_id(&at(&tickets, &held, may(now)), &tickets);
        let mut turned = tickets.clone();
        if !turned.is_empty() {
            let by = seed.index(turned.len());
            turned.rotate_left(by);
            turned.reverse();
        }
        prop_assert_eq!(first, by_id(&at(&turned, &held, may(now)), &turned));
    }
}
