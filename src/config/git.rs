//! What of git the configuration needs: which commit a ref is, and a file of that commit. Runs `git` and changes nothing.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A repository, by the folder that it is checked out in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    top: PathBuf,
}

/// One commit of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    repository: Repository,
    /// The object's name; never text that a user wrote.
    object: String,
    /// The ref as people know it, for messages.
    pub name: String,
}

/// Why git gave nothing.
#[derive(Debug)]
pub enum GitError {
    /// There is no git here, or it could not be started.
    Absent(io::Error),
    /// It refused; its first line of explanation.
    Refused(String),
}

impl fmt::Display for GitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(error) => write!(f, "git cannot be run: {error}"),
            Self::Refused(line) => write!(f, "git says: {line}"),
        }
    }
}

fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    // The folder decides, not what a hook left in the environment; and a path is a path, not a pattern.
    command.env_remove("GIT_DIR").env_remove("GIT_WORK_TREE").env_remove("GIT_INDEX_FILE");
    command
        .env("GIT_LITERAL_PATHSPECS", "1")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("LC_ALL", "C");
    command.arg("--no-optional-locks").arg("-C").arg(folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(command: &mut Command) -> Result<String, GitError> {
    let output = command.output().map_err(GitError::Absent)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let line = stderr.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing").trim();
    Err(GitError::Refused(line.chars().take(300).collect()))
}

impl Repository {
    /// The repository that a folder belongs to.
    ///
    /// # Errors
    /// Where git cannot be run, or the folder belongs to none.
    pub fn of(folder: &Path) -> Result<Self, GitError> {
        let top = run(git(folder).args(["rev-parse", "--show-toplevel"]))?;
        let top = PathBuf::from(top.trim_end_matches(['\n', '\r']));
        Ok(Self { top: top.canonicalize().unwrap_or(top) })
    }

    /// The folder that it is checked out in.
    #[must_use]
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// A folder of the checkout from the repository's top, `/` between parts; empty for the top, and for what lies elsewhere.
    #[must_use]
    pub fn below(&self, folder: &Path) -> String {
        below(&self.top, folder)
    }

    /// The commit that a ref is; none where there is no such ref.
    #[must_use]
    pub fn commit(&self, reference: &str) -> Option<Commit> {
        let wanted = format!("{reference}^{{commit}}");
        let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted];
        let object = run(git(&self.top).args(arguments)).ok()?.trim().to_owned();
        let is_object = object.len() >= 40 && object.bytes().all(|b| b.is_ascii_hexdigit());
        is_object.then(|| Commit { repository: self.clone(), object, name: reference.to_owned() })
    }

    /// The commit at which the history of another began to differ from this one's; none where it is not here (a shallow clone).
    #[must_use]
    pub fn merge_base(&self, commit: &Commit, with: &str) -> Option<Commit> {
        let object = run(git(&self.top).args(["merge-base", "--end-of-options", &commit.object, with])).ok()?;
        self.commit(object.trim())
    }

    /// The default branch: what the remote `origin` calls so, else the one that is checked out. No commit need be there yet.
    #[must_use]
    pub fn default_branch(&self) -> Option<String> {
        let name = |reference: &str| run(git(&self.top).args(["symbolic-ref", "--quiet", "--short", reference])).ok();
        let remote = name("refs/remotes/origin/HEAD").and_then(|name| Some(name.strip_prefix("origin/")?.to_owned()));
        let branch = remote.or_else(|| name("HEAD"))?.trim().to_owned();
        Some(branch).filter(|branch| !branch.is_empty())
    }

    /// The address of the remote `origin`.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        let url = run(git(&self.top).args(["config", "--get", "remote.origin.url"])).ok()?;
        Some(url.trim().to_owned()).filter(|url| !url.is_empty())
    }
}

/// A folder from another that it lies in, `/` between parts; empty where it is the same, or lies elsewhere.
#[must_use]
pub fn below(top: &Path, folder: &Path) -> String {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (top, folder) = (real(top), real(folder));
    let parts = folder.strip_prefix(top).ok().into_iter().flatten().filter_map(|part| part.to_str());
    parts.collect::<Vec<_>>().join("/")
}

impl Commit {
    /// Whether it is the commit with this object name.
    #[must_use]
    pub fn is(&self, object: &str) -> bool {
        self.object.eq_ignore_ascii_case(object)
    }

    /// The regular files of this commit below a folder (empty: the top), with their sizes; paths from the repository's top. What has
    /// a name that is not UTF-8 is left out.
    ///
    /// # Errors
    /// Where git cannot list them.
    pub fn files(&self, below: &str) -> Result<Vec<(String, u64)>, GitError> {
        let mut command = git(&self.repository.top);
        command.args(["ls-tree", "-r", "-z", "-l", "--full-tree", &self.object]);
        if !below.is_empty() {
            command.args(["--", below]);
        }
        let listed = run(&mut command)?;
        let entry = |entry: &str| {
            let (about, name) = entry.split_once('\t')?;
            let mut about = about.split_whitespace();
            let (mode, kind, _, size) = (about.next()?, about.next()?, about.next()?, about.next()?);
            let regular = kind == "blob" && mode.starts_with("100") && !name.contains('\u{fffd}');
            regular.then(|| Some((name.to_owned(), size.parse().ok()?)))?
        };
        Ok(listed.split('\0').filter_map(entry).collect())
    }

    /// Whether both are one commit, by whatever names.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.is(&other.object)
    }

    /// Opens a file of this commit by its path from the repository's top, `/` between parts. What is a link there is refused:
    /// it could lead to a file that the commit does not hold.
    ///
    /// # Errors
    /// `NotFound` where the commit holds no such file; `InvalidInput` where it is a link or a folder.
    pub fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        let arguments = ["ls-tree", "-z", "--full-tree", &self.object, "--", path];
        let listed = run(git(&self.repository.top).args(arguments)).map_err(|e| io::Error::other(e.to_string()))?;
        let entry = listed.split('\0').find_map(|entry| {
            let (about, name) = entry.split_once('\t')?;
            (name == path).then_some(about)
        });
        let Some(entry) = entry else {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no such file in {}", self.name)));
        };
        let mut about = entry.split(' ');
        let (mode, kind, object) = (about.next(), about.next(), about.next());
        match (mode, kind, object) {
            (Some("120000"), ..) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("in {} it is a symbolic link, which is not followed", self.name),
            )),
            (_, Some("blob"), Some(object)) => Ok(Box::new(Blob::open(&self.repository.top, object)?)),
            _ => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("in {} it is no file", self.name))),
        }
    }
}

/// A file's content, as git writes it.
struct Blob {
    child: Child,
    stdout: ChildStdout,
}

impl Blob {
    fn open(top: &Path, object: &str) -> io::Result<Self> {
        let mut child = git(top).args(["cat-file", "blob", object]).stderr(Stdio::null()).spawn()?;
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("git has no output"))?;
        Ok(Self { child, stdout })
    }
}

impl Read for Blob {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stdout.read(buffer)?;
        // A file that ends because git failed must not look complete.
        if count == 0 && !buffer.is_empty() && !self.child.wait()?.success() {
            return Err(io::Error::other("git could not read the file to its end"));
        }
        Ok(count)
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
