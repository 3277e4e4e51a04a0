//! Includes of driftgate's own files from elsewhere: the component and the template, as other projects include them. They are known,
//! so that the gate finds itself in a pipeline whose files are not all at hand. What is read is the text that this version ships.

/// The component, as `include: component` names it.
const COMPONENT: &str = include_str!("../../../templates/driftgate.yml");
/// The template, as `include: project` and `include: remote` name it.
const TEMPLATE: &str = include_str!("../../../.gitlab-ci-template.yml");

/// The text behind an include of one of the kinds `component`, `project` and `remote`, where it is one of ours: by the project's
/// name, `driftgate`, whoever mirrors it. `files` are the `file:` entries of a project.
pub(super) fn text(kind: &str, name: &str, files: &[&str]) -> Option<&'static str> {
    match kind {
        // `HOST/GROUP/PROJECT/COMPONENT@VERSION`
        "component" => {
            let (path, _) = name.rsplit_once('@')?;
            let mut parts = path.rsplit('/');
            let ours = parts.next() == Some("driftgate") && parts.next() == Some("driftgate");
            (ours && parts.next().is_some()).then_some(COMPONENT)
        }
        "project" if name.rsplit('/').next() == Some("driftgate") => files.iter().find_map(|file| named(file)),
        // `https://HOST/GROUP/driftgate/-/raw/REF/FILE`
        "remote" if name.split(['?', '#']).next()?.split('/').skip(3).any(|part| part == "driftgate") => {
            named(name.split(['?', '#']).next()?)
        }
        _ => None,
    }
}

/// Whose file it is, by the words of its include and without its version; nothing for a file of the repository itself.
pub(super) fn origin(words: &str) -> Option<String> {
    let (kind, name) = words.split_once(' ')?;
    match kind {
        "component" => Some(format!("{kind} {}", name.rsplit_once('@').map_or(name, |(path, _)| path))),
        "project" => Some(format!("{kind} {}", name.split(" (").next().unwrap_or(name))),
        // `https://HOST/GROUP/driftgate/-/raw/REF/FILE`
        "remote" => Some(format!("{kind} {}", name.split("/-/").next().unwrap_or(name))),
        _ => None,
    }
}

fn named(path: &str) -> Option<&'static str> {
    let is = |file: &str| path.strip_suffix(file).is_some_and(|before| before.is_empty() || before.ends_with('/'));
    if is(".gitlab-ci-template.yml") {
        return Some(TEMPLATE);
    }
    is("templates/driftgate.yml").then_some(COMPONENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_files_are_known_by_project_and_name() {
        let component = |name: &str| text("component", name, &[]) == Some(COMPONENT);
        assert!(component("gitlab.example.com/acme/tools/driftgate/driftgate@1.2.0"));
        assert!(component("$CI_SERVER_FQDN/acme/driftgate/driftgate@~latest"));
        for other in [
            "gitlab.example.com/acme/driftgate/scan@1",
            "driftgate/driftgate@1",
            "h/acme/notdriftgate/driftgate@1",
            "h/a/driftgate/driftgate",
        ] {
            assert!(!component(other), "{other}");
        }
        assert_eq!(text("project", "acme/driftgate", &["/.gitlab-ci-template.yml"]), Some(TEMPLATE));
        assert_eq!(text("project", "acme/driftgate", &["a.yml", "templates/driftgate.yml"]), Some(COMPONENT));
        assert_eq!(text("project", "acme/other", &[".gitlab-ci-template.yml"]), None);
        let remote = "https://git.example.com/acme/driftgate/-/raw/v1/.gitlab-ci-template.yml";
        assert_eq!(text("remote", remote, &[]), Some(TEMPLATE));
        assert_eq!(text("remote", "https://driftgate/x/.gitlab-ci-template.yml", &[]), None);
        assert_eq!(text("template", "driftgate", &[]), None);
    }
}
