//! Deadlines as header text, out and in (D2).

use std::time::Duration;

use proptest::prelude::*;
use resil_timeout::headers::{self, GrpcTimeout, GrpcTimeoutError};
use resil_timeout::{Deadline, ManualClock, Moment};

const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);

fn text(span: Duration) -> String {
    GrpcTimeout::at_most(span).to_string()
}

#[test]
fn a_span_is_told_in_the_finest_unit_that_has_room() {
    let nanos = Duration::from_nanos;
    let texts = [
        (Duration::ZERO, "0n"),
        (nanos(1), "1n"),
        (nanos(99_999_999), "99999999n"),
        (nanos(100_000_000), "100000u"),
        (nanos(100_000_999), "100000u"),
        (nanos(99_999_999_999), "99999999u"),
        (100 * SECOND, "100000m"),
        (99_999 * SECOND + 999 * MILLI, "99999999m"),
        (100_000 * SECOND, "100000S"),
        (99_999_999 * SECOND, "99999999S"),
        (100_000_000 * SECOND, "1666666M"),
        (Duration::from_secs(99_999_999 * 60), "99999999M"),
        (Duration::from_secs(100_000_000 * 60), "1666666H"),
        (Duration::MAX, "99999999H"),
    ];
    for (span, expected) in texts {
        assert_eq!(text(span), expected);
    }
}

#[test]
fn every_unit_is_read_and_zero_too() {
    let spans = [
        ("1H", 3_600 * SECOND),
        ("02M", 120 * SECOND),
        ("3S", 3 * SECOND),
        ("00000004m", 4 * MILLI),
        ("5u", Duration::from_micros(5)),
        ("6n", Duration::from_nanos(6)),
        ("0S", Duration::ZERO),
        ("99999999H", Duration::from_secs(99_999_999 * 3_600)),
    ];
    for (text, span) in spans {
        assert_eq!(GrpcTimeout::parse(text).map(GrpcTimeout::duration), Ok(span), "{text}");
        assert_eq!(text.parse::<GrpcTimeout>(), GrpcTimeout::parse(text.as_bytes()));
    }
}

#[test]
fn what_is_wrong_with_a_text_is_said() {
    use GrpcTimeoutError::{Digit, Empty, NoDigits, TooLong, Unit};
    let wrong = [
        ("", Empty),
        ("5", Unit),
        ("5s", Unit),
        ("5S ", Unit),
        ("5 seconds", Unit),
        ("5é", Unit),
        ("S", NoDigits),
        ("-5S", Digit),
        ("+5S", Digit),
        (" 5S", Digit),
        ("5.5S", Digit),
        ("0x5S", Digit),
        ("٥S", Digit),
        ("123456789S", TooLong),
        ("000000001S", TooLong),
        ("12345678x9S", Digit),
    ];
    for (text, error) in wrong {
        assert_eq!(GrpcTimeout::parse(text), Err(error), "{text:?}");
    }
    let texts = [Empty, Unit, NoDigits, Digit, TooLong].map(|error| error.to_string());
    insta::assert_snapshot!(texts.join("\n"), @r#"
    grpc-timeout: is empty
    grpc-timeout: does not end in a unit, which is one of H, M, S, m, u, n
    grpc-timeout: has no digits
    grpc-timeout: has something else than digits before the unit
    grpc-timeout: has more than 8 digits
    "#);
}

#[test]
fn what_is_left_goes_out_less_the_margin() {
    let clock = ManualClock::new();
    let deadline = Deadline::after_on(&clock, 5 * SECOND);
    let told = |margin| headers::grpc_timeout_on(&clock, deadline, margin).map(GrpcTimeout::duration);
    assert_eq!(told(Duration::ZERO), Ok(5 * SECOND));
    assert_eq!(told(SECOND), Ok(4 * SECOND));
    clock.advance(2 * SECOND);
    assert_eq!(told(SECOND), Ok(2 * SECOND));
    assert!(
        headers::grpc_timeout(Deadline::after(60 * SECOND), SECOND)
            .is_ok_and(|told| told.duration() <= 59 * SECOND)
    );
}

#[test]
fn a_deadline_that_is_over_has_no_header() {
    let clock = ManualClock::new();
    let deadline = Deadline::after_on(&clock, 5 * SECOND).named("checkout");
    let told = |margin| headers::grpc_timeout_on(&clock, deadline, margin);
    assert!(told(Duration::from_nanos(4_999_999_999)).is_ok_and(|told| told.to_string() == "1n"));
    assert_eq!(told(5 * SECOND), Err(deadline.timed_out()));
    assert_eq!(told(Duration::MAX).unwrap_err().to_string(), "checkout: timed out after 5s");
    clock.advance(6 * SECOND);
    assert_eq!(told(Duration::ZERO), Err(deadline.timed_out()));
    assert!(headers::grpc_timeout(Deadline::at(Moment::ZERO), Duration::ZERO).is_err());
}

#[test]
fn what_comes_in_ends_less_the_margin_from_now_and_never_after_the_current_deadline() {
    let clock = ManualClock::new();
    clock.advance(SECOND);
    let read = |text, margin| headers::deadline_on(&clock, text, margin).expect("a good text");
    let at = |seconds| Moment::ZERO.saturating_add(seconds * SECOND);
    assert_eq!((read("5S", Duration::ZERO).moment(), read("5S", SECOND).moment()), (at(6), at(5)));
    assert_eq!(read("5S", SECOND).name().as_str(), headers::GRPC_TIMEOUT);
    assert_eq!(read("5S", SECOND).limit(), Some(4 * SECOND));
    for over in [read("5S", 5 * SECOND), read("5S", Duration::MAX), read("0n", Duration::ZERO)] {
        assert!(over.is_expired_on(&clock));
    }
    let current = Deadline::at(at(3)).named("own");
    current.scope_blocking(|| {
        assert_eq!(read("5S", Duration::ZERO), current);
        assert_eq!(read("1S", Duration::ZERO).moment(), at(2));
    });
    assert!(headers::deadline("5S", SECOND).is_ok_and(|read| read.remaining() <= 4 * SECOND));
    assert_eq!(headers::deadline("5", SECOND), Err(GrpcTimeoutError::Unit));
}

fn spans() -> impl Strategy<Value = Duration> {
    // Of every order of magnitude.
    (0..64_u32, any::<u64>(), 0..1_000_000_000_u32)
        .prop_map(|(shift, secs, nanos)| Duration::new(secs >> shift >> shift.saturating_sub(40), nanos))
}

proptest! {
    #[test]
    fn what_goes_out_is_never_more_than_what_is_left(span in spans()) {
        let told = GrpcTimeout::at_most(span);
        prop_assert_eq!(GrpcTimeout::parse(told.to_string()), Ok(told));
        prop_assert!(told.duration() <= span);
        prop_assert!(told.to_string().len() <= 9);
        if span < Duration::from_secs(99_999_999 * 3_600) {
            prop_assert!(span.saturating_sub(told.duration()) <= span / 100_000, "{} for {:?}", told, span);
        }
    }

    #[test]
    fn any_bytes_have_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
        if let Ok(read) = GrpcTimeout::parse(&bytes) {
            prop_assert!(bytes.len() <= 9);
            prop_assert!(read.duration() <= Duration::from_secs(99_999_999 * 3_600));
        }
    }

    #[test]
    fn any_text_that_is_almost_one_has_the_right_answer(text in "[0-9]{0,10}[HMSmun x]?") {
        let digits = text.trim_end_matches(|last: char| !last.is_ascii_digit());
        let is_one = text.len() == digits.len() + 1
            && (1..=8).contains(&digits.len())
            && !text.ends_with([' ', 'x']);
        let read = GrpcTimeout::parse(&text);
        prop_assert_eq!(read.is_ok(), is_one);
        if let Ok(read) = read {
            let trimmed = digits.trim_start_matches('0');
            let unit = &text[digits.len()..];
            let canonical = format!("{}{unit}", if trimmed.is_empty() { "0" } else { trimmed });
            prop_assert_eq!(read.to_string(), canonical);
        }
    }
}
