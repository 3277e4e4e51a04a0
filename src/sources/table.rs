//! The one table of sources: a kind's name, what it gives, its settings' schema, and how it is built. Adding a source: its file or
//! folder, and a line here.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::config::{Config, ConfigError, Environment, Files, KnownKind, RawSource, Role};
use crate::model::settings::{Home, Settings, VaultPlace};
use crate::secret::FingerprintKey;
#[cfg(feature = "aws")]
use crate::sources::aws;
use crate::sources::forge::github::Context;
#[cfg(feature = "github")]
use crate::sources::github;
#[cfg(feature = "gitlab")]
use crate::sources::gitlab;
#[cfg(any(feature = "gitlab", feature = "vault"))]
use crate::sources::key_ids::KeyIds;
#[cfg(feature = "vault")]
use crate::sources::vault;
use crate::sources::{
    About, Holdings, Source, Sources, TicketSource, catalog, csv_tickets, env, file, github_issues, gitlab_issues,
    jira, servicenow, tracker,
};

/// What a source may know of its run.
#[derive(Clone)]
pub struct Setup<'a> {
    /// Opens the files that the configuration names.
    pub files: &'a Files,
    /// The environment, shared: sources outlive the configuration.
    pub env: &'a Arc<Environment>,
    /// Time zone, trust and people.
    pub settings: &'a Settings,
    /// The key of fingerprints, where they are wanted.
    pub fingerprint_key: Option<&'a Arc<FingerprintKey>>,
    /// The longest wait for a rate limit.
    pub max_wait: Duration,
    /// All entries: what one of them says of an issuer also tells where values at hand are probed.
    pub sources: &'a [RawSource],
}

/// A source, by what it gives.
pub enum Built {
    /// An inventory or a catalogue from a file.
    Recorded(Box<dyn Source>),
    /// A live store or issuer.
    Issuer(Box<dyn Source>),
    /// A tracker, live or exported.
    Tickets(Box<dyn TicketSource>),
    /// The gate's own environment.
    Env(Box<dyn Holdings>),
}

/// A kind of source.
#[derive(Clone, Copy)]
pub struct Kind {
    /// Its name under `kind:`.
    pub name: &'static str,
    /// What it gives.
    pub role: Role,
    /// The JSON schema of its settings.
    pub schema: fn() -> Value,
    /// Builds it out of its settings.
    pub build: fn(About, &RawSource, &Setup<'_>) -> Result<Built, ConfigError>,
}

/// All kinds.
pub const KINDS: &[Kind] = &[
    Kind { name: "file", role: Role::Inventory, schema: schema::<file::Settings>, build: build_file },
    Kind { name: "catalog", role: Role::Catalog, schema: schema::<catalog::Settings>, build: build_catalog },
    Kind { name: "jira", role: Role::Tickets, schema: schema::<jira::Settings>, build: build_jira },
    Kind { name: "servicenow", role: Role::Tickets, schema: schema::<servicenow::Settings>, build: build_servicenow },
    Kind {
        name: "github-issues",
        role: Role::Tickets,
        schema: schema::<github_issues::Settings>,
        build: build_github_issues,
    },
    Kind {
        name: "gitlab-issues",
        role: Role::Tickets,
        schema: schema::<gitlab_issues::Settings>,
        build: build_gitlab_issues,
    },
    Kind { name: "csv", role: Role::Tickets, schema: schema::<csv_tickets::Settings>, build: build_csv },
    Kind { name: "env", role: Role::Inventory, schema: schema::<env::Settings>, build: build_env },
    #[cfg(feature = "aws")]
    Kind { name: "aws", role: Role::Inventory, schema: schema::<aws::Settings>, build: build_aws },
    #[cfg(not(feature = "aws"))]
    Kind { name: "aws", role: Role::Inventory, schema: any_settings, build: build_absent },
    #[cfg(feature = "github")]
    Kind { name: "github", role: Role::Inventory, schema: schema::<github::Settings>, build: build_github },
    #[cfg(not(feature = "github"))]
    Kind { name: "github", role: Role::Inventory, schema: any_settings, build: build_absent },
    #[cfg(feature = "gitlab")]
    Kind { name: "gitlab", role: Role::Inventory, schema: schema::<gitlab::Settings>, build: build_gitlab },
    #[cfg(not(feature = "gitlab"))]
    Kind { name: "gitlab", role: Role::Inventory, schema: any_settings, build: build_absent },
    #[cfg(feature = "vault")]
    Kind { name: "vault", role: Role::Inventory, schema: schema::<vault::Settings>, build: build_vault },
    #[cfg(not(feature = "vault"))]
    Kind { name: "vault", role: Role::Inventory, schema: any_settings, build: build_absent },
];

fn schema<T: schemars::JsonSchema>() -> Value {
    schemars::schema_for!(T).to_value()
}

fn build_catalog(about: About, raw: &RawSource, setup: &Setup<'_>) -> Result<Built, ConfigError> {
    Ok(Built::Recorded(Box::new(catalog::CatalogSource::new(about, raw.settings()?, setup.files.clone()))))
}

fn build_file(about: About, raw: &RawSource, setup: &Setup<'_>) -> Result<Built, ConfigError> {
    Ok(Built::Recorded(Box::new(file::FileSource::new(about, raw.settings()?, setup.files.clone()))))
}

fn build_jira(about: About, raw: &RawSource, setup: &Setup<'_>) -> Result<Built, ConfigError> {
    use crate::model::ticket::Intent;
    let words = setup.settings.words.intents.iter().filter(|(_, intent)| *intent == Intent::Offboard);
    let leaving = words.map(|(word, _)| word.clone()).collect();
    let built = jira::Jira::new(about, raw.settings()?, leaving, &tracker(setup));
    built.map(|source| Built::Tickets(Box::new(source))).map_err(|wrong| wrong_setting(raw, &wrong))
}

fn build_servicenow(about: About, raw: &RawSource, setup: &Setup<'_>) -> Result<Built, ConfigError> {
    let context = tracker::Context { env: setup.env, files: setup.files, max_wait: setup.max_wait };
    let built = servicenow::ServiceNow::new(about, raw.settings()?, &context);
    built
        .map(|source| Built::Tickets(Box::new(source)))
        .map_err(|wrong| raw.error(wrong.setting, wrong.what, wrong.next))
}

fn build_github_issues(about: About, raw: &RawSource, setup: &Setup<'_>) -> Result<Built, ConfigError> {
    use crate::model::reference::Provider;
    let alone = is_only(raw, setup, &["github", "github-issues"], &["GITHUB_API_URL"], "https://api.github.com");
    let home = alone && setup.settings.provider != Some(Provider::Gitlab);
    let context = Context { env: setup.env, files: setup.files, max_wait: setup.max_wait, home };
    github_issues::GithubIssues::new(about, raw.settings()?, &context)
        .map(|source| Built::Tickets(Box::new(source)))
        .map_err(|wrong| raw.error(wrong.setting, wrong.what, wrong.next))
}

fn build_gitlab_issues(about: About, raw: &RawSource, setup: &Setup<'_>) -> Result<Built, ConfigError> {
    use crate::model::reference::Provider;
    let ci = ["CI_API_V4_URL", "CI_SERVER_URL"];
    let usual = is_only(raw, setup, &["gitlab", "gitlab-issues"], &ci, "https://gitlab.com");
    let home = usual && setup.settings.provider != Some(Provider::Github);
    let given = gitlab_issues::Given { env: setup.env, files: setup.files, max_wait: setup.max_wait, usual, home };
    gitlab_issues::GitlabIssues::new(about, raw.settings()?, &given)
        .map(|source| Built::Tickets(Box::new(source)))
        .map_err(|wrong| raw.error(wrong.setting, wrong.what, wrong.next))
}

/// Whether a source's server is the one that the usual variables are of: the CI's own, where the CI names one, else the only one that
/// the configuration has of these kinds.
fn is_only(raw: &RawSource, setup: &Setup<'_>, kinds: &[&str], ci: &[&str], default: &str) -> bool {
    let own = ci.iter().find_map(|name| host(setup.env.get(name)?));
    let of = |raw: &RawSource| {
        let set = raw.text("url").filter(|url| !url.is_empty());
        set.map_or_else(|| own.clone().or_else(|| host(default)), |url| host(&url))
    };
    let this = of(raw);
    match &own {
        Some(_) => this == own,
        // A saved list is of no server.
        None => {
            let live = |other: &&RawSource| kinds.contains(&other.kind.as_str()) && other.text("export").is_none();
            setup.sources.iter().filter(live).all(|other| of(other) == this)
        }
    }
}

/// Host and port of a URL.
fn host(url: &str) -> Option<(String, Option<u16>)> {
    let url = url::Url::parse(url).ok()?;
    Some((url.host_str()?.to_owned(), url.port_or_known_default()))
}

fn build_csv(about: About, raw: &RawSource, setup: &Setup<'_>) -> Result<Built, ConfigError> {
    Ok(Built::Tickets(Box::new(csv_tickets::CsvTickets::new(about, raw.settings()?, setup.files.clone()))))
}

/// What a tracker may know of its run.
fn tracker<'s>(setup: &Setup<'s>) -> tracker::Context<'s> {
    tracker::Context { env: setup.env, files: setup.files, max_wait: setup.max_wait }
}

fn wrong_setting(raw: &RawSource, wrong: &tracker::Wrong) -> ConfigError {
    raw.error(wrong.setting, wrong.what.clone(), wrong.next)
}

/// Of a connector that was left out nobody knows the settings.
#[cfg(not(all(feature = "aws", feature = "github", feature = "gitlab", feature = "vault")))]
fn any_settings() -> Value {
    serde_json::json!({"type": "object"})
}

#[cfg(not(all(feature = "aws", feature = "github", feature = "gitlab", feature = "vault")))]
fn build_absent(about: About, _raw: &RawSource, _setup: &Setup<'_>) -> Result<Built, ConfigError> {
    Ok(Built::Issuer(Box::new(super::absent::Absent::new(about))))
}

#[cfg(feature = "aws")]
fn build_aws(about: About, raw: &RawSource, setup: &Setup<'_>) -> Result<Built, ConfigError> {
    let settings: aws::Settings = raw.settings()?;
    settings.check().map_err(|(setting, message, next)| raw.error(setting, message, next))?;
    let source = aws::AwsSource::new(about, settings, Arc::clone(setup.env))
        .waiting(setup.max_wait)
        .with_fingerprints(setup.fingerprint_key.cloned());
    Ok(Built::Issuer(Box::new(source)))
}

#[cfg(feature = "github")]
fn build_github(about: About, raw: &RawSource, setup: &Setup<'_>) -> Result<Built, ConfigError> {
    use crate::model::reference::Provider;
    // Of several GitHubs, and beside a GitLab, one is the checkout's own: no other is asked for its repository.
    let own = home(setup.sources, setup.env).github == about.authority;
    let home = own && setup.settings.provider != Some(Provider::Gitlab);
    let context = github::Context { env: setup.env, files: setup.files, max_wait: setup.max_wait, home };
    let built = github::GithubSource::new(about, raw.settings()?, &context);
    built
        .map(|source| Built::Issuer(Box::new(source)))
        .map_err(|wrong| raw.error(wrong.setting, wrong.what, wrong.next))
}

#[cfg(feature = "gitlab")]
fn build_gitlab(about: About, raw: &RawSource, setup: &Setup<'_>) -> Result<Built, ConfigError> {
    let own = setup.settings.provider != Some(crate::model::reference::Provider::Github);
    let given = gitlab::Given {
        env: setup.env,
        files: setup.files,
        key: setup.fingerprint_key,
        max_wait: setup.max_wait,
        home: own && home(setup.sources, setup.env).gitlab == raw.authority,
        aws: key_ids(setup)?,
    };
    let source = gitlab::GitlabSource::new(about, raw.settings()?, &given)
        .map_err(|(setting, message)| raw.error(setting, message, "correct the setting"))?;
    Ok(Built::Issuer(Box::new(source)))
}

#[cfg(feature = "vault")]
fn build_vault(about: About, raw: &RawSource, setup: &Setup<'_>) -> Result<Built, ConfigError> {
    let settings: vault::Settings = raw.settings()?;
    settings.check().map_err(|(setting, message, next)| raw.error(setting, message, next))?;
    let source = vault::VaultSource::new(about, settings, Arc::clone(setup.env), setup.files);
    let source = source.waiting(setup.max_wait).fingerprints(setup.fingerprint_key.cloned(), key_ids(setup)?);
    Ok(Built::Issuer(Box::new(source)))
}

/// Which ids the AWS keys have that are found in other stores.
#[cfg(any(feature = "gitlab", feature = "vault"))]
fn key_ids(setup: &Setup<'_>) -> Result<KeyIds, ConfigError> {
    let mut places = Vec::new();
    for raw in setup.sources.iter().filter(|raw| raw.kind == "aws") {
        #[cfg(feature = "aws")]
        let accounts = raw.settings::<aws::Settings>()?.accounts;
        #[cfg(not(feature = "aws"))]
        let accounts = Vec::new();
        places.push((raw.authority.clone(), accounts));
    }
    Ok(KeyIds::new(places))
}

fn build_env(about: About, raw: &RawSource, setup: &Setup<'_>) -> Result<Built, ConfigError> {
    let settings: env::Settings = raw.settings()?;
    let probes = env::probes(&settings, raw, setup.files)?;
    let mut issuers = issuers(setup)?;
    issuers.tokens = env::issuers::read(&settings, raw, setup.sources, setup.env, setup.files)?;
    let source = env::EnvSource::new(about, settings, Arc::clone(setup.env), issuers)
        .with_probes(probes)
        .with_fingerprints(setup.fingerprint_key.cloned());
    Ok(Built::Env(Box::new(source)))
}

/// Where the issuers of values at hand answer: as their own sources say, else as the environment does.
#[cfg_attr(not(any(feature = "aws", feature = "vault")), allow(unused_variables, unused_mut))]
fn issuers(setup: &Setup<'_>) -> Result<env::Issuers, ConfigError> {
    let mut out = env::Issuers::default();
    #[cfg(feature = "aws")]
    for raw in entries(setup, "aws") {
        let settings: aws::Settings = raw.map_or_else(|| Ok(aws::Settings::default()), RawSource::settings)?;
        out.aws.push(env::AwsIssuer {
            source: raw.map(|raw| raw.name.clone()),
            place: aws::AwsSource::place(&settings, setup.env),
            authority: raw.and_then(|raw| raw.authority.clone()),
            accounts: settings.accounts,
        });
    }
    #[cfg(feature = "vault")]
    for raw in entries(setup, "vault") {
        let settings: vault::Settings = raw.map_or_else(|| Ok(vault::Settings::default()), RawSource::settings)?;
        out.vault.push(env::VaultIssuer {
            source: raw.map(|raw| raw.name.clone()),
            place: vault::VaultSource::place(&settings, setup.env, setup.files),
            authority: raw.and_then(|raw| raw.authority.clone()),
        });
    }
    Ok(out)
}

/// The entries of a kind; one without an entry where there is none, for what the environment says.
#[cfg(any(feature = "aws", feature = "vault"))]
fn entries<'s>(setup: &Setup<'s>, kind: &'static str) -> Vec<Option<&'s RawSource>> {
    let found: Vec<_> = setup.sources.iter().filter(|raw| raw.kind == kind).map(Some).collect();
    if found.is_empty() { vec![None] } else { found }
}

/// Of several GitHubs or GitLabs, the one that the CI runs on: its variables name the server. Where they do not, the first.
fn home(sources: &[RawSource], env: &Environment) -> Home {
    let of = |kind: &str, variables: &[&str]| {
        let ours = variables.iter().find_map(|name| host(env.get(name)?));
        let mut all = sources.iter().filter(|raw| raw.kind == kind);
        // Without an address a source is of the CI's own server.
        let is_ours = |raw: &&RawSource| raw.text("url").is_none_or(|url| host(&url) == ours);
        let own = all.clone().find(|raw| ours.is_some() && is_ours(raw));
        own.or_else(|| all.next()).and_then(|raw| raw.authority.clone())
    };
    Home {
        github: of("github", &["GITHUB_API_URL", "GITHUB_SERVER_URL"]),
        gitlab: of("gitlab", &["CI_API_V4_URL", "CI_SERVER_URL"]),
        vaults: vaults(sources, env),
    }
}

/// The Vaults of the configuration, as far as their settings can be read; what is wrong in them is told when they are built.
#[cfg(feature = "vault")]
fn vaults(sources: &[RawSource], env: &Environment) -> Vec<VaultPlace> {
    let all = sources.iter().filter(|raw| raw.kind == "vault");
    all.filter_map(|raw| {
        let settings: vault::Settings = raw.settings().ok()?;
        Some(VaultPlace {
            source: raw.name.clone(),
            authority: raw.authority.clone(),
            address: vault::address(&settings, env)?,
            namespaces: vault::namespaces(&settings, env),
        })
    })
    .collect()
}

#[cfg(not(feature = "vault"))]
fn vaults(_sources: &[RawSource], _env: &Environment) -> Vec<VaultPlace> {
    Vec::new()
}

/// The kinds, as the configuration's validation needs them.
#[must_use]
pub fn known() -> Vec<KnownKind<'static>> {
    KINDS.iter().map(|kind| KnownKind { kind: kind.name, role: kind.role }).collect()
}

/// Every kind with its settings' schema.
#[must_use]
pub fn schemas() -> Vec<(&'static str, Value)> {
    KINDS.iter().map(|kind| (kind.name, (kind.schema)())).collect()
}

/// Builds all sources of a configuration.
///
/// # Errors
/// Where a source's settings are wrong.
pub fn build(config: &Config, env: &Arc<Environment>, max_wait: Duration) -> Result<Sources, ConfigError> {
    let setup = Setup {
        files: &config.files,
        env,
        settings: &config.settings,
        fingerprint_key: config.fingerprint_key.as_ref(),
        max_wait,
        sources: &config.sources,
    };
    let mut sources = Sources { home: home(&config.sources, env), ..Sources::default() };
    for raw in &config.sources {
        let Some(kind) = KINDS.iter().find(|kind| kind.name == raw.kind) else {
            return Err(raw.error("kind", format!("there is no source of the kind `{}`", raw.kind), ""));
        };
        let about = About {
            name: raw.name.clone(),
            kind: raw.kind.clone(),
            required: raw.required,
            authority: raw.authority.clone(),
        };
        match (kind.build)(about, raw, &setup)? {
            Built::Recorded(source) => sources.recorded.push(source),
            Built::Issuer(source) => sources.issuers.push(source),
            Built::Tickets(source) => sources.tickets.push(source),
            Built::Env(source) => {
                if sources.env.replace(source).is_some() {
                    return Err(raw.error("", "there is one environment, and two sources for it", "keep one"));
                }
            }
        }
    }
    Ok(sources)
}
