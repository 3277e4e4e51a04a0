//! Which of several names in a sentence its verb is about: "since B is in place, get rid of A", "delete A as soon as B is live", "the owner of B
//! asked us to remove A". What stands beside a verb, and is not its object, is told of. What a clause does is judged in `stance`; what one
//! does something with is told by the words before it in `beside`.

use crate::model::ticket::Intent;

use super::mention::{Mention, Target};
use super::nouns::condition;
use super::stance::{Act, Judged, Stance};
use super::text::{Shape, Unit};
use super::tokens::Word;
use super::verbs::Form;

/// How far a verb's first object stands from it, and one name of a list from the next, in words.
const REACH: usize = 9;
const APART: usize = 6;

/// A sentence that names more is a list.
const MOST: usize = 24;

/// Marks what stands beside a verb that has its object.
pub(super) fn apply(units: &[Unit], judged: &[Judged<'_>], mentions: &mut [Mention]) {
    let mut from = 0;
    while let Some(first) = mentions.get(from) {
        let number = first.unit;
        let length = mentions[from..].iter().take_while(|m| m.unit == number).count();
        let own = &mut mentions[from..from + length];
        from += length;
        let unit = &units[number];
        if (2..=MOST).contains(&length) && matches!(unit.shape, Shape::Prose | Shape::Item) {
            of_unit(unit, &judged[number], own);
        }
    }
}

fn of_unit(unit: &Unit, judged: &Judged<'_>, mentions: &mut [Mention]) {
    let named = |m: &Mention| !m.identity && !m.instrument && matches!(m.stance, Stance::Act | Stance::Neutral);
    let all: Vec<usize> = (0..mentions.len()).filter(|at| named(&mentions[*at])).collect();
    let same = |a: &Target, b: &Target| a == b;
    if all.len() < 2 || all.iter().all(|at| same(&mentions[*at].target, &mentions[all[0]].target)) {
        return;
    }
    let acts = judged.clauses.iter().filter(|clause| clause.stance == Stance::Act).flat_map(|clause| &clause.acts);
    let ends = acts.filter(|act| {
        matches!(act.intent, Intent::Revoke | Intent::Rotate) && !condition(&unit.text[act.start..act.end])
    });
    let place = |at: usize| (mentions[at].start, mentions[at].end);
    let listed = |from: usize, to: usize| connected(unit, judged, place(from).1, place(to).0);
    let mut objects = Vec::new();
    for act in ends {
        let behind = all.iter().position(|at| {
            let (start, _) = place(*at);
            start >= act.end && !breaks(unit, judged, act.end, start) && judged.between(act.end, start).len() <= REACH
        });
        let active = !intransitive(unit, act);
        if let Some(first) = behind.filter(|_| active) {
            objects.push(all[first]);
            objects.extend(all[first..].windows(2).take_while(|pair| listed(pair[0], pair[1])).map(|pair| pair[1]));
            continue;
        }
        let Some(last) = all.iter().rposition(|at| place(*at).1 <= act.start) else { continue };
        objects.push(all[last]);
        let before = all[..=last].windows(2).rev();
        objects.extend(before.take_while(|pair| listed(pair[0], pair[1])).map(|pair| pair[0]));
    }
    if objects.is_empty() {
        return;
    }
    let targets: Vec<Target> = objects.iter().map(|at| mentions[*at].target.clone()).collect();
    for at in all {
        let mention = &mut mentions[at];
        // "A and B are to go. …": what is an object anywhere in the sentence is one.
        mention.instrument |= mention.stance == Stance::Act && !targets.contains(&mention.target);
    }
}

/// "X can go", "X must be removed", "X: gone": what it is done to stands before it.
fn intransitive(unit: &Unit, act: &Act) -> bool {
    let said = unit.text[act.start..act.end].to_lowercase();
    let first = said.split_whitespace().next().unwrap_or_default();
    act.form == Form::Participle
        || matches!(
            first,
            "can"
                | "may"
                | "must"
                | "has"
                | "have"
                | "should"
                | "shall"
                | "needs"
                | "need"
                | "goes"
                | "go"
                | "is"
                | "are"
                | "be"
                | "no"
                | "not"
                | "expires"
                | "expired"
                | "runs"
                | "due"
                | "kann"
                | "k\u{f6}nnen"
                | "soll"
                | "sollen"
                | "muss"
                | "m\u{fc}ssen"
        )
}

/// Whether two names stand in one list.
fn connected(unit: &Unit, judged: &Judged<'_>, from: usize, to: usize) -> bool {
    let between = unit.text.get(from..to).unwrap_or_default();
    let words = judged.between(from, to);
    let joins = |w: &Word| {
        matches!(
            &*w.text,
            "and" | "or" | "plus" | "und" | "oder" | "et" | "ou" | "y" | "o" | "sowie" | "nor" | "well" | "also"
        )
    };
    words.len() <= APART
        && (words.iter().any(joins) || between.contains([',', '&', '/', '+', ';']) || words.is_empty())
        && !breaks(unit, judged, from, to)
}

/// Whether words between say that what follows is no object of what stands before.
fn breaks(unit: &Unit, judged: &Judged<'_>, from: usize, to: usize) -> bool {
    let other = |w: &Word| {
        matches!(
            &*w.text,
            "like"
                | "once"
                | "when"
                | "if"
                | "because"
                | "since"
                | "after"
                | "before"
                | "while"
                | "with"
                | "instead"
                | "unlike"
                | "so"
                | "which"
                | "who"
                | "that"
                | "where"
                | "whose"
                | "than"
                | "by"
                | "via"
                | "through"
                | "favour"
                | "favor"
                | "unless"
                | "until"
                | "till"
                | "check"
                | "verify"
                | "test"
                | "confirm"
                | "keep"
                | "leave"
                | "but"
                | "soon"
                | "now"
                | "uses"
                | "used"
                | "is"
                | "are"
                | "was"
                | "sobald"
                | "wenn"
                | "weil"
                | "nachdem"
                | "mit"
                | "durch"
                | "d\u{e8}s"
                | "quand"
                | "avec"
                | "cuando"
                | "con"
                | "porque"
        )
    };
    unit.text.get(from..to).is_some_and(|between| between.contains(['.', '!', '?']) && between.contains(". "))
        || judged.between(from, to).iter().any(other)
}
