//! A call that is dropped after n polls, for every n (C5).

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use resil_core::testing::{Spy, Told, poll_once};
use resil_timeout::{Config, Deadline, ManualClock, PolicyExt, Timeout, Verdict};

const SECOND: Duration = Duration::from_secs(1);
/// How often the work is pending.
const STEPS: u32 = 3;

fn steps() -> impl Future<Output = Result<u32, ()>> {
    let mut left = STEPS;
    poll_fn(move |_| {
        if left == 0 {
            return Poll::Ready(Ok(7));
        }
        left -= 1;
        Poll::Pending
    })
}

fn poll_times<F: Future>(mut future: Pin<&mut F>, polls: u32) -> bool {
    (0..polls).any(|_| poll_once(future.as_mut()).is_ready())
}

fn configs() -> impl Iterator<Item = Config> {
    let flags = [(true, false), (true, true), (false, false), (false, true)];
    flags.into_iter().map(|(propagates, includes)| {
        Config::new(2 * SECOND).propagate_deadline(propagates).include_queue_time(includes)
    })
}

#[test]
fn wherever_it_is_dropped_nothing_is_left_and_the_count_is_right() {
    for config in configs() {
        for polls in 0..=STEPS + 1 {
            let clock = ManualClock::new();
            let timeout = Timeout::with_clock("payments".into(), config, clock.clone());
            let spy = Spy::admitting("spy");
            let ended = {
                let guarded = spy.call_async(steps());
                poll_times(pin!(timeout.call_async_nested_with(clock.clone(), guarded)), polls)
            };
            assert_eq!(ended, polls == STEPS + 1);
            assert_eq!((Deadline::current(), clock.sleepers_waiting()), (None, 0), "after {polls} polls");
            let verdict = if ended { Verdict::Success } else { Verdict::Cancelled };
            let told: &[_] = if polls == 0 { &[] } else { &[Told::Admitted, Told::Settled(verdict)] };
            assert_eq!(spy.told(), told, "after {polls} polls");
            let stats = timeout.stats();
            let cancelled = u64::from(polls > 0 && !ended);
            assert_eq!(
                (stats.timed_out, stats.expired, stats.cancelled),
                (0, 0, cancelled),
                "after {polls} polls"
            );
        }
    }
}

#[test]
fn what_was_cut_off_is_not_cancelled_too() {
    for config in configs() {
        for polls in 1..=STEPS {
            let clock = ManualClock::new();
            let timeout = Timeout::with_clock("payments".into(), config, clock.clone());
            {
                let mut call = pin!(timeout.run_with(clock.clone(), steps()));
                assert!(!poll_times(call.as_mut(), polls));
                clock.advance(2 * SECOND);
                // The work may have one more step to go, and two polls may pass before the sleep has its turn.
                assert!(poll_times(call, 2));
            }
            let stats = timeout.stats();
            let ended = (stats.timed_out, stats.expired, stats.cancelled);
            assert!(ended == (1, 0, 0) || polls == STEPS && ended == (0, 0, 0), "{stats:?}");
            assert_eq!(clock.sleepers_waiting(), 0);
        }
    }
}

#[test]
fn a_cancelled_call_has_let_go_of_what_it_used_before_it_is_counted() {
    struct Held<'a>(&'a Timeout<ManualClock>);
    impl Drop for Held<'_> {
        fn drop(&mut self) {
            assert_eq!(self.0.stats().cancelled, 0);
        }
    }
    let clock = ManualClock::new();
    let timeout = Timeout::with_clock("payments".into(), Config::new(SECOND), clock.clone());
    {
        let held = Held(&timeout);
        let call = timeout.run_with(clock.clone(), async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        assert!(poll_once(pin!(call)).is_pending());
    }
    assert_eq!(timeout.stats().cancelled, 1);
}

#[test]
fn a_panic_is_no_cancellation_and_goes_on() {
    for polls in 0..3 {
        let clock = ManualClock::new();
        let timeout = Timeout::with_clock("payments".into(), Config::new(SECOND), clock.clone());
        let mut left = polls;
        let panics = poll_fn(|_| -> Poll<()> {
            assert!(left > 0, "boom");
            left -= 1;
            Poll::Pending
        });
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            poll_times(pin!(timeout.run_with(clock.clone(), panics)), polls + 1)
        }));
        assert!(unwound.is_err());
        assert_eq!((timeout.stats().cancelled, clock.sleepers_waiting(), Deadline::current()), (0, 0, None));
    }
}
