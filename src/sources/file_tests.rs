//! Tests of the inventory from a file.

use super::*;
use crate::model::Id;
use crate::model::inventory::{LivenessState, Status};

fn read(path: &str, text: &str) -> Batch {
    let mut batch = Batch::default();
    parse("lab", path, text, &mut batch);
    batch
}

fn reasons(batch: &Batch) -> Vec<&str> {
    batch.inventory.gaps.iter().map(|gap| gap.reason.as_str()).collect()
}

const WHOLE: &str = r#"{"schema":"driftgate/inventory/v1","exported_at":"2026-05-09T12:00:00Z","more":{"a":[1]},
 "slots":[{"id":"env:A","holds":"aws:access-key:AKIA1","readers":null,"unknown":1}],
 "credentials":[{"id":"aws:access-key:AKIA1","status":"revoked","liveness":{"state":"not_found","at":"2026-05-09T11:00:00Z"}}],
 "gaps":[{"source":"aws","lacks":"liveness","scope":"x","reason":"r"}],
 "coverage":[{"source":"aws","kind":"access-key","where":"1","complete":true}]}"#;

#[test]
fn json_and_yaml_mean_the_same() {
    let json = read("a.json", WHOLE);
    assert_eq!(json.account.items, 2);
    assert_eq!(json.account.exported_at, Some("2026-05-09T12:00:00Z".parse().unwrap()));
    assert_eq!(json.inventory.exported_at, json.account.exported_at);
    let credential = json.inventory.credential(&Id::new("aws:access-key:AKIA1")).unwrap();
    assert_eq!(credential.status, Status::Revoked);
    assert_eq!(credential.liveness.as_ref().unwrap().state, LivenessState::NotFound);
    assert_eq!(json.inventory.gaps.len(), 1, "gaps travel along: {:?}", json.inventory.gaps);
    assert!(json.inventory.coverage[0].complete);

    let value: Value = serde_json::from_str(WHOLE).unwrap();
    let yaml = serde_yaml::to_string(&value).unwrap();
    assert_eq!(read("a.yml", &yaml).inventory, json.inventory);
    assert_eq!(read("inventory", &yaml).inventory, json.inventory);
    assert_eq!(read("inventory", WHOLE).inventory, json.inventory);
}

#[test]
fn what_is_written_is_read_back() {
    let batch = read("a.json", WHOLE);
    let text = serde_json::to_string_pretty(&batch.inventory).unwrap();
    assert_eq!(read("b.json", &text).inventory, batch.inventory);
}

#[test]
fn a_wrong_entry_is_a_gap_and_the_others_are_read() {
    let text = r#"{"coverage":[{"source":"x","complete":true}],
 "slots":[{"id":"env:A"},
  {"id":"env:B",
   "updated_at":"hunter2"}, 7, {"name":"hunter2"}, {"id":""}, {"id":"env:C"}],
 "credentials":[{"id":"k:1","liveness":{"state":"hunter2"}},{"id":"k:2","aliases":[["hunter2"]]}],"gaps":[{}]}"#;
    for (path, text) in [("a.json", text), ("a.yaml", text)] {
        let batch = read(path, text);
        assert_eq!(batch.account.items, 2);
        assert!(!batch.inventory.coverage[0].complete, "a lost entry is not a deleted one");
        let told = reasons(&batch);
        assert_eq!(told.len(), 7, "{told:#?}");
        assert!(told[0].starts_with(&format!("{path}:4:4: slots[1].updated_at: ")), "{told:#?}");
        assert_eq!(told[3], format!("{path}:4:53: slots[4].id: this is no id"));
        assert!(told[4].starts_with(&format!("{path}:5:41: credentials[0].liveness.state: ")), "{told:#?}");
        assert!(!told.iter().any(|reason| reason.contains("hunter2")), "{told:#?}");
        assert_eq!(batch.inventory.gaps[0].scope, "env:B");
        assert_eq!(batch.inventory.gaps[0].lacks, "inventory");
        assert_eq!(batch.inventory.gaps[0].source, "lab");
        assert_eq!(batch.inventory.gaps[1].scope, "*");
    }
}

#[test]
fn a_cut_off_file_keeps_what_came_before_and_proves_no_absence() {
    let cut = r#"{"coverage":[{"source":"x","complete":true}],
"slots":[{"id":"env:A"},{"id":"en"#;
    let batch = read("a.json", cut);
    assert_eq!(reasons(&batch), ["a.json:2:33: the file is cut off"]);
    assert_eq!(batch.account.items, 1);
    assert!(!batch.inventory.coverage[0].complete);
    let batch = read("a.yaml", cut);
    assert_eq!(batch.account.items, 0);
    assert!(reasons(&batch)[0].ends_with("this is no valid YAML"), "{:?}", reasons(&batch));
}

#[test]
fn wrong_types_at_the_top() {
    assert_eq!(reasons(&read("a.json", "[]")), ["a.json:1:0: sequence where an inventory is expected"]);
    assert_eq!(reasons(&read("a.json", "{\n\"slots\":\"hunter2\"}")), ["a.json:2:17: string where a list is expected"]);
    assert_eq!(reasons(&read("a.yaml", "slots: hunter2")), ["a.yaml:1:1: slots: string where a list is expected"]);
    for empty in ["", "{}", "null", "# nothing\n", r#"{"items":[]}"#] {
        assert_eq!(read("a.yaml", empty).inventory.gaps.len(), 1, "{empty:?}");
        assert_eq!(read("a.json", empty).inventory.gaps.len(), 1, "{empty:?}");
    }
    let report = r#"{"slots":[{"id":"env:A"}],"schema":"driftgate/report/v1"}"#;
    assert_eq!(reasons(&read("a.json", report)), ["a.json: the schema is not driftgate/inventory/v1"]);
    assert_eq!(read("a.json", report).account.items, 0);
    let time = read("a.json", r#"{"exported_at":"hunter2","slots":[]}"#);
    assert!(reasons(&time)[0].starts_with("a.json:1:2: exported_at: the value does not fit"), "{:?}", reasons(&time));
    assert_eq!(reasons(&read("a.json", "{\"slots\":[]} x")).len(), 1);
}

#[test]
fn hostile_files_end() {
    let deep = "[".repeat(100_000);
    assert_eq!(read("a.json", &deep).inventory.gaps.len(), 1);
    assert_eq!(read("a.yaml", &deep).inventory.gaps.len(), 1);
    assert_eq!(read("a.json", &format!("{{\"slots\":[{{\"id\":{deep}")).inventory.gaps.len(), 1);
    let laughs = format!(
        "a0: &a0 [x]\n{}slots: *a40\n",
        (1..=40).map(|i| format!("a{i}: &a{i} [*a{0},*a{0},*a{0}]\n", i - 1)).collect::<String>()
    );
    assert_eq!(read("a.yaml", &laughs).inventory.gaps.len(), 1);
    let many = format!("{{\"slots\":[{}]}}", vec!["1"; 5000].join(","));
    let batch = read("a.json", &many);
    assert_eq!(batch.inventory.gaps.len(), MOST_MISTAKES + 1);
    assert_eq!(reasons(&batch)[MOST_MISTAKES], "a.json: 4000 more entries cannot be read");
}

proptest::proptest! {
    #[test]
    fn never_panics_and_never_reads_nothing_in_silence(text in "[-a-z{}\\[\\]:,\"& \n*0-9]{0,60}") {
        for path in ["a.json", "a.yaml", "a"] {
            let batch = read(path, &text);
            proptest::prop_assert!(!batch.inventory.gaps.is_empty() || text.contains("slots") || text.contains("schema") || text.contains("credentials"));
        }
    }
}

#[tokio::test]
async fn through_the_source() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("i.json"), WHOLE).unwrap();
    let about = About { name: "lab".into(), kind: "file".into(), required: true, authority: None };
    let source = |path: &str| {
        FileSource::new(about.clone(), Settings { path: path.into() }, Files::Tree(folder.path().to_path_buf()))
    };
    let mut batch = Batch::default();
    source("i.json").collect(&Wanted::default(), &mut batch).await;
    assert_eq!(batch.account.items, 2);
    let mut batch = Batch::default();
    source("none.json").collect(&Wanted::default(), &mut batch).await;
    assert_eq!(reasons(&batch), ["none.json: there is no such file"]);
}
