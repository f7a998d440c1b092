//! Settings as words: every one of them, the words of others, what they do, and what is wrong about them.
#![cfg(feature = "serde")]

use std::future::{Future, pending};
use std::pin::Pin;
use std::time::Duration;

use resil_core::testing::poll_once;
use resil_timeout::{Config, Deadline, ManualClock, Moment, PartialConfig, Timeout};
use serde_json::{Value, json};

const SECOND: Duration = Duration::from_secs(1);

fn said(words: Value) -> PartialConfig {
    serde_json::from_value(words).expect("known words")
}

fn config(words: Value) -> Config {
    said(words).over(Config::default()).expect("a sound configuration")
}

#[test]
fn the_words_of_others_are_read_as_ours() {
    for (word, ours) in [
        ("default_timeout", json!({ "default": "7s" })),
        ("timeout", json!({ "default": "7s" })),
        ("timeout_seconds", json!({ "default": "7s" })),
        ("seconds", json!({ "default": "7s" })),
        ("max_timeout", json!({ "max": "7s" })),
    ] {
        assert_eq!(serde_json::to_value(said(json!({ word: 7 }))).expect("written"), ours, "{word}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let unread =
        |words: Value| serde_json::from_value::<PartialConfig>(words).expect_err("an error").to_string();
    let error = |words: Value| said(words).over(Config::production()).expect_err("an error").to_string();
    let errors = [
        unread(json!({ "default": 1, "seconds": 1 })),
        unread(json!({ "max": 1, "max_timeout": 1 })),
        unread(json!({ "default": "none" })),
        unread(json!({ "propagate_deadline": 1 })),
        unread(json!({ "min": 1 })),
        error(json!({ "default": 0 })),
        error(json!({ "default": "200 years", "max": "none" })),
        error(json!({ "default": "700s" })),
        error(json!({ "default": "7s", "max": "6s" })),
        error(json!({ "max": "6s" })),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r#"
    duplicate field `default`
    duplicate field `max`
    "none" is no duration: write a number of seconds, or for example 500ms, 30s, 5m
    invalid type: integer `1`, expected a boolean
    unknown field `min`, expected one of `default`, `default_timeout`, `seconds`, `timeout`, `timeout_seconds`, `max`, `max_timeout`, `propagate_deadline`, `include_queue_time`
    default: 0ns is out of range, allowed is 1ns to 100 years
    default: 6311520000s is out of range, allowed is 1ns to 100 years
    default: it is longer than max, which is 600s
    max: 6s is out of range, allowed is the timeout to 100 years
    max: 6s is out of range, allowed is the timeout to 100 years
    "#);
}

#[test]
fn each_word_is_the_setting_of_that_name() {
    let before = Config::production().include_queue_time(true);
    for (words, expected, over) in [
        (json!({}), Config::new(30 * SECOND), before),
        (
            json!({ "default": 7 }),
            Config::new(7 * SECOND),
            Config::new(7 * SECOND).max_timeout(600 * SECOND).include_queue_time(true),
        ),
        (
            json!({ "max": "1m" }),
            Config::new(30 * SECOND).max_timeout(60 * SECOND),
            Config::new(60 * SECOND).max_timeout(60 * SECOND).include_queue_time(true),
        ),
        (
            json!({ "max": "none" }),
            Config::new(30 * SECOND),
            Config::new(60 * SECOND).include_queue_time(true),
        ),
        (
            json!({ "propagate_deadline": false }),
            Config::new(30 * SECOND).propagate_deadline(false),
            before.propagate_deadline(false),
        ),
        (json!({ "include_queue_time": true }), Config::new(30 * SECOND).include_queue_time(true), before),
    ] {
        assert_eq!(config(words.clone()), expected, "{words}");
        assert_eq!(said(words.clone()).over(before), Ok(over), "{words}");
    }
}

#[test]
fn presets_are_settings() {
    assert_eq!(Config::production(), config(json!({ "default": "60s", "max": "600s" })));
    assert_eq!(Config::development(), config(json!({ "default": "300s" })));
}

#[test]
fn a_configuration_is_the_same_after_it_was_written_and_read() {
    for config in [
        Config::default(),
        Config::production(),
        Config::development(),
        Config::new(SECOND / 3).max_timeout(SECOND).propagate_deadline(false).include_queue_time(true),
    ] {
        let words = PartialConfig::from(&config);
        assert_eq!(words.over(Config::default()), Ok(config), "{words:?}");
        let written = serde_json::to_value(config).expect("written");
        assert_eq!(written, serde_json::to_value(&words).expect("written"));
        assert_eq!(serde_json::from_value::<Config>(written).expect("read"), config);
    }
    let written = serde_json::to_string(&Config::production()).expect("written");
    insta::assert_snapshot!(written, @r#"{"default":"1m","max":"10m","propagate_deadline":true,"include_queue_time":false}"#);
    assert!(serde_json::to_string(&Config::new(Duration::ZERO)).is_err());
    let error = serde_json::from_value::<Config>(json!({ "default": 0 })).expect_err("out of range");
    insta::assert_snapshot!(error.to_string(), @"default: 0ns is out of range, allowed is 1ns to 100 years");
}

/// After how many seconds a call is cut off that is first polled after one; one of which the caller allows 20 s; and one with a
/// deadline of 6 s around it.
fn play(words: &Value) -> [u64; 3] {
    let config = config(words.clone());
    let cut_off = |way: u32| {
        let clock = ManualClock::new();
        let timeout = Timeout::with_clock("payments".into(), config, clock.clone());
        let around = Deadline::at(Moment::ZERO.saturating_add(if way == 2 { 6 } else { 600 } * SECOND));
        let within = timeout.within(20 * SECOND).run_with(clock.clone(), pending::<()>());
        let plain = timeout.run_with(clock.clone(), pending::<()>());
        let mut call: Pin<Box<dyn Future<Output = _>>> =
            if way == 1 { Box::pin(within) } else { Box::pin(plain) };
        (1..600).find(|_| {
            clock.advance(SECOND);
            around.scope_blocking(|| poll_once(Pin::new(&mut call))).is_ready()
        })
    };
    [0, 1, 2].map(|way| cut_off(way).expect("it is cut off"))
}

#[test]
fn each_word_changes_what_a_timeout_does() {
    let without = json!({ "default": 9 });
    let mut texts = vec![format!("{:?}", play(&without))];
    for (word, value) in [
        ("default", json!(8)),
        ("max", json!(12)),
        ("propagate_deadline", json!(false)),
        ("include_queue_time", json!(true)),
    ] {
        let mut words = without.clone();
        words[word] = value;
        assert_ne!(play(&words), play(&without), "{word}");
        texts.push(format!("{word}: {:?}", play(&words)));
    }
    insta::assert_snapshot!(texts.join("\n"), @r"
    [10, 21, 6]
    default: [9, 21, 6]
    max: [10, 13, 6]
    propagate_deadline: [10, 21, 10]
    include_queue_time: [9, 20, 6]
    ");
}

#[cfg(feature = "schema")]
#[test]
fn the_schema_has_every_word_with_what_it_means() {
    let schema = serde_json::to_value(schemars::schema_for!(PartialConfig)).expect("a schema");
    assert_eq!(schema["additionalProperties"], json!(false));
    let words = schema["properties"].as_object().expect("words");
    assert!(words.values().all(|word| word["description"].is_string()), "{words:?}");
    insta::assert_snapshot!(words.keys().cloned().collect::<Vec<_>>().join(" "), @"default include_queue_time max propagate_deadline");
}
