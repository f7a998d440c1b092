//! Settings as words: every one of them, the words of others, what they do, and what is wrong about them.
#![cfg(all(feature = "serde", not(any(loom, shuttle))))]

mod folder;

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use folder::Folder;
use resil_core::testing::poll_once;
use resil_heartbeat::{Config, Heartbeat, ManualClock, PartialConfig, read};
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
    let written = serde_json::to_value(said(json!({ "state_file": "run/app.heartbeat" }))).expect("written");
    assert_eq!(written, json!({ "file": "run/app.heartbeat" }));
}

#[test]
fn what_is_wrong_is_named() {
    let unread =
        |words: Value| serde_json::from_value::<PartialConfig>(words).expect_err("an error").to_string();
    let error = |words: Value| said(words).over(Config::new()).expect_err("an error").to_string();
    let errors = [
        unread(json!({ "file": "a", "state_file": "a" })),
        unread(json!({ "file": 1 })),
        unread(json!({ "metadata": "1.4" })),
        unread(json!({ "fsync": "yes" })),
        unread(json!({ "interval": -1 })),
        unread(json!({ "period": 1 })),
        error(json!({ "interval": 0 })),
        error(json!({ "progress_limit": 0 })),
        error(json!({ "target_repeat": 0 })),
        error(json!({ "target_repeat": 2, "target_repeat_longest": 1 })),
        error(json!({ "target_repeat_longest": 1 })),
        error(json!({ "metadata": { "x": "x".repeat(30_000) } })),
        error(json!({ "metadata": { "x": (0..101).fold(json!(1), |inner, _| json!([inner])) } })),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r#"
    duplicate field `file`
    invalid type: integer `1`, expected path string
    invalid type: string "1.4", expected a map
    invalid type: string "yes", expected a boolean
    -1 is no duration: it is negative
    unknown field `period`, expected one of `interval`, `fsync`, `ready_later`, `progress_limit`, `target_repeat`, `target_repeat_longest`, `file`, `state_file`, `metadata`
    interval: 0ns is out of range, allowed is 1ms to 100 years
    progress_limit: 0ns is out of range, allowed is 1ms to 100 years
    target_repeat: 0ns is out of range, allowed is 1ms to 100 years
    target_repeat: 2s is out of range, allowed is 1ms to the longest pause
    target_repeat_longest needs target_repeat
    metadata: all metadata would have 30008 bytes, more than 24576
    metadata: it is nested more than 100 levels deep
    "#);
}

#[test]
fn each_word_is_the_setting_of_that_name() {
    let new = Config::new;
    let before = new().progress_limit(SECOND).target_repeat(SECOND, 9 * SECOND);
    for (words, expected, over) in [
        (json!({}), new(), before),
        (json!({ "interval": 7 }), new().interval(7 * SECOND), before.interval(7 * SECOND)),
        (json!({ "fsync": true }), new().fsync(true), before.fsync(true)),
        (json!({ "ready_later": true }), new().ready_later(true), before.ready_later(true)),
        (json!({ "progress_limit": 7 }), new().progress_limit(7 * SECOND), before.progress_limit(7 * SECOND)),
        (
            json!({ "target_repeat": 7 }),
            new().target_repeat(7 * SECOND, 7 * SECOND),
            before.target_repeat(7 * SECOND, 9 * SECOND),
        ),
        (
            json!({ "target_repeat": 7, "target_repeat_longest": 8 }),
            new().target_repeat(7 * SECOND, 8 * SECOND),
            before.target_repeat(7 * SECOND, 8 * SECOND),
        ),
        (json!({ "file": "app.heartbeat", "metadata": {} }), new(), before),
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
            .interval(SECOND / 2)
            .fsync(true)
            .ready_later(true)
            .progress_limit(7 * SECOND)
            .target_repeat(SECOND, 9 * SECOND),
    ] {
        let words = PartialConfig::from(&config);
        assert_eq!(words.over(Config::new()), Ok(config), "{words:?}");
        let written = serde_json::to_value(config).expect("written");
        assert_eq!(written, serde_json::to_value(&words).expect("written"));
        assert_eq!(serde_json::from_value::<Config>(written).expect("read"), config);
    }
    let written = serde_json::to_string(&Config::new()).expect("written");
    insta::assert_snapshot!(written, @r#"{"interval":"10s","fsync":false,"ready_later":false}"#);
    assert!(serde_json::to_string(&Config::new().interval(Duration::ZERO)).is_err());
    let errors = [json!({ "interval": 0 }), json!({ "file": "a" }), json!({ "metadata": {} })]
        .map(|words| serde_json::from_value::<Config>(words).expect_err("no configuration").to_string());
    insta::assert_snapshot!(errors.join("\n"), @r"
    interval: 0ns is out of range, allowed is 1ms to 100 years
    file: it is no setting that is a plain value
    metadata: it is no setting that is a plain value
    ");
    let all = json!({ "interval": "5s", "file": "run/a", "metadata": { "version": "1.4", "ports": [1, 2] } });
    assert_eq!(serde_json::to_value(said(all.clone())).expect("written"), all);
}

/// The beats of a minute with their second, whether they say `running` or what else, and their metadata; a worker stands still for all of it,
/// and the target is dead, which is told so often.
fn play(words: &Value) -> String {
    let clock = ManualClock::new();
    let beats = Arc::new(Mutex::new(Vec::new()));
    let (write, now) = (Arc::clone(&beats), clock.clone());
    let (tell, dead) = mpsc::channel();
    let builder = said(words.clone()).describe(Heartbeat::builder()).expect("sound words");
    let builder = builder.target(|| true).on_target_dead(move || tell.send(()).expect("it is received"));
    let builder = builder.clock(clock.clone()).sink(move |state| {
        use resil_heartbeat::Clock;
        let second = now.now().as_nanos() / 1_000_000_000;
        let status = state.status.map(|status| status.to_string()).unwrap_or_default();
        let metadata = if state.metadata.is_empty() { String::new() } else { state.metadata.to_string() };
        write.lock().expect("no panic").push(format!("{second}{}{metadata}", &status[..2]));
        Ok(())
    });
    let (heartbeat, beating) = builder.start_task(clock.clone()).expect("nothing can fail");
    let mut beating = Box::pin(beating);
    let ticket = heartbeat.progress("indexer");
    for _ in 0..60 {
        clock.advance(SECOND);
        assert!(poll_once(beating.as_mut()).is_pending());
    }
    drop(ticket);
    heartbeat.stop().expect("nothing can fail");
    let beats = beats.lock().expect("no panic").join(" ");
    // They are told by a thread of its own, which ends when it has told all.
    drop((heartbeat, beating));
    format!("{beats}, dead {}", dead.iter().count())
}

/// `file` is below; `fsync` can be seen by nobody while the power is on.
#[test]
fn each_word_changes_what_a_heartbeat_does() {
    let without =
        json!({ "interval": 10, "progress_limit": 25, "target_repeat": 10, "target_repeat_longest": 40 });
    let mut texts = vec![play(&without)];
    for (word, value) in [
        ("interval", json!(20)),
        ("ready_later", json!(true)),
        ("progress_limit", json!(45)),
        ("target_repeat", json!(40)),
        ("target_repeat_longest", json!(10)),
        ("metadata", json!({ "version": "1.4" })),
    ] {
        let mut words = without.clone();
        words[word] = value;
        assert_ne!(play(&words), play(&without), "{word}");
        texts.push(format!("{word}: {}", play(&words)));
    }
    insta::assert_snapshot!(texts.join("\n"), @r#"
    0st 10ru 20ru 25st 30st 40st 50st 60st 60st, dead 3
    interval: 0st 20ru 25st 40st 60st 60st, dead 3
    ready_later: 0st 10st 20st 25st 30st 40st 50st 60st 60st, dead 3
    progress_limit: 0st 10ru 20ru 30ru 40ru 45st 50st 60st 60st, dead 3
    target_repeat: 0st 10ru 20ru 25st 30st 40st 50st 60st 60st, dead 2
    target_repeat_longest: 0st 10ru 20ru 25st 30st 40st 50st 60st 60st, dead 6
    metadata: 0st{"version":"1.4"} 10ru{"version":"1.4"} 20ru{"version":"1.4"} 25st{"version":"1.4"} 30st{"version":"1.4"} 40st{"version":"1.4"} 50st{"version":"1.4"} 60st{"version":"1.4"} 60st{"version":"1.4"}, dead 3
    "#);
}

#[test]
fn the_file_that_was_said_is_written() {
    let folder = Folder::new("partial");
    let said = said(json!({ "file": folder.file(), "fsync": true }));
    let builder = said.describe(Heartbeat::builder()).expect("sound words");
    let heartbeat = builder.clock(ManualClock::new()).start().expect("a folder");
    assert_eq!(read(folder.file()).expect("a file").sequence, Some(1));
    assert!(heartbeat.config().fsync);
}

#[cfg(feature = "schema")]
#[test]
fn the_schema_has_every_word_with_what_it_means() {
    let schema = serde_json::to_value(schemars::schema_for!(PartialConfig)).expect("a schema");
    assert_eq!(schema["additionalProperties"], json!(false));
    let words = schema["properties"].as_object().expect("words");
    assert!(words.values().all(|word| word["description"].is_string()), "{words:?}");
    insta::assert_snapshot!(words.keys().cloned().collect::<Vec<_>>().join(" "), @"file fsync interval metadata progress_limit ready_later target_repeat target_repeat_longest");
}
