//! `lint`: clippy in every configuration that we build, and the rules of `deny.toml`.

use crate::arguments::Arguments;
use crate::ledger::Ledger;
use crate::models::Checker;
use crate::tool::Tool;
use crate::workspace::Workspace;

const DENY_WARNINGS: [&str; 3] = ["--", "-D", "warnings"];

/// Runs clippy on the workspace, on the models, and on the benchmarks; then cargo-deny.
pub(crate) fn run(workspace: &Workspace, arguments: Arguments, ledger: &mut Ledger) -> Result<(), String> {
    arguments.finish()?;
    if Tool::Clippy.is_present() {
        clippy(workspace, ledger);
    } else {
        ledger.lacks("clippy", Tool::Clippy);
    }
    if Tool::Deny.is_present() {
        // Advisories need a database from the network; the hosted workflow checks them.
        ledger.run(
            "cargo-deny",
            &mut workspace.cargo(&["deny", "--all-features", "check", "bans", "licenses", "sources"]),
        );
    } else {
        ledger.lacks("cargo-deny", Tool::Deny);
    }
    Ok(())
}

fn clippy(workspace: &Workspace, ledger: &mut Ledger) {
    let mut all = workspace.cargo(&["clippy", "--workspace", "--all-targets", "--all-features"]);
    ledger.run("clippy: workspace", all.args(DENY_WARNINGS));
    for checker in Checker::ALL {
        let step = format!("clippy: under {}", checker.name());
        let modelled: Vec<_> =
            workspace.packages.iter().filter(|package| package.has_test("models")).collect();
        if modelled.is_empty() {
            ledger.skip(&step, "no crate has a `tests/models.rs`");
            continue;
        }
        let mut command = workspace.cargo(&["clippy", "--lib", "--test", "models"]);
        for package in modelled {
            command.args(["--package", &package.name]);
        }
        ledger.run(&step, checker.configure(&mut command).args(DENY_WARNINGS));
    }
    if workspace.has_bench() {
        let mut bench = workspace.cargo(&["clippy", "--manifest-path", "bench/Cargo.toml", "--all-targets"]);
        ledger.run("clippy: bench", bench.args(DENY_WARNINGS));
    } else {
        ledger.skip("clippy: bench", "there is no bench/Cargo.toml");
    }
}
