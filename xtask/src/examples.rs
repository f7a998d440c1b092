//! `examples`: each numbered example runs, ends in time, and prints what it promises.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::arguments::Arguments;
use crate::artifact::{self, Artifact};
use crate::ledger::Ledger;
use crate::process;
use crate::workspace::Workspace;

const LIMIT: Duration = Duration::from_secs(60);

/// Builds the examples once, then runs each of them beside its `.out` file.
pub(crate) fn run(workspace: &Workspace, arguments: Arguments, ledger: &mut Ledger) -> Result<(), String> {
    arguments.finish()?;
    let Some(package) = workspace.package("resil-examples") else {
        ledger.skip("examples", "there is no package `resil-examples`");
        return Ok(());
    };
    let mut built = Vec::new();
    let built_all = ledger.check("build", || {
        built = artifact::build(&mut workspace.cargo(&[
            "build",
            "--package",
            &package.name,
            "--examples",
            "--bins",
        ]))?;
        built.retain(|program| is_numbered(&program.name));
        built.sort_by(|a, b| a.name.cmp(&b.name));
        orphans(&package.folder, &built)?;
        Ok(format!("{} examples", built.len()))
    });
    if built_all {
        for example in &built {
            ledger.check(&example.name, || compare(example, LIMIT).map(|()| String::new()));
        }
    }
    Ok(())
}

/// `01_sync` is an example, `demo` is not.
pub(crate) fn is_numbered(name: &str) -> bool {
    name.as_bytes().get(..3).is_some_and(|start| matches!(start, [b'0'..=b'9', b'0'..=b'9', b'_']))
}

/// A numbered file that no target names would never be run.
fn orphans(folder: &Path, built: &[Artifact]) -> Result<(), String> {
    let files = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for file in files.flatten().map(|file| file.path()) {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let is_ours = file.extension().is_some_and(|end| end == "rs" || end == "out");
        if is_ours && is_numbered(&stem) && built.iter().all(|program| program.name != stem) {
            return Err(format!("{} belongs to no target of the package", file.display()));
        }
    }
    if built.is_empty() { Err("there is no numbered example".into()) } else { Ok(()) }
}

fn compare(example: &Artifact, limit: Duration) -> Result<(), String> {
    let expected = example.source.with_extension("out");
    let expected =
        std::fs::read_to_string(&expected).map_err(|error| format!("{}: {error}", expected.display()))?;
    let seen = process::capture(Command::new(&example.program).current_dir(&example.folder), limit)?;
    match seen.status {
        None => Err(format!("still running after {} s:\n{}", limit.as_secs(), seen.output())),
        Some(status) if !status.success() => Err(format!("{status}:\n{}", seen.output())),
        Some(_) => difference(&expected.replace("\r\n", "\n"), &seen.stdout.replace("\r\n", "\n")),
    }
}

fn difference(expected: &str, seen: &str) -> Result<(), String> {
    if expected == seen {
        return Ok(());
    }
    let mut report = String::from("prints something else than its .out file says\n");
    let (mut left, mut right) = (expected.split('\n'), seen.split('\n'));
    loop {
        match (left.next(), right.next()) {
            (None, None) => break Err(report),
            (left, right) if left == right => {}
            (left, right) => {
                for (sign, line) in [('-', left), ('+', right)] {
                    if let Some(line) = line {
                        let _ = writeln!(report, "{sign} {line}");
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{compare, difference, is_numbered, orphans};
    use crate::artifact::Artifact;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    #[test]
    fn only_two_digits_and_a_line_make_an_example() {
        assert!(is_numbered("01_sync") && is_numbered("12_x"));
        assert!(!is_numbered("demo") && !is_numbered("1_x") && !is_numbered("01"));
    }

    #[test]
    fn the_lines_that_differ_are_shown() {
        assert!(difference("a\nb\n", "a\nb\n").is_ok());
        let report = difference("a\nb\n", "a\nc\n").unwrap_err();
        assert!(report.contains("- b\n+ c\n"), "{report}");
        assert!(difference("a\n", "a").is_err());
        assert!(difference("a\n", "a\nb\n").is_err());
    }

    fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for (file, text) in files {
            std::fs::write(folder.join(file), text).unwrap();
        }
        folder
    }

    fn artifact(name: &str, folder: &Path, program: &str) -> Artifact {
        Artifact {
            name: name.into(),
            kind: "example".into(),
            folder: folder.into(),
            source: folder.join(format!("{name}.rs")),
            program: program.into(),
        }
    }

    #[test]
    fn a_numbered_file_without_a_target_is_an_error() {
        let folder =
            folder("orphans", &[("01_a.rs", ""), ("01_a.out", ""), ("02_b.out", ""), ("demo.rs", "")]);
        let a = artifact("01_a", &folder, "true");
        assert!(orphans(&folder, &[]).is_err());
        assert!(orphans(&folder, &[a]).unwrap_err().contains("02_b.out"));
        let both = [artifact("01_a", &folder, "true"), artifact("02_b", &folder, "true")];
        assert!(orphans(&folder, &both).is_ok());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn an_example_is_held_to_its_output_its_status_and_its_time() {
        let folder = folder(
            "compare",
            &[("01_pwd.out", "x\n"), ("02_false.out", ""), ("03_cat.out", ""), ("04_true.out", "")],
        );
        let run = |name: &str, program: &str, limit| compare(&artifact(name, &folder, program), limit);
        let minute = Duration::from_secs(60);
        assert!(run("04_true", "true", minute).is_ok());
        assert!(run("01_pwd", "pwd", minute).unwrap_err().contains("+ /"));
        assert!(run("02_false", "false", minute).unwrap_err().contains("exit status"));
        assert!(run("03_cat", "yes", Duration::from_millis(20)).unwrap_err().contains("still running"));
        assert!(run("05_none", "true", minute).unwrap_err().contains("05_none.out"));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
