#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod allowance;
mod attempt;
mod attempts;
mod backoff;
mod blocking;
mod budget;
mod budget_config;
mod call_retrying;
mod config;
mod course;
mod decision;
mod delays;
mod event;
mod filters;
#[cfg(feature = "http")]
pub mod headers;
mod operation;
#[cfg(feature = "serde")]
mod partial;
mod retry;
mod retrying;
mod ruling;
mod settings;
mod stats;
mod stop_reason;

pub use attempt::Attempt;
pub use backoff::{Backoff, Jitter};
pub use budget::{RetryBudget, Token};
pub use budget_config::BudgetConfig;
pub use call_retrying::CallRetrying;
pub use config::Config;
pub use decision::{After, Decide, Decision, Errors, Never, On, When};
pub use delays::Delays;
pub use event::{Event, FailedAttempt, Recovered, Stopped};
pub use filters::{http_status, io_transient, timed_out};
pub use operation::Operation;
#[cfg(feature = "serde")]
pub use partial::{PartialBackoff, PartialConfig, Strategy};
pub use retry::Retry;
pub use retrying::Retrying;
pub use ruling::{Rule, Ruling};
pub use stats::{BudgetStats, Stats, Stops};
pub use stop_reason::StopReason;

pub use resil_core::*;
