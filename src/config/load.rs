//! Finds and loads the configuration: the working tree or the protected ref, a given file or the usual places, or none at all.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::change::{self, Change};
use crate::config::ci::{self, Ci};
use crate::config::document::{Document, MOST_BYTES};
use crate::config::error::ConfigError;
use crate::config::files::{Files, GitFiles};
use crate::config::git::Repository;
use crate::config::raw::Root;
use crate::config::resolve::{self, keys};
use crate::config::{Config, Environment, Known, Role, people, source, trust};
use crate::model::settings::Settings;
use crate::secret::FingerprintKey;

/// Where a configuration is looked for, in this order, below the checkout.
pub const PLACES: [&str; 3] = [".driftgate.yaml", ".driftgate.yml", ".github/driftgate.yaml"];

/// What to load.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The checkout.
    pub root: &'a Path,
    /// The file that the user named (`--config`), relative to the working directory.
    pub explicit: Option<&'a Path>,
    /// The ref that the user named (`--policy-ref`).
    pub policy_ref: Option<&'a str>,
    /// The environment.
    pub env: &'a Environment,
    /// Rules and sources.
    pub known: Known<'a>,
}

/// Loads the configuration.
///
/// # Errors
/// Where the file cannot be read or is wrong, or where the protected ref is not at hand.
pub fn load(request: &Request<'_>) -> Result<Config, ConfigError> {
    let ci = Ci::read(request.env);
    let root = request.root.canonicalize().map_err(|error| {
        ConfigError::new(format!("{}: {error}", request.root.display()), "name the folder of a checkout")
    })?;
    let commit = trust::commit(&root, ci.as_ref(), request.policy_ref)?;
    let mut notes = Vec::new();
    let files_at = |base: PathBuf| -> Result<Files, ConfigError> {
        match &commit {
            None => Ok(Files::Tree(base)),
            Some(commit) => {
                let repository =
                    Repository::of(&root).map_err(|error| ConfigError::new(error.to_string(), "check git"))?;
                Ok(Files::GitRef(GitFiles { repository, commit: commit.clone(), base }))
            }
        }
    };
    if commit.is_none() && trust::decide(ci.as_ref()) == trust::Decision::Unknown {
        notes.push(
            "the CI's variables do not tell the default branch, and the checkout has no remote: the configuration is the \
             working tree's"
                .to_owned(),
        );
    }
    if let Some(commit) = &commit {
        notes.push(format!("configuration and the files that it names come from {}", commit.name));
    }
    let found = match request.explicit {
        Some(path) => {
            let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            let (folder, name) = match (whole.parent(), whole.file_name().and_then(|name| name.to_str())) {
                (Some(folder), Some(name)) => (folder.to_owned(), name.to_owned()),
                _ => return Err(ConfigError::of_file(path.display().to_string(), "this names no file", "name a file")),
            };
            let files = files_at(folder.canonicalize().unwrap_or(folder))?;
            let shown = path.display().to_string();
            let text = read(&files, &name, &shown)?;
            match text {
                Some(text) => Some((shown, text, files)),
                None => {
                    let place = files.origin().map(|r| format!(" in {r}")).unwrap_or_default();
                    let message = format!("there is no such file{place}");
                    return Err(ConfigError::of_file(shown, message, "name the configuration: --config FILE"));
                }
            }
        }
        None => {
            let mut found = None;
            for place in PLACES {
                let (folder, name) = match place.rsplit_once('/') {
                    Some((folder, name)) => (root.join(folder), name),
                    None => (root.clone(), place),
                };
                let files = files_at(folder)?;
                if let Some(text) = read(&files, name, place)? {
                    found = Some((place.to_owned(), text, files));
                    break;
                }
            }
            found
        }
    };
    let (file, text, files) = match found {
        Some((file, text, files)) => (Some(file), text, files),
        None => {
            if commit.is_some() && PLACES.iter().any(|place| root.join(place).is_file()) {
                notes.push(
                    "the checkout has a configuration that the protected ref does not have: it is not used".into(),
                );
            }
            notes.push(format!("no configuration file ({}): using what the environment tells", PLACES.join(", ")));
            (None, from_environment(request.env, &request.known), files_at(root.clone())?)
        }
    };
    let mut config = parse(file.as_deref(), &text, files, request.env, request.known)?;
    config.change = changed(request, &config, &text);
    if let Some(fork) = ci.as_ref().and_then(|ci| ci.fork.as_deref()) {
        config.fork = Some(fork.to_owned());
        notes.push(format!(
            "the change comes from {fork}, not from this repository: it gets no credentials, and nothing is asked"
        ));
    }
    config.notes = notes;
    about_repository(&mut config.settings, ci.as_ref(), &root);
    Ok(config)
}

/// Parses a configuration whose text is at hand. `file` is how messages name it.
///
/// # Errors
/// Where it is wrong, or a file that it names cannot be read.
pub fn parse(
    file: Option<&str>,
    text: &str,
    files: Files,
    env: &Environment,
    known: Known<'_>,
) -> Result<Config, ConfigError> {
    // A fork's change is not given the variables that hold addresses either; as nothing is asked, a name that leads nowhere will do.
    let unset = Ci::read(env).and_then(|ci| ci.fork).map(|_| "https://withheld.invalid");
    let document = Arc::new(Document::parse(file.unwrap_or("the environment"), text, env, unset)?);
    if document.value().is_null() {
        return Err(document.error(&[], "the file is empty", "`driftgate schema` describes what can stand in it"));
    }
    let root: Root = document.typed(&[], document.value().clone())?;
    if root.version != 1 {
        return Err(document.error(&keys(&["version"]), "this version is not known", "write version: 1"));
    }
    let mut settings = resolve::settings(&document, &root, &known)?;
    let sources = source::read(&document, root.sources, &known)?;
    settings.has_tickets = sources.iter().any(|source| known.role(&source.kind) == Some(Role::Tickets));
    settings.fields = sources.iter().map(|source| (source.name.clone(), source.fields())).collect();
    settings.has_catalog = sources.iter().any(|source| known.role(&source.kind) == Some(Role::Catalog));
    if let Some(path) = &root.people {
        let file = files.open(path).map_err(|error| {
            document.error(&keys(&["people"]), format!("{path} cannot be read: {error}"), "correct the path")
        })?;
        settings.people = people::read(path, file)?;
    }
    let fingerprint_key = match (root.fingerprints, &root.fingerprint_key_env) {
        (false, _) => None,
        (true, None) => {
            let next = "add `fingerprint_key_env:` with the name of the variable that holds the key";
            return Err(document.error(&keys(&["fingerprints"]), "fingerprints need a key", next));
        }
        (true, Some(name)) => match env.secret(name) {
            Some(secret) => Some(Arc::new(FingerprintKey::new(&secret))),
            None => {
                let message = format!("the environment variable {name} is not set");
                return Err(document.error(&keys(&["fingerprint_key_env"]), message, "set it to the key"));
            }
        },
    };
    let snapshot_key = match &root.snapshot_key_env {
        None => None,
        Some(name) => match env.secret(name) {
            Some(secret) => Some(secret.derive("snapshot")),
            None => {
                let message = format!("the environment variable {name} is not set");
                return Err(document.error(&keys(&["snapshot_key_env"]), message, "set it to the key"));
            }
        },
    };
    let file = file.map(str::to_owned);
    let notes = Vec::new();
    Ok(Config { file, files, sources, settings, fingerprint_key, snapshot_key, change: None, fork: None, notes })
}

/// What the change under the gate does to the configuration; none where the working tree's own is used.
fn changed(request: &Request<'_>, config: &Config, text: &str) -> Option<Change> {
    let Files::GitRef(trusted) = &config.files else { return None };
    let mut out = Change {
        base: trusted.commit.clone(),
        repository: trusted.repository.clone(),
        file: config.file.clone().unwrap_or_else(|| PLACES[0].to_owned()),
        loosened: Vec::new(),
        waivers: Vec::new(),
        reads: change::reads(text),
    };
    // Without a configuration there is none that could be loosened.
    let Some(file) = &config.file else { return Some(out) };
    let name = Path::new(file).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let files = Files::Tree(trusted.base.clone());
    let own = match read(&files, name, file) {
        Ok(Some(own)) => own,
        Ok(None) => {
            out.loosened.push("the configuration is removed".to_owned());
            return Some(out);
        }
        Err(error) => {
            out.loosened.push(format!("it cannot be read any more: {error}"));
            return Some(out);
        }
    };
    if own == text {
        return Some(out);
    }
    match parse(Some(file), &own, files, request.env, request.known) {
        Ok(head) => {
            let (base, head) = (&config.settings, &head.settings);
            let sides = (change::Side { text, settings: base }, change::Side { text: &own, settings: head });
            out.loosened = change::loosened(&sides.0, &sides.1, &request.known);
            out.waivers = change::waivers(base, head);
        }
        Err(error) => out.loosened.push(format!("it cannot be read any more: {error}")),
    }
    Some(out)
}

fn read(files: &Files, name: &str, shown: &str) -> Result<Option<String>, ConfigError> {
    let unreadable = |error: io::Error| {
        ConfigError::of_file(shown, format!("the configuration cannot be read: {error}"), "correct the file")
    };
    let reader = match files.open(name) {
        Ok(reader) => reader,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut bytes = Vec::new();
    reader.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(unreadable(io::Error::other("it is larger than 4 MiB")));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| unreadable(io::Error::other("it is no UTF-8 text")))
}

/// The configuration of a house that has none: the gate's own variables, and the systems that the environment speaks of.
fn from_environment(env: &Environment, known: &Known<'_>) -> String {
    // A connector can be left out of a build.
    let has = |kind: &str| known.role(kind).is_some();
    let mut text = String::from("version: 1\nsources:\n");
    if has("env") {
        text.push_str("  - kind: env\n");
    }
    if has("vault") && env.get("VAULT_ADDR").is_some() {
        text.push_str("  - {kind: vault, address: '${VAULT_ADDR}', token_env: VAULT_TOKEN}\n");
    }
    let in_gitlab = env.get("GITLAB_CI") == Some("true");
    if has("gitlab") && in_gitlab && ["GITLAB_TOKEN", "CI_JOB_TOKEN"].iter().any(|name| env.get(name).is_some()) {
        text.push_str("  - kind: gitlab\n");
    }
    let chain = [
        "AWS_ACCESS_KEY_ID",
        "AWS_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_ENDPOINT_URL",
    ];
    if has("aws") && chain.iter().any(|name| env.get(name).is_some()) {
        text.push_str("  - kind: aws\n");
    }
    let tokens = ["DRIFTGATE_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"];
    if has("github") && tokens.iter().any(|name| env.get(name).is_some()) {
        text.push_str("  - kind: github\n");
    }
    if text.ends_with("sources:\n") {
        text.push_str("  []\n");
    }
    text
}

/// The CI's variables name the repository, else the configuration, else the remote `origin`.
fn about_repository(settings: &mut Settings, ci: Option<&Ci>, root: &Path) {
    if let Some(ci) = ci {
        settings.provider = Some(ci.system);
        settings.change_authors = ci.authors.clone();
        if ci.repository.is_some() {
            settings.repository = ci.repository.clone();
            return;
        }
    }
    let origin = Repository::of(root).ok().and_then(|repository| repository.origin());
    if let Some((name, provider)) = origin.as_deref().and_then(ci::remote) {
        if settings.repository.is_none() {
            settings.repository = Some(name);
        }
        settings.provider = settings.provider.or(provider);
    }
}
