//! Variables in keyword values and in conditions, where GitLab itself or the runner expands them, not a shell: `$X`, `${X}`, `%X%`,
//! `$$` for a dollar sign (<https://docs.gitlab.com/ci/variables/where_variables_can_be_used/>).

use crate::pipeline::shell::{Form, Use, is_name_byte, is_name_start};

/// Expansions in a keyword's value.
pub(super) fn uses(text: &str) -> Vec<Use> {
    let s = text.as_bytes();
    let mut found = Vec::new();
    let mut i = 0;
    while let Some(k) = memchr::memchr2(b'$', b'%', &s[i..]) {
        let at = i + k;
        i = if s[at] == b'$' { dollar(text, at, &mut found) } else { percent(text, at, &mut found) };
    }
    found
}

fn name_end(s: &[u8], from: usize) -> usize {
    from + s[from.min(s.len())..].iter().take_while(|b| is_name_byte(**b)).count()
}

fn dollar(text: &str, at: usize, found: &mut Vec<Use>) -> usize {
    let s = text.as_bytes();
    let mut push = |name: &str, form, fallback| found.push(Use { at, name: name.to_owned(), form, fallback });
    let rest = &text[at + 1..];
    let interpolated = |from: usize| {
        let stop = text[from..].find("]]").map(|k| from + k)?;
        Some((text[from + 3..stop].trim(), stop + 2))
    };
    if rest.starts_with("$[[") || rest.starts_with("{$[[") {
        let from = at + 1 + usize::from(rest.starts_with('{'));
        return match interpolated(from) {
            Some((name, end)) => {
                push(name, Form::Interpolated, false);
                end
            }
            None => text.len(),
        };
    }
    match s.get(at + 1) {
        Some(b'[') if rest.starts_with("[[") => interpolated(at).map_or(text.len(), |(_, end)| end),
        // An escaped dollar sign, and what would have been the name.
        Some(b'$') => name_end(s, at + 2),
        Some(b'{') => {
            let start = at + 2 + usize::from(matches!(s.get(at + 2), Some(b'!' | b'#')));
            let end = name_end(s, start);
            if text[start..end].eq_ignore_ascii_case("env") && s.get(end) == Some(&b':') {
                let stop = name_end(s, end + 1);
                if stop > end + 1 && s.get(stop) == Some(&b'}') {
                    push(&text[end + 1..stop], Form::PowerShell, false);
                    return stop;
                }
            }
            if end > start && is_name_start(s[start]) {
                push(&text[start..end], Form::Braced, matches!(s.get(end), Some(b':' | b'-' | b'+' | b'?' | b'=')));
            }
            end.max(at + 2)
        }
        Some(&b) if is_name_start(b) => {
            let end = name_end(s, at + 1);
            if text[at + 1..end].eq_ignore_ascii_case("env") && s.get(end) == Some(&b':') {
                let stop = name_end(s, end + 1);
                if stop > end + 1 {
                    push(&text[end + 1..stop], Form::PowerShell, false);
                    return stop;
                }
            }
            push(&text[at + 1..end], Form::Bare, false);
            end
        }
        _ => at + 1,
    }
}

fn percent(text: &str, at: usize, found: &mut Vec<Use>) -> usize {
    let s = text.as_bytes();
    let end = name_end(s, at + 1);
    let name = &text[at + 1..end];
    let fits = name.len() >= 2
        && is_name_start(name.as_bytes()[0])
        && !name.bytes().any(|b| b.is_ascii_lowercase())
        && s.get(end) == Some(&b'%');
    if fits {
        found.push(Use { at, name: name.to_owned(), form: Form::Percent, fallback: false });
        return end + 1;
    }
    at + 1
}

/// Variables of a condition (`rules:if`): those outside strings and regular expressions.
pub(super) fn condition(text: &str) -> Vec<Use> {
    let s = text.as_bytes();
    let mut found = Vec::new();
    let mut i = 0;
    let mut after_match = false;
    while i < s.len() {
        let b = s[i];
        match b {
            b'"' | b'\'' => i = memchr::memchr(b, &s[i + 1..]).map_or(s.len(), |k| i + k + 2),
            b'/' if after_match => {
                i += 1;
                while i < s.len() && s[i] != b'/' {
                    i += if s[i] == b'\\' { 2 } else { 1 };
                }
                i += 1;
                after_match = false;
                continue;
            }
            b'~' if i > 0 && matches!(s[i - 1], b'=' | b'!') => {
                after_match = true;
                i += 1;
                continue;
            }
            b'$' => i = dollar(text, i, &mut found),
            b' ' | b'\t' | b'\n' | b'\r' => {
                i += 1;
                continue;
            }
            _ => i += 1,
        }
        after_match = false;
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(found: Vec<Use>) -> Vec<String> {
        found.into_iter().map(|u| u.name).collect()
    }

    #[test]
    fn values() {
        assert_eq!(
            names(uses("$A/${B}:%CD%-$$E $1 'x$F' $(date) 100% ${G:-h} $[[ inputs.i ]]")),
            ["A", "B", "CD", "F", "G"]
        );
        assert_eq!(names(uses("${env:A}-$env:B-${C}")), ["A", "B", "C"]);
        let found = uses("$$[[ inputs.a | expand_vars ]] ${$[[ inputs.b ]]}");
        assert_eq!(found.iter().map(|u| u.form).collect::<Vec<_>>(), [Form::Interpolated; 2]);
        assert_eq!(found[1].name, "inputs.b");
    }

    #[test]
    fn conditions() {
        assert_eq!(
            names(condition("$A == \"$B\" && ($C =~ /^v\\/$D$/i || $E != null) && $F =~ $G")),
            ["A", "C", "E", "F", "G"]
        );
        assert_eq!(names(condition("$A == \"unfinished")), ["A"]);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[ A-Za-z$%{}\\[\\]/~='\"\\\\é!|.]{0,40}") {
            for found in uses(&text).into_iter().chain(condition(&text)) {
                prop_assert!(matches!(text.as_bytes()[found.at], b'$' | b'%'));
            }
        }
    }
}
