//! Secrets Manager: lists, never values (`values` has those). One `ListSecrets` names up to ten prefixes (Secrets Manager API
//! reference, `ListSecrets` and `Filter`).

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, SecretListEntry};

use crate::model::Id;
use crate::model::inventory::{RotationKind, Slot, Version};
use crate::probe::account;
use crate::sources::Wanted;

use super::names::Name;
use super::read::Shelf;
use super::{Sink, reason, time};

/// How many prefixes a filter may have.
const MOST_PREFIXES: usize = 10;

/// The most pages that are read: an account has at most 500,000 secrets a region (Secrets Manager quotas), 100 a page.
const MOST_PAGES: usize = 5_001;

/// How long a text of a tag may be that is kept.
const MOST_TEXT: usize = 256;

/// Stages, the most telling first (Secrets Manager User Guide, "Secret versions").
const STAGES: &[&str] = &["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"];

impl Shelf<'_> {
    /// Reads all secrets, or those with these names; false where the list broke off.
    pub(super) async fn secrets(&self, names: Option<&[Name]>, want: &Wanted, sink: &Sink<'_>) -> bool {
        let filters: Vec<Vec<String>> = match names {
            None => vec![Vec::new()],
            Some(names) => {
                let all: BTreeSet<String> = names.iter().flat_map(Name::filters).collect();
                let all: Vec<String> = all.into_iter().collect();
                all.chunks(MOST_PREFIXES).map(<[String]>::to_vec).collect()
            }
        };
        let mut complete = true;
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for filter in filters {
            complete &= self.list(filter, names, want, &mut seen, sink).await;
        }
        complete
    }

    async fn list(
        &self,
        filter: Vec<String>,
        names: Option<&[Name]>,
        want: &Wanted,
        seen: &mut BTreeSet<String>,
        sink: &Sink<'_>,
    ) -> bool {
        let client = self.session.secrets(self.source, &self.region);
        let filter = (!filter.is_empty())
            .then(|| Filter::builder().key(FilterNameStringType::Name).set_values(Some(filter)).build());
        let mut next: Option<String> = None;
        let mut pages: BTreeSet<String> = BTreeSet::new();
        let mut foreign = 0usize;
        let mut whole = false;
        while pages.len() < MOST_PAGES {
            let call = client
                .list_secrets()
                .include_planned_deletion(true)
                .max_results(100)
                .set_filters(filter.clone().map(|filter| vec![filter]))
                .set_next_token(next.take());
            let page = match call.send().await {
                Ok(page) => page,
                Err(error) => {
                    sink.gap("slots", &self.scope(), format!("ListSecrets: {}", reason(&error)));
                    return false;
                }
            };
            let mut slots = Vec::new();
            for entry in page.secret_list() {
                let Some(arn) = entry.arn().filter(|arn| self.has(arn)) else {
                    foreign += 1;
                    continue;
                };
                let name = entry.name().unwrap_or_default();
                let meant = names.is_none_or(|names| names.iter().any(|own| own.means(self.store, name, arn)));
                if meant && seen.insert(arn.to_owned()) {
                    slots.push(self.secret(self.id(arn, want), entry, names.is_some(), sink));
                }
            }
            self.look_into(&mut slots, names.is_some(), sink).await;
            sink.slots(slots);
            match page.next_token() {
                None | Some("") => {
                    whole = true;
                    break;
                }
                Some(token) if !pages.insert(token.to_owned()) => break,
                Some(token) => next = Some(token.to_owned()),
            }
        }
        if !whole {
            sink.gap("slots", &self.scope(), "ListSecrets: its pages do not end");
        }
        if foreign > 0 {
            let reason = format!("{foreign} entries are not of this account and region; they were not taken");
            sink.gap("slots", &self.scope(), reason);
        }
        whole && foreign == 0
    }

    fn secret(&self, id: Id, entry: &SecretListEntry, scoped: bool, sink: &Sink<'_>) -> Slot {
        let name = entry.name().map(cut);
        let shown = name.clone().unwrap_or_default();
        if let Some(deleted) = entry.deleted_date().and_then(time)
            && scoped
        {
            sink.note(format!(
                "secret {shown} of {} is scheduled for deletion on {deleted}: it can be restored until then, and a job that reads it now \
                 fails",
                self.place()
            ));
        }
        if let Some(primary) = entry.primary_region().filter(|primary| *primary != self.region && scoped) {
            sink.note(format!("secret {shown} of {} is a replica of {}'s", self.place(), cut(primary)));
        }
        let tags: BTreeMap<String, String> =
            entry.tags().iter().filter_map(|tag| Some((tag.key()?.to_ascii_lowercase(), cut(tag.value()?)))).collect();
        let tag =
            |names: &[&str]| names.iter().find_map(|name| tags.get(*name)).filter(|text| !text.is_empty()).cloned();
        if let Some(at) = entry.last_changed_date().or(entry.created_date()).and_then(time) {
            self.source.state().changed.insert(id.clone(), (at, versions(entry)));
        }
        Slot {
            name,
            environment: tag(&["environment", "env", "stage"]),
            holds: tag(&["holds", "driftgate:holds"]).and_then(|text| self.held(&text)),
            owner: tag(&["owner", "driftgate:owner"]),
            rotation: entry.rotation_enabled().unwrap_or_default().then(|| rotation(entry, &tags)),
            versions: versions(entry),
            ..Slot::bare(id)
        }
    }

    /// What a tag says that a secret holds: an id, or an access key's own.
    pub(super) fn held(&self, text: &str) -> Option<Id> {
        let text = text.trim();
        if is_key(text) {
            let own = account::of_key(text).is_some() && account::of_key(text) == self.number;
            return Some(Id::aws_access_key(self.source.authority().filter(|_| own), text));
        }
        let parts = text.split(':').take(3).filter(|part| !part.is_empty()).count();
        (parts == 3 && !text.starts_with("arn:") && !text.contains(char::is_whitespace)).then(|| Id::new(text))
    }
}

/// Whether a text has the form of a long-term access key's id.
pub(super) fn is_key(text: &str) -> bool {
    text.len() == 20 && text.starts_with("AKIA") && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Alternating where a tag says so, or the function that rotates is one of AWS' templates for several users (Secrets Manager User
/// Guide, "Rotation function templates": `SecretsManagerRDSMySQLRotationMultiUser`).
fn rotation(entry: &SecretListEntry, tags: &BTreeMap<String, String>) -> RotationKind {
    let said = ["rotation", "rotation-strategy", "driftgate:rotation"].iter().find_map(|name| tags.get(*name));
    let text = said.map(String::as_str).or(entry.rotation_lambda_arn()).unwrap_or_default();
    let text: String = text.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    if ["multiuser", "alternating"].iter().any(|word| text.contains(word)) {
        RotationKind::Alternating
    } else {
        RotationKind::Single
    }
}

/// The versions by stage. The list tells no times of theirs.
fn versions(entry: &SecretListEntry) -> Vec<Version> {
    let stage = |stages: &Vec<String>| STAGES.iter().position(|known| stages.iter().any(|stage| stage == known));
    let all = entry.secret_versions_to_stages().into_iter().flatten();
    let mut ranks: Vec<usize> = all.filter_map(|(_, stages)| stage(stages)).collect();
    // Newest first: what is pending comes after what is current.
    ranks.sort_by_key(|rank| [1, 0, 2].get(*rank).copied().unwrap_or(3));
    ranks.dedup();
    let of = |rank: usize| Version { at: None, stage: Some(STAGES[rank].to_owned()), holds: None, fingerprint: None };
    ranks.into_iter().map(of).collect()
}

pub(super) fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MOST_TEXT * 2).collect()
}
