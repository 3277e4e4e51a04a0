//! What answers in a Vault's place when an auditor asks: each fault is a gap with a reason, never a panic, never an empty store, and the
//! auditor's token goes to no other host.
#![cfg(feature = "vault")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driftgate::config::{Environment, Files};
use driftgate::model::Id;
use driftgate::model::inventory::LivenessState;
use driftgate::sources::vault::VaultSource;
use driftgate::sources::{About, Batch, Outer, Source, Wanted};
use serde_json::json;
use support::{Answer, Listener};

const TOKEN: &str = "s.CanaryCanaryCanaryCanary";

fn source(server: &str, timeout: u64) -> VaultSource {
    let settings = json!({"address": server, "token_env": "AUDIT_TOKEN", "timeout": timeout});
    let env: Environment = [("AUDIT_TOKEN".to_owned(), TOKEN.to_owned())].into_iter().collect();
    let about = About { name: "vault".into(), kind: "vault".into(), required: true, authority: None };
    let files = Files::Tree(PathBuf::from("."));
    let source = VaultSource::new(about, serde_json::from_value(settings).unwrap(), Arc::new(env), &files);
    source.waiting(Duration::from_secs(2))
}

fn gate() -> Wanted {
    let outer = Outer { provider: "vault".into(), name: "secret/data/app/db password".into(), store: None };
    Wanted {
        outer: BTreeSet::from([outer]),
        credentials: BTreeSet::from([
            Id::new("vault:token:AccessorAccessor"),
            Id::new("vault:secret-id:deploy:accessor"),
        ]),
        ..Wanted::default()
    }
}

/// An answer that fits every question: one KV mount, and whatever else is given.
fn fits(data: serde_json::Value) -> Answer {
    let mut all = json!({"secret": {"secret/": {"type": "kv", "options": {"version": "2"}}}, "auth": {"approle/": {"type": "approle"}}});
    all.as_object_mut().unwrap().extend(data.as_object().unwrap().clone());
    Answer::json(
        200,
        &json!({"request_id": "", "lease_id": "", "renewable": false, "lease_duration": 0, "data": all}).to_string(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_a_gap() {
    let elsewhere = Listener::start(Answer::json(200, "{}"));
    let html = |status: u16| {
        let body = "<html>s.CanaryCanaryCanaryCanary</html>";
        Answer::Http(status, vec![("content-type".into(), "text/html".into())], body.into())
    };
    let with = |status: u16, name: &str, value: &str| {
        Answer::Http(status, vec![(name.into(), value.into())], b"{\"errors\":[]}".to_vec())
    };
    let long = format!("{{\"data\":{{\"secret\":{{}},\"x\":\"{}\"}}}}", "x".repeat(17 << 20));
    let cases = vec![
        ("401", Answer::json(401, "{\"errors\":[\"no\"]}"), "HTTP 401"),
        ("403", Answer::json(403, "{\"errors\":[\"permission denied\"]}"), "permission denied"),
        ("404 of a proxy", html(404), "HTTP 404, not an answer of Vault"),
        ("409", Answer::json(409, "{\"errors\":[\"conflict\"]}"), "HTTP 409"),
        ("429, told for how long", with(429, "retry-after", "3600"), "rate limited"),
        ("429, not told", Answer::json(429, "{\"errors\":[]}"), "rate limited"),
        ("500", Answer::json(500, "{\"errors\":[\"internal error\"]}"), "HTTP 500"),
        ("502", html(502), "HTTP 502"),
        ("sealed", Answer::json(503, "{\"errors\":[\"Vault is sealed\"]}"), "HTTP 503"),
        ("a portal's page", html(200), "HTTP 200, not an answer of Vault"),
        (
            "cut off",
            Answer::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"data\":{\"secret\"".to_vec()),
            "broke off",
        ),
        ("not HTTP", Answer::Raw(b"SSH-2.0-x\r\n".to_vec()), "no answer"),
        ("wrong types", Answer::json(200, "{\"data\":{\"secret\":[1,2]}}"), "not an answer of Vault"),
        ("malformed", Answer::json(200, "{\"data\":"), "not an answer of Vault"),
        ("a body without end", Answer::json(200, &long), "too long"),
        ("to another host", with(307, "location", &elsewhere.endpoint), "another host"),
        ("silence", Answer::Stall, "not read within 3 s"),
    ];
    let runs = cases.into_iter().map(|(name, answer, words)| async move {
        let listener = Listener::start(answer);
        let begun = Instant::now();
        let want = Wanted { everything: false, ..gate() };
        let one = source(&listener.endpoint, 3);
        let (mut stores, mut rest) = (Batch::default(), Batch::default());
        one.stores(&want, &mut stores).await;
        one.collect(&want, &mut rest).await;
        let mut all = Batch::default();
        source(&listener.endpoint, 3).stores(&Wanted { everything: true, ..Wanted::default() }, &mut all).await;
        for batch in [&stores, &all] {
            assert!(
                batch.inventory.gaps.iter().any(|gap| gap.reason.contains(words)),
                "{name}: {:?}",
                batch.inventory.gaps
            );
            assert!(
                batch.inventory.coverage.iter().all(|extent| !extent.complete),
                "{name}: {:?}",
                batch.inventory.coverage
            );
            assert!(batch.inventory.slots.is_empty(), "{name}");
        }
        for id in &want.credentials {
            let seen = rest.inventory.credential(id).unwrap().liveness.clone().unwrap();
            assert_eq!(seen.state, LivenessState::Unknown, "{name}: {seen:?}");
        }
        assert!(!rest.inventory.gaps.is_empty(), "{name}");
        assert!(!format!("{stores:?}{rest:?}{all:?}").contains("Canary"), "{name}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{name}: {:?}", begun.elapsed());
    });
    futures::future::join_all(runs).await;
    assert_eq!(elsewhere.connections(), 0, "the auditor's token went elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_end_or_with_names_that_lead_elsewhere() {
    // Every folder has itself in it.
    let looped = Listener::start(fits(json!({"keys": ["loop/"]})));
    let mut batch = Batch::default();
    source(&looped.endpoint, 20).stores(&Wanted { everything: true, ..Wanted::default() }, &mut batch).await;
    assert!(
        batch.inventory.gaps.iter().any(|gap| gap.lacks == "slots" && gap.scope.ends_with("loop/loop")),
        "{:?}",
        batch.inventory.gaps
    );
    assert!(looped.connections() < 200, "{}", looped.connections());
    let kv = batch.inventory.coverage.iter().find(|extent| extent.kind == "kv").unwrap();
    assert!(!kv.complete);

    let hostile = Listener::start(fits(json!({"keys": ["../../sys/raw", "..", "", "a\u{0}b", "x//y/"]})));
    let mut batch = Batch::default();
    source(&hostile.endpoint, 20).stores(&Wanted { everything: true, ..Wanted::default() }, &mut batch).await;
    assert!(batch.inventory.slots.is_empty(), "{:?}", batch.inventory.slots);
    let asked = hostile.requests();
    assert!(!asked.iter().any(|head| head.contains("sys/raw") || head.contains("/x")), "{asked:?}");
    assert_eq!(
        batch.inventory.gaps.iter().filter(|gap| gap.reason.contains("no path")).count(),
        1,
        "{:?}",
        batch.inventory.gaps
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_address_may_be() {
    for (address, words) in [
        ("nothing", "no URL"),
        ("ftp://vault.example.com", "no http or https"),
        ("https://user:canary@vault.example.com", "names"),
        ("https://vault.example.com/?x=1", "query"),
    ] {
        let mut batch = Batch::default();
        source(address, 3).stores(&gate(), &mut batch).await;
        let reason = &batch.inventory.gaps[0].reason;
        assert!(reason.contains(words) || reason.contains("user or password"), "{address}: {reason}");
        assert!(!reason.contains("canary"));
    }
    // A server behind a prefix is asked there.
    let listener = Listener::start(Answer::json(403, "{\"errors\":[\"permission denied\"]}"));
    let mut batch = Batch::default();
    source(&format!("{}/prefix", listener.endpoint), 3).stores(&gate(), &mut batch).await;
    assert!(
        listener.requests()[0].starts_with("GET /prefix/v1/sys/internal/ui/mounts HTTP/1.1"),
        "{:?}",
        listener.requests()
    );
}
