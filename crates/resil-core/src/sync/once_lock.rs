use std::fmt;
use std::sync::OnceLock as StdOnceLock;

use super::atomic::{AtomicBool, Ordering};
use super::{Mutex, lock};

/// `std::sync::OnceLock` as a model checker can see it.
///
/// Neither checker has one. The one of `std` excludes well enough, because a checker runs all its threads on one thread of the
/// operating system and changes between them only at its own operations. But the checker would neither change threads here nor
/// learn that who sees the value also sees what was written before it. So a flag of the checker's is read before the value, with
/// the orderings of `std`'s, and a lock of the checker's makes the second initialiser wait for the first.
pub struct OnceLock<T> {
    set: AtomicBool,
    turn: Mutex<()>,
    cell: StdOnceLock<T>,
}

impl<T> OnceLock<T> {
    /// An empty cell.
    #[expect(
        clippy::new_without_default,
        reason = "it stands in for the one of `std` where that is used here"
    )]
    pub fn new() -> Self {
        Self { set: AtomicBool::new(false), turn: Mutex::new(()), cell: StdOnceLock::new() }
    }

    /// The value, if it has been set.
    pub fn get(&self) -> Option<&T> {
        if self.set.load(Ordering::Acquire) { self.cell.get() } else { None }
    }

    /// Sets the value; gives it back if there is one already.
    ///
    /// # Errors
    /// With `value`, if the cell is full.
    pub fn set(&self, value: T) -> Result<(), T> {
        let turn = lock(&self.turn);
        let result = self.cell.set(value);
        self.set.store(true, Ordering::Release);
        drop(turn);
        result
    }

    /// The value; `f` makes it if there is none.
    pub fn get_or_init(&self, f: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        let turn = lock(&self.turn);
        let value = self.cell.get_or_init(f);
        self.set.store(true, Ordering::Release);
        drop(turn);
        value
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OnceLock").field(&self.cell.get()).finish()
    }
}
