//! No type of another crate shows in a public signature, but for the few that are promised.
//!
//! The compiler has a lint for this (`exported_private_dependencies`), which it runs when cargo tells it that a
//! dependency is private. Cargo does that under an unstable flag only, so this one build asks for it on the stable
//! compiler. Where a compiler no longer knows the flag, the check fails and says so.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::process;
use crate::workspace::Workspace;

/// Foreign crates whose traits may show without a feature: a heartbeat's metadata is whatever serde takes.
const ALWAYS: [&str; 1] = ["serde_core"];

/// Foreign crates whose types may show: each behind a feature of ours that is off by default.
const BEHIND_FEATURES: [&str; 9] = [
    "crossbeam_channel",
    "futures_core",
    "schemars",
    "serde",
    "serde_core",
    "tokio",
    "tokio_util",
    "tower_layer",
    "tower_service",
];

/// Builds the published crates bare, then with all features, and reads what the lint says.
pub(crate) fn check(workspace: &Workspace) -> Result<String, String> {
    let mut found = 0;
    for (features, foreign) in
        [("--no-default-features", &ALWAYS[..]), ("--all-features", &BEHIND_FEATURES[..])]
    {
        let mut build =
            workspace.cargo(&["check", "--lib", features, "--message-format=json", "-Zpublic-dependency"]);
        for package in workspace.published() {
            build.args(["--package", &package.name]);
        }
        // A folder of its own: build scripts may do other things where unstable features are allowed.
        build.env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", workspace.target.join("signatures"));
        let seen = process::capture(&mut build, Duration::from_secs(1_800))?;
        if !seen.success() {
            return Err(seen.output());
        }
        let ours: BTreeSet<_> =
            workspace.packages.iter().map(|package| package.name.replace('-', "_")).collect();
        let leaks = leaks(&seen.stdout);
        found += leaks.len();
        let broken: Vec<_> = leaks
            .iter()
            .filter(|(krate, _)| !ours.contains(krate) && !foreign.contains(&krate.as_str()))
            .map(|(_, text)| text.as_str())
            .collect();
        if !broken.is_empty() {
            return Err(format!("with {features}:\n{}", broken.join("\n")));
        }
    }
    Ok(format!("{found} uses of other crates, all promised"))
}

/// The crates that the lint names, each with the whole message.
fn leaks(messages: &str) -> Vec<(String, String)> {
    let parsed = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    parsed.filter_map(|message| leak(&message["message"])).collect()
}

fn leak(message: &Value) -> Option<(String, String)> {
    if message["code"]["code"].as_str()? != "exported_private_dependencies" {
        return None;
    }
    // "type `Slot` from private dependency 'resil_core' in public interface"
    let (_, after) = message["message"].as_str()?.split_once(" private dependency '")?;
    let krate = after.split('\'').next()?;
    Some((krate.into(), message["rendered"].as_str()?.into()))
}

#[cfg(test)]
mod tests {
    use super::leaks;

    #[test]
    fn the_lint_is_found_among_other_messages() {
        let messages = r#"{"reason":"compiler-message","message":{"code":{"code":"exported_private_dependencies"},"message":"trait `Layer<S>` from private dependency 'tower_layer' in public interface","rendered":"warning: .."}}
{"reason":"compiler-message","message":{"code":{"code":"dead_code"},"message":"function 'f' is never used","rendered":""}}
{"reason":"build-finished","success":true}"#;
        let found: Vec<_> = leaks(messages).into_iter().map(|(krate, _)| krate).collect();
        assert_eq!(found, ["tower_layer"]);
        let of_lifetime = "type `Timer<&'a C>` from private dependency 'resil_core' in public interface";
        let of_lifetime = messages.replace(
            "trait `Layer<S>` from private dependency 'tower_layer' in public interface",
            of_lifetime,
        );
        assert_eq!(leaks(&of_lifetime)[0].0, "resil_core");
    }
}
