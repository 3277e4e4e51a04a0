//! What AWS' stores and IAM hold, against a moto that enforces signatures and policies, set up and compared by boto3: everything with
//! paging, regions and accounts; in a gate only what is named, within its budget of requests; and answers that are no answers.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod faults;
mod iam;
#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use driftgate::config::Environment;
use driftgate::model::Id;
use driftgate::model::inventory::{Level, Liveness, LivenessState, RotationKind};
use driftgate::secret::{FingerprintKey, Secret};
use driftgate::sources::aws::{AwsSource, Settings};
use driftgate::sources::{About, Batch, Outer, Source, Wanted};
use serde_json::{Value, json};
use support::Moto;
use support::moto::{Key, everything};

/// moto's account.
const ACCOUNT: &str = "123456789012";
const OTHER: &str = "210987654321";
const CANARY: &str = "hush-canary-value";

fn about(name: &str, authority: bool) -> About {
    About {
        name: name.to_owned(),
        kind: "aws".to_owned(),
        required: true,
        authority: authority.then(|| name.to_owned()),
    }
}

fn environment(key: &Key) -> Arc<Environment> {
    let variables = [("AUDIT_ID", &key.id), ("AUDIT_SECRET", &key.secret)];
    Arc::new(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).clone())).collect())
}

fn source_as(about: About, endpoint: &str, auditor: &Key, more: &Value) -> AwsSource {
    let mut settings = json!({"endpoint": endpoint, "region": "us-east-1", "access_key_id_env": "AUDIT_ID",
        "secret_access_key_env": "AUDIT_SECRET", "timeout": 300});
    for (name, value) in more.as_object().unwrap() {
        settings[name] = value.clone();
    }
    let settings: Settings = serde_json::from_value(settings).unwrap();
    settings.check().unwrap();
    AwsSource::new(about, settings, environment(auditor))
}

fn source(endpoint: &str, auditor: &Key, more: &Value) -> AwsSource {
    source_as(about("aws", false), endpoint, auditor, more)
}

async fn stores(source: &AwsSource, want: &Wanted) -> Batch {
    let mut batch = Batch::default();
    source.stores(want, &mut batch).await;
    batch
}

async fn collect(source: &AwsSource, want: &Wanted) -> Batch {
    let mut batch = Batch::default();
    source.collect(want, &mut batch).await;
    batch
}

fn all() -> Wanted {
    Wanted { everything: true, ..Wanted::default() }
}

fn named(names: &[(&str, Option<&str>)]) -> Wanted {
    let of = |(name, store): &(&str, Option<&str>)| Outer {
        provider: "aws".to_owned(),
        name: (*name).to_owned(),
        store: store.map(str::to_owned),
    };
    Wanted { outer: names.iter().map(of).collect(), ..Wanted::default() }
}

fn keys(ids: &[&str]) -> Wanted {
    Wanted { credentials: ids.iter().map(|id| Id::aws_access_key(None, id)).collect(), ..Wanted::default() }
}

fn liveness(batch: &Batch, id: &Id) -> Liveness {
    let credential = batch.inventory.credential(id).unwrap_or_else(|| panic!("{id}: {:?}", batch.inventory));
    credential.liveness.clone().expect("an observation")
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_else(|| panic!("{field} of {value}"))
}

/// Seconds of one of boto3's times.
fn seconds(value: &Value) -> i64 {
    let text = value.as_str().expect("a time").replacen(' ', "T", 1);
    text.parse::<jiff::Timestamp>().unwrap_or_else(|error| panic!("{text}: {error}")).as_second()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_as_boto3_has_it() {
    let mut moto = Moto::start();
    let regions = [("us-east-1", 700, 150), ("eu-west-1", 300, 50)];
    for (region, secrets, parameters) in regions {
        let secrets: Vec<Value> = (0..secrets)
            .map(|n| json!({"Name": format!("app/{n:04}"), "SecretString": format!("{CANARY}-{n}")}))
            .collect();
        moto.bulk(&moto.admin, region, "secretsmanager", "create_secret", &secrets);
        let parameters: Vec<Value> = (0..parameters)
            .map(|n| json!({"Name": format!("/app/{n:04}"), "Value": format!("{CANARY}-{n}"), "Type": "SecureString"}))
            .collect();
        moto.bulk(&moto.admin, region, "ssm", "put_parameter", &parameters);
        let plain = [json!({"Name": "/app/plain", "Value": "x", "Type": "String"})];
        moto.bulk(&moto.admin, region, "ssm", "put_parameter", &plain);
    }
    let mut live = BTreeSet::new();
    for n in 0..12 {
        live.insert(moto.create_user_with_key(&format!("svc-{n}")).id);
    }
    let off = moto.create_key("svc-3");
    moto.set_status("svc-3", &off.id, "Inactive");

    let before = moto.requests();
    let aws = source(&moto.endpoint, &moto.admin, &json!({"regions": ["us-east-1", "eu-west-1"]}));
    let batch = stores(&aws, &all()).await;
    assert!(batch.inventory.gaps.is_empty(), "{:?}", batch.inventory.gaps);
    let by_log = (moto.requests() - before) as u64;
    assert_eq!(batch.account.requests, by_log, "the meter and the server's log");
    // 7 + 3 pages of secrets, 16 + 6 of parameters (ten a page here, and an empty one), who we are, the account's details and summary;
    // one a user and one a key besides, and one a secret: only its versions tell when its value was written.
    assert_eq!(by_log, 10 + 22 + 3 + 13 + 14 + 1000);

    let mut expected: BTreeMap<String, (String, i64)> = BTreeMap::new();
    for (region, ..) in regions {
        let of = ("secretsmanager", "list_secrets", "SecretList");
        for secret in moto.listed(&moto.admin, region, of, &json!({})) {
            let id = format!("aws:secret:{}", text(&secret, "ARN"));
            expected.insert(id, (text(&secret, "Name").to_owned(), seconds(&secret["LastChangedDate"])));
        }
        let of = ("ssm", "describe_parameters", "Parameters");
        for parameter in moto.listed(&moto.admin, region, of, &json!({})) {
            if parameter["Type"] == "SecureString" {
                let name = text(&parameter, "Name");
                let id = format!("aws:parameter:arn:aws:ssm:{region}:{ACCOUNT}:parameter{name}");
                expected.insert(id, (name.to_owned(), seconds(&parameter["LastModifiedDate"])));
            }
        }
    }
    let slots = batch.inventory.slots.iter();
    let told: BTreeMap<String, (String, i64)> = slots
        .map(|slot| (slot.id.to_string(), (slot.name.clone().unwrap(), slot.updated_at.unwrap().as_second())))
        .collect();
    assert_eq!(told.len(), 1_200);
    assert_eq!(told.len(), batch.inventory.slots.len(), "each once");
    assert!(told.keys().eq(expected.keys()));
    for (id, (name, at)) in &told {
        let (own, changed) = &expected[id];
        // moto makes a version's time up when it is asked for it; `rotation_and_versions` compares one.
        assert!(name == own && (at == changed || id.starts_with("aws:secret:")), "{id}: {name} {at}, {own} {changed}");
    }
    for (region, ..) in regions {
        for kind in ["secret", "parameter"] {
            let place = format!("{ACCOUNT}/{region}");
            let extent = batch.inventory.coverage.iter().find(|e| e.kind == kind && e.place == place);
            assert!(extent.is_some_and(|e| e.complete), "{kind} {place}");
        }
    }
    live.insert(moto.admin.id.clone());
    let states = |state: LivenessState| -> BTreeSet<String> {
        let credentials = batch.inventory.credentials.iter();
        let own = credentials.filter(|c| c.id.kind() == "access-key" && c.liveness.as_ref().unwrap().state == state);
        own.map(|c| c.id.rest().to_owned()).collect()
    };
    assert_eq!(states(LivenessState::Live), live);
    assert_eq!(states(LivenessState::Dead), BTreeSet::from([off.id.clone()]));
    assert!(batch.inventory.credentials.iter().all(|c| c.tenant.as_deref() == Some("aws:123456789012")));

    // What was read is not requested again; what the whole list does not have is deleted.
    let gone = moto.create_key("svc-4");
    moto.delete_key("svc-4", &gone.id);
    let want = Wanted { everything: true, ..keys(&[&off.id, &gone.id]) };
    let again = collect(&aws, &want).await;
    assert_eq!(again.account.requests, 0);
    assert_eq!(liveness(&again, &Id::aws_access_key(None, &gone.id)).state, LivenessState::NotFound);
    let kept = format!("{batch:?} {}", serde_json::to_string(&batch.inventory).unwrap());
    assert!(!kept.contains(CANARY) && !kept.contains(&moto.admin.secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_asks_once_a_region_for_what_is_named() {
    let mut moto = Moto::start();
    let admin = moto.admin.clone();
    let make = |region: &str, name: &str, tags: Value| {
        let made = moto.call_in(
            &admin,
            region,
            "secretsmanager",
            "create_secret",
            &json!({"Name": name, "SecretString": CANARY, "Tags": tags}),
        );
        text(&made, "ARN").to_owned()
    };
    let deploy_key = moto.create_user_with_key("svc-deploy");
    let tags = json!([{"Key": "Owner", "Value": "alice@example.com"}, {"Key": "Environment", "Value": "production"},
        {"Key": "holds", "Value": deploy_key.id}]);
    let db = make("us-east-1", "prod/db", tags);
    let near = make("us-east-1", "prod/db-replica", json!([]));
    let west = make("eu-west-1", "prod/west", json!([]));
    let leaving = make("us-east-1", "prod/leaving", json!([]));
    let rotated = make("us-east-1", "prod/rotated", json!([{"Key": "rotation", "Value": "alternating"}]));
    make("us-east-1", "other", json!([]));
    moto.call_in(
        &admin,
        "us-east-1",
        "secretsmanager",
        "put_secret_value",
        &json!({"SecretId": "prod/db", "SecretString": "new"}),
    );
    moto.call_in(
        &admin,
        "us-east-1",
        "secretsmanager",
        "delete_secret",
        &json!({"SecretId": "prod/leaving", "RecoveryWindowInDays": 7}),
    );
    let parameter = json!({"Name": "/app/db", "Value": CANARY, "Type": "SecureString"});
    moto.call_in(&admin, "us-east-1", "ssm", "put_parameter", &parameter);

    let before = moto.requests();
    let aws = source(&moto.endpoint, &admin, &json!({"regions": ["us-east-1", "eu-west-1"]}));
    let bare = west.rsplit_once('-').unwrap().0;
    let foreign = db.replace(ACCOUNT, OTHER);
    let want = named(&[
        ("prod/db", None),
        (bare, None),
        ("prod/leaving", Some("secretsmanager us-east-1")),
        (&rotated, None),
        (&foreign, None),
        ("${{ env.NAME }}", None),
        ("absent", Some("secretsmanager us-east-1")),
    ]);
    let batch = stores(&aws, &want).await;
    let told: BTreeSet<&str> = batch.inventory.slots.iter().map(|slot| slot.id.rest()).collect();
    assert_eq!(told, BTreeSet::from([db.as_str(), &west, &leaving, &rotated]), "{near} only begins alike");
    assert_eq!(batch.account.requests, 2, "one list a region");
    assert_eq!(moto.requests() - before, 2);
    let slot = batch.inventory.slot(&Id::new(format!("aws:secret:{db}"))).unwrap();
    assert_eq!(slot.owner.as_deref(), Some("alice@example.com"));
    assert_eq!(slot.environment.as_deref(), Some("production"));
    assert_eq!(slot.holds, Some(Id::aws_access_key(None, &deploy_key.id)));
    let stages: Vec<&str> = slot.versions.iter().filter_map(|version| version.stage.as_deref()).collect();
    assert_eq!(stages, ["AWSCURRENT", "AWSPREVIOUS"]);
    // When its value was written is asked for where a rule compares it.
    assert!(slot.updated_at.is_none() && slot.rotation.is_none());
    let has = |words: &str| batch.account.notes.iter().any(|note| note.contains(words));
    assert!(has("prod/leaving of 123456789012/us-east-1 is scheduled for deletion"), "{:?}", batch.account.notes);
    let gaps: Vec<(&str, &str)> = batch.inventory.gaps.iter().map(|g| (g.scope.as_str(), g.reason.as_str())).collect();
    // It may be in a region that is not looked at.
    let nowhere = ("secret absent", "there is none in us-east-1, eu-west-1");
    let name = foreign.rsplit_once(":secret:").unwrap().1;
    let other = (format!("secret {name}"), "it is of account 210987654321, which is not looked at");
    assert_eq!(gaps, [("${{ env.NAME }}", "the name is not written out"), nowhere, (other.0.as_str(), other.1)]);

    // Keys: who we are, whose it is, its status. What the stores told is not asked for again, also where a ticket names it.
    let before = moto.requests();
    let mut want = keys(&[&deploy_key.id]);
    want.slots = [&db, &west].map(|arn| Id::new(format!("aws:secret:{arn}"))).into();
    let batch = collect(&aws, &want).await;
    assert_eq!((batch.account.requests, moto.requests() - before), (3, 3));
    assert!(batch.inventory.slots.is_empty());
    // A slot that only a ticket names.
    let want = Wanted { slots: [Id::new(format!("aws:secret:{near}"))].into(), ..Wanted::default() };
    let batch = collect(&aws, &want).await;
    assert_eq!((batch.account.requests, batch.inventory.slots.len()), (1, 1));

    // Parameters are asked for only where one is named, and their values never.
    let batch = stores(&aws, &named(&[("/app/db", Some("ssm")), ("/app/none", Some("ssm"))])).await;
    assert_eq!(batch.account.requests, 2, "one a region");
    let [slot] = batch.inventory.slots.as_slice() else { panic!("{:?}", batch.inventory) };
    assert_eq!(slot.id.as_str(), format!("aws:parameter:arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/app/db"));
    // Beyond ten names, another list.
    let many: Vec<String> = (0..25).map(|n| format!("prod/n{n}")).collect();
    let many: Vec<(&str, Option<&str>)> =
        many.iter().map(|name| (name.as_str(), Some("secretsmanager us-east-1"))).collect();
    assert_eq!(stores(&source(&moto.endpoint, &admin, &json!({})), &named(&many)).await.account.requests, 3);
    // Nothing named, nothing asked.
    let batch = stores(&aws, &Wanted::default()).await;
    assert_eq!(batch.account.requests, 0);
    let batch = stores(&aws, &Wanted { offline: true, ..named(&[("prod/db", None)]) }).await;
    assert_eq!((batch.account.requests, batch.inventory.gaps.len()), (0, 1));
    let _ = RotationKind::Alternating;
}

#[tokio::test(flavor = "multi_thread")]
async fn rotation_and_versions() {
    let moto = Moto::start();
    let admin = &moto.admin;
    let create = |name: &str, tags: Value| {
        moto.call_in(
            admin,
            "us-east-1",
            "secretsmanager",
            "create_secret",
            &json!({"Name": name, "SecretString": CANARY, "Tags": tags}),
        );
        moto.call_in(
            admin,
            "us-east-1",
            "secretsmanager",
            "rotate_secret",
            &json!({"SecretId": name, "RotateImmediately": false,
            "RotationRules": {"AutomaticallyAfterDays": 30}}),
        );
    };
    create("two", json!([{"Key": "Rotation-Strategy", "Value": "Alternating users"}]));
    create("one", json!([]));
    let put = |value: &str| {
        moto.call_in(
            admin,
            "us-east-1",
            "secretsmanager",
            "put_secret_value",
            &json!({"SecretId": "one", "SecretString": value}),
        )
    };
    put(&format!("{CANARY}-2"));
    let want = named(&[("one", None), ("two", None)]);
    let key = Arc::new(FingerprintKey::new(&Secret::new("site key".into())));
    let aws = source(&moto.endpoint, admin, &json!({})).with_fingerprints(Some(Arc::clone(&key)));
    let batch = stores(&aws, &want).await;
    assert!(batch.inventory.gaps.is_empty(), "{:?}", batch.inventory.gaps);
    let slot = |name: &str| batch.inventory.slots.iter().find(|slot| slot.name.as_deref() == Some(name)).unwrap();
    assert_eq!(slot("two").rotation, Some(RotationKind::Alternating));
    assert_eq!(slot("one").rotation, Some(RotationKind::Single));
    let one = slot("one");
    let stages: Vec<(&str, bool)> =
        one.versions.iter().map(|v| (v.stage.as_deref().unwrap(), v.at.is_some())).collect();
    assert!(stages.contains(&("AWSCURRENT", true)) && stages.contains(&("AWSPREVIOUS", true)), "{stages:?}");
    assert_eq!(one.fingerprint, Some(Secret::new(format!("{CANARY}-2")).fingerprint(&key)));
    let previous = one.versions.iter().find(|version| version.stage.as_deref() == Some("AWSPREVIOUS")).unwrap();
    assert_eq!(previous.fingerprint, Some(Secret::new(CANARY.into()).fingerprint(&key)));
    assert!(!format!("{batch:?} {}", serde_json::to_string(&batch.inventory).unwrap()).contains(CANARY));

    // The version's own time, not that of any change. moto answers with the time at which it is asked for a
    // version's: what we are told lies between two such answers, and those lie after the last change.
    let own_time = || {
        let of = json!({"SecretId": "one"});
        let listed = moto.call_in(admin, "us-east-1", "secretsmanager", "list_secret_version_ids", &of);
        let versions = listed["Versions"].as_array().unwrap().iter();
        let current = versions.clone().find(|v| v["VersionStages"].to_string().contains("AWSCURRENT")).unwrap();
        seconds(&current["CreatedDate"])
    };
    let secret = moto.call_in(admin, "us-east-1", "secretsmanager", "describe_secret", &json!({"SecretId": "one"}));
    let changed = seconds(&secret["LastChangedDate"]);
    let earliest = loop {
        let now = own_time();
        if now > changed {
            break now;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    let judged = |slots: &Batch| -> BTreeSet<Id> { slots.inventory.slots.iter().map(|slot| slot.id.clone()).collect() };
    let collected = async |changes: bool| {
        let aws = source(&moto.endpoint, admin, &json!({}));
        let first = stores(&aws, &named(&[("one", None)])).await;
        assert_eq!((first.inventory.slots[0].updated_at, first.account.requests), (None, 1));
        let mut want = Wanted { slots: judged(&first), ..Wanted::default() };
        if changes {
            want.changes = judged(&first);
        }
        let mut batch = Batch::default();
        aws.collect(&want, &mut batch).await;
        (batch.inventory.slots.iter().find_map(|slot| slot.updated_at), batch.account.requests)
    };
    let (exact, asked) = collected(true).await;
    let exact = exact.unwrap().as_second();
    assert!((earliest..=own_time()).contains(&exact), "{exact}, asked from {earliest} on");
    assert_eq!(asked, 1);
    // No rule compares it: no request.
    let (coarse, asked) = collected(false).await;
    assert_eq!((coarse.is_some(), asked), (true, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn values_become_fingerprints_and_name_what_they_hold() {
    let moto = Moto::start();
    let admin = &moto.admin;
    let held = moto.create_user_with_key("svc-deploy");
    let pair = json!({"AWS_ACCESS_KEY_ID": held.id, "AWS_SECRET_ACCESS_KEY": held.secret}).to_string();
    let secret = |name: &str, value: &str| {
        moto.call_in(
            admin,
            "us-east-1",
            "secretsmanager",
            "create_secret",
            &json!({"Name": name, "SecretString": value}),
        )
    };
    secret("pair", &pair);
    secret("word", CANARY);
    moto.call_in(
        admin,
        "us-east-1",
        "ssm",
        "put_parameter",
        &json!({"Name": "/word", "Value": CANARY, "Type": "SecureString"}),
    );
    let want = named(&[("pair", None), ("word", None), ("/word", Some("ssm"))]);
    let key = Arc::new(FingerprintKey::new(&Secret::new("site key".into())));
    let batch =
        stores(&source(&moto.endpoint, admin, &json!({})).with_fingerprints(Some(Arc::clone(&key))), &want).await;
    assert!(batch.inventory.gaps.is_empty(), "{:?}", batch.inventory.gaps);
    let slot = |name: &str| batch.inventory.slots.iter().find(|slot| slot.name.as_deref() == Some(name)).unwrap();
    assert_eq!(slot("pair").holds, Some(Id::aws_access_key(None, &held.id)));
    assert_eq!(slot("pair").fingerprint, Some(Secret::new(pair).fingerprint(&key)));
    assert!(slot("word").fingerprint.is_some() && slot("word").fingerprint == slot("/word").fingerprint);
    assert_eq!(slot("word").holds, None);
    let kept = format!("{batch:?} {}", serde_json::to_string(&batch.inventory).unwrap());
    for value in [CANARY, &held.secret, &admin.secret] {
        assert!(!kept.contains(value), "{value}");
    }
    // Without a key no value is asked for.
    let batch = stores(&source(&moto.endpoint, admin, &json!({})), &want).await;
    assert_eq!((batch.account.requests, batch.inventory.slots[0].fingerprint.clone()), (2, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_with_the_same_user_names() {
    let moto = Moto::start();
    let theirs = moto.other_account(OTHER);
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}}]});
    let role = format!("arn:aws:iam::{OTHER}:role/audit");
    let call = |operation: &str, arguments: Value| moto.call_in(&theirs, "us-east-1", "iam", operation, &arguments);
    call("create_role", json!({"RoleName": "audit", "AssumeRolePolicyDocument": trust.to_string()}));
    call("put_role_policy", json!({"RoleName": "audit", "PolicyName": "all", "PolicyDocument": everything()}));
    call("create_user", json!({"UserName": "svc-deploy"}));
    let made = call("create_access_key", json!({"UserName": "svc-deploy"}));
    let there = text(&made["AccessKey"], "AccessKeyId").to_owned();
    let here = moto.create_user_with_key("svc-deploy").id;
    for (key, who) in [(&moto.admin, "ours"), (&theirs, "theirs")] {
        let secret = json!({"Name": "app/db", "SecretString": CANARY, "Tags": [{"Key": "owner", "Value": who}]});
        moto.call_in(key, "us-east-1", "secretsmanager", "create_secret", &secret);
    }
    let status = |key: &Key, id: &str, status: &str| {
        let arguments = json!({"UserName": "svc-deploy", "AccessKeyId": id, "Status": status});
        moto.call_in(key, "us-east-1", "iam", "update_access_key", &arguments);
    };
    let assume = json!({"role": role, "external_id": "acme-7", "session_name": "driftgate-test"});
    for dead_here in [true, false] {
        status(&moto.admin, &here, if dead_here { "Inactive" } else { "Active" });
        status(&theirs, &there, if dead_here { "Active" } else { "Inactive" });
        let expect = |batch: &Batch, id: Id, dead: bool, account: &str| {
            let state = if dead { LivenessState::Dead } else { LivenessState::Live };
            assert_eq!(liveness(batch, &id).state, state, "{id}");
            assert_eq!(batch.inventory.credential(&id).unwrap().tenant, Some(format!("aws:{account}")));
        };
        // Two sources with names.
        let ours = source_as(about("ours", true), &moto.endpoint, &moto.admin, &json!({}));
        let others = source_as(about("theirs", true), &moto.endpoint, &moto.admin, &json!({"assume": assume}));
        for (aws, name, key, dead, account) in
            [(&ours, "ours", &here, dead_here, ACCOUNT), (&others, "theirs", &there, !dead_here, OTHER)]
        {
            let both = [&here, &there].map(|key| Id::aws_access_key(Some(name), key));
            let batch = collect(aws, &Wanted { credentials: both.into(), ..Wanted::default() }).await;
            expect(&batch, Id::aws_access_key(Some(name), key), dead, account);
            let other = if *key == here { &there } else { &here };
            let seen = liveness(&batch, &Id::aws_access_key(Some(name), other));
            assert_eq!(seen.state, LivenessState::Unknown, "another account's word does not count");
            assert!(batch.inventory.coverage.iter().any(|e| e.kind == "account" && e.place == account));
            assert_eq!(batch.account.requests, 3, "three a key; the role's session tells who we are");
            let batch = stores(aws, &named(&[("app/db", None)])).await;
            let [slot] = batch.inventory.slots.as_slice() else { panic!("{:?}", batch.inventory) };
            assert_eq!(slot.owner.as_deref(), Some(name));
            assert!(
                slot.id.as_str().starts_with(&format!("aws@{name}:secret:arn:aws:secretsmanager:us-east-1:{account}:"))
            );
        }
        // One source for both.
        let both = source(&moto.endpoint, &moto.admin, &json!({"accounts_assume": [assume]}));
        let batch = collect(&both, &keys(&[&here, &there])).await;
        expect(&batch, Id::aws_access_key(None, &here), dead_here, ACCOUNT);
        expect(&batch, Id::aws_access_key(None, &there), !dead_here, OTHER);
        assert!(batch.inventory.gaps.is_empty(), "{:?}", batch.inventory.gaps);
        let batch = stores(&source(&moto.endpoint, &moto.admin, &json!({"accounts_assume": [assume]})), &all()).await;
        let owners: BTreeSet<&str> = batch.inventory.slots.iter().filter_map(|slot| slot.owner.as_deref()).collect();
        assert_eq!(owners, BTreeSet::from(["ours", "theirs"]));
        let role = batch.inventory.coverage.iter().find(|e| e.kind == "account" && e.place == OTHER).unwrap();
        assert!(role.asked_as.as_deref().unwrap().ends_with(":assumed-role/audit/driftgate-test"), "{role:?}");
    }
}
