//! Ids of slots, credentials, references and tickets: `<provider>[@<authority>]:<kind>:<where>:<what>` (CONTRACT, Ids).
//! They are what waivers, the catalogue and scripts name, so they are stable, and never derived from a value.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An id, compared as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Id(String);

/// Whether an id denotes a place or the thing in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SubjectType {
    /// The thing that authenticates.
    Credential,
    /// The place that holds it.
    Slot,
    /// A place in a CI definition, `reference:<file>#<job>`.
    Reference,
    /// A ticket, `ticket:<id>`.
    Ticket,
}

/// Percent-encodes one part of an id: the separators, white space and control characters.
#[must_use]
pub fn part(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() || matches!(c, '%' | ':' | '@' | '#') {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

impl Id {
    /// Takes an id as it is written in an inventory, a catalogue or a waiver.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// `<provider>[@<authority>]:<kind>:<part>:<part>…`; the parts are taken as they are (encode them with [`part`]).
    #[must_use]
    pub fn build(provider: &str, authority: Option<&str>, kind: &str, parts: &[&str]) -> Self {
        let mut text = provider.to_owned();
        if let Some(authority) = authority {
            text.push('@');
            text.push_str(&part(authority));
        }
        text.push(':');
        text.push_str(kind);
        for p in parts {
            text.push(':');
            text.push_str(p);
        }
        Self(text)
    }

    /// An AWS access key, by its non-secret id.
    #[must_use]
    pub fn aws_access_key(authority: Option<&str>, key_id: &str) -> Self {
        Self::build("aws", authority, "access-key", &[&part(key_id)])
    }

    /// A Vault or OpenBao token, by its accessor.
    #[must_use]
    pub fn vault_token(authority: Option<&str>, accessor: &str) -> Self {
        Self::build("vault", authority, "token", &[&part(accessor)])
    }

    /// A GitHub secret: `place` is `owner/repo`, `owner/repo@environment` or `owner`, already joined; `family` is
    /// `actions-secret`, `dependabot-secret` or `codespaces-secret`.
    #[must_use]
    pub fn github_secret(
        authority: Option<&str>,
        family: &str,
        place: &str,
        environment: Option<&str>,
        name: &str,
    ) -> Self {
        let place = match environment {
            Some(env) => format!("{}@{}", part(place), part(env)),
            None => part(place),
        };
        Self::build("github", authority, family, &[&place, &part(&name.to_uppercase())])
    }

    /// A GitLab variable of a project or group; `scope` is its environment scope where that is not `*`.
    #[must_use]
    pub fn gitlab_variable(authority: Option<&str>, place: &str, name: &str, scope: Option<&str>) -> Self {
        let name = match scope {
            Some(scope) if scope != "*" => format!("{}@{}", part(name), part(scope)),
            _ => part(name),
        };
        Self::build("gitlab", authority, "variable", &[&part(place), &name])
    }

    /// A variable of the gate's own environment.
    #[must_use]
    pub fn env(name: &str) -> Self {
        Self(format!("env:{}", part(name)))
    }

    /// A job in a CI definition.
    #[must_use]
    pub fn reference(file: &str, job: Option<&str>) -> Self {
        Self(format!("reference:{}#{}", part(file), part(job.unwrap_or(""))))
    }

    /// A ticket.
    #[must_use]
    pub fn ticket(id: &str) -> Self {
        Self(format!("ticket:{id}"))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The provider, without an authority: `github` of `github@ghe:actions-secret:…`.
    #[must_use]
    pub fn provider(&self) -> &str {
        let head = self.0.split(':').next().unwrap_or_default();
        head.split('@').next().unwrap_or_default()
    }

    /// The authority: `ghe` of `github@ghe:actions-secret:…`.
    #[must_use]
    pub fn authority(&self) -> Option<&str> {
        self.0.split(':').next()?.split_once('@').map(|(_, authority)| authority)
    }

    /// The kind: `access-key` of `aws:access-key:AKIA…`; empty for `env:X`.
    #[must_use]
    pub fn kind(&self) -> &str {
        if self.0.starts_with("env:") {
            return "";
        }
        self.0.split(':').nth(1).unwrap_or_default()
    }

    /// What stands behind the kind, undecoded: `acme/shop:DEPLOY_KEY` of `github:actions-secret:acme/shop:DEPLOY_KEY`.
    #[must_use]
    pub fn rest(&self) -> &str {
        let skip = usize::from(!self.0.starts_with("env:")) + 1;
        self.0.splitn(skip + 1, ':').nth(skip).unwrap_or_default()
    }

    /// Whether it denotes a place, a thing, a reference or a ticket. Unknown kinds are credentials: the contract's list of slot
    /// kinds is closed, that of credential kinds is open (`<provider>:token:<name>`).
    #[must_use]
    pub fn subject_type(&self) -> SubjectType {
        match (self.provider(), self.kind()) {
            ("reference", _) => SubjectType::Reference,
            ("ticket", _) => SubjectType::Ticket,
            ("env", _)
            | ("github", "actions-secret" | "dependabot-secret" | "codespaces-secret")
            | ("gitlab", "variable")
            | ("vault", "kv")
            | ("aws", "secret" | "parameter")
            | ("gcp" | "azure", "secret") => SubjectType::Slot,
            _ => SubjectType::Credential,
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Id {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_kinds() {
        let id = Id::github_secret(None, "actions-secret", "acme/shop", Some("prod eu"), "deploy_key");
        assert_eq!(id.as_str(), "github:actions-secret:acme/shop@prod%20eu:DEPLOY_KEY");
        assert_eq!(id.provider(), "github");
        assert_eq!(id.kind(), "actions-secret");
        assert_eq!(id.rest(), "acme/shop@prod%20eu:DEPLOY_KEY");
        assert_eq!(id.subject_type(), SubjectType::Slot);
        assert_eq!(Id::gitlab_variable(None, "acme/shop", "K", Some("*")).as_str(), "gitlab:variable:acme/shop:K");
        assert_eq!(
            Id::gitlab_variable(None, "acme/shop", "K", Some("prod/*")).as_str(),
            "gitlab:variable:acme/shop:K@prod/*"
        );
        assert_eq!(Id::vault_token(Some("eu"), "a.b").as_str(), "vault@eu:token:a.b");
        assert_eq!(Id::vault_token(Some("eu"), "a.b").authority(), Some("eu"));
        assert_eq!(Id::env("A").rest(), "A");
        assert_eq!(Id::new("aws:role:arn:aws:iam::1:role/x").rest(), "arn:aws:iam::1:role/x");
    }
}
