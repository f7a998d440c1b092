use std::time::Duration;

/// Which attempt of a call it is: what an operation may take as its argument.
///
/// ```
/// use resil_retry::{Attempt, Config, ManualClock, Retry};
///
/// let retry = Retry::with_clock("payments".into(), Config::new(), ManualClock::leaping());
/// let answer = retry.call(|attempt: Attempt| {
///     if attempt.is_last() { Ok(attempt.number()) } else { Err("not yet") }
/// });
/// assert_eq!(answer, Ok(3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    number: u32,
    of: u32,
    delay: Duration,
}

impl Attempt {
    #[inline]
    pub(crate) const fn new(number: u32, of: u32, delay: Duration) -> Self {
        Self { number, of, delay }
    }

    /// Its number, from 1.
    pub const fn number(self) -> u32 {
        self.number
    }

    /// Whether it is the first.
    pub const fn is_first(self) -> bool {
        self.number == 1
    }

    /// Whether it is the last that the settings allow. An earlier one may turn out to be the last for another reason.
    pub const fn is_last(self) -> bool {
        self.number >= self.of
    }

    /// The delay before it, zero for the first.
    pub const fn previous_delay(self) -> Duration {
        self.delay
    }
}
