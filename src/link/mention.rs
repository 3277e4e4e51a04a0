//! Where a ticket's text names something: exact identifiers, names of one word or several, numbers beside a noun, parts of ids, and
//! identifiers that nobody knows yet. Which of several namesakes is meant is decided in `choose`.

use crate::model::Id;
use crate::model::ticket::Strength;

use super::beside::{Owned, alone, instrument, itself, owned};
use super::entity::Entity;
use super::index::{Name, Names};
use super::number;
use super::partial::part_of;
use super::stance::{Judged, Stance};
use super::text::Unit;
use super::tokens::{Token, Word, invisible, parts, tokens, words};

/// What a mention points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// One or several known things of that name.
    Known(Vec<usize>),
    /// An identifier in an explicit form that nothing known has.
    Unknown(Id),
}

/// A place in the text that names something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) unit: usize,
    pub(super) clause: Option<usize>,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) target: Target,
    pub(super) strength: Strength,
    /// It names a user or workload, whose key carries the name.
    pub(super) identity: bool,
    /// All that its name stands for is meant: "the keys of svc-x".
    pub(super) every: bool,
    /// What its clause does to it.
    pub(super) stance: Stance,
    /// It is what something is done with or replaced by, not what it is done to.
    pub(super) instrument: bool,
}

/// All mentions of one of a ticket's units.
pub(super) fn find(number: usize, units: &[Unit], judged: &Judged, names: &Names) -> Vec<Mention> {
    let unit = &units[number];
    let mut found: Vec<(usize, usize, Target, Strength, bool)> = Vec::new();
    let words = words(&unit.text);
    let tokens = tokens(&unit.text);
    for token in &tokens {
        if placeholder(&unit.text, token) || channel(token) {
            continue;
        }
        for part in parts(*token) {
            if found.iter().any(|(start, end, ..)| *start <= part.start && part.end() <= *end) {
                continue;
            }
            let address = || {
                let (of, strength) = super::address::find(part.text, names)?;
                Some((Target::Known(of), strength, false))
            };
            if let Some((target, strength, identity)) =
                named(part, unit, &words, names).or_else(address).or_else(|| unknown(part, unit, &words))
            {
                found.push((part.start, part.end(), target, strength, identity));
            }
        }
    }
    several_words(unit, &words, names, &mut found);
    for (index, token) in tokens.iter().enumerate() {
        let free = !found.iter().any(|(start, end, ..)| *start <= token.start && token.end() <= *end);
        if let Some((of, end)) = part_of(unit, &words, &tokens, index, names).filter(|_| free) {
            found.push((token.start, end, Target::Known(vec![of]), Strength::Id, false));
        }
    }
    for (start, end, of, strength) in number::find(number, units, &words, &tokens, names) {
        if !found.iter().any(|(from, to, ..)| *from <= start && end <= *to) {
            found.push((start, end, Target::Known(of), strength, false));
        }
    }
    found.extend(
        number::keys(number, units, &words, names)
            .into_iter()
            .map(|(start, end, of)| (start, end, Target::Known(vec![of]), Strength::Name, false)),
    );
    found.sort_by_key(|(start, ..)| *start);
    let starts: Vec<usize> = found.iter().map(|(start, ..)| *start).collect();
    let mentions = found
        .into_iter()
        .map(|(start, end, mut target, strength, identity)| {
            let clause = judged.at(start);
            let owned = if identity { owned(&words, start, end) } else { Owned::User };
            if let (Owned::Other, Target::Known(of)) = (&owned, &mut target) {
                of.retain(|of| names.entities[*of].kind != "access-key");
            }
            if let (Owned::Numbered(number), Target::Known(of)) = (&owned, &mut target) {
                let name = format!("{} key {number}", unit.text[start..end].to_lowercase());
                of.retain(|of| names.entities[*of].names.iter().any(|known| known.to_lowercase().starts_with(&name)));
            }
            let listed = identity && (alone(unit, start, end, &target, names) || itself(&words, start, &target, names));
            Mention {
                unit: number,
                clause,
                start,
                end,
                target,
                strength,
                identity: identity && owned == Owned::User && !listed,
                every: owned == Owned::Keys,
                stance: if ruled_out(unit, &words, start) {
                    Stance::Keep
                } else if exemplary(&words, start) {
                    Stance::Example
                } else {
                    stance(unit, judged, clause, start, end, &starts)
                },
                instrument: instrument(&unit.text, &words, start),
            }
        })
        .collect::<Vec<Mention>>();
    let named = |mention: &Mention| !matches!(&mention.target, Target::Known(of) if of.is_empty());
    mentions.into_iter().filter(named).collect()
}

/// The clause's stance, an exception inside it, and a remark in parentheses right behind the name.
fn stance(unit: &Unit, judged: &Judged, clause: Option<usize>, start: usize, end: usize, starts: &[usize]) -> Stance {
    let Some(index) = clause else { return Stance::Neutral };
    let clause = &judged.clauses[index];
    if clause.except.is_some_and(|except| start > except) {
        return Stance::Keep;
    }
    // "X (not the staging one)" tells it from another.
    let other = |clause: &super::stance::Clause| {
        let inside: Vec<&str> =
            judged.between(clause.start, clause.end).iter().take(2).map(|w| w.text.as_str()).collect();
        // "(not Noor Ahmadi, she stays)"
        let named = inside.first() == Some(&"not")
            && judged
                .between(clause.start, clause.end)
                .get(1)
                .is_some_and(|w| unit.text.get(w.start..).is_some_and(|text| text.starts_with(char::is_uppercase)));
        named
            || matches!(
                inside[..],
                [
                    "not" | "nicht" | "pas" | "no",
                    "the" | "der" | "die" | "das" | "den" | "le" | "la" | "el" | "our" | "its"
                ] | ["the", "one" | "other" | "others"]
                    | ["der" | "die" | "das", "andere" | "unter" | "in" | "von" | "im"]
                    | ["another", _]
            )
    };
    if let Some(next) = judged.clauses.get(index + 1).filter(|next| next.aside && next.stance.spares() && !other(next))
        && next.start.saturating_sub(end) <= 4
        // "(see also Y)" speaks of Y.
        && !starts.iter().any(|other| (next.start..next.end).contains(other))
    {
        return next.stance;
    }
    if clause.aside && clause.stance == Stance::Neutral {
        // "(PROD_KEY)" says the same as what it stands behind.
        return judged.clauses[..index].iter().rev().find(|c| !c.aside).map_or(Stance::Neutral, |c| c.stance);
    }
    clause.stance
}

/// "About A, not about B", "A and not B": what is told apart from what is meant.
fn ruled_out(unit: &Unit, words: &[Word], start: usize) -> bool {
    let at = words.partition_point(|word| word.start < start);
    // "Not to be confused with B".
    let confused = |word: &Word| {
        ["confus", "mistake", "verwechs", "confond", "confund"].iter().any(|w| word.text.starts_with(w))
            || matches!(word.text.as_str(), "mix" | "mixed")
    };
    if words[at.saturating_sub(4)..words.len().min(at + 3)].iter().any(confused) && words[..at].iter().any(denies) {
        return true;
    }
    let between = |word: &&Word| {
        matches!(
            word.text.as_str(),
            "about" | "the" | "our" | "this" | "secret" | "token" | "key" | "variable" | "um" | "den" | "die" | "das"
        )
    };
    let before = &words[..at];
    let skipped = before.iter().rev().take(3).take_while(between).count();
    let Some((not, earlier)) = before[..at - skipped].split_last() else { return false };
    let front = unit.text[..not.start].trim_end();
    let apart = front.ends_with([',', ';', '(', '–', '—'])
        || earlier.last().is_some_and(|last| {
            matches!(
                last.text.as_str(),
                "and" | "und" | "it's" | "is" | "ist" | "certainly" | "definitely" | "absolutely" | "bitte" | "please"
            )
        });
    denies(not)
        && apart
        && unit.text[not.end..start].chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '`' | '*' | '"'))
}

fn denies(word: &Word) -> bool {
    matches!(word.text.as_str(), "not" | "don't" | "don’t" | "nicht" | "ne" | "no")
}

fn named(token: Token<'_>, unit: &Unit, words: &[Word], names: &Names) -> Option<(Target, Strength, bool)> {
    // `/secret/x` is `secret/x`; a parameter's name keeps its sign.
    // "kv/x (namespace consulting)"
    let spaced = namespace(words).map(|space| format!("{space}/{}", token.text)).filter(|_| token.text.contains('/'));
    let known = match names.named(spaced.as_deref().unwrap_or(token.text)) {
        [] if spaced.is_some() && !names.named(token.text).is_empty() => names.named(token.text),
        [] if token.text.matches('/').count() > 1 => names.named(token.text.trim_start_matches('/')),
        known => known,
    };
    let supported: Vec<Name> =
        known.iter().copied().filter(|name| supported(*name, token, unit, words, names)).collect();
    let strength = supported.iter().map(|name| name.strength).max()?;
    let best: Vec<&Name> = supported.iter().filter(|name| name.strength == strength).collect();
    let identity = best.iter().all(|name| name.identity);
    Some((Target::Known(best.into_iter().map(|name| name.of).collect()), strength, identity))
}

/// The namespace of Vault's that a text names.
fn namespace<'w>(words: &'w [Word]) -> Option<&'w str> {
    let at = words.iter().position(|w| w.text == "namespace")?;
    words.get(at + 1).map(|w| w.text.as_str()).filter(|next| !matches!(*next, "of" | "in" | "is" | "and" | "the"))
}

/// Ordinary words are names only with a noun of their kind, quotes, or "called" beside them.
fn supported(name: Name, token: Token<'_>, unit: &Unit, words: &[Word], names: &Names) -> bool {
    if !name.ordinary {
        return true;
    }
    let entity = &names.entities[name.of];
    let at = words.partition_point(|word| word.start < token.start);
    let before: Vec<&str> = words[at.saturating_sub(3)..at].iter().map(|word| word.text.as_str()).collect();
    let last = before.last().copied().unwrap_or_default();
    let person = name.identity && entity.owner.as_deref().is_some_and(|owner| owner.contains('@'));
    if person {
        let lower = token.text.chars().all(char::is_lowercase);
        return lower
            && (token.marked
                || matches!(last, "user" | "user-name" | "username" | "nutzer" | "utilisateur" | "usuario"));
    }
    let called = matches!(
        last,
        "called"
            | "named"
            | "titled"
            | "labelled"
            | "labeled"
            | "namens"
            | "heißt"
            | "nommé"
            | "nommée"
            | "llamado"
            | "llamada"
            | "assume"
            | "assumes"
    );
    called
        || set_apart(unit, token)
        || token.marked && shorter_than_a_sentence(unit)
        || noun_near(entity, words, at, token)
}

/// A name of several words that stands by itself: "Credential: night build", an item, a cell.
fn set_apart(unit: &Unit, token: Token<'_>) -> bool {
    let border = |c: char| matches!(c, '`' | '*' | '"' | ' ');
    let (before, after) = (&unit.text[..token.start], &unit.text[token.end()..]);
    let (before, after) = (before.trim_end_matches(border), after.trim_start_matches(border));
    token.text.contains(' ')
        && (before.is_empty() || before.ends_with([':', '|']))
        && (after.is_empty() || after.starts_with(['|', '(', ';', ',']) || after == ".")
}

fn shorter_than_a_sentence(unit: &Unit) -> bool {
    unit.text.len() < 400
}

fn noun_near(entity: &Entity, words: &[Word], at: usize, token: Token<'_>) -> bool {
    let after = words.partition_point(|word| word.start < token.end());
    entity.nouns().iter().any(|noun| {
        let noun: Vec<&str> = noun.split(' ').collect();
        let follows = |from: usize| {
            words.get(from..from + noun.len()).is_some_and(|slice| slice.iter().zip(&noun).all(|(w, n)| w.text == *n))
        };
        // "Deploy-Key bootstrap": one word in German.
        let last = |w: &Word| noun.len() == 1 && w.text.rsplit_once('-').is_some_and(|(_, last)| last == noun[0]);
        let before = at >= noun.len() && (follows(at - noun.len()) || last(&words[at - 1]));
        before || (after..after + 3).any(follows)
    })
}

/// `#patch-notes`: where people talk, whatever is called so, too.
fn channel(token: &Token<'_>) -> bool {
    token.text.strip_prefix('#').is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
}

/// "Keys like AKIA…", "a dummy SIGNING_KEY": named for an example.
fn exemplary(words: &[Word], start: usize) -> bool {
    let at = words.partition_point(|word| word.start < start);
    let back = |n: usize| at.checked_sub(n).map(|at| words[at].text.as_str()).unwrap_or_default();
    (back(1) == "like" && matches!(back(2), "keys" | "tokens" | "secrets" | "passwords" | "credentials" | "names"))
        || (matches!(back(1), "dummy" | "fake" | "sample" | "mock" | "fictitious") && matches!(back(2), "a" | "some"))
}

/// `<SECRET_NAME>`, `AKIAXXXXXXXXXXXXXXXX`: a template's gap, no name.
fn placeholder(text: &str, token: &Token<'_>) -> bool {
    let before = text[..token.start].chars().next_back();
    let after = text[token.end()..].chars().next();
    let bracketed = before == Some('<') && after == Some('>') && !token.text.contains(['@', '/']);
    bracketed || token.text.contains("XXXX") || token.text.contains("xxxx") || token.text.contains("0000000000000000")
}

/// Identifiers whose form says what they are, known or not.
fn unknown(token: Token<'_>, unit: &Unit, words: &[Word]) -> Option<(Target, Strength, bool)> {
    let text = token.text;
    let open_end = unit.text[token.end()..].starts_with(['*', '…', '?']);
    if open_end || !text.is_ascii() {
        return None;
    }
    let upper = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if text.len() == 20 && (text.starts_with("AKIA") || text.starts_with("ASIA")) && upper(text) {
        let mut rest = text[4..].bytes();
        let first = rest.next();
        // The one of Amazon's manual is nobody's.
        return (rest.any(|b| Some(b) != first) && text != "AKIAIOSFODNN7EXAMPLE")
            .then(|| (Target::Unknown(Id::aws_access_key(None, text)), Strength::Id, false));
    }
    if let Some(id) = arn(text) {
        return Some((Target::Unknown(id), Strength::Slot, false));
    }
    if let Some((id, strength)) = written_out(text) {
        return Some((Target::Unknown(id), strength, false));
    }
    let at = words.partition_point(|word| word.start < token.start);
    let before = |back: usize| at.checked_sub(back).map(|i| words[i].text.as_str()).unwrap_or_default();
    let accessor = before(1) == "accessor" || (before(1) == "is" && before(2) == "accessor");
    let shaped = text.len() >= 14 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if accessor
        && shaped
        && text.bytes().any(|b| b.is_ascii_digit())
        && !matches!(before(2), "id" | "secret-id" | "secret_id" | "role")
    {
        let role = words.iter().any(|w| matches!(w.text.as_str(), "approle" | "secret-id" | "secret_id"));
        return (!role).then(|| (Target::Unknown(Id::vault_token(None, text)), Strength::Id, false));
    }
    vault_path(token, words).map(|id| (Target::Unknown(id), Strength::Slot, false))
}

/// An id of GitHub's or GitLab's as `driftgate inventory` prints it: a ticket may name what no store has shown yet.
fn written_out(text: &str) -> Option<(Id, Strength)> {
    let [head, kind, place, what] = text.split(':').collect::<Vec<_>>()[..] else { return None };
    let number = what.len() <= 20 && what.bytes().all(|b| b.is_ascii_digit());
    let strength = match (head.split('@').next()?, kind) {
        ("github", "actions-secret" | "dependabot-secret" | "codespaces-secret") | ("gitlab", "variable") => {
            Strength::Slot
        }
        ("github", "deploy-key" | "pat" | "app" | "sso-token") if number => Strength::Id,
        ("gitlab", "project-token" | "group-token" | "personal-token" | "deploy-token" | "deploy-key" | "trigger")
            if number =>
        {
            Strength::Id
        }
        _ => return None,
    };
    (!place.is_empty() && !what.is_empty()).then(|| (Id::new(text), strength))
}

fn arn(text: &str) -> Option<Id> {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, partition, service, _, account, resource] = fields[..] else { return None };
    if arn != "arn" || !partition.starts_with("aws") || !super::entity::is_account(account) {
        return None;
    }
    let kind = match service {
        "secretsmanager" if resource.starts_with("secret:") => "secret",
        "ssm" if resource.starts_with("parameter/") => "parameter",
        "iam" if resource.starts_with("role/") => "role",
        _ => return None,
    };
    Some(Id::new(format!("aws:{kind}:{text}")))
}

/// A path in a `vault kv` command, or one with `/data/` in a text about Vault.
fn vault_path(token: Token<'_>, words: &[Word]) -> Option<Id> {
    let text = token.text;
    let good = text.contains('/')
        && !text.starts_with('/')
        && !text.contains("://")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.' | b'#'));
    if !good {
        return None;
    }
    let at = words.partition_point(|word| word.start < token.start);
    let command = words[..at].windows(2).rev().take(8).any(|pair| pair[0].text == "vault" && pair[1].text == "kv");
    let mut segments: Vec<&str> = text.split('/').collect();
    let data = segments.iter().skip(1).position(|segment| matches!(*segment, "data" | "metadata"));
    let about = words.iter().any(|word| matches!(word.text.as_str(), "vault" | "openbao"));
    if segments.len() < 2 || !(command || (about && data.is_some())) {
        return None;
    }
    if let Some(data) = data {
        segments.remove(data + 1);
    }
    (segments.len() >= 2 && segments.iter().all(|segment| !segment.is_empty()))
        .then(|| Id::new(format!("vault:kv:{}", segments.join("/"))))
}

fn several_words(unit: &Unit, words: &[Word], names: &Names, found: &mut Vec<(usize, usize, Target, Strength, bool)>) {
    for (at, word) in words.iter().enumerate() {
        let mut best: Vec<(usize, Name)> = Vec::new();
        let second = words.get(at + 1).map_or("", |next| next.text.as_ref());
        for (name, entry) in names.starting(&word.text, second) {
            let Some(slice) = words.get(at..at + name.len()) else { continue };
            let same = |(word, part): (&Word, &String)| word.text == *part;
            let (most, last) = (name.len() - 1, &slice[name.len() - 1].text);
            let ends = *last == name[most] || last.strip_suffix("'s").is_some_and(|bare| bare == name[most]);
            if !ends || !slice[..most].iter().zip(name).all(same) || !adjacent(unit, slice) {
                continue;
            }
            let last = &slice[slice.len() - 1];
            let token = Token {
                text: &unit.text[word.start..last.end],
                start: word.start,
                marked: marked(unit, word.start, last.end),
            };
            if supported(*entry, token, unit, words, names) && whole(unit, token) {
                best.push((last.end, *entry));
            }
        }
        let Some(end) = best.iter().map(|(end, _)| *end).max() else { continue };
        best.retain(|(to, _)| *to == end);
        // A longer name swallows the shorter ones in it.
        found.retain(|(start, to, ..)| !(word.start <= *start && *to <= end && (*start, *to) != (word.start, end)));
        if !found.iter().any(|(start, to, ..)| *start <= word.start && end <= *to) {
            let identity = best.iter().all(|(_, name)| name.identity);
            let of = best.into_iter().map(|(_, name)| name.of).collect();
            found.push((word.start, end, Target::Known(of), Strength::Name, identity));
        }
    }
}

/// Words with nothing but blanks between them, however many.
fn adjacent(unit: &Unit, slice: &[Word]) -> bool {
    slice.windows(2).all(|pair| {
        let between = &unit.text[pair[0].end..pair[1].start];
        between.len() <= 3 && between.chars().all(|c| matches!(c, ' ' | '\t' | '(' | ')' | '/'))
    })
}

fn marked(unit: &Unit, start: usize, end: usize) -> bool {
    let quote = |c: char| matches!(c, '"' | '\'' | '`' | '*' | '“' | '”' | '„' | '‘' | '’' | '«' | '»');
    unit.text[..start].ends_with(quote) && unit.text[end..].starts_with(quote)
}

/// Not cut out of a longer identifier.
fn whole(unit: &Unit, token: Token<'_>) -> bool {
    let side = |c: Option<char>| c.is_some_and(|c| super::tokens::joined(c) || matches!(c, '/' | '@'));
    let before = unit.text[..token.start].trim_end_matches(invisible).chars().next_back();
    let after = unit.text[token.end()..].trim_start_matches(invisible).chars().next();
    !side(before) && !side(after)
}
