//! Secrets that a script fetches from an outer store by a command with a constant name: `vault kv get`, `aws secretsmanager
//! get-secret-value`, `aws ssm get-parameter`, `gcloud secrets versions access`, `az keyvault secret show`. One function a tool;
//! what surrounds the script is the provider's business.

use crate::model::reference::Kind;
use crate::pipeline::shell::{Script, Word};

/// One fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// Byte offset of the name in the script.
    pub at: usize,
    /// Which store.
    pub kind: Kind,
    /// The path or name as written, for Vault as `mount/path#field` with `data/` of the HTTP API left out.
    pub name: String,
    /// `ssm` or `secretsmanager`, a Google project, an Azure vault's name, Vault's address, where it is written.
    pub store: Option<String>,
    /// Whether the name is a constant.
    pub exact: bool,
}

/// All fetches of a script, in the order of its commands.
#[must_use]
pub fn find(script: &Script) -> Vec<Fetch> {
    let mut found = Vec::new();
    for command in &script.commands {
        for (k, word) in command.words.iter().enumerate() {
            let rest = &command.words[k + 1..];
            let tool = word.text.rsplit('/').next().unwrap_or_default();
            match tool {
                "vault" | "bao" => vault(rest, &mut found),
                "aws" | "awslocal" => aws(rest, &mut found),
                "gcloud" => gcloud(rest, &mut found),
                "az" => azure(rest, &mut found),
                _ => continue,
            }
            break;
        }
    }
    found
}

/// Flags and plain words of a command line. `valued` names the flags that take the next word.
struct Line<'w> {
    flags: Vec<(&'w str, &'w Word, usize)>,
    plain: Vec<&'w Word>,
}

impl<'w> Line<'w> {
    fn new(words: &'w [Word], valued: &[&str]) -> Self {
        let mut line = Line { flags: Vec::new(), plain: Vec::new() };
        let mut k = 0;
        while let Some(word) = words.get(k) {
            k += 1;
            let Some(flag) = word.text.strip_prefix('-') else {
                line.plain.push(word);
                continue;
            };
            let flag = flag.strip_prefix('-').unwrap_or(flag);
            if let Some((name, _)) = flag.split_once('=') {
                line.flags.push((name, word, word.text.len() - flag.len() + name.len() + 1));
            } else if valued.contains(&flag)
                && let Some(value) = words.get(k)
            {
                line.flags.push((flag, value, 0));
                k += 1;
            }
        }
        line
    }

    /// A flag's value: its word, and how many characters of the word's text stand before it.
    fn flag(&self, names: &[&str]) -> Option<(&'w Word, usize)> {
        self.flags.iter().find(|(name, _, _)| names.contains(name)).map(|(_, word, skip)| (*word, *skip))
    }

    fn text(&self, names: &[&str]) -> Option<&'w str> {
        let (word, skip) = self.flag(names)?;
        word.text.get(skip..)
    }
}

/// A name is worth reporting where something of it is constant.
fn named((word, skip): (&Word, usize)) -> Option<(usize, String, bool)> {
    let text = word.text.get(skip..)?.trim();
    let whole_expansion = !word.literal && text.starts_with('$') && !text.contains(['/', '.', '-']);
    if text.is_empty() || whole_expansion || text.contains('\n') {
        return None;
    }
    // Behind the opening quote.
    let quote = word.end - word.start >= word.text.len() + 2 && skip == 0;
    Some((word.start + skip + usize::from(quote), text.to_owned(), word.literal))
}

fn push(found: &mut Vec<Fetch>, kind: Kind, name: Option<(usize, String, bool)>, store: Option<&str>) {
    if let Some((at, name, exact)) = name {
        found.push(Fetch { at, kind, name, store: store.map(str::to_owned), exact });
    }
}

/// `vault kv get [-mount=m] [-field=f] path`, `vault read path`
/// (<https://developer.hashicorp.com/vault/docs/commands/kv/get>).
fn vault(words: &[Word], found: &mut Vec<Fetch>) {
    const VALUED: [&str; 9] =
        ["field", "mount", "format", "version", "namespace", "ns", "address", "ca-cert", "header"];
    let line = Line::new(words, &VALUED);
    let path = match line.plain.as_slice() {
        [kv, get, path, ..] if kv.text == "kv" && get.text == "get" => *path,
        [read, path, ..] if read.text == "read" => *path,
        _ => return,
    };
    let Some((at, path, mut exact)) = named((path, 0)) else { return };
    let mut name = path.trim_matches('/').replacen("/data/", "/", 1);
    if let Some(mount) = line.flag(&["mount"]) {
        exact &= mount.0.literal;
        name = format!("{}/{name}", line.text(&["mount"]).unwrap_or_default().trim_matches('/'));
    }
    if let Some(field) = line.text(&["field"]) {
        name = format!("{name}#{field}");
    }
    push(found, Kind::Vault, Some((at, name, exact)), line.text(&["address"]));
}

/// `aws secretsmanager get-secret-value --secret-id X`, `aws ssm get-parameter --name X`, `get-parameters --names X Y`,
/// `get-parameters-by-path --path X`.
fn aws(words: &[Word], found: &mut Vec<Fetch>) {
    const VALUED: [&str; 14] = [
        "secret-id",
        "name",
        "path",
        "region",
        "profile",
        "output",
        "query",
        "version-id",
        "version-stage",
        "endpoint-url",
        "max-items",
        "page-size",
        "ca-bundle",
        "names",
    ];
    let line = Line::new(words, &VALUED);
    let [service, verb, more @ ..] = line.plain.as_slice() else { return };
    let (flags, store): (&[&str], _) = match (service.text.as_str(), verb.text.as_str()) {
        ("secretsmanager", "get-secret-value" | "batch-get-secret-value") => (&["secret-id"], "secretsmanager"),
        ("ssm", "get-parameter") => (&["name"], "ssm"),
        ("ssm", "get-parameters") => (&["names"], "ssm"),
        ("ssm", "get-parameters-by-path") => (&["path"], "ssm"),
        _ => return,
    };
    push(found, Kind::AwsSecret, line.flag(flags).and_then(named), Some(store));
    if verb.text == "get-parameters" {
        for word in more {
            push(found, Kind::AwsSecret, named((word, 0)), Some(store));
        }
    }
}

/// `gcloud secrets versions access latest --secret=X --project=P`.
fn gcloud(words: &[Word], found: &mut Vec<Fetch>) {
    let line = Line::new(
        words,
        &["secret", "project", "format", "out-file", "account", "location", "impersonate-service-account"],
    );
    let plain: Vec<_> = line.plain.iter().filter(|w| !matches!(w.text.as_str(), "beta" | "alpha")).collect();
    let [secrets, versions, access, version @ ..] = plain.as_slice() else { return };
    if secrets.text != "secrets" || versions.text != "versions" || access.text != "access" {
        return;
    }
    let name =
        line.flag(&["secret"]).or_else(|| version.first().filter(|w| w.text.contains("secrets/")).map(|w| (**w, 0)));
    push(found, Kind::GcpSecret, name.and_then(named), line.text(&["project"]));
}

/// `az keyvault secret show --vault-name V --name X`, or `--id URL`.
fn azure(words: &[Word], found: &mut Vec<Fetch>) {
    let line = Line::new(
        words,
        &["vault-name", "name", "n", "id", "query", "output", "o", "subscription", "version", "v", "file", "f"],
    );
    let [keyvault, secret, show, ..] = line.plain.as_slice() else { return };
    if keyvault.text == "keyvault" && secret.text == "secret" && matches!(show.text.as_str(), "show" | "download") {
        push(found, Kind::AzureSecret, line.flag(&["name", "n", "id"]).and_then(named), line.text(&["vault-name"]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::shell::scan;

    fn fetched(text: &str) -> Vec<(Kind, String, Option<String>, bool)> {
        find(&scan(text)).into_iter().map(|f| (f.kind, f.name, f.store, f.exact)).collect()
    }

    #[test]
    fn every_tool() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            fetched("export T=\"$(vault kv get -field=token -mount secret ci/app)\"; vault read secret/data/x"),
            [
                (Kind::Vault, "secret/ci/app#token".to_owned(), None, true),
                (Kind::Vault, "secret/x".to_owned(), None, true)
            ]
        );
        assert_eq!(
            fetched("T=$(aws --region us-east-1 ssm get-parameter --name 'ci.key' --with-decryption | jq .x)"),
            [(Kind::AwsSecret, "ci.key".to_owned(), some("ssm"), true)]
        );
        assert_eq!(fetched("aws ssm get-parameters --names a b --with-decryption").len(), 2);
        assert_eq!(
            fetched("sudo aws secretsmanager get-secret-value --secret-id=prod/db --query SecretString"),
            [(Kind::AwsSecret, "prod/db".to_owned(), some("secretsmanager"), true)]
        );
        assert_eq!(
            fetched("gcloud secrets versions access latest --secret=\"k\" --project p > f"),
            [(Kind::GcpSecret, "k".to_owned(), some("p"), true)]
        );
        assert_eq!(
            fetched("az keyvault secret show --vault-name v -n k --query value -o tsv"),
            [(Kind::AzureSecret, "k".to_owned(), some("v"), true)]
        );
    }

    #[test]
    fn what_is_none() {
        assert_eq!(
            fetched("vault write auth/jwt/login role=x; vault kv put a b; vault read \"$P\"; # vault read a/b"),
            []
        );
        assert_eq!(fetched("aws s3 ls; aws ssm put-parameter --name x; echo 'aws ssm get-parameter --name x'"), []);
        assert!(!fetched("aws ssm get-parameter --name ci.$CI_PROJECT_NAME.key")[0].3);
    }

    #[test]
    fn the_place_is_that_of_the_name() {
        let text = "aws ssm get-parameter --name \"ci.key\"";
        assert_eq!(find(&scan(text))[0].at, text.find("ci.key").unwrap());
        let text = "gcloud secrets versions access 1 --secret=k";
        assert_eq!(find(&scan(text))[0].at, text.len() - 1);
    }
}
