use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use resil_core::{dice, growth};

use crate::config_error::{ConfigError, MAX_SPAN, Value, nanos_in_range, range};
use crate::{Config, Stats};

/// How long the circuit stays open, opening by opening.
///
/// ```
/// use resil_breaker::{Config, Reopen};
/// use std::time::Duration;
///
/// // 1 s, 2 s, 4 s ... 60 s, each shortened at random by up to a fifth, so that a fleet does not probe in step.
/// let backoff = Reopen::exponential(Duration::from_secs(1)).max(Duration::from_secs(60)).jitter(0.2);
/// let config = Config::new().reopen(backoff);
/// assert!(config.check().is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reopen(pub(crate) Plan);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Plan {
    Fixed(Duration),
    Exponential { base: Duration, factor: f64, max: Duration, jitter: f64 },
    By(ReopenFn),
}

pub(crate) type ReopenFn = fn(u32, &Stats) -> Duration;

impl PartialEq for Plan {
    fn eq(&self, other: &Self) -> bool {
        match (*self, *other) {
            (Self::Fixed(a), Self::Fixed(b)) => a == b,
            (
                Self::Exponential { base, factor, max, jitter },
                Self::Exponential { base: base2, factor: factor2, max: max2, jitter: jitter2 },
            ) => (base, max) == (base2, max2) && (factor, jitter) == (factor2, jitter2),
            (Self::By(a), Self::By(b)) => std::ptr::fn_addr_eq(a, b),
            _ => false,
        }
    }
}

impl Reopen {
    /// Always the same time: 1 ns to 100 years.
    pub const fn fixed(reset_timeout: Duration) -> Self {
        Self(Plan::Fixed(reset_timeout))
    }

    /// `base` at the first opening, and longer each time that the circuit opens again before it has closed: by default twice as
    /// long, up to a hundred times `base`.
    pub const fn exponential(base: Duration) -> Self {
        let max = base.saturating_mul(100);
        let max = if max.as_nanos() > MAX_SPAN.as_nanos() { MAX_SPAN } else { max };
        Self(Plan::Exponential { base, factor: 2.0, max, jitter: 0.0 })
    }

    /// The time that `f` returns for the attempt (1 for the first opening since the circuit was last closed) and the statistics
    /// as they were before it opened.
    ///
    /// `f` runs under the circuit's lock: it must not call the circuit. It is asked more often than the circuit opens, as to read a
    /// state may take it, so it should give the same answer to the same question. If it panics, the default of 60 s is taken. Zero
    /// lets the next call probe at once.
    pub const fn by(f: fn(attempt: u32, before: &Stats) -> Duration) -> Self {
        Self(Plan::By(f))
    }

    /// By how much an exponential time grows: 1.0 to 1,000.0. No effect on the other kinds.
    #[must_use = "the setting is taken and returned"]
    pub const fn factor(self, growth: f64) -> Self {
        match self.0 {
            Plan::Exponential { base, max, jitter, .. } => {
                Self(Plan::Exponential { base, factor: growth, max, jitter })
            }
            other => Self(other),
        }
    }

    /// What an exponential time never exceeds. No effect on the other kinds.
    #[must_use = "the setting is taken and returned"]
    pub const fn max(self, longest: Duration) -> Self {
        match self.0 {
            Plan::Exponential { base, factor, jitter, .. } => {
                Self(Plan::Exponential { base, factor, max: longest, jitter })
            }
            other => Self(other),
        }
    }

    /// Up to which share an exponential time is shortened at random: 0.0 to 1.0. No effect on the other kinds.
    #[must_use = "the setting is taken and returned"]
    pub const fn jitter(self, share: f64) -> Self {
        match self.0 {
            Plan::Exponential { base, factor, max, .. } => {
                Self(Plan::Exponential { base, factor, max, jitter: share })
            }
            other => Self(other),
        }
    }

    pub(crate) const fn check(self) -> Result<Delay, ConfigError> {
        match self.0 {
            Plan::Fixed(span) => match nanos_in_range(range::RESET_TIMEOUT, span) {
                Ok(nanos) => Ok(Delay::Fixed(nanos)),
                Err(error) => Err(error),
            },
            Plan::By(f) => Ok(Delay::By(f)),
            Plan::Exponential { factor, .. } if !(factor >= 1.0 && factor <= 1_000.0) => {
                Err(ConfigError::new(range::REOPEN_FACTOR, Value::Number(factor)))
            }
            Plan::Exponential { jitter, .. } if !(jitter >= 0.0 && jitter <= 1.0) => {
                Err(ConfigError::new(range::REOPEN_JITTER, Value::Number(jitter)))
            }
            Plan::Exponential { base, factor, max, jitter } => {
                match (nanos_in_range(range::RESET_TIMEOUT, base), nanos_in_range(range::REOPEN_MAX, max)) {
                    (Ok(base), Ok(max)) if base <= max => {
                        Ok(Delay::Exponential { base, max, factor, jitter })
                    }
                    (Err(error), _) | (_, Err(error)) => Err(error),
                    _ => Err(ConfigError::new(range::REOPEN_MAX, Value::Span(max))),
                }
            }
        }
    }
}

/// A [`Reopen`] that has been checked, in the form in which a `Config` holds it.
#[derive(Clone, Copy)]
pub(crate) enum Delay {
    Fixed(u64),
    Exponential { base: u64, max: u64, factor: f64, jitter: f64 },
    By(ReopenFn),
}

impl Delay {
    /// The time for opening number `attempt` (from 1). `dice` is what jitter depends on; `before` is read by [`Reopen::by`] only.
    pub(crate) fn after(self, attempt: u32, dice: u64, before: impl FnOnce() -> Stats) -> Duration {
        match self {
            Self::Fixed(nanos) => Duration::from_nanos(nanos),
            Self::Exponential { base, max, factor, jitter } => {
                Duration::from_nanos(exponential(base, max, factor, jitter, attempt, dice))
            }
            Self::By(f) => {
                let before = before();
                catch_unwind(AssertUnwindSafe(|| f(attempt, &before)))
                    .unwrap_or(Config::DEFAULT_RESET_TIMEOUT)
            }
        }
    }

    /// The time at the first opening, as far as it is known beforehand: the default of the limits of the half-open phase.
    pub(crate) const fn first(self) -> Duration {
        match self {
            Self::Fixed(nanos) | Self::Exponential { base: nanos, .. } => Duration::from_nanos(nanos),
            Self::By(_) => Config::DEFAULT_RESET_TIMEOUT,
        }
    }

    pub(crate) const fn reads_stats(self) -> bool {
        matches!(self, Self::By(_))
    }

    pub(crate) fn plan(self) -> Reopen {
        let span = Duration::from_nanos;
        Reopen(match self {
            Self::Fixed(nanos) => Plan::Fixed(span(nanos)),
            Self::Exponential { base, max, factor, jitter } => {
                Plan::Exponential { base: span(base), factor, max: span(max), jitter }
            }
            Self::By(f) => Plan::By(f),
        })
    }
}

fn exponential(base: u64, max: u64, factor: f64, jitter: f64, attempt: u32, thrown: u64) -> u64 {
    let whole = growth::exponential(base, factor, attempt.saturating_sub(1), max);
    // Less than one, so that something remains of any span.
    let share = jitter * dice::fraction(dice::mixed(thrown));
    whole.saturating_sub(growth::part(whole, share)).clamp(1, max)
}

impl fmt::Debug for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.plan().fmt(f)
    }
}

impl PartialEq for Delay {
    fn eq(&self, other: &Self) -> bool {
        self.plan() == other.plan()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delay(reopen: Reopen, attempt: u32, dice: u64) -> Duration {
        reopen.check().expect("in range").after(attempt, dice, || unreachable!("not asked for"))
    }

    #[test]
    fn it_grows_by_the_factor_up_to_the_maximum_and_never_overflows() {
        let reopen = Reopen::exponential(Duration::from_secs(1)).factor(3.0).max(Duration::from_secs(20));
        let seen = [1, 2, 3, 4, 5].map(|attempt| delay(reopen, attempt, 0).as_secs());
        assert_eq!(seen, [1, 3, 9, 20, 20]);
        assert_eq!(delay(reopen.factor(1_000.0), u32::MAX, 0), Duration::from_secs(20));
        assert_eq!(delay(reopen.max(MAX_SPAN).factor(1_000.0), u32::MAX, 0), MAX_SPAN);
    }

    #[test]
    fn a_longest_time_that_no_float_equals_is_kept_exactly() {
        let span = Duration::from_nanos((1 << 53) + 1);
        assert_eq!(delay(Reopen::exponential(span).max(span), 1, 0), span);
    }

    #[test]
    fn plans_are_equal_if_all_of_them_is() {
        fn at_once(_: u32, _: &Stats) -> Duration {
            Duration::ZERO
        }
        fn after_attempts(attempt: u32, _: &Stats) -> Duration {
            Duration::from_secs(attempt.into())
        }
        let second = Duration::from_secs(1);
        let backoff = Reopen::exponential(second);
        let plans = [
            Reopen::fixed(second),
            Reopen::fixed(2 * second),
            backoff,
            Reopen::exponential(2 * second).max(100 * second),
            backoff.max(99 * second),
            backoff.factor(3.0),
            backoff.jitter(0.5),
            Reopen::by(at_once),
            Reopen::by(after_attempts),
        ];
        for (a, plan) in plans.iter().enumerate() {
            let checked = plan.check().expect("in range");
            for (b, other) in plans.iter().enumerate() {
                assert_eq!(plan == other, a == b, "{plan:?} and {other:?}");
                assert_eq!(checked == other.check().expect("in range"), a == b);
            }
            assert_eq!(format!("{checked:?}"), format!("{plan:?}"));
            assert_eq!(checked.reads_stats(), a >= 7);
        }
    }

    #[test]
    fn jitter_only_shortens_and_spreads() {
        let reopen = Reopen::exponential(Duration::from_secs(10)).jitter(0.5);
        let seen: Vec<_> = (0..1_000).map(|dice| delay(reopen, 1, dice)).collect();
        assert!(seen.iter().all(|span| (5..=10).contains(&span.as_secs())));
        let mean = seen.iter().sum::<Duration>() / 1_000;
        assert!((7_300..7_700).contains(&mean.as_millis()), "{mean:?}");
    }

    #[test]
    fn full_jitter_leaves_something() {
        let reopen = Reopen::exponential(Duration::from_nanos(1)).jitter(1.0);
        assert!((0..100).all(|dice| !delay(reopen, 1, dice).is_zero()));
    }
}
