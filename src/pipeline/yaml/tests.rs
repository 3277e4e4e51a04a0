//! What CI systems' YAML really looks like, and what hostile YAML looks like.

use proptest::prelude::*;

use super::*;

/// Every character of every scalar's text that is written as itself must stand where the map says.
fn check_map(text: &str) {
    let Ok(tree) = Tree::parse(text) else { return };
    for index in 0..tree.len() {
        let node = tree.node(NodeId(index as u32));
        let Some(cooked) = node.str().filter(|_| !node.is_alias()) else { continue };
        let map = node.positions().unwrap();
        for (at, character) in cooked.char_indices() {
            let rest = text.get(map.byte(at)..).unwrap_or_else(|| panic!("{text:?}: {cooked:?} at {at}"));
            let source = rest.chars().next().unwrap_or('\n');
            let fits = source == character
                || (character.is_whitespace() && matches!(source, ' ' | '\t' | '\r' | '\n'))
                || (source == '\\' && node.style() == Some(Style::Double))
                || (character == '\n' && matches!(node.style(), Some(Style::Literal | Style::Folded)));
            assert!(fits, "{text:?}: {character:?} of {cooked:?} is said to come from {source:?}");
        }
    }
}

fn at(text: &str, needle: &str) -> (u32, u32) {
    let tree = Tree::parse(text).unwrap();
    for index in 0..tree.len() {
        let node = tree.node(NodeId(index as u32));
        if let Some(byte) = node.str().filter(|_| !node.is_alias()).and_then(|cooked| cooked.find(needle)) {
            let place = node.position(byte);
            return (place.line, place.column);
        }
    }
    panic!("{needle} is nowhere in {text:?}")
}

#[test]
fn positions_are_exact_in_every_style() {
    assert_eq!(at("a: é X\n", "X"), (1, 6));
    assert_eq!(at("a: é\n  b\n\n   X c\n", "X"), (4, 4));
    assert_eq!(at("a: 'it''s\n  X'\n", "X"), (2, 3));
    assert_eq!(at("a: 'it''s X'\n", "X"), (1, 11));
    assert_eq!(at("a: \"\\x24\\u00e9 X\"\n", "X"), (1, 16));
    assert_eq!(at("a: \"b \\\n    X\"\n", "X"), (2, 5));
    assert_eq!(at("a: \"b \\\n   \\ X\"\n", "X"), (2, 6));
    assert_eq!(at("a: |\n  b\n\n    X\n", "X"), (4, 5));
    assert_eq!(at("a: |2\n    b\n  X\n", "X"), (3, 3));
    assert_eq!(at("a: |\n\n\n  b X\n", "X"), (4, 5));
    assert_eq!(at("a: >-\n  b\n  c\n\n  d\n    e\n  X\n", "X"), (7, 3));
    assert_eq!(at("a: >\n\n\n  b\n\n\n  X\n", "X"), (7, 3));
    assert_eq!(at("a: |\r\n  b\r\n  X\r\n", "X"), (3, 3));
    assert_eq!(at("a: >\r\n  b\r\n\r\n  X\r\n", "X"), (4, 3));
    assert_eq!(at("? \"X\"\n: b\n", "X"), (1, 4));
    assert_eq!(at("[{X: 1}]", "X"), (1, 3));
}

#[test]
fn a_byte_order_mark_is_no_column() {
    let source = Source::from_bytes("\u{feff}a: X\n".into()).unwrap();
    assert_eq!(at(source.text(), "X"), (1, 4));
    let wide: Vec<u8> = "\u{feff}a: é X\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(at(Source::from_bytes(wide).unwrap().text(), "X"), (1, 6));
    let wide: Vec<u8> = "\u{feff}a: X\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(at(Source::from_bytes(wide).unwrap().text(), "X"), (1, 4));
}

#[test]
fn what_is_no_text_says_why() {
    let reason = |bytes: &[u8]| Source::from_bytes(bytes.to_vec()).err().unwrap();
    assert_eq!(reason(b"a: b\nc: \0\n"), "line 2: a NUL byte, so it is no text");
    assert_eq!(reason(b"a: b\nc: \xe9x\n"), "line 2, column 4: not valid UTF-8");
    assert!(reason(&[0xff, 0xfe, 0x61]).contains("odd number"));
    assert!(reason(&[0xff, 0xfe, 0x00, 0xd8]).contains("not valid UTF-16"));
    assert!(reason(&vec![b' '; MAX_BYTES as usize + 1]).contains("larger than"));
    assert!(read(std::path::Path::new("/")).is_err());
}

/// YamlDotNet is a port of libyaml: a tab may separate, not indent.
#[test]
fn tabs_separate_and_do_not_indent() {
    for fine in [
        "k\t: v\n",
        "k:\tv\n",
        "k: v\t# c\n",
        "k: v\n\t\nl: w\n",
        "k: [1,\n\t2]\n",
        "k: |\n  a\tb\n",
        "k: \"x\n\ty\"\n",
    ] {
        assert!(Tree::parse(fine).is_ok(), "{fine:?}");
        check_map(fine);
    }
    let broken = Tree::parse("a:\n\tb: 1\n").unwrap_err();
    assert_eq!(broken.place, Place { line: 2, column: 2 });
}

#[test]
fn a_syntax_error_has_its_place() {
    let broken = Tree::parse("a: 1\nb: [1, 2\nc: 3\n").unwrap_err();
    assert!(broken.to_string().starts_with("line "), "{broken}");
    assert!(Tree::parse("a: *nowhere\n").is_err());
}

#[test]
fn depth_is_an_error_and_no_overflow() {
    for text in ["[".repeat(10_000), "- ".repeat(10_000), "a:\n".to_owned() + &"{a: ".repeat(10_000)] {
        assert!(Tree::parse(&text).is_err());
    }
    let mut text = String::new();
    for depth in 0..10_000 {
        text.push_str(&" ".repeat(depth % 3_000));
        text.push_str("a:\n");
    }
    assert!(Tree::parse(&text).is_err());
}

#[test]
fn laughs_cost_nothing() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..60 {
        let list = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{list}]\n"));
    }
    let tree = Tree::parse(&text).unwrap();
    assert!(tree.len() < 1_000);
    assert!(tree.root().unwrap().get("a59").unwrap().items().next().unwrap().is_sequence());
}

#[test]
fn aliases_answer_for_their_anchor_and_keep_their_place() {
    let tree = Tree::parse("a: &x {k: v}\nb: *x\n").unwrap();
    let alias = tree.root().unwrap().get("b").unwrap();
    assert_eq!(alias.get("k").unwrap().str(), Some("v"));
    assert_eq!(alias.place(), Place { line: 2, column: 4 });
    assert_eq!(alias.get("k").unwrap().place(), Place { line: 1, column: 11 });
    // A collection that holds itself is legal.
    let tree = Tree::parse("&x [*x]").unwrap();
    assert!(tree.root().unwrap().items().next().unwrap().is_sequence());
}

#[test]
fn merge_keys_are_followed_on_demand() {
    let text = "a: &a {k: 1, l: 2}\nb: &b {k: 3, m: 4}\nc:\n  <<: [*a, *b]\n  l: 5\nd: &d\n  <<: *d\n  k: 6\n";
    let tree = Tree::parse(text).unwrap();
    let c = tree.root().unwrap().get("c").unwrap();
    let mut budget = Budget::new(100);
    let value = |key: &str, budget: &mut Budget| merged_get(c, key, budget).and_then(Node::str);
    assert_eq!(value("k", &mut budget), Some("1"));
    assert_eq!(value("l", &mut budget), Some("5"));
    assert_eq!(value("m", &mut budget), Some("4"));
    assert_eq!(c.get("m").map(Node::place), None);
    assert_eq!(merged_pairs(c, &mut budget).len(), 3);
    assert_eq!(merged_pairs(tree.root().unwrap().get("d").unwrap(), &mut budget).len(), 1);
    assert!(!budget.exceeded());
    let mut small = Budget::new(2);
    merged_pairs(c, &mut small);
    assert!(small.exceeded());
}

#[test]
fn odd_keys_and_duplicates_are_kept() {
    let tree = Tree::parse("1: a\n? [x, y]\n: b\n? {k: v}\n: c\ntrue: d\nx: 1\nx: 2\n: e\n").unwrap();
    let root = tree.root().unwrap();
    assert_eq!(root.pairs().count(), 7);
    assert_eq!(root.get("x").unwrap().str(), Some("2"));
    assert_eq!(root.duplicates().len(), 1);
    assert_eq!(root.get("true").unwrap().str(), Some("d"));
    let empty = Tree::parse("a:\nb: ~\nc: ''\n").unwrap();
    let root = empty.root().unwrap();
    assert!(root.get("a").unwrap().is_null() && root.get("b").unwrap().is_null() && !root.get("c").unwrap().is_null());
    assert_eq!(root.get("a").unwrap().str(), Some(""));
}

#[test]
fn documents_and_tags() {
    let tree = Tree::parse("---\na: !reference [b, c]\n---\nd: !!str e\n...\n").unwrap();
    assert_eq!(tree.documents().count(), 2);
    assert_eq!(tree.root().unwrap().get("a").unwrap().tag(), Some("!reference"));
    assert!(Tree::parse("").unwrap().root().is_none());
    assert!(Tree::parse("# only a comment\n").unwrap().root().is_none());
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(source) = Source::from_bytes(bytes) {
            check_map(source.text());
        }
    }

    #[test]
    fn yaml_like_text_maps_back(text in "([ ]{0,4}(- |[ab]: |\\? |: )?([|>][-+]?[1-4]?|['\"]?[abé $\\\\n'\"\t]{0,8}['\"]?|&x|\\*x)?(\r\n|\n|\r)){1,8}") {
        check_map(&text);
    }

    #[test]
    fn a_double_quoted_scalar_maps_back(parts in proptest::collection::vec(
        prop_oneof!["[abé]{1,3}", Just("\\x41".to_owned()), Just("\\u00e9".to_owned()), Just("\\U0001F600".to_owned()), Just("\\n".to_owned()),
            Just(" \n  ".to_owned()), Just("\\\n   ".to_owned()), Just("\\ ".to_owned()), Just("\r\n\r\n ".to_owned()), Just("\t".to_owned())], 0..12)) {
        check_map(&format!("k: \"{}X\"\n", parts.concat()));
        let text = format!("k: \"{}X\"\n", parts.concat());
        if Tree::parse(&text).is_ok() {
            let tree = Tree::parse(&text).unwrap();
            let node = tree.root().unwrap().get("k").unwrap();
            let map = node.positions().unwrap();
            prop_assert_eq!(map.byte(node.str().unwrap().len() - 1), text.len() - 3);
        }
    }

    #[test]
    fn a_block_scalar_maps_back(header in "[|>][-+]?", lines in proptest::collection::vec("[ ]{0,3}([aé][a \t]{0,4})?", 1..8), end in "(\n|\r\n)") {
        let body: String = lines.iter().map(|line| format!("    {line}{end}")).collect();
        let text = format!("k: {header}{end}    a{end}{body}    X{end}l: m{end}");
        check_map(&text);
        if let Ok(tree) = Tree::parse(&text) {
            let node = tree.root().unwrap().get("k").unwrap();
            let cooked = node.str().unwrap();
            let byte = node.positions().unwrap().byte(cooked.rfind('X').unwrap());
            prop_assert_eq!(byte, text.rfind('X').unwrap());
        }
    }
}
