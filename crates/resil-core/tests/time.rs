//! Clocks and timers: the manual one, the process's, tokio's.
#![cfg(not(any(loom, shuttle)))]

use std::future::{Future, Ready, ready};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use resil_core::testing::poll_once;
use resil_core::{Clock, ManualClock, ManualSleep, Moment, MonotonicClock, Timer, TokioClock, TokioTimer};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn moments_saturate_at_both_ends() {
    let (zero, one, max) = (Moment::ZERO, Moment::from_nanos(1), Moment::MAX);
    assert_eq!((zero.as_nanos(), max.as_nanos(), Moment::default()), (0, u64::MAX, zero));
    for (moment, span, later, earlier) in [
        (zero, Duration::ZERO, zero, zero),
        (one, Duration::from_nanos(1), Moment::from_nanos(2), zero),
        (one, Duration::from_nanos(2), Moment::from_nanos(3), zero),
        (max, Duration::from_nanos(1), max, Moment::from_nanos(u64::MAX - 1)),
        (one, Duration::from_nanos(u64::MAX), max, zero),
        (max, Duration::MAX, max, zero),
        // The first whole second that does not fit; its nanoseconds would wrap to a small number.
        (zero, Duration::from_secs(18_446_744_074), max, zero),
    ] {
        assert_eq!(moment.saturating_add(span), later, "{moment} + {span:?}");
        assert_eq!(moment.saturating_sub(span), earlier, "{moment} - {span:?}");
    }
    assert_eq!(max.saturating_duration_since(zero), Duration::from_nanos(u64::MAX));
    assert_eq!(zero.saturating_duration_since(max), Duration::ZERO);
    assert_eq!(Moment::from_nanos(1_500_000_000).to_string(), "1.5s");
}

#[test]
fn a_manual_clock_stands_still_until_it_is_moved() {
    let clock = ManualClock::new();
    let same = clock.clone();
    assert_eq!((clock.now(), clock.unix_time()), (Moment::ZERO, Duration::from_secs(1_700_000_000)));
    clock.advance(SECOND);
    assert_eq!(same.now(), Moment::ZERO.saturating_add(SECOND));
    assert_eq!(same.unix_time(), Duration::from_secs(1_700_000_001));
    same.set(Moment::from_nanos(7));
    assert_eq!((clock.now(), clock.unix_time()), (Moment::from_nanos(7), Duration::from_secs(1_700_000_001)));
    same.set_unix_time(Duration::from_nanos(9));
    assert_eq!((clock.now(), clock.unix_time()), (Moment::from_nanos(7), Duration::from_nanos(9)));
    clock.advance(Duration::MAX);
    assert_eq!((clock.now(), clock.unix_time()), (Moment::MAX, Duration::from_nanos(u64::MAX)));
    clock.set_unix_time(Duration::MAX);
    assert_eq!(clock.unix_time(), Duration::from_nanos(u64::MAX));
}

#[test]
fn a_pointer_to_a_clock_is_the_clock() {
    fn times(clock: impl Clock) -> (Moment, Duration) {
        (clock.now(), clock.unix_time())
    }
    let clock = ManualClock::new();
    clock.advance(SECOND);
    let expected = (Moment::ZERO.saturating_add(SECOND), Duration::from_secs(1_700_000_001));
    assert_eq!(times(&clock), expected);
    assert_eq!(times(&clock as &dyn Clock), expected);
    assert_eq!(times(Arc::new(clock.clone())), expected);
    assert_eq!(times(Arc::new(clock) as Arc<dyn Clock>), expected);
}

#[test]
fn a_manual_clock_loses_no_step_when_several_threads_move_it() {
    let clock = ManualClock::new();
    let together = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                together.wait();
                (0..1_000).for_each(|_| clock.advance(Duration::from_nanos(1)));
            });
        }
    });
    assert_eq!(clock.now(), Moment::from_nanos(4_000));
}

/// A waker that writes down its name when it is woken.
struct Named(&'static str, Arc<Mutex<Vec<&'static str>>>);

impl Wake for Named {
    fn wake(self: Arc<Self>) {
        self.1.lock().expect("nobody panics with the lock").push(self.0);
    }
}

#[test]
fn a_manual_clock_wakes_who_is_due_in_the_order_of_their_moments() {
    let clock = ManualClock::new();
    let woken = Arc::default();
    let asleep = |name, at: u64| -> ManualSleep {
        let waker = Waker::from(Arc::new(Named(name, Arc::clone(&woken))));
        let mut sleep = clock.sleep_until(Moment::from_nanos(at));
        assert!(Pin::new(&mut sleep).poll(&mut Context::from_waker(&waker)).is_pending());
        sleep
    };
    let mut sleeps =
        [asleep("third", 30), asleep("second", 20), asleep("first", 10), asleep("second too", 20)];
    assert_eq!(clock.sleepers_waiting(), 4);
    let take = || std::mem::take(&mut *woken.lock().unwrap());

    clock.advance(Duration::from_nanos(9));
    assert_eq!(take(), Vec::<&str>::new());
    clock.advance(Duration::from_nanos(11));
    assert_eq!(take(), ["first", "second", "second too"]);
    assert_eq!(clock.sleepers_waiting(), 1);
    clock.set(Moment::from_nanos(30));
    assert_eq!(take(), ["third"]);
    assert!(sleeps.iter_mut().all(|sleep| poll_once(Pin::new(sleep)).is_ready()));
}

#[test]
fn a_sleeper_wakes_the_task_that_polled_it_last() {
    let clock = ManualClock::new();
    let woken = Arc::default();
    let mut sleep = pin!(clock.sleep_until(Moment::from_nanos(1)));
    for name in ["former task", "present task"] {
        let waker = Waker::from(Arc::new(Named(name, Arc::clone(&woken))));
        assert!(sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    clock.advance(SECOND);
    assert_eq!(*woken.lock().unwrap(), ["present task"]);
}

#[test]
fn a_sleep_that_is_due_never_waits() {
    let clock = ManualClock::new();
    clock.advance(SECOND);
    assert!(poll_once(pin!(clock.sleep_until(clock.now()))).is_ready());
    assert!(poll_once(pin!(clock.sleep_until(Moment::ZERO))).is_ready());
    assert_eq!(clock.sleepers_waiting(), 0);
}

#[test]
fn a_closure_is_a_timer_that_is_told_how_long_to_wait() {
    fn wait(timer: &impl Timer<Sleep = Ready<()>>, at: Moment) {
        assert!(poll_once(pin!(timer.sleep_until(at))).is_ready());
    }
    let waits = Mutex::new(Vec::new());
    let timer = |span: Duration| {
        waits.lock().unwrap().push(span);
        ready(())
    };
    wait(&timer, Moment::ZERO);
    let before = MonotonicClock.now();
    wait(&timer, before.saturating_add(SECOND));
    let passed = MonotonicClock.now().saturating_duration_since(before);
    let waits = waits.into_inner().unwrap();
    assert_eq!(waits[0], Duration::ZERO);
    assert!(waits[1] <= SECOND && waits[1] >= SECOND.saturating_sub(passed), "{waits:?}");
}

#[test]
fn the_monotonic_clock_never_runs_backwards() {
    let mut before = MonotonicClock.now();
    for _ in 0..100_000 {
        let now = MonotonicClock.now();
        assert!(now >= before, "{now} after {before}");
        before = now;
    }
}

#[test]
fn a_later_reading_on_another_thread_is_no_earlier() {
    let (to_other, from_here) = std::sync::mpsc::sync_channel(0);
    let (to_here, from_other) = std::sync::mpsc::sync_channel(0);
    thread::scope(|scope| {
        scope.spawn(move || {
            for reading in from_here {
                let now = MonotonicClock.now();
                assert!(now >= reading, "{now} after {reading}");
                to_here.send(now).unwrap();
            }
        });
        for _ in 0..1_000 {
            to_other.send(MonotonicClock.now()).unwrap();
            let reading = from_other.recv().unwrap();
            assert!(MonotonicClock.now() >= reading);
        }
        drop(to_other);
    });
}

/// With `fast-clock` this compares the processor's counter; without it, the crate's arithmetic.
#[test]
#[expect(clippy::disallowed_methods, reason = "the operating system's clock is what this is about")]
fn the_monotonic_clock_keeps_within_one_percent_of_the_operating_systems() {
    use std::time::Instant;

    /// Both clocks at nearly the same time: the reading that was interrupted least, of many.
    fn both() -> (Instant, Moment) {
        let readings = (0..1_000).map(|_| (Instant::now(), MonotonicClock.now(), Instant::now()));
        let best = readings.min_by_key(|(before, _, after)| after.duration_since(*before)).unwrap();
        (best.0, best.1)
    }
    let (system_start, ours_start) = both();
    while system_start.elapsed() < Duration::from_millis(50) {
        std::hint::spin_loop();
    }
    let (system_end, ours_end) = both();
    let system = system_end.duration_since(system_start).as_secs_f64();
    let ours = ours_end.saturating_duration_since(ours_start).as_secs_f64();
    assert!((ours / system - 1.0).abs() < 0.01, "{ours} s against {system} s");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the operating system's clock is what this is about")]
fn the_wall_clock_is_the_operating_systems() {
    use std::time::SystemTime;
    let system = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    for ours in [MonotonicClock.unix_time(), TokioClock.unix_time()] {
        // It may be stepped at any time, but not by that much.
        assert!(ours.abs_diff(system()) < Duration::from_secs(24 * 3_600), "{ours:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn tokios_clock_and_timer_follow_paused_time() {
    let start = TokioClock.now();
    assert_eq!(TokioClock.now(), start);
    tokio::time::advance(SECOND).await;
    assert_eq!(TokioClock.now().saturating_duration_since(start), SECOND);

    let at = TokioClock.now().saturating_add(3_600 * SECOND);
    TokioTimer::new().sleep_until(at).await;
    assert_eq!(TokioClock.now(), at);
    <TokioTimer>::default().sleep_until(start).await;
    assert_eq!(TokioClock.now(), at);
}

#[test]
fn tokios_clock_runs_outside_a_runtime_too() {
    let before = TokioClock.now();
    assert!(before > Moment::ZERO && TokioClock.now() >= before);
}

#[tokio::test(start_paused = true)]
async fn tokios_timer_waits_for_moments_of_another_clock() {
    let clock = ManualClock::new();
    clock.advance(SECOND);
    let start = TokioClock.now();
    TokioTimer::on(clock.clone()).sleep_until(Moment::ZERO.saturating_add(4 * SECOND)).await;
    assert_eq!(TokioClock.now().saturating_duration_since(start), 3 * SECOND);
    assert_eq!(clock.sleepers_waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_moment_that_never_comes_is_no_panic() {
    let waits = Arc::new(AtomicUsize::new(0));
    tokio::select! {
        () = TokioTimer::new().sleep_until(Moment::MAX) => unreachable!("584 years"),
        () = TokioTimer::new().sleep_until(TokioClock.now().saturating_add(SECOND)) => waits.fetch_add(1, Relaxed),
    };
    assert_eq!(waits.load(Relaxed), 1);
}

#[test]
fn a_thread_that_is_parked_on_a_manual_clock_wakes_when_it_is_moved_or_unparked() {
    let clock = ManualClock::new();
    let at = Moment::from_nanos(1_000);
    let parks = |clock: ManualClock| thread::spawn(move || clock.park_until(at));
    let wait_for_it = || {
        while clock.sleepers_waiting() == 0 {
            thread::yield_now();
        }
    };
    let parked = parks(clock.clone());
    wait_for_it();
    clock.advance(Duration::from_micros(1));
    parked.join().unwrap();
    clock.park_until(at); // comes back at once

    clock.set(Moment::ZERO);
    let parked = parks(clock.clone());
    wait_for_it();
    parked.thread().unpark();
    parked.join().unwrap();
    assert_eq!(clock.sleepers_waiting(), 0);
}

#[test]
fn a_thread_that_is_parked_on_the_real_clock_comes_back_in_time() {
    fn park(clock: impl Clock) {
        let at = clock.now().saturating_add(Duration::from_millis(1));
        while clock.now() < at {
            clock.park_until(at);
        }
    }
    let clock: &'static MonotonicClock = &MonotonicClock;
    park(*clock);
    park(clock);
    park(Arc::new(*clock));
}
