//! Words by which a text says that an access ends at a time, where none of those of `role` stands right before it: "to be closed on Friday",
//! "hand it back by 18:00", "undo this on 14 August". Asked last, and only of what is asked for a time, see `window`.

use jiff::Timestamp;

use crate::model::ticket::Intent;

use super::dates::Point;
use super::role::Role;
use super::stance::Judged;
use super::text::{Origin, Unit};
use super::tokens::{Word, words};
use super::window::{Times, end_of};

/// How far before its time a word of ending stands, and behind it, in words.
const BEFORE: usize = 7;
const BEHIND: usize = 6;

/// Of a time that stands alone, so many are looked at.
const ALONE: usize = 8;

impl Times<'_> {
    /// The end of an access that is asked for a time, by any word of ending beside a time that is to come; or the only such time, where
    /// nothing says that it is when something begins.
    pub(super) fn closing(&self) -> Option<Timestamp> {
        let own = || self.units.iter().enumerate().filter(|(_, unit)| !matches!(unit.origin, Origin::Comment(_)));
        let ahead = |point: &Point| self.record.opened_at.is_none_or(|opened| end(*point) > opened);
        let temporary = self.intent == Intent::Elevate;
        let closes = own().find_map(|(number, unit)| {
            let points = self.points(number, unit);
            let judged = &self.judged[number];
            let may = |role: &Role| !matches!(role, Role::Happened | Role::LastDay | Role::End);
            points.iter().filter(|(point, role)| may(role) && ahead(point)).find_map(|(point, role)| {
                let said = Said::beside(unit, judged, *point);
                let begins = matches!(role, Role::Start | Role::Effective) && !said.denies;
                let ends = said.ends && (temporary || said.of_access);
                let other = said.of_else || !temporary && of_something_else(judged, *point);
                (ends && !begins && !other).then(|| end(*point))
            })
        });
        closes.or_else(|| {
            let mut all = own().filter(|_| temporary).flat_map(|(number, unit)| {
                self.points(number, unit).iter().map(move |(point, role)| (unit, *point, *role))
            });
            let all: Vec<_> = all.by_ref().take(ALONE).collect();
            // "TTL: Friday 18:00", and no other time.
            match all[..] {
                [(unit, point, Role::Other)] if ahead(&point) && alone(unit, point) => Some(end(point)),
                _ => None,
            }
        })
    }
}

/// Whether the words beside a time say that an access is to end then: "please revoke today at noon", "not needed beyond 12:00".
pub(super) fn ends_access(unit: &Unit, judged: &Judged<'_>, point: Point) -> bool {
    let said = Said::beside(unit, judged, point);
    let all = &judged.words;
    let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    let denied = |at: &usize| {
        at.checked_sub(1).is_some_and(|at| matches!(word(at), "not" | "no" | "never" | "don't"))
            || (1..=2)
                .any(|n| at.checked_sub(n).is_some_and(|at| matches!(word(at), "not" | "need" | "don't" | "cannot")))
    };
    // "Revoke today at noon": the verb, and then when.
    let ordered = (0..all.len()).filter(|at| takes_back(word(*at)) && !denied(at)).any(|at| {
        matches!(
            word(at + 1),
            "today"
                | "tonight"
                | "tomorrow"
                | "at"
                | "by"
                | "on"
                | "already"
                | "now"
                | "then"
                | "early"
                | "it"
                | "this"
        )
    });
    let back = (0..all.len()).any(|at| {
        matches!(word(at), "le" | "la" | "lo" | "se" | "puede" | "wieder") && (1..=2).any(|n| takes_back(word(at + n)))
            || matches!(word(at), "can" | "may" | "must") && matches!(word(at + 1), "go")
    });
    let needless = all.iter().any(|w| matches!(&*w.text, "need" | "needed" | "needs"))
        && all.iter().any(|w| matches!(&*w.text, "after" | "beyond" | "past"))
        && (0..all.len()).any(|at| matches!(word(at), "no" | "not" | "nobody"));
    let of_access = said.of_access && !(0..all.len()).any(|at| takes_back(word(at)) && denied(&at));
    (of_access || ordered || back || needless) && !said.of_else && (needless || !said.denies)
}

/// Whether a sentence states the end of an access at a time: "fine, you have it until …", "new end: …". What else lasts until a day ("I am
/// out until Friday", "the freeze is on until …") is told by its first words.
pub(super) fn states_end(unit: &Unit, judged: &Judged<'_>, point: Point) -> bool {
    let all = judged.before(point.start);
    // "Running late, I moved the end to 15:00."
    let comma = unit.text.get(..point.start).and_then(|text| text.rfind(", ")).unwrap_or_default();
    let own = judged.between(comma, point.start);
    let moved = own.len() < all.len()
        && own.first().is_some_and(|w| matches!(&*w.text, "i" | "we" | "end" | "expiry" | "extended" | "the"))
        && states(own, judged, point);
    let no = |w: &Word| {
        matches!(&*w.text, "not" | "no" | "never" | "cannot" | "denied" | "refused" | "nicht" | "kein" | "pas" | "if")
            || w.text.ends_with("n't")
    };
    (moved || states(all, judged, point))
        && !all.iter().any(no)
        && !all.iter().any(|w| elsewhere(&w.text) || matches!(&*w.text, "away" | "out" | "other"))
}

/// Whether the words before a time say what ends then, and that it does.
fn states(all: &[Word<'_>], judged: &Judged<'_>, point: Point) -> bool {
    let first = all.iter().take_while(|w| agrees(&w.text)).count();
    let word = |at: usize| all.get(first + at).map(|w| w.text.as_str()).unwrap_or_default();
    let behind: Vec<&str> = judged.behind(point.end).iter().take(2).map(|w| w.text.as_str()).collect();
    let thing = |word: &str| {
        of_access(word) || matches!(word, "end" | "expiry" | "limit" | "elevation" | "permission" | "slot" | "date")
    };
    let somebody =
        |word: &str| matches!(word, "may" | "can" | "has" | "have" | "keeps" | "keep" | "gets" | "get" | "needs");
    let done = |word: &str| {
        const STEMS: [&str; 9] =
            ["exten", "prolong", "mov", "push", "chang", "updat", "shift", "resched", "verl\u{e4}ng"];
        STEMS.iter().any(|stem| word.starts_with(stem))
            || matches!(word, "set" | "leave" | "left" | "keep" | "kept" | "put" | "let")
    };
    match word(0) {
        "" => behind.first() == Some(&"it") || first > 0,
        "it" | "this" | "that" | "keep" | "leave" | "let" | "stay" | "stays" | "valid" | "good" | "open" | "runs"
        | "ends" | "end" | "until" | "till" | "up" | "to" | "bis" | "jusqu'au" | "hasta" | "now" | "new" | "gets"
        | "another" | "one" => true,
        "the" | "her" | "his" | "their" | "your" | "my" => thing(word(1)),
        "you" | "she" | "he" | "they" => somebody(word(1)),
        "i" | "we" => {
            done(word(1)) || matches!(word(1), "have" | "will" | "only") && (done(word(2)) || word(2) == "need")
        }
        "will" => done(word(1)),
        other => thing(other) || done(other),
    }
}

/// "The certificate expires on 1 December", "the old approver is off until Friday": what lasts until then is something else.
pub(super) fn of_something_else(judged: &Judged<'_>, point: Point) -> bool {
    let clause = judged.at(point.start).and_then(|at| judged.clauses.get(at));
    let all = judged.between(clause.map_or(0, |clause| clause.start), point.start);
    let article =
        all.first().is_some_and(|w| matches!(&*w.text, "the" | "our" | "a" | "an" | "his" | "her" | "their" | "my"));
    let wanted = |at: usize| {
        let word = all[at].text.as_str();
        of_access(word)
            || super::levels::in_place(all, at).is_some()
            || ["need", "want", "requir", "use", "using", "grant", "get", "may", "can", "should", "must", "have", "has"]
                .iter()
                .any(|stem| word.starts_with(stem))
    };
    article && all.len() < 12 && !(0..all.len()).any(wanted)
}

/// How somebody begins who agrees.
fn agrees(word: &str) -> bool {
    matches!(
        word,
        "fine"
            | "ok"
            | "okay"
            | "sure"
            | "yes"
            | "approved"
            | "granted"
            | "and"
            | "then"
            | "so"
            | "agreed"
            | "done"
            | "geht"
            | "klar"
            | "gut"
            | "ja"
            | "oui"
            | "accord"
            | "d'accord"
            | "vale"
            | "s\u{ed}"
            | "access"
            | "alright"
            | "ok'd"
    )
}

/// When a point is over.
fn end(point: Point) -> Timestamp {
    if point.day { end_of(point.at) } else { point.at }
}

/// "Temporary, 14 August 18:00", "TTL: 14 August": a time behind a sign, and nothing behind it.
fn alone(unit: &Unit, point: Point) -> bool {
    let before = unit.text.get(..point.start).unwrap_or_default().trim_end_matches([' ', '*', '`']);
    let key = words(before);
    let starts = |w: &Word| {
        matches!(&*w.text, "start" | "starts" | "begin" | "date" | "when" | "meeting" | "call" | "created" | "opened")
    };
    before.ends_with([':', ',', '(', '|']) && key.len() <= 12 && !key.iter().rev().take(3).any(starts)
}

/// What the words beside a time say of an ending.
struct Said {
    ends: bool,
    /// It is the access that ends, and nothing else that is named.
    of_access: bool,
    /// A ticket, a meeting, a release: something else.
    of_else: bool,
    /// "… must not have it any more."
    denies: bool,
}

impl Said {
    fn beside(unit: &Unit, judged: &Judged<'_>, point: Point) -> Self {
        let clause = judged.at(point.start).and_then(|at| judged.clauses.get(at));
        let (from, to) = clause.map_or((0, unit.text.len()), |clause| (clause.start, clause.end));
        let before = judged.between(from, point.start);
        let before = &before[before.len().saturating_sub(BEFORE)..];
        let behind = judged.between(point.end, to.max(point.end));
        let behind = &behind[..behind.len().min(BEHIND)];
        let beside = || before.iter().chain(behind);
        let any = |test: &dyn Fn(&str) -> bool| beside().any(|w| test(&w.text));
        let pair = |first: &[&str], second: &[&str]| {
            [before, behind].iter().any(|words| {
                words.windows(2).any(|pair| first.contains(&&*pair[0].text) && second.contains(&&*pair[1].text))
            })
        };
        let denies = pair(&["any"], &["more", "longer"])
            || pair(&["no"], &["longer", "more"])
            || any(&|word| matches!(word, "anymore" | "nicht" | "plus"))
            || pair(&["no", "not"], &["later"])
            || any(&|word| word == "not") && any(&|word| matches!(word, "must" | "may" | "should" | "beyond" | "past"));
        Self {
            ends: any(&ends) || denies,
            of_access: any(&|word| super::nouns::access_noun(word) || of_access(word)) && any(&takes_back),
            of_else: any(&elsewhere),
            denies,
        }
    }
}

/// What stands for an access.
fn of_access(word: &str) -> bool {
    super::nouns::access_noun(word)
        || matches!(word, "it" | "this" | "them" | "again" | "window" | "role" | "grant" | "mine" | "rights")
}

/// Words of ending, wherever they stand beside a time.
fn ends(word: &str) -> bool {
    const STEMS: [&str; 46] = [
        "clos",
        "shut",
        "remov",
        "revok",
        "revoc",
        "pull",
        "auto-",
        "drop",
        "kill",
        "withdr",
        "stop",
        "ceas",
        "terminat",
        "expir",
        "laps",
        "disabl",
        "deactivat",
        "lock",
        "finish",
        "conclud",
        "revert",
        "undo",
        "reset",
        "limit",
        "vanish",
        "disappear",
        "entzieh",
        "entzog",
        "entfern",
        "schlie\u{df}",
        "geschlossen",
        "l\u{f6}sch",
        "gesperrt",
        "sperr",
        "retir",
        "ferm",
        "termin",
        "cess",
        "coup",
        "supprim",
        "quit",
        "cerr",
        "acab",
        "finaliz",
        "cort",
        "erlisch",
    ];
    takes_back(word)
        || STEMS.iter().any(|stem| word.starts_with(stem))
        || matches!(
            word,
            "back"
                | "beyond"
                | "past"
                | "latest"
                | "ttl"
                | "off"
                | "over"
                | "sunset"
                | "gone"
                | "down"
                | "dies"
                | "die"
                | "done"
                | "after"
                | "longest"
                | "last"
                | "cut"
                | "cut-off"
                | "cutoff"
                | "end-date"
                | "weg"
                | "zur\u{fc}ck"
                | "wieder"
                | "schluss"
                | "l\u{e4}ngstens"
                | "returns"
                | "returned"
                | "return"
                | "longer"
        )
}

/// Verbs by which what was granted is taken back.
fn takes_back(word: &str) -> bool {
    const STEMS: [&str; 14] = [
        "revok", "remov", "withdr", "revert", "undo", "undone", "pull", "clos", "drop", "entzieh", "entzog", "retir",
        "quit", "cerr",
    ];
    STEMS.iter().any(|stem| word.starts_with(stem))
        || matches!(word, "off" | "away" | "roll" | "rolled" | "kill" | "end" | "stop" | "shut" | "cut" | "lock")
}

/// What else ends, is closed or is over at a time.
fn elsewhere(word: &str) -> bool {
    matches!(
        word,
        "ticket"
            | "issue"
            | "request"
            | "approval"
            | "approve"
            | "approved"
            | "review"
            | "report"
            | "meeting"
            | "shop"
            | "office"
            | "store"
            | "hearing"
            | "answer"
            | "reply"
            | "feedback"
    )
}

/// Whether a word of ending stands right before a time that is to come: "stop at 17:00Z", "terminates on Friday".
pub(super) fn stops(unit: &Unit, point: Point) -> bool {
    const STEMS: [&str; 11] =
        ["stop", "terminat", "ceas", "revert", "cutoff", "cut-off", "finaliz", "caduc", "expir", "cess", "erlisch"];
    let before = words(unit.text.get(..point.start).unwrap_or_default());
    let told = |w: &Word| matches!(&*w.text, "was" | "were" | "has" | "had" | "since" | "if" | "when");
    let near = || before.iter().rev().take(4);
    near().any(|w| STEMS.iter().any(|stem| w.text.starts_with(stem))) && !near().any(told)
}

/// "It should be gone by 5 June": the access, before a time.
pub(super) fn gone(unit: &Unit, point: Point) -> bool {
    words(unit.text.get(..point.start).unwrap_or_default())
        .iter()
        .rev()
        .take(4)
        .any(|w| matches!(&*w.text, "gone" | "removed" | "revoked" | "withdrawn" | "ended" | "over"))
}

/// Whether an access is what is to be taken back then.
pub(super) fn taken_back(unit: &Unit, point: Point) -> bool {
    let all = words(unit.text.get(..point.start).unwrap_or_default());
    all.iter().rev().take(5).any(|w| w.text == "be") && all.iter().any(|w| super::nouns::access_noun(&w.text))
}
