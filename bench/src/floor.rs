//! The floor: what the machine charges for the pieces that a guard is made of.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use nix::time::{ClockId, clock_gettime};
use resil_core::tower::PolicyLayer;
use resil_core::{Clock as _, Counters, Error, MonotonicClock, Policy, PolicyExt as _, Rejected, Verdict};
use tower_layer::Layer as _;

use crate::contender::Contender;
use crate::poll::{Upstream, call_service, ready};
use crate::work::{Load, Refused, Seen, Work, repeat};

/// The work without a guard.
pub const BARE: &str = "bare call";
/// The work without a guard, as a future.
pub const BARE_ASYNC: &str = "bare future";
/// The work without a guard, as a tower service.
pub const BARE_TOWER: &str = "bare service";
/// One `fetch_add` on a word that another running thread hits as well.
pub const SHARED_FETCH_ADD: &str = "one shared fetch_add";

/// The work without a guard.
pub fn bare() -> Contender {
    Contender::plain(BARE, |calls| {
        black_box(repeat(Load::Success, calls, |work: Work| Seen::bare(work.perform())));
    })
}

/// The work without a guard, failing every tenth time.
pub fn bare_with_errors() -> Contender {
    Contender::plain(BARE, |calls| {
        black_box(repeat(Load::TenPercentErrors, calls, |work: Work| Seen::bare(work.perform())));
    })
}

/// The work without a guard, as a future that is polled once.
pub fn bare_async() -> Contender {
    Contender::plain(BARE_ASYNC, |calls| {
        black_box(repeat(Load::Success, calls, |work: Work| {
            Seen::bare(ready(async move { work.perform() }))
        }));
    })
}

/// The work without a guard, as a tower service.
pub fn bare_tower() -> Contender {
    Contender::plain(BARE_TOWER, |calls| {
        let mut service = Upstream;
        black_box(repeat(Load::Success, calls, |work: Work| Seen::bare(call_service(&mut service, work))));
    })
}

/// The work behind a call that the compiler may not inline.
fn bare_opaque() -> Contender {
    #[inline(never)]
    fn opaque(work: Work) -> Result<u64, Refused> {
        work.perform()
    }
    Contender::plain("bare call, not inlined", |calls| {
        black_box(repeat(Load::Success, calls, |work: Work| Seen::bare(opaque(work))));
    })
}

/// One `fetch_add`, for two threads at once.
pub fn shared_fetch_add() -> Contender {
    let word = Arc::new(Padded(AtomicU64::new(0)));
    each(SHARED_FETCH_ADD, move || black_box(&word.0).fetch_add(1, Ordering::Relaxed))
}

/// The floor for two threads.
pub fn pairs() -> Vec<Contender> {
    let read = Padded(AtomicU64::new(1));
    let swapped = Padded(AtomicU64::new(1));
    let mutex = Mutex::new(1_u64);
    let counters = Counters::<1>::new();
    vec![
        shared_fetch_add(),
        shared_fetch_add().solo().named("one fetch_add, one thread"),
        each("one shared load", move || black_box(&read.0).load(Ordering::Acquire)),
        each("load + CAS until it succeeds, shared", move || {
            black_box(&swapped).0.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |seen| Some(seen + 1))
        }),
        each("resil Counters::add, shared", move || counters.add(0, true)),
        each("std Mutex, lock and unlock, shared", move || mutex.lock().map(|mut held| *held += 1).is_ok()),
    ]
}

/// A policy that admits every call and remembers nothing: what is left is the price of calling through a policy.
struct Empty;

impl Policy for Empty {
    type Permit = ();

    fn admit(&self) -> Result<(), Rejected> {
        black_box(Ok(()))
    }

    fn settle(&self, (): (), verdict: Verdict) {
        let _ = black_box(verdict);
    }

    fn release(&self, (): ()) {}
}

fn judged(outcome: Result<u64, Error<Refused>>) -> Seen {
    match outcome {
        Ok(value) => Seen::bare(Ok(value)),
        Err(Error::Inner(refused)) => Seen::bare(Err(refused)),
        Err(_) => Seen::Rejected,
    }
}

/// A word that shares its cache line with nothing.
#[repr(align(128))]
pub(crate) struct Padded(pub(crate) AtomicU64);

/// A contender that does `piece` once per call.
pub(crate) fn each<R>(name: &str, piece: impl Fn() -> R + Send + Sync + 'static) -> Contender {
    Contender::plain(name, move |calls| {
        for _ in 0..calls {
            black_box(piece());
        }
    })
}

/// Every piece of the floor for one thread.
pub fn pieces() -> Vec<Contender> {
    let word = || Padded(AtomicU64::new(1));
    let (loaded, stored, added, swapped) = (word(), word(), word(), word());
    let (mutex, clock, scaled) = (Mutex::new(1_u64), quanta::Clock::new(), quanta::Clock::new());
    let shared = Arc::new(1_u64);
    let counters = Counters::<1>::new();
    vec![
        bare(),
        bare_opaque(),
        bare_async(),
        bare_tower(),
        each("one load", move || black_box(&loaded.0).load(Ordering::Acquire)),
        each("one store", move || black_box(&stored.0).store(1, Ordering::Release)),
        each("one fetch_add", move || black_box(&added.0).fetch_add(1, Ordering::Relaxed)),
        each("load + CAS", move || {
            let word = &black_box(&swapped).0;
            let seen = word.load(Ordering::Relaxed);
            word.compare_exchange(seen, seen + 1, Ordering::AcqRel, Ordering::Relaxed)
        }),
        each("std Instant::now", Instant::now),
        each("quanta Clock::now", move || scaled.now()),
        each("quanta Clock::raw (the time-stamp counter)", move || clock.raw()),
        each("resil MonotonicClock", || MonotonicClock.now()),
        each("resil Counters::add", move || counters.add(0, true)),
        Contender::plain("resil call around an empty policy", |calls| {
            black_box(repeat(Load::Success, calls, |work: Work| judged(Empty.call(|| work.perform()))));
        }),
        Contender::plain("resil call_async around an empty policy", |calls| {
            black_box(repeat(Load::Success, calls, |work: Work| {
                judged(ready(Empty.call_async(async move { work.perform() })))
            }));
        }),
        Contender::plain("resil PolicyLayer around an empty policy", |calls| {
            let mut service = PolicyLayer::new(Arc::new(Empty)).layer(Upstream);
            black_box(repeat(Load::Success, calls, |work: Work| judged(call_service(&mut service, work))));
        }),
        each("CLOCK_MONOTONIC_COARSE", || clock_gettime(ClockId::CLOCK_MONOTONIC_COARSE)),
        each("std Mutex, lock and unlock", move || mutex.lock().map(|mut held| *held += 1).is_ok()),
        each("Arc, clone and drop", move || drop(black_box(Arc::clone(&shared)))),
        each("allocate and free 64 bytes", || drop(black_box(Box::new([0_u8; 64])))),
    ]
}

/// Those pieces of the floor.
///
/// # Panics
/// When there is no such piece.
pub fn chosen(names: &[&str]) -> Vec<Contender> {
    let mut all = pieces();
    all.retain(|piece| names.contains(&piece.name.as_str()));
    assert_eq!(all.len(), names.len(), "a piece is missing of {names:?}");
    all
}
