use std::fmt;

use serde_core::de::DeserializeOwned;
use serde_core::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::HeartbeatError;

/// What a beat carries for those who know what to do with it: keys, and values of any form that JSON has.
///
/// ```
/// use resil_heartbeat::Metadata;
///
/// let mut metadata = Metadata::new();
/// metadata.insert("version", "1.4")?;
/// metadata.insert("ports", [8080, 8081])?;
/// assert_eq!(metadata.get::<String>("version").as_deref(), Some("1.4"));
/// assert_eq!(metadata.get::<Vec<u16>>("ports"), Some(vec![8080, 8081]));
/// assert_eq!(metadata.to_string(), r#"{"ports":[8080,8081],"version":"1.4"}"#);
/// # Ok::<_, resil_heartbeat::HeartbeatError>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Metadata(Map<String, Value>);

/// How long all of it may be as JSON, so that a file with it stays within what readers read.
const LIMIT: usize = 24 * 1_024;

/// How deep a value may be nested: readers give up at 128 levels, two of which are the file's own, and other languages have their limits.
const LEVELS: usize = 100;

impl Metadata {
    /// None at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key, in place of what it was; an error if the value has no form in JSON, if it is nested more than 100 levels deep, or if
    /// all of it becomes longer than 24 KiB as JSON. Then nothing has changed.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Serialize) -> Result<(), HeartbeatError> {
        let key = key.into();
        let value = Self::value(&key, value)?;
        self.insert_value(key, value)
    }

    /// A value as JSON. It runs the value's own code.
    pub(crate) fn value(key: &str, value: impl Serialize) -> Result<Value, HeartbeatError> {
        let value = serde_json::to_value(value).map_err(|error| refused(key, error.to_string()))?;
        check_depth(&value).map(|()| value).map_err(|why| refused(key, why))
    }

    pub(crate) fn insert_value(&mut self, key: String, value: Value) -> Result<(), HeartbeatError> {
        let former = self.0.insert(key.clone(), value);
        let length = self.to_string().len();
        if length <= LIMIT {
            return Ok(());
        }
        let error = refused(&key, too_long(length));
        match former {
            Some(former) => _ = self.0.insert(key, former),
            None => _ = self.0.remove(&key),
        }
        Err(error)
    }

    /// Takes a key away; whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        self.0.remove(key).is_some()
    }

    /// The value of a key, if it is there and is a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        T::deserialize(self.0.get(key)?).ok()
    }

    /// The keys, in alphabetical order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys and their values.
    #[cfg(feature = "serde")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }

    /// Whether it is short and flat enough: it may have been read.
    #[cfg(feature = "serde")]
    pub(crate) fn check(&self) -> Result<(), String> {
        self.0.values().try_for_each(check_depth)?;
        let length = self.to_string().len();
        if length <= LIMIT { Ok(()) } else { Err(too_long(length)) }
    }

    /// What is no object holds no key.
    pub(crate) fn from_json(value: Value) -> Self {
        match value {
            Value::Object(map) => Self(map),
            _ => Self::default(),
        }
    }
}

fn too_long(length: usize) -> String {
    format!("all metadata would have {length} bytes, more than {LIMIT}")
}

fn check_depth(value: &Value) -> Result<(), String> {
    if is_within(LEVELS, value) {
        Ok(())
    } else {
        Err(format!("it is nested more than {LEVELS} levels deep"))
    }
}

/// Whether a value has no more levels of lists and maps than that.
fn is_within(levels: usize, value: &Value) -> bool {
    let is_inside = |inner: &Value| is_within(levels - 1, inner);
    match value {
        Value::Array(list) => levels > 0 && list.iter().all(is_inside),
        Value::Object(map) => levels > 0 && map.values().all(is_inside),
        _ => true,
    }
}

fn refused(key: &str, why: String) -> HeartbeatError {
    HeartbeatError::Metadata { key: key.chars().take(64).collect(), why }
}

impl fmt::Display for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Maps of JSON values always have a text.
        f.write_str(&serde_json::to_string(&self.0).unwrap_or_default())
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self)
    }
}
