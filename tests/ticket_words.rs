//! `tickets --explain` as people read it, and a further language by configuration alone, against the real program.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/binary.rs"]
#[allow(unreachable_pub, missing_docs)]
mod binary;

use std::fs;

use serde_json::{Value, json};

const KEY: &str = "AKIALOADER77GLOBEXST";
const NOW: &str = "2026-06-01T12:00:00Z";

/// Runs `tickets` over tickets with these titles and texts, and these lines in the configuration.
fn tickets(texts: &[(&str, &str)], configuration: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let issues: Vec<Value> = texts.iter().enumerate().map(|(n, (title, text))| {
        json!({"key": format!("SEC-{}", n + 1), "fields": {
            "summary": title, "description": text, "issuetype": {"name": "Task"}, "project": {"key": "SEC"},
            "status": {"name": "Done", "statusCategory": {"key": "done"}}, "resolution": {"name": "Done"},
            "created": "2026-05-04T08:00:00.000+0000", "updated": NOW, "resolutiondate": "2026-05-05T08:00:00.000+0000",
            "labels": [], "components": [], "issuelinks": [], "reporter": {"emailAddress": "ruth@globex.test"},
            "assignee": {"emailAddress": "dave@globex.test"}, "cf_approval": "Approved",
            "comment": {"comments": [{"author": {"emailAddress": "eve@globex.test"}, "created": "2026-05-05T08:00:00.000+0000",
                "body": "Sorry, wrong key: it is AKIABATCH55GLOBEXUVW instead."}]}},
            "changelog": {"histories": [{"author": {"emailAddress": "eve@globex.test"}, "created": "2026-05-20T08:00:00.000+0000",
                "items": [{"field": "summary", "fieldId": "summary", "fromString": title, "toString": title}]}]}})
    }).collect();
    fs::write(root.join("jira.json"), json!({"total": issues.len(), "issues": issues}).to_string()).unwrap();
    let named = |id: &str| json!({"id": format!("aws:access-key:{id}"), "owner": "svc-loader"});
    let inventory = json!({"schema": "driftgate/inventory/v1", "exported_at": NOW,
        "slots": [{"id": "github:actions-secret:acme/shop:DEPLOY_KEY", "name": "DEPLOY_KEY"}],
        "credentials": [named(KEY), named("AKIABATCH55GLOBEXUVW")]});
    fs::write(root.join("inventory.json"), inventory.to_string()).unwrap();
    let configuration = format!(
        "version: 1\nrepository: acme/shop\nsources:\n  - {{kind: file, path: inventory.json}}\n  - {{kind: jira, export: jira.json, \
         fields: {{approval: cf_approval}}}}\n{configuration}"
    );
    fs::write(root.join(".driftgate.yaml"), configuration).unwrap();
    let mut command = binary::binary();
    let command = command.current_dir(root).args(["tickets", "--no-progress", "--now", NOW]).args(arguments);
    let output = command.output().unwrap();
    let (out, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}{errors}");
    out
}

const LEAKED: (&str, &str) = (
    "Revoke AKIALOADER77GLOBEXST",
    "It leaked in a log.\n\n- keep DEPLOY_KEY, it is still needed\n- token=ghp_0123456789abcdefghijklmnopqrstuvwxAB was in the same log\n\nEffective 2026-05-06 10:00 UTC.",
);
const TEMPORARY: (&str, &str) = (
    "Temporary write access with AKIALOADER77GLOBEXST for two hours",
    "For svc-loader, in production, until Friday 18:00 UTC.",
);

#[test]
fn words_that_decided_are_underlined() {
    let plain = |ticket| tickets(&[ticket], "", &["--explain", "sec-1"]);
    let leaked = plain(LEAKED);
    assert!(!leaked.contains("ghp_0123456789"), "{leaked}");
    insta::assert_snapshot!("explain_a_revocation", leaked);
    insta::assert_snapshot!("explain_an_elevation", plain(TEMPORARY));
    insta::assert_snapshot!("explain_nothing", plain(("How do we rotate DEPLOY_KEY?", "Please document it.")));
    let colour = tickets(&[LEAKED], "", &["--explain", "SEC-1", "--color", "always"]);
    insta::assert_snapshot!("explain_in_colour", colour.replace('\u{1b}', "␛"));
    assert!(!colour.contains("^^^"), "underlined by the terminal, not by signs");
}

/// Finnish, by configuration alone; the same words stand in docs/tickets.md.
const FINNISH: &str = "words:
  intent: {revoke: [mitätöidään, mitätöidä], rotate: [uusitaan], elevate: [tilapäinen], offboard: [lähtijä]}
  weak: {revoke: [poistetaan, poista]}
  level: {read: [lukuoikeus, lukuoikeudet], write: [kirjoitusoikeus, kirjoitusoikeudet]}
  state: {done: [Valmis], withdrawn: [Peruttu], open: [Avoin]}
  sentence: {keep: [säilyy, säilytetään], except: [paitsi], past: [jo], example: [esimerkiksi], not: [ei], talk: [dokumentoidaan]}
  time: {until: [päättyy], from: [lähtien], effective: [voimaan], last_day: [viimeinen työpäivä], for: [kesto]}
  month: {may: [toukokuu], march: [maaliskuu], august: [elokuu]}
  weekday: {friday: [perjantai]}
  unit: {hours: [tuntia], days: [päivää]}
";

#[test]
fn a_language_can_be_added_by_the_configuration_alone() {
    let texts = [
        ("AKIALOADER77GLOBEXST mitätöidään", ""),
        ("Avaimet", "Poista AKIALOADER77GLOBEXST, voimaan 7 toukokuu 2026.\nDEPLOY_KEY säilyy."),
        ("Tilapäinen kirjoitusoikeus: AKIALOADER77GLOBEXST", "Kesto 4 tuntia."),
        ("Tilapäinen lukuoikeus: AKIALOADER77GLOBEXST", "Päättyy perjantai 18:00 UTC."),
        ("DEPLOY_KEY ei mitätöidä", ""),
        ("Dokumentoidaan: avainten mitätöinti", "AKIALOADER77GLOBEXST esimerkiksi."),
        ("Lähtijä svc-loader", "Viimeinen työpäivä: 15 elokuu 2026"),
    ];
    let understood = |configuration: &str| -> Vec<String> {
        let list: Value = serde_json::from_str(&tickets(&texts, configuration, &["--format", "json"])).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        list["tickets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|ticket| {
                let end = text(&ticket["window"]["end"]);
                let own = |link: &&Value| !link["field"].as_str().unwrap().starts_with("comment");
                let links = ticket["links"].as_array().unwrap().iter().filter(own).count();
                format!(
                    "{} {} {} {end} {links}",
                    text(&ticket["intent"]),
                    text(&ticket["access"]["level"]),
                    text(&ticket["effective_at"])
                )
            })
            .collect()
    };
    assert_eq!(
        understood(FINNISH),
        [
            "revoke - - - 1",
            "revoke - 2026-05-07T00:00:00Z - 1",
            "elevate write - 2026-05-04T12:00:00Z 1",
            "elevate read - 2026-05-08T18:00:00Z 1",
            "none - - - 0",
            "none - - - 0",
            "offboard - 2026-08-15T23:59:59Z - 1",
        ]
    );
    let without = understood("");
    assert!(without.iter().all(|line| line.starts_with("none")), "without its words it is not understood: {without:?}");
    assert!(MANUAL.contains(FINNISH.trim_end()), "what the manual shows is what is tested");
}

const MANUAL: &str = include_str!("../docs/tickets.md");

/// The manual's configuration, on an issue whose form it maps.
#[test]
fn the_configuration_of_the_manual_reads_an_issue_form() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = MANUAL.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let body = "### Which key?\n\nAKIALOADER77GLOBEXST\n\n### Until when?\n\n2026-05-08 18:00 UTC\n";
    let issue = json!({"number": 7, "title": "Access request", "state": "closed", "state_reason": "completed", "body": body,
        "html_url": "https://github.com/acme/shop/issues/7", "repository_url": "https://api.github.com/repos/acme/shop",
        "created_at": "2026-05-04T08:00:00Z", "closed_at": "2026-05-05T08:00:00Z", "updated_at": NOW, "comments": 0,
        "labels": [{"name": "access/write"}], "user": {"login": "ruth"}, "assignees": []});
    let inventory = json!({"schema": "driftgate/inventory/v1", "exported_at": NOW,
        "credentials": [{"id": format!("aws:access-key:{KEY}")}]});
    for (file, text) in [
        (".driftgate.yaml", configuration.to_owned()),
        ("issues.json", json!([issue]).to_string()),
        ("inventory.json", inventory.to_string()),
        ("people.csv", "person,aliases\nruth@example.com,ruth\n".to_owned()),
    ] {
        fs::write(folder.path().join(file), text).unwrap();
    }
    let mut command = binary::binary();
    let command = command.current_dir(folder.path()).args(["tickets", "--format", "json", "--now", NOW]);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let list: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    let ticket = &list["tickets"][0];
    assert_eq!(ticket["links"][0]["credential"], format!("aws:access-key:{KEY}"), "{ticket}");
    assert_eq!(
        (&ticket["access"]["level"], &ticket["window"]["end"]),
        (&json!("write"), &json!("2026-05-08T18:00:00Z"))
    );
}
