mod model;

use super::Step::{Enter, GiveUp, Tell, Wait};
use super::*;

fn moment(time: Duration) -> Moment {
    Moment::ZERO.saturating_add(time)
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn at(millis: u64) -> Moment {
    moment(ms(millis))
}

/// A nanosecond before it.
fn before(millis: u64) -> Moment {
    at(millis).saturating_sub(Duration::from_nanos(1))
}

/// 100 ms for all of it, and nothing else.
const CONFIG: Config = Config::new().timeout(Duration::from_millis(100)).no_progress();

fn spec(name: &'static str, priority: i32, limit: Option<u64>) -> Spec {
    Spec { name: name.into(), priority, limit: limit.map(ms), is_async: false }
}

/// A plan of those callbacks, whose jobs are their names.
fn plan(config: Config, callbacks: &[(&'static str, i32, Option<u64>)]) -> Plan<&'static str> {
    let mut plan = Plan::new(config);
    for &(name, priority, limit) in callbacks {
        assert_eq!(plan.register(spec(name, priority, limit), name), Ok(()));
    }
    plan
}

/// The same, which began to clean up at 0.
fn cleaning(config: Config, callbacks: &[(&'static str, i32, Option<u64>)]) -> Plan<&'static str> {
    let mut plan = plan(config, callbacks);
    assert!(plan.request(at(0), Cause::Triggered));
    assert_eq!(plan.step(at(0), 0), Enter(Phase::Draining));
    assert_eq!(plan.step(at(0), 0), Enter(Phase::CleaningUp));
    plan
}

/// Starts that callback, and no other.
fn start(plan: &mut Plan<&'static str>, name: &str, now: Moment) -> Key {
    assert!(plan.has_work(now));
    let start = plan.start(now).unwrap();
    assert_eq!(start.job, name);
    start.key
}

fn report(name: &'static str, priority: i32, outcome: Outcome, took: u64) -> CallbackReport {
    CallbackReport { name: name.into(), priority, outcome, took: ms(took) }
}

fn facts(plan: &Plan<&'static str>) -> Facts {
    plan.facts(Name::UNNAMED, None).unwrap()
}

#[test]
fn nothing_is_due_before_the_end_is_requested() {
    let mut plan = plan(CONFIG.progress_every(ms(1)), &[("a", 0, None)]);
    assert_eq!(plan.step(at(1_000), 0), Wait(None));
    assert!(plan.start(at(1_000)).is_none() && !plan.has_work(at(1_000)));
    assert_eq!((plan.phase(), plan.cause(), plan.deadline()), (Phase::Running, None, None));
    assert_eq!(plan.facts(Name::UNNAMED, None), None);
}

#[test]
fn only_the_first_request_counts() {
    let mut plan = plan(CONFIG, &[]);
    assert!(plan.request(at(5), Cause::Triggered));
    assert!(!plan.request(at(50), Cause::MainEnded));
    assert_eq!((plan.phase(), plan.cause()), (Phase::PreDrain, Some(Cause::Triggered)));
    assert_eq!(plan.deadline(), Some(at(105)));
}

#[test]
fn the_delay_ends_at_its_moment_and_not_before() {
    let mut plan = plan(CONFIG.drain_delay(ms(10)), &[]);
    plan.request(at(5), Cause::Triggered);
    assert_eq!(plan.step(before(15), 0), Wait(Some(at(15))));
    assert_eq!(plan.step(at(15), 0), Enter(Phase::Draining));
}

#[test]
fn draining_ends_when_nothing_is_in_flight_or_its_time_is_over() {
    for (in_flight, end) in [(0, at(5)), (2, at(20))] {
        let mut plan = plan(CONFIG.drain_timeout(ms(20)), &[]);
        plan.request(at(0), Cause::Triggered);
        assert_eq!(plan.step(at(0), 3), Enter(Phase::Draining));
        assert_eq!(plan.step(at(0), 3), Wait(Some(at(20))));
        assert_eq!(plan.step(before(20), 4), Wait(Some(at(20))));
        assert_eq!(plan.step(end, in_flight), Enter(Phase::CleaningUp));
        assert_eq!(plan.step(end, 7), Enter(Phase::Done));
        let took = end.saturating_duration_since(at(0));
        assert_eq!(facts(&plan).drain, Drain { in_flight: 3, left: in_flight, took });
    }
}

#[test]
fn draining_has_half_of_what_is_left_when_it_begins_unless_set() {
    for (drain, begin, end) in
        [(None, 20, 60), (None, 40, 70), (None, 100, 100), (Some(70), 20, 90), (Some(90), 20, 100)]
    {
        let config = Config { drain_timeout: drain.map(ms), ..CONFIG.drain_delay(ms(20)) };
        let mut plan = plan(config, &[]);
        plan.request(at(0), Cause::Triggered);
        assert_eq!(plan.step(at(begin), 1), Enter(Phase::Draining));
        if begin < end {
            assert_eq!(plan.step(at(begin), 1), Wait(Some(at(end))), "{drain:?}");
            assert_eq!(plan.step(before(end), 1), Wait(Some(at(end))), "{drain:?}");
        }
        assert_eq!(plan.step(at(end), 1), Enter(Phase::CleaningUp), "{drain:?}");
    }
}

#[test]
fn a_step_after_the_deadline_still_passes_every_phase() {
    let mut plan = plan(CONFIG.drain_delay(ms(20)), &[("a", 0, None)]);
    plan.request(at(0), Cause::Triggered);
    let phases = [Phase::Draining, Phase::CleaningUp, Phase::Done];
    assert_eq!(phases.map(|_| plan.step(at(500), 1)), phases.map(Enter));
    assert_eq!(plan.step(at(500), 1), Wait(None));
    assert_eq!((facts(&plan).took, facts(&plan).is_exceeded), (ms(500), true));
    assert_eq!(facts(&plan).callbacks, [report("a", 0, Outcome::Skipped, 0)]);
}

#[test]
fn callbacks_run_one_by_one_by_priority_and_then_as_they_were_registered() {
    let mut plan = cleaning(CONFIG, &[("d", 7, None), ("b", 0, None), ("a", -1, None), ("c", 0, None)]);
    assert!(plan.specs().map(|spec| &*spec.name).eq(["a", "b", "c", "d"]));
    for name in ["a", "b", "c", "d"] {
        let Start { key, job, has_company } = plan.start(at(1)).unwrap();
        assert_eq!((job, has_company, plan.is_running(key), plan.is_idle()), (name, false, true, false));
        assert!(plan.start(at(1)).is_none() && !plan.has_work(at(1)));
        assert!(plan.running().eq([name]));
        assert!(plan.finish(key, Outcome::Ok, at(1)).is_some());
        assert!(!plan.is_running(key));
    }
    assert!(plan.is_idle());
}

#[test]
fn callbacks_of_one_priority_run_at_once_and_the_next_priority_waits_for_all_of_them() {
    let mut plan =
        cleaning(CONFIG.same_priority_at_once(true), &[("a", 0, None), ("b", 0, None), ("c", 1, None)]);
    let first = plan.start(at(0)).unwrap();
    let second = plan.start(at(0)).unwrap();
    assert_eq!((first.job, first.has_company), ("a", true));
    assert_eq!((second.job, second.has_company), ("b", false));
    assert!(plan.start(at(0)).is_none());
    plan.finish(first.key, Outcome::Ok, at(1));
    assert!(plan.start(at(1)).is_none(), "the other one still runs");
    plan.finish(second.key, Outcome::Ok, at(2));
    start(&mut plan, "c", at(2));
}

#[test]
fn a_name_is_taken_until_it_is_unregistered() {
    let mut plan = plan(CONFIG, &[("a", 0, None), ("b", 0, None)]);
    assert_eq!(plan.register(spec("a", 3, None), "again"), Err((Refusal::Duplicate, "again")));
    assert_eq!((plan.unregister("a"), plan.unregister("a")), (Some("a"), None));
    assert_eq!(plan.register(spec("a", 0, None), "again"), Ok(()));
    assert!(plan.specs().map(|spec| &*spec.name).eq(["b", "a"]), "it is the last now");
}

#[test]
fn nothing_is_registered_after_the_request() {
    let mut plan = plan(CONFIG, &[("a", 0, None)]);
    plan.request(at(0), Cause::Triggered);
    assert_eq!(plan.register(spec("b", 0, None), "b"), Err((Refusal::TooLate, "b")));
    assert_eq!(plan.specs().count(), 1);
}

#[test]
fn a_callback_can_be_taken_back_until_it_begins() {
    let mut plan = cleaning(CONFIG, &[("a", 0, None), ("b", 0, None), ("c", 0, None)]);
    let a = start(&mut plan, "a", at(0));
    assert_eq!((plan.unregister("a"), plan.unregister("b")), (None, Some("b")));
    plan.finish(a, Outcome::Ok, at(1));
    assert_eq!((plan.unregister("a"), plan.unregister("c")), (None, Some("c")));
    assert_eq!(plan.step(at(1), 0), Enter(Phase::Done), "none is left");
    assert_eq!(facts(&plan).callbacks, [report("a", 0, Outcome::Ok, 1)]);
}

#[test]
fn a_skipped_callback_cannot_be_taken_back() {
    let mut plan = cleaning(CONFIG, &[("a", 0, None), ("b", 0, None)]);
    assert_eq!(plan.unregister("b"), Some("b"));
    assert_eq!(plan.step(at(100), 0), Enter(Phase::Done));
    assert_eq!(plan.unregister("a"), None);
}

#[test]
fn a_callback_is_given_up_at_its_own_limit_and_the_next_one_may_begin() {
    let mut plan = cleaning(CONFIG, &[("a", 0, Some(10)), ("b", 0, Some(500))]);
    let a = start(&mut plan, "a", at(5));
    assert_eq!(plan.next_limit(), at(15));
    assert_eq!(plan.step(before(15), 0), Wait(Some(at(15))));
    assert_eq!(plan.step(at(15), 0), GiveUp(a, report("a", 0, Outcome::TimedOut, 10)));
    assert!(!plan.is_running(a));
    assert_eq!(plan.finish(a, Outcome::Ok, at(16)), None);
    start(&mut plan, "b", at(20));
    assert_eq!(plan.next_limit(), at(100), "no limit lasts longer than the budget");
    assert_eq!(plan.step(at(20), 0), Wait(Some(at(100))));
}

#[test]
fn at_the_deadline_the_running_are_given_up_and_the_waiting_skipped() {
    let callbacks = [("a", 0, None), ("b", 0, Some(500)), ("c", 1, None)];
    let mut plan = cleaning(CONFIG.same_priority_at_once(true), &callbacks);
    let a = start(&mut plan, "a", at(10));
    start(&mut plan, "b", at(20));
    assert_eq!(plan.step(before(100), 0), Wait(Some(at(100))));
    let gone = [report("a", 0, Outcome::TimedOut, 90), report("b", 0, Outcome::TimedOut, 80)];
    for expected in &gone {
        assert!(matches!(plan.step(at(100), 0), GiveUp(_, report) if report == *expected));
    }
    assert!(plan.start(at(100)).is_none() && !plan.has_work(at(100)));
    assert_eq!(plan.step(at(100), 0), Enter(Phase::Done));
    assert_eq!(plan.finish(a, Outcome::Ok, at(101)), None);
    let [a, b] = gone;
    assert_eq!(facts(&plan).callbacks, [a, b, report("c", 1, Outcome::Skipped, 0)]);
    assert_eq!((plan.specs().count(), plan.take_skipped().len(), plan.specs().count()), (1, 1, 0));
    assert_eq!((facts(&plan).took, facts(&plan).is_exceeded), (ms(100), true));
}

#[test]
fn a_callback_that_is_late_but_was_not_given_up_is_reported_as_it_ended() {
    let mut plan = cleaning(CONFIG, &[("a", 0, Some(10))]);
    let a = start(&mut plan, "a", at(0));
    let failed = Outcome::Failed("no disk".to_owned());
    let expected = report("a", 0, failed.clone(), 30);
    assert_eq!(plan.finish(a, failed, at(30)), Some(expected.clone()));
    assert_eq!(plan.finish(a, Outcome::Ok, at(31)), None);
    assert_eq!(plan.step(at(31), 0), Enter(Phase::Done));
    assert_eq!(facts(&plan).callbacks, [expected]);
}

#[test]
fn the_report_is_in_the_order_of_running_whatever_ended_first() {
    let callbacks = [("c", 1, None), ("a", 0, None), ("b", 0, None)];
    let mut plan = cleaning(CONFIG.same_priority_at_once(true), &callbacks);
    let (a, b) = (start(&mut plan, "a", at(0)), start(&mut plan, "b", at(0)));
    plan.finish(b, Outcome::Ok, at(1));
    plan.finish(a, Outcome::Ok, at(2));
    let c = start(&mut plan, "c", at(2));
    plan.finish(c, Outcome::Ok, at(5));
    assert_eq!(plan.step(at(5), 0), Enter(Phase::Done));
    let expected = [("a", 0, 2), ("b", 0, 1), ("c", 1, 3)];
    let expected = expected.map(|(name, priority, took)| report(name, priority, Outcome::Ok, took));
    assert_eq!(facts(&plan).callbacks, expected);
}

#[test]
fn the_budget_is_exceeded_if_it_is_used_up_when_all_is_done() {
    for (end, is_exceeded) in [(before(100), false), (at(100), true), (at(101), true)] {
        let mut plan = cleaning(CONFIG.force_exit_code(7), &[("a", 0, None)]);
        let a = start(&mut plan, "a", at(0));
        plan.finish(a, Outcome::Ok, at(99));
        assert_eq!(plan.step(end, 0), Enter(Phase::Done));
        let (name, main) = (Name::new("orders"), Some(Outcome::Ok));
        let facts = plan.facts(name, main.clone()).unwrap();
        assert_eq!((facts.took, facts.is_exceeded), (end.saturating_duration_since(at(0)), is_exceeded));
        assert_eq!((facts.name, facts.main, facts.cause), (name, main, Cause::Triggered));
        assert_eq!((facts.budget, facts.force_exit_code), (ms(100), 7));
    }
}

#[test]
fn progress_is_told_a_period_after_the_request_or_the_last_time() {
    let mut plan = plan(CONFIG.drain_delay(ms(40)).progress_every(ms(10)), &[("a", 0, Some(10))]);
    plan.request(at(0), Cause::Triggered);
    assert_eq!(plan.step(before(10), 0), Wait(Some(at(10))));
    assert_eq!([plan.step(at(10), 0), plan.step(at(10), 0)], [Tell, Wait(Some(at(20)))]);
    assert_eq!([plan.step(at(25), 0), plan.step(at(25), 0)], [Tell, Wait(Some(at(35)))]);
    assert_eq!([plan.step(at(40), 1), plan.step(at(40), 1)], [Enter(Phase::Draining), Tell]);
    assert_eq!([plan.step(at(50), 0), plan.step(at(50), 0)], [Enter(Phase::CleaningUp), Tell]);
    let a = start(&mut plan, "a", at(50));
    assert_eq!(plan.step(at(60), 0), GiveUp(a, report("a", 0, Outcome::TimedOut, 10)));
    assert_eq!(plan.step(at(60), 0), Enter(Phase::Done));
    assert_eq!(plan.step(at(200), 0), Wait(None), "nobody hears of what is done");
}

/// What the model's histories are made of.
mod draw {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::config::MAX_SPAN;

    const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

    #[derive(Clone, Debug)]
    pub(super) enum Op {
        Register(Spec),
        Unregister(&'static str),
        Request(Cause),
        InFlight(usize),
        Pass(Duration),
        /// To just before, to, or just after one of the next moments at which a time ends.
        PassTo(usize, u64),
        Step,
        /// Steps until it is to wait.
        Settle,
        Start,
        /// Of those that ever began, also if they have ended.
        Finish(usize, Outcome),
    }

    /// Few enough that many are equal, or sums of others.
    fn span(from: u64, millis: u64) -> impl Strategy<Value = Duration> {
        let short = (0..millis, from..3).prop_map(|(ms, ns)| Duration::from_nanos(ms * 1_000_000 + ns));
        prop_oneof![30 => short, 1 => Just(MAX_SPAN)]
    }

    fn config() -> impl Strategy<Value = Config> {
        let per_mille = |most: u32| prop_oneof![Just(0), 0..=most];
        let drain = prop::option::of(per_mille(1_000));
        let period = prop::option::of((1_u64..10).prop_map(Duration::from_millis));
        let all = (span(1, 60), per_mille(999), drain, any::<bool>(), period, any::<u8>());
        all.prop_map(|(timeout, delay, drain, same_priority_at_once, progress_every, code)| {
            let drain_timeout = drain.map(|part| timeout * part / 1_000);
            let config = Config { drain_timeout, same_priority_at_once, progress_every, ..Config::new() };
            config.timeout(timeout).drain_delay(timeout * delay / 1_000).force_exit_code(code)
        })
    }

    fn register() -> impl Strategy<Value = Op> {
        let limit = prop::option::of(span(1, 8));
        let spec = (select(&NAMES[..]), -1..2, limit, any::<bool>());
        spec.prop_map(|(name, priority, limit, is_async)| {
            Op::Register(Spec { name: name.into(), priority, limit, is_async })
        })
    }

    fn op() -> impl Strategy<Value = Op> {
        let bad = [Outcome::Failed("no disk".to_owned()), Outcome::Panicked("oh".to_owned())];
        let outcome = prop_oneof![Just(Outcome::Ok), select(bad.to_vec())];
        prop_oneof![
            1 => register(),
            2 => select(&NAMES[..]).prop_map(Op::Unregister),
            1 => Just(Op::Request(Cause::MainEnded)),
            3 => (0..3_usize).prop_map(Op::InFlight),
            1 => span(0, 8).prop_map(Op::Pass),
            6 => (prop_oneof![4 => Just(0), 1 => 0..4_usize], 0..3_u64).prop_map(|(nth, nanos)| Op::PassTo(nth, nanos)),
            4 => Just(Op::Step),
            8 => Just(Op::Settle),
            12 => Just(Op::Start),
            6 => (0..6_usize, outcome).prop_map(|(nth, outcome)| Op::Finish(nth, outcome)),
        ]
    }

    /// Settings, the origin, and operations: some callbacks, the request, and anything.
    pub(super) fn history() -> impl Strategy<Value = (Config, Duration, Vec<Op>)> {
        let before =
            prop_oneof![6 => register(), 1 => select(&NAMES[..]).prop_map(Op::Unregister), 1 => op()];
        let ops = (vec(before, 0..16), 0..3_usize, vec(op(), 0..100));
        let ops = ops.prop_map(|(before, in_flight, after)| {
            [before, vec![Op::InFlight(in_flight), Op::Request(Cause::Triggered)], after].concat()
        });
        (config(), span(0, 60), ops)
    }
}
