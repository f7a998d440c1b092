//! Takes every figure and writes `docs/benchmarks.md`, all of it or the part about one pattern:
//! `report [PATTERN] [--quick]`.
//!
//! Times are taken twice, with the operating system's clock and with feature `fast-clock`, each in a build of its own.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use resil_bench::command;
use resil_bench::page::{Section, notes_of, renewed};
use resil_bench::pattern::{self, Pattern};
use resil_bench::record::Instructions;
use resil_bench::{callgrind, machine};
use serde::de::DeserializeOwned;

fn main() -> ExitCode {
    command::end("report", report().map(|page| println!("wrote {}", page.display())))
}

fn report() -> Result<PathBuf, String> {
    let (mut quick, mut chosen) = (false, None);
    for argument in env::args().skip(1) {
        match argument.as_str() {
            "--quick" => quick = true,
            name if chosen.is_none() => chosen = Some(Pattern::named(name)?),
            other => return Err(format!("what is `{other}`? [PATTERN] [--quick]")),
        }
    }
    let bench = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let builds = Builds::new(&bench)?;
    let path = bench.join("../docs/benchmarks.md");
    let old = fs::read_to_string(&path).unwrap_or_default();
    let mut parts = Vec::new();
    for &pattern in pattern::ALL.iter().filter(|pattern| chosen.is_none_or(|one| one.name == pattern.name)) {
        let notes = notes_of(&old, pattern);
        parts.push((pattern, section(pattern, &bench, &builds, quick, notes)?.render()));
    }
    fs::write(&path, renewed(&old, &parts)).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

fn section(
    pattern: &'static Pattern,
    bench: &Path,
    builds: &Builds,
    quick: bool,
    notes: String,
) -> Result<Section, String> {
    let look: &[&str] = if quick { &["--quick"] } else { &[] };
    let named = [&[pattern.name], look].concat();
    let instructions = if callgrind::available() {
        Some(builds.figures::<Instructions>("instructions", false, &[pattern.name])?)
    } else {
        println!("valgrind is missing, so instructions are not counted: apt-get install valgrind");
        None
    };
    Ok(Section {
        pattern,
        std_clock: builds.figures("measure", false, &named)?,
        fast_clock: builds.figures("measure", true, &named)?,
        waits: if pattern.waits {
            Some([builds.figures("waiting", false, look)?, builds.figures("waiting", true, look)?])
        } else {
            None
        },
        stops: pattern.stops.map(|_| builds.figures("stopping", false, look)).transpose()?,
        memory: builds.figures("footprint", false, &[pattern.name])?,
        instructions,
        facts: machine::facts(),
        versions: versions(pattern, &bench.join("Cargo.lock"))?,
        notes,
    })
}

fn versions(pattern: &Pattern, lock: &Path) -> Result<Vec<(String, String)>, String> {
    let packages = [pattern.package, "resil-core"]
        .into_iter()
        .chain((pattern.peers)().into_iter().map(|(_, package)| package))
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
