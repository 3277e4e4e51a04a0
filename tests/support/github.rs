//! GitHub: a stateful fake, alone or behind prism, which holds every request and answer against GitHub's own description and makes a
//! violation a 500 that says what is wrong.

use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use super::http;
use super::process::{Server, clean, python};

/// The token that every state knows; it may read everything.
pub const TOKEN: &str = "ghp_CanaryCanaryCanaryCanaryCanary0001";

/// A running fake.
#[derive(Debug)]
pub struct Github {
    fake: Server,
    prism: Option<Server>,
    description: tempfile::NamedTempFile,
    /// The API's URL.
    pub endpoint: String,
}

fn support(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support").join(name)
}

fn modules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/testbeds/node_modules")
}

/// GitHub's description, cut down, in a file of this test's own: prism starts anew whenever its file is written.
fn slim() -> tempfile::NamedTempFile {
    let whole = modules().join("@octokit/openapi/generated/ghec.json");
    assert!(whole.is_file(), "GitHub's description is not installed; run scripts/test");
    let slim = tempfile::Builder::new().suffix(".json").tempfile().expect("a file");
    let mut command = clean(python());
    command.arg(support("github_slim.py")).arg(whole).arg(slim.path());
    let made = command.output().expect("python starts");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    slim
}

impl Github {
    /// Starts the fake alone.
    pub fn start() -> Self {
        Self::fake(slim())
    }

    /// Starts the fake behind prism.
    pub fn checked() -> Self {
        let mut github = Self::fake(slim());
        let (fake, slim) = (github.endpoint.clone(), github.description.path().to_owned());
        let command = |port: u16| -> Command {
            let mut command = clean("node");
            command.arg(modules().join("@stoplight/prism-cli/dist/index.js"));
            command
                .args(["proxy", "--errors", "--host", "127.0.0.1", "--port", &port.to_string()])
                .arg(&slim)
                .arg(&fake);
            command
        };
        let bearer = format!("Bearer {TOKEN}");
        let ready = |endpoint: &str| {
            let url = format!("{endpoint}/user");
            http::request(Method::GET, &url, &[("authorization", &bearer)], None).is_ok_and(|got| got.status == 401)
        };
        let prism = Server::start("prism", command, ready);
        github.endpoint.clone_from(&prism.endpoint);
        github.prism = Some(prism);
        github
    }

    fn fake(description: tempfile::NamedTempFile) -> Self {
        let command = |port: u16| -> Command {
            let mut command = clean(python());
            command.arg(support("github_fake.py")).arg(port.to_string()).arg(description.path());
            command
        };
        let ready = |endpoint: &str| {
            http::request(Method::GET, &format!("{endpoint}/_ready"), &[], None)
                .is_ok_and(|got| got.json()["fake"] == "github")
        };
        let fake = Server::start("github fake", command, ready);
        let endpoint = fake.endpoint.clone();
        Self { fake, prism: None, description, endpoint }
    }

    fn admin(&self, method: Method, path: &str, body: Option<String>) -> Value {
        let got = http::request(method, &format!("{}{path}", self.fake.endpoint), &[], body).expect("the fake answers");
        assert_eq!(got.status, 200, "{}", got.body);
        got.json()
    }

    /// Sets what there is, and forgets the requests so far.
    pub fn set(&self, state: &Value) {
        let mut state = state.clone();
        state["public"] = json!(self.endpoint);
        if state.get("tokens").is_none() {
            state["tokens"] = json!({TOKEN: {"login": "auditor"}});
        }
        self.admin(Method::PUT, "/_state", Some(state.to_string()));
    }

    /// Changes issues as no call of GitHub's can: see `github_issues.py`.
    pub fn issues(&self, change: &Value) -> Value {
        self.admin(Method::PUT, "/_issues", Some(change.to_string()))
    }

    /// Waits until prism has made ready for a path: it does so at its first call, and long ones take it a while.
    pub fn warm(&self, path: &str) {
        let bearer = format!("Bearer {TOKEN}");
        let url = format!("{}{path}", self.endpoint);
        let answers =
            || http::request(Method::GET, &url, &[("authorization", &bearer)], None).is_ok_and(|got| got.status == 200);
        assert!((0..4).any(|_| answers()), "{path} is not answered");
    }

    /// A call of GitHub's own that writes, with that token; through prism, where it stands before the fake.
    pub fn write(&self, token: &str, method: Method, path: &str, body: &Value) -> Value {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let got = http::request(method, &format!("{}{path}", self.endpoint), &headers, Some(body.to_string()));
        let got = got.expect("the fake answers");
        assert!(matches!(got.status, 200 | 201), "{path}: {} {}", got.status, got.body);
        got.json()
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.admin(Method::PUT, "/_reset", None);
    }

    /// The App's id and private key.
    pub fn app(&self) -> (u64, String) {
        let told = self.admin(Method::GET, "/_key", None);
        (told["id"].as_u64().unwrap(), told["key"].as_str().unwrap().to_owned())
    }

    /// The requests since the state was set.
    pub fn requests(&self) -> Vec<Asked> {
        let log = self.admin(Method::GET, "/_log", None);
        let asked = |one: &Value| Asked {
            line: format!("{} {}", one["method"].as_str().unwrap(), one["path"].as_str().unwrap()),
            query: one["query"].as_str().unwrap().to_owned(),
            status: one["status"].as_u64().unwrap(),
        };
        log["requests"].as_array().unwrap().iter().map(asked).collect()
    }

    /// The most requests that were under way at once.
    pub fn peak(&self) -> u64 {
        self.admin(Method::GET, "/_log", None)["peak"].as_u64().unwrap()
    }
}

/// A request that the fake saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Method and path.
    pub line: String,
    /// The query.
    pub query: String,
    /// The answer's status.
    pub status: u64,
}

impl Asked {
    /// Whether GitHub counts it against the limit.
    pub fn counts(&self) -> bool {
        self.status != 304
    }
}
