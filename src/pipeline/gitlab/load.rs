//! Reading a pipeline's files: the roots, and all that they include locally, each once. What the files say is read elsewhere.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Home;
use super::include::{self, Entry, Found, Target};
use crate::model::reference::FileGap;
use crate::pipeline::yaml::{Budget, Node, Place, Source, Tree, merged_get, merged_pairs};

/// How many files one repository's pipelines may consist of.
const MAX_FILES: usize = 5_000;

/// Where the parts of generated pipelines are kept.
const PART_FOLDERS: [&str; 6] = [
    ".gitlab/**/*.yml",
    ".gitlab/**/*.yaml",
    ".gitlab-ci/**/*.yml",
    ".gitlab-ci/**/*.yaml",
    "gitlab-ci/**/*.yml",
    "gitlab-ci/**/*.yaml",
];

/// A file's text.
pub(super) struct Text {
    /// Path relative to the repository's folder.
    pub(super) path: String,
    pub(super) source: Source,
}

/// All texts, and which entry of which file names which.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) texts: Vec<Text>,
    /// Files of the local entry at this place of this file.
    pub(super) named: HashMap<(usize, Place), Vec<usize>>,
    pub(super) gaps: Vec<FileGap>,
    pub(super) notes: Vec<FileGap>,
    /// Files that generated pipelines are probably made of: no file includes them.
    pub(super) parts: Vec<usize>,
    /// Files that were looked at, readable or not.
    pub(super) looked_at: usize,
}

/// The mappings of a file's documents that hold configuration, and its `spec` header.
pub(super) fn bodies<'t>(tree: &'t Tree<'_>) -> (Vec<Node<'t>>, Option<Node<'t>>) {
    let mut documents: Vec<_> = tree.documents().collect();
    let header = documents.first().and_then(|first| first.get("spec")).filter(|_| documents.len() > 1);
    if header.is_some() {
        documents.remove(0);
    }
    documents.retain(|document| document.is_mapping());
    (documents, header)
}

/// The include entries of a file: its own, and those of its triggers.
pub(super) fn all_entries<'t>(body: Node<'t>, budget: &mut Budget) -> Vec<Entry<'t>> {
    let mut found = merged_get(body, "include", budget).map_or_else(Vec::new, |node| include::entries(node, budget));
    for (_, job) in merged_pairs(body, budget) {
        if let Some(node) =
            merged_get(job, "trigger", budget).and_then(|trigger| merged_get(trigger, "include", budget))
        {
            found.extend(include::entries(node, budget));
        }
    }
    found
}

/// Reads the roots and what they include; paths are relative to the repository's folder.
pub(super) fn load(home: &Home<'_>, roots: &[String]) -> Texts {
    let mut all = Texts::default();
    let mut index: HashMap<String, Option<usize>> = HashMap::new();
    let mut todo: Vec<String> = roots.iter().rev().cloned().collect();
    // Per file: the place of an entry and the paths that it names.
    let mut entries: Vec<(usize, Place, Vec<String>)> = Vec::new();
    let mut parts: HashSet<String> = HashSet::new();
    let mut generated = false;
    // The texts that stand for includes of our own files, by what the include says.
    let mut own: HashMap<String, &'static str> = HashMap::new();
    loop {
        let Some(path) = todo.pop() else {
            // A pipeline that a job generates cannot be read; what it is made of mostly lies beside the other files.
            if !std::mem::take(&mut generated) || !parts.is_empty() {
                break;
            }
            todo = PART_FOLDERS.iter().flat_map(|glob| include::glob(home, glob).unwrap_or_default()).collect();
            todo.retain(|path| !index.contains_key(path));
            parts.extend(todo.iter().cloned());
            continue;
        };
        if index.contains_key(&path) {
            continue;
        }
        let file = home.name(&path);
        if all.texts.len() >= MAX_FILES {
            all.gaps.push(FileGap {
                file,
                reason: format!("more than {MAX_FILES} files are included; the rest is not read"),
            });
            break;
        }
        let part = parts.contains(&path);
        let known = own.get(&path).copied();
        let read = match known {
            Some(text) => Source::from_bytes(text.as_bytes().to_vec()),
            None => home.check(&path).and_then(|()| home.folder.read(&home.root.join(&path))),
        };
        let source = match read {
            Ok(source) if part && !defines_jobs(&source) => {
                index.insert(path, None);
                continue;
            }
            Ok(source) => source,
            Err(reason) => {
                all.looked_at += 1;
                all.gaps.push(FileGap { file, reason });
                index.insert(path, None);
                continue;
            }
        };
        all.looked_at += usize::from(known.is_none());
        let number = all.texts.len();
        index.insert(path.clone(), Some(number));
        if part {
            all.parts.push(number);
        }
        if source.text().contains("include") {
            // A file that does not parse is told of where it is parsed for good.
            if let Ok(tree) = Tree::parse(source.text()) {
                let mut budget = Budget::new(2_000_000);
                for body in bodies(&tree).0 {
                    let known = include::literals(body, &mut budget);
                    for entry in all_entries(body, &mut budget) {
                        generated |=
                            matches!(&entry.target, Target::Elsewhere(words) if words.starts_with("artifact "));
                        if let Target::Own(words, text) = &entry.target {
                            own.insert(words.clone(), text);
                        }
                        let paths = local_files(home, &file, &entry, &known, &mut all.gaps, &mut all.notes);
                        if let Some(paths) = paths {
                            entries.push((number, entry.node.resolved().place(), paths.clone()));
                            todo.extend(paths.into_iter().rev());
                        }
                    }
                }
            }
        }
        all.texts.push(Text { path, source });
    }
    for (file, place, paths) in entries {
        let files = paths.iter().filter_map(|path| index.get(path).copied().flatten()).collect();
        all.named.insert((file, place), files);
    }
    all
}

/// Whether a file that nothing includes reads like job definitions.
fn defines_jobs(source: &Source) -> bool {
    let Ok(tree) = Tree::parse(source.text()) else { return false };
    bodies(&tree).0.iter().any(|body| {
        body.pairs().any(|(_, value)| ["script", "trigger", "extends"].iter().any(|key| value.get(key).is_some()))
    })
}

fn local_files(
    home: &Home<'_>,
    file: &str,
    entry: &Entry<'_>,
    known: &BTreeMap<&str, &str>,
    gaps: &mut Vec<FileGap>,
    notes: &mut Vec<FileGap>,
) -> Option<Vec<String>> {
    let line = entry.node.place().line;
    let told = |reason: String| FileGap { file: file.to_owned(), reason: format!("line {line}: {reason}") };
    let found = match &entry.target {
        Target::Elsewhere(words) => Found::Note(format!("not fetched: include of {words}")),
        Target::Own(words, _) => {
            let reason = format!("not fetched: the include of {words} is read as this version of driftgate ships it");
            notes.push(told(reason));
            Found::Files(vec![words.clone()])
        }
        Target::Local(path) => include::resolve(home, path, known),
    };
    match found {
        Found::Files(paths) => return Some(paths),
        Found::Note(reason) => notes.push(told(reason)),
        Found::Gap(reason) => gaps.push(told(reason)),
    }
    None
}
