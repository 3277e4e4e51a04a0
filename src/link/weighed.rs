//! What a ticket finally asks for: what the rules say (`intent`, `talk`), unless the weight of all its words is clearly for something
//! else. Rules know the words that they were given; a text that says it in other words is where the weights help. They are learnt from
//! invented tickets (`benches/intents.rs`), most of which the rules were not made by, and stand in `weights.txt`, to be read.

use std::collections::BTreeSet;

use crate::model::ticket::{Field, Intent, Record};

use super::clauses::{embedded, in_a_path};
use super::intent::{ENOUGH, Once, Reading, Scores, name};
use super::mention::{Mention, Target};
use super::stance::{Judged, Stance, judge};
use super::text::{Origin, Shape, Unit};
use super::tokens::{Word, tokens};
use super::weights::{Weight, telling};
use super::{Index, bound, filed, mention, moved, objects, ordered, table, text};

/// How a reason of `talk` begins that somebody's label or type gave.
pub(super) const LABELLED: &str = "it is labelled";

/// How a reason begins that words gave by their weight.
pub(super) const WEIGHED: &str = "the weight of its words is for it";

/// Why a ticket has no intent, where no words of it say that it asks for nothing.
pub(super) const SILENT: &str = "intent none: nothing in it asks for a change of access";

/// What stands for a number or a time, and for something known, in pairs of words.
const NUMBER: &str = "0";
const NAME: &str = "_";

/// How sure the weights must be to say something else than the rules: where these say nothing, something, or something that a title
/// orders or that would no longer be ended or replaced.
const SURE: [f64; 3] = [0.66, 0.4, 0.65];

/// How sure they must be that a grant is a change of one.
const CHANGES: f64 = 0.85;

/// How sure they must be that what a title only talks of is asked for.
const TALKED: f64 = 0.8;

/// How sure they must be that what is typed or labelled as a bug asks for anything.
const BUGS: f64 = 0.85;

/// A word of taking away.
fn lowers(word: &str) -> bool {
    [
        "reduc", "lower", "downgrad", "restrict", "limit", "narrow", "withdraw", "remov", "revok", "less", "chang",
        "switch", "entzieh",
    ]
    .iter()
    .any(|stem| word.starts_with(stem))
        || matches!(
            word,
            "loses" | "lose" | "away" | "instead" | "too" | "move" | "moves" | "longer" | "fewer" | "enough"
        )
}

/// What the rules make of a ticket.
pub(super) struct Ruled {
    pub(super) intent: Intent,
    /// Why it asks for nothing, whatever the scores are.
    talk: Option<String>,
    scores: Scores,
    why: String,
}

impl Ruled {
    /// Somebody says by a label or a type that it asks for nothing: no words outweigh that.
    fn labelled(&self) -> bool {
        self.talk.as_deref().is_some_and(|talk| talk.starts_with(LABELLED))
    }

    /// How sure something else must be: what would loosen more than what would tighten.
    fn sure(&self, other: Intent) -> f64 {
        let [nothing, something, ordered] = SURE;
        let points = self.scores.0.get(&self.intent).map_or(0.0, |(points, ..)| *points);
        let grants = |intent| matches!(intent, Intent::Provision | Intent::Elevate | Intent::Modify);
        // A revocation that becomes a rotation lets a new value live; what asks for nothing by its title grants nothing by its words.
        let loosens = (ends(self.intent) && !ends(other))
            || (self.intent == Intent::Revoke && other != Intent::Offboard)
            || (self.intent == Intent::Modify && other == Intent::Provision)
            || (self.talk.is_some() && grants(other));
        match self.intent {
            // What a title only talks of.
            Intent::None if self.talk.as_deref().is_some_and(|talk| talk.starts_with("its title is about")) => TALKED,
            _ if loosens || points >= 10.0 => ordered,
            Intent::None => nothing,
            _ => something,
        }
    }
}

impl Index {
    /// Everything in a ticket that has a weight, see `benches/intents.rs`.
    #[must_use]
    pub fn features(&self, record: &Record) -> BTreeSet<String> {
        let (record, _) = bound::bounded(record);
        let (units, _) = text::units(&record, false);
        let (judged, mentions) = self.judged(&units);
        self.reading(&record, &units, &judged, &mentions, |reading| reading.features(&reading.ruled()))
    }

    /// What each unit does, and what it names.
    pub(super) fn judged<'u>(&self, units: &'u [Unit]) -> (Vec<Judged<'u>>, Vec<Mention>) {
        let mut judged: Vec<Judged> = units.iter().map(|unit| judge(unit, &self.lexicon)).collect();
        ordered::logs(units, &mut judged);
        let mut mentions: Vec<Mention> =
            (0..units.len()).flat_map(|n| mention::find(n, units, &judged[n], &self.names)).collect();
        ordered::shown(units, &judged, &mut mentions);
        table::apply(units, &mut judged, &mut mentions);
        table::ticks(units, &mut judged, &mut mentions);
        moved::apply(units, &mut judged, &mut mentions);
        filed::spare_untouched(units, &mut mentions);
        objects::apply(units, &judged, &mut mentions);
        (judged, mentions)
    }

    /// Reads what a ticket asks for.
    pub(super) fn reading<T>(
        &self,
        record: &Record,
        units: &[Unit],
        judged: &[Judged<'_>],
        mentions: &[Mention],
        read: impl FnOnce(&Reading<'_>) -> T,
    ) -> T {
        let known = |text: &str| {
            tokens(text).iter().any(|token| !self.names.named(token.text).is_empty())
                || !self.names.named(text.trim()).is_empty()
        };
        let owner = |word: &str| self.names.is_owner(word);
        let workload = |word: &str| owner(word) && !word.contains('@');
        let role = |mention: &Mention| matches!(&mention.target, Target::Known(of) if of.iter().all(|of| self.names.entities[*of].kind == "role"));
        read(&Reading {
            record,
            units,
            judged,
            mentions,
            lexicon: &self.lexicon,
            workload: &workload,
            owner: &owner,
            known: &known,
            role: &role,
            once: Once::default(),
        })
    }
}

impl Reading<'_> {
    /// The intent, and why.
    pub(super) fn intent(&self, why: &mut Vec<String>) -> Intent {
        let intent = self.weighed(why);
        // "Create the successor, put it in, revoke 119": the steps of one rotation.
        if intent == Intent::Revoke && self.makes_a_successor() {
            why.push("intent rotate: what is revoked gets a successor".to_owned());
            return Intent::Rotate;
        }
        intent
    }

    /// Whether somebody is asked to make what takes the place of the only thing that is to go.
    fn makes_a_successor(&self) -> bool {
        let verb = |w: &Word| {
            matches!(&*w.text, "create" | "issue" | "generate" | "make" | "order" | "mint" | "request" | "erstellen")
        };
        let new = |w: &Word| matches!(&*w.text, "successor" | "replacement" | "nachfolger" | "sucesor" | "successeur");
        let asked =
            self.own().filter(|(unit, judged)| unit.shape != Shape::Code && !judged.question).any(|(_, judged)| {
                let filler = |w: &&Word| matches!(&*w.text, "please" | "then" | "and" | "first" | "to" | "1" | "2");
                let mut words = judged.words.iter().skip_while(filler);
                words.next().is_some_and(verb) && words.take(4).any(new)
            });
        let mut acted = self.own_mentions().filter(|m| !m.identity && m.stance == Stance::Act).map(|m| &m.target);
        let first = acted.next();
        asked && acted.all(|other| Some(other) == first)
    }

    /// What the rules and the weights make of it.
    fn weighed(&self, why: &mut Vec<String>) -> Intent {
        let ruled = self.ruled();
        // What names nothing is judged by the rules alone, as the sieve does.
        let named = self.own_mentions().next().is_some() || self.names_somebody();
        let features = if named { self.features(&ruled) } else { BTreeSet::new() };
        why.push(ruled.why.clone());
        if features.is_empty() || ruled.labelled() || (ruled.intent == Intent::None && self.title_is_foreign()) {
            return ruled.intent;
        }
        if ruled.intent == Intent::None && self.asks_nothing() {
            return Intent::None;
        }
        let words = || features.iter().map(String::as_str).chain(["always"]);
        let weight = Weight::of(words());
        if weight.intent == ruled.intent || weight.share(weight.intent) < ruled.sure(weight.intent) {
            return ruled.intent;
        }
        // More than somebody has is asked for like any access; a change that the rules do not see takes something away.
        if weight.intent == Intent::Modify
            && ruled.intent == Intent::Provision
            && weight.share(weight.intent) < CHANGES
            && !self.own().any(|(_, judged)| judged.words.iter().any(|w| lowers(&w.text)))
        {
            return ruled.intent;
        }
        // "Renew it; the old one can be dropped as soon as it works": what ends is the old value.
        if weight.intent == Intent::Revoke && ruled.intent == Intent::Rotate && self.drops_the_old() {
            return ruled.intent;
        }
        // What a bug tells of a page is told in many words of ours.
        if ruled.intent == Intent::None && self.of_a_product() && weight.share(weight.intent) < BUGS {
            return ruled.intent;
        }
        // How long a grant holds is told by its window.
        if weight.intent == Intent::Elevate && ruled.intent == Intent::Provision {
            return ruled.intent;
        }
        let telling: Vec<&str> =
            telling(words(), weight.intent, ruled.intent).into_iter().filter_map(said).take(4).collect();
        why.push(format!(
            "intent {}: {WEIGHED}, {:.0} of 100; most that of {}",
            name(weight.intent),
            weight.share(weight.intent) * 100.0,
            telling.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
        ));
        weight.intent
    }

    /// "The old one can go then": the end of what a new value replaces, which another sentence, or the same, asks for.
    fn drops_the_old(&self) -> bool {
        let pairs = || self.own().take(40).flat_map(|(_, judged)| judged.words.windows(2));
        let value =
            |word: &str| matches!(word, "one" | "value" | "key" | "token" | "password" | "version" | "pair" | "secret");
        let said = |old: &[&str]| pairs().any(|pair| old.contains(&&*pair[0].text) && value(&pair[1].text));
        said(&["old", "previous", "former"]) && said(&["new", "fresh", "next"])
    }

    /// The words that speak most for an intent that the rules do not see, by their units.
    pub(super) fn telling_words(&self, intent: Intent) -> Vec<(usize, Vec<(usize, usize)>)> {
        /// So many words are shown; the rest weighs little.
        const MOST: usize = 8;
        let ruled = self.ruled();
        let features = self.features(&ruled);
        let telling = telling(features.iter().map(String::as_str), intent, ruled.intent);
        let words = telling.into_iter().filter(|feature| !feature.contains(' ')).filter_map(said);
        let words: BTreeSet<&str> = words.take(MOST).collect();
        let own = self.own().enumerate().filter(|(_, (unit, _))| unit.shape != Shape::Code);
        own.filter_map(|(number, (unit, judged))| {
            let (loud, mut names) = (is_loud(unit), Names::of(self.of_unit(number)));
            let mut spans = Vec::new();
            for word in &judged.words {
                if self.plain(&mut names, unit, word, loud).is_some_and(|own| words.contains(own.as_str())) {
                    spans.push((word.start, word.end));
                }
            }
            (!spans.is_empty()).then_some((number, spans))
        })
        .collect()
    }

    /// What the rules make of it.
    pub(super) fn ruled(&self) -> Ruled {
        let talk = self.only_talk();
        let scores = self.scores();
        if let Some(reason) = &talk {
            let why = format!("intent none: {reason}");
            return Ruled { intent: Intent::None, talk, scores, why };
        }
        // Of equal ones, what was said first.
        let mut best: Option<(Intent, f64)> = None;
        let mut ranked: Vec<_> = scores.0.iter().filter(|(_, (points, ..))| *points >= ENOUGH).collect();
        ranked.sort_by_key(|(_, (.., turn))| *turn);
        for (intent, (points, ..)) in ranked {
            if best.is_none_or(|(_, most)| *points > most) {
                best = Some((*intent, *points));
            }
        }
        let Some((intent, points)) = best else {
            let why = SILENT.to_owned();
            return Ruled { intent: Intent::None, talk, scores, why };
        };
        let said = scores.0.get(&intent).map_or("", |(_, words, _)| words.as_str());
        let why = format!("intent {}: {points:.1} points, first by {said}", name(intent));
        Ruled { intent, talk, scores, why }
    }

    /// Everything that has a weight: words and pairs of words of the text, what the rules say, and which fields are filled.
    pub(super) fn features(&self, ruled: &Ruled) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        for (number, (unit, judged)) in self.own().enumerate() {
            if unit.shape == Shape::Code {
                continue;
            }
            let title = unit.origin == Origin::Title;
            let (loud, mut names) = (is_loud(unit), Names::of(self.of_unit(number)));
            let mut before: Option<String> = Some("^".to_owned());
            for word in &judged.words {
                let own = self.plain(&mut names, unit, word, loud);
                if let Some(own) = own.as_ref().filter(|own| !matches!(own.as_str(), NUMBER | NAME)) {
                    let spared = judged.at(word.start).is_some_and(|clause| judged.clauses[clause].stance.spares());
                    if title {
                        out.insert(format!("t:{own}"));
                    }
                    out.insert(format!("{}:{own}", if spared { 'n' } else { 'w' }));
                }
                // "until 12 June", "rotate X": what a number or a name stands behind says much.
                if let (Some(before), Some(own)) = (&before, &own)
                    && !(before == own && matches!(own.as_str(), NUMBER | NAME))
                {
                    out.insert(format!("{before} {own}"));
                }
                before = own;
            }
            for clause in &judged.clauses {
                let part = if title { "title" } else { "text" };
                for act in clause.acts.iter().filter(|_| clause.stance == Stance::Act) {
                    out.insert(format!("a:{part}:{}:{:?}", name(act.intent), act.form).to_lowercase());
                }
                for act in &clause.told {
                    out.insert(format!("d:{part}:{}", name(act.intent)));
                }
            }
            if unit.ticked == Some(false) {
                out.insert("open step".to_owned());
            }
        }
        self.features_of_rules(ruled, &mut out);
        out
    }

    fn features_of_rules(&self, ruled: &Ruled, out: &mut BTreeSet<String>) {
        out.insert(format!("r:{}", name(ruled.intent)));
        for (intent, (points, ..)) in &ruled.scores.0 {
            for least in [1.0, 2.0, 4.0, 7.0, 10.0, 14.0] {
                if *points >= least {
                    out.insert(format!("p:{}:{least}", name(*intent)));
                }
            }
        }
        if let Some(talk) = &ruled.talk {
            out.insert("talk".to_owned());
            out.insert(format!("talk:{}", talk.split([',', '"']).next().unwrap_or_default().trim()));
        }
        for (field, said) in [
            (Field::Level, "level"),
            (Field::Until, "until"),
            (Field::Effective, "effective"),
            (Field::Person, "person"),
        ] {
            if self.record.fields.contains_key(&field) {
                out.insert(format!("f:{said}"));
            }
        }
        let words = |text: &str, kind: &str, out: &mut BTreeSet<String>| {
            for word in super::tokens::words(text) {
                out.insert(format!("{kind}:{}", stem(&word.text)));
            }
        };
        words(self.record.kind.as_deref().unwrap_or_default(), "k", out);
        self.record.labels.iter().for_each(|label| words(label, "l", out));
        let judged = self.judged.first();
        if judged.is_some_and(|judged| judged.question) {
            out.insert("question".to_owned());
        }
        if self.own_mentions().any(|m| !m.identity && !m.stance.spares()) {
            out.insert("names".to_owned());
        }
    }

    /// "Remove the pods of the old loader": the title says to what something is to be done, and that is nothing of ours.
    fn title_is_foreign(&self) -> bool {
        let titles = self.units.iter().enumerate().take_while(|(_, unit)| unit.origin == Origin::Title);
        titles.into_iter().any(|(number, unit)| {
            let clauses = &self.judged[number].clauses;
            clauses.iter().any(|clause| clause.acts.iter().any(|act| self.foreign(number, unit, clause, act)))
        })
    }

    /// "No action is requested by this report", "no actions came out of it": the ticket says so itself.
    fn asks_nothing(&self) -> bool {
        const PHRASES: [&[&str]; 17] = [
            &["without", "changing", "it"],
            &["without", "touching", "it"],
            &["without", "any", "change"],
            &["review", "only"],
            &["no", "action", "is", "requested"],
            &["no", "action", "is", "required"],
            &["no", "action", "is", "needed"],
            &["no", "action", "required"],
            &["no", "action", "needed"],
            &["no", "action", "necessary"],
            &["no", "actions", "came"],
            &["no", "actions", "were"],
            &["no", "action", "items"],
            &["for", "information", "only"],
            &["just", "for", "information"],
            &["nothing", "to", "do", "here"],
            &["keine", "aktion", "erforderlich"],
        ];
        // "We had asked to revoke it; please don't, it is used."
        let forbids = |unit: &Unit, judged: &Judged<'_>| {
            judged.words.windows(2).any(|pair| {
                pair[0].text == "please"
                    && pair[1].text == "don't"
                    && unit.text[pair[1].end..].starts_with([',', '.', ';', ':', '!'])
            })
        };
        self.own().any(|(unit, judged)| super::tokens::says(&judged.words, &PHRASES) || forbids(unit, judged))
            || self.gathers()
            || self.leaves_open()
    }

    /// What the ticket itself names, without its comments: those are anybody's.
    pub(super) fn own_mentions(&self) -> impl Iterator<Item = &Mention> {
        self.mentions.iter().filter(|m| !matches!(self.units[m.unit].origin, Origin::Comment(_)))
    }

    /// Whether the ticket itself names somebody who owns something, in a form's field or in its text, or a credential in its field.
    fn names_somebody(&self) -> bool {
        let person = self.record.fields.get(&Field::Person);
        if self.record.fields.get(&Field::Credential).is_some_and(|text| (self.known)(text)) {
            return true;
        }
        let fields = person.into_iter().flat_map(|people| people.split([',', ';']).map(str::trim));
        let own = self.own().flat_map(|(unit, _)| tokens(&unit.text)).map(|token| token.text);
        fields.chain(own).any(|name| (self.owner)(name.trim_start_matches('@').trim_end_matches("'s")))
    }

    /// A word as the weights know it: without its ending; nothing that is part of a longer token.
    fn plain(&self, names: &mut Names<'_>, unit: &Unit, word: &Word, loud: bool) -> Option<String> {
        if names.hold(word) {
            return Some(NAME.to_owned());
        }
        let raw = &unit.text[word.start..word.end];
        if raw.starts_with(|c: char| c.is_ascii_digit()) {
            return Some(NUMBER.to_owned());
        }
        let letters = word.text.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\''));
        // `NPM` and `API`, but not `PLEASE`.
        let short = raw.len() > 1 && raw.len() < 6 && raw.chars().all(char::is_uppercase) && !loud;
        let part = embedded(&unit.text, word) || in_a_path(&unit.text, word);
        (letters && !short && !part && word.text.len() <= 24).then(|| stem(&word.text))
    }
}

/// Where a unit names something, gone through once beside its words.
struct Names<'m> {
    mentions: Vec<&'m Mention>,
    at: usize,
    /// How far the names before reach.
    reach: usize,
}

impl<'m> Names<'m> {
    fn of(mentions: &'m [Mention]) -> Self {
        let mut mentions: Vec<&Mention> = mentions.iter().collect();
        mentions.sort_by_key(|mention| mention.start);
        Self { mentions, at: 0, reach: 0 }
    }

    /// Whether a word is part of a name; words come in their order.
    fn hold(&mut self, word: &Word) -> bool {
        while let Some(mention) = self.mentions.get(self.at).filter(|mention| mention.start < word.end) {
            self.reach = self.reach.max(mention.end);
            self.at += 1;
        }
        word.start < self.reach
    }
}

/// The words of a feature, where it is made of words.
fn said(feature: &str) -> Option<&str> {
    match feature.split_once(':') {
        Some(("w" | "t" | "n", word)) => Some(word),
        Some(_) => None,
        None => Some(feature).filter(|feature| feature.contains(' ')),
    }
}

/// Whether an intent ends a credential or its value.
fn ends(intent: Intent) -> bool {
    matches!(intent, Intent::Revoke | Intent::Rotate | Intent::Offboard)
}

/// A text in capitals.
fn is_loud(unit: &Unit) -> bool {
    !unit.text.chars().any(char::is_lowercase)
}

/// A word without the ending of its form.
fn stem(word: &str) -> String {
    for end in ["ations", "ation", "ing", "ed", "es", "s", "e", "d"] {
        if let Some(stem) = word.strip_suffix(end).filter(|stem| stem.len() >= 4) {
            return stem.to_owned();
        }
    }
    word.to_owned()
}
