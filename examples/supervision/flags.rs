//! The flags that both programs read.

use std::env::Args;
use std::fmt::Display;
use std::iter::Skip;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use crate::line::say;

/// The exit code of a program that does not know its flags.
const USAGE: u8 = 2;

/// Reads the flags that this program was given, and runs it as they say; `None` of `read` asks for help.
pub(crate) fn obey<T>(
    read: impl FnOnce(Skip<Args>) -> Result<Option<T>, String>,
    help: &str,
    run: impl FnOnce(&T) -> ExitCode,
) -> ExitCode {
    match read(std::env::args().skip(1)) {
        Ok(Some(settings)) => run(&settings),
        Ok(None) => {
            say(help.trim_end());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}\n\n{help}");
            ExitCode::from(USAGE)
        }
    }
}

/// Those that nobody has asked for yet.
pub(crate) struct Flags(Vec<String>);

impl Flags {
    pub(crate) fn new(arguments: impl IntoIterator<Item = String>) -> Self {
        Self(arguments.into_iter().collect())
    }

    /// Whether a flag without a value is there.
    pub(crate) fn switch(&mut self, name: &str) -> bool {
        let found = self.0.iter().position(|word| word == name);
        found.map(|at| self.0.remove(at)).is_some()
    }

    /// The value of a flag.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        let Some(at) = self.0.iter().position(|word| word == name) else { return Ok(None) };
        self.0.remove(at);
        if at == self.0.len() {
            return Err(format!("{name} needs a value"));
        }
        Ok(Some(self.0.remove(at)))
    }

    /// The value of a flag that is a number, an address, or whatever else has a text.
    pub(crate) fn value<T>(&mut self, name: &str) -> Result<Option<T>, String>
    where
        T: FromStr<Err: Display>,
    {
        let parse = |text: String| text.parse().map_err(|error| format!("{name} is `{text}`: {error}"));
        self.text(name)?.map(parse).transpose()
    }

    /// A time, which is given as a whole number of milliseconds.
    pub(crate) fn span(&mut self, name: &str, default: Duration) -> Result<Duration, String> {
        Ok(self.value(name)?.map_or(default, Duration::from_millis))
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<(), String> {
        match self.0.first() {
            Some(word) => Err(format!("`{word}`: there is no such flag")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(line: &str) -> Flags {
        Flags::new(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn flags_are_found_in_any_order() {
        let mut flags = flags("--port 80 --loud --wait 50");
        assert_eq!(flags.span("--wait", Duration::ZERO), Ok(Duration::from_millis(50)));
        assert_eq!(flags.value("--port"), Ok(Some(80_u16)));
        assert_eq!(flags.span("--other", Duration::MAX), Ok(Duration::MAX));
        assert!(flags.switch("--loud") && !flags.switch("--loud"));
        assert_eq!(flags.finish(), Ok(()));
    }

    #[test]
    fn an_error_names_the_flag_and_the_value() {
        let texts = [
            flags("--port").value::<u16>("--port").unwrap_err(),
            flags("--port x").value::<u16>("--port").unwrap_err(),
            flags("--prot 80").finish().unwrap_err(),
        ];
        let wanted = [
            "--port needs a value",
            "--port is `x`: invalid digit found in string",
            "`--prot`: there is no such flag",
        ];
        assert_eq!(texts, wanted);
    }
}
