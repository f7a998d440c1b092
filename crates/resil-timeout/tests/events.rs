//! What listeners are told, and what of it is counted (C3).

use std::future::pending;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use resil_core::testing::poll_once;
use resil_timeout::{Config, Deadline, Error, Event, ManualClock, Notice, Severity, Timeout};

const SECOND: Duration = Duration::from_secs(1);

fn timeout(clock: &ManualClock) -> Timeout<ManualClock> {
    Timeout::with_clock("payments".into(), Config::new(2 * SECOND), clock.clone())
}

fn cut_off(timeout: &Timeout<ManualClock>, clock: &ManualClock) {
    let mut call = pin!(timeout.run_with(clock.clone(), pending::<()>()));
    assert!(poll_once(call.as_mut()).is_pending());
    clock.advance(2 * SECOND);
    assert!(matches!(poll_once(call), Poll::Ready(Err(_))));
}

#[test]
fn listeners_hear_what_was_cut_off_and_what_was_not_started_by_which_limit() {
    let clock = ManualClock::new();
    let timeout = timeout(&clock);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let subscription = timeout.observe({
        let heard = Arc::clone(&heard);
        move |event| {
            assert_eq!((event.name().as_str(), event.severity()), ("payments", Severity::Debug));
            heard.lock().unwrap().push(format!("{}: {event}", event.kind()));
        }
    });
    cut_off(&timeout, &clock);
    let checkout = Deadline::after_on(&clock, SECOND).named("checkout");
    checkout.scope_blocking(|| cut_off(&timeout, &clock));
    let _ = checkout.scope_blocking(|| timeout.run_blocking(|| ()));
    let _ = timeout.within(Duration::ZERO).run_blocking(|| ());
    let _ = timeout.call_nested(|| -> Result<(), Error<()>> {
        clock.advance(2 * SECOND);
        Ok(Deadline::check_current_on(&clock)?)
    });
    insta::assert_snapshot!(heard.lock().unwrap().join("\n"), @r#"
    timed_out: payments: timed out after 2s
    timed_out: payments: checkout: timed out after 1s
    expired: payments: checkout: timed out after 1s, not started
    expired: payments: timed out after 0ns, not started
    timed_out: payments: timed out after 2s
    "#);
    drop(subscription);
    cut_off(&timeout, &clock);
    assert_eq!(heard.lock().unwrap().len(), 5);
    assert_eq!(
        (timeout.stats().timed_out, timeout.stats().expired, timeout.stats().listener_panics),
        (4, 2, 0)
    );
}

#[test]
fn a_listener_may_panic_and_may_call_the_time_out() {
    let clock = ManualClock::new();
    let timeout = Arc::new(timeout(&clock));
    timeout
        .observe({
            let timeout = Arc::downgrade(&timeout);
            move |event: &Event| {
                let timeout = timeout.upgrade().expect("somebody calls");
                if let Event::TimedOut(_) = event {
                    assert!(timeout.within(Duration::ZERO).run_blocking(|| ()).is_err());
                    panic!("boom");
                }
            }
        })
        .forget();
    cut_off(&timeout, &clock);
    let stats = timeout.stats();
    assert_eq!((stats.timed_out, stats.expired, stats.listener_panics, stats.events_lost), (1, 1, 1, 0));
}

#[cfg(feature = "serde")]
#[test]
fn events_can_be_written() {
    let clock = ManualClock::new();
    let timeout = timeout(&clock);
    let heard = Arc::new(Mutex::new(String::new()));
    let subscription = timeout.observe({
        let heard = Arc::clone(&heard);
        move |event| *heard.lock().unwrap() = serde_json::to_string(event).expect("plain data")
    });
    cut_off(&timeout, &clock);
    drop(subscription);
    insta::assert_snapshot!(heard.lock().unwrap(), @r#"{"timed_out":{"name":"payments","limit":{"name":"payments","limit":{"secs":2,"nanos":0}}}}"#);
}
