use std::fmt;

/// A section of the file.
///
/// ```
/// use resil_config::Pattern;
/// assert_eq!(Pattern::CircuitBreaker.to_string(), "circuit_breaker");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Pattern {
    /// `circuit_breaker`
    CircuitBreaker,
    /// `rate_limiter`
    RateLimiter,
    /// `retry`
    Retry,
    /// `timeout`
    Timeout,
    /// `pipelines`
    Pipeline,
    /// `shutdown`
    Shutdown,
    /// `heartbeat`
    Heartbeat,
    /// `watchdog`
    Watchdog,
}

impl Pattern {
    /// The section's word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CircuitBreaker => "circuit_breaker",
            Self::RateLimiter => "rate_limiter",
            Self::Retry => "retry",
            Self::Timeout => "timeout",
            Self::Pipeline => "pipelines",
            Self::Shutdown => "shutdown",
            Self::Heartbeat => "heartbeat",
            Self::Watchdog => "watchdog",
        }
    }

    /// Whether what is changed in the file reaches what is running already.
    pub const fn is_reloaded(self) -> bool {
        !matches!(self, Self::Shutdown | Self::Heartbeat | Self::Watchdog)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
