//! `bench`: the benchmarks, which are a workspace of their own in `bench/`.

use std::process::{Child, Stdio};

use crate::arguments::Arguments;
use crate::ledger::Ledger;
use crate::tool::Tool;
use crate::workspace::Workspace;

const BENCH: [&str; 2] = ["--manifest-path", "bench/Cargo.toml"];

/// Runs the benchmarks of one pattern, or of all; or writes the report; or checks the gates.
pub(crate) fn run(
    workspace: &Workspace,
    mut arguments: Arguments,
    ledger: &mut Ledger,
) -> Result<(), String> {
    let (versus, report, check, quick) = (
        arguments.flag("--versus"),
        arguments.flag("--report"),
        arguments.flag("--check"),
        arguments.flag("--quick"),
    );
    let (save, against) = (arguments.value("--save")?, arguments.value("--against")?);
    let pattern = arguments.word();
    arguments.finish()?;
    if !workspace.has_bench() {
        ledger.skip("bench", "there is no bench/Cargo.toml");
        return Ok(());
    }
    if check {
        gates(workspace, ledger);
        return Ok(());
    }
    if report {
        let mut binary = workspace.cargo(&["run", "--release", "--bin", "report"]);
        binary.args(BENCH).arg("--").args(pattern).args(quick.then_some("--quick"));
        ledger.run("report", &mut binary);
        return Ok(());
    }
    let mut bench = workspace.cargo(&["bench"]);
    bench.args(BENCH);
    match &pattern {
        Some(pattern) => bench.args(["--bench", pattern]),
        None => bench.arg("--benches"),
    };
    bench.arg("--").args(quick.then_some("--quick"));
    for (option, name) in [("--save-baseline", save), ("--baseline", against)] {
        if let Some(name) = name {
            bench.args([option, &name]);
        }
    }
    if !versus {
        bench.arg("^(ours|floor)/");
    }
    ledger.run(pattern.as_deref().unwrap_or("all patterns"), &mut bench);
    Ok(())
}

/// Begins to build what the gates run, in a profile and a folder that no other gate uses: the linker takes minutes there, on one core.
///
/// `None` if it could not be begun; the gates then build it themselves, and tell what is wrong.
pub(crate) fn build_ahead(workspace: &Workspace) -> Option<Child> {
    let mut build = workspace.cargo(&["build", "--release", "--bin", "check"]);
    build.args(BENCH).stdout(Stdio::null()).stderr(Stdio::null());
    if workspace.has_bench() { build.spawn().ok() } else { None }
}

/// What must hold on every machine: it builds, its own tests pass, no call allocates, and few instructions are used.
fn gates(workspace: &Workspace, ledger: &mut Ledger) {
    ledger.run("benchmarks build", workspace.cargo(&["check", "--benches"]).args(BENCH));
    ledger.run_tests("its own tests", workspace.cargo(&["test", "--lib", "--bins"]).args(BENCH));
    ledger.run("gates", workspace.cargo(&["run", "--release", "--bin", "check"]).args(BENCH));
    if !Tool::Valgrind.is_present() {
        ledger.lacks("gates: instructions", Tool::Valgrind);
    }
}
