//! The index of everything that a ticket can name: identifiers, locators, names, aliases, owners. A text is cut into identifier-shaped
//! tokens, which are looked up in a hash, so that a hundred thousand identifiers cost no more than ten.

use std::collections::{BTreeSet, HashMap};

use crate::model::Id;
use crate::model::id::SubjectType;
use crate::model::inventory::Inventory;

/// How a term denotes what it denotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A unique identifier.
    Id,
    /// An exact locator.
    Locator,
    /// A name, alias or display name.
    Name,
    /// The number of a token, which means something only beside its place.
    Number,
}

/// The terms of an inventory.
#[derive(Default)]
pub(super) struct Terms {
    /// Lower-case term (words parted by one blank) to what it denotes.
    by_term: HashMap<String, Vec<(Id, Kind)>>,
    /// The most words that a term beginning with that word has.
    longest: HashMap<String, usize>,
    /// Owners, lower case.
    pub(super) owners: HashMap<String, Vec<Id>>,
    /// Places: `acme/shop`, `acme`.
    pub(super) places: BTreeSet<String>,
}

/// A term found in a text.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    pub(super) candidates: Vec<(Id, Kind)>,
    /// Byte range in the clause.
    pub(super) at: (usize, usize),
}

impl Terms {
    pub(super) fn new(inventory: &Inventory) -> Self {
        let mut out = Self::default();
        for slot in &inventory.slots {
            let id = &slot.id;
            let rest = decode(id.rest());
            let (place, last) = rest.split_once(':').unwrap_or(("", rest.as_str()));
            match (id.provider(), id.kind()) {
                ("vault", _) => {
                    let path = rest.split('#').next().unwrap_or_default();
                    out.add(&rest, id, Kind::Locator);
                    out.add(path, id, Kind::Locator);
                    let parts: Vec<&str> = path.split('/').collect();
                    for at in 1..parts.len().min(3) {
                        let with_data = [&parts[..at], &["data"], &parts[at..]].concat().join("/");
                        out.add(&with_data, id, Kind::Locator);
                        // Without the namespace, or without the mount: a name that others may have.
                        if parts.len() - at >= 2 {
                            out.add(&parts[at..].join("/"), id, Kind::Name);
                            let inner = [&parts[at..=at], &["data"], &parts[at + 1..]].concat().join("/");
                            out.add(&inner, id, Kind::Name);
                        }
                    }
                }
                ("aws", _) => {
                    out.add(&rest, id, Kind::Locator);
                    if let Some((bare, suffix)) = rest.rsplit_once('-')
                        && suffix.len() == 6
                    {
                        out.add(bare, id, Kind::Locator);
                    }
                    if let Some((_, path)) = rest.split_once(":parameter") {
                        out.add(path, id, Kind::Name);
                    }
                }
                ("env", _) => continue,
                _ => {
                    let name = if id.kind() == "variable" { last.split('@').next().unwrap_or(last) } else { last };
                    out.add(name, id, Kind::Name);
                    out.place(place);
                }
            }
            for name in slot.name.iter().chain(&slot.aliases) {
                out.add(name, id, Kind::Name);
            }
            out.owner(slot.owner.as_deref(), id);
        }
        for credential in &inventory.credentials {
            let id = &credential.id;
            let rest = decode(id.rest());
            let last = rest.rsplit(':').next().unwrap_or_default();
            if rest.starts_with("arn:") {
                out.add(&rest, id, Kind::Id);
            } else if last.bytes().all(|b| b.is_ascii_digit()) {
                out.add(last, id, Kind::Number);
                out.place(rest.rsplit_once(':').map_or("", |(place, _)| place));
            } else if last.len() >= 8 {
                out.add(last, id, Kind::Id);
            }
            for name in credential.name.iter().chain(&credential.aliases) {
                out.add(name, id, if name.starts_with("SHA256:") { Kind::Id } else { Kind::Name });
            }
            out.owner(credential.owner.as_deref(), id);
        }
        out
    }

    fn add(&mut self, term: &str, id: &Id, kind: Kind) {
        let words: Vec<String> = term.split_whitespace().map(str::to_lowercase).collect();
        let Some(first) = words.first() else { return };
        if term.len() < 2 && kind != Kind::Number {
            return;
        }
        let longest = self.longest.entry(first.clone()).or_default();
        *longest = words.len().max(*longest);
        let entry = self.by_term.entry(words.join(" ")).or_default();
        if !entry.iter().any(|(known, _)| known == id) {
            entry.push((id.clone(), kind));
        }
    }

    fn place(&mut self, place: &str) {
        let place = place.split('@').next().unwrap_or_default().to_lowercase();
        if let Some((owner, _)) = place.split_once('/') {
            self.places.insert(owner.to_owned());
        }
        if !place.is_empty() {
            self.places.insert(place);
        }
    }

    fn owner(&mut self, owner: Option<&str>, id: &Id) {
        if let Some(owner) = owner {
            self.owners.entry(owner.to_lowercase()).or_default().push(id.clone());
        }
    }

    /// Every term in a text, the longest first where they overlap.
    pub(super) fn hits(&self, text: &str) -> Vec<Hit> {
        let tokens = tokens(text);
        let mut out = Vec::new();
        let mut next = 0;
        while next < tokens.len() {
            let mut step = 1;
            let first = tokens[next].1.to_lowercase();
            let most = self.longest.get(first.trim_matches('"')).copied().unwrap_or(1);
            for count in (1..=most.min(tokens.len() - next)).rev() {
                let words: Vec<String> =
                    tokens[next..next + count].iter().map(|(_, token)| token.to_lowercase()).collect();
                if let Some(candidates) = self.by_term.get(&words.join(" ")) {
                    let (start, _) = tokens[next];
                    let (last, token) = tokens[next + count - 1];
                    out.push(Hit { candidates: candidates.clone(), at: (start, last + token.len()) });
                    step = count;
                    break;
                }
            }
            if step == 1 && out.last().is_none_or(|hit: &Hit| hit.at.0 != tokens[next].0) {
                out.extend(self.unknown(tokens[next]));
            }
            next += step;
        }
        out
    }

    /// Forms that name a credential or slot wholly, whether or not any source knows it.
    fn unknown(&self, (start, token): (usize, &str)) -> Option<Hit> {
        let key = token.len() == 20
            && (token.starts_with("AKIA") || token.starts_with("ASIA"))
            && token.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            && !token.bytes().skip(4).all(|b| b == b'X');
        let id = if key {
            Id::aws_access_key(None, token)
        } else if token.starts_with("arn:") && token.contains(":role/") {
            Id::new(format!("aws:role:{token}"))
        } else if token.starts_with("arn:") && token.contains(":secretsmanager:") {
            Id::new(format!("aws:secret:{token}"))
        } else {
            return None;
        };
        Some(Hit { candidates: vec![(id, Kind::Id)], at: (start, start + token.len()) })
    }
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Identifier-shaped tokens with their places. Letters of any script and invisible characters belong to a token, so that a look-alike
/// is another word, never a shorter known one.
pub(super) fn tokens(text: &str) -> Vec<(usize, &str)> {
    let inside = |c: char| {
        c.is_alphanumeric()
            || matches!(c, '_' | '-' | '/' | '.' | ':' | '@' | '+' | '=' | '#')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}' | '\u{ff3f}')
    };
    let mut out = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (inside(c), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                push(text, from, at, &mut out);
                start = None;
            }
            _ => {}
        }
    }
    out
}

/// A token without the marks that end a sentence or lead a value in.
fn push<'t>(text: &'t str, from: usize, to: usize, out: &mut Vec<(usize, &'t str)>) {
    let token = &text[from..to];
    let token_start = token.trim_start_matches(['-', ':', '=', '+', '.']);
    let from = from + token.len() - token_start.len();
    let token = token_start.trim_end_matches(['.', ':', '/', '-', '=', '+']);
    // `secret_id_accessor=0000…` and `user:svc` name two things; an id's own colons stay.
    if let Some((name, value)) = token.split_once('=')
        && !value.is_empty()
    {
        out.push((from, name));
        out.push((from + name.len() + 1, value));
        return;
    }
    if !token.is_empty() {
        out.push((from, token));
    }
}

/// Whether an id is a slot's.
pub(super) fn is_slot(id: &Id) -> bool {
    id.subject_type() == SubjectType::Slot
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::inventory::Slot;

    fn terms() -> Terms {
        let slot = |name: &str| Slot {
            name: Some(name.to_owned()),
            ..Slot::bare(Id::github_secret("actions-secret", "acme/shop", None, name))
        };
        Terms::new(&Inventory { slots: vec![slot("DEPLOY_KEY"), slot("DEPLOY_KEY_OLD")], ..Inventory::default() })
    }

    #[test]
    fn a_name_never_matches_inside_another() {
        let terms = terms();
        let names = |text: &str| -> Vec<String> {
            terms
                .hits(text)
                .into_iter()
                .map(|hit| hit.candidates[0].0.rest().rsplit(':').next().unwrap().to_owned())
                .collect()
        };
        assert_eq!(names("remove DEPLOY_KEY_OLD."), ["DEPLOY_KEY_OLD"]);
        assert_eq!(names("(deploy_key)"), ["DEPLOY_KEY"]);
        assert!(names("STAGING_DEPLOY_KEY DEPLOY_KEYS DEPLOY-KEY").is_empty());
        assert!(names("DEPLOY_\u{41a}EY DEPLOY\u{200b}_KEY DEPLOY_KEY\u{200b}").is_empty());
    }
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_cut_into_its_own_tokens(text in "\\PC*") {
            for (at, token) in tokens(&text) {
                prop_assert_eq!(&text[at..at + token.len()], token);
            }
        }
    }
}
