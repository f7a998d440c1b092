//! Tokens: one word for tasks, threads, channels and other libraries.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use resil_shutdown::{GracefulShutdown, Token, Triggered};

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Count {
    fn read(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn poll(future: &mut Triggered, count: &Arc<Count>) -> bool {
    let waker = Waker::from(Arc::clone(count));
    Pin::new(future).poll(&mut Context::from_waker(&waker)).is_ready()
}

#[test]
fn all_who_wait_are_woken_once() {
    let token = Token::new();
    let count = Arc::new(Count::default());
    let mut waits: Vec<_> = (0..1_000).map(|_| token.triggered()).collect();
    assert!(!waits.iter_mut().any(|wait| poll(wait, &count)));
    assert!(!waits.iter_mut().any(|wait| poll(wait, &count)), "polled again, and still one waker each");
    token.clone().trigger();
    token.trigger();
    assert_eq!(count.read(), 1_000);
    assert!(waits.iter_mut().all(|wait| poll(wait, &count)));
}

#[test]
fn a_wait_that_is_dropped_is_not_woken() {
    let token = Token::new();
    let count = Arc::new(Count::default());
    let mut wait = token.triggered();
    assert!(!poll(&mut wait, &count));
    drop(wait);
    assert_eq!(Arc::strong_count(&count), 1, "the token kept no waker");
    token.trigger();
    assert_eq!(count.read(), 0);
}

#[test]
fn the_newest_waker_of_a_wait_is_woken() {
    let token = Token::new();
    let (old, new) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let mut wait = token.triggered();
    assert!(!poll(&mut wait, &old) && !poll(&mut wait, &new));
    token.trigger();
    assert_eq!((old.read(), new.read()), (0, 1));
}

#[test]
fn children_are_triggered_with_their_parent_and_not_the_other_way_round() {
    let token = Token::new();
    let (first, second) = (token.child(), token.child());
    let grandchild = first.child();
    second.trigger();
    assert!(!token.is_triggered() && !first.is_triggered());
    token.trigger();
    assert!(first.is_triggered() && grandchild.is_triggered());
    assert!(grandchild.child().is_triggered(), "made afterwards");
}

#[test]
fn a_child_outlives_the_handles_of_those_above_it() {
    let token = Token::new();
    let grandchild = token.child().child();
    token.trigger();
    assert!(grandchild.is_triggered());
}

#[test]
fn children_a_hundred_thousand_deep_overflow_no_stack() {
    let token = Token::new();
    let mut all = vec![token.child()];
    for depth in 0..100_000 {
        all.push(all[depth].child());
    }
    token.trigger();
    assert!(all.iter().all(Token::is_triggered));
    // From the leaf up, as the end of each frees the one above.
    while all.pop().is_some() {}
    // And a chain that hangs on its leaf alone.
    let mut leaf = Token::new();
    for _ in 0..100_000 {
        leaf = leaf.child();
    }
    drop(leaf);
}

/// A waker that panics, as those of executors that are gone may.
struct Broken;

impl Wake for Broken {
    fn wake(self: Arc<Self>) {
        panic!("the executor is gone");
    }
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_from_being_woken() {
    let shutdown = GracefulShutdown::new();
    let (count, broken) = (Arc::new(Count::default()), Waker::from(Arc::new(Broken)));
    let mut waits = [shutdown.requested(), shutdown.requested()];
    assert!(Pin::new(&mut waits[0]).poll(&mut Context::from_waker(&broken)).is_pending());
    assert!(!poll(&mut waits[1], &count));
    assert!(shutdown.trigger_blocking().is_clean());
    assert_eq!(count.read(), 1);
}

#[test]
fn a_child_that_is_dropped_is_forgotten() {
    let token = Token::new();
    let count = Arc::new(Count::default());
    for _ in 0..1_000 {
        let child = token.child();
        let mut wait = child.triggered();
        assert!(!poll(&mut wait, &count));
    }
    token.trigger();
    assert_eq!(count.read(), 0);
}

#[test]
fn a_thread_waits_until_it_is_told_or_its_time_is_over() {
    let token = Token::new();
    assert!(!token.wait_timeout(Duration::from_millis(1)));
    let waits = thread::spawn({
        let token = token.child();
        move || {
            token.wait();
            token.wait_timeout(Duration::from_secs(3_600))
        }
    });
    token.trigger();
    assert!(waits.join().unwrap());
}

#[test]
fn a_wait_lives_without_the_token_it_came_from() {
    let child = Token::new().child();
    let mut wait = pin!(child.triggered());
    child.trigger();
    drop(child);
    assert_eq!(wait.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()));
}

#[cfg(feature = "crossbeam")]
#[test]
fn a_channel_is_disconnected_by_the_token_and_by_nothing_else() {
    use crossbeam_channel::TryRecvError;

    let token = Token::new();
    let (first, second) = (token.receiver(), token.receiver());
    assert_eq!(first.try_recv(), Err(TryRecvError::Empty));
    token.trigger();
    assert_eq!(first.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(second.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(token.receiver().try_recv(), Err(TryRecvError::Disconnected), "made afterwards");

    let orphan = Token::new().receiver();
    assert_eq!(orphan.try_recv(), Err(TryRecvError::Empty), "nobody triggered it");
}

#[cfg(feature = "tokio-util")]
#[test]
fn tokens_of_tokio_util_follow_and_are_followed() {
    use tokio_util::sync::CancellationToken;

    let token = Token::new();
    let cancellation = CancellationToken::from(&token);
    assert!(!cancellation.is_cancelled());
    token.trigger();
    assert!(cancellation.is_cancelled());
    assert!(CancellationToken::from(&token).is_cancelled(), "made afterwards");

    let cancellation = CancellationToken::new();
    let followed = Token::from(cancellation.clone());
    let alone = Token::from(cancellation.clone());
    alone.trigger();
    assert!(!cancellation.is_cancelled() && !followed.is_triggered());
    let child = followed.child();
    cancellation.cancel();
    assert!(followed.is_triggered() && child.is_triggered());
    assert!(Token::from(cancellation).is_triggered(), "made afterwards");
}
