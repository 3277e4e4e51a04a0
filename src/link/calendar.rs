//! The names of months and weekdays in several languages. Where they stand in a text, and what day they make with a figure, is read in `dates`.

use std::collections::HashSet;
use std::sync::LazyLock;

use jiff::civil::Weekday;

pub(super) const MONTH: &str = "january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec|\
januar|februar|märz|mai|juni|juli|oktober|dezember|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre|enero|febrero|marzo|\
abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|\
gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|settembre|ottobre|novembre|dicembre|januari|februari|maart|mei|juni|juli|augustus|\
janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|dezembro";

pub(super) const DAY: &str = "monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tue|wed|thu|fri|sat|sun|montag|dienstag|mittwoch|donnerstag|freitag|samstag|\
sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo";

static MONTHS: LazyLock<HashSet<&str>> = LazyLock::new(|| MONTH.split('|').collect());
static DAYS: LazyLock<HashSet<&str>> = LazyLock::new(|| DAY.split('|').collect());

/// Whether a text is in a language whose `11/08/2026` is in August.
pub(super) fn day_first(text: &str) -> bool {
    super::tokens::words(text).iter().any(|w| {
        matches!(
            &*w.text,
            "del"
                | "desde"
                | "hasta"
                | "para"
                | "du"
                | "jusqu'au"
                | "partir"
                | "compter"
                | "pour"
                | "vom"
                | "bis"
                | "zum"
                | "und"
                | "dal"
                | "fino"
                | "at\u{e9}"
        )
    })
}

/// The number of a month's name.
pub(super) fn month(word: &str) -> Option<i8> {
    const STEMS: [(&str, i8); 42] = [
        ("gen", 1),
        ("fev", 2),
        ("maar", 3),
        ("mag", 5),
        ("mei", 5),
        ("maio", 5),
        ("giu", 6),
        ("lug", 7),
        ("set", 9),
        ("ott", 10),
        ("out", 10),
        ("dez", 12),
        ("jan", 1),
        ("ene", 1),
        ("feb", 2),
        ("fév", 2),
        ("mar", 3),
        ("mär", 3),
        ("apr", 4),
        ("avr", 4),
        ("abr", 4),
        ("may", 5),
        ("mai", 5),
        ("jun", 6),
        ("juin", 6),
        ("jul", 7),
        ("juil", 7),
        ("aug", 8),
        ("aoû", 8),
        ("ago", 8),
        ("sep", 9),
        ("oct", 10),
        ("okt", 10),
        ("nov", 11),
        ("dec", 12),
        ("dez", 12),
        ("déc", 12),
        ("dic", 12),
        ("enero", 1),
        ("mayo", 5),
        ("août", 8),
        ("märz", 3),
    ];
    let lower = word.to_lowercase();
    MONTHS.contains(lower.as_str()).then_some(())?;
    STEMS.iter().filter(|(stem, _)| lower.starts_with(stem)).max_by_key(|(stem, _)| stem.len()).map(|(_, n)| *n)
}

/// The weekday of a name, in four languages.
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    let lower = word.to_lowercase();
    DAYS.contains(lower.as_str()).then_some(())?;
    let is = |stems: &[&str]| stems.iter().any(|stem| lower.starts_with(stem));
    Some(match () {
        () if is(&["mon", "lun"]) => Weekday::Monday,
        () if is(&["tue", "die", "mardi", "martes"]) => Weekday::Tuesday,
        () if is(&["wed", "mit", "mer", "mié"]) => Weekday::Wednesday,
        () if is(&["thu", "don", "jeu", "jue"]) => Weekday::Thursday,
        () if is(&["fri", "fre", "ven", "vie"]) => Weekday::Friday,
        () if is(&["sat", "sam", "sáb"]) => Weekday::Saturday,
        () if is(&["sun", "son", "dim", "dom"]) => Weekday::Sunday,
        () => return None,
    })
}
