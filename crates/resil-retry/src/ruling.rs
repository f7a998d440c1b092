use std::fmt::{self, Write};
use std::time::Duration;

use resil_core::{Error, Flat, Nested, Reason, Rejected, TimedOut};

use crate::{Config, Decide, Decision, StopReason};

/// How much of an error's text an event tells.
const LONGEST_TEXT: usize = 1_024;

/// What follows from the result of an attempt, policies' refusals included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It is a success.
    Done,
    /// Another attempt may mend it, but not before so much time has gone by.
    Again(Option<Duration>),
    /// No other attempt is to be made.
    Stop(StopReason),
}

/// Turns the result of an attempt into a ruling and into what the caller gets.
///
/// [`Flat`] and [`Nested`] are its two forms; futures of calls are generic over it so that they need no box.
pub trait Rule<R> {
    /// What the caller gets.
    type Output;

    /// The ruling on `result`; `config` tells the settings to those that need them.
    fn rule(&self, result: &R, config: impl FnOnce() -> Config) -> Ruling;

    /// The text of the error, if `result` is one; of a long one its beginning.
    fn text(result: &R) -> Option<String>;

    /// What the caller gets of the last result.
    fn ran(result: R) -> Self::Output;

    /// What the caller gets when time was up before the first attempt.
    fn cut(cut: TimedOut) -> Self::Output;
}

impl<T, E, J> Rule<Result<T, E>> for Flat<J>
where
    E: fmt::Debug,
    J: Decide<T, E>,
{
    type Output = Result<T, Error<E>>;

    #[inline]
    fn rule(&self, result: &Result<T, E>, _: impl FnOnce() -> Config) -> Ruling {
        by(&self.0, result.as_ref())
    }

    fn text(result: &Result<T, E>) -> Option<String> {
        result.as_ref().err().map(|error| text(format_args!("{error:?}")))
    }

    #[inline]
    fn ran(result: Result<T, E>) -> Self::Output {
        result.map_err(Error::Inner)
    }

    fn cut(cut: TimedOut) -> Self::Output {
        Err(Error::TimedOut(cut))
    }
}

impl<T, E, J> Rule<Result<T, Error<E>>> for Nested<J>
where
    E: fmt::Debug,
    J: Decide<T, E>,
{
    type Output = Result<T, Error<E>>;

    #[inline]
    fn rule(&self, result: &Result<T, Error<E>>, config: impl FnOnce() -> Config) -> Ruling {
        match result {
            Ok(value) => by(&self.0, Ok(value)),
            Err(Error::Inner(error)) => by(&self.0, Err(error)),
            // If it was the whole call's time that is up, no delay will fit.
            Err(Error::TimedOut(_)) => Ruling::Again(None),
            Err(Error::Rejected(refusal)) => refused(refusal, config),
        }
    }

    fn text(result: &Result<T, Error<E>>) -> Option<String> {
        result.as_ref().err().map(|error| match error {
            Error::Inner(error) => text(format_args!("{error:?}")),
            Error::TimedOut(cut) => text(format_args!("{cut}")),
            Error::Rejected(refusal) => text(format_args!("{refusal}")),
        })
    }

    #[inline]
    fn ran(result: Result<T, Error<E>>) -> Self::Output {
        result
    }

    fn cut(cut: TimedOut) -> Self::Output {
        Err(Error::TimedOut(cut))
    }
}

#[inline]
fn by<T, E>(judge: &impl Decide<T, E>, result: Result<&T, &E>) -> Ruling {
    match judge.decide(result) {
        Decision::Retry => Ruling::Again(None),
        Decision::RetryAfter(wait) => Ruling::Again(Some(wait)),
        Decision::Done if result.is_ok() => Ruling::Done,
        Decision::Done => Ruling::Stop(StopReason::NotRetryable),
    }
}

/// A refusal of a policy that stands inside: whether waiting can help.
fn refused(refusal: &Rejected, config: impl FnOnce() -> Config) -> Ruling {
    let hint = refusal.retry_after();
    match refusal.reason() {
        Reason::CircuitOpen | Reason::CircuitHalfOpen | Reason::CircuitForcedOpen => {
            if config().retry_open_circuit {
                Ruling::Again(hint)
            } else {
                Ruling::Stop(StopReason::CircuitOpen)
            }
        }
        Reason::ShuttingDown => Ruling::Stop(StopReason::ShuttingDown),
        _ if hint.is_some() => Ruling::Again(hint),
        _ => Ruling::Stop(StopReason::Refused),
    }
}

/// The beginning of a text that may be long.
fn text(arguments: fmt::Arguments<'_>) -> String {
    struct Beginning(String);

    impl Write for Beginning {
        fn write_str(&mut self, more: &str) -> fmt::Result {
            let room = LONGEST_TEXT - self.0.len();
            let ends = more.char_indices().map(|(at, one)| at + one.len_utf8());
            let fits = if more.len() <= room {
                more.len()
            } else {
                ends.take_while(|end| *end <= room).last().unwrap_or(0)
            };
            self.0.push_str(&more[..fits]);
            if fits < more.len() { Err(fmt::Error) } else { Ok(()) }
        }
    }

    let mut beginning = Beginning(String::new());
    if beginning.write_fmt(arguments).is_err() {
        beginning.0.push_str("...");
    }
    beginning.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_text_the_beginning_is_told() {
        assert_eq!(text(format_args!("{:?}", "down")), "\"down\"");
        let long = text(format_args!("{}{}", "a", "ä".repeat(LONGEST_TEXT)));
        assert_eq!((long.len(), long.ends_with("ä...")), (LONGEST_TEXT - 1 + 3, true));
    }
}
