//! The files of the project, and which rule looks at which.

use std::path::{Path, PathBuf};

/// A text file of the project.
#[derive(Debug)]
pub(crate) struct File {
    /// From the root, with `/` between the parts.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The root itself, so that links can be followed.
    pub(crate) root: PathBuf,
}

impl File {
    /// A file that is on no disk.
    #[cfg(test)]
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into(), root: PathBuf::from("/nowhere") }
    }

    /// Whose length is limited.
    pub(crate) fn is_counted_source(&self) -> bool {
        self.is_rust() && (self.path.starts_with("xtask/src/") || self.is_in_crate("src"))
    }

    pub(crate) fn is_example(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.is_rust() && self.path.starts_with("examples/") && crate::examples::is_numbered(name)
    }

    pub(crate) fn is_library_root(&self) -> bool {
        self.is_in_crate("src") && self.path.ends_with("/src/lib.rs")
    }

    /// Code and tests of the published crates.
    pub(crate) fn is_library_code(&self) -> bool {
        self.is_rust() && self.path.starts_with("crates/")
    }

    pub(crate) fn is_crate_readme(&self) -> bool {
        self.path.starts_with("crates/")
            && self.path.split('/').count() == 3
            && self.path.ends_with("/README.md")
    }

    /// The manifest of a member; the benchmarks are a workspace of their own.
    pub(crate) fn is_member_manifest(&self) -> bool {
        self.path.ends_with("/Cargo.toml") && !self.path.starts_with("bench/")
    }

    pub(crate) fn is_markdown(&self) -> bool {
        self.has_end("md")
    }

    /// Pages and workflows.
    pub(crate) fn is_read_by_people(&self) -> bool {
        self.is_markdown() || self.has_end("yml")
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.has_end("rs")
    }

    /// Every file that was read at all.
    pub(crate) fn is_text(&self) -> bool {
        !self.path.is_empty()
    }

    /// Whether it is a test, or an integration test's helper.
    pub(crate) fn is_test(&self) -> bool {
        self.is_in_crate("tests")
    }

    fn is_in_crate(&self, folder: &str) -> bool {
        self.path.starts_with("crates/") && self.path.split('/').nth(2) == Some(folder)
    }

    fn has_end(&self, end: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == end)
    }
}

/// Reads every text file below `root`, but for what was built.
pub(crate) fn read_all(root: &Path) -> Result<Vec<File>, String> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                if name != "target" && name != ".git" && !name.starts_with("mutants.out") {
                    folders.push(path);
                }
            } else if path
                .extension()
                .is_some_and(|end| ["rs", "toml", "md", "yml"].iter().any(|known| end == *known))
            {
                let text =
                    std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                let shown = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                files.push(File { path: shown, text, root: root.to_path_buf() });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::{File, read_all};

    fn is(path: &str, applies: fn(&File) -> bool) -> bool {
        applies(&File::new(path, ""))
    }

    #[test]
    fn each_rule_sees_the_files_that_it_is_for() {
        assert!(is("crates/a/src/b/c.rs", File::is_counted_source));
        assert!(is("xtask/src/main.rs", File::is_counted_source));
        assert!(!is("crates/a/tests/api.rs", File::is_counted_source));
        assert!(is("examples/01_a.rs", File::is_example));
        assert!(!is("examples/demo/main.rs", File::is_example));
        assert!(is("crates/a/src/lib.rs", File::is_library_root));
        assert!(!is("docs/lib.rs", File::is_library_root));
        assert!(is("crates/a/README.md", File::is_crate_readme));
        assert!(!is("README.md", File::is_crate_readme));
        assert!(is("docs/Cargo.toml", File::is_member_manifest));
        assert!(
            !is("Cargo.toml", File::is_member_manifest) && !is("bench/Cargo.toml", File::is_member_manifest)
        );
        assert!(is("crates/a/tests/api.rs", File::is_test) && !is("crates/a/src/tests.rs", File::is_test));
    }

    #[test]
    fn this_very_file_is_found() {
        let files = read_all(std::path::Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(
            files.iter().any(|file| file.path == "src/tidy/file.rs" && file.text.contains("this_very_file"))
        );
    }
}
