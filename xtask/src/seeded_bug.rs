//! Bugs that are put into the code on purpose: a model that does not notice its bug proves nothing.
//!
//! A bug is a `#[cfg(seeded_bug = "name")]` in a crate of ours, and a row of `xtask/seeded_bugs.toml`. To set the `cfg`
//! for our crates alone, so that no dependency is built again, cargo is given a copy of this program as its
//! `RUSTC_WORKSPACE_WRAPPER`; the copy's folder names the bug. One bug by hand:
//! `RUSTFLAGS='--cfg loom --cfg seeded_bug="name"' cargo test --release -p resil-core --test models`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::artifact::Artifact;
use crate::models::{self, Checker};
use crate::workspace::Workspace;

const WRAPPER: &str = "rustc-with-bug";

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SeededBug {
    /// The package whose models must notice.
    package: String,
    name: String,
    /// The models that must fail, each by itself.
    caught_by: Vec<String>,
    /// The checkers that can see it: shuttle knows nothing of weak memory.
    pub(crate) checkers: Vec<String>,
}

/// Acts as the compiler when this program was started as a wrapper; `None` when it was not.
pub(crate) fn compile_with_bug() -> Option<ExitCode> {
    let program = std::env::current_exe().ok()?;
    if program.file_stem()? != WRAPPER {
        return None;
    }
    let bug = program.parent()?.file_name()?.to_str()?;
    let mut words = std::env::args_os().skip(1);
    let mut rustc = Command::new(words.next()?);
    let status = rustc.args(words).args(["--cfg", &format!("seeded_bug=\"{bug}\"")]).status().ok()?;
    Some(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads the rows of the table.
pub(crate) fn read(table: &toml::Table) -> Result<Vec<SeededBug>, String> {
    let rows = table.get("bug").and_then(toml::Value::as_array).map(Vec::as_slice).unwrap_or_default();
    rows.iter().map(SeededBug::from_row).collect()
}

impl SeededBug {
    fn from_row(row: &toml::Value) -> Result<Self, String> {
        let text = |key: &str| {
            row.get(key)
                .and_then(toml::Value::as_str)
                .map(String::from)
                .ok_or(format!("no `{key}` in {row:?}"))
        };
        let texts = |key: &str| -> Option<Vec<String>> {
            row.get(key)?.as_array()?.iter().map(|value| value.as_str().map(String::from)).collect()
        };
        let caught_by = texts("caught_by").filter(|models| !models.is_empty());
        let checkers =
            texts("checkers").unwrap_or_else(|| Checker::ALL.map(|c| c.name().to_owned()).to_vec());
        if checkers.is_empty() || checkers.iter().any(|name| Checker::ALL.iter().all(|c| c.name() != name)) {
            return Err(format!("`checkers` names none, or one that is not known, in {row:?}"));
        }
        Ok(Self {
            package: text("crate")?,
            name: text("name")?,
            caught_by: caught_by.ok_or(format!("no `caught_by` in {row:?}"))?,
            checkers,
        })
    }
}

/// Builds each bug that `checker` can see and runs the models that must notice it.
pub(crate) fn run(workspace: &Workspace, checker: Checker, bugs: &[SeededBug]) -> Result<String, String> {
    let mut missed = Vec::new();
    let mut caught = 0;
    for bug in bugs.iter().filter(|bug| bug.checkers.iter().any(|name| name == checker.name())) {
        let program = build(workspace, checker, bug)?;
        let models = models::names(&program)?;
        for model in &bug.caught_by {
            if !models.contains(model) {
                return Err(format!("{}: {} has no model `{model}`", bug.name, bug.package));
            }
            match models::start(&program, checker, Some(model))?.status {
                Some(status) if !status.success() => {
                    caught += 1;
                    println!("   {:40} caught by {model}", bug.name);
                }
                Some(_) => missed.push(format!("{}: {model} passes in spite of it", bug.name)),
                None => missed.push(format!("{}: {model} does not end", bug.name)),
            }
        }
    }
    if missed.is_empty() { Ok(format!("{caught} caught")) } else { Err(missed.join("\n")) }
}

fn build(workspace: &Workspace, checker: Checker, bug: &SeededBug) -> Result<Artifact, String> {
    let wrapper = wrapper(&workspace.target, &bug.name)?;
    let mut build = models::command(workspace, &[&bug.package]);
    models::program(checker.configure(&mut build).env("RUSTC_WORKSPACE_WRAPPER", wrapper), &bug.package)
}

/// A copy of this program in a folder that is named after the bug.
fn wrapper(target: &Path, bug: &str) -> Result<PathBuf, String> {
    let folder = target.join("xtask/seeded").join(bug);
    let copy = folder.join(format!("{WRAPPER}{}", std::env::consts::EXE_SUFFIX));
    let explain = |error: std::io::Error| format!("{}: {error}", copy.display());
    std::fs::create_dir_all(&folder).map_err(explain)?;
    std::fs::copy(std::env::current_exe().map_err(explain)?, &copy).map_err(explain)?;
    Ok(copy)
}

/// Every model must be shown to catch something.
pub(crate) fn cover(models: &[(String, String)], bugs: &[SeededBug]) -> Result<String, String> {
    let bare: Vec<_> = models
        .iter()
        .filter(|(package, model)| {
            !bugs.iter().any(|bug| bug.package == *package && bug.caught_by.contains(model))
        })
        .map(|(package, model)| format!("{package}: {model} catches no bug of xtask/seeded_bugs.toml"))
        .collect();
    if bare.is_empty() { Ok(format!("{} models", models.len())) } else { Err(bare.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::{cover, read};

    fn table(text: &str) -> toml::Table {
        text.parse().unwrap()
    }

    #[test]
    fn rows_are_read_and_both_checkers_are_the_default() {
        let bugs = read(&table("[[bug]]\ncrate = \"a\"\nname = \"b\"\ncaught_by = [\"m\"]")).unwrap();
        assert_eq!(bugs.len(), 1);
        assert_eq!(bugs[0].checkers, ["loom", "shuttle"]);
    }

    #[test]
    fn a_row_that_would_check_nothing_is_an_error() {
        assert!(read(&table("[[bug]]\nname = \"b\"\ncaught_by = [\"m\"]")).is_err());
        assert!(read(&table("[[bug]]\ncrate = \"a\"\nname = \"b\"\ncaught_by = []")).is_err());
        assert!(
            read(&table("[[bug]]\ncrate = \"a\"\nname = \"b\"\ncaught_by = [\"m\"]\ncheckers = [\"lom\"]"))
                .is_err()
        );
        assert!(
            read(&table("[[bug]]\ncrate = \"a\"\nname = \"b\"\ncaught_by = [\"m\"]\ncheckers = []")).is_err()
        );
    }

    #[test]
    fn a_model_without_a_bug_is_named() {
        let bugs = read(&table("[[bug]]\ncrate = \"a\"\nname = \"b\"\ncaught_by = [\"m\"]")).unwrap();
        let model = |package: &str, name: &str| (package.to_owned(), name.to_owned());
        assert!(cover(&[model("a", "m")], &bugs).is_ok());
        assert!(cover(&[model("a", "m"), model("a", "n")], &bugs).unwrap_err().contains("a: n"));
        assert!(cover(&[model("c", "m")], &bugs).unwrap_err().contains("c: m"));
    }
}
