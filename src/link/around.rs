//! Verbs whose object is something around a credential: its description, a page about it, a test of it, a job that renews it. Which nouns are
//! ours is told in `nouns`, which are nobody's in `object`.

use super::intent::Reading;
use super::nouns::{condition, expires};
use super::stance::{Act, Stance};
use super::text::{Origin, Shape, Unit};
use super::tokens::Word;
use super::verbs::Form;
use crate::model::ticket::Intent;

/// How far behind a verb the noun of its object stands, in words.
const REACH: usize = 4;

impl Reading<'_> {
    /// Whether a verb's object is such a thing: "add an owner tag", "reduce the polling interval", "delete the wiki page about X".
    pub(super) fn around(&self, number: usize, unit: &Unit, act: &Act) -> bool {
        let judged = &self.judged[number];
        let behind = judged.behind(act.end);
        let named = self.of_unit(number).iter().filter(|m| !m.identity && m.start >= act.end).map(|m| m.start).min();
        let comma = unit.text[act.end..].find([',', ';', ':', '.']).map_or(unit.text.len(), |at| act.end + at);
        let ends = |w: &&Word| {
            w.start < comma
                && !matches!(
                    &*w.text,
                    "of" | "for" | "about" | "in" | "on" | "to" | "from" | "that" | "which" | "with" | "and"
                )
                && named.is_none_or(|named| w.start < named)
        };
        let object: Vec<&Word> = behind.iter().take(REACH).take_while(ends).collect();
        let last = object.last().map(|w| w.text.as_str()).unwrap_or_default();
        let before = judged.before(act.start);
        let said = unit.text[act.start..act.end].to_lowercase();
        let thing = match act.intent {
            _ if act.form == Form::Participle => false,
            Intent::Provision => tool(last),
            Intent::Modify => measure(last) || written(last),
            Intent::Revoke | Intent::Rotate => written(last) || files(last),
            _ => false,
        };
        // "Expired banner for X".
        let shown = (expires(&said) || condition(&said))
            && behind.first().is_some_and(|w| {
                matches!(&*w.text, "banner" | "message" | "warning" | "dialog" | "icon" | "badge" | "state" | "status")
            });
        // "It removes the use of X": what a change does, and nobody is asked to.
        let does = said.ends_with('s')
            && act.form == Form::Base
            && !act.modal
            && before.last().is_some_and(|w| {
                matches!(
                    &*w.text,
                    "it" | "this"
                        | "that"
                        | "which"
                        | "pr"
                        | "commit"
                        | "change"
                        | "patch"
                        | "job"
                        | "script"
                        | "workflow"
                )
            })
            && matches!(unit.origin, Origin::Body(_))
            && unit.shape == Shape::Prose
            && !matches!(&*said, "goes" | "needs" | "expires" | "ends");
        thing || shown || does
    }

    /// "arn:… -> delete.", below a title that asks.
    pub(super) fn points_to_an_order(&self) -> bool {
        self.own().enumerate().filter(|(_, (unit, _))| matches!(unit.origin, Origin::Body(_))).any(
            |(number, (unit, judged))| {
                self.of_unit(number).iter().any(|m| !m.identity && !m.stance.spares())
                    && judged.clauses.iter().flat_map(|clause| &clause.acts).any(|act| {
                        matches!(act.intent, Intent::Revoke | Intent::Rotate)
                            && act.form == Form::Base
                            && unit.text[..act.start].trim_end().ends_with(['>', '\u{2192}'])
                            && judged.behind(act.end).is_empty()
                    })
            },
        )
    }

    /// "X shows up as never used" in a bug: all that it says of X is how it is.
    pub(super) fn only_describes(&self) -> bool {
        let acts = || {
            self.own().flat_map(|(unit, judged)| {
                judged
                    .clauses
                    .iter()
                    .filter(|clause| clause.stance == Stance::Act)
                    .flat_map(|clause| &clause.acts)
                    .map(move |act| (unit, act))
            })
        };
        self.of_a_product()
            && acts().next().is_some()
            && acts().all(|(unit, act)| {
                let said = &unit.text[act.start..act.end];
                condition(said) || expires(said)
            })
            && self.own().any(|(_, judged)| {
                judged.words.iter().any(|w| {
                    matches!(
                        &*w.text,
                        "although" | "though" | "wrong" | "wrongly" | "bug" | "claims" | "says" | "but" | "obwohl"
                    )
                })
            })
    }
}

/// What is added beside a credential.
fn tool(word: &str) -> bool {
    matches!(
        word,
        "scanning"
            | "scanner"
            | "protection"
            | "detection"
            | "linting"
            | "monitoring"
            | "alerting"
            | "tag"
            | "tags"
            | "label"
            | "labels"
            | "note"
            | "comment"
            | "reminder"
            | "description"
            | "column"
            | "panel"
            | "test"
            | "tests"
            | "check"
            | "checks"
            | "metric"
            | "metrics"
            | "logging"
    )
}

/// What is reduced or moved and is no access.
fn measure(word: &str) -> bool {
    matches!(
        word,
        "interval"
            | "frequency"
            | "number"
            | "size"
            | "load"
            | "cost"
            | "costs"
            | "traffic"
            | "noise"
            | "quota"
            | "retries"
            | "timeout"
            | "retention"
            | "duration"
            | "slot"
            | "time"
    )
}

/// What is written about a credential.
fn written(word: &str) -> bool {
    matches!(
        word,
        "description"
            | "page"
            | "pages"
            | "wiki"
            | "mention"
            | "mentions"
            | "icon"
            | "logo"
            | "diagram"
            | "picture"
            | "paragraph"
            | "section"
            | "chapter"
            | "article"
            | "sentence"
            | "typo"
            | "wording"
            | "caption"
            | "comment"
            | "comments"
            | "docs"
            | "documentation"
            | "label"
            | "tag"
    )
}

/// What fills disks.
fn files(word: &str) -> bool {
    matches!(
        word,
        "files" | "logs" | "logfiles" | "backups" | "dumps" | "artifacts" | "artefacts" | "branches" | "images"
    )
}
