use std::borrow::Cow;
use std::fmt;

/// What a reader says of a state file, for [`Watchdog::from_state_file`](crate::Watchdog::from_state_file).
///
/// Readers that answer with a `bool`, with a text, or with a `Result` of either need not name it. A text is taken for its first word:
/// `alive` and `stopped`, in any case, are what they are here, and any other text is the reason of an alarm.
///
/// ```
/// use resil_watchdog::Reading;
///
/// assert_eq!(Reading::from(true), Reading::Alive);
/// assert_eq!(Reading::from("alive, the last beat is 2s old"), Reading::Alive);
/// assert_eq!(Reading::from("Stopped"), Reading::Stopped);
/// assert_eq!(Reading::from("stale, 45s old"), Reading::Bad("stale, 45s old".into()));
/// assert_eq!(Reading::from(Err::<bool, _>("no such file")), Reading::Bad("no such file".into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It is fresh: whoever writes it is alive.
    Alive,
    /// Whoever wrote it has ended as it should: no alarm.
    Stopped,
    /// Neither, for this reason.
    Bad(Cow<'static, str>),
}

impl Reading {
    /// Neither alive nor stopped, for this reason.
    pub fn bad(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Bad(reason.into())
    }
}

impl From<bool> for Reading {
    fn from(is_alive: bool) -> Self {
        if is_alive { Self::Alive } else { Self::Bad("not alive".into()) }
    }
}

impl From<Cow<'static, str>> for Reading {
    fn from(text: Cow<'static, str>) -> Self {
        // What comes after the word explains it.
        let word = text.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        if word.eq_ignore_ascii_case("alive") {
            Self::Alive
        } else if word.eq_ignore_ascii_case("stopped") {
            Self::Stopped
        } else {
            Self::Bad(text)
        }
    }
}

impl From<&'static str> for Reading {
    fn from(text: &'static str) -> Self {
        Cow::Borrowed(text).into()
    }
}

impl From<String> for Reading {
    fn from(text: String) -> Self {
        Cow::<'static, str>::Owned(text).into()
    }
}

impl<T: Into<Self>, E: fmt::Display> From<Result<T, E>> for Reading {
    fn from(result: Result<T, E>) -> Self {
        match result {
            Ok(reading) => reading.into(),
            Err(error) => Self::Bad(error.to_string().into()),
        }
    }
}
