//! Strange and large tickets, from the export's bytes to the understanding: no panic, and time in proportion to the text. The long runs
//! are `benches/tickets`.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use driftgate::link::Index;
use driftgate::model::inventory::Inventory;
use driftgate::model::settings::Settings;
use support::processor::Processor;
use support::{shapes, stream};

fn now() -> jiff::Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn index(known: &[stream::Known]) -> Index {
    let inventory: Inventory = serde_json::from_value(stream::inventory(known)).unwrap();
    Index::new(&inventory, &[], &Settings::default())
}

#[test]
fn no_ticket_is_too_strange() {
    let known = stream::known(200);
    let index = index(&known);
    for number in 0..300 {
        let ticket = index.understand(&shapes::record(number, &known), now());
        assert!(ticket.links.iter().all(|link| link.quote.chars().count() <= 161), "{number}");
    }
}

/// Twice the text takes about twice the processor's time, in the best of some runs.
#[test]
fn twice_the_text_takes_twice_the_time() {
    let known = stream::known(200);
    let index = index(&known);
    let time = |item: &str| {
        let processor = Processor::start();
        let record = shapes::read(item);
        let _ticket = record.map(|record| index.understand(&record, now()));
        processor.used()
    };
    let size = 12_000;
    for ((name, one), (_, two)) in shapes::large(size, &known).into_iter().zip(shapes::large(2 * size, &known)) {
        let mut best = (Duration::MAX, Duration::MAX);
        let linear = (0..6).any(|_| {
            best = (best.0.min(time(&one)), best.1.min(time(&two)));
            // What takes no time tells nothing.
            best.1 < best.0 * 3 + Duration::from_millis(5)
        });
        assert!(linear, "{name}: {:?} and, for twice the text, {:?}", best.0, best.1);
    }
}

/// Of a long ticket the beginning and the end are read, in whatever part of it they stand, and it says so.
#[test]
fn a_long_ticket_is_read_at_both_ends_and_says_so() {
    let known = stream::known(200);
    let index = index(&known);
    let filler = "Nothing of interest.\n".repeat(100_000);
    let item = serde_json::json!({"key": "A-1", "fields": {"summary": "Clean up", "created": "2026-05-11T09:00:00.000+0000",
        "description": format!("Please revoke {}.\n{filler}Please revoke {}.\n{filler}", known[0].name, known[1].name),
        "comment": {"comments": [{"author": {"name": "bob"}, "body": format!("Actually also revoke {}.", known[2].name)}]}}});
    let ticket = index.understand(&shapes::read(&item.to_string()).unwrap(), now());
    let linked: Vec<&str> = ticket.links.iter().map(|link| link.credential.as_str()).collect();
    let mut want = [known[0].id.as_str(), known[2].id.as_str()];
    want.sort_unstable();
    assert_eq!(linked, want);
    assert!(ticket.unread.is_some_and(|why| why.contains("the middle is not read")));
    assert!(ticket.ambiguous.iter().any(|said| said.contains("too long to be read whole")));
}
