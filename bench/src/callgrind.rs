//! Instructions per call, counted by callgrind.
//!
//! The binary runs itself under valgrind as a *worker* that makes N calls, and again with 2N: the difference over N
//! is free of everything but the calls. Only the instructions inside [`counted_region`] are collected.

use std::env;
use std::process::{Command, ExitCode};

use crate::contender::Contender;
use crate::memory;
use crate::pattern::Pattern;
use crate::row::Row;

/// The first argument of a worker.
pub const WORKER: &str = "--worker";

/// The calls of the shorter of the two runs; a multiple of ten, so that a load of 10 % errors is whole.
const CALLS: u64 = 500;

/// Whether valgrind is there.
pub fn available() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// The rows in which instructions are counted; a half-open peer and a million keys take too long to build under
/// valgrind, a token is triggered only once, and valgrind 3.19 stops at rustix's first look at the time since the boot.
pub fn counts(row: &Row) -> bool {
    let is_left_out =
        matches!(row.key, "half-open" | "keyed-1m" | "tell" | "tell-children" | "beat" | "read" | "progress");
    memory::counts(row) && !is_left_out
}

/// Instructions per call of one contender of one row.
///
/// # Errors
/// When valgrind or the worker fails.
pub fn per_call(pattern: &Pattern, row: &str, contender: &str) -> Result<f64, String> {
    let collected = |calls| collected(pattern, row, contender, calls);
    let (short, long) = (collected(CALLS)?, collected(2 * CALLS)?);
    Ok((long - short) as f64 / CALLS as f64)
}

fn collected(pattern: &Pattern, row: &str, contender: &str, calls: u64) -> Result<u64, String> {
    let exe = env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*counted_region*"])
        .arg(exe)
        .args([WORKER, pattern.name, row, contender, &calls.to_string()])
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let counted = said.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    match counted {
        Some(counted) if output.status.success() => Ok(counted),
        _ => Err(format!("{row}, {contender}: {}\n{said}", output.status)),
    }
}

/// The worker's side: `None` when this process is not a worker.
pub fn work() -> Option<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [flag, pattern, row, contender, calls] = arguments.as_slice() else { return None };
    if flag != WORKER {
        return None;
    }
    let calls: u64 = calls.parse().ok()?;
    let Some(contender) = find(pattern, row, contender) else { return Some(ExitCode::FAILURE) };
    // Past the first calls, which make what is made lazily.
    contender.prepare();
    contender.check(200, contender.run(200));
    let tally = counted_region(&contender, calls);
    contender.check(calls, tally);
    Some(ExitCode::SUCCESS)
}

fn find(pattern: &str, row: &str, contender: &str) -> Option<Contender> {
    let row = Pattern::named(pattern).ok()?.row(row)?;
    (row.contenders)().into_iter().find(|candidate| candidate.name == contender)
}

#[inline(never)]
fn counted_region(contender: &Contender, calls: u64) -> crate::work::Tally {
    contender.run(calls)
}
