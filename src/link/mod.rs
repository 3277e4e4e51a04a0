//! Linking: which ticket speaks of which slot or credential, what it asks for, and the words that prove it. Pure: records come from
//! `sources`, expectations are folded by `expect`.

mod dates;
mod intent;
mod level;
mod resolve;
mod state;
mod terms;
mod text;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::Id;
use crate::model::catalog::Entry;
use crate::model::inventory::Inventory;
use crate::model::mask::{mask, masked};
use crate::model::settings::Settings;
use crate::model::ticket::{Access, Field, Intent, Link, Person, Record, Removal, Strength, Ticket};

use terms::Terms;
use text::{Clause, Stance};

/// The most characters of a quote.
const QUOTE: usize = 160;

/// Everything that tickets can speak of.
pub struct Index {
    terms: Terms,
    settings: Settings,
    /// People by every name, lower case, with all their names.
    environments: Vec<String>,
}

impl Index {
    /// Indexes an inventory. Rows of the catalogue add names of what they identify.
    #[must_use]
    pub fn new(inventory: &Inventory, catalog: &[Entry], settings: &Settings) -> Self {
        let mut environments: Vec<String> =
            ["production", "prod", "staging", "development", "test"].map(str::to_owned).into();
        let named = inventory.slots.iter().filter_map(|slot| slot.environment.clone());
        let granted = inventory.credentials.iter().flat_map(|c| {
            c.environment.clone().into_iter().chain(c.grants.iter().filter_map(|g| g.environment.clone()))
        });
        environments.extend(
            named
                .chain(granted)
                .chain(catalog.iter().filter_map(|row| row.environment.clone()))
                .map(|e| e.to_lowercase()),
        );
        environments.sort();
        environments.dedup();
        Self { terms: Terms::new(inventory), settings: settings.clone(), environments }
    }

    /// Reads a ticket.
    #[must_use]
    pub fn understand(&self, record: &Record, now: Timestamp) -> Ticket {
        let clauses = text::clauses(record);
        let mut why = Vec::new();
        let mut ambiguous = Vec::new();
        let state = state::of(record, &self.settings, &mut why);
        let mut intent = intent::of(record, &clauses, &self.settings, &mut why);
        let people = self.people(record, &clauses);
        let window = dates::window(record, &clauses, &self.settings, self.trusts(record));
        if intent == Intent::Provision && window.is_some() {
            intent = Intent::Elevate;
            why.push("a time limit makes a grant temporary".to_owned());
        }
        let resolver =
            resolve::Resolver { terms: &self.terms, record, clauses: &clauses, environments: &self.environments };
        let mut links = BTreeMap::new();
        if intent != Intent::None {
            resolver.links(intent, &mut links, &mut ambiguous);
        }
        if intent == Intent::Offboard {
            self.owned(&people, record, &clauses, &resolver, &mut links);
        }
        let links: Vec<Link> = links.into_values().collect();
        for link in &links {
            why.push(format!("{}: {} ({})", link.field, link.credential, link.quote));
        }
        let grants = matches!(intent, Intent::Provision | Intent::Modify | Intent::Elevate);
        let (level, vague) = if grants { level::of(record, &clauses, &self.settings) } else { (None, None) };
        ambiguous.extend(vague);
        if grants && links.is_empty() {
            ambiguous.push("it names no credential that is known".to_owned());
        }
        let environments = resolver.environments_named();
        let approved = self.approved(record);
        let project = self.settings.trust.projects.is_empty()
            || self.settings.trust.projects.iter().any(|p| p.eq_ignore_ascii_case(&record.project));
        let vouchers: Vec<&Person> = record.assignee.iter().chain(&record.approvers).collect();
        let vouched_by: Vec<String> = vouchers.iter().flat_map(|person| person.names.clone()).collect();
        let by_author_alone = !self.settings.change_authors.is_empty()
            && vouchers.iter().all(|person| person.is_any_of(&self.settings.change_authors))
            && record.reporter.is_any_of(&self.settings.change_authors);
        let removed = if intent == Intent::Modify { self.removed(&clauses, &environments) } else { Vec::new() };
        Ticket {
            id: record.id.clone(),
            system: record.system,
            url: record.url.clone(),
            intent,
            state: state.state,
            resolution: state.resolution,
            opened_at: record.opened_at,
            closed_at: state.closed_at,
            due_at: record.due_at,
            effective_at: dates::effective(record, &clauses, &self.settings, intent),
            window,
            subject: people.first().cloned(),
            approved,
            access: Access {
                holder: people.first().cloned(),
                level,
                environments: if grants && removed.is_empty() { environments } else { Vec::new() },
                resources: Vec::new(),
                tenants: Vec::new(),
            },
            links,
            ambiguous,
            source: record.source.clone(),
            title: record.title.clone(),
            may_loosen: approved && project && !by_author_alone,
            vouched_by,
            subject_names: people.iter().flat_map(|name| self.settings.names_of(name)).collect(),
            removed,
            distrusted: state.distrusted,
            why,
        }
        .masked()
        .at(now)
    }

    /// Who may loosen by a comment or a history entry on this ticket.
    fn trusts<'s>(&'s self, record: &'s Record) -> impl Fn(&Person) -> bool + 's {
        move |person| {
            let on_it = record
                .assignee
                .iter()
                .chain(&record.approvers)
                .any(|one| one.names.iter().any(|n| person.names.contains(n)));
            on_it || person.is_any_of(&self.settings.trust.approvers)
        }
    }

    /// Whether it was approved, as far as can be read.
    fn approved(&self, record: &Record) -> bool {
        let listed = self.settings.trust.approved.get(state::system(record.system));
        match record.fields.get(&Field::Approval) {
            Some(value) => match listed {
                Some(words) => words.iter().any(|word| word.eq_ignore_ascii_case(value.trim())),
                None => value.trim().eq_ignore_ascii_case("approved"),
            },
            None => !record.approvers.is_empty(),
        }
    }

    /// Whom the ticket concerns: the person field, then addresses and owners in the text. A first name alone is nobody.
    fn people(&self, record: &Record, clauses: &[Clause]) -> Vec<String> {
        let mut out: Vec<String> = record.fields.get(&Field::Person).into_iter().cloned().collect();
        for clause in clauses {
            for (_, token) in terms::tokens(&clause.text) {
                let token = token.trim_start_matches('@');
                let address = token.contains('@') && token.contains('.') && !token.contains('/');
                let known = self.terms.owners.contains_key(&token.to_lowercase())
                    || self
                        .settings
                        .people
                        .iter()
                        .any(|person| person.iter().any(|name| name.eq_ignore_ascii_case(token)));
                if (address || known)
                    && clause.stance != Stance::Keep
                    && !out.iter().any(|name| name.eq_ignore_ascii_case(token))
                {
                    out.push(token.to_owned());
                }
            }
        }
        out
    }

    /// Everything that a leaver owns.
    fn owned(
        &self,
        people: &[String],
        record: &Record,
        clauses: &[Clause],
        resolver: &resolve::Resolver<'_>,
        links: &mut BTreeMap<Id, Link>,
    ) {
        let Some(leaver) = people.first() else { return };
        for name in self.settings.names_of(leaver) {
            for id in self.terms.owners.get(&name.to_lowercase()).into_iter().flatten() {
                if resolver.kept(id) {
                    continue;
                }
                let lower = name.to_lowercase();
                let at = clauses.iter().find(|clause| clause.line.to_lowercase().contains(&lower));
                links.entry(id.clone()).or_insert_with(|| Link {
                    credential: id.clone(),
                    strength: Strength::Owner,
                    field: at.map_or_else(|| "person".to_owned(), |clause| clause.field.clone()),
                    quote: quote(at.map_or(record.title.as_str(), |clause| clause.line.as_str())),
                    trusted: true,
                });
            }
        }
    }

    /// What a change takes away: the environments in the clauses that take away, or everything where none is named.
    fn removed(&self, clauses: &[Clause], environments: &[String]) -> Vec<Removal> {
        let takes = clauses.iter().filter(|clause| clause.stance != Stance::Keep && level::takes_away(&clause.text));
        let Some(first) = takes.clone().next() else { return Vec::new() };
        let named: Vec<&String> = environments
            .iter()
            .filter(|e| takes.clone().any(|clause| resolve::mentions(&clause.line, e) || clause.field == "title"))
            .collect();
        let removal = |environment: Option<String>| Removal {
            level: level::taken(&first.text),
            environment,
            tenant: None,
            quote: quote(&first.line),
        };
        if named.is_empty() {
            vec![removal(None)]
        } else {
            named.into_iter().map(|e| removal(Some(e.clone()))).collect()
        }
    }
}

impl Ticket {
    /// Without values of credentials in any words that are printed: people paste them everywhere.
    fn masked(mut self) -> Self {
        let words = [&mut self.url, &mut self.resolution, &mut self.subject, &mut self.access.holder];
        words.into_iter().flatten().for_each(mask);
        self.ambiguous.iter_mut().chain(&mut self.why).for_each(mask);
        self.distrusted.iter_mut().for_each(|refused| {
            mask(&mut refused.what);
            mask(&mut refused.quote);
        });
        mask(&mut self.title);
        self
    }

    /// A window that ends before it begins is none.
    fn at(mut self, _now: Timestamp) -> Self {
        if self.window.as_ref().is_some_and(|w| w.start.zip(w.end).is_some_and(|(start, end)| end < start)) {
            self.window = None;
            self.ambiguous.push("its window ends before it begins".to_owned());
        }
        self
    }
}

/// Words to quote: one line, without values of credentials, not too long. Cut last: half a value is still one.
fn quote(line: &str) -> String {
    let line = masked(line);
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= QUOTE { line } else { line.chars().take(QUOTE).chain(['…']).collect() }
}
