//! The configuration: what the user says. It knows no source's settings; a source parses its own part.

pub mod change;
pub mod ci;
mod document;
pub mod environment;
pub mod error;
pub mod files;
pub mod git;
mod interpolate;
pub mod load;
mod people;
mod positions;
mod raw;
mod resolve;
pub mod schema;
pub mod source;
#[cfg(test)]
mod tests;
pub mod trust;
pub mod units;
mod words;

pub use environment::Environment;
pub use error::ConfigError;
pub use files::Files;
pub use load::{Request, load};
pub(crate) use positions::{Positions, Step};
pub use source::RawSource;

use std::sync::Arc;

use crate::model::report::Severity;
use crate::model::settings::Settings;
use crate::secret::{FingerprintKey, MacKey};

/// What the configuration may name; given by the caller, who knows the rules and the sources.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// Every rule's id and default severity.
    pub rules: &'a [(&'a str, Severity)],
    /// Every kind of source.
    pub kinds: &'a [KnownKind<'a>],
}

/// A kind of source.
#[derive(Debug, Clone, Copy)]
pub struct KnownKind<'a> {
    /// `jira`, `aws`.
    pub kind: &'a str,
    /// What it gives.
    pub role: Role,
}

/// What a kind of source gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Tickets.
    Tickets,
    /// Rows of the entitlement catalogue.
    Catalog,
    /// Slots, credentials, grants, liveness.
    Inventory,
}

impl Known<'_> {
    /// A rule's default severity; none for a rule that does not exist.
    #[must_use]
    pub fn severity(&self, rule: &str) -> Option<Severity> {
        self.rules.iter().find(|(id, _)| *id == rule).map(|(_, severity)| *severity)
    }

    /// What a kind gives.
    #[must_use]
    pub fn role(&self, kind: &str) -> Option<Role> {
        self.kinds.iter().find(|known| known.kind == kind).map(|known| known.role)
    }
}

/// A configuration, validated.
#[derive(Debug)]
pub struct Config {
    /// The file that it was read from, as messages and evidence name it; none where there is no file.
    pub file: Option<String>,
    /// Where the files that it names are read from.
    pub files: Files,
    /// Its sources, in the file's order; without a file, those that the environment speaks of.
    pub sources: Vec<RawSource>,
    /// What the judgement needs.
    pub settings: Settings,
    /// The key of fingerprints, where they are wanted.
    pub fingerprint_key: Option<Arc<FingerprintKey>>,
    /// The key that authenticates snapshots, where one is configured.
    pub snapshot_key: Option<MacKey>,
    /// The change under the gate, where the configuration comes from a protected ref.
    pub change: Option<change::Change>,
    /// The repository that a fork's change comes from: such a change gets no credentials.
    pub fork: Option<String>,
    /// What the user should know of how the configuration was found.
    pub notes: Vec<String>,
}

impl Config {
    /// Also examines these variables of the gate's own environment, besides those that its `env` source lists.
    ///
    /// # Errors
    /// None that a user could cause.
    pub fn examine(&mut self, names: &[String], env: &Environment) -> Result<(), ConfigError> {
        source::examine(&mut self.sources, names, env)
    }
}
