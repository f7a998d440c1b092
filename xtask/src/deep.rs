//! `deep`: the checks that take long, and the page that tells what they found.

mod coverage;
mod explanation;
mod instructions;
mod mutants;
mod orderings;
mod page;
mod processes;
mod properties;

use crate::arguments::Arguments;
use crate::deep::page::Page;
use crate::ledger::Ledger;
use crate::process;
use crate::stopwatch::today;
use crate::workspace::Workspace;

/// One long check: its name, and what finds out; it returns its section, unless it could not run.
type Part = (&'static str, fn(&Workspace, &mut Ledger) -> Option<String>);

const PARTS: [Part; 6] = [
    ("mutants", mutants::run),
    ("properties", properties::run),
    ("orderings", orderings::run),
    ("processes", processes::run),
    ("instructions", instructions::run),
    ("coverage", coverage::run),
];

const PAGE: &str = "docs/verification.md";

/// Runs the parts that are named, or all of them, and writes their sections.
pub(crate) fn run(
    workspace: &Workspace,
    mut arguments: Arguments,
    ledger: &mut Ledger,
) -> Result<(), String> {
    let mut chosen: Vec<Part> = PARTS.into_iter().filter(|(name, _)| arguments.flag(name)).collect();
    arguments.finish()?;
    if chosen.is_empty() {
        chosen = PARTS.to_vec();
    }
    let path = workspace.root.join(PAGE);
    let explain = |error: std::io::Error| format!("{PAGE}: {error}");
    for (name, part) in chosen {
        let Some(section) = part(workspace, ledger) else { continue };
        // Read and written at once, so that a part that stops later takes nothing with it.
        let mut page = Page::read(&std::fs::read_to_string(&path).unwrap_or_default());
        page.put(name, &format!("_{}, commit {}_\n\n{}", today(), commit(workspace)?, section.trim()));
        std::fs::write(&path, page.text(&PARTS.map(|(name, _)| name))).map_err(explain)?;
    }
    Ok(())
}

/// The commit that was checked, and whether there was more than it.
fn commit(workspace: &Workspace) -> Result<String, String> {
    let git = |words: &[&str]| {
        let mut git = std::process::Command::new("git");
        process::capture(git.current_dir(&workspace.root).args(words), std::time::Duration::from_secs(60))
    };
    let head = git(&["rev-parse", "--short=10", "HEAD"])?.stdout;
    // The page itself changes while this runs.
    let is_clean = git(&["status", "--porcelain", "--", ".", &format!(":!{PAGE}")])?.stdout.is_empty();
    Ok(format!("{}{}", head.trim(), if is_clean { "" } else { " with local changes" }))
}
