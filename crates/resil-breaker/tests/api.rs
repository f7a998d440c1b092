//! The breaker as its users see it: how it is made, read, named and printed, and how it refuses.
#![cfg(not(any(loom, shuttle)))]

mod calls;

use std::time::Duration;

use calls::{breaker, fail, succeed};
use resil_breaker::{
    CircuitBreaker, Config, ConfigError, Error, ManualClock, Moment, MonotonicClock, Name, OnCancel, Policy,
    PolicyExt, Reason, Rejected, Reopen, State, UnknownState, Verdict, Window,
};

const SECOND: Duration = Duration::from_secs(1);

static PAYMENTS: CircuitBreaker = CircuitBreaker::new("payments", Config::new().failure_threshold(2));
static NAMELESS: CircuitBreaker = CircuitBreaker::unnamed(Config::development());
static FALLIBLE: Result<CircuitBreaker, ConfigError> = CircuitBreaker::try_new("api", Config::production());
static CLOCKED: CircuitBreaker<MonotonicClock> =
    CircuitBreaker::with_clock(Name::new("clocked"), Config::new(), MonotonicClock);

fn refusal(breaker: &calls::Breaker) -> Rejected {
    *breaker.call(|| Ok::<_, ()>(())).expect_err("the call is refused").rejected().expect("it was not made")
}

#[test]
fn a_breaker_stands_in_a_static() {
    assert_eq!((PAYMENTS.name().as_str(), NAMELESS.name()), ("payments", Name::UNNAMED));
    for _ in 0..2 {
        assert_eq!(PAYMENTS.call(|| Err::<(), _>("down")), Err(Error::Inner("down")));
    }
    assert_eq!(PAYMENTS.state(), State::Open);
    assert_eq!(NAMELESS.call(|| Ok::<_, ()>(7)), Ok(7));
    assert_eq!(FALLIBLE.as_ref().map(CircuitBreaker::config), Ok(Config::production()));
    assert_eq!(CLOCKED.name().as_str(), "clocked");
}

#[test]
fn a_wrong_setting_panics_with_field_and_range() {
    let wrong = Config::new().half_open_max_calls(0);
    let panic = std::panic::catch_unwind(|| CircuitBreaker::new("payments", wrong)).unwrap_err();
    let expected = "half_open_max_calls is out of range, allowed is 1 to 1,000";
    let text = panic.downcast_ref::<String>().map(String::as_str);
    assert_eq!(text.or(panic.downcast_ref::<&str>().copied()), Some(expected));
    assert!(std::panic::catch_unwind(|| CircuitBreaker::unnamed(wrong)).is_err());
    let clocked = || CircuitBreaker::with_clock(Name::UNNAMED, wrong, ManualClock::new());
    assert!(std::panic::catch_unwind(clocked).is_err());
}

#[test]
fn the_fallible_constructors_return_the_wrong_setting() {
    let wrong = Config::new().success_threshold(0);
    let by_name = CircuitBreaker::try_new("payments", wrong).unwrap_err();
    let on_clock = CircuitBreaker::try_with_clock(Name::UNNAMED, wrong, ManualClock::new()).unwrap_err();
    assert_eq!(by_name, on_clock);
    assert_eq!((by_name.field(), by_name.allowed()), ("success_threshold", "1 or more"));
    assert!(CircuitBreaker::try_with_clock(Name::UNNAMED, Config::new(), ManualClock::new()).is_ok());
}

#[test]
fn the_configuration_is_read_back_as_it_is_in_force() {
    let first = Config::new()
        .failure_threshold(7)
        .failure_rate(50, 10, Window::calls(20))
        .slow_rate(SECOND, 80, 5, Window::slices(SECOND * 30, 60))
        .reopen(Reopen::exponential(SECOND).factor(3.0).max(SECOND * 9).jitter(0.25))
        .half_open_max_calls(4)
        .success_threshold(6)
        .half_open_failure_rate(50)
        .probe_timeout(SECOND * 2)
        .max_half_open(SECOND * 3)
        .ramp_up(SECOND * 5)
        .on_cancel(OnCancel::Failure)
        .counters(false)
        .striped(false);
    let (breaker, _) = breaker(first);
    assert_eq!(breaker.config(), first);
    let settings = breaker.config().settings();
    insta::assert_compact_debug_snapshot!(settings, @"Settings { failure_threshold: Some(7), failure_rate: Some(Rate { percent: 50, min_calls: 10, window: Calls(20) }), slow_rate: Some((1s, Rate { percent: 80, min_calls: 5, window: Time { span: 30s, slices: 60 } })), reopen: Reopen(Exponential { base: 1s, factor: 3.0, max: 9s, jitter: 0.25 }), reset_timeout: 1s, half_open_max_calls: 4, success_threshold: 6, half_open_failure_rate: Some(50), probe_timeout: 2s, max_half_open: 3s, ramp_up: Some(5s), on_cancel: Failure, counters: false, striped: false }");
    let second = Config::new().reset_timeout(SECOND);
    assert_eq!(breaker.reconfigure(second), Ok(()));
    assert_eq!(breaker.config(), second);
    let refused = breaker.reconfigure(Config::new().failure_threshold(0)).unwrap_err();
    assert_eq!(refused.field(), "failure_threshold");
    assert_eq!(breaker.config(), second, "a refused configuration changes nothing");
}

#[test]
fn settings_are_read_back_as_they_were_written() {
    for (factor, jitter) in [(1.1, 0.1), (1.0, 0.0), (2.5, 0.333_333), (1_000.0, 1.0), (1.000_001, 0.2)] {
        let reopen = Reopen::exponential(SECOND).factor(factor).jitter(jitter);
        assert_eq!(Config::new().reopen(reopen).settings().reopen, reopen);
    }
    for reopen in [Reopen::fixed(SECOND), Reopen::by(|attempt, _| SECOND * attempt)] {
        assert_eq!(Config::new().reopen(reopen).settings().reopen, reopen);
    }
}

#[test]
fn defaults_are_those_of_the_documentation() {
    let settings = Config::default().settings();
    assert_eq!(Config::default(), Config::new());
    assert_eq!(settings.failure_threshold, Some(Config::DEFAULT_FAILURE_THRESHOLD));
    assert_eq!((settings.failure_rate, settings.slow_rate, settings.ramp_up), (None, None, None));
    assert_eq!((settings.half_open_max_calls, settings.success_threshold), (1, 1));
    assert_eq!((settings.half_open_failure_rate, settings.on_cancel), (None, OnCancel::Ignore));
    assert!(settings.counters && settings.striped);
    let spans = [settings.reset_timeout, settings.probe_timeout, settings.max_half_open];
    assert_eq!(spans, [Config::DEFAULT_RESET_TIMEOUT; 3]);

    let production = Config::production().settings();
    let probes = (production.failure_threshold, production.half_open_max_calls, production.success_threshold);
    assert_eq!((probes, production.reset_timeout), ((Some(5), 5, 3), SECOND * 60));
    let development = Config::development().settings();
    assert_eq!((development.failure_threshold, development.reset_timeout), (Some(5), SECOND * 5));

    let only_rate = Config::new().failure_rate(50, 1, Window::calls(2)).settings();
    assert_eq!(only_rate.failure_threshold, None, "the default rule holds only while no rule is set");
}

#[test]
fn printing_shows_name_settings_and_state() {
    let (breaker, _) = breaker(Config::new().failure_threshold(1));
    fail(&breaker);
    let text = format!("{breaker:?}");
    for part in ["\"payments\"", "failure_threshold: Some(1)", "state: Open", "failures: 1"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(format!("{:?}", CircuitBreaker::unnamed(Config::new())).contains("name: unnamed"));
    let wrong = format!("{:?}", Config::new().failure_threshold(0));
    assert!(wrong.contains("failure_threshold: 0 is out of range"), "{wrong}");
}

#[test]
fn a_refusal_says_who_why_and_for_how_long() {
    let config = Config::new().failure_threshold(1).reset_timeout(SECOND * 10).ramp_up(SECOND * 4);
    let (breaker, clock) = breaker(config);
    let mut texts = Vec::new();
    fail(&breaker);
    clock.advance(Duration::from_millis(8_500));
    texts.push(refusal(&breaker).to_string());
    clock.advance(Duration::from_millis(1_500));
    let probe = breaker.admit().expect("its time is over");
    texts.push(refusal(&breaker).to_string());
    breaker.settle(probe, Verdict::Success);
    succeed(&breaker);
    texts.push(refusal(&breaker).to_string());
    breaker.force_open("maintenance");
    texts.push(refusal(&breaker).to_string());
    breaker.force_open_for("maintenance", SECOND);
    texts.push(refusal(&breaker).to_string());
    assert_eq!(refusal(&breaker).reason(), Reason::CircuitForcedOpen);
    let nameless = CircuitBreaker::unnamed(Config::new());
    nameless.force_open("maintenance");
    texts.push(nameless.admit().unwrap_err().to_string());
    insta::assert_snapshot!(texts.join("\n"), @r"
    payments: circuit open, retry after 1.5s
    payments: circuit half-open, all probes taken, retry after 10s
    payments: circuit ramping up, retry after 4s
    payments: circuit forced open
    payments: circuit forced open, retry after 1s
    unnamed: circuit forced open
    ");
}

#[test]
fn the_last_nanosecond_of_open_time_is_refused_with_one_nanosecond_to_wait() {
    let (breaker, clock) = breaker(Config::new().failure_threshold(1).reset_timeout(SECOND));
    fail(&breaker);
    assert_eq!(refusal(&breaker).retry_after(), Some(SECOND), "never more than the reset timeout");
    clock.advance(Duration::from_nanos(999_999_999));
    assert_eq!(refusal(&breaker).retry_after(), Some(Duration::from_nanos(1)));
    assert_eq!(breaker.stats().open_remaining, Some(Duration::from_nanos(1)));
    clock.advance(Duration::from_nanos(1));
    assert_eq!(breaker.stats().open_remaining, None);
    succeed(&breaker);
}

#[test]
fn reading_changes_nothing() {
    let (breaker, clock) = breaker(Config::new().failure_threshold(1).reset_timeout(SECOND));
    fail(&breaker);
    clock.advance(SECOND);
    for _ in 0..3 {
        assert!(breaker.can_proceed(), "the next call would probe");
        assert_eq!((breaker.state(), breaker.stats().state), (State::HalfOpen, State::HalfOpen));
        assert_eq!(breaker.stats().transitions, 1);
        let _ = (breaker.snapshot(), breaker.config(), breaker.name(), format!("{breaker:?}"));
    }
    clock.set(Moment::ZERO);
    assert_eq!(breaker.state(), State::Open, "it is as open as it was");
    assert!(!breaker.can_proceed());
    assert_eq!(breaker.stats().total, 1, "to look is not to ask");
}

#[test]
fn looking_reserves_no_probe() {
    let (breaker, clock) = breaker(Config::new().failure_threshold(1).reset_timeout(SECOND));
    fail(&breaker);
    clock.advance(SECOND);
    assert!((0..10).all(|_| breaker.can_proceed()));
    let probe = breaker.guard().expect("no slot is taken");
    assert!(!breaker.can_proceed());
    probe.release();
    assert!(breaker.can_proceed());
}

#[test]
fn calls_that_were_not_asked_for_count_in_the_present_epoch_and_as_stale_while_open() {
    let (breaker, clock) = breaker(Config::new().failure_threshold(2).reset_timeout(SECOND));
    breaker.record_failure();
    breaker.record_success();
    breaker.record_failure();
    assert_eq!(breaker.stats().consecutive_failures, 1);
    breaker.record_failure();
    assert_eq!(breaker.state(), State::Open);
    breaker.record_failure();
    breaker.record_success();
    let stats = breaker.stats();
    assert_eq!((stats.successes, stats.failures, stats.stale_results), (1, 3, 2));
    clock.advance(SECOND);
    let probe = breaker.guard().expect("it may probe");
    breaker.record_success();
    assert_eq!(breaker.state(), State::Closed, "half-open it counts like a probe's");
    probe.failure();
    assert_eq!(breaker.state(), State::Closed);
    breaker.force_open("maintenance");
    breaker.record_failure();
    assert_eq!(breaker.stats().stale_results, 4);
    breaker.disable("calm");
    breaker.record_failure();
    assert_eq!((breaker.stats().failures, breaker.stats().stale_results), (3, 4));
}

#[test]
fn rates_are_those_of_settled_calls_that_were_not_ignored() {
    let config = Config::new().failure_rate(100, 4, Window::calls(4));
    let (breaker, _) = breaker(config);
    let rates = || {
        let stats = breaker.stats();
        (stats.success_rate(), stats.failure_rate(), stats.current_failure_rate())
    };
    assert_eq!(rates(), (None, None, None), "without any call there is no rate");
    let _ = breaker.call_with(|_| Verdict::Ignored, || Ok::<_, ()>(()));
    drop(breaker.guard());
    assert_eq!(rates(), (None, None, None), "an ignored or cancelled one says nothing");
    fail(&breaker);
    assert_eq!(rates(), (Some(0.0), Some(1.0), Some(1.0)), "failures alone are a rate, too");
    (0..3).for_each(|_| succeed(&breaker));
    assert_eq!(rates(), (Some(0.75), Some(0.25), Some(0.25)));
    (0..4).for_each(|_| succeed(&breaker));
    assert_eq!(rates(), (Some(0.875), Some(0.125), Some(0.0)), "the window has slid");
    assert_eq!(breaker.reconfigure(config.counters(false)), Ok(()));
    fail(&breaker);
    assert_eq!(rates(), (None, None, Some(0.25)), "without successes the failures are no rate");
}

#[test]
fn a_reason_is_shown_as_long_as_its_state_lasts() {
    let (breaker, clock) = breaker(Config::new());
    let reason = || breaker.stats().reason.map(std::borrow::Cow::into_owned);
    breaker.force_open_for(String::from("maintenance"), SECOND);
    assert_eq!(reason().as_deref(), Some("maintenance"));
    clock.advance(SECOND);
    assert_eq!((breaker.state(), reason()), (State::Closed, None));
    breaker.disable("no need");
    assert_eq!(reason().as_deref(), Some("no need"));
    breaker.reset();
    assert_eq!(reason(), None);
}

#[test]
fn time_in_state_begins_with_the_last_transition_or_the_first_use() {
    let (breaker, clock) = breaker(Config::new().failure_threshold(1).reset_timeout(SECOND));
    clock.advance(SECOND * 5);
    assert_eq!(breaker.stats().time_in_state, Duration::ZERO, "nobody has used it");
    succeed(&breaker);
    clock.advance(SECOND * 2);
    assert_eq!(breaker.stats().time_in_state, SECOND * 2);
    fail(&breaker);
    clock.advance(SECOND * 3);
    assert_eq!(breaker.stats().time_in_state, SECOND * 3);
    clock.set(Moment::ZERO);
    assert_eq!(breaker.stats().time_in_state, Duration::ZERO, "a clock that steps back overflows nothing");
}

#[test]
fn every_state_reads_its_own_name_in_any_spelling() {
    for state in State::ALL {
        let name = state.to_string();
        assert_eq!(name, state.as_str());
        for spelling in
            [name.to_uppercase(), name.replace('_', "-"), name.replace('_', ""), format!("{state:?}")]
        {
            assert_eq!(spelling.parse(), Ok(state), "{spelling}");
        }
    }
    for nonsense in ["", "ajar", "open ", "half open", "öpen"] {
        let error: UnknownState = nonsense.parse::<State>().unwrap_err();
        assert!(error.to_string().starts_with(&format!("no state {nonsense:?}, expected closed, open")));
    }
    assert_eq!(format!("{:>8}|", State::Open), "    open|", "it can be put into columns");
}

#[test]
fn a_breaker_is_shared_among_threads_and_small() {
    fn is_shareable<T: Send + Sync>() {}
    is_shareable::<CircuitBreaker>();
    is_shareable::<CircuitBreaker<ManualClock>>();
    assert!(size_of::<CircuitBreaker>() <= 320, "{} bytes", size_of::<CircuitBreaker>());
    assert_eq!(align_of::<CircuitBreaker>(), 64, "its hot words share one cache line");
}
