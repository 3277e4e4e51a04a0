//! Whether a word is an order after all: what is still open, what somebody is to have done, what was made, and orders that leave out their
//! object. What a clause does with its orders is judged in `stance`.

use crate::model::ticket::Intent;

use super::mention::Mention;
use super::stance::{Act, Clause, Found, Judged, Stance};
use super::text::{Origin, Unit};
use super::tokens::Word;
use super::verbs::{Cue, Force, Form};

/// "What remains is X", "X remains to be rotated": what is still to be done, and nothing that stays.
pub(super) fn open(words: &[Word], found: &Found) -> bool {
    let word = |n: usize| words.get(n).map(|word| word.text.as_str()).unwrap_or_default();
    let back = |n: usize| found.from.checked_sub(n).map(word).unwrap_or_default();
    matches!(word(found.from), "remain" | "remains")
        && (back(1) == "what" || (back(1) == "still" && back(2) == "what") || word(found.to) == "to")
}

/// "Found in an issue comment", "the image pull fails", "request 7f3a", "giving up": a thing, not an order.
pub(super) fn issue(words: &[Word], at: usize) -> bool {
    let word = |at: Option<usize>| at.and_then(|at| words.get(at)).map(|w| w.text.as_str()).unwrap_or_default();
    let before = word(at.checked_sub(1));
    let pull = word(Some(at)) == "pull"
        && (matches!(before, "image" | "docker" | "git" | "registry" | "container" | "each" | "every")
            || matches!(word(Some(at + 1)), "error" | "errors" | "fails" | "failed" | "failure" | "failures"));
    // "Because X is unset": how it is.
    let unset =
        word(Some(at)) == "unset" && (matches!(before, "is" | "are" | "was" | "being" | "") || at + 1 == words.len());
    let numbered = matches!(word(Some(at)), "request" | "requests")
        && word(Some(at + 1)).starts_with(|c: char| c.is_ascii_digit());
    // "Since the new key", "for the new printers": what is there.
    let back = word(at.checked_sub(2));
    let there = word(Some(at)) == "new"
        && before == "the"
        && matches!(
            back,
            "since" | "after" | "for" | "on" | "with" | "in" | "from" | "of" | "to" | "through" | "via" | "by"
        )
        || word(Some(at)) == "new" && before.ends_with("'s");
    // "After a revoke the column is empty": an event.
    let event = matches!(before, "a" | "an" | "each" | "every")
        && matches!(back, "after" | "before" | "during" | "upon" | "on" | "since" | "with" | "without");
    // "Needs to be replaced": what is to be done comes behind; "gives 403" tells.
    let passive =
        matches!(word(Some(at)), "need" | "needs") && word(Some(at + 1)) == "to" && word(Some(at + 2)) == "be";
    let answers = matches!(word(Some(at)), "give" | "gives" | "get" | "gets")
        && (word(Some(at + 1)).starts_with(|c: char| c.is_ascii_digit())
            || matches!(word(Some(at + 1)), "error" | "errors" | "denied")
            || word(Some(at + 1)) == "an" && word(Some(at + 2)).starts_with("error"));
    // "Has to store renewed certificates".
    let stored = matches!(word(Some(at)), "renewed" | "rotated" | "replaced" | "changed" | "revoked" | "deleted")
        && matches!(
            before,
            "store" | "save" | "upload" | "publish" | "load" | "fetch" | "import" | "show" | "list" | "hide"
        );
    // "Purges answer 401": what does it, where a clause begins.
    let step = matches!(word(Some(at)), "purge" | "cleanup" | "clean-up")
        && (matches!(before, "run" | "npm" | "yarn" | "make")
            || matches!(word(Some(at + 1)), "step" | "job" | "fails" | "failed"));
    // "Since the runner update": a noun.
    let compound = matches!(word(Some(at)), "update" | "change" | "upgrade")
        && matches!(back, "the" | "a" | "this" | "last" | "latest")
        && !matches!(before, "to" | "and" | "please" | "must" | "should" | "will" | "then");
    let noun = compound
        || event
        || step
        || at == 0
            && matches!(
                word(Some(0)),
                "purges"
                    | "drops"
                    | "locks"
                    | "blocks"
                    | "updates"
                    | "changes"
                    | "requests"
                    | "grants"
                    | "swaps"
                    | "deletes"
            )
            && !matches!(
                word(Some(1)),
                "the" | "a" | "all" | "our" | "this" | "that" | "every" | "any" | "their" | "its"
            );
    // "The staging lock key": what it is for.
    let lock = matches!(word(Some(at)), "lock" | "locks")
        && matches!(
            word(Some(at + 1)),
            "key" | "keys" | "pin" | "vendor" | "gateway" | "system" | "api" | "token" | "password" | "monitor"
        );
    if noun
        || unset
        || lock
        || passive
        || answers
        || stored
        || there
        || pull
        || numbered
        || (word(Some(at)) == "giving" && word(Some(at + 1)) == "up")
    {
        return true;
    }

    matches!(word(Some(at)), "issue" | "issues")
        && (matches!(
            word(at.checked_sub(1)),
            "in" | "an" | "the" | "this" | "that" | "of" | "on" | "github" | "gitlab" | "jira" | "known" | "no" | "any"
        ) || matches!(word(Some(at + 1)), "comment" | "comments" | "tracker" | "template" | "number" | "body"))
}

/// "Please have its token revoked": asked for, where "have revoked" tells.
pub(super) fn caused(words: &[Word], own: &[usize], verb: usize) -> bool {
    let word = |at: usize| words.get(at).map(|word| word.text.as_str()).unwrap_or_default();
    let near = own.iter().copied().filter(|at| *at < verb && verb - at <= 10);
    near.filter(|at| matches!(word(*at), "have" | "get") && at + 1 < verb).any(|at| {
        let asks = at == own[0]
            || matches!(word(at - 1), "please" | "pls" | "to" | "must" | "should" | "kindly" | "you" | "and" | "let's");
        // "Can we get X rotated".
        let may = at > 1
            && matches!(word(at - 1), "we" | "i")
            && matches!(word(at - 2), "can" | "could" | "may" | "should" | "shall" | "let");
        (asks || may)
            && !matches!(
                word(at + 1),
                "been" | "already" | "just" | "all" | "also" | "not" | "both" | "now" | "since" | "never"
            )
    })
}

/// "X looks stale, but is not".
pub(super) fn only_looks(words: &[Word], clauses: &mut [Clause]) {
    let looks = words
        .iter()
        .position(|w| matches!(w.text.as_str(), "looks" | "seems" | "appears" | "look" | "seem" | "looked" | "seemed"));
    let only = looks.is_some_and(|looks| {
        words[looks..].windows(3).any(|w| {
            matches!(w[0].text.as_str(), "but" | "and" | "yet")
                && matches!(w[1].text.as_str(), "is" | "are" | "it")
                && matches!(w[2].text.as_str(), "not" | "isn't")
        }) || words[looks..]
            .windows(2)
            .any(|w| matches!(w[0].text.as_str(), "but" | "and") && matches!(w[1].text.as_str(), "isn't" | "aren't"))
            // "Looked dead, isn't".
            || words.last().is_some_and(|w| matches!(w.text.as_str(), "isn't" | "aren't"))
    });
    for clause in clauses.iter_mut().filter(|_| only) {
        clause.stance = Stance::Keep;
        clause.acts.clear();
    }
}

/// "X, switched off in March", "deleted back in April": when it was done.
pub(super) fn dated(text: &str, words: &[Word], from: usize, to: usize) -> bool {
    let before = words.get(from).and_then(|w| text.get(..w.start)).unwrap_or_default().trim_end();
    let word = |at: usize| words.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    let back = word(to) == "back" && matches!(word(to + 1), "in" | "on" | "then");
    back || before.ends_with([',', '('])
        && matches!(word(to), "in" | "on" | "since" | "last")
        && (super::dates::month(word(to + 1)).is_some()
            || word(to + 1).starts_with("20")
            || matches!(word(to + 1), "week" | "month" | "year" | "spring" | "summer" | "autumn" | "winter"))
}

/// "After that we do not need it": of an access that ends by itself.
pub(super) fn over(words: &[Word], at: usize) -> bool {
    let word = |at: usize| words.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    let denied = matches!(word(at), "do" | "don't" | "no") && (at..at + 4).any(|at| word(at).starts_with("need"));
    let before = &words[..at];
    denied
        && (before.windows(2).any(|pair| pair[0].text == "after" && matches!(pair[1].text.as_str(), "that" | "this"))
            || before.iter().any(|w| matches!(w.text.as_str(), "afterwards" | "thereafter")))
}

impl super::intent::Reading<'_> {
    /// "The stale key report lists X": behind an article stands no order.
    pub(super) fn behind_article(&self, number: usize, act: &Act) -> bool {
        const ARTICLES: [&str; 15] =
            ["the", "a", "an", "this", "that", "these", "those", "der", "die", "das", "le", "la", "les", "el", "los"];
        let before = self.judged[number].before(act.start);
        let new = || {
            self.judged[number]
                .behind(act.end)
                .iter()
                .take(8)
                .any(|w| matches!(w.text.as_str(), "has" | "must" | "should" | "needs" | "shall"))
                && self.of_unit(number).iter().any(|m| m.start >= act.end && m.start < act.end + 4)
        };
        before.last().is_some_and(|word| ARTICLES.contains(&word.text.as_str())) && !new() && !self.needed(number, act)
    }

    /// "We need a new token".
    pub(super) fn needed(&self, number: usize, act: &Act) -> bool {
        let before = self.judged[number].before(act.start);
        act.intent == Intent::Rotate
            && before.iter().rev().nth(1).is_some_and(|w| matches!(w.text.as_str(), "need" | "needs"))
    }

    /// Whether a line of a list says what must be true in the end.
    pub(super) fn in_the_end(&self, unit: &Unit) -> bool {
        [unit.lead, unit.heading].into_iter().flatten().any(|other| super::listed::accepted(&self.units[other].text))
    }

    /// "Revoke.", "Please rotate it.": a sentence that is nothing but an order, in a ticket that names something.
    pub(super) fn briefly_orders(&self) -> bool {
        self.own_mentions().any(|m| !m.identity && !m.stance.spares())
            && self.own().any(|(unit, judged)| {
                let plain =
                    judged.words.iter().filter(|w| !matches!(&*w.text, "please" | "pls" | "now" | "it" | "them"));
                matches!(unit.origin, Origin::Body(_))
                    && plain.count() == 1
                    && !judged.question
                    && judged
                        .clauses
                        .iter()
                        .filter(|clause| clause.stance == Stance::Act)
                        .flat_map(|c| &c.acts)
                        .any(|act| act.form == Form::Base && matches!(act.intent, Intent::Revoke | Intent::Rotate))
            })
    }

    /// "Rotation is due".
    pub(super) fn due(&self, number: usize, act: &Act) -> bool {
        let behind: Vec<&str> = self.judged[number].behind(act.end).iter().take(3).map(|w| w.text.as_str()).collect();
        // "Next step is the removal of X."
        let before: Vec<&str> =
            self.judged[number].before(act.start).iter().rev().take(6).map(|w| w.text.as_str()).collect();
        let step = matches!(before[..], ["the", "is", ..] | ["is", ..])
            && before.iter().any(|w| matches!(*w, "step" | "task" | "remains" | "left" | "missing" | "outstanding"));
        step || matches!(
            behind[..],
            ["due" | "overdue", ..] | ["is" | "are", "due" | "overdue" | "required" | "needed", ..]
        )
    }
}

/// "Is revoked with effect from 1 August": an order in the form of what is told.
pub(super) fn takes_effect(words: &[Word], behind: usize) -> bool {
    let near: Vec<&str> = words.iter().skip(behind).take(3).map(|w| w.text.as_str()).collect();
    matches!(near[..], ["with", "effect", ..] | ["effective", ..])
}

/// "It got the new password last week": the thing that was made, not an order to make one.
pub(super) fn made(unit: &Unit, act: &Act) -> bool {
    let words = unit.text[act.start..act.end].to_lowercase();
    !act.modal && ["new", "fresh", "neue", "nouve", "nuev", "another"].iter().any(|word| words.starts_with(word))
}

/// What stands right behind an order that leaves out its object.
pub(super) const ELLIPTIC: [&str; 16] = [
    "in",
    "at",
    "immediately",
    "asap",
    "now",
    "today",
    "please",
    "from",
    "right",
    "straight",
    "before",
    "by",
    "afterwards",
    "soon",
    "until",
    "till",
];

/// "Rotate, then clean the history": a sign behind a verb, and no object. "Hay que cambiarla" has it in the verb.
pub(super) fn parted(line: &str, verb: usize) -> bool {
    line.get(verb..).is_some_and(|rest| rest.starts_with([',', ';'])) || enclitic(line, verb)
}

/// A Spanish infinitive with its pronoun: "cambiarla", "borrarlos".
fn enclitic(line: &str, verb: usize) -> bool {
    const ENDS: [&str; 12] =
        ["arla", "arlo", "arlas", "arlos", "erla", "erlo", "erlas", "erlos", "irla", "irlo", "irlas", "irlos"];
    line.get(..verb).is_some_and(|line| ENDS.iter().any(|end| line.ends_with(end)))
}

/// "Disable at once.", "Please remove from the project": an order that leaves out its object.
pub(super) fn elliptic(text: &str, words: &[Word], own: &[usize], acts: &[Act]) -> bool {
    let [act] = acts else { return false };
    let first = own
        .iter()
        .map(|i| words[*i].text.as_str())
        .find(|w| !matches!(*w, "please" | "pls" | "kindly" | "then" | "so"));
    let opens = own.iter().any(|i| words[*i].start == act.start && Some(words[*i].text.as_str()) == first);
    let next = own.iter().map(|i| &words[*i]).find(|w| w.start >= act.end).map(|w| w.text.as_str());
    // "Proposal accepted, so delete."
    let so = next.is_none()
        && own
            .iter()
            .rev()
            .map(|i| &words[*i])
            .find(|w| w.start < act.start)
            .is_some_and(|w| matches!(&*w.text, "so" | "then" | "thus" | "therefore" | "hence"));
    (opens || so || enclitic(text, act.end))
        && act.form == Form::Base
        && matches!(act.intent, Intent::Revoke | Intent::Rotate)
        && act.force == Force::Weak
        && (next.is_some_and(|next| ELLIPTIC.contains(&next)) || so || parted(text, act.end))
        && !words.iter().any(|w| w.end == act.end && tells(&w.text))
}

/// "Blocked by the upgrade", "leaked from the build": a form that tells, and orders nothing.
pub(super) fn tells(word: &str) -> bool {
    word.as_bytes().last_chunk().is_some_and(|end: &[u8; 2]| end.eq_ignore_ascii_case(b"ed"))
}

/// "03:10:44 burstd[811]: retry 1/5": a line of a log.
pub(super) fn logged(text: &str) -> bool {
    let digits =
        |from: usize, to: usize| text.as_bytes().get(from..to).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let clock = |from: usize| {
        digits(from, from + 2)
            && digits(from + 3, from + 5)
            && digits(from + 6, from + 8)
            && text.as_bytes().get(from + 2) == Some(&b':')
            && text.as_bytes().get(from + 5) == Some(&b':')
    };
    let lower = text.get(..40.min(text.len())).unwrap_or_default().to_lowercase();
    let level =
        text.starts_with('[') && ["] warn", "] error", "] info", "] ok", "] debug"].iter().any(|l| lower.contains(l));
    // "[provision] 09:41:07"
    let tagged = text.starts_with('[') && text.find("] ").is_some_and(|at| at < 24 && clock(at + 2));
    level || tagged || clock(0) || (clock(11) && digits(0, 4) && text.as_bytes().get(4) == Some(&b'-'))
}

/// "She needs admin through X, to kill sessions": what an access is for, and no order.
pub(super) fn without_purposes(text: &str, clauses: &mut [Clause]) {
    let asks = |act: &Act| {
        act.intent == Intent::Provision
            && ["need", "want", "give"].iter().any(|v| text[act.start..].to_lowercase().starts_with(v))
    };
    if let Some(first) = clauses.iter().flat_map(|clause| &clause.acts).find(|act| asks(act)).map(|act| act.end) {
        for clause in clauses {
            clause.acts.retain(|act| {
                let purpose =
                    text[..act.start].trim_end().ends_with(" to") || text[..act.start].trim_end().ends_with(", to");
                !(act.start > first && purpose && matches!(act.intent, Intent::Revoke | Intent::Rotate))
            });
        }
    }
}

/// "Nobody rotates, revokes or tidies it up": between a word that denies and an order there are orders only.
pub(super) fn joined(words: &[Word], found: &[&Found], not: &Found, order: &Found) -> bool {
    order.from - not.to < 8
        && (not.to..order.from).all(|at| {
            matches!(words[at].text.as_str(), "or" | "and" | "nor")
                || found.iter().any(|other| matches!(other.cue, Cue::Act(..)) && (other.from..other.to).contains(&at))
        })
}

/// What stands on a log's line orders nothing, in whatever sentences it is read.
pub(super) fn logs(units: &[Unit], judged: &mut [Judged<'_>]) {
    let mut first = 0;
    for number in 1..units.len() {
        let (opens, below) = (&units[first], &units[number]);
        if opens.line != below.line || opens.origin != below.origin {
            first = number;
        } else if logged(&opens.text) {
            for clause in &mut judged[number].clauses {
                clause.stance = Stance::Neutral;
                clause.acts.clear();
            }
        }
    }
}

/// `X=*** Y=[MASKED] rc=1`, over and over: what a log shows is acted on by nobody.
pub(super) fn shown(units: &[Unit], judged: &[Judged<'_>], mentions: &mut Vec<Mention>) {
    // So often in one line, which is so long.
    const OFTEN: usize = 6;
    const LONG: usize = 400;
    let hidden = |mention: &Mention| {
        let behind = units[mention.unit].text.get(mention.end..).unwrap_or_default().trim_start_matches('`');
        behind.strip_prefix('=').is_some_and(|value| {
            ["*", "[", "<", "xxx", "\u{2022}", "$", " "].iter().any(|sign| value.starts_with(sign))
        })
    };
    let line = |mention: &Mention| (units[mention.unit].origin, units[mention.unit].line);
    let mut logs = Vec::with_capacity(mentions.len());
    let mut from = 0;
    while from < mentions.len() {
        let same = |mention: &&Mention| line(mention) == line(&mentions[from]);
        let length = mentions[from..].iter().take_while(same).count();
        let own = &mentions[from..from + length];
        let first = own[0].target.clone();
        let acts = |m: &Mention| judged[m.unit].clauses.iter().any(|clause| clause.stance == Stance::Act);
        let again = || {
            own.iter().filter(|m| m.target == first).count() >= OFTEN
                && own.iter().any(|m| units[m.unit].text.len() >= LONG)
                && !own.iter().any(acts)
        };
        let log = own.iter().any(hidden) || again();
        logs.extend(std::iter::repeat_n(log, length));
        from += length;
    }
    // Where the ticket itself names something elsewhere, the log only shows it.
    let own = |mention: &Mention| !matches!(units[mention.unit].origin, Origin::Comment(_));
    let named = mentions.iter().zip(&logs).any(|(mention, log)| !log && own(mention) && !mention.identity);
    let mut logs = logs.into_iter();
    mentions.retain_mut(|mention| {
        let log = logs.next().unwrap_or_default();
        mention.instrument |= log;
        !(log && named && own(mention))
    });
}

/// "Nobody rotates, revokes or tidies it up": what a list of orders denies, whatever clause it stands in.
pub(super) fn carry_denials(text: &str, words: &[Word], found: &[Found], clauses: &mut [Clause]) {
    for at in 1..clauses.len() {
        let (from, to) = (clauses[at - 1].start, clauses[at - 1].end);
        let last = words.iter().rposition(|w| w.start >= from && w.end <= to);
        let ends = last.is_some_and(|last| {
            found.iter().any(|f| matches!(f.cue, Cue::Act(..)) && f.to == last + 1)
                && text
                    .get(words[last].end..clauses[at].start)
                    .is_some_and(|between| between.trim().is_empty() || between.trim() == ",")
        });
        let begins = words
            .iter()
            .position(|w| w.start >= clauses[at].start)
            .is_some_and(|first| found.iter().any(|f| matches!(f.cue, Cue::Act(..)) && f.from == first));
        if clauses[at - 1].stance == Stance::Keep && ends && begins && clauses[at].stance == Stance::Act {
            clauses[at].stance = Stance::Keep;
            clauses[at].acts.clear();
        }
    }
}

/// "Deleted X by accident".
pub(super) fn accident(text: &str, words: &[Word], own: &[usize], order: &Found) -> bool {
    !super::nouns::condition(&text[words[order.from].start..words[order.to - 1].end])
        && own.iter().any(|i| {
            let word = words[*i].text.as_str();
            let by = |n: usize| words.get(i + n).map(|w| w.text.as_str()).unwrap_or_default();
            matches!(word, "accidentally" | "mistakenly" | "inadvertently") && order.from.abs_diff(*i) <= 2
                || (word == "by" && matches!(by(1), "accident" | "mistake"))
        })
}
