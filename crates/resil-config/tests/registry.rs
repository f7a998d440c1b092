//! The handles that a file names, and what reloads do to them.
#![cfg(all(feature = "breaker", feature = "ratelimit", feature = "pipeline"))]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use resil_breaker::State;
use resil_config::{Clock, Config, Error, Event, ManualClock, Pattern, PolicyExt, Resilience};

fn config(blocks: &str) -> Config {
    match Config::from_yaml(format!("resilience:\n{blocks}")) {
        Ok(config) => config,
        Err(error) => panic!("{error}\n{blocks}"),
    }
}

fn built(blocks: &str) -> (Resilience<ManualClock>, ManualClock) {
    let clock = ManualClock::leaping();
    (config(blocks).build_on(clock.clone()), clock)
}

const S: Duration = Duration::from_secs(1);

#[test]
fn handles_have_the_settings_of_the_file() {
    let (resilience, _) = built(
        "  circuit_breaker: { failure_threshold: 7, instances: { payments: { reset_timeout: 10s } } }
  rate_limiter: { instances: { payments: { rate: 100, burst: 20 } } }
  retry: { max_attempts: 4 }
  timeout: { default: 2s }",
    );
    let breaker = resilience.circuit_breaker("payments").unwrap();
    assert_eq!(breaker.name().as_str(), "payments");
    let settings = breaker.config().settings();
    assert_eq!((settings.failure_threshold, settings.reset_timeout), (Some(7), 10 * S));
    let default = resilience.circuit_breaker("default").unwrap().config().settings();
    assert_eq!((default.failure_threshold, default.reset_timeout), (Some(7), 60 * S));
    assert_eq!(resilience.rate_limiter("payments").unwrap().quota().burst_size(), 20);
    assert_eq!(resilience.retry("default").unwrap().config().max_attempts, 4);
    assert_eq!(resilience.timeout("default").unwrap().config().timeout, 2 * S);
    assert!(Arc::ptr_eq(&breaker, &resilience.circuit_breaker("payments").unwrap()), "there is one");
}

#[test]
fn an_unknown_name_is_an_error_that_lists_the_known_ones() {
    let (resilience, _) = built(
        "  circuit_breaker: { instances: { payments: {}, search: {} } }
  pipelines: { checkout: { circuit_breaker: { failure_threshold: 2 } } }",
    );
    let error = resilience.circuit_breaker("paymens").unwrap_err();
    assert_eq!(
        error.to_string(),
        "no circuit_breaker is named \"paymens\", did you mean \"payments\"? known are default, payments, search"
    );
    assert_eq!((error.pattern(), error.name()), (Pattern::CircuitBreaker, "paymens"));
    let error = resilience.pipeline("orders").unwrap_err();
    assert_eq!(error.to_string(), "no pipeline is named \"orders\"; known are checkout");
    assert_eq!(error.nearest(), None);
    let error = resilience.rate_limiter("search").unwrap_err();
    assert_eq!(error.known().collect::<Vec<_>>(), ["default"]);
}

#[test]
fn an_open_breaker_stays_open_for_the_rest_of_its_time() {
    let file = "  circuit_breaker: { failure_threshold: 1, reset_timeout: 10s }";
    let (resilience, clock) = built(file);
    let breaker = resilience.circuit_breaker("default").unwrap();
    _ = breaker.call(|| Err::<(), _>("down"));
    assert_eq!(breaker.state(), State::Open);
    clock.advance(4 * S);

    let changes = resilience
        .reload(&config(
            "  circuit_breaker: { failure_threshold: 2, reset_timeout: 30s, instances: { new: {} } }",
        ))
        .unwrap();
    assert_eq!((changes.changed.len(), changes.added.len(), changes.removed.len()), (1, 1, 0));
    assert!(Arc::ptr_eq(&breaker, &resilience.circuit_breaker("default").unwrap()));
    assert_eq!(breaker.state(), State::Open);
    let refusal = breaker.call(|| Ok::<_, ()>(())).unwrap_err();
    assert_eq!(refusal.retry_after(), Some(6 * S), "as long as it was going to be");
    clock.advance(6 * S);
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn what_was_taken_from_a_limiter_stays_taken() {
    let (resilience, _) = built("  rate_limiter: { rate: 10, per: 1s }");
    let limiter = resilience.rate_limiter("default").unwrap();
    limiter.try_acquire_n(8).unwrap();
    resilience.reload(&config("  rate_limiter: { rate: 100, per: 1s }")).unwrap();
    assert_eq!(limiter.available(), 20, "the same share of a burst that is ten times as large");
    assert_eq!(limiter.stats().acquired, 8);
}

#[test]
fn a_retry_and_a_timeout_go_over_to_their_new_settings() {
    let (resilience, _) = built("  retry: { max_attempts: 2 }\n  timeout: { default: 2s }");
    let (retry, timeout) = (resilience.retry("default").unwrap(), resilience.timeout("default").unwrap());
    _ = retry.call(|| Err::<(), _>("down"));
    resilience.reload(&config("  retry: { max_attempts: 5 }\n  timeout: { default: 3s }")).unwrap();
    _ = retry.call(|| Err::<(), _>("down"));
    assert_eq!(retry.stats().retries, 1 + 4);
    assert_eq!(timeout.config().timeout, 3 * S);
}

#[test]
fn a_reload_tells_what_changed_and_from_what_to_what() {
    let (resilience, _) = built(
        "  circuit_breaker: { instances: { old: {}, payments: { reset_timeout: 10s } } }
  pipelines: { checkout: { deadline: 5s, circuit_breaker: payments } }",
    );
    let told = Arc::new(Mutex::new(Vec::new()));
    let subscription = resilience.observe({
        let told = Arc::clone(&told);
        move |event| told.lock().unwrap().push(event.clone())
    });
    let to = config(
        "  circuit_breaker: { instances: { new: {}, payments: { reset_timeout: 20s } } }
  pipelines: { checkout: { deadline: 4s, circuit_breaker: new } }",
    );
    let changes = resilience.reload(&to).unwrap();
    assert_eq!(
        changes.to_string(),
        "added circuit_breaker new
changed circuit_breaker payments: reset_timeout: 10s -> 20s
changed pipelines checkout: circuit_breaker: payments -> new, deadline: 5s -> 4s
removed circuit_breaker old"
    );
    assert_eq!(*told.lock().unwrap(), [Event::Reloaded(changes)]);
    assert!(resilience.reload(&to).unwrap().is_empty(), "it is as it was");
    assert_eq!(told.lock().unwrap().len(), 1, "which is no event");
    drop(subscription);
}

#[test]
fn what_is_removed_works_on_for_whoever_has_it() {
    let (resilience, clock) = built(
        "  circuit_breaker: { instances: { payments: { failure_threshold: 1, reset_timeout: 10s } } }
  pipelines: { checkout: { circuit_breaker: payments } }",
    );
    let breaker = resilience.circuit_breaker("payments").unwrap();
    let pipeline = resilience.pipeline("checkout").unwrap();
    let changes = resilience.reload(&config("  circuit_breaker: { failure_threshold: 3 }")).unwrap();
    let removed: Vec<_> = changes.removed.iter().map(ToString::to_string).collect();
    assert_eq!(removed, ["circuit_breaker payments", "pipelines checkout"]);
    assert!(resilience.circuit_breaker("payments").is_err());
    assert!(resilience.pipeline("checkout").is_err());

    assert!(pipeline.call(|| Err::<(), _>("down")).is_err());
    assert_eq!(breaker.state(), State::Open, "with the settings that it had");
    clock.advance(10 * S);
    assert_eq!(pipeline.call(|| Ok::<_, ()>(42)), Ok(42));
    drop(pipeline);
    assert_eq!(Arc::strong_count(&breaker), 1, "the registry has let go");
}

#[test]
fn what_code_says_wins_for_that_field_and_outlives_reloads() {
    let (resilience, _) = built("  circuit_breaker: { instances: { payments: { reset_timeout: 10s } } }");
    let breaker = resilience.circuit_breaker_with("payments", |config| config.failure_threshold(3)).unwrap();
    assert!(Arc::ptr_eq(&breaker, &resilience.circuit_breaker("payments").unwrap()));
    let settings = || {
        let settings = breaker.config().settings();
        (settings.failure_threshold, settings.reset_timeout)
    };
    assert_eq!(settings(), (Some(3), 10 * S));
    let to = config(
        "  circuit_breaker: { failure_threshold: 9, instances: { payments: { reset_timeout: 20s } } }",
    );
    resilience.reload(&to).unwrap();
    assert_eq!(settings(), (Some(3), 20 * S));
    // Also where the file has the name no longer.
    resilience.reload(&config("  circuit_breaker: { failure_threshold: 9, reset_timeout: 30s }")).unwrap();
    assert_eq!(settings(), (Some(3), 30 * S));
    assert!(Arc::ptr_eq(&breaker, &resilience.circuit_breaker("payments").unwrap()));
    // What is said later takes its place.
    resilience.circuit_breaker_with("payments", |config| config.reset_timeout(S)).unwrap();
    assert_eq!(settings(), (Some(9), S));
}

#[test]
fn code_can_say_something_about_every_pattern() {
    let (resilience, _) = built(
        "  rate_limiter: { rate: 10, per: 1s }
  retry: { max_attempts: 2, budget: 20% }
  timeout: { default: 2s }",
    );
    let quota = resil_ratelimit::Quota::per_second(5);
    let mine = move |config: resil_ratelimit::Config| match config.max_wait {
        Some(max_wait) => resil_ratelimit::Config::new(quota).max_wait(max_wait),
        None => resil_ratelimit::Config::new(quota),
    };
    let limiter = resilience.rate_limiter_with("mine", mine).unwrap();
    assert_eq!(limiter.quota(), quota);
    let retry = resilience.retry_with("mine", |config| config.max_attempts(7)).unwrap();
    assert_eq!(retry.config().max_attempts, 7);
    assert_eq!(retry.retry_budget().unwrap().config().share_percent, 20);
    let timeout = resilience.timeout_with("mine", |config| config.max_timeout(9 * S)).unwrap();
    assert_eq!((timeout.config().timeout, timeout.config().max_timeout), (2 * S, Some(9 * S)));
    assert_eq!(resilience.timeouts(), ["default", "mine"]);
    resilience.reload(&config("  timeout: { default: 3s }")).unwrap();
    assert_eq!((timeout.config().timeout, timeout.config().max_timeout), (3 * S, Some(9 * S)));
}

#[test]
fn what_code_says_is_checked_before_anything_changes() {
    let (resilience, _) = built("  circuit_breaker: { failure_threshold: 5 }\n  timeout: { default: 1s }");
    let told = Arc::new(AtomicU32::new(0));
    let refused = Arc::clone(&told);
    resilience
        .observe(move |event| {
            refused.fetch_add(u32::from(matches!(event, Event::Refused(_))), Ordering::Relaxed);
        })
        .forget();
    let error =
        resilience.circuit_breaker_with("payments", |config| config.failure_threshold(0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "argument: circuit_breaker.instances.payments.failure_threshold: 0 is out of range, allowed is 1 or more"
    );
    assert!(resilience.circuit_breaker("payments").is_err());

    // Good by itself, but not with what the file says later.
    resilience.timeout_with("default", |config| config.max_timeout(2 * S)).unwrap();
    let bad = config("  circuit_breaker: { failure_threshold: 6 }\n  timeout: { default: 3s }");
    let error = resilience.reload(&bad).unwrap_err();
    assert_eq!(
        error.to_string(),
        "argument: timeout.max_timeout: 2s is out of range, allowed is the timeout to 100 years"
    );
    let breaker = resilience.circuit_breaker("default").unwrap();
    assert_eq!(breaker.config().settings().failure_threshold, Some(5), "nothing of it");
    assert_eq!(told.load(Ordering::Relaxed), 1);
}

#[test]
fn several_live_side_by_side() {
    let one = config("  circuit_breaker: { failure_threshold: 1 }");
    let (first, second) = (one.build(), one.build());
    let breaker = first.circuit_breaker("default").unwrap();
    _ = breaker.call(|| Err::<(), _>("down"));
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(second.circuit_breaker("default").unwrap().state(), State::Closed);
    first.reload(&config("  circuit_breaker: { failure_threshold: 2 }")).unwrap();
    let second = second.circuit_breaker("default").unwrap();
    assert_eq!(second.config().settings().failure_threshold, Some(1));
}

const TIGHT: &str = "  circuit_breaker: { failure_threshold: 1, reset_timeout: 10s }
  rate_limiter: { rate: 1, per: 60s }
  retry: { max_attempts: 3 }
  timeout: { default: 1s }
  pipelines:
    all: { deadline: 5s, retry: default, rate_limiter: default, circuit_breaker: default, timeout: 1s }";

#[test]
fn disabled_everything_passes_until_it_is_disabled_no_longer() {
    let (resilience, clock) = built(TIGHT);
    let breaker = resilience.circuit_breaker("default").unwrap();
    let limiter = resilience.rate_limiter("default").unwrap();
    let retry = resilience.retry("default").unwrap();
    let timeout = resilience.timeout("default").unwrap();
    let pipeline = resilience.pipeline("all").unwrap();
    _ = breaker.call(|| Err::<(), _>("down"));
    limiter.try_acquire().unwrap();
    assert!(breaker.call(|| Ok::<_, ()>(())).is_err() && limiter.try_acquire().is_err());

    let disabled = config(&format!("  preset: disabled\n{TIGHT}"));
    // Also for those that are made then, and those about which code says something.
    resilience.circuit_breaker_with("mine", |config| config.failure_threshold(1)).unwrap();
    resilience.reload(&disabled).unwrap();
    let mine = resilience.circuit_breaker("mine").unwrap();
    let passes = || {
        for _ in 0..1_000 {
            assert_eq!(mine.call(|| Err::<(), _>("down")), Err(Error::Inner("down")));
            assert_eq!(breaker.call(|| Err::<(), _>("down")), Err(Error::Inner("down")));
            assert_eq!(limiter.try_acquire(), Ok(()));
            assert_eq!(pipeline.call(|| Err::<(), _>("down")), Err(Error::Inner("down")));
        }
        let tries = AtomicU32::new(0);
        _ = retry.call(|| Err::<(), _>(tries.fetch_add(1, Ordering::Relaxed)));
        assert_eq!(tries.load(Ordering::Relaxed), 1);
        let slow = || {
            clock.advance(1_000 * S);
            resil_config::Deadline::check_current_on(&clock).map_err(Error::from).map(|()| 42)
        };
        assert_eq!(timeout.call_nested::<_, ()>(slow), Ok(42));
        assert_eq!(pipeline.call_nested::<_, _, _, ()>(slow), Ok(42));
    };
    passes();

    resilience.reload(&config(TIGHT)).unwrap();
    assert_eq!(breaker.state(), State::Closed);
    _ = breaker.call(|| Err::<(), _>("down"));
    assert_eq!(breaker.state(), State::Open);
    limiter.try_acquire().unwrap();
    assert!(limiter.try_acquire().is_err());
    assert_eq!((retry.config().max_attempts, timeout.config().timeout), (3, S));
    assert!(matches!(pipeline.call(|| Ok::<_, ()>(())), Err(Error::Rejected(_))));

    // And from the start.
    let resilience = disabled.build_on(clock.clone());
    let breaker = resilience.circuit_breaker("default").unwrap();
    for _ in 0..10 {
        assert_eq!(breaker.call(|| Err::<(), _>("down")), Err(Error::Inner("down")));
        assert_eq!(resilience.rate_limiter("default").unwrap().try_acquire(), Ok(()));
    }
}

/// The deadline is around the retry: it ends it.
#[test]
fn a_deadline_ends_the_retries() {
    let (resilience, clock) = built(
        "  retry: { max_attempts: 100, backoff: fixed, initial_delay: 2s, jitter: none }
  pipelines: { api: { deadline: 5s, retry: default } }",
    );
    let tries = AtomicU32::new(0);
    let pipeline = resilience.pipeline("api").unwrap();
    _ = pipeline.call(|| Err::<(), _>(tries.fetch_add(1, Ordering::Relaxed)));
    assert_eq!(tries.load(Ordering::Relaxed), 3, "at 0 s, 2 s and 4 s");
    assert!(clock.now().as_nanos() <= 5_000_000_000);
}

/// The retry is around the limiter and the breaker: each attempt asks them.
#[test]
fn each_attempt_takes_a_permit_and_asks_the_breaker() {
    let (resilience, _) = built(
        "  circuit_breaker: { failure_threshold: 100 }
  rate_limiter: { rate: 100, per: 1s }
  retry: { max_attempts: 3 }
  pipelines: { api: { retry: {}, rate_limiter: default, circuit_breaker: default } }",
    );
    _ = resilience.pipeline("api").unwrap().call(|| Err::<(), _>("down"));
    assert_eq!(resilience.rate_limiter("default").unwrap().stats().acquired, 3);
    assert_eq!(resilience.circuit_breaker("default").unwrap().stats().failures, 3);
    assert_eq!(resilience.pipeline("api").unwrap().stats().retry.retries, 2);
}

/// The limiter is before the breaker: whoever waits holds no probe, and gets the permit back when the breaker refuses.
#[test]
fn who_waits_for_the_limiter_holds_nothing_of_the_breaker() {
    let (resilience, clock) = built(
        "  circuit_breaker: { failure_threshold: 1, reset_timeout: 10s, half_open_max_calls: 1 }
  rate_limiter: { rate: 1, per: 1s, max_wait: 5s }
  pipelines: { api: { rate_limiter: default, circuit_breaker: default } }",
    );
    let breaker = resilience.circuit_breaker("default").unwrap();
    let limiter = resilience.rate_limiter("default").unwrap();
    let pipeline = resilience.pipeline("api").unwrap();
    breaker.record_failure();
    assert!(matches!(pipeline.call(|| Ok::<_, ()>(())), Err(Error::Rejected(_))));
    assert_eq!(limiter.stats().refunded, 1);

    clock.advance(10 * S);
    limiter.try_acquire().unwrap();
    let mut waiting = Box::pin(pipeline.call_async_with(ManualClock::new(), || async { Ok::<_, ()>(1) }));
    assert_eq!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending);
    assert_eq!(breaker.call(|| Ok::<_, ()>(2)), Ok(2), "the one probe is free");
}

/// The attempt's timeout is within the breaker: what is cut off is a failure to it.
#[test]
fn an_attempt_that_is_cut_off_is_a_failure_to_the_breaker() {
    let (resilience, clock) = built(
        "  circuit_breaker: { failure_threshold: 2 }
  retry: { max_attempts: 2, backoff: fixed, initial_delay: 1s, jitter: none }
  pipelines: { api: { deadline: 60s, retry: default, circuit_breaker: default, timeout: 2s } }",
    );
    let breaker = resilience.circuit_breaker("default").unwrap();
    let pipeline = resilience.pipeline("api").unwrap();
    let endless = || std::future::pending::<Result<(), ()>>();
    let mut call = Box::pin(pipeline.call_async_with(clock.clone(), endless));
    let outcome = loop {
        if let Poll::Ready(outcome) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            break outcome;
        }
        clock.advance(S);
    };
    assert!(matches!(outcome, Err(Error::TimedOut(_))), "{outcome:?}");
    assert_eq!((breaker.stats().failures, breaker.state()), (2, State::Open));
}

#[test]
fn a_pipeline_follows_and_calls_under_way_end_as_they_began() {
    let guarded = "  circuit_breaker: { failure_threshold: 1 }
  pipelines: { api: { circuit_breaker: default } }";
    let bare = "  circuit_breaker: { failure_threshold: 1 }\n  pipelines: { api: {} }";
    let (resilience, _) = built(guarded);
    let breaker = resilience.circuit_breaker("default").unwrap();
    let pipeline = resilience.pipeline("api").unwrap();
    let answer = pipeline.call(|| {
        let changes = resilience.reload(&config(bare)).unwrap();
        assert_eq!(changes.to_string(), "changed pipelines api: circuit_breaker: default -> unset");
        assert!(Arc::ptr_eq(&pipeline, &resilience.pipeline("api").unwrap()));
        assert_eq!(pipeline.call(|| Err::<u32, _>("down")), Err(Error::Inner("down")));
        assert_eq!(breaker.stats().failures, 0, "it no longer guards");
        Ok::<_, &str>(42)
    });
    assert_eq!((answer, breaker.stats().successes), (Ok(42), 1), "it guarded when the call began");
    resilience.reload(&config(guarded)).unwrap();
    _ = pipeline.call(|| Err::<(), _>("down"));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn pipelines_keep_their_statistics_where_their_shape_stays() {
    let file = |deadline: &str, attempts: u32| {
        config(&format!(
            "  retry: {{ max_attempts: {attempts} }}\n  pipelines: {{ api: {{ deadline: {deadline}, retry: default }} }}"
        ))
    };
    let clock = ManualClock::leaping();
    let resilience = file("5s", 2).build_on(clock.clone());
    let pipeline = resilience.pipeline("api").unwrap();
    let before = pipeline.now();
    _ = pipeline.call(|| Err::<(), _>("down"));
    resilience.reload(&file("6s", 4)).unwrap();
    assert!(Arc::ptr_eq(&before, &pipeline.now()), "it is the same, with other settings");
    _ = pipeline.call(|| Err::<(), _>("down"));
    assert_eq!(pipeline.stats().retry.retries, 1 + 3);
    assert_eq!(pipeline.now().deadline_handle().unwrap().config().timeout, 6 * S);
}

#[test]
fn another_budget_is_another_retry_which_pipelines_take_at_once() {
    let file = |share| {
        config(&format!(
            "  retry: {{ max_attempts: 2, budget: {share}% }}\n  pipelines: {{ api: {{ retry: default }} }}"
        ))
    };
    let resilience = file(20).build();
    let before = resilience.retry("default").unwrap();
    let changes = resilience.reload(&file(30)).unwrap();
    assert_eq!(changes.to_string(), "changed retry default: budget: 20% -> 30%");
    let retry = resilience.retry("default").unwrap();
    assert!(!Arc::ptr_eq(&before, &retry));
    let share = |retry: &resil_retry::Retry| retry.retry_budget().unwrap().config().share_percent;
    assert_eq!((share(&before), share(&retry)), (20, 30));
    assert_eq!(share(resilience.pipeline("api").unwrap().now().retry_handle()), 30);
}

#[test]
fn a_limiters_wait_reaches_its_pipelines() {
    let file = |max_wait| {
        config(&format!(
            "  rate_limiter: {{ rate: 1, per: 1s, max_wait: {max_wait} }}\n  pipelines: {{ api: {{ rate_limiter: default }} }}"
        ))
    };
    let clock = ManualClock::leaping();
    let resilience = file("0s").build_on(clock.clone());
    let pipeline = resilience.pipeline("api").unwrap();
    assert_eq!(pipeline.call(|| Ok::<_, ()>(1)), Ok(1));
    assert!(pipeline.call(|| Ok::<_, ()>(2)).is_err(), "it does not wait");
    resilience.reload(&file("2s")).unwrap();
    assert_eq!(pipeline.call(|| Ok::<_, ()>(3)), Ok(3), "it waits for a second");
}

#[test]
fn what_stands_in_place_is_the_pipelines_own() {
    let (resilience, _) = built(
        "  circuit_breaker: { failure_threshold: 5, reset_timeout: 10s }
  pipelines: { api: { circuit_breaker: { failure_threshold: 1 } } }",
    );
    _ = resilience.pipeline("api").unwrap().call(|| Err::<(), _>("down"));
    let breaker = resilience.circuit_breaker("pipelines.api").unwrap();
    assert_eq!((breaker.state(), breaker.name().as_str()), (State::Open, "api"));
    assert_eq!(breaker.config().settings().reset_timeout, 10 * S, "with the section's defaults");
    assert_eq!(resilience.circuit_breaker("default").unwrap().state(), State::Closed);
}

#[test]
fn what_is_built_has_the_settings_of_the_file() {
    let (resilience, _) =
        built("  shutdown: { timeout: 7s }\n  heartbeat: { interval: 3s }\n  watchdog: { timeout: 9s }");
    #[cfg(feature = "shutdown")]
    {
        assert_eq!(resilience.shutdown().config().timeout, 7 * S);
        let changes = resilience.reload(&config("  shutdown: { timeout: 8s }")).unwrap();
        assert!(changes.to_string().contains("changed shutdown default: timeout: 7s -> 8s"), "{changes}");
        assert_eq!(resilience.shutdown().config().timeout, 8 * S);
    }
    drop(resilience);
}
