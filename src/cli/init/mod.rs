//! `driftgate init`: a first configuration, and the gate in the pipelines that are there. It looks, decides, checks what it would
//! write by the readers of every other command, and writes all of it or nothing.

/// The repository that holds driftgate, as everything that is written and every manual calls it: whose it is, users put in.
macro_rules! home {
    () => {
        "acme/driftgate"
    };
}

mod ask;
mod config;
mod edit;
mod github;
mod gitlab;
mod look;
mod place;
mod proof;
mod trackers;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::args::Common;
use super::output;
use super::{Failure, code, prepare};
use crate::config::git::Repository;
use crate::config::load::PLACES;
use crate::config::{Environment, Files};
use crate::model::reference::Provider;
use crate::render::escape;
use crate::sources::table;
use ask::Answers;
use config::Draft;
use look::Look;
use place::{Change, Left};

const EXAMPLES: &str = "Examples:
  driftgate init
  driftgate init ../shop --force

Exit codes:
  0  everything was written; what is left to do is told
  2  usage error, or a file is there already: nothing was written";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Init {
    /// A checkout
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// Replace a configuration, and a workflow of the gate's own, that are there already
    #[arg(long)]
    force: bool,
}

/// Columns of what is left to do.
const WIDTH: usize = 100;

/// The configuration's file.
const CONFIG: &str = PLACES[0];

/// Everything that is to be written, and what is left.
#[derive(Default)]
struct Work {
    changes: Vec<Change>,
    left: Vec<Left>,
    /// What is there and stays as it is.
    kept: Vec<String>,
}

impl Init {
    pub(super) fn run(self, common: &Common, env: &Arc<Environment>) -> Result<u8, Failure> {
        let root = self.root(common)?;
        let mut look = Look::at(&root, env);
        self.free(&root, &look)?;
        let answers = answers(&look, env)?;
        let check = |text: &str| check(&root, text, env, common);
        let draft = config::draft(&look, env, &answers, &check);
        if let Err(why) = check(&draft.text) {
            return Err(Failure::usage(
                format!("the configuration for this checkout would not be valid: {why}"),
                "correct what it names",
            ));
        }
        look.named.clone_from(&draft.variables);
        let mut work = Work::default();
        work.changes.push(Change {
            file: CONFIG.to_owned(),
            text: draft.text.clone(),
            done: vec![format!("sources: {}", draft.used.join(", "))],
            notes: Vec::new(),
        });
        for system in look.systems.clone() {
            match system {
                Provider::Github => work.github(&root, &look),
                Provider::Gitlab => work.gitlab(&root, &look),
            }
        }
        place::write(&root, &work.changes).map_err(|unwritten| {
            let what = format!("{}: {}; nothing was written", unwritten.file, unwritten.error);
            Failure::usage(what, "make the folder writable, or move away what is in the way")
        })?;
        let text = told(&self.path, &look, &draft, &work, common.quiet);
        output::stdout(text.as_bytes()).map_err(|error| Failure::Output(error, code::PASS))?;
        Ok(code::PASS)
    }

    /// The checkout's top folder.
    fn root(&self, common: &Common) -> Result<PathBuf, Failure> {
        if common.config.is_some() {
            return Err(Failure::usage(
                format!("`init` writes {CONFIG} in the checkout, and takes no --config"),
                "leave it out, and name the checkout",
            ));
        }
        let shown = self.path.display();
        if !self.path.is_dir() {
            return Err(Failure::usage(format!("{shown}: there is no such folder"), "name a checkout"));
        }
        let root = self
            .path
            .canonicalize()
            .map_err(|error| Failure::usage(format!("{shown}: {error}"), "name a checkout that can be read"))?;
        if let Ok(repository) = Repository::of(&root)
            && repository.top() != root
        {
            let what = format!("{shown} is a folder inside the repository {}", repository.top().display());
            return Err(Failure::usage(
                what,
                "name its top folder, where the CI looks for pipelines and configuration",
            ));
        }
        Ok(root)
    }

    /// Whether all names that may be written anew are free.
    fn free(&self, root: &Path, look: &Look) -> Result<(), Failure> {
        let workflow = writes_workflow(look).then_some(github::WORKFLOW);
        if let Some(link) = [CONFIG].into_iter().chain(workflow).find_map(|name| place::link(root, name)) {
            let what = format!("{link} is a symbolic link, and nothing is written through one; nothing was written");
            return Err(Failure::usage(what, "replace the link by what it leads to"));
        }
        let names = PLACES.into_iter().chain(workflow);
        let there: Vec<&str> = names.filter(|name| root.join(name).exists()).collect();
        match there.as_slice() {
            [] => Ok(()),
            _ if self.force => Ok(()),
            _ => {
                let what = format!("{} is there already; nothing was written", there.join(", "));
                Err(Failure::usage(what, "look at it; `driftgate init --force` replaces it"))
            }
        }
    }
}

/// Whether the gate gets a workflow of its own: no job tells that it deploys, and no gate is there.
fn writes_workflow(look: &Look) -> bool {
    let own = || look.own(Provider::Github).filter(|one| one.file != github::WORKFLOW);
    look.systems.contains(&Provider::Github)
        && look.deploying(Provider::Github).is_empty()
        && !own().flat_map(|one| &one.jobs).any(|job| job.gate_step.is_some())
}

/// Reads a configuration the way every command does.
fn check(root: &Path, text: &str, env: &Arc<Environment>, common: &Common) -> Result<(), String> {
    let files = Files::Tree(root.to_owned());
    let config = prepare::with_known(|known| crate::config::load::parse(Some(CONFIG), text, files, env, known))
        .map_err(|error| error.to_string())?;
    table::build(&config, env, common.max_wait).map(drop).map_err(|error| error.to_string())
}

/// Asks what cannot be found, where somebody is there to answer.
fn answers(look: &Look, env: &Environment) -> Result<Answers, Failure> {
    let in_ci = env.get("CI").is_some() || crate::config::ci::Ci::read(env).is_some();
    if in_ci || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Ok(Answers::default());
    }
    let trackers = ["jira", "servicenow", "github-issues", "gitlab-issues"];
    let known = trackers.iter().any(|kind| look.saved.contains_key(kind))
        || ["JIRA_URL", "JIRA_BASE_URL", "JIRA_SERVER", "SNOW_URL", "SERVICENOW_URL", "SNOW_INSTANCE"]
            .iter()
            .any(|name| env.get(name).is_some());
    ask::ask(look.repository.is_some(), known, &mut io::stdin().lock(), &mut io::stdout().lock()).map_err(|error| {
        Failure::usage(format!("the terminal: {error}"), "run it without a terminal: nothing is asked then")
    })
}

impl Work {
    fn github(&mut self, root: &Path, look: &Look) {
        for (file, jobs) in look.ungated(Provider::Github) {
            let (change, left) = github::gate(root, look, file, &jobs);
            self.changes.extend(change);
            self.left.extend(left);
        }
        for job in look.deploying(Provider::Github).iter().filter(|job| job.gate_step.is_some()) {
            self.kept.push(format!("{}: job {} runs the gate already", job.file, job.name));
        }
        if writes_workflow(look) {
            self.changes.push(Change {
                file: github::WORKFLOW.to_owned(),
                text: github::workflow(look),
                done: vec![
                    "judges the whole repository; no job names an environment, so it stops no deploy".to_owned(),
                ],
                notes: Vec::new(),
            });
        }
    }

    fn gitlab(&mut self, root: &Path, look: &Look) {
        if look.own(Provider::Gitlab).flat_map(|one| &one.jobs).any(|job| job.gate_step.is_some()) {
            self.kept.push(format!("{}: it runs the gate already", gitlab::FILE));
            return;
        }
        if !root.join(gitlab::FILE).exists() && place::link(root, gitlab::FILE).is_none() {
            self.changes.push(Change {
                file: gitlab::FILE.to_owned(),
                text: gitlab::file(),
                done: vec!["a pipeline of the gate alone".to_owned()],
                notes: Vec::new(),
            });
            return;
        }
        match gitlab::gate(root) {
            Ok(change) => self.changes.push(change),
            Err(left) => self.left.push(left),
        }
    }
}

/// What was done, and what is left to do, in order.
fn told(path: &Path, look: &Look, draft: &Draft, work: &Work, quiet: bool) -> String {
    let mut out = String::new();
    let mut say = |line: String| out.push_str(&format!("{line}\n"));
    for change in &work.changes {
        say(format!("wrote {}: {}", escape::line(&change.file), escape::line(&change.done.join("; "))));
    }
    for kept in &work.kept {
        say(format!("kept {}", escape::line(kept)));
    }
    if quiet && work.left.is_empty() {
        return out;
    }
    for system in &look.systems {
        let jobs = config::deploys(look, *system);
        if !jobs.is_empty() {
            say(format!("jobs that deploy: {jobs}"));
        }
    }
    for gap in &look.pipelines.gaps {
        say(format!("not read: {}: {}", escape::line(&gap.file), escape::line(&gap.reason)));
    }
    for note in work.changes.iter().flat_map(|change| &change.notes) {
        say(format!("note: {}", escape::line(note)));
    }
    for left in &work.left {
        say(format!(
            "\nnot changed: {}: {}. Write {}:\n",
            escape::line(&left.place),
            escape::line(&left.why),
            left.where_to
        ));
        for line in left.snippet.lines() {
            say(format!("    {}", escape::line(line)));
        }
    }
    if quiet {
        return out;
    }
    out.push_str("\nNext:\n");
    let options = textwrap::Options::new(WIDTH)
        .subsequent_indent("     ")
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false);
    for (at, step) in next(path, look, draft).iter().enumerate() {
        out.push_str(&format!("  {}\n", textwrap::fill(&format!("{}. {step}", at + 1), &options)));
    }
    out
}

fn next(path: &Path, look: &Look, draft: &Draft) -> Vec<String> {
    let mut out = Vec::new();
    let has = |system: Provider| look.systems.contains(&system);
    let hand = match (has(Provider::Github), has(Provider::Gitlab)) {
        (true, false) => "under `env:` of the gate's step",
        (false, true) => "as a masked and protected CI/CD variable",
        _ => "in its environment",
    };
    if !draft.has_tickets {
        out.push(format!(
            "In {CONFIG}, switch on the tracker that your tickets are in (jira, servicenow, github-issues, gitlab-issues, csv), and hand the \
             gate the variables that it names, {hand}. Until then nothing can be compared, and every verdict is inconclusive."
        ));
    }
    if let Some((kind, variable)) = draft.store_missing {
        out.push(format!(
            "Make a token that may read {} and no more, hand it to the gate as {variable}, {hand}, and switch on `{kind}` in {CONFIG}.",
            if kind == "github" { "which secrets there are" } else { "the project's variables" },
        ));
    }
    if !draft.variables.is_empty() {
        out.push(format!("Hand the gate what {CONFIG} names already, {hand}: {}.", draft.variables.join(", ")));
    }
    if has(Provider::Gitlab) {
        out.push(format!(
            "`{}` in the include stands for your mirror of driftgate's repository: make one on your GitLab, put its path there, and build \
             its image. A job that waits for a click or an approval starts late: let `driftgate check` be the first line of its \
             script, too.",
            home!()
        ));
    }
    if has(Provider::Github) {
        out.push(format!(
            "`{}` stands for the repository that you take driftgate from: put its name there, and the release's commit in the tag's place, \
             for a tag can be moved.",
            github::ACTION
        ));
        let unclear: Vec<String> = look.unclear().iter().take(8).map(|job| job.name.clone()).collect();
        if !unclear.is_empty() {
            out.push(format!(
                "These use credentials and name no environment: {}. If one of them deploys, put the same step behind its checkout.",
                escape::line(&unclear.join(", "))
            ));
        }
    }
    if look.systems.is_empty() {
        out.push(
            "No GitHub or GitLab pipeline is here: run `driftgate check` before everything that deploys, in the checkout, and let any exit \
             code but 0 stop it."
                .to_owned(),
        );
    }
    if !look.is_git {
        out.push("This is no git checkout: in a pipeline the configuration is read from the protected branch, so it has to be one.".to_owned());
    }
    let here = if path == Path::new(".") { String::new() } else { format!(" {}", path.display()) };
    out.push(format!(
        "Run `driftgate check{}`, commit, and merge: pipelines read {CONFIG} from the protected branch.",
        escape::line(&here)
    ));
    out
}
