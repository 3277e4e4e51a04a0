//! Tokens at hand against everything that can answer in their issuer's place: what the issuer documents is live or dead, all else is
//! unknown. A token is sent to one server, once; what was sent and what came back is told nowhere.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

mod gate;
mod own;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driftgate::config::Environment;
use driftgate::model::Id;
use driftgate::model::inventory::{Credential, Inventory, Liveness, LivenessState, Slot, Status};
use driftgate::probe::guard::{Answer as Got, Place};
use driftgate::probe::http::Http;
use driftgate::probe::{PROBES, Probe};
use driftgate::secret::{FingerprintKey, Secret};
use driftgate::sources::env::issuers::{Issuer, Word};
use driftgate::sources::env::{EnvSource, Issuers};
use driftgate::sources::{About, Batch, Holdings, Source, Variable, Wanted};
use serde_json::{Value, json};
use support::{Answer, Listener};

use LivenessState::{Dead, Live, NotChecked, Unknown};

/// A value of each form; the part behind the prefix is the canary.
pub fn token(prefix: &str) -> String {
    let length = if prefix.starts_with("glpat") { 20 } else { 36 };
    format!("{prefix}{}", &"mR7cKq2VxT9bLwZ4nYp8sHd3GfJ6tQ1aE5uN"[..length])
}

fn slot() -> Id {
    Id::github_secret(None, "actions-secret", "acme/shop", None, "DEPLOY_TOKEN")
}

/// What an inventory may say of the slot and the token in it.
fn recorded(id: &str) -> Inventory {
    let id = Id::new(id);
    Inventory {
        slots: vec![Slot { holds: Some(id.clone()), ..Slot::bare(slot()) }],
        credentials: vec![Credential::bare(id)],
        ..Inventory::default()
    }
}

fn issuer(endpoint: &str, word: Word) -> Issuer {
    let place = Place { base: endpoint.to_owned(), private: true, ca: None };
    Issuer { source: None, authority: None, place: Ok(place), word, home: word == Word::Ci }
}

fn stripe(url: &str, more: Value) -> Http {
    let mut settings = json!({"name": "stripe", "prefix": "sk_live_", "url": url, "allow_private": true});
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Http::new(serde_json::from_value(settings).unwrap()).unwrap()
}

/// A source with that value in two variables, and all providers at one address.
fn source(endpoint: &str, word: Word, value: &str, own: Vec<Http>) -> EnvSource {
    let tokens = PROBES.iter().map(|(_, probe)| (probe.provider(), vec![issuer(endpoint, word)])).collect();
    let variables = [("DEPLOY_TOKEN", value), ("SAME_TOKEN", value)];
    let env: Environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let about = About { name: "env".into(), kind: "env".into(), required: true, authority: None };
    let settings = serde_json::from_value(json!({})).unwrap();
    EnvSource::new(about, settings, Arc::new(env), Issuers { tokens, ..Issuers::default() }).with_probes(own)
}

async fn run(source: &EnvSource, mut known: Inventory, change: fn(&mut Wanted)) -> Batch {
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

async fn probed(endpoint: &str, word: Word, value: &str, known: Inventory) -> Batch {
    let own = vec![stripe(&format!("{endpoint}/v1/account"), json!({}))];
    run(&source(endpoint, word, value, own), known, |_| ()).await
}

fn seen(batch: &Batch, id: &str) -> Liveness {
    let all = &batch.inventory.credentials;
    let credential = all.iter().find(|credential| credential.id.as_str() == id);
    credential.unwrap_or_else(|| panic!("{id}: {batch:?}")).liveness.clone().expect("an observation")
}

/// A provider's documented answers.
struct Row {
    value: String,
    answer: Answer,
    state: LivenessState,
    /// The whole reason.
    reason: &'static str,
    /// The id that it becomes where nothing is recorded; none where it stays a note.
    id: Option<&'static str>,
}

fn row(prefix: &str, status: u16, body: &str, state: LivenessState, reason: &'static str, id: &'static str) -> Row {
    let id = Some(id).filter(|id| !id.is_empty());
    Row { value: token(prefix), answer: Answer::json(status, body), state, reason, id }
}

const USER: &str = r#"{"login":"svc-deploy","id":583231,"node_id":"MDQ6","type":"User","site_admin":false}"#;
const BAD: &str = r#"{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest","status":"401"}"#;
const LIMIT: &str = r#"{"resources":{"core":{"limit":5000,"used":1,"remaining":4999,"reset":1691591363}},"rate":{"limit":5000,"used":1,"remaining":4999,"reset":1691591363}}"#;
const ANYBODY: &str = r#"{"resources":{"core":{"limit":60,"used":1,"remaining":59,"reset":1691591363}}}"#;
const SELF: &str = r#"{"id":77,"name":"deploy","revoked":false,"created_at":"2026-07-23T14:31:47.729Z","description":"x","scopes":["api"],"user_id":3,"last_used_at":null,"active":true,"expires_at":"2026-12-24"}"#;
const ENDED: &str =
    r#"{"error":"invalid_token","error_description":"Token was revoked. You have to re-authorize from the user."}"#;
const EXPIRED: &str = r#"{"error":"invalid_token","error_description":"Token is expired. You can either do re-authorization or token refresh."}"#;
const BOT: &str = r#"{"ok":true,"url":"https://subarachnoid.slack.com/","team":"Subarachnoid Workspace","user":"bot","team_id":"T0G9PQBBK","user_id":"W23456789","bot_id":"BZYBOTHED","is_enterprise_install":false}"#;
const GRACE: &str = r#"{"ok":true,"url":"https://subarachnoid.slack.com/","team":"Subarachnoid Workspace","user":"grace","team_id":"T12345678","user_id":"W12345678"}"#;

/// What stands for a token that its issuer does not name.
const GITHUB: &str = "github:token:env%3ADEPLOY_TOKEN";
const GITLAB: &str = "gitlab:token:env%3ADEPLOY_TOKEN";
const SLACK: &str = "slack:token:env%3ADEPLOY_TOKEN";
const NPM: &str = "npm:token:env%3ADEPLOY_TOKEN";
const STRIPE: &str = "stripe:token:env%3ADEPLOY_TOKEN";

fn documented() -> Vec<Row> {
    let mut rows = Vec::new();
    for prefix in ["ghp_", "gho_", "ghu_", "github_pat_"] {
        rows.push(row(prefix, 200, USER, Live, "", "github:token:svc-deploy"));
        rows.push(row(prefix, 401, BAD, Dead, "Bad credentials", GITHUB));
        rows.push(row(prefix, 403, r#"{"message":"Sorry. Your account was suspended"}"#, Unknown, "HTTP 403", ""));
        rows.push(row(prefix, 401, r#"{"message":"Requires authentication"}"#, Unknown, "HTTP 401", ""));
    }
    let not_by_integration = r#"{"message":"Resource not accessible by integration"}"#;
    rows.extend([
        row("ghs_", 200, LIMIT, Live, "", GITHUB),
        row("ghs_", 401, BAD, Dead, "Bad credentials", GITHUB),
        row("ghs_", 403, not_by_integration, Live, "", GITHUB),
        row("ghs_", 200, ANYBODY, Unknown, "the limit of callers without a token: it did not arrive", ""),
        row("ghs_", 404, r#"{"message":"Rate limiting is not enabled."}"#, Unknown, "HTTP 404", ""),
        row("ghr_", 200, USER, NotChecked, "a refresh token: only using it up would tell", ""),
        row("glpat-", 200, SELF, Live, "", "gitlab:token:77"),
        row("glpat-", 401, r#"{"message":"401 Unauthorized"}"#, Dead, "401 Unauthorized", GITLAB),
        row("glpat-", 401, ENDED, Dead, "invalid_token: revoked", GITLAB),
        row("glpat-", 401, EXPIRED, Dead, "invalid_token: expired", GITLAB),
        row(
            "glpat-",
            401,
            r#"{"error":"invalid_token","error_description":"Impersonation is disabled"}"#,
            Unknown,
            "HTTP 401",
            "",
        ),
        row("glpat-", 403, r#"{"error":"insufficient_scope","scope":"api"}"#, Live, "insufficient_scope", GITLAB),
        row("glpat-", 403, r#"{"message":"403 Forbidden - Your account has been blocked."}"#, Unknown, "HTTP 403", ""),
        row("gldt-", 200, SELF, NotChecked, "a deploy token: no endpoint tells of it without using it", ""),
        row("glptt-", 200, SELF, NotChecked, "a trigger token: only a pipeline that it starts would tell", ""),
        row("glrt-", 200, SELF, NotChecked, "a runner's token: only registering its manager would tell", ""),
        row("xoxb-", 200, BOT, Live, "", "slack:token:T0G9PQBBK/BZYBOTHED"),
        row("xoxp-", 200, GRACE, Live, "", "slack:token:T12345678/W12345678"),
        row("xoxe.xoxb-", 200, BOT, Live, "", "slack:token:T0G9PQBBK/BZYBOTHED"),
        row("xoxe-", 200, BOT, NotChecked, "a refresh token: only using it up would tell", ""),
        row("xapp-", 200, BOT, NotChecked, "an app-level token: no read-only endpoint tells of it", ""),
        row("npm_", 200, r#"{"username":"svc-publish"}"#, Live, "", "npm:token:svc-publish"),
        row("npm_", 401, r#"{"message":"Unauthorized"}"#, Dead, "HTTP 401", NPM),
        row("npm_", 401, "{}", Dead, "HTTP 401", NPM),
        row(
            "npm_",
            401,
            r#"{"errors":[{"status":401,"message":"Bad credentials"}]}"#,
            Unknown,
            "HTTP 401, not an answer of npm",
            "",
        ),
        row("npm_", 403, r#"{"message":"Forbidden"}"#, Unknown, "HTTP 403", ""),
        row("sk_live_", 200, r#"{"id":"acct_1"}"#, Live, "", STRIPE),
        row("sk_live_", 401, r#"{"error":{"type":"invalid_request_error"}}"#, Dead, "HTTP 401", STRIPE),
        row("sk_live_", 403, "{}", Unknown, "HTTP 403", ""),
    ]);
    for code in ["token_revoked", "account_inactive", "token_expired"] {
        rows.push(row("xoxb-", 200, &format!(r#"{{"ok":false,"error":"{code}"}}"#), Dead, code, SLACK));
    }
    // A good token is refused as invalid, too, from an address that is not allowed.
    for code in
        ["invalid_auth", "ratelimited", "internal_error", "not_authed", "not_allowed_token_type", "ekm_access_denied"]
    {
        rows.push(row("xoxb-", 200, &format!(r#"{{"ok":false,"error":"{code}"}}"#), Unknown, code, ""));
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn what_issuers_document() {
    for row in documented() {
        let listener = Listener::start(row.answer.clone());
        let batch = probed(&listener.endpoint, Word::Configured, &row.value, Inventory::default()).await;
        let what = format!("{}… {:?}: {batch:?}", &row.value[..6], row.answer);
        match row.id {
            Some(id) => {
                let seen = seen(&batch, id);
                assert_eq!((seen.state, seen.reason.as_deref().unwrap_or_default()), (row.state, row.reason), "{what}");
                for held in [slot(), Id::env("DEPLOY_TOKEN"), Id::env("SAME_TOKEN")] {
                    assert_eq!(batch.inventory.slot(&held).unwrap().holds, Some(Id::new(id)), "{what}");
                }
            }
            None => {
                assert!(batch.inventory.credentials.is_empty(), "{what}");
                assert!(batch.account.notes.iter().any(|note| note.ends_with(&format!(": {}", row.reason))), "{what}");
            }
        }
        let asked = usize::from(row.state != NotChecked);
        assert_eq!((listener.connections(), batch.account.requests), (asked, asked as u64), "{what}");
        assert!(!format!("{batch:?}").contains(&row.value[10..]), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn how_they_are_asked() {
    for (prefix, first, header) in [
        ("ghp_", "GET /user HTTP/1.1", "authorization: Bearer "),
        ("ghs_", "GET /rate_limit HTTP/1.1", "authorization: Bearer "),
        ("glpat-", "GET /personal_access_tokens/self HTTP/1.1", "private-token: "),
        ("xoxb-", "POST /auth.test HTTP/1.1", "authorization: Bearer "),
        ("npm_", "GET /-/whoami HTTP/1.1", "authorization: Bearer "),
        ("sk_live_", "GET /v1/account HTTP/1.1", "authorization: Bearer "),
    ] {
        let listener = Listener::start(Answer::json(500, "{}"));
        let value = token(prefix);
        probed(&listener.endpoint, Word::Configured, &format!("{value}\n"), Inventory::default()).await;
        let request = listener.requests().remove(0);
        assert!(request.starts_with(first), "{request}");
        let agent = format!("user-agent: driftgate/{}\r\n", env!("CARGO_PKG_VERSION"));
        assert!(request.contains(&format!("{header}{value}\r\n")) && request.contains(&agent), "{request}");
    }
    // The user's own: another header, no word before it, HTTP Basic.
    for (more, line) in [
        (json!({"header": "X-Api-Key"}), "x-api-key: sk_live_x\r\n"),
        (json!({"scheme": "token"}), "authorization: token sk_live_x\r\n"),
        (json!({"scheme": ""}), "authorization: sk_live_x\r\n"),
        (json!({"scheme": "basic"}), "authorization: Basic c2tfbGl2ZV94Og==\r\n"),
        (json!({"scheme": "basic deploy"}), "authorization: Basic ZGVwbG95OnNrX2xpdmVfeA==\r\n"),
    ] {
        let listener = Listener::start(Answer::json(200, "{}"));
        let own = vec![stripe(&listener.endpoint, more)];
        let from = source(&listener.endpoint, Word::Configured, "sk_live_x", own);
        run(&from, Inventory::default(), |_| ()).await;
        assert!(listener.requests()[0].contains(line), "{}", listener.requests()[0]);
    }
}

/// Every form that is asked, and the answer that would be its death.
const FORMS: [(&str, &str, &str); 6] = [
    ("ghp_", "github:token:x", BAD),
    ("ghs_", "github:app:acme:5521", BAD),
    ("glpat-", "gitlab:project-token:acme/shop:77", r#"{"message":"401 Unauthorized"}"#),
    ("xoxb-", "slack:token:T1/B1", r#"{"ok":false,"error":"token_revoked"}"#),
    ("npm_", "npm:token:x", r#"{"message":"Unauthorized"}"#),
    ("sk_live_", "stripe:token:x", "{}"),
];

/// Answers one greeting in plain text.
fn speaks_no_tls() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
        let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
    });
    format!("https://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_proves_nothing_is_unknown() {
    let elsewhere = Listener::start(Answer::json(401, BAD));
    let page = |status: u16| {
        let html = "<!DOCTYPE html><html>Bad credentials: 401 Unauthorized invalid_auth</html>";
        Answer::Http(status, vec![("content-type".into(), "text/html; charset=utf-8".into())], html.into())
    };
    let with = |status: u16, name: &str, value: &str, body: &str| {
        let headers = vec![("content-type".into(), "application/json".into()), (name.into(), value.into())];
        Answer::Http(status, headers, body.into())
    };
    let elsewhere = &elsewhere;
    let forms = FORMS.into_iter().map(|(prefix, id, death)| async move {
        let status = if prefix == "xoxb-" { 200 } else { 401 };
        let cut =
            format!("HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n{death}");
        let moved = format!("{}/user", elsewhere.endpoint);
        let cases = vec![
            ("a firewall's 401", page(401), "HTTP 401"),
            ("a firewall's 403", page(403), "HTTP 403"),
            ("a portal's 200", page(200), "HTTP 200"),
            ("a proxy's 404", Answer::Http(404, vec![], b"not found".to_vec()), "HTTP 404"),
            ("a proxy's JSON 404", Answer::json(404, r#"{"status":404}"#), "HTTP 404"),
            ("a limit", Answer::json(429, death), "HTTP 429: rate limited"),
            ("a limit for an hour", with(429, "retry-after", "3600", death), "HTTP 429: rate limited"),
            ("a limit by 403", with(403, "retry-after", "3600", r#"{"message":"rate limit"}"#), "HTTP 403"),
            ("a broken server", Answer::json(500, death), "HTTP 500"),
            ("a bad gateway", page(502), "HTTP 502"),
            ("a server that is away", with(503, "retry-after", "60", death), "HTTP 503"),
            ("cut off", Answer::Raw(cut.into_bytes()), "the answer broke off"),
            ("not HTTP", Answer::Raw(b"SSH-2.0-x\r\n".to_vec()), "no answer"),
            ("other JSON", Answer::json(418, r#"{"login":7,"id":"x","ok":"true","username":[]}"#), "HTTP 418"),
            ("moved", with(302, "location", &moved, death), "HTTP 302: a redirect, not followed"),
            ("moved for good", with(308, "location", &moved, death), "HTTP 308: a redirect, not followed"),
            ("moved here", with(301, "location", "/user", death), "HTTP 301: a redirect, not followed"),
            ("a gigabyte", Answer::Endless, "the answer is too long"),
            ("silence", Answer::Stall, "timed out"),
        ];
        let runs = cases.into_iter().map(|(name, answer, reason)| async move {
            let listener = Listener::start(answer);
            let begun = Instant::now();
            let batch = probed(&listener.endpoint, Word::Configured, &token(prefix), recorded(id)).await;
            let seen = seen(&batch, id);
            assert_eq!(seen.state, Unknown, "{prefix} {name}: {seen:?}");
            assert!(seen.reason.as_deref().is_some_and(|said| said.starts_with(reason)), "{prefix} {name}: {seen:?}");
            assert!(!format!("{batch:?}").contains(&token(prefix)[8..]), "{prefix} {name}");
            assert_eq!(listener.connections(), 1, "{prefix} {name}: it was asked again");
            assert!(begun.elapsed() < Duration::from_secs(60), "{prefix} {name}: {:?}", begun.elapsed());
            assert!(listener.sent() < 64 << 20, "{prefix} {name}: {} bytes were taken", listener.sent());
        });
        futures::future::join_all(runs).await;
        // Right JSON of wrong types, with the status of success.
        if prefix != "sk_live_" {
            for body in [r#"{"login":7,"id":"x","ok":"true","username":[]}"#, "[]", "null", "{\"login\"", ""] {
                let listener = Listener::start(Answer::json(200, body));
                let batch = probed(&listener.endpoint, Word::Configured, &token(prefix), recorded(id)).await;
                assert_eq!(seen(&batch, id).state, Unknown, "{prefix} {body}");
            }
        }
        // Nobody there; one who speaks no TLS.
        for endpoint in ["http://127.0.0.1:9".to_owned(), speaks_no_tls()] {
            let batch = probed(&endpoint, Word::Configured, &token(prefix), recorded(id)).await;
            assert_eq!(seen(&batch, id).reason.as_deref(), Some("no connection"), "{prefix} {endpoint}");
        }
        let listener = Listener::start(Answer::json(status, death));
        // The table can fail: this is a death.
        let batch = probed(&listener.endpoint, Word::Configured, &token(prefix), recorded(id)).await;
        assert_eq!(seen(&batch, id).state, Dead, "{prefix}");
    });
    futures::future::join_all(forms).await;
    assert_eq!(elsewhere.connections(), 0, "a redirect was followed to another host");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_own_server_can_deny_a_token() {
    let listener = Listener::start(Answer::json(401, BAD));
    let of = async |word: Word, known: Inventory| probed(&listener.endpoint, word, &token("ghp_"), known).await;
    let tenant = |tenant: &str| {
        let mut known = recorded("github:token:alice");
        known.credentials[0].tenant = Some(tenant.to_owned());
        known
    };
    let host = listener.endpoint.trim_start_matches("http://").to_owned();
    let id = "github:token:alice";
    assert_eq!(seen(&of(Word::Ci, recorded(id)).await, id).state, Dead, "the CI's own server, for its own slot");
    let away = seen(&of(Word::Public, recorded(id)).await, id);
    assert_eq!(away.state, Unknown);
    assert_eq!(away.reason.as_deref(), Some("this server is not known to have issued the token"));
    assert_eq!(seen(&of(Word::Public, tenant(&format!("github:{host}"))).await, id).state, Dead);
    let before = listener.connections();
    let other = seen(&of(Word::Configured, tenant("github:ghe.example.com")).await, id);
    assert_eq!((other.state, other.reason.as_deref()), (Unknown, Some("another server issued the token")));
    assert_eq!(listener.connections(), before, "a token goes to its own server alone");

    // Live is live, wherever it is.
    listener.set(Answer::json(200, USER));
    let batch = of(Word::Public, Inventory::default()).await;
    assert_eq!(seen(&batch, "github:token:svc-deploy").state, Live);
    let credential = batch.inventory.credential(&Id::new("github:token:svc-deploy")).unwrap();
    assert_eq!(credential.tenant, Some(format!("github:{host}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_names_the_token() {
    let hub = Listener::start(Answer::json(200, USER));
    let lab = Listener::start(Answer::json(200, SELF));
    let chat = Listener::start(Answer::json(200, BOT));
    let pats = "github_pat_";
    for (at, prefix, known, id) in [
        (&hub, pats, "github:pat:acme:991", "github:pat:acme:991"),
        (&hub, "ghp_", "github:sso-token:acme:12", "github:sso-token:acme:12"),
        // A classic token is no fine-grained one, and another's login is another's token.
        (&hub, "ghp_", "github:pat:acme:991", "github:token:svc-deploy"),
        (&hub, pats, "github:token:bob", "github:token:svc-deploy"),
        (&hub, pats, "github:token:SVC-deploy", "github:token:SVC-deploy"),
        (&hub, pats, "aws:access-key:AKIAQ2XYZ3CI4EXAMPLE", "github:token:svc-deploy"),
        (&hub, pats, GITHUB, "github:token:svc-deploy"),
        (&lab, "glpat-", "gitlab:project-token:acme/shop:77", "gitlab:project-token:acme/shop:77"),
        (&lab, "glpat-", "gitlab:group-token:acme:78", "gitlab:token:77"),
        (&chat, "xoxb-", "slack:token:subarachnoid/bot", "slack:token:subarachnoid/bot"),
    ] {
        let batch = probed(&at.endpoint, Word::Configured, &token(prefix), recorded(known)).await;
        assert_eq!(seen(&batch, id).state, Live, "{known}");
        assert_eq!(batch.inventory.slot(&slot()).unwrap().holds, Some(Id::new(id)), "{known}");
    }
    // Held by no slot that is known, and still the only token with that number.
    let mut known = Inventory::default();
    known.credentials.push(Credential::bare(Id::new("gitlab:personal-token:alice:77")));
    let batch = probed(&lab.endpoint, Word::Configured, &token("glpat-"), known).await;
    let credential = batch.inventory.credential(&Id::new("gitlab:personal-token:alice:77")).expect("it is found");
    assert_eq!((credential.name.as_deref(), credential.status), (Some("deploy"), Status::Active));
    assert_eq!(credential.expires_at, Some("2026-12-24T00:00:00Z".parse().unwrap()));

    // Its list is read only after it was asked: the fuller id takes over, and nobody is asked again.
    let from = source(&lab.endpoint, Word::Configured, &token("glpat-"), Vec::new());
    let batch = run(&from, Inventory::default(), |_| ()).await;
    let mut known = batch.inventory;
    let full = Id::new("gitlab:project-token:acme/shop:77");
    known.credentials.push(Credential::bare(full.clone()));
    let (before, mut batch) = (lab.connections(), Batch::default());
    from.probe(&BTreeSet::from([full.clone()]), &Wanted::default(), &known, &mut batch).await;
    assert_eq!(seen(&batch, full.as_str()).state, Live);
    assert_eq!(batch.inventory.slot(&slot()).unwrap().holds, Some(full));
    assert_eq!(lab.connections(), before);

    // Two records, and an issuer that names neither: the value is one of them, so that nobody is dead or live.
    let dead = Listener::start(Answer::json(401, BAD));
    let mut two = recorded("github:token:alice");
    let other = Id::new("github:token:bob");
    two.slots.push(Slot { holds: Some(other.clone()), ..Slot::bare(Id::env("SAME_TOKEN")) });
    two.credentials.push(Credential::bare(other));
    let batch = probed(&dead.endpoint, Word::Configured, &token("ghp_"), two).await;
    for id in ["github:token:alice", "github:token:bob"] {
        assert_eq!(seen(&batch, id).state, Unknown);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_sends_back_what_it_was_sent() {
    for (prefix, id, _) in FORMS {
        let value = token(prefix);
        let bodies = [
            json!({"login": value, "username": value, "id": 77, "active": true, "revoked": false, "name": value,
                   "ok": true, "team_id": "T1", "bot_id": value, "user": value, "team": format!("x {value}")}),
            json!({"message": value, "error": value, "error_description": value, "ok": false}),
        ];
        for body in bodies {
            for status in [200, 401, 403] {
                let listener = Listener::start(Answer::json(status, &body.to_string()));
                for known in [Inventory::default(), recorded(id)] {
                    let own = vec![stripe(&listener.endpoint, json!({"id_pointer": "/login"}))];
                    let batch = run(&source(&listener.endpoint, Word::Configured, &value, own), known, |_| ()).await;
                    let said = format!("{batch:?}");
                    assert!(!said.contains(&value[8..]) && !said.contains(&value[..20]), "{prefix} {status}: {said}");
                }
            }
        }
    }
}
