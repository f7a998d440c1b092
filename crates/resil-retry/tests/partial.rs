//! Settings as words: every one of them, the words of others, what they do, and what is wrong about them.
#![cfg(all(feature = "serde", not(any(loom, shuttle))))]

use std::time::Duration;

use resil_retry::{
    Backoff, BudgetConfig, Clock, Config, Error, Jitter, ManualClock, Name, PartialConfig, Reason, Rejected,
    Retry,
};
use serde_json::{Value, json};

const SECOND: Duration = Duration::from_secs(1);

fn said(words: Value) -> PartialConfig {
    serde_json::from_value(words).expect("known words")
}

fn config(words: Value) -> Config {
    said(words).over(Config::new()).expect("a sound configuration")
}

#[test]
fn the_words_of_others_are_read_as_ours() {
    for (word, value, ours) in [
        ("base_delay", json!(7), json!({ "initial_delay": "7s" })),
        ("initial", json!(7), json!({ "initial_delay": "7s" })),
        ("delay", json!(7), json!({ "initial_delay": "7s" })),
        ("initial_interval", json!(7), json!({ "initial_delay": "7s" })),
        ("multiplier", json!(7), json!({ "factor": 7.0 })),
        ("backoff_factor", json!(7), json!({ "factor": 7.0 })),
        ("max", json!(7), json!({ "max_delay": "7s" })),
        ("max_interval", json!(7), json!({ "max_delay": "7s" })),
        ("strategy", json!("fixed"), json!({ "backoff": "fixed" })),
        ("max_retries", json!(7), json!({ "max_retries": 7 })),
        ("jitter_factor", json!("20%"), json!({ "jitter_factor": 0.2 })),
        ("jitter", json!(true), json!({ "jitter": "full" })),
        ("jitter", json!(false), json!({ "jitter": "none" })),
        ("jitter", json!("Full"), json!({ "jitter": "full" })),
        ("jitter", json!("EQUAL"), json!({ "jitter": "equal" })),
        ("jitter", json!("none"), json!({ "jitter": "none" })),
        ("jitter", json!(0.2), json!({ "jitter": 0.2 })),
        ("jitter", json!("20%"), json!({ "jitter": 0.2 })),
        ("jitter", json!(1), json!({ "jitter": 1.0 })),
        ("budget", json!(0.2), json!({ "budget": "20%" })),
        ("max_elapsed", json!("Never"), json!({ "max_elapsed": "none" })),
    ] {
        assert_eq!(serde_json::to_value(said(json!({ word: value }))).expect("written"), ours, "{word}");
    }
    for (word, ours) in [
        ("fixed", "fixed"),
        ("constant", "fixed"),
        ("CONSTANT", "fixed"),
        ("Linear", "linear"),
        ("exponential", "exponential"),
        ("EXPONENTIAL", "exponential"),
        ("Decorrelated", "decorrelated"),
        ("fibonacci", "fibonacci"),
        ("ExponentialWithJitter", "exponential_with_jitter"),
        ("exponential-with-jitter", "exponential_with_jitter"),
    ] {
        for form in [json!(word), json!({ "type": word })] {
            let written = serde_json::to_value(said(json!({ "backoff": form }))).expect("written");
            assert_eq!(written, json!({ "backoff": ours }), "{word}");
        }
    }
    for (word, ours) in
        [("initial_delay", "initial"), ("base", "initial"), ("max_delay", "max"), ("factor", "multiplier")]
    {
        let written = serde_json::to_value(said(json!({ "backoff": { word: 7 } }))).expect("written");
        let value = if ours == "multiplier" { json!(7.0) } else { json!("7s") };
        assert_eq!(written, json!({ "backoff": { ours: value } }), "{word}");
    }
    for pair in PartialConfig::RIVALS {
        let error = said(json!({ pair.0: 1, pair.1: 1 })).over(Config::new()).expect_err("two words");
        assert_eq!(error.words(), [pair.0, pair.1]);
    }
}

#[test]
fn what_is_wrong_is_named() {
    let unread =
        |words: Value| serde_json::from_value::<PartialConfig>(words).expect_err("an error").to_string();
    let error = |words: Value| said(words).over(Config::new()).expect_err("an error").to_string();
    let errors = [
        unread(json!({ "delay": 1, "initial_delay": 1 })),
        unread(json!({ "backoff": "fixed", "strategy": "fixed" })),
        unread(json!({ "backoff": "quadratic" })),
        unread(json!({ "backoff": 2 })),
        unread(json!({ "backoff": { "type": "fixed", "delay": 2 } })),
        unread(json!({ "jitter": "some" })),
        unread(json!({ "jitter": 20 })),
        unread(json!({ "jitter": -0.1 })),
        unread(json!({ "jitter_factor": 1.5 })),
        unread(json!({ "budget": 20 })),
        unread(json!({ "max_attempts": -1 })),
        unread(json!({ "attempts": 1 })).chars().take(40).collect(),
        error(json!({ "max_attempts": 3, "max_retries": 2 })),
        error(json!({ "jitter": "full", "jitter_factor": 0.2 })),
        error(json!({ "backoff": { "initial": 1 }, "delay": 1 })),
        error(json!({ "backoff": { "max": 1 }, "max_delay": 1 })),
        error(json!({ "backoff": { "multiplier": 1 }, "factor": 1 })),
        error(json!({ "max_attempts": 0 })),
        error(json!({ "max_retries": 4_294_967_295_u32 })),
        error(json!({ "initial_delay": "200 years", "max_delay": "none" })),
        error(json!({ "initial_delay": 11 })),
        error(json!({ "backoff": { "initial": 11 } })),
        error(json!({ "initial_delay": 3, "max_delay": 2 })),
        error(json!({ "initial_delay": 3, "backoff": { "max": 2 } })),
        error(json!({ "factor": 0.5 })),
        error(json!({ "backoff": { "multiplier": 0.5 } })),
        error(json!({ "max_elapsed": 0 })),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r#"
    duplicate field `initial_delay`
    duplicate field `backoff`
    invalid value: string "quadratic", expected fixed, linear, exponential, exponential_with_jitter, fibonacci or decorrelated
    invalid type: integer `2`, expected fixed, linear, exponential, exponential_with_jitter, fibonacci or decorrelated, or { type, initial, max, multiplier }
    unknown field `delay`, expected one of `type`, `base`, `initial`, `initial_delay`, `max`, `max_delay`, `factor`, `multiplier`
    invalid value: string "some", expected full, equal, none, true, false, or a share such as 0.2 or 20%
    20 is more than the whole: write 20% or 0.2
    -0.1 is negative: write a share from 0% to 100%, or from 0.0 to 1.0
    1.5 is more than the whole: write 1.5% or 0.015
    20 is more than the whole: write 20% or 0.2
    invalid value: integer `-1`, expected u32
    unknown field `attempts`, expected one o
    max_retries and max_attempts are two words for one setting
    jitter_factor and jitter are two words for one setting
    backoff.initial and initial_delay are two words for one setting
    backoff.max and max_delay are two words for one setting
    backoff.multiplier and factor are two words for one setting
    max_attempts: 0 is out of range, allowed is 1 or more
    max_retries: 4294967295 is out of range, allowed is 0 to 4,294,967,294
    initial_delay: 6311520000s is out of range, allowed is 0 to 100 years
    initial_delay: it is longer than max_delay, which is 10s
    backoff: it is longer than max_delay, which is 10s
    max_delay: 2s is out of range, allowed is the base to 100 years
    backoff: 2s is out of range, allowed is the base to 100 years
    factor: 0.5 is out of range, allowed is 1.0 to 1,000.0
    backoff: 0.5 is out of range, allowed is 1.0 to 1,000.0
    max_elapsed: 0ns is out of range, allowed is 1ns to 100 years
    "#);
}

#[test]
fn each_word_is_the_setting_of_that_name() {
    let new = Config::new;
    let milli = Duration::from_millis(1);
    let usual = |backoff: Backoff| new().backoff(backoff.max(10 * SECOND).jitter(Jitter::Full));
    for (words, expected) in [
        (json!({}), new()),
        (json!({ "max_attempts": 5 }), new().max_attempts(5)),
        (json!({ "max_retries": 5 }), new().max_attempts(6)),
        (json!({ "max_retries": 0 }), new().max_attempts(1)),
        (json!({ "backoff": "fixed" }), usual(Backoff::fixed(100 * milli))),
        (json!({ "backoff": "linear" }), usual(Backoff::linear(100 * milli))),
        (json!({ "backoff": "fibonacci" }), usual(Backoff::fibonacci(100 * milli))),
        (json!({ "backoff": "decorrelated", "delay": 1 }), usual(Backoff::decorrelated(SECOND))),
        (json!({ "initial_delay": "50ms" }), usual(Backoff::exponential(50 * milli))),
        (json!({ "factor": 3 }), usual(Backoff::exponential(100 * milli).factor(3.0))),
        (json!({ "backoff": "fixed", "factor": 3 }), usual(Backoff::fixed(100 * milli))),
        (
            json!({ "max_delay": 5 }),
            new().backoff(Backoff::exponential(100 * milli).max(5 * SECOND).jitter(Jitter::Full)),
        ),
        (
            json!({ "max_delay": "none", "jitter": 0.2 }),
            new().backoff(Backoff::exponential(100 * milli).jitter(Jitter::Fraction(0.2))),
        ),
        (
            json!({ "jitter_factor": 0.2 }),
            new().backoff(Config::DEFAULT_BACKOFF.jitter(Jitter::Fraction(0.2))),
        ),
        (
            json!({ "backoff": { "type": "Linear", "initial": 2, "max": 9, "multiplier": 3 } }),
            new().backoff(Backoff::linear(2 * SECOND).max(9 * SECOND).jitter(Jitter::Full)),
        ),
        (
            json!({ "backoff": { "initial": 2, "max": "none", "multiplier": 3 }, "jitter": "none" }),
            new().backoff(Backoff::exponential(2 * SECOND).factor(3.0)),
        ),
        (json!({ "max_elapsed": 2 }), new().max_elapsed(2 * SECOND)),
        (json!({ "retry_open_circuit": true }), new().retry_open_circuit(true)),
        (json!({ "budget": "20%" }), new()),
    ] {
        assert_eq!(config(words.clone()), expected, "{words}");
    }
    let plain = new().backoff(Backoff::fixed(SECOND)).max_elapsed(SECOND);
    for (words, expected) in [
        (json!({}), plain),
        (json!({ "delay": 2 }), new().backoff(Backoff::fixed(2 * SECOND)).max_elapsed(SECOND)),
        (json!({ "max_elapsed": "unlimited" }), new().backoff(Backoff::fixed(SECOND))),
        (json!({ "backoff": "exponential" }), plain.backoff(Backoff::exponential(SECOND))),
        (
            json!({ "backoff": "ExponentialWithJitter" }),
            plain.backoff(Backoff::exponential(SECOND).jitter(Jitter::Full)),
        ),
        (
            json!({ "backoff": { "type": "ExponentialWithJitter" }, "jitter": "equal" }),
            plain.backoff(Backoff::exponential(SECOND).jitter(Jitter::Equal)),
        ),
    ] {
        assert_eq!(said(words.clone()).over(plain), Ok(expected), "{words}");
    }
    let by_hand = new().backoff(Backoff::by(|_| SECOND).jitter(Jitter::Equal));
    for (words, expected) in [
        (json!({ "max_attempts": 2 }), by_hand.max_attempts(2)),
        (json!({ "max_delay": 2 }), by_hand.backoff(by_hand.backoff.max(2 * SECOND))),
        (json!({ "delay": 2 }), by_hand.backoff(Backoff::exponential(2 * SECOND).jitter(Jitter::Equal))),
        (json!({ "backoff": "fixed" }), by_hand.backoff(Backoff::fixed(100 * milli).jitter(Jitter::Equal))),
    ] {
        assert_eq!(said(words.clone()).over(by_hand), Ok(expected), "{words}");
    }
}

#[test]
fn a_budget_is_read_and_written_beside_the_configuration() {
    let new = BudgetConfig::new;
    for (words, expected) in [
        (json!({}), None),
        (json!({ "budget": "20%" }), Some(new(20))),
        (json!({ "budget": 0.2, "budget_floor": 5 }), Some(new(20).floor(5))),
        (json!({ "budget": "0%", "budget_floor": 0, "budget_cap": 7 }), Some(new(0).floor(0).cap(7))),
    ] {
        let said = said(words.clone());
        assert_eq!(said.budget_config(), Ok(expected), "{words}");
        let written = PartialConfig::default().with_budget(expected);
        assert_eq!(written.budget_config(), Ok(expected), "{words}");
    }
    let error = |words| said(words).budget_config().expect_err("an error").to_string();
    let errors = [
        error(json!({ "budget_floor": 5 })),
        error(json!({ "budget_cap": 5 })),
        error(json!({ "budget": "20%", "budget_floor": 1_000_001 })),
        error(json!({ "budget": "20%", "budget_cap": 0 })),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r"
    budget_floor needs budget
    budget_cap needs budget
    budget_floor: 1000001 is out of range, allowed is 0 to 1,000,000 per second
    budget_cap: 0 is out of range, allowed is 1 to 1,000,000 tokens
    ");
}

#[test]
fn presets_are_settings() {
    assert_eq!(
        Config::production(),
        config(json!({ "max_attempts": 3, "backoff": "exponential", "initial_delay": "100ms" }))
    );
    let development = json!({ "max_attempts": 2, "backoff": "fixed", "initial_delay": "50ms", "max_delay": "none", "jitter": "none" });
    assert_eq!(Config::development(), config(development));
}

#[test]
fn a_configuration_is_the_same_after_it_was_written_and_read() {
    let with = |backoff| Config::new().backoff(backoff);
    for config in [
        Config::new(),
        Config::production(),
        Config::development(),
        Config::new().max_attempts(9).max_elapsed(SECOND).retry_open_circuit(true),
        with(Backoff::fixed(SECOND).jitter(Jitter::Equal)),
        with(Backoff::linear(SECOND).max(9 * SECOND).jitter(Jitter::Fraction(0.1))),
        with(Backoff::exponential(SECOND).factor(1.5).jitter(Jitter::None)),
        with(Backoff::fibonacci(SECOND).jitter(Jitter::Full)),
        with(Backoff::decorrelated(SECOND)),
    ] {
        let words = PartialConfig::from(&config);
        assert_eq!(words.over(Config::new()), Ok(config), "{words:?}");
        let written = serde_json::to_value(config).expect("written");
        assert_eq!(written, serde_json::to_value(&words).expect("written"));
        assert_eq!(serde_json::from_value::<Config>(written).expect("read"), config);
    }
    let tagged =
        said(json!({ "backoff": { "type": "fixed", "initial": "1s", "max": "none", "multiplier": 2.5 } }));
    assert_eq!(said(serde_json::to_value(&tagged).expect("written")), tagged);
    let words = PartialConfig::from(&with(Backoff::by(|_| SECOND)));
    assert_eq!((words.backoff, words.initial_delay), (None, None));
    let written = serde_json::to_string(&Config::new()).expect("written");
    insta::assert_snapshot!(written, @r#"{"max_attempts":3,"backoff":"exponential","initial_delay":"100ms","factor":2.0,"max_delay":"10s","jitter":"full","max_elapsed":"none","retry_open_circuit":false}"#);
    assert!(serde_json::to_string(&Config::new().max_attempts(0)).is_err());
    let errors = [json!({ "max_attempts": 0 }), json!({ "budget": "20%" })]
        .map(|words| serde_json::from_value::<Config>(words).expect_err("no configuration").to_string());
    insta::assert_snapshot!(errors.join("\n"), @r"
    max_attempts: 0 is out of range, allowed is 1 or more
    budget: it is no setting that is a plain value
    ");
}

/// The waits of one call that fails, in milliseconds, and of one that an open circuit refuses.
fn play(words: &Value) -> String {
    let clock = ManualClock::leaping();
    let retry = Retry::with_clock("payments".into(), config(words.clone()), clock.clone());
    let mut seen = Vec::new();
    let mut last = clock.now();
    let _ = retry.call(|| {
        seen.push(clock.now().saturating_duration_since(last).as_millis().to_string());
        last = clock.now();
        Err::<(), _>("down")
    });
    let refused =
        || Err::<(), _>(Error::<()>::Rejected(Rejected::new(Name::new("api"), Reason::CircuitOpen)));
    let before = retry.stats().retries;
    assert!(retry.call_nested(refused).is_err());
    format!("{} and {}", seen[1..].join(" "), retry.stats().retries - before)
}

#[test]
fn each_word_changes_what_a_retry_does() {
    let without = json!({ "initial_delay": "1s", "jitter": "none", "max_attempts": 6, "max_delay": "6s" });
    let mut texts = vec![play(&without)];
    for (word, value) in [
        ("max_attempts", json!(2)),
        ("backoff", json!("fixed")),
        ("backoff", json!("linear")),
        ("backoff", json!("fibonacci")),
        ("initial_delay", json!("2s")),
        ("factor", json!(1.5)),
        ("max_delay", json!("none")),
        ("max_elapsed", json!("4s")),
        ("retry_open_circuit", json!(true)),
    ] {
        let mut words = without.clone();
        words[word] = value;
        assert_ne!(play(&words), play(&without), "{word}");
        texts.push(format!("{word}: {}", play(&words)));
    }
    insta::assert_snapshot!(texts.join("\n"), @r"
    1000 2000 4000 6000 6000 and 0
    max_attempts: 1000 and 0
    backoff: 1000 1000 1000 1000 1000 and 0
    backoff: 1000 2000 3000 4000 5000 and 0
    backoff: 1000 1000 2000 3000 5000 and 0
    initial_delay: 2000 4000 6000 6000 6000 and 0
    factor: 1000 1500 2250 3375 5062 and 0
    max_delay: 1000 2000 4000 8000 16000 and 0
    max_elapsed: 1000 2000 and 0
    retry_open_circuit: 1000 2000 4000 6000 6000 and 5
    ");
    // What is random.
    for (word, value) in [
        ("jitter", json!("full")),
        ("jitter", json!("equal")),
        ("jitter", json!(0.5)),
        ("backoff", json!("decorrelated")),
    ] {
        let mut words = without.clone();
        words[word] = value;
        assert_ne!(play(&words), play(&words), "{word}");
    }
    let words = json!({ "initial_delay": "1s", "jitter_factor": 0.5, "max_retries": 2 });
    assert_ne!(play(&words), play(&words));
    assert_eq!(play(&words).split(' ').count(), 4);
}

#[cfg(feature = "schema")]
#[test]
fn the_schema_has_every_word_with_what_it_means() {
    let schema = serde_json::to_value(schemars::schema_for!(PartialConfig)).expect("a schema");
    assert_eq!(schema["additionalProperties"], json!(false));
    let words = schema["properties"].as_object().expect("words");
    assert!(words.values().all(|word| word["description"].is_string()), "{words:?}");
    insta::assert_snapshot!(words.keys().cloned().collect::<Vec<_>>().join(" "), @"backoff budget budget_cap budget_floor factor initial_delay jitter jitter_factor max_attempts max_delay max_elapsed max_retries retry_open_circuit");
}
