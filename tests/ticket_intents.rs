//! The table of words' weights and the tickets that it was learnt from: as many as there are, and all of them can be learnt from. How well
//! they are read is told by `cargo bench --bench intents -- cross`.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;

use driftgate::model::ticket::Intent;

fn lines(folder: &Path, end: &str) -> Vec<(String, String)> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|of| of == end));
    files.sort();
    let text = |file: &Path| (file.display().to_string(), std::fs::read_to_string(file).unwrap());
    files.iter().map(|file| text(file)).collect()
}

#[test]
fn the_weights_are_learnt_from_as_many_tickets_as_there_are() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tickets");
    let mut count = 0;
    let mut seen = BTreeSet::new();
    for (file, text) in lines(&tests.join("intents"), "jsonl") {
        for line in text.lines() {
            let ticket: serde_json::Value = serde_json::from_str(line).unwrap();
            let intent = serde_json::from_value::<Intent>(ticket["intent"].clone());
            assert!(intent.is_ok(), "{file}: {line}");
            seen.insert(ticket["intent"].to_string());
            count += 1;
        }
    }
    assert_eq!(seen.len(), 7, "every intent has tickets: {seen:?}");
    // The wordings that the rules are tested by count too, see `benches/intents.rs`.
    for (file, text) in lines(&tests, "yaml") {
        if !file.ends_with("inventory.yaml") && !file.ends_with("words.yaml") {
            count += serde_yaml::from_str::<Vec<serde_yaml::Value>>(&text).unwrap().len();
        }
    }
    let table = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/link/weights.txt")).unwrap();
    let said = table.lines().find_map(|line| line.split_once(" from ")?.1.split(' ').next()?.parse::<usize>().ok());
    assert_eq!(said, Some(count), "learn anew: cargo bench --bench intents -- train");
}
