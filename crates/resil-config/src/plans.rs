//! Pipelines, made of what has a name in the other sections.

use std::collections::BTreeMap;
use std::sync::Arc;
#[cfg(feature = "ratelimit")]
use std::time::Duration;

use resil_core::{Clock, Line, Policy};
use resil_pipeline::{BoxLine, Relay};
use resil_retry::Retry;
use resil_timeout::{Config, Timeout};

use crate::changes::{Changes, Words};
use crate::instances::interned;
use crate::pipeline::{Pipeline, Shape};
use crate::resolved::PipelinePlan;
use crate::shelf::Handles;
use crate::{Pattern, UnknownName};

/// All pipelines, by their names.
pub(crate) struct Plans<C: Clock + 'static> {
    by_name: BTreeMap<String, Planned<C>>,
}

struct Planned<C: Clock + 'static> {
    handle: Arc<Pipeline<C>>,
    plan: PipelinePlan,
    parts: Parts<C>,
}

/// What stands in a pipeline, unless everything passes.
struct Parts<C: Clock + 'static> {
    is_disabled: bool,
    deadline: Option<Arc<Timeout<C>>>,
    retry: Option<Arc<Retry<C>>>,
    #[cfg(feature = "ratelimit")]
    limiter: Option<(Arc<resil_ratelimit::RateLimiter<C>>, Duration)>,
    #[cfg(feature = "breaker")]
    breaker: Option<Arc<resil_breaker::CircuitBreaker<C>>>,
    timeout: Option<Arc<Timeout<C>>>,
}

impl<C: Clock + Clone + 'static> Plans<C> {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { by_name: BTreeMap::new() }
    }

    /// Those of `plans`, made of `handles`: those that stay follow.
    pub(crate) fn next(
        &self,
        plans: &BTreeMap<String, PipelinePlan>,
        handles: &Handles<C>,
        is_disabled: bool,
        clock: &C,
        changes: &mut Changes,
    ) -> Self {
        for name in self.by_name.keys().filter(|name| !plans.contains_key(*name)) {
            changes.removed(Pattern::Pipeline, name);
        }
        let next = |(name, plan): (&String, &PipelinePlan)| {
            let known = self.by_name.get(name);
            match known {
                Some(known) => {
                    changes.changed(Pattern::Pipeline, name, &words(&known.plan), &words(plan));
                }
                None => changes.added(Pattern::Pipeline, name),
            }
            let deadline = known.and_then(|known| known.parts.deadline.as_ref());
            let parts = Parts { is_disabled, ..Parts::of(name, plan, handles, deadline, clock) };
            let handle = match known {
                Some(known) => {
                    if known.parts != parts {
                        known.handle.follow(parts.shape(name, clock));
                    }
                    Arc::clone(&known.handle)
                }
                None => Arc::new(Pipeline::new(parts.shape(name, clock))),
            };
            (name.clone(), Planned { handle, plan: plan.clone(), parts })
        };
        Self { by_name: plans.iter().map(next).collect() }
    }

    pub(crate) fn get(&self, name: &str) -> Result<Arc<Pipeline<C>>, UnknownName> {
        let planned = self.by_name.get(name);
        let planned =
            planned.ok_or_else(|| UnknownName::new(Pattern::Pipeline, name, self.names().collect()))?;
        Ok(Arc::clone(&planned.handle))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.by_name.keys().cloned()
    }
}

impl<C: Clock + Clone + 'static> Parts<C> {
    /// What `plan` names; the deadline is the pipeline's own, and stays where there was one.
    fn of(
        name: &str,
        plan: &PipelinePlan,
        handles: &Handles<C>,
        deadline: Option<&Arc<Timeout<C>>>,
        clock: &C,
    ) -> Self {
        let deadline = plan.deadline.map(|limit| match deadline {
            Some(known) if known.reconfigure(Config::new(limit)).is_ok() => Arc::clone(known),
            _ => Arc::new(Timeout::with_clock(interned(name), Config::new(limit), clock.clone())),
        });
        let PipelinePlan { retry, timeout, .. } = plan;
        Self {
            is_disabled: false,
            deadline,
            retry: handles.retries.part(retry.as_ref()).map(|part| Arc::clone(&part.handle)),
            #[cfg(feature = "ratelimit")]
            limiter: (handles.limiters.part(plan.rate_limiter.as_ref()))
                .map(|part| (Arc::clone(&part.handle), part.settings.max_wait.unwrap_or_default())),
            #[cfg(feature = "breaker")]
            breaker: (handles.breakers.part(plan.circuit_breaker.as_ref()))
                .map(|part| Arc::clone(&part.handle)),
            timeout: handles.timeouts.part(timeout.as_ref()).map(|part| Arc::clone(&part.handle)),
        }
    }

    fn shape(&self, name: &str, clock: &C) -> Shape<C> {
        let mut pipeline = resil_pipeline::Pipeline::with_clock(interned(name), clock.clone());
        if self.is_disabled {
            return pipeline.boxed();
        }
        if let Some(deadline) = &self.deadline {
            pipeline = pipeline.deadline(Arc::clone(deadline));
        }
        if let Some(retry) = &self.retry {
            pipeline = pipeline.retry(Arc::clone(retry));
        }
        if let Some(timeout) = &self.timeout {
            pipeline = pipeline.attempt_timeout(Arc::clone(timeout));
        }
        #[cfg(feature = "ratelimit")]
        if let Some((limiter, max_wait)) = &self.limiter {
            let line = resil_ratelimit::Waiting::new(Arc::clone(limiter), *max_wait);
            return self.guarded(pipeline.limit(line));
        }
        self.guarded(pipeline)
    }

    #[cfg_attr(
        not(feature = "breaker"),
        expect(clippy::unused_self, reason = "there is nothing to guard by")
    )]
    fn guarded<A>(&self, pipeline: resil_pipeline::Pipeline<A, C>) -> resil_pipeline::Pipeline<BoxLine, C>
    where
        A: Line + Send + Sync + 'static,
        A::Policy: Send + Sync + 'static,
        A::Wait<Relay>: Send + 'static,
        <A::Policy as Policy>::Permit: 'static,
    {
        #[cfg(feature = "breaker")]
        if let Some(breaker) = &self.breaker {
            return pipeline.guard(Arc::clone(breaker)).boxed();
        }
        pipeline.boxed()
    }
}

/// Whether these are the same handles.
impl<C: Clock> PartialEq for Parts<C> {
    fn eq(&self, other: &Self) -> bool {
        fn same<T>(one: Option<&Arc<T>>, other: Option<&Arc<T>>) -> bool {
            one.map(Arc::as_ptr) == other.map(Arc::as_ptr)
        }
        let is_same = self.is_disabled == other.is_disabled
            && same(self.deadline.as_ref(), other.deadline.as_ref())
            && same(self.retry.as_ref(), other.retry.as_ref())
            && same(self.timeout.as_ref(), other.timeout.as_ref());
        #[cfg(feature = "ratelimit")]
        let is_same = is_same && {
            let parts = |limiter: &Option<(Arc<_>, Duration)>| {
                limiter.as_ref().map(|(handle, wait)| (Arc::as_ptr(handle), *wait))
            };
            parts(&self.limiter) == parts(&other.limiter)
        };
        #[cfg(feature = "breaker")]
        let is_same = is_same && same(self.breaker.as_ref(), other.breaker.as_ref());
        is_same
    }
}

fn words(plan: &PipelinePlan) -> Words {
    let PipelinePlan { deadline, retry, rate_limiter, circuit_breaker, timeout } = plan;
    let deadline = deadline.map(|limit| resil_core::duration::Text(limit).to_string());
    [
        ("deadline", deadline.as_ref()),
        ("retry", retry.as_ref()),
        ("rate_limiter", rate_limiter.as_ref()),
        ("circuit_breaker", circuit_breaker.as_ref()),
        ("timeout", timeout.as_ref()),
    ]
    .into_iter()
    .filter_map(|(word, value)| Some((word.to_owned(), value?.clone())))
    .collect()
}
