//! The upstream's own book: every request that reached it, and what it did with it.

use std::time::Duration;

use crate::ledger::Request;
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
    /// Requests that went out, also while nobody listened.
    pub(crate) all: u32,
    /// Those that the upstream counted as over the contract.
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

/// Cuts the run into parts of `width`, by the instants at which requests went out, and at which they came in.
pub(crate) fn traffic(
    requests: &[Request],
    visits: &[Visit],
    length: Duration,
    width: Duration,
) -> Vec<Traffic> {
    let mut parts: Vec<_> = std::iter::successors(Some(Duration::ZERO), |from| Some(*from + width))
        .take_while(|from| *from < length)
        .map(|from| Traffic { from, until: (from + width).min(length), all: 0, over: 0 })
        .collect();
    let mut count = |at: Duration, add: fn(&mut Traffic)| {
        let part = parts.partition_point(|part| part.until <= at);
        parts.get_mut(part).map(add);
    };
    for request in requests {
        count(request.at, |part| part.all += 1);
    }
    for visit in visits.iter().filter(|visit| visit.over) {
        count(visit.at, |part| part.over += 1);
    }
    parts
}

/// The most requests per second that came in between two moments, of all parts of `width`.
pub(crate) fn busiest(visits: &[Visit], from: Duration, until: Duration, width: Duration) -> f64 {
    let inside = visits.iter().filter(|visit| (from..until).contains(&visit.at));
    let since: Vec<_> =
        inside.map(|visit| Request { at: visit.at.saturating_sub(from), again: false }).collect();
    let parts = traffic(&since, &[], until.saturating_sub(from), width);
    // What is left over at the end is no part of that width.
    let whole = parts.iter().filter(|part| part.until.saturating_sub(part.from) == width);
    whole.map(|part| part.per_second(part.all)).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn each_visit_counts_in_the_part_in_which_it_came() {
        let visits = [(250, true), (0, false), (199, true), (200, false), (400, true), (600, true)]
            .map(|(at, over)| Visit { at: ms(at), over });
        let requests = visits.map(|visit| Request { at: visit.at, again: false });
        let parts = traffic(&requests, &visits, ms(500), ms(200));
        let seen: Vec<_> = parts.iter().map(|part| (part.from, part.until, part.all, part.over)).collect();
        assert_eq!(seen, [(ms(0), ms(200), 2, 1), (ms(200), ms(400), 2, 1), (ms(400), ms(500), 1, 1)]);
        let rates = parts.iter().map(|part| format!("{}", part.per_second(part.all)));
        assert_eq!(rates.collect::<Vec<_>>(), ["10"; 3]);
        assert_eq!(over(&visits), 4);
        assert_eq!(format!("{}", busiest(&visits, ms(190), ms(500), ms(100))), "30");
    }

    #[test]
    fn a_request_that_is_turned_away_is_not_taken_on() {
        let script = Script::new(Duration::from_secs(30));
        let visit = |second, over| Visit { at: Duration::from_secs(second), over };
        // Healthy, surge, slow, slow, flaky, failing.
        let visits = [(0, false), (3, true), (6, false), (7, true), (13, false), (16, false)]
            .map(|(second, over)| visit(second, over));
        assert_eq!(taken_while_sick(&visits, &script), 2);
    }
}
