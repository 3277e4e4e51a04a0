//! Roles that a CI's identity provider may assume: whether they are there, and whom their trust lets in. What a trust policy says is
//! read in `trust`.

use std::collections::BTreeMap;

use aws_sdk_iam::types::RoleDetail;
use jiff::Timestamp;

use crate::model::Id;
use crate::model::inventory::{Credential, Grant, Liveness, LivenessState, Status};
use crate::probe::observed;
use crate::sources::Wanted;

use super::grants::Details;
use super::keys::{AT_ONCE, Keys};
use super::session::Session;
use super::trust::{self, Trust};
use super::{AwsSource, Sink, is_absent, reason, side_by_side, time};

/// How the record is called in evidence.
pub(super) const METHOD: &str = "iam GetRole";

/// How a list of all roles is called in evidence.
const LISTED: &str = "iam GetAccountAuthorizationDetails";

/// One account's roles.
pub(super) struct Roles<'s>(Keys<'s>);

/// What IAM tells of a role.
struct Told<'t> {
    id: Id,
    name: &'t str,
    created_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    trust: Option<Trust>,
    grants: Vec<Grant>,
}

impl<'s> Roles<'s> {
    pub(super) fn new(source: &'s AwsSource, session: &'s Session, account: &'s str) -> Self {
        Self(Keys::new(source, session, account))
    }

    /// The wanted roles, by their ARNs: one call each.
    pub(super) async fn read(&self, wanted: &BTreeMap<&str, &Id>, want: &Wanted, sink: &Sink<'_>) {
        let reads = wanted.iter().map(|(arn, id)| self.one(arn, id, want, sink)).collect();
        let mut credentials = side_by_side(AT_ONCE, reads).await;
        credentials.sort_by(|a, b| a.id.cmp(&b.id));
        sink.with(|batch| {
            batch.account.items += credentials.len() as u64;
            batch.inventory.credentials.append(&mut credentials);
        });
    }

    async fn one(&self, arn: &str, id: &Id, want: &Wanted, sink: &Sink<'_>) -> Credential {
        let bare = |seen: Liveness| {
            let mut credential =
                Credential { tenant: Some(format!("aws:{}", self.0.account)), ..Credential::bare(id.clone()) };
            credential.observe(seen);
            credential
        };
        let name = arn.rsplit('/').next().unwrap_or_default();
        let answer = match self.0.client.get_role().role_name(name).send().await {
            Ok(answer) => answer,
            Err(error) if is_absent(&error) => {
                return bare(observed(LivenessState::NotFound, METHOD, Some("NoSuchEntity")));
            }
            Err(error) => {
                let reason = reason(&error);
                self.0.lacking(id.as_str(), &format!("GetRole: {reason}"), sink);
                return bare(observed(LivenessState::Unknown, METHOD, Some(&reason)));
            }
        };
        let Some(role) = answer.role() else {
            return bare(observed(LivenessState::Unknown, METHOD, Some("an answer without a role")));
        };
        if role.arn() != arn {
            let reason = "its account has a role of that name under another path";
            return bare(observed(LivenessState::NotFound, METHOD, Some(reason)));
        }
        let trust = role.assume_role_policy_document().and_then(trust::read);
        match (&trust, &want.repository) {
            (None, _) => sink.note(format!("{id}: its trust policy could not be understood")),
            (Some(trust), Some(repository)) => warn(id, trust, repository, sink),
            _ => {}
        }
        if let Some(boundary) = role.permissions_boundary() {
            self.0.bounded("role", role.role_name(), boundary.permissions_boundary_arn(), sink);
        }
        let mut grants = Vec::new();
        if want.grants.contains(id) {
            grants = self.0.grants_of_role(role.role_name(), sink).await;
        }
        let told = Told {
            id: id.clone(),
            name: role.role_name(),
            created_at: time(role.create_date()),
            last_used_at: role.role_last_used().and_then(|used| used.last_used_date()).and_then(time),
            trust,
            grants,
        };
        self.0.role(told, METHOD)
    }
}

impl Keys<'_> {
    /// The roles among the details that CI identities may assume.
    pub(super) async fn all_roles(&self, details: &Details, sink: &Sink<'_>) {
        let mut credentials = Vec::new();
        for role in &details.roles {
            let Some(trust) = role.assume_role_policy_document().and_then(trust::read).filter(Trust::is_ci) else {
                continue;
            };
            let (Some(arn), Some(name)) = (role.arn(), role.role_name()) else { continue };
            if let Some(boundary) = role.permissions_boundary() {
                self.bounded("role", name, boundary.permissions_boundary_arn(), sink);
            }
            let told = Told {
                id: Id::build("aws", self.source.authority(), "role", &[arn]),
                name,
                created_at: role.create_date().and_then(time),
                last_used_at: used(role),
                trust: Some(trust),
                grants: self.policies_of_role(role, details, sink).await,
            };
            credentials.push(self.role(told, LISTED));
        }
        sink.with(|batch| {
            batch.account.items += credentials.len() as u64;
            batch.inventory.credentials.append(&mut credentials);
            let asked_as = batch.account.asked_as.clone();
            batch.inventory.coverage.push(self.source.extent("role", self.account, true, asked_as));
        });
    }

    fn role(&self, told: Told<'_>, method: &str) -> Credential {
        let tenant = format!("aws:{}", self.account);
        let identities = told.trust.map(|trust| trust.identities).unwrap_or_default();
        let mut grants = told.grants;
        let mut aliases: Vec<String> = Vec::new();
        for identity in identities {
            grants.push(Grant {
                holder: Some(identity.subject.clone()),
                resource: None,
                level: None,
                native: Some(format!("sts:AssumeRoleWithWebIdentity by {}", identity.issuer)),
                tenant: Some(tenant.clone()),
                environment: identity.environment(),
                until: None,
            });
            if identity.subject != "*" && !aliases.contains(&identity.subject) {
                aliases.push(identity.subject);
            }
        }
        let mut credential = Credential {
            name: Some(told.name.to_owned()),
            aliases,
            tenant: Some(tenant),
            status: Status::Active,
            created_at: told.created_at,
            last_used_at: told.last_used_at,
            grants,
            ..Credential::bare(told.id)
        };
        credential.observe(observed(LivenessState::Live, method, None));
        credential
    }
}

fn used(role: &RoleDetail) -> Option<Timestamp> {
    role.role_last_used().and_then(|used| used.last_used_date()).and_then(time)
}

/// Says where a role that the jobs in scope assume does not let them in, or lets everybody in.
fn warn(id: &Id, trust: &Trust, repository: &str, sink: &Sink<'_>) {
    if !trust.is_ci() {
        sink.note(format!("{id}: its trust names no CI identity provider"));
    } else if !trust.identities.iter().any(|identity| identity.lets_in(repository)) {
        let subjects: Vec<&str> = trust.identities.iter().take(3).map(|identity| identity.subject.as_str()).collect();
        sink.note(format!("{id}: its trust does not let {repository} in ({})", subjects.join(", ")));
    }
    if trust.identities.iter().any(|identity| identity.subject == "*") {
        sink.note(format!("{id}: its trust asks for no subject: every repository of the issuer may assume it"));
    }
}
