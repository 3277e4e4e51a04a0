//! The date from which what a ticket asks for holds: stated by a word, of a leaver the last day, or the day on which it is to be done. What
//! each time in a text is for is told in `role`.

use std::cell::OnceCell;

use jiff::Timestamp;

use crate::model::ticket::{Field, Intent};

use super::appointed::of_others;
use super::dates::Point;
use super::daywords::{a_day, between, done_on, from, goes_on_from, gone_by, named, next};
use super::filed::filed_afterwards;
use super::nouns::{condition, expires};
use super::role::Role;
use super::stance::Stance;
use super::text::{Origin, Shape, Unit};
use super::tokens::words;
use super::verbs::Form;
use super::window::{DAY, Times, end_of};

impl Times<'_> {
    /// The date that the ticket states for its action.
    pub(super) fn effective(&self) -> Option<Timestamp> {
        let stated = self.stated()?;
        // What was before the ticket is where something comes from: "records as of 30 April". Somebody may have left before.
        let past = self.record.opened_at.is_some_and(|opened| end_of(stated) < opened);
        let may = self.intent == Intent::Offboard
            || self.record.fields.contains_key(&Field::Effective)
            || filed_afterwards(self.units)
            || self.was_effective();
        Some(stated).filter(|_| !past || may)
    }

    fn stated(&self) -> Option<Timestamp> {
        let Some(field) = self.record.fields.get(&Field::Effective) else { return self.in_words() };
        let at = self.field(field, false)?;
        // A form's last day comes as a field; the text says the same day in words: "leaves on 11 May".
        let last = self.intent == Intent::Offboard
            && !self.workload
            && field.trim().len() == 10
            && self.in_words() == Some(end_of(at));
        Some(if last { end_of(at) } else { at })
    }

    fn in_words(&self) -> Option<Timestamp> {
        if matches!(self.intent, Intent::Elevate | Intent::None) {
            return None;
        }
        // Of a leaver the last day is what counts, wherever it stands.
        if self.intent == Intent::Offboard {
            let own = self.units.iter().enumerate().filter(|(_, unit)| !matches!(unit.origin, Origin::Comment(_)));
            let mut all = own.flat_map(|(number, unit)| self.points(number, unit));
            if let Some((point, _)) = all.find(|(_, role)| *role == Role::LastDay) {
                return Some(if point.day { end_of(point.at) } else { point.at });
            }
        }
        let (filed, orders) = (OnceCell::new(), OnceCell::new());
        let told = || *filed.get_or_init(|| filed_afterwards(self.units));
        for (number, unit) in self.units.iter().enumerate().filter(|(_, u)| !matches!(u.origin, Origin::Comment(_))) {
            for (point, role) in self.points(number, unit).iter().copied() {
                match role {
                    Role::LastDay => return Some(if point.day { end_of(point.at) } else { point.at }),
                    // "Sie verl\u{e4}sst uns zum 14. August": with that day's end.
                    Role::Effective if point.day && self.leaves_with(number, point) => return Some(end_of(point.at)),
                    Role::Effective => return Some(self.finer(point)),
                    // "Her replacement starts on Monday."
                    Role::Start if self.intent == Intent::Offboard && of_others(&unit.text) => {}
                    _ if !point.day && self.recorded(number, unit, point) && !*orders.get_or_init(|| self.orders()) => {
                        return Some(point.at);
                    }
                    // "Starts on Monday": who comes, not when the access holds from.
                    Role::Start if named(unit, point) && !from(unit, point) => {}
                    // "The gist from Friday contains it."
                    Role::Start if named(unit, point) && !goes_on_from(unit, point) => {}
                    Role::Start
                        if matches!(
                            self.intent,
                            Intent::Provision | Intent::Modify | Intent::Revoke | Intent::Offboard
                        ) && (!self.kept(number) || refuses(unit))
                            && !tells_since(unit, point)
                            && !between(unit, point)
                            && !away(unit, point) =>
                    {
                        return Some(self.finer(point));
                    }
                    Role::Start | Role::On | Role::Other if !point.day && self.scheduled(number, unit, point) => {
                        return Some(point.at);
                    }
                    // "The key goes on 2026-12-01 and not before."
                    Role::On | Role::Other if self.not_before(number, unit, point) => return Some(self.finer(point)),
                    Role::Happened
                        if told() && named(unit, point) && self.record.opened_at.is_some_and(|o| point.at > o) => {}
                    Role::Happened if told() => return Some(self.finer(point)),
                    // "Swapped on Saturday" looks back.
                    Role::On if told() && named(unit, point) && self.record.opened_at.is_some_and(|o| point.at > o) => {
                    }
                    Role::On if told() && (self.tells(number) || done_on(unit, point)) => {
                        return Some(self.finer(point));
                    }
                    _ => {}
                }
            }
        }
        self.dated()
            .or_else(|| self.planned())
            .or_else(|| self.set_for())
            .or_else(|| self.over_with())
            .or_else(|| self.only_past().filter(|_| told()))
    }

    /// "Time of revocation: 2026-06-30 20:00 UTC", "the live key was rolled on 27 May at 13:20 UTC": the hour at which it was done, in a
    /// ticket that was opened later and orders nothing any more.
    fn recorded(&self, number: usize, unit: &Unit, point: Point) -> bool {
        if !matches!(self.intent, Intent::Revoke | Intent::Rotate)
            || self.record.opened_at.is_none_or(|opened| point.at > opened || named(unit, point))
        {
            return false;
        }
        let judged = &self.judged[number];
        let end = unit.text[..point.start].rfind([':', '|']).unwrap_or_default();
        let keyed = |act: &super::stance::Act| act.end <= end && point.start <= end + 4;
        // "| Carried out | 2026-03-05T08:08Z by Bob |"
        let carried = point.start <= end + 4
            && judged.before(end).iter().rev().take(4).any(|w| {
                matches!(
                    w.text.as_str(),
                    "carried" | "executed" | "performed" | "done" | "taken" | "implemented" | "durchgef\u{fc}hrt"
                )
            });
        let said = judged.clauses.iter().flat_map(|clause| clause.told.iter().chain(&clause.acts)).any(|act| {
            let done = act.form == Form::Participle
                && !act.modal
                && judged.between(act.end.min(point.start), act.end.max(point.start)).len() < 9;
            act.intent == self.intent && !condition(&unit.text[act.start..act.end]) && (done || keyed(act))
        });
        let behind = judged.behind(point.end);
        let near = judged.before(point.start).windows(2).chain(behind[..behind.len().min(10)].windows(2));
        let value = near.into_iter().any(|pair| {
            matches!(pair[0].text.as_str(), "new" | "fresh" | "another" | "other")
                && matches!(
                    pair[1].text.as_str(),
                    "value" | "one" | "password" | "key" | "token" | "secret" | "version"
                )
        }) && self.intent == Intent::Rotate;
        // "X was switched at 06:15 CET".
        let near: Vec<&str> = judged.before(point.start).iter().rev().take(4).map(|w| w.text.as_str()).collect();
        let value = value
            || self.intent == Intent::Rotate
                && near.iter().any(|w| matches!(*w, "was" | "were"))
                && near.iter().any(|w| matches!(*w, "switched" | "swapped" | "exchanged" | "replaced" | "changed"));
        // "Was last rotated on 3 January" is why it is asked for again.
        let earlier = judged
            .before(point.start)
            .iter()
            .any(|w| matches!(w.text.as_str(), "last" | "previously" | "formerly" | "zuletzt" | "letztes"));
        // "| WEBHOOK | 6 May, 14:20 UTC | Mikael |" below "What | When | Who".
        let when = unit.shape == Shape::Row
            && filed_afterwards(self.units)
            && super::table::heading(self.units, number, point.start).is_some_and(|name| {
                matches!(
                    name.trim().to_lowercase().as_str(),
                    "when" | "time" | "date" | "wann" | "zeit" | "datum" | "uhrzeit" | "quand" | "cu\u{e1}ndo"
                )
            });
        // "When: 2026-07-22 04:10 UTC" of such a record.
        let keyed_when = unit.text.get(..point.start).is_some_and(|before| {
            let key = before
                .trim_end_matches([' ', '*'])
                .strip_suffix(':')
                .map(|key| key.trim_matches([' ', '*', '-']).to_lowercase());
            key.is_some_and(|key| {
                matches!(key.as_str(), "when" | "time" | "wann" | "zeitpunkt" | "quand" | "cu\u{e1}ndo")
            })
        }) && filed_afterwards(self.units);
        (said || value || carried || when || keyed_when) && !earlier
    }

    /// Whether the ticket, in its title or its text, orders a credential's end or its new value.
    fn orders(&self) -> bool {
        self.units.iter().zip(self.judged).any(|(unit, judged)| {
            !matches!(unit.origin, Origin::Comment(_))
                && judged.clauses.iter().filter(|clause| clause.stance == Stance::Act).any(|clause| {
                    let order = |act: &super::stance::Act| {
                        act.form == Form::Base
                            && matches!(act.intent, Intent::Revoke | Intent::Rotate)
                            && !condition(&unit.text[act.start..act.end])
                            && !expires(&unit.text[act.start..act.end])
                            && !is_new(&unit.text[act.start..act.end])
                            // "We had to rotate it" tells.
                            && !judged.before(act.start).iter().rev().take(2).map(|w| w.text.as_str()).eq(["to", "had"])
                    };
                    clause.acts.iter().any(order)
                })
        })
    }

    /// "Change window: …", a heading "Schedule", "… and not before": the hour at which it is to be done.
    fn scheduled(&self, number: usize, unit: &Unit, point: Point) -> bool {
        let names = |text: &str| {
            let lower = text.trim_matches(['*', '_', ' ', '|']).to_lowercase();
            matches!(
                lower.as_str(),
                "change window" | "schedule" | "scheduled" | "execution" | "termin" | "zeitpunkt" | "date" | "when"
            )
        };
        // A forwarded mail has its date.
        let later = self.record.opened_at.is_none_or(|opened| point.at >= opened);
        let key = later && unit.text.split_once(':').is_some_and(|(key, _)| names(key));
        let heading = unit.heading.is_some_and(|heading| heading + 1 == number && names(&self.units[heading].text));
        self.not_before(number, unit, point)
            || matches!(self.intent, Intent::Rotate | Intent::Revoke | Intent::Modify)
                && !self.kept(number)
                && (key || heading)
    }

    /// "On Saturday, and not before".
    fn not_before(&self, number: usize, unit: &Unit, point: Point) -> bool {
        let all = words(unit.text.get(point.end..).unwrap_or_default());
        let judged = &self.judged[number];
        let clause = judged.at(point.start).and_then(|at| judged.clauses.get(at));
        matches!(self.intent, Intent::Rotate | Intent::Revoke | Intent::Modify)
            && clause.is_some_and(|clause| clause.stance != Stance::Keep)
            && all.windows(2).take(8).any(|pair| {
                matches!(
                    (pair[0].text.as_str(), pair[1].text.as_str()),
                    ("not", "before" | "earlier")
                        | ("nicht", "früher" | "vorher")
                        | ("pas", "avant")
                        | ("no", "antes" | "sooner" | "earlier")
                )
            })
    }

    /// The hour of a day that the ticket states in another place: "not before 5 December" in the title, 06:00 in the text.
    fn finer(&self, day: Point) -> Timestamp {
        let own = self.units.iter().enumerate().filter(|(_, unit)| !matches!(unit.origin, Origin::Comment(_)));
        let mut hours = own.flat_map(|(number, unit)| self.points(number, unit)).filter(|(point, role)| {
            matches!(role, Role::Effective | Role::On | Role::Other | Role::Happened)
                && !point.day
                && point.at >= day.at
                && point.at - day.at < DAY
        });
        if day.day { hours.next().map_or(day.at, |(point, _)| point.at) } else { day.at }
    }

    /// The day on which it is asked for, where no word says from when: "revoke it on Saturday at 08:00", "his contract ends on …".
    fn dated(&self) -> Option<Timestamp> {
        let opened = self.record.opened_at?;
        // "Renew before 1 December. The account changes on 1 December."
        let due = self.deadline();
        let is_due = |at: Timestamp| due.is_some_and(|due| end_of(at) >= due && at <= due);
        self.units.iter().enumerate().filter(|(_, u)| !matches!(u.origin, Origin::Comment(_))).find_map(
            |(number, unit)| {
                self.points(number, unit).iter().copied().filter(|(point, _)| !is_due(point.at)).find_map(
                    |(point, role)| {
                        let clause =
                            self.judged[number].at(point.start).and_then(|at| self.judged[number].clauses.get(at))?;
                        let act = clause.stance == Stance::Act
                            && clause.acts.iter().any(|act| {
                                let said = &unit.text[act.start..act.end];
                                act.intent == self.intent
                                    && act.start < point.start
                                    && !condition(said)
                                    && !expires(said)
                                    && (self.intent == Intent::Offboard || act.modal || act.form == Form::Base)
                            });
                        // "He stays with us through the end of June."
                        let stays = self.judged[number].before(point.start).iter().any(|w| {
                            matches!(
                                w.text.as_str(),
                                "stays"
                                    | "us"
                                    | "stay"
                                    | "remains"
                                    | "works"
                                    | "working"
                                    | "employed"
                                    | "staying"
                                    | "here"
                                    | "contract"
                                    | "contrato"
                                    | "contrat"
                                    | "vertrag"
                                    | "employment"
                                    | "assignment"
                                    | "engagement"
                                    | "internship"
                                    | "secondment"
                                    | "agreement"
                            )
                        });
                        let workload = self.workload && !named(unit, point);
                        let goes = gone_by(self.judged[number].before(point.start), workload);
                        let farewell = self.judged[number]
                            .before(point.start)
                            .iter()
                            .any(|w| matches!(w.text.as_str(), "farewell" | "party" | "drinks" | "lunch" | "cake"));
                        let leaves = self.intent == Intent::Offboard
                            && !farewell
                            && !of_others(&unit.text[..point.start])
                            && (((act || goes) && matches!(role, Role::End | Role::On | Role::Happened))
                                || ((goes || unit.origin == Origin::Title) && role == Role::Other && !self.workload)
                                || (stays && role == Role::End));
                        // "X: deletion on 1 June 2026" in a title.
                        let titled = unit.origin == Origin::Title
                            && clause.stance == Stance::Act
                            && clause.acts.iter().any(|act| {
                                act.intent == self.intent && act.form == Form::Noun && act.start < point.start
                            });
                        // "Tomorrow at noon UTC", "next Monday".
                        let close = named(unit, point)
                            && unit.text.get(point.start..point.end).is_some_and(a_day)
                            && matches!(role, Role::On | Role::Other)
                            && (!point.day || unit.origin == Origin::Title && next(unit, point));
                        // "New values before the evening reads at 18:00": by when.
                        let by_when = self.judged[number]
                            .before(point.start)
                            .iter()
                            .rev()
                            .take(7)
                            .any(|w| matches!(w.text.as_str(), "before" | "ahead" | "vor" | "avant" | "antes"));
                        // "Renew X, it dies on 31 August."
                        let dies = self.intent == Intent::Rotate
                            && self.judged[number]
                                .before(point.start)
                                .iter()
                                .rev()
                                .take(3)
                                .any(|w| super::planned::ends(&w.text));
                        let asked = ((!named(unit, point) && role == Role::On) || close)
                            && !(by_when || dies)
                            && (act || titled)
                            && self.intent != Intent::Offboard
                            && end_of(point.at) >= opened;
                        // "All of its access has to be removed on 14 December."
                        let removed = self.intent == Intent::Offboard
                            && (role == Role::On || (self.workload && role == Role::End))
                            && !named(unit, point)
                            && clause.stance == Stance::Act
                            && clause.acts.iter().any(|act| {
                                act.intent == Intent::Revoke
                                    && (act.modal || act.form == Form::Noun || self.workload)
                                    && act.start < point.start
                            });
                        // "Do it on Saturday at 06:00 UTC."
                        let earlier = self.judged[number]
                            .before(point.start)
                            .iter()
                            .rev()
                            .take(12)
                            .any(|w| matches!(w.text.as_str(), "before" | "ahead" | "vor" | "avant" | "antes"));
                        let done = matches!(role, Role::On | Role::Other)
                            && !earlier
                            && !named(unit, point)
                            && matches!(
                                self.intent,
                                Intent::Rotate | Intent::Revoke | Intent::Modify | Intent::Provision
                            )
                            && clause.stance != Stance::Keep
                            && do_it(&unit.text[clause.start..clause.end])
                            && end_of(point.at) >= opened;
                        // "All access of svc-x ends on 2 October at 06:00 UTC."
                        let ends = matches!(self.intent, Intent::Offboard | Intent::Revoke)
                            && role == Role::End
                            && clause.stance != Stance::Keep
                            && self.judged[number]
                                .before(point.start)
                                .iter()
                                .rev()
                                .take(8)
                                .any(|w| super::nouns::access_noun(&w.text))
                            && self.judged[number]
                                .before(point.start)
                                .iter()
                                .rev()
                                .take(3)
                                .any(|w| matches!(w.text.as_str(), "ends" | "end" | "endet" | "termina"));
                        // "Left on Friday" looks back.
                        let gone = named(unit, point)
                            && point.at > opened
                            && self.judged[number].before(point.start).iter().rev().take(3).any(|w| w.text == "left");
                        match () {
                            () if gone && leaves => Some(end_of(point.at - DAY * 7)),
                            () if done => Some(point.at),
                            () if ends && !(point.day && self.intent == Intent::Offboard && !self.workload) => {
                                Some(point.at)
                            }
                            () if ends => Some(end_of(point.at)),
                            () if removed => Some(point.at),
                            () if leaves => Some(if point.day { end_of(point.at) } else { point.at }),
                            // Written on a Monday, the next one is not today.
                            () if asked && close && point.day && point.at <= opened => Some(point.at + DAY * 7),
                            () if asked => Some(self.finer(point)),
                            () => None,
                        }
                    },
                )
            },
        )
    }

    /// Whether a unit tells that what the ticket is about was done.
    fn tells(&self, number: usize) -> bool {
        self.judged[number].clauses.iter().any(|clause| {
            clause.told.iter().chain(&clause.acts).any(|act| act.intent == self.intent && act.form == Form::Participle)
        })
    }
}

/// "A new one": no order by itself.
fn is_new(said: &str) -> bool {
    let said = said.to_lowercase();
    ["new", "fresh", "neue", "nouve", "nuev"].iter().any(|stem| said.starts_with(stem))
}

/// "Please do it on Saturday", "to be done on 1 June", "scheduled for Sunday".
fn do_it(clause: &str) -> bool {
    let all = words(clause);
    let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    (0..all.len().min(8)).any(|at| match (word(at), word(at + 1)) {
        ("do", "it" | "this" | "so" | "that" | "exactly") => {
            at == 0
                || matches!(
                    word(at - 1),
                    "please" | "pls" | "and" | "then" | "to" | "kindly" | "will" | "we'll" | "should"
                )
        }
        ("be", "done" | "carried" | "executed")
        | ("happen" | "happens", "on" | "at")
        | ("takes" | "take", "place")
        | ("planned" | "scheduled", "for" | "on") => {
            at == 0
                || (at == 1 && word(0) == "to")
                || all[..at].iter().any(|w| {
                    matches!(
                        w.text.as_str(),
                        "it" | "this"
                            | "rotation"
                            | "removal"
                            | "deletion"
                            | "revocation"
                            | "change"
                            | "switch"
                            | "swap"
                            | "exchange"
                            | "replacement"
                            | "renewal"
                            | "downgrade"
                    )
                })
        }
        _ => false,
    })
}

/// "The post was in the archive from 06:40 on", "it ran from Friday until this morning".
fn tells_since(unit: &Unit, point: Point) -> bool {
    words(unit.text.get(..point.start).unwrap_or_default())
        .iter()
        .any(|w| matches!(w.text.as_str(), "was" | "were" | "ran" | "had" | "has" | "have" | "been" | "stood"))
}

/// "On vacation from 3 August": somebody is away.
fn away(unit: &Unit, point: Point) -> bool {
    words(unit.text.get(..point.start).unwrap_or_default()).iter().rev().take(5).any(|w| {
        matches!(
            w.text.as_str(),
            "vacation"
                | "holiday"
                | "holidays"
                | "leave"
                | "away"
                | "urlaub"
                | "vacaciones"
                | "cong\u{e9}"
                | "cong\u{e9}s"
        )
    })
}

/// "From 1 August on they must not have any access".
pub(super) fn refuses(unit: &Unit) -> bool {
    let all = words(&unit.text);
    let must = all.windows(2).any(|pair| {
        matches!(
            pair[0].text.as_str(),
            "must" | "may" | "shall" | "should" | "doit" | "doivent" | "darf" | "d\u{fc}rfen"
        ) && matches!(pair[1].text.as_str(), "not" | "no" | "plus" | "keinen" | "keine" | "nicht")
    });
    let no_more = all.windows(2).any(|pair| pair[0].text == "nicht" && pair[1].text == "mehr")
        && all.iter().any(|w| {
            matches!(w.text.as_str(), "d\u{fc}rfen" | "darf" | "soll" | "sollen" | "k\u{f6}nnen" | "zugreifen")
        });
    no_more || must && all.iter().any(|w| super::nouns::access_noun(&w.text))
}
