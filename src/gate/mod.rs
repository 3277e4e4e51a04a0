//! The straight line: read the pipelines, collect, link, expect, judge, decide. The one module that knows the order; each step's work
//! stands in its own module.

mod absence;
mod account;
mod change;
mod collect;
mod copies;
mod dated;
mod freshness;
mod gaps;
mod near;
pub mod place;
mod reading;
mod report;
pub mod scan;
mod version;
mod wants;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::config::{Config, Environment};
use crate::expect;
use crate::link::Index;
use crate::model::Id;
use crate::model::expectation::Expectations;
use crate::model::id::SubjectType;
use crate::model::inventory::{Inventory, Slot};
use crate::model::pipeline::Pipelines;
use crate::model::report::Report;
use crate::model::scope::{RunPlace, ScopeKind};
use crate::model::settings::Settings;
use crate::model::ticket::Ticket;
use crate::policy::reach::{self, Jobs};
use crate::policy::resolve::Resolver;
use crate::policy::{decide, scope};
use crate::rules::{self, Case, Facts};
use crate::sources::{Sources, Variable, Wanted};

pub use change::{Changed, changed};
pub use collect::Collected;

/// Why nothing is asked for a fork's change.
const FORK: &str = "the change comes from a fork, which gets no credentials";

/// What one run is asked for, beside the configuration.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The checkout.
    pub root: PathBuf,
    /// `--scope`; none is the default.
    pub scope: Option<ScopeKind>,
    /// `--now`; none is the clock's.
    pub now: Option<Timestamp>,
    /// `--offline`.
    pub offline: bool,
    /// `--no-probe`.
    pub no_probe: bool,
    /// `--snapshot`: a file or URL.
    pub snapshot: Option<String>,
    /// `--max-wait`.
    pub max_wait: Duration,
    /// `tickets --explain`: the ticket whose words are to be shown.
    pub explain: Option<String>,
    /// Read every ticket wholly. Without, what bears on nothing is left out of exports first: the report is the same.
    pub read_all: bool,
    /// What the change under the gate does to its gate, from [`changed`].
    pub change: Changed,
    /// `--override`: the ticket that is to let a blocked deploy through.
    pub emergency: Option<String>,
    /// `--mode warn`: the same report, and exit code 0.
    pub warn_only: bool,
}

impl Options {
    fn wanted(&self, config: &Config, now: Timestamp) -> Wanted {
        Wanted {
            now,
            offline: self.offline,
            no_probe: self.no_probe,
            withheld: config.fork.as_ref().map(|_| FORK).or_else(|| self.change.withheld()),
            repository: config.settings.repository.clone(),
            ..Wanted::default()
        }
    }

    /// As of when to judge.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        // Whole seconds: reports are compared as text.
        let now = self.now.unwrap_or_else(Timestamp::now);
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }
}

/// The gate: from a checkout and a configuration to the report.
pub async fn check(options: &Options, config: &Config, sources: &Sources, env: &Environment) -> Report {
    let now = options.now();
    let settings = &config.settings;
    let mut want = options.wanted(config, now);
    let pipelines = crate::pipeline::read(std::slice::from_ref(&options.root), &crate::pipeline::Options::default());
    let run = RunPlace { warns: options.warn_only, ..place::run_place(env) };
    let mut scope = scope::scope(&pipelines, options.scope.clone(), &run);
    let jobs = Jobs::new(&pipelines);
    let used = reach::in_scope(&pipelines, &scope, &jobs);

    // What is recorded in files comes first: it names the slots. Then what the live stores say of those that the deploy reads.
    let mut collected = Collected::new(now);
    collected.read_all = options.read_all;
    if let Some(place) = &options.snapshot {
        let shown = scan::read(place, options, config, sources).await;
        want.recorded = collected.snapshot(sources, shown, settings, config.fingerprint_key.is_some());
    }
    collected.recorded(sources, &want).await;
    apply_links(&mut collected.inventory, settings);
    let home = &sources.home;
    let repository = settings.repository.as_deref();
    {
        let resolver = Resolver::new(&collected.inventory, repository, home);
        let reached = reach::reach(&scope, &used, &resolver, &collected.inventory, &BTreeSet::new());
        wants::stores(&used, &mut want);
        want.slots = reached.slots.into_keys().collect();
        want.credentials = reached.credentials.into_keys().collect();
    }
    collected.stores(sources, &want).await;
    apply_links(&mut collected.inventory, settings);
    copies::join(&mut collected.inventory);
    let (blind, absent, unknown, bound) = {
        let resolver = Resolver::new(&collected.inventory, repository, home);
        (
            reach::blind(&used, &resolver),
            reach::absent_slots(&used, &resolver),
            reach::unknown_slots(&used, &resolver),
            reach::bindings(&pipelines, &scope, &used, &resolver, &jobs),
        )
    };
    collected.add_slots(unknown);
    want.variables = bound.into_iter().map(|(name, slot)| Variable { name, slot }).collect();

    // The gate's own environment: which credentials are at hand, and for those without an id in their value, who they are.
    let examined = collected.at_hand(sources, &want).await;
    copies::join(&mut collected.inventory);
    collected.add_held();
    // What the deploy reaches is asked of its issuer now: tickets may use names that only the issuer tells, a user's for a key.
    let mut early = Wanted { slots: BTreeSet::new(), ..want.clone() };
    {
        let resolver = Resolver::new(&collected.inventory, repository, home);
        let reached = reach::reach(&scope, &used, &resolver, &collected.inventory, &examined);
        early.credentials = reached.credentials.into_keys().collect();
    }
    early.tenants = tenants(&collected.inventory, &early.credentials);
    collected.issuers(sources, &early, true).await;
    {
        let resolver = Resolver::new(&collected.inventory, repository, home);
        let reached = reach::reach(&scope, &used, &resolver, &collected.inventory, &examined);
        let mut focus = wants::focus(&reached, &collected, settings);
        focus.tickets.extend(options.emergency.iter().cloned());
        focus.tickets.extend(options.change.tickets());
        want.focus = Some(focus);
    }
    let mut tickets = collected.tickets(sources, &want, settings).await;
    dated::as_of(&mut tickets, now);
    collected.undated(&tickets, sources);
    name_slots_of_tickets(&mut collected.inventory, &tickets);

    // Now it is known what matters: what the deploy reaches, and what tickets speak of.
    let expected = expect::expect(&tickets, &collected.inventory, settings, now);
    want.slots = expected.of.keys().filter(|id| id.subject_type() == SubjectType::Slot).cloned().collect();
    want.credentials = expected.of.keys().filter(|id| id.subject_type() == SubjectType::Credential).cloned().collect();
    want.changes = want.slots.clone();
    {
        let resolver = Resolver::new(&collected.inventory, repository, home);
        let reached = reach::reach(&scope, &used, &resolver, &collected.inventory, &examined);
        want.slots.extend(reached.slots.keys().cloned());
        want.credentials.extend(reached.credentials.keys().cloned());
    }
    want.tenants = tenants(&collected.inventory, &want.credentials);
    want.grants = grants(&want.credentials, &expected, settings);
    let asked = |id: &Id| early.credentials.contains(id) && !want.grants.contains(id);
    let rest = want.credentials.iter().filter(|id| !asked(id)).cloned().collect();
    collected.issuers(sources, &Wanted { credentials: rest, ..want.clone() }, false).await;
    collected.probes(sources, &want).await;
    copies::join(&mut collected.inventory);
    let tickets = collected.sorted(tickets);
    let live = sources.issuers.iter().map(|source| source.about());
    let live = live.map(|about| (about.name.clone(), (about.kind.clone(), about.authority.clone()))).collect();
    absence::mark(&mut collected.inventory, &want.credentials, &live);

    // From here on nothing is read any more.
    scope.weakened = options.change.weakened(&tickets, settings);
    let inventory = &collected.inventory;
    let expected = expect::expect(&tickets, inventory, settings, now);
    let resolver = Resolver::new(inventory, repository, home);
    let mut reached = reach::reach(&scope, &used, &resolver, inventory, &examined);
    let replaced: Vec<(Id, Id)> = expected
        .of
        .iter()
        .filter_map(|(slot, expected)| Some((slot, expected.rotated.as_ref()?)))
        .flat_map(|(slot, rotation)| rotation.replaced.iter().map(|old| (slot.clone(), old.clone())))
        .collect();
    reach::add_replaced(&mut reached, &replaced);
    let references: Vec<_> = own_references(&pipelines);
    let case = Case::new(Facts {
        now,
        settings,
        inventory,
        tickets: &tickets,
        catalog: &collected.catalog,
        references: &references,
        expected: &expected,
        scope: &scope,
        reach: &reached,
        absent: &absent,
    });
    let (drafts, needs, proofs) = rules::check(&case);
    let judged = decide::judge(drafts.into_iter().map(report::found).collect(), &reached, settings, &tickets, now);
    let gaps = gaps::split(&gaps::Inputs {
        needs: &needs,
        findings: &judged.findings,
        collected: &collected,
        pipelines: &pipelines,
        scope: &scope,
        reach: &reached,
        settings,
        outer: &want.outer,
        used: &used,
        blind,
        sources,
        change: options.change.gaps(),
    });
    report::assemble(report::Parts {
        options,
        now,
        settings,
        pipelines: &pipelines,
        scope: &scope,
        inventory,
        reach: &reached,
        tickets: tickets.len(),
        notes: &expected.notes,
        judged,
        proofs,
        gaps,
        collected: &collected,
        config_notes: &config.notes,
        all_tickets: &tickets,
    })
}

/// `driftgate tickets`: what is recorded, and the tickets as understood against it.
pub async fn tickets(options: &Options, config: &Config, sources: &Sources) -> (Vec<Ticket>, Collected) {
    let want = Wanted { everything: true, ..options.wanted(config, options.now()) };
    let mut collected = Collected::new(options.now());
    collected.recorded(sources, &want).await;
    collected.stores(sources, &want).await;
    apply_links(&mut collected.inventory, &config.settings);
    copies::join(&mut collected.inventory);
    collected.add_held();
    collected.keep_all = true;
    collected.explain.clone_from(&options.explain);
    let tickets = collected.tickets(sources, &want, &config.settings).await;
    let tickets = collected.sorted(tickets);
    (tickets, collected)
}

/// `driftgate inventory`: what the sources hold.
pub async fn inventory(options: &Options, config: &Config, sources: &Sources) -> Collected {
    let want = Wanted { everything: true, ..options.wanted(config, options.now()) };
    enumerate(want, options.now(), config, sources).await
}

/// Everything that the sources show, as far as `want` goes.
async fn enumerate(mut want: Wanted, now: Timestamp, config: &Config, sources: &Sources) -> Collected {
    let mut collected = Collected::new(now);
    collected.recorded(sources, &want).await;
    apply_links(&mut collected.inventory, &config.settings);
    want.slots = collected.inventory.slots.iter().map(|slot| slot.id.clone()).collect();
    collected.stores(sources, &want).await;
    apply_links(&mut collected.inventory, &config.settings);
    copies::join(&mut collected.inventory);
    collected.at_hand(sources, &want).await;
    collected.add_held();
    want.slots = collected.inventory.slots.iter().map(|slot| slot.id.clone()).collect();
    want.credentials = collected.inventory.credentials.iter().map(|credential| credential.id.clone()).collect();
    want.tenants = tenants(&collected.inventory, &want.credentials);
    want.grants = want.credentials.clone();
    collected.issuers(sources, &want, false).await;
    collected.probes(sources, &want).await;
    copies::join(&mut collected.inventory);
    collected
}

/// Of which credentials a rule compares the grants: those with an approval or a removal of access, and, with a catalogue, all.
fn grants(wanted: &BTreeSet<Id>, expected: &Expectations, settings: &Settings) -> BTreeSet<Id> {
    let stated = |id: &&Id| {
        let expected = expected.of.get(*id);
        expected.is_some_and(|e| !e.approved.is_empty() || !e.elevated.is_empty() || !e.removed.is_empty())
    };
    wanted.iter().filter(|id| settings.has_catalog || stated(id)).cloned().collect()
}

/// Joins that no store can show: they fill what no source says, and never overrule one.
fn apply_links(inventory: &mut Inventory, settings: &Settings) {
    for (slot, credential) in &settings.links {
        match inventory.slots.iter_mut().find(|known| known.id == *slot) {
            Some(known) => known.holds = known.holds.take().or_else(|| Some(credential.clone())),
            None => inventory.slots.push(Slot { holds: Some(credential.clone()), ..named(slot) }),
        }
        if inventory.credential(credential).is_none() {
            inventory.credentials.push(crate::model::inventory::Credential::bare(credential.clone()));
        }
    }
}

/// What is recorded as the tenants of credentials.
fn tenants(inventory: &Inventory, wanted: &BTreeSet<Id>) -> BTreeMap<Id, String> {
    let known = inventory.credentials.iter().filter(|credential| wanted.contains(&credential.id));
    known.filter_map(|credential| Some((credential.id.clone(), credential.tenant.clone()?))).collect()
}

/// Slots that only a ticket names exactly: a store may know them.
fn name_slots_of_tickets(inventory: &mut Inventory, tickets: &[Ticket]) {
    let linked = tickets.iter().flat_map(|ticket| &ticket.links).map(|link| &link.credential);
    let mut new: BTreeSet<&Id> = linked.filter(|id| id.subject_type() == SubjectType::Slot).collect();
    inventory.slots.iter().for_each(|slot| {
        new.remove(&slot.id);
    });
    let slots: Vec<Slot> = new.into_iter().map(named).collect();
    inventory.slots.extend(slots);
}

/// A slot of which only the id is known, with the name that its id carries.
fn named(id: &Id) -> Slot {
    let name = id.rest().rsplit(':').next().unwrap_or_default();
    Slot { name: Some(name.to_owned()).filter(|name| !name.is_empty()), ..Slot::bare(id.clone()) }
}

/// References of the checkout's own pipelines, without those of checkouts below it.
fn own_references(pipelines: &Pipelines) -> Vec<crate::model::reference::Reference> {
    let nested: BTreeSet<&str> =
        pipelines.pipelines.iter().map(|p| p.root.as_str()).filter(|root| !root.is_empty()).collect();
    let own = |file: &str| !nested.iter().any(|root| file.strip_prefix(root).is_some_and(|rest| rest.starts_with('/')));
    pipelines.references.iter().filter(|reference| own(&reference.file)).cloned().collect()
}

/// The index of everything that tickets can speak of.
fn index(collected: &Collected, settings: &Settings) -> Index {
    Index::new(&collected.inventory, &collected.catalog, settings)
}
