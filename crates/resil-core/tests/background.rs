//! Loops that keep time, and listeners that hold nobody up.

use std::future::Future;
use std::pin::pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use resil_core::background::{Bell, Herald, Next, Parker, Rounds, Runtime};
use resil_core::{Clock, ManualClock, Moment, MonotonicClock};

const STEP: Duration = Duration::from_secs(10);

fn at(steps: u32) -> Moment {
    Moment::ZERO.saturating_add(STEP * steps)
}

/// Tells of each round, and goes the next one a step later, until nobody listens.
fn rounds(tell: Sender<Moment>) -> impl FnMut(Moment) -> Next {
    move |now| match tell.send(now) {
        Ok(()) => Next::At(now.saturating_add(STEP)),
        Err(_) => Next::Never,
    }
}

#[test]
fn a_thread_goes_its_first_round_at_once_and_each_further_one_at_its_moment() {
    let (clock, bell) = (ManualClock::new(), Bell::new());
    let (tell, told) = channel();
    let looping = {
        let rounds = Rounds::new(clock.clone(), bell.clone(), rounds(tell));
        thread::spawn(move || rounds.run())
    };
    assert_eq!(told.recv(), Ok(at(0)));
    clock.advance(STEP);
    assert_eq!(told.recv(), Ok(at(1)));
    clock.advance(STEP / 2);
    clock.advance(STEP / 2);
    assert_eq!(told.recv(), Ok(at(2)));
    drop(told);
    bell.ring();
    looping.join().expect("no round panics");
}

fn poll(future: std::pin::Pin<&mut impl Future<Output = ()>>) -> Poll<()> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn heard(told: &Receiver<Moment>) -> Vec<Moment> {
    told.try_iter().collect()
}

#[test]
fn a_task_goes_the_same_rounds_as_a_thread() {
    let (clock, bell) = (ManualClock::new(), Bell::new());
    let (tell, told) = channel();
    let mut task = pin!(Rounds::new(clock.clone(), bell.clone(), rounds(tell)).run_on(clock.clone()));
    assert!(poll(task.as_mut()).is_pending());
    assert_eq!(heard(&told), [at(0)]);
    for step in 1..3 {
        clock.advance(STEP / 2);
        assert!(poll(task.as_mut()).is_pending());
        assert_eq!(heard(&told), []);
        clock.advance(STEP / 2);
        assert!(poll(task.as_mut()).is_pending());
        assert_eq!(heard(&told), [at(step)]);
    }
    drop(told);
    bell.ring();
    assert!(poll(task.as_mut()).is_ready());
}

#[test]
fn a_ring_calls_to_a_round_ahead_of_time_and_once() {
    let (clock, bell) = (ManualClock::new(), Bell::new());
    let (tell, told) = channel();
    let mut task = pin!(Rounds::new(clock.clone(), bell.clone(), rounds(tell)).run_on(clock.clone()));
    assert!(poll(task.as_mut()).is_pending());
    clock.advance(STEP / 2);
    bell.ring();
    bell.ring();
    assert!(poll(task.as_mut()).is_pending());
    assert!(poll(task.as_mut()).is_pending());
    let half = at(0).saturating_add(STEP / 2);
    assert_eq!(heard(&told), [at(0), half]);
    // And the one after it is a step after that, as the round said.
    clock.advance(STEP / 2);
    assert!(poll(task.as_mut()).is_pending());
    assert_eq!(heard(&told), []);
    clock.advance(STEP / 2);
    assert!(poll(task.as_mut()).is_pending());
    assert_eq!(heard(&told), [half.saturating_add(STEP)]);
    assert_eq!(clock.sleepers_waiting(), 1, "one sleep took the place of the other");
}

#[test]
fn a_ring_in_the_middle_of_a_round_leads_to_another() {
    let bell = Bell::new();
    let (mut gone, ringing) = (0, bell.clone());
    Rounds::new(MonotonicClock, bell, move |_| {
        gone += 1;
        ringing.ring();
        if gone < 3 { Next::WhenRung } else { Next::Never }
    })
    .run();
}

#[test]
fn a_loop_that_waits_for_its_bell_alone_sleeps_on_no_clock() {
    let clock = ManualClock::new();
    let mut waits = [Next::At(at(1)), Next::WhenRung, Next::Never].into_iter();
    let bell = Bell::new();
    let mut task = pin!(
        Rounds::new(clock.clone(), bell.clone(), move |_| waits.next().expect("no round after the last"))
            .run_on(clock.clone())
    );
    assert!(poll(task.as_mut()).is_pending());
    assert_eq!(clock.sleepers_waiting(), 1);
    bell.ring();
    assert!(poll(task.as_mut()).is_pending());
    assert_eq!(clock.sleepers_waiting(), 0);
    clock.advance(STEP * 5);
    assert!(poll(task.as_mut()).is_pending());
    bell.ring();
    assert!(poll(task.as_mut()).is_ready());
}

#[test]
fn the_end_of_time_is_no_moment_that_comes() {
    let clock = ManualClock::new();
    clock.set(Moment::MAX);
    let (bell, mut gone) = (Bell::new(), 0);
    let (tell, told) = channel();
    let rounds = Rounds::new(clock.clone(), bell.clone(), move |_| {
        gone += 1;
        tell.send(gone).expect("somebody counts");
        Next::At(Moment::MAX)
    });
    let mut task = pin!(rounds.run_on(clock.clone()));
    for _ in 0..5 {
        assert!(poll(task.as_mut()).is_pending());
    }
    assert_eq!(told.try_iter().last(), Some(1), "or it would turn for ever");
    bell.ring();
    assert!(poll(task.as_mut()).is_pending());
    assert_eq!(told.try_iter().last(), Some(2));
}

#[tokio::test(start_paused = true)]
async fn rounds_keep_time_with_the_runtimes_own_timer() {
    let clock = resil_core::TokioClock;
    let (tell, told) = channel();
    let task =
        tokio::spawn(Rounds::new(clock, Bell::new(), rounds(tell)).run_on(resil_core::TokioTimer::new()));
    let begun = clock.now();
    tokio::time::advance(STEP * 2 + Duration::from_secs(9)).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    drop(heard(&told));
    tokio::time::sleep(STEP).await;
    assert_eq!(heard(&told).len(), 1, "one more within a step");
    assert!(clock.now() > begun);
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
}

#[test]
fn a_listener_that_hangs_holds_up_nobody_who_tells_and_hears_all_later() {
    let herald = Herald::new("test tell");
    let gate = Arc::new(Barrier::new(2));
    let (heard, news) = channel();
    let waits = Arc::clone(&gate);
    herald
        .observers()
        .observe(move |event: &u32| {
            if *event == 0 {
                waits.wait();
            }
            heard.send(*event).expect("the test listens");
        })
        .forget();
    for event in 0..100 {
        herald.tell(event); // returns although the first listener's call has not
    }
    assert!(news.try_recv().is_err());
    gate.wait();
    assert_eq!(news.iter().take(100).collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
}

#[test]
fn a_listener_that_panics_is_counted_and_the_next_event_is_told() {
    let herald = Herald::new("test tell");
    let (heard, news) = channel();
    herald
        .observers()
        .observe(move |event: &u32| {
            assert!(*event != 1, "the first one");
            heard.send(thread::current().name().map(str::to_owned)).expect("the test listens");
        })
        .forget();
    herald.tell(1);
    herald.tell(2);
    assert_eq!(news.recv().expect("the second"), Some("test tell".to_owned()));
    assert_eq!(herald.observers().listener_panics(), 1);
}

#[test]
fn what_nobody_listens_to_is_not_told_to_who_comes_later() {
    let herald = Herald::new("test tell");
    herald.tell(1);
    let (heard, news) = channel();
    herald.observers().observe(move |event: &u32| heard.send(*event).expect("the test listens")).forget();
    herald.tell(2);
    assert_eq!(news.recv(), Ok(2));
}

#[test]
fn a_runtime_lends_its_timer_to_a_future_on_another_thread() {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let found = {
        let _inside = tokio.enter();
        Runtime::current()
    };
    assert!(found.is_there() && !Runtime::current().is_there());
    let mut none = Runtime::default();
    none.or(&found);
    assert!(none.is_there());
    none.finish(async { tokio::time::sleep(Duration::from_millis(1)).await });
    assert!(Runtime::of(tokio.handle().clone()).is_there());
}

#[test]
fn a_parker_gives_up_a_future_whose_time_is_over() {
    let (parker, clock) = (Parker::new(), ManualClock::new());
    let never = std::future::pending::<()>;
    assert_eq!(parker.run(never(), &clock, Some(Moment::ZERO), || false), None);
    assert_eq!(parker.run(never(), &clock, None, || true), None);
    assert_eq!(parker.run(async { 7 }, &clock, Some(Moment::ZERO), || false), Some(7));
}
