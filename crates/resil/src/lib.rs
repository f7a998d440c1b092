#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub use resil_core::*;

#[cfg(feature = "breaker")]
pub use resil_breaker as breaker;
#[cfg(feature = "breaker")]
pub use resil_breaker::{CircuitBreaker, CircuitBreakers};
#[cfg(feature = "config")]
pub use resil_config as config;
#[cfg(feature = "reload")]
pub use resil_config::Reloader;
#[cfg(feature = "config")]
pub use resil_config::Resilience;
#[cfg(feature = "heartbeat")]
pub use resil_heartbeat as heartbeat;
#[cfg(feature = "heartbeat")]
pub use resil_heartbeat::Heartbeat;
#[cfg(all(feature = "macros", feature = "breaker"))]
pub use resil_macros::circuit_breaker;
#[cfg(feature = "macros")]
pub use resil_macros::guard;
#[cfg(all(feature = "macros", feature = "pipeline"))]
pub use resil_macros::pipeline;
#[cfg(all(feature = "macros", feature = "ratelimit"))]
pub use resil_macros::rate_limiter;
#[cfg(all(feature = "macros", feature = "retry"))]
pub use resil_macros::retry;
#[cfg(all(feature = "macros", feature = "timeout"))]
pub use resil_macros::timeout;
#[cfg(feature = "pipeline")]
pub use resil_pipeline as pipeline;
#[cfg(feature = "pipeline")]
pub use resil_pipeline::Pipeline;
#[cfg(feature = "ratelimit")]
pub use resil_ratelimit as ratelimit;
#[cfg(feature = "ratelimit")]
pub use resil_ratelimit::{Quota, RateLimiter};
#[cfg(feature = "retry")]
pub use resil_retry as retry;
#[cfg(feature = "retry")]
pub use resil_retry::{Retry, RetryBudget};
#[cfg(feature = "shutdown")]
pub use resil_shutdown as shutdown;
#[cfg(feature = "shutdown")]
pub use resil_shutdown::GracefulShutdown;
#[cfg(feature = "timeout")]
pub use resil_timeout as timeout;
#[cfg(feature = "timeout")]
pub use resil_timeout::Timeout;
#[cfg(feature = "watchdog")]
pub use resil_watchdog as watchdog;
#[cfg(feature = "watchdog")]
pub use resil_watchdog::Watchdog;
