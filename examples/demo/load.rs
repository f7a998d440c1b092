//! The load: open loop. Call number n is due at a fixed instant, whether or not earlier ones have been answered, and
//! its latency counts from that instant; a caller who waits in real life is not spared here.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use resil::shutdown::Token;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use crate::client::{Client, Trouble};
use crate::fate::Order;
use crate::guard::Guard;
use crate::ledger::{Ledger, Outcome, Record, Request};
use crate::naive::Naive;
use crate::pace::{GRACE, Pace};
use crate::phases::Script;
use crate::sides::Sides;

/// How many times as many callers come in the surge.
pub(crate) const SURGE: u32 = 3;

impl From<Trouble> for Outcome {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::OverContract => Self::OverContract,
            Trouble::ServerError => Self::ServerError,
            Trouble::TimedOut => Self::TimedOut,
            Trouble::Unreachable => Self::Unreachable,
        }
    }
}

/// When calls are due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    /// Calls per second outside the surge.
    pub(crate) rate: u32,
    pub(crate) length: Duration,
    surge_from: Duration,
    surge_length: Duration,
}

impl Schedule {
    pub(crate) fn new(rate: u32, script: &Script) -> Self {
        let (surge_from, surge_length) = script
            .surge()
            .map_or_else(Default::default, |surge| (surge.from, surge.until.saturating_sub(surge.from)));
        Self { rate, length: script.length(), surge_from, surge_length }
    }

    /// Calls to each side.
    pub(crate) fn calls(&self) -> u32 {
        let at_the_usual_rate = self.length + self.surge_length * (SURGE - 1);
        let calls = (at_the_usual_rate.as_nanos() * u128::from(self.rate)).div_ceil(1_000_000_000);
        u32::try_from(calls).unwrap_or(u32::MAX)
    }

    pub(crate) fn due(&self, number: u32) -> Duration {
        let at_the_usual_rate = Duration::from_secs(number.into()) / self.rate;
        let since = at_the_usual_rate.saturating_sub(self.surge_from);
        let in_the_surge = (since / SURGE).min(self.surge_length);
        let after_it = since.saturating_sub(self.surge_length * SURGE);
        at_the_usual_rate.min(self.surge_from) + in_the_surge + after_it
    }
}

/// How far the load has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// All calls that were due before it have been sent.
    pub(crate) until: Duration,
    /// How late the most belated of them was.
    pub(crate) most_late: Duration,
}

/// One side: a client, and what came of its calls.
struct Caller {
    client: Client,
    ledger: Mutex<Ledger>,
}

impl Caller {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The three sides and their ledgers.
pub(crate) struct Arena {
    pub(crate) start: Instant,
    pace: Pace,
    callers: Sides<Caller>,
    pub(crate) naive: Naive,
    pub(crate) guard: Guard,
    progress: Mutex<Progress>,
}

impl Arena {
    pub(crate) fn new(
        start: Instant,
        pace: Pace,
        clients: Sides<Client>,
        naive: Naive,
        guard: Guard,
    ) -> Self {
        let callers = clients.map(|client| Caller { client, ledger: Mutex::default() });
        Self { start, pace, callers, naive, guard, progress: Mutex::default() }
    }

    pub(crate) fn ledgers(&self) -> Sides<MutexGuard<'_, Ledger>> {
        self.callers.as_ref().map(Caller::ledger)
    }

    pub(crate) fn progress(&self) -> Progress {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_progress(&self, until: Duration, late: Duration) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        *progress = Progress { until, most_late: progress.most_late.max(late) };
    }

    async fn call_bare(self: Arc<Self>, number: u32, due: Duration) {
        let call = Call::begin(&self, &self.callers.bare, number, due);
        let answer = timeout(self.pace.deadline, call.request()).await;
        call.end(answer.unwrap_or(Err(Trouble::TimedOut)).map_or_else(Outcome::from, |()| Outcome::Ok));
    }

    async fn call_naive(self: Arc<Self>, number: u32, due: Duration) {
        let call = Call::begin(&self, &self.callers.naive, number, due);
        call.end(self.naive.call(|| call.request()).await);
    }

    async fn call_guarded(self: Arc<Self>, number: u32, due: Duration) {
        let call = Call::begin(&self, &self.callers.guarded, number, due);
        call.end(self.guard.call(|| call.request()).await);
    }
}

/// One call of one side.
struct Call<'a> {
    arena: &'a Arena,
    caller: &'a Caller,
    number: u32,
    due: Duration,
    begun: Instant,
    /// How many requests it has sent.
    sent: AtomicU32,
}

impl<'a> Call<'a> {
    fn begin(arena: &'a Arena, caller: &'a Caller, number: u32, due: Duration) -> Self {
        caller.ledger().note_sent();
        Self { arena, caller, number, due, begun: Instant::now(), sent: AtomicU32::new(0) }
    }

    /// Sends a request. What keeps it from going out does not poll this.
    async fn request(&self) -> Result<(), Trouble> {
        let before = self.sent.fetch_add(1, Ordering::Relaxed);
        let at = self.arena.start.elapsed();
        self.caller.ledger().note_request(Request { at, again: before > 0 });
        self.caller.client.ask(Order { number: self.number, before }).await
    }

    fn end(&self, outcome: Outcome) {
        let latency = self.arena.start.elapsed().saturating_sub(self.due);
        let mut ledger = self.caller.ledger();
        if self.begun.elapsed() > self.arena.pace.deadline + GRACE {
            ledger.note_overrun();
        }
        ledger.note_ended(Record { due: self.due, latency, outcome });
    }
}

/// Sends every call to every side until `stop`, and returns when the last one has ended.
pub(crate) async fn send(arena: &Arc<Arena>, schedule: Schedule, stop: &Token) {
    let mut calls = JoinSet::new();
    for number in 0..schedule.calls() {
        let due = schedule.due(number);
        if timeout_at(arena.start + due, stop.triggered()).await.is_ok() {
            break;
        }
        arena.note_progress(due, arena.start.elapsed().saturating_sub(due));
        // None of them is always the last.
        for turn in 0..3 {
            match (number + turn) % 3 {
                0 => calls.spawn(Arc::clone(arena).call_bare(number, due)),
                1 => calls.spawn(Arc::clone(arena).call_naive(number, due)),
                _ => calls.spawn(Arc::clone(arena).call_guarded(number, due)),
            };
        }
        while calls.try_join_next().is_some() {}
    }
    if !stop.is_triggered() {
        arena.note_progress(schedule.length, Duration::ZERO);
    }
    while calls.join_next().await.is_some() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_call_of_a_long_run_is_due_on_time() {
        for rate in [20, 30, 333, 1000] {
            let schedule = Schedule::new(rate, &Script::new(Duration::from_secs(600)));
            // 60 seconds of them are a surge.
            assert_eq!(schedule.calls(), rate * (600 + 2 * 60));
            assert_eq!(schedule.due(0), Duration::ZERO);
            assert_eq!(schedule.due(schedule.calls()), schedule.length);
            assert!((1..schedule.calls()).all(|number| schedule.due(number - 1) < schedule.due(number)));
        }
    }

    #[test]
    fn no_call_is_due_after_the_end_of_an_odd_run() {
        for (rate, seconds) in [(20, 5), (37, 7), (333, 11), (999, 599)] {
            let schedule = Schedule::new(rate, &Script::new(Duration::from_secs(seconds)));
            let calls = schedule.calls();
            assert!(schedule.due(calls - 1) < schedule.length && schedule.length <= schedule.due(calls));
        }
    }

    #[test]
    fn three_times_as_many_calls_are_due_in_the_surge() {
        let script = Script::new(Duration::from_secs(30));
        let schedule = Schedule::new(200, &script);
        let mut due = [0; 30];
        for number in 0..schedule.calls() {
            due[usize::try_from(schedule.due(number).as_secs()).unwrap_or(usize::MAX)] += 1;
        }
        let expected: Vec<_> =
            (0..30).map(|second| if (1..4).contains(&second) { 600 } else { 200 }).collect();
        assert_eq!(due.as_slice(), expected);
    }
}
