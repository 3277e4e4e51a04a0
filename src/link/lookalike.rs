//! Names written with letters of other alphabets or with characters that cannot be seen: they match nothing, and a ticket that has one
//! says so, because somebody may have meant the name that it looks like.

use super::index::Names;
use super::text::Unit;
use super::tokens::{Token, invisible, parts, tokens};

/// So many are told of one ticket.
const MOST: usize = 5;

/// What looks like a known name and is not: one sentence each.
pub(super) fn told(units: &[Unit], names: &Names) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    // A word of another alphabet is a word; one that mixes them, or hides something, is strange.
    let mixed =
        |c: char| c.is_ascii_alphanumeric() || c == '_' || invisible(c) || ('\u{ff01}'..='\u{ff5e}').contains(&c);
    let strange = |token: &Token<'_>| !token.text.is_ascii() && token.text.contains(mixed);
    for token in units
        .iter()
        .filter(|unit| !unit.text.is_ascii())
        .flat_map(|unit| tokens(&unit.text))
        .filter(strange)
        .flat_map(parts)
    {
        if out.len() == MOST {
            break;
        }
        let plain: String = token.text.chars().filter(|c| !invisible(*c)).map(latin).collect();
        if plain != token.text
            && names.named(token.text).is_empty()
            && let Some(like) = names.named(&plain).first()
        {
            let said = format!(
                "\"{}\" looks like {} and is not: it is written with other letters or with characters that cannot be seen",
                spelled(token.text),
                names.entities[like.of].id
            );
            if !out.contains(&said) {
                out.push(said);
            }
        }
    }
    out
}

/// `TЕAMS_HOOK` with a Cyrillic letter: what somebody wrote as the name of a secret, and is none of ours.
pub(super) fn misleads(token: &str) -> bool {
    !token.is_ascii()
        && token.contains(['_', '\u{ff3f}'])
        && token.contains(|c: char| c.is_ascii_uppercase() || ('\u{ff21}'..='\u{ff3a}').contains(&c))
        && !token.contains(char::is_lowercase)
}

/// With code points in place of what misleads.
fn spelled(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{{{:x}}}", u32::from(c)) }).collect()
}

/// The Latin letter that a Cyrillic, Greek or full-width one looks like.
fn latin(c: char) -> char {
    const LIKE: [(&str, &str); 2] = [
        ("АВСЕНІЈКМОРЅТХУѴԌаԁеһіјӏорѕсухԝ", "ABCEHIJKMOPSTXYVGadehijlopscyxw"),
        ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαιονρυ", "ABEZHIKMNOPTYXaiovpu"),
    ];
    if let '\u{ff01}'..='\u{ff5e}' = c {
        return char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c);
    }
    LIKE.iter().find_map(|(other, ours)| ours.chars().nth(other.chars().position(|letter| letter == c)?)).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_look_alike() {
        let plain = |text: &str| text.chars().filter(|c| !invisible(*c)).map(latin).collect::<String>();
        assert_eq!(plain("СHRОМATIC\u{200b}_TОKEN"), "CHROMATIC_TOKEN");
        assert_eq!(plain("ΝΡΜ＿ＴＯＫＥＮ"), "NPM_TOKEN");
        assert_eq!(plain("Schlüssel"), "Schlüssel");
        assert_eq!(spelled("A\u{200b}B"), "A\\u{200b}B");
    }
}
