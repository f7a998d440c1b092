//! The programs that a cargo build leaves behind.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::process;

/// A program that cargo has built.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Artifact {
    /// The target's name: of the test, the example or the program.
    pub(crate) name: String,
    /// `test`, `example`, `bin` or `lib`.
    pub(crate) kind: String,
    /// The folder of its package.
    pub(crate) folder: PathBuf,
    pub(crate) source: PathBuf,
    pub(crate) program: PathBuf,
}

/// Runs a cargo build and returns its programs, or the compiler's complaint.
pub(crate) fn build(command: &mut Command) -> Result<Vec<Artifact>, String> {
    let built = process::capture(
        command.arg("--message-format=json-render-diagnostics"),
        Duration::from_secs(3_600),
    )?;
    if !built.success() {
        return Err(format!("{} failed:\n{}", process::line(command), built.stderr));
    }
    Ok(from_messages(&built.stdout))
}

fn from_messages(messages: &str) -> Vec<Artifact> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter_map(|m| from_message(&m))
        .collect()
}

fn from_message(message: &Value) -> Option<Artifact> {
    let target = &message["target"];
    Some(Artifact {
        program: message["executable"].as_str()?.into(),
        name: target["name"].as_str()?.into(),
        kind: target["kind"][0].as_str()?.into(),
        folder: Path::new(message["manifest_path"].as_str()?).parent()?.into(),
        source: target["src_path"].as_str()?.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::from_messages;

    #[test]
    fn only_programs_are_kept() {
        let messages = r#"{"reason":"compiler-artifact","manifest_path":"/w/a/Cargo.toml","target":{"name":"a","kind":["lib"],"src_path":"/w/a/src/lib.rs"},"executable":null}
{"reason":"compiler-artifact","manifest_path":"/w/a/Cargo.toml","target":{"name":"models","kind":["test"],"src_path":"/w/a/tests/models.rs"},"executable":"/t/models-1"}
{"reason":"build-finished","success":true}
not json"#;
        let artifacts = from_messages(messages);
        assert_eq!(artifacts.len(), 1);
        assert_eq!(artifacts[0].name, "models");
        assert_eq!(artifacts[0].kind, "test");
        assert_eq!(artifacts[0].folder, std::path::Path::new("/w/a"));
    }
}
