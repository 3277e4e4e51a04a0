//! What tickets can speak of: a slot or credential, taken apart into the words by which people tell it from its namesakes. Which
//! words of a ticket mean it is decided in `mention` and `choose`.

use crate::model::Id;
use crate::model::id::SubjectType;
use crate::model::inventory::{Credential, Inventory, Level, Slot};

/// A slot or credential with what tells it from others.
#[derive(Debug, Clone)]
pub(super) struct Entity {
    pub(super) id: Id,
    pub(super) slot: bool,
    /// `actions-secret`, `deploy-key`, `kv`, …
    pub(super) kind: String,
    pub(super) provider: String,
    /// Repository, project, organization or group, lower case: `acme/shop`, `acme`.
    pub(super) place: Option<String>,
    pub(super) environment: Option<String>,
    /// Cloud account, as digits.
    pub(super) account: Option<String>,
    pub(super) owner: Option<String>,
    /// What the id ends with, decoded: a name, a number, an accessor, an ARN, a path.
    pub(super) what: String,
    /// Display name and aliases as they are written.
    pub(super) names: Vec<String>,
    /// The highest level of its own grants, for roles: asking for a role is asking for what it allows.
    pub(super) level: Option<Level>,
}

impl Entity {
    pub(super) fn slot(slot: &Slot) -> Self {
        let mut entity = Self::of(&slot.id);
        entity.names = slot.name.iter().chain(&slot.aliases).cloned().collect();
        entity.environment = lower(slot.environment.as_deref()).or(entity.environment);
        entity.owner = lower(slot.owner.as_deref());
        entity
    }

    pub(super) fn credential(credential: &Credential) -> Self {
        let mut entity = Self::of(&credential.id);
        entity.names = credential.name.iter().chain(&credential.aliases).cloned().collect();
        entity.environment = lower(credential.environment.as_deref()).or(entity.environment);
        entity.owner = lower(credential.owner.as_deref());
        entity.account = entity.account.or_else(|| {
            let tenant = credential.tenant.as_deref()?;
            Some(tenant.strip_prefix("aws:")?.to_owned()).filter(|account| is_account(account))
        });
        if entity.kind == "role" {
            entity.level = credential.grants.iter().filter_map(|grant| grant.level).max();
        }
        entity
    }

    /// What an id says by itself.
    pub(super) fn of(id: &Id) -> Self {
        let rest = id.rest();
        let (mut place, mut environment, mut what) = (None, None, decoded(rest));
        let mut account = None;
        match (id.provider(), id.kind()) {
            ("aws", "secret" | "parameter" | "role") => {
                account = rest.split(':').nth(4).filter(|account| is_account(account)).map(str::to_owned);
            }
            ("github", _) | ("gitlab", _) => {
                if let Some((first, second)) = rest.split_once(':') {
                    let (first, env) = split_at_sign(first);
                    let (second, scope) = split_at_sign(second);
                    place = Some(decoded(first).to_lowercase());
                    environment = env.or(scope).map(|e| decoded(e).to_lowercase());
                    what = decoded(second);
                }
            }
            ("vault", "secret-id") => {
                if let Some((role, accessor)) = rest.split_once(':') {
                    place = Some(decoded(role).to_lowercase());
                    what = decoded(accessor);
                }
            }
            _ => {}
        }
        Self {
            id: id.clone(),
            slot: id.subject_type() == SubjectType::Slot,
            kind: id.kind().to_owned(),
            provider: id.provider().to_owned(),
            place,
            environment,
            account,
            owner: None,
            what,
            names: Vec::new(),
            level: None,
        }
    }

    /// A secret of one repository or project, not of the organization or group above.
    pub(super) fn of_repository(&self) -> bool {
        self.place.as_ref().is_some_and(|place| place.contains('/'))
    }

    /// Whether the number in the id is only unique within a place.
    pub(super) fn numbered(&self) -> bool {
        !self.slot && !self.what.is_empty() && self.what.len() <= 12 && self.what.bytes().all(|b| b.is_ascii_digit())
    }

    /// The nouns that people call this kind by: of several words, all.
    pub(super) fn nouns(&self) -> &'static [&'static str] {
        match self.kind.as_str() {
            "actions-secret" | "dependabot-secret" | "codespaces-secret" => &["secret", "variable", "token", "key"],
            "variable" => &["variable", "secret", "token", "key", "password"],
            "deploy-key" => &[
                "deploy key",
                "ssh key",
                "key",
                "deploy keys",
                "clé de déploiement",
                "clave de despliegue",
                "clé",
                "clave",
                "schlüssel",
            ],
            "pat" => &["personal access token", "fine-grained token", "pat", "token", "tokens", "jeton"],
            "app" => &["app", "installation", "integration"],
            "project-token" => &[
                "project access token",
                "project token",
                "access token",
                "token",
                "token de proyecto",
                "jeton de projet",
                "projekt token",
                "jeton",
            ],
            "group-token" => &[
                "group access token",
                "group token",
                "access token",
                "token",
                "token de grupo",
                "jeton de groupe",
                "gruppen token",
                "jeton",
            ],
            "personal-token" => &[
                "personal access token",
                "personal token",
                "pat",
                "access token",
                "token",
                "jeton personnel",
                "token personal",
                "jeton",
            ],
            "deploy-token" => &["deploy token", "token", "jeton de déploiement", "token de despliegue", "jeton"],
            "trigger" => &["trigger token", "pipeline trigger", "trigger", "déclencheur", "disparador"],
            "token" => &["token", "accessor", "jeton"],
            "secret-id" => &["secret-id", "secret id", "approle"],
            "access-key" => {
                &["access key", "key", "keys", "iam user", "user", "clé", "clave", "schlüssel", "zugriffsschlüssel"]
            }
            "role" => &["role", "iam role"],
            _ => &["secret", "key", "token", "credential", "parameter"],
        }
    }
}

/// All of an inventory.
pub(super) fn all(inventory: &Inventory) -> Vec<Entity> {
    let slots = inventory.slots.iter().map(Entity::slot);
    slots.chain(inventory.credentials.iter().map(Entity::credential)).collect()
}

pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn split_at_sign(text: &str) -> (&str, Option<&str>) {
    match text.split_once('@') {
        Some((place, environment)) => (place, Some(environment)),
        None => (text, None),
    }
}

fn lower(text: Option<&str>) -> Option<String> {
    text.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty())
}

/// Undoes the percent-encoding of an id's part.
fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_taken_apart() {
        let of = |id: &str| Entity::of(&Id::new(id));
        let secret = of("github:actions-secret:acme/shop@production:DEPLOY_KEY");
        assert_eq!((secret.place.as_deref(), secret.environment.as_deref()), (Some("acme/shop"), Some("production")));
        assert_eq!((secret.what.as_str(), secret.slot), ("DEPLOY_KEY", true));
        let variable = of("gitlab@eu:variable:acme/payments:KEY@prod/*");
        assert_eq!((variable.provider.as_str(), variable.environment.as_deref()), ("gitlab", Some("prod/*")));
        let token = of("gitlab:project-token:acme/payments:77");
        assert!(token.numbered() && !token.slot && token.of_repository());
        let arn = of("aws:secret:arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbC1dE");
        assert_eq!(arn.account.as_deref(), Some("123456789012"));
        assert!(arn.what.starts_with("arn:aws:"));
        assert_eq!(of("vault:secret-id:deploy:0-1").what, "0-1");
    }
}
