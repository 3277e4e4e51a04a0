//! The user's own probe, what is never asked, fingerprints, and answers of any kind.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_users_own_probe() {
    let listener = Listener::start(Answer::json(200, r#"{"account":{"id":"acct_1","number":42}}"#));
    let at = async |more: Value| {
        let own = vec![stripe(&listener.endpoint, more)];
        run(&source(&listener.endpoint, Word::Public, &token("sk_live_"), own), Inventory::default(), |_| ()).await
    };
    assert_eq!(seen(&at(json!({"id_pointer": "/account/id"})).await, "stripe:token:acct_1").state, Live);
    assert_eq!(seen(&at(json!({"id_pointer": "/account/number"})).await, "stripe:token:42").state, Live);
    let by_name = json!({"prefix": null, "variables": ["SAME_TOKEN"]});
    assert_eq!(seen(&at(by_name).await, "stripe:token:env%3ASAME_TOKEN").state, Live);
    let batch = at(json!({"id_pointer": "/account"})).await;
    assert!(batch.inventory.credentials.is_empty() && batch.account.notes[0].contains("without a name"), "{batch:?}");
    // Dead by status and words.
    let words = json!({"body_dead": {"pointer": "/error/code", "value": "key_revoked"}});
    for (body, state) in [(r#"{"error":{"code":"key_revoked"}}"#, Some(Dead)), (r#"{"error":{"code":"busy"}}"#, None)] {
        listener.set(Answer::json(401, body));
        let batch = at(words.clone()).await;
        assert_eq!(batch.inventory.credentials.first().map(|c| c.liveness.as_ref().unwrap().state), state, "{body}");
    }
    // A name is looked up first, and is then that address.
    listener.set(Answer::json(200, "{}"));
    let named = json!({"url": listener.endpoint.replace("127.0.0.1", "localhost")});
    assert_eq!(seen(&at(named).await, STRIPE).state, Live);
    // Inside only where that is allowed.
    let before = listener.connections();
    let batch = at(json!({"allow_private": false})).await;
    assert!(batch.account.notes[0].contains("private address"), "{:?}", batch.account.notes);
    assert_eq!(listener.connections(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_built_in_does_not_stand_inside() {
    let listener = Listener::start(Answer::json(200, USER));
    for endpoint in [listener.endpoint.clone(), listener.endpoint.replace("127.0.0.1", "localhost")] {
        let mut issuer = issuer(&endpoint, Word::Public);
        issuer.place.as_mut().unwrap().private = false;
        let tokens = [("github", vec![issuer])].into();
        let env: Environment = [("DEPLOY_TOKEN".to_owned(), token("ghp_"))].into_iter().collect();
        let about = About { name: "env".into(), kind: "env".into(), required: true, authority: None };
        let issuers = Issuers { tokens, ..Issuers::default() };
        let source = EnvSource::new(about, serde_json::from_value(json!({})).unwrap(), Arc::new(env), issuers);
        let batch = run(&source, Inventory::default(), |_| ()).await;
        assert!(batch.account.notes[0].contains("private address"), "{:?}", batch.account.notes);
    }
    assert_eq!(listener.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_probe_and_offline_ask_nobody() {
    let listener = Listener::start(Answer::json(401, BAD));
    for (prefix, id, _) in FORMS {
        for (flag, change) in [
            ("--no-probe", (|want| want.no_probe = true) as fn(&mut Wanted)),
            ("--offline", |want| want.offline = true),
        ] {
            let own = vec![stripe(&listener.endpoint, json!({}))];
            let from = source(&listener.endpoint, Word::Configured, &token(prefix), own);
            let batch = run(&from, recorded(id), change).await;
            let seen = seen(&batch, id);
            assert_eq!((seen.state, seen.reason.as_deref()), (NotChecked, Some(flag)), "{prefix}");
            assert_eq!(batch.account.requests, 0);
        }
    }
    assert_eq!(listener.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn fingerprints_of_everything_that_is_looked_at() {
    let key = Arc::new(FingerprintKey::new(&Secret::new("site key".into())));
    let wanted = Secret::new("no known form".into()).fingerprint(&key);
    for key in [None, Some(Arc::clone(&key))] {
        let source =
            source("http://127.0.0.1:9", Word::Configured, "no known form", Vec::new()).with_fingerprints(key.clone());
        let want = Wanted {
            variables: vec![Variable { name: "DEPLOY_TOKEN".into(), slot: Some(slot()) }],
            ..Wanted::default()
        };
        let mut batch = Batch::default();
        source.collect(&want, &mut batch).await;
        let found: Vec<_> =
            batch.inventory.slots.iter().map(|slot| (slot.id.clone(), slot.fingerprint.clone())).collect();
        let expected: Vec<_> = [slot(), Id::env("DEPLOY_TOKEN")].map(|id| (id, Some(wanted.clone()))).into();
        assert_eq!(found, if key.is_some() { expected } else { Vec::new() });
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]

    /// Whatever comes, nothing panics, the value is not told, and only a word of the issuer's own is a death.
    #[test]
    fn no_answer_panics_or_kills(
        status in proptest::sample::select(vec![200u16, 201, 301, 400, 401, 403, 404, 418, 429, 500, 502, 599]),
        body in "(\\PC{0,40}|[\\{\\}\\[\\]\":,a-z0-9]{0,60}|\\{\"(login|message|error|id|ok|username|team_id|resources)\":(true|null|7|-1|1e999|\"\\PC{0,8}\"|\\[\\]|\\{\\})\\})",
        expiry in "\\PC{0,30}",
    ) {
        for (prefix, ..) in FORMS.into_iter().filter(|(prefix, ..)| *prefix != "sk_live_") {
            let value = Secret::new(token(prefix));
            let kind = driftgate::probe::recognize::kind(&value).unwrap();
            let probe = driftgate::probe::of(kind).unwrap();
            let mut headers = reqwest::header::HeaderMap::new();
            if let Ok(expiry) = expiry.parse() {
                headers.insert("github-authentication-token-expiration", expiry);
            }
            let seen = probe.judge(&value, &Got { status, headers, body: body.clone().into_bytes() });
            let said = format!("{seen:?}");
            proptest::prop_assert!(!said.contains(value.expose()), "the value is told");
            if seen.liveness.state == Dead {
                // Only npm's own form has no words that a random text would have to meet.
                proptest::prop_assert!(prefix == "npm_" && status == 401, "{} {} {}", prefix, status, &body);
            }
        }
    }

    /// A part of a death is none.
    #[test]
    fn a_part_of_an_answer_proves_nothing(form in 0usize..5, share in 0.0f64..1.0) {
        let (prefix, _, death) = FORMS[form];
        let length = ((death.len() - 1) as f64 * share) as usize;
        let value = Secret::new(token(prefix));
        let probe = driftgate::probe::of(driftgate::probe::recognize::kind(&value).unwrap()).unwrap();
        for status in [200, 401] {
            let answer = Got { status, headers: reqwest::header::HeaderMap::new(), body: death.as_bytes()[..length].to_vec() };
            proptest::prop_assert_eq!(probe.judge(&value, &answer).liveness.state, Unknown);
        }
    }
}

#[test]
fn what_the_user_describes_never_panics() {
    let says = json!({"pointer": "/a/b", "value": "x"});
    let probe =
        stripe("https://api.example.com/", json!({"body_live": says, "body_dead": says, "id_pointer": "/~2/~"}));
    for status in [0, 199, 200, 401, 429, 999] {
        for body in ["", "{", "{\"a\":{\"b\":\"x\"}}", "[[[[", "\u{0}", "<html>"] {
            let answer = Got { status, headers: reqwest::header::HeaderMap::new(), body: body.into() };
            let _ = probe.judge(&Secret::new("sk_live_x".into()), &answer);
        }
    }
    assert!(probe.ask(&Secret::new("sk_live_\u{7f}\n\u{1}x".into())).is_err());
}
