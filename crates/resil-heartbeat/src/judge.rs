//! The verdict on a state: pure, and total.

use std::time::Duration;

use crate::{Liveness, Process, Started, State, Status, Vantage};

/// Judges what somebody read, who stands there and thinks a state stale that is older than `max_age`.
pub(crate) fn judge(state: &State, from: &Vantage, max_age: Duration) -> Liveness {
    let age = age(state, from);
    let age_or_none = age.unwrap_or_default();
    if state.status == Some(Status::Stopped) {
        return Liveness::Stopped { age: age_or_none };
    }
    if let Some(pid) = state.pid.filter(|_| is_dead(state, from)) {
        return Liveness::Dead { age: age_or_none, pid };
    }
    match age {
        Err(ahead) => Liveness::FromFuture { ahead },
        Ok(age) if age > max_age => Liveness::Stale { age, max_age },
        Ok(age) if state.status == Some(Status::Stalled) => {
            Liveness::Stalled { age, workers: state.stalled() }
        }
        Ok(age) => Liveness::Alive { age },
    }
}

/// How old it is, or how far it is ahead.
fn age(state: &State, from: &Vantage) -> Result<Duration, Duration> {
    let difference = match (state.monotonic, from.monotonic) {
        (Some(then), Some(now)) if from.shares_boot_with(state) => {
            now.checked_sub(then).ok_or_else(|| then.saturating_sub(now))
        }
        _ => from.now.since(state.timestamp),
    };
    difference.or_else(|ahead| if ahead <= Vantage::MAX_SKEW { Ok(Duration::ZERO) } else { Err(ahead) })
}

/// Whether its process has certainly ended. In doubt it has not: who believes this may start another.
fn is_dead(state: &State, from: &Vantage) -> bool {
    if !from.shares_processes_with(state) {
        return false;
    }
    match from.process {
        Process::Gone => true,
        // Another one has its number now.
        Process::Exists { started: Some(now) } => {
            let is_other = |then: Started| {
                then.time_namespace == from.time_namespace && then.process.is_some_and(|then| then != now)
            };
            state.started.is_some_and(is_other)
        }
        Process::Exists { started: None } | Process::Unknown => false,
    }
}

#[cfg(test)]
mod tests;
