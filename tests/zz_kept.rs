#![allow(clippy::unwrap_used, missing_docs)]
mod support;
use driftgate::config::{Environment, Files};
use driftgate::link::Index;
use driftgate::model::settings::Settings;
use driftgate::sources::jira::{self, Jira};
use driftgate::sources::tracker::Context;
use driftgate::sources::{About, TicketSource, Wanted};
use std::sync::Arc;
use support::stream;
#[test]
fn kept() {
    let known = stream::known(100000);
    let index = Index::new(&serde_json::from_value(stream::inventory(&known)).unwrap(), &[], &Settings::default());
    let env = Arc::new(Environment::from_iter([]));
    let folder = tempfile::tempdir().unwrap();
    let tickets: Vec<_> = (0..5000).map(|n| stream::ticket(n, &known).0).collect();
    std::fs::write(folder.path().join("export.json"), serde_json::json!(tickets).to_string()).unwrap();
    let files = Files::Tree(folder.path().to_owned());
    let context = Context { env: &env, files: &files, max_wait: std::time::Duration::ZERO };
    let about = About { name: "jira".into(), kind: "jira".into(), required: true, authority: None };
    let settings = serde_json::from_value::<jira::Settings>(serde_json::json!({"export": "export.json"})).unwrap();
    let source = Jira::new(about, settings, Vec::new(), &context).unwrap();
    let want = Wanted { sieve: Some(index.sieve()), ..Wanted::default() };
    let mut n = 0;
    futures::executor::block_on(source.tickets(&want, &mut |record| {
        let t = index.understand(&record, "2026-06-01T12:00:00Z".parse().unwrap());
        n += 1;
        if t.links.is_empty() {
            println!(
                "{:?} {:?} | {} | {:?} | {:?}",
                t.intent,
                t.state,
                record.title,
                record.texts,
                record.comments.iter().map(|c| &c.text).collect::<Vec<_>>()
            );
        }
    }));
    println!("KEPT {n}");
}
