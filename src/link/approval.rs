//! Whether a ticket was approved, by whom and when. An approval by whoever opened the ticket, or by the author of the change under
//! the gate, is none; what else people may do is decided in `trust`.

use jiff::Timestamp;

use crate::model::ticket::{Distrusted, Field, Person, Record, System};

use super::history::{Entry, Part};
use super::links::quote;
use super::state::system;
use super::tokens::words;
use super::trust::Trust;

/// What can be read of a ticket's approval.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Approval {
    pub(super) given: bool,
    /// When, where that is told.
    pub(super) at: Option<Timestamp>,
    /// Approvals that do not count.
    pub(super) distrusted: Vec<Distrusted>,
}

impl Trust<'_> {
    /// The approval, as far as it can be read; where it cannot be read there is none.
    pub(super) fn approval(&self) -> Approval {
        let mut out = Approval::default();
        if let Some(value) = self.record.fields.get(&Field::Approval) {
            if !self.means_approved(value) {
                return out;
            }
            let entry = self.set(Part::Field(Field::Approval));
            self.by_entry(entry, "approved", value, &mut out);
            return out;
        }
        let configured = self.settings.trust.approved.contains_key(system(self.record.system));
        if let Some(label) = self.record.labels.iter().find(|label| configured && self.means_approved(label)) {
            let entry = self.set(Part::Labels);
            self.by_entry(entry, "labelled as approved", label, &mut out);
        }
        for person in &self.record.approvers {
            if self.approver(person) {
                out.given = true;
            } else {
                out.distrusted.push(refused("approved", person, "approvers", person.label()));
            }
        }
        self.by_comments(&mut out);
        out
    }

    fn means_approved(&self, value: &str) -> bool {
        match self.settings.trust.approved.get(system(self.record.system)) {
            Some(words) => words.iter().any(|word| word.trim().eq_ignore_ascii_case(value.trim())),
            None => matches!(value.trim().to_lowercase().as_str(), "approved" | "genehmigt" | "approuvé" | "aprobado"),
        }
    }

    /// The change that approved.
    fn set(&self, part: Part) -> Option<&Entry<'_>> {
        let approves = |entry: &&Entry<'_>| {
            let to = entry.to.as_deref().unwrap_or_default();
            entry.part == part && (self.means_approved(to) || to.split_whitespace().any(|one| self.means_approved(one)))
        };
        self.entries.iter().rev().find(approves)
    }

    /// A field or label that says so: whoever set it must be somebody else than who opened the ticket, and not of the change.
    fn by_entry(&self, entry: Option<&Entry<'_>>, what: &str, value: &str, out: &mut Approval) {
        match entry {
            Some(entry) if self.own(entry.author) => {
                out.distrusted.push(refused(what, entry.author, &entry.field, value));
            }
            // Nobody is seen to have set it, in a history that is at hand: it was there when the ticket was opened, and nobody else is there.
            None if self.record.system == System::Jira
                && !self.entries.is_empty()
                && self.record.approvers.is_empty()
                && self.own(&self.record.reporter)
                && self.record.assignee.as_ref().is_none_or(|assignee| self.same(assignee, &self.record.reporter)) =>
            {
                out.distrusted.push(refused(what, &self.record.reporter, "at its opening", value));
            }
            _ => {
                out.given = true;
                out.at = entry.and_then(|entry| entry.at);
            }
        }
    }

    /// Whether an approval by this person is their own. Those whom the configuration names may approve what they opened.
    fn own(&self, person: &Person) -> bool {
        self.of_change(person) || (self.same(person, &self.record.reporter) && !self.configured(person))
    }

    /// What the configured approvers said last: an approval can be taken back.
    fn by_comments(&self, out: &mut Approval) {
        let mut last: Vec<(&Person, bool, Option<Timestamp>)> = Vec::new();
        let said = self.record.comments.iter().filter(|comment| !comment.system);
        for comment in said {
            let Some(yes) = approves(&comment.text).filter(|_| self.configured(&comment.author)) else { continue };
            if self.of_change(&comment.author) {
                if yes {
                    out.distrusted.push(refused("approved", &comment.author, "comment", &comment.text));
                }
                continue;
            }
            last.retain(|(person, ..)| !self.same(person, &comment.author));
            last.push((&comment.author, yes, comment.at));
        }
        if let Some((.., at)) = last.iter().find(|(_, yes, _)| *yes) {
            out.given = true;
            out.at = out.at.or(*at);
        }
    }
}

fn refused(what: &str, by: &Person, field: &str, words: &str) -> Distrusted {
    Distrusted { what: format!("{what} by {}", by.label()), field: field.to_owned(), quote: quote(words) }
}

/// Whether the tracker's own fields say that a ticket is an emergency change: its type, request type, or a label. The title and the
/// text say nothing here: anybody writes them.
pub(super) fn emergency(record: &Record) -> bool {
    let says = |text: &str| {
        let text: String = text.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
        let all: Vec<&str> = text.split_whitespace().collect();
        let one = |word: &&str| {
            matches!(*word, "emergency" | "breakglass" | "notfall" | "notfalländerung" | "urgence" | "emergencia")
        };
        all.iter().any(one) || all.windows(2).any(|pair| pair == ["break", "glass"])
    };
    let request = record.fields.get(&Field::RequestType);
    record.kind.iter().chain(request).chain(&record.labels).any(|text| says(text))
}

/// Whether a comment gives an approval or takes one back; none where it speaks of none.
fn approves(text: &str) -> Option<bool> {
    let all = words(text);
    let has = |options: &[&str]| all.iter().any(|w| options.contains(&w.text.as_str()));
    let taken_back = all.iter().enumerate().any(|(at, w)| {
        matches!(w.text.as_str(), "approval" | "genehmigung" | "aprobación")
            && all[at.saturating_sub(3)..at].iter().chain(all.iter().skip(at + 1).take(3)).any(|w| {
                matches!(
                    w.text.as_str(),
                    "withdraw"
                        | "withdrawn"
                        | "withdrawing"
                        | "revoke"
                        | "revoked"
                        | "retract"
                        | "retracted"
                        | "rescind"
                        | "zurückgezogen"
                        | "retirada"
                )
            })
    });
    if taken_back {
        return Some(false);
    }
    has(&["approved", "approve", "lgtm", "genehmigt", "approuvé", "aprobado"])
        .then(|| !has(&["not", "no", "don't", "cannot"]))
}

#[cfg(test)]
mod tests {
    use super::approves;

    #[test]
    fn given_and_taken_back() {
        for (text, meant) in [
            ("Approved.", Some(true)),
            ("Approved: revoke the key today.", Some(true)),
            ("Not approved.", Some(false)),
            ("I withdraw my approval.", Some(false)),
            ("My approval is hereby revoked", Some(false)),
            ("Thanks!", None),
        ] {
            assert_eq!(approves(text), meant, "{text}");
        }
    }
}
