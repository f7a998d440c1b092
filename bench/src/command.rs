//! What the binaries have in common.

use std::env;
use std::process::ExitCode;

use serde::Serialize;

use crate::record;

/// How a binary ends: with what went wrong on stderr, if anything did.
pub fn end(name: &str, result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures by the plan that the arguments name, prints it, and writes it where they say: `[--quick] [--json FILE]`.
///
/// # Errors
/// When an argument is unknown, when a measurement fails, or when the file cannot be written.
pub fn measure<P, F: Serialize>(
    [full, quick]: [P; 2],
    measure: impl FnOnce(P) -> Result<F, String>,
    print: impl FnOnce(&F),
) -> Result<(), String> {
    let (mut plan, mut json) = (full, None);
    let mut quick = Some(quick);
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => plan = quick.take().ok_or("--quick once is enough")?,
            "--json" => json = Some(arguments.next().ok_or("--json needs a value")?),
            other => return Err(format!("what is `{other}`? [--quick] [--json FILE]")),
        }
    }
    let figures = measure(plan)?;
    print(&figures);
    record::save(&figures, json.as_deref())
}
