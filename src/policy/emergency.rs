//! Break glass: whether a ticket lets a blocked deploy through (`--override`). The findings and the verdict stay; the exit code is 0.

use jiff::Timestamp;

use crate::model::report::Override;
use crate::model::settings::Settings;
use crate::model::ticket::{State, Ticket};

/// Judges a ticket. It must be an emergency change by its tracker's own fields, open, young, and approved by somebody who may and who is
/// not the change's own author.
#[must_use]
pub fn judge(wanted: &str, tickets: &[Ticket], settings: &Settings, now: Timestamp) -> Override {
    let found: Vec<&Ticket> = tickets.iter().filter(|ticket| ticket.id == wanted).collect();
    let verdict = match found.as_slice() {
        [] => Err("no configured source shows it".to_owned()),
        // Two trackers with one id: nobody can tell which is meant.
        [_, _, ..] => Err("several sources show a ticket of that id".to_owned()),
        [ticket] => one(ticket, settings, now),
    };
    let accepted = verdict.is_ok();
    let reason = verdict.unwrap_or_else(|why| why);
    Override { ticket: wanted.to_owned(), accepted, reason }
}

fn one(ticket: &Ticket, settings: &Settings, now: Timestamp) -> Result<String, String> {
    let refuse = |why: &str| Err(why.to_owned());
    if !ticket.emergency {
        return refuse("neither its type nor a label says that it is an emergency change");
    }
    match ticket.state {
        State::Open => {}
        State::Done => return refuse("it is closed: the emergency is over"),
        State::Withdrawn => return refuse("it was withdrawn"),
    }
    if !ticket.approved {
        return refuse("it is not approved by anybody whose approval counts; that of the change's own author does not");
    }
    if !ticket.may_loosen {
        return refuse("its project is not in trust.projects");
    }
    let others = ticket
        .vouched_by
        .iter()
        .filter(|name| !settings.change_authors.iter().any(|author| settings.same_party(author, name)));
    if !ticket.vouched_by.is_empty() && others.count() == 0 {
        return refuse("it stands on the change's own author alone");
    }
    let Some(opened) = ticket.opened_at else { return refuse("nothing tells when it was opened") };
    if let Some(window) = &ticket.window {
        if window.start.is_some_and(|start| now < start) {
            return refuse("its window has not begun");
        }
        if window.end.is_some_and(|end| now >= end) {
            return refuse("its window is over");
        }
    }
    let end = opened.checked_add(settings.limits.emergency).unwrap_or(Timestamp::MAX);
    if now >= end {
        return Err(format!("it was opened {opened}, longer ago than policy.limits.override allows"));
    }
    Ok(format!("an approved emergency change, opened {opened}; it lets deploys through until {end}"))
}
