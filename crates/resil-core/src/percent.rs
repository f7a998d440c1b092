//! Percentages as files write them: `50%` or `0.5`.
//!
//! They are written as `50%`. For authors of policies; with feature `serde`.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Settings {
//!     #[serde(with = "resil_core::percent")]
//!     failure_rate: u8,
//! }
//!
//! let settings: Settings = serde_json::from_str(r#"{"failure_rate":0.5}"#)?;
//! assert_eq!(settings.failure_rate, 50);
//! assert_eq!(serde_json::to_string(&settings)?, r#"{"failure_rate":"50%"}"#);
//!
//! let error = serde_json::from_str::<Settings>(r#"{"failure_rate":50}"#).err().unwrap();
//! assert!(error.to_string().starts_with("50 is more than the whole: write 50% or 0.5"));
//! # Ok::<_, serde_json::Error>(())
//! ```

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Whole percents, 0 to 100, by themselves.
///
/// ```
/// use resil_core::percent::Text;
/// assert_eq!(serde_json::from_str::<Text>(r#""20%""#)?, Text(20));
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(pub u8);

/// A share from 0.0 to 1.0 that may be any fraction: read in the same forms, written as a number.
///
/// ```
/// use resil_core::percent::Share;
/// assert_eq!(serde_json::from_str::<Share>(r#""12.5%""#)?, Share(0.125));
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Share(pub f64);

/// Writes whole percents.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(percent: &u8, serializer: S) -> Result<S::Ok, S::Error> {
    Text(*percent).serialize(serializer)
}

/// Reads whole percents in any of their forms.
///
/// # Errors
/// For what is none of the forms, negative, more than the whole or not a whole number of percents, with what was written.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    Text::deserialize(deserializer).map(|text| text.0)
}

/// Percents, as a fraction of one and as they were written.
fn share<E: Error>(share: f64, written: &dyn fmt::Display) -> Result<Share, E> {
    if (0.0..=1.0).contains(&share) {
        return Ok(Share(share));
    }
    let why = if share.is_nan() {
        "is no share"
    } else if share < 0.0 {
        "is negative"
    } else {
        "is more than the whole"
    };
    Err(E::custom(format_args!("{written} {why}: write a share from 0% to 100%, or from 0.0 to 1.0")))
}

struct Forms;

impl Visitor<'_> for Forms {
    type Value = Share;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a share such as 50% or 0.5")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Share, E> {
        match number {
            0 | 1 => Ok(Share(if number == 0 { 0.0 } else { 1.0 })),
            2..=100 => {
                let share = f64::from(u8::try_from(number).unwrap_or(100)) / 100.0;
                Err(E::custom(format_args!("{number} is more than the whole: write {number}% or {share:?}")))
            }
            _ => share(f64::INFINITY, &number),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Share, E> {
        match number.try_into() {
            Ok(number) => self.visit_u64(number),
            Err(_) => share(f64::NEG_INFINITY, &number),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Share, E> {
        if number > 1.0 && number <= 100.0 {
            let share = number / 100.0;
            return Err(E::custom(format_args!(
                "{number:?} is more than the whole: write {number}% or {share:?}"
            )));
        }
        share(number, &format_args!("{number:?}"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Share, E> {
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| !number.is_nan());
        let trimmed = text.trim();
        match trimmed.strip_suffix('%') {
            Some(percent) => match number(percent) {
                Some(percent) => share(percent / 100.0, &trimmed),
                None => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
            },
            None => match number(trimmed) {
                Some(number) => self.visit_f64(number),
                None => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
            },
        }
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Forms)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Share(share) = Share::deserialize(deserializer)?;
        let percent = (share * 100.0).round();
        if (share * 100.0 - percent).abs() > 1e-9 {
            let percent = share * 100.0;
            return Err(D::Error::custom(format_args!("{percent}% is not a whole number of percents")));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 100")]
        Ok(Self(percent as u8))
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

/// The same for what may be left unsaid: `#[serde(with = "resil_core::percent::option")]`, together with `#[serde(default)]`.
pub mod option {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Text};

    /// Writes whole percents, or nothing.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(percent: &Option<u8>, serializer: S) -> Result<S::Ok, S::Error> {
        percent.map(Text).serialize(serializer)
    }

    /// Reads whole percents in any of their forms, or null.
    ///
    /// # Errors
    /// As [`deserialize`](super::deserialize).
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
        Option::<Text>::deserialize(deserializer).map(|text| text.map(|text| text.0))
    }
}

#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{Share, Text};

    impl JsonSchema for Text {
        fn schema_name() -> Cow<'static, str> {
            "Percent".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "anyOf": [
                { "type": "number", "minimum": 0, "maximum": 1 },
                { "type": "string", "pattern": r"^\s*(100|[0-9]{1,2})\s*%\s*$", "examples": ["50%"] },
            ] })
        }
    }

    impl JsonSchema for Share {
        fn schema_name() -> Cow<'static, str> {
            "Share".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "anyOf": [
                { "type": "number", "minimum": 0, "maximum": 1 },
                { "type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*%\s*$", "examples": ["20%"] },
            ] })
        }
    }
}

#[cfg(test)]
mod tests;
