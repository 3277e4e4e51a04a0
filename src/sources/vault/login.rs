//! The auditor's session: its token, by whichever method, and the namespaces that are read with it.

use std::io::Read;
use std::sync::Arc;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde::Deserialize;
use tokio::sync::OnceCell;
use vaultrs::api::AuthInfo;
use vaultrs::api::auth::approle::requests::LoginWithApproleRequest;
use vaultrs::api::auth::kubernetes::requests::LoginWithKubernetesRequest;
use vaultrs::api::auth::oidc::requests::JWTLoginRequest;

use crate::net::api::{Api, Limits};
use crate::probe::vault::{Failure, Server};
use crate::secret::Secret;

use super::VaultSource;
use super::grants::Policies;
use super::mounts::Mounts;
use super::settings::{Auth, Method};

/// Where a pod finds its service account's token (Kubernetes, "Configure Service Accounts for Pods").
const POD_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// What the auditor reads with.
pub(super) struct Session {
    /// The namespaces that are read, each as its own.
    pub(super) spots: Vec<Spot>,
    /// Seen from the namespace that the auditor logged in to.
    pub(super) home: Server,
    /// The auditor's own accessor and name, where the login told them.
    pub(super) told: Option<(String, String)>,
}

/// One namespace.
pub(super) struct Spot {
    pub(super) namespace: Option<String>,
    pub(super) server: Server,
    pub(super) mounts: OnceCell<Result<Mounts, Failure>>,
    pub(super) policies: Policies,
}

impl Spot {
    /// A path below this namespace, as ids and places write it.
    pub(super) fn place(&self, path: &str) -> String {
        match self.namespace.as_deref().map(|namespace| namespace.trim_matches('/')) {
            Some(namespace) if path.is_empty() => namespace.to_owned(),
            Some(namespace) => format!("{namespace}/{path}"),
            None => path.to_owned(),
        }
    }
}

impl VaultSource {
    /// Logs in, once a run.
    pub(super) async fn session(&self) -> Result<Arc<Session>, String> {
        self.session.get_or_init(|| async { self.begin().await.map(Arc::new) }).await.clone()
    }

    async fn begin(&self) -> Result<Session, String> {
        let place = self.place.as_ref().map_err(Clone::clone)?;
        let limits = Limits { max_wait: self.max_wait, ..Limits::default() };
        let server = Server::guarded(place, limits)?;
        if let Some(meter) = server.meter() {
            let _ = self.meter.set(meter);
        }
        let auth = self.settings.auth.clone().unwrap_or_default();
        let (token, told) = match auth.method {
            Method::Token => {
                let name = self.settings.token_env.as_deref().unwrap_or("VAULT_TOKEN");
                // Of several servers the usual variable's token is that of the usual variable's address.
                let named = self.settings.address.as_deref().filter(|address| !address.is_empty());
                let other = named.is_some() && named != self.env.get("VAULT_ADDR");
                if self.settings.token_env.is_none() && self.about.authority.is_some() && other {
                    return Err(
                        "there are several Vaults: name the variable of this one's token with `token_env`".to_owned()
                    );
                }
                (self.variable(name, "the auditor's token")?, None)
            }
            _ => {
                let info = self.login(&server, &auth).await?;
                let told = (info.accessor, auth.role.unwrap_or_else(|| auth.method.name().to_owned()));
                (Secret::new(info.client_token), Some(told))
            }
        };
        let home = server.with_token(&token)?;
        let namespaces = super::settings::namespaces(&self.settings, &self.env);
        let namespaces: Vec<Option<String>> =
            if namespaces.is_empty() { vec![None] } else { namespaces.into_iter().map(Some).collect() };
        let mut spots = Vec::new();
        for namespace in namespaces {
            let namespace = namespace.map(|namespace| namespace.trim_matches('/').to_owned());
            let server = home.within(namespace.as_deref())?;
            spots.push(Spot { namespace, server, mounts: OnceCell::new(), policies: Policies::default() });
        }
        Ok(Session { spots, home, told })
    }

    fn variable(&self, name: &str, what: &str) -> Result<Secret, String> {
        self.env.secret(name).ok_or_else(|| format!("the variable {name}, which holds {what}, is not set"))
    }

    async fn login(&self, server: &Server, auth: &Auth) -> Result<AuthInfo, String> {
        let mount = auth.mount.as_deref().unwrap_or(auth.method.name()).trim_matches('/').to_owned();
        let answer = match auth.method {
            Method::Approle => {
                let role = auth.role_id_env.as_deref().unwrap_or("VAULT_ROLE_ID");
                let secret = auth.secret_id_env.as_deref().unwrap_or("VAULT_SECRET_ID");
                let role_id = self.variable(role, "the auditor's role id")?.expose().trim().to_owned();
                let secret_id = self.variable(secret, "the auditor's secret id")?.expose().trim().to_owned();
                server.login(LoginWithApproleRequest { mount, role_id, secret_id }).await
            }
            Method::Kubernetes => {
                let jwt = self.pod_token(auth)?.expose().trim().to_owned();
                let role = auth.role.clone().unwrap_or_default();
                server.login(LoginWithKubernetesRequest { mount, role, jwt }).await
            }
            Method::Jwt | Method::Token => {
                let jwt = match &auth.jwt_env {
                    Some(name) => self.variable(name, "the identity token")?,
                    None => self.identity_of_github(auth.audience.as_deref()).await?,
                };
                let jwt = jwt.expose().trim().to_owned();
                server.login(JWTLoginRequest { mount, jwt, role: auth.role.clone() }).await
            }
        };
        answer.map_err(|failure| format!("the login by {} is refused: {}", auth.method.name(), failure.reason()))
    }

    fn pod_token(&self, auth: &Auth) -> Result<Secret, String> {
        let path = auth.jwt_file.as_deref().unwrap_or(POD_TOKEN);
        let mut token = String::new();
        let read = self.files.open(path).and_then(|file| file.take(64 * 1024).read_to_string(&mut token));
        read.map_err(|error| format!("the service account's token {path} cannot be read: {}", error.kind()))?;
        Ok(Secret::new(token))
    }

    /// GitHub's identity token for this job ("OpenID Connect reference", "Methods for requesting the OIDC token"). The request's own
    /// token goes to the URL that the CI gives with it, and nowhere else.
    async fn identity_of_github(&self, audience: Option<&str>) -> Result<Secret, String> {
        #[derive(Deserialize)]
        struct Identity {
            value: String,
        }
        const URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
        const TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
        let missing = || {
            "there is no identity token: set `jwt_env`, or let the job have the permission `id-token: write`".to_owned()
        };
        let (Some(url), Some(token)) = (self.env.get(URL), self.env.secret(TOKEN)) else { return Err(missing()) };
        let mut url = url::Url::parse(url).map_err(|_| format!("{URL} is no URL"))?;
        if let Some(audience) = audience {
            url.query_pairs_mut().append_pair("audience", audience);
        }
        let limits =
            Limits { at_once: 1, most_bytes: crate::net::MOST_BYTES, max_wait: self.max_wait, ..Limits::default() };
        let api = Api::new(&url.origin().ascii_serialization(), None, limits, None)?;
        let mut headers = HeaderMap::new();
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose().trim()))
            .map_err(|_| format!("{TOKEN} has characters that no token has"))?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        self.aside.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let answer =
            api.get(url.as_str(), headers).await.map_err(|reason| format!("GitHub's identity token: {reason}"))?;
        if !answer.status.is_success() {
            return Err(format!("GitHub's identity token: HTTP {}", answer.status.as_u16()));
        }
        let identity: Identity = serde_json::from_slice(&answer.body)
            .map_err(|_| "GitHub's identity token: the answer is not the documented one".to_owned())?;
        Ok(Secret::new(identity.value))
    }
}
