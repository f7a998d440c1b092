//! Instructions and allocations per call, which are the same on every run.

use std::time::Duration;

use crate::ledger::Ledger;
use crate::process;
use crate::tool::Tool;
use crate::workspace::Workspace;

/// Runs the gates of the benchmarks, and keeps what they print.
pub(crate) fn run(workspace: &Workspace, ledger: &mut Ledger) -> Option<String> {
    if !workspace.has_bench() {
        ledger.skip("instructions", "there is no bench/Cargo.toml");
        return None;
    }
    if !Tool::Valgrind.is_present() {
        ledger.lacks("instructions", Tool::Valgrind);
        return None;
    }
    let mut section = None;
    ledger.check("instructions", || {
        let mut gates =
            workspace.cargo(&["run", "--release", "--manifest-path", "bench/Cargo.toml", "--bin", "check"]);
        println!("   $ {}", process::line(&gates));
        let seen = process::capture(&mut gates, Duration::from_secs(3_600))?;
        print!("{}", seen.stdout);
        if !seen.success() {
            return Err(seen.output());
        }
        section = Some(format!("```text\n{}\n```", seen.stdout.trim()));
        Ok(String::new())
    });
    section
}
