//! IAM's record of access keys: status, owner, last use. `GetAccessKeyLastUsed` names the user of one key in one call;
//! `ListAccessKeys` gives the status (IAM API reference). Last use is coarse, and no proof of liveness.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::Client;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::types::{StatusType, SummaryKeyType};
use jiff::Timestamp;

use crate::model::Id;
use crate::model::inventory::{Credential, LivenessState, Status};
use crate::probe::aws::code;
use crate::probe::{account, observed};
use crate::sources::{Batch, observe};

use super::{AwsSource, reason};

/// How the record is called in evidence.
pub(super) const METHOD: &str = "iam ListAccessKeys";

/// The most users that are listed; an account has at most 5,000 (IAM quotas).
const MOST_USERS: usize = 5_000;

pub(super) struct Keys<'s> {
    pub(super) source: &'s AwsSource,
    pub(super) client: &'s Client,
    pub(super) account: &'s str,
}

impl Keys<'_> {
    pub(super) async fn read(&self, wanted: &[Id], everything: bool, into: &mut Batch) {
        let mut users: BTreeSet<String> = BTreeSet::new();
        let mut last_used: BTreeMap<Id, Option<Timestamp>> = BTreeMap::new();
        let mut unplaced: Vec<Id> = Vec::new();
        for id in wanted {
            if id.rest().starts_with("ASIA") {
                let why = "a temporary key: IAM lists none of them";
                observe(into, id, observed(LivenessState::Unknown, METHOD, Some(why)));
                continue;
            }
            if account::of_key(id.rest()).is_some_and(|own| own != self.account) {
                let why = format!("the key belongs to another account than {}", self.account);
                observe(into, id, observed(LivenessState::Unknown, METHOD, Some(&why)));
                continue;
            }
            into.account.requests += 1;
            match self.client.get_access_key_last_used().access_key_id(id.rest()).send().await {
                Ok(answer) => {
                    let used = answer.access_key_last_used();
                    // A liveness probe, ours or anybody's, is a call of STS: it proves no use of the key for anything. IAM keeps
                    // the last service alone, so that an earlier use of another one is not told any more.
                    let probed = used.is_some_and(|used| used.service_name() == "sts");
                    if probed {
                        into.account.notes.push(format!(
                            "{id}: its last use was a call of STS, as a probe makes; not counted as a use"
                        ));
                    }
                    let used = used.filter(|_| !probed).and_then(|used| used.last_used_date());
                    last_used.insert(id.clone(), used.and_then(time));
                    match answer.user_name() {
                        Some(user) => {
                            users.insert(user.to_owned());
                        }
                        None => unplaced.push(id.clone()),
                    }
                }
                Err(error) => {
                    if !is_absent(&error) {
                        self.lacking(id.as_str(), &reason(&error), into);
                    }
                    unplaced.push(id.clone());
                }
            }
        }
        // A key that no call places is deleted only where the whole list of the account's keys does not have it.
        let whole = everything || !unplaced.is_empty();
        let mut complete = if whole { self.all_users(&mut users, into).await } else { false };
        if !unplaced.is_empty() {
            complete &= self.root_has_no_key(into).await;
        }
        let mut seen: BTreeSet<Id> = BTreeSet::new();
        let mut all_listed = complete;
        for user in &users {
            all_listed &= self.list(user, &last_used, &mut seen, into).await;
        }
        let asked_as = into.account.asked_as.clone();
        if whole {
            into.inventory.coverage.push(self.source.extent("access-key", self.account, all_listed, asked_as));
        }
        for id in unplaced.iter().filter(|id| !seen.contains(*id)) {
            // An old id names no account, so that its absence here says nothing.
            let own = account::of_key(id.rest()).is_some();
            let liveness = match (all_listed, own) {
                (true, true) => {
                    observed(LivenessState::NotFound, METHOD, Some("the account's whole list does not have it"))
                }
                (true, false) => {
                    observed(LivenessState::Unknown, METHOD, Some("not in this account, and the id names none"))
                }
                (false, _) => {
                    observed(LivenessState::Unknown, METHOD, Some("the account's list could not be read wholly"))
                }
            };
            observe(into, id, liveness);
        }
    }

    /// Whether the account's root user has no access key: those are in no user's list (IAM API reference, `GetAccountSummary`).
    async fn root_has_no_key(&self, into: &mut Batch) -> bool {
        into.account.requests += 1;
        match self.client.get_account_summary().send().await {
            Ok(answer) => {
                let keys = answer.summary_map().and_then(|map| map.get(&SummaryKeyType::AccountAccessKeysPresent));
                if keys != Some(&0) {
                    into.account.notes.push("the root user may have access keys, which no list shows".to_owned());
                }
                keys == Some(&0)
            }
            Err(error) => {
                self.lacking("root", &format!("GetAccountSummary: {}", reason(&error)), into);
                false
            }
        }
    }

    /// Adds every user of the account; false where the list broke off.
    async fn all_users(&self, users: &mut BTreeSet<String>, into: &mut Batch) -> bool {
        let mut marker: Option<String> = None;
        loop {
            into.account.requests += 1;
            match self.client.list_users().set_marker(marker.take()).send().await {
                Ok(page) => {
                    users.extend(page.users().iter().map(|user| user.user_name().to_owned()));
                    if users.len() > MOST_USERS {
                        self.lacking("*", "more users than an account can have", into);
                        return false;
                    }
                    match page.marker() {
                        Some(next) if page.is_truncated() => marker = Some(next.to_owned()),
                        _ => return !page.is_truncated(),
                    }
                }
                Err(error) => {
                    self.lacking("*", &format!("ListUsers: {}", reason(&error)), into);
                    return false;
                }
            }
        }
    }

    /// The keys of one user; false where they could not be read.
    async fn list(
        &self,
        user: &str,
        used: &BTreeMap<Id, Option<Timestamp>>,
        seen: &mut BTreeSet<Id>,
        into: &mut Batch,
    ) -> bool {
        into.account.requests += 1;
        let page = match self.client.list_access_keys().user_name(user).send().await {
            Ok(page) => page,
            Err(error) => {
                self.lacking(&format!("user {user}"), &format!("ListAccessKeys: {}", reason(&error)), into);
                return false;
            }
        };
        for key in page.access_key_metadata() {
            let Some(key_id) = key.access_key_id() else { continue };
            let id = Id::aws_access_key(self.source.about.authority.as_deref(), key_id);
            let (status, liveness) = match key.status() {
                Some(StatusType::Active) => (Status::Active, observed(LivenessState::Live, METHOD, None)),
                Some(StatusType::Inactive) => {
                    (Status::Inactive, observed(LivenessState::Dead, METHOD, Some("Inactive")))
                }
                Some(StatusType::Expired) => (Status::Expired, observed(LivenessState::Dead, METHOD, Some("Expired"))),
                _ => {
                    (Status::Unknown, observed(LivenessState::Unknown, METHOD, Some("a status that is not documented")))
                }
            };
            let mut credential = Credential {
                owner: Some(user.to_owned()),
                tenant: Some(format!("aws:{}", self.account)),
                status,
                created_at: key.create_date().and_then(time),
                last_used_at: used.get(&id).copied().flatten(),
                ..Credential::bare(id.clone())
            };
            credential.observe(liveness);
            into.inventory.credentials.push(credential);
            into.account.items += 1;
            seen.insert(id);
        }
        !page.is_truncated()
    }

    fn lacking(&self, scope: &str, reason: &str, into: &mut Batch) {
        into.inventory.gaps.push(self.source.gap("liveness", scope, reason));
    }
}

/// Whether the answer says that there is no such key. `GetAccessKeyLastUsed` documents no error for it: AWS answers `AccessDenied`
/// or `NoSuchEntity`, so neither is taken for more than "not placed".
fn is_absent<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    matches!(code::of(error).as_deref(), Some("NoSuchEntity" | "NoSuchEntityException"))
}

fn time(at: &aws_smithy_types::DateTime) -> Option<Timestamp> {
    Timestamp::from_second(at.secs()).ok()
}
