use proptest::prelude::*;

use super::*;

fn text(since_1970: u64) -> String {
    Timestamp::from_unix(Duration::from_secs(since_1970)).to_string()
}

#[test]
fn known_dates_read_as_they_should() {
    for (seconds, expected) in [
        (0, "1970-01-01T00:00:00.000000+00:00"),
        (68_169_599, "1972-02-28T23:59:59.000000+00:00"),
        (68_169_600, "1972-02-29T00:00:00.000000+00:00"),
        (951_782_400, "2000-02-29T00:00:00.000000+00:00"),
        (951_868_800, "2000-03-01T00:00:00.000000+00:00"),
        (1_700_000_000, "2023-11-14T22:13:20.000000+00:00"),
        (1_704_067_199, "2023-12-31T23:59:59.000000+00:00"),
        (2_147_483_648, "2038-01-19T03:14:08.000000+00:00"),
        (4_107_542_399, "2100-02-28T23:59:59.000000+00:00"),
        (4_107_542_400, "2100-03-01T00:00:00.000000+00:00"),
        (253_402_300_799, "9999-12-31T23:59:59.000000+00:00"),
    ] {
        assert_eq!(text(seconds), expected);
        let parsed: Timestamp = expected.parse().unwrap();
        assert_eq!(parsed.to_unix(), Duration::from_secs(seconds));
    }
}

#[test]
fn the_ends_of_the_calendar_are_the_ends_of_the_range() {
    assert_eq!(days(0, 1, 1) * DAY, FIRST);
    assert_eq!(days(10_000, 1, 1) * DAY - 1, LAST);
    assert_eq!(text(u64::MAX), "9999-12-31T23:59:59.999999+00:00");
    assert_eq!(text(253_402_300_800), "9999-12-31T23:59:59.999999+00:00");
    let first: Timestamp = "0000-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(first.to_string(), "0000-01-01T00:00:00.000000+00:00");
    assert_eq!(first.to_unix(), Duration::ZERO);
    for beyond in ["0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z"] {
        assert!(beyond.parse::<Timestamp>().is_err(), "{beyond}");
    }
}

#[test]
fn the_time_between_two_is_that_since_the_earlier_or_how_much_later_that_one_is() {
    let [early, late] = [3, 8].map(|seconds| Timestamp::from_unix(Duration::from_secs(seconds)));
    assert_eq!(late.since(early), Ok(Duration::from_secs(5)));
    assert_eq!(early.since(late), Err(Duration::from_secs(5)));
    assert_eq!(early.since(early), Ok(Duration::ZERO));
}

#[test]
fn nanoseconds_are_dropped() {
    let stamp = Timestamp::from_unix(Duration::from_nanos(1_999));
    assert_eq!(stamp.to_string(), "1970-01-01T00:00:00.000001+00:00");
}

/// What others write, kstlib among them, which leaves the fraction out where it is zero.
#[test]
fn every_usual_form_of_one_moment_is_that_moment() {
    let moment = Timestamp::from_unix(Duration::from_millis(1_700_000_000_500));
    for form in [
        "2023-11-14T22:13:20.500000+00:00",
        "2023-11-14T22:13:20.5Z",
        "2023-11-14t22:13:20,5z",
        "2023-11-14 22:13:20.500+00:00",
        "2023-11-14T22:13:20.500000999999999999999999999999+00:00",
        "2023-11-15T00:13:20.5+02:00",
        "2023-11-15T00:13:20.5+0200",
        "2023-11-15T00:13:20.5+02",
        "2023-11-14T16:43:20.5-05:30",
        "2023-11-14T22:13:50.5+00:00:30",
        "2023-11-14T22:13:50.5+000030",
    ] {
        assert_eq!(form.parse(), Ok(moment), "{form}");
    }
    let whole: Timestamp = "2023-11-14T22:13:20+00:00".parse().unwrap();
    assert_eq!(whole.to_unix(), Duration::from_secs(1_700_000_000));
    let leap: Timestamp = "2016-12-31T23:59:60Z".parse().unwrap();
    assert_eq!(leap.to_string(), "2017-01-01T00:00:00.000000+00:00");
}

#[test]
fn anything_else_is_refused() {
    for text in [
        "",
        "2023",
        "2023-11-14",
        "2023-11-14T22:13:20",
        "2023-11-14T22:13:20.",
        "2023-11-14T22:13:20.Z",
        "2023-11-14T22:13Z",
        "2023-11-14T22:13:20ZZ",
        "2023-11-14T22:13:20+",
        "2023-11-14T22:13:20+0",
        "2023-11-14T22:13:20+00:",
        "2023-11-14T22:13:20+00:0",
        "2023-11-14T22:13:20+00:00:00:00",
        "2023-11-14T22:13:20+24:00",
        "2023-11-14T22:13:20+00:60",
        "2023-11-14T24:00:00Z",
        "2023-11-14T23:60:00Z",
        "2023-11-14T23:59:61Z",
        "2023-13-14T22:13:20Z",
        "2023-00-14T22:13:20Z",
        "2023-02-29T22:13:20Z",
        "2100-02-29T22:13:20Z",
        "2023-04-31T22:13:20Z",
        "2023-04-00T22:13:20Z",
        "02023-04-01T22:13:20Z",
        "-023-04-01T22:13:20Z",
        "2023/04/01T22:13:20Z",
        "1700000000",
        "２０２３-04-01T22:13:20Z",
    ] {
        assert!(text.parse::<Timestamp>().is_err(), "{text}");
    }
}

#[test]
fn an_error_holds_no_more_than_the_beginning_of_a_text() {
    let error = "x".repeat(100_000).parse::<Timestamp>().unwrap_err();
    assert_eq!(error.to_string().len(), "\"\" is no time in ISO 8601 with an offset".len() + 64);
}

/// A naive calendar: one day after the other.
#[test]
fn the_calendar_is_that_of_one_who_counts_days() {
    let (mut year, mut month, mut day) = (0, 1, 1);
    for number in FIRST / DAY..=LAST / DAY {
        assert_eq!((civil(number), days(year, month, day)), ((year, month, day), number));
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = match month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        (day, month) = if day == length { (1, month + 1) } else { (day + 1, month) };
        (month, year) = if month == 13 { (1, year + 1) } else { (month, year) };
    }
    assert_eq!((year, month, day), (10_000, 1, 1));
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(micros in FIRST..=LAST) {
        let stamp = Timestamp { micros };
        prop_assert_eq!(stamp.to_string().parse(), Ok(stamp));
    }

    #[test]
    fn no_text_makes_it_panic(text in "[-+0-9TZ:., ]{0,40}|.{0,40}") {
        if let Ok(stamp) = text.parse::<Timestamp>() {
            prop_assert_eq!(stamp.to_string().parse(), Ok(stamp));
        }
    }
}
