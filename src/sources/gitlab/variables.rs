//! CI/CD variables to slots: of projects, groups and the instance. Values are dropped on arrival; where the site has a key, their
//! fingerprint stays, and the id that the value's form tells.

use std::collections::BTreeMap;

use gitlab::api::groups::variables::GroupVariables;
use gitlab::api::projects::variables::ProjectVariables;

use crate::model::Id;
use crate::model::inventory::Slot;
use crate::probe::recognize::{self, Kind};
use crate::secret::Secret;

use super::answers::{Space, Variable};
use super::endpoints::{Holder, Namespace, Plain};
use super::{Kept, Part, Place, Reader};
use crate::sources::forge::gitlab::{Listed, Refusal};

/// The kind in ids and coverage.
pub(super) const KIND: &str = "variable";

/// Where instance variables stand in ids. A group cannot have this path while one is meant: the resolver looks there last.
pub(super) const INSTANCE: &str = "instance";

impl Reader<'_> {
    /// The variables of a path that is one of these; what is not there under one is looked for under the next. A path that is none is a
    /// gap. Gives what it is, where that is known.
    pub(super) async fn variables(&self, path: &str, holders: &[Holder], part: &mut Part) -> Option<Holder> {
        let mut last = None;
        for holder in holders {
            let place = Place { holder: *holder, path: path.to_owned() };
            match self.list_variables(&place).await {
                Ok(listed) => {
                    self.slots(&place, listed, part);
                    return Some(*holder);
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
        let (holder, refusal) = last?;
        if holder == Holder::Group && refusal.status() == Some(404) && self.is_users(path).await {
            self.extent(part, KIND, path, true);
            part.notes.insert(format!("{path} is a user's namespace, which has no variables"));
            return None;
        }
        let need = match holder {
            Holder::Project => "the Maintainer role in the project, and the scope read_api",
            Holder::Group => "the Owner role in the group, and the scope read_api",
        };
        self.extent(part, KIND, path, false);
        self.gap(part, "slots", path, format!("its variables: {}", refusal.reason(need)));
        (refusal.status() != Some(404)).then_some(holder)
    }

    async fn list_variables(&self, place: &Place) -> Result<Listed<Variable>, Refusal> {
        match place.holder {
            Holder::Project => {
                let endpoint = ProjectVariables::builder().project(place.path.as_str()).build();
                self.client.list(&endpoint.map_err(|_| Refusal::Form)?).await
            }
            Holder::Group => {
                let endpoint = GroupVariables::builder().group(place.path.as_str()).build();
                self.client.list(&endpoint.map_err(|_| Refusal::Form)?).await
            }
        }
    }

    /// Whether a top-level path is a user's: such a namespace has no variables of its own.
    async fn is_users(&self, path: &str) -> bool {
        if path.contains('/') {
            return false;
        }
        self.client.one::<Space>(&Namespace(path)).await.is_ok_and(|space| space.kind == "user")
    }

    /// The instance's variables, which only administrators may read: a refusal is a note.
    pub(super) async fn instance_variables(&self, part: &mut Part) {
        // "Instance": GitLab Self-Managed and Dedicated only.
        if self.client.tenant() == "gitlab:gitlab.com" {
            self.extent(part, KIND, INSTANCE, true);
            return;
        }
        match self.client.list::<Variable>(&Plain::INSTANCE_VARIABLES).await {
            Ok(listed) => {
                let place = Place { holder: Holder::Group, path: INSTANCE.to_owned() };
                self.slots(&place, listed, part);
            }
            Err(refusal) => {
                self.extent(part, KIND, INSTANCE, false);
                match refusal.status() {
                    Some(401 | 403 | 404) => {
                        let reason = "the instance's variables are shown to administrators only; they were not read";
                        part.notes.insert(reason.to_owned());
                    }
                    _ => self.gap(part, "slots", INSTANCE, format!("its variables: {}", refusal.reason(""))),
                }
            }
        }
    }

    fn slots(&self, place: &Place, listed: Listed<Variable>, part: &mut Part) {
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for variable in &listed.items {
            *count.entry(variable.key.clone()).or_default() += 1;
        }
        for variable in listed.items {
            let slot = self.slot(&place.path, variable, part, |key| Kept {
                place: place.clone(),
                several: count.get(key).is_some_and(|count| *count > 1),
                key: key.to_owned(),
                masked: false,
            });
            part.inventory.slots.push(slot);
        }
        self.extent(part, KIND, &place.path, listed.broken.is_none());
        if let Some(reason) = listed.broken {
            self.gap(part, "slots", &place.path, format!("its variables: {reason}"));
        }
    }

    fn slot(&self, path: &str, variable: Variable, part: &mut Part, kept: impl Fn(&str) -> Kept) -> Slot {
        let Variable { key, value, protected, masked, hidden, environment_scope: scope } = variable;
        let authority = self.source.about.authority.as_deref();
        let id = Id::gitlab_variable(authority, path, &key, scope.as_deref());
        let mut slot = Slot {
            // A scope with a wildcard is of many environments.
            environment: scope.filter(|scope| !scope.contains('*')),
            protected,
            masked,
            hidden,
            ..Slot::bare(id.clone())
        };
        if let Some((value, site)) = value.filter(|value| !value.is_empty()).zip(self.source.key.as_ref()) {
            slot.fingerprint = Some(value.fingerprint(site));
            slot.holds = self.told(&value);
        }
        if path != INSTANCE {
            part.kept.push((id, Kept { masked: masked == Some(true), ..kept(&key) }));
        }
        slot.name = Some(key);
        slot
    }

    /// The credential whose id a value is.
    fn told(&self, value: &Secret) -> Option<Id> {
        if recognize::kind(value) != Some(Kind::AwsKeyId) {
            return None;
        }
        let key_id = value.expose().trim();
        self.source.aws.id(key_id)
    }
}
