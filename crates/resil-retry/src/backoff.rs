use std::time::Duration;

use resil_core::{OutOfRange, Setting, Value, setting};

const BASE: &Setting = &setting!("backoff.base", "0 to 100 years");
const FACTOR: &Setting = &setting!("backoff.factor", "1.0 to 1,000.0");
const MAX: &Setting = &setting!("backoff.max", "the base to 100 years");
const JITTER: &Setting = &setting!("backoff.jitter", "0.0 to 1.0");

/// No sum of two such spans overflows a [`Moment`](resil_core::Moment).
pub(crate) const MAX_SPAN: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

/// How long to wait before each retry: a plan, which [`Delays`](crate::Delays) carries out.
///
/// A plan has no longest delay and no jitter unless told. Nothing overflows: a delay that would be longer than 584 years is as long as
/// that. What is out of its range is refused where the plan is used by a [`Config`](crate::Config); iterating alone refuses nothing.
///
/// ```
/// use resil_retry::{Backoff, Jitter};
/// use std::time::Duration;
///
/// let backoff = Backoff::exponential(Duration::from_millis(100)).max(Duration::from_millis(500));
/// let delays: Vec<_> = backoff.into_iter().take(5).map(|delay| delay.as_millis()).collect();
/// assert_eq!(delays, [100, 200, 400, 500, 500]);
///
/// // From a fifth less to a fifth more, but for the longest, which is spread from a fifth less to what it is.
/// let spread = backoff.jitter(Jitter::Fraction(0.2));
/// assert!(spread.into_iter().take(1_000).all(|delay| delay <= Duration::from_millis(500)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use = "a plan does nothing by itself"]
pub struct Backoff {
    pub(crate) plan: Plan,
    pub(crate) max: Option<Duration>,
    pub(crate) jitter: Jitter,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Plan {
    Fixed(Duration),
    Linear(Duration),
    Exponential { base: Duration, factor: f64 },
    Fibonacci(Duration),
    Decorrelated(Duration),
    By(fn(u32) -> Duration),
}

/// How a delay is spread at random, so that callers who failed together do not come back together.
///
/// ```
/// use resil_retry::{Backoff, Jitter};
/// use std::time::Duration;
///
/// let second = Duration::from_secs(1);
/// let backoff = Backoff::fixed(second).jitter(Jitter::Equal);
/// assert!(backoff.delays(42).take(100).all(|delay| (second / 2..=second).contains(&delay)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Jitter {
    /// Not at all.
    #[default]
    None,
    /// Anything from zero to the whole delay: the best spread, after Marc Brooker, "Exponential Backoff And Jitter", AWS 2015.
    Full,
    /// Anything from half of the delay to the whole.
    Equal,
    /// Anything from so much less to so much more: a fraction of 0.0 to 1.0 of the delay. It counts before the longest delay cuts off
    /// what is above it, and there the delays spread from so much less than the longest to the longest, so that they do not pile up.
    Fraction(f64),
}

impl Backoff {
    /// The same delay each time: 0 to 100 years.
    pub const fn fixed(delay: Duration) -> Self {
        Self::of(Plan::Fixed(delay))
    }

    /// `step` (0 to 100 years), twice `step`, three times `step`.
    pub const fn linear(step: Duration) -> Self {
        Self::of(Plan::Linear(step))
    }

    /// `base` (0 to 100 years), and each time [`factor`](Self::factor) times longer, by default twice.
    pub const fn exponential(base: Duration) -> Self {
        Self::of(Plan::Exponential { base, factor: 2.0 })
    }

    /// `base` (0 to 100 years) times 1, 1, 2, 3, 5, 8: each delay is the sum of the two before it.
    pub const fn fibonacci(base: Duration) -> Self {
        Self::of(Plan::Fibonacci(base))
    }

    /// Anything from `base` (0 to 100 years) to three times the delay before, `base` at first: "decorrelated jitter", after Marc
    /// Brooker, "Exponential Backoff And Jitter", AWS 2015. The longest delay is the upper end of what is drawn from, so that nothing
    /// piles up there. It is random by itself: [`jitter`](Self::jitter) changes nothing.
    pub const fn decorrelated(base: Duration) -> Self {
        Self::of(Plan::Decorrelated(base))
    }

    /// What `f` returns for the attempt that has failed, 1 for the first.
    pub const fn by(f: fn(attempt: u32) -> Duration) -> Self {
        Self::of(Plan::By(f))
    }

    const fn of(plan: Plan) -> Self {
        Self { plan, max: None, jitter: Jitter::None }
    }

    /// By how much an exponential delay grows: 1.0 to 1,000.0. No effect on the other kinds.
    pub const fn factor(mut self, growth: f64) -> Self {
        if let Plan::Exponential { base, .. } = self.plan {
            self.plan = Plan::Exponential { base, factor: growth };
        }
        self
    }

    /// What no delay exceeds: the base to 100 years.
    pub const fn max(mut self, longest: Duration) -> Self {
        self.max = Some(longest);
        self
    }

    /// How delays are spread at random.
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// The first part of the plan that is out of its range, if there is one.
    ///
    /// # Errors
    /// It says which part, its value and the range.
    pub const fn check(&self) -> Result<(), OutOfRange> {
        let base = match self.plan {
            Plan::Exponential { factor, .. } if !(factor >= 1.0 && factor <= 1_000.0) => {
                return Err(OutOfRange::new(FACTOR, Value::Number(factor)));
            }
            Plan::Exponential { base, .. }
            | Plan::Fixed(base)
            | Plan::Linear(base)
            | Plan::Fibonacci(base)
            | Plan::Decorrelated(base) => base,
            Plan::By(_) => Duration::ZERO,
        };
        if base.as_nanos() > MAX_SPAN.as_nanos() {
            return Err(OutOfRange::new(BASE, Value::Span(base)));
        }
        if let Some(max) = self.max
            && (max.as_nanos() < base.as_nanos() || max.as_nanos() > MAX_SPAN.as_nanos())
        {
            return Err(OutOfRange::new(MAX, Value::Span(max)));
        }
        if let Jitter::Fraction(fraction) = self.jitter
            && !(fraction >= 0.0 && fraction <= 1.0)
        {
            return Err(OutOfRange::new(JITTER, Value::Number(fraction)));
        }
        Ok(())
    }
}

impl PartialEq for Plan {
    fn eq(&self, other: &Self) -> bool {
        match (*self, *other) {
            (Self::Fixed(a), Self::Fixed(b))
            | (Self::Linear(a), Self::Linear(b))
            | (Self::Fibonacci(a), Self::Fibonacci(b))
            | (Self::Decorrelated(a), Self::Decorrelated(b)) => a == b,
            (Self::Exponential { base: a, factor: f }, Self::Exponential { base: b, factor: g }) => {
                (a, f) == (b, g)
            }
            (Self::By(a), Self::By(b)) => std::ptr::fn_addr_eq(a, b),
            _ => false,
        }
    }
}
