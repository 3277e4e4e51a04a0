//! Files of the checkout that `init` reads to change them or writes: what happens to which, and that no path leads out of the
//! checkout. All are written, or none is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::pipeline::yaml::MAX_BYTES;

/// A file that gets another text.
#[derive(Debug, Clone)]
pub(super) struct Change {
    /// Its path below the checkout, `/` between parts.
    pub(super) file: String,
    /// All of its text.
    pub(super) text: String,
    /// What was done in it, for the user.
    pub(super) done: Vec<String>,
    /// What the user should know of it.
    pub(super) notes: Vec<String>,
}

/// Something that has to be done by hand.
#[derive(Debug, Clone)]
pub(super) struct Left {
    /// The file, and the place in it.
    pub(super) place: String,
    /// Why it is not done.
    pub(super) why: String,
    /// What is to be written.
    pub(super) snippet: String,
    /// Where to.
    pub(super) where_to: String,
}

/// A text without its byte order mark, and the mark.
pub(super) fn unmarked(text: &str) -> (&str, &str) {
    text.split_at(if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 })
}

/// Whether a text can stand in YAML, and in a shell, as it is: a version, a branch.
pub(super) fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.' | '@');
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.len() < 200 && text.chars().all(plain)
}

/// The first part of a path below the checkout that is a symbolic link: nothing is written through one.
pub(super) fn link(root: &Path, file: &str) -> Option<String> {
    let mut path = root.to_owned();
    let mut name = String::new();
    for part in file.split('/') {
        path.push(part);
        name = if name.is_empty() { part.to_owned() } else { format!("{name}/{part}") };
        if fs::symlink_metadata(&path).is_ok_and(|about| about.file_type().is_symlink()) {
            return Some(name);
        }
    }
    None
}

/// The text of a file that is to be changed.
pub(super) fn read(root: &Path, file: &str) -> Result<String, String> {
    if let Some(link) = link(root, file) {
        return Err(format!("{link} is a symbolic link, and nothing is written through one"));
    }
    let unreadable = |error: io::Error| format!("it cannot be read: {error}");
    let open = File::open(root.join(file)).map_err(unreadable)?;
    let mut bytes = Vec::new();
    open.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("it is larger than {MAX_BYTES} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "it is no UTF-8 text".to_owned())
}

/// What could not be written: the file, and why.
#[derive(Debug)]
pub(super) struct Unwritten {
    pub(super) file: String,
    pub(super) error: io::Error,
}

/// A file whose new text lies beside it.
struct Beside {
    path: PathBuf,
    temporary: PathBuf,
    /// What was there before; none where nothing was.
    before: Option<Vec<u8>>,
    /// Whether it is in its place.
    placed: bool,
}

/// Everything that a half-done write would leave behind; taken away again unless the write is done.
#[derive(Default)]
struct Pending {
    files: Vec<Beside>,
    folders: Vec<PathBuf>,
    done: bool,
}

/// Writes all files, or none. All new texts are on the disk before the first of them takes its place.
pub(super) fn write(root: &Path, changes: &[Change]) -> Result<(), Unwritten> {
    let mut pending = Pending::default();
    for change in changes {
        pending.prepare(root, change).map_err(|error| Unwritten { file: change.file.clone(), error })?;
    }
    for (change, beside) in changes.iter().zip(&mut pending.files) {
        fs::rename(&beside.temporary, &beside.path).map_err(|error| Unwritten { file: change.file.clone(), error })?;
        beside.placed = true;
    }
    pending.done = true;
    Ok(())
}

impl Pending {
    fn prepare(&mut self, root: &Path, change: &Change) -> io::Result<()> {
        if let Some(link) = link(root, &change.file) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{link} is a symbolic link")));
        }
        let path = root.join(&change.file);
        let mut missing: Vec<&Path> = path.ancestors().skip(1).take_while(|above| !above.exists()).collect();
        while let Some(folder) = missing.pop() {
            fs::create_dir(folder)?;
            self.folders.push(folder.to_owned());
        }
        let before = match fs::symlink_metadata(&path) {
            Ok(about) if !about.is_file() => {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "something that is no file has this name"));
            }
            // Whoever may not write the file may not replace it either.
            Ok(_) => {
                drop(OpenOptions::new().append(true).open(&path)?);
                Some(fs::read(&path)?)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        let mut file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
        self.files.push(Beside { path: path.clone(), temporary, before, placed: false });
        if let Ok(about) = fs::metadata(&path) {
            file.set_permissions(about.permissions())?;
        }
        file.write_all(change.text.as_bytes())?;
        file.sync_all()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        // As well as it can be done: the error that led here is told.
        for beside in &self.files {
            let _ = match (beside.placed, &beside.before) {
                (false, _) => fs::remove_file(&beside.temporary),
                (true, Some(before)) => fs::write(&beside.path, before),
                (true, None) => fs::remove_file(&beside.path),
            };
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(file: &str, text: &str) -> Change {
        Change { file: file.to_owned(), text: text.to_owned(), done: Vec::new(), notes: Vec::new() }
    }

    fn left(root: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(root)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn all_or_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::write(root.join("a"), "old").unwrap();
        fs::create_dir(root.join("folder")).unwrap();
        // The last one cannot be written, neither beside its place nor into it.
        let changes = [change("a", "new"), change("new/deep/b", "new"), change("folder", "new")];
        let error = write(root, &changes).unwrap_err();
        assert_eq!(error.file, "folder");
        assert_eq!(
            (left(root), fs::read_to_string(root.join("a")).unwrap()),
            (vec!["a".into(), "folder".into()], "old".into())
        );
        write(root, &changes[..2]).unwrap();
        assert_eq!(fs::read_to_string(root.join("new/deep/b")).unwrap(), "new");
        assert_eq!(
            (left(root), fs::read_to_string(root.join("a")).unwrap().as_str()),
            (["a", "folder", "new"].map(String::from).to_vec(), "new")
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_no_way() {
        let outside = tempfile::tempdir().unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("out")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("file")).unwrap();
        for file in ["out/x", "file"] {
            assert!(write(folder.path(), &[change(file, "x")]).is_err(), "{file}");
            assert!(read(folder.path(), file).unwrap_err().contains("symbolic link"));
        }
        assert!(left(outside.path()).is_empty());
    }
}
