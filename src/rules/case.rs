//! The case: everything a rule may look at, indexed once. It holds facts and plain look-ups, no judgement of a rule.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use crate::model::Id;
use crate::model::catalog::Entry;
use crate::model::expectation::{Basis, Expectations, Expected};
use crate::model::id::SubjectType;
use crate::model::inventory::{Credential, Fingerprint, Inventory, Liveness, LivenessState, Slot, Status};
use crate::model::reference::Reference;
use crate::model::report::{Evidence, Subject};
use crate::model::scope::{Reach, Scope};
use crate::model::settings::Settings;
use crate::model::ticket::Ticket;
use crate::model::time::{SKEW, later};

use super::cite;

/// The facts of a case.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// As of when to judge.
    pub now: Timestamp,
    /// Limits, grace, trust.
    pub settings: &'a Settings,
    /// Slots and credentials.
    pub inventory: &'a Inventory,
    /// Tickets as understood.
    pub tickets: &'a [Ticket],
    /// The catalogue.
    pub catalog: &'a [Entry],
    /// All references of the checkout's own pipelines.
    pub references: &'a [Reference],
    /// What the tickets promise.
    pub expected: &'a Expectations,
    /// Jobs that are judged.
    pub scope: &'a Scope,
    /// What they reach.
    pub reach: &'a Reach,
    /// Slots that are referred to, and that their store's whole list does not have.
    pub absent: &'a BTreeSet<Id>,
}

/// The facts, indexed.
pub struct Case<'a> {
    facts: Facts<'a>,
    credentials: HashMap<&'a Id, &'a Credential>,
    slots: HashMap<&'a Id, &'a Slot>,
    holders: HashMap<&'a Id, Vec<&'a Slot>>,
    by_value: HashMap<&'a Fingerprint, Vec<&'a Slot>>,
    /// Joins that only the configuration states: slot, then credential.
    stated: HashSet<(&'a Id, &'a Id)>,
    /// In lower case: the other names of a party, rows of the catalogue by identity, credentials by owner and alias.
    names: HashMap<String, Vec<&'a String>>,
    rows: HashMap<String, Vec<usize>>,
    parties: HashMap<String, Vec<&'a Credential>>,
    titles: HashMap<String, Vec<&'a Credential>>,
    /// Providers of which at least one credential's grants are known.
    granting: HashSet<&'a str>,
}

impl<'a> std::ops::Deref for Case<'a> {
    type Target = Facts<'a>;

    fn deref(&self) -> &Self::Target {
        &self.facts
    }
}

/// Whether a credential authenticates, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// It does: in words.
    Live(String),
    /// It does not: in words.
    Dead(String),
    /// Nothing proves either: in words.
    Unknown(String),
}

impl<'a> Case<'a> {
    /// Indexes the facts.
    #[must_use]
    pub fn new(facts: Facts<'a>) -> Self {
        let mut holders: HashMap<&Id, Vec<&Slot>> = HashMap::new();
        let mut by_value: HashMap<&Fingerprint, Vec<&Slot>> = HashMap::new();
        for slot in &facts.inventory.slots {
            if let Some(held) = &slot.holds {
                holders.entry(held).or_default().push(slot);
            }
            if let Some(value) = &slot.fingerprint {
                by_value.entry(value).or_default().push(slot);
            }
        }
        let mut names: HashMap<String, Vec<&String>> = HashMap::new();
        for person in &facts.settings.people {
            for name in person {
                names.entry(name.to_ascii_lowercase()).or_default().extend(person);
            }
        }
        let mut rows: HashMap<String, Vec<usize>> = HashMap::new();
        for (number, row) in facts.catalog.iter().enumerate() {
            rows.entry(row.identity.to_ascii_lowercase()).or_default().push(number);
        }
        let mut parties: HashMap<String, Vec<&Credential>> = HashMap::new();
        let mut titles: HashMap<String, Vec<&Credential>> = HashMap::new();
        for credential in &facts.inventory.credentials {
            for name in credential.owner.iter().chain(&credential.aliases) {
                parties.entry(name.to_ascii_lowercase()).or_default().push(credential);
            }
            for name in credential.name.iter().chain(&credential.aliases) {
                titles.entry(name.to_ascii_lowercase()).or_default().push(credential);
            }
        }
        let granting = facts.inventory.credentials.iter().filter(|credential| !credential.grants.is_empty());
        Self {
            credentials: facts.inventory.credentials.iter().map(|c| (&c.id, c)).collect(),
            slots: facts.inventory.slots.iter().map(|s| (&s.id, s)).collect(),
            holders,
            by_value,
            stated: facts.settings.links.iter().map(|(slot, held)| (slot, held)).collect(),
            names,
            rows,
            parties,
            titles,
            granting: granting.map(|credential| credential.id.provider()).collect(),
            facts,
        }
    }

    /// The credential with that id.
    #[must_use]
    pub fn credential(&self, id: &Id) -> Option<&'a Credential> {
        self.credentials.get(id).copied()
    }

    /// The slot with that id.
    #[must_use]
    pub fn slot(&self, id: &Id) -> Option<&'a Slot> {
        self.slots.get(id).copied()
    }

    /// The slots that hold a credential.
    #[must_use]
    pub fn holders(&self, credential: &Id) -> &[&'a Slot] {
        self.holders.get(credential).map_or(&[], Vec::as_slice)
    }

    /// The slots that still hold a credential's value from before that time. A join that only the configuration states does not
    /// survive a later change of the slot.
    #[must_use]
    pub fn still_held(&self, credential: &Id, since: Timestamp) -> Vec<&'a Slot> {
        let refilled = |slot: &Slot| changed_at(slot).is_some_and(|at| at > later(since, SKEW));
        let kept = |slot: &&&Slot| !(self.is_stated(slot, credential) && refilled(slot));
        self.holders(credential).iter().filter(kept).copied().collect()
    }

    /// The slots whose value has that fingerprint.
    #[must_use]
    pub fn with_value(&self, value: &Fingerprint) -> &[&'a Slot] {
        self.by_value.get(value).map_or(&[], Vec::as_slice)
    }

    /// Whether only the configuration says that the slot holds the credential.
    #[must_use]
    pub fn is_stated(&self, slot: &Slot, credential: &Id) -> bool {
        self.stated.contains(&(&slot.id, credential))
    }

    /// The expectations of credentials, in order.
    pub fn credentials_expected(&self) -> impl Iterator<Item = (&'a Id, &'a Expected)> + use<'a> {
        of_type(self.facts.expected, SubjectType::Credential)
    }

    /// The expectations of slots, in order.
    pub fn slots_expected(&self) -> impl Iterator<Item = (&'a Id, &'a Expected)> + use<'a> {
        of_type(self.facts.expected, SubjectType::Slot)
    }

    /// Whether a credential authenticates. The issuer's record and probes decide; a plain status counts where nobody looked
    /// closer; an expiry that has passed is death unless something later says live.
    #[must_use]
    pub fn truth(&self, id: &Id) -> Truth {
        let Some(credential) = self.credential(id) else {
            return Truth::Unknown("no source knows it".to_owned());
        };
        let seen = credential.liveness.as_ref();
        let text = seen.map_or_else(String::new, |seen| cite::observation(seen, seen.at));
        let expired = credential.expires_at.filter(|at| *at <= self.now);
        match seen.map(|seen| (seen.state, seen.at)) {
            Some((LivenessState::Live, at)) => match expired {
                // Tokens are renewed: what could not be read since may live on.
                Some(end)
                    if at < Some(end)
                        && credential.observations.iter().any(|o| {
                            matches!(o.state, LivenessState::Unknown | LivenessState::NotChecked) && o.at > at
                        }) =>
                {
                    Truth::Unknown(format!("recorded to expire {end}, and not read since"))
                }
                Some(end) if at.is_none_or(|at| at < end) => Truth::Dead(format!("expired {end}")),
                _ => Truth::Live(text),
            },
            Some((LivenessState::Dead | LivenessState::NotFound, _)) => Truth::Dead(text),
            _ if expired.is_some() => Truth::Dead(format!("expired {}", expired.unwrap_or(self.now))),
            other => {
                let checked = matches!(other, Some((LivenessState::Unknown, _)));
                match credential.status {
                    Status::Active if !checked => Truth::Live("live (recorded status: active)".to_owned()),
                    Status::Inactive | Status::Revoked | Status::Expired | Status::Deleted => {
                        Truth::Dead(format!("dead (recorded status: {})", cite::word(&credential.status)))
                    }
                    _ if text.is_empty() => Truth::Unknown("unknown (nobody looked)".to_owned()),
                    _ => Truth::Unknown(text),
                }
            }
        }
    }

    /// Whether anything tells what the credentials of its kind may do: then one without grants has none.
    #[must_use]
    pub fn tells_grants(&self, id: &Id) -> bool {
        self.granting.contains(id.provider())
    }

    /// Whether it is live, as far as is known.
    #[must_use]
    pub fn is_live(&self, id: &Id) -> bool {
        matches!(self.truth(id), Truth::Live(_))
    }

    /// The same, for something that was to change at that time: that it was live before proves nothing about after. Dead stays dead,
    /// and what has no time counts as current.
    #[must_use]
    pub fn truth_since(&self, id: &Id, since: Timestamp) -> Truth {
        let truth = self.truth(id);
        let (Truth::Live(text), Some(credential)) = (&truth, self.credential(id)) else { return truth };
        if credential.liveness.is_none() && self.facts.inventory.recorded_at.get(id).is_some_and(|at| *at < since) {
            return Truth::Unknown(format!("nobody looked since {since}; before that {text}"));
        }
        let outdated = |seen: &Liveness| seen.state == LivenessState::Live && seen.at.is_some_and(|at| at < since);
        if !credential.liveness.as_ref().is_some_and(outdated) {
            return truth;
        }
        let dead = |seen: &&Liveness| {
            matches!(seen.state, LivenessState::Dead | LivenessState::NotFound) && seen.at.is_some_and(|at| at >= since)
        };
        match credential.observations.iter().filter(dead).max_by_key(|seen| seen.at) {
            Some(seen) => Truth::Dead(cite::observation(seen, seen.at)),
            None => Truth::Unknown(format!("nobody looked since {since}; before that {text}")),
        }
    }

    /// The ticket of a basis.
    #[must_use]
    pub fn ticket(&self, basis: &Basis) -> Option<&'a Ticket> {
        self.facts.tickets.get(basis.ticket)
    }

    /// The ticket of a basis, as evidence.
    #[must_use]
    pub fn cite(&self, basis: &Basis) -> Option<Evidence> {
        self.ticket(basis).map(|ticket| cite::ticket(ticket, Some(basis)))
    }

    /// The id of a basis' ticket.
    #[must_use]
    pub fn ticket_id(&self, basis: &Basis) -> &'a str {
        self.ticket(basis).map_or("", |ticket| ticket.id.as_str())
    }

    /// A subject, with its name.
    #[must_use]
    pub fn subject(&self, id: &Id) -> Subject {
        let name = self
            .credential(id)
            .and_then(|credential| credential.name.clone())
            .or_else(|| self.slot(id).and_then(|slot| slot.name.clone()))
            .or_else(|| self.holders(id).first().and_then(|slot| slot.name.clone()));
        Subject { kind: id.subject_type(), id: id.clone(), name }
    }

    /// All names of a party, in lower case, its own among them.
    fn names_of(&self, name: &str) -> BTreeSet<String> {
        let own = name.to_ascii_lowercase();
        let others = self.names.get(&own).into_iter().flatten().map(|other| other.to_ascii_lowercase());
        others.chain([own.clone()]).collect()
    }

    fn rows_by<'s>(&self, names: impl Iterator<Item = &'s String>) -> BTreeSet<usize> {
        let names: BTreeSet<String> = names.flat_map(|name| self.names_of(name)).collect();
        names.iter().filter_map(|name| self.rows.get(name)).flatten().copied().collect()
    }

    /// The rows of the catalogue that speak of a credential: by its id, name, alias, or its owner.
    #[must_use]
    pub fn recorded(&self, credential: &Credential) -> Vec<&'a Entry> {
        let mut numbers = self.rows_by(credential.owner.iter());
        numbers.extend(self.rows_of_itself(credential));
        numbers.into_iter().filter_map(|number| self.facts.catalog.get(number)).collect()
    }

    /// The rows that name the credential itself, or the identity that it belongs to; not those of its owner.
    #[must_use]
    pub fn recorded_itself(&self, credential: &Credential) -> Vec<&'a Entry> {
        self.rows_of_itself(credential).into_iter().filter_map(|number| self.facts.catalog.get(number)).collect()
    }

    fn rows_of_itself(&self, credential: &Credential) -> BTreeSet<usize> {
        let mut numbers = self.rows_by(credential.name.iter().chain(&credential.aliases));
        numbers.extend(self.rows.get(&credential.id.as_str().to_ascii_lowercase()).into_iter().flatten());
        numbers
    }

    /// The credentials that a party owns, or that carry its name as an alias.
    #[must_use]
    pub fn of_party(&self, name: &str) -> Vec<&'a Credential> {
        self.names_of(name).iter().filter_map(|name| self.parties.get(name)).flatten().copied().collect()
    }

    /// The credentials that have that name or alias: the keys of one user, say.
    #[must_use]
    pub fn named(&self, name: &str) -> Vec<&'a Credential> {
        self.names_of(name).iter().filter_map(|name| self.titles.get(name)).flatten().copied().collect()
    }
}

/// Whether the slot's value changed since then, by fingerprints and by a history that names the credential; none where only a change
/// time could tell, and where the store says that the change was earlier.
pub(super) fn differs_since(slot: &Slot, then: Timestamp, stated: bool) -> Option<bool> {
    let before = slot.versions.iter().filter(|version| version.at.is_some_and(|at| at < then));
    let before = before.max_by_key(|version| version.at)?;
    let newest = slot.versions.iter().max_by_key(|version| version.at)?;
    let value = slot.fingerprint.as_ref().or(newest.fingerprint.as_ref());
    let held = slot.holds.as_ref().filter(|_| !stated).or(newest.holds.as_ref());
    let by_value = before.fingerprint.as_ref().zip(value).map(|(a, b)| a != b);
    let differs = by_value.or_else(|| before.holds.as_ref().zip(held).map(|(a, b)| a != b))?;
    let earlier = slot.updated_at.is_some_and(|at| at < then);
    (!(differs && earlier)).then_some(differs)
}

/// When a slot's value was last written.
pub(super) fn changed_at(slot: &Slot) -> Option<Timestamp> {
    slot.updated_at.or_else(|| slot.versions.iter().filter_map(|version| version.at).max())
}

fn of_type(all: &Expectations, kind: SubjectType) -> impl Iterator<Item = (&Id, &Expected)> {
    all.of.iter().filter(move |(id, _)| id.subject_type() == kind)
}
