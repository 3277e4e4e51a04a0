//! A scan: all projects and subgroups of a group, each a part that an interrupted scan need not read again.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::StreamExt;
use gitlab::api::common::SortOrder;
use gitlab::api::groups::projects::{GroupProjects, GroupProjectsOrderBy};

use crate::sources::Wanted;

use super::answers::{Group, Project};
use super::endpoints::{Holder, Of};
use super::read::AUDIT_PAGES;
use super::{AT_ONCE, Part, Place, Reader};
use crate::sources::forge::gitlab::is_path;
use crate::sources::forge::gitlab::{Refusal, TokenKind};

/// What the token needs for a scan's lists of projects and groups.
const NEED: &str = "membership in the group, and the scope read_api";

impl Reader<'_> {
    /// Reads a whole group, and of the instance what belongs to none.
    pub(super) async fn scan(&self, want: &Wanted) {
        let mut part = Part::default();
        let top = self.source.project(want).and_then(|project| project.split('/').next());
        let Some(group) = self.source.group.as_deref().or(top) else {
            self.gap(&mut part, "slots", "*", "no group: set `group`");
            return self.give(part);
        };
        self.learn_user().await;
        if self.client.kind() == TokenKind::Job {
            let reason = "CI_JOB_TOKEN cannot list a group: set GITLAB_TOKEN to a token with the scope read_api";
            self.gap(&mut part, "slots", group, reason);
            return self.give(part);
        }
        let places = self.places(group, &mut part).await;
        self.give(part);
        let items = AtomicU64::new(0);
        futures::stream::iter(places)
            .for_each_concurrent(AT_ONCE, |place| {
                let items = &items;
                async move {
                    let name = match place.holder {
                        Holder::Project => format!("project:{}", place.path),
                        Holder::Group => format!("group:{}", place.path),
                    };
                    let read = match self.recalled(want, &name) {
                        Some(part) => self.hand_over(part),
                        None => self.keep(want, &name, self.everything_of(&place).await),
                    };
                    let items = items.fetch_add(read, Ordering::Relaxed) + read;
                    let meter = self.client.meter();
                    want.watch.tell(&self.source.about.name, items, meter.requests(), meter.left());
                }
            })
            .await;
        match self.recalled(want, "instance") {
            Some(part) => self.hand_over(part),
            None => self.keep(want, "instance", self.beyond_group(group).await),
        };
    }

    /// A part that an earlier, interrupted scan has read.
    fn recalled(&self, want: &Wanted, name: &str) -> Option<Part> {
        let inventory = want.journal.as_ref()?.recall(&self.source.about.name, name)?;
        Some(Part { inventory, ..Part::default() })
    }

    /// Hands a part over, and keeps it for a later scan where nothing lacks. Gives the number of its items.
    fn keep(&self, want: &Wanted, name: &str, part: Part) -> u64 {
        if let Some(journal) = want.journal.as_ref().filter(|_| part.inventory.gaps.is_empty()) {
            journal.keep(&self.source.about.name, name, &part.inventory);
        }
        self.hand_over(part)
    }

    fn hand_over(&self, part: Part) -> u64 {
        let count = part.inventory.slots.len() + part.inventory.credentials.len();
        self.give(part);
        count as u64
    }

    /// The group, its subgroups, and the projects of all of them.
    async fn places(&self, group: &str, part: &mut Part) -> Vec<Place> {
        let mut out: BTreeSet<Place> = BTreeSet::from([Place { holder: Holder::Group, path: group.to_owned() }]);
        let descendants = Of::descendants(group);
        let (groups, projects) = futures::future::join(self.client.list::<Group>(&descendants), async {
            let endpoint = GroupProjects::builder()
                .group(group)
                .include_subgroups(true)
                .with_shared(false)
                .simple(true)
                .order_by(GroupProjectsOrderBy::Id)
                .sort(SortOrder::Ascending)
                .build()
                .map_err(|_| Refusal::Form)?;
            self.client.list::<Project>(&endpoint).await
        })
        .await;
        let mut add =
            |holder: Holder, what: &str, paths: Result<(Vec<String>, Option<String>), Refusal>, part: &mut Part| {
                match paths {
                    Ok((paths, broken)) => {
                        for path in paths {
                            if is_path(&path) {
                                out.insert(Place { holder, path });
                            } else {
                                self.gap(part, "slots", group, format!("one of its {what} has a path that is none"));
                            }
                        }
                        if let Some(reason) = broken {
                            self.gap(part, "slots", group, format!("its {what}: {reason}"));
                        }
                    }
                    Err(refusal) => self.gap(part, "slots", group, format!("its {what}: {}", refusal.reason(NEED))),
                }
            };
        let groups = groups.map(|listed| (listed.items.into_iter().map(|g| g.full_path).collect(), listed.broken));
        add(Holder::Group, "subgroups", groups, part);
        let projects =
            projects.map(|listed| (listed.items.into_iter().map(|p| p.path_with_namespace).collect(), listed.broken));
        add(Holder::Project, "projects", projects, part);
        out.into_iter().collect()
    }

    async fn everything_of(&self, place: &Place) -> Part {
        let mut part = Part::default();
        self.source.state().places.insert(place.path.clone());
        self.variables(&place.path, &[place.holder], &mut part).await;
        self.rest(place, AUDIT_PAGES, &mut part).await;
        part
    }

    /// Personal tokens, and the instance's variables.
    async fn beyond_group(&self, group: &str) -> Part {
        let mut part = Part::default();
        if self.source.home {
            self.instance_variables(&mut part).await;
        }
        let user = self.source.state().user.clone();
        match user {
            Some(user) if user.is_admin == Some(true) => self.instance_tokens(&mut part).await,
            Some(user) => self.own_tokens(&user, &mut part).await,
            None => {}
        }
        let top = group.split('/').next().unwrap_or(group);
        self.managed_tokens(top, &mut part).await;
        part
    }
}
