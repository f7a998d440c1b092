#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(any(
        feature = "breaker",
        feature = "heartbeat",
        feature = "ratelimit",
        feature = "retry",
        feature = "shutdown",
        feature = "timeout",
        feature = "watchdog"
    )),
    expect(dead_code, reason = "without a pattern there is nothing to read")
)]

mod address;
mod block;
#[cfg(any(feature = "shutdown", feature = "heartbeat", feature = "watchdog"))]
mod built_later;
mod changes;
mod config;
#[cfg(feature = "reload")]
mod debounce;
mod decode;
#[cfg(test)]
mod differential;
mod event;
mod explain;
mod fault;
mod files;
#[cfg(any(feature = "breaker", feature = "ratelimit", feature = "retry", feature = "timeout"))]
mod instances;
#[cfg(any(feature = "breaker", feature = "ratelimit", feature = "retry", feature = "timeout"))]
mod kind;
mod layer;
mod lines;
mod loader;
mod marks;
mod node;
mod pattern;
mod patterns;
#[cfg(feature = "pipeline")]
mod pipeline;
#[cfg(feature = "pipeline")]
mod plans;
mod preset;
mod problem;
#[cfg(feature = "reload")]
mod reloader;
mod resilience;
mod resolve;
mod resolved;
#[cfg(feature = "schema")]
mod schema;
mod section;
mod sections;
mod shelf;
mod source;
mod spoken;
mod suggest;
mod text;
mod unknown_name;
mod walk;
mod yaml;

pub use resil_core::*;

pub use changes::{Changed, Changes, Instance, SettingChange};
pub use config::Config;
pub use event::Event;
pub use explain::{Explained, Explanation};
pub use loader::Loader;
pub use pattern::Pattern;
#[cfg(feature = "pipeline")]
pub use pipeline::Pipeline;
pub use problem::{LoadError, Problem};
#[cfg(feature = "reload")]
pub use reloader::{Reloader, ReloaderBuilder};
pub use resilience::Resilience;
#[cfg(feature = "schema")]
pub use schema::schema;
pub use source::Source;
pub use unknown_name::UnknownName;
