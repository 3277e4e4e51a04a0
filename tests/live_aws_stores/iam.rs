//! Policies as levels, and roles that a CI's identity may assume.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_role_wants_its_external_id() {
    let moto = Moto::start();
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:user/admin")},
        "Condition": {"StringEquals": {"sts:ExternalId": "acme-7"}}}]});
    moto.call("create_role", &json!({"RoleName": "audit", "AssumeRolePolicyDocument": trust.to_string()}));
    moto.call("put_role_policy", &json!({"RoleName": "audit", "PolicyName": "all", "PolicyDocument": everything()}));
    let role = format!("arn:aws:iam::{ACCOUNT}:role/audit");
    let key = moto.create_user_with_key("svc-deploy").id;
    let id = Id::aws_access_key(None, &key);
    let right = source(&moto.endpoint, &moto.admin, &json!({"assume": {"role": role, "external_id": "acme-7"}}));
    assert_eq!(liveness(&collect(&right, &keys(&[&key])).await, &id).state, LivenessState::Live);
    let wrong = source(&moto.endpoint, &moto.admin, &json!({"assume": {"role": role, "external_id": "acme-8"}}));
    let batch = collect(&wrong, &keys(&[&key])).await;
    assert_eq!(liveness(&batch, &id).state, LivenessState::Unknown);
    let gap = batch.inventory.gaps.iter().find(|gap| gap.lacks == "liveness").unwrap();
    assert_eq!((gap.scope.as_str(), gap.reason.as_str()), (role.as_str(), "AssumeRole: AccessDenied"));
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_become_levels() {
    let moto = Moto::with_policies_of_aws();
    let document = |effect: &str, action: &str, resource: &str| {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": resource}]})
            .to_string()
    };
    let aws = |name: &str| format!("arn:aws:iam::aws:policy/{name}");
    let mut users: BTreeMap<&str, String> = BTreeMap::new();
    for user in ["reader", "pusher", "owner", "grouped", "bounded", "nobody", "custom"] {
        users.insert(user, moto.create_user_with_key(user).id);
    }
    let attach = |user: &str, arn: &str| moto.call("attach_user_policy", &json!({"UserName": user, "PolicyArn": arn}));
    attach("reader", &aws("ReadOnlyAccess"));
    let push = document("Allow", "ecr:PutImage", "arn:aws:ecr:us-east-1:123456789012:repository/shop");
    moto.call("put_user_policy", &json!({"UserName": "pusher", "PolicyName": "push", "PolicyDocument": push}));
    attach("owner", &aws("AdministratorAccess"));
    moto.call("create_group", &json!({"GroupName": "ops"}));
    moto.call("attach_group_policy", &json!({"GroupName": "ops", "PolicyArn": aws("PowerUserAccess")}));
    let read = document("Allow", "s3:Get*", "arn:aws:s3:::logs/*");
    moto.call("put_group_policy", &json!({"GroupName": "ops", "PolicyName": "logs", "PolicyDocument": read}));
    moto.call("add_user_to_group", &json!({"GroupName": "ops", "UserName": "grouped"}));
    let buckets = document("Allow", "s3:*", "*");
    let made = moto.call("create_policy", &json!({"PolicyName": "buckets", "PolicyDocument": buckets}));
    attach("custom", text(&made["Policy"], "Arn"));
    moto.call(
        "put_user_policy",
        &json!({"UserName": "custom", "PolicyName": "no", "PolicyDocument": document("Deny", "s3:DeleteBucket", "*")}),
    );
    attach("bounded", &aws("AdministratorAccess"));
    moto.call(
        "put_user_policy",
        &json!({"UserName": "bounded", "PolicyName": "no", "PolicyDocument": document("Deny", "*", "*")}),
    );

    let expected: BTreeMap<&str, Vec<(Level, &str, &str)>> = BTreeMap::from([
        ("reader", vec![(Level::Read, "*", "ReadOnlyAccess")]),
        ("pusher", vec![(Level::Write, "arn:aws:ecr:us-east-1:123456789012:repository/shop", "push (ecr:PutImage)")]),
        ("owner", vec![(Level::Admin, "*", "AdministratorAccess")]),
        (
            "grouped",
            vec![(Level::Read, "arn:aws:s3:::logs/*", "logs (s3:Get*)"), (Level::Write, "*", "PowerUserAccess")],
        ),
        ("bounded", vec![]),
        ("nobody", vec![]),
        ("custom", vec![(Level::Admin, "*", "buckets (s3:*), less what is denied")]),
    ]);
    let of = |batch: &Batch, user: &str| -> Vec<(Level, String, String)> {
        let credential = batch.inventory.credential(&Id::aws_access_key(None, &users[user])).unwrap();
        let told = credential.grants.iter().map(|grant| {
            assert_eq!(grant.tenant.as_deref(), Some("aws:123456789012"));
            (grant.level.unwrap(), grant.resource.clone().unwrap(), grant.native.clone().unwrap())
        });
        let mut told: Vec<_> = told.collect();
        told.sort();
        told
    };
    // In a gate by user; for everything out of the account's details.
    let ids: Vec<&str> = users.values().map(String::as_str).collect();
    let mut want = keys(&ids);
    want.grants = want.credentials.clone();
    let gate = collect(&source(&moto.endpoint, &moto.admin, &json!({})), &want).await;
    let whole = stores(&source(&moto.endpoint, &moto.admin, &json!({})), &all()).await;
    for batch in [&gate, &whole] {
        assert!(batch.inventory.gaps.is_empty(), "{:?}", batch.inventory.gaps);
        for (user, grants) in &expected {
            let grants: Vec<(Level, String, String)> =
                grants.iter().map(|(level, on, native)| (*level, (*on).to_owned(), (*native).to_owned())).collect();
            assert_eq!(of(batch, user), grants, "{user}");
        }
    }
    // Nobody compares them: nobody asks.
    let gate = collect(&source(&moto.endpoint, &moto.admin, &json!({})), &keys(&[&users["owner"]])).await;
    assert_eq!(gate.account.requests, 3);
    assert!(gate.inventory.credentials[0].grants.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_that_a_ci_may_assume() {
    let moto = Moto::start();
    let issuer = "token.actions.githubusercontent.com";
    let trust = |issuer: &str, subject: &str| {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}")},
            "Condition": {"StringLike": {format!("{issuer}:sub"): subject}}}]})
        .to_string()
    };
    let make = |name: &str, path: &str, trust: String| {
        let made =
            moto.call("create_role", &json!({"RoleName": name, "Path": path, "AssumeRolePolicyDocument": trust}));
        Id::new(format!("aws:role:{}", text(&made["Role"], "Arn")))
    };
    let ours = make("deploy", "/ci/", trust(issuer, "repo:acme/shop:environment:production"));
    let site = make("site", "/", trust(issuer, "repo:acme/site:*"));
    let lab = make("lab", "/", trust("gitlab.com", "project_path:acme/shop:ref_type:branch:ref:main"));
    let service = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "ec2.amazonaws.com"}}]});
    let machine = make("machine", "/", service.to_string());
    let policy =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecr:PutImage", "Resource": "*"}]});
    moto.call(
        "put_role_policy",
        &json!({"RoleName": "deploy", "PolicyName": "push", "PolicyDocument": policy.to_string()}),
    );
    let gone = Id::new(format!("aws:role:arn:aws:iam::{ACCOUNT}:role/gone"));
    let moved = Id::new(format!("aws:role:arn:aws:iam::{ACCOUNT}:role/deploy"));
    let foreign = Id::new(format!("aws:role:arn:aws:iam::{OTHER}:role/deploy"));

    let wanted = [&ours, &site, &gone, &moved, &foreign, &machine].map(Id::clone);
    let mut want = Wanted { credentials: wanted.into(), repository: Some("acme/shop".into()), ..Wanted::default() };
    want.grants.insert(ours.clone());
    let gate = collect(&source(&moto.endpoint, &moto.admin, &json!({})), &want).await;
    for (id, state) in [
        (&ours, LivenessState::Live),
        (&site, LivenessState::Live),
        (&machine, LivenessState::Live),
        (&gone, LivenessState::NotFound),
        (&moved, LivenessState::NotFound),
        (&foreign, LivenessState::Unknown),
    ] {
        assert_eq!(liveness(&gate, id).state, state, "{id}");
    }
    let role = gate.inventory.credential(&ours).unwrap();
    let way_in = role.grants.iter().find(|grant| grant.holder.is_some()).unwrap();
    assert_eq!(way_in.holder.as_deref(), Some("repo:acme/shop:environment:production"));
    assert_eq!(way_in.environment.as_deref(), Some("production"));
    let push = role.grants.iter().find(|grant| grant.holder.is_none()).unwrap();
    assert_eq!((push.level, push.native.as_deref()), (Some(Level::Write), Some("push (ecr:PutImage)")));
    let notes = gate.account.notes.join("\n");
    assert!(notes.contains(&format!("{site}: its trust does not let acme/shop in (repo:acme/site:*)")), "{notes}");
    assert!(notes.contains(&format!("{machine}: its trust names no CI identity provider")), "{notes}");
    assert!(!notes.contains(&format!("{ours}: its trust")), "{notes}");
    // Who we are, one a role of ours, two for the policies of the one whose grants are wanted, and its inline policy.
    assert_eq!(gate.account.requests, 1 + 5 + 3);

    let whole = stores(&source(&moto.endpoint, &moto.admin, &json!({})), &all()).await;
    let told: BTreeSet<&Id> =
        whole.inventory.credentials.iter().map(|c| &c.id).filter(|id| id.kind() == "role").collect();
    assert_eq!(told, BTreeSet::from([&ours, &site, &lab]));
    assert_eq!(whole.inventory.credential(&ours).unwrap().grants, role.grants);
}
