//! The licences of what a user or a developer builds, held against the list in `deny.toml`: also where cargo-deny is missing.

use std::time::Duration;

use serde_json::Value;

use crate::process;
use crate::workspace::Workspace;

/// Refuses a package none of whose licences is on the list.
pub(crate) fn check(workspace: &Workspace) -> Result<String, String> {
    let deny =
        std::fs::read_to_string(workspace.root.join("deny.toml")).map_err(|error| error.to_string())?;
    let deny: toml::Table = deny.parse().map_err(|error| format!("deny.toml: {error}"))?;
    let allowed = deny.get("licenses").and_then(|table| table.get("allow")?.as_array());
    let allowed: Vec<_> = allowed.into_iter().flatten().filter_map(toml::Value::as_str).collect();
    let mut ask = workspace.cargo(&["metadata", "--all-features", "--format-version", "1"]);
    let answer = process::capture(&mut ask, Duration::from_secs(600))?;
    if !answer.success() {
        return Err(answer.stderr);
    }
    let metadata: Value = serde_json::from_str(&answer.stdout).map_err(|error| error.to_string())?;
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let refused: Vec<_> = packages.iter().filter_map(|package| refusal(package, &allowed)).collect();
    if refused.is_empty() { Ok(format!("{} packages", packages.len())) } else { Err(refused.join("\n")) }
}

fn refusal(package: &Value, allowed: &[&str]) -> Option<String> {
    let licence = package["license"].as_str().unwrap_or("none");
    (!permits(licence, allowed)).then(|| format!("{}: its licence is {licence}", package["name"]))
}

/// Whether an expression of SPDX can be met by the licences on the list. `/` is an old way to say `OR`.
fn permits(licence: &str, allowed: &[&str]) -> bool {
    let spaced = licence.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any(&mut rest, allowed) == Some(true) && rest.is_empty()
}

/// Alternatives, one of which has to be met; `None` where the text makes no sense.
fn any(words: &mut &[&str], allowed: &[&str]) -> Option<bool> {
    let mut is_met = all(words, allowed)?;
    while take(words, "OR") {
        is_met |= all(words, allowed)?;
    }
    Some(is_met)
}

/// Licences that hold together.
fn all(words: &mut &[&str], allowed: &[&str]) -> Option<bool> {
    let mut is_met = one(words, allowed)?;
    while take(words, "AND") {
        is_met &= one(words, allowed)?;
    }
    Some(is_met)
}

fn one(words: &mut &[&str], allowed: &[&str]) -> Option<bool> {
    if take(words, "(") {
        let is_met = any(words, allowed)?;
        return take(words, ")").then_some(is_met);
    }
    let (name, rest) = words.split_first()?;
    *words = rest;
    if take(words, "WITH") {
        // An exception only allows more.
        *words = words.split_first()?.1;
    }
    Some(allowed.contains(name))
}

fn take(words: &mut &[&str], word: &str) -> bool {
    let is_next = words.first() == Some(&word);
    if is_next {
        *words = &words[1..];
    }
    is_next
}

#[cfg(test)]
mod tests {
    use super::permits;

    #[test]
    fn a_licence_is_permitted_if_the_list_can_meet_it() {
        let permits = |licence| permits(licence, &["MIT", "Apache-2.0", "Unicode-3.0"]);
        for licence in [
            "MIT",
            "MIT OR Apache-2.0",
            "Unlicense/MIT",
            "Apache-2.0 WITH LLVM-exception OR BSL-1.0",
            "(MIT OR GPL-2.0) AND Unicode-3.0",
            "GPL-3.0 OR MIT AND Apache-2.0",
        ] {
            assert!(permits(licence), "{licence}");
        }
        for licence in [
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT OR Apache-2.0) AND ISC",
            "none",
            "",
            "MIT OR",
            "(MIT",
            "MIT Apache-2.0",
        ] {
            assert!(!permits(licence), "{licence}");
        }
    }
}
