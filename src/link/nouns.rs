//! What credentials and accesses are called, and what makes a static credential superfluous: tables of nouns.

/// Ways to do without a static credential.
pub(super) fn keyless(word: &str) -> bool {
    matches!(
        word,
        "oidc"
            | "federation"
            | "federated"
            | "workload"
            | "id_tokens"
            | "app"
            | "role"
            | "installation"
            | "identity"
            | "keyless"
            | "trusted"
            | "passwordless"
            | "irsa"
    )
}

/// What a credential is called.
pub(super) fn credential_noun(word: &str) -> bool {
    let stem = word.strip_suffix("'s").unwrap_or(word);
    let stem = stem.strip_suffix('s').filter(|stem| stem.len() > 2 && *stem != "acces").unwrap_or(stem);
    matches!(
        stem,
        "key"
            | "token"
            | "secret"
            | "credential"
            | "password"
            | "pw"
            | "pwd"
            | "passwd"
            | "cred"
            | "passphrase"
            | "pat"
            | "certificate"
            | "cert"
            | "webhook"
            | "kubeconfig"
            | "accessor"
            | "variable"
            | "login"
            | "secret-id"
            | "app"
            | "installation"
            | "service-account"
            | "apikey"
            | "api-key"
            | "keypair"
            | "signing-key"
            | "schlüssel"
            | "zugriffsschlüssel"
            | "passwort"
            | "geheimnis"
            | "zugangsdaten"
            | "jeton"
            | "clé"
            | "cle"
            | "mot"
            | "identifiant"
            | "clave"
            | "llave"
            | "contraseña"
            | "credencial"
            | "secreto"
            | "role"
            | "account"
            | "trust"
            | "parameter"
            | "path"
            | "version"
    )
}

/// What an access is called.
pub(super) fn access_noun(word: &str) -> bool {
    matches!(
        word,
        "access"
            | "accesses"
            | "permission"
            | "permissions"
            | "perm"
            | "perms"
            | "right"
            | "rights"
            | "role"
            | "privilege"
            | "privileges"
            | "entitlement"
            | "entitlements"
            | "grant"
            | "membership"
            | "admin"
            | "zugriff"
            | "zugang"
            | "rechte"
            | "accès"
            | "droits"
            | "acceso"
            | "permisos"
            | "accesos"
    )
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
            | "leaked"
            | "compromised"
            | "superfluous"
            | "dangling"
    )
}

/// Running out, which asks for another one where a title says it.
pub(super) fn expires(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "expires"
            | "expired"
            | "expiring"
            | "about to expire"
            | "runs out"
            | "will expire"
            | "is expiring"
            | "läuft ab"
            | "expire bientôt"
            | "caduca"
    )
}
