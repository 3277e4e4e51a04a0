//! What comments change of a ticket's targets: another one that is meant, one that is to stay. Whom to
//! believe is told in `trust`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::Id;
use crate::model::ticket::{Comment, Distrusted, Intent, Link, Strength};

use super::choose::Context;
use super::links::{Linked, quote};
use super::meaning::{corrects, means, meant, reopens, takes_back, was_wrong, wrong};
use super::mention::{Mention, Target};
use super::stance::Stance;
use super::text::Origin;
use super::tokens::{tokens, words};
use super::trust::Trust;
use super::{namesakes, objected};

/// How many sentences of a comment are asked which of several namesakes they mean.
const SENTENCES: usize = 20;

impl Trust<'_> {
    /// Comments that say another target is meant, or that something is to stay.
    pub(super) fn corrections(
        &self,
        context: &Context<'_>,
        mentions: &[Mention],
        linked: &mut Linked,
        distrusted: &mut Vec<Distrusted>,
    ) {
        if linked.links.is_empty() {
            self.answered(context, mentions, linked);
            return;
        }
        let units = context.units;
        let chosen = |mention: &Mention| -> Vec<Id> {
            let Target::Known(of) = &mention.target else { return Vec::new() };
            let found = if of.len() == 1 { of.clone() } else { context.choose(of, mention.unit, mention.clause).of };
            found.into_iter().map(|of| context.names.entities[of].id.clone()).collect()
        };
        let same = namesakes::linked(context, linked);
        let mut of_comments: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, unit) in units.iter().enumerate() {
            if let Origin::Comment(index) = unit.origin {
                of_comments.entry(index).or_default().push(number);
            }
        }
        let namesakes: RefCell<Option<(Id, Vec<usize>)>> = RefCell::new(None);
        let invited = objected::invited(units);
        // The last word by which whoever opened it follows an objection.
        let follows = |comment: &Comment| self.opener_writes(comment) && strikes(&comment.text);
        let struck = self.record.comments.iter().rposition(follows);
        // The last comment that confirms what stands before it. Whoever opened it may only be asking for news.
        let confirming = |comment: &Comment| {
            (self.trusts(&comment.author, comment.at) && confirms(&comment.text))
                || (self.opener_writes(comment) && agrees(&comment.text))
        };
        let confirming = self.record.comments.iter().rposition(confirming);
        for (index, comment) in self.record.comments.iter().enumerate().filter(|(_, c)| !c.system) {
            // What is quoted in it is another's word.
            let said = of_comments.get(&index).map(Vec::as_slice).unwrap_or_default();
            let own: Vec<&Mention> = said.iter().flat_map(|unit| of_unit(mentions, *unit)).collect();
            let text: String = said.iter().flat_map(|unit| [units[*unit].text.as_str(), "\n"]).collect();
            let may = self.trusts(&comment.author, comment.at) || self.opener_writes(comment);
            // "Stop for X" objects where objections are asked for.
            let (corrects, wrong) = (
                if invited {
                    corrects(&text.replace("Stop", "").replace("stop", ""))
                } else {
                    corrects(&text) || takes_back(&text)
                },
                wrong(&text) && !was_wrong(&text),
            );
            // Whoever closes it without a deed names what was kept.
            let all = words(&text);
            let closes = all.iter().any(|w| w.text.starts_with("clos"));
            if closes && all.windows(2).any(|pair| pair[0].text == "without" && pair[1].text == "having") {
                continue;
            }
            // "It still pushes with X. Opening again.": why it is to be done after all keeps nothing.
            if reopens(&all) && !corrects {
                continue;
            }
            let object = invited && objected::objects(&all);
            let confirmed = struck.is_some_and(|at| at > index);
            // "Stop for X, it stays", and "ok, two left then" by whoever opened it.
            let next = self.record.comments.get(index + 1);
            let agreed =
                next.is_some_and(|next| self.opener_writes(next) && agrees(&next.text) && !objects_to(&next.text));
            let trusted = may || ((confirmed || agreed) && !self.of_change(&comment.author));
            let kept: BTreeSet<Id> = own
                .iter()
                .filter(|m| trusted && kept(context, m))
                .flat_map(|m| chosen(m))
                .filter(|id| linked.links.contains_key(id))
                .collect();
            let more = || {
                namesakes::kept(context, &same, said, &own)
                    .into_iter()
                    .chain(namesakes::alone(&own, units, &chosen, linked))
            };
            let kept: BTreeSet<Id> = if trusted { kept.into_iter().chain(more()).collect() } else { kept };
            // Without a word that corrects, one of several stays; all of them is another thing than the ticket says.
            let kept = if kept.len() < linked.links.len() { kept } else { BTreeSet::new() };
            let answer = if may { namesakes::answer(context, linked, index, said) } else { None };
            if !object && kept.is_empty() && !corrects && answer.is_none() {
                continue;
            }
            let mut dropped: BTreeSet<Id> = own
                .iter()
                .filter(|m| m.stance.spares() && !meant(&units[m.unit].text, m.start))
                .flat_map(|m| chosen(m))
                .filter(|id| linked.links.contains_key(id))
                .collect();
            dropped.extend(kept);
            dropped.extend(self.short_names(&text, linked));
            // An objection names what is to stay, unless it orders something done to it.
            let objects = !corrects;
            if objects && object {
                let ends = |m: &&&Mention| {
                    context.judged[m.unit]
                        .clauses
                        .iter()
                        .flat_map(|clause| &clause.acts)
                        .any(|act| matches!(act.intent, Intent::Revoke | Intent::Rotate | Intent::Offboard))
                };
                // "Which jobs use X?" objects to nothing.
                let acts = |m: &&&Mention| !ends(m) && !context.judged[m.unit].question;
                // In the sentence that names it, or in the next one.
                let objects = |number: usize| {
                    units.get(number).is_some_and(|unit| {
                        unit.origin == Origin::Comment(index) && objected::objects(&words(&unit.text))
                    })
                };
                let next = |number: usize| of_unit(mentions, number + 1).is_empty() && objects(number + 1);
                let acts = |m: &&&Mention| {
                    acts(m) && !objected::agrees_to(&units[m.unit].text) && (objects(m.unit) || next(m.unit))
                };
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
            // "15201 has to stay. The dead one is 15202."
            let numbered =
                if may && (corrects || wrong) { self.other_numbers(&text, context, linked) } else { Vec::new() };
            // "Wrong project: the token of that name in globex/billing is meant."
            let other = || {
                let [(before, link)] = &linked.links.iter().collect::<Vec<_>>()[..] else { return None };
                let named = own.iter().any(|m| !m.identity && !chosen(m).is_empty());
                if named || !(wrong || (means(&text) && may)) {
                    return None;
                }
                let says = |unit: &&usize| !context.judged[**unit].question && !refuses(&units[**unit].text);
                let mut same = namesakes.borrow_mut();
                if same.as_ref().is_none_or(|(of, _)| of != *before) {
                    *same = Some(((*before).clone(), context.namesakes(before)));
                }
                let same = &same.as_ref()?.1;
                let id = said
                    .iter()
                    .filter(says)
                    .take(SENTENCES)
                    .find_map(|unit| context.namesake(before, same, &units[*unit].text))?;
                let quote = quote(&comment.text);
                let link =
                    Link { credential: id.clone(), field: format!("comment {}", index + 1), quote, ..(*link).clone() };
                Some(((*before).clone(), link))
            };
            let other = other().or_else(|| {
                let (before, id) = answer?;
                let quote = quote(&comment.text);
                let link = Link {
                    credential: id,
                    field: format!("comment {}", index + 1),
                    quote,
                    ..linked.links[&before].clone()
                };
                Some((before, link))
            });
            for (before, id) in numbered {
                if linked.links.contains_key(&id) || linked.kept.contains(&id) {
                    continue;
                }
                let link = Link {
                    credential: id.clone(),
                    field: format!("comment {}", index + 1),
                    quote: quote(&comment.text),
                    ..linked.links[&before].clone()
                };
                dropped.insert(before);
                linked.links.insert(id, link);
            }
            if dropped.is_empty() && meant.is_empty() && other.is_none() {
                continue;
            }
            // "wrong key, it is B": with one target before and one now, the one before is meant to go.
            if dropped.is_empty()
                && linked.links.len() == 1
                && meant.iter().map(|(id, _)| id).collect::<BTreeSet<_>>().len() == 1
                && (wrong || takes_back(&text) || means(&text))
            {
                dropped.extend(linked.links.keys().filter(|id| **id != meant[0].0).cloned());
            }
            // "Wrong id pasted, it is B", where the ticket named B too.
            if let ([(id, _)], true) = (&meant[..], dropped.is_empty() && wrong && linked.links.len() == 2) {
                let others = linked.links.keys().filter(|other| *other != id);
                let named = linked.links.contains_key(id);
                dropped.extend(others.filter(|_| named).cloned());
            }
            let by_right = may
                || (object && !self.of_change(&comment.author))
                || trusted
                || (!self.of_change(&comment.author) && confirming.is_some_and(|later| later > index));
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

    /// Numbers in sentences that say which is meant, of things of the same kind at the same place as a linked one.
    fn other_numbers(&self, text: &str, context: &Context<'_>, linked: &Linked) -> Vec<(Id, Id)> {
        let [before] = &linked.links.keys().collect::<Vec<_>>()[..] else { return Vec::new() };
        let Some((front, number)) = before.as_str().rsplit_once(':') else { return Vec::new() };
        let digits = |text: &str| text.len() > 1 && text.bytes().all(|b| b.is_ascii_digit());
        let mut out = Vec::new();
        for sentence in text.split_inclusive(['.', '\n', '!', '?']).take(SENTENCES).filter(|_| digits(number)) {
            let all = words(sentence);
            if sentence.ends_with('?') || all.iter().any(|w| keeps(&w.text)) {
                continue;
            }
            let stated = |at: usize| {
                let next = |n: usize| all.get(at + n).map(|w| w.text.as_str()).unwrap_or_default();
                let back = |n: usize| at.checked_sub(n).map(|at| all[at].text.as_str()).unwrap_or_default();
                (next(1) == "it" && next(2) == "is") || matches!(back(1), "is" | "meant" | "mean" | "rather")
            };
            let numbers = (0..all.len()).filter(|at| digits(&all[*at].text) && all[*at].text != number && stated(*at));
            // Few are numbers of anything.
            let known = numbers.take(4).map(|at| Id::new(format!("{front}:{}", all[at].text)));
            out.extend(
                known.filter(|id| !context.names.named(id.as_str()).is_empty()).map(|id| ((*before).clone(), id)),
            );
        }
        out.truncate(1);
        out
    }

    /// "234 runs every night, leave it": the part of a linked id that only one of the ticket's has.
    fn short_names(&self, text: &str, linked: &Linked) -> Vec<Id> {
        let mut out = Vec::new();
        // Among many, a short part means nothing.
        if linked.links.len() > 20 {
            return out;
        }
        let sentences: Vec<&str> = text.split_inclusive(['.', '\n', '!']).collect();
        for (number, sentence) in sentences.iter().enumerate() {
            let all = words(sentence);
            // "520 was on the list by mistake. It stays."
            let next = sentences.get(number + 1).map(|next| words(next)).unwrap_or_default();
            let it = next.first().is_some_and(|w| matches!(w.text.as_str(), "it" | "that")) && next.len() <= 6;
            let stays = |words: &[super::tokens::Word<'_>]| words.iter().any(|w| keeps(&w.text));
            if !(stays(&all) || it && stays(&next)) {
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
}

/// The mentions of a unit; they stand in the order of their units.
fn of_unit(mentions: &[Mention], unit: usize) -> &[Mention] {
    let behind = &mentions[mentions.partition_point(|m| m.unit < unit)..];
    &behind[..behind.partition_point(|m| m.unit == unit)]
}

/// "Thanks, but no: both go."
pub(super) fn objects_to(text: &str) -> bool {
    text.contains('?')
        || words(text).iter().any(|w| {
            matches!(w.text.as_str(), "no" | "not" | "but" | "nope" | "both" | "all" | "still" | "anyway" | "however")
                || w.text.ends_with("n't")
        })
}

/// "… must not be touched": a sentence about what is not meant.
pub(super) fn refuses(sentence: &str) -> bool {
    words(sentence).iter().any(|w| {
        matches!(
            w.text.as_str(),
            "not"
                | "no"
                | "isn't"
                | "doesn't"
                | "wasn't"
                | "fine"
                | "stays"
                | "stay"
                | "keep"
                | "keeps"
                | "leave"
                | "nicht"
                | "nichts"
                | "bleibt"
                | "remains"
        )
    })
}

/// "X is read by the job. Keep that one.": in its own sentence, or in the next.
fn kept(context: &Context<'_>, mention: &Mention) -> bool {
    let keeps = |number: usize| {
        context.judged.get(number).is_some_and(|judged| judged.overall() == Stance::Keep)
            && context.units.get(number).is_some_and(|unit| unit.origin == context.units[mention.unit].origin)
    };
    // "It stays inactive over the weekend", "keep it disabled until Monday".
    let dead = |number: usize| {
        context.judged.get(number).is_some_and(|judged| {
            judged.words.iter().any(|w| {
                matches!(
                    w.text.as_str(),
                    "inactive" | "disabled" | "deactivated" | "revoked" | "dead" | "blocked" | "off" | "until" | "till"
                )
            })
        })
    };
    if dead(mention.unit) || dead(mention.unit + 1) {
        return false;
    }
    let next = context.units.get(mention.unit + 1).map(|unit| words(&unit.text)).unwrap_or_default();
    let it = next.len() <= 6
        && next.iter().any(|w| matches!(w.text.as_str(), "it" | "that" | "this" | "one" | "stay" | "stays"));
    // "X is the new one, please don't touch it."
    let behind = mention.clause.is_some_and(|at| {
        let clauses = context.judged.get(mention.unit).map(|judged| judged.clauses.as_slice()).unwrap_or_default();
        clauses.iter().skip(at + 1).any(|clause| clause.stance == Stance::Keep && clause.pronoun)
    });
    (mention.stance == Stance::Keep && !mention.identity) || ((keeps(mention.unit + 1) && it) || behind)
}

/// Words by which something stays.
fn keeps(word: &str) -> bool {
    matches!(word, "leave" | "keep" | "stays" | "stay" | "wrong" | "needed" | "remains" | "hands")
}

/// "Then strike that line": whoever opened it follows an objection.
fn strikes(text: &str) -> bool {
    text.split(['.', '!', '?', '\n']).map(words).any(|all| {
        let has = |options: &[&str]| all.iter().any(|w| options.contains(&w.text.as_str()));
        has(&["strike", "scratch", "streichen"])
            && has(&["line", "item", "entry", "row", "bullet", "position", "zeile", "number", "no"])
    })
}

/// Nothing against it, from somebody who goes on with the ticket.
pub(super) fn confirms(text: &str) -> bool {
    !words(text).iter().any(|w| matches!(w.text.as_str(), "not" | "no" | "disagree")) || agrees(text)
}

pub(super) fn agrees(text: &str) -> bool {
    words(text).iter().any(|w| {
        matches!(
            w.text.as_str(),
            "instead" | "good" | "ok" | "okay" | "thanks" | "noted" | "right" | "confirmed" | "agreed" | "understood"
        )
    })
}
