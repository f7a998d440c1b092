//! Any bytes are a state or an error, and what is written is read again.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestRunner};
use serde_json::json;

use super::*;
use crate::Started;

/// Where the seeds of failures are kept, to be tried first from then on.
const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/state/tests.regressions");

fn stamp(seconds: u64) -> Timestamp {
    Timestamp::from_unix(Duration::from_secs(seconds))
}

/// A state that knows everything.
fn full() -> State {
    let mut state = State::new(stamp(1_700_000_000));
    state.pid = Some(1_234);
    state.hostname = Some("web-1".into());
    state.metadata.insert("version", "1.4").unwrap();
    state.metadata.insert("a", [1, 2]).unwrap();
    state.status = Some(Status::Stalled);
    state.instance = Some("5b1f0e9d5b1f0e9d5b1f0e9d5b1f0e9d".into());
    state.sequence = Some(17);
    state.interval = Some(Duration::from_secs(10));
    state.boot_id = Some("3a9c5325-5f51-4ff4-ae0f-98114f3ac7d9".into());
    state.monotonic = Some(Duration::from_micros(46_160_123_456));
    let started = Started { process: Some(77), pid_namespace: Some(1), ..Started::new(stamp(1_699_999_000)) };
    state.started = Some(Started { time_namespace: Some(2), ..started });
    let worker = Worker {
        advances: 9,
        still_for: Duration::from_millis(7_250),
        is_stalled: true,
        ..Worker::new("indexer", Duration::from_secs(5))
    };
    state.progress =
        vec![worker, Worker { is_paused: true, ..Worker::new("idle", Duration::from_millis(500)) }];
    state
}

fn text(state: &State) -> String {
    serde_json::to_string(state).unwrap()
}

fn parse(text: &str) -> Result<State, String> {
    State::from_bytes(text.as_bytes())
}

/// The keys in the order of the rules, kstlib's four first.
#[test]
fn the_keys_are_in_their_order() {
    let (text, state) = (text(&full()), full());
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let place = |key: &String| text.find(&format!("\"{key}\":")).unwrap();
    let mut keys: Vec<_> = value.as_object().unwrap().keys().collect();
    keys.sort_by_key(|key| place(key));
    let ours = ["status", "instance", "sequence", "interval", "boot_id", "monotonic", "started", "progress"];
    assert_eq!(keys, [&["timestamp", "pid", "hostname", "metadata"][..], &ours].concat());
    insta::assert_snapshot!(serde_json::to_string_pretty(&state).unwrap(), @r#"
    {
      "timestamp": "2023-11-14T22:13:20.000000+00:00",
      "pid": 1234,
      "hostname": "web-1",
      "metadata": {
        "a": [
          1,
          2
        ],
        "version": "1.4"
      },
      "status": "stalled",
      "instance": "5b1f0e9d5b1f0e9d5b1f0e9d5b1f0e9d",
      "sequence": 17,
      "interval": 10,
      "boot_id": "3a9c5325-5f51-4ff4-ae0f-98114f3ac7d9",
      "monotonic": 46160.123456,
      "started": {
        "at": "2023-11-14T21:56:40.000000+00:00",
        "process": 77,
        "pid_namespace": 1,
        "time_namespace": 2
      },
      "progress": [
        {
          "name": "indexer",
          "advances": 9,
          "still": 7.25,
          "limit": 5,
          "paused": false,
          "stalled": true
        },
        {
          "name": "idle",
          "advances": 0,
          "still": 0,
          "limit": 0.5,
          "paused": true,
          "stalled": false
        }
      ]
    }
    "#);
}

/// kstlib needs its four keys, so that they are there whenever they are known; the rest is not, if it is not.
#[test]
fn what_is_not_known_is_not_written() {
    insta::assert_snapshot!(text(&State::new(stamp(0))), @r#"{"timestamp":"1970-01-01T00:00:00.000000+00:00","metadata":{},"progress":[]}"#);
}

#[test]
fn what_is_written_is_read_again() {
    for state in [full(), State::new(stamp(0))] {
        assert_eq!(parse(&text(&state)), Ok(state.clone()));
        let value = serde_json::to_value(&state).unwrap();
        assert_eq!(serde_json::from_value::<State>(value).unwrap(), state);
    }
}

/// kstlib's files are ours.
#[test]
fn a_time_stamp_is_all_that_is_needed() {
    for stamp in ["2023-11-14T22:13:20+00:00", "2023-11-14T22:13:20.000000+00:00", "2023-11-14T22:13:20Z"] {
        let state = parse(&format!(r#"{{"timestamp": "{stamp}"}}"#)).unwrap();
        assert_eq!(state, State::new(Timestamp::from_unix(Duration::from_secs(1_700_000_000))));
    }
    let kstlib =
        r#"{"timestamp": "2026-01-12T10:00:00+00:00", "pid": 1234, "hostname": "myhost", "metadata": {}}"#;
    let state = parse(kstlib).unwrap();
    assert_eq!((state.pid, state.hostname.as_deref()), (Some(1_234), Some("myhost")));
    assert_eq!(state.max_age(), Duration::from_secs(30));
    let without = r#"{"hostname": "h", "pid": 1, "timestamp": "2026-01-12T10:00:00+00:00"}"#;
    assert!(parse(without).unwrap().metadata.is_empty());
}

#[test]
fn what_nobody_knows_or_has_another_form_is_passed_over() {
    let odd = json!({
        "colour": "green", "timestamp": "2023-11-14T22:13:20Z", "pid": "1234", "hostname": null, "metadata": [1],
        "status": "dancing", "instance": 7, "sequence": -1, "interval": "10s", "boot_id": {}, "monotonic": -5,
        "started": {"at": "yesterday"}, "progress": [7, {"name": 8}, {"name": "x", "limit": "long", "stalled": 1}],
    });
    let mut expected = State::new(stamp(1_700_000_000));
    expected.progress = vec![Worker::new("x", Duration::ZERO)];
    assert_eq!(parse(&odd.to_string()), Ok(expected.clone()));
    expected.progress.clear();
    for (key, value) in [
        ("pid", json!(-1)),
        ("pid", json!(1_u64 << 40)),
        ("interval", json!(1e300)),
        ("interval", json!(-0.5)),
        ("started", json!(7)),
        ("progress", json!({"name": "x"})),
        ("metadata", json!("none")),
    ] {
        let map = json!({"timestamp": "2023-11-14T22:13:20Z", key: value});
        assert_eq!(parse(&map.to_string()), Ok(expected.clone()), "{map}");
    }
    let bare = r#"{"timestamp": "2023-11-14T22:13:20Z", "started": "2023-11-14T22:13:00Z"}"#;
    assert_eq!(parse(bare).unwrap().started, Some(Started::new(stamp(1_699_999_980))));
    let twice = r#"{"timestamp": "2023-11-14T22:13:20Z", "timestamp": "1970-01-01T00:00:00Z"}"#;
    assert_eq!(parse(twice).unwrap().timestamp, stamp(0), "as Python reads it");
}

/// H5: whatever else is in a file, it is an error that says why.
#[test]
fn what_is_no_beat_says_why() {
    let (deep, deeper) = ("[".repeat(60_000), format!("{{\"x\":{}", "[".repeat(60_000)));
    let long = format!("{:?}", "x".repeat(60_000));
    let texts: Vec<_> = [
        "",
        "[]",
        "null",
        "7",
        "\"x\"",
        "{}",
        "{",
        "\0",
        r#"{"timestamp": 7}"#,
        r#"{"timestamp": null}"#,
        r#"{"timestamp": "yesterday"}"#,
        r#"{"timestamp": "2023-11-14T22:13:20"}"#,
        r#"["2023-11-14T22:13:20Z"]"#,
        r#"{"timestamp": "2023-11-14T22:13:20Z"} and more"#,
        &deep,
        &deeper,
        &long,
    ]
    .into_iter()
    .map(|text| parse(text).unwrap_err())
    .collect();
    insta::assert_snapshot!(texts.join("\n"), @r#"
    EOF while parsing a value at line 1 column 0
    invalid type: sequence, expected a map at line 1 column 0
    invalid type: null, expected a map at line 1 column 4
    invalid type: integer `7`, expected a map at line 1 column 1
    invalid type: string "x", expected a map at line 1 column 3
    there is no timestamp
    EOF while parsing an object at line 1 column 1
    expected value at line 1 column 1
    the timestamp is no text
    the timestamp is no text
    timestamp: "yesterday" is no time in ISO 8601 with an offset
    timestamp: "2023-11-14T22:13:20" is no time in ISO 8601 with an offset
    invalid type: sequence, expected a map at line 1 column 0
    trailing characters at line 1 column 39
    invalid type: sequence, expected a map at line 1 column 0
    recursion limit exceeded at line 1 column 132
    invalid type: string "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    "#);
    assert!(State::from_bytes(b"{\"timestamp\": \"\xff\"}").is_err());
    assert!(State::from_bytes(&[0xff; 100]).is_err());
}

#[test]
fn the_age_that_a_beat_may_have_is_three_of_its_intervals() {
    let mut state = State::new(stamp(0));
    assert_eq!(state.max_age(), Duration::from_secs(30));
    state.interval = Some(Duration::from_secs(7));
    assert_eq!(state.max_age(), Duration::from_secs(21));
    state.interval = Some(Duration::MAX);
    assert_eq!(state.max_age(), Duration::MAX);
    // Nobody beats all the time; whoever wrote that has no interval to tell.
    state.interval = Some(Duration::ZERO);
    assert_eq!(state.max_age(), Duration::from_secs(30));
}

/// Reads and judges, as a reader of a file does. What it came to is one of a few words.
fn verdict(bytes: &[u8]) -> Result<&'static str, TestCaseError> {
    let state = match State::from_bytes(bytes) {
        Ok(state) => state,
        Err(why) => {
            prop_assert!(!why.is_empty());
            prop_assert!(why.len() < 1_000, "an error of {} bytes", why.len());
            return Ok("no beat");
        }
    };
    let again = State::from_bytes(text(&state).as_bytes());
    let again = again.map_err(TestCaseError::fail)?;
    prop_assert_eq!((again.timestamp, again.pid, again.status), (state.timestamp, state.pid, state.status));
    for now in [0, 1_700_000_012, 253_402_300_799] {
        let mut here = Vantage::at(stamp(now));
        here.boot_id.clone_from(&state.boot_id);
        here.monotonic = Some(Duration::from_secs(46_170));
        let liveness = state.judge(&here, state.max_age());
        prop_assert!(!liveness.to_string().is_empty());
    }
    Ok("a beat")
}

/// Pieces of which files are made, and pieces of which they are not.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&[u8]> = vec![
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b",",
        b"\"",
        b"\\",
        b"\\u0000",
        b"\\ud800",
        b"null",
        b"true",
        b"-",
        b"1e999",
        b"0.5",
        b"18446744073709551616",
        b"NaN",
        b"\"timestamp\":",
        b"\"2023-11-14T22:13:20Z\"",
        b"\"pid\":",
        b"\"progress\":",
        b"\"monotonic\":",
        b"\"stopped\"",
        b"\n",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
    ];
    let known = prop::sample::select(known).prop_map(<[u8]>::to_vec);
    prop_oneof![3 => known, 1 => vec(any::<u8>(), 0..8)]
}

/// A change of some bytes: where, in thousandths, how many go, and what comes.
fn change() -> impl Strategy<Value = (usize, usize, Vec<u8>)> {
    (
        0..1_000_usize,
        prop_oneof![4 => 0..4_usize, 1 => 0..400_usize],
        prop_oneof![1 => Just(Vec::new()), 3 => piece()],
    )
}

fn changed(mut bytes: Vec<u8>, changes: &[(usize, usize, Vec<u8>)]) -> Vec<u8> {
    for (place, gone, come) in changes {
        let start = bytes.len() * place / 1_000;
        let end = (start + gone).min(bytes.len());
        bytes.splice(start..end, come.iter().copied());
    }
    bytes
}

/// Bytes at random, pieces at random, and good files that something happened to.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let good = prop_oneof![Just(text(&full())), Just(text(&State::new(stamp(1_700_000_000))))];
    let mutated = (good, vec(change(), 1..4));
    prop_oneof![
        1 => vec(any::<u8>(), 0..200),
        2 => vec(piece(), 0..40).prop_map(|pieces| pieces.concat()),
        3 => mutated.prop_map(|(text, changes)| changed(text.into_bytes(), &changes)),
    ]
}

fn runner() -> TestRunner {
    TestRunner::new(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        source_file: Some(file!()),
        ..ProptestConfig::default()
    })
}

/// H5: never a panic, on any bytes.
///
/// `PROPTEST_CASES=1000000 cargo test -p resil-heartbeat --release --lib any_bytes` is a million of them.
#[test]
fn any_bytes_are_a_beat_or_an_error() {
    let seen = std::cell::RefCell::new(BTreeSet::new());
    let result = runner().run(&bytes(), |bytes| {
        seen.borrow_mut().insert(verdict(&bytes)?);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(seen.into_inner(), BTreeSet::from(["a beat", "no beat"]), "there were some of either kind");
}

#[test]
fn every_beginning_of_a_file_is_no_beat() {
    let text = text(&full());
    for end in 0..text.len() {
        assert_eq!(verdict(&text.as_bytes()[..end]).unwrap(), "no beat");
    }
    assert_eq!(verdict(text.as_bytes()).unwrap(), "a beat");
}
