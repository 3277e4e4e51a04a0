//! Input as it should not be, through the real program: a clear error or a gap, no panic, bounded memory, and the rest still told.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::io::{BufWriter, Read, Seek, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// What the program may take at most.
const MOST_MEMORY: u64 = 300 << 20;
const NOW: &str = "2026-06-01T12:00:00Z";
const SUSPECT: &str = "aws:access-key:AKIAZ5VQ7RTLM2XK4N3P";

/// What one run did.
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.said()))
    }

    fn said(&self) -> String {
        let start = |text: &str| text.chars().take(2_000).collect::<String>();
        format!("exit {}\n{}\n{}", self.code, start(&self.stdout), start(&self.stderr))
    }

    /// The reasons of the gaps that concern a file or scope.
    fn gaps(&self, of: &str) -> Vec<String> {
        let gaps = self.json()["gaps"].clone();
        let about = |gap: &&Value| gap["file"] == of || gap["scope"] == of;
        gaps.as_array().unwrap().iter().filter(about).map(|gap| gap["reason"].as_str().unwrap().to_owned()).collect()
    }

    /// `name@job` of all references.
    fn references(&self) -> Vec<String> {
        let json = self.json();
        let all = json["references"].as_array().unwrap().iter();
        all.map(|r| format!("{}@{}", r["name"].as_str().unwrap_or("-"), r["job"].as_str().unwrap_or("-"))).collect()
    }
}

/// Runs the program, watches its memory, and sees that it neither panics nor hangs.
fn driftgate(folder: &Path, arguments: &[&str]) -> Ran {
    let (mut out, mut err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    command.args(arguments).current_dir(folder).env_clear().stdin(Stdio::null());
    command.stdout(out.try_clone().unwrap()).stderr(err.try_clone().unwrap());
    let started = Instant::now();
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let exit = loop {
        if let Some(exit) = child.try_wait().unwrap() {
            break exit;
        }
        // The kernel's own high-water mark: no peak between two looks is missed but that of the last milliseconds.
        let seen = fs::read_to_string(&status).unwrap_or_default();
        let mark = seen.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        peak = mark.map_or(peak, |kib: u64| kib << 10);
        if started.elapsed() > Duration::from_secs(300) {
            child.kill().unwrap();
            panic!("{arguments:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let mut text = [String::new(), String::new()];
    for (file, text) in [&mut out, &mut err].into_iter().zip(&mut text) {
        file.rewind().unwrap();
        file.read_to_string(text).unwrap();
    }
    let [stdout, stderr] = text;
    let ran = Ran { code: exit.code().unwrap_or(-1), stdout, stderr };
    assert!(!ran.stderr.contains("panicked") && ran.code >= 0 && ran.code != 101, "{arguments:?}: {}", ran.said());
    assert!(peak < MOST_MEMORY, "{arguments:?}: {} MiB", peak >> 20);
    ran
}

fn write(folder: &Path, file: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A workflow whose one job uses one secret.
fn workflow(secret: &str) -> String {
    format!(
        "on: push\njobs:\n  deploy:\n    runs-on: x\n    steps:\n      - run: ./deploy\n        env:\n          KEY: ${{{{ secrets.{secret} }}}}\n"
    )
}

/// A folder with one good workflow and one other file.
fn beside(file: &str, content: impl AsRef<[u8]>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), ".github/workflows/good.yml", workflow("GOOD"));
    write(folder.path(), file, content);
    folder
}

const OTHER: &str = ".github/workflows/other.yml";

/// `refs` and `check` both tell the gap in these words, and `refs` still tells the good file.
fn is_a_gap(folder: &TempDir, file: &str, words: &str) {
    let refs = driftgate(folder.path(), &["refs", "--format", "json"]);
    assert_eq!(refs.code, 3, "{}", refs.said());
    assert!(refs.references().contains(&"GOOD@deploy".to_owned()), "{}", refs.said());
    assert!(refs.gaps(file).iter().any(|reason| reason.contains(words)), "{file}: {words}: {}", refs.said());
    assert!(refs.stderr.contains(&format!("note: not read: {file}: ")), "{}", refs.said());
    is_a_gap_of_check(folder, file, words);
}

fn is_a_gap_of_check(folder: &TempDir, file: &str, words: &str) {
    let check = driftgate(folder.path(), &["check", "--format", "json", "--now", NOW]);
    assert_eq!((check.code, &check.json()["verdict"]), (3, &json!("inconclusive")), "{}", check.said());
    assert!(check.gaps(file).iter().any(|reason| reason.contains(words)), "{file}: {words}: {}", check.said());
}

/// `refs` reads it like any other file.
fn is_read(content: impl AsRef<[u8]>) {
    let folder = beside(OTHER, content);
    let refs = driftgate(folder.path(), &["refs", "--format", "json"]);
    assert_eq!((refs.code, refs.references()), (0, vec!["GOOD@deploy".into(), "ODD@deploy".into()]), "{}", refs.said());
    // The place is that of an editor, whatever the encoding and the line ends.
    assert_eq!(
        (&refs.json()["references"][1]["line"], &refs.json()["references"][1]["column"]),
        (&8.into(), &20.into())
    );
}

#[test]
fn broken_yaml() {
    is_a_gap(&beside(OTHER, "on: push\njobs: [\n"), OTHER, "line 2, column 7");
    is_a_gap(&beside(OTHER, "on: push\njobs: \"x\n"), OTHER, "line 2");
    is_a_gap(&beside(OTHER, "on: *nowhere\n"), OTHER, "line 1");
    is_a_gap(&beside(".gitlab-ci.yml", "job:\n  script: [echo\n"), ".gitlab-ci.yml", "line 2");
    is_a_gap(&beside(OTHER, "- on: push\n"), OTHER, "no mapping at the top");
}

#[test]
fn tabs_where_they_are_tolerated_and_where_not() {
    is_read(workflow("ODD").replace("runs-on: x", "runs-on:\tx\t# said"));
    is_a_gap(&beside(OTHER, workflow("ODD").replace("    runs-on", "\truns-on")), OTHER, "line 4, column 2: tabs");
}

#[test]
fn line_ends_and_encodings() {
    let text = workflow("ODD");
    is_read(text.replace('\n', "\r\n"));
    is_read([b"\xef\xbb\xbf", text.as_bytes()].concat());
    let units: Vec<u16> = text.encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    is_read([b"\xff\xfe", little.as_slice()].concat());
    is_read([b"\xfe\xff", big.as_slice()].concat());
    is_a_gap(&beside(OTHER, little), OTHER, "a NUL byte");
    is_a_gap(&beside(OTHER, text.replace("./deploy", "./de\0ploy")), OTHER, "line 6: a NUL byte");
    is_a_gap(&beside(OTHER, [text.as_bytes(), b"# D\xe9part\n"].concat()), OTHER, "UTF-8");
}

#[test]
fn files_beyond_four_mebibytes() {
    let whole = |more: usize| format!("{}#{}\n", workflow("ODD"), "x".repeat(more));
    let least = whole(0).len();
    is_read(whole((4 << 20) - least));
    is_a_gap(&beside(OTHER, whole((4 << 20) - least + 1)), OTHER, "4194305 bytes: larger than 4194304");
}

#[test]
fn a_billion_laughs() {
    let mut text = "a0: &a0 [x, x]\n".to_owned();
    let mut keys = "b0: &b0 {z: '${{ secrets.MANY }}'}\n".to_owned();
    for level in 0..30 {
        let next = level + 1;
        writeln!(text, "a{next}: &a{next} [{}]", vec![format!("*a{level}"); 9].join(", ")).unwrap();
        writeln!(keys, "b{next}: &b{next} {{<<: [{}], z{level}: *b{level}}}", vec![format!("*b{level}"); 9].join(", "))
            .unwrap();
    }
    let folder = beside(OTHER, format!("{text}{}", workflow("ODD")));
    let refs = driftgate(folder.path(), &["refs", "--format", "json"]);
    assert_eq!(refs.references(), ["GOOD@deploy", "ODD@deploy"]);
    // The one place where the secret stands, however often it is reached.
    let folder = beside(OTHER, format!("{keys}{}  more: *b30\n", workflow("ODD")));
    let refs = driftgate(folder.path(), &["refs", "--format", "json"]);
    assert!(refs.references().contains(&"GOOD@deploy".into()) && refs.references().contains(&"ODD@deploy".into()));
    assert!(refs.references().len() < 100, "{}", refs.references().len());
    let gitlab =
        format!("{}job:\n  variables: *b30\n  script: echo $ODD\n", keys.replace("${{ secrets.MANY }}", "$MANY"));
    let folder = beside(".gitlab-ci.yml", gitlab);
    let refs = driftgate(folder.path(), &["refs", "--format", "json"]);
    assert!(refs.references().contains(&"GOOD@deploy".into()), "{}", refs.said());
    assert!(refs.references().contains(&"ODD@job".into()), "{}", refs.said());
    for format in ["text", "json"] {
        let check = driftgate(folder.path(), &["check", "--format", format, "--now", NOW]);
        assert_eq!(check.code, 3, "{}", check.said());
    }
}

#[test]
fn ten_thousand_levels() {
    let flow = format!("{}x: {}{}\n", workflow("ODD"), "[".repeat(10_000), "]".repeat(10_000));
    is_a_gap(&beside(OTHER, flow), OTHER, "line 9");
    let items = format!("{}x:\n  {}x\n", workflow("ODD"), "- ".repeat(10_000));
    is_a_gap(&beside(OTHER, items), OTHER, "line 10");
    let gitlab = format!("job: {}{}\n", "{a: ".repeat(10_000), "}".repeat(10_000));
    is_a_gap(&beside(".gitlab-ci.yml", gitlab), ".gitlab-ci.yml", "line 1");
    // An expression is not YAML: it may end the reading of itself, never of the program.
    let deep = format!("{}secrets.ODD{}", "(".repeat(10_000), ")".repeat(10_000));
    let folder = beside(OTHER, workflow("ODD").replace("secrets.ODD", &deep));
    let refs = driftgate(folder.path(), &["refs", "--format", "json"]);
    assert!(refs.references().contains(&"ODD@deploy".to_owned()), "{}", refs.said());
    let shell = format!("job:\n  script: echo {}$ODD{}\n", "$(".repeat(10_000), ")".repeat(10_000));
    let refs = driftgate(beside(".gitlab-ci.yml", shell).path(), &["refs", "--format", "json"]);
    assert!(refs.references().contains(&"ODD@job".to_owned()), "{}", refs.said());
}

#[test]
fn circles() {
    let needs = "on: push\njobs:\n  a:\n    needs: b\n    runs-on: x\n    steps: [{run: '${{ secrets.A }}'}]\n  b:\n    needs: [a]\n    runs-on: x\n    steps: [{run: '${{ secrets.B }}'}]\n";
    let folder = beside(OTHER, needs);
    let refs = driftgate(folder.path(), &["refs", "--format", "json"]);
    assert_eq!(refs.references(), ["GOOD@deploy", "A@a", "B@b"]);
    is_a_gap_of_check(&folder, OTHER, "line 3: `needs` of a leads in a circle");

    let call = |other: &str| {
        format!(
            "on: [push, workflow_call]\njobs:\n  call:\n    uses: ./.github/workflows/{other}\n    secrets: inherit\n"
        )
    };
    let folder = beside(OTHER, call("third.yml"));
    write(folder.path(), ".github/workflows/third.yml", call("other.yml"));
    write(folder.path(), ".github/workflows/own.yml", call("own.yml"));
    assert_eq!(driftgate(folder.path(), &["refs", "--format", "json"]).references().len(), 4);
    for file in ["other", "third", "own"] {
        let file = format!(".github/workflows/{file}.yml");
        is_a_gap_of_check(&folder, &file, "leads back to this file");
    }

    let gitlab = ".x:\n  extends: .y\n.y:\n  extends: [.x]\njob:\n  extends: .x\n  script: echo $ODD\n";
    let folder = beside(".gitlab-ci.yml", gitlab);
    is_a_gap(&folder, ".gitlab-ci.yml", "`extends` of .x leads back to itself");
    assert!(driftgate(folder.path(), &["refs", "--format", "json"]).references().contains(&"ODD@job".into()));

    let folder = beside(".gitlab-ci.yml", "include: {local: /a.yml}\n");
    write(folder.path(), "a.yml", "include: [{local: b.yml}]\none:\n  script: echo $ONE\n");
    write(folder.path(), "b.yml", "include: /a.yml\ntwo:\n  script: echo $TWO\n");
    is_a_gap(&folder, "b.yml", "the include of a.yml leads back to the same file");
    let names = driftgate(folder.path(), &["refs", "--format", "json"]).references();
    assert!(names.contains(&"ONE@one".into()) && names.contains(&"TWO@two".into()), "{names:?}");

    let gitlab = "a:\n  needs: [b]\n  script: echo $A\nb:\n  needs: [a]\n  script: echo $B\n";
    is_a_gap_of_check(&beside(".gitlab-ci.yml", gitlab), ".gitlab-ci.yml", "needs");
}

#[cfg(unix)]
#[test]
fn ways_out_of_the_folder() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), "out.yml", "out:\n  script: echo $OUTSIDE\n");
    let secret = outside.path().join("out.yml");
    let up = format!("../../../../../../../..{}", secret.display());
    for include in [up.as_str(), "/link.yml", secret.to_str().unwrap(), "/folder/out.yml"] {
        let folder = beside(".gitlab-ci.yml", format!("include:\n  - local: '{include}'\njob:\n  script: echo $ODD\n"));
        symlink(&secret, folder.path().join("link.yml")).unwrap();
        symlink(outside.path(), folder.path().join("folder")).unwrap();
        is_a_gap(&folder, ".gitlab-ci.yml", "include");
        let refs = driftgate(folder.path(), &["refs", "--format", "json"]);
        assert_eq!(refs.references(), ["GOOD@deploy", "ODD@job"], "{include}");
    }
    let folder = beside("README", "");
    symlink(&secret, folder.path().join(OTHER)).unwrap();
    symlink("/dev/zero", folder.path().join(".github/workflows/zero.yml")).unwrap();
    symlink("loop.yml", folder.path().join(".github/workflows/loop.yml")).unwrap();
    for file in [OTHER, ".github/workflows/zero.yml", ".github/workflows/loop.yml"] {
        is_a_gap(&folder, file, "symbolic link");
    }
    // What the configuration names may not leave it either.
    for (key, value) in [("path", up.as_str()), ("path", "link.json")] {
        let folder = configured(&format!("  - {{kind: file, {key}: '{value}'}}\n"));
        symlink(&secret, folder.path().join("link.json")).unwrap();
        let check = driftgate(folder.path(), &["check", "--format", "json", "--now", NOW]);
        assert!([2, 3].contains(&check.code), "{}", check.said());
        assert!(!check.said().contains("OUTSIDE"), "{}", check.said());
    }
}

#[test]
fn keys_twice_and_keys_that_are_no_words() {
    let twice = workflow("ODD").replace("    runs-on: x\n", "    runs-on: x\n    runs-on: y\n");
    let folder = beside(OTHER, twice);
    assert_eq!(driftgate(folder.path(), &["refs", "--format", "json"]).references(), ["GOOD@deploy", "ODD@deploy"]);
    is_a_gap_of_check(&folder, OTHER, "line 5: a key that stands there twice");

    let odd = "on: push\n1: x\nnull: d\n? [a, b]\n: c\njobs:\n  1:\n    runs-on: x\n    env: {2: '${{ secrets.ODD }}', true: y}\n    steps: [{run: x}]\n";
    let folder = beside(OTHER, odd);
    assert_eq!(driftgate(folder.path(), &["refs", "--format", "json"]).references(), ["GOOD@deploy", "ODD@1"]);
    is_a_gap_of_check(&folder, OTHER, "line 4: a key that is no scalar");

    let gitlab = "job:\n  script: echo $FIRST\n1:\n  script: echo $NUMBER\n? [a]\n: {script: echo $LIST}\njob:\n  script: echo $LAST\n";
    let folder = beside(".gitlab-ci.yml", gitlab);
    let refs = driftgate(folder.path(), &["refs", "--format", "json"]);
    // The last of two keys is the one that GitLab runs.
    assert!(refs.references().contains(&"LAST@job".into()), "{}", refs.said());
    assert!(refs.references().contains(&"NUMBER@1".into()), "{}", refs.said());
}

/// A checkout with a configuration of these sources.
fn configured(sources: &str) -> TempDir {
    let folder = beside("README", "");
    write(folder.path(), ".driftgate.yaml", format!("version: 1\nrepository: acme/shop\nsources:\n{sources}"));
    folder
}

#[test]
fn wrong_configurations() {
    for (text, words) in [
        ("version: 1\npolcy: {}\n", ".driftgate.yaml:2:1: polcy: unknown setting\n  next: did you mean `policy`?"),
        (
            "version: 1\npolicy:\n  limits:\n    revok: 1h\n",
            ".driftgate.yaml:4:5: policy.limits.revok: unknown setting",
        ),
        ("version: 1\nsources:\n  - kind: jira\n    exprot: x\n", ".driftgate.yaml:4:5"),
        ("version: 1\nsources: [\n", ".driftgate.yaml:3:1: this is no valid YAML"),
        ("version: 1\n\tpolicy: {}\n", ".driftgate.yaml:2:"),
        ("version: 1\nversion: 1\n", "duplicate entry with key \"version\""),
        ("version: 1\npolicy: 7\n", ".driftgate.yaml:2:"),
        ("version: 1\n1: x\n", ".driftgate.yaml:2:1: 1: a setting's name is a word"),
        ("version: 1\n? [a]\n: x\n", "a setting's name is a word"),
        ("version: 1\nrepository: \"a\0b\"\n", ".driftgate.yaml"),
        ("version: ${NOWHERE}\n", "NOWHERE"),
    ] {
        let folder = beside(".driftgate.yaml", text);
        let check = driftgate(folder.path(), &["check", "--output", "json=x.json"]);
        assert_eq!((check.code, check.stdout.as_str()), (2, ""), "{text}: {}", check.said());
        assert!(check.stderr.starts_with("error: ") && check.stderr.contains(words), "{text}: {}", check.said());
        assert!(!folder.path().join("x.json").exists());
    }
    assert!(
        driftgate(
            beside(".driftgate.yaml", "version: 1\nsources:\n  - kind: jira\n    exprot: x\n").path(),
            &["check"]
        )
        .stderr
        .contains("did you mean `export`?")
    );
    let deep = format!("version: 1\npolicy: {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    let large = format!("version: 1\n#{}\n", "x".repeat(4 << 20));
    let mut laughs = "version: 1\na0: &a0 [x]\n".to_owned();
    for level in 0..30 {
        writeln!(laughs, "a{}: &a{} [{}]", level + 1, level + 1, vec![format!("*a{level}"); 9].join(",")).unwrap();
    }
    for text in [deep, large, laughs] {
        let check = driftgate(beside(".driftgate.yaml", text).path(), &["check"]);
        assert_eq!((check.code, check.stdout.as_str()), (2, ""), "{}", check.said());
        assert!(check.stderr.starts_with("error: .driftgate.yaml"), "{}", check.said());
    }
    // A mark before the text and line ends of two characters are no mistake; another encoding is told.
    let text = "version: 1\r\nsources: []\r\n";
    let marked = beside(".driftgate.yaml", [b"\xef\xbb\xbf", text.as_bytes()].concat());
    let check = driftgate(marked.path(), &["check", "--format", "json"]);
    assert_eq!(check.code, 3, "{}", check.said());
    let wide: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let check = driftgate(beside(".driftgate.yaml", wide).path(), &["check"]);
    assert!(check.code == 2 && check.stderr.contains("it is no UTF-8 text"), "{}", check.said());
}

/// A done revocation of the suspect, as Jira gives it.
fn ticket(number: usize) -> Value {
    json!({"key": format!("SEC-{number}"), "fields": {
        "summary": "Revoke AKIAZ5VQ7RTLM2XK4N3P", "project": {"key": "SEC"}, "issuetype": {"name": "Task"},
        "status": {"name": "Done", "statusCategory": {"key": "done"}}, "resolution": {"name": "Done"},
        "created": "2026-05-04T10:12:00.000+0000", "resolutiondate": "2026-05-05T10:12:00.000+0000",
        "updated": "2026-06-01T10:12:00.000+0000", "description": "Please revoke AKIAZ5VQ7RTLM2XK4N3P."}})
}

/// A checkout with the suspect in an inventory, and a Jira export.
fn with_export(export: impl AsRef<[u8]>) -> TempDir {
    let folder = configured("  - {kind: file, path: inventory.json}\n  - {kind: jira, export: jira.json}\n");
    let inventory = json!({"schema": "driftgate/inventory/v1", "exported_at": NOW,
        "slots": [{"id": "github:actions-secret:acme/shop:GOOD", "holds": SUSPECT}],
        "credentials": [{"id": SUSPECT, "status": "active",
            "liveness": {"state": "live", "method": "iam ListAccessKeys", "at": NOW}}]});
    write(folder.path(), "inventory.json", inventory.to_string());
    write(folder.path(), "jira.json", export);
    folder
}

/// What could be read of the export is judged: the finding blocks, whatever else is missing.
fn still_blocks(folder: &TempDir, words: &str) {
    let check = driftgate(folder.path(), &["check", "--format", "json", "--now", NOW]);
    assert_eq!(check.code, 1, "{}", check.said());
    assert_eq!(check.json()["findings"][0]["rule"], "revoked-but-live", "{}", check.said());
    let tickets = driftgate(folder.path(), &["tickets", "--format", "json", "--now", NOW]);
    let ids: Vec<Value> = tickets.json()["tickets"].as_array().unwrap().iter().map(|t| t["id"].clone()).collect();
    assert!(ids.contains(&json!("SEC-1")), "{}", tickets.said());
    if words.is_empty() {
        assert_eq!((tickets.code, &check.json()["gaps"]), (0, &json!([])), "{}", check.said());
    } else {
        assert_eq!(tickets.code, 3, "{}", tickets.said());
        assert!(check.json()["gaps"].to_string().contains(words), "{words}: {}", check.said());
        assert!(tickets.json()["gaps"].to_string().contains(words), "{words}: {}", tickets.said());
    }
}

#[test]
fn exports_that_end_in_the_middle() {
    let whole = json!({"issues": [ticket(1), ticket(2)], "isLast": true}).to_string();
    for left in [whole.len() - 60, whole.len() - 1, whole.len() / 2 + 60] {
        still_blocks(&with_export(&whole[..left]), "ends in the middle, at line 1, byte");
    }
    let mut bytes = whole.as_bytes()[..whole.len() - 40].to_vec();
    bytes.extend([0, 0xff, b'}']);
    still_blocks(&with_export(bytes), "jira.json");
    for nothing in ["", "[", "{}", "null", "<html>", "[]"] {
        let check = driftgate(with_export(nothing).path(), &["check", "--format", "json", "--now", NOW]);
        assert_eq!((check.code, &check.json()["verdict"]), (3, &json!("inconclusive")), "{nothing}: {}", check.said());
    }
    let csv = configured("  - {kind: csv, path: t.csv, columns: {id: Number, title: Summary}}\n");
    write(csv.path(), "t.csv", "Number,Summary\nSEC-1,Revoke GOOD\nSEC-2,\"Revoke");
    let tickets = driftgate(csv.path(), &["tickets", "--format", "json", "--now", NOW]);
    assert_eq!(tickets.json()["tickets"][0]["id"], "SEC-1", "{}", tickets.said());
    assert_eq!(tickets.code, 3, "{}", tickets.said());
}

#[test]
fn exports_with_wrong_types() {
    let mut odd = ticket(3);
    odd["fields"]["labels"] = json!("leak");
    odd["fields"]["created"] = json!(7);
    let list = json!([{"key": "SEC-8", "fields": []}, 7, null, {"fields": {}}, {"key": ["x"]}, odd, ticket(1)]);
    let folder = with_export(list.to_string());
    for words in ["item 1 (line 1, byte 1) (SEC-8)", "item 2 (line 1", "item 4 (line 1", "SEC-3 has"] {
        still_blocks(&folder, words);
    }
    let deep = format!("[{}{},{}]", "[".repeat(10_000), "]".repeat(10_000), ticket(1));
    still_blocks(&with_export(deep), "item 1 (line 1, byte 1)");
    let mut nested = ticket(2);
    nested["fields"]["description"] =
        (0..30).fold(json!({"type": "text", "text": "x"}), |inner, _| json!({"type": "doc", "content": [inner]}));
    still_blocks(&with_export(json!([nested, ticket(1)]).to_string()), "");
}

#[test]
fn exports_with_unknown_fields() {
    let mut more = ticket(1);
    more["expand"] = json!("renderedFields");
    more["fields"]["customfield_99999"] = json!({"deep": [[[{"x": null}]]]});
    let export =
        json!({"warningMessages": ["x"], "issues": [more], "isLast": true, "names": {"a": [1, {"issues": 7}]}});
    still_blocks(&with_export(export.to_string()), "");
}

#[test]
fn two_hundred_megabytes_of_tickets() {
    let folder = with_export("");
    let mut out = BufWriter::with_capacity(1 << 20, fs::File::create(folder.path().join("jira.json")).unwrap());
    // Long tickets with logs in them, most of which ask for nothing that is known, and one in a hundred that does. The log stands
    // in a field that is not understood, so that a program without optimisations is done in time.
    let log = "2026-05-04 10:12:00 INFO the build of acme/shop has finished in 71 s without a remark\n".repeat(230);
    let mut silent = ticket(0);
    silent["fields"]["summary"] = json!("The build is slow");
    silent["fields"]["description"] = json!(log[..1_000]);
    silent["renderedFields"] = json!({"description": log});
    let (silent, telling) = (silent.to_string(), ticket(0).to_string());
    let mut written = write_all(&mut out, "{\"issues\":[\n");
    let mut number = 1;
    while written < 200 << 20 {
        let text = if number % 100 == 1 { &telling } else { &silent };
        written += write_all(&mut out, &text.replacen("SEC-0", &format!("SEC-{number}"), 1));
        written += write_all(&mut out, ",\n");
        number += 1;
    }
    write_all(&mut out, &ticket(number).to_string());
    write_all(&mut out, "\n],\"isLast\":true}\n");
    out.flush().unwrap();
    drop(out);
    let check = driftgate(folder.path(), &["check", "--format", "json", "--now", NOW]);
    let report = check.json();
    assert_eq!((check.code, &report["summary"]["tickets"]), (1, &json!(number)), "{}", check.said());
    assert_eq!(report["gaps"], json!([]));
    let tickets = driftgate(folder.path(), &["tickets", "--explain", &format!("SEC-{number}"), "--now", NOW]);
    assert_eq!(tickets.code, 0, "{}", tickets.said());
    assert!(tickets.stdout.contains("AKIAZ5VQ7RTLM2XK4N3P"), "the last one was read: {}", tickets.said());
}

fn write_all(out: &mut impl Write, text: &str) -> usize {
    out.write_all(text.as_bytes()).unwrap();
    text.len()
}
