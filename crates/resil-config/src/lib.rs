#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// An expectation would have to know which of 256 sets of patterns leaves what unused.
#![cfg_attr(
    not(all(
        feature = "breaker",
        feature = "heartbeat",
        feature = "pipeline",
        feature = "ratelimit",
        feature = "shutdown",
        feature = "watchdog"
    )),
    allow(
        clippy::allow_attributes,
        clippy::extra_unused_type_parameters,
        clippy::needless_update,
        clippy::unused_self,
        dead_code,
        unused_imports,
        unused_mut,
        unused_variables,
        reason = "each is there for a pattern that is not compiled in"
    )
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
mod instances;
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
