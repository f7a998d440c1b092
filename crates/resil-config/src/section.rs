use serde::Serialize;

use crate::decode;
use crate::fault::Fault;
use crate::node::Node;
use crate::patterns::Vocabulary;
use crate::yaml::{self, Tree};

/// A part of the file: the settings of one pattern.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) name: &'static str,
    /// The feature that compiles the pattern in.
    pub(crate) feature: &'static str,
    /// Whether there may be several, by name.
    pub(crate) has_instances: bool,
    /// `None` if the pattern is not compiled in.
    pub(crate) words: Option<Words>,
}

/// Canonical words with their values.
pub(crate) type Said = Vec<(String, Tree)>;

/// The words of a section.
#[derive(Debug)]
pub(crate) struct Words {
    /// All of them, other spellings included.
    pub(crate) known: fn() -> &'static [&'static str],
    /// The canonical words and values of what one word says.
    pub(crate) read: fn(&str, &Node) -> Result<Said, Fault>,
    /// Words that say the same setting in another way, each with the one under which it is kept.
    pub(crate) same: &'static [(&'static str, &'static str)],
    /// Words that are also taken, though they are misleading, each with what is better.
    pub(crate) misleading: &'static [(&'static str, &'static str)],
    #[cfg(feature = "schema")]
    pub(crate) schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

impl Words {
    /// The setting that a canonical word is about.
    pub(crate) fn setting<'a>(&self, word: &'a str) -> &'a str {
        self.same.iter().find(|(other, _)| *other == word).map_or(word, |(_, setting)| setting)
    }
}

/// What `word` says, in the canonical words of the pattern `P`.
pub(crate) fn read<P: Vocabulary>(word: &str, value: &Node) -> Result<Said, Fault> {
    let partial: P::Partial = decode::from_words([(word, value)].into_iter())?;
    said_by(&partial).map(P::flat)
}

/// The words that `partial` says.
pub(crate) fn said_by(partial: &impl Serialize) -> Result<Said, Fault> {
    let Tree::Map(entries) = yaml::tree_of(partial).map_err(serde::de::Error::custom)? else {
        return Ok(Vec::new());
    };
    let word = |(key, value)| match (key, value) {
        (Tree::Text(word), value) if value != Tree::Null => Some((word, value)),
        _ => None,
    };
    Ok(entries.into_iter().filter_map(word).collect())
}

macro_rules! section {
    ($name:literal, $feature:literal, $has_instances:literal, $pattern:ident) => {
        Section {
            name: $name,
            feature: $feature,
            has_instances: $has_instances,
            #[cfg(feature = $feature)]
            words: Some(crate::patterns::words::<crate::patterns::$pattern>()),
            #[cfg(not(feature = $feature))]
            words: None,
        }
    };
}

/// All of them, in the order in which they are told.
pub(crate) static SECTIONS: [Section; 7] = [
    section!("circuit_breaker", "breaker", true, Breaker),
    section!("rate_limiter", "ratelimit", true, Limiter),
    section!("retry", "retry", true, Retries),
    section!("timeout", "timeout", true, Timeouts),
    section!("shutdown", "shutdown", false, Shutdown),
    section!("heartbeat", "heartbeat", false, Heartbeat),
    section!("watchdog", "watchdog", false, Watchdog),
];

/// The section of this name.
pub(crate) fn named(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}
