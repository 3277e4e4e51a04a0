//! GitLab pipelines: references and the job graph of one repository's `.gitlab-ci.yml` and its kin, with what they include
//! locally. Other repositories' files are never fetched. The keys that GitLab knows are in `collect`, the merging in `config`.

mod collect;
mod config;
mod graph;
mod include;
mod load;
mod names;
mod own;
mod pipes;
mod repository;
mod run;
mod scope;
mod secrets;
mod sink;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::model::pipeline::Pipelines;
use crate::model::reference::FileGap;
use crate::pipeline::Options;
use crate::pipeline::discover::{FileKind, Folder, Found};
use crate::pipeline::yaml::Tree;

/// Where a repository lies, and what of it may be read.
struct Home<'a> {
    /// The repository's folder, without symbolic links.
    root: PathBuf,
    /// Nothing outside this is read: the root, or the folder that the user named, where that lies below.
    allowed: PathBuf,
    folder: &'a Folder,
}

impl Home<'_> {
    /// A file's name in the output, for its path relative to the root.
    fn name(&self, relative: &str) -> String {
        self.folder.name(&self.root.join(relative)).unwrap_or_else(|| relative.to_owned())
    }

    /// Whether a file is there and, with its symbolic links followed, may be read.
    fn check(&self, relative: &str) -> Result<(), String> {
        let Ok(real) = std::fs::canonicalize(self.root.join(relative)) else {
            return Err("there is no such file".to_owned());
        };
        if !real.starts_with(&self.root) {
            return Err("a symbolic link that leaves the repository's folder, and is not followed".to_owned());
        }
        if !real.starts_with(&self.allowed) {
            return Err("it lies outside the folder that is read".to_owned());
        }
        if real.is_file() { Ok(()) } else { Err("it is no file".to_owned()) }
    }
}

/// Reads all GitLab files among those found, repository by repository, for includes join them.
pub(super) fn read(found: &[Found], options: &Options) -> Pipelines {
    let mut repositories: BTreeMap<(&Path, &Path), Vec<&Found>> = BTreeMap::new();
    for file in found.iter().filter(|file| file.kind == FileKind::Gitlab) {
        repositories.entry((&file.root, &file.folder.base)).or_default().push(file);
    }
    let repositories: Vec<_> = repositories.into_iter().collect();
    let parts: Vec<Pipelines> = repositories
        .par_iter()
        .map(|((root, _), files)| {
            let mut part = Pipelines::default();
            let paths: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
            if let Some(first) = files.first() {
                read_root(root, &first.folder, &paths, &mut part);
            }
            if !options.graph {
                part.pipelines.clear();
            }
            part
        })
        .collect();
    let mut all = Pipelines::default();
    for part in parts {
        all.references.extend(part.references);
        all.pipelines.extend(part.pipelines);
        all.gaps.extend(part.gaps);
        all.notes.extend(part.notes);
        all.files += part.files;
    }
    all
}

/// Reads the GitLab pipelines of one repository into `into`.
///
/// `root` is the repository's folder, `folder` what the user named, `files` the CI files that were found; those that others
/// include are read as a part of these. References are added in the order of file, line and column.
fn read_root(root: &Path, folder: &Folder, files: &[PathBuf], into: &mut Pipelines) {
    let root = match std::fs::canonicalize(root) {
        Ok(root) => root,
        Err(error) => {
            let reason = format!("the folder cannot be read: {}", error.kind());
            into.gaps.push(FileGap { file: folder.name(root).unwrap_or_default(), reason });
            return;
        }
    };
    let allowed = if folder.base.starts_with(&root) { folder.base.clone() } else { root.clone() };
    let found: Vec<String> = files
        .iter()
        .filter_map(|file| file.strip_prefix(&root).ok())
        .map(|relative| {
            let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            parts.join("/")
        })
        .collect();
    let home = Home { root, allowed, folder };
    let mut texts = load::load(&home, &found);
    into.gaps.append(&mut texts.gaps);
    into.notes.append(&mut texts.notes);
    into.files += texts.looked_at.saturating_sub(found.len());
    let paths: Vec<String> = texts.texts.iter().map(|text| home.name(&text.path)).collect();
    let mut trees: Vec<Option<Tree<'_>>> = Vec::with_capacity(texts.texts.len());
    for (text, path) in texts.texts.iter().zip(&paths) {
        match Tree::parse(text.source.text()) {
            Ok(tree) => trees.push(Some(tree)),
            Err(broken) => {
                into.gaps.push(FileGap { file: path.clone(), reason: broken.to_string() });
                trees.push(None);
            }
        }
    }
    let root_name = folder.name(&home.root).unwrap_or_default();
    let repository = repository::Repository::new(&texts, &trees, &paths, &found, root_name);
    run::run(&repository, into);
}
