//! Which files below a folder are CI definitions, and to which repository each belongs. What stands in them is read elsewhere.

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::Scope;

use super::yaml::{self, Source};
use crate::model::reference::FileGap;

/// Texts that files are taken to have, by path without symbolic links: what would be read if they were written.
pub type Instead = BTreeMap<PathBuf, String>;

/// What a file is, told by its name and folder alone, as the CI systems tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// `.github/workflows/*.y{a,}ml`.
    Workflow,
    /// `action.y{a,}ml` of a local action.
    Action,
    /// `.github/dependabot.y{a,}ml`.
    Dependabot,
    /// `.gitlab-ci.y{a,}ml` or `*.gitlab-ci.y{a,}ml`.
    Gitlab,
}

/// The folder that the user named, resolved. Nothing outside it is read.
#[derive(Debug)]
pub struct Folder {
    /// Absolute, without symbolic links.
    pub base: PathBuf,
    /// Put before names, where several folders are read at once: their files must not share names.
    prefix: String,
    /// What stands in for files.
    instead: Arc<Instead>,
}

impl Folder {
    /// The name of a file or folder in references: relative, `/` between parts, empty for the folder itself. `None` outside.
    #[must_use]
    pub fn name(&self, path: &Path) -> Option<String> {
        let relative = path.strip_prefix(&self.base).ok()?;
        let mut name = self.prefix.clone();
        for part in relative.components() {
            if !name.is_empty() {
                name.push('/');
            }
            name.push_str(&part.as_os_str().to_string_lossy());
        }
        Some(name)
    }

    /// Where the file or folder with this name is.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.base.join(name.strip_prefix(&self.prefix).unwrap_or(name).trim_start_matches('/'))
    }

    /// Reads a file below the folder.
    ///
    /// # Errors
    /// A sentence that says why: too large, unreadable, no text.
    pub fn read(&self, path: &Path) -> Result<Source, String> {
        match self.instead.get(path) {
            Some(text) => Source::from_bytes(text.as_bytes().to_vec()),
            None => yaml::read(path),
        }
    }

    /// A path with symbolic links and `..` resolved, if it exists and does not leave the folder.
    #[must_use]
    pub fn inside(&self, path: &Path) -> Option<PathBuf> {
        path.canonicalize().ok().filter(|real| real.starts_with(&self.base))
    }
}

/// A CI definition that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Its name in references.
    pub file: String,
    /// Where its repository's root is: the nearest folder above with `.git`, `.github` or `.gitlab-ci.yml`.
    pub root: PathBuf,
    /// The root's name in references; empty for the folder that was read, and where the root lies above it.
    pub root_name: String,
    /// What it is.
    pub kind: FileKind,
    /// The folder that the user named.
    pub folder: Arc<Folder>,
}

/// What a walk found, ordered by name.
#[derive(Debug, Default)]
pub struct Discovery {
    /// The files.
    pub found: Vec<Found>,
    /// Folders and links that could not be followed.
    pub gaps: Vec<FileGap>,
}

/// What a path is, from its last parts.
#[must_use]
pub fn kind_of(path: &Path) -> Option<FileKind> {
    let name = path.file_name()?.to_str()?;
    let stem = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml"))?;
    let mut above = path.parent()?.components().rev().map(Component::as_os_str);
    let (parent, grandparent) = (above.next(), above.next());
    if parent.is_some_and(|part| part == "workflows") && grandparent.is_some_and(|part| part == ".github") {
        return Some(FileKind::Workflow);
    }
    match stem {
        "action" => Some(FileKind::Action),
        "dependabot" if parent.is_some_and(|part| part == ".github") => Some(FileKind::Dependabot),
        _ if stem.ends_with(".gitlab-ci") => Some(FileKind::Gitlab),
        _ => None,
    }
}

/// Finds the CI definitions of each path: a folder is walked, hidden folders included and ignore files not honoured, for a pipeline
/// file is a pipeline file; `.git` and `node_modules` are not entered. A file is taken if its name says what it is.
#[must_use]
pub fn discover(paths: &[PathBuf]) -> Discovery {
    discover_with(paths, &Instead::new())
}

/// The same, with texts that stand in for files.
#[must_use]
pub fn discover_with(paths: &[PathBuf], instead: &Instead) -> Discovery {
    let instead = Arc::new(instead.clone());
    let mut discovery = Discovery::default();
    let mut roots = Roots::default();
    for path in paths {
        let shown = path.to_string_lossy();
        let shown = shown.trim_start_matches("./").trim_end_matches('/');
        let Ok(real) = path.canonicalize() else {
            discovery.gaps.push(FileGap { file: shown.to_owned(), reason: "no such file or folder".to_owned() });
            continue;
        };
        if real.is_dir() {
            let prefix = if paths.len() > 1 && shown != "." { shown.to_owned() } else { String::new() };
            let folder = Arc::new(Folder { base: real, prefix, instead: Arc::clone(&instead) });
            walk(&folder, &mut roots, &mut discovery);
        } else {
            // A file is named from its repository's root, so that what it uses locally has a name, too.
            let kind = kind_of(&real).unwrap_or(FileKind::Gitlab);
            let root = roots.of(&real);
            let folder = Arc::new(Folder { base: root.clone(), prefix: String::new(), instead: Arc::clone(&instead) });
            discovery.add(real, kind, &folder, &mut roots);
        }
    }
    discovery.found.sort_by(|a, b| a.file.cmp(&b.file).then_with(|| a.path.cmp(&b.path)));
    discovery.found.dedup_by(|a, b| a.path == b.path);
    discovery.gaps.sort();
    discovery.gaps.dedup();
    discovery
}

impl Discovery {
    /// Adds a file under its name. `path` is absolute and need not be free of links below the folder.
    fn add(&mut self, path: PathBuf, kind: FileKind, folder: &Arc<Folder>, roots: &mut Roots) {
        let Some(file) = folder.name(&path) else { return };
        let root = roots.of(&path);
        let root_name = folder.name(&root).unwrap_or_default();
        self.found.push(Found { path, file, root, root_name, kind, folder: Arc::clone(folder) });
    }
}

/// Repository roots by folder, looked up once each.
#[derive(Debug, Default)]
struct Roots {
    known: HashMap<PathBuf, Option<PathBuf>>,
}

impl Roots {
    fn of(&mut self, file: &Path) -> PathBuf {
        let parent = file.parent().unwrap_or(file);
        self.look(parent).unwrap_or_else(|| parent.to_path_buf())
    }

    fn look(&mut self, folder: &Path) -> Option<PathBuf> {
        let mut passed = Vec::new();
        let mut found = None;
        for above in folder.ancestors() {
            if let Some(known) = self.known.get(above) {
                found.clone_from(known);
                break;
            }
            passed.push(above.to_path_buf());
            if [".git", ".github", ".gitlab-ci.yml"].iter().any(|mark| above.join(mark).exists()) {
                found = Some(above.to_path_buf());
                break;
            }
        }
        for above in passed {
            self.known.insert(above, found.clone());
        }
        found
    }
}

enum Seen {
    File(PathBuf, FileKind),
    Gap(PathBuf, String),
}

fn walk(folder: &Arc<Folder>, roots: &mut Roots, discovery: &mut Discovery) {
    let seen = Mutex::new(Vec::new());
    let keep = |item: Seen| seen.lock().unwrap_or_else(PoisonError::into_inner).push(item);
    rayon::scope(|scope| visit(scope, folder, folder.base.clone(), &keep));
    for item in seen.into_inner().unwrap_or_else(PoisonError::into_inner) {
        match item {
            Seen::File(path, kind) => discovery.add(path, kind, folder, roots),
            Seen::Gap(path, reason) => {
                let file = folder.name(&path).unwrap_or_default();
                discovery.gaps.push(FileGap { file, reason });
            }
        }
    }
}

/// One folder; those below are visited by whichever thread is free.
fn visit<'s>(scope: &Scope<'s>, folder: &'s Folder, path: PathBuf, keep: &'s (impl Fn(Seen) + Sync)) {
    let entries = match std::fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) => return keep(Seen::Gap(path, format!("cannot be read: {}", error.kind()))),
    };
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return keep(Seen::Gap(path, format!("cannot be read: {}", error.kind()))),
        };
        let name = entry.file_name();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            if name != ".git" && name != "node_modules" {
                let below = entry.path();
                scope.spawn(move |scope| visit(scope, folder, below, keep));
            }
        } else if kind.is_symlink() {
            linked(folder, &entry.path(), keep);
        } else if kind.is_file() && name.as_encoded_bytes().ends_with(b"ml") {
            let path = entry.path();
            if let Some(kind) = kind_of(&path) {
                keep(Seen::File(path, kind));
            }
        }
    }
}

/// A symbolic link to a file is read under its own name if it stays inside.
fn linked(folder: &Folder, link: &Path, keep: &impl Fn(Seen)) {
    if !link.is_file() {
        return linked_folder(folder, link, keep);
    }
    let Some(kind) = kind_of(link) else { return };
    match folder.inside(link) {
        Some(_) => keep(Seen::File(link.to_path_buf(), kind)),
        None => keep(Seen::Gap(link.to_path_buf(), LEAVES.to_owned())),
    }
}

const LEAVES: &str = "a symbolic link that leaves the folder or leads nowhere: not followed";

/// A link to a folder: its target, if inside, is walked under its own name. Only where the link's name makes CI definitions of the
/// files behind it are they read through it, one level deep, so that links in a circle end.
fn linked_folder(folder: &Folder, link: &Path, keep: &impl Fn(Seen)) {
    let name = link.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let workflows = match name {
        ".github" => link.join("workflows"),
        "workflows" if link.parent().is_some_and(|parent| parent.ends_with(".github")) => link.to_path_buf(),
        // A link that leads nowhere, under a name that CI systems look for.
        _ if kind_of(link).is_some() => return keep(Seen::Gap(link.to_path_buf(), LEAVES.to_owned())),
        _ => return,
    };
    if folder.inside(link).is_none() {
        return keep(Seen::Gap(link.to_path_buf(), LEAVES.to_owned()));
    }
    let Some(inside) = folder.inside(&workflows) else { return };
    for entry in std::fs::read_dir(inside).into_iter().flatten().flatten() {
        let path = workflows.join(entry.file_name());
        if let Some(kind) = kind_of(&path).filter(|_| folder.inside(&path).is_some_and(|real| real.is_file())) {
            keep(Seen::File(path, kind));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn write(root: &Path, file: &str) {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "a: b\n").unwrap();
    }

    fn names(discovery: &Discovery) -> Vec<(&str, &str)> {
        discovery.found.iter().map(|found| (found.file.as_str(), found.root_name.as_str())).collect()
    }

    #[test]
    fn finds_what_ci_systems_find() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for file in [
            ".github/workflows/a.yml",
            ".github/workflows/b.yaml",
            ".github/workflows/deep/c.yml",
            ".github/workflows/d.json",
            ".github/dependabot.yml",
            "dependabot.yml",
            "x/action.yaml",
            "x/myaction.yml",
            "vendor/inner/.github/workflows/e.yml",
            "vendor/inner/y/action.yml",
            ".gitlab-ci.yml",
            "ci/test.gitlab-ci.yml",
            "node_modules/z/action.yml",
            ".git/action.yml",
        ] {
            write(root, file);
        }
        fs::write(root.join(".gitignore"), "*\n").unwrap();
        let discovery = discover(&[root.to_path_buf()]);
        assert_eq!(
            names(&discovery),
            [
                (".github/dependabot.yml", ""),
                (".github/workflows/a.yml", ""),
                (".github/workflows/b.yaml", ""),
                (".gitlab-ci.yml", ""),
                ("ci/test.gitlab-ci.yml", ""),
                ("vendor/inner/.github/workflows/e.yml", "vendor/inner"),
                ("vendor/inner/y/action.yml", "vendor/inner"),
                ("x/action.yaml", ""),
            ]
        );
        assert!(discovery.gaps.is_empty());
        let below = discover(&[root.join(".github")]);
        assert_eq!(names(&below), [("dependabot.yml", ""), ("workflows/a.yml", ""), ("workflows/b.yaml", "")]);
        let one = discover(&[root.join(".github/workflows/a.yml")]);
        assert_eq!(names(&one), [(".github/workflows/a.yml", "")]);
        assert_eq!(discover(&[root.join("absent")]).gaps.len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn links_that_leave_the_folder_are_gaps() {
        use std::os::unix::fs::symlink;
        let outside = tempfile::tempdir().unwrap();
        write(outside.path(), "out.yml");
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(root, "ci/in.yml");
        fs::create_dir_all(root.join(".github/workflows")).unwrap();
        symlink(outside.path().join("out.yml"), root.join(".github/workflows/out.yml")).unwrap();
        symlink("../../ci/in.yml", root.join(".github/workflows/in.yml")).unwrap();
        symlink("nowhere.yml", root.join(".gitlab-ci.yml")).unwrap();
        symlink(".", root.join("circle")).unwrap();
        fs::create_dir_all(root.join("sub/.github")).unwrap();
        symlink("../../ci", root.join("sub/.github/workflows")).unwrap();
        fs::create_dir_all(root.join("bad/.github")).unwrap();
        symlink(outside.path(), root.join("bad/.github/workflows")).unwrap();
        let discovery = discover(&[root.to_path_buf()]);
        assert_eq!(names(&discovery), [(".github/workflows/in.yml", ""), ("sub/.github/workflows/in.yml", "sub")]);
        let gaps: Vec<_> = discovery.gaps.iter().map(|gap| gap.file.as_str()).collect();
        assert_eq!(gaps, [".github/workflows/out.yml", ".gitlab-ci.yml", "bad/.github/workflows"]);
    }
}
