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

/// "In all environments": everything that is left, and differs in that alone.
pub(super) fn everywhere(text: &str) -> Option<Spread> {
    let all = words(text);
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
