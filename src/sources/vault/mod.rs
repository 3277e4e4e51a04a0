//! Vault and OpenBao, with an auditor's token: what the server records of tokens (by accessor) and of KV slots (metadata only, never
//! a value). Probing with a token at hand is `probe::vault`.

mod kv;

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::{Environment, Files};
use crate::model::Id;
use crate::model::inventory::{Credential, Gap, LivenessState};
use crate::model::report::SourceStatus;
use crate::net;
use crate::probe::observed;
use crate::probe::vault::{Failure, Place, Server, invalid_accessor, judge, strayed};

use super::env::same_server;
use super::{About, Batch, Source, Wanted, observe};

/// How the record is called in evidence.
const METHOD: &str = "vault lookup-accessor";

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
    /// The namespace. Default: `VAULT_NAMESPACE`.
    #[serde(default)]
    pub namespace: Option<String>,
    /// A PEM file with further roots. Default: `VAULT_CACERT`.
    #[serde(default)]
    pub ca_cert: Option<String>,
    /// Seconds that the whole source may take. Default: 30.
    #[serde(default)]
    pub timeout: Option<u64>,
}

/// The source.
pub struct VaultSource {
    about: About,
    settings: Settings,
    env: Arc<Environment>,
    place: Result<Place, String>,
}

impl VaultSource {
    /// The server as that auditor sees it.
    #[must_use]
    pub fn new(about: About, settings: Settings, env: Arc<Environment>, files: &Files) -> Self {
        let place = Self::place(&settings, &env, files);
        Self { about, settings, env, place }
    }

    /// The server that the settings, or else the environment, name.
    ///
    /// # Errors
    /// Where none is named, or its CA file cannot be read.
    pub fn place(settings: &Settings, env: &Environment, files: &Files) -> Result<Place, String> {
        let own = |text: &Option<String>, name: &str| {
            text.clone().filter(|text| !text.is_empty()).or_else(|| env.get(name).map(str::to_owned))
        };
        let address = own(&settings.address, "VAULT_ADDR").ok_or("no address: set `address` or VAULT_ADDR")?;
        let ca = match own(&settings.ca_cert, "VAULT_CACERT") {
            None => None,
            Some(path) => {
                let mut pem = Vec::new();
                let read = files.open(&path).and_then(|file| file.take(4 << 20).read_to_end(&mut pem));
                read.map_err(|error| format!("the CA file {path} cannot be read: {}", error.kind()))?;
                Some(pem)
            }
        };
        Ok(Place { address, namespace: own(&settings.namespace, "VAULT_NAMESPACE"), ca })
    }

    fn gap(&self, lacks: &str, scope: &str, reason: impl Into<String>) -> Gap {
        Gap { source: self.about.name.clone(), lacks: lacks.to_owned(), scope: scope.to_owned(), reason: reason.into() }
    }

    fn auditor(&self, place: &Place) -> Result<Server, String> {
        let name = self.settings.token_env.as_deref().unwrap_or("VAULT_TOKEN");
        let token = self
            .env
            .secret(name)
            .ok_or_else(|| format!("the variable {name}, which holds the auditor's token, is not set"))?;
        Server::new(place, &token, net::CALL)
    }

    async fn read(&self, want: &Wanted, tokens: &[Id], slots: &[Id], into: &mut Batch) {
        let server = match self.place.as_ref().map_err(Clone::clone).and_then(|place| self.auditor(place)) {
            Ok(server) => server,
            Err(reason) => {
                into.inventory.gaps.push(self.gap("liveness", "*", reason));
                return;
            }
        };
        into.account.requests += 1;
        let own = match vaultrs::token::lookup_self(server.client()).await {
            Ok(answer) => answer,
            Err(error) => {
                let reason = format!("the auditor's token is not let in: {}", Failure::from(error).reason());
                into.inventory.gaps.push(self.gap("liveness", "*", reason));
                return;
            }
        };
        into.account.asked_as = Some(own.display_name);
        for id in tokens {
            self.token(&server, id, want.tenants.get(id).map(String::as_str), &own.accessor, into).await;
        }
        kv::Slots { source: self, server: &server }.read(slots, want.now, into).await;
    }

    /// What the server records of one token.
    async fn token(&self, server: &Server, id: &Id, tenant: Option<&str>, auditor: &str, into: &mut Batch) {
        let accessor = percent_encoding::percent_decode_str(id.rest()).decode_utf8_lossy().into_owned();
        if accessor == auditor {
            let reason = "this is the auditor's own token: name another with `token_env`";
            into.inventory.gaps.push(self.gap("liveness", id.as_str(), reason));
            observe(into, id, observed(LivenessState::Unknown, METHOD, Some(reason)));
            return;
        }
        into.account.requests += 1;
        match vaultrs::token::lookup_accessor(server.client(), &accessor).await {
            Ok(answer) => {
                let mut credential = Credential {
                    name: Some(answer.display_name).filter(|name| !name.is_empty()),
                    tenant: self.place.as_ref().ok().and_then(Place::host).map(|host| format!("vault:{host}")),
                    expires_at: answer.expire_time.and_then(|at| at.parse().ok()),
                    created_at: i64::try_from(answer.creation_time).ok().and_then(|at| Timestamp::from_second(at).ok()),
                    ..Credential::bare(id.clone())
                };
                credential.observe(observed(LivenessState::Live, METHOD, None));
                into.inventory.credentials.push(credential);
                into.account.items += 1;
            }
            Err(error) => {
                let mut seen = judge(&Failure::from(error), METHOD, invalid_accessor);
                let doubt = match &self.place {
                    Ok(place) if !same_server(tenant, place, Some(&self.about.name)) => {
                        Some("another server issued the token")
                    }
                    Ok(place) if strayed(&accessor, place) => {
                        Some("the token is of a namespace, and none is configured")
                    }
                    _ => None,
                };
                if let (LivenessState::Dead, Some(doubt)) = (seen.state, doubt) {
                    seen = observed(LivenessState::Unknown, METHOD, Some(doubt));
                }
                if seen.state == LivenessState::Unknown {
                    let reason = seen.reason.clone().unwrap_or_default();
                    into.inventory.gaps.push(self.gap("liveness", id.as_str(), reason));
                }
                observe(into, id, seen);
            }
        }
    }
}

#[async_trait]
impl Source for VaultSource {
    fn about(&self) -> &About {
        &self.about
    }

    async fn collect(&self, want: &Wanted, into: &mut Batch) {
        let own = |id: &&Id| id.provider() == "vault" && id.authority() == self.about.authority.as_deref();
        let tokens: Vec<Id> = want.credentials.iter().filter(own).filter(|id| id.kind() == "token").cloned().collect();
        let slots: Vec<Id> = want.slots.iter().filter(own).filter(|id| id.kind() == "kv").cloned().collect();
        if tokens.is_empty() && slots.is_empty() {
            into.account.status = Some(SourceStatus::Skipped);
            into.account.notes.push("nothing of Vault was wanted".to_owned());
            return;
        }
        if want.offline {
            into.account.status = Some(SourceStatus::Skipped);
            for id in &tokens {
                observe(into, id, observed(LivenessState::NotChecked, "", Some("--offline")));
            }
            into.inventory.gaps.push(self.gap("liveness", "*", "--offline"));
            return;
        }
        let limit = Duration::from_secs(self.settings.timeout.unwrap_or(30));
        let mut batch = Batch::default();
        if tokio::time::timeout(limit, self.read(want, &tokens, &slots, &mut batch)).await.is_err() {
            batch.inventory.gaps.push(self.gap("liveness", "*", format!("not read within {} s", limit.as_secs())));
        }
        for id in &tokens {
            if !batch.inventory.credentials.iter().any(|credential| credential.id == *id) {
                observe(&mut batch, id, observed(LivenessState::Unknown, METHOD, Some("not read")));
            }
        }
        *into = batch;
    }
}
