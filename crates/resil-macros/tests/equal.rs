//! A decorated function does what the same calls by hand do: for any run of outcomes, the counters and the answers are equal.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use resil::breaker::Config;
use resil::retry::Backoff;
use resil::{CircuitBreaker, Error, ManualClock, PolicyExt, Quota, RateLimiter, Retry, Verdict};

type Answer = Result<u8, Error<u8>>;

/// One side: its handles, on a clock of its own.
struct Side {
    clock: ManualClock,
    quota: RateLimiter<ManualClock>,
    breaker: CircuitBreaker<ManualClock>,
    retry: Retry<ManualClock>,
}

impl Side {
    fn new() -> Self {
        let clock = ManualClock::leaping();
        let breaker = Config::new().failure_threshold(3).reset_timeout(Duration::from_secs(5));
        let retry = resil::retry::Config::new().backoff(Backoff::fixed(Duration::from_millis(100)));
        Self {
            quota: RateLimiter::with_clock("quota".into(), Quota::per_second(4).burst(6), clock.clone()),
            breaker: CircuitBreaker::with_clock("api".into(), breaker, clock.clone()),
            retry: Retry::with_clock("again".into(), retry, clock.clone()),
            clock,
        }
    }

    /// The state, in words.
    fn told(&self) -> String {
        format!(
            "{:?} {:?} {:?} {:?}",
            self.quota.stats(),
            self.breaker.stats(),
            self.retry.stats(),
            self.clock
        )
    }

    #[resil::guard((&self.quota, &self.breaker))]
    fn guarded(&self, outcome: u8) -> Answer {
        work(outcome)
    }

    #[resil::circuit_breaker(self.breaker, excluded = |error| *error == 2)]
    fn excluding(&self, outcome: u8) -> Answer {
        work(outcome)
    }

    #[resil::retry(self.retry, never = |error| *error == 2)]
    #[resil::guard(&self.breaker)]
    fn again(&self, outcome: u8, calls: &mut u32) -> Answer {
        *calls += 1;
        work(outcome)
    }

    #[resil::guard((&self.quota, &self.breaker))]
    async fn guarded_async(&self, outcome: u8) -> Answer {
        tokio::task::yield_now().await;
        work(outcome)
    }

    #[resil::retry(self.retry, timer = self.clock.clone())]
    #[resil::guard(&self.breaker)]
    async fn again_async(&self, outcome: u8) -> Answer {
        work(outcome)
    }
}

fn work(outcome: u8) -> Answer {
    if outcome == 0 { Ok(7) } else { Err(Error::Inner(outcome)) }
}

fn decorated(side: &Side, form: u8, outcome: u8) -> Answer {
    match form {
        0 => side.guarded(outcome),
        1 => side.excluding(outcome),
        2 => side.again(outcome, &mut 0),
        3 => block_on(side.guarded_async(outcome)),
        _ => block_on(side.again_async(outcome)),
    }
}

fn by_hand(side: &Side, form: u8, outcome: u8) -> Answer {
    let Side { quota, breaker, retry, clock } = side;
    match form {
        0 => (quota, breaker).call_nested(|| work(outcome)),
        1 => breaker.call_nested_with(
            |result| match result {
                Err(2) => Verdict::Ignored,
                result => Verdict::of(result),
            },
            || work(outcome),
        ),
        2 => retry.never(|error: &u8| *error == 2).call_nested(|| breaker.call_nested(|| work(outcome))),
        3 => block_on((quota, breaker).call_async_nested(async {
            tokio::task::yield_now().await;
            work(outcome)
        })),
        _ => block_on(
            retry
                .call_async_nested_with(clock.clone(), || breaker.call_async_nested(async { work(outcome) })),
        ),
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn an_attribute_and_a_closure_count_and_answer_alike(steps in vec((0..5_u8, 0..3_u8, 0..2_000_u64), 1..40)) {
        let (one, other) = (Side::new(), Side::new());
        for (form, outcome, millis) in steps {
            prop_assert_eq!(decorated(&one, form, outcome), by_hand(&other, form, outcome));
            prop_assert_eq!(one.told(), other.told());
            one.clock.advance(Duration::from_millis(millis));
            other.clock.advance(Duration::from_millis(millis));
        }
    }
}
