//! Reading the lists: slots and environments, and how completely each list was read. What is a list is in `tasks`, what a credential
//! is in `credentials`; which lists a run needs is decided in `mod` and `scan`.

use crate::model::Id;
use crate::model::id::part as encoded;
use crate::model::inventory::{Extent, Inventory, Slot};

use super::Reader;
use super::credentials::Subset;
use super::models::{DeployKey, Environment, Installation, Repository, Secret, SsoCredential, TokenGrant, time};
use super::tasks::{Family, Task, segment};
use crate::sources::forge::github::{Form, Listed, Refusal, clip};

/// What is said of tokens that GitHub lists nowhere.
const CLASSIC: &str = "GitHub lists classic tokens only where they are authorized for an organization's single sign-on; others are not seen";

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
                let mut lack = listed.lack();
                if let Task::Environment(repository, name) = task
                    && listed.refusal.as_ref().is_some_and(|refusal| refusal.is(404))
                    && self.is_new(repository, name).await
                {
                    lack = None;
                    part.notes.push(format!("environment {} of {repository} does not exist yet", clip(name)));
                }
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

    pub(super) fn id(&self, kind: &str, parts: &[&str]) -> Id {
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

    /// Whether an environment is not there yet: GitHub makes one when the first job that names it runs (GitHub docs, "Managing
    /// environments for deployment"). Only the whole list proves it.
    async fn is_new(&self, repository: &str, name: &str) -> bool {
        let path = Task::Environments(repository.to_owned()).path();
        let listed: Listed<Environment> = self.client.list(&path, Form::Counted).await;
        listed.lack().is_none() && !listed.items.iter().any(|one| one.name.eq_ignore_ascii_case(name))
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
