//! Whole calls under deadlines, at random: no wait in vain, never past the end, the right reason for each stop.
//!
//! `PROPTEST_CASES=100000 cargo test -p resil-retry --release --test model` is the deep run.
#![cfg(not(any(loom, shuttle)))]

use std::cell::RefCell;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use proptest::prelude::*;
use resil_core::testing::poll_once;
use resil_retry::{
    Attempt, Backoff, Clock, Config, Deadline, Error, Event, Jitter, ManualClock, Moment, Retry, StopReason,
    Timer,
};

/// A call as it is planned: milliseconds all.
#[derive(Clone, Debug)]
struct Plan {
    max_attempts: u32,
    backoff: Backoff,
    max_elapsed: Option<u64>,
    deadline: Option<u64>,
    /// How long each attempt takes if nobody cuts it off, and what comes of it.
    attempts: Vec<(u64, Fate)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Succeeds,
    Fails,
    /// Not worth another attempt.
    Declined,
    /// Fails, and says when to come again.
    Hints(u64),
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// With `is_whole`, all delays are whole milliseconds, as a timer has to have them that knows nothing smaller.
fn plan(is_whole: bool) -> impl Strategy<Value = Plan> {
    let backoff = (0_u64..300, 300_u64..1_500).prop_flat_map(move |(base, max)| {
        let (base, max) = (millis(base), millis(max));
        prop_oneof![
            Just(Backoff::fixed(base)),
            Just(Backoff::linear(base).max(max)),
            Just(Backoff::exponential(base).max(max)),
            Just(Backoff::fibonacci(base).max(max)),
            Just(if is_whole { Backoff::fixed(max) } else { Backoff::decorrelated(base).max(max) }),
        ]
    });
    let drawn =
        prop_oneof![Just(Jitter::None), Just(Jitter::Full), Just(Jitter::Equal), Just(Jitter::Fraction(0.3))];
    let jitter = drawn.prop_map(move |jitter| if is_whole { Jitter::None } else { jitter });
    let fate = prop_oneof![
        1 => Just(Fate::Succeeds),
        6 => Just(Fate::Fails),
        1 => Just(Fate::Declined),
        1 => (0_u64..2_000).prop_map(Fate::Hints),
    ];
    let limit = || prop_oneof![1 => Just(None), 3 => (1_u64..4_000).prop_map(Some)];
    let attempts = proptest::collection::vec((0_u64..600, fate), 8);
    (1_u32..=8, backoff, jitter, limit(), limit(), attempts).prop_map(
        |(max_attempts, backoff, jitter, max_elapsed, deadline, attempts)| Plan {
            max_attempts,
            backoff: backoff.jitter(jitter),
            max_elapsed,
            deadline,
            attempts,
        },
    )
}

impl Plan {
    fn config(&self) -> Config {
        let config = Config::new().max_attempts(self.max_attempts).backoff(self.backoff);
        self.max_elapsed.map_or(config, |span| config.max_elapsed(millis(span)))
    }

    /// What happened, as it has to be by the rules.
    fn check(&self, seen: &Seen, result: Result<(), Error<Fate>>) -> Result<(), TestCaseError> {
        let start = Moment::ZERO.saturating_add(seen.origin);
        let ends =
            [self.deadline, self.max_elapsed].map(|span| span.map(|span| start.saturating_add(millis(span))));
        let [deadline, elapsed] = ends;
        let begun = u32::try_from(seen.begun.len()).expect("8 at most");
        prop_assert!(begun <= self.max_attempts);
        for at in &seen.begun {
            prop_assert!(deadline.is_none_or(|end| *at < end), "an attempt after the deadline");
            prop_assert!(elapsed.is_none_or(|end| *at < end), "an attempt when time for them was over");
        }
        // Each wait is followed by an attempt: none is begun in vain.
        let retries = seen.events.iter().filter(|event| matches!(event, Event::Retrying(_))).count();
        prop_assert_eq!(retries + 1, seen.begun.len());
        let Some((_, fate)) = self.attempts.get(seen.begun.len() - 1) else { unreachable!("one at least") };
        let reason = match seen.events.last() {
            Some(Event::Stopped(stopped)) => Some(stopped.reason),
            _ => None,
        };
        let was_cut = matches!(result, Err(Error::TimedOut(_)));
        if deadline.is_some() {
            prop_assert!(deadline.is_none_or(|end| seen.ended <= end), "ended after the deadline");
        }
        match reason {
            None => prop_assert_eq!((result, *fate), (Ok(()), Fate::Succeeds)),
            Some(StopReason::NotRetryable) => {
                prop_assert_eq!((result, *fate), (Err(Error::Inner(*fate)), Fate::Declined));
            }
            Some(StopReason::AttemptsExhausted) => prop_assert_eq!(begun, self.max_attempts),
            Some(reason @ (StopReason::DeadlineExceeded | StopReason::MaxElapsed)) => {
                prop_assert!(begun < self.max_attempts);
                let end = if reason == StopReason::MaxElapsed { elapsed } else { deadline };
                let first = [deadline, elapsed].into_iter().flatten().min();
                prop_assert_eq!(end, first, "the other end came first");
                // The longest delay that there could have been would not have fitted.
                let longest = self.backoff.delays(0).take(8).fold(Duration::ZERO, Duration::max);
                let longest = longest.max(millis(1_500)) * 2;
                let hint = if let Fate::Hints(hint) = fate { millis(*hint) } else { Duration::ZERO };
                prop_assert!(seen.ended.saturating_add(longest.max(hint)) >= end.unwrap_or(Moment::MAX));
            }
            Some(other) => prop_assert!(false, "{}", other),
        }
        if !was_cut && result.is_err() {
            prop_assert_eq!(result, Err(Error::Inner(*fate)), "not the last error");
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Seen {
    /// Where the clock stood.
    origin: Duration,
    begun: Vec<Moment>,
    ended: Moment,
    events: Vec<Event>,
}

/// Plays the plan with attempts that the current deadline cuts off, on `clock` and `timer`.
async fn play<C: Clock + Clone + 'static, T: Timer + Clone>(
    plan: &Plan,
    clock: C,
    timer: T,
) -> (Seen, Result<(), Error<Fate>>) {
    let retry = Retry::with_clock("payments".into(), plan.config(), clock.clone());
    let events = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&events);
    retry.observe(move |event| note.lock().expect("not poisoned").push(event.clone())).forget();
    let start = clock.now();
    let begun = RefCell::new(Vec::new());
    let operation = |attempt: Attempt| {
        begun.borrow_mut().push(clock.now());
        let index = attempt.number() as usize - 1;
        let (takes, fate) = plan.attempts[index];
        let ends = clock.now().saturating_add(millis(takes));
        let work = timer.sleep_until(ends);
        let timer = timer.clone();
        async move {
            if let Some(deadline) = Deadline::current() {
                deadline.run_with(timer, work).await?;
            } else {
                work.await;
            }
            if fate == Fate::Succeeds { Ok(()) } else { Err(Error::Inner(fate)) }
        }
    };
    let hints = |fate: &Fate| if let Fate::Hints(hint) = fate { Some(millis(*hint)) } else { None };
    let judged = retry.never(|fate: &Fate| *fate == Fate::Declined).after(hints);
    let call = judged.call_async_nested_with(timer.clone(), operation);
    let result: Result<(), Error<Fate>> = match plan.deadline {
        Some(span) => Deadline::at(start.saturating_add(millis(span))).scope(call).await,
        None => call.await,
    };
    let events = std::mem::take(&mut *events.lock().expect("not poisoned"));
    let seen = Seen {
        origin: start.saturating_duration_since(Moment::ZERO),
        begun: begun.into_inner(),
        ended: clock.now(),
        events,
    };
    (seen, result)
}

proptest! {
    /// T3, T4
    #[test]
    fn no_wait_is_in_vain_and_no_call_outlives_its_deadline(plan in plan(false)) {
        let clock = ManualClock::new();
        let mut call = Box::pin(play(&plan, clock.clone(), clock.clone()));
        // Of those who sleep, an attempt and what cuts it off, the earliest is woken first.
        let (seen, result) = loop {
            if let Poll::Ready(end) = poll_once(call.as_mut()) {
                break end;
            }
            let next = clock.next_sleeper().expect("somebody sleeps");
            clock.advance(next.saturating_duration_since(clock.now()));
        };
        plan.check(&seen, result)?;
    }
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use resil_retry::{TokioClock, TokioTimer};

    use super::*;

    proptest! {
        /// T3, T4
        #[test]
        fn the_same_holds_in_tokios_paused_time(plan in plan(true)) {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let (seen, result) = runtime.block_on(play(&plan, TokioClock, TokioTimer::new()));
            plan.check(&seen, result)?;
        }
    }
}
