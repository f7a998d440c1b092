//! `api`: what the interfaces promise since the last release.

use std::process::Command;
use std::time::Duration;

use crate::arguments::Arguments;
use crate::ledger::Ledger;
use crate::process;
use crate::tool::Tool;
use crate::workspace::Workspace;

/// Compares every crate with its state at the last release: what breaks a caller needs a version that says so.
pub(crate) fn run(workspace: &Workspace, arguments: Arguments, ledger: &mut Ledger) -> Result<(), String> {
    const STEP: &str = "semver, since the last release";
    arguments.finish()?;
    let mut ask = Command::new("git");
    ask.current_dir(&workspace.root).args([
        "tag",
        "--list",
        "v*",
        "--merged",
        "HEAD",
        "--sort=-version:refname",
    ]);
    let tags = process::capture(&mut ask, Duration::from_secs(60));
    let Some(tag) = tags.ok().and_then(|tags| newest(&tags.stdout)) else {
        ledger.leave_out(STEP, "there is no release yet that this one could break");
        return Ok(());
    };
    if !Tool::SemverChecks.is_present() {
        ledger.lacks(STEP, Tool::SemverChecks);
        return Ok(());
    }
    let mut check =
        workspace.cargo(&["semver-checks", "check-release", "--all-features", "--baseline-rev", &tag]);
    for package in workspace.published() {
        check.args(["--package", &package.name]);
    }
    ledger.run(STEP, &mut check);
    Ok(())
}

/// The first of the tags, which come newest first, that is no release candidate.
fn newest(tags: &str) -> Option<String> {
    tags.lines().find(|tag| !tag.is_empty() && !tag.contains('-')).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::newest;

    #[test]
    fn a_candidate_is_no_release() {
        assert_eq!(newest("v0.3.0-rc.1\nv0.2.1\nv0.2.0\n").as_deref(), Some("v0.2.1"));
        assert_eq!(newest(""), None);
        assert_eq!(newest("v1.0.0-alpha\n"), None);
    }
}
