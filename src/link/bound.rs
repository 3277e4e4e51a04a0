//! How much of one ticket is read. Trackers keep a description or comment to some ten thousand characters, and nobody writes a megabyte
//! to ask for anything: of a ticket that is longer its beginning and its end are read, and it says so, which makes a gap. What the text
//! that is left means is decided by the other files.

use std::borrow::Cow;

use crate::model::ticket::Record;

/// The most bytes of title.
const TITLE: usize = 4 << 10;

/// The most bytes of a label, a type, a field.
const WORDS: usize = 16 << 10;

/// The most labels.
const LABELS: usize = 1000;

/// The most bytes of descriptions, answers and comments together: half of them from the beginning, half from the end.
const TEXT: usize = 1 << 20;

/// The most bytes of a ticket's earlier states together, newest first.
const HISTORY: usize = 1 << 20;

/// A name that reaches over the border is left out whole; beyond so many bytes nothing is a name.
const NAME: usize = 4 << 10;

/// The record as far as it is read, and what of it is not; nothing where it is read whole.
pub(super) fn bounded(record: &Record) -> (Cow<'_, Record>, Option<String>) {
    let texts = || record.texts.iter().map(|text| &text.text).chain(record.comments.iter().map(|c| &c.text));
    let total: usize = texts().map(String::len).sum();
    let sides = || record.history.iter().flat_map(|change| change.from.iter().chain(&change.to));
    let history: usize = sides().map(String::len).sum();
    let long = record.title.len() > TITLE
        || record.labels.len() > LABELS
        || record.labels.iter().chain(&record.kind).chain(record.fields.values()).any(|words| words.len() > WORDS);
    if total <= TEXT && history <= HISTORY && !long {
        return (Cow::Borrowed(record), None);
    }
    let mut out = record.clone();
    if long {
        shorten(&mut out.title, TITLE);
        out.labels.truncate(LABELS);
        let words = out.labels.iter_mut().chain(&mut out.kind).chain(out.fields.values_mut());
        words.for_each(|words| shorten(words, WORDS));
    }
    if total > TEXT {
        let texts = out.texts.iter_mut().map(|text| &mut text.text);
        let mut before = 0;
        for text in texts.chain(out.comments.iter_mut().map(|comment| &mut comment.text)) {
            let length = text.len();
            let head = (TEXT / 2).saturating_sub(before);
            let tail = (before + length).saturating_sub(total - TEXT / 2);
            before += length;
            without_middle(text, head, tail);
        }
    }
    if history > HISTORY {
        let mut left = HISTORY;
        for side in out.history.iter_mut().rev().flat_map(|change| change.from.iter_mut().chain(&mut change.to)) {
            shorten(side, left);
            left -= side.len();
        }
    }
    let what = match () {
        () if total > TEXT => format!("{total} bytes of text: the middle is not read"),
        () if history > HISTORY => format!("{history} bytes of earlier words: the oldest are not read"),
        () => "a title, label or field whose end is not read".to_owned(),
    };
    (Cow::Owned(out), Some(format!("it is too long to be read whole: it has {what}")))
}

/// Keeps at most so many bytes of the beginning, and no half of a name.
fn shorten(text: &mut String, most: usize) {
    if text.len() > most {
        let end = head(text, most);
        text.truncate(end);
    }
}

/// Keeps at most so many bytes of the beginning and of the end, on lines of their own.
fn without_middle(text: &mut String, first: usize, last: usize) {
    if first + last >= text.len() {
        return;
    }
    let (first, last) = (head(text, first), tail(text, last));
    text.replace_range(first..last, "\n\n");
}

/// Where the beginning ends.
fn head(text: &str, most: usize) -> usize {
    let most = text.floor_char_boundary(most);
    let near = text.floor_char_boundary(most.saturating_sub(NAME));
    let name = text[near..most].char_indices().rev().find(|(_, c)| c.is_whitespace());
    name.map_or(near, |(at, _)| near + at)
}

/// Where the end begins.
fn tail(text: &str, most: usize) -> usize {
    let most = text.ceil_char_boundary(text.len() - most);
    let near = text.ceil_char_boundary((most + NAME).min(text.len()));
    let name = text[most..near].char_indices().find(|(_, c)| c.is_whitespace());
    name.map_or(near, |(at, _)| most + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_ends_are_kept_and_no_half_of_a_name(
            text in "([a-zA-Z_0-9éß]{1,12}|\\s|\n){0,80}",
            first in 0_usize..200,
            last in 0_usize..200,
        ) {
            let mut cut = text.clone();
            without_middle(&mut cut, first, last);
            if first + last >= text.len() {
                prop_assert_eq!(cut, text);
                return Ok(());
            }
            prop_assert!(cut.len() <= first + last + 2);
            let whole: Vec<&str> = text.split_whitespace().collect();
            for name in cut.split_whitespace() {
                prop_assert!(whole.contains(&name), "{} of {:?}", name, text);
            }
        }

        #[test]
        fn the_beginning_is_no_longer_than_allowed(text in "\\PC{0,60}", most in 0_usize..80) {
            let mut cut = text.clone();
            shorten(&mut cut, most);
            prop_assert!(text.starts_with(&cut) && (cut.len() <= most));
        }
    }
}
