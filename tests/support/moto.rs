//! moto: AWS's IAM and STS with signatures, deleted and inactive keys enforced.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use reqwest::Method;
use serde_json::{Value, json};

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

/// boto3 in a process of its own: starting Python for every call would take seconds.
#[derive(Debug)]
struct Driver {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Driver {
    fn start(endpoint: &str) -> Self {
        let mut child = launcher()
            .args(["drive", endpoint])
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", "/nonexistent")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python can be started; run scripts/test");
        let asks = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, asks, answers }
    }

    fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.asks, "{question}").expect("boto3 listens; its own error stands above");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("boto3 answers");
        serde_json::from_str(&line).expect("boto3 answers in JSON; its own error stands above")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running moto.
#[derive(Debug)]
pub struct Moto {
    server: Server,
    driver: Mutex<Driver>,
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

impl Moto {
    /// Starts a server with an administrator, then has it check signatures, keys and policies as AWS does.
    pub fn start() -> Self {
        let command = |port: u16| {
            let mut command = launcher();
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
        let driver = Mutex::new(Driver::start(&endpoint));
        let mut moto = Self { server, driver, endpoint, admin: anybody };
        let admin = moto.new_user("admin");
        let all = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
        moto.call(
            "put_user_policy",
            &json!({"UserName": "admin", "PolicyName": "all", "PolicyDocument": all.to_string()}),
        );
        moto.admin = admin;
        // The body is how many requests are still let in unchecked.
        let url = format!("{}/moto-api/reset-auth", moto.endpoint);
        let got = http::request(Method::POST, &url, &[("content-type", "text/plain")], Some("0".to_owned())).unwrap();
        assert_eq!(got.status, 200, "moto did not turn access control on: {}", got.body);
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
        let question = json!({
            "service": service, "operation": operation, "arguments": arguments, "id": key.id, "secret": key.secret
        });
        let mut said = self.driver.lock().unwrap().ask(&question);
        match said["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(said["ok"].take()),
        }
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
