//! What tokens and roles may do: their policies, each read once a run, as levels on paths. The language of policies is `policy`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use tokio::sync::{Mutex, OnceCell};

use crate::model::inventory::{Grant, Level};
use crate::probe::vault::Failure;

use super::VaultSource;
use super::kv::is_plain;
use super::login::Spot;
use super::mounts::Mounts;
use super::policy::{self, Rule};

type Read = Arc<OnceCell<Result<Arc<Vec<Rule>>, String>>>;

/// The policies of one namespace that were read.
#[derive(Default)]
pub(super) struct Policies(Mutex<BTreeMap<String, Read>>);

/// How many policies of one token are read.
const MOST_POLICIES: usize = 256;

/// What every token may do with itself (Vault's and OpenBao's `default` policy): no access that anybody asks for in a ticket.
const OWN: &[&str] = &[
    "auth/token/lookup-self",
    "auth/token/renew-self",
    "auth/token/revoke-self",
    "cubbyhole/*",
    "identity/entity/id/{{identity.entity.id}}",
    "identity/entity/name/{{identity.entity.name}}",
    "identity/oidc/provider/+/authorize",
    "sys/capabilities-self",
    "sys/control-group/request",
    "sys/internal/ui/resultant-acl",
    "sys/leases/lookup",
    "sys/leases/renew",
    "sys/renew",
    "sys/tools/hash",
    "sys/tools/hash/*",
    "sys/wrapping/lookup",
    "sys/wrapping/unwrap",
    "sys/wrapping/wrap",
];

impl VaultSource {
    /// What holders of these policies may do. An error says which policy could not be read.
    pub(super) async fn grants(&self, spot: &Spot, names: &BTreeSet<String>) -> Result<Vec<Grant>, String> {
        if names.contains("root") {
            return Ok(vec![self.grant(spot, "*", Level::Admin, "root".to_owned())]);
        }
        let mut rules = Vec::new();
        for name in names.iter().take(MOST_POLICIES) {
            let read = spot
                .policy(name)
                .await
                .map_err(|reason| format!("the policy {}: {reason}", crate::model::id::part(name)))?;
            rules.extend(read.iter().map(|rule| (name.clone(), rule.clone())));
        }
        let mounts = spot.mounts(&self.settings.mounts).await.as_ref().ok();
        let levels = levels(&rules, mounts);
        Ok(levels.into_iter().map(|(path, (level, native))| self.grant(spot, &path, level, native)).collect())
    }

    fn grant(&self, spot: &Spot, path: &str, level: Level, native: String) -> Grant {
        Grant {
            holder: None,
            resource: Some(if path == "*" {
                spot.namespace.clone().map_or_else(|| "*".into(), |n| format!("{n}/*"))
            } else {
                spot.place(path)
            }),
            level: Some(level),
            native: Some(native),
            tenant: self.tenant(),
            environment: None,
            until: None,
        }
    }
}

impl Spot {
    async fn policy(&self, name: &str) -> Result<Arc<Vec<Rule>>, String> {
        #[derive(Deserialize)]
        struct Policy {
            #[serde(alias = "rules")]
            policy: String,
        }
        if !is_plain(name) {
            return Err("its name is none".to_owned());
        }
        let read = Arc::clone(self.policies.0.lock().await.entry(name.to_owned()).or_default());
        let ask = || async {
            match self.server.get::<Policy>(&["sys", "policies", "acl", name]).await {
                Ok(found) => {
                    policy::parse(&found.policy).map(Arc::new).ok_or_else(|| "it cannot be understood".to_owned())
                }
                // A policy that does not exist gives nothing.
                Err(failure) if failure.is_nothing() => Ok(Arc::default()),
                Err(Failure::Answer { code: 403, .. }) => Err("permission denied (sys/policies/acl)".to_owned()),
                Err(failure) => Err(failure.reason()),
            }
        };
        read.get_or_init(ask).await.clone()
    }
}

/// Levels by path, each with the words that give it. Of several policies on the very same path `deny` wins, else their capabilities
/// add up ("Policies", "Capabilities").
fn levels(rules: &[(String, Rule)], mounts: Option<&Mounts>) -> BTreeMap<String, (Level, String)> {
    let mut paths: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for (policy, rule) in rules.iter().filter(|(_, rule)| !OWN.contains(&rule.path.as_str())) {
        let (capabilities, policies) = paths.entry(&rule.path).or_default();
        capabilities.extend(rule.capabilities.iter().map(String::as_str));
        policies.insert(policy);
    }
    let mut out: BTreeMap<String, (Level, String)> = BTreeMap::new();
    for (path, (capabilities, policies)) in paths {
        let Some(level) = level(path, &capabilities) else { continue };
        let join = |words: &BTreeSet<&str>| words.iter().copied().collect::<Vec<_>>().join(", ");
        let native = format!("{}: {}", join(&policies), join(&capabilities));
        let entry = out.entry(resource(path, mounts)).or_insert((level, String::new()));
        entry.0 = entry.0.max(level);
        entry.1 = if entry.1.is_empty() { native } else { format!("{}; {native}", entry.1) };
    }
    out
}

fn level(path: &str, capabilities: &BTreeSet<&str>) -> Option<Level> {
    let has = |word: &str| capabilities.contains(word);
    if has("deny") {
        return None;
    }
    let writes = ["create", "update", "patch", "delete"].into_iter().any(has);
    let all = path == "*" && has("read") && has("update") && has("delete");
    if has("sudo") || all {
        Some(Level::Admin)
    } else if writes {
        Some(Level::Write)
    } else {
        ["read", "list", "scan", "subscribe", "recover"].into_iter().any(has).then_some(Level::Read)
    }
}

/// A policy's path as slots' ids write it: the API of KV version 2 puts a word behind the mount.
fn resource(path: &str, mounts: Option<&Mounts>) -> String {
    const WORDS: [&str; 6] = ["data/", "metadata/", "delete/", "undelete/", "destroy/", "subkeys/"];
    let second = mounts.into_iter().flat_map(|mounts| &mounts.kv).filter(|mount| mount.second);
    for mount in second {
        let Some(rest) = path.strip_prefix(mount.path.as_str()).and_then(|rest| rest.strip_prefix('/')) else {
            continue;
        };
        let inner = WORDS.iter().find_map(|word| rest.strip_prefix(word));
        let inner = inner.or_else(|| rest.strip_prefix("+/"));
        return inner.map_or_else(|| path.to_owned(), |inner| format!("{}/{inner}", mount.path));
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::vault::mounts::Kv;

    fn of(policies: &[(&str, &str)]) -> Vec<(String, Level, String)> {
        let mounts = Mounts {
            kv: vec![Kv { path: "secret".into(), second: true }, Kv { path: "old".into(), second: false }],
            ..Mounts::default()
        };
        let rules: Vec<(String, Rule)> = policies
            .iter()
            .flat_map(|(name, text)| policy::parse(text).unwrap().into_iter().map(|rule| ((*name).to_owned(), rule)))
            .collect();
        levels(&rules, Some(&mounts)).into_iter().map(|(path, (level, native))| (path, level, native)).collect()
    }

    #[test]
    fn capabilities_become_levels() {
        let app = r#"path "secret/data/app/*" { capabilities = ["read"] }
            path "secret/metadata/app/*" { capabilities = ["list", "read"] }
            path "secret/data/ci" { capabilities = ["create", "read"] }
            path "old/data/x" { capabilities = ["read"] }
            path "auth/token/lookup-self" { capabilities = ["read"] }
            path "sys/audit" { capabilities = ["read", "sudo"] }"#;
        let more = r#"path "secret/data/ci" { capabilities = ["deny"] } path "nothing" { capabilities = [] }"#;
        let is = |path: &str, level, native: &str| (path.to_owned(), level, native.to_owned());
        assert_eq!(
            of(&[("app", app), ("more", more)]),
            [
                is("old/data/x", Level::Read, "app: read"),
                is("secret/app/*", Level::Read, "app: read; app: list, read"),
                is("sys/audit", Level::Admin, "app: read, sudo"),
            ]
        );
        let all = r#"path "*" { capabilities = ["create", "read", "update", "delete", "list"] }"#;
        assert_eq!(of(&[("all", all)])[0].1, Level::Admin);
        assert_eq!(of(&[("all", r#"path "*" { capabilities = ["read"] }"#)])[0].1, Level::Read);
        let write =
            r#"path "secret/data/a" { capabilities = ["patch"] } path "secret/metadata/a" { capabilities = ["read"] }"#;
        assert_eq!(of(&[("w", write)])[0].1, Level::Write, "one resource has the higher of its levels");
    }
}
