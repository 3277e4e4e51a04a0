//! Whom to believe: tightening from anybody, loosening only from the assignee, approvers and those whom the site trusts (SEMANTICS,
//! "Loosening is trusted less than tightening"). What was not trusted is kept for the evidence.

use std::collections::BTreeSet;

use crate::model::Id;
use crate::model::settings::Settings;
use crate::model::ticket::{Comment, Distrusted, Field, Intent, Link, Person, Record, Strength, Window};

use super::links::{Linked, quote};
use super::mention::{Mention, Target};
use super::state::system;
use super::text::{Origin, Unit};
use super::tokens::{tokens, words};
use super::window::Extension;

/// Who may loosen a ticket.
pub(super) struct Trust<'t> {
    pub(super) record: &'t Record,
    pub(super) settings: &'t Settings,
}

impl Trust<'_> {
    /// Whether somebody may loosen this ticket by a comment or a change of it.
    pub(super) fn trusts(&self, person: &Person) -> bool {
        if person.names.is_empty() || person.is_any_of(&self.settings.change_authors) || !self.project() {
            return false;
        }
        let same =
            |other: &Person| other.names.iter().any(|a| person.names.iter().any(|b| self.settings.same_party(a, b)));
        self.record.assignee.iter().chain(&self.record.approvers).any(same)
            || person
                .names
                .iter()
                .any(|name| self.settings.trust.approvers.iter().any(|a| self.settings.same_party(a, name)))
    }

    /// Whether tickets of this project may loosen.
    pub(super) fn project(&self) -> bool {
        let projects = &self.settings.trust.projects;
        projects.is_empty() || projects.iter().any(|project| project.eq_ignore_ascii_case(&self.record.project))
    }

    /// Whether it was approved, as far as can be read; where it cannot be read it was not.
    pub(super) fn approved(&self) -> bool {
        let words = self.settings.trust.approved.get(system(self.record.system));
        let means_approved = |value: &str| match words {
            Some(words) => words.iter().any(|word| word.trim().eq_ignore_ascii_case(value.trim())),
            None => matches!(value.trim().to_lowercase().as_str(), "approved" | "genehmigt" | "approuvé" | "aprobado"),
        };
        if let Some(approval) = self.record.fields.get(&Field::Approval) {
            return means_approved(approval);
        }
        let labelled = words.is_some() && self.record.labels.iter().any(|label| means_approved(label));
        let said = |comment: &Comment| {
            let by = comment
                .author
                .names
                .iter()
                .any(|name| self.settings.trust.approvers.iter().any(|a| self.settings.same_party(a, name)));
            by && !comment.author.is_any_of(&self.settings.change_authors) && approves(&comment.text)
        };
        labelled || !self.record.approvers.is_empty() || self.record.comments.iter().any(said)
    }

    /// Whether the ticket may remove an expectation: its project, its approval, and not by the change's author alone.
    pub(super) fn may_loosen(&self, approved: bool) -> bool {
        let behind: Vec<&Person> = self.record.assignee.iter().chain(&self.record.approvers).collect();
        let authors = &self.settings.change_authors;
        let alone = !authors.is_empty()
            && self.record.reporter.is_any_of(authors)
            && behind.iter().all(|person| person.is_any_of(authors));
        approved && self.project() && !alone
    }

    /// Every name of those who stand behind it.
    pub(super) fn vouched_by(&self) -> Vec<String> {
        let behind = self.record.assignee.iter().chain(&self.record.approvers);
        let names: BTreeSet<String> =
            behind.flat_map(|person| &person.names).flat_map(|name| self.settings.names_of(name)).collect();
        names.into_iter().collect()
    }

    /// A longer window in a comment. One that was over before the ticket was closed loosens nothing any more, and is history.
    pub(super) fn extend(
        &self,
        window: &mut Window,
        extensions: Vec<Extension>,
        distrusted: &mut Vec<Distrusted>,
        why: &mut Vec<String>,
    ) {
        for extension in extensions {
            let Some(comment) = self.record.comments.get(extension.comment) else { continue };
            if window.end.is_some_and(|end| extension.end <= end) {
                continue;
            }
            let over = self.record.closed_at.is_some_and(|closed| extension.end <= closed);
            if self.trusts(&comment.author) || over {
                window.end = Some(extension.end);
                why.push(format!("window extended by {}: {}", comment.author.label(), quote(&extension.words)));
            } else {
                distrusted.push(Distrusted {
                    what: format!("window extended by {}", super::window::author(comment)),
                    field: format!("comment {}", extension.comment + 1),
                    quote: quote(&extension.words),
                });
            }
        }
    }

    /// A due date that somebody moved who may not: the date before stands.
    pub(super) fn due(
        &self,
        due: Option<jiff::Timestamp>,
        distrusted: &mut Vec<Distrusted>,
    ) -> Option<jiff::Timestamp> {
        let mut due = due;
        for change in self
            .record
            .history
            .iter()
            .rev()
            .filter(|c| matches!(c.field.to_lowercase().as_str(), "duedate" | "due_date" | "due date"))
        {
            let read = |text: &Option<String>| {
                text.as_deref().and_then(|text| text.get(..10)?.parse::<jiff::civil::Date>().ok())
            };
            let (from, to) = (read(&change.from), read(&change.to));
            let later = match (from, to) {
                (Some(from), Some(to)) => to > from,
                (Some(_), None) => true,
                _ => false,
            };
            if later
                && !self.trusts(&change.author)
                && let Some(from) = from
            {
                let end = jiff::tz::TimeZone::UTC.to_timestamp(from.at(23, 59, 59, 0)).ok();
                due = end.or(due);
                distrusted.push(Distrusted {
                    what: format!("due date moved by {}", change.author.label()),
                    field: change.field.clone(),
                    quote: quote(&format!(
                        "{} to {}",
                        change.from.as_deref().unwrap_or("nothing"),
                        change.to.as_deref().unwrap_or("nothing")
                    )),
                });
            }
        }
        due
    }

    /// Comments that say another target is meant, or that something is to stay.
    pub(super) fn corrections(
        &self,
        units: &[Unit],
        mentions: &[Mention],
        chosen: &dyn Fn(&Mention) -> Vec<Id>,
        linked: &mut Linked,
        distrusted: &mut Vec<Distrusted>,
    ) {
        let invited = units.iter().any(|unit| !matches!(unit.origin, Origin::Comment(_)) && invites(&unit.text));
        for (index, comment) in self.record.comments.iter().enumerate().filter(|(_, c)| !c.system) {
            let own: Vec<&Mention> =
                mentions.iter().filter(|m| units[m.unit].origin == Origin::Comment(index)).collect();
            let object = invited
                && words(&comment.text).iter().any(|w| {
                    matches!(
                        w.text.as_str(),
                        "object" | "objection" | "keep" | "need" | "needs" | "needed" | "still" | "use" | "uses"
                    )
                });
            if !object && !corrects(&comment.text) {
                continue;
            }
            let mut dropped: BTreeSet<Id> = own
                .iter()
                .filter(|m| m.stance.spares())
                .flat_map(|m| chosen(m))
                .filter(|id| linked.links.contains_key(id))
                .collect();
            dropped.extend(self.short_names(comment, linked));
            let meant: Vec<(Id, &Mention)> = own
                .iter()
                .filter(|m| !m.stance.spares() && !m.identity && m.strength > Strength::Owner)
                .filter_map(|m| {
                    let ids = match &m.target {
                        Target::Unknown(id) => vec![id.clone()],
                        Target::Known(_) => chosen(m),
                    };
                    <[Id; 1]>::try_from(ids).ok().map(|[id]| (id, *m))
                })
                .filter(|(id, _)| !dropped.contains(id))
                .collect();
            if dropped.is_empty() && meant.is_empty() {
                continue;
            }
            // "wrong key, it is B": with one target before and one now, the one before is meant to go.
            if dropped.is_empty() && linked.links.len() == 1 && meant.len() == 1 && wrong(&comment.text) {
                dropped.extend(linked.links.keys().filter(|id| **id != meant[0].0).cloned());
            }
            let by_right = self.trusts(&comment.author)
                || (object && !comment.author.is_any_of(&self.settings.change_authors))
                || self.record.comments[index + 1..]
                    .iter()
                    .any(|later| self.trusts(&later.author) && confirms(&later.text));
            for (id, mention) in meant {
                linked.links.entry(id.clone()).or_insert_with(|| Link {
                    credential: id,
                    strength: mention.strength,
                    field: format!("comment {}", index + 1),
                    quote: quote(&units[mention.unit].text),
                    trusted: by_right,
                });
            }
            if dropped.is_empty() {
                continue;
            }
            if by_right {
                for id in dropped {
                    linked.links.remove(&id);
                    linked.why.push(format!(
                        "not {id}: comment {} by {}: {}",
                        index + 1,
                        comment.author.label(),
                        quote(&comment.text)
                    ));
                    linked.kept.insert(id);
                }
            } else {
                distrusted.push(Distrusted {
                    what: format!("another target named by {}", comment.author.label()),
                    field: format!("comment {}", index + 1),
                    quote: quote(&comment.text),
                });
            }
        }
    }

    /// "234 runs every night, leave it": the part of a linked id that only one of the ticket's has.
    fn short_names(&self, comment: &Comment, linked: &Linked) -> Vec<Id> {
        let mut out = Vec::new();
        // Among many, a short part means nothing.
        if linked.links.len() > 20 {
            return out;
        }
        for sentence in comment.text.split_inclusive(['.', '\n', '!']) {
            let keeps = words(sentence).iter().any(|w| {
                matches!(w.text.as_str(), "leave" | "keep" | "stays" | "stay" | "wrong" | "needed" | "remains")
            });
            if !keeps {
                continue;
            }
            for token in tokens(sentence)
                .into_iter()
                .filter(|t| (3..=12).contains(&t.text.len()) && t.text.bytes().any(|b| b.is_ascii_digit()))
            {
                let lower = token.text.to_lowercase();
                let ids: Vec<&Id> =
                    linked.links.keys().filter(|id| id.as_str().to_lowercase().contains(&lower)).take(2).collect();
                if let [id] = ids[..] {
                    out.push(id.clone());
                }
            }
        }
        out
    }

    /// A rotation that ended as a removal: the one who did it says so.
    pub(super) fn removed_instead(&self, intent: Intent) -> Option<String> {
        if intent != Intent::Rotate {
            return None;
        }
        self.record.comments.iter().rev().take(3).find_map(|comment| {
            let reporter = comment.author.names.iter().any(|name| self.record.reporter.names.contains(name));
            if !self.trusts(&comment.author) && !reporter {
                return None;
            }
            comment.text.split_inclusive(['.', '\n', '!']).find_map(|sentence| {
                let all = words(sentence);
                let instead = all.windows(2).any(|p| p[0].text == "instead" && p[1].text == "of")
                    || all.iter().any(|w| w.text == "rather");
                let removed = all
                    .iter()
                    .any(|w| matches!(w.text.as_str(), "deleted" | "removed" | "revoked" | "retired" | "deactivated"));
                (instead && removed).then(|| quote(sentence))
            })
        })
    }
}

fn approves(text: &str) -> bool {
    let all = words(text);
    let no = all.iter().any(|w| matches!(w.text.as_str(), "not" | "no" | "don't" | "cannot"));
    !no && all
        .iter()
        .any(|w| matches!(w.text.as_str(), "approved" | "approve" | "lgtm" | "genehmigt" | "approuvé" | "aprobado"))
}

/// "They will be deleted unless somebody objects here."
fn invites(text: &str) -> bool {
    let all = words(text);
    let has = |options: &[&str]| all.iter().any(|w| options.contains(&w.text.as_str()));
    (has(&["objects", "object", "objections", "objection", "veto", "shout", "complains", "einspruch", "einwände"])
        && has(&["unless", "if", "until", "no", "without", "sofern", "please"]))
        || (has(&["unless"])
            && has(&["somebody", "someone", "anybody", "anyone", "you"])
            && has(&["needs", "need", "uses", "use", "speaks", "says", "replies", "claims"]))
}

fn corrects(text: &str) -> bool {
    wrong(text)
        || words(text).iter().any(|w| {
            matches!(
                w.text.as_str(),
                "instead" | "correction" | "correct" | "rather" | "actually" | "meant" | "stattdessen" | "gemeint"
            )
        })
}

fn wrong(text: &str) -> bool {
    words(text).iter().any(|w| {
        matches!(
            w.text.as_str(),
            "wrong"
                | "typo"
                | "mistake"
                | "mistaken"
                | "mistyped"
                | "mixed"
                | "mix-up"
                | "sorry"
                | "oops"
                | "swapped"
                | "incorrect"
                | "falsch"
                | "falsche"
                | "equivocado"
        )
    })
}

fn confirms(text: &str) -> bool {
    let all = words(text);
    let no = all.iter().any(|w| matches!(w.text.as_str(), "not" | "no" | "disagree"));
    !no || all.iter().any(|w| {
        matches!(
            w.text.as_str(),
            "instead" | "good" | "ok" | "okay" | "thanks" | "noted" | "right" | "confirmed" | "agreed" | "understood"
        )
    })
}
