//! moto: AWS's IAM and STS with signatures, deleted and inactive keys enforced.

use std::path::Path;
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use super::driver::Driver;
use super::http;
use super::process::{Server, clean, python};

/// An access key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key's id.
    pub id: String,
    /// The secret access key.
    pub secret: String,
}

/// A running moto.
#[derive(Debug)]
pub struct Moto {
    server: Server,
    driver: Driver,
    /// `http://127.0.0.1:PORT`.
    pub endpoint: String,
    /// The key of a user who may do everything.
    pub admin: Key,
}

fn launcher() -> Command {
    let mut command = clean(python());
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/moto_launcher.py"));
    command
}

/// A policy that allows everything.
pub fn everything() -> String {
    let all = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    all.to_string()
}

impl Moto {
    /// Starts a server with an administrator, then has it check signatures, keys and policies as AWS does.
    pub fn start() -> Self {
        Self::launch(false)
    }

    /// The same, with the policies that AWS manages; they take some seconds.
    pub fn with_policies_of_aws() -> Self {
        Self::launch(true)
    }

    fn launch(policies: bool) -> Self {
        let command = |port: u16| {
            let mut command = launcher();
            if policies {
                command.env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true");
            }
            command.args(["serve", &port.to_string()]);
            command
        };
        let ready = |endpoint: &str| {
            http::request(Method::GET, &format!("{endpoint}/moto-api/data.json"), &[], None)
                .is_ok_and(|got| got.status == 200)
        };
        let server = Server::start("moto", command, ready);
        let endpoint = server.endpoint.clone();
        // Until access control is on, any key will do.
        let anybody = Key { id: "AKIAIOSFODNN7EXAMPLE".to_owned(), secret: "x".to_owned() };
        let mut command = launcher();
        command.args(["drive", &endpoint]).env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_CONFIG_FILE", "/nonexistent").env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
        let driver = Driver::start(&mut command);
        let mut moto = Self { server, driver, endpoint, admin: anybody };
        let admin = moto.new_user("admin");
        moto.call(
            "put_user_policy",
            &json!({"UserName": "admin", "PolicyName": "all", "PolicyDocument": everything()}),
        );
        moto.admin = admin;
        // The body is how many requests are still let in unchecked.
        moto.check("0");
        moto
    }

    /// An IAM operation as the administrator, in boto3's words: `call("list_users", &json!({}))`.
    ///
    /// # Panics
    /// Where it is refused.
    pub fn call(&self, operation: &str, arguments: &Value) -> Value {
        self.call_as(&self.admin, "iam", operation, arguments).unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    /// An operation of any service with any key; an error is what boto3 said, with AWS's code.
    pub fn call_as(&self, key: &Key, service: &str, operation: &str, arguments: &Value) -> Result<Value, String> {
        self.ask(key, service, operation, json!({"arguments": arguments}))
    }

    /// An operation in a region, as the administrator of an account: in boto3's words.
    ///
    /// # Panics
    /// Where it is refused.
    pub fn call_in(&self, key: &Key, region: &str, service: &str, operation: &str, arguments: &Value) -> Value {
        let more = json!({"region": region, "arguments": arguments});
        self.ask(key, service, operation, more).unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    /// One operation with many arguments.
    ///
    /// # Panics
    /// Where one of them is refused.
    pub fn bulk(&self, key: &Key, region: &str, service: &str, operation: &str, arguments: &[Value]) {
        let more = json!({"region": region, "bulk": arguments});
        self.ask(key, service, operation, more).unwrap_or_else(|error| panic!("{operation}: {error}"));
    }

    /// All items of a paged operation, as boto3 collects them.
    ///
    /// # Panics
    /// Where it is refused.
    pub fn listed(
        &self,
        key: &Key,
        region: &str,
        (service, operation, items): (&str, &str, &str),
        arguments: &Value,
    ) -> Vec<Value> {
        let more = json!({"region": region, "paginate": items, "arguments": arguments});
        let said = self.ask(key, service, operation, more).unwrap_or_else(|error| panic!("{operation}: {error}"));
        said.as_array().expect("a list").clone()
    }

    /// The administrator of another account of this server.
    pub fn other_account(&self, number: &str) -> Key {
        self.check("inf");
        let role = format!("arn:aws:iam::{number}:role/setup");
        let given = self.call_in(
            &self.admin,
            "us-east-1",
            "sts",
            "assume_role",
            &json!({"RoleArn": role, "RoleSessionName": "setup"}),
        );
        let text = |field: &str| given["Credentials"][field].as_str().expect("credentials").to_owned();
        let temporary = Key { id: text("AccessKeyId"), secret: text("SecretAccessKey") };
        let call = |operation: &str, arguments: Value| {
            let more = json!({"token": text("SessionToken"), "arguments": arguments});
            self.ask(&temporary, "iam", operation, more).unwrap_or_else(|error| panic!("{operation}: {error}"))
        };
        call("create_user", json!({"UserName": "admin"}));
        call("put_user_policy", json!({"UserName": "admin", "PolicyName": "all", "PolicyDocument": everything()}));
        let made = call("create_access_key", json!({"UserName": "admin"}));
        self.check("0");
        let text = |field: &str| made["AccessKey"][field].as_str().expect("a key").to_owned();
        Key { id: text("AccessKeyId"), secret: text("SecretAccessKey") }
    }

    /// From now on so many requests are let in unchecked.
    fn check(&self, after: &str) {
        let url = format!("{}/moto-api/reset-auth", self.endpoint);
        let headers = [("content-type", "text/plain")];
        let got = http::request(Method::POST, &url, &headers, Some(after.to_owned())).unwrap();
        assert_eq!(got.status, 200, "moto did not change access control: {}", got.body);
    }

    /// How many requests of AWS' APIs the server has answered, by its own log.
    pub fn requests(&mut self) -> usize {
        self.logged().lines().filter(|line| line.contains("POST / HTTP/1.1")).count()
    }

    fn ask(&self, key: &Key, service: &str, operation: &str, mut question: Value) -> Result<Value, String> {
        question["service"] = json!(service);
        question["operation"] = json!(operation);
        question["id"] = json!(key.id);
        question["secret"] = json!(key.secret);
        self.driver.ask(&question)
    }

    fn new_user(&self, name: &str) -> Key {
        self.call("create_user", &json!({"UserName": name}));
        self.create_key(name)
    }

    /// A new user without any policy, and its first key.
    pub fn create_user_with_key(&self, name: &str) -> Key {
        self.new_user(name)
    }

    /// Another key of a user.
    pub fn create_key(&self, user: &str) -> Key {
        let answer = self.call("create_access_key", &json!({"UserName": user}));
        let text = |field: &str| answer["AccessKey"][field].as_str().expect("a key").to_owned();
        Key { id: text("AccessKeyId"), secret: text("SecretAccessKey") }
    }

    /// Switches a key: `Active` or `Inactive`.
    pub fn set_status(&self, user: &str, key_id: &str, status: &str) {
        self.call("update_access_key", &json!({"UserName": user, "AccessKeyId": key_id, "Status": status}));
    }

    /// Deletes a key.
    pub fn delete_key(&self, user: &str, key_id: &str) {
        self.call("delete_access_key", &json!({"UserName": user, "AccessKeyId": key_id}));
    }

    /// All that the server wrote: one line a request.
    pub fn logged(&mut self) -> String {
        self.server.logged()
    }
}
