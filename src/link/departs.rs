//! Titles that say that somebody goes, in so few words that only the text tells that it is a person: "Kofi ist weg", "Gus goes", "Close
//! Zoe's accounts". What an offboarding ends is told in `people`.

use super::intent::Reading;
use super::text::Origin;
use super::tokens::{Word, words};

/// One of them stands in every such title.
pub(super) const PARTS: [&str; 12] =
    ["eave", "exit", "Exit", "weg", "gone", "goes", "inish", "left", "ccount", "quitte", "gegangen", "ehrt"];

/// Whether a title may say so, see [`Reading::departs`]: asked of every title.
pub(super) fn may_depart(title: &str) -> bool {
    // So few words are no longer.
    const LONGEST: usize = 100;
    title.len() <= LONGEST && PARTS.iter().any(|part| title.contains(part)) && goes(title)
}

impl Reading<'_> {
    /// A title of somebody who goes, and a text that speaks of a person.
    pub(super) fn departs(&self, title: &str) -> bool {
        may_depart(title) && self.of_a_person()
    }

    /// Whether the text speaks of somebody, and not of something.
    fn of_a_person(&self) -> bool {
        self.own().filter(|(unit, _)| matches!(unit.origin, Origin::Body(_))).take(40).any(|(_, judged)| {
            judged.words.iter().any(|w| {
                matches!(
                    w.text.as_str(),
                    "he" | "i"
                        | "my"
                        | "she"
                        | "his"
                        | "her"
                        | "er"
                        | "sie"
                        | "ihre"
                        | "seine"
                        | "elle"
                        | "ses"
                        | "hr"
                        | "surname"
                        | "payroll"
                        | "badge"
                        | "locker"
                        | "laptop"
                        | "vpn"
                        | "contract"
                        | "resigned"
                        | "competitor"
                        | "company"
                        | "colleague"
                        | "employment"
                        | "vertrag"
                        | "haus"
                        | "workload"
                        | "membership"
                )
            })
        })
    }
}

/// "Kofi ist weg", "@x leaves", "Bela, exit", "Leaver, name to follow", "Close Zoe's accounts".
fn goes(title: &str) -> bool {
    let all = words(title);
    let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    if all.is_empty() || all.len() > 9 || title.contains('?') {
        return false;
    }
    // A first name, or a handle: no acronym, and nothing with signs in it.
    let named = |w: &Word| {
        let own = &title[w.start..w.end];
        let handle = title[..w.start].ends_with('@');
        let name = own.chars().next().is_some_and(char::is_uppercase)
            && own.chars().skip(1).all(|c| c.is_lowercase())
            && own.chars().count() > 2;
        handle || name
    };
    let role = |w: &str| {
        matches!(
            w,
            "contractor"
                | "intern"
                | "colleague"
                | "freelancer"
                | "student"
                | "consultant"
                | "apprentice"
                | "volunteer"
                | "trainee"
        )
    };
    let who = (0..all.len().min(3)).find(|at| named(&all[*at]) && !role(word(*at)));
    let verb = |at: usize| {
        matches!(
            (word(at), word(at + 1), word(at + 2)),
            ("leaves" | "goes" | "left" | "exit", "", _)
                | ("leaves" | "left", "us" | "the" | "on" | "at" | "in" | "for", _)
                | ("is", "gone" | "leaving", _)
                | ("is", "finished", "here" | "with" | "")
                | ("has", "left" | "gone", _)
                | ("ist", "weg" | "gegangen" | "ausgeschieden", _)
                | ("nous", "quitte", _)
        )
    };
    let subject = who.is_some_and(|at| (at + 1..=at + 2).any(|next| verb(next) && all.len() <= next + 5));
    let leaver = matches!(word(0), "leaver" | "leavers" | "departure")
        && title[all[0].end..].trim_start().starts_with([',', ':', '-', '\u{2013}'])
        || (word(0) == "exit" && word(1) == "checklist")
        || (matches!(word(0), "workload" | "service") && word(1) == "leaves");
    let accounts = || {
        matches!(word(0), "close" | "shut" | "disable" | "remove" | "deactivate" | "lock")
            && all.get(1).is_some_and(|w| w.text.ends_with("'s") && title[w.start..].starts_with(char::is_uppercase))
            && matches!(word(2), "accounts" | "access" | "account" | "logins")
    };
    let cleaned = || {
        all.windows(2).any(|pair| {
            matches!(pair[0].text.as_str(), "account" | "accounts" | "access")
                && matches!(pair[1].text.as_str(), "clean-up" | "cleanup")
        }) && title.contains('@')
    };
    // "Leaving at the end of August", "access to be taken away when I go".
    let own = word(0) == "leaving" && matches!(word(1), "at" | "on" | "in" | "the" | "us")
        || all
            .windows(3)
            .any(|w| w[0].text == "when" && w[1].text == "i" && matches!(w[2].text.as_str(), "go" | "leave"));
    subject || leaver || own || accounts() || cleaned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_of_people_who_go() {
        for title in [
            "Kofi ist weg",
            "Beatrice ist weg, bitte aufr\u{e4}umen",
            "@hsantamaria leaves",
            "Contractor @creid is finished here",
            "Bela, exit",
            "Gus goes",
            "Leaver, name to follow",
            "Close Zoe's accounts",
            "Account clean-up: @gus",
            "Workload leaves: lecture-caster",
        ] {
            assert!(may_depart(title), "{title}");
        }
        for title in [
            "DEPLOY_KEY goes",
            "svc-x leaves production",
            "What is left of the old cart",
            "The exit page is broken",
            "Who is gone?",
        ] {
            assert!(!may_depart(title), "{title}");
        }
    }
}
