//! What the user says of a Vault or OpenBao: where it is, who asks, and what is read.

use std::io::Read;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::{Environment, Files};
use crate::probe::vault::Place;

/// Settings of `kind: vault`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The server: `https://vault.example.com:8200`. Default: `VAULT_ADDR`.
    #[serde(default)]
    pub address: Option<String>,
    /// The variable that holds the auditor's token. Default: `VAULT_TOKEN`.
    #[serde(default)]
    pub token_env: Option<String>,
    /// The namespace that the auditor logs in to, and that is read. Default: `VAULT_NAMESPACE`.
    #[serde(default)]
    pub namespace: Option<String>,
    /// The namespaces that are read, each as its own, where they are not just the auditor's: `[team-a, team-b/ci]`.
    #[serde(default)]
    pub namespaces: Vec<String>,
    /// The KV mounts that are read. Default: all that the auditor is shown.
    #[serde(default)]
    pub mounts: Vec<String>,
    /// A PEM file with further roots. Default: `VAULT_CACERT`.
    #[serde(default)]
    pub ca_cert: Option<String>,
    /// Seconds that one reading of the source may take, waits for rate limits apart. Default: 30; a scan has no limit, but each call has.
    #[serde(default)]
    pub timeout: Option<u64>,
    /// How the auditor proves who it is. Default: by the token in `token_env`.
    #[serde(default)]
    pub auth: Option<Auth>,
}

/// How the auditor proves who it is.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// The method. Default: token.
    #[serde(default)]
    pub method: Method,
    /// Where the method is mounted. Default: its name.
    #[serde(default)]
    pub mount: Option<String>,
    /// The role to log in as, for jwt (its default role where this is absent) and kubernetes.
    #[serde(default)]
    pub role: Option<String>,
    /// For approle: the variable that holds the role id. Default: `VAULT_ROLE_ID`.
    #[serde(default)]
    pub role_id_env: Option<String>,
    /// For approle: the variable that holds the secret id. Default: `VAULT_SECRET_ID`.
    #[serde(default)]
    pub secret_id_env: Option<String>,
    /// For jwt: the variable that holds the identity token, as GitLab's `id_tokens:` names it. Default: GitHub's own is fetched, from
    /// where the CI's variables say.
    #[serde(default)]
    pub jwt_env: Option<String>,
    /// For jwt with GitHub: the audience to ask for. Default: GitHub's.
    #[serde(default)]
    pub audience: Option<String>,
    /// For kubernetes: the service account's token. Default: `/var/run/secrets/kubernetes.io/serviceaccount/token`.
    #[serde(default)]
    pub jwt_file: Option<String>,
}

/// A method of authentication.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// A token at hand.
    #[default]
    Token,
    /// AppRole: a role id and a secret id.
    Approle,
    /// The CI's identity token.
    Jwt,
    /// A pod's service account.
    Kubernetes,
}

impl Method {
    /// The name of its default mount.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Approle => "approle",
            Self::Jwt => "jwt",
            Self::Kubernetes => "kubernetes",
        }
    }
}

/// What is wrong in settings: the setting, the message, the next step.
pub type Wrong = (&'static str, String, &'static str);

impl Settings {
    /// Whether the settings fit each other.
    ///
    /// # Errors
    /// The first that does not.
    pub fn check(&self) -> Result<(), Wrong> {
        for namespace in self.namespaces.iter().chain(&self.namespace) {
            if !is_path(namespace) {
                return Err((
                    "namespaces",
                    format!("`{namespace}` is no namespace"),
                    "write a path: `team-a` or `team-b/ci`",
                ));
            }
        }
        for mount in &self.mounts {
            if !is_path(mount) {
                return Err(("mounts", format!("`{mount}` is no mount"), "write the mount's path: `secret`"));
            }
        }
        let Some(auth) = &self.auth else { return Ok(()) };
        let method = auth.method;
        if auth.mount.as_deref().is_some_and(|mount| !is_path(mount)) {
            return Err(("auth", "`mount` is no path".to_owned(), "write where the method is mounted: `approle`"));
        }
        if method != Method::Token && self.token_env.is_some() {
            let message = format!("`token_env` belongs to the method token, and `auth` says {}", method.name());
            return Err(("token_env", message, "keep one of the two"));
        }
        if method == Method::Kubernetes && auth.role.as_deref().is_none_or(str::is_empty) {
            return Err(("auth", "kubernetes needs a `role`".to_owned(), "name the role to log in as"));
        }
        let foreign = [
            (auth.role_id_env.is_some(), "role_id_env", Method::Approle),
            (auth.secret_id_env.is_some(), "secret_id_env", Method::Approle),
            (auth.jwt_env.is_some(), "jwt_env", Method::Jwt),
            (auth.audience.is_some(), "audience", Method::Jwt),
            (auth.jwt_file.is_some(), "jwt_file", Method::Kubernetes),
        ];
        match foreign.into_iter().find(|(set, _, of)| *set && *of != method) {
            Some((_, setting, of)) => {
                let message = format!("`{setting}` belongs to the method {}, not to {}", of.name(), method.name());
                Err(("auth", message, "write the `method:` that is meant"))
            }
            None => Ok(()),
        }
    }
}

fn is_path(text: &str) -> bool {
    let text = text.trim_matches('/');
    !text.is_empty()
        && text.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && text.bytes().all(|b| b.is_ascii_graphic())
}

fn own(text: &Option<String>, env: &Environment, name: &str) -> Option<String> {
    text.clone().filter(|text| !text.is_empty()).or_else(|| env.get(name).map(str::to_owned))
}

/// The server's address, as the settings or else the environment say.
#[must_use]
pub fn address(settings: &Settings, env: &Environment) -> Option<String> {
    own(&settings.address, env, "VAULT_ADDR")
}

/// The namespaces that ids of this source carry.
#[must_use]
pub fn namespaces(settings: &Settings, env: &Environment) -> Vec<String> {
    if settings.namespaces.is_empty() {
        own(&settings.namespace, env, "VAULT_NAMESPACE").into_iter().collect()
    } else {
        settings.namespaces.clone()
    }
}

/// The server that the settings, or else the environment, name.
///
/// # Errors
/// Where none is named, or its CA file cannot be read.
pub(super) fn place(settings: &Settings, env: &Environment, files: &Files) -> Result<Place, String> {
    let address = address(settings, env).ok_or("no address: set `address` or VAULT_ADDR")?;
    let ca = match own(&settings.ca_cert, env, "VAULT_CACERT") {
        None => None,
        Some(path) => {
            let mut pem = Vec::new();
            let read = files.open(&path).and_then(|file| file.take(4 << 20).read_to_end(&mut pem));
            read.map_err(|error| format!("the CA file {path} cannot be read: {}", error.kind()))?;
            Some(pem)
        }
    };
    Ok(Place { address, namespace: own(&settings.namespace, env, "VAULT_NAMESPACE"), ca })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(json: serde_json::Value) -> Option<&'static str> {
        let settings: Settings = serde_json::from_value(json).unwrap();
        settings.check().err().map(|(setting, _, _)| setting)
    }

    #[test]
    fn settings_that_contradict_each_other() {
        use serde_json::json;
        assert_eq!(wrong(json!({"auth": {"method": "approle", "role_id_env": "A"}, "namespaces": ["a", "b/c"]})), None);
        assert_eq!(wrong(json!({"auth": {"method": "kubernetes", "role": "ci", "jwt_file": "/t"}})), None);
        assert_eq!(wrong(json!({"auth": {"method": "kubernetes"}})), Some("auth"));
        assert_eq!(wrong(json!({"auth": {"method": "jwt", "secret_id_env": "X"}})), Some("auth"));
        assert_eq!(wrong(json!({"auth": {"method": "jwt"}, "token_env": "X"})), Some("token_env"));
        assert_eq!(wrong(json!({"auth": {"method": "jwt", "mount": "../sys"}})), Some("auth"));
        assert_eq!(wrong(json!({"namespaces": ["a//b"]})), Some("namespaces"));
        assert_eq!(wrong(json!({"mounts": [""]})), Some("mounts"));
    }
}
