//! The one place where a model checker takes the place of `std::sync`; for authors of policies.
//!
//! Under `--cfg loom` and `--cfg shuttle` the same names come from the checker, so that the code that is checked is
//! the code that ships. Those atomics cannot be made in a `const`, which is what [`const_fn!`](crate::const_fn) is for.

#[cfg(any(loom, shuttle))]
mod once_lock;
mod thread_number;

#[cfg(loom)]
pub use loom::sync::{Mutex, MutexGuard, atomic};
#[cfg(any(loom, shuttle))]
pub use once_lock::OnceLock;
#[cfg(shuttle)]
pub use shuttle::sync::{Mutex, MutexGuard, atomic};
#[cfg(not(any(loom, shuttle)))]
pub use std::sync::{Mutex, MutexGuard, OnceLock, atomic};

pub use thread_number::place;
pub(crate) use thread_number::{move_on, thread_number};

/// Locks `mutex`, whether or not a thread panicked while it held it.
///
/// No lock of this project is held while foreign code runs, and each state is written whole, so a poisoned one is sound.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Declares functions that are `const`, except under a model checker, whose atomics have no `const` constructors.
#[cfg(not(any(loom, shuttle)))]
#[macro_export]
macro_rules! const_fn {
    ($($(#[$meta:meta])* $vis:vis const fn $name:ident ( $($args:tt)* ) $(-> $ret:ty)? $body:block)+) => {
        $($(#[$meta])* $vis const fn $name($($args)*) $(-> $ret)? $body)+
    };
}

/// Declares functions that are `const`, except under a model checker, whose atomics have no `const` constructors.
#[cfg(any(loom, shuttle))]
#[macro_export]
macro_rules! const_fn {
    ($($(#[$meta:meta])* $vis:vis const fn $name:ident ( $($args:tt)* ) $(-> $ret:ty)? $body:block)+) => {
        $($(#[$meta])* $vis fn $name($($args)*) $(-> $ret)? $body)+
    };
}
