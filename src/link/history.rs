//! A ticket's history in one vocabulary: Jira's changelog, GitHub's events, GitLab's system notes and ServiceNow's audit name the
//! same part of a ticket differently. Who may change what is decided in `trust`, what becomes of it in `settle` and `replay`.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::model::settings::Settings;
use crate::model::ticket::{Change, Field, Person, Record, System};

/// The part of a ticket that a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Title,
    Description,
    /// Issue type, catalogue item.
    Kind,
    Project,
    Labels,
    Assignee,
    /// Who is to approve it.
    Approvers,
    Due,
    Status,
    Resolution,
    /// Links to other tickets.
    Relation,
    /// A field that the configuration maps.
    Field(Field),
    Other,
}

/// One change, with what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry<'r> {
    pub(super) part: Part,
    pub(super) at: Option<Timestamp>,
    pub(super) author: &'r Person,
    pub(super) from: Option<Cow<'r, str>>,
    pub(super) to: Option<Cow<'r, str>>,
    /// The tracker's own name of the field.
    pub(super) field: Cow<'r, str>,
}

/// All changes of a ticket, oldest first. A change without a time is taken for the newest: it must not pass as old.
pub(super) fn of<'r>(record: &'r Record, settings: &Settings) -> Vec<Entry<'r>> {
    let mut out: Vec<Entry<'r>> = record
        .history
        .iter()
        .map(|change| Entry {
            part: part(record, settings, change),
            at: change.at,
            author: &change.author,
            from: change.from.as_deref().map(Cow::Borrowed),
            to: change.to.as_deref().map(Cow::Borrowed),
            field: Cow::Borrowed(change.field.as_str()),
        })
        .collect();
    if record.system == System::Gitlab {
        for comment in record.comments.iter().filter(|comment| comment.system) {
            for (part, from, to) in note(&comment.text) {
                // A source may have read the same note as a change already.
                let known = out.iter().any(|entry| entry.part == part && entry.at == comment.at);
                if !known {
                    out.push(Entry {
                        part,
                        at: comment.at,
                        author: &comment.author,
                        from: from.map(Cow::Owned),
                        to: to.map(Cow::Owned),
                        field: Cow::Borrowed("system note"),
                    });
                }
            }
        }
    }
    out.sort_by_key(|entry| entry.at.unwrap_or(Timestamp::MAX));
    out
}

/// What a tracker's field name means; a site's own fields by the configuration's mapping.
fn part(record: &Record, settings: &Settings, change: &Change) -> Part {
    let plain = |name: &str| name.trim().to_lowercase().replace(['_', '-'], " ");
    let name = plain(&change.field);
    let mapped = settings.fields.get(&record.source).into_iter().flatten();
    for (field, own) in mapped {
        if plain(own) == name {
            return Part::Field(*field);
        }
    }
    match name.as_str() {
        "summary" | "title" | "short description" | "renamed" | "name" => Part::Title,
        "description" | "body" => Part::Description,
        // Jira's own text field of that name; elsewhere it is a site's field, as mapped.
        "environment" if record.system == System::Jira => Part::Description,
        "issuetype" | "issue type" | "type" | "kind" | "cat item" | "category" => Part::Kind,
        "project" | "key" | "transferred" | "moved" | "sys class name" => Part::Project,
        "label" | "labels" | "labeled" | "unlabeled" | "component" | "components" | "tags" | "sys tags" => Part::Labels,
        "assignee" | "assignees" | "assigned" | "unassigned" | "assigned to" => Part::Assignee,
        "approver" | "approvers" | "approved by" | "approval group" => Part::Approvers,
        "approval" | "approval status" | "approval state" => Part::Field(Field::Approval),
        "duedate" | "due date" | "due" | "due at" => Part::Due,
        "status" | "state" | "closed" | "reopened" => Part::Status,
        "resolution" | "state reason" | "close code" | "resolution code" | "close reason" => Part::Resolution,
        "link" | "links" | "issuelinks" | "relation" | "parent" => Part::Relation,
        // Servers that give display names only: the last change of a configured field shows the value that stands there.
        _ => {
            let stands =
                |value: &str| change.to.as_deref().is_some_and(|to| !to.is_empty() && to.trim() == value.trim());
            let found = record.fields.iter().find(|(_, value)| stands(value));
            found.map_or(Part::Other, |(field, _)| Part::Field(*field))
        }
    }
}

/// GitLab's system notes ("System notes" in GitLab's documentation): what one says, before and after where it tells them.
fn note(text: &str) -> Vec<(Part, Option<String>, Option<String>)> {
    let text = text.trim();
    let lower = text.to_lowercase();
    let starts = |head: &str| lower.starts_with(head);
    let two = |part, rest: &str, between: &str| {
        let (from, to) = rest.split_once(between).unwrap_or((rest, ""));
        vec![(part, filled(&unmarked(from, '-')), filled(&unmarked(to, '+')))]
    };
    let after = |head: &str| text.get(head.len()..).unwrap_or_default().trim();
    match () {
        () if starts("changed title from ") => two(Part::Title, after("changed title from "), "** to **"),
        () if starts("changed the description") => vec![(Part::Description, None, None)],
        () if starts("changed type from ") => two(Part::Kind, after("changed type from "), " to "),
        () if starts("moved from ") => {
            let from = after("moved from ").rsplit_once('#').map_or("", |(project, _)| project);
            vec![(Part::Project, filled(from), None)]
        }
        () if starts("closed") => vec![(Part::Status, Some("opened".to_owned()), Some("closed".to_owned()))],
        () if starts("reopened") => vec![(Part::Status, Some("closed".to_owned()), Some("reopened".to_owned()))],
        () if starts("marked this issue as a duplicate") => {
            vec![(Part::Resolution, None, Some("duplicate".to_owned()))]
        }
        () if starts("assigned to ") || starts("unassigned ") => assignments(&lower),
        () if starts("changed due date to ") => vec![(Part::Due, None, filled(after("changed due date to ")))],
        () if starts("removed due date") => vec![(Part::Due, None, None)],
        () if (starts("added ~") || starts("removed ~")) && lower.contains(" label") => labels(text),
        () => Vec::new(),
    }
}

/// `assigned to @a and unassigned @b`: one change of the assignee.
fn assignments(lower: &str) -> Vec<(Part, Option<String>, Option<String>)> {
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    let mut away = false;
    for word in lower.split_whitespace() {
        let word = word.trim_end_matches([',', '.']);
        match word.strip_prefix('@') {
            Some(name) if away => gone.push(name.to_owned()),
            Some(name) => new.push(name.to_owned()),
            None if word == "unassigned" => away = true,
            None if word == "assigned" => away = false,
            None => {}
        }
    }
    vec![(Part::Assignee, filled(&gone.join(", ")), filled(&new.join(", ")))]
}

/// `added ~"needs review" ~leak and removed ~done labels`: one change for each label.
fn labels(text: &str) -> Vec<(Part, Option<String>, Option<String>)> {
    let mut out = Vec::new();
    let mut added = true;
    let mut rest = text;
    while !rest.is_empty() {
        let word = rest.split_whitespace().next().unwrap_or_default();
        let start = rest.find(word).unwrap_or(0);
        if word.is_empty() {
            break;
        }
        rest = &rest[start..];
        let end = match rest.strip_prefix("~\"").and_then(|inner| inner.find('"')) {
            Some(length) => length + 3,
            None => word.len(),
        };
        let (one, more) = rest.split_at(end);
        rest = more;
        match one {
            "added" => added = true,
            "removed" => added = false,
            _ => {
                if let Some(label) = one.strip_prefix('~').map(|label| label.trim_matches('"').to_owned()) {
                    out.push(if added { (Part::Labels, None, Some(label)) } else { (Part::Labels, Some(label), None) });
                }
            }
        }
    }
    out
}

/// Without the marks of GitLab's inline differences (`{-old-}`, `{+new+}`) and of strong type.
fn unmarked(text: &str, side: char) -> String {
    text.replace(&format!("{{{side}"), "").replace(&format!("{side}}}"), "").replace("**", "")
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn system_notes_of_gitlab() {
        let title = "changed title from **Revoke {-DEPLOY-} key** to **Revoke {+OTHER+} key**";
        assert_eq!(note(title), [(Part::Title, some("Revoke DEPLOY key"), some("Revoke OTHER key"))]);
        assert_eq!(note("changed the description"), [(Part::Description, None, None)]);
        assert_eq!(note("assigned to @eve and unassigned @dave"), [(Part::Assignee, some("dave"), some("eve"))]);
        assert_eq!(
            note("added ~\"needs review\" ~leak and removed ~done labels"),
            [
                (Part::Labels, None, some("needs review")),
                (Part::Labels, None, some("leak")),
                (Part::Labels, some("done"), None)
            ]
        );
        assert_eq!(note("moved from acme/shop#4"), [(Part::Project, some("acme/shop"), None)]);
        assert_eq!(note("mentioned in merge request !3"), []);
    }

    proptest::proptest! {
        #[test]
        fn any_note_is_read(text in "(added|removed|changed title from|assigned to|~|\"|@|\\*| |é){0,12}\\PC{0,20}") {
            let _ = note(&text);
        }
    }
}
