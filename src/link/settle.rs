//! What became of a ticket's content after it was settled: its title, description and fields as they stand without the edits of those
//! who may not loosen, and the reading that holds where both are told apart. Tightening counts from anybody.

use jiff::{SignedDuration, Timestamp};

use crate::model::settings::Settings;
use crate::model::ticket::{Access, Distrusted, Field, Intent, Record, System, Text, Ticket, Window};

use super::history::{Entry, Part};
use super::links::quote;
use super::replay::sides;
use super::trust::Trust;

/// The edits of a ticket, and the ticket without those that cannot loosen.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// As it stands without them; none where there are none.
    pub(super) before: Option<Record>,
    /// They do not count where they loosen.
    pub(super) refused: Vec<Distrusted>,
    /// Every edit after the ticket was approved or done, whoever made it.
    pub(super) late: Vec<String>,
    /// An edit whose words before are not recorded, by somebody who may not loosen: what was approved cannot be known.
    pub(super) lost: Vec<Distrusted>,
}

/// Reads the edits. `settled_at` is when the ticket was approved, or done: until then whoever opened it still writes it.
pub(super) fn settle(trust: &Trust<'_>, settled_at: Option<(Timestamp, &str)>) -> Settled {
    let mut out = Settled::default();
    if trust.entries.is_empty() {
        return out;
    }
    let mut before = trust.record.clone();
    let content = |part: Part| {
        matches!(part, Part::Title | Part::Description | Part::Kind | Part::Labels)
            || matches!(part, Part::Field(field) if field != Field::Approval)
    };
    let mut stands: Vec<(Part, bool)> = Vec::new();
    // From the newest back: an edit that counts settles its part, and what stood before it does not matter any more.
    for entry in trust.entries.iter().rev().filter(|entry| content(entry.part)) {
        let late = settled_at.filter(|(then, _)| entry.at.is_none_or(|at| at > *then));
        let by_opener =
            late.is_none() && trust.same(entry.author, &trust.record.reporter) && !trust.of_change(entry.author);
        let counts = by_opener || trust.trusts(entry.author, entry.at);
        let said = format!(
            "{} edited by {}{}{}",
            name(entry.part, &entry.field),
            entry.author.label(),
            entry.at.map_or_else(String::new, |at| format!(" at {at}")),
            late.map_or_else(String::new, |(_, when)| format!(", after it was {when}")),
        );
        let unrecorded = entry.from.is_none() && entry.to.is_none();
        if late.is_some() {
            let what = if unrecorded { "what it said before is not recorded".to_owned() } else { sides(entry) };
            out.late.push(format!("{said}: {what}"));
        }
        let settled = stands.iter().any(|(part, _)| *part == entry.part);
        // Each label is a thing of its own: one change does not settle the others.
        if settled || counts {
            if counts && entry.part != Part::Labels {
                stands.push((entry.part, true));
            }
            continue;
        }
        let refused = Distrusted { what: said, field: entry.field.to_string(), quote: sides(entry) };
        if unrecorded {
            out.lost.push(Distrusted { quote: "what it said before is not recorded".to_owned(), ..refused });
        } else {
            undo(&mut before, entry);
            out.refused.push(refused);
        }
    }
    out.late.reverse();
    out.refused.reverse();
    out.before = Some(before).filter(|before| before != trust.record);
    out
}

/// Puts a part back to what it was.
fn undo(record: &mut Record, entry: &Entry<'_>) {
    let from = entry.from.as_deref().map(str::trim).unwrap_or_default();
    match entry.part {
        Part::Title => record.title = from.to_owned(),
        Part::Kind => record.kind = Some(from.to_owned()).filter(|kind| !kind.is_empty()),
        Part::Description => {
            let own = if entry.field.eq_ignore_ascii_case("environment") { "environment" } else { "description" };
            match record.texts.iter_mut().find(|text| text.field == own) {
                Some(text) => text.text = from.to_owned(),
                None => record.texts.insert(0, Text { field: own.to_owned(), text: from.to_owned() }),
            }
        }
        Part::Labels => {
            let to = entry.to.as_deref().unwrap_or_default();
            // Jira's labels have no blanks, and its history tells them all at once.
            let all = |side: &str| -> Vec<String> {
                let several = record.system == System::Jira;
                let cut = |c: char| if several { c.is_whitespace() } else { matches!(c, ',' | ';') };
                side.split(cut).map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect()
            };
            let (old, new) = (all(from), all(to));
            record.labels.retain(|label| old.contains(label) || !new.contains(label));
            record.labels.extend(old.into_iter().filter(|label| !new.contains(label)));
        }
        Part::Field(field) if from.is_empty() => _ = record.fields.remove(&field),
        Part::Field(field) => _ = record.fields.insert(field, from.to_owned()),
        _ => {}
    }
}

fn name(part: Part, field: &str) -> String {
    match part {
        Part::Title => "title".to_owned(),
        Part::Description => "description".to_owned(),
        Part::Kind => "type".to_owned(),
        Part::Labels => "labels".to_owned(),
        Part::Field(_) => format!("field {}", quote(field)),
        _ => quote(field),
    }
}

/// How much an intent binds: what asks for access least, what ends it most.
fn binds(intent: Intent) -> u8 {
    match intent {
        Intent::Provision => 0,
        Intent::Elevate => 1,
        Intent::None => 2,
        Intent::Modify => 3,
        Intent::Rotate => 4,
        Intent::Revoke => 5,
        Intent::Offboard => 6,
    }
}

/// The ticket as it holds: as edited where that tightens, as it was before where that loosens. Tells whether anything loosened.
pub(super) fn merge(now: &mut Ticket, before: Ticket, settings: &Settings) -> bool {
    let read = now.clone();
    let looser = binds(now.intent) < binds(before.intent);
    if looser {
        let links = std::mem::take(&mut now.links);
        let approval = (now.approved, now.may_loosen, now.why.clone(), now.distrusted.clone());
        *now = before.clone();
        // What the edit names beside it may still tighten.
        now.links.extend(links);
        (now.approved, now.may_loosen, now.why, now.distrusted) = approval;
    }
    targets(now, &before);
    if now.intent == before.intent {
        now.window = window(now.window.take(), before.window.clone());
        now.access = access(&now.access, &before.access);
        for removal in &before.removed {
            if !now.removed.contains(removal) {
                now.removed.push(removal.clone());
            }
        }
    }
    // A later date postpones; an earlier one puts the ticket before others that it came after, and so may loosen as well.
    now.effective_at = before.effective_at;
    now.due_at = due(now, &before, settings);
    if before.subject.is_some() && now.subject != before.subject {
        now.subject.clone_from(&before.subject);
        let more = before.subject_names.iter().filter(|name| !read.subject_names.contains(name)).cloned();
        now.subject_names.extend(more);
    }
    let same = |a: &Ticket, b: &Ticket| {
        let ids = |ticket: &Ticket| {
            ticket.links.iter().map(|link| link.credential.clone()).collect::<std::collections::BTreeSet<_>>()
        };
        (a.intent, &a.window, &a.access, &a.removed, a.effective_at, a.due_at, &a.subject)
            == (b.intent, &b.window, &b.access, &b.removed, b.effective_at, b.due_at, &b.subject)
            && ids(a) == ids(b)
    };
    // New targets of a grant are named in the edit and do not count: they stay as links that cannot loosen.
    let widened = binds(now.intent) < binds(Intent::Rotate) && now.links.iter().any(|link| !link.trusted);
    !same(now, &read) || widened
}

/// All targets of both readings; those that only the edit names may tighten, not loosen.
fn targets(now: &mut Ticket, before: &Ticket) {
    for link in &mut now.links {
        let known = before.links.iter().find(|old| old.credential == link.credential);
        link.trusted &= known.is_some();
        if let Some(old) = known.filter(|old| old.strength > link.strength) {
            *link = old.clone();
        }
    }
    for old in &before.links {
        if !now.links.iter().any(|link| link.credential == old.credential) {
            now.links.push(old.clone());
        }
    }
    now.links.sort_by(|a, b| a.credential.cmp(&b.credential));
    now.links.dedup_by(|a, b| a.credential == b.credential);
}

/// The shorter of two windows; none at all is the longest.
fn window(now: Option<Window>, before: Option<Window>) -> Option<Window> {
    let (Some(now), Some(before)) = (&now, &before) else { return before.or(now) };
    let end = match (now.end, before.end) {
        (Some(now), Some(before)) => Some(now.min(before)),
        (now, before) => before.or(now),
    };
    Some(Window { start: before.start.or(now.start), end })
}

/// The narrower of two statements of access; what is not stated is not limited.
fn access(now: &Access, before: &Access) -> Access {
    let narrower = |now: &[String], before: &[String]| {
        let inside = !now.is_empty() && now.iter().all(|one| before.iter().any(|old| old.eq_ignore_ascii_case(one)));
        if before.is_empty() || inside { now.to_vec() } else { before.to_vec() }
    };
    Access {
        holder: before.holder.clone().or_else(|| now.holder.clone()),
        level: match (now.level, before.level) {
            (Some(now), Some(before)) => Some(now.min(before)),
            (now, before) => before.or(now),
        },
        environments: narrower(&now.environments, &before.environments),
        resources: narrower(&now.resources, &before.resources),
        tenants: narrower(&now.tenants, &before.tenants),
    }
}

/// The earlier of two deadlines; where there was none, the policy's limit is one.
fn due(now: &Ticket, before: &Ticket, settings: &Settings) -> Option<Timestamp> {
    earlier(now.due_at, before.due_at, limit(now.intent, now.opened_at, settings))
}

fn earlier(now: Option<Timestamp>, before: Option<Timestamp>, limit: Option<Timestamp>) -> Option<Timestamp> {
    match (now, before) {
        (Some(now), Some(before)) => Some(now.min(before)),
        (None, before) => before,
        (Some(now), None) => Some(now).filter(|now| limit.is_none_or(|limit| *now <= limit)),
    }
}

/// Until when an open ticket may stay open where it states no date.
fn limit(intent: Intent, opened: Option<Timestamp>, settings: &Settings) -> Option<Timestamp> {
    let length: SignedDuration = match intent {
        Intent::Revoke => settings.limits.revoke,
        Intent::Rotate => settings.limits.rotate,
        Intent::Offboard => settings.limits.offboard,
        _ => return None,
    };
    opened?.checked_add(length).ok()
}

/// The due date without moves by those who may not postpone it.
pub(super) fn due_date(trust: &Trust<'_>, intent: Intent, distrusted: &mut Vec<Distrusted>) -> Option<Timestamp> {
    let record = trust.record;
    let limit = limit(intent, record.opened_at, trust.settings);
    let mut due = record.due_at;
    for entry in trust.entries.iter().rev().filter(|entry| entry.part == Part::Due) {
        if trust.trusts(entry.author, entry.at) {
            break;
        }
        let from = entry.from.as_deref().and_then(day_end);
        // Without a date the policy's limit holds; so it does where the date before cannot be read.
        let stands = earlier(due, from, limit);
        if stands != due {
            distrusted.push(Distrusted {
                what: format!("due date moved by {}", entry.author.label()),
                field: entry.field.to_string(),
                quote: sides(entry),
            });
        }
        due = stands;
    }
    due
}

/// A due day's last second; trackers write a time of day behind it that means nothing.
fn day_end(text: &str) -> Option<Timestamp> {
    let day = text.trim().get(..10)?.parse::<jiff::civil::Date>().ok()?;
    jiff::tz::TimeZone::UTC.to_timestamp(day.at(23, 59, 59, 0)).ok()
}
