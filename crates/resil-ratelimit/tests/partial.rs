//! Settings as words: every one of them, the words of others, what they do, and what is wrong about them.
#![cfg(all(feature = "serde", not(any(loom, shuttle))))]

use std::time::Duration;

use resil_ratelimit::{Clock, Config, ManualClock, PartialConfig, Quota, RateLimiter};
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
        ("default_rate", json!({ "rate": 7 })),
        ("default_per", json!({ "per": "7s" })),
        ("period", json!({ "per": "7s" })),
        ("limit_refresh_period", json!({ "per": "7s" })),
        ("max_tokens", json!({ "burst": 7 })),
        ("burst_size", json!({ "burst": 7 })),
        ("initial_tokens", json!({ "initial": 7 })),
        ("timeout_duration", json!({ "max_wait": "7s" })),
    ] {
        assert_eq!(serde_json::to_value(said(json!({ word: 7 }))).expect("written"), ours, "{word}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let unread =
        |words: Value| serde_json::from_value::<PartialConfig>(words).expect_err("an error").to_string();
    let error = |words: Value| said(words).over(Config::default()).expect_err("an error").to_string();
    let errors = [
        unread(json!({ "per": 1, "period": 1 })),
        unread(json!({ "rate": 1, "default_rate": 1 })),
        unread(json!({ "rate": "fast" })),
        unread(json!({ "burst": 1.5 })),
        unread(json!({ "max_wait": -1 })),
        unread(json!({ "bucket": 1 })),
        error(json!({ "rate": 0 })),
        error(json!({ "rate": -1 })),
        error(json!({ "rate": 0.000_000_000_1 })),
        error(json!({ "rate": 1e30 })),
        error(json!({ "rate": 2, "per": "1ns" })),
        error(json!({ "per": 0 })),
        error(json!({ "rate": 0.5, "per": 0 })),
        error(json!({ "rate": 0.5, "per": "4 years" })),
        error(json!({ "burst": 0 })),
        error(json!({ "rate": 1, "per": "1 year", "burst": 5 })),
        error(json!({ "burst": 5, "initial": 6 })),
        error(json!({ "max_wait": "200 years" })),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r#"
    duplicate field `per`
    duplicate field `rate`
    invalid type: string "fast", expected f64
    invalid type: floating point `1.5`, expected u32
    -1 is no duration: it is negative
    unknown field `bucket`, expected one of `default_rate`, `rate`, `default_per`, `limit_refresh_period`, `per`, `period`, `burst`, `burst_size`, `max_tokens`, `initial`, `initial_tokens`, `max_wait`, `timeout_duration`
    rate: 0 is out of range, allowed is 1 or more
    rate: -1.0 is out of range, allowed is 1 per 4 years to 1,000,000,000
    rate: 1e-10 is out of range, allowed is 1 per 4 years to 1,000,000,000
    rate: 1e30 is out of range, allowed is 1 per 4 years to 1,000,000,000
    rate: 2 per 1ns is out of range, allowed is at most 1 permit per nanosecond
    per: 0ns is out of range, allowed is 1ns to 4 years
    per: 0ns is out of range, allowed is 1ns to 4 years
    per: 252460800s is out of range, allowed is 1ns to 4 years
    burst: 0 is out of range, allowed is 1 or more
    burst: time to refill the burst: 157788000s is out of range, allowed is up to 4 years
    initial: 6 is out of range, allowed is 0 to the burst
    max_wait: 6311520000s is out of range, allowed is 0 to 100 years
    "#);
}

#[test]
fn each_word_is_the_setting_of_that_name() {
    let new = Config::new;
    for (words, expected) in [
        (json!({}), new(Quota::per_second(10))),
        (json!({ "rate": 5 }), new(Quota::per_second(5))),
        (json!({ "rate": 5.0 }), new(Quota::per_second(5))),
        (json!({ "rate": 2.5 }), new(Quota::per(5, 2 * SECOND).burst(3))),
        (json!({ "rate": 2.5, "per": "1m" }), new(Quota::per(5, 120 * SECOND).burst(3))),
        (json!({ "rate": 0.1, "per": "1m" }), new(Quota::per(1, 600 * SECOND))),
        (json!({ "per": "1m" }), new(Quota::per_minute(10))),
        (json!({ "rate": 5, "burst": 7 }), new(Quota::per_second(5).burst(7))),
        (json!({ "burst": 7, "initial": 0 }), new(Quota::per_second(10).burst(7).initial(0))),
        (json!({ "max_wait": 0.25 }), new(Quota::per_second(10)).max_wait(SECOND / 4)),
        (json!({ "max_wait": "none" }), new(Quota::per_second(10))),
    ] {
        assert_eq!(config(words.clone()), expected, "{words}");
    }
    let before = new(Quota::per_minute(60).burst(7).initial(5)).max_wait(SECOND);
    for (words, expected) in [
        (json!({}), before),
        (json!({ "per": 1 }), new(Quota::per_second(60).burst(7).initial(5)).max_wait(SECOND)),
        (json!({ "rate": 3 }), new(Quota::per_minute(3)).max_wait(SECOND)),
        (json!({ "initial": 1 }), new(Quota::per_minute(60).burst(7).initial(1)).max_wait(SECOND)),
        (json!({ "max_wait": "never" }), new(Quota::per_minute(60).burst(7).initial(5))),
    ] {
        assert_eq!(said(words.clone()).over(before), Ok(expected), "{words}");
    }
}

#[test]
fn a_configuration_is_the_same_after_it_was_written_and_read() {
    for config in [
        Config::default(),
        Config::new(Quota::per_day(3)),
        Config::new(Quota::from_rate(2.5).expect("in range")),
        Config::new(Quota::per(7, 3 * SECOND).burst(2).initial(1)).max_wait(SECOND / 3),
        Config::new(Quota::per_second(7).initial(0)).max_wait(Duration::ZERO),
    ] {
        let words = PartialConfig::from(&config);
        assert_eq!(words.over(Config::default()), Ok(config), "{words:?}");
        let written = serde_json::to_value(config).expect("written");
        assert_eq!(written, serde_json::to_value(&words).expect("written"));
        assert_eq!(serde_json::from_value::<Config>(written).expect("read"), config);
    }
    let written = serde_json::to_string(&Config::default()).expect("written");
    insta::assert_snapshot!(written, @r#"{"rate":10,"per":"1s","max_wait":"none"}"#);
    assert!(serde_json::to_string(&Config::new(Quota::per_second(0))).is_err());
    let error = serde_json::from_value::<Config>(json!({ "rate": 0 })).expect_err("out of range");
    insta::assert_snapshot!(error.to_string(), @"rate: 0 is out of range, allowed is 1 or more");
}

/// When each of six calls of a leaping clock was served, in milliseconds, or how many were refused; and then two more after two seconds.
fn play(words: Value) -> Vec<String> {
    let config = config(words);
    let clock = ManualClock::leaping();
    let limiter = RateLimiter::with_clock("search".into(), config.quota, clock.clone());
    let mut seen = Vec::new();
    for call in 0..8 {
        if call == 6 {
            clock.advance(2 * SECOND);
        }
        let served = limiter.waiting(config.max_wait.unwrap_or_default()).call(|| Ok::<_, ()>(()));
        let millis = clock.now().as_nanos() / 1_000_000;
        seen.push(if served.is_ok() { millis.to_string() } else { "x".to_owned() });
    }
    seen
}

#[test]
fn each_word_changes_what_a_limiter_does() {
    let without = json!({ "rate": 2, "per": "1s", "burst": 3, "max_wait": "1s" });
    let mut texts = vec![play(without.clone()).join(" ")];
    for (word, value) in [
        ("rate", json!(4)),
        ("per", json!("1200ms")),
        ("burst", json!(4)),
        ("initial", json!(0)),
        ("max_wait", json!("none")),
    ] {
        let mut words = without.clone();
        words[word] = value;
        let seen = play(words);
        assert_ne!(seen, play(without.clone()), "{word}");
        texts.push(format!("{word}: {}", seen.join(" ")));
    }
    insta::assert_snapshot!(texts.join("\n"), @r"
    0 0 0 500 1000 1500 3500 3500
    rate: 0 0 0 250 500 750 2750 2750
    per: 0 0 0 600 1200 1800 3800 3800
    burst: 0 0 0 0 500 1000 3000 3000
    initial: 500 1000 1500 2000 2500 3000 5000 5000
    max_wait: 0 0 0 x x x 2000 2000
    ");
}

#[cfg(feature = "schema")]
#[test]
fn the_schema_has_every_word_with_what_it_means() {
    let schema = serde_json::to_value(schemars::schema_for!(PartialConfig)).expect("a schema");
    assert_eq!(schema["additionalProperties"], json!(false));
    let words = schema["properties"].as_object().expect("words");
    assert!(words.values().all(|word| word["description"].is_string()), "{words:?}");
    insta::assert_snapshot!(words.keys().cloned().collect::<Vec<_>>().join(" "), @"burst initial max_wait per rate");
}
