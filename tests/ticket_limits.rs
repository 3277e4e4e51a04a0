//! Strange and large tickets, from the export's bytes to the understanding: no panic, and time in proportion to the text. The long runs
//! are `benches/tickets`.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use driftgate::link::Index;
use driftgate::model::inventory::Inventory;
use driftgate::model::settings::Settings;
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

/// Twice the text takes about twice the time; where a machine is busy, the best of some runs counts.
#[test]
fn twice_the_text_takes_twice_the_time() {
    let known = stream::known(200);
    let index = index(&known);
    let time = |item: &str| {
        let started = Instant::now();
        let record = shapes::read(item);
        let _ticket = record.map(|record| index.understand(&record, now()));
        started.elapsed()
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
