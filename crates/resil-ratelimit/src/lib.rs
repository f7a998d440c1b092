#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod acquire;
mod admission;
mod blocking;
mod cell;
mod charge;
mod config;
mod event;
mod gcra;
pub mod headers;
mod holes;
mod joint;
mod keyed;
#[cfg(feature = "tower")]
mod layer;
mod leased;
mod limiter;
mod limits;
#[cfg(feature = "serde")]
mod partial;
mod permit;
mod place;
mod quota;
mod quota_error;
mod reservation;
mod sliding;
mod stats;
#[cfg(feature = "stream")]
mod throttled;
mod together;
mod turn;
mod waiting;

pub use acquire::Acquire;
pub use config::Config;
pub use event::{Event, QuotaChanged, Waited};
#[cfg(feature = "tower")]
pub use keyed::KeyedInLine;
pub use keyed::{
    KeyReport, Keyed, KeyedAcquire, KeyedEvent, KeyedPermit, KeyedRateLimiter, KeyedStats, KeyedWaiting,
    Overflow, OwnedKeyed, WaitForKey,
};
#[cfg(feature = "tower")]
pub use layer::{InLine, LimitLayer};
pub use leased::Leased;
pub use limiter::{Peek, RateLimiter};
pub use limits::{LimitsAcquire, LimitsPermit, LimitsReservation, LimitsStats, RateLimits};
#[cfg(feature = "serde")]
pub use partial::PartialConfig;
pub use permit::Permit;
pub use quota::Quota;
pub use quota_error::QuotaError;
pub use reservation::Reservation;
pub use sliding::{Limit, SlidingAcquire, SlidingPermit, SlidingWindow, SlidingWindowStats};
pub use stats::Stats;
#[cfg(feature = "stream")]
pub use throttled::Throttled;
pub use together::try_acquire_all;
pub use turn::WaitForPermit;
pub use waiting::{CallWaiting, Waiting};

pub use resil_core::*;
