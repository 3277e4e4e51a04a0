//! Until when a temporary access holds, as comments tell it: the end that whoever grants it states, and longer ones. What the ticket itself
//! says stands in `window`, and who may make it longer is decided in `trust`.

use jiff::Timestamp;

use crate::model::ticket::{Comment, Window};

use super::dates::Point;
use super::role::Role;
use super::text::{Origin, Unit};
use super::tokens::{says, words};
use super::window::{DAY, Times, end_of};

/// An end of a window that a comment states.
pub(super) struct Extension {
    pub(super) comment: usize,
    pub(super) end: Timestamp,
    /// The words say that it ends sooner than it would have.
    pub(super) sooner: bool,
    pub(super) words: String,
}

/// So many sentences stand before an answer, its own among them.
const REACH: usize = 100;

impl Times<'_> {
    /// The window whose end somebody states in a comment ("granted, expires on Friday"), where the ticket has none. An end where there was
    /// none limits, whoever states it; of several that of those who may loosen.
    /// Of an access that is not asked for a time, only what the words of a grant state counts.
    pub(super) fn granted(&self, temporary: bool, may: impl Fn(&Comment) -> bool) -> Option<Window> {
        let ends: Vec<(usize, Timestamp)> = (self.units.iter().enumerate())
            .filter_map(|(number, unit)| {
                let Origin::Comment(comment) = unit.origin else { return None };
                // "Granted, read only. Runs until Thursday.": in the sentence, or right before it.
                let before = number.checked_sub(1).and_then(|before| self.units.get(before));
                let granted = || {
                    grants(&unit.text) || before.is_some_and(|other| other.origin == unit.origin && grants(&other.text))
                };
                if !temporary && !granted() {
                    return None;
                }
                let asked = self.asked_until_when(number, comment);
                let ends = |role: &Role| *role == Role::End || (asked && matches!(role, Role::Other | Role::On));
                let end = self.points(number, unit).iter().find(|(_, role)| ends(role)).map(|(end, _)| end)?;
                Some((comment, if end.day { end_of(end.at) } else { end.at }))
            })
            .collect();
        let by_right = |(comment, _): &&(usize, Timestamp)| self.record.comments.get(*comment).is_some_and(&may);
        let end = ends.iter().find(by_right).or(ends.first()).map(|(_, end)| *end);
        end.map(|end| Window { start: None, end: Some(end) })
    }

    /// The units of the comment before that of a unit. Units of a comment stand one behind the other.
    fn comment_before(&self, number: usize, comment: usize) -> impl Iterator<Item = (usize, &Unit)> {
        let own = move |at: &usize| self.units[*at].origin == Origin::Comment(comment);
        let before = move |at: &usize| comment > 0 && self.units[*at].origin == Origin::Comment(comment - 1);
        // Who answers does it at the beginning.
        (0..number).rev().take(REACH).skip_while(own).take_while(before).map(|at| (at, &self.units[at]))
    }

    /// The comment before asks for a time.
    fn asked_before(&self, number: usize, comment: usize) -> bool {
        self.comment_before(number, comment)
            .any(|(at, unit)| self.judged[at].question && !self.points(at, unit).is_empty())
    }

    /// "Until when?", in the comment before.
    fn asked_until_when(&self, number: usize, comment: usize) -> bool {
        self.comment_before(number, comment).any(|(at, unit)| {
            self.judged[at].question
                && words(&unit.text)
                    .iter()
                    .any(|w| matches!(w.text.as_str(), "until" | "till" | "bis" | "long" | "end" | "lange" | "hasta"))
        })
    }

    /// "Today only", and "granted, expires 17:00": the hour of a day at whose end it would have ended.
    pub(super) fn finer_end(&self, window: &mut Window) {
        let day = window.end.filter(|end| end.as_second() % 86_400 == 86_399);
        let stated = self.granted(false, |_| true).and_then(|granted| granted.end);
        if let (Some(day), Some(stated)) = (day, stated)
            && stated < day
            && day - stated < DAY
        {
            window.end = Some(stated);
        }
    }

    /// "Can we move the end to Friday?", and "Extended as asked.": the end that the comment before asks for, where this one names none.
    fn as_asked(&self, number: usize, comment: usize) -> Option<Timestamp> {
        let before = comment.checked_sub(1)?;
        let of = |units: &[Unit], at: usize, comment: usize| units[at].origin == Origin::Comment(comment);
        // Units of a comment stand one behind the other.
        let own = (number..self.units.len()).take_while(|at| of(self.units, *at, comment));
        let first = number.checked_sub(1).is_none_or(|at| !of(self.units, at, comment));
        if !first || own.into_iter().any(|at| !self.points(at, &self.units[at]).is_empty()) {
            return None;
        }
        let asked = (0..number).rev().take_while(|at| of(self.units, *at, before));
        let asked = asked.map(|at| (at, &self.units[at])).filter(|(_, unit)| wishes(&unit.text));
        let mut ends = asked.filter_map(|(at, unit)| {
            let points = self.points(at, unit);
            points.iter().rfind(|(_, role)| !matches!(role, Role::Happened | Role::Start)).map(|(point, _)| *point)
        });
        let point = ends.next()?;
        Some(if point.day { end_of(point.at) } else { point.at })
    }

    /// "Please end the access today at 12:00": a word of ending beside a time that is to come and before the end.
    fn cuts(&self, number: usize, unit: &Unit, comment: usize, end: Timestamp) -> bool {
        let said_at = self.record.comments.get(comment).and_then(|comment| comment.at);
        self.points(number, unit).iter().any(|(point, role)| {
            let at = if point.day { end_of(point.at) } else { point.at };
            !matches!(role, Role::Happened | Role::Start)
                && at < end
                && said_at.is_none_or(|said| at >= said)
                && super::ending::ends_access(unit, &self.judged[number], *point)
        })
    }

    /// Ends that comments state, oldest first; `end`: the one that the ticket states.
    pub(super) fn extensions(&self, end: Option<Timestamp>) -> Vec<Extension> {
        let mut out: Vec<Extension> = Vec::new();
        for (number, unit) in self.units.iter().enumerate() {
            let Origin::Comment(comment) = unit.origin else { continue };
            // The new end may stand in the sentence behind the word.
            let same = |other: &&Unit| other.origin == unit.origin && other.line + 1 >= unit.line;
            let said = || self.units[..number].iter().rev().take(6).take_while(same);
            let sooner = shortens(&unit.text)
                || said().any(|other| shortens(&other.text))
                || end.is_some_and(|end| self.cuts(number, unit, comment, end));
            // "No. It ends today as agreed."
            let as_agreed = || super::tokens::says(&words(&unit.text), &[&["as", "agreed"], &["as", "planned"]]);
            let sooner = sooner && !((refuses(unit) || said().any(refuses)) && as_agreed());
            let states = self.points(number, unit).iter().any(|(point, role)| {
                !matches!(role, Role::Happened | Role::Start)
                    && super::ending::states_end(unit, &self.judged[number], *point)
            });
            let moves = sooner
                || moving(&unit.text).is_some()
                // "Sure. 20 August 12:00 it is."
                || (states
                    && self.points(number, unit).iter().any(|(point, role)| {
                        *role == Role::End || self.judged[number].before(point.start).is_empty()
                    }))
                || ((states || self.points(number, unit).is_empty()) && extends(&unit.text))
                || said().any(|other| extends(&other.text));
            let of_comment = |other: &&Unit| other.origin == unit.origin;
            // "Would 18:00 UTC be possible?" "Yes, 18:00 UTC is granted."
            let moves = moves || (agrees(&unit.text) && self.asked_before(number, comment));
            let grants = || {
                let behind = self.units[number + 1..].iter().take(3).take_while(of_comment);
                agrees(&unit.text) || said().chain(behind).any(|other| agrees(&other.text))
            };
            let refused = || !sooner && (refuses(unit) || said().any(refuses));
            if self.judged[number].question || denies(unit) || said().any(denies) || refused() {
                continue;
            }
            if let Some(end) = self.as_asked(number, comment).filter(|_| moves || grants()) {
                out.push(Extension { comment, end, sooner: false, words: unit.text.clone() });
                continue;
            }
            let points = self.points(number, unit);
            let may = |role: &Role| match moves {
                true => !matches!(role, Role::Happened),
                false => *role == Role::End,
            };
            let words = unit.text.clone();
            let meant = |(point, role): &&(Point, Role)| may(role) && !instead_of(unit, point.start);
            // "Extended until 05:30, report until Tuesday": the end behind the word.
            let behind = moving(&unit.text).and_then(|word| {
                points.iter().filter(meant).find(|(point, role)| *role == Role::End && point.start > word)
            });
            let stated = behind.or_else(|| points.iter().rfind(meant)).filter(|_| moves || grants());
            if let Some((point, _)) = stated {
                let stated = if point.day { end_of(point.at) } else { point.at };
                // "Until Friday" says again what the ticket says with the hour.
                let again = !moves && point.day && end.is_some_and(|end| stated >= end && stated - end < DAY);
                if !again {
                    let sooner = sooner || states;
                    out.push(Extension { comment, end: stated, sooner, words });
                }
            } else if points.is_empty()
                && let Some(length) = longer(&self.site.dates(&unit.text)).filter(|_| moves || grants())
                && let Some(from) = out.last().map(|last| last.end).or(end)
                && let Some(later) = length.after(from, &self.zone)
            {
                // "Add two more hours, approved."
                out.push(Extension { comment, end: later, sooner: false, words });
            }
        }
        out
    }
}

/// Somebody asks for a longer access.
fn wishes(text: &str) -> bool {
    moving(text).is_some()
        || words(text).iter().any(|w| {
            matches!(
                w.text.as_str(),
                "end" | "until" | "till" | "longer" | "bis" | "more" | "fin" | "hasta" | "jusqu'au"
            )
        })
}

/// "… instead of Friday".
fn instead_of(unit: &Unit, start: usize) -> bool {
    let before = words(unit.text.get(..start).unwrap_or_default());
    let needless = before.iter().rev().take(3).any(|w| w.text.starts_with("need"));
    !needless
        && before.iter().rev().take(3).any(|w| matches!(&*w.text, "instead" | "rather" | "statt" | "not" | "nicht"))
}

/// "Two more hours", "one week longer": by how long an end moves.
fn longer(text: &str) -> Option<super::lengths::Stated> {
    let more = |w: &super::tokens::Word| {
        matches!(w.text.as_str(), "longer" | "more" | "another" | "additional" | "further" | "l\u{e4}nger")
    };
    let beside = super::lengths::lengths(text).into_iter().find(|length| {
        words(text.get(length.end..).unwrap_or_default()).first().is_some_and(more)
            || words(text.get(..length.start).unwrap_or_default())
                .last()
                // "Prolonging this by a week".
                .is_some_and(|w| {
                    // "Prolonged by exactly one day"
                    more(w) || (matches!(w.text.as_str(), "by" | "exactly" | "just" | "um") && moving(text).is_some())
                })
    });
    if let Some(length) = beside {
        return Some(length.duration);
    }
    let all = words(text);
    let at = all.iter().position(|w| matches!(w.text.as_str(), "more" | "further" | "additional"))?;
    let (count, unit) = (all.get(at.checked_sub(1)?)?, all.get(at + 1)?);
    super::lengths::lengths(&format!("{} {}", count.text, unit.text)).first().map(|length| length.duration)
}

/// Whether a comment grants what it speaks of.
fn agrees(text: &str) -> bool {
    let all = words(text);
    let word = |w: &super::tokens::Word| {
        matches!(
            w.text.as_str(),
            "approved"
                | "approve"
                | "granted"
                | "ok"
                | "okay"
                | "yes"
                | "agreed"
                | "agree"
                | "akkoord"
                | "genehmigt"
                | "einverstanden"
                | "aprobado"
                | "approuv\u{e9}"
                | "accord"
                | "acuerdo"
                | "concedido"
                | "accord\u{e9}"
        )
    };
    all.iter().any(word) || all.windows(2).any(|pair| pair[0].text == "signed" && pair[1].text == "off")
}

/// Where a word that makes an access longer stands.
fn moving(text: &str) -> Option<usize> {
    words(text).iter().find(|w| lengthens(&w.text)).map(|w| w.start)
}

/// A word that makes an access longer.
fn lengthens(word: &str) -> bool {
    const STEMS: [&str; 8] =
        ["exten", "prolong", "verl\u{e4}ng", "verlengd", "prorrog", "pr\u{f3}rrog", "proroga", "ampli"];
    STEMS.iter().any(|stem| word.starts_with(stem))
}

/// Whether a comment denies that an access ends otherwise than it was said: "no extension, the end stays".
fn denies(unit: &Unit) -> bool {
    let all = words(&unit.text);
    let no = |word: &str| {
        matches!(
            word,
            "no" | "not"
                | "nothing"
                | "nobody"
                | "without"
                | "kein"
                | "keine"
                | "nichts"
                | "pas"
                | "rien"
                | "sin"
                | "nada"
                | "nicht"
                | "cannot"
        )
    };
    let denied = (0..all.len())
        .any(|at| no(&all[at].text) && all.iter().skip(at + 1).take(3).any(|w| w.text == "more" || lengthens(&w.text)));
    let stays = all.windows(2).any(|pair| {
        matches!(pair[0].text.as_str(), "end" | "fin" | "ende" | "date" | "window" | "expiry")
            && matches!(pair[1].text.as_str(), "stays" | "remains" | "reste" | "bleibt" | "stands" | "sigue")
    });
    denied || stays
}

/// "No, it ends at 16:00 as agreed. File a new one tomorrow."
fn refuses(unit: &Unit) -> bool {
    let all = words(&unit.text);
    let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    // "It ends as agreed."
    if super::tokens::says(&all, &[&["ends", "as", "agreed"], &["ends", "as", "planned"], &["stays", "as", "agreed"]]) {
        return true;
    }
    let refusal = matches!(word(0), "no" | "nope" | "nein" | "non" | "declined" | "denied" | "rejected" | "refused");
    let parted = || all.first().is_some_and(|w| unit.text[w.end..].starts_with([',', '.', ':', ';', '!', '\u{2013}']));
    refusal && parted()
}

/// Whether words move the end of an access.
fn extends(text: &str) -> bool {
    const PHRASES: [&[&str]; 29] = [
        &["once", "more"],
        &["the", "same", "day", "instead"],
        &["utc", "instead"],
        &["new", "limit"],
        &["end", "moves", "to"],
        &["end", "is", "moved", "to"],
        &["end", "time", "is"],
        &["ending", "moves", "to"],
        &["ends", "at"],
        &["new", "end"],
        &["new", "expiry"],
        &["new", "until"],
        &["end", "date", "is"],
        &["end", "is", "now"],
        &["ends", "now"],
        &["now", "ends"],
        &["now", "until"],
        &["valid", "until"],
        &["runs", "until"],
        &["active", "until"],
        &["open", "until"],
        &["the", "end", "to"],
        &["end", "moved", "to"],
        &["expiry", "to"],
        &["neues", "ende"],
        &["neues", "enddatum"],
        &["nouvelle", "fin"],
        &["nouvelle", "date"],
        &["nueva", "fecha"],
    ];
    let all = words(text);
    moving(text).is_some() || all.iter().any(|w| w.text == "longer") || says(&all, &PHRASES)
        // "End of the window is now 19:30 UTC."
        || (all.windows(2).any(|pair| pair[0].text == "is" && pair[1].text == "now")
            && all.iter().any(|w| matches!(w.text.as_str(), "end" | "window" | "access" | "expiry")))
}

/// Whether words say that an access ends sooner.
fn shortens(text: &str) -> bool {
    const PHRASES: [&[&str]; 17] = [
        &["cut", "off"],
        &["access", "short"],
        &["access", "now", "ends"],
        &["window", "early"],
        &["access", "early"],
        &["access", "ends"],
        &["ends", "today"],
        &["ends", "already"],
        &["end", "it", "today"],
        &["brought", "forward"],
        &["cut", "to"],
        &["cut", "it"],
        &["cut", "short"],
        &["close", "it", "today"],
        &["until", "then", "only"],
        &["cerrar", "el", "acceso"],
        &["endet", "schon"],
    ];
    let all = words(text);
    let ends = all.iter().any(|w| matches!(w.text.as_str(), "end" | "ends" | "close" | "closes" | "access" | "window"));
    all.iter().any(|w| {
        (ends && matches!(w.text.as_str(), "shorter" | "sooner" | "earlier"))
            || ["shorten", "recort", "acort", "verk\u{fc}rz", "raccourc"].iter().any(|stem| w.text.starts_with(stem))
    }) || says(&all, &PHRASES)
}

/// "Granted until tomorrow noon".
fn grants(text: &str) -> bool {
    words(text).iter().any(|w| matches!(w.text.as_str(), "granted" | "gewährt" | "accordé" | "concedido"))
}

/// Whether a change of an access is one for a time.
pub(super) fn lends(units: &[Unit]) -> bool {
    keyed(units) || comes_back(units)
}

/// "Window: 10:00 to 14:00": a line that states the window of an access by that name.
fn keyed(units: &[Unit]) -> bool {
    units.iter().filter(|unit| matches!(unit.origin, Origin::Body(_))).any(|unit| {
        let key = unit.text.split_once(':').map(|(key, _)| key.trim_matches(['*', '_', ' ', '|']).to_lowercase());
        key.is_some_and(|key| {
            matches!(key.as_str(), "window" | "access window" | "zeitfenster" | "zeitraum" | "plage" | "ventana")
        })
    })
}

/// "Raise it to Developer until Sunday, afterwards back to Reporter": a change that is taken back.
fn comes_back(units: &[Unit]) -> bool {
    units.iter().filter(|unit| matches!(unit.origin, Origin::Body(_))).any(|unit| {
        let all = words(&unit.text);
        let until = all.iter().position(|w| matches!(w.text.as_str(), "until" | "till" | "bis" | "jusqu'au" | "hasta"));
        until.is_some_and(|until| {
            all[until..].windows(2).any(|pair| {
                matches!(
                    pair[0].text.as_str(),
                    "then" | "afterwards" | "after" | "and" | "danach" | "dann" | "puis" | "luego"
                ) && matches!(pair[1].text.as_str(), "back" | "wieder" | "zurück" | "retour")
            })
        })
    })
}
