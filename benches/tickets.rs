//! What `benches/tickets` runs: makes the stream of tickets, searches it the slow way, and reads tickets that are strange or large.
//!
//!   cargo bench --bench tickets -- generate FOLDER TICKETS IDENTIFIERS
//!   cargo bench --bench tickets -- brute FOLDER TICKETS IDENTIFIERS     links beside a search for every name in every text
//!   cargo bench --bench tickets -- fuzz CASES [FIRST]                   no panic; the slowest case is told, by the processor's time
//!   cargo bench --bench tickets -- large MEGABYTES [SHAPE]              one ticket of that size in each shape; processor's time
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs, dead_code, unreachable_pub)]

#[path = "../tests/support/processor.rs"]
mod processor;
#[path = "../tests/support/shapes.rs"]
mod shapes;
#[path = "../tests/support/stream.rs"]
mod stream;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use driftgate::config::Files;
use driftgate::link::Index;
use driftgate::model::inventory::Inventory;
use driftgate::model::settings::Settings;
use driftgate::model::ticket::Record;
use driftgate::sources::jira::{Jira, Settings as JiraSettings};
use driftgate::sources::tracker::Context;
use driftgate::sources::{About, TicketSource, Wanted};
use processor::Processor;
use rayon::prelude::*;
use stream::Known;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number = |at: usize| arguments.get(at).and_then(|n| n.parse::<usize>().ok());
    match (arguments.first().map(String::as_str), arguments.get(1)) {
        (Some("generate"), Some(folder)) => {
            generate(Path::new(folder), number(2).unwrap_or(1_000_000), number(3).unwrap_or(100_000));
        }
        (Some("brute"), Some(folder)) => {
            brute(Path::new(folder), number(2).unwrap_or(10_000), number(3).unwrap_or(100_000));
        }
        (Some("fuzz"), _) => fuzz(number(1).unwrap_or(1_000_000), number(2).unwrap_or(0)),
        (Some("large"), _) => large(number(1).unwrap_or(10) << 20, arguments.get(2).map_or("", String::as_str)),
        _ => println!("usage: see the head of benches/tickets.rs"),
    }
}

fn generate(folder: &Path, tickets: usize, identifiers: usize) {
    let known = stream::known(identifiers);
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("inventory.json"), stream::inventory(&known).to_string()).unwrap();
    let names: Vec<&str> = known.iter().map(|known| known.name.as_str()).collect();
    std::fs::write(folder.join("identifiers"), names.join("\n") + "\n").unwrap();
    std::fs::write(folder.join(".driftgate.yaml"), stream::CONFIGURATION).unwrap();
    let mut out = BufWriter::new(File::create(folder.join("jira.json")).unwrap());
    write!(out, "{{\"total\":{tickets},\"issues\":[").unwrap();
    for number in 0..tickets {
        let between = if number == 0 { "" } else { ",\n" };
        write!(out, "{between}{}", stream::ticket(number, &known).0).unwrap();
    }
    write!(out, "]}}").unwrap();
    out.flush().unwrap();
}

fn index(known: &[Known]) -> Index {
    let inventory: Inventory = serde_json::from_value(stream::inventory(known)).unwrap();
    Index::new(&inventory, &[], &Settings::default())
}

fn read(folder: &Path, want: &Wanted) -> (Vec<Record>, u64) {
    let about = About { name: "jira".into(), kind: "jira".into(), required: true, authority: None };
    let settings = JiraSettings { export: Some("jira.json".into()), ..JiraSettings::default() };
    let env = std::sync::Arc::new(driftgate::config::Environment::from_iter([]));
    let files = Files::Tree(folder.to_owned());
    let context = Context { env: &env, files: &files, max_wait: std::time::Duration::ZERO };
    let source = Jira::new(about, settings, Vec::new(), &context).expect("the settings");
    let mut records = Vec::new();
    let account = futures::executor::block_on(source.tickets(want, &mut |record| records.push(record)));
    (records, account.sifted)
}

fn now() -> jiff::Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn brute(folder: &Path, tickets: usize, identifiers: usize) {
    generate(folder, tickets, identifiers);
    let known = stream::known(identifiers);
    let index = index(&known);
    let started = Instant::now();
    let (records, sifted) = read(folder, &Wanted { sieve: Some(index.sieve()), ..Wanted::default() });
    let understood = records.par_iter().map(|record| index.understand(record, now()));
    let found: BTreeSet<(String, String)> = understood
        .flat_map_iter(|ticket| {
            let id = ticket.id;
            ticket.links.into_iter().map(move |link| (id.clone(), link.credential.to_string()))
        })
        .collect();
    println!("read           {:.2} s, {sifted} of {tickets} left out", started.elapsed().as_secs_f64());
    let started = Instant::now();
    let joined = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '@'));
    let all = read(folder, &Wanted::default()).0;
    let naive: BTreeSet<(String, String)> = known
        .par_iter()
        .flat_map_iter(|known| {
            let finder = memchr::memmem::Finder::new(&known.name);
            let named = all.iter().filter(move |record| {
                let texts = record.texts.iter().map(|text| &text.text);
                let comments = record.comments.iter().map(|comment| &comment.text);
                std::iter::once(&record.title).chain(texts).chain(comments).any(|text| {
                    finder.find_iter(text.as_bytes()).any(|at| {
                        !joined(text[..at].chars().next_back()) && !joined(text[at + known.name.len()..].chars().next())
                    })
                })
            });
            named.map(|record| (record.id.clone(), known.id.clone()))
        })
        .collect();
    println!("brute force    {:.2} s", started.elapsed().as_secs_f64());
    println!("links          {}, the same: {}", naive.len(), found == naive);
    for (ticket, id) in found.symmetric_difference(&naive).take(20) {
        println!(
            "  {ticket} {id} only {}",
            if naive.contains(&(ticket.clone(), id.clone())) { "searched" } else { "linked" }
        );
    }
}

fn fuzz(cases: usize, first: usize) {
    let known = stream::known(2_000);
    let index = index(&known);
    let started = Instant::now();
    let slowest = (first..first + cases)
        .into_par_iter()
        .map(|case| {
            let record = shapes::record(case as u64, &known);
            let processor = Processor::start();
            let ticket = index.understand(&record, now());
            assert!(ticket.links.iter().all(|link| link.quote.chars().count() <= 161));
            (processor.used().as_secs_f64(), case)
        })
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .unwrap_or_default();
    println!("cases          {cases} in {:.1} s, no panic", started.elapsed().as_secs_f64());
    println!("slowest        {:.1} ms, case {}", slowest.0 * 1e3, slowest.1);
}

fn large(bytes: usize, wanted: &str) {
    let known = stream::known(2_000);
    let index = index(&known);
    for (name, item) in shapes::large(bytes, &known) {
        if !name.contains(wanted) {
            continue;
        }
        let processor = Processor::start();
        let record = shapes::read(&item);
        let read = processor.used().as_secs_f64();
        let ticket = record.map(|record| index.understand(&record, now()));
        let took = processor.used().as_secs_f64();
        let told = ticket.map_or("a gap".to_owned(), |ticket| {
            format!("{} links{}", ticket.links.len(), if ticket.unread.is_some() { ", cut" } else { "" })
        });
        let size = item.len() as f64 / 1e6;
        println!("{name:24} {size:6.1} MB {took:7.2} s, {read:.2} s of it to read; {told}");
    }
}
