//! Evidence from collected records: the only way in which a rule gets any.

use jiff::Timestamp;

use crate::model::catalog::Entry;
use crate::model::expectation::{Basis, Expected};
use crate::model::inventory::{Credential, Grant, Liveness, Slot};
use crate::model::reference::Reference;
use crate::model::report::Evidence;
use crate::model::ticket::Ticket;

use super::case::Case;

/// A ticket, by the words of the link that it rests on.
pub(super) fn ticket(ticket: &Ticket, basis: Option<&Basis>) -> Evidence {
    let link = basis.and_then(|basis| basis.link).and_then(|link| ticket.links.get(link));
    let quote = link.map_or_else(|| ticket.title.clone(), |link| link.quote.clone());
    Evidence {
        source: source(ticket),
        locator: ticket.id.clone(),
        observed_at: ticket.closed_at.or(ticket.opened_at),
        quote,
    }
}

fn source(ticket: &Ticket) -> String {
    if ticket.source.is_empty() { system(ticket).to_owned() } else { ticket.source.clone() }
}

fn system(ticket: &Ticket) -> &'static str {
    use crate::model::ticket::System;
    match ticket.system {
        System::Jira => "jira",
        System::Servicenow => "servicenow",
        System::Github => "github",
        System::Gitlab => "gitlab",
        System::Csv => "csv",
    }
}

/// All observations of a credential's liveness, conflicts included; its recorded status where there is none.
pub(super) fn liveness(credential: &Credential) -> Vec<Evidence> {
    let mut seen: Vec<&Liveness> = credential.liveness.iter().collect();
    seen.extend(credential.observations.iter().filter(|other| Some(*other) != credential.liveness.as_ref()));
    let mut out: Vec<Evidence> = seen
        .into_iter()
        .map(|seen| Evidence {
            source: credential.id.provider().to_owned(),
            locator: credential.id.to_string(),
            observed_at: seen.at,
            quote: observation(seen, None),
        })
        .collect();
    if out.is_empty() {
        out.push(Evidence {
            source: credential.id.provider().to_owned(),
            locator: credential.id.to_string(),
            observed_at: None,
            quote: format!("recorded status: {}", word(&credential.status)),
        });
    }
    out
}

/// `live (sts GetCallerIdentity)`, `unknown (sts GetCallerIdentity: connection refused)`; with its time for a finding's text.
pub(super) fn observation(seen: &Liveness, at: Option<Timestamp>) -> String {
    let state = word(&seen.state).replace('-', " ");
    let how = match (seen.method.as_str(), seen.reason.as_deref()) {
        ("", reason) => reason.unwrap_or_default().to_owned(),
        (method, Some(reason)) => format!("{method}: {reason}"),
        (method, None) => method.to_owned(),
    };
    let parts: Vec<String> =
        [Some(how), at.map(|at| at.to_string())].into_iter().flatten().filter(|p| !p.is_empty()).collect();
    if parts.is_empty() { state } else { format!("{state} ({})", parts.join(", ")) }
}

/// A serde word of a plain enum.
pub(super) fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

/// When a credential was last used.
pub(super) fn last_use(credential: &Credential, at: Timestamp) -> Evidence {
    Evidence {
        source: credential.id.provider().to_owned(),
        locator: credential.id.to_string(),
        observed_at: Some(at),
        quote: format!("last used {at}"),
    }
}

/// That a slot holds what it holds, and since when.
pub(super) fn slot(slot: &Slot) -> Evidence {
    let changed = slot.updated_at.or_else(|| slot.versions.iter().filter_map(|version| version.at).max());
    let since = changed.map_or_else(|| "at a time that the store does not tell".to_owned(), |at| at.to_string());
    let holds = slot.holds.as_ref().map_or_else(String::new, |id| format!(", holds {id}"));
    Evidence {
        source: slot.id.provider().to_owned(),
        locator: slot.id.to_string(),
        observed_at: changed,
        quote: format!("last written {since}{holds}"),
    }
}

/// A grant.
pub(super) fn grant(credential: &Credential, grant: &Grant) -> Evidence {
    Evidence {
        source: credential.id.provider().to_owned(),
        locator: credential.id.to_string(),
        observed_at: credential.liveness.as_ref().and_then(|seen| seen.at),
        quote: format!("grant: {}", describe(grant)),
    }
}

/// A grant on a slot.
pub(super) fn slot_grant(slot: &Slot, grant: &Grant) -> Evidence {
    let holder = grant.holder.as_deref().unwrap_or("somebody");
    Evidence {
        source: slot.id.provider().to_owned(),
        locator: slot.id.to_string(),
        observed_at: None,
        quote: format!("grant of {holder}: {}", describe(grant)),
    }
}

/// `write (PowerUserAccess) on *, production, aws:123456789012`.
pub(super) fn describe(grant: &Grant) -> String {
    let mut text = grant.level.as_ref().map_or_else(|| "access".to_owned(), word);
    if let Some(native) = &grant.native {
        text.push_str(&format!(" ({native})"));
    }
    if let Some(resource) = &grant.resource {
        text.push_str(&format!(" on {resource}"));
    }
    for part in [&grant.environment, &grant.tenant].into_iter().flatten() {
        text.push_str(&format!(", {part}"));
    }
    text
}

/// A row of the catalogue.
pub(super) fn entry(entry: &Entry) -> Evidence {
    let mut quote = entry.identity.clone();
    if let Some(level) = entry.level.as_ref().map(word).or_else(|| entry.level_text.clone()) {
        quote.push_str(&format!(": {level}"));
    }
    for part in [&entry.resource, &entry.environment, &entry.tenant].into_iter().flatten() {
        quote.push_str(&format!(", {part}"));
    }
    if let Some(until) = entry.until {
        quote.push_str(&format!(", until {until}"));
    }
    Evidence { source: entry.source.clone(), locator: entry.locator.clone(), observed_at: None, quote }
}

/// A place in a CI definition.
pub(super) fn reference(reference: &Reference) -> Evidence {
    Evidence {
        source: "pipeline".to_owned(),
        locator: format!("{}:{}:{}", reference.file, reference.line, reference.column),
        observed_at: None,
        quote: format!("{} {}", word(&reference.kind), reference.name.as_deref().unwrap_or_default()).trim().to_owned(),
    }
}

/// Everything that tried to loosen an expectation and was not trusted, and every edit after a ticket's approval: it is said in the
/// finding.
pub(super) fn distrusted(case: &Case<'_>, expected: &Expected) -> Vec<Evidence> {
    let of = |index: usize, quote: String| {
        let ticket = case.tickets.get(index)?;
        Some(Evidence { source: source(ticket), locator: ticket.id.clone(), observed_at: None, quote })
    };
    let refused = expected.distrusted.iter();
    let refused =
        refused.filter_map(|(index, what)| of(*index, format!("not trusted: {}", what.trim_end_matches([':', ' ']))));
    let edited = expected.edited.iter().filter_map(|(index, what)| of(*index, what.clone()));
    refused.chain(edited).collect()
}
