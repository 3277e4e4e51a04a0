//! KV slots: metadata of version 2 (times, deletions, custom metadata), existence in version 1. Never a value.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vaultrs::client::VaultClient;
use vaultrs::error::ClientError;

use crate::model::Id;
use crate::model::inventory::{Slot, Version};
use crate::sources::Batch;

use super::VaultSource;

pub(super) struct Slots<'s> {
    pub(super) source: &'s VaultSource,
    pub(super) client: &'s VaultClient,
}

impl Slots<'_> {
    /// Reads the metadata of the wanted slots; what a mount refuses is a gap for that slot, the rest is read.
    pub(super) async fn read(&self, wanted: &[Id], now: Timestamp, into: &mut Batch) {
        let mut read: BTreeMap<String, Option<Slot>> = BTreeMap::new();
        for id in wanted {
            let path = percent_encoding::percent_decode_str(id.rest()).decode_utf8_lossy().into_owned();
            let path = path.split('#').next().unwrap_or_default().to_owned();
            let Some((mount, rest)) = path.split_once('/') else { continue };
            if !read.contains_key(&path) {
                into.account.requests += 1;
                let slot = match vaultrs::kv2::read_metadata(self.client, mount, rest).await {
                    Ok(metadata) => Some(slot(id, &metadata, now)),
                    Err(error) => {
                        let reason = match error {
                            ClientError::APIError { code, .. } => format!("HTTP {code} for its metadata"),
                            _ => "no connection, or not an answer of Vault".to_owned(),
                        };
                        into.inventory.gaps.push(self.source.gap("change-time", id.as_str(), reason));
                        None
                    }
                };
                into.account.items += u64::from(slot.is_some());
                read.insert(path.clone(), slot);
            }
            // One key of a secret changes with the secret: KV keeps no time for a key.
            if let Some(Some(slot)) = read.get(&path) {
                into.inventory.slots.push(Slot { id: id.clone(), name: Some(path.clone()), ..slot.clone() });
            }
        }
    }
}

fn slot(id: &Id, metadata: &vaultrs::api::kv2::responses::ReadSecretMetadataResponse, now: Timestamp) -> Slot {
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
    let custom = |key: &str| metadata.custom_metadata.as_ref().and_then(|custom| custom.get(key)).cloned();
    Slot {
        updated_at: versions.first().and_then(|(_, version)| version.at),
        owner: custom("owner"),
        holds: custom("holds").map(Id::new),
        versions: versions.into_iter().map(|(_, version)| version).collect(),
        ..Slot::bare(id.clone())
    }
}
