//! `package`: what would go to a registry, built from its archive.

use std::time::Duration;

use crate::arguments::Arguments;
use crate::ledger::Ledger;
use crate::process;
use crate::workspace::{Package, Workspace};

/// Checks the contents of each archive, then packs all of them and builds them from there.
pub(crate) fn run(workspace: &Workspace, arguments: Arguments, ledger: &mut Ledger) -> Result<(), String> {
    arguments.finish()?;
    for package in workspace.published() {
        ledger.check(&package.name, || contents(workspace, package));
    }
    let mut pack = workspace.cargo(&["package", "--allow-dirty"]);
    for package in workspace.published() {
        pack.args(["--package", &package.name]);
    }
    // A folder of its own for each run: cargo keeps the archives' sources by the folder's path and their version, and would
    // build yesterday's beside today's.
    let folder = workspace.target.join(format!("package-{}", std::process::id()));
    pack.arg("--target-dir").arg(&folder);
    ledger.run("build from the archives", &mut pack);
    // Best effort: what is left behind is in the target folder.
    drop(std::fs::remove_dir_all(&folder));
    Ok(())
}

fn contents(workspace: &Workspace, package: &Package) -> Result<String, String> {
    if !package.missing_fields.is_empty() {
        return Err(format!("the manifest lacks {}", package.missing_fields.join(", ")));
    }
    let mut list = workspace.cargo(&["package", "--list", "--allow-dirty", "--package", &package.name]);
    let listed = process::capture(&mut list, Duration::from_secs(600))?;
    if !listed.success() {
        return Err(listed.stderr);
    }
    judge(&listed.stdout)
}

/// Judges the list of files in an archive.
fn judge(files: &str) -> Result<String, String> {
    for needed in ["README.md", "src/lib.rs"] {
        if !files.lines().any(|file| file.replace('\\', "/") == needed) {
            return Err(format!("the archive lacks {needed}"));
        }
    }
    let stray = files
        .lines()
        .find(|file| [".out", ".html", ".profraw", ".log"].iter().any(|end| file.ends_with(end)));
    stray.map_or(Ok(format!("{} files", files.lines().count())), |file| {
        Err(format!("the archive carries {file}"))
    })
}

#[cfg(test)]
mod tests {
    use super::judge;

    #[test]
    fn an_archive_has_its_readme_and_no_litter() {
        assert!(judge("Cargo.toml\nREADME.md\nsrc/lib.rs\n").is_ok());
        assert!(judge("Cargo.toml\nsrc/lib.rs\n").unwrap_err().contains("README.md"));
        assert!(judge("README.md\nsrc/lib.rs\ncargo.log\n").unwrap_err().contains("cargo.log"));
    }
}
