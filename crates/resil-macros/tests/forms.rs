//! Each attribute in each form: what it guards, what its callers get, what its handle counts.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use resil::breaker::Config;
use resil::{
    CircuitBreaker, Clock, Deadline, Error, ManualClock, Quota, RateLimiter, Reason, Rejected, Retry,
    TimedOut,
};

fn down() -> io::Error {
    io::Error::other("down")
}

/// An error of one's own.
#[derive(Debug)]
enum Failure {
    Refused(Rejected),
    Late(TimedOut),
    Declined,
}

impl From<Rejected> for Failure {
    fn from(refusal: Rejected) -> Self {
        Self::Refused(refusal)
    }
}

impl From<TimedOut> for Failure {
    fn from(cut: TimedOut) -> Self {
        Self::Late(cut)
    }
}

#[test]
fn a_static_policy_guards_a_function_and_errors_pass_through() {
    static API: CircuitBreaker = CircuitBreaker::new("api", Config::new().failure_threshold(2));

    #[resil::guard(&API)]
    fn call(works: bool) -> Result<u32, Error<io::Error>> {
        if works { Ok(42) } else { Err(Error::Inner(down())) }
    }

    assert_eq!(call(true).ok(), Some(42));
    for _ in 0..2 {
        assert!(matches!(call(false), Err(Error::Inner(_))));
    }
    assert!(matches!(call(true), Err(Error::Rejected(refusal)) if refusal.reason() == Reason::CircuitOpen));
    assert_eq!(API.stats().failures, 2);
}

#[test]
fn a_tuple_guards_a_method_by_its_own_fields() {
    struct Client {
        quota: RateLimiter,
        breaker: CircuitBreaker,
        base: u32,
    }

    impl Client {
        #[resil::guard((&self.quota, &self.breaker))]
        fn get(&self, more: u32) -> Result<u32, Error<io::Error>> {
            Ok(self.base + more)
        }
    }

    let client = Client {
        quota: RateLimiter::new("quota", Quota::per_hour(1)),
        breaker: CircuitBreaker::new("api", Config::new()),
        base: 40,
    };
    assert_eq!(client.get(2).ok(), Some(42));
    assert!(client.get(2).is_err_and(|error| error.is_rejected()));
    assert_eq!((client.quota.stats().acquired, client.breaker.stats().successes), (1, 1));
}

#[test]
fn an_error_of_ones_own_is_made_from_the_refusal() {
    #[resil::circuit_breaker(max_failures = 1)]
    fn charge(works: bool) -> Result<(), Failure> {
        if works { Ok(()) } else { Err(Failure::Declined) }
    }

    assert!(charge(true).is_ok());
    assert!(matches!(charge(false), Err(Failure::Declined)));
    assert!(matches!(charge(true), Err(Failure::Refused(refusal)) if refusal.retry_after().is_some()));
    let stats = charge_circuit_breaker().stats();
    assert_eq!((stats.successes, stats.failures, stats.rejected), (1, 1, 1));
    assert_eq!(charge_circuit_breaker().name().as_str(), "forms::charge");
}

#[tokio::test(start_paused = true)]
async fn a_bare_limiter_waits_and_gives_ten_per_second() {
    #[resil::rate_limiter]
    async fn tick(calls: &AtomicU32) -> u32 {
        calls.fetch_add(1, Relaxed)
    }

    #[resil::rate_limiter(rate = 5, blocking = false)]
    fn tock() -> Result<(), Rejected> {
        Ok(())
    }

    let calls = AtomicU32::new(0);
    for expected in 0..10 {
        assert_eq!(tick(&calls).await, expected);
    }
    assert_eq!(tick_rate_limiter().quota(), Quota::per_second(10));
    for _ in 0..5 {
        assert!(tock().is_ok());
    }
    assert!(tock().is_err());
}

#[test]
fn only_a_function_that_cannot_say_no_waits_past_the_deadline() {
    #[resil::rate_limiter(*limiter)]
    fn plain(limiter: &RateLimiter<ManualClock>) -> u32 {
        7
    }

    #[resil::rate_limiter(*limiter)]
    fn telling(limiter: &RateLimiter<ManualClock>) -> Result<u32, Rejected> {
        Ok(7)
    }

    let clock = ManualClock::leaping();
    let limiter = RateLimiter::with_clock("slow".into(), Quota::per_second(1), clock.clone());
    assert_eq!(telling(&limiter), Ok(7));
    Deadline::after_on(&clock, Duration::from_millis(500)).scope_blocking(|| {
        assert!(telling(&limiter).is_err());
        assert_eq!(plain(&limiter), 7);
    });
    assert_eq!(clock.now().as_nanos(), 1_000_000_000);
}

#[tokio::test(start_paused = true)]
async fn an_async_retry_makes_a_future_for_each_attempt_from_arguments_of_its_own() {
    #[resil::retry(max_retries = 2, base_delay = "10ms")]
    async fn fetch(text: String, attempts: &AtomicU32) -> Result<String, Failure> {
        match attempts.fetch_add(1, Relaxed) {
            0 | 1 => Err(Failure::Declined),
            _ => Ok(text),
        }
    }

    let attempts = AtomicU32::new(0);
    assert_eq!(fetch("text".into(), &attempts).await.ok().as_deref(), Some("text"));
    assert_eq!((attempts.load(Relaxed), fetch_retry().stats().retries), (3, 2));
    assert_eq!(fetch_retry().config().max_attempts, 3);

    #[resil::timeout(1)]
    async fn hang() -> Result<(), Failure> {
        std::future::pending().await
    }
    assert!(matches!(hang().await, Err(Failure::Late(cut)) if cut.limit() == Some(Duration::from_secs(1))));
}

#[test]
fn a_retried_method_may_take_its_arguments_by_reference_by_value_and_mutably() {
    static RETRY: Retry = Retry::new(
        "retry",
        resil::retry::Config::new().backoff(resil::retry::Backoff::fixed(Duration::ZERO)),
    );
    struct Log(Vec<String>);

    impl Log {
        #[resil::retry(RETRY)]
        fn write(
            &mut self,
            mut line: String,
            (times, ()): (usize, ()),
            count: &mut u32,
        ) -> Result<usize, Error<io::Error>> {
            *count += 1;
            line.push('!');
            self.0.push(line);
            if self.0.len() < times { Err(Error::Inner(down())) } else { Ok(self.0.len()) }
        }
    }

    let (mut log, mut count) = (Log(Vec::new()), 0);
    assert_eq!(log.write("hello".into(), (3, ()), &mut count).ok(), Some(3));
    assert_eq!((log.0, count), (vec!["hello!".to_owned(); 3], 3));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_cuts_an_async_function_off() {
    #[resil::timeout("50ms")]
    async fn slow() -> Result<(), Error<io::Error>> {
        std::future::pending().await
    }

    assert!(slow().await.is_err_and(|error| error.is_timed_out()));
    assert_eq!(slow_timeout().config().timeout, Duration::from_millis(50));
}
