#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
mod block;
mod config;
mod decode;
mod explain;
mod fault;
mod files;
mod layer;
mod lines;
mod loader;
mod marks;
mod node;
mod patterns;
mod preset;
mod problem;
mod resolve;
mod resolved;
mod section;
mod sections;
mod source;
mod spoken;
mod suggest;
mod text;
mod walk;
mod yaml;

pub use config::Config;
pub use explain::{Explained, Explanation};
pub use loader::Loader;
pub use problem::{LoadError, Problem};
pub use source::Source;
