//! Models of what several threads share, under loom and shuttle: beats, the stop, metadata and tickets.
//!
//! Stock loom skips interleavings of the thread that built the model, so all that races runs in spawned threads, and the first one only
//! builds, joins and asserts. A loop that is not woken shows as a deadlock. Each model names the outcomes that it has to see.
#![cfg(any(loom, shuttle))]
#![expect(clippy::unwrap_used, reason = "part of a test")]

use std::sync::{Arc, Mutex, OnceLock};

use resil_heartbeat::testing::models::{Action, action, explore, race};
use resil_heartbeat::{Builder, Heartbeat, HeartbeatError, ManualClock, Status, Stopper};

type OnManual = Heartbeat<ManualClock>;

/// What a sink was told: the numbers of the beats, and what they said. Not the checker's lock: it is held by one thread at a time.
type Told = Arc<Mutex<Vec<(u64, Status)>>>;

/// Writes down what it is told.
fn writing(builder: Builder) -> (Builder<ManualClock>, Told) {
    let told = Told::default();
    let copy = Arc::clone(&told);
    let builder = builder.sink(move |state| {
        let beat = (state.sequence.unwrap(), state.status.unwrap());
        copy.lock().unwrap().push(beat);
        Ok(())
    });
    (builder.clock(ManualClock::new()), told)
}

/// One whose loop nobody goes: what races are its callers.
fn without_a_loop() -> (Arc<OnManual>, Told) {
    let (builder, told) = writing(Heartbeat::builder());
    let (heartbeat, beating) = builder.start_task(ManualClock::new()).unwrap();
    drop(beating);
    (Arc::new(heartbeat), told)
}

fn told(told: &Told) -> Vec<(u64, Status)> {
    told.lock().unwrap().clone()
}

fn beats<T: Default>() -> Action<OnManual, T> {
    action(|heartbeat: &OnManual| {
        let _ = heartbeat.beat_now();
        T::default()
    })
}

#[test]
fn a_beat_that_races_with_a_stop_is_told_before_it_or_not_at_all() {
    use Status::{Running, Starting, Stopped};

    let (before, not) = (vec![(1, Starting), (2, Running), (3, Stopped)], vec![(1, Starting), (2, Stopped)]);
    explore(&[before, not], || {
        let (heartbeat, list) = without_a_loop();
        let stops = action(|heartbeat: &OnManual| heartbeat.stop().unwrap());
        race(&heartbeat, vec![beats(), stops]);
        told(&list)
    });
}

#[test]
fn beats_of_two_threads_are_told_in_their_order() {
    explore(&[vec![1, 2, 3]], || {
        let (heartbeat, list) = without_a_loop();
        race::<_, ()>(&heartbeat, vec![beats(), beats()]);
        told(&list).into_iter().map(|(number, _)| number).collect::<Vec<_>>()
    });
}

#[test]
fn whoever_stops_returns_when_the_last_beat_is_told() {
    explore(&[true], || {
        let (heartbeat, list) = without_a_loop();
        let stops = || {
            let list = Arc::clone(&list);
            action(move |heartbeat: &OnManual| {
                heartbeat.stop().unwrap();
                told(&list).last().map(|(_, status)| *status) == Some(Status::Stopped)
            })
        };
        let seen = race(&heartbeat, vec![stops(), stops()]);
        assert_eq!(told(&list).len(), 2, "it is told once");
        seen.iter().all(|is_told| *is_told)
    });
}

#[test]
fn a_loop_ends_when_its_heartbeat_is_stopped() {
    explore(&[false], || {
        let (builder, _) = writing(Heartbeat::builder());
        let heartbeat = Arc::new(builder.start().unwrap());
        let stops = action(|heartbeat: &OnManual| heartbeat.stop().unwrap());
        race(&heartbeat, vec![stops]);
        // The checker waits for the loop's thread, and finds that it never ends if nobody wakes it.
        heartbeat.is_running()
    });
}

#[test]
fn a_stop_in_a_sink_is_the_last_word_whoever_beats() {
    explore(&[true], || {
        let (stopper, done): (Arc<OnceLock<Stopper>>, _) = (Arc::default(), Arc::new(Mutex::new(false)));
        let own = Arc::clone(&stopper);
        let builder = Heartbeat::builder().sink(move |state| {
            let is_second = state.sequence == Some(2) && !std::mem::replace(&mut *done.lock().unwrap(), true);
            if let Some(stopper) = own.get().filter(|_| is_second) {
                stopper.stop().unwrap();
            }
            Ok(())
        });
        let (builder, list) = writing(builder);
        let (heartbeat, beating) = builder.start_task(ManualClock::new()).unwrap();
        drop(beating);
        assert!(stopper.set(heartbeat.stopper()).is_ok());
        let heartbeat = Arc::new(heartbeat);
        race::<_, ()>(&heartbeat, vec![beats(), beats()]);
        let list = told(&list);
        assert_eq!(list.len(), 3, "{list:?}");
        list.last() == Some(&(3, Status::Stopped))
    });
}

#[test]
fn no_metadata_is_lost_when_two_threads_set_it() {
    explore(&[2], || {
        let (heartbeat, _) = without_a_loop();
        let sets = |key: &'static str| {
            action(move |heartbeat: &OnManual| heartbeat.set_metadata(key, true).unwrap())
        };
        race(&heartbeat, vec![sets("a"), sets("b")]);
        heartbeat.beat_now().unwrap();
        heartbeat.state().metadata.len()
    });
}

#[test]
fn no_step_of_a_ticket_is_lost() {
    explore(&[2], || {
        let (heartbeat, _) = without_a_loop();
        let ticket = Arc::new(heartbeat.progress("worker"));
        race(
            &ticket,
            vec![action(resil_heartbeat::Progress::advance), action(resil_heartbeat::Progress::advance)],
        );
        heartbeat.beat_now().unwrap();
        heartbeat.state().progress[0].advances
    });
}

#[test]
fn who_stops_a_heartbeat_that_begins_is_heard() {
    explore(&["refused", "stopped"], || {
        let (builder, list) = writing(Heartbeat::builder());
        let stopper = builder.stopper();
        let starts = {
            let builder = Mutex::new(Some(builder));
            action(move |_: &Stopper| {
                let builder = builder.lock().unwrap().take().unwrap();
                match builder.start_task(ManualClock::new()) {
                    Ok((heartbeat, _)) => Some(heartbeat),
                    Err(HeartbeatError::Stopped) => None,
                    Err(error) => panic!("{error}"),
                }
            })
        };
        let stops = action(|stopper: &Stopper| {
            stopper.stop().unwrap();
            None
        });
        let heartbeat = race(&Arc::new(stopper), vec![starts, stops]).remove(0);
        match heartbeat {
            None => "refused",
            Some(heartbeat) => {
                assert!(
                    matches!(heartbeat.beat_now(), Err(HeartbeatError::Stopped)),
                    "nobody heard the stop"
                );
                assert_eq!(told(&list).last().map(|(_, status)| *status), Some(Status::Stopped));
                "stopped"
            }
        }
    });
}
