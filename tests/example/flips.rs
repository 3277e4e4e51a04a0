//! Each fact that decides the example, flipped alone: exactly the finding that rests on it appears or vanishes.

use driftgate::model::report::Verdict;
use serde_json::{Value, json};

use super::{Copy, EXPECTED, lines, report_of};

const INVENTORY: &str = "records/inventory.json";
const JIRA: &str = "records/jira.json";
const SERVICENOW: &str = "records/servicenow.json";
const CATALOG: &str = "records/entitlements.csv";
const CONFIG: &str = ".driftgate.yaml";

/// Judges a changed copy, and compares with the unchanged example: what went, what came.
fn flip(change: impl FnOnce(&Copy), gone: &[&str], new: &[&str]) {
    let copy = Copy::of("acme");
    change(&copy);
    let (report, code) = report_of(copy.folder.path(), &[]);
    let now = lines(&report);
    let went: Vec<&str> = EXPECTED.iter().copied().filter(|line| !now.iter().any(|other| other == line)).collect();
    let came: Vec<&str> = now.iter().map(String::as_str).filter(|line| !EXPECTED.contains(line)).collect();
    assert_eq!((went, came), (gone.to_vec(), new.to_vec()));
    assert_eq!(report.gaps, [], "a flip makes no gap");
    assert_eq!(code, 1, "the other findings still block");
}

/// An entry of an inventory's list, by id.
fn entry<'v>(inventory: &'v mut Value, list: &str, id: &str) -> &'v mut Value {
    let entries = inventory[list].as_array_mut().expect("a list");
    entries.iter_mut().find(|entry| entry["id"] == id).unwrap_or_else(|| panic!("{id} is in the inventory"))
}

fn issue<'v>(export: &'v mut Value, key: &str) -> &'v mut Value {
    let issues = export["issues"].as_array_mut().expect("issues");
    let found = issues.iter_mut().find(|issue| issue["key"] == key);
    &mut found.unwrap_or_else(|| panic!("{key} is in the export"))["fields"]
}

fn item<'v>(export: &'v mut Value, number: &str) -> &'v mut Value {
    let rows = export["result"].as_array_mut().expect("rows");
    rows.iter_mut().find(|row| row["number"]["value"] == number).unwrap_or_else(|| panic!("{number} is in the export"))
}

/// Replaces a word everywhere in a value's texts.
fn reword(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) => *text = text.replace(from, to),
        Value::Array(items) => items.iter_mut().for_each(|item| reword(item, from, to)),
        Value::Object(map) => map.values_mut().for_each(|item| reword(item, from, to)),
        _ => {}
    }
}

#[test]
fn a_level_as_approved_exceeds_nothing() {
    flip(
        |copy| {
            copy.json(INVENTORY, |v| {
                entry(v, "credentials", "aws:access-key:AKIABUILDSRV2EXAMPLE")["grants"][0]["level"] = json!("read");
            })
        },
        &["excess-grant aws:access-key:AKIABUILDSRV2EXAMPLE blocks IAM-201"],
        &[],
    );
}

#[test]
fn a_request_that_nobody_approved_sets_no_limit() {
    flip(
        |copy| copy.json(JIRA, |v| issue(v, "IAM-201")["customfield_10056"]["value"] = json!("Pending")),
        &["excess-grant aws:access-key:AKIABUILDSRV2EXAMPLE blocks IAM-201"],
        &[],
    );
}

#[test]
fn an_elevation_still_inside_its_window_is_no_drift() {
    flip(
        |copy| {
            copy.json(SERVICENOW, |v| {
                item(v, "RITM0020114")["u_access_end"] =
                    json!({"display_value": "2026-06-01 16:00:00", "value": "2026-06-01 14:00:00"});
            })
        },
        &["elevation-outlived aws:access-key:AKIADEPLOY222EXAMPLE blocks RITM0020114"],
        &[],
    );
}

#[test]
fn an_elevation_whose_window_has_ended_is_drift() {
    flip(
        |copy| {
            copy.json(SERVICENOW, |v| {
                item(v, "RITM0020131")["u_access_end"] =
                    json!({"display_value": "2026-05-31 22:00:00", "value": "2026-05-31 20:00:00"});
            })
        },
        &[],
        &["elevation-outlived aws:access-key:AKIASTAGING22EXAMPLE blocks RITM0020131"],
    );
}

#[test]
fn a_grant_that_was_taken_away_has_not_outlived_anything() {
    flip(
        |copy| {
            copy.json(INVENTORY, |v| {
                let grants = &mut entry(v, "credentials", "aws:access-key:AKIADEPLOY222EXAMPLE")["grants"];
                grants.as_array_mut().expect("grants").retain(|grant| grant["level"] != "admin");
            });
            // The catalogue's row of the elevation goes with the grant.
            let row =
                "svc-deploy,*,admin,production,aws:111122223333,dave@example.com,grace@example.com,RITM0020114,\n";
            copy.text(CATALOG, row, "");
        },
        &["elevation-outlived aws:access-key:AKIADEPLOY222EXAMPLE blocks RITM0020114"],
        &[],
    );
}

#[test]
fn a_withdrawn_offboarding_promises_nothing() {
    flip(
        |copy| copy.json(JIRA, |v| issue(v, "SEC-310")["resolution"]["name"] = json!("Won't Do")),
        &["revoked-but-live aws:access-key:AKIACAROLXY44EXAMPLE blocks SEC-310"],
        &[],
    );
}

#[test]
fn a_revocation_that_was_not_withdrawn_is_a_promise() {
    flip(
        |copy| copy.json(JIRA, |v| issue(v, "SEC-309")["resolution"]["name"] = json!("Done")),
        &[],
        &["revoked-but-live sentry:token:acme-shop-ci blocks SEC-309"],
    );
}

#[test]
fn the_environment_of_the_other_tenants_grant_decides() {
    flip(
        |copy| {
            copy.json(INVENTORY, |v| {
                entry(v, "credentials", "aws:access-key:AKIALEDGER333EXAMPLE")["grants"][0]["environment"] =
                    json!("staging");
            })
        },
        &["residual-access aws:access-key:AKIALEDGER333EXAMPLE blocks IAM-215"],
        &[],
    );
}

#[test]
fn another_owner_is_another_identity() {
    flip(
        |copy| {
            copy.json(INVENTORY, |v| {
                entry(v, "credentials", "aws:access-key:AKIALEDGER333EXAMPLE")["owner"] = json!("svc-ledger-eu");
            })
        },
        &["residual-access aws:access-key:AKIALEDGER333EXAMPLE blocks IAM-215"],
        &[],
    );
}

#[test]
fn a_slot_that_was_not_refilled_holds_what_was_revoked() {
    flip(
        |copy| {
            copy.json(INVENTORY, |v| {
                entry(v, "slots", "github:actions-secret:acme/shop:NPM_TOKEN")["updated_at"] =
                    json!("2026-04-02T09:00:00Z");
            })
        },
        &[],
        &["revoked-but-live npm:token:acme-release blocks SEC-306"],
    );
}

#[test]
fn a_key_that_is_active_again_is_live_wherever_it_lies() {
    flip(
        |copy| {
            copy.json(INVENTORY, |v| {
                entry(v, "credentials", "aws:access-key:AKIACDNUSER22EXAMPLE")["status"] = json!("active");
            })
        },
        &[],
        &["revoked-but-live aws:access-key:AKIACDNUSER22EXAMPLE told SEC-325"],
    );
}

#[test]
fn the_key_that_the_ticket_names_is_the_one_that_counts() {
    flip(
        |copy| copy.json(JIRA, |v| reword(issue(v, "SEC-325"), "AKIACDNUSER22EXAMPLE", "AKIACDNUSER33EXAMPLE")),
        &[],
        &["revoked-but-live aws:access-key:AKIACDNUSER33EXAMPLE blocks SEC-325"],
    );
}

#[test]
fn the_slot_that_the_ticket_names_is_the_one_that_counts() {
    flip(
        |copy| copy.json(JIRA, |v| reword(issue(v, "SEC-303"), "DEPLOY_KEY_OLD", "DEPLOY_KEY")),
        &[],
        &["revoked-but-live github:deploy-key:acme/shop:91845530 blocks SEC-303"],
    );
}

#[test]
fn what_a_slot_holds_decides_whether_the_deploy_works() {
    flip(
        |copy| {
            copy.json(INVENTORY, |v| {
                entry(v, "slots", "github:actions-secret:acme/shop:DEPLOY_KEY")["holds"] =
                    json!("github:deploy-key:acme/shop:71200418");
            })
        },
        &[],
        &["dead-reference github:deploy-key:acme/shop:71200418 told "],
    );
}

#[test]
fn a_rotation_beyond_its_grace_leaves_the_old_key_alive() {
    flip(
        |copy| copy.json(JIRA, |v| issue(v, "SEC-360")["resolutiondate"] = json!("2026-05-30T20:00:00.000+0200")),
        &[],
        &["old-value-live aws:access-key:AKIAMEDIA2222EXAMPLE blocks SEC-360"],
    );
}

#[test]
fn a_leaver_who_could_read_a_slot_that_is_as_it_was() {
    flip(
        |copy| {
            copy.json(INVENTORY, |v| {
                entry(v, "slots", "github:actions-secret:acme/shop:SMTP_PASSWORD")["updated_at"] =
                    json!("2026-01-13T07:30:00Z");
            })
        },
        &[],
        &["shared-with-leaver github:actions-secret:acme/shop:SMTP_PASSWORD told SEC-310"],
    );
}

#[test]
fn a_due_date_that_has_not_come_is_not_overdue() {
    flip(
        |copy| copy.json(JIRA, |v| issue(v, "SEC-340")["duedate"] = json!("2026-06-05")),
        &["overdue-revocation gitlab:project-token:acme/shop:48213 blocks SEC-340"],
        &[],
    );
}

#[test]
fn a_waiver_past_its_date_waives_nothing() {
    flip(
        |copy| copy.text(CONFIG, "expires: 2026-06-15", "expires: 2026-05-30"),
        &["revoked-but-live gitlab:deploy-token:acme/shop:30417 waived SEC-330"],
        &["revoked-but-live gitlab:deploy-token:acme/shop:30417 blocks SEC-330"],
    );
}

#[test]
fn a_waiver_of_a_critical_rule_rests_on_an_approved_ticket() {
    flip(
        |copy| copy.json(JIRA, |v| issue(v, "SEC-331")["customfield_10056"]["value"] = json!("Rejected")),
        &["revoked-but-live gitlab:deploy-token:acme/shop:30417 waived SEC-330"],
        &["revoked-but-live gitlab:deploy-token:acme/shop:30417 blocks SEC-330"],
    );
}

#[test]
fn a_waiver_that_is_still_in_force_waives() {
    flip(
        |copy| copy.text(CONFIG, "expires: 2026-05-31", "expires: 2026-06-30"),
        &["overdue-revocation gitlab:project-token:acme/shop:48213 blocks SEC-340"],
        &["overdue-revocation gitlab:project-token:acme/shop:48213 waived SEC-340"],
    );
}

#[test]
fn a_row_of_the_catalogue_that_says_otherwise_is_told() {
    flip(
        |copy| copy.text(CATALOG, "npm:token:acme-release,@acme/shop,write", "npm:token:acme-release,@acme/shop,read"),
        &[],
        &["catalog-mismatch npm:token:acme-release told "],
    );
}

#[test]
fn a_credential_that_nobody_recorded_is_told() {
    let row =
        "github:deploy-key:acme/shop:91845530,acme/shop,write,,github:acme,dave@example.com,grace@example.com,,\n";
    flip(
        |copy| copy.text(CATALOG, row, ""),
        &[],
        &["unticketed-credential github:deploy-key:acme/shop:91845530 told "],
    );
}

/// What the fixed example needs and cannot have makes it inconclusive: the same findings, and no pass.
fn unread(change: impl FnOnce(&Copy), scope: &str) {
    let copy = Copy::of("acme-fixed");
    change(&copy);
    let (report, code) = report_of(copy.folder.path(), &[]);
    assert_eq!(lines(&report), ["revoked-but-live gitlab:deploy-token:acme/shop:30417 waived SEC-330"]);
    assert_eq!((code, report.verdict), (3, Verdict::Inconclusive));
    assert!(report.gaps.iter().any(|gap| format!("{} {}", gap.source, gap.scope).contains(scope)), "{:?}", report.gaps);
}

#[test]
fn what_was_seen_before_the_windows_end_proves_nothing_about_after() {
    unread(
        |copy| {
            copy.json(SERVICENOW, |v| {
                item(v, "RITM0020131")["u_access_end"] =
                    json!({"display_value": "2026-06-01 13:00:00", "value": "2026-06-01 11:00:00"});
            })
        },
        "AKIASTAGING22EXAMPLE",
    );
}

#[test]
fn an_old_inventory_proves_nothing() {
    unread(|copy| copy.json(INVENTORY, |v| v["exported_at"] = json!("2026-05-20T22:00:00Z")), "file");
}

#[test]
fn a_search_that_announces_more_tickets_than_it_holds_is_no_whole_answer() {
    unread(|copy| copy.json(JIRA, |v| v["total"] = json!(40)), "jira");
}

#[test]
fn a_key_of_which_the_issuer_says_nothing_is_not_dead() {
    unread(
        |copy| {
            copy.json(INVENTORY, |v| {
                let key = entry(v, "credentials", "aws:access-key:AKIABUILDSRV2EXAMPLE");
                key["status"] = json!("unknown");
                key["liveness"] = json!({"state": "unknown", "method": "iam ListAccessKeys", "reason": "AccessDenied"});
                // It can do more than was approved, if it works.
                key["grants"][0]["level"] = json!("write");
            })
        },
        "AKIABUILDSRV2EXAMPLE",
    );
}
