use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// The name of a policy, as it stands in its errors, events and logs. Copying it copies a pointer.
///
/// ```
/// use resil_core::Name;
///
/// const PAYMENTS: Name = Name::new("payments");
/// assert_eq!(PAYMENTS.to_string(), "payments");
/// assert_eq!(Name::UNNAMED.to_string(), "unnamed");
/// assert_eq!(Name::intern(&format!("pay{}", "ments")), Ok(PAYMENTS));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name(Option<&'static str>);

/// How many different names [`Name::intern`] keeps, as they are kept for ever.
const MAX_INTERNED: usize = 4_096;

static INTERNED: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);

impl Name {
    /// The name of what has none; it reads "unnamed".
    pub const UNNAMED: Self = Self(None);

    /// A name that is known at compile time.
    pub const fn new(name: &'static str) -> Self {
        Self(Some(name))
    }

    /// A name that comes from configuration; equal texts share one copy, which is kept for the rest of the process.
    ///
    /// # Errors
    /// [`NamesFull`] when 4,096 other names are kept already: names are for policies, not for users or requests.
    pub fn intern(name: &str) -> Result<Self, NamesFull> {
        let mut interned = INTERNED.lock().unwrap_or_else(PoisonError::into_inner);
        let names = interned.get_or_insert_default();
        if let Some(known) = names.get(name) {
            return Ok(Self(Some(known)));
        }
        if names.len() >= MAX_INTERNED {
            return Err(NamesFull { refused: name.to_owned() });
        }
        let kept: &'static str = Box::leak(name.into());
        names.insert(kept);
        Ok(Self(Some(kept)))
    }

    /// The name's text, "unnamed" for [`Name::UNNAMED`].
    pub const fn as_str(self) -> &'static str {
        match self.0 {
            Some(name) => name,
            None => "unnamed",
        }
    }
}

impl From<&'static str> for Name {
    fn from(name: &'static str) -> Self {
        Self::new(name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => fmt::Debug::fmt(name, f),
            None => f.write_str("unnamed"),
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Name {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// The error of [`Name::intern`]: the table of names is full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamesFull {
    refused: String,
}

impl fmt::Display for NamesFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot keep the name {:?}: all {MAX_INTERNED} names of this process are taken",
            self.refused
        )
    }
}

impl std::error::Error for NamesFull {}
