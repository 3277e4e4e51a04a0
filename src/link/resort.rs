//! What a ticket acts on where its words seem to spare all that it names: whoever asks for something means what is named, unless it is
//! said to stay. "`sync.yml` still logs in with X", and below: "revoke the token". What is linked otherwise stands in `links`.

use crate::model::ticket::{Intent, Strength};

use super::Read;
use super::mention::{Mention, Target};
use super::stance::{Stance, cue_words};
use super::text::{Origin, Shape, Unit};
use super::tokens::{Word, words};
use super::verbs::Lexicon;

/// Words that keep a thing, or make it an illustration, whatever else is said: their first ones.
const KEEPS: [&str; 37] = [
    "keep",
    "keeps",
    "kept",
    "keeping",
    "leave",
    "left",
    "leaving",
    "stays",
    "stay",
    "remain",
    "remains",
    "retain",
    "retains",
    "untouched",
    "survive",
    "unaffected",
    "unchanged",
    "affected",
    "out",
    "except",
    "excluding",
    "apart",
    "hands",
    "exempt",
    "excluded",
    "touch",
    "don't",
    "do",
    "example",
    "e",
    "e.g",
    "such",
    "instance",
    "sample",
    "dummy",
    "placeholder",
    "other",
];

/// The mentions of the ticket's own words, those that are spared by no word of [`KEEPS`] taken for what it acts on. None where that changes
/// nothing.
pub(super) fn mentions(
    read: &Read<'_>,
    intent: Intent,
    mentions: &[Mention],
    lexicon: &Lexicon,
) -> Option<Vec<Mention>> {
    // What grants or changes an access grants it to nothing that is only told of: this may tighten, and never loosen.
    if !matches!(intent, Intent::Revoke | Intent::Rotate) {
        return None;
    }
    if mentions.is_empty() {
        return spelled(read).map(|mention| vec![mention]);
    }
    let mut out = mentions.to_vec();
    let mut changed = only_one(read, &mut out);
    // Of the clause that was looked at last: those that name much name it in one row.
    let mut last: Option<(usize, usize, bool)> = None;
    for mention in &mut out {
        let (unit, judged) = (&read.units[mention.unit], &read.judged[mention.unit]);
        let own =
            matches!(unit.origin, Origin::Title | Origin::Body(_)) && matches!(unit.shape, Shape::Prose | Shape::Item);
        if !own || mention.identity || !mention.stance.spares() {
            continue;
        }
        let Some((number, clause)) = mention.clause.and_then(|at| Some((at, judged.clauses.get(at)?))) else {
            continue;
        };
        let kept = match last.filter(|(unit, clause, _)| (*unit, *clause) == (mention.unit, number)) {
            Some((.., kept)) => kept,
            None => {
                clause.except.is_some()
                    || cue_words(&unit.text, lexicon, clause)
                        .iter()
                        .flat_map(|(start, end)| words(&unit.text[*start..*end]))
                        .any(|word| KEEPS.contains(&word.text.as_str()))
            }
        };
        last = Some((mention.unit, number, kept));
        // What a lead-in line keeps is kept.
        let above = [unit.lead, unit.heading].into_iter().flatten().any(|at| read.judged[at].overall() == Stance::Keep);
        let above = above && clause.stance != Stance::Keep;
        if !kept && !above {
            (mention.stance, mention.instrument) = (Stance::Act, false);
            changed = true;
        }
    }
    changed.then_some(out)
}

/// "Rotate the mqtt password", in the issues of the repository that has one `MQTT_PASSWORD`: a slot's name, spelled in words, of the first
/// sentence that does so and of nothing else.
fn spelled(read: &Read<'_>) -> Option<Mention> {
    let repository = read.record.repository.as_ref()?.to_lowercase();
    let own = |unit: &Unit| matches!(unit.origin, Origin::Title | Origin::Body(_)) && unit.shape != Shape::Code;
    let names = read.context.names;
    read.units.iter().enumerate().filter(|(_, unit)| own(unit)).take(LINES).find_map(|(number, unit)| {
        let all = words(&unit.text);
        let plain = |w: &Word<'_>| w.text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        // The longest first: "staging db password" before "db password".
        (2..=LONGEST).rev().find_map(|length| {
            all.windows(length).filter(|near| near.iter().all(plain)).find_map(|near| {
                let name = near.iter().map(|w| &*w.text).collect::<Vec<&str>>().join("_");
                let here = |of: &usize| {
                    let entity = &names.entities[*of];
                    entity.slot && entity.place.as_deref() == Some(repository.as_str()) && entity.environment.is_none()
                };
                let of: Vec<usize> = names.named(&name).iter().map(|name| name.of).filter(here).collect();
                let [one] = of[..] else { return None };
                Some(Mention {
                    unit: number,
                    clause: read.judged[number].at(near[0].start),
                    start: near[0].start,
                    end: near[length - 1].end,
                    target: Target::Known(vec![one]),
                    strength: Strength::Name,
                    identity: false,
                    every: false,
                    stance: Stance::Act,
                    instrument: false,
                })
            })
        })
    })
}

/// So many lines are looked at for a name that is spelled in words, of so many words.
const LINES: usize = 40;
const LONGEST: usize = 4;

/// "Grading password is due." and "Vault path x, field y.": the only thing that is named, though nothing is said of it.
fn only_one(read: &Read<'_>, mentions: &mut [Mention]) -> bool {
    let own = |m: &Mention| {
        let unit = &read.units[m.unit];
        matches!(unit.origin, Origin::Title | Origin::Body(_)) && !m.identity
    };
    let named: Vec<&Mention> = mentions.iter().filter(|m| own(m)).collect();
    let (Some(first), true) = (named.first(), named.iter().all(|m| !m.stance.spares())) else { return false };
    if named.iter().any(|m| m.target != first.target) {
        return false;
    }
    for mention in mentions.iter_mut().filter(|m| own(m)) {
        (mention.stance, mention.instrument) = (Stance::Act, false);
    }
    true
}
