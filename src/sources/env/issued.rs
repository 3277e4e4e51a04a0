//! Tokens at hand whose issuer tells of them in one HTTP call: asking it, and finding the credential that the answer is about.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use crate::model::Id;
use crate::model::id::part;
use crate::model::inventory::{Credential, Inventory, Liveness, LivenessState};
use crate::probe::guard::{NoAnswer, Place};
use crate::probe::{Identity, Probe, Seen, observed};
use crate::sources::{Batch, observe};

use super::issuers::{self, Chosen, Issuer, Word};
use super::{EnvSource, Form, Value, hold};

impl EnvSource {
    /// Asks the issuer of a value, once. What is recorded as held by the value's slots names it where the issuer does not.
    pub(super) async fn probe_issued(&self, value: &Arc<Value>, known: &Inventory, into: &mut Batch) {
        let Some(probe) = value.probe() else { return };
        let recorded = value.recorded(known);
        let own;
        let issuers: &[Issuer] = match (&value.form, self.issuers.tokens.get(probe.provider())) {
            (Form::Own(http), _) => {
                let settings = http.settings();
                let base = settings.url.clone();
                let place = http.roots().map(|ca| Place { base, private: settings.allow_private, ca });
                own = [Issuer { source: None, authority: None, place, word: Word::Configured, home: false }];
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
        let answer = self.guard.call(chosen.place, ask).await;
        into.account.requests += u64::from(!matches!(answer, Err(NoAnswer::Refused(_))));
        let mut seen = match answer {
            Ok(answer) => probe.judge(&value.secret, &answer),
            Err(NoAnswer::Refused(reason) | NoAnswer::Silent(reason)) => {
                Seen::only(observed(LivenessState::Unknown, probe.method(), Some(&reason)))
            }
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
        let credential = credential(probe, id.clone(), &seen, chosen);
        into.inventory.credentials.push(credential.clone());
        hold(into, &value.slots, &id);
        if let Some(identity) = seen.identity {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.named.push(Named { value: Arc::clone(value), identity, credential });
        }
    }

    /// What an issuer named before its own lists were read may be in them, under a fuller id. Nobody is asked again.
    pub(super) fn rename(&self, known: &Inventory, into: &mut Batch) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for found in &mut state.named {
            let Some(probe) = found.value.probe() else { continue };
            let authority = found.credential.id.authority();
            let recorded = found.value.recorded(known);
            let id = named(probe, &found.identity, authority, &recorded, known);
            if let Some(id) = id.filter(|id| *id != found.credential.id) {
                found.credential.id = id.clone();
                into.inventory.credentials.push(found.credential.clone());
                hold(into, &found.value.slots, &id);
            }
        }
    }
}

/// A value whose issuer named it.
pub(super) struct Named {
    value: Arc<Value>,
    identity: Identity,
    credential: Credential,
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
    // `token` is what an id is where no list has a better word.
    let mut sure: Vec<&Id> = known.credentials.iter().filter(surely).map(|credential| &credential.id).collect();
    sure.extend(recorded.iter().filter(|id| surely(&&of(id))));
    if let Some(id) = sure.iter().find(|id| id.kind() != "token").or(sure.first()) {
        return Some((*id).clone());
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

fn credential(probe: &dyn Probe, id: Id, seen: &Seen, chosen: Chosen<'_>) -> Credential {
    let identity = seen.identity.clone().unwrap_or_default();
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
    credential.observe(seen.liveness.clone());
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
        into.account
            .notes
            .push(format!("{}: a token of {provider}, of which nothing is known: {reason}", value.variable));
    }
}
