//! What the CI's own variables say: which repository and branch this is, and whose change. Only what GitHub Actions and GitLab
//! CI/CD document ("Variables" and "Predefined CI/CD variables" in their manuals). Decides nothing.

use std::io::Read;

use serde_json::Value;

use crate::config::Environment;
use crate::model::reference::Provider;

/// GitHub caps webhook payloads at 25 MB; the event file is one.
const MOST_EVENT_BYTES: u64 = 32 * 1024 * 1024;

/// A run of a CI system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ci {
    /// Which.
    pub system: Provider,
    /// `owner/name`.
    pub repository: Option<String>,
    /// The branch that a pull or merge request, or a merge queue, wants to change.
    pub target: Option<String>,
    /// The default branch.
    pub default_branch: Option<String>,
    /// The branch that this run is on; none for tags, pull and merge requests.
    pub branch: Option<String>,
    /// The commit that the run is for.
    pub commit: Option<String>,
    /// The repository that the change comes from, where it is not this one: a fork's change.
    pub fork: Option<String>,
    /// Every name of who wrote the change or started the run.
    pub authors: Vec<String>,
}

impl Ci {
    /// Reads the variables; none outside of the two CI systems.
    #[must_use]
    pub fn read(env: &Environment) -> Option<Self> {
        Some(match system(env)? {
            Provider::Github => {
                let event = env.get("GITHUB_EVENT_PATH").and_then(event).unwrap_or(Value::Null);
                Self::github(env, &event)
            }
            Provider::Gitlab => Self::gitlab(env),
        })
    }

    fn github(env: &Environment, event: &Value) -> Self {
        let get = |name: &str| env.get(name).map(str::to_owned);
        let of = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let branch_of = |text: String| text.strip_prefix("refs/heads/").map(str::to_owned);
        // A merge queue tests a temporary branch, for the branch that `merge_group` names.
        let target = get("GITHUB_BASE_REF").or_else(|| of("/merge_group/base_ref").and_then(branch_of));
        let branch = if target.is_some() { None } else { get("GITHUB_REF").and_then(branch_of) };
        let default_branch = of("/repository/default_branch").or_else(|| {
            // A schedule runs on the default branch alone, and its event need not name it.
            branch.clone().filter(|_| env.get("GITHUB_EVENT_NAME") == Some("schedule"))
        });
        let authors = [
            get("GITHUB_ACTOR"),
            get("GITHUB_TRIGGERING_ACTOR"),
            of("/pull_request/user/login"),
            of("/sender/login"),
            of("/head_commit/author/username"),
            of("/head_commit/author/email"),
            of("/merge_group/head_commit/author/email"),
        ];
        let head = of("/pull_request/head/repo/full_name").or_else(|| {
            // A deleted fork has no repository any more.
            event.pointer("/pull_request").is_some_and(Value::is_object).then(|| "a deleted repository".to_owned())
        });
        let home = of("/pull_request/base/repo/full_name").or_else(|| get("GITHUB_REPOSITORY"));
        let same = |head: &String| home.as_ref().is_some_and(|home| home.eq_ignore_ascii_case(head));
        Self {
            system: Provider::Github,
            fork: head.filter(|head| event.pointer("/pull_request/head").is_some() && !same(head)),
            repository: get("GITHUB_REPOSITORY"),
            target,
            default_branch,
            branch,
            commit: get("GITHUB_SHA"),
            authors: distinct(authors),
        }
    }

    fn gitlab(env: &Environment) -> Self {
        let get = |name: &str| env.get(name).map(str::to_owned);
        // `Name <address>`
        let author = get("CI_COMMIT_AUTHOR");
        let address =
            author.as_deref().and_then(|text| Some(text.rsplit_once('<')?.1.trim_end_matches('>').to_owned()));
        let (source, home) = (get("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH"), get("CI_MERGE_REQUEST_PROJECT_PATH"));
        Self {
            system: Provider::Gitlab,
            fork: source.filter(|source| home.as_ref().is_some_and(|home| !home.eq_ignore_ascii_case(source))),
            repository: get("CI_PROJECT_PATH"),
            target: get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
                .or_else(|| get("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME")),
            default_branch: get("CI_DEFAULT_BRANCH"),
            branch: get("CI_COMMIT_BRANCH"),
            commit: get("CI_COMMIT_SHA"),
            authors: distinct([get("GITLAB_USER_LOGIN"), get("GITLAB_USER_EMAIL"), address]),
        }
    }
}

/// The CI system that this process runs in, by the variable that each documents for this; none elsewhere.
#[must_use]
pub fn system(env: &Environment) -> Option<Provider> {
    let is = |name: &str| env.get(name) == Some("true");
    if is("GITHUB_ACTIONS") {
        return Some(Provider::Github);
    }
    is("GITLAB_CI").then_some(Provider::Gitlab)
}

fn distinct<const N: usize>(names: [Option<String>; N]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for name in names.into_iter().flatten() {
        if !name.is_empty() && !out.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            out.push(name);
        }
    }
    out
}

fn event(path: &str) -> Option<Value> {
    let mut text = Vec::new();
    std::fs::File::open(path).ok()?.take(MOST_EVENT_BYTES).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// `owner/name` and the system, out of the address of a remote.
#[must_use]
pub fn remote(url: &str) -> Option<(String, Option<Provider>)> {
    let (host, path) = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        // `git@host:owner/name.git`; a path on this machine has no such colon.
        None => url.split_once(':').filter(|(host, _)| !host.contains('/'))?,
    };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host).to_lowercase();
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    if path.split('/').filter(|part| !part.is_empty()).count() < 2 || path.contains(char::is_whitespace) {
        return None;
    }
    let provider = if host.contains("github") {
        Some(Provider::Github)
    } else if host.contains("gitlab") {
        Some(Provider::Gitlab)
    } else {
        None
    };
    Some((path.to_owned(), provider))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn github_runs() {
        let event = serde_json::json!({
            "repository": {"default_branch": "main"},
            "pull_request": {"user": {"login": "eve"}}, "sender": {"login": "bob"}
        });
        let pull = env(&[
            ("GITHUB_BASE_REF", "release"),
            ("GITHUB_REF", "refs/pull/7/merge"),
            ("GITHUB_ACTOR", "Bob"),
            ("GITHUB_REPOSITORY", "acme/shop"),
        ]);
        let ci = Ci::github(&pull, &event);
        assert_eq!(ci.target.as_deref(), Some("release"));
        assert_eq!(ci.branch, None);
        assert_eq!(ci.authors, ["Bob", "eve"]);
        let push = Ci::github(&env(&[("GITHUB_REF", "refs/heads/main")]), &event);
        assert_eq!(
            (push.target, push.branch.as_deref(), push.default_branch.as_deref()),
            (None, Some("main"), Some("main"))
        );
        let queue = serde_json::json!({"merge_group": {"base_ref": "refs/heads/main"}});
        let queue = Ci::github(&env(&[("GITHUB_REF", "refs/heads/gh-readonly-queue/main/pr-1-abc")]), &queue);
        assert_eq!((queue.target.as_deref(), queue.branch), (Some("main"), None));
        assert_eq!(ci.fork, None);
        let of = |head: Value| {
            let event = serde_json::json!({"pull_request": {"head": {"repo": head}, "base": {"repo": {"full_name": "acme/shop"}}}});
            Ci::github(&pull, &event).fork
        };
        assert_eq!(of(serde_json::json!({"full_name": "Acme/Shop"})), None);
        assert_eq!(of(serde_json::json!({"full_name": "eve/shop"})).as_deref(), Some("eve/shop"));
        assert_eq!(of(Value::Null).as_deref(), Some("a deleted repository"));
        let tag = Ci::github(&env(&[("GITHUB_REF", "refs/tags/v1")]), &event);
        assert_eq!((tag.target, tag.branch), (None, None));
        let cron = env(&[("GITHUB_REF", "refs/heads/trunk"), ("GITHUB_EVENT_NAME", "schedule")]);
        assert_eq!(Ci::github(&cron, &Value::Null).default_branch.as_deref(), Some("trunk"));
    }

    #[test]
    fn remotes() {
        for url in [
            "https://github.com/acme/shop.git",
            "https://x-token:abc@github.com/acme/shop",
            "git@github.com:acme/shop.git",
            "ssh://git@github.com:22/acme/shop.git",
        ] {
            assert_eq!(remote(url), Some(("acme/shop".into(), Some(Provider::Github))), "{url}");
        }
        assert_eq!(remote("https://code.example.com/a/b/c"), Some(("a/b/c".into(), None)));
        for none in ["/srv/git/shop.git", "../shop", "https://github.com/shop", ""] {
            assert_eq!(remote(none), None, "{none}");
        }
    }
}
