//! What a new run takes over from the former one, and what not.

use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Waker};

use resil_core::ManualClock;
use resil_core::background::{Next, Rounds};

use super::*;
use crate::Config;

/// Of a state file, in its first run.
fn state() -> State {
    let own = Source::of_file("app.heartbeat".into());
    let mut state = State::new(Config::new().terms(true), own, Moment::ZERO);
    state.begin(Moment::ZERO, Duration::ZERO);
    state
}

/// W7: the reader of the former run may never come back.
#[test]
fn a_reader_that_hung_in_the_former_run_is_not_held_against_the_new_one() {
    let mut state = state();
    state.reading_since = Some(Moment::ZERO);
    state.begin(Moment::MAX, Duration::ZERO);
    assert_eq!(state.reading_since, None);
}

/// W7: or the new monitor would take the ring that is to end the former one, which would sleep on.
#[test]
fn the_ring_that_ends_a_run_is_not_heard_in_the_next() {
    let mut state = state();
    let former = state.bell.clone();
    state.begin(Moment::ZERO, Duration::ZERO);
    let rounds = AtomicU32::new(0);
    let round = |_| {
        rounds.fetch_add(1, Ordering::Relaxed);
        Next::WhenRung
    };
    let clock = ManualClock::new();
    let mut monitor = pin!(Rounds::new(clock.clone(), state.bell.clone(), round).run_on(clock));
    let mut rounds_after = |bell: Option<&Bell>| {
        bell.into_iter().for_each(Bell::ring);
        assert!(monitor.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        rounds.load(Ordering::Relaxed)
    };
    assert_eq!(rounds_after(None), 1);
    assert_eq!(rounds_after(Some(&former)), 1);
    assert_eq!(rounds_after(Some(&state.bell)), 2);
}
