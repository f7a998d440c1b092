//! Beats as a task: on tokio's paused time, and with a future that is dropped.
#![cfg(all(feature = "tokio", not(any(loom, shuttle))))]

mod folder;

use std::pin::pin;
use std::sync::mpsc::channel;
use std::time::Duration;

use folder::Folder;
use resil_heartbeat::testing::poll_once;
use resil_heartbeat::{Clock, Heartbeat, ManualClock, Moment, Status, TokioClock, read};

const SECOND: Duration = Duration::from_secs(1);

/// H1, C7: the same schedule as on a thread, on the runtime's own time.
#[tokio::test(start_paused = true)]
async fn beats_follow_the_time_of_the_runtime() {
    let (tell, told) = channel();
    let began = TokioClock.now();
    let heartbeat = Heartbeat::builder()
        .clock(TokioClock)
        .sink(move |state| tell.send((state.sequence, TokioClock.now())).map_err(std::io::Error::other))
        .interval(7 * SECOND)
        .spawn()
        .unwrap();
    tokio::time::sleep(30 * SECOND).await;
    assert!(heartbeat.is_running());
    heartbeat.stop().unwrap();
    tokio::time::sleep(30 * SECOND).await;
    let beats: Vec<_> = told.try_iter().collect();
    let since = |at: &Moment| at.saturating_duration_since(began).as_secs();
    let seconds: Vec<_> = beats.iter().map(|(_, at)| since(at)).collect();
    assert_eq!(seconds, [0, 7, 14, 21, 28, 30]);
    assert!(!heartbeat.is_running());
}

/// C5: a task that is dropped no longer beats, whenever that happens, and this is no stop: the file goes stale.
#[test]
fn a_task_that_is_dropped_beats_no_more_and_says_nothing() {
    for polls in 0..6 {
        let folder = Folder::new("dropped");
        let clock = ManualClock::new();
        let (heartbeat, beating) =
            Heartbeat::to_file(folder.file()).clock(clock.clone()).start_task(clock.clone()).unwrap();
        {
            let mut beating = pin!(beating);
            for _ in 0..polls {
                assert!(poll_once(beating.as_mut()).is_pending());
                clock.advance(5 * SECOND);
            }
            assert!(heartbeat.is_running());
        }
        assert!(!heartbeat.is_running());
        let last = read(folder.file()).unwrap();
        assert_ne!(last.status, Some(Status::Stopped));
        clock.advance(100 * SECOND);
        assert_eq!(read(folder.file()).unwrap(), last, "after {polls} polls");
        assert_eq!(clock.sleepers_waiting(), 0, "it has given back what it held");
        heartbeat.beat_now().unwrap();
        heartbeat.stop().unwrap();
        assert_eq!(read(folder.file()).unwrap().status, Some(Status::Stopped));
    }
}

/// H9: a task ends by itself when the heartbeat is stopped.
#[tokio::test]
async fn a_task_is_over_when_the_heartbeat_is() {
    let clock = ManualClock::new();
    let (heartbeat, beating) = Heartbeat::builder().clock(clock.clone()).start_task(clock).unwrap();
    let task = tokio::spawn(beating);
    tokio::task::yield_now().await;
    heartbeat.stop().unwrap();
    task.await.unwrap();
    let clock = ManualClock::new();
    let (heartbeat, beating) = Heartbeat::builder().clock(clock.clone()).start_task(clock).unwrap();
    assert!(!format!("{beating:?}").is_empty());
    drop(heartbeat);
    beating.await;
}

/// C7: it beats on the runtime that it was given, from wherever it is started.
#[test]
fn a_heartbeat_can_be_given_its_runtime() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let (tell, told) = channel();
    let heartbeat = Heartbeat::builder()
        .runtime(runtime.handle().clone())
        .interval(Duration::from_millis(1))
        .on_beat_async(async move |state| {
            tokio::time::sleep(Duration::from_micros(1)).await;
            tell.send(state.sequence).unwrap();
        })
        .spawn()
        .unwrap();
    for number in 1..4 {
        assert_eq!(told.recv_timeout(Duration::from_secs(30)), Ok(Some(number)));
    }
    heartbeat.stop().unwrap();
}

#[test]
#[should_panic = "timer"]
fn a_runtime_without_a_timer_is_told_at_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _ = Heartbeat::builder().runtime(runtime.handle().clone()).spawn();
}
