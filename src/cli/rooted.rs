//! Where the checkout that is judged lies in its repository. Places in a report are told from the checkout's folder; what a CI system
//! shows beside its sources (annotations, code quality, code scanning) it looks up from the repository's top.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::args::Common;
use crate::config::git::{self, Repository};
use crate::config::{Environment, ci};
use crate::model::reference::Provider;
use crate::model::report::{Place, Report};

/// The formats whose places are looked up from the top.
const FROM_THE_TOP: [&str; 5] = ["github", "gitlab", "gitlab-security", "junit", "sarif"];

/// The way from a repository's top to the checkout's folder.
pub(super) struct Rooted {
    /// `/` between parts; empty where both are one.
    below: String,
    /// The configuration as it was named, and from the top; none where it lies below the folder as any other file.
    config: Option<(String, String)>,
}

impl Rooted {
    /// By git; where that knows of no repository, by the folder that the CI system says it has checked it out to. At a desk nobody
    /// is asked, unless one of the formats needs it.
    pub(super) fn of(folder: &Path, formats: &[&str], common: &Common, env: &Environment) -> Self {
        if ci::system(env).is_none() && !formats.iter().any(|format| FROM_THE_TOP.contains(format)) {
            return Self { below: String::new(), config: None };
        }
        let top = Repository::of(folder).ok().map(|repository| repository.top().to_owned()).or_else(|| checkout(env));
        let Some(top) = top else { return Self { below: String::new(), config: None } };
        let config = common.config.as_deref().and_then(|path| {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            // A file outside of the repository stays what it is called; formats that cannot show it know.
            parent.canonicalize().ok()?.strip_prefix(&top).ok()?;
            let name = path.file_name()?.to_str()?;
            Some((path.display().to_string(), joined(&git::below(&top, parent), name)))
        });
        Self { below: git::below(&top, folder), config }
    }

    /// A file from the top.
    pub(super) fn file(&self, file: &str) -> String {
        match &self.config {
            Some((named, whole)) if named == file => whole.clone(),
            // An absolute path is nobody's below.
            _ if Path::new(file).is_absolute() => file.to_owned(),
            _ => joined(&self.below, file),
        }
    }

    /// The report as a format shows it.
    pub(super) fn report<'r>(&self, format: &str, report: &'r Report) -> Cow<'r, Report> {
        if !FROM_THE_TOP.contains(&format) || self.below.is_empty() && self.config.is_none() {
            return Cow::Borrowed(report);
        }
        let mut out = report.clone();
        let places = out.findings.iter_mut().flat_map(|finding| finding.references.iter_mut());
        places.for_each(|place: &mut Place| place.file = self.file(&place.file));
        Cow::Owned(out)
    }
}

fn joined(folder: &str, file: &str) -> String {
    let file = file.strip_prefix("./").unwrap_or(file);
    if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") }
}

fn checkout(env: &Environment) -> Option<PathBuf> {
    let name = match ci::system(env)? {
        Provider::Github => "GITHUB_WORKSPACE",
        Provider::Gitlab => "CI_PROJECT_DIR",
    };
    PathBuf::from(env.get(name)?).canonicalize().ok()
}
