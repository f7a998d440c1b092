//! The model checkers: each `tests/models.rs` under loom and under shuttle, and the bugs that it must catch.

use std::collections::BTreeMap;
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

/// Runs every model under each checker, then once more for each seeded bug that the checker can see.
pub(crate) fn run(workspace: &Workspace, ledger: &mut Ledger) -> Result<(), String> {
    let bugs = seeded_bug::read(&workspace.table("seeded_bugs.toml")?)?;
    ledger.check("seeded bugs", || seeded_bug::compare(workspace, &bugs));
    let packages = packages(workspace);
    let mut models = Vec::new();
    for checker in Checker::ALL {
        let step = format!("models: {}", checker.name());
        if packages.is_empty() {
            ledger.skip(&step, "no crate has a `tests/models.rs`");
            continue;
        }
        let mut command = command(workspace, &packages);
        ledger.run_tests(&step, checker.configure(&mut command).arg("--no-fail-fast"));
        let step = format!("seeded bugs: {}", checker.name());
        ledger.check(&step, || {
            let programs = by_package(workspace, checker, &packages)?;
            models.extend(list(&programs)?);
            seeded_bug::run(&programs, checker, &bugs)
        });
    }
    if !packages.is_empty() {
        models.sort();
        models.dedup();
        ledger.check("each model catches a bug", || seeded_bug::cover(&models, &bugs));
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

/// The program of each package, as the models have just been run: with other packages they would have other features, and be built
/// anew.
fn by_package(
    workspace: &Workspace,
    checker: Checker,
    packages: &[&str],
) -> Result<BTreeMap<String, Artifact>, String> {
    let programs = programs(checker.configure(&mut command(workspace, packages)))?;
    let named = |program: Artifact| {
        let package = workspace.packages.iter().find(|package| package.folder == program.folder);
        let package = package.ok_or(format!("{} is in no package", program.folder.display()))?;
        Ok((package.name.clone(), program))
    };
    programs.into_iter().map(named).collect()
}

/// Each model, as package and name.
fn list(programs: &BTreeMap<String, Artifact>) -> Result<Vec<(String, String)>, String> {
    let mut models = Vec::new();
    for (package, program) in programs {
        models.extend(names(program)?.into_iter().map(|name| (package.clone(), name)));
    }
    Ok(models)
}

/// The tests in a test program.
pub(crate) fn names(program: &Artifact) -> Result<Vec<String>, String> {
    let listed = process::capture(Command::new(&program.program).arg("--list"), LIMIT)?;
    Ok(listed.stdout.lines().filter_map(|line| line.strip_suffix(": test")).map(String::from).collect())
}

/// Runs all models of a program that was built for `checker`.
pub(crate) fn start(program: &Artifact, checker: Checker) -> Result<Capture, String> {
    process::capture(&mut start_command(program, checker), LIMIT)
}

/// Runs one model of such a program, with a bug put in.
pub(crate) fn start_with(
    program: &Artifact,
    checker: Checker,
    bug: &str,
    model: &str,
) -> Result<Capture, String> {
    let mut run = start_command(program, checker);
    process::capture(run.env(seeded_bug::CHOICE, bug).args([model, "--exact"]), LIMIT)
}

fn start_command(program: &Artifact, checker: Checker) -> Command {
    let mut run = Command::new(&program.program);
    run.current_dir(&program.folder).env("RUST_BACKTRACE", "0").arg("--test-threads=1");
    checker.configure(&mut run);
    run
}
