//! Values of a secret, read only where fingerprints are wanted: each becomes a keyed fingerprint, and the id of the credential that
//! its form shows, at once. No value leaves this file.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::model::Id;
use crate::model::inventory::Fingerprint;
use crate::probe::recognize::{self, Kind};
use crate::probe::vault::Failure;
use crate::secret::{FingerprintKey, Secret};
use crate::sources::key_ids::KeyIds;

use super::login::Spot;
use super::mounts::Kv;

/// What a key of a secret tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) fingerprint: Fingerprint,
    pub(super) holds: Option<Id>,
}

/// How values become what they tell.
#[derive(Debug, Clone, Default)]
pub(super) struct Reader {
    pub(super) key: Option<Arc<FingerprintKey>>,
    pub(super) ids: KeyIds,
}

impl Reader {
    /// Reads the values of a secret: one request. None where nothing is there (a version that is deleted).
    pub(super) async fn read(&self, spot: &Spot, mount: &Kv, inner: &str) -> Result<BTreeMap<String, Told>, Failure> {
        let Some(key) = &self.key else { return Ok(BTreeMap::new()) };
        let read = if mount.second {
            let read = spot.server.get::<Second>(&[&mount.path, "data", inner]).await;
            read.map(|second| second.data.unwrap_or_default())
        } else {
            spot.server.get::<Values>(&[&mount.path, inner]).await
        };
        match read {
            Ok(values) => Ok(self.tell(&values, key)),
            // A deleted version answers 404 with its metadata.
            Err(Failure::Answer { code: 404, .. } | Failure::Foreign(404)) => Ok(BTreeMap::new()),
            Err(failure) => Err(failure),
        }
    }

    fn tell(&self, values: &Values, key: &FingerprintKey) -> BTreeMap<String, Told> {
        let mut held: BTreeMap<&str, Id> = BTreeMap::new();
        let ids: Vec<&String> =
            values.0.iter().filter(|(_, v)| recognize::kind(v) == Some(Kind::AwsKeyId)).map(|(name, _)| name).collect();
        for name in &ids {
            let Some(id) = values.0.get(*name).and_then(|value| self.ids.id(value.expose().trim())) else { continue };
            let is_secret = |name: &String| values.0.get(name).is_some_and(recognize::is_aws_secret);
            // The other half of the key: by its name, else the only one of its form.
            let named = recognize::aws_partners(name).into_iter().map(|partners| partners.secret).find(is_secret);
            let mut shaped = values.0.keys().filter(|name| is_secret(name));
            let only = shaped.next().filter(|_| shaped.next().is_none() && ids.len() == 1).cloned();
            if let Some((half, _)) = named.or(only).and_then(|half| values.0.get_key_value(&half)) {
                held.insert(half, id.clone());
            }
            held.insert(name, id);
        }
        let tell = |(name, value): (&String, &Secret)| {
            (name.clone(), Told { fingerprint: value.fingerprint(key), holds: held.get(name.as_str()).cloned() })
        };
        // An empty value is no copy of another empty one.
        values.0.iter().filter(|(_, value)| !value.is_empty()).map(tell).collect()
    }
}

/// The answer of version 2, of which only the values are taken.
#[derive(Deserialize)]
struct Second {
    data: Option<Values>,
}

/// The values of a secret, by key. Only text can be a credential; the rest is dropped on arrival.
#[derive(Default)]
struct Values(BTreeMap<String, Secret>);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Take;
        impl<'de> Visitor<'de> for Take {
            type Value = Values;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
                let mut out = BTreeMap::new();
                while let Some(name) = map.next_key::<String>()? {
                    if let Text::Some(secret) = map.next_value::<Text>()? {
                        out.insert(name, secret);
                    }
                }
                Ok(Values(out))
            }
        }
        deserializer.deserialize_map(Take)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    #[serde(deserialize_with = "secret")]
    Some(Secret),
    Other(IgnoredAny),
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    // serde's own error would quote the value.
    String::deserialize(deserializer).map(Secret::new).map_err(|_| serde::de::Error::custom("no text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(json: serde_json::Value, ids: KeyIds) -> BTreeMap<String, Told> {
        let values: Values = serde_json::from_value(json).unwrap();
        Reader { key: None, ids }.tell(&values, &FingerprintKey::new(&Secret::new("k".into())))
    }

    #[test]
    fn both_halves_of_a_key_hold_it() {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let key = Id::aws_access_key(None, "AKIAIOSFODNN7EXAMPLE");
        for (id_name, secret_name) in
            [("aws_access_key_id", "aws_secret_access_key"), ("user", "pass"), ("AWS_ACCESS_KEY_ID", "AWS_SECRET_KEY")]
        {
            let all = told(
                serde_json::json!({id_name: "AKIAIOSFODNN7EXAMPLE", secret_name: secret, "region": "eu-west-1", "n": 1, "e": ""}),
                KeyIds::default(),
            );
            assert_eq!(all[id_name].holds, Some(key.clone()));
            assert_eq!(all[secret_name].holds, Some(key.clone()), "{secret_name}");
            assert_eq!(all["region"].holds, None);
            assert!(!all.contains_key("n") && !all.contains_key("e"));
        }
        let two = told(
            serde_json::json!({"a": "AKIAIOSFODNN7EXAMPLE", "b": "AKIAIOSFODNN7EXAMPL2", "c": secret}),
            KeyIds::default(),
        );
        assert_eq!(two["c"].holds, None, "nothing tells whose half it is");
    }

    #[test]
    fn a_key_of_one_of_several_accounts() {
        let places = vec![(Some("eu".to_owned()), vec!["1".to_owned()]), (Some("us".to_owned()), vec![])];
        let all = told(serde_json::json!({"k": "AKIAIOSFODNN7EXAMPLE"}), KeyIds::new(places));
        assert_eq!(all["k"].holds, None);
    }
}
