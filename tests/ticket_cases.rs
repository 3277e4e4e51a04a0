//! Tickets as people write them, read by `link`: a table of what a careful reader understands (`tickets/*.yaml`).

#![allow(clippy::unwrap_used)]

#[path = "support/blank.rs"]
mod support;

use std::collections::BTreeMap;

use driftgate::link::Index;
use driftgate::model::inventory::{Inventory, Level};
use driftgate::model::settings::Settings;
use driftgate::model::ticket::{Comment, Field, Intent, RawState, Record, State, Ticket};
use jiff::Timestamp;
use serde::Deserialize;
use support::{at, blank, described, person, stated};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    title: String,
    text: Option<String>,
    kind: Option<String>,
    repository: Option<String>,
    reporter: Option<String>,
    assignee: Option<String>,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    fields: BTreeMap<Field, String>,
    #[serde(default)]
    comments: Vec<(String, String)>,
    status: Option<String>,
    resolution: Option<String>,
    intent: Intent,
    state: Option<State>,
    links: Vec<String>,
    #[serde(default)]
    level: Option<Level>,
    window: Option<Timestamp>,
    #[serde(default, with = "stated")]
    effective: Option<Option<Timestamp>>,
}

fn record(case: &Case) -> Record {
    let comment = |(author, text): &(String, String)| Comment {
        author: person(author),
        at: Some(at("2026-05-12T08:00:00Z")),
        text: text.clone(),
        system: false,
    };
    let status = case.status.clone().unwrap_or_else(|| "Open".to_owned());
    Record {
        repository: case.repository.clone(),
        kind: case.kind.clone(),
        texts: case.text.iter().flat_map(|text| described(text)).collect(),
        comments: case.comments.iter().map(comment).collect(),
        labels: case.labels.clone(),
        fields: case.fields.clone(),
        state: RawState { status, closed: None, resolution: case.resolution.clone() },
        opened_at: Some(at("2026-05-11T09:00:00Z")),
        reporter: case.reporter.as_deref().map(person).unwrap_or_default(),
        assignee: case.assignee.as_deref().map(person),
        ..blank("t", "T-1", &case.title)
    }
}

fn wrong(case: &Case, ticket: &Ticket, inventory: &Inventory) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut differs = |what: &str, want: String, got: String| {
        if want != got {
            wrong.push(format!("{what}: want {want}, got {got}"));
        }
    };
    differs("intent", format!("{:?}", case.intent), format!("{:?}", ticket.intent));
    let ids = || inventory.slots.iter().map(|s| &s.id).chain(inventory.credentials.iter().map(|c| &c.id));
    let mut want: Vec<String> = Vec::new();
    for end in &case.links {
        let found: Vec<_> = ids().filter(|id| id.as_str().ends_with(end.as_str())).collect();
        assert_eq!(found.len(), 1, "{end} is no end of exactly one id");
        want.push(found[0].to_string());
    }
    want.sort();
    let mut got: Vec<String> = ticket.links.iter().map(|link| link.credential.to_string()).collect();
    got.sort();
    differs("links", format!("{want:?}"), format!("{got:?}"));
    if matches!(case.intent, Intent::Provision | Intent::Modify | Intent::Elevate) {
        differs("level", format!("{:?}", case.level), format!("{:?}", ticket.access.level));
    }
    let end = ticket.window.as_ref().and_then(|window| window.end);
    differs("window", format!("{:?}", case.window), format!("{end:?}"));
    if let Some(effective) = case.effective {
        differs("effective", format!("{effective:?}"), format!("{:?}", ticket.effective_at));
    }
    if let Some(state) = case.state {
        differs("state", format!("{state:?}"), format!("{:?}", ticket.state));
    }
    wrong
}

fn wrong_readings(cases: &str, inventory: &str) -> Vec<String> {
    let cases: Vec<Case> = serde_yaml::from_str(cases).unwrap();
    let inventory: Inventory = serde_yaml::from_str(inventory).unwrap();
    let index = Index::new(&inventory, &[], &Settings::default());
    let mut failures = Vec::new();
    for case in &cases {
        let ticket = index.understand(&record(case), at("2026-06-01T12:00:00Z"));
        for link in &ticket.links {
            assert!(link.quote.chars().count() <= 161, "{}", link.quote);
        }
        let wrong = wrong(case, &ticket, &inventory);
        if !wrong.is_empty() {
            let text = case.text.as_deref().unwrap_or_default();
            failures.push(format!("{:?} {text:?}\n  {}\n  why: {:?}", case.title, wrong.join("\n  "), ticket.why));
        }
    }
    failures
}

#[test]
fn tickets_are_read_as_a_careful_reader_would() {
    let failures = wrong_readings(include_str!("tickets/cases.yaml"), include_str!("tickets/inventory.yaml"));
    assert!(failures.is_empty(), "{} tickets:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn whatever_way_a_ticket_names_a_thing() {
    let failures =
        wrong_readings(include_str!("tickets/identifiers.yaml"), include_str!("tickets/identifiers-inventory.yaml"));
    assert!(failures.is_empty(), "{} tickets:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn whatever_stands_beside_a_name() {
    let failures =
        wrong_readings(include_str!("tickets/context.yaml"), include_str!("tickets/identifiers-inventory.yaml"));
    assert!(failures.is_empty(), "{} tickets:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn whatever_else_a_ticket_tells() {
    let failures =
        wrong_readings(include_str!("tickets/stories.yaml"), include_str!("tickets/identifiers-inventory.yaml"));
    assert!(failures.is_empty(), "{} tickets:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn however_a_request_reaches_its_ticket() {
    let failures = wrong_readings(include_str!("tickets/asked.yaml"), include_str!("tickets/inventory.yaml"));
    assert!(failures.is_empty(), "{} tickets:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn what_is_said_and_what_is_only_told() {
    let failures = wrong_readings(include_str!("tickets/said.yaml"), include_str!("tickets/inventory.yaml"));
    assert!(failures.is_empty(), "{} tickets:\n{}", failures.len(), failures.join("\n"));
}

/// Wordings that the weights of words were not learnt from.
#[test]
fn wordings_that_order_nothing() {
    let cases = r#"
- {title: "Decide how often we rotate", text: "Proposal for the next meeting: monthly for SMTP_PASSWORD, yearly for the others.", assignee: omar@globex.test, intent: none, effective: null, links: []}
- {title: "Again a question about SONAR_TOKEN", text: "It is listed as unused. The scan runs when somebody sends us code; there is nothing to do, do not disable it.", assignee: omar@globex.test, intent: none, effective: null, links: []}
- {title: "Page breaks where SONAR_TOKEN is missing", labels: [bug], text: "It says `undefined`.\n\nSteps: unset it, start the page.", assignee: omar@globex.test, intent: none, effective: null, links: []}
- {title: "Zugriff für den Abgleich", text: "Der Abgleich (Workload svc-loader) muss ab jetzt secret/web/session lesen können. Schreiben braucht er nicht.", assignee: omar@globex.test, intent: provision, level: read, effective: null, links: ["vault:kv:secret/web/session"]}
"#;
    let failures = wrong_readings(cases, include_str!("tickets/inventory.yaml"));
    assert!(failures.is_empty(), "{} tickets:\n{}", failures.len(), failures.join("\n"));
}

/// Wordings of what is kept, meant and left, and from when.
#[test]
fn wordings_that_keep_and_choose() {
    let cases = r#"
- {title: "Revoke the token of Renovate", text: "Nobody owns the job. Revoke its token (2210). Leave SONAR_TOKEN where it is for now, its workflow is being rewritten.", assignee: omar@globex.test, intent: revoke, links: ["github:pat:globex:2210"]}
- {title: "Gruppenvariable KUBE_TOKEN erneuern", text: "Gemeint ist die Variable der Gruppe globex, nicht unsere im Projekt.", repository: globex/billing, assignee: omar@globex.test, intent: rotate, links: ["gitlab:variable:globex:KUBE_TOKEN"]}
- {title: "Projektvariable KUBE_TOKEN erneuern", repository: globex/billing, assignee: omar@globex.test, intent: rotate, links: ["gitlab:variable:globex/billing:KUBE_TOKEN"]}
- {title: "Retire the loader's key", text: "svc-loader, account 444455556666. The key goes on 2026-06-01 and not before, people may hand in until the end of May.", assignee: omar@globex.test, intent: revoke, effective: "2026-06-01T00:00:00Z", links: ["aws:access-key:AKIALOADER77GLOBEXST"]}
- {title: "Old mail provider: remove its entry from Vault", text: "Delete secret/web/session once the contract is over.", assignee: omar@globex.test, intent: revoke, effective: null, links: ["vault:kv:secret/web/session"]}
- {title: "Remove SMTP_PASSWORD from the variables", text: "The provider sends from now on.", status: Closed, comments: [[omar@globex.test, "They have changed their mind, we keep sending ourselves. I left the variable in place and close this."]], assignee: omar@globex.test, intent: revoke, state: withdrawn, links: ["gitlab:variable:globex/mail:SMTP_PASSWORD"]}
- {title: "Remove SMTP_PASSWORD from the variables", text: "The provider sends from now on.", status: Closed, comments: [[omar@globex.test, "Removed it from both branches, the variable of the copy I left in place."]], assignee: omar@globex.test, intent: revoke, state: done, links: ["gitlab:variable:globex/mail:SMTP_PASSWORD"]}
- {title: "SONAR_TOKEN leaked to the wiki", text: "api only. Rotate, then clean the page history.", assignee: omar@globex.test, intent: rotate, links: ["github:actions-secret:globex/api:SONAR_TOKEN"]}
- {title: "SMTP_PASSWORD", text: "Expires 2026-06-10, renew until then.", assignee: omar@globex.test, intent: rotate, links: ["gitlab:variable:globex/mail:SMTP_PASSWORD"]}
- {title: "Secret scanning alert #14: AKIABATCH55GLOBEXUVW", text: "It is ours. Revoke.", assignee: omar@globex.test, intent: revoke, links: ["aws:access-key:AKIABATCH55GLOBEXUVW"]}
- {title: "Bitte den Deploy-Key flux auf globex/api entfernen", text: "Wird nicht mehr gebraucht.", assignee: omar@globex.test, intent: revoke, links: ["github:deploy-key:globex/api:6101"]}
- {title: "Update README: how to set SONAR_TOKEN", text: "Add a section that tells how to create SONAR_TOKEN and when to rotate it.", assignee: omar@globex.test, intent: none, links: []}
- {title: "Add SONAR_TOKEN to the list of secrets in CONTRIBUTING.md", text: "It is missing there.", assignee: omar@globex.test, intent: none, links: []}
- {title: "ruth: flux key", text: "Please extend read to write on the deploy key flux, she has to push tags now.", assignee: omar@globex.test, intent: modify, level: write, links: ["github:deploy-key:globex/api:6101"]}
- {title: "PyPI: move to trusted publishing", text: "globex/api publishes via OIDC since Tuesday, the token PYPI_TOKEN there serves nothing.", assignee: omar@globex.test, intent: revoke, links: ["github:actions-secret:globex/api:PYPI_TOKEN"]}
- {title: "SONAR_TOKEN vs SONAR_TOKEN_OLD", text: "Both are set. The workflow reads SONAR_TOKEN. Delete the other.", assignee: omar@globex.test, intent: revoke, links: ["github:actions-secret:globex/api:SONAR_TOKEN_OLD"]}
- {title: "Unused secrets?", text: "Neither of these is read by a workflow, I plan to delete them on Friday unless someone needs them:\n\n- `SMTP_PASSWORD`", assignee: omar@globex.test, intent: revoke, links: ["gitlab:variable:globex/mail:SMTP_PASSWORD"]}
- {title: "loader token back in use", text: "We had asked to revoke the loader token in T-9; please don't, dashboards still use it.", assignee: omar@globex.test, intent: none, links: []}
- {title: "globex/api has two Sonar tokens", text: "Please delete SONAR_TOKEN_OLD and keep SONAR_TOKEN, the scan pulls with the latter.", assignee: omar@globex.test, intent: revoke, links: ["github:actions-secret:globex/api:SONAR_TOKEN_OLD"]}
- {title: "new STRIPE_KEY for billing production", text: "pls swap STRIPE_KEY (production), it was in a screenshot", comments: [[omar@globex.test, "argh sorry, looked again: the screenshot shows the STAGING one. Please do STRIPE_KEY of staging, leave production alone."]], assignee: omar@globex.test, intent: rotate, links: ["gitlab:variable:globex/billing:STRIPE_KEY@staging"]}
- {title: "Remove key of the former printer", text: "Please delete AKIAPUBLISH11GLOBEXQ.", comments: [[omar@globex.test, "I copied the wrong id, sorry. It has to be AKIAPUBLISH22GLOBEXR, ours from last year."]], assignee: omar@globex.test, intent: revoke, links: ["aws:access-key:AKIAPUBLISH22GLOBEXR"]}
- {title: "Record: Sonar token replaced", text: "SONAR_TOKEN was rotated on 2026-05-08 at 13:40 UTC. Entered afterwards so that it is on file. SMTP_PASSWORD was not rotated.", status: Done, assignee: omar@globex.test, intent: rotate, links: ["github:actions-secret:globex/api:SONAR_TOKEN"]}
- {title: "App crashes when the token is empty", text: "Steps: unset SONAR_TOKEN, start the app, tap on a drone. Expected: grey map. Actual: crash. Low prio.", assignee: omar@globex.test, intent: none, links: []}
- {title: "Feature: rotate button for SMTP_PASSWORD", text: "As an operator I want a button that rotates the password.", kind: Story, assignee: omar@globex.test, intent: none, links: []}
- {title: "Epic: get rid of static keys", text: "Umbrella for the single tickets. Candidates: AKIALOADER77GLOBEXST, AKIABATCH55GLOBEXUVW. Each gets its own ticket.", kind: Epic, assignee: omar@globex.test, intent: none, links: []}
- {title: "Old ticket T-88 said to rotate SMTP_PASSWORD", text: "That was done in March, closing the loop here. Nothing left.", assignee: omar@globex.test, intent: none, links: []}
- {title: "Decide: rotate or delete SMTP_PASSWORD", text: "Ruth decides by Friday.", assignee: omar@globex.test, intent: none, links: []}
- {title: "Elevated rights for Ruth on deploy-prod", text: "expires 2026-05-12 17:00 UTC", comments: [[omar@globex.test, "No, they have all they need. It ends today as agreed."]], assignee: omar@globex.test, intent: elevate, level: write, window: "2026-05-12T17:00:00Z", effective: null, links: ["aws:role:arn:aws:iam::444455556666:role/deploy-prod"]}
- {title: "Ruth — départ", text: "ruth@globex.test quitte la bibliothèque le 30 novembre 2026 (dernier jour). Merci de retirer ses accès.", assignee: omar@globex.test, intent: offboard, effective: "2026-11-30T23:59:59Z", links: ["aws:access-key:AKIARUTH9999GLOBEXYZ", "github:actions-secret:globex/api:DEPLOY_KEY", "gitlab:trigger:globex/mail:9"]}
- {title: "svc-batch keys", text: "There are two: AKIABATCH55GLOBEXUVW and AKIABATCH66GLOBEXUVX. Only the staging one goes, production is still on keys.", assignee: omar@globex.test, intent: revoke, links: ["aws:access-key:AKIABATCH66GLOBEXUVX"]}
- {title: "Revoke GitLab token 41 of globex/billing", text: "It is called billing-deployer. Attention, globex/mail has one of the same number, which remains valid.", assignee: omar@globex.test, intent: revoke, links: ["gitlab:project-token:globex/billing:41"]}
- {title: "Revoke svc-publish key 1", text: "AKIAPUBLISH11GLOBEXQ is no longer used, please revoke it.", status: Done, comments: [[omar@globex.test, "Wait, I mixed them up. The unused one is svc-publish key 2 (AKIAPUBLISH22GLOBEXR). The first has to stay, every build uses it."]], assignee: omar@globex.test, intent: revoke, links: ["aws:access-key:AKIAPUBLISH22GLOBEXR"]}
- {title: "incident-admin for the statisticians, limited", text: "ruth@globex.test needs read on the role incident-admin. Please let it run out on 2026-05-27 at 17:00 UTC.", assignee: omar@globex.test, intent: elevate, level: read, window: "2026-05-27T17:00:00Z", links: ["aws:role:arn:aws:iam::444455556666:role/incident-admin"]}
- {title: "Can we delete the incident-admin role?", text: "My proposal after the audit: delete the role incident-admin in 444455556666, it is far too powerful.", assignee: omar@globex.test, intent: revoke, links: ["aws:role:arn:aws:iam::444455556666:role/incident-admin"]}
- {title: "Effectiveness check CAPA-26-031", text: "Three months after implementation: did any rotation of sensor credentials cause data gaps again? Query the historian, attach the result, sign.", assignee: omar@globex.test, intent: none, links: []}
- {title: "Revoke SONAR_TOKEN", text: "Part of the umbrella clean-up. The mail key has its own ticket.", assignee: omar@globex.test, intent: revoke, links: ["github:actions-secret:globex/api:SONAR_TOKEN"]}
- {title: "SONAR_TOKEN can be removed, is not needed any more", assignee: omar@globex.test, intent: revoke, links: ["github:actions-secret:globex/api:SONAR_TOKEN"]}
- {title: "Revoke SONAR_TOKEN, whether to replace it is for later", assignee: omar@globex.test, intent: revoke, links: ["github:actions-secret:globex/api:SONAR_TOKEN"]}
- {title: "Aufräumen", text: "Bitte den erst im Sommer angelegten Token SONAR_TOKEN löschen", assignee: omar@globex.test, intent: revoke, links: ["github:actions-secret:globex/api:SONAR_TOKEN"]}
- {title: "Notice", text: "Notice of ruth@globex.test given 3 March 2026, last day: 30 June 2026.", assignee: omar@globex.test, intent: offboard, effective: "2026-06-30T23:59:59Z", links: ["aws:access-key:AKIARUTH9999GLOBEXYZ", "github:actions-secret:globex/api:DEPLOY_KEY", "gitlab:trigger:globex/mail:9"]}
- {title: "Tokens", text: "There are SONAR_TOKEN and SMTP_PASSWORD. Please remove the latter, nobody runs with it.", assignee: omar@globex.test, intent: revoke, links: ["gitlab:variable:globex/mail:SMTP_PASSWORD"]}
- {title: "Tokens of the scan", text: "Please delete SONAR_TOKEN and SONAR_TOKEN_OLD.", reporter: omar@globex.test, assignee: omar@globex.test, comments: [[mallory@globex.test, "The scan reads SONAR_TOKEN. Please delete the other."]], intent: revoke, links: ["github:actions-secret:globex/api:SONAR_TOKEN", "github:actions-secret:globex/api:SONAR_TOKEN_OLD"]}
- {title: "Write on secret/web/session for Ruth", text: "ruth@globex.test moves the templates by hand. Write access, to be withdrawn on 2026-05-19 at 16:00 UTC.", assignee: omar@globex.test, intent: elevate, level: write, window: "2026-05-19T16:00:00Z", links: ["vault:kv:secret/web/session"]}
- {title: "Admin on deploy-prod for the load test", text: "From Friday evening to 2026-05-17 18:00 UTC, role deploy-prod in production.", assignee: omar@globex.test, intent: elevate, level: admin, window: "2026-05-17T18:00:00Z", links: ["aws:role:arn:aws:iam::444455556666:role/deploy-prod"]}
- {title: "Elevated rights for Ruth on deploy-prod", text: "until 2026-05-12 14:00 UTC", comments: [[lena@globex.test, "It takes longer, I have extended it for her: new end is 2026-05-12 18:00 UTC."], [omar@globex.test, "Nothing has been extended. It ends as approved."]], assignee: omar@globex.test, intent: elevate, level: write, window: "2026-05-12T14:00:00Z", effective: null, links: ["aws:role:arn:aws:iam::444455556666:role/deploy-prod"]}
- {title: "Please clean up", text: "The deploy key flux on globex/api is mine; please take it off, I can not do so myself.", assignee: omar@globex.test, intent: revoke, links: ["github:deploy-key:globex/api:6101"]}
- {title: "Elevated rights for Ruth on deploy-prod", text: "until 13:00 UTC", comments: [[omar@globex.test, "No, it ends at 13:00 UTC as agreed. File a new one tomorrow if you need more."]], assignee: omar@globex.test, intent: elevate, level: write, window: "2026-05-11T13:00:00Z", effective: null, links: ["aws:role:arn:aws:iam::444455556666:role/deploy-prod"]}
"#;
    let failures = wrong_readings(cases, include_str!("tickets/inventory.yaml"));
    assert!(failures.is_empty(), "{} tickets:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn everyday_wordings() {
    let failures = wrong_readings(include_str!("tickets/phrases.yaml"), include_str!("tickets/inventory.yaml"));
    assert!(failures.is_empty(), "{} tickets:\n{}", failures.len(), failures.join("\n"));
}
