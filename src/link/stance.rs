//! What each clause does to what it names: act on it, keep it, tell of the past, illustrate. Clauses are cut where two of them would
//! say different things, so that "keep X, revoke Y" is two and "revoke X, Y and Z" is one.

use crate::model::ticket::Intent;

use super::apart::{ability, apart, indirect, polite, rule, subordinate, tagged, taken};
use super::clauses::{around, embedded, quoted, segments};
use super::nouns::condition;
use super::ordered::{
    accident, carry_denials, caused, dated, elliptic, issue, joined, logged, made, only_looks, open, over,
    takes_effect, without_purposes,
};
use super::text::{Origin, Shape, Unit};
use super::tokens::{Word, words};
use super::verbs::{Cue, Force, Form, Lexicon};

/// What a clause does to what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stance {
    /// It asks for something to be done to it.
    Act,
    /// Nothing is said about it.
    Neutral,
    /// It stays as it is.
    Keep,
    /// It was done already.
    Past,
    /// It only illustrates, or is asked about.
    Example,
}

impl Stance {
    /// Whether what is named so is certainly not what the ticket acts on.
    pub(super) fn spares(self) -> bool {
        matches!(self, Self::Keep | Self::Past | Self::Example)
    }
}

/// A word that asks, with its place in the unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Act {
    pub(super) intent: Intent,
    pub(super) force: Force,
    pub(super) form: Form,
    /// Byte offset in the unit.
    pub(super) start: usize,
    /// Byte offset of its end.
    pub(super) end: usize,
    /// Behind "must", "please", "to", "will be": asked for, whatever the form.
    pub(super) modal: bool,
}

/// A part of a unit that says one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clause {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) stance: Stance,
    pub(super) acts: Vec<Act>,
    /// What it tells was done ("we revoked it"): a ticket that is filed afterwards asked for that.
    pub(super) told: Vec<Act>,
    /// From here on it keeps ("all except …"), where that is not the whole clause.
    pub(super) except: Option<usize>,
    /// Speaks of something named before: `it`, `them`, `both`.
    pub(super) pronoun: bool,
    /// It stands in parentheses.
    pub(super) aside: bool,
}

/// A unit as judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Judged<'u> {
    pub(super) clauses: Vec<Clause>,
    /// Word starts that talk about text or knowledge.
    pub(super) talk: Option<usize>,
    pub(super) question: bool,
    /// Its words, read once.
    pub(super) words: Vec<Word<'u>>,
}

impl<'u> Judged<'u> {
    /// What the unit does to lines that it introduces: what its last telling clause does.
    pub(super) fn overall(&self) -> Stance {
        self.clauses
            .iter()
            .rev()
            .map(|clause| clause.stance)
            .find(|stance| *stance != Stance::Neutral)
            .unwrap_or(Stance::Neutral)
    }

    /// The words that begin before a byte.
    pub(super) fn before(&self, byte: usize) -> &[Word<'u>] {
        &self.words[..self.words.partition_point(|word| word.start < byte)]
    }

    /// The words that begin at a byte or behind it.
    pub(super) fn behind(&self, byte: usize) -> &[Word<'u>] {
        &self.words[self.words.partition_point(|word| word.start < byte)..]
    }

    /// The words that begin between two bytes.
    pub(super) fn between(&self, from: usize, to: usize) -> &[Word<'u>] {
        let words = self.behind(from);
        &words[..words.partition_point(|word| word.start < to)]
    }

    /// The clause at a byte.
    pub(super) fn at(&self, byte: usize) -> Option<usize> {
        self.clauses.iter().rposition(|clause| clause.start <= byte && byte < clause.end)
    }
}

/// A cue with its words.
pub(super) struct Found {
    pub(super) cue: Cue,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// Judges one unit.
pub(super) fn judge<'u>(unit: &'u Unit, lexicon: &Lexicon) -> Judged<'u> {
    let words = words(&unit.text);
    let found = cues(&unit.text, &words, lexicon);
    let question = unit.shape != Shape::Code && unit.text.trim_end_matches(['*', '_', ' ']).ends_with('?')
                // "X can go, right?"
        && !tagged(&unit.text)
        // `…:secret:x-??????` is a pattern.
        && !unit.text.ends_with("???")
        && !polite(&words);
    let mut out = Judged {
        talk: found.iter().find(|f| f.cue == Cue::Talk).map(|f| f.from),
        question,
        clauses: Vec::new(),
        words: Vec::new(),
    };
    let parts = segments(&unit.text, &words, &found, unit.shape);
    for (index, &(start, end, aside)) in parts.iter().enumerate() {
        // What goes on behind a parenthesis is one clause with what stood before it.
        let whole = around(&unit.text, &parts, index);
        let inside = |byte: usize| whole.iter().any(|(from, to, _)| byte >= *from && byte < *to);
        let own: Vec<&Found> = found.iter().filter(|f| inside(words[f.from].start)).collect();
        let clause_words: Vec<usize> = (0..words.len()).filter(|i| inside(words[*i].start)).collect();
        let mut clause = clause(unit, &words, &clause_words, &own, (start, end), aside, question);
        clause.acts.retain(|act| act.start >= start && act.start < end);
        clause.told.retain(|act| act.start >= start && act.start < end);
        out.clauses.push(clause);
    }
    // "Example of a good title: Rotate X": the colon does not end it.
    if unit.shape != Shape::Row && found.first().is_some_and(|first| first.cue == Cue::Example && first.from == 0) {
        for clause in out.clauses.iter_mut().filter(|clause| !clause.stance.spares()) {
            clause.stance = Stance::Example;
            clause.acts.clear();
        }
    }
    only_looks(&words, &mut out.clauses);
    without_purposes(&unit.text, &mut out.clauses);
    carry_denials(&unit.text, &words, &found, &mut out.clauses);
    let logged = logged(&unit.text);
    if logged || rule(&unit.text, &words) {
        for clause in &mut out.clauses {
            clause.stance = if logged { Stance::Neutral } else { Stance::Example };
            clause.acts.clear();
        }
    }
    out.words = words;
    out
}

/// The words of a clause that keep, narrate, illustrate or negate, for explanations.
pub(super) fn cue_words(text: &str, lexicon: &Lexicon, clause: &Clause) -> Vec<(usize, usize)> {
    let words = words(text);
    cues(text, &words, lexicon)
        .into_iter()
        .filter(|found| matches!(found.cue, Cue::Keep | Cue::Except | Cue::Past | Cue::Example | Cue::Not))
        .filter_map(|found| Some((words.get(found.from)?.start, words.get(found.to.checked_sub(1)?)?.end)))
        .filter(|(start, end)| *start >= clause.start && *end <= clause.end)
        .collect()
}

fn cues(text: &str, words: &[Word], lexicon: &Lexicon) -> Vec<Found> {
    let mut out = Vec::new();
    let quoted = quoted(text);
    let mut at = 0;
    while at < words.len() {
        if embedded(text, &words[at]) || quoted.iter().any(|range| range.contains(&words[at].start)) {
            at += 1;
        } else if let Some((cue, length)) = lexicon.at(words, at).filter(|found| taken(*found, text, words, at)) {
            out.push(Found { cue, from: at, to: at + length });
            at += length;
        } else if let Some(cue) = apart(words, at) {
            out.push(Found { cue, from: at, to: at + 1 });
            at += 1;
        } else {
            at += 1;
        }
    }
    out
}

fn clause(
    unit: &Unit,
    words: &[Word],
    own: &[usize],
    found: &[&Found],
    (start, end): (usize, usize),
    aside: bool,
    question: bool,
) -> Clause {
    let has = |cue: Cue| found.iter().any(|f| f.cue == cue);
    let (mut acts, mut told_acts) = (Vec::new(), Vec::new());
    // "Visible since yesterday" is how it is, not what was done.
    let lasting = |f: &&&Found| {
        let before = f.from.checked_sub(1).and_then(|at| words.get(at)).map_or("", |word| word.text.as_str());
        matches!(before, "since" | "seit" | "depuis" | "desde")
    };
    let (mut negated, mut past) = (false, found.iter().filter(|f| f.cue == Cue::Past).any(|f| !lasting(&f)));
    for f in found {
        let (intent, force, form) = match f.cue {
            Cue::Act(intent, force, form) => (intent, force, form),
            Cue::Like => (Intent::Provision, Force::Strong, Form::Base),
            _ => continue,
        };
        // A phrase that says no by itself ("must not read") is not negated by it.
        // "It can't log in, rotate X": what is denied ends at the comma; "do not revoke, rotate or delete X" goes on behind it.
        let ended = |n: &Found| {
            let between = unit.text.get(words[n.to - 1].end..words[f.from].start).unwrap_or_default();
            let acts = found.iter().any(|o| matches!(o.cue, Cue::Act(..)) && o.from >= n.to && o.from < f.from);
            between.contains([',', ';', ':', '–', '—']) && !acts && form == Form::Base
        };
        let denied = |n: &&&Found| {
            n.cue == Cue::Not
                && n.to <= f.from
                && (f.from - n.to < 4 || joined(words, found, n, f))
                && own.contains(&n.from)
        };
        if found.iter().filter(denied).any(|n| !ended(n)) {
            // "The token cannot change settings" is what it cannot do.
            let unable = f.from > 1
                && form == Form::Base
                && matches!(words[f.from - 1].text.as_str(), "cannot" | "can't" | "couldn't")
                && !matches!(
                    words[f.from - 2].text.as_str(),
                    "we" | "you" | "i" | "they" | "one" | "nobody" | "and" | "it"
                );
            if unable {
                continue;
            }
            // "If X is not revoked by Friday, …" keeps nothing.
            let conditional = |i: &usize| matches!(words[*i].text.as_str(), "if" | "unless" | "wenn" | "falls");
            negated |= form != Form::Participle || !own.iter().take_while(|i| **i < f.from).any(conditional);
            continue;
        }
        let before = |reach: usize| {
            own.iter().filter(move |i| **i < f.from && f.from - **i <= reach).map(|i| words[*i].text.as_str())
        };
        let modal = before(3).any(|w| {
            matches!(
                w,
                "be" | "to"
                    | "wanted"
                    | "must"
                    | "should"
                    | "shall"
                    | "please"
                    | "pls"
                    | "will"
                    | "needs"
                    | "need"
                    | "bitte"
                    | "soll"
                    | "muss"
                    | "müssen"
                    | "sollen"
                    | "merci"
                    | "hay"
                    | "debe"
                    | "doit"
                    | "can"
                    | "could"
            )
        });
        // "The token gets revoked".
        let gets = form == Form::Participle && before(1).any(|w| matches!(w, "gets" | "get"));
        // "They are deleted in 14 days."
        let ahead = own.windows(2).any(|pair| {
            let (first, second) = (words[pair[0]].text.as_str(), words[pair[1]].text.as_str());
            matches!(first, "in" | "within" | "on") && second.starts_with(|c: char| c.is_ascii_digit())
        });
        let modal = modal
            || gets
            || (form == Form::Participle
                && (caused(words, own, f.from)
                    || takes_effect(words, f.to)
                    || (ahead && before(1).any(|w| matches!(w, "is" | "are")))));
        // "The old uploader is switched off".
        let is = before(1).any(|w| matches!(w, "is" | "are"))
            && unit.shape == Shape::Prose
            && matches!(unit.origin, Origin::Body(_))
            && force == Force::Weak
            && intent == Intent::Revoke
            // "Unless somebody objects they are deleted in 14 days."
            && !ahead
            // "Please make sure that X is deleted."
            && !words[..f.from].iter().any(|w| {
                matches!(w.text.as_str(), "please" | "pls" | "sure" | "ensure" | "expect" | "want" | "check" | "verify" | "confirm" | "bitte" | "that")
            })
            && !own.iter().any(|i| {
                matches!(words[*i].text.as_str(), "unless" | "if" | "tomorrow" | "today" | "tonight" | "then" | "soon" | "next")
            })
            && !condition(&unit.text[words[f.from].start..words[f.to - 1].end]);
        let told = form == Form::Participle
            && !modal
            && (unit.shape != Shape::Heading || found.iter().any(|f| f.cue == Cue::Past))
            && (unit.shape == Shape::Heading
                || is
                || dated(&unit.text, words, f.from, f.to)
                || (matches!(intent, Intent::Revoke | Intent::Rotate) && accident(&unit.text, words, own, f))
                || before(4).any(|w| {
                    matches!(
                        w,
                        "was"
                            | "were"
                            | "been"
                            | "had"
                            | "have"
                            | "has"
                            | "i"
                            | "we"
                            | "they"
                            | "he"
                            | "she"
                            | "wurde"
                            | "wurden"
                            | "été"
                            | "fue"
                            | "fueron"
                            | "got"
                    )
                }));
        let mut act = Act { intent, force, form, start: words[f.from].start, end: words[f.to - 1].end, modal };
        let verb = &words[f.from].text;
        // "Rotation of X done last Friday".
        let done = form == Form::Noun
            && own.iter().any(|i| {
                *i > f.from
                    && matches!(words[*i].text.as_str(), "done" | "completed" | "finished")
                    && !own.iter().any(|i| {
                        matches!(
                            words[*i].text.as_str(),
                            "be" | "not"
                                | "when"
                                | "once"
                                | "until"
                                | "after"
                                | "if"
                                | "needs"
                                | "please"
                                | "by"
                                | "before"
                                | "get"
                                | "never"
                        )
                    })
            });
        if done {
            told_acts.push(act);
            past = true;
            continue;
        }
        // "Was already dead when we looked".
        if force == Force::Weak
            && form == Form::Base
            && before(2).any(|w| w == "already")
            && before(4).any(|w| matches!(w, "was" | "were" | "had"))
        {
            past = true;
            continue;
        }
        // "It was announced that X would be rotated."
        let would = form == Form::Participle
            && words[..f.from].iter().rev().take(2).map(|w| w.text.as_str()).eq(["be", "would"]);
        if would || issue(words, f.from) || (force == Force::Weak && over(words, f.from)) {
            continue;
        }
        if matches!(intent, Intent::Revoke | Intent::Rotate) && ability(words, f.from) {
            act.intent = Intent::Provision;
            act.force = Force::Weak;
        } else if subordinate(words, f.from, verb, form)
            || (form == Form::Base && intent != Intent::Offboard && indirect(&unit.text, words, f.from))
        {
            continue;
        }
        if told {
            told_acts.push(act);
            // "It was added as read-only" tells where something comes from, not what became of it.
            past |= intent != Intent::Provision;
            continue;
        }
        acts.push(act);
    }
    // What stands behind "the same access as" only illustrates.
    let except = found
        .iter()
        .find(|f| matches!(f.cue, Cue::Except | Cue::Like))
        .map(|f| if f.cue == Cue::Like { words[f.to - 1].end } else { words[f.from].start });
    // A keeping word behind a negation asks ("not to be kept"), unless the phrase keeps by its negation.
    let keep = found.iter().any(|f| f.cue == Cue::Keep && !open(words, f));
    // "X must not.": what was just said of others.
    // "X looks dead and is not".
    let looks = acts.iter().all(|act| act.force == Force::Weak && act.form == Form::Base)
        && own.iter().any(|i| matches!(words[*i].text.as_str(), "looks" | "seems" | "sounds"));
    let ends_with_not = (acts.is_empty() || looks)
        && own.len() > 1
        && found.iter().any(|f| {
            f.cue == Cue::Not
                && own.last() == Some(&f.from)
                && !matches!(words[f.from].text.as_str(), "nobody" | "none")
        });
    // "Not referenced by any workflow:"
    let idle = own.get(1).is_some_and(|i| {
        matches!(words[*i].text.as_str(), "referenced" | "used" | "found" | "read" | "mentioned" | "known" | "anywhere")
    });
    let starts_with_not = !idle
        && own
            .first()
            .is_some_and(|i| words[*i].text == "not" && !found.iter().any(|f| f.cue == Cue::Nothing && f.from == *i))
        && acts.is_empty();
    let stance = if keep || negated || starts_with_not || ends_with_not {
        Stance::Keep
    } else if has(Cue::Example) || question {
        Stance::Example
    } else if acts.iter().any(|act| {
        let tells = || made(unit, act) || condition(&unit.text[act.start..act.end]);
        !past || act.force == Force::Strong || (act.form == Form::Base && !tells())
    }) {
        Stance::Act
    } else if past {
        Stance::Past
    } else {
        Stance::Neutral
    };
    if question || stance == Stance::Keep {
        acts.clear();
    }
    let elliptic = elliptic(&unit.text, words, own, &acts);
    // "…, do not bother": a short clause that keeps speaks of what was just named.
    // "…, not the replica" has a name of its own.
    // So has "(user name stays)".
    let subject = aside
        && own.first().is_some_and(|first| {
            !found.iter().any(|f| f.from == *first)
                && own.get(1).is_some_and(|second| !found.iter().any(|f| f.from == *second))
                && !matches!(
                    words[*first].text.as_str(),
                    "it" | "that"
                        | "this"
                        | "they"
                        | "these"
                        | "those"
                        | "please"
                        | "so"
                        | "but"
                        | "which"
                        | "both"
                        | "all"
                        | "is"
                        | "do"
                )
        });
    let short = stance == Stance::Keep && own.len() <= 4 && !has(Cue::Except) && !subject;
    let pronoun = short
        || elliptic
        || own.iter().any(|i| {
            matches!(
                words[*i].text.as_str(),
                "it" | "them"
                    | "they"
                    | "these"
                    | "those"
                    | "both"
                    | "everything"
                    | "this"
                    | "that"
                    | "ihn"
                    | "sie"
                    | "es"
                    | "diese"
                    | "beide"
                    | "le"
                    | "les"
                    | "los"
                    | "lo"
                    | "all"
            )
        });
    Clause { start, end, stance, acts, told: told_acts, except, pronoun, aside }
}
