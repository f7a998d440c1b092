//! Settings as words: every one of them, the words of others, what they do, and what is wrong about them.
#![cfg(all(feature = "serde", not(any(loom, shuttle))))]

use std::time::Duration;

use resil_breaker::{
    CircuitBreaker, Config, ManualClock, OnCancel, PartialConfig, PolicyExt, Reopen, State, Stats, Verdict, Window,
};
use serde_json::{Value, json};

const SECOND: Duration = Duration::from_secs(1);

fn said(words: Value) -> PartialConfig {
    serde_json::from_value(words).expect("known words")
}

fn config(words: Value) -> Config {
    said(words).over(Config::new()).expect("a sound configuration")
}

/// The one word that was said, in its canonical form.
fn canonical(word: &str, value: &Value) -> (String, Value) {
    let written = serde_json::to_value(said(json!({ word: value }))).expect("written");
    let Value::Object(map) = written else { panic!("{written}") };
    assert_eq!(map.len(), 1, "{word}");
    map.into_iter().next().expect("one")
}

#[test]
fn the_words_of_others_are_read_as_ours() {
    let spans = [
        "wait_duration_in_open",
        "wait_duration_in_open_state",
        "break_duration",
        "cooldown",
        "cooldown_seconds",
        "recovery_time",
        "recovery_timeout",
        "timeout",
        "timeout_seconds",
    ];
    for word in spans {
        assert_eq!(canonical(word, &json!(90)), ("reset_timeout".to_owned(), json!("1m 30s")), "{word}");
    }
    for (word, value, ours, written) in [
        ("max_failures", json!(3), "failure_threshold", json!(3)),
        ("failure_rate_threshold", json!(0.5), "failure_rate", json!("50%")),
        ("failure_ratio", json!("50%"), "failure_rate", json!("50%")),
        ("minimum_number_of_calls", json!(7), "min_calls", json!(7)),
        ("minimum_throughput", json!(7), "min_calls", json!(7)),
        ("sliding_window", json!("30s"), "window", json!("30s")),
        ("window_size", json!(50), "window", json!(50)),
        ("sampling_duration", json!(30), "sampling_duration", json!("30s")),
        ("slow_call_duration_threshold", json!(2), "slow_call", json!("2s")),
        ("slow_call_rate_threshold", json!(0.8), "slow_call_rate", json!("80%")),
        ("half_open_max_requests", json!(4), "half_open_max_calls", json!(4)),
        ("permitted_calls_in_half_open", json!(4), "half_open_max_calls", json!(4)),
        ("permitted_number_of_calls_in_half_open_state", json!(4), "half_open_max_calls", json!(4)),
        ("half_open_success_threshold", json!(2), "success_threshold", json!(2)),
    ] {
        assert_eq!(canonical(word, &value), (ours.to_owned(), written), "{word}");
    }
    for (word, ours) in PartialConfig::DOUBTFUL {
        assert_eq!(canonical(word, &json!(1)).0, *ours);
    }
    for pair in PartialConfig::RIVALS {
        let words = said(json!({ pair.0: "1s", pair.1: "1s", "failure_rate": 0.5 }));
        assert_eq!(words.over(Config::new()).expect_err("two words").words(), [pair.0, pair.1]);
    }
}

#[test]
fn two_words_for_one_setting_are_an_error() {
    let error = |words: Value| serde_json::from_value::<PartialConfig>(words).expect_err("an error").to_string();
    let errors = [
        error(json!({ "max_failures": 3, "failure_threshold": 3 })),
        error(json!({ "cooldown": 3, "break_duration": 3 })),
        error(json!({ "failure_ratio": 0.5, "failure_rate_threshold": 0.5 })),
        error(json!({ "failure_threshold": -3 })),
        error(json!({ "failure_treshold": 3 })).chars().take(60).collect(),
    ];
    insta::assert_snapshot!(errors.join("\n"), @"");
}

#[test]
fn words_that_do_not_go_together_are_named_and_so_is_what_is_out_of_range() {
    let error = |words: Value| said(words).over(Config::new()).expect_err("an error").to_string();
    let errors = [
        error(json!({ "window": "30s" })),
        error(json!({ "sampling_duration": "30s" })),
        error(json!({ "min_calls": 30 })),
        error(json!({ "window_slices": 30 })),
        error(json!({ "slow_call_rate": 0.5 })),
        error(json!({ "slow_call_window": 30 })),
        error(json!({ "failure_rate": 0.5, "window": 30, "window_slices": 30 })),
        error(json!({ "failure_rate": 0.5, "window": "30s", "sampling_duration": "30s" })),
        error(json!({ "failure_threshold": 0 })),
        error(json!({ "failure_rate": 0 })),
        error(json!({ "failure_rate": 0.5, "min_calls": 0 })),
        error(json!({ "failure_rate": 0.5, "window": 10, "min_calls": 11 })),
        error(json!({ "failure_rate": 0.5, "window": 0 })),
        error(json!({ "failure_rate": 0.5, "window": 5_000_000_000_u64 })),
        error(json!({ "failure_rate": 0.5, "window": "1ns" })),
        error(json!({ "failure_rate": 0.5, "sampling_duration": 0 })),
        error(json!({ "failure_rate": 0.5, "window": "1s", "window_slices": 0 })),
        error(json!({ "slow_call": 0 })),
        error(json!({ "slow_call": 1, "slow_call_rate": 0 })),
        error(json!({ "slow_call": 1, "slow_call_min_calls": 0 })),
        error(json!({ "slow_call": 1, "slow_call_window": 0 })),
        error(json!({ "slow_call": 1, "slow_call_window": "1s", "slow_call_window_slices": 0 })),
        error(json!({ "slow_call": 1, "slow_call_window": 1, "slow_call_window_slices": 1 })),
        error(json!({ "reset_timeout": 0 })),
        error(json!({ "reopen_factor": 0.5 })),
        error(json!({ "reset_timeout": "2s", "reopen_max": "1s" })),
        error(json!({ "half_open_max_calls": 1_001 })),
        error(json!({ "success_threshold": 0 })),
        error(json!({ "half_open_failure_rate": 0 })),
        error(json!({ "probe_timeout": 0 })),
        error(json!({ "max_half_open": 0 })),
        error(json!({ "ramp_up": "200 years" })),
    ];
    insta::assert_snapshot!(errors.join("\n"), @"");
    let windows = [json!(-1), json!(30.0), json!("soon"), json!(true)].map(|window| {
        serde_json::from_value::<PartialConfig>(json!({ "window": window })).expect_err("no window").to_string()
    });
    insta::assert_snapshot!(windows.join("\n"), @"");
}

#[test]
fn each_word_is_the_setting_of_that_name() {
    let new = Config::new;
    let calls = Window::calls(100);
    for (words, expected) in [
        (json!({}), new()),
        (json!({ "failure_threshold": 3 }), new().failure_threshold(3)),
        (json!({ "failure_rate": "50%" }), new().failure_rate(50, 20, calls)),
        (json!({ "failure_rate": 0.5, "window": 5 }), new().failure_rate(50, 5, Window::calls(5))),
        (json!({ "failure_rate": 0.5, "window": "5" }), new().failure_rate(50, 5, Window::calls(5))),
        (json!({ "failure_rate": 0.5, "window": "5s" }), new().failure_rate(50, 20, Window::time(5 * SECOND))),
        (
            json!({ "failure_rate": 0.5, "window": { "secs": 5 }, "min_calls": 7 }),
            new().failure_rate(50, 7, Window::time(5 * SECOND)),
        ),
        (
            json!({ "failure_rate": 0.5, "sampling_duration": 5, "window_slices": 50 }),
            new().failure_rate(50, 20, Window::slices(5 * SECOND, 50)),
        ),
        (json!({ "slow_call": 2 }), new().slow_rate(2 * SECOND, 50, 20, calls)),
        (
            json!({ "slow_call": 2, "slow_call_rate": 1, "min_calls": 7, "window": "5s" }),
            new().slow_rate(2 * SECOND, 100, 7, Window::time(5 * SECOND)),
        ),
        (
            json!({ "failure_rate": 0.5, "window": 9, "slow_call": 2, "slow_call_window": 30, "slow_call_min_calls": 3 }),
            new().failure_rate(50, 9, Window::calls(9)).slow_rate(2 * SECOND, 50, 3, Window::calls(30)),
        ),
        (
            json!({ "slow_call": 2, "slow_call_window": "9s", "slow_call_window_slices": 3, "window_slices": 7 }),
            new().slow_rate(2 * SECOND, 50, 20, Window::slices(9 * SECOND, 3)),
        ),
        (json!({ "reset_timeout": "10s" }), new().reset_timeout(10 * SECOND)),
        (json!({ "reopen_factor": 3 }), new().reopen(Reopen::exponential(60 * SECOND).factor(3.0))),
        (
            json!({ "reset_timeout": 1, "reopen_max": 9 }),
            new().reopen(Reopen::exponential(SECOND).max(9 * SECOND)),
        ),
        (
            json!({ "reset_timeout": 1, "reopen_jitter": "20%" }),
            new().reopen(Reopen::exponential(SECOND).factor(1.0).jitter(0.2)),
        ),
        (json!({ "half_open_max_calls": 3 }), new().half_open_max_calls(3)),
        (json!({ "success_threshold": 3 }), new().success_threshold(3)),
        (json!({ "half_open_failure_rate": 0.3 }), new().half_open_failure_rate(30)),
        (json!({ "probe_timeout": 3 }), new().probe_timeout(3 * SECOND)),
        (json!({ "max_half_open": 3 }), new().max_half_open(3 * SECOND)),
        (json!({ "ramp_up": 3 }), new().ramp_up(3 * SECOND)),
        (json!({ "on_cancel": "failure" }), new().on_cancel(OnCancel::Failure)),
        (json!({ "counters": false }), new().counters(false)),
        (json!({ "striped": false }), new().striped(false)),
    ] {
        assert_eq!(config(words.clone()), expected, "{words}");
    }
}

#[test]
fn what_is_left_unsaid_stays_as_it_was() {
    fn at_once(_: u32, _: &Stats) -> Duration {
        Duration::ZERO
    }
    let window = Window::slices(5 * SECOND, 50);
    let before = Config::new()
        .failure_rate(50, 7, window)
        .slow_rate(SECOND, 80, 3, Window::calls(30))
        .reopen(Reopen::exponential(SECOND).factor(3.0).max(9 * SECOND).jitter(0.1));
    let over = |words: Value| said(words).over(before).expect("sound");
    assert_eq!(over(json!({})), before);
    assert_eq!(over(json!({ "failure_rate": 0.2 })), before.failure_rate(20, 7, window));
    let longer = Window::slices(6 * SECOND, 50);
    let expected = before.failure_rate(50, 7, longer).slow_rate(SECOND, 80, 3, Window::time(6 * SECOND));
    assert_eq!(over(json!({ "window": "6s" })), expected);
    let expected = before.slow_rate(2 * SECOND, 80, 3, Window::calls(30));
    assert_eq!(over(json!({ "slow_call": 2 })), expected);
    let reopen = Reopen::exponential(2 * SECOND).factor(3.0).max(9 * SECOND).jitter(0.1);
    assert_eq!(over(json!({ "reset_timeout": 2 })), before.reopen(reopen));
    let by_hand = before.reopen(Reopen::by(at_once));
    assert_eq!(said(json!({ "failure_threshold": 2 })).over(by_hand), Ok(by_hand.failure_threshold(2)));
    let expected = by_hand.reset_timeout(2 * SECOND);
    assert_eq!(said(json!({ "reset_timeout": 2 })).over(by_hand), Ok(expected));
    // One that was out of range before.
    let error = said(json!({})).over(before.ramp_up(Duration::ZERO)).expect_err("out of range");
    assert_eq!(error.words(), ["ramp_up"]);
}

#[test]
fn a_configuration_is_the_same_after_it_was_written_and_read() {
    let window = Window::slices(5 * SECOND, 50);
    for config in [
        Config::new(),
        Config::production(),
        Config::development(),
        Config::new().failure_rate(50, 7, window),
        Config::new().slow_rate(SECOND, 80, 7, window),
        Config::new().failure_rate(50, 7, window).slow_rate(SECOND, 80, 7, window),
        Config::new().failure_rate(50, 7, window).slow_rate(SECOND, 80, 8, Window::calls(9)),
        Config::new().failure_rate(50, 7, Window::calls(9)).slow_rate(SECOND, 80, 8, window),
        Config::new()
            .failure_threshold(9)
            .reopen(Reopen::exponential(SECOND).factor(1.5).max(7 * SECOND).jitter(0.25))
            .half_open_max_calls(7)
            .success_threshold(5)
            .half_open_failure_rate(33)
            .probe_timeout(SECOND)
            .max_half_open(2 * SECOND)
            .ramp_up(3 * SECOND)
            .on_cancel(OnCancel::Failure)
            .counters(false)
            .striped(false),
    ] {
        let words = PartialConfig::from(&config);
        assert_eq!(words.over(Config::new()), Ok(config), "{words:?}");
        let written = serde_json::to_value(config).expect("written");
        assert_eq!(written, serde_json::to_value(&words).expect("written"));
        assert_eq!(serde_json::from_value::<Config>(written).expect("read"), config);
    }
    insta::assert_snapshot!(serde_json::to_string(&Config::production()).expect("written"), @"");
    assert!(serde_json::to_string(&Config::new().ramp_up(Duration::ZERO)).is_err());
    let error = serde_json::from_value::<Config>(json!({ "ramp_up": 0 })).expect_err("out of range");
    insta::assert_snapshot!(error.to_string(), @"");
}

/// A circuit by these words, and what was seen of it.
struct Tried {
    breaker: CircuitBreaker<ManualClock>,
    clock: ManualClock,
    seen: Vec<String>,
}

impl Tried {
    fn new(words: &Value) -> Self {
        let clock = ManualClock::new();
        let breaker = CircuitBreaker::with_clock("payments".into(), config(words.clone()), clock.clone());
        Self { breaker, clock, seen: Vec::new() }
    }

    fn look(&mut self) {
        let state = self.breaker.state();
        let stats = self.breaker.stats();
        self.seen.push(format!("{state} {}", stats.successes));
    }

    /// Makes a call that takes so long.
    fn call(&mut self, verdict: Verdict, took: Duration) {
        if let Ok(guard) = self.breaker.guard() {
            self.clock.advance(took);
            match verdict {
                Verdict::Success => guard.success(),
                Verdict::Failure => guard.failure(),
                _ => drop(guard),
            }
        } else {
            self.seen.push("refused".to_owned());
        }
        self.look();
    }

    fn wait(&mut self, span: Duration) {
        self.clock.advance(span);
        self.look();
    }

    /// Failures, slow calls and calls that are given up, openings one after the other, probes.
    fn play(mut self) -> Vec<String> {
        for took in [0, 0, 3_000, 0] {
            self.call(Verdict::Success, Duration::from_millis(took));
        }
        for _ in 0..2 {
            self.call(Verdict::Cancelled, Duration::ZERO);
        }
        for _ in 0..3 {
            self.call(Verdict::Failure, SECOND);
        }
        self.call(Verdict::Success, Duration::ZERO);
        for _ in 0..9 {
            self.call(Verdict::Failure, Duration::ZERO);
        }
        // Reopened twice.
        for _ in 0..2 {
            while self.breaker.state() == State::Open {
                self.wait(SECOND / 4);
            }
            self.call(Verdict::Failure, Duration::ZERO);
        }
        while self.breaker.state() == State::Open {
            self.wait(SECOND / 4);
        }
        self.probe();
        self.seen
    }

    /// Probes that are left alone for a while, and then settle.
    fn probe(&mut self) {
        let probes: Vec<_> = (0..4).map(|_| self.breaker.guard().ok()).collect();
        self.seen.push(format!("{} probes", probes.iter().flatten().count()));
        for _ in 0..30 {
            self.clock.advance(SECOND / 4);
            self.look();
        }
        self.seen.push(format!("{} more", (0..4).filter(|_| self.breaker.guard().is_ok()).count()));
        probes.into_iter().flatten().for_each(|probe| std::mem::forget(probe));
        for _ in 0..3 {
            self.call(Verdict::Success, Duration::ZERO);
        }
        self.call(Verdict::Failure, Duration::ZERO);
        for _ in 0..40 {
            self.call(Verdict::Success, SECOND / 10);
        }
    }
}
