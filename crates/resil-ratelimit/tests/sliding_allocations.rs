//! After its first permit no call on a sliding window allocates, and it takes as much memory as the documentation says.
#![cfg(not(any(loom, shuttle)))]

use std::pin::pin;
use std::time::Duration;

use allocation_counter::measure;
use resil_ratelimit::testing::poll_once;
use resil_ratelimit::{Limit, ManualClock, Name, Policy, PolicyExt, SlidingWindow};

const SECOND: Duration = Duration::from_secs(1);

fn windows() -> [(SlidingWindow<ManualClock>, ManualClock, u64); 4] {
    let limits = [
        (Limit::per_second(100), 100),
        (Limit::per_second(1_024), 1_024),
        (Limit::per_second(5_000), 257),
        (Limit::per_second(u32::MAX).slices(8), 9),
    ];
    limits.map(|(limit, entries)| {
        let clock = ManualClock::new();
        (SlidingWindow::with_clock(Name::new("maps"), limit, clock.clone()), clock, entries)
    })
}

#[test]
fn only_the_first_permit_allocates_sixteen_bytes_for_each_entry() {
    for (window, clock, entries) in windows() {
        let first = measure(|| window.try_acquire().expect("free"));
        assert_eq!((first.count_total, first.bytes_total), (1, 16 * entries));
        let limit = window.limit();
        let others = measure(|| {
            for call in 0..20_000 {
                clock.advance(SECOND / 3_000);
                let _ = window.try_acquire();
                let _ = window.call(|| if call % 2 == 0 { Ok(()) } else { Err(()) });
                if let Ok(permit) = window.admit() {
                    window.release(permit);
                }
                let _ = (window.available(), window.time_until_available(), window.stats());
            }
        });
        assert_eq!(others.count_total, 0, "{limit:?}");
    }
}

#[test]
fn a_wait_that_need_not_wait_allocates_nothing() {
    for (window, clock, _) in windows() {
        window.try_acquire().expect("free");
        let counted = measure(|| {
            for _ in 0..50 {
                assert!(poll_once(pin!(window.acquire_with(clock.clone()))).is_ready());
            }
        });
        assert_eq!(counted.count_total, 0);
    }
}

#[test]
fn nothing_is_kept_of_waiters_who_are_gone() {
    let clock = ManualClock::new();
    let window = SlidingWindow::with_clock(Name::new("maps"), Limit::per_second(1), clock);
    let never = |_: Duration| std::future::pending();
    window.try_acquire().expect("free");
    let counted = measure(|| {
        let mut waits: Vec<_> = (0..100_000).map(|_| Box::pin(window.acquire_with(never))).collect();
        for wait in &mut waits {
            assert!(poll_once(wait.as_mut()).is_pending());
        }
        while waits.pop().is_some() {}
    });
    assert!(counted.bytes_max > 24 * 100_000);
    let kept = counted.bytes_current;
    assert!((0..=2 * 24 * 1_024).contains(&kept), "{kept} bytes are kept");
}
