//! What a value is, by its form alone: its type, and its id where the form carries one that is no secret. Values stay in `Secret`.

use std::collections::BTreeMap;

use crate::secret::Secret;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An AWS access key id (`AKIA…`, `ASIA…`).
    AwsKeyId,
    /// A GitHub token.
    Github,
    /// A GitLab token.
    Gitlab,
    /// A Vault or OpenBao token.
    Vault,
    /// A Slack token.
    Slack,
    /// An npm token.
    Npm,
}

/// Prefixes that providers document, with the shortest length that a real one has. Adding one is one line.
/// GitHub: "Behind GitHub's new authentication token formats"; GitLab: "Token prefixes"; Vault: "Tokens, token prefixes" (`s.` is
/// OpenBao's and older Vault's); Slack: "Token types"; npm: "Announcing npm's new access token format".
const PREFIXES: &[(&str, usize, Kind)] = &[
    ("ghp_", 40, Kind::Github),
    ("gho_", 40, Kind::Github),
    ("ghu_", 40, Kind::Github),
    ("ghs_", 40, Kind::Github),
    ("ghr_", 40, Kind::Github),
    ("github_pat_", 40, Kind::Github),
    ("glpat-", 20, Kind::Gitlab),
    ("gldt-", 20, Kind::Gitlab),
    ("glptt-", 20, Kind::Gitlab),
    ("glrt-", 20, Kind::Gitlab),
    ("hvs.", 24, Kind::Vault),
    ("hvb.", 24, Kind::Vault),
    ("hvr.", 24, Kind::Vault),
    ("s.", 24, Kind::Vault),
    ("b.", 80, Kind::Vault),
    ("xoxb-", 20, Kind::Slack),
    ("xoxp-", 20, Kind::Slack),
    ("xoxe-", 20, Kind::Slack),
    ("xapp-", 20, Kind::Slack),
    ("npm_", 40, Kind::Npm),
];

/// The type of a value; none where its form tells nothing.
#[must_use]
pub fn kind(value: &Secret) -> Option<Kind> {
    let value = value.expose().trim();
    if is_aws_key_id(value) {
        return Some(Kind::AwsKeyId);
    }
    let token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '=');
    if !value.chars().all(token) {
        return None;
    }
    // `s.` alone is also how a domain may begin: a token has no second dot but that of a namespace.
    let fits = |(prefix, length, _): &&(&str, usize, Kind)| value.starts_with(prefix) && value.len() >= *length;
    PREFIXES.iter().find(fits).map(|(_, _, kind)| *kind)
}

/// `AKIA` and `ASIA` ids: twenty upper-case letters and digits.
fn is_aws_key_id(value: &str) -> bool {
    value.len() == 20
        && (value.starts_with("AKIA") || value.starts_with("ASIA"))
        && value.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// The names of the variables that hold the other parts of the AWS key whose id is in `name`: the secret, and the session token.
/// `AWS_ACCESS_KEY_ID` goes with `AWS_SECRET_ACCESS_KEY`; what stands before or behind stays (`PROD_AWS_ACCESS_KEY_ID`,
/// `AWS_ACCESS_KEY_ID_PROD`).
#[must_use]
pub fn aws_partners(name: &str) -> Option<(String, String)> {
    let upper = name.to_ascii_uppercase();
    for (id, secret, session) in [
        ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"),
        ("ACCESS_KEY", "SECRET_KEY", "SESSION_TOKEN"),
        ("ACCESS_KEY", "SECRET_ACCESS_KEY", "SESSION_TOKEN"),
        ("KEY_ID", "SECRET_KEY", "SESSION_TOKEN"),
    ] {
        if let Some(at) = upper.rfind(id) {
            let swap = |part: &str| format!("{}{part}{}", &name[..at], &name[at + id.len()..]);
            return Some((swap(secret), swap(session)));
        }
    }
    None
}

/// Which of `values` belong to the AWS key whose id is in `name`, by the names of their variables: secret, session token.
#[must_use]
pub fn aws_parts<'v>(name: &str, values: &'v BTreeMap<String, Secret>) -> Option<(&'v str, Option<&'v str>)> {
    let partners = [aws_partners(name)];
    let alternative = name.to_ascii_uppercase().rfind("ACCESS_KEY").map(|at| {
        let tail = name[at + "ACCESS_KEY".len()..].trim_start_matches("_ID");
        (format!("{}SECRET_ACCESS_KEY{tail}", &name[..at]), format!("{}SESSION_TOKEN{tail}", &name[..at]))
    });
    partners.into_iter().chain([alternative]).flatten().find_map(|(secret, session)| {
        let (found, _) = values.get_key_value(&secret)?;
        Some((found.as_str(), values.get_key_value(&session).map(|(name, _)| name.as_str())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Kind> {
        kind(&Secret::new(text.to_owned()))
    }

    #[test]
    fn forms() {
        assert_eq!(of("AKIAIOSFODNN7EXAMPLE"), Some(Kind::AwsKeyId));
        assert_eq!(of(&format!("ghp_{}", "a".repeat(36))), Some(Kind::Github));
        assert_eq!(of(&format!("s.{}", "A".repeat(24))), Some(Kind::Vault));
        for text in ["", "hello", "AKIA", "akiaiosfodnn7example", "s.example.org/path with blanks in it", "ghp_short"] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn parts_of_a_key_belong_together_by_name() {
        let values: BTreeMap<String, Secret> =
            ["PROD_AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY_EU", "AWS_SESSION_TOKEN_EU"]
                .iter()
                .map(|name| ((*name).to_owned(), Secret::new("x".into())))
                .collect();
        assert_eq!(aws_parts("PROD_AWS_ACCESS_KEY_ID", &values), Some(("PROD_AWS_SECRET_ACCESS_KEY", None)));
        assert_eq!(
            aws_parts("AWS_ACCESS_KEY_ID_EU", &values),
            Some(("AWS_SECRET_ACCESS_KEY_EU", Some("AWS_SESSION_TOKEN_EU")))
        );
        assert_eq!(aws_parts("AWS_ACCESS_KEY_ID", &values), None);
    }
}
