//! The configuration: what is found is switched on, the rest can be switched on by taking `#` away, and all of it is valid.

use std::fs;
use std::path::Path;

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use crate::checkout::{DEPLOY, checkout, driftgate, init, text, verdict};

const ORIGIN: Option<&str> = Some("https://github.com/acme/shop");

fn records() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/acme/records")
}

/// The configuration as data.
fn parsed(folder: &Path) -> Value {
    serde_yaml::from_str(&text(folder, ".driftgate.yaml")).unwrap()
}

fn source(config: &Value, kind: &str) -> Option<Value> {
    config["sources"].as_array().unwrap().iter().find(|one| one["kind"] == kind).cloned()
}

/// The configuration is what the schema describes; the schema is the binary's.
fn assert_fits_the_schema(folder: &Path) {
    let output = driftgate(folder, &["schema"]).output().unwrap();
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    let config = parsed(folder);
    let errors: Vec<String> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(&config)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn saved_records_are_used_and_judged() {
    let folder = checkout(&[(".github/workflows/deploy.yml", DEPLOY)], ORIGIN);
    for name in ["inventory.json", "jira.json", "entitlements.csv", "people.csv"] {
        fs::create_dir_all(folder.path().join("records")).unwrap();
        fs::copy(records().join(name), folder.path().join("records").join(name)).unwrap();
    }
    let said = init(folder.path(), &[]);
    assert!(!said.contains("switch on the tracker"), "{said}");
    let config = parsed(folder.path());
    for (kind, key, path) in [
        ("file", "path", "records/inventory.json"),
        ("jira", "export", "records/jira.json"),
        ("catalog", "path", "records/entitlements.csv"),
    ] {
        assert_eq!(source(&config, kind).unwrap()[key], path);
    }
    assert_eq!(config["people"], "records/people.csv");
    assert_fits_the_schema(folder.path());
    let (_, report) = verdict(folder.path());
    assert_ne!(report["summary"]["tickets"], 0, "the tickets are read: {report:#}");
}

#[test]
fn what_the_environment_names_is_switched_on() {
    let vault = "on: push\njobs:\n  deploy:\n    runs-on: x\n    environment: prod\n    steps:\n      - uses: actions/checkout@v6\n      - uses: hashicorp/vault-action@v3\n        with:\n          url: https://vault.example.com:8200\n          secrets: secret/data/app password | PASSWORD\n      - run: ./deploy ${{ secrets.KEY }} ${{ secrets.UNSET }}\n";
    let folder = checkout(&[(".github/workflows/deploy.yml", vault)], ORIGIN);
    let env = [
        ("GH_TOKEN", "hush"),
        ("JIRA_URL", "https://acme.atlassian.net/"),
        ("JIRA_EMAIL", "a@example.com"),
        ("JIRA_API_TOKEN", "hush"),
        ("SNOW_INSTANCE", "acme"),
        ("SNOW_USER", "a"),
        ("SNOW_PASSWORD", "hush"),
        ("AWS_PROFILE", "auditor"),
        ("AWS_REGION", "eu-central-1"),
        ("KEY", "hush"),
        ("OTHER", "hush"),
    ];
    let said = init(folder.path(), &env);
    let config = parsed(folder.path());
    assert_eq!(source(&config, "env").unwrap()["variables"], serde_json::json!(["KEY"]));
    assert_eq!(source(&config, "github").unwrap()["token_env"], "GH_TOKEN");
    assert_eq!(source(&config, "vault").unwrap()["address"], "https://vault.example.com:8200");
    assert_eq!(source(&config, "aws").unwrap()["regions"][0], "eu-central-1");
    let jira = source(&config, "jira").unwrap();
    assert_eq!((&jira["url"], &jira["token_env"]), (&"https://acme.atlassian.net".into(), &"JIRA_API_TOKEN".into()));
    assert_eq!(source(&config, "servicenow").unwrap()["url"], "https://acme.service-now.com");
    assert_fits_the_schema(folder.path());
    let written = text(folder.path(), ".driftgate.yaml") + &text(folder.path(), ".github/workflows/deploy.yml") + &said;
    assert!(!written.contains("hush") && !written.contains("a@example.com"), "no value is written or told");
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(line.contains("GH_TOKEN, JIRA_API_TOKEN, JIRA_EMAIL, SNOW_PASSWORD, SNOW_USER, VAULT_TOKEN"), "{said}");
    // Elsewhere none of the variables is set: a gap for each, and no error of the configuration.
    let (code, report) = verdict(folder.path());
    assert_eq!((code, &report["verdict"]), (Some(3), &"inconclusive".into()));
}

#[test]
fn addresses_that_hold_a_login_or_are_none_are_not_written() {
    for url in
        ["https://user:hush@jira.example.com", "javascript:alert(1)", "https://${HUSH}", "x\ny: z", "ftp://a.example"]
    {
        let folder = checkout(&[(".github/workflows/deploy.yml", DEPLOY)], ORIGIN);
        let env = [("JIRA_URL", url), ("JIRA_EMAIL", "a"), ("JIRA_TOKEN", "b"), ("VAULT_ADDR", url), ("SNOW_URL", url)];
        init(folder.path(), &env);
        let config = parsed(folder.path());
        for kind in ["jira", "vault", "servicenow"] {
            assert_eq!(source(&config, kind), None, "{url}");
        }
        assert!(!text(folder.path(), ".driftgate.yaml").to_lowercase().contains("hush"));
    }
}

/// The file with one `#` taken away from before every setting. What a `#` and a blank begin is told to people, but for lines of a block
/// below a setting.
fn switched_on(text: &str) -> String {
    let mut in_block = false;
    let mut out = String::new();
    for line in text.lines() {
        let rest = line.trim_start();
        let indent = &line[..line.len() - rest.len()];
        let setting = rest.strip_prefix('#').filter(|setting| !setting.starts_with(' ') || in_block);
        in_block = setting.is_some();
        out.push_str(&setting.map_or_else(|| line.to_owned(), |setting| format!("{indent}{setting}")));
        out.push('\n');
    }
    out
}

#[test]
fn everything_that_is_switched_off_can_be_switched_on() {
    for origin in ["https://github.com/acme/shop", "https://gitlab.com/acme/shop", "https://code.example.com/acme/shop"]
    {
        let folder = checkout(&[("people.csv", "person,aliases\n")], Some(origin));
        init(folder.path(), &[]);
        let written = text(folder.path(), ".driftgate.yaml");
        let once = switched_on(&written);
        let twice = switched_on(&once);
        assert!(
            once.contains("\npolicy:\n  fail_on: high") && once.contains("\n  - kind: csv\n    path: tickets.csv"),
            "{once}"
        );
        assert!(twice.contains("\n    labels: [access]") && !switched_on(&twice).contains("#-"), "{twice}");
        for on in [once, twice] {
            fs::write(folder.path().join(".driftgate.yaml"), &on).unwrap();
            assert_fits_the_schema(folder.path());
            let output = driftgate(folder.path(), &["check", "--offline"]).output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(3), "{on}\n{errors}");
        }
    }
}

#[test]
fn saved_files_that_are_wrong_are_switched_off_with_the_reason() {
    let folder = checkout(&[("people.csv", "who,what\na,b\n")], ORIGIN);
    init(folder.path(), &[]);
    let written = text(folder.path(), ".driftgate.yaml");
    assert!(written.contains("# Switched off: ") && written.contains("\n#people: people.csv"), "{written}");
    driftgate(folder.path(), &["check", "--offline"]).assert().code(3).stderr(contains("error").not());
}
