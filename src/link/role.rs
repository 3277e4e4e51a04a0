//! What a time in a text is for: start, end, last day, deadline, told by the words beside it. The times themselves are read in `dates`, what
//! they make of a ticket in `window`.

use super::dates::Point;
use super::site::Site;
use super::tokens::Word;

/// What a time in the text is for, told by the words before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Start,
    End,
    Effective,
    LastDay,
    Deadline,
    Happened,
    /// "on", "at": when something is, whatever it is.
    On,
    Other,
}

/// What the words before a time make it, nearest first.
pub(super) fn role(all: &[Word], point: &Point, since: usize, site: &Site) -> Role {
    let at = all.partition_point(|w| w.start < point.start);
    let before: Vec<&str> = all[..at]
        .iter()
        .rev()
        .take(7)
        .take_while(|w| w.start >= since)
        .map(|w| w.text.as_str())
        .filter(|w| super::dates::weekday(w).is_none())
        .collect();
    let has = |phrase: &[&str]| before.windows(phrase.len()).any(|w| w.iter().rev().eq(phrase.iter()));
    let near = |n: usize| before.get(n).copied().unwrap_or_default();
    for phrase in [
        &["last", "day"][..],
        &["est", "l\u{e0}", "jusqu'au"],
        &["is", "here", "until"],
        &["here", "until"],
        &["with", "us", "until"],
        &["last", "working", "day"],
        &["final", "day"],
        &["letzter", "tag"],
        &["letzter", "arbeitstag"],
        &["dernier", "jour"],
        &["último", "día"],
        &["ultimo", "dia"],
        &["siste", "arbeidsdag"],
        &["siste", "dag"],
        &["sidste", "arbejdsdag"],
        &["laatste", "werkdag"],
        &["laatste", "dag"],
        &["ultimo", "giorno"],
        &["último", "dia"],
        &["sista", "dag"],
        &["sista", "arbetsdag"],
        &["letzten", "arbeitstag"],
        &["letzten", "tag"],
        &["leaving", "date"],
        &["exit", "date"],
        &["termination", "date"],
        &["departure", "date"],
        &["austrittsdatum"],
        &["austritt", "zum"],
        &["austritt", "am"],
        &["date", "de", "départ"],
        &["date", "de", "sortie"],
        &["fecha", "de", "baja"],
        &["fecha", "de", "salida"],
        &["letzter", "vertragstag"],
        &["last", "day", "of", "service"],
        &["last", "contract", "day"],
    ] {
        if has(phrase) {
            return Role::LastDay;
        }
    }
    // "Le 30 novembre (dernier jour)"
    let behind: Vec<&str> =
        all[all.partition_point(|w| w.start < point.end)..].iter().take(3).map(|w| w.text.as_str()).collect();
    // "Leaves by 30 June, last day is the 19th" means the other one.
    let other = behind.get(2).is_some_and(|word| {
        matches!(*word, "is" | "ist" | "est" | "es" | "will" | "on" | "am" | "le" | "el" | "the" | "der" | "den")
            || word.starts_with(|c: char| c.is_ascii_digit())
            || super::dates::month(word).is_some()
            || super::dates::weekday(word).is_some()
    });
    if !other
        && matches!(
            behind[..],
            ["last", "day", ..]
                | ["dernier", "jour", ..]
                | ["letzter", "tag" | "arbeitstag", ..]
                | ["\u{fa}ltimo", "d\u{ed}a", ..]
        )
    {
        return Role::LastDay;
    }
    for phrase in site.last_day() {
        let phrase: Vec<&str> = phrase.iter().map(String::as_str).collect();
        if !phrase.is_empty() && has(&phrase) {
            return Role::LastDay;
        }
    }
    if near(0) == "including" && before.iter().take(4).any(|w| *w == "to") {
        return Role::End;
    }
    // "He comes in for the last time on Friday".
    if near(0) == "on" && near(1) == "time" && near(2) == "last" {
        return Role::LastDay;
    }
    // "Today up to 17:30 UTC".
    if near(0) == "to" && near(1) == "up" {
        return Role::End;
    }
    // "Der Vertrag läuft zum 30.06. aus".
    if near(0) == "zum" && near(1) == "l\u{e4}uft" {
        return Role::End;
    }
    if has(&["runs", "out"]) || has(&["run", "out"]) || has(&["läuft", "aus"]) {
        return Role::End;
    }
    if has(&["effect", "from"])
        || has(&["effective", "from"])
        || has(&["wirksam", "ab"])
        || has(&["force", "since"])
        || has(&["force", "from"])
        || has(&["effect", "since"])
        || has(&["prise", "d'effet"])
        || has(&["kraft", "seit"])
        || has(&["kraft", "ab"])
        || has(&["vigor", "desde"])
        || has(&["gilt", "ab"])
        || has(&["g\u{fc}ltig", "ab"])
        || has(&["valid", "from"])
        || has(&["into", "force"])
        || has(&["become", "active"])
        || has(&["becomes", "active"])
        || has(&["active", "from"])
        || has(&["kicks", "in"])
        || has(&["kick", "in"])
        || before.iter().take(5).any(|w| matches!(*w, "efecto" | "efectos"))
        || has(&["as", "from"])
        || has(&["in", "force"])
        || (near(0) == "than"
            && near(1) == "earlier"
            && before.iter().any(|w| matches!(*w, "not" | "don't" | "never" | "no" | "doesn't")))
        || has(&["wirkung", "vom"])
        || has(&["wirkung", "zum"])
        || has(&["wirkung", "ab"])
        || before.iter().take(4).any(|w| matches!(*w, "vigore" | "vigor" | "vigueur" | "ingang"))
        || has(&["applies", "from"])
        || has(&["wirksam", "zum"])
        || has(&["effet", "du"])
        || has(&["effet", "au"])
        || has(&["effet", "le"])
        || has(&["efecto", "desde"])
        || (has(&["not", "before"]) && (near(0) == "before" || (near(0) == "the" && near(1) == "before")))
        || has(&["not", "earlier", "than"])
        || has(&["no", "earlier", "than"])
        || has(&["nicht", "vor"])
        || has(&["pas", "avant"])
        || has(&["no", "antes"])
    {
        return Role::Effective;
    }
    // "Au plus tard le 30 avril".
    if before.iter().take(3).any(|w| matches!(*w, "tard" | "tardi" | "tardar" | "uiterlijk" | "entro" | "antes")) {
        return Role::Deadline;
    }
    // "Just for today", "today only".
    let today = all.get(at).is_some_and(|w| matches!(w.text.as_str(), "today" | "tonight" | "tomorrow" | "heute"));
    let only = all.get(at + 1).is_some_and(|w| matches!(w.text.as_str(), "only" | "alone"));
    if today && (only || (matches!(near(0), "for" | "only" | "just" | "nur") && point.day)) {
        return Role::End;
    }
    // "Do not do this before 1 June."
    let denied = near(0) == "before"
        && before.windows(2).any(|pair| {
            matches!(pair[1], "not" | "don't" | "never")
                && matches!(
                    pair[0],
                    "do" | "be"
                        | "touch"
                        | "revoke"
                        | "rotate"
                        | "remove"
                        | "delete"
                        | "disable"
                        | "deactivate"
                        | "switch"
                        | "execute"
                        | "run"
                        | "apply"
                        | "start"
                        | "happen"
                        | "pull"
                )
        })
        && !before.iter().any(|w| matches!(*w, "if" | "unless"));
    // "Postponed to 22 May"
    let moved = |word: &str| matches!(word, "postponed" | "rescheduled" | "delayed" | "deferred" | "verschoben");
    if matches!(near(0), "to" | "until" | "auf") && moved(near(1)) {
        return Role::Effective;
    }
    // "(planned 2026-06-01)"
    if matches!(near(0), "planned" | "scheduled" | "geplant") {
        return Role::Effective;
    }
    // "The switch is set for 6 May 04:00 UTC".
    let set = matches!(near(1), "set" | "scheduled" | "planned" | "booked" | "fixed" | "foreseen" | "slated");
    let other = |w: &str| {
        super::planned::occasion(w)
            || super::planned::ends(w)
            || matches!(w, "expiry" | "end" | "access" | "window" | "launch" | "go-live" | "migration" | "renewal")
    };
    if near(0) == "for" && set && !before.iter().any(|w| other(w)) {
        return Role::Effective;
    }
    if denied || before.iter().take(3).any(|w| matches!(*w, "earliest" | "frühestens")) {
        return Role::Effective;
    }
    for (distance, word) in before.iter().enumerate().take(5) {
        let role = match *word {
            // "taken back again on Friday"
            "again" | "wieder"
                if distance < 3
                    && before.iter().any(|w| {
                        matches!(
                            *w,
                            "take"
                                | "takes"
                                | "taken"
                                | "remove"
                                | "revoke"
                                | "withdraw"
                                | "removed"
                                | "revoked"
                                | "withdrawn"
                                | "back"
                                | "away"
                                | "gone"
                                | "off"
                                | "dropped"
                                | "entzogen"
                                | "weg"
                                | "zur\u{fc}ck"
                                | "entfernt"
                        )
                    }) =>
            {
                Role::End
            }
            "back" | "away"
                if distance < 3
                    && before
                        .iter()
                        .any(|w| matches!(*w, "take" | "takes" | "taken" | "taking" | "took" | "give" | "given")) =>
            {
                Role::End
            }
            "until" | "till" | "til" | "through" | "thru" | "bis" | "jusqu'au" | "jusqu'à" | "hasta" | "expires"
            | "expiry" | "expire" | "expiring" | "auto-expires" | "auto-expire" | "lapse" | "lapses" | "lapsing"
            | "ends" | "end" | "ending" | "ende" | "fin" | "endet" | "closes" | "vence" | "acaba" | "fino" | "tot" => {
                Role::End
            }
            "to" if distance == 0 && before.iter().any(|w| matches!(*w, "from" | "extended" | "von")) => Role::End,
            "since"
                if matches!(near(distance + 1), "active" | "valid" | "live" | "effect" | "aktiv") && distance == 0 =>
            {
                Role::Happened
            }
            // "The scan from Friday": where something comes from.
            "from" | "of" | "von" | "vom" | "du" if distance < 3 && source(near(distance + 1)) => return Role::Other,
            "effective" | "effect" | "wirksam" | "gilt" | "prend" => Role::Effective,
            "of" if near(distance + 1) == "as" && distance < 2 => Role::Effective,
            // "Zum 1. September sperren", where "bis zum" is an end.
            "zum" if distance == 0 && near(1) != "bis" => Role::Effective,
            // "Close the window tonight".
            "window"
                if distance < 4
                    && before
                        .iter()
                        .any(|w| w.starts_with("clos") || matches!(*w, "shut" | "end" | "cut" | "stop")) =>
            {
                Role::End
            }
            "window" | "zeitraum" | "zeitfenster" | "between" | "zwischen" | "entre" | "per" | "ab" | "compter"
            | "from" | "partir" | "starting" | "start" | "begin" | "beginning" | "beginn" | "beginnt" | "von"
            | "desde" | "del" | "begins" | "starts"
                if distance < 4 && (*word != "from" || before[..distance].iter().all(|w| leads_up(w))) =>
            {
                Role::Start
            }
            // "Until it is closed, at the latest 20:00 UTC."
            "latest" if distance < 3 && all[..at].iter().any(|w| matches!(w.text.as_str(), "until" | "till")) => {
                Role::End
            }
            // "It lapses by itself on 30 October".
            "by" if distance > 0 && matches!(near(distance - 1), "itself" | "themselves" | "us" | "me" | "then") => {
                continue;
            }
            "by" | "before" | "due" | "deadline" | "until-latest" | "vor" | "avant" | "antes" | "spätestens"
            | "latest" | "within"
                if distance < 3 =>
            {
                Role::Deadline
            }
            "at" | "on" | "am" | "um" | "le" | "el"
                if distance == 0
                    && before.iter().any(|w| matches!(*w, "was" | "were" | "been" | "wurde" | "fue" | "été")) =>
            {
                Role::Happened
            }
            _ => continue,
        };
        // "expires" and "runs out" of a credential itself tell nothing of an access.
        return role;
    }
    // "On the first of June".
    let first = if near(0) == "the" { near(1) } else { near(0) };
    if matches!(first, "at" | "on" | "am" | "um" | "le" | "el") { Role::On } else { Role::Other }
}

/// What may stand between "from" and its time.
fn leads_up(word: &str) -> bool {
    matches!(
        word,
        "the"
            | "of"
            | "next"
            | "this"
            | "coming"
            | "early"
            | "late"
            | "morning"
            | "evening"
            | "noon"
            | "beginning"
            | "start"
            | "end"
            | "about"
            | "around"
            | "today"
            | "tonight"
            | "tomorrow"
    )
}

/// What carries the day on which it was written.
fn source(word: &str) -> bool {
    matches!(
        word,
        "scan"
            | "scans"
            | "report"
            | "reports"
            | "mail"
            | "mails"
            | "e-mail"
            | "email"
            | "message"
            | "finding"
            | "findings"
            | "audit"
            | "review"
            | "log"
            | "logs"
            | "export"
            | "screenshot"
            | "incident"
            | "chat"
            | "thread"
            | "minutes"
            | "meeting"
            | "ticket"
            | "alert"
            | "advisory"
            | "list"
            | "call"
            | "bericht"
            | "nachricht"
            | "rapport"
            | "informe"
    )
}

pub(super) fn joined(between: &str, site: &Site) -> bool {
    let lower = between.trim().trim_start_matches([',', ';']).trim().to_lowercase();
    // "From Friday evening to Sunday 18:00"
    let part =
        ["evening ", "morning ", "afternoon ", "night ", "noon "].iter().find_map(|part| lower.strip_prefix(part));
    let lower = part.map_or(lower.as_str(), str::trim_start);
    // "Up to and including", "to and including".
    if ["up to", "to and including", "until and including", "bis einschlie\u{df}lich"]
        .iter()
        .any(|words| lower.starts_with(words))
    {
        return true;
    }
    // The site's own "until" between two times.
    if let [one] = &site.words(lower)[..]
        && one.text == "until"
    {
        return true;
    }
    let first = lower.split_whitespace().next().unwrap_or_default();
    // "to Sunday 2026-08-16"
    let rest = lower.split_whitespace().nth(1).is_none_or(|w| super::dates::weekday(w.trim_end_matches(',')).is_some());
    rest && matches!(
        first,
        "to" | "al"
            | "/"
            | "-"
            | "–"
            | "—"
            | "->"
            | "→"
            | "until"
            | "till"
            | "and"
            | "bis"
            | "au"
            | "à"
            | "hasta"
            | "a"
            | "through"
    )
}
