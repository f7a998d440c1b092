//! Snapshots that were damaged on the way: whatever the bytes, the breaker refuses them or restores just what was saved.
#![cfg(all(feature = "serde", not(any(loom, shuttle))))]

mod calls;

use std::time::Duration;

use calls::{breaker, fail, succeed};
use proptest::prelude::*;
use resil_breaker::{Config, PolicyExt, RestoreError, Snapshot, State};
use serde_json::{Value, from_slice, from_value, json, to_string, to_value};

const SECOND: Duration = Duration::from_secs(1);

/// A snapshot in which every field says something.
fn forced() -> Snapshot {
    let (breaker, _) = breaker(Config::new());
    breaker.force_open_for("maintenance", SECOND * 60);
    breaker.snapshot()
}

fn open() -> Snapshot {
    let (breaker, _) = breaker(Config::new().failure_threshold(1));
    fail(&breaker);
    breaker.snapshot()
}

/// What becomes of a breaker that is offered `snapshot`, at the time at which the snapshots of this file were taken.
fn offer(snapshot: &Snapshot) -> Result<State, RestoreError> {
    let (breaker, _) = breaker(Config::new());
    let restored = breaker.restore(snapshot);
    assert!(restored.is_ok() || breaker.state() == State::Closed);
    restored.map(|()| breaker.state())
}

#[test]
fn a_snapshot_comes_back_as_it_was_written() {
    for saved in [forced(), open()] {
        let text = to_string(&saved).expect("it can be written");
        let read: Snapshot = serde_json::from_str(&text).expect("it can be read");
        assert_eq!(read, saved);
        assert_eq!(offer(&read), Ok(saved.state()));
    }
    insta::assert_snapshot!(to_string(&forced()).expect("it can be written"), @r#"{"version":1,"state":"forced_open","taken_at":1700000000000000000,"remaining":60000000000,"attempt":0,"reason":"maintenance","checksum":8878637251495062507}"#);
}

#[test]
fn each_field_that_is_damaged_is_found() {
    let whole = to_value(forced()).expect("it can be written");
    let wrong = [
        ("version", json!(2), RestoreError::Version { found: 2 }),
        ("version", json!(0), RestoreError::Version { found: 0 }),
        ("state", json!("closed"), RestoreError::Damaged),
        ("state", json!("open"), RestoreError::Damaged),
        ("state", json!("half_open"), RestoreError::Damaged),
        ("state", json!("disabled"), RestoreError::Damaged),
        ("taken_at", json!(1_700_000_000_000_000_001_u64), RestoreError::Damaged),
        ("taken_at", json!(0), RestoreError::Damaged),
        ("taken_at", json!(u64::MAX), RestoreError::Damaged),
        ("remaining", json!(1), RestoreError::Damaged),
        ("remaining", json!(u64::MAX), RestoreError::Damaged),
        ("remaining", json!(i64::MAX), RestoreError::Damaged),
        ("remaining", Value::Null, RestoreError::Damaged),
        ("attempt", json!(1), RestoreError::Damaged),
        ("attempt", json!(u32::MAX), RestoreError::Damaged),
        ("reason", json!("maintenancf"), RestoreError::Damaged),
        ("reason", json!(""), RestoreError::Damaged),
        ("reason", Value::Null, RestoreError::Damaged),
        ("checksum", json!(0), RestoreError::Damaged),
        ("checksum", json!(u64::MAX), RestoreError::Damaged),
    ];
    for (field, value, expected) in wrong {
        let mut damaged = whole.clone();
        damaged[field] = value.clone();
        let snapshot: Snapshot = from_value(damaged).expect("its form is right");
        assert_eq!(offer(&snapshot), Err(expected), "{field}: {value}");
    }
}

#[test]
fn what_has_not_the_form_of_a_snapshot_is_not_read() {
    let whole = to_value(forced()).expect("it can be written");
    let fields = ["version", "state", "taken_at", "remaining", "attempt", "reason", "checksum"];
    assert_eq!(whole.as_object().map(serde_json::Map::len), Some(fields.len()));
    for field in fields {
        let mut without = whole.clone();
        without.as_object_mut().expect("an object").remove(field);
        let refused = from_value::<Snapshot>(without).map_or(true, |read| offer(&read).is_err());
        assert!(refused, "without {field}");
        for nonsense in
            [json!([]), json!({}), json!(-1), json!(0.5), json!(true), json!("ajar"), json!(u64::MAX)]
        {
            let mut wrong = whole.clone();
            wrong[field] = nonsense.clone();
            let refused = from_value::<Snapshot>(wrong).map_or(true, |read| offer(&read).is_err());
            assert!(refused, "{field}: {nonsense}");
        }
    }
    let mut further = whole;
    further["windows"] = json!([1, 2, 3]);
    let error = from_value::<Snapshot>(further).unwrap_err().to_string();
    assert!(error.starts_with("unknown field `windows`"), "{error}");
}

#[test]
fn what_never_lasts_or_lasts_too_long_is_refused_although_its_sum_is_right() {
    // Not by accident: such a file was written by something else than a breaker.
    let sealed = |state, remaining: Option<u64>, reason: Option<&str>| {
        let fields = json!({
            "version": 1, "state": state, "taken_at": 1_700_000_000_000_000_000_u64,
            "remaining": remaining, "attempt": 0, "reason": reason, "checksum": 0,
        });
        let mut sealed = fields.clone();
        sealed["checksum"] = json!(sum(&fields));
        from_value::<Snapshot>(sealed).expect("its form is right")
    };
    let century = 100 * 365 * 24 * 3_600 * 1_000_000_000_u64;
    assert_eq!(offer(&sealed("open", Some(century), None)), Ok(State::Open));
    assert_eq!(offer(&sealed("open", Some(century + 1), None)), Err(RestoreError::Damaged));
    assert_eq!(offer(&sealed("open", None, None)), Err(RestoreError::Damaged));
    assert_eq!(offer(&sealed("half_open", Some(1), None)), Err(RestoreError::Damaged));
    assert_eq!(offer(&sealed("closed", Some(1), None)), Err(RestoreError::Damaged));
    assert_eq!(offer(&sealed("closed", None, Some("x"))), Err(RestoreError::Damaged));
    assert_eq!(offer(&sealed("forced_open", Some(u64::MAX), Some("x"))), Err(RestoreError::Damaged));
}

/// FNV-1a over the fields in their order, as the format has it.
fn sum(fields: &Value) -> u64 {
    let number = |field: &str| fields[field].as_u64();
    let states = ["closed", "open", "half_open", "forced_open", "disabled", "metrics_only"];
    let state = states.iter().position(|known| fields["state"] == **known).expect("a state");
    let numbers = [
        number("version").expect("a number"),
        state as u64,
        number("taken_at").expect("a number"),
        number("remaining").map_or(u64::MAX, |nanos| nanos ^ 1 << 63),
        number("attempt").expect("a number"),
        u64::from(fields["reason"].is_string()),
    ];
    let text = fields["reason"].as_str().unwrap_or_default().bytes();
    let bytes = numbers.into_iter().flat_map(u64::to_le_bytes).chain(text);
    bytes.fold(0xCBF2_9CE4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

/// What a mutation does to the bytes of a good snapshot.
#[derive(Clone, Debug)]
enum Mutation {
    Flip(prop::sample::Index, u8),
    Set(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Cut(prop::sample::Index),
    Twice(prop::sample::Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    use Mutation::{Cut, Flip, Insert, Remove, Set, Twice};
    let at = any::<prop::sample::Index>;
    // Digits and signs of JSON meet the reader's edges more often than other bytes do.
    let byte = || prop_oneof![any::<u8>(), prop::sample::select(&b"0123456789-+.eE\"{}[],:ntf\\u"[..])];
    prop_oneof![
        4 => (at(), 0_u8..8).prop_map(|(at, bit)| Flip(at, bit)),
        8 => (at(), byte()).prop_map(|(at, byte)| Set(at, byte)),
        4 => (at(), byte()).prop_map(|(at, byte)| Insert(at, byte)),
        4 => at().prop_map(Remove),
        1 => at().prop_map(Cut),
        1 => at().prop_map(Twice),
    ]
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation) {
    let length = bytes.len();
    if length == 0 {
        return;
    }
    match mutation {
        Mutation::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
        Mutation::Set(at, byte) => bytes[at.index(length)] = *byte,
        Mutation::Insert(at, byte) => bytes.insert(at.index(length), *byte),
        Mutation::Remove(at) => drop(bytes.remove(at.index(length))),
        Mutation::Cut(at) => bytes.truncate(at.index(length)),
        Mutation::Twice(at) => bytes.extend_from_within(at.index(length)..),
    }
}

/// Reads `bytes` and offers what comes out; a panic fails the test. Whether it was restored.
fn survives(bytes: &[u8]) -> bool {
    from_slice::<Snapshot>(bytes).is_ok_and(|snapshot| offer(&snapshot).is_ok())
}

fn cases(default: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(asked.unwrap_or(0).max(default))
    }
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn mutated_bytes_restore_what_was_saved_or_nothing(
        of_forced: bool,
        mutations in prop::collection::vec(mutation(), 1..5),
    ) {
        let saved = if of_forced { forced() } else { open() };
        let mut bytes = to_string(&saved).expect("it can be written").into_bytes();
        for mutation in &mutations {
            mutate(&mut bytes, mutation);
        }
        if let Ok(read) = from_slice::<Snapshot>(&bytes) {
            // A changed space, or a number spelled in another way, damages nothing.
            prop_assert_eq!(offer(&read).is_ok(), read == saved, "{}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(!survives(&bytes));
    }

    #[test]
    fn a_state_and_the_rest_of_its_time_come_back_by_the_wall_clock(
        reset in 1_u64..1 << 50, passed in 0_u64..1 << 46, between in 0_u64..1 << 46,
    ) {
        let config = Config::new().failure_threshold(1).reset_timeout(Duration::from_nanos(reset));
        let (before, clock) = breaker(config);
        fail(&before);
        clock.advance(Duration::from_nanos(passed));
        let saved = before.snapshot();
        clock.advance(Duration::from_nanos(between));
        let (after, after_clock) = breaker(config);
        after_clock.set_unix_time(resil_breaker::Clock::unix_time(&clock));
        prop_assert_eq!(after.restore(&saved), Ok(()));
        prop_assert_eq!(after.state(), before.state());
        prop_assert_eq!(after.stats().open_remaining, before.stats().open_remaining);
        prop_assert_eq!(after.can_proceed(), before.can_proceed());
        if after.can_proceed() {
            succeed(&after);
        } else {
            prop_assert!(after.guard().is_err());
        }
    }
}
