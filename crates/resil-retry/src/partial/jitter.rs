//! Jitter as files write it: a word, a truth value or a share.

use std::fmt;

use resil_core::percent::Share;
use serde::de::{Error, IntoDeserializer, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Jitter;

/// Jitter in this form.
pub(super) struct Text(Jitter);

struct Forms;

impl Forms {
    fn share<'de, E: Error>(number: impl IntoDeserializer<'de, E>) -> Result<Jitter, E> {
        Share::deserialize(number.into_deserializer()).map(|share| Jitter::Fraction(share.0))
    }
}

impl Visitor<'_> for Forms {
    type Value = Jitter;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("full, equal, none, true, false, or a share such as 0.2 or 20%")
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<Jitter, E> {
        Ok(if on { Jitter::Full } else { Jitter::None })
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Jitter, E> {
        Self::share(number)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Jitter, E> {
        Self::share(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Jitter, E> {
        Self::share(number)
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Jitter, E> {
        match word.trim().to_ascii_lowercase().as_str() {
            "full" => Ok(Jitter::Full),
            "equal" => Ok(Jitter::Equal),
            "none" => Ok(Jitter::None),
            other if other.starts_with(|first: char| first.is_ascii_digit()) => Self::share(word),
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(word), &self)),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Forms).map(Self)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Jitter::None => serializer.serialize_str("none"),
            Jitter::Full => serializer.serialize_str("full"),
            Jitter::Equal => serializer.serialize_str("equal"),
            Jitter::Fraction(share) => Share(share).serialize(serializer),
        }
    }
}

#[expect(clippy::ref_option, reason = "serde's form")]
pub(super) fn serialize<S: Serializer>(jitter: &Option<Jitter>, serializer: S) -> Result<S::Ok, S::Error> {
    jitter.map(Text).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Jitter>, D::Error> {
    Option::<Text>::deserialize(deserializer).map(|text| text.map(|text| text.0))
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Text {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Jitter".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let words = schemars::json_schema!({ "enum": ["full", "equal", "none", true, false] });
        let share = generator.subschema_for::<Share>();
        schemars::json_schema!({ "anyOf": [words, share] })
    }
}
