//! What only Linux can say. Where `/proc` is not there or is another's, it says nothing.

use std::path::Path;
use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::grace::Clocks;

/// The time since the system booted, suspends included.
pub(crate) fn since_boot() -> Option<Duration> {
    span(clock_gettime(ClockId::Boottime))
}

/// The time since the boot, and how much of it the system was asleep.
pub(crate) fn clocks() -> Option<Clocks> {
    // Time awake is read before and after, as this thread may lose time in between.
    let before = span(clock_gettime(ClockId::Monotonic))?;
    let since_boot = since_boot()?;
    let after = span(clock_gettime(ClockId::Monotonic))?;
    let (at_least, at_most) = (since_boot.saturating_sub(after), since_boot.saturating_sub(before));
    Some(Clocks { since_boot, asleep_at_least: at_least, asleep_at_most: at_most })
}

fn span(time: Timespec) -> Option<Duration> {
    Some(Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?))
}

/// What tells this boot from others.
pub(crate) fn boot_id() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}

/// The number of this process's namespace of that kind.
pub(crate) fn namespace(kind: &str) -> Option<u64> {
    let link = std::fs::read_link(Path::new("/proc/self/ns").join(kind)).ok()?;
    // "pid:[4026531836]"
    let (_, number) = link.to_str()?.split_once(":[")?;
    number.strip_suffix(']')?.parse().ok()
}

/// What `/proc` knows of a process.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    /// It has ended, and waits for its parent to notice.
    pub(crate) has_ended: bool,
    /// When it began, in clock ticks since the boot.
    pub(crate) started: u64,
}

/// Looks at the process with that number. `None` also where `/proc` numbers processes in another way than this process's namespace.
pub(crate) fn stat(pid: u32) -> Option<Stat> {
    let own = std::fs::read_link("/proc/self").ok()?;
    if own.to_str()?.parse() != Ok(std::process::id()) {
        return None;
    }
    parse(&std::fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// Fields 3, 20 and 22 of proc_pid_stat(5): state, number of threads, start.
fn parse(stat: &[u8]) -> Option<Stat> {
    // The second is the name in brackets, which may hold anything, also a bracket.
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(&stat[end + 1..]).ok()?;
    let fields: Vec<_> = rest.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3).copied();
    let is_zombie = matches!(field(3)?, "Z" | "X" | "x");
    // One whose first thread has ended looks like that, too, while others go on.
    let has_threads = field(20)?.parse::<i64>().ok()? > 1;
    Some(Stat { has_ended: is_zombie && !has_threads, started: field(22)?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: &str = "23422 23422 11580 0 -1 4194304 102 0 0 0 0 0 0 0 20 0";

    #[test]
    fn the_start_is_found_whatever_the_name_is() {
        for name in ["cat", "a b", ") Z 1 (", "", "((("] {
            let line = format!("17 ({name}) R {REST} 1 0 4616026 3133440 412\n");
            assert_eq!(parse(line.as_bytes()), Some(Stat { has_ended: false, started: 4_616_026 }), "{name}");
        }
        let line = [b"17 (\xff\xfe) S ", REST.as_bytes(), b" 1 0 7 3133440 412\n"].concat();
        assert_eq!(parse(&line), Some(Stat { has_ended: false, started: 7 }));
    }

    #[test]
    fn a_zombie_has_ended_unless_it_has_threads_left() {
        for (state, threads, has_ended) in [("Z", 1, true), ("X", 0, true), ("Z", 2, false), ("T", 1, false)]
        {
            let line = format!("17 (cat) {state} {REST} {threads} 0 5 0");
            assert_eq!(parse(line.as_bytes()), Some(Stat { has_ended, started: 5 }));
        }
    }

    #[test]
    fn anything_else_says_nothing() {
        for line in ["", "17", "17 (cat", "17 (cat)", "17 (cat) R 1 2 3", ")"] {
            assert_eq!(parse(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn this_process_is_there_and_one_that_cannot_be_is_not() {
        let own = stat(std::process::id()).expect("/proc is this process's own");
        assert!(!own.has_ended && own.started > 0);
        assert_eq!(stat(u32::MAX), None);
        assert!(boot_id().is_some() && namespace("pid").is_some() && namespace("nothing").is_none());
    }

    #[test]
    fn the_clocks_of_one_boot_agree() {
        let (first, second) = (clocks().unwrap(), clocks().unwrap());
        assert!(first.since_boot <= second.since_boot && second.since_boot <= since_boot().unwrap());
        assert!(second.asleep_at_least <= first.asleep_at_most, "nobody slept in between");
        for clocks in [first, second] {
            assert!(
                clocks.asleep_at_least <= clocks.asleep_at_most && clocks.asleep_at_most < clocks.since_boot
            );
        }
    }
}
