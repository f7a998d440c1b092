use std::sync::Arc;

use resil_core::sync::atomic::{AtomicU64, Ordering};
use resil_core::sync::{Mutex, OnceLock, lock};
use resil_core::{OutOfRange, const_fn, seeded_bug};

use crate::Config;

/// A configuration that can change while calls are made: a first attempt reads one word of it, and only a failed one the rest.
pub(crate) struct Settings {
    /// What a first attempt needs.
    word: AtomicU64,
    /// What the handle was made with.
    given: Config,
    /// What it went over to last. Shared with the calls that go by it.
    later: OnceLock<Box<Mutex<Arc<Config>>>>,
}

const TIMED: u64 = 1 << 63;

/// What a first attempt needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) max_attempts: u32,
    /// Whether the call is limited in time.
    pub(crate) is_timed: bool,
}

/// The configuration of one call, whatever the handle goes over to: without one, what the handle was made with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept(Option<Arc<Config>>);

impl Settings {
    const_fn! {
        /// The settings of a configuration that was checked.
        pub(crate) const fn new(config: Config) -> Self {
            Self { word: AtomicU64::new(word(&config)), given: config, later: OnceLock::new() }
        }
    }

    pub(crate) fn set(&self, config: Config) -> Result<(), OutOfRange> {
        config.check()?;
        let config = Arc::new(config);
        let later = self.later.get_or_init(|| Box::new(Mutex::new(Arc::clone(&config))));
        let mut later = lock(later);
        seeded_bug!("word_of_another_configuration" => {
            *later = Arc::clone(&config);
            drop(later);
            self.word.store(word(&config), Ordering::Relaxed);
            return Ok(());
        });
        // While it is locked, so that the word is that of the last.
        self.word.store(word(&config), Ordering::Relaxed);
        *later = config;
        Ok(())
    }

    #[inline]
    pub(crate) fn opening(&self) -> Opening {
        let word = self.word.load(Ordering::Relaxed);
        #[expect(clippy::cast_possible_truncation, reason = "the upper half is flags")]
        let max_attempts = word as u32;
        Opening { max_attempts, is_timed: word & TIMED != 0 }
    }

    /// What a call is to go by from now on.
    pub(crate) fn keep(&self) -> Kept {
        Kept(self.later.get().map(|later| Arc::clone(&lock(later))))
    }

    pub(crate) fn of<'a>(&'a self, kept: &'a Kept) -> &'a Config {
        kept.0.as_deref().unwrap_or(&self.given)
    }

    #[cold]
    pub(crate) fn config(&self) -> Config {
        *self.of(&self.keep())
    }
}

const fn word(config: &Config) -> u64 {
    let timed = if config.max_elapsed.is_some() { TIMED } else { 0 };
    config.max_attempts as u64 | timed
}
