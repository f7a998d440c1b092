//! Exploring a handle under loom or shuttle.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

#[cfg(loom)]
use loom::thread;
#[cfg(shuttle)]
use shuttle::thread;

/// Runs `model` under the checker, and asserts that its outcomes are exactly `expected`.
///
/// # Panics
/// If they are not, or if there were hardly any executions.
pub fn explore<T: Debug + 'static>(expected: &[T], model: impl Fn() -> T + Send + Sync + 'static) {
    let expected: BTreeSet<String> = expected.iter().map(|outcome| format!("{outcome:?}")).collect();
    let seen = Arc::new(Mutex::new((0, BTreeSet::new())));
    let note = Arc::clone(&seen);
    let run = move || {
        let outcome = model();
        let mut seen = note.lock().expect("no execution panics under the lock");
        seen.0 += 1;
        seen.1.insert(format!("{outcome:?}"));
    };
    #[cfg(loom)]
    loom::model(run);
    #[cfg(shuttle)]
    {
        // Threads that run on for long are rare among schedules at random, and a thread that stops between two steps of its own while
        // another does twenty is rarer still: the other scheduler looks for those.
        let run = Arc::new(run);
        let again = Arc::clone(&run);
        shuttle::check_random(move || run(), 10_000);
        shuttle::check_pct(move || again(), 5_000, 3);
    }
    let seen = seen.lock().expect("no execution panics under the lock");
    assert!(seen.0 >= 10, "only {} executions", seen.0);
    assert_eq!(seen.1, expected);
}

/// Runs all `actions` at once on `handle`, each on a thread of its own, and returns what they returned.
///
/// # Panics
/// If one of them panics.
pub fn race<H, T>(handle: &Arc<H>, actions: Vec<Action<H, T>>) -> Vec<T>
where
    H: Send + Sync + 'static,
    T: Send + 'static,
{
    let spawn = |action: Action<H, T>| {
        let handle = Arc::clone(handle);
        thread::spawn(move || action(&handle))
    };
    let threads: Vec<_> = actions.into_iter().map(spawn).collect();
    threads.into_iter().map(|thread| thread.join().expect("no action panics")).collect()
}

/// What one thread of a [`race`] does.
pub type Action<H, T> = Box<dyn FnOnce(&H) -> T + Send>;

/// The [`Action`] of a closure.
pub fn action<H, T>(action: impl FnOnce(&H) -> T + Send + 'static) -> Action<H, T> {
    Box::new(action)
}
