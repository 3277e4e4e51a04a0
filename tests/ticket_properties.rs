//! What holds for every ticket, however strange its text: no panic, no name inside a longer one, no look-alike, time in proportion to
//! the text.

#![allow(clippy::unwrap_used)]

#[path = "support/processor.rs"]
mod processor;
#[path = "support/blank.rs"]
mod support;

use std::time::Duration;

use driftgate::link::Index;
use driftgate::model::inventory::Inventory;
use driftgate::model::settings::Settings;
use driftgate::model::ticket::{Comment, Person, RawState, Record, System, Ticket};
use processor::Processor;
use proptest::prelude::*;
use support::{at, blank, described};

fn index() -> Index {
    let inventory: Inventory = serde_yaml::from_str(include_str!("tickets/inventory.yaml")).unwrap();
    Index::new(&inventory, &[], &Settings::default())
}

fn record(title: &str, text: &str, comment: &str) -> Record {
    Record {
        system: System::Gitlab,
        texts: described(text),
        comments: vec![Comment { author: Person::default(), at: None, text: comment.to_owned(), system: false }],
        state: RawState { status: "closed".to_owned(), closed: Some(true), resolution: None },
        opened_at: Some(at("2026-05-11T09:00:00Z")),
        ..blank("t", "T-1", title)
    }
}

fn read(index: &Index, title: &str, text: &str) -> Ticket {
    index.understand(&record(title, text, ""), "2026-06-01T12:00:00Z".parse().unwrap())
}

fn links(ticket: &Ticket, end: &str) -> bool {
    ticket.links.iter().any(|link| link.credential.as_str().ends_with(end))
}

/// Names that exactly one known thing has, as the text writes them and as the id ends.
const NAMES: [(&str, &str); 6] = [
    ("SMTP_PASSWORD", "globex/mail:SMTP_PASSWORD"),
    ("AKIALOADER77GLOBEXST", "AKIALOADER77GLOBEXST"),
    ("secret/web/session", "vault:kv:secret/web/session"),
    ("svc-loader", "AKIALOADER77GLOBEXST"),
    ("hvsACCloader0000000000A1", "hvsACCloader0000000000A1"),
    ("Lookout Scanner", "app:globex:7300"),
];

/// Pieces out of which people and attackers make tickets.
fn pieces() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "revoke ",
        "rotate ",
        "do not ",
        "keep ",
        "SMTP_PASSWORD",
        "AKIALOADER77GLOBEXST",
        "it ",
        "until Friday 18:00 UTC ",
        "for 2 hours ",
        "(",
        ")",
        ", ",
        "; ",
        ": ",
        "- [x] ",
        "## ",
        "> ",
        "```\n",
        "| a | b |\n",
        "~~",
        "`",
        "**",
        "\n",
        "\n\n",
        "former ",
        "latter ",
        "token 41 ",
        "globex/mail ",
        "ends in ",
        "...",
        "…",
        "last day ",
        "lena@globex.test ",
        "@omar ",
        "arn:aws:iam::444455556666:role/",
        "vault kv get ",
        "instead of ",
        "unless you object ",
        "\u{200b}",
        "\u{202e}",
        "𝔖",
        "é",
        "\0",
        "?",
        "! ",
        "9999999999999 ",
        "2026-99-99 ",
        "from 25:61 to 00:00 ",
        "AKIA",
        "SHA256:",
        "/",
        "//",
        "://",
        "=",
        "%",
        "extended until 2999-01-01T00:00Z ",
    ])
    .prop_map(str::to_owned);
    prop_oneof![4 => fixed, 1 => "\\PC{0,12}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn no_text_is_too_strange(
        title in prop::collection::vec(pieces(), 0..8),
        text in prop::collection::vec(pieces(), 0..60),
        comment in prop::collection::vec(pieces(), 0..20),
    ) {
        thread_local!(static INDEX: Index = index());
        INDEX.with(|index| {
            let record = record(&title.concat(), &text.concat(), &comment.concat());
            let ticket = index.understand(&record, "2026-06-01T12:00:00Z".parse().unwrap());
            for link in &ticket.links {
                prop_assert!(link.quote.chars().count() <= 161);
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_name_is_never_found_in_a_longer_one(
        name in prop::sample::select(NAMES.to_vec()),
        before in "[A-Za-z0-9_]{0,3}",
        after in "[A-Za-z0-9_]{0,3}",
        joiner in "[-_]?",
    ) {
        prop_assume!(!(before.is_empty() && after.is_empty()));
        thread_local!(static INDEX: Index = index());
        INDEX.with(|index| {
            let left = if before.is_empty() { String::new() } else { format!("{before}{joiner}") };
            let right = if after.is_empty() { String::new() } else { format!("{joiner}{after}") };
            let longer = format!("{left}{}{right}", name.0);
            for text in [format!("Revoke {longer}"), format!("Revoke `{longer}`, please"), format!("- {longer}")] {
                prop_assert!(!links(&read(index, &text, "revoke"), name.1), "{}", text);
            }
            Ok(())
        })?;
    }

    #[test]
    fn what_cannot_be_seen_makes_another_name(
        name in prop::sample::select(NAMES.to_vec()),
        odd in prop::sample::select(vec!['\u{200b}', '\u{200d}', '\u{feff}', '\u{ad}', '\u{2060}', '\u{202e}']),
        at in 1_usize..12,
    ) {
        thread_local!(static INDEX: Index = index());
        INDEX.with(|index| {
            let mut hidden: Vec<char> = name.0.chars().collect();
            hidden.insert(at.min(hidden.len() - 1), odd);
            let text = format!("Revoke {}", hidden.iter().collect::<String>());
            prop_assert!(!links(&read(index, &text, ""), name.1), "{:?}", text);
            // At its ends, invisible characters are blanks.
            let text = format!("Revoke {odd}{}{odd}", name.0);
            prop_assert!(links(&read(index, &text, ""), name.1), "{:?}", text);
            Ok(())
        })?;
    }

    #[test]
    fn look_alikes_make_another_name(name in prop::sample::select(NAMES.to_vec()), at in 0_usize..20) {
        thread_local!(static INDEX: Index = index());
        INDEX.with(|index| {
            let mut letters: Vec<char> = name.0.chars().collect();
            let alike = |c: char| Some(match c {
                'A' => 'А', 'S' => 'Ѕ', 'T' => 'Τ', 'O' => 'О', 'K' => 'К', '_' => '＿', 'e' => 'е', 'o' => 'о', 'c' => 'с', 's' => 'ѕ', 'a' => 'а', '-' => '‐',
                _ => return None,
            });
            let Some((at, other)) = (at..letters.len()).find_map(|i| Some((i, alike(letters[i])?))) else { return Ok(()) };
            letters[at] = other;
            let text = format!("Revoke {}", letters.iter().collect::<String>());
            prop_assert!(!links(&read(index, &text, ""), name.1), "{:?}", text);
            Ok(())
        })?;
    }

    #[test]
    fn case_does_not_matter(name in prop::sample::select(NAMES.to_vec()), upper in any::<u32>()) {
        thread_local!(static INDEX: Index = index());
        INDEX.with(|index| {
            let cased: String = name.0.chars().enumerate()
                .map(|(i, c)| if upper >> (i % 32) & 1 == 1 { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect();
            let text = format!("Revoke {cased}");
            prop_assert!(links(&read(index, &text, ""), name.1), "{:?}", text);
            Ok(())
        })?;
    }
}

/// Texts that would take hours if any step were quadratic; the limit is generous, for debug builds and busy machines.
#[test]
fn time_is_in_proportion_to_the_text() {
    let index = index();
    let size = 400_000;
    for piece in [
        "a",
        "a ",
        "(",
        ")",
        "`",
        "**",
        "~~",
        "[",
        "( ) ",
        "- SMTP_PASSWORD\n",
        "revoke it, ",
        "SMTP_PASSWORD/",
        "SMTP_PASSWORD ",
        "| x ",
        "> ",
        "token 41 and 41 ",
        "until Friday ",
        "2026-05-11 ",
        "not ",
        "and ",
        "a.b.",
        "@",
        "\u{200b}",
        "it stays. ",
        "the former. ",
        "lena@globex.test ",
        "in repository x ",
        "<!--",
        "secrets.",
        "…GLOBEXST ",
    ] {
        let text = piece.repeat(size / piece.len());
        let processor = Processor::start();
        let ticket = read(&index, &text.chars().take(2000).collect::<String>(), &text);
        let took = processor.used();
        assert!(took < Duration::from_secs(20), "{piece:?} took {took:?}");
        drop(ticket);
    }
}
