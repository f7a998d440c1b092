//! The kinds of handles that have a name, and what a reload does to each: one trait, so that all of them go by one procedure.

use resil_core::{Clock, Name};

use crate::Pattern;
use crate::patterns::Vocabulary;

/// A pattern whose handles have names.
pub(crate) trait Kind: Vocabulary<Settings: PartialEq> {
    const PATTERN: Pattern;
    type Handle<C: Clock>;

    /// Settings where not even the section's defaults are known.
    fn built_in() -> Self::Settings;

    /// What is out of range: the setting and what about it.
    fn check(settings: &Self::Settings) -> Result<(), (String, String)>;

    /// A handle with settings that are checked.
    fn make<C: Clock>(name: Name, settings: &Self::Settings, clock: C) -> Self::Handle<C>;

    /// Goes over to settings that are checked, with the state kept. `false` if that handle cannot: then another takes its place.
    fn reconfigure<C: Clock>(handle: &Self::Handle<C>, settings: &Self::Settings) -> bool;

    /// Lets everything pass from now on.
    fn disable<C: Clock>(handle: &Self::Handle<C>);

    /// Works again, with settings that are checked.
    fn enable<C: Clock>(handle: &Self::Handle<C>, settings: &Self::Settings) -> bool {
        Self::reconfigure(handle, settings)
    }
}

/// Splits an error about a setting into the setting and the rest.
#[cfg(any(feature = "breaker", feature = "ratelimit", feature = "retry", feature = "timeout"))]
fn complaint(field: &str, error: &impl std::fmt::Display) -> (String, String) {
    let text = error.to_string();
    let rest = text.strip_prefix(field).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&text);
    (field.to_owned(), rest.to_owned())
}

#[cfg(feature = "breaker")]
mod breakers {
    use resil_breaker::{CircuitBreaker, Config, State};
    use resil_core::{Clock, Name};

    use super::{Kind, complaint};
    use crate::Pattern;
    use crate::patterns::Breaker;

    impl Kind for Breaker {
        const PATTERN: Pattern = Pattern::CircuitBreaker;
        type Handle<C: Clock> = CircuitBreaker<C>;

        fn built_in() -> Config {
            Config::new()
        }

        fn check(settings: &Config) -> Result<(), (String, String)> {
            settings.check().map_err(|error| complaint(error.field(), &error))
        }

        fn make<C: Clock>(name: Name, settings: &Config, clock: C) -> CircuitBreaker<C> {
            CircuitBreaker::with_clock(name, *settings, clock)
        }

        fn reconfigure<C: Clock>(handle: &CircuitBreaker<C>, settings: &Config) -> bool {
            handle.reconfigure(*settings).is_ok()
        }

        fn disable<C: Clock>(handle: &CircuitBreaker<C>) {
            handle.disable("preset: disabled");
        }

        fn enable<C: Clock>(handle: &CircuitBreaker<C>, settings: &Config) -> bool {
            // What was set by hand in the meantime stays.
            if handle.state() == State::Disabled {
                handle.reset();
            }
            Self::reconfigure(handle, settings)
        }
    }
}

#[cfg(feature = "ratelimit")]
mod limiters {
    use std::time::Duration;

    use resil_core::{Clock, Name};
    use resil_ratelimit::{Config, Quota, RateLimiter};

    use super::{Kind, complaint};
    use crate::Pattern;
    use crate::patterns::Limiter;

    /// More than any program can ask for.
    const UNLIMITED: Quota = Quota::per(1_000_000_000, Duration::from_secs(1)).burst(u32::MAX);

    impl Kind for Limiter {
        const PATTERN: Pattern = Pattern::RateLimiter;
        type Handle<C: Clock> = RateLimiter<C>;

        fn built_in() -> Config {
            Config::default()
        }

        fn check(settings: &Config) -> Result<(), (String, String)> {
            settings.check().map_err(|error| complaint(error.field(), &error))
        }

        fn make<C: Clock>(name: Name, settings: &Config, clock: C) -> RateLimiter<C> {
            RateLimiter::with_clock(name, settings.quota, clock)
        }

        fn reconfigure<C: Clock>(handle: &RateLimiter<C>, settings: &Config) -> bool {
            handle.set_quota(settings.quota).is_ok()
        }

        fn disable<C: Clock>(handle: &RateLimiter<C>) {
            let is_set = handle.set_quota(UNLIMITED).is_ok();
            debug_assert!(is_set, "the quota is in range");
            // The share that was used is that of the other quota.
            handle.reset();
        }
    }
}

#[cfg(feature = "retry")]
mod retries {
    use std::sync::Arc;

    use resil_core::{Clock, Name};
    use resil_retry::{Config, Retry, RetryBudget};

    use super::{Kind, complaint};
    use crate::Pattern;
    use crate::patterns::Retries;
    use crate::resolved::RetrySettings;

    impl Kind for Retries {
        const PATTERN: Pattern = Pattern::Retry;
        type Handle<C: Clock> = Retry<C>;

        fn built_in() -> RetrySettings {
            RetrySettings { config: Config::new(), budget: None }
        }

        fn check(settings: &RetrySettings) -> Result<(), (String, String)> {
            settings.config.check().map_err(|error| complaint(error.field(), &error))
        }

        fn make<C: Clock>(name: Name, settings: &RetrySettings, clock: C) -> Retry<C> {
            let retry = Retry::with_clock(name, settings.config, clock);
            match settings.budget {
                Some(budget) => retry.shared_budget(Arc::new(RetryBudget::with_config(budget))),
                None => retry,
            }
        }

        fn reconfigure<C: Clock>(handle: &Retry<C>, settings: &RetrySettings) -> bool {
            let budget = handle.retry_budget().map(RetryBudget::config);
            budget == settings.budget && handle.reconfigure(settings.config).is_ok()
        }

        fn disable<C: Clock>(handle: &Retry<C>) {
            let is_set = handle.reconfigure(Config::new().max_attempts(1)).is_ok();
            debug_assert!(is_set, "one attempt is in range");
        }
    }
}

#[cfg(feature = "timeout")]
mod timeouts {
    use std::time::Duration;

    use resil_core::{Clock, Name};
    use resil_timeout::{Config, Timeout};

    use super::{Kind, complaint};
    use crate::Pattern;
    use crate::patterns::Timeouts;

    /// The longest limit there is.
    const ENDLESS: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

    impl Kind for Timeouts {
        const PATTERN: Pattern = Pattern::Timeout;
        type Handle<C: Clock> = Timeout<C>;

        fn built_in() -> Config {
            Config::new(Duration::from_secs(30))
        }

        fn check(settings: &Config) -> Result<(), (String, String)> {
            settings.check().map_err(|error| complaint(error.field(), &error))
        }

        fn make<C: Clock>(name: Name, settings: &Config, clock: C) -> Timeout<C> {
            Timeout::with_clock(name, *settings, clock)
        }

        fn reconfigure<C: Clock>(handle: &Timeout<C>, settings: &Config) -> bool {
            handle.reconfigure(*settings).is_ok()
        }

        fn disable<C: Clock>(handle: &Timeout<C>) {
            let is_set = handle.reconfigure(Config::new(ENDLESS)).is_ok();
            debug_assert!(is_set, "the limit is in range");
        }
    }
}
