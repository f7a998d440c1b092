//! Models of what several threads share, for loom (every interleaving with a few preemptions, weak memory included) and shuttle
//! (many random ones).
//!
//! loom misses interleavings in which the main thread takes part, so readers and writers are both in spawned threads; the main one
//! builds, joins and asserts. Each model says what it has seen, so that one that sees too little fails, and each finds the bugs that
//! `RESIL_SEEDED_BUG=name` puts in (`xtask/seeded_bugs.toml` has the list).
#![cfg(any(loom, shuttle))]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

#[cfg(loom)]
use loom::thread;
use resil_core::background::{Bell, Herald, Next, Parker, Rounds};
use resil_core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use resil_core::sync::{self, lock};
use resil_core::{Counters, ManualClock, Observers, Subscription};
#[cfg(shuttle)]
use shuttle::thread;

/// What the executions of a model came to.
struct Seen<O> {
    outcomes: BTreeSet<O>,
    executions: usize,
}

/// Executes `model` in every way that the checker finds; it returns what it saw.
fn explore<O: Ord + Send + 'static>(model: impl Fn() -> O + Send + Sync + 'static) -> Seen<O> {
    let seen = Arc::new(Mutex::new(Seen { outcomes: BTreeSet::new(), executions: 0 }));
    let noting = {
        let seen = Arc::clone(&seen);
        move || {
            let outcome = model();
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.outcomes.insert(outcome);
            seen.executions += 1;
        }
    };
    #[cfg(loom)]
    loom::model(noting);
    #[cfg(shuttle)]
    {
        // At random, and with few changes of threads, among which are those that come just where one is about to go.
        let noting = Arc::new(noting);
        let again = Arc::clone(&noting);
        shuttle::check_random(move || noting(), 10_000);
        shuttle::check_pct(move || again(), 5_000, 3);
    }
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    Seen { outcomes: std::mem::take(&mut seen.outcomes), executions: seen.executions }
}

impl<O: Ord + Debug> Seen<O> {
    /// Checks that at least `executions` were made and that each of `outcomes` was seen.
    fn includes(&self, executions: usize, outcomes: &[O]) {
        println!("{} executions, outcomes {:?}", self.executions, self.outcomes);
        assert!(self.executions >= executions, "only {} executions", self.executions);
        for outcome in outcomes {
            assert!(self.outcomes.contains(outcome), "never saw {outcome:?}");
        }
    }
}

/// A handle as policies are: a machine behind a lock, here a number that counts, and observers that hear of each step.
struct Handle {
    last: sync::Mutex<u32>,
    observers: Observers<u32>,
}

impl Handle {
    fn new() -> Arc<Self> {
        Arc::new(Self { last: sync::Mutex::new(0), observers: Observers::new() })
    }

    /// Makes the next event, in the order of the lock.
    fn step(&self) {
        let mut last = lock(&self.last);
        *last += 1;
        self.observers.enqueue(*last);
    }

    fn deliver(&self) {
        self.observers.deliver();
    }

    /// Adds a listener that writes down what it hears, and notices when it is called while it is being called.
    fn listen(&self) -> (Ear, Subscription) {
        let ear = Ear::default();
        let (heard, busy) = (ear.clone(), AtomicBool::new(false));
        let subscription = self.observers.observe(move |event| {
            assert!(!busy.swap(true, Ordering::Relaxed), "two deliver at once");
            heard.write(*event);
            busy.store(false, Ordering::Relaxed);
        });
        (ear, subscription)
    }

    fn assert_that_nothing_went_wrong(&self) {
        assert_eq!((self.observers.listener_panics(), self.observers.events_lost()), (0, 0));
    }
}

/// What a listener has heard.
#[derive(Clone, Default)]
struct Ear {
    /// Not the checker's: its lock is never held across a change of threads.
    heard: Arc<Mutex<Vec<u32>>>,
    /// The checker's, so that it tries what a look at the wrong moment would see.
    number: Arc<AtomicUsize>,
}

impl Ear {
    fn write(&self, event: u32) {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        self.number.fetch_add(1, Ordering::Relaxed);
    }

    fn heard(&self) -> Vec<u32> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Runs both at once and waits for them.
fn at_once<A, B>(a: impl FnOnce() -> A + Send + 'static, b: impl FnOnce() -> B + Send + 'static) -> (A, B)
where
    A: Send + 'static,
    B: Send + 'static,
{
    let (a, b) = (thread::spawn(a), thread::spawn(b));
    (a.join().expect("the first thread"), b.join().expect("the second thread"))
}

#[test]
fn no_event_is_lost_or_heard_twice_or_out_of_order() {
    let seen = explore(|| {
        let handle = Handle::new();
        let (ear, _subscription) = handle.listen();
        let emit = || {
            let (handle, ear) = (Arc::clone(&handle), ear.clone());
            move || {
                handle.step();
                handle.deliver();
                ear.number.load(Ordering::Relaxed)
            }
        };
        let heard_by_then = at_once(emit(), emit());
        assert_eq!(ear.heard(), [1, 2], "nobody is left to deliver");
        handle.assert_that_nothing_went_wrong();
        heard_by_then
    });
    // One after the other; one delivers for both; one finds the other delivering and goes on.
    seen.includes(20, &[(1, 2), (2, 1), (2, 2), (0, 2), (2, 0)]);
}

#[test]
fn who_has_delivered_long_enough_leaves_the_rest_to_the_next() {
    let seen = explore(|| {
        let handle = Handle::new();
        let (ear, _subscription) = handle.listen();
        let emit = |steps| {
            let handle = Arc::clone(&handle);
            move || {
                (0..steps).for_each(|_| handle.step());
                handle.deliver();
            }
        };
        // A turn is two events long in a model.
        at_once(emit(2), emit(1));
        let heard = ear.heard().len();
        handle.deliver();
        assert_eq!(ear.heard(), [1, 2, 3]);
        handle.assert_that_nothing_went_wrong();
        heard
    });
    seen.includes(50, &[2, 3]);
}

#[test]
fn a_listener_hears_exactly_what_happened_after_it_came() {
    let seen = explore(|| {
        let handle = Handle::new();
        let (first, _first) = handle.listen();
        let emits = {
            let handle = Arc::clone(&handle);
            move || {
                handle.step();
                handle.deliver();
            }
        };
        let comes = {
            let handle = Arc::clone(&handle);
            move || {
                let last = lock(&handle.last);
                let (second, subscription) = handle.listen();
                let came_after = *last;
                drop(last);
                handle.step();
                handle.deliver();
                (came_after, second, subscription)
            }
        };
        let ((), (came_after, second, _second)) = at_once(emits, comes);
        assert_eq!(first.heard(), [1, 2]);
        assert_eq!(second.heard(), (came_after + 1..=2).collect::<Vec<_>>());
        handle.assert_that_nothing_went_wrong();
        came_after
    });
    seen.includes(20, &[0, 1]);
}

#[test]
fn the_first_two_listeners_come_at_once() {
    let seen = explore(|| {
        let handle = Handle::new();
        let comes = || {
            let handle = Arc::clone(&handle);
            move || {
                let came = handle.listen();
                handle.step();
                handle.deliver();
                came
            }
        };
        let ((one, _one), (two, _two)) = at_once(comes(), comes());
        let (one, two) = (one.heard(), two.heard());
        assert!(one == [1, 2] || one == [2], "{one:?}");
        assert!(two == [1, 2] || two == [2], "{two:?}");
        assert!(one.len() + two.len() >= 3, "who came first hears both: {one:?} {two:?}");
        handle.assert_that_nothing_went_wrong();
        (one.len(), two.len())
    });
    seen.includes(20, &[(1, 2), (2, 1), (2, 2)]);
}

#[test]
fn a_listener_that_comes_while_another_goes_is_kept() {
    let seen = explore(|| {
        let handle = Handle::new();
        let (goes, subscription) = handle.listen();
        let leaves = {
            let handle = Arc::clone(&handle);
            move || {
                drop(subscription);
                handle.step();
                handle.deliver();
            }
        };
        let comes = {
            let handle = Arc::clone(&handle);
            move || {
                let came = handle.listen();
                handle.step();
                handle.deliver();
                came
            }
        };
        let ((), (came, _subscription)) = at_once(leaves, comes);
        let (goes, came) = (goes.heard(), came.heard());
        assert!(goes.len() <= 1, "the step after it left is not for it: {goes:?}");
        assert!(came == [1, 2] || came == [2], "{came:?}");
        handle.assert_that_nothing_went_wrong();
        (goes, came)
    });
    seen.includes(20, &[(vec![], vec![1, 2]), (vec![], vec![2]), (vec![1], vec![1, 2])]);
}

#[test]
fn counters_are_exact_across_the_switch_to_stripes() {
    let seen = explore(|| {
        let counters = Arc::new(Counters::<1>::new());
        let adds = || {
            let counters = Arc::clone(&counters);
            move || {
                counters.add(0, true);
                counters.add(0, true);
                counters.is_striped()
            }
        };
        let striped_by_then = at_once(adds(), adds());
        assert_eq!(counters.sums(), [4]);
        striped_by_then
    });
    // Who comes second finds that another thread counts too, and stripes.
    seen.includes(20, &[(false, true), (true, false), (true, true)]);
}

#[test]
fn a_counter_never_runs_backwards() {
    let seen = explore(|| {
        let counters = Arc::new(Counters::<1>::new());
        let adds = || {
            let counters = Arc::clone(&counters);
            move || counters.add(0, true)
        };
        let reads = {
            let counters = Arc::clone(&counters);
            move || {
                let [first] = counters.sums();
                let [second] = counters.sums();
                assert!(first <= second && second <= 2, "{first} and then {second}");
                (first, second)
            }
        };
        let reader = thread::spawn(reads);
        at_once(adds(), adds());
        let read = reader.join().expect("the reader");
        assert_eq!(counters.sums(), [2]);
        read
    });
    seen.includes(100, &[(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]);
}

#[test]
fn who_is_woken_sees_what_was_done_before() {
    let seen = explore(|| {
        let done = Arc::new(AtomicUsize::new(0));
        let desk = Arc::new(sync::Mutex::new(None));
        let waits = {
            let (done, desk) = (Arc::clone(&done), Arc::clone(&desk));
            move || {
                let parker = Parker::new();
                *lock(&desk) = Some(parker.waker());
                let mut looks = 0;
                // Who does not see it when it is woken waits for ever.
                let sees = std::future::poll_fn(|_| {
                    looks += 1;
                    if done.load(Ordering::Relaxed) == 1 { Poll::Ready(()) } else { Poll::Pending }
                });
                parker.finish(sees, &ManualClock::new());
                looks > 1
            }
        };
        let wakes = move || {
            done.store(1, Ordering::Relaxed);
            let waker = lock(&desk).take();
            let came_first = waker.is_none();
            waker.into_iter().for_each(Waker::wake);
            came_first
        };
        at_once(waits, wakes)
    });
    // It looks twice, or once.
    seen.includes(10, &[(true, false), (false, false), (false, true)]);
}

#[test]
fn a_loop_hears_every_ring() {
    let seen = explore(|| {
        let (bell, is_over) = (Bell::new(), Arc::new(AtomicBool::new(false)));
        let loops = {
            let (bell, is_over) = (bell.clone(), Arc::clone(&is_over));
            move || {
                let mut rounds = 0;
                // A ring that is lost leaves it waiting for ever.
                Rounds::new(ManualClock::new(), bell, |_| {
                    rounds += 1;
                    if is_over.load(Ordering::SeqCst) { Next::Never } else { Next::WhenRung }
                })
                .run();
                rounds
            }
        };
        let rings = move || {
            is_over.store(true, Ordering::SeqCst);
            bell.ring();
        };
        at_once(loops, rings).0
    });
    seen.includes(10, &[1, 2]);
}

#[test]
fn a_herald_tells_all_also_what_comes_as_it_leaves() {
    let seen = explore(|| {
        let herald = Herald::new("herald");
        let heard = Arc::new(AtomicUsize::new(0));
        let (list, end) = (Arc::clone(&heard), AllTold(Arc::clone(&heard)));
        let listener = move |event: &usize| {
            let _owned = &end;
            list.store(*event, Ordering::SeqCst);
        };
        herald.observers().observe(listener).forget();
        let tells = move || {
            herald.tell(1);
            let already = heard.load(Ordering::SeqCst);
            herald.tell(2);
            already
        };
        thread::spawn(tells).join().expect("no listener panics")
    });
    seen.includes(10, &[0, 1]);
}

/// Dropped with its listener, when nobody is left who could tell it anything.
struct AllTold(Arc<AtomicUsize>);

impl Drop for AllTold {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.0.load(Ordering::SeqCst), 2, "nobody told the last event");
        }
    }
}
