//! The model checkers: each `tests/models.rs` under loom and under shuttle, and the bugs that it must catch.

use std::process::Command;
use std::time::Duration;

use crate::artifact::{self, Artifact};
use crate::ledger::Ledger;
use crate::process::{self, Capture};
use crate::seeded_bug;
use crate::workspace::Workspace;

/// A bug may make a model run for ever; a sound model ends in seconds.
const LIMIT: Duration = Duration::from_secs(300);

/// A program that tries the interleavings of a concurrent test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checker {
    /// Knows weak memory; tries all interleavings up to a number of preemptions.
    Loom,
    /// Knows only the order of steps; tries many at random.
    Shuttle,
}

impl Checker {
    pub(crate) const ALL: [Self; 2] = [Self::Loom, Self::Shuttle];

    /// Its name, which is also the `cfg` that switches it on.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Loom => "loom",
            Self::Shuttle => "shuttle",
        }
    }

    /// Switches it on for a build, and bounds it for a run.
    pub(crate) fn configure(self, command: &mut Command) -> &mut Command {
        let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
        command.env("RUSTFLAGS", format!("{flags} --cfg {}", self.name()).trim());
        if self == Self::Loom && std::env::var_os("LOOM_MAX_PREEMPTIONS").is_none() {
            command.env("LOOM_MAX_PREEMPTIONS", "2");
        }
        // So that what a model has to have seen does not depend on luck.
        if self == Self::Shuttle && std::env::var_os("SHUTTLE_RANDOM_SEED").is_none() {
            command.env("SHUTTLE_RANDOM_SEED", "1");
        }
        command
    }
}

/// Runs every model under each checker, then once more for each seeded bug, which is to be caught by one checker or by all that can.
pub(crate) fn run(workspace: &Workspace, each_bug_once: bool, ledger: &mut Ledger) -> Result<(), String> {
    let mut bugs = seeded_bug::read(&workspace.table("seeded_bugs.toml")?)?;
    if each_bug_once {
        for bug in &mut bugs {
            bug.checkers.truncate(1);
        }
    }
    let packages = packages(workspace);
    for checker in Checker::ALL {
        let step = format!("models: {}", checker.name());
        if packages.is_empty() {
            ledger.skip(&step, "no crate has a `tests/models.rs`");
            continue;
        }
        let mut command = command(workspace, &packages);
        ledger.run_tests(&step, checker.configure(&mut command).arg("--no-fail-fast"));
        let step = format!("seeded bugs: {}", checker.name());
        ledger.check(&step, || seeded_bug::run(workspace, checker, &bugs));
    }
    if !packages.is_empty() {
        ledger.check("each model catches a bug", || seeded_bug::cover(&list(workspace, &packages)?, &bugs));
    }
    Ok(())
}

/// The packages that have models.
fn packages(workspace: &Workspace) -> Vec<&str> {
    workspace.packages.iter().filter(|package| package.has_test("models")).map(|p| p.name.as_str()).collect()
}

/// `cargo test` for the models of these packages.
pub(crate) fn command(workspace: &Workspace, packages: &[&str]) -> Command {
    let mut command = workspace.cargo(&["test", "--release", "--test", "models"]);
    for package in packages {
        command.args(["--package", package]);
    }
    command
}

/// Builds what [`command`] tests, and runs none of it: a program for each package, without the binaries that tests bring with them.
pub(crate) fn programs(command: &mut Command) -> Result<Vec<Artifact>, String> {
    let mut built = artifact::build(command.arg("--no-run"))?;
    built.retain(|program| program.name == "models");
    Ok(built)
}

/// Builds the models of one package, as [`programs`] does.
pub(crate) fn program(command: &mut Command, package: &str) -> Result<Artifact, String> {
    programs(command)?.into_iter().next().ok_or(format!("{package} has no `tests/models.rs`"))
}

/// Each model under each checker, as package and name.
fn list(workspace: &Workspace, packages: &[&str]) -> Result<Vec<(String, String)>, String> {
    let mut models = Vec::new();
    for checker in Checker::ALL {
        // The build that has just run the models: with other packages it would have other features, and start anew.
        let mut build = command(workspace, packages);
        for program in programs(checker.configure(&mut build))? {
            let package = workspace.packages.iter().find(|package| package.folder == program.folder);
            let package = package.ok_or(format!("{} is in no package", program.folder.display()))?;
            models.extend(names(&program)?.into_iter().map(|name| (package.name.clone(), name)));
        }
    }
    models.sort();
    models.dedup();
    Ok(models)
}

/// The tests in a test program.
pub(crate) fn names(program: &Artifact) -> Result<Vec<String>, String> {
    let listed = process::capture(Command::new(&program.program).arg("--list"), LIMIT)?;
    Ok(listed.stdout.lines().filter_map(|line| line.strip_suffix(": test")).map(String::from).collect())
}

/// Runs one model, or all where none is named, of a program that was built for `checker`.
pub(crate) fn start(program: &Artifact, checker: Checker, model: Option<&str>) -> Result<Capture, String> {
    let mut run = Command::new(&program.program);
    run.current_dir(&program.folder).env("RUST_BACKTRACE", "0").arg("--test-threads=1");
    if let Some(model) = model {
        run.args([model, "--exact"]);
    }
    process::capture(checker.configure(&mut run), LIMIT)
}
