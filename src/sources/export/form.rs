//! Answers of issue forms: GitHub and GitLab keep a form's answers in the description, each below a heading that asks for it.
//! Which heading means what, the configuration says; a prefix of labels can stand for a field, too.

use std::collections::BTreeMap;

use crate::model::ticket::Field;

/// How a form shows that nothing was answered ("Syntax for GitHub's form schema").
const NOTHING: [&str; 3] = ["_no response_", "no response", "n/a"];

/// The configured fields that have a value: `credential: Which key?` is the text below that heading, `level: label:access/` the rest
/// of the one label that begins so.
pub(crate) fn answers(
    description: Option<&str>,
    labels: &[String],
    fields: &BTreeMap<Field, String>,
) -> BTreeMap<Field, String> {
    let below = if fields.is_empty() { BTreeMap::new() } else { sections(description.unwrap_or_default()) };
    let of = |own: &str| match own.strip_prefix("label:") {
        Some(prefix) => {
            let begins =
                |label: &&String| label.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
            let mut found = labels.iter().filter(begins).filter_map(|label| label.get(prefix.len()..));
            // Two labels of one kind decide nothing.
            found.next().filter(|_| found.next().is_none()).map(str::to_owned)
        }
        None => below.get(&question(own)).cloned().flatten(),
    };
    fields.iter().filter_map(|(field, own)| Some((*field, of(own).filter(|value| !value.trim().is_empty())?))).collect()
}

/// The text below each heading; none for a question that is asked twice: somebody may have written a second answer below the form.
fn sections(description: &str) -> BTreeMap<String, Option<String>> {
    let mut out: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut current: Option<String> = None;
    let mut fence = false;
    for line in description.lines() {
        let trimmed = line.trim();
        let mark = trimmed.starts_with("```");
        fence ^= mark;
        let heading = trimmed.strip_prefix('#').map(|rest| rest.trim_start_matches('#')).filter(|_| !fence && !mark);
        if let Some(heading) = heading.filter(|rest| rest.starts_with(' ')) {
            let key = question(heading);
            let again = out.insert(key.clone(), Some(String::new())).is_some();
            if again {
                out.insert(key, None);
                current = None;
            } else {
                current = Some(key);
            }
            continue;
        }
        let Some(Some(answer)) = current.as_ref().and_then(|key| out.get_mut(key)) else { continue };
        if mark || trimmed.is_empty() || NOTHING.contains(&trimmed.to_lowercase().as_str()) {
            continue;
        }
        if !answer.is_empty() {
            answer.push('\n');
        }
        answer.push_str(trimmed.trim_matches('`'));
    }
    out
}

/// A question without case, marks and the signs at its end.
fn question(text: &str) -> String {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '#' | '*' | '?' | ':')).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(description: &str, labels: &[&str]) -> BTreeMap<Field, String> {
        let fields = BTreeMap::from([
            (Field::Credential, "Which key?".to_owned()),
            (Field::Level, "label:access/".to_owned()),
            (Field::Until, "Until when".to_owned()),
        ]);
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        answers(Some(description), &labels, &fields)
    }

    #[test]
    fn answers_below_their_questions() {
        let form = "### Which key?\n\n`AKIALOADER77GLOBEXST`\n\n### Until when\n\n_No response_\n\n### More\n\n```\n# Until when\n```\n";
        let read = read(form, &["bug", "Access/write"]);
        assert_eq!(read[&Field::Credential], "AKIALOADER77GLOBEXST");
        assert_eq!(read[&Field::Level], "write");
        assert!(!read.contains_key(&Field::Until));
    }

    #[test]
    fn two_answers_are_none() {
        let twice = "### Which key?\nAKIA1\n### Which key\nAKIA2\n";
        assert_eq!(read(twice, &["access/read", "access/admin"]), BTreeMap::new());
    }

    proptest::proptest! {
        #[test]
        fn any_description(text in "(#|###? Which key\\?|\n|`|é|x| ){0,60}") {
            let _ = read(&text, &["access/é", "acces", "é"]);
        }
    }
}
