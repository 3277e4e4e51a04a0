//! Paths in Vault and OpenBao as references write them, and as ids do. Shared by who resolves references and who reads the store;
//! no I/O.

use crate::model::Id;
use crate::model::id::part;

/// One way to read a reference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reading {
    /// Mount and path as written, perhaps with `data/` behind the mount, perhaps with a namespace before it.
    pub path: String,
    /// The key of the secret; none for the whole.
    pub key: Option<String>,
}

/// What a reference says of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store<'r> {
    /// Nothing, or what only the run knows.
    Any,
    /// An address.
    Server(&'r str),
    /// A namespace or a mount.
    Word(&'r str),
    /// A system that is none of these; its paths only read alike.
    Other,
}

/// Stores whose references read like Vault's.
const OTHERS: [&str; 3] = ["1password", "akeyless", "gitlab_secrets_manager"];

/// What the `store` of a reference says.
#[must_use]
pub fn store(written: Option<&str>) -> Store<'_> {
    let Some(text) = written.map(str::trim).filter(|text| !text.is_empty()) else { return Store::Any };
    if text.contains("://") && !text.contains(['$', '{']) {
        return Store::Server(text);
    }
    if text.contains(['$', '{']) {
        return Store::Any;
    }
    if OTHERS.contains(&text) {
        return Store::Other;
    }
    let host = text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    if host { Store::Server(text) } else { Store::Word(text.trim_matches('/')) }
}

/// Whether two addresses are of one server: the same host, and the same port where both write one.
#[must_use]
pub fn same_server(address: &str, other: &str) -> bool {
    let parse = |text: &str| {
        let text = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let url = url::Url::parse(&text).ok()?;
        Some((url.host_str()?.trim_end_matches('.').to_lowercase(), url.port()))
    };
    let (Some((host, port)), Some((other_host, other_port))) = (parse(address), parse(other)) else { return false };
    host == other_host && (port.is_none() || other_port.is_none() || port == other_port)
}

/// The ways to read a reference, the likeliest first: `secret/data/app/db password`, `secret/app/db#password`, GitLab's
/// `app/db/password@kv`, and paths whose mount stands beside them.
#[must_use]
pub fn readings(name: &str, written: Option<&str>) -> Vec<Reading> {
    let name = name.trim().trim_start_matches('/').trim_start_matches("v1/");
    let (wanted, key) = match name.split_once(['#', ' ']) {
        Some((wanted, key)) => (wanted.trim_matches('/'), Some(key.trim()).filter(|key| !key.is_empty())),
        None => (name.trim_matches('/'), None),
    };
    let whole = |path: String| Reading { path, key: key.map(str::to_owned) };
    let last = |path: &str| {
        let (path, key) = path.rsplit_once('/')?;
        Some(Reading { path: path.to_owned(), key: Some(key.to_owned()) })
    };
    let mut out = Vec::new();
    if let Some((inner, mount)) = wanted.split_once('@') {
        let mounted = format!("{}/{inner}", mount.trim_matches('/'));
        out.extend(last(&mounted));
        out.push(whole(mounted));
    }
    out.push(whole(wanted.to_owned()));
    if let Store::Word(word) = store(written) {
        out.push(whole(format!("{word}/{wanted}")));
    }
    out.extend(last(wanted));
    out
}

/// Whether a reference names its secret by a constant.
#[must_use]
pub fn is_constant(name: &str) -> bool {
    !name.contains(['$', '{', '*'])
}

/// Whether an id (what stands behind its kind) is of the secret that a reference reads. `namespaces` are those that the ids of its
/// source carry; without any, one leading part of the id may be a namespace.
#[must_use]
pub fn same(id: &str, name: &str, written: Option<&str>, namespaces: Option<&[String]>) -> bool {
    let id = decode(id);
    let (path, key) = id.split_once('#').map_or((id.as_str(), None), |(path, key)| (path, Some(key)));
    let mut paths = vec![without_data(path)];
    match namespaces {
        Some(known) => {
            let inner = known.iter().filter_map(|namespace| within(path, namespace)).map(without_data);
            paths.extend(inner);
        }
        None => {
            paths.extend(path.split_once('/').map(|(_, inner)| inner).filter(|i| i.contains('/')).map(without_data))
        }
    }
    if let (Store::Word(word), Some(known)) = (store(written), namespaces)
        && known.iter().any(|namespace| namespace.trim_matches('/') == word)
    {
        // The reference names one of several namespaces.
        if within(path, word).is_none() {
            return false;
        }
    }
    readings(name, written).iter().any(|reading| {
        let same_path = paths.contains(&without_data(&reading.path));
        same_path && (key.is_none() || reading.key.is_none() || key == reading.key.as_deref())
    })
}

/// The id of the slot that a reference names wholly.
#[must_use]
pub fn id_of(authority: Option<&str>, name: &str) -> Option<Id> {
    let name = name.trim();
    if !is_constant(name) {
        return None;
    }
    let (path, key) = name.split_once(['#', ' ']).map_or((name, None), |(path, key)| (path, Some(key.trim())));
    let path = without_data(path.trim_start_matches("v1/"));
    path.contains('/').then(|| slot_id(authority, None, &path, key.filter(|key| !key.is_empty())))
}

/// `vault:kv:<namespace>/<mount>/<path>#<key>`, encoded.
#[must_use]
pub fn slot_id(authority: Option<&str>, namespace: Option<&str>, path: &str, key: Option<&str>) -> Id {
    let namespace = namespace.into_iter().flat_map(|namespace| namespace.trim_matches('/').split('/'));
    let encoded: Vec<String> = namespace.filter(|text| !text.is_empty()).chain(path.split('/')).map(part).collect();
    let key = key.map_or_else(String::new, |key| format!("#{}", part(key)));
    Id::build("vault", authority, "kv", &[&format!("{}{key}", encoded.join("/"))])
}

/// The rest of a path that lies in a namespace.
#[must_use]
pub fn within<'p>(path: &'p str, namespace: &str) -> Option<&'p str> {
    let namespace = namespace.trim_matches('/');
    if namespace.is_empty() {
        return None;
    }
    path.trim_start_matches('/').strip_prefix(namespace)?.strip_prefix('/')
}

/// KV v2's API path holds `data/` behind the mount; the id does not.
#[must_use]
pub fn without_data(path: &str) -> String {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts.iter().position(|p| *p == "data") {
        Some(at) if at > 0 && at + 1 < parts.len() => [&parts[..at], &parts[at + 1..]].concat().join("/"),
        _ => parts.join("/"),
    }
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_and_ids() {
        let same = |id: &str, name: &str| same(id, name, None, None);
        assert!(same("secret/app/db", "secret/data/app/db password"));
        assert!(same("secret/app/db#password", "secret/data/app/db password"));
        assert!(!same("secret/app/db#user", "secret/data/app/db password"));
        assert!(same("kv/app/db#password", "app/db/password@kv"));
        assert!(same("kv/app/db", "app/db/password@kv"));
        assert!(!same("secret/app/db", "secret/data/app/dbx password"));
        assert!(same("ns1/secret/app/db", "secret/app/db"));
    }

    #[test]
    fn namespaces_that_are_known_decide() {
        let of = |id: &str, store: Option<&str>| {
            same(id, "secret/data/app/db password", store, Some(&["a".to_owned(), "b/c".to_owned()]))
        };
        assert!(of("b/c/secret/app/db", None) && of("a/secret/app/db#password", None) && of("secret/app/db", None));
        assert!(!of("d/secret/app/db", None), "no namespace of this source");
        assert!(of("a/secret/app/db", Some("a")) && !of("b/c/secret/app/db", Some("a")));
        assert!(of("b/c/secret/app/db", Some("b/c/")));
    }

    #[test]
    fn stores() {
        assert_eq!(store(Some("https://vault.example.com")), Store::Server("https://vault.example.com"));
        assert_eq!(store(Some("vault.example.com:8200")), Store::Server("vault.example.com:8200"));
        assert_eq!(store(Some("ns1/")), Store::Word("ns1"));
        assert_eq!(store(Some("akeyless")), Store::Other);
        for any in [None, Some(""), Some("${VAULT_ADDR}"), Some("https://${{ vars.HOST }}")] {
            assert_eq!(store(any), Store::Any, "{any:?}");
        }
        assert!(same_server("https://V.example.com:8200", "https://v.example.com"));
        assert!(same_server("https://v.example.com", "v.example.com:8200"));
        assert!(!same_server("https://v.example.com:8200", "https://v.example.com:8300"));
        assert!(!same_server("https://v.example.com", "https://w.example.com") && !same_server("", "x"));
    }

    #[test]
    fn ids_are_encoded() {
        assert_eq!(slot_id(Some("eu"), Some("b/c/"), "kv/a b", Some("p#w")).as_str(), "vault@eu:kv:b/c/kv/a%20b#p%23w");
        assert_eq!(
            id_of(None, "secret/data/app/db password").map(|id| id.to_string()),
            Some("vault:kv:secret/app/db#password".into())
        );
        assert_eq!(id_of(None, "secret/${X}/db"), None);
        assert_eq!(id_of(None, "nothing"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(name in "\\PC{0,60}", id in "\\PC{0,60}", written in "\\PC{0,20}") {
            let _ = (readings(&name, Some(&written)), same(&id, &name, Some(&written), None), id_of(None, &name), same_server(&name, &id));
        }
    }
}
