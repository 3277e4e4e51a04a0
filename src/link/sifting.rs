//! What the sieve asks of single words and lines: classes of bytes, shapes of identifiers, and where a sentence ends. What a ticket
//! comes to is decided in `sieve`.

/// Digits, without a sign before them.
pub(super) fn digits(text: &str) -> &str {
    text.trim_start_matches('#')
}

/// Identifiers that are links whether they are known or not, see `mention`.
pub(super) fn shaped(text: &str) -> bool {
    (text.len() == 20 && (text.starts_with("AKIA") || text.starts_with("ASIA")))
        || text.starts_with("arn:")
        || ((text.starts_with("github") || text.starts_with("gitlab")) && text.contains(':'))
}

/// The sentence around a place, or more: only ends that are certain count.
pub(super) fn sentence(line: &str, start: usize, end: usize) -> (usize, usize) {
    let bytes = line.as_bytes();
    let trimmed = line.trim_start();
    let whole = line.len() > 1000 || !line.is_ascii() || trimmed.starts_with(['|', '#', '*']) || line.contains('`');
    if whole {
        return (0, line.len());
    }
    let ends = |at: usize| {
        let blank = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_whitespace);
        matches!(bytes[at], b'.' | b'!' | b'?') && blank(at + 1) && {
            let word = bytes[..at].iter().rev().take_while(|b| !b.is_ascii_whitespace() && **b != b'(').count();
            // A short word may be an abbreviation.
            word > 5
        }
    };
    let from = (0..start).rev().find(|at| ends(*at)).map_or(0, |at| at + 1);
    let to = (end..bytes.len()).find(|at| ends(*at)).unwrap_or(bytes.len());
    (from, to)
}

pub(super) const LETTER: u8 = 1;
pub(super) const JOINS: u8 = 1 << 1;
pub(super) const INNER: u8 = 1 << 2;

/// What a byte of ASCII is to words and to tokens.
pub(super) const CLASSES: [u8; 256] = {
    let mut out = [0; 256];
    let mut at = 0;
    while at < 128 {
        let byte = at as u8;
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            out[at] = LETTER | INNER;
        } else if byte == b'-' {
            out[at] = JOINS | INNER;
        } else if byte == b'\'' {
            out[at] = JOINS;
        } else if matches!(byte, b'.' | b'/' | b':' | b'@' | b'#' | b'+' | b'=' | b'$' | b'~' | b'%') {
            out[at] = INNER;
        }
        at += 1;
    }
    out
};
