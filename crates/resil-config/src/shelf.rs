//! Everything that has a name, as it is between two reloads.

use std::fmt;
use std::marker::PhantomData;

use resil_core::Clock;

use crate::LoadError;
use crate::changes::Changes;
#[cfg(any(feature = "breaker", feature = "ratelimit", feature = "retry", feature = "timeout"))]
use crate::instances::{Instances, Overrides, overridden};
#[cfg(feature = "breaker")]
use crate::patterns::Breaker;
#[cfg(feature = "ratelimit")]
use crate::patterns::Limiter;
#[cfg(feature = "retry")]
use crate::patterns::Retries;
#[cfg(feature = "timeout")]
use crate::patterns::Timeouts;
#[cfg(feature = "pipeline")]
use crate::plans::Plans;
use crate::problem::Findings;
use crate::resolved::Resolved;

/// What there is, once it is made. Whoever looks something up reads this, and a reload puts another in its place.
pub(crate) struct Shelf<C: Clock + 'static> {
    pub(crate) handles: Handles<C>,
    #[cfg(feature = "pipeline")]
    pub(crate) pipelines: Plans<C>,
    /// What the file says of those that are built by whoever needs them.
    pub(crate) resolved: Resolved,
}

/// The handles that reloads reach.
pub(crate) struct Handles<C: Clock + 'static> {
    #[cfg(feature = "breaker")]
    pub(crate) breakers: Instances<Breaker, C>,
    #[cfg(feature = "ratelimit")]
    pub(crate) limiters: Instances<Limiter, C>,
    #[cfg(feature = "retry")]
    pub(crate) retries: Instances<Retries, C>,
    #[cfg(feature = "timeout")]
    pub(crate) timeouts: Instances<Timeouts, C>,
    /// Where none of them is compiled in.
    pub(crate) clock: PhantomData<fn() -> C>,
}

/// What code says over what the file says.
#[derive(Clone, Default)]
pub(crate) struct Said {
    #[cfg(feature = "breaker")]
    pub(crate) breakers: Overrides<Breaker>,
    #[cfg(feature = "ratelimit")]
    pub(crate) limiters: Overrides<Limiter>,
    #[cfg(feature = "retry")]
    pub(crate) retries: Overrides<Retries>,
    #[cfg(feature = "timeout")]
    pub(crate) timeouts: Overrides<Timeouts>,
}

impl Said {
    /// What the file says and code says over it, all checked.
    pub(crate) fn over(&self, file: &Resolved) -> Result<Resolved, LoadError> {
        let (mut findings, mut resolved) = (Findings::default(), file.clone());
        // Where there is none of them.
        _ = (self, &mut findings, &mut resolved);
        #[cfg(feature = "breaker")]
        overridden::<Breaker>(&mut resolved.circuit_breakers, &self.breakers, &mut findings);
        #[cfg(feature = "ratelimit")]
        overridden::<Limiter>(&mut resolved.rate_limiters, &self.limiters, &mut findings);
        #[cfg(feature = "retry")]
        overridden::<Retries>(&mut resolved.retries, &self.retries, &mut findings);
        #[cfg(feature = "timeout")]
        overridden::<Timeouts>(&mut resolved.timeouts, &self.timeouts, &mut findings);
        findings.settle(&[])?;
        Ok(resolved)
    }
}

impl<C: Clock + Clone + 'static> Shelf<C> {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            handles: Handles {
                #[cfg(feature = "breaker")]
                breakers: Instances::new(),
                #[cfg(feature = "ratelimit")]
                limiters: Instances::new(),
                #[cfg(feature = "retry")]
                retries: Instances::new(),
                #[cfg(feature = "timeout")]
                timeouts: Instances::new(),
                clock: PhantomData,
            },
            #[cfg(feature = "pipeline")]
            pipelines: Plans::new(),
            resolved: Resolved::default(),
        }
    }

    /// What `resolved` says, which is checked. What stays keeps its state and goes by its new settings from now on.
    pub(crate) fn next(&self, resolved: Resolved, clock: &C) -> (Self, Changes) {
        let mut changes = Changes::default();
        let is_disabled = resolved.is_disabled;
        let known = &self.handles;
        // Where there is none of them.
        _ = (is_disabled, known, clock);
        let handles = Handles {
            #[cfg(feature = "breaker")]
            breakers: known.breakers.next(&resolved.circuit_breakers, is_disabled, clock, &mut changes),
            #[cfg(feature = "ratelimit")]
            limiters: known.limiters.next(&resolved.rate_limiters, is_disabled, clock, &mut changes),
            #[cfg(feature = "retry")]
            retries: known.retries.next(&resolved.retries, is_disabled, clock, &mut changes),
            #[cfg(feature = "timeout")]
            timeouts: known.timeouts.next(&resolved.timeouts, is_disabled, clock, &mut changes),
            clock: PhantomData,
        };
        #[cfg(feature = "pipeline")]
        let pipelines = self.pipelines.next(&resolved.pipelines, &handles, is_disabled, clock, &mut changes);
        built_later(&self.resolved, &resolved, &mut changes);
        let made = Self {
            handles,
            #[cfg(feature = "pipeline")]
            pipelines,
            resolved,
        };
        (made, changes)
    }
}

/// What changed of that which is built by whoever needs it, and so has its new settings the next time.
fn built_later(from: &Resolved, to: &Resolved, changes: &mut Changes) {
    #[cfg(feature = "shutdown")]
    changes.of_one::<crate::patterns::Shutdown>(crate::Pattern::Shutdown, &from.shutdown, &to.shutdown);
    #[cfg(feature = "heartbeat")]
    changes.of_one::<crate::patterns::Heartbeat>(crate::Pattern::Heartbeat, &from.heartbeat, &to.heartbeat);
    #[cfg(feature = "watchdog")]
    changes.of_one::<crate::patterns::Watchdog>(crate::Pattern::Watchdog, &from.watchdog, &to.watchdog);
    // Where there is none of them.
    _ = (from, to, changes);
}

impl<C: Clock + Clone + 'static> fmt::Debug for Shelf<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = f.debug_struct("Resilience");
        all.field("is_disabled", &self.resolved.is_disabled);
        #[cfg(feature = "breaker")]
        all.field("circuit_breakers", &self.handles.breakers);
        #[cfg(feature = "ratelimit")]
        all.field("rate_limiters", &self.handles.limiters);
        #[cfg(feature = "retry")]
        all.field("retries", &self.handles.retries);
        #[cfg(feature = "timeout")]
        all.field("timeouts", &self.handles.timeouts);
        #[cfg(feature = "pipeline")]
        all.field("pipelines", &self.pipelines.names().collect::<Vec<_>>());
        all.finish_non_exhaustive()
    }
}
