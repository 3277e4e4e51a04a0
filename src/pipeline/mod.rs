//! CI definitions to references and the job graph. Which files are read lives in `discover`; what keys mean lives in the provider's
//! folder; YAML itself in `yaml`. No judgement here: what a reference resolves to is `policy::scope`'s.

pub mod cli_fetch;
pub mod condition;
pub mod discover;
pub mod expression;
mod gate;
mod github;
mod gitlab;
pub mod literal;
pub mod shell;
pub mod yaml;

use std::path::PathBuf;

pub use discover::Instead;

use crate::model::pipeline::Pipelines;
use crate::model::reference::{REFERENCES_SCHEMA, References};

/// What is to be read.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether the job graph is wanted ([`Pipelines::pipelines`]). References need none of a file that refers to nothing, so
    /// without the graph most files need not be parsed.
    pub graph: bool,
    /// Whether files that cannot hold a reference are left unparsed. Never changes what is found, only how long it takes; off in
    /// the test that proves it.
    pub filter: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { graph: true, filter: true }
    }
}

/// Reads every CI definition below the paths. Nothing fails: what cannot be read is a gap.
#[must_use]
pub fn read(paths: &[PathBuf], options: &Options) -> Pipelines {
    read_with(paths, options, &Instead::new())
}

/// The same, where some of the files that are there are taken to have other texts: what a change of them would mean.
#[must_use]
pub fn read_with(paths: &[PathBuf], options: &Options, instead: &Instead) -> Pipelines {
    let discovery = discover::discover_with(paths, instead);
    let mut all = Pipelines { gaps: discovery.gaps, files: discovery.found.len(), ..Pipelines::default() };
    add(&mut all, github::read(&discovery.found, options));
    add(&mut all, gitlab::read(&discovery.found, options));
    settle(&mut all);
    all
}

fn add(all: &mut Pipelines, part: Pipelines) {
    all.references.extend(part.references);
    all.pipelines.extend(part.pipelines);
    all.gaps.extend(part.gaps);
    all.notes.extend(part.notes);
    all.files += part.files;
}

/// The order that the contract promises.
fn settle(all: &mut Pipelines) {
    all.references.sort_by(|a, b| {
        let key = |r: &crate::model::reference::Reference| (r.line, r.column, r.kind, r.step);
        a.file
            .cmp(&b.file)
            .then_with(|| key(a).cmp(&key(b)))
            .then_with(|| a.job.cmp(&b.job))
            .then_with(|| a.name.cmp(&b.name))
    });
    // Several aliases of one anchor are one occurrence.
    all.references.dedup();
    all.pipelines.sort_by(|a, b| a.file.cmp(&b.file).then(a.provider.cmp(&b.provider)));
    all.gaps.sort();
    all.gaps.dedup();
    all.notes.sort();
    all.notes.dedup();
}

/// What `driftgate refs --format json` prints.
#[must_use]
pub fn references(pipelines: Pipelines) -> References {
    References { schema: REFERENCES_SCHEMA.to_owned(), references: pipelines.references, gaps: pipelines.gaps }
}
