//! How a definition runs the gate: the settings of the command or action, the variables it is given, what was prepared for it.
//! Two versions of a pipeline are compared by it (`policy::weakened`); which steps are gates is decided by the providers.

use std::collections::BTreeMap;

use super::shell::{self, Scope, Script};
use super::yaml::Node;
use crate::model::pipeline::GateRun;

/// What every version of the gate's command is called.
const COMMAND: &str = "driftgate check";

/// Flags of `driftgate check` without a value.
const SWITCHES: [&str; 7] = ["quiet", "verbose", "no-progress", "offline", "no-probe", "help", "version"];

/// The longest line that is kept of what a job prepares.
const LONGEST: usize = 300;

/// The position of the tool's name among a command's words.
fn tool(words: &[shell::Word]) -> Option<usize> {
    words.iter().position(|word| {
        let name = word.text.rsplit(['/', '\\']).next().unwrap_or_default();
        matches!(name, "driftgate" | "driftgate.exe") || name.starts_with("driftgate:")
    })
}

/// What is called, without its version: a program in the change's own folder, or another's image, is another gate.
fn called(name: &str) -> String {
    match name {
        "driftgate" | "driftgate.exe" => COMMAND.to_owned(),
        other => format!("{} check", unversioned(other)),
    }
}

/// A text with the variables that the pipeline itself gives a value: `$GATE_IMAGE`.
pub(super) fn expanded(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut out = text.to_owned();
    // A value may name another one; nobody nests them deeper.
    for _ in 0..4 {
        let Some(at) = out.find('$') else { break };
        let rest = &out[at + 1..];
        let braced = rest.starts_with('{');
        let name: String =
            rest[usize::from(braced)..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let Some(value) = variables.get(&name) else { break };
        out = out.replace(&if braced { format!("${{{name}}}") } else { format!("${name}") }, value);
        if out.len() > 10_000 {
            break;
        }
    }
    out
}

/// An image without its tag and digest.
pub(super) fn unversioned(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    // A colon before the last slash is a port's, and one before a backslash a drive's.
    image.rsplit_once(':').filter(|(_, tag)| !tag.contains(['/', '\\'])).map_or(image, |(name, _)| name)
}

/// Flags and values as a table; `path` is the argument without a flag.
fn flags<'w>(words: impl Iterator<Item = &'w str>, into: &mut BTreeMap<String, String>) {
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        let Some(flag) = word.strip_prefix('-') else {
            if word != "check" {
                into.insert("path".to_owned(), word.to_owned());
            }
            continue;
        };
        let flag = flag.strip_prefix('-').unwrap_or(flag);
        let name = match flag {
            "q" => "quiet",
            "v" | "vv" => "verbose",
            other => other,
        };
        match name.split_once('=') {
            Some((name, value)) => drop(into.insert(name.to_owned(), value.to_owned())),
            None if SWITCHES.contains(&name) => drop(into.insert(name.to_owned(), "true".to_owned())),
            None => {
                let value = words.next().unwrap_or_default();
                into.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// Adds what a script says of the gate that it runs: the flags, the variables that it gives a value before, and the lines before it that
/// could put something else in its place. Whether it runs one.
pub(super) fn script(text: &str, parsed: &Script, into: &mut GateRun) -> bool {
    let mut end = None;
    for command in &parsed.commands {
        let Some(at) = tool(&command.words) else { continue };
        let rest = &command.words[at + 1..];
        if rest.iter().any(|word| word.text == "check") {
            into.what = called(&command.words[at].text);
            flags(rest.iter().map(|word| word.text.as_str()), &mut into.settings);
            end = end.max(Some(command.words[at].start));
        }
    }
    assigned(text, parsed, end.unwrap_or(usize::MAX), into);
    if let Some(end) = end {
        replaces(text.get(..end).unwrap_or_default(), &mut into.prepared);
    }
    end.is_some()
}

/// The lines that may skip the gate's command or put another in its place: an end, a function or alias of its name, a program written to
/// where programs are found.
pub(super) fn replaces(before: &str, into: &mut Vec<String>) {
    const SIGNS: [&str; 16] = [
        "driftgate",
        "alias ",
        "function ",
        "()",
        "/bin",
        "PATH",
        "eval ",
        "source ",
        "trap ",
        "exec ",
        "set +",
        "hash ",
        "enable ",
        "exit",
        "return",
        "base64",
    ];
    let marked = |line: &&str| SIGNS.iter().any(|sign| line.contains(sign)) || line.starts_with(". ");
    into.extend(before.lines().map(str::trim).filter(marked).take(50).map(short));
}

/// The variables that a script gives a value before a place in it.
fn assigned(text: &str, parsed: &Script, end: usize, into: &mut GateRun) {
    for assign in parsed.assigns.iter().filter(|assign| assign.at < end && assign.scope != Scope::Written) {
        let whole = text.get(assign.at..assign.value_end).unwrap_or_default();
        let value = whole.split_once('=').map_or("", |(_, value)| value);
        into.variables.insert(assign.name.clone(), value.trim_matches(['"', '\'']).to_owned());
    }
}

/// GitHub: a step that runs the gate, out of its `uses`, `with`, `run`, and the environments around it, the innermost first.
pub(super) fn step(step: Node<'_>, envs: &[Node<'_>], prepared: &[String]) -> GateRun {
    let mut run = GateRun { prepared: prepared.to_vec(), ..GateRun::default() };
    for env in envs.iter().rev() {
        for (key, value) in env.pairs().take(1_000) {
            if let (Some(name), Some(value)) = (key.str(), value.str()) {
                run.variables.insert(name.to_owned(), value.to_owned());
            }
        }
    }
    if let Some(uses) = step.get("uses").and_then(Node::str) {
        uses.split('@').next().unwrap_or_default().clone_into(&mut run.what);
        for (key, value) in step.get("with").into_iter().flat_map(Node::pairs).take(100) {
            let (Some(name), Some(value)) = (key.str(), value.str()) else { continue };
            let name = name.to_ascii_lowercase();
            if name == "args" {
                flags(value.split_whitespace(), &mut run.settings);
            } else if !value.is_empty() {
                run.settings.insert(name, value.to_owned());
            }
        }
    }
    if let Some(text) = step.get("run").and_then(Node::str) {
        script(text, &shell::scan(text), &mut run);
    }
    for key in ["if", "shell", "working-directory", "continue-on-error"] {
        if let Some(value) = step.get(key).and_then(Node::str) {
            run.conditions.push(format!("{key}: {}", short(value)));
        }
    }
    run
}

/// GitHub: what job and workflow put around the steps that run the gate: a container with its environment, and another shell.
pub(super) fn around(container: Option<Node<'_>>, levels: [Option<Node<'_>>; 2], run: &mut GateRun) {
    if let Some(container) = container {
        let image = if container.is_mapping() { container.get("image") } else { Some(container) };
        if let Some(image) = image.and_then(Node::str) {
            run.what.push_str(&format!(" in {}", unversioned(image)));
        }
        if let Some(options) = container.get("options").and_then(Node::str) {
            run.what.push_str(&format!(" with {}", short(options)));
        }
        for volume in container.get("volumes").into_iter().flat_map(Node::items).filter_map(Node::str).take(20) {
            run.what.push_str(&format!(" with {}", short(volume)));
        }
        for (key, value) in container.get("env").into_iter().flat_map(Node::pairs).take(1_000) {
            if let (Some(name), Some(value)) = (key.str(), value.str()) {
                // What jobs and steps set goes before it.
                run.variables.entry(name.to_owned()).or_insert_with(|| value.to_owned());
            }
        }
    }
    for key in ["shell", "working-directory"] {
        let set = levels.iter().flatten().find_map(|level| level.get("defaults")?.get("run")?.get(key)?.str());
        run.conditions.extend(set.map(|value| format!("default {key}: {}", short(value))));
    }
}

/// GitHub: the lines by which a step's script sets variables or the search path of later steps.
pub(super) fn prepares(script: &str, into: &mut Vec<String>) {
    for line in script.lines().filter(|line| line.contains("GITHUB_ENV") || line.contains("GITHUB_PATH")).take(50) {
        into.push(short(line.trim()));
    }
}

/// A text cut to what a finding can show.
pub(super) fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> GateRun {
        let mut run = GateRun::default();
        assert!(script(text, &shell::scan(text), &mut run), "{text}");
        run
    }

    #[test]
    fn flags_are_told_from_values_and_the_path() {
        let run = run("driftgate --config a.yaml check sub --mode=warn -q --no-probe --fail-on critical");
        let pairs: Vec<(&str, &str)> = run.settings.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let wanted = [
            ("config", "a.yaml"),
            ("fail-on", "critical"),
            ("mode", "warn"),
            ("no-probe", "true"),
            ("path", "sub"),
            ("quiet", "true"),
        ];
        assert_eq!(pairs, wanted);
    }

    #[test]
    fn variables_before_the_gate_count() {
        let run = run("export AWS_ENDPOINT_URL=http://a.example\nVAULT_ADDR='http://b' driftgate check\nLATER=1");
        assert_eq!(run.variables.get("AWS_ENDPOINT_URL").map(String::as_str), Some("http://a.example"));
        assert_eq!(run.variables.get("VAULT_ADDR").map(String::as_str), Some("http://b"));
        assert!(!run.variables.contains_key("LATER"));
    }
}
