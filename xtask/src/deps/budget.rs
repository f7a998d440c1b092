//! The number of crates that a user's build pulls, per package and feature set, held in `xtask/budget.toml`.

use std::collections::BTreeSet;
use std::time::Duration;

use toml::Value;

use crate::process;
use crate::workspace::Workspace;

/// Budgets count for one platform, so that they are the same on every machine.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
struct Budget {
    package: String,
    features: Vec<String>,
    crates: usize,
}

/// Compares every budget with the tree that cargo would build.
pub(crate) fn check(workspace: &Workspace) -> Result<String, String> {
    let budgets = read(&workspace.table("budget.toml")?)?;
    let mut over = Vec::new();
    for package in workspace.published() {
        if !budgets.iter().any(|budget| budget.package == package.name && budget.features.is_empty()) {
            over.push(format!("{} has no budget without features in xtask/budget.toml", package.name));
        }
    }
    for budget in &budgets {
        let Some(package) = workspace.package(&budget.package) else {
            over.push(format!("xtask/budget.toml: there is no package `{}`", budget.package));
            continue;
        };
        let tree = tree(workspace, &package.name, &budget.features)?;
        let crates = count(&tree);
        let line = budget.line(crates);
        println!("   {line}");
        if crates > budget.crates {
            over.push(format!("{line}: over budget\n{tree}"));
        }
    }
    if over.is_empty() { Ok(format!("{} feature sets", budgets.len())) } else { Err(over.join("\n")) }
}

impl Budget {
    fn line(&self, crates: usize) -> String {
        let features = if self.features.is_empty() { "no features".into() } else { self.features.join(", ") };
        format!("{} ({features}): {crates} of {} crates", self.package, self.crates)
    }
}

fn read(table: &toml::Table) -> Result<Vec<Budget>, String> {
    let rows = table.get("budget").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    rows.iter().map(|row| budget(row).ok_or(format!("xtask/budget.toml: cannot read {row:?}"))).collect()
}

fn budget(row: &Value) -> Option<Budget> {
    let features = row.get("features")?.as_array()?;
    Some(Budget {
        package: row.get("package")?.as_str()?.into(),
        features: features.iter().map(|feature| feature.as_str().map(String::from)).collect::<Option<_>>()?,
        crates: row.get("crates")?.as_integer()?.try_into().ok()?,
    })
}

fn tree(workspace: &Workspace, package: &str, features: &[String]) -> Result<String, String> {
    let mut tree =
        workspace.cargo(&["tree", "--package", package, "--edges", "normal", "--target", PLATFORM]);
    tree.args([
        "--prefix",
        "none",
        "--format",
        "{p}",
        "--no-default-features",
        "--features",
        &features.join(","),
    ]);
    let seen = process::capture(&mut tree, Duration::from_secs(600))?;
    if seen.success() { Ok(seen.stdout) } else { Err(seen.stderr) }
}

/// The different packages in a flat tree, in which `(*)` marks one that was shown before.
fn count(tree: &str) -> usize {
    let crates: BTreeSet<_> = tree
        .lines()
        .map(|line| line.trim_end_matches("(*)").trim_end_matches("(proc-macro)").trim())
        .map(|line| line.trim_end_matches("(proc-macro)").trim())
        .filter(|line| !line.is_empty())
        .collect();
    crates.len()
}

#[cfg(test)]
mod tests {
    use super::{count, read};

    #[test]
    fn each_package_counts_once() {
        let tree = "resil v0.1.0 (/w/crates/resil)\nserde v1.0.0\nserde_derive v1.0.0 (proc-macro)\nsyn v2.0.0\n\
                    serde_derive v1.0.0 (proc-macro) (*)\nsyn v2.0.0 (*)\nsyn v3.0.0\n\n";
        assert_eq!(count(tree), 5);
        assert_eq!(count(""), 0);
    }

    #[test]
    fn a_row_needs_all_of_its_fields() {
        let table = |text: &str| text.parse::<toml::Table>().unwrap();
        let good = read(&table("[[budget]]\npackage = \"a\"\nfeatures = [\"x\"]\ncrates = 2")).unwrap();
        assert_eq!((good[0].package.as_str(), good[0].crates), ("a", 2));
        assert!(read(&table("[[budget]]\npackage = \"a\"\ncrates = 2")).is_err());
        assert!(read(&table("[[budget]]\npackage = \"a\"\nfeatures = []\ncrates = -1")).is_err());
        assert!(read(&table("[[budget]]\npackage = \"a\"\nfeatures = [1]\ncrates = 1")).is_err());
    }
}
