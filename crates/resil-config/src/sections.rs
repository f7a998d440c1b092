//! Every section, filled into what a configuration comes to.

use crate::resolve::Resolution;
use crate::resolved::Resolved;

impl Resolution<'_> {
    /// All settings.
    pub(crate) fn all(&mut self, is_disabled: bool) -> Resolved {
        // Where there is no pattern.
        _ = &self;
        #[cfg(feature = "pipeline")]
        self.read_time_limits();
        Resolved {
            is_disabled,
            #[cfg(feature = "breaker")]
            circuit_breakers: self.family::<crate::patterns::Breaker>("circuit_breaker"),
            #[cfg(feature = "ratelimit")]
            rate_limiters: self.family::<crate::patterns::Limiter>("rate_limiter"),
            #[cfg(feature = "retry")]
            retries: self.family::<crate::patterns::Retries>("retry"),
            #[cfg(feature = "timeout")]
            timeouts: self.family::<crate::patterns::Timeouts>("timeout"),
            #[cfg(feature = "shutdown")]
            shutdown: self.only::<crate::patterns::Shutdown>("shutdown"),
            #[cfg(feature = "heartbeat")]
            heartbeat: self.only::<crate::patterns::Heartbeat>("heartbeat"),
            #[cfg(feature = "watchdog")]
            watchdog: self.only::<crate::patterns::Watchdog>("watchdog"),
            #[cfg(feature = "pipeline")]
            pipelines: self.plans(),
        }
    }
}
