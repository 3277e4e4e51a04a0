//! Whether an insertion did what it should and nothing else: the old text is still there, whatever is new in the parsed file stands in
//! the insertion, and what the pipelines' reader says of every other job is what it said before.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::model::pipeline::{Job, Pipelines};
use crate::model::scope::{RunPlace, ScopeKind};
use crate::pipeline::yaml::{Node, Tree};
use crate::pipeline::{self, Instead, Options};
use crate::policy;

/// A node as far as it can differ: how deep it stands, and what it is.
#[derive(Debug, PartialEq, Eq)]
struct Shape<'t> {
    depth: usize,
    kind: Kind<'t>,
    tag: Option<&'t str>,
    anchored: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind<'t> {
    Scalar(&'t str, bool),
    Sequence,
    Mapping,
    /// An alias, by the place of what it stands for, counted among the nodes that are kept.
    Alias(usize),
}

/// Which nodes stand in the spans, by index. A block collection begins where its first child does, which may be new in an old one: it is
/// new if all in it is.
fn new_nodes(tree: &Tree<'_>, spans: &[Range<usize>]) -> Vec<bool> {
    let mut new = vec![false; tree.len()];
    let nodes: Vec<Node<'_>> = tree.nodes().collect();
    // Children stand behind their parents.
    for node in nodes.into_iter().rev() {
        let inserted = spans.iter().any(|span| span.contains(&node.span().0));
        let mut children: Vec<Node<'_>> = Vec::new();
        if !node.is_alias() {
            children.extend(node.pairs().flat_map(|(key, value)| [key, value]).chain(node.items()));
        }
        let all_new = children.iter().all(|child| new.get(child.id().index()).copied().unwrap_or_default());
        if let Some(slot) = new.get_mut(node.id().index()) {
            *slot = inserted && all_new;
        }
    }
    new
}

/// The nodes of a file in the order of the text, without those that stand in the spans. Aliases are not followed.
fn shapes<'t>(tree: &'t Tree<'t>, left_out: &[Range<usize>]) -> Vec<Shape<'t>> {
    let new = new_nodes(tree, left_out);
    let is_new = |node: Node<'_>| new.get(node.id().index()).copied().unwrap_or_default();
    let mut kept = vec![0; tree.len()];
    let mut out: Vec<Shape<'t>> = Vec::new();
    let mut todo: Vec<(Node<'t>, usize)> = tree.documents().map(|root| (root, 0)).collect();
    todo.reverse();
    while let Some((node, depth)) = todo.pop() {
        if is_new(node) {
            continue;
        }
        let number = out.len();
        let own = node.id().index();
        if let Some(slot) = kept.get_mut(own) {
            *slot = number;
        }
        let kind = if node.is_alias() {
            Kind::Alias(kept.get(node.resolved().id().index()).copied().unwrap_or_default())
        } else if let Some(text) = node.str() {
            Kind::Scalar(text, node.is_null())
        } else {
            let mut children: Vec<Node<'t>> = node.pairs().flat_map(|(key, value)| [key, value]).collect();
            children.extend(node.items());
            todo.extend(children.into_iter().rev().map(|child| (child, depth + 1)));
            if node.is_mapping() { Kind::Mapping } else { Kind::Sequence }
        };
        let tag = if node.is_alias() { None } else { node.tag() };
        out.push(Shape { depth, kind, tag, anchored: node.is_anchored() });
    }
    out
}

/// Whether a new text is the old one with the spans inserted, as text and as YAML.
pub(super) fn only_inserted(old: &str, new: &str, spans: &[Range<usize>]) -> bool {
    let mut rest = String::with_capacity(old.len());
    let mut from = 0;
    for span in spans {
        rest.push_str(new.get(from..span.start).unwrap_or_default());
        from = span.end;
    }
    rest.push_str(new.get(from..).unwrap_or_default());
    if rest != old {
        return false;
    }
    match (Tree::parse(old), Tree::parse(new)) {
        // A document of its own would be all new, and be no part of the file that is read.
        (Ok(before), Ok(after)) if before.documents().count() == after.documents().count() => {
            shapes(&before, &[]) == shapes(&after, spans)
        }
        _ => false,
    }
}

/// The pipelines as they would be with another text of one file.
pub(super) fn reread(root: &Path, file: &str, text: &str) -> Pipelines {
    let base = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let instead = Instead::from([(base.join(file), text.to_owned())]);
    pipeline::read_with(&[PathBuf::from(root)], &Options::default(), &instead)
}

/// Whether only the named jobs of a file differ, and each of those only by a gate that stops it, at this step.
pub(super) fn only_gated(before: &Pipelines, after: &Pipelines, file: &str, gated: &[(&str, u32)]) -> bool {
    let jobs = |all: &Pipelines| -> Vec<Job> { all.pipelines.iter().flat_map(|one| one.jobs.clone()).collect() };
    let (old, new) = (jobs(before), jobs(after));
    let same_jobs = old.len() == new.len()
        && old.iter().zip(&new).all(|(old, new)| {
            let same = old.id() == new.id() && old.environment == new.environment && old.needs == new.needs;
            match gated.iter().find(|(name, _)| new.file == file && new.name == *name) {
                Some(&(_, step)) => same && new.gate_step == Some(step) && new.gate_stops,
                None => same && old.gate_step == new.gate_step && old.steps.len() == new.steps.len(),
            }
        });
    let names = |all: &Pipelines| -> Vec<_> {
        let key = |r: &crate::model::reference::Reference| (r.file.clone(), r.kind, r.name.clone(), r.job.clone());
        let mut names: Vec<_> = all.references.iter().map(key).collect();
        names.sort();
        names
    };
    let ungated = policy::scope::scope(after, Some(ScopeKind::Repository), &RunPlace::default()).ungated;
    let escapes = ungated
        .iter()
        .any(|job| job.place.file == file && gated.iter().any(|(name, _)| job.place.job.as_deref() == Some(name)));
    same_jobs && !escapes && names(before) == names(after) && before.gaps.len() == after.gaps.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_more_than_it_inserts_is_seen() {
        let holds = |old: &str, at: usize, text: &str| {
            let new = format!("{}{text}{}", &old[..at], &old[at..]);
            only_inserted(old, &new, std::slice::from_ref(&(at..at + text.len())))
        };
        let old = "a:\n  - b: c\n  - d: e\n";
        assert!(holds(old, 12, "  - x: y\n"));
        assert!(holds(old, old.len(), "z: 1\n") && holds(old, 3, "  - x: y\n") && holds(old, 0, "z: {y: 1}\n"));
        // A new parent for what was there, text that joins a scalar, a comment that swallows one, another structure.
        for (at, text) in
            [(12, "x:\n"), (10, " x"), (10, " # y"), (9, "# "), (3, "  x:\n"), (12, "  - [\n"), (0, "---\n---\n")]
        {
            assert!(!holds(old, at, text), "{text:?} at {at}");
        }
        // The end of a block scalar is no place for a line of its own depth.
        let block = "a: |+\n  b\n\nc: d\n";
        assert!(!holds(block, 10, "  x\n"));
        let aliased = "a: &x [1]\nb: *x\n";
        assert!(holds(aliased, 10, "c: 2\n") && !holds(aliased, 10, "c: &x 2\n"));
        assert!(!holds("a: 1\n...\n", 9, "b: 2\n"));
        assert!(!only_inserted("a: 1\n", "a: 2\n", &[]));
    }
}
