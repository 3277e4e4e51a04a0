//! The known actions that reach an outer store or exchange the job's identity token: one entry each. Inputs and their syntax are the
//! actions' own `action.yml` and README. To add one: add an entry to [`ACTIONS`].

use crate::model::reference::Kind;
use crate::pipeline::yaml::Node;

/// How an input's value is cut into names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// The whole value.
    Whole,
    /// One a line or semicolon, up to `|`: `path key | NAME;` (vault-action).
    Vault,
    /// One a line or comma, behind `alias:`: `alias:projects/p/secrets/s/1` (get-secretmanager-secrets).
    Google,
    /// One a line, behind `ALIAS,`: `ALIAS, arn-or-name` (aws-secretsmanager-get-secrets).
    Aws,
    /// Separated by commas or lines.
    List,
}

/// A way by which an action gets at a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// An input names something outside. `store` is the input that says where.
    Input { input: &'static str, kind: Kind, cut: Cut, store: Option<&'static str> },
    /// The identity token is exchanged for a role where an input says so.
    When { input: &'static str, is: &'static str, role: &'static str, store: &'static str },
    /// Environment variables of the step whose value starts so name something in the store of that name.
    Variables { prefix: &'static str, kind: Kind, store: &'static str },
    /// The identity token is exchanged for this, unless one of these inputs brings a credential.
    Audience { name: &'static str, unless: &'static [&'static str] },
    /// Inputs that are credentials of a container registry.
    Registry(&'static [&'static str]),
    /// The identity token is used, for something that grants no access.
    Signs,
}

/// An action, by its name in lower case, without `@ref`.
pub(super) struct Action {
    name: &'static str,
    ways: &'static [Way],
}

const fn oidc(input: &'static str) -> Way {
    Way::Input { input, kind: Kind::Oidc, cut: Cut::Whole, store: None }
}

/// The table.
const ACTIONS: &[Action] = &[
    Action {
        name: "hashicorp/vault-action",
        ways: &[
            Way::Input { input: "secrets", kind: Kind::Vault, cut: Cut::Vault, store: Some("url") },
            Way::When { input: "method", is: "jwt", role: "role", store: "url" },
        ],
    },
    Action { name: "aws-actions/configure-aws-credentials", ways: &[oidc("role-to-assume")] },
    Action {
        name: "aws-actions/aws-secretsmanager-get-secrets",
        ways: &[Way::Input { input: "secret-ids", kind: Kind::AwsSecret, cut: Cut::Aws, store: None }],
    },
    Action { name: "google-github-actions/auth", ways: &[oidc("workload_identity_provider"), oidc("service_account")] },
    Action {
        name: "google-github-actions/get-secretmanager-secrets",
        ways: &[Way::Input { input: "secrets", kind: Kind::GcpSecret, cut: Cut::Google, store: None }],
    },
    Action {
        name: "azure/login",
        ways: &[Way::Input { input: "client-id", kind: Kind::Oidc, cut: Cut::Whole, store: Some("tenant-id") }],
    },
    Action {
        name: "azure/get-keyvault-secrets",
        ways: &[Way::Input { input: "secrets", kind: Kind::AzureSecret, cut: Cut::List, store: Some("keyvault") }],
    },
    Action {
        name: "1password/load-secrets-action",
        ways: &[Way::Variables { prefix: "op://", kind: Kind::Vault, store: "1password" }],
    },
    Action {
        name: "dopplerhq/secrets-fetch-action",
        ways: &[
            Way::Input { input: "doppler-project", kind: Kind::Vault, cut: Cut::Whole, store: Some("doppler-config") },
            oidc("doppler-identity-id"),
        ],
    },
    Action {
        name: "infisical/secrets-action",
        ways: &[
            Way::Input { input: "project-slug", kind: Kind::Vault, cut: Cut::Whole, store: Some("env-slug") },
            oidc("identity-id"),
        ],
    },
    Action { name: "docker/login-action", ways: &[Way::Registry(&["username", "password"])] },
    Action { name: "pypa/gh-action-pypi-publish", ways: &[Way::Audience { name: "pypi", unless: &["password"] }] },
    Action { name: "rust-lang/crates-io-auth-action", ways: &[Way::Audience { name: "crates.io", unless: &[] }] },
    Action {
        name: "octo-sts/action",
        ways: &[Way::Input { input: "identity", kind: Kind::Oidc, cut: Cut::Whole, store: Some("scope") }],
    },
    Action { name: "jfrog/setup-jfrog-cli", ways: &[oidc("oidc-provider-name")] },
    Action { name: "pulumi/auth-actions", ways: &[oidc("organization")] },
    Action { name: "actions/attest", ways: &[Way::Signs] },
    Action { name: "actions/attest-sbom", ways: &[Way::Signs] },
    Action { name: "actions/attest-build-provenance", ways: &[Way::Signs] },
    Action { name: "actions/deploy-pages", ways: &[Way::Signs] },
    Action { name: "codecov/codecov-action", ways: &[Way::Audience { name: "codecov", unless: &["token"] }] },
];

/// The names of all known actions.
pub(super) fn names_of_actions() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().map(|action| action.name)
}

/// What one step's known action gets at.
#[derive(Debug, Default)]
pub(super) struct Known<'t> {
    /// Names found: kind, name, the scalar and the byte in it where the name starts, and where the store's own name is written.
    pub(super) names: Vec<(Kind, String, Node<'t>, usize, Option<String>)>,
    /// Kind, name and place of what no input names.
    pub(super) audience: Option<&'static str>,
    /// Inputs that are a registry's credentials.
    pub(super) registry: &'static [&'static str],
    /// Whether the job's identity token is used.
    pub(super) oidc: bool,
}

/// Looks a step's `uses:` up.
pub(super) fn known<'t>(uses: &str, with: Option<Node<'t>>, env: Option<Node<'t>>) -> Option<Known<'t>> {
    let name = uses.split('@').next().unwrap_or_default().trim().to_ascii_lowercase();
    let action = ACTIONS.iter().find(|action| action.name == name)?;
    let input = |wanted: &str| -> Option<Node<'t>> {
        let fits = |key: Node<'t>| key.str().is_some_and(|key| key.eq_ignore_ascii_case(wanted));
        with?.pairs().filter(|&(key, _)| fits(key)).last().map(|(_, value)| value).filter(|value| !value.is_null())
    };
    let mut known = Known::default();
    for way in action.ways {
        match *way {
            Way::Input { input: wanted, kind, cut, store } => {
                let Some(value) = input(wanted) else { continue };
                let Some(text) = value.str().filter(|text| !text.trim().is_empty()) else { continue };
                let store = store.and_then(&input).and_then(Node::str).map(str::to_owned);
                known.oidc |= kind == Kind::Oidc;
                for (at, name) in names(text, cut) {
                    known.names.push((kind, name.to_owned(), value, at, store.clone()));
                }
            }
            Way::When { input: wanted, is, role, store } => {
                if input(wanted).and_then(Node::str).is_some_and(|value| value.trim().eq_ignore_ascii_case(is)) {
                    known.oidc = true;
                    if let Some((value, text)) = input(role).and_then(|value| Some((value, value.str()?))) {
                        let store = input(store).and_then(Node::str).map(str::to_owned);
                        known.names.push((Kind::Oidc, text.trim().to_owned(), value, 0, store));
                    }
                }
            }
            Way::Variables { prefix, kind, store } => {
                for (_, value) in env.into_iter().flat_map(Node::pairs) {
                    if let Some(text) = value.str().filter(|text| text.starts_with(prefix)) {
                        known.names.push((kind, text.trim_end().to_owned(), value, 0, Some(store.to_owned())));
                    }
                }
            }
            Way::Audience { name, unless } => {
                if !unless.iter().any(|wanted| input(wanted).is_some()) {
                    known.audience = Some(name);
                    known.oidc = true;
                }
            }
            Way::Registry(inputs) => known.registry = inputs,
            Way::Signs => known.oidc = true,
        }
    }
    Some(known)
}

/// The names in an input's value, each with its byte offset. Separators inside `${{ … }}` separate nothing.
fn names(text: &str, cut: Cut) -> Vec<(usize, &str)> {
    let separators: &[char] = match cut {
        Cut::Whole => &[],
        Cut::Vault => &['\n', ';'],
        Cut::Google | Cut::List => &['\n', ','],
        Cut::Aws => &['\n'],
    };
    let inside = crate::pipeline::expression::bodies(text);
    let mut found = Vec::new();
    let mut from = 0;
    let ends = text.match_indices(separators).map(|(at, _)| at);
    let ends = ends.filter(|&at| !inside.iter().any(|body| (body.start..body.end).contains(&at)));
    for end in ends.chain([text.len()]) {
        let mut part = &text[from..end];
        let mut at = from;
        from = (end + 1).min(text.len());
        match cut {
            Cut::Vault => part = part.split_once(" | ").or_else(|| part.split_once('|')).map_or(part, |(path, _)| path),
            Cut::Google | Cut::Aws => {
                let mark = if cut == Cut::Google { ':' } else { ',' };
                let alias = part.split_once(mark).filter(|(alias, _)| cut == Cut::Aws || !alias.contains('/'));
                if let Some((alias, rest)) = alias {
                    at += alias.len() + 1;
                    part = rest;
                }
            }
            Cut::Whole | Cut::List => {}
        }
        at += part.len() - part.trim_start().len();
        let mut name = part.trim();
        if matches!(cut, Cut::List | Cut::Vault) && name.len() > 1 && name.starts_with('"') && name.ends_with('"') {
            name = &name[1..name.len() - 1];
            at += 1;
        }
        if !name.is_empty() && !name.starts_with('#') {
            found.push((at, name));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_inputs() {
        let cut = |text, cut| names(text, cut);
        assert_eq!(cut(" a ", Cut::Whole), [(1, "a")]);
        assert_eq!(
            cut("secret/data/ci aws_key | KEY ;\n  secret/data/x y;\n\n", Cut::Vault),
            [(0, "secret/data/ci aws_key"), (33, "secret/data/x y")]
        );
        assert_eq!(cut("secret/${{ a ; b }}/c d | E", Cut::Vault), [(0, "secret/${{ a ; b }}/c d")]);
        assert_eq!(cut("t:projects/p/secrets/s\nprojects/q/secrets/u", Cut::Google).len(), 2);
        assert_eq!(cut("t:p/s", Cut::Google), [(2, "p/s")]);
        assert_eq!(
            cut("DB, prod/db\n arn:aws:secretsmanager:eu:1:secret:x", Cut::Aws),
            [(4, "prod/db"), (13, "arn:aws:secretsmanager:eu:1:secret:x")]
        );
        assert_eq!(cut("\"a, b\"", Cut::List).len(), 2);
        assert_eq!(cut("a, b", Cut::List), [(0, "a"), (3, "b")]);
    }

    #[test]
    fn names_are_lower_case_and_unique() {
        for (index, action) in ACTIONS.iter().enumerate() {
            assert_eq!(action.name, action.name.to_ascii_lowercase());
            assert!(!ACTIONS[..index].iter().any(|other| other.name == action.name), "{}", action.name);
        }
    }
}
