//! A whole organization or user: its repositories, each a part that an interrupted scan need not read again, and what the
//! organization has itself.

use futures::StreamExt;
use serde::Deserialize;

use crate::model::inventory::{Extent, Inventory};

use super::client::{Form, Listed, clip};
use super::lists::{Part, is_user};
use super::models::Repository;
use super::tasks::{Family, Task, owner, repo, segment};
use super::{Reader, SCAN_AT_ONCE, locked};

#[derive(Deserialize)]
struct Named {
    full_name: String,
}

/// The repositories of a scan.
struct Found {
    names: Vec<String>,
    user: bool,
}

impl Reader<'_> {
    /// Reads everything of the organization.
    pub(super) async fn scan(&self) {
        let Some(org) = self.source.organization(self.want) else {
            let gap = self.source.gap("slots", "*", "no organization is known: set `organization`");
            locked(self.into).inventory.gaps.push(gap);
            return;
        };
        let found = self.repositories(&org).await;
        let mut parts = Vec::new();
        if !found.user {
            let mut tasks: Vec<Task> = Family::ALL.map(|family| Task::Organization(family, org.clone())).into();
            tasks.extend([Task::Tokens(org.clone()), Task::Apps(org.clone()), Task::Sso(org.clone())]);
            parts.push((org.clone(), tasks));
        }
        for name in found.names {
            let mut tasks: Vec<Task> = Family::ALL.map(|family| Task::Repository(family, name.clone())).into();
            tasks.extend([Task::Environments(name.clone()), Task::DeployKeys(name.clone())]);
            parts.push((name, tasks));
        }
        // As many parts as calls: a part's last call must not leave the others idle.
        let reads = parts.into_iter().map(|(name, tasks)| self.part(name, tasks));
        futures::stream::iter(reads).buffer_unordered(SCAN_AT_ONCE).collect::<Vec<()>>().await;
    }

    async fn part(&self, name: String, tasks: Vec<Task>) {
        let source = self.source.about.name.as_str();
        if let Some(journal) = &self.want.journal
            && let Some(inventory) = journal.recall(source, &name)
        {
            let mut book = self.source.book();
            for task in tasks {
                book.claimed.insert(task.clone());
                book.outcome.insert(task, None);
            }
            drop(book);
            self.push(Part { inventory, notes: Vec::new() });
            return;
        }
        let tasks: Vec<Task> = tasks.into_iter().filter(|task| self.source.claim(task)).collect();
        let mut part = Part::default();
        let reads = tasks.iter().map(|task| self.list(task));
        futures::future::join_all(reads).await.into_iter().for_each(|read| part.add(read));
        if let Some(journal) = self.want.journal.as_ref().filter(|_| part.inventory.gaps.is_empty()) {
            journal.keep(source, &name, &part.inventory);
        }
        self.push(part);
    }

    /// The repositories that are to be read, and whether their owner is a user.
    async fn repositories(&self, org: &str) -> Found {
        let limited = &self.source.settings.repositories;
        if let Some(first) = limited.first() {
            let names: Vec<String> = limited.iter().map(|name| whole(org, name)).collect();
            let user = is_user(&self.client.one::<Repository>(&repo(&whole(org, first))).await);
            return Found { names, user };
        }
        let mut user = false;
        let mut listed: Listed<Named> = self.client.list(&format!("/orgs/{}/repos", segment(org)), Form::Plain).await;
        if listed.refusal.as_ref().is_some_and(|refusal| refusal.is(404)) {
            user = true;
            // A user's own list has the private ones, too.
            let own = self.client.asked_as.as_deref().is_some_and(|login| login.eq_ignore_ascii_case(org));
            let path =
                if own { "/user/repos?affiliation=owner".to_owned() } else { format!("/users/{}/repos", segment(org)) };
            listed = self.client.list(&path, Form::Plain).await;
        }
        let lack = listed.lack();
        let mut names: Vec<String> = listed.items.into_iter().map(|one| clip(&one.full_name)).collect();
        // The list may change while it is paged through.
        names.sort();
        names.dedup();
        names.retain(|name| owner(name).eq_ignore_ascii_case(org) && name.contains('/'));
        let coverage = vec![Extent {
            source: self.source.about.name.clone(),
            kind: "repository".to_owned(),
            place: org.to_owned(),
            complete: lack.is_none(),
            asked_as: self.client.asked_as.clone(),
            at: None,
        }];
        let gaps = lack.map(|reason| self.source.gap("slots", org, format!("its repositories: {reason}")));
        let inventory = Inventory { coverage, gaps: gaps.into_iter().collect(), ..Inventory::default() };
        self.push(Part { inventory, notes: Vec::new() });
        Found { names, user }
    }
}

/// `owner/name`, where the settings may name the repository alone.
fn whole(org: &str, name: &str) -> String {
    if name.contains('/') { name.to_owned() } else { format!("{org}/{name}") }
}
