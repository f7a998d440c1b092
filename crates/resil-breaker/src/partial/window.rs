//! Windows as files write them: a whole number of calls, or a duration in text.

use std::fmt;
use std::time::Duration;

use resil_core::duration;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Window;

/// A window in this form.
pub(super) struct Text(Window);

struct Forms;

impl<'de> Visitor<'de> for Forms {
    type Value = Window;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a window: a whole number of calls, or a duration with its unit such as \"30s\"")
    }

    fn visit_u64<E: Error>(self, count: u64) -> Result<Window, E> {
        let too_many = |_| E::custom(format_args!("{count} is no window: it holds 1,000,000 calls at most"));
        count.try_into().map(Window::calls).map_err(too_many)
    }

    fn visit_i64<E: Error>(self, count: i64) -> Result<Window, E> {
        match count.try_into() {
            Ok(count) => self.visit_u64(count),
            Err(_) => Err(E::custom(format_args!("{count} is no window: it is negative"))),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Window, E> {
        let why = "write a whole number of calls, or a duration with its unit";
        Err(E::custom(format_args!("{number:?} is no window: {why}")))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Window, E> {
        match text.trim().parse() {
            Ok(count) => self.visit_u64(count),
            Err(_) => duration::parse(text).map(time).map_err(E::custom),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Window, A::Error> {
        duration::deserialize(MapAccessDeserializer::new(map)).map(time)
    }
}

fn time(span: Duration) -> Window {
    Window::time(span)
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Forms).map(Self)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Window::Calls(count) => serializer.serialize_u32(count),
            Window::Time { span, .. } => duration::serialize(&span, serializer),
        }
    }
}

#[expect(clippy::ref_option, reason = "serde's form")]
pub(super) fn serialize<S: Serializer>(window: &Option<Window>, serializer: S) -> Result<S::Ok, S::Error> {
    window.map(Text).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Window>, D::Error> {
    Option::<Text>::deserialize(deserializer).map(|text| text.map(|text| text.0))
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Text {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Window".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let calls = schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": 1_000_000 });
        let time = generator.subschema_for::<duration::Text>();
        schemars::json_schema!({ "anyOf": [calls, time] })
    }
}
