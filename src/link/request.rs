//! What a ticket's type, catalogue item, labels and form answers say that it asks for: structure, before any sentence is read.

use crate::model::ticket::{Field, Intent};

use super::intent::{ENOUGH, Reading, Scores};
use super::nouns::credential_noun;
use super::text::{Origin, Shape};
use super::tokens::words;
use super::verbs::Force;

impl Reading<'_> {
    /// What the structure says; and what a general type ("Access request") says where nothing else is asked.
    pub(super) fn structure(&self, scores: &mut Scores, rest: &mut Scores) {
        if let Some(request) = self.record.fields.get(&Field::RequestType) {
            self.label(request, 14.0, 3.0, "the request type", scores);
        }
        if let Some(kind) = &self.record.kind {
            let general = Self::labelled(kind, 8.0, ENOUGH).is_some_and(|(_, points)| points < 3.0);
            let scores = if general { &mut *rest } else { &mut *scores };
            self.label(kind, 8.0, ENOUGH, "the ticket's type", scores);
        }
        for name in &self.record.labels {
            self.label(name, 3.0, 1.0, "a label", scores);
        }
        // A form for access that has a level and an end asks for a temporary one, whatever little is said beside it.
        if self.record.fields.contains_key(&Field::Level) && self.record.fields.contains_key(&Field::Until) {
            scores.add(Intent::Elevate, 6.0, "the level and the end in their fields");
        }
        // A form with a level, and not one verb.
        if self.record.fields.contains_key(&Field::Level) {
            rest.add(Intent::Provision, ENOUGH, "the level in its field");
            let form = self.record.kind.as_deref().and_then(|kind| Self::labelled(kind, 8.0, ENOUGH));
            if form.is_some_and(|(intent, _)| intent == Intent::Provision) {
                scores.add(Intent::Provision, 3.5, "the level in a form for access");
            }
        }
        self.answers(scores);
    }

    /// A type, catalogue item or label: its own verb, the usual names, or the site's.
    fn label(&self, label: &str, strong: f64, weak: f64, what: &str, scores: &mut Scores) {
        let own = || Some((self.lexicon.of_site(label)?, strong));
        if let Some((intent, points)) = Self::labelled(label, strong, weak).or_else(own) {
            scores.add(intent, points, &format!("{what} \"{}\"", super::links::quote(label)));
        }
    }

    /// What a type, catalogue item or label asks for by itself, with its points.
    pub(super) fn labelled(label: &str, strong: f64, weak: f64) -> Option<(Intent, f64)> {
        let lower = label.to_lowercase().replace(['_', '-'], " ");
        // A short part is a whole word: "baja" is none of "trabajador".
        let has = |parts: &[&str]| {
            parts.iter().any(|part| {
                if part.chars().count() < 5 {
                    lower.split_whitespace().any(|word| word == *part)
                } else {
                    lower.contains(part)
                }
            })
        };
        Some(match () {
            () if has(&[
                "offboard",
                "leaver",
                "départ",
                "depart d",
                "departure",
                "austritt",
                "baja",
                "exit",
                "termination",
                "uscita",
                "uitdienst",
                "off boarding",
                "ausscheiden",
            ]) =>
            {
                (Intent::Offboard, strong)
            }
            () if has(&[
                "temporary",
                "temporär",
                "temporaire",
                "temporal",
                "befristet",
                "emergency access",
                "emergency privilege",
                "notfallzug",
                "break glass",
                "breakglass",
                "elevat",
                "privileged access",
                "firefight",
                "jit",
                "just in time",
            ]) =>
            {
                (Intent::Elevate, strong)
            }
            () if has(&[
                "revoke",
                "revocation",
                "révocation",
                "revocación",
                "deprovision",
                "remov",
                "entzug",
                "retrait",
                "sperrung",
            ]) && !lower.contains("add") =>
            {
                (Intent::Revoke, strong)
            }
            () if has(&["rotat", "renew", "key exchange", "erneuer", "renouvel", "renova", "rotación"]) => {
                (Intent::Rotate, strong)
            }
            () if has(&[
                "role change",
                "mover",
                "change access",
                "access change",
                "change of access",
                "modify access",
                "downgrade",
                "zugriffsänderung",
                "rechteänderung",
                "rollenwechsel",
                "abteilungswechsel",
                "mobilité interne",
                "cambio de puesto",
            ]) =>
            {
                (Intent::Modify, strong * 0.75)
            }
            () if has(&[
                "access request",
                "new access",
                "grant",
                "provision",
                "onboard",
                "joiner",
                "new starter",
                "new hire",
                "new employee",
                "neueintritt",
                "arrivée",
                "alta",
                "zugriff",
                "zugang",
                "accès",
                "acceso",
                "permission",
                "permisos",
            ]) =>
            {
                (Intent::Provision, weak)
            }
            () => return None,
        })
    }

    /// `Action: remove`, a heading "Type of change" with "revoke" under it, a form's variable `action`.
    fn answers(&self, scores: &mut Scores) {
        for (number, unit) in self.units.iter().enumerate() {
            let Origin::Body(index) = unit.origin else { continue };
            let field = self.record.texts.get(index).map_or("", |text| text.field.as_str());
            let (key, value) = match (unit.shape, unit.text.split_once(':')) {
                (Shape::Heading | Shape::Code, _) => continue,
                (_, None) if unit.choice => ("action".to_owned(), &*unit.text),
                (Shape::Row, _) => {
                    let mut cells = unit.text.trim_matches('|').split('|').map(str::trim);
                    match (cells.next(), cells.next(), cells.next()) {
                        (Some(key), Some(value), None) => (key.to_owned(), value),
                        _ => continue,
                    }
                }
                (Shape::Item, _) if unit.ticked.is_some() => match unit.heading {
                    Some(heading) if unit.ticked == Some(true) => (self.units[heading].text.clone(), &*unit.text),
                    _ => continue,
                },
                (_, Some((key, value))) => (key.to_owned(), value),
                (_, None) if field.starts_with("variables.") => {
                    (field["variables.".len()..].replace('_', " "), &*unit.text)
                }
                // "TYPE   [ ] joiner   [X] leaver"
                (_, None) if capital_key(&unit.text) => {
                    let (key, value) = unit.text.split_once(' ').unwrap_or_default();
                    (key.to_lowercase(), value)
                }
                (_, None) => match unit.heading {
                    Some(heading) if heading + 1 == number => (self.units[heading].text.clone(), &*unit.text),
                    _ => continue,
                },
            };
            // "Remove: yes"
            let yes = matches!(
                value.trim_matches(['*', '_', ' ']).to_lowercase().as_str(),
                "yes" | "ja" | "oui" | "s\u{ed}" | "x"
            );
            if let Some(intent) = if yes { ordered(&key) } else { answer(value).filter(|_| asks_what(&key)) } {
                // "Action: remove", of a person and all systems, or of one whose contract has ended.
                let intent =
                    if intent == Intent::Revoke && self.form_ends_somebody() { Intent::Offboard } else { intent };
                // Boxes in one line say less than an answer: "(x) remove", and the reason is that somebody left.
                let points = match unit.choice && unit.shape == Shape::Prose {
                    true if intent == Intent::Offboard => 14.0,
                    true => 6.0,
                    false => 20.0,
                };
                scores.add(intent, points, &format!("the answer \"{}\"", super::links::quote(unit.text.trim())));
            }
        }
    }
}

impl Reading<'_> {
    /// Whether a form names a person and nothing that is to go, but everything, or why somebody goes.
    fn form_ends_somebody(&self) -> bool {
        let of = || {
            let value = |keys: &[&str]| {
                self.own().find_map(|(unit, _)| {
                    let row = unit.text.trim_matches(['|', ' ']).split_once('|').filter(|_| unit.shape == Shape::Row);
                    // "Person ....... Dorothea Klein"
                    let dots = || unit.text.split_once(" ..");
                    let (key, value) = row.or_else(|| unit.text.split_once(':')).or_else(dots)?;
                    let key = key.trim_matches(['*', '_', ' ', '|']).to_lowercase();
                    let value = value.trim_start_matches('.');
                    keys.contains(&key.as_str()).then(|| value.trim_matches(['*', '_', ' ', '|']).to_lowercase())
                })
            };
            let everything = || {
                let all =
                    value(&["systems", "system", "access", "accounts", "scope", "what", "systeme", "zugänge", "accès"]);
                let action = value(&["action", "aktion", "acción"]);
                action.is_some_and(|action| action.contains("everything"))
                    || all.is_some_and(|all| {
                        matches!(
                            all.as_str(),
                            "all" | "everything" | "all systems" | "all access" | "alle" | "tous" | "todos"
                        )
                    })
            };
            !self.mentions.iter().any(|m| !m.identity && !m.stance.spares())
                && (self.record.fields.contains_key(&Field::Person)
                    || value(&[
                        "person",
                        "employee",
                        "user",
                        "name",
                        "leaver",
                        "mitarbeiter",
                        "personne",
                        "persona",
                        "nombre",
                        "nom",
                        "person concerned",
                    ])
                    .is_some())
                && (self.somebody_leaves()
                    || everything()
                    || value(&["reason", "cause", "why", "ground", "grund", "raison", "motif", "motivo"])
                        .is_some_and(|reason| goes(&reason)))
        };
        *self.once.form.get_or_init(of)
    }

    /// Whether the ticket's own words say that somebody goes: by a verb, or a line for the last day.
    pub(super) fn somebody_leaves(&self) -> bool {
        let of = || {
            self.keyed(&["last day", "last working day", "leaving date", "exit date", "termination date"])
                || self.own().any(|(_, judged)| {
                    let acts = judged.clauses.iter().flat_map(|clause| &clause.acts);
                    acts.into_iter().any(|act| act.intent == Intent::Offboard && act.force == Force::Strong)
                })
        };
        *self.once.leaves.get_or_init(of)
    }
}

/// Why somebody goes.
fn goes(reason: &str) -> bool {
    words(reason).iter().any(|w| {
        matches!(
            w.text.as_str(),
            "left"
                | "leaves"
                | "leaver"
                | "retires"
                | "retired"
                | "retirement"
                | "resigned"
                | "resignation"
                | "contract"
                | "employer"
                | "extended"
                | "fin"
                | "internship"
                | "quit"
                | "k\u{fc}ndigung"
                | "rente"
                | "austritt"
                | "retraite"
                | "jubilaci\u{f3}n"
        )
    })
}

/// Words of a form's questions that ask what is to be done; "what do you need" does, too.
pub(super) const ASKING: [&str; 19] = [
    "happen",
    "action",
    "request",
    "requested",
    "operation",
    "type",
    "change",
    "art",
    "aktion",
    "vorgang",
    "änderung",
    "anfrage",
    "demande",
    "opération",
    "nature",
    "tipo",
    "acción",
    "solicitud",
    "operación",
];

/// Whether a form's question asks what is to be done.
fn asks_what(key: &str) -> bool {
    let key = words(key);
    key.len() <= 6
        && !key.iter().any(|w| credential_noun(&w.text))
        && (matches!(&key[..], [what] if what.text == "what")
            || key.iter().enumerate().any(|(at, w)| {
                // "What do you need?"
                (at > 0 && key[0].text == "what" && w.text.starts_with("need")) || ASKING.contains(&w.text.as_str())
            }))
}

/// The one thing that a short answer asks for.
fn answer(value: &str) -> Option<Intent> {
    let value = words(value);
    if value.len() > 4 {
        return None;
    }
    let has = |word: &str| value.iter().any(|w| w.text == word);
    // "None any more", "take access away"
    if value.first().is_some_and(|w| w.text == "none") && has("more") || has("take") && has("away") {
        return Some(Intent::Revoke);
    }
    let mut found: Vec<Intent> = value.iter().filter_map(|w| answered(&w.text)).collect();
    found.dedup();
    match found[..] {
        [one] => Some(one),
        // "new temporary access", "change: remove"
        [Intent::Provision, Intent::Elevate] | [Intent::Elevate, Intent::Provision] => Some(Intent::Elevate),
        [Intent::Modify, Intent::Revoke] => Some(Intent::Revoke),
        _ => None,
    }
}

/// "Remove", "Revoke access": a key that is an order, to which somebody says yes.
fn ordered(key: &str) -> Option<Intent> {
    let all = words(key);
    let first = all.first().filter(|_| all.len() <= 3)?;
    let order = matches!(
        first.text.as_str(),
        "remove"
            | "revoke"
            | "withdraw"
            | "delete"
            | "disable"
            | "deactivate"
            | "entziehen"
            | "entfernen"
            | "retirer"
            | "supprimer"
            | "quitar"
            | "baja"
            | "grant"
            | "add"
    );
    let of_access = all
        .iter()
        .skip(1)
        .all(|w| super::nouns::access_noun(&w.text) || matches!(w.text.as_str(), "all" | "user" | "account"));
    answered(&first.text).filter(|_| order && of_access)
}

/// Whether a short line begins with a word in capitals.
fn capital_key(text: &str) -> bool {
    let first = text.split(' ').next().unwrap_or_default();
    first.len() > 2 && first.bytes().all(|byte| byte.is_ascii_uppercase()) && words(text).len() <= 5
}

/// What one word of an answer asks for.
pub(super) fn answered(word: &str) -> Option<Intent> {
    Some(match word {
        "revoke" | "remove" | "delete" | "disable" | "deactivate" | "withdraw" | "removal" | "revocation"
        | "deletion" | "deactivation" | "decommission" | "entfernen" | "entziehen" | "löschen" | "sperren"
        | "entzug" | "löschung" | "sperrung" | "supprimer" | "retirer" | "révoquer" | "désactiver" | "suppression"
        | "retrait" | "révocation" | "eliminar" | "quitar" | "revocar" | "eliminación" | "revocación" => {
            Intent::Revoke
        }
        "rotate" | "rotation" | "renew" | "renewal" | "replace" | "replacement" | "reset" | "erneuern"
        | "erneuerung" | "rotieren" | "renouveler" | "renouvellement" | "rotar" | "rotación" | "renovar"
        | "renovación" => Intent::Rotate,
        "joiner" | "joins" | "grant" | "new" | "create" | "add" | "provision" | "assign" | "einrichten" | "anlegen"
        | "neu" | "gewähren" | "erteilen" | "créer" | "création" | "accorder" | "ajouter" | "attribution"
        | "nouveau" | "nouvelle" | "crear" | "añadir" | "conceder" | "alta" | "nuevo" | "nueva" => Intent::Provision,
        "mover" | "modify" | "change" | "modification" | "downgrade" | "upgrade" | "adjust" | "ändern" | "änderung"
        | "anpassen" | "modifier" | "modificar" | "modificación" | "cambiar" => Intent::Modify,
        "offboard" | "offboarding" | "leaver" | "leaves" | "leaving" | "exit" | "departure" | "austritt" | "départ"
        | "baja" => Intent::Offboard,
        "temporary" | "emergency" | "elevate" | "elevation" | "temporär" | "befristet" | "temporaire" | "temporal" => {
            Intent::Elevate
        }
        _ => return None,
    })
}
