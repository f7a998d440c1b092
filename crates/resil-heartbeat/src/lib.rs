#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod alarm;
mod beating;
mod board;
mod builder;
mod config;
mod contents;
mod desk;
mod error;
mod event;
mod file;
mod gate;
mod grace;
mod heartbeat;
mod host;
mod identity;
mod judge;
#[cfg_attr(not(target_os = "linux"), path = "no_linux.rs")]
mod linux;
mod liveness;
mod metadata;
#[cfg(feature = "serde")]
mod partial;
mod progress;
mod read_error;
mod reader;
mod schedule;
mod seconds;
mod shared;
mod sink;
mod started;
mod state;
mod stats;
mod status;
mod stopper;
#[cfg(feature = "systemd")]
#[cfg_attr(not(target_os = "linux"), path = "no_systemd.rs")]
mod systemd;
mod target;
mod temporary;
mod timestamp;
#[cfg_attr(not(unix), path = "no_unix.rs")]
mod unix;
mod vantage;
mod worker;
mod writer;

pub use resil_core::*;

pub use beating::Beating;
pub use builder::Builder;
pub use config::Config;
pub use error::HeartbeatError;
pub use event::Event;
pub use heartbeat::Heartbeat;
pub use liveness::Liveness;
pub use metadata::Metadata;
#[cfg(feature = "serde")]
pub use partial::PartialConfig;
pub use progress::{Paused, Progress};
pub use read_error::ReadError;
pub use reader::{Reader, is_alive, is_alive_within, liveness, read};
pub use started::Started;
pub use state::State;
pub use stats::Stats;
pub use status::Status;
pub use stopper::Stopper;
pub use target::Target;
pub use timestamp::{NotATimestamp, Timestamp};
pub use vantage::{Process, Vantage};
pub use worker::Worker;
