//! File descriptors: callers and upstreams share one process, so that each connection takes two.

use std::time::Duration;

/// How many descriptors a load needs at most: two ends, and every request that may wait at once. Naive calls send two,
/// more or less, before they succeed.
#[cfg(any(unix, test))]
fn needed(rate: u32, deadline: Duration) -> u64 {
    let waiting = u64::from(rate) * u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX) / 1000;
    // Twice that, because a connection that was given up is closed a little later; 64 for everything else.
    2 * 2 * 4 * waiting + 64
}

/// Raises this process's soft limit if the load needs it, as far as the hard limit allows.
#[cfg(unix)]
pub(crate) fn make_room(rate: u32, deadline: Duration) -> Result<(), String> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let needed = needed(rate, deadline);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    if maximum.is_some_and(|maximum| maximum < needed) {
        return Err(format!("--rate {rate} needs {needed} open files, and `ulimit -Hn` allows fewer"));
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum })
        .map_err(|error| format!("cannot raise the number of open files to {needed}: {error}"))
}

/// There is no such limit here.
#[cfg(not(unix))]
pub(crate) fn make_room(_rate: u32, _deadline: Duration) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_load_fits_under_four_times_the_usual_limit() {
        assert_eq!(needed(200, Duration::from_secs(1)), 3264);
        assert_eq!(needed(20, Duration::from_millis(200)), 128);
    }
}
