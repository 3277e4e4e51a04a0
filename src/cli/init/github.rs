//! The gate in GitHub workflows: as a step of every job that names an environment, behind its checkout, for an approval may take days
//! and comes before the first step; or, where no job names one, a workflow of its own. Existing files are only inserted into.

use std::path::Path;

use super::edit::{self, Insertion, Lines};
use super::look::Look;
use super::place::{self, Change, Left};
use super::proof;
use crate::model::pipeline::Job;
use crate::model::reference::{Kind, Reference};
use crate::pipeline::yaml::{Node, Tree};

/// The gate's action.
pub(super) const ACTION: &str = concat!(home!(), "@v1");

/// The checkout where a repository has none of its own to take as a pattern: a commit, for a tag can be moved.
const CHECKOUT: &str = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1";

const STEP: &str = "Is every credential what its tickets say?";
const WHOLE: &str = "fetch-depth: 0 # so that the protected branch's configuration can be read";

/// The workflow that is written where no job names an environment.
pub(super) const WORKFLOW: &str = ".github/workflows/driftgate.yml";

/// How many jobs of a file are tried one by one, where they cannot all be changed at once.
const MOST_ALONE: usize = 20;

/// How many variables a step's comment lists.
const MOST_VARIABLES: usize = 12;

/// What is done to one job.
struct Plan {
    insertions: Vec<Insertion>,
    /// The index of the gate's step.
    step: u32,
    note: Option<String>,
}

/// Gates the jobs of one workflow: what it becomes, and the jobs that could not be changed.
pub(super) fn gate(root: &Path, look: &Look, file: &str, jobs: &[&Job]) -> (Option<Change>, Vec<Left>) {
    let left = |job: &Job, why: &str| Left {
        place: format!("{file}:{}: job {}", job.line, job.name),
        why: why.to_owned(),
        snippet: step(look, Some(job), 0, 2).join("\n"),
        where_to: "as the first step behind the checkout".to_owned(),
    };
    let all_left = |why: &str| (None, jobs.iter().map(|job| left(job, why)).collect());
    let original = match place::read(root, file) {
        Ok(text) => text,
        Err(why) => return all_left(&why),
    };
    let mut change = Change { file: file.to_owned(), text: original.clone(), done: Vec::new(), notes: Vec::new() };
    if try_on(root, look, &mut change, jobs).is_ok() {
        return (Some(change), Vec::new());
    }
    let mut rest = Vec::new();
    for (at, job) in jobs.iter().enumerate() {
        let result = match at < MOST_ALONE {
            true => try_on(root, look, &mut change, &[job]),
            false => Err("the file has too many such jobs".to_owned()),
        };
        rest.extend(result.err().map(|why| left(job, &why)));
    }
    ((change.text != original).then_some(change), rest)
}

/// Adds the gate to jobs; leaves everything as it was where that cannot be proved to be all that changes.
fn try_on(root: &Path, look: &Look, change: &mut Change, jobs: &[&Job]) -> Result<(), String> {
    let (mark, body) = place::unmarked(&change.text);
    let tree = Tree::parse(body).map_err(|broken| broken.to_string())?;
    let lines = Lines::new(body).ok_or("it has line ends that editors do not know (a lone CR)")?;
    let mut insertions = Vec::new();
    let mut gated = Vec::new();
    let mut notes = Vec::new();
    for job in jobs {
        let plan = plan(&tree, &lines, look, job)?;
        insertions.extend(plan.insertions);
        gated.push((job.name.as_str(), plan.step));
        notes.extend(plan.note);
    }
    let (text, spans) = edit::apply(body, insertions);
    let before = proof::reread(root, &change.file, body);
    let after = proof::reread(root, &change.file, &text);
    if !proof::only_inserted(body, &text, &spans) || !proof::only_gated(&before, &after, &change.file, &gated) {
        return Err("its layout leaves no place for a step that changes nothing else".to_owned());
    }
    change.text = format!("{mark}{text}");
    change.done.extend(gated.iter().map(|(name, step)| format!("job {name}, step {}", step + 1)));
    change.notes.extend(notes);
    Ok(())
}

fn plan(tree: &Tree<'_>, lines: &Lines<'_>, look: &Look, job: &Job) -> Result<Plan, String> {
    let node = tree.root().and_then(|root| root.path(&["jobs", &job.name])).ok_or("the job is not written there")?;
    let steps = node.get("steps").filter(|steps| steps.is_sequence()).ok_or("the job has no steps")?;
    if node.is_alias() || steps.is_alias() || steps.is_anchored() || node.is_anchored() {
        return Err("it is shared with other jobs by an anchor".to_owned());
    }
    let items: Vec<Node<'_>> = steps.items().collect();
    let first = *items.first().ok_or("the job has no steps")?;
    let odd = "its steps are not written as a list with one step a block";
    match checkout(&items, look, job) {
        Some(at) => {
            let item = lines.item(items[at]).ok_or(odd)?;
            let (mut insertions, note) = deepen(lines, items[at], item.keys, job);
            let mut text = step(look, Some(job), item.dash, item.keys);
            let spaced = match items.get(at + 1) {
                Some(_) => lines.is_blank(item.last + 1),
                None => at > 0 && item.first > 0 && lines.is_blank(item.first - 1),
            };
            if spaced {
                text.insert(0, String::new());
            }
            insertions.push(lines.after(item.last, &text));
            Ok(Plan { insertions, step: at as u32 + 1, note })
        }
        None => {
            let item = lines.item(first).ok_or(odd)?;
            let key = node.pairs().filter(|(key, _)| key.str() == Some("steps")).last().map(|(key, _)| key);
            let line = key.map_or(0, |key| key.place().line as usize);
            let mut text = check_out(look, item.dash, item.keys);
            text.extend(step(look, Some(job), item.dash, item.keys));
            let note = format!(
                "job {}: no checkout of this repository comes before the first credential, so the gate brings its own (it needs `contents: read`)",
                job.name
            );
            let insertions = vec![lines.after(line.saturating_sub(1), &text)];
            Ok(Plan { insertions, step: 1, note: Some(note) })
        }
    }
}

/// The step that checks out this repository for the whole job: without a condition, to the usual place, before any credential.
fn checkout(items: &[Node<'_>], look: &Look, job: &Job) -> Option<usize> {
    let at = items.iter().position(|step| {
        let uses = step.get("uses").and_then(Node::str).unwrap_or_default();
        let with = |input: &str| step.get("with").and_then(|with| with.get(input)).is_some();
        is_checkout(uses) && step.get("if").is_none() && !with("path") && !with("repository") && !step.is_alias()
    })?;
    let uses_before = |one: &Reference| {
        let here = one.file == job.file && one.job.as_deref() == Some(job.name.as_str());
        here && one.step.is_some_and(|step| (step as usize) < at) && one.kind != Kind::JobToken
    };
    let mut references = look.references_of(job);
    (!references.any(uses_before)).then_some(at)
}

/// Whether a `uses:` is GitHub's own checkout.
fn is_checkout(uses: &str) -> bool {
    uses.split('@').next().is_some_and(|path| path.eq_ignore_ascii_case("actions/checkout"))
}

/// What makes a checkout fetch all branches; or why that has to be done by hand.
fn deepen(lines: &Lines<'_>, step: Node<'_>, keys: usize, job: &Job) -> (Vec<Insertion>, Option<String>) {
    let by_hand = |line: u32| {
        let text = format!(
            "job {}: set `fetch-depth: 0` on the checkout (line {line}), so that the protected branch's configuration can be read",
            job.name
        );
        (Vec::new(), Some(text))
    };
    let pad = |count: usize| " ".repeat(count);
    let Some(with) = step.get("with") else {
        let Some(uses) = step.get("uses") else { return by_hand(step.place().line) };
        let text = [format!("{}with:", pad(keys)), format!("{}{WHOLE}", pad(keys + 2))];
        return (vec![lines.after((uses.place().line as usize).saturating_sub(1), &text)], None);
    };
    match with.get("fetch-depth") {
        Some(depth) if depth.str() == Some("0") => return (Vec::new(), None),
        Some(depth) => return by_hand(depth.place().line),
        None => {}
    }
    let first = with.pairs().next().map(|(key, _)| key.place());
    match first {
        Some(place) if !with.is_alias() => {
            let line = (place.line as usize).saturating_sub(1);
            let indent = lines.indent(line);
            if indent + 1 != place.column as usize {
                return by_hand(place.line);
            }
            (vec![lines.before(line, &[format!("{}{WHOLE}", pad(indent))])], None)
        }
        _ => by_hand(step.place().line),
    }
}

/// The gate's step. The variables that it may be given stand in a comment: handing them over is a decision.
fn step(look: &Look, job: Option<&Job>, dash: usize, keys: usize) -> Vec<String> {
    let (dash, keys, gap) = (" ".repeat(dash), " ".repeat(keys), " ".repeat(keys - dash - 1));
    let mut out = vec![
        format!("{dash}# The gate: it fails where what follows would use a credential that should be dead."),
        format!("{dash}-{gap}name: {STEP}"),
        format!("{keys}uses: {ACTION}"),
    ];
    if job.is_none() {
        out.push(format!("{keys}with:"));
        out.push(format!("{keys}  scope: repository # no job names an environment, so all are judged"));
    }
    let names = look.variables_for(job);
    if !names.is_empty() {
        out.push(format!(
            "{keys}# env: # what .driftgate.yaml reads; and credentials whose issuer may be asked whether they live"
        ));
        for name in names.iter().take(MOST_VARIABLES) {
            out.push(format!("{keys}#   {name}: ${{{{ secrets.{name} }}}}"));
        }
    }
    out
}

fn check_out(look: &Look, dash: usize, keys: usize) -> Vec<String> {
    let (dash, keys, gap) = (" ".repeat(dash), " ".repeat(keys), " ".repeat(keys - dash - 1));
    // The version that the repository already trusts.
    let used = look.pipelines.pipelines.iter().flat_map(|p| &p.jobs).flat_map(|job| &job.steps);
    let used = used.filter_map(|step| step.uses.as_deref()).find(|uses| is_checkout(uses) && place::is_plain(uses));
    vec![
        format!("{dash}-{gap}name: Check out"),
        format!("{keys}uses: {}", used.unwrap_or(CHECKOUT)),
        format!("{keys}with:"),
        format!("{keys}  {WHOLE}"),
        format!("{keys}  persist-credentials: false"),
    ]
}

/// A workflow of the gate's own.
pub(super) fn workflow(look: &Look) -> String {
    let branches = match look.default_branch.as_deref().filter(|name| place::is_plain(name)) {
        Some(name) => format!("  push:\n    branches: [{name}]\n"),
        None => "  push:\n".to_owned(),
    };
    let steps = [check_out(look, 6, 8), step(look, None, 6, 8)].concat().join("\n");
    format!(
        "# Judges the credentials of the whole repository. Its failure stops no deploy: a job that deploys is stopped by the same step,
# behind its own checkout.
name: driftgate
on:
  pull_request:
{branches}permissions: {{}}
concurrency:
  group: driftgate-${{{{ github.ref }}}}
  cancel-in-progress: true
jobs:
  driftgate:
    name: driftgate
    runs-on: ubuntu-24.04
    permissions:
      contents: read # the checkout
    steps:
{steps}
"
    )
}
