//! Policies made of policies: tuples, pointers, boxes; and futures in generic code.
#![cfg(not(any(loom, shuttle)))]

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use resil_core::testing::{Log, Spy, Told, poll_once};
use resil_core::{BoxPolicy, Error, Name, Policy, PolicyExt, Reason, Rejected, Verdict};

/// A spy that may refuse, or panic when it is asked, settled or released.
struct Member {
    spy: Spy,
    fault: Fault,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    Refuses,
    PanicsWhenAsked,
    PanicsWhenSettled,
    PanicsWhenReleased,
}

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// Eight members that write to one log; the one at `faulty` has `fault`.
fn members(log: &Log, faulty: usize, fault: Fault) -> [Member; 8] {
    let mut index = 0;
    NAMES.map(|name| {
        let fault = if index == faulty { fault } else { Fault::None };
        index += 1;
        let spy = if fault == Fault::Refuses { Spy::refusing(name) } else { Spy::admitting(name) };
        Member { spy: spy.writing_to(log), fault }
    })
}

impl Policy for Member {
    type Permit = &'static str;

    fn admit(&self) -> Result<&'static str, Rejected> {
        assert!(self.fault != Fault::PanicsWhenAsked, "asked");
        self.spy.admit().map(|()| "its own permit")
    }
    fn settle(&self, permit: &'static str, verdict: Verdict) {
        assert_eq!(permit, "its own permit");
        self.spy.settle((), verdict);
        assert!(self.fault != Fault::PanicsWhenSettled, "settled");
    }
    fn release(&self, permit: &'static str) {
        assert_eq!(permit, "its own permit");
        self.spy.release(());
        assert!(self.fault != Fault::PanicsWhenReleased, "released");
    }
}

/// Evaluates `$check` for the tuple of the first member, of the first two, and so on up to all eight.
macro_rules! for_each_tuple {
    ($members:expr, |$tuple:ident, $size:ident| $check:expr) => {{
        let [a, b, c, d, e, f, g, h] = &$members;
        for_each_tuple!(@ |$tuple, $size| $check;
            (a,) 1; (a, b) 2; (a, b, c) 3; (a, b, c, d) 4; (a, b, c, d, e) 5; (a, b, c, d, e, f) 6;
            (a, b, c, d, e, f, g) 7; (a, b, c, d, e, f, g, h) 8)
    }};
    (@ |$tuple:ident, $size:ident| $check:expr; $($members:tt $number:literal);+) => {{
        $({
            let ($tuple, $size) = (&$members, $number);
            $check;
        })+
    }};
}

/// Takes what is in the log.
fn take(log: &Log) -> Vec<(Name, Told)> {
    std::mem::take(&mut *log.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}

fn each(members: impl Iterator<Item = usize>, told: Told) -> Vec<(Name, Told)> {
    members.map(|member| (Name::new(NAMES[member]), told)).collect()
}

#[test]
fn a_tuple_of_any_size_is_asked_from_left_to_right_and_settled_from_right_to_left() {
    let log = Log::default();
    let members = members(&log, 0, Fault::None);
    for_each_tuple!(members, |tuple, size| {
        let asked = each(0..size, Told::Admitted);
        assert_eq!(tuple.call_with(|_| Verdict::Ignored, || Ok::<_, ()>(7)), Ok(7));
        let settled = each((0..size).rev(), Told::Settled(Verdict::Ignored));
        assert_eq!(take(&log), [asked.clone(), settled].concat());
        tuple.guard().unwrap().release();
        assert_eq!(take(&log), [asked, each((0..size).rev(), Told::Released)].concat());
    });
}

#[test]
fn when_a_member_refuses_those_before_it_are_handed_back_and_those_after_it_not_asked() {
    for (refusing, &name) in NAMES.iter().enumerate() {
        let name = Name::new(name);
        let log = Log::default();
        let members = members(&log, refusing, Fault::Refuses);
        for_each_tuple!(members, |tuple, size| {
            let refused = tuple.call(|| Ok::<_, ()>(7));
            let told = take(&log);
            if refusing < size {
                assert_eq!(refused.unwrap_err().rejected().map(Rejected::name), Some(name));
                let before = each(0..refusing, Told::Admitted);
                let handed_back = each((0..refusing).rev(), Told::Released);
                assert_eq!(told, [before, vec![(name, Told::Refused)], handed_back].concat());
            } else {
                assert_eq!(refused, Ok(7));
            }
        });
    }
}

#[test]
fn when_a_member_panics_while_it_is_asked_those_before_it_are_handed_back() {
    for panicking in 0..8 {
        let log = Log::default();
        let members = members(&log, panicking, Fault::PanicsWhenAsked);
        for_each_tuple!(members, |tuple, size| {
            let asked = catch_unwind(AssertUnwindSafe(|| tuple.call(|| Ok::<_, ()>(7))));
            let told = take(&log);
            if panicking < size {
                assert_eq!(asked.unwrap_err().downcast_ref(), Some(&"asked"));
                let before = each(0..panicking, Told::Admitted);
                assert_eq!(told, [before, each((0..panicking).rev(), Told::Released)].concat());
            }
        });
    }
}

#[test]
fn when_a_member_panics_while_it_is_settled_or_released_the_others_still_are() {
    for panicking in 0..8 {
        let settled = Told::Settled(Verdict::Success);
        for (fault, told, text) in [
            (Fault::PanicsWhenSettled, settled, "settled"),
            (Fault::PanicsWhenReleased, Told::Released, "released"),
        ] {
            let log = Log::default();
            let members = members(&log, panicking, fault);
            for_each_tuple!(members, |tuple, size| {
                let permit = tuple.admit().unwrap();
                let ended = catch_unwind(AssertUnwindSafe(|| match told {
                    Told::Released => tuple.release(permit),
                    _ => tuple.settle(permit, Verdict::Success),
                }));
                assert_eq!(take(&log), [each(0..size, Told::Admitted), each((0..size).rev(), told)].concat());
                if panicking < size {
                    assert_eq!(ended.unwrap_err().downcast_ref(), Some(&text));
                }
            });
        }
    }
}

#[test]
fn a_tuple_of_tuples_keeps_the_order() {
    let log = Log::default();
    let [a, b, c, d, ..] = &members(&log, 0, Fault::None);
    assert_eq!(((a, b), (c, (d,))).call(|| Ok::<_, ()>(7)), Ok(7));
    let told = [each(0..4, Told::Admitted), each((0..4).rev(), Told::Settled(Verdict::Success))].concat();
    assert_eq!(take(&log), told);
}

#[test]
fn pointers_to_a_policy_are_the_policy() {
    fn calls(policy: impl Policy) {
        assert_eq!(policy.call(|| Ok::<_, ()>(7)), Ok(7));
        policy.release(policy.admit().unwrap());
    }
    let spy = Arc::new(Spy::admitting("spy"));
    calls(&spy);
    calls(&*spy);
    calls(Arc::clone(&spy));
    calls(Box::new(Arc::clone(&spy)));
    calls(BoxPolicy::new(Arc::clone(&spy)));
    calls(Arc::clone(&spy) as Arc<dyn Policy<Permit = ()>>);
    calls(&*spy as &dyn Policy<Permit = ()>);
    calls((&spy,));
    let once = [Told::Admitted, Told::Settled(Verdict::Success), Told::Admitted, Told::Released];
    assert_eq!(spy.told(), [once; 8].concat());
}

#[test]
fn a_policy_that_could_not_be_had_refuses_for_the_reason_why() {
    let spy = Spy::admitting("spy");
    let had: Result<&Spy, Rejected> = Ok(&spy);
    assert_eq!(had.call(|| Ok::<_, ()>(7)), Ok(7));
    had.guard().unwrap().release();
    assert_eq!(spy.told(), [Told::Admitted, Told::Settled(Verdict::Success), Told::Admitted, Told::Released]);
    let full = Rejected::new(Name::new("registry"), Reason::CapacityExhausted);
    let not_had: Result<&Spy, Rejected> = Err(full);
    assert_eq!(not_had.call(|| Ok::<_, ()>(7)), Err(Error::Rejected(full)));
}

/// What a multi-threaded runtime asks of a task.
fn spawn<T>(task: impl Future<Output = T> + Send + 'static) -> T {
    match poll_once(Box::pin(task).as_mut()) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

#[test]
fn guarded_calls_can_be_spawned_from_generic_code() {
    fn generic<A, B>(a: A, b: Arc<B>) -> [Result<u8, Error<String>>; 4]
    where
        A: Policy + Send + Sync + 'static,
        B: Policy + Send + Sync + 'static,
    {
        let a = Arc::new(a);
        let (a1, b1) = (Arc::clone(&a), Arc::clone(&b));
        let (a2, b2) = (Arc::clone(&a), Arc::clone(&b));
        let b3 = Arc::clone(&b);
        [
            spawn(async move { (&a1, &b1).call_async(async { Ok(1) }).await }),
            spawn(async move {
                a2.call_async_nested(b2.call_async_with(Verdict::of, async { Err("no".to_owned()) })).await
            }),
            spawn(async move { b3.wrap_async(async |number| Ok(number))(3).await }),
            spawn(async move {
                let guard = b.guard()?;
                std::future::ready(()).await;
                guard.success();
                Ok(4)
            }),
        ]
    }
    static SPY: std::sync::LazyLock<Spy> = std::sync::LazyLock::new(|| Spy::admitting("static"));
    let boxed = BoxPolicy::new(Spy::admitting("boxed"));
    let expected = [Ok(1), Err(Error::Inner("no".to_owned())), Ok(3), Ok(4)];
    assert_eq!(generic(&*SPY, Arc::new(boxed)), expected);
    assert_eq!(spawn(async { (&*SPY,).call_async(async { Ok::<_, ()>(7) }).await }), Ok(7));
}

#[test]
fn a_layer_of_guarding_adds_at_most_64_bytes_to_a_future() {
    /// A policy whose permit is as large as they get: an epoch, a lease and a start time.
    struct Large;
    impl Policy for Large {
        type Permit = [u64; 3];
        fn admit(&self) -> Result<[u64; 3], Rejected> {
            Ok([1, 2, 3])
        }
        fn settle(&self, permit: [u64; 3], _: Verdict) {
            assert_eq!(permit, [1, 2, 3]);
        }
        fn release(&self, _: [u64; 3]) {}
    }
    let kilobyte = || async {
        let body = [1_u8; 1_024];
        std::future::ready(()).await;
        if body.contains(&1) { Ok::<_, ()>(7) } else { Err(()) }
    };
    let bare = size_of_val(&kilobyte());
    let one = Large.call_async(kilobyte());
    assert!(size_of_val(&one) <= bare + 64, "{} against {bare}", size_of_val(&one));
    let four = Large.call_async_nested(
        Large.call_async_nested(Large.call_async_nested_with(Verdict::of, Large.call_async(kilobyte()))),
    );
    assert!(size_of_val(&four) <= bare + 4 * 64, "{} against {bare}", size_of_val(&four));
    assert_eq!(poll_once(pin!(four)), Poll::Ready(Ok(7)));
}

#[test]
fn a_guarded_future_needs_no_unpin_and_stays_in_place() {
    let spy = Spy::admitting("spy");
    let mut future = Box::pin(spy.call_async(async {
        let local = 7;
        let borrowed = &local;
        std::future::poll_fn(|_| if *borrowed == 7 { Poll::Ready(()) } else { Poll::Pending }).await;
        Ok::<_, ()>(*borrowed)
    }));
    let pinned: Pin<&mut _> = future.as_mut();
    assert_eq!(poll_once(pinned), Poll::Ready(Ok(7)));
}
