//! Takes every figure and writes `docs/benchmarks.md`: `report [breaker] [--quick]`.
//!
//! Times are taken twice, with the operating system's clock and with feature `fast-clock`, each in a build of its own.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use resil_bench::page::{Page, notes_of};
use resil_bench::record::{Instructions, Memory};
use resil_bench::{callgrind, machine, peers};
use serde::de::DeserializeOwned;

fn main() -> ExitCode {
    match report() {
        Ok(page) => {
            println!("wrote {}", page.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("report: {error}");
            ExitCode::FAILURE
        }
    }
}

fn report() -> Result<PathBuf, String> {
    let mut quick = false;
    for argument in env::args().skip(1) {
        match argument.as_str() {
            "breaker" => {}
            "--quick" => quick = true,
            other => return Err(format!("what is `{other}`? [breaker] [--quick]")),
        }
    }
    let bench = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let builds = Builds::new(&bench)?;
    let arguments: &[&str] = if quick { &["--quick"] } else { &[] };
    let std_clock = builds.figures("measure", false, arguments)?;
    let fast_clock = builds.figures("measure", true, arguments)?;
    let memory: Memory = builds.figures("footprint", false, &[])?;
    let instructions = if callgrind::available() {
        Some(builds.figures::<Instructions>("instructions", false, &[])?)
    } else {
        println!("valgrind is missing, so instructions are not counted: apt-get install valgrind");
        None
    };
    let path = bench.join("../docs/benchmarks.md");
    let notes = notes_of(&fs::read_to_string(&path).unwrap_or_default());
    let facts = machine::facts();
    let versions = versions(&bench.join("Cargo.lock"))?;
    let page = Page { facts, versions, std_clock, fast_clock, memory, instructions, notes };
    fs::write(&path, page.render()).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

fn versions(lock: &Path) -> Result<Vec<(String, String)>, String> {
    let packages = ["resil-breaker", "resil-core"]
        .into_iter()
        .chain(peers::ALL.iter().map(|peer| peer.package))
        .chain(["quanta"]);
    packages.map(|package| Ok((package.to_owned(), machine::locked_version(lock, package)?))).collect()
}

/// The builds of this package, each feature set in a directory of its own.
struct Builds {
    manifest: PathBuf,
    target: PathBuf,
}

impl Builds {
    fn new(bench: &Path) -> Result<Self, String> {
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| bench.join("target"), PathBuf::from);
        fs::create_dir_all(target.join("figures")).map_err(|error| error.to_string())?;
        Ok(Self { manifest: bench.join("Cargo.toml"), target })
    }

    /// Runs one of the binaries in one of the builds and reads what it wrote.
    fn figures<T: DeserializeOwned>(
        &self,
        binary: &str,
        fast: bool,
        arguments: &[&str],
    ) -> Result<T, String> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(["run", "--release", "--quiet", "--locked", "--bin", binary, "--manifest-path"]);
        command.arg(&self.manifest);
        let (name, target) = if fast {
            command.args(["--features", "fast-clock"]);
            (format!("{binary}-fast-clock.json"), self.target.join("fast-clock"))
        } else {
            (format!("{binary}.json"), self.target.clone())
        };
        let figures = self.target.join("figures").join(name);
        command.arg("--target-dir").arg(target).arg("--").args(arguments).arg("--json").arg(&figures);
        println!("\n== {binary}{}", if fast { ", fast-clock" } else { "" });
        let status = command.status().map_err(|error| format!("{binary}: {error}"))?;
        if !status.success() {
            return Err(format!("{binary}: {status}"));
        }
        let text = fs::read_to_string(&figures).map_err(|error| format!("{}: {error}", figures.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", figures.display()))
    }
}
