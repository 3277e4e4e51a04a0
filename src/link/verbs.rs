//! The words that decide: what asks for something, what keeps, what is past, what only illustrates. Tables, so that a word is one entry
//! and a site can add its own (`words` in the configuration). English
//! stands here, other languages in `tongues`. How they combine is decided in `stance` and `intent`.

use crate::model::settings::{self, Words};
use crate::model::ticket::Intent;

use super::hashed::Quick;
use super::tongues;

/// How much a word says by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Force {
    /// It names the intent whatever its object is.
    Strong,
    /// It needs a credential, an access or a known name beside it.
    Weak,
}

/// The grammatical form in which a word asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `revoke`: an order, or after "must", "please", "to".
    Base,
    /// `revoked`: asks in titles and lists, narrates after "was".
    Participle,
    /// `revocation`.
    Noun,
}

/// What a word or phrase does to its clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    /// It asks for something.
    Act(Intent, Force, Form),
    /// What its clause names stays as it is.
    Keep,
    /// What follows it in its clause stays as it is.
    Except,
    /// What its clause names was done already.
    Past,
    /// What its clause names only illustrates.
    Example,
    /// It asks for what somebody else has ("the same access as"): what follows only illustrates.
    Like,
    /// It negates what follows.
    Not,
    /// It talks about text, plans or knowledge: at a title's head nothing is asked for.
    Talk,
    /// It looks like a cue and is none ("do not forget to").
    Nothing,
}

/// English verbs: intent, force, regular verbs (their forms are made by `inflected`), further base forms, irregular participles, nouns;
/// forms are separated by `|`.
const ENGLISH: &[(Intent, Force, &str, &str, &str, &str)] = &[
    (
        Intent::Revoke,
        Force::Strong,
        "revoke|invalidate|deactivate|inactivate|deprovision|de-provision|decommission|retire|nuke|kill|kill off|blacklist|blocklist|denylist|sunset",
        "made invalid|be made invalid|make invalid|make it invalid|get rid of|getting rid of|stop using|clean out|be invalid|to be invalid|become invalid|take down|disable access|withdraw access|remove access|revoke access|cut access|end of life|pull the plug|\
out of service|out of action|out of use",
        "",
        "revocation|invalidation|deactivation|deprovisioning|decommissioning|inactivation|retirement",
    ),
    (
        Intent::Revoke,
        Force::Weak,
        "remove|delete|drop|destroy|purge|disable|terminate|switch off|turn off|scrap|uninstall|clean up|tidy up|detach|block|unauthorize|unauthorise|deauthorize|deauthorise|wipe|erase|\
phase out|eliminate|yank|burn|ditch|axe|bin|trash|void|expire|lock|lock out|lock down|strip|discard|dispose of|unlink|disconnect|unregister|deregister|de-register|suspend|shred|discontinue|\
dismantle|close off|close down|weed out|clear out|clear|pull|chop|expunge|unset",
        "cut|cuts|cutting|cut off|cuts off|cutting off|shut off|shut down|shutting down|withdraw|withdrawing|throw out|throw away|take out|cleanup|clean-up|tear down|tearing down|get rid|rip out|has to be gone|have to be gone|must be gone|should be gone|needs to be gone|need to be gone|off with it|off with them|\
should come off|must come off|has to come off|can come off|goes away|go away|going away|can go|may go|has to go|have to go|had to go|must go|should go|needs to go|need to go|can die|must die|has to die|have to die|should die|to die|out with|make inactive|to inactive|be inactive|\
not be usable|not be used any more|not be used anymore|not be used any longer|cannot be used any more|can't be used any more|not lie around|not work from|not work any more after|to be laid to rest|stop working|stop to work",
        "withdrawn|blocked|retired|torn down|thrown out",
        "removal|deletion|termination|cleanup|clean-up|teardown|suspension|shutdown|switch-off|switchoff|withdrawal|disablement|housekeeping",
    ),
    (
        Intent::Revoke,
        Force::Weak,
        "",
        "no longer exists|no longer exist|stops existing|ceases to exist|is to vanish|to vanish|to disappear|has to disappear|has to go on our|have to go on our|must go on our|has to go on their|never used|never been used|was never used|were never used|unused|stale|obsolete|orphaned|orphan|dead|leftover|no longer needed|not needed any more|not needed anymore|not needed any longer|no longer used|not used any more|not used anymore|not used any longer|\
no longer required|not required any more|not required anymore|leaked|compromised|exposed|superfluous|dangling|redundant|do not need|don't need|no longer need|no longer needs|no longer requires|no more use for|no further use for|no use for|no more need for|no further need for|nobody needs|nobody uses|no one uses|no one needs",
        "",
        "",
    ),
    (
        Intent::Rotate,
        Force::Strong,
        "rotate|re-roll|reroll|regenerate|re-generate|regen|reissue|re-issue|rekey|re-key|re-mint|roll over",
        "",
        "",
        "rotation|re-rolling|rekeying|rollover|roll-over|regeneration|re-issuance|reissuance",
    ),
    (
        Intent::Rotate,
        Force::Weak,
        "renew|roll|cycle|recycle|replace|refresh|swap|swap out|exchange|change|change out|update|bump|recreate|re-create",
        "reset|resets|resetting|new|fresh|new value|fresh value|new values|fresh values|new one|fresh one|new pair|new version|new password|new token|new secret|another value|get another|set another|set a random|set a strong|set a stronger|set a better|set a different|set a longer|set a proper|need another|\
needs another|issue another|put another|needs renewal|needs rotating|need rotating|needs renewing|needs a renewal|needs rotation|needs replacement|needs replacing|needs a replacement|needs a new value|needs a fresh value|needs a new password|too old|forces a change|force a change|enforces a change|demands a change|requires a change|gets a new one|get a new one|put it into|put one into|has to change|must change|needs to change|need to change|needs changing|due for renewal|due for its yearly|due for its annual|due for its quarterly|due for its regular|due for a change|due for its change|due for replacement|up for renewal|up for replacement|expires|expired|expiring|about to expire|will expire|runs out|running out|coming up for expiry|is due|is due again|not renewed properly|not rotated properly|was not renewed|was not rotated|has not been renewed|has not been rotated|have not been rotated|not been rotated",
        "reset",
        "renewal|replacement",
    ),
    (
        Intent::Offboard,
        Force::Strong,
        "offboard|off-board",
        "end of stay|end of the stay|end of her stay|end of his stay|end of their stay|last day|last working day|final day|final working day|leaves the company|leave the company|left the company|left without notice|left yesterday|left last week|left the studio|left the firm|left the agency|left the university|left the institute|left the bank|left the practice|left the organisation|left the organization|left the association|leaving the company|leaves the organisation|leaves the organization|leaves the group|\
leaves us|left us|leaving us|has left|have left|is leaving|are leaving|will leave|will be leaving|resigned|resigns|has resigned|hands in her notice|hands in his notice|gave notice|leaves the project|leaves the team|rolls off|handed in|quits|laid off|let go|contract ended|contract ends|contract end|end of the contract|end of contract|contract is over|contract is up|contract has ended|contract not renewed|contract not extended|contract is not renewed|contract is not extended|contract will not be renewed|contract will not be extended|contract was not renewed|contract was not extended|contract has not been renewed|contract has not been extended|\
contract expires|contract runs out|contract terminated|end of contract|agreement ends|agreement ended|assignment ends|end of assignment|engagement ends|end of engagement|internship ends|internship is over|internship is finished|assignment is over|engagement is over|employment is over|stay is over|employment ends|employment ended|\
end of employment|no longer works|no longer employed|close his account|close her account|close their account|close his accounts|close her accounts|close their accounts|no longer with us|not with us any more|not with us anymore|ended the contract|ended her contract|ended his contract|ends the contract|partnership is over|partnership ends|partnership ended|cooperation is over|cooperation ends|collaboration ends|finished with us|gone for good|left for good|finishes with us|is done with us|does not work here|doesn't work here|parting ways|parted ways|parts ways|finished his contract|finished her contract|finished their contract|finished the contract|has finished with us|goes into retirement|going into retirement|into retirement|is not with us|isn't with us|are not with us|close all his access|close all her access|close all their access|takes his accesses away|take his accesses away|take her accesses away|assignment with you is over|assignment with us is over|secondment ends|secondment is over|secondment terminates|not coming back|isn't coming back|won't come back|won't be back|does not come back|end of secondment|end of the secondment|last shift",
        "",
        "offboarding|off-boarding|leaver|leavers|vendor exit|vendor leaving|supplier leaving|partner leaving|contractor leaves|consultant leaves|freelancer leaves|employee leaves|colleague leaves|intern leaves|agency leaves|vendor leaves|partner leaves|contractor leaving|consultant leaving|agency leaving|freelancer leaving|staff leaving|employee leaving|colleague leaving|contractor exit|maintainer exit|consultant exit|freelancer exit|intern exit|volunteer exit|agency exit|partner exit|employee exit|staff exit|supplier exit|exit of|departure|departure of|termination of employment|resignation|redundancy",
    ),
    (
        Intent::Elevate,
        Force::Strong,
        "elevate",
        "break glass|break-glass|breakglass|firefighter|just-in-time|just in time|time-boxed|time boxed|timeboxed|time-limited|time limited|time-bound|temporarily|temporary access|temporary write|temporary admin|\
temporary read|temporary elevation|temporary rights|temporary permission|temporary permissions|temp access|temp admin|temp write|short-term access|short term access|one-off access|emergency access|emergency admin",
        "",
        "elevation",
    ),
    (
        Intent::Elevate,
        Force::Weak,
        "",
        "temporary|temp|emergency|jit|short-lived|short-term|short term|limited-time",
        "",
        "",
    ),
    (
        Intent::Modify,
        Force::Strong,
        "downgrade|demote|scope down|scale down|narrow down|downscope|right-size|rightsize",
        "no longer readable|not readable any more|no longer accessible to|be closed to it|must be closed to|bring down|raise it to|raise it from|raise them to|raise the role|raise its role|raise the level|raise its level|raise perms|raise the perms|raise permissions|raise the permissions|raise rights|raise the rights|increase permissions|increase the permissions|increase rights|widen permissions|\
widen the permissions|role change|team change|change of team|change of department|changes department|changed department|internal mobility|changes team|changes teams|change teams|changed teams|changed team|moves team|\
moves teams|switches team|switches teams|switching teams|switched teams|changes role|changes roles|change of role|changes to the|transfers to the|switches over to the|moves to another team|moved to another team|moves to the|moved to the|internal move|internal transfer|\
needs far less|needs much less|needs less|no more access to|no access any more to|no longer has access to|she loses|he loses|they lose|loses access|loses her|loses his|sees too much|reads too much|reads far too much|can read too much|sees far too much|has far too much|far too much access|becomes read-only|become read-only|more rights than|more permissions than|more privileges than|more access than|has more than|has too many|has too much|too broad|too wide|too powerful|over-privileged|overprivileged|over-permissioned|least privilege|must not read|must not write|must not have write|should not have write|must not have admin|should not have admin|should not read|should not write|must not see|\
should not see|no longer read|no longer write|no longer gets to|no longer get to|no longer be able to|may no longer|must no longer|should no longer|shall no longer|should not be able to|shouldn't be able to|must not be able to|leaves production|leaves staging|off the reader list|off the list of readers|from the reader list|from the list of readers|off that list|role that is too high|role that's too high|role is too high|level is too high|change the level|change level|change permissions|\
change the permissions|change the role|change the scope|change the scopes|change scope|reduce the scope",
        "",
        "downgrade|role change|mover",
    ),
    (
        Intent::Modify,
        Force::Weak,
        "widen|broaden|reduce|restrict|limit|lower|narrow|tighten|shrink|confine|trim|adjust|move|modify|cut back|dial back|pare down|curb",
        "",
        "",
        "reduction|restriction",
    ),
    (
        Intent::Provision,
        Force::Strong,
        "grant|provision|onboard",
        "be added to the selection|added to the selection|would like to read|would like to write|wants to read|request access|requesting access|requests access|needs access|need access|requires access|require access|wants access|want access|give access|gain access|get access|gets access|granting access|\
more permissions|same rights|same permissions|same access",
        "",
        "access to|access for|access on|access request|request for access|request of access|read access|write access|admin access|permissions for|permission for|permission to|permissions on|permissions to|rights on|rights for|\
provisioning|onboarding|new joiner|new starter|new hire|joiner",
    ),
    (
        Intent::Provision,
        Force::Weak,
        "allow|permit|add|attach|assign|enable|request|create|issue|open|invite|generate|provide|authorize|authorise|entitle",
        "has to view|has to see|has to fetch|have to fetch|has to read|have to read|has to write|have to write|wants to read|want to read|wants to write|want to write|give|gives|giving|reactivate|reinstate|re-enable|reenable|needs|need|be able to|be allowed to|set up|setup|let|lets|get|gets",
        "given",
        "assignment|new access|access",
    ),
];

/// Commands, as they stand in code.
const COMMANDS: &[(Intent, &str)] = &[
    (
        Intent::Revoke,
        "delete-access-key|delete-secret|delete-role|delete-user|delete-login-profile|delete-service-specific-credential|delete-parameter|token revoke|token-revoke|lease revoke|secret-id-accessor destroy|\
accessor destroy|secret delete|secret remove|variable delete|deploy-key delete|owner rm|tokens delete|keys delete|kv delete|kv destroy|metadata delete|status inactive|unset-variable",
    ),
    (
        Intent::Rotate,
        "rotate-secret|rotate-root|update-secret|put-secret-value|create-access-key|secret set|variable update|variable set|kv put|kv patch|put-parameter|token rotate",
    ),
];

/// Phrases that keep, in the four languages.
const KEEP: &str = "the maintained one|is maintained|well maintained|is healthy|are healthy|a healthy|we look after|only look after|is up to date|est à jour|alive and well|must survive|must go on working|what it is for|what they are for|not to be harmed|as it should be|as they should be|get mixed up with|gets mixed up with|being mixed up with|gets none|get none|not in the bundle|not in the picture|not in the dump|is another matter|nothing to do with this|nothing to do with it|better survive|has to survive|must survive|no part in this|part in this|may go on|can go on|go on reading|left in peace|leave in peace|be left in peace|not that one|not this one|him anyway|her anyway|them anyway|has its own|have their own|has one of its own|has anyway|have anyway|she has already|he has already|they have already|the latter it needs|the former it needs|needs the latter|needs the former|go on with|goes on with|carry on with|carries on with|are what runs|is what runs|mix them up|don't mix|is the one we use|is the one that we use|is what we use|is the current one|is the one in use|are the ones we use|is used now|are used now|keep|keeps|kept|keeping|leave it|leave them|leave that|leave this|leave these|leave those|leave alone|left alone|leaving it|\
leaving them|stays|stay|remains|remain|retain|retains|untouched|unaffected|unchanged|as it is|as is|as they are|not affected|not due|isn't due|not part|not concerned|\
not involved|not in scope|out of scope|not included|not touched|don't touch|do not touch|hands off|may stay|can stay|must stay|should stay|fine|not bother|don't bother|never mind|different key|different token|different secret|different one|another key|another token|another one|\
is ok|is okay|is ours|are ours|is mine|not mine|not ours|in use|is used|are used|used daily|used nightly|used hourly|used every|being used|still used|still uses|still use|still using|still reads|change nothing|nothing for|is excluded|are excluded|not applied for|not requested|not asked for|objection for|objection to|i object|careful with|forget about|forget|watch out for|is the live one|the live one|live on|lives on|stays the way it is|stay the way they are|must not change|still in use|still needed|still needs|still need|still \
required|is needed|are needed|is required|needs it|need it|needs them|needed by|required by|relies on|depends on|depend on|serves|serve|ignore it|ignore them|skip it|skip them|skip this one|skip that one|ignore that|ignore this one|be ignored|frozen|neither|nor|separate request|own ticket|own task|own issue|own change|own request|different owner|separate ticket|another \
ticket|other ticket|different ticket|ticket of its own|tickets of their own|of its own|handled separately|tracked in|handled in|no action|no action needed|nothing to do|was never|were never|never in|never part|no need to|does not need to|do not need to|\
doesn't need to|need not|needn't|nothing is wrong|nothing wrong|object to|objects to|not readable|not reachable|was not exposed|not exposed|has to keep|have to keep|must keep|\
should keep|to keep|keep working|keeps working|must go on|has to go on|have to go on|should go on|must continue|go on working|goes on|carries on|continues|continue to|continues to|not yet|later ticket|next quarter|next year|unrelated|not related|not relevant|was masked|were masked|redacted|not leaked|off limits|off-limits|not here|not in this ticket|not part of this|not this ticket|everything uses|everything reads|everything is on|everything runs on|everybody uses|everyone uses|all jobs use|\
all jobs read|all pipelines use|all workflows use|leave the latter|leave the former|leave the other|leave the others|leave the rest|\
not overwrite|don't overwrite|never overwrite|must not go|should not go|shall not go|cannot go|can't go|another thing|a different thing|is none of this|none of this ticket's|never had|nobody touch|nobody touches|nobody is to touch|no one touches|not a matter of|no matter of|not the matter of|not a subject of|not subject of|not for this issue|not for this ticket|not of this ticket|has nothing to do with|have nothing to do with|nothing to do with|stays put|stays in place|is not for him|is not for her|is not for them|isn't for him|isn't for her|not wanted|nobody wants to touch|has existed since|have existed since|exists already|already exists|isn't part|aren't part|must survive|has to survive|have to survive|survives|survive this|is the one in service|are the ones in service|does not take part|do not take part|doesn't take part|is the copy for|covers the|covers this|covers it|cover the|skipping|skipped";

const EXCEPT: &str = "except|except for|excluding|but not|and not|other than|apart from|aside from|with the exception of|unlike|not the|not for|instead of the|rather than";

const PAST: &str = "back then|at that time|gave us|already|gone|gone since|gone already|long gone|was done|were done|has been done|have been done|is done|was finished|is finished|were finished|was completed|is complete|has been completed|is completed|was carried out|took over|has taken over|last week|last month|last year|yesterday|previously|earlier this|years ago|months ago|weeks ago|days ago|in the past";

const EXAMPLE: &str = "asks whether|asked whether|wonders whether|wondered whether|wonders if|asked if|in the style of|mention that|mentions that|mentioned that|example|for example|for instance|e.g|e g|such as|see also|cf|like we did|as we did|as was done|like with|same way as|compare with|sample|dummy|placeholder|fake key|fake keys|fake token|fake tokens|fake secret|fake value|fake values|fake id|fake ids|fake credentials|is fake|are fake|hypothetical|hypothetically|say|illustration|illustrates|similar to|looks like|same as|think of";

const LIKE: &str = "same access as|same access that|same rights as|same rights that|same permissions as|same permissions that|same privileges as|same level as|same roles as|like the access of|gleichen rechte wie|gleiche rechte wie|\
gleichen zugriff wie|gleichen zugänge wie|selben rechte wie|mêmes droits que|mêmes accès que|mismos permisos que|mismos accesos que|mismo acceso que";

const NOT: &str = "nothing to|nothing has to|nothing needs to|nothing must|not|don't|doesn't|didn't|won't|mustn't|shouldn't|can't|cannot|never|no|without|nobody|none";

const TALK: &str = "study|enquiry|inquiry|handover|hand-over|handoff|observation|naming|distribute|circulate|catering|document|documents|documenting|documentation|docs|describe|write down|write up|write a|explain|explains|investigate|research|evaluate|spike|discuss|discussion|review|find out|workshop|training|talk|\
presentation|slides|poster|posters|leaflet|leaflets|flyer|flyers|subtitles|untertitel|e-learning|quiz|how to|how do|how does|how we|howto|automate|automating|monitor|monitoring|alert|alerts|dashboard|metric|metrics|typo|readme|wiki|runbook|playbook|guide|tutorial|question|rfc|estimate|plan|announce|\
announcement|survey|list|inventory of|test|drill|exercise|book|policy|procedure|template|design|proposal for|idea|meeting|agenda|minutes|lessons learned|postmortem|post-mortem|retro|retrospective|\
faq|newsletter|blog|article|demo|compare|benchmark|draft|clarify|evidence|attestation|diagram|lint|linter|refactor|upgrade|feature request";

const NOTHING: &str = "access is locked|account is locked|key is locked|got locked|was locked|gets locked|got blocked|gets blocked|change calendar|change management|change board|change record|change log|change number|change window|to be clear|make clear|makes clear|made clear|the bins|bins show|bins are|bin collection|bin lorry|went live on|goes live on|go live on|gone live on|provisioning environment|provisioning script|provisioning job|provisioning service|provisioning system|provisioning tool|provisioning agent|provisioning server|new service|new job|new workload|new instance|new host|new server|new cluster|new application|new pipeline|not authorised|not authorized|dead weight|dead letters|keeps it for|keep it for|none on record|none recorded|onboarding video|onboarding guide|onboarding doc|onboarding docs|onboarding page|onboarding session|onboarding call|onboarding slides|onboarding material|onboarding deck|has to go into|have to go into|has to go to|must go into|needs to go into|gets stuck|get stuck|got stuck|kept out of|is kept out of|are kept out of|change rights on|change rights to|change rights for|giving up|is from last|are from last|never expires|never expire|does not expire|doesn't expire|do not expire|don't expire|no expiry|without expiry|not be replaced|is not replaced|without replacement|no replacement|clearing house|clearing houses|clearing bank|unchanged for|unchanged since|401 unauthorized|403 forbidden|request is kept|ticket is kept|form is kept|record is kept|entry is kept|kept as evidence|kept for the auditors|kept for audit|kept for the record|kept for the records|kept on file|to recycling|for recycling|recycling bin|recycling company|no longer works on|no objection to|nothing will be changed|nothing is changed|nothing will change|nothing changes|changes nothing|not here anymore|not here any more|is used only|is only used|are only used|are used only|execute as is|execute as it is|run as is|run it as is|run as it is|process as is|fine to|fine with me to|fine if|fine for me to|not forget to|not forget|don't forget to|don't forget|not only|not earlier|not before|not later|no later|not wait|cannot wait|can't wait|no longer|not any more|not anymore|not hesitate|why not|not used|not in use|not sure|not work|no longer works with|if not|whether or not|\
as soon as|times out|timed out|timing out|out with more|rolled out with|goes out with|comes out with|logged out with|new team|new hire|new joiner|new colleague|new in|new starter|no objections|no later than|password manager|update me|update us|update here|update this ticket|need to know|need help|open question|open questions|request id|in need of|change request|change window|change freeze|let me know|let us know|let me|access log|access logs|keep in mind|keep an eye|keep me|keep us|keep you|for the record|list of|the list|the report|expire soon|access key|access keys|access token|access tokens|access review|access reviews|access denied|access control|access controls|access policy|access policies|\
access check|access checks|access audit|access audits|access issue|access issues|access problem|access problems|access error|access management|data access|to access|cannot read|can't read|could not read|cannot access|can't access|could not access|couldn't access|unable to access|no access|last day of the|change management|\
change advisory|emergency change|standard change|normal change|new build|new version of|new release|new feature|new account|can we not|could we not|can't we|couldn't we|why don't we|why don't you|can you not|dead letter|dead link|dead end|dead code|\
dead-letter|dead lock|stale branch|stale branches|stale issue|stale issues|add a comment|please add a comment|please add a note|please add a line|please add a link|please add a screenshot|please add the details|please add details|please add information|please add your|please add it to|please add this to";

/// The base forms (`revoke`, `revokes`, `revoking`) and the participle (`revoked`) of a regular verb; of several words the first changes.
fn inflected(verb: &str) -> ([String; 3], String) {
    let (first, rest) = match verb.split_once(' ') {
        Some((first, rest)) => (first, format!(" {rest}")),
        None => (verb, String::new()),
    };
    let vowel = |c: char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u');
    let letters: Vec<char> = first.chars().collect();
    let ends = |ends: &[&str]| ends.iter().any(|end| first.ends_with(end));
    // "swap" doubles its last letter: one syllable, one vowel before one consonant.
    let doubles = matches!(letters[..], [.., before, middle, last]
            if !vowel(before) && vowel(middle) && !vowel(last) && !matches!(last, 'w' | 'x' | 'y'))
        && letters.iter().filter(|c| vowel(**c)).count() == 1;
    let (stem, third, past) = match () {
        () if ends(&["e"]) => (first[..first.len() - 1].to_owned(), format!("{first}s"), format!("{first}d")),
        () if ends(&["y"]) && !ends(&["ay", "ey", "oy", "uy"]) => {
            let short = &first[..first.len() - 1];
            (first.to_owned(), format!("{short}ies"), format!("{short}ied"))
        }
        () if doubles => {
            let twice = format!("{first}{}", letters.last().copied().unwrap_or_default());
            (twice.clone(), format!("{first}s"), format!("{twice}ed"))
        }
        () if ends(&["ch", "sh", "ss", "x", "z"]) => (first.to_owned(), format!("{first}es"), format!("{first}ed")),
        () => (first.to_owned(), format!("{first}s"), format!("{first}ed")),
    };
    let with = |form: String| format!("{form}{rest}");
    ([with(first.to_owned()), with(third), with(format!("{stem}ing"))], with(past))
}

/// All phrases, by their first word.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    by_first: Quick<String, Vec<(Vec<String>, Cue)>>,
    /// A site's own phrases of requests.
    own: Vec<(String, Intent)>,
}

impl Lexicon {
    /// Our words and a site's.
    pub(super) fn new(words: &Words) -> Self {
        let mut lexicon = Self::default();
        for (intent, force, regular, base, participles, nouns) in ENGLISH {
            for verb in regular.split('|').filter(|verb| !verb.is_empty()) {
                let (bases, participle) = inflected(verb);
                for form in bases {
                    lexicon.add(&form, Cue::Act(*intent, *force, Form::Base));
                }
                lexicon.add(&participle, Cue::Act(*intent, *force, Form::Participle));
            }
            lexicon.add_forms(*intent, *force, [base, participles, nouns]);
        }
        for (intent, force, base, participles, nouns) in tongues::VERBS.iter().chain(tongues::FURTHER) {
            lexicon.add_forms(*intent, *force, [base, participles, nouns]);
        }
        for (intent, commands) in COMMANDS {
            lexicon.add_all(commands, Cue::Act(*intent, Force::Strong, Form::Base));
        }
        for (lists, cue) in [
            ([KEEP, tongues::KEEP], Cue::Keep),
            ([EXCEPT, tongues::EXCEPT], Cue::Except),
            ([PAST, tongues::PAST], Cue::Past),
            ([EXAMPLE, tongues::EXAMPLE], Cue::Example),
            ([LIKE, ""], Cue::Like),
            ([NOT, tongues::NOT], Cue::Not),
            ([TALK, tongues::TALK], Cue::Talk),
            ([NOTHING, tongues::NOTHING], Cue::Nothing),
        ] {
            for list in lists {
                lexicon.add_all(list, cue);
            }
        }
        for (list, force) in [(&words.weak, Force::Weak), (&words.intents, Force::Strong)] {
            for (phrase, intent) in list {
                let cue = if *intent == Intent::None { Cue::Talk } else { Cue::Act(*intent, force, Form::Base) };
                lexicon.add(phrase, cue);
            }
        }
        lexicon.own = words.intents.clone();
        for (phrase, cue) in &words.cues {
            let cue = match cue {
                settings::Cue::Keep => Cue::Keep,
                settings::Cue::Except => Cue::Except,
                settings::Cue::Past => Cue::Past,
                settings::Cue::Example => Cue::Example,
                settings::Cue::Not => Cue::Not,
                settings::Cue::Talk => Cue::Talk,
            };
            lexicon.add(phrase, cue);
        }
        for phrases in lexicon.by_first.values_mut() {
            // The longest phrase wins; of equal ones the site's own, which came last.
            phrases.reverse();
            phrases.sort_by_key(|(rest, _)| std::cmp::Reverse(rest.len()));
        }
        lexicon
    }

    fn add_forms(&mut self, intent: Intent, force: Force, lists: [&str; 3]) {
        for (list, form) in lists.into_iter().zip([Form::Base, Form::Participle, Form::Noun]) {
            self.add_all(list, Cue::Act(intent, force, form));
        }
    }

    fn add_all(&mut self, list: &str, cue: Cue) {
        for phrase in list.split('|').filter(|phrase| !phrase.is_empty()) {
            self.add(phrase, cue);
        }
    }

    fn add(&mut self, phrase: &str, cue: Cue) {
        let mut words: Vec<String> =
            super::tokens::words(phrase).into_iter().map(|word| word.text.to_string()).collect();
        if !words.is_empty() {
            let first = words.remove(0);
            self.by_first.entry(first).or_default().push((words, cue));
        }
    }

    /// What a site's own word in a type or label asks for.
    pub(super) fn of_site(&self, label: &str) -> Option<Intent> {
        let all = super::tokens::words(label);
        self.own.iter().find_map(|(phrase, intent)| {
            let phrase = super::tokens::words(phrase);
            let stands = !phrase.is_empty()
                && all.windows(phrase.len()).any(|w| w.iter().zip(&phrase).all(|(a, b)| a.text == b.text));
            (stands && *intent != Intent::None).then_some(*intent)
        })
    }

    /// Every phrase that asks: its words, for what, and how surely.
    pub(super) fn acts(&self) -> impl Iterator<Item = (Vec<&str>, Intent, Force)> {
        self.by_first.iter().flat_map(|(first, phrases)| {
            phrases.iter().filter_map(move |(rest, cue)| {
                let (intent, force) = match *cue {
                    Cue::Act(intent, force, _) => (intent, force),
                    // What `stance` makes of it.
                    Cue::Like => (Intent::Provision, Force::Strong),
                    _ => return None,
                };
                Some((std::iter::once(first.as_str()).chain(rest.iter().map(String::as_str)).collect(), intent, force))
            })
        })
    }

    /// The longest phrase that starts at `at`: its cue and its length in words.
    pub(super) fn at(&self, words: &[super::tokens::Word], at: usize) -> Option<(Cue, usize)> {
        let phrases = self.by_first.get(words.get(at)?.text.as_str())?;
        phrases.iter().find_map(|(rest, cue)| {
            let follows = words.get(at + 1..at + 1 + rest.len())?;
            follows.iter().zip(rest).all(|(word, want)| word.text == *want).then_some((*cue, rest.len() + 1))
        })
    }
}
