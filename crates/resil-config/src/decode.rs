//! Nodes as what serde decodes from. Scalars mean here what they mean to YAML's own decoder.

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::fault::Fault;
use crate::node::{Node, Scalar, Value};

/// A value of the type of `P` that says what `words` say.
pub(crate) fn from_words<'a, P: DeserializeOwned>(
    words: impl Iterator<Item = (&'a str, &'a Node)>,
) -> Result<P, Fault> {
    P::deserialize(Words { rest: words })
}

/// The words that the struct `P` knows, other spellings included.
pub(crate) fn words_of<P: DeserializeOwned>() -> &'static [&'static str] {
    let probe = Node::of(crate::yaml::Tree::Null, crate::source::Mark::default());
    // No setting has this name, so the answer names all that there are.
    match from_words::<P>([("\0", &probe)].into_iter()) {
        Err(Fault { kind: crate::fault::Kind::Unknown(_, known), .. }) => known,
        _ => &[],
    }
}

/// Words and their values, from wherever they come together.
struct Words<I> {
    rest: I,
}

impl<'a, 'de, I: Iterator<Item = (&'a str, &'a Node)>> Deserializer<'de> for Words<I> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(Entries { rest: self.rest, value: None })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Entries<'a, I> {
    rest: I,
    value: Option<&'a Node>,
}

impl<'a, 'de, I: Iterator<Item = (&'a str, &'a Node)>> MapAccess<'de> for Entries<'a, I> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((word, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        let word: StrDeserializer<'_, Fault> = word.into_deserializer();
        seed.deserialize(word).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let value =
            self.value.take().ok_or_else(|| Fault::custom("a value was asked for without its key"))?;
        seed.deserialize(value)
    }
}

impl Node {
    fn mistaken<'de, V: Visitor<'de>>(&self, visitor: &V) -> Fault {
        let found = match &self.value {
            Value::Scalar(text, _) => Unexpected::Str(text),
            Value::List(_) => Unexpected::Seq,
            Value::Map(_) => Unexpected::Map,
            Value::Tagged(_) => Unexpected::Enum,
        };
        Fault::invalid_type(found, visitor)
    }

    fn visited<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Fault> {
        match &self.value {
            Value::Scalar(_, Scalar::Null) => visitor.visit_unit(),
            Value::Scalar(_, Scalar::Bool(value)) => visitor.visit_bool(*value),
            Value::Scalar(_, Scalar::Int(value)) => visitor.visit_i64(*value),
            Value::Scalar(_, Scalar::Unsigned(value)) => visitor.visit_u64(*value),
            Value::Scalar(_, Scalar::Float(value)) => visitor.visit_f64(*value),
            Value::Scalar(text, Scalar::Text) => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(Items { rest: items.iter() }),
            Value::Map(entries) => visitor.visit_map(Pairs { rest: entries.iter(), value: None }),
            Value::Tagged(_) => Err(Fault::custom("a value with a tag means nothing here")),
        }
    }
}

impl<'de> Deserializer<'de> for &Node {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.visited(visitor).map_err(|fault| fault.at(self.mark))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
            .map_err(|fault| fault.at(self.mark))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.value {
            // To who wants a text, `1.10` is one, and not a number that has lost its zero.
            Value::Scalar(text, _) => visitor.visit_str(text),
            _ => Err(self.mistaken(&visitor)),
        }
        .map_err(|fault| fault.at(self.mark))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.value {
            // To who wants a number with a fraction, `-0` is one, and keeps its sign.
            Value::Scalar(text, Scalar::Int(_) | Scalar::Unsigned(_)) => match text.parse() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => Err(self.mistaken(&visitor)),
            },
            _ => self.visited(visitor),
        }
        .map_err(|fault| fault.at(self.mark))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self).map_err(|fault| fault.at(self.mark))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.value {
            Value::Scalar(text, kind) if *kind != Scalar::Null => {
                visitor.visit_enum(text.as_str().into_deserializer())
            }
            _ => Err(self.mistaken(&visitor)),
        }
        .map_err(|fault: Fault| fault.at(self.mark))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 char bytes byte_buf unit unit_struct seq tuple tuple_struct
        map struct ignored_any
    }
}

struct Items<'a> {
    rest: std::slice::Iter<'a, Node>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        self.rest.next().map(|item| seed.deserialize(item)).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Pairs<'a> {
    rest: std::slice::Iter<'a, (Node, Node)>,
    value: Option<&'a Node>,
}

impl<'de> MapAccess<'de> for Pairs<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(key).map(Some).map_err(|fault| fault.at(key.mark))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let value =
            self.value.take().ok_or_else(|| Fault::custom("a value was asked for without its key"))?;
        seed.deserialize(value)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}
