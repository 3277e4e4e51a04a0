//! Everything known, by every way to name it: one look-up a token, so that a ticket costs its own length and not the inventory's.

use std::collections::{BTreeSet, HashMap};

use crate::model::Id;
use crate::model::catalog::Entry;
use crate::model::inventory::Inventory;
use crate::model::settings::Settings;
use crate::model::ticket::Strength;

use super::entity::{self, Entity};
use super::hashed::{Hashes, Quick, hash};
use super::tokens::words;

/// A way to name something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    /// The entity's number.
    pub(super) of: usize,
    /// What the name alone proves.
    pub(super) strength: Strength,
    /// A person's or workload's name that its key carries too (an IAM user): it may mean the user instead.
    pub(super) identity: bool,
    /// An ordinary word: it needs a noun, quotes or "called" beside it.
    pub(super) ordinary: bool,
}

/// All names.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) entities: Vec<Entity>,
    /// One token, lower case.
    by_token: Quick<String, Vec<Name>>,
    /// Several words: the first, then the whole name's words.
    by_words: Quick<String, Quick<String, Several>>,
    /// Numbers that are only unique within a place.
    by_number: Quick<String, Vec<usize>>,
    /// Owners, lower case, with what they own.
    by_owner: Quick<String, Vec<usize>>,
    /// Handles of owners: `ivan` of `ivan@example.com`.
    handles: HashMap<String, BTreeSet<String>>,
    /// First parts of owners' addresses, which are a handle only behind an `@`: `ivan` alone is a first name.
    locals: HashMap<String, BTreeSet<String>>,
    /// Those of them that are logins, not parts of addresses.
    logins: BTreeSet<String>,
    /// Ids forwards and backwards, lower case, for parts of them.
    forwards: Vec<(String, usize)>,
    backwards: Vec<(String, usize)>,
    pub(super) places: BTreeSet<String>,
    pub(super) environments: BTreeSet<String>,
    by_id: HashMap<Id, usize>,
    /// Repositories and projects by the last part of their path.
    by_last: Quick<String, Vec<String>>,
    /// Names of one token, and places and the last parts of their paths: most words of a text are none.
    tokens: Hashes,
    places_of: Hashes,
    /// The first and the last four characters of ids.
    starts: Hashes,
    ends: Hashes,
}

/// Names of several words, with what they name.
type Several = Vec<(Vec<String>, Name)>;

/// A word without the sign of whose it is.
fn bare(word: &str) -> &str {
    word.trim_end_matches("'s")
}

impl Names {
    pub(super) fn new(inventory: &Inventory, catalog: &[Entry], settings: &Settings) -> Self {
        let mut names = Self { entities: entity::all(inventory), ..Self::default() };
        let entities = std::mem::take(&mut names.entities);
        for (number, entity) in entities.iter().enumerate() {
            names.learn(number, entity);
        }
        names.entities = entities;
        for row in catalog {
            names.recorded(row);
        }
        for grant in
            inventory.credentials.iter().flat_map(|c| &c.grants).chain(inventory.slots.iter().flat_map(|s| &s.grants))
        {
            names.environments.extend(grant.environment.as_ref().map(|e| e.to_lowercase()));
        }
        names.environments.extend(names.entities.iter().filter_map(|entity| entity.environment.clone()));
        names.places.extend(settings.repository.as_ref().map(|r| r.to_lowercase()));
        for place in &names.places {
            if let Some((_, last)) = place.rsplit_once('/') {
                names.by_last.entry(last.to_owned()).or_default().push(place.clone());
            }
        }
        rayon::join(|| names.forwards.sort(), || names.backwards.sort());
        let of = |word: &String| hash(word.as_bytes());
        names.tokens = Hashes::new(names.by_token.keys().map(of));
        let fours = |end: bool| Hashes::new(names.forwards.iter().filter_map(move |(id, _)| four(id, end)));
        (names.starts, names.ends) = (fours(false), fours(true));
        names.places_of = Hashes::new(names.places.iter().chain(names.by_last.keys()).map(of));
        names
    }

    fn learn(&mut self, number: usize, entity: &Entity) {
        self.by_id.insert(entity.id.clone(), number);
        self.places.extend(entity.place.clone().filter(|_| matches!(entity.provider.as_str(), "github" | "gitlab")));
        if let Some(owner) = &entity.owner {
            self.by_owner.entry(owner.clone()).or_default().push(number);
        }
        self.token(entity.id.as_str(), number, if entity.slot { Strength::Slot } else { Strength::Id }, false);
        let unique = match (entity.provider.as_str(), entity.kind.as_str()) {
            ("aws", "access-key") | ("vault", "token" | "secret-id") => Some(Strength::Id),
            ("aws", "secret" | "parameter" | "role") => Some(Strength::Slot),
            _ => None,
        };
        if let Some(strength) = unique {
            self.token(&entity.what, number, strength, false);
            self.partial(&entity.what, number);
            self.without_suffix(entity, number);
        }
        if entity.numbered() {
            self.by_number.entry(entity.what.clone()).or_default().push(number);
        }
        if (entity.provider.as_str(), entity.kind.as_str()) == ("vault", "kv") {
            self.path(&entity.what, number);
        } else if entity.slot {
            self.name(&entity.what, number, entity);
            self.located(entity, number);
        } else if entity.kind == "role"
            && let Some((_, role)) = entity.what.rsplit_once('/')
        {
            self.name(role, number, entity);
        }
        for name in &entity.names {
            let fingerprint = name.starts_with("SHA256:") || name.starts_with("MD5:");
            if fingerprint {
                self.token(name, number, Strength::Id, false);
                let hash = name.split_once(':').map_or(name.as_str(), |(_, hash)| hash);
                self.token(hash, number, Strength::Id, false);
                self.partial(hash, number);
            } else if name.starts_with("arn:") {
                self.token(name, number, Strength::Slot, true);
            } else if entity.kind != "kv" {
                self.name(name, number, entity);
            }
        }
        // A personal token's id, an IAM user's alias and the first part of an address tell a person's handle.
        if let Some(owner) = entity.owner.as_ref().filter(|owner| owner.contains('@')) {
            let user = entity.place.clone().filter(|_| entity.kind == "personal-token");
            let alias = entity.names.iter().skip(1).find(|_| entity.kind == "access-key").map(|a| a.to_lowercase());
            let local = owner.split('@').next().filter(|local| local.contains(['.', '-', '_'])).map(str::to_owned);
            if let Some(local) = owner.split('@').next().filter(|local| !local.is_empty()) {
                self.locals.entry(local.to_owned()).or_default().insert(owner.clone());
            }
            self.logins.extend(user.iter().chain(&alias).cloned());
            for handle in user.into_iter().chain(alias).chain(local) {
                self.handles.entry(handle).or_default().insert(owner.clone());
            }
        }
    }

    /// A name that stands for a slot or credential without being unique by its form.
    fn name(&mut self, name: &str, number: usize, entity: &Entity) {
        let lower = name.trim().to_lowercase();
        if lower.is_empty() {
            return;
        }
        let identity = !entity.slot && (entity.owner.as_deref() == Some(lower.as_str()) || self.is_user(name, entity));
        let strength = if lower.contains('/') && entity.slot { Strength::Slot } else { Strength::Name };
        let parts: Vec<String> = lower.split_whitespace().map(str::to_owned).collect();
        let plain = |part: &String| part.chars().all(char::is_alphabetic);
        let ordinary = name.chars().all(|c| c.is_lowercase() || c.is_whitespace()) && parts.iter().all(plain);
        // Roles are called like what they are for.
        let term = matches!(lower.as_str(), "break-glass" | "read-only" | "read-write" | "just-in-time" | "super-user");
        let capital = parts.len() == 1 && plain(&parts[0]) && name.chars().skip(1).all(char::is_lowercase);
        // "renovate token" says by itself what it is.
        let says = parts.len() > 1 && entity.nouns().iter().any(|noun| parts.last().is_some_and(|last| last == noun));
        let entry = Name { of: number, strength, identity, ordinary: (ordinary && !says) || capital || term };
        if parts.len() == 1 {
            push(self.by_token.entry(lower).or_default(), entry);
        } else {
            // Compared word by word, so that line breaks and punctuation between do not matter.
            let parts: Vec<String> = words(name).into_iter().map(|word| word.text.to_string()).collect();
            if let Some(first) = parts.first().cloned() {
                let second = parts.get(1).map(|second| bare(second).to_owned()).unwrap_or_default();
                let list = self.by_words.entry(first).or_default().entry(second).or_default();
                // What one thing is called stands together: all are learnt one after the other.
                let mut own = list.iter().rev().take_while(|(_, at)| at.of == number);
                if !own.any(|(known, _)| *known == parts) {
                    list.push((parts, entry));
                }
            }
        }
    }

    /// A secret with its place or environment in one token: `acme/shop:KEY`, `acme/shop/KEY`, `KEY@production`.
    fn located(&mut self, entity: &Entity, number: usize) {
        let Some(place) = entity.place.as_deref() else { return };
        let what = &entity.what;
        for sign in [':', '/'] {
            match &entity.environment {
                Some(env) => self.token(&format!("{place}@{env}{sign}{what}"), number, Strength::Slot, false),
                None => self.token(&format!("{place}{sign}{what}"), number, Strength::Slot, false),
            }
        }
        if let Some(env) = &entity.environment {
            self.token(&format!("{what}@{env}"), number, Strength::Name, false);
        }
    }

    /// An access key's alias is its IAM user.
    fn is_user(&self, name: &str, entity: &Entity) -> bool {
        entity.kind == "access-key" && entity.names.iter().skip(1).any(|alias| alias.eq_ignore_ascii_case(name))
    }

    fn token(&mut self, token: &str, number: usize, strength: Strength, identity: bool) {
        let entry = Name { of: number, strength, identity, ordinary: false };
        push(self.by_token.entry(token.to_lowercase()).or_default(), entry);
    }

    fn partial(&mut self, id: &str, number: usize) {
        let lower = id.to_lowercase();
        self.backwards.push((lower.chars().rev().collect(), number));
        self.forwards.push((lower, number));
    }

    /// An ARN of Secrets Manager without the six random characters at its end, and a parameter's own name.
    fn without_suffix(&mut self, entity: &Entity, number: usize) {
        if entity.kind == "secret"
            && let Some((front, random)) = entity.what.rsplit_once('-')
            && random.len() == 6
            && random.bytes().all(|b| b.is_ascii_alphanumeric())
        {
            self.token(front, number, Strength::Slot, false);
            if let Some((_, name)) = front.split_once(":secret:") {
                self.name(name, number, entity);
            }
        }
        if entity.kind == "parameter"
            && let Some((_, name)) = entity.what.split_once(":parameter")
        {
            self.name(name, number, entity);
            if let Some(bare) = name.strip_prefix('/').filter(|bare| bare.contains('/')) {
                self.name(bare, number, entity);
            }
        }
    }

    /// A path of a key-value store in every usual spelling, whole or without what stands in front of it.
    fn path(&mut self, what: &str, number: usize) {
        let (path, key) = what.split_once('#').map_or((what, None), |(path, key)| (path, Some(key)));
        let segments: Vec<&str> = path.split('/').collect();
        for skip in 0..segments.len().saturating_sub(1) {
            let tail = segments[skip..].join("/");
            let strength = if skip == 0 { Strength::Slot } else { Strength::Name };
            let mut spellings = vec![tail.clone()];
            // `data/` stands behind the mount, wherever that is.
            for mount in 1..segments.len() - skip {
                for word in ["data", "metadata"] {
                    let (front, back) = segments[skip..].split_at(mount);
                    spellings.push(format!("{}/{word}/{}", front.join("/"), back.join("/")));
                }
            }
            for spelling in spellings {
                self.token(&spelling, number, strength, false);
                if let Some(key) = key {
                    for sign in ['#', ':', '.'] {
                        self.token(&format!("{spelling}{sign}{key}"), number, strength, false);
                    }
                }
            }
        }
    }

    /// The catalogue says who owns what; its identity is an id, name or alias, or somebody.
    fn recorded(&mut self, row: &Entry) {
        self.environments.extend(row.environment.as_ref().map(|e| e.to_lowercase()));
        let Some(owner) = row.owner.as_ref().map(|owner| owner.trim().to_lowercase()).filter(|o| !o.is_empty()) else {
            return;
        };
        let known = self.by_token.get(&row.identity.to_lowercase());
        let found: Vec<usize> = known.into_iter().flatten().map(|name| name.of).collect();
        if let [only] = found[..] {
            let owned = self.by_owner.entry(owner.clone()).or_default();
            if !owned.contains(&only) {
                owned.push(only);
            }
            let entity = &mut self.entities[only];
            entity.owner = entity.owner.take().or(Some(owner));
        }
    }

    /// What a token names.
    pub(super) fn named(&self, token: &str) -> &[Name] {
        if token.is_ascii() && !self.tokens.has(hash(token.as_bytes())) {
            return &[];
        }
        self.by_token.get(&token.to_lowercase()).map(Vec::as_slice).unwrap_or_default()
    }

    /// Names of several words that start with these two: of many that begin alike, few go on alike.
    pub(super) fn starting(&self, first: &str, second: &str) -> impl Iterator<Item = &(Vec<String>, Name)> {
        let all = self.by_words.get(first);
        let of = move |second: &str| all.and_then(|all| all.get(second)).map(Vec::as_slice).unwrap_or_default();
        let second = bare(second);
        of("").iter().chain(if second.is_empty() { &[] } else { of(second) })
    }

    pub(super) fn numbered(&self, number: &str) -> &[usize] {
        self.by_number.get(number).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn owned_by(&self, owner: &str) -> &[usize] {
        self.by_owner.get(&owner.to_lowercase()).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn is_owner(&self, name: &str) -> bool {
        self.by_owner.contains_key(&name.to_lowercase())
    }

    /// Whether a word is somebody's login.
    pub(super) fn is_login(&self, word: &str) -> bool {
        self.logins.contains(&word.to_lowercase())
    }

    /// The owner behind a handle, where only one has it.
    pub(super) fn handle(&self, handle: &str) -> Option<&str> {
        only(self.handles.get(&handle.to_lowercase())?)
    }

    /// The owner behind a handle that an `@` tells to be one: `@ivan` where `ivan@example.com` alone is called so.
    pub(super) fn addressed(&self, handle: &str) -> Option<&str> {
        self.handle(handle).or_else(|| only(self.locals.get(&handle.to_lowercase())?))
    }

    pub(super) fn by_id(&self, id: &Id) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Every name of one token.
    pub(super) fn single(&self) -> impl Iterator<Item = &str> {
        self.by_token.keys().map(String::as_str)
    }

    /// Every number.
    pub(super) fn numbers(&self) -> impl Iterator<Item = &str> {
        self.by_number.keys().map(String::as_str)
    }

    /// Everybody who owns something.
    pub(super) fn owners(&self) -> impl Iterator<Item = &str> {
        self.by_owner.keys().map(String::as_str)
    }

    /// Every name of several words.
    pub(super) fn several(&self) -> impl Iterator<Item = &[String]> {
        self.by_words.values().flat_map(|all| all.values().flatten()).map(|(words, _)| words.as_slice())
    }

    /// Repositories and projects whose path ends so.
    pub(super) fn ending(&self, last: &str) -> &[String] {
        if !self.places_of.has(hash(last.as_bytes())) {
            return &[];
        }
        self.by_last.get(last).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a repository, project, group or organization is called so, in lower case.
    pub(super) fn is_place(&self, place: &str) -> bool {
        self.places_of.has(hash(place.as_bytes())) && self.places.contains(place)
    }

    /// What has an id that ends (or starts) so; the caller asks that only one has.
    pub(super) fn part(&self, part: &str, end: bool) -> Vec<usize> {
        if let Some(four) = four(part, end)
            && !(if end { &self.ends } else { &self.starts }).has(four)
        {
            return Vec::new();
        }
        let lower = part.to_lowercase();
        let (list, key) = if end { (&self.backwards, lower.chars().rev().collect()) } else { (&self.forwards, lower) };
        let from = list.partition_point(|(id, _)| *id < key);
        let mut out: Vec<usize> =
            list[from..].iter().take_while(|(id, _)| id.starts_with(&key)).take(8).map(|(_, n)| *n).collect();
        out.sort_unstable();
        out.dedup();
        out
    }
}

/// The hash of the four characters that a text of ASCII starts or ends with; none of what is shorter or other.
fn four(text: &str, end: bool) -> Option<u64> {
    let four = if end { text.as_bytes().last_chunk::<4>() } else { text.as_bytes().first_chunk::<4>() };
    four.filter(|_| text.is_ascii()).map(|four| hash(four))
}

fn push(list: &mut Vec<Name>, name: Name) {
    match list.iter_mut().find(|known| known.of == name.of) {
        Some(known) => {
            if name.strength > known.strength {
                *known = name;
            }
        }
        None => list.push(name),
    }
}

/// The one of several, where there is only one.
fn only(owners: &BTreeSet<String>) -> Option<&str> {
    (owners.len() == 1).then(|| owners.first().map(String::as_str)).flatten()
}
