//! IAM's record of access keys: status, owner, last use. `GetAccessKeyLastUsed` names the user of one key in one call;
//! `ListAccessKeys` gives the status (IAM API reference). Last use is coarse, and no proof of liveness.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::Client;
use aws_sdk_iam::types::{AccessKeyLastUsed, StatusType, SummaryKeyType};
use jiff::Timestamp;

use crate::model::Id;
use crate::model::inventory::{Credential, Grant, LivenessState, Status};
use crate::probe::{account, observed};
use crate::sources::{Wanted, observe};

use super::session::Session;
use super::{AwsSource, Sink, is_absent, reason, side_by_side, time};

/// How the record is called in evidence.
pub(super) const METHOD: &str = "iam ListAccessKeys";

/// The extent of all keys of an account, those of its root user included.
pub(super) const WHOLE: &str = "access-key-and-root";

/// The most users that are listed; an account has at most 5,000 (IAM quotas).
const MOST_USERS: usize = 5_000;

/// How many calls are under way at once.
pub(super) const AT_ONCE: usize = 8;

/// One account's IAM.
pub(super) struct Keys<'s> {
    pub(super) source: &'s AwsSource,
    pub(super) client: Client,
    pub(super) account: &'s str,
}

/// What a look-up of one key told.
struct Placed {
    user: Option<String>,
    used: Option<Timestamp>,
}

impl<'s> Keys<'s> {
    pub(super) fn new(source: &'s AwsSource, session: &'s Session, account: &'s str) -> Self {
        Self { source, client: session.iam(source), account }
    }

    /// The wanted keys: by their ids as IAM knows them, with the ids that they were asked for by.
    pub(super) async fn read(&self, wanted: &BTreeMap<&str, &Id>, want: &Wanted, sink: &Sink<'_>) {
        let (temporary, wanted): (BTreeMap<&str, &Id>, BTreeMap<&str, &Id>) =
            wanted.iter().partition(|(key, _)| key.starts_with("ASIA"));
        let why = "a temporary key: IAM lists none of them";
        let unknown = |reason: &str| observed(LivenessState::Unknown, METHOD, Some(reason));
        sink.with(|batch| temporary.values().for_each(|id| observe(batch, id, unknown(why))));
        if wanted.is_empty() {
            return;
        }
        if let Some(complete) = self.source.state().listed.get(self.account).copied() {
            self.absent(&wanted.into_iter().collect::<Vec<_>>(), complete, sink);
            return;
        }
        let look_ups = wanted.iter().map(|(key, id)| async move { (*key, *id, self.place(key, id, sink).await) });
        let look_ups = side_by_side(AT_ONCE, look_ups.collect()).await;
        let mut users: BTreeSet<String> = BTreeSet::new();
        let mut used: BTreeMap<String, Option<Timestamp>> = BTreeMap::new();
        let mut unplaced: Vec<(&str, &Id)> = Vec::new();
        for (key, id, placed) in look_ups {
            used.insert(key.to_owned(), placed.used);
            match placed.user {
                Some(user) => {
                    users.insert(user);
                }
                None => unplaced.push((key, id)),
            }
        }
        let whole = !unplaced.is_empty();
        let wants_grants = |id: &Id| want.grants.contains(id);
        let placed = users.clone();
        // A key that no call places is deleted only where the whole list of the account's keys does not have it.
        let mut complete = if whole { self.all_users(&mut users, sink).await } else { false };
        if whole {
            complete &= self.root_has_no_key(sink).await;
        }
        let lists = side_by_side(AT_ONCE, users.iter().map(|user| self.list(user, sink)).collect()).await;
        complete &= lists.iter().all(Option::is_some);
        let mut credentials: Vec<Credential> = lists.into_iter().flatten().flatten().collect();
        let mut grants: BTreeMap<String, Vec<Grant>> = BTreeMap::new();
        for user in placed {
            let own = credentials.iter().filter(|credential| credential.owner.as_ref() == Some(&user));
            let asked =
                own.map(|credential| credential.id.rest()).filter_map(|key| wanted.get(key)).any(|id| wants_grants(id));
            if asked {
                grants.insert(user.clone(), self.grants_of_user(&user, sink).await);
            }
        }
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for credential in &mut credentials {
            let key = credential.id.rest().to_owned();
            credential.last_used_at = used.get(&key).copied().flatten();
            credential.grants =
                credential.owner.as_ref().and_then(|user| grants.get(user)).cloned().unwrap_or_default();
            if let Some(asked) = wanted.get(key.as_str()) {
                credential.id = (*asked).clone();
            }
            seen.insert(key);
        }
        let gone: Vec<(&str, &Id)> = unplaced.into_iter().filter(|(key, _)| !seen.contains(*key)).collect();
        self.push(credentials, sink);
        if whole {
            self.source.state().listed.insert(self.account.to_owned(), complete);
            self.extent(complete, complete, sink);
        }
        self.absent(&gone, complete, sink);
    }

    /// All users' keys, with their policies, and the roles that CI identities may assume.
    pub(super) async fn read_all(&self, sink: &Sink<'_>) {
        let mut users: BTreeSet<String> = BTreeSet::new();
        let grants = match self.details(&mut users, sink).await {
            Some(grants) => Some(grants),
            None => {
                users.clear();
                None
            }
        };
        let listed = grants.is_some() || self.all_users(&mut users, sink).await;
        let lists = side_by_side(AT_ONCE, users.iter().map(|user| self.list(user, sink)).collect()).await;
        let complete = listed && lists.iter().all(Option::is_some);
        let credentials = lists.into_iter().flatten().flatten();
        let grants = &grants;
        let dated = credentials.map(|mut credential| async move {
            let key = credential.id.rest().to_owned();
            credential.last_used_at = self.place(&key, &credential.id.clone(), sink).await.used;
            let granted = credential.owner.as_ref().and_then(|user| grants.as_ref()?.get(user));
            credential.grants = granted.cloned().unwrap_or_default();
            credential
        });
        let credentials = side_by_side(AT_ONCE, dated.collect()).await;
        self.push(credentials, sink);
        let whole = self.root_has_no_key(sink).await && complete;
        self.source.state().listed.insert(self.account.to_owned(), whole);
        self.extent(complete, whole, sink);
    }

    fn push(&self, mut credentials: Vec<Credential>, sink: &Sink<'_>) {
        credentials.sort_by(|a, b| a.id.cmp(&b.id));
        sink.with(|batch| {
            batch.account.items += credentials.len() as u64;
            batch.inventory.credentials.append(&mut credentials);
        });
    }

    fn extent(&self, complete: bool, whole: bool, sink: &Sink<'_>) {
        let asked_as = sink.with(|batch| batch.account.asked_as.clone());
        let extent = self.source.extent("access-key", self.account, complete, asked_as.clone());
        let root = self.source.extent(WHOLE, self.account, whole, asked_as);
        sink.with(|batch| batch.inventory.coverage.extend([extent, root]));
    }

    /// Says of keys that no list has what that proves.
    fn absent(&self, keys: &[(&str, &Id)], complete: bool, sink: &Sink<'_>) {
        for (key, id) in keys {
            // An old id names no account, so that its absence here says nothing.
            let own = account::of_key(key).is_some();
            let (state, reason) = match (complete, own) {
                (true, true) => (LivenessState::NotFound, "the account's whole list does not have it"),
                (true, false) => (LivenessState::Unknown, "not in this account, and the id names none"),
                (false, _) => (LivenessState::Unknown, "the account's list could not be read wholly"),
            };
            sink.with(|batch| observe(batch, id, observed(state, METHOD, Some(reason))));
        }
    }

    /// Whose a key is, and when it was used.
    async fn place(&self, key: &str, id: &Id, sink: &Sink<'_>) -> Placed {
        match self.client.get_access_key_last_used().access_key_id(key).send().await {
            Ok(answer) => {
                let used = answer.access_key_last_used();
                // A liveness probe, ours or anybody's, is a call of STS: it proves no use of the key for anything. IAM keeps the last
                // service alone, so that an earlier use of another one is not told any more.
                let probed = used.is_some_and(|used| used.service_name() == "sts");
                if probed {
                    sink.note(format!("{id}: its last use was a call of STS, as a probe makes; not counted as a use"));
                }
                let used = used.filter(|_| !probed).and_then(AccessKeyLastUsed::last_used_date);
                Placed { user: answer.user_name().map(str::to_owned), used: used.and_then(time) }
            }
            Err(error) => {
                // No error is documented for a key that is not there: AWS answers `AccessDenied` or `NoSuchEntity`, so neither is
                // taken for more than "not placed".
                if !is_absent(&error) {
                    self.lacking(id.as_str(), &reason(&error), sink);
                }
                Placed { user: None, used: None }
            }
        }
    }

    /// Whether the account's root user has no access key: those are in no user's list (IAM API reference, `GetAccountSummary`).
    async fn root_has_no_key(&self, sink: &Sink<'_>) -> bool {
        match self.client.get_account_summary().send().await {
            Ok(answer) => {
                let keys = answer.summary_map().and_then(|map| map.get(&SummaryKeyType::AccountAccessKeysPresent));
                if keys != Some(&0) {
                    let account = self.account;
                    sink.note(format!("the root user of {account} may have access keys, which no list shows"));
                }
                keys == Some(&0)
            }
            Err(error) => {
                self.lacking("root", &format!("GetAccountSummary: {}", reason(&error)), sink);
                false
            }
        }
    }

    /// Adds every user of the account; false where the list broke off.
    async fn all_users(&self, users: &mut BTreeSet<String>, sink: &Sink<'_>) -> bool {
        let scope = format!("users of {}", self.account);
        let mut marker: Option<String> = None;
        let mut markers: BTreeSet<String> = BTreeSet::new();
        loop {
            match self.client.list_users().set_marker(marker.take()).send().await {
                Ok(page) => {
                    users.extend(page.users().iter().map(|user| user.user_name().to_owned()));
                    if users.len() > MOST_USERS {
                        self.lacking(&scope, "more users than an account can have", sink);
                        return false;
                    }
                    match page.marker() {
                        Some(next) if page.is_truncated() => {
                            if !markers.insert(next.to_owned()) || markers.len() > MOST_USERS {
                                self.lacking(&scope, "ListUsers: its pages do not end", sink);
                                return false;
                            }
                            marker = Some(next.to_owned());
                        }
                        _ => return !page.is_truncated(),
                    }
                }
                Err(error) => {
                    self.lacking(&scope, &format!("ListUsers: {}", reason(&error)), sink);
                    return false;
                }
            }
        }
    }

    /// The keys of one user; none where they could not be read wholly.
    async fn list(&self, user: &str, sink: &Sink<'_>) -> Option<Vec<Credential>> {
        let page = match self.client.list_access_keys().user_name(user).send().await {
            Ok(page) => page,
            Err(error) => {
                self.lacking(&format!("user {user}"), &format!("ListAccessKeys: {}", reason(&error)), sink);
                return None;
            }
        };
        let mut out = Vec::new();
        for key in page.access_key_metadata() {
            let Some(key_id) = key.access_key_id() else { continue };
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
                aliases: vec![user.to_owned()],
                owner: Some(user.to_owned()),
                tenant: Some(format!("aws:{}", self.account)),
                status,
                created_at: key.create_date().and_then(time),
                ..Credential::bare(Id::aws_access_key(self.source.authority(), key_id))
            };
            credential.observe(liveness);
            out.push(credential);
        }
        if page.is_truncated() {
            self.lacking(&format!("user {user}"), "ListAccessKeys: more keys than a user can have", sink);
            self.push(out, sink);
            return None;
        }
        Some(out)
    }

    pub(super) fn lacking(&self, scope: &str, reason: &str, sink: &Sink<'_>) {
        sink.gap("liveness", scope, reason);
    }
}
