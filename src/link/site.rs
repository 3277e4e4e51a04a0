//! A site's own words for times: months, weekdays and units, and the words that say what a time is for. They are put in the place of
//! ours, at the same bytes, so that everything else reads one language.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::model::settings::{TimeWord, Words};

use super::tokens::{Word, words};

/// A site's words for times.
#[derive(Debug, Default)]
pub(super) struct Site {
    dates: HashMap<String, &'static str>,
    roles: HashMap<String, &'static str>,
    last_day: Vec<Vec<String>>,
}

impl Site {
    pub(super) fn new(own: &Words) -> Self {
        let mut site = Self { dates: own.dates.iter().cloned().collect(), ..Self::default() };
        for (phrase, what) in &own.times {
            let ours = match what {
                TimeWord::Until => "until",
                TimeWord::From => "from",
                TimeWord::By => "by",
                TimeWord::Effective => "effective",
                TimeWord::For => "for",
                TimeWord::LastDay => {
                    site.last_day.push(words(phrase).into_iter().map(|word| word.text.to_string()).collect());
                    continue;
                }
            };
            site.roles.insert(phrase.clone(), ours);
        }
        site
    }

    /// The text with our names of months, weekdays and units, each ending where the site's own ended.
    pub(super) fn dates<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.dates.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for word in words(text) {
            let Some(ours) = self.dates.get(word.text.as_str()) else { continue };
            let length = word.end - word.start;
            // Lower case may be longer than what stands in the text.
            if ours.len() > length {
                continue;
            }
            out.push_str(&text[done..word.start]);
            out.extend(std::iter::repeat_n(' ', length - ours.len()));
            out.push_str(ours);
            done = word.end;
        }
        out.push_str(&text[done..]);
        Cow::Owned(out)
    }

    /// The words of a text, those that say what a time is for by our names.
    pub(super) fn words<'t>(&self, text: &'t str) -> Vec<Word<'t>> {
        let mut all = words(text);
        if !self.roles.is_empty() {
            for word in &mut all {
                if let Some(ours) = self.roles.get(word.text.as_str()) {
                    word.call(ours);
                }
            }
        }
        all
    }

    /// Phrases for somebody's last day, word by word.
    pub(super) fn last_day(&self) -> &[Vec<String>] {
        &self.last_day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_in_our_words() {
        let own = Words {
            dates: vec![("sierpnia".to_owned(), "aug"), ("godziny".to_owned(), "h")],
            times: vec![("do".to_owned(), TimeWord::Until)],
            ..Words::default()
        };
        let site = Site::new(&own);
        let text = "Dostęp na 2 godziny, do 5 Sierpnia 2026";
        let read = site.dates(text);
        assert_eq!(read, "Dostęp na 2       h, do 5      aug 2026");
        assert_eq!(read.len(), text.len());
        assert!(site.words(text).iter().any(|word| word.text == "until" && &text[word.start..word.end] == "do"));
        assert_eq!(Site::default().dates(text), text);
    }

    proptest::proptest! {
        #[test]
        fn places_stay(text in "(\\PC|İstanbul|İ| ){0,20}") {
            let own = Words { dates: vec![("i\u{307}".to_owned(), "h"), ("a".to_owned(), "d")], ..Words::default() };
            proptest::prop_assert_eq!(Site::new(&own).dates(&text).len(), text.len());
        }
    }
}
