//! What a call under a timeout gives back, in each of its forms.

use std::cell::Cell;
use std::future::{Future, pending, poll_fn, ready};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use resil_core::testing::{Spy, poll_once};
use resil_timeout::{
    Config, Deadline, Error, ManualClock, Moment, Name, PolicyExt, TimedOut, Timeout, Timer, Verdict,
};

const SECOND: Duration = Duration::from_secs(1);

fn two_seconds(clock: &ManualClock) -> Timeout<ManualClock> {
    with(clock, Config::new(2 * SECOND))
}

fn with(clock: &ManualClock, config: Config) -> Timeout<ManualClock> {
    Timeout::with_clock("payments".into(), config, clock.clone())
}

fn payments(seconds: u32) -> TimedOut {
    TimedOut::new(Name::new("payments"), seconds * SECOND)
}

/// Polls once, moves the clock, and polls again.
fn after<F: Future>(clock: &ManualClock, span: Duration, mut future: Pin<&mut F>) -> Poll<F::Output> {
    assert!(poll_once(future.as_mut()).is_pending());
    clock.advance(span);
    poll_once(future)
}

// D1
#[test]
fn a_future_is_cut_off_when_its_time_is_over_and_not_before() {
    let clock = ManualClock::new();
    let timeout = two_seconds(&clock);
    let mut call = pin!(timeout.run_with(clock.clone(), pending::<()>()));
    assert!(after(&clock, Duration::from_nanos(1_999_999_999), call.as_mut()).is_pending());
    clock.advance(Duration::from_nanos(1));
    assert_eq!(poll_once(call), Poll::Ready(Err(payments(2))));
    assert_eq!(payments(2).to_string(), "payments: timed out after 2s");
    assert_eq!(timeout.stats().timed_out, 1);
}

// D1
#[test]
fn what_is_ready_in_time_passes_in_each_form() {
    let clock = ManualClock::new();
    let timeout = two_seconds(&clock);
    let timer = || clock.clone();
    assert_eq!(poll_once(pin!(timeout.run_with(timer(), ready(7)))), Poll::Ready(Ok(7)));
    assert_eq!(poll_once(pin!(timeout.call_async_with(timer(), ready(Ok::<_, ()>(7))))), Poll::Ready(Ok(7)));
    let failed = timeout.call_async_with(timer(), ready(Err::<(), _>("no")));
    assert_eq!(poll_once(pin!(failed)), Poll::Ready(Err(Error::Inner("no"))));
    let passed = timeout.call_async_nested_with(timer(), ready(Err::<(), _>(Error::Inner("no"))));
    assert_eq!(poll_once(pin!(passed)), Poll::Ready(Err(Error::Inner("no"))));
    assert_eq!(timeout.run_blocking(|| 7), Ok(7));
    assert_eq!(timeout.call(|| Ok::<_, ()>(7)), Ok(7));
    assert_eq!(timeout.call(|| Err::<(), _>("no")), Err(Error::Inner("no")));
    assert_eq!(timeout.call_nested(|| Err::<(), _>(Error::Inner("no"))), Err(Error::Inner("no")));
    let stats = timeout.stats();
    assert_eq!((stats.timed_out, stats.expired, stats.cancelled), (0, 0, 0));
}

// D1
#[test]
fn what_is_pending_too_long_is_cut_off_in_each_form() {
    let clock = ManualClock::new();
    let timeout = two_seconds(&clock);
    let never = || pending::<Result<(), ()>>();
    let flat = pin!(timeout.call_async_with(clock.clone(), never()));
    assert_eq!(after(&clock, 2 * SECOND, flat), Poll::Ready(Err(Error::TimedOut(payments(2)))));
    let nested = timeout.call_async_nested_with(clock.clone(), pending::<Result<(), Error<()>>>());
    assert_eq!(after(&clock, 2 * SECOND, pin!(nested)), Poll::Ready(Err(Error::TimedOut(payments(2)))));
    let asked = timeout.within(SECOND);
    let flat = pin!(asked.call_async_with(clock.clone(), never()));
    assert_eq!(after(&clock, SECOND, flat), Poll::Ready(Err(Error::TimedOut(payments(1)))));
    let nested = asked.call_async_nested_with(clock.clone(), pending::<Result<(), Error<()>>>());
    assert_eq!(after(&clock, SECOND, pin!(nested)), Poll::Ready(Err(Error::TimedOut(payments(1)))));
    assert_eq!(
        after(&clock, SECOND, pin!(asked.run_with(clock.clone(), pending::<()>()))),
        Poll::Ready(Err(payments(1)))
    );
    assert_eq!(timeout.stats().timed_out, 5);
}

#[test]
fn what_is_ready_at_the_very_end_wins() {
    let clock = ManualClock::new();
    let timeout = two_seconds(&clock);
    let sleeps = clock.sleep_until(Moment::ZERO.saturating_add(2 * SECOND));
    let call = pin!(timeout.run_with(clock.clone(), sleeps));
    assert_eq!(after(&clock, 2 * SECOND, call), Poll::Ready(Ok(())));
}

// D1
#[test]
fn a_call_is_cut_off_at_whichever_limit_ends_first_and_names_it() {
    for (outer, ends, named) in [(1, 1, "checkout"), (2, 2, "payments"), (3, 2, "payments")] {
        let clock = ManualClock::new();
        let timeout = two_seconds(&clock);
        let checkout = Deadline::after_on(&clock, outer * SECOND).named("checkout");
        let call = checkout.scope(timeout.run_with(clock.clone(), pending::<()>()));
        let Poll::Ready(Err(cut)) = after(&clock, ends * SECOND, pin!(call)) else {
            unreachable!("it is over")
        };
        assert_eq!((cut.name().as_str(), cut.limit()), (named, Some(ends * SECOND)));
    }
}

// D2
#[test]
fn inside_a_call_its_limit_is_the_current_deadline() {
    let clock = ManualClock::new();
    let timeout = two_seconds(&clock);
    let ends = |seconds| Some(Moment::ZERO.saturating_add(seconds * SECOND));
    let current = || Deadline::current().map(Deadline::moment);
    let asks = poll_fn(|_| Poll::Ready(current()));
    assert_eq!(poll_once(pin!(timeout.run_with(clock.clone(), asks))), Poll::Ready(Ok(ends(2))));
    assert_eq!(timeout.run_blocking(current), Ok(ends(2)));
    assert_eq!(timeout.within(SECOND).run_blocking(current), Ok(ends(1)));
    assert_eq!(timeout.within(3 * SECOND).run_blocking(|| timeout.run_blocking(current)), Ok(Ok(ends(2))));
    assert_eq!(timeout.run_blocking(|| timeout.within(3 * SECOND).run_blocking(current)), Ok(Ok(ends(2))));
    assert_eq!(current(), None);
}

// D3
#[test]
fn callers_get_what_they_ask_for_up_to_the_greatest_limit() {
    let clock = ManualClock::new();
    let capped = with(&clock, Config::new(2 * SECOND).max_timeout(5 * SECOND));
    let limits = |timeout: &Timeout<ManualClock>| {
        [1, 2, 5, 6].map(|asked| timeout.within(asked * SECOND).limit().as_secs())
    };
    assert_eq!(limits(&capped), [1, 2, 5, 5]);
    assert_eq!(capped.within(Duration::MAX).limit(), 5 * SECOND);
    let free = two_seconds(&clock);
    assert_eq!(limits(&free), [1, 2, 5, 6]);
    let asked = pin!(capped.within(9 * SECOND).run_with(clock.clone(), pending::<()>()));
    assert_eq!(after(&clock, 5 * SECOND, asked), Poll::Ready(Err(payments(5))));
    assert!(
        poll_once(pin!(free.within(Duration::MAX).run_with(clock.clone(), pending::<()>()))).is_pending()
    );
}

// D3
#[test]
fn with_queue_time_the_limit_begins_when_the_call_is_made() {
    let clock = ManualClock::new();
    for (queued, ends) in [(false, 3), (true, 2)] {
        clock.set(Moment::ZERO);
        let timeout = with(&clock, Config::new(2 * SECOND).include_queue_time(queued));
        let mut call = pin!(timeout.run_with(clock.clone(), pending::<()>()));
        clock.advance(SECOND); // it waits for a permit
        assert!(poll_once(call.as_mut()).is_pending());
        clock.set(Moment::ZERO.saturating_add(ends * SECOND));
        assert_eq!(poll_once(call), Poll::Ready(Err(payments(2))), "{queued}");
    }
}

// D3
#[test]
fn what_has_waited_too_long_is_not_started() {
    let clock = ManualClock::new();
    let timeout = with(&clock, Config::new(2 * SECOND).include_queue_time(true));
    let started = Cell::new(false);
    let call = timeout.run_with(clock.clone(), poll_fn(|_| Poll::Ready(started.replace(true))));
    clock.advance(2 * SECOND);
    assert_eq!(poll_once(pin!(call)), Poll::Ready(Err(payments(2))));
    assert_eq!((started.get(), timeout.stats().expired), (false, 1));
}

// D3
#[test]
fn without_propagation_the_current_deadline_is_neither_read_nor_set() {
    let clock = ManualClock::new();
    for queued in [false, true] {
        let config = Config::new(2 * SECOND).propagate_deadline(false).include_queue_time(queued);
        let apart = with(&clock, config);
        let around = Deadline::after_on(&clock, SECOND);
        let expects = poll_fn(|_| {
            assert_eq!(Deadline::current(), Some(around));
            Poll::<()>::Pending
        });
        let mut call = pin!(around.scope(apart.run_with(clock.clone(), expects)));
        assert!(after(&clock, SECOND, call.as_mut()).is_pending());
        clock.advance(SECOND);
        assert_eq!(poll_once(call), Poll::Ready(Err(payments(2))));
        // The deadline around is over, and no business of a synchronous call either.
        assert_eq!(around.scope_blocking(|| apart.run_blocking(Deadline::current)), Ok(Some(around)));
    }
}

// D4
#[test]
fn what_has_no_time_left_is_not_started() {
    let clock = ManualClock::new();
    let timeout = two_seconds(&clock);
    let checkout = Deadline::after_on(&clock, SECOND).named("checkout");
    clock.advance(SECOND);
    let started = Cell::new(0);
    let count = || started.replace(started.get() + 1);
    let over = TimedOut::new(Name::new("checkout"), SECOND);
    checkout.scope_blocking(|| {
        assert_eq!(timeout.run_blocking(count), Err(over));
        assert_eq!(timeout.call(|| Ok::<_, ()>(count())), Err(Error::TimedOut(over)));
        assert_eq!(timeout.call_nested(|| Ok::<_, Error<()>>(count())), Err(Error::TimedOut(over)));
        assert_eq!(timeout.within(3 * SECOND).run_blocking(count), Err(over));
        let call = timeout.run_with(clock.clone(), poll_fn(|_| Poll::Ready(count())));
        assert_eq!(poll_once(pin!(call)), Poll::Ready(Err(over)));
    });
    // Nor what asked for nothing.
    let none = timeout.within(Duration::ZERO);
    assert_eq!(none.run_blocking(count), Err(payments(0)));
    assert_eq!(
        poll_once(pin!(none.run_with(clock.clone(), poll_fn(|_| Poll::Ready(count()))))),
        Poll::Ready(Err(payments(0)))
    );
    assert_eq!((started.get(), timeout.stats().expired, timeout.stats().timed_out), (0, 7, 0));
}

// D4
#[test]
fn synchronous_work_stops_where_it_checks() {
    let clock = ManualClock::new();
    let timeout = two_seconds(&clock);
    let steps = Cell::new(0);
    let work = || -> Result<(), Error<()>> {
        loop {
            Deadline::check_current_on(&clock)?;
            steps.set(steps.get() + 1);
            clock.advance(SECOND);
        }
    };
    assert_eq!(timeout.call_nested(work), Err(Error::TimedOut(payments(2))));
    assert_eq!((steps.get(), timeout.stats().timed_out), (2, 1));
    // What gave up for a limit of its own, in time, was not cut off by this one.
    let own = || Err::<(), Error<()>>(Error::TimedOut(payments(9)));
    assert_eq!(timeout.within(SECOND).call_nested(own), Err(Error::TimedOut(payments(9))));
    assert_eq!(timeout.stats().timed_out, 1);
}

// D4
#[test]
fn a_late_result_is_returned() {
    let clock = ManualClock::new();
    let timeout = two_seconds(&clock);
    let late = || {
        clock.advance(3 * SECOND);
        Ok::<_, ()>(7)
    };
    assert_eq!(timeout.call(late), Ok(7));
    assert_eq!(timeout.within(SECOND).call(late), Ok(7));
    assert_eq!(timeout.run_blocking(late), Ok(Ok(7)));
    assert_eq!(timeout.stats().timed_out, 0);
}

// C6
#[test]
fn one_time_out_serves_many_and_a_guarded_call_goes_under_it() {
    fn shared<T: Send + Sync>(_: &T) {}
    let clock = ManualClock::new();
    let timeout = Arc::new(two_seconds(&clock));
    shared(&timeout);
    let spy = Spy::admitting("spy");
    {
        let guarded = spy.call_async(pending::<Result<(), ()>>());
        let call = pin!(timeout.call_async_nested_with(clock.clone(), guarded));
        assert_eq!(after(&clock, 2 * SECOND, call), Poll::Ready(Err(Error::TimedOut(payments(2)))));
    }
    assert_eq!(spy.told().last(), Some(&resil_core::testing::Told::Settled(Verdict::Cancelled)));
    let guarded = spy.call_nested(|| timeout.call(|| Err::<(), _>("no")));
    assert_eq!(guarded, Err(Error::Inner("no")));
}

// C3, C8
#[test]
fn a_time_out_shows_itself() {
    let clock = ManualClock::new();
    let timeout = Timeout::with_clock(Name::UNNAMED, Config::new(2 * SECOND), clock.clone());
    insta::assert_snapshot!(format!("{timeout:?}"), @r#"Timeout { name: unnamed, config: Config { timeout: 2s, max_timeout: None, propagate_deadline: true, include_queue_time: false }, stats: Stats { name: unnamed, timed_out: 0, expired: 0, cancelled: 0, events_lost: 0, listener_panics: 0 }, .. }"#);
    assert_eq!(timeout.name().as_str(), "unnamed");
    let call = timeout.call_async_with(clock.clone(), ready(Ok::<_, ()>(())));
    insta::assert_snapshot!(format!("{call:?}"), @r#"CallTimed(Timed { timeout: unnamed, deadline: None, .. })"#);
    assert_eq!(timeout.within(SECOND).limit(), SECOND);
    let mut call = Box::pin(timeout.run_with(clock.clone(), pending::<()>()));
    assert!(poll_once(call.as_mut()).is_pending());
    insta::assert_snapshot!(format!("{call:?}"), @r#"Timed { timeout: unnamed, deadline: Some(Deadline { name: unnamed, at: Moment(2000000000), limit: Some(2s) }), .. }"#);
}
