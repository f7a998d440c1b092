//! What became of every call, every request that went out for one, and the statistics that follow from them.

use std::time::Duration;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    /// The limiter refused it, with the time to come back: it never went out.
    Limited,
    /// The breaker refused it: it never went out.
    Refused,
    /// The upstream answered 429: it was well, and asked too often.
    OverContract,
    /// The upstream answered 500.
    ServerError,
    /// Nobody listened, or the connection was cut.
    Unreachable,
    /// No answer before the caller gave up.
    TimedOut,
}

impl Outcome {
    pub(crate) const ALL: [Self; 7] = [
        Self::Ok,
        Self::Limited,
        Self::Refused,
        Self::OverContract,
        Self::ServerError,
        Self::Unreachable,
        Self::TimedOut,
    ];

    /// The call went out and the service failed it. A 429 is the caller's fault.
    pub(crate) fn is_failure(self) -> bool {
        matches!(self, Self::ServerError | Self::Unreachable | Self::TimedOut)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Limited => "limiter refused",
            Self::Refused => "breaker refused",
            Self::OverContract => "429",
            Self::ServerError => "500",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed out",
        }
    }
}

/// One call that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// When it was to be sent, from the start of the load.
    pub(crate) due: Duration,
    /// From that instant, not from when it really went out: a program that is late must not hide it.
    pub(crate) latency: Duration,
    pub(crate) outcome: Outcome,
}

/// How many calls ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally([u32; Outcome::ALL.len()]);

impl Tally {
    pub(crate) fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut tally = Self::default();
        for record in records {
            tally.0[record.outcome as usize] += 1;
        }
        tally
    }

    pub(crate) fn of_kind(&self, outcome: Outcome) -> u32 {
        self.0[outcome as usize]
    }

    pub(crate) fn failures(&self) -> u32 {
        Outcome::ALL
            .into_iter()
            .filter(|outcome| outcome.is_failure())
            .map(|outcome| self.of_kind(outcome))
            .sum()
    }

    pub(crate) fn all(&self) -> u32 {
        self.0.iter().sum()
    }
}

/// Latencies in order, to be asked for percentiles.
#[derive(Clone, Debug)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut sorted: Vec<_> = records.into_iter().map(|record| record.latency).collect();
        sorted.sort_unstable();
        Self(sorted)
    }

    /// The smallest latency that at least this many of a thousand calls do not exceed (nearest rank).
    pub(crate) fn permille(&self, permille: usize) -> Option<Duration> {
        let rank = (self.0.len() * permille).div_ceil(1000).max(1);
        self.0.get(rank - 1).copied()
    }

    /// How many calls took longer than that.
    pub(crate) fn longer_than(&self, limit: Duration) -> u32 {
        let longer = self.0.len() - self.0.partition_point(|latency| *latency <= limit);
        u32::try_from(longer).unwrap_or(u32::MAX)
    }

    pub(crate) fn p50(&self) -> Option<Duration> {
        self.permille(500)
    }

    pub(crate) fn p99(&self) -> Option<Duration> {
        self.permille(990)
    }
}

/// The calls that were due in one slice of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) from: Duration,
    pub(crate) until: Duration,
    pub(crate) tally: Tally,
    pub(crate) p50: Option<Duration>,
    pub(crate) p99: Option<Duration>,
}

impl Slice {
    pub(crate) fn width(&self) -> Duration {
        self.until.saturating_sub(self.from)
    }
}

/// A request that went out, whether or not somebody listened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// From the start of the load.
    pub(crate) at: Duration,
    /// Its call had sent one before.
    pub(crate) again: bool,
}

/// All calls of one side, in the order in which they ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    sent: u32,
    records: Vec<Record>,
    requests: Vec<Request>,
    overrun: u32,
}

impl Ledger {
    pub(crate) fn note_sent(&mut self) {
        self.sent += 1;
    }

    pub(crate) fn note_ended(&mut self, record: Record) {
        self.records.push(record);
    }

    pub(crate) fn note_request(&mut self, request: Request) {
        self.requests.push(request);
    }

    pub(crate) fn note_overrun(&mut self) {
        self.overrun += 1;
    }

    /// Calls that ended long after their caller had stopped waiting.
    pub(crate) fn overrun(&self) -> u32 {
        self.overrun
    }

    pub(crate) fn requests(&self) -> &[Request] {
        &self.requests
    }

    pub(crate) fn sent(&self) -> u32 {
        self.sent
    }

    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    /// Cuts the run into slices of `width`, by the instants at which calls were due.
    pub(crate) fn slices(&self, length: Duration, width: Duration) -> Vec<Slice> {
        let mut slices = Vec::new();
        let mut by_due = self.records.clone();
        by_due.sort_unstable_by_key(|record| record.due);
        let mut rest = by_due.as_slice();
        let mut from = Duration::ZERO;
        while from < length {
            let until = (from + width).min(length);
            let (these, later) = rest.split_at(rest.partition_point(|record| record.due < until));
            let latencies = Latencies::of(these);
            slices.push(Slice {
                from,
                until,
                tally: Tally::of(these),
                p50: latencies.p50(),
                p99: latencies.p99(),
            });
            (rest, from) = (later, until);
        }
        slices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn record(due: u64, latency: u64, outcome: Outcome) -> Record {
        Record { due: ms(due), latency: ms(latency), outcome }
    }

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let hundred: Vec<_> = (1..=100).rev().map(|n| record(0, n, Outcome::Ok)).collect();
        let latencies = Latencies::of(&hundred);
        let asked = [1, 10, 500, 501, 990, 999, 1000].map(|permille| latencies.permille(permille));
        assert_eq!(asked, [1, 1, 50, 51, 99, 100, 100].map(|n| Some(ms(n))));
        assert_eq!([0, 1, 99, 100].map(|limit| latencies.longer_than(ms(limit))), [100, 99, 1, 0]);
    }

    #[test]
    fn one_call_is_its_own_percentile_and_none_has_none() {
        let one = Latencies::of(&[record(0, 7, Outcome::Ok)]);
        assert_eq!([one.permille(0), one.p50(), one.p99()], [Some(ms(7)); 3]);
        assert_eq!(Latencies::of(&[]).p99(), None);
    }

    #[test]
    fn a_tally_tells_refusals_from_failures() {
        let records: Vec<_> = Outcome::ALL
            .into_iter()
            .enumerate()
            .flat_map(|(times, outcome)| std::iter::repeat_n(record(0, 1, outcome), times + 1))
            .collect();
        let tally = Tally::of(&records);
        assert_eq!(Outcome::ALL.map(|outcome| tally.of_kind(outcome)), [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!((tally.failures(), tally.all()), (18, 28));
    }

    #[test]
    fn slices_hold_each_call_once_by_when_it_was_due() {
        let mut ledger = Ledger::default();
        for (due, latency) in [(999, 5), (0, 9_000), (1_000, 20), (2_400, 1), (1_500, 10)] {
            ledger.note_ended(record(due, latency, Outcome::Ok));
        }
        let slices = ledger.slices(ms(2_500), ms(1_000));
        let seen: Vec<_> = slices.iter().map(|s| (s.from, s.until, s.tally.all(), s.p50, s.p99)).collect();
        let expected = [
            (ms(0), ms(1_000), 2, Some(ms(5)), Some(ms(9_000))),
            (ms(1_000), ms(2_000), 2, Some(ms(10)), Some(ms(20))),
            (ms(2_000), ms(2_500), 1, Some(ms(1)), Some(ms(1))),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn an_empty_slice_has_no_percentile() {
        let slices = Ledger::default().slices(ms(10), ms(10));
        assert_eq!(slices.len(), 1);
        assert_eq!((slices[0].tally.all(), slices[0].p50), (0, None));
    }
}
