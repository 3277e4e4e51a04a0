//! What an auditor reads of a whole OpenBao, against what an independent client (hvac) reads of the same one: mounts of both versions,
//! namespaces, deletions, lost permissions, accessors, secret-ids, policies, fingerprints, an interrupted scan.
#![cfg(feature = "vault")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use driftgate::config::{Environment, Files};
use driftgate::model::Id;
use driftgate::model::inventory::{Inventory, Level, LivenessState};
use driftgate::secret::{FingerprintKey, Secret};
use driftgate::sources::key_ids::KeyIds;
use driftgate::sources::vault::VaultSource;
use driftgate::sources::{About, Batch, Journal, Outer, Source, Wanted};
use reqwest::Method;
use serde_json::{Value, json};
use support::OpenBao;

fn source(server: &str, token: &str, more: Value) -> VaultSource {
    let mut settings = json!({"address": server, "token_env": "AUDIT_TOKEN"});
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let env: Environment = [("AUDIT_TOKEN".to_owned(), token.to_owned())].into_iter().collect();
    let about = About { name: "vault".into(), kind: "vault".into(), required: true, authority: None };
    let files = Files::Tree(PathBuf::from("."));
    VaultSource::new(about, serde_json::from_value(settings).unwrap(), Arc::new(env), &files)
}

fn everything() -> Wanted {
    Wanted { everything: true, wide: true, now: jiff::Timestamp::now(), ..Wanted::default() }
}

async fn read(source: &VaultSource, want: &Wanted) -> Batch {
    let mut batch = Batch::default();
    source.stores(want, &mut batch).await;
    batch
}

fn ids(batch: &Batch, kind: &str) -> BTreeSet<String> {
    let slots = batch.inventory.slots.iter().map(|slot| &slot.id);
    let all = slots.chain(batch.inventory.credentials.iter().map(|credential| &credential.id));
    all.filter(|id| id.kind() == kind).map(|id| id.rest().to_owned()).collect()
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

fn texts(value: &Value) -> BTreeSet<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// A thousand secrets over two mounts and two namespaces; every value is a canary.
fn thousand(bao: &OpenBao) {
    for namespace in ["a", "b"] {
        bao.admin(Method::POST, &format!("sys/namespaces/{namespace}"), None);
        for (mount, version) in [("one", "1"), ("two", "2")] {
            let body = json!({"type": "kv", "options": {"version": version}});
            bao.inside(namespace, Method::POST, &format!("sys/mounts/{mount}"), Some(body));
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let work = (0..1000).map(|number| {
        let (namespace, mount) = (["a", "b"][number % 2], ["one", "two/data"][number / 2 % 2]);
        let path = format!("{mount}/team-{}/app {}/key-{number}", number % 7, number % 3);
        let body = if mount == "one" {
            json!({"v": format!("value-canary-{number}")})
        } else {
            json!({"data": {"v": format!("value-canary-{number}")}})
        };
        let request = client
            .post(format!("{}/v1/{path}", bao.endpoint))
            .header("x-vault-token", &bao.root)
            .header("x-vault-namespace", namespace)
            .json(&body);
        async move { assert!(request.send().await.unwrap().status().is_success(), "{path}") }
    });
    use futures::StreamExt;
    runtime.block_on(futures::stream::iter(work).buffer_unordered(16).collect::<Vec<_>>());
}

async fn in_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_secrets_in_two_mounts_and_two_namespaces() {
    let bao = OpenBao::start();
    in_thread(|| thousand(&bao)).await;
    let source = source(&bao.endpoint, &bao.root, json!({"namespaces": ["a", "b"]}));
    let batch = read(&source, &everything()).await;
    assert!(batch.inventory.gaps.is_empty(), "{:?}", batch.inventory.gaps);
    let theirs = bao.read_by_hvac(&["a", "b"]);
    let mut expected: BTreeMap<String, Value> = BTreeMap::new();
    for namespace in ["a", "b"] {
        for (path, secret) in theirs[namespace]["secrets"].as_object().unwrap() {
            expected.insert(format!("{namespace}/{path}").replace(' ', "%20"), secret.clone());
        }
    }
    assert_eq!(expected.len(), 1000);
    assert_eq!(ids(&batch, "kv"), expected.keys().cloned().collect());
    for slot in &batch.inventory.slots {
        let versions = expected[slot.id.rest()]["versions"].as_object().unwrap();
        assert_eq!(slot.versions.len(), versions.len(), "{}", slot.id);
        let newest = versions.values().map(|version| version[0].as_str().unwrap().parse().unwrap()).max();
        assert_eq!(slot.updated_at, newest, "{}", slot.id);
    }
    let complete: BTreeSet<&str> =
        batch.inventory.coverage.iter().filter(|e| e.kind == "kv" && e.complete).map(|e| e.place.as_str()).collect();
    assert_eq!(complete, BTreeSet::from(["a/one", "a/two", "b/one", "b/two"]));
    assert!(!format!("{batch:?}").contains("canary"));
    // Mounts, folders (9 or 29 a mount), metadata of version 2, and three lists a namespace.
    assert!(batch.account.requests < 500 + 200, "{}", batch.account.requests);
    // What was read is not read again.
    let mut again = Batch::default();
    let slots = batch.inventory.slots.iter().map(|slot| slot.id.clone()).collect();
    source.collect(&Wanted { slots, ..everything() }, &mut again).await;
    assert_eq!(again.account.requests, 0);

    // Only the mounts that the user names; one that is not there is a gap.
    let some = read(
        &self::source(&bao.endpoint, &bao.root, json!({"namespaces": ["b"], "mounts": ["two/", "three"]})),
        &everything(),
    )
    .await;
    assert_eq!(some.inventory.slots.len(), 250);
    assert_eq!(some.inventory.gaps.iter().map(|gap| gap.scope.as_str()).collect::<Vec<_>>(), ["b/three"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn deletions_metadata_and_a_lost_permission() {
    let bao = OpenBao::start();
    let write = |path: &str, body: Value| bao.admin(Method::POST, path, Some(body));
    for name in ["alive", "soft", "gone", "later", "team/hidden/x", "team/open/y"] {
        write(&format!("secret/data/{name}"), json!({"data": {"v": "value-canary"}}));
    }
    write("secret/data/alive", json!({"data": {"v": "value-canary-2"}}));
    write(
        "secret/metadata/alive",
        json!({"custom_metadata": {"owner": "svc-shop", "ticket": "SEC-7", "holds": "aws:access-key:AKIAX"}}),
    );
    bao.admin(Method::DELETE, "secret/data/soft", None);
    write("secret/destroy/gone", json!({"versions": [1]}));
    write("secret/metadata/later", json!({"delete_version_after": "3h"}));
    write("secret/data/later", json!({"data": {"v": "value-canary"}}));

    let batch = read(&source(&bao.endpoint, &bao.root, json!({})), &everything()).await;
    assert!(batch.inventory.gaps.is_empty(), "{:?}", batch.inventory.gaps);
    assert_eq!(ids(&batch, "kv"), keys(&bao.read_by_hvac(&[""])[""]["secrets"]));
    let slot = |path: &str| batch.inventory.slot(&Id::new(format!("vault:kv:{path}"))).unwrap();
    let newest = |path: &str| slot(path).versions[0].stage.as_deref();
    let alive = slot("secret/alive");
    assert_eq!((alive.versions.len(), alive.owner.as_deref()), (2, Some("svc-shop")));
    assert_eq!(
        (alive.aliases.clone(), alive.holds.clone()),
        (vec!["SEC-7".to_owned()], Some(Id::new("aws:access-key:AKIAX")))
    );
    assert_eq!(newest("secret/alive"), None);
    assert_eq!(newest("secret/soft"), Some("deleted"));
    assert_eq!(newest("secret/gone"), Some("destroyed"));
    assert_eq!(newest("secret/later"), None, "a deletion in the future is still alive");
    let then = Wanted { now: jiff::Timestamp::now() + jiff::SignedDuration::from_hours(4), ..everything() };
    let later = read(&source(&bao.endpoint, &bao.root, json!({})), &then).await;
    let slot = later.inventory.slot(&Id::new("vault:kv:secret/later")).unwrap();
    assert_eq!(slot.versions[0].stage.as_deref(), Some("deleted"));

    // An auditor that lost one folder's list, and one secret's metadata.
    bao.policy(
        "auditor",
        r#"
        path "secret/metadata/*" { capabilities = ["read", "list"] }
        path "secret/metadata/team/hidden/*" { capabilities = ["deny"] }
        path "secret/metadata/soft" { capabilities = ["deny"] }
    "#,
    );
    let auditor = bao.create_token(&["auditor"], "1h", "auditor");
    let batch = read(&source(&bao.endpoint, &auditor.token, json!({})), &everything()).await;
    let known = ids(&batch, "kv");
    assert!(
        known.contains("secret/team/open/y")
            && known.contains("secret/alive")
            && !known.contains("secret/team/hidden/x")
    );
    let gaps: BTreeSet<(&str, &str, &str)> =
        batch.inventory.gaps.iter().map(|gap| (gap.lacks.as_str(), gap.scope.as_str(), gap.reason.as_str())).collect();
    assert!(gaps.contains(&("slots", "secret/team/hidden", "permission denied")), "{gaps:?}");
    assert!(gaps.contains(&("change-time", "vault:kv:secret/soft", "permission denied")), "{gaps:?}");
    assert!(
        gaps.iter().any(|(lacks, scope, reason)| *lacks == "credentials"
            && *scope == "vault:token"
            && reason.contains("sudo")),
        "{gaps:?}"
    );
    assert!(batch.inventory.coverage.iter().all(|extent| !extent.complete), "{:?}", batch.inventory.coverage);
    assert_eq!(batch.account.asked_as.as_deref(), Some("token-auditor"));
}

#[tokio::test(flavor = "multi_thread")]
async fn accessors_secret_ids_and_what_they_may_do() {
    let bao = OpenBao::start();
    bao.policy(
        "app",
        r#"
        path "secret/data/app/*" { capabilities = ["read"] }
        path "secret/metadata/app/*" { capabilities = ["list", "read"] }
        path "secret/data/ci/token" { capabilities = ["create", "update"] }
    "#,
    );
    bao.policy("all", r#"path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }"#);
    bao.policy("off", r#"path "secret/data/ci/token" { capabilities = ["deny"] }"#);
    bao.admin(Method::POST, "sys/auth/machines", Some(json!({"type": "approle"})));
    for (role, policies) in [("deploy", json!(["app"])), ("empty", json!([]))] {
        bao.admin(Method::POST, &format!("auth/machines/role/{role}"), Some(json!({"token_policies": policies})));
    }
    let secret_id = || {
        let body = json!({"metadata": "{\"owner\":\"svc-deploy\"}", "ttl": "2h"});
        bao.admin(Method::POST, "auth/machines/role/deploy/secret-id", Some(body))["data"]["secret_id_accessor"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (kept, revoked) = (secret_id(), secret_id());
    let tokens = [
        bao.create_token(&["app"], "1h", "ci"),
        bao.create_token(&["all"], "1h", "admin"),
        bao.create_token(&["app", "off"], "1h", "off"),
    ];
    let dead = bao.create_token(&["app"], "1h", "dead");

    let one = source(&bao.endpoint, &bao.root, json!({}));
    let batch = read(&one, &everything()).await;
    assert!(batch.inventory.gaps.is_empty(), "{:?}", batch.inventory.gaps);
    let theirs = bao.read_by_hvac(&[""]);
    assert_eq!(ids(&batch, "token"), texts(&theirs[""]["accessors"]));
    assert_eq!(ids(&batch, "secret-id"), texts(&theirs[""]["secret_ids"]));
    let host = bao.endpoint.trim_start_matches("http://");
    let credential = |batch: &Batch, id: &str| batch.inventory.credential(&Id::new(id)).cloned().unwrap();
    let of = |batch: &Batch, id: &str| {
        let grants = credential(batch, id).grants;
        grants.into_iter().map(|grant| (grant.resource.unwrap(), grant.level.unwrap())).collect::<Vec<_>>()
    };
    let token = |at: usize| format!("vault:token:{}", tokens[at].accessor);
    let app = [("secret/app/*".to_owned(), Level::Read), ("secret/ci/token".to_owned(), Level::Write)];
    assert_eq!(of(&batch, &token(0)), app);
    assert_eq!(of(&batch, &token(1)), [("*".to_owned(), Level::Admin)]);
    assert_eq!(of(&batch, &token(2)), app[..1]);
    let held = credential(&batch, &token(0));
    assert_eq!((held.name.as_deref(), held.tenant), (Some("token-ci"), Some(format!("vault:{host}"))));
    assert!(held.expires_at.is_some() && held.created_at.is_some());
    let issued = credential(&batch, &format!("vault:secret-id:deploy:{kept}"));
    assert_eq!((issued.name.as_deref(), issued.owner.as_deref()), (Some("deploy"), Some("svc-deploy")));
    assert_eq!(issued.liveness.unwrap().state, LivenessState::Live);
    assert!(issued.expires_at.is_some());
    assert_eq!(of(&batch, &format!("vault:secret-id:deploy:{kept}")), app);
    assert!(batch.inventory.coverage.iter().any(|e| e.kind == "secret-id" && e.place == "deploy" && e.complete));

    // In a gate only what is wanted: one revoked, one of a role that is gone, one that lives, with its grants.
    bao.admin(
        Method::POST,
        "auth/machines/role/deploy/secret-id-accessor/destroy",
        Some(json!({"secret_id_accessor": revoked})),
    );
    bao.revoke(&dead.accessor);
    let wanted = [
        format!("vault:secret-id:deploy:{kept}"),
        format!("vault:secret-id:deploy:{revoked}"),
        format!("vault:secret-id:nobody:{kept}"),
        token(2),
        format!("vault:token:{}", dead.accessor),
    ];
    let credentials: BTreeSet<Id> = wanted.iter().map(|id| Id::new(id.as_str())).collect();
    let grants = BTreeSet::from([Id::new(wanted[0].as_str()), Id::new(wanted[3].as_str())]);
    let mut batch = Batch::default();
    source(&bao.endpoint, &bao.root, json!({}))
        .collect(&Wanted { credentials, grants, ..Wanted::default() }, &mut batch)
        .await;
    let state = |id: &str| credential(&batch, id).liveness.map(|seen| seen.state).unwrap();
    assert_eq!(
        wanted.iter().map(|id| state(id)).collect::<Vec<_>>(),
        [LivenessState::Live, LivenessState::Dead, LivenessState::Dead, LivenessState::Live, LivenessState::Dead]
    );
    assert_eq!(of(&batch, &wanted[0]), app);
    assert_eq!(of(&batch, &wanted[3]), app[..1]);
    assert!(batch.inventory.gaps.is_empty(), "{:?}", batch.inventory.gaps);
    // lookup-self, 2 tokens, 3 secret-ids, the mounts, the role, and the policies app, default, off.
    assert_eq!(batch.account.requests, 11);

    // An auditor that may look up, and read no policy: grants are the gap, life is not.
    bao.policy(
        "blind",
        r#"
        path "auth/token/lookup-accessor" { capabilities = ["update"] }
        path "auth/machines/role/+/secret-id-accessor/lookup" { capabilities = ["update"] }
    "#,
    );
    let blind = bao.create_token(&["blind"], "1h", "blind");
    let want = Wanted {
        credentials: wanted[..4].iter().map(|id| Id::new(id.as_str())).collect(),
        grants: wanted[..4].iter().map(|id| Id::new(id.as_str())).collect(),
        ..Wanted::default()
    };
    let mut batch = Batch::default();
    source(&bao.endpoint, &blind.token, json!({})).collect(&want, &mut batch).await;
    assert_eq!(credential(&batch, &wanted[3]).liveness.unwrap().state, LivenessState::Live);
    let lacks: Vec<(&str, &str)> =
        batch.inventory.gaps.iter().map(|gap| (gap.lacks.as_str(), gap.scope.as_str())).collect();
    assert_eq!(lacks, [("grants", wanted[3].as_str()), ("grants", wanted[0].as_str())], "{:?}", batch.inventory.gaps);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_asks_once_for_the_mounts_and_once_a_path() {
    let bao = OpenBao::start_audited();
    for number in 0..5 {
        bao.admin(
            Method::POST,
            &format!("secret/data/app/db-{number}"),
            Some(json!({"data": {"password": "value-canary"}})),
        );
    }
    bao.policy("gate", r#"path "secret/metadata/app/*" { capabilities = ["read"] } path "auth/token/lookup-accessor" { capabilities = ["update"] }"#);
    let gate = bao.create_token(&["gate"], "1h", "gate");
    let deploy = bao.create_token(&["default"], "1h", "deploy");
    let outer = |name: &str, store: Option<&str>| Outer {
        provider: "vault".into(),
        name: name.into(),
        store: store.map(str::to_owned),
    };
    let here = bao.endpoint.as_str();
    let want = Wanted {
        now: jiff::Timestamp::now(),
        outer: BTreeSet::from([
            outer("secret/data/app/db-0 password", None),
            outer("secret/data/app/db-0 user", Some(here)),
            outer("v1/secret/data/app/db-1 password", None),
            outer("secret/app/db-2#password", None),
            outer("app/db-3/password@secret", None),
            outer("secret/app/nothing", None),
            outer("secret/app/db-4", Some("https://vault.example.com")),
            outer("secret/app/db-4", Some("akeyless")),
            outer("secret/${{ matrix.x }}/db", None),
        ]),
        slots: BTreeSet::from([
            Id::new("vault:kv:secret/app/db-0"),
            Id::new("vault:kv:secret/app/db-4#password"),
            Id::new("vault@eu:kv:secret/app/db-9"),
        ]),
        ..Wanted::default()
    };
    let source = source(&bao.endpoint, &gate.token, json!({}));
    let before = bao.audited().len();
    let batch = read(&source, &want).await;
    let asked = &bao.audited()[before..];
    let paths =
        ["db-0", "db-1", "db-2", "db-3", "db-4", "nothing"].map(|name| format!("read secret/metadata/app/{name}"));
    let expected: BTreeSet<String> = paths.into_iter().chain(["read sys/internal/ui/mounts".to_owned()]).collect();
    // The slot with a key is a wanted id of its own, whoever refers to the other server's.
    assert_eq!(asked.iter().cloned().collect::<BTreeSet<_>>(), expected);
    assert_eq!((asked.len(), batch.account.requests), (7, 7), "one for the mounts, and one a path: {asked:?}");
    assert_eq!(
        ids(&batch, "kv"),
        [
            "secret/app/db-0",
            "secret/app/db-0#password",
            "secret/app/db-0#user",
            "secret/app/db-1#password",
            "secret/app/db-2#password",
            "secret/app/db-3#password",
            "secret/app/db-4#password"
        ]
        .map(str::to_owned)
        .into()
    );
    assert_eq!(batch.account.notes, ["vault:kv:secret/app/nothing: there is no such secret"]);
    assert!(batch.inventory.gaps.is_empty(), "{:?}", batch.inventory.gaps);

    // Then one look at itself, and one a token; nothing again of what is known.
    let before = bao.audited().len();
    let mut batch = Batch::default();
    let slots = want.slots.iter().cloned().chain([Id::new("vault:kv:secret/app/db-1#password")]).collect();
    source
        .collect(
            &Wanted { credentials: BTreeSet::from([Id::vault_token(None, &deploy.accessor)]), slots, ..want.clone() },
            &mut batch,
        )
        .await;
    let asked = &bao.audited()[before..];
    assert_eq!(asked, ["read auth/token/lookup-self", "update auth/token/lookup-accessor"]);
    assert_eq!(batch.account.requests, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn fingerprints_of_values_and_what_they_hold() {
    let bao = OpenBao::start();
    let pair = json!({"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "note": "value-canary"});
    bao.admin(Method::POST, "sys/mounts/one", Some(json!({"type": "kv", "options": {"version": "1"}})));
    bao.admin(Method::POST, "one/ci/aws", Some(pair.clone()));
    bao.admin(Method::POST, "secret/data/ci/aws", Some(json!({"data": pair})));
    bao.admin(Method::POST, "secret/data/ci/off", Some(json!({"data": pair})));
    bao.admin(Method::DELETE, "secret/data/ci/off", None);
    let key = Arc::new(FingerprintKey::new(&Secret::new("site key".into())));
    let source = || source(&bao.endpoint, &bao.root, json!({})).fingerprints(Some(Arc::clone(&key)), KeyIds::default());
    let batch = read(&source(), &everything()).await;
    assert!(batch.inventory.gaps.is_empty(), "{:?}", batch.inventory.gaps);
    let aws = Id::aws_access_key(None, "AKIAIOSFODNN7EXAMPLE");
    for mount in ["one", "secret"] {
        let slot = |key: &str| batch.inventory.slot(&Id::new(format!("vault:kv:{mount}/ci/aws{key}"))).unwrap();
        for half in ["#aws_access_key_id", "#aws_secret_access_key", ""] {
            assert_eq!(slot(half).holds, Some(aws.clone()), "{mount}{half}");
        }
        assert_eq!(slot("#note").holds, None);
        assert_eq!(slot("#note").fingerprint, Some(Secret::new("value-canary".into()).fingerprint(&key)));
    }
    assert!(batch.inventory.slot(&Id::new("vault:kv:secret/ci/off#note")).is_none(), "a deleted version has no values");
    assert!(batch.inventory.slot(&Id::new("vault:kv:secret/ci/off")).is_some());
    for canary in ["value-canary", "wJalrXUtnFEMI"] {
        assert!(!format!("{batch:?}").contains(canary));
    }

    // In a gate: one more request a path, and a key that the secret lacks is told.
    let outer = |name: &str| Outer { provider: "vault".into(), name: name.into(), store: None };
    let outer = BTreeSet::from([outer("secret/data/ci/aws aws_access_key_id"), outer("secret/data/ci/aws nokey")]);
    let batch = read(&source(), &Wanted { outer, now: jiff::Timestamp::now(), ..Wanted::default() }).await;
    assert_eq!(batch.account.requests, 3);
    assert_eq!(batch.inventory.slots.len(), 4, "{:?}", batch.inventory.slots);
    assert!(batch.account.notes.iter().any(|note| note.contains("has no key nokey")), "{:?}", batch.account.notes);

    // An auditor without a right to values: the metadata stays, the fingerprint is the gap.
    bao.policy("metadata", r#"path "secret/metadata/*" { capabilities = ["read", "list"] }"#);
    let auditor = bao.create_token(&["metadata"], "1h", "metadata");
    let blind =
        self::source(&bao.endpoint, &auditor.token, json!({})).fingerprints(Some(Arc::clone(&key)), KeyIds::default());
    let outer =
        BTreeSet::from([Outer { provider: "vault".into(), name: "secret/data/ci/aws note".into(), store: None }]);
    let batch = read(&blind, &Wanted { outer, ..Wanted::default() }).await;
    assert!(batch.inventory.slots[0].updated_at.is_some());
    assert_eq!(
        batch.inventory.gaps.iter().map(|gap| (gap.lacks.as_str(), gap.scope.as_str())).collect::<Vec<_>>(),
        [("fingerprint", "secret/ci/aws")]
    );
}

/// Parts by name, as a scan's journal keeps them.
#[derive(Debug, Default)]
struct Kept(Mutex<BTreeMap<String, Inventory>>);

impl Journal for Kept {
    fn recall(&self, _source: &str, part: &str) -> Option<Inventory> {
        self.0.lock().unwrap().get(part).cloned()
    }
    fn keep(&self, _source: &str, part: &str, inventory: &Inventory) {
        self.0.lock().unwrap().insert(part.to_owned(), inventory.clone());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_scan_goes_on() {
    let bao = OpenBao::start_audited();
    for mount in ["m1", "m2"] {
        bao.admin(
            Method::POST,
            &format!("sys/mounts/{mount}"),
            Some(json!({"type": "kv", "options": {"version": "2"}})),
        );
        bao.admin(Method::POST, &format!("{mount}/data/app"), Some(json!({"data": {"v": "value-canary"}})));
    }
    bao.policy(
        "first",
        r#"path "m1/metadata/*" { capabilities = ["read", "list"] } path "m2/metadata/*" { capabilities = ["read"] }"#,
    );
    let first = bao.create_token(&["first"], "1h", "first");
    let journal = Arc::new(Kept::default());
    let want = Wanted { journal: Some(Arc::clone(&journal) as Arc<dyn Journal>), ..everything() };
    let batch = read(&source(&bao.endpoint, &first.token, json!({})), &want).await;
    assert!(batch.inventory.gaps.iter().any(|gap| gap.scope == "m2"), "{:?}", batch.inventory.gaps);
    assert_eq!(
        journal.0.lock().unwrap().keys().cloned().collect::<Vec<_>>(),
        ["kv m1"],
        "a part with gaps is not kept"
    );

    let before = bao.audited().len();
    let batch = read(&source(&bao.endpoint, &bao.root, json!({})), &want).await;
    assert!(batch.inventory.gaps.is_empty(), "{:?}", batch.inventory.gaps);
    assert_eq!(ids(&batch, "kv"), ["m1/app", "m2/app"].map(str::to_owned).into());
    let asked = bao.audited()[before..].join("\n");
    assert!(!asked.contains("m1/metadata") && asked.contains("m2/metadata/app"), "{asked}");
    let before = bao.audited().len();
    let batch = read(&source(&bao.endpoint, &bao.root, json!({})), &want).await;
    assert_eq!(&bao.audited()[before..], ["read auth/token/lookup-self", "read sys/internal/ui/mounts"]);
    assert_eq!(batch.inventory.slots.len(), 2);
    let accessor = ids(&batch, "token");
    assert_eq!(accessor.len(), 2, "{accessor:?}");
}
