//! The table of people: every name under which one person is known. Columns `person` and `aliases` (separated by semicolons).

use std::collections::HashMap;
use std::io::Read;

use crate::config::error::{ConfigError, nearest};

/// More people than any organisation has; a table beyond it is a mistake.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Reads the table. Each list is one person; the first name is the one to print.
pub(super) fn read(path: &str, file: impl Read) -> Result<Vec<Vec<String>>, ConfigError> {
    let fail = |line: Option<u64>, message: String, next: &str| {
        let at = line.map_or_else(|| path.to_owned(), |line| format!("{path}:{line}"));
        Err(ConfigError::of_file(at, message, next))
    };
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(file.take(MOST_BYTES));
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(error) => return fail(None, format!("this is no CSV: {error}"), "correct the file"),
    };
    let (mut person, mut aliases) = (None, None);
    for (index, name) in headers.iter().enumerate() {
        match name.trim_start_matches('\u{feff}').to_lowercase().as_str() {
            "person" => person = Some(index),
            "aliases" => aliases = Some(index),
            other => {
                let next = match nearest(other, ["person", "aliases"]) {
                    Some(word) => format!("did you mean `{word}`?"),
                    None => "the columns are person and aliases".to_owned(),
                };
                return fail(Some(1), format!("unknown column `{other}`"), &next);
            }
        }
    }
    let Some(person) = person else {
        return fail(Some(1), "the column `person` is missing".to_owned(), "the columns are person and aliases");
    };
    let mut people: Vec<Vec<String>> = Vec::new();
    // Whose name it is, in lower case, and where that stands.
    let mut known: HashMap<String, Option<u64>> = HashMap::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map(csv::Position::line);
                return fail(line, "this line cannot be read".to_owned(), "correct the file; it must be UTF-8");
            }
        };
        let line = record.position().map(csv::Position::line);
        let name = record.get(person).unwrap_or_default();
        let more = aliases.and_then(|index| record.get(index)).unwrap_or_default();
        if record.len() > headers.len() {
            let next = "separate aliases by semicolons, and quote what holds a comma";
            return fail(line, "this line has more columns than the first".to_owned(), next);
        }
        if name.is_empty() {
            if more.is_empty() {
                continue;
            }
            return fail(line, "aliases of nobody".to_owned(), "write the person's name in the column `person`");
        }
        let mut names = vec![name.to_owned()];
        for alias in more.split(';').map(str::trim).filter(|alias| !alias.is_empty()) {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(alias)) {
                names.push(alias.to_owned());
            }
        }
        for name in &names {
            if let Some(first) = known.insert(name.to_lowercase(), line) {
                let place = first.map_or_else(String::new, |line| format!(", the other at line {line}"));
                let next = "a name means one person: leave out what two share, and write one line for each person";
                return fail(line, format!("`{name}` names two people{place}"), next);
            }
        }
        people.push(names);
    }
    Ok(people)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn names_and_aliases() {
        let table = "\u{feff}person,aliases\nalice@example.com,alice; AL-1 ;alice\n\nbob,\n";
        assert_eq!(
            read("people.csv", table.as_bytes()),
            Ok(vec![vec!["alice@example.com".into(), "alice".into(), "AL-1".into()], vec!["bob".into()]])
        );
    }

    #[test]
    fn mistakes_say_where() {
        let told = |table: &str| read("people.csv", table.as_bytes()).map_err(|e| e.to_string());
        assert_eq!(told("persn,aliases\n"), Err("people.csv:1: unknown column `persn`; did you mean `person`?".into()));
        assert!(told("person,aliases\na,b,c\n").is_err_and(|e| e.starts_with("people.csv:2: ")));
        assert!(
            told("person,aliases\na@x.test,al\nb@x.test,AL\n")
                .is_err_and(|e| e.starts_with("people.csv:3: `AL` names two people, the other at line 2"))
        );
        assert!(told("person,aliases\n,b\n").is_err_and(|e| e.contains("aliases of nobody")));
    }
}
