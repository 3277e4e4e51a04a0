//! Full stops that end no sentence: those of abbreviations, ordinals and dates. Sentences are parted in `text`.

/// Words before a full stop that do not end a sentence.
const ABBREVIATIONS: [&str; 24] = [
    "e.g", "i.e", "eg", "ie", "z.b", "d.h", "bzw", "ca", "approx", "no", "nr", "vs", "etc", "incl", "resp", "p.ex",
    "ex", "mr", "mrs", "dr", "st", "u.a", "inkl", "cf",
];

/// Whether a full stop behind this text belongs to its last word: `e.g.`, `2.`, `J.`.
pub(super) fn abbreviates(text: &str) -> bool {
    let before = text.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    let numbered = !before.is_empty()
        && before.chars().all(|c| c.is_ascii_digit())
        && before.len() < 3
        && !counted(&text[..text.len() - before.len()]);
    let initial = before.chars().count() == 1 && before.chars().all(char::is_alphabetic);
    // "vom 12.05. bis 14.05. 18:00"
    let number = |text: &str, most: u8| text.len() == 2 && text.parse::<u8>().is_ok_and(|n| (1..=most).contains(&n));
    let dated = before.split_once('.').is_some_and(|(day, month)| number(day, 31) && number(month, 12));
    // None of them is longer.
    let known = || before.len() <= 8 && ABBREVIATIONS.contains(&before.to_lowercase().as_str());
    numbered || initial || dated || known()
}

/// "Since sprint 14. Under the old mount …": a number that belongs to the word before it, and no "14. May".
fn counted(before: &str) -> bool {
    const WORDS: [&str; 12] =
        ["sprint", "week", "version", "release", "step", "phase", "wave", "line", "page", "port", "build", "room"];
    let word = before.trim_end().rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    word.len() <= 8 && WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}
