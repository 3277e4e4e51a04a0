//! The lists that GitHub has of one repository or organization: each with its path, and what its entries are in our words. Which
//! lists a run needs is decided in `mod` and `scan`.

use std::collections::BTreeMap;

use crate::model::Id;
use crate::model::id::part as encoded;
use crate::model::inventory::{Credential, Extent, Grant, Inventory, Level, LivenessState, Slot, Status};
use crate::probe::observed;

use super::Reader;
use super::client::{Form, Listed, Refusal, clip};
use super::models::{
    self, DeployKey, Environment, Installation, Repository, Secret, SsoCredential, TokenGrant, fingerprint, level,
    time, words,
};

/// What is said of tokens that GitHub lists nowhere.
const CLASSIC: &str = "GitHub lists classic tokens only where they are authorized for an organization's single sign-on; others are not seen";

/// A store of secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Actions,
    Dependabot,
    Codespaces,
}

impl Family {
    pub(super) const ALL: [Self; 3] = [Self::Actions, Self::Dependabot, Self::Codespaces];

    /// In ids.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Actions => "actions-secret",
            Self::Dependabot => "dependabot-secret",
            Self::Codespaces => "codespaces-secret",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Actions => "actions",
            Self::Dependabot => "dependabot",
            Self::Codespaces => "codespaces",
        }
    }
}

/// One list. Repositories are `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Task {
    /// A repository's secrets.
    Repository(Family, String),
    /// Those Actions secrets of the organization that this repository sees.
    Shared(String),
    /// An environment's secrets: repository, environment.
    Environment(String, String),
    /// A repository's environments, and the secrets of each.
    Environments(String),
    /// All secrets of an organization.
    Organization(Family, String),
    /// A repository's deploy keys.
    DeployKeys(String),
    /// An organization's fine-grained tokens.
    Tokens(String),
    /// An organization's Apps.
    Apps(String),
    /// An organization's credentials with single sign-on.
    Sso(String),
}

impl Task {
    /// The list of a credential's kind and place.
    pub(super) fn of_credential(kind: &str, place: String) -> Option<Self> {
        match kind {
            "deploy-key" => Some(Self::DeployKeys(place)),
            "pat" => Some(Self::Tokens(place)),
            "app" => Some(Self::Apps(place)),
            "sso-token" => Some(Self::Sso(place)),
            _ => None,
        }
    }

    fn path(&self) -> String {
        match self {
            Self::Repository(family, repository) => format!("{}/{}/secrets", repo(repository), family.path()),
            Self::Shared(repository) => format!("{}/actions/organization-secrets", repo(repository)),
            Self::Environment(repository, name) => {
                format!("{}/environments/{}/secrets", repo(repository), segment(name))
            }
            Self::Environments(repository) => format!("{}/environments", repo(repository)),
            Self::Organization(family, org) => format!("/orgs/{}/{}/secrets", segment(org), family.path()),
            Self::DeployKeys(repository) => format!("{}/keys", repo(repository)),
            Self::Tokens(org) => format!("/orgs/{}/personal-access-tokens", segment(org)),
            Self::Apps(org) => format!("/orgs/{}/installations", segment(org)),
            Self::Sso(org) => format!("/orgs/{}/credential-authorizations", segment(org)),
        }
    }

    /// The id kind, and the place as coverage names it.
    pub(super) fn extent(&self) -> (&'static str, String) {
        match self {
            Self::Repository(family, repository) => (family.kind(), repository.clone()),
            Self::Shared(repository) => (Family::Actions.kind(), owner(repository).to_owned()),
            Self::Environment(repository, name) => (Family::Actions.kind(), format!("{repository}@{name}")),
            Self::Environments(repository) => ("environment", repository.clone()),
            Self::Organization(family, org) => (family.kind(), org.clone()),
            Self::DeployKeys(repository) => ("deploy-key", repository.clone()),
            Self::Tokens(org) => ("pat", org.clone()),
            Self::Apps(org) => ("app", org.clone()),
            Self::Sso(org) => ("sso-token", org.clone()),
        }
    }

    /// Whether it lists credentials; else slots.
    pub(super) fn credentials(&self) -> bool {
        matches!(self, Self::DeployKeys(_) | Self::Tokens(_) | Self::Apps(_) | Self::Sso(_))
    }
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) inventory: Inventory,
    pub(super) notes: Vec<String>,
}

impl Part {
    pub(super) fn add(&mut self, other: Self) {
        self.inventory.slots.extend(other.inventory.slots);
        self.inventory.credentials.extend(other.inventory.credentials);
        self.inventory.gaps.extend(other.inventory.gaps);
        self.inventory.coverage.extend(other.inventory.coverage);
        self.notes.extend(other.notes);
    }
}

impl Reader<'_> {
    /// Reads one list.
    pub(super) async fn list(&self, task: &Task) -> Part {
        let mut part = Part::default();
        let path = task.path();
        let lack = match task {
            Task::Environments(repository) => return self.environments(task, repository).await,
            Task::Repository(..) | Task::Shared(_) | Task::Environment(..) | Task::Organization(..) => {
                let listed = self.client.list::<Secret>(&path, Form::Counted).await;
                let lack = listed.lack();
                for secret in listed.items {
                    part.inventory.slots.push(self.slot(task, &secret));
                }
                if let Task::Organization(family, org) = task {
                    self.selected(*family, org, &mut part).await;
                }
                lack
            }
            Task::DeployKeys(repository) => {
                let listed = self.client.list::<DeployKey>(&path, Form::Plain).await;
                let lack = listed.lack();
                part.inventory.credentials.extend(listed.items.iter().map(|key| self.deploy_key(repository, key)));
                lack
            }
            Task::Tokens(_) if !self.client.app => {
                Some("GitHub shows fine-grained tokens to Apps alone: configure `app:`".to_owned())
            }
            Task::Tokens(org) => {
                let listed = self.client.list::<TokenGrant>(&path, Form::Plain).await;
                let lack = listed.lack();
                let mut some = Vec::new();
                for token in &listed.items {
                    let credential = self.token(org, token);
                    if token.repository_selection.as_deref() == Some("subset") {
                        some.push((credential.id.clone(), Subset::new(org, token)));
                    }
                    part.inventory.credentials.push(credential);
                }
                if self.want.everything {
                    let reads = some.iter().map(|(id, subset)| self.reach(id, subset));
                    futures::future::join_all(reads).await.into_iter().for_each(|read| part.add(read));
                } else {
                    self.source.book().subsets.extend(some);
                }
                lack
            }
            Task::Apps(org) => {
                let listed = self.client.list::<Installation>(&path, Form::Counted).await;
                let lack = listed.lack();
                part.inventory.credentials.extend(listed.items.iter().map(|app| self.app(org, app)));
                lack
            }
            Task::Sso(org) => {
                let listed = self.client.list::<SsoCredential>(&path, Form::Plain).await;
                part.notes.push(CLASSIC.to_owned());
                if listed.refusal.as_ref().is_some_and(|refusal| refusal.is(404)) {
                    // No single sign-on, or another plan: GitHub has no such list. It proves nothing of any token.
                    self.source.book().outcome.insert(task.clone(), Some(CLASSIC.to_owned()));
                    part.inventory.coverage.push(self.extent(task, false));
                    return part;
                }
                let lack = listed.lack();
                part.inventory.credentials.extend(listed.items.iter().map(|one| self.sso(org, one)));
                lack
            }
        };
        self.close(task, lack, &mut part);
        part
    }

    /// Says how completely a list was read.
    fn close(&self, task: &Task, lack: Option<String>, part: &mut Part) {
        part.inventory.coverage.push(self.extent(task, lack.is_none()));
        if let Some(reason) = &lack {
            let (kind, place) = task.extent();
            // A list of credentials is lost for those that are named: their own gaps decide.
            let scope = if task.credentials() { self.id(kind, &[&encoded(&place)]).to_string() } else { place };
            let lacks = if task.credentials() { "liveness" } else { "slots" };
            part.inventory.gaps.push(self.source.gap(lacks, &scope, reason.clone()));
        }
        self.source.book().outcome.insert(task.clone(), lack);
    }

    fn extent(&self, task: &Task, complete: bool) -> Extent {
        let (kind, place) = task.extent();
        Extent {
            source: self.source.about.name.clone(),
            kind: kind.to_owned(),
            place,
            complete,
            asked_as: self.client.asked_as.clone(),
            at: None,
        }
    }

    fn id(&self, kind: &str, parts: &[&str]) -> Id {
        Id::build("github", self.source.about.authority.as_deref(), kind, parts)
    }

    fn slot(&self, task: &Task, secret: &Secret) -> Slot {
        let (kind, place, environment) = match task {
            Task::Environment(repository, name) => (Family::Actions.kind(), repository.clone(), Some(name.as_str())),
            other => {
                let (kind, place) = other.extent();
                (kind, place, None)
            }
        };
        let authority = self.source.about.authority.as_deref();
        let name = clip(&secret.name);
        Slot {
            environment: environment.map(str::to_owned),
            updated_at: time(&secret.updated_at),
            visibility: secret.visibility.as_deref().map(clip).filter(|_| !matches!(task, Task::Repository(..))),
            ..Slot {
                name: Some(name.clone()),
                ..Slot::bare(Id::github_secret(authority, kind, &place, environment, &name))
            }
        }
    }

    /// The repositories that see an organization's selected secrets.
    async fn selected(&self, family: Family, org: &str, part: &mut Part) {
        let selected = part.inventory.slots.iter_mut().filter(|slot| slot.visibility.as_deref() == Some("selected"));
        let reads = selected.map(|slot| async {
            let name = slot.name.clone().unwrap_or_default();
            let path = format!("/orgs/{}/{}/secrets/{}/repositories", segment(org), family.path(), segment(&name));
            let listed = self.client.list::<Repository>(&path, Form::Counted).await;
            let lack = listed.lack();
            if lack.is_none() {
                slot.visible_to = Some(listed.items.iter().map(|repository| clip(&repository.full_name)).collect());
            }
            lack.map(|reason| (slot.id.clone(), reason))
        });
        let lacks: Vec<_> = futures::future::join_all(reads).await.into_iter().flatten().collect();
        for (id, reason) in lacks {
            part.inventory.gaps.push(self.source.gap("grants", id.as_str(), format!("its repositories: {reason}")));
        }
    }

    async fn environments(&self, task: &Task, repository: &str) -> Part {
        let mut part = Part::default();
        let listed: Listed<Environment> = self.client.list(&task.path(), Form::Counted).await;
        let lack = listed.lack();
        if !self.want.wide {
            let told =
                |one: &Environment| format!("environment {} of {repository}: {}", clip(&one.name), one.protection());
            part.notes.extend(listed.items.iter().map(told));
        }
        let inner: Vec<Task> = listed
            .items
            .iter()
            .map(|one| Task::Environment(repository.to_owned(), one.name.clone()))
            .filter(|task| self.source.claim(task))
            .collect();
        let reads = inner.iter().map(|task| Box::pin(self.list(task)));
        for read in futures::future::join_all(reads).await {
            part.add(read);
        }
        self.close(task, lack, &mut part);
        part
    }

    fn tenant(org: &str) -> Option<String> {
        Some(format!("github:{org}"))
    }

    fn deploy_key(&self, repository: &str, key: &DeployKey) -> Credential {
        let method = "github deploy keys";
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
            true => observed(LivenessState::Live, method, None),
            false => observed(LivenessState::Dead, method, Some("disabled")),
        });
        out
    }

    fn token(&self, org: &str, token: &TokenGrant) -> Credential {
        let method = "github fine-grained tokens";
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
            false => observed(LivenessState::Live, method, None),
            true => observed(LivenessState::Dead, method, Some("expired")),
        });
        out
    }

    fn app(&self, org: &str, app: &Installation) -> Credential {
        let method = "github app installations";
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
            false => observed(LivenessState::Live, method, None),
            true => observed(LivenessState::Dead, method, Some("suspended")),
        });
        out
    }

    fn sso(&self, org: &str, one: &SsoCredential) -> Credential {
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
            grants: vec![Grant { level: models::scopes_level(&scopes), native, ..grant(None, Level::None, "", org) }],
            ..Credential::bare(self.id("sso-token", &[&encoded(org), &one.credential_id.to_string()]))
        };
        let method = "github credential authorizations";
        out.observe(match expired {
            false => observed(LivenessState::Live, method, None),
            true => observed(LivenessState::Dead, method, Some("expired")),
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
    fn new(org: &str, token: &TokenGrant) -> Self {
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

/// `owner` of `owner/name`.
pub(super) fn owner(repository: &str) -> &str {
    repository.split('/').next().unwrap_or_default()
}

/// One segment of a path. Names come from tickets and servers, too: none leads out of its segment.
pub(super) fn segment(text: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    let encoded = percent_encoding::utf8_percent_encode(text, KEPT).to_string();
    // A segment of dots alone would climb; no name of GitHub's is like that, so that it finds nothing.
    if matches!(text, "." | "..") { "%20".to_owned() } else { encoded }
}

/// `/repos/owner/name`.
pub(super) fn repo(repository: &str) -> String {
    let (owner, name) = repository.split_once('/').unwrap_or((repository, ""));
    format!("/repos/{}/{}", segment(owner), segment(name))
}

/// What an answer of one object says of a repository's owner.
pub(super) fn is_user(found: &Result<Repository, Refusal>) -> bool {
    found.as_ref().is_ok_and(|found| {
        found
            .owner
            .as_ref()
            .and_then(|owner| owner.kind.as_deref())
            .is_some_and(|kind| kind.eq_ignore_ascii_case("user"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_segment() {
        assert_eq!(repo("acme/shop"), "/repos/acme/shop");
        assert_eq!(repo("acme/../x"), "/repos/acme/..%2Fx");
        assert_eq!(repo("acme/.."), "/repos/acme/%20");
        assert_eq!(segment("prod/eu?x#y"), "prod%2Feu%3Fx%23y");
    }
}
