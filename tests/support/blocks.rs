//! The fenced blocks of a manual, for tests that run or read what it shows.

/// The contents of the fenced blocks of a language.
pub(crate) fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut block: Option<(bool, String)> = None;
    for line in text.lines() {
        match (&mut block, line.trim_start().strip_prefix("```")) {
            (None, Some(name)) => block = Some((name.trim() == language, String::new())),
            (Some(_), Some(_)) => out.extend(block.take().filter(|(wanted, _)| *wanted).map(|(_, text)| text)),
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(block.is_none(), "a fence is not closed");
    out
}

/// A manual's YAML blocks, each with the path that its first line names.
pub(crate) fn files(text: &str) -> Vec<(String, String)> {
    let named = |block: String| {
        let path = block.lines().next().and_then(|line| line.strip_prefix("# ")).map(str::to_owned);
        (path.unwrap_or_else(|| panic!("a YAML block names its file: {block}")), block)
    };
    blocks(text, "yaml").into_iter().map(named).collect()
}
