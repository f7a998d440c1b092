use std::fmt;

/// How a callback, or the program itself, ended.
///
/// ```
/// use resil_shutdown::{IntoOutcome, Outcome};
///
/// assert_eq!(Outcome::Failed("disk full".to_owned()).to_string(), "failed: disk full");
/// assert_eq!(Err::<(), _>("disk full").into_outcome(), Outcome::Failed("disk full".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Outcome {
    /// It did its work.
    Ok,
    /// It gave an error, with this text.
    Failed(String),
    /// It panicked, with this text.
    Panicked(String),
    /// Its time was over before it ended.
    TimedOut,
    /// The budget was used up before it could begin.
    Skipped,
}

impl Outcome {
    /// Whether it did its work.
    pub const fn is_ok(&self) -> bool {
        matches!(self, Self::Ok)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("ok"),
            Self::Failed(error) => write!(f, "failed: {error}"),
            Self::Panicked(text) => write!(f, "panicked: {text}"),
            Self::TimedOut => f.write_str("timed out"),
            Self::Skipped => f.write_str("skipped"),
        }
    }
}

/// What a callback or a program may return: nothing, or a result whose error can be shown.
///
/// The text of an error is its alternate form, `{:#}`, which many error types give their causes in.
///
/// ```
/// use resil_shutdown::{IntoOutcome, Outcome};
///
/// assert_eq!(().into_outcome(), Outcome::Ok);
/// assert_eq!(Ok::<_, std::io::Error>(7).into_outcome(), Outcome::Ok);
/// ```
#[diagnostic::on_unimplemented(
    message = "a callback returns `()` or a `Result` whose error implements `Display`",
    note = "a closure that never returns needs a type: `|| -> () {{ loop {{}} }}`"
)]
pub trait IntoOutcome {
    /// How it ended.
    fn into_outcome(self) -> Outcome;
}

impl IntoOutcome for () {
    fn into_outcome(self) -> Outcome {
        Outcome::Ok
    }
}

impl<T, E: fmt::Display> IntoOutcome for Result<T, E> {
    fn into_outcome(self) -> Outcome {
        match self {
            Ok(_) => Outcome::Ok,
            Err(error) => Outcome::Failed(format!("{error:#}")),
        }
    }
}
