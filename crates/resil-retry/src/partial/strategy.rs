use std::fmt;
use std::time::Duration;

use resil_core::duration;
use resil_core::duration::OrNone;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How waits grow, as a file says it: one word, of which capitals, `_` and `-` make no other.
///
/// ```
/// use resil_retry::Strategy;
/// assert_eq!(serde_json::from_str::<Strategy>(r#""Constant""#)?, Strategy::Fixed);
/// assert_eq!(serde_json::to_string(&Strategy::Fixed)?, r#""fixed""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strategy {
    /// [`Backoff::fixed`](crate::Backoff::fixed): `fixed`, also `constant`.
    Fixed,
    /// [`Backoff::linear`](crate::Backoff::linear): `linear`.
    Linear,
    /// [`Backoff::exponential`](crate::Backoff::exponential): `exponential`.
    Exponential,
    /// The same with [`Jitter::Full`](crate::Jitter::Full) unless a jitter is said: `exponential_with_jitter`.
    ExponentialWithJitter,
    /// [`Backoff::fibonacci`](crate::Backoff::fibonacci): `fibonacci`.
    Fibonacci,
    /// [`Backoff::decorrelated`](crate::Backoff::decorrelated): `decorrelated`.
    Decorrelated,
}

impl Strategy {
    const ALL: [Self; 6] = [
        Self::Fixed,
        Self::Linear,
        Self::Exponential,
        Self::ExponentialWithJitter,
        Self::Fibonacci,
        Self::Decorrelated,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Linear => "linear",
            Self::Exponential => "exponential",
            Self::ExponentialWithJitter => "exponential_with_jitter",
            Self::Fibonacci => "fibonacci",
            Self::Decorrelated => "decorrelated",
        }
    }

    fn of(word: &str) -> Option<Self> {
        let plain = |word: &str| word.trim().replace(['_', '-', ' '], "").to_ascii_lowercase();
        let word = plain(word);
        let found = Self::ALL.into_iter().find(|strategy| plain(strategy.word()) == word);
        found.or((word == "constant").then_some(Self::Fixed))
    }
}

const WORDS: &str = "fixed, linear, exponential, exponential_with_jitter, fibonacci or decorrelated";

/// What a file says of a plan in the word `backoff`: a [`Strategy`], or a map of `type`, `initial`, `max` and `multiplier`.
///
/// ```
/// use resil_retry::{PartialBackoff, Strategy};
/// let said: PartialBackoff = serde_json::from_str(r#"{ "type": "linear", "initial": "50ms" }"#)?;
/// assert_eq!(said.strategy, Some(Strategy::Linear));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PartialBackoff {
    /// The kind.
    pub strategy: Option<Strategy>,
    /// The first wait.
    pub initial: Option<Duration>,
    /// What no wait exceeds.
    pub max: Option<OrNone>,
    /// By how much an exponential wait grows.
    pub multiplier: Option<f64>,
}

/// The form of a map.
#[derive(Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
struct Map {
    /// `fixed`, `linear`, `exponential`, `exponential_with_jitter`, `fibonacci` or `decorrelated`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    strategy: Option<Strategy>,
    /// The first wait: 0 to 100 years.
    #[serde(alias = "initial_delay", alias = "base")]
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    initial: Option<Duration>,
    /// What no wait exceeds: `initial` to 100 years, or `none`.
    #[serde(alias = "max_delay", skip_serializing_if = "Option::is_none")]
    max: Option<OrNone>,
    /// By how much an exponential wait grows: 1.0 to 1,000.0.
    #[serde(alias = "factor", skip_serializing_if = "Option::is_none")]
    multiplier: Option<f64>,
}

struct Word;

impl Visitor<'_> for Word {
    type Value = Strategy;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(WORDS)
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Strategy, E> {
        Strategy::of(word).ok_or_else(|| E::invalid_value(Unexpected::Str(word), &self))
    }
}

impl<'de> Deserialize<'de> for Strategy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Word)
    }
}

impl Serialize for Strategy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

struct WordOrMap;

impl<'de> Visitor<'de> for WordOrMap {
    type Value = PartialBackoff;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{WORDS}, or {{ type, initial, max, multiplier }}")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<PartialBackoff, E> {
        let strategy = Word.visit_str(word)?;
        Ok(PartialBackoff { strategy: Some(strategy), ..PartialBackoff::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<PartialBackoff, A::Error> {
        let Map { strategy, initial, max, multiplier } = Map::deserialize(MapAccessDeserializer::new(map))?;
        Ok(PartialBackoff { strategy, initial, max, multiplier })
    }
}

impl<'de> Deserialize<'de> for PartialBackoff {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordOrMap)
    }
}

/// As a word, if it is no more than that.
impl Serialize for PartialBackoff {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { strategy, initial, max, multiplier } = *self;
        match strategy {
            Some(strategy) if *self == (Self { strategy: Some(strategy), ..Self::default() }) => {
                strategy.serialize(serializer)
            }
            _ => Map { strategy, initial, max, multiplier }.serialize(serializer),
        }
    }
}

#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{Map, PartialBackoff, Strategy};

    impl JsonSchema for Strategy {
        fn schema_name() -> Cow<'static, str> {
            "Strategy".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            let words = Self::ALL.map(Self::word);
            // Others are read too; these are what an editor offers.
            json_schema!({ "anyOf": [{ "enum": words }, { "type": "string", "pattern": "^[A-Za-z _-]+$" }] })
        }
    }

    impl JsonSchema for PartialBackoff {
        fn schema_name() -> Cow<'static, str> {
            "Backoff".into()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            let (word, map) = (generator.subschema_for::<Strategy>(), Map::json_schema(generator));
            json_schema!({ "anyOf": [word, map] })
        }
    }
}
