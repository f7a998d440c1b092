use std::fmt;

use crate::{OutOfRange, Value};

/// Why settings that were said make no configuration: names the words, as they are spelled in files.
///
/// What each word's value must look like is checked when it is read; this is about ranges, and about words that do not go together. With
/// feature `serde`.
///
/// ```
/// use resil_core::{OutOfRange, Setting, Value, WordError, setting};
///
/// const BASE: &Setting = &setting!("backoff.base", "0 to 100 years");
///
/// let error = WordError::from(OutOfRange::new(BASE, Value::Count(0))).spelled("backoff.base", "initial_delay");
/// assert_eq!(error.words(), ["initial_delay"]);
/// assert_eq!(error.to_string(), "initial_delay: 0 is out of range, allowed is 0 to 100 years");
///
/// let error = WordError::Both("max_retries", "max_attempts");
/// assert_eq!(error.to_string(), "max_retries and max_attempts are two words for one setting");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum WordError {
    /// A value is out of its range.
    OutOfRange {
        /// The setting.
        word: &'static str,
        /// Its value.
        value: Value,
        /// The range that is allowed, as a text.
        allowed: &'static str,
    },
    /// These two settle the same.
    Both(&'static str, &'static str),
    /// The first says nothing without the second, which may be a choice of several.
    Needs(&'static str, &'static str),
    /// A setting cannot be used.
    Refused {
        /// The setting.
        word: &'static str,
        /// What is wrong about it.
        why: String,
    },
}

impl WordError {
    /// The same error, about `word` where it is about the setting of that name.
    #[must_use = "the error is taken and returned"]
    pub fn spelled(mut self, setting: &str, word: &'static str) -> Self {
        if let Self::OutOfRange { word: name, .. } = &mut self
            && *name == setting
        {
            *name = word;
        }
        self
    }

    /// What it is about: one word or two, the one to mend first. A dot leads into the value of a word, `backoff.initial`.
    pub fn words(&self) -> Vec<&'static str> {
        match self {
            Self::OutOfRange { word, .. } | Self::Refused { word, .. } | Self::Needs(word, _) => vec![word],
            Self::Both(one, other) => vec![one, other],
        }
    }
}

impl From<OutOfRange> for WordError {
    fn from(error: OutOfRange) -> Self {
        Self::OutOfRange { word: error.field(), value: error.value(), allowed: error.allowed() }
    }
}

impl fmt::Display for WordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { word, value, allowed } => {
                write!(f, "{word}: {value} is out of range, allowed is {allowed}")
            }
            Self::Both(one, other) => write!(f, "{one} and {other} are two words for one setting"),
            Self::Needs(word, other) => write!(f, "{word} needs {other}"),
            Self::Refused { word, why } => write!(f, "{word}: {why}"),
        }
    }
}

impl std::error::Error for WordError {}
