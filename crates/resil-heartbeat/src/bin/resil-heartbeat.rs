//! Says whether a process lives, by its heartbeat's file: a probe for Kubernetes, and for scripts.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use resil_heartbeat::{Liveness, ReadError, read};

const USAGE: &str = "usage: resil-heartbeat FILE [--max-age SECONDS]
Says whether the process lives whose heartbeat's file that is.
  --max-age SECONDS  how old the last beat may be, in place of three of its own intervals
Exit code: 0 it lives; 1 it does not; 2 nobody knows, as the file cannot be read or holds no beat";

const DOES_NOT_LIVE: u8 = 1;
const NOBODY_KNOWS: u8 = 2;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            say(io::stdout(), USAGE);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            say(io::stderr(), &format!("{error}\n{USAGE}"));
            return NOBODY_KNOWS.into();
        }
    };
    match read(&arguments.file) {
        Ok(state) => {
            let liveness = state.liveness(arguments.max_age.unwrap_or_else(|| state.max_age()));
            say(io::stdout(), &format!("{}: {liveness}", arguments.file.display()));
            if liveness.is_alive() { ExitCode::SUCCESS } else { DOES_NOT_LIVE.into() }
        }
        Err(ReadError::Missing { path }) => {
            say(io::stdout(), &format!("{}: {}", path.display(), Liveness::Missing));
            DOES_NOT_LIVE.into()
        }
        Err(error) => {
            let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            say(io::stderr(), &format!("{error}{source}"));
            NOBODY_KNOWS.into()
        }
    }
}

/// Nobody may be there to read it; the exit code says it all.
fn say(mut to: impl Write, text: &str) {
    let _ = writeln!(to, "{text}");
}

struct Arguments {
    file: PathBuf,
    max_age: Option<Duration>,
}

impl Arguments {
    /// `None` if somebody asks for help.
    fn parse(mut words: impl Iterator<Item = OsString>) -> Result<Option<Self>, String> {
        let (mut file, mut max_age) = (None, None);
        let mut may_be_option = true;
        while let Some(word) = words.next() {
            let option = word.to_str().filter(|text| may_be_option && text.starts_with('-'));
            match option {
                Some("--") => may_be_option = false,
                Some("-h" | "--help") => return Ok(None),
                Some("--max-age") => {
                    let value = words.next().ok_or("--max-age: the seconds are missing")?;
                    max_age = Some(seconds(&value.to_string_lossy())?);
                }
                Some(option) => match option.strip_prefix("--max-age=") {
                    Some(value) => max_age = Some(seconds(value)?),
                    None => return Err(format!("{option}: there is no such option")),
                },
                None if file.is_some() => return Err(format!("{}: one file only", word.display())),
                None => file = Some(PathBuf::from(word)),
            }
        }
        let file = file.ok_or("the file is missing")?;
        Ok(Some(Self { file, max_age }))
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| format!("--max-age: {text:?} is no number of seconds"))?;
    Duration::try_from_secs_f64(number).map_err(|error| format!("--max-age: {text}: {error}"))
}
