//! What comments say of things that share a name, without the name: "leave staging as it is", "A or B?" and "B, of course". Whom to believe is
//! told in `trust`; other corrections stand in `corrections`.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Id;
use crate::model::ticket::Link;

use super::choose::Context;
use super::corrections::{objects_to, refuses};
use super::links::{Linked, quote};
use super::mention::{Mention, Target};
use super::stance::Stance;
use super::text::{Origin, Unit};
use super::tokens::{Word, says, words};
use super::trust::Trust;

/// Among more nobody tells which by a word.
const MOST: usize = 20;
/// An answer that only says which is no longer, in words.
const ANSWER: usize = 12;
/// So many sentences of comments are asked for one.
const SENTENCES: usize = 200;

/// Those of what is linked that share a name.
pub(super) fn linked(context: &Context<'_>, linked: &Linked) -> Vec<Vec<usize>> {
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for of in linked.links.keys().take(MOST).filter_map(|id| context.names.by_id(id)) {
        by_name.entry(context.names.entities[of].what.to_lowercase()).or_default().push(of);
    }
    by_name.into_values().filter(|same| same.len() > 1).collect()
}

/// "Leave staging as it is": of those that share a name, the one of that place or environment; in the sentences of a comment that name
/// nothing themselves.
pub(super) fn kept(context: &Context<'_>, same: &[Vec<usize>], said: &[usize], own: &[&Mention]) -> Vec<Id> {
    if same.is_empty() {
        return Vec::new();
    }
    let named = |number: usize| own.binary_search_by_key(&number, |m| m.unit).is_ok();
    let sentences = said.iter().copied().filter(|number| !named(*number)).take(MOST);
    // "This is production only then, staging keeps its pair": of a clause, the part that keeps.
    let keeping = sentences.flat_map(|number| {
        let keeps = context.judged[number].clauses.iter().filter(|clause| clause.stance == Stance::Keep);
        let parts =
            keeps.flat_map(move |clause| context.units[number].text[clause.start..clause.end].split([',', ';']));
        // "Production is fine with me" lets it go.
        let lets = |part: &str| {
            let all = words(part);
            says(&all, &[&["fine", "with"], &["fine", "by"], &["fine", "for"], &["no", "objection"], &["go", "ahead"]])
        };
        parts.filter(move |part| refuses(part) && !lets(part))
    });
    let one = |text: &str| same.iter().filter_map(|of| context.answers(of, text)).collect::<Vec<_>>();
    keeping.flat_map(one).map(|of| context.names.entities[of].id.clone()).collect()
}

/// "Understood, only X then": what else the ticket names stays.
pub(super) fn alone<'l>(
    own: &[&Mention],
    units: &[Unit],
    chosen: &dyn Fn(&Mention) -> Vec<Id>,
    linked: &'l Linked,
) -> impl Iterator<Item = Id> + use<'l> {
    let only = |m: &&&Mention| {
        let all = words(&units[m.unit].text);
        let at = all.partition_point(|w| w.start < m.start);
        let said = |words: &[&str]| all.iter().any(|w| words.contains(&w.text.as_str()));
        all.len() <= 9
            && at > 0
            && matches!(all[at - 1].text.as_str(), "only" | "just" | "nur" | "seulement" | "solo")
            && (at == 1 || said(&["then", "dann", "alors", "entonces"]))
            && !units[m.unit].text.contains('?')
            && !objects_to(&units[m.unit].text)
            && !said(&["far", "have", "has", "had", "did", "was", "were", "yet"])
    };
    let said: BTreeSet<Id> = own.iter().filter(only).flat_map(|m| chosen(m)).collect();
    let known = !said.is_empty() && said.iter().all(|id| linked.links.contains_key(id));
    linked.links.keys().filter(move |id| known && !said.contains(id)).cloned()
}

/// "Are you sure you don't mean billing?", in the comment right before, and "yes, billing's": instead of the only one that is linked, the
/// namesake whose place the question and its answer name.
pub(super) fn answer(context: &Context<'_>, linked: &Linked, index: usize, said: &[usize]) -> Option<(Id, Id)> {
    let [before] = linked.links.keys().collect::<Vec<_>>()[..] else { return None };
    let asked = Origin::Comment(index.checked_sub(1)?);
    let first = *said.first()?;
    let questions = (0..first).rev().take(MOST).take_while(|unit| context.units[*unit].origin == asked);
    let mut questions = questions.filter(|unit| context.judged[*unit].question).peekable();
    questions.peek()?;
    let same = context.namesakes(before);
    let same = if (2..=MOST).contains(&same.len()) { same } else { return None };
    let agrees = |unit: &usize| {
        let all = &context.judged[*unit].words;
        all.len() <= ANSWER
            && all
                .iter()
                .any(|w| matches!(w.text.as_str(), "yes" | "yep" | "right" | "ja" | "oui" | "s\u{ed}" | "indeed"))
    };
    let names = |unit: &usize| {
        Some(*unit)
            .filter(|unit| !refuses(&context.units[*unit].text))
            .and_then(|unit| context.answers(&same, &context.units[unit].text))
    };
    let mut answer = said.iter().take(3).filter(|unit| agrees(unit));
    // "Yes. loyalty-api!"
    let next = || said.windows(2).take(2).find(|pair| agrees(&pair[0])).and_then(|pair| names(&pair[1]));
    let one = answer.find_map(names).or_else(next)?;
    // "Are you sure? The 401 is in loyalty-api."
    let mut asked_there = (0..first).rev().take(MOST).take_while(|unit| context.units[*unit].origin == asked);
    let asked = questions.any(|unit| context.answers(&same, &context.units[unit].text) == Some(one))
        || asked_there.any(|unit| context.answers(&same, &context.units[unit].text) == Some(one));
    let id = context.names.entities[one].id.clone();
    (asked && id != *before).then(|| (before.clone(), id))
}

/// "Forgot to write: the production one": somebody says unasked which is meant.
fn adds(all: &[Word<'_>]) -> bool {
    let first = |words: &[&str]| all.iter().take(words.len()).map(|w| &*w.text).eq(words.iter().copied());
    let past = |w: &Word<'_>| matches!(&*w.text, "was" | "were" | "had" | "has" | "have" | "done");
    let opens = [
        &["forgot", "to"][..],
        &["i", "forgot"],
        &["i", "mean"],
        &["i", "meant"],
        &["we", "mean"],
        &["to", "be", "clear"],
        &["to", "clarify"],
        &["for", "clarity"],
        &["this", "is", "about"],
        &["it", "is", "about"],
        &["it's", "about"],
        &["it's", "the"],
        &["it", "is", "the"],
        &["clarification"],
        &["gemeint", "ist"],
        &["es", "geht", "um"],
        &["il", "s'agit"],
        &["me", "refiero"],
    ];
    opens.iter().any(|words| first(words)) && !all.iter().any(past)
}

impl Trust<'_> {
    /// "A or B?", and the answer "B, of course": which of the namesakes that the ticket leaves open is meant. The word of those who may.
    pub(super) fn answered(&self, context: &Context<'_>, mentions: &[Mention], linked: &mut Linked) {
        if linked.ambiguous.is_empty() {
            return;
        }
        let own = |m: &&Mention| !matches!(context.units[m.unit].origin, Origin::Comment(_)) && !m.identity;
        let open = mentions.iter().filter(own).find(|m| !m.stance.spares()).and_then(|m| match &m.target {
            Target::Known(of) if of.len() > 1 => Some((m, context.choose(of, m.unit, m.clause).of)),
            _ => None,
        });
        let Some((mention, of)) = open.filter(|(_, of)| (2..=MOST).contains(&of.len())) else { return };
        let mut asked = None;
        let comments = context.units.iter().enumerate().filter_map(|(number, unit)| match unit.origin {
            Origin::Comment(index) => Some((number, unit, index)),
            _ => None,
        });
        for (number, unit, index) in comments.take(SENTENCES) {
            if context.judged[number].question {
                asked = Some(index);
                continue;
            }
            let comment = &self.record.comments[index];
            let answers = (asked.is_some_and(|asked| asked < index) || adds(&context.judged[number].words))
                && context.judged[number].words.len() <= ANSWER;
            let by_right = || self.trusts(&comment.author, comment.at) || self.opener_writes(comment);
            if !answers || refuses(&unit.text) || !by_right() {
                continue;
            }
            let Some(one) = context.answers(&of, &unit.text) else { continue };
            let entity = &context.names.entities[one];
            linked.why.push(format!("link {}: comment {} says which: {}", entity.id, index + 1, quote(&unit.text)));
            let link = Link {
                credential: entity.id.clone(),
                strength: mention.strength,
                field: format!("comment {}", index + 1),
                quote: quote(&unit.text),
                trusted: true,
            };
            linked.links.insert(entity.id.clone(), link);
            linked.ambiguous.clear();
            return;
        }
    }
}
