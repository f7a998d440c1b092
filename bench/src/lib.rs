//! Benchmarks of resil against its peers and against the floor of the machine.
//!
//! A figure counts only as a ratio inside one run: see the README beside this crate.

pub mod callgrind;
pub mod contender;
pub mod floor;
pub mod interleave;
pub mod machine;
pub mod memory;
pub mod operation;
pub mod ours;
pub mod page;
pub mod pair;
pub mod peers;
pub mod poll;
pub mod preemption;
pub mod record;
pub mod rows;
pub mod summary;
pub mod work;
