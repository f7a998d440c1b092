use std::fmt;
use std::time::Duration;

use resil_core::{Moment, Verdict};
use resil_retry::Decision;

/// What the result of an attempt means: to the policies that guard it, and to the retry.
///
/// The two need not agree. A `429 Too Many Requests` says nothing against the other side, and is worth another try after the time that
/// it names; a `501 Not Implemented` is a failure that no other try will mend.
///
/// ```
/// use resil_pipeline::{Outcome, Verdict};
/// use std::time::Duration;
///
/// let too_many = Outcome::ignored().retry_after(Some(Duration::from_secs(2)));
/// let not_implemented = Outcome::failure().for_good();
/// assert_eq!(too_many.verdict(), Verdict::Ignored);
/// assert_eq!(Outcome::from(Verdict::Failure), Outcome::failure());
/// # let _ = not_implemented;
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[must_use = "an outcome is what a classifier returns"]
pub struct Outcome {
    /// The verdict, and behind it the decision. In a whole word, as it goes along with every result, and a word of which only a part was
    /// just written is slow to copy.
    word: u64,
    /// The nanoseconds to wait before another attempt, zero if none are named.
    after: u64,
}

/// All verdicts, in the order of their numbers.
const VERDICTS: [Verdict; 5] =
    [Verdict::Success, Verdict::Failure, Verdict::Ignored, Verdict::Cancelled, Verdict::Panicked];

/// The bits of the verdict.
const VERDICT: u64 = 7;
/// Another attempt is to be made.
const AGAIN: u64 = 8;
/// Not before the time that is named.
const AFTER: u64 = 16;

impl Outcome {
    /// This verdict, for good.
    #[inline]
    const fn of(verdict: Verdict) -> Self {
        Self { word: verdict as u64, after: 0 }
    }

    /// The call did what it should.
    pub const fn success() -> Self {
        Self::of(Verdict::Success)
    }

    /// The call failed in a way that speaks against the other side. It is retried.
    pub const fn failure() -> Self {
        Self::of(Verdict::Failure).retry()
    }

    /// The outcome says nothing about the other side. It is not retried.
    pub const fn ignored() -> Self {
        Self::of(Verdict::Ignored)
    }

    /// The outcome of an HTTP call by the status of its answer, and by what `Retry-After` said in it.
    ///
    /// 5xx is a failure, and is retried where another try may bring something else: 500, 502, 503, 504. 408, 425 and 429 are ignored
    /// and retried; so a client that is too fast opens no circuit. Other 4xx are ignored, and the rest are successes. The time that the
    /// server asks for is waited at least, where there is a retry.
    ///
    /// ```
    /// use resil_pipeline::Outcome;
    ///
    /// assert_eq!(Outcome::of_http(200, None), Outcome::success());
    /// assert_eq!(Outcome::of_http(404, None), Outcome::ignored());
    /// assert_eq!(Outcome::of_http(503, None), Outcome::failure());
    /// ```
    pub fn of_http(status: u16, retry_after: Option<Duration>) -> Self {
        let outcome = match status {
            500..=599 => Self::failure(),
            400..=499 => Self::ignored(),
            _ => return Self::success(),
        };
        if resil_retry::http_status(status) { outcome.retry_after(retry_after) } else { outcome.for_good() }
    }

    /// The outcome of a gRPC call by the code of its status, and by the time that the server asked for, if it did.
    ///
    /// Failures are the codes that speak against a server (OpenTelemetry's conventions for spans of servers): UNKNOWN,
    /// DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE and DATA_LOSS; of these, UNAVAILABLE and DEADLINE_EXCEEDED are retried.
    /// RESOURCE_EXHAUSTED is ignored and retried, as 429 is. The others are ignored.
    ///
    /// ```
    /// use resil_pipeline::Outcome;
    ///
    /// assert_eq!(Outcome::of_grpc(0, None), Outcome::success());
    /// assert_eq!(Outcome::of_grpc(5, None), Outcome::ignored()); // not found
    /// assert_eq!(Outcome::of_grpc(14, None), Outcome::failure()); // unavailable
    /// ```
    pub const fn of_grpc(code: i32, retry_after: Option<Duration>) -> Self {
        match code {
            0 => Self::success(),
            4 | 14 => Self::failure().retry_after(retry_after),
            8 => Self::ignored().retry_after(retry_after),
            2 | 12 | 13 | 15 => Self::failure().for_good(),
            _ => Self::ignored(),
        }
    }

    /// The same, and another attempt may mend it.
    pub const fn retry(self) -> Self {
        self.retry_after(None)
    }

    /// The same, and another attempt may mend it, but not before so much time has gone by, if any is given.
    pub const fn retry_after(self, wait: Option<Duration>) -> Self {
        let verdict = self.word & VERDICT;
        match wait {
            Some(wait) => {
                let after = Moment::ZERO.saturating_add(wait).as_nanos();
                Self { word: verdict | AGAIN | AFTER, after }
            }
            None => Self { word: verdict | AGAIN, after: 0 },
        }
    }

    /// The same, and no other attempt is to be made.
    pub const fn for_good(self) -> Self {
        Self { word: self.word & VERDICT, after: 0 }
    }

    /// What the policies are told.
    #[inline]
    pub const fn verdict(self) -> Verdict {
        VERDICTS[(self.word & VERDICT) as usize]
    }

    /// What the retry goes by.
    #[inline]
    pub const fn decision(self) -> Decision {
        if self.word & AGAIN == 0 {
            Decision::Done
        } else if self.word & AFTER == 0 {
            Decision::Retry
        } else {
            Decision::RetryAfter(Duration::from_nanos(self.after))
        }
    }
}

/// What is a failure is retried.
impl From<Verdict> for Outcome {
    #[inline]
    fn from(verdict: Verdict) -> Self {
        if verdict == Verdict::Failure { Self::failure() } else { Self::of(verdict) }
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcome")
            .field("verdict", &self.verdict())
            .field("decision", &self.decision())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_stand_at_their_numbers() {
        for verdict in VERDICTS {
            assert_eq!(VERDICTS[verdict as usize], verdict);
            assert_eq!(Outcome::from(verdict).verdict(), verdict);
            assert_eq!(Outcome::from(verdict).decision(), Decision::from(verdict));
        }
    }

    #[test]
    fn each_code_of_grpc_has_its_outcome() {
        let wait = Some(Duration::from_secs(2));
        for code in -1..=17 {
            let (verdict, decision) = match code {
                0 => (Verdict::Success, Decision::Done),
                4 | 14 => (Verdict::Failure, Decision::RetryAfter(Duration::from_secs(2))),
                8 => (Verdict::Ignored, Decision::RetryAfter(Duration::from_secs(2))),
                2 | 12 | 13 | 15 => (Verdict::Failure, Decision::Done),
                _ => (Verdict::Ignored, Decision::Done),
            };
            let outcome = Outcome::of_grpc(code, wait);
            assert_eq!((outcome.verdict(), outcome.decision()), (verdict, decision), "{code}");
        }
    }

    #[test]
    fn each_status_of_http_has_its_outcome() {
        for status in 100..=600 {
            let verdict = match status {
                500..=599 => Verdict::Failure,
                400..=499 => Verdict::Ignored,
                _ => Verdict::Success,
            };
            let decision = match status {
                408 | 425 | 429 | 500 | 502 | 503 | 504 => Decision::Retry,
                _ => Decision::Done,
            };
            let outcome = Outcome::of_http(status, None);
            assert_eq!((outcome.verdict(), outcome.decision()), (verdict, decision), "{status}");
        }
    }

    #[test]
    fn the_last_word_on_another_attempt_counts() {
        let waits = Outcome::ignored().retry_after(Some(Duration::from_secs(2)));
        assert_eq!(waits.decision(), Decision::RetryAfter(Duration::from_secs(2)));
        assert_eq!(waits.retry(), Outcome::ignored().retry());
        assert_eq!(waits.for_good(), Outcome::ignored());
        assert_eq!(format!("{:?}", Outcome::failure()), "Outcome { verdict: Failure, decision: Retry }");
        let zero = Outcome::failure().retry_after(Some(Duration::ZERO));
        assert_eq!(zero.decision(), Decision::RetryAfter(Duration::ZERO));
    }
}
