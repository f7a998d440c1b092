//! Futures that are watched: cut off where they stand still, and cancel-safe.

#[path = "scene/jobs.rs"]
mod jobs;
mod scene;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use jobs::scene;
use resil_watchdog::TimedOut;
use scene::SECOND;

/// Counts how often it was woken.
#[derive(Default)]
struct Alarm(AtomicUsize);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Alarm {
    fn rings(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn poll<F: Future>(future: Pin<&mut F>, alarm: &Arc<Alarm>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&Waker::from(Arc::clone(alarm))))
}

/// Set when it is dropped.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

async fn forever(dropped: Dropped) {
    std::future::pending::<()>().await;
    drop(dropped);
}

#[test]
fn a_future_that_nobody_polls_is_woken_and_cut_off() {
    let scene = scene(|builder| builder);
    let (alarm, drops) = (Arc::new(Alarm::default()), Arc::new(AtomicUsize::new(0)));
    let mut watch = pin!(scene.dog.watch(forever(Dropped(Arc::clone(&drops)))));
    assert!(poll(watch.as_mut(), &alarm).is_pending());
    scene.pass(5);
    assert_eq!((alarm.rings(), drops.load(Ordering::SeqCst)), (1, 0));
    let Poll::Ready(Err(error)) = poll(watch.as_mut(), &alarm) else { panic!("it is cut off") };
    assert_eq!(error.to_string(), "jobs: timed out after 4s");
    assert_eq!(drops.load(Ordering::SeqCst), 1, "the future is gone");
    assert!(scene.dog.watched().is_empty(), "and no longer watched");
    assert!(poll(watch, &alarm).is_ready());
    let heard = scene.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].starts_with("jobs: future at ") && heard[0].contains("watch.rs:"), "{heard:?}");
}

#[test]
fn each_poll_is_a_ping() {
    let scene = scene(|builder| builder);
    let alarm = Arc::new(Alarm::default());
    let mut watch = pin!(scene.dog.watch(std::future::pending::<()>()));
    for _ in 0..20 {
        assert!(poll(watch.as_mut(), &alarm).is_pending());
        scene.pass(3);
    }
    assert_eq!(alarm.rings(), 0);
}

#[test]
fn what_is_ready_is_returned_though_it_comes_late() {
    let scene = scene(|builder| builder);
    let alarm = Arc::new(Alarm::default());
    let mut polls = 0;
    let mut watch = pin!(scene.dog.watch(poll_fn(|_| {
        polls += 1;
        if polls > 1 { Poll::Ready(42) } else { Poll::Pending }
    })));
    assert!(poll(watch.as_mut(), &alarm).is_pending());
    scene.pass(9);
    assert_eq!(poll(watch, &alarm), Poll::Ready(Ok(42)));
}

#[test]
fn where_pings_are_explicit_polls_do_not_count() {
    let scene = scene(|builder| builder);
    let alarm = Arc::new(Alarm::default());
    let mut rounds = 0;
    let mut watch = pin!(scene.dog.watch_with(|pinger| poll_fn(move |_| {
        rounds += 1;
        if rounds <= 6 {
            pinger.ping_with(format!("round {rounds}"));
        }
        Poll::<()>::Pending
    })));
    let mut left = 0;
    let cut: TimedOut = loop {
        match poll(watch.as_mut(), &alarm) {
            Poll::Pending => scene.pass(1),
            Poll::Ready(end) => break end.unwrap_err(),
        }
        left += 1;
    };
    assert_eq!((left, cut.limit()), (10, Some(4 * SECOND)));
    assert!(scene.dog.watched().is_empty());
    let heard = scene.heard();
    assert!(heard[0].ends_with("silent for 4.0s, last note: round 6"), "{heard:?}");
}

#[test]
fn who_drops_the_pinger_of_its_future_is_no_longer_watched_and_goes_on() {
    let scene = scene(|builder| builder);
    let alarm = Arc::new(Alarm::default());
    let mut watch = pin!(scene.dog.watch_with(|pinger| async move {
        drop(pinger);
        std::future::pending::<()>().await;
    }));
    assert!(poll(watch.as_mut(), &alarm).is_pending());
    scene.pass(50);
    assert!(poll(watch, &alarm).is_pending());
    assert!(scene.heard().is_empty());
}

/// Futures stay where they are pinned after they are done, until the end of a function that may last for hours.
#[test]
fn a_future_that_is_done_is_dropped_and_no_longer_watched() {
    let scene = scene(|builder| builder);
    let (alarm, drops) = (Arc::new(Alarm::default()), Arc::new(AtomicUsize::new(0)));
    let dropped = Dropped(Arc::clone(&drops));
    let mut watch = pin!(scene.dog.watch(poll_fn(move |_| {
        let _owned = &dropped;
        Poll::Ready(42)
    })));
    assert_eq!(poll(watch.as_mut(), &alarm), Poll::Ready(Ok(42)));
    assert_eq!(drops.load(Ordering::SeqCst), 1);
    let mut other = pin!(scene.dog.watch_with(|pinger| poll_fn(move |_| {
        pinger.ping();
        Poll::Ready(43)
    })));
    assert_eq!(poll(other.as_mut(), &alarm), Poll::Ready(Ok(43)));
    assert!(scene.dog.watched().is_empty());
    scene.pass(50);
    assert_eq!(alarm.rings(), 0);
    assert!(scene.heard().is_empty());
}

/// C5
#[test]
fn a_watch_that_is_dropped_after_any_number_of_polls_leaves_nothing_behind() {
    for polls in 0..4 {
        let scene = scene(|builder| builder);
        let (alarm, drops) = (Arc::new(Alarm::default()), Arc::new(AtomicUsize::new(0)));
        {
            let mut watch = pin!(scene.dog.watch(forever(Dropped(Arc::clone(&drops)))));
            assert_eq!(scene.dog.watched().len(), 1);
            for _ in 0..polls {
                assert!(poll(watch.as_mut(), &alarm).is_pending());
            }
        }
        assert_eq!(drops.load(Ordering::SeqCst), 1);
        assert!(scene.dog.watched().is_empty());
        scene.pass(9);
        assert_eq!(alarm.rings(), 0);
        assert_eq!(Arc::strong_count(&alarm), 1, "no waker is kept");
        assert!(scene.heard().is_empty());
    }
}

#[test]
fn a_watch_of_a_watchdog_that_is_gone_goes_on() {
    let scene = scene(|builder| builder);
    let alarm = Arc::new(Alarm::default());
    let mut watch = pin!(scene.dog.watch(std::future::pending::<()>()));
    assert!(poll(watch.as_mut(), &alarm).is_pending());
    drop(scene);
    assert!(poll(watch.as_mut(), &alarm).is_pending());
    assert!(format!("{watch:?}").contains("pings: 2"));
}

/// W6: the task is woken by the monitor's thread, and the runtime drops the future.
#[cfg(feature = "tokio")]
#[tokio::test]
async fn a_task_whose_future_stands_still_gets_the_error() {
    use resil_watchdog::Watchdog;

    let dog = Watchdog::new(SECOND / 10).start().unwrap();
    let end = dog.watch(std::future::pending::<()>()).await;
    assert!(end.is_err());
    assert_eq!(dog.fired_count(), 1);
    assert_eq!(dog.watch(async { 42 }).await, Ok(42));
}
