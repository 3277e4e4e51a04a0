//! German, French and Spanish: the verbs that ask and the words that keep, except, narrate, illustrate, negate or only talk; of
//! Portuguese, Italian, Polish, Dutch, Danish and Swedish the verbs of ending and rotating. Tables in the form of the English ones in `verbs`, which joins them;
//! a site's own words come from the configuration.

use crate::model::ticket::Intent;

use super::verbs::Force;

/// Intent, force, base forms, participles, nouns.
pub(super) type Verbs = (Intent, Force, &'static str, &'static str, &'static str);

/// Verbs of the three languages; forms are separated by `|`.
pub(super) const VERBS: &[Verbs] = &[
    // German
    (
        Intent::Revoke,
        Force::Strong,
        "sperren|entziehen|widerrufen|deaktivieren|stilllegen|entzieht|entziehe|sperrt|sperre|zu sperren|ungültig machen|außer betrieb nehmen|invalidieren|deprovisionieren|revoken",
        "gesperrt|entzogen|widerrufen|außer betrieb genommen|deaktiviert|stillgelegt|invalidiert|revoked",
        "sperrung|entzug|widerruf|deaktivierung|stilllegung|abschaltung|abkündigung|rechteentzug",
    ),
    (
        Intent::Revoke,
        Force::Weak,
        "löschen|lösche|löscht|löschst|entfernen|entferne|abschalten|loeschen|wegnehmen|wegräumen|aufräumen|bereinigen|ausmisten|rausnehmen|rauswerfen|rausschmeißen|abklemmen|abdrehen|abstellen|\
stilllegen|kappen|deinstallieren|deinstalliere|zurückziehen|zurücknehmen|einziehen|abbauen|rückbauen|ausbauen|muss weg|müssen weg|weg soll|weg sollen|weg muss|weg kann|herausnehmen|herausnehmt|herauslöschen|heraus soll|raus soll|kann raus|muss raus|soll raus|darf raus|kann weg|können weg|soll weg|sollen weg|darf weg|dürfen weg|gehört gelöscht|gehören gelöscht|weg damit",
        "gelöscht|geloescht|entfernt|abgeschaltet|rausgenommen|herausgenommen|weggenommen|abgestellt|aufgeräumt",
        "löschung|entfernung|bereinigung|deinstallation|rückbau|abbau",
    ),
    (
        Intent::Revoke,
        Force::Weak,
        "nicht mehr gebraucht|nicht mehr benötigt|nicht mehr verwendet|nicht mehr genutzt|nicht mehr in gebrauch|braucht keiner mehr|braucht niemand mehr|nutzt keiner mehr|nutzt niemand mehr|\
wird nicht mehr gebraucht|wird nicht mehr benötigt|verwaist|verwaiste|verwaisten|überflüssig|geleakt|kompromittiert|veraltet",
        "",
        "",
    ),
    (
        Intent::Rotate,
        Force::Strong,
        "rotieren|rotiere|rotiert bitte|neu ausstellen|neu vergeben|neu erzeugen|neu generieren|neu erstellen",
        "rotiert",
        "kennwortwechsel|kennworttausch|kennwortänderung|passwortänderung|zertifikatswechsel|zertifikatstausch|schlüsseltausch|schlüsselwechsel|passwortwechsel|passworttausch|tokenwechsel|tokentausch|schlüsselrotation|passwortrotation|rotation",
    ),
    (
        Intent::Rotate,
        Force::Weak,
        "erneuern|erneuert|erneuere|austauschen|tauschen|tauscht|wechseln|ersetzen|neuer|neues|neuen|neue|ändern|neu setzen|läuft ab|laufen ab|läuft aus|abgelaufen|läuft bald ab",
        "ausgetauscht|getauscht|ersetzt|gewechselt|geändert",
        "erneuerung|austausch|wechsel|tausch",
    ),
    (
        Intent::Offboard,
        Force::Strong,
        "verlässt uns|verlässt die firma|verlässt das unternehmen|verlässt den konzern|verlässt die gruppe|letzter arbeitstag|letzten arbeitstag|letzter tag|letzten tag|scheidet aus|ausscheiden|\
tritt aus|gekündigt|vertrag läuft aus|vertrag endet|vertragsende|geht in rente|in den ruhestand|ist raus|fliegt raus|macht nicht mehr weiter|nicht mehr bei uns|nicht mehr im haus|kommt nicht wieder|kommt nicht zurück|kommt nicht mehr zurück|hört auf|hört bei uns auf|arbeitet nicht mehr bei",
        "ausgeschieden|ausgetreten",
        "austritt|mitarbeiteraustritt|austritte|kündigung|renteneintritt|weggang",
    ),
    (
        Intent::Elevate,
        Force::Strong,
        "vorübergehend|temporär|temporärer|temporären|befristet|befristeter|befristeten|befristete|notfallzugang|notfallzugriff|vorübergehender|vorübergehenden|zeitlich begrenzt|kurzzeitig|zeitweise",
        "",
        "",
    ),
    (
        Intent::Modify,
        Force::Strong,
        "rechte verkleinern|rechte verringern|weniger rechte|keine schreibrechte mehr|keinen schreibzugriff mehr|keine adminrechte mehr|nur noch lesen|nur noch lesezugriff|nur noch leserechte|nur noch lesend|wechselt ins|wechselt in die|wechselt in den|wechselt intern|wechselt das team|wechselt die abteilung|wechselt zum|wechselt zur|herabstufen|herabsetzen|ihm zu entziehen|ihr zu entziehen|ihnen zu entziehen|auf nur-lesen|auf nur lesen|herunterstufen|runterstufen|zurückstufen|einschränken|beschränken|reduzieren|begrenzen|zu viele rechte|zu viel rechte|kein zugriff mehr|keinen zugriff mehr|keinen zugang mehr|kein zugang mehr|darf nicht mehr lesen|darf nicht mehr schreiben|darf nicht mehr zugreifen|soll nicht mehr lesen|soll nicht mehr schreiben",
        "herabgestuft|eingeschränkt|beschränkt|reduziert|zurückgestuft",
        "rollenwechsel|teamwechsel|abteilungswechsel|herabstufung|rechteänderung|zugriffsänderung",
    ),
    (
        Intent::Provision,
        Force::Strong,
        "freischalten|gewähren|berechtigen|freigeben für",
        "freigeschaltet|gewährt|berechtigt",
        "freischaltung|berechtigung|zugriff auf|zugang zu|zugriff für|zugang für|zugang auf|lesezugriff|schreibzugriff|vollzugriff|lesezugang|leserechte|leserecht|schreibrechte|schreibrecht|\
zugriffsanfrage|zugangsanfrage|zugriffsantrag|berechtigungsantrag|leseberechtigung|schreibberechtigung",
    ),
    (
        Intent::Provision,
        Force::Weak,
        "lesen können|schreiben können|zugreifen können|braucht|brauche|brauchen|benötigt|benötige|benötigen|einrichten|anlegen|geben|erteilen|zuweisen|bekommt|bekommen|erhält|erhalten|beantragen|ausstellen",
        "eingerichtet|angelegt|erteilt|zugewiesen",
        "zugriff|zugang",
    ),
    // French
    (
        Intent::Offboard,
        Force::Strong,
        "fin du contrat|contrat termin\u{e9}|contrat r\u{e9}sili\u{e9}|contrat non renouvel\u{e9}|n'est pas renouvel\u{e9}|ne sera pas renouvel\u{e9}",
        "",
        "",
    ),
    (
        Intent::Revoke,
        Force::Strong,
        "révoquer|révoquez|révoque|neutraliser|neutralisez|désactiver|désactivez|désactive|invalider|invalidez|résilier|couper l'accès|couper les accès|mettre hors service|mise hors service",
        "révoqué|révoquée|révoqués|révoquées|désactivé|désactivée|désactivés|désactivées|invalidé|invalidée",
        "révocation|désactivation|décommissionnement",
    ),
    (
        Intent::Revoke,
        Force::Weak,
        "supprimer|supprimez|supprime|retirer|retirez|enlever|enlevez|effacer|effacez|couper|coupez|fermer|fermez|bloquer|bloquez|détruire|faire le ménage|nettoyer|plus utilisé|plus utilisée|plus nécessaire|\
n'est plus utilisé|n'est plus utilisée|ne sert plus|ne servent plus|plus besoin de|obsolète|compromis|compromise|fuité",
        "supprimé|supprimée|supprimés|supprimées|retiré|retirée|effacé|effacée|bloqué|bloquée|fermé",
        "suppression|retrait|fermeture|nettoyage|blocage",
    ),
    (Intent::Rotate, Force::Strong, "faire tourner|régénérer|régénérez|réémettre", "régénéré|régénérée", "rotation"),
    (
        Intent::Rotate,
        Force::Weak,
        "renouveler|renouvelez|renouvelle|remplacer|remplacez|changer|changez|nouveau|nouvelle|réinitialiser|réinitialisez|expire bientôt|arrive à expiration|va expirer|expire le",
        "renouvelé|renouvelée|renouvelés|remplacé|remplacée|changé|changée|réinitialisé",
        "renouvellement|remplacement|changement|réinitialisation",
    ),
    (
        Intent::Offboard,
        Force::Strong,
        "quitte l'entreprise|quitte la société|quitte le groupe|quitte la boîte|quitte l'équipe et l'entreprise|dernier jour|a quitté|ont quitté|quitte nous|nous quitte|nous quittent|va quitter|quittera|\
fin de contrat|fin de mission|fin de stage|part à la retraite|part en retraite|a démissionné|contrat se termine|contrat prend fin|mission se termine|ne travaille plus",
        "",
        "départ d'un collaborateur|départ de|départ d'un|départ du|départ|démission",
    ),
    (
        Intent::Elevate,
        Force::Strong,
        "temporaire|temporairement|provisoire|provisoirement|accès d'urgence|à titre temporaire|à titre provisoire|momentanément",
        "",
        "",
    ),
    (
        Intent::Modify,
        Force::Strong,
        "change d'\u{e9}quipe|change de service|change de poste|change de d\u{e9}partement|restreindre|restreignez|rétrograder|réduire|réduisez|limiter|limitez|passer en lecture|trop de droits|droits trop larges",
        "restreint|restreinte|rétrogradé|réduit|limité",
        "réduction des droits|restriction des droits|changement de rôle|changement d'équipe|changement de poste|changement de service|mobilité interne",
    ),
    (
        Intent::Provision,
        Force::Strong,
        "accorder|accordez|octroyer|octroyez|donner accès|donnez accès|ouvrir l'accès|ouvrir un accès|ouvrir les droits|ouvrir les accès",
        "accordé|accordée|octroyé",
        "accès à|accès au|accès aux|accès pour|accès en lecture|accès en écriture|accès lecture|accès sur|demande d'accès|demande de droits|droit de lecture|droits de lecture|droits d'écriture|droits sur|droit d'écriture|habilitation",
    ),
    (
        Intent::Provision,
        Force::Weak,
        "doit pouvoir|doivent pouvoir|devrait pouvoir|devraient pouvoir|ouvrir|ouvrez|créer|créez|donner|donnez|ajouter|ajoutez|attribuer|attribuez|a besoin|ont besoin|avoir besoin|besoin d'un|besoin d'une|demande",
        "créé|ajouté|attribué|ouvert",
        "accès",
    ),
    // Spanish
    (
        Intent::Revoke,
        Force::Strong,
        "revocar|revoque|revoquen|revoca|revocarlo|revocarla|revocarlos|revocarlas|desactivar|desactive|desactiven|desactivarlo|desactivarla|inhabilitar|deshabilitar|deshabilite|anular|invalidar|cortar el acceso",
        "revocado|revocada|revocados|revocadas|desactivado|desactivada|desactivados|deshabilitado|deshabilitada|anulado|anulada",
        "revocación|desactivación|inhabilitación",
    ),
    (
        Intent::Revoke,
        Force::Weak,
        "ya no debe tener acceso|ya no deben tener acceso|no debe tener acceso|desinstalar|desinstalen|eliminar|elimine|eliminen|elimina|eliminarlo|eliminarla|eliminarlos|eliminarlas|borrar|borre|borren|borra|borrarlo|borrarla|borrarlos|retirar|retire|retiren|quitar|quite|quiten|quitarle|quitarles|quitarlo|quitarla|\
dar de baja|dad de baja|suprimir|cerrar|bloquear|bloquee|limpiar|ya no se usa|ya no se usan|ya no se utiliza|ya no se utilizan|ya no hace falta|ya no hacen falta|no se usa|no se utiliza|sin uso|en desuso|obsoleto|obsoleta|filtrado|filtrada|comprometido|comprometida",
        "eliminado|eliminada|eliminados|borrado|borrada|borrados|retirado|retirada|bloqueado|bloqueada",
        "eliminación|borrado|retirada|limpieza|bloqueo",
    ),
    (
        Intent::Rotate,
        Force::Strong,
        "rotar|rote|roten|rotarlo|rotarla|regenerar|regenere|regeneren",
        "rotado|rotada|regenerado|regenerada",
        "rotación|rotacion|regeneración",
    ),
    (
        Intent::Rotate,
        Force::Weak,
        "renovar|renueve|renueven|renovarlo|renovarla|reemplazar|reemplace|cambiar|cambie|cambien|cambiarlo|cambiarla|cambiarlos|cambiarlas|reemplazarlo|reemplazarla|sustituirlo|sustituirla|sustituir|nuevo|nueva|restablecer|caduca|caducan|caduca el|está a punto de caducar|va a caducar|vence",
        "renovó|cambió|reemplazó|renovado|renovada|reemplazado|reemplazada|cambiado|cambiada|sustituido|caducado|caducada",
        "renovación|reemplazo|sustitución|cambio",
    ),
    (
        Intent::Offboard,
        Force::Strong,
        "deja la empresa|dejan la empresa|dejará la empresa|deja el grupo|deja la compañía|nos deja|fin del contrato|se marcha|último día|ultimo dia|se va de la empresa|ha dejado la empresa|causa baja|fin de contrato|\
termina su contrato|finaliza su contrato|acaba su contrato|ya no trabaja",
        "",
        "baja de|baja del|baja voluntaria|baja laboral|dimisión",
    ),
    (
        Intent::Elevate,
        Force::Strong,
        "temporalmente|acceso temporal|acceso de emergencia|provisional|provisionalmente|de forma temporal|permiso temporal|permisos temporales|elevar|elevación",
        "",
        "",
    ),
    (
        Intent::Modify,
        Force::Strong,
        "cambia de equipo|cambia de departamento|cambia de puesto|restringir|restrinja|reducir|reduzca|limitar|limite a|degradar|bajar a|demasiados permisos|permisos excesivos",
        "restringido|reducido|limitado",
        "cambio de rol|cambio de equipo|cambio de puesto|cambio de departamento",
    ),
    (
        Intent::Provision,
        Force::Strong,
        "conceder|concedan|otorgar|otorguen|dar acceso|dad acceso|den acceso|dar permiso|dar permisos",
        "concedido|concedida|otorgado",
        "acceso a|acceso al|acceso para|acceso de lectura|acceso de escritura|acceso en lectura|permiso de lectura|permiso de escritura|permisos de|permisos para|permisos sobre|solicitud de acceso|petición de acceso|alta de acceso",
    ),
    (
        Intent::Provision,
        Force::Weak,
        "debe poder|deben poder|debería poder|tiene que poder|tienen que poder|necesita|necesitan|necesito|necesitamos|crear|cree|añadir|añada|agregar|asignar|asigne|dar|habilitar|habilite|solicito|solicita|solicitamos|permitir",
        "creado|añadido|asignado|habilitado",
        "acceso",
    ),
];

/// Portuguese, Italian, Polish, Dutch, Danish and Swedish: the verbs of ending and rotating, which a service desk of several countries gets.
pub(super) const FURTHER: &[Verbs] = &[
    // Danish, Norwegian and more of Polish
    (
        Intent::Revoke,
        Force::Weak,
        "tilbagekald|tilbagekalde|skal lukkes ned|skal slettes|slettes|tilbakekall|slet|slette|slett|fjern|fjerne|deaktiver|deaktivere|sperres|må sperres",
        "tilbagekaldt|slettet|fjernet|deaktiveret",
        "sletning|fjernelse",
    ),
    (
        Intent::Rotate,
        Force::Weak,
        "udskifte|udskift|udskiftes|skal udskiftes|forny|fornye|fornyes|bestil en ny|ny nøgle|nyt token|nytt token|ny adgangskode|podmienić|podmień|wygenerować nowy|wygenerować nową|wygasa|nieuwe pincode|nieuwe waarde",
        "udskiftet|fornyet",
        "udskiftning|fornyelse",
    ),
    // Dutch and Swedish
    (
        Intent::Revoke,
        Force::Strong,
        "intrekken|in te trekken|deactiveren|ongeldig maken|\u{e5}terkalla|inaktivera|sp\u{e4}rra",
        "ingetrokken|gedeactiveerd|\u{e5}terkallad|inaktiverad|sp\u{e4}rrad",
        "intrekking|deactivering|\u{e5}terkallelse|inaktivering",
    ),
    (
        Intent::Revoke,
        Force::Weak,
        "verwijderen|verwijder|opheffen|uitschakelen|blokkeren|weghalen|ta bort|radera|st\u{e4}nga av",
        "verwijderd|opgeheven|uitgeschakeld|geblokkeerd|borttagen|raderad",
        "verwijdering|borttagning",
    ),
    (Intent::Rotate, Force::Strong, "roteren|roteer|rotera", "geroteerd|roterad", "rotatie|rotering"),
    (
        Intent::Rotate,
        Force::Weak,
        "vernieuwen|vernieuw|vervangen|vervang|wijzigen|nieuwe maken|nieuw wachtwoord|nieuwe sleutel|nieuw token|f\u{f6}rnya|byta|byta ut|byt",
        "vernieuwd|gewijzigd|f\u{f6}rnyad|bytt",
        "vernieuwing|vervanging|f\u{f6}rnyelse",
    ),
    (
        Intent::Offboard,
        Force::Strong,
        "gaat uit dienst|uit dienst|verlaat ons|verlaat het bedrijf|laatste werkdag|lascia l'azienda|ultimo giorno di lavoro|ci lascia|ultimo giorno|fine collaborazione|fine rapporto|fine del contratto|collaborazione finisce|slutar hos oss|sista arbetsdag|siste arbeidsdag|sidste arbejdsdag",
        "",
        "uitdiensttreding|uscita di",
    ),
    (
        Intent::Revoke,
        Force::Strong,
        "revogar|revogue|revoguem|desativar|desative|desativem|revocare|revocate|disattivare|disattivate|unieważnić|unieważnijcie|cofnąć|odebrać|dezaktywować",
        "revogado|revogada|desativado|desativada|revocato|disattivato|unieważniony|cofnięty",
        "revogação|desativação|disattivazione|unieważnienie|cofnięcie|dezaktywacja|dezaktywację",
    ),
    (
        Intent::Revoke,
        Force::Weak,
        "remover|remova|removam|excluir|exclua|apagar|apague|rimuovere|rimuovete|cancellare|usunąć|usuńcie|wyłączyć|skasować",
        "removido|removida|rimosso|usunięty",
        "remoção|exclusão|rimozione|usunięcie|wyłączenie",
    ),
    (
        Intent::Rotate,
        Force::Strong,
        "rotacionar|rotacione|ruotare|rigenerare|zrotować|zrotujcie",
        "rotacionado|rotacionada|zrotowany",
        "rotação|rotazione|rotacja|rotację|rotacji",
    ),
    (
        Intent::Rotate,
        Force::Weak,
        "trocar|troque|rinnovare|sostituire|wymienić|odnowić",
        "trocado|rinnovato|wymieniony",
        "troca|rinnovo|wymiana|wymianę|odnowienie",
    ),
];

/// Keeps what its clause names.
pub(super) const KEEP: &str = "erst im herbst an der reihe|erst im winter an der reihe|erst im fr\u{fc}hjahr an der reihe|erst im sommer an der reihe|erst n\u{e4}chstes jahr an der reihe|erst sp\u{e4}ter an der reihe|nada que ver con esto|nada que ver|rien à voir|nichts damit zu tun|nichts zu tun|hat damit nichts|conserve|conservent|bleibt|bleiben|nichts ändern|nichts geändert|nicht gewünscht|bitte nichts|behalten|behalten wir|wir behalten|lasst|behält|nicht anfassen|finger weg|nicht anrühren|unverändert|unberührt|nicht betroffen|nichts zu tun|weiterhin|nie ruszamy|nie dotykamy|bez zmian|skal ikke røres|røres ikke|ikke røres|laten we met rust|niet aan de beurt|met rust|blijft|blijven|hoeft niet|hoeven niet|laten staan|niets mee te maken|nog in gebruik|nog nodig|beh\u{e5}lls|wird noch|werden noch|noch gebraucht|noch benötigt|\
noch verwendet|in ruhe lassen|belassen|stehen lassen|continua ativo|continua ativa|continuam ativos|fica como está|resta attivo|restano attivi|pozostaje|pozostają|zostaje|zostają|lassen wir|nicht löschen|nicht sperren|nicht entfernen|gehört nicht dazu|\
garder|gardez|on garde|gardons|nous gardons|garde|conserver|conservez|ne pas|ne touchez pas|ne touche pas|pas touche|reste|restent|inchangé|inchangée|inchangés|n'est pas concerné|n'est pas concernée|ne sont pas concernés|\
encore utilisé|encore utilisée|toujours utilisé|toujours utilisée|sert encore|servent encore|ne change pas|ne changent pas|\
no se toca|no se tocan|no toquen|no toquéis|mantener|mantened|guardamos|mantenemos|conservamos|conservar|se queda|se quedan|se mantiene|se mantienen|queda igual|no tocar|sigue en uso|siguen en uso|se sigue usando|sigue usándose|sin cambios|no cambia|no cambian|no se borra|ni tocarlo";

/// What follows it stays.
pub(super) const EXCEPT: &str = "außer|ausser|bis auf|ausgenommen|mit ausnahme von|nicht den|nicht die|nicht das|nicht der|sauf|excepté|hormis|à l'exception de|à l'exception du|mais pas|excepto|salvo|menos|pero no|a excepción de";

/// It was done already.
pub(super) const PAST: &str = "bereits|schon|wurde erledigt|ist erledigt|wurde schon|letzte woche|letzten monat|gestern|déjà|la semaine dernière|hier|le mois dernier|ya se|ya fue|ya está|ya están|ya lo|la semana pasada|ayer|el mes pasado";

/// It only illustrates.
pub(super) const EXAMPLE: &str =
    "zum beispiel|z b|beispiel|beispielsweise|etwa wie|par exemple|exemple|comme pour|por ejemplo|ejemplo|como hicimos";

/// It negates what follows.
pub(super) const NOT: &str = "niet|geen|nooit|inte|ikke|nie|nicht|kein|keine|keinen|keinem|niemals|nie|pas|jamais|aucun|aucune|não|non|nunca|jamás|ningún|ninguna|tampoco";

/// It talks about text, plans or knowledge.
pub(super) const TALK: &str = "jour fixe|dokumentieren|dokumentation|schulung|beschreiben|anleitung|frage|frage zu|rückfrage|nachfrage|besprechung|störung|übersicht|auswertung|documenter|documentation|formation|question sur|question|réunion|\
procédure|renseignement|documentar|documentación|formación|consulta|pregunta|duda|reunión|procedimiento|informe|incidencia";

/// It looks like a cue and is none.
pub(super) const NOTHING: &str = "dieser hier|diese hier|diesen hier|dieses hier|den hier|hier im|hier in|hier die|hier der|hier den|hier das|hier ist|hier sind|hier bitte|hier unten|nicht vor|nicht früher|nicht vergessen|nicht mehr|kein problem|keine eile|keine rückfragen|nicht später|spätestens|frohes neues|neue kollegin|neuer kollege|neuen kollegen|neue mitarbeiterin|neuer mitarbeiter|\
pas avant|pas plus tard|ne pas oublier|n'hésitez pas|pas de problème|nouvel arrivant|nouveau collègue|nouvelle collègue|nouveau collaborateur|nouvelle collaboratrice|no antes|no olvidar|no olvidéis|no hay prisa|no hay problema|\
nuevo compañero|nueva compañera|a más tardar|gestión del cambio|demande de changement|en cambio|sin embargo";
