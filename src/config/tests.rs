//! The configuration as users write it, right and wrong.

use std::path::PathBuf;

use serde::Deserialize;

use super::*;
use crate::model::settings::OnGap;
use crate::model::ticket::Intent;
use crate::processor::Processor;

const RULES: &[(&str, Severity)] = &[
    ("revoked-but-live", Severity::Critical),
    ("stale-copy", Severity::High),
    ("unticketed-credential", Severity::Medium),
];
const KINDS: &[KnownKind<'_>] = &[
    KnownKind { kind: "file", role: Role::Inventory },
    KnownKind { kind: "jira", role: Role::Tickets },
    KnownKind { kind: "catalog", role: Role::Catalog },
    KnownKind { kind: "vault", role: Role::Inventory },
];

fn env() -> Environment {
    [("ADDRESS", "https://vault.example.com"), ("CANARY", "s3cr3t-canary"), ("KEY", "k")]
        .into_iter()
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect()
}

fn parsed(text: &str) -> Result<Config, ConfigError> {
    let known = Known { rules: RULES, kinds: KINDS };
    load::parse(Some("c.yaml"), text, Files::Tree(PathBuf::from(".")), &env(), known)
}

fn told(text: &str) -> String {
    parsed(text).map(|_| "no error".to_owned()).unwrap_or_else(|error| error.to_string())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vault {
    address: String,
    #[serde(default)]
    endpoint: Option<String>,
    #[serde(default)]
    wait: Option<u64>,
}

#[test]
fn everything_that_the_contract_shows() {
    let config = parsed(
        "version: 1
sources:
  - {kind: file, path: inventory.json}
  - {kind: jira, export: jira.json, required: false}
  - {kind: vault, name: eu, address: '${ADDRESS}', endpoint: '${NOPE:-}'}
  - {kind: vault, name: us, address: 'https://${NOPE:-us.example.com}'}
links:
  - {slot: 'github:actions-secret:acme/shop:K', holds: 'aws:access-key:AKIA1'}
policy:
  fail_on: medium
  on_gap: warn
  limits: {revoke: 4h, rotate: 2d, offboard: 1h, postpone: 1w}
  grace: {rotate: 90m}
  max_age: {snapshot: 1h, export: 1d}
  max_waiver: 30d
  severity: {unticketed-credential: low, stale-copy: critical}
trust: {projects: [SEC], approvers: [alice@example.com], approved: {jira: [Approved]}}
repository: acme/shop
time_zone: Europe/Berlin
fingerprints: true
fingerprint_key_env: KEY
words: {intent: {revoke: [Sunset]}, level: {write: [operator]}, state: {done: [Verified]}}
waivers:
  - {rule: revoked-but-live, subject: 'aws:access-key:AKIA1', reason: freeze, approved_by: alice, ticket: SEC-1,
     created: 2026-05-01, expires: 2026-05-31}
",
    )
    .unwrap();
    let settings = &config.settings;
    assert_eq!(settings.fail_on, Severity::Medium);
    assert_eq!(settings.on_gap, OnGap::Warn);
    assert_eq!(settings.grace_rotate.as_mins(), 90);
    assert_eq!(settings.limits.postpone.as_hours(), 168);
    assert_eq!(settings.waivers[0].created.to_string(), "2026-04-30T22:00:00Z");
    assert_eq!(settings.waivers[0].locator, "c.yaml:24");
    assert_eq!(settings.words.intents, [("sunset".to_owned(), Intent::Revoke)]);
    assert!(settings.has_tickets && !settings.has_catalog);
    assert!(config.fingerprint_key.is_some());
    let names: Vec<_> = config.sources.iter().map(|s| (s.name.as_str(), s.authority.as_deref(), s.required)).collect();
    assert_eq!(
        names,
        [("file", None, true), ("jira", None, false), ("eu", Some("eu"), true), ("us", Some("us"), true)]
    );
    let vault: Vault = config.sources[2].settings().unwrap();
    assert_eq!((vault.address.as_str(), vault.endpoint, vault.wait), ("https://vault.example.com", None, None));
    assert_eq!(config.sources[3].settings::<Vault>().unwrap().address, "https://us.example.com");
}

#[test]
fn mistakes_say_where_what_and_what_next() {
    let cases = [
        ("version: 1\npolcy: {}\n", "c.yaml:2:1: polcy: unknown setting; did you mean `policy`?"),
        (
            "version: 1\npolicy:\n  limits: {revok: 1h}\n",
            "c.yaml:3:12: policy.limits.revok: unknown setting; did you mean `revoke`?",
        ),
        (
            "version: 1\nsources:\n- kind: jria\n",
            "c.yaml:3:3: sources[0].kind: there is no source of the kind `jria`; did you mean `jira`?",
        ),
        ("version: 1\nsources:\n- path: x\n", "c.yaml:3:3: sources[0]: `kind` is missing; add `kind:`"),
        ("sources: []\n", "c.yaml:1:1: `version` is missing; add `version:`"),
        ("version: 2\n", "c.yaml:1:1: version: this version is not known; write version: 1"),
        (
            "version: 1\npolicy: {fail_on: hihg}\n",
            "c.yaml:2:10: policy.fail_on: `hihg` is not possible here; did you mean `high`?",
        ),
        (
            "version: 1\npolicy: {limits: {revoke: soon}}\n",
            "c.yaml:2:19: policy.limits.revoke: `soon` is no duration: write a number and a unit (s, m, h, d, w), as in 24h or 7d",
        ),
        (
            "version: 1\npolicy: {severity: {revoked-but-live: high}}\n",
            "c.yaml:2:21: policy.severity.revoked-but-live: a critical rule's severity cannot be lowered; waive single \
             findings instead: `driftgate waive`",
        ),
        (
            "version: 1\npolicy: {severity: {revoked-but-life: low}}\n",
            "c.yaml:2:21: policy.severity.revoked-but-life: there is no rule `revoked-but-life`; did you mean \
             `revoked-but-live`?",
        ),
        (
            "version: 1\nrepository: ${NOT_THERE}\n",
            "c.yaml:2:1: repository: the environment variable NOT_THERE is not set; set it, or write a default: \
             ${NOT_THERE:-…}",
        ),
        (
            "version: 1\nsources:\n- {kind: file, path: a}\n- {kind: file, path: b}\n",
            "c.yaml:4:3: sources[1].name: two sources have the name `file`; the other is at c.yaml:3; give each a \
             `name:` of its own",
        ),
        ("version: 1\nversion: 1\n", "c.yaml:"),
        ("version: 1\nsources: [\n", "c.yaml:"),
        ("", "c.yaml: the file is empty"),
        ("version: 1\ntime_zone: Mars/Base\n", "c.yaml:2:1: time_zone: this time zone is not known"),
        ("version: 1\nfingerprints: true\n", "c.yaml:2:1: fingerprints: fingerprints need a key"),
        ("version: 1\npeople: nobody.csv\n", "c.yaml:2:1: people: nobody.csv cannot be read"),
        ("version: 1\nlinks: [{slot: 'aws:access-key:A', holds: 'aws:access-key:B'}]\n", "c.yaml:2:10: links[0].slot:"),
        ("version: 1\nrepository: !x y\n", "c.yaml:2:1: repository: YAML tags mean nothing here"),
        ("version: 1\nwords: {state: {done: [x], open: [X]}}\n", "c.yaml:2:9: words.state: `x` stands under two"),
        ("version: 1\nwords: {time: {until: [tot en met]}}\n", "c.yaml:2:1: words: `tot en met` is more than one word"),
        ("version: 1\nwords: {month: {may: [m]}}\n", "c.yaml:2:9: words.month: `m` is too short for a name"),
        ("version: 1\nwords: {month: {mei: [mei]}}\n", "c.yaml:2:9: words.month: `mei` is not possible here"),
    ];
    for (text, expected) in cases {
        let told = told(text);
        assert!(told.starts_with(expected), "{text}\n  told:     {told}\n  expected: {expected}");
    }
}

#[test]
fn waivers_that_break_the_rules_are_errors() {
    let waiver = |rule: &str, subject: &str, more: &str| {
        told(&format!("version: 1\nwaivers:\n- {{rule: {rule}, subject: '{subject}', reason: r, {more}}}\n"))
    };
    let key = "aws:access-key:AKIA1";
    let dates = "created: 2026-05-01, expires: 2026-06-01";
    assert_eq!(waiver("stale-copy", key, dates), "no error");
    assert_eq!(waiver("stale-copy", key, "created: 2026-05-01, expires: 2026-07-30"), "no error");
    for (rule, subject, more, expected) in [
        ("stale-copy", key, "created: 2026-05-01", "`expires` is missing"),
        ("stale-copy", key, "expires: 2026-05-01", "`created` is missing"),
        ("stale-copy", key, "created: 2026-05-01, expires: 2026-07-31", "longer than policy.max_waiver (90d)"),
        ("stale-copy", key, "created: 2026-05-01, expires: 2026-05-01", "ends before it begins"),
        ("stale-copy", key, "created: 2026-05-01, expires: never", "`never` is no time"),
        ("stale-copy", "aws:access-key:*", dates, "patterns are not possible"),
        ("stale-copies", key, dates, "did you mean `stale-copy`?"),
        ("revoked-but-live", key, dates, "needs `approved_by`"),
        ("revoked-but-live", key, "approved_by: a, created: 2026-05-01, expires: 2026-06-01", "needs `ticket`"),
        ("revoked-but-live", key, "approved_by: ' ', ticket: T-1, created: 2026-05-01, expires: 2026-06-01", "needs"),
    ] {
        let told = waiver(rule, subject, more);
        assert!(told.contains(expected) && told.starts_with("c.yaml:3:"), "{told}");
    }
}

#[test]
fn values_of_variables_are_not_told() {
    let canary = "s3cr3t-canary";
    for text in [
        "version: ${CANARY}\n",
        "version: 1\npolicy: {fail_on: '${CANARY}'}\n",
        "version: 1\npolicy: {limits: {revoke: '${CANARY}'}}\n",
        "version: 1\nfingerprints: ${CANARY}\n",
        "version: 1\nsources: ['${CANARY}']\n",
        "version: 1\nsources: [{kind: '${CANARY}'}]\n",
        "version: 1\nsources: [{kind: file, name: '${CANARY}'}, {kind: file, name: '${CANARY}'}]\n",
        "version: 1\npeople: x${CANARY}\n",
        "version: 1\nwaivers: [{rule: '${CANARY}', subject: 'a:b', reason: r, created: 2026-05-01, expires: 2026-05-02}]\n",
    ] {
        let told = told(text);
        assert!(told != "no error" && !told.contains(canary), "{told}");
        assert!(told.starts_with("c.yaml:"), "{told}");
    }
    let config = parsed("version: 1\nsources: [{kind: vault, address: '${CANARY}', wait: '${CANARY}'}]\n").unwrap();
    let error = config.sources[0].settings::<Vault>().unwrap_err().to_string();
    assert!(!error.contains(canary) && error.contains("sources[0].wait"), "{error}");
    assert!(!config.sources[0].error("address", format!("{canary}: no host"), "").to_string().contains(canary));
    assert!(!format!("{config:?}").contains(canary));
}

#[test]
fn a_sources_own_slips_are_told() {
    let config = parsed("version: 1\nsources:\n- kind: vault\n  addres: x\n").unwrap();
    let error = config.sources[0].settings::<Vault>().unwrap_err();
    assert_eq!(error.to_string(), "c.yaml:4:3: sources[0].addres: unknown setting; did you mean `address`?");
}

#[test]
fn the_schema_accepts_what_is_parsed() {
    let own = serde_json::json!({"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"],
                                 "additionalProperties": false});
    let schema = schema::schema(&[("file", own)]);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let good = serde_json::json!({"version": 1, "sources": [{"kind": "file", "path": "x", "name": "y"}],
        "words": {"intent": {"revoke": ["x"]}}, "policy": {"severity": {"stale-copy": "low"}}});
    assert!(validator.is_valid(&good), "{:?}", validator.iter_errors(&good).map(|e| e.to_string()).collect::<Vec<_>>());
    assert!(!validator.is_valid(&serde_json::json!({"version": 1, "sources": [{"kind": "file"}]})));
    assert!(!validator.is_valid(&serde_json::json!({"version": 1, "polcy": {}})));
}

#[test]
fn hostile_files_are_errors_and_cheap() {
    let mut laughs = String::from("version: 1\na0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let items = vec![format!("*a{}", level - 1); 9].join(", ");
        laughs.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    let deep = format!("version: 1\nsources: {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    let blocks: String = (0..5_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    for text in [
        laughs.as_str(),
        deep.as_str(),
        blocks.as_str(),
        "&a [*a]",
        "version: 1\n? [1]\n: x\n",
        "version: 1\n1: x\n",
        "version: 1\n\tsources: []\n",
        "version: 1\n---\nversion: 1\n",
        "\0",
        "version: 1\nsources: [{kind: file, 1: 2}]\n",
        "- version: 1\n",
        "just text",
    ] {
        let processor = Processor::start();
        let shown: String = text.chars().take(40).collect();
        match parsed(text) {
            Err(error) => assert!(error.at.starts_with("c.yaml"), "{shown}: {error}"),
            // A source reads its own part.
            Ok(config) => assert!(config.sources[0].settings::<Vault>().is_err(), "{shown}"),
        }
        assert!(processor.used().as_secs() < 5, "{shown} took {:?}", processor.used());
    }
}

proptest::proptest! {
    #[test]
    fn never_panics(text in "(version: 1\n)?[-a-z&*:{}\\[\\], \n\"'|>#!?%$0-9]{0,120}") {
        if let Err(error) = parsed(&text) {
            proptest::prop_assert!(!error.message.is_empty());
        }
    }
}
