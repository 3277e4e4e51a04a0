//! Blocks and pieces find what reading from the beginning finds, in its order and with its places: wrong guesses, items across blocks and
//! beyond them, what is broken, and what is no text.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::model::sieve::{Part, Reader};
use crate::model::ticket::{Person, RawState, System};
use crate::sources::export::shape::Shape;
use crate::sources::export::tests_support::about;

/// Keeps every third item.
#[derive(Debug)]
struct Third;

impl Sieve for Third {
    fn reader(&self) -> Box<dyn Reader + '_> {
        Box::new(Third)
    }
}

impl Reader for Third {
    fn part(&mut self, _part: Part, _text: &str) {}

    fn keeps(&mut self, number: &str) -> bool {
        number.parse::<u64>().is_ok_and(|number| number % 3 == 0)
    }
}

const PLAN: Plan = Plan { item: Shape::Object(&[("id", Shape::Key), ("text", Shape::Text(Part::Body))]), checks: 0 };

/// Some megabytes of a list.
fn list() -> Vec<u8> {
    let mut out = br#"{"total":1,"issues":[ "#.to_vec();
    for number in 0..9_000 {
        if number > 0 {
            out.extend_from_slice([&b",\n"[..], b",", b" ,\r\n ,"][number % 3]);
        }
        let filler = "x y, ".repeat(number % 400);
        out.extend(match number {
            // Inside, something begins as items do, in a list and in a text.
            n if n % 7 == 0 => format!(
                r#"{{"id":"{n}","text":"{filler},\n{{\"id\":\"1\",\"text\":1}}","in":[1,{{"id":"{n}","text":"{filler}"}},{{"id":"y","text":[]}}]}}"#
            ),
            // Longer than what is carried over, and longer than a block.
            100 | 5_000 => format!(r#"{{"id":"{number}","text":"{}"}}"#, "long ".repeat(300_000)),
            3_000 => format!(r#"{{"id":"{number}","text":"{}"}}"#, "longer ".repeat(1_100_000)),
            n if n % 500 == 1 => format!(r#"{{"id":"{n}","text" "{filler}"}}"#),
            n if n % 500 == 2 => "12".to_owned(),
            // A later state of an earlier item, which may have been kept.
            n if n % 11 == 0 => format!(r#"{{"id":"{}","text":"later"}}"#, n / 2),
            n => format!(r#"{{"id":"{n}","text":"{filler}é"}}"#),
        }
        .into_bytes());
        if number % 1_000 == 4 {
            // No text.
            out.extend_from_slice(b",{\"id\":\"5\",\"text\":\"\xff\"}");
        }
    }
    out.extend_from_slice(b"\n]}\n ");
    out
}

fn id(value: &Value) -> Result<String, Flaw> {
    value.get("id").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| "has no id".to_owned())
}

fn record(value: &Value) -> Result<Record, Flaw> {
    Ok(Record {
        source: String::new(),
        system: System::Jira,
        id: id(value)?,
        url: None,
        project: String::new(),
        repository: None,
        kind: None,
        title: String::new(),
        texts: Vec::new(),
        comments: Vec::new(),
        history: Vec::new(),
        labels: Vec::new(),
        fields: BTreeMap::new(),
        state: RawState { status: String::new(), closed: None, resolution: None },
        relations: Vec::new(),
        opened_at: None,
        closed_at: None,
        due_at: None,
        updated_at: None,
        reporter: Person::default(),
        assignee: None,
        approvers: Vec::new(),
        time_zone: None,
    })
}

/// The ids, what was left out and the gaps, by way of blocks.
fn by_blocks(bytes: &[u8], sift: bool) -> (Vec<String>, Account, Vec<String>) {
    let (about, ids) = (about("jira"), Mutex::new(Vec::new()));
    let mut gaps = Gaps::new(&about, "list");
    let mut account = Account::default();
    let sift = sift.then(|| Sift { sieve: &Third, plan: PLAN, fields: Vec::new() });
    let convert = |value: &Value, _: &mut Vec<Flaw>| record(value);
    let mut sink = |record: Record| ids.lock().unwrap().push(record.id);
    read(Items::new(Ahead::new(bytes), &["issues"]), &mut account, &mut gaps, &mut sink, &convert, sift.as_ref());
    let gaps = gaps.finish().into_iter().map(|gap| gap.reason).collect();
    (ids.into_inner().unwrap(), account, gaps)
}

/// The same, from the beginning, and all of it.
fn one_by_one(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let mut items = Items::new(bytes, &["issues"]);
    let (mut ids, mut gaps, mut seen) = (Vec::new(), Vec::new(), 0);
    while let Ok(Some(event)) = items.next_event() {
        seen += 1;
        let Event::Item { bytes, line, offset } = event else { continue };
        match serde_json::from_slice::<Value>(bytes).map_err(|_| "is not valid JSON".to_owned()).and_then(|v| id(&v)) {
            Ok(id) => ids.push(id),
            Err(flaw) => gaps.push(format!("list: item {seen} (line {line}, byte {offset}) {flaw}")),
        }
    }
    (ids, gaps)
}

#[test]
fn blocks_give_what_is_there_in_its_order() {
    let bytes = list();
    assert!(bytes.len() > 4 * BLOCK, "{}", bytes.len());
    let (ids, flaws) = one_by_one(&bytes);
    let (found, account, gaps) = by_blocks(&bytes, false);
    assert_eq!(found, ids);
    assert_eq!(account.items, ids.len() as u64);
    assert_eq!(gaps.len(), flaws.len());
    assert!(flaws.len() > 30);
    assert!(gaps.iter().zip(&flaws).all(|(gap, flaw)| gap.starts_with(flaw.as_str())), "{gaps:#?}\n{flaws:#?}");
    // What is left out is counted, and a later state of what was kept is kept.
    let (sifted, account, same) = by_blocks(&bytes, true);
    assert_eq!(same, gaps);
    assert_eq!(account.sifted + sifted.len() as u64, ids.len() as u64);
    assert!(account.sifted > ids.len() as u64 / 2, "{}", account.sifted);
    let mut kept = HashSet::<&str>::new();
    let expected = ids.iter().filter(|id| {
        let keeps = kept.contains(id.as_str()) || id.parse::<u64>().is_ok_and(|number| number % 3 == 0);
        if keeps {
            kept.insert(id.as_str());
        }
        keeps
    });
    assert_eq!(sifted, expected.cloned().collect::<Vec<_>>());
}

#[test]
fn a_cut_is_told_wherever_it_stands() {
    let bytes = list();
    for end in [bytes.len() - 6, 2 * BLOCK, 2 * BLOCK + 1, BLOCK + CARRY + 77, 9] {
        let (ids, _) = one_by_one(&bytes[..end]);
        let (found, _, gaps) = by_blocks(&bytes[..end], false);
        assert_eq!(found, ids, "{end}");
        let line = 1 + lines(&bytes[..end]);
        let told = gaps.last().map(String::as_str).unwrap_or_default();
        assert!(told.contains(&format!("ends in the middle, at line {line}, byte {end}")), "{told}");
    }
}
