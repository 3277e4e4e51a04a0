//! KV slots: metadata of version 2 (times, deletions, custom metadata), existence in version 1. Never a value.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::Deserialize;
use vaultrs::error::ClientError;

use crate::model::Id;
use crate::model::inventory::{Slot, Version};
use crate::probe::vault::{Failure, Server};
use crate::sources::Batch;

use super::VaultSource;

pub(super) struct Slots<'s> {
    pub(super) source: &'s VaultSource,
    pub(super) server: &'s Server,
}

/// The mount that a path lies in (`sys/internal/ui/mounts/<path>`, which every token that can read there may ask).
#[derive(Deserialize)]
struct Mount {
    path: String,
    #[serde(default)]
    options: Option<HashMap<String, String>>,
}

/// What is at a path.
enum Found {
    Slot(Box<Slot>),
    /// It was read, and there is nothing.
    Nothing,
}

impl Slots<'_> {
    /// Reads the metadata of the wanted slots; what a mount refuses is a gap for that slot, the rest is read.
    pub(super) async fn read(&self, wanted: &[Id], now: Timestamp, into: &mut Batch) {
        let mut read: BTreeMap<String, Option<Found>> = BTreeMap::new();
        for id in wanted {
            let Some(path) = self.path(id) else {
                into.inventory.gaps.push(self.source.gap("change-time", id.as_str(), "this is no path of a secret"));
                continue;
            };
            if !read.contains_key(&path) {
                let found = match self.one(&path, now, into).await {
                    Ok(found) => Some(found),
                    Err(failure) => {
                        let reason = format!("its metadata: {}", failure.reason());
                        into.inventory.gaps.push(self.source.gap("change-time", id.as_str(), reason));
                        None
                    }
                };
                into.account.items += u64::from(matches!(found, Some(Found::Slot(_))));
                read.insert(path.clone(), found);
            }
            match read.get(&path) {
                // One key of a secret changes with the secret: KV keeps no time for a key.
                Some(Some(Found::Slot(slot))) => {
                    into.inventory.slots.push(Slot { id: id.clone(), name: Some(path), ..(**slot).clone() })
                }
                Some(Some(Found::Nothing)) => into.account.notes.push(format!("{id}: there is no such secret")),
                Some(None) | None => {}
            }
        }
    }

    /// The path that an id names, without the configured namespace and the key; none where it could lead elsewhere: ids come from
    /// tickets and inventories, too.
    fn path(&self, id: &Id) -> Option<String> {
        let path = id.rest().split('#').next().unwrap_or_default();
        let path = percent_encoding::percent_decode_str(path).decode_utf8().ok()?.into_owned();
        let namespace = self.source.place.as_ref().ok().and_then(|place| place.namespace.as_deref());
        let inner = namespace.and_then(|ns| path.strip_prefix(ns.trim_matches('/'))?.strip_prefix('/'));
        let path = inner.map_or_else(|| path.clone(), str::to_owned);
        let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.chars().any(|c| c.is_control() || c == '\\');
        (path.contains('/') && path.split('/').all(plain)).then_some(path)
    }

    async fn one(&self, path: &str, now: Timestamp, into: &mut Batch) -> Result<Found, Failure> {
        into.account.requests += 1;
        let mut segments = vec!["sys", "internal", "ui", "mounts"];
        segments.extend(path.split('/'));
        let (mount, second) = match self.server.get::<Mount>(&segments).await {
            Ok(mount) => {
                let version = mount.options.as_ref().and_then(|options| options.get("version"));
                (mount.path.trim_matches('/').to_owned(), version.is_some_and(|version| version == "2"))
            }
            // Who may read metadata need not be told about mounts: then as most houses name them.
            Err(Failure::Answer { .. }) => (path.split('/').next().unwrap_or_default().to_owned(), true),
            Err(failure) => return Err(failure),
        };
        let Some(inner) = path.strip_prefix(mount.as_str()).and_then(|rest| rest.strip_prefix('/')) else {
            return Err(Failure::Silent("the path is that of a mount".to_owned()));
        };
        into.account.requests += 1;
        let client = self.server.client();
        if second {
            return match vaultrs::kv2::read_metadata(client, &mount, inner).await {
                Ok(metadata) => Ok(Found::Slot(Box::new(slot(&metadata, now)))),
                Err(error) => nothing_or(error),
            };
        }
        // Version 1 keeps no times: that the secret is there is all that can be read without its value.
        let (folder, name) = inner.rsplit_once('/').unwrap_or(("", inner));
        match vaultrs::kv1::list(client, &mount, folder).await {
            Ok(names) if names.data.keys.iter().any(|known| known == name) => {
                Ok(Found::Slot(Box::new(Slot::bare(Id::new("")))))
            }
            Ok(_) => Ok(Found::Nothing),
            Err(error) => nothing_or(error),
        }
    }
}

/// An empty list of errors with a 404 is how Vault says that nothing is there.
fn nothing_or(error: ClientError) -> Result<Found, Failure> {
    match error {
        ClientError::APIError { code: 404, errors } if errors.is_empty() => Ok(Found::Nothing),
        error => Err(error.into()),
    }
}

/// The slot of a secret; its id is the caller's to write.
fn slot(metadata: &vaultrs::api::kv2::responses::ReadSecretMetadataResponse, now: Timestamp) -> Slot {
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
        ..Slot::bare(Id::new(""))
    }
}
