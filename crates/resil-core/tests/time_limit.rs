//! Limits that begin when they are needed: when that is, what it costs, and what those around them take from it.
#![cfg(not(any(loom, shuttle)))]

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use resil_core::testing::poll_once;
use resil_core::{
    Clock, Cut, Deadline, Limited, ManualClock, Moment, MonotonicClock, Name, Start, TimeLimit, TimedOut,
    Timer, TokioClock,
};

const SECOND: Duration = Duration::from_secs(1);

thread_local! {
    static NOW: Cell<u32> = const { Cell::new(0) };
    static READ: Cell<u32> = const { Cell::new(0) };
}

/// A clock that is the same everywhere on this thread, and counts how often it is read.
#[derive(Clone, Copy)]
struct Public;

fn read() -> Moment {
    READ.set(READ.get() + 1);
    Moment::ZERO.saturating_add(NOW.get() * SECOND)
}

impl Clock for Public {
    fn now(&self) -> Moment {
        read()
    }
    fn reader(&self) -> Option<fn() -> Moment> {
        Some(read)
    }
}

/// Another one, which is always ten seconds ahead.
struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> Moment {
        read().saturating_add(10 * SECOND)
    }
    fn reader(&self) -> Option<fn() -> Moment> {
        Some(|| Self.now())
    }
}

fn reads<T>(f: impl FnOnce() -> T) -> (T, u32) {
    let before = READ.get();
    let value = f();
    (value, READ.get() - before)
}

fn at(seconds: u32) -> Moment {
    Moment::ZERO.saturating_add(seconds * SECOND)
}

fn limited<F: Future>(name: &'static str, seconds: u32, future: F) -> Named<F> {
    started(name, Start::of(seconds * SECOND), future)
}

fn started<F: Future>(name: &'static str, start: Start, future: F) -> Named<F> {
    Named { name: Name::new(name), limited: Box::pin(Limited::new(start, Sleepless, future)) }
}

/// A limited future with its name.
struct Named<F> {
    name: Name,
    limited: Pin<Box<Limited<F, Sleepless>>>,
}

impl<F> Named<F> {
    fn deadline(&self) -> Option<Deadline> {
        self.limited.deadline()
    }
}

/// A timer of the public clock that nobody wakes: it is asked at every poll.
struct Sleepless;

struct Until(Moment);

impl Timer for Sleepless {
    type Sleep = Until;
    fn sleep_until(&self, at: Moment) -> Until {
        Until(at)
    }
}

impl Future for Until {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if at(NOW.get()) >= self.0 { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl<F: Future> Future for Named<F> {
    type Output = Result<F::Output, Cut>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let name = self.name;
        self.limited.as_mut().poll_on(cx, name, &Public)
    }
}

fn poll<F: Future>(named: Pin<&mut Named<F>>) -> Poll<Result<F::Output, Cut>> {
    poll_once(named)
}

fn current() -> Deadline {
    Deadline::current().expect("there is one")
}

#[test]
fn what_is_ready_at_once_reads_no_clock_however_deep_it_is_nested() {
    let inner = limited("inner", 1, limited("innermost", 2, ready(7)));
    let (answer, read) = reads(|| poll(pin!(limited("outer", 3, inner))));
    assert!(matches!(answer, Poll::Ready(Ok(Ok(Ok(7))))));
    assert_eq!((read, Deadline::current()), (0, None));
}

#[test]
fn a_limit_begins_when_it_is_asked_for_and_the_timer_has_the_same_instant() {
    let mut asked = pin!(limited(
        "payments",
        2,
        poll_fn(|_| -> Poll<()> {
            NOW.set(5);
            assert_eq!((current().moment(), current().name().as_str()), (at(7), "payments"));
            NOW.set(6);
            Poll::Pending
        })
    ));
    let (answer, read) = reads(|| poll(asked.as_mut()));
    assert!(answer.is_pending());
    assert_eq!((read, asked.deadline().map(Deadline::moment)), (1, Some(at(7))));
    assert_eq!(Deadline::current(), None);
}

#[test]
fn a_limit_begins_at_the_latest_when_its_future_is_first_pending() {
    let mut never = pin!(limited("payments", 2, pending::<()>()));
    assert_eq!(never.deadline(), None);
    NOW.set(3);
    assert!(poll(never.as_mut()).is_pending());
    assert_eq!(never.deadline().map(Deadline::moment), Some(at(5)));
    NOW.set(4);
    let (answer, read) = reads(|| poll(never.as_mut()));
    assert!(answer.is_pending());
    assert_eq!(read, 0);
    NOW.set(5);
    let Poll::Ready(Err(Cut::Over(cut))) = poll(never) else { unreachable!("it is over") };
    assert_eq!(cut, TimedOut::new(Name::new("payments"), 2 * SECOND));
}

#[test]
fn limits_that_lie_in_each_other_begin_together_and_read_the_clock_once() {
    for (inner, outer, ends, named) in [(1, 3, 1, "inner"), (3, 1, 1, "outer"), (2, 2, 2, "inner")] {
        NOW.set(0);
        let asks = poll_fn(|_| -> Poll<()> {
            assert_eq!((current().moment(), current().name().as_str()), (at(ends), named));
            Poll::Pending
        });
        let mut nested = pin!(limited("outer", outer, limited("inner", inner, asks)));
        let (answer, read) = reads(|| poll(nested.as_mut()));
        assert!(answer.is_pending());
        assert_eq!((read, nested.deadline().map(Deadline::moment)), (1, Some(at(outer))));
    }
}

#[test]
fn what_one_part_is_told_holds_for_the_next_one() {
    let parts = poll_fn(|_| -> Poll<()> {
        let part = |now, ends| {
            NOW.set(now);
            let asks = poll_fn(|_| {
                assert_eq!(current().moment(), at(ends));
                Poll::Ready(())
            });
            let mut part = pin!(limited("part", 9, asks));
            assert!(poll(part.as_mut()).is_ready());
        };
        part(1, 3);
        part(2, 3);
        assert_eq!((current().moment(), current().name().as_str()), (at(3), "whole"));
        Poll::Pending
    });
    let mut whole = pin!(limited("whole", 2, parts));
    assert!(poll(whole.as_mut()).is_pending());
    assert_eq!(whole.deadline().map(Deadline::moment), Some(at(3)));
}

#[test]
fn a_scope_inside_makes_the_limit_around_it_begin() {
    for (scope, ends) in [(1, 1), (9, 2)] {
        NOW.set(0);
        let scopes = poll_fn(|_| -> Poll<()> {
            Deadline::at(at(scope)).scope_blocking(|| assert_eq!(current().moment(), at(ends)));
            NOW.set(1);
            assert_eq!(current().moment(), at(2));
            Poll::Pending
        });
        assert!(poll(pin!(limited("payments", 2, scopes))).is_pending());
    }
}

#[test]
fn under_a_deadline_that_is_known_a_limit_begins_at_once() {
    for (outer, ends, named) in [(1, 1, "deadline"), (9, 2, "payments")] {
        let known = Deadline::at(at(outer));
        let ready = limited("payments", 2, ready(()));
        let (_, read) = reads(|| known.scope_blocking(|| poll(pin!(ready))));
        assert_eq!(read, 1);
        let mut never = pin!(limited("payments", 2, pending::<()>()));
        assert!(known.scope_blocking(|| poll(never.as_mut())).is_pending());
        let deadline = never.deadline().expect("it has begun");
        assert_eq!((deadline.moment(), deadline.name().as_str()), (at(ends), named));
    }
}

#[test]
fn what_has_no_time_left_is_not_polled() {
    let polled = Cell::new(false);
    let sets = || {
        poll_fn(|_| {
            polled.set(true);
            Poll::Ready(())
        })
    };
    NOW.set(3);
    let over = Deadline::at(at(3)).named("checkout");
    let answer = over.scope_blocking(|| poll(pin!(limited("payments", 2, sets()))));
    assert_eq!(answer, Poll::Ready(Err(Cut::Expired(TimedOut::at_end_of(Name::new("checkout"))))));
    // Its own limit, which began in the queue.
    let answer = poll(pin!(started("payments", Start::of(2 * SECOND).since(at(1)), sets())));
    assert_eq!(answer, Poll::Ready(Err(Cut::Expired(TimedOut::new(Name::new("payments"), 2 * SECOND)))));
    // A limit of no time at all.
    let (answer, read) = reads(|| poll(pin!(limited("payments", 0, sets()))));
    assert_eq!(answer, Poll::Ready(Err(Cut::Expired(TimedOut::new(Name::new("payments"), Duration::ZERO)))));
    assert_eq!((read, polled.get()), (0, false));
    assert!(poll(pin!(started("payments", Start::of(2 * SECOND).since(at(2)), sets()))).is_ready());
    assert!(polled.get());
}

#[test]
fn the_time_in_a_queue_counts_if_it_is_told() {
    NOW.set(3);
    let mut queued = pin!(started("payments", Start::of(5 * SECOND).since(at(1)), pending::<()>()));
    assert!(poll(queued.as_mut()).is_pending());
    assert_eq!(queued.deadline().map(Deadline::moment), Some(at(6)));
    NOW.set(6);
    assert!(matches!(poll(queued), Poll::Ready(Err(Cut::Over(_)))));
}

#[test]
fn who_is_alone_neither_heeds_nor_sets_the_current_deadline() {
    NOW.set(3);
    for queued in [false, true] {
        let outer = Deadline::at(at(1));
        let expects = poll_fn(|_| {
            assert_eq!(Deadline::current(), Some(outer));
            Poll::<()>::Pending
        });
        let start = Start::of(5 * SECOND).alone();
        let mut alone = pin!(started("payments", if queued { start.since(at(2)) } else { start }, expects));
        NOW.set(3);
        assert!(outer.scope_blocking(|| poll(alone.as_mut())).is_pending());
        assert_eq!(alone.deadline().map(Deadline::moment), Some(at(if queued { 7 } else { 8 })));
        NOW.set(8);
        assert!(matches!(outer.scope_blocking(|| poll(alone)), Poll::Ready(Err(Cut::Over(_)))));
    }
    let asks = poll_fn(|_| Poll::Ready(Deadline::current()));
    let (answer, read) = reads(|| poll(pin!(started("payments", Start::of(5 * SECOND).alone(), asks))));
    assert_eq!((answer, read), (Poll::Ready(Ok(None)), 0));
}

/// So that neither starves the other, however much of their task's budget each uses up.
#[test]
fn the_future_and_the_end_of_its_time_take_turns_to_be_asked_first() {
    struct Noting<'a>(&'a RefCell<Vec<&'static str>>);
    impl<'a> Timer for Noting<'a> {
        type Sleep = Pin<Box<dyn Future<Output = ()> + 'a>>;
        fn sleep_until(&self, _: Moment) -> Self::Sleep {
            let asked = self.0;
            Box::pin(poll_fn(move |_| {
                asked.borrow_mut().push("end");
                Poll::Pending
            }))
        }
    }
    let asked = RefCell::new(Vec::new());
    let future = poll_fn(|_| {
        asked.borrow_mut().push("future");
        Poll::<()>::Pending
    });
    let mut limited = pin!(Limited::new(Start::of(SECOND), Noting(&asked), future));
    for expected in
        [["future", "end"], ["future", "end"], ["end", "future"], ["future", "end"], ["end", "future"]]
    {
        let answer = poll_once(pin!(poll_fn(|cx| limited.as_mut().poll_on(cx, Name::new("n"), &Public))));
        assert!(answer.is_pending());
        assert_eq!(asked.take(), expected);
    }
}

#[test]
fn limits_of_different_clocks_each_begin_on_their_own() {
    let mut inner = Box::pin(Limited::new(Start::of(SECOND), Sleepless, pending::<()>()));
    let ahead = poll_fn(move |cx| inner.as_mut().poll_on(cx, Name::new("inner"), &Ahead));
    let mut outer = pin!(limited("outer", 12, ahead));
    let (answer, read) = reads(|| poll(outer.as_mut()));
    assert!(answer.is_pending());
    assert_eq!((read, outer.deadline().map(Deadline::moment)), (2, Some(at(12))));

    let clock = ManualClock::new();
    clock.set(at(20));
    let mut inner = Box::pin(Limited::new(Start::of(SECOND), clock.clone(), ready(7)));
    let own = poll_fn(move |cx| inner.as_mut().poll_on(cx, Name::new("inner"), &clock));
    let mut outer = pin!(limited("outer", 30, own));
    assert_eq!(poll(outer.as_mut()), Poll::Ready(Ok(Ok(7))));
}

#[test]
fn a_clock_of_its_own_is_read_at_the_first_poll() {
    let clock = ManualClock::new();
    clock.set(at(1));
    let mut own = pin!(Limited::new(
        Start::of(2 * SECOND),
        clock.clone(),
        poll_fn(|_| {
            clock.set(at(2));
            assert_eq!(current().moment(), at(3));
            Poll::<()>::Pending
        })
    ));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(own.as_mut().poll_on(&mut cx, Name::new("own"), &clock).is_pending());
    assert_eq!(own.deadline().map(Deadline::moment), Some(at(3)));
}

#[test]
fn a_panic_brings_back_what_was_current_before() {
    let panics = || limited("panics", 1, poll_fn(|_| -> Poll<()> { panic!("boom") }));
    assert!(catch_unwind(AssertUnwindSafe(|| poll(pin!(panics())))).is_err());
    assert_eq!(Deadline::current(), None);
    let around = poll_fn(|_| {
        assert!(catch_unwind(AssertUnwindSafe(|| poll(pin!(panics())))).is_err());
        NOW.set(1);
        assert_eq!((current().moment(), current().name().as_str()), (at(4), "around"));
        Poll::Ready(())
    });
    assert!(poll(pin!(limited("around", 3, around))).is_ready());
    assert_eq!(Deadline::current(), None);
}

#[test]
fn a_limit_that_never_ends_ends_no_other() {
    NOW.set(5);
    let inner = limited("inner", 1, pending::<()>());
    let mut never = pin!(started("forever", Start::of(Duration::MAX), inner));
    assert!(poll(never.as_mut()).is_pending());
    assert_eq!(never.deadline().map(Deadline::moment), Some(Moment::MAX));
    assert_eq!(never.deadline().map(Deadline::timed_out), Some(TimedOut::at_end_of(Name::new("forever"))));
}

#[test]
fn clocks_of_the_whole_process_can_be_read_without_them() {
    for clock in [&MonotonicClock as &dyn Clock, &&MonotonicClock, &Arc::new(MonotonicClock), &TokioClock] {
        let reader = clock.reader().expect("the same for the whole process");
        let before = clock.now();
        assert!(reader() >= before && clock.now() >= before);
    }
    assert!(ManualClock::new().reader().is_none());
}

#[test]
fn limits_and_what_they_limit_show_themselves() {
    let limited = limited("payments", 2, ready(())).limited;
    assert_eq!(format!("{limited:?}"), "Limited { limit: 2s, .. }");
    let queued = started("payments", Start::of(2 * SECOND).since(at(1)), ready(())).limited;
    assert_eq!(format!("{queued:?}"), "Limited { until: Moment(3000000000), .. }");
    let limit = TimeLimit::new(Name::new("payments"), 2 * SECOND);
    assert_eq!(
        (limit.name().as_str(), limit.length(), limit.as_nanos()),
        ("payments", 2 * SECOND, 2_000_000_000)
    );
    assert_eq!(format!("{limit:?}"), r#"TimeLimit { name: "payments", length: Some(2s) }"#);
    assert_eq!(TimeLimit::from_nanos(limit.name(), limit.as_nanos()), limit);
}
