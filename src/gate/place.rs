//! Where the gate runs, from the CI's own variables. What that means for the scope is `policy::scope`'s.

use crate::config::{Environment, ci};
use crate::model::reference::Provider;
use crate::model::scope::RunPlace;

/// Reads `GITHUB_WORKFLOW_REF` (`owner/repo/.github/workflows/x.yml@refs/heads/main`), `GITHUB_JOB`, `GITHUB_ACTION`, or
/// `CI_JOB_NAME`.
#[must_use]
pub fn run_place(env: &Environment) -> RunPlace {
    let text = |name: &str| env.get(name).map(str::to_owned);
    match ci::system(env) {
        Some(Provider::Github) => {}
        Some(Provider::Gitlab) => {
            return RunPlace { provider: Some(Provider::Gitlab), job: text("CI_JOB_NAME"), ..RunPlace::default() };
        }
        None => return RunPlace::default(),
    }
    let file = env.get("GITHUB_WORKFLOW_REF").and_then(|workflow| {
        let path = workflow.split('@').next()?;
        path.splitn(3, '/').nth(2).map(str::to_owned)
    });
    RunPlace {
        provider: Some(Provider::Github),
        file,
        job: text("GITHUB_JOB"),
        action: text("GITHUB_ACTION"),
        warns: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn github_names_workflow_and_job() {
        let place = run_place(&env(&[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_WORKFLOW_REF", "acme/shop/.github/workflows/deploy.yml@refs/heads/main"),
            ("GITHUB_JOB", "deploy"),
        ]));
        assert_eq!(place.file.as_deref(), Some(".github/workflows/deploy.yml"));
        assert_eq!(place.job.as_deref(), Some("deploy"));
    }

    #[test]
    fn outside_ci_there_is_no_place() {
        assert_eq!(run_place(&env(&[("CI_JOB_NAME", "x")])), RunPlace::default());
    }
}
