//! The gated change cannot loosen its own gate: which ref the configuration, and every file that it names, is read from
//! (SEMANTICS, "Trust: what the gated change may not decide").

use std::path::Path;

use crate::config::ci::Ci;
use crate::config::error::ConfigError;
use crate::config::git::{Commit, GitError, Repository};

/// Where the configuration comes from, as the CI's variables say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The working tree: not in CI.
    Tree,
    /// The run is for the default branch itself: the working tree, if it is that commit; else the branch.
    OnBranch(String),
    /// This branch, whatever is checked out.
    Branch(String),
    /// In CI, and nothing tells the protected branch.
    Unknown,
}

/// Decides by the CI's variables alone.
///
/// `GITHUB_REF_PROTECTED` and `CI_COMMIT_REF_PROTECTED` are not asked on purpose: a rule set over all branches makes every branch
/// "protected", also one on which the change's author may push a configuration of their own.
#[must_use]
pub fn decide(ci: Option<&Ci>) -> Decision {
    let Some(ci) = ci else { return Decision::Tree };
    match (&ci.target, &ci.default_branch, &ci.branch) {
        (Some(target), ..) => Decision::Branch(target.clone()),
        (None, Some(default), Some(branch)) if default == branch => Decision::OnBranch(default.clone()),
        (None, Some(default), _) => Decision::Branch(default.clone()),
        (None, None, _) => Decision::Unknown,
    }
}

/// The commit that the configuration comes from; none for the working tree.
///
/// # Errors
/// Where that ref cannot be read, with the command that fetches it.
pub fn commit(root: &Path, ci: Option<&Ci>, policy_ref: Option<&str>) -> Result<Option<Commit>, ConfigError> {
    if let Some(reference) = policy_ref {
        let repository = Repository::of(root).map_err(|error| no_repository(root, &error))?;
        let next = format!("fetch it first: git fetch --depth=1 origin {reference}, then --policy-ref FETCH_HEAD");
        let message = format!("--policy-ref {reference}: there is no such ref in {}", root.display());
        return repository.commit(reference).map(Some).ok_or_else(|| ConfigError::new(message, next));
    }
    let branch = match decide(ci) {
        Decision::Tree => return Ok(None),
        Decision::Unknown => {
            // Every event of a real run tells the default branch. Where neither it nor a remote is there, no other ref exists.
            let Some(repository) = Repository::of(root).ok().filter(|repository| repository.origin().is_some()) else {
                return Ok(None);
            };
            if let Some(commit) = repository.commit("refs/remotes/origin/HEAD") {
                return Ok(Some(commit));
            }
            return Err(ConfigError::new(
                "the CI's variables do not tell the default branch, so nothing tells which configuration to trust",
                "let git tell it: git remote set-head origin main; a --policy-ref alone could not be checked",
            ));
        }
        Decision::OnBranch(branch) => {
            let Ok(repository) = Repository::of(root) else {
                // Checked out without git, for a run on the protected branch: there is nothing else that it could be.
                return Ok(None);
            };
            // A workflow may check out something else than what it runs for, a pull request's head for example.
            let expected = ci.and_then(|ci| ci.commit.as_deref());
            if repository.commit("HEAD").is_some_and(|head| expected.is_some_and(|sha| head.is(sha))) {
                return Ok(None);
            }
            branch
        }
        Decision::Branch(branch) => branch,
    };
    let repository = Repository::of(root).map_err(|error| no_repository(root, &error))?;
    let reference = format!("refs/remotes/origin/{branch}");
    repository.commit(&reference).map(Some).ok_or_else(|| {
        ConfigError::new(
            format!("the configuration comes from the protected branch `{branch}`, and {reference} is not here"),
            format!("fetch it first: git fetch --depth=1 origin +refs/heads/{branch}:{reference}"),
        )
    })
}

fn no_repository(root: &Path, error: &GitError) -> ConfigError {
    ConfigError::new(
        format!("the configuration comes from a protected ref, and {} is no git checkout ({error})", root.display()),
        "check the repository out with git, or run where git can read it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reference::Provider;

    #[test]
    fn who_decides() {
        let ci = |target: Option<&str>, default: Option<&str>, branch: Option<&str>| Ci {
            system: Provider::Github,
            repository: None,
            target: target.map(Into::into),
            default_branch: default.map(Into::into),
            branch: branch.map(Into::into),
            commit: None,
            fork: None,
            authors: Vec::new(),
        };
        assert_eq!(decide(None), Decision::Tree);
        assert_eq!(decide(Some(&ci(Some("release"), Some("main"), None))), Decision::Branch("release".into()));
        assert_eq!(decide(Some(&ci(None, Some("main"), Some("main")))), Decision::OnBranch("main".into()));
        assert_eq!(decide(Some(&ci(None, Some("main"), Some("eve")))), Decision::Branch("main".into()));
        assert_eq!(decide(Some(&ci(None, Some("main"), None))), Decision::Branch("main".into()));
        assert_eq!(decide(Some(&ci(None, None, Some("eve")))), Decision::Unknown);
    }
}
