//! Settings as words: every one of them, the words of others, what they do, and what is wrong about them.
#![cfg(all(feature = "serde", not(any(loom, shuttle))))]

use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use resil_shutdown::{Config, Event, GracefulShutdown, ManualClock, PartialConfig, Report, Signal};
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
    for (word, ours) in [
        ("default_timeout", json!({ "timeout": "7s" })),
        ("shutdown_timeout", json!({ "timeout": "7s" })),
        ("drain_timeout", json!({ "drain_timeout": "7s" })),
    ] {
        assert_eq!(serde_json::to_value(said(json!({ word: 7 }))).expect("written"), ours, "{word}");
    }
    for (word, ours) in
        [("TERM", "TERM"), ("SIGTERM", "TERM"), ("sigint", "INT"), ("Hup", "HUP"), ("QUIT", "QUIT")]
    {
        let written = serde_json::to_value(said(json!({ "signals": [word] }))).expect("written");
        assert_eq!(written, json!({ "signals": [ours] }));
    }
}

#[test]
fn what_is_wrong_is_named() {
    let unread =
        |words: Value| serde_json::from_value::<PartialConfig>(words).expect_err("an error").to_string();
    let error = |words: Value| said(words).over(Config::new()).expect_err("an error").to_string();
    let errors = [
        unread(json!({ "timeout": 1, "default_timeout": 1 })),
        unread(json!({ "timeout": "none" })),
        unread(json!({ "signals": "TERM" })),
        unread(json!({ "signals": ["KILL"] })),
        unread(json!({ "force_exit_code": 256 })),
        unread(json!({ "grace": 1 })),
        error(json!({ "timeout": 0 })),
        error(json!({ "drain_delay": 30 })),
        error(json!({ "drain_timeout": 60 })),
        error(json!({ "progress_every": 0 })),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r#"
    duplicate field `timeout`
    "none" is no duration: write a number of seconds, or for example 500ms, 30s, 5m
    invalid type: string "TERM", expected a sequence
    invalid value: string "KILL", expected TERM, INT, HUP or QUIT
    invalid value: integer `256`, expected u8
    unknown field `grace`, expected one of `default_timeout`, `shutdown_timeout`, `timeout`, `drain_delay`, `drain_timeout`, `same_priority_at_once`, `progress_every`, `force_exit_code`, `signals`
    timeout: 0ns is out of range, allowed is 1ns to 100 years
    drain_delay: 30s is out of range, allowed is 0 to less than the timeout
    drain_timeout: 60s is out of range, allowed is 0 to the timeout
    progress_every: 0ns is out of range, allowed is 1ms to 100 years
    "#);
}

#[test]
fn each_word_is_the_setting_of_that_name() {
    let new = Config::new;
    let before = Config::new().drain_timeout(SECOND).force_exit_code(7).no_progress();
    for (words, expected, over) in [
        (json!({}), new(), before),
        (json!({ "timeout": 7 }), new().timeout(7 * SECOND), before.timeout(7 * SECOND)),
        (json!({ "drain_delay": 7 }), new().drain_delay(7 * SECOND), before.drain_delay(7 * SECOND)),
        (json!({ "drain_timeout": 7 }), new().drain_timeout(7 * SECOND), before.drain_timeout(7 * SECOND)),
        (
            json!({ "same_priority_at_once": true }),
            new().same_priority_at_once(true),
            before.same_priority_at_once(true),
        ),
        (json!({ "progress_every": 7 }), new().progress_every(7 * SECOND), before.progress_every(7 * SECOND)),
        (json!({ "progress_every": "never" }), new().no_progress(), before),
        (json!({ "force_exit_code": 70 }), new().force_exit_code(70), before.force_exit_code(70)),
        (
            json!({ "signals": ["HUP", "QUIT", "HUP"] }),
            new().signals(&[Signal::Hangup, Signal::Quit]),
            before.signals(&[Signal::Hangup, Signal::Quit]),
        ),
        (json!({ "signals": [] }), new().signals(&[]), before.signals(&[])),
    ] {
        assert_eq!(config(words.clone()), expected, "{words}");
        assert_eq!(said(words.clone()).over(before), Ok(over), "{words}");
    }
}

#[test]
fn a_configuration_is_the_same_after_it_was_written_and_read() {
    for config in [
        Config::new(),
        Config::new()
            .timeout(25 * SECOND)
            .drain_delay(5 * SECOND)
            .drain_timeout(10 * SECOND)
            .same_priority_at_once(true)
            .progress_every(SECOND / 2)
            .force_exit_code(70)
            .signals(&Signal::ALL),
        Config::new().no_progress().signals(&[]),
    ] {
        let words = PartialConfig::from(&config);
        assert_eq!(words.over(Config::new()), Ok(config), "{words:?}");
        let written = serde_json::to_value(config).expect("written");
        assert_eq!(written, serde_json::to_value(&words).expect("written"));
        assert_eq!(serde_json::from_value::<Config>(written).expect("read"), config);
    }
    let written = serde_json::to_string(&Config::new()).expect("written");
    insta::assert_snapshot!(written, @r#"{"timeout":"30s","drain_delay":"0s","same_priority_at_once":false,"progress_every":"5s","force_exit_code":1,"signals":["TERM","INT"]}"#);
    assert!(serde_json::to_string(&Config::new().timeout(Duration::ZERO)).is_err());
    let error = serde_json::from_value::<Config>(json!({ "timeout": 0 })).expect_err("out of range");
    insta::assert_snapshot!(error.to_string(), @"timeout: 0ns is out of range, allowed is 1ns to 100 years");
}

/// Ends a program, second by second, each time that the supervisor waits for the clock.
fn end(shutdown: &GracefulShutdown<ManualClock>, clock: &ManualClock) -> Report {
    shutdown.trigger();
    loop {
        if let Some(report) = shutdown.report() {
            return report;
        }
        if clock.sleepers_waiting() > 0 {
            clock.advance(SECOND);
        }
        thread::yield_now();
    }
}

/// How long the drain takes where something stays in flight; and where a callback hangs, how long all of it takes, and the exit code.
fn play(words: &Value) -> String {
    let clock = ManualClock::new();
    let draining = GracefulShutdown::with_clock(config(words.clone()), clock.clone());
    let request = draining.in_flight();
    let drain = end(&draining, &clock).drain().took;
    drop(request);

    let clock = ManualClock::new();
    let hanging = GracefulShutdown::with_clock(config(words.clone()), clock.clone());
    let (release, hold) = mpsc::channel::<()>();
    hanging.register("close").run(move || _ = hold.recv()).expect("room");
    let report = end(&hanging, &clock);
    drop(release);
    format!("{drain:?}, {:?}, exit code {}", report.took(), report.exit_code())
}

/// The others are below.
#[test]
fn each_word_changes_what_an_end_does() {
    let without = json!({ "timeout": 40, "progress_every": "never" });
    let mut texts = vec![play(&without)];
    for (word, value) in [
        ("timeout", json!(20)),
        ("drain_delay", json!(2)),
        ("drain_timeout", json!(1)),
        ("force_exit_code", json!(70)),
    ] {
        let mut words = without.clone();
        words[word] = value;
        assert_ne!(play(&words), play(&without), "{word}");
        texts.push(format!("{word}: {}", play(&words)));
    }
    insta::assert_snapshot!(texts.join("\n"), @r"
    20s, 40s, exit code 1
    timeout: 10s, 20s, exit code 1
    drain_delay: 19s, 40s, exit code 1
    drain_timeout: 1s, 40s, exit code 1
    force_exit_code: 20s, 40s, exit code 70
    ");
}

#[test]
fn who_still_runs_is_told_as_often_as_was_said() {
    let clock = ManualClock::new();
    let shutdown = GracefulShutdown::with_clock(config(json!({ "progress_every": 3 })), clock.clone());
    let (tell, told) = mpsc::channel();
    shutdown
        .observe(move |event| {
            if let Event::StillRunning { .. } = event {
                tell.send(event.to_string()).expect("it is received");
            }
        })
        .forget();
    let request = shutdown.in_flight();
    shutdown.trigger();
    while clock.sleepers_waiting() == 0 {
        thread::yield_now();
    }
    // Sooner than by default.
    clock.advance(3 * SECOND);
    assert!(told.recv().expect("a line").contains("27.0s left"));
    drop(request);
    assert!(shutdown.completed_blocking().is_clean());
}

#[test]
fn callbacks_run_at_once_where_that_was_said() {
    for at_once in [false, true] {
        let shutdown = GracefulShutdown::with_config(config(json!({ "same_priority_at_once": at_once })));
        let (tell, begun) = mpsc::channel();
        let (release, hold) = mpsc::channel::<()>();
        let hold = Arc::new(Mutex::new(hold));
        for name in ["flush", "sync"] {
            let (tell, hold) = (tell.clone(), Arc::clone(&hold));
            let callback = move || {
                tell.send(()).expect("it is received");
                let _ = hold.lock().expect("no panic").recv();
            };
            shutdown.register(name).run(callback).expect("room");
        }
        shutdown.trigger();
        begun.recv().expect("the first");
        if at_once {
            begun.recv().expect("the second, while the first runs");
        } else {
            assert_eq!((shutdown.stats().running, shutdown.stats().waiting), (1, 1));
        }
        drop(release);
        assert!(shutdown.completed_blocking().is_clean());
    }
}

#[cfg(all(feature = "signal", unix))]
#[test]
fn the_signals_that_were_said_begin_the_end() {
    use resil_shutdown::Cause;
    use rustix::process::{Signal as Number, getpid, kill_process};

    let shutdown = GracefulShutdown::with_config(config(json!({ "signals": ["hup"] })));
    let installed = shutdown.install().expect("nobody else");
    // By default it would end the process.
    kill_process(getpid(), Number::HUP).expect("it is this process");
    assert_eq!(shutdown.completed_blocking().cause(), Cause::Signal(Signal::Hangup));
    installed.uninstall();
}

#[cfg(feature = "schema")]
#[test]
fn the_schema_has_every_word_with_what_it_means() {
    let schema = serde_json::to_value(schemars::schema_for!(PartialConfig)).expect("a schema");
    assert_eq!(schema["additionalProperties"], json!(false));
    let words = schema["properties"].as_object().expect("words");
    assert!(words.values().all(|word| word["description"].is_string()), "{words:?}");
    insta::assert_snapshot!(words.keys().cloned().collect::<Vec<_>>().join(" "), @"drain_delay drain_timeout force_exit_code progress_every same_priority_at_once signals timeout");
}
