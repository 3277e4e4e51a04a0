//! Comparing grants with stated access: what a ticket leaves open is unspecified, and what cannot be compared is not judged.
//! The rules that use it decide what a difference means.

use crate::model::catalog::Entry;
use crate::model::inventory::{Credential, Grant};
use crate::model::ticket::Access;

use super::{Case, cite};

/// Environment names compare without case; `prod` and `production` are two names unless a site says otherwise.
pub(super) fn same_environment(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// Whether two names of a resource meet: equal without case, `*`, or one being a whole part of the other (`acme/shop` in
/// `arn:…:acme/shop`).
pub(super) fn same_resource(a: &str, b: &str) -> bool {
    a == "*" || b == "*" || names_part(a, b) || names_part(b, a)
}

fn names_part(whole: &str, part: &str) -> bool {
    if part.is_empty() {
        return false;
    }
    let (whole, part) = (whole.to_lowercase(), part.to_lowercase());
    whole.match_indices(&part).any(|(at, _)| {
        let edge = |c: Option<char>| c.is_none_or(|c| matches!(c, '/' | ':' | '*' | ' ' | '@' | '#'));
        edge(whole[..at].chars().next_back()) && edge(whole[at + part.len()..].chars().next())
    })
}

/// Whether stated access allows a grant.
pub(super) fn covers(access: &Access, grant: &Grant) -> bool {
    covers_among(access, grant, std::slice::from_ref(grant))
}

/// The same, knowing the identity's other grants: resources are compared only where the ticket's words and the issuer's names are
/// of one kind, which shows in one of the grants being meant.
pub(super) fn covers_among(access: &Access, grant: &Grant, all: &[Grant]) -> bool {
    let level = access.level.is_none() || grant.level.is_none() || grant.level <= access.level;
    level && stated_place(access, grant, all, false)
}

/// Whether a grant lies where the stated access lies.
pub(super) fn in_place(access: &Access, grant: &Grant, all: &[Grant]) -> bool {
    stated_place(access, grant, all, true)
}

fn stated_place(access: &Access, grant: &Grant, all: &[Grant], wide: bool) -> bool {
    let environment = access.environments.is_empty()
        || grant.environment.as_ref().is_none_or(|has| access.environments.iter().any(|e| same_environment(e, has)));
    let tenant = access.tenants.is_empty()
        || grant.tenant.as_ref().is_none_or(|has| {
            access.tenants.iter().any(|t| t.eq_ignore_ascii_case(has) || has.rsplit(':').next() == Some(t))
        });
    environment && tenant && resource(access, grant, all, wide)
}

fn resource(access: &Access, grant: &Grant, all: &[Grant], wide: bool) -> bool {
    let Some(has) = grant.resource.as_deref() else { return true };
    let named =
        |has: &str| access.resources.iter().any(|stated| stated != "*" && has != "*" && same_resource(stated, has));
    if access.resources.is_empty() || access.resources.iter().any(|stated| stated == "*") || named(has) {
        return true;
    }
    // `*` holds what was stated, and more.
    if has == "*" {
        return wide;
    }
    // No grant is of the kind that the ticket names: nothing to compare.
    !all.iter().filter_map(|other| other.resource.as_deref()).any(named)
}

/// What stated access says, where it says anything that a grant can exceed.
pub(super) fn excess_words(access: &Access) -> Option<String> {
    let mut words = Vec::new();
    words.extend(access.level.as_ref().map(cite::word));
    if !access.resources.is_empty() {
        words.push(format!("on {}", access.resources.join(", ")));
    }
    if !access.environments.is_empty() {
        words.push(format!("in {}", access.environments.join(", ")));
    }
    (!words.is_empty()).then(|| words.join(" "))
}

/// Whether a standing row of the catalogue, other than the one that the ticket itself made, gives the grant.
pub(super) fn catalog_gives(case: &Case<'_>, credential: &Credential, grant: &Grant, ticket: &str) -> bool {
    case.recorded(credential).iter().any(|row| {
        row.ticket.as_deref() != Some(ticket)
            && row.until.is_none_or(|until| until > case.now)
            && row.level.is_some()
            && grant.level <= row.level
            && row.environment.as_ref().zip(grant.environment.as_ref()).is_none_or(|(a, b)| same_environment(a, b))
            && row.tenant.as_ref().zip(grant.tenant.as_ref()).is_none_or(|(a, b)| a.eq_ignore_ascii_case(b))
            && row.resource.as_ref().zip(grant.resource.as_ref()).is_none_or(|(a, b)| same_resource(a, b))
    })
}

/// Whether a row of the catalogue speaks of the place that a credential is for.
pub(super) fn place_of(row: &Entry, credential: &Credential) -> bool {
    let environment = row.environment.as_ref().zip(credential.environment.as_ref());
    let tenant = row.tenant.as_ref().zip(credential.tenant.as_ref());
    environment.is_none_or(|(a, b)| same_environment(a, b)) && tenant.is_none_or(|(a, b)| a.eq_ignore_ascii_case(b))
}
