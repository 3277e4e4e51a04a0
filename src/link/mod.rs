//! Linking: which ticket speaks of which slot or credential, what it asks for, and the words that prove it. Pure: records come from
//! `sources`, expectations are folded by `expect`. A ticket's text, as far as it is read (`bound`), is cut into units (`text`) and clauses with a stance (`stance`, `verbs`). Identifiers
//! are looked up token by token (`tokens`, `index`, `mention`), and tables give their rows a verdict (`table`). Namesakes are told apart by
//! the words around them (`choose`), and what is acted on is linked (`links`). `trust` decides whose words may loosen.

mod abbreviated;
mod access;
mod added;
mod address;
mod answers;
mod apart;
mod appointed;
mod approval;
mod around;
mod beside;
mod bound;
mod boxes;
mod calendar;
mod changed;
mod choose;
mod clauses;
mod clock;
mod columns;
mod corrections;
mod csv;
mod dates;
mod daywords;
mod departs;
mod described;
mod effective;
mod ending;
mod entity;
mod explain;
mod filed;
mod foils;
mod hashed;
mod hints;
mod history;
mod index;
mod instead;
mod intent;
mod keyless;
mod leads;
mod lengths;
mod lent;
mod level;
mod levels;
mod links;
mod listed;
mod lookalike;
mod mail;
mod marks;
mod masked;
mod meaning;
mod meant;
mod mention;
mod moved;
mod namesakes;
mod nouns;
mod number;
mod object;
mod objected;
mod objects;
mod only;
mod ordered;
mod partial;
mod people;
mod planned;
mod postponed;
mod pronoun;
mod readings;
mod readonly;
mod refused;
mod replay;
mod request;
mod resort;
mod role;
mod scan;
mod settle;
mod sieve;
mod sifting;
mod site;
mod spread;
mod stance;
mod state;
mod states;
mod stories;
mod table;
mod talk;
mod text;
mod tokens;
mod tongues;
mod topics;
mod trust;
mod until;
mod verbs;
mod weighed;
mod weight;
mod weights;
mod window;
mod wrapped;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::catalog::Entry;
use crate::model::inventory::Inventory;
use crate::model::settings::Settings;
use crate::model::sieve::Sieve;
use crate::model::ticket::{Access, Field, Intent, Link, Record, State, Strength, Ticket};

use choose::Context;
use index::Names;
use links::{Linked, Scene, quote};
use mention::{Mention, Target};
use people::{Directory, Search, Subject};
use site::Site;
use stance::{Judged, Stance, judge};
use text::{Origin, Unit};
use trust::Trust;
use verbs::Lexicon;

/// Everything that tickets can speak of, and the words to read them by.
pub struct Index {
    names: Arc<Names>,
    lexicon: Arc<Lexicon>,
    directory: Directory,
    site: Site,
    explain: Option<String>,
    asked: Vec<String>,
    settings: Settings,
    zone: TimeZone,
}

/// A ticket's text, read once.
struct Read<'r> {
    record: &'r Record,
    units: &'r [Unit],
    judged: &'r [Judged<'r>],
    mentions: &'r [Mention],
    context: &'r Context<'r>,
    trust: &'r Trust<'r>,
}

/// What the history tells.
#[derive(Clone, Copy)]
struct Told<'r> {
    stated: &'r state::Stated,
    approval: &'r approval::Approval,
}

impl Index {
    /// Indexes an inventory. The catalogue adds owners, the settings people, words and the site's time zone.
    #[must_use]
    pub fn new(inventory: &Inventory, catalog: &[Entry], settings: &Settings) -> Self {
        Self {
            names: Arc::new(Names::new(inventory, catalog, settings)),
            lexicon: Arc::new(Lexicon::new(&settings.words)),
            directory: Directory::new(settings),
            site: Site::new(&settings.words),
            explain: None,
            asked: Vec::new(),
            settings: settings.clone(),
            zone: TimeZone::get(&settings.time_zone).unwrap_or(TimeZone::UTC),
        }
    }

    /// Has the words found again that decided how this ticket was understood ([`Ticket::traces`]).
    #[must_use]
    pub fn explaining(mut self, ticket: Option<String>) -> Self {
        self.explain = ticket;
        self
    }

    /// Tickets that are to be looked up, whatever they ask for: the sieve leaves none of them out.
    #[must_use]
    pub fn asked_for(mut self, tickets: impl IntoIterator<Item = String>) -> Self {
        self.asked.extend(tickets);
        self
    }

    /// The zone of times that name none: the tracker's, else the site's.
    fn zone_of(&self, record: &Record) -> TimeZone {
        record.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok()).unwrap_or_else(|| self.zone.clone())
    }

    /// What tells, without reading a ticket wholly, that it bears on nothing.
    #[must_use]
    pub fn sieve(&self) -> Arc<dyn Sieve> {
        Arc::new(sieve::Words::new(&self.names, &self.lexicon, &self.settings, &self.asked))
    }

    /// What leaves out all tickets but these.
    #[must_use]
    pub fn only<'i>(ids: impl IntoIterator<Item = &'i str>) -> Arc<dyn Sieve> {
        Arc::new(only::Only::new(ids))
    }

    /// Reads a ticket. `now` is not needed to understand it; it bounds nothing but stated times that cannot be.
    #[must_use]
    pub fn understand(&self, record: &Record, now: Timestamp) -> Ticket {
        let (record, unread) = bound::bounded(record);
        let trust = Trust::new(&record, &self.settings);
        let approval = trust.approval();
        let stated = state::of(&trust);
        let closed = stated.stood_done.or(stated.closed_at.filter(|_| stated.state != State::Open));
        let settled_at = [approval.at.map(|at| (at, "approved")), closed.map(|at| (at, "closed"))];
        let settled_at = settled_at.into_iter().flatten().min();
        let unknown = (approval.given && approval.at.is_none()) || (stated.state != State::Open && closed.is_none());
        trust.settled_at.set(if unknown { Some(Timestamp::MIN) } else { settled_at.map(|(at, _)| at) });
        let settled = settle::settle(&trust, settled_at);
        let told = Told { stated: &stated, approval: &approval };
        let mut ticket = self.read(&trust, told, now);
        if let Some(before) = &settled.before {
            let (entries, settled_at) = (trust.entries.clone(), trust.settled_at.clone());
            let trust = Trust { record: before, settings: &self.settings, entries, settled_at };
            let before = self.read(&trust, told, now);
            ticket.unread = ticket.unread.or_else(|| before.unread.clone());
            let cut = ticket.unread.clone();
            if settle::merge(&mut ticket, before, &self.settings) {
                ticket.distrusted.extend(settled.refused);
            }
            ticket.unread = cut;
        }
        ticket.unread = unread.or(ticket.unread);
        ticket.ambiguous.extend(ticket.unread.clone());
        // Nobody knows what the approval was for.
        ticket.may_loosen &= settled.lost.is_empty();
        ticket.distrusted.extend(settled.lost);
        ticket.edited = settled.late;
        ticket.masked()
    }

    /// Reads a ticket, with or without its quotes; and tells whether its own text speaks of the past.
    fn read_as(&self, trust: &Trust<'_>, told: Told<'_>, now: Timestamp, quotes: bool) -> (Ticket, bool) {
        let record = trust.record;
        let (units, cut) = text::units(record, quotes);
        let (judged, mentions) = self.judged(&units);
        let environment = record.fields.get(&Field::Environment).map(String::as_str).unwrap_or_default();
        let context = Context::new(&units, &judged, &self.names, environment, record.repository.as_deref());
        let read = Read { record, units: &units, judged: &judged, mentions: &mentions, context: &context, trust };
        let mut ticket = self.ticket(&read, told, now);
        if self.explain.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(&record.id)) {
            ticket.traces = self.traces(&read, &ticket, told.approval);
        }
        ticket.unread = cut.then(|| format!("it is too long to be read whole: {} sentences are read", units.len()));
        let past = |(unit, judged): (&Unit, &Judged)| {
            matches!(unit.origin, Origin::Body(_)) && judged.clauses.iter().any(|clause| clause.stance == Stance::Past)
        };
        (ticket, units.iter().zip(&judged).any(past))
    }

    fn ticket(&self, read: &Read<'_>, told: Told<'_>, now: Timestamp) -> Ticket {
        let (record, trust, stated) = (read.record, read.trust, told.stated);
        let mut why = vec![stated.why.clone()];
        let mut distrusted = stated.distrusted.clone();
        let mut intent =
            self.reading(record, read.units, read.judged, read.mentions, |reading| reading.intent(&mut why));
        let (zone, points) = (self.zone_of(record), window::Points::new(read.units));
        let times = |intent| window::Times {
            record,
            units: read.units,
            judged: read.judged,
            zone: zone.clone(),
            state: stated.state,
            intent,
            site: &self.site,
            read: &points,
            workload: false,
        };
        let mut window = None;
        if matches!(intent, Intent::Provision | Intent::Elevate | Intent::Modify) {
            window = times(intent).window().filter(|_| intent != Intent::Modify || until::lends(read.units));
            let temporary = intent == Intent::Elevate || lent::temporary(read.units, read.judged);
            if window.is_none() && (temporary || intent == Intent::Provision) {
                window = times(intent).granted(temporary, |comment| trust.trusts(&comment.author, comment.at));
            }
            if let Some(window) = &mut window {
                times(intent).finer_end(window);
                trust.extend(window, times(intent).extensions(window.end), &mut distrusted, &mut why);
                intent = Intent::Elevate;
                why.push(format!("window until {}", window.end.map_or_else(String::new, |end| end.to_string())));
            }
        }
        if let Some((turned, said)) = trust.turned(read, intent, &mut distrusted) {
            intent = turned;
            why.push(format!("intent {}: {said}", format!("{turned:?}").to_lowercase()));
        }
        let mut linked =
            if intent == Intent::None { Linked::default() } else { self.link(read, intent, &mut distrusted) };
        let subjects = self.subjects(read, intent);
        if intent == Intent::Offboard {
            self.owned(read, &subjects, &mut linked);
        }
        let due_at = settle::due_date(trust, intent, &mut distrusted).or_else(|| times(intent).deadline());
        if intent != Intent::None {
            linked.ambiguous.extend(lookalike::told(read.units, &self.names));
        }
        why.append(&mut linked.why);
        let grants = matches!(intent, Intent::Provision | Intent::Modify | Intent::Elevate);
        let mut removed = if intent == Intent::Modify { access::removals(read.context) } else { Vec::new() };
        // "It should not be able to push, re-add it as read-only": what it shall have says more.
        if let Some(level) = self.shall_have(read, intent).filter(|_| !removed.is_empty()) {
            removed.retain(|removal| !removal.spans(level));
        }
        let access = if grants {
            self.access(read, intent, &subjects, &mut linked, !removed.is_empty())
        } else {
            Access::default()
        };
        if let Some(level) = access.level {
            why.push(format!("level {level:?}").to_lowercase());
        }
        let ambiguous_window = window::clamp(&mut window, now);
        linked.ambiguous.extend(ambiguous_window);
        let approved = told.approval.given;
        if !approved {
            distrusted.extend(told.approval.distrusted.iter().cloned());
        }
        let subject = subjects.first().map(|subject| subject.name.clone());
        let workload = subject.as_ref().is_some_and(|name| self.names.is_owner(name) && !name.contains('@'));
        let effective_at = trust.effective(&window::Times { workload, ..times(intent) }, &mut distrusted, &mut why);
        Ticket {
            id: record.id.clone(),
            system: record.system,
            url: record.url.clone(),
            intent,
            state: stated.state,
            resolution: stated.resolution.clone(),
            opened_at: record.opened_at,
            closed_at: stated.closed_at.filter(|_| stated.state != State::Open),
            due_at,
            effective_at,
            window,
            approved,
            access,
            links: linked.links.into_values().collect(),
            ambiguous: linked.ambiguous,
            source: record.source.clone(),
            title: record.title.clone(),
            may_loosen: trust.may_loosen(approved),
            emergency: approval::emergency(record),
            of_change: trust.of_change(&record.reporter),
            vouched_by: trust.vouched_by(),
            subject_names: subjects.iter().flat_map(|s| self.settings.names_of(&s.name)).collect(),
            subject,
            removed,
            distrusted,
            edited: Vec::new(),
            stood_done: stated.stood_done,
            remarks: stated.withdrawn.iter().map(|said| format!("{} {said}", record.id)).collect(),
            duplicate_of: state::duplicate_of(record, stated.state),
            why,
            unread: None,
            traces: Vec::new(),
        }
    }

    /// The configured field first, then the text, then what comments correct.
    fn link(&self, read: &Read<'_>, intent: Intent, distrusted: &mut Vec<crate::model::ticket::Distrusted>) -> Linked {
        let mut mentions = read.mentions.to_vec();
        if matches!(intent, Intent::Provision | Intent::Elevate) {
            mentions.retain(|mention| !access::unneeded(&read.units[mention.unit], mention.start));
        }
        let named_in: std::collections::BTreeSet<usize> =
            mentions.iter().filter(|m| !m.identity && m.clause.is_some()).map(|m| m.unit).collect();
        let scene = |mentions, filed| Scene {
            record: read.record,
            context: read.context,
            mentions,
            filed,
            intent,
            named_in: named_in.clone(),
        };
        let mut linked = scene(mentions.clone(), false).link();
        // Filed afterwards: what was done is what the ticket is about, where nothing else is.
        if linked.links.is_empty() && filed::filed_afterwards(read.units) {
            linked = scene(mentions.clone(), true).link();
        }
        if linked.links.is_empty()
            && linked.ambiguous.is_empty()
            && let Some(meant) = resort::mentions(read, intent, &mentions, &self.lexicon)
        {
            linked = scene(meant, false).link();
        }
        if linked.links.is_empty() && intent == Intent::Modify {
            for (mention, unit, one) in moved::chosen(read) {
                let (entity, unit) = (&self.names.entities[one], &read.units[unit]);
                let link = Link {
                    credential: entity.id.clone(),
                    strength: read.mentions[mention].strength,
                    field: text::field(read.record, unit.origin),
                    quote: quote(&unit.text),
                    trusted: true,
                };
                linked.why.push(format!("link {}: the line that says what changes: {}", entity.id, link.quote));
                linked.links.insert(entity.id.clone(), link);
                linked.ambiguous.clear();
            }
        }
        if let Some(value) = read.record.fields.get(&Field::Credential) {
            let unit = Unit {
                origin: Origin::Title,
                shape: text::Shape::Item,
                text: value.clone(),
                heading: None,
                lead: None,
                line: 0,
                ticked: None,
                choice: false,
            };
            let judged = judge(&unit, &self.lexicon);
            for mention in mention::find(0, std::slice::from_ref(&unit), &judged, &self.names) {
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
        read.trust.of_comments(&mut linked);
        read.trust.corrections(read.context, read.mentions, &mut linked, distrusted);
        read.trust.added(read.context, read.mentions, intent, &mut linked);
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
}

fn choose_in_field(of: &[usize], value: &str, context: &Context<'_>) -> Option<usize> {
    if let [one] = of {
        return Some(*one);
    }
    // "GitLab group acme, not the one of the project"
    let end = [" not ", "(not ", " nicht ", " pas "].into_iter().filter_map(|word| value.find(word)).min();
    match context.choose_for_field(of, &value[..end.unwrap_or(value.len())])[..] {
        [one] => Some(one),
        _ => None,
    }
}
