//! What is mounted where, in one request a namespace: `sys/internal/ui/mounts` shows every token the mounts that it has any access to.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::probe::vault::Failure;

use super::login::Spot;

/// The mounts of one namespace that the auditor is shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Mounts {
    /// KV mounts, the longest path first.
    pub(super) kv: Vec<Kv>,
    /// Where AppRole is mounted.
    pub(super) approle: Vec<String>,
    /// The server did not say: the version is then the usual one.
    pub(super) guessed: bool,
}

/// A KV mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kv {
    /// Its path, without a slash at the end.
    pub(super) path: String,
    /// Whether it is of version 2.
    pub(super) second: bool,
}

#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    secret: BTreeMap<String, Mount>,
    #[serde(default)]
    auth: BTreeMap<String, Mount>,
}

#[derive(Deserialize)]
struct Mount {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    options: Option<BTreeMap<String, String>>,
}

impl Mounts {
    fn new(shown: Shown, only: &[String]) -> Self {
        let wanted = |path: &str| only.is_empty() || only.iter().any(|mount| mount.trim_matches('/') == path);
        let mut kv: Vec<Kv> = Vec::new();
        for (path, mount) in shown.secret {
            let path = path.trim_matches('/').to_owned();
            if !matches!(mount.kind.as_str(), "kv" | "generic") || path.is_empty() || !wanted(&path) {
                continue;
            }
            let version = mount.options.as_ref().and_then(|options| options.get("version"));
            kv.push(Kv { path, second: version.is_some_and(|version| version == "2") });
        }
        kv.sort_by(|a, b| (b.path.len(), &a.path).cmp(&(a.path.len(), &b.path)));
        let approle = shown.auth.into_iter().filter(|(_, mount)| mount.kind == "approle");
        let approle = approle.map(|(path, _)| path.trim_matches('/').to_owned()).collect();
        Self { kv, approle, guessed: false }
    }

    /// Who may read metadata need not be told about mounts: then as most houses name and use them.
    fn guessed(only: &[String]) -> Self {
        let kv = only.iter().map(|path| Kv { path: path.trim_matches('/').to_owned(), second: true }).collect();
        Self { kv, approle: vec!["approle".to_owned()], guessed: true }
    }

    /// The mount that a path lies in, and the rest of the path, without the part that the API of version 2 puts behind the mount.
    pub(super) fn of<'p>(&self, path: &'p str) -> Option<(Kv, &'p str)> {
        let within = |mount: &str| path.strip_prefix(mount)?.strip_prefix('/').filter(|rest| !rest.is_empty());
        let known = self.kv.iter().find_map(|mount| Some((mount.clone(), within(&mount.path)?)));
        let (mount, rest) = match known {
            Some(found) => found,
            None if self.guessed => {
                let (mount, rest) = path.split_once('/')?;
                (Kv { path: mount.to_owned(), second: true }, rest)
            }
            None => return None,
        };
        let rest = match ["data/", "metadata/"].iter().find_map(|part| rest.strip_prefix(part)) {
            Some(inner) if mount.second && !inner.is_empty() => inner,
            _ => rest,
        };
        Some((mount, rest))
    }
}

impl Spot {
    /// The mounts, asked for once a run.
    pub(super) async fn mounts(&self, only: &[String]) -> &Result<Mounts, Failure> {
        let ask = || async {
            match self.server.get::<Shown>(&["sys", "internal", "ui", "mounts"]).await {
                Ok(shown) => Ok(Mounts::new(shown, only)),
                Err(Failure::Answer { code: 404 | 405, .. }) => Ok(Mounts::guessed(only)),
                Err(failure) => Err(failure),
            }
        };
        self.mounts.get_or_init(ask).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts(only: &[String]) -> Mounts {
        let shown = serde_json::json!({
            "secret": {
                "secret/": {"type": "kv", "options": {"version": "2"}},
                "team/": {"type": "kv", "options": null},
                "team/kv/": {"type": "kv", "options": {"version": "2"}},
                "old/": {"type": "generic"},
                "pki/": {"type": "pki"},
            },
            "auth": {"approle/": {"type": "approle"}, "token/": {"type": "token"}},
        });
        Mounts::new(serde_json::from_value(shown).unwrap(), only)
    }

    #[test]
    fn the_longest_mount_that_fits() {
        let mounts = mounts(&[]);
        let of = |path: &str| mounts.of(path).map(|(mount, rest)| (mount.path, mount.second, rest.to_owned()));
        let is = |path: &str, second: bool, rest: &str| Some((path.to_owned(), second, rest.to_owned()));
        assert_eq!(of("secret/data/app/db"), is("secret", true, "app/db"));
        assert_eq!(of("secret/app/data/db"), is("secret", true, "app/data/db"));
        assert_eq!(of("team/kv/a"), is("team/kv", true, "a"));
        assert_eq!(of("team/data/a"), is("team", false, "data/a"));
        assert_eq!(of("old/x"), is("old", false, "x"));
        for none in ["pki/x", "secret", "secret/", "secrets/x", "x"] {
            assert_eq!(of(none), None, "{none}");
        }
        assert_eq!(mounts.approle, ["approle"]);
    }

    #[test]
    fn mounts_that_the_user_names() {
        let mounts = mounts(&["team/kv/".to_owned()]);
        assert_eq!(mounts.kv.len(), 1);
        assert!(mounts.of("secret/app/db").is_none() && mounts.of("team/kv/a").is_some());
    }
}
