//! The change under the gate: the trusted version of the pipelines, read out of git, against the checkout's. What the comparison means
//! is `policy::weakened`'s; what became of the configuration is known from `config::change`.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;

use crate::config::ci::Ci;
use crate::config::git::Commit;
use crate::config::{Config, ConfigError, Environment, trust};
use crate::model::pipeline::Pipelines;
use crate::model::report::Place;
use crate::model::scope::Weakened;
use crate::model::settings::{Settings, Waiver};
use crate::model::ticket::Ticket;
use crate::pipeline;
use crate::policy::{decide, weakened};

use super::Options;

/// No definition of a pipeline is larger.
const MOST_FILE_BYTES: u64 = 4 * 1024 * 1024;
/// All definitions of a repository together.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// Why a change that steers the gate is not let near a credential.
const STEERED: &str =
    "the change sets variables that decide where credentials are sent or what runs: nothing was asked";

/// What the change does to its gate.
#[derive(Debug, Clone, Default)]
pub struct Changed {
    weakened: Vec<Weakened>,
    waivers: Vec<Waiver>,
    config: String,
    steered: bool,
    notes: Vec<String>,
}

/// Compares the checkout with the version that is trusted. Asks git, and nothing else.
///
/// # Errors
/// Where the change itself says which version is to be trusted.
pub fn changed(
    options: &Options,
    config: &Config,
    env: &Environment,
    policy_ref: Option<&str>,
) -> Result<Changed, ConfigError> {
    let ci = Ci::read(env);
    if ci.is_none() && config.change.is_none() {
        return Ok(Changed::default());
    }
    let head = read(&options.root);
    if ci.is_some()
        && let Some((place, name)) = weakened::told_by_the_change(&head)
    {
        let at = format!("{}:{}:{}", place.file, place.line, place.column);
        let message =
            format!("the pipeline gives {name} a value of its own where the gate runs, so nothing tells what to trust");
        return Err(ConfigError::of_file(at, message, "take it out: the CI sets this variable itself"));
    }
    let Some(change) = &config.change else { return Ok(Changed::default()) };
    if let (Some(name), Some(_)) = (policy_ref, &ci) {
        refuse_own_ref(name, &change.base, &options.root, ci.as_ref())?;
    }
    let mut out = Changed { waivers: change.waivers.clone(), config: change.file.clone(), ..Changed::default() };
    let below = below(&options.root, change.repository.top());
    match version(&change.base, &below) {
        Err(reason) => out.notes.push(format!("the pipelines of {} were not compared: {reason}", change.base.name)),
        Ok(base) => {
            let mut found = weakened::compare(&base, &head, &change.reads);
            if !found.weakened.is_empty()
                && let Some(begin) = change.repository.merge_base(&change.base, "HEAD")
                && let Ok(begin) = version(&begin, &below)
            {
                found = weakened::both(found, &weakened::compare(&begin, &head, &change.reads));
            }
            out.weakened = found.weakened;
            out.steered = found.steered;
        }
    }
    if !change.loosened.is_empty() {
        out.weakened.push(Weakened { place: place(&change.file), facts: change.loosened.clone() });
    }
    Ok(out)
}

/// A ref of the change's own cannot be the trusted one: it must be what the CI's variables say, or what the pipeline says there.
fn refuse_own_ref(name: &str, trusted: &Commit, root: &Path, ci: Option<&Ci>) -> Result<(), ConfigError> {
    let next = "leave --policy-ref out, or put it into the pipeline of the protected branch first";
    let Ok(Some(usual)) = trust::commit(root, ci, None) else { return Ok(()) };
    if usual == *trusted || usual.same(trusted) {
        return Ok(());
    }
    let Ok(base) = version(&usual, "") else { return Ok(()) };
    let gates = base.pipelines.iter().flat_map(|pipeline| &pipeline.jobs).filter_map(|job| job.gate_run.as_ref());
    let said: Vec<Option<&String>> = gates.map(|run| run.settings.get("policy-ref")).collect();
    // Where the protected branch has no gate at all, the gate comes from somewhere that the change has no say in.
    if said.is_empty() || said.iter().any(|said| said.is_some_and(|said| said == name)) {
        return Ok(());
    }
    Err(ConfigError::new(format!("--policy-ref {name} is not what the pipeline of {} says", usual.name), next))
}

fn read(root: &Path) -> Pipelines {
    pipeline::read(&[root.to_owned()], &pipeline::Options::default())
}

/// The folder of the checkout from the repository's top, `/` between parts.
fn below(root: &Path, top: &Path) -> String {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let parts = root.strip_prefix(top).ok().into_iter().flat_map(|inner| inner.iter().filter_map(|part| part.to_str()));
    parts.collect::<Vec<_>>().join("/")
}

/// The pipelines of a commit: its definitions are written into a folder of their own, and read there like any checkout.
fn version(commit: &Commit, below: &str) -> Result<Pipelines, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    // What marks a repository's root.
    fs::create_dir(folder.path().join(".git")).map_err(|error| error.to_string())?;
    let prefix = if below.is_empty() { String::new() } else { format!("{below}/") };
    let is_definition = |path: &str| path.ends_with(".yml") || path.ends_with(".yaml");
    let mut all = 0;
    for (path, size) in commit.files(below).map_err(|error| error.to_string())? {
        let Some(inner) = path.strip_prefix(&prefix).filter(|inner| is_definition(inner)) else { continue };
        if size > MOST_FILE_BYTES {
            continue;
        }
        all += size;
        if all > MOST_BYTES {
            return Err("its YAML files are larger than 256 MiB together".to_owned());
        }
        let target = folder.path().join(inner);
        let written = || -> std::io::Result<()> {
            fs::create_dir_all(target.parent().unwrap_or(folder.path()))?;
            let mut text = Vec::new();
            commit.open(&path)?.take(MOST_FILE_BYTES).read_to_end(&mut text)?;
            fs::write(&target, text)
        };
        written().map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(read(folder.path()))
}

fn place(file: &str) -> Place {
    Place { file: file.to_owned(), line: 1, column: 1, job: None }
}

impl Changed {
    /// Why nothing may be asked over the network, where that is so.
    pub(super) fn withheld(&self) -> Option<&'static str> {
        self.steered.then_some(STEERED)
    }

    /// The tickets that the change's own waivers name.
    pub(super) fn tickets(&self) -> BTreeSet<String> {
        self.waivers.iter().filter_map(|waiver| waiver.ticket.clone()).collect()
    }

    /// Remarks for coverage.
    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What is weakened, now that tickets can say which waivers are vouched for.
    pub(super) fn weakened(&self, tickets: &[Ticket], settings: &Settings) -> Vec<Weakened> {
        let mut out = self.weakened.clone();
        let unvouched = self.waivers.iter().filter_map(|waiver| {
            let why = decide::vouched(waiver, settings, tickets).err()?;
            Some(format!("waivers: {} of {} until {} is new; {why}", waiver.rule, waiver.subject, waiver.expires))
        });
        let facts: Vec<String> = unvouched.collect();
        if !facts.is_empty() {
            match out.iter_mut().find(|weak| weak.place.file == self.config && weak.place.job.is_none()) {
                Some(known) => known.facts.extend(facts),
                None => out.push(Weakened { place: place(&self.config), facts }),
            }
        }
        out
    }
}
