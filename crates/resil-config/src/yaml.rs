//! The one file that knows which crate reads YAML: texts become trees, and nothing of the crate shows.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::source::Mark;
use crate::text::{self, Unreadable};

/// How many values a text may come to, those included that it repeats by aliases.
pub(crate) const MOST_VALUES: usize = 100_000;

/// How many bytes of text these may have in all.
const MOST_BYTES: usize = 8 << 20;

/// What a text says, by YAML's rules.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Int(i64),
    Unsigned(u64),
    Float(f64),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
    /// A value with a tag of its own, as `!name`.
    Tagged(Box<Tree>),
}

/// The tree of the only document in a text that [`text::checked`] let through; `None` if there is none.
pub(crate) fn read(text: &str) -> Result<Option<Tree>, Unreadable> {
    let room = Room { values: Cell::new(MOST_VALUES), bytes: Cell::new(MOST_BYTES) };
    let mut documents = serde_yaml::Deserializer::from_str(text);
    let Some(first) = documents.next() else { return Ok(None) };
    let tree = Seed(&room).deserialize(first).map_err(|error| unreadable(&error))?;
    match documents.next() {
        Some(_) => Err(Unreadable::new(Mark::default(), "has more than one document")),
        None => Ok(Some(tree)),
    }
}

/// The tree of anything that can be serialized.
pub(crate) fn tree_of(value: &(impl Serialize + ?Sized)) -> Result<Tree, String> {
    let room = Room { values: Cell::new(MOST_VALUES), bytes: Cell::new(MOST_BYTES) };
    let value = serde_yaml::to_value(value).map_err(|error| error.to_string())?;
    Seed(&room).deserialize(value).map_err(|error| error.to_string())
}

fn unreadable(error: &serde_yaml::Error) -> Unreadable {
    let mark = error.location().map_or(Mark::default(), |location| Mark {
        line: text::count(location.line()),
        column: text::count(location.column()),
    });
    let message = error.to_string();
    // The place is told apart from it.
    let reason = message.split(" at line ").next().unwrap_or_default();
    Unreadable::new(mark, format!("is not YAML: {reason}"))
}

/// What may still be decoded.
struct Room {
    values: Cell<usize>,
    bytes: Cell<usize>,
}

impl Room {
    fn take<E: serde::de::Error>(&self, values: usize, bytes: usize) -> Result<(), E> {
        let left = self.values.get().checked_sub(values).zip(self.bytes.get().checked_sub(bytes));
        let (values, bytes) = left.ok_or_else(|| E::custom("it comes to too many values"))?;
        self.values.set(values);
        self.bytes.set(bytes);
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Seed<'a>(&'a Room);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        self.0.take(1, 0)?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Unsigned(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "larger than any setting may be")]
    fn visit_i128<E>(self, value: i128) -> Result<Tree, E> {
        Ok(Tree::Float(value as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "larger than any setting may be")]
    fn visit_u128<E>(self, value: u128) -> Result<Tree, E> {
        Ok(Tree::Float(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Float(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Tree, E> {
        self.0.take(0, value.len())?;
        Ok(Tree::Text(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry_seed(self, self)? {
            entries.push(entry);
        }
        Ok(Tree::Map(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Tree, A::Error> {
        let (Tag, content) = tagged.variant()?;
        Ok(Tree::Tagged(Box::new(content.newtype_variant_seed(self)?)))
    }
}

/// A tag, whatever it is.
struct Tag;

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(serde::de::IgnoredAny).map(|_| Self)
    }
}

/// What a decoder makes of `text` that nothing of ours comes before.
#[cfg(test)]
pub(crate) fn straight<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_yaml::from_str(text).map_err(|error| error.to_string())
}
