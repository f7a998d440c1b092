//! Benchmarks of resil against its peers and against the floor of the machine.
//!
//! A figure counts only as a ratio inside one run: see the README beside this crate.

pub mod breaker;
pub mod callgrind;
pub mod closer_look;
pub mod command;
pub mod contender;
pub mod depth;
pub mod floor;
pub mod heartbeat;
pub mod interleave;
pub mod limiter;
pub mod machine;
pub mod memory;
pub mod page;
pub mod pair;
pub mod pattern;
pub mod peer;
pub mod poll;
pub mod preemption;
pub mod real_time;
pub mod record;
pub mod retry;
pub mod row;
pub mod shutdown;
pub mod stack;
pub mod summary;
pub mod timeout;
pub mod trouble;
pub mod watchdog;
pub mod work;
