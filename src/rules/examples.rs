//! Runs the examples in the rules' manuals, so that a manual cannot lie: each `yaml fires` block must make its rule fire, each
//! `yaml silent` block must not, and each `yaml needs` block must leave it silent for want of a fact.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::expect;
use crate::model::Id;
use crate::model::catalog::Entry;
use crate::model::inventory::{Inventory, Level};
use crate::model::reference::{Channel, Confidence, Family, Kind, Provider, Reference};
use crate::model::report::Place;
use crate::model::scope::{Reach, Scope, ScopeKind, Ungated, Use, Weakened};
use crate::model::settings::Settings;
use crate::model::ticket::{Distrusted, Removal, Ticket};
use crate::rules::{Case, Facts, RULES, Rule, check};

/// One example, as it stands in a manual.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    now: Timestamp,
    #[serde(default)]
    slots: Vec<Value>,
    #[serde(default)]
    credentials: Vec<Value>,
    #[serde(default)]
    tickets: Vec<Value>,
    #[serde(default)]
    catalog: Vec<Value>,
    /// Ids that the jobs in scope reach; all that there are where it is absent.
    reach: Option<Vec<Id>>,
    /// Literal credentials in a workflow: names.
    #[serde(default)]
    literals: Vec<String>,
    /// Jobs that escape the gate: (job, environment, why).
    #[serde(default)]
    ungated: Vec<(String, String, String)>,
    /// What the change weakens: (job, what).
    #[serde(default)]
    weakened: Vec<(String, String)>,
    /// Slots that are referred to and do not exist.
    #[serde(default)]
    absent: Vec<Id>,
    /// Aliases: each list is one person.
    #[serde(default)]
    people: Vec<Vec<String>>,
    /// Joins that only the configuration states.
    #[serde(default)]
    links: Vec<(Id, Id)>,
    /// All rules that fire, where an example shows that one cause makes one finding.
    fired: Option<Vec<String>>,
}

/// Fills in what an example leaves out.
fn ticket(value: &Value) -> Ticket {
    let mut full = json!({
        "system": "jira", "url": null, "state": "done", "resolution": null, "opened_at": null, "closed_at": null, "due_at": null,
        "effective_at": null, "window": null, "subject": null, "approved": true, "ambiguous": [], "links": [],
        "access": {"holder": null, "level": null, "environments": [], "resources": []},
    });
    let mut may_loosen = None;
    let mut removed = Vec::new();
    let mut distrusted = Vec::new();
    for (key, part) in value.as_object().expect("a ticket is a mapping") {
        match key.as_str() {
            "may_loosen" => may_loosen = part.as_bool(),
            "removed" => {
                for removal in part.as_array().expect("removed is a list") {
                    let text = |key: &str| removal.get(key).and_then(Value::as_str).map(str::to_owned);
                    let level =
                        removal.get("level").map(|l| serde_json::from_value::<Level>(l.clone()).expect("a level"));
                    removed.push(Removal {
                        level,
                        environment: text("environment"),
                        tenant: text("tenant"),
                        quote: String::new(),
                    });
                }
            }
            "distrusted" => distrusted.push(Distrusted {
                what: part.as_str().unwrap_or_default().to_owned(),
                field: "comment 1".to_owned(),
                quote: String::new(),
            }),
            "access" => {
                for (key, part) in part.as_object().expect("access is a mapping") {
                    full["access"][key] = part.clone();
                }
            }
            "links" => {
                let links = part.as_array().expect("links is a list").iter().map(|link| {
                    let mut link = link.clone();
                    for (key, default) in [("strength", "id"), ("field", "description"), ("quote", "…")] {
                        if link.get(key).is_none() {
                            link[key] = json!(default);
                        }
                    }
                    link
                });
                full["links"] = links.collect();
            }
            _ => full[key] = part.clone(),
        }
    }
    let mut ticket: Ticket = serde_json::from_value(full).expect("a ticket");
    ticket.source = "jira".to_owned();
    ticket.may_loosen = may_loosen.unwrap_or(ticket.approved);
    ticket.subject_names = ticket.subject.clone().into_iter().collect();
    ticket.removed = removed;
    ticket.distrusted = distrusted;
    for link in &mut ticket.links {
        link.trusted = true;
    }
    ticket
}

fn entry(value: &Value, number: usize) -> Entry {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    Entry {
        identity: text("identity").expect("a row has an identity"),
        resource: text("resource"),
        level: value.get("level").map(|level| serde_json::from_value(level.clone()).expect("a level")),
        level_text: text("level"),
        environment: text("environment"),
        tenant: text("tenant"),
        owner: text("owner"),
        approved_by: text("approved_by"),
        ticket: text("ticket"),
        until: text("until").map(|at| at.parse().expect("a time")),
        source: "catalog".to_owned(),
        locator: format!("entitlements.csv:{}", number + 2),
    }
}

fn literal(name: &str) -> Reference {
    Reference {
        provider: Provider::Github,
        file: ".github/workflows/deploy.yml".to_owned(),
        line: 1,
        column: 1,
        kind: Kind::Literal,
        name: Some(name.to_owned()),
        job: Some("deploy".to_owned()),
        step: None,
        environment: None,
        environment_expression: None,
        channel: Channel::Env,
        confidence: Confidence::Exact,
        candidates: Vec::new(),
        reachable_from: Vec::new(),
        resolves_to: Vec::new(),
        store: None,
        binds: None,
        family: Family::Actions,
    }
}

/// Runs all rules over an example: the rules that fired, and those that lacked a fact.
fn run(example: &Example) -> (Vec<&'static str>, Vec<&'static str>) {
    let inventory: Inventory =
        serde_json::from_value(json!({"slots": example.slots, "credentials": example.credentials}))
            .expect("slots and credentials as in an inventory");
    let tickets: Vec<Ticket> = example.tickets.iter().map(ticket).collect();
    let catalog: Vec<Entry> = example.catalog.iter().enumerate().map(|(n, row)| entry(row, n)).collect();
    let settings = Settings {
        has_tickets: true,
        has_catalog: !catalog.is_empty(),
        people: example.people.clone(),
        links: example.links.clone(),
        ..Settings::default()
    };
    let expected = expect::expect(&tickets, &inventory, &settings, example.now);
    let place = |job: &str| Place {
        file: ".github/workflows/deploy.yml".to_owned(),
        line: 1,
        column: 1,
        job: Some(job.to_owned()),
    };
    let used = || vec![Use { place: place("deploy"), confidence: Confidence::Exact, slot: None }];
    let mut reach = Reach::default();
    let wanted = |id: &Id| example.reach.as_ref().is_none_or(|reach| reach.contains(id));
    for slot in inventory.slots.iter().filter(|slot| wanted(&slot.id)) {
        let through = Use { slot: Some(slot.id.clone()), ..used().remove(0) };
        reach.slots.insert(slot.id.clone(), vec![through.clone()]);
        if let Some(held) = &slot.holds {
            reach.credentials.entry(held.clone()).or_default().push(through);
        }
    }
    for id in example.reach.iter().flatten() {
        reach.credentials.entry(id.clone()).or_insert_with(used);
    }
    for id in &example.absent {
        reach.slots.insert(id.clone(), used());
    }
    let references: Vec<Reference> = example.literals.iter().map(|name| literal(name)).collect();
    let ungated = example.ungated.iter().map(|(job, environment, because)| Ungated {
        place: place(job),
        environment: environment.clone(),
        because: because.clone(),
    });
    let scope = Scope {
        kind: ScopeKind::Repository,
        reason: None,
        jobs: std::collections::BTreeMap::new(),
        ungated: ungated.collect(),
        weakened: example
            .weakened
            .iter()
            .map(|(job, fact)| Weakened { place: place(job), facts: vec![fact.clone()] })
            .collect(),
        files: BTreeSet::new(),
        gate: None,
        notes: Vec::new(),
    };
    let absent: BTreeSet<Id> = example.absent.iter().cloned().collect();
    let case = Case::new(Facts {
        now: example.now,
        settings: &settings,
        inventory: &inventory,
        tickets: &tickets,
        catalog: &catalog,
        references: &references,
        expected: &expected,
        scope: &scope,
        reach: &reach,
        absent: &absent,
    });
    let (drafts, needs, _) = check(&case);
    for draft in &drafts {
        assert!(!draft.evidence.is_empty(), "{} without evidence", draft.rule.id);
    }
    (drafts.iter().map(|draft| draft.rule.id).collect(), needs.iter().map(|need| need.rule).collect())
}

/// The fenced `yaml` blocks of a manual: what each claims, and its text.
fn blocks(doc: &str) -> Vec<(&str, &str)> {
    let mut out = Vec::new();
    let mut rest = doc;
    while let Some(start) = rest.find("```yaml ") {
        let block = &rest[start + 8..];
        let (claim, body) = block.split_once('\n').expect("a block has lines");
        let (body, after) = body.split_once("\n```").expect("a block ends");
        out.push((claim.trim(), body));
        rest = after;
    }
    out
}

/// What is not as the manual says.
fn try_manual(rule: &Rule) -> Vec<String> {
    let mut wrong = Vec::new();
    let blocks = blocks(rule.doc);
    for claim in ["fires", "silent"] {
        if !blocks.iter().any(|(c, _)| *c == claim) {
            wrong.push(format!("{} has no example that is `{claim}`", rule.id));
        }
    }
    for (number, (claim, body)) in blocks.iter().enumerate() {
        let example: Example =
            serde_yaml::from_str(body).unwrap_or_else(|e| panic!("{} example {}: {e}", rule.id, number + 1));
        let (fired, needed) = run(&example);
        let as_claimed = match *claim {
            "fires" => fired.contains(&rule.id),
            "silent" => !fired.contains(&rule.id) && !needed.contains(&rule.id),
            "needs" => !fired.contains(&rule.id) && needed.contains(&rule.id),
            other => panic!("{}: an example cannot be `{other}`", rule.id),
        };
        if !as_claimed || example.fired.as_ref().is_some_and(|wanted| fired != *wanted) {
            wrong.push(format!("{} example {} ({claim}): fired {fired:?}, needed {needed:?}", rule.id, number + 1));
        }
    }
    wrong
}

#[test]
fn every_manual_is_true() {
    let wrong: Vec<String> = RULES.iter().flat_map(try_manual).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn manuals_have_their_parts() {
    for rule in RULES {
        assert!(rule.doc.starts_with(&format!("# {}\n", rule.id)), "{}: the manual begins with the id", rule.id);
        for part in ["## What it means", "## Fires", "## Stays silent", "## What to do"] {
            assert!(rule.doc.contains(part), "{}: no {part}", rule.id);
        }
    }
}

#[test]
fn every_rule_file_is_registered() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    let mut manuals: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder of the rules")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| Some(name.strip_suffix(".md")?.replace('_', "-")))
        .collect();
    manuals.sort();
    let mut ids: Vec<String> = RULES.iter().map(|rule| rule.id.to_owned()).collect();
    ids.sort();
    assert_eq!(manuals, ids);
    for rule in RULES {
        assert!(
            rule.implies.iter().all(|id| RULES.iter().any(|other| other.id == *id)),
            "{} implies a rule that is not there",
            rule.id
        );
    }
}
