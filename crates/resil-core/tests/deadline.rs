//! Deadlines: what is left of them, where they are current, and what they cut off.
#![cfg(not(any(loom, shuttle)))]

use std::cell::Cell;
use std::future::{Future, pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use resil_core::testing::poll_once;
use resil_core::{Clock, Deadline, ManualClock, Moment, MonotonicClock, Timer, TokioClock, TokioTimer};

const SECOND: Duration = Duration::from_secs(1);

/// The deadline that many seconds after the beginning of time.
fn at(seconds: u32) -> Deadline {
    Deadline::at(Moment::ZERO.saturating_add(seconds * SECOND))
}

/// Pending for ever; checks at each poll that the current deadline is `expected`.
fn expects(expected: Deadline) -> impl Future<Output = ()> {
    poll_fn(move |_| {
        assert_eq!(Deadline::current(), Some(expected));
        Poll::Pending
    })
}

#[test]
fn a_deadline_counts_down_on_its_clock() {
    let clock = ManualClock::new();
    let deadline = Deadline::after_on(&clock, 2 * SECOND);
    assert_eq!(deadline.moment(), at(2).moment());
    for (seconds, left) in [(0, 2), (1, 1), (2, 0), (3, 0)] {
        clock.set(at(seconds).moment());
        assert_eq!(deadline.remaining_on(&clock), left * SECOND);
        assert_eq!(deadline.is_expired_on(&clock), left == 0);
        assert_eq!(deadline.check_on(&clock).is_err(), left == 0);
    }
}

#[test]
fn a_deadline_counts_on_the_process_clock_unless_told_otherwise() {
    let hour = 3_600 * SECOND;
    let before = MonotonicClock.now();
    let deadline = Deadline::after(hour);
    assert!(deadline.moment() >= before.saturating_add(hour));
    assert!(deadline.remaining() <= hour && !deadline.is_expired());
    assert_eq!(deadline.check(), Ok(()));
    assert_eq!(deadline.child(2 * hour), deadline);
    assert!(deadline.child(SECOND).moment() < deadline.moment());

    let over = Deadline::at(Moment::ZERO);
    assert!(over.is_expired());
    assert_eq!((over.remaining(), over.child(hour)), (Duration::ZERO, over));
    assert!(over.check().is_err());
    assert!(!Deadline::after(Duration::MAX).is_expired());
}

#[test]
fn a_child_is_never_later_than_its_parent() {
    let clock = ManualClock::new();
    let parent = Deadline::after_on(&clock, 2 * SECOND);
    assert_eq!(parent.child_on(&clock, SECOND), Deadline::after_on(&clock, SECOND));
    assert_eq!(parent.child_on(&clock, 3 * SECOND), parent);
    clock.advance(3 * SECOND);
    assert_eq!(parent.child_on(&clock, SECOND), parent);
}

#[test]
fn a_nested_scope_is_never_later_than_the_one_around_it() {
    at(2).scope_blocking(|| {
        at(1).scope_blocking(|| assert_eq!(Deadline::current(), Some(at(1))));
        assert_eq!(Deadline::current(), Some(at(2)));
        at(3).scope_blocking(|| assert_eq!(Deadline::current(), Some(at(2))));
        assert!(poll_once(pin!(at(1).scope(expects(at(1))))).is_pending());
        assert!(poll_once(pin!(at(3).scope(expects(at(2))))).is_pending());
        assert_eq!(Deadline::current(), Some(at(2)));
    });
    assert_eq!(Deadline::current(), None);
    assert!(poll_once(pin!(at(2).scope(at(3).scope(expects(at(2)))))).is_pending());
    assert!(poll_once(pin!(at(3).scope(at(2).scope(expects(at(2)))))).is_pending());
}

#[test]
fn of_two_deadlines_that_end_together_the_inner_one_says_how_long_it_was() {
    let clock = ManualClock::new();
    let inner = Deadline::after_on(&clock, SECOND);
    at(1).scope_blocking(|| {
        inner.scope_blocking(|| assert_eq!(Deadline::current(), Some(inner)));
        assert_ne!(Deadline::current(), Some(inner));
    });
}

#[test]
fn a_scope_returns_what_its_work_returns() {
    assert_eq!(at(1).scope_blocking(|| 7), 7);
    assert_eq!(poll_once(pin!(at(1).scope(ready(7)))), Poll::Ready(7));
}

#[test]
fn a_deadline_is_current_only_while_its_future_is_polled() {
    let mut one = pin!(at(1).scope(expects(at(1))));
    let mut two = pin!(at(2).scope(expects(at(2))));
    for _ in 0..3 {
        assert!(poll_once(one.as_mut()).is_pending());
        assert_eq!(Deadline::current(), None);
        assert!(poll_once(two.as_mut()).is_pending());
        assert_eq!(Deadline::current(), None);
    }
}

#[test]
fn a_panic_brings_back_the_deadline_before() {
    at(2).scope_blocking(|| {
        let blocking = || at(1).scope_blocking(|| panic!("boom"));
        assert!(catch_unwind(AssertUnwindSafe(blocking)).is_err());
        assert_eq!(Deadline::current(), Some(at(2)));
        let polled = || poll_once(pin!(at(1).scope(poll_fn(|_| -> Poll<()> { panic!("boom") }))));
        assert!(catch_unwind(AssertUnwindSafe(polled)).is_err());
        assert_eq!(Deadline::current(), Some(at(2)));
    });
    assert_eq!(Deadline::current(), None);
}

#[test]
fn another_thread_has_no_deadline() {
    at(1).scope_blocking(|| {
        std::thread::scope(|scope| scope.spawn(|| assert_eq!(Deadline::current(), None)).join()).unwrap();
    });
}

#[test]
fn a_run_is_cut_off_at_its_deadline_and_says_how_long_it_was() {
    let clock = ManualClock::new();
    let mut run = pin!(Deadline::after_on(&clock, 2 * SECOND).run_with(clock.clone(), pending::<()>()));
    assert!(poll_once(run.as_mut()).is_pending());
    clock.advance(SECOND);
    assert!(poll_once(run.as_mut()).is_pending());
    clock.advance(SECOND);
    let Poll::Ready(Err(cut)) = poll_once(run) else { unreachable!("it is over") };
    assert_eq!(cut.to_string(), "deadline: timed out after 2s");
}

#[test]
fn a_run_is_under_its_deadline_and_returns_what_its_future_returns() {
    let clock = ManualClock::new();
    let mut polls = 0;
    let mut run = pin!(at(2).run_with(
        clock.clone(),
        poll_fn(|_| {
            assert_eq!(Deadline::current(), Some(at(2)));
            polls += 1;
            if polls == 2 { Poll::Ready(7) } else { Poll::Pending }
        })
    ));
    assert!(poll_once(run.as_mut()).is_pending());
    assert_eq!(poll_once(run), Poll::Ready(Ok(7)));
}

#[test]
fn a_nested_run_is_cut_off_at_the_earlier_deadline() {
    for (inner, outer) in [(1, 2), (2, 1)] {
        let clock = ManualClock::new();
        let mut run = pin!(at(outer).scope(at(inner).run_with(clock.clone(), expects(at(1)))));
        assert!(poll_once(run.as_mut()).is_pending());
        clock.set(at(1).moment());
        assert!(matches!(poll_once(run), Poll::Ready(Err(_))), "{inner} within {outer}");
    }
}

/// A timer that counts how often it was asked.
struct Counted<'a>(&'a Cell<u32>, ManualClock);

impl Timer for Counted<'_> {
    type Sleep = resil_core::ManualSleep;

    fn sleep_until(&self, at: Moment) -> Self::Sleep {
        self.0.set(self.0.get() + 1);
        self.1.sleep_until(at)
    }
}

#[test]
fn a_run_that_is_ready_at_once_costs_no_timer() {
    let (asked, clock) = (Cell::new(0), ManualClock::new());
    let run = at(2).run_with(Counted(&asked, clock.clone()), ready(7));
    assert_eq!(poll_once(pin!(run)), Poll::Ready(Ok(7)));
    assert_eq!(asked.get(), 0);

    let mut run = pin!(at(2).run_with(Counted(&asked, clock), pending::<()>()));
    (0..3).for_each(|_| assert!(poll_once(run.as_mut()).is_pending()));
    assert_eq!(asked.get(), 1);
}

#[test]
fn a_future_that_is_ready_at_the_very_deadline_wins() {
    let clock = ManualClock::new();
    let mut run = pin!(at(1).run_with(clock.clone(), clock.sleep_until(at(1).moment())));
    assert!(poll_once(run.as_mut()).is_pending());
    clock.advance(SECOND);
    assert_eq!(poll_once(run), Poll::Ready(Ok(())));
}

#[test]
fn a_run_that_begins_after_its_deadline_has_one_poll() {
    let clock = ManualClock::new();
    clock.advance(SECOND);
    assert_eq!(poll_once(pin!(at(1).run_with(clock.clone(), ready(7)))), Poll::Ready(Ok(7)));
    assert!(matches!(poll_once(pin!(at(1).run_with(clock, pending::<()>()))), Poll::Ready(Err(_))));
}

#[test]
fn a_run_shows_its_deadline() {
    let run = at(1).run_with(ManualClock::new(), ready(7));
    assert_eq!(
        format!("{run:?}"),
        "Run { deadline: Deadline { name: \"deadline\", at: Moment(1000000000), limit: None }, .. }"
    );
}

#[tokio::test(start_paused = true)]
async fn a_future_that_uses_up_its_budget_in_every_poll_is_cut_off_all_the_same() {
    let mut polls = 0;
    let busy = poll_fn(|cx| -> Poll<()> {
        polls += 1;
        assert!(polls < 10, "it was not cut off");
        while Pin::new(&mut pin!(tokio::task::consume_budget())).poll(cx).is_ready() {}
        Poll::Pending
    });
    let deadline = Deadline::at(TokioClock.now());
    assert!(deadline.run_with(TokioTimer::new(), busy).await.is_err());
}

#[test]
fn a_deadline_tells_the_name_and_the_length_of_its_limit() {
    let clock = ManualClock::new();
    let checkout = Deadline::after_on(&clock, 2 * SECOND).named("checkout");
    assert_eq!((checkout.name().as_str(), checkout.limit()), ("checkout", Some(2 * SECOND)));
    assert_eq!((at(1).name().as_str(), at(1).limit()), ("deadline", None));
    clock.advance(2 * SECOND);
    assert_eq!(checkout.check_on(&clock).unwrap_err().to_string(), "checkout: timed out after 2s");
    assert_eq!(checkout.child_on(&clock, SECOND), checkout);
    assert_eq!(at(1).earlier(checkout), at(1));
    assert_eq!(checkout.earlier(at(2)), checkout);
}

#[tokio::test(start_paused = true)]
async fn a_run_on_tokio_is_cut_off_by_its_timer() {
    assert_eq!(Deadline::after(3_600 * SECOND).run(ready(7)).await, Ok(7));
    let before = TokioClock.now();
    let cut = Deadline::after(3_600 * SECOND).named("checkout").run(pending::<()>()).await.unwrap_err();
    assert_eq!(cut.to_string(), "checkout: timed out after 3600s");
    assert!(TokioClock.now().saturating_duration_since(before) > 3_599 * SECOND);
}

#[test]
fn without_a_current_deadline_none_is_over() {
    let clock = ManualClock::new();
    assert_eq!((Deadline::check_current(), Deadline::check_current_on(&clock)), (Ok(()), Ok(())));
    at(1).scope_blocking(|| {
        assert_eq!(Deadline::check_current_on(&clock), Ok(()));
        clock.advance(SECOND);
        assert_eq!(Deadline::check_current_on(&clock), Err(at(1).timed_out()));
    });
}
