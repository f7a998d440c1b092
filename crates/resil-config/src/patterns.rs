//! The settings of each pattern: how they are read, laid over each other, checked and told.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::block::Block;
use crate::decode;
use crate::section::{self, Said};

#[cfg(feature = "breaker")]
mod breaker;
#[cfg(feature = "heartbeat")]
mod heartbeat;
#[cfg(feature = "ratelimit")]
mod limiter;
#[cfg(feature = "retry")]
mod retries;
#[cfg(feature = "shutdown")]
mod shutdown;
#[cfg(feature = "timeout")]
mod timeouts;
#[cfg(feature = "watchdog")]
mod watchdog;

#[cfg(feature = "breaker")]
pub(crate) use breaker::Breaker;
#[cfg(feature = "heartbeat")]
pub(crate) use heartbeat::Heartbeat;
#[cfg(feature = "ratelimit")]
pub(crate) use limiter::Limiter;
#[cfg(feature = "retry")]
pub(crate) use retries::Retries;
#[cfg(feature = "shutdown")]
pub(crate) use shutdown::Shutdown;
#[cfg(feature = "timeout")]
pub(crate) use timeouts::Timeouts;
#[cfg(feature = "watchdog")]
pub(crate) use watchdog::Watchdog;

/// What serde can read and write, and where it is wanted, tell the schema of.
#[cfg(not(feature = "schema"))]
pub(crate) trait Words: Serialize + DeserializeOwned {}
#[cfg(not(feature = "schema"))]
impl<T: Serialize + DeserializeOwned> Words for T {}

/// What serde can read and write, and where it is wanted, tell the schema of.
#[cfg(feature = "schema")]
pub(crate) trait Words: Serialize + DeserializeOwned + schemars::JsonSchema {}
#[cfg(feature = "schema")]
impl<T: Serialize + DeserializeOwned + schemars::JsonSchema> Words for T {}

/// A pattern's settings in words.
pub(crate) trait Vocabulary {
    /// What can be said of them.
    type Partial: Words;
    /// All of them.
    type Settings: Clone;

    /// Words that say the same setting in another way, each with the one under which it is kept.
    const RIVALS: &'static [(&'static str, &'static str)];
    /// Words that are also taken, though they are misleading, each with what is better.
    const DOUBTFUL: &'static [(&'static str, &'static str)] = &[];

    /// What was said over the pattern's own defaults.
    fn settings(said: &Self::Partial) -> Result<Self::Settings, Misfit>;

    /// Everything that holds, in words.
    fn said(settings: &Self::Settings) -> Self::Partial;

    /// What one word says, where its value is a map of what other words say too.
    fn flat(said: Said) -> Said {
        said
    }

    /// What is outside of the ranges that kstlib allows, which are narrower.
    fn outside_kstlib(_: &Self::Settings) -> Vec<Misfit> {
        Vec::new()
    }

    /// What is probably not meant.
    fn doubts(_: &Block) -> Vec<Misfit> {
        Vec::new()
    }
}

/// Why settings do not go together, or one is out of its range.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// The words that it is about, the one to mend first.
    pub(crate) words: Vec<&'static str>,
    /// Without the first word.
    pub(crate) text: String,
    /// Whether it is only that another setting is missing.
    pub(crate) is_of_missing: bool,
}

impl Misfit {
    #[cfg(any(feature = "breaker", feature = "shutdown", feature = "heartbeat", feature = "watchdog"))]
    pub(crate) fn new(word: &'static str, text: impl Into<String>) -> Self {
        Self { words: vec![word], text: text.into(), is_of_missing: false }
    }

    /// A value that is not in a range, if it is not.
    #[cfg(any(feature = "breaker", feature = "shutdown", feature = "heartbeat", feature = "watchdog"))]
    pub(crate) fn outside<T: PartialOrd + Copy>(
        word: &'static str,
        value: T,
        (least, most): (T, T),
        shown: impl Fn(&T) -> String,
    ) -> Option<Self> {
        let is_inside = least <= value && value <= most;
        (!is_inside).then(|| {
            let (value, least, most) = (shown(&value), shown(&least), shown(&most));
            Self::new(
                word,
                format!("{value} is out of range, with `limits: kstlib` allowed is {least} to {most}"),
            )
        })
    }
}

impl From<resil_core::WordError> for Misfit {
    fn from(error: resil_core::WordError) -> Self {
        let words = error.words();
        let text = error.to_string();
        let rest = words.first().and_then(|word| text.strip_prefix(word));
        let is_of_missing = matches!(error, resil_core::WordError::Needs(..));
        let text = match rest.and_then(|rest| rest.strip_prefix(if is_of_missing { " " } else { ": " })) {
            Some(rest) => rest.into(),
            None => text,
        };
        Self { words, text, is_of_missing }
    }
}

/// How a section of the pattern `P` is read.
pub(crate) const fn words<P: Vocabulary>() -> section::Words {
    section::Words {
        known: decode::words_of::<P::Partial>,
        read: section::read::<P>,
        same: P::RIVALS,
        misleading: P::DOUBTFUL,
        #[cfg(feature = "schema")]
        schema: crate::schema::of::<P::Partial>,
    }
}

/// A duration as files write it.
#[cfg(any(feature = "breaker", feature = "shutdown", feature = "heartbeat", feature = "watchdog"))]
pub(crate) fn shown(span: &std::time::Duration) -> String {
    resil_core::duration::Text(*span).to_string()
}
