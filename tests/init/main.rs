//! `driftgate init` by the real binary: what it writes into which checkout, that all of an existing file stays as it is, that nothing is
//! written where something is in the way, and that what it wrote is read by every other command.

#![allow(clippy::unwrap_used, unreachable_pub)]

mod checkout;
mod config;
mod github;
mod gitlab;
mod hostile;
mod layouts;
#[cfg(unix)]
mod terminal;

/// The repository that driftgate comes from has one name in everything that users copy; what they put there instead is said once.
#[test]
fn the_repository_has_one_name_everywhere() {
    let root = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let named = regex::Regex::new(r"([\w.-]+)/driftgate(?:@|:|`|/driftgate@| driftgate| --|/\.github)").unwrap();
    let mut seen = 0;
    let files = [
        "README.md",
        "docs/github-actions.md",
        "docs/pipelines.md",
        ".gitlab-ci-template.yml",
        "templates/driftgate.yml",
    ];
    for file in files {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        for found in named.captures_iter(&text) {
            assert_eq!(&found[1], "acme", "{file}: {}", &found[0]);
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    assert_eq!(readme.matches("`acme/driftgate` stands for").count(), 1);
    let folder = checkout::checkout(&[(".github/workflows/deploy.yml", checkout::DEPLOY)], None);
    let said = checkout::init(folder.path(), &[]);
    assert_eq!(said.matches("acme/driftgate").count(), 1, "{said}");
}
