//! GitHub's answers, as far as they are used (GitHub REST API, version 2022-11-28), and what its words mean in ours. octocrab's own
//! models either lack the fields that matter (`suspended_at`, `last_used`) or refuse an answer for a field that does not.

use std::collections::BTreeMap;

use base64::Engine;
use jiff::Timestamp;
use serde::Deserialize;

use crate::model::inventory::Level;

use crate::sources::forge::github::clip;

/// A secret of any store: a name and times, never a value.
#[derive(Debug, Deserialize)]
pub(super) struct Secret {
    pub(super) name: String,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
    #[serde(default)]
    pub(super) visibility: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Owner {
    #[serde(default)]
    pub(super) login: Option<String>,
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Repository {
    pub(super) full_name: String,
    #[serde(default)]
    pub(super) owner: Option<Owner>,
}

#[derive(Debug, Deserialize)]
pub(super) struct DeployKey {
    pub(super) id: u64,
    #[serde(default)]
    pub(super) key: String,
    #[serde(default)]
    pub(super) title: Option<String>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    pub(super) read_only: bool,
    #[serde(default)]
    pub(super) added_by: Option<String>,
    #[serde(default)]
    pub(super) last_used: Option<String>,
    #[serde(default)]
    pub(super) enabled: Option<bool>,
}

/// A fine-grained token's access to an organization.
#[derive(Debug, Deserialize)]
pub(super) struct TokenGrant {
    pub(super) id: u64,
    #[serde(default)]
    pub(super) owner: Option<Owner>,
    #[serde(default)]
    pub(super) repository_selection: Option<String>,
    #[serde(default)]
    pub(super) permissions: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    pub(super) access_granted_at: Option<String>,
    #[serde(default)]
    pub(super) token_name: Option<String>,
    #[serde(default)]
    pub(super) token_expired: bool,
    #[serde(default)]
    pub(super) token_expires_at: Option<String>,
    #[serde(default)]
    pub(super) token_last_used_at: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Installation {
    pub(super) id: u64,
    #[serde(default)]
    pub(super) app_slug: Option<String>,
    #[serde(default)]
    pub(super) repository_selection: Option<String>,
    #[serde(default)]
    pub(super) permissions: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) suspended_at: Option<String>,
}

/// A classic token, SSH key or the like that its user authorized for the organization's single sign-on.
#[derive(Debug, Deserialize)]
pub(super) struct SsoCredential {
    pub(super) credential_id: u64,
    #[serde(default)]
    pub(super) login: Option<String>,
    #[serde(default)]
    pub(super) credential_type: Option<String>,
    #[serde(default)]
    pub(super) credential_authorized_at: Option<String>,
    #[serde(default)]
    pub(super) credential_accessed_at: Option<String>,
    #[serde(default)]
    pub(super) scopes: Option<Vec<String>>,
    #[serde(default)]
    pub(super) fingerprint: Option<String>,
    #[serde(default)]
    pub(super) authorized_credential_title: Option<String>,
    #[serde(default)]
    pub(super) authorized_credential_note: Option<String>,
    #[serde(default)]
    pub(super) authorized_credential_expires_at: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Environment {
    pub(super) name: String,
    #[serde(default)]
    pub(super) protection_rules: Vec<ProtectionRule>,
    #[serde(default)]
    pub(super) deployment_branch_policy: Option<BranchPolicy>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ProtectionRule {
    #[serde(default)]
    wait_timer: Option<u64>,
    #[serde(default)]
    reviewers: Vec<Reviewer>,
}

#[derive(Debug, Deserialize)]
struct Reviewer {
    #[serde(default)]
    reviewer: Option<ReviewerName>,
}

#[derive(Debug, Deserialize)]
struct ReviewerName {
    #[serde(default)]
    login: Option<String>,
    #[serde(default)]
    slug: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct BranchPolicy {
    #[serde(default)]
    protected_branches: bool,
    #[serde(default)]
    custom_branch_policies: bool,
}

impl Environment {
    /// Its protection in words. Reviewers approve deployments; they read no secret.
    pub(super) fn protection(&self) -> String {
        let mut out = Vec::new();
        let names = self.protection_rules.iter().flat_map(|rule| &rule.reviewers).filter_map(|r| r.reviewer.as_ref());
        let names: Vec<String> = names
            .filter_map(|r| r.login.clone().or_else(|| r.slug.as_ref().map(|slug| format!("team {slug}"))))
            .map(|name| clip(&name))
            .take(6)
            .collect();
        out.push(if names.is_empty() {
            "no reviewers".to_owned()
        } else {
            format!("one of {} must approve", names.join(", "))
        });
        let wait = self.protection_rules.iter().filter_map(|rule| rule.wait_timer).max().filter(|wait| *wait > 0);
        out.extend(wait.map(|wait| format!("waits {wait} min")));
        out.push(
            match &self.deployment_branch_policy {
                Some(policy) if policy.protected_branches => "protected branches only",
                Some(policy) if policy.custom_branch_policies => "selected branches only",
                _ => "any branch",
            }
            .to_owned(),
        );
        out.join("; ")
    }
}

/// Permissions whose `write` lets their holder give itself more.
const ADMIN: &[&str] = &[
    "administration",
    "members",
    "organization_administration",
    "organization_custom_org_roles",
    "organization_custom_roles",
    "organization_personal_access_token_requests",
    "organization_personal_access_tokens",
];

/// The level of permissions: any `write` is write, any `admin` or `write` on administration is admin.
pub(super) fn level(permissions: &BTreeMap<String, String>) -> Level {
    let of = |(name, word): (&String, &String)| match word.as_str() {
        "admin" => Level::Admin,
        "write" if ADMIN.contains(&name.as_str()) => Level::Admin,
        "write" => Level::Write,
        "read" => Level::Read,
        _ => Level::None,
    };
    permissions.iter().map(of).max().unwrap_or(Level::None)
}

/// Permissions in GitHub's own words: `contents:write, metadata:read`.
pub(super) fn words(permissions: &BTreeMap<String, String>) -> String {
    let all = permissions.iter().take(100).map(|(name, word)| format!("{}:{}", clip(name), clip(word)));
    all.collect::<Vec<_>>().join(", ")
}

/// The level of a classic token's scopes (GitHub docs, "Scopes for OAuth apps"). None where none is listed: an SSH key has none.
pub(super) fn scopes_level(scopes: &[String]) -> Option<Level> {
    let of = |scope: &String| match scope.as_str() {
        scope if scope.starts_with("admin:") || scope == "delete_repo" || scope == "site_admin" => Level::Admin,
        scope if scope.starts_with("read:") || scope.ends_with(":read") || scope == "user:email" => Level::Read,
        "notifications" | "repo:status" | "security_events" => Level::Read,
        _ => Level::Write,
    };
    scopes.iter().map(of).max()
}

/// A time; none where it is absent or is no time.
pub(super) fn time(text: &Option<String>) -> Option<Timestamp> {
    text.as_deref()?.trim().parse().ok()
}

/// A public key's fingerprint, as `ssh-keygen -l` and GitHub's pages write it.
pub(super) fn fingerprint(key: &str) -> Option<String> {
    let blob = base64::engine::general_purpose::STANDARD.decode(key.split_ascii_whitespace().nth(1)?).ok()?;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &blob);
    Some(format!("SHA256:{}", base64::engine::general_purpose::STANDARD_NO_PAD.encode(digest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, word)| ((*name).to_owned(), (*word).to_owned())).collect()
    }

    #[test]
    fn levels() {
        assert_eq!(level(&permissions(&[])), Level::None);
        assert_eq!(level(&permissions(&[("metadata", "read")])), Level::Read);
        assert_eq!(level(&permissions(&[("contents", "write"), ("metadata", "read")])), Level::Write);
        assert_eq!(level(&permissions(&[("administration", "read")])), Level::Read);
        assert_eq!(level(&permissions(&[("administration", "write")])), Level::Admin);
        assert_eq!(level(&permissions(&[("organization_projects", "admin")])), Level::Admin);
        let scopes = |all: &[&str]| scopes_level(&all.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        assert_eq!(scopes(&[]), None);
        assert_eq!(scopes(&["read:org", "user:email"]), Some(Level::Read));
        assert_eq!(scopes(&["repo", "read:org"]), Some(Level::Write));
        assert_eq!(scopes(&["repo", "admin:org"]), Some(Level::Admin));
    }

    #[test]
    fn fingerprints_of_keys() {
        // `ssh-keygen -lf` of this key says the same.
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl github.com";
        assert_eq!(fingerprint(key).as_deref(), Some("SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"));
        assert_eq!(fingerprint("ssh-ed25519"), None);
        assert_eq!(fingerprint("a !!!"), None);
    }

    #[test]
    fn protection_in_words() {
        let of = |text: &str| serde_json::from_str::<Environment>(text).unwrap().protection();
        assert_eq!(of(r#"{"name":"a"}"#), "no reviewers; any branch");
        assert_eq!(
            of(r#"{"name":"a","protection_rules":[{"type":"wait_timer","wait_timer":30},{"type":"required_reviewers",
                "reviewers":[{"type":"User","reviewer":{"login":"bob"}},{"type":"Team","reviewer":{"slug":"ops"}}]}],
                "deployment_branch_policy":{"protected_branches":true,"custom_branch_policies":false}}"#),
            "one of bob, team ops must approve; waits 30 min; protected branches only"
        );
    }
}
