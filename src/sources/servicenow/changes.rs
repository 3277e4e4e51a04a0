//! Which tickets are asked for: all of them, or, where an earlier run has kept them, those that have changed since. What is kept counts
//! only while the instance counts as many rows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::sources::tracker::shelf::{Kept, Shelf, Writer};

use super::client::Refusal;
use super::parts::{APPROVAL, ENTRIES, TABLE, VARIABLES, WITHOUT};
use super::query;
use super::session::{PAGE, Row, Session, Walk, value};

/// How far back before the last run changes are asked for: a row that was being written then has an earlier time.
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);

/// Beyond so many changed tickets, everything is asked for: they are held in memory.
const MOST_CHANGED: usize = 20_000;

type Hand<'h> = dyn FnMut(&Value) + Send + 'h;

/// Hands over every ticket of the configured tables.
pub(super) async fn read(session: &Session<'_>, shelf: Option<&Shelf>, hand: &mut Hand<'_>) {
    let now = Timestamp::now();
    if let Some(shelf) = shelf
        && let Some(kept) = shelf.open(now)
        && let Some(changes) = Changes::since(session, kept).await
        && changes.hand_over(session, shelf, now, hand)
    {
        return;
    }
    everything(session, shelf, now, hand).await;
}

async fn everything(session: &Session<'_>, shelf: Option<&Shelf>, now: Timestamp, hand: &mut Hand<'_>) {
    let mut writer = shelf.and_then(|shelf| shelf.begin(None, now).ok());
    let mut seen = BTreeSet::new();
    for (table, query) in &session.place.tables {
        let mut take = |id: &str, item: &Value| {
            // A table and the one that it extends may both be configured.
            if seen.insert(id.to_owned()) {
                hand(item);
                if let Some(writer) = &mut writer {
                    writer.put(id, item);
                }
            }
        };
        whole_table(session, table, query, &mut take).await;
    }
    finish(session, writer);
}

fn finish(session: &Session<'_>, writer: Option<Writer<'_>>) {
    let state = session.state();
    if let (Some(writer), Some(as_of), false) = (writer, state.as_of, state.incomplete) {
        writer.finish(as_of);
    }
}

async fn whole_table(session: &Session<'_>, table: &str, query: &str, take: &mut (dyn FnMut(&str, &Value) + Send)) {
    let mut walk = Walk::new(table, query, &session.fields, PAGE);
    let mut some = false;
    let mut next = Some(session.step(&mut walk).await);
    while let Some(page) = next.take() {
        let rows = match page {
            Ok(rows) => rows,
            Err(refusal) => return session.gap(table, &refused(table, &refusal)),
        };
        some |= !rows.is_empty();
        let follow = async { if walk.end { None } else { Some(session.step(&mut walk).await) } };
        let (items, page) = futures::join!(session.whole(table, rows), follow);
        items.iter().for_each(|(id, item)| take(id, item));
        next = page;
    }
    if walk.hidden() > 0 {
        let (hidden, all) = (walk.hidden(), walk.announced().unwrap_or_default());
        session.gap(
            table,
            &format!(
                "announces {all} rows and does not show {hidden} of them: access rules hide them; {}",
                role(table)
            ),
        );
    } else if !some {
        nothing(session, table, query).await;
    } else if walk.announced().is_none() {
        session.note(format!("{table}: the instance does not count its rows: whether some are hidden is not known"));
    }
}

/// A table without rows: that no row meets the query is fine, that the user sees none is not.
async fn nothing(session: &Session<'_>, table: &str, query: &str) {
    let any = if query.is_empty() { Ok(Default::default()) } else { session.client.rows(table, "", "sys_id", 1).await };
    match any {
        Ok(page) if !page.rows.is_empty() => session.note(format!("{table}: no row meets `query`")),
        Ok(_) => session.gap(
            table,
            &format!("shows no rows: where it has some, {}; where it has none, take it out of `tables`", role(table)),
        ),
        Err(refusal) => session.gap(table, &refused(table, &refusal)),
    }
}

/// A refusal in words, with what to do.
fn refused(table: &str, refusal: &Refusal) -> String {
    match refusal {
        Refusal::Denied(reason) => format!("{reason}: no right to read this table: {}", role(table)),
        Refusal::Failed(reason) => reason.clone(),
    }
}

/// The least role that ServiceNow ships for a table ("Components installed with ITSM Roles").
fn role(table: &str) -> &'static str {
    match table {
        "incident" => "give the user the role sn_incident_read",
        "change_request" => "give the user the role sn_change_read",
        "problem" => "give the user the role sn_problem_read",
        "sc_req_item" | "sc_task" | "sc_request" | "task" => {
            "give the user the role itil, or one of your own with a read rule for this table"
        }
        _ => "give the user a role with a read rule for this table",
    }
}

/// What has changed since tickets were kept.
struct Changes {
    /// Tickets as they are now.
    new: BTreeMap<String, Value>,
    /// Tickets that meet the query no more.
    gone: BTreeSet<String>,
}

/// What is known of kept tickets without holding them.
#[derive(Default)]
struct Known {
    /// Their tables.
    tables: BTreeMap<String, String>,
    /// Tasks by their requested item, whose form is theirs, too.
    tasks: BTreeMap<String, Vec<String>>,
    /// Approvals were not shown then.
    no_approvals: bool,
}

impl Known {
    fn of(mut kept: Kept) -> Option<Self> {
        let mut known = Self::default();
        while let Some((id, item)) = kept.next().ok()? {
            let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            if let Some(form) = item.as_object().and_then(|row| value(row, "request_item")) {
                known.tasks.entry(form).or_default().push(id.clone());
            }
            known.no_approvals |= item[WITHOUT].as_array().is_some_and(|all| all.iter().any(|table| table == APPROVAL));
            known.tables.insert(id, text(TABLE));
        }
        Some(known)
    }
}

impl Changes {
    /// Asks for what has changed. None where everything must be asked for.
    async fn since(session: &Session<'_>, kept: Kept) -> Option<Self> {
        let since = query::time(kept.as_of.checked_sub(OVERLAP).ok()?);
        let known = Known::of(kept)?;
        let updated = format!("sys_updated_on>={since}");
        let mut changes = Self { new: BTreeMap::new(), gone: BTreeSet::new() };
        let touched = touched(session, &since, &known).await?;
        if session.is_without(APPROVAL) != known.no_approvals {
            return None;
        }
        for (table, query) in &session.place.tables {
            changes.take(session, table, &query::and(query, &updated)).await;
            if !query.is_empty() && !changes.left(session, table, &updated, &known).await {
                return None;
            }
            let rest: Vec<&String> = touched
                .iter()
                .filter(|id| known.tables.get(*id) == Some(table) && !changes.new.contains_key(*id))
                .collect();
            for some in rest.chunks(PAGE) {
                changes.take(session, table, &query::and(query, &query::among("sys_id", some))).await;
            }
            if changes.new.len() > MOST_CHANGED {
                return None;
            }
        }
        for (table, query) in &session.place.tables {
            let of_table = |id: &&String| known.tables.get(*id) == Some(table) && !changes.gone.contains(*id);
            let fresh =
                changes.new.iter().filter(|(id, item)| !known.tables.contains_key(*id) && item[TABLE] == **table);
            let count = known.tables.keys().filter(of_table).count() + fresh.count();
            match session.client.rows(table, query, "sys_id", 1).await {
                // Rows were deleted, or have left the query without a word.
                Ok(page) if page.total != Some(count as u64) => return None,
                Ok(_) => {}
                Err(refusal) => session.gap(table, &refused(table, &refusal)),
            }
        }
        Some(changes)
    }

    /// Tickets of a table that meet a query, whole.
    async fn take(&mut self, session: &Session<'_>, table: &str, query: &str) {
        let mut walk = Walk::new(table, query, &session.fields, PAGE);
        while !walk.end {
            match session.step(&mut walk).await {
                Ok(rows) => self.new.extend(session.whole(table, rows).await),
                Err(refusal) => return session.gap(table, &refused(table, &refusal)),
            }
            if self.new.len() > MOST_CHANGED {
                return;
            }
        }
        if walk.hidden() > 0 {
            session.gap(table, &format!("access rules hide {} changed rows; {}", walk.hidden(), role(table)));
        }
    }

    /// Kept tickets that have changed and meet the configured query no more. False where that cannot be told.
    async fn left(&mut self, session: &Session<'_>, table: &str, updated: &str, known: &Known) -> bool {
        let Ok((rows, 0)) = session.all(table, updated, "sys_id").await else { return false };
        let ids = rows.iter().filter_map(|row| value(row, "sys_id"));
        self.gone.extend(ids.filter(|id| known.tables.contains_key(id) && !self.new.contains_key(id)));
        true
    }

    /// Hands over what was kept, with the changes. False where it cannot be read any more and nothing was handed over.
    fn hand_over(mut self, session: &Session<'_>, shelf: &Shelf, now: Timestamp, hand: &mut Hand<'_>) -> bool {
        let Some(mut kept) = shelf.open(now) else { return false };
        let mut writer = shelf.begin(Some(&kept), now).ok();
        let mut take = |id: &str, item: &Value| {
            hand(item);
            if let Some(writer) = &mut writer {
                writer.put(id, item);
            }
        };
        loop {
            match kept.next() {
                Ok(Some((id, _))) if self.gone.contains(&id) => {}
                Ok(Some((id, item))) => take(&id, &self.new.remove(&id).unwrap_or(item)),
                Ok(None) => break,
                Err(_) => {
                    session.gap("kept tickets", "cannot be read any more; the next run asks for everything");
                    break;
                }
            }
        }
        self.new.iter().for_each(|(id, item)| take(id, item));
        finish(session, writer);
        true
    }
}

/// Tickets whose approvals, comments or answers have changed: that does not always change the time of the ticket itself. None where
/// that cannot be told.
async fn touched(session: &Session<'_>, since: &str, known: &Known) -> Option<BTreeSet<String>> {
    let asked = format!("sys_updated_on>={since}");
    let approvals = session.optional(APPROVAL, &asked, "sys_id,sysapproval");
    let mut names: Vec<&str> = session.place.tables.iter().map(|(table, _)| table.as_str()).collect();
    names.push("task");
    let asked = format!("{}^elementINcomments,work_notes^sys_created_on>={since}", query::among("name", &names));
    let entries = session.optional(ENTRIES, &asked, "sys_id,element_id");
    let asked = format!("sc_item_option.sys_updated_on>={since}");
    let answers = session.all(VARIABLES, &asked, "sys_id,request_item");
    let (approvals, entries, answers) = futures::join!(approvals, entries, answers);
    let of = |rows: &[Row], key: &str| -> Vec<String> { rows.iter().filter_map(|row| value(row, key)).collect() };
    let mut out: BTreeSet<String> = of(&approvals, "sysapproval").into_iter().collect();
    out.extend(of(&entries, "element_id"));
    match answers {
        Ok((rows, 0)) => {
            let forms = of(&rows, "request_item");
            out.extend(forms.iter().filter_map(|form| known.tasks.get(form)).flatten().cloned());
            out.extend(forms);
        }
        _ => return None,
    }
    Some(out)
}
