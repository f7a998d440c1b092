//! `governor`: GCRA on one atomic word, per key behind a sharded map; its clock is quanta's. It counts nothing.

use std::num::NonZeroU32;
use std::sync::Arc;

use ::governor::clock::DefaultClock;
use ::governor::state::keyed::{DashMapStateStore, HashMapStateStore, ShrinkableKeyedStateStore};
use ::governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::limiter::keys::{self, Keyed};
use crate::limiter::limiting::seen;
use crate::limiter::operation::{Form, Operation, Spec};
use crate::limiter::waiting::Awaited;
use crate::memory::Counter;
use crate::poll::once;
use crate::record::KeyMemory;
use crate::work::{Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "governor";
/// Its keys in one map behind a mutex.
pub const ONE_MAP: &str = "governor, one map";

struct Direct(DefaultDirectRateLimiter);

impl Guarded for Direct {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Direct {
    #[inline(always)]
    fn call(&mut self, _: Work) -> Seen {
        seen(self.0.check())
    }
}

struct Async(DefaultDirectRateLimiter);

impl Guarded for Async {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Async {
    #[inline(always)]
    fn call(&mut self, _: Work) -> Seen {
        seen(once(self.0.until_ready()).ok_or(()))
    }
}

struct PerKey<S: ShrinkableKeyedStateStore<u64>>(RateLimiter<u64, S, DefaultClock>);

impl<S: ShrinkableKeyedStateStore<u64> + Send + Sync + 'static> Keyed for PerKey<S> {
    #[inline(always)]
    fn check(&self, key: u64) -> Seen {
        seen(self.0.check_key(&key))
    }

    fn evict(&self) {
        self.0.retain_recent();
        self.0.shrink_to_fit();
    }
}

fn quota(spec: Spec) -> Quota {
    let quota = Quota::with_period(spec.interval()).expect("the interval is not zero");
    quota.allow_burst(NonZeroU32::new(spec.burst).expect("the burst is not zero"))
}

/// A limiter without keys; others that guard calls by this crate use the same.
pub fn direct(spec: Spec) -> DefaultDirectRateLimiter {
    RateLimiter::direct(quota(spec))
}

fn sharded(spec: Spec, _: u64) -> Option<PerKey<DashMapStateStore<u64>>> {
    Some(PerKey(RateLimiter::dashmap(quota(spec))))
}

fn one_map(spec: Spec, _: u64) -> Option<PerKey<HashMapStateStore<u64>>> {
    Some(PerKey(RateLimiter::hashmap(quota(spec))))
}

/// The peer at an operation; it has no tower layer. To have to wait counts as a refusal.
pub fn contender(operation: Operation) -> Option<Contender> {
    match operation.form {
        Form::Direct => Contender::limiting(NAME, operation, |spec| Some(Direct(direct(spec)))),
        Form::Async => Contender::limiting(NAME, operation, |spec| Some(Async(direct(spec)))),
        Form::Keyed(keys) => Contender::limiting_keys(NAME, keys, sharded),
        Form::Tower => None,
    }
}

/// The peer with its keys in one map behind a mutex.
pub fn in_one_map(keys: u64) -> Option<Contender> {
    Contender::limiting_keys(ONE_MAP, keys, one_map)
}

/// One limiter.
pub fn instance(form: Form) -> Option<Instance> {
    let guard = (form == Form::Direct).then(|| Direct(direct(Spec::PLENTY)))?;
    Some(Instance::of(size_of::<DefaultDirectRateLimiter>(), guard))
}

/// The bytes per key of both kinds.
pub fn memory(counter: Counter) -> Vec<KeyMemory> {
    let both = [keys::memory(NAME, counter, sharded), keys::memory(ONE_MAP, counter, one_map)];
    both.into_iter().flatten().collect()
}

#[derive(Clone)]
struct Shared(Arc<DefaultDirectRateLimiter>);

impl Awaited for Shared {
    async fn acquire(&mut self) {
        self.0.until_ready().await;
    }
}

/// The limiter, for tasks that wait with its `until_ready`.
pub fn awaited(spec: Spec) -> impl Awaited {
    Shared(Arc::new(direct(spec)))
}
