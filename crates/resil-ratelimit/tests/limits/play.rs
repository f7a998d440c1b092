//! Plays a history on the limits and on the model, and holds every answer against every promise.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use resil_core::testing::poll_once;
use resil_ratelimit::{
    Clock as _, LimitsAcquire, LimitsReservation, ManualClock, ManualSleep, Moment, Name, Quota, RateLimits,
    Reason, Rejected, Timer,
};

use crate::history::{Amounts, History, Step};
use crate::ledger::Ledger;
use crate::naive::Naive;

type Limits<const N: usize> = RateLimits<N, ManualClock>;
type Waiting<'a, const N: usize> = Pin<Box<LimitsAcquire<Limits<N>, &'a Limits<N>, Scribe>>>;

/// A timer that writes down the last instant that was waited for.
#[derive(Clone)]
struct Scribe {
    clock: ManualClock,
    instant: Arc<Mutex<Option<Moment>>>,
}

impl Timer for Scribe {
    type Sleep = ManualSleep;

    fn sleep_until(&self, at: Moment) -> ManualSleep {
        *self.instant.lock().expect("nobody panics under it") = Some(at);
        self.clock.sleep_until(at)
    }
}

/// A wait that has its instant.
struct Wait<'a, const N: usize> {
    future: Waiting<'a, N>,
    at: u64,
    line: usize,
    claim: usize,
}

struct Held<'a, const N: usize> {
    reservation: LimitsReservation<'a, N, ManualClock>,
    at: u64,
    line: usize,
    claim: usize,
}

/// What the model says about the instant at which all is there, in nanoseconds.
#[derive(Clone, Copy, Debug)]
enum Expected {
    Unknown,
    Never,
    At(u64),
}

impl Expected {
    fn agrees(self, at: Option<u64>) -> bool {
        match self {
            Self::Unknown => true,
            Self::Never => at.is_none(),
            Self::At(expected) => at == Some(expected),
        }
    }
}

struct Stage<'a, const N: usize> {
    limits: &'a Limits<N>,
    clock: &'a ManualClock,
    quotas: [Quota; N],
    /// As long as it is known to the nanosecond what the limits have to do: from the first use until something comes back from the middle.
    naive: Option<Naive>,
    is_used: bool,
    /// The model before each claim that is still the last one, or will be again.
    undo: Vec<(usize, Naive)>,
    claims: usize,
    ledger: Ledger,
    indebted: [bool; N],
    waits: Vec<Wait<'a, N>>,
    held: Vec<Held<'a, N>>,
}

macro_rules! ensure {
    ($holds:expr, $($text:tt)+) => {
        if !$holds {
            return Err(format!($($text)+));
        }
    };
}

pub(crate) fn play<const N: usize>(history: &History) -> Result<(), String> {
    let quotas: [Quota; N] = history.quotas.clone().try_into().expect("so many quotas");
    let clock = ManualClock::new();
    let limits = Limits::with_clock(Name::UNNAMED, quotas, clock.clone());
    let mut stage = Stage {
        limits: &limits,
        clock: &clock,
        quotas,
        naive: None,
        is_used: false,
        undo: Vec::new(),
        claims: 0,
        ledger: Ledger::default(),
        indebted: [false; N],
        waits: Vec::new(),
        held: Vec::new(),
    };
    for (index, step) in history.steps.iter().enumerate() {
        stage.play(step).map_err(|error| format!("step {index}, {step:?}: {error}"))?;
        stage.compare().map_err(|error| format!("after step {index}, {step:?}: {error}"))?;
    }
    stage.ledger.check(&Naive::new(&quotas, 0), &stage.indebted)
}

impl<'a, const N: usize> Stage<'a, N> {
    fn now(&self) -> u64 {
        self.clock.now().as_nanos()
    }

    fn amounts(&self, amounts: &Amounts) -> [u32; N] {
        std::array::from_fn(|index| amounts[index].of(self.quotas[index].burst_size()))
    }

    fn play(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Advance { quota, quarters, nanos } => {
                let interval = self.quotas[quota % N].interval();
                self.clock.advance(interval * *quarters / 4 + Duration::from_nanos(*nanos));
            }
            Step::Try(amounts) => {
                let _ = self.ask(self.amounts(amounts), Limits::try_acquire_each)?;
            }
            Step::Insist(amounts) => self.insist(self.amounts(amounts))?,
            Step::Wait { amounts, within } => {
                let within = within.map(|quarters| self.quotas[0].interval() * quarters / 4);
                self.wait(self.amounts(amounts), within)?;
            }
            Step::Poll => self.poll()?,
            Step::GiveUp(index) if !self.waits.is_empty() => {
                let wait = self.waits.remove(index % self.waits.len());
                self.ledger.correct(wait.line, &[0; N]);
                drop(wait.future);
                self.take_back(wait.claim);
            }
            Step::Reserve(amounts) => {
                let n = self.amounts(amounts);
                if let Ok(reservation) = self.ask(n, Limits::reserve)? {
                    ensure!(reservation.permits() == n, "it holds {:?}", reservation.permits());
                    let (at, line, claim) = (self.now(), self.ledger.last(), self.claims);
                    self.held.push(Held { reservation, at, line, claim });
                }
            }
            Step::Commit { reservation, used } if !self.held.is_empty() => {
                let held = self.held.remove(reservation % self.held.len());
                let permits = held.reservation.permits();
                self.commit(held, std::array::from_fn(|index| used[index].of(permits[index])));
            }
            Step::Cancel(index) if !self.held.is_empty() => {
                let held = self.held.remove(index % self.held.len());
                self.ledger.correct(held.line, &[0; N]);
                if held.reservation.permits() != [0; N] {
                    self.take_back(held.claim);
                }
                held.reservation.cancel();
            }
            Step::GiveUp(_) | Step::Commit { .. } | Step::Cancel(_) => {}
        }
        Ok(())
    }

    /// The first use.
    fn start(&mut self) {
        if !self.is_used {
            self.is_used = true;
            self.naive = Some(Naive::new(&self.quotas, self.now()));
        }
    }

    fn expected(&mut self, n: [u32; N]) -> Expected {
        self.start();
        let now = self.now();
        match self.naive.as_ref().map(|naive| naive.first_with(&n, now)) {
            None => Expected::Unknown,
            Some(None) => Expected::Never,
            Some(Some(at)) => Expected::At(at),
        }
    }

    /// Writes down that `n` were given or booked for `at`.
    fn give(&mut self, n: [u32; N], at: u64) {
        self.ledger.give(at, &n);
        if n == [0; N] {
            return;
        }
        self.claims += 1;
        if let Some(naive) = &mut self.naive {
            self.undo.push((self.claims, naive.clone()));
            naive.take(&n, at);
        }
    }

    /// Asks for `n` at once: all is given or nothing changes, as the model says.
    fn ask<T>(
        &mut self,
        n: [u32; N],
        ask: impl FnOnce(&'a Limits<N>, [u32; N]) -> Result<T, Rejected>,
    ) -> Result<Result<T, Rejected>, String> {
        let (now, limits) = (self.now(), self.limits);
        let (peek, acquired) = (limits.peek(), limits.stats().acquired);
        let answer = ask(limits, n);
        if n == [0; N] {
            ensure!(answer.is_ok() && limits.peek() == peek, "nothing is always there");
            self.give(n, now);
            return Ok(answer);
        }
        let expected = self.expected(n);
        match &answer {
            Ok(_) => {
                ensure!(expected.agrees(Some(now)), "given, but expected {expected:?}");
                let left: [u32; N] =
                    std::array::from_fn(|index| peek[index].available.wrapping_sub(n[index]));
                ensure!(limits.available() == left, "{:?} are left of {peek:?}", limits.available());
                self.give(n, now);
            }
            Err(refusal) => {
                self.check_refusal(refusal, n, expected)?;
                ensure!(limits.stats().acquired == acquired, "refused and counted as given");
                // The first use begins the count of what there is.
                ensure!(
                    self.claims == 0 || limits.peek() == peek,
                    "refused and charged: {:?}",
                    limits.peek()
                );
            }
        }
        Ok(answer)
    }

    fn check_refusal(&self, refusal: &Rejected, n: [u32; N], expected: Expected) -> Result<(), String> {
        let hint = refusal.retry_after();
        let is_possible = n.iter().zip(&self.quotas).all(|(n, quota)| *n <= quota.burst_size());
        if is_possible {
            ensure!(refusal.reason() == Reason::RateLimited, "{refusal}");
            ensure!(hint.is_some_and(|hint| !hint.is_zero()), "no hint: {refusal}");
        } else {
            ensure!(refusal.reason() == Reason::Other("more permits than the burst"), "{refusal}");
            ensure!(hint.is_none(), "a hint where no wait helps: {refusal}");
        }
        ensure!(hint == self.limits.time_until_available_each(n), "{refusal}, but another time is told");
        let at = hint.map(|hint| self.clock.now().saturating_add(hint).as_nanos());
        ensure!(expected.agrees(at), "{refusal}, which is at {at:?}, but expected {expected:?}");
        Ok(())
    }

    /// Whoever comes at the instant of the hint is given what was asked for, and nobody a nanosecond before.
    fn insist(&mut self, n: [u32; N]) -> Result<(), String> {
        let nano = Duration::from_nanos(1);
        let Err(refusal) = self.ask(n, Limits::try_acquire_each)? else { return Ok(()) };
        let Some(hint) = refusal.retry_after() else { return Ok(()) };
        if hint > nano {
            self.clock.advance(hint.saturating_sub(nano));
            let early = self.ask(n, Limits::try_acquire_each)?;
            ensure!(early.is_err_and(|early| early.retry_after() == Some(nano)), "too early: {early:?}");
        }
        self.clock.advance(nano);
        let late = self.ask(n, Limits::try_acquire_each)?;
        ensure!(late.is_ok(), "at the hint's instant: {late:?}");
        Ok(())
    }

    fn wait(&mut self, n: [u32; N], within: Option<Duration>) -> Result<(), String> {
        let (now, limits) = (self.now(), self.limits);
        let peek = limits.peek();
        let instant = Arc::default();
        let scribe = Scribe { clock: self.clock.clone(), instant: Arc::clone(&instant) };
        let acquire = limits.acquire_with(scribe).each(n);
        let mut future = Box::pin(if let Some(within) = within { acquire.within(within) } else { acquire });
        let answer = poll_once(future.as_mut());
        if n == [0; N] {
            ensure!(answer == Poll::Ready(Ok(())), "nothing is always there");
            return Ok(());
        }
        let expected = self.expected(n);
        let at = match answer {
            Poll::Ready(Ok(())) => now,
            Poll::Ready(Err(refusal)) => {
                self.check_refusal(&refusal, n, expected)?;
                let is_too_long =
                    refusal.retry_after().is_none_or(|wait| within.is_some_and(|max| max < wait));
                ensure!(is_too_long, "{refusal}, but it may wait for {within:?}");
                ensure!(self.claims == 0 || limits.peek() == peek, "refused and booked: {:?}", limits.peek());
                return Ok(());
            }
            Poll::Pending => {
                let at = instant.lock().expect("nobody panics under it").expect("it sleeps");
                let wait = at.saturating_duration_since(self.clock.now());
                ensure!(!wait.is_zero() && within.is_none_or(|max| wait <= max), "it waits for {wait:?}");
                at.as_nanos()
            }
        };
        ensure!(expected.agrees(Some(at)), "it is at {at}, but expected {expected:?}");
        self.give(n, at);
        if at > now {
            self.waits.push(Wait { future, at, line: self.ledger.last(), claim: self.claims });
        }
        Ok(())
    }

    /// Those whose instants have come are through, and no others.
    fn poll(&mut self) -> Result<(), String> {
        let now = self.now();
        for mut wait in std::mem::take(&mut self.waits) {
            match poll_once(wait.future.as_mut()) {
                Poll::Ready(Ok(())) => ensure!(wait.at <= now, "through before its instant, {}", wait.at),
                Poll::Ready(Err(refusal)) => return Err(format!("refused at its instant: {refusal}")),
                Poll::Pending => {
                    ensure!(wait.at > now, "still waiting after its instant, {}", wait.at);
                    self.waits.push(wait);
                }
            }
        }
        Ok(())
    }

    fn commit(&mut self, held: Held<'a, N>, used: [u32; N]) {
        let permits = held.reservation.permits();
        let spent: [u32; N] = std::array::from_fn(|index| used[index].min(permits[index]));
        let debt: [u32; N] = std::array::from_fn(|index| used[index] - spent[index]);
        self.ledger.correct(held.line, &spent);
        held.reservation.commit(used);
        if spent != permits {
            self.take_back(held.claim);
            if spent != [0; N] {
                self.undo.clear();
            }
            if let Some(naive) = &mut self.naive {
                naive.take(&spent, held.at);
            }
        }
        if debt != [0; N] {
            self.start();
            self.undo.clear();
            let now = self.now();
            if let Some(naive) = &mut self.naive {
                naive.take(&debt, now);
            }
            self.indebted.iter_mut().zip(debt).for_each(|(indebted, debt)| *indebted |= debt > 0);
        }
    }

    /// The last claim that comes back leaves no trace; from the middle, no promise is made to the nanosecond.
    fn take_back(&mut self, claim: usize) {
        match self.undo.pop() {
            Some((last, before)) if last == claim => self.naive = Some(before),
            _ => {
                self.undo.clear();
                self.naive = None;
            }
        }
    }

    /// What can be read is what the model has.
    fn compare(&self) -> Result<(), String> {
        let (available, now) = (self.limits.available(), self.now());
        if !self.is_used {
            let initial = self.quotas.map(Quota::initial_permits);
            ensure!(available == initial, "unused, but {available:?} are there");
        }
        if let Some(naive) = &self.naive {
            let expected = naive.available(now);
            ensure!(available[..] == expected, "{available:?} are there, expected {expected:?}");
        }
        Ok(())
    }
}
