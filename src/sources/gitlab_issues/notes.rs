//! What GitLab's own notes on an issue tell, in GitLab's English: changes of title, description, due date and assignee, and relations to
//! other issues ("Notes API", notes with `system: true`). Their authors are those who made the change.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::ticket::{Change, Comment, Person};

/// History and relations out of an issue's comments, oldest first; `project` is what a short reference (`#3`) is below.
pub(super) fn read(comments: &[Comment], project: &str) -> (Vec<Change>, Vec<(String, String)>) {
    let (mut history, mut relations) = (Vec::new(), Vec::new());
    let mut due = None;
    for comment in comments.iter().filter(|comment| comment.system) {
        let text = comment.text.trim();
        let mut change = |field: &str, from: Option<String>, to: Option<String>| {
            history.push(made(comment.at, &comment.author, field, from, to));
        };
        if let Some(names) = text.strip_prefix("changed title from **") {
            if let Some((from, to)) = names.split_once("** to **") {
                change("title", Some(plain(from)), Some(plain(to.trim_end_matches("**"))));
            }
        } else if text.starts_with("changed the description") {
            change("description", None, None);
        } else if text.starts_with("removed due date") {
            change("duedate", due.take(), None);
        } else if let Some(new) = text.strip_prefix("changed due date to ").and_then(day) {
            let new = new.to_string();
            change("duedate", due.replace(new.clone()), Some(new));
        } else if let Some(who) = text.strip_prefix("assigned to @") {
            change("assignee", None, word(who));
        } else if let Some(who) = text.strip_prefix("unassigned @") {
            change("assignee", word(who), None);
        } else if let Some((relation, other)) = relation(text, project) {
            relations.push((relation.to_owned(), other));
        }
    }
    (history, relations)
}

/// A change of the status, as a state event tells it.
pub(super) fn status(at: Option<Timestamp>, author: &Person, from: Option<&str>, to: &str) -> Change {
    made(at, author, "status", from.map(str::to_owned), Some(to.to_owned()))
}

fn made(at: Option<Timestamp>, author: &Person, field: &str, from: Option<String>, to: Option<String>) -> Change {
    Change { at, author: author.clone(), field: field.to_owned(), from, to }
}

/// A title without the marks of what was taken out and put in: `{-old-}`, `{+new+}`.
fn plain(title: &str) -> String {
    ["{-", "-}", "{+", "+}"].iter().fold(title.trim().to_owned(), |text, mark| text.replace(mark, ""))
}

fn word(text: &str) -> Option<String> {
    let word: String = text.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')).collect();
    (!word.is_empty()).then_some(word)
}

/// `May 27, 2026`, with the month in full in older versions.
fn day(text: &str) -> Option<Date> {
    let text: Vec<&str> = text.split_whitespace().take(3).collect();
    let text = text.join(" ");
    ["%b %d, %Y", "%B %d, %Y"].iter().find_map(|form| Date::strptime(form, &text).ok())
}

/// What a note says of this issue and another one.
fn relation(text: &str, project: &str) -> Option<(&'static str, String)> {
    const WORDS: [(&str, &str); 6] = [
        ("marked this issue as a duplicate of ", "duplicates"),
        ("marked this issue as related to ", "relates to"),
        ("marked this issue as blocked by ", "is blocked by"),
        ("marked this issue as blocking ", "blocks"),
        ("moved to ", "moved to"),
        ("moved from ", "moved from"),
    ];
    let (relation, rest) = WORDS.iter().find_map(|(words, relation)| Some((*relation, text.strip_prefix(*words)?)))?;
    let other = rest.split_whitespace().next()?.trim_end_matches(['.', ',']);
    let (path, number) = other.split_once('#')?;
    number.parse::<u64>().ok()?;
    let path = if path.is_empty() { project } else { path };
    Some((relation, format!("{path}#{number}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(text: &str) -> Comment {
        let author = Person { names: vec!["carol".into()], display: None };
        Comment { author, at: None, text: text.into(), system: true }
    }

    #[test]
    fn changes_and_relations() {
        let said = [
            "changed title from **Revoke {-A-}** to **Revoke {+B+}**",
            "changed due date to May 27, 2026",
            "changed due date to November 3, 2026",
            "removed due date November 3, 2026",
            "changed the description",
            "assigned to @bob and unassigned @eve",
            "marked this issue as a duplicate of #3",
            "marked this issue as related to acme/other#4",
            "moved to acme/new#5",
            "mentioned in commit abc",
            "changed due date to someday",
        ];
        let mut notes: Vec<Comment> = said.iter().map(|text| note(text)).collect();
        // A person's own words are no note of GitLab's.
        notes.push(Comment { system: false, ..note("changed the description") });
        let (history, relations) = read(&notes, "acme/shop");
        let told: Vec<(&str, Option<&str>, Option<&str>)> =
            history.iter().map(|c| (c.field.as_str(), c.from.as_deref(), c.to.as_deref())).collect();
        assert_eq!(
            told,
            [
                ("title", Some("Revoke A"), Some("Revoke B")),
                ("duedate", None, Some("2026-05-27")),
                ("duedate", Some("2026-05-27"), Some("2026-11-03")),
                ("duedate", Some("2026-11-03"), None),
                ("description", None, None),
                ("assignee", None, Some("bob")),
            ]
        );
        let of = |relation: &str, other: &str| (relation.to_owned(), other.to_owned());
        assert_eq!(
            relations,
            [of("duplicates", "acme/shop#3"), of("relates to", "acme/other#4"), of("moved to", "acme/new#5")]
        );
    }
}
