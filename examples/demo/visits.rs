//! The upstream's own book: every request that reached it, and what it did with it.

use std::time::Duration;

use crate::phases::Script;

/// One request that reached the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    /// From the start of the load.
    pub(crate) at: Duration,
    /// It was more than the contract allows, and was answered 429 at once.
    pub(crate) over: bool,
}

/// The requests of one part of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traffic {
    pub(crate) from: Duration,
    pub(crate) until: Duration,
    pub(crate) all: u32,
    /// Those of them that were over the contract.
    pub(crate) over: u32,
}

impl Traffic {
    /// So many in this part of the run, as a rate per second.
    pub(crate) fn per_second(&self, requests: u32) -> f64 {
        f64::from(requests) / self.until.saturating_sub(self.from).as_secs_f64()
    }
}

/// How many visits are as asked. A run has a million at most.
fn count(visits: &[Visit], of: impl Fn(&Visit) -> bool) -> u32 {
    u32::try_from(visits.iter().filter(|visit| of(visit)).count()).unwrap_or(u32::MAX)
}

/// Requests over the contract.
pub(crate) fn over(visits: &[Visit]) -> u32 {
    count(visits, |visit| visit.over)
}

/// Requests that the upstream took on while it was sick.
pub(crate) fn taken_while_sick(visits: &[Visit], script: &Script) -> u32 {
    count(visits, |visit| !visit.over && script.phase_at(visit.at).is_sick())
}

/// Cuts the run into parts of `width`, by the instants at which requests came in.
pub(crate) fn traffic(visits: &[Visit], length: Duration, width: Duration) -> Vec<Traffic> {
    let mut by_time = visits.to_vec();
    by_time.sort_unstable_by_key(|visit| visit.at);
    let mut rest = by_time.as_slice();
    let mut parts = Vec::new();
    let mut from = Duration::ZERO;
    while from < length {
        let until = (from + width).min(length);
        let (these, later) = rest.split_at(rest.partition_point(|visit| visit.at < until));
        parts.push(Traffic { from, until, all: count(these, |_| true), over: over(these) });
        (rest, from) = (later, until);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn each_visit_counts_in_the_part_in_which_it_came() {
        let visits = [(250, true), (0, false), (199, true), (200, false), (400, true)]
            .map(|(at, over)| Visit { at: ms(at), over });
        let parts = traffic(&visits, ms(500), ms(200));
        let seen: Vec<_> = parts.iter().map(|part| (part.from, part.until, part.all, part.over)).collect();
        assert_eq!(seen, [(ms(0), ms(200), 2, 1), (ms(200), ms(400), 2, 1), (ms(400), ms(500), 1, 1)]);
        let rates = parts.iter().map(|part| format!("{}", part.per_second(part.all)));
        assert_eq!(rates.collect::<Vec<_>>(), ["10"; 3]);
        assert_eq!(over(&visits), 3);
    }

    #[test]
    fn a_request_that_is_turned_away_is_not_taken_on() {
        let script = Script::new(Duration::from_secs(30));
        let visit = |second, over| Visit { at: Duration::from_secs(second), over };
        // Healthy, surge, slow, slow, failing.
        let visits = [visit(1, false), visit(3, true), visit(9, false), visit(10, true), visit(16, false)];
        assert_eq!(taken_while_sick(&visits, &script), 2);
    }
}
