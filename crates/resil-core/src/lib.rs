#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod background;
mod call;
mod call_async;
mod classify;
mod clock;
mod contain;
mod counters;
mod deadline;
pub mod dice;
#[cfg(feature = "serde")]
pub mod duration;
mod erased;
mod error;
#[doc(hidden)]
pub mod expanded;
pub mod growth;
mod guard;
#[cfg(feature = "serde")]
mod in_words;
mod line;
mod manual_clock;
mod moment;
mod name;
mod observers;
mod out_of_range;
mod park;
#[cfg(feature = "serde")]
pub mod percent;
mod policy;
mod rejected;
pub mod sync;
#[cfg(feature = "testing")]
pub mod testing;
mod timed_out;
mod timer;
#[cfg(feature = "tokio")]
mod tokio_time;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "tracing")]
mod trace;
mod tuple;
#[cfg(feature = "serde")]
mod word_error;

pub use call::PolicyExt;
pub use call_async::CallAsync;
pub use classify::{ByResult, Classify, Flat, Judge, Nested, Verdict};
pub use clock::{Clock, MonotonicClock};
pub use contain::contain;
pub use counters::Counters;
pub use deadline::{Cut, Deadline, Limited, Run, Scoped, Start, TimeLimit};
pub use erased::{BoxPolicy, ErasedPermit, ErasedPolicy};
pub use error::Error;
pub use guard::Guard;
pub use line::{CallInLine, Line, LineExt, Then, WaitThen};
pub use manual_clock::{ManualClock, ManualSleep};
pub use moment::Moment;
pub use name::{Name, NamesFull};
pub use observers::{Notice, Observers, Severity, Subscription};
pub use out_of_range::{OutOfRange, Setting, Value};
pub use park::wait_until;
pub use policy::Policy;
pub use rejected::{Reason, Rejected};
pub use timed_out::TimedOut;
pub use timer::Timer;
#[cfg(feature = "tokio")]
pub use tokio_time::{TokioClock, TokioTimer};
#[cfg(feature = "tracing")]
pub use trace::log;
#[cfg(feature = "serde")]
pub use word_error::WordError;
