//! What a worker is told when it is started.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::flags::Flags;

pub(crate) const HELP: &str = "\
Sends orders to a flaky service, and writes down in a journal what became of them.

Usage: worker [FLAGS]

  --dir PATH           where its files are: worker.heartbeat, worker.journal (default: resil-supervision in the
                       folder for temporary files)
  --interval MS        time between two beats (default 1000)
  --progress-limit MS  how long its work may stand still (default 3000)
  --end-within MS      time for an end in order (default 10000)
  --service ADDRESS    where to send orders (default: a service of its own)
  --deaf               hears neither SIGTERM nor SIGINT
  --mute               does not beat
  --crash CODE         ends at once, with this exit code
  --help               this text
";

/// Its settings.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) dir: PathBuf,
    pub(crate) interval: Duration,
    pub(crate) progress_limit: Duration,
    pub(crate) end_within: Duration,
    pub(crate) service: Option<SocketAddr>,
    pub(crate) is_deaf: bool,
    pub(crate) is_mute: bool,
    pub(crate) crash: Option<u8>,
}

impl Terms {
    /// `None` if somebody asks for help.
    pub(crate) fn read(arguments: impl IntoIterator<Item = String>) -> Result<Option<Self>, String> {
        let mut flags = Flags::new(arguments);
        if flags.switch("--help") {
            return Ok(None);
        }
        let dir = flags.text("--dir")?;
        let terms = Self {
            dir: dir.map_or_else(|| std::env::temp_dir().join("resil-supervision"), PathBuf::from),
            interval: flags.span("--interval", Duration::from_secs(1))?,
            progress_limit: flags.span("--progress-limit", Duration::from_secs(3))?,
            end_within: flags.span("--end-within", Duration::from_secs(10))?,
            service: flags.value("--service")?,
            is_deaf: flags.switch("--deaf"),
            is_mute: flags.switch("--mute"),
            crash: flags.value("--crash")?,
        };
        flags.finish()?;
        Ok(Some(terms))
    }
}
