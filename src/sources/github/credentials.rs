//! GitHub's credentials in our words: deploy keys, fine-grained tokens, Apps, credentials with single sign-on.

use std::collections::BTreeMap;

use crate::model::Id;
use crate::model::id::part as encoded;
use crate::model::inventory::{Credential, Grant, Level, LivenessState, Status};
use crate::probe::observed;

use super::Reader;
use super::lists::Part;
use super::models::{
    DeployKey, Installation, Repository, SsoCredential, TokenGrant, fingerprint, level, scopes_level, time, words,
};
use super::tasks::{APPS, KEYS, SSO, TOKENS, owner, segment};
use crate::sources::forge::github::{Form, clip};

impl Reader<'_> {
    fn tenant(org: &str) -> Option<String> {
        Some(format!("github:{org}"))
    }

    pub(super) fn deploy_key(&self, repository: &str, key: &DeployKey) -> Credential {
        let enabled = key.enabled.unwrap_or(true);
        let (level, native) = if key.read_only { (Level::Read, "read_only") } else { (Level::Write, "read and write") };
        let mut out = Credential {
            name: key.title.as_deref().map(clip),
            aliases: fingerprint(&key.key).into_iter().collect(),
            owner: key.added_by.as_deref().map(clip),
            tenant: Self::tenant(owner(repository)),
            status: if enabled { Status::Active } else { Status::Inactive },
            created_at: time(&key.created_at),
            last_used_at: time(&key.last_used),
            grants: vec![grant(Some(repository.to_owned()), level, native, owner(repository))],
            ..Credential::bare(self.id("deploy-key", &[&encoded(repository), &key.id.to_string()]))
        };
        out.observe(match enabled {
            true => observed(LivenessState::Live, KEYS, None),
            false => observed(LivenessState::Dead, KEYS, Some("disabled")),
        });
        out
    }

    pub(super) fn token(&self, org: &str, token: &TokenGrant) -> Credential {
        let none = BTreeMap::new();
        let of = |kind: &str| token.permissions.get(kind).unwrap_or(&none);
        let mut grants = Vec::new();
        let repositories = of("repository");
        if !repositories.is_empty() {
            let selection = token.repository_selection.as_deref();
            let resource = (selection == Some("all")).then(|| format!("{org}/*"));
            grants.push(grant(resource, level(repositories), &words(repositories), org));
        }
        let organization = of("organization");
        if !organization.is_empty() {
            grants.push(grant(Some(org.to_owned()), level(organization), &words(organization), org));
        }
        let mut out = Credential {
            name: token.token_name.as_deref().map(clip),
            owner: token.owner.as_ref().and_then(|owner| owner.login.as_deref()).map(clip),
            tenant: Self::tenant(org),
            status: if token.token_expired { Status::Expired } else { Status::Active },
            created_at: time(&token.access_granted_at),
            last_used_at: time(&token.token_last_used_at),
            expires_at: time(&token.token_expires_at),
            grants,
            ..Credential::bare(self.id("pat", &[&encoded(org), &token.id.to_string()]))
        };
        out.observe(match token.token_expired {
            false => observed(LivenessState::Live, TOKENS, None),
            true => observed(LivenessState::Dead, TOKENS, Some("expired")),
        });
        out
    }

    pub(super) fn app(&self, org: &str, app: &Installation) -> Credential {
        let all = app.repository_selection.as_deref() == Some("all");
        let resource = all.then(|| format!("{org}/*"));
        let suspended = app.suspended_at.is_some();
        let mut out = Credential {
            name: app.app_slug.as_deref().map(clip),
            tenant: Self::tenant(org),
            status: if suspended { Status::Inactive } else { Status::Active },
            created_at: time(&app.created_at),
            grants: vec![grant(resource, level(&app.permissions), &words(&app.permissions), org)],
            ..Credential::bare(self.id("app", &[&encoded(org), &app.id.to_string()]))
        };
        out.observe(match suspended {
            false => observed(LivenessState::Live, APPS, None),
            true => observed(LivenessState::Dead, APPS, Some("suspended")),
        });
        out
    }

    pub(super) fn sso(&self, org: &str, one: &SsoCredential) -> Credential {
        let scopes = one.scopes.clone().unwrap_or_default();
        let expires = time(&one.authorized_credential_expires_at);
        let expired = expires.is_some_and(|at| at <= self.want.now);
        let kind = one.credential_type.as_deref().map(clip);
        let title = one.authorized_credential_note.as_deref().or(one.authorized_credential_title.as_deref());
        let native = if scopes.is_empty() { kind.clone() } else { Some(clip(&scopes.join(", "))) };
        let mut out = Credential {
            name: title.map(clip).filter(|title| !title.is_empty()).or(kind),
            aliases: one.fingerprint.as_deref().map(clip).into_iter().collect(),
            owner: one.login.as_deref().map(clip),
            tenant: Self::tenant(org),
            status: if expired { Status::Expired } else { Status::Active },
            created_at: time(&one.credential_authorized_at),
            last_used_at: time(&one.credential_accessed_at),
            expires_at: expires,
            grants: vec![Grant { level: scopes_level(&scopes), native, ..grant(None, Level::None, "", org) }],
            ..Credential::bare(self.id("sso-token", &[&encoded(org), &one.credential_id.to_string()]))
        };
        out.observe(match expired {
            false => observed(LivenessState::Live, SSO, None),
            true => observed(LivenessState::Dead, SSO, Some("expired")),
        });
        out
    }

    /// On which repositories a fine-grained token holds that is limited to some.
    pub(super) async fn reach(&self, id: &Id, subset: &Subset) -> Part {
        let mut part = Part::default();
        let Subset { org, number, level, native } = subset;
        let path = format!("/orgs/{}/personal-access-tokens/{number}/repositories", segment(org));
        let listed = self.client.list::<Repository>(&path, Form::Plain).await;
        if let Some(reason) = listed.lack() {
            part.inventory.gaps.push(self.source.gap("grants", id.as_str(), reason));
        }
        let grants = listed.items.iter().map(|one| grant(Some(clip(&one.full_name)), *level, native, org)).collect();
        part.inventory.credentials.push(Credential { grants, ..Credential::bare(id.clone()) });
        part
    }
}

/// A fine-grained token that is limited to some repositories, and what it may do there.
#[derive(Debug, Clone)]
pub(super) struct Subset {
    org: String,
    number: u64,
    level: Level,
    native: String,
}

impl Subset {
    pub(super) fn new(org: &str, token: &TokenGrant) -> Self {
        let none = BTreeMap::new();
        let permissions = token.permissions.get("repository").unwrap_or(&none);
        Self { org: org.to_owned(), number: token.id, level: level(permissions), native: words(permissions) }
    }
}

fn grant(resource: Option<String>, level: Level, native: &str, org: &str) -> Grant {
    Grant {
        holder: None,
        resource,
        level: Some(level),
        native: Some(native.to_owned()).filter(|native| !native.is_empty()),
        tenant: Some(format!("github:{org}")),
        environment: None,
        until: None,
    }
}
