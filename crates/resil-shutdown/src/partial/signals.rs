//! Signals as files write them: a list of names, with or without `SIG`, in any case.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Signal, Signals};

/// One of them.
pub(super) struct Word(Signal);

const fn name(signal: Signal) -> &'static str {
    match signal {
        Signal::Terminate => "TERM",
        Signal::Interrupt => "INT",
        Signal::Hangup => "HUP",
        Signal::Quit => "QUIT",
    }
}

struct Names;

impl Visitor<'_> for Names {
    type Value = Signal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TERM, INT, HUP or QUIT")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Signal, E> {
        let upper = word.trim().to_ascii_uppercase();
        let plain = upper.strip_prefix("SIG").unwrap_or(&upper);
        let found = Signal::ALL.into_iter().find(|signal| name(*signal) == plain);
        found.ok_or_else(|| E::invalid_value(Unexpected::Str(word), &self))
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Names).map(Self)
    }
}

#[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
pub(super) fn serialize<S: Serializer>(signals: &Option<Signals>, serializer: S) -> Result<S::Ok, S::Error> {
    signals.map(|signals| signals.iter().map(name).collect::<Vec<_>>()).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Signals>, D::Error> {
    let words = Option::<Vec<Word>>::deserialize(deserializer)?;
    Ok(words.map(|words| Signals::of(&words.into_iter().map(|word| word.0).collect::<Vec<_>>())))
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Word {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Signal".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [
            { "enum": Signal::ALL.map(name) },
            { "type": "string", "pattern": "^(?:[sS][iI][gG])?(?:[tT][eE][rR][mM]|[iI][nN][tT]|[hH][uU][pP]|[qQ][uU][iI][tT])$" },
        ] })
    }
}
