use std::fmt;
use std::time::Duration;

/// A setting that is out of its range: which one, its value and the range.
///
/// ```
/// use resil_core::{OutOfRange, Setting, Value, setting};
///
/// const BURST: &Setting = &setting!("burst", "1 or more");
///
/// let error = OutOfRange::new(BURST, Value::Count(0));
/// assert_eq!(error.field(), "burst");
/// assert_eq!(error.to_string(), "burst: 0 is out of range, allowed is 1 or more");
/// ```
#[derive(Clone, Copy, PartialEq)]
pub struct OutOfRange {
    setting: &'static Setting,
    value: Value,
}

/// The name and the range of a setting; made by [`setting!`](crate::setting), for authors of policies.
///
/// ```
/// use resil_core::{Setting, setting};
/// const BURST: &Setting = &setting!("burst", "1 or more");
/// # let _ = BURST;
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    name: &'static str,
    range: &'static str,
    complaint: &'static str,
}

/// The value of a setting, as errors tell it; for authors of policies.
///
/// ```
/// use resil_core::Value;
/// use std::time::Duration;
/// assert_eq!(Value::Rate(5, Duration::from_secs(1)).to_string(), "5 per 1s");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// How many.
    Count(u64),
    /// How many of a hundred.
    Percent(u8),
    /// How long.
    Span(Duration),
    /// A fraction.
    Number(f64),
    /// How many per how long.
    Rate(u32, Duration),
}

impl Setting {
    /// What [`setting!`](crate::setting) calls, with the text that joins name and range.
    #[doc(hidden)]
    pub const fn new(name: &'static str, range: &'static str, complaint: &'static str) -> Self {
        Self { name, range, complaint }
    }
}

/// The [`Setting`](crate::Setting) of a name and a range, both literals.
#[macro_export]
macro_rules! setting {
    ($name:literal, $range:literal) => {
        $crate::Setting::new($name, $range, concat!($name, " is out of range, allowed is ", $range))
    };
}

impl OutOfRange {
    /// The error that `setting` has this `value`.
    pub const fn new(setting: &'static Setting, value: Value) -> Self {
        Self { setting, value }
    }

    /// The setting's name, as it is spelled in configuration files.
    pub const fn field(&self) -> &'static str {
        self.setting.name
    }

    /// Its value.
    pub const fn value(&self) -> Value {
        self.value
    }

    /// The range that is allowed, as a text.
    pub const fn allowed(&self) -> &'static str {
        self.setting.range
    }

    /// Whether it is this setting that is out of its range.
    pub fn is_about(&self, setting: &Setting) -> bool {
        self.setting == setting
    }

    /// Field and range, without the value: for panics in const evaluation, which cannot format one.
    pub const fn complaint(&self) -> &'static str {
        self.setting.complaint
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Span(span) => write!(f, "{span:?}"),
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Rate(permits, period) => write!(f, "{permits} per {period:?}"),
        }
    }
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} is out of range, allowed is {}", self.field(), self.value, self.allowed())
    }
}

impl fmt::Debug for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OutOfRange({self})")
    }
}

impl std::error::Error for OutOfRange {}
