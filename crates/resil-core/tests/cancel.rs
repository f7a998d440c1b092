//! Cancel safety: each async operation is polled n times and dropped, for every n; and panics in it.
#![cfg(not(any(loom, shuttle)))]

mod steps;
mod turnstile;

use std::future::{Future, pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use resil_core::testing::{Log, Spy, Told, poll_once};
use resil_core::tower::PolicyLayer;
use resil_core::{
    Clock, Deadline, Error, ManualClock, ManualSleep, Moment, Name, Policy, PolicyExt, Rejected, Timer,
    Verdict,
};
use steps::{STEPS, Steps};
use tower_layer::Layer;
use tower_service::Service;
use turnstile::{Echo, Turnstile};

/// Polls `future` up to `times` times; whether it ended.
fn poll_times<F: Future>(mut future: Pin<&mut F>, times: usize) -> bool {
    (0..times).any(|_| poll_once(future.as_mut()).is_ready())
}

/// Lets `run` poll an operation of [`STEPS`] pending polls n times and drop it, for every n from never to its end, and checks what
/// the policy was told.
fn cancel_at_every_point(run: impl Fn(&Spy, usize) -> bool) {
    for polls in 0..=STEPS + 1 {
        let spy = Spy::admitting("spy");
        let ended = run(&spy, polls);
        assert_eq!(ended, polls == STEPS + 1, "after {polls} polls");
        let told = spy.told();
        match polls {
            0 => assert_eq!(told, []),
            _ if ended => assert_eq!(told, [Told::Admitted, Told::Settled(Verdict::Success)]),
            _ => assert_eq!(told, [Told::Admitted, Told::Settled(Verdict::Cancelled)], "after {polls} polls"),
        }
    }
}

#[test]
fn a_call_gives_its_slot_back_wherever_it_is_dropped() {
    cancel_at_every_point(|spy, n| poll_times(pin!(spy.call_async(Steps::to(Ok::<_, ()>(7)))), n));
    cancel_at_every_point(|spy, n| {
        poll_times(pin!(spy.call_async_with(Verdict::of, Steps::to(Ok::<_, ()>(7)))), n)
    });
    cancel_at_every_point(|spy, n| {
        poll_times(pin!(spy.call_async_nested(Steps::to(Ok::<_, Error<()>>(7)))), n)
    });
    cancel_at_every_point(|spy, n| {
        poll_times(pin!(spy.call_async_nested_with(Verdict::of, Steps::to(Ok::<_, Error<()>>(7)))), n)
    });
    cancel_at_every_point(|spy, n| {
        let wrapped = spy.wrap_async(|number: u8| Steps::to(Ok::<_, ()>(number)));
        poll_times(pin!(wrapped(7)), n)
    });
}

#[test]
fn a_tuple_gives_every_slot_back_wherever_it_is_dropped() {
    cancel_at_every_point(|spy, n| {
        let other = Spy::admitting("other");
        let ended = poll_times(pin!((&other, spy).call_async(Steps::to(Ok::<_, ()>(7)))), n);
        assert_eq!(other.told(), spy.told());
        ended
    });
}

#[test]
fn a_call_under_a_deadline_gives_its_slot_back_wherever_it_is_dropped() {
    let clock = ManualClock::new();
    let deadline = Deadline::after_on(&clock, Duration::from_secs(1));
    cancel_at_every_point(|spy, n| {
        let ended = poll_times(pin!(deadline.scope(spy.call_async(Steps::to(Ok::<_, ()>(7))))), n);
        assert_eq!(Deadline::current(), None);
        ended
    });
    cancel_at_every_point(|spy, n| {
        let run = deadline.run_with(clock.clone(), spy.call_async(Steps::to(Ok::<_, ()>(7))));
        let ended = poll_times(pin!(run), n);
        assert_eq!((Deadline::current(), clock.sleepers_waiting()), (None, 0));
        ended
    });
}

#[test]
fn a_cut_off_gives_the_slot_back_when_it_is_dropped() {
    let clock = ManualClock::new();
    let spy = Spy::admitting("spy");
    {
        let deadline = Deadline::after_on(&clock, Duration::from_secs(1));
        let mut run = pin!(deadline.run_with(clock.clone(), spy.call_async(pending::<Result<(), ()>>())));
        assert!(poll_once(run.as_mut()).is_pending());
        clock.advance(Duration::from_secs(1));
        assert!(matches!(poll_once(run), Poll::Ready(Err(_))));
    }
    assert_eq!(spy.told(), [Told::Admitted, Told::Settled(Verdict::Cancelled)]);
    assert_eq!(clock.sleepers_waiting(), 0);
}

#[test]
fn a_request_gives_its_slot_back_wherever_it_is_dropped() {
    for polls in 0..=STEPS + 1 {
        let turnstile = Turnstile::new(Spy::admitting("spy"));
        let mut service = PolicyLayer::new(turnstile.clone()).layer(Echo::default());
        assert!(service.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready());
        let ended = poll_times(pin!(service.call(2)), polls);
        assert_eq!(ended, polls == STEPS + 1, "after {polls} polls");
        let verdict = if ended { Verdict::Success } else { Verdict::Cancelled };
        assert_eq!(turnstile.told(), [Told::Admitted, Told::Settled(verdict)], "after {polls} polls");
    }
}

#[test]
fn a_waiting_request_gives_its_place_and_its_slot_back_wherever_it_is_dropped() {
    let last = 2 * STEPS + 1;
    for polls in 0..=last {
        let turnstile = Turnstile::new(Spy::admitting("spy"));
        let echo = Echo::default();
        let calls = echo.calls();
        let mut service = PolicyLayer::new(turnstile.clone()).waiting().layer(echo);
        assert!(service.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready());
        let ended = {
            let mut request = pin!(service.call(2));
            let ended = poll_times(request.as_mut(), polls);
            assert_eq!(turnstile.line(), usize::from(polls <= STEPS), "in line after {polls} polls");
            ended
        };
        assert_eq!(ended, polls == last, "after {polls} polls");
        assert_eq!(turnstile.line(), 0, "after {polls} polls");
        let expected = match polls {
            _ if ended => vec![Told::Admitted, Told::Settled(Verdict::Success)],
            ..=STEPS => vec![],
            _ => vec![Told::Admitted, Told::Settled(Verdict::Cancelled)],
        };
        assert_eq!(turnstile.told(), expected, "after {polls} polls");
        assert_eq!(calls.load(Relaxed), usize::from(polls > STEPS));
    }
}

#[test]
fn a_sleep_leaves_its_clock_wherever_it_is_dropped() {
    for polls in 0..4 {
        let clock = ManualClock::new();
        let sleep = clock.sleep_until(Moment::from_nanos(1));
        assert!(!poll_times(pin!(sleep), polls));
        assert_eq!(clock.sleepers_waiting(), 0);
    }
    let clock = ManualClock::new();
    let mut sleep = pin!(clock.sleep_until(Moment::from_nanos(1)));
    assert!(!poll_times(sleep.as_mut(), 3));
    assert_eq!(clock.sleepers_waiting(), 1);
    clock.set(Moment::from_nanos(1));
    assert_eq!(clock.sleepers_waiting(), 0);
    assert!(poll_times(sleep, 1));
}

/// A waker that owns a sleep of a clock, as the waker of a task owns what the task waits for.
struct Owner {
    #[expect(dead_code, reason = "owned for its drop")]
    sleep: Mutex<ManualSleep>,
}

impl Wake for Owner {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_waker_that_owns_another_sleep_of_the_clock_may_be_replaced_or_dropped() {
    let clock = ManualClock::new();
    let owner = || {
        let mut owned = clock.sleep_until(Moment::MAX);
        assert!(poll_once(Pin::new(&mut owned)).is_pending());
        Waker::from(Arc::new(Owner { sleep: Mutex::new(owned) }))
    };
    let mut sleep = clock.sleep_until(Moment::MAX);
    for _ in 0..2 {
        let waker = owner();
        assert!(Pin::new(&mut sleep).poll(&mut Context::from_waker(&waker)).is_pending());
        drop(waker);
        assert_eq!(clock.sleepers_waiting(), 2, "the one that was replaced is gone");
    }
    drop(sleep);
    assert_eq!(clock.sleepers_waiting(), 0);
}

#[test]
fn a_panic_in_any_poll_is_settled_once_and_ends_the_call() {
    for fatal in 0..STEPS {
        let spy = Spy::admitting("spy");
        let mut polls = 0;
        {
            let mut future = pin!(spy.call_async(poll_fn(|_| -> Poll<Result<(), ()>> {
                assert!(polls != fatal, "boom");
                polls += 1;
                Poll::Pending
            })));
            assert!(!poll_times(future.as_mut(), fatal));
            let panicked = catch_unwind(AssertUnwindSafe(|| poll_once(future.as_mut())));
            assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"boom"));
            let again = catch_unwind(AssertUnwindSafe(|| poll_once(future.as_mut())));
            assert_eq!(
                again.unwrap_err().downcast_ref(),
                Some(&"a guarded call was polled after it had ended")
            );
        }
        assert_eq!(spy.told(), [Told::Admitted, Told::Settled(Verdict::Panicked)]);
    }
}

#[test]
fn a_panic_in_the_classifier_is_settled_once_and_ends_the_call() {
    let spy = Spy::admitting("spy");
    {
        let mut future = pin!(spy.call_async_with(|_| panic!("boom"), ready(Ok::<_, ()>(7))));
        let panicked = catch_unwind(AssertUnwindSafe(|| poll_once(future.as_mut())));
        assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"boom"));
        assert!(catch_unwind(AssertUnwindSafe(|| poll_once(future.as_mut()))).is_err());
    }
    assert_eq!(spy.told(), [Told::Admitted, Told::Settled(Verdict::Panicked)]);
}

#[test]
fn a_call_that_has_ended_asks_for_nothing_more_when_it_is_polled() {
    for spy in [Spy::admitting("spy"), Spy::refusing("spy")] {
        let mut future = pin!(spy.call_async(ready(Ok::<_, ()>(7))));
        assert!(poll_once(future.as_mut()).is_ready());
        let told = spy.told();
        let again = catch_unwind(AssertUnwindSafe(|| poll_once(future.as_mut())));
        assert_eq!(again.unwrap_err().downcast_ref(), Some(&"a guarded call was polled after it had ended"));
        assert_eq!(spy.told(), told);
    }
}

#[test]
fn a_call_that_an_unrelated_panic_drops_is_cancelled() {
    let spy = Spy::admitting("spy");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let mut future = pin!(spy.call_async(pending::<Result<(), ()>>()));
        assert!(poll_once(future.as_mut()).is_pending());
        panic!("boom");
    }));
    assert!(panicked.is_err());
    assert_eq!(spy.told(), [Told::Admitted, Told::Settled(Verdict::Cancelled)]);
}

#[test]
fn a_cancelled_call_has_let_go_of_what_it_used_when_its_slot_is_free() {
    /// Lets one call at a time use a connection.
    struct OneConnection(Arc<()>);
    impl Policy for OneConnection {
        type Permit = ();
        fn admit(&self) -> Result<(), Rejected> {
            Ok(())
        }
        fn settle(&self, (): (), verdict: Verdict) {
            assert_eq!((verdict, Arc::strong_count(&self.0)), (Verdict::Cancelled, 1));
        }
        fn release(&self, (): ()) {}
    }
    let pool = OneConnection(Arc::new(()));
    let connection = Arc::clone(&pool.0);
    let mut future = Box::pin(pool.call_async(async move {
        let result = pending::<Result<(), ()>>().await;
        drop(connection);
        result
    }));
    assert!(poll_once(future.as_mut()).is_pending());
    drop(future);
}

#[test]
fn a_cancelled_nest_of_calls_settles_from_the_inside_out() {
    let log = Log::default();
    let (outer, inner) = (Spy::admitting("outer").writing_to(&log), Spy::admitting("inner").writing_to(&log));
    {
        let mut future = pin!(outer.call_async_nested(inner.call_async(pending::<Result<(), ()>>())));
        assert!(poll_once(future.as_mut()).is_pending());
    }
    let settled = Told::Settled(Verdict::Cancelled);
    let told = [("outer", Told::Admitted), ("inner", Told::Admitted), ("inner", settled), ("outer", settled)];
    assert_eq!(*log.lock().unwrap(), told.map(|(name, told)| (Name::new(name), told)));
}

#[test]
fn a_cancelled_call_whose_clean_up_panics_gives_its_slot_back() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("boom");
        }
    }
    let spy = Spy::admitting("spy");
    let mut future = Box::pin(spy.call_async(async {
        let _bomb = Bomb;
        pending::<Result<(), ()>>().await
    }));
    assert!(poll_once(future.as_mut()).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(move || drop(future))).is_err());
    assert_eq!(spy.told(), [Told::Admitted, Told::Settled(Verdict::Cancelled)]);
}

#[test]
fn a_sleeper_of_a_clock_that_went_back_waits_again() {
    let clock = ManualClock::new();
    let mut sleep = pin!(clock.sleep_until(Moment::from_nanos(10)));
    assert!(poll_once(sleep.as_mut()).is_pending());
    clock.set(Moment::from_nanos(20));
    clock.set(Moment::ZERO);
    assert!(poll_once(sleep.as_mut()).is_pending());
    assert_eq!((clock.sleepers_waiting(), clock.now()), (1, Moment::ZERO));
    clock.set(Moment::from_nanos(10));
    assert!(poll_once(sleep).is_ready());
}
