use std::cell::Cell;

use super::*;

const LIMIT: Duration = Duration::from_secs(5);

fn at(millis: u64) -> Moment {
    Moment::ZERO.saturating_add(Duration::from_millis(millis))
}

type Meter = Cell<Reading>;

fn meter() -> Meter {
    Cell::new(Reading::default())
}

fn advance(meter: &Meter) {
    meter.set(Reading { advances: meter.get().advances + 1, ..meter.get() });
}

fn look(gate: &mut Gate<&Meter>, now: Moment) -> usize {
    gate.look(now, |meter| meter.get());
    gate.stalled()
}

/// H4: a worker may stand still for its limit, counted from the look that first saw it there.
#[test]
fn a_worker_stands_still_when_its_limit_is_over() {
    let meter = meter();
    let mut gate = Gate::new();
    gate.enter("indexer".into(), LIMIT, &meter, at(1_000));
    assert_eq!(gate.next_look(), Some(at(6_000)));
    assert_eq!(look(&mut gate, at(5_999)), 0);
    assert_eq!(look(&mut gate, at(6_000)), 1);
    assert_eq!(gate.next_look(), None, "there is nothing more to find out");
    advance(&meter);
    assert_eq!(gate.stalled(), 1, "nobody has looked");
    assert_eq!(look(&mut gate, at(7_500)), 0);
    assert_eq!(gate.next_look(), Some(at(12_500)));
    assert_eq!(look(&mut gate, at(12_500)), 1);
}

#[test]
fn a_worker_that_waits_for_work_may_stand_still() {
    let meter = meter();
    let mut gate = Gate::new();
    gate.enter("worker".into(), LIMIT, &meter, at(0));
    meter.set(Reading { advances: 0, is_paused: true });
    assert_eq!(look(&mut gate, at(4_000)), 0);
    assert_eq!(gate.next_look(), None);
    assert_eq!(look(&mut gate, at(900_000)), 0);
    meter.set(Reading { advances: 1, is_paused: false });
    assert_eq!(look(&mut gate, at(901_000)), 0, "its limit begins when it is seen to work again");
    assert_eq!(look(&mut gate, at(905_999)), 0);
    assert_eq!(look(&mut gate, at(906_000)), 1);
}

#[test]
fn each_has_its_own_limit_and_who_has_left_is_not_missed() {
    let (slow, fast) = (meter(), meter());
    let mut gate = Gate::new();
    let slow_number = gate.enter("slow".into(), 10 * LIMIT, &slow, at(0));
    let fast_number = gate.enter("fast".into(), LIMIT, &fast, at(0));
    assert_ne!(slow_number, fast_number);
    assert_eq!(look(&mut gate, at(5_000)), 1);
    let names: Vec<_> = gate.workers(at(5_000), 9).into_iter().map(|worker| worker.name).collect();
    assert_eq!(names, ["fast", "slow"], "who stands still comes first");
    assert_eq!(gate.workers(at(5_000), 1).len(), 1);
    assert!(gate.leave(fast_number).is_some());
    assert!(gate.leave(fast_number).is_none());
    assert_eq!((gate.stalled(), gate.len()), (0, 1));
    assert_eq!(look(&mut gate, at(50_000)), 1);
}

#[test]
fn what_is_told_of_a_worker_is_what_was_seen() {
    let meter = meter();
    let mut gate = Gate::new();
    gate.enter("x".repeat(1_000), LIMIT, &meter, at(0));
    advance(&meter);
    look(&mut gate, at(1_000));
    let worker = gate.workers(at(9_000), 9).remove(0);
    assert_eq!((worker.advances, worker.still_for, worker.limit), (1, Duration::from_secs(8), LIMIT));
    assert_eq!((worker.is_stalled, worker.is_paused), (false, false), "as at the last look");
    assert_eq!(worker.name, "x".repeat(64));
}

#[test]
fn extremes_do_not_overflow() {
    let meter = meter();
    let mut gate = Gate::new();
    gate.enter("forever".into(), Duration::MAX, &meter, at(1));
    assert_eq!(gate.next_look(), Some(Moment::MAX));
    assert_eq!(look(&mut gate, Moment::from_nanos(u64::MAX - 1)), 0);
    // A clock that runs backwards.
    assert_eq!(look(&mut gate, Moment::ZERO), 0);
    assert_eq!(gate.workers(Moment::ZERO, 9)[0].still_for, Duration::ZERO);
}
