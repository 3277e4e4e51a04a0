//! The files that a configuration names, from the working tree or from the protected ref. What is in them is read elsewhere.

use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use crate::config::git::{Commit, Repository};

/// Where the configuration, and every file that it names, is read from.
#[derive(Debug, Clone)]
pub enum Files {
    /// The working tree: paths are relative to this folder (that of the configuration file).
    Tree(PathBuf),
    /// A commit: what lies inside the repository is read from it, whatever the working tree holds.
    GitRef(GitFiles),
}

/// The files of a commit.
#[derive(Debug, Clone)]
pub struct GitFiles {
    /// The repository.
    pub repository: Repository,
    /// The commit.
    pub commit: Commit,
    /// The folder that paths are relative to: that of the configuration file.
    pub base: PathBuf,
}

impl Files {
    /// Opens a file that the configuration names.
    ///
    /// # Errors
    /// Where it cannot be opened; in a commit also where it is a link, or where a relative path leaves the repository.
    pub fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Self::Tree(base) => regular(&base.join(Path::new(path))),
            Self::GitRef(git) => git.open(path),
        }
    }

    /// Where the files come from, in words: none for the working tree.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        match self {
            Self::Tree(_) => None,
            Self::GitRef(git) => Some(&git.commit.name),
        }
    }
}

impl GitFiles {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        let written = Path::new(path);
        let whole = plain(&self.base.join(written));
        match inside(self.repository.top(), &whole) {
            Some(inner) => self.commit.open(&inner),
            None if written.is_absolute() => {
                // The protected configuration may name a file outside; but a link back into the checkout is the change's again.
                let real = whole.canonicalize()?;
                match inside(self.repository.top(), &real) {
                    Some(inner) => self.commit.open(&inner),
                    None => regular(&real),
                }
            }
            None => Err(io::Error::new(io::ErrorKind::InvalidInput, "the path leaves the repository")),
        }
    }
}

/// Opens a file. A folder, a pipe or a device is none: the gate would wait for a pipe's end as long as it does not come.
fn regular(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    let kind = std::fs::metadata(path)?.file_type();
    if !kind.is_file() {
        let what = if kind.is_dir() { "this is a folder" } else { "this is no regular file" };
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    Ok(Box::new(std::fs::File::open(path)?))
}

/// The path from the repository's top, `/` between parts; none where the file lies outside.
fn inside(top: &Path, path: &Path) -> Option<String> {
    let inner = path.strip_prefix(top).ok()?;
    let parts: Option<Vec<&str>> = inner.iter().map(|part| part.to_str()).collect();
    parts.map(|parts| parts.join("/")).filter(|inner| !inner.is_empty())
}

/// The path without `.` and `..`, by its text alone.
fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn git(folder: &Path, arguments: &[&str]) {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").arg("-C").arg(folder).args(identity).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn text(files: &Files, path: &str) -> io::Result<String> {
        let mut out = String::new();
        files.open(path)?.read_to_string(&mut out)?;
        Ok(out)
    }

    #[test]
    fn the_commit_decides_and_nothing_escapes() {
        let outside = tempfile::tempdir().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        std::fs::write(outside.path().join("away.csv"), "away").unwrap();
        git(&top, &["init", "-q", "-b", "main"]);
        std::fs::create_dir(top.join("sub")).unwrap();
        std::fs::write(top.join("sub/a.csv"), "protected").unwrap();
        std::fs::write(top.join("top.csv"), "top").unwrap();
        std::os::unix::fs::symlink("sub/a.csv", top.join("link.csv")).unwrap();
        std::os::unix::fs::symlink("sub", top.join("linked")).unwrap();
        git(&top, &["add", "."]);
        git(&top, &["commit", "-qm", "x"]);
        std::fs::write(top.join("sub/a.csv"), "changed").unwrap();
        std::fs::write(top.join("sub/new.csv"), "new").unwrap();

        let repository = Repository::of(&top).unwrap();
        assert_eq!(repository.commit("refs/heads/nowhere"), None);
        assert_eq!(repository.commit("--help"), None);
        let commit = repository.commit("refs/heads/main").unwrap();
        let files = Files::GitRef(GitFiles { repository, commit, base: top.join("sub") });
        assert_eq!(text(&files, "a.csv").unwrap(), "protected");
        assert_eq!(text(&files, "./../sub/a.csv").unwrap(), "protected");
        assert_eq!(text(&files, "../top.csv").unwrap(), "top");
        assert_eq!(text(&files, top.join("sub/a.csv").to_str().unwrap()).unwrap(), "protected");
        assert_eq!(text(&files, outside.path().join("away.csv").to_str().unwrap()).unwrap(), "away");
        let refused = |path: &str| text(&files, path).unwrap_err().kind();
        assert_eq!(refused("new.csv"), io::ErrorKind::NotFound);
        assert_eq!(refused("../link.csv"), io::ErrorKind::InvalidInput);
        assert_eq!(refused("../linked/a.csv"), io::ErrorKind::NotFound);
        assert_eq!(refused("../sub"), io::ErrorKind::InvalidInput);
        let escape = format!("../../../../../../../..{}", outside.path().join("away.csv").display());
        assert_eq!(refused(&escape), io::ErrorKind::InvalidInput);
        // A link outside that leads back in is read from the commit, too.
        let back = outside.path().join("back.csv");
        std::os::unix::fs::symlink(top.join("sub/a.csv"), &back).unwrap();
        assert_eq!(text(&files, back.to_str().unwrap()).unwrap(), "protected");
    }
}
