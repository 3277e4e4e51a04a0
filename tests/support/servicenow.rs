//! A ServiceNow instance with a state of its own (`servicenow_fake.py`), written and read by pysnc, ServiceNow's own client.

use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use super::driver::Driver;
use super::http;
use super::process::{Server, clean, python};

/// A running fake.
#[derive(Debug)]
pub struct ServiceNow {
    server: Server,
    driver: Driver,
    folder: tempfile::TempDir,
    /// `http://127.0.0.1:PORT`.
    pub endpoint: String,
    /// The same instance behind TLS.
    pub tls: String,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its sys_id.
    pub sys_id: String,
    /// Its number, empty where its table has none.
    pub number: String,
}

fn launcher() -> Command {
    let mut command = clean(python());
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/servicenow_fake.py"));
    command
}

impl ServiceNow {
    /// Starts one with these users, whose passwords are their names, beside `admin`.
    pub fn start(users: &[&str]) -> Self {
        let command = |port: u16| {
            let mut command = launcher();
            command.args(["serve", &port.to_string()]);
            command
        };
        let ready = |endpoint: &str| {
            http::request(Method::GET, &format!("{endpoint}/__tls"), &[], None).is_ok_and(|got| got.status == 200)
        };
        let server = Server::start("the fake of ServiceNow", command, ready);
        let endpoint = server.endpoint.clone();
        let tls = http::request(Method::GET, &format!("{endpoint}/__tls"), &[], None).unwrap().json();
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, tls["ca"].as_str().unwrap()).unwrap();
        let tls = format!("https://127.0.0.1:{}", tls["port"]);
        let driver = Driver::start(launcher().args(["drive", &tls]).arg(&ca));
        let own = Self { server, driver, folder, endpoint, tls };
        let users: serde_json::Map<String, Value> =
            users.iter().map(|name| ((*name).to_owned(), json!(name))).collect();
        own.control(json!({"users": users}));
        own
    }

    /// The root of its certificate.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A call of pysnc.
    pub fn call(&self, ask: Value) -> Result<Value, String> {
        self.driver.ask(&ask)
    }

    /// A new record, by that user.
    pub fn insert(&self, user: &str, table: &str, fields: Value) -> Made {
        let made = self.call(json!({"call": "insert", "user": user, "table": table, "fields": fields})).unwrap();
        let text = |key: &str| made[key].as_str().unwrap_or_default().to_owned();
        Made { sys_id: text("sys_id"), number: text("number") }
    }

    /// Changes a record, by that user.
    pub fn update(&self, user: &str, table: &str, record: &Made, fields: Value) {
        self.call(json!({"call": "update", "user": user, "table": table, "sys_id": record.sys_id, "fields": fields}))
            .unwrap();
    }

    /// Deletes a record.
    pub fn delete(&self, table: &str, record: &Made) {
        self.call(json!({"call": "delete", "table": table, "sys_id": record.sys_id})).unwrap();
    }

    /// What pysnc reads: each field with `value` and `shown`.
    pub fn list(&self, table: &str, query: &str, fields: &[&str]) -> Vec<Value> {
        let all = self.call(json!({"call": "list", "table": table, "query": query, "fields_wanted": fields})).unwrap();
        all.as_array().unwrap().clone()
    }

    /// The sys_id of a user.
    pub fn user(&self, name: &str) -> String {
        let found = self.list("sys_user", &format!("user_name={name}"), &["user_name", "sys_id"]);
        found[0]["sys_id"]["value"].as_str().unwrap().to_owned()
    }

    /// An answer of a requested item's form.
    pub fn answer(&self, item: &Made, question: &Made, value: &str) -> Made {
        let option =
            self.insert("admin", "sc_item_option", json!({"item_option_new": question.sys_id, "value": value}));
        let join = json!({"request_item": item.sys_id, "sc_item_option": option.sys_id});
        self.insert("admin", "sc_item_option_mtom", join);
        option
    }

    /// An approval of a task.
    pub fn approval(&self, task: &Made, approver: &str, state: &str) -> Made {
        let fields = json!({"sysapproval": task.sys_id, "approver": approver, "state": state});
        self.insert("admin", "sysapproval_approver", fields)
    }

    /// Changes the fake itself: `users`, `clients`, `rules`, `revoke`, `clock`, `life`, `limit`, `asleep`, `cut`.
    pub fn control(&self, change: Value) {
        let url = format!("{}/__control", self.endpoint);
        let got = http::request(Method::POST, &url, &[], Some(change.to_string())).unwrap();
        assert_eq!(got.status, 200, "{}", got.body);
    }

    /// Requests since the last call.
    pub fn requests(&self) -> Vec<Value> {
        let got = http::request(Method::GET, &format!("{}/__log", self.endpoint), &[], None).unwrap().json();
        got.as_array().unwrap().clone()
    }
}
