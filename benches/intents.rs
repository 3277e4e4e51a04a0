//! Learns what `src/link/weights.txt` holds: how much each word says about what a ticket finally asks for. It learns from tickets whose
//! intent was told by those who wrote them (`tests/tickets/intents`), one JSON object a line, and a little from the wordings that the rules are
//! tested by. `cross` judges by the weights alone; the product asks them only where a ticket names something, and where they are sure.
//!
//!   cargo bench --bench intents -- train         writes the table anew
//!   cargo bench --bench intents -- cross         learns from all files but one, and says how well that one is read; for each of them
//!   cargo bench --bench intents -- features      each ticket's intent and everything that has a weight, for other tools
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use driftgate::config::Files;
use driftgate::link::Index;
use driftgate::model::inventory::Inventory;
use driftgate::model::settings::Settings;
use driftgate::model::ticket::Record;
use driftgate::sources::github_issues::{GithubIssues, Settings as GithubSettings};
use driftgate::sources::jira::{Jira, Settings as JiraSettings};
use driftgate::sources::tracker::Context;
use driftgate::sources::{About, TicketSource, Wanted};
use serde_json::{Value, json};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("features") => features(),
        Some("train") => train(),
        Some("cross") => cross(),
        _ => println!("usage: see the head of benches/intents.rs"),
    }
}

struct Told {
    file: String,
    intent: String,
    record: Record,
}

/// Where the tickets are: the repository's own, or those that `INTENTS` names.
fn folder() -> PathBuf {
    std::env::var_os("INTENTS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tickets/intents"), PathBuf::from)
}

/// What the tickets name, as an inventory would hold it: `NPM_TOKEN`, `AKIA…`, `secret/app/db`, `svc-batch`, `deploy-bot`, "token 14",
/// whoever has an address.
fn inventory(rows: &[(String, Value)]) -> Inventory {
    let texts: Vec<String> = rows
        .iter()
        .map(|(_, row)| {
            format!("{} {}", row["title"].as_str().unwrap_or_default(), row["body"].as_str().unwrap_or_default())
        })
        .collect();
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.' | '@');
    let tokens = |text: &str| -> BTreeSet<String> {
        text.split(|c: char| !inside(c)).map(|token| token.trim_matches(['.', '/', '-', '@']).to_owned()).collect()
    };
    let mut often: BTreeMap<String, usize> = BTreeMap::new();
    for token in texts.iter().flat_map(|text| tokens(text)) {
        *often.entry(token.to_lowercase()).or_default() += 1;
    }
    let (mut ids, mut names, mut owners) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for text in &texts {
        for token in tokens(text) {
            let upper = token.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
            let lower = !token.bytes().any(|b| b.is_ascii_uppercase());
            let rare = often.get(&token.to_lowercase()).is_some_and(|count| *count == 1);
            if token.starts_with("AKIA") && token.len() == 20 {
                ids.insert(format!("aws:access-key:{token}"));
            } else if upper && token.contains('_') && token.len() > 4 {
                ids.insert(format!("github:actions-secret:acme/shop:{token}"));
            } else if token.contains('@') {
                owners.insert(token);
            } else if token.split('/').count() >= 3 && !token.contains('.') && lower {
                ids.insert(format!("vault:kv:{token}"));
            } else if token.starts_with("svc-") || token.starts_with("sa-") {
                owners.insert(token);
            } else if rare
                && token.is_ascii()
                && token.len() > 4
                && token.len() < 40
                && token.contains(['-', '_'])
                && !token.contains(['.', '/'])
            {
                names.insert(token);
            }
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        for pair in words.windows(2) {
            let noun = pair[0].trim_matches(['(', ',', '*', '`']).to_lowercase();
            let number = pair[1].trim_matches(['(', ')', ',', '.', '#', '*', '`', ':', ';']);
            let digits = (1..8).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
            if digits && matches!(noun.as_str(), "token" | "id" | "no." | "nº" | "number" | "key" | "nr." | "pat") {
                let kind = if noun == "key" { "deploy-key" } else { "project-token" };
                ids.insert(format!("gitlab:{kind}:acme/shop:{number}"));
            }
        }
    }
    let slot = |id: &&String| id.starts_with("github:actions-secret") || id.starts_with("vault:kv");
    let slots: Vec<Value> = ids.iter().filter(slot).map(|id| json!({"id": id})).collect();
    let mut credentials: Vec<Value> = ids.iter().filter(|id| !slot(id)).map(|id| json!({"id": id})).collect();
    for (number, name) in names.iter().enumerate() {
        credentials
            .push(json!({"id": format!("gitlab:project-token:acme/shop:{}", 70_000_000 + number), "name": name}));
    }
    for (number, owner) in owners.iter().enumerate() {
        let id = format!("gitlab:project-token:acme/shop:{}", 80_000_000 + number);
        credentials.push(json!({"id": id, "name": format!("token of {owner}"), "owner": owner}));
    }
    serde_json::from_value(json!({
        "schema": "driftgate/inventory/v1", "exported_at": "2026-06-01T06:00:00Z", "slots": slots, "credentials": credentials,
    }))
    .unwrap()
}

fn rows() -> Vec<(String, Value)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut out = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "jsonl")) {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        for line in std::fs::read_to_string(file).unwrap().lines().filter(|line| !line.trim().is_empty()) {
            out.push((name.clone(), serde_json::from_str(line).expect(line)));
        }
    }
    out
}

fn read(source: &dyn TicketSource) -> BTreeMap<usize, Record> {
    let mut records = BTreeMap::new();
    futures::executor::block_on(source.tickets(&Wanted::default(), &mut |record: Record| {
        let number = record.id.rsplit(['#', '-']).next().unwrap().parse().unwrap();
        records.insert(number, record);
    }));
    records
}

/// The rows as their trackers give them: forms and types are Jira's, the rest are issues.
fn told(rows: &[(String, Value)]) -> Vec<Told> {
    let scratch = tempfile::tempdir().unwrap();
    let (mut jira, mut github) = (Vec::new(), Vec::new());
    for (number, (_, row)) in rows.iter().enumerate() {
        let form = row["form"].as_object().filter(|form| !form.is_empty());
        let kind = row["kind"].as_str().unwrap_or_default();
        let created = "2026-05-02T10:00:00.000+0000";
        if form.is_some() || !kind.is_empty() {
            let mut fields = json!({
                "summary": row["title"], "description": row["body"], "issuetype": {"name": kind}, "labels": row["labels"],
                "status": {"name": "To Do", "statusCategory": {"key": "new"}}, "created": created, "updated": created,
                "reporter": {"name": "ana"}, "project": {"key": "OPS"},
            });
            for (key, value) in form.into_iter().flatten() {
                fields[format!("customfield_{key}")] = value.clone();
            }
            jira.push(json!({"id": format!("{number}"), "key": format!("OPS-{number}"), "fields": fields}));
        } else {
            github.push(json!({
                "number": number, "title": row["title"], "body": row["body"], "state": "open", "user": {"login": "ana"},
                "labels": row["labels"].as_array().map(|all| all.iter().map(|l| json!({"name": l})).collect::<Vec<_>>()),
                "created_at": "2026-05-02T10:00:00Z", "updated_at": "2026-05-02T10:00:00Z",
                "html_url": format!("https://github.com/acme/shop/issues/{number}"),
                "repository_url": "https://api.github.com/repos/acme/shop",
            }));
        }
    }
    std::fs::write(scratch.path().join("jira.json"), json!({"issues": jira, "total": jira.len()}).to_string()).unwrap();
    std::fs::write(scratch.path().join("github.json"), json!(github).to_string()).unwrap();
    let env = std::sync::Arc::new(driftgate::config::Environment::from_iter([]));
    let files = Files::Tree(scratch.path().to_owned());
    let context = Context { env: &env, files: &files, max_wait: std::time::Duration::ZERO };
    let about = |kind: &str| About { name: kind.into(), kind: kind.into(), required: true, authority: None };
    let fields = ["level", "until", "effective", "person", "credential"]
        .map(|name| (serde_json::from_value(json!(name)).unwrap(), format!("customfield_{name}")));
    let settings = JiraSettings {
        export: Some("jira.json".into()),
        fields: fields.into_iter().collect(),
        ..JiraSettings::default()
    };
    let mut records = read(&Jira::new(about("jira"), settings, Vec::new(), &context).expect("the settings"));
    let settings = GithubSettings { export: Some("github.json".into()), ..GithubSettings::default() };
    let context = driftgate::sources::github::Context {
        env: &env,
        files: &files,
        max_wait: std::time::Duration::ZERO,
        home: false,
    };
    records.extend(read(&GithubIssues::new(about("github-issues"), settings, &context).expect("the settings")));
    rows.iter()
        .enumerate()
        .map(|(number, (file, row))| Told {
            file: file.clone(),
            intent: row["intent"].as_str().unwrap_or_default().to_owned(),
            record: records.remove(&number).unwrap_or_else(|| panic!("ticket {number} of {file} was not read")),
        })
        .collect()
}

/// A ticket as it is learnt from.
struct Example {
    file: String,
    title: String,
    intent: usize,
    /// How much it counts.
    counts: f64,
    features: BTreeSet<String>,
}

fn examples() -> Vec<Example> {
    let rows = rows();
    let files: BTreeSet<&String> = rows.iter().map(|(file, _)| file).collect();
    let mut out = Vec::new();
    for file in files {
        let own: Vec<(String, Value)> = rows.iter().filter(|(of, _)| of == file).cloned().collect();
        let known = std::fs::read_to_string(folder().join(format!("{file}.inventory.json")));
        let inventory = known.map_or_else(|_| inventory(&own), |text| serde_json::from_str(&text).unwrap());
        let index = Index::new(&inventory, &[], &Settings::default());
        for told in told(&own) {
            let intent = INTENTS.iter().position(|intent| *intent == told.intent).expect(&told.intent);
            let mut features = index.features(&told.record);
            features.insert(ALWAYS.to_owned());
            out.push(Example { file: told.file, title: told.record.title, intent, counts: 1.0, features });
        }
    }
    out.extend(cases());
    out
}

/// The wordings that the rules are tested by. The rules read all of them well, as they read nothing else: so they count less.
fn cases() -> Vec<Example> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tickets");
    let text = |name: &str| std::fs::read_to_string(tests.join(name)).unwrap();
    let mut out = Vec::new();
    for (file, inventory) in CASES {
        let cases: Vec<Value> = serde_yaml::from_str(&text(file)).unwrap();
        let rows: Vec<(String, Value)> = cases
            .into_iter()
            .map(|case| {
                let row = json!({
                    "title": case["title"], "body": case["text"], "kind": case["kind"], "labels": case["labels"],
                    "form": case["fields"], "intent": case["intent"],
                });
                (format!("({file})"), row)
            })
            .collect();
        let index = Index::new(&serde_yaml::from_str(&text(inventory)).unwrap(), &[], &Settings::default());
        for told in told(&rows) {
            let intent = INTENTS.iter().position(|intent| *intent == told.intent).expect(&told.intent);
            let mut features = index.features(&told.record);
            features.insert(ALWAYS.to_owned());
            let counts = 0.2;
            out.push(Example { file: told.file, title: told.record.title, intent, counts, features });
        }
    }
    out
}

const CASES: [(&str, &str); 7] = [
    ("cases.yaml", "inventory.yaml"),
    ("asked.yaml", "inventory.yaml"),
    ("said.yaml", "inventory.yaml"),
    ("phrases.yaml", "inventory.yaml"),
    ("identifiers.yaml", "identifiers-inventory.yaml"),
    ("context.yaml", "identifiers-inventory.yaml"),
    ("stories.yaml", "identifiers-inventory.yaml"),
];

fn features() {
    let mut out = std::io::stdout().lock();
    for one in examples() {
        let intent = INTENTS[one.intent];
        writeln!(out, "{}", json!({"file": one.file, "title": one.title, "intent": intent, "features": one.features}))
            .unwrap();
    }
}

const INTENTS: [&str; 7] = ["revoke", "rotate", "offboard", "provision", "elevate", "modify", "none"];
/// What every ticket has.
const ALWAYS: &str = "always";
/// A feature of fewer tickets says nothing.
const LEAST: usize = 2;
/// How much the examples count against small weights.
const TRUST: f64 = 0.8;
const ROUNDS: usize = 400;

type Row = [f64; INTENTS.len()];
type Table = BTreeMap<String, Row>;

fn shares(sums: Row) -> Row {
    let most = sums.iter().copied().fold(f64::MIN, f64::max);
    let powers = sums.map(|sum| (sum - most).exp());
    let all: f64 = powers.iter().sum();
    powers.map(|power| power / all)
}

/// Multinomial logistic regression with small weights preferred; all examples in each round, with steps as long as each weight needs.
fn learn(examples: &[&Example]) -> Table {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for feature in examples.iter().flat_map(|one| &one.features) {
        *count.entry(feature).or_default() += 1;
    }
    let names: Vec<&str> = count.iter().filter(|(_, count)| **count >= LEAST).map(|(name, _)| *name).collect();
    let place: BTreeMap<&str, usize> = names.iter().enumerate().map(|(at, name)| (*name, at)).collect();
    let own: Vec<Vec<usize>> = examples
        .iter()
        .map(|one| one.features.iter().filter_map(|feature| place.get(feature.as_str()).copied()).collect())
        .collect();
    let mut weights = vec![Row::default(); names.len()];
    let mut steps = vec![Row::default(); names.len()];
    for _ in 0..ROUNDS {
        let mut slopes: Vec<Row> = weights.iter().map(|row| row.map(|weight| weight / TRUST)).collect();
        for (one, features) in examples.iter().zip(&own) {
            let mut sums = Row::default();
            for feature in features {
                sums.iter_mut().zip(weights[*feature]).for_each(|(sum, weight)| *sum += weight);
            }
            let mut wrong = shares(sums);
            wrong[one.intent] -= 1.0;
            let wrong = wrong.map(|wrong| wrong * one.counts);
            for feature in features {
                slopes[*feature].iter_mut().zip(wrong).for_each(|(slope, wrong)| *slope += wrong);
            }
        }
        for ((weights, steps), slopes) in weights.iter_mut().zip(&mut steps).zip(&slopes) {
            for ((weight, step), slope) in weights.iter_mut().zip(steps).zip(slopes) {
                *step += slope * slope;
                *weight -= 0.1 * slope / (step.sqrt() + 1e-9);
            }
        }
    }
    names.into_iter().map(str::to_owned).zip(weights).collect()
}

fn guess(table: &Table, one: &Example) -> usize {
    let mut sums = Row::default();
    for row in one.features.iter().filter_map(|feature| table.get(feature)) {
        sums.iter_mut().zip(row).for_each(|(sum, weight)| *sum += weight);
    }
    (0..INTENTS.len()).fold(0, |best, at| if sums[at] > sums[best] { at } else { best })
}

/// What the rules say.
fn rules(one: &Example) -> usize {
    let says = |intent: &&str| one.features.contains(&format!("r:{intent}"));
    INTENTS.iter().position(says).unwrap_or(INTENTS.len() - 1)
}

fn cross() {
    let all = examples();
    let files: BTreeSet<&String> = all.iter().map(|one| &one.file).collect();
    let (mut right, mut by_rules) = (0, 0);
    println!("file         tickets  rules  with weights learnt from the other files");
    for file in &files {
        let (own, rest): (Vec<&Example>, Vec<&Example>) = all.iter().partition(|one| &&one.file == file);
        let table = learn(&rest);
        let good = own.iter().filter(|one| guess(&table, one) == one.intent).count();
        let good_rules = own.iter().filter(|one| rules(one) == one.intent).count();
        let share = |good: usize| good as f64 / own.len() as f64;
        println!("{file:12} {:7}  {:.3}  {:.3}", own.len(), share(good_rules), share(good));
        (right, by_rules) = (right + good, by_rules + good_rules);
    }
    let share = |good: usize| good as f64 / all.len() as f64;
    println!("all          {:7}  {:.3}  {:.3}", all.len(), share(by_rules), share(right));
}

fn train() {
    let all = examples();
    let table = learn(&all.iter().collect::<Vec<_>>());
    let mut text = format!(
        "# How much each word says about what a ticket asks for, in hundredths: {}.\n\
         # Learnt by `cargo bench --bench intents -- train` from {} tickets; not written by hand.\n\
         # w: in the text, t: in the title, n: where it says what stays or was; k: type, l: label, f: field; r and p: the rules.\n",
        INTENTS.join(", "),
        all.len(),
    );
    let mut rows = 0;
    for (feature, row) in &table {
        let row = row.map(|weight| (weight * 100.0).round() as i16);
        if row.iter().any(|weight| weight.abs() >= 5) {
            rows += 1;
            text.push_str(&format!("{feature}\t{}\n", row.map(|weight| weight.to_string()).join(" ")));
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/link/weights.txt");
    std::fs::write(&path, text).unwrap();
    let good = all.iter().filter(|one| guess(&table, one) == one.intent).count();
    println!("{rows} rows from {} tickets, of which {good} are read as they were told", all.len());
}
