//! A gate that asks Jira only for what can bear on it judges as one that reads everything: the same random tickets, both ways, through
//! the real program, at a Cloud whose text search cuts words as Jira documents it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use driftgate::sources::Focus;
use serde_json::{Value, json};

use super::support::jira::{EMAIL, TOKEN, document, done, issue, time};
use super::support::{Jira, binary};

/// Random numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn of<T: Clone>(&mut self, some: &[T]) -> T {
        some[self.below(some.len())].clone()
    }

    fn word(&mut self, letters: &str, length: usize) -> String {
        let letters: Vec<char> = letters.chars().collect();
        (0..length).map(|_| letters[self.below(letters.len())]).collect()
    }

    fn constant(&mut self) -> String {
        let parts = ["DEPLOY", "NPM2", "DB", "SMTP", "KEY", "TOKEN", "V3", "PASSWORD", "CI"];
        let (first, second) = (self.of(&parts), self.of(&parts));
        format!("{first}_{second}_{}", self.word("ABCDEFGHJK234567", 3))
    }
}

/// A slot of the store, what it holds, and whose that is.
#[derive(Clone)]
struct Thing {
    slot: String,
    holds: String,
    /// What people call it.
    name: String,
    owner: String,
    live: bool,
    reached: bool,
}

fn things(dice: &mut Dice) -> Vec<Thing> {
    (0..14)
        .map(|number| {
            let reached = number < 7;
            let place = if reached { "acme/shop" } else { "acme/other" };
            let slot = match number % 7 {
                5 => format!("vault:kv:secret/team{number}/{}", dice.word("abcdefgh", 6)),
                _ => format!("github:actions-secret:{place}:{}", dice.constant()),
            };
            let holds = match number % 7 {
                3 => format!("gitlab:project-token:acme/payments:{}", 100 + dice.below(800)),
                4 => format!("vault:token:{}", dice.word("abcdefghijklmnopqrstuvwxyz0123456789", 24)),
                _ => format!("aws:access-key:AKIA{}", dice.word("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
            };
            let owner = format!("{}{number}@example.com", dice.word("bcdfgklmn", 5));
            let name = format!(
                "{} {} {number}",
                dice.of(&["Billing", "svc-deploy", "The"]),
                dice.of(&["uploader", "of CI2", "key"])
            );
            Thing { slot, holds, name, owner, live: dice.below(3) > 0, reached }
        })
        .collect()
}

/// How people name a thing.
fn mention(dice: &mut Dice, thing: &Thing) -> String {
    let id = thing.holds.rsplit(':').next().unwrap();
    let name = thing.slot.rsplit(':').next().unwrap();
    let end = &id[id.len().saturating_sub(4 + dice.below(4))..];
    let of_holds = if thing.holds.starts_with("gitlab") {
        vec![
            format!("project token {id} of acme/payments"),
            format!("the project access token (id {id}) of acme/payments"),
            thing.holds.clone(),
        ]
    } else {
        let mut all = vec![
            format!("the key {id}"),
            format!("the key ending in {end}"),
            format!("the key {}…{end}", &id[..4]),
            format!("the key ****{end}"),
            thing.holds.clone(),
            format!("\"AccessKeyId\":\"{id}\""),
            format!("access_key={id};"),
        ];
        if thing.holds.starts_with("aws") {
            all.push(format!("aws iam delete-access-key --access-key-id {id}"));
        }
        all
    };
    let of_slot = if let Some((team, path)) = name.strip_prefix("secret/").and_then(|rest| rest.split_once('/')) {
        vec![
            format!("secret/{team}/{path}"),
            format!("secret/data/{team}/{path}"),
            format!("{team}/{path}"),
            format!("vault kv metadata delete secret/{team}/{path}"),
        ]
    } else {
        let place = thing.slot.split(':').nth(2).unwrap();
        vec![
            format!("the secret {name} of {place}"),
            format!("secrets.{name} in {place}"),
            format!("${{{{ secrets.{name} }}}} in {place}"),
            format!("{place}:{name}"),
            format!("{name}=… in {place}"),
            format!("{name}, of {place}."),
            thing.slot.clone(),
        ]
    };
    match dice.below(5) {
        0 | 1 => dice.of(&of_holds),
        2 | 3 => dice.of(&of_slot),
        _ => format!("the credential \"{}\"", thing.name),
    }
}

fn ticket(dice: &mut Dice, number: usize, things: &[Thing]) -> Value {
    // Mostly older than what is asked for anyhow.
    let changed = [2_i64, 40, 60, 200, 380, 700][dice.below(6)] * 24;
    let opened = changed + i64::try_from(dice.below(60)).unwrap() * 24;
    let thing = dice.of(things);
    let verb = dice.of(&["Revoke", "Please revoke", "Rotate", "Delete", "Grant read on"]);
    let named = mention(dice, &thing);
    let handle = thing.owner.split('@').next().unwrap();
    let key = format!("SEC-{}", number + 1);
    let made = match dice.below(9) {
        0 | 1 => issue(&key, &format!("{verb} {named}"), "As agreed.", (opened, changed)),
        2 | 3 => issue(
            &key,
            &format!("{verb} the credential below"),
            &format!("Please act.\n{verb} {named}"),
            (opened, changed),
        ),
        4 => {
            let mut made = issue(&key, &format!("{verb} the leaked key"), "See the comment.", (opened, changed));
            let at = time(jiff::Timestamp::now() - jiff::SignedDuration::from_hours(opened));
            let comment = json!({"author": made["fields"]["assignee"], "created": at, "body": document(&format!("It is {named}."))});
            made["fields"]["comment"]["comments"] = json!([comment]);
            made
        }
        5 => {
            let mut made = issue(&key, &format!("{verb} as in the form"), "", (opened, changed));
            made["fields"]["customfield_10054"] = json!({"value": thing.holds.rsplit(':').next().unwrap()});
            made
        }
        6 => {
            let words = dice.of(&["Offboarding: ", "Last day of ", "Leaver ", "Resignation of "]);
            let changed = changed.min(395 * 24);
            issue(&key, &format!("{words}{}", thing.owner), "Remove all access.", (opened.max(changed), changed))
        }
        7 => {
            let changed = changed.min(395 * 24);
            let mut made =
                issue(&key, "My last day is over", "Please remove my access.", (opened.max(changed), changed));
            made["fields"]["reporter"] = json!({"emailAddress": thing.owner, "displayName": handle});
            made
        }
        _ => issue(
            &key,
            "Order new chairs",
            "The old ones are broken, and nobody needs a token for that.",
            (opened, changed),
        ),
    };
    match dice.below(4) {
        0 => made,
        1 => done(made, "Won't Do"),
        _ => done(made, "Done"),
    }
}

/// A checkout that uses the reached slots.
fn checkout(root: &Path, endpoint: &str, things: &[Thing]) {
    let mut steps = String::new();
    for (number, thing) in things.iter().filter(|thing| thing.reached).enumerate() {
        let name = thing.slot.rsplit(':').next().unwrap();
        match name.strip_prefix("secret/") {
            Some(path) => {
                let _ = write!(
                    steps,
                    "      - uses: hashicorp/vault-action@v3\n        with:\n          secrets: secret/data/{path} password | V{number}\n"
                );
            }
            None => {
                let _ = write!(
                    steps,
                    "      - run: ./deploy\n        env:\n          V{number}: ${{{{ secrets.{name} }}}}\n"
                );
            }
        }
    }
    fs::create_dir_all(root.join(".github/workflows")).unwrap();
    let workflow = format!("on: push\njobs:\n  deploy:\n    runs-on: x\n    steps:\n{steps}");
    fs::write(root.join(".github/workflows/deploy.yml"), workflow).unwrap();
    let now = jiff::Timestamp::now().to_string();
    let ago = (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * 900)).to_string();
    let slots: Vec<Value> = things
        .iter()
        .map(|thing| json!({"id": thing.slot, "name": thing.slot.rsplit(':').next(), "updated_at": ago, "holds": thing.holds}))
        .collect();
    let credentials: Vec<Value> = things
        .iter()
        .map(|thing| {
            let state = if thing.live { "live" } else { "dead" };
            json!({"id": thing.holds, "name": thing.name, "owner": thing.owner, "created_at": ago,
                "liveness": {"state": state, "method": "the issuer's list", "at": now}})
        })
        .collect();
    let inventory =
        json!({"schema": "driftgate/inventory/v1", "exported_at": now, "slots": slots, "credentials": credentials});
    fs::write(root.join("inventory.json"), inventory.to_string()).unwrap();
    for narrow in [true, false] {
        let config = format!(
            "version: 1\nrepository: acme/shop\nsources:\n  - {{kind: file, path: inventory.json}}\n  - {{kind: jira, url: '{endpoint}', \
             jql: 'project = SEC', email_env: JIRA_EMAIL, token_env: JIRA_TOKEN, cache: false, narrow: {narrow}, fields: {{credential: customfield_10054}}}}\n"
        );
        fs::write(root.join(format!("narrow-{narrow}.yaml")), config).unwrap();
    }
}

/// The verdict, the findings that block, and how many tickets were read.
fn check(root: &Path, narrow: bool) -> (Value, Vec<String>, u64, String) {
    let output = binary()
        .args(["check", "--format", "json", "--no-progress", "--no-probe", "--config"])
        .arg(root.join(format!("narrow-{narrow}.yaml")))
        .arg(root)
        .env("JIRA_EMAIL", EMAIL)
        .env("JIRA_TOKEN", TOKEN)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let report: Value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)));
    let blocking = report["findings"].as_array().unwrap().iter().filter(|finding| finding["blocking"] == true);
    let told =
        blocking.map(|f| format!("{} {} {} {}", f["rule"], f["subject"]["id"], f["tickets"], f["expected"])).collect();
    let own = report["coverage"].as_array().unwrap().iter().find(|entry| entry["source"] == "jira").unwrap();
    (report["verdict"].clone(), told, own["items"].as_u64().unwrap(), text)
}

#[test]
fn narrowed_and_full_say_the_same() {
    let server = Jira::cloud();
    let (mut found, mut narrowed, mut all) = (0, 0, 0);
    for round in 0..24 {
        let mut dice = Dice(round * 7919 + 1);
        let things = things(&mut dice);
        let tickets: Vec<Value> = (0..90).map(|number| ticket(&mut dice, number, &things)).collect();
        server.control(&json!({"issues": tickets}));
        let folder = tempfile::tempdir().unwrap();
        checkout(folder.path(), &server.endpoint, &things);
        let (full, some) = (check(folder.path(), false), check(folder.path(), true));
        assert!(!some.3.contains("not narrowed") && !some.3.contains("HTTP 400"), "round {round}: {}", some.3);
        assert_eq!((&some.0, &some.1), (&full.0, &full.1), "round {round}");
        assert_eq!(full.2, 90);
        found += full.1.len();
        narrowed += some.2;
        all += full.2;
    }
    assert!(found > 100, "only {found} findings that block: this shows little");
    assert!(narrowed * 10 < all * 8, "{narrowed} of {all} tickets were read: nothing is narrowed");
}

/// Names are hostile, and tickets that the configuration names may not exist.
#[test]
fn names_stay_names() {
    let server = Jira::cloud();
    let issues: Vec<Value> = ["SEC-1", "SEC-2", "SEC-3", "HR-1"]
        .iter()
        .map(|key| issue(key, &format!("Ticket {key} of svc-build"), "", (24 * 90, 24 * 60)))
        .collect();
    server.control(&json!({"issues": issues}));
    let read = |names: &[&str], tickets: &[&str]| {
        let mut setting = super::Setting::cloud(&server.endpoint);
        let set = |some: &[&str]| some.iter().map(|one| (*one).to_owned()).collect();
        setting.want.focus = Some(Focus { names: set(names), tickets: set(tickets) });
        let (records, account) = setting.read();
        assert_eq!(super::reasons(&account), Vec::<&str>::new());
        assert!(account.notes.iter().all(|note| !note.contains("not narrowed")), "{:?}", account.notes);
        records.into_iter().map(|record| record.id).collect::<Vec<_>>()
    };
    assert_eq!(read(&["svc-build"], &[]), ["SEC-1", "SEC-2", "SEC-3"]);
    for hostile in [
        "nothing\" OR project = HR OR text ~ \"svc",
        "nothing\\",
        "nothing\") OR (project = HR",
        "nothing*",
        "nothing?~^([",
    ] {
        assert_eq!(read(&[hostile], &[]), Vec::<String>::new(), "{hostile}");
    }
    assert_eq!(read(&["nothing"], &["SEC-2"]), ["SEC-2"]);
    assert_eq!(read(&["nothing"], &["SEC-2", "SEC-999", "HR-1", "SEC-1) OR (project = HR"]), ["SEC-2"]);
}

/// A name that no index has surely, and a query that Jira refuses: then everything is read, and it is said.
#[test]
fn what_cannot_be_narrowed_is_read_whole() {
    let server = Jira::cloud();
    let mut dice = Dice(3);
    let mut things = things(&mut dice);
    let tickets: Vec<Value> = (0..30).map(|number| ticket(&mut dice, number, &things)).collect();
    server.control(&json!({"issues": tickets}));
    let folder = tempfile::tempdir().unwrap();
    checkout(folder.path(), &server.endpoint, &things);
    let refused = json!({"path": "search/jql", "skip": 1, "status": 400});
    server.control(&json!({"faults": [refused]}));
    let (.., items, said) = check(folder.path(), true);
    assert!(items == 30 && said.contains("not narrowed: Jira refused the narrowed query"), "{said}");

    things[0].owner = "x".to_owned();
    checkout(folder.path(), &server.endpoint, &things);
    server.control(&json!({"faults": []}));
    let (.., items, said) = check(folder.path(), true);
    assert!(items == 30 && said.contains("not narrowed: Jira's search cannot find"), "{said}");
}
