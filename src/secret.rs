//! Values that must not leak: `Secret` can be held, hashed and sent, and nothing else. Knows no system and no file.

use std::fmt;

use aws_lc_rs::hmac;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A secret value. It has no `Display`, no `Clone`, no `Serialize`; its `Debug` tells nothing; it is wiped when dropped.
///
/// ```compile_fail
/// let secret = driftgate::secret::Secret::new("hunter2".into());
/// println!("{secret}");
/// ```
/// ```compile_fail
/// let secret = driftgate::secret::Secret::new("hunter2".into());
/// let copy = secret.clone();
/// ```
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a value over.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value, for the one call that sends or recognises it. Never for a message.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A keyed fingerprint: equal values under one key have equal fingerprints, and without the key it tells nothing.
    #[must_use]
    pub fn fingerprint(&self, key: &FingerprintKey) -> Fingerprint {
        let tag = hmac::sign(&key.0, self.0.as_bytes());
        let mut text = String::from("hmac-sha256:");
        for byte in tag.as_ref() {
            text.push_str(&format!("{byte:02x}"));
        }
        Fingerprint(text)
    }
}

impl Secret {
    /// A key for authenticating what this secret's holder writes for later: caches, snapshots. Another `purpose` is another key, and
    /// the secret does not follow from it.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> MacKey {
        let own = hmac::Key::new(hmac::HMAC_SHA256, self.0.as_bytes());
        let tag = hmac::sign(&own, format!("driftgate {purpose}").as_bytes());
        MacKey(hmac::Key::new(hmac::HMAC_SHA256, tag.as_ref()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A key that authenticates bytes (HMAC-SHA-256).
#[derive(Clone)]
pub struct MacKey(hmac::Key);

impl MacKey {
    /// The tag of these bytes.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(hmac::sign(&self.0, bytes).as_ref());
        out
    }

    /// Whether the tag is that of these bytes; in constant time.
    #[must_use]
    pub fn verify(&self, bytes: &[u8], tag: &[u8]) -> bool {
        hmac::verify(&self.0, bytes, tag).is_ok()
    }

    /// A tag of bytes that come piece by piece.
    #[must_use]
    pub fn begin(&self) -> Mac {
        Mac(hmac::Context::with_key(&self.0))
    }
}

/// A tag in the making.
pub struct Mac(hmac::Context);

impl Mac {
    /// Takes further bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The tag of all bytes so far.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(self.0.sign().as_ref());
        out
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mac(…)")
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(…)")
    }
}

/// The key of all fingerprints of a site.
pub struct FingerprintKey(hmac::Key);

impl FingerprintKey {
    /// Takes the key's bytes from a secret (the variable that `fingerprint_key_env` names).
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes()))
    }
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FingerprintKey(…)")
    }
}

/// HMAC-SHA-256 of a value under the site's key, as `hmac-sha256:<hex>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Fingerprint(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_meet_only_under_one_key() {
        let a = FingerprintKey::new(&Secret::new("key a".into()));
        let b = FingerprintKey::new(&Secret::new("key b".into()));
        let value = || Secret::new("value".into());
        assert_eq!(value().fingerprint(&a), value().fingerprint(&a));
        assert_ne!(value().fingerprint(&a), value().fingerprint(&b));
        assert!(!format!("{:?}", value()).contains("value"));
    }
}
