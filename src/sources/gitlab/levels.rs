//! What a token may do: its scopes and its role, as one level with GitLab's own words.

use crate::model::inventory::Level;

/// What a scope allows at most ("Access token scopes", "Deploy tokens"); none where it is not known.
fn of_scope(scope: &str) -> Option<Level> {
    match scope {
        "api" | "sudo" | "admin_mode" => Some(Level::Admin),
        "create_runner" | "manage_runner" | "k8s_proxy" | "ai_features" | "self_rotate" => Some(Level::Write),
        "openid" | "profile" | "email" => Some(Level::Read),
        _ if scope.starts_with("write_") => Some(Level::Write),
        _ if scope.starts_with("read_") => Some(Level::Read),
        _ => None,
    }
}

/// What a role allows at most ("Roles and permissions": 5 minimal, 10 guest, 15 planner, 20 reporter, 25 security manager, 30 developer,
/// 40 maintainer, 50 owner).
fn of_role(access_level: u32) -> (Level, &'static str) {
    match access_level {
        0 => (Level::None, "no access"),
        1..10 => (Level::Read, "minimal access"),
        10..15 => (Level::Read, "guest"),
        15..20 => (Level::Read, "planner"),
        20..30 => (Level::Read, "reporter"),
        30..40 => (Level::Write, "developer"),
        40..50 => (Level::Admin, "maintainer"),
        _ => (Level::Admin, "owner"),
    }
}

/// The level of a token, and its scopes and role in GitLab's words. A token does what both its scopes and its role allow. Of a personal
/// token the role is its user's, another one in every project: it writes, unless a scope makes it an administrator's.
pub(super) fn level(scopes: &[String], access_level: Option<u32>) -> (Option<Level>, String) {
    let by_scopes = scopes.iter().filter_map(|scope| of_scope(scope)).max();
    let mut native = scopes.join(", ");
    let level = match access_level {
        Some(number) => {
            let (by_role, role) = of_role(number);
            native = format!("{native}; access_level {number} ({role})");
            by_scopes.map(|by_scopes| by_scopes.min(by_role))
        }
        None if scopes.iter().any(|scope| matches!(scope.as_str(), "sudo" | "admin_mode")) => Some(Level::Admin),
        None => by_scopes.map(|by_scopes| by_scopes.min(Level::Write)),
    };
    (level, native)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_and_roles() {
        let of = |scopes: &[&str], role| {
            let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
            level(&scopes, role).0
        };
        assert_eq!(of(&["api"], Some(40)), Some(Level::Admin));
        assert_eq!(of(&["api"], Some(50)), Some(Level::Admin));
        assert_eq!(of(&["api"], Some(30)), Some(Level::Write));
        assert_eq!(of(&["api"], Some(20)), Some(Level::Read));
        assert_eq!(of(&["api"], Some(10)), Some(Level::Read));
        assert_eq!(of(&["read_api", "write_repository"], Some(40)), Some(Level::Write));
        assert_eq!(of(&["read_api", "read_registry"], Some(50)), Some(Level::Read));
        assert_eq!(of(&["api"], None), Some(Level::Write));
        assert_eq!(of(&["api", "sudo"], None), Some(Level::Admin));
        assert_eq!(of(&["read_user"], None), Some(Level::Read));
        assert_eq!(of(&["what_is_this"], Some(40)), None);
        assert_eq!(of(&[], None), None);
        assert_eq!(level(&["api".into()], Some(40)).1, "api; access_level 40 (maintainer)");
    }
}
