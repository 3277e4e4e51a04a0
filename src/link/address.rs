//! Addresses of web pages and of APIs that denote one thing by their path: a secret's page in a repository's settings, a token behind
//! `/projects/…/access_tokens/77`, a path in Vault's own pages. Only the path is read, never the host: which server is meant is told by
//! the place that the path names.

use crate::model::ticket::Strength;

use super::index::Names;

/// What a token that looks like an address denotes, and how surely.
pub(super) fn find(token: &str, names: &Names) -> Option<(Vec<usize>, Strength)> {
    if !token.contains('/') {
        return None;
    }
    if let Some(path) = token.strip_prefix("vault://") {
        let known: Vec<usize> = names.named(path).iter().map(|name| name.of).collect();
        return (!known.is_empty()).then_some((known, Strength::Slot));
    }
    let path = token.split_once("://").map_or(token, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let segments: Vec<String> = path.split(['/', '#', '?', '=']).filter(|part| !part.is_empty()).map(decoded).collect();
    let at = |options: &[&str]| segments.iter().rposition(|segment| options.contains(&segment.as_str()));
    numbered(&segments, names).or_else(|| secret(&segments, names)).or_else(|| {
        let known = if let Some(start) = at(&["data", "metadata"]).filter(|at| *at > 1 && segments[at - 2] == "v1") {
            in_vault(&segments[start - 1], &segments[start + 1..], names)
        } else if let Some(start) = at(&["secrets"]).filter(|at| *at > 0 && segments[at - 1] == "vault") {
            let kept: Vec<String> =
                segments[start + 1..].iter().filter(|s| !PAGES.contains(&s.as_str())).cloned().collect();
            in_vault(kept.first()?, &kept[1..], names)
        } else if let Some(start) =
            at(&["parameters", "roles"]).filter(|_| token.contains("://") || token.contains('#'))
        {
            let last = segments.iter().skip(start + 1).find(|s| *s != "details")?;
            by_name(last, &["parameter", "role"], names)
        } else {
            Vec::new()
        };
        (!known.is_empty()).then_some((known, Strength::Slot))
    })
}

/// Words of Vault's own pages between a mount and a path.
const PAGES: [&str; 6] = ["kv", "show", "list", "details", "edit", "metadata"];

/// What stands before a number that is an id, and the kinds that it can be.
fn numbered(segments: &[String], names: &Names) -> Option<(Vec<usize>, Strength)> {
    let at = segments.iter().rposition(|segment| segment.len() <= 12 && segment.bytes().all(|b| b.is_ascii_digit()))?;
    let before = |back: usize| at.checked_sub(back).and_then(|i| segments.get(i)).map_or("", String::as_str);
    let kinds: &[&str] = match before(1) {
        "keys" => &["deploy-key"],
        "deploy_keys" => &["deploy-key"],
        "deploy_tokens" => &["deploy-token"],
        "triggers" => &["trigger"],
        "access_tokens" => &["project-token", "group-token"],
        "personal_access_tokens" => &["personal-token"],
        "personal-access-tokens" => &["pat"],
        "installations" => &["app"],
        _ => return None,
    };
    let rest = &segments[..at];
    let known: Vec<usize> = names
        .numbered(&segments[at])
        .iter()
        .copied()
        .filter(|of| {
            let entity = &names.entities[*of];
            let owner = ["projects", "groups", "repos", "orgs", "organizations"]
                .iter()
                .find_map(|word| rest.iter().position(|segment| segment == word))
                .and_then(|i| rest.get(i + 1))
                .filter(|owner| !owner.bytes().all(|b| b.is_ascii_digit()));
            let placed = entity.place.as_ref().is_some_and(|place| placed(place, rest));
            kinds.contains(&entity.kind.as_str()) && (placed || (owner.is_none() && !repository(rest)))
        })
        .collect();
    (!known.is_empty()).then_some((known, Strength::Id))
}

/// Whether a page belongs to one repository: `owner/name/settings`.
fn repository(segments: &[String]) -> bool {
    segments.iter().position(|segment| segment == "settings").is_some_and(|at| at == 2)
}

/// A secret's or variable's own page: the place, the kind and the name.
fn secret(segments: &[String], names: &Names) -> Option<(Vec<usize>, Strength)> {
    let at = segments.iter().rposition(|segment| segment == "secrets" || segment == "variables")?;
    let kind = match (segments[at].as_str(), segments.get(at + 1).map(String::as_str)) {
        ("secrets", Some("actions")) => "actions-secret",
        ("secrets", Some("dependabot")) => "dependabot-secret",
        ("secrets", Some("codespaces")) => "codespaces-secret",
        ("secrets", _) if at > 0 && matches!(segments[at - 1].as_str(), "actions" | "dependabot" | "codespaces") => {
            match segments[at - 1].as_str() {
                "actions" => "actions-secret",
                "dependabot" => "dependabot-secret",
                _ => "codespaces-secret",
            }
        }
        ("variables", _) => "variable",
        _ => return None,
    };
    let name = segments[at + 1..]
        .iter()
        .find(|segment| !matches!(segment.as_str(), "actions" | "dependabot" | "codespaces"))?;
    let known: Vec<usize> = names
        .named(name)
        .iter()
        .map(|name| name.of)
        .filter(|of| {
            let entity = &names.entities[*of];
            entity.kind == kind && entity.place.as_ref().is_some_and(|place| placed(place, &segments[..at]))
        })
        .collect();
    (!known.is_empty()).then_some((known, Strength::Slot))
}

/// Whether the segments name exactly this place: all of `owner/name`, or an organization of its own.
fn placed(place: &str, segments: &[String]) -> bool {
    let parts: Vec<&str> = place.split('/').collect();
    if segments.iter().any(|segment| *segment == place) {
        // `/repos/acme/…` and `acme/shop/settings` name the repository, not the organization.
        return parts.len() > 1
            || segments.iter().any(|s| matches!(s.as_str(), "organizations" | "orgs" | "groups" | "users" | "-"));
    }
    parts.len() > 1 && segments.windows(parts.len()).any(|window| window.iter().zip(&parts).all(|(a, b)| a == b))
}

fn in_vault(mount: &str, path: &[String], names: &Names) -> Vec<usize> {
    // Vault's pages write a whole path as one segment, and the namespace in front of it where there is one.
    let whole = path.join("/");
    let kept: Vec<usize> = [format!("{mount}/{whole}")]
        .iter()
        .flat_map(|name| names.named(name))
        .filter(|name| name.strength == Strength::Slot)
        .map(|name| name.of)
        .collect();
    kept
}

fn by_name(name: &str, kinds: &[&str], names: &Names) -> Vec<usize> {
    let found = names.named(name).iter().map(|name| name.of);
    found.filter(|of| kinds.contains(&names.entities[*of].kind.as_str())).collect()
}

/// Without percent-encoding, in lower case.
fn decoded(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment).decode_utf8_lossy().to_lowercase()
}
