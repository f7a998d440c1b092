use std::fmt;
use std::sync::Arc;

use resil_core::{Clock, MonotonicClock, Rejected};

use crate::{CircuitBreaker, ConfigError};

/// What [`CircuitBreakers::get_or_insert_with`](crate::CircuitBreakers::get_or_insert_with) found.
///
/// ```
/// use resil_breaker::{CircuitBreakers, Config, Lookup};
///
/// let providers = CircuitBreakers::<String>::new("providers", Config::new());
/// let first = providers.get_or_insert_with("anthropic", Config::new().failure_threshold(2))?;
/// assert!(matches!(first, Lookup::New(_)));
/// let second = providers.get_or_insert_with("anthropic", Config::new())?;
/// assert!(matches!(second, Lookup::Existing(_)));
/// # Ok::<_, resil_breaker::InsertError>(())
/// ```
#[derive(Debug)]
pub enum Lookup<C: Clock = MonotonicClock> {
    /// The key's breaker was there already; the configuration was not used.
    Existing(Arc<CircuitBreaker<C>>),
    /// The key's breaker was made with the configuration.
    New(Arc<CircuitBreaker<C>>),
}

/// Why [`CircuitBreakers::get_or_insert_with`](crate::CircuitBreakers::get_or_insert_with) made no breaker.
///
/// ```
/// use resil_breaker::{CircuitBreakers, Config, InsertError};
///
/// let providers = CircuitBreakers::<String>::new("providers", Config::new());
/// match providers.get_or_insert_with("anthropic", Config::new().failure_threshold(0)) {
///     Ok(lookup) => println!("{}", lookup.into_breaker().state()),
///     Err(InsertError::Config(error)) => assert_eq!(error.field(), "failure_threshold"),
///     Err(InsertError::Full(refusal)) => println!("{refusal}"),
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum InsertError {
    /// A setting is out of its range.
    Config(ConfigError),
    /// The registry is full of breakers that are in use.
    Full(Rejected),
}

impl<C: Clock> Lookup<C> {
    /// The breaker, whether it was there or not.
    pub fn into_breaker(self) -> Arc<CircuitBreaker<C>> {
        match self {
            Self::Existing(breaker) | Self::New(breaker) => breaker,
        }
    }
}

impl fmt::Display for InsertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Full(refusal) => refusal.fmt(f),
        }
    }
}

impl std::error::Error for InsertError {}
