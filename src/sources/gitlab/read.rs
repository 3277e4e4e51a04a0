//! The gate's and the inventory's reading: the checkout's project with its groups, what references and tickets name beyond them, and no
//! more requests than that needs.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;

use crate::model::Id;
use crate::model::inventory::LivenessState;
use crate::probe::observed;
use crate::sources::{Wanted, speaks_of};

use super::endpoints::Holder;
use super::tokens::List;
use super::{GitlabSource, Kept, Part, Place, Reader, people, variables};
use crate::sources::forge::gitlab::TokenKind;
use crate::sources::forge::gitlab::is_path;

/// Requests of a gate beyond one for each place: the instance's variables, or audit events, or who asks.
const BEYOND: u64 = 2;

/// Pages of audit events that an inventory or a scan reads of a place: the newest 1,000 events.
pub(super) const AUDIT_PAGES: usize = 10;

/// A path, and what it can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    path: String,
    holders: &'static [Holder],
}

/// What is still to be read after the tickets.
#[derive(Default)]
pub(super) struct Due {
    lists: BTreeMap<(List, String), &'static [Holder]>,
    personal: Vec<(Id, String, u64)>,
    places: Vec<Target>,
    /// Ids that this GitLab cannot be asked about, with the reason.
    unclear: Vec<(Id, &'static str)>,
    changes: BTreeMap<Place, Vec<(Id, Kept)>>,
    /// Who asked is not yet known, for coverage.
    ask: bool,
}

impl Due {
    pub(super) fn is_nothing(&self) -> bool {
        let Self { lists, personal, places, unclear, changes, ask } = self;
        let nothing = lists.is_empty() && personal.is_empty() && places.is_empty() && unclear.is_empty();
        nothing && changes.is_empty() && !ask
    }
}

/// A place that an id names, and what stands behind it.
fn parts(id: &Id) -> Option<(String, String)> {
    let (place, what) = id.rest().split_once(':')?;
    let decode = |text: &str| percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned);
    Some((decode(place)?, decode(what)?))
}

impl GitlabSource {
    /// The checkout's own project, where it is on this GitLab.
    pub(super) fn project<'w>(&self, want: &'w Wanted) -> Option<&'w str> {
        want.repository.as_deref().filter(|path| self.home && path.contains('/') && is_path(path))
    }

    /// What a path can be: the checkout's project and the groups above it are known, others by their form.
    fn target(&self, want: &Wanted, path: String) -> Target {
        let project = self.project(want);
        let above = |project: &str| project.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'));
        let holders: &[Holder] = if project == Some(path.as_str()) {
            &[Holder::Project]
        } else if project.is_some_and(above) || !path.contains('/') {
            &[Holder::Group]
        } else {
            &[Holder::Project, Holder::Group]
        };
        Target { path, holders }
    }

    /// The places whose variables are wanted.
    pub(super) fn targets(&self, want: &Wanted) -> Vec<Target> {
        let mut paths: BTreeSet<String> = BTreeSet::new();
        if let Some(project) = self.project(want) {
            paths.extend(project.match_indices('/').map(|(at, _)| project[..at].to_owned()));
            paths.insert(project.to_owned());
        }
        paths.extend(self.named(want));
        if want.everything {
            paths.extend(self.group.clone());
        }
        paths.into_iter().map(|path| self.target(want, path)).collect()
    }

    /// The places of wanted slots.
    fn named<'w>(&'w self, want: &'w Wanted) -> impl Iterator<Item = String> + 'w {
        let ours = |id: &&Id| id.kind() == variables::KIND && speaks_of(&self.about, "gitlab", id);
        // An id without an authority is that of the checkout's own server.
        let own = |id: &&Id| id.authority() == self.about.authority.as_deref() || self.home;
        let slots = want.slots.iter().filter(ours).filter(own);
        slots.filter_map(parts).map(|(place, _)| place).filter(|place| place != variables::INSTANCE && is_path(place))
    }

    /// What is to be read after the tickets.
    pub(super) fn due(&self, want: &Wanted, wanted: &[Id]) -> Due {
        let mut due = Due::default();
        let state = self.state();
        for id in wanted.iter().filter(|id| !state.seen.contains(*id)) {
            let foreign = want.tenants.get(id).is_some_and(|tenant| self.is_foreign(tenant));
            if id.authority() != self.about.authority.as_deref() {
                due.unclear.push((id.clone(), "several GitLabs are configured, and the id names none of them"));
                continue;
            }
            if foreign {
                due.unclear.push((id.clone(), "another server issued the token"));
                continue;
            }
            let Some((place, what)) = parts(id) else {
                due.unclear.push((id.clone(), "this is no id of a GitLab credential"));
                continue;
            };
            match List::of_kind(id.kind()) {
                Some((list, holders)) if is_path(&place) => {
                    let known = self.target(want, place.clone()).holders;
                    let both: &'static [Holder] = if holders.len() > 1 { known } else { holders };
                    if !state.lists.contains(&(list, place.clone())) {
                        due.lists.insert((list, place), both);
                    }
                }
                None if id.kind() == people::KIND && what.parse::<u64>().is_ok() => {
                    due.personal.extend(what.parse().ok().map(|number| (id.clone(), place, number)));
                }
                _ => due.unclear.push((id.clone(), "this is no id of a GitLab credential")),
            }
        }
        let new: BTreeSet<String> = self.named(want).filter(|path| !state.places.contains(path)).collect();
        due.places = new.into_iter().map(|path| self.target(want, path)).collect();
        if !want.everything {
            due.ask = state.answered && state.user.is_none();
            for id in &want.changes {
                if let Some(kept) = state.kept.get(id) {
                    due.changes.entry(kept.place.clone()).or_default().push((id.clone(), kept.clone()));
                }
            }
        }
        due
    }

    fn is_foreign(&self, tenant: &str) -> bool {
        tenant.starts_with("gitlab:") && self.client().is_ok_and(|client| client.tenant() != tenant)
    }
}

impl Reader<'_> {
    /// A job's own token lists neither variables nor tokens ("CI/CD job token", Job token access): nothing is asked in vain.
    fn is_job(&self) -> bool {
        self.client.kind() == TokenKind::Job
    }

    fn job_cannot(&self, lacks: &str, scope: &str) {
        let reason =
            "CI_JOB_TOKEN cannot list it: set GITLAB_TOKEN to a token with the scope read_api and the Maintainer role";
        let mut part = Part::default();
        self.gap(&mut part, lacks, scope, reason);
        self.give(part);
    }

    /// Before the tickets: variables of these places; for an inventory all that stands there.
    pub(super) async fn stores(&self, want: &Wanted, targets: Vec<Target>) {
        self.source.state().places.extend(targets.iter().map(|target| target.path.clone()));
        if self.is_job() {
            self.learn_user().await;
            for target in &targets {
                self.job_cannot("slots", &target.path);
                if want.everything {
                    self.job_cannot("liveness", &target.path);
                }
            }
            return;
        }
        if want.everything {
            self.learn_user().await;
        }
        let reads = targets.iter().map(|target| async {
            let mut part = Part::default();
            let holder = self.variables(&target.path, target.holders, &mut part).await;
            if let Some(holder) = holder.filter(|_| want.everything) {
                let place = Place { holder, path: target.path.clone() };
                self.rest(&place, AUDIT_PAGES, &mut part).await;
            }
            self.give(part);
        });
        futures::future::join_all(reads).await;
        if want.everything {
            self.beyond_places(want).await;
        } else if self.unfound(want) {
            self.instance().await;
        }
    }

    /// The lists of credentials of a place, and when its variables were written.
    pub(super) async fn rest(&self, place: &Place, pages: usize, part: &mut Part) {
        for list in List::of(place.holder) {
            self.source.state().lists.insert((*list, place.path.clone()));
            self.credentials(*list, &place.path, &[place.holder], part).await;
        }
        let kept = part.kept.clone();
        self.changes(place, &kept, pages, part).await;
    }

    /// What an inventory shows beside projects and groups: the instance's variables, and personal tokens.
    async fn beyond_places(&self, want: &Wanted) {
        self.instance().await;
        let user = self.source.state().user.clone();
        let mut part = Part::default();
        if let Some(user) = user {
            self.own_tokens(&user, &mut part).await;
        }
        let top = self.source.project(want).and_then(|project| project.split('/').next());
        if let Some(top) = self.source.group.as_deref().filter(|group| !group.contains('/')).or(top) {
            self.managed_tokens(top, &mut part).await;
        }
        self.give(part);
    }

    pub(super) async fn instance(&self) {
        if !self.source.home {
            return;
        }
        let mut part = Part::default();
        self.instance_variables(&mut part).await;
        self.give(part);
    }

    /// Whether a name that the checkout's jobs read is in none of the places, all of which were read: then the instance may have it.
    fn unfound(&self, want: &Wanted) -> bool {
        let Some(project) = self.source.project(want) else { return false };
        let out = self.out.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if out.inventory.coverage.iter().any(|extent| !extent.complete) {
            return false;
        }
        let known: BTreeSet<&str> = out.inventory.slots.iter().filter_map(|slot| slot.name.as_deref()).collect();
        let names = want
            .slots
            .iter()
            .filter(|id| id.kind() == variables::KIND && id.authority() == self.source.about.authority.as_deref());
        names.filter_map(parts).any(|(place, what)| {
            let name = what.split('@').next().unwrap_or_default();
            place == project && !known.contains(name)
        })
    }

    /// After the tickets.
    pub(super) async fn collect(&self, want: &Wanted, due: Due) {
        let Due { lists, personal, places, unclear, changes, ask: _ } = due;
        let mut part = Part::default();
        for (id, reason) in unclear {
            let mut credential = crate::model::inventory::Credential::bare(id.clone());
            credential.observe(observed(LivenessState::Unknown, "", Some(reason)));
            part.inventory.credentials.push(credential);
            self.gap(&mut part, "liveness", id.as_str(), reason);
        }
        self.give(part);
        if self.is_job() {
            for ((_, path), _) in lists {
                self.job_cannot("liveness", &path);
            }
            for (id, _, _) in personal {
                self.job_cannot("liveness", id.as_str());
            }
            for target in places {
                self.job_cannot("slots", &target.path);
            }
            return;
        }
        {
            let mut state = self.source.state();
            state.lists.extend(lists.keys().cloned());
            state.places.extend(places.iter().map(|target| target.path.clone()));
        }
        let of_lists = lists.into_iter().map(|((list, path), holders)| async move {
            let mut part = Part::default();
            self.credentials(list, &path, holders, &mut part).await;
            self.give(part);
        });
        let of_people = personal.into_iter().map(|(id, user, number)| async move {
            let mut part = Part::default();
            self.one_token(&id, &user, number, &mut part).await;
            self.give(part);
        });
        let of_places = places.into_iter().map(|target| async move {
            let mut part = Part::default();
            self.variables(&target.path, target.holders, &mut part).await;
            self.give(part);
        });
        futures::future::join(
            futures::future::join_all(of_lists),
            futures::future::join(futures::future::join_all(of_people), futures::future::join_all(of_places)),
        )
        .await;
        if want.everything {
            return;
        }
        // In the order of the places, as far as the gate's budget goes.
        let budget = {
            let state = self.source.state();
            // Lists that tickets ask for by id are no part of a gate's usual cost.
            (state.places.len() + state.lists.len()) as u64 + BEYOND
        };
        for (place, kept) in changes {
            let left = budget.saturating_sub(self.client.meter().requests());
            let mut part = Part::default();
            if left > 0 {
                self.changes(&place, &kept, usize::try_from(left).unwrap_or(1).min(2), &mut part).await;
            } else {
                let note = "its audit events were not read: the gate's budget of requests is spent";
                part.notes.insert(format!("{}: {note}", place.path));
            }
            self.give(part);
        }
        // A server that refused everything is not asked once more.
        let answered = self.source.state().answered;
        if answered && self.client.meter().requests() < budget {
            self.learn_user().await;
        }
    }

    /// Who asks. Where that cannot be read, nobody is named.
    pub(super) async fn learn_user(&self) {
        if self.source.state().user.is_some() {
            return;
        }
        if let Ok(user) = self.user().await {
            let mut state = self.source.state();
            state.asked_as = Some(match self.client.kind() {
                TokenKind::Private => user.username.clone(),
                TokenKind::Job => format!("the job of {}", user.username),
            });
            state.user = Some(user);
        }
    }
}
