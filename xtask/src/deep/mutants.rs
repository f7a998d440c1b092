//! The machines under mutation: cargo-mutants changes one thing at a time, and a test must fail.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

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
        let score = mutate(workspace, &table, &files(workspace, &table)?)?;
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

/// Mutates `files`, crate by crate: first under the crate's quick tests, then what these let live under all of its tests.
fn mutate(workspace: &Workspace, table: &toml::Table, files: &[String]) -> Result<Score, String> {
    let mut packages: Vec<_> = files.iter().filter_map(|file| file.split('/').nth(1)).collect();
    packages.dedup();
    let mut all = Score { caught: 0, unviable: 0, survivors: Vec::new() };
    for package in packages {
        let of_package = format!("crates/{package}/");
        let files: Vec<_> = files.iter().filter(|file| file.starts_with(&of_package)).collect();
        let quick = quick(table, package)?;
        let mut tried = Tried::open(workspace, package)?;
        let passes = [Some(quick.as_slice()), None];
        let skipped = if tried.is_complete() { passes.len() } else { usize::from(quick.is_empty()) };
        for (pass, tests) in passes.into_iter().enumerate().skip(skipped) {
            if pass > 0 && !quick.is_empty() && tried.list("missed.txt")?.is_empty() {
                break;
            }
            let mut mutants = command(workspace, &files, tests);
            mutants.arg("--output").arg(&tried.folder);
            if tried.has_run() {
                mutants.arg("--iterate");
            }
            if let Some(tests) = tests {
                mutants.arg("--").args(tests);
            }
            println!("   $ {}", process::line(&mutants));
            // 2 and 3: some were missed or overran, which the lists tell; anything else is a run that proved nothing.
            let status = mutants.status().map_err(|error| process::could_not_start(&mutants, &error))?;
            if !matches!(status.code(), Some(0 | 2 | 3)) {
                return Err(format!("cargo-mutants could not do its work: {status}"));
            }
            tried.gather()?;
        }
        tried.complete()?;
        all.caught += tried.caught.len();
        all.unviable += tried.unviable.len();
        let missed = tried.list("missed.txt")?;
        let missed = missed.iter().filter(|line| !tried.caught.contains(*line));
        all.survivors.extend(missed.filter_map(|line| survivor(line)));
    }
    Ok(all)
}

/// The arguments that choose the quick tests of `package`.
fn quick(table: &toml::Table, package: &str) -> Result<Vec<String>, String> {
    let Some(quick) = table.get("quick").and_then(|quick| quick.get(package)) else { return Ok(Vec::new()) };
    let words = quick.as_array().ok_or(format!("xtask/mutants.toml: quick.{package} is no list"))?;
    Ok(words.iter().filter_map(toml::Value::as_str).map(String::from).collect())
}

fn command(workspace: &Workspace, files: &[&String], tests: Option<&[String]>) -> Command {
    let mut mutants = workspace.cargo(&["mutants", "--all-features", "--no-shuffle", "--colors", "never"]);
    for file in files {
        mutants.args(["--file", file]);
    }
    if Tool::Nextest.is_present() {
        mutants.args(["--test-tool", "nextest"]);
    }
    if tests.is_some() {
        mutants.env("PROPTEST_CASES", "64");
    }
    // Each mutant is built in a copy of the tree. In a folder that both share, cargo would take what it built from the
    // mutant for what it would build from the tree.
    mutants.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_BUILD_TARGET_DIR");
    mutants
}

/// What is known of the mutants of a package. A run that was stopped goes on where it was, while the sources are the same.
struct Tried {
    folder: PathBuf,
    /// The name that git gives to the package, tests included, if it is as it was committed.
    package: Option<String>,
    caught: BTreeSet<String>,
    unviable: BTreeSet<String>,
}

impl Tried {
    fn open(workspace: &Workspace, package: &str) -> Result<Self, String> {
        let folder = workspace.target.join("mutants").join(package);
        let explain = |error: std::io::Error| format!("{}: {error}", folder.display());
        let stamp = folder.join("sources.txt");
        let sources = name(workspace, &format!("crates/{package}/src"))?;
        if sources.is_none() || std::fs::read_to_string(&stamp).ok() != sources {
            if folder.is_dir() {
                std::fs::remove_dir_all(&folder).map_err(explain)?;
            }
            std::fs::create_dir_all(&folder).map_err(explain)?;
            std::fs::write(&stamp, sources.unwrap_or_default()).map_err(explain)?;
        }
        let package = name(workspace, &format!("crates/{package}"))?;
        let mut tried = Self { folder, package, caught: BTreeSet::new(), unviable: BTreeSet::new() };
        tried.gather()?;
        Ok(tried)
    }

    fn has_run(&self) -> bool {
        self.folder.join("mutants.out").is_dir()
    }

    /// Whether every pass has been made over this very package, so that its lists stand.
    fn is_complete(&self) -> bool {
        let last = std::fs::read_to_string(self.folder.join("complete.txt")).ok();
        self.package.is_some() && last == self.package
    }

    fn complete(&self) -> Result<(), String> {
        let path = self.folder.join("complete.txt");
        let stamp = self.package.as_deref().unwrap_or_default();
        std::fs::write(&path, stamp).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Adds what the last pass found to what is known, and keeps it, as the next pass begins its lists anew.
    fn gather(&mut self) -> Result<(), String> {
        // An endless loop is a difference that a test noticed.
        let found = [self.list("caught.txt")?, self.list("timeout.txt")?].concat();
        self.caught.extend(kept(&self.folder.join("caught.txt"), found)?);
        let found = self.list("unviable.txt")?;
        self.unviable.extend(kept(&self.folder.join("unviable.txt"), found)?);
        Ok(())
    }

    /// A list of the last pass.
    fn list(&self, name: &str) -> Result<Vec<String>, String> {
        if self.has_run() { list(&self.folder.join("mutants.out").join(name)) } else { Ok(Vec::new()) }
    }
}

/// The lines of the file at `path` and those that were `found`, which are added to it.
fn kept(path: &Path, found: Vec<String>) -> Result<BTreeSet<String>, String> {
    let old = if path.is_file() { list(path)? } else { Vec::new() };
    let all: BTreeSet<_> = old.into_iter().chain(found).collect();
    let text: String = all.iter().flat_map(|line| [line, "\n"]).collect();
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(all)
}

/// The name that git gives to what is at `path`, if it is as it was committed.
fn name(workspace: &Workspace, path: &str) -> Result<Option<String>, String> {
    let git = |words: &[&str]| {
        let mut git = Command::new("git");
        process::capture(git.current_dir(&workspace.root).args(words), Duration::from_secs(60))
    };
    let changes = git(&["status", "--porcelain", "--", path])?;
    let name = git(&["rev-parse", &format!("HEAD:{path}")])?;
    let is_known = changes.success() && changes.stdout.is_empty() && name.success();
    Ok(is_known.then_some(name.stdout))
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
