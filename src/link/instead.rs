//! A ticket that ended as another action than it asked for: a rotation that became a removal, a revocation that became a rotation. Whom to
//! believe is told in `trust`; other targets that comments name stand in `corrections`.

use crate::model::ticket::{Comment, Distrusted, Intent};

use super::Read;
use super::corrections::agrees;
use super::links::quote;
use super::stance::Stance;
use super::text::Origin;
use super::tokens::{Word, words};
use super::trust::Trust;
use super::verbs::Form;

/// How words begin that end a credential.
const ENDS: [&str; 7] = ["delet", "remov", "revok", "retir", "deactivat", "scrap", "cancel"];

impl Trust<'_> {
    /// What the ticket finally asks for, where comments turn it, with the words that do.
    pub(super) fn turned(
        &self,
        read: &Read<'_>,
        intent: Intent,
        distrusted: &mut Vec<Distrusted>,
    ) -> Option<(Intent, String)> {
        match intent {
            Intent::Rotate => {
                self.removed_instead().map(|said| (Intent::Revoke, format!("removed instead of rotated: {said}")))
            }
            Intent::Revoke => self
                .rotated_instead(read, distrusted)
                .map(|said| (Intent::Rotate, format!("rotated instead of revoked: {said}"))),
            _ => None,
        }
    }

    /// "Forget the revocation, rotate it instead": that loosens, so it is the word of those who may, before it was done, and the last one of
    /// theirs. What a comment quotes is another's word.
    fn rotated_instead(&self, read: &Read<'_>, distrusted: &mut Vec<Distrusted>) -> Option<String> {
        for (unit, judged) in read.units.iter().zip(read.judged).rev().take(LAST) {
            let Origin::Comment(index) = unit.origin else { continue };
            let Some(comment) = self.record.comments.get(index).filter(|comment| !comment.system) else { continue };
            let turns = !judged.question && renewed_instead(&judged.words);
            // "No, revoke it after all."
            let orders = judged
                .clauses
                .iter()
                .filter(|clause| clause.stance == Stance::Act)
                .any(|clause| clause.acts.iter().any(|act| act.intent == Intent::Revoke && act.form == Form::Base));
            if !turns && !orders {
                continue;
            }
            let late = self.record.closed_at.is_some_and(|closed| comment.at.is_none_or(|at| at > closed));
            let may = !late && (self.trusts(&comment.author, comment.at) || self.opener_writes(comment));
            match (turns, may) {
                (true, true) => return Some(quote(&unit.text)),
                (true, false) => distrusted.push(Distrusted {
                    what: format!("rotation instead of revocation by {}", super::window::author(comment)),
                    field: format!("comment {}", index + 1),
                    quote: quote(&unit.text),
                }),
                (false, true) => return None,
                (false, false) => {}
            }
        }
        None
    }

    /// A rotation that ended as a removal: the one who did it says so.
    fn removed_instead(&self) -> Option<String> {
        self.record.comments.iter().rev().take(3).find_map(|comment| {
            let reporter = comment.author.names.iter().any(|name| self.record.reporter.names.contains(name));
            let by_right = self.trusts(&comment.author, comment.at) || (reporter && !self.of_change(&comment.author));
            // Anybody else's word, where somebody agrees: what is removed instead of renewed loosens nothing.
            let agreed = || {
                let later = |other: &&Comment| other.at > comment.at && !self.same(&other.author, &comment.author);
                let welcomes = |text: &str| agrees(text) || words(text).iter().any(|w| w.text == "better");
                self.record.comments.iter().filter(later).any(|other| welcomes(&other.text))
            };
            if !by_right {
                let said = |sentence: &str| thrown_away(&words(sentence)).then(|| quote(sentence));
                return comment.text.split_inclusive(['.', '\n', '!']).find_map(said).filter(|_| agreed());
            }
            // "Please do not renew. … so delete the variable instead."
            let not_renewed = words(&comment.text).windows(2).any(|pair| {
                matches!(pair[0].text.as_str(), "not" | "no" | "don't" | "didn't" | "without" | "never")
                    && renews(&pair[1].text)
            }) || words(&comment.text)
                .windows(3)
                .any(|w| w[0].text == "nothing" && w[1].text == "to" && renews(&w[2].text));
            let said = |sentence: &str| {
                let all = words(sentence);
                let instead = all.iter().any(|w| matches!(w.text.as_str(), "instead" | "rather"));
                let removed = all.iter().any(|w| {
                    matches!(w.text.as_str(), "deleted" | "removed" | "revoked" | "retired" | "deactivated")
                        || (not_renewed && ENDS.iter().any(|stem| w.text.starts_with(stem)))
                });
                ((instead && removed) || thrown_away(&all)).then(|| quote(sentence))
            };
            // "There is no new one: I revoked the old one and deleted the secret."
            let none = || {
                let all = words(&comment.text);
                let thing = |at: usize| {
                    all.get(at)
                        .is_some_and(|w| super::nouns::credential_noun(&w.text) || w.text == "one" || w.text == "value")
                };
                let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
                let new = |at: usize| {
                    (word(at) == "new" || word(at) == "uno" && word(at + 1) == "nuevo")
                        && !matches!(word(at + 1), "errors")
                };
                let news: Vec<usize> = (1..all.len()).filter(|at| new(*at)).collect();
                // "Didn't need a new one after all"
                let needless = |at: usize| {
                    all[at.saturating_sub(4)..at].windows(2).any(|pair| {
                        matches!(pair[0].text.as_str(), "didn't" | "not" | "don't") && pair[1].text.starts_with("need")
                    })
                };
                let no_new = news.iter().any(|at| {
                    needless(*at)
                        || matches!(word(at - 1), "no" | "without" | "of" | "falta")
                        || (word(at - 1) == "a" && matches!(word(at.wrapping_sub(2)), "no" | "without" | "of"))
                });
                // "No new key: the upload uses the identity, I deleted the secret."
                let no_new_one = news.iter().any(|at| {
                    (needless(*at) || matches!(word(at - 1), "no" | "falta"))
                        && (thing(at + 1) || thing(at + 2) || word(*at) == "uno")
                });
                let ends = |w: &Word| ENDS.iter().any(|stem| w.text.starts_with(stem));
                let away =
                    all.iter().any(|w| w.text == "take" || w.text == "throw") && all.iter().any(|w| w.text == "away");
                // "So no renewal: I deleted the secret."
                let no_more = all
                    .windows(2)
                    .any(|w| w[0].text == "no" && matches!(w[1].text.as_str(), "renewal" | "rotation" | "replacement"));
                let ended = || {
                    all.iter().any(|w| {
                        (ends(w) && w.text.ends_with("ed"))
                            || matches!(
                                w.text.as_str(),
                                "borrado" | "revocado" | "eliminado" | "gel\u{f6}scht" | "supprim\u{e9}"
                            )
                    })
                };
                let more = news.len() > usize::from(no_new);
                ((((no_more || not_renewed) && !more || no_new_one) && ended() && !comment.text.contains('?'))
                    || no_new && (away || all.iter().filter(|w| ends(w)).count() > 1) && !comment.text.contains('?'))
                .then(|| quote(&comment.text))
            };
            comment.text.split_inclusive(['.', '\n', '!']).find_map(said).or_else(none)
        })
    }
}

/// How many sentences at a ticket's end may turn a revocation.
const LAST: usize = 60;

/// A new value, as a word asks for it or names it.
fn renews(word: &str) -> bool {
    ["renew", "rotat", "replac", "reissu"].iter().any(|stem| word.starts_with(stem))
}

/// "Rotate it rather than revoke", "instead of revoking it, renew it", "forget the revocation and rotate", "rotate it instead", "do not
/// delete it but rotate it": an order for a new value in the place of an end.
fn renewed_instead(all: &[Word]) -> bool {
    let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    let ends = |at: usize| ENDS.iter().any(|stem| word(at).starts_with(stem));
    let denies = |word: &str| matches!(word, "not" | "no" | "never" | "cannot") || word.ends_with("n't");
    let near = |at: usize, reach: usize| at.saturating_sub(reach)..at;
    let orders = |at: &usize| {
        matches!(word(*at), "rotate" | "renew" | "reissue" | "re-issue")
            // "The job will rotate", "we can't rotate it".
            && !near(*at, 3).any(|at| denies(word(at)) && word(at + 1) != "delete" && word(at + 1) != "revoke" && word(at + 1) != "remove")
            && !(*at > 0 && matches!(word(*at - 1), "of" | "than" | "will" | "would" | "could" | "may" | "might" | "a" | "the"))
    };
    let Some(renewed) = (0..all.len()).find(orders) else { return false };
    let but = renewed > 2
        && word(renewed - 1) == "but"
        && near(renewed, 5).any(|at| ends(at) && near(at, 3).any(|at| denies(word(at))));
    but || (0..all.len()).any(|at| match (word(at), word(at + 1)) {
        ("instead", "of") | ("rather", "than") => {
            ends(at + 2) || (matches!(word(at + 2), "a" | "the" | "just") && ends(at + 3))
        }
        ("instead", _) => renewed < at && at - renewed < 5,
        ("forget" | "skip", _) => (at + 1..at + 4).any(|at| matches!(word(at), "revocation" | "removal" | "deletion")),
        _ => false,
    })
}

/// "Remove it instead of renewing", "instead of rotating let's throw it away".
fn thrown_away(all: &[Word]) -> bool {
    let instead = all.windows(3).any(|w| {
        (w[0].text == "instead" && w[1].text == "of" || w[0].text == "rather" && w[1].text == "than")
            && renews(&w[2].text)
    });
    // "I took the secret out instead of replacing it."
    let took_out = || {
        all.iter().any(|w| matches!(w.text.as_str(), "took" | "taken" | "take"))
            && all.iter().any(|w| matches!(w.text.as_str(), "out" | "away"))
    };
    instead
        && (took_out()
            || (0..all.len()).any(|at| {
                let next = all.get(at + 1).map(|w| w.text.as_str()).unwrap_or_default();
                let near = all.get(at + 2).map(|w| w.text.as_str()).unwrap_or_default();
                let word = all[at].text.as_str();
                ENDS.iter().any(|stem| word.starts_with(stem))
                    || matches!(word, "drop" | "kill")
                    || matches!(word, "throw" if next == "away" || near == "away")
                    || matches!(word, "get" if next == "rid")
            }))
}
