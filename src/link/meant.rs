//! What a verb means with its object: "decommission svc-x" ends a workload, "decommission the key" a key; "replace X by an app" ends X;
//! "remove write from X" changes it.

use crate::model::ticket::Intent;

use super::intent::Reading;
use super::nouns::{credential_noun, keyless};
use super::stance::Act;
use super::text::{Origin, Unit};
use super::tokens::{Word, tokens};
use super::verbs::Force;

impl Reading<'_> {
    /// The intent of a verb in its sentence.
    pub(super) fn meant(&self, number: usize, unit: &Unit, act: &Act) -> Intent {
        let all = &self.judged[number].words[..];
        let after = self.judged[number].behind(act.end);
        let verb = unit.text[act.start..act.end].to_lowercase();
        match act.intent {
            Intent::Revoke if self.ends_somebody(number, unit, act, &verb, all, after) => Intent::Offboard,
            // "Withdrawal of access for <surname>", with a line for the last day.
            Intent::Revoke
                if unit.origin == Origin::Title
                    // "Access removal for @x" has it before.
                    && (after.iter().take(3).any(|w| super::nouns::access_noun(&w.text))
                        || self.judged[number].before(act.start).last().is_some_and(|w| w.text == "access"))
                                        && self.somebody_leaves()
                    && !self.of_unit(number).iter().any(|m| !m.identity) =>
            {
                Intent::Offboard
            }
            Intent::Revoke if takes_a_part(after) || self.takes_off_a_role(number, act) => Intent::Modify,
            // "Baja de las credenciales"
            Intent::Offboard
                if verb.starts_with("baja de") && after.iter().take(4).any(|w| credential_noun(&w.text)) =>
            {
                Intent::Revoke
            }
            // "She changes teams: X goes".
            Intent::Revoke if (verb == "goes" || verb.starts_with("withdraw")) && self.somebody_changes() => {
                Intent::Modify
            }
            // "Cut the app down to what it needs".
            Intent::Revoke if verb == "cut" && after.iter().take(4).any(|w| w.text == "down") => Intent::Modify,
            // "Vault policy svc-batch: remove secret/x".
            Intent::Revoke
                if unit.origin == Origin::Title
                    && unit.text[..act.start].trim_end().ends_with(':')
                    && self.judged[number]
                        .before(act.start)
                        .iter()
                        .any(|w| matches!(w.text.as_str(), "policy" | "policies")) =>
            {
                Intent::Modify
            }
            Intent::Rotate if verb.starts_with("repla") => {
                let by = after.iter().position(|w| {
                    matches!(w.text.as_str(), "by" | "with" | "through" | "via" | "durch" | "par" | "por")
                });
                let without = by.is_some_and(|by| after[by..].iter().take(6).any(|w| keyless(&w.text)));
                if without { Intent::Revoke } else { Intent::Rotate }
            }
            // "Token 8: also allow push": more of one that is there.
            Intent::Provision if self.adds(number, act, after) => Intent::Modify,
            // "[access change] X"
            Intent::Rotate
                if verb == "change"
                    && self.judged[number].before(act.start).last().is_some_and(|w| {
                        matches!(w.text.as_str(), "access" | "permission" | "role" | "level" | "scope")
                    }) =>
            {
                Intent::Modify
            }
            // "Change the installation of the app so that it covers X".
            Intent::Rotate
                if (verb.starts_with("chang") || verb.starts_with("updat"))
                    && after
                        .iter()
                        .take(3)
                        .any(|w| matches!(w.text.as_str(), "installation" | "selection" | "membership" | "policy")) =>
            {
                Intent::Modify
            }
            // "Bump the permissions of X": the access changes, not the value.
            Intent::Rotate
                if act.force == Force::Weak
                    && !verb.starts_with("new")
                    && (changes_access(self.before_name(number, after)) || self.changes_its_access(number, act)) =>
            {
                Intent::Modify
            }
            Intent::Rotate if self.creates(number, unit, act) => Intent::Provision,
            // "Lena@… no longer needs X": what she has, and nothing that ends.
            Intent::Revoke
                if (verb.starts_with("no longer need")
                    || verb.starts_with("no longer requ")
                    || verb.ends_with("need"))
                    && tokens(&unit.text[..act.start]).iter().any(|token| super::people::address(token.text)) =>
            {
                Intent::Modify
            }
            // "Take away everything she holds with us".
            Intent::Revoke if everything_of_somebody(after) => Intent::Offboard,
            Intent::Modify if verb.starts_with("tak") && everything_of_somebody(after) => Intent::Offboard,
            // "Take that path out of its policy".
            Intent::Revoke if out_of_a_policy(after) => Intent::Modify,
            // "Withdraw the former from it".
            Intent::Revoke
                if verb.starts_with("withdraw")
                    && after.windows(2).take(5).any(|pair| {
                        pair[0].text == "from" && matches!(pair[1].text.as_str(), "it" | "him" | "her" | "them")
                    }) =>
            {
                Intent::Modify
            }
            // "Role change for Greta. Take away: X": what she has.
            Intent::Modify if verb.starts_with("tak") && self.somebody_changes() => Intent::Modify,
            // "Take away what the old room used", and a list.
            Intent::Modify
                if verb.starts_with("tak")
                    && unit.origin == Origin::Title
                    && after.iter().find(|w| w.text != "away").is_some_and(|w| w.text == "what") =>
            {
                Intent::Revoke
            }
            // "Take away the deploy key": a thing that is named ends; "take X away from her" changes what she has.
            Intent::Modify if verb.starts_with("tak") && !after.iter().any(|w| w.text == "from") => {
                let thing = self.of_unit(number).iter().any(|m| !m.identity)
                    || after
                        .iter()
                        .take(8)
                        .any(|w| credential_noun(&w.text) && !matches!(w.text.as_str(), "role" | "account"));
                let access = after.iter().take(8).any(|w| super::nouns::access_noun(&w.text))
                    // "Take away push on X".
                    || (0..after.len().min(3)).any(|at| {
                        super::level::word(&after[at].text).is_some()
                            && after.get(at + 1).is_none_or(|w| matches!(w.text.as_str(), "on" | "to" | "for" | "in"))
                    });
                // "Take away its way into Vault", and the commands that do.
                let commands = || {
                    self.own().any(|(unit, judged)| {
                        unit.shape == super::text::Shape::Code
                            && judged
                                .clauses
                                .iter()
                                .flat_map(|clause| &clause.acts)
                                .any(|act| act.intent == Intent::Revoke && act.force == Force::Strong)
                    })
                };
                if thing && !access || commands() { Intent::Revoke } else { Intent::Modify }
            }
            intent => intent,
        }
    }

    /// Whether the ticket says that somebody changes roles or teams.
    fn somebody_changes(&self) -> bool {
        self.own().take(20).any(|(unit, judged)| {
            let acts = judged.clauses.iter().flat_map(|clause| &clause.acts);
            let changes = |act: &Act| {
                let said = unit.text[act.start..act.end].to_lowercase();
                act.intent == Intent::Modify
                    && (said.contains("role")
                        || said.contains("team")
                        || said.contains("department")
                        || said.ends_with(" to the"))
            };
            acts.into_iter().any(changes) && tokens(&unit.text).iter().any(|token| super::people::address(token.text))
        })
    }

    /// "Bump the renovate token's scopes".
    fn changes_its_access(&self, number: usize, act: &Act) -> bool {
        let name = self.of_unit(number).iter().find(|m| m.start >= act.end && !m.identity && m.start < act.end + 12);
        name.is_some_and(|m| {
            self.judged[number].behind(m.end).first().is_some_and(|w| {
                matches!(w.text.as_str(), "scope" | "scopes" | "permissions" | "permission" | "rights")
            })
        })
    }

    /// "Remove svc-batch from deploy-prod", "take Lena off deploy-prod": who had the role loses it, and the role stays.
    fn takes_off_a_role(&self, number: usize, act: &Act) -> bool {
        let behind = self.judged[number].behind(act.end);
        let from = behind.iter().take(6).position(|w| matches!(w.text.as_str(), "from" | "off" | "out"));
        from.filter(|from| *from > 0).is_some_and(|from| {
            let start = behind[from].start;
            let whom = self.of_unit(number).iter().all(|m| m.start < act.end || m.start > start || m.identity);
            let role = self.of_unit(number).iter().any(|m| m.start > start && m.start < start + 24 && (self.role)(m));
            whom && role && !behind[..from].iter().any(|w| credential_noun(&w.text))
        })
    }

    /// The words up to a name: "rotate X (production scope)" changes no scope.
    fn before_name<'w>(&self, number: usize, after: &'w [Word<'w>]) -> &'w [Word<'w>] {
        let Some(from) = after.first().map(|w| w.start) else { return after };
        let name = self.of_unit(number).iter().find(|m| m.start >= from && !m.identity);
        name.map_or(after, |m| &after[..after.partition_point(|w| w.start < m.start)])
    }

    /// "Also", a verb and a level right behind it, of a credential named before.
    fn adds(&self, number: usize, act: &Act, after: &[Word]) -> bool {
        let before = self.judged[number].before(act.start);
        let unit_named = self.of_unit(number).iter().any(|m| !m.identity && m.start < act.start);
        let also =
            before.iter().rev().take(2).any(|w| {
                matches!(w.text.as_str(), "also" | "additionally" | "zusätzlich" | "auch" | "aussi" | "también")
            });
        let of = before
            .iter()
            .any(|w| matches!(w.text.as_str(), "permissions" | "permission" | "scopes" | "scope" | "rights"))
            && unit_named;
        (also && after.iter().find(|w| w.text != "to").is_some_and(|w| super::level::word(&w.text).is_some())
            || of && after.iter().take(4).any(|w| super::level::word(&w.text).is_some()))
            && (unit_named || before.iter().any(|w| credential_noun(&w.text)))
    }

    /// "Decommission svc-x", "svc-x is being retired", "remove all access of bob@…", "termination: bob@…".
    fn ends_somebody(&self, number: usize, unit: &Unit, act: &Act, verb: &str, all: &[Word], after: &[Word]) -> bool {
        let ends = [
            "decommission",
            "end of life",
            "out of",
            "retire",
            "sunset",
            "shut",
            "switch",
            "scrap",
            "wind",
            "turn",
            "go",
            "withdraw",
            "dismantl",
            "tear",
            "abschalt",
            "abgeschalt",
            "abkündig",
            "stillleg",
            "stillgeleg",
            "apag",
            "mise hors",
            "mettre hors",
            "außer betrieb",
        ]
        .iter()
        .any(|v| verb.starts_with(v) && verb != "goes");
        let everything = verb.starts_with("terminat")
            || after.iter().take(4).any(|w| {
                matches!(
                    w.text.as_str(),
                    "all"
                        | "every"
                        | "everything"
                        | "any"
                        | "sämtliche"
                        | "alle"
                        | "tous"
                        | "toutes"
                        | "todos"
                        | "todas"
                )
            });
        if !ends && !everything {
            return false;
        }
        // A key or secret that is named, or called so, is what ends.
        let text = &self.units[number].text;
        let own = |m: &super::mention::Mention| m.identity || (self.workload)(&text[m.start..m.end]);
        let thing = self.of_unit(number).iter().any(|m| !own(m))
            || all.iter().any(|w| {
                // German has the verb last.
                (w.start >= act.end || after.is_empty())
                    && credential_noun(&w.text)
                    && w.text != "account"
                    && w.text != "accounts"
            });
        if thing {
            return false;
        }
        let (workload, person) = self.somebody(number, unit);
        // "Bob@… retires in June", "@bob retires".
        let retires = || {
            let before = tokens(&unit.text[..act.start]);
            let handle = before.last().is_some_and(|token| {
                let bare = token.text.trim_end_matches("'s");
                verb != "retire" && bare.starts_with('@') && !(self.workload)(&bare[1..])
            });
            let address = |token: &super::tokens::Token<'_>| super::people::address(token.text.trim_end_matches("'s"));
            verb.starts_with("retir") && (handle || person && before.iter().any(address))
        };
        (ends && workload) || (everything && person) || retires()
    }

    /// Whether a unit names a workload, and whether it names a person.
    fn somebody(&self, number: usize, unit: &Unit) -> (bool, bool) {
        if let Some((_, named)) = self.once.somebody.get().filter(|(of, _)| *of == number) {
            return named;
        }
        let mut named = (false, false);
        for token in tokens(&unit.text) {
            let bare = token.text.trim_start_matches('@').trim_end_matches("'s");
            named.0 |= (self.workload)(bare);
            named.1 |= super::people::address(bare);
        }
        self.once.somebody.set(Some((number, named)));
        named
    }
}

/// "Everything she has": of whoever goes.
fn everything_of_somebody(after: &[Word]) -> bool {
    let near: Vec<&str> = after.iter().take(5).map(|w| w.text.as_str()).collect();
    near.windows(2).any(|pair| pair[0] == "everything" && matches!(pair[1], "she" | "he" | "they"))
}

/// "Out of its policy", "from his role".
fn out_of_a_policy(after: &[Word]) -> bool {
    let near: Vec<&str> = after.iter().take(8).map(|w| w.text.as_str()).collect();
    near.windows(3).any(|w| {
        matches!(w[0], "of" | "from")
            && (matches!(w[1], "its" | "his" | "her" | "their")
                || (w[1] == "the" && matches!(w[2], "policy" | "policies" | "role")))
            && matches!(w[2], "policy" | "policies" | "role" | "scope" | "scopes" | "grants" | "group" | "groups")
    })
}

/// "Bump perms of X", "update the role's permissions": what is changed is what may be done.
fn changes_access(after: &[Word]) -> bool {
    after.iter().take(3).any(|w| {
        matches!(
            w.text.as_str(),
            "permission"
                | "permissions"
                | "perm"
                | "perms"
                | "privilege"
                | "privileges"
                | "scope"
                | "scopes"
                | "rights"
        )
    })
}

/// "Remove write from X", "revoke his access to X": less access, and the credential stays.
fn takes_a_part(after: &[Word]) -> bool {
    let near: Vec<&str> = after.iter().take(6).map(|w| w.text.as_str()).collect();
    let level = near.iter().take(3).position(|w| super::level::word(w).is_some());
    if level.is_some_and(|at| {
        near.get(at + 1).is_some_and(|w| {
            matches!(
                *w,
                "from" | "access" | "rights" | "permission" | "permissions" | "role" | "flag" | "on" | "to" | "for"
            )
        })
    }) {
        return true;
    }
    // "Retirer à svc-x l'accès à Y"
    if near.first() == Some(&"à") && near.iter().skip(1).any(|w| matches!(*w, "l'accès" | "accès" | "droit" | "droits"))
    {
        return true;
    }
    let whose = near.iter().take(3).any(|w| matches!(*w, "her" | "his" | "their" | "its") || w.ends_with("'s"));
    let access =
        near.iter().position(|w| matches!(*w, "access" | "rights" | "permission" | "permissions" | "grant" | "role"));
    whose && access.is_some_and(|at| near.get(at + 1).is_some_and(|w| matches!(*w, "to" | "on" | "for" | "in")))
}
