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
        let plain = bare(line);
        if plain.is_empty() || plain.chars().all(|c| matches!(c, '-' | '=' | '_')) {
            continue;
        }
        let head = head(plain);
        // `From:` and `To:` alone may state a window.
        let sent = |next: &&&str| self::head(bare(next)) == Some(Head::Sent);
        let begins = match head {
            Some(Head::From) => {
                let block = lines[number + 1..].iter().take(HEAD).take_while(|next| self::head(bare(next)).is_some());
                !plain.contains(|c: char| c.is_ascii_digit()) && block.clone().any(|next| sent(&next))
            }
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
    /// When it was sent, or what it is about.
    Sent,
    To,
}

/// A line without its marks; a bullet has a blank behind it and stays.
fn bare(line: &str) -> &str {
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || c == '>').trim_end();
    if line.starts_with("* ") || line.starts_with("- ") { line } else { line.trim_matches(['*', '_']) }
}

/// A line of a mail's head.
fn head(line: &str) -> Option<Head> {
    let (key, _) = line.split_once(':')?;
    if key.len() > 16 {
        return None;
    }
    match key.trim_matches(['*', '_', ' ']).to_lowercase().as_str() {
        "from" | "von" | "de" | "da" => Some(Head::From),
        "sent" | "gesendet" | "envoyé" | "enviado" | "date" | "datum" | "fecha" | "subject" | "betreff" | "objet"
        | "asunto" => Some(Head::Sent),
        "to" | "an" | "à" | "para" | "cc" => Some(Head::To),
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
        assert_eq!(older("Please grant it.\nFrom: 2026-06-01 10:00 UTC\nTo: 2026-06-01 14:00 UTC\nLevel: write"), None);
        assert_eq!(older("Please grant it.\n* From: 10:00\n* To: 14:00"), None);
        assert_eq!(older("Revoke X.\nDate: Monday\nFrom: build server\nTo: registry\n\nDelete Y."), None);
    }
}
