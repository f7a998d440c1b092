//! A window on a clock of its own, those who wait for it, and what it has to account for.

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use resil_ratelimit::testing::poll_once;
use resil_ratelimit::{
    Clock, Limit, ManualClock, Name, Policy, Reason, Rejected, SlidingAcquire, SlidingPermit, SlidingWindow,
};

use crate::naive::Naive;

pub(crate) type Window = SlidingWindow<ManualClock>;

/// A limit, small enough for every corner to be met.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) permits: u32,
    pub(crate) window: u64,
    pub(crate) slices: Option<u32>,
}

impl Settings {
    fn limit(self) -> Limit {
        let limit = Limit::per(self.permits, Duration::from_nanos(self.window));
        self.slices.map_or(limit.exact(), |slices| limit.slices(slices))
    }

    pub(crate) fn open(self) -> (Window, ManualClock) {
        let clock = ManualClock::new();
        (SlidingWindow::with_clock(Name::UNNAMED, self.limit(), clock.clone()), clock)
    }

    /// The longest time by which a permit may come back too late.
    pub(crate) fn lateness(self) -> u64 {
        nanos(self.limit().lateness())
    }
}

pub(crate) fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).expect("no time is that long")
}

/// How long a refusal says that one has to wait; `None` if it is none.
pub(crate) fn hint_of(answer: &Result<(), Rejected>) -> Option<u64> {
    let refusal = answer.as_ref().err()?;
    assert_eq!(refusal.reason(), Reason::RateLimited);
    let hint = nanos(refusal.retry_after().expect("there is a hint while waiting helps"));
    assert!(hint > 0, "a hint is never zero");
    Some(hint)
}

/// Somebody who waits.
pub(crate) struct Waiter<'a> {
    pub(crate) number: usize,
    pub(crate) permits: u32,
    wait: Pin<Box<SlidingAcquire<'a, ManualClock, ManualClock>>>,
}

pub(crate) struct Scene<'a> {
    pub(crate) window: &'a Window,
    clock: &'a ManualClock,
    limit: u32,
    /// In the order in which they came.
    pub(crate) waiters: Vec<Waiter<'a>>,
    permits: Vec<(u64, SlidingPermit)>,
    pub(crate) naive: Naive,
    /// The numbers of the waiters that were served, in order.
    pub(crate) served: Vec<usize>,
    pub(crate) came: usize,
    pub(crate) acquired: u64,
    pub(crate) refunded: u64,
    pub(crate) waited: u64,
    pub(crate) refused: u64,
    pub(crate) dropped: u64,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(window: &'a Window, clock: &'a ManualClock, settings: Settings) -> Self {
        Self {
            window,
            clock,
            limit: settings.permits,
            waiters: Vec::new(),
            permits: Vec::new(),
            naive: Naive::new(settings.permits, settings.window),
            served: Vec::new(),
            came: 0,
            acquired: 0,
            refunded: 0,
            waited: 0,
            refused: 0,
            dropped: 0,
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.now().as_nanos()
    }

    pub(crate) fn pass(&self, nanos: u64) {
        self.clock.advance(Duration::from_nanos(nanos));
    }

    /// Asks for permits now; the hint of a refusal.
    pub(crate) fn ask(&mut self, permits: u32) -> Option<u64> {
        let permits = permits.min(self.limit);
        let hint = hint_of(&self.window.try_acquire_n(permits));
        self.note(hint, permits);
        hint
    }

    pub(crate) fn admit(&mut self) {
        match self.window.admit() {
            Ok(permit) => {
                self.permits.push((self.now(), permit));
                self.note(None, 1);
            }
            Err(refusal) => self.note(hint_of(&Err(refusal)), 1),
        }
    }

    /// Gives back the permit of a call that was not made.
    pub(crate) fn give_back(&mut self, index: usize) {
        if !self.permits.is_empty() {
            let (at, permit) = self.permits.swap_remove(index % self.permits.len());
            self.window.release(permit);
            self.naive.take_back(at);
            self.refunded += 1;
        }
    }

    /// Somebody comes who waits, and is polled for the first time; whether it has to be polled again.
    pub(crate) fn come(&mut self, permits: u32, within: Option<u64>) -> bool {
        let permits = permits.min(self.limit);
        let wait = self.window.acquire_with(self.clock.clone()).permits(permits);
        let wait = match within {
            Some(within) => wait.within(Duration::from_nanos(within)),
            None => wait,
        };
        self.waiters.push(Waiter { number: self.came, permits, wait: Box::pin(wait) });
        self.came += 1;
        self.poll(self.waiters.len() - 1, false)
    }

    /// Polls the waiter at `index` once; whether it has to be polled again.
    pub(crate) fn poll(&mut self, index: usize, has_waited: bool) -> bool {
        let Poll::Ready(answer) = poll_once(self.waiters[index].wait.as_mut()) else { return true };
        let waiter = self.waiters.remove(index);
        let hint = hint_of(&answer);
        self.note(hint, waiter.permits);
        if hint.is_none() {
            self.served.push(waiter.number);
            self.waited += u64::from(has_waited);
        }
        false
    }

    /// Polls all waiters in the order in which they came.
    pub(crate) fn poll_all(&mut self) {
        let mut index = 0;
        while index < self.waiters.len() {
            index += usize::from(self.poll(index, true));
        }
    }

    pub(crate) fn give_up(&mut self, index: usize) {
        self.waiters.remove(index);
        self.dropped += 1;
    }

    fn note(&mut self, hint: Option<u64>, permits: u32) {
        if hint.is_some() {
            self.refused += 1;
        } else {
            self.naive.give(self.now(), permits);
            self.acquired += u64::from(permits);
        }
    }

    /// What it counted itself, and what it should have been told.
    pub(crate) fn accounts(&self) -> ([u64; 5], [u64; 5]) {
        let stats = self.window.stats();
        let expected = [self.acquired, self.refunded, self.refused, self.waited, self.dropped];
        (expected, [stats.acquired, stats.refunded, stats.rejected, stats.waited, stats.cancelled])
    }
}
