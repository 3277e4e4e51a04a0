//! The trackers of a first configuration: switched on where a saved answer, or an address and a login, are there; else each stands
//! there with the few settings that it needs.

use super::ask::Answers;
use super::config::{Entry, address};
use super::look::Look;
use crate::cli::waivers::scalar;
use crate::config::Environment;

/// The first of some variables that is set: its name.
fn set<'n>(env: &Environment, names: &[&'n str]) -> Option<&'n str> {
    names.iter().copied().find(|name| env.get(name).is_some())
}

/// All trackers, in the order of the file.
pub(super) fn entries(look: &Look, env: &Environment, answers: &Answers) -> Vec<Entry> {
    let asked = |kind: &str| answers.tracker.as_deref() == Some(kind);
    let url = |kind: &str| answers.url.as_deref().filter(|_| asked(kind)).and_then(address);
    vec![
        jira(look, env, asked("jira"), url("jira")),
        servicenow(look, env, asked("servicenow"), url("servicenow")),
        issues(
            look,
            ("github-issues", "DRIFTGATE_GITHUB_TOKEN", "repositories: [acme/access]"),
            "GitHub issues. The workflow's own GITHUB_TOKEN with `issues: read` is enough for its own repository.",
            asked("github-issues"),
        ),
        issues(
            look,
            ("gitlab-issues", "GITLAB_TOKEN", "projects: [acme/access]"),
            "GitLab issues. A token with the scope read_api, of a Reporter; CI_JOB_TOKEN cannot read issues.",
            asked("gitlab-issues"),
        ),
        Entry::off(
            &["Tickets as a table; `columns` says what its columns are called."],
            &[
                "kind: csv",
                "path: tickets.csv",
                "columns: {id: Number, title: Summary, text: Description, state: Status, closed_at: Closed}",
            ],
        ),
    ]
}

fn export(kind: &str, path: &str, about: &str) -> Entry {
    let mut entry = Entry::off(&[about], &[&format!("kind: {kind}"), &format!("export: {}", scalar(path))]);
    entry.on = true;
    entry
}

fn jira(look: &Look, env: &Environment, asked: bool, url: Option<String>) -> Entry {
    const FIELDS: &str =
        "#fields: {credential: customfield_10054, until: customfield_10051}   # which field says what, where some do";
    if let Some(path) = look.saved.get("jira").filter(|_| !asked) {
        let mut entry =
            export("jira", path, "Jira: a saved answer of its search. Live, with `url` and `jql`, it is never old.");
        entry.lines.push(FIELDS.to_owned());
        return entry;
    }
    let variable = set(env, &["JIRA_URL", "JIRA_BASE_URL", "JIRA_SERVER"]);
    let url = url.or_else(|| variable.and_then(|name| env.get(name)).and_then(address));
    let token = set(env, &["JIRA_TOKEN", "JIRA_API_TOKEN"]);
    let email = set(env, &["JIRA_EMAIL", "JIRA_USER_EMAIL"]);
    let user = set(env, &["JIRA_USER", "JIRA_USERNAME"]);
    let password = set(env, &["JIRA_PASSWORD"]);
    let mut entry = Entry::off(
        &[
            "Jira, Cloud or Data Center. An account of its own that may browse these projects, and no more.",
            "Cloud: email_env and token_env (an API token); Data Center: token_env alone, or user_env and password_env.",
        ],
        &[
            "kind: jira",
            &format!("url: {}", url.as_deref().map_or_else(|| "https://acme.atlassian.net".into(), scalar)),
            "jql: updated >= -365d   # narrow it: project in (SEC, IAM)",
        ],
    );
    let login: Vec<(&str, &str)> = match (email, token, user, password) {
        (None, Some(token), ..) if url.as_deref().is_some_and(|url| !url.contains(".atlassian.net")) => {
            vec![("token_env", token)]
        }
        (_, None, Some(user), Some(password)) => vec![("user_env", user), ("password_env", password)],
        (email, token, ..) => {
            vec![("email_env", email.unwrap_or("JIRA_EMAIL")), ("token_env", token.unwrap_or("JIRA_TOKEN"))]
        }
    };
    let complete = login.iter().all(|(_, name)| env.get(name).is_some());
    entry.on = url.is_some() && (complete || asked);
    entry.lines.extend(login.iter().map(|(setting, name)| format!("{setting}: {name}")));
    entry.variables = login.iter().map(|(_, name)| (*name).to_owned()).collect();
    entry.lines.push(FIELDS.to_owned());
    entry
}

fn servicenow(look: &Look, env: &Environment, asked: bool, url: Option<String>) -> Entry {
    if let Some(path) = look.saved.get("servicenow").filter(|_| !asked) {
        return export(
            "servicenow",
            path,
            "ServiceNow: a saved answer of its Table API. Live, with `url`, it is never old.",
        );
    }
    let variable = set(env, &["SNOW_URL", "SERVICENOW_URL", "SNOW_INSTANCE"]);
    let url = url.or_else(|| {
        let value = variable.and_then(|name| env.get(name))?;
        // An instance goes by its name alone, too.
        let is_name = !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if is_name { Some(format!("https://{value}.service-now.com")) } else { address(value) }
    });
    let user = set(env, &["SNOW_USER", "SERVICENOW_USER", "SERVICENOW_USERNAME"]);
    let password = set(env, &["SNOW_PASSWORD", "SERVICENOW_PASSWORD"]);
    let complete = user.is_some() && password.is_some();
    let (user, password) = (user.unwrap_or("SNOW_USER"), password.unwrap_or("SNOW_PASSWORD"));
    let mut entry = Entry::off(
        &["ServiceNow. A user for web services alone, with the role itil or read rules for these tables."],
        &[
            "kind: servicenow",
            &format!("url: {}", url.as_deref().map_or_else(|| "https://acme.service-now.com".into(), scalar)),
            &format!("user_env: {user}"),
            &format!("password_env: {password}"),
            "#tables: [sc_req_item, sc_task]   # the default; also incident, change_request",
        ],
    );
    entry.on = url.is_some() && (complete || asked);
    entry.variables = vec![user.to_owned(), password.to_owned()];
    entry
}

fn issues(look: &Look, (kind, token, places): (&'static str, &str, &str), about: &str, asked: bool) -> Entry {
    if let Some(path) = look.saved.get(kind).filter(|_| !asked) {
        return export(kind, path, "Issues, from a saved list. Live, without `export`, it is never old.");
    }
    let mut entry = Entry::off(
        &[about],
        &[
            &format!("kind: {kind}"),
            &format!("#token_env: {token}"),
            &format!("#{places}   # default: the checkout's own"),
            "#labels: [access]   # only issues that have all of these",
        ],
    );
    entry.on = asked;
    entry.variables = if asked { vec![token.to_owned()] } else { Vec::new() };
    entry
}
