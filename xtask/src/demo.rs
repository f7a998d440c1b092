//! `demo`: the demonstration that lives in `examples/`.

use crate::arguments::Arguments;
use crate::ledger::Ledger;
use crate::workspace::Workspace;

/// Builds and runs the demo; every word goes to it but `--dev`, which takes the build that tests have made already.
#[expect(clippy::unnecessary_wraps, reason = "every verb has this shape")]
pub(crate) fn run(
    workspace: &Workspace,
    mut arguments: Arguments,
    ledger: &mut Ledger,
) -> Result<(), String> {
    let profile = if arguments.flag("--dev") { "dev" } else { "release" };
    if workspace.package("resil-examples").is_none() {
        ledger.skip("demo", "there is no package `resil-examples`");
        return Ok(());
    }
    // Ctrl-C is for the demo, which ends in order; this waits for it.
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGINT, std::sync::Arc::default());
    let mut demo =
        workspace.cargo(&["run", "--profile", profile, "--package", "resil-examples", "--bin", "demo"]);
    ledger.run("demo", demo.arg("--").args(arguments.rest()));
    Ok(())
}
