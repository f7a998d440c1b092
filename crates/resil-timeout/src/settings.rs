use std::time::Duration;

use resil_core::sync::atomic::{AtomicU64, Ordering};
use resil_core::sync::{Mutex, lock};
use resil_core::{const_fn, seeded_bug};

use crate::Config;

/// A configuration in two words, so that it can change while calls are made: a call reads one of them, or both if its caller asked.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The timeout in nanoseconds, which leaves two bits for the flags.
    word: AtomicU64,
    /// The longest limit in nanoseconds.
    max: AtomicU64,
    /// Held by whoever writes both, or reads both as one.
    both: Mutex<()>,
}

const APART: u64 = 1 << 63;
const QUEUED: u64 = 1 << 62;
const FLAGS: u64 = APART | QUEUED;

/// What is asked without a greatest limit: as much as one likes.
const ANY: u64 = u64::MAX;

/// What holds for one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// The limit in nanoseconds.
    pub(crate) nanos: u64,
    /// Whether it has nothing to do with the current deadline.
    pub(crate) is_apart: bool,
    /// Whether it begins when the call is made.
    pub(crate) is_queued: bool,
}

impl Settings {
    const_fn! {
        /// The settings of a configuration that was checked.
        pub(crate) const fn new(config: &Config) -> Self {
            Self { word: AtomicU64::new(word(config)), max: AtomicU64::new(max(config)), both: Mutex::new(()) }
        }
    }

    pub(crate) fn set(&self, config: &Config) {
        seeded_bug!("two_change_the_settings_at_once" => { return self.store(config) });
        let _both = lock(&self.both);
        self.store(config);
    }

    fn store(&self, config: &Config) {
        self.max.store(max(config), Ordering::Relaxed);
        self.word.store(word(config), Ordering::Relaxed);
    }

    pub(crate) fn config(&self) -> Config {
        seeded_bug!("settings_read_while_they_change" => { return self.load() });
        let _both = lock(&self.both);
        self.load()
    }

    fn load(&self) -> Config {
        let terms = self.terms();
        let max_timeout = match self.max.load(Ordering::Relaxed) {
            ANY => None,
            nanos => Some(Duration::from_nanos(nanos)),
        };
        Config {
            timeout: Duration::from_nanos(terms.nanos),
            max_timeout,
            propagate_deadline: !terms.is_apart,
            include_queue_time: terms.is_queued,
        }
    }

    /// The terms of a call whose caller asks for nothing.
    #[inline]
    pub(crate) fn terms(&self) -> Terms {
        let word = self.word.load(Ordering::Relaxed);
        Terms { nanos: word & !FLAGS, is_apart: word & APART != 0, is_queued: word & QUEUED != 0 }
    }

    /// The terms of a call whose caller asks for so many nanoseconds.
    #[inline]
    pub(crate) fn asked(&self, nanos: u64) -> Terms {
        Terms { nanos: nanos.min(self.max.load(Ordering::Relaxed)), ..self.terms() }
    }
}

const fn word(config: &Config) -> u64 {
    let apart = if config.propagate_deadline { 0 } else { APART };
    let queued = if config.include_queue_time { QUEUED } else { 0 };
    nanos(config.timeout) | apart | queued
}

const fn max(config: &Config) -> u64 {
    match config.max_timeout {
        Some(max) => nanos(max),
        None => ANY,
    }
}

const fn nanos(span: Duration) -> u64 {
    span.as_secs() * 1_000_000_000 + span.subsec_nanos() as u64
}
