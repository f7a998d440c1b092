//! Durations as files write them: a number of seconds, a text such as `500ms`, `30s` or `1h 30m`, or `{ secs, nanos }`.
//!
//! They are written as such a text. For authors of policies; with feature `serde`.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use std::time::Duration;
//!
//! #[derive(Serialize, Deserialize)]
//! struct Settings {
//!     #[serde(with = "resil_core::duration")]
//!     timeout: Duration,
//! }
//!
//! for text in [r#"{"timeout":90}"#, r#"{"timeout":90.0}"#, r#"{"timeout":"1m 30s"}"#, r#"{"timeout":{"secs":90}}"#] {
//!     let settings: Settings = serde_json::from_str(text)?;
//!     assert_eq!(settings.timeout, Duration::from_secs(90));
//!     assert_eq!(serde_json::to_string(&settings)?, r#"{"timeout":"1m 30s"}"#);
//! }
//! # Ok::<_, serde_json::Error>(())
//! ```

use std::fmt;
use std::time::Duration;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A duration in this form by itself, for lists and maps of them.
///
/// ```
/// use resil_core::duration::Text;
/// let steps: Vec<Text> = serde_json::from_str(r#"["100ms", 2.5]"#)?;
/// assert_eq!(steps[1].0.as_millis(), 2_500);
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(pub Duration);

/// A duration, or none: the texts `none`, `never` and `unlimited`, the first of which is written.
///
/// So a file can take away a limit that another one sets.
///
/// ```
/// use resil_core::duration::OrNone;
/// assert_eq!(serde_json::from_str::<OrNone>(r#""never""#)?, OrNone(None));
/// assert_eq!(serde_json::to_string(&OrNone(None))?, r#""none""#);
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrNone(pub Option<Duration>);

const NONE: [&str; 3] = ["none", "never", "unlimited"];

/// Writes a duration as text.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    Text(*duration).serialize(serializer)
}

/// Reads a duration in any of its forms.
///
/// # Errors
/// For what is none of the forms, negative, not finite or too long, with what was written.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Text::deserialize(deserializer).map(|text| text.0)
}

/// Reads a text as a duration: a number of seconds, or numbers with units.
///
/// ```
/// assert!(resil_core::duration::parse("250ms").is_ok());
/// let error = resil_core::duration::parse("-1s").unwrap_err();
/// assert_eq!(error, r#""-1s" is no duration: it is negative"#);
/// ```
///
/// # Errors
/// A text that says what is wrong, with what was written.
pub fn parse(text: &str) -> Result<Duration, String> {
    let trimmed = text.trim();
    let refused = |why: &str| format!("{} is no duration: {why}", brief(text));
    if let Ok(seconds) = trimmed.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    if trimmed.starts_with('-') {
        return Err(refused("it is negative"));
    }
    match trimmed.parse::<f64>() {
        Ok(seconds) if trimmed.starts_with(|first: char| first.is_ascii_digit() || first == '.') => {
            of_seconds(seconds)
        }
        _ => humantime::parse_duration(trimmed).map_err(|error| match error {
            humantime::DurationError::NumberOverflow => refused("it is too long, or finer than a nanosecond"),
            humantime::DurationError::UnknownUnit { unit, .. } if !unit.is_empty() => {
                refused(&format!("no unit is called {}", brief(&unit)))
            }
            _ => refused("write a number of seconds, or for example 500ms, 30s, 5m"),
        }),
    }
}

/// As much of a text as an error can tell.
fn brief(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}...", &text[..end]),
    }
}

fn of_seconds(seconds: f64) -> Result<Duration, String> {
    Duration::try_from_secs_f64(seconds).map_err(|_| {
        let why = if seconds.is_nan() || seconds.is_infinite() {
            "it is not finite"
        } else if seconds < 0.0 {
            "it is negative"
        } else {
            "it is too long"
        };
        format!("{seconds:?} is no duration: {why}")
    })
}

struct Forms;

impl<'de> Visitor<'de> for Forms {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration: a number of seconds, a text such as \"500ms\", \"30s\" or \"5m\", or { secs, nanos }")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Duration, E> {
        Ok(Duration::from_secs(seconds))
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Duration, E> {
        match seconds.try_into() {
            Ok(seconds) => self.visit_u64(seconds),
            Err(_) => Err(E::custom(format_args!("{seconds} is no duration: it is negative"))),
        }
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Duration, E> {
        of_seconds(seconds).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        parse(text).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Duration, A::Error> {
        const BILLION: u32 = 1_000_000_000;
        let Parts { secs, nanos } = Parts::deserialize(MapAccessDeserializer::new(map))?;
        if nanos >= BILLION {
            return Err(A::Error::custom(format_args!("{nanos} nanos are a second or more")));
        }
        Ok(Duration::new(secs, nanos))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    secs: u64,
    #[serde(default)]
    nanos: u32,
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Forms).map(Self)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

struct FormsOrNone;

impl<'de> Visitor<'de> for FormsOrNone {
    type Value = Option<Duration>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Forms.expecting(f)?;
        f.write_str(", or none")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Self::Value, E> {
        Forms.visit_u64(seconds).map(Some)
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Self::Value, E> {
        Forms.visit_i64(seconds).map(Some)
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Self::Value, E> {
        Forms.visit_f64(seconds).map(Some)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if NONE.iter().any(|word| word.eq_ignore_ascii_case(text.trim())) {
            return Ok(None);
        }
        Forms.visit_str(text).map(Some)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Forms.visit_map(map).map(Some)
    }
}

impl<'de> Deserialize<'de> for OrNone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FormsOrNone).map(Self)
    }
}

impl Serialize for OrNone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for OrNone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(duration) => Text(duration).fmt(f),
            None => f.write_str(NONE[0]),
        }
    }
}

/// The same for what may be left unsaid: `#[serde(with = "resil_core::duration::option")]`, together with `#[serde(default)]`.
pub mod option {
    use super::{Deserialize, Deserializer, Duration, Serialize, Serializer, Text};

    /// Writes a duration as text, or nothing.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        duration.map(Text).serialize(serializer)
    }

    /// Reads a duration in any of its forms, or null.
    ///
    /// # Errors
    /// As [`deserialize`](super::deserialize).
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Option::<Text>::deserialize(deserializer).map(|text| text.map(|text| text.0))
    }
}

#[cfg(feature = "schema")]
mod schema;

#[cfg(test)]
mod tests;
