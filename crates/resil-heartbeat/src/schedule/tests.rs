mod draw;
mod model;

use super::Due::{Beat, News, Nothing, Over};
use super::*;

const INTERVAL: Duration = Duration::from_secs(10);

fn at(millis: u64) -> Moment {
    Moment::ZERO.saturating_add(Duration::from_millis(millis))
}

/// A nanosecond before it.
fn before(millis: u64) -> Moment {
    at(millis).saturating_sub(Duration::from_nanos(1))
}

/// One that began at 500 ms, and told its first beat.
fn begun() -> Schedule {
    let mut schedule = Schedule::new(INTERVAL, false, at(500));
    assert_eq!(schedule.speak(false, false), Some(Word { before: None, status: Status::Starting }));
    schedule
}

fn word(from: Status, to: Status) -> Word {
    Word { before: Some(from), status: to }
}

/// H1: the n-th tick is at the start plus n intervals, however late the beats before it were.
#[test]
fn ticks_do_not_drift() {
    let mut schedule = begun();
    assert_eq!(schedule.due(at(500), false), Nothing);
    for tick in 1..1_000 {
        let (tick, late) = (500 + tick * 10_000, tick * 7 % 10_000);
        assert_eq!(schedule.next_tick(), at(tick));
        assert_eq!(schedule.due(before(tick), false), Nothing);
        assert_eq!(schedule.due(at(tick + late), false), Beat { skipped: 0 });
        assert_eq!(schedule.due(at(tick + late), false), Nothing);
    }
    assert_eq!(schedule.skipped(), 0);
}

/// H1: missed ticks are skipped and counted, not made up for.
#[test]
fn ticks_that_nobody_came_to_are_skipped() {
    let mut schedule = begun();
    assert_eq!(schedule.due(before(20_500), false), Beat { skipped: 0 });
    assert_eq!(schedule.due(before(60_500), false), Beat { skipped: 3 });
    assert_eq!(schedule.due(before(60_500), false), Nothing);
    assert_eq!(schedule.due(at(60_500), false), Beat { skipped: 0 });
    assert_eq!((schedule.next_tick(), schedule.skipped()), (at(70_500), 3));
    assert_eq!(schedule.due(at(90_500), false), Beat { skipped: 2 });
    assert_eq!(schedule.skipped(), 5);
}

#[test]
fn a_start_is_followed_by_work_unless_it_waits() {
    let mut schedule = begun();
    assert_eq!(schedule.due(at(600), false), Nothing, "no news");
    assert_eq!(schedule.speak(false, false), Some(word(Status::Starting, Status::Running)));
    assert_eq!(schedule.speak(false, false), Some(word(Status::Running, Status::Running)));

    let mut schedule = Schedule::new(INTERVAL, true, at(0));
    assert_eq!(schedule.speak(false, false).map(|word| word.status), Some(Status::Starting));
    assert_eq!(schedule.speak(false, false), Some(word(Status::Starting, Status::Starting)));
    schedule.ready();
    assert_eq!(schedule.speak(false, false), Some(word(Status::Starting, Status::Running)));
    schedule.ready();
    assert_eq!(schedule.status(false), Status::Running);
}

/// H4: that a worker stands still, or has moved again, is told at once.
#[test]
fn a_worker_that_stands_still_is_news_and_so_is_its_moving() {
    for waits in [false, true] {
        let mut schedule = Schedule::new(INTERVAL, waits, at(0));
        assert_eq!(schedule.due(at(1), true), Nothing, "the first beat comes with the start");
        assert!(schedule.speak(false, false).is_some());
        assert_eq!(schedule.due(at(1), true), News);
        assert_eq!(schedule.speak(true, false), Some(word(Status::Starting, Status::Stalled)));
        assert_eq!(schedule.due(at(2), true), Nothing);
        assert_eq!(schedule.due(at(3), false), News);
        let then = if waits { Status::Starting } else { Status::Running };
        assert_eq!(schedule.speak(false, false), Some(word(Status::Stalled, then)));
        assert_eq!(schedule.due(at(4), false), Nothing);
        assert_eq!(schedule.due(at(10_000), true), Beat { skipped: 0 }, "a tick comes first");
    }
}

/// H3: after a stop, the last beat is the only one, and it may be told again.
#[test]
fn after_a_stop_only_the_last_beat_speaks() {
    let mut schedule = begun();
    assert_eq!(schedule.speak(false, true), None, "not before the stop");
    assert!(schedule.stop());
    assert!(schedule.stop());
    assert_eq!(schedule.due(at(99_999), true), Over);
    assert_eq!(schedule.speak(true, false), None);
    assert_eq!(schedule.speak(true, true), Some(word(Status::Starting, Status::Stopped)));
    assert_eq!(schedule.speak(false, true), Some(word(Status::Stopped, Status::Stopped)));
    schedule.ready();
    schedule.abandon();
    assert!(schedule.is_stopped() && schedule.is_over());
}

/// H9: nothing is said of an end that was not meant.
#[test]
fn an_abandoned_one_never_speaks() {
    let mut schedule = begun();
    schedule.abandon();
    assert!(!schedule.stop());
    assert_eq!(schedule.due(at(99_999), true), Over);
    assert_eq!((schedule.speak(false, true), schedule.speak(false, false)), (None, None));
    assert!(schedule.is_over() && !schedule.is_stopped());
    assert_eq!(schedule.told(), Some(Status::Starting));
}

#[test]
fn extremes_do_not_overflow() {
    let century = Duration::from_secs(100 * 365 * 24 * 3_600);
    let mut schedule = Schedule::new(century, false, Moment::from_nanos(u64::MAX - 1));
    assert_eq!(schedule.next_tick(), Moment::MAX);
    assert_eq!(schedule.due(Moment::MAX, false), Nothing, "the end of time stands for never");
    let mut schedule = Schedule::new(Duration::from_millis(1), false, Moment::ZERO);
    let skipped = u64::MAX / 1_000_000 - 1;
    assert_eq!(schedule.due(Moment::MAX, false), Beat { skipped });
    assert_eq!(schedule.next_tick(), Moment::MAX);
    assert_eq!(schedule.due(Moment::MAX, false), Nothing);
}
