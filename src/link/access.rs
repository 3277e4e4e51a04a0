//! The access that a ticket asks for or takes away, beside its level: environments, resources, accounts, and what a change removes.

use crate::model::inventory::Level;
use crate::model::ticket::{Access, Field, Intent, Record, Removal};

use super::choose::Context;
use super::hints::{Hints, NOT_PRODUCTION};
use super::level;
use super::links::{Linked, quote};
use super::people::Subject;
use super::stance::{Clause, Stance};
use super::text::{Origin, Unit};
use super::tokens::words;
use super::{Index, Read};

impl Index {
    /// The access as asked for: its level, where one is stated, and where it reaches.
    pub(super) fn access(
        &self,
        read: &Read<'_>,
        intent: Intent,
        subjects: &[Subject],
        linked: &mut Linked,
        removes: bool,
    ) -> Access {
        let asked = level::Asked {
            record: read.record,
            units: read.units,
            judged: read.judged,
            words: &self.settings.words,
            intent,
        };
        let (mut level, vague) = asked.level();
        let field = read.record.fields.contains_key(&Field::Level);
        if intent == Intent::Modify && removes && !field {
            level = None;
        }
        if level.is_none() && vague.is_none() && intent != Intent::Modify {
            level = self.role_level(linked);
        }
        if level.is_none() && !removes {
            linked.ambiguous.extend(vague);
        }
        if linked.links.is_empty() && linked.ambiguous.is_empty() {
            linked.ambiguous.push("it names no slot or credential that is known".to_owned());
        }
        let (environments, resources, tenants) = places(read.record, read.context);
        Access {
            holder: subjects.first().map(|subject| subject.name.clone()),
            level,
            environments: if removes { Vec::new() } else { environments },
            resources,
            tenants: if removes { Vec::new() } else { tenants },
        }
    }

    /// The level that is stated as what is asked for.
    pub(super) fn shall_have(&self, read: &Read<'_>, intent: Intent) -> Option<Level> {
        let words = &self.settings.words;
        let asked = level::Asked { record: read.record, units: read.units, judged: read.judged, words, intent };
        asked.level().0
    }

    /// Asking for a role is asking for what it allows.
    fn role_level(&self, linked: &Linked) -> Option<Level> {
        let mut levels =
            linked.links.keys().map(|id| self.names.by_id(id).and_then(|of| self.names.entities[of].level));
        let first = levels.next()??;
        levels.all(|level| level == Some(first)).then_some(first)
    }
}

/// Environments, resources and tenants that the ticket's words name, what it spares left out.
pub(super) fn places(record: &Record, context: &Context<'_>) -> (Vec<String>, Vec<String>, Vec<String>) {
    let mut hints = context.whole.clone();
    if let Some(field) = record.fields.get(&Field::Environment) {
        let own = Hints::of(field, context.names);
        hints.environments.extend(own.environments);
        let lower = field.trim().to_lowercase();
        if hints.environments.is_empty() && !matches!(lower.as_str(), "any" | "*" | "all" | "") {
            hints.environments.insert(lower);
        }
    }
    hints.environments.remove(NOT_PRODUCTION);
    let tenants = hints.accounts.iter().map(|account| format!("aws:{account}")).collect();
    (hints.environments.into_iter().collect(), hints.places.into_iter().filter(|p| p.contains('/')).collect(), tenants)
}

/// What a change takes away: one removal for each environment or account that the taking clauses name.
pub(super) fn removals(context: &Context<'_>) -> Vec<Removal> {
    let mut out: Vec<Removal> = Vec::new();
    for (number, unit) in context.units.iter().enumerate() {
        if matches!(unit.origin, Origin::Comment(_)) {
            continue;
        }
        for clause in &context.judged[number].clauses {
            let text = &unit.text[clause.start..clause.end];
            if clause.stance.spares() || super::changed::changes_level(text) || !takes_away(unit, clause, text) {
                continue;
            }
            let hints = Hints::of(text, context.names);
            let level = taken(text);
            let tenants: Vec<Option<String>> = optional(hints.accounts.iter().map(|account| format!("aws:{account}")));
            let environments: Vec<Option<String>> =
                optional(hints.environments.iter().filter(|e| *e != NOT_PRODUCTION).cloned());
            for environment in &environments {
                for tenant in &tenants {
                    let removal = Removal {
                        level,
                        environment: environment.clone(),
                        tenant: tenant.clone(),
                        quote: quote(&unit.text),
                    };
                    if !out
                        .iter()
                        .any(|known| (known.level, &known.environment, &known.tenant) == (level, environment, tenant))
                    {
                        out.push(removal);
                    }
                }
            }
        }
    }
    // A removal without a place beside one with a place is the same, told twice.
    if out.iter().any(|removal| removal.environment.is_some() || removal.tenant.is_some()) {
        out.retain(|removal| removal.environment.is_some() || removal.tenant.is_some());
    }
    out
}

fn optional(items: impl Iterator<Item = String>) -> Vec<Option<String>> {
    let all: Vec<Option<String>> = items.map(Some).collect();
    if all.is_empty() { vec![None] } else { all }
}

/// "I do not need X": said beside what is asked for instead. What is not needed any longer was asked for once, and is no matter of this.
pub(super) fn unneeded(unit: &Unit, start: usize) -> bool {
    let all = super::tokens::words(&unit.text);
    let at = all.partition_point(|word| word.start < start);
    let word = |n: usize| all.get(n).map(|word| word.text.as_str()).unwrap_or_default();
    let need = (at.saturating_sub(4)..at).rev().find(|n| matches!(word(*n), "need" | "needs" | "require" | "requires"));
    // "Den Pfad X braucht er nicht."
    let behind = all.get(at + 1..).unwrap_or_default();
    let braucht =
        behind.iter().take(3).position(|w| matches!(w.text.as_str(), "braucht" | "brauche" | "brauchen" | "benötigt"));
    if braucht.is_some_and(|need| behind[need..].iter().take(4).any(|w| w.text == "nicht")) {
        return true;
    }
    let Some(need) = need.filter(|need| *need > 0) else { return false };
    let joined = unit.text[all[need].end..start].contains([',', ';', ':', '.', '(']);
    let longer = all.iter().any(|w| matches!(w.text.as_str(), "longer" | "more" | "anymore"));
    let denied = matches!(word(need - 1), "don't" | "doesn't" | "not" | "won't" | "never") || word(need - 1) == "don’t";
    denied && !joined && !longer
}

/// Whether a clause takes access away: "take X away", "leaves production", "must not read", "remove write".
pub(super) fn takes_away(unit: &Unit, clause: &Clause, text: &str) -> bool {
    if clause.stance != Stance::Act {
        return false;
    }
    clause.acts.iter().any(|act| {
        let verb = unit.text[act.start..act.end].to_lowercase();
        let first = verb.split(' ').next().unwrap_or_default();
        matches!(
            first,
            "take"
                | "takes"
                | "taking"
                | "leaves"
                | "must"
                | "should"
                | "shall"
                | "may"
                | "no"
                | "entziehen"
                | "entzogen"
                | "retirer"
                | "quitar"
        ) || (matches!(
            first,
            "remove"
                | "removes"
                | "removed"
                | "removing"
                | "revoke"
                | "revoked"
                | "drop"
                | "delete"
                | "withdraw"
                | "cut"
                | "lose"
                | "loses"
        ) && words(text).iter().any(|w| {
            matches!(
                w.text.as_str(),
                "access" | "rights" | "permission" | "permissions" | "role" | "write" | "read" | "admin" | "from"
            )
        }))
    })
}

/// The level that goes, where the words name one: "remove write access".
fn taken(text: &str) -> Option<Level> {
    let all = words(text);
    let levels: Vec<Level> = all
        .windows(2)
        .filter(|pair| {
            matches!(
                pair[1].text.as_str(),
                "access" | "rights" | "permission" | "permissions" | "role" | "privileges" | "from" | "on"
            )
        })
        .filter_map(|pair| super::level::word(&pair[0].text))
        .collect();
    match levels[..] {
        [one] => Some(one),
        _ => None,
    }
}
