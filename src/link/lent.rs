//! Whether an access is asked for a time only, told by a title's or a text's words: until when, how long, from when to when. When exactly
//! it ends is read in `window`.

use crate::model::ticket::Intent;

use super::intent::Reading;
use super::lengths::{lengths, limits};

use super::stance::{Judged, Stance};
use super::text::{Origin, Shape, Unit};
use super::tokens::{Word, words};
use super::verbs::Force;

impl Reading<'_> {
    /// "cluster-admin for whoever is on call, expires 2026-09-14": a line that leads with a level and states an end.
    pub(super) fn lends(&self) -> bool {
        // The lines of a form that was typed by hand.
        const LEVELS: [&str; 11] = [
            "level",
            "access level",
            "access",
            "extent",
            "permission",
            "permissions",
            "role",
            "rights",
            "stufe",
            "niveau",
            "nivel",
        ];
        const ENDS: [&str; 18] = [
            "duration",
            "length",
            "until",
            "end",
            "ends",
            "expires",
            "to",
            "window",
            "valid",
            "validity",
            "lapses",
            "how long",
            "till",
            "until when",
            "bis",
            "ende",
            "jusqu'au",
            "hasta",
        ];
        const WHO: [&str; 6] = ["who", "for", "person", "wer", "f\u{fc}r", "qui"];
        if (self.keyed(&LEVELS) || self.keyed(&WHO)) && self.keyed(&ENDS) {
            return true;
        }
        if self.keyed(&["duration", "dauer", "dur\u{e9}e", "duraci\u{f3}n"])
            && self.keyed(&["start", "starts", "from", "begin", "inicio", "d\u{e9}but", "beginn"])
        {
            return true;
        }
        // "@piet may use X, with write rights, from … till …".
        let used = |number: usize, unit: &Unit, judged: &Judged| {
            matches!(unit.origin, Origin::Body(_))
                && judged.overall() != Stance::Keep
                && judged.words.iter().any(|w| {
                    matches!(w.text.as_str(), "may" | "needs" | "need" | "wants" | "want" | "takes" | "access")
                })
                && self.of_unit(number).iter().any(|m| !m.identity && !m.stance.spares())
                && spans(&unit.text)
        };
        if self
            .units
            .iter()
            .zip(self.judged)
            .enumerate()
            .take(60)
            .any(|(number, (unit, judged))| used(number, unit, judged))
        {
            return true;
        }
        let titled = || {
            self.units.iter().enumerate().take(4).any(|(number, unit)| {
                unit.origin == Origin::Title
                    && self.of_unit(number).iter().any(|m| (self.role)(m) && !m.stance.spares())
            })
        };
        if self.held_for() || (titled() && (self.lasts() || self.spans_items())) {
            return true;
        }
        self.units.iter().zip(self.judged).filter(|(unit, _)| matches!(unit.origin, Origin::Body(_))).any(
            |(unit, judged)| {
                let ends = |w: &Word| {
                    matches!(w.text.as_str(), "until" | "expires" | "ends" | "till" | "bis" | "jusqu'au" | "hasta")
                };
                // "Ollie may write it until 20 October".
                let may = || {
                    let all = &judged.words[..];
                    (0..all.len()).any(|at| {
                        super::level::in_place(all, at).is_some()
                            && all[..at]
                                .iter()
                                .rev()
                                .take(3)
                                .any(|w| matches!(w.text.as_str(), "may" | "needs" | "must" | "has" | "to" | "can"))
                            && all[at + 1..].iter().position(ends).is_some_and(|until| {
                                all[at + until + 2..]
                                    .iter()
                                    .take(3)
                                    .any(|w| w.text.starts_with(|c: char| c.is_ascii_digit()))
                            })
                    })
                };
                // "Access is limited until Friday 2026-07-24".
                let limited = || {
                    let all = &judged.words[..];
                    all.iter().any(|w| super::nouns::access_noun(&w.text))
                        && all.iter().any(|w| matches!(w.text.as_str(), "limited" | "valid" | "granted" | "needed"))
                        && all.iter().position(ends).is_some_and(|until| {
                            all[until + 1..].iter().take(3).any(|w| w.text.starts_with(|c: char| c.is_ascii_digit()))
                        })
                };
                judged.overall() != Stance::Keep && (may() || limited())
                    || judged.overall() != Stance::Keep
                        && unit.text.contains(|c: char| c.is_ascii_digit())
                        && judged.words.iter().any(ends)
                        && (0..judged.words.len().min(3)).any(|at| super::level::in_place(&judged.words, at).is_some())
            },
        )
    }
}

impl Reading<'_> {
    /// "Kaspar takes emergency-admin from 19:00 today, for six hours": a role, when it begins and how long.
    fn held_for(&self) -> bool {
        self.units.iter().zip(self.judged).enumerate().take(60).any(|(number, (unit, judged))| {
            matches!(unit.origin, Origin::Title | Origin::Body(_))
                && judged.overall() != Stance::Keep
                && judged.overall() != Stance::Past
                && self.of_unit(number).iter().any(|m| (self.role)(m) && !m.stance.spares())
                && lengths(&unit.text).iter().any(|length| {
                    // "From 01:30 UTC, three hours"
                    let begins = unit.text[..length.start].trim_end().ends_with(',')
                        && judged
                            .before(length.start)
                            .iter()
                            .any(|w| matches!(w.text.as_str(), "from" | "at" | "starting"));
                    begins || limits(&unit.text, &judged.words, length)
                })
        })
    }

    /// "He takes it at 03:10 UTC and keeps it for three hours", of what the title names.
    pub(super) fn lasts(&self) -> bool {
        let digit = |w: &Word| w.text.starts_with(|c: char| c.is_ascii_digit());
        self.units.iter().zip(self.judged).take(60).any(|(unit, judged)| {
            let all = &judged.words[..];
            let begins = |before: &[Word]| {
                before.windows(2).any(|pair| {
                    matches!(pair[0].text.as_str(), "from" | "at" | "starting" | "starts" | "start" | "begins")
                        && digit(&pair[1])
                })
            };
            let length = || {
                lengths(&unit.text).iter().any(|length| {
                    // "From 19:00 today, two hours"
                    let comma = unit.text[..length.start].trim_end().ends_with(',');
                    (comma || limits(&unit.text, all, length)) && begins(judged.before(length.start))
                })
            };
            // "Start 08:30 UTC, end 10:30 UTC"
            let keyed =
                |keys: &[&str]| all.windows(2).any(|pair| keys.contains(&pair[0].text.as_str()) && digit(&pair[1]));
            // "Monday 18 May 08:00 UTC to Monday 25 May 08:00 UTC"
            let clock = |part: &[Word]| part.iter().any(|w| digit(w) && unit.text[w.end..].starts_with(':'));
            let from_to = || {
                all.iter().enumerate().any(|(at, w)| {
                    w.text == "to"
                        && clock(&all[at.saturating_sub(5)..at])
                        && clock(&all[at + 1..all.len().min(at + 7)])
                })
            };
            // "We need it until 14 May"
            let until = || {
                all.iter().enumerate().any(|(at, w)| {
                    UNTIL.contains(&w.text.as_str())
                        && all[at + 1..].iter().take(3).any(digit)
                        && all[..at]
                            .iter()
                            .rev()
                            .take(4)
                            .any(|w| matches!(w.text.as_str(), "need" | "needs" | "needed" | "keep"))
                })
            };
            matches!(unit.origin, Origin::Body(_))
                && !judged.overall().spares()
                && (length()
                    || (keyed(&["start", "begin", "from"]) && keyed(&["end", "until", "to"]))
                    || from_to()
                    || until())
        })
    }

    /// "- from Saturday 05:00", "- to Sunday 22:00": in two lines of a list.
    pub(super) fn spans_items(&self) -> bool {
        let item = |number: usize, words: &[&str]| {
            self.units.get(number).is_some_and(|unit| {
                unit.shape == Shape::Item
                    && matches!(unit.origin, Origin::Body(_))
                    && unit.text.bytes().any(|byte| byte.is_ascii_digit())
                    && self.judged[number].words.first().is_some_and(|w| words.contains(&w.text.as_str()))
            })
        };
        (0..self.units.len().min(60))
            .any(|number| item(number, &FROM) && item(number + 1, &["to", "until", "till", "bis"]))
    }

    /// "4h of deploy-prod", and the title names what for.
    pub(super) fn opens_with_length(&self, number: usize, unit: &Unit) -> bool {
        let all = &self.judged[number].words;
        // "incident-admin, Omar, 2h from 12:00 UTC"
        let from = lengths(&unit.text).iter().any(|length| {
            unit.text[..length.start].trim_end().ends_with([',', '-', '–', ':'])
                && all
                    .iter()
                    .find(|w| w.start >= length.end)
                    .is_some_and(|w| matches!(w.text.as_str(), "from" | "starting" | "beginning" | "ab"))
        });
        (from
            || lengths(&unit.text).first().is_some_and(|length| {
                unit.text[..length.start].trim().is_empty()
                    && all
                        .iter()
                        .find(|w| w.start >= length.end)
                        .is_some_and(|w| matches!(w.text.as_str(), "of" | "on" | "in" | "with" | "access" | "as"))
            }))
            && self.of_unit(number).iter().any(|m| !m.identity)
    }

    /// "deploy-prod please", and the text: "we need it for the next 90 minutes". Gives whether it is for a time.
    pub(super) fn wants_it(&self, number: usize) -> Option<bool> {
        let named: Vec<_> = self.of_unit(number).iter().filter(|m| !m.identity).collect();
        let judged = &self.judged[number];
        let plain = judged.words.iter().all(|w| {
            named.iter().any(|m| m.start <= w.start && w.end <= m.end)
                || matches!(
                    w.text.as_str(),
                    "please" | "pls" | "plz" | "the" | "role" | "for" | "me" | "us" | "access" | "to" | "again"
                )
        });
        if named.is_empty() || !plain || judged.question {
            return None;
        }
        let needs = |judged: &Judged| {
            // "Keep it, we still need it" speaks of one that is there.
            !judged.words.iter().any(|w| matches!(w.text.as_str(), "still" | "keep" | "not" | "don't" | "longer"))
                && judged.words.windows(2).any(|pair| {
                    matches!(
                        pair[0].text.as_str(),
                        "need" | "needs" | "require" | "requires" | "want" | "wants" | "like" | "give"
                    ) && matches!(pair[1].text.as_str(), "it" | "this" | "that" | "access" | "him" | "her" | "them")
                })
        };
        let body =
            || self.units.iter().zip(self.judged).filter(|(unit, _)| matches!(unit.origin, Origin::Body(_))).take(20);
        let lent = body().any(|(unit, judged)| {
            lengths(&unit.text).iter().any(|length| limits(&unit.text, &judged.words, length))
                || (judged.words.iter().any(|w| UNTIL.contains(&w.text.as_str()))
                    && unit.text.bytes().any(|byte| byte.is_ascii_digit()))
        });
        let please = judged.words.iter().any(|w| matches!(w.text.as_str(), "please" | "pls" | "plz"));
        (body().any(|(_, judged)| needs(judged)) && (please || lent)).then_some(lent)
    }
}

/// Whether a ticket's own words ask for something that is to last for a time only.
pub(super) fn temporary(units: &[Unit], judged: &[Judged]) -> bool {
    units.iter().zip(judged).filter(|(unit, _)| !matches!(unit.origin, Origin::Comment(_))).any(|(_, judged)| {
        let asked = judged.clauses.iter().filter(|clause| clause.stance == Stance::Act).flat_map(|clause| &clause.acts);
        asked.into_iter().any(|act| act.intent == Intent::Elevate && act.force == Force::Strong)
    })
}

/// "Two hours from completion of this item", "the clock starts when you close it": a time that is counted from when the ticket is done.
pub(super) fn from_fulfilment(all: &[Word]) -> bool {
    const DONE: [&str; 12] = [
        "fulfil",
        "complet",
        "approv",
        "activat",
        "provision",
        "clos",
        "grant",
        "switch",
        "assign",
        "handover",
        "done",
        "processed",
    ];
    let done = |w: &Word| DONE.iter().any(|stem| w.text.starts_with(stem)) && w.text != "close-out";
    let counts = |w: &Word| {
        matches!(
            w.text.as_str(),
            "from" | "once" | "after" | "when" | "upon" | "is" | "of" | "at" | "with" | "since" | "you"
        )
    };
    let begins =
        |w: &Word| ["count", "start", "begin", "run", "clock", "tick"].iter().any(|stem| w.text.starts_with(stem));
    (0..all.len()).any(|at| {
        let before = |reach: usize| all[at.saturating_sub(reach)..at].iter();
        done(&all[at])
            && (before(2).any(|w| matches!(w.text.as_str(), "from" | "once" | "after" | "upon"))
                || (before(1).any(counts) && all[at].text != "granted" && all[at].text != "approved")
                || (before(1).any(|w| w.text == "is" || w.text == "when" || w.text == "you"))
                || (before(12).any(begins)
                    && before(8).any(|w| {
                        matches!(w.text.as_str(), "from" | "with" | "at" | "when" | "upon" | "once" | "after" | "since")
                    })))
    })
}

/// From when.
const FROM: [&str; 7] = ["from", "between", "von", "ab", "du", "desde", "del"];

/// In a title: somebody has a role in turn with others.
pub(super) const HELD: [&str; 10] =
    ["as", "swap", "swaps", "cover", "rota", "on-call", "oncall", "shift", "duty", "standby"];

/// Whether a title states until when.
pub(super) fn until(title: &Judged) -> bool {
    let until = title.words.iter().position(|w| UNTIL.contains(&w.text.as_str()));
    until.is_some_and(|at| {
        title.words[at + 1..].iter().take(4).any(|w| w.text.starts_with(|c: char| c.is_ascii_digit()))
    })
}

/// "From Friday 18:00 UTC to Monday 08:00 UTC".
pub(super) fn spans(text: &str) -> bool {
    let all = words(text);
    let digits = |from: usize, to: usize| {
        all.get(from..to.min(all.len()))
            .is_some_and(|part| part.iter().any(|w| w.text.starts_with(|c: char| c.is_ascii_digit())))
    };
    let from = all.iter().position(|w| FROM.contains(&w.text.as_str()));
    from.is_some_and(|from| {
        (from + 1..all.len().min(from + 12)).any(|to| {
            (matches!(all[to].text.as_str(), "to" | "and" | "al" | "au") || UNTIL.contains(&all[to].text.as_str()))
                && digits(from, to)
                && digits(to, to + 6)
        })
    })
}

/// Until when.
const UNTIL: [&str; 5] = ["until", "till", "bis", "jusqu'au", "hasta"];

/// Whether a title may state until when.
pub(super) fn may_lend(title: &str) -> bool {
    title.contains("~~")
        || title
            .split(|c: char| !c.is_alphanumeric() && c != '-')
            .any(|word| HELD.iter().any(|held| word.eq_ignore_ascii_case(held)))
        || title.bytes().any(|byte| byte.is_ascii_digit())
            && (title.matches(':').count() > 1
                || words(title).iter().any(|w| UNTIL.contains(&w.text.as_str()) || FROM.contains(&w.text.as_str())))
}

/// For whom and until when, in a title that keeps nothing and tells of nothing that runs out.
pub(super) fn lends_until(title: &Judged) -> bool {
    let word = |options: &[&str]| title.words.iter().position(|w| options.contains(&w.text.as_str()));
    let until = word(&UNTIL).filter(|at| {
        title
            .words
            .get(at + 1..)
            .is_some_and(|behind| behind.iter().take(4).any(|w| w.text.starts_with(|c: char| c.is_ascii_digit())))
    });
    let whom = word(&["for", "für", "pour", "para"]);
    whom.zip(until).is_some_and(|(whom, until)| whom < until)
        && !title.question
        && !title.overall().spares()
        && word(&["valid", "expires", "gültig", "good", "paid", "booked", "closed", "available", "open", "wait"])
            .is_none()
}

/// "billing-ci: write until 2026-07-19": a title that states a level and, right behind it, its end.
pub(super) fn lends_level(title: &str) -> bool {
    let all = words(title);
    (0..all.len()).any(|at| {
        super::level::in_place(&all, at).is_some()
            && all.get(at + 1).is_some_and(|w| {
                UNTIL.contains(&w.text.as_str())
                    // "X as Developer while July is reprocessed"
                    || (matches!(w.text.as_str(), "while" | "during") && at > 0 && all[at - 1].text == "as")
            })
    })
}
