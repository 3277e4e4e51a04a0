//! Tickets that tell what a product shall do or what is wrong with it (user stories, bugs with steps and what was expected), and those that
//! say that they ask for nothing. Other tickets that ask for no change of access are told in `talk`.

use super::intent::Reading;
use super::mention::Mention;
use super::stance::{Judged, Stance};
use super::text::{Origin, Shape, Unit};
use super::tokens::Word;
use super::verbs::{Cue, Form};
use crate::model::ticket::Intent;

/// A ticket of more lines is looked at up to here.
const LINES: usize = 60;

impl Reading<'_> {
    /// "As a courier I want to unlock the app with my face": what somebody shall be able to do, unless the wish itself is to end something.
    pub(super) fn tells_a_story(&self) -> bool {
        let story = self.own().take(LINES).any(|(_, judged)| {
            let wish = wish(&judged.words);
            wish.is_some_and(|at| {
                let why = |w: &&Word| !matches!(w.text.as_str(), "so" | "because" | "before" | "when");
                !judged.words[at..].iter().take_while(why).any(|w| ends(&w.text))
            })
        });
        (story && !self.named_orders(true)) || self.gathers()
    }

    /// "Decide: rotate or delete X", "an old ticket said to rotate X", in a title.
    pub(super) fn leaves_open(&self) -> bool {
        self.own()
            .filter(|(unit, _)| unit.origin == Origin::Title)
            .any(|(unit, judged)| undecided(&unit.text, &judged.words))
    }

    /// An epic whose parts are asked for in tickets of their own.
    pub(super) fn gathers(&self) -> bool {
        let kind = self.record.kind.as_deref().map(|kind| kind.trim().to_lowercase());
        let epic = matches!(kind.as_deref(), Some("epic" | "initiative" | "theme"));
        let own = || self.own().take(LINES).flat_map(|(_, judged)| judged.words.windows(2));
        let umbrella = |(unit, judged): (&Unit, &Judged<'_>)| {
            unit.origin == Origin::Title && judged.words.iter().any(|w| w.text == "umbrella")
        };
        (epic || self.own().any(umbrella))
            && !self.named_orders(true)
            && own().any(|pair| {
                matches!(pair[0].text.as_str(), "own" | "separate" | "single" | "child")
                    && ["ticket", "issue", "task", "story"].iter().any(|noun| pair[1].text.starts_with(noun))
            })
    }

    /// "Rotate X?", and the text: "should be changed, to be on the safe side".
    pub(super) fn proposed(&self, title: usize) -> Option<Intent> {
        let judged = self.judged.get(title).filter(|judged| judged.question)?;
        // "Can we delete X?"
        let first = match judged.words.as_slice() {
            [can, we, ..] if matches!(&*can.text, "can" | "could" | "should" | "shall") && &*we.text == "we" => 2,
            _ => 0,
        };
        let (Cue::Act(intent, _, Form::Base), _) = self.lexicon.at(&judged.words, first)? else { return None };
        let proposal = |unit: &Unit| {
            unit.text.split_once(':').is_some_and(|(key, _)| {
                super::tokens::words(key).iter().any(|w| matches!(&*w.text, "proposal" | "vorschlag" | "propuesta"))
            })
        };
        let should = self.own().filter(|(unit, _)| matches!(unit.origin, Origin::Body(_))).any(|(unit, judged)| {
            let acts = judged.clauses.iter().filter(|clause| clause.stance == Stance::Act).flat_map(|c| &c.acts);
            let wished = proposal(unit)
                || judged.words.iter().any(|w| matches!(w.text.as_str(), "rather" | "prefer" | "better" | "guess"));
            acts.into_iter().any(|act| (act.modal || wished) && matches!(act.intent, Intent::Revoke | Intent::Rotate))
        });
        // "Rotate X?": the whole title.
        let bare = || {
            let named = self.of_unit(title).iter().filter(|m| !m.identity);
            named.map(|m| m.end).max().is_some_and(|end| judged.behind(end).is_empty())
                && self.of_unit(title).first().is_some_and(|m| judged.before(m.start).len() == 1)
        };
        ((should || bare()) && matches!(intent, Intent::Revoke | Intent::Rotate)).then_some(intent)
    }

    /// Labelled a bug, an enhancement or a feature.
    pub(super) fn of_a_product(&self) -> bool {
        let is = |label: &str| {
            matches!(
                label.trim().to_lowercase().as_str(),
                "bug"
                    | "enhancement"
                    | "feature"
                    | "feature request"
                    | "feature-request"
                    | "new feature"
                    | "improvement"
                    | "defect"
            )
        };
        let titled = self
            .record
            .title
            .split_once(':')
            .is_some_and(|(front, _)| is(front) || matches!(front.trim().to_lowercase().as_str(), "feat" | "fix"));
        titled || self.record.labels.iter().any(|label| is(label)) || self.record.kind.as_deref().is_some_and(is)
    }

    /// "Steps: … Expected: …": a bug, unless something that is named shall be changed.
    pub(super) fn tells_a_bug(&self) -> bool {
        let keys: &[&[&str]] = &[
            &["steps", "steps to reproduce", "to reproduce", "reproduce", "repro"],
            &["expected", "expected behaviour", "expected behavior", "expected result", "should be"],
            &["actual", "actual behaviour", "actual behavior", "actual result", "observed", "instead"],
        ];
        let keyed = |unit: &Unit| {
            let key = unit.text.split(':').next().unwrap_or_default();
            let key = key.trim_matches(['*', '#', '_', ' ']).to_lowercase();
            keys.iter().position(|names| names.contains(&key.as_str()))
        };
        let found: Vec<usize> = self.own().take(LINES).filter_map(|(unit, _)| keyed(unit)).collect();
        // Steps to reproduce are enough where a label says that it is a bug.
        let enough = if self.of_a_product() && found.contains(&0) { 1 } else { 2 };
        // "Steps: unset X, start the app": an order to whoever looks at it.
        let behind_steps = || {
            self.own().enumerate().filter(|(_, (unit, _))| keyed(unit) != Some(0)).all(|(number, (_, judged))| {
                self.of_unit(number).is_empty() || judged.clauses.iter().all(|clause| clause.acts.is_empty())
            })
        };
        keys.iter().enumerate().filter(|(at, _)| found.contains(at)).count() >= enough
            && (!self.named_orders(false) || (found.contains(&0) && behind_steps()))
    }

    /// "Nothing to be done about accounts here", "for information only".
    pub(super) fn disclaims(&self) -> Option<String> {
        const PHRASES: [&[&str]; 54] = [
            &["purely", "visual"],
            &["purely", "cosmetic"],
            &["purement", "visuel"],
            &["rein", "optisch"],
            &["ui", "nit"],
            &["wrong", "only", "there"],
            &["no", "key", "has", "to", "be", "changed"],
            &["only", "a", "display"],
            &["please", "change", "nothing"],
            &["nothing", "is", "to", "be", "changed"],
            &["document", "change", "only"],
            &["documentation", "only"],
            &["nothing", "has", "to", "be", "changed"],
            &["nothing", "needs", "to", "be", "changed"],
            &["not", "ask", "for", "any", "change"],
            &["no", "change", "is", "requested"],
            &["no", "changes", "are", "requested"],
            &["written", "answer", "is", "enough"],
            &["no", "remediation"],
            &["recorded", "for", "completeness"],
            &["for", "completeness"],
            &["is", "a", "test", "ticket"],
            &["just", "a", "test"],
            &["only", "about", "the", "page"],
            &["only", "about", "the", "text"],
            &["hardware", "only"],
            &["equipment", "only"],
            &["nothing", "to", "be", "done", "about"],
            &["no", "access", "change"],
            &["no", "access", "changes"],
            &["no", "change", "of", "access"],
            &["no", "changes", "to", "access"],
            &["no", "account", "changes"],
            &["no", "credentials", "are", "affected"],
            &["no", "accounts", "are", "affected"],
            &["for", "information", "only"],
            &["for", "your", "information"],
            &["fyi"],
            &["just", "for", "information"],
            &["no", "action", "needed"],
            &["no", "action", "required"],
            &["no", "action", "necessary"],
            &["nothing", "to", "do", "here"],
            &["there", "is", "nothing", "to", "do"],
            &["there's", "nothing", "to", "do"],
            &["es", "gibt", "nichts", "zu", "tun"],
            &["nur", "zur", "info"],
            &["nur", "zur", "information"],
            &["zur", "kenntnis"],
            &["pour", "information"],
            &["pour", "info"],
            &["a", "título", "informativo"],
            &["no", "hace", "falta", "tocar"],
            &["no", "hay", "que", "hacer", "nada"],
        ];
        self.own().find_map(|(unit, judged)| {
            let all = &judged.words;
            // "Please change nothing:" is about what follows.
            let leads = unit.text.trim_end().ends_with(':');
            PHRASES
                .iter()
                .filter(|_| !leads)
                .any(|phrase| all.windows(phrase.len()).any(|w| w.iter().zip(*phrase).all(|(a, b)| a.text == *b)))
                .then(|| super::links::quote(&unit.text))
        })
    }

    /// Whether an order is given to do something to what is named, in the title or a sentence; steps of a bug order nothing.
    pub(super) fn named_orders(&self, items: bool) -> bool {
        self.units.iter().enumerate().any(|(number, unit)| {
            let own = unit.origin == Origin::Title || matches!(unit.origin, Origin::Body(_));
            let named = |m: &Mention| !m.stance.spares() && !m.instrument;
            own && (items || unit.shape != Shape::Item)
                && self.of_unit(number).iter().any(named)
                && self.judged[number].clauses.iter().any(|clause| {
                    clause.stance == Stance::Act
                        && clause.acts.iter().filter(|act| !tells(&unit.text[act.start..act.end])).any(|act| {
                            (items && unit.shape == Shape::Item && act.form == Form::Participle)
                                || act.form == Form::Base && act.start < clause.end && self.opens(number, act)
                                || (unit.origin == Origin::Title && act.form == Form::Base)
                                || act.modal
                        })
                })
        })
    }
}

/// "X expired": how a thing is, and no order.
fn tells(said: &str) -> bool {
    super::nouns::expires(said) || super::nouns::condition(said)
}

/// Where a story's wish begins: "as a … I want", "as the … I would like".
fn wish(all: &[Word]) -> Option<usize> {
    let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    let from = (0..all.len().min(3)).find(|at| {
        word(*at) == "as"
            && !matches!(word(at + 1), "far" | "soon" | "long" | "much" | "well" | "i" | "you" | "we" | "it")
    })?;
    (from + 2..all.len().min(from + 12)).find(|at| {
        matches!(word(*at), "i" | "we")
            && matches!(word(at + 1), "want" | "need" | "would" | "wish" | "can" | "expect" | "find" | "get" | "see")
    })
}

/// That something ends or is changed.
fn ends(word: &str) -> bool {
    ["revok", "remov", "delet", "rotat", "replac", "disabl", "deactivat", "retir", "gone", "decommission", "renew"]
        .iter()
        .any(|stem| word.starts_with(stem))
}

/// "Decide: rotate or delete X", "discuss whether to rotate X", "an old ticket said to rotate X": nothing is ordered yet, or any more.
pub(super) fn undecided(text: &str, all: &[Word]) -> bool {
    let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    let decides = matches!(word(0), "decide" | "discuss" | "clarify" | "entscheiden" | "kl\u{e4}ren")
        && (all.first().is_some_and(|first| text[first.end..].starts_with(':'))
            || matches!(word(1), "whether" | "how" | "if" | "when" | "ob" | "wie" | "wann"));
    // "Old ticket T-88 said to rotate X."
    let said = (0..all.len().min(8)).find(|at| matches!(word(*at), "said" | "says") && word(at + 1) == "to");
    decides
        || (word(0) == "whether" && word(1) == "to")
        || said.is_some_and(|said| all[..said].iter().any(|w| w.text == "ticket"))
}
