//! Settings as words: every one of them, the words of others, what they do, and what is wrong about them.
#![cfg(all(feature = "serde", not(any(loom, shuttle))))]

mod scene;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use resil_watchdog::{Config, PartialConfig, Reading, Watchdog};
use scene::{SECOND, Scene};
use serde_json::{Value, json};

fn said(words: Value) -> PartialConfig {
    serde_json::from_value(words).expect("known words")
}

fn config(words: Value) -> Config {
    said(words).over(Config::new()).expect("a sound configuration")
}

#[test]
fn the_words_of_others_are_read_as_ours() {
    let written = serde_json::to_value(said(json!({ "state_file": "run/app.heartbeat" }))).expect("written");
    assert_eq!(written, json!({ "file": "run/app.heartbeat" }));
    for pair in PartialConfig::RIVALS {
        let error =
            said(json!({ pair.0: 1, pair.1: 1, "file": "a" })).over(Config::new()).expect_err("two words");
        assert_eq!(error.words(), [pair.0, pair.1]);
    }
}

#[test]
fn what_is_wrong_is_named() {
    let unread =
        |words: Value| serde_json::from_value::<PartialConfig>(words).expect_err("an error").to_string();
    let error = |words: Value| said(words).over(Config::new()).expect_err("an error").to_string();
    let errors = [
        unread(json!({ "file": "a", "state_file": "a" })),
        unread(json!({ "timeout": "none" })),
        unread(json!({ "repeat_every": -1 })),
        unread(json!({ "counted": 1 })),
        unread(json!({ "grace": 1 })),
        error(json!({ "timeout": 1, "max_age": 1 })),
        error(json!({ "max_age": 1 })),
        error(json!({ "timeout": "3ms" })),
        error(json!({ "timeout": 4, "check_interval": 2 })),
        error(json!({ "startup_grace": "200 years" })),
        error(json!({ "repeat_every": 0 })),
        error(json!({ "file": "a", "max_age": 0 })),
        error(json!({ "file": "a", "timeout": 0 })),
        error(json!({ "file": "a", "check_interval": 0 })),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r#"
    duplicate field `file`
    "none" is no duration: write a number of seconds, or for example 500ms, 30s, 5m
    -1 is no duration: it is negative
    invalid type: integer `1`, expected a boolean
    unknown field `grace`, expected one of `timeout`, `file`, `state_file`, `max_age`, `check_interval`, `startup_grace`, `repeat_every`, `counted`
    max_age and timeout are two words for one setting
    max_age needs file
    timeout: 3ms is out of range, allowed is 4ms to 100 years
    check_interval: 2s is out of range, allowed is 1ms to a quarter of the timeout, at most 1s
    startup_grace: 6311520000s is out of range, allowed is 0 to 100 years
    repeat_every: 0ns is out of range, allowed is 1ms to 100 years
    max_age: 0ns is out of range, allowed is 1ms to 100 years
    timeout: 0ns is out of range, allowed is 1ms to 100 years
    check_interval: 0ns is out of range, allowed is 1ms to 100 years
    "#);
}

#[test]
fn each_word_is_the_setting_of_that_name() {
    let with = |change: &dyn Fn(&mut Config)| {
        let mut config = Config::new();
        change(&mut config);
        config
    };
    let before = with(&|config| config.repeat_every = Some(SECOND));
    for (words, change) in [
        (
            json!({ "timeout": 7 }),
            &(|config: &mut Config| config.timeout = 7 * SECOND) as &dyn Fn(&mut Config),
        ),
        (json!({ "max_age": 7, "file": "a" }), &|config| config.timeout = 7 * SECOND),
        (json!({ "timeout": 7, "file": "a" }), &|config| config.timeout = 7 * SECOND),
        (json!({ "check_interval": "7ms" }), &|config| config.check_interval = Some(7 * SECOND / 1_000)),
        (json!({ "check_interval": 15, "file": "a" }), &|config| config.check_interval = Some(15 * SECOND)),
        (json!({ "startup_grace": 7 }), &|config| config.startup_grace = Some(7 * SECOND)),
        (json!({ "repeat_every": 7 }), &|config| config.repeat_every = Some(7 * SECOND)),
        (json!({ "repeat_every": "never" }), &|config| config.repeat_every = None),
        (json!({ "counted": true }), &|config| config.counted = true),
    ] {
        assert_eq!(config(words.clone()), with(change), "{words}");
        let mut expected = before;
        change(&mut expected);
        assert_eq!(said(words.clone()).over(before), Ok(expected), "{words}");
    }
    assert_eq!(said(json!({})).over(before), Ok(before));
}

#[test]
fn a_configuration_is_the_same_after_it_was_written_and_read() {
    let mut all = Config::new();
    all.timeout = 7 * SECOND;
    all.check_interval = Some(SECOND / 2);
    all.startup_grace = Some(Duration::ZERO);
    all.repeat_every = Some(3 * SECOND);
    all.counted = true;
    for config in [Config::new(), all] {
        let words = PartialConfig::from(&config);
        assert_eq!(words.over(Config::new()), Ok(config), "{words:?}");
        let written = serde_json::to_value(config).expect("written");
        assert_eq!(written, serde_json::to_value(&words).expect("written"));
        assert_eq!(serde_json::from_value::<Config>(written).expect("read"), config);
    }
    let written = serde_json::to_string(&Config::new()).expect("written");
    insta::assert_snapshot!(written, @r#"{"timeout":"30s","repeat_every":"none","counted":false}"#);
    all.timeout = Duration::ZERO;
    assert!(serde_json::to_string(&all).is_err());
    let errors = [json!({ "timeout": 0 }), json!({ "file": "a" })]
        .map(|words| serde_json::from_value::<Config>(words).expect_err("no configuration").to_string());
    insta::assert_snapshot!(errors.join("\n"), @r"
    timeout: 0ns is out of range, allowed is 4ms to 100 years
    file: it is no setting that is a plain value
    ");
}

/// When half a minute's alarms come: of who never pings, and of who pings once after 300 ms; and how many pings were counted.
fn play(words: &Value) -> String {
    let alarms = |pings: bool| {
        let scene = Scene::of(Watchdog::with_config(config(words.clone())));
        let tick = scene.dog.config().check_interval.expect("it is filled in");
        let (mut passed, mut told, mut alarms) = (Duration::ZERO, 0, Vec::new());
        while passed < 30 * SECOND {
            if pings && passed.is_zero() {
                scene.clock.advance(3 * SECOND / 10);
                scene.dog.ping();
                scene.clock.advance(tick.saturating_sub(3 * SECOND / 10));
                scene.dog.look();
            } else {
                scene.pass(1);
            }
            passed += tick;
            if scene.dog.fired_count() > told {
                told = scene.dog.fired_count();
                alarms.push(format!("{passed:?}"));
            }
        }
        format!("{} ({} pings)", alarms.join(" "), scene.dog.stats().pings)
    };
    format!("{}, {}", alarms(false), alarms(true))
}

#[test]
fn each_word_changes_what_a_watchdog_does() {
    let without = json!({ "timeout": 8 });
    let mut texts = vec![play(&without)];
    for (word, value) in [
        ("timeout", json!(12)),
        ("check_interval", json!("500ms")),
        ("startup_grace", json!(20)),
        ("repeat_every", json!(6)),
        ("counted", json!(true)),
    ] {
        let mut words = without.clone();
        words[word] = value;
        assert_ne!(play(&words), play(&without), "{word}");
        texts.push(format!("{word}: {}", play(&words)));
    }
    insta::assert_snapshot!(texts.join("\n"), @r"
    8s (0 pings), 9s (0 pings)
    timeout: 12s (0 pings), 13s (0 pings)
    check_interval: 8s (0 pings), 8.5s (0 pings)
    startup_grace: 20s (0 pings), 9s (0 pings)
    repeat_every: 8s 14s 20s 26s (0 pings), 9s 15s 21s 27s (0 pings)
    counted: 8s (0 pings), 9s (1 pings)
    ");
}

/// How often a file that is never there is read in half a minute, and what is told of it.
fn play_file(words: &Value) -> String {
    let said = said(words.clone());
    let reads = Arc::new(AtomicU32::new(0));
    let (count, file) = (Arc::clone(&reads), said.file.clone().expect("it was said"));
    let age = config(words.clone()).timeout;
    let reader = move |path: &std::path::Path, max_age: Duration| {
        assert_eq!((path.to_str(), max_age), (Some("run/app.heartbeat"), age));
        count.fetch_add(1, Ordering::Relaxed);
        Reading::bad("missing")
    };
    let scene = Scene::of(Watchdog::from_state_file(file, reader).config(config(words.clone())));
    let tick = scene.dog.config().check_interval.expect("it is filled in");
    let mut passed = Duration::ZERO;
    while passed < 30 * SECOND {
        scene.pass(1);
        passed += tick;
    }
    format!("{} reads, {}", reads.load(Ordering::Relaxed), scene.heard().join(", "))
}

#[test]
fn each_word_changes_what_a_watchdog_of_a_file_does() {
    let without = json!({ "file": "run/app.heartbeat", "max_age": 8 });
    let mut texts = vec![play_file(&without)];
    for (word, value) in [
        ("max_age", json!(12)),
        ("check_interval", json!(6)),
        ("startup_grace", json!(20)),
        ("repeat_every", json!(6)),
    ] {
        let mut words = without.clone();
        words[word] = value;
        assert_ne!(play_file(&words), play_file(&without), "{word}");
        texts.push(format!("{word}: {}", play_file(&words)));
    }
    insta::assert_snapshot!(texts.join("\n"), @r"
    9 reads, unnamed: run/app.heartbeat: missing, not seen alive for 8.0s
    max_age: 6 reads, unnamed: run/app.heartbeat: missing, not seen alive for 12.0s
    check_interval: 6 reads, unnamed: run/app.heartbeat: missing, not seen alive for 12.0s
    startup_grace: 9 reads, unnamed: run/app.heartbeat: missing, not seen alive for 20.0s
    repeat_every: 9 reads, unnamed: run/app.heartbeat: missing, not seen alive for 8.0s, unnamed: run/app.heartbeat: missing, not seen alive for 16.0s, told 2 times, unnamed: run/app.heartbeat: missing, not seen alive for 24.0s, told 3 times, unnamed: run/app.heartbeat: missing, not seen alive for 32.0s, told 4 times
    ");
}

#[cfg(feature = "schema")]
#[test]
fn the_schema_has_every_word_with_what_it_means() {
    let schema = serde_json::to_value(schemars::schema_for!(PartialConfig)).expect("a schema");
    assert_eq!(schema["additionalProperties"], json!(false));
    let words = schema["properties"].as_object().expect("words");
    assert!(words.values().all(|word| word["description"].is_string()), "{words:?}");
    insta::assert_snapshot!(words.keys().cloned().collect::<Vec<_>>().join(" "), @"check_interval counted file max_age repeat_every startup_grace timeout");
}
