//! A pattern: what is measured of it, beside whom, and what the page says about it.

use crate::memory::Counter;
use crate::record::{InstanceMemory, KeyMemory, TaskMemory};
use crate::row::Row;
use crate::{breaker, heartbeat, limiter, retry, shutdown, stack, timeout, watchdog};

/// All patterns, in the order of the page.
pub const ALL: &[&Pattern] = &[
    &breaker::PATTERN,
    &limiter::PATTERN,
    &retry::PATTERN,
    &timeout::PATTERN,
    &stack::PATTERN,
    &shutdown::PATTERN,
    &heartbeat::PATTERN,
    &watchdog::PATTERN,
];

/// What is measured of one pattern.
#[derive(Debug)]
pub struct Pattern {
    /// Its short name, for the command line.
    pub name: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// Our crate.
    pub package: &'static str,
    /// What is compared, in the order of the page.
    pub rows: &'static [Row],
    /// The name of each peer in the tables and its package in the lock file.
    pub peers: fn() -> Vec<(&'static str, &'static str)>,
    /// Measures the bytes of one instance of each kind.
    pub instances: fn(Counter) -> Vec<InstanceMemory>,
    /// Measures the bytes per key, where there are keys.
    pub keys: Option<fn(Counter) -> Vec<KeyMemory>>,
    /// Whether the binary `waiting` measures it.
    pub waits: bool,
    /// Measures the allocations per task, where the binary `stopping` measures the stop of many.
    pub stops: Option<fn(Counter) -> Vec<TaskMemory>>,
    /// The keys of the rows in which our calls allocate; in all others they do not.
    pub allocating: &'static [&'static str],
    /// How many instructions a call may take.
    pub gates: &'static [Gate],
    /// What a reader must know of how its peers were measured: the items of a list.
    pub method: &'static str,
    /// What a reader must know of the sizes.
    pub sizes: &'static str,
}

/// What must hold on every machine: a call takes few instructions.
#[derive(Debug, Clone, Copy)]
pub struct Gate {
    /// The row's key.
    pub row: &'static str,
    /// Whose call.
    pub contender: &'static str,
    /// Its instructions at most, with the loop around it and the work in it.
    pub most: f64,
}

impl Pattern {
    /// The pattern of that name.
    ///
    /// # Errors
    /// When there is none; the message says which there are.
    pub fn named(name: &str) -> Result<&'static Self, String> {
        ALL.iter().find(|pattern| pattern.name == name).copied().ok_or_else(|| {
            let names: Vec<_> = ALL.iter().map(|pattern| pattern.name).collect();
            format!("what is `{name}`? The patterns are {}", names.join(", "))
        })
    }

    /// The pattern that the next argument names.
    ///
    /// # Errors
    /// When there is no such argument or no such pattern.
    pub fn next_of(arguments: &mut impl Iterator<Item = String>) -> Result<&'static Self, String> {
        Self::named(&arguments.next().unwrap_or_default())
    }

    /// The row of that key.
    pub fn row(&self, key: &str) -> Option<&'static Row> {
        self.rows.iter().find(|row| row.key == key)
    }
}
