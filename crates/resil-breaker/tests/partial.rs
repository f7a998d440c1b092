//! Settings as words: every one of them, the words of others, what they do, and what is wrong about them.
#![cfg(all(feature = "serde", not(any(loom, shuttle))))]

use std::time::Duration;

use resil_breaker::{
    CircuitBreaker, Config, ManualClock, OnCancel, PartialConfig, PolicyExt, Reopen, State, Stats, Window,
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
    let error =
        |words: Value| serde_json::from_value::<PartialConfig>(words).expect_err("an error").to_string();
    let errors = [
        error(json!({ "max_failures": 3, "failure_threshold": 3 })),
        error(json!({ "cooldown": 3, "break_duration": 3 })),
        error(json!({ "failure_ratio": 0.5, "failure_rate_threshold": 0.5 })),
        error(json!({ "failure_threshold": -3 })),
        error(json!({ "failure_treshold": 3 })).chars().take(60).collect(),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r"
    duplicate field `failure_threshold`
    duplicate field `reset_timeout`
    duplicate field `failure_rate`
    invalid value: integer `-3`, expected u32
    unknown field `failure_treshold`, expected one of `failure_t
    ");
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
    insta::assert_snapshot!(errors.join("\n"), @r"
    window needs failure_rate or slow_call
    sampling_duration needs failure_rate or slow_call
    min_calls needs failure_rate or slow_call
    window_slices needs failure_rate or slow_call
    slow_call_rate needs slow_call
    slow_call_window needs slow_call
    window_slices needs a window of time
    sampling_duration and window are two words for one setting
    failure_threshold: 0 is out of range, allowed is 1 or more
    failure_rate: 0% is out of range, allowed is 1% to 100%
    min_calls: 0 is out of range, allowed is 1 or more
    min_calls: 11 is out of range, allowed is 1 to the number of calls in the window
    window: 0 is out of range, allowed is 1 to 1,000,000 calls
    window: 1ns is out of range, allowed is 1us to 100 years
    sampling_duration: 0ns is out of range, allowed is 1us to 100 years
    window_slices: 0 is out of range, allowed is 1 to 1,000
    slow_call: 0ns is out of range, allowed is 1ns to 100 years
    slow_call_rate: 0% is out of range, allowed is 1% to 100%
    slow_call_min_calls: 0 is out of range, allowed is 1 or more
    slow_call_window: 0 is out of range, allowed is 1 to 1,000,000 calls
    slow_call_window_slices: 0 is out of range, allowed is 1 to 1,000
    slow_call_window_slices needs a window of time
    reset_timeout: 0ns is out of range, allowed is 1ns to 100 years
    reopen_factor: 0.5 is out of range, allowed is 1.0 to 1,000.0
    reopen_max: 1s is out of range, allowed is the first timeout to 100 years
    half_open_max_calls: 1001 is out of range, allowed is 1 to 1,000
    success_threshold: 0 is out of range, allowed is 1 or more
    half_open_failure_rate: 0% is out of range, allowed is 1% to 100%
    probe_timeout: 0ns is out of range, allowed is 1ns to 100 years
    max_half_open: 0ns is out of range, allowed is 1ns to 100 years
    ramp_up: 6311520000s is out of range, allowed is 1ns to 100 years
    ");
    let windows =
        [json!(-1), json!(5_000_000_000_u64), json!(30.0), json!("soon"), json!(true)].map(|window| {
            serde_json::from_value::<PartialConfig>(json!({ "window": window }))
                .expect_err("no window")
                .to_string()
        });
    insta::assert_snapshot!(windows.join("\n"), @r#"
    -1 is no window: it is negative
    5000000000 is no window: it holds 1,000,000 calls at most
    30.0 is no window: write a whole number of calls, or a duration with its unit
    "soon" is no duration: write a number of seconds, or for example 500ms, 30s, 5m
    invalid type: boolean `true`, expected a window: a whole number of calls, or a duration with its unit such as "30s"
    "#);
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
        (
            json!({ "failure_rate": 0.5, "window": "5s" }),
            new().failure_rate(50, 20, Window::time(5 * SECOND)),
        ),
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
    insta::assert_snapshot!(serde_json::to_string(&Config::production()).expect("written"), @r#"{"failure_threshold":5,"reset_timeout":"1m","half_open_max_calls":5,"success_threshold":3,"on_cancel":"ignore","counters":true,"striped":true}"#);
    assert!(serde_json::to_string(&Config::new().ramp_up(Duration::ZERO)).is_err());
    let error = serde_json::from_value::<Config>(json!({ "ramp_up": 0 })).expect_err("out of range");
    insta::assert_snapshot!(error.to_string(), @"ramp_up: 0ns is out of range, allowed is 1ns to 100 years");
}

/// What is seen of a circuit by these words when this is done to it, one letter each: calls that succeed, fail, are slow (3 s) or given up;
/// a wait of a second; a probe that is begun and not ended. After each there is the state, or `x` for a refusal.
fn play(words: &Value, script: &str) -> String {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("payments".into(), config(words.clone()), clock.clone());
    let mut held = Vec::new();
    let mut seen = String::new();
    for letter in script.chars() {
        if letter == 'w' {
            clock.advance(SECOND);
        } else if let Ok(guard) = breaker.guard() {
            match letter {
                's' => guard.success(),
                'f' => guard.failure(),
                'l' => {
                    clock.advance(3 * SECOND);
                    guard.success();
                }
                'c' => drop(guard),
                'p' => held.push(guard),
                other => panic!("{other}"),
            }
        } else {
            seen.push('x');
            continue;
        }
        seen.push(match breaker.state() {
            State::Closed => 'C',
            State::Open => 'O',
            State::HalfOpen => 'H',
            other => panic!("{other}"),
        });
    }
    if breaker.stats().open_remaining.is_some_and(|rest| rest.subsec_nanos() > 0) {
        seen.push_str(" jittered");
    }
    format!("{seen} {:?}", breaker.stats().successes)
}

/// That of `striped` can only be seen in memory: see `tests/allocations.rs`.
#[test]
fn each_word_changes_what_a_circuit_does() {
    // Probes are not limited in time.
    let probed =
        json!({ "failure_threshold": 1, "reset_timeout": 2, "max_half_open": 900, "probe_timeout": 900 });
    let with = |word: &str, value: Value| {
        let mut words = probed.clone();
        words[word] = value;
        words
    };
    let rate = json!({ "failure_rate": 0.5, "min_calls": 2 });
    let mut texts = Vec::new();
    for (words, word, value, script) in [
        (json!({}), "failure_threshold", json!(2), "fff"),
        (json!({ "min_calls": 2, "slow_call": 9 }), "failure_rate", json!(0.5), "sff"),
        (json!({ "failure_rate": 0.5 }), "min_calls", json!(2), "fff"),
        (json!({ "failure_rate": 0.6, "min_calls": 2 }), "window", json!(2), "sssff"),
        (json!({ "failure_rate": 0.6, "min_calls": 2 }), "sampling_duration", json!(2), "ssswwwff"),
        (
            json!({ "failure_rate": 0.6, "min_calls": 2, "window": "4s" }),
            "window_slices",
            json!(1),
            "wwwssswwwff",
        ),
        (json!({ "failure_rate": 1, "min_calls": 1 }), "slow_call", json!(2), "ll"),
        (json!({ "slow_call": 2, "min_calls": 2 }), "slow_call_rate", json!(1), "lsl"),
        (json!({ "slow_call": 2 }), "slow_call_min_calls", json!(1), "ll"),
        (json!({ "slow_call": 2, "min_calls": 2 }), "slow_call_window", json!(2), "sssll"),
        (
            json!({ "slow_call": 2, "min_calls": 2, "slow_call_window": "8s" }),
            "slow_call_window_slices",
            json!(1),
            "wwwwwwwssswlll",
        ),
        (probed.clone(), "reset_timeout", json!(1), "fwswsws"),
        (probed.clone(), "reopen_factor", json!(2), "fwwfwwwww"),
        (with("reopen_factor", json!(2)), "reopen_max", json!(3), "fwwfwwwfwwwww"),
        (probed.clone(), "reopen_jitter", json!("100%"), "f"),
        (probed.clone(), "half_open_max_calls", json!(2), "fwwppp"),
        (probed.clone(), "success_threshold", json!(2), "fwwsss"),
        (with("success_threshold", json!(4)), "half_open_failure_rate", json!(0.5), "fwwfff"),
        (probed.clone(), "probe_timeout", json!(1), "fwwpwp"),
        (probed.clone(), "max_half_open", json!(1), "fwwpwww"),
        (probed.clone(), "ramp_up", json!(900), "fwwsssss"),
        (json!({ "failure_threshold": 1 }), "on_cancel", json!("failure"), "cc"),
        (rate, "counters", json!(false), "s"),
    ] {
        let mut other = words.clone();
        other[word] = value;
        let seen = (play(&words, script), play(&other, script));
        assert_ne!(seen.0, seen.1, "{word}");
        texts.push(format!("{word}: {} - {}", seen.0, seen.1));
    }
    insta::assert_snapshot!(texts.join("\n"), @r"
    failure_threshold: CCC 0 - COx 0
    failure_rate: CCC 1 - COx 1
    min_calls: CCC 0 - COx 0
    window: CCCCC 3 - CCCCO 3
    sampling_duration: CCCCCCCC 3 - CCCCCCCO 3
    window_slices: CCCCCCCCCCC 3 - CCCCCCCCCCO 3
    slow_call: CC 2 - Ox 1
    slow_call_rate: COx 2 - CCC 3
    slow_call_min_calls: CC 2 - Ox 1
    slow_call_window: CCCCC 5 - CCCOx 4
    slow_call_window_slices: CCCCCCCCCCCCCO 6 - CCCCCCCCCCCCOx 5
    reset_timeout: OOxHCCC 2 - OHCCCCC 3
    reopen_factor: OOHOOHHHH 0 - OOHOOOOHH 0
    reopen_max: OOHOOOOxHHHHH 0 - OOHOOOHOOOHHH 0
    reopen_jitter: O 0 - O jittered 0
    half_open_max_calls: OOHHxx 0 - OOHHHx 0
    success_threshold: OOHCCC 3 - OOHHCC 3
    half_open_failure_rate: OOHOxx 0 - OOHHOx 0
    probe_timeout: OOHHHx 0 - OOHHHH 0
    max_half_open: OOHHHHH 0 - OOHHOOH 0
    ramp_up: OOHCCCCC 5 - OOHCCxxx 2
    on_cancel: CC 0 - Ox 0
    counters: C 1 - C 0
    ");
}

#[cfg(feature = "schema")]
#[test]
fn the_schema_has_every_word_with_what_it_means() {
    let schema = serde_json::to_value(schemars::schema_for!(PartialConfig)).expect("a schema");
    assert_eq!(schema["additionalProperties"], json!(false));
    let words = schema["properties"].as_object().expect("words");
    assert!(words.values().all(|word| word["description"].is_string()), "{words:?}");
    insta::assert_snapshot!(words.keys().cloned().collect::<Vec<_>>().join(" "), @"counters failure_rate failure_threshold half_open_failure_rate half_open_max_calls max_half_open min_calls on_cancel probe_timeout ramp_up reopen_factor reopen_jitter reopen_max reset_timeout sampling_duration slow_call slow_call_min_calls slow_call_rate slow_call_window slow_call_window_slices striped success_threshold window window_slices");
}
