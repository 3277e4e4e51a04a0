//! Who has which policies: attached, inline, through groups. A gate asks for one user or role (`ListAttachedUserPolicies` and its
//! like); everything comes from `GetAccountAuthorizationDetails` (IAM API reference). What policies allow is told in `policy`.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::types::{AttachedPolicy, EntityType, GroupDetail, PolicyDetail, RoleDetail, UserDetail};

use crate::model::inventory::Grant;

use super::keys::Keys;
use super::policy::{self, Content, Policy};
use super::{Sink, reason};

/// The most pages of details that are read: 5,000 users, some thousands of roles and policies, down to 100 a page.
const MOST_PAGES: usize = 1_000;

/// How a look-up of a policy ends: its content, or the reason for which it is not known.
type Looked<T> = Result<T, String>;

/// What the details tell of policies.
#[derive(Default)]
pub(super) struct Details {
    users: Vec<UserDetail>,
    groups: BTreeMap<String, GroupDetail>,
    /// Customer-managed policies' documents, by ARN.
    documents: BTreeMap<String, String>,
    pub(super) roles: Vec<RoleDetail>,
}

impl Keys<'_> {
    /// The grants of every user, and the CI's roles; none where the details are not to be had.
    pub(super) async fn details(
        &self,
        users: &mut BTreeSet<String>,
        sink: &Sink<'_>,
    ) -> Option<BTreeMap<String, Vec<Grant>>> {
        let mut details = Details::default();
        let mut marker: Option<String> = None;
        let mut markers: BTreeSet<String> = BTreeSet::new();
        loop {
            let kinds = [EntityType::User, EntityType::Group, EntityType::Role, EntityType::LocalManagedPolicy];
            let call = self.client.get_account_authorization_details().set_filter(Some(kinds.to_vec())).max_items(1000);
            let page = match call.set_marker(marker.take()).send().await {
                Ok(page) => page,
                Err(error) => {
                    let reason = format!("GetAccountAuthorizationDetails: {}", reason(&error));
                    sink.gap("grants", &format!("users and roles of {}", self.account), reason);
                    return None;
                }
            };
            details.users.extend(page.user_detail_list.unwrap_or_default());
            details.roles.extend(page.role_detail_list.unwrap_or_default());
            for group in page.group_detail_list.unwrap_or_default() {
                details.groups.insert(group.group_name().unwrap_or_default().to_owned(), group);
            }
            for policy in page.policies.unwrap_or_default() {
                let document = policy.policy_version_list().iter().find(|version| version.is_default_version());
                if let (Some(arn), Some(document)) = (policy.arn(), document.and_then(|version| version.document())) {
                    details.documents.insert(arn.to_owned(), document.to_owned());
                }
            }
            match page.marker {
                Some(next) if page.is_truncated => {
                    if !markers.insert(next.clone()) || markers.len() > MOST_PAGES {
                        let reason = "GetAccountAuthorizationDetails: its pages do not end";
                        sink.gap("grants", &format!("users and roles of {}", self.account), reason);
                        return None;
                    }
                    marker = Some(next);
                }
                _ => break,
            }
        }
        self.all_roles(&details, sink).await;
        let mut out = BTreeMap::new();
        for user in &details.users {
            let Some(name) = user.user_name() else { continue };
            users.insert(name.to_owned());
            let mut policies = self.attached(user.attached_managed_policies(), &details.documents, sink).await;
            policies.extend(inline(user.user_policy_list()));
            for group in user.group_list().iter().filter_map(|group| details.groups.get(group)) {
                policies.extend(self.attached(group.attached_managed_policies(), &details.documents, sink).await);
                policies.extend(inline(group.group_policy_list()));
            }
            if let Some(boundary) = user.permissions_boundary() {
                self.bounded("user", name, boundary.permissions_boundary_arn(), sink);
            }
            out.insert(name.to_owned(), self.granted(&policies));
        }
        Some(out)
    }

    /// The policies of a role among the details.
    pub(super) async fn policies_of_role(&self, role: &RoleDetail, details: &Details, sink: &Sink<'_>) -> Vec<Grant> {
        let mut policies = self.attached(role.attached_managed_policies(), &details.documents, sink).await;
        policies.extend(inline(role.role_policy_list()));
        self.granted(&policies)
    }

    /// The grants of one user, by some calls: what is not read is a gap.
    pub(super) async fn grants_of_user(&self, user: &str, sink: &Sink<'_>) -> Vec<Grant> {
        let policies = async {
            let mut out = Vec::new();
            let iam = &self.client;
            let attached = iam.list_attached_user_policies().user_name(user).into_paginator().items().send();
            for policy in collected(attached.collect().await, "ListAttachedUserPolicies")? {
                out.extend(self.attached(&[policy], &BTreeMap::new(), sink).await);
            }
            let names = iam.list_user_policies().user_name(user).into_paginator().items().send();
            for name in collected(names.collect().await, "ListUserPolicies")? {
                let answer = iam.get_user_policy().user_name(user).policy_name(&name).send().await;
                let answer = answer.map_err(|error| format!("GetUserPolicy: {}", reason(&error)))?;
                out.push(own(&name, answer.policy_document()));
            }
            let groups = iam.list_groups_for_user().user_name(user).into_paginator().items().send();
            for group in collected(groups.collect().await, "ListGroupsForUser")? {
                out.extend(self.policies_of_group(group.group_name(), sink).await?);
            }
            let answer = iam.get_user().user_name(user).send().await;
            let answer = answer.map_err(|error| format!("GetUser: {}", reason(&error)))?;
            if let Some(boundary) = answer.user().and_then(|user| user.permissions_boundary()) {
                self.bounded("user", user, boundary.permissions_boundary_arn(), sink);
            }
            Ok::<_, String>(out)
        };
        match policies.await {
            Ok(policies) => self.granted(&policies),
            Err(reason) => {
                sink.gap("grants", &format!("user {user} of {}", self.account), reason);
                Vec::new()
            }
        }
    }

    async fn policies_of_group(&self, group: &str, sink: &Sink<'_>) -> Looked<Vec<Policy>> {
        let iam = &self.client;
        let attached = iam.list_attached_group_policies().group_name(group).into_paginator().items().send();
        let mut out = Vec::new();
        for policy in collected(attached.collect().await, "ListAttachedGroupPolicies")? {
            out.extend(self.attached(&[policy], &BTreeMap::new(), sink).await);
        }
        let names = iam.list_group_policies().group_name(group).into_paginator().items().send();
        for name in collected(names.collect().await, "ListGroupPolicies")? {
            let answer = iam.get_group_policy().group_name(group).policy_name(&name).send().await;
            let answer = answer.map_err(|error| format!("GetGroupPolicy: {}", reason(&error)))?;
            out.push(own(&name, answer.policy_document()));
        }
        Ok(out)
    }

    /// The grants of one role, by some calls.
    pub(super) async fn grants_of_role(&self, role: &str, sink: &Sink<'_>) -> Vec<Grant> {
        let policies = async {
            let mut out = Vec::new();
            let iam = &self.client;
            let attached = iam.list_attached_role_policies().role_name(role).into_paginator().items().send();
            for policy in collected(attached.collect().await, "ListAttachedRolePolicies")? {
                out.extend(self.attached(&[policy], &BTreeMap::new(), sink).await);
            }
            let names = iam.list_role_policies().role_name(role).into_paginator().items().send();
            for name in collected(names.collect().await, "ListRolePolicies")? {
                let answer = iam.get_role_policy().role_name(role).policy_name(&name).send().await;
                let answer = answer.map_err(|error| format!("GetRolePolicy: {}", reason(&error)))?;
                out.push(own(&name, answer.policy_document()));
            }
            Ok::<_, String>(out)
        };
        match policies.await {
            Ok(policies) => self.granted(&policies),
            Err(reason) => {
                sink.gap("grants", &format!("role {role} of {}", self.account), reason);
                Vec::new()
            }
        }
    }

    /// Attached policies with their content: by the table, out of the details, or looked up.
    async fn attached(
        &self,
        attached: &[AttachedPolicy],
        known: &BTreeMap<String, String>,
        sink: &Sink<'_>,
    ) -> Vec<Policy> {
        let mut out = Vec::new();
        for policy in attached {
            let (name, arn) = (policy.policy_name().unwrap_or_default(), policy.policy_arn().unwrap_or_default());
            let of_aws = arn.contains(":iam::aws:policy/").then(|| policy::of_aws(name)).flatten();
            let content = match (of_aws, known.get(arn)) {
                (Some((level, resource)), _) => Content::Known(level, resource),
                (None, Some(document)) => content(document),
                (None, None) => match self.looked_up(arn).await {
                    Ok(content) => content,
                    Err(reason) => {
                        sink.gap("grants", &format!("policy {name} of {}", self.account), reason);
                        Content::Unknown
                    }
                },
            };
            out.push(Policy { name: name.to_owned(), content });
        }
        out
    }

    async fn looked_up(&self, arn: &str) -> Looked<Content> {
        let cached = self.source.state().policies.get(arn).cloned();
        if let Some(content) = cached {
            return Ok(content);
        }
        let answer = self.client.get_policy().policy_arn(arn).send().await;
        let answer = answer.map_err(|error| format!("GetPolicy: {}", reason(&error)))?;
        let version = answer.policy().and_then(|policy| policy.default_version_id()).unwrap_or("v1").to_owned();
        let answer = self.client.get_policy_version().policy_arn(arn).version_id(version).send().await;
        let answer = answer.map_err(|error| format!("GetPolicyVersion: {}", reason(&error)))?;
        let document = answer.policy_version().and_then(|version| version.document()).unwrap_or_default();
        let content = content(document);
        self.source.state().policies.insert(arn.to_owned(), content.clone());
        Ok(content)
    }

    fn granted(&self, policies: &[Policy]) -> Vec<Grant> {
        let of = |allowed: policy::Allowed| Grant {
            holder: None,
            resource: allowed.resource,
            level: allowed.level,
            native: Some(allowed.native),
            tenant: Some(format!("aws:{}", self.account)),
            environment: None,
            until: None,
        };
        policy::allowed(policies).into_iter().map(of).collect()
    }

    pub(super) fn bounded(&self, what: &str, name: &str, boundary: Option<&str>, sink: &Sink<'_>) {
        let boundary = boundary.and_then(|arn| arn.rsplit('/').next()).unwrap_or("of a name that is not told");
        sink.note(format!(
            "{what} {name} of {}: the permissions boundary {boundary} limits it; its grants may allow less than they say",
            self.account
        ));
    }
}

/// All items of a paged call.
fn collected<T, E: ProvideErrorMetadata>(answer: Result<Vec<T>, SdkError<E>>, call: &str) -> Looked<Vec<T>> {
    answer.map_err(|error| format!("{call}: {}", reason(&error)))
}

fn content(document: &str) -> Content {
    policy::statements(document).map_or(Content::Unknown, Content::Document)
}

fn own(name: &str, document: &str) -> Policy {
    Policy { name: name.to_owned(), content: content(document) }
}

fn inline(policies: &[PolicyDetail]) -> Vec<Policy> {
    let of = |policy: &PolicyDetail| {
        own(policy.policy_name().unwrap_or_default(), policy.policy_document().unwrap_or_default())
    };
    policies.iter().map(of).collect()
}
