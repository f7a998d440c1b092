//! Lines: who waits holds nothing of what stands behind the line, and what is not used goes back.
#![cfg(not(any(loom, shuttle)))]

mod steps;

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use resil_core::testing::{Spy, Told, poll_once};
use resil_core::{
    ByResult, Error, Flat, Line, LineExt, ManualClock, Nested, Policy, Rejected, Then, Timer, Verdict,
};
use steps::{STEPS, Steps};

/// A line in which everybody waits for [`STEPS`] polls.
#[derive(Clone, Copy)]
struct Slow<'a>(&'a Spy);

impl<'a> Line for Slow<'a> {
    type Policy = &'a Spy;
    type Held = ();
    type Wait<T: Timer> = std::pin::Pin<Box<dyn Future<Output = Result<(), Rejected>> + 'a>>;

    fn policy(&self) -> &'a Spy {
        self.0
    }

    fn wait_with<T: Timer>(&self, _: T) -> Self::Wait<T> {
        let spy = self.0;
        Box::pin(async move {
            Steps::to(()).await;
            spy.admit()
        })
    }

    fn wait_blocking(&self) -> Result<(), Rejected> {
        self.0.admit()
    }

    fn begin(&self, (): ()) {}

    fn settle(&self, (): (), verdict: Verdict) {
        self.0.settle((), verdict);
    }

    fn release(&self, (): ()) {
        self.0.release(());
    }
}

/// A line in which nobody need wait, so that whoever makes a wait or another handle of its policy is wrong.
#[derive(Clone, Copy)]
struct Quick<'a>(&'a Spy);

impl<'a> Line for Quick<'a> {
    type Policy = &'a Spy;
    type Held = ();
    type Wait<T: Timer> = std::future::Pending<Result<(), Rejected>>;

    fn policy(&self) -> &'a Spy {
        panic!("another handle")
    }

    fn wait_with<T: Timer>(&self, _: T) -> Self::Wait<T> {
        panic!("a wait")
    }

    fn wait_blocking(&self) -> Result<(), Rejected> {
        panic!("a wait")
    }

    fn admit_now(&self) -> Option<Result<(), Rejected>> {
        Some(self.0.admit())
    }

    fn begin(&self, (): ()) {}

    fn settle(&self, (): (), verdict: Verdict) {
        self.0.settle((), verdict);
    }

    fn release(&self, (): ()) {
        self.0.release(());
    }
}

const ADMITTED: Told = Told::Admitted;
const SUCCESS: Told = Told::Settled(Verdict::Success);
const CANCELLED: Told = Told::Settled(Verdict::Cancelled);

#[test]
fn a_call_waits_then_asks_then_runs_and_both_hear_of_its_end() {
    let (line, behind) = (Spy::admitting("line"), Spy::admitting("behind"));
    let turn = Then::new(Slow(&line), &behind);
    assert_eq!(turn.call(|| Ok::<_, ()>(7)), Ok(7));
    assert_eq!((line.told(), behind.told()), (vec![ADMITTED, SUCCESS], vec![ADMITTED, SUCCESS]));
    let failed = turn.call_judged(Nested(ByResult), || Err::<(), _>(Error::Inner("down")));
    assert_eq!(failed, Err(Error::Inner("down")));
    assert_eq!(line.told()[2..], [ADMITTED, Told::Settled(Verdict::Failure)]);
}

#[test]
fn a_call_that_need_not_wait_makes_no_wait_and_no_other_handle() {
    let refused = |answer: Result<u32, Error<()>>| answer.is_err_and(|error| error.is_rejected());
    for is_async in [false, true] {
        let call = |line: &Then<Quick<'_>, &Spy>| {
            if is_async {
                let mut call = pin!(
                    line.call_async_judged(ManualClock::new(), Flat(ByResult), async { Ok::<_, ()>(7) })
                );
                let Poll::Ready(answer) = poll_once(call.as_mut()) else { panic!("it waits") };
                answer
            } else {
                line.call(|| Ok::<_, ()>(7))
            }
        };
        let (line, behind) = (Spy::admitting("line"), Spy::admitting("behind"));
        assert_eq!(call(&Then::new(Quick(&line), &behind)), Ok(7));
        assert_eq!((line.told(), behind.told()), (vec![ADMITTED, SUCCESS], vec![ADMITTED, SUCCESS]));

        let (line, behind) = (Spy::admitting("line"), Spy::refusing("behind"));
        assert!(refused(call(&Then::new(Quick(&line), &behind))));
        assert_eq!((line.told(), behind.told()), (vec![ADMITTED, Told::Released], vec![Told::Refused]));

        let (line, behind) = (Spy::refusing("line"), Spy::admitting("behind"));
        assert!(refused(call(&Then::new(Quick(&line), &behind))));
        assert_eq!((line.told(), behind.told()), (vec![Told::Refused], vec![]));
    }
}

#[test]
fn a_call_that_did_not_wait_is_cancelled_like_others() {
    let (line, behind) = (Spy::admitting("line"), Spy::admitting("behind"));
    let turn = Then::new(Quick(&line), &behind);
    {
        let by_reference = &turn;
        let future = pending::<Result<(), ()>>();
        let mut call =
            pin!(LineExt::call_async_judged(&by_reference, ManualClock::new(), Flat(ByResult), future));
        assert!(poll_once(call.as_mut()).is_pending());
    }
    assert_eq!((line.told(), behind.told()), (vec![ADMITTED, CANCELLED], vec![ADMITTED, CANCELLED]));
}

#[test]
fn a_refusal_behind_the_line_gives_the_place_back() {
    for is_async in [false, true] {
        let (line, behind) = (Spy::admitting("line"), Spy::refusing("behind"));
        let turn = Then::new(Slow(&line), &behind);
        let answer = if is_async {
            let mut call =
                pin!(turn.call_async_judged(ManualClock::new(), Flat(ByResult), async { Ok::<_, ()>(7) }));
            (0..=STEPS).find_map(|_| match poll_once(call.as_mut()) {
                Poll::Ready(answer) => Some(answer),
                Poll::Pending => None,
            })
        } else {
            Some(turn.call(|| Ok::<_, ()>(7)))
        };
        assert!(answer.is_some_and(|answer| answer.is_err_and(|error| error.is_rejected())));
        assert_eq!((line.told(), behind.told()), (vec![ADMITTED, Told::Released], vec![Told::Refused]));
    }
}

#[test]
fn a_refusal_at_the_end_gives_back_what_each_before_it_gave() {
    let (line, second, third) = (Spy::admitting("line"), Spy::admitting("second"), Spy::refusing("third"));
    let turn = Then::new(Then::new(Slow(&line), &second), &third);
    assert!(turn.call(|| Ok::<_, ()>(7)).is_err());
    let told = [ADMITTED, Told::Released];
    assert_eq!(
        (&line.told()[..], &second.told()[..], third.told()),
        (&told[..], &told[..], vec![Told::Refused])
    );
}

#[test]
fn calls_in_line_and_their_waits_show_themselves() {
    let spy = Spy::admitting("line");
    let line = Then::new((), &spy);
    let call = line.call_async_judged(ManualClock::new(), Flat(ByResult), async { Ok::<_, ()>(1) });
    assert_eq!(format!("{call:?}"), "CallInLine { running: false, .. }");
    assert_eq!(format!("{:?}", line.wait_with(ManualClock::new())), "WaitThen { .. }");
}

#[test]
fn a_refusal_by_the_line_asks_nobody_behind_it() {
    let (line, behind) = (Spy::refusing("line"), Spy::admitting("behind"));
    let turn = Then::new(Slow(&line), &behind);
    assert!(turn.call(|| Ok::<_, ()>(7)).is_err());
    assert_eq!(behind.told(), []);
}

// C5: in the wait nothing is held but the place in line; in the call, all of it comes back.
#[test]
fn a_call_in_line_gives_everything_back_wherever_it_is_dropped() {
    for polls in 0..=2 * STEPS + 1 {
        let (line, behind) = (Spy::admitting("line"), Spy::admitting("behind"));
        let turn = Then::new(Slow(&line), &behind);
        let future = Steps::to(Ok::<_, ()>(7));
        let ended = {
            let mut call = pin!(turn.call_async_judged(ManualClock::new(), Flat(ByResult), future));
            (0..polls).any(|_| poll_once(call.as_mut()).is_ready())
        };
        assert_eq!(ended, polls == 2 * STEPS + 1);
        let told = match polls {
            _ if ended => vec![ADMITTED, SUCCESS],
            _ if polls > STEPS => vec![ADMITTED, CANCELLED],
            _ => vec![],
        };
        assert_eq!((line.told(), behind.told()), (told.clone(), told), "after {polls} polls");
    }
}

#[test]
fn a_panic_behind_the_line_or_in_the_call_loses_nothing() {
    struct Panics;
    impl Policy for &Panics {
        type Permit = ();
        fn admit(&self) -> Result<(), Rejected> {
            panic!("no answer")
        }
        fn settle(&self, (): (), _: Verdict) {}
        fn release(&self, (): ()) {}
    }
    let line = Spy::admitting("line");
    let asked = AssertUnwindSafe(|| Then::new(Slow(&line), &Panics).call(|| Ok::<_, ()>(7)));
    assert!(catch_unwind(asked).is_err());
    assert_eq!(line.told(), [ADMITTED, Told::Released]);

    let (line, behind) = (Spy::admitting("line"), Spy::admitting("behind"));
    let turn = Then::new(Slow(&line), &behind);
    let called = AssertUnwindSafe(|| turn.call(|| -> Result<(), ()> { panic!("the call's own") }));
    assert!(catch_unwind(called).is_err());
    let told = [ADMITTED, Told::Settled(Verdict::Panicked)];
    assert_eq!((&line.told()[..], &behind.told()[..]), (&told[..], &told[..]));
}

// details.md 2: an inner future is stored once. The line and the policy behind it are two layers.
#[test]
fn a_call_in_line_costs_little_more_than_its_future() {
    let big = async {
        let room = [0_u8; 4_096];
        pending::<()>().await;
        Ok::<_, ()>(room[0])
    };
    let inner = size_of_val(&big);
    let spy = Spy::admitting("line");
    let call = Then::new((), &spy).call_async_judged(ManualClock::new(), Flat(ByResult), big);
    assert!(size_of_val(&call) <= inner + 2 * 64, "{} of {inner}", size_of_val(&call));
}

#[test]
fn a_line_is_as_send_as_what_is_in_it() {
    fn is_send<T: Send>(_: T) {}
    let spy = Spy::admitting("spy");
    is_send(
        Then::new((), &spy).call_async_judged(ManualClock::new(), Flat(ByResult), async { Ok::<_, ()>(1) }),
    );
}
