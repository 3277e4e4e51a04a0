//! IAM policies to levels: statements by the verbs of their actions, managed policies by a table. Pure text; who has which policy is
//! `grants`'. What a statement allows follows the IAM User Guide, "IAM JSON policy element reference".

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::inventory::Level;

/// Verbs of actions that change nothing (Service Authorization Reference, access levels "Read" and "List").
const READING: &[&str] = &[
    "Get", "List", "Describe", "BatchGet", "Head", "View", "Search", "Query", "Scan", "Select", "Lookup", "Check",
    "Read", "Preview", "Validate", "Simulate", "Estimate", "Discover", "Download", "Filter", "Decrypt", "Verify",
    "Count", "Detect", "Test", "Compare", "Poll", "Retrieve", "Report",
];

/// Verbs that change something, for telling what a cut verb may stand for.
const CHANGING: &[&str] = &[
    "Accept",
    "Add",
    "Allocate",
    "Assign",
    "Associate",
    "Assume",
    "Attach",
    "Authorize",
    "Cancel",
    "Change",
    "Complete",
    "Confirm",
    "Copy",
    "Create",
    "Deactivate",
    "Deauthorize",
    "Decline",
    "Delete",
    "Deploy",
    "Deregister",
    "Destroy",
    "Detach",
    "Disable",
    "Disassociate",
    "Enable",
    "Execute",
    "Export",
    "Generate",
    "Grant",
    "Import",
    "Increase",
    "Initiate",
    "Invoke",
    "Lock",
    "Merge",
    "Modify",
    "Move",
    "Pass",
    "Promote",
    "Publish",
    "Purchase",
    "Push",
    "Put",
    "Reboot",
    "Rebuild",
    "Receive",
    "Register",
    "Reject",
    "Release",
    "Remove",
    "Renew",
    "Replace",
    "Replicate",
    "Reset",
    "Restore",
    "Resume",
    "Retire",
    "Retry",
    "Revoke",
    "Rotate",
    "Run",
    "Send",
    "Set",
    "Share",
    "Sign",
    "Start",
    "Stop",
    "Submit",
    "Suspend",
    "Tag",
    "Terminate",
    "Transfer",
    "Unlock",
    "Untag",
    "Update",
    "Upload",
    "Write",
];

/// Services of which a change gives any other right.
const GOVERNING: &[&str] = &["iam", "organizations", "sso", "identitystore"];

/// How long a text out of a policy may be that is printed.
const MOST_SHOWN: usize = 200;

/// A policy as it is attached.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub(super) name: String,
    pub(super) content: Content,
}

/// What is known of it.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// Its statements.
    Document(Vec<Statement>),
    /// A policy of AWS' own, by the table.
    Known(Level, String),
    /// Only its name.
    Unknown,
}

/// One statement.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    deny: bool,
    actions: Vec<String>,
    /// `actions` are those that it does not speak of.
    not_actions: bool,
    resources: Vec<String>,
    not_resources: bool,
    conditions: bool,
}

/// What policies allow: one entry a policy, level and resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Allowed {
    /// None for a policy that is known by its name alone.
    pub(super) level: Option<Level>,
    pub(super) resource: Option<String>,
    /// The policy's name with the widest action.
    pub(super) native: String,
}

/// A policy's document, URL-encoded as IAM's answers have it or plain; none where it is not one.
pub(super) fn statements(document: &str) -> Option<Vec<Statement>> {
    let plain = document.trim_start().starts_with('{');
    let text = if plain {
        document.to_owned()
    } else {
        percent_encoding::percent_decode_str(document).decode_utf8().ok()?.into_owned()
    };
    let document: Value = serde_json::from_str(&text).ok()?;
    many(document.get("Statement")?).into_iter().map(statement).collect()
}

/// One or many.
pub(super) fn many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(all) => all.iter().collect(),
        one => vec![one],
    }
}

fn texts(value: &Value) -> Vec<String> {
    many(value).into_iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

fn statement(value: &Value) -> Option<Statement> {
    let deny = match value.get("Effect")?.as_str()? {
        "Allow" => false,
        "Deny" => true,
        _ => return None,
    };
    let (actions, not_actions) = match (value.get("Action"), value.get("NotAction")) {
        (Some(actions), None) => (texts(actions), false),
        (None, Some(actions)) => (texts(actions), true),
        _ => return None,
    };
    let (resources, not_resources) = match (value.get("Resource"), value.get("NotResource")) {
        (Some(resources), None) => (texts(resources), false),
        (None, Some(resources)) => (texts(resources), true),
        _ => return None,
    };
    let conditions = value.get("Condition").is_some_and(|c| c.as_object().is_none_or(|c| !c.is_empty()));
    Some(Statement { deny, actions, not_actions, resources, not_resources, conditions })
}

/// How much an action allows, wildcards included: the widest of what it may stand for.
pub(super) fn level(action: &str) -> Level {
    let Some((service, name)) = action.split_once(':') else { return Level::Admin };
    let service = service.to_ascii_lowercase();
    if name.trim_matches(['*', '?']).is_empty() {
        return Level::Admin;
    }
    let fixed = name.split(['*', '?']).next().unwrap_or_default();
    let wild = fixed.len() < name.len();
    let begins = |text: &str, with: &str| text.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    // `Get*` reads, and so does `Desc*`, which no other verb begins with; `G*` may be Get and Grant.
    let cut = |verbs: &[&str]| verbs.iter().any(|verb| begins(verb, fixed));
    let reads = READING.iter().any(|verb| begins(fixed, verb) && ends_verb(&fixed[verb.len()..]))
        || wild && !fixed.is_empty() && cut(READING) && !cut(CHANGING)
        || service == "iam" && begins(fixed, "Generate");
    let governs = GOVERNING.iter().any(|known| *known == service || matches(&service, known));
    match (reads, governs) {
        (true, _) => Level::Read,
        // Passing a role to a service changes nobody's rights.
        (false, true) if fixed.eq_ignore_ascii_case("PassRole") => Level::Write,
        (false, true) => Level::Admin,
        (false, false) => Level::Write,
    }
}

/// Whether a verb ends there: `Get` in `GetObject`, `Get` and `Get*`, not in `Getaway`.
fn ends_verb(rest: &str) -> bool {
    rest.chars().next().is_none_or(|next| next.is_ascii_uppercase() || next.is_ascii_digit())
}

/// Whether a pattern covers an action, without regard to case, as IAM compares them.
fn matches(pattern: &str, text: &str) -> bool {
    covers(&pattern.to_ascii_lowercase(), &text.to_ascii_lowercase())
}

/// Whether a pattern with `*` and `?` covers a text. Wildcards in the text are covered by `*` alone, so that too much is never said.
fn covers(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == text[t] || pattern[p] == b'?' && text[t] != b'*') {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// Whether a denial takes away all that an action on a resource gives.
fn takes(denial: &Statement, action: &str, resource: &str) -> bool {
    let all = |resource: &str| denial.resources.iter().any(|pattern| covers(pattern, resource));
    denial.deny
        && !denial.conditions
        && !denial.not_actions
        && !denial.not_resources
        && denial.actions.iter().any(|pattern| matches(pattern, action))
        && all(resource)
}

/// Whether a denial may take away a part of it.
fn touches(denial: &Statement, action: &str) -> bool {
    let meets = |pattern: &String| matches(pattern, action) || matches(action, pattern);
    denial.deny && (denial.not_actions || denial.actions.iter().any(meets))
}

/// What a principal's policies allow together: a denial in any of them counts for all.
pub(super) fn allowed(policies: &[Policy]) -> Vec<Allowed> {
    let statements = |policy: &Policy| match &policy.content {
        Content::Document(statements) => statements.clone(),
        _ => Vec::new(),
    };
    let denials: Vec<Statement> = policies.iter().flat_map(statements).filter(|s| s.deny).collect();
    let mut out = Vec::new();
    for policy in policies {
        match &policy.content {
            Content::Known(level, resource) => {
                if !denials.iter().any(|denial| takes(denial, "*", "*")) {
                    let limited = !denials.is_empty();
                    let native = native(&policy.name, None, false, limited);
                    out.push(Allowed { level: Some(*level), resource: Some(resource.clone()), native });
                }
            }
            Content::Unknown => {
                out.push(Allowed { level: None, resource: None, native: native(&policy.name, None, false, false) });
            }
            Content::Document(statements) => {
                let own = statements.iter().filter(|statement| !statement.deny);
                out.extend(of_document(&policy.name, own, &denials));
            }
        }
    }
    out
}

fn of_document<'s>(name: &str, own: impl Iterator<Item = &'s Statement>, denials: &[Statement]) -> Vec<Allowed> {
    let mut widest: BTreeMap<(Level, String), (String, bool, bool)> = BTreeMap::new();
    for statement in own {
        let everything = vec!["*".to_owned()];
        let resources = if statement.not_resources { &everything } else { &statement.resources };
        for resource in resources {
            let mut best: Option<(Level, String, bool)> = None;
            for (level, action) in given(statement) {
                if denials.iter().any(|denial| takes(denial, &action, resource)) {
                    continue;
                }
                let limited = denials.iter().any(|denial| touches(denial, &action));
                // The widest: by level, then the shorter pattern.
                let wider = best.as_ref().is_none_or(|(l, a, _)| {
                    (level, std::cmp::Reverse(action.len())) > (*l, std::cmp::Reverse(a.len()))
                });
                if wider {
                    best = Some((level, action, limited));
                }
            }
            if let Some((level, action, limited)) = best {
                let entry = widest.entry((level, resource.clone()));
                entry
                    .and_modify(|known| {
                        // Without conditions is wider.
                        known.1 &= statement.conditions;
                        known.2 &= limited;
                    })
                    .or_insert((action, statement.conditions, limited));
            }
        }
    }
    let of = |((level, resource), (action, conditions, limited)): ((Level, String), (String, bool, bool))| Allowed {
        level: Some(level),
        resource: Some(cut(&resource)),
        native: native(name, Some(&action), conditions, limited),
    };
    widest.into_iter().map(of).collect()
}

/// The actions that a statement gives, each with its level.
fn given(statement: &Statement) -> Vec<(Level, String)> {
    if !statement.not_actions {
        return statement.actions.iter().map(|action| (level(action), action.clone())).collect();
    }
    // Everything but these: a power user where the right to give rights is left out.
    let without_iam = statement.actions.iter().any(|pattern| matches(pattern, "iam:*"));
    let level = if without_iam { Level::Write } else { Level::Admin };
    vec![(level, format!("all but {}", statement.actions.join(", ")))]
}

fn native(name: &str, action: Option<&str>, conditions: bool, limited: bool) -> String {
    let mut text = cut(name);
    if let Some(action) = action {
        text.push_str(&format!(" ({})", cut(action)));
    }
    if conditions {
        text.push_str(", under conditions");
    }
    if limited {
        text.push_str(", less what is denied");
    }
    text
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Policies of AWS' own that are known by name (AWS Managed Policy Reference Guide), with the resource that they are for.
pub(super) fn of_aws(name: &str) -> Option<(Level, String)> {
    let everywhere = "*".to_owned();
    match name {
        "AdministratorAccess" | "IAMFullAccess" => return Some((Level::Admin, everywhere)),
        "PowerUserAccess"
        | "SystemAdministrator"
        | "NetworkAdministrator"
        | "DatabaseAdministrator"
        | "DataScientist"
        | "DeveloperAccess"
        | "AdministratorAccess-AWSElasticBeanstalk"
        | "AdministratorAccess-Amplify" => {
            return Some((Level::Write, everywhere));
        }
        "ReadOnlyAccess" | "ViewOnlyAccess" | "SecurityAudit" => return Some((Level::Read, everywhere)),
        "SecretsManagerReadWrite" => return Some((Level::Write, "arn:aws:secretsmanager:*".to_owned())),
        _ => {}
    }
    let ends = |suffixes: &[&str]| suffixes.iter().find_map(|suffix| name.strip_suffix(suffix));
    let (level, service) = if let Some(service) = ends(&["_FullAccess", "FullAccess"]) {
        (Level::Admin, service)
    } else if let Some(service) =
        ends(&["_ReadOnlyAccess", "ReadOnlyAccess", "ReadOnly", "ReadAccess", "ViewOnlyAccess"])
    {
        (Level::Read, service)
    } else if let Some(service) =
        ends(&["PowerUser", "ReadWriteAccess", "WriteAccess", "ReadWrite", "ContributorAccess"])
    {
        (Level::Write, service)
    } else {
        return None;
    };
    Some((level, service_of(service).map_or(everywhere, |service| format!("arn:aws:{service}:*"))))
}

/// The service that a managed policy's name begins with.
fn service_of(name: &str) -> Option<String> {
    let name = ["Amazon", "AWS"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    let known = match name.trim_matches('_') {
        "S3" => "s3",
        "EC2" => "ec2",
        "EC2ContainerRegistry" => "ecr",
        "ECS" => "ecs",
        "EKS" => "eks",
        "SQS" => "sqs",
        "SNS" => "sns",
        "SSM" => "ssm",
        "RDS" => "rds",
        "DynamoDB" => "dynamodb",
        "Lambda" => "lambda",
        "Route53" => "route53",
        "CloudFront" => "cloudfront",
        "CloudWatch" => "cloudwatch",
        "CloudWatchLogs" => "logs",
        "CloudFormation" => "cloudformation",
        "KeyManagementService" | "KMS" => "kms",
        "IAM" => "iam",
        "StepFunctions" => "states",
        "CodeBuild" => "codebuild",
        "CodeDeploy" => "codedeploy",
        "Kinesis" => "kinesis",
        "ElastiCache" => "elasticache",
        "SecretsManager" => "secretsmanager",
        _ => return None,
    };
    Some(known.to_owned())
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
