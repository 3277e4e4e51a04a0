//! The gate in a GitLab pipeline: an include, and a job in the stage before all others. An existing file is only inserted into.

use std::path::Path;

use super::edit::{self, Lines};
use super::place::{self, Change, Left};
use super::proof;
use crate::model::pipeline::Pipelines;
use crate::pipeline::yaml::{Node, Tree};

/// The component that brings the gate's job, as a project on the same server: a mirror of driftgate's repository.
pub(super) const COMPONENT: &str = concat!("$CI_SERVER_FQDN/", home!(), "/driftgate@", env!("CARGO_PKG_VERSION"));

/// The pipeline's file.
pub(super) const FILE: &str = ".gitlab-ci.yml";

const JOB: [&str; 4] = [
    "# The gate: it fails where the pipeline would use a credential that should be dead, and nothing after it runs then.",
    "driftgate:",
    "  extends: .driftgate",
    "  stage: .pre",
];

/// A pipeline's file of the gate alone.
pub(super) fn file() -> String {
    format!("include:\n  - component: {COMPONENT}\n\n{}\n", JOB.join("\n"))
}

/// What is to be written by hand.
fn left(why: String) -> Left {
    Left { place: FILE.to_owned(), why, snippet: file(), where_to: "with what `include:` names already".to_owned() }
}

/// Adds include and job; tells what to write where the file's layout leaves no place for it.
pub(super) fn gate(root: &Path) -> Result<Change, Left> {
    let original = place::read(root, FILE).map_err(left)?;
    let (mark, body) = place::unmarked(&original);
    let text = with_gate(root, body).map_err(left)?;
    Ok(Change {
        file: FILE.to_owned(),
        text: format!("{mark}{text}"),
        done: vec!["an include, and the job driftgate in the stage .pre".to_owned()],
        notes: Vec::new(),
    })
}

fn with_gate(root: &Path, body: &str) -> Result<String, String> {
    let tree = Tree::parse(body).map_err(|broken| broken.to_string())?;
    let lines = Lines::new(body).ok_or("it has line ends that editors do not know (a lone CR)")?;
    let documents: Vec<Node<'_>> = tree.documents().collect();
    // The last document is the pipeline; the one before it can only be the header of a component.
    let pipeline = documents.last().copied().filter(|node| node.is_mapping()).ok_or("it holds no pipeline")?;
    if documents.len() > 1 {
        return Err("it holds several documents".to_owned());
    }
    if pipeline.get("driftgate").is_some() {
        return Err("it has a job `driftgate` that does not run the gate".to_owned());
    }
    let last = (0..lines.len()).rev().find(|line| !lines.is_blank(*line)).unwrap_or_default();
    let entry = |dash: usize, keys: usize| {
        format!("{}-{}component: {COMPONENT}", " ".repeat(dash), " ".repeat(keys - dash - 1))
    };
    let mut appended: Vec<String> = vec![String::new()];
    let mut insertions = Vec::new();
    match pipeline.get("include") {
        None => appended.extend(["include:".to_owned(), entry(2, 4), String::new()]),
        Some(include) => {
            let items: Vec<Node<'_>> = include.items().collect();
            let item = items.last().filter(|_| !include.is_alias()).and_then(|item| lines.item(*item));
            let item = item.ok_or("its `include:` is not written as a list with one entry a line")?;
            insertions.push(lines.after(item.last, &[entry(item.dash, item.keys)]));
        }
    }
    appended.extend(JOB.map(str::to_owned));
    insertions.push(lines.after(last, &appended));
    let (text, spans) = edit::apply(body, insertions);
    let before = proof::reread(root, FILE, body);
    let after = proof::reread(root, FILE, &text);
    if !proof::only_inserted(body, &text, &spans) || !gated(&before, &after) {
        return Err("its layout leaves no place for an include and a job that change nothing else".to_owned());
    }
    Ok(text)
}

/// Whether the pipeline has the gate now, and all of its other jobs as they were.
fn gated(before: &Pipelines, after: &Pipelines) -> bool {
    let jobs = |all: &Pipelines| -> Vec<_> {
        let own = all.pipelines.iter().filter(|one| one.root.is_empty() && one.file == FILE).flat_map(|one| &one.jobs);
        own.map(|job| (job.name.clone(), job.environment.clone(), job.gate_step)).collect()
    };
    let mut now = jobs(after);
    let gates = now.iter().filter(|(name, _, gate)| name == "driftgate" && gate.is_some()).count();
    now.retain(|(name, ..)| name != "driftgate");
    // What the gate's own job refers to comes with it, where the include can be read.
    let references = |all: &Pipelines| {
        let others = all.references.iter().filter(|one| one.job.as_deref() != Some("driftgate"));
        others.map(|one| (one.file.clone(), one.kind, one.name.clone(), one.job.clone())).collect::<Vec<_>>()
    };
    gates == 1 && now == jobs(before) && references(after) == references(before)
}
