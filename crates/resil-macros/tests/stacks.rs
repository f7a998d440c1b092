//! Several attributes on one function: the first is the outermost, and errors stay flat.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use resil::breaker::Config;
use resil::retry::Backoff;
use resil::testing::{Spy, Told};
use resil::{CircuitBreaker, Error, Pipeline, Policy, Quota, RateLimiter, Rejected, Retry, Verdict};

#[derive(Debug)]
enum Failure {
    Refused(Rejected),
    Late,
    Down,
}

impl From<Rejected> for Failure {
    fn from(refusal: Rejected) -> Self {
        Self::Refused(refusal)
    }
}

impl From<resil::TimedOut> for Failure {
    fn from(_: resil::TimedOut) -> Self {
        Self::Late
    }
}

const AT_ONCE: resil::retry::Config = resil::retry::Config::new().backoff(Backoff::fixed(Duration::ZERO));

#[test]
fn guards_are_asked_from_the_first_to_the_last_and_a_refusal_is_nobodys_failure() {
    #[resil::guard(outer)]
    #[resil::guard(inner)]
    fn call(outer: &Spy, inner: &Spy) -> Result<(), Failure> {
        Ok(())
    }

    let (outer, inner) = (Spy::admitting("outer"), Spy::refusing("inner"));
    assert!(
        matches!(call(&outer, &inner), Err(Failure::Refused(refusal)) if refusal.name().as_str() == "inner")
    );
    // Also with an error of one's own, what the inner one refused says nothing about the other side.
    assert_eq!(outer.told(), [Told::Admitted, Told::Settled(Verdict::Ignored)]);

    let (outer, inner) = (Spy::refusing("outer"), Spy::admitting("inner"));
    assert!(call(&outer, &inner).is_err());
    assert!(inner.told().is_empty());
}

#[test]
fn a_retry_outside_asks_the_guard_inside_for_each_attempt() {
    static RETRY: Retry = Retry::new("again", AT_ONCE);

    #[resil::retry(RETRY)]
    #[resil::guard(spy)]
    fn inside(spy: &Spy, calls: &AtomicU32) -> Result<(), Failure> {
        calls.fetch_add(1, Relaxed);
        Err(Failure::Down)
    }

    #[resil::guard(spy)]
    #[resil::retry(RETRY)]
    fn outside(spy: &Spy, calls: &AtomicU32) -> Result<(), Failure> {
        calls.fetch_add(1, Relaxed);
        Err(Failure::Down)
    }

    let (spy, calls) = (Spy::admitting("api"), AtomicU32::new(0));
    assert!(matches!(inside(&spy, &calls), Err(Failure::Down)));
    assert_eq!((spy.told().len(), calls.load(Relaxed)), (6, 3));
    let spy = Spy::admitting("api");
    assert!(outside(&spy, &calls).is_err());
    assert_eq!((spy.told().len(), calls.load(Relaxed)), (2, 6));
}

#[tokio::test(start_paused = true)]
async fn four_layers_around_an_async_function() {
    static QUOTA: RateLimiter = RateLimiter::new("quota", Quota::per_second(100));

    #[resil::retry(max_attempts = 2, initial_delay = "1ms")]
    #[resil::rate_limiter(QUOTA, max_wait = 1)]
    #[resil::circuit_breaker(failure_threshold = 10)]
    #[resil::timeout(1)]
    async fn call(hang: bool) -> Result<u32, Failure> {
        if hang {
            std::future::pending::<()>().await;
        }
        Ok(42)
    }

    assert_eq!(call(false).await.ok(), Some(42));
    assert!(matches!(call(true).await, Err(Failure::Late)));
    assert_eq!(call_retry().stats().retries, 1);
    assert_eq!(QUOTA.stats().acquired, 3);
    assert_eq!(call_circuit_breaker().stats().failures, 2);
    assert_eq!(call_timeout().stats().timed_out, 2);
}

#[tokio::test]
async fn other_attributes_above_between_and_below_are_inside_of_all_guards() {
    /// Docs stay.
    #[tracing::instrument(skip_all)]
    #[resil::guard(outer)]
    #[cfg(test)]
    #[tracing::instrument(skip_all, fields(one = 1))]
    #[must_use]
    #[resil::guard(inner)]
    #[cfg_attr(test, tracing::instrument(level = "debug", skip_all))]
    #[inline]
    async fn call(outer: &Spy, inner: &Spy) -> Result<u32, Error<()>> {
        tokio::task::yield_now().await;
        Ok(42)
    }

    let (outer, inner) = (Spy::admitting("outer"), Spy::refusing("inner"));
    assert!(call(&outer, &inner).await.is_err());
    assert_eq!(outer.told(), [Told::Admitted, Told::Settled(Verdict::Ignored)]);
    let inner = Spy::admitting("inner");
    assert_eq!(call(&outer, &inner).await, Ok(42));
}

#[test]
fn two_of_a_kind_have_functions_of_their_own() {
    #[resil::rate_limiter(rate = 100, per = 3600, burst = 3, blocking = false, name = "hourly")]
    #[resil::rate_limiter(rate = 1, per = "1h", blocking = false, name = "bursts")]
    fn call() -> Result<(), Error<std::fmt::Error>> {
        Ok(())
    }

    assert!(call().is_ok());
    assert!(call().is_err_and(|error| error.to_string().starts_with("bursts")));
    assert_eq!(
        (call_rate_limiter().name().as_str(), call_rate_limiter_2().name().as_str()),
        ("hourly", "bursts")
    );
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_runs_a_function() {
    struct Client {
        pipeline: Pipeline,
    }

    impl Client {
        #[resil::pipeline(self.pipeline)]
        fn get(&self, id: u32) -> Result<u32, Failure> {
            Ok(id)
        }

        #[resil::pipeline(self.pipeline)]
        async fn fetch(&self, id: String) -> Result<String, Error<()>> {
            Ok(id)
        }
    }

    let client = Client { pipeline: Pipeline::new("client") };
    assert_eq!(client.get(7).ok(), Some(7));
    assert_eq!(client.fetch("8".into()).await.as_deref(), Ok("8"));
}

#[test]
fn what_is_excluded_is_ignored_and_the_rest_counts() {
    #[derive(Debug, PartialEq)]
    struct Invalid;

    impl std::fmt::Display for Invalid {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("invalid")
        }
    }

    impl std::error::Error for Invalid {}

    fn is_missing(error: &std::io::Error) -> bool {
        error.kind() == ErrorKind::NotFound
    }

    #[resil::circuit_breaker(
        max_failures = 2,
        excluded = [Invalid, is_missing, |error| error.kind() == ErrorKind::InvalidInput],
    )]
    fn check(error: std::io::Error) -> Result<(), Error<std::io::Error>> {
        Err(Error::Inner(error))
    }

    for ignored in
        [std::io::Error::other(Invalid), ErrorKind::NotFound.into(), ErrorKind::InvalidInput.into()]
    {
        assert!(check(ignored).is_err());
    }
    let stats = check_circuit_breaker().stats();
    assert_eq!((stats.ignored, stats.failures), (3, 0));
    assert!(check(ErrorKind::ConnectionReset.into()).is_err());
    assert_eq!(check_circuit_breaker().stats().failures, 1);

    #[resil::guard(&api, classify = |result| match result { Ok(()) => Verdict::Failure, Err(_) => Verdict::Success })]
    fn upside_down(api: impl Policy, works: bool) -> Result<(), Box<dyn std::error::Error>> {
        if works { Ok(()) } else { Err(Invalid.into()) }
    }

    let api = CircuitBreaker::new("api", Config::new());
    assert!(upside_down(&api, true).is_ok());
    assert!(upside_down(&api, false).is_err());
    assert_eq!((api.stats().failures, api.stats().successes), (1, 1));

    #[resil::retry(max_attempts = 5, delay = 0, on = |error| error.is::<Invalid>(), never = [std::fmt::Error])]
    fn boxed(calls: &AtomicU32) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        match calls.fetch_add(1, Relaxed) {
            0 | 1 => Err(Invalid.into()),
            2 => Err(std::fmt::Error.into()),
            _ => Ok(()),
        }
    }

    let calls = AtomicU32::new(0);
    assert!(boxed(&calls).is_err_and(|error| error.is::<std::fmt::Error>()));
    assert_eq!(calls.load(Relaxed), 3);
}
