use std::fmt;

use crate::Pattern;
use crate::suggest::nearest;

/// The error of asking for a name that the file does not have: which ones it has, and which was probably meant.
///
/// ```
/// # #[cfg(feature = "breaker")] {
/// use resil_config::Config;
///
/// let config = Config::from_yaml("resilience: { circuit_breaker: { instances: { payments: {}, search: {} } } }")?;
/// let error = config.build().circuit_breaker("payment").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "no circuit_breaker is named \"payment\", did you mean \"payments\"? known are default, payments, search"
/// );
/// assert_eq!(error.nearest(), Some("payments"));
/// # }
/// # Ok::<_, resil_config::LoadError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    pattern: Pattern,
    name: String,
    known: Vec<String>,
}

impl UnknownName {
    #[cfg(any(feature = "breaker", feature = "ratelimit", feature = "retry", feature = "timeout"))]
    pub(crate) fn new(pattern: Pattern, name: &str, known: Vec<String>) -> Self {
        Self { pattern, name: name.to_owned(), known }
    }

    /// In which section it was looked for.
    pub const fn pattern(&self) -> Pattern {
        self.pattern
    }

    /// The name that was asked for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names that there are, in alphabetical order.
    pub fn known(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(String::as_str)
    }

    /// The known name that is nearest, if one is near.
    pub fn nearest(&self) -> Option<&str> {
        nearest(&self.name, self.known())
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One of them: only pipelines have a section in the plural.
        let section = self.pattern.to_string();
        write!(f, "no {} is named {:?}", section.trim_end_matches('s'), self.name)?;
        if let Some(nearest) = self.nearest() {
            write!(f, ", did you mean {nearest:?}?")?;
        } else {
            f.write_str(";")?;
        }
        match self.known.as_slice() {
            [] => f.write_str(" there are none"),
            known => write!(f, " known are {}", known.join(", ")),
        }
    }
}

impl std::error::Error for UnknownName {}
