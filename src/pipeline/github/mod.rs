//! GitHub Actions: workflows, local actions and called workflows, `dependabot.yml`. Each file is read, reduced to its facts and
//! dropped, in parallel; then the facts are linked. Known outer stores live in `actions`.

mod action;
mod actions;
mod facts;
mod filter;
mod link;
mod local;
mod matrix;
mod scan;
mod steps;
#[cfg(test)]
mod tests;
mod workflow;

use std::collections::HashSet;

use rayon::prelude::*;

use super::Options;
use super::discover::{FileKind, Found};
use super::literal;
use super::yaml::{self, Outline, Source, Tree};
use crate::model::pipeline::Pipelines;
use crate::model::reference::Family;
use facts::Facts;
use scan::Scanner;

/// Reads all GitHub files among those found, and the local actions and workflows that they use.
pub(super) fn read(found: &[Found], options: &Options) -> Pipelines {
    let mut files: Vec<Found> = found.iter().filter(|found| found.kind != FileKind::Gitlab).cloned().collect();
    let mut all: Vec<Facts> = Vec::new();
    // What is used and was not found by its name alone: behind a file given by itself, or below folders that are not walked.
    let mut known: HashSet<String> = files.iter().map(|found| found.file.clone()).collect();
    while all.len() < files.len() {
        let new: Vec<Facts> = files[all.len()..].par_iter().map(|found| file(found, options)).collect();
        let mut more = Vec::new();
        for (found, facts) in files[all.len()..].iter().zip(&new) {
            used(found, facts, &mut known, &mut more);
        }
        all.extend(new);
        files.extend(more);
    }
    link::link(&all, options.graph)
}

/// The local files that a file uses and that are not known yet.
fn used(found: &Found, facts: &Facts, known: &mut HashSet<String>, more: &mut Vec<Found>) {
    let actions = facts.uses.iter().chain(facts.jobs.iter().flat_map(|job| &job.uses));
    let actions = actions.map(|call| (link::action_files(&call.target).to_vec(), FileKind::Action));
    let calls = facts.jobs.iter().filter_map(|job| job.call.as_ref());
    let workflows = calls.map(|call| (vec![call.target.clone()], FileKind::Workflow));
    for (candidates, kind) in actions.chain(workflows) {
        if candidates.iter().any(|file| known.contains(file)) {
            continue;
        }
        for file in candidates {
            let path = found.folder.path(&file);
            if path.is_file() && found.folder.inside(&path).is_some() && known.insert(file.clone()) {
                more.push(Found { path, file, kind, ..found.clone() });
                break;
            }
        }
    }
}

fn file(found: &Found, options: &Options) -> Facts {
    let mut facts = Facts { file: found.file.clone(), root: found.root_name.clone(), ..Facts::default() };
    let result = found.folder.read(&found.path).and_then(|source| text(found, &source, options, &mut facts));
    facts.gaps.extend(result.err());
    facts
}

fn text(found: &Found, source: &Source, options: &Options, facts: &mut Facts) -> Result<(), String> {
    let literals = literal::possible(source.text());
    if options.filter && !options.graph && !filter::may_matter(source.text(), literals) {
        return match yaml::check(source.text()).map_err(|broken| broken.to_string())? {
            Outline::Other => Err(NO_MAPPING.to_owned()),
            Outline::Empty | Outline::Mapping => Ok(()),
        };
    }
    let tree = Tree::parse(source.text()).map_err(|broken| broken.to_string())?;
    let mut documents = tree.documents();
    let Some(root) = documents.next() else {
        facts.notes.push("empty: GitHub runs nothing of it".to_owned());
        return Ok(());
    };
    if let Some(second) = documents.find(|document| !document.is_null()) {
        facts.notes.push(format!("line {}: a second document, which GitHub does not read", second.place().line));
    }
    if !root.is_mapping() {
        if root.is_null() {
            return Ok(());
        }
        return Err(NO_MAPPING.to_owned());
    }
    // Such a file never runs as it stands: its references are told, but nothing can be built on its graph.
    let rejected = rejected(&tree);
    if options.graph { &mut facts.gaps } else { &mut facts.notes }.extend(rejected);
    let family = if found.kind == FileKind::Dependabot { Family::Dependabot } else { Family::Actions };
    let mut scanner = Scanner::new(&found.file, family, &tree, source.text(), literals);
    match found.kind {
        FileKind::Workflow => workflow::read(root, found, &mut scanner, facts),
        FileKind::Action => action::read(root, found, &mut scanner, facts),
        FileKind::Dependabot => action::dependabot(root, &mut scanner, facts),
        FileKind::Gitlab => {}
    }
    facts.references = scanner.finish();
    if scanner.exhausted {
        return Err("it holds, or aliases make of it, more than is read of one file: only a part was".to_owned());
    }
    Ok(())
}

/// Why GitHub rejects a file that is valid YAML: the first key that stands twice in a mapping, the first that is no scalar.
fn rejected(tree: &Tree<'_>) -> Vec<String> {
    let mappings = || tree.nodes().filter(|node| node.is_mapping() && !node.is_alias());
    let twice = mappings().find_map(|node| node.duplicates().first().copied());
    let complex = mappings().flat_map(yaml::Node::pairs).map(|(key, _)| key).find(|key| key.str().is_none());
    let said = |key: yaml::Node<'_>, what: &str| {
        format!("line {}: a key that {what}: GitHub rejects the file", key.place().line)
    };
    [twice.map(|key| said(key, "stands there twice")), complex.map(|key| said(key, "is no scalar"))]
        .into_iter()
        .flatten()
        .collect()
}

const NO_MAPPING: &str = "no mapping at the top: not a workflow or action that GitHub would run";
