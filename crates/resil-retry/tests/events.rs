//! T8: what listeners hear, in which order, and in which words.
#![cfg(not(any(loom, shuttle)))]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use resil_retry::{
    Backoff, Config, Deadline, Error, Event, ManualClock, Name, Notice, Reason, Rejected, Retry, RetryBudget,
    Severity, StopReason, TimedOut,
};

const SECOND: Duration = Duration::from_secs(1);
const CONFIG: Config = Config::new().backoff(Backoff::exponential(SECOND));

type Heard = Arc<Mutex<Vec<Event>>>;

fn observed(config: Config) -> (Retry<ManualClock>, Heard, ManualClock) {
    static NOTHING: RetryBudget = RetryBudget::new(0).floor(1);
    let clock = ManualClock::leaping();
    let retry = Retry::with_clock(Name::new("payments"), config, clock.clone());
    let retry = if config.max_attempts == 7 { retry.budget(&NOTHING) } else { retry };
    let heard = Heard::default();
    let note = Arc::clone(&heard);
    retry.observe(move |event| note.lock().expect("not poisoned").push(event.clone())).forget();
    (retry, heard, clock)
}

fn texts(heard: &Heard) -> String {
    heard
        .lock()
        .expect("not poisoned")
        .drain(..)
        .map(|event| event.to_string())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn each_failed_attempt_and_each_end_is_told() {
    let (retry, heard, _) = observed(CONFIG);
    let mut failures = 2;
    let _ = retry.call(|| {
        failures -= 1;
        if failures < 0 { Ok(()) } else { Err("down") }
    });
    let _ = retry.call(|| Err::<(), _>("down"));
    let _ = retry.never(|_: &&str| true).call(|| Err::<(), _>("declined"));
    let _ = retry.call(|| Ok::<_, ()>(()));
    insta::assert_snapshot!(texts(&heard), @r#"
    payments: attempt 1 failed, next in 1s ("down")
    payments: attempt 2 failed, next in 2s ("down")
    payments: succeeded at attempt 3
    payments: attempt 1 failed, next in 1s ("down")
    payments: attempt 2 failed, next in 2s ("down")
    payments: stopped after attempt 3, attempts exhausted ("down")
    payments: stopped after attempt 1, not retryable ("declined")
    "#);
}

#[test]
fn refusals_cuts_and_answers_have_their_words() {
    let (retry, heard, clock) = observed(CONFIG.max_attempts(2));
    let refusal = Rejected::new(Name::new("quota"), Reason::RateLimited).with_retry_after(SECOND / 2);
    let _ = retry.call_nested(|| Err::<(), _>(Error::<()>::Rejected(refusal)));
    let cut = TimedOut::new(Name::new("attempt"), SECOND);
    let _ = retry.call_nested(|| Err::<(), _>(Error::<()>::TimedOut(cut)));
    let _ = retry.on(|_: Result<&u16, &()>| true).call(|| Ok(503));
    let over = Deadline::after_on(&clock, Duration::ZERO);
    let _ = over.scope_blocking(|| retry.call(|| Ok::<_, ()>(())));
    let _ = Deadline::after_on(&clock, SECOND).scope_blocking(|| retry.call(|| Err::<(), _>("down")));
    insta::assert_snapshot!(texts(&heard), @r#"
    payments: attempt 1 failed, next in 1s (quota: rate limited, retry after 500ms)
    payments: stopped after attempt 2, attempts exhausted (quota: rate limited, retry after 500ms)
    payments: attempt 1 failed, next in 1s (attempt: timed out after 1s)
    payments: stopped after attempt 2, attempts exhausted (attempt: timed out after 1s)
    payments: attempt 1 failed, next in 1s
    payments: stopped after attempt 2, attempts exhausted
    payments: stopped before the first attempt, deadline exceeded
    payments: stopped after attempt 1, deadline exceeded ("down")
    "#);
}

#[test]
fn a_budget_without_a_token_is_a_reason() {
    let (retry, heard, _) =
        observed(CONFIG.max_attempts(7).max_elapsed(SECOND * 100).backoff(Backoff::fixed(SECOND / 4)));
    let _ = retry.call(|| Err::<(), _>("down"));
    insta::assert_snapshot!(texts(&heard), @r#"
    payments: attempt 1 failed, next in 250ms ("down")
    payments: stopped after attempt 2, retry budget exhausted ("down")
    "#);
}

#[test]
fn every_reason_has_a_text_a_kind_and_a_severity() {
    let (retry, heard, _) = observed(CONFIG);
    let _ = retry.call(|| Err::<(), _>("down"));
    let _ = retry.never(|_: &&str| true).call(|| Err::<(), _>("declined"));
    let heard = heard.lock().unwrap();
    let told: Vec<_> =
        heard.iter().map(|event| (event.name().as_str(), event.kind(), event.severity())).collect();
    assert_eq!(
        told,
        [
            ("payments", "retrying", Severity::Debug),
            ("payments", "retrying", Severity::Debug),
            ("payments", "stopped", Severity::Warn),
            ("payments", "stopped", Severity::Debug),
        ]
    );
    let reasons = [
        StopReason::NotRetryable,
        StopReason::CircuitOpen,
        StopReason::ShuttingDown,
        StopReason::Refused,
        StopReason::AttemptsExhausted,
        StopReason::DeadlineExceeded,
        StopReason::MaxElapsed,
        StopReason::BudgetExhausted,
        StopReason::Cancelled,
        StopReason::Panicked,
    ];
    insta::assert_snapshot!(reasons.map(|reason| reason.to_string()).join(", "), @"not retryable, circuit open, shutting down, refused for good, attempts exhausted, deadline exceeded, time for attempts over, retry budget exhausted, cancelled, panicked");
}

/// C3
#[test]
fn a_listener_that_panics_or_calls_again_harms_nobody() {
    let (retry, heard, _) = observed(CONFIG);
    let retry = Arc::new(retry);
    let again = Arc::downgrade(&retry);
    retry.observe(|_| panic!("of a listener")).forget();
    retry
        .observe(move |event| {
            if matches!(event, Event::Retrying(_))
                && let Some(retry) = again.upgrade()
            {
                let _ = retry.never(|_: &&str| true).call(|| Err::<(), _>("inside"));
            }
        })
        .forget();
    assert_eq!(retry.call(|| Err::<(), _>("down")), Err(Error::Inner("down")));
    let stats = retry.stats();
    assert_eq!(
        (stats.listener_panics, stats.stopped.attempts_exhausted, stats.stopped.not_retryable),
        (5, 1, 2)
    );
    assert_eq!(heard.lock().unwrap().len(), 5);
}

#[test]
fn no_text_is_made_for_nobody() {
    struct Mute;
    impl std::fmt::Debug for Mute {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            unreachable!("nobody listens")
        }
    }
    let retry = Retry::with_clock("payments".into(), CONFIG, ManualClock::leaping());
    let subscription = retry.observe(|_| ());
    drop(subscription);
    assert!(retry.call(|| Err::<(), _>(Mute)).is_err());
}

#[cfg(feature = "serde")]
#[test]
fn events_and_stats_leave_the_process_as_json() {
    let (retry, heard, _) = observed(CONFIG.max_attempts(2));
    let _ = retry.call(|| Err::<(), _>("down"));
    let events = serde_json::to_string(&*heard.lock().unwrap()).unwrap();
    insta::assert_snapshot!(events, @r#"[{"kind":"retrying","name":"payments","attempt":1,"delay":{"secs":1,"nanos":0},"error":"\"down\""},{"kind":"stopped","name":"payments","attempts":2,"reason":"attempts_exhausted","error":"\"down\""}]"#);
    insta::assert_snapshot!(serde_json::to_string(&retry.stats()).unwrap(), @r#"{"name":"payments","retried":1,"retries":1,"recovered":0,"stopped":{"not_retryable":0,"circuit_open":0,"shutting_down":0,"refused":0,"attempts_exhausted":1,"deadline_exceeded":0,"max_elapsed":0,"budget_exhausted":0,"cancelled":0,"panicked":0},"waited_time":{"secs":1,"nanos":0},"events_lost":0,"listener_panics":0}"#);
}
