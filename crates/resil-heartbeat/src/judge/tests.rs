use proptest::prelude::*;

use super::*;
use crate::{Started, Timestamp, Worker};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const MAX_AGE: Duration = Duration::from_secs(30);
const NANO: Duration = Duration::from_nanos(1);
const PID: u32 = 1_234;

/// So many seconds after an arbitrary moment.
fn wall(seconds: f64) -> Timestamp {
    Timestamp::from_unix(Duration::from_secs_f64(1_700_000_000.0 + seconds))
}

/// A beat of 0 s, and 50,000 s after the boot.
fn beat() -> State {
    let mut state = State::new(wall(0.0));
    state.pid = Some(PID);
    state.hostname = Some("web-1".into());
    state.status = Some(Status::Running);
    state.boot_id = Some("a boot".into());
    state.monotonic = Some(50_000 * SECOND);
    let mut started = Started::new(wall(-100.0));
    (started.process, started.pid_namespace, started.time_namespace) = (Some(77), Some(1), Some(2));
    state.started = Some(started);
    state
}

/// Somebody on the same host, so many seconds after that beat.
fn near(seconds: f64) -> Vantage {
    let mut here = Vantage::at(wall(seconds));
    here.hostname = Some("web-1".into());
    here.boot_id = Some("a boot".into());
    here.monotonic = Some(Duration::from_secs_f64(50_000.0 + seconds));
    (here.pid_namespace, here.time_namespace) = (Some(1), Some(2));
    here.process = Process::Exists { started: Some(77) };
    here
}

/// Somebody of whom nothing is known but the clock.
fn far(seconds: f64) -> Vantage {
    Vantage::at(wall(seconds))
}

fn alive(age: Duration) -> Liveness {
    Liveness::Alive { age }
}

fn stale(age: Duration) -> Liveness {
    Liveness::Stale { age, max_age: MAX_AGE }
}

#[test]
fn a_beat_is_alive_up_to_its_age_and_stale_beyond() {
    for from in [near, far] {
        assert_eq!(judge(&beat(), &from(12.0), MAX_AGE), alive(12 * SECOND));
        assert_eq!(judge(&beat(), &from(30.0), MAX_AGE), alive(30 * SECOND));
        assert_eq!(judge(&beat(), &from(31.0), MAX_AGE), stale(31 * SECOND));
    }
    let mut here = near(30.0);
    here.monotonic = here.monotonic.map(|time| time + NANO);
    assert_eq!(judge(&beat(), &here, MAX_AGE), stale(MAX_AGE + NANO));
    assert_eq!(judge(&beat(), &near(0.0), Duration::ZERO), alive(Duration::ZERO));
    assert!(judge(&beat(), &near(1e9), Duration::MAX).is_alive());
}

/// H6: on one boot, a wall clock that is stepped neither kills nor revives.
#[test]
fn steps_of_the_wall_clock_matter_nothing_on_one_boot() {
    for step in [-3_600.0, 3_600.0, -1e9, 1e9] {
        let mut here = near(12.0);
        here.now = wall(12.0 + step);
        assert_eq!(judge(&beat(), &here, MAX_AGE), alive(12 * SECOND));
        let mut later = near(31.0);
        later.now = wall(step);
        assert_eq!(judge(&beat(), &later, MAX_AGE), stale(31 * SECOND));
    }
}

/// H6: the time since another boot says nothing.
#[test]
fn after_another_boot_the_wall_clock_decides() {
    for boot_id in [Some("another boot".to_owned()), None] {
        let mut here = near(12.0);
        (here.boot_id, here.monotonic) = (boot_id, Some(100 * SECOND));
        assert_eq!(judge(&beat(), &here, MAX_AGE), alive(12 * SECOND));
        here.now = wall(4_000.0);
        assert_eq!(judge(&beat(), &here, MAX_AGE), stale(4_000 * SECOND));
    }
    // The same boot, whose time others count from another moment.
    let mut here = near(12.0);
    (here.time_namespace, here.monotonic) = (Some(3), Some(100 * SECOND));
    assert_eq!(judge(&beat(), &here, MAX_AGE), alive(12 * SECOND));
    // Neither knows a boot.
    let mut beat = beat();
    (beat.boot_id, here.boot_id, here.time_namespace) = (None, None, Some(2));
    assert_eq!(judge(&beat, &here, MAX_AGE), alive(12 * SECOND));
}

/// H6: clocks of two hosts may disagree by 5 s.
#[test]
fn a_beat_from_the_future_is_one_within_the_skew_and_none_beyond() {
    assert_eq!(judge(&beat(), &far(-5.0), MAX_AGE), alive(Duration::ZERO));
    assert_eq!(
        judge(&beat(), &far(-5.000_001), MAX_AGE),
        Liveness::FromFuture { ahead: Duration::from_micros(5_000_001) }
    );
    assert_eq!(judge(&beat(), &far(-3_600.0), MAX_AGE), Liveness::FromFuture { ahead: HOUR });
    // A machine that was put back to an earlier state.
    assert_eq!(judge(&beat(), &near(-3_600.0), MAX_AGE), Liveness::FromFuture { ahead: HOUR });
}

/// H3, H4: what a beat says of itself.
#[test]
fn a_beat_that_says_stopped_or_stalled_is_that() {
    let mut beat = beat();
    beat.status = Some(Status::Stopped);
    for (from, age) in
        [(near(12.0), 12 * SECOND), (far(1e6), 1_000_000 * SECOND), (far(-1e6), Duration::ZERO)]
    {
        assert_eq!(judge(&beat, &from, MAX_AGE), Liveness::Stopped { age });
    }
    let mut gone = near(12.0);
    gone.process = Process::Gone;
    assert!(judge(&beat, &gone, MAX_AGE).is_stopped(), "it has said that it would be");

    beat.status = Some(Status::Stalled);
    let mut worker = Worker::new("indexer", SECOND);
    worker.is_stalled = true;
    beat.progress = vec![worker, Worker::new("others", SECOND)];
    let workers = vec!["indexer".to_owned()];
    assert_eq!(judge(&beat, &near(12.0), MAX_AGE), Liveness::Stalled { age: 12 * SECOND, workers });
    assert_eq!(judge(&beat, &near(31.0), MAX_AGE), stale(31 * SECOND), "it does not even beat");
    for status in [Some(Status::Starting), None] {
        beat.status = status;
        assert_eq!(judge(&beat, &near(12.0), MAX_AGE), alive(12 * SECOND));
    }
}

/// H5: dead is whose process is gone, or has a number that another one has now.
#[test]
fn a_beat_of_a_process_that_is_gone_is_dead() {
    let dead = |age| Liveness::Dead { age, pid: PID };
    for process in [Process::Gone, Process::Exists { started: Some(78) }] {
        for (seconds, age) in [(1.0, SECOND), (31.0, 31 * SECOND), (-100.0, Duration::ZERO)] {
            let mut here = near(seconds);
            here.process = process;
            assert_eq!(judge(&beat(), &here, MAX_AGE), dead(age));
            let mut stalled = beat();
            stalled.status = Some(Status::Stalled);
            assert_eq!(judge(&stalled, &here, MAX_AGE), dead(age));
        }
    }
}

type Change = (&'static str, fn(&mut State, &mut Vantage));

/// H5: in doubt a process lives, as whoever believes it dead may start another.
#[test]
fn nobody_is_dead_who_might_live() {
    let changes: [Change; 14] = [
        ("another boot", |_, here| here.boot_id = Some("another boot".into())),
        ("another host", |_, here| here.hostname = Some("web-2".into())),
        ("another container", |_, here| here.pid_namespace = Some(9)),
        ("the reader knows no boot", |_, here| here.boot_id = None),
        ("the reader knows no name", |_, here| here.hostname = None),
        ("the reader knows no container", |_, here| here.pid_namespace = None),
        ("the writer knows no boot", |state, _| state.boot_id = None),
        ("the writer knows no name", |state, _| state.hostname = None),
        ("the writer knows nothing of its process", |state, _| state.started = None),
        ("nobody knows a boot", |state, here| (state.boot_id, here.boot_id) = (None, None)),
        ("nobody knows a name", |state, here| (state.hostname, here.hostname) = (None, None)),
        ("nobody knows a container", |state, here| {
            here.pid_namespace = None;
            state.started.as_mut().unwrap().pid_namespace = None;
        }),
        ("nothing is known of the process", |_, here| here.process = Process::Unknown),
        ("the writer has no number", |state, _| state.pid = None),
    ];
    for (what, change) in changes {
        for process in [Process::Gone, Process::Exists { started: Some(78) }] {
            let (mut state, mut here) = (beat(), near(12.0));
            here.process = process;
            assert!(matches!(judge(&state, &here, MAX_AGE), Liveness::Dead { .. }));
            change(&mut state, &mut here);
            assert_eq!(judge(&state, &here, MAX_AGE), alive(12 * SECOND), "{what}");
        }
    }
    let others: [Change; 4] = [
        ("its start is not known", |_, here| here.process = Process::Exists { started: None }),
        ("its start was not known", |state, _| state.started.as_mut().unwrap().process = None),
        ("starts are counted from another moment", |_, here| here.time_namespace = Some(9)),
        ("that is not known of the writer", |state, _| state.started.as_mut().unwrap().time_namespace = None),
    ];
    for (what, change) in others {
        let (mut state, mut here) = (beat(), near(12.0));
        here.process = Process::Exists { started: Some(78) };
        change(&mut state, &mut here);
        assert!(judge(&state, &here, MAX_AGE).is_alive(), "{what}");
    }
}

/// H5: kstlib's beats are judged by their time, whatever else is known here.
#[test]
fn a_time_stamp_is_enough() {
    for from in [near, far] {
        let mut here = from(12.0);
        here.process = Process::Gone;
        let mut state = State::new(wall(0.0));
        (state.pid, state.hostname) = (Some(PID), Some("web-1".into()));
        assert_eq!(judge(&state, &here, MAX_AGE), alive(12 * SECOND));
        here.now = wall(31.0);
        assert_eq!(judge(&state, &here, MAX_AGE), stale(31 * SECOND));
    }
}

fn pick<T: Clone + std::fmt::Debug + 'static>(of: &[T]) -> impl Strategy<Value = T> + use<T> {
    prop::sample::select(of.to_vec())
}

fn span() -> impl Strategy<Value = Duration> {
    prop_oneof![
        3 => (0..100_u64).prop_map(Duration::from_secs),
        1 => (0..u64::MAX, 0..1_000_000_000_u32).prop_map(|(s, n)| Duration::new(s, n)),
        1 => Just(Duration::MAX),
    ]
}

prop_compose! {
    fn state()(
        timestamp in span(), pid in pick(&[None, Some(1), Some(2)]), hostname in pick(&[None, Some("a"), Some("b")]),
        status in pick(&[None, Some(Status::Starting), Some(Status::Running), Some(Status::Stalled), Some(Status::Stopped)]),
        boot in pick(&[None, Some("x"), Some("y")]), monotonic in prop::option::of(span()),
        started in prop::option::of((pick(&[None, Some(7), Some(8)]), pick(&[None, Some(1), Some(2)]), pick(&[None, Some(1), Some(2)]))),
    ) -> State {
        let mut state = State::new(Timestamp::from_unix(timestamp));
        (state.pid, state.hostname, state.status) = (pid, hostname.map(String::from), status);
        (state.boot_id, state.monotonic) = (boot.map(String::from), monotonic);
        state.started = started.map(|(process, pid_namespace, time_namespace)| {
            Started { at: state.timestamp, process, pid_namespace, time_namespace }
        });
        state
    }
}

prop_compose! {
    fn vantage()(
        now in span(), hostname in pick(&[None, Some("a"), Some("b")]), boot in pick(&[None, Some("x"), Some("y")]),
        monotonic in prop::option::of(span()), pid_namespace in pick(&[None, Some(1), Some(2)]),
        time_namespace in pick(&[None, Some(1), Some(2)]),
        process in pick(&[Process::Unknown, Process::Gone, Process::Exists { started: None }, Process::Exists { started: Some(7) }]),
    ) -> Vantage {
        let mut here = Vantage::at(Timestamp::from_unix(now));
        (here.hostname, here.boot_id, here.monotonic) = (hostname.map(String::from), boot.map(String::from), monotonic);
        (here.pid_namespace, here.time_namespace, here.process) = (pid_namespace, time_namespace, process);
        here
    }
}

/// The verdict as one word, by one who reads the rules aloud.
fn naive(state: &State, here: &Vantage, max_age: Duration) -> &'static str {
    let equal = |a: Option<&str>, b: Option<&str>| a.is_some() && a == b;
    let started = state.started.unwrap_or(Started::new(state.timestamp));
    let same_boot = equal(state.boot_id.as_deref(), here.boot_id.as_deref());
    let same_host = same_boot && equal(state.hostname.as_deref(), here.hostname.as_deref());
    let same_container =
        same_host && here.pid_namespace.is_some() && here.pid_namespace == started.pid_namespace;
    let other_time = here.time_namespace.is_some()
        && started.time_namespace.is_some()
        && here.time_namespace != started.time_namespace;
    let is_gone = match here.process {
        Process::Gone => true,
        Process::Exists { started: Some(now) } => {
            here.time_namespace == started.time_namespace && started.process.is_some_and(|then| then != now)
        }
        _ => false,
    };
    let signed = |span: Duration| i128::try_from(span.as_nanos()).unwrap();
    let age = match (state.monotonic, here.monotonic) {
        (Some(then), Some(now)) if same_boot && !other_time => signed(now) - signed(then),
        _ => signed(here.now.to_unix()) - signed(state.timestamp.to_unix()),
    };
    match state.status {
        Some(Status::Stopped) => "stopped",
        _ if state.pid.is_some() && same_container && is_gone => "dead",
        _ if age < -5_000_000_000 => "from the future",
        _ if age > signed(max_age) => "stale",
        Some(Status::Stalled) => "stalled",
        _ => "alive",
    }
}

proptest! {
    /// H5: any state has a verdict, and it is the one that the rules say.
    #[test]
    fn the_verdict_on_any_state_is_that_of_the_rules(state in state(), here in vantage(), max_age in span()) {
        let verdict = judge(&state, &here, max_age);
        let text = verdict.to_string();
        let expected = naive(&state, &here, max_age);
        prop_assert!(text.starts_with(expected), "{} instead of {}", text, expected);
        prop_assert_eq!(verdict.is_alive(), expected == "alive");
        prop_assert_eq!(verdict.is_stopped(), expected == "stopped");
        prop_assert_eq!(verdict.age().is_none(), expected == "from the future");
    }
}
