//! Real servers for tests, each on a free port of 127.0.0.1, stopped by process id. A test that cannot start its server fails.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr
)]

pub mod binary;
pub mod driver;
pub mod faults;
pub mod github;
pub mod gitlab;
pub mod hostile;
pub mod http;
pub mod jira;
pub mod listener;
pub mod moto;
pub mod openbao;
pub mod process;
pub mod processor;
pub mod proxy;
pub mod runs;
pub mod servicenow;
pub mod shapes;
pub mod stream;
pub mod watched;

pub use binary::binary;
pub use github::Github;
pub use gitlab::GitLab;
pub use jira::Jira;
pub use listener::{Answer, Listener};
pub use moto::Moto;
pub use openbao::OpenBao;
pub use proxy::Proxy;
pub use servicenow::ServiceNow;
