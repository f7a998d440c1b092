//! What each word sets, in ours and in others' terms.
#![expect(clippy::items_after_statements, reason = "constants and functions stand where they are used")]

use std::sync::Arc;
use std::time::Duration;

use resil::breaker::{Config, OnCancel, Reopen, Window};
use resil::retry::{Backoff, Config as RetryConfig, Jitter};
use resil::timeout::Config as TimeoutConfig;
use resil::{
    CircuitBreaker, Error, Pipeline, Quota, RateLimiter, Reason, Rejected, Retry, RetryBudget, Timeout,
};

const SECOND: Duration = Duration::from_secs(1);

type Answer = Result<(), Error<()>>;

#[test]
fn every_word_of_a_breaker_sets_what_it_says() {
    macro_rules! check {
        ($(($($words:tt)*) => $config:expr;)+) => {$({
            #[resil::circuit_breaker($($words)*)]
            fn call() -> Answer {
                Ok(())
            }
            assert_eq!(call_circuit_breaker().config(), $config, stringify!($($words)*));
            assert!(call().is_ok());
        })+};
    }
    let new = Config::new;
    let half_minute = Window::time(30 * SECOND);
    const THREE: u32 = 3;
    const STRICT: Config = Config::new().failure_threshold(1).success_threshold(2);
    check! {
        () => new();
        (failure_threshold = 3) => new().failure_threshold(3);
        (max_failures = THREE) => new().failure_threshold(3);
        (config = STRICT) => STRICT;
        (config = STRICT, max_failures = 3) => STRICT.failure_threshold(3);
        (reset_timeout = 30) => new().reset_timeout(30 * SECOND);
        (wait_duration_in_open = 0.5) => new().reset_timeout(SECOND / 2);
        (wait_duration_in_open_state = "500ms") => new().reset_timeout(SECOND / 2);
        (break_duration = "1m 30s") => new().reset_timeout(90 * SECOND);
        (cooldown = SECOND.saturating_mul(5)) => new().reset_timeout(5 * SECOND);
        (cooldown_seconds = 5) => new().reset_timeout(5 * SECOND);
        (recovery_time = 10.0) => new().reset_timeout(10 * SECOND);
        (recovery_timeout = 10) => new().reset_timeout(10 * SECOND);
        (half_open_max_calls = 2) => new().half_open_max_calls(2);
        (half_open_max_requests = 2) => new().half_open_max_calls(2);
        (permitted_calls_in_half_open = 2) => new().half_open_max_calls(2);
        (permitted_number_of_calls_in_half_open_state = 2) => new().half_open_max_calls(2);
        (success_threshold = 2) => new().success_threshold(2);
        (half_open_success_threshold = 2) => new().success_threshold(2);
        (failure_rate = "50%") => new().failure_rate(50, 20, Window::calls(100));
        (failure_rate = 0.5, min_calls = 10, window = "30s") => new().failure_rate(50, 10, half_minute);
        (failure_rate_threshold = "50%", minimum_number_of_calls = 10, sliding_window = 50)
            => new().failure_rate(50, 10, Window::calls(50));
        (failure_ratio = 0.5, minimum_throughput = 10, sampling_duration = 30)
            => new().failure_rate(50, 10, half_minute);
        (failure_rate = 1, window_size = 10) => new().failure_rate(100, 10, Window::calls(10));
        (failure_rate = 0.5, window = "30s", window_slices = 3)
            => new().failure_rate(50, 20, Window::slices(30 * SECOND, 3));
        (failure_rate = 0.5, window = Window::calls(30)) => new().failure_rate(50, 20, Window::calls(30));
        (slow_call = 2) => new().slow_rate(2 * SECOND, 50, 20, Window::calls(100));
        (slow_call_duration_threshold = 2, slow_call_rate_threshold = "80%", window = "30s")
            => new().slow_rate(2 * SECOND, 80, 20, half_minute);
        (slow_call = 2, slow_call_rate = 0.8, slow_call_min_calls = 5, slow_call_window = 10, failure_rate = 0.5, window = "30s")
            => new().failure_rate(50, 20, half_minute).slow_rate(2 * SECOND, 80, 5, Window::calls(10));
        (reset_timeout = 10, reopen_max = 60)
            => new().reopen(Reopen::exponential(10 * SECOND).factor(2.0).max(60 * SECOND));
        (reopen_factor = 3, reopen_jitter = 0.2)
            => new().reopen(Reopen::exponential(60 * SECOND).factor(3.0).jitter(0.2));
        (half_open_failure_rate = "50%") => new().half_open_failure_rate(50);
        (probe_timeout = 5) => new().probe_timeout(5 * SECOND);
        (max_half_open = 5) => new().max_half_open(5 * SECOND);
        (ramp_up = 5) => new().ramp_up(5 * SECOND);
        (on_cancel = "failure") => new().on_cancel(OnCancel::Failure);
        (counters = false) => new().counters(false);
        (striped = false) => new().striped(false);
    }
}

#[test]
fn every_word_of_a_limiter_sets_what_it_says() {
    macro_rules! check {
        ($(($($words:tt)*) => $quota:expr;)+) => {$({
            #[resil::rate_limiter($($words)*)]
            fn call() -> Answer {
                Ok(())
            }
            assert_eq!(call_rate_limiter().quota(), $quota, stringify!($($words)*));
            assert!(call().is_ok());
        })+};
    }
    const HOURLY: Quota = Quota::per_hour(5);
    check! {
        () => Quota::per_second(10);
        (rate = 100, per = 60.0) => Quota::per_minute(100);
        (default_rate = 100, default_per = 60) => Quota::per_minute(100);
        (rate = 2.5) => Quota::per(5, 2 * SECOND).burst(3);
        (rate = 2.5, period = "1m") => Quota::per(5, 120 * SECOND).burst(3);
        (rate = 100, limit_refresh_period = "1m", burst = 20) => Quota::per_minute(100).burst(20);
        (rate = 100, max_tokens = 20) => Quota::per_second(100).burst(20);
        (rate = 100, burst_size = 20, initial = 5) => Quota::per_second(100).burst(20).initial(5);
        (initial_tokens = 5, blocking = true) => Quota::per_second(10).initial(5);
        (config = HOURLY) => HOURLY;
        (quota = HOURLY, burst = 1) => HOURLY.burst(1);
        (max_wait = 1) => Quota::per_second(10);
        (timeout = 1) => Quota::per_second(10);
        (timeout_duration = "1s") => Quota::per_second(10);
    }
}

#[test]
fn every_word_of_a_retry_sets_what_it_says() {
    macro_rules! check {
        ($(($($words:tt)*) => $config:expr;)+) => {$({
            #[resil::retry($($words)*)]
            fn call() -> Answer {
                Ok(())
            }
            assert_eq!(call_retry().config(), $config, stringify!($($words)*));
            assert!(call().is_ok());
        })+};
    }
    let new = RetryConfig::new;
    let usual = |backoff: Backoff| new().backoff(backoff.max(10 * SECOND).jitter(Jitter::Full));
    let tenth = SECOND / 10;
    const TWICE: RetryConfig = RetryConfig::new().max_attempts(2);
    check! {
        () => new();
        (max_attempts = 5) => new().max_attempts(5);
        (max_retries = 5) => new().max_attempts(6);
        (config = TWICE) => TWICE;
        (config = TWICE, max_elapsed = 5) => TWICE.max_elapsed(5 * SECOND);
        (retry_open_circuit = true) => new().retry_open_circuit(true);
        (initial_delay = 0.5) => usual(Backoff::exponential(SECOND / 2));
        (base_delay = 1.0) => usual(Backoff::exponential(SECOND));
        (delay = 1) => usual(Backoff::exponential(SECOND));
        (initial = 1) => usual(Backoff::exponential(SECOND));
        (initial_interval = 1) => usual(Backoff::exponential(SECOND));
        (initial_delay = 60) => new().backoff(Backoff::exponential(60 * SECOND).jitter(Jitter::Full));
        (factor = 3) => usual(Backoff::exponential(tenth).factor(3.0));
        (multiplier = 3.0) => usual(Backoff::exponential(tenth).factor(3.0));
        (backoff_factor = 3.0) => usual(Backoff::exponential(tenth).factor(3.0));
        (max_delay = 30.0) => new().backoff(Backoff::exponential(tenth).max(30 * SECOND).jitter(Jitter::Full));
        (max = 30) => new().backoff(Backoff::exponential(tenth).max(30 * SECOND).jitter(Jitter::Full));
        (max_interval = 30) => new().backoff(Backoff::exponential(tenth).max(30 * SECOND).jitter(Jitter::Full));
        (backoff = "fixed", delay = 60) => new().backoff(Backoff::fixed(60 * SECOND).jitter(Jitter::Full));
        (strategy = "CONSTANT") => new().backoff(Backoff::fixed(tenth).jitter(Jitter::Full));
        (strategy = "linear") => usual(Backoff::linear(tenth));
        (strategy = "fibonacci") => usual(Backoff::fibonacci(tenth));
        (strategy = "decorrelated") => usual(Backoff::decorrelated(tenth));
        (backoff = Backoff::fixed(SECOND)) => new().backoff(Backoff::fixed(SECOND));
        (jitter = "equal") => new().backoff(Backoff::exponential(tenth).max(10 * SECOND).jitter(Jitter::Equal));
        (jitter = "none") => new().backoff(Backoff::exponential(tenth).max(10 * SECOND));
        (jitter = false) => new().backoff(Backoff::exponential(tenth).max(10 * SECOND));
        (jitter = true) => usual(Backoff::exponential(tenth));
        (jitter = 0.2) => new().backoff(Backoff::exponential(tenth).max(10 * SECOND).jitter(Jitter::Fraction(0.2)));
        (jitter = true, jitter_factor = 0.2)
            => new().backoff(Backoff::exponential(tenth).max(10 * SECOND).jitter(Jitter::Fraction(0.2)));
        (jitter = Jitter::Full) => usual(Backoff::exponential(tenth));
    }
}

#[test]
fn a_retry_draws_on_its_budget_and_asks_for_hints() {
    static BUDGET: RetryBudget = RetryBudget::new(10);

    #[resil::retry(max_attempts = 9, delay = 0, budget = BUDGET, after = |wait: &Duration| Some(*wait))]
    fn call() -> Result<(), Error<Duration>> {
        Err(Error::Inner(Duration::ZERO))
    }

    assert!(call().is_err());
    assert_eq!((call_retry().stats().retries, BUDGET.stats().deposits), (8, 1));
}

#[test]
fn every_word_of_a_timeout_sets_what_it_says() {
    macro_rules! check {
        ($(($($words:tt)*) => $config:expr;)+) => {$({
            #[resil::timeout($($words)*)]
            fn call() -> Answer {
                Ok(())
            }
            assert_eq!(call_timeout().config(), $config, stringify!($($words)*));
            assert!(call().is_ok());
        })+};
    }
    let new = TimeoutConfig::new;
    const LIMIT: Duration = Duration::from_secs(2);
    const CONFIG: TimeoutConfig = TimeoutConfig::new(LIMIT);
    check! {
        () => new(30 * SECOND);
        (2) => new(LIMIT);
        ("2s") => new(LIMIT);
        (2.0, max = 5) => new(LIMIT).max_timeout(5 * SECOND);
        (default = LIMIT) => new(LIMIT);
        (default_timeout = 2) => new(LIMIT);
        (timeout = 2) => new(LIMIT);
        (timeout_seconds = 2) => new(LIMIT);
        (seconds = 2.0, max_timeout = "5s") => new(LIMIT).max_timeout(5 * SECOND);
        (config = CONFIG) => CONFIG;
        (config = CONFIG, propagate_deadline = false) => CONFIG.propagate_deadline(false);
        (seconds = 2, include_queue_time = true) => new(LIMIT).include_queue_time(true);
    }
}

/// What a registry has to have, whoever made it.
struct Registry {
    breaker: Arc<CircuitBreaker>,
    limiter: Arc<RateLimiter>,
    retry: Arc<Retry>,
    timeout: Arc<Timeout>,
    pipeline: Arc<Pipeline>,
}

struct UnknownName;

macro_rules! lookup {
    ($($method:ident: $field:ident, $kind:ty;)+) => {
        impl Registry {$(
            fn $method(&self, name: &str) -> Result<Arc<$kind>, UnknownName> {
                if name == "payments" { Ok(Arc::clone(&self.$field)) } else { Err(UnknownName) }
            }
        )+}
    };
}

lookup! {
    circuit_breaker: breaker, CircuitBreaker;
    rate_limiter: limiter, RateLimiter;
    retry: retry, Retry;
    timeout: timeout, Timeout;
    pipeline: pipeline, Pipeline;
}

static REGISTRY: std::sync::LazyLock<Registry> = std::sync::LazyLock::new(|| Registry {
    breaker: Arc::new(CircuitBreaker::new("payments", Config::new())),
    limiter: Arc::new(RateLimiter::new("payments", Quota::per_second(100))),
    retry: Arc::new(Retry::new("payments", RetryConfig::new())),
    timeout: Arc::new(Timeout::new(SECOND)),
    pipeline: Arc::new(Pipeline::new("payments")),
});

#[tokio::test(start_paused = true)]
async fn handles_are_found_in_a_registry_and_an_unknown_name_is_a_refusal() {
    #[resil::retry(in = REGISTRY, name = "payments")]
    #[resil::rate_limiter(in = REGISTRY, name = "payments")]
    #[resil::circuit_breaker(in = REGISTRY, name = "payments", excluded = |(): &()| true)]
    #[resil::timeout(in = REGISTRY, name = "payments")]
    async fn known() -> Answer {
        Ok(())
    }

    #[resil::pipeline(in = REGISTRY, name = "payments")]
    fn piped() -> Answer {
        Ok(())
    }

    #[resil::circuit_breaker(in = REGISTRY, name = "payment")]
    fn unknown() -> Result<(), Rejected> {
        Ok(())
    }

    assert_eq!(known().await, Ok(()));
    assert_eq!(piped(), Ok(()));
    assert_eq!((REGISTRY.breaker.stats().successes, REGISTRY.limiter.stats().acquired), (1, 1));
    let refusal = unknown().expect_err("there is no such name");
    assert_eq!(refusal.to_string(), "payment: the registry knows no such name");
    assert!(matches!(refusal.reason(), Reason::Other(_)));
}

#[test]
fn a_handle_of_ones_own_has_the_name_and_the_function_that_are_said() {
    const NAME: &str = "payments";

    trait Payments {
        fn charge(&self) -> Answer;
    }

    struct Client;

    impl Payments for Client {
        #[resil::circuit_breaker(max_failures = 3, accessor = false)]
        fn charge(&self) -> Answer {
            Ok(())
        }
    }

    #[resil::circuit_breaker(name = NAME, accessor = breaker_of_pay)]
    fn pay() -> Answer {
        Ok(())
    }

    static ELSEWHERE: CircuitBreaker = CircuitBreaker::new("elsewhere", Config::new());

    #[resil::guard(&ELSEWHERE, crate = resil)]
    fn elsewhere() -> Answer {
        Ok(())
    }

    assert!(Client.charge().is_ok() && pay().is_ok() && elsewhere().is_ok());
    assert_eq!((breaker_of_pay().name().as_str(), breaker_of_pay().stats().successes), ("payments", 1));
}
