//! Limits of different owners, one for each tenant and one for all: either all of them give or none is charged.
#![cfg(not(any(loom, shuttle)))]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proptest::prelude::{Just, Strategy, prop_assert_eq, prop_oneof, proptest};
use resil_core::testing::poll_once;
use resil_ratelimit::{
    KeyedRateLimiter, ManualClock, Name, Policy, PolicyExt, Quota, RateLimiter, RateLimits, Reason, Rejected,
    try_acquire_all,
};

type Limiter = RateLimiter<ManualClock>;
type Tenants = KeyedRateLimiter<String, ManualClock>;

const SECOND: Duration = Duration::from_secs(1);

fn limiter(name: &'static str, quota: Quota, clock: &ManualClock) -> Limiter {
    Limiter::with_clock(Name::new(name), quota, clock.clone())
}

fn tenants(quota: Quota, clock: &ManualClock) -> Tenants {
    Tenants::with_clock(Name::new("tenants"), quota, clock.clone())
}

/// A call that all policies have to admit.
fn call(policies: impl Policy) -> Result<(), Rejected> {
    policies.call(|| Ok::<_, ()>(())).map_err(|error| *error.rejected().expect("the call itself is well"))
}

/// Takes permits of both, or of none.
fn take_both(a: &Limiter, b: &Limiter, permits: (u32, u32)) -> Result<(), Rejected> {
    let (for_a, for_b) = (a.reserve(permits.0)?, b.reserve(permits.1)?);
    for_a.commit(permits.0);
    for_b.commit(permits.1);
    Ok(())
}

#[test]
fn a_refusal_by_the_second_leaves_the_first_as_it_was() {
    let clock = ManualClock::new();
    let spent = limiter("global", Quota::per_hour(1).initial(0), &clock);
    let first = limiter("tenant", Quota::per_second(3).burst(5), &clock);
    let keyed = tenants(Quota::per_second(3).burst(5), &clock);
    let joint =
        RateLimits::with_clock(Name::new("tenant"), [Quota::per_second(3).burst(5); 2], clock.clone());
    // Unused, at once after a use, between two permits, and idle.
    for (uses, pause) in [(0, 0), (2, 0), (0, 500), (3, 100), (0, 60_000)] {
        for _ in 0..uses {
            assert!(call((&first, &keyed.key("a"), &joint)).is_ok());
        }
        clock.advance(Duration::from_millis(pause));
        let before = (first.peek(), keyed.peek("a"), joint.peek());
        for _ in 0..10 {
            assert_eq!(call((&first, &spent)).unwrap_err().name(), Name::new("global"));
            assert!(call((&keyed.key("a"), &spent)).is_err());
            assert!(call((&joint, &spent)).is_err());
            assert!(call((&first, &keyed.key("a"), &joint, &spent)).is_err());
            assert!(take_both(&first, &spent, (3.min(before.0.available), 1)).is_err());
        }
        assert_eq!((first.peek(), keyed.peek("a"), joint.peek()), before, "{uses} uses, {pause} ms");
    }
    assert_eq!(first.stats().acquired - first.stats().refunded, 5);
    assert_eq!(joint.stats().acquired[1] - joint.stats().refunded[1], 5);
}

/// While one thread is refused by the second limiter again and again, others take permits of the first: none of theirs is lost, and none
/// is given twice.
fn race(refused: impl Fn() + Sync, take: impl Fn() -> bool + Sync, available: impl Fn() -> u32) {
    let (rounds, before) = (if cfg!(miri) { 50 } else { 20_000 }, available());
    let taken = AtomicU32::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| (0..rounds).for_each(|_| refused()));
        for _ in 0..2 {
            scope.spawn(|| {
                let count = (0..rounds).filter(|_| take()).count();
                taken.fetch_add(u32::try_from(count).expect("a few"), Ordering::Relaxed);
            });
        }
    });
    assert_eq!(available(), before - taken.into_inner());
}

#[test]
fn refusals_by_the_second_cost_others_who_use_the_first_nothing() {
    let clock = ManualClock::new();
    let spent = limiter("global", Quota::per_hour(9).initial(0), &clock);
    let quota = Quota::per_second(1_000_000);
    let first = limiter("tenant", quota, &clock);
    let available = || first.available();
    race(|| assert!(call((&first, &spent)).is_err()), || first.try_acquire().is_ok(), available);
    race(|| assert!(take_both(&first, &spent, (7, 3)).is_err()), || first.try_acquire().is_ok(), available);
    let keyed = tenants(quota, &clock);
    race(
        || assert!(call((&keyed.key("a"), &spent)).is_err()),
        || keyed.try_acquire("a").is_ok(),
        || keyed.available("a"),
    );
    let joint = RateLimits::with_clock(Name::new("tenant"), [quota.burst(900_000), quota], clock.clone());
    race(
        || assert!(call((&joint, &spent)).is_err()),
        || joint.try_acquire().is_ok(),
        || {
            let [first, second] = joint.available();
            assert_eq!(second - first, 100_000);
            first
        },
    );
}

#[test]
fn a_permit_that_comes_back_before_somebody_who_waits_goes_to_the_next_and_moves_nobody() {
    let clock = ManualClock::new();
    let first = limiter("tenant", Quota::per_second(1), &clock);
    let permit = first.admit().expect("one");
    let mut behind = Box::pin(first.acquire_with(clock.clone()));
    assert!(poll_once(behind.as_mut()).is_pending());
    first.release(permit);
    let mut next = Box::pin(first.acquire_with(clock.clone()));
    assert!(poll_once(next.as_mut()).is_ready(), "its place begins now");
    clock.advance(SECOND);
    assert!(poll_once(behind.as_mut()).is_ready());
    assert_eq!((first.stats().acquired, first.stats().expired_bookings, first.available()), (3, 0, 0));
}

#[test]
fn all_give_their_own_number_or_none_is_charged() {
    let clock = ManualClock::new();
    let tenant = limiter("tenant", Quota::per_second(1).burst(10), &clock);
    let global = limiter("global", Quota::per_second(1_000).burst(5_000), &clock);
    assert!(try_acquire_all([(&tenant, 2), (&global, 4_500)]).is_ok());
    assert_eq!((tenant.available(), global.available()), (8, 500));
    let before = (tenant.stats(), tenant.peek());
    let refusal = try_acquire_all([(&tenant, 1), (&global, 1_500)]).unwrap_err();
    assert_eq!((refusal.name(), refusal.retry_after()), (Name::new("global"), Some(SECOND)));
    assert_eq!((tenant.stats(), tenant.peek()), before, "neither charged nor counted");
    // Whichever comes first.
    let refusal = try_acquire_all([(&global, 4_500), (&tenant, 10)]).unwrap_err();
    assert_eq!((refusal.name(), refusal.retry_after()), (Name::new("global"), Some(SECOND * 4)));
    let refusal = try_acquire_all([(&tenant, 10), (&global, 1_500)]).unwrap_err();
    assert_eq!((refusal.name(), refusal.retry_after()), (Name::new("tenant"), Some(SECOND * 2)));
    assert_eq!((tenant.stats().rejected, global.stats().rejected), (1, 2));
}

#[test]
fn the_hint_is_the_instant_at_which_all_of_them_give() {
    let clock = ManualClock::new();
    let [a, b, c] = [("a", 3), ("b", 7), ("c", 999)].map(|(name, permits)| {
        limiter(name, Quota::per(permits, Duration::from_nanos(1_000_003)).burst(10), &clock)
    });
    let wanted = [(&a, 10), (&b, 10), (&c, 10)];
    for _ in 0..3 {
        assert!(try_acquire_all(wanted).is_ok());
        let hint = try_acquire_all(wanted).unwrap_err().retry_after().expect("a hint");
        assert_eq!(hint, Duration::from_nanos(3_333_344), "ten thirds of 1,000,003 ns, rounded up");
        clock.advance(hint.saturating_sub(Duration::from_nanos(1)));
        assert_eq!(try_acquire_all(wanted).unwrap_err().retry_after(), Some(Duration::from_nanos(1)));
        clock.advance(Duration::from_nanos(1));
    }
}

#[test]
fn more_than_a_burst_is_refused_before_all_others() {
    let clock = ManualClock::new();
    let large = limiter("large", Quota::per_hour(10).initial(0), &clock);
    let small = limiter("small", Quota::per_second(1), &clock);
    for wanted in [[(&large, 10), (&small, 2)], [(&small, 2), (&large, 10)]] {
        let refusal = try_acquire_all(wanted).unwrap_err();
        assert_eq!((refusal.name(), refusal.retry_after()), (Name::new("small"), None));
        assert_eq!(refusal.reason(), Reason::Other("more permits than the burst"));
    }
    assert_eq!((large.stats().rejected, small.available()), (0, 1));
}

#[test]
fn nothing_is_always_there_and_a_limiter_may_stand_twice() {
    let clock = ManualClock::new();
    let limiter = limiter("twice", Quota::per_second(1).burst(3), &clock);
    assert!(try_acquire_all::<ManualClock, 0>([]).is_ok());
    assert!(try_acquire_all([(&limiter, 0), (&limiter, 3)]).is_ok());
    assert!(try_acquire_all([(&limiter, 0)]).is_ok());
    clock.advance(SECOND * 3);
    assert!(try_acquire_all([(&limiter, 2), (&limiter, 2)]).is_err());
    assert_eq!(limiter.available(), 3);
    assert!(try_acquire_all([(&limiter, 2), (&limiter, 1)]).is_ok());
    assert_eq!(limiter.available(), 0);
}

#[test]
fn threads_that_race_for_the_last_permits_of_all_get_them_together() {
    let clock = ManualClock::new();
    let many = limiter("many", Quota::per_second(100_000), &clock);
    let few = limiter("few", Quota::per_second(30_001), &clock);
    let rounds = 20_000;
    let ask = || (0..rounds).filter(|_| try_acquire_all([(&many, 2), (&few, 3)]).is_ok()).count();
    let given: usize = std::thread::scope(|scope| {
        let threads = [scope.spawn(ask), scope.spawn(ask)];
        threads.map(|thread| thread.join().expect("no panic")).iter().sum()
    });
    // Who held permits in vain for a moment may have kept another from the last ones.
    let late = (0..10_000).filter(|_| try_acquire_all([(&many, 2), (&few, 3)]).is_ok()).count();
    assert_eq!(given + late, 10_000);
    assert_eq!((many.available(), few.available()), (80_000, 1));
}

/// What is done with two limiters: so many permits of each, taken in some way, after a pause.
#[derive(Clone, Debug)]
struct Step {
    pause: u64,
    permits: (u32, u32),
    how: How,
}

#[derive(Clone, Copy, Debug)]
enum How {
    AsPolicies,
    ByReserving,
    AllAtOnce,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let how = prop_oneof![Just(How::AsPolicies), Just(How::ByReserving), Just(How::AllAtOnce)];
    let step = (0_u64..3_000, (0_u32..5, 0_u32..5), how).prop_map(|(pause, permits, how)| Step {
        pause,
        permits,
        how,
    });
    proptest::collection::vec(step, 1..50)
}

fn quota() -> impl Strategy<Value = Quota> {
    (1_u32..9, 9_u64..5_000, 1_u32..7)
        .prop_map(|(permits, nanos, burst)| Quota::per(permits, Duration::from_nanos(nanos)).burst(burst))
}

proptest! {
    #[test]
    fn two_limiters_give_together_exactly_when_both_would_alone(
        quotas in (quota(), quota()),
        steps in steps(),
    ) {
        let clock = ManualClock::new();
        let (a, b) = (limiter("a", quotas.0, &clock), limiter("b", quotas.1, &clock));
        for Step { pause, permits, how } in steps {
            clock.advance(Duration::from_nanos(pause));
            let permits = if matches!(how, How::AsPolicies) { (1, 1) } else { permits };
            let before = (a.peek(), b.peek());
            let would = a.time_until_available_n(permits.0) == Some(Duration::ZERO)
                && b.time_until_available_n(permits.1) == Some(Duration::ZERO);
            let answer = match how {
                How::AsPolicies => call((&a, &b)),
                How::ByReserving => take_both(&a, &b, permits),
                How::AllAtOnce => try_acquire_all([(&a, permits.0), (&b, permits.1)]),
            };
            prop_assert_eq!(answer.is_ok(), would);
            let after = (a.peek(), b.peek());
            if would {
                prop_assert_eq!(after.0.available, before.0.available - permits.0);
                prop_assert_eq!(after.1.available, before.1.available - permits.1);
            } else {
                prop_assert_eq!(after, before);
            }
        }
    }
}
