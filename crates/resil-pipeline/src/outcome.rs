use std::time::Duration;

use resil_core::Verdict;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an outcome is what a classifier returns"]
pub struct Outcome {
    verdict: Verdict,
    decision: Decision,
}

impl Outcome {
    /// The call did what it should.
    pub const fn success() -> Self {
        Self { verdict: Verdict::Success, decision: Decision::Done }
    }

    /// The call failed in a way that speaks against the other side. It is retried.
    pub const fn failure() -> Self {
        Self { verdict: Verdict::Failure, decision: Decision::Retry }
    }

    /// The outcome says nothing about the other side. It is not retried.
    pub const fn ignored() -> Self {
        Self { verdict: Verdict::Ignored, decision: Decision::Done }
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
        let decision = match wait {
            Some(wait) => Decision::RetryAfter(wait),
            None => Decision::Retry,
        };
        Self { decision, ..self }
    }

    /// The same, and no other attempt is to be made.
    pub const fn for_good(self) -> Self {
        Self { decision: Decision::Done, ..self }
    }

    /// What the policies are told.
    pub const fn verdict(self) -> Verdict {
        self.verdict
    }

    /// What the retry goes by.
    pub const fn decision(self) -> Decision {
        self.decision
    }
}

/// What is a failure is retried.
impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, decision: Decision::from(verdict) }
    }
}
