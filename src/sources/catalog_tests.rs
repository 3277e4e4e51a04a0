//! Tests of the catalogue.

use super::*;

fn read(path: &str, text: &str) -> Batch {
    let mut batch = Batch::default();
    Table { source: "iam", path, into: &mut batch, mistakes: 0 }.parse(text);
    batch
}

fn reasons(batch: &Batch) -> Vec<&str> {
    batch.inventory.gaps.iter().map(|gap| gap.reason.as_str()).collect()
}

fn locators(batch: &Batch) -> Vec<(&str, &str)> {
    batch.catalog.iter().map(|entry| (entry.identity.as_str(), entry.locator.as_str())).collect()
}

#[test]
fn csv_as_spreadsheets_write_it() {
    let text = "identity,Resource,level,environment,tenant,owner,Approved By,ticket,until\r\n\r\n\
        svc-build,\"a, \"\"b\"\"\",Read-Only,production,aws:1,alice@example.com,bob,SEC-1,2026-05-09\r\n\
        \"svc\r\nlong\",*,Owner,,,,,,2026-05-09T12:00:00+02:00\r\n\
        svc-last,,contributor,,,,,,\r\n";
    let batch = read("e.csv", text);
    assert_eq!(reasons(&batch), [""; 0]);
    assert_eq!(batch.account.items, 3);
    assert_eq!(batch.account.notes.len(), 0);
    let first = &batch.catalog[0];
    assert_eq!(first.resource.as_deref(), Some("a, \"b\""));
    assert_eq!((first.level, first.level_text.as_deref()), (Some(Level::Read), None));
    assert_eq!(first.approved_by.as_deref(), Some("bob"));
    assert_eq!(first.until, Some("2026-05-10T00:00:00Z".parse().unwrap()));
    assert_eq!(first.source, "iam");
    assert_eq!(first.locator, "e.csv:3");
    assert_eq!(batch.catalog[1].locator, "e.csv:4");
    assert_eq!(batch.catalog[1].level, Some(Level::Admin));
    assert_eq!(batch.catalog[1].until, Some("2026-05-09T10:00:00Z".parse().unwrap()));
    assert_eq!(batch.catalog[2].locator, "e.csv:6");
    assert_eq!((batch.catalog[2].level, batch.catalog[2].level_text.as_deref()), (None, Some("contributor")));
    assert_eq!(batch.catalog[2].environment, None);
}

#[test]
fn yaml_and_json() {
    let text = "- &a {identity: svc, level: power user, until: 2026-05-09}\n- <<: *a\n  identity: 42\n  note: x\n";
    let batch = read("e.yaml", text);
    assert_eq!(reasons(&batch), [""; 0]);
    assert_eq!(locators(&batch), [("svc", "e.yaml:1"), ("42", "e.yaml:2")]);
    assert_eq!(batch.catalog[1].level, Some(Level::Write));
    assert_eq!(batch.account.notes, ["e.yaml: fields that mean nothing here: 1"]);
    assert_eq!(locators(&read("e.json", "[{\"identity\":\"a\"}]")), [("a", "e.json:1")]);
}

#[test]
fn bad_rows_are_gaps_and_the_others_are_read() {
    let text = "identity,level,until\na,read,\n,hunter2,\nb,read,hunter2\nc,read\nd,read,,hunter2\n,,\ne,admin,2026-13-01\nf,full,\n";
    let batch = read("e.csv", text);
    assert_eq!(locators(&batch), [("a", "e.csv:2"), ("f", "e.csv:9")]);
    let told = reasons(&batch);
    assert_eq!(told[0], "e.csv:3: `identity` is missing");
    assert!(told[1].starts_with("e.csv:4: `until` is neither"), "{told:#?}");
    assert!(told[2].starts_with("e.csv:5: fewer fields"), "{told:#?}");
    assert!(told[3].starts_with("e.csv:6: more fields"), "{told:#?}");
    assert!(told[4].starts_with("e.csv:8: `until`"), "{told:#?}");
    assert_eq!(told.len(), 5);
    let scopes: Vec<_> = batch.inventory.gaps.iter().map(|gap| gap.scope.as_str()).collect();
    assert_eq!(scopes, ["*", "b", "c", "d", "e"]);
    assert!(batch.inventory.gaps.iter().all(|gap| gap.lacks == "catalog" && gap.source == "iam"));

    let yaml = "- identity: a\n- hunter2\n- identity: [hunter2]\n- level: read\n- identity: b\n  until: hunter2\n";
    let batch = read("e.yml", yaml);
    assert_eq!(locators(&batch), [("a", "e.yml:1")]);
    let told = reasons(&batch);
    assert_eq!(told[0], "e.yml:2:3: [1]: a row is a mapping");
    assert_eq!(told[1], "e.yml:3:3: [2].identity: this is no single value");
    assert_eq!(told[2], "e.yml:4:3: [3]: `identity` is missing");
    assert!(told.len() == 4 && !told.iter().any(|reason| reason.contains("hunter2")), "{told:#?}");
}

#[test]
fn files_that_are_no_catalogue() {
    assert_eq!(reasons(&read("e.csv", "")), ["e.csv:1: the column `identity` is missing"]);
    assert_eq!(reasons(&read("e.csv", "who;level\na;read\n")), ["e.csv:1: the column `identity` is missing"]);
    assert_eq!(
        reasons(&read("e.csv", "identity,level,Level\na,b,c\n")),
        ["e.csv:1: the column `level` is there more than once"]
    );
    assert_eq!(reasons(&read("e.yaml", "a: 1")), ["e.yaml:1:1: a catalogue is a list of rows"]);
    assert_eq!(reasons(&read("e.yaml", "- {a: ]")).len(), 1);
    assert_eq!(reasons(&read("e.json", "[{\"identity\":\"a\"},")).len(), 1);
    assert_eq!(read("e.csv", "identity,levle\na,b\n").account.notes, ["e.csv: columns that mean nothing here: 2"]);
}

#[test]
fn an_open_quote_is_told() {
    let batch = read("e.csv", "identity,ticket\na,SEC-1\nb,\"SEC-2\nc,SEC-3\n");
    assert_eq!(locators(&batch), [("a", "e.csv:2")]);
    assert!(reasons(&batch)[0].starts_with("e.csv:3: a quote is not closed"), "{:?}", reasons(&batch));
}

#[test]
fn words_of_level() {
    for (word, meant) in [
        ("READ", Some(Level::Read)),
        ("read only", Some(Level::Read)),
        ("Power_User", Some(Level::Write)),
        ("deploy", Some(Level::Write)),
        ("*", Some(Level::Admin)),
        ("none", Some(Level::None)),
        ("read/write", None),
        ("maintainer", None),
    ] {
        assert_eq!(level(word), meant, "{word}");
    }
}

#[test]
fn times() {
    assert_eq!(time("2026-12-31"), Some("2027-01-01T00:00:00Z".parse().unwrap()));
    assert_eq!(time("2026-05-09 12:00:00Z"), Some("2026-05-09T12:00:00Z".parse().unwrap()));
    for no in ["", "tomorrow", "2026-05-09T12:00:00", "2026-05-9", "9999-12-31", "09.05.2026", "2026-05-09x"] {
        assert_eq!(time(no), None, "{no}");
    }
}

#[test]
fn many_bad_rows_end() {
    let batch = read("e.csv", &format!("identity,level\n{}", "x\n".repeat(5000)));
    assert_eq!(batch.inventory.gaps.len(), MOST_MISTAKES + 1);
    assert_eq!(reasons(&batch)[MOST_MISTAKES], "e.csv: 4000 more rows cannot be read");
}

proptest::proptest! {
    #[test]
    fn every_row_is_an_entry_or_a_gap(rows in proptest::collection::vec("\"?[a-z]{1,3}\"?,[a-z \"]{0,4}", 0..8)) {
        let text = format!("identity,level\n{}\n", rows.join("\n"));
        let batch = read("e.csv", &text);
        let told = batch.catalog.len() + batch.inventory.gaps.len();
        proptest::prop_assert!(told == rows.len() || (text.contains('"') && (rows.is_empty() || told > 0)));
    }

    #[test]
    fn never_panics(text in "\\PC{0,60}") {
        for path in ["e.csv", "e.yaml", "e.json"] {
            read(path, &format!("identity,level\r{text}"));
            read(path, &format!("- {text}"));
        }
    }
}
