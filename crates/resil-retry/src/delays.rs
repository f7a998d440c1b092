use std::time::Duration;

use resil_core::dice::{self, Dice};
use resil_core::growth::{exponential, part};

use crate::Backoff;
use crate::backoff::{Jitter, Plan};

/// The delays of a [`Backoff`], one after the other, without end.
///
/// ```
/// use resil_retry::Backoff;
/// use std::time::Duration;
///
/// let mut delays = Backoff::fibonacci(Duration::from_secs(1)).delays(0);
/// let firsts: Vec<_> = delays.by_ref().take(6).map(|delay| delay.as_secs()).collect();
/// assert_eq!(firsts, [1, 1, 2, 3, 5, 8]);
/// assert_eq!(delays.next(), Some(Duration::from_secs(13)));
/// ```
#[derive(Clone, Debug)]
pub struct Delays {
    backoff: Backoff,
    steps: Steps,
    dice: Dice,
}

impl Backoff {
    /// The delays in order; `seed` settles what is random about them.
    pub const fn delays(self, seed: u64) -> Delays {
        Delays { backoff: self, steps: Steps::new(), dice: Dice::new(seed) }
    }
}

impl IntoIterator for Backoff {
    type Item = Duration;
    type IntoIter = Delays;

    /// The delays in order, with a seed unlike any other.
    fn into_iter(self) -> Delays {
        self.delays(dice::throw())
    }
}

impl Iterator for Delays {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(self.steps.next(&self.backoff, self.dice.throw()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}

impl std::iter::FusedIterator for Delays {}

/// How far a plan has been carried out: pure, and in nanoseconds, which last 584 years.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Steps {
    taken: u32,
    /// The last delay of Fibonacci's before jitter, or the last one that was drawn.
    last: u64,
    /// The one before.
    before: u64,
}

impl Steps {
    pub(crate) const fn new() -> Self {
        Self { taken: 0, last: 0, before: 0 }
    }

    /// The next delay; `thrown` stands for what is random about it.
    pub(crate) fn next(&mut self, backoff: &Backoff, thrown: u64) -> Duration {
        let attempt = self.taken.saturating_add(1);
        self.taken = attempt;
        let max = backoff.max.map_or(u64::MAX, nanos);
        let grown = match backoff.plan {
            Plan::Fixed(delay) => nanos(delay),
            Plan::Linear(step) => nanos(step).saturating_mul(attempt.into()),
            Plan::Exponential { base, factor } => exponential(nanos(base), factor, attempt - 1, u64::MAX),
            Plan::Fibonacci(base) => {
                let next = if attempt == 1 { nanos(base) } else { self.last.saturating_add(self.before) };
                (self.before, self.last) = (self.last, next);
                next
            }
            Plan::Decorrelated(base) => {
                let base = nanos(base);
                let longest = self.last.max(base).saturating_mul(3).min(max);
                self.last = dice::between(base.min(max), longest, thrown);
                return Duration::from_nanos(self.last);
            }
            Plan::By(f) => nanos(f(attempt)),
        };
        let (low, high) = backoff.jitter.spread(grown, max);
        Duration::from_nanos(dice::between(low, high, thrown))
    }
}

impl Jitter {
    /// From where to where a delay is spread that would be `grown`, and may be `max` at most.
    fn spread(self, grown: u64, max: u64) -> (u64, u64) {
        let whole = grown.min(max);
        match self {
            Self::None => (whole, whole),
            Self::Full => (0, whole),
            Self::Equal => (whole - whole / 2, whole),
            Self::Fraction(fraction) => {
                let part = part(whole, fraction);
                let high = if grown < max { whole.saturating_add(part).min(max) } else { max };
                (whole - part, high)
            }
        }
    }
}

/// The whole nanoseconds of `span`, at most 584 years.
fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
