//! What credentials and accesses are called, and what makes a static credential superfluous: tables of nouns.

/// A table of words, as a function and as a list.
macro_rules! table {
    ($(#[$about:meta])* $is:ident, $all:ident: $($word:literal)|+) => {
        $(#[$about])*
        pub(super) fn $is(word: &str) -> bool {
            matches!(word, $($word)|+)
        }

        const $all: &[&str] = &[$($word,)+];
    };
}

table! {
    /// Ways to do without a static credential.
    keyless, KEYLESS:
    "oidc" | "federation" | "federated" | "workload" | "id_tokens" | "app" | "role" | "installation"
        | "identity" | "keyless" | "trusted" | "passwordless" | "irsa"
}

table! {
    /// What an access is called.
    access_noun, ACCESSES:
    "access" | "accesses" | "permission" | "permissions" | "perm" | "perms" | "rights" | "role"
        | "privilege" | "privileges" | "entitlement" | "entitlements" | "grant" | "membership" | "admin"
        | "zugriff" | "zugang" | "rechte" | "accès" | "droits" | "acceso" | "permisos" | "accesos"
}

table! {
    /// What a credential is called, in the singular.
    credential_stem, CREDENTIALS:
    "key" | "token" | "secret" | "credential" | "password" | "pw" | "pwd" | "passwd" | "cred" | "passphrase"
        | "pat" | "certificate" | "cert" | "webhook" | "kubeconfig" | "accessor" | "variable" | "login"
        | "secret-id" | "app" | "installation" | "service-account" | "apikey" | "api-key" | "keypair"
        | "signing-key" | "schlüssel" | "zugriffsschlüssel" | "passwort" | "kennwort" | "datenbankpasswort" | "adminpasswort" | "dienstpasswort" | "geheimnis" | "zugangsdaten"
        | "jeton" | "clé" | "cle" | "mot" | "identifiant" | "clave" | "llave" | "contraseña" | "credencial"
        | "secreto" | "credenciale" | "tokenu" | "tokena" | "klucz" | "klucza" | "hasło" | "hasła" | "sleutel" | "wachtwoord" | "pincode" | "pin"
        | "nøgle" | "nøglen" | "deploy-nøgle" | "deploy-nøglen" | "nyckel" | "nyckeln" | "nøkkel" | "lösenord" | "adgangskode" | "chiave" | "chiavi" | "chave" | "senha" | "role" | "account" | "trust" | "parameter" | "path" | "version"
}

/// What a credential is called, also as the last part of a word with hyphens: `Deploy-Key`, `ssh-schlüssel`.
pub(super) fn credential_noun(word: &str) -> bool {
    let loose = |part: &str| {
        matches!(part, "app" | "role" | "account" | "path" | "version" | "trust" | "parameter" | "installation" | "mot")
    };
    noun(word) || word.rsplit_once('-').is_some_and(|(_, last)| noun(last) && !loose(last.trim_end_matches('s')))
}

fn noun(word: &str) -> bool {
    let stem = word.strip_suffix("'s").unwrap_or(word);
    let stem = stem.strip_suffix('s').filter(|stem| stem.len() > 2 && *stem != "acces").unwrap_or(stem);
    credential_stem(stem)
}

/// All words of `keyless`.
pub(super) fn all_keyless() -> impl Iterator<Item = &'static str> {
    KEYLESS.iter().copied()
}

/// All words of `credential_noun`.
pub(super) fn all_credentials() -> impl Iterator<Item = String> {
    CREDENTIALS.iter().flat_map(|stem| ["", "s", "'s", "s's"].map(|end| format!("{stem}{end}")))
}

/// All words of `access_noun`.
pub(super) fn all_accesses() -> impl Iterator<Item = &'static str> {
    ACCESSES.iter().copied()
}

/// What a credential is, where that alone says that it should not be: `unused`, `leaked`.
pub(super) fn condition(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "unused"
            | "stale"
            | "obsolete"
            | "orphaned"
            | "no longer needed"
            | "not needed any more"
            | "not needed anymore"
            | "no longer used"
            | "no longer required"
            | "never used"
            | "was never used"
            | "were never used"
            | "never been used"
            | "leaked"
            | "compromised"
            | "dead"
            | "exposed"
            | "superfluous"
            | "stop working"
            | "stop to work"
            | "dangling"
            | "geleakt"
            | "kompromittiert"
            | "verwaist"
            | "veraltet"
            | "filtrado"
            | "filtrada"
            | "comprometido"
            | "comprometida"
            | "obsoleto"
            | "obsoleta"
            | "compromis"
            | "compromise"
            | "fuit\u{e9}"
            | "obsol\u{e8}te"
    )
}

/// Running out, which asks for another one where a title says it.
pub(super) fn expires(word: &str) -> bool {
    let word = word.to_lowercase();
    word.starts_with("caduca")
        || word.starts_with("vence")
        || matches!(
            word.as_str(),
            "expires"
                | "expired"
                | "expiring"
                | "about to expire"
                | "runs out"
                | "will expire"
                | "is expiring"
                | "läuft ab"
                | "expire bientôt"
                | "arrive à expiration"
                | "va expirer"
                | "läuft aus"
                | "läuft bald ab"
                | "laufen ab"
        )
}
