//! What comments say of things that share a name, without the name: "leave staging as it is", "A or B?" and "B, of course". Whom to believe is
//! told in `trust`; other corrections stand in `corrections`.

use crate::model::Id;
use crate::model::ticket::Link;

use super::choose::Context;
use super::corrections::{SENTENCES, refuses};
use super::links::{Linked, quote};
use super::mention::{Mention, Target};
use super::stance::Stance;
use super::text::Origin;
use super::trust::Trust;

impl Trust<'_> {
    /// "Leave staging as it is": of several that are linked and share a name, the one of that place or environment.
    pub(super) fn kept_places<'i>(
        &self,
        context: &Context<'_>,
        said: &[usize],
        own: &[&Mention],
        linked: &Linked,
    ) -> impl Iterator<Item = Id> + use<'i> {
        let mut out = Vec::new();
        let of: Vec<usize> = linked.links.keys().take(20).filter_map(|id| context.names.by_id(id)).collect();
        let name = |of: usize| context.names.entities[of].what.to_lowercase();
        for number in said.iter().filter(|number| !own.iter().any(|m| m.unit == **number)).take(SENTENCES) {
            for clause in context.judged[*number].clauses.iter().filter(|clause| clause.stance == Stance::Keep) {
                let text = &context.units[*number].text[clause.start..clause.end];
                for one in &of {
                    let same: Vec<usize> = of.iter().copied().filter(|other| name(*other) == name(*one)).collect();
                    if same.len() > 1 && context.answers(&same, text) == Some(*one) {
                        out.push(context.names.entities[*one].id.clone());
                    }
                }
            }
        }
        out.into_iter()
    }

    /// "A or B?", and the answer "B, of course": which of the namesakes that the ticket leaves open is meant. The word of those who may.
    pub(super) fn answered(&self, context: &Context<'_>, mentions: &[Mention], linked: &mut Linked) {
        let own = |m: &&Mention| !matches!(context.units[m.unit].origin, Origin::Comment(_)) && !m.identity;
        let open = mentions.iter().filter(own).find(|m| !m.stance.spares()).and_then(|m| match &m.target {
            Target::Known(of) if of.len() > 1 => Some((m, context.choose(of, m.unit, m.clause).of)),
            _ => None,
        });
        let Some((mention, of)) = open.filter(|(_, of)| of.len() > 1 && !linked.ambiguous.is_empty()) else { return };
        for (number, unit) in context.units.iter().enumerate() {
            let Origin::Comment(index) = unit.origin else { continue };
            let comment = &self.record.comments[index];
            let by_right = self.trusts(&comment.author, comment.at) || self.opener_writes(comment);
            if !by_right || context.judged[number].question || refuses(&unit.text) {
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
