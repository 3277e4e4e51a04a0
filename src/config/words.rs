//! A site's own words, from how they are written (by meaning) to how they are used (by word). What they do is decided in `link`.

use std::collections::BTreeMap;

use crate::config::document::Document;
use crate::config::error::ConfigError;
use crate::config::raw;
use crate::config::resolve::keys;
use crate::model::settings::{TimeWord, Words};

/// All words, in lower case; each with one meaning of a kind.
pub(super) fn words(document: &Document, raw: &raw::Words) -> Result<Words, ConfigError> {
    let mut dates: Vec<(String, &'static str)> =
        flat(document, "month", &raw.month, 3)?.into_iter().map(|(word, m)| (word, m.short())).collect();
    let days = flat(document, "weekday", &raw.weekday, 3)?.into_iter().map(|(word, day)| (word, day.short()));
    let units = flat(document, "unit", &raw.unit, 1)?.into_iter().map(|(word, unit)| (word, unit.short()));
    Vec::extend(&mut dates, days.chain(units));
    let times = flat(document, "time", &raw.time, 1)?;
    let single = times.iter().filter(|(_, what)| *what != TimeWord::LastDay).map(|(word, _)| (word, "time"));
    let single = single.chain(dates.iter().map(|(word, _)| (word, "month, weekday or unit")));
    for (word, kind) in single {
        if word.contains(char::is_whitespace) {
            return Err(document.error(
                &keys(&["words"]),
                format!("`{word}` is more than one word, and the name of a {kind} is one"),
                "write the word that decides",
            ));
        }
    }
    Ok(Words {
        intents: flat(document, "intent", &raw.intent, 1)?,
        weak: flat(document, "weak", &raw.weak, 1)?,
        levels: flat(document, "level", &raw.level, 1)?,
        states: flat(document, "state", &raw.state, 1)?,
        cues: flat(document, "sentence", &raw.sentence, 1)?,
        times,
        dates,
    })
}

/// One kind of words. `shortest`: in bytes; in the place of a date's word ours is read, which must fit.
fn flat<M: Copy>(
    document: &Document,
    key: &str,
    map: &BTreeMap<M, Vec<String>>,
    shortest: usize,
) -> Result<Vec<(String, M)>, ConfigError> {
    let mut out: Vec<(String, M)> = Vec::new();
    let fail = |message: String, next: &str| Err(document.error(&keys(&["words", key]), message, next));
    for (meaning, words) in map {
        for word in words {
            let word = word.trim().to_lowercase();
            if word.is_empty() {
                return fail("an empty word means nothing".to_owned(), "remove it");
            }
            if word.len() < shortest {
                return fail(format!("`{word}` is too short for a name"), "write it out");
            }
            if out.iter().any(|(known, _)| *known == word) {
                return fail(format!("`{word}` stands under two meanings, or twice"), "keep one");
            }
            out.push((word, *meaning));
        }
    }
    Ok(out)
}
