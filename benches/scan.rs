//! How long does a scan of an organization take, and how much memory? Its own fake GitHub answers, so many milliseconds late; the
//! figures stand beside the least that the requests can take.
//!
//!   cargo bench --bench scan -- [REPOSITORIES [MILLISECONDS]]     default: 2000 20
//!
//! Needs what scripts/test installs. Nothing here is run by a test: machines are noisy.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driftgate::config::{Environment, Files};
use driftgate::sources::github::{Context, GithubSource};
use driftgate::sources::{About, Batch, Source, Wanted};
use serde_json::json;
use support::Github;
use support::github::TOKEN;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse::<u64>().ok());
    let repositories = numbers.next().unwrap_or(2000);
    let latency = numbers.next().unwrap_or(20);
    let github = Github::start();
    github.set(&json!({"generate": repositories, "each": 20, "latency": latency}));

    let env: Environment = [("GH_TOKEN".to_owned(), TOKEN.to_owned())].into_iter().collect();
    let files = Files::Tree(PathBuf::from("."));
    let context = Context { env: &Arc::new(env), files: &files, max_wait: Duration::from_secs(60), home: true };
    let about = About { name: "github".into(), kind: "github".into(), required: true, authority: None };
    let settings =
        serde_json::from_value(json!({"url": github.endpoint, "cache": false, "organization": "acme"})).unwrap();
    let source = GithubSource::new(about, settings, &context).unwrap();
    let want = Wanted { everything: true, wide: true, ..Wanted::default() };

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let started = Instant::now();
    let mut batch = Batch::default();
    runtime.block_on(source.stores(&want, &mut batch));
    let taken = started.elapsed();
    let peak = github.peak();
    let least = Duration::from_millis(batch.account.requests * latency / peak.max(1));
    let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory = memory.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim().to_owned();
    println!("repositories   {repositories}");
    println!("slots          {}", batch.inventory.slots.len());
    println!("requests       {}, at most {peak} at once, each {latency} ms late", batch.account.requests);
    println!("gaps           {}", batch.inventory.gaps.len());
    println!("least time     {:.1} s", least.as_secs_f64());
    println!(
        "taken          {:.1} s, {:.2} of the least",
        taken.as_secs_f64(),
        taken.as_secs_f64() / least.as_secs_f64()
    );
    println!("processor      {:.1} s of this process; its fake has its own", processor().as_secs_f64());
    println!("peak memory    {memory}");
}

/// The processor time of this process so far: fields 14 and 15 of its stat file, in hundredths of a second.
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
    Duration::from_millis(fields.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>() * 10)
}
