//! How an auditor gets in: AppRole, a CI's identity token, a pod's service account, each against a real OpenBao; and what is told where
//! it does not. Secrets of the login go to the one server that they are for.
#![cfg(feature = "vault")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use driftgate::config::Files;
use driftgate::model::Id;
use driftgate::sources::vault::VaultSource;
use driftgate::sources::{About, Batch, Outer, Source, Wanted};
use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Listener, OpenBao};

/// A certificate authority, for the server asks for one even where the cluster answers without TLS. Its key is thrown away.
const CLUSTER_CA: &str = "-----BEGIN CERTIFICATE-----\n\
MIIBkzCCATmgAwIBAgIUSvy0TceTmrOYEvznbYYQnOG/legwCgYIKoZIzj0EAwIw\n\
HjEcMBoGA1UEAwwTY2x1c3Rlci5leGFtcGxlLmNvbTAgFw0yNjExMjQxNTU4NDFa\n\
GA8yMTI2MTAzMTE1NTg0MVowHjEcMBoGA1UEAwwTY2x1c3Rlci5leGFtcGxlLmNv\n\
bTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAvE/Xyapwum/aHdDsPiA0sc4BvO\n\
QvWJHkbWFSiCwwdnjJ+KAFkeEh3k3I9hPhBhNyOFXkJoMhc8qndEuBs3gDOjUzBR\n\
MB0GA1UdDgQWBBRGF4RLIo8nYJgWCdxAOiBckiWnYTAfBgNVHSMEGDAWgBRGF4RL\n\
Io8nYJgWCdxAOiBckiWnYTAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gA\n\
MEUCICsTRL41ZPhrs4qbpCdT26RugcFVMu/9H4ptJGo3Ji71AiEA1H1Wdr4v4CJc\n\
n5Zsa80H1o5jxiAWxpA7pqarhC4KG5A=\n\
-----END CERTIFICATE-----\n\
";

/// A key that signs identity tokens.
struct Issuer(EcdsaKeyPair);

impl Issuer {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    /// The public key as PEM text: the fixed head of a P-256 key (RFC 5480), then the point.
    fn public(&self) -> String {
        const HEAD: [u8; 26] = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
            0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        ];
        let der = [HEAD.as_slice(), self.0.public_key().as_ref()].concat();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
    }

    fn sign(&self, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", encode(&json!({"alg": "ES256", "typ": "JWT"})), encode(claims));
        let signature = self.0.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn soon() -> i64 {
    jiff::Timestamp::now().as_second() + 600
}

/// A server with a secret, and a policy that lets an auditor read its metadata.
fn server() -> OpenBao {
    let bao = OpenBao::start_audited();
    bao.admin(Method::POST, "secret/data/app/db", Some(json!({"data": {"password": "value-canary"}})));
    bao.policy("auditor", r#"path "secret/metadata/app/*" { capabilities = ["read"] }"#);
    bao
}

/// What a gate reads with these settings and variables.
async fn read(bao: &OpenBao, auth: Value, variables: &[(&str, &str)]) -> Batch {
    let settings = json!({"address": bao.endpoint, "auth": auth});
    let settings: driftgate::sources::vault::Settings = serde_json::from_value(settings).unwrap();
    settings.check().unwrap();
    let env = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let about = About { name: "vault".into(), kind: "vault".into(), required: true, authority: None };
    let source = VaultSource::new(about, settings, Arc::new(env), &Files::Tree(PathBuf::from("/")));
    let outer = Outer { provider: "vault".into(), name: "secret/data/app/db".into(), store: None };
    let want = Wanted { outer: BTreeSet::from([outer]), ..Wanted::default() };
    let mut batch = Batch::default();
    source.stores(&want, &mut batch).await;
    // The session is the same in the second phase.
    let before = bao.audited().len();
    let mut again = Batch::default();
    source.collect(&want, &mut again).await;
    assert_eq!(bao.audited().len(), before);
    batch
}

fn reads_the_slot(batch: &Batch, requests: u64) {
    let slot = batch.inventory.slot(&Id::new("vault:kv:secret/app/db"));
    assert!(slot.is_some_and(|slot| slot.updated_at.is_some()), "{batch:?}");
    assert!(batch.inventory.gaps.is_empty(), "{:?}", batch.inventory.gaps);
    assert_eq!(batch.account.requests, requests, "the login, the mounts, the path");
}

fn refused(batch: &Batch, words: &str) {
    let reasons: Vec<&str> = batch.inventory.gaps.iter().map(|gap| gap.reason.as_str()).collect();
    assert!(batch.inventory.slots.is_empty());
    assert!(reasons.len() == 1 && reasons[0].contains(words), "{reasons:?}");
    assert!(!format!("{batch:?}").contains("canary"), "{batch:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn approle() {
    let bao = server();
    bao.admin(Method::POST, "sys/auth/machines", Some(json!({"type": "approle"})));
    bao.admin(Method::POST, "auth/machines/role/gate", Some(json!({"token_policies": ["auditor"], "token_ttl": "5m"})));
    let text = |value: Value, key: &str| value["data"][key].as_str().unwrap().to_owned();
    let role_id = text(bao.admin(Method::GET, "auth/machines/role/gate/role-id", None), "role_id");
    let secret_id = text(bao.admin(Method::POST, "auth/machines/role/gate/secret-id", None), "secret_id");
    let auth = json!({"method": "approle", "mount": "machines"});
    let batch = read(&bao, auth.clone(), &[("VAULT_ROLE_ID", &role_id), ("VAULT_SECRET_ID", &secret_id)]).await;
    reads_the_slot(&batch, 3);
    let named = json!({"method": "approle", "mount": "machines", "role_id_env": "R", "secret_id_env": "S"});
    reads_the_slot(&read(&bao, named, &[("R", &format!("{role_id}\n")), ("S", &secret_id)]).await, 3);

    refused(
        &read(&bao, auth.clone(), &[("VAULT_ROLE_ID", &role_id), ("VAULT_SECRET_ID", "wrong-canary")]).await,
        "login by approle is refused",
    );
    refused(&read(&bao, auth, &[("VAULT_ROLE_ID", &role_id)]).await, "the variable VAULT_SECRET_ID");
    refused(
        &read(&bao, json!({"method": "approle"}), &[("VAULT_ROLE_ID", "a"), ("VAULT_SECRET_ID", "b-canary")]).await,
        "refused",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ci_jobs_identity_token() {
    let bao = server();
    let issuer = Issuer::new();
    bao.admin(Method::POST, "sys/auth/jwt", Some(json!({"type": "jwt"})));
    bao.admin(
        Method::POST,
        "auth/jwt/config",
        Some(json!({"jwt_validation_pubkeys": [issuer.public()], "bound_issuer": "https://ci.example.com"})),
    );
    bao.admin(
        Method::POST,
        "auth/jwt/role/gate",
        Some(json!({"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"], "bound_claims": {"repository": "acme/shop"}, "token_policies": ["auditor"]})),
    );
    let claims = |repository: &str| json!({"iss": "https://ci.example.com", "aud": "vault", "sub": "job", "repository": repository, "exp": soon(), "iat": soon() - 700});
    let token = issuer.sign(&claims("acme/shop"));

    // GitLab's is in a variable.
    let gitlab = json!({"method": "jwt", "role": "gate", "jwt_env": "VAULT_ID_TOKEN"});
    let batch = read(&bao, gitlab.clone(), &[("VAULT_ID_TOKEN", &token)]).await;
    reads_the_slot(&batch, 3);
    for (name, wrong) in [
        ("another repository's", issuer.sign(&claims("evil/shop"))),
        ("another issuer's", Issuer::new().sign(&claims("acme/shop"))),
    ] {
        let batch = read(&bao, gitlab.clone(), &[("VAULT_ID_TOKEN", &wrong)]).await;
        refused(&batch, "login by jwt is refused");
        assert!(!format!("{batch:?}").contains(&wrong), "{name}");
    }
    refused(&read(&bao, gitlab, &[]).await, "VAULT_ID_TOKEN");

    // GitHub's is fetched from where the CI's variables say, with the request's own token.
    let github = Listener::start(Answer::json(200, &json!({"value": token, "count": 1}).to_string()));
    let url = format!("{}/token?api-version=2.0", github.endpoint);
    let variables =
        [("ACTIONS_ID_TOKEN_REQUEST_URL", url.as_str()), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-canary")];
    let batch = read(&bao, json!({"method": "jwt", "role": "gate", "audience": "vault"}), &variables).await;
    reads_the_slot(&batch, 4);
    let head = github.requests()[0].to_lowercase();
    assert!(head.starts_with("get /token?api-version=2.0&audience=vault http/1.1"), "{head}");
    assert!(head.contains("authorization: bearer request-canary"), "{head}");
    assert_eq!(github.connections(), 1);
    assert!(!bao.audited().join("\n").contains("canary"));

    let elsewhere = Listener::start(Answer::json(200, "{}"));
    let moved = Listener::start(Answer::Http(302, vec![("location".into(), elsewhere.endpoint.clone())], Vec::new()));
    for (answer, words) in [
        (Listener::start(Answer::json(403, "{\"message\":\"no canary\"}")), "HTTP 403"),
        (Listener::start(Answer::json(200, "{\"nothing\":\"canary\"}")), "not the documented one"),
        (moved, "another host"),
    ] {
        let variables = [
            ("ACTIONS_ID_TOKEN_REQUEST_URL", answer.endpoint.as_str()),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-canary"),
        ];
        refused(&read(&bao, json!({"method": "jwt", "role": "gate"}), &variables).await, words);
    }
    assert_eq!(elsewhere.connections(), 0, "the request's token went elsewhere");
    refused(&read(&bao, json!({"method": "jwt", "role": "gate"}), &[]).await, "id-token: write");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pods_service_account() {
    let bao = server();
    let account = json!({"namespace": "ci", "serviceaccount": {"name": "gate", "uid": "u-1"}});
    let claims = json!({"iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:ci:gate", "aud": ["vault"], "exp": soon(), "iat": soon() - 700, "kubernetes.io": account});
    let token = Issuer::new().sign(&claims);
    // The cluster's token review.
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": {
        "authenticated": true, "audiences": ["vault"],
        "user": {"username": "system:serviceaccount:ci:gate", "uid": "u-1", "groups": ["system:serviceaccounts"]}}});
    let cluster = Listener::start(Answer::json(201, &review.to_string()));
    bao.admin(Method::POST, "sys/auth/kubernetes", Some(json!({"type": "kubernetes"})));
    bao.admin(
        Method::POST,
        "auth/kubernetes/config",
        Some(json!({"kubernetes_host": cluster.endpoint, "disable_local_ca_jwt": true, "kubernetes_ca_cert": CLUSTER_CA, "disable_iss_validation": true, "token_reviewer_jwt": token})),
    );
    bao.admin(
        Method::POST,
        "auth/kubernetes/role/gate",
        Some(json!({"bound_service_account_names": ["gate"], "bound_service_account_namespaces": ["ci"], "token_policies": ["auditor"]})),
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{token}\n")).unwrap();
    let auth = json!({"method": "kubernetes", "role": "gate", "jwt_file": file});
    reads_the_slot(&read(&bao, auth, &[]).await, 3);
    assert_eq!(cluster.connections(), 1);
    refused(
        &read(&bao, json!({"method": "kubernetes", "role": "gate", "jwt_file": folder.path().join("none")}), &[]).await,
        "cannot be read",
    );
    std::fs::write(&file, "no-token-canary").unwrap();
    refused(
        &read(&bao, json!({"method": "kubernetes", "role": "gate", "jwt_file": file}), &[]).await,
        "login by kubernetes is refused",
    );
}
