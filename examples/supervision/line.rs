//! What the programs tell of themselves.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line to stdout: at once and in one piece, as both programs write to the same. Nobody may be there to read it.
pub(crate) fn say(line: impl Display) {
    let _ = io::stdout().write_all(format!("{line}\n").as_bytes());
}
