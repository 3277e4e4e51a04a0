//! Whether a word that asks has an object that makes it one of ours: "remove the token" asks for a revocation, "remove the pods" does not.

use crate::model::ticket::Intent;

use super::intent::Reading;
use super::level;
use super::nouns::{access_noun, credential_noun, expires};
use super::people::address;
use super::stance::{Act, Clause};
use super::text::{Origin, Shape, Unit};
use super::tokens::tokens;
use super::verbs::Form;

/// "…, needs to be changed": what stands before is what it speaks of.
fn predicate(clause: &str) -> bool {
    let clause = clause.trim_start().to_lowercase();
    ["needs ", "has to ", "must "].iter().any(|verb| clause.starts_with(verb))
}

impl Reading<'_> {
    /// A heading over a list of names.
    pub(super) fn heads_names(&self, number: usize) -> bool {
        self.mentions
            .iter()
            .skip(self.mentions.partition_point(|m| m.unit < number))
            .take(20)
            .any(|m| self.units[m.unit].heading == Some(number))
    }

    /// A line that introduces a list, a table or code with names: "Please delete:".
    pub(super) fn leads_names(&self, number: usize) -> bool {
        self.mentions
            .iter()
            .skip(self.mentions.partition_point(|m| m.unit <= number))
            .take(20)
            .any(|m| self.units[m.unit].lead == Some(number) && !m.identity)
    }

    /// Whether a weak word has an object that makes it one of ours.
    pub(super) fn object(&self, number: usize, clause: &Clause, act: &Act) -> bool {
        let text = &self.units[number].text[clause.start..clause.end];
        let words = self.judged[number].between(clause.start, clause.end);
        let access = words.iter().any(|w| access_noun(&w.text));
        // "Temporary access", "emergency admin"; an emergency revocation elevates nobody.
        if act.intent == Intent::Elevate {
            let behind = self.judged[number].behind(act.end);
            let near = &behind[..behind.len().min(4)];
            let ends = near.iter().any(|w| {
                ["revoc", "rotat", "remov", "delet", "renew", "replac", "chang", "disabl", "deact", "fix", "patch"]
                    .iter()
                    .any(|stem| w.text.starts_with(stem))
            });
            return !ends
                && (!self.of_unit(number).is_empty()
                    || near
                        .iter()
                        .any(|w| access_noun(&w.text) || level::word(&w.text).is_some() || credential_noun(&w.text)));
        }
        if act.intent == Intent::Provision || act.intent == Intent::Modify {
            let level = words.iter().enumerate().any(|(at, w)| {
                // "Just the list" is none.
                level::word(&w.text).is_some() && (w.text != "list" || level::in_place(words, at).is_some())
            });
            let verb = self.units[number].text[act.start..act.end].to_lowercase();
            // "Allow X to assume Y": the verb says by itself that an access is meant.
            let allows =
                ["allow", "permit", "authori", "entitle", "let", "mak", "giv"].iter().any(|v| verb.starts_with(v));
            let thing = ["restrict", "limit", "narrow", "reduc", "tighten"].iter().any(|v| verb.starts_with(v))
                && self.judged[number].behind(act.end).iter().take(3).any(|w| credential_noun(&w.text));
            // "The job needs X", and nothing else is said of X.
            // "Add Ruth to deploy-prod": a role.
            let joins = ["add", "assign", "put", "attach"].iter().any(|v| verb.starts_with(v))
                && self.of_unit(number).iter().any(|m| m.start >= act.end && (self.role)(m))
                // "Add the farm's public key as deploy key X".
                || verb.starts_with("add")
                    && [" as deploy key", " as a deploy key", " as new deploy key", " as a new deploy key"]
                        .iter()
                        .any(|kind| text.to_lowercase().contains(kind))
                // "Reinstate the deploy key X".
                || ["reactivate", "reinstate", "re-enable", "reenable"].contains(&&*verb)
                    && self.of_unit(number).iter().any(|m| m.start >= act.end && !m.identity);
            let needs = verb.starts_with("need")
                && clause.acts.len() == 1
                && self.of_unit(number).iter().any(|m| !m.identity && m.start >= act.end && m.start <= act.end + 12);
            // "The job has to read X", where "it has to write to the disk" asks for nothing.
            let wishes = ["has to", "have to", "want"].iter().any(|v| verb.starts_with(v));
            if wishes {
                return self
                    .of_unit(number)
                    .iter()
                    .any(|m| m.start < act.start || !m.identity && m.start <= act.end + 16);
            }
            // "Permission denied since this morning, please grant."
            let bare = verb == "grant"
                && self.judged[number].between(act.end, clause.end).is_empty()
                && self.opens(number, act);
            return access
                || bare
                || level
                || thing
                || joins
                || needs
                || ((allows || act.intent != Intent::Provision) && !self.of_unit(number).is_empty());
        }
        let named = self
            .of_unit(number)
            .iter()
            .any(|m| m.clause.is_none_or(|c| self.judged[number].clauses.get(c) == Some(clause)) && !m.instrument)
            // "X (crane-ctl) needs a new value", "X expired, needs a new value".
            // "Leak: X", and below: "needs a new value".
            || (predicate(text)
                && clause.start == 0
                && self.of_unit(0).iter().any(|m| !m.identity && !m.instrument && !m.stance.spares()))
            || (predicate(text)
                && self.units[number].text[..clause.start].ends_with(')')
                && self.judged[number].before(clause.start).iter().any(|w| credential_noun(&w.text)))
            || ((self.units[number].text[..clause.start].ends_with(')')
                || predicate(text))
                && self.of_unit(number).iter().any(|m| m.start < clause.start && !m.instrument && !m.stance.spares()));
        let named = named || (!text.is_ascii() && tokens(text).iter().any(|t| super::lookalike::misleads(t.text)));
        let verb = self.units[number].text[act.start..act.end].to_lowercase();
        // "The text of the message should be changed".
        let of_text = |w: &super::tokens::Word| {
            matches!(w.text.as_str(), "text" | "message" | "wording" | "label" | "title" | "description" | "screenshot")
        };
        let subject = self.judged[number].between(clause.start, act.start);
        if act.form == Form::Participle
            && subject.iter().any(of_text)
            && !named
            && !subject.iter().any(|w| credential_noun(&w.text))
        {
            return false;
        }
        if expires(&verb) {
            // "The PSN key runs out soon", and below which.
            let below = || {
                self.units[number].origin == Origin::Title
                    && subject.iter().any(|w| credential_noun(&w.text))
                    && self.mentions.iter().any(|m| {
                        !m.identity && !m.stance.spares() && matches!(self.units[m.unit].origin, Origin::Body(_))
                    })
            };
            return !self.of_unit(number).is_empty() || below();
        }
        if verb.starts_with("terminat") && tokens(text).iter().any(|token| address(token.text)) {
            return true;
        }
        // "Please renew", and below what.
        let below = (number + 1..number + 5).any(|below| {
            self.units.get(below).is_some_and(|next| {
                (next.origin == self.units[number].origin || self.units[number].origin == Origin::Title)
                    && (matches!(next.shape, Shape::Code | Shape::Item | Shape::Row)
                        || next.lead == Some(number)
                        || (self.units[number].text.ends_with(':') && next.text.len() < 60))
            }) && self.of_unit(below).iter().any(|m| !m.identity)
        });
        // "Remove what the old scheduler used", and a list.
        let what = self.judged[number].behind(act.end).first().is_none_or(|w| {
            self.units[number].origin == Origin::Title && matches!(w.text.as_str(), "what" | "everything" | "these")
        });
        if below && what && act.form == Form::Base {
            return true;
        }
        // "Please renew." under a title that names it.
        let other = |w: &super::tokens::Word| {
            w.start >= act.end
                && !matches!(
                    w.text.as_str(),
                    "it" | "them"
                        | "this"
                        | "that"
                        | "these"
                        | "both"
                        | "all"
                        | "now"
                        | "today"
                        | "asap"
                        | "please"
                        | "pls"
                        | "again"
                        | "first"
                        | "afterwards"
                        | "too"
                        | "one"
                        | "ones"
                        | "immediately"
                        | "soon"
                        | "then"
                        | "up"
                        | "out"
                        | "down"
                        | "bitte"
                        | "merci"
                        | "tomorrow"
                        | "off"
                )
        };
        // "Purge CDN" has an object of its own.
        // "It asks every customer to renew."
        let bare = (words.len() <= 3 || (act.modal && words.last().is_some_and(|w| w.start < act.end)))
            && !words.iter().any(|w| other(w) && !w.text.ends_with("ly"));
        // "To be deleted, …", "replace its value".
        let left_out = act.form == Form::Base || (act.form == Form::Participle && act.modal);
        let value = act.form == Form::Base && words.iter().any(|w| matches!(&*w.text, "value" | "values"));
        if (bare && left_out || value) && self.named_before(number) {
            return true;
        }
        // "new", "change", "update", "pull" say something of keys only right beside them.
        if (act.form == Form::Base && one_of_many(&verb))
            || matches!(
                verb.as_str(),
                "new"
                    | "fresh"
                    | "change"
                    | "changes"
                    | "update"
                    | "reset"
                    | "refresh"
                    | "nuevo"
                    | "nueva"
                    | "nouveau"
                    | "nouvelle"
                    | "neuer"
                    | "neues"
                    | "neuen"
            )
        {
            return self.beside(number, act);
        }
        let pronoun = clause.pronoun
            || words.iter().any(|w| {
                matches!(
                    w.text.as_str(),
                    "one" | "ones" | "latter" | "former" | "letztere" | "letzterer" | "erstere" | "erster"
                )
            });
        let above = || self.judged[number].between(0, clause.start).iter().any(|w| credential_noun(&w.text));
        named
            || access
            || (predicate(text) && above())
            || words.iter().any(|w| credential_noun(&w.text))
            || (self.units[number].text.trim_end_matches(['*', '_', ' ']).ends_with(':') && self.leads_names(number))
            || (pronoun && (self.named_before(number) || self.title_is_ours() || self.spoken_of_before(number)))
    }

    /// "Kill the hanging jobs of svc-x", "rotate the logs": the verb is ours and its object is not.
    pub(super) fn foreign(&self, number: usize, unit: &Unit, clause: &Clause, act: &Act) -> bool {
        // "Rotate, then clean the page": no object of it.
        if !matches!(act.intent, Intent::Revoke | Intent::Rotate)
            || act.form == Form::Participle
            || super::ordered::parted(&unit.text, act.end)
        {
            return false;
        }
        let after = self.judged[number].between(act.end, clause.end);
        // What stands behind "before", "in", "for" is not the verb's object.
        let thing = after
            .iter()
            .take(4)
            .take_while(|w| {
                !matches!(
                    w.text.as_str(),
                    "before"
                        | "after"
                        | "in"
                        | "on"
                        | "for"
                        | "by"
                        | "at"
                        | "from"
                        | "with"
                        | "to"
                        | "until"
                        | "during"
                        | "because"
                )
            })
            .find(|w| foreign_noun(&w.text));
        // "Log files that contain tokens" are files; "the database password" is one of ours.
        let within = |w: &super::tokens::Word| {
            matches!(w.text.as_str(), "that" | "which" | "with" | "containing" | "contain" | "contains" | "where")
        };
        let ours = after
            .iter()
            .take(8)
            .take_while(|w| !within(w))
            .any(|w| credential_noun(&w.text) && w.text != "path" && w.text != "version" && w.text != "account");
        let named = self.of_unit(number).iter().any(|m| !m.identity && m.start < clause.end);
        // "Remove secrets from logs", "remove the hard-coded token": where they stand is what changes.
        let owner = after.first().is_some_and(|w| {
            matches!(
                w.text.as_str(),
                "owner"
                    | "owners"
                    | "ownership"
                    | "contact"
                    | "description"
                    | "name"
                    | "tag"
                    | "tags"
                    | "steward"
                    | "custodian"
            )
        }) && act.intent == Intent::Rotate;
        let written = owner
            || after.iter().take(4).any(|w| matches!(w.text.as_str(), "hard-coded" | "hardcoded"))
            || after.iter().take(7).position(|w| w.text == "from").is_some_and(|from| {
                after[from + 1..].iter().take(3).any(|w| {
                    matches!(
                        w.text.as_str(),
                        "log"
                            | "logs"
                            | "logfiles"
                            | "history"
                            | "output"
                            | "screenshot"
                            | "screenshots"
                            | "code"
                            | "slides"
                            | "wiki"
                            | "transcript"
                    )
                })
            });
        (((thing.is_some() && !ours) || written) && !named || owner)
            && self.meant(number, unit, act) != Intent::Offboard
    }

    /// A name or a credential's noun within three words behind.
    fn beside(&self, number: usize, act: &Act) -> bool {
        let (before, near) = (self.judged[number].before(act.start), self.judged[number].behind(act.end));
        let reach = near.get(2).or(near.last()).map_or(act.end, |w| w.end);
        // A workload is updated without its key: only a name of a credential counts.
        let named = self.of_unit(number).iter().any(|m| m.start >= act.end && m.start < reach && !m.identity);
        // "New OPC UA gateway password for Vierzon" in a title.
        let reach = if self.units[number].origin == Origin::Title { 5 } else { 3 };
        let noun = near.iter().take(reach).any(|w| {
            (credential_noun(&w.text) && !matches!(w.text.as_str(), "version" | "path" | "account" | "accounts"))
                || matches!(w.text.as_str(), "one" | "pair" | "value" | "values")
        });
        let it = near.first().is_some_and(|w| matches!(w.text.as_str(), "it" | "them"))
            && (self.named_before(number)
                || !self.of_unit(number).is_empty()
                || self.title_is_ours()
                || self.spoken_of_before(number));
        // "X needs a refresh", "X is due for a change"
        let wanted = before
            .iter()
            .rev()
            .take(3)
            .any(|w| matches!(w.text.as_str(), "need" | "needs" | "due" | "overdue" | "wants"))
            && !self.of_unit(number).is_empty();
        let needed =
            wanted || near.iter().take(3).any(|w| matches!(w.text.as_str(), "needed" | "required" | "nötig" | "due"));
        // "the annual key change"
        // "Datenbankpasswort der Control Plane wechseln": German puts the verb last.
        let last = near.is_empty()
            && matches!(act.form, Form::Base)
            && unit_verb_last(&self.units[number].text[act.start..act.end])
            && before.iter().any(|w| credential_noun(&w.text));
        let called = last || before.last().is_some_and(|w| credential_noun(&w.text) && w.text != "version");
        called || named || noun || it || (needed && !self.mentions.is_empty())
    }

    /// "X expires on Friday" asks for another X in a title; "the access expires" and "after it expires" do not.
    pub(super) fn runs_out(&self, number: usize, unit: &Unit, act: &Act) -> bool {
        let before = self.judged[number].before(act.start);
        let later = before.iter().any(|w| {
            matches!(
                w.text.as_str(),
                "after"
                    | "when"
                    | "if"
                    | "once"
                    | "until"
                    | "before"
                    | "that"
                    | "which"
                    | "wenn"
                    | "access"
                    | "window"
                    | "grant"
            )
        });
        unit.origin == Origin::Title && !later
    }

    fn named_before(&self, number: usize) -> bool {
        self.mentions[..self.mentions.partition_point(|m| m.unit <= number)]
            .iter()
            .rev()
            .take(20)
            .any(|m| m.unit + 8 >= number)
    }

    /// "The password has been seen. Would you set a new one?"
    fn spoken_of_before(&self, number: usize) -> bool {
        let before = number.checked_sub(1).filter(|before| self.units[*before].origin == self.units[number].origin);
        before.is_some_and(|before| {
            let noun = |w: &super::tokens::Word| {
                credential_noun(&w.text)
                    && !matches!(w.text.as_str(), "path" | "version" | "account" | "accounts" | "app" | "role")
            };
            self.judged[before].words.iter().any(noun)
        })
    }

    fn title_is_ours(&self) -> bool {
        let title = self.units.iter().zip(self.judged).take_while(|(unit, _)| unit.origin == Origin::Title);
        title.flat_map(|(_, judged)| &judged.words).any(|w| credential_noun(&w.text))
    }
}

/// What is ended or rotated in every office and is no credential.
fn foreign_noun(word: &str) -> bool {
    let stem = word
        .strip_suffix("es")
        .filter(|s| s.ends_with("ch") || s.ends_with("ss"))
        .or_else(|| word.strip_suffix('s'))
        .unwrap_or(word);
    matches!(
        stem,
        "job"
            | "process"
            | "pod"
            | "log"
            | "logfile"
            | "file"
            | "schedule"
            | "shift"
            | "branch"
            | "wiki"
            | "page"
            | "mention"
            | "vm"
            | "instance"
            | "container"
            | "image"
            | "node"
            | "table"
            | "index"
            | "disk"
            | "volume"
            | "bucket"
            | "report"
            | "flag"
            | "feature"
            | "endpoint"
            | "domain"
            | "queue"
            | "cache"
            | "backup"
            | "snapshot"
            | "ticket"
            | "screenshot"
            | "build"
            | "release"
            | "on-call"
            | "task"
            | "test"
            | "printer"
            | "toner"
            | "battery"
            | "monitor"
            | "dashboard"
            | "button"
            | "dialog"
            | "menu"
            | "checkbox"
            | "icon"
            | "alert"
            | "runner"
            | "cluster"
            | "database"
            | "server"
            | "host"
            | "script"
    )
}

/// Verbs that mean a credential's end or change only beside one: they have other uses in every office.
/// A German infinitive that asks at its sentence's end.
fn unit_verb_last(verb: &str) -> bool {
    matches!(&*verb.to_lowercase(), "wechseln" | "tauschen" | "austauschen" | "ändern" | "ersetzen" | "erneuern")
}

fn one_of_many(verb: &str) -> bool {
    let first = verb.split(' ').next().unwrap_or_default();
    [
        "burn", "bin", "void", "expire", "lock", "strip", "clear", "pull", "bump", "block", "drop", "cut", "wipe",
        "axe", "ditch", "yank", "suspend", "switch", "turn", "close", "closing", "put", "set", "make", "mark", "flag",
        "throw", "kick", "trash", "do", "don't", "nobody", "update", "recycl", "tidy", "clean",
    ]
    .iter()
    .any(|stem| first == *stem || (stem.len() > 3 && first.starts_with(stem)))
}
