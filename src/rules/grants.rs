//! Comparing grants with stated access: what a ticket leaves open is unspecified, and what cannot be compared is not judged.
//! The rules that use it decide what a difference means.

use crate::model::catalog::Entry;
use crate::model::inventory::{Credential, Grant, Level};
use crate::model::ticket::Access;

use super::{Case, cite};

/// Environment names compare without case, and by their usual short forms.
pub(super) fn same_environment(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || environment(a) == environment(b)
}

fn environment(name: &str) -> String {
    let name = name.to_lowercase();
    match name.as_str() {
        "prod" | "prd" => "production".to_owned(),
        "stage" | "stg" => "staging".to_owned(),
        "dev" => "development".to_owned(),
        "test" => "testing".to_owned(),
        _ => name,
    }
}

/// Whether an environment is the stated one, or a part of it (`prod-eu` of `production`; not `pre-production`).
fn environment_within(stated: &str, has: &str) -> bool {
    let parts = |name: &str| {
        let cut = |c: char| !c.is_alphanumeric();
        name.split(cut).filter(|part| !part.is_empty()).map(environment).collect::<Vec<String>>()
    };
    let (stated_parts, parts) = (parts(stated), parts(has));
    let negated =
        parts.iter().any(|part| matches!(part.as_str(), "pre" | "non" | "not") && !stated_parts.contains(part));
    same_environment(stated, has)
        || !stated_parts.is_empty() && !negated && stated_parts.iter().all(|p| parts.contains(p))
}

/// Tenants compare without case; `123456789012` is `aws:123456789012`.
pub(super) fn same_tenant(a: &str, b: &str) -> bool {
    let tail = |whole: &str, part: &str| {
        !part.contains(':') && whole.rsplit(':').next().is_some_and(|tail| tail.eq_ignore_ascii_case(part))
    };
    a.eq_ignore_ascii_case(b) || tail(a, b) || tail(b, a)
}

/// Whether `whole` has `part` as a whole part: `acme/shop` in `arn:…:acme/shop`, not in `acme/shop-api`.
fn names_part(whole: &str, part: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| matches!(c, '/' | ':' | '*' | ' ' | '@' | '#'));
    !part.is_empty()
        && whole
            .match_indices(part)
            .any(|(at, _)| edge(whole[..at].chars().next_back()) && edge(whole[at + part.len()..].chars().next()))
}

fn plain(resource: &str) -> String {
    let lower = resource.trim().to_lowercase();
    lower.strip_suffix('*').map_or(lower.as_str(), |cut| cut.trim_end_matches('/')).to_owned()
}

/// Whether a resource is the stated one or lies in it: `acme/shop` and `arn:…:acme/shop` in `acme/shop`, `shop` as its short name.
/// Everything (`*`) lies in nothing but itself.
pub(super) fn within(stated: &str, has: &str) -> bool {
    let (stated, has) = (plain(stated), plain(has));
    if stated.is_empty() {
        return true;
    }
    if has.is_empty() {
        return false;
    }
    let short = || stated.strip_suffix(has.as_str()).is_some_and(|head| head.ends_with(['/', ':']));
    stated == has || names_part(&has, &stated) || short()
}

/// Whether a resource holds the stated one and more: `acme` and `*` hold `acme/shop`.
fn holds(has: &str, stated: &str) -> bool {
    let (has, stated) = (plain(has), plain(stated));
    has.is_empty() || stated.strip_prefix(has.as_str()).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether two names are of one kind, so that their difference means something: ARNs of one service, paths below one root, or one
/// holding the other.
fn comparable(stated: &str, has: &str) -> bool {
    let (a, b) = (plain(stated), plain(has));
    let service = |text: &str| text.starts_with("arn:").then(|| text.split(':').nth(2).map(str::to_owned)).flatten();
    let root = |text: &str| text.split_once('/').map(|(root, _)| root.to_owned());
    match (service(&a), service(&b)) {
        (Some(a), Some(b)) => a == b,
        (None, None) => holds(has, stated) || root(&a).is_some_and(|root_a| root(&b).is_some_and(|b| b == root_a)),
        _ => false,
    }
}

/// How a grant's resource lies to the stated ones.
#[derive(PartialEq, Eq)]
enum Lies {
    Within,
    /// It holds a stated one, and more.
    Around,
    Outside,
    /// The names say nothing of each other.
    Incomparable,
}

fn lies(access: &Access, has: &str, all: &[Grant]) -> Lies {
    let stated = &access.resources;
    if stated.is_empty() || stated.iter().any(|stated| within(stated, has)) {
        return Lies::Within;
    }
    if stated.iter().any(|stated| holds(has, stated)) {
        return Lies::Around;
    }
    // One of the identity's grants being meant shows that the ticket's words and the issuer's names are of one kind.
    let meant = |other: &Grant| other.resource.as_ref().is_some_and(|r| stated.iter().any(|stated| within(stated, r)));
    if stated.iter().any(|stated| comparable(stated, has)) || all.iter().any(meant) {
        return Lies::Outside;
    }
    Lies::Incomparable
}

/// Whether stated access allows a grant, as far as the two can be compared. What either leaves open allows everything.
pub(super) fn allows(access: &Access, grant: &Grant, credential: &Credential) -> bool {
    let level = access.level.is_none() || grant.level.is_none() || grant.level <= access.level;
    let environment = access.environments.is_empty()
        || environment_of(grant, credential)
            .is_none_or(|has| access.environments.iter().any(|e| environment_within(e, has)));
    let resource = grant
        .resource
        .as_ref()
        .is_none_or(|has| matches!(lies(access, has, &credential.grants), Lies::Within | Lies::Incomparable));
    level && environment && tenant(access, grant, credential) && resource
}

/// Whether stated access is a reason for a grant: it says a level, and that suffices. Access whose resources do not name the grant
/// is no reason for it where `named` access does.
pub(super) fn gives(access: &Access, grant: &Grant, credential: &Credential, named: Option<&Access>) -> bool {
    let level = access.level.is_some() && grant.level <= access.level;
    let has = grant.resource.as_deref();
    let lies_in = |access: &Access| has.map_or(Lies::Within, |has| lies(access, has, &credential.grants));
    let resource = match lies_in(access) {
        Lies::Within => true,
        Lies::Incomparable => {
            named.is_none_or(|named| named.resources.is_empty() || lies_in(named) == Lies::Incomparable)
        }
        Lies::Around | Lies::Outside => false,
    };
    let places = &access.environments;
    let environment = places.is_empty()
        || environment_of(grant, credential).is_none_or(|has| places.iter().any(|e| environment_within(e, has)));
    level && environment && tenant(access, grant, credential) && resource
}

/// Whether a grant reaches the place that the stated access names: in it, around it, or not comparable.
pub(super) fn in_place(access: &Access, grant: &Grant, credential: &Credential) -> bool {
    let places = &access.environments;
    let environment = places.is_empty()
        || environment_of(grant, credential).is_none_or(|has| places.iter().any(|e| same_environment(e, has)));
    let resource = grant.resource.as_ref().is_none_or(|has| lies(access, has, &credential.grants) != Lies::Outside);
    environment && tenant(access, grant, credential) && resource
}

/// Where a grant holds; where it does not say, the credential's own environment.
pub(super) fn environment_of<'g>(grant: &'g Grant, credential: &'g Credential) -> Option<&'g String> {
    grant.environment.as_ref().or(credential.environment.as_ref())
}

/// The same for the tenant.
pub(super) fn tenant_of<'g>(grant: &'g Grant, credential: &'g Credential) -> Option<&'g String> {
    grant.tenant.as_ref().or(credential.tenant.as_ref())
}

fn tenant(access: &Access, grant: &Grant, credential: &Credential) -> bool {
    access.tenants.is_empty()
        || tenant_of(grant, credential).is_none_or(|has| access.tenants.iter().any(|stated| same_tenant(stated, has)))
}

/// Whether a grant is still in force.
pub(super) fn in_force(grant: &Grant, now: jiff::Timestamp) -> bool {
    grant.until.is_none_or(|until| until > now) && grant.level != Some(Level::None)
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

/// A row of the catalogue as stated access.
pub(super) fn access_of(row: &Entry) -> Access {
    Access {
        holder: None,
        level: row.level,
        environments: row.environment.iter().cloned().collect(),
        resources: row.resource.iter().cloned().collect(),
        tenants: row.tenant.iter().cloned().collect(),
    }
}

/// Whether a row is still in force.
pub(super) fn stands(row: &Entry, now: jiff::Timestamp) -> bool {
    row.until.is_none_or(|until| until > now)
}

/// Whether a standing row of the catalogue, other than the one that the ticket itself made, gives the grant.
pub(super) fn catalog_gives(
    case: &Case<'_>,
    credential: &Credential,
    grant: &Grant,
    named: &Access,
    ticket: &str,
) -> bool {
    case.recorded(credential).iter().any(|row| {
        row.ticket.as_deref() != Some(ticket)
            && stands(row, case.now)
            && gives(&access_of(row), grant, credential, Some(named))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_lie_in_each_other() {
        for (stated, has) in [
            ("acme/shop", "acme/shop"),
            ("acme/shop", "Acme/Shop"),
            ("acme", "acme/shop"),
            ("acme/*", "acme/shop"),
            ("acme/shop", "shop"),
            ("invoices", "arn:aws:s3:::invoices/*"),
            ("*", "*"),
            ("*", "acme/shop"),
        ] {
            assert!(within(stated, has), "{has} lies in {stated}");
        }
        for (stated, has) in [
            ("acme/shop", "acme/shop-api"),
            ("acme/shop", "acme"),
            ("acme/shop", "acme/*"),
            ("acme/shop", "*"),
            ("shop", "workshop"),
        ] {
            assert!(!within(stated, has), "{has} does not lie in {stated}");
        }
        assert!(holds("acme", "acme/shop") && holds("*", "acme/shop") && !holds("shop", "acme/shop"));
        assert!(comparable("acme/shop", "acme/billing"));
        assert!(comparable("arn:aws:s3:::a", "arn:aws:s3:::b") && !comparable("arn:aws:s3:::a", "arn:aws:iam::1:b"));
        assert!(!comparable("the shop's repository", "arn:aws:s3:::b") && !comparable("acme/shop", "secret/app"));
    }

    #[test]
    fn environments_and_tenants() {
        assert!(same_environment("Prod", "production") && !same_environment("production", "pre-production"));
        assert!(environment_within("production", "prod-eu") && !environment_within("production", "pre-production"));
        assert!(!environment_within("prod-eu", "production") && !environment_within("staging", "production"));
        assert!(same_tenant("123456789012", "aws:123456789012") && !same_tenant("gcp:1", "aws:1"));
    }
}
