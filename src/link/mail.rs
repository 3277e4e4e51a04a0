//! Where a text goes over into the mails that it answers or forwards. Whether they are read is decided in `text` and by its caller.

/// How many lines a mail's head has at most.
const HEAD: usize = 6;

/// The number of the line with which the first older mail begins, behind the text's own words.
pub(super) fn older(text: &str) -> Option<usize> {
    // Few texts have any of these signs.
    if !text.contains(':') {
        return None;
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut own = false;
    for (number, line) in lines.iter().enumerate() {
        let plain = line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '>'));
        if plain.is_empty() || plain.chars().all(|c| matches!(c, '-' | '=' | '_')) {
            continue;
        }
        let head = head(plain);
        let begins = match head {
            Some(Head::From) => lines[number + 1..].iter().take(HEAD).any(|next| {
                let next = next.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '>'));
                self::head(next) == Some(Head::Other)
            }),
            _ => introduces(plain),
        };
        if begins && own {
            return Some(number);
        }
        own |= head.is_none() && !begins;
    }
    None
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Head {
    From,
    Other,
}

/// A line of a mail's head.
fn head(line: &str) -> Option<Head> {
    let (key, _) = line.split_once(':')?;
    if key.len() > 16 {
        return None;
    }
    match key.trim_matches(['*', '_', ' ']).to_lowercase().as_str() {
        "from" | "von" | "de" | "da" => Some(Head::From),
        "sent" | "gesendet" | "envoyé" | "enviado" | "date" | "datum" | "fecha" | "to" | "an" | "à" | "para" | "cc"
        | "subject" | "betreff" | "objet" | "asunto" => Some(Head::Other),
        _ => None,
    }
}

/// "On Monday Bob wrote:", "-----Original Message-----".
fn introduces(line: &str) -> bool {
    let lower = line.to_lowercase();
    let wrote = |start: &str, verb: &str| lower.starts_with(start) && lower.ends_with(':') && lower.contains(verb);
    line.len() < 200
        && (wrote("on ", " wrote")
            || wrote("am ", " schrieb")
            || wrote("le ", " a écrit")
            || wrote("el ", " escribió")
            || (lower.starts_with("--")
                && (lower.contains("original message")
                    || lower.contains("ursprüngliche nachricht")
                    || lower.contains("forwarded message"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_mail_begins_behind_own_words() {
        let text = "From: A\nTo: B\n\nRevoke it.\n\n----\n*From:* B\n*Sent:* Monday\n\nWhich?";
        assert_eq!(older(text), Some(6));
        assert_eq!(older("Hi\n\nOn Mon, 9 Feb Bob wrote:\n> x"), Some(2));
        assert_eq!(older("From: A\nTo: B\nRevoke it."), None);
        assert_eq!(older("Access from: 10:00\nto: 12:00"), None);
        assert_eq!(older("Please\nFrom: 10:00\nuntil 12:00"), None);
    }
}
