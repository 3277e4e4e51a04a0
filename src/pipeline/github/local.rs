//! Where `uses:` leads: a local workflow or action, or somewhere that is not read. No file is opened here.

use crate::pipeline::discover::Found;

/// Where a `uses:` leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A file or folder of this checkout, by its name in references.
    Local(String),
    /// A local path that leaves the repository.
    Outside,
    /// Another repository, or an image.
    Remote,
}

/// A called workflow: `./.github/workflows/x.yml`, or `$/…`, the same from the root of the calling file's own repository.
pub(super) fn workflow(uses: &str, found: &Found) -> Target {
    resolve(uses, found)
}

/// A local action's folder: `./path`, `$/path`, `./` for the root.
pub(super) fn action(uses: &str, found: &Found) -> Target {
    resolve(uses, found)
}

fn resolve(uses: &str, found: &Found) -> Target {
    let uses = uses.trim();
    let local = match uses {
        "." | "./" | "$" | "$/" => Some(""),
        _ => uses.strip_prefix("./").or_else(|| uses.strip_prefix("$/")).or_else(|| uses.strip_prefix(".\\")),
    };
    let Some(path) = local.or_else(|| uses.starts_with("../").then_some(uses)) else { return Target::Remote };
    // A local path has no version; where one is written all the same, the path ends before it.
    let path = path.split('@').next().unwrap_or_default();
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return Target::Outside;
                }
            }
            part => parts.push(part),
        }
    }
    let mut target = found.root.clone();
    target.extend(parts);
    found.folder.name(&target).map_or(Target::Outside, Target::Local)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::pipeline::discover::discover;

    #[test]
    fn local_paths() {
        let folder = tempfile::tempdir().unwrap();
        let base: PathBuf = folder.path().join("inner/.github/workflows");
        std::fs::create_dir_all(&base).unwrap();
        std::fs::write(base.join("a.yml"), "").unwrap();
        let found = discover(&[folder.path().to_path_buf()]).found.remove(0);
        let local = |path: &str| Target::Local(path.to_owned());
        assert_eq!(resolve("./.github/workflows/b.yml", &found), local("inner/.github/workflows/b.yml"));
        assert_eq!(resolve("$/.github/workflows/b.yml", &found), local("inner/.github/workflows/b.yml"));
        assert_eq!(resolve("./x/../y/", &found), local("inner/y"));
        assert_eq!(resolve("./", &found), local("inner"));
        assert_eq!(resolve("./../../etc", &found), Target::Outside);
        assert_eq!(resolve("../x", &found), Target::Outside);
        assert_eq!(resolve("acme/shop/.github/workflows/b.yml@main", &found), Target::Remote);
        assert_eq!(resolve("docker://alpine", &found), Target::Remote);
    }
}
