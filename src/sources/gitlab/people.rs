//! Who asks, and personal access tokens: one's own, one by its number, a group's enterprise users', an instance's.

use std::collections::BTreeMap;

use futures::StreamExt;
use gitlab::api::personal_access_tokens::{PersonalAccessToken, PersonalAccessTokenSelf, PersonalAccessTokens};
use gitlab::api::users::{CurrentUser, User as UserEndpoint};

use crate::model::Id;
use crate::model::id::part as encoded;
use crate::model::inventory::{Credential, LivenessState};
use crate::probe::observed;

use super::answers::{AccessToken, Job, User};
use super::endpoints::{Of, Plain};
use super::{AT_ONCE, Part, Reader, levels, tokens};
use crate::sources::forge::gitlab::{Refusal, TokenKind};

/// The kind in ids and coverage.
pub(super) const KIND: &str = "personal-token";

/// How the record is called in evidence.
pub(super) const METHOD: &str = "gitlab personal access tokens";

/// Why the token may not see another's.
const NEED: &str = "its owner's or an administrator's token";

impl Reader<'_> {
    /// Who asks, for coverage: at a cost of one request.
    pub(super) async fn user(&self) -> Result<User, Refusal> {
        match self.client.kind() {
            TokenKind::Private => {
                let endpoint = CurrentUser::builder().build().map_err(|_| Refusal::Form)?;
                self.client.one(&endpoint).await
            }
            TokenKind::Job => Ok(self.client.one::<Job>(&Plain::JOB).await?.user),
        }
    }

    /// The auditor's token itself, with its scopes, and the other personal tokens of its user.
    pub(super) async fn own_tokens(&self, user: &User, part: &mut Part) {
        let own = PersonalAccessTokenSelf::builder().build().map_err(|_| Refusal::Form);
        let own = match own {
            Ok(endpoint) => self.client.one::<AccessToken>(&endpoint).await,
            Err(refusal) => Err(refusal),
        };
        let own = match own {
            Ok(token) => token,
            Err(refusal) => {
                let reason = format!("the auditor's own token: {}", refusal.reason(NEED));
                self.gap(part, "liveness", &format!("personal tokens of {}", user.username), reason);
                return;
            }
        };
        if user.bot == Some(true) || is_bot(&user.username) {
            part.notes.insert(format!("the auditor is a project's or group's token, {}", user.username));
            return;
        }
        part.inventory.credentials.push(self.personal(&user.username, own));
        let Some(id) = user.id else { return };
        let listed = match PersonalAccessTokens::builder().user(id).build() {
            Ok(endpoint) => self.client.list::<AccessToken>(&endpoint).await,
            Err(_) => Err(Refusal::Form),
        };
        match listed {
            Ok(listed) => {
                // Without the right to filter by user an administrator would see all.
                let own = listed.items.into_iter().filter(|token| token.user_id.is_none_or(|of| of == id));
                for token in own {
                    let credential = self.personal(&user.username, token);
                    if !part.inventory.credentials.iter().any(|known| known.id == credential.id) {
                        part.inventory.credentials.push(credential);
                    }
                }
                self.extent(part, KIND, &user.username, listed.broken.is_none());
                if let Some(reason) = listed.broken {
                    self.gap(part, "liveness", &user.username, format!("personal access tokens: {reason}"));
                }
            }
            Err(refusal) => {
                self.extent(part, KIND, &user.username, false);
                let reason = format!("personal access tokens: {}", refusal.reason("the scope read_api"));
                self.gap(part, "liveness", &user.username, reason);
            }
        }
    }

    /// Everybody's tokens: an administrator's view of the instance.
    pub(super) async fn instance_tokens(&self, part: &mut Part) {
        let listed = match PersonalAccessTokens::builder().build() {
            Ok(endpoint) => self.client.list::<AccessToken>(&endpoint).await,
            Err(_) => Err(Refusal::Form),
        };
        match listed {
            Ok(listed) => self.named(listed.items, listed.broken, "the instance", part).await,
            Err(refusal) => {
                let reason = format!("personal access tokens: {}", refusal.reason("an administrator's token"));
                self.gap(part, "liveness", "the instance", reason);
            }
        }
    }

    /// The tokens of a top-level group's enterprise users; where that is not offered, a note.
    pub(super) async fn managed_tokens(&self, group: &str, part: &mut Part) {
        match self.client.list::<AccessToken>(&Of::managed_tokens(group)).await {
            Ok(listed) => self.named(listed.items, listed.broken, group, part).await,
            Err(refusal) if matches!(refusal.status(), Some(400 | 401 | 403 | 404 | 405)) => {
                let need = "GitLab.com, Premium, enterprise users and the Owner role in the top-level group";
                let reason = refusal.reason(need);
                part.notes.insert(format!("{group}: personal tokens of its users were not listed: {reason}"));
            }
            Err(refusal) => {
                let reason = format!("personal access tokens of its users: {}", refusal.reason(""));
                self.gap(part, "liveness", group, reason);
            }
        }
    }

    /// Tokens of several users: their ids carry the users' names, which are looked up.
    async fn named(&self, tokens: Vec<AccessToken>, broken: Option<String>, place: &str, part: &mut Part) {
        let mut of: BTreeMap<u64, Vec<AccessToken>> = BTreeMap::new();
        let mut nobodys = 0;
        for token in tokens {
            match token.user_id {
                Some(user) => of.entry(user).or_default().push(token),
                None => nobodys += 1,
            }
        }
        let users: Vec<u64> = of.keys().copied().collect();
        let asked = futures::stream::iter(users.into_iter().map(|id| async move { (id, self.user_of(id).await) }));
        let users: BTreeMap<u64, Result<User, Refusal>> = asked.buffered(AT_ONCE).collect().await;
        for (id, tokens) in of {
            match users.get(&id) {
                // The users behind access tokens of projects and groups: their tokens are listed there.
                Some(Ok(user)) if user.bot == Some(true) || is_bot(&user.username) => {}
                Some(Ok(user)) => {
                    part.inventory
                        .credentials
                        .extend(tokens.into_iter().map(|token| self.personal(&user.username, token)));
                    self.extent(part, KIND, &user.username, broken.is_none());
                }
                Some(Err(refusal)) => {
                    let reason = format!("the name of user {id}: {}", refusal.reason("the scope read_api"));
                    self.gap(part, "liveness", place, reason);
                }
                None => {}
            }
        }
        if nobodys > 0 {
            self.gap(part, "liveness", place, format!("{nobodys} personal access tokens came without their user"));
        }
        if let Some(reason) = broken {
            self.gap(part, "liveness", place, format!("personal access tokens: {reason}"));
        }
    }

    async fn user_of(&self, id: u64) -> Result<User, Refusal> {
        let endpoint = UserEndpoint::builder().user(id).build().map_err(|_| Refusal::Form)?;
        self.client.one(&endpoint).await
    }

    /// One personal token, by the id that a ticket or slot names: `gitlab:personal-token:<user>:<number>`.
    pub(super) async fn one_token(&self, id: &Id, username: &str, number: u64, part: &mut Part) {
        let unknown = |part: &mut Part, reason: String| {
            let mut credential = Credential::bare(id.clone());
            credential.observe(observed(LivenessState::Unknown, METHOD, Some(&reason)));
            part.inventory.credentials.push(credential);
            self.gap(part, "liveness", id.as_str(), reason);
        };
        let answer = match PersonalAccessToken::builder().id(number).build() {
            Ok(endpoint) => self.client.one::<AccessToken>(&endpoint).await,
            Err(_) => Err(Refusal::Form),
        };
        let token = match answer {
            Ok(token) if token.id == number => token,
            Ok(_) => return unknown(part, "the server answered with another token".to_owned()),
            // "404: the user is an administrator but the token does not exist"; others get 401.
            Err(Refusal::Status { status: 404, spoken: true }) => {
                let mut credential = Credential::bare(id.clone());
                credential.observe(observed(LivenessState::NotFound, METHOD, Some("HTTP 404, to an administrator")));
                part.inventory.credentials.push(credential);
                return;
            }
            Err(Refusal::Status { status: 401 | 403, .. }) => return unknown(part, format!("this needs {NEED}")),
            Err(refusal) => return unknown(part, refusal.reason(NEED)),
        };
        let owner = match token.user_id {
            Some(user) => self.user_of(user).await,
            None => Err(Refusal::Form),
        };
        match owner {
            Ok(owner) if owner.username.eq_ignore_ascii_case(username) => {
                // Under the id as it was asked for: names compare without case.
                let credential = Credential { id: id.clone(), ..self.personal(&owner.username, token) };
                part.inventory.credentials.push(credential);
            }
            Ok(_) => unknown(part, "the token of that number is another user's".to_owned()),
            Err(refusal) => unknown(part, format!("the token's user: {}", refusal.reason("the scope read_api"))),
        }
    }

    fn personal(&self, username: &str, token: AccessToken) -> Credential {
        let authority = self.source.about.authority.as_deref();
        let id = Id::build("gitlab", authority, KIND, &[&encoded(username), &token.id.to_string()]);
        let (level, native) = levels::level(&token.scopes, token.access_level);
        let mut credential = Credential {
            owner: tokens::text(Some(username.to_owned())),
            tenant: Some(self.client.tenant().to_owned()),
            grants: vec![self.grant("*", level, native)],
            ..Credential::bare(id)
        };
        tokens::describe(&mut credential, token, METHOD);
        credential
    }
}

/// The users that GitLab makes for access tokens ("Project access tokens", Bot users for projects).
fn is_bot(username: &str) -> bool {
    let of = |kind: &str| {
        let rest = username.strip_prefix(kind)?;
        let (number, rest) = rest.split_once('_')?;
        Some(number.bytes().all(|b| b.is_ascii_digit()) && !number.is_empty() && rest.starts_with("bot"))
    };
    of("project_").or_else(|| of("group_")).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bots_are_known_by_name() {
        for name in ["project_4_bot", "project_4_bot_0c1f", "group_12_bot_ab", "project_4_bot1"] {
            assert!(is_bot(name), "{name}");
        }
        for name in ["alice", "project_x_bot", "group__bot", "project_4_robot", "project_4"] {
            assert!(!is_bot(name), "{name}");
        }
    }
}
