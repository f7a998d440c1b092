//! Tokens as contenders, and the proof that each tells whom it is to tell.

use std::fmt;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Wake, Waker};

use crate::contender::{Caller, Contender, Guarded};
use crate::poll::once;
use crate::shutdown::operation::Operation;
use crate::work::{Load, Seen, Work};

/// A token of one crate.
pub trait Signal: Clone + Send + Sync + 'static {
    /// A wait that owns what it needs.
    type Wait: Future<Output = ()> + Send + 'static;

    /// A token of its own.
    fn fresh() -> Self;
    /// Whether it has been triggered.
    fn is_triggered(&self) -> bool;
    /// Triggers it.
    fn trigger(&self);
    /// A token that is triggered with this one.
    fn child(&self) -> Self;
    /// The cheapest wait for it.
    fn triggered(&self) -> impl Future<Output = ()>;
    /// A wait that can be kept.
    fn kept(&self) -> Self::Wait;
}

/// Something, and one call on it, which says whether it went as it should.
pub struct Using<T, F> {
    subject: T,
    call: F,
}

impl<T, F> Using<T, F>
where
    T: Send + Sync + 'static,
    F: Fn(&T) -> bool + Send + Sync + 'static,
{
    /// Both of them.
    pub fn new(subject: T, call: F) -> Self {
        Self { subject, call }
    }
}

impl<T, F> fmt::Debug for Using<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Using").finish_non_exhaustive()
    }
}

impl<T, F> Guarded for Using<T, F>
where
    T: Send + Sync + 'static,
    F: Fn(&T) -> bool + Send + Sync + 'static,
{
    fn caller(&self) -> impl Caller {
        #[inline(always)]
        |_: Work| if (self.call)(black_box(&self.subject)) { Seen::Success } else { Seen::Rejected }
    }
}

/// The contender that calls `call` on `subject`.
pub fn contender<T: Send + Sync + 'static>(
    name: &str,
    subject: T,
    call: impl Fn(&T) -> bool + Send + Sync + 'static,
    proof: fn() -> Result<(), String>,
) -> Contender {
    Contender::around(name, Load::Success, Arc::new(Using::new(subject, call)), proof)
}

/// A token at an operation; `None` when the operation is not about tokens.
pub fn token<S: Signal>(name: &str, operation: Operation) -> Option<Contender> {
    let proof = tells_whom_it_should::<S>;
    Some(match operation {
        Operation::Look => contender(name, S::fresh(), |token| !token.is_triggered(), proof),
        Operation::Wait => contender(name, S::fresh(), |token| once(token.triggered()).is_none(), proof),
        Operation::Child => {
            contender(name, S::fresh(), |token| !black_box(token.child()).is_triggered(), proof)
        }
        Operation::Tell(waiters) => told(name, waiters, S::clone),
        Operation::TellChildren(waiters) => told(name, waiters, S::child),
        Operation::Count => return None,
    })
}

/// A token that is triggered while `waiters` wait, each for what `token` makes of it.
fn told<S: Signal>(name: &str, waiters: usize, token: fn(&S) -> S) -> Contender {
    let crowd = Arc::new(Mutex::new(Crowd::gather(waiters, token)));
    let told =
        contender(name, Arc::clone(&crowd), |crowd| with(crowd, Crowd::tell), tells_whom_it_should::<S>);
    told.prepared(move || with(&crowd, |crowd| *crowd = Crowd::gather(waiters, token))).in_batches_of(1)
}

fn with<T, R>(shared: &Mutex<T>, work: impl FnOnce(&mut T) -> R) -> R {
    work(&mut shared.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Many who wait for one token.
struct Crowd<S: Signal> {
    token: S,
    /// Children are dropped after the time is taken.
    _tokens: Vec<S>,
    waits: Vec<Pin<Box<S::Wait>>>,
    woken: Arc<Woken>,
}

/// How often one of them was woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl<S: Signal> Crowd<S> {
    fn gather(waiters: usize, of: fn(&S) -> S) -> Self {
        let (token, woken) = (S::fresh(), Arc::new(Woken::default()));
        let waker = Waker::from(Arc::clone(&woken));
        let tokens: Vec<_> = (0..waiters).map(|_| of(&token)).collect();
        let mut waits: Vec<_> = tokens.iter().map(|token| Box::pin(token.kept())).collect();
        for wait in &mut waits {
            let seen = wait.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(seen.is_pending(), "a token that nobody triggered was triggered");
        }
        Self { token, _tokens: tokens, waits, woken }
    }

    /// Whether each of them was woken once.
    fn tell(&mut self) -> bool {
        self.token.trigger();
        self.woken.0.load(Ordering::Relaxed) == self.waits.len()
    }
}

/// Whether a token tells its clones, its children and their children, and not its parent.
fn tells_whom_it_should<S: Signal>() -> Result<(), String> {
    let parent = S::fresh();
    let token = parent.child();
    let all = [token.clone(), token.child(), token.child().child()];
    if all.iter().any(|one| one.is_triggered() || once(one.triggered()).is_some()) {
        return Err("triggered by nobody".to_owned());
    }
    token.trigger();
    if !all.iter().all(|one| one.is_triggered() && once(one.triggered()).is_some()) {
        return Err("did not tell all below it".to_owned());
    }
    if parent.is_triggered() { Err("told its parent".to_owned()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, pending, ready};
    use std::sync::atomic::AtomicBool;

    use super::*;

    /// Knows no children.
    #[derive(Clone)]
    struct Alone(Arc<AtomicBool>);

    impl Signal for Alone {
        type Wait = Ready<()>;

        fn fresh() -> Self {
            Self(Arc::default())
        }

        fn is_triggered(&self) -> bool {
            self.0.load(Ordering::Relaxed)
        }

        fn trigger(&self) {
            self.0.store(true, Ordering::Relaxed);
        }

        fn child(&self) -> Self {
            Self::fresh()
        }

        async fn triggered(&self) {
            if !self.is_triggered() {
                pending::<()>().await;
            }
        }

        fn kept(&self) -> Ready<()> {
            ready(())
        }
    }

    #[test]
    fn a_token_that_does_not_tell_its_children_is_caught() {
        let look = token::<Alone>("alone", Operation::Look).expect("it has the operation");
        look.check(10, look.run(10));
        assert_eq!(look.prove(), Err("alone: did not tell all below it".to_owned()));
    }

    #[test]
    #[should_panic(expected = "a token that nobody triggered")]
    fn a_wait_that_is_over_at_once_is_caught() {
        let _ = token::<Alone>("alone", Operation::Tell(3));
    }
}
