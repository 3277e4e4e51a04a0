//! GitHub's secrets, keys, tokens, Apps and environments, against a stateful fake behind prism, which holds every request and answer
//! against GitHub's own description: what is read is what was set up, and what is not read is never taken for absent.
#![cfg(feature = "github")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod refusals;
#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use driftgate::config::{Environment, Files};
use driftgate::model::Id;
use driftgate::model::inventory::{Credential, Inventory, Level, LivenessState, Slot, Status};
use driftgate::sources::github::{Context, GithubSource};
use driftgate::sources::{About, Batch, Journal, Source, Wanted};
use serde_json::{Value, json};
use support::github::TOKEN;
use support::{Answer, Github, Listener};

fn about() -> About {
    About { name: "github".to_owned(), kind: "github".to_owned(), required: true, authority: None }
}

fn source_with(settings: Value, variables: &[(&str, &str)]) -> GithubSource {
    let env: Environment = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let files = Files::Tree(PathBuf::from("."));
    let context = Context { env: &Arc::new(env), files: &files, max_wait: Duration::from_secs(2), home: true };
    GithubSource::new(about(), serde_json::from_value(settings).unwrap(), &context).unwrap()
}

fn source(github: &Github) -> GithubSource {
    source_with(json!({"url": github.endpoint, "cache": false}), &[("GH_TOKEN", TOKEN)])
}

/// A gate of `acme/shop`, whose jobs refer to secrets.
fn gate() -> Wanted {
    Wanted {
        secrets: true,
        repository: Some("acme/shop".to_owned()),
        now: "2026-06-01T00:00:00Z".parse().unwrap(),
        ..Wanted::default()
    }
}

fn everything() -> Wanted {
    Wanted { everything: true, ..gate() }
}

fn scan() -> Wanted {
    Wanted { wide: true, ..everything() }
}

async fn stores(source: &GithubSource, want: &Wanted) -> Batch {
    let mut batch = Batch::default();
    source.stores(want, &mut batch).await;
    // As the gate joins them.
    let read = std::mem::take(&mut batch.inventory);
    batch.inventory.absorb(read);
    batch
}

async fn collect(source: &GithubSource, want: &Wanted) -> Batch {
    let mut batch = Batch::default();
    source.collect(want, &mut batch).await;
    batch
}

fn secrets(names: &[&str]) -> Value {
    names.iter().map(|name| json!({"name": name, "updated_at": "2026-02-03T04:05:06Z"})).collect()
}

fn slot_ids(inventory: &Inventory) -> BTreeSet<String> {
    inventory.slots.iter().map(|slot| slot.id.to_string()).collect()
}

fn slot<'i>(inventory: &'i Inventory, id: &str) -> &'i Slot {
    inventory.slot(&Id::new(id)).unwrap_or_else(|| panic!("{id} in {:?}", slot_ids(inventory)))
}

fn credential<'i>(inventory: &'i Inventory, id: &str) -> &'i Credential {
    let ids: Vec<&str> = inventory.credentials.iter().map(|credential| credential.id.as_str()).collect();
    inventory.credential(&Id::new(id)).unwrap_or_else(|| panic!("{id} in {ids:?}"))
}

fn state(inventory: &Inventory, id: &str) -> LivenessState {
    credential(inventory, id).liveness.as_ref().map_or(LivenessState::NotChecked, |seen| seen.state)
}

/// Level, native words and resource of each grant.
fn grants(one: &Credential) -> Vec<(Level, &str, Option<&str>)> {
    let of = |grant: &'_ driftgate::model::inventory::Grant| grant.level.unwrap();
    one.grants.iter().map(|g| (of(g), g.native.as_deref().unwrap_or_default(), g.resource.as_deref())).collect()
}

/// Kind and place of the lists that were wholly read, or not.
fn lists(inventory: &Inventory, complete: bool) -> BTreeSet<(String, String)> {
    let of = inventory.coverage.iter().filter(|extent| extent.complete == complete);
    of.map(|extent| (extent.kind.clone(), extent.place.clone())).collect()
}

fn reasons(batch: &Batch) -> Vec<String> {
    batch.inventory.gaps.iter().map(|gap| format!("{} {}: {}", gap.lacks, gap.scope, gap.reason)).collect()
}

fn shop() -> Value {
    json!({
        "actions": secrets(&["DEPLOY_KEY", "NPM_TOKEN"]),
        "dependabot": secrets(&["REGISTRY"]),
        "codespaces": secrets(&["DEV"]),
        "environments": {
            "production": {"secrets": secrets(&["DEPLOY_KEY"]), "wait": 30, "reviewers": ["bob", "carol"], "protected": true},
            "prod/eu": {"secrets": secrets(&["EU"])},
            "empty": {},
        },
        "keys": [
            {"id": 8412, "title": "deploy", "read_only": false, "added_by": "alice", "last_used": "2026-05-01T00:00:00Z",
             "created_at": "2025-01-01T00:00:00Z", "enabled": true,
             "key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"},
            {"id": 8413, "title": "mirror", "read_only": true, "added_by": null, "last_used": null, "enabled": true},
            {"id": 8414, "title": "off", "read_only": true, "enabled": false},
        ],
    })
}

fn organization() -> Value {
    json!({
        "repositories": {"acme/shop": shop(), "acme/site": {"actions": secrets(&["SITE"])}},
        "organization": {
            "actions": [
                {"name": "ORG_ALL", "visibility": "all", "updated_at": "2026-01-02T00:00:00Z"},
                {"name": "ORG_SHOP", "visibility": "selected", "selected": ["acme/shop"]},
                {"name": "ORG_SITE", "visibility": "selected", "selected": ["acme/site"]},
                {"name": "ORG_PRIVATE", "visibility": "private"},
            ],
            "dependabot": [{"name": "ORG_REGISTRY", "visibility": "selected", "selected": ["acme/site"]}],
            "codespaces": [{"name": "ORG_DEV", "visibility": "all"}],
        },
        "pats": [
            {"id": 991, "owner": "alice", "token_name": "release", "repository_selection": "all",
             "permissions": {"repository": {"contents": "write", "metadata": "read"}},
             "token_expires_at": "2026-12-31T00:00:00-07:00", "token_last_used_at": "2026-05-20T00:00:00.000Z"},
            {"id": 992, "owner": "bob", "token_name": "old", "repository_selection": "subset", "repositories": ["acme/site"],
             "permissions": {"repository": {"metadata": "read"}}, "token_expired": true},
            {"id": 993, "owner": "carol", "token_name": "owner", "repository_selection": "none",
             "permissions": {"organization": {"organization_administration": "write"}}},
        ],
        "apps": [
            {"id": 5521, "app_slug": "renovate", "repository_selection": "all", "suspended_at": null,
             "permissions": {"contents": "write", "metadata": "read"}},
            {"id": 5522, "app_slug": "stale", "repository_selection": "selected", "suspended_at": "2026-03-01T00:00:00Z",
             "permissions": {"administration": "write"}},
        ],
        "sso": [
            {"credential_id": 31, "login": "alice", "credential_type": "personal access token", "scopes": ["repo", "admin:org"],
             "authorized_credential_note": "laptop", "authorized_credential_expires_at": "2026-12-01T00:00:00Z"},
            {"credential_id": 32, "login": "bob", "credential_type": "personal access token", "scopes": ["read:org"],
             "authorized_credential_expires_at": "2026-01-01T00:00:00Z"},
        ],
        "tokens": {TOKEN: {"login": "auditor"}},
    })
}

/// The App of the fake.
fn app_source(github: &Github, key: &str, more: Value) -> GithubSource {
    let mut app = json!({"id": github.app().0, "private_key_env": "APP_KEY"});
    app.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    source_with(json!({"url": github.endpoint, "cache": false, "app": app}), &[("APP_KEY", key)])
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_of_a_repository_is_read_as_it_was_set_up() {
    let github = Github::checked();
    let mut set_up = organization();
    // A thousand and one: eleven pages.
    let many: Vec<String> = (0..1001).map(|n| format!("MANY_{n:04}")).collect();
    set_up["repositories"]["acme/shop"]["actions"] = secrets(&many.iter().map(String::as_str).collect::<Vec<_>>());
    github.set(&set_up);
    let source = app_source(&github, &github.app().1, json!({}));
    let batch = stores(&source, &everything()).await;
    let read = &batch.inventory;

    let mut expected: BTreeSet<String> =
        many.iter().map(|name| format!("github:actions-secret:acme/shop:{name}")).collect();
    for id in [
        "actions-secret:acme/shop@production:DEPLOY_KEY",
        "actions-secret:acme/shop@prod/eu:EU",
        "dependabot-secret:acme/shop:REGISTRY",
        "codespaces-secret:acme/shop:DEV",
        "actions-secret:acme:ORG_ALL",
        "actions-secret:acme:ORG_SHOP",
        "actions-secret:acme:ORG_PRIVATE",
        "dependabot-secret:acme:ORG_REGISTRY",
        "codespaces-secret:acme:ORG_DEV",
    ] {
        expected.insert(format!("github:{id}"));
    }
    assert_eq!(slot_ids(read), expected);
    let one = slot(read, "github:actions-secret:acme/shop@production:DEPLOY_KEY");
    assert_eq!((one.name.as_deref(), one.environment.as_deref()), (Some("DEPLOY_KEY"), Some("production")));
    assert_eq!(one.updated_at, Some("2026-02-03T04:05:06Z".parse().unwrap()));
    assert_eq!(one.readers, Vec::<String>::new(), "reviewers read nothing");
    assert_eq!(slot(read, "github:actions-secret:acme:ORG_SHOP").visibility.as_deref(), Some("selected"));

    let key = credential(read, "github:deploy-key:acme/shop:8412");
    assert_eq!(grants(key), [(Level::Write, "read and write", Some("acme/shop"))]);
    assert_eq!((key.owner.as_deref(), key.name.as_deref()), (Some("alice"), Some("deploy")));
    assert_eq!(key.aliases, ["SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"]);
    assert_eq!(key.last_used_at, Some("2026-05-01T00:00:00Z".parse().unwrap()));
    assert_eq!((key.status, key.tenant.as_deref()), (Status::Active, Some("github:acme")));
    let mirror = credential(read, "github:deploy-key:acme/shop:8413");
    assert_eq!((grants(mirror)[0].0, mirror.owner.as_deref(), mirror.last_used_at), (Level::Read, None, None));
    assert_eq!(state(read, "github:deploy-key:acme/shop:8414"), LivenessState::Dead);

    let token = credential(read, "github:pat:acme:991");
    assert_eq!(grants(token), [(Level::Write, "contents:write, metadata:read", Some("acme/*"))]);
    assert_eq!((token.owner.as_deref(), token.name.as_deref()), (Some("alice"), Some("release")));
    assert_eq!(token.expires_at, Some("2026-12-31T07:00:00Z".parse().unwrap()));
    assert_eq!(token.last_used_at, Some("2026-05-20T00:00:00Z".parse().unwrap()));
    assert_eq!(state(read, "github:pat:acme:991"), LivenessState::Live);
    assert_eq!(state(read, "github:pat:acme:992"), LivenessState::Dead);
    let some = grants(credential(read, "github:pat:acme:992"));
    assert!(some.contains(&(Level::Read, "metadata:read", Some("acme/site"))), "{some:?}");
    let owner = credential(read, "github:pat:acme:993");
    assert_eq!(grants(owner), [(Level::Admin, "organization_administration:write", Some("acme"))]);

    assert_eq!(state(read, "github:app:acme:5521"), LivenessState::Live);
    assert_eq!(credential(read, "github:app:acme:5521").name.as_deref(), Some("renovate"));
    let stale = credential(read, "github:app:acme:5522");
    assert_eq!((stale.status, state(read, stale.id.as_str())), (Status::Inactive, LivenessState::Dead));
    assert_eq!(grants(stale), [(Level::Admin, "administration:write", None)]);

    let laptop = credential(read, "github:sso-token:acme:31");
    assert_eq!((laptop.owner.as_deref(), laptop.name.as_deref()), (Some("alice"), Some("laptop")));
    assert_eq!(grants(laptop), [(Level::Admin, "repo, admin:org", None)]);
    assert_eq!(state(read, "github:sso-token:acme:32"), LivenessState::Dead, "it has expired");

    assert_eq!(reasons(&batch), Vec::<String>::new());
    assert_eq!(lists(read, false), BTreeSet::new());
    assert!(lists(read, true).contains(&("actions-secret".to_owned(), "acme/shop@empty".to_owned())));
    let asked_as = Some("app auditor, installation 77");
    assert_eq!(batch.account.asked_as.as_deref(), asked_as);
    assert!(read.coverage.iter().all(|extent| extent.asked_as.as_deref() == asked_as));
    let notes = batch.account.notes.join("\n");
    for told in [
        "environment production of acme/shop: one of bob, carol must approve; waits 30 min; protected branches only",
        "environment empty of acme/shop: no reviewers; any branch",
        "GitHub lists classic tokens only where",
    ] {
        assert!(notes.contains(told), "{told} in {notes}");
    }
    let asked = github.requests();
    assert_eq!(batch.account.requests, asked.len() as u64);
    assert_eq!(asked.iter().filter(|one| one.line.ends_with("acme/shop/actions/secrets")).count(), 11);
    let lines: BTreeSet<String> = asked.iter().map(|one| format!("{}?{}", one.line, one.query)).collect();
    assert_eq!(lines.len(), asked.len(), "nothing is asked for twice");
    let again = collect(&source, &Wanted { credentials: ids(read), grants: ids(read), ..everything() }).await;
    assert_eq!((again.account.requests, reasons(&again)), (0, Vec::new()), "what was read is not asked for again");
    assert!(asked.iter().all(|one| matches!(one.status, 200 | 201)), "{asked:?}");
}

fn ids(inventory: &Inventory) -> BTreeSet<Id> {
    inventory.credentials.iter().map(|credential| credential.id.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_reads_the_organization_and_goes_on_where_it_was_stopped() {
    let github = Github::checked();
    github.set(&organization());
    let source = app_source(&github, &github.app().1, json!({}));
    let journal = Arc::new(Kept::default());
    let want = Wanted { journal: Some(journal.clone()), ..scan() };
    let batch = stores(&source, &want).await;
    assert_eq!(reasons(&batch), Vec::<String>::new());
    let read = &batch.inventory;
    let visible = |name: &str| slot(read, &format!("github:actions-secret:acme:{name}")).visible_to.clone();
    assert_eq!(visible("ORG_SITE"), Some(vec!["acme/site".to_owned()]));
    assert_eq!(visible("ORG_ALL"), None);
    assert_eq!(slot(read, "github:dependabot-secret:acme:ORG_REGISTRY").visible_to, Some(vec!["acme/site".to_owned()]));
    slot(read, "github:actions-secret:acme/site:SITE");
    slot(read, "github:actions-secret:acme/shop@prod/eu:EU");
    assert_eq!(state(read, "github:deploy-key:acme/shop:8412"), LivenessState::Live);
    assert!(lists(read, true).contains(&("deploy-key".to_owned(), "acme/site".to_owned())), "an empty list is whole");
    let first = github.requests().len();

    // Of two repositories one was read before the interruption: the list, the other one and the organization are left.
    journal.0.lock().unwrap().remove("acme/site");
    github.forget();
    let next = app_source(&github, &github.app().1, json!({}));
    let resumed = stores(&next, &want).await;
    assert_eq!(slot_ids(&resumed.inventory), slot_ids(read));
    assert_eq!(ids(&resumed.inventory), ids(read));
    let lines: Vec<String> = github.requests().into_iter().map(|one| one.line).collect();
    let of = |place: &str| lines.iter().filter(|line| line.contains(place)).count();
    assert_eq!((of("/acme/shop/"), of("/acme/site/"), of("/orgs/acme/repos")), (0, 5, 1), "{lines:?}");
    assert!(lines.len() < first / 2, "{lines:?}");
}

/// A journal in memory.
#[derive(Debug, Default)]
struct Kept(Mutex<BTreeMap<String, Inventory>>);

impl Journal for Kept {
    fn recall(&self, source: &str, part: &str) -> Option<Inventory> {
        assert_eq!(source, "github");
        self.0.lock().unwrap().get(part).cloned()
    }

    fn keep(&self, _: &str, part: &str, inventory: &Inventory) {
        assert!(inventory.gaps.is_empty());
        self.0.lock().unwrap().insert(part.to_owned(), inventory.clone());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_does_hold_answers_against_the_description() {
    let github = Github::checked();
    let mut set_up = organization();
    set_up["repositories"]["acme/shop"]["actions"] = json!([{"name": 7}]);
    github.set(&set_up);
    let batch = stores(&source(&github), &gate()).await;
    assert!(reasons(&batch).contains(&"slots acme/shop: HTTP 500".to_owned()), "{:?}", reasons(&batch));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_asks_for_little_and_a_warm_one_for_nothing_that_counts() {
    let github = Github::start();
    let names: Vec<String> = (0..20).map(|n| format!("SECRET_{n}")).collect();
    let mut set_up = organization();
    set_up["repositories"]["acme/shop"]["actions"] = secrets(&names.iter().map(String::as_str).collect::<Vec<_>>());
    github.set(&set_up);
    let folder = tempfile::tempdir().unwrap();
    let key = github.app().1;
    let token = || json!({"url": github.endpoint, "cache": folder.path()});
    let app =
        || json!({"url": github.endpoint, "cache": folder.path(), "app": {"id": 7, "private_key_env": "APP_KEY"}});
    let environments: BTreeSet<String> = ["production", "prod/eu", "empty"].map(str::to_owned).into();
    for (settings, most) in [(token(), 3), (app(), 4)] {
        for (environments, each) in [(BTreeSet::new(), 0), (environments.clone(), 3)] {
            let want = Wanted { environments, ..gate() };
            let mut slots = Vec::new();
            // The second of them cold, then warm; the answers of before are another's without its environments.
            for warm in [false, true] {
                if !warm && each == 0 {
                    std::fs::remove_dir_all(folder.path()).unwrap();
                }
                github.forget();
                let source = source_with(settings.clone(), &[("GH_TOKEN", TOKEN), ("APP_KEY", &key)]);
                let batch = stores(&source, &want).await;
                assert_eq!(reasons(&batch), Vec::<String>::new());
                let nothing = collect(&source, &Wanted { slots: want.slots.clone(), ..want.clone() }).await;
                assert_eq!(nothing.account.requests, 0);
                let asked = github.requests();
                assert!(asked.len() <= most + each, "{asked:?}");
                let counting: Vec<_> = asked.iter().filter(|one| one.counts()).collect();
                assert!(!warm || counting.len() <= 1, "{counting:?}");
                slots.push(slot_ids(&batch.inventory));
            }
            assert_eq!(slots[0], slots[1], "a warm run reads the same");
            assert!(slots[0].len() >= 23);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tampered_cache_is_not_believed() {
    let github = Github::start();
    github.set(&organization());
    let folder = tempfile::tempdir().unwrap();
    let settings = || json!({"url": github.endpoint, "cache": folder.path()});
    let before = stores(&source_with(settings(), &[("GH_TOKEN", TOKEN)]), &gate()).await;
    let files: Vec<PathBuf> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 3);
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(TOKEN) && !file.to_string_lossy().contains("shop"));
        let mut changed = bytes.clone();
        let at =
            bytes.windows(10).position(|ten| ten == b"DEPLOY_KEY" || ten == b"\"ORG_ALL\",").unwrap_or(bytes.len() - 9);
        changed[at + 2] = b'X';
        std::fs::write(file, changed).unwrap();
    }
    github.forget();
    let after = stores(&source_with(settings(), &[("GH_TOKEN", TOKEN)]), &gate()).await;
    assert_eq!(slot_ids(&after.inventory), slot_ids(&before.inventory));
    assert!(github.requests().iter().all(|one| one.status == 200), "nothing of it was offered to GitHub");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_a_gap_that_names_the_permission() {
    let github = Github::start();
    let mut set_up = organization();
    set_up["tokens"] = json!({TOKEN: {"login": "auditor", "deny": {
        "/repos/acme/shop/actions/secrets": "secrets=read",
        "/repos/acme/shop/environments/production/secrets": "environments=read",
    }}});
    github.set(&set_up);
    let environments = BTreeSet::from(["production".to_owned(), "nowhere".to_owned()]);
    let batch = stores(&source(&github), &Wanted { environments, ..gate() }).await;
    let mut told = reasons(&batch);
    told.sort();
    assert_eq!(
        told,
        [
            "slots acme/shop: HTTP 403: the token lacks the permission secrets=read",
            "slots acme/shop@production: HTTP 403: the token lacks the permission environments=read",
        ]
    );
    // An environment that the whole list does not have is made by the first job that names it: it has no secrets.
    let whole = ["acme", "acme/shop@nowhere"].map(|place| ("actions-secret".to_owned(), place.to_owned()));
    assert_eq!(lists(&batch.inventory, true), BTreeSet::from(whole));
    assert_eq!(slot_ids(&batch.inventory).len(), 3, "the rest is read");

    // A repository that the token does not see has no list, and that is no empty one.
    let batch = stores(&source(&github), &Wanted { repository: Some("acme/hidden".into()), ..gate() }).await;
    assert_eq!(lists(&batch.inventory, true), BTreeSet::new());
    assert_eq!(reasons(&batch).len(), 2);

    // A list of credentials that is lost is unknown for those that are asked for; another list is not.
    set_up["tokens"] =
        json!({TOKEN: {"login": "auditor", "deny": {"/orgs/acme/installations": "organization_administration=read"}}});
    github.set(&set_up);
    let named = [
        "github:app:acme:5521",
        "github:pat:acme:991",
        "github:deploy-key:acme/shop:8412",
        "github:deploy-key:acme/shop:1",
    ];
    let want = Wanted { credentials: named.iter().map(|id| Id::new(*id)).collect(), ..gate() };
    let source = source(&github);
    stores(&source, &want).await;
    let batch = collect(&source, &want).await;
    for (id, why) in [(named[0], "organization_administration=read"), (named[1], "to Apps alone")] {
        assert_eq!(state(&batch.inventory, id), LivenessState::Unknown);
        assert!(
            reasons(&batch)
                .iter()
                .any(|reason| reason.starts_with(&format!("liveness {id}: ")) && reason.contains(why))
        );
    }
    assert!(
        batch.inventory.credential(&Id::new(named[3])).is_none(),
        "that the whole list lacks it is judged elsewhere"
    );
    assert_eq!(batch.account.requests, 0, "the lists were read with the stores");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_let_in_asks_once() {
    let github = Github::start();
    github.set(&organization());
    let settings = || json!({"url": github.endpoint, "cache": false});
    let named = Id::new("github:deploy-key:acme/shop:8412");
    let want = Wanted { credentials: BTreeSet::from([named.clone()]), ..gate() };
    let revoked = source_with(settings(), &[("GH_TOKEN", "ghp_revoked")]);
    let batch = stores(&revoked, &want).await;
    assert_eq!(reasons(&batch), ["slots *: HTTP 401: the token is not let in"]);
    assert_eq!(github.requests().len(), 1);
    let batch = collect(&revoked, &want).await;
    assert_eq!(state(&batch.inventory, named.as_str()), LivenessState::Unknown);
    assert_eq!(github.requests().len(), 1);

    let batch = stores(&source_with(settings(), &[]), &gate()).await;
    assert!(reasons(&batch)[0].contains("no token: set one of DRIFTGATE_GITHUB_TOKEN"), "{:?}", reasons(&batch));

    // An App with a key that GitHub does not know, one with something else for a key, one that is not installed here.
    let other = "-----BEGIN RSA PRIVATE KEY-----\nnothing\n-----END RSA PRIVATE KEY-----";
    let batch = stores(&app_source(&github, other, json!({})), &gate()).await;
    assert_eq!(reasons(&batch), ["slots *: the App's private key is no RSA key in PEM"]);
    let key = github.app().1;
    let stranger = json!({"url": github.endpoint, "cache": false, "app": {"id": 8, "private_key_env": "K"}});
    let batch = stores(&source_with(stranger, &[("K", &key)]), &gate()).await;
    assert!(reasons(&batch)[0].contains("HTTP 401: the App is not let in"), "{:?}", reasons(&batch));
    let elsewhere = Wanted { repository: Some("other/x".into()), ..gate() };
    let batch = stores(&app_source(&github, &key, json!({})), &elsewhere).await;
    assert!(reasons(&batch)[0].contains("the App is not installed there"), "{:?}", reasons(&batch));
    // Where the installation is configured, nobody looks for it. A key on one line is a key.
    github.forget();
    let batch = stores(&app_source(&github, &key.replace('\n', "\\n"), json!({"installation": 77})), &gate()).await;
    assert_eq!(reasons(&batch), Vec::<String>::new());
    assert_eq!(github.requests().len(), 3);
    // An installation's token has no user to ask for.
    set_tokens(&github, "ghs_workflow");
    let batch = stores(&source_with(settings(), &[("GITHUB_TOKEN", "ghs_workflow")]), &gate()).await;
    assert_eq!((batch.account.requests, batch.account.asked_as), (2, None));
}

fn set_tokens(github: &Github, token: &str) {
    let mut set_up = organization();
    set_up["tokens"] = json!({token: {"login": "someone"}});
    github.set(&set_up);
}
