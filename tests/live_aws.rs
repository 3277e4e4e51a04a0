//! Liveness of AWS keys against an AWS that refuses: moto with signatures, deleted and inactive keys enforced; and against everything
//! that answers in its place. What is not the issuer's documented word, from the key's own issuer, must come out unknown.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driftgate::config::Environment;
use driftgate::model::Id;
use driftgate::model::inventory::{Inventory, Liveness, LivenessState, Status};
use driftgate::probe::aws::Place;
use driftgate::sources::aws::{AwsSource, Settings};
use driftgate::sources::env::{AwsIssuer, EnvSource, Issuers};
use driftgate::sources::{About, Batch, Holdings, Source, Variable, Wanted};
use serde_json::json;
use support::moto::Key;
use support::{Answer, Listener, Moto};

/// moto's account.
const ACCOUNT: &str = "123456789012";
/// Of account 609629065308, as its id says.
const FOREIGN: &str = "AKIAY34FZKBOKMUTVV7A";
const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYca";

fn about(kind: &str) -> About {
    About { name: kind.to_owned(), kind: kind.to_owned(), required: true, authority: None }
}

fn environment(variables: &[(&str, &str)]) -> Arc<Environment> {
    Arc::new(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

fn slot() -> Id {
    Id::github_secret(None, "actions-secret", "acme/shop", None, "DEPLOY_KEY")
}

/// The environment with one key, and an endpoint that serves those accounts.
struct Gate {
    source: EnvSource,
    want: Wanted,
    known: Inventory,
}

impl Gate {
    async fn new(endpoint: &str, accounts: &[&str], variables: &[(&str, &str)]) -> Self {
        let issuer = AwsIssuer {
            source: Some("aws".to_owned()),
            place: Place { endpoint: Some(endpoint.to_owned()), region: "us-east-1".to_owned() },
            authority: None,
            accounts: accounts.iter().map(|account| (*account).to_owned()).collect(),
        };
        let issuers = Issuers { aws: vec![issuer], ..Issuers::default() };
        let source =
            EnvSource::new(about("env"), serde_json::from_value(json!({})).unwrap(), environment(variables), issuers);
        let bound = |(name, _): &(&str, &str)| Variable { name: (*name).to_owned(), slot: Some(slot()) };
        let want = Wanted { variables: variables.iter().map(bound).collect(), ..Wanted::default() };
        let mut batch = Batch::default();
        source.collect(&want, &mut batch).await;
        assert_eq!(batch.account.requests, 0, "recognising makes no request");
        Self { source, want, known: batch.inventory }
    }

    async fn with(endpoint: &str, accounts: &[&str], key: &Key) -> Self {
        let variables = [("AWS_ACCESS_KEY_ID", key.id.as_str()), ("AWS_SECRET_ACCESS_KEY", key.secret.as_str())];
        Self::new(endpoint, accounts, &variables).await
    }

    async fn probe(&self, key_id: &str) -> Batch {
        let mut batch = Batch::default();
        let wanted = BTreeSet::from([Id::aws_access_key(None, key_id)]);
        self.source.probe(&wanted, &self.want, &self.known, &mut batch).await;
        batch
    }
}

fn liveness(batch: &Batch, key_id: &str) -> Liveness {
    let credential = batch.inventory.credential(&Id::aws_access_key(None, key_id)).expect("an observation");
    credential.liveness.clone().expect("an observation")
}

async fn probed(endpoint: &str, accounts: &[&str], key: &Key) -> Liveness {
    liveness(&Gate::with(endpoint, accounts, key).await.probe(&key.id).await, &key.id)
}

fn state(seen: &Liveness) -> (LivenessState, &str) {
    (seen.state, seen.reason.as_deref().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_through_its_life() {
    let moto = Moto::start();
    let key = moto.create_user_with_key("svc-deploy");
    let at = moto.endpoint.clone();

    let gate = Gate::with(&at, &[], &key).await;
    assert_eq!(gate.known.slot(&slot()).unwrap().holds, Some(Id::aws_access_key(None, &key.id)));
    assert_eq!(
        gate.known.slot(&Id::env("AWS_SECRET_ACCESS_KEY")).unwrap().holds,
        Some(Id::aws_access_key(None, &key.id))
    );
    let batch = gate.probe(&key.id).await;
    let seen = liveness(&batch, &key.id);
    assert_eq!(
        (seen.state, seen.method.as_str(), batch.account.requests),
        (LivenessState::Live, "sts GetCallerIdentity", 1)
    );
    assert_eq!(batch.inventory.credentials[0].tenant.as_deref(), Some("aws:123456789012"));
    assert!(gate.probe(&key.id).await.inventory.credentials.is_empty(), "at most once a run");

    moto.set_status("svc-deploy", &key.id, "Inactive");
    assert_eq!(state(&probed(&at, &[ACCOUNT], &key).await), (LivenessState::Dead, "InvalidClientTokenId"));
    // An endpoint of which nobody says what accounts it serves proves no death.
    for accounts in [&[][..], &["999999999999"][..]] {
        assert_eq!(probed(&at, accounts, &key).await.state, LivenessState::Unknown, "{accounts:?}");
    }
    moto.set_status("svc-deploy", &key.id, "Active");
    assert_eq!(probed(&at, &[ACCOUNT], &key).await.state, LivenessState::Live);

    let forged = Key { id: key.id.clone(), secret: SECRET.to_owned() };
    assert_eq!(state(&probed(&at, &[ACCOUNT], &forged).await), (LivenessState::Unknown, "SignatureDoesNotMatch"));
    let foreign = Key { id: FOREIGN.to_owned(), secret: SECRET.to_owned() };
    let reason = "this endpoint is not known to serve the key's account";
    assert_eq!(state(&probed(&at, &[ACCOUNT], &foreign).await), (LivenessState::Unknown, reason));

    moto.delete_key("svc-deploy", &key.id);
    assert_eq!(state(&probed(&at, &[ACCOUNT], &key).await), (LivenessState::Dead, "InvalidClientTokenId"));
    drop(moto);
    assert_eq!(state(&probed(&at, &[ACCOUNT], &key).await), (LivenessState::Unknown, "no connection"));
}

/// The auditor's view of some keys.
async fn audited(endpoint: &str, auditor: &Key, wanted: &[&str], change: fn(&mut Wanted)) -> Batch {
    let settings: Settings = serde_json::from_value(json!({
        "endpoint": endpoint, "region": "us-east-1", "access_key_id_env": "AUDIT_ID", "secret_access_key_env": "AUDIT_SECRET"
    }))
    .unwrap();
    let env = environment(&[("AUDIT_ID", &auditor.id), ("AUDIT_SECRET", &auditor.secret)]);
    let mut want =
        Wanted { credentials: wanted.iter().map(|id| Id::aws_access_key(None, id)).collect(), ..Wanted::default() };
    change(&mut want);
    let mut batch = Batch::default();
    AwsSource::new(about("aws"), settings, env).collect(&want, &mut batch).await;
    batch
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_auditor_is_told() {
    let moto = Moto::start();
    let live = moto.create_user_with_key("live");
    let inactive = moto.create_key("live");
    moto.set_status("live", &inactive.id, "Inactive");
    let deleted = moto.create_user_with_key("leaver");
    moto.delete_key("leaver", &deleted.id);
    let temporary = live.id.replacen("AKIA", "ASIA", 1);
    let old = "AKIAIOSFODNN7EXAMPLE";
    let all = [live.id.as_str(), &inactive.id, &deleted.id, &temporary, FOREIGN, old];

    let batch = audited(&moto.endpoint, &moto.admin, &all, |_| ()).await;
    let of = |id: &str| liveness(&batch, id);
    assert_eq!((of(&live.id).state, of(&live.id).method.as_str()), (LivenessState::Live, "iam ListAccessKeys"));
    assert_eq!(state(&of(&inactive.id)), (LivenessState::Dead, "Inactive"));
    assert_eq!(of(&deleted.id).state, LivenessState::NotFound, "the whole list was read, and does not have it");
    // IAM lists no temporary keys, no other account's, and an old id names no account.
    for id in [temporary.as_str(), FOREIGN, old] {
        assert_eq!(of(id).state, LivenessState::Unknown, "{id}");
    }
    let recorded = batch.inventory.credential(&Id::aws_access_key(None, &inactive.id)).unwrap();
    assert_eq!((recorded.status, recorded.owner.as_deref()), (Status::Inactive, Some("live")));
    assert_eq!(recorded.tenant.as_deref(), Some("aws:123456789012"));
    assert!(batch.account.asked_as.as_deref().unwrap_or_default().contains("user/admin"));
    assert!(batch.account.requests >= 5);
    assert!(batch.inventory.coverage.iter().any(|e| e.kind == "access-key" && e.place == ACCOUNT && e.complete));
    assert!(batch.inventory.gaps.is_empty(), "{:?}", batch.inventory.gaps);

    // What its extent says makes the probe's "no" count.
    let mut gate = Gate::with(&moto.endpoint, &[], &inactive).await;
    gate.known.coverage = batch.inventory.coverage.clone();
    assert_eq!(liveness(&gate.probe(&inactive.id).await, &inactive.id).state, LivenessState::Dead);

    // A probe is a use, which the next run must not hold against the key; any other use it must.
    let last_used =
        |batch: &Batch| batch.inventory.credential(&Id::aws_access_key(None, &live.id)).unwrap().last_used_at;
    probed(&moto.endpoint, &[], &live).await;
    let batch = audited(&moto.endpoint, &moto.admin, &[&live.id], |_| ()).await;
    assert_eq!(last_used(&batch), None);
    assert!(batch.account.notes.iter().any(|note| note.contains("as a probe makes")), "{:?}", batch.account.notes);
    assert!(moto.call_as(&live, "iam", "list_users", &json!({})).is_err());
    let batch = audited(&moto.endpoint, &moto.admin, &[&live.id], |_| ()).await;
    assert!(last_used(&batch).is_some(), "{:?}", batch.account.notes);

    // Only a cheap look for what exists: the account is not listed.
    let batch = audited(&moto.endpoint, &moto.admin, &[&live.id], |_| ()).await;
    assert!(!batch.inventory.coverage.iter().any(|extent| extent.kind == "access-key"));
    assert_eq!(batch.account.requests, 3);

    // An auditor who may see a part: nothing is deleted on the strength of it.
    let blind = moto.create_user_with_key("blind");
    let batch = audited(&moto.endpoint, &blind, &[&live.id, &deleted.id], |_| ()).await;
    for id in [&live.id, &deleted.id] {
        assert_eq!(liveness(&batch, id).state, LivenessState::Unknown, "{id}");
    }
    assert!(batch.inventory.gaps.iter().any(|gap| gap.reason.contains("AccessDenied")), "{:?}", batch.inventory.gaps);
    assert!(!batch.inventory.coverage.iter().any(|extent| extent.kind == "access-key" && extent.complete));

    // The auditor is never the suspect.
    let batch = audited(&moto.endpoint, &moto.admin, &[&moto.admin.id], |_| ()).await;
    assert_eq!(liveness(&batch, &moto.admin.id).state, LivenessState::Unknown);
    assert!(batch.inventory.gaps[0].reason.contains("under examination"), "{:?}", batch.inventory.gaps);

    // A key that does not let the auditor in.
    let batch = audited(&moto.endpoint, &deleted, &[&live.id], |_| ()).await;
    assert_eq!(liveness(&batch, &live.id).state, LivenessState::Unknown);
    assert!(batch.inventory.gaps[0].reason.contains("InvalidClientTokenId"), "{:?}", batch.inventory.gaps);
}

fn xml(status: u16, code: &str) -> Answer {
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>hush-canary</Message></Error><RequestId>r</RequestId></ErrorResponse>"
    );
    Answer::Http(status, vec![("content-type".into(), "text/xml".into())], body.into_bytes())
}

fn html(status: u16) -> Answer {
    let body = "<html><title>Blocked</title>InvalidClientTokenId hush-canary</html>";
    Answer::Http(status, vec![("content-type".into(), "text/html".into())], body.into())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_proves_nothing_is_unknown() {
    let key = Key { id: FOREIGN.to_owned(), secret: SECRET.to_owned() };
    let whole = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>";
    let cut = format!("HTTP/1.1 403 x\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n{whole}", whole.len() * 2);
    let elsewhere = Listener::start(xml(403, "InvalidClientTokenId"));
    let moved = vec![("location".to_owned(), elsewhere.endpoint.clone())];
    let mut cases = vec![
        ("a denial", xml(403, "AccessDenied"), "AccessDenied"),
        ("a wrong signature", xml(403, "SignatureDoesNotMatch"), "SignatureDoesNotMatch"),
        ("a clock", xml(403, "RequestExpired"), "RequestExpired"),
        ("a region", xml(403, "RegionDisabledException"), "RegionDisabledException"),
        ("a limit", xml(400, "Throttling"), "Throttling"),
        ("a code with a wrong status", xml(502, "InvalidClientTokenId"), "InvalidClientTokenId"),
        ("no code", xml(403, "not a code: hush-canary"), "HTTP 403, not an answer of STS"),
        ("a firewall's page", html(403), "HTTP 403"),
        ("a portal's page", html(200), ""),
        ("a proxy's 404", html(404), "HTTP 404"),
        ("too many requests", html(429), "HTTP 429"),
        ("a broken gateway", html(503), "HTTP 503"),
        ("a denial in JSON", Answer::json(400, "{\"__type\":\"AccessDeniedException\"}"), "AccessDeniedException"),
        ("other JSON", Answer::json(403, "{\"message\":\"InvalidClientTokenId hush-canary\"}"), "HTTP 403"),
        ("cut off", Answer::Raw(cut.into_bytes()), ""),
        ("not HTTP", Answer::Raw(b"SSH-2.0-x\r\n".to_vec()), ""),
        ("moved", Answer::Http(307, moved, Vec::new()), "HTTP 307"),
    ];
    // Beside the quick ones, so that it is waited for only once.
    cases.push(("silence", Answer::Stall, "timed out"));
    let runs = cases.into_iter().map(|(name, answer, reason)| {
        let key = key.clone();
        async move {
            let listener = Listener::start(answer);
            let begun = Instant::now();
            let seen = probed(&listener.endpoint, &["609629065308"], &key).await;
            assert_eq!(seen.state, LivenessState::Unknown, "{name}: {seen:?}");
            assert!(seen.reason.as_deref().is_some_and(|said| said.contains(reason)), "{name}: {seen:?}");
            assert!(!format!("{seen:?}").contains("hush-canary"), "{name}: {seen:?}");
            assert!((1..=2).contains(&listener.connections()), "{name}: {}", listener.connections());
            assert!(begun.elapsed() < Duration::from_secs(60), "{name}: {:?}", begun.elapsed());
        }
    });
    futures::future::join_all(runs).await;
    assert_eq!(elsewhere.connections(), 0, "a redirect was followed to another place");

    // The table can fail: a code in a documented form is a death.
    let json = Answer::json(400, "{\"__type\":\"com.amazon.coral.service#UnrecognizedClientException\"}");
    for (code, answer) in [
        ("InvalidClientTokenId", xml(403, "InvalidClientTokenId")),
        ("ExpiredToken", xml(403, "ExpiredToken")),
        ("UnrecognizedClientException", json),
    ] {
        let listener = Listener::start(answer);
        assert_eq!(state(&probed(&listener.endpoint, &["609629065308"], &key).await), (LivenessState::Dead, code));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_key_is_one_value_with_its_session_token() {
    let listener = Listener::start(xml(403, "InvalidClientTokenId"));
    let temporary = FOREIGN.replacen("AKIA", "ASIA", 1);
    let accounts = ["609629065308"];
    // STS answers for a good temporary key without its token as for a dead one.
    let bare = [("AWS_ACCESS_KEY_ID", temporary.as_str()), ("AWS_SECRET_ACCESS_KEY", SECRET)];
    let seen = liveness(&Gate::new(&listener.endpoint, &accounts, &bare).await.probe(&temporary).await, &temporary);
    assert_eq!((seen.state, listener.connections()), (LivenessState::NotChecked, 0));

    let whole = [bare[0], bare[1], ("AWS_SESSION_TOKEN", "session-canary")];
    let gate = Gate::new(&listener.endpoint, &accounts, &whole).await;
    assert_eq!(gate.known.credentials.len(), 1);
    assert_eq!(liveness(&gate.probe(&temporary).await, &temporary).state, LivenessState::Dead);
    assert!(listener.requests()[0].contains("x-amz-security-token: session-canary"));

    // For a long-term key somebody else's session token is left out: with it a good key would be refused.
    let permanent = [("AWS_ACCESS_KEY_ID", FOREIGN), bare[1], ("AWS_SESSION_TOKEN", "session-canary")];
    Gate::new(&listener.endpoint, &accounts, &permanent).await.probe(FOREIGN).await;
    assert!(!listener.requests()[1].contains("x-amz-security-token"));

    // What has the right name and not the form of a secret is none; then nothing is sent.
    let wrong = [("AWS_ACCESS_KEY_ID", FOREIGN), ("AWS_SECRET_ACCESS_KEY", "hunter2")];
    let seen = liveness(&Gate::new(&listener.endpoint, &accounts, &wrong).await.probe(FOREIGN).await, FOREIGN);
    assert_eq!((seen.state, listener.connections()), (LivenessState::NotChecked, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_in_several_variables_is_asked_for_once() {
    let listener = Listener::start(xml(403, "AccessDenied"));
    let variables = [
        ("AWS_ACCESS_KEY_ID", FOREIGN),
        ("COPY_OF_THE_KEY_ID", FOREIGN),
        ("PROD_AWS_ACCESS_KEY_ID", FOREIGN),
        ("PROD_AWS_SECRET_ACCESS_KEY", SECRET),
    ];
    let gate = Gate::new(&listener.endpoint, &[], &variables).await;
    for name in ["AWS_ACCESS_KEY_ID", "COPY_OF_THE_KEY_ID", "PROD_AWS_SECRET_ACCESS_KEY"] {
        assert_eq!(gate.known.slot(&Id::env(name)).unwrap().holds, Some(Id::aws_access_key(None, FOREIGN)), "{name}");
    }
    let batch = gate.probe(FOREIGN).await;
    assert_eq!(state(&liveness(&batch, FOREIGN)), (LivenessState::Unknown, "AccessDenied"));
    assert_eq!((listener.connections(), batch.account.requests), (1, 1));
    // A key that nobody wants is not asked for.
    let gate = Gate::new(&listener.endpoint, &[], &variables).await;
    gate.probe("AKIAIOSFODNN7EXAMPLE").await;
    assert_eq!(listener.connections(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_probe_and_offline_ask_nobody() {
    let listener = Listener::start(xml(403, "InvalidClientTokenId"));
    let key = Key { id: FOREIGN.to_owned(), secret: SECRET.to_owned() };
    for (flag, no_probe, offline) in
        [("--no-probe", true, false), ("--offline", false, true), ("--offline", true, true)]
    {
        let mut gate = Gate::with(&listener.endpoint, &["609629065308"], &key).await;
        gate.want.no_probe = no_probe;
        gate.want.offline = offline;
        let batch = gate.probe(FOREIGN).await;
        assert_eq!(state(&liveness(&batch, FOREIGN)), (LivenessState::NotChecked, flag));
        assert_eq!(batch.account.requests, 0);
    }
    let batch = audited(&listener.endpoint, &key, &["AKIAIOSFODNN7EXAMPLE"], |want| want.offline = true).await;
    assert_eq!(liveness(&batch, "AKIAIOSFODNN7EXAMPLE").state, LivenessState::NotChecked);
    assert_eq!(batch.inventory.gaps.len(), 1);
    assert_eq!(listener.connections(), 0);
    // The table can fail: without a flag the same gate asks.
    Gate::with(&listener.endpoint, &[], &key).await.probe(FOREIGN).await;
    assert_eq!(listener.connections(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_is_not_waited_for_beyond_the_deadline() {
    let listener = Listener::start(Answer::Stall);
    let settings: Settings = serde_json::from_value(json!({
        "endpoint": listener.endpoint, "access_key_id_env": "AUDIT_ID", "secret_access_key_env": "AUDIT_SECRET", "timeout": 1
    }))
    .unwrap();
    let env = environment(&[("AUDIT_ID", FOREIGN), ("AUDIT_SECRET", SECRET)]);
    let want = Wanted { credentials: [Id::aws_access_key(None, "AKIAIOSFODNN7EXAMPLE")].into(), ..Wanted::default() };
    let begun = Instant::now();
    let mut batch = Batch::default();
    AwsSource::new(about("aws"), settings, env).collect(&want, &mut batch).await;
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_eq!(liveness(&batch, "AKIAIOSFODNN7EXAMPLE").state, LivenessState::Unknown);
    assert_eq!(batch.inventory.gaps[0].reason, "not read within 1 s");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_is_in_anything_that_is_kept() {
    let listener = Listener::start(html(403));
    let temporary = FOREIGN.replacen("AKIA", "ASIA", 1);
    let session = "sessioncanary".repeat(4);
    let variables = [
        ("AWS_ACCESS_KEY_ID", temporary.as_str()),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_SESSION_TOKEN", session.as_str()),
    ];
    let gate = Gate::new(&listener.endpoint, &[], &variables).await;
    let batch = gate.probe(&temporary).await;
    let kept = format!("{:?} {:?} {}", gate.known, batch, serde_json::to_string(&batch.inventory).unwrap());
    assert!(kept.contains(&temporary), "the id is no secret");
    for value in [SECRET, session.as_str(), "hush-canary"] {
        assert!(!kept.contains(value), "{value}");
    }
    assert!(!format!("{:?}", environment(&variables)).contains(SECRET));
}
