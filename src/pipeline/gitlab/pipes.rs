//! Pipelines before anything is looked for in them: their files merged, their jobs taken apart, and what one hands to another.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use super::collect::Pieces;
use super::config::{Config, GLOBAL_KEYS, Inputs, Layer, View};
use super::include;
use super::repository::Repository;
use super::scope::{Readings, assigned, written};
use crate::model::reference::FileGap;
use crate::pipeline::yaml::Budget;

/// How many steps of work one pipeline may cost.
const WORK: usize = 40_000_000;

/// One pipeline while it is worked on.
pub(super) struct Pipe<'t> {
    /// The files that define it, as its include or trigger names them.
    pub(super) files: Vec<usize>,
    /// All its files, lowest precedence first.
    pub(super) order: Vec<usize>,
    pub(super) config: Config<'t>,
    pub(super) jobs: Vec<&'t str>,
    pub(super) pieces: HashMap<&'t str, Pieces<'t>>,
    pub(super) variables: Pieces<'t>,
    pub(super) workflow: Pieces<'t>,
    pub(super) globals: HashSet<&'t str>,
    /// Names that reports hand on to all jobs, and what the triggering pipeline hands down.
    pub(super) handed: HashSet<String>,
    /// Child pipelines by trigger job.
    pub(super) calls: BTreeMap<&'t str, Vec<usize>>,
    pub(super) is_child: bool,
}

/// Merges and takes apart the pipeline that these files make.
pub(super) fn build<'t>(
    repository: &'t Repository<'t>,
    files: Vec<usize>,
    is_child: bool,
    inputs: &Rc<Inputs<'t>>,
    readings: &Readings,
    gaps: &mut Vec<FileGap>,
) -> Pipe<'t> {
    let order = repository.closure(&files, gaps);
    let bodies: Vec<_> =
        order.iter().flat_map(|file| repository.bodies[*file].iter().map(|body| (*file, *body))).collect();
    let config = Config::new(&bodies, Rc::clone(inputs), repository.literals, WORK);
    let jobs: Vec<&'t str> = config
        .order
        .iter()
        .copied()
        .filter(|name| !name.starts_with('.') && !GLOBAL_KEYS.contains(name) && *name != "<<")
        .filter(|name| config.top(name).is_some_and(|view| view.is_mapping()))
        .collect();
    let mut variables = Pieces::default();
    if let Some(view) = config.top("variables") {
        variables.variables(&config, &view);
    }
    let mut workflow = Pieces::default();
    if let Some(view) = config.top("workflow") {
        workflow.workflow(&config, &view);
    }
    let globals = variables.defined.iter().chain(&workflow.defined).copied().collect();
    let mut pieces = HashMap::new();
    let mut calls = BTreeMap::new();
    let mut handed = HashSet::new();
    for name in &jobs {
        let view = config.job(name);
        let job = with_defaults(&config, &view);
        if config.path(&view, &["artifacts", "reports", "dotenv"]).is_some() {
            handed.extend(written(&job, readings));
        }
        if let Some(entries) = config.path(&view, &["trigger", "include"])
            && let Some(layer) = entries.first()
        {
            let mut budget = Budget::new(10_000);
            let found: Vec<usize> = include::entries(layer.node, &mut budget)
                .iter()
                .flat_map(|entry| repository.local(layer.file, entry).iter().copied())
                .collect();
            if !found.is_empty() {
                calls.insert(*name, found);
            }
        }
        pieces.insert(*name, job);
    }
    Pipe { files, order, config, jobs, pieces, variables, workflow, globals, handed, calls, is_child }
}

/// A job's pieces, with those of the defaults that it does not override.
pub(super) fn with_defaults<'t>(config: &Config<'t>, view: &View<'t>) -> Pieces<'t> {
    let mut pieces = Pieces::default();
    pieces.add(config, view, None);
    let inherits = |key: &str| {
        let Some(inherit) = config.path(view, &["inherit", "default"]) else { return true };
        match inherit.str() {
            Some("false") => false,
            Some(_) => true,
            None => config.items(&inherit).iter().any(|layer| layer.node.str() == Some(key)),
        }
    };
    let missing = |key: &str| config.get(view, key).is_none() && inherits(key);
    let default = config.top("default");
    if let Some(default) = &default {
        pieces.add(config, default, Some(&|key| missing(key)));
    }
    for key in ["image", "services", "before_script", "after_script", "cache"] {
        let in_default = default.as_ref().is_some_and(|default| config.get(default, key).is_some());
        if !in_default
            && missing(key)
            && let Some(value) = config.top(key)
        {
            let value = View(value.0.iter().map(|layer| Layer { owner: None, ..*layer }).collect());
            pieces.key(config, key, &value);
        }
    }
    pieces.ordered()
}

/// What triggering pipelines define for the pipelines that they start: the job's variables and the globals. A child that several
/// jobs start, or that also runs alone, has only what all of them give it.
pub(super) fn hand_down(pipes: &mut [Pipe<'_>]) {
    for k in 0..pipes.len() {
        if !pipes[k].is_child {
            continue;
        }
        let mut common: Option<HashSet<String>> = None;
        for caller in pipes.iter() {
            for (job, files) in &caller.calls {
                if *files != pipes[k].files {
                    continue;
                }
                let own = caller.pieces.get(job).map_or(&[][..], |pieces| pieces.defined.as_slice());
                let names: HashSet<String> = own
                    .iter()
                    .chain(&caller.globals)
                    .map(|name| (*name).to_owned())
                    .chain(caller.handed.iter().cloned())
                    .collect();
                common = Some(match common {
                    None => names,
                    Some(common) => common.intersection(&names).cloned().collect(),
                });
            }
        }
        pipes[k].handed.extend(common.unwrap_or_default());
    }
}

/// Names that any job, hidden ones included, or any script gives a value.
pub(super) fn anywhere(pipes: &[Pipe<'_>], readings: &Readings) -> HashSet<String> {
    let mut names = HashSet::new();
    for pipe in pipes {
        names.extend(pipe.globals.iter().map(|name| (*name).to_owned()));
        for name in &pipe.config.order {
            let all = pipe.config.definitions(name);
            for layer in
                all.into_iter().filter(|_| !GLOBAL_KEYS.contains(name) || matches!(*name, "before_script" | "default"))
            {
                let view = View(vec![layer]);
                let mut pieces = Pieces::default();
                if layer.node.is_mapping() {
                    pieces.add(&pipe.config, &view, None);
                } else {
                    pieces.loose(&pipe.config, &view);
                }
                let pieces = pieces.ordered();
                names.extend(pieces.defined.iter().map(|name| (*name).to_owned()));
                assigned(&pieces, readings, &mut names);
            }
        }
    }
    names
}
