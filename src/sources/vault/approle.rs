//! AppRole: roles, and their secret-ids by accessor. No secret-id is seen.

use std::collections::BTreeSet;

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use vaultrs::api::auth::approle::requests::{
    ListRolesRequest, ListSecretIDRequest, ReadAppRoleRequest, ReadSecretIDAccessorRequest,
};
use vaultrs::api::auth::approle::responses::ReadSecretIDResponse;

use crate::model::Id;
use crate::model::id::part;
use crate::model::inventory::{Credential, Liveness, LivenessState, Status};
use crate::probe::observed;
use crate::probe::vault::{Failure, judge};
use crate::sources::{Batch, Wanted};

use super::kv::is_plain;
use super::login::{Session, Spot};
use super::walk::Mark;
use super::{AT_ONCE, VaultSource};

/// How the record is called in evidence.
pub(super) const METHOD: &str = "vault secret-id-accessor lookup";

/// How far our clock and the server's may be apart: what expired within that time is not known to be dead.
const CLOCKS: SignedDuration = SignedDuration::from_hours(1);

/// The words that say "no such secret-id" (AppRole's `secret-id-accessor/lookup`: 404 with the error in `data`; a role that was
/// deleted took its secret-ids with it).
fn gone(code: u16, errors: &[String]) -> Option<&'static str> {
    let [error] = errors else { return None };
    let lines =
        error.lines().map(|line| line.trim().trim_start_matches("* ")).filter(|line| !line.ends_with("occurred:"));
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let [line] = lines.as_slice() else { return None };
    if code == 404 && line.starts_with("failed to find accessor entry for secret_id_accessor: ") {
        return Some("the role has no secret-id of that accessor");
    }
    let no_role = line.strip_prefix("role \"").is_some_and(|rest| rest.ends_with("\" does not exist"));
    (matches!(code, 400 | 404 | 500) && no_role).then_some("the role does not exist")
}

/// What came of a look-up.
enum Came {
    /// There is a record of it, in that namespace at that mount.
    Known(Box<Credential>, usize, String),
    Not(Liveness),
}

impl VaultSource {
    /// Secret-ids that are wanted: one request each, at each mount that may have issued it.
    pub(super) async fn secret_ids(&self, session: &Session, wanted: &[Id], want: &Wanted, into: &mut Batch) {
        let looks = wanted.iter().cloned().map(|id| async move {
            let came = self.find_secret_id(session, &id).await;
            (id, came)
        });
        let mut looks = futures::stream::iter(looks).buffered(AT_ONCE);
        while let Some((id, came)) = looks.next().await {
            let id = &id;
            match came {
                Came::Known(credential, at, mount) => {
                    let mut credential = *credential;
                    if want.grants.contains(id) {
                        let role = role_and_accessor(id).map(|(role, _)| role).unwrap_or_default();
                        let spot = &session.spots[at];
                        match self.role_policies(spot, &mount, &role).await {
                            Ok(policies) => self.add_grants(spot, id, &policies, &mut credential, into).await,
                            Err(failure) => {
                                let reason = format!("its role: {}", failure.reason());
                                into.inventory.gaps.push(self.gap("grants", id.as_str(), reason));
                            }
                        }
                    }
                    if *id != credential.id {
                        into.inventory.credentials.push(Credential { id: id.clone(), ..credential.clone() });
                        self.mark_told(id.clone());
                    }
                    self.mark_told(credential.id.clone());
                    into.inventory.credentials.push(credential);
                    into.account.items += 1;
                }
                Came::Not(seen) => {
                    let seen = self.doubted(id, want, seen, METHOD);
                    self.told_dead(id, seen, into);
                }
            }
        }
    }

    async fn find_secret_id(&self, session: &Session, id: &Id) -> Came {
        let unknown = |reason: &str| Came::Not(observed(LivenessState::Unknown, METHOD, Some(reason)));
        let Some((role, accessor)) = role_and_accessor(id) else { return unknown("this is no role and accessor") };
        let mut worst: Option<Liveness> = None;
        for (at, spot) in session.spots.iter().enumerate() {
            let mounts = match spot.mounts(&self.settings.mounts).await {
                Ok(mounts) => mounts,
                Err(failure) => return unknown(&format!("the mounts: {}", failure.reason())),
            };
            for mount in &mounts.approle {
                match self.look_up_secret_id(spot, mount, &role, &accessor).await {
                    Ok(found) => return Came::Known(Box::new(self.secret_id(&role, &found)), at, mount.clone()),
                    Err(failure) => {
                        let seen = judge(&failure, METHOD, gone);
                        if worst.as_ref().is_none_or(|known| known.state == LivenessState::Dead) {
                            worst = Some(seen);
                        }
                    }
                }
            }
        }
        worst.map_or_else(|| unknown("no AppRole mount is shown to the auditor"), Came::Not)
    }

    async fn look_up_secret_id(
        &self,
        spot: &Spot,
        mount: &str,
        role: &str,
        accessor: &str,
    ) -> Result<ReadSecretIDResponse, Failure> {
        let request = ReadSecretIDAccessorRequest {
            mount: mount.to_owned(),
            role_name: role.to_owned(),
            secret_id_accessor: accessor.to_owned(),
        };
        spot.server.ask(request).await
    }

    fn secret_id(&self, role: &str, found: &ReadSecretIDResponse) -> Credential {
        let id = Id::build(
            "vault",
            self.about.authority.as_deref(),
            "secret-id",
            &[&part(role), &part(&found.secret_id_accessor)],
        );
        // The year 1 means never.
        let time = |text: &str| text.parse::<Timestamp>().ok().filter(|at| *at > Timestamp::UNIX_EPOCH);
        let owner =
            found.metadata.as_ref().and_then(|meta| ["owner", "username"].iter().find_map(|key| meta.get(*key)));
        let mut credential = Credential {
            name: Some(role.to_owned()),
            owner: owner.filter(|owner| !owner.is_empty()).cloned(),
            tenant: self.tenant(),
            status: Status::Active,
            created_at: time(&found.creation_time),
            expires_at: time(&found.expiration_time),
            ..Credential::bare(id)
        };
        // The record of an expired one stays until the server tidies up.
        let late = credential.expires_at.map(|at| Timestamp::now().duration_since(at));
        if late.is_some_and(|late| late > CLOCKS) {
            credential.status = Status::Expired;
        }
        credential.observe(match late {
            Some(late) if late > CLOCKS => observed(LivenessState::Dead, METHOD, Some("expired")),
            Some(late) if late > SignedDuration::ZERO => observed(
                LivenessState::Unknown,
                METHOD,
                Some("it expired less than an hour ago, by this machine's clock"),
            ),
            _ => observed(LivenessState::Live, METHOD, None),
        });
        credential
    }

    async fn role_policies(&self, spot: &Spot, mount: &str, role: &str) -> Result<BTreeSet<String>, Failure> {
        let request = ReadAppRoleRequest { mount: mount.to_owned(), role_name: role.to_owned() };
        let role = spot.server.ask(request).await?;
        let mut policies: BTreeSet<String> = role.token_policies.into_iter().collect();
        if !role.token_no_default_policy {
            policies.insert("default".to_owned());
        }
        Ok(policies)
    }

    /// All roles and secret-ids of one namespace.
    pub(super) async fn all_secret_ids(&self, spot: &Spot, want: &Wanted, into: &mut Batch) {
        let Ok(mounts) = spot.mounts(&self.settings.mounts).await else { return };
        for mount in &mounts.approle {
            let part = format!("approle {}", spot.place(mount));
            if self.recall(want, &part, into) {
                continue;
            }
            let from = Mark::of(into);
            let roles = match spot.server.ask(ListRolesRequest { mount: mount.clone() }).await {
                Ok(list) => list.keys,
                Err(failure) if failure.is_nothing() => Vec::new(),
                Err(failure) => {
                    let scope = self.scope_of_list("vault:secret-id", spot);
                    into.inventory.gaps.push(self.gap(
                        "credentials",
                        &scope,
                        format!("the roles at {mount}: {}", failure.reason()),
                    ));
                    continue;
                }
            };
            let reads = roles.into_iter().filter(|role| is_plain(role)).map(|role| self.role(spot, mount, role));
            let mut reads = futures::stream::iter(reads).buffered(AT_ONCE);
            while let Some(read) = reads.next().await {
                for credential in &read.inventory.credentials {
                    self.mark_told(credential.id.clone());
                    self.mark_granted(credential.id.clone());
                }
                into.account.items += read.account.items;
                into.inventory.credentials.extend(read.inventory.credentials);
                into.inventory.gaps.extend(read.inventory.gaps);
                into.inventory.coverage.extend(read.inventory.coverage);
                want.watch.tell(&self.about.name, into.inventory.credentials.len() as u64, self.requests(), None);
            }
            self.keep(want, &part, &from, into);
        }
    }

    /// One role with its secret-ids.
    async fn role(&self, spot: &Spot, mount: &str, role: String) -> Batch {
        let role = role.as_str();
        let mut batch = Batch::default();
        let request = ListSecretIDRequest { mount: mount.to_owned(), role_name: role.to_owned() };
        let accessors = match spot.server.ask(request).await {
            Ok(list) => list.keys,
            Err(failure) if failure.is_nothing() => Vec::new(),
            Err(failure) => {
                let scope = self.scope_of_list("vault:secret-id", spot);
                let reason = format!("the secret-ids of {}: {}", part(role), failure.reason());
                batch.inventory.gaps.push(self.gap("credentials", &scope, reason));
                batch.inventory.coverage.push(self.extent("secret-id", role.to_owned(), false));
                return batch;
            }
        };
        let mut complete = true;
        if !accessors.is_empty() {
            let grants = match self.role_policies(spot, mount, role).await {
                Ok(policies) => self.grants(spot, &policies).await,
                Err(failure) => Err(format!("the role {}: {}", part(role), failure.reason())),
            };
            let looks = accessors.into_iter().map(|accessor| async move {
                let came = self.look_up_secret_id(spot, mount, role, &accessor).await;
                (accessor, came)
            });
            let mut looks = futures::stream::iter(looks).buffered(AT_ONCE);
            while let Some((accessor, came)) = looks.next().await {
                let id = || {
                    Id::build("vault", self.about.authority.as_deref(), "secret-id", &[&part(role), &part(&accessor)])
                };
                match came {
                    Ok(found) => {
                        let mut credential = self.secret_id(role, &found);
                        match &grants {
                            Ok(grants) => credential.grants.clone_from(grants),
                            Err(reason) => {
                                batch.inventory.gaps.push(self.gap("grants", id().as_str(), reason.as_str()))
                            }
                        }
                        batch.inventory.credentials.push(credential);
                        batch.account.items += 1;
                    }
                    // It ended since it was listed.
                    Err(failure) if judge(&failure, METHOD, gone).state == LivenessState::Dead => {}
                    Err(failure) => {
                        complete = false;
                        batch.inventory.gaps.push(self.gap("liveness", id().as_str(), failure.reason()));
                    }
                }
            }
        }
        batch.inventory.coverage.push(self.extent("secret-id", role.to_owned(), complete));
        batch
    }
}

fn role_and_accessor(id: &Id) -> Option<(String, String)> {
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (role, accessor) = id.rest().split_once(':')?;
    let (role, accessor) = (decode(role), decode(accessor));
    (is_plain(&role) && !role.contains('/') && !accessor.is_empty() && accessor.len() < 256).then_some((role, accessor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_prove_an_end() {
        let of = |code, error: &str| gone(code, &[error.to_owned()]);
        assert!(of(404, "failed to find accessor entry for secret_id_accessor: \"x\"").is_some());
        assert_eq!(of(500, "1 error occurred:\n\t* role \"none\" does not exist\n\n"), Some("the role does not exist"));
        for (code, error) in [
            (403, "1 error occurred:\n\t* permission denied\n\n"),
            (500, "failed to find accessor entry for secret_id_accessor: \"x\""),
            (404, "no handler for route"),
            (500, "internal error"),
            (404, "failed to find accessor entry for secret_id_accessor: x\nand more"),
        ] {
            assert_eq!(of(code, error), None, "{error}");
        }
        assert_eq!(gone(404, &[]), None);
    }

    #[test]
    fn roles_that_could_lead_elsewhere_are_refused() {
        assert!(role_and_accessor(&Id::new("vault:secret-id:deploy:abc")).is_some());
        for id in [
            "vault:secret-id:deploy",
            "vault:secret-id:..:abc",
            "vault:secret-id:a/b:abc",
            "vault:secret-id:deploy:",
            "vault:secret-id:a%2Fb:x",
        ] {
            assert!(role_and_accessor(&Id::new(id)).is_none(), "{id}");
        }
    }
}
