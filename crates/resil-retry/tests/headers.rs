//! T4: `Retry-After` in seconds and in the three forms of a date, and whatever else comes over a wire.
#![cfg(all(feature = "http", not(any(loom, shuttle))))]

use std::time::Duration;

use proptest::prelude::*;
use resil_retry::headers::{RETRY_AFTER, retry_after};
use resil_retry::{Clock, Config, ManualClock, Retry};

const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

fn seconds(value: &str) -> Option<u64> {
    retry_after(value, &ManualClock::new()).map(|wait| wait.as_secs())
}

#[test]
fn seconds_and_dates_are_understood() {
    assert_eq!(RETRY_AFTER, "retry-after");
    assert_eq!(["0", "120", " 120 ", "007"].map(seconds), [Some(0), Some(120), Some(120), Some(7)]);
    // The clock stands at 22:13:20.
    let dates =
        ["Tue, 14 Nov 2023 22:15:20 GMT", "Tuesday, 14-Nov-23 22:15:20 GMT", "Tue Nov 14 22:15:20 2023"];
    assert_eq!(dates.map(seconds), [Some(120); 3]);
    assert_eq!(seconds("Tue, 14 Nov 2023 22:00:00 GMT"), Some(0));
    assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(0));
}

#[test]
fn what_is_neither_is_none() {
    let hostile = [
        "",
        " ",
        "soon",
        "-1",
        "+1",
        "1.5",
        "1e9",
        "0x10",
        "12 34",
        "120s",
        "１２０",
        "Tue, 32 Nov 2023 22:15:20 GMT",
        "Tue, 14 Nov 2023 22:15:20 CET",
        "Tue, 14 Nov 2023 25:15:20 GMT",
        "\0",
        "Thu, 01 Jan 1970",
    ];
    for value in hostile {
        assert_eq!(seconds(value), None, "{value:?}");
    }
    assert_eq!(retry_after([0xFF, 0xFE], &ManualClock::new()), None);
    assert_eq!(seconds(&"1".repeat(65)), None);
}

#[test]
fn no_wait_is_longer_than_a_century() {
    for value in ["99999999999", "18446744073709551616", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        assert_eq!(retry_after(value, &ManualClock::new()), Some(CENTURY), "{value}");
    }
}

#[test]
fn as_a_hook_it_is_a_floor_of_the_delay() {
    struct Answer(&'static str);
    impl std::fmt::Debug for Answer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }
    }
    let clock = ManualClock::leaping();
    let retry = Retry::with_clock("payments".into(), Config::new().max_attempts(2), clock.clone());
    let polite = retry.after(|answer: &Answer| retry_after(answer.0, &clock));
    let _ = polite.call(|| Err::<(), _>(Answer("30")));
    assert_eq!(clock.now().as_nanos(), 30_000_000_000);
    let _ = polite.call(|| Err::<(), _>(Answer("Tue, 14 Nov 2023 22:14:50 GMT")));
    assert_eq!(clock.now().as_nanos(), 90_000_000_000);
}

proptest! {
    #[test]
    fn any_bytes_give_a_bounded_answer(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        prop_assert!(retry_after(&bytes, &ManualClock::new()).is_none_or(|wait| wait <= CENTURY));
    }

    #[test]
    fn any_text_gives_a_bounded_answer(text in "\\PC{0,70}") {
        prop_assert!(retry_after(&text, &ManualClock::new()).is_none_or(|wait| wait <= CENTURY));
    }

    #[test]
    fn a_date_that_was_changed_anywhere_gives_a_bounded_answer(
        (form, at, byte) in (0_usize..3, 0_usize..40, any::<u8>()),
    ) {
        let forms =
            ["Tue, 14 Nov 2023 22:15:20 GMT", "Tuesday, 14-Nov-23 22:15:20 GMT", "Tue Nov 14 22:15:20 2023"];
        let mut bytes = forms[form].as_bytes().to_vec();
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        prop_assert!(retry_after(&bytes, &ManualClock::new()).is_none_or(|wait| wait <= CENTURY));
    }

    #[test]
    fn seconds_are_what_they_say(number in any::<u64>()) {
        let expected = Duration::from_secs(number).min(CENTURY);
        prop_assert_eq!(retry_after(number.to_string(), &ManualClock::new()), Some(expected));
    }
}
