//! A GitLab with a state of its own (`gitlab_fake.py`), set up and read by python-gitlab, a client that is not ours.

use std::path::Path;
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use super::driver::Driver;
use super::http;
use super::process::{Server, clean, python};

/// The administrator's token.
pub const ROOT: &str = "glpat-root-of-the-fake-0000";

/// A running fake.
#[derive(Debug)]
pub struct GitLab {
    server: Server,
    driver: Driver,
    /// `http://127.0.0.1:PORT`.
    pub endpoint: String,
}

/// A user with a token.
#[derive(Debug, Clone)]
pub struct Person {
    /// The user's number.
    pub id: u64,
    /// The token's number.
    pub token_id: u64,
    /// Its value.
    pub token: String,
}

fn launcher() -> Command {
    let mut command = clean(python());
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/gitlab_fake.py"));
    command
}

/// A step of a call: an attribute, or with arguments a method.
pub fn of(name: &str) -> Value {
    json!({"name": name})
}

/// A method with its arguments.
pub fn call(name: &str, arguments: Value) -> Value {
    json!({"name": name, "arguments": arguments})
}

impl GitLab {
    /// Starts an empty one.
    pub fn start() -> Self {
        let command = |port: u16| {
            let mut command = launcher();
            command.args(["serve", &port.to_string()]);
            command
        };
        let ready = |endpoint: &str| {
            http::request(Method::GET, &format!("{endpoint}/__log"), &[], None).is_ok_and(|got| got.status == 200)
        };
        let server = Server::start("the fake of GitLab", command, ready);
        let endpoint = server.endpoint.clone();
        let driver = Driver::start(launcher().args(["drive", &endpoint]));
        Self { server, driver, endpoint }
    }

    /// A call of python-gitlab with that token.
    pub fn as_with(&self, token: &str, steps: &[Value]) -> Result<Value, String> {
        self.driver.ask(&json!({"token": token, "steps": steps}))
    }

    /// The same as the administrator; a refusal is a fault of the test.
    pub fn with(&self, steps: &[Value]) -> Value {
        self.as_with(ROOT, steps).unwrap_or_else(|error| panic!("{steps:?}: {error}"))
    }

    /// Something of a project, by its path: `in_project("acme/shop", "variables", call("create", …))`.
    pub fn in_project(&self, path: &str, what: &str, last: Value) -> Value {
        self.with(&[of("projects"), lazy(path), of(what), last])
    }

    /// Something of a group.
    pub fn in_group(&self, path: &str, what: &str, last: Value) -> Value {
        self.with(&[of("groups"), lazy(path), of(what), last])
    }

    /// A group; its parent is the path before the last slash.
    pub fn group(&self, path: &str) -> u64 {
        let parent = path.rsplit_once('/').map(|(parent, _)| self.id_of("groups", parent));
        let name = path.rsplit('/').next().unwrap();
        let made =
            self.with(&[of("groups"), call("create", json!([{"name": name, "path": name, "parent_id": parent}]))]);
        made["id"].as_u64().unwrap()
    }

    /// A project in an existing group.
    pub fn project(&self, path: &str) -> u64 {
        let (group, name) = path.rsplit_once('/').unwrap();
        let namespace = self.id_of("groups", group);
        let made = self
            .with(&[of("projects"), call("create", json!([{"name": name, "path": name, "namespace_id": namespace}]))]);
        made["id"].as_u64().unwrap()
    }

    fn id_of(&self, what: &str, path: &str) -> u64 {
        self.with(&[of(what), call("get", json!([path]))])["id"].as_u64().unwrap()
    }

    /// A user with a personal token, and a role in a project or group.
    pub fn person(&self, name: &str, scopes: &[&str], roles: &[(&str, &str, u32)]) -> Person {
        let user = self.with(&[
            of("users"),
            call(
                "create",
                json!([{"username": name, "name": name, "email": format!("{name}@example.com"), "password": "x"}]),
            ),
        ]);
        let id = user["id"].as_u64().unwrap();
        let token = self.with(&[
            of("users"),
            json!({"name": "get", "arguments": [id], "options": {"lazy": true}}),
            of("personal_access_tokens"),
            call("create", json!([{"name": format!("{name}'s"), "scopes": scopes, "expires_at": "2099-01-01"}])),
        ]);
        for (what, path, level) in roles {
            self.with(&[
                of(what),
                lazy(path),
                of("members"),
                call("create", json!([{"user_id": id, "access_level": level}])),
            ]);
        }
        let text = |field: &str| token[field].as_str().unwrap().to_owned();
        Person { id, token_id: token["id"].as_u64().unwrap(), token: text("token") }
    }

    /// A variable of a project, with further fields.
    pub fn variable(&self, project: &str, key: &str, value: &str, more: Value) {
        self.in_project(
            project,
            "variables",
            call("create", json!([merged(json!({"key": key, "value": value}), more)])),
        );
    }

    /// A variable of a group.
    pub fn group_variable(&self, group: &str, key: &str, value: &str, more: Value) {
        self.in_group(group, "variables", call("create", json!([merged(json!({"key": key, "value": value}), more)])));
    }

    /// Changes the fake itself: `premium`, `clock`, `latency`, `faults`, `job`, `enterprise`, `bulk`.
    pub fn control(&self, change: Value) {
        let url = format!("{}/__control", self.endpoint);
        let got = http::request(Method::POST, &url, &[], Some(change.to_string())).unwrap();
        assert_eq!(got.status, 200, "{}", got.body);
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.control(json!({"forget": true}));
    }

    /// The most requests since then that were under way at once.
    pub fn peak(&self) -> u64 {
        let got = http::request(Method::GET, &format!("{}/__log", self.endpoint), &[], None).unwrap().json();
        got.as_array().unwrap().iter().map(|entry| entry["at_once"].as_u64().unwrap()).max().unwrap_or_default()
    }

    /// Requests since then: `GET /api/v4/…?…`.
    pub fn requests(&self) -> Vec<String> {
        let got = http::request(Method::GET, &format!("{}/__log", self.endpoint), &[], None).unwrap().json();
        let one = |entry: &Value| {
            format!(
                "{} {}?{}",
                entry["method"].as_str().unwrap(),
                entry["path"].as_str().unwrap(),
                entry["query"].as_str().unwrap()
            )
        };
        got.as_array().unwrap().iter().map(one).collect()
    }

    /// `gitlab:127.0.0.1:PORT`.
    pub fn tenant(&self) -> String {
        self.endpoint.replace("http://", "gitlab:")
    }
}

fn lazy(path: &str) -> Value {
    json!({"name": "get", "arguments": [path], "options": {"lazy": true}})
}

fn merged(mut base: Value, more: Value) -> Value {
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    base
}
