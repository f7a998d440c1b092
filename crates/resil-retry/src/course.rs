use std::time::Duration;

use resil_core::{Clock, Deadline, Moment, TimedOut, dice};

use crate::attempts::{Answer, Attempts, Surroundings};
use crate::retry::{RECOVERED, RETRIED, RETRIES, STOPPED, WAITED_NANOS};
use crate::settings::{Kept, Opening, Settings};
use crate::{Attempt, Config, Event, FailedAttempt, Recovered, Retry, Ruling, StopReason, Stopped, Token};

/// One call on its way: what the machine says, done with clock, budget, counters and listeners.
///
/// Dropped on the way, it tells that, and its token goes back.
pub(crate) struct Course<'a, C: Clock> {
    pub(crate) retry: &'a Retry<C>,
    stage: Stage,
    started: Option<Moment>,
    /// Made at the first failure, so that a call which has none need not make it.
    later: Option<Later<'a>>,
}

/// What a call needs once an attempt has failed.
struct Later<'a> {
    kept: Kept,
    attempts: Attempts,
    wait: Wait<'a>,
}

impl Later<'_> {
    fn new(settings: &Settings) -> Self {
        Self {
            kept: settings.keep(),
            attempts: Attempts::first(),
            wait: Wait { since: Moment::ZERO, until: Moment::ZERO, token: None },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing was done yet.
    New,
    /// Foreign code runs: if this ends here, it panicked.
    Running,
    /// Nothing runs: if this ends here, it was cancelled.
    Suspended,
    Over,
}

/// The wait before the next attempt.
struct Wait<'a> {
    since: Moment,
    until: Moment,
    token: Option<Token<'a>>,
}

/// What comes of the end of a wait.
pub(crate) enum Woken {
    /// It is too early.
    Early,
    /// This attempt begins.
    Go(Attempt),
    /// It took too long.
    Stopped,
}

impl<'a, C: Clock> Course<'a, C> {
    #[inline]
    pub(crate) const fn new(retry: &'a Retry<C>) -> Self {
        Self { retry, stage: Stage::New, started: None, later: None }
    }

    /// One whose first attempt has begun.
    #[inline]
    pub(crate) const fn underway(retry: &'a Retry<C>, begun: Begun) -> Self {
        let mut course = Self::new(retry);
        course.started = begun.started;
        course.stage = Stage::Running;
        course
    }

    /// The first attempt begins, unless the current deadline is over.
    #[inline]
    pub(crate) fn begin(&mut self) -> Result<Attempt, TimedOut> {
        match begin(self.retry) {
            Ok(begun) => {
                self.started = begun.started;
                self.stage = Stage::Running;
                Ok(Attempt::new(1, begun.max_attempts, Duration::ZERO))
            }
            Err(cut) => {
                self.stage = Stage::Over;
                Err(cut)
            }
        }
    }

    /// An attempt succeeded.
    #[inline]
    pub(crate) fn succeeded(&mut self) {
        self.stage = Stage::Over;
        if self.later.is_some() {
            self.recovered();
        }
    }

    #[cold]
    fn recovered(&self) {
        let retry = self.retry;
        count(retry, RECOVERED, 1);
        retry.tell(|| Event::Recovered(Recovered { name: retry.name(), attempts: self.attempt() }));
    }

    /// An attempt failed: until when to wait before the next one, if there is one.
    #[cold]
    pub(crate) fn failed(&mut self, ruling: Ruling, text: impl FnOnce() -> Option<String>) -> Option<Moment> {
        let retry = self.retry;
        let mut now = Moment::ZERO;
        let around = || {
            let around = surroundings(retry, self.started, dice::throw());
            now = around.now;
            around
        };
        let attempt = self.attempt();
        let later = self.later.get_or_insert_with(|| Later::new(&retry.settings));
        let config = retry.settings.of(&later.kept);
        let delay = match later.attempts.after_failure(config, ruling, around) {
            Answer::Wait(delay) => delay,
            Answer::Stop(reason) => {
                self.stop(attempt, reason, text);
                return None;
            }
        };
        let token = retry.retry_budget().map(|budget| budget.withdraw(now));
        if let Some(None) = token {
            self.stop(attempt, StopReason::BudgetExhausted, text);
            return None;
        }
        let until = now.saturating_add(delay);
        later.wait = Wait { since: now, until, token: token.flatten() };
        if attempt == 1 {
            count(retry, RETRIED, 1);
        }
        retry.tell(|| Event::Retrying(FailedAttempt { name: retry.name(), attempt, delay, error: text() }));
        Some(until)
    }

    /// A wait may be over.
    #[cold]
    pub(crate) fn woken(&mut self, text: impl FnOnce() -> Option<String>) -> Woken {
        let retry = self.retry;
        let around = surroundings(retry, self.started, 0);
        let later = self.later.get_or_insert_with(|| Later::new(&retry.settings));
        let Wait { since, until, .. } = later.wait;
        if around.now < until {
            return Woken::Early;
        }
        let waited = around.now.saturating_duration_since(since);
        count(retry, WAITED_NANOS, waited.as_nanos().try_into().unwrap_or(u64::MAX));
        let config = retry.settings.of(&later.kept);
        let max_attempts = config.max_attempts;
        if let Err(reason) = later.attempts.after_wait(config, &around) {
            self.stop(self.attempt(), reason, text);
            return Woken::Stopped;
        }
        count(retry, RETRIES, 1);
        if let Some(token) = later.wait.token.take() {
            token.spend();
        }
        self.stage = Stage::Running;
        let delay = until.saturating_duration_since(since);
        Woken::Go(Attempt::new(self.attempt(), max_attempts, delay))
    }

    /// Foreign code is about to run.
    #[inline]
    pub(crate) fn resume(&mut self) {
        self.stage = Stage::Running;
    }

    /// Nothing runs until the next poll.
    #[inline]
    pub(crate) fn suspend(&mut self) {
        self.stage = Stage::Suspended;
    }

    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    #[inline]
    pub(crate) fn is_new(&self) -> bool {
        self.stage == Stage::New
    }

    /// The settings that the call goes by.
    #[cold]
    pub(crate) fn config(&self) -> Config {
        match &self.later {
            Some(later) => *self.retry.settings.of(&later.kept),
            None => self.retry.settings.config(),
        }
    }

    /// The attempt that runs or has failed, from 1.
    pub(crate) fn attempt(&self) -> u32 {
        self.later.as_ref().map_or(1, |later| later.attempts.made())
    }

    #[cold]
    fn stop(&mut self, attempts: u32, reason: StopReason, text: impl FnOnce() -> Option<String>) {
        let retry = self.retry;
        self.stage = Stage::Over;
        // Before anybody is told, so that it can be seen.
        if let Some(later) = &mut self.later {
            later.wait.token = None;
        }
        count(retry, STOPPED + reason as usize, 1);
        retry.tell(|| Event::Stopped(Stopped { name: retry.name(), attempts, reason, error: text() }));
    }
}

fn count<C>(retry: &Retry<C>, counter: usize, n: u64) {
    retry.counters.add_many(counter, n, true);
}

/// What is known of a call whose first attempt begins.
#[derive(Clone, Copy)]
pub(crate) struct Begun {
    /// When it began, if it is limited in time.
    started: Option<Moment>,
    pub(crate) max_attempts: u32,
}

/// Begins a call, unless the current deadline is over.
#[expect(clippy::inline_always, reason = "a real call costs as much as an attempt")]
#[inline(always)]
pub(crate) fn begin<C: Clock>(retry: &Retry<C>) -> Result<Begun, TimedOut> {
    if let Some(deadline) = Deadline::current() {
        check(retry, deadline)?;
    }
    if let Some(budget) = retry.retry_budget() {
        budget.deposit();
    }
    let Opening { max_attempts, is_timed } = retry.settings.opening();
    let started = if is_timed { Some(retry.clock.now()) } else { None };
    Ok(Begun { started, max_attempts })
}

#[cold]
#[inline(never)]
fn check<C: Clock>(retry: &Retry<C>, deadline: Deadline) -> Result<(), TimedOut> {
    let is_in_time = deadline.check_on(&retry.clock);
    if is_in_time.is_err() {
        Course::new(retry).stop(0, StopReason::DeadlineExceeded, || None);
    }
    is_in_time
}

/// The first attempt of a call that needs no more than this while it runs: dropped by a panic, it tells that.
pub(crate) struct FirstAttempt<'a, C: Clock> {
    pub(crate) retry: &'a Retry<C>,
    pub(crate) begun: Begun,
}

impl<C: Clock> FirstAttempt<'_, C> {
    /// It came to its end. What is left is only needed if it failed.
    #[inline]
    pub(crate) fn ended(self) -> Begun {
        let begun = self.begun;
        std::mem::forget(self);
        begun
    }
}

impl<C: Clock> Drop for FirstAttempt<'_, C> {
    #[cold]
    fn drop(&mut self) {
        drop(Course::underway(self.retry, self.begun));
    }
}

fn surroundings<C: Clock>(retry: &Retry<C>, started: Option<Moment>, thrown: u64) -> Surroundings {
    let deadline = Deadline::current().map(Deadline::moment);
    Surroundings { now: retry.clock.now(), started, deadline, thrown }
}

impl<C: Clock> Drop for Course<'_, C> {
    #[inline]
    fn drop(&mut self) {
        let reason = match self.stage {
            Stage::New | Stage::Over => return,
            Stage::Running => StopReason::Panicked,
            Stage::Suspended => StopReason::Cancelled,
        };
        self.stop(self.attempt(), reason, || None);
    }
}
