//! Batches of permits for threads: what they may exceed, and that none is lost.
#![cfg(not(any(loom, shuttle)))]

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use proptest::prelude::*;
use resil_ratelimit::{Leased, ManualClock, Policy, PolicyExt, Quota, RateLimiter, testing};

type Limiter = RateLimiter<ManualClock>;

fn limiter(quota: Quota) -> (Limiter, ManualClock) {
    let clock = ManualClock::new();
    (Limiter::with_clock("intake".into(), quota, clock.clone()), clock)
}

#[test]
fn every_permit_can_be_had_by_every_thread() {
    let (limiter, _) = limiter(Quota::per_hour(100));
    let leased = Leased::new(&limiter, 32).expect("in range");
    // Each leaves most of a batch behind; what nobody has is found by whoever asks last.
    let one_each =
        |_| thread::scope(|scope| scope.spawn(|| leased.try_acquire().is_ok()).join().expect("no panic"));
    let given =
        (0..10).filter(|n| one_each(*n)).count() + (0..200).filter(|_| leased.try_acquire().is_ok()).count();
    assert_eq!((given, leased.leased(), limiter.available()), (100, 0, 0));
    let stats = leased.stats();
    assert_eq!(stats.acquired - stats.refunded, 100);
    assert!(leased.try_acquire().unwrap_err().retry_after().is_some());
}

#[test]
fn the_batch_is_from_one_to_the_burst() {
    let (limiter, _) = limiter(Quota::per_second(5_000).burst(2_000));
    for (batch, is_in_range) in [(0, false), (1, true), (1_024, true), (1_025, false)] {
        assert_eq!(Leased::new(&limiter, batch).is_ok(), is_in_range, "{batch}");
    }
    let small = RateLimiter::unnamed(Quota::per_second(5));
    let error = Leased::new(&small, 6).unwrap_err();
    assert_eq!(error.to_string(), "batch: 6 is out of range, allowed is 1 to the burst, and at most 1,024");
}

#[test]
fn a_call_that_was_not_made_leaves_its_permit_to_others() {
    let (limiter, _) = limiter(Quota::per_hour(8));
    let leased = Leased::new(&limiter, 4).expect("in range");
    for _ in 0..100 {
        leased.admit().map(|()| leased.release(())).expect("it came back");
    }
    let (closed, _) = self::limiter(Quota::per_hour(1));
    for n in 0..10 {
        assert_eq!((&leased, &closed).call(|| Ok::<_, ()>(())).is_ok(), n == 0);
    }
    assert_eq!(u64::from(limiter.available()) + leased.leased(), 7);
}

#[test]
fn it_keeps_the_laws_of_policies() {
    testing::check_admitting(|| {
        let (limiter, _) = limiter(Quota::per_hour(100));
        Leased::new(std::sync::Arc::new(limiter), 8).expect("in range")
    });
    testing::check_refusing(|| {
        let (limiter, _) = limiter(Quota::per_hour(1));
        let leased = Leased::new(std::sync::Arc::new(limiter), 1).expect("in range");
        leased.try_acquire().expect("the first one");
        leased
    });
}

#[test]
fn threads_that_ask_at_once_are_given_what_there_is_and_no_more() {
    let (limiter, _) = limiter(Quota::per_hour(10_000));
    let leased = Leased::new(&limiter, 7).expect("in range");
    let (threads, barrier) = (8, Barrier::new(8));
    let ask = || {
        barrier.wait();
        (0..2_000).filter(|_| leased.try_acquire().is_ok()).count()
    };
    let given: usize = thread::scope(|scope| {
        let asking: Vec<_> = (0..threads).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    // At a clock that stands still nothing comes back, and while all ask, what one has leased another may not find.
    let rest = (0..10_000).filter(|_| leased.try_acquire().is_ok()).count();
    assert_eq!(given + rest, 10_000);
}

proptest! {
    /// The bound of the documentation, for one thread that pauses and for several that leave batches behind.
    #[test]
    fn no_span_of_time_gives_more_than_the_bound_and_the_excess(
        rate in 1_u32..1_000,
        burst in 1_u32..50,
        batch in 1_u32..50,
        steps in prop::collection::vec((0_u64..200_000_000, 1_usize..60, any::<bool>()), 1..60),
    ) {
        let (limiter, clock) = limiter(Quota::per_second(rate).burst(burst));
        let leased = Leased::new(&limiter, batch.min(burst)).expect("in range");
        let mut given = Vec::new();
        let mut now = 0_u64;
        for (pause, asks, elsewhere) in steps {
            clock.advance(Duration::from_nanos(pause));
            now += pause;
            let ask = || (0..asks).filter(|_| leased.try_acquire().is_ok()).count();
            let count = if elsewhere {
                thread::scope(|scope| scope.spawn(ask).join().expect("no panic"))
            } else {
                ask()
            };
            given.push((now, count as u64));
        }
        for from in 0..given.len() {
            let mut sum = 0;
            for (at, count) in &given[from..] {
                sum += count;
                let time = u128::from(at - given[from].0);
                let earned = u64::try_from(time * u128::from(rate) / 1_000_000_000).expect("small");
                prop_assert!(sum <= u64::from(burst) + earned + leased.max_excess());
            }
        }
    }
}
