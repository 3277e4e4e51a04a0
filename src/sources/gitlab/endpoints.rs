//! Endpoints that the `gitlab` crate lacks, each with the page of GitLab's manual that describes it. All are lists.

use std::borrow::Cow;

use gitlab::api::common::NameOrId;
use gitlab::api::endpoint_prelude::{Endpoint, Method, Pageable, QueryParams};

/// Whose list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holder {
    /// `projects/:id/…`
    Project,
    /// `groups/:id/…`
    Group,
}

/// A list of a project or group, by its path below that.
pub(super) struct Of<'p> {
    holder: Holder,
    path: &'p str,
    list: &'static str,
}

impl<'p> Of<'p> {
    /// `GET /projects/:id/deploy_tokens`, `GET /groups/:id/deploy_tokens` ("Deploy tokens API"): all of them, the revoked ones too.
    pub(super) fn deploy_tokens(holder: Holder, path: &'p str) -> Self {
        Self { holder, path, list: "deploy_tokens" }
    }

    /// `GET /groups/:id/access_tokens` ("Group access tokens API"): without `state` both the active and the inactive ones.
    pub(super) fn group_tokens(path: &'p str) -> Self {
        Self { holder: Holder::Group, path, list: "access_tokens" }
    }

    /// `GET /projects/:id/triggers` ("Pipeline trigger tokens API").
    pub(super) fn triggers(path: &'p str) -> Self {
        Self { holder: Holder::Project, path, list: "triggers" }
    }

    /// `GET /groups/:id/manage/personal_access_tokens` ("Groups API", Credentials inventory management): of a top-level group's
    /// enterprise users.
    pub(super) fn managed_tokens(path: &'p str) -> Self {
        Self { holder: Holder::Group, path, list: "manage/personal_access_tokens" }
    }

    /// `GET /groups/:id/descendant_groups` ("Groups API").
    pub(super) fn descendants(path: &'p str) -> Self {
        Self { holder: Holder::Group, path, list: "descendant_groups" }
    }
}

impl Endpoint for Of<'_> {
    fn method(&self) -> Method {
        Method::GET
    }

    fn endpoint(&self) -> Cow<'static, str> {
        let holder = match self.holder {
            Holder::Project => "projects",
            Holder::Group => "groups",
        };
        format!("{holder}/{}/{}", NameOrId::from(self.path), self.list).into()
    }
}

impl Pageable for Of<'_> {}

/// `GET /projects/:id/audit_events`, `GET /groups/:id/audit_events` ("Audit events API"), newest first. By number it is deprecated.
pub(super) struct AuditEvents<'p>(pub(super) Holder, pub(super) &'p str);

impl Endpoint for AuditEvents<'_> {
    fn method(&self) -> Method {
        Method::GET
    }

    fn endpoint(&self) -> Cow<'static, str> {
        Of { holder: self.0, path: self.1, list: "audit_events" }.endpoint()
    }

    fn parameters(&self) -> QueryParams<'_> {
        let mut out = QueryParams::default();
        out.push("order_by", "id").push("sort", "desc");
        out
    }
}

impl Pageable for AuditEvents<'_> {
    fn use_keyset_pagination(&self) -> bool {
        true
    }
}

/// Something of the instance.
pub(super) struct Plain(&'static str);

impl Plain {
    /// `GET /admin/ci/variables` ("Instance-level CI/CD variables API"): administrators only.
    pub(super) const INSTANCE_VARIABLES: Self = Self("admin/ci/variables");
    /// `GET /job` ("Jobs API"): what a job's own token is of.
    pub(super) const JOB: Self = Self("job");
}

impl Endpoint for Plain {
    fn method(&self) -> Method {
        Method::GET
    }

    fn endpoint(&self) -> Cow<'static, str> {
        self.0.into()
    }
}

impl Pageable for Plain {}

/// `GET /namespaces/:id` ("Namespaces API"): whether a path is a user's or a group's.
pub(super) struct Namespace<'p>(pub(super) &'p str);

impl Endpoint for Namespace<'_> {
    fn method(&self) -> Method {
        Method::GET
    }

    fn endpoint(&self) -> Cow<'static, str> {
        format!("namespaces/{}", NameOrId::from(self.0)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_encoded() {
        let path = |endpoint: &dyn Fn() -> Cow<'static, str>| endpoint().into_owned();
        assert_eq!(
            path(&|| Of::deploy_tokens(Holder::Project, "acme/shop").endpoint()),
            "projects/acme%2Fshop/deploy_tokens"
        );
        assert_eq!(path(&|| Of::managed_tokens("acme").endpoint()), "groups/acme/manage/personal_access_tokens");
        assert_eq!(path(&|| AuditEvents(Holder::Group, "a/b").endpoint()), "groups/a%2Fb/audit_events");
        assert_eq!(path(&|| Namespace("a?b#c").endpoint()), "namespaces/a%3Fb%23c");
    }
}
