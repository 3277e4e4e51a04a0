//! Whom to believe: tightening from anybody, loosening only from the assignee, approvers and those whom the site trusts (SEMANTICS,
//! "Loosening is trusted less than tightening"). What was not trusted is kept for the evidence.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::model::Id;
use crate::model::settings::Settings;
use crate::model::ticket::{Comment, Distrusted, Intent, Link, Person, Record, Strength, System, Window};

use super::choose::Context;
use super::history::{Entry, Part};
use super::links::{Linked, quote};
use super::mention::{Mention, Target};
use super::stance::Stance;
use super::text::Origin;
use super::tokens::{tokens, words};
use super::until::Extension;

/// Who may loosen a ticket.
pub(super) struct Trust<'t> {
    pub(super) record: &'t Record,
    pub(super) settings: &'t Settings,
    /// The ticket's history, oldest first.
    pub(super) entries: Vec<Entry<'t>>,
}

impl<'t> Trust<'t> {
    pub(super) fn new(record: &'t Record, settings: &'t Settings) -> Self {
        Self { record, settings, entries: super::history::of(record, settings) }
    }

    /// Whether somebody may loosen this ticket by what they did at that time. People are known by account, login and address,
    /// never by the name that is shown: anybody can call themselves "Dave".
    pub(super) fn trusts(&self, person: &Person, at: Option<Timestamp>) -> bool {
        !person.names.is_empty()
            && !self.of_change(person)
            && self.project()
            && (self.configured(person) || self.approver(person) || self.assigned(person, at))
    }

    /// Whether a comment is by whoever opened the ticket, written while it was open: until it is done they may still rewrite it as a whole.
    fn opener_writes(&self, comment: &Comment) -> bool {
        self.same(&comment.author, &self.record.reporter)
            && !self.of_change(&comment.author)
            && self.project()
            && comment.at.is_some_and(|at| self.record.closed_at.is_none_or(|closed| at < closed))
    }

    /// Whether two are the same, under any of their known names.
    pub(super) fn same(&self, a: &Person, b: &Person) -> bool {
        a.names.iter().any(|a| b.names.iter().any(|b| self.settings.same_party(a, b)))
    }

    /// Whether somebody is an author of the change under the gate.
    pub(super) fn of_change(&self, person: &Person) -> bool {
        let authors = &self.settings.change_authors;
        person.names.iter().any(|name| authors.iter().any(|author| self.settings.same_party(author, name)))
    }

    /// Whether the configuration names them.
    pub(super) fn configured(&self, person: &Person) -> bool {
        let approvers = &self.settings.trust.approvers;
        person.names.iter().any(|name| approvers.iter().any(|known| self.settings.same_party(known, name)))
    }

    /// Whether they are one of the ticket's approvers. Who opened a ticket does not approve it, and nobody becomes an approver by
    /// their own hand or by that of the change's author.
    pub(super) fn approver(&self, person: &Person) -> bool {
        let made = |entry: &&Entry<'_>| {
            entry.part == Part::Approvers
                && (self.same(entry.author, person) || self.of_change(entry.author))
                && self.names(entry.to.as_deref(), person)
        };
        self.record.approvers.iter().any(|other| self.same(other, person))
            && !self.same(&self.record.reporter, person)
            && !self.of_change(person)
            && !self.entries.iter().any(|entry| made(&entry))
    }

    /// Whether they were the assignee at that time, by somebody else's hand. Trackers let anybody assign themselves: then the
    /// assignment says nothing but that they wanted it. Where the history tells no assignment, the ticket was opened with it.
    fn assigned(&self, person: &Person, at: Option<Timestamp>) -> bool {
        let now = self.record.assignee.as_ref().is_some_and(|assignee| self.same(assignee, person));
        let all: Vec<&Entry<'_>> = self.entries.iter().filter(|entry| entry.part == Part::Assignee).collect();
        let so_far = all.partition_point(|entry| at.is_none_or(|at| entry.at.is_some_and(|then| then <= at)));
        let (before, after) = all.split_at(so_far);
        let (given, taken) = (
            |entry: &Entry<'_>| self.names(entry.to.as_deref(), person),
            |entry: &Entry<'_>| self.names(entry.from.as_deref(), person),
        );
        if let Some(last) = before.iter().rev().find(|entry| given(entry) || taken(entry)) {
            return given(last) && !self.same(last.author, person);
        }
        if let Some(next) = after.iter().find(|entry| given(entry) || taken(entry)) {
            return taken(next);
        }
        // With one assignee at a time, another one's assignment ends theirs; a last entry may name them by a name that is shown.
        let one_only = matches!(self.record.system, System::Jira | System::Servicenow | System::Csv);
        match before.last() {
            Some(last) if one_only => now && after.is_empty() && !self.same(last.author, person),
            _ => now,
        }
    }

    /// Whether a side of a change names somebody; several stand with commas.
    fn names(&self, side: Option<&str>, person: &Person) -> bool {
        side.into_iter()
            .flat_map(|side| side.split([',', ';']))
            .map(|one| one.trim().trim_start_matches('@'))
            .any(|one| !one.is_empty() && person.names.iter().any(|name| self.settings.same_party(name, one)))
    }

    /// Whether tickets of this project may loosen. One that was moved here from elsewhere stays what it was, unless somebody whom
    /// the configuration names moved it.
    pub(super) fn project(&self) -> bool {
        let projects = &self.settings.trust.projects;
        let listed = |name: &str| projects.iter().any(|project| project.eq_ignore_ascii_case(name));
        // Jira tells a move twice: by the project's name and by the key, which has the name that is configured.
        let keyed = self.entries.iter().any(|entry| entry.field.eq_ignore_ascii_case("key"));
        let moves = self
            .entries
            .iter()
            .filter(|entry| entry.part == Part::Project)
            .filter(|entry| !keyed || entry.field.eq_ignore_ascii_case("key"));
        let from_elsewhere = |entry: &Entry<'_>| {
            let from = entry.from.as_deref().unwrap_or_default();
            let key = from.rsplit_once('-').filter(|(_, number)| number.bytes().all(|b| b.is_ascii_digit()));
            !listed(key.map_or(from, |(project, _)| project))
        };
        projects.is_empty()
            || listed(&self.record.project)
                && moves.filter(|entry| !self.configured(entry.author)).all(|entry| !from_elsewhere(entry))
    }

    /// Whether the ticket may remove an expectation: its project, its approval, and not by the change's author alone.
    pub(super) fn may_loosen(&self, approved: bool) -> bool {
        let mut behind = self.record.assignee.iter().chain(&self.record.approvers);
        let alone = !self.settings.change_authors.is_empty()
            && self.of_change(&self.record.reporter)
            && behind.all(|person| self.of_change(person));
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
            if self.trusts(&comment.author, comment.at) || over {
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

    /// Comments that say another target is meant, or that something is to stay.
    pub(super) fn corrections(
        &self,
        context: &Context<'_>,
        mentions: &[Mention],
        linked: &mut Linked,
        distrusted: &mut Vec<Distrusted>,
    ) {
        let units = context.units;
        let chosen = |mention: &Mention| -> Vec<Id> {
            let Target::Known(of) = &mention.target else { return Vec::new() };
            let found = if of.len() == 1 { of.clone() } else { context.choose(of, mention.unit, mention.clause).of };
            found.into_iter().map(|of| context.names.entities[of].id.clone()).collect()
        };
        let invited = units.iter().any(|unit| !matches!(unit.origin, Origin::Comment(_)) && invites(&unit.text));
        for (index, comment) in self.record.comments.iter().enumerate().filter(|(_, c)| !c.system) {
            let own: Vec<&Mention> =
                mentions.iter().filter(|m| units[m.unit].origin == Origin::Comment(index)).collect();
            let object = invited
                && words(&comment.text).iter().any(|w| {
                    matches!(
                        w.text.as_str(),
                        "object"
                            | "objection"
                            | "shout"
                            | "stay"
                            | "stays"
                            | "keep"
                            | "need"
                            | "needs"
                            | "needed"
                            | "still"
                            | "use"
                            | "uses"
                    )
                });
            if !object && !corrects(&comment.text) {
                continue;
            }
            let mut dropped: BTreeSet<Id> = own
                .iter()
                .filter(|m| m.stance.spares() && !meant(&units[m.unit].text, m.start))
                .flat_map(|m| chosen(m))
                .filter(|id| linked.links.contains_key(id))
                .collect();
            dropped.extend(self.short_names(comment, linked));
            // An objection names what is to stay, unless it orders something done to it.
            let objects = object && !corrects(&comment.text);
            if objects {
                let acts = |m: &&&Mention| m.stance != Stance::Act || needs(&units[m.unit].text[..m.start]);
                let named = own.iter().filter(acts).flat_map(|m| chosen(m));
                dropped.extend(named.filter(|id| linked.links.contains_key(id)));
            }
            let meant: Vec<(Id, &Mention)> = own
                .iter()
                .filter(|_| !objects)
                .filter(|m| {
                    (!m.stance.spares() || meant(&units[m.unit].text, m.start))
                        && !m.identity
                        && m.strength > Strength::Owner
                })
                .filter_map(|m| {
                    let ids = match &m.target {
                        Target::Unknown(id) => vec![id.clone()],
                        Target::Known(_) => chosen(m),
                    };
                    <[Id; 1]>::try_from(ids).ok().map(|[id]| (id, *m))
                })
                .filter(|(id, _)| !dropped.contains(id))
                .collect();
            // "Wrong project: the token of that name in globex/billing is meant."
            let other = || {
                let [(before, link)] = &linked.links.iter().collect::<Vec<_>>()[..] else { return None };
                let named = own.iter().any(|m| !m.identity && !chosen(m).is_empty());
                let said = comment.text.split_inclusive(['.', '\n', '!']).filter(|said| !refuses(said));
                let id =
                    said.filter(|_| !named && wrong(&comment.text)).find_map(|said| context.namesake(before, said))?;
                let quote = quote(&comment.text);
                let link =
                    Link { credential: id.clone(), field: format!("comment {}", index + 1), quote, ..(*link).clone() };
                Some(((*before).clone(), link))
            };
            let other = other();
            if dropped.is_empty() && meant.is_empty() && other.is_none() {
                continue;
            }
            // "wrong key, it is B": with one target before and one now, the one before is meant to go.
            if dropped.is_empty() && linked.links.len() == 1 && meant.len() == 1 && wrong(&comment.text) {
                dropped.extend(linked.links.keys().filter(|id| **id != meant[0].0).cloned());
            }
            let by_right = self.trusts(&comment.author, comment.at)
                || self.opener_writes(comment)
                || (object && !self.of_change(&comment.author))
                || self.record.comments[index + 1..].iter().any(|later| {
                    (self.trusts(&later.author, later.at) || self.opener_writes(later)) && confirms(&later.text)
                });
            if let Some((before, link)) = other {
                dropped.insert(before);
                linked.links.entry(link.credential.clone()).or_insert(Link { trusted: by_right, ..link });
            }
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
            if !self.trusts(&comment.author, comment.at) && !reporter {
                return None;
            }
            let said = |sentence: &str| {
                let all = words(sentence);
                let instead = all.windows(2).any(|p| p[0].text == "instead" && p[1].text == "of")
                    || all.iter().any(|w| w.text == "rather");
                let removed = all
                    .iter()
                    .any(|w| matches!(w.text.as_str(), "deleted" | "removed" | "revoked" | "retired" | "deactivated"));
                (instead && removed).then(|| quote(sentence))
            };
            // "There is no new one: I revoked the old one and deleted the secret."
            let none = || {
                let all = words(&comment.text);
                let no_new = all.windows(3).any(|w| {
                    matches!(w[0].text.as_str(), "no" | "without" | "of")
                        && (w[1].text == "new" || w[1].text == "a" && w[2].text == "new")
                });
                let ends = |w: &super::tokens::Word| {
                    ["delet", "remov", "revok", "retir", "deactivat"].iter().any(|stem| w.text.starts_with(stem))
                };
                (no_new && all.iter().filter(|w| ends(w)).count() > 1 && !comment.text.contains('?'))
                    .then(|| quote(&comment.text))
            };
            comment.text.split_inclusive(['.', '\n', '!']).find_map(said).or_else(none)
        })
    }
}

/// "They will be deleted unless somebody objects here."
fn invites(text: &str) -> bool {
    let all = words(text);
    let has = |options: &[&str]| all.iter().any(|w| options.contains(&w.text.as_str()));
    (has(&[
        "objects",
        "object",
        "objections",
        "objection",
        "veto",
        "shout",
        "shouts",
        "complains",
        "einspruch",
        "einwände",
        ]) && has(&["unless", "if", "until", "no", "without", "sofern", "please"]))
        // "Object below."
        || (all.len() <= 4 && all.first().is_some_and(|w| matches!(w.text.as_str(), "object" | "objections")))
        // "Comment here to keep one."
        || all.windows(6).any(|w| w[0].text == "comment" && w.iter().any(|w| w.text == "keep") && w.iter().any(|w| w.text == "to"))
        || (all.len() == 5 && all[0].text == "comment" && all.iter().any(|w| w.text == "keep") && all.iter().any(|w| w.text == "to"))
        || (has(&["unless"])
            && has(&["somebody", "someone", "anybody", "anyone", "you"])
            && has(&["needs", "need", "uses", "use", "speaks", "says", "replies", "claims"]))
}

/// "I mean X": right before a name, whatever else the sentence says.
fn meant(text: &str, start: usize) -> bool {
    let before = words(text.get(..start).unwrap_or_default());
    before.iter().rev().take(3).any(|w| matches!(w.text.as_str(), "mean" | "meant" | "gemeint" | "meinte"))
}

/// "… must not be touched": a sentence about what is not meant.
fn refuses(sentence: &str) -> bool {
    words(sentence).iter().any(|w| {
        matches!(
            w.text.as_str(),
            "not" | "no" | "fine" | "stays" | "stay" | "keep" | "leave" | "nicht" | "nichts" | "bleibt" | "remains"
        )
    })
}

/// "The drift job needs X": why it is to stay.
fn needs(before: &str) -> bool {
    words(before).last().is_some_and(|w| matches!(w.text.as_str(), "need" | "needs" | "use" | "uses" | "the" | "our"))
}

fn corrects(text: &str) -> bool {
    wrong(text)
        || words(text).iter().any(|w| {
            matches!(
                w.text.as_str(),
                "instead"
                    | "correction"
                    | "correct"
                    | "rather"
                    | "actually"
                    | "meant"
                    | "mean"
                    | "scratch"
                    | "struck"
                    | "strike"
                    | "drops"
                    | "stattdessen"
                    | "gemeint"
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
                | "apologise"
                | "apologize"
                | "apologies"
                | "swapped"
                | "incorrect"
                | "misread"
                | "stop"
                | "falsch"
                | "falsche"
                | "falsches"
                | "falscher"
                | "falschen"
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
