//! `secrets:` and `id_tokens:` entries: which outer store, and what is read there
//! (<https://docs.gitlab.com/ci/yaml/#secrets>).

use super::config::{Config, View};
use crate::model::reference::Kind;

/// What an entry reaches.
pub(super) struct Store {
    pub(super) kind: Kind,
    /// Path or name in the store; the key's name where it cannot be read.
    pub(super) name: String,
    /// Server, engine, region, project, as written.
    pub(super) store: Option<String>,
}

/// Reads one entry of `secrets:`. `server` is the value of a variable such as `VAULT_SERVER_URL`, where the files tell it.
pub(super) fn secret<'t>(
    config: &Config<'t>,
    key: &str,
    value: &View<'t>,
    server: &dyn Fn(&str) -> Option<String>,
) -> Store {
    let text = |keys: &[&str]| {
        let found = config.path(value, keys)?;
        let layer = found.first()?;
        found.str().map(|text| config.interpolated(layer.file, text))
    };
    let name_of = |provider: &str| text(&[provider, "name"]).or_else(|| text(&[provider]));
    if config.get(value, "vault").is_some() {
        return Store {
            kind: Kind::Vault,
            name: vault(&text).unwrap_or_else(|| key.to_owned()),
            store: server("VAULT_SERVER_URL"),
        };
    }
    if config.get(value, "aws_secrets_manager").is_some() {
        let id = text(&["aws_secrets_manager", "secret_id"]);
        let name = match (id, text(&["aws_secrets_manager", "field"])) {
            (Some(id), _) => Some(id),
            (None, _) => {
                text(&["aws_secrets_manager"]).map(|short| short.split('#').next().unwrap_or_default().to_owned())
            }
        };
        let region = text(&["aws_secrets_manager", "region"]);
        let store = region.map_or_else(|| "secretsmanager".to_owned(), |region| format!("secretsmanager {region}"));
        return Store { kind: Kind::AwsSecret, name: name.unwrap_or_else(|| key.to_owned()), store: Some(store) };
    }
    if config.get(value, "gcp_secret_manager").is_some() {
        let name = name_of("gcp_secret_manager").unwrap_or_else(|| key.to_owned());
        return Store { kind: Kind::GcpSecret, name, store: server("GCP_PROJECT_NUMBER") };
    }
    if config.get(value, "azure_key_vault").is_some() {
        let name = name_of("azure_key_vault").unwrap_or_else(|| key.to_owned());
        return Store { kind: Kind::AzureSecret, name, store: server("AZURE_KEY_VAULT_SERVER_URL") };
    }
    // Stores without a kind of their own: their paths read like Vault's, and the store says which it is.
    for provider in ["akeyless", "gitlab_secrets_manager"] {
        if config.get(value, provider).is_some() {
            let name = name_of(provider).unwrap_or_else(|| key.to_owned());
            return Store { kind: Kind::Vault, name, store: Some(provider.to_owned()) };
        }
    }
    Store { kind: Kind::Vault, name: key.to_owned(), store: None }
}

/// `path/field@engine`, or its parts; as `engine/path#field`. GitLab's default engine is mounted at `kv-v2`.
fn vault(text: &dyn Fn(&[&str]) -> Option<String>) -> Option<String> {
    if let Some(short) = text(&["vault"]) {
        let (path, engine) = short.rsplit_once('@').unwrap_or((&short, "kv-v2"));
        let (path, field) = path.rsplit_once('/')?;
        return Some(format!("{}/{}#{field}", engine.trim_matches('/'), path.trim_matches('/')));
    }
    let path = text(&["vault", "path"])?;
    let engine =
        text(&["vault", "engine", "path"]).or_else(|| text(&["vault", "engine"])).unwrap_or_else(|| "kv-v2".to_owned());
    let field = text(&["vault", "field"]).map_or_else(String::new, |field| format!("#{field}"));
    Some(format!("{}/{}{field}", engine.trim_matches('/'), path.trim_matches('/')))
}

/// The audiences of an `id_tokens:` entry.
pub(super) fn audience<'t>(config: &Config<'t>, value: &View<'t>) -> Option<String> {
    let found = config.get(value, "aud")?;
    let all: Vec<_> = config.items(&found).iter().filter_map(|layer| layer.node.str()).take(10).collect();
    (!all.is_empty()).then(|| all.join(" "))
}
