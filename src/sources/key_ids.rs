//! Ids of AWS keys that other stores hold: under which authority they stand. Recognising them is `probe::recognize`.

use crate::model::Id;
use crate::probe::account;

/// The AWS sources of the configuration: of each the authority of its ids, and its accounts.
#[derive(Debug, Clone, Default)]
pub struct KeyIds(Vec<(Option<String>, Vec<String>)>);

impl KeyIds {
    /// For these sources.
    #[must_use]
    pub fn new(places: Vec<(Option<String>, Vec<String>)>) -> Self {
        Self(places)
    }

    /// The id of a key; none where several sources could be meant and nothing tells which.
    pub(crate) fn id(&self, key_id: &str) -> Option<Id> {
        if let [] | [_] = self.0.as_slice() {
            let authority = self.0.first().and_then(|(authority, _)| authority.as_deref());
            return Some(Id::aws_access_key(authority, key_id));
        }
        let account = account::of_key(key_id)?;
        let (authority, _) = self.0.iter().find(|(_, accounts)| accounts.contains(&account))?;
        Some(Id::aws_access_key(authority.as_deref(), key_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_tells_the_source() {
        // Of account 609629065308 (see `probe::account`), and of before 2019.
        let (key, old) = ("AKIAY34FZKBOKMUTVV7A", "AKIAIOSFODNN7EXAMPLE");
        let text = |ids: &KeyIds, key: &str| ids.id(key).map(|id| id.to_string());
        assert_eq!(text(&KeyIds::default(), key), Some(format!("aws:access-key:{key}")));
        let place = |name: &str, account: &str| (Some(name.to_owned()), vec![account.to_owned()]);
        let two = KeyIds::new(vec![place("a", "111111111111"), place("b", "609629065308")]);
        assert_eq!(text(&two, key), Some(format!("aws@b:access-key:{key}")));
        assert_eq!(text(&two, old), None);
    }
}
