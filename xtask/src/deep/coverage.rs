//! How much of the published code the tests reach, with the compiler's own instrumentation.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::artifact;
use crate::ledger::Ledger;
use crate::process;
use crate::workspace::Workspace;

/// Lines in a thousand that must be reached.
const FLOOR: u64 = 950;
const LIMIT: Duration = Duration::from_secs(3_600);

/// The two programs that read the profiles; they must be as new as the compiler's LLVM.
#[derive(Debug)]
struct LlvmTools {
    profdata: PathBuf,
    cov: PathBuf,
}

/// One file's lines.
#[derive(Debug, PartialEq, Eq)]
struct Reached {
    file: String,
    lines: u64,
    covered: u64,
}

/// Runs all tests with counters in the code.
pub(crate) fn run(workspace: &Workspace, ledger: &mut Ledger) -> Option<String> {
    let version = llvm_version()?;
    let Some(tools) = LlvmTools::find(&version) else {
        let why = format!(
            "LLVM {version}'s tools are missing; install them with: rustup component add llvm-tools \
             (or apt-get install llvm-{version})"
        );
        ledger.skip("coverage", &why);
        return None;
    };
    let mut section = None;
    ledger.check("coverage", || {
        let reached = measure(workspace, &tools)?;
        section = Some(table(&reached));
        let (lines, covered) =
            reached.iter().fold((0, 0), |sum, file| (sum.0 + file.lines, sum.1 + file.covered));
        let per_mille = (covered * 1_000).checked_div(lines).ok_or("no line was measured")?;
        let line = format!("{} % of {lines} lines", percent(covered, lines));
        if per_mille < FLOOR { Err(format!("{line}, less than {} %", FLOOR / 10)) } else { Ok(line) }
    });
    section
}

impl LlvmTools {
    fn find(version: &str) -> Option<Self> {
        let sysroot = output(Command::new("rustc").args(["--print", "target-libdir"]))?;
        let beside_rustc = Path::new(sysroot.trim()).parent()?.join("bin");
        let tools = |folder: &Path, end: &str| Self {
            profdata: folder.join(format!("llvm-profdata{end}")),
            cov: folder.join(format!("llvm-cov{end}")),
        };
        let debian = format!("-{version}");
        let places = [
            tools(&beside_rustc, std::env::consts::EXE_SUFFIX),
            tools(Path::new(""), &debian),
            tools(Path::new(""), ""),
        ];
        places.into_iter().find(|tools| {
            let says = output(Command::new(&tools.profdata).arg("--version"));
            says.is_some_and(|says| says.contains(&format!("version {version}.")))
        })
    }
}

/// The major version of the compiler's LLVM.
fn llvm_version() -> Option<String> {
    let about = output(Command::new("rustc").arg("-vV"))?;
    let version = about.lines().find_map(|line| line.strip_prefix("LLVM version: "))?;
    version.split('.').next().map(String::from)
}

fn output(command: &mut Command) -> Option<String> {
    process::capture(command, Duration::from_secs(60))
        .ok()
        .filter(process::Capture::success)
        .map(|seen| seen.stdout)
}

fn measure(workspace: &Workspace, tools: &LlvmTools) -> Result<Vec<Reached>, String> {
    let home = workspace.target.join("coverage");
    let profiles = home.join("profiles");
    // Profiles of older code would be counted, too.
    let _ = std::fs::remove_dir_all(&profiles);
    std::fs::create_dir_all(&profiles).map_err(|error| format!("{}: {error}", profiles.display()))?;
    let test = |word: &str| {
        let mut test = workspace.cargo(&["test", "--all-features", "--tests", word]);
        for package in workspace.published() {
            test.args(["--package", &package.name]);
        }
        test.env("RUSTFLAGS", "-Cinstrument-coverage").env("CARGO_TARGET_DIR", home.join("target"));
        test.env("LLVM_PROFILE_FILE", profiles.join("%p-%m.profraw"));
        test
    };
    let programs = artifact::build(&mut test("--no-run"))?;
    succeed(&mut test("--no-fail-fast"))?;
    let merged = home.join("all.profdata");
    let mut merge = Command::new(&tools.profdata);
    // The process of a test that was killed in the middle of writing its profile leaves half of one.
    merge.args(["merge", "-sparse", "-failure-mode=all", "-o"]).arg(&merged);
    for profile in std::fs::read_dir(&profiles).map_err(|error| error.to_string())?.flatten() {
        merge.arg(profile.path());
    }
    succeed(&mut merge)?;
    let mut export = Command::new(&tools.cov);
    export.args(["export", "-summary-only", "-instr-profile"]).arg(&merged);
    for program in &programs {
        export.arg("-object").arg(&program.program);
    }
    read(&succeed(&mut export)?, &workspace.root)
}

fn succeed(command: &mut Command) -> Result<String, String> {
    let seen = process::capture(command, LIMIT)?;
    if seen.success() {
        Ok(seen.stdout)
    } else {
        Err(format!("{} failed:\n{}", process::line(command), seen.output()))
    }
}

/// Reads the summary for the sources of the published crates.
fn read(summary: &str, root: &Path) -> Result<Vec<Reached>, String> {
    let summary: Value = serde_json::from_str(summary).map_err(|error| error.to_string())?;
    let files = summary["data"][0]["files"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut reached: Vec<_> = files.iter().filter_map(|file| reached(file, root)).collect();
    reached.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(reached)
}

fn reached(file: &Value, root: &Path) -> Option<Reached> {
    let name =
        Path::new(file["filename"].as_str()?).strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/");
    let lines = &file["summary"]["lines"];
    let is_source = name.starts_with("crates/") && name.split('/').nth(2) == Some("src");
    is_source.then_some(Reached {
        file: name,
        lines: lines["count"].as_u64()?,
        covered: lines["covered"].as_u64()?,
    })
}

fn table(reached: &[Reached]) -> String {
    let mut table = String::from("| file | lines | reached |\n|---|---:|---:|\n");
    for file in reached {
        let percent = percent(file.covered, file.lines);
        // A string takes any text, so this cannot fail.
        let _ = writeln!(table, "| `{}` | {} | {percent} % |", file.file, file.lines);
    }
    table
}

fn percent(part: u64, whole: u64) -> String {
    let per_mille = (part * 1_000).checked_div(whole).unwrap_or_default();
    format!("{}.{}", per_mille / 10, per_mille % 10)
}

#[cfg(test)]
mod tests {
    use super::{Reached, read, table};

    #[test]
    fn only_published_sources_count() {
        let summary = r#"{"data": [{"files": [
            {"filename": "/w/crates/b/src/x.rs", "summary": {"lines": {"count": 8, "covered": 7}}},
            {"filename": "/w/crates/a/src/y.rs", "summary": {"lines": {"count": 4, "covered": 4}}},
            {"filename": "/w/crates/a/tests/y.rs", "summary": {"lines": {"count": 4, "covered": 4}}},
            {"filename": "/home/serde/src/lib.rs", "summary": {"lines": {"count": 4, "covered": 4}}}]}]}"#;
        let found = read(summary, std::path::Path::new("/w")).unwrap();
        assert_eq!(found[0], Reached { file: "crates/a/src/y.rs".into(), lines: 4, covered: 4 });
        assert_eq!(found.len(), 2);
        assert!(table(&found).contains("| `crates/b/src/x.rs` | 8 | 87.5 % |"));
    }
}
