//! What a word that asks weighs where it stands: none where its object is nothing of ours, or where it only tells. How weights become an
//! intent is decided in `intent`.

use crate::model::ticket::Intent;

use super::intent::Reading;
use super::nouns::expires;
use super::stance::{Act, Clause};
use super::text::{Origin, Shape, Unit};
use super::verbs::{Force, Form};

impl Reading<'_> {
    /// The points of a verb of some weight: none where its object is not ours, or where it tells.
    pub(super) fn points(&self, number: usize, unit: &Unit, clause: &Clause, act: &Act, weight: f64) -> f64 {
        // "Remove her access to X", "access to X revoked": the access is what is removed.
        let removed = act.intent == Intent::Provision
            && clause.acts.iter().any(|other| {
                other.intent != Intent::Provision
                    && (other.start < act.start || (act.form == Form::Noun && other.intent != Intent::Elevate))
            });
        // "Give X a new value."
        let gives = act.intent == Intent::Provision
            && unit.text[act.start..act.end].to_lowercase().starts_with("giv")
            && clause.acts.iter().any(|other| other.intent == Intent::Rotate && other.start > act.end);
        // "Jonas no longer needs X", and below: "take his access to it away".
        let his = act.intent == Intent::Revoke
            && unit.origin == Origin::Title
            && unit.text[act.start..act.end].to_lowercase().starts_with("no longer need")
            && self.own().skip(1).flat_map(|(_, judged)| &judged.clauses).any(|clause| {
                let takes = |act: &Act| act.intent == Intent::Modify && act.force == Force::Strong;
                clause.stance == super::stance::Stance::Act && clause.acts.iter().any(takes)
            });
        if removed || gives || his || (expires(&unit.text[act.start..act.end]) && !self.runs_out(number, unit, act)) {
            return 0.0;
        }
        let said = unit.text[act.start..act.end].to_lowercase();
        let elsewhere = match act.intent {
            // "Permanent admin on breakglass": the role is called so.
            Intent::Elevate => self.judged[number].words.iter().any(|w| {
                matches!(w.text.as_str(), "permanent" | "permanently" | "dauerhaft" | "unbefristet" | "permanente")
            }),
            // "Delete X once the contract is over": when, of something that is named.
            Intent::Offboard if said.contains("contract") => {
                let before = self.judged[number].before(act.start);
                let when = before.iter().rev().take(4).any(|w| matches!(w.text.as_str(), "once" | "when" | "after"));
                let ends = |other: &Act| other.intent == Intent::Revoke && other.start < act.start;
                when && clause.acts.iter().any(ends) && self.of_unit(number).iter().any(|m| !m.identity)
            }
            // "Search moves to the managed offering": nobody changes teams.
            Intent::Modify if said.ends_with(" to the") => !self.somebody_moves(number, unit, act),
            // "The warning goes away": only of a workload it says that it ends.
            Intent::Revoke if said.starts_with("go") && said.ends_with("away") => {
                self.meant(number, unit, act) != Intent::Offboard || self.judged[number].before(act.start).len() > 3
            }
            _ => false,
        };
        // "Tenant move of X", "change of owner": a noun.
        // "While the ingress moves": nothing is moved.
        let moves =
            matches!(said.as_str(), "moves" | "moved") && self.judged[number].between(act.end, clause.end).is_empty();
        let adjective = said == "narrow"
            && self.judged[number]
                .before(act.start)
                .last()
                .is_some_and(|w| matches!(w.text.as_str(), "is" | "are" | "was" | "too" | "a" | "the" | "very"));
        // "On-call swap: …", "the metrics grant is over": no verbs.
        let before = self.judged[number].before(act.start);
        let article =
            before.iter().rev().take(2).any(|w| matches!(w.text.as_str(), "the" | "a" | "this" | "our" | "its"));
        let called = act.force == Force::Weak
            && !before.is_empty()
            && unit.text[act.end..].starts_with(':')
            && matches!(said.as_str(), "swap" | "change" | "switch" | "move" | "exchange" | "update");
        // "Limited to 24h": a time, and no extent.
        let timed = matches!(said.as_str(), "limited" | "restricted" | "capped" | "limit")
            && super::lengths::lengths(unit.text.get(act.end..).unwrap_or_default())
                .first()
                .is_some_and(|length| length.start < 6);
        // "The new one is in place."
        let there = said.starts_with("new ")
            && before.last().is_some_and(|w| matches!(w.text.as_str(), "the" | "a"))
            && self.judged[number]
                .behind(act.end)
                                .first()
                .is_some_and(|w| matches!(w.text.as_str(), "is" | "works" | "was" | "has" | "are"))
            // "A new one is needed."
            && !self.judged[number].behind(act.end).get(1).is_some_and(|w| {
                matches!(w.text.as_str(), "needed" | "required" | "due" | "necessary" | "missing")
            });
        // "New key for svc-x issued": what was made.
        let rest = self.judged[number].between(act.end, clause.end);
        let issued = said.starts_with("new")
            && !act.modal
            && !rest.iter().any(|w| matches!(&*w.text, "be" | "needs" | "need" | "must" | "should" | "please"))
            && rest.last().is_some_and(|w| {
                matches!(w.text.as_str(), "issued" | "created" | "generated" | "stored" | "deployed" | "delivered")
            });
        let behind = self.judged[number].behind(act.end);
        // "How to create X, and when to rotate it."
        let asked_how = matches!(
            before.iter().rev().take(2).map(|w| w.text.as_str()).collect::<Vec<_>>()[..],
            ["to", "how" | "when" | "where" | "whether"]
        );
        // "Revoking is not planned", "nothing else changes", "decide: rotate or delete X".
        let noun = act.form == Form::Noun || said.ends_with("ing");
        let denied = matches!(
            behind.iter().take(3).map(|w| w.text.as_str()).collect::<Vec<_>>()[..],
            ["is" | "was" | "are", "not", "planned" | "intended" | "foreseen" | "needed" | "necessary" | "required"]
        ) && !behind.get(3).is_some_and(|w| matches!(&*w.text, "any" | "anymore" | "longer"));
        let left_open = (noun && denied)
            || (said == "changes" && before.first().is_some_and(|w| w.text == "nothing"))
            || unit.origin == Origin::Title && super::stories::undecided(&unit.text, &self.judged[number].words);
        // "Attach the result", "fares-ro for the auditors, limited".
        let aside = (said == "attach"
            && behind.iter().take(2).any(|w| {
                matches!(&*w.text, "result" | "results" | "file" | "screenshot" | "report" | "log" | "list" | "pdf")
            }))
            || (matches!(said.as_str(), "limited" | "befristet") && behind.is_empty() && unit.origin == Origin::Title);
        // "Add X to the list in CONTRIBUTING.md."
        let text = act.intent == Intent::Provision
            && unit.origin == Origin::Title
            && self.of_unit(number).iter().any(|m| !m.identity)
            && super::topics::goes_into_a_text(&self.judged[number].words);
        // "It needs no token."
        let none = said.starts_with("need")
            && self.judged[number].behind(act.end).first().is_some_and(|w| matches!(w.text.as_str(), "no" | "nothing"));
        // "Rate limits".
        let noun = moves
            || self.around(number, unit, act)
            || (said == "limits"
                && before
                    .last()
                    .is_some_and(|w| matches!(w.text.as_str(), "rate" | "the" | "quota" | "these" | "upper" | "time")))
            || none
            || there
            || issued
            || asked_how
            || left_open
            || aside
            || text
            || timed
            || adjective
            || called
            || (said == "grant" && article)
            || (act.force == Force::Weak
                // "After the move to X", "during the Kafka move".
                && (before.last().is_some_and(|w| matches!(w.text.as_str(), "the" | "a" | "this" | "our"))
                    || (article && self.judged[number].between(act.end, clause.end).is_empty()))
                && matches!(said.as_str(), "swap" | "move" | "switch" | "exchange"))
            || act.force == Force::Weak
                && act.form == Form::Base
                && matches!(said.as_str(), "move" | "change" | "limit" | "exchange" | "swap" | "switch")
                && self.judged[number].behind(act.end).first().is_some_and(|w| w.text == "of")
                && !self.judged[number].before(act.start).is_empty();
        // "Key rotation feature", "a script that rotates keys": what does it, and nobody is asked to.
        let machine = |w: &super::tokens::Word| {
            matches!(
                w.text.as_str(),
                "feature"
                    | "endpoint"
                    | "button"
                    | "script"
                    | "calendar"
                    | "dashboard"
                    | "reminder"
                    | "reminders"
                    | "lambda"
                    | "screen"
                    | "page"
                    | "metric"
                    | "metrics"
                    | "helper"
                    | "wizard"
            )
        };
        // What is called after a verb, too, where nothing else is: "the rotation policy", "a test which revokes", but "rotate test tokens".
        let text = |w: &super::tokens::Word| {
            matches!(&*w.text, "test" | "tests" | "rule" | "function" | "policy" | "strategy" | "guideline")
        };
        let alone = behind.get(1).is_none_or(|w| {
            matches!(&*w.text, "for" | "to" | "in" | "on" | "that" | "which" | "of" | "with" | "and" | "draft")
        });
        let called_so = behind.first().is_some_and(|w| {
            (act.form == Form::Noun && machine(w)) || (alone && !act.modal && (machine(w) || text(w)))
        });
        // "The job that rotates X runs at night."
        let job = |w: &super::tokens::Word| {
            matches!(&*w.text, "job" | "cron" | "cronjob" | "workflow" | "task" | "timer" | "bot")
        };
        let does = |at: usize| {
            let which = before.iter().rev().nth(at).is_some_and(|w| w.text != "to");
            before.iter().rev().nth(at + 1).is_some_and(|w| machine(w) || (which && (text(w) || job(w))))
        };
        let by_machine = called_so
            || before
                .iter()
                .rev()
                .take(3)
                .position(|w| matches!(w.text.as_str(), "to" | "that" | "which"))
                .is_some_and(does);
        // "incident-admin: on-call swap": a role has no value to be exchanged.
        let only_roles = act.intent == Intent::Rotate && act.force == Force::Weak && {
            let mut named = self.of_unit(number).iter().filter(|m| !m.identity).peekable();
            named.peek().is_some() && named.all(|m| (self.role)(m))
        };
        match act.force {
            _ if noun || only_roles || by_machine => 0.0,
            _ if elsewhere || self.had(number, act) || self.foreign(number, unit, clause, act) => 0.0,
            Force::Weak if act.intent == Intent::Rotate && self.meant(number, unit, act) == Intent::Modify => {
                weight * 0.8
            }
            Force::Strong => weight,
            Force::Weak if act.intent == Intent::Revoke && self.meant(number, unit, act) == Intent::Offboard => {
                weight * 0.85
            }
            Force::Weak if act.intent == Intent::Provision && self.creates(number, unit, act) => weight * 0.8,
            Force::Weak if self.object(number, clause, act) => weight * 0.8,
            Force::Weak if unit.shape == Shape::Heading && self.heads_names(number) => weight * 0.8,
            Force::Weak => 0.0,
        }
    }

    /// "A deploy key with write access": what something has, and nothing that is asked for.
    fn had(&self, number: usize, act: &Act) -> bool {
        act.form == Form::Noun
            && act.intent == Intent::Provision
            && self.units[number].origin != Origin::Title
            && self.judged[number].before(act.start).last().is_some_and(|w| {
                matches!(w.text.as_str(), "with" | "has" | "have" | "had" | "hat" | "mit" | "avec" | "con" | "tiene")
            })
    }

    /// "Ruth moves to the platform team": a person before, or a team behind.
    fn somebody_moves(&self, number: usize, unit: &Unit, act: &Act) -> bool {
        // "X was moved to the new runner group": a thing.
        let (mut person, mut thing) = (false, false);
        for mention in self.of_unit(number).iter().filter(|m| m.start < act.start) {
            (person, thing) = (person || mention.identity, thing || !mention.identity);
        }
        if thing && !person {
            return false;
        }
        self.of_unit(number).iter().any(|m| m.identity && m.start < act.start)
            || super::tokens::tokens(&unit.text[..act.start]).iter().any(|token| super::people::address(token.text))
            || self.judged[number].behind(act.end).iter().take(5).any(|w| {
                matches!(
                    w.text.as_str(),
                    "team" | "department" | "squad" | "group" | "crew" | "tribe" | "unit" | "role"
                )
            })
    }
}
