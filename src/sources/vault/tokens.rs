//! Tokens by their accessors: what the server records of each. No token is seen.

use std::collections::BTreeSet;

use futures::StreamExt;
use jiff::Timestamp;
use vaultrs::api::token::requests::{ListAccessorRequest, LookupTokenAccessorRequest, LookupTokenSelfRequest};
use vaultrs::api::token::responses::LookupTokenResponse;

use crate::model::Id;
use crate::model::inventory::{Credential, Liveness, LivenessState, Status};
use crate::probe::observed;
use crate::probe::vault::{Failure, invalid_accessor, judge, strayed};
use crate::sources::{Batch, Wanted};

use super::login::{Session, Spot};
use super::walk::Mark;
use super::{AT_ONCE, VaultSource};

/// How the record is called in evidence.
pub(super) const METHOD: &str = "vault lookup-accessor";

/// What a server says of one token.
struct Record {
    credential: Credential,
    policies: BTreeSet<String>,
}

/// What came of a look-up.
enum Came {
    /// It lives, in that namespace (its place in the session).
    Live(Box<Record>, usize),
    Not(Liveness),
}

/// Whether the server says that the token is of another namespace (its accessor ends in its own namespace's id).
fn is_of_another(failure: &Failure) -> bool {
    let said = |error: &String| error.contains("cannot lookup token in different namespace");
    matches!(failure, Failure::Answer { errors, .. } if errors.iter().any(said))
}

impl VaultSource {
    /// Who asks: the auditor's accessor, so that it is never the suspect.
    pub(super) async fn auditor(&self, session: &Session) -> Result<String, Failure> {
        if let Some((accessor, name)) = &session.told {
            self.ask_as(name);
            return Ok(accessor.clone());
        }
        let own = session.home.ask(LookupTokenSelfRequest {}).await?;
        self.ask_as(&own.display_name);
        Ok(own.accessor)
    }

    /// Tokens that are wanted: one request each, in each namespace that may have issued it.
    pub(super) async fn tokens(
        &self,
        session: &Session,
        wanted: &[Id],
        want: &Wanted,
        auditor: &str,
        into: &mut Batch,
    ) {
        let looks = wanted.iter().cloned().map(|id| async move {
            let accessor = percent_encoding::percent_decode_str(id.rest()).decode_utf8_lossy().into_owned();
            if accessor == auditor {
                return (id, None);
            }
            let came = self.look_everywhere(session, &id, &accessor).await;
            (id, Some(came))
        });
        let mut looks = futures::stream::iter(looks).buffered(AT_ONCE);
        while let Some((id, came)) = looks.next().await {
            let seen = match came {
                None => {
                    let reason = "this is the auditor's own token: name another with `token_env`";
                    observed(LivenessState::Unknown, METHOD, Some(reason))
                }
                Some(Came::Live(record, at)) => {
                    self.live(&session.spots[at], &id, *record, want.grants.contains(&id), into).await;
                    continue;
                }
                Some(Came::Not(seen)) => self.doubted(&id, want, seen, METHOD),
            };
            self.told_dead(&id, seen, into);
        }
    }

    /// A token that lives: under this source's own id, and under the one that asked for it where that is another.
    async fn live(&self, spot: &Spot, id: &Id, record: Record, granted: bool, into: &mut Batch) {
        let Record { mut credential, policies } = record;
        if granted {
            self.add_grants(spot, id, &policies, &mut credential, into).await;
        }
        if *id != credential.id {
            let asked = Credential { id: id.clone(), ..credential.clone() };
            into.inventory.credentials.push(asked);
            self.mark_told(id.clone());
        }
        self.mark_told(credential.id.clone());
        into.inventory.credentials.push(credential);
        into.account.items += 1;
    }

    /// Adds what policies allow, or the gap.
    pub(super) async fn add_grants(
        &self,
        spot: &Spot,
        id: &Id,
        policies: &BTreeSet<String>,
        credential: &mut Credential,
        into: &mut Batch,
    ) {
        match self.grants(spot, policies).await {
            Ok(grants) => {
                credential.grants = grants;
                self.mark_granted(id.clone());
                self.mark_granted(credential.id.clone());
            }
            Err(reason) => into.inventory.gaps.push(self.gap("grants", id.as_str(), reason)),
        }
    }

    async fn look_everywhere(&self, session: &Session, id: &Id, accessor: &str) -> Came {
        let mut worst: Option<Liveness> = None;
        for (at, spot) in session.spots.iter().enumerate() {
            match self.look(spot, accessor).await {
                Ok(record) => {
                    let mut record = self.record(id.kind(), record);
                    record.credential.observe(observed(LivenessState::Live, METHOD, None));
                    return Came::Live(Box::new(record), at);
                }
                // The server knows whose it is: this namespace says nothing of it.
                Err(failure) if session.spots.len() > 1 && is_of_another(&failure) => {}
                Err(failure) => {
                    let seen = judge(&failure, METHOD, invalid_accessor);
                    // Dead only where every other namespace that is read says so.
                    if worst.as_ref().is_none_or(|known| known.state == LivenessState::Dead) {
                        worst = Some(seen);
                    }
                }
            }
        }
        let mut seen = worst.unwrap_or_else(|| {
            observed(LivenessState::Unknown, METHOD, Some("the token is of a namespace that is not read"))
        });
        let rootless = session.spots.iter().all(|spot| spot.namespace.is_none());
        if seen.state == LivenessState::Dead
            && rootless
            && self.place.as_ref().is_ok_and(|place| strayed(accessor, place))
        {
            seen =
                observed(LivenessState::Unknown, METHOD, Some("the token is of a namespace, and none is configured"));
        }
        Came::Not(seen)
    }

    async fn look(&self, spot: &Spot, accessor: &str) -> Result<LookupTokenResponse, Failure> {
        spot.server.ask(LookupTokenAccessorRequest { accessor: accessor.to_owned() }).await
    }

    fn record(&self, kind: &str, answer: LookupTokenResponse) -> Record {
        let meta = answer.meta.unwrap_or_default();
        let owner = ["owner", "username", "service_account_name"].iter().find_map(|key| meta.get(*key)).cloned();
        let mut aliases: Vec<String> = meta.get("role_name").cloned().into_iter().collect();
        aliases.extend(Some(answer.entity_id).filter(|entity| !entity.is_empty()));
        let policies = answer.policies.into_iter().chain(answer.identity_policies.unwrap_or_default()).collect();
        let id =
            Id::build("vault", self.about.authority.as_deref(), kind, &[&crate::model::id::part(&answer.accessor)]);
        let credential = Credential {
            name: Some(answer.display_name).filter(|name| !name.is_empty()),
            aliases,
            owner: owner.filter(|owner| !owner.is_empty()),
            tenant: self.tenant(),
            status: Status::Active,
            expires_at: answer.expire_time.and_then(|at| at.parse().ok()),
            created_at: i64::try_from(answer.creation_time).ok().and_then(|at| Timestamp::from_second(at).ok()),
            ..Credential::bare(id)
        };
        Record { credential, policies }
    }

    /// All tokens of one namespace, by the list of accessors (which needs `sudo`).
    pub(super) async fn all_tokens(&self, spot: &Spot, auditor: Option<&str>, want: &Wanted, into: &mut Batch) {
        let place = spot.namespace.clone().unwrap_or_default();
        let part = format!("token {place}");
        if self.recall(want, &part, into) {
            return;
        }
        let from = Mark::of(into);
        let accessors = match spot.server.ask(ListAccessorRequest {}).await {
            Ok(list) => list.keys,
            Err(failure) if failure.is_nothing() => Vec::new(),
            Err(failure) => {
                let reason = match failure {
                    Failure::Answer { code: 403, .. } => {
                        "permission denied: the list of accessors needs `list` and `sudo` on auth/token/accessors"
                            .to_owned()
                    }
                    failure => failure.reason(),
                };
                into.inventory.gaps.push(self.gap("credentials", &self.scope_of_list("vault:token", spot), reason));
                into.inventory.coverage.push(self.extent("token", place, false));
                return;
            }
        };
        let looks = accessors.into_iter().map(|accessor| async move {
            let came = self.look(spot, &accessor).await;
            (accessor, came)
        });
        let mut looks = futures::stream::iter(looks).buffered(AT_ONCE);
        let mut complete = true;
        while let Some((accessor, came)) = looks.next().await {
            match came {
                Ok(answer) => {
                    let Record { mut credential, policies } = self.record("token", answer);
                    let seen = if Some(accessor.as_str()) == auditor {
                        observed(LivenessState::Unknown, METHOD, Some("this is the auditor's own token"))
                    } else {
                        observed(LivenessState::Live, METHOD, None)
                    };
                    credential.observe(seen);
                    let id = credential.id.clone();
                    self.add_grants(spot, &id, &policies, &mut credential, into).await;
                    self.mark_told(id);
                    into.inventory.credentials.push(credential);
                    into.account.items += 1;
                }
                // It ended since it was listed.
                Err(failure) if judge(&failure, METHOD, invalid_accessor).state == LivenessState::Dead => {}
                Err(failure) => {
                    complete = false;
                    let id = Id::vault_token(self.about.authority.as_deref(), &accessor);
                    into.inventory.gaps.push(self.gap("liveness", id.as_str(), failure.reason()));
                }
            }
            want.watch.tell(&self.about.name, into.inventory.credentials.len() as u64, self.requests(), None);
        }
        into.inventory.coverage.push(self.extent("token", place, complete));
        self.keep(want, &part, &from, into);
    }
}
