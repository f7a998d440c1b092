//! `fmt`: one layout for all of the code.

use crate::arguments::Arguments;
use crate::ledger::Ledger;
use crate::tool::Tool;
use crate::workspace::Workspace;

/// Checks the layout, or with `--fix` mends it.
pub(crate) fn run(
    workspace: &Workspace,
    mut arguments: Arguments,
    ledger: &mut Ledger,
) -> Result<(), String> {
    let fix = arguments.flag("--fix");
    arguments.finish()?;
    if !Tool::Rustfmt.is_present() {
        ledger.lacks("rustfmt", Tool::Rustfmt);
        return Ok(());
    }
    let check: &[&str] = if fix { &[] } else { &["--", "--check"] };
    ledger.run("workspace", workspace.cargo(&["fmt", "--all"]).args(check));
    if workspace.has_bench() {
        ledger.run("bench", workspace.cargo(&["fmt", "--manifest-path", "bench/Cargo.toml"]).args(check));
    }
    Ok(())
}
