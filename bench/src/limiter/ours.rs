//! Our limiter, under the same operations as the peers.

use std::sync::Arc;

use resil_core::tower::{Always, PolicyService};
use resil_core::{Error, Policy};
use resil_ratelimit::{KeyedRateLimiter, Leased, LimitLayer, Quota, RateLimiter};
use tower_layer::Layer as _;

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::limiter::keys::{self, Keyed};
use crate::limiter::limiting::seen;
use crate::limiter::operation::{Form, Operation, Spec};
use crate::limiter::waiting::Awaited;
use crate::memory::Counter;
use crate::poll::{Serving, Upstream, once};
use crate::record::KeyMemory;
use crate::row::{OURS, OURS_ALONE, OURS_UNCOUNTED};
use crate::work::{Refused, Seen, Work};

/// The limiter whose threads take permits in batches.
pub const LEASED: &str = "resil, leased";
/// The tower layer around a `&'static` limiter rather than an `Arc`.
pub const STATIC: &str = "resil, in a static";

/// The permits that a thread leases at once.
const BATCH: u32 = 32;

struct Direct(RateLimiter);

impl Guarded for Direct {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Direct {
    #[inline(always)]
    fn call(&mut self, _: Work) -> Seen {
        seen(self.0.try_acquire())
    }
}

struct InBatches(Leased<Arc<RateLimiter>>);

impl Guarded for InBatches {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &InBatches {
    #[inline(always)]
    fn call(&mut self, _: Work) -> Seen {
        seen(self.0.try_acquire())
    }
}

struct Async(RateLimiter);

impl Guarded for Async {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Async {
    #[inline(always)]
    fn call(&mut self, _: Work) -> Seen {
        once(self.0.acquire()).map_or(Seen::Rejected, seen)
    }
}

struct PerKey(KeyedRateLimiter<u64>);

/// Idle keys go by themselves.
impl Keyed for PerKey {
    #[inline(always)]
    fn check(&self, key: u64) -> Seen {
        seen(self.0.try_acquire(&key))
    }
}

struct Tower<P>(PolicyService<Upstream, Always<P>>);

impl<P: Policy + Clone + Send + Sync + 'static> Guarded for Tower<P> {
    fn caller(&self) -> impl Caller {
        Serving { service: self.0.clone(), seen: judged }
    }
}

fn judged(outcome: Result<u64, Error<Refused>>) -> Seen {
    match outcome {
        Ok(value) => Seen::bare(Ok(value)),
        Err(Error::Inner(refused)) => Seen::bare(Err(refused)),
        Err(refusal) => seen(Err::<(), _>(refusal)),
    }
}

fn quota(spec: Spec) -> Quota {
    Quota::per(spec.permits, spec.period).burst(spec.burst)
}

fn build(spec: Spec, counters: bool) -> RateLimiter {
    RateLimiter::try_new("benchmark", quota(spec)).expect("the quota is valid").counters(counters)
}

/// Its capacity is the number of keys.
fn per_key(spec: Spec, keys: u64, counters: bool) -> Option<PerKey> {
    let limiter = KeyedRateLimiter::try_new("benchmark", quota(spec)).expect("the quota is valid");
    let limiter = limiter.with_capacity(usize::try_from(keys).ok()?).expect("the capacity is valid");
    Some(PerKey(limiter.counters(counters)))
}

fn lease(spec: Spec) -> InBatches {
    let batch = BATCH.min(spec.burst);
    InBatches(Leased::new(Arc::new(build(spec, true)), batch).expect("the batch is valid"))
}

fn service(spec: Spec, counters: bool) -> Tower<Arc<RateLimiter>> {
    Tower(LimitLayer::new(Arc::new(build(spec, counters))).layer(Upstream))
}

/// Our limiter at an operation, in the variants that a row tells apart.
pub fn contenders(operation: Operation) -> Vec<Contender> {
    let mut all = Vec::new();
    for (name, counters) in [(OURS, true), (OURS_UNCOUNTED, false)] {
        all.extend(match operation.form {
            Form::Direct => {
                Contender::limiting(name, operation, move |spec| Some(Direct(build(spec, counters))))
            }
            Form::Async => {
                Contender::limiting(name, operation, move |spec| Some(Async(build(spec, counters))))
            }
            Form::Tower => Contender::limiting(name, operation, move |spec| Some(service(spec, counters))),
            Form::Keyed(keys) => {
                Contender::limiting_keys(name, keys, move |spec, keys| per_key(spec, keys, counters))
            }
        });
    }
    match operation.form {
        Form::Direct => all.extend(Contender::limiting(LEASED, operation, |spec| Some(lease(spec)))),
        Form::Tower => all.extend(Contender::limiting(STATIC, operation, |spec| {
            let limiter: &'static RateLimiter = Box::leak(Box::new(build(spec, true)));
            Some(Tower(LimitLayer::new(limiter).layer(Upstream)))
        })),
        Form::Async | Form::Keyed(_) => {}
    }
    all
}

/// Our limiter with default settings, on one thread of two.
pub fn alone(operation: Operation) -> Option<Contender> {
    let ours = Contender::limiting(OURS, operation, |spec| Some(Direct(build(spec, true))))?;
    Some(ours.solo().named(OURS_ALONE))
}

/// One limiter.
pub fn instance(form: Form) -> Option<Instance> {
    match form {
        Form::Direct => Some(Instance::of(size_of::<RateLimiter>(), Direct(build(Spec::PLENTY, true)))),
        Form::Tower => {
            let size = size_of::<PolicyService<Upstream, Always<Arc<RateLimiter>>>>();
            Some(Instance::of(size, service(Spec::PLENTY, true)))
        }
        Form::Async | Form::Keyed(_) => None,
    }
}

/// One limiter that is leased from.
pub fn leased_instance(form: Form) -> Option<Instance> {
    let guard = (form == Form::Direct).then(|| lease(Spec::PLENTY))?;
    Some(Instance::of(size_of::<Leased<Arc<RateLimiter>>>(), guard))
}

/// The bytes per key.
pub fn memory(counter: Counter) -> Option<KeyMemory> {
    keys::memory(OURS, counter, |spec, keys| per_key(spec, keys, true))
}

#[derive(Clone)]
struct Shared(Arc<RateLimiter>);

impl Awaited for Shared {
    async fn acquire(&mut self) {
        self.0.acquire().await.expect("no wait is too long");
    }
}

/// The limiter, for tasks that wait with its `acquire`.
pub fn awaited(spec: Spec) -> impl Awaited {
    Shared(Arc::new(build(spec, true)))
}
