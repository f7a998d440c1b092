//! The handles as their users see them: calls, guards, wrapped functions, boxes, names, counters.
#![cfg(not(any(loom, shuttle)))]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use resil_core::testing::{Spy, Told, poll_once};
use resil_core::{
    BoxPolicy, Counters, ErasedPolicy, Error, Guard, Name, Policy, PolicyExt, Reason, Rejected, TimedOut,
    Verdict,
};

const ALL_VERDICTS: [Verdict; 5] =
    [Verdict::Success, Verdict::Failure, Verdict::Ignored, Verdict::Cancelled, Verdict::Panicked];

/// What a spy was told of one call that was admitted and settled.
fn settled(verdict: Verdict) -> [Told; 2] {
    [Told::Admitted, Told::Settled(verdict)]
}

fn refusal() -> Rejected {
    Rejected::new(Name::new("inner"), Reason::RateLimited).with_retry_after(Duration::from_secs(1))
}

#[test]
fn ok_is_a_success_and_err_a_failure() {
    let spy = Spy::admitting("spy");
    assert_eq!(spy.call(|| Ok::<_, &str>(7)), Ok(7));
    assert_eq!(spy.told(), settled(Verdict::Success));

    let spy = Spy::admitting("spy");
    assert_eq!(spy.call(|| Err::<u8, _>("no")), Err(Error::Inner("no")));
    assert_eq!(spy.told(), settled(Verdict::Failure));
}

#[test]
fn a_classifier_has_the_last_word() {
    for verdict in ALL_VERDICTS {
        let spy = Spy::admitting("spy");
        assert_eq!(spy.call_with(|_| verdict, || Ok::<_, ()>(7)), Ok(7));
        assert_eq!(spy.told(), settled(verdict));

        let spy = Spy::admitting("spy");
        let future = spy.call_async_with(|_| verdict, async { Err::<(), _>("no") });
        assert_eq!(poll_once(pin!(future)), Poll::Ready(Err(Error::Inner("no"))));
        assert_eq!(spy.told(), settled(verdict));
    }
}

#[test]
fn a_classifier_sees_the_result_by_reference() {
    let spy = Spy::admitting("spy");
    let server_error = |result: Result<&u16, &String>| match result {
        Ok(500..) => Verdict::Failure,
        other => Verdict::of(other),
    };
    assert_eq!(spy.call_with(server_error, || Ok::<_, String>(503)), Ok(503));
    assert_eq!(spy.told(), settled(Verdict::Failure));
}

#[test]
fn a_refused_call_is_not_made() {
    let spy = Spy::refusing("spy");
    let refused = spy.call(|| -> Result<(), ()> { unreachable!("it was refused") }).unwrap_err();
    assert_eq!(refused.rejected().map(Rejected::name), Some(Name::new("spy")));
    assert!(spy.call_nested(|| -> Result<(), Error<()>> { unreachable!("it was refused") }).is_err());
    assert!(spy.guard().is_err());

    let never = async { unreachable!("it was refused") };
    let future = pin!(spy.call_async::<_, (), ()>(never));
    assert!(matches!(poll_once(future), Poll::Ready(Err(Error::Rejected(_)))));
    assert_eq!(spy.told(), [Told::Refused; 4]);
}

/// What a nested call returned, and what its policy has to be told.
fn nested_cases() -> [(Result<u8, Error<&'static str>>, Verdict); 4] {
    [
        (Ok(7), Verdict::Success),
        (Err(Error::Inner("no")), Verdict::Failure),
        (Err(Error::Rejected(refusal())), Verdict::Ignored),
        (Err(Error::TimedOut(TimedOut::at_end_of(Name::UNNAMED))), Verdict::Failure),
    ]
}

#[test]
fn a_nested_call_passes_its_error_through_flat() {
    for (result, verdict) in nested_cases() {
        let spy = Spy::admitting("spy");
        assert_eq!(spy.call_nested(|| result), result);
        assert_eq!(spy.told(), settled(verdict));

        let spy = Spy::admitting("spy");
        assert_eq!(poll_once(pin!(spy.call_async_nested(async { result }))), Poll::Ready(result));
        assert_eq!(spy.told(), settled(verdict));
    }
}

#[test]
fn a_nested_classifier_judges_only_what_the_call_did_itself() {
    for (result, by_default) in nested_cases() {
        let judged = match result {
            Ok(_) | Err(Error::Inner(_)) => Verdict::Ignored,
            Err(_) => by_default,
        };
        let spy = Spy::admitting("spy");
        assert_eq!(spy.call_nested_with(|_| Verdict::Ignored, || result), result);
        assert_eq!(spy.told(), settled(judged));

        let spy = Spy::admitting("spy");
        let future = spy.call_async_nested_with(|_| Verdict::Ignored, async { result });
        assert_eq!(poll_once(pin!(future)), Poll::Ready(result));
        assert_eq!(spy.told(), settled(judged));
    }
}

#[test]
fn a_panic_of_the_call_or_the_classifier_is_settled_and_goes_on() {
    type Call = fn(&Spy) -> Result<(), Error<()>>;
    let calls: [Call; 4] = [
        |spy| spy.call(|| panic!("boom")),
        |spy| spy.call_nested(|| panic!("boom")),
        |spy| spy.call_with(|_| panic!("boom"), || Ok(())),
        |spy| spy.call_nested_with(|_| panic!("boom"), || Ok(())),
    ];
    for call in calls {
        let spy = Spy::admitting("spy");
        let payload = catch_unwind(AssertUnwindSafe(|| call(&spy))).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"boom"));
        assert_eq!(spy.told(), settled(Verdict::Panicked));
    }
}

#[test]
fn a_guard_settles_as_it_is_told() {
    type End = fn(Guard<'_, Spy>);
    let ends: [(End, Told); 5] = [
        (|guard| guard.success(), Told::Settled(Verdict::Success)),
        (|guard| guard.failure(), Told::Settled(Verdict::Failure)),
        (|guard| guard.settle(Verdict::Ignored), Told::Settled(Verdict::Ignored)),
        (|guard| guard.release(), Told::Released),
        (|guard| drop(guard), Told::Settled(Verdict::Cancelled)),
    ];
    for (end, told) in ends {
        let spy = Spy::admitting("spy");
        end(spy.guard().unwrap());
        assert_eq!(spy.told(), [Told::Admitted, told]);
    }
}

#[test]
fn a_guard_that_a_panic_drops_is_panicked() {
    let spy = Spy::admitting("spy");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _guard = spy.guard();
        panic!("boom");
    }));
    assert!(panicked.is_err());
    assert_eq!(spy.told(), settled(Verdict::Panicked));
}

#[test]
fn a_guard_that_was_made_while_a_panic_unwinds_is_only_cancelled() {
    struct Cleanup<'a>(&'a Spy);
    impl Drop for Cleanup<'_> {
        fn drop(&mut self) {
            drop(self.0.guard());
        }
    }
    let spy = Spy::admitting("spy");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _cleanup = Cleanup(&spy);
        panic!("boom");
    }));
    assert!(panicked.is_err());
    assert_eq!(spy.told(), settled(Verdict::Cancelled));
}

#[test]
fn a_call_that_ends_well_while_a_panic_unwinds_is_a_success() {
    struct Cleanup<'a>(&'a Spy);
    impl Drop for Cleanup<'_> {
        fn drop(&mut self) {
            assert_eq!(self.0.call(|| Ok::<_, ()>(7)), Ok(7));
        }
    }
    let spy = Spy::admitting("spy");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _cleanup = Cleanup(&spy);
        panic!("boom");
    }));
    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"boom"));
    assert_eq!(spy.told(), settled(Verdict::Success));
}

#[test]
fn a_guard_can_be_settled_on_another_thread() {
    let spy = Spy::admitting("spy");
    let guard = spy.guard().unwrap();
    std::thread::scope(|scope| scope.spawn(|| guard.success()).join()).unwrap();
    assert_eq!(spy.told(), settled(Verdict::Success));
}

#[test]
fn a_wrapped_function_is_guarded_each_time() {
    let spy = Spy::admitting("spy");
    let parse = spy.wrap(|text: &str| text.parse::<u8>());
    assert_eq!(parse("42"), Ok(42));
    assert!(parse("no").unwrap_err().inner().is_some());
    assert_eq!(spy.told(), [settled(Verdict::Success), settled(Verdict::Failure)].concat());

    let add = spy.wrap(|(a, b): (u8, u8)| a.checked_add(b).ok_or("too large"));
    assert_eq!(add((1, 2)), Ok(3));
    assert_eq!(add((255, 2)), Err(Error::Inner("too large")));
}

#[test]
fn a_wrapped_async_function_is_guarded_each_time_and_asks_when_it_is_polled() {
    let spy = Spy::admitting("spy");
    let parse = spy.wrap_async(async |text: &str| text.parse::<u8>());
    drop(parse("42"));
    assert_eq!(spy.told(), []);
    assert_eq!(poll_once(pin!(parse("42"))), Poll::Ready(Ok(42)));
    assert_eq!(spy.told(), settled(Verdict::Success));
}

#[test]
fn a_box_holds_any_policy_and_tells_it_everything() {
    let spy = Arc::new(Spy::admitting("spy"));
    let boxed = BoxPolicy::new(Arc::clone(&spy));
    assert_eq!(boxed.call(|| Err::<(), _>("no")), Err(Error::Inner("no")));
    boxed.guard().unwrap().release();
    assert_eq!(spy.told(), [Told::Admitted, Told::Settled(Verdict::Failure), Told::Admitted, Told::Released]);
    assert!(BoxPolicy::new(Spy::refusing("no")).admit().is_err());
    assert_eq!(format!("{boxed:?} {:?}", boxed.admit().unwrap()), "BoxPolicy ErasedPermit");
}

#[test]
fn a_box_of_boxes_is_a_policy() {
    let spy = Arc::new(Spy::admitting("spy"));
    let nested = BoxPolicy::new((BoxPolicy::new(Arc::clone(&spy)), BoxPolicy::new(Arc::clone(&spy))));
    assert_eq!(nested.call(|| Ok::<_, ()>(7)), Ok(7));
    assert_eq!(spy.told().len(), 4);
}

#[test]
fn a_permit_of_another_type_of_policy_is_dropped_without_effect() {
    struct Numbered;
    impl Policy for Numbered {
        type Permit = u64;
        fn admit(&self) -> Result<u64, Rejected> {
            Ok(1)
        }
        fn settle(&self, _: u64, _: Verdict) {}
        fn release(&self, _: u64) {}
    }
    let spy = Spy::admitting("spy");
    spy.settle_erased(Numbered.admit_erased().unwrap(), Verdict::Success);
    spy.release_erased(Numbered.admit_erased().unwrap());
    assert_eq!(spy.told(), []);
}

#[test]
fn equal_interned_names_share_one_copy() {
    let (a, b) = (Name::intern("shared by two").unwrap(), Name::intern("shared by two").unwrap());
    assert_eq!(a, b);
    assert!(std::ptr::eq(a.as_str(), b.as_str()));
    assert_ne!(a, Name::intern("another").unwrap());
    assert_eq!(Name::from("shared by two"), a);
}

#[test]
fn counters_count_each_on_its_own() {
    let counters = Counters::<3>::default();
    counters.add(0, true);
    counters.add(2, true);
    counters.add(2, false);
    assert_eq!(counters.sums(), [1, 0, 2]);
    assert_eq!(format!("{counters:?}"), "[1, 0, 2]");
    assert!(!counters.is_striped());
    assert!(catch_unwind(AssertUnwindSafe(|| counters.add(3, true))).is_err());
}

#[test]
fn handles_show_what_they_do() {
    let spy = Spy::admitting("spy");
    assert_eq!(format!("{:?}", spy.guard().unwrap()), "Guard { settled: false, .. }");

    let mut future = pin!(spy.call_async(async { Ok::<_, ()>(()) }));
    assert_eq!(format!("{future:?}"), "CallAsync { running: false, ended: false, .. }");
    assert!(poll_once(future.as_mut()).is_ready());
    assert_eq!(format!("{future:?}"), "CallAsync { running: false, ended: true, .. }");

    let mut future = pin!(spy.call_async(std::future::pending::<Result<(), ()>>()));
    assert!(poll_once(future.as_mut()).is_pending());
    assert_eq!(format!("{future:?}"), "CallAsync { running: true, ended: false, .. }");
}
