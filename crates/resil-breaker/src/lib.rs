#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod breaker;
mod by_hand;
mod call_window;
mod calls;
mod circuit;
mod config;
mod config_error;
mod event;
mod front;
#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "serde")]
mod partial;
mod permit;
mod probes;
mod ramp;
mod registry;
mod reopen;
mod rules;
mod settings;
mod snapshot;
mod state;
mod state_word;
mod stats;
mod tally;
mod time_window;
mod turn;
mod window;

pub use breaker::CircuitBreaker;
pub use config::{Config, OnCancel};
pub use config_error::ConfigError;
pub use event::{Cause, Event, Rejection, SlowCall, ThresholdExceeded, Transition};
#[cfg(feature = "tower")]
pub use layer::BreakerLayer;
#[cfg(feature = "serde")]
pub use partial::PartialConfig;
pub use permit::Permit;
pub use registry::{
    BreakersStats, CircuitBreakers, InsertError, KeyReport, KeyedEvent, KeyedNews, Labels, Lookup, Overflow,
};
pub use reopen::Reopen;
pub use settings::{Rate, Settings};
pub use snapshot::{RestoreError, Snapshot};
pub use state::{State, UnknownState};
pub use stats::Stats;
pub use window::Window;

pub use resil_core::*;
