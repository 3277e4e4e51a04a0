//! Tokens at hand whose issuer tells of them in one HTTP call: asking it, and finding the credential that the answer is about.

use std::collections::BTreeSet;

use crate::model::Id;
use crate::model::id::part;
use crate::model::inventory::{Credential, Inventory, Liveness, LivenessState};
use crate::probe::guard::Place;
use crate::probe::{Identity, Probe, Seen, observed};
use crate::sources::{Batch, observe};

use super::issuers::{self, Chosen, Issuer, Word};
use super::{EnvSource, Form, Value, hold};

impl EnvSource {
    /// Asks the issuer of a value, once. What is recorded as held by the value's slots names it where the issuer does not.
    pub(super) async fn probe_issued(&self, probe: &dyn Probe, value: &Value, known: &Inventory, into: &mut Batch) {
        let recorded = value.recorded(known);
        let own;
        let issuers: &[Issuer] = match (&value.form, self.issuers.tokens.get(probe.provider())) {
            (Form::Own(http), _) => {
                let settings = http.settings();
                let place = Place { base: settings.url.clone(), private: settings.allow_private, ca: None };
                own = [Issuer { source: None, authority: None, place: Ok(place), word: Word::Configured, home: false }];
                &own
            }
            (Form::Known(_), Some(issuers)) => issuers,
            (Form::Known(_), None) => &[],
        };
        let silent = |into: &mut Batch, state: LivenessState, reason: &str| {
            tell(into, value, probe, &recorded, &observed(state, probe.method(), Some(reason)));
        };
        let ask = match probe.ask(&value.secret) {
            Ok(ask) => ask,
            Err(reason) => return silent(into, LivenessState::NotChecked, reason),
        };
        let chosen = match issuers::choose(probe, issuers, &recorded, &value.slots, known) {
            Ok(chosen) => chosen,
            Err(reason) => return silent(into, LivenessState::Unknown, reason),
        };
        if let Err(reason) = self.guard.turn().await {
            return silent(into, LivenessState::NotChecked, reason);
        }
        into.account.requests += 1;
        let mut seen = match self.guard.call(chosen.place, ask).await {
            Ok(answer) => probe.judge(&value.secret, &answer),
            Err(reason) => Seen::only(observed(LivenessState::Unknown, probe.method(), Some(&reason))),
        };
        if seen.liveness.state == LivenessState::Dead && !chosen.own {
            let reason = "this server is not known to have issued the token";
            seen = Seen::only(observed(LivenessState::Unknown, probe.method(), Some(reason)));
        }
        let authority = chosen.issuer.authority.as_deref();
        let id = match &seen.identity {
            Some(identity) => named(probe, identity, authority, &recorded, known),
            None => unnamed(probe, value, authority, &recorded, seen.liveness.state),
        };
        let Some(id) = id else {
            // Of several recorded ones the value is one, and nothing tells which.
            if recorded.len() > 1 && seen.liveness.state != LivenessState::Unknown {
                let reason = "several credentials are recorded for it, and its issuer does not tell which it is";
                seen.liveness = observed(LivenessState::Unknown, probe.method(), Some(reason));
            }
            tell(into, value, probe, &recorded, &seen.liveness);
            return;
        };
        let credential = credential(probe, id.clone(), seen, chosen);
        into.inventory.credentials.push(credential);
        hold(into, &value.slots, &id);
    }
}

/// The credential that an issuer named: one that is known by that name, else the only recorded one that it may be, else a new one.
fn named(
    probe: &dyn Probe,
    identity: &Identity,
    authority: Option<&str>,
    recorded: &BTreeSet<Id>,
    known: &Inventory,
) -> Option<Id> {
    let of = |id: &Id| known.credential(id).cloned().unwrap_or_else(|| Credential::bare(id.clone()));
    let surely = |credential: &&Credential| {
        let id = &credential.id;
        id.provider() == probe.provider()
            && id.authority() == authority
            && probe.names(identity, credential) == Some(true)
    };
    if let Some(id) = recorded.iter().find(|id| surely(&&of(id))) {
        return Some(id.clone());
    }
    if let Some(credential) = known.credentials.iter().find(surely) {
        return Some(credential.id.clone());
    }
    let mut may: Vec<&Id> =
        recorded.iter().filter(|id| is_placeholder(id) || probe.names(identity, &of(id)) != Some(false)).collect();
    match (may.pop(), may.is_empty()) {
        (Some(only), true) if !is_placeholder(only) => Some(only.clone()),
        (Some(_), false) => None,
        _ => Some(Id::build(probe.provider(), authority, "token", &[&part(&identity.what)])),
    }
}

/// The credential that an answer without a name is about: the only recorded one; where none is, what its variable holds.
fn unnamed(
    probe: &dyn Probe,
    value: &Value,
    authority: Option<&str>,
    recorded: &BTreeSet<Id>,
    state: LivenessState,
) -> Option<Id> {
    let mut all = recorded.iter();
    match (all.next(), all.next()) {
        (Some(only), None) => Some(only.clone()),
        (None, _) if matches!(state, LivenessState::Live | LivenessState::Dead) => {
            Some(Id::build(probe.provider(), authority, "token", &[&part(&format!("env:{}", value.variable))]))
        }
        _ => None,
    }
}

/// Whether an id stands for "what a variable holds", of a run in which the issuer told no name.
fn is_placeholder(id: &Id) -> bool {
    id.kind() == "token" && id.rest().starts_with("env%3A")
}

fn credential(probe: &dyn Probe, id: Id, seen: Seen, chosen: Chosen<'_>) -> Credential {
    let identity = seen.identity.unwrap_or_default();
    let host = issuers::server(&chosen.place.base);
    let tenant = identity.account.or(host).filter(|_| seen.liveness.state == LivenessState::Live);
    let mut credential = Credential {
        name: identity.name,
        aliases: identity.aliases,
        owner: identity.owner,
        tenant: tenant.map(|tenant| format!("{}:{tenant}", probe.provider())),
        status: identity.status,
        created_at: identity.created_at,
        expires_at: identity.expires_at,
        ..Credential::bare(id)
    };
    credential.observe(seen.liveness);
    credential
}

/// An observation of a token that only records can name; where none does, it stays a note.
fn tell(into: &mut Batch, value: &Value, probe: &dyn Probe, recorded: &BTreeSet<Id>, seen: &Liveness) {
    for id in recorded {
        observe(into, id, seen.clone());
    }
    if recorded.is_empty() {
        let reason = seen.reason.as_deref().unwrap_or_default();
        let provider = probe.provider();
        into.account.notes.push(format!("{}: a token of {provider}, of which nothing is known: {reason}", value.variable));
    }
}
