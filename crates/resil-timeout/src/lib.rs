#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod call;
mod config;
mod event;
pub mod headers;
#[cfg(feature = "serde")]
mod partial;
mod settings;
mod stats;
mod timed;
mod timeout;
mod within;

pub use config::Config;
pub use event::{Cutoff, Event};
#[cfg(feature = "serde")]
pub use partial::PartialConfig;
pub use stats::Stats;
pub use timed::{CallTimed, Timed};
pub use timeout::Timeout;
pub use within::Within;

pub use resil_core::*;
