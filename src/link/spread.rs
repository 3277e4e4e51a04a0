//! Words about namesakes as such: "in both repositories", "in all environments", "has one of its own". Which is chosen is decided in
//! `choose`.

use super::tokens::words;

/// "Has one of its own", "has one by that name as well": of another place.
pub(super) fn sets_apart(aside: &str) -> bool {
    let all = words(aside);
    all.iter().any(|w| matches!(w.text.as_str(), "theirs" | "namesake" | "gleichnamige" | "gleichnamigen" | "homonyme"))
        // "Staging got its new one in April."
        || all.windows(3).any(|w| w[0].text == "its" && w[1].text == "new" && w[2].text == "one")
        || all.windows(2).any(|pair| {
            matches!(
                (pair[0].text.as_str(), pair[1].text.as_str()),
                ("its" | "their", "own") | ("that" | "same", "name") | ("same", "number" | "id") | ("one", "too")
            )
        })
}

/// "The one for staging", "only the staging one".
pub(super) fn singles_out(text: &str) -> bool {
    words(text).iter().any(|w| matches!(w.text.as_str(), "one" | "only" | "ones"))
}

/// "Production only", "only in staging", "nur Produktion": a stretch that singles an environment out.
pub(super) fn only(text: &str) -> Option<&str> {
    let all = words(text);
    let short = all.len() <= 2 && !all.is_empty();
    let no = |at: usize| at.checked_sub(1).is_some_and(|at| matches!(&*all[at].text, "not" | "nicht" | "pas" | "no"));
    (0..all.len()).find_map(|at| {
        let only = matches!(&*all[at].text, "only" | "just" | "nur" | "uniquement" | "solo" | "s\u{f3}lo") && !no(at);
        let near = |from: usize, to: usize| {
            all.get(from..to.min(all.len())).unwrap_or_default().iter().find(|w| place(&w.text)).map(|w| w.start..w.end)
        };
        let found = if only {
            near(at + 1, at + 4).or_else(|| near(at.saturating_sub(2), at))
        } else {
            Some(&all[at]).filter(|w| short && place(&w.text)).map(|w| w.start..w.end)
        };
        found.and_then(|range| text.get(range))
    })
}

/// The name of an environment, by any word.
fn place(word: &str) -> bool {
    matches!(super::hints::environment(word), "production" | "staging" | "development" | "sandbox")
}

/// "In all environments": everything that is left, and differs in that alone.
pub(super) fn everywhere(text: &str) -> Option<Spread> {
    let all = words(text);
    if all.iter().any(|w| matches!(&*w.text, "everywhere" | "\u{fc}berall" | "partout")) {
        return Some(Spread::All);
    }
    all.windows(2).find_map(|pair| match (pair[0].text.as_str(), pair[1].text.as_str()) {
        ("all" | "every" | "each" | "alle" | "allen" | "jeder" | "tous" | "toutes" | "todos" | "todas", next) => {
            match next {
                "environments" | "environment" | "envs" | "scopes" | "scope" | "stages" | "stage" | "umgebungen"
                | "environnements" | "entornos" => Some(Spread::Environments),
                "repositories" | "repository" | "repos" | "repo" | "projects" | "project" | "projekten"
                | "projekte" | "dépôts" | "projets" | "repositorios" | "proyectos" => Some(Spread::Places),
                _ => None,
            }
        }
        _ => None,
    })
}

/// "From the same environment".
pub(super) fn same_place(text: &str) -> bool {
    let all = words(text);
    // "There, too", "likewise".
    if all.last().is_some_and(|w| w.text == "likewise" || w.text == "ditto")
        || all.windows(2).any(|pair| pair[0].text == "there" && matches!(pair[1].text.as_str(), "too" | "as"))
    {
        return true;
    }
    all.windows(2).any(|pair| {
        matches!(pair[0].text.as_str(), "same" | "that" | "selben" | "gleichen" | "même" | "mismo")
            && matches!(
                pair[1].text.as_str(),
                "environment"
                    | "env"
                    | "scope"
                    | "repository"
                    | "repo"
                    | "project"
                    | "place"
                    | "umgebung"
                    | "projekt"
                    | "environnement"
                    | "dépôt"
                    | "projet"
                    | "entorno"
                    | "repositorio"
                    | "proyecto"
            )
    })
}

/// What namesakes may differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spread {
    Environments,
    Places,
    /// In either.
    All,
}

/// Whether places that a text names are joined, not set against each other.
pub(super) fn joined(text: &str) -> bool {
    let all = words(text);
    let has = |options: &[&str]| all.iter().any(|word| options.contains(&word.text.as_str()));
    (has(&["and", "both", "und", "beide", "beiden", "et", "y", "ambos", "ambas", "each", "every"])
        || text.contains(['&', '+']))
        && !has(&["from", "than", "or", "von", "oder", "ou", "o", "copied", "unlike", "instead", "not", "but"])
}

/// "In both repositories": both of the two that are left.
pub(super) fn both(text: &str) -> bool {
    let all = words(text);
    all.iter().enumerate().any(|(at, word)| {
        matches!(word.text.as_str(), "both" | "beide" | "beiden" | "ambos" | "ambas")
            && all.get(at + 1).is_none_or(|next| {
                text[word.end..next.start].contains(['.', ',', ';', ')', '*'])
                    || matches!(
                        next.text.as_str(),
                        "places"
                            | "repos"
                            | "repositories"
                            | "projects"
                            | "environments"
                            | "envs"
                            | "scopes"
                            | "stages"
                            | "stores"
                            | "secrets"
                            | "variables"
                            | "copies"
                            | "of"
                            | "ones"
                            | "repositorios"
                            | "proyectos"
                            | "entornos"
                            | "umgebungen"
                            | "projekten"
                    )
            })
    })
}
