//! GitLab as a source, against a fake with a state that python-gitlab sets up and reads: what is read is what was set up, in pages and
//! parts, within the budget; what cannot be read is a gap; values come out nowhere.
#![cfg(feature = "gitlab")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

mod refusals;
#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use driftgate::config::{Environment, Files};
use driftgate::model::Id;
use driftgate::model::inventory::{Credential, Inventory, Level, LivenessState, Status};
use driftgate::secret::{FingerprintKey, Secret};
use driftgate::sources::gitlab::{GitlabSource, Given};
use driftgate::sources::key_ids::KeyIds;
use driftgate::sources::{About, Batch, Journal, Source, Wanted};
use serde_json::{Value, json};
use support::gitlab::{ROOT, call, of};
use support::{Answer, GitLab, Listener};

/// A source with the administrator's or another token.
struct Setting<'a> {
    url: &'a str,
    token: &'a str,
    more: Value,
    authority: Option<&'a str>,
    key: Option<Arc<FingerprintKey>>,
    max_wait: u64,
    variables: Vec<(&'a str, &'a str)>,
}

impl<'a> Setting<'a> {
    fn new(url: &'a str, token: &'a str) -> Self {
        Self { url, token, more: json!({}), authority: None, key: None, max_wait: 20, variables: Vec::new() }
    }

    fn build(&self) -> GitlabSource {
        let mut settings = json!({"url": self.url, "token_env": "AUDIT_TOKEN"});
        settings.as_object_mut().unwrap().extend(self.more.as_object().unwrap().clone());
        let mut variables = self.variables.clone();
        variables.push(("AUDIT_TOKEN", self.token));
        let env: Environment =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (env, files) = (Arc::new(env), Files::Tree(PathBuf::from(".")));
        let given = Given {
            env: &env,
            files: &files,
            key: self.key.as_ref(),
            max_wait: Duration::from_secs(self.max_wait),
            home: true,
            aws: KeyIds::default(),
        };
        let authority = self.authority.map(str::to_owned);
        let about = About {
            name: authority.clone().unwrap_or("gitlab".into()),
            kind: "gitlab".into(),
            required: true,
            authority,
        };
        GitlabSource::new(about, serde_json::from_value(settings).unwrap(), &given).map_err(|(_, why)| why).unwrap()
    }
}

fn gate(slots: &[&str]) -> Wanted {
    let slots = slots.iter().map(|name| Id::gitlab_variable(None, "acme/shop", name, None)).collect();
    Wanted { repository: Some("acme/shop".into()), slots, ..Wanted::default() }
}

fn everything() -> Wanted {
    Wanted { repository: Some("acme/shop".into()), everything: true, ..Wanted::default() }
}

fn wide() -> Wanted {
    Wanted { wide: true, ..everything() }
}

async fn stores(source: &GitlabSource, want: &Wanted) -> Batch {
    let mut batch = Batch::default();
    source.stores(want, &mut batch).await;
    batch
}

async fn collect(source: &GitlabSource, want: &Wanted) -> Batch {
    let mut batch = Batch::default();
    source.collect(want, &mut batch).await;
    batch
}

fn ids(inventory: &Inventory) -> BTreeSet<String> {
    inventory.slots.iter().map(|slot| slot.id.to_string()).collect()
}

fn credential<'i>(inventory: &'i Inventory, id: &str) -> &'i Credential {
    inventory.credential(&Id::new(id)).unwrap_or_else(|| panic!("{id} is not among {:?}", inventory.credentials))
}

fn state(credential: &Credential) -> (LivenessState, &str) {
    let seen = credential.liveness.as_ref().expect("an observation");
    (seen.state, seen.method.as_str())
}

fn complete(inventory: &Inventory, kind: &str, place: &str) -> Option<bool> {
    inventory.coverage.iter().find(|e| e.kind == kind && e.place == place).map(|e| e.complete)
}

fn gap_reasons(inventory: &Inventory) -> Vec<String> {
    inventory.gaps.iter().map(|gap| format!("{} of {}: {}", gap.lacks, gap.scope, gap.reason)).collect()
}

/// A group, a project, and one of everything in them. Gives numbers by name.
fn shop(gitlab: &GitLab) -> BTreeMap<&'static str, u64> {
    gitlab.group("acme");
    gitlab.project("acme/shop");
    gitlab.variable("acme/shop", "DEPLOY_KEY", "canary-of-deploy-key", json!({"masked": true, "protected": true}));
    gitlab.variable("acme/shop", "DB", "canary-of-db-1", json!({"environment_scope": "production"}));
    gitlab.variable("acme/shop", "DB", "canary-of-db-2", json!({"environment_scope": "review/*"}));
    gitlab.variable("acme/shop", "HIDDEN", "canary-of-hidden", json!({"masked_and_hidden": true}));
    gitlab.group_variable("acme", "SHARED", "canary-of-shared", json!({"masked": true}));
    let variables = [of("variables"), call("create", json!([{"key": "EVERYWHERE", "value": "canary-of-everywhere"}]))];
    gitlab.with(&variables);
    let number = |made: Value| made["id"].as_u64().unwrap();
    let token = |name: &str, scopes: Value, level: u32| {
        call("create", json!([{"name": name, "scopes": scopes, "access_level": level, "expires_at": "2099-01-01"}]))
    };
    let mut out = BTreeMap::new();
    let mut put = |name: &'static str, made: Value| out.insert(name, number(made));
    put("deploy", gitlab.in_project("acme/shop", "access_tokens", token("deploy", json!(["api"]), 40)));
    put(
        "reader",
        gitlab.in_project("acme/shop", "access_tokens", token("reader", json!(["read_api", "read_registry"]), 20)),
    );
    put("old", gitlab.in_project("acme/shop", "access_tokens", token("old", json!(["write_repository"]), 30)));
    put("gone", gitlab.in_project("acme/shop", "access_tokens", token("gone", json!(["api"]), 30)));
    gitlab.in_project("acme/shop", "access_tokens", call("delete", json!([out["old"]])));
    let mut put = |name: &'static str, made: Value| out.insert(name, number(made));
    put("group", gitlab.in_group("acme", "access_tokens", token("all projects", json!(["api"]), 50)));
    let pull = call("create", json!([{"name": "pull", "scopes": ["read_repository"], "username": "puller"}]));
    put("pull", gitlab.in_project("acme/shop", "deploytokens", pull));
    let push = call("create", json!([{"name": "push", "scopes": ["write_registry", "read_registry"]}]));
    put("push", gitlab.in_group("acme", "deploytokens", push));
    let key = |title: &str, push: bool| {
        call("create", json!([{"title": title, "key": "ssh-ed25519 AAAA", "can_push": push}]))
    };
    put("key", gitlab.in_project("acme/shop", "keys", key("ci", true)));
    put("mirror", gitlab.in_project("acme/shop", "keys", key("mirror", false)));
    put("trigger", gitlab.in_project("acme/shop", "triggers", call("create", json!([{"description": "nightly"}]))));
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_was_set_up_is_read() {
    let gitlab = GitLab::start();
    let made = shop(&gitlab);
    let alice = gitlab.person("alice", &["read_api"], &[("groups", "acme", 50)]);
    gitlab.forget();
    let batch = stores(&Setting::new(&gitlab.endpoint, &alice.token).build(), &everything()).await;
    let inventory = &batch.inventory;
    assert_eq!(gap_reasons(inventory), Vec::<String>::new());
    assert_eq!(batch.account.requests as usize, gitlab.requests().len());
    assert_eq!(batch.account.asked_as.as_deref(), Some("alice"));

    // Slots, against what python-gitlab lists.
    let listed = |steps: &[Value]| {
        let listed = gitlab.with(steps);
        listed.as_array().unwrap().clone()
    };
    let all = json!({"name": "list", "arguments": [], "options": {"get_all": true}});
    let mut theirs = BTreeSet::new();
    for (what, path) in [("projects", "acme/shop"), ("groups", "acme")] {
        for variable in listed(&[of(what), call("get", json!([path])), of("variables"), all.clone()]) {
            let (key, scope) = (variable["key"].as_str().unwrap(), variable["environment_scope"].as_str());
            let id = Id::gitlab_variable(None, path, key, scope);
            let slot = inventory.slot(&id).unwrap_or_else(|| panic!("{id} is missing"));
            let flags = (slot.protected, slot.masked, slot.hidden);
            let flag = |name: &str| variable[name].as_bool();
            assert_eq!(flags, (flag("protected"), flag("masked"), flag("hidden")), "{id}");
            assert_eq!((slot.name.as_deref(), &slot.fingerprint, &slot.holds), (Some(key), &None, &None));
            theirs.insert(id.to_string());
        }
    }
    assert_eq!(ids(inventory), theirs);
    assert_eq!(theirs.len(), 5);
    let production = inventory.slot(&Id::new("gitlab:variable:acme/shop:DB@production")).unwrap();
    assert_eq!(production.environment.as_deref(), Some("production"));
    assert_eq!(inventory.slot(&Id::new("gitlab:variable:acme/shop:DB@review/*")).unwrap().environment, None);
    for place in ["acme/shop", "acme"] {
        assert_eq!(complete(inventory, "variable", place), Some(true), "{place}");
    }
    // Alice is no administrator: that is a note, and nobody is told that the instance has none.
    assert_eq!(complete(inventory, "variable", "instance"), Some(false));
    assert!(batch.account.notes.iter().any(|note| note.contains("administrators only")), "{:?}", batch.account.notes);

    // Credentials: standing, level in our words and in GitLab's.
    let token = |name: &str| format!("gitlab:project-token:acme/shop:{}", made[name]);
    for (id, level, native, status) in [
        (token("deploy"), Level::Admin, "api; access_level 40 (maintainer)", Status::Active),
        (token("reader"), Level::Read, "read_api, read_registry; access_level 20 (reporter)", Status::Active),
        (token("old"), Level::Write, "write_repository; access_level 30 (developer)", Status::Revoked),
        (token("gone"), Level::Write, "api; access_level 30 (developer)", Status::Active),
        (
            format!("gitlab:group-token:acme:{}", made["group"]),
            Level::Admin,
            "api; access_level 50 (owner)",
            Status::Active,
        ),
        (format!("gitlab:deploy-token:acme/shop:{}", made["pull"]), Level::Read, "read_repository", Status::Active),
        (
            format!("gitlab:deploy-token:acme:{}", made["push"]),
            Level::Write,
            "write_registry, read_registry",
            Status::Active,
        ),
        (format!("gitlab:deploy-key:acme/shop:{}", made["key"]), Level::Write, "can_push", Status::Active),
        (format!("gitlab:deploy-key:acme/shop:{}", made["mirror"]), Level::Read, "read-only", Status::Active),
        (
            format!("gitlab:trigger:acme/shop:{}", made["trigger"]),
            Level::Write,
            "runs pipelines as its owner",
            Status::Active,
        ),
        (format!("gitlab:personal-token:alice:{}", alice.token_id), Level::Read, "read_api", Status::Active),
    ] {
        let found = credential(inventory, &id);
        assert_eq!(found.status, status, "{id}");
        let live = if status == Status::Active { LivenessState::Live } else { LivenessState::Dead };
        assert_eq!(state(found).0, live, "{id}");
        let grant = &found.grants[0];
        assert_eq!((grant.level, grant.native.as_deref()), (Some(level), Some(native)), "{id}");
        assert_eq!(found.tenant.as_deref(), Some(gitlab.tenant().as_str()), "{id}");
        let kind = id.split(':').nth(1).unwrap();
        let place = id.rsplit_once(':').unwrap().0.splitn(3, ':').nth(2).unwrap();
        assert_eq!(complete(inventory, kind, place), Some(true), "{kind} of {place}");
    }
    assert_eq!(inventory.credentials.len(), 11);
    let deploy = credential(inventory, &token("deploy"));
    assert_eq!(state(deploy).1, "gitlab project access tokens");
    assert_eq!(deploy.expires_at.unwrap().to_string(), "2099-01-01T00:00:00Z");
    assert!(deploy.created_at.is_some() && deploy.name.as_deref() == Some("deploy"));
    assert_eq!(credential(inventory, &format!("gitlab:deploy-token:acme/shop:{}", made["pull"])).aliases, ["puller"]);
    assert_eq!(
        credential(inventory, &format!("gitlab:trigger:acme/shop:{}", made["trigger"])).owner.as_deref(),
        Some("root")
    );
    // And python-gitlab counts as many.
    let project =
        |what: &str| listed(&[of("projects"), call("get", json!(["acme/shop"])), of(what), all.clone()]).len();
    let group = |what: &str| listed(&[of("groups"), call("get", json!(["acme"])), of(what), all.clone()]).len();
    let count = project("access_tokens") + project("deploytokens") + project("keys") + project("triggers");
    assert_eq!(count + group("access_tokens") + group("deploytokens") + 1, 11);

    // The administrator sees the instance's variables, and in a scan everybody's tokens, under their names.
    let batch = stores(&Setting::new(&gitlab.endpoint, ROOT).build(), &wide()).await;
    assert_eq!(gap_reasons(&batch.inventory), Vec::<String>::new());
    assert!(batch.inventory.slot(&Id::new("gitlab:variable:instance:EVERYWHERE")).is_some());
    assert_eq!(complete(&batch.inventory, "variable", "instance"), Some(true));
    credential(&batch.inventory, &format!("gitlab:personal-token:alice:{}", alice.token_id));
    let bots = batch.inventory.credentials.iter().filter(|c| c.id.as_str().contains("_bot"));
    assert_eq!(bots.count(), 0, "access tokens are listed where they are of, once");
    let text = format!("{:?}", batch.inventory);
    assert!(!text.contains("canary"), "a value or token in the inventory");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_variables_in_pages() {
    let gitlab = GitLab::start();
    shop(&gitlab);
    gitlab.control(json!({"thousand": "acme/shop"}));
    gitlab.forget();
    let batch = stores(&Setting::new(&gitlab.endpoint, ROOT).build(), &gate(&["N0999"])).await;
    assert_eq!((gap_reasons(&batch.inventory), batch.inventory.slots.len()), (Vec::new(), 1005));
    assert_eq!(complete(&batch.inventory, "variable", "acme/shop"), Some(true));
    assert_eq!(gitlab.requests().len(), 12, "eleven pages of the project, one of the group: {:?}", gitlab.requests());
    let all = json!({"name": "list", "arguments": [], "options": {"get_all": true}});
    let theirs = gitlab.in_project("acme/shop", "variables", all);
    assert_eq!(theirs.as_array().unwrap().len() + 1, batch.inventory.slots.len());

    // The second page refused, reset or garbled: what came before stays, and the list is not whole.
    for fault in [
        json!({"status": 403, "body": "{\"message\": \"403 Forbidden\"}"}),
        json!({"status": 200, "body": "[{\"key\": "}),
        json!({"status": 200, "body": "[{\"key\": 1, \"value\": \"canary\"}]"}),
        json!({"status": 200, "body": "{}"}),
        json!({"status": 502, "body": "<html>", "headers": {"content-type": "text/html"}, "times": 9}),
        json!({"headers": {"link": "<https://elsewhere.example.com/api/v4/x>; rel=\"next\""}}),
    ] {
        let mut fault = fault;
        fault["match"] = json!("variables?per_page=100&page=2");
        gitlab.control(json!({"faults": [fault]}));
        let batch = stores(&Setting::new(&gitlab.endpoint, ROOT).build(), &gate(&["N0999"])).await;
        let reasons = gap_reasons(&batch.inventory);
        assert_eq!(
            (reasons.len(), complete(&batch.inventory, "variable", "acme/shop")),
            (1, Some(false)),
            "{fault}: {reasons:?}"
        );
        assert!(batch.inventory.slots.len() >= 101, "{fault}");
        assert!(!format!("{:?}", batch.inventory).contains("canary"));
    }
    // More announced than came, a server that gives the first page for ever, and one whose pages are all the same.
    for (headers, wanted) in [
        (json!({"x-total": "2000"}), "of 2000 entries came"),
        (
            json!({"link": format!("<{}/api/v4/projects/acme%2Fshop/variables?per_page=100>; rel=\"next\"", gitlab.endpoint)}),
            "circles",
        ),
        (json!({"link": null, "x-next-page": "1"}), "circles"),
    ] {
        gitlab.control(json!({"faults": [{"match": "shop/variables", "headers": headers, "times": -1}]}));
        gitlab.forget();
        let batch = stores(&Setting::new(&gitlab.endpoint, ROOT).build(), &gate(&["N0999"])).await;
        let reasons = gap_reasons(&batch.inventory);
        assert!(reasons.iter().any(|reason| reason.contains(wanted)), "{reasons:?}");
        assert!(gitlab.requests().len() < 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_costs_four_requests() {
    let gitlab = GitLab::start();
    let made = shop(&gitlab);
    for number in 0..20 {
        gitlab.variable("acme/shop", &format!("V{number}"), "x", json!({"masked": true}));
    }
    let alice = gitlab.person("alice", &["read_api"], &[("groups", "acme", 50)]);
    let names: Vec<String> = (0..20).map(|number| format!("V{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();

    // All is found, nothing is expected of it.
    let count = async |want: Wanted| {
        let source = Setting::new(&gitlab.endpoint, &alice.token).build();
        gitlab.forget();
        let first = stores(&source, &want).await;
        let second = collect(&source, &want).await;
        let made = gitlab.requests();
        assert_eq!((first.account.requests + second.account.requests) as usize, made.len());
        assert!(made.len() <= 4, "{made:?}");
        assert_eq!(gap_reasons(&second.inventory), Vec::<String>::new());
        (made.len(), second)
    };
    let (requests, batch) = count(gate(&names)).await;
    assert_eq!((requests, batch.account.asked_as.as_deref()), (3, Some("alice")));
    // A rotation of one and of the group's: audit events of both.
    let mut want = gate(&names);
    want.changes = [Id::new("gitlab:variable:acme/shop:V7"), Id::new("gitlab:variable:acme:SHARED")].into();
    let (requests, batch) = count(want).await;
    assert_eq!(requests, 4);
    for slot in ["gitlab:variable:acme/shop:V7", "gitlab:variable:acme:SHARED"] {
        assert!(batch.inventory.slot(&Id::new(slot)).unwrap().updated_at.is_some(), "{slot}");
    }
    // A name that neither the project nor the group has: the instance is asked, in vain.
    let (requests, _) = count(gate(&["V1", "NOWHERE"])).await;
    assert_eq!(requests, 4);
    // A token that a ticket names costs its list, once.
    let source = Setting::new(&gitlab.endpoint, &alice.token).build();
    stores(&source, &gate(&names)).await;
    let mut want = gate(&names);
    want.credentials =
        ["deploy", "reader"].map(|name| Id::new(format!("gitlab:project-token:acme/shop:{}", made[name]))).into();
    gitlab.forget();
    let batch = collect(&source, &want).await;
    assert_eq!(gitlab.requests().iter().filter(|request| request.contains("access_tokens")).count(), 1);
    for id in &want.credentials {
        assert_eq!(state(batch.inventory.credential(id).unwrap()).0, LivenessState::Live);
    }
    gitlab.forget();
    collect(&source, &want).await;
    assert_eq!(gitlab.requests(), Vec::<String>::new(), "nothing is read twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn change_times_are_what_audit_events_prove() {
    let gitlab = GitLab::start();
    gitlab.control(json!({"clock": "2026-01-01T00:00:00.000Z"}));
    shop(&gitlab);
    let later = |at: &str| gitlab.control(json!({"clock": at}));
    let update = |key: &str, change: Value| {
        gitlab.in_project("acme/shop", "variables", call("update", json!([key, change])));
    };
    for key in ["ROTATED", "PROTECTED", "MASKED_LATE"] {
        gitlab.variable("acme/shop", key, "first", json!({"masked": key != "MASKED_LATE"}));
    }
    gitlab.variable("acme/shop", "UNMASKED", "first", json!({}));
    later("2026-03-01T00:00:00.000Z");
    update("ROTATED", json!({"value": "second"}));
    update("PROTECTED", json!({"protected": true}));
    update("MASKED_LATE", json!({"masked": true}));
    update("UNMASKED", json!({"value": "second"}));
    // More events than one page holds: only keyset paging goes on.
    for number in 0..120 {
        gitlab.variable("acme/shop", &format!("X{number}"), "x", json!({}));
    }
    gitlab.forget();
    let batch = stores(&Setting::new(&gitlab.endpoint, ROOT).build(), &everything()).await;
    let at = |key: &str| {
        let id = Id::gitlab_variable(None, "acme/shop", key, None);
        batch.inventory.slot(&id).unwrap().updated_at.map(|at| at.to_string()[..10].to_owned())
    };
    assert_eq!(at("ROTATED").as_deref(), Some("2026-03-01"));
    assert_eq!(at("PROTECTED").as_deref(), Some("2026-01-01"), "protecting a variable writes no value");
    assert_eq!(at("DEPLOY_KEY").as_deref(), Some("2026-01-01"));
    // GitLab tells no new value of what is not masked: nothing is claimed of such a variable.
    assert_eq!((at("UNMASKED"), at("MASKED_LATE")), (None, None));
    let scoped = batch.inventory.slot(&Id::new("gitlab:variable:acme/shop:DB@production")).unwrap();
    assert_eq!(scoped.updated_at, None, "an event does not tell which of two of a name");
    let audits: Vec<String> =
        gitlab.requests().into_iter().filter(|request| request.contains("shop/audit_events")).collect();
    assert_eq!(audits.len(), 2, "{audits:?}");
    assert!(audits[0].contains("pagination=keyset") && audits[1].contains("cursor="), "{audits:?}");
    assert!(batch.account.notes.iter().any(|note| note.contains("masked variables only")), "{:?}", batch.account.notes);

    // Without the licence nothing is known, and that is no gap.
    gitlab.control(json!({"premium": false}));
    let batch = stores(&Setting::new(&gitlab.endpoint, ROOT).build(), &everything()).await;
    assert_eq!(gap_reasons(&batch.inventory), Vec::<String>::new());
    assert!(batch.inventory.slots.iter().all(|slot| slot.updated_at.is_none()));
    assert!(batch.account.notes.iter().any(|note| note.contains("GitLab Premium")), "{:?}", batch.account.notes);
}
