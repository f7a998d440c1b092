#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "tokio-util")]
mod cancellation;
mod completed;
mod config;
mod error;
mod event;
mod flight;
mod hooks;
mod in_flight;
#[cfg(feature = "signal")]
mod installed;
mod job;
mod last_resort;
#[cfg(feature = "tower")]
mod layer;
mod outcome;
#[cfg(feature = "serde")]
mod partial;
mod phase;
mod plan;
#[cfg(feature = "crossbeam")]
mod receiver;
mod registration;
mod report;
mod roll;
mod run;
mod shared;
mod shutdown;
mod signal;
mod stats;
mod supervisor;
#[cfg_attr(not(all(feature = "systemd", target_os = "linux")), path = "no_systemd.rs")]
mod systemd;
mod teller;
mod token;
mod worker;

pub use resil_core::*;

pub use completed::Completed;
pub use config::Config;
pub use error::ShutdownError;
pub use event::Event;
pub use in_flight::InFlight;
#[cfg(feature = "signal")]
pub use installed::Installed;
#[cfg(feature = "tower")]
pub use layer::InFlightLayer;
pub use outcome::{IntoOutcome, Outcome};
#[cfg(feature = "serde")]
pub use partial::PartialConfig;
pub use phase::Phase;
pub use registration::{Callback, Registration};
pub use report::{CallbackReport, Cause, Drain, Report};
pub use run::Run;
pub use shutdown::GracefulShutdown;
pub use signal::{Signal, Signals};
pub use stats::Stats;
pub use token::{Token, Triggered};
