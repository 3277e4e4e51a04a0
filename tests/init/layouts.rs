//! Workflows of many layouts: whatever is inserted, every line that was there is there, in its order and byte for byte, and the
//! reader that the gate uses finds the job gated, or the file is untouched.

use proptest::prelude::*;

use crate::checkout::{added, checkout, driftgate, jobs, text};

#[derive(Debug, Clone)]
struct Layout {
    step: usize,
    dash: usize,
    flush: bool,
    windows: bool,
    ended: bool,
    checkout: usize,
    before: Vec<&'static str>,
    after: Vec<&'static str>,
    blank: bool,
    comment: bool,
    tail: &'static str,
    second: bool,
}

const CHECKOUTS: [&str; 8] = [
    "uses: actions/checkout@v4",
    "uses: \"actions/checkout@v6\"  # pinned",
    "uses: actions/checkout@v6\nwith:\n  persist-credentials: false",
    "name: Code\nuses: actions/checkout@v6\nwith: {fetch-depth: 0}",
    "uses: actions/checkout@v6\nwith:\n\n    # all\n    fetch-depth: 1",
    "uses: actions/checkout@v6\nwith:\n  sparse-checkout: |\n    a\n    # no comment\n\n    b",
    "uses: actions/checkout@v6\nif: github.event_name == 'push'",
    "uses: actions/checkout@v6\nwith:\n  path: src",
];

const STEPS: [&str; 7] = [
    "run: ./deploy",
    "run: |\n  # a comment of the script\n  ./deploy ${{ secrets.KEY }}\n\n  - uses: no step",
    "run: |+\n  kept\n\n",
    "name: >-\n  folded\n  name\nuses: acme/tool@v1",
    "{run: make, env: {A: '${{ secrets.A }}'}}",
    "uses: acme/long@v1\nwith: {a: 1,\n  b: 2}",
    "run: \"quoted\n  over lines\"",
];

fn layout() -> impl Strategy<Value = Layout> {
    let some = || proptest::collection::vec(proptest::sample::select(STEPS.to_vec()), 0..3);
    let tail = proptest::sample::select(vec!["", "# the end", "\n\n# the end", "timeout: 5", "...", "   "]);
    (
        (2_usize..6, 1_usize..4, any::<bool>(), any::<bool>(), any::<bool>(), 0..CHECKOUTS.len()),
        (some(), some(), any::<bool>(), any::<bool>(), tail, any::<bool>()),
    )
        .prop_map(
            |((step, dash, flush, windows, ended, checkout), (before, after, blank, comment, tail, second))| Layout {
                step,
                dash,
                flush,
                windows,
                ended,
                checkout,
                before,
                after,
                blank,
                comment,
                tail,
                second,
            },
        )
}

impl Layout {
    fn job(&self, name: &str) -> String {
        let pad = |levels: usize| " ".repeat(self.step * levels);
        let mut out =
            format!("{}{name}:\n{}runs-on: x\n{}environment: prod\n{}steps:\n", pad(1), pad(2), pad(2), pad(2));
        let dash = if self.flush { pad(2) } else { pad(3) };
        let steps = self.before.iter().chain([&CHECKOUTS[self.checkout]]).chain(&self.after);
        for step in steps {
            if self.blank {
                out.push('\n');
            }
            if self.comment {
                out.push_str(&format!("{dash}# what follows\n"));
            }
            for (number, line) in step.split('\n').enumerate() {
                match number {
                    0 => out.push_str(&format!("{dash}-{}{line}\n", " ".repeat(self.dash))),
                    _ if line.is_empty() => out.push('\n'),
                    _ => out.push_str(&format!("{dash} {}{line}\n", " ".repeat(self.dash))),
                }
            }
        }
        if self.tail.starts_with("timeout") {
            out.push_str(&pad(2));
        }
        out + self.tail + "\n"
    }

    fn text(&self) -> String {
        let mut out = String::from("on: push # now\npermissions: {}\njobs:\n");
        if self.second {
            out.push_str(&self.job("first").replace("...\n", ""));
        }
        out.push_str(&self.job("deploy"));
        if !self.ended {
            out.truncate(out.trim_end_matches('\n').len());
        }
        if self.windows { out.replace('\n', "\r\n") } else { out }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_other_line_stays(layout in layout()) {
        let old = layout.text();
        let folder = checkout(&[(".github/workflows/a.yml", &old)], None);
        let before = jobs(folder.path());
        let output = driftgate(folder.path(), &["init"]).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        prop_assert_eq!(output.status.code(), Some(0), "{}", said);
        let new = text(folder.path(), ".github/workflows/a.yml");
        let lines = added(&old, &new);
        let after = jobs(folder.path());
        prop_assert_eq!(after.len(), before.len(), "{}", new);
        let mut changed = 0;
        for (before, after) in before.iter().zip(&after) {
            let gated = after.gate_step.is_some();
            let steps = after.steps.len() - before.steps.len();
            prop_assert_eq!(gated, steps > 0, "{}", new);
            // The first gate step is a step that was not there, directly or with a checkout of its own before it.
            prop_assert!(steps <= 2 && after.gate_step.is_none_or(|at| at >= 1), "{}", new);
            changed += usize::from(gated);
        }
        prop_assert_eq!(lines.is_empty(), changed == 0);
        let left = said.matches("not changed: ").count();
        // An ended document has no place behind it for another line, and a scalar that keeps its last lines none before them.
        let is_odd = layout.tail == "..." || old.contains("|+");
        prop_assert!(left == 0 || is_odd, "{}\n{}", said, new);
        prop_assert_eq!(changed + left, before.len(), "{}\n{}", said, new);
    }
}
