//! Pages by number, as Data Center gives them: a list that moves while it is read, repeats, or ends before its end.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

use super::support::jira::issue;
use super::{Setting, reasons};

/// The page that starts at a number.
type Pages = Box<dyn Fn(usize) -> Value + Send + Sync>;

/// A Data Center with these pages, for as long as the test runs.
fn serve(pages: Pages) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = BufReader::new(stream.try_clone().unwrap()).lines();
            let request = head.next().unwrap().unwrap();
            while head.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let from = request.split("startAt=").nth(1).and_then(|rest| rest.split('&').next()?.parse().ok());
            let body = from.map_or_else(|| json!({"name": "bob", "deploymentType": "Server"}), &pages).to_string();
            let length = body.len();
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
            write!(stream, "{head}content-length: {length}\r\n\r\n{body}").unwrap();
        }
    });
    endpoint
}

#[test]
fn lists_that_move_repeat_or_end_too_early() {
    let page = |from: usize, keys: std::ops::Range<usize>, total: usize| {
        let issues: Vec<Value> = keys
            .map(|n| {
                let mut issue = issue(&format!("SEC-{}", 1000 + n), "x", "", (1, 1));
                issue["changelog"]["total"] = json!(0);
                issue
            })
            .collect();
        json!({"startAt": from, "maxResults": 100, "total": total, "issues": issues})
    };
    let read = |answers: Pages| {
        let settings =
            json!({"url": serve(answers), "jql": "project = SEC", "token_env": "JIRA_TOKEN", "cache": false});
        let (records, account) = Setting { settings, ..Setting::cloud("") }.read();
        (records.len(), reasons(&account).join("\n"))
    };
    let whole = read(Box::new(move |from| page(from, from..(from + 100).min(250), 250)));
    assert_eq!(whole, (250, String::new()));
    // After the first page ten tickets before its end left the list: what moved up is found again.
    let moved = read(Box::new(move |from| match from {
        0 => page(0, 0..100, 250),
        from => page(from, from + 10..(from + 110).min(250), 240),
    }));
    assert_eq!(moved, (250, String::new()));
    let (count, said) = read(Box::new(move |from| page(from, 0..100, 250)));
    assert!(count == 100 && said.contains("repeats or is empty after 100 of 250"), "{said}");
    let (count, said) = read(Box::new(move |from| page(from, from..from, 250)));
    assert!(count == 0 && said.contains("repeats or is empty after 0 of 250"), "{said}");
    let (count, said) =
        read(Box::new(move |from| page(from, from + 60 * from.min(1)..from + 100 + 60 * from.min(1), 900)));
    assert!(count == 100 && said.contains("changed too much while it was read"), "{said}");
}
