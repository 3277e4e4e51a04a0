//! Liveness of Vault tokens against a real OpenBao, and against everything that answers in its place. A token is sent to its own
//! server alone, and what is not that server's documented word must come out unknown.
#![cfg(feature = "vault")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driftgate::config::{Environment, Files};
use driftgate::model::Id;
use driftgate::model::inventory::{Credential, Inventory, Liveness, LivenessState, Slot};
use driftgate::probe::vault::Place;
use driftgate::sources::env::{EnvSource, Issuers, VaultIssuer};
use driftgate::sources::vault::VaultSource;
use driftgate::sources::{About, Batch, Holdings, Source, Variable, Wanted};
use reqwest::Method;
use serde_json::{Value, json};
use support::openbao::Token;
use support::{Answer, Listener, OpenBao, http};

const TOKEN: &str = "s.CanaryCanaryCanaryCanary";
const ACCESSOR: &str = "AccessorAccessorAccessor";

fn about(kind: &str) -> About {
    About { name: kind.to_owned(), kind: kind.to_owned(), required: true, authority: None }
}

fn environment(variables: &[(&str, &str)]) -> Arc<Environment> {
    Arc::new(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

fn slot() -> Id {
    Id::github_secret(None, "actions-secret", "acme/shop", None, "DEPLOY_TOKEN")
}

fn token_id(accessor: &str) -> Id {
    Id::vault_token(None, accessor)
}

/// What an inventory may say of the slot and the token in it.
fn recorded(accessor: &str, tenant: Option<&str>) -> Inventory {
    let id = token_id(accessor);
    Inventory {
        slots: vec![Slot { holds: Some(id.clone()), ..Slot::bare(slot()) }],
        credentials: vec![Credential { tenant: tenant.map(str::to_owned), ..Credential::bare(id) }],
        ..Inventory::default()
    }
}

/// A gate with that token in its environment, one server, and what is recorded.
async fn gate(server: &str, token: &str, mut known: Inventory, change: fn(&mut Wanted)) -> Batch {
    let place = Place { address: server.to_owned(), namespace: None, ca: None };
    let issuer = VaultIssuer { source: Some("vault".to_owned()), place: Ok(place), authority: None };
    let issuers = Issuers { vault: vec![issuer], ..Issuers::default() };
    let settings = serde_json::from_value(json!({})).unwrap();
    let env = environment(&[("DEPLOY_TOKEN", token), ("SAME_TOKEN", token)]);
    let source = EnvSource::new(about("env"), settings, env, issuers);
    let bound = |name: &str| Variable { name: name.to_owned(), slot: Some(slot()) };
    let mut want = Wanted { variables: vec![bound("DEPLOY_TOKEN"), bound("SAME_TOKEN")], ..Wanted::default() };
    change(&mut want);
    let mut batch = Batch::default();
    source.collect(&want, &mut batch).await;
    assert_eq!(batch.account.requests, 0, "recognising makes no request");
    known.absorb(batch.inventory);
    let mut batch = Batch::default();
    source.probe(&BTreeSet::new(), &want, &known, &mut batch).await;
    let mut again = Batch::default();
    source.probe(&BTreeSet::new(), &want, &known, &mut again).await;
    assert_eq!(again.account.requests, 0, "at most once a run");
    batch
}

fn liveness(batch: &Batch, accessor: &str) -> Liveness {
    let credential = batch.inventory.credential(&token_id(accessor)).expect("an observation");
    credential.liveness.clone().expect("an observation")
}

fn state(seen: &Liveness) -> (LivenessState, &str) {
    (seen.state, seen.reason.as_deref().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_through_its_life() {
    let bao = OpenBao::start();
    let token = bao.create_token(&["default"], "1h", "deploy");
    let host = bao.endpoint.trim_start_matches("http://").to_owned();

    // Live: the server names the token, so that the slots hold it.
    let batch = gate(&bao.endpoint, &token.token, Inventory::default(), |_| ()).await;
    let seen = liveness(&batch, &token.accessor);
    assert_eq!((seen.state, seen.method.as_str()), (LivenessState::Live, "vault lookup-self"));
    let credential = batch.inventory.credential(&token_id(&token.accessor)).unwrap();
    assert_eq!(credential.tenant, Some(format!("vault:{host}")));
    assert!(credential.expires_at.is_some() && credential.created_at.is_some());
    for held in [slot(), Id::env("DEPLOY_TOKEN"), Id::env("SAME_TOKEN")] {
        assert_eq!(batch.inventory.slot(&held).unwrap().holds, Some(token_id(&token.accessor)), "{held}");
    }
    assert_eq!(batch.account.requests, 1, "one value in two variables is asked for once");

    // Live, and made without the policy that lets it look at itself: the same status and words as for a dead one.
    let mute = bao.create_token_with(&json!({"no_default_policy": true, "policies": ["nothing"], "ttl": "1h"}));
    let batch = gate(&bao.endpoint, &mute.token, recorded(&mute.accessor, None), |_| ()).await;
    assert_eq!(state(&liveness(&batch, &mute.accessor)), (LivenessState::Unknown, "a policy denies the look-up"));

    bao.revoke(&token.accessor);
    for tenant in [None, Some(format!("vault:{host}"))] {
        let batch = gate(&bao.endpoint, &token.token, recorded(&token.accessor, tenant.as_deref()), |_| ()).await;
        assert_eq!(state(&liveness(&batch, &token.accessor)), (LivenessState::Dead, "permission denied"), "{tenant:?}");
    }
    // Nothing tells whose token it is: nobody's death is proved.
    let batch = gate(&bao.endpoint, &token.token, Inventory::default(), |_| ()).await;
    assert!(batch.inventory.credentials.is_empty());
    assert!(
        batch.account.notes.iter().any(|note| note.contains("not known to have issued")),
        "{:?}",
        batch.account.notes
    );

    let endpoint = bao.endpoint.clone();
    drop(bao);
    let batch = gate(&endpoint, &token.token, recorded(&token.accessor, None), |_| ()).await;
    assert_eq!(state(&liveness(&batch, &token.accessor)), (LivenessState::Unknown, "no connection"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_servers_token_is_unknown_and_is_not_sent() {
    let (ours, theirs) = (OpenBao::start(), OpenBao::start());
    let token = theirs.create_token(&["default"], "1h", "deploy");
    let tenant = format!("vault:{}", theirs.endpoint.trim_start_matches("http://"));

    let known = recorded(&token.accessor, Some(&tenant));
    let batch = gate(&ours.endpoint, &token.token, known, |_| ()).await;
    assert_eq!(state(&liveness(&batch, &token.accessor)), (LivenessState::Unknown, "another server issued the token"));
    assert_eq!(batch.account.requests, 0, "a token goes to its own server alone");
    // Nothing is recorded of it: our server does not know it, and that proves nothing.
    let batch = gate(&ours.endpoint, &token.token, Inventory::default(), |_| ()).await;
    assert!(batch.inventory.credentials.is_empty(), "{:?}", batch.inventory.credentials);

    // The auditor's look-up by accessor is no better.
    let batch = audited(&ours.endpoint, &ours.root, json!({}), |want| {
        want.credentials.insert(token_id(ACCESSOR));
        want.tenants.insert(token_id(ACCESSOR), "vault:elsewhere.example.com".to_owned());
    })
    .await;
    assert_eq!(state(&liveness(&batch, ACCESSOR)), (LivenessState::Unknown, "another server issued the token"));
    assert_eq!(theirs.lookup_self(&token.token).status, 200, "it lived all the while");
}

/// The auditor's view.
async fn audited(server: &str, auditor: &str, more: Value, change: impl FnOnce(&mut Wanted)) -> Batch {
    let mut settings = json!({"address": server, "token_env": "AUDIT_TOKEN"});
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let env = environment(&[("AUDIT_TOKEN", auditor)]);
    let files = Files::Tree(PathBuf::from("."));
    let source = VaultSource::new(about("vault"), serde_json::from_value(settings).unwrap(), env, &files);
    let mut want = Wanted::default();
    change(&mut want);
    let mut batch = Batch::default();
    source.collect(&want, &mut batch).await;
    batch
}

fn of(tokens: &[&Token]) -> impl FnOnce(&mut Wanted) {
    let ids: Vec<Id> = tokens.iter().map(|token| token_id(&token.accessor)).collect();
    move |want| want.credentials.extend(ids)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_auditor_is_told_of_tokens() {
    let bao = OpenBao::start();
    let live = bao.create_token(&["default"], "1h", "deploy");
    let mute = bao.create_token_with(&json!({"no_default_policy": true, "policies": ["nothing"], "ttl": "1h"}));
    let revoked = bao.create_token(&["default"], "1h", "old");
    bao.revoke(&revoked.accessor);

    let batch = audited(&bao.endpoint, &bao.root, json!({}), of(&[&live, &mute, &revoked])).await;
    let seen = liveness(&batch, &live.accessor);
    assert_eq!((seen.state, seen.method.as_str()), (LivenessState::Live, "vault lookup-accessor"));
    let credential = batch.inventory.credential(&token_id(&live.accessor)).unwrap();
    assert_eq!(credential.name.as_deref(), Some("token-deploy"));
    assert!(credential.expires_at.is_some());
    assert_eq!(liveness(&batch, &mute.accessor).state, LivenessState::Live);
    assert_eq!(state(&liveness(&batch, &revoked.accessor)), (LivenessState::Dead, "invalid accessor"));
    assert!(batch.inventory.gaps.is_empty(), "{:?}", batch.inventory.gaps);
    assert_eq!(batch.account.requests, 4);
    assert_eq!(batch.account.asked_as.as_deref(), Some("token"));

    // An auditor without the policy: a gap, and nobody is dead.
    let blind = bao.create_token(&["default"], "1h", "blind");
    let batch = audited(&bao.endpoint, &blind.token, json!({}), of(&[&live, &revoked])).await;
    for token in [&live, &revoked] {
        assert_eq!(liveness(&batch, &token.accessor).state, LivenessState::Unknown);
    }
    assert_eq!(batch.inventory.gaps.len(), 2, "{:?}", batch.inventory.gaps);

    // The auditor is never the suspect, and a dead auditor says nothing.
    let batch = audited(&bao.endpoint, &blind.token, json!({}), of(&[&blind])).await;
    assert_eq!(liveness(&batch, &blind.accessor).state, LivenessState::Unknown);
    assert!(batch.inventory.gaps[0].reason.contains("auditor's own"), "{:?}", batch.inventory.gaps);
    let batch = audited(&bao.endpoint, &revoked.token, json!({}), of(&[&live])).await;
    assert_eq!(liveness(&batch, &live.accessor).state, LivenessState::Unknown);
    assert!(batch.inventory.gaps[0].reason.contains("not let in"), "{:?}", batch.inventory.gaps);
}

#[tokio::test(flavor = "multi_thread")]
async fn namespaces_keep_their_tokens() {
    let bao = OpenBao::start();
    bao.admin(Method::POST, "sys/namespaces/ns1", None);
    let headers = [("x-vault-token", bao.root.as_str()), ("x-vault-namespace", "ns1")];
    let create = || {
        let url = format!("{}/v1/auth/token/create", bao.endpoint);
        let body = json!({"policies": ["default"], "ttl": "1h"}).to_string();
        let made = http::request(Method::POST, &url, &headers, Some(body)).unwrap().json();
        let text = |field: &str| made["auth"][field].as_str().unwrap().to_owned();
        Token { token: text("client_token"), accessor: text("accessor") }
    };
    let (live, revoked) = (create(), create());
    let url = format!("{}/v1/auth/token/revoke-accessor", bao.endpoint);
    http::request(Method::POST, &url, &headers, Some(json!({"accessor": revoked.accessor}).to_string())).unwrap();

    let inside = audited(&bao.endpoint, &bao.root, json!({"namespace": "ns1"}), of(&[&live, &revoked])).await;
    assert_eq!(liveness(&inside, &live.accessor).state, LivenessState::Live);
    assert_eq!(liveness(&inside, &revoked.accessor).state, LivenessState::Dead);
    let outside = audited(&bao.endpoint, &bao.root, json!({}), of(&[&live, &revoked])).await;
    assert_eq!(liveness(&outside, &live.accessor).state, LivenessState::Unknown);
    assert_eq!(liveness(&outside, &revoked.accessor).state, LivenessState::Unknown);
    let batch = gate(&bao.endpoint, &revoked.token, recorded(&revoked.accessor, None), |_| ()).await;
    assert_eq!(liveness(&batch, &revoked.accessor).state, LivenessState::Unknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_namespaces_the_tokens_own_decides() {
    let bao = OpenBao::start();
    let create = |namespace: &str| {
        let made = bao.inside(
            namespace,
            Method::POST,
            "auth/token/create",
            Some(json!({"policies": ["default"], "ttl": "1h"})),
        );
        let text = |field: &str| made["auth"][field].as_str().unwrap().to_owned();
        Token { token: text("client_token"), accessor: text("accessor") }
    };
    for namespace in ["a", "b", "c"] {
        bao.admin(Method::POST, &format!("sys/namespaces/{namespace}"), None);
    }
    let (live, revoked, foreign) = (create("b"), create("a"), create("c"));
    bao.inside("a", Method::POST, "auth/token/revoke-accessor", Some(json!({"accessor": revoked.accessor})));
    bao.inside("c", Method::POST, "auth/token/revoke-accessor", Some(json!({"accessor": foreign.accessor})));
    let more = json!({"namespaces": ["a", "b"]});
    let batch = audited(&bao.endpoint, &bao.root, more, of(&[&live, &revoked, &foreign])).await;
    assert_eq!(liveness(&batch, &live.accessor).state, LivenessState::Live);
    assert_eq!(liveness(&batch, &revoked.accessor).state, LivenessState::Dead);
    let reason = "the token is of a namespace that is not read";
    assert_eq!(state(&liveness(&batch, &foreign.accessor)), (LivenessState::Unknown, reason));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_auditor_is_told_of_slots() {
    let bao = OpenBao::start();
    let write = |path: &str, body: Value| bao.admin(Method::POST, path, Some(body));
    write("secret/data/app/db", json!({"data": {"password": "value-canary-1"}}));
    write("secret/data/app/db", json!({"data": {"password": "value-canary-2"}}));
    write("secret/metadata/app/db", json!({"custom_metadata": {"owner": "svc-shop", "holds": "aws:access-key:AKIAX"}}));
    write("sys/mounts/team/kv", json!({"type": "kv", "options": {"version": "1"}}));
    write("team/kv/a/b", json!({"password": "value-canary-3"}));
    write("sys/mounts/team/kv2", json!({"type": "kv", "options": {"version": "2"}}));
    write("team/kv2/data/deep/er", json!({"data": {"x": "value-canary-4"}}));

    let ids = [
        "secret/app/db",
        "secret/app/db#password",
        "team/kv/a/b",
        "team/kv/a/nothing",
        "team/kv2/deep/er",
        "secret/nothing",
        "secret/../sys/policies/acl/root",
        "secret//x",
        "nomount/x",
    ]
    .map(|path| Id::new(format!("vault:kv:{path}")));
    let wanted = ids.clone();
    let batch = audited(&bao.endpoint, &bao.root, json!({}), |want| {
        want.now = jiff::Timestamp::now();
        want.slots.extend(wanted);
    })
    .await;
    let of = |index: usize| batch.inventory.slot(&ids[index]);
    let whole = of(0).expect("version 2");
    assert!(whole.updated_at.is_some() && whole.versions.len() == 2, "{whole:?}");
    assert_eq!(
        (whole.owner.as_deref(), whole.holds.clone()),
        (Some("svc-shop"), Some(Id::new("aws:access-key:AKIAX")))
    );
    assert_eq!(of(1).expect("a key of it").updated_at, whole.updated_at);
    assert_eq!(of(2).expect("version 1 says that it is there").updated_at, None);
    assert!(of(4).expect("a mount with a slash").updated_at.is_some());
    for nothing in [3, 5, 6, 7, 8] {
        assert!(of(nothing).is_none(), "{}", ids[nothing]);
    }
    let notes = batch.account.notes.join("\n");
    assert!(
        notes.contains("team/kv/a/nothing: there is no such secret") && notes.contains("secret/nothing"),
        "{notes}"
    );
    let gaps: Vec<&str> = batch.inventory.gaps.iter().map(|gap| gap.scope.as_str()).collect();
    assert_eq!(gaps, [ids[8].as_str(), ids[6].as_str(), ids[7].as_str()], "{:?}", batch.inventory.gaps);
    assert!(!format!("{batch:?}").contains("value-canary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_proves_nothing_is_unknown() {
    let elsewhere = Listener::start(Answer::json(403, "{\"errors\":[\"permission denied\"]}"));
    let html = |status: u16| {
        let body = "<html>permission denied: s.CanaryCanaryCanaryCanary</html>";
        Answer::Http(status, vec![("content-type".into(), "text/html".into())], body.into())
    };
    let denied = "{\"errors\":[\"permission denied\"]}";
    let cut = format!("HTTP/1.1 403 x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{denied}", 99);
    let long = format!("{{\"errors\":[\"permission denied\"],\"more\":\"{}\"}}", "x".repeat(100_000));
    let moved = vec![("location".to_owned(), format!("{}/v1/auth/token/lookup-self", elsewhere.endpoint))];
    let cases = vec![
        ("a firewall's page", html(403), "HTTP 403, not an answer of Vault"),
        ("a portal's page", html(200), "HTTP 200, not an answer of Vault"),
        ("a proxy's 404", html(404), "HTTP 404"),
        ("too many requests", Answer::json(429, "{\"errors\":[\"rate limit\"]}"), "HTTP 429"),
        ("sealed", Answer::json(503, "{\"errors\":[\"Vault is sealed\"]}"), "HTTP 503"),
        ("a broken server", Answer::json(500, denied), "HTTP 500"),
        (
            "a firewall that speaks JSON",
            Answer::json(403, "{\"errors\":[\"permission denied by s.Canary\"]}"),
            "policy",
        ),
        (
            "a policy",
            Answer::json(403, "{\"errors\":[\"1 error occurred:\\n\\t* permission denied\\n\\n\"]}"),
            "policy",
        ),
        ("no words", Answer::json(403, "{\"errors\":[]}"), "policy"),
        ("other JSON", Answer::json(403, "{\"message\":\"permission denied\"}"), "HTTP 403, not"),
        ("another's success", Answer::json(200, "{\"data\":{\"accessor\":\"x\"}}"), "HTTP 200, not"),
        ("cut off", Answer::Raw(cut.into_bytes()), "the answer broke off"),
        ("too long", Answer::json(403, &long), "the answer is too long"),
        ("not HTTP", Answer::Raw(b"SSH-2.0-x\r\n".to_vec()), "no answer"),
        ("moved", Answer::Http(307, moved, Vec::new()), "HTTP 307"),
        ("silence", Answer::Stall, "timed out"),
    ];
    let runs = cases.into_iter().map(|(name, answer, reason)| async move {
        let listener = Listener::start(answer);
        let begun = Instant::now();
        let batch = gate(&listener.endpoint, TOKEN, recorded(ACCESSOR, None), |_| ()).await;
        let seen = liveness(&batch, ACCESSOR);
        assert_eq!(seen.state, LivenessState::Unknown, "{name}: {seen:?}");
        assert!(seen.reason.as_deref().is_some_and(|said| said.contains(reason)), "{name}: {seen:?}");
        assert!(!format!("{batch:?}").contains("Canary"), "{name}: {batch:?}");
        assert_eq!(listener.connections(), 1, "{name}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{name}: {:?}", begun.elapsed());
    });
    futures::future::join_all(runs).await;
    assert_eq!(elsewhere.connections(), 0, "a redirect was followed to another place");

    // The table can fail: Vault's own words, old and new, are a death.
    let new = "{\"errors\":[\"2 errors occurred:\\n\\t* permission denied\\n\\t* invalid token\\n\\n\"]}";
    for words in [denied, new] {
        let listener = Listener::start(Answer::json(403, words));
        let batch = gate(&listener.endpoint, TOKEN, recorded(ACCESSOR, None), |_| ()).await;
        assert_eq!(liveness(&batch, ACCESSOR).state, LivenessState::Dead, "{words}");
        assert!(listener.requests()[0].starts_with("GET /v1/auth/token/lookup-self HTTP/1.1"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_probe_and_offline_ask_nobody() {
    let listener = Listener::start(Answer::json(403, "{\"errors\":[\"permission denied\"]}"));
    for offline in [false, true] {
        let flag = if offline { "--offline" } else { "--no-probe" };
        let change =
            if offline { |want: &mut Wanted| want.offline = true } else { |want: &mut Wanted| want.no_probe = true };
        let batch = gate(&listener.endpoint, TOKEN, recorded(ACCESSOR, None), change).await;
        assert_eq!(state(&liveness(&batch, ACCESSOR)), (LivenessState::NotChecked, flag));
        assert_eq!(batch.account.requests, 0);
    }
    let batch = audited(&listener.endpoint, TOKEN, json!({}), |want| {
        want.offline = true;
        want.credentials.insert(token_id(ACCESSOR));
    })
    .await;
    assert_eq!(liveness(&batch, ACCESSOR).state, LivenessState::NotChecked);
    assert_eq!((batch.inventory.gaps.len(), listener.connections()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_is_not_waited_for_beyond_the_deadline() {
    let listener = Listener::start(Answer::Stall);
    let begun = Instant::now();
    let batch = audited(&listener.endpoint, TOKEN, json!({"timeout": 1}), |want| {
        want.credentials.insert(token_id(ACCESSOR));
    })
    .await;
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_eq!(liveness(&batch, ACCESSOR).state, LivenessState::Unknown);
    assert_eq!(batch.inventory.gaps[0].reason, "not read within 1 s");
}
