//! Linking: which ticket speaks of which slot or credential, what it asks for, and the words that prove it. Pure: records come from
//! `sources`, expectations are folded by `expect`.
//!
//! A ticket's text is cut into units (`text`) and clauses with a stance (`stance`, `verbs`); identifiers are looked up token by token
//! (`tokens`, `index`, `mention`, `number`); namesakes are told apart by the words around them (`choose`); what is acted on is linked
//! (`links`). Intent, state, level, times and people are read from the same units, and `trust` decides whose words may loosen.

mod access;
mod choose;
mod dates;
mod entity;
mod hashed;
mod index;
mod intent;
mod level;
mod links;
mod meant;
mod mention;
mod nouns;
mod number;
mod object;
mod people;
mod sieve;
mod stance;
mod state;
mod text;
mod tokens;
mod trust;
mod verbs;
mod window;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::Id;
use crate::model::catalog::Entry;
use crate::model::inventory::{Inventory, Level};
use crate::model::mask::mask;
use crate::model::settings::Settings;
use crate::model::sieve::Sieve;
use crate::model::ticket::{Access, Field, Intent, Link, Record, State, Strength, Ticket, Window};

use choose::Context;
use index::Names;
use links::{Linked, Scene, quote};
use mention::{Mention, Target};
use people::{Directory, Search, Subject};
use stance::{Judged, judge};
use text::{Origin, Unit};
use trust::Trust;
use verbs::Lexicon;

/// Everything that tickets can speak of, and the words to read them by.
pub struct Index {
    names: Arc<Names>,
    lexicon: Lexicon,
    directory: Directory,
    settings: Settings,
    zone: TimeZone,
}

/// A ticket's text, read once.
struct Read<'r> {
    record: &'r Record,
    units: &'r [Unit],
    judged: &'r [Judged],
    mentions: &'r [Mention],
    context: &'r Context<'r>,
    trust: &'r Trust<'r>,
}

impl Index {
    /// Indexes an inventory. The catalogue adds owners, the settings people, words and the site's time zone.
    #[must_use]
    pub fn new(inventory: &Inventory, catalog: &[Entry], settings: &Settings) -> Self {
        Self {
            names: Arc::new(Names::new(inventory, catalog, settings)),
            lexicon: Lexicon::new(&settings.words),
            directory: Directory::new(settings),
            settings: settings.clone(),
            zone: TimeZone::get(&settings.time_zone).unwrap_or(TimeZone::UTC),
        }
    }

    /// What tells, without reading a ticket wholly, that it bears on nothing.
    #[must_use]
    pub fn sieve(&self) -> Arc<dyn Sieve> {
        Arc::new(sieve::Words::new(&self.names, &self.lexicon, &self.settings))
    }

    /// Reads a ticket. `now` is not needed to understand it; it bounds nothing but stated times that cannot be.
    #[must_use]
    pub fn understand(&self, record: &Record, now: Timestamp) -> Ticket {
        let (units, cut) = text::units(record);
        let judged: Vec<Judged> = units.iter().map(|unit| judge(unit, &self.lexicon)).collect();
        let mentions: Vec<Mention> =
            units.iter().enumerate().flat_map(|(n, unit)| mention::find(n, unit, &judged[n], &self.names)).collect();
        let environment = record.fields.get(&Field::Environment).map(String::as_str).unwrap_or_default();
        let context = Context::new(&units, &judged, &self.names, environment, record.repository.as_deref());
        let trust = Trust { record, settings: &self.settings };
        let read =
            Read { record, units: &units, judged: &judged, mentions: &mentions, context: &context, trust: &trust };
        let mut ticket = self.ticket(&read, now);
        if cut {
            ticket.ambiguous.push("its text is too long to be read whole".to_owned());
        }
        ticket
    }

    fn ticket(&self, read: &Read<'_>, now: Timestamp) -> Ticket {
        let (record, trust) = (read.record, read.trust);
        let mut why = Vec::new();
        let stated = state::of(record, &self.settings, &|person| trust.trusts(person));
        why.push(stated.why.clone());
        let mut distrusted = stated.distrusted;
        let mut intent = self.intent(read, &mut why);
        let zone =
            record.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok()).unwrap_or_else(|| self.zone.clone());
        let times = |intent| window::Times {
            record,
            units: read.units,
            judged: read.judged,
            zone: zone.clone(),
            state: stated.state,
            intent,
        };
        let mut window = None;
        if matches!(intent, Intent::Provision | Intent::Elevate) {
            window = times(intent).window();
            if let Some(window) = &mut window {
                trust.extend(window, times(intent).extensions(), &mut distrusted, &mut why);
                intent = Intent::Elevate;
                why.push(format!("window until {}", window.end.map_or_else(String::new, |end| end.to_string())));
            }
        }
        if let Some(said) = trust.removed_instead(intent) {
            intent = Intent::Revoke;
            why.push(format!("intent revoke: removed instead of rotated: {said}"));
        }
        let mut linked = if intent == Intent::None { Linked::default() } else { self.link(read, &mut distrusted) };
        let subjects = self.subjects(read, intent);
        if intent == Intent::Offboard {
            self.owned(read, &subjects, &mut linked);
        }
        let due_at = trust.due(record.due_at.or_else(|| times(intent).deadline()), &mut distrusted);
        why.append(&mut linked.why);
        why.extend(distrusted.iter().map(|d| format!("not trusted: {} ({})", d.what, d.quote)));
        let grants = matches!(intent, Intent::Provision | Intent::Modify | Intent::Elevate);
        let removed = if intent == Intent::Modify { access::removals(read.context) } else { Vec::new() };
        let access = if grants {
            self.access(read, intent, &subjects, &mut linked, !removed.is_empty())
        } else {
            Access::default()
        };
        if let Some(level) = access.level {
            why.push(format!("level {level:?}").to_lowercase());
        }
        let ambiguous_window = clamp(&mut window, now);
        linked.ambiguous.extend(ambiguous_window);
        let approved = trust.approved();
        let subject = subjects.first().map(|subject| subject.name.clone());
        Ticket {
            id: record.id.clone(),
            system: record.system,
            url: record.url.clone(),
            intent,
            state: stated.state,
            resolution: stated.resolution,
            opened_at: record.opened_at,
            closed_at: record.closed_at.filter(|_| stated.state != State::Open),
            due_at,
            effective_at: times(intent).effective(),
            window,
            approved,
            access,
            links: linked.links.into_values().collect(),
            ambiguous: linked.ambiguous,
            source: record.source.clone(),
            title: record.title.clone(),
            may_loosen: trust.may_loosen(approved),
            vouched_by: trust.vouched_by(),
            subject_names: subjects.iter().flat_map(|s| self.settings.names_of(&s.name)).collect(),
            subject,
            removed,
            distrusted,
            why,
        }
        .masked()
    }

    fn intent(&self, read: &Read<'_>, why: &mut Vec<String>) -> Intent {
        let workload = |word: &str| self.names.is_owner(word) && !word.contains('@');
        let reading = intent::Reading {
            record: read.record,
            units: read.units,
            judged: read.judged,
            mentions: read.mentions,
            lexicon: &self.lexicon,
            workload: &workload,
        };
        reading.intent(why)
    }

    /// The configured field first, then the text, then what comments correct.
    fn link(&self, read: &Read<'_>, distrusted: &mut Vec<crate::model::ticket::Distrusted>) -> Linked {
        let scene = Scene { record: read.record, context: read.context, mentions: read.mentions.to_vec() };
        let mut linked = scene.link();
        if let Some(value) = read.record.fields.get(&Field::Credential) {
            let unit = Unit {
                origin: Origin::Title,
                shape: text::Shape::Item,
                text: value.clone(),
                heading: None,
                lead: None,
                line: 0,
            };
            let judged = judge(&unit, &self.lexicon);
            for mention in mention::find(0, &unit, &judged, &self.names) {
                let (id, strength) = match &mention.target {
                    Target::Unknown(id) => (id.clone(), mention.strength),
                    Target::Known(of) => match choose_in_field(of, value, read.context) {
                        Some(one) => (self.names.entities[one].id.clone(), mention.strength),
                        None => continue,
                    },
                };
                let link = Link {
                    credential: id.clone(),
                    strength,
                    field: "credential".to_owned(),
                    quote: quote(value),
                    trusted: true,
                };
                linked.why.push(format!("link {id}: {} in the credential's field", links::word(strength)));
                let known = linked.links.entry(id).or_insert_with(|| link.clone());
                if known.strength < strength {
                    *known = link;
                }
            }
        }
        let chosen = |mention: &Mention| -> Vec<Id> {
            let Target::Known(of) = &mention.target else { return Vec::new() };
            let found = if of.len() == 1 { of.clone() } else { read.context.choose(of, mention.unit, mention.clause) };
            found.into_iter().map(|of| self.names.entities[of].id.clone()).collect()
        };
        if !linked.links.is_empty() {
            read.trust.corrections(read.units, read.mentions, &chosen, &mut linked, distrusted);
        }
        linked
    }

    fn subjects(&self, read: &Read<'_>, intent: Intent) -> Vec<Subject> {
        if matches!(intent, Intent::None | Intent::Revoke | Intent::Rotate)
            && !read.record.fields.contains_key(&Field::Person)
        {
            return Vec::new();
        }
        let search = Search {
            record: read.record,
            units: read.units,
            judged: read.judged,
            names: &self.names,
            directory: &self.directory,
            intent,
        };
        search.subjects()
    }

    /// Everything that a leaver owns, what the text keeps left out.
    fn owned(&self, read: &Read<'_>, subjects: &[Subject], linked: &mut Linked) {
        for subject in subjects {
            for name in self.settings.names_of(&subject.name) {
                for of in self.names.owned_by(&name) {
                    let id = self.names.entities[*of].id.clone();
                    if linked.kept.contains(&id) || linked.links.contains_key(&id) {
                        continue;
                    }
                    linked.why.push(format!("link {id}: owned by {name}"));
                    let link = Link {
                        credential: id.clone(),
                        strength: Strength::Owner,
                        field: subject.field.clone(),
                        quote: subject.quote.clone(),
                        trusted: true,
                    };
                    linked.links.insert(id, link);
                }
            }
        }
        // A name that the owner decides is not open any more.
        let owned: Vec<String> = linked.links.keys().map(ToString::to_string).collect();
        linked.ambiguous.retain(|said| !owned.iter().any(|id| said.contains(id.as_str())));
        if linked.links.is_empty() && subjects.is_empty() {
            linked.ambiguous.push(format!("who leaves cannot be told: {}", quote(&read.record.title)));
        }
    }

    fn access(
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
        let (environments, resources, tenants) = access::places(read.record, read.context);
        Access {
            holder: subjects.first().map(|subject| subject.name.clone()),
            level,
            environments: if removes { Vec::new() } else { environments },
            resources,
            tenants: if removes { Vec::new() } else { tenants },
        }
    }

    /// Asking for a role is asking for what it allows.
    fn role_level(&self, linked: &Linked) -> Option<Level> {
        let mut levels =
            linked.links.keys().map(|id| self.names.by_id(id).and_then(|of| self.names.entities[of].level));
        let first = levels.next()??;
        levels.all(|level| level == Some(first)).then_some(first)
    }
}

impl Ticket {
    /// Without values of credentials in any words that are printed: people paste them everywhere.
    fn masked(mut self) -> Self {
        let words = [&mut self.url, &mut self.resolution, &mut self.subject, &mut self.access.holder];
        words.into_iter().flatten().for_each(mask);
        // What is unclear and why a ticket was understood so is made of ids, which stay, and of quotes, which are masked.
        self.distrusted.iter_mut().for_each(|refused| {
            mask(&mut refused.what);
            mask(&mut refused.quote);
        });
        mask(&mut self.title);
        self
    }
}

fn choose_in_field(of: &[usize], value: &str, context: &Context<'_>) -> Option<usize> {
    if let [one] = of {
        return Some(*one);
    }
    match context.choose_for_field(of, value)[..] {
        [one] => Some(one),
        _ => None,
    }
}

/// A window that ends before it begins, or beyond any reason, is none.
fn clamp(window: &mut Option<Window>, now: Timestamp) -> Option<String> {
    let far = now.checked_add(jiff::SignedDuration::from_hours(24 * 366 * 50)).unwrap_or(Timestamp::MAX);
    let bad = window.as_ref().is_some_and(|w| {
        w.start.zip(w.end).is_some_and(|(start, end)| end < start) || w.end.is_some_and(|end| end > far)
    });
    bad.then(|| {
        *window = None;
        "its window ends before it begins, or never".to_owned()
    })
}
