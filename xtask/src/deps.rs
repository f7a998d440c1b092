//! `deps`: who may depend on whom, what may show in a public signature, and how many crates a user pulls.

mod budget;
mod direction;
mod licences;
mod signatures;

use crate::arguments::Arguments;
use crate::ledger::Ledger;
use crate::workspace::Workspace;

/// Checks the directions, the public signatures, the budget and the licences.
pub(crate) fn run(workspace: &Workspace, arguments: Arguments, ledger: &mut Ledger) -> Result<(), String> {
    arguments.finish()?;
    ledger.check("directions", || {
        let broken = direction::broken_rules(&workspace.packages);
        if broken.is_empty() {
            Ok(format!("{} packages", workspace.packages.len()))
        } else {
            Err(broken.join("\n"))
        }
    });
    ledger.check("public signatures", || signatures::check(workspace));
    ledger.check("crate budget", || budget::check(workspace));
    ledger.check("licences", || licences::check(workspace));
    Ok(())
}
