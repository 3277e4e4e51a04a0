//! Values of secrets and parameters in scope, where fingerprints are wanted: each becomes a fingerprint at once, and the id of an
//! access key in it is recognised. A value never leaves this file.

use aws_sdk_ssm::types::Parameter;
use serde_json::Value;

use crate::model::Id;
use crate::model::inventory::{Slot, Version};
use crate::secret::Secret;

use super::names::{self, Store};
use super::read::Shelf;
use super::secrets::is_key;
use super::{AwsSource, Sink, reason, side_by_side, time};

/// How many values are asked for at once.
const AT_ONCE: usize = 4;

/// How many versions of a secret are listed.
const MOST_VERSIONS: i32 = 100;

impl AwsSource {
    /// When the values of these secrets were written: a change of a secret's tags must not look like a new value.
    pub(super) async fn read_changes(&self, secrets: &[Id], sink: &Sink<'_>) {
        let mut due = Vec::new();
        for id in secrets {
            let Some(arn) = names::arn(id.rest()) else { continue };
            for account in &self.accounts {
                if account.hint(self).await.is_some_and(|number| number != arn.account) {
                    continue;
                }
                let Ok(session) = account.session(self).await else { continue };
                let number = session.number();
                let shelf =
                    Shelf { source: self, session, number, region: arn.region.to_owned(), store: Store::Secrets };
                let versions = self.state().changed.get(id).map(|(_, versions)| versions.clone()).unwrap_or_default();
                due.push((shelf, Slot { versions, ..Slot::bare(id.clone()) }));
                break;
            }
        }
        let looks = due.into_iter().map(|(shelf, mut slot)| async move {
            shelf.version_times(&mut slot, sink).await;
            slot
        });
        let told = side_by_side(AT_ONCE, looks.collect()).await;
        sink.with(|batch| batch.inventory.slots.extend(told));
    }
}

impl Shelf<'_> {
    /// Adds when the values of secrets were written, where everything is read, and what the values of those in scope tell, where
    /// fingerprints are wanted.
    pub(super) async fn look_into(&self, slots: &mut [Slot], scoped: bool, sink: &Sink<'_>) {
        let looks = slots.iter_mut().map(|slot| async move {
            if self.store == Store::Secrets && !scoped {
                self.version_times(slot, sink).await;
            }
            if self.source.key.is_some() && scoped {
                match self.store {
                    Store::Secrets => self.secret_value(slot, sink).await,
                    Store::Parameters => self.parameter_value(slot, sink).await,
                }
            }
        });
        side_by_side(AT_ONCE, looks.collect()).await;
    }

    /// When each staged version was written (Secrets Manager API reference, `ListSecretVersionIds`).
    async fn version_times(&self, slot: &mut Slot, sink: &Sink<'_>) {
        let client = self.session.secrets(self.source, &self.region);
        let call = client.list_secret_version_ids().secret_id(slot.id.rest()).max_results(MOST_VERSIONS);
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(error) => {
                sink.gap("change-time", slot.id.as_str(), format!("ListSecretVersionIds: {}", reason(&error)));
                return;
            }
        };
        for version in &mut slot.versions {
            let listed = answer.versions().iter();
            let mut own = listed
                .filter(|listed| listed.version_stages().iter().any(|stage| Some(stage) == version.stage.as_ref()));
            version.at = own.next().and_then(|listed| listed.created_date()).and_then(time);
        }
        let current = slot.versions.iter().find(|version| version.stage.as_deref() == Some("AWSCURRENT"));
        slot.updated_at = current.and_then(|version| version.at);
    }

    async fn secret_value(&self, slot: &mut Slot, sink: &Sink<'_>) {
        let client = self.session.secrets(self.source, &self.region);
        let arn = slot.id.rest().to_owned();
        for version in &mut slot.versions {
            let Some(stage) = version.stage.clone().filter(|stage| stage != "AWSPENDING") else { continue };
            let answer = match client.get_secret_value().secret_id(&arn).version_stage(&stage).send().await {
                Ok(answer) => answer,
                Err(error) => {
                    let reason = format!("GetSecretValue of {stage}: {}", reason(&error));
                    sink.gap("fingerprint", slot.id.as_str(), reason);
                    continue;
                }
            };
            version.at = version.at.or_else(|| answer.created_date().and_then(time));
            let Some(value) = answer.secret_string.map(Secret::new) else { continue };
            self.tell(&value, version);
            if stage == "AWSCURRENT" {
                slot.fingerprint.clone_from(&version.fingerprint);
                slot.holds = slot.holds.take().or_else(|| version.holds.clone());
                slot.updated_at = version.at.or(slot.updated_at);
            }
        }
    }

    async fn parameter_value(&self, slot: &mut Slot, sink: &Sink<'_>) {
        let Some(name) = slot.name.clone() else { return };
        let client = self.session.parameters(self.source, &self.region);
        let value = match client.get_parameter().name(name).with_decryption(true).send().await {
            Ok(answer) => answer.parameter.and_then(|parameter: Parameter| parameter.value).map(Secret::new),
            Err(error) => {
                sink.gap("fingerprint", slot.id.as_str(), format!("GetParameter: {}", reason(&error)));
                return;
            }
        };
        let Some(value) = value else { return };
        for version in &mut slot.versions {
            self.tell(&value, version);
            slot.fingerprint.clone_from(&version.fingerprint);
            slot.holds = slot.holds.take().or_else(|| version.holds.clone());
        }
    }

    fn tell(&self, value: &Secret, version: &mut Version) {
        version.fingerprint = self.source.key.as_ref().map(|key| value.fingerprint(key));
        version.holds = key_in(value).and_then(|key| self.held(&key));
    }
}

/// The id of the one access key in a value: the value itself, or a text in a JSON object. The id is no secret.
fn key_in(value: &Secret) -> Option<String> {
    let text = value.expose().trim();
    if is_key(text) {
        return Some(text.to_owned());
    }
    if !text.starts_with('{') {
        return None;
    }
    let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(text) else { return None };
    let mut keys = fields.values().filter_map(|field| field.as_str().map(str::trim).filter(|text| is_key(text)));
    let first = keys.next()?.to_owned();
    keys.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_key_in_a_value() {
        let named = |text: &str| key_in(&Secret::new(text.to_owned()));
        for text in [
            " AKIAY34FZKBOKMUTVV7A\n",
            r#"{"AWS_ACCESS_KEY_ID":"AKIAY34FZKBOKMUTVV7A","AWS_SECRET_ACCESS_KEY":"x"}"#,
            r#"{"a":"AKIAY34FZKBOKMUTVV7A","b":"AKIAY34FZKBOKMUTVV7A"}"#,
        ] {
            assert_eq!(named(text).as_deref(), Some("AKIAY34FZKBOKMUTVV7A"), "{text}");
        }
        for text in [
            "",
            "hunter2",
            "{",
            r#"{"a":"AKIAY34FZKBOKMUTVV7A","b":"AKIAIOSFODNN7EXAMPLE"}"#,
            r#"{"a":["AKIAY34FZKBOKMUTVV7A"]}"#,
            "key AKIAY34FZKBOKMUTVV7A",
        ] {
            assert_eq!(named(text), None, "{text}");
        }
    }
}
