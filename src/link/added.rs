//! What comments add to a ticket's targets: "and B too please", "is B affected as well?" and "yes". Only the words of those who may say what
//! the ticket is about; comments that say that something else is meant are read in `corrections`.

use crate::model::Id;
use crate::model::ticket::{Intent, Link, Strength};

use super::choose::Context;
use super::links::{Linked, quote};
use super::mention::{Mention, Target};
use super::stance::Stance;
use super::text::Origin;
use super::tokens::{Word, says};
use super::trust::Trust;

/// So many sentences of comments are asked.
const SENTENCES: usize = 200;

/// A sentence that only adds is no longer, in words.
const SHORT: usize = 14;

impl Trust<'_> {
    /// Links what is added, where the ticket asks for the end or a new value of something.
    pub(super) fn added(&self, context: &Context<'_>, mentions: &[Mention], intent: Intent, linked: &mut Linked) {
        if linked.links.is_empty() || !matches!(intent, Intent::Revoke | Intent::Rotate) {
            return;
        }
        let mut asked: Option<(usize, Vec<(Id, Strength)>)> = None;
        let comments = context.units.iter().enumerate().filter_map(|(number, unit)| match unit.origin {
            Origin::Comment(index) => Some((number, unit, index)),
            _ => None,
        });
        for (number, unit, index) in comments.take(SENTENCES) {
            let Some(comment) = self.record.comments.get(index).filter(|comment| !comment.system) else { continue };
            let judged = &context.judged[number];
            let all = &judged.words;
            let named: Vec<(Id, Strength)> = mentions
                .iter()
                .filter(|m| m.unit == number && !m.identity && matches!(m.stance, Stance::Act | Stance::Neutral))
                .chain(mentions.iter().filter(|m| m.unit == number && !m.identity && judged.question))
                .filter_map(|m| {
                    let Target::Known(of) = &m.target else { return None };
                    let [one] = of[..] else { return None };
                    Some((context.names.entities[one].id.clone(), m.strength))
                })
                .collect();
            if judged.question {
                asked = (named.len() == 1 && adds(all)).then_some((index, named));
                continue;
            }
            let by_right = self.trusts(&comment.author, comment.at) || self.opener_writes(comment);
            let answered = asked.take().filter(|(at, _)| *at < index && answers_yes(all));
            let more = match answered {
                Some((_, named)) => named,
                None if all.len() <= SHORT && adds(all) && !denies(all) && !told(all) => named,
                None => continue,
            };
            if !by_right {
                continue;
            }
            for (id, strength) in more {
                if linked.links.contains_key(&id) || linked.kept.contains(&id) {
                    continue;
                }
                linked.why.push(format!("link {id}: comment {} adds it: {}", index + 1, quote(&unit.text)));
                let link = Link {
                    credential: id.clone(),
                    strength,
                    field: format!("comment {}", index + 1),
                    quote: quote(&unit.text),
                    trusted: true,
                };
                linked.links.insert(id, link);
            }
        }
    }
}

/// "And B too", "same for B".
fn adds(all: &[Word<'_>]) -> bool {
    all.iter().any(|w| matches!(&*w.text, "too" | "also" | "auch" | "ebenso" | "aussi" | "tambi\u{e9}n"))
        || says(all, &[&["as", "well"], &["same", "for"], &["same", "goes", "for"], &["one", "more"]])
}

/// What does not ask for the same: it is denied, or only told of.
fn denies(all: &[Word<'_>]) -> bool {
    all.iter().any(|w| {
        matches!(&*w.text, "not" | "no" | "never" | "keep" | "keeps" | "stays" | "fine" | "leave" | "nicht" | "pas")
            || w.text.ends_with("n't")
    })
}

fn told(all: &[Word<'_>]) -> bool {
    all.iter().any(|w| {
        matches!(
            &*w.text,
            "was"
                | "were"
                | "has"
                | "have"
                | "had"
                | "done"
                | "is"
                | "are"
                | "works"
                | "uses"
                | "reads"
                | "i"
                | "checked"
        )
    })
}

fn answers_yes(all: &[Word<'_>]) -> bool {
    all.len() <= SHORT
        && all.first().is_some_and(|w| {
            matches!(&*w.text, "yes" | "yep" | "right" | "ja" | "oui" | "s\u{ed}" | "indeed" | "exactly")
        })
        && !denies(all)
}
