#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod assess;
mod attempt;
mod boxed;
mod call_async;
mod calls;
mod fallback;
mod last_good;
mod outcome;
mod pipeline;
mod relay;
mod shared;
mod stats;
mod timely;
#[cfg(feature = "tower")]
pub mod tower;

pub use assess::{Assess, Assessed, Errors};
pub use attempt::{AttemptAsync, Attempts};
pub use boxed::{BoxLine, BoxWait};
pub use call_async::PipelineCall;
pub use calls::Assessing;
pub use fallback::OrElse;
pub use last_good::{LastGood, LastGoodStats, OrLastGood};
pub use outcome::Outcome;
pub use pipeline::Pipeline;
pub use relay::{Asleep, Relay};
pub use shared::Shared;
pub use stats::Stats;

pub use resil_core::*;
pub use resil_retry::{self as retry, Attempt, Operation, Retry, RetryBudget};
pub use resil_timeout::{self as timeout, Timeout};
