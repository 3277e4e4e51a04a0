//! What is asked where somebody sits at a terminal: only what cannot be found, each with a default. Elsewhere nothing is asked.

use std::io::{self, BufRead, Write};

/// Answers; what was not answered is none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answers {
    /// `owner/name`.
    pub(super) repository: Option<String>,
    /// The tracker, as the configuration calls it.
    pub(super) tracker: Option<String>,
    /// Its address.
    pub(super) url: Option<String>,
}

const TRACKERS: [(&str, &str); 4] = [
    ("jira", "https://acme.atlassian.net"),
    ("servicenow", "https://acme.service-now.com"),
    ("github-issues", ""),
    ("gitlab-issues", ""),
];

/// Asks. The end of the input, and an empty line, take the default.
pub(super) fn ask(
    repository_is_known: bool,
    tracker_is_known: bool,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> io::Result<Answers> {
    let mut answers = Answers::default();
    if !repository_is_known {
        answers.repository = line(input, output, "The repository, as owner/name [left to the CI]: ")?;
    }
    if tracker_is_known {
        return Ok(answers);
    }
    let names: Vec<&str> = TRACKERS.iter().map(|(name, _)| *name).collect();
    let question = format!("Where are tickets? {} [later]: ", names.join(", "));
    // Three tries: whoever types something else wants out.
    for _ in 0..3 {
        let Some(answer) = line(input, output, &question)? else { break };
        if let Some((name, example)) = TRACKERS.iter().find(|(name, _)| *name == answer.to_lowercase()) {
            answers.tracker = Some((*name).to_owned());
            if !example.is_empty() {
                answers.url = line(input, output, &format!("Its address, as {example} [later]: "))?;
            }
            break;
        }
    }
    Ok(answers)
}

fn line(input: &mut impl BufRead, output: &mut impl Write, question: &str) -> io::Result<Option<String>> {
    output.write_all(question.as_bytes())?;
    output.flush()?;
    let mut answer = String::new();
    let mut limited = io::Read::take(&mut *input, 4096);
    limited.read_line(&mut answer)?;
    let answer = answer.trim();
    Ok((!answer.is_empty()).then(|| answer.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(typed: &str, repository: bool, tracker: bool) -> (Answers, String) {
        let mut output = Vec::new();
        let answers = ask(repository, tracker, &mut typed.as_bytes(), &mut output).unwrap();
        (answers, String::from_utf8(output).unwrap())
    }

    #[test]
    fn only_what_is_not_known_is_asked() {
        assert_eq!(answers("", true, true), (Answers::default(), String::new()));
        assert_eq!(answers("", false, false).0, Answers::default());
        let (all, asked) = answers("acme/shop\nJira\nhttps://acme.atlassian.net\n", false, false);
        assert_eq!(all.repository.as_deref(), Some("acme/shop"));
        assert_eq!((all.tracker.as_deref(), all.url.as_deref()), (Some("jira"), Some("https://acme.atlassian.net")));
        assert_eq!(asked.matches("]: ").count(), 3, "{asked}");
        let (later, asked) = answers("what?\nx\ny\nz\n", true, false);
        assert_eq!((later, asked.matches("Where").count()), (Answers::default(), 3));
        assert_eq!(answers("github-issues\n", true, false).0.tracker.as_deref(), Some("github-issues"));
    }
}
