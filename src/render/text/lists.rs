//! `refs`, `tickets` and `inventory` as tables for people.

use std::io::{self, Write};

use super::paint::{Page, table};
use crate::model::inventory::{Inventory, Liveness, LivenessState, Status};
use crate::model::reference::{Confidence, Kind, References};
use crate::model::ticket::{Intent, State, Strength, Tickets};
use crate::render::escape::line;
use crate::render::{Context, count};

pub(super) fn page<'a>(context: &Context<'_>, out: &'a mut dyn Write) -> Page<'a> {
    Page { out, color: context.color, width: context.width }
}

fn dash(text: Option<&str>) -> String {
    text.map_or_else(|| "-".to_owned(), |text| line(text).into_owned())
}

/// Writes references, one a line.
///
/// # Errors
/// Where the writer fails.
pub fn references(list: &References, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut page = page(context, out);
    let rows: Vec<Vec<String>> = list
        .references
        .iter()
        .map(|r| {
            let kind = match r.kind {
                Kind::Secret => "secret",
                Kind::AllSecrets => "all-secrets",
                Kind::Dynamic => "dynamic",
                Kind::JobToken => "job-token",
                Kind::Oidc => "oidc",
                Kind::Vault => "vault",
                Kind::AwsSecret => "aws-secret",
                Kind::GcpSecret => "gcp-secret",
                Kind::AzureSecret => "azure-secret",
                Kind::Literal => "literal",
            };
            let kind = if r.confidence == Confidence::Possible { format!("{kind}?") } else { kind.to_owned() };
            vec![
                format!("{}:{}:{}", line(&r.file), r.line, r.column),
                kind,
                dash(r.name.as_deref()),
                dash(r.job.as_deref()),
                dash(r.environment.as_deref().or(r.environment_expression.as_deref())),
            ]
        })
        .collect();
    if !rows.is_empty() {
        table(&mut page, &["PLACE", "KIND", "NAME", "JOB", "ENVIRONMENT"], &rows)?;
    }
    page.line(&format!("{}, {}", count(rows.len(), "reference"), count(list.gaps.len(), "gap")))?;
    for gap in &list.gaps {
        page.wrapped("gap: ", "     ", &format!("{}: {}", line(&gap.file), line(&gap.reason)))?;
    }
    Ok(())
}

/// Writes tickets as understood, one a line with its links below.
///
/// # Errors
/// Where the writer fails.
pub fn tickets(list: &Tickets, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut page = page(context, out);
    for ticket in &list.tickets {
        let intent = match ticket.intent {
            Intent::Provision => "provision",
            Intent::Modify => "modify",
            Intent::Elevate => "elevate",
            Intent::Revoke => "revoke",
            Intent::Rotate => "rotate",
            Intent::Offboard => "offboard",
            Intent::None => "none",
        };
        let state = match ticket.state {
            State::Open => "open",
            State::Done => "done",
            State::Withdrawn => "withdrawn",
        };
        let mut text = format!("{}  {intent}, {state}", line(&ticket.id));
        if let Some(time) = ticket.effective() {
            text.push_str(&format!(", effective {time}"));
        }
        if let Some(end) = ticket.window.as_ref().and_then(|window| window.end) {
            text.push_str(&format!(", until {end}"));
        }
        if let Some(subject) = &ticket.subject {
            text.push_str(&format!(", of {}", line(subject)));
        }
        if !ticket.approved {
            text.push_str(", not approved");
        }
        page.wrapped("", "    ", &text)?;
        for link in &ticket.links {
            let strength = match link.strength {
                Strength::Id => "id",
                Strength::Slot => "slot",
                Strength::Name => "name",
                Strength::Owner => "owner",
            };
            let text = format!(
                "{} by {strength}, {}: \"{}\"",
                line(link.credential.as_str()),
                line(&link.field),
                line(&link.quote)
            );
            page.wrapped("    ", "      ", &text)?;
        }
        for remark in &ticket.ambiguous {
            page.wrapped("    unclear: ", "      ", &line(remark))?;
        }
        for refused in &ticket.distrusted {
            let text = format!("{} ({}: \"{}\")", line(&refused.what), line(&refused.field), line(&refused.quote));
            page.wrapped("    not trusted: ", "      ", &text)?;
        }
        for edit in &ticket.edited {
            page.wrapped("    changed: ", "      ", &line(edit))?;
        }
    }
    let linked = list.tickets.iter().filter(|ticket| !ticket.links.is_empty()).count();
    let sentence = format!(
        "{}, {linked} linked to a slot or credential, {}",
        count(list.tickets.len(), "ticket"),
        count(list.gaps.len(), "gap")
    );
    page.line(&sentence)?;
    for gap in &list.gaps {
        page.wrapped("gap: ", "     ", &line(&crate::render::gap(gap)))?;
    }
    Ok(())
}

/// Writes slots and credentials.
///
/// # Errors
/// Where the writer fails.
pub fn inventory(list: &Inventory, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut page = page(context, out);
    let time = |time: Option<jiff::Timestamp>| time.map_or_else(|| "-".to_owned(), |time| time.to_string());
    if !list.slots.is_empty() {
        let rows: Vec<Vec<String>> = list
            .slots
            .iter()
            .map(|slot| {
                vec![
                    line(slot.id.as_str()).into_owned(),
                    time(slot.updated_at),
                    dash(slot.holds.as_ref().map(crate::model::Id::as_str)),
                    dash(slot.owner.as_deref()),
                ]
            })
            .collect();
        table(&mut page, &["SLOT", "CHANGED", "HOLDS", "OWNER"], &rows)?;
        page.line("")?;
    }
    if !list.credentials.is_empty() {
        let rows: Vec<Vec<String>> = list
            .credentials
            .iter()
            .map(|credential| {
                vec![
                    line(credential.id.as_str()).into_owned(),
                    dash(credential.name.as_deref()),
                    status(credential.status).to_owned(),
                    credential.liveness.as_ref().map_or_else(|| "not checked".to_owned(), liveness),
                    time(credential.last_used_at),
                    dash(credential.owner.as_deref()),
                ]
            })
            .collect();
        table(&mut page, &["CREDENTIAL", "NAME", "STATUS", "LIVENESS", "LAST USED", "OWNER"], &rows)?;
        page.line("")?;
    }
    let partial = list.coverage.iter().filter(|extent| !extent.complete).count();
    page.line(&format!(
        "{}, {}, {}, {}",
        count(list.slots.len(), "slot"),
        count(list.credentials.len(), "credential"),
        count(list.gaps.len(), "gap"),
        count(partial, "partial list"),
    ))?;
    for gap in &list.gaps {
        page.wrapped("gap: ", "     ", &line(&crate::render::gap(gap)))?;
    }
    Ok(())
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Inactive => "inactive",
        Status::Revoked => "revoked",
        Status::Expired => "expired",
        Status::Deleted => "deleted",
        Status::Unknown => "unknown",
    }
}

fn liveness(seen: &Liveness) -> String {
    let state = match seen.state {
        LivenessState::Live => "live",
        LivenessState::Dead => "dead",
        LivenessState::NotFound => "not found",
        LivenessState::Unknown => "unknown",
        LivenessState::NotChecked => "not checked",
    };
    let why = [Some(seen.method.as_str()), seen.reason.as_deref()];
    let why: Vec<_> = why.into_iter().flatten().filter(|text| !text.is_empty()).map(line).collect();
    if why.is_empty() { state.to_owned() } else { format!("{state} ({})", why.join(": ")) }
}
