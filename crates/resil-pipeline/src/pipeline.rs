use std::fmt;

use resil_core::{Clock, Line, MonotonicClock, Name, Policy, Then};
use resil_retry::{Config, Retry};
use resil_timeout::Timeout;

use crate::{BoxLine, Relay, Shared, Stats};

/// Patterns that stand around a call as one, in the order in which they help each other.
///
/// From the outside in:
///
/// 1. [`deadline`](Self::deadline): how long the whole call may take. What follows reads it, and starts nothing that it cannot fit.
/// 2. [`retry`](Self::retry): makes the attempts.
/// 3. [`limit`](Self::limit): each attempt waits in line for its turn. It stands before what guards, so that who waits holds no probe of
///    a breaker and does not count as slow.
/// 4. [`guard`](Self::guard): a breaker, or any policies. When it refuses, the place in line goes back.
/// 5. [`attempt_timeout`](Self::attempt_timeout): how long one attempt may take. What it cuts off is a failure to those who guard.
///
/// All of them may be left out. Whatever they are, a pipeline that is not [boxed](Self::boxed) allocates nothing and calls nothing
/// through a pointer.
///
/// ```
/// use resil_pipeline::{Pipeline, Retry, Timeout, retry};
/// use resil_breaker::{CircuitBreaker, Config};
/// use resil_ratelimit::{Quota, RateLimiter};
/// use std::time::Duration;
///
/// static QUOTA: RateLimiter = RateLimiter::new("payments", Quota::per_second(100).burst(20));
/// static API: CircuitBreaker = CircuitBreaker::new("payments", Config::new());
///
/// let payments = Pipeline::new("payments")
///     .deadline(Timeout::new(Duration::from_secs(10)))
///     .retry(Retry::new("payments", retry::Config::new()))
///     .limit(QUOTA.waiting(Duration::from_millis(200)))
///     .guard(&API)
///     .attempt_timeout(Timeout::new(Duration::from_secs(2)));
///
/// # fn charge() -> Result<u32, std::io::Error> { Ok(42) }
/// let receipt = payments.call(|| charge())?;
/// # assert_eq!(receipt, 42);
/// # Ok::<_, resil_pipeline::Error<std::io::Error>>(())
/// ```
///
/// Another order is another nesting: a pipeline's calls are guarded calls like others. Here the breaker sees whole calls, retries
/// included:
///
/// ```
/// # use resil_pipeline::{Pipeline, PolicyExt, Retry, retry};
/// # use resil_breaker::{CircuitBreaker, Config};
/// # static API: CircuitBreaker = CircuitBreaker::new("payments", Config::new());
/// # fn charge() -> Result<u32, std::io::Error> { Ok(42) }
/// let retried = Pipeline::new("payments").retry(Retry::new("payments", retry::Config::new()));
/// let receipt = API.call_nested(|| retried.call(|| charge()));
/// # assert!(receipt.is_ok());
/// ```
///
/// Synchronous calls are made on this thread: the two time limits are then [deadlines](crate::Deadline) that the call checks between its
/// steps.
pub struct Pipeline<A = (), C: 'static = MonotonicClock> {
    name: Name,
    pub(crate) deadline: Option<Shared<Timeout<C>>>,
    pub(crate) retry: Shared<Retry<C>>,
    pub(crate) admission: A,
    pub(crate) attempt: Option<Shared<Timeout<C>>>,
    pub(crate) clock: C,
}

/// What a pipeline does where nothing else is said.
const ONCE: Config = Config::new().max_attempts(1);

impl Pipeline {
    /// A pipeline with nothing in it: it makes the call, once. For a name from configuration see [`Name::intern`].
    pub fn new(name: impl Into<Name>) -> Self {
        Self::with_clock(name.into(), MonotonicClock)
    }
}

impl<C: Clock + Clone> Pipeline<(), C> {
    /// A pipeline on a clock of your own, which all that stands in it has to share.
    pub fn with_clock(name: Name, clock: C) -> Self {
        let retry = Retry::with_clock(name, ONCE, clock.clone()).into();
        Self { name, deadline: None, retry, admission: (), attempt: None, clock }
    }
}

impl<A: Line, C: Clock> Pipeline<A, C> {
    /// The same, and a whole call, with all its attempts and waits, may take so long.
    #[must_use = "the pipeline is taken and returned"]
    pub fn deadline(self, limit: impl Into<Shared<Timeout<C>>>) -> Self {
        Self { deadline: Some(limit.into()), ..self }
    }

    /// The same, and what fails is tried again.
    #[must_use = "the pipeline is taken and returned"]
    pub fn retry(self, retry: impl Into<Shared<Retry<C>>>) -> Self {
        Self { retry: retry.into(), ..self }
    }

    /// The same, and one attempt may take so long.
    #[must_use = "the pipeline is taken and returned"]
    pub fn attempt_timeout(self, limit: impl Into<Shared<Timeout<C>>>) -> Self {
        Self { attempt: Some(limit.into()), ..self }
    }

    /// The same, and each attempt asks `policy`, after all that was added before: a breaker, a tuple of policies, by reference or in an
    /// `Arc`.
    #[must_use = "the pipeline is taken and returned"]
    pub fn guard<P: Policy + Clone>(self, policy: P) -> Pipeline<Then<A, P>, C> {
        let Self { name, deadline, retry, admission, attempt, clock } = self;
        Pipeline { name, deadline, retry, admission: Then::new(admission, policy), attempt, clock }
    }

    /// The same, with the types of what admits an attempt hidden, so that many pipelines fit one list: the only form that allocates,
    /// a few times for each attempt.
    ///
    /// ```
    /// use resil_pipeline::{BoxLine, Pipeline};
    /// use resil_breaker::{CircuitBreaker, Config};
    /// use std::sync::Arc;
    ///
    /// let api = Arc::new(CircuitBreaker::new("api", Config::new()));
    /// let all: [Pipeline<BoxLine>; 2] = [Pipeline::new("bare").boxed(), Pipeline::new("guarded").guard(api).boxed()];
    /// for pipeline in &all {
    ///     assert_eq!(pipeline.call(|| Ok::<_, ()>(42)), Ok(42));
    /// }
    /// ```
    pub fn boxed(self) -> Pipeline<BoxLine, C>
    where
        A: Send + Sync + 'static,
        A::Policy: Send + Sync + 'static,
        A::Wait<Relay>: Send + 'static,
        <A::Policy as Policy>::Permit: 'static,
    {
        let Self { name, deadline, retry, admission, attempt, clock } = self;
        Pipeline { name, deadline, retry, admission: BoxLine::new(admission), attempt, clock }
    }

    /// The name.
    pub const fn name(&self) -> Name {
        self.name
    }

    /// The limit of a whole call, if there is one: its settings, events and statistics.
    pub fn deadline_handle(&self) -> Option<&Timeout<C>> {
        self.deadline.as_deref()
    }

    /// The retry; without one, a handle that makes one attempt.
    pub fn retry_handle(&self) -> &Retry<C> {
        &self.retry
    }

    /// The limit of an attempt, if there is one.
    pub fn attempt_timeout_handle(&self) -> Option<&Timeout<C>> {
        self.attempt.as_deref()
    }

    /// What admits an attempt.
    pub const fn admission(&self) -> &A {
        &self.admission
    }

    /// The statistics of the parts that are the pipeline's own; limiters and breakers have theirs.
    pub fn stats(&self) -> Stats {
        Stats {
            name: self.name,
            deadline: self.deadline_handle().map(Timeout::stats),
            retry: self.retry.stats(),
            attempt_timeout: self.attempt_timeout_handle().map(Timeout::stats),
        }
    }
}

impl<C: Clock> Pipeline<(), C> {
    /// The same, and each attempt waits in this line for its turn, such as `limiter.waiting(max_wait)`.
    ///
    /// It comes first, before what [guards](Self::guard); a limiter that is to refuse instead is a policy like others.
    #[must_use = "the pipeline is taken and returned"]
    pub fn limit<L: Line>(self, line: L) -> Pipeline<L, C> {
        let Self { name, deadline, retry, admission: (), attempt, clock } = self;
        Pipeline { name, deadline, retry, admission: line, attempt, clock }
    }
}

impl<A: Clone, C: Clone> Clone for Pipeline<A, C> {
    /// Another handle of the same deadline, retry and time limits.
    fn clone(&self) -> Self {
        Self {
            name: self.name,
            deadline: self.deadline.clone(),
            retry: self.retry.clone(),
            admission: self.admission.clone(),
            attempt: self.attempt.clone(),
            clock: self.clock.clone(),
        }
    }
}

impl<A: fmt::Debug, C: Clock> fmt::Debug for Pipeline<A, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("name", &self.name)
            .field("deadline", &self.deadline)
            .field("retry", &self.retry)
            .field("admission", &self.admission)
            .field("attempt_timeout", &self.attempt)
            .finish_non_exhaustive()
    }
}
