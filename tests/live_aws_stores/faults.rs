//! What is refused, interrupted, throttled, without end or not to be believed.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_one_denial_costs() {
    let moto = Moto::start();
    moto.call_in(
        &moto.admin,
        "us-east-1",
        "secretsmanager",
        "create_secret",
        &json!({"Name": "a", "SecretString": CANARY}),
    );
    moto.call_in(
        &moto.admin,
        "us-east-1",
        "ssm",
        "put_parameter",
        &json!({"Name": "/a", "Value": CANARY, "Type": "SecureString"}),
    );
    let key = moto.create_user_with_key("svc-deploy").id;
    let auditor = moto.create_user_with_key("auditor");
    for (denied, scope, lacks, slots, keys_told) in [
        ("secretsmanager:ListSecrets", "secrets of 123456789012/us-east-1", "slots", 1, true),
        ("ssm:DescribeParameters", "parameters of 123456789012/us-east-1", "slots", 1, true),
        ("iam:GetAccountAuthorizationDetails", "users and roles of 123456789012", "grants", 2, true),
        ("iam:ListAccessKeys", "user svc-deploy", "liveness", 2, false),
        ("iam:GetAccountSummary", "root", "liveness", 2, true),
    ] {
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": denied, "Resource": "*"}]});
        let arguments = json!({"UserName": "auditor", "PolicyName": "most", "PolicyDocument": policy.to_string()});
        moto.call("put_user_policy", &arguments);
        let batch = stores(&source(&moto.endpoint, &auditor, &json!({})), &all()).await;
        let gap =
            batch.inventory.gaps.iter().find(|gap| gap.scope == scope).unwrap_or_else(|| panic!("{denied}: {batch:?}"));
        assert_eq!(gap.lacks, lacks, "{denied}");
        assert!(gap.reason.contains("AccessDenied"), "{gap:?}");
        assert_eq!(batch.inventory.slots.len(), slots, "{denied}");
        let told = batch.inventory.credential(&Id::aws_access_key(None, &key)).is_some();
        assert_eq!(told, keys_told, "{denied}");
        // A list that is not whole proves no deletion.
        let whole = |kind: &str| batch.inventory.coverage.iter().any(|e| e.kind == kind && e.complete);
        assert_eq!(whole("secret"), !denied.starts_with("secretsmanager"), "{denied}");
        assert_eq!(whole("access-key"), denied != "iam:ListAccessKeys", "{denied}");
    }
}

/// A journal in memory.
#[derive(Debug, Default)]
struct Kept(std::sync::Mutex<BTreeMap<String, driftgate::model::inventory::Inventory>>);

impl driftgate::sources::Journal for Kept {
    fn recall(&self, source: &str, part: &str) -> Option<driftgate::model::inventory::Inventory> {
        self.0.lock().unwrap().get(&format!("{source} {part}")).cloned()
    }

    fn keep(&self, source: &str, part: &str, inventory: &driftgate::model::inventory::Inventory) {
        self.0.lock().unwrap().insert(format!("{source} {part}"), inventory.clone());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_scan_goes_on() {
    let moto = Moto::start();
    for region in ["us-east-1", "eu-west-1"] {
        let arguments = json!({"Name": "a", "SecretString": CANARY});
        moto.call_in(&moto.admin, region, "secretsmanager", "create_secret", &arguments);
    }
    let gone = moto.create_user_with_key("svc-deploy");
    moto.delete_key("svc-deploy", &gone.id);
    let auditor = moto.create_user_with_key("auditor");
    let allow = |denied: &str| {
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": denied, "Resource": "*"}]});
        let arguments = json!({"UserName": "auditor", "PolicyName": "most", "PolicyDocument": policy.to_string()});
        moto.call("put_user_policy", &arguments);
    };
    let journal = Arc::new(Kept::default());
    let want = Wanted { wide: true, journal: Some(journal.clone()), ..all() };
    let aws = || source(&moto.endpoint, &auditor, &json!({"regions": ["us-east-1", "eu-west-1"]}));
    allow("ssm:DescribeParameters");
    let first = stores(&aws(), &want).await;
    assert_eq!(first.inventory.gaps.len(), 2, "{:?}", first.inventory.gaps);
    let parts: Vec<String> = journal.0.lock().unwrap().keys().cloned().collect();
    let expected = ["123456789012/eu-west-1/secrets", "123456789012/iam", "123456789012/us-east-1/secrets"];
    assert_eq!(parts, expected.map(|part| format!("aws {part}")), "a part with a gap is not kept");
    // Who we are, and what was not kept.
    allow("s3:*");
    let second = aws();
    let batch = stores(&second, &want).await;
    assert_eq!((batch.account.requests, batch.inventory.gaps.len()), (3, 0));
    let ids = |batch: &Batch| batch.inventory.slots.iter().map(|slot| slot.id.clone()).collect::<BTreeSet<Id>>();
    assert_eq!(ids(&batch), ids(&first));
    // What is kept proves a deletion, too.
    let batch = collect(&second, &Wanted { wide: true, everything: true, ..keys(&[&gone.id]) }).await;
    assert_eq!(liveness(&batch, &Id::aws_access_key(None, &gone.id)).state, LivenessState::NotFound);
}

/// Answers every connection with what `answer` writes, given how many came before.
fn server(answer: impl Fn(usize, &mut dyn Write) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for (count, stream) in listener.incoming().enumerate() {
            let Ok(mut stream) = stream else { continue };
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0; 1];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).to_lowercase();
                let length =
                    head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.trim().parse().ok());
                let mut body = vec![0; length.unwrap_or(0)];
                let _ = stream.read_exact(&mut body);
                answer(count, &mut stream);
            });
        }
    });
    endpoint
}

fn say(stream: &mut dyn Write, status: u16, body: &str) {
    let head = format!(
        "HTTP/1.1 {status} Canned\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body.as_bytes());
}

fn anybody() -> Key {
    Key { id: "AKIAY34FZKBOKMUTVV7A".into(), secret: "s".repeat(40) }
}

/// The most memory that this process has had, in MB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_end_is_refused() {
    let endpoint = server(|_, stream| {
        let _ = stream.write_all(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: 1073741824\r\n\r\n",
        );
        let chunk = vec![b' '; 1 << 20];
        for _ in 0..1024 {
            if stream.write_all(&chunk).is_err() {
                return;
            }
        }
    });
    let before = peak();
    let batch = stores(&source(&endpoint, &anybody(), &json!({})), &named(&[("a", None), ("/a", Some("ssm"))])).await;
    assert!(peak() - before < 100, "{} MB before, {} after", before, peak());
    assert_eq!(batch.inventory.gaps.len(), 2, "{:?}", batch.inventory.gaps);
    assert!(
        batch.inventory.gaps.iter().all(|gap| gap.reason.ends_with("the answer is too long")),
        "{:?}",
        batch.inventory.gaps
    );
    assert_eq!(batch.account.requests, 2, "it is not asked for twice");
    let batch = collect(&source(&endpoint, &anybody(), &json!({})), &keys(&["AKIAIOSFODNN7EXAMPLE"])).await;
    assert!(batch.inventory.gaps[0].reason.contains("too long"), "{:?}", batch.inventory.gaps);
}

const LIST: &str =
    r#"{"SecretList":[{"ARN":"arn:aws:secretsmanager:us-east-1:609629065308:secret:a-AbCdEf","Name":"a"}]"#;

#[tokio::test(flavor = "multi_thread")]
async fn throttling_is_waited_for_and_no_longer() {
    let endpoint = server(|count, stream| match count {
        0 => say(stream, 400, r#"{"__type":"ThrottlingException","message":"hush-canary-value"}"#),
        _ => say(stream, 200, &format!("{LIST}}}")),
    });
    let aws = source(&endpoint, &anybody(), &json!({"timeout": 1})).waiting(Duration::from_secs(5));
    let batch = stores(&aws, &named(&[("a", None)])).await;
    assert_eq!((batch.inventory.slots.len(), batch.account.requests), (1, 2), "{:?}", batch.inventory.gaps);
    let endpoint =
        server(|_, stream| say(stream, 400, r#"{"__type":"ThrottlingException","message":"hush-canary-value"}"#));
    let aws = source(&endpoint, &anybody(), &json!({})).waiting(Duration::from_secs(2));
    let batch = stores(&aws, &named(&[("a", None)])).await;
    assert_eq!(batch.inventory.gaps[0].reason, "ListSecrets: ThrottlingException");
    assert!(batch.account.requests <= 4, "{}", batch.account.requests);
    assert!(!format!("{batch:?}").contains(CANARY));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_cannot_be_believed() {
    let foreign = LIST.replace("609629065308", "111111111111");
    let cases = [
        ("pages without end", format!("{LIST},\"NextToken\":\"again\"}}"), "its pages do not end", 1),
        ("another account's", format!("{foreign}}}"), "not of this account and region", 0),
        ("no ARN", r#"{"SecretList":[{"Name":"a"}]}"#.to_owned(), "not of this account and region", 0),
        ("no JSON", "<html>hush-canary-value</html>".to_owned(), "HTTP 200, not an answer of AWS", 0),
        ("wrong types", r#"{"SecretList":[{"ARN":7}]}"#.to_owned(), "HTTP 200, not an answer of AWS", 0),
    ];
    for (name, body, reason, slots) in cases {
        let endpoint = server(move |_, stream| say(stream, 200, &body));
        let batch = stores(&source(&endpoint, &anybody(), &json!({})), &named(&[("a", None)])).await;
        assert_eq!(batch.inventory.slots.len(), slots, "{name}");
        assert!(
            batch.inventory.gaps.iter().any(|gap| gap.reason.contains(reason)),
            "{name}: {:?}",
            batch.inventory.gaps
        );
        assert!(batch.account.requests <= 3, "{name}");
        assert!(!format!("{batch:?}").contains(CANARY), "{name}");
    }
    // The table can fail.
    let endpoint = server(|_, stream| say(stream, 200, &format!("{LIST}}}")));
    let batch = stores(&source(&endpoint, &anybody(), &json!({})), &named(&[("a", None)])).await;
    assert_eq!((batch.inventory.slots.len(), batch.inventory.gaps.len()), (1, 0));
    // A page that breaks off in the middle, a status without a code, a server that is gone.
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"SecretList\":[",
        "HTTP/1.1 403 x\r\ncontent-length: 0\r\n\r\n",
    ] {
        let endpoint = server(move |_, stream| stream.write_all(answer.as_bytes()).unwrap());
        let batch = stores(&source(&endpoint, &anybody(), &json!({})), &named(&[("a", None)])).await;
        assert_eq!((batch.inventory.slots.len(), batch.inventory.gaps.len()), (0, 1), "{answer}");
    }
    let batch = stores(&source("http://127.0.0.1:1", &anybody(), &json!({})), &named(&[("a", None)])).await;
    assert_eq!(batch.inventory.gaps[0].reason, "ListSecrets: no connection");
}
