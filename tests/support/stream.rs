//! A stream of tickets as a busy tracker has them, made up and always the same: bugs, features, chores, some requests for access, and
//! in one of two hundred the name of something in the inventory. Texts are ours; nobody's tracker was copied.

use std::fmt::Write;

use serde_json::{Value, json};

/// Something that tickets may name.
pub struct Known {
    /// Its id.
    pub id: String,
    /// As tickets write it; no other has the same.
    pub name: String,
}

/// Numbers that look random and are always the same.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap()
    }

    pub fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn letters(&mut self, of: &[u8], count: usize) -> String {
        (0..count).map(|_| char::from(of[self.below(of.len())])).collect()
    }
}

/// A configuration that reads an inventory and an export.
pub const CONFIGURATION: &str = "version: 1\nrepository: acme/shop\nsources:\n  - {kind: file, path: inventory.json}\n  - {kind: jira, export: jira.json}\n";

const TEAMS: &[&str] =
    &["payments", "checkout", "search", "mobile", "billing", "identity", "warehouse", "catalog", "growth", "platform"];
const THINGS: &[&str] =
    &["deploy", "mirror", "backup", "metrics", "mailer", "importer", "exporter", "scanner", "publisher", "relay"];

/// What the inventory holds: access keys, secrets of repositories, paths, accessors, tokens and keys whose names have blanks.
pub fn known(count: usize) -> Vec<Known> {
    const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const ANY: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut dice = Dice::new(1);
    (0..count)
        .map(|n| {
            let (team, thing) = (dice.one(TEAMS), dice.one(THINGS));
            let (id, name) = match n % 20 {
                0..=6 => {
                    let key = format!("AKIA{}", dice.letters(BASE32, 16));
                    (format!("aws:access-key:{key}"), key)
                }
                7..=11 => {
                    let name = format!("{}_{}_KEY_{n}", team.to_uppercase(), thing.to_uppercase());
                    (format!("github:actions-secret:acme/{team}-{}:{name}", n % 97), name)
                }
                12..=14 => {
                    let path = format!("secret/{team}/{thing}-{n}");
                    (format!("vault:kv:{path}"), path)
                }
                15..=16 => {
                    let accessor = format!("hvs{}", dice.letters(ANY, 21));
                    (format!("vault:token:{accessor}"), accessor)
                }
                17..=18 => {
                    let name = format!("{team} {thing} token {n}");
                    (format!("gitlab:project-token:acme/{team}:{}", 5_000_000 + n), name)
                }
                _ => {
                    let name = format!("{thing} key of {team} host {n}");
                    (format!("github:deploy-key:acme/{team}-{}:{}", n % 97, 9_000_000 + n), name)
                }
            };
            Known { id, name }
        })
        .collect()
}

/// The inventory that holds them.
pub fn inventory(known: &[Known]) -> Value {
    let is_slot = |known: &&Known| known.id.starts_with("github:actions-secret") || known.id.starts_with("vault:kv");
    let entry = |known: &Known| match known.id.starts_with("aws:") || known.id.starts_with("vault:token") {
        true => json!({"id": known.id}),
        false => json!({"id": known.id, "name": known.name}),
    };
    json!({
        "schema": "driftgate/inventory/v1",
        "exported_at": "2026-06-01T06:00:00Z",
        "slots": known.iter().filter(is_slot).map(entry).collect::<Vec<_>>(),
        "credentials": known.iter().filter(|known| !is_slot(known)).map(entry).collect::<Vec<_>>(),
    })
}

const TITLES: &[&str] = &[
    "Blank page after saving the profile",
    "{svc}: pods restart every {n} minutes",
    "Sort orders by date, not by name",
    "Upgrade {lib} to {v}",
    "Slow search for customers in {place}",
    "Filter for open invoices",
    "Flaky test in the discount rules",
    "Typo on the pricing page",
    "Retry failed webhooks of {svc}",
    "Timeout in the nightly import",
    "Dark mode for the {svc} console",
    "Export as CSV cuts long lines",
    "Move {svc} to the new cluster",
    "Alert when the queue of {svc} is longer than {n}",
    "Memory leak in {svc}",
    "Wrong currency on receipts in {place}",
    "Remove feature flag for the old cart",
    "Document the {svc} runbook",
    "Broken link in the footer",
    "Add a column for the order number",
    "Spike: replace {lib}",
    "Crash when the basket is empty",
    "Pagination of the audit view",
    "Disk of {svc} at {n} percent",
    "Translate the mails of {svc}",
    "Accessibility of the date picker",
];

const SENTENCES: &[&str] = &[
    "After the last release the page stays blank in {browser}, the console shows an error in {svc}.",
    "The pods of {svc} restart every {n} minutes; memory grows until the limit is reached.",
    "Steps to reproduce: open the settings, choose another language, press save and reload the page.",
    "Expected: the list is sorted by date. Actual: it is sorted by name.",
    "We should move the dashboards of {svc} into the shared folder before the review on Thursday.",
    "Please add a retry with backoff to the client of {svc}, the upstream answers 503 now and then.",
    "The nightly import failed with a timeout after {n} seconds, the log of {svc} is attached.",
    "The changelog of {lib} {v} mentions a fix for the crash that we see.",
    "Customers in {place} report a slow search, the 95th percentile went from {n} ms to {m} ms.",
    "Once everybody is on the new cart, the feature flag and its code can be deleted.",
    "The documentation of the export endpoint is outdated, the example does not run.",
    "Long addresses are cut off on the invoice, see the screenshot.",
    "As a shop owner I want to filter orders by status, so that I find the open ones faster.",
    "The filter is kept when I come back to the page, and it shows how many orders match.",
    "Root cause was a missing index on the orders table, which came with the migration of last week.",
    "It happens for about one in {n} requests and only under load.",
    "I cannot reproduce it on my machine, which browser do you use?",
    "Unit tests for the discount rules fail now and then, it looks like a race.",
    "The cache key collides for two shops with the same slug, so one sees the prices of the other.",
    "Parsing of a token in the markdown renderer breaks on nested lists.",
    "Add a column for the tax number to the monthly report, finance asked for it.",
    "The disk of {svc} is at {n} percent, old snapshots are not cleaned up.",
    "Nobody looks at this alert any more, it fires {n} times a day.",
    "Support has {n} cases for it since Monday, so it would be good to have it in the next sprint.",
    "The design is in the file that {person} shared, the spacing of the cards is not final yet.",
    "Design review took place, {person} will update the mockups.",
    "In {place} the currency sign stands in front of the amount, everywhere else behind it.",
    "The load test with {n} users ran for an hour without errors on staging.",
    "We agreed to split this into two stories, one for the backend and one for the app.",
    "Blocked by the upgrade of {lib}, which {person} is working on.",
    "The mails that {svc} sends are only in English, half of our customers read Spanish.",
    "A screen reader does not announce the chosen date, the label is missing.",
    "The job runs at 02:00 UTC and overlaps with the backup since the backup takes {n} minutes.",
    "Error rate of {svc} is back to normal after the rollback at {n}:15.",
    "It would help to see the number of waiting jobs next to the name of the queue.",
    "The error message says only 'something went wrong', which helps nobody.",
    "Seen in version {v} on Android, iOS is fine.",
    "See https://wiki.example.com/display/{svc}/runbook-{n} for how to restart it by hand.",
    "{person} wrote a first version in https://git.example.com/acme/{svc}/merge_requests/{n}.",
    "{n} of {m} items were imported, the rest has no weight and is left out.",
    "Estimate: two days, most of it for the tests.",
    "Wird beim n\u{e4}chsten Termin mit {person} besprochen, bis dahin bleibt es so.",
    "Le probl\u{e8}me ne se produit qu'avec des commandes de plus de {n} articles.",
];

/// Requests for access that name nothing in the inventory.
const REQUESTS: &[(&str, &str)] = &[
    ("Access to the {svc} dashboards", "Please give {person} read access to the dashboards of {svc}."),
    (
        "Rotate the shared password of the {svc} test system",
        "It was posted in a channel, so please rotate it this week.",
    ),
    ("Onboarding of a new colleague", "{person} starts on Monday and needs write access to {svc}."),
    ("Revoke the old upload token of {svc}", "Nobody uses it since the migration."),
    ("Remove the test account of {svc}", "It is not used any more."),
    ("Temporary admin on the {svc} database", "For the migration, until Friday."),
];

/// Requests that name something.
const NAMED: &[(&str, &str)] = &[
    ("Revoke a credential of {svc}", "Please revoke `{name}`, it was found in a build log."),
    ("Rotate `{name}`", "It is older than a year. {svc} picks the new value up by itself."),
    (
        "Clean-up after the audit of {svc}",
        "The audit says that nobody needs this any more.\n\nPlease revoke:\n* {name}",
    ),
    ("Leaked credential in {svc}", "Somebody pasted it into the chat.\n\nRevoke {name} today."),
    ("Revoke \"{name}\"", "The host was scrapped with the move of {svc}."),
];

fn filled(template: &str, dice: &mut Dice) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        let end = at + rest[at..].find('}').unwrap();
        match &rest[at + 1..end] {
            "svc" => out.push_str(dice.one(&[
                "orders-api",
                "cart",
                "search-indexer",
                "mail-worker",
                "gateway",
                "invoice-service",
                "image-proxy",
                "ledger",
            ])),
            "n" => write!(out, "{}", 2 + dice.below(57)).unwrap(),
            "m" => write!(out, "{}", 100 + dice.below(900)).unwrap(),
            "v" => write!(out, "{}.{}.{}", dice.below(9), dice.below(30), dice.below(9)).unwrap(),
            "lib" => {
                out.push_str(dice.one(&["lodash", "spring-boot", "django", "openssl", "react", "netty", "pandas"]))
            }
            "place" => out.push_str(dice.one(&["Spain", "Austria", "Canada", "Brazil", "Japan"])),
            "browser" => out.push_str(dice.one(&["Firefox", "Safari", "Chrome", "Edge"])),
            "person" => out.push_str(dice.one(&["Ana", "Bruno", "Chidi", "Dilara", "Emil", "Farah", "Goran"])),
            "name" => out.push_str("{name}"),
            other => panic!("{other}"),
        }
        rest = &rest[end + 1..];
    }
    out + rest
}

/// The ticket of a number, as Jira's second API gives it, and what it names.
pub fn ticket(number: usize, known: &[Known]) -> (Value, Option<usize>) {
    let mut dice = Dice::new(number as u64 + 1_000);
    let named = (dice.below(200) == 0).then(|| dice.below(known.len()));
    let pair = match named {
        Some(_) => Some(NAMED[dice.below(NAMED.len())]),
        None => (dice.below(100) == 0).then(|| REQUESTS[dice.below(REQUESTS.len())]),
    };
    let name = named.map_or("", |of| known[of].name.as_str());
    let title = filled(pair.map_or_else(|| dice.one(TITLES), |(title, _)| title), &mut dice).replace("{name}", name);
    let mut text = pair.map(|(_, text)| filled(text, &mut dice).replace("{name}", name)).unwrap_or_default();
    if named.is_none() {
        let length = 150 + dice.below(450);
        while text.len() < length {
            text.push_str(if text.is_empty() { "" } else { dice.one(&[" ", " ", "\n", "\n\n"]) });
            text.push_str(&filled(dice.one(SENTENCES), &mut dice));
        }
    }
    let comments: Vec<Value> = (0..if named.is_some() { 0 } else { dice.below(3) })
        .map(|_| {
            let body = filled(dice.one(SENTENCES), &mut dice);
            json!({"author": {"name": dice.one(TEAMS)}, "body": body, "created": "2026-05-02T10:00:00.000+0000"})
        })
        .collect();
    let done = dice.below(3) > 0;
    let day = 1 + dice.below(28);
    let value = json!({
        "id": format!("{}", 100_000 + number),
        "self": format!("https://jira.example.com/rest/api/2/issue/{}", 100_000 + number),
        "key": format!("OPS-{number}"),
        "fields": {
            "summary": title,
            "description": text,
            "issuetype": {"name": dice.one(&["Bug", "Story", "Task"]), "subtask": false},
            "project": {"key": "OPS"},
            "status": {"name": if done { "Done" } else { "To Do" }, "statusCategory": {"key": if done { "done" } else { "new" }}},
            "resolution": if done { json!({"name": "Done"}) } else { Value::Null },
            "created": format!("2026-04-{day:02}T08:{:02}:00.000+0000", dice.below(60)),
            "updated": format!("2026-05-{day:02}T09:{:02}:00.000+0000", dice.below(60)),
            "resolutiondate": if done { json!(format!("2026-05-{day:02}T08:30:00.000+0000")) } else { Value::Null },
            "labels": if dice.below(3) == 0 { json!([dice.one(TEAMS)]) } else { json!([]) },
            "reporter": {"name": dice.one(TEAMS)},
            "assignee": {"name": dice.one(TEAMS)},
            "comment": {"comments": comments, "total": comments.len()},
        },
    });
    (value, named)
}
