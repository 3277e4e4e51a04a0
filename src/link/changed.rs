//! What levels and "new" things say of an intent: "change it to read" changes an access, "admin on X" asks for one, "we need a key for X"
//! asks for a first one and "we need a new value of X" for another.

use crate::model::inventory::Level;
use crate::model::ticket::Intent;

use super::intent::Reading;
use super::nouns::credential_noun;
use super::stance::{Act, Clause, Stance};
use super::text::{Origin, Shape, Unit};
use super::tokens::{Word, words};
use super::{level, levels};

/// Whether a clause moves an access from one level to another.
pub(super) fn changes_level(text: &str) -> bool {
    let all = words(text);
    let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    let is_level = |at: usize| level::in_place(&all, at).is_some();
    // "Maintainer -> Reporter"
    if arrow(text, &all).is_some() {
        return true;
    }
    (0..all.len()).any(|at| {
        let back = |n: usize| at.checked_sub(n).map(word).unwrap_or_default();
        if is_level(at) {
            // "No longer needs write access"
            let needs = matches!(back(1), "need" | "needs" | "require" | "requires");
            if needs && back(3) == "no" && back(2) == "longer" && level::in_place(&all, at) > Some(Level::Read) {
                return true;
            }
            // "write is not necessary", "Reporter is not enough"
            let enough = |from: usize| {
                (from..from + 3).any(|i| {
                    matches!(
                        word(i),
                        "enough" | "necessary" | "needed" | "required" | "sufficient" | "nötig" | "genug" | "notwendig"
                    )
                })
            };
            let no = (at + 1..at + 4)
                .find(|i| matches!(word(*i), "not" | "isn't" | "no" | "nicht" | "unnecessary" | "pas" | "no longer"));
            if no.is_some_and(|i| word(i) == "unnecessary" || enough(i + 1)) {
                return true;
            }
            // "Maintainer is too much"
            let too = (at + 1..at + 4)
                .any(|i| word(i) == "too" && matches!(word(i + 1), "much" | "broad" | "high" | "wide" | "powerful"));
            if too {
                return true;
            }
            // "Developer is more than it needs"
            if word(at + 1) == "is" && word(at + 2) == "more" && word(at + 3) == "than" {
                return true;
            }
            if levels::moves(&all, at) {
                return true;
            }
            // "instead of admin", "statt admin", "rather than admin", with another level before it
            let instead =
                matches!((back(2), back(1)), ("instead", "of") | ("rather", "than")) || matches!(back(1), "statt");
            if instead && (0..at).any(is_level) {
                return true;
            }
        }
        // "The role is too high"
        if matches!(
            word(at),
            "role" | "level" | "access" | "permissions" | "rights" | "scope" | "scopes" | "privileges"
        ) && matches!(word(at + 1), "is" | "are")
            && word(at + 2) == "too"
            && matches!(word(at + 3), "much" | "broad" | "high" | "wide" | "powerful" | "big")
        {
            return true;
        }
        // "from Reporter to Developer", "von Admin auf Leser"
        if matches!(word(at), "from" | "von" | "de" | "du") && (is_level(at + 1) || is_level(at + 2)) {
            let to = (at + 2..at + 6).find(|i| matches!(word(*i), "to" | "auf" | "zu" | "à" | "a" | "en"));
            if to.is_some_and(|i| (i + 1..i + 4).any(is_level)) {
                return true;
            }
        }
        // "permissions down to read-only", "back to read-only"
        let returns = word(at) == "back"
            && at > 0
            && !(0..at).any(is_level)
            && !matches!(
                back(1),
                "then"
                    | "that"
                    | "afterwards"
                    | "and"
                    | "go"
                    | "goes"
                    | "get"
                    | "report"
                    | "come"
                    | "hand"
                    | "refer"
                    | "write"
                    | "reply"
                    | "talk"
            )
            && is_level(at + 2);
        if (word(at) == "down" || returns) && word(at + 1) == "to" && (at + 2..at + 5).any(is_level) {
            return true;
        }
        // "change it to write", "set billing-deployer to Reporter", "auf nur lesend umstellen"
        let sets = matches!(
            word(at),
            "change"
                | "changed"
                | "set"
                | "switch"
                | "switched"
                | "turn"
                | "convert"
                | "flip"
                | "toggle"
                | "downgrade"
                | "demote"
                | "promote"
                | "lower"
                | "raise"
                | "upgrade"
                | "reduce"
                | "bump"
                | "limit"
                | "make"
                | "move"
                | "drop"
                | "put"
                | "stell"
                | "setz"
                | "setzen"
                | "ändern"
                | "passer"
                | "passez"
                | "cambiar"
                | "cambiad"
                | "bajar"
                | "subir"
                | "pasar"
                | "reducir"
                | "ramener"
                | "ramenez"
                | "réduire"
                | "dejar"
        );
        // A feature flag's mode is nobody's access.
        let flag = (at + 1..at + 8).any(|i| matches!(word(i), "flag" | "mode" | "toggle"));
        let negated = (1..=2).any(|n| matches!(back(n), "not" | "don't" | "never" | "nicht"));
        if sets && !flag && !negated {
            let to = (at + 1..at + 10).find(|i| matches!(word(*i), "to" | "down" | "auf" | "en" | "à" | "au" | "a"));
            // "Make me admin of X" asks for an access.
            let made = matches!(word(at), "make" | "dejar")
                && !matches!(word(at + 1), "me" | "us" | "him" | "her")
                && (at + 1..at + 6).any(|at| is_level(at) && !runs(at.checked_sub(1).map(word).unwrap_or_default()));
            if made || to.is_some_and(|i| (i + 1..i + 5).any(is_level)) {
                return true;
            }
        }
        // German puts the verb last.
        let last = matches!(
            word(at),
            "umstellen"
                | "setzen"
                | "stellen"
                | "ändern"
                | "wegnehmen"
                | "rausnehmen"
                | "zurückstufen"
                | "hochstufen"
                | "entziehen"
        );
        let taken = matches!(word(at), "wegnehmen" | "rausnehmen" | "entziehen");
        last && (at.saturating_sub(7)..at)
            .any(|i| is_level(i) && (taken || (i.saturating_sub(3)..i).any(|k| word(k) == "auf")))
    })
}

/// "Make the workflow read X in the publish step": what reads is a program.
fn runs(word: &str) -> bool {
    matches!(
        word,
        "workflow" | "job" | "step" | "pipeline" | "script" | "runner" | "service" | "app" | "build" | "tool" | "code"
    )
}

/// "From read to write".
pub(super) fn from_to(text: &str) -> bool {
    let all = words(text);
    let is_level = |at: usize| level::in_place(&all, at).is_some();
    (0..all.len()).any(|at| {
        all[at].text == "from"
            && is_level(at + 1)
            && all.get(at + 2).is_some_and(|w| w.text == "to")
            && is_level(at + 3)
    })
}

/// The word behind an arrow that points from a level to another.
pub(super) fn arrow(text: &str, all: &[Word]) -> Option<usize> {
    let is_level = |at: usize| level::in_place(all, at).is_some();
    let arrows = ["->", "=>", "\u{2192}"].iter().filter_map(|arrow| text.find(arrow));
    arrows.map(|byte| all.partition_point(|w| w.start < byte)).find(|at| {
        // "Scope api -> read_api"
        let scope =
            all[at.saturating_sub(2)..*at].iter().any(|w| matches!(w.text.as_str(), "api" | "scope" | "scopes"));
        (scope || (at.saturating_sub(2)..*at).any(is_level)) && (*at..at + 2).any(is_level)
    })
}

/// Whether a clause does so. "Change X (in production) to read": the parenthesis parts the clause.
pub(super) fn moves_level(unit: &Unit, clause: &Clause) -> bool {
    changes_level(&unit.text[clause.start..clause.end])
        || ((!clause.acts.is_empty() || clause.start == 0) && unit.text.contains('(') && changes_level(&unit.text))
}

/// "X should be read-only", "the key doesn't need write": what an access shall be, said of one that is there.
fn states_level(text: &str) -> bool {
    let all = words(text);
    let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    // "The new token should be read-only" asks for a token.
    if all.iter().any(|w| matches!(w.text.as_str(), "new" | "create" | "add" | "issue" | "another" | "request")) {
        return false;
    }
    (0..all.len()).any(|at| {
        let shall = matches!(word(at), "should" | "shall" | "must")
            && word(at + 1) == "be"
            && (at + 2..at + 4).any(|i| level::in_place(&all, i).is_some());
        // "From June svc-x should only read Y".
        let only = matches!(word(at), "should" | "shall" | "must" | "may")
            && matches!(word(at + 1), "only" | "just")
            && (level::in_place(&all, at + 2).is_some()
                || (word(at + 2) == "be" && word(at + 4) == "to" && level::in_place(&all, at + 5).is_some()));
        shall || only || unneeded(&all, at)
    })
}

/// "X should be an admin": more than it has, which is asked for like any access.
pub(super) fn raises(text: &str) -> bool {
    let all = words(text);
    !all.iter()
        .any(|w| matches!(w.text.as_str(), "only" | "just" | "no" | "not" | "longer" | "instead" | "than" | "too"))
        && (0..all.len()).any(|at| {
            matches!(all[at].text.as_str(), "should" | "shall" | "must")
                && all.get(at + 1).is_some_and(|w| w.text == "be")
                && (at + 2..at + 4).any(|i| level::in_place(&all, i) == Some(Level::Admin))
        })
}

/// "Doesn't need to write", "does not need admin": a level that is more than what is needed.
fn unneeded(all: &[Word], at: usize) -> bool {
    let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    let behind = match (word(at), word(at + 1), word(at + 2)) {
        ("doesn't" | "don't", "need", "to") => at + 3,
        ("doesn't" | "don't", "need", _) => at + 2,
        ("does" | "do", "not", "need") if word(at + 3) == "to" => at + 4,
        ("does" | "do", "not", "need") => at + 3,
        _ => return false,
    };
    let behind = behind + usize::from(matches!(word(behind), "be" | "have" | "a" | "an"));
    matches!(word(behind), "write" | "admin" | "root" | "read-write" | "rw" | "maintainer" | "owner")
        && matches!(
            word(behind + 1),
            "" | "access" | "rights" | "permission" | "permissions" | "on" | "to" | "for" | "any" | "anymore" | "there"
        )
}

fn asks_for_one(before: &[Word]) -> bool {
    before.iter().rev().take(4).any(|w| {
        matches!(
            w.text.as_str(),
            "create"
                | "add"
                | "issue"
                | "generate"
                | "order"
                | "request"
                | "provision"
                | "need"
                | "needs"
                | "provide"
                | "brauchen"
                | "braucht"
                | "anlegen"
                | "einrichten"
                | "créer"
                | "crear"
                | "necesita"
                | "necesitamos"
        )
    })
}

impl Reading<'_> {
    /// "Create a deploy key for X", "we need a token, please issue one": a first one is asked for, not another.
    pub(super) fn creates(&self, number: usize, unit: &Unit, act: &Act) -> bool {
        let verb = unit.text[act.start..act.end].to_lowercase();
        let (before, after) = (self.judged[number].before(act.start), self.judged[number].behind(act.end));
        let thing = |w: &Word| {
            (credential_noun(&w.text) && !matches!(w.text.as_str(), "path" | "version" | "variable")) || w.text == "one"
        };
        let near = after.iter().take(6).any(thing);
        // "needs a new one": what is new decides.
        let renewed = after.iter().take(6).any(|w| {
            matches!(
                w.text.as_str(),
                "new"
                    | "fresh"
                    | "another"
                    | "neuer"
                    | "neues"
                    | "neuen"
                    | "neue"
                    | "nouveau"
                    | "nouvelle"
                    | "nuevo"
                    | "nueva"
            )
        });
        match act.intent {
            Intent::Provision if renewed => false,
            Intent::Provision => {
                [
                    "create",
                    "creating",
                    "issue",
                    "generat",
                    "provid",
                    "add",
                    "set",
                    "need",
                    "anlegen",
                    "einrichten",
                    "ausstellen",
                    "créer",
                    "créez",
                    "crear",
                    "cree",
                    "crée",
                ]
                .iter()
                .any(|v| verb.starts_with(v))
                    && (near || before.iter().rev().take(6).any(thing))
                    && !self.speaks_of_old()
            }
            // "New deploy key X on Y", and below "please add its public key": a first one, by what is asked.
            Intent::Rotate
                if verb == "new"
                    && self.units[number].origin == Origin::Title
                    && !self.speaks_of_old()
                    && self.adds_public_key() =>
            {
                true
            }
            // "new": of something that is named, it is another value; else a first one, where nothing old is spoken of.
            Intent::Rotate => {
                matches!(
                    verb.as_str(),
                    "new"
                        | "neuer"
                        | "neues"
                        | "neuen"
                        | "neue"
                        | "nouveau"
                        | "nouvelle"
                        | "nuevo"
                        | "nueva"
                        | "new token"
                        | "new password"
                        | "new secret"
                ) && (near || verb.contains(' '))
                    && !self.of_unit(number).iter().any(|m| m.start >= act.end && !m.identity && m.start < act.end + 40)
                    && !self.speaks_of_old()
                    && !self.mentions.iter().any(|m| {
                        let unit = &self.units[m.unit];
                        let listed = matches!(unit.shape, Shape::Item | Shape::Row) && unit.text.len() < 80;
                        !m.identity && (unit.origin == Origin::Title || (listed && m.stance != Stance::Keep))
                    })
                    && (asks_for_one(before) || (self.opens(number, act) && !self.mentions.iter().any(|m| !m.identity)))
            }
            _ => false,
        }
    }

    /// "Add its public key as deploy key": what is done with one that is not there yet.
    fn adds_public_key(&self) -> bool {
        self.own().skip(1).any(|(_, judged)| {
            judged.words.windows(8).any(|near| {
                near[0].text == "add" && near.windows(2).any(|pair| pair[0].text == "public" && pair[1].text == "key")
            })
        })
    }

    /// "It has write today", and elsewhere "read is enough", "needs only read".
    pub(super) fn has_more(&self) -> bool {
        let any = |test: &dyn Fn(&[Word], usize) -> bool| {
            self.own().take(40).any(|(_, judged)| {
                let all = &judged.words[..];
                (0..all.len()).any(|at| level::in_place(all, at).is_some() && test(all, at))
            })
        };
        let near = |all: &[Word], from: usize, to: usize, options: &[&str]| {
            all.get(from..to.min(all.len())).is_some_and(|part| part.iter().any(|w| options.contains(&w.text.as_str())))
        };
        let today = self.own().take(40).any(|(_, judged)| {
            let all = &judged.words[..];
            let now = |w: &Word| matches!(w.text.as_str(), "today" | "currently" | "now" | "heute" | "derzeit");
            (0..all.len()).any(|at| {
                level::in_place(all, at).is_some()
                    && near(all, at.saturating_sub(3), at, &["has", "have", "may", "can"])
            }) && all.iter().any(now)
        });
        // "Has to look it up" is what is needed.
        any(&|all, at| {
            // "X is Maintainer"
            let is = near(all, at.saturating_sub(2), at, &["is", "ist", "est"])
                && matches!(all[at].text.as_str(), "maintainer" | "developer" | "owner" | "admin" | "administrator");
            is || near(all, at.saturating_sub(3), at, &["has", "have", "holds", "may", "can", "hat", "tiene"])
                && !near(all, at.saturating_sub(2), at, &["to", "zu", "que"])
        }) && any(&|all, at| {
            (near(all, at.saturating_sub(3), at, &["only", "nur", "just", "sólo", "solo"])
                && near(all, at.saturating_sub(4), at, &["needs", "need", "braucht", "necesita", "requires"]))
                                // "Developer is what it needs"
                || (near(all, at + 1, at + 2, &["is"]) && near(all, at + 2, at + 6, &["needs", "need", "needed"]))
                // "Today it may write. Afterwards it only has to fetch", "only read once the beta has ended".
                || (today && near(all, at.saturating_sub(1), at, &["only", "just", "nur"]))
                || (near(
                    all,
                    at + 1,
                    at + 4,
                    &["enough", "plenty", "suffices", "do", "sufficient", "all", "reicht", "genügt", "basta", "suffit"],
                ) && !near(all, at + 1, at + 4, &["not", "nicht", "no", "pas"]))
        })
    }

    fn speaks_of_old(&self) -> bool {
        let old = || {
            self.own().take(200).any(|(_, judged)| {
                judged.words.iter().any(|w| {
                    matches!(
                        w.text.as_str(),
                        "old"
                            | "previous"
                            | "current"
                            | "existing"
                            | "expired"
                            | "expires"
                            | "expire"
                            | "expiring"
                            | "leaked"
                            | "compromised"
                            | "exposed"
                            | "invalid"
                            | "another"
                            | "rotate"
                            | "rotation"
                            | "renew"
                            | "replace"
                            | "alte"
                            | "alten"
                            | "alter"
                            | "abgelaufen"
                            | "ancien"
                            | "ancienne"
                            | "antiguo"
                            | "antigua"
                            | "actual"
                            | "caduca"
                            | "caducado"
                    )
                })
            })
        };
        *self.once.old.get_or_init(old)
    }

    /// "X should be read-only" in a title that speaks of a credential; a text says the same of what it asks for.
    pub(super) fn states_level(&self, unit: &Unit) -> bool {
        unit.origin == Origin::Title
            && states_level(&unit.text)
            && (words(&unit.text).iter().any(|w| credential_noun(&w.text))
                || self.mentions.iter().any(|m| m.unit == 0 || !m.identity))
    }

    /// The intent that a clause's levels state, with nothing else asked.
    pub(super) fn changed(&self, unit: &Unit, clause: &Clause) -> bool {
        self.states_level(unit)
            || changes_level(&unit.text[clause.start..clause.end])
            || (clause.acts.len() < 2 && changes_level(&unit.text))
    }
}
