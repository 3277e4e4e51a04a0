//! Lists of credentials to the model: project and group access tokens, deploy tokens, deploy keys, trigger tokens. A personal token
//! is `people`'s.

use gitlab::api::projects::access_tokens::ProjectAccessTokens;
use gitlab::api::projects::deploy_keys::DeployKeys;
use jiff::Timestamp;

use crate::model::Id;
use crate::model::id::part as encoded;
use crate::model::inventory::{Credential, Grant, Level, LivenessState, Status};
use crate::probe::observed;

use super::answers::{AccessToken, DeployKey, DeployToken, Trigger, time};
use super::endpoints::{Holder, Of};
use super::{Part, Place, Reader, levels};
use crate::sources::forge::gitlab::{Listed, Refusal};

/// The longest name that is kept; GitLab allows 255 characters.
const MOST_TEXT: usize = 255;

/// A list of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum List {
    ProjectTokens,
    GroupTokens,
    DeployTokens,
    DeployKeys,
    Triggers,
}

impl List {
    /// The lists of a project or group.
    pub(super) fn of(holder: Holder) -> &'static [Self] {
        match holder {
            Holder::Project => &[Self::ProjectTokens, Self::DeployTokens, Self::DeployKeys, Self::Triggers],
            Holder::Group => &[Self::GroupTokens, Self::DeployTokens],
        }
    }

    /// The list that an id's kind is of, and whose it can be.
    pub(super) fn of_kind(kind: &str) -> Option<(Self, &'static [Holder])> {
        Some(match kind {
            "project-token" => (Self::ProjectTokens, &[Holder::Project]),
            "group-token" => (Self::GroupTokens, &[Holder::Group]),
            "deploy-token" => (Self::DeployTokens, &[Holder::Project, Holder::Group]),
            "deploy-key" => (Self::DeployKeys, &[Holder::Project]),
            "trigger" => (Self::Triggers, &[Holder::Project]),
            _ => return None,
        })
    }

    /// The kind in ids and coverage.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::ProjectTokens => "project-token",
            Self::GroupTokens => "group-token",
            Self::DeployTokens => "deploy-token",
            Self::DeployKeys => "deploy-key",
            Self::Triggers => "trigger",
        }
    }

    /// How the record is called in evidence.
    pub(super) fn method(self) -> &'static str {
        match self {
            Self::ProjectTokens => "gitlab project access tokens",
            Self::GroupTokens => "gitlab group access tokens",
            Self::DeployTokens => "gitlab deploy tokens",
            Self::DeployKeys => "gitlab deploy keys",
            Self::Triggers => "gitlab trigger tokens",
        }
    }

    fn need(self, holder: Holder) -> &'static str {
        match (self, holder) {
            (Self::GroupTokens, _) => "the Owner role in the group, and the scope read_api",
            (_, Holder::Group) => "the Maintainer role in the group, and the scope read_api",
            _ => "the Maintainer role in the project, and the scope read_api",
        }
    }
}

/// What GitLab records of a token's standing.
pub(super) struct Standing {
    pub(super) revoked: Option<bool>,
    /// Its own judgement, where it gives one.
    pub(super) active: Option<bool>,
    pub(super) expired: Option<bool>,
    pub(super) expires_at: Option<Timestamp>,
}

impl Standing {
    /// Status and liveness. Its own word on what is active goes before our clock.
    pub(super) fn judge(&self, now: Timestamp) -> (Status, LivenessState, Option<&'static str>) {
        if self.revoked == Some(true) {
            return (Status::Revoked, LivenessState::Dead, Some("revoked"));
        }
        let past = self.expires_at.is_some_and(|at| at <= now);
        match (self.active, self.expired) {
            (Some(true), _) | (None, Some(false)) => (Status::Active, LivenessState::Live, None),
            (None, Some(true)) => (Status::Expired, LivenessState::Dead, Some("expired")),
            (Some(false), _) if past => (Status::Expired, LivenessState::Dead, Some("expired")),
            (Some(false), _) => (Status::Inactive, LivenessState::Dead, Some("inactive")),
            (None, None) if past => (Status::Expired, LivenessState::Dead, Some("expired")),
            (None, None) => (Status::Active, LivenessState::Live, None),
        }
    }

    pub(super) fn fill(&self, credential: &mut Credential, method: &str) {
        let (status, state, reason) = self.judge(Timestamp::now());
        credential.status = status;
        credential.expires_at = self.expires_at;
        credential.observe(observed(state, method, reason));
    }
}

/// Text of a server, of a bounded length; none where it is empty.
pub(super) fn text(text: Option<String>) -> Option<String> {
    let bounded: String = text?.chars().filter(|c| !c.is_control()).take(MOST_TEXT).collect();
    Some(bounded).filter(|text| !text.trim().is_empty())
}

impl Reader<'_> {
    /// Reads a list of a path that is one of these; what is not there under one is looked for under the next.
    pub(super) async fn credentials(&self, list: List, path: &str, holders: &[Holder], part: &mut Part) {
        let mut last = None;
        for holder in holders {
            let place = Place { holder: *holder, path: path.to_owned() };
            match self.read_list(list, &place, part).await {
                Ok(broken) => {
                    self.extent(part, list.kind(), path, broken.is_none());
                    if let Some(reason) = broken {
                        self.gap(part, "liveness", path, format!("its {}: {reason}", what(list)));
                    }
                    return;
                }
                Err(refusal) => {
                    let gone = refusal.status() == Some(404);
                    last = Some((*holder, refusal));
                    if !gone {
                        break;
                    }
                }
            }
        }
        let Some((holder, refusal)) = last else { return };
        self.extent(part, list.kind(), path, false);
        let reason = format!("its {}: {}", what(list), refusal.reason(list.need(holder)));
        self.gap(part, "liveness", path, reason);
    }

    async fn read_list(&self, list: List, place: &Place, part: &mut Part) -> Result<Option<String>, Refusal> {
        let path = place.path.as_str();
        match list {
            List::ProjectTokens => {
                let endpoint = ProjectAccessTokens::builder().project(path).build().map_err(|_| Refusal::Form)?;
                let listed = self.client.list::<AccessToken>(&endpoint).await?;
                Ok(self.take(listed, part, |token| self.access_token(list, path, token)))
            }
            List::GroupTokens => {
                let listed = self.client.list::<AccessToken>(&Of::group_tokens(path)).await?;
                Ok(self.take(listed, part, |token| self.access_token(list, path, token)))
            }
            List::DeployTokens => {
                let listed = self.client.list::<DeployToken>(&Of::deploy_tokens(place.holder, path)).await?;
                Ok(self.take(listed, part, |token| self.deploy_token(path, token)))
            }
            List::DeployKeys => {
                let endpoint = DeployKeys::builder().project(path).build().map_err(|_| Refusal::Form)?;
                let listed = self.client.list::<DeployKey>(&endpoint).await?;
                Ok(self.take(listed, part, |key| self.deploy_key(path, key)))
            }
            List::Triggers => {
                let listed = self.client.list::<Trigger>(&Of::triggers(path)).await?;
                Ok(self.take(listed, part, |trigger| self.trigger(path, trigger)))
            }
        }
    }

    fn take<T>(&self, listed: Listed<T>, part: &mut Part, make: impl Fn(T) -> Credential) -> Option<String> {
        part.inventory.credentials.extend(listed.items.into_iter().map(make));
        listed.broken
    }

    /// A credential of a place, with one grant there.
    fn credential(&self, list: List, path: &str, id: u64, level: Option<Level>, native: String) -> Credential {
        let authority = self.source.about.authority.as_deref();
        let id = Id::build("gitlab", authority, list.kind(), &[&encoded(path), &id.to_string()]);
        Credential {
            tenant: Some(self.client.tenant().to_owned()),
            grants: vec![self.grant(path, level, native)],
            ..Credential::bare(id)
        }
    }

    pub(super) fn grant(&self, resource: &str, level: Option<Level>, native: String) -> Grant {
        Grant {
            holder: None,
            resource: Some(resource.to_owned()),
            level,
            native: text(Some(native)),
            tenant: Some(self.client.tenant().to_owned()),
            environment: None,
            until: None,
        }
    }

    fn access_token(&self, list: List, path: &str, token: AccessToken) -> Credential {
        let (level, native) = levels::level(&token.scopes, token.access_level);
        let mut credential = self.credential(list, path, token.id, level, native);
        describe(&mut credential, token, list.method());
        credential
    }

    fn deploy_token(&self, path: &str, token: DeployToken) -> Credential {
        let (level, native) = levels::level(&token.scopes, None);
        let mut credential = self.credential(List::DeployTokens, path, token.id, level, native);
        credential.name = text(token.name);
        credential.aliases.extend(text(token.username));
        let standing = Standing {
            revoked: token.revoked,
            active: None,
            expired: token.expired,
            expires_at: time(token.expires_at.as_deref()),
        };
        standing.fill(&mut credential, List::DeployTokens.method());
        until(&mut credential);
        credential
    }

    fn deploy_key(&self, path: &str, key: DeployKey) -> Credential {
        let (level, native) = match key.can_push {
            Some(true) => (Some(Level::Write), "can_push"),
            Some(false) => (Some(Level::Read), "read-only"),
            None => (None, "deploy key"),
        };
        let mut credential = self.credential(List::DeployKeys, path, key.id, level, native.to_owned());
        credential.name = text(key.title);
        credential.aliases.extend(text(key.fingerprint_sha256).into_iter().chain(text(key.fingerprint)));
        credential.created_at = time(key.created_at.as_deref());
        credential.last_used_at = time(key.last_used_at.as_deref());
        let expires_at = time(key.expires_at.as_deref());
        let standing = Standing { revoked: None, active: None, expired: None, expires_at };
        standing.fill(&mut credential, List::DeployKeys.method());
        until(&mut credential);
        credential
    }

    fn trigger(&self, path: &str, trigger: Trigger) -> Credential {
        let native = "runs pipelines as its owner".to_owned();
        let mut credential = self.credential(List::Triggers, path, trigger.id, Some(Level::Write), native);
        credential.name = text(trigger.description);
        credential.owner = trigger.owner.and_then(|owner| text(Some(owner.username)));
        credential.created_at = time(trigger.created_at.as_deref());
        credential.last_used_at = time(trigger.last_used.as_deref());
        let expires_at = time(trigger.expires_at.as_deref());
        let standing = Standing { revoked: None, active: None, expired: None, expires_at };
        standing.fill(&mut credential, List::Triggers.method());
        until(&mut credential);
        credential
    }
}

/// Fills what all access tokens have.
pub(super) fn describe(credential: &mut Credential, token: AccessToken, method: &str) {
    credential.name = text(token.name);
    credential.created_at = time(token.created_at.as_deref());
    credential.last_used_at = time(token.last_used_at.as_deref());
    let standing = Standing {
        revoked: token.revoked,
        active: token.active,
        expired: None,
        expires_at: time(token.expires_at.as_deref()),
    };
    standing.fill(credential, method);
    until(credential);
}

/// What a credential allows ends with it.
fn until(credential: &mut Credential) {
    for grant in &mut credential.grants {
        grant.until = credential.expires_at;
    }
}

/// A list in words.
fn what(list: List) -> &'static str {
    list.method().trim_start_matches("gitlab ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standings() {
        let now: Timestamp = "2026-05-01T12:00:00Z".parse().unwrap();
        let of = |revoked, active, expired, expires: Option<&str>| {
            let expires_at = time(expires);
            Standing { revoked, active, expired, expires_at }.judge(now).0
        };
        assert_eq!(of(Some(false), Some(true), None, Some("2027-01-01")), Status::Active);
        assert_eq!(of(Some(true), Some(false), None, Some("2027-01-01")), Status::Revoked);
        assert_eq!(of(Some(true), Some(true), None, None), Status::Revoked);
        assert_eq!(of(Some(false), Some(false), None, Some("2026-05-01")), Status::Expired);
        assert_eq!(of(Some(false), Some(false), None, Some("2027-01-01")), Status::Inactive);
        // The server's clock is the one that counts.
        assert_eq!(of(Some(false), Some(true), None, Some("2026-05-01")), Status::Active);
        assert_eq!(of(Some(false), None, Some(true), None), Status::Expired);
        assert_eq!(of(Some(false), None, Some(false), None), Status::Active);
        assert_eq!(of(None, None, None, Some("2026-04-01")), Status::Expired);
        assert_eq!(of(None, None, None, None), Status::Active);
    }

    #[test]
    fn texts_are_bounded() {
        assert_eq!(text(Some("a\u{1b}[31mb\n".into())).as_deref(), Some("a[31mb"));
        assert_eq!(text(Some("x".repeat(10_000))).map(|text| text.len()), Some(MOST_TEXT));
        assert_eq!(text(Some("  ".into())), None);
    }
}
