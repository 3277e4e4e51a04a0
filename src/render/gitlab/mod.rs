//! GitLab's reports: Code Quality (`quality`) and security (`security`), and what both say alike: places, identities, severities.

pub mod quality;
pub mod security;

use aws_lc_rs::digest;

use crate::model::report::{Finding, Place, Severity};
use crate::render::{Context, severity};

/// Where a finding is shown: at the first reference, else at the configuration.
fn place(finding: &Finding, context: &Context<'_>) -> Place {
    finding.references.first().cloned().unwrap_or_else(|| nowhere(context))
}

/// What points at no place in a pipeline stands at the configuration.
fn nowhere(context: &Context<'_>) -> Place {
    Place { file: context.config.to_owned(), line: 1, column: 1, job: None }
}

/// A path relative to the repository, as GitLab's links need it. What lies outside of it has none: the configuration's default
/// name stands for it.
fn relative(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let leaves = path.is_empty() || path.starts_with('/') || path.split('/').any(|part| part == "..");
    if leaves { ".driftgate.yaml".to_owned() } else { path.to_owned() }
}

/// SHA-256 over the parts, as 32 hexadecimal digits.
fn hash(parts: &[&str]) -> String {
    let hash = digest::digest(&digest::SHA256, parts.join("\0").as_bytes());
    hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The severity, with a capital letter, as the security report has it.
fn capital(of: Severity) -> String {
    let word = severity(of);
    word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect()
}
