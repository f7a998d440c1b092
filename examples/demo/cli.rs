//! The command line. Six flags are not worth a parser's dozen of crates.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

const SECONDS: RangeInclusive<u64> = 5..=600;
const RATE: RangeInclusive<u64> = 20..=1000;

pub(crate) const HELP: &str = "\
Three identical HTTP servers on loopback go through a surge and through slow, flaky, failing, dead and
recovering phases. They have a contract: half as many requests again as usual, and 429 for what is over it;
in the surge there are three times as many. One is called bare, one with naive retries, and one through a
pipeline of deadline, retries on a budget, rate limiter, circuit breaker and attempt timeout, by the same
open-loop load.

Usage: cargo xtask demo [FLAGS]

  --seconds N   length of the run, 5 to 600 (default 30)
  --rate N      calls per second to each of them, 20 to 1000 (default 200); three times that in the surge
  --seed N      decides which call is slow and which fails, 0 to 18446744073709551615 (default 1)
  --config FILE what stands around the calls (default examples/demo.yaml); edit it while the demo runs
  --html PATH   where to write the report (default target/demo.html)
  --svg PATH    where to write a small picture of the run besides (default: nowhere)
  --help        this text

Ctrl-C ends it early and in order: calls that are under way come to their ends, and what was measured until then
is written. A second one ends it at once.

Exits with 0 if every call was sent and answered, the surge drove the bare side over the contract and not the
guarded one, naive retries made a storm and the guarded ones kept their budget, and the breaker opened in each
trouble and closed after it, or if Ctrl-C came and it ended in order; with 1 if not, with 2 if it could not run.
";

/// What the user asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Help,
    Run(Settings),
}

/// The settings of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) length: Duration,
    /// Calls per second, to each side.
    pub(crate) rate: u32,
    pub(crate) seed: u64,
    pub(crate) config: PathBuf,
    pub(crate) html: PathBuf,
    pub(crate) svg: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        let html = PathBuf::from("target/demo.html");
        let config = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/demo.yaml"));
        Self { length: Duration::from_secs(30), rate: 200, seed: 1, config, html, svg: None }
    }
}

/// A flag that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BadFlag {
    Unknown(String),
    WithoutValue(String),
    OutOfRange { flag: String, value: String, range: RangeInclusive<u64> },
}

impl fmt::Display for BadFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(flag) => {
                write!(
                    f,
                    "unknown flag `{flag}`: there are --seconds, --rate, --seed, --config, --html, --svg and --help"
                )
            }
            Self::WithoutValue(flag) => write!(f, "{flag} needs a value"),
            Self::OutOfRange { flag, value, range } => {
                write!(
                    f,
                    "{flag} is `{value}`: must be a whole number from {} to {}",
                    range.start(),
                    range.end()
                )
            }
        }
    }
}

impl std::error::Error for BadFlag {}

/// Reads the arguments that follow the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Wish, BadFlag> {
    let mut settings = Settings::default();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let (flag, attached) = match argument.split_once('=') {
            Some((flag, value)) => (flag.to_owned(), Some(value.to_owned())),
            None => (argument, None),
        };
        let mut value = |flag: &str| {
            let value = attached.clone().or_else(|| arguments.next()).filter(|value| !value.is_empty());
            value.ok_or_else(|| BadFlag::WithoutValue(flag.to_owned()))
        };
        match flag.as_str() {
            "--help" | "-h" => return Ok(Wish::Help),
            "--seconds" => settings.length = Duration::from_secs(whole(&flag, value(&flag)?, SECONDS)?),
            "--rate" => settings.rate = whole(&flag, value(&flag)?, RATE)?,
            "--seed" => settings.seed = whole(&flag, value(&flag)?, 0..=u64::MAX)?,
            "--config" => settings.config = PathBuf::from(value(&flag)?),
            "--html" => settings.html = PathBuf::from(value(&flag)?),
            "--svg" => settings.svg = Some(PathBuf::from(value(&flag)?)),
            _ => return Err(BadFlag::Unknown(flag)),
        }
    }
    Ok(Wish::Run(settings))
}

fn whole<N: TryFrom<u64>>(flag: &str, value: String, range: RangeInclusive<u64>) -> Result<N, BadFlag> {
    let number = value.parse::<u64>().ok().filter(|number| range.contains(number));
    let number = number.and_then(|number| N::try_from(number).ok());
    number.ok_or(BadFlag::OutOfRange { flag: flag.to_owned(), value, range })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Wish, String> {
        parse(line.split_whitespace().map(str::to_owned)).map_err(|error| error.to_string())
    }

    #[test]
    fn no_flag_gives_the_defaults_of_the_help_text() {
        let settings = Settings::default();
        assert_eq!(parsed(""), Ok(Wish::Run(settings.clone())));
        assert!(HELP.contains(&format!("(default {})", settings.length.as_secs())));
        assert!(HELP.contains(&format!("(default {})", settings.rate)));
        assert!(HELP.contains(&format!("(default {})", settings.seed)));
        assert!(HELP.contains(&format!("(default {})", settings.html.display())));
        assert!(HELP.contains(&format!("{} to {}", SECONDS.start(), SECONDS.end())));
        assert!(HELP.contains(&format!("{} to {}", RATE.start(), RATE.end())));
    }

    #[test]
    fn flags_take_their_value_with_a_space_or_an_equals_sign() {
        let expected = Settings {
            length: Duration::from_secs(6),
            rate: 50,
            seed: u64::MAX,
            config: PathBuf::from("a.yaml"),
            html: PathBuf::from("a=b.html"),
            svg: Some(PathBuf::from("a.svg")),
        };
        let line =
            "--seconds 6 --rate=50 --seed 18446744073709551615 --config a.yaml --html=a=b.html --svg a.svg";
        assert_eq!(parsed(line), Ok(Wish::Run(expected)));
    }

    #[test]
    fn help_wins_over_what_follows() {
        assert_eq!(parsed("--rate 50 --help --nonsense"), Ok(Wish::Help));
    }

    #[test]
    fn an_error_names_the_flag_the_value_and_the_range() {
        let texts = [
            ("--seconds 4", "--seconds is `4`: must be a whole number from 5 to 600"),
            ("--rate 1001", "--rate is `1001`: must be a whole number from 20 to 1000"),
            ("--rate 2.5", "--rate is `2.5`: must be a whole number from 20 to 1000"),
            ("--seed -1", "--seed is `-1`: must be a whole number from 0 to 18446744073709551615"),
            ("--seconds", "--seconds needs a value"),
            ("--html=", "--html needs a value"),
            (
                "--sed 1",
                "unknown flag `--sed`: there are --seconds, --rate, --seed, --config, --html, --svg and --help",
            ),
            (
                "30",
                "unknown flag `30`: there are --seconds, --rate, --seed, --config, --html, --svg and --help",
            ),
        ];
        for (line, text) in texts {
            assert_eq!(parsed(line), Err(text.to_owned()));
        }
    }
}
