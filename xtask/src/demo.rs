//! `demo`: the demonstration that lives in `examples/`.

use crate::arguments::Arguments;
use crate::ledger::Ledger;
use crate::workspace::Workspace;

/// Builds and runs the demo; every word goes to it.
#[expect(clippy::unnecessary_wraps, reason = "every verb has this shape")]
pub(crate) fn run(workspace: &Workspace, arguments: Arguments, ledger: &mut Ledger) -> Result<(), String> {
    if workspace.package("resil-examples").is_none() {
        ledger.skip("demo", "there is no package `resil-examples`");
        return Ok(());
    }
    // Ctrl-C is for the demo, which ends in order; this waits for it.
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGINT, std::sync::Arc::default());
    let mut demo =
        workspace.cargo(&["run", "--release", "--package", "resil-examples", "--bin", "demo", "--"]);
    ledger.run("demo", demo.args(arguments.rest()));
    Ok(())
}
