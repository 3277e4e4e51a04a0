//! When variables were written, out of audit events: the variables' own API does not tell. What an event proves follows GitLab's
//! wording; where a write may have left no event, nothing is said.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::Id;
use crate::model::inventory::Slot;

use super::answers::{AuditEvent, time};
use super::endpoints::{AuditEvents, Holder};
use super::{Kept, Part, Place, Reader};
use crate::sources::forge::gitlab::Refusal;

/// Events of one change are written together.
const TOGETHER: SignedDuration = SignedDuration::from_secs(5);

/// What an event says of a variable ("Audit event types", Variables). A new value is told of masked variables alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// The variable was made, with a value.
    Made,
    /// A masked variable got another value.
    Written,
    /// From here on it is masked: writes before may have left no event.
    Masked,
    /// It was removed.
    Removed,
}

fn event(of: &AuditEvent) -> Option<(Event, &str)> {
    let details = &of.details;
    if details.target_type.as_deref().is_some_and(|target| !target.ends_with("Variable")) {
        return None;
    }
    let words = details.custom_message.as_deref().or(details.change.as_deref())?.to_ascii_lowercase();
    let event = if words.starts_with("added ci") {
        Event::Made
    } else if words.contains("value(hidden)") {
        Event::Written
    } else if words.contains("masking") && !words.contains("from true to false") {
        Event::Masked
    } else if words.starts_with("removed ci") {
        Event::Removed
    } else {
        return None;
    };
    Some((event, details.target_details.as_ref()?.as_str()?))
}

/// When each of these variables was last written, as far as events (newest first) prove it.
fn written<'k>(events: &[AuditEvent], keys: impl Iterator<Item = &'k str>) -> BTreeMap<&'k str, Timestamp> {
    let mut open: BTreeMap<&str, Option<Timestamp>> = keys.map(|key| (key, None)).collect();
    let mut out = BTreeMap::new();
    for entry in events {
        let Some((event, name)) = event(entry) else { continue };
        let Some((key, masked)) = open.get_key_value(name).map(|(key, masked)| (*key, *masked)) else { continue };
        let at = time(Some(&entry.created_at));
        match (event, at) {
            (Event::Masked, Some(at)) => {
                open.insert(key, masked.or(Some(at)));
            }
            (Event::Made | Event::Written, Some(at)) => {
                open.remove(key);
                // Masked only later: in between it may have been written unseen.
                if masked.is_none_or(|masked| masked.duration_since(at) <= TOGETHER) {
                    out.insert(key, at);
                }
            }
            // It is there, so that this is not of it; or the time cannot be read.
            (Event::Removed, _) | (_, None) => {
                open.remove(key);
            }
        }
    }
    out
}

impl Reader<'_> {
    /// Reads when these variables of a place were written, from at most so many pages of its audit events.
    pub(super) async fn changes(&self, place: &Place, kept: &[(Id, Kept)], pages: usize, part: &mut Part) {
        let told = |kept: &Kept| kept.masked && !kept.several;
        let keys = || kept.iter().filter(|(_, kept)| told(kept)).map(|(_, kept)| kept.key.as_str());
        let untold = kept.iter().filter(|(_, kept)| !told(kept)).count();
        if untold > 0 {
            part.notes.insert(format!(
                "{}: when {untold} of its variables were written is not known: GitLab's audit events tell new values of masked \
                 variables only, and not which of several of one name",
                place.path
            ));
        }
        if keys().next().is_none() || self.audit_is_denied() {
            return;
        }
        match self.client.pages::<AuditEvent>(&AuditEvents(place.holder, &place.path), pages).await {
            Ok(listed) => {
                self.audit_was(true);
                let times = written(&listed.items, keys());
                for (id, kept) in kept.iter().filter(|(_, kept)| told(kept)) {
                    let Some(at) = times.get(kept.key.as_str()) else { continue };
                    // What was read of the slot before stays; this adds to it.
                    match part.inventory.slots.iter_mut().find(|slot| slot.id == *id) {
                        Some(slot) => slot.updated_at = Some(*at),
                        None => {
                            part.inventory.slots.push(Slot { updated_at: Some(*at), ..Slot::bare(id.clone()) });
                        }
                    }
                }
                if times.len() < keys().count() {
                    let end = listed.broken.map(|reason| format!(" ({reason})")).unwrap_or_default();
                    part.notes.insert(format!(
                        "{}: the audit events that were read do not tell when all of its masked variables were written{end}",
                        place.path
                    ));
                }
            }
            Err(refusal @ Refusal::Status { .. }) if matches!(refusal.status(), Some(401 | 403 | 404)) => {
                self.audit_was(false);
                let need = match place.holder {
                    Holder::Project => "GitLab Premium and the Maintainer role",
                    Holder::Group => "GitLab Premium and the Owner role",
                };
                part.notes.insert(format!(
                    "{}: when its variables were written is not known: audit events: {}",
                    place.path,
                    refusal.reason(need)
                ));
            }
            Err(refusal) => {
                self.gap(part, "change-time", &place.path, format!("its audit events: {}", refusal.reason("")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(entries: &[(&str, &str, &str)]) -> Vec<AuditEvent> {
        let one = |(at, key, message): &(&str, &str, &str)| {
            let details =
                serde_json::json!({"custom_message": message, "target_details": key, "target_type": "Ci::Variable"});
            serde_json::from_value(serde_json::json!({"id": 1, "created_at": at, "details": details})).unwrap()
        };
        entries.iter().map(one).collect()
    }

    fn of(entries: &[(&str, &str, &str)]) -> Option<String> {
        written(&events(entries), ["K"].into_iter()).get("K").map(ToString::to_string)
    }

    const MAY: &str = "2026-05-01T00:00:00Z";
    const JUNE: &str = "2026-06-01T00:00:00Z";
    const JULY: &str = "2026-07-01T00:00:00Z";

    #[test]
    fn writes_that_left_an_event() {
        assert_eq!(of(&[(MAY, "K", "Added ci variable")]).as_deref(), Some(MAY));
        assert_eq!(of(&[(MAY, "K", "Added ci group variable")]).as_deref(), Some(MAY));
        let twice = [(JUNE, "K", "Changed value(hidden)"), (MAY, "K", "Added ci variable")];
        assert_eq!(of(&twice).as_deref(), Some(JUNE));
        // Another attribute is not another value.
        let protected =
            [(JUNE, "K", "Changed variable protection from false to true"), (MAY, "K", "Added ci variable")];
        assert_eq!(of(&protected).as_deref(), Some(MAY));
        assert_eq!(of(&[(JUNE, "K2", "Changed value(hidden)")]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn writes_that_may_have_left_none() {
        let masked_later =
            [(JUNE, "K", "Changed variable masking from false to true"), (MAY, "K", "Added ci variable")];
        assert_eq!(of(&masked_later), None);
        let written_after = [(JULY, "K", "Changed value(hidden)"), masked_later[0], masked_later[1]];
        assert_eq!(of(&written_after).as_deref(), Some(JULY));
        let unmasked_in_between = [
            (JULY, "K", "Changed variable masking from false to true"),
            (JUNE, "K", "Changed value(hidden)"),
            (MAY, "K", "Added ci variable"),
        ];
        assert_eq!(of(&unmasked_in_between), None);
        assert_eq!(of(&[(JUNE, "K", "Removed ci variable"), (MAY, "K", "Added ci variable")]), None);
        assert_eq!(of(&[("soon", "K", "Changed value(hidden)"), (MAY, "K", "Added ci variable")]), None);
    }
}
