//! The change under the gate: the trusted version of the pipelines against the checkout's. How the trusted one is read out of git is
//! `version`'s; what the comparison means, `policy::weakened`'s; what became of the configuration is known from `config::change`.

use std::collections::BTreeSet;
use std::path::Path;

use crate::config::ci::Ci;
use crate::config::git::Commit;
use crate::config::{Config, ConfigError, Environment, trust};
use crate::model::inventory::Gap;
use crate::model::pipeline::Pipelines;
use crate::model::reference::Provider;
use crate::model::report::Place;
use crate::model::scope::Weakened;
use crate::model::settings::{Settings, Waiver};
use crate::model::ticket::Ticket;
use crate::pipeline;
use crate::policy::{decide, weakened};

use super::Options;
use super::version::{self, version};

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
    gaps: Vec<Gap>,
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
    let mut out = Changed { waivers: change.waivers.clone(), config: change.file.clone(), ..Changed::default() };
    if let (Some(name), Some(_)) = (policy_ref, &ci) {
        let unchecked = refuse_own_ref(name, &change.base, &options.root, ci.as_ref())?;
        out.gaps.extend(unchecked.map(|reason| gap("*", reason)));
    }
    let below = change.repository.below(&options.root);
    match version(&change.base, &below) {
        Err(reason) => {
            out.gaps.push(gap("*", format!("the pipelines of {} cannot be read: {reason}", change.base.name)));
        }
        Ok(base) => {
            for lost in base.gaps.iter().filter(|lost| !version::same(&change.base, &below, &lost.file, &options.root))
            {
                let reason = format!("as it is in {}, which the change replaces: {}", change.base.name, lost.reason);
                out.gaps.push(gap(&lost.file, reason));
            }
            out.gaps.extend(unseen(&base, &head));
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

/// What could not be compared.
fn gap(scope: &str, reason: String) -> Gap {
    Gap { source: "pipeline".to_owned(), lacks: "comparison".to_owned(), scope: scope.to_owned(), reason }
}

/// Includes of the change's own that are not fetched: GitLab merges them into the jobs that are there, the gate's among them. GitLab's
/// own templates are not the change's.
fn unseen(base: &Pipelines, head: &Pipelines) -> Vec<Gap> {
    let gitlab = base.pipelines.iter().filter(|pipeline| pipeline.provider == Provider::Gitlab);
    if !gitlab.flat_map(|pipeline| &pipeline.jobs).any(|job| job.gate_run.is_some()) {
        return Vec::new();
    }
    let included = |reason: &str| -> Option<String> {
        let words = reason.split_once("not fetched: include of ")?.1;
        let harmless = words.starts_with("template ") || words.starts_with("artifact ");
        (!harmless).then(|| words.to_owned())
    };
    let known: BTreeSet<String> = base.notes.iter().filter_map(|note| included(&note.reason)).collect();
    let new = head.notes.iter().filter_map(|note| Some((note, included(&note.reason)?)));
    let new = new.filter(|(_, words)| !known.contains(words));
    new.map(|(note, words)| {
        gap(&note.file, format!("the change includes {words}, which may say otherwise of the gate"))
    })
    .collect()
}

/// A ref of the change's own cannot be the trusted one: it must be what the CI's variables say, or what the pipeline says there. Tells
/// why it could not be checked, where that is so.
fn refuse_own_ref(name: &str, trusted: &Commit, root: &Path, ci: Option<&Ci>) -> Result<Option<String>, ConfigError> {
    let next = "leave --policy-ref out, or put it into the pipeline of the protected branch first";
    if trust::decide(ci) == trust::Decision::Unknown {
        return Ok(Some(format!(
            "nothing tells the protected branch, so that --policy-ref {name} could not be checked"
        )));
    }
    let usual = trust::commit(root, ci, None).map_err(|error| {
        ConfigError::new(format!("--policy-ref {name} cannot be checked: {}", error.message), error.next)
    })?;
    // On the protected branch itself the pipeline says what holds.
    let Some(usual) = usual else { return Ok(None) };
    if usual == *trusted || usual.same(trusted) {
        return Ok(None);
    }
    let base = match version(&usual, "") {
        Ok(base) => base,
        Err(reason) => {
            return Ok(Some(format!(
                "--policy-ref {name} could not be checked: the pipelines of {} cannot be read: {reason}",
                usual.name
            )));
        }
    };
    let gates = base.pipelines.iter().flat_map(|pipeline| &pipeline.jobs).filter_map(|job| job.gate_run.as_ref());
    let said: Vec<Option<&String>> = gates.map(|run| run.settings.get("policy-ref")).collect();
    // Where the protected branch has no gate at all, the gate comes from somewhere that the change has no say in.
    if said.iter().any(|said| said.is_some_and(|said| said == name)) {
        return Ok(None);
    }
    if said.is_empty() {
        let lost = base.gaps.first();
        let lost = lost.map(|lost| format!("--policy-ref {name} could not be checked: {}: {}", lost.file, lost.reason));
        return Ok(lost);
    }
    Err(ConfigError::new(format!("--policy-ref {name} is not what the pipeline of {} says", usual.name), next))
}

fn read(root: &Path) -> Pipelines {
    pipeline::read(&[root.to_owned()], &pipeline::Options::default())
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

    /// What could not be compared. It concerns every deploy: whether the gate is still what it was is not known.
    pub(super) fn gaps(&self) -> &[Gap] {
        &self.gaps
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
