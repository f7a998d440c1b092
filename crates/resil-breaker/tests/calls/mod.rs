//! A breaker on a clock that stands still, and calls that end as they are told.

use resil_breaker::{CircuitBreaker, Config, ManualClock, Name, PolicyExt};

pub(crate) type Breaker = CircuitBreaker<ManualClock>;

/// A breaker called "payments", and its clock.
pub(crate) fn breaker(config: Config) -> (Breaker, ManualClock) {
    let clock = ManualClock::new();
    (CircuitBreaker::with_clock(Name::new("payments"), config, clock.clone()), clock)
}

/// A call that is admitted and succeeds.
pub(crate) fn succeed(breaker: &Breaker) {
    assert_eq!(breaker.call(|| Ok::<_, &str>(())), Ok(()), "{breaker:?}");
}

/// A call that is admitted and fails.
pub(crate) fn fail(breaker: &Breaker) {
    let result = breaker.call(|| Err::<(), _>("down"));
    assert!(!result.is_err_and(|error| error.is_rejected()), "{breaker:?}");
}
