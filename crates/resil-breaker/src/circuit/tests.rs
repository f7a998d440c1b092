use super::*;
use crate::Window;

const SECOND: Duration = Duration::from_secs(1);

fn circuit(config: Config) -> Circuit {
    config.check().expect("in range");
    Circuit::new(Name::UNNAMED, config, 1, Moment::ZERO)
}

#[test]
fn outcomes_within_the_slack_are_recorded_without_the_clock() {
    let mut circuit = circuit(Config::new().failure_threshold(3));
    assert_eq!(circuit.slack(), Some(Slack { calls: u64::MAX, failures: 2, slow: u64::MAX }));
    assert!(circuit.record_within_slack(true, true) && circuit.record_within_slack(true, false));
    assert!(!circuit.record_within_slack(true, false), "the third would trip it");
    assert!(circuit.record_within_slack(false, false) && circuit.record_within_slack(true, false));
    let facts = circuit.facts(Moment::ZERO);
    assert_eq!((facts.successes, facts.failures, facts.slow, facts.streak), (1, 3, 1, 1));
}

#[test]
fn each_kind_of_slack_is_used_up_by_itself() {
    let slow_rate = |config: Config| config.slow_rate(SECOND, 50, 4, Window::calls(8));
    let mut circuit = circuit(slow_rate(Config::new().failure_threshold(100)));
    assert!((0..3).all(|_| circuit.record_within_slack(false, false)), "three cannot reach the four");
    assert!(!circuit.record_within_slack(false, false), "the fourth is judged");
    circuit.settle(circuit.epoch(), 0, Outcome::Success, false, Moment::ZERO);
    assert_eq!(circuit.slack().map(|slack| slack.slow), Some(3));
    assert!((0..3).all(|_| circuit.record_within_slack(false, true)));
    assert!(!circuit.record_within_slack(false, true) && circuit.record_within_slack(false, false));
}

#[test]
fn where_slices_end_every_outcome_is_told_its_time() {
    let mut circuit = circuit(Config::new().failure_rate(50, 100, Window::time(SECOND)));
    assert!(!circuit.record_within_slack(false, false));
    assert_eq!(circuit.slack(), Some(Slack { calls: 99, failures: u64::MAX, slow: u64::MAX }));
}

#[test]
fn only_states_that_record_have_slack() {
    let by_hand = || ByHand { reason: "a test".into(), until: None };
    let mut circuit = circuit(Config::new().failure_threshold(2));
    circuit.set(State::ForcedOpen, Cause::Forced, by_hand(), Moment::ZERO);
    assert_eq!(circuit.slack(), None);
    assert!(!circuit.record_within_slack(false, false));
    circuit.set(State::MetricsOnly, Cause::Forced, by_hand(), Moment::ZERO);
    assert_eq!(circuit.slack().map(|slack| slack.failures), Some(1));
    for _ in 0..2 {
        circuit.settle(circuit.epoch(), 0, Outcome::Failure, false, Moment::ZERO);
    }
    assert_eq!(circuit.slack(), Some(Slack::UNLIMITED), "what would have tripped it was told");
}

fn tripped() -> Circuit {
    let mut circuit = circuit(Config::new().failure_threshold(1).reset_timeout(SECOND));
    circuit.settle(circuit.epoch(), 0, Outcome::Failure, false, Moment::ZERO);
    circuit
}

#[test]
fn an_open_circuit_knows_until_when() {
    let circuit = tripped();
    let until = Moment::ZERO.saturating_add(SECOND);
    assert_eq!(
        (circuit.state(), circuit.open_until(), circuit.shut_until()),
        (State::Open, Some(until), Some(until))
    );
    assert_eq!(circuit.facts(Moment::ZERO).open_remaining, Some(SECOND));
    assert_eq!(circuit.facts(until).open_remaining, None);
    let closed = self::circuit(Config::new());
    assert_eq!(
        (closed.open_until(), closed.shut_until(), closed.facts(Moment::ZERO).open_remaining),
        (None, None, None)
    );
}

#[test]
fn a_half_open_circuit_is_shut_while_all_its_probes_are_out() {
    let mut circuit = tripped();
    let start = Moment::ZERO.saturating_add(SECOND);
    let probe = circuit.admit(start).expect("the first probe");
    let probes_end = circuit.shut_until().expect("one at once");
    assert!(probes_end > start && circuit.admit(start).is_err());
    assert_eq!((circuit.state(), circuit.effective_attempt(start)), (State::HalfOpen, 1));
    let end = start.saturating_add(circuit.config().half_open_limit());
    assert_eq!(circuit.effective_attempt(end), 2, "it opens again when nothing has come of its probes");
    circuit.settle(circuit.epoch(), probe, Outcome::Neutral, false, start);
    assert_eq!(circuit.shut_until(), None);
}
