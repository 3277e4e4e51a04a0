//! Policies and the levels that a careful reader would give them.

use super::*;
use serde_json::json;

fn policy(name: &str, statement: Value) -> Policy {
    let text = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    Policy { name: name.to_owned(), content: Content::Document(statements(&text).expect("a document")) }
}

fn told(policies: &[Policy]) -> Vec<(Option<Level>, String, String)> {
    allowed(policies).into_iter().map(|a| (a.level, a.resource.unwrap_or_default(), a.native)).collect()
}

#[test]
fn actions_and_levels() {
    use Level::{Admin, Read, Write};
    for (action, expected) in [
        ("*", Admin),
        ("*:*", Admin),
        ("s3:*", Admin),
        ("s3:**", Admin),
        ("s3:GetObject", Read),
        ("s3:get*", Read),
        ("s3:Get?bject", Read),
        ("S3:ListBucket", Read),
        ("ec2:Describe*", Read),
        ("ec2:Desc*", Read),
        ("ec2:De*", Write),
        ("s3:G*", Write),
        ("ecr:BatchGetImage", Read),
        ("ecr:BatchDeleteImage", Write),
        ("s3:HeadObject", Read),
        ("ecr:PutImage", Write),
        ("s3:*Object", Write),
        ("s3:Put*", Write),
        ("lambda:InvokeFunction", Write),
        ("glacier:Getaway", Write),
        ("iam:*", Admin),
        ("iam:GetUser", Read),
        ("iam:GenerateCredentialReport", Read),
        ("iam:CreateUser", Admin),
        ("iam:AttachUserPolicy", Admin),
        ("iam:PassRole", Write),
        ("i*:CreateUser", Admin),
        ("*:Get*", Read),
        ("*:Put*", Admin),
        ("sts:AssumeRole", Write),
        ("sts:AssumeRoleWithWebIdentity", Write),
        ("sts:GetCallerIdentity", Read),
        ("organizations:LeaveOrganization", Admin),
        ("", Admin),
    ] {
        assert_eq!(level(action), expected, "{action}");
    }
}

#[test]
fn statements_and_grants() {
    let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let bucket = json!([
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::shop/*"},
        {"Effect": "Allow", "Action": "s3:List*", "Resource": ["arn:aws:s3:::shop", "arn:aws:s3:::logs"]}
    ]);
    let of = |level, resource: &str, native: &str| (Some(level), resource.to_owned(), native.to_owned());
    assert_eq!(told(&[policy("all", all.clone())]), [of(Level::Admin, "*", "all (*)")]);
    assert_eq!(
        told(&[policy("bucket", bucket)]),
        [
            of(Level::Read, "arn:aws:s3:::logs", "bucket (s3:List*)"),
            of(Level::Read, "arn:aws:s3:::shop", "bucket (s3:List*)"),
            of(Level::Write, "arn:aws:s3:::shop/*", "bucket (s3:PutObject)"),
        ]
    );
    // Everything but some: a power user only without the right to give rights.
    let but = |actions: Value| policy("but", json!({"Effect": "Allow", "NotAction": actions, "Resource": "*"}));
    assert_eq!(told(&[but(json!(["iam:*", "organizations:*"]))])[0].0, Some(Level::Write));
    assert_eq!(told(&[but(json!("s3:*"))])[0].0, Some(Level::Admin));
    assert_eq!(told(&[but(json!("s3:*"))])[0].2, "but (all but s3:*)");
    let mfa = json!({"Effect": "Allow", "Action": "ecr:PutImage", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}});
    assert_eq!(told(&[policy("mfa", mfa)])[0].2, "mfa (ecr:PutImage), under conditions");
    let not_there = json!({"Effect": "Allow", "Action": "s3:PutObject", "NotResource": "arn:aws:s3:::shop/*"});
    assert_eq!(told(&[policy("else", not_there)]), [of(Level::Write, "*", "else (s3:PutObject)")]);
}

#[test]
fn denials_remove_only_what_they_wholly_cover() {
    let push = || {
        policy(
            "push",
            json!({"Effect": "Allow", "Action": ["ecr:PutImage", "ecr:GetImage"], "Resource": "arn:aws:ecr:eu-west-1:1:repository/shop"}),
        )
    };
    let deny = |action: &str, resource: &str, condition: Value| {
        policy("no", json!({"Effect": "Deny", "Action": action, "Resource": resource, "Condition": condition}))
    };
    let level =
        |denial: Policy| told(&[push(), denial]).first().map(|(level, _, native)| (level.unwrap(), native.clone()));
    let shop = "arn:aws:ecr:eu-west-1:1:repository/shop";
    assert_eq!(level(deny("ecr:*", "*", json!({}))), None);
    assert_eq!(level(deny("*", shop, json!({}))), None);
    // What remains is read.
    assert_eq!(level(deny("ecr:Put*", "*", json!({}))), Some((Level::Read, "push (ecr:GetImage)".into())));
    let kept = "push (ecr:PutImage), less what is denied";
    // Elsewhere, or under a condition, it removes nothing for sure.
    assert_eq!(level(deny("ecr:*", "arn:aws:ecr:*:*:repository/other", json!({}))), Some((Level::Write, kept.into())));
    assert_eq!(level(deny("ecr:*", "*", json!({"Bool": {"aws:x": "true"}}))), Some((Level::Write, kept.into())));
    assert_eq!(level(deny("s3:*", "*", json!({}))), Some((Level::Write, "push (ecr:PutImage)".into())));
    // A denial of one action takes nothing away of all of them.
    let all = policy("all", json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let partly = told(&[all.clone(), deny("iam:*", "*", json!({}))]);
    assert_eq!(partly, [(Some(Level::Admin), "*".to_owned(), "all (*), less what is denied".to_owned())]);
    let known = Policy { name: "AdministratorAccess".into(), content: Content::Known(Level::Admin, "*".into()) };
    assert!(told(&[known.clone(), deny("*", "*", json!({}))]).is_empty());
    assert_eq!(told(&[known]).len(), 1);
}

#[test]
fn policies_of_aws_by_name() {
    for (name, expected) in [
        ("AdministratorAccess", Some((Level::Admin, "*"))),
        ("PowerUserAccess", Some((Level::Write, "*"))),
        ("ReadOnlyAccess", Some((Level::Read, "*"))),
        ("SecurityAudit", Some((Level::Read, "*"))),
        ("AmazonS3FullAccess", Some((Level::Admin, "arn:aws:s3:*"))),
        ("AmazonS3ReadOnlyAccess", Some((Level::Read, "arn:aws:s3:*"))),
        ("AWSLambda_FullAccess", Some((Level::Admin, "arn:aws:lambda:*"))),
        ("AmazonEC2ContainerRegistryPowerUser", Some((Level::Write, "arn:aws:ecr:*"))),
        ("IAMReadOnlyAccess", Some((Level::Read, "arn:aws:iam:*"))),
        ("IAMFullAccess", Some((Level::Admin, "*"))),
        ("SecretsManagerReadWrite", Some((Level::Write, "arn:aws:secretsmanager:*"))),
        ("AmazonNewThingFullAccess", Some((Level::Admin, "*"))),
        ("AWSSupportAccess", None),
    ] {
        let told = of_aws(name);
        assert_eq!(told.as_ref().map(|(level, on)| (*level, on.as_str())), expected, "{name}");
    }
}

#[test]
fn documents_as_iam_gives_them() {
    let plain = r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let encoded = percent_encoding::utf8_percent_encode(plain, percent_encoding::NON_ALPHANUMERIC).to_string();
    for text in [plain, encoded.as_str()] {
        assert_eq!(statements(text).map(|all| all.len()), Some(1), "{text}");
    }
    for text in [
        "",
        "{}",
        "[]",
        "%FF%FE",
        r#"{"Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Resource":"*"}]}"#,
        r#"{"Statement":7}"#,
    ] {
        assert!(statements(text).is_none(), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn nothing_panics(action in "[a-zé:*?]{0,12}", pattern in "[a-zé:*?]{0,12}") {
        let _ = level(&action);
        let _ = covers(&pattern, &action);
        let _ = of_aws(&action);
    }

    #[test]
    fn a_star_covers_all_and_a_text_itself(text in "[a-z:*]{0,12}") {
        proptest::prop_assert!(covers("*", &text));
        proptest::prop_assert!(covers(&text, &text));
    }
}
