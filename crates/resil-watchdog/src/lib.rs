#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod alarm;
mod builder;
mod config;
mod dump;
mod error;
mod event;
mod house;
#[cfg(feature = "serde")]
mod partial;
mod pinger;
mod post;
mod reading;
mod shared;
mod silence;
mod source;
mod state;
mod state_file;
mod stats;
mod vigil;
mod ward;
mod watch;
mod watchdog;
#[cfg(all(feature = "tokio", target_has_atomic = "64"))]
mod worker;

pub use resil_core::*;

pub use builder::Builder;
pub use config::Config;
pub use dump::{ThreadDump, ThreadInfo};
pub use error::WatchdogError;
pub use event::Event;
#[cfg(feature = "serde")]
pub use partial::PartialConfig;
pub use pinger::{Pinger, Rest};
pub use reading::Reading;
pub use silence::{Cause, Silence};
pub use stats::{Stats, Watched};
pub use watch::Watch;
pub use watchdog::Watchdog;
