//! Tokens, pages, limits and places that are not as they should be; scans and gates that ask no more than needed.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_lead_away_or_in_circles_are_not_followed() {
    let github = Github::start();
    let elsewhere = Listener::start(Answer::json(200, "{}"));
    let many: Vec<String> = (0..150).map(|n| format!("S{n}")).collect();
    let mut set_up = organization();
    set_up["repositories"]["acme/shop"]["actions"] = secrets(&many.iter().map(String::as_str).collect::<Vec<_>>());
    set_up["next"] = json!(elsewhere.endpoint);
    github.set(&set_up);
    let batch = stores(&source(&github), &gate()).await;
    assert_eq!(reasons(&batch), ["slots acme/shop: the answer leads to another host; it was not followed"]);
    assert_eq!(elsewhere.connections(), 0);
    assert_eq!(slot_ids(&batch.inventory).len(), 103, "what came before is kept");
    assert!(lists(&batch.inventory, false).contains(&("actions-secret".to_owned(), "acme/shop".to_owned())));

    let first = format!("{}/repos/acme/shop/actions/secrets?per_page=100", github.endpoint);
    set_up["next"] = Value::Null;
    set_up["faults"] = json!([{"path": "/repos/acme/shop/actions/secrets", "status": 200,
        "headers": {"link": format!("<{first}>; rel=\"next\"")}, "body": {"total_count": 1, "secrets": secrets(&["A"])}}]);
    github.set(&set_up);
    let batch = stores(&source(&github), &gate()).await;
    assert_eq!(reasons(&batch), ["slots acme/shop: its pages lead in circles"]);

    // Fewer than announced, and something else than a list.
    set_up["faults"] = json!([]);
    set_up["missing"] = json!(3);
    github.set(&set_up);
    let batch = stores(&source(&github), &gate()).await;
    assert!(reasons(&batch).contains(&"slots acme/shop: 153 entries are announced, and 150 arrived".to_owned()));
    for body in [json!({"secrets": "none"}), json!([1, 2]), json!({"total_count": 1, "secrets": [{"nome": "X"}]})] {
        set_up["missing"] = json!(0);
        set_up["faults"] = json!([{"path": "/repos/acme/shop/actions/secrets", "status": 200, "body": body}]);
        github.set(&set_up);
        let batch = stores(&source(&github), &gate()).await;
        assert_eq!(reasons(&batch), ["slots acme/shop: the answer is not what GitHub documents"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_waited_for_and_then_told() {
    let github = Github::start();
    let mut set_up = organization();
    let path = "/repos/acme/shop/actions/secrets";
    set_up["faults"] = json!([{"path": path, "status": 403, "headers": {"retry-after": "1"}, "times": 1}]);
    github.set(&set_up);
    let batch = stores(&source(&github), &gate()).await;
    assert_eq!(reasons(&batch), Vec::<String>::new());
    set_up["faults"] = json!([{"path": path, "status": 429, "headers": {"retry-after": "3600"}}]);
    github.set(&set_up);
    let batch = stores(&source(&github), &gate()).await;
    assert_eq!(reasons(&batch), ["slots acme/shop: rate limited for 3600 s, longer than --max-wait allows"]);
    assert_eq!(slot_ids(&batch.inventory).len(), 3, "the rest is read");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_repository_is_found_under_its_old_name() {
    let github = Github::start();
    let mut set_up = organization();
    set_up["repositories"]["acme/old"] = json!({"renamed": "acme/shop"});
    github.set(&set_up);
    let batch = stores(&source(&github), &Wanted { repository: Some("acme/old".into()), ..gate() }).await;
    assert_eq!(reasons(&batch), Vec::<String>::new());
    slot(&batch.inventory, "github:actions-secret:acme/old:DEPLOY_KEY");

    let elsewhere = Listener::start(Answer::json(200, r#"{"total_count":0,"secrets":[]}"#));
    set_up["faults"] = json!([{"path": "/repos/acme/old/actions/secrets", "status": 301, "headers": {"location": elsewhere.endpoint}}]);
    github.set(&set_up);
    let batch = stores(&source(&github), &Wanted { repository: Some("acme/old".into()), ..gate() }).await;
    assert_eq!(reasons(&batch), ["slots acme/old: the answer leads to another host; it was not followed"]);
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_repositories() {
    let github = Github::start();
    let set_up = json!({"owner": "alice", "type": "User",
        "repositories": {"alice/shop": shop(), "alice/hidden": {"private": true, "actions": secrets(&["H"])}},
        "tokens": {TOKEN: {"login": "alice"}, "ghp_other": {"login": "bob"}}});
    github.set(&set_up);
    let want = Wanted { repository: Some("alice/shop".into()), ..everything() };
    let batch = stores(&source(&github), &want).await;
    assert_eq!(reasons(&batch), Vec::<String>::new(), "a user is no organization");
    assert_eq!(slot_ids(&batch.inventory).len(), 6);
    let all = Wanted { wide: true, ..want.clone() };
    let batch = stores(&source(&github), &all).await;
    assert_eq!(reasons(&batch), Vec::<String>::new());
    slot(&batch.inventory, "github:actions-secret:alice/hidden:H");
    // Another than the user sees the public ones.
    let other = source_with(json!({"url": github.endpoint, "cache": false}), &[("GH_TOKEN", "ghp_other")]);
    let batch = stores(&other, &all).await;
    assert_eq!(slot_ids(&batch.inventory).len(), 6);
    // Limited to one by name.
    let limited = json!({"url": github.endpoint, "cache": false, "repositories": ["hidden"]});
    let batch = stores(&source_with(limited, &[("GH_TOKEN", TOKEN)]), &all).await;
    assert_eq!(slot_ids(&batch.inventory), BTreeSet::from(["github:actions-secret:alice/hidden:H".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_of_many_makes_the_calls_that_it_needs_and_no_more_at_once() {
    let github = Github::start();
    github.set(&json!({"generate": 200, "latency": 20}));
    let source = source(&github);
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&told);
    let watch = driftgate::sources::Watch::new(move |_, items, requests, left| {
        hears.lock().unwrap().push((items, requests, left));
    });
    let batch = stores(&source, &Wanted { watch, ..scan() }).await;
    assert_eq!(slot_ids(&batch.inventory).len(), 200 * 3 + 50);
    // Who asks; two pages of repositories; five lists each; an environment's secrets in every fourth; three lists of the
    // organization's secrets, its Apps and its single sign-on. Fine-grained tokens are shown to Apps alone.
    let needed = 1 + 2 + 200 * 5 + 50 + 3 + 1 + 1;
    assert_eq!(github.requests().len(), needed);
    assert_eq!(batch.account.requests, needed as u64);
    assert_eq!(github.peak(), 16);
    let told = told.lock().unwrap();
    assert!(told.len() > 200 && told.windows(2).all(|two| two[0].0 <= two[1].0), "progress is told part by part");
    assert!(told.last().unwrap().2.is_some(), "and what is left of the limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_githubs_each_is_asked_for_its_own() {
    let github = Github::start();
    github.set(&organization());
    // The other GitHub is not the checkout's home: its repository of the same name is another one.
    let env: Environment = [("GH_TOKEN".to_owned(), TOKEN.to_owned())].into_iter().collect();
    let files = Files::Tree(PathBuf::from("."));
    let context = Context { env: &Arc::new(env), files: &files, max_wait: Duration::ZERO, home: false };
    let about = About { name: "ghe".into(), authority: Some("ghe".into()), ..about() };
    // The usual variables hold the token of the checkout's own.
    let unnamed = serde_json::from_value(json!({"url": github.endpoint, "cache": false})).unwrap();
    let unnamed = GithubSource::new(about.clone(), unnamed, &context).unwrap();
    let want = Wanted { credentials: [Id::new("github@ghe:deploy-key:acme/shop:8412")].into(), ..gate() };
    let batch = collect(&unnamed, &want).await;
    assert!(reasons(&batch).iter().any(|reason| reason.contains("token_env")), "{:?}", batch.inventory.gaps);
    assert_eq!(github.requests(), vec![], "no token goes to another GitHub");
    let settings = json!({"url": github.endpoint, "cache": false, "token_env": "GH_TOKEN"});
    let settings = serde_json::from_value(settings).unwrap();
    let other = GithubSource::new(about, settings, &context).unwrap();
    let batch = stores(&other, &gate()).await;
    assert_eq!((batch.account.requests, github.requests()), (0, vec![]));
    let ours = Id::new("github@com:deploy-key:acme/shop:8412");
    let theirs = Id::new("github@ghe:deploy-key:acme/shop:8412");
    let slots = [Id::new("github@ghe:actions-secret:acme/site:SITE"), Id::new("github@com:actions-secret:acme/shop:X")];
    let want = Wanted { credentials: [ours.clone(), theirs.clone()].into(), slots: slots.into(), ..gate() };
    let batch = collect(&other, &want).await;
    assert_eq!(state(&batch.inventory, theirs.as_str()), LivenessState::Live);
    assert!(batch.inventory.credential(&ours).is_none());
    assert_eq!(slot_ids(&batch.inventory), BTreeSet::from(["github@ghe:actions-secret:acme/site:SITE".to_owned()]));
    assert_eq!(github.requests().len(), 3);
    assert!(batch.inventory.coverage.iter().all(|extent| extent.source == "ghe"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_that_name_places_without_number_are_not_all_followed() {
    let github = Github::start();
    github.set(&organization());
    let slots = (0..50).map(|n| Id::new(format!("github:actions-secret:acme/r{n}:X"))).collect();
    let hostile = [
        "github:deploy-key:../../user:1",
        "github:deploy-key::1",
        "github:pat:%2e%2e/x:1",
        "github:deploy-key:a%2Fb/../..:1",
    ];
    let want = Wanted { slots, credentials: hostile.iter().map(|id| Id::new(*id)).collect(), ..gate() };
    let source = source(&github);
    stores(&source, &want).await;
    github.forget();
    let batch = collect(&source, &want).await;
    let asked = github.requests();
    assert!(asked.len() <= 20, "{asked:?}");
    assert!(
        asked.iter().all(|one| one.line.starts_with("GET /repos/") || one.line.starts_with("GET /orgs/")),
        "{asked:?}"
    );
    assert!(reasons(&batch).iter().any(|reason| reason.contains("more than 20 places")));
    for id in hostile {
        assert_eq!(state(&batch.inventory, id), LivenessState::Unknown, "{id}");
    }
    let quiet = stores(&self::source(&github), &Wanted { offline: true, ..gate() }).await;
    assert_eq!(reasons(&quiet), ["slots *: --offline"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn environments_and_stores_are_read_where_jobs_refer_to_them() {
    let github = Github::start();
    github.set(&organization());
    let lines = || -> BTreeSet<String> { github.requests().into_iter().map(|one| one.line).collect() };
    let of = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|name| format!("GET {name}")).collect() };
    let usual = ["/user", "/repos/acme/shop/actions/secrets", "/repos/acme/shop/actions/organization-secrets"];
    // An environment that only an expression names may be any.
    let batch = stores(&source(&github), &Wanted { any_environment: true, ..gate() }).await;
    assert_eq!(reasons(&batch), Vec::<String>::new());
    let each = ["", "/production/secrets", "/prod%2Feu/secrets", "/empty/secrets"];
    let each: Vec<String> = each.iter().map(|rest| format!("/repos/acme/shop/environments{rest}")).collect();
    let all: Vec<&str> = usual.iter().copied().chain(each.iter().map(String::as_str)).collect();
    assert_eq!(lines(), of(&all));
    slot(&batch.inventory, "github:actions-secret:acme/shop@prod/eu:EU");

    // Dependabot's store, where a workflow runs for it; nothing at all where no job refers to a secret.
    github.forget();
    let batch = stores(&source(&github), &Wanted { dependabot: true, secrets: false, ..gate() }).await;
    slot(&batch.inventory, "github:dependabot-secret:acme/shop:REGISTRY");
    let site = slot(&batch.inventory, "github:dependabot-secret:acme:ORG_REGISTRY");
    assert_eq!(site.visible_to.as_deref(), Some(&["acme/site".to_owned()][..]));
    github.forget();
    let batch = stores(&source(&github), &Wanted { secrets: false, ..gate() }).await;
    assert_eq!((batch.account.requests, lines()), (0, BTreeSet::new()));

    // Of a token that is limited to some repositories, these are read where a rule compares them.
    let token = Id::new("github:pat:acme:992");
    let want = Wanted { credentials: [token.clone()].into(), secrets: false, ..gate() };
    let source = app_source(&github, &github.app().1, json!({}));
    let first = stores(&source, &want).await;
    assert_eq!(grants(credential(&first.inventory, token.as_str())), [(Level::Read, "metadata:read", None)]);
    github.forget();
    let batch = collect(&source, &Wanted { grants: [token.clone()].into(), ..want }).await;
    assert_eq!(
        grants(credential(&batch.inventory, token.as_str())),
        [(Level::Read, "metadata:read", Some("acme/site"))]
    );
    assert_eq!(lines(), of(&["/orgs/acme/personal-access-tokens/992/repositories"]));
}
