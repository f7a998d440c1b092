//! The machines under mutation: cargo-mutants changes one thing at a time, and a test must fail.

use std::path::Path;

use crate::deep::explanation::{self, Survivor};
use crate::ledger::Ledger;
use crate::process;
use crate::tool::Tool;
use crate::workspace::Workspace;

/// Counts of one run.
#[derive(Debug)]
struct Score {
    caught: usize,
    unviable: usize,
    survivors: Vec<Survivor>,
}

/// Mutates the files of `xtask/mutants.toml`.
pub(crate) fn run(workspace: &Workspace, ledger: &mut Ledger) -> Option<String> {
    if !Tool::Mutants.is_present() {
        ledger.lacks("mutants", Tool::Mutants);
        return None;
    }
    let mut section = None;
    ledger.check("mutants", || {
        let table = workspace.table("mutants.toml")?;
        let score = mutate(workspace, &files(workspace, &table)?)?;
        let (list, verdict) = explanation::judge(&score.survivors, &explanation::read(&table)?);
        section = Some(score.section(&list));
        verdict.map(|()| score.line())
    });
    section
}

fn files(workspace: &Workspace, table: &toml::Table) -> Result<Vec<String>, String> {
    let files = table.get("files").and_then(toml::Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let files: Vec<_> = files.iter().filter_map(toml::Value::as_str).map(String::from).collect();
    if let Some(gone) = files.iter().find(|file| !workspace.root.join(file).is_file()) {
        return Err(format!("xtask/mutants.toml: there is no {gone}"));
    }
    if files.is_empty() { Err("xtask/mutants.toml names no file".into()) } else { Ok(files) }
}

fn mutate(workspace: &Workspace, files: &[String]) -> Result<Score, String> {
    let output = workspace.target.join("mutants");
    std::fs::create_dir_all(&output).map_err(|error| format!("{}: {error}", output.display()))?;
    let mut mutants =
        workspace.cargo(&["mutants", "--all-features", "--no-shuffle", "--colors", "never", "--output"]);
    mutants.arg(&output);
    for file in files {
        mutants.args(["--file", file]);
    }
    if Tool::Nextest.is_present() {
        mutants.args(["--test-tool", "nextest"]);
    }
    // Each mutant is built in a copy of the tree. In a folder that both share, cargo would take what it built from the
    // mutant for what it would build from the tree.
    mutants.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_BUILD_TARGET_DIR");
    println!("   $ {}", process::line(&mutants));
    // 2 and 3: some were missed or overran, which the lists tell; anything else is a run that proved nothing.
    let status = mutants.status().map_err(|error| process::could_not_start(&mutants, &error))?;
    if !matches!(status.code(), Some(0 | 2 | 3)) {
        return Err(format!("cargo-mutants could not do its work: {status}"));
    }
    let list = |name: &str| list(&output.join("mutants.out").join(name));
    // An endless loop is a difference that a test noticed.
    let caught = list("caught.txt")?.len() + list("timeout.txt")?.len();
    let survivors = list("missed.txt")?.iter().filter_map(|line| survivor(line)).collect();
    Ok(Score { caught, unviable: list("unviable.txt")?.len(), survivors })
}

fn list(path: &Path) -> Result<Vec<String>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text.lines().filter(|line| !line.is_empty()).map(String::from).collect())
}

/// Reads `src/a.rs:12:5: replace f -> bool with true`.
fn survivor(line: &str) -> Option<Survivor> {
    let (place, what) = line.split_once(": ")?;
    let mut place = place.splitn(3, ':');
    Some(Survivor { path: place.next()?.into(), line: place.next()?.into(), what: what.into() })
}

impl Score {
    fn line(&self) -> String {
        let (caught, all) = (self.caught, self.caught + self.survivors.len());
        let per_mille = (caught * 1_000).checked_div(all).unwrap_or_default();
        format!("{caught} of {all} caught: {}.{} %", per_mille / 10, per_mille % 10)
    }

    fn section(&self, list: &str) -> String {
        let survivors = if list.is_empty() { "None survived." } else { "Survivors:" };
        format!("{} ({} more did not compile). {survivors}\n\n{list}", self.line(), self.unviable)
    }
}

#[cfg(test)]
mod tests {
    use super::{Score, survivor};

    #[test]
    fn a_survivor_is_found_again_when_its_line_moves() {
        let found = survivor("crates/a/src/b.rs:12:5: replace B::f -> Result<(), E> with Ok(())").unwrap();
        assert_eq!((found.path.as_str(), found.line.as_str()), ("crates/a/src/b.rs", "12"));
        assert_eq!(found.what, "replace B::f -> Result<(), E> with Ok(())");
    }

    #[test]
    fn the_score_is_of_those_that_compile() {
        let survivors = vec![survivor("a.rs:1:1: x").unwrap()];
        assert_eq!(Score { caught: 7, unviable: 9, survivors }.line(), "7 of 8 caught: 87.5 %");
    }
}
