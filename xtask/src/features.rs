//! `features`: every feature builds alone, with none and with all, and on the oldest toolchain.

use std::process::Command;
use std::time::Duration;

use crate::arguments::Arguments;
use crate::ledger::Ledger;
use crate::process;
use crate::tool::{MSRV, Tool};
use crate::workspace::{Package, Workspace};

/// Checks each published crate in each of its feature sets.
pub(crate) fn run(workspace: &Workspace, arguments: Arguments, ledger: &mut Ledger) -> Result<(), String> {
    arguments.finish()?;
    for package in workspace.published() {
        ledger.check(&package.name, || check(workspace, package));
    }
    if Tool::Msrv.is_present() {
        let mut check = Command::new("rustup");
        check.current_dir(&workspace.root).args(["run", MSRV, "cargo", "check", "--all-features", "--lib"]);
        for package in workspace.published() {
            check.args(["--package", &package.name]);
        }
        ledger.run("oldest toolchain", check.env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN"));
    } else {
        ledger.lacks("oldest toolchain", Tool::Msrv);
    }
    Ok(())
}

fn check(workspace: &Workspace, package: &Package) -> Result<String, String> {
    let sets = sets(package);
    for set in &sets {
        let mut check = workspace.cargo(&["check", "--quiet", "--lib", "--package", &package.name]);
        let seen = process::capture(check.args(set), Duration::from_secs(900))?;
        // A warning in one feature set is dead code that the full build hides.
        if !seen.success() || seen.stderr.contains("warning:") {
            return Err(format!("with {}:\n{}", set.join(" "), seen.stderr));
        }
    }
    Ok(format!("{} feature sets", sets.len()))
}

/// None, each alone, all.
fn sets(package: &Package) -> Vec<Vec<String>> {
    let mut sets = vec![vec!["--no-default-features".to_owned()]];
    for feature in package.features.iter().filter(|feature| *feature != "default") {
        sets.push(vec!["--no-default-features".to_owned(), "--features".to_owned(), feature.clone()]);
    }
    sets.push(vec!["--all-features".to_owned()]);
    sets
}

#[cfg(test)]
mod tests {
    use super::sets;
    use crate::workspace::Package;

    #[test]
    fn the_sets_are_none_each_alone_and_all() {
        let features = ["default", "serde", "tower"].map(String::from).to_vec();
        let sets: Vec<_> =
            sets(&Package { features, ..Package::default() }).iter().map(|set| set.join(" ")).collect();
        assert_eq!(
            sets,
            [
                "--no-default-features",
                "--no-default-features --features serde",
                "--no-default-features --features tower",
                "--all-features"
            ]
        );
    }
}
