//! Memory orderings: each one stronger than `Relaxed` is weakened in turn, and a loom model must notice.
//!
//! The weakened code lives in a copy of the tree, never in the working tree.

mod site;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use toml::Value;

use crate::artifact::Artifact;
use crate::deep::explanation::{self, Survivor};
use crate::ledger::Ledger;
use crate::models::{self, Checker};
use crate::process;
use crate::workspace::Workspace;

/// One row of the table: a file, and the packages whose models exercise it.
#[derive(Debug)]
struct Subject {
    path: String,
    models: Vec<String>,
}

/// Weakens every ordering in the files of `xtask/orderings.toml`.
pub(crate) fn run(workspace: &Workspace, ledger: &mut Ledger) -> Option<String> {
    let mut section = None;
    ledger.check("orderings", || {
        let table = workspace.table("orderings.toml")?;
        let subjects = subjects(&table)?;
        let copy = Copy::of(workspace)?;
        let (mut killed, mut survivors) = (0, Vec::new());
        for subject in &subjects {
            let outcome = copy.weaken_all(subject)?;
            killed += outcome.0;
            survivors.extend(outcome.1);
        }
        let (list, verdict) = explanation::judge(&survivors, &explanation::read(&table)?);
        let line = format!("{killed} of {} noticed", killed + survivors.len());
        let tail = if list.is_empty() { String::new() } else { format!(" Not noticed:\n\n{list}") };
        section =
            Some(format!("Each `Acquire`, `Release`, `AcqRel` and `SeqCst` made `Relaxed`: {line}.{tail}"));
        verdict.map(|()| line)
    });
    section
}

fn subjects(table: &toml::Table) -> Result<Vec<Subject>, String> {
    let rows = table.get("file").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let subject = |row: &Value| {
        let models = row.get("models")?.as_array()?;
        let models: Vec<_> = models.iter().filter_map(Value::as_str).map(String::from).collect();
        (!models.is_empty()).then_some(Subject { path: row.get("path")?.as_str()?.into(), models })
    };
    let read: Vec<_> = rows
        .iter()
        .map(|row| subject(row).ok_or(format!("cannot read {row:?}")))
        .collect::<Result<_, _>>()?;
    if read.is_empty() { Err("xtask/orderings.toml names no file".into()) } else { Ok(read) }
}

/// A copy of the tree with a target folder of its own.
#[derive(Debug)]
struct Copy {
    workspace: Workspace,
}

impl Copy {
    fn of(workspace: &Workspace) -> Result<Self, String> {
        let home = workspace.target.join("orderings");
        let root = home.join("tree");
        if root.exists() {
            std::fs::remove_dir_all(&root).map_err(|error| format!("{}: {error}", root.display()))?;
        }
        for file in files(&workspace.root)? {
            let (from, to) = (workspace.root.join(&file), root.join(&file));
            let parent = to.parent().unwrap_or(&root);
            std::fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
            std::fs::copy(&from, &to).map_err(|error| format!("{}: {error}", from.display()))?;
        }
        Ok(Self { workspace: Workspace { root, target: home.join("target"), packages: Vec::new() } })
    }

    /// Weakens each ordering of one file; returns how many were noticed, and the others.
    fn weaken_all(&self, subject: &Subject) -> Result<(usize, Vec<Survivor>), String> {
        let path = self.workspace.root.join(&subject.path);
        let original =
            std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", subject.path))?;
        let sites = site::find(&original);
        if let Some(package) = self.noticed_by(subject)? {
            return Err(format!("the models of {package} fail before anything is weakened"));
        }
        let (mut killed, mut survivors) = (0, Vec::new());
        for site in &sites {
            write(&path, &site.weakened(&original))?;
            let noticed = self.noticed_by(subject);
            write(&path, &original)?;
            if noticed?.is_some() {
                killed += 1;
                println!("   noticed      {}:{} {}", subject.path, site.line, site.what());
            } else {
                println!("   NOT NOTICED  {}:{} {}", subject.path, site.line, site.what());
                survivors.push(Survivor {
                    path: subject.path.clone(),
                    line: site.line.to_string(),
                    what: site.what(),
                });
            }
        }
        Ok((killed, survivors))
    }

    /// The first package whose models fail now.
    fn noticed_by<'a>(&self, subject: &'a Subject) -> Result<Option<&'a str>, String> {
        for package in &subject.models {
            let program = self.build(package)?;
            // A model that no longer ends has noticed, too: it ended before.
            if !models::start(&program, Checker::Loom)?.success() {
                return Ok(Some(package));
            }
        }
        Ok(None)
    }

    fn build(&self, package: &str) -> Result<Artifact, String> {
        let mut build = models::command(&self.workspace, &[package]);
        Checker::Loom.configure(&mut build).env("CARGO_TARGET_DIR", &self.workspace.target);
        models::program(&mut build, package)
    }
}

/// What git would commit: no build output, nothing private.
fn files(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut git = Command::new("git");
    git.current_dir(root).args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"]);
    let listed = process::capture(&mut git, Duration::from_secs(60))?;
    if !listed.success() {
        return Err(format!("git cannot list the files: {}", listed.stderr));
    }
    let files = listed.stdout.split('\0').filter(|file| !file.is_empty()).map(PathBuf::from);
    Ok(files.filter(|file| root.join(file).is_file()).collect())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::subjects;

    #[test]
    fn a_table_that_would_check_nothing_is_an_error() {
        let table = |text: &str| text.parse::<toml::Table>().unwrap();
        assert!(subjects(&table("")).is_err());
        assert!(subjects(&table("[[file]]\npath = \"a.rs\"")).is_err());
        assert!(subjects(&table("[[file]]\npath = \"a.rs\"\nmodels = []")).is_err());
        let good = subjects(&table("[[file]]\npath = \"a.rs\"\nmodels = [\"resil-core\"]")).unwrap();
        assert_eq!(good[0].models, ["resil-core"]);
    }
}
