//! The test servers behave like what they stand for: they refuse dead credentials in the issuer's own words. Without that, a test of
//! liveness would prove nothing.

mod support;

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use support::{Answer, Listener, Moto, OpenBao, binary, http};

#[test]
fn moto_refuses_keys_that_aws_would_refuse() {
    let moto = Moto::start();
    let me = json!({});
    let get_user = |key| moto.call_as(key, "iam", "get_user", &me);
    let whoami = |key| moto.call_as(key, "sts", "get_caller_identity", &me);
    assert_eq!(moto.call("get_user", &json!({"UserName": "admin"}))["User"]["UserName"], "admin");

    let deleted = moto.create_user_with_key("deleted");
    let switched = moto.create_user_with_key("switched");
    for key in [&deleted, &switched] {
        assert!(whoami(key).is_ok());
        // Live, and without any policy: what is refused is the access, not the key.
        let error = get_user(key).unwrap_err();
        assert!(error.contains("AccessDenied"), "{error}");
    }
    moto.delete_key("deleted", &deleted.id);
    moto.set_status("switched", &switched.id, "Inactive");
    for key in [&deleted, &switched] {
        for error in [get_user(key).unwrap_err(), whoami(key).unwrap_err()] {
            assert!(error.contains("InvalidClientTokenId"), "{error}");
        }
    }
    moto.set_status("switched", &switched.id, "Active");
    assert!(whoami(&switched).is_ok());

    let forged = support::moto::Key { id: switched.id.clone(), secret: "wrong".to_owned() };
    let error = whoami(&forged).unwrap_err();
    assert!(error.contains("SignatureDoesNotMatch"), "{error}");
}

#[test]
fn openbao_refuses_revoked_tokens() {
    let bao = OpenBao::start();
    bao.policy("app", r#"path "secret/data/app" { capabilities = ["read"] }"#);
    bao.admin(Method::POST, "secret/data/app", Some(json!({"data": {"password": "x"}})));
    let token = bao.create_token(&["app"], "1h", "deploy");
    let other = bao.create_token(&["app"], "1h", "other");
    let seen = bao.lookup_self(&token.token);
    assert_eq!(seen.status, 200, "{}", seen.body);
    assert_eq!(seen.json()["data"]["accessor"], token.accessor.as_str());
    assert_eq!(seen.json()["data"]["display_name"], "token-deploy");
    assert_eq!(bao.call(&token.token, Method::GET, "secret/data/app", None).status, 200);

    bao.revoke(&token.accessor);
    assert_eq!(bao.lookup_self(&token.token).status, 403);
    assert_eq!(bao.call(&token.token, Method::GET, "secret/data/app", None).status, 403);
    assert_eq!(bao.lookup_self(&other.token).status, 200, "only the one that was revoked is dead");
}

#[test]
fn servers_are_gone_when_the_test_is() {
    let endpoint = OpenBao::start().endpoint;
    assert!(http::request(Method::GET, &format!("{endpoint}/v1/sys/health"), &[], None).is_err());
}

#[test]
fn a_listener_answers_stalls_and_counts() {
    let listener = Listener::start(Answer::json(403, "{\"a\":1}"));
    for _ in 0..2 {
        let url = format!("{}/x", listener.endpoint);
        let got = http::request(Method::POST, &url, &[("x-asked", "yes")], Some("b".repeat(100_000))).unwrap();
        assert_eq!((got.status, got.body.as_str()), (403, "{\"a\":1}"));
    }
    assert_eq!(listener.connections(), 2);
    assert!(
        listener.requests()[0].starts_with("POST /x HTTP/1.1\r\n") && listener.requests()[0].contains("x-asked: yes")
    );

    let cut = Listener::start(Answer::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_vec()));
    assert!(http::request(Method::GET, &cut.endpoint, &[], None).is_err());

    let stalled = Listener::start(Answer::Stall);
    let mut stream = std::net::TcpStream::connect(stalled.endpoint.trim_start_matches("http://")).unwrap();
    std::io::Write::write_all(&mut stream, b"GET / HTTP/1.1\r\n\r\n").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let begun = Instant::now();
    assert!(std::io::Read::read(&mut stream, &mut [0; 1]).is_err(), "it said something");
    assert!(begun.elapsed() >= Duration::from_millis(250));
    assert_eq!(stalled.connections(), 1);
}

#[test]
fn the_program_runs_without_the_machine_s_environment() {
    binary().arg("--version").assert().success();
}
