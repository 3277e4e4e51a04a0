//! `include` and `trigger:include` entries: what they name, and which local files that is. Nothing is read here but folders;
//! nothing outside the repository's folder is ever named. Includes of driftgate's own files from elsewhere are known to `own`.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use regex::Regex;

use super::{Home, own, value};
use crate::pipeline::yaml::{Budget, Node, merged_get, merged_pairs};

/// How many folder entries a glob may look at.
const GLOB_ENTRIES: usize = 200_000;

/// What an entry names (<https://docs.gitlab.com/ci/yaml/#include>).
pub(super) enum Target<'t> {
    /// A path in this repository, perhaps with `*` or variables.
    Local(&'t str),
    /// Something that is not fetched, in words.
    Elsewhere(String),
    /// One of driftgate's own files, in words, with the text that this version knows.
    Own(String, &'static str),
}

/// One entry.
pub(super) struct Entry<'t> {
    pub(super) target: Target<'t>,
    /// The entry itself, for its place and the variables in it.
    pub(super) node: Node<'t>,
    /// `inputs:`.
    pub(super) inputs: Option<Node<'t>>,
}

/// The entries under an `include` key.
pub(super) fn entries<'t>(include: Node<'t>, budget: &mut Budget) -> Vec<Entry<'t>> {
    let mut found = Vec::new();
    let mut todo: Vec<(Node<'t>, u8)> = vec![(include, 0)];
    while let Some((node, depth)) = todo.pop() {
        if !budget.spend() {
            break;
        }
        if node.is_sequence() {
            if depth < 4 {
                let mut items: Vec<_> = node.items().map(|item| (item, depth + 1)).collect();
                items.reverse();
                todo.extend(items);
            }
            continue;
        }
        if let Some(target) = target(node, budget) {
            found.push(Entry { target, node, inputs: merged_get(node, "inputs", budget) });
        }
    }
    found
}

fn target<'t>(node: Node<'t>, budget: &mut Budget) -> Option<Target<'t>> {
    if let Some(text) = node.str() {
        if node.is_null() {
            return None;
        }
        let remote = text.starts_with("http://") || text.starts_with("https://");
        return Some(if remote { elsewhere("remote", text, &[]) } else { Target::Local(text) });
    }
    if let Some(path) = merged_get(node, "local", budget).and_then(Node::str) {
        return Some(Target::Local(path));
    }
    for kind in ["remote", "project", "template", "component", "artifact"] {
        if let Some(name) = merged_get(node, kind, budget).and_then(Node::str) {
            let files = merged_get(node, "file", budget);
            let files: Vec<_> = files.iter().flat_map(|all| all.one_or_many()).filter_map(Node::str).take(20).collect();
            return Some(elsewhere(kind, name, &files));
        }
    }
    None
}

fn elsewhere<'t>(kind: &str, name: &str, files: &[&str]) -> Target<'t> {
    let mut words = format!("{kind} {name}");
    if !files.is_empty() {
        words = format!("{words} ({})", files.join(", "));
    }
    match own::text(kind, name, files) {
        Some(text) => Target::Own(words, text),
        None => Target::Elsewhere(words),
    }
}

/// The local files that an entry names.
pub(super) enum Found {
    /// These, relative to the repository's folder.
    Files(Vec<String>),
    /// None, knowingly: a note.
    Note(String),
    /// None, and they were asked for: a gap.
    Gap(String),
}

/// The literal variables of a file's top level, for paths that name them.
pub(super) fn literals<'t>(root: Node<'t>, budget: &mut Budget) -> BTreeMap<&'t str, &'t str> {
    let mut known = BTreeMap::new();
    if let Some(variables) = merged_get(root, "variables", budget) {
        for (key, value) in merged_pairs(variables, budget) {
            let value = if value.is_mapping() { merged_get(value, "value", budget) } else { Some(value) };
            if let (Some(key), Some(value)) = (key.str(), value.and_then(Node::str)) {
                known.insert(key, value);
            }
        }
    }
    known
}

/// Replaces variables by their literal values; `None` where one is not known.
fn filled(path: &str, known: &BTreeMap<&str, &str>) -> Option<String> {
    if path.contains("$[[") {
        return None;
    }
    let mut text = path.to_owned();
    for found in value::uses(path).iter().rev() {
        let value = known.get(found.name.as_str()).filter(|value| !value.contains('$'))?;
        let rest = &path[found.at..];
        let length = if rest.starts_with("${") { rest.find('}')? + 1 } else { found.name.len() + 1 };
        text.replace_range(found.at..found.at + length, value);
    }
    Some(text)
}

/// A path relative to the repository's folder, `.` and `..` taken out; `None` where it leaves the folder.
fn inside(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for component in Path::new(path.trim_start_matches('/')).components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// Finds the files of a local entry.
pub(super) fn resolve(home: &Home<'_>, path: &str, known: &BTreeMap<&str, &str>) -> Found {
    let Some(path) = filled(path.trim(), known) else {
        return Found::Note(format!("the include {path} depends on variables"));
    };
    let Some(relative) = inside(&path) else {
        return Found::Gap(format!("the include {path} leaves the repository's folder, and is not read"));
    };
    if relative.contains('*') {
        return match glob(home, &relative) {
            Ok(files) if files.is_empty() => Found::Note(format!("the include {path} matches no file")),
            Ok(files) => Found::Files(files),
            Err(reason) => Found::Gap(format!("the include {path}: {reason}")),
        };
    }
    match home.check(&relative) {
        Ok(()) => Found::Files(vec![relative]),
        Err(reason) => Found::Gap(format!("the include {path}: {reason}")),
    }
}

/// A glob of GitLab as a regular expression: `*` within a folder, `**` across folders.
fn pattern(glob: &str) -> Result<Regex, regex::Error> {
    let mut text = String::from("^");
    let mut rest = glob;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("**/") {
            text.push_str("(?:.*/)?");
            rest = after;
        } else if let Some(after) = rest.strip_prefix("**") {
            text.push_str(".*");
            rest = after;
        } else {
            match c {
                '*' => text.push_str("[^/]*"),
                '?' => text.push_str("[^/]"),
                c => text.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    text.push('$');
    Regex::new(&text)
}

/// The files that a glob of GitLab's matches, sorted.
pub(super) fn glob(home: &Home<'_>, glob: &str) -> Result<Vec<String>, String> {
    let pattern = pattern(glob).map_err(|_| "no usable pattern".to_owned())?;
    let fixed = glob.split('*').next().unwrap_or_default().rsplit_once('/').map_or("", |(folder, _)| folder);
    let deep = glob.contains("**");
    let levels = glob.matches('/').count();
    let mut found = Vec::new();
    let mut todo = vec![fixed.to_owned()];
    let mut left = GLOB_ENTRIES;
    while let Some(folder) = todo.pop() {
        let Ok(entries) = std::fs::read_dir(home.root.join(&folder)) else { continue };
        for entry in entries.flatten() {
            left = left.checked_sub(1).ok_or("it looks at too many files")?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                let depth = path.matches('/').count() + 1;
                if name != ".git" && depth < 64 && (deep || depth <= levels) {
                    todo.push(path);
                }
            } else if pattern.is_match(&path)
                && path.ends_with(".yml") | path.ends_with(".yaml")
                && home.check(&path).is_ok()
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_are_gitlabs() {
        let fits = |glob: &str, path: &str| pattern(glob).unwrap().is_match(path);
        assert!(fits("ci/*.yml", "ci/a.yml") && !fits("ci/*.yml", "ci/x/a.yml"));
        assert!(
            fits("ci/**.yml", "ci/x/a.yml") && fits("ci/**/*.yml", "ci/a.yml") && fits("ci/**/a.yml", "ci/x/y/a.yml")
        );
        assert!(!fits("ci/a.yml*", "ci/aXyml"));
    }

    #[test]
    fn paths_stay_inside() {
        assert_eq!(inside("/a/./b/../c.yml").as_deref(), Some("a/c.yml"));
        assert_eq!(inside("../a.yml"), None);
        assert_eq!(inside("a/../../b.yml"), None);
    }

    #[test]
    fn variables_in_paths() {
        let known = BTreeMap::from([("A", "x"), ("B", "$C")]);
        assert_eq!(filled("/ci/$A/${A}.yml", &known).as_deref(), Some("/ci/x/x.yml"));
        assert_eq!(filled("/ci/$B.yml", &known), None);
        assert_eq!(filled("/ci/$CI_COMMIT_REF_NAME.yml", &known), None);
    }
}
