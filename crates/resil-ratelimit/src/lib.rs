#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod acquire;
mod admission;
mod blocking;
mod cell;
mod charge;
mod event;
mod gcra;
pub mod headers;
mod holes;
#[cfg(feature = "tower")]
mod layer;
mod leased;
mod limiter;
mod permit;
mod quota;
mod quota_error;
mod reservation;
mod stats;
#[cfg(feature = "stream")]
mod throttled;
mod waiting;

pub use acquire::Acquire;
pub use event::{Event, QuotaChanged, Waited};
#[cfg(feature = "tower")]
pub use layer::{InLine, LimitLayer, WaitForPermit};
pub use leased::Leased;
pub use limiter::{Peek, RateLimiter};
pub use permit::Permit;
pub use quota::Quota;
pub use quota_error::QuotaError;
pub use reservation::Reservation;
pub use stats::Stats;
#[cfg(feature = "stream")]
pub use throttled::Throttled;
pub use waiting::{CallWaiting, Waiting};

pub use resil_core::*;
