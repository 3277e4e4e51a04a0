//! Tickets that ask for no change of access: questions, texts to write, troubles to look into, hardware, and those that say so.

use super::intent::Reading;
use super::nouns::{condition, credential_noun, expires};
use super::stance::{Act, Clause, Stance};
use super::text::{Origin, Shape, Unit};
use super::tokens::{Word, words};
use super::topics::{carries, hardware, occasion, text_noun};
use super::verbs::{Cue, Force, Form};
use crate::model::ticket::{Field, Intent};

/// Labels and types of what is only talked about.
const TALKS: &str =
    "question documentation docs discussion spike research training postmortem post-mortem retrospective";

impl Reading<'_> {
    /// Whether the ticket asks for text, plans or answers only, and why.
    pub(super) fn only_talk(&self) -> Option<String> {
        let talks = |label: &&String| TALKS.split(' ').any(|talk| label.eq_ignore_ascii_case(talk));
        let label = self.record.labels.iter().find(talks);
        let titles: Vec<(usize, &Unit)> =
            self.units.iter().enumerate().filter(|(_, u)| u.origin == Origin::Title).collect();
        let first = titles.first()?;
        let title = words(&self.record.title);
        let judged = &self.judged[first.0];
        // "Add an alert", "create a dashboard": the weak verbs of granting ask for anything.
        let first_act = judged
            .clauses
            .iter()
            .flat_map(|clause| &clause.acts)
            .filter(|act| act.force == Force::Strong || act.intent != Intent::Provision)
            .filter(|act| !expires(&first.1.text[act.start..act.end]))
            .map(|act| act.start)
            .min();
        // "Key expired?? mails bounce", and the text asks for another one.
        let state = title.iter().any(|w| condition(&w.text) || expires(&w.text) || w.text == "exposed");
        // "Delete X?", and the text proposes it; "X is admin, why?", and the text orders.
        let verb = !title.is_empty() && matches!(self.lexicon.at(&title, 0), Some((Cue::Act(_, _, Form::Base), _)));
        let form = self.record.kind.as_deref().and_then(|kind| Self::labelled(kind, 2.0, 1.0));
        let please = self.own().any(|(unit, judged)| {
            matches!(unit.origin, Origin::Body(_))
                && judged.words.iter().any(|w| {
                    matches!(w.text.as_str(), "please" | "pls" | "plz" | "bitte" | "merci" | "proposal" | "propose")
                })
        });
        let asked = ((state || verb || form.is_some() || please) && self.body_asks())
            || self.proposed(first.0).is_some()
            || form.is_some_and(|(intent, points)| intent == Intent::Elevate && points > 1.0)
            || (please
                && self.own().any(|(unit, judged)| {
                    matches!(unit.origin, Origin::Body(_))
                        && judged.clauses.iter().any(|clause| super::changed::moves_level(unit, clause))
                }))
            || (self.orders() || self.points_to_an_order())
            || super::objected::invited(self.units);
        if titles.iter().any(|(number, _)| self.judged[*number].question) && !asked {
            return Some("its title is a question".to_owned());
        }
        // A type that says so, over a title that orders nothing.
        let kind = || self.record.kind.as_ref().filter(talks).filter(|_| first_act.is_none() && !self.body_orders());
        if let Some(label) = label.filter(|_| !self.ordered(&title)).or_else(kind) {
            return Some(format!("{} {label}", super::weighed::LABELLED));
        }
        let (own, said) = (&judged.words, &first.1.text);
        if let Some(talk) = judged
            .talk
            // "Test deployments", "the dashboard job": what it is called after.
            .filter(|talk| !own.get(*talk + 1).is_some_and(|w| carries(&w.text) && own[*talk].end + 1 == w.start))
            // "Freezer monitor": a thing, where "monitor X" is what is to be done.
            .filter(|talk| own.get(*talk).is_none_or(|w| w.text != "monitor" || *talk == 0))
            // "Policy for secret/app/db": Vault's.
            .filter(|talk| {
                own.get(*talk).is_none_or(|w| w.text != "policy")
                    || !self.of_unit(first.0).iter().any(|m| !m.identity && said[m.start..m.end].contains('/'))
            })
            // "90 minutes of write".
            .filter(|talk| {
                let number =
                    |w: &Word| w.text.starts_with(|c: char| c.is_ascii_digit()) || super::lengths::count(&w.text);
                own.get(*talk).is_none_or(|w| w.text != "minutes")
                    || talk.checked_sub(1).and_then(|at| own.get(at)).is_none_or(|w| !number(w))
            })
            // "The smoke test leaked a key": what did it.
            .filter(|talk| {
                own.get(*talk).is_none_or(|w| w.text != "test")
                    || *talk < 2
                    || !talk.checked_sub(1).and_then(|at| own.get(at)).is_some_and(|w| {
                        matches!(
                            w.text.as_str(),
                            "smoke" | "unit" | "load" | "integration" | "regression" | "nightly" | "e2e"
                        )
                    })
            })
            // "SAP RFC logon fails": not a request for comments.
            .filter(|talk| {
                own.get(*talk).is_none_or(|w| w.text != "rfc" || *talk == 0 || said[w.end..].starts_with(':'))
            })
            // "[TEMPLATE v4] Rotation: …" is a form of what it names.
            .filter(|talk| own.get(*talk).is_none_or(|w| w.text != "template" || !tagged(said, w.end)))
            // "ci(test): …"
            .filter(|talk| {
                own.get(*talk).is_none_or(|w| !(said[..w.start].ends_with('(') && said[w.end..].starts_with("):")))
            })
            // "Test payments are refused", and the text has somebody set another value for what it names.
            .filter(|talk| {
                own.get(*talk).is_none_or(|w| !matches!(w.text.as_str(), "test" | "plan")) || !self.named_orders(true)
            })
            .filter(|_| !(self.afterwards() && first_act.is_some()))
            .filter(|_| !(super::text::forwarded(&self.record.title) && self.body_asks()))
            .filter(|_| !self.asks_behind(first.0))
            // "Monitoring should not see X": who has an access.
            .filter(|talk| {
                !own.get(*talk + 1).is_some_and(|w| {
                    matches!(
                        w.text.as_str(),
                        "should" | "must" | "shall" | "may" | "can" | "cannot" | "needs" | "has" | "reads" | "sees"
                    )
                })
            })
            .filter(|_| !self.record.fields.contains_key(&Field::Level))
            .filter(|_| !judged.clauses.iter().any(|clause| self.changed(first.1, clause)))
        {
            let word = own.get(talk).map_or("", |word| word.text.as_str());
            let at = own.get(talk).map_or(usize::MAX, |word| word.start);
            // "Set up a meeting on rotation": what is set up is talk.
            let object = talk < 6
                && judged
                    .clauses
                    .iter()
                    .flat_map(|clause| &clause.acts)
                    .any(|act| act.start < at && act.intent == Intent::Provision && act.force == Force::Weak);
            let head = talk < 3 || object || said[..at.min(said.len())].trim_end().ends_with(':');
            let asks_first = first_act.is_some_and(|act| act < at);
            let asked_behind = (occasion(word) && (self.orders_behind(first.0, at) || self.briefly_orders()))
                || (matches!(word, "review" | "audit") && self.body_asks());
            // "Runbook: X rotation" over steps to tick is one run of it.
            let run = matches!(word, "runbook" | "playbook" | "procedure")
                && own.get(talk).is_some_and(|w| said[w.end..].starts_with(':'))
                && self.units.iter().any(|unit| unit.ticked.is_some())
                && judged.clauses.iter().flat_map(|clause| &clause.acts).any(|act| act.force == Force::Strong);
            // "DR test: X" of an access request whose text asks.
            let form = form.is_some() && said.chars().take(at.saturating_add(40)).any(|c| c == ':') && self.body_asks();
            // "Test bench: access to X"
            let behind = judged.clauses.iter().flat_map(|clause| &clause.acts).any(|act| {
                act.start > at
                    && act.intent == Intent::Provision
                    && act.force == Force::Strong
                    && said[..act.start].trim_end().ends_with(':')
            }) && self.of_unit(first.0).iter().any(|m| !m.identity);
            if head && !run && !form && !asks_first && !asked_behind && !behind && !self.body_orders() && !self.lends()
            {
                return Some(format!("its title is about \"{word}\""));
            }
        }
        let fields = &self.record.fields;
        if let Some(text) = self.about_a_text(first.0).filter(|_| !self.asks_behind(first.0))
            && !self.orders_in(|shape| shape != Shape::Code)
        {
            return Some(format!("its title is about a text, \"{text}\""));
        }
        let by_fields = fields.contains_key(&Field::Level) && fields.contains_key(&Field::Until);
        if self.only_trouble(first.0)
            && !self.afterwards()
            && !by_fields
            && !self.lends()
            && !self.body_orders()
            && !self.body_asks()
        {
            return Some("its title tells of a trouble".to_owned());
        }
        // "Stolen notebook: renew what was on it", and a heading over what is to be renewed.
        let headed = || {
            self.units
                .iter()
                .zip(self.judged)
                .any(|(unit, judged)| unit.shape == Shape::Heading && judged.overall() == Stance::Act)
        };
        // "Key in a public notebook", and the text: "AKIA… is in it. Please revoke."
        let asks = || self.body_asks() && self.mentions.iter().any(|m| !m.identity && !m.stance.spares());
        let form_of =
            self.record.fields.contains_key(&Field::Level) || self.record.fields.contains_key(&Field::Credential);
        let asked = title.iter().any(|w| w.text == "please") && first_act.is_some();
        if hardware(&title)
            && !form_of
            && !asked
            && !self.of_unit(first.0).iter().any(|m| !m.identity)
            && judged.clauses.iter().flat_map(|clause| &clause.acts).all(|act| act.force == Force::Weak)
            && !(self.body_orders() || headed() || asks())
        {
            return Some("its title is about equipment".to_owned());
        }
        if matches!(&title[..], [first, second, ..] if first.text == "false" && matches!(second.text.as_str(), "alarm" | "positive"))
            && !self.body_orders()
        {
            return Some("its title says that nothing happened".to_owned());
        }
        let premises = self.record.kind.as_deref().is_some_and(super::topics::premises);
        if premises && !self.of_unit(first.0).iter().any(|m| !m.identity) {
            return Some("its type is about buildings or things".to_owned());
        }
        // "Revoke the old upload token": whatever it is labelled, a title that orders.
        let orders = verb && title.iter().any(|w| credential_noun(&w.text));
        if self.of_a_product()
            && !orders
            && !self
                .mentions
                .iter()
                .any(|m| !matches!(m.stance, Stance::Keep | Stance::Example) || self.judged[m.unit].question)
        {
            return Some("as a bug or a feature it names nothing known".to_owned());
        }
        if !orders && self.tells_a_story() {
            return Some("it tells what a product shall do".to_owned());
        }
        if (first_act.is_none() && self.tells_a_bug()) || self.only_describes() {
            return Some("it tells what is wrong with a product".to_owned());
        }
        if let Some(said) = self.disclaims().filter(|_| first_act.is_none() && !self.body_orders()) {
            return Some(format!("it says so: {said}"));
        }
        // "Do not revoke X": a title that only keeps, and a text that asks for nothing.
        let asks = |number: &usize| self.judged[*number].clauses.iter().any(|clause| clause.stance == Stance::Act);
        let keeps = titles.iter().all(|(number, unit)| {
            self.judged[*number].overall() == Stance::Keep && !asks(number) && !self.states_level(unit)
        });
        (keeps && !self.body_orders()).then(|| "its title says that something is to stay".to_owned())
    }

    /// "Access review Q2: remove what is marked", "list of keys to be revoked": the occasion first, then what is asked.
    fn orders_behind(&self, title: usize, at: usize) -> bool {
        let text = &self.units[title].text;
        self.judged[title].clauses.iter().filter(|clause| clause.stance == Stance::Act).any(|clause| {
            clause.acts.iter().any(|act| {
                act.start > at
                    && act.form != Form::Noun
                    && !condition(&text[act.start..act.end])
                    && (act.modal
                        || text[at..act.start].trim_end().ends_with([':', '–', '—', '-'])
                        || (act.form == Form::Base && text[at..act.start].trim_end().ends_with(','))
                        || (clause.start > at && self.opens(title, act)))
            })
        })
    }

    /// "Upgrade of the MES, admin on the entry": an access behind what it is for.
    fn asks_behind(&self, title: usize) -> bool {
        super::leads::asks_for_level(&self.units[title].text)
            && (self.of_unit(title).iter().any(|m| !m.identity)
                || self.record.fields.contains_key(&Field::Level)
                || self.keyed(&["level", "access level"]))
    }

    /// "X rotation broke the build": nouns alone, and something that fails.
    fn only_trouble(&self, title: usize) -> bool {
        let said = &self.units[title].text;
        let all = &self.judged[title].words;
        // "The pipeline is red"; Red Hat is a name.
        const RED: [&str; 11] =
            ["pipeline", "pipelines", "build", "builds", "job", "jobs", "tests", "is", "are", "went", "turned"];
        let red = all.windows(2).any(|pair| pair[1].text == "red" && RED.contains(&&*pair[0].text));
        // "The outage map"
        let thing = |w: &&Word| {
            w.text == "outage"
                && all.iter().find(|next| next.start > w.start).is_some_and(|next| {
                    matches!(next.text.as_str(), "map" | "page" | "board" | "calendar" | "portal" | "tool" | "api")
                })
        };
        let fails = red
            || all.iter().filter(|w| !super::clauses::in_a_path(said, w) && !thing(w)).any(|w| {
                matches!(
                    w.text.as_str(),
                    "broke"
                        | "breaks"
                        | "broken"
                        | "fails"
                        | "failed"
                        | "failing"
                        | "failure"
                        | "failures"
                        | "error"
                        | "errors"
                        | "outage"
                        | "slow"
                        | "stuck"
                        | "hangs"
                        | "crashes"
                        | "flaky"
                        | "timeout"
                        | "timeouts"
                        | "schlägt"
                        | "fehler"
                        | "kaputt"
                        | "échoue"
                        | "erreur"
                        | "panne"
                        | "falla"
                        | "fallo"
                )
            });
        // "Read on X for a slow query hunt": what somebody shall have, and what for.
        let level = super::levels::in_place(all, 0).is_some() && self.of_unit(title).iter().any(|m| !m.identity);
        fails
            && !level
            && self.judged[title].clauses.iter().flat_map(|clause| &clause.acts).all(|act| {
                let said = &self.units[title].text[act.start..act.end];
                (act.form == Form::Noun || (act.form == Form::Participle && !act.modal)) && !condition(said)
            })
    }

    /// Whether a title starts with an order.
    fn ordered(&self, title: &[Word]) -> bool {
        (0..title.len().min(2))
            .any(|at| matches!(self.lexicon.at(title, at), Some((Cue::Act(_, Force::Strong, Form::Base), _))))
    }

    /// Whether the text asks for something of a credential, named or not.
    pub(super) fn body_asks(&self) -> bool {
        self.units.iter().enumerate().filter(|(_, unit)| matches!(unit.origin, Origin::Body(_))).any(|(number, _)| {
            self.judged[number].talk.is_none()
                && self.judged[number].clauses.iter().filter(|clause| clause.stance == Stance::Act).any(|clause| {
                    clause.acts.iter().any(|act| {
                        // "Please get X rotated."
                        let caused = act.form == Form::Participle && act.modal && act.force == Force::Strong;
                        (act.form == Form::Base || caused)
                            && !self.behind_article(number, act)
                            // "I think we should rotate X": an order after all.
                            && (self.opens(number, act)
                                                                || self.proposes(number, act)
                                || self.needed(number, act)
                                || (act.modal && self.of_unit(number).iter().any(|m| !m.stance.spares())))
                            && (act.force == Force::Strong || self.object(number, clause, act))
                    })
                })
        })
    }

    /// "I propose that we delete X".
    fn proposes(&self, number: usize, act: &Act) -> bool {
        self.judged[number].before(act.start).iter().rev().take(5).any(|w| {
            matches!(w.text.as_str(), "propose" | "suggest" | "recommend" | "proposing" | "schlage" | "propongo")
        })
    }

    /// Whether a sentence of the text is an order by itself.
    fn orders(&self) -> bool {
        self.own().any(|(unit, judged)| {
            matches!(unit.origin, Origin::Body(_))
                && unit.shape == Shape::Prose
                && judged.talk.is_none()
                && judged.words.first().is_some_and(|first| {
                    // "Downgrade to Reporter.", "Reduce X to read access."
                    let moves = judged
                        .clauses
                        .iter()
                        .flat_map(|clause| &clause.acts)
                        .any(|act| act.start == first.start && act.intent == Intent::Modify)
                        && super::changed::changes_level(&unit.text);
                    moves
                        || judged
                            .clauses
                            .iter()
                            .flat_map(|clause| &clause.acts)
                            .any(|act| act.start == first.start && act.form == Form::Base && act.force == Force::Strong)
                })
        })
    }

    /// Whether the text, not the title, orders something done to what it names.
    pub(super) fn body_orders(&self) -> bool {
        *self.once.orders.get_or_init(|| self.orders_in(|_| true))
    }

    /// The same in units of some shapes.
    fn orders_in(&self, of: impl Fn(Shape) -> bool) -> bool {
        self.units.iter().enumerate().any(|(number, unit)| {
                matches!(unit.origin, Origin::Body(_))
                    && of(unit.shape)
                    && self.judged[number].clauses.iter().any(|clause| {
                        clause.stance == Stance::Act
                            && clause.acts.iter().any(|act| {
                                act.form == Form::Base
                                    // "Break-glass was opened" tells.
                                    && (act.intent != Intent::Elevate || unit.text[act.start..].to_lowercase().starts_with("elevat"))
                                    && !self.talks(number, clause)
                                    && !self.behind_article(number, act)
                                    && (self.opens(number, act)
                                        || (unit.shape == Shape::Row && self.own_cell(number, act.start)))
                                    && (act.force == Force::Strong || self.object(number, clause, act))
                            })
                                                        && (self.of_unit(number).iter().any(|m| !m.stance.spares())
                                || (unit.shape == Shape::Heading && self.heads_names(number))
                                || (unit.text.ends_with(':') && of(Shape::Code) && self.leads_names(number)))
                    })
            })
    }

    /// Whether a clause, or the start of its sentence, talks of texts or plans; "quarterly review, result: keep X, and revoke Y" orders behind.
    fn talks(&self, number: usize, clause: &Clause) -> bool {
        let judged = &self.judged[number];
        judged.talk.and_then(|talk| judged.words.get(talk)).is_some_and(|talk| {
            talk.start >= clause.start
                || !judged.clauses.iter().any(|c| c.stance == Stance::Keep && c.end <= clause.start)
        })
    }

    /// "Update the password policy page", "Runbook: example commands for the rotation": a text that is to be written. "Rotate the key that
    /// stands in the wiki" is not about one.
    fn about_a_text(&self, title: usize) -> Option<&str> {
        let words = &self.judged[title].words;
        let acts = || self.judged[title].clauses.iter().flat_map(|clause| &clause.acts);
        if acts().any(|act| act.force == Force::Strong && (act.form == Form::Base || act.intent == Intent::Offboard)) {
            return None;
        }
        let first = words.iter().position(|w| text_noun(&w.text))?;
        // "The runbook page".
        let at = first + words[first + 1..].iter().take_while(|w| text_noun(&w.text)).count();
        let before = |n: usize| at.checked_sub(n).map_or("", |at| words[at].text.as_str());
        // `acme/docs` is a repository.
        let path = self.units[title].text[..words[at].start].ends_with('/')
            || self.units[title].text[words[at].end..].starts_with('/');
        // "The docs job", "nightly docs token"; "Playbook: X rotation" is one run of it.
        let behind = &self.units[title].text[words[at].end..];
        let other = words.get(at + 1).is_some_and(|w| carries(&w.text) && words[at].end + 1 == w.start)
            || (behind.starts_with(':')
                && !matches!(
                    words[at].text.as_str(),
                    "readme" | "docs" | "doc" | "documentation" | "changelog" | "faq"
                )
                && self.of_unit(title).iter().any(|m| !m.identity)
                && !words[at + 1..].iter().any(|w| text_noun(&w.text)));
        // "Delete the old handbook credentials X", "remove the deploy key of the wiki": what ends is no text.
        let ends = |intents: &[Intent]| {
            acts().any(|act| act.form == Form::Base && act.start < words[at].start && intents.contains(&act.intent))
        };
        let noun = words.iter().enumerate().any(|(other, w)| other != at && credential_noun(&w.text));
        let ours = ends(&[Intent::Revoke, Intent::Offboard]) && noun;
        let about = words.get(at + 1).is_some_and(|w| {
            matches!(
                w.text.as_str(),
                "about"
                    | "on"
                    | "regarding"
                    | "describing"
                    | "explaining"
                    | "covering"
                    | "über"
                    | "zu"
                    | "zum"
                    | "sur"
                    | "sobre"
            )
        });
        // "Look at X for the post-mortem".
        let purpose = matches!(words[at].text.as_str(), "post-mortem" | "postmortem" | "write-up")
            && (1..=2).any(|n| before(n) == "for");
        let named = self.of_unit(title).iter().any(|m| !m.identity)
            // "Update the page about X", "delete the wiki page about X".
            && ends(&[Intent::Revoke, Intent::Offboard, Intent::Rotate])
            && !about;
        let place = path
            || ours
            || named
            || other
            || purpose
            || (1..=3).any(|n| {
                matches!(
                    before(n),
                    "in" | "on"
                        | "from"
                        | "into"
                        | "at"
                        | "via"
                        | "through"
                        | "im"
                        | "auf"
                        | "aus"
                        | "dans"
                        | "sur"
                        | "en"
                )
            });
        (!place).then(|| words[at].text.as_str())
    }

    /// A verb that begins a table's cell.
    fn own_cell(&self, number: usize, at: usize) -> bool {
        self.units[number].text[..at].trim_end_matches(['*', '_', ' ']).ends_with('|')
    }

    /// A ticket that is filed after what it asks for was done.
    pub(super) fn afterwards(&self) -> bool {
        *self.once.afterwards.get_or_init(|| super::filed::filed_afterwards(self.units))
    }
}

/// Whether what ends there stands in a tag at a title's head: "[TEMPLATE v4] …".
fn tagged(title: &str, end: usize) -> bool {
    let close = title[end..].find(']').map(|at| end + at);
    title.trim_start().starts_with('[') && close.is_some_and(|close| !title[..close].contains(']') && close < end + 12)
}
