//! What listeners are told, and in which words.
#![cfg(not(any(loom, shuttle)))]

mod calls;

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use calls::{Breaker, breaker, fail, succeed};
use resil_breaker::{
    Cause, Config, Event, ManualClock, Moment, Notice, Policy, PolicyExt, Severity, State, Subscription,
    Verdict, Window,
};

const SECOND: Duration = Duration::from_secs(1);

/// Every event that the breaker tells from now on.
fn listen(breaker: &Breaker) -> (Receiver<Event>, Subscription) {
    let (tell, told) = channel();
    (told, breaker.observe(move |event| drop(tell.send(event.clone()))))
}

/// A call that succeeds after `span`.
fn take(breaker: &Breaker, clock: &ManualClock, span: Duration) {
    let call = breaker.guard().expect("it is admitted");
    clock.advance(span);
    call.success();
}

fn texts(told: &Receiver<Event>) -> String {
    told.try_iter().map(|event| event.to_string()).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_event_has_its_words() {
    let config = Config::new()
        .failure_threshold(2)
        .failure_rate(50, 4, Window::calls(4))
        .slow_rate(SECOND, 50, 2, Window::calls(2))
        .reset_timeout(SECOND * 10);
    let (breaker, clock) = breaker(config);
    let (told, _subscription) = listen(&breaker);
    (0..2).for_each(|_| fail(&breaker));
    let _ = breaker.guard();
    clock.advance(SECOND * 10);
    succeed(&breaker);
    for result in [true, false, true, false] {
        if result { succeed(&breaker) } else { fail(&breaker) }
    }
    clock.advance(SECOND * 10);
    breaker.guard().expect("a probe").failure();
    clock.advance(SECOND * 10);
    let forgotten = breaker.admit().expect("a probe");
    clock.advance(SECOND * 30);
    succeed(&breaker);
    breaker.settle(forgotten, Verdict::Success);
    for _ in 0..2 {
        take(&breaker, &clock, SECOND * 2);
    }
    breaker.reset();
    breaker.force_close("calm again");
    breaker.force_open_for("maintenance", SECOND);
    let _ = breaker.guard();
    clock.advance(SECOND);
    succeed(&breaker);
    breaker.disable("no need");
    breaker.metrics_only("trying it out");
    (0..3).for_each(|_| fail(&breaker));
    insta::assert_snapshot!(texts(&told), @r"
    payments: closed -> open, failure threshold reached
    payments: circuit open, retry after 10s
    payments: open -> half_open, reset timeout over
    payments: half_open -> closed, probes succeeded
    payments: closed -> open, failure rate reached
    payments: open -> half_open, reset timeout over
    payments: half_open -> open, probe failed
    payments: open -> half_open, reset timeout over
    payments: half_open -> open, half-open without a verdict
    payments: open -> half_open, reset timeout over
    payments: half_open -> closed, probes succeeded
    payments: call took 2s, slow above 1s
    payments: closed -> open, slow call rate reached
    payments: call took 2s, slow above 1s
    payments: open -> closed, reset by hand
    payments: closed -> closed, by hand (calm again)
    payments: closed -> forced_open, by hand (maintenance)
    payments: circuit forced open, retry after 1s
    payments: forced_open -> closed, state by hand expired
    payments: closed -> disabled, by hand (no need)
    payments: disabled -> metrics_only, by hand (trying it out)
    payments: failure threshold reached, only watching
    ");
}

#[test]
fn a_restored_snapshot_is_told_without_an_empty_reason() {
    let (before, _) = breaker(Config::new().failure_threshold(1));
    fail(&before);
    let open = before.snapshot();
    before.force_open("maintenance");
    let forced = before.snapshot();
    before.reset();
    let (after, _) = breaker(Config::new());
    let (told, _subscription) = listen(&after);
    for snapshot in [open, forced, before.snapshot()] {
        assert_eq!(after.restore(&snapshot), Ok(()));
    }
    insta::assert_snapshot!(texts(&told), @r"
    payments: closed -> open, restored from a snapshot
    payments: open -> forced_open, restored from a snapshot (maintenance)
    payments: forced_open -> closed, restored from a snapshot
    ");
}

#[test]
fn a_transition_carries_what_was_counted_before_it() {
    let (breaker, clock) = breaker(Config::new().failure_threshold(2).reset_timeout(SECOND));
    clock.set(Moment::from_nanos(500));
    let (told, _subscription) = listen(&breaker);
    succeed(&breaker);
    (0..2).for_each(|_| fail(&breaker));
    let Ok(Event::Transition(change)) = told.recv() else { panic!("it opens") };
    assert_eq!((change.from, change.to, change.cause), (State::Closed, State::Open, Cause::FailureThreshold));
    assert_eq!((change.epoch, change.at, change.open_for), (1, Moment::from_nanos(500), Some(SECOND)));
    assert_eq!((change.name.as_str(), change.reason), ("payments", None));
    let before = &change.before;
    assert_eq!(
        (before.state, before.successes, before.failures, before.transitions),
        (State::Closed, 1, 2, 0)
    );
    assert_eq!(before.consecutive_failures, 2, "the streak as it was before it was emptied");
    assert_eq!(breaker.stats().consecutive_failures, 0);
}

#[test]
fn a_refusal_is_told_as_the_caller_got_it() {
    let (breaker, clock) = breaker(Config::new().failure_threshold(1).reset_timeout(SECOND));
    fail(&breaker);
    let (told, _subscription) = listen(&breaker);
    let refused = breaker.admit().unwrap_err();
    let Ok(Event::Rejected(rejection)) = told.recv() else { panic!("it is told") };
    assert_eq!((rejection.state, rejection.refusal), (State::Open, refused));
    clock.advance(SECOND);
    let _probe = breaker.guard();
    let refused = breaker.admit().unwrap_err();
    let rejection = told.try_iter().find_map(|event| match event {
        Event::Rejected(rejection) => Some(rejection),
        _ => None,
    });
    assert_eq!(rejection.map(|it| (it.state, it.refusal)), Some((State::HalfOpen, refused)));
}

#[test]
fn a_slow_call_is_told_with_its_time() {
    let (breaker, clock) = breaker(Config::new().slow_rate(SECOND, 100, 10, Window::calls(10)));
    let (told, _subscription) = listen(&breaker);
    take(&breaker, &clock, SECOND);
    take(&breaker, &clock, SECOND * 3);
    let events: Vec<_> = told.try_iter().collect();
    let [Event::SlowCall(slow)] = &events[..] else { panic!("the second is slow: {events:?}") };
    assert_eq!((slow.took, slow.slower_than, slow.name.as_str()), (SECOND * 3, SECOND, "payments"));
}

#[test]
fn a_broken_rule_is_told_once_while_only_watching() {
    let (breaker, _) = breaker(Config::new().failure_threshold(3));
    breaker.metrics_only("trying it out");
    let (told, _subscription) = listen(&breaker);
    (0..10).for_each(|_| fail(&breaker));
    succeed(&breaker);
    (0..10).for_each(|_| fail(&breaker));
    let events: Vec<_> = told.try_iter().collect();
    let [Event::ThresholdExceeded(exceeded)] = &events[..] else { panic!("once: {events:?}") };
    assert_eq!((exceeded.cause, exceeded.stats.consecutive_failures), (Cause::FailureThreshold, 3));
    breaker.metrics_only("once more");
    (0..3).for_each(|_| fail(&breaker));
    assert_eq!(told.try_iter().count(), 2, "a new epoch tells it anew, after its transition");
}

#[test]
fn severity_is_a_warning_where_somebody_has_to_look() {
    let (breaker, clock) = breaker(Config::new().failure_threshold(1).reset_timeout(SECOND));
    let (told, _subscription) = listen(&breaker);
    fail(&breaker);
    let _ = breaker.guard();
    clock.advance(SECOND);
    succeed(&breaker);
    breaker.force_open("maintenance");
    breaker.metrics_only("trying it out");
    fail(&breaker);
    let notices: Vec<_> = told.try_iter().map(|e| (e.kind(), e.severity(), e.name().as_str())).collect();
    let expected = [
        ("transition", Severity::Warn),
        ("rejected", Severity::Debug),
        ("transition", Severity::Info),
        ("transition", Severity::Info),
        ("transition", Severity::Warn),
        ("transition", Severity::Info),
        ("threshold_exceeded", Severity::Warn),
    ];
    assert_eq!(notices, expected.map(|(kind, severity)| (kind, severity, "payments")));
}
