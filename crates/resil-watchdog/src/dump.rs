use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// How many threads are listed; the rest is counted.
const MOST: usize = 1_024;

/// How much of a file of the kernel is read: they are far shorter.
const LONGEST: u64 = 4_096;

/// The unit of the times in `stat`: USER_HZ, which is 100 on all architectures that Rust runs on.
const CLOCK_TICK: Duration = Duration::from_millis(10);

/// What every thread of this process is doing, as the Linux kernel sees it: a text for people, when printed.
///
/// It says where each thread sleeps in the kernel and how much processor time it has used; what it runs in the process itself would take
/// a debugger. [`Builder::dump_threads`](crate::Builder::dump_threads) writes one at each alarm.
///
/// ```
/// use resil_watchdog::ThreadDump;
///
/// let dump = ThreadDump::take();
/// println!("{dump}");
/// # #[cfg(target_os = "linux")]
/// assert!(dump.threads.iter().any(|thread| thread.state == 'R')); // this one
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ThreadDump {
    /// The threads, by their ids; empty where the system does not list them.
    pub threads: Vec<ThreadInfo>,
    /// How many more there are: at most 1,024 are listed.
    pub left_out: usize,
}

/// One thread of a [`ThreadDump`].
///
/// ```
/// for thread in resil_watchdog::ThreadDump::take().threads {
///     println!("{} has used {:?}", thread.name, thread.cpu);
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ThreadInfo {
    /// Its id in the system, as debuggers know it.
    pub id: u32,
    /// The first 15 bytes of its name.
    pub name: String,
    /// `R` runs, `S` sleeps, `D` waits for a device, `T` is stopped; `?` is unknown.
    pub state: char,
    /// The function of the kernel in which it sleeps, if it does and the kernel tells.
    pub waits_in: Option<String>,
    /// The processor time that it has used, in steps of 10 ms.
    pub cpu: Duration,
}

impl ThreadDump {
    /// Asks the kernel. Threads that end meanwhile are left out.
    pub fn take() -> Self {
        Self::of(Path::new("/proc/self/task"))
    }

    fn of(folder: &Path) -> Self {
        let Ok(entries) = folder.read_dir() else { return Self::default() };
        let id = |entry: std::io::Result<std::fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
        let mut ids: Vec<u32> = entries.filter_map(id).collect();
        ids.sort_unstable();
        let thread = |id: &u32| {
            let file = |name: &str| read(&folder.join(id.to_string()).join(name));
            Some(ThreadInfo::parse(*id, &file("stat")?, &file("wchan").unwrap_or_default()))
        };
        let threads = ids.iter().take(MOST).filter_map(thread).collect();
        Self { threads, left_out: ids.len().saturating_sub(MOST) }
    }
}

fn read(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(LONGEST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

impl ThreadInfo {
    /// What the files `stat` and `wchan` of a thread say, whatever stands in them.
    fn parse(id: u32, stat: &str, wchan: &str) -> Self {
        // "id (name) state ...", where the name may hold anything, also brackets.
        let name =
            stat.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')).map_or("?", |(name, _)| name);
        let mut fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_ascii_whitespace();
        let state = fields.next().and_then(|field| field.chars().next()).unwrap_or('?');
        // The state is the third field; the times in user and in system mode are the 14th and the 15th.
        let ticks: u64 =
            fields.skip(10).take(2).map(|field| field.parse().unwrap_or(0)).fold(0, u64::saturating_add);
        let cpu = CLOCK_TICK.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX));
        let wchan = wchan.trim();
        let waits_in = (!wchan.is_empty() && wchan != "0").then(|| plain(wchan));
        Self { id, name: plain(name), state, waits_in, cpu }
    }

    fn state(&self) -> &'static str {
        match self.state {
            'R' => "runs",
            'S' => "sleeps",
            'D' => "waits for a device",
            'T' | 't' => "is stopped",
            'Z' | 'X' | 'x' => "has ended",
            'I' => "is idle",
            _ => "",
        }
    }
}

/// Without what would break the line.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

impl fmt::Display for ThreadDump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.threads.is_empty() {
            return f.write_str("this system does not list the threads of a process");
        }
        write!(f, "{} threads:", self.threads.len() + self.left_out)?;
        for thread in &self.threads {
            write!(f, "\n{thread}")?;
        }
        if self.left_out > 0 {
            write!(f, "\nand {} more", self.left_out)?;
        }
        Ok(())
    }
}

impl fmt::Display for ThreadInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, name, state, waits_in, cpu } = self;
        let doing = format!("{state} {}", self.state());
        let place = waits_in.as_deref().unwrap_or("-");
        write!(f, "{id:>8}  {name:<15}  {doing:<20}  {place:<24}  {:.2} s", cpu.as_secs_f64())
    }
}

#[cfg(test)]
mod tests;
