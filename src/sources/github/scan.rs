//! A whole organization or user: its repositories, each a part that an interrupted scan need not read again, and what the
//! organization has itself.

use std::collections::BTreeSet;

use futures::channel::mpsc;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use serde::Deserialize;

use crate::model::inventory::{Extent, Inventory};
use crate::sources::is_refusal;

use super::lists::{Part, is_user};
use super::models::Repository;
use super::tasks::{Family, Task, owner, repo, segment};
use super::{Reader, SCAN_AT_ONCE, locked};
use crate::sources::forge::github::{Form, Listed, Show, clip};

#[derive(Deserialize)]
struct Named {
    full_name: String,
}

impl Reader<'_> {
    /// Reads everything of the organization.
    pub(super) async fn scan(&self) {
        let Some(org) = self.source.organization(self.want) else {
            let gap = self.source.gap("slots", "*", "no organization is known: set `organization`");
            locked(self.into).inventory.gaps.push(gap);
            return;
        };
        // The first repositories are read while the list of them still comes.
        let (send, parts) = mpsc::unbounded();
        let listing = async {
            if !self.repositories(&org, &send).await {
                let mut tasks: Vec<Task> = Family::ALL.map(|family| Task::Organization(family, org.clone())).into();
                tasks.extend([Task::Tokens(org.clone()), Task::Apps(org.clone()), Task::Sso(org.clone())]);
                // The other end outlives this one.
                let _ = send.unbounded_send((org.clone(), tasks));
            }
            drop(send);
        };
        // As many parts as calls: a part's last call must not leave the others idle.
        let reading = self.parts(parts);
        futures::future::join(listing.boxed(), reading).await;
    }

    async fn parts(&self, mut parts: mpsc::UnboundedReceiver<(String, Vec<Task>)>) {
        let mut reads = FuturesUnordered::new();
        let mut seen = BTreeSet::new();
        let mut open = true;
        while open || !reads.is_empty() {
            tokio::select! {
                next = parts.next(), if open && reads.len() < SCAN_AT_ONCE => match next {
                    Some((name, tasks)) if seen.insert(name.clone()) => reads.push(self.part(name, tasks)),
                    Some(_) => {}
                    None => open = false,
                },
                Some(()) = reads.next(), if !reads.is_empty() => {}
            }
        }
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
        // What was refused is refused again: such a part need not be read anew.
        let whole = part.inventory.gaps.iter().all(|gap| is_refusal(&gap.reason));
        if let Some(journal) = self.want.journal.as_ref().filter(|_| whole) {
            journal.keep(source, &name, &part.inventory);
        }
        self.push(part);
    }

    /// Sends the repositories that are to be read; gives whether their owner is a user.
    async fn repositories(&self, org: &str, send: &mpsc::UnboundedSender<(String, Vec<Task>)>) -> bool {
        let limited = &self.source.settings.repositories;
        if let Some(first) = limited.first() {
            for name in limited {
                let _ = send.unbounded_send(tasks_of(whole(org, name)));
            }
            return is_user(&self.client.one::<Repository>(&repo(&whole(org, first))).await);
        }
        // The list may change while it is paged through, and show one twice; a part is read once.
        let show = || -> Show<Named> {
            let (send, org) = (send.clone(), org.to_owned());
            Box::new(move |page| {
                for name in page.iter().map(|one| clip(&one.full_name)) {
                    if owner(&name).eq_ignore_ascii_case(&org) && name.contains('/') {
                        let _ = send.unbounded_send(tasks_of(name));
                    }
                }
            })
        };
        let mut user = false;
        let mut listed: Listed<Named> =
            self.client.list_as(&format!("/orgs/{}/repos", segment(org)), Form::Plain, show()).await;
        if listed.refusal.as_ref().is_some_and(|refusal| refusal.is(404)) {
            user = true;
            // A user's own list has the private ones, too.
            let own = self.client.asked_as.as_deref().is_some_and(|login| login.eq_ignore_ascii_case(org));
            let path =
                if own { "/user/repos?affiliation=owner".to_owned() } else { format!("/users/{}/repos", segment(org)) };
            listed = self.client.list_as(&path, Form::Plain, show()).await;
        }
        let lack = listed.lack();
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
        user
    }
}

/// A repository, with the lists that it has.
fn tasks_of(name: String) -> (String, Vec<Task>) {
    let mut tasks: Vec<Task> = Family::ALL.map(|family| Task::Repository(family, name.clone())).into();
    tasks.extend([Task::Environments(name.clone()), Task::DeployKeys(name.clone())]);
    (name, tasks)
}

/// `owner/name`, where the settings may name the repository alone.
fn whole(org: &str, name: &str) -> String {
    if name.contains('/') { name.to_owned() } else { format!("{org}/{name}") }
}
