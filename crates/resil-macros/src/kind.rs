use proc_macro2::{Ident, Span};

/// Which attribute it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Guard,
    CircuitBreaker,
    RateLimiter,
    Retry,
    Timeout,
    Pipeline,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] =
        [Self::Guard, Self::CircuitBreaker, Self::RateLimiter, Self::Retry, Self::Timeout, Self::Pipeline];

    /// The attribute, also what a registry calls its method, and the end of the name of a generated function.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Guard => "guard",
            Self::CircuitBreaker => "circuit_breaker",
            Self::RateLimiter => "rate_limiter",
            Self::Retry => "retry",
            Self::Timeout => "timeout",
            Self::Pipeline => "pipeline",
        }
    }

    pub(crate) fn ident(self, span: Span) -> Ident {
        Ident::new(self.name(), span)
    }

    /// Its handle, in words.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Guard => "policy",
            Self::CircuitBreaker => "circuit breaker",
            Self::RateLimiter => "rate limiter",
            Self::Retry => "retry",
            Self::Timeout => "timeout",
            Self::Pipeline => "pipeline",
        }
    }

    /// Its handle, as a type at the top of the facade.
    pub(crate) fn handle(self) -> Ident {
        let name = match self {
            Self::Guard => "Policy",
            Self::CircuitBreaker => "CircuitBreaker",
            Self::RateLimiter => "RateLimiter",
            Self::Retry => "Retry",
            Self::Timeout => "Timeout",
            Self::Pipeline => "Pipeline",
        };
        Ident::new(name, Span::mixed_site())
    }

    /// Whether it calls the body more than once.
    pub(crate) const fn repeats(self) -> bool {
        matches!(self, Self::Retry | Self::Pipeline)
    }
}
