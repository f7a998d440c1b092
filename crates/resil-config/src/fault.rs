use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use crate::source::Mark;
use crate::suggest;
use crate::text;

/// Why a value does not fit, and where in it.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The innermost place that is known.
    pub(crate) mark: Option<Mark>,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// There is no such word; these there are.
    Unknown(String, &'static [&'static str]),
    /// A value of another type than this.
    Type(String),
    Other(String),
}

impl Fault {
    /// The same fault, at this place if none is known that is more exact.
    pub(crate) fn at(mut self, mark: Mark) -> Self {
        self.mark.get_or_insert(mark);
        self
    }

    /// What is wrong, as a sentence about `value`.
    pub(crate) fn about(&self, value: &str) -> String {
        match &self.kind {
            Kind::Unknown(word, known) => {
                let hint = text::missing_space_in(word)
                    .unwrap_or_else(|| suggest::hint(word, known.iter().copied()));
                // With a place, it is a word within the value.
                match self.mark {
                    Some(_) => format!("`{word}` is not a part of it; {hint}"),
                    None => format!("is not a setting; {hint}"),
                }
            }
            Kind::Type(wanted) => format!("{value} does not fit, wanted is {wanted}"),
            Kind::Other(text) => text.clone(),
        }
    }
}

/// What is wanted, in words for those who write files.
fn wanted(expected: &dyn Expected) -> String {
    let expected = expected.to_string();
    match expected.as_str() {
        "u8" => "a whole number from 0 to 255".into(),
        "u16" => "a whole number from 0 to 65535".into(),
        "u32" => "a whole number from 0 to 4294967295".into(),
        "u64" | "usize" => "a whole number from 0".into(),
        "i64" | "i32" => "a whole number".into(),
        "f64" | "f32" => "a number".into(),
        "a boolean" => "true or false".into(),
        "a string" | "path string" => "a text".into(),
        "a sequence" => "a list".into(),
        "a map" => "a mapping".into(),
        _ => expected,
    }
}

impl Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { mark: None, kind: Kind::Other(message.to_string()) }
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self { mark: None, kind: Kind::Type(wanted(expected)) }
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self { mark: None, kind: Kind::Type(wanted(expected)) }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self { mark: None, kind: Kind::Unknown(field.into(), expected) }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let hint = suggest::hint(variant, expected.iter().copied());
        Self { mark: None, kind: Kind::Other(format!("`{variant}` is none of the words for it; {hint}")) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.about("the value"))
    }
}

impl std::error::Error for Fault {}
