//! What a token may not read, limits, what is no GitLab, and scans that go on.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_the_token_may_not_read_is_a_gap_for_that_part() {
    let gitlab = GitLab::start();
    let made = shop(&gitlab);
    // A maintainer of the project sees no variables of the group; the rest is read.
    let bob = gitlab.person("bob", &["read_api"], &[("projects", "acme/shop", 40), ("groups", "acme", 10)]);
    let batch = stores(&Setting::new(&gitlab.endpoint, &bob.token).build(), &gate(&["DEPLOY_KEY"])).await;
    assert_eq!(
        gap_reasons(&batch.inventory),
        ["slots of acme: its variables: HTTP 403: this needs the Owner role in the group, and the scope read_api"]
    );
    assert_eq!(batch.inventory.slots.len(), 4);
    assert_eq!(
        (complete(&batch.inventory, "variable", "acme"), complete(&batch.inventory, "variable", "acme/shop")),
        (Some(false), Some(true))
    );
    // Too narrow a scope, no such project, a revoked token: gaps, and nobody is dead.
    let narrow = gitlab.person("narrow", &["read_user"], &[("groups", "acme", 50)]);
    let stranger = gitlab.person("stranger", &["api"], &[]);
    gitlab.with(&[of("personal_access_tokens"), call("delete", json!([bob.token_id]))]);
    let wanted = Id::new(format!("gitlab:project-token:acme/shop:{}", made["gone"]));
    for (token, status) in [(&narrow.token, "403"), (&stranger.token, "404"), (&bob.token, "401")] {
        let source = Setting::new(&gitlab.endpoint, token).build();
        let batch = stores(&source, &gate(&["DEPLOY_KEY"])).await;
        assert_eq!(batch.inventory.slots.len(), 0);
        let reasons = gap_reasons(&batch.inventory);
        assert!(reasons.len() == 2 && reasons.iter().all(|reason| reason.contains(status)), "{reasons:?}");
        let mut want = gate(&[]);
        want.credentials.insert(wanted.clone());
        let batch = collect(&source, &want).await;
        assert_eq!(state(batch.inventory.credential(&wanted).unwrap()).0, LivenessState::Unknown);
        assert!(batch.inventory.coverage.iter().all(|extent| !extent.complete));
        assert!(gap_reasons(&batch.inventory)[0].contains(status), "{:?}", gap_reasons(&batch.inventory));
    }
    // A user's own namespace has no variables; asking for them answers 404, which is no gap.
    let carol = gitlab.person("carol", &["api"], &[]);
    let mut want = gate(&[]);
    want.repository = Some("carol/tools".into());
    let batch = stores(&Setting::new(&gitlab.endpoint, &carol.token).build(), &want).await;
    assert_eq!(complete(&batch.inventory, "variable", "carol"), Some(true));
    assert_eq!(gap_reasons(&batch.inventory).len(), 1, "the project itself is not there");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_personal_token_by_its_number() {
    let gitlab = GitLab::start();
    shop(&gitlab);
    let alice = gitlab.person("alice", &["api"], &[]);
    let bob = gitlab.person("bob", &["read_api"], &[("groups", "acme", 50)]);
    let id = |user: &str, number: u64| Id::new(format!("gitlab:personal-token:{user}:{number}"));
    let ask = async |token: &str, id: &Id| {
        let mut want = gate(&[]);
        want.credentials.insert(id.clone());
        let batch = collect(&Setting::new(&gitlab.endpoint, token).build(), &want).await;
        let found = batch.inventory.credential(id).cloned().unwrap();
        (state(&found).0, found, batch.inventory.gaps.len())
    };
    let (seen, found, gaps) = ask(ROOT, &id("alice", alice.token_id)).await;
    assert_eq!((seen, gaps, found.owner.as_deref()), (LivenessState::Live, 0, Some("alice")));
    gitlab.with(&[of("personal_access_tokens"), call("delete", json!([alice.token_id]))]);
    assert_eq!(ask(ROOT, &id("alice", alice.token_id)).await.0, LivenessState::Dead);
    assert_eq!(ask(ROOT, &id("alice", 99_999)).await.0, LivenessState::NotFound);
    // The number is another user's; the asker is nobody who is told; the answer is not GitLab's.
    assert_eq!(ask(ROOT, &id("alice", bob.token_id)).await.0, LivenessState::Unknown);
    let (seen, _, gaps) = ask(&bob.token, &id("alice", alice.token_id)).await;
    assert_eq!((seen, gaps), (LivenessState::Unknown, 1));
    let page = json!({"match": "personal_access_tokens/", "status": 404, "body": "<html>404</html>", "times": -1});
    gitlab.control(json!({"faults": [page]}));
    assert_eq!(ask(ROOT, &id("alice", alice.token_id)).await.0, LivenessState::Unknown);
    gitlab.control(json!({"faults": []}));
    // Another server's token is not asked for here.
    let mut want = gate(&[]);
    want.credentials.insert(id("bob", bob.token_id));
    want.tenants.insert(id("bob", bob.token_id), "gitlab:elsewhere.example.com".into());
    gitlab.forget();
    let batch = collect(&Setting::new(&gitlab.endpoint, ROOT).build(), &want).await;
    assert_eq!(state(batch.inventory.credential(&id("bob", bob.token_id)).unwrap()).0, LivenessState::Unknown);
    assert!(gitlab.requests().iter().all(|request| request.contains("/user?")), "{:?}", gitlab.requests());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jobs_own_token_lists_nothing_and_is_not_used_in_vain() {
    let gitlab = GitLab::start();
    shop(&gitlab);
    let alice = gitlab.person("alice", &["api"], &[]);
    gitlab.control(json!({"job": {"token": "glcbt-64_canary", "user_id": alice.id}}));
    gitlab.forget();
    let mut setting = Setting::new(&gitlab.endpoint, "unused");
    setting.more = json!({"token_env": "CI_JOB_TOKEN"});
    setting.variables = vec![("CI_JOB_TOKEN", "glcbt-64_canary")];
    let batch = stores(&setting.build(), &gate(&["DEPLOY_KEY"])).await;
    let reasons = gap_reasons(&batch.inventory);
    assert!(
        reasons.len() == 2 && reasons.iter().all(|reason| reason.contains("CI_JOB_TOKEN cannot list it")),
        "{reasons:?}"
    );
    assert_eq!(batch.account.asked_as.as_deref(), Some("the job of alice"));
    assert_eq!(gitlab.requests(), ["GET /api/v4/job?"]);
    assert!(stores(&setting.build(), &wide()).await.inventory.gaps[0].reason.contains("CI_JOB_TOKEN"));
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_waited_for_up_to_a_cap() {
    let gitlab = GitLab::start();
    shop(&gitlab);
    let limited = |after: Option<&str>, times: i64| {
        let headers = after.map_or_else(|| json!({}), |after| json!({"retry-after": after}));
        json!({"faults": [{"match": "shop/variables", "status": 429, "headers": headers, "body": "Retry later", "times": times}]})
    };
    gitlab.control(limited(Some("1"), 1));
    let begun = Instant::now();
    let batch = stores(&Setting::new(&gitlab.endpoint, ROOT).build(), &gate(&["DEPLOY_KEY"])).await;
    assert_eq!((gap_reasons(&batch.inventory), batch.inventory.slots.len()), (Vec::new(), 5));
    assert!(begun.elapsed() >= Duration::from_secs(1));
    for (after, times) in [(Some("600"), 1), (None, 1)] {
        gitlab.control(limited(after, times));
        let begun = Instant::now();
        let batch = stores(&Setting::new(&gitlab.endpoint, ROOT).build(), &gate(&["DEPLOY_KEY"])).await;
        let reasons = gap_reasons(&batch.inventory);
        assert!(reasons.len() == 1 && reasons[0].contains("rate limited"), "{reasons:?}");
        assert_eq!(batch.inventory.slots.len(), 1, "the group's is read");
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
    // A deadline keeps what came before it.
    gitlab.control(json!({"faults": [{"match": "acme/variables", "delay": 6}]}));
    let mut setting = Setting::new(&gitlab.endpoint, ROOT);
    (setting.more, setting.max_wait) = (json!({"timeout": 2}), 0);
    let batch = stores(&setting.build(), &gate(&["DEPLOY_KEY"])).await;
    assert_eq!(
        (batch.inventory.slots.len(), gap_reasons(&batch.inventory)),
        (4, vec!["slots of *: not read within 2 s".into()])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_gitlab_proves_nothing() {
    let html = |status| {
        Answer::Http(status, vec![("content-type".into(), "text/html".into())], b"<html>canary</html>".to_vec())
    };
    let answers = [
        html(200),
        html(403),
        html(404),
        html(502),
        Answer::json(200, "[]x"),
        Answer::json(200, "{\"message\": \"canary\"}"),
        Answer::json(200, "[{\"key\": {}}]"),
        Answer::json(401, "{\"message\": \"401 canary\"}"),
        Answer::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n[{\"key\": \"canary\"".to_vec()),
        Answer::Raw(b"\xff\xfe".to_vec()),
        Answer::Http(302, vec![("location".into(), "https://elsewhere.example.com/".into())], Vec::new()),
        Answer::Stall,
    ];
    let id = Id::new("gitlab:project-token:acme/shop:77");
    for answer in answers {
        let wall = Listener::start(answer.clone());
        let mut setting = Setting::new(&wall.endpoint, "glpat-canary-canary-canary");
        (setting.more, setting.max_wait) = (json!({"timeout": 3}), 0);
        let source = setting.build();
        let first = stores(&source, &gate(&["DEPLOY_KEY"])).await;
        let mut want = gate(&["DEPLOY_KEY"]);
        want.credentials.insert(id.clone());
        let second = collect(&source, &want).await;
        assert!(!first.inventory.gaps.is_empty() && !second.inventory.gaps.is_empty(), "{answer:?}");
        assert_eq!(state(second.inventory.credential(&id).unwrap()).0, LivenessState::Unknown, "{answer:?}");
        for batch in [first, second] {
            assert!(batch.inventory.coverage.iter().all(|extent| !extent.complete), "{answer:?}");
            assert!(!format!("{batch:?}").contains("canary"), "{answer:?}: {batch:?}");
        }
    }
}

/// A journal in memory.
#[derive(Debug, Default)]
struct Kept(Mutex<BTreeMap<String, Inventory>>);

impl Journal for Kept {
    fn recall(&self, _: &str, part: &str) -> Option<Inventory> {
        self.0.lock().unwrap().get(part).cloned()
    }

    fn keep(&self, _: &str, part: &str, inventory: &Inventory) {
        self.0.lock().unwrap().insert(part.to_owned(), inventory.clone());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_reads_a_group_in_parts_and_goes_on() {
    let gitlab = GitLab::start();
    shop(&gitlab);
    gitlab.group("acme/team");
    gitlab.group("acme/team/inner");
    gitlab.control(json!({"bulk": {"group": "acme/team/inner", "projects": 130}}));
    gitlab.group("other");
    gitlab.project("other/site");
    gitlab.variable("other/site", "FOREIGN", "x", json!({}));
    gitlab.control(json!({"latency": 0.02, "faults": [{"match": "p7%2F", "status": 500, "times": -1},
        {"match": "inner%2Fp7/deploy_keys", "status": 500, "body": "{\"message\": \"x\"}", "times": -1}]}));
    gitlab.forget();
    let journal = Arc::new(Kept::default());
    let seen: Arc<Mutex<Vec<(u64, u64)>>> = Arc::default();
    let hears = Arc::clone(&seen);
    let watch =
        driftgate::sources::Watch::new(move |_, items, requests, _| hears.lock().unwrap().push((items, requests)));
    let want = Wanted { journal: Some(journal.clone()), watch, ..wide() };
    let source = Setting::new(&gitlab.endpoint, ROOT).build();
    let batch = stores(&source, &want).await;
    let requests = gitlab.requests();
    let reasons = gap_reasons(&batch.inventory);
    assert!(
        reasons.len() == 1 && reasons[0].contains("of acme/team/inner/p7: its deploy keys: HTTP 500"),
        "{reasons:?}"
    );
    let names = ids(&batch.inventory);
    assert!((0..130).all(|number| names.contains(&format!("gitlab:variable:acme/team/inner/p{number}:K{number}"))));
    assert!(!names.iter().any(|name| name.contains("FOREIGN")), "another group's");
    assert_eq!(batch.account.requests as usize, requests.len());
    let projects = requests.iter().filter(|request| request.contains("groups/acme/projects")).count();
    assert_eq!((projects, requests.iter().any(|request| request.contains("cursor="))), (2, true), "keyset");
    assert!((8..=16).contains(&gitlab.peak()), "{} at once", gitlab.peak());
    assert_eq!(journal.0.lock().unwrap().len(), 3 + 131 - 1 + 1, "groups, projects but one, the instance");
    assert!(seen.lock().unwrap().len() == 3 + 131 && seen.lock().unwrap().iter().any(|(items, _)| *items > 130));

    // The same again, after the fault: only what is missing is read.
    gitlab.control(json!({"faults": [], "latency": 0}));
    gitlab.forget();
    let again = stores(&Setting::new(&gitlab.endpoint, ROOT).build(), &want).await;
    assert_eq!(gap_reasons(&again.inventory), Vec::<String>::new());
    assert_eq!(ids(&again.inventory), names);
    assert!(gitlab.requests().len() <= 11, "{:?}", gitlab.requests());
    // A server whose projects have no keyset: by number.
    gitlab.control(json!({"faults": [{"match": "pagination=keyset", "status": 405, "body": "{}", "times": 1}]}));
    let third = stores(&Setting::new(&gitlab.endpoint, ROOT).build(), &want).await;
    assert_eq!((ids(&third.inventory), gap_reasons(&third.inventory).len()), (names, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn fingerprints_and_ids_in_values_only_under_a_key() {
    let gitlab = GitLab::start();
    shop(&gitlab);
    gitlab.variable("acme/shop", "AWS_ACCESS_KEY_ID", "AKIAQ2XYZ3CI4EXAMPLE", json!({}));
    gitlab.group_variable("acme", "SAME", "canary-of-deploy-key", json!({}));
    let slots = async |key: Option<&str>| {
        let mut setting = Setting::new(&gitlab.endpoint, ROOT);
        setting.key = key.map(|key| Arc::new(FingerprintKey::new(&Secret::new(key.into()))));
        stores(&setting.build(), &gate(&["SAME"])).await.inventory
    };
    let of = |inventory: &Inventory, id: &str| inventory.slot(&Id::new(id)).unwrap().clone();
    let without = slots(None).await;
    assert!(without.slots.iter().all(|slot| slot.fingerprint.is_none() && slot.holds.is_none()));
    let with = slots(Some("key of the site")).await;
    let held = of(&with, "gitlab:variable:acme/shop:AWS_ACCESS_KEY_ID").holds;
    assert_eq!(held, Some(Id::new("aws:access-key:AKIAQ2XYZ3CI4EXAMPLE")));
    let (one, same) = (of(&with, "gitlab:variable:acme/shop:DEPLOY_KEY"), of(&with, "gitlab:variable:acme:SAME"));
    assert!(one.fingerprint.is_some() && one.fingerprint == same.fingerprint);
    assert_ne!(of(&slots(Some("another")).await, "gitlab:variable:acme:SAME").fingerprint, same.fingerprint);
    // Nobody is shown a hidden value any more.
    assert_eq!(of(&with, "gitlab:variable:acme/shop:HIDDEN").fingerprint, None);
}
