//! What the supervisor is told when it is started.

use std::path::PathBuf;
use std::time::Duration;

use resil::retry::Backoff;

use crate::flags::Flags;
use crate::restarts::Patience;

pub(crate) const HELP: &str = "\
Starts a worker, watches its heartbeat and its exit, and starts another in its place when it has to.

Usage: supervisor [FLAGS] [-- FLAGS OF THE WORKER]

  --worker PATH     the program (default: `worker` beside this one)
  --dir PATH        where the worker's files are (default: resil-supervision in the folder for temporary files)
  --interval MS     time between two beats of the worker (default 1000)
  --max-age MS      how old its last beat may be (default: three intervals)
  --check MS        time between two looks at it (default 500)
  --startup MS      how long its first beat may take (default 5000)
  --grace MS        time between SIGTERM and SIGKILL where it has to be replaced (default 5000)
  --end-within MS   time for its end where the supervisor is asked to end (default 15000)
  --backoff MS      the first pause before a restart; each later one is twice as long (default 200)
  --longest MS      the longest pause (default 30000)
  --restarts N      how many restarts there may be within the window (default 5)
  --window MS       (default 60000)
  --healthy MS      how long a worker has to be well to reset that count (default 30000)
  --ignore-exit     does not look whether the worker has ended: its beats alone say how it is
  --help            this text
";

/// Its settings.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) worker: PathBuf,
    pub(crate) flags_of_worker: Vec<String>,
    pub(crate) dir: PathBuf,
    pub(crate) interval: Duration,
    pub(crate) max_age: Duration,
    pub(crate) check: Duration,
    pub(crate) startup: Duration,
    pub(crate) grace: Duration,
    pub(crate) end_within: Duration,
    pub(crate) patience: Patience,
    pub(crate) ignores_exit: bool,
}

impl Settings {
    /// `None` if somebody asks for help.
    pub(crate) fn read(arguments: impl IntoIterator<Item = String>) -> Result<Option<Self>, String> {
        let mut arguments = arguments.into_iter();
        let mut flags = Flags::new(arguments.by_ref().take_while(|word| word != "--"));
        if flags.switch("--help") {
            return Ok(None);
        }
        let (worker, dir) = (flags.text("--worker")?, flags.text("--dir")?);
        let interval = flags.span("--interval", Duration::from_secs(1))?;
        let settings = Self {
            worker: worker.map_or_else(beside_this, |path| Ok(PathBuf::from(path)))?,
            flags_of_worker: arguments.collect(),
            dir: dir.map_or_else(|| std::env::temp_dir().join("resil-supervision"), PathBuf::from),
            interval,
            max_age: flags.span("--max-age", 3 * interval)?,
            check: flags.span("--check", Duration::from_millis(500))?,
            startup: flags.span("--startup", Duration::from_secs(5))?,
            grace: flags.span("--grace", Duration::from_secs(5))?,
            end_within: flags.span("--end-within", Duration::from_secs(15))?,
            patience: Patience {
                backoff: Backoff::exponential(flags.span("--backoff", Duration::from_millis(200))?)
                    .max(flags.span("--longest", Duration::from_secs(30))?),
                limit: flags.value("--restarts")?.unwrap_or(5),
                window: flags.span("--window", Duration::from_secs(60))?,
                healthy: flags.span("--healthy", Duration::from_secs(30))?,
            },
            ignores_exit: flags.switch("--ignore-exit"),
        };
        flags.finish()?;
        if settings.check.is_zero() {
            return Err("--check is `0`: must be at least 1".to_owned());
        }
        Ok(Some(settings))
    }
}

fn beside_this() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| format!("--worker is needed: {error}"))?;
    Ok(own.with_file_name("worker"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Settings, String> {
        Settings::read(line.split_whitespace().map(str::to_owned)).map(|settings| settings.expect("no help"))
    }

    #[test]
    fn what_follows_two_dashes_is_for_the_worker() {
        let settings = read("--check 20 -- --deaf --interval 7").unwrap();
        assert_eq!(settings.flags_of_worker, ["--deaf", "--interval", "7"]);
        assert_eq!(settings.interval, Duration::from_secs(1));
    }

    #[test]
    fn a_beat_may_be_three_intervals_old() {
        assert_eq!(read("--interval 50").unwrap().max_age, Duration::from_millis(150));
        assert_eq!(read("--interval 50 --max-age 60").unwrap().max_age, Duration::from_millis(60));
    }

    #[test]
    fn it_does_not_look_all_the_time() {
        assert_eq!(read("--check 0").unwrap_err(), "--check is `0`: must be at least 1");
    }
}
