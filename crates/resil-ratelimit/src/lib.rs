#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod acquire;
mod admission;
mod blocking;
mod cell;
mod charge;
mod event;
mod gcra;
mod holes;
mod limiter;
mod permit;
mod quota;
mod quota_error;
mod reservation;
mod stats;
mod waiting;

pub use acquire::Acquire;
pub use event::{Event, QuotaChanged, Waited};
pub use limiter::{Peek, RateLimiter};
pub use permit::Permit;
pub use quota::Quota;
pub use quota_error::QuotaError;
pub use reservation::Reservation;
pub use stats::Stats;
pub use waiting::Waiting;

pub use resil_core::*;
