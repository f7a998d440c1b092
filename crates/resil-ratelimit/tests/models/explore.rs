use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

#[cfg(loom)]
use loom::thread;
#[cfg(shuttle)]
use shuttle::thread;

/// Runs `model` under the checker, and asserts that its outcomes are exactly `expected`.
pub(crate) fn explore<T: Debug + 'static>(expected: &[T], model: impl Fn() -> T + Send + Sync + 'static) {
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
    shuttle::check_random(run, 10_000);
    let seen = seen.lock().expect("no execution panics under the lock");
    assert!(seen.0 >= 10, "only {} executions", seen.0);
    assert_eq!(seen.1, expected);
}

/// Runs all `actions` at once on `limiter`, each on a thread of its own, and returns what they returned.
pub(crate) fn race<L, T>(limiter: &Arc<L>, actions: Vec<Action<L, T>>) -> Vec<T>
where
    L: Send + Sync + 'static,
    T: Send + 'static,
{
    let spawn = |action: Action<L, T>| {
        let limiter = Arc::clone(limiter);
        thread::spawn(move || action(&limiter))
    };
    let threads: Vec<_> = actions.into_iter().map(spawn).collect();
    threads.into_iter().map(|thread| thread.join().expect("no action panics")).collect()
}

pub(crate) type Action<L, T> = Box<dyn FnOnce(&L) -> T + Send>;

pub(crate) fn action<L, T>(action: impl FnOnce(&L) -> T + Send + 'static) -> Action<L, T> {
    Box::new(action)
}
