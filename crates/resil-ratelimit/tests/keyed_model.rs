//! The keyed limiter against a naive one that was written independently: a bucket of tokens for each key, for ever, in a map.
//!
//! While there is room, all answers are equal. When there is none, new keys are refused exactly while as many keys are busy as there is
//! room for, and all other answers are equal.
#![cfg(not(any(loom, shuttle)))]

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use resil_ratelimit::{KeyedPermit, KeyedRateLimiter, ManualClock, Name, Policy, Quota, Reason};

/// A quota whose interval is a whole number of nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Rate {
    interval: u64,
    burst: u32,
    initial: u32,
}

impl Rate {
    fn quota(self) -> Quota {
        Quota::per(1, Duration::from_nanos(self.interval)).burst(self.burst).initial(self.initial)
    }

    /// Nanoseconds of refill.
    fn cost(self, permits: u32) -> u64 {
        self.interval * u64::from(permits)
    }
}

/// A bucket that holds time: a permit costs an interval.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    rate: Rate,
    holds: u64,
}

impl Bucket {
    fn new(rate: Rate) -> Self {
        Self { rate, holds: rate.cost(rate.initial) }
    }

    fn is_full(self) -> bool {
        self.holds == self.rate.cost(self.rate.burst)
    }

    fn fill(&mut self, nanos: u64) {
        self.holds = (self.holds + nanos).min(self.rate.cost(self.rate.burst));
    }

    /// `Err` with the wait, or without one if it is for ever.
    fn take(&mut self, permits: u32) -> Result<(), Option<u64>> {
        if permits > self.rate.burst {
            return Err(None);
        }
        match self.holds.checked_sub(self.rate.cost(permits)) {
            Some(rest) => {
                self.holds = rest;
                Ok(())
            }
            None => Err(Some(self.rate.cost(permits) - self.holds)),
        }
    }

    fn change(&mut self, rate: Rate) {
        let (old, new) = (self.rate.cost(self.rate.burst), rate.cost(rate.burst));
        let consumed = u128::from(old - self.holds);
        let share = (consumed * u128::from(new)).div_ceil(u128::from(old));
        *self = Self { rate, holds: new - u64::try_from(share).expect("less than before") };
    }
}

/// All keys that were ever used, without any bound.
struct Naive {
    rate: Rate,
    buckets: BTreeMap<u8, Bucket>,
}

impl Naive {
    fn bucket(&self, key: u8) -> Bucket {
        self.buckets.get(&key).copied().unwrap_or_else(|| Bucket::new(self.rate))
    }

    fn busy(&self) -> usize {
        self.buckets.values().filter(|bucket| !bucket.is_full()).count()
    }

    /// How long until the first of the busy ones is full.
    fn first_idle(&self) -> u64 {
        let missing = |bucket: &Bucket| bucket.rate.cost(bucket.rate.burst) - bucket.holds;
        self.buckets.values().map(missing).filter(|missing| *missing > 0).min().unwrap_or(0)
    }
}

#[derive(Clone, Debug)]
enum Step {
    Take(u8, u32),
    AdmitAndRelease(u8),
    Peek(u8),
    Reset(u8),
    Remove(u8),
    SetQuota(Rate),
    Shrink,
    Advance(u64),
}

fn rate(is_full_at_first: bool) -> impl Strategy<Value = Rate> {
    let initial = move |burst: u32| if is_full_at_first { burst..=burst } else { 0..=burst };
    (prop_oneof![1_u64..10, Just(333), Just(1_000)], 1_u32..6)
        .prop_flat_map(move |(interval, burst)| (Just(interval), Just(burst), initial(burst)))
        .prop_map(|(interval, burst, initial)| Rate { interval, burst, initial })
}

fn step(keys: u8, is_full_at_first: bool) -> impl Strategy<Value = Step> {
    let key = 0..keys;
    prop_oneof![
        10 => (key.clone(), 0_u32..7).prop_map(|(key, permits)| Step::Take(key, permits)),
        2 => key.clone().prop_map(Step::AdmitAndRelease),
        2 => key.clone().prop_map(Step::Peek),
        1 => key.clone().prop_map(Step::Reset),
        1 => key.prop_map(Step::Remove),
        1 => rate(is_full_at_first).prop_map(Step::SetQuota),
        1 => Just(Step::Shrink),
        5 => prop_oneof![0_u64..20, 0_u64..3_000].prop_map(Step::Advance),
    ]
}

type Limiter = KeyedRateLimiter<u8, ManualClock>;

/// The answer to a call, as the model gives it.
type Answer = Result<(), Option<u64>>;

struct Scene {
    limiter: Limiter,
    clock: ManualClock,
    naive: Naive,
}

impl Scene {
    fn new(rate: Rate, capacity: usize) -> Self {
        let clock = ManualClock::new();
        let limiter = Limiter::with_clock(Name::new("users"), rate.quota(), clock.clone());
        let limiter = limiter.with_capacity(capacity).expect("in range");
        Self { limiter, clock, naive: Naive { rate, buckets: BTreeMap::new() } }
    }

    /// Asks both for `permits`, which are not 0. `None` if there was no room, and rightly so.
    fn ask<T>(
        &mut self,
        key: u8,
        permits: u32,
        ask: impl Fn(&Limiter) -> Result<T, resil_ratelimit::Rejected>,
    ) -> Result<Option<T>, TestCaseError> {
        let mut bucket = self.naive.bucket(key);
        let is_full = self.naive.busy() >= self.limiter.capacity() && self.naive.bucket(key).is_full();
        let answer = ask(&self.limiter);
        if let Err(refusal) = &answer
            && refusal.reason() == Reason::CapacityExhausted
        {
            let hint = refusal.retry_after().expect("keys become idle");
            prop_assert!(is_full, "there is room");
            prop_assert!(hint > Duration::ZERO && hint <= Duration::from_nanos(self.naive.first_idle()));
            return Ok(None);
        }
        prop_assert!(!is_full, "there is no room");
        let expected: Answer = bucket.take(permits);
        if expected != Err(None) {
            self.naive.buckets.insert(key, bucket);
        }
        let wait = |refusal: resil_ratelimit::Rejected| {
            refusal.retry_after().map(|wait| u64::try_from(wait.as_nanos()).expect("a few seconds"))
        };
        let (answer, permit) = match answer {
            Ok(permit) => (Ok(()), Some(permit)),
            Err(refusal) => (Err(wait(refusal)), None),
        };
        prop_assert_eq!(answer, expected);
        Ok(permit)
    }

    fn play(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match *step {
            Step::Take(key, 0) => prop_assert!(self.limiter.try_acquire_n(&key, 0).is_ok()),
            Step::Take(key, permits) => {
                self.ask(key, permits, |limiter| limiter.try_acquire_n(&key, permits))?;
            }
            Step::AdmitAndRelease(key) => {
                let before = self.naive.bucket(key);
                if let Some(permit) = self.ask::<KeyedPermit>(key, 1, |limiter| limiter.key(&key).admit())? {
                    self.limiter.key(&key).release(permit);
                    self.naive.buckets.insert(key, before);
                }
            }
            Step::Peek(key) => {
                let (peek, mut bucket) = (self.limiter.peek(&key), self.naive.bucket(key));
                let full = bucket.rate.cost(bucket.rate.burst) - bucket.holds;
                prop_assert_eq!(peek.full_in, Duration::from_nanos(full));
                prop_assert_eq!(u64::from(peek.available), bucket.holds / bucket.rate.interval);
                let next = bucket.take(1).err().flatten().unwrap_or(0);
                prop_assert_eq!(peek.next_in, Duration::from_nanos(next));
            }
            Step::Reset(key) => {
                self.limiter.reset(&key);
                // A key that is not kept has nothing to reset: it is full, or new.
                if let Some(bucket) = self.naive.buckets.get_mut(&key) {
                    *bucket = Bucket::new(self.naive.rate);
                }
            }
            Step::Remove(key) => {
                self.limiter.remove(&key);
                self.naive.buckets.remove(&key);
            }
            Step::SetQuota(rate) => {
                self.limiter.set_quota(rate.quota()).expect("in range");
                let changes = rate.quota() != self.naive.rate.quota();
                self.naive.buckets.values_mut().filter(|_| changes).for_each(|bucket| bucket.change(rate));
                self.naive.rate = rate;
            }
            Step::Shrink => {
                self.limiter.shrink();
                prop_assert_eq!(self.limiter.len(), self.naive.busy());
                self.naive.buckets.retain(|_, bucket| !bucket.is_full());
            }
            Step::Advance(nanos) => {
                self.clock.advance(Duration::from_nanos(nanos));
                self.naive.buckets.values_mut().for_each(|bucket| bucket.fill(nanos));
            }
        }
        prop_assert!(self.limiter.len() <= self.limiter.capacity());
        prop_assert!(self.limiter.len() >= self.naive.busy());
        Ok(())
    }
}

proptest! {
    #[test]
    fn with_room_for_all_keys_each_is_a_bucket_of_its_own(
        rate in rate(false),
        steps in vec(step(40, false), 1..150),
    ) {
        let mut scene = Scene::new(rate, 40);
        for step in &steps {
            scene.play(step)?;
        }
        let stats = scene.limiter.stats();
        prop_assert_eq!((stats.refused, stats.expired_bookings), (0, 0));
    }

    #[test]
    fn without_room_new_keys_are_refused_while_all_are_busy_and_nothing_else_differs(
        rate in rate(true),
        capacity in 1_usize..12,
        steps in vec(step(40, true), 1..150),
    ) {
        let mut scene = Scene::new(rate, capacity);
        for step in &steps {
            scene.play(step)?;
        }
    }
}
