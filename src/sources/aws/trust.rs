//! Trust policies of roles: which CI identities may assume one, by the subject that their token must carry (IAM User Guide, "Create a
//! role for OpenID Connect federation"; GitHub Docs, "OpenID Connect reference"; GitLab Docs, "ID token authentication"). Pure text.

use serde_json::Value;

use super::policy::many;

/// The issuer of GitHub's tokens.
const GITHUB: &str = "token.actions.githubusercontent.com";

/// How many subjects of one role are told.
const MOST_SUBJECTS: usize = 50;

/// How long a subject may be that is told.
const MOST_SUBJECT: usize = 256;

/// What a role's trust says of CI identities.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Trust {
    pub(super) identities: Vec<Identity>,
}

/// A way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// The issuer's host: `token.actions.githubusercontent.com`.
    pub(super) issuer: String,
    /// What the token's subject must be; `*` where nothing is asked.
    pub(super) subject: String,
    /// `*` and `?` in the subject stand for more.
    pub(super) wild: bool,
}

impl Identity {
    /// The environment that the subject names.
    pub(super) fn environment(&self) -> Option<String> {
        let (_, rest) = self.subject.split_once(":environment:")?;
        let name = rest.split(':').next().filter(|name| !name.is_empty())?;
        (!self.wild || !name.contains(['*', '?'])).then(|| name.to_owned())
    }

    /// Whether some job of that repository or project may carry such a subject.
    pub(super) fn lets_in(&self, repository: &str) -> bool {
        let wanted = if self.issuer == GITHUB { "repo" } else { "project_path" };
        may_begin(&without_numbers(&self.subject), &format!("{wanted}:{repository}:"), self.wild)
    }
}

impl Trust {
    /// Whether a CI's identity provider may assume the role at all.
    pub(super) fn is_ci(&self) -> bool {
        !self.identities.is_empty()
    }
}

/// Reads a trust policy, URL-encoded or plain; none where it is not one.
pub(super) fn read(document: &str) -> Option<Trust> {
    let plain = document.trim_start().starts_with('{');
    let text = if plain {
        document.to_owned()
    } else {
        percent_encoding::percent_decode_str(document).decode_utf8().ok()?.into_owned()
    };
    let document: Value = serde_json::from_str(&text).ok()?;
    let mut trust = Trust::default();
    for statement in many(document.get("Statement")?) {
        if statement.get("Effect").and_then(Value::as_str) != Some("Allow") {
            continue;
        }
        let Some(federated) = statement.get("Principal").and_then(|principal| principal.get("Federated")) else {
            continue;
        };
        for provider in many(federated).into_iter().filter_map(Value::as_str) {
            let Some((_, issuer)) = provider.split_once(":oidc-provider/") else { continue };
            let subjects = subjects(statement.get("Condition"), issuer);
            let ci = issuer == GITHUB
                || issuer.contains("gitlab")
                || subjects.iter().any(|(subject, _)| subject.starts_with("project_path:"));
            if !ci {
                continue;
            }
            let of = |(subject, wild)| Identity { issuer: cut(issuer), subject, wild };
            trust.identities.extend(subjects.into_iter().map(of));
        }
    }
    trust.identities.truncate(MOST_SUBJECTS);
    Some(trust)
}

/// The subjects that the conditions ask for, each with whether its wildcards count; `*` where they ask for none.
fn subjects(conditions: Option<&Value>, issuer: &str) -> Vec<(String, bool)> {
    let key = format!("{issuer}:sub");
    let mut out: Vec<(String, bool)> = Vec::new();
    for (operator, asked) in conditions.and_then(Value::as_object).into_iter().flatten() {
        let operator = operator.rsplit(':').next().unwrap_or_default();
        let wild = match operator.trim_end_matches("IfExists") {
            "StringLike" => true,
            "StringEquals" | "StringEqualsIgnoreCase" => false,
            _ => continue,
        };
        for (_, values) in asked.as_object().into_iter().flatten().filter(|(name, _)| name.eq_ignore_ascii_case(&key)) {
            out.extend(
                many(values)
                    .into_iter()
                    .filter_map(Value::as_str)
                    .map(|text| (cut(text), wild && text.contains(['*', '?']))),
            );
        }
    }
    if out.is_empty() {
        out.push(("*".to_owned(), true));
    }
    out
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MOST_SUBJECT).collect()
}

/// GitHub's immutable subjects have numbers behind the names: `repo:acme@123/shop@456:…`.
fn without_numbers(subject: &str) -> String {
    let mut out = String::with_capacity(subject.len());
    let mut chars = subject.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '@' && chars.peek().is_some_and(char::is_ascii_digit) {
            while chars.next_if(char::is_ascii_digit).is_some() {}
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether some text that begins with `head` fits a pattern. Names of repositories compare without case.
fn may_begin(pattern: &str, head: &str, wild: bool) -> bool {
    let mut pattern = pattern.chars();
    for wanted in head.chars() {
        match pattern.next() {
            // A star may stand for the rest of the head, and for what its own rest needs.
            Some('*') if wild => return true,
            Some('?') if wild => {}
            Some(c) if c.eq_ignore_ascii_case(&wanted) => {}
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn trust(statement: Value) -> Trust {
        read(&json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()).expect("a trust policy")
    }

    fn github(condition: Value) -> Trust {
        trust(json!({"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},
            "Condition": condition}))
    }

    #[test]
    fn whom_a_role_lets_in() {
        let sub = "token.actions.githubusercontent.com:sub";
        for (condition, lets_in, keeps_out, environment) in [
            (
                json!({"StringEquals": {sub: "repo:acme/shop:environment:production"}}),
                "acme/shop",
                "acme/site",
                Some("production"),
            ),
            (json!({"StringLike": {sub: "repo:acme/shop:*"}}), "acme/shop", "acme/shop-api", None),
            (json!({"StringLike": {sub: ["repo:acme/*:environment:prod"]}}), "acme/site", "other/site", Some("prod")),
            (
                json!({"ForAnyValue:StringLike": {sub: "repo:acme/sho?:ref:refs/heads/main"}}),
                "acme/shop",
                "acme/shops",
                None,
            ),
            (json!({"StringLikeIfExists": {sub: "repo:Acme/Shop:environment:*"}}), "acme/shop", "acme/site", None),
            (
                json!({"StringEquals": {sub: "repo:acme@12/shop@34:environment:qa"}}),
                "acme/shop",
                "acme/site",
                Some("qa"),
            ),
            // Wildcards count in `StringLike` alone.
            (json!({"StringEquals": {sub: "repo:acme/shop:*"}}), "acme/shop", "acme/shop2", None),
        ] {
            let trust = github(condition.clone());
            let [identity] = trust.identities.as_slice() else { panic!("{condition}: {trust:?}") };
            assert!(identity.lets_in(lets_in), "{condition}");
            assert!(!identity.lets_in(keeps_out), "{condition}");
            assert_eq!(identity.environment().as_deref(), environment, "{condition}");
        }
        // Nothing asked of the subject: every repository there is.
        let open = github(json!({"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}));
        assert_eq!(open.identities[0].subject, "*");
        assert!(open.identities[0].lets_in("anybody/anything"));
    }

    #[test]
    fn other_issuers() {
        let of = |provider: &str, condition: Value| {
            trust(json!({"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
                "Principal": {"Federated": format!("arn:aws:iam::123456789012:{provider}")}, "Condition": condition}))
        };
        let asked =
            |host: &str| json!({"StringLike": {format!("{host}:sub"): "project_path:acme/shop:ref_type:branch:ref:*"}});
        for host in ["gitlab.com", "gitlab.example.com", "code.example.com"] {
            let trust = of(&format!("oidc-provider/{host}"), asked(host));
            assert!(trust.identities[0].lets_in("acme/shop") && !trust.identities[0].lets_in("acme/site"), "{host}");
        }
        assert!(!of("oidc-provider/accounts.google.com", json!({})).is_ci());
        assert!(!of("saml-provider/okta", json!({})).is_ci());
        let service =
            json!({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"});
        assert!(!trust(service).is_ci());
        let denied = json!({"Effect": "Deny", "Principal": {"Federated": "arn:aws:iam::1:oidc-provider/gitlab.com"}});
        assert!(!trust(denied).is_ci());
        for text in ["", "{}", "%", "[1]"] {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
