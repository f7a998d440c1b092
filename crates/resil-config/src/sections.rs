//! Every section, filled into what a configuration comes to.

use crate::patterns;
use crate::resolve::Resolution;
use crate::resolved::Resolved;
use crate::section;

impl Resolution<'_> {
    /// All settings.
    pub(crate) fn all(&mut self, is_disabled: bool) -> Resolved {
        #[cfg(feature = "pipeline")]
        self.read_time_limits();
        let mut resolved = Resolved { is_disabled, ..Resolved::default() };
        #[cfg(feature = "breaker")]
        if let Some(section) = section::named("circuit_breaker") {
            resolved.circuit_breakers = self.family::<patterns::Breaker>(section);
        }
        #[cfg(feature = "ratelimit")]
        if let Some(section) = section::named("rate_limiter") {
            resolved.rate_limiters = self.family::<patterns::Limiter>(section);
        }
        #[cfg(feature = "retry")]
        if let Some(section) = section::named("retry") {
            resolved.retries = self.family::<patterns::Retries>(section);
        }
        #[cfg(feature = "timeout")]
        if let Some(section) = section::named("timeout") {
            resolved.timeouts = self.family::<patterns::Timeouts>(section);
        }
        #[cfg(feature = "shutdown")]
        if let Some(settings) =
            section::named("shutdown").and_then(|section| self.only::<patterns::Shutdown>(section))
        {
            resolved.shutdown = settings;
        }
        #[cfg(feature = "heartbeat")]
        if let Some(settings) =
            section::named("heartbeat").and_then(|section| self.only::<patterns::Heartbeat>(section))
        {
            resolved.heartbeat = settings;
        }
        #[cfg(feature = "watchdog")]
        if let Some(settings) =
            section::named("watchdog").and_then(|section| self.only::<patterns::Watchdog>(section))
        {
            resolved.watchdog = settings;
        }
        #[cfg(feature = "pipeline")]
        {
            resolved.pipelines = self.plans();
        }
        resolved
    }
}
