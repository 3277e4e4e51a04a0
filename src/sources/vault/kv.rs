//! One secret of a KV store: metadata in version 2 (times, deletions, custom metadata), existence in version 1. Values are `values`'s.

use jiff::Timestamp;
use vaultrs::api::kv2::requests::ReadSecretMetadataRequest;
use vaultrs::api::kv2::responses::ReadSecretMetadataResponse;

use crate::model::Id;
use crate::model::inventory::{Slot, Version};
use crate::probe::vault::Failure;

use super::login::Spot;
use super::mounts::Kv;

/// The longest path that is asked for, in bytes; Vault's own storage takes no longer keys.
const MOST_PATH: usize = 4096;

/// What is at a path.
#[derive(Debug, Clone)]
pub(super) enum Found {
    /// A secret; its id is the caller's to write.
    Slot(Box<Slot>),
    /// It was read, and there is nothing.
    Nothing,
}

/// Whether a path can be asked for: ids come from tickets and inventories, too, and names from the server; none may lead elsewhere.
pub(super) fn is_plain(path: &str) -> bool {
    let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.chars().any(|c| c.is_control() || c == '\\');
    path.len() <= MOST_PATH && path.split('/').all(plain)
}

/// Reads what is at a path below a mount: one request.
pub(super) async fn one(spot: &Spot, mount: &Kv, inner: &str, now: Timestamp) -> Result<Found, Failure> {
    if mount.second {
        let request = ReadSecretMetadataRequest { mount: mount.path.clone(), path: inner.to_owned() };
        return match spot.server.ask(request).await {
            Ok(metadata) => Ok(Found::Slot(Box::new(slot(&metadata, now)))),
            Err(failure) if failure.is_nothing() => Ok(Found::Nothing),
            Err(failure) => Err(failure),
        };
    }
    // Version 1 keeps no times: that the secret is there is all that can be read without its value.
    let (folder, name) = inner.rsplit_once('/').map_or(("", inner), |(folder, name)| (folder, name));
    let path = if folder.is_empty() { format!("{}/", mount.path) } else { format!("{}/{folder}/", mount.path) };
    let names = spot.server.list(&[&path]).await?;
    let there = names.iter().any(|known| known == name);
    Ok(if there { Found::Slot(Box::new(Slot::bare(Id::new("")))) } else { Found::Nothing })
}

/// The slot of a secret.
fn slot(metadata: &ReadSecretMetadataResponse, now: Timestamp) -> Slot {
    let mut versions: Vec<(u64, Version)> = metadata
        .versions
        .iter()
        .map(|(number, version)| {
            // A deletion time in the future is still alive.
            let deleted = version.destroyed || version.deletion_time.parse::<Timestamp>().is_ok_and(|at| at <= now);
            let stage = deleted.then(|| if version.destroyed { "destroyed" } else { "deleted" }.to_owned());
            let at = version.created_time.parse().ok();
            (number.parse().unwrap_or_default(), Version { at, stage, holds: None, fingerprint: None })
        })
        .collect();
    versions.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    let custom = |key: &str| {
        let text = metadata.custom_metadata.as_ref().and_then(|custom| custom.get(key))?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    Slot {
        updated_at: versions.first().and_then(|(_, version)| version.at),
        owner: custom("owner"),
        // What a house writes beside a secret of the request that made it: a name that tickets' words meet.
        aliases: custom("ticket").into_iter().collect(),
        holds: custom("holds").map(Id::new),
        versions: versions.into_iter().map(|(_, version)| version).collect(),
        ..Slot::bare(Id::new(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_may_be_asked_for() {
        for fine in ["secret/app/db", "a/b c/ü", "a/b%2fc", "a/...", "a/b?c#d"] {
            assert!(is_plain(fine), "{fine}");
        }
        for wrong in ["", "a//b", "a/../b", "a/.", "/a", "a/", "a\\b", "a/\n", &"a/".repeat(4000)] {
            assert!(!is_plain(wrong), "{wrong}");
        }
    }

    #[test]
    fn versions_and_their_ends() {
        let answer = serde_json::json!({
            "cas_required": false, "created_time": "2026-01-01T00:00:00Z", "current_version": 10, "delete_version_after": "0s",
            "max_versions": 0, "oldest_version": 8, "updated_time": "2026-01-10T00:00:00Z",
            "custom_metadata": {"owner": " svc-shop ", "ticket": "SEC-1", "holds": ""},
            "versions": {
                "8": {"created_time": "2026-01-08T00:00:00Z", "deletion_time": "2026-01-09T00:00:00Z", "destroyed": true},
                "9": {"created_time": "2026-01-09T00:00:00Z", "deletion_time": "2026-01-10T00:00:00Z", "destroyed": false},
                "10": {"created_time": "2026-01-10T00:00:00Z", "deletion_time": "2099-01-01T00:00:00Z", "destroyed": false},
            },
        });
        let metadata = serde_json::from_value(answer).unwrap();
        let slot = slot(&metadata, "2026-06-01T00:00:00Z".parse().unwrap());
        let stages: Vec<Option<&str>> = slot.versions.iter().map(|version| version.stage.as_deref()).collect();
        assert_eq!(stages, [None, Some("deleted"), Some("destroyed")], "10 before 9 before 8, and 10 still lives");
        assert_eq!(slot.updated_at, "2026-01-10T00:00:00Z".parse().ok());
        assert_eq!((slot.owner.as_deref(), slot.holds), (Some("svc-shop"), None));
    }
}
