//! The one place where a model checker takes the place of `std::sync`; for authors of policies.
//!
//! Under `--cfg loom` and `--cfg shuttle` the same names come from the checker, so that the code that is checked is
//! the code that ships. Those atomics cannot be made in a `const`, which is what [`const_fn!`](crate::const_fn) is for.

#[cfg(any(loom, shuttle))]
mod once_lock;
#[cfg(any(loom, shuttle))]
mod seeded;
mod thread_number;

#[cfg(loom)]
pub use loom::sync::{Mutex, MutexGuard, atomic};
#[cfg(any(loom, shuttle))]
pub use once_lock::OnceLock;
#[cfg(any(loom, shuttle))]
#[doc(hidden)]
pub use seeded::has_bug;
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

/// Puts a bug in on purpose, which the models must notice: under a model checker, when `RESIL_SEEDED_BUG` is its name. Nothing of it is
/// compiled into anything else. `xtask/seeded_bugs.toml` lists them all.
///
/// * `seeded_bug!("name")`: whether it is put in, for a condition.
/// * `seeded_bug!("name" => { wrong })`: something that is done besides, or instead where it returns.
/// * `seeded_bug!("name" => { wrong } else { right })`: one value or the other.
///
/// What is right had better stand outside, where formatters and mutation tests see it.
#[cfg(not(any(loom, shuttle)))]
#[doc(hidden)]
#[macro_export]
macro_rules! seeded_bug {
    ($name:literal) => {
        false
    };
    ($name:literal => $wrong:block) => {};
    ($name:literal => $wrong:block else $right:block) => {
        $right
    };
}

/// Puts a bug in on purpose, which the models must notice.
#[cfg(any(loom, shuttle))]
#[doc(hidden)]
#[macro_export]
macro_rules! seeded_bug {
    ($name:literal) => {
        $crate::sync::has_bug($name)
    };
    ($name:literal => $wrong:block) => {
        if $crate::sync::has_bug($name) $wrong
    };
    ($name:literal => $wrong:block else $right:block) => {
        if $crate::sync::has_bug($name) $wrong else $right
    };
}
