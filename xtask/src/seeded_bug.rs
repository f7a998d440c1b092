//! Bugs that are put into the code on purpose: a model that does not notice its bug proves nothing.
//!
//! A bug is a `seeded_bug!("name" ..)` in a crate of ours, and a row of `xtask/seeded_bugs.toml`. The programs that were built for a
//! checker hold all of them, and put in the one that the environment names. One bug by hand:
//! `RESIL_SEEDED_BUG=name RUSTFLAGS='--cfg loom' cargo test --release -p resil-core --test models`.

use std::collections::BTreeMap;

use crate::artifact::Artifact;
use crate::models::{self, Checker};
use crate::source::Source;
use crate::stopwatch::Stopwatch;
use crate::tidy::file;
use crate::workspace::Workspace;

/// How a bug is put into the code, up to its name.
pub(crate) const CALL: &str = "seeded_bug!(";

/// What names the bug to a program that was built for a checker.
pub(crate) const CHOICE: &str = "RESIL_SEEDED_BUG";

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SeededBug {
    /// The package whose models must notice.
    package: String,
    name: String,
    /// The models that must fail, each by itself.
    caught_by: Vec<String>,
    /// The checkers that can see it: shuttle knows nothing of weak memory.
    checkers: Vec<String>,
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

/// Runs the models that must notice each bug that `checker` can see. The programs are those of each package.
pub(crate) fn run(
    programs: &BTreeMap<String, Artifact>,
    checker: Checker,
    bugs: &[SeededBug],
) -> Result<String, String> {
    let mut missed = Vec::new();
    let mut caught = 0;
    for bug in bugs.iter().filter(|bug| bug.checkers.iter().any(|name| name == checker.name())) {
        let SeededBug { package, name, .. } = bug;
        let program = programs.get(package).ok_or(format!("{name}: {package} has no `tests/models.rs`"))?;
        let models = models::names(program)?;
        for model in &bug.caught_by {
            if !models.contains(model) {
                return Err(format!("{name}: {package} has no model `{model}`"));
            }
            let watch = Stopwatch::start();
            match models::start_with(program, checker, name, model)?.status {
                Some(status) if !status.success() => {
                    caught += 1;
                    println!("   {name:34} {:5.1} s  caught by {model}", watch.elapsed().as_secs_f64());
                }
                Some(_) => missed.push(format!("{name}: {model} passes in spite of it")),
                None => missed.push(format!("{name}: {model} does not end")),
            }
        }
    }
    if missed.is_empty() { Ok(format!("{caught} caught")) } else { Err(missed.join("\n")) }
}

/// Every bug of the table must stand in the code that its models run, and every one of the code in the table: one that is misspelt
/// would never be put in.
pub(crate) fn compare(workspace: &Workspace, bugs: &[SeededBug]) -> Result<String, String> {
    let files = file::read_all(&workspace.root)?;
    let mut seeded = Vec::new();
    for file in files.iter().filter(|file| file.is_counted_source()) {
        let path = workspace.root.join(&file.path);
        if let Some(package) = workspace.packages.iter().find(|package| path.starts_with(&package.folder)) {
            seeded.extend(names(&file.text).into_iter().map(|name| (package.name.as_str(), name)));
        }
    }
    let runs = |package: &str, other: &str| {
        package == other
            || workspace.package(package).is_some_and(|it| it.dependencies.iter().any(|d| d.name == other))
    };
    let differences = differences(bugs, &seeded, runs);
    if differences.is_empty() { Ok(format!("{} bugs", bugs.len())) } else { Err(differences.join("\n")) }
}

/// The names of the bugs in a file.
fn names(text: &str) -> Vec<&str> {
    let code = Source::read(text).code;
    let calls = code.match_indices(CALL);
    // A string is blank in the code.
    let name =
        |(at, call): (usize, &str)| text[at + call.len()..].trim_start().strip_prefix('"')?.split('"').next();
    calls.filter_map(name).collect()
}

/// What is only in the table, or only in the code. `runs` says whether a package's models run the code of another.
fn differences(
    bugs: &[SeededBug],
    seeded: &[(&str, &str)],
    runs: impl Fn(&str, &str) -> bool,
) -> Vec<String> {
    let fits =
        |bug: &SeededBug, (package, name): (&str, &str)| bug.name == name && runs(&bug.package, package);
    let unseeded = bugs.iter().filter(|bug| !seeded.iter().any(|place| fits(bug, *place)));
    let unlisted = seeded.iter().filter(|place| !bugs.iter().any(|bug| fits(bug, **place)));
    unseeded
        .map(|bug| format!("{}: {} stands nowhere in the code that its models run", bug.package, bug.name))
        .chain(unlisted.map(|(package, name)| format!("{package}: {name} is not in xtask/seeded_bugs.toml")))
        .collect()
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
    use super::{cover, differences, names, read};

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

    #[test]
    fn bugs_are_found_in_code_alone() {
        let text = "fn f() {\n    // seeded_bug!(\"a\")\n    seeded_bug!(\"b\" => { return });\n    \
            if seeded_bug!(\n    \"c\") { g(\"seeded_bug!(d)\") }\n}\nmacro_rules! seeded_bug { () => {} }\n";
        assert_eq!(names(text), ["b", "c"]);
    }

    #[test]
    fn a_bug_that_would_never_be_put_in_is_named() {
        let bugs = read(&table("[[bug]]\ncrate = \"a\"\nname = \"b\"\ncaught_by = [\"m\"]")).unwrap();
        let runs = |package: &str, other: &str| package == other || other == "core";
        let differences = |seeded: &[(&str, &str)]| differences(&bugs, seeded, runs);
        assert!(differences(&[("a", "b")]).is_empty());
        assert!(differences(&[("core", "b"), ("core", "b")]).is_empty());
        assert!(differences(&[])[0].starts_with("a: b stands nowhere"));
        let both = differences(&[("c", "b")]);
        assert!(both[0].starts_with("a: b stands") && both[1].starts_with("c: b is not in"), "{both:?}");
        assert!(differences(&[("a", "b"), ("a", "c")])[0].starts_with("a: c is not in"));
    }
}
