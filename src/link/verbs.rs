//! The words that decide: what asks for something, what keeps, what is past, what only illustrates. Tables, so that a word is one entry
//! and a site can add its own (`words` in the configuration). How they combine is decided in `stance` and `intent`.

use std::collections::HashMap;

use crate::model::settings::Words;
use crate::model::ticket::Intent;

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
    /// It negates what follows.
    Not,
    /// It talks about text, plans or knowledge: at a title's head nothing is asked for.
    Talk,
    /// It looks like a cue and is none ("do not forget to").
    Nothing,
}

/// Verbs: intent, force, base forms, participles, nouns; forms are separated by `|`.
const VERBS: &[(Intent, Force, &str, &str, &str)] = &[
    // English
    (
        Intent::Revoke,
        Force::Strong,
        "revoke|revokes|revoking|invalidate|deactivate|deactivates|deprovision|de-provision|decommission|decommissioning|kill|retire|blacklist|get rid of|clean out|be invalid|to be invalid|become invalid|take down|disable access|withdraw access|remove access|kill off|sunset",
        "revoked|invalidated|deactivated|deprovisioned|decommissioned|killed|retired",
        "revocation|invalidation|deactivation|deprovisioning|decommissioning|decommission",
    ),
    (
        Intent::Revoke,
        Force::Weak,
        "remove|removes|removing|delete|deletes|deleting|drop|destroy|purge|cut|disable|disables|disabling|terminate|shut off|switch off|turn off|shut down|withdraw|scrap|uninstall|clean up|cleanup|clean-up|detach|block|unauthorize|deauthorize|wipe|erase|tear down|phase out|get rid|eliminate|can go|may go|has to go|have to go|must go|should go|needs to go",
        "removed|deleted|dropped|destroyed|purged|disabled|terminated|withdrawn|uninstalled|blocked|retired",
        "removal|deletion|termination|cleanup|clean-up",
    ),
    (
        Intent::Revoke,
        Force::Weak,
        "unused|stale|obsolete|orphaned|no longer needed|not needed any more|not needed anymore|no longer used|no longer required|leaked|compromised|superfluous|dangling",
        "",
        "",
    ),
    (
        Intent::Rotate,
        Force::Strong,
        "rotate|rotates|rotating|re-roll|reroll|regenerate|re-generate|reissue|re-issue|rekey|re-key",
        "rotated|re-rolled|regenerated|reissued|re-issued",
        "rotation|re-rolling|rekeying",
    ),
    (
        Intent::Rotate,
        Force::Weak,
        "renew|renews|renewing|roll|cycle|replace|replaces|replacing|refresh|swap|exchange|reset|change|update|new|fresh|new value|fresh value|new one|fresh one|new pair|new version|new password|new token|new secret|another value|expires|expired|expiring|about to expire|will expire|runs out|läuft ab|caduca",
        "renewed|rolled|replaced|refreshed|swapped|reset|changed",
        "renewal|replacement",
    ),
    (
        Intent::Offboard,
        Force::Strong,
        "offboard|off-board|offboards|last day|last working day|final day|leaves the company|leave the company|left the company|leaving the company|leaves us|left us|leaving us|has left|have left|is leaving|leaves acme|resigned|resigns|contract ended|contract ends|contract has ended|employment ends|no longer works|no longer with us|parting ways",
        "offboarded|off-boarded",
        "offboarding|off-boarding|leaver|leavers|vendor exit|exit of|departure|departure of|termination of employment|resignation",
    ),
    (
        Intent::Elevate,
        Force::Strong,
        "elevate|break glass|break-glass|breakglass|firefighter|just-in-time|time-boxed|timeboxed|time-limited|temporarily|temporary access|temporary write|temporary admin|temporary read|short-term access",
        "elevated",
        "elevation",
    ),
    (Intent::Elevate, Force::Weak, "temporary|temp|emergency|jit|short-lived", "", ""),
    (
        Intent::Modify,
        Force::Strong,
        "downgrade|demote|scope down|scale down|bring down|narrow|role change|team change|change of team|change of department|changes department|changed department|internal mobility|changes teams|change teams|changed teams|changes team|moves team|switches teams|switching teams|changes role|changes roles|change of role|moves to another team|moved to another team|internal move|internal transfer|has more than|has too many|has too much|too broad|over-privileged|overprivileged|least privilege|must not read|must not write|should not read|should not write|must not see|should not see|no longer read|no longer write|may no longer|must no longer|should no longer|shall no longer|downscope|take away|leaves production|leaves staging|change the level|change level|change permissions",
        "downgraded|demoted|narrowed",
        "downgrade|role change",
    ),
    (
        Intent::Modify,
        Force::Weak,
        "reduce|restrict|limit|lower|tighten|shrink|confine|trim|adjust|move|modify",
        "reduced|restricted|limited|lowered|tightened",
        "reduction|restriction",
    ),
    (
        Intent::Provision,
        Force::Strong,
        "grant|grants|granting|provision|onboard|onboards|read access|write access|admin access|access to|access for|access on|request access|requesting access|needs access|need access|give access|gain access|permissions for|permission to|permissions on|more permissions|rights on|rights for|same rights",
        "granted|provisioned|onboarded",
        "provisioning|onboarding",
    ),
    (
        Intent::Provision,
        Force::Weak,
        "give|gives|needs|need|allow|add|attach|assign|enable|request|requests|be able to|be allowed to|create|issue|set up|let|open",
        "given|allowed|added|attached|assigned|enabled|created",
        "assignment",
    ),
    // German
    (
        Intent::Revoke,
        Force::Strong,
        "sperren|entziehen|widerrufen|deaktivieren|stilllegen|entzieht|sperrt",
        "gesperrt|entzogen|widerrufen|deaktiviert|stillgelegt",
        "sperrung|entzug|widerruf|deaktivierung",
    ),
    (
        Intent::Revoke,
        Force::Weak,
        "löschen|entfernen|abschalten|loeschen|entfernt|wegnehmen|muss weg|müssen weg|kann weg|können weg",
        "gelöscht|entfernt|abgeschaltet",
        "löschung|entfernung",
    ),
    (Intent::Rotate, Force::Strong, "rotieren|neu ausstellen|neu erzeugen", "rotiert", "schlüsseltausch"),
    (
        Intent::Rotate,
        Force::Weak,
        "erneuern|austauschen|tauschen|wechseln|ersetzen|neuer|neues|neuen|ändern",
        "erneuert|ausgetauscht|getauscht|ersetzt|gewechselt",
        "erneuerung|austausch|wechsel|tausch",
    ),
    (
        Intent::Offboard,
        Force::Strong,
        "verlässt uns|verlässt die firma|verlässt das unternehmen|letzter arbeitstag|letzter tag|scheidet aus|ausscheiden",
        "ausgeschieden",
        "austritt|mitarbeiteraustritt",
    ),
    (
        Intent::Elevate,
        Force::Strong,
        "vorübergehend|temporär|befristet|befristeter|befristeten|notfallzugang|notfallzugriff|vorübergehender",
        "",
        "",
    ),
    (
        Intent::Modify,
        Force::Strong,
        "herabstufen|herunterstufen|einschränken|beschränken|reduzieren",
        "herabgestuft|eingeschränkt|beschränkt|reduziert",
        "rollenwechsel|teamwechsel|herabstufung",
    ),
    (
        Intent::Provision,
        Force::Strong,
        "zugriff auf|zugang zu|zugriff für|zugang für|freischalten|leserechte|schreibrechte|gewähren|berechtigen",
        "freigeschaltet|gewährt",
        "freischaltung|berechtigung",
    ),
    // French
    (
        Intent::Revoke,
        Force::Strong,
        "révoquer|révoquez|désactiver|désactivez|invalider|resilier",
        "révoqué|révoquée|révoqués|désactivé|désactivée",
        "révocation|désactivation",
    ),
    (
        Intent::Revoke,
        Force::Weak,
        "supprimer|supprimez|retirer|retirez|enlever|effacer|couper",
        "supprimé|supprimée|supprimés|retiré|retirée",
        "suppression|retrait",
    ),
    (Intent::Rotate, Force::Strong, "faire tourner|régénérer|régénérez", "régénéré", ""),
    (
        Intent::Rotate,
        Force::Weak,
        "renouveler|renouvelez|remplacer|remplacez|changer|changez|nouveau|nouvelle",
        "renouvelé|renouvelée|remplacé|remplacée|changé|changée",
        "renouvellement|remplacement|changement",
    ),
    (
        Intent::Offboard,
        Force::Strong,
        "quitte l'entreprise|quitte la société|quitte l'équipe et l'entreprise|dernier jour|a quitté|quitte nous|nous quitte",
        "",
        "départ d'un collaborateur|départ de",
    ),
    (Intent::Elevate, Force::Strong, "temporaire|temporairement|provisoire|provisoirement|accès d'urgence", "", ""),
    (
        Intent::Modify,
        Force::Strong,
        "restreindre|rétrograder|réduire|limiter",
        "restreint|rétrogradé|réduit|limité",
        "changement de rôle|changement d'équipe",
    ),
    (
        Intent::Provision,
        Force::Strong,
        "accès à|accès au|accès aux|accès pour|accorder|octroyer|donner accès|droit de lecture|droits de lecture|droits d'écriture",
        "accordé|octroyé",
        "",
    ),
    // Spanish
    (
        Intent::Revoke,
        Force::Strong,
        "revocar|revoque|revoquen|desactivar|desactive|inhabilitar|anular",
        "revocado|revocada|revocados|desactivado|desactivada",
        "revocación|desactivación",
    ),
    (
        Intent::Revoke,
        Force::Weak,
        "eliminar|elimine|borrar|borre|retirar|quitar|dar de baja|suprimir",
        "eliminado|eliminada|borrado|borrada|retirado",
        "eliminación|borrado",
    ),
    (Intent::Rotate, Force::Strong, "rotar|rote|regenerar|regenere", "rotado|rotada|regenerado", ""),
    (
        Intent::Rotate,
        Force::Weak,
        "renovar|renueve|reemplazar|reemplace|cambiar|cambie|sustituir|nuevo|nueva",
        "renovado|renovada|reemplazado|cambiado|cambiada",
        "renovación|reemplazo|rotación|rotacion",
    ),
    (
        Intent::Offboard,
        Force::Strong,
        "deja la empresa|último día|ultimo dia|se va de la empresa|ha dejado la empresa|causa baja",
        "",
        "baja de",
    ),
    (Intent::Elevate, Force::Strong, "temporalmente|acceso temporal|acceso de emergencia|provisional", "", ""),
    (
        Intent::Modify,
        Force::Strong,
        "restringir|reducir|limitar|degradar",
        "restringido|reducido|limitado",
        "cambio de rol|cambio de equipo",
    ),
    (
        Intent::Provision,
        Force::Strong,
        "acceso a|acceso al|acceso para|conceder|otorgar|dar acceso|permisos de|permisos para",
        "concedido|otorgado",
        "",
    ),
    // Commands, as they stand in code
    (
        Intent::Revoke,
        Force::Strong,
        "delete-access-key|delete-secret|delete-role|delete-user|delete-login-profile|delete-service-specific-credential|delete-parameter|token revoke|token-revoke|lease revoke|secret-id-accessor destroy|accessor destroy|destroy|secret delete|secret remove|variable delete|deploy-key delete|owner rm|tokens delete|keys delete|kv delete|metadata delete|status inactive|unset-variable",
        "",
        "",
    ),
    (
        Intent::Rotate,
        Force::Strong,
        "rotate-secret|rotate-root|update-secret|put-secret-value|create-access-key|secret set|variable update|variable set|kv put|kv patch|put-parameter|token rotate",
        "",
        "",
    ),
    (Intent::Elevate, Force::Strong, "admin for", "", ""),
];

/// Phrases that keep, in the four languages.
const KEEP: &str = "keep|keeps|kept|keeping|leave it|leave them|leave that|leave this|leave these|leave those|leave alone|left alone|leaving it|\
leaving them|stays|stay|remains|remain|retain|retains|untouched|unaffected|unchanged|as it is|as is|as they are|not affected|not part|not concerned|\
not involved|not in scope|out of scope|not included|not touched|don't touch|do not touch|hands off|may stay|can stay|must stay|should stay|fine|not bother|never mind|different key|different token|different secret|different one|another key|another token|another one|\
is ok|is okay|is ours|are ours|is mine|not mine|not ours|in use|is used|are used|being used|still used|still uses|still use|still using|still reads|still in use|still needed|still needs|still need|still \
required|is needed|are needed|is required|needs it|need it|needs them|needed by|required by|relies on|depends on|depend on|serves|serve|ignore it|ignore them|ignore that|ignore this one|be ignored|frozen|neither|nor|own ticket|separate ticket|another \
ticket|other ticket|different ticket|ticket of its own|tickets of their own|of its own|handled separately|tracked in|handled in|no action|no action needed|nothing to do|was never|were never|never in|never part|no need to|does not need to|do not need to|\
doesn't need to|need not|needn't|nothing is wrong|nothing wrong|object to|objects to|not readable|not reachable|cannot read|could not read|was not exposed|not exposed|has to keep|have to keep|must keep|\
should keep|to keep|keep working|goes on|carries on|continues|continue to|continues to|not yet|later ticket|next quarter|next year|unrelated|not related|not relevant|\
bleibt|bleiben|behalten|behält|nicht anfassen|unverändert|unberührt|nicht betroffen|weiterhin|wird noch|noch gebraucht|in ruhe lassen|belassen|\
garder|gardez|conserver|conservez|ne pas|ne touchez pas|reste|restent|inchangé|inchangée|n'est pas concerné|n'est pas concernée|encore utilisé|encore utilisée|\
no se toca|no se tocan|mantener|conservar|se queda|se quedan|queda igual|no tocar|sigue en uso|sin cambios|no cambia";

const EXCEPT: &str = "except|except for|excluding|but not|and not|other than|apart from|aside from|with the exception of|unlike|not the|not for|instead of the|rather than|außer|ausser|bis auf|nicht den|nicht die|nicht das|sauf|excepté|à l'exception de|excepto|salvo|menos";

const PAST: &str = "already|gone|gone since|gone already|long gone|was done|were done|has been done|have been done|is done|took over|has taken over|last week|last month|last year|yesterday|previously|earlier this|years ago|months ago|weeks ago|days ago|in the past|\
bereits|schon|wurde erledigt|déjà|ya se|ya fue|ya está";

const EXAMPLE: &str = "example|for example|for instance|e.g|e g|such as|see also|cf|like we did|as we did|as was done|like with|same way as|compare with|sample|dummy|placeholder|fake|hypothetical|hypothetically|say|zum beispiel|z b|beispiel|par exemple|exemple|por ejemplo|ejemplo|illustration|illustrates|similar to|looks like|same rights as|same access as|same as|think of";

const NOT: &str = "not|don't|doesn't|didn't|won't|mustn't|shouldn't|can't|cannot|never|no|without|nobody|none|nicht|kein|keine|keinen|niemals|pas|jamais|aucun|aucune|nunca|jamás";

const TALK: &str = "document|documents|documenting|documentation|docs|describe|write down|write up|write a|explain|explains|investigate|research|evaluate|spike|discuss|discussion|review|find out|workshop|training|talk|\
presentation|slides|how to|how do|how does|how we|howto|automate|automating|monitor|monitoring|alert|alerts|dashboard|metric|metrics|typo|readme|wiki|runbook|playbook|guide|tutorial|question|rfc|estimate|plan|announce|\
announcement|survey|list|inventory of|test|drill|exercise|book|policy|procedure|template|design|proposal for|idea|meeting|agenda|minutes|lessons learned|postmortem|post-mortem|retro|retrospective|\
dokumentieren|dokumentation|schulung|beschreiben|documenter|formation|documentar|documentación|formación|faq|newsletter|blog|article|demo|compare|benchmark|draft|clarify|diagram|lint|linter|refactor|upgrade|bump|feature request";

const NOTHING: &str = "fine to|fine with me to|fine if|fine for me to|not forget to|not forget|don't forget to|don't forget|not only|not earlier|not before|not later|no later|not wait|cannot wait|can't wait|no longer|not any more|not anymore|not needed any more|not hesitate|why not|not used|not in use|nobody uses|not sure|not work|no longer works with|if not|whether or not|\
as soon as|new team|new hire|new joiner|new colleague|new in|new starter|no objections|no later than|password manager|update me|update us|update here|update this ticket|need to know|need help|open question|open questions|request id|in need of|change request|change window|change freeze|let me know|let us know|let me|access log|access logs|keep in mind|keep an eye|keep me|keep us|keep you|for the record|list of|the list|the report|expire soon|add a comment|please add";

/// All phrases, by their first word.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    by_first: HashMap<String, Vec<(Vec<String>, Cue)>>,
}

impl Lexicon {
    /// Our words and a site's.
    pub(super) fn new(words: &Words) -> Self {
        let mut lexicon = Self::default();
        for (intent, force, base, participles, nouns) in VERBS {
            for (list, form) in [(base, Form::Base), (participles, Form::Participle), (nouns, Form::Noun)] {
                lexicon.add_all(list, Cue::Act(*intent, *force, form));
            }
        }
        for (list, cue) in [
            (KEEP, Cue::Keep),
            (EXCEPT, Cue::Except),
            (PAST, Cue::Past),
            (EXAMPLE, Cue::Example),
            (NOT, Cue::Not),
            (TALK, Cue::Talk),
            (NOTHING, Cue::Nothing),
        ] {
            lexicon.add_all(list, cue);
        }
        for (phrase, intent) in &words.intents {
            let cue = if *intent == Intent::None { Cue::Talk } else { Cue::Act(*intent, Force::Strong, Form::Base) };
            lexicon.add(phrase, cue);
        }
        for phrases in lexicon.by_first.values_mut() {
            // The longest phrase wins; of equal ones the site's own, which came last.
            phrases.reverse();
            phrases.sort_by_key(|(rest, _)| std::cmp::Reverse(rest.len()));
        }
        lexicon
    }

    fn add_all(&mut self, list: &str, cue: Cue) {
        for phrase in list.split('|').filter(|phrase| !phrase.is_empty()) {
            self.add(phrase, cue);
        }
    }

    fn add(&mut self, phrase: &str, cue: Cue) {
        let mut words: Vec<String> = super::tokens::words(phrase).into_iter().map(|word| word.text).collect();
        if !words.is_empty() {
            let first = words.remove(0);
            self.by_first.entry(first).or_default().push((words, cue));
        }
    }

    /// Every phrase that asks: its words, for what, and how surely.
    pub(super) fn acts(&self) -> impl Iterator<Item = (Vec<&str>, Intent, Force)> {
        self.by_first.iter().flat_map(|(first, phrases)| {
            phrases.iter().filter_map(move |(rest, cue)| {
                let Cue::Act(intent, force, _) = *cue else { return None };
                Some((std::iter::once(first.as_str()).chain(rest.iter().map(String::as_str)).collect(), intent, force))
            })
        })
    }

    /// The longest phrase that starts at `at`: its cue and its length in words.
    pub(super) fn at(&self, words: &[super::tokens::Word], at: usize) -> Option<(Cue, usize)> {
        let phrases = self.by_first.get(&words[at].text)?;
        phrases.iter().find_map(|(rest, cue)| {
            let follows = words.get(at + 1..at + 1 + rest.len())?;
            follows.iter().zip(rest).all(|(word, want)| word.text == *want).then_some((*cue, rest.len() + 1))
        })
    }
}
