//! How numbers are written for people.

use std::time::Duration;

/// `1234567` as `1,234,567`.
pub(crate) fn count(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time with three figures or so: `420 µs`, `8.1 ms`, `253 ms`, `1.25 s`, `41.3 s`, `2 min 05 s`.
pub(crate) fn span(time: Duration) -> String {
    // Each limit is where rounding would reach the next unit's first value.
    match time.as_micros() {
        micros @ 0..1_000 => format!("{micros} µs"),
        1_000..9_950 => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        9_950..999_500 => format!("{:.0} ms", time.as_secs_f64() * 1e3),
        999_500..9_995_000 => format!("{:.2} s", time.as_secs_f64()),
        9_995_000..59_950_000 => format!("{:.1} s", time.as_secs_f64()),
        _ => {
            let seconds = (time + Duration::from_millis(500)).as_secs();
            format!("{} min {:02} s", seconds / 60, seconds % 60)
        }
    }
}

/// How long after something a thing happened: `at once`, a time, or `never`.
pub(crate) fn delay(time: Option<Duration>) -> String {
    match time {
        Some(Duration::ZERO) => "at once".to_owned(),
        Some(time) => span(time),
        None => "never".to_owned(),
    }
}

/// What part of `before` is gone in `after`: `93 % less`, `12 % more`, `the same`.
pub(crate) fn change(before: f64, after: f64) -> String {
    let percent = if before > 0.0 { (100.0 * (before - after) / before).round() } else { 0.0 };
    match percent {
        p if p >= 1.0 => format!("{p} % less"),
        p if p <= -1.0 => format!("{} % more", -p),
        _ => "the same".to_owned(),
    }
}

/// A part of the whole: `42 %`.
pub(crate) fn share(part: u32, whole: u32) -> String {
    let percent = if whole > 0 { (100.0 * f64::from(part) / f64::from(whole)).round() } else { 0.0 };
    format!("{percent} %")
}

/// How much a part adds to the whole: `+42 %`.
pub(crate) fn added(part: u32, whole: u32) -> String {
    format!("+{}", share(part, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let texts = [0, 7, 999, 1_000, 65_536, 1_234_567].map(count);
        assert_eq!(texts, ["0", "7", "999", "1,000", "65,536", "1,234,567"]);
    }

    #[test]
    fn a_time_keeps_about_three_figures() {
        let micros = [0, 999, 1_000, 8_149, 9_949, 9_950, 252_600, 999_499, 999_500, 1_250_000, 41_340_000];
        let texts = micros.map(|n| span(Duration::from_micros(n)));
        let expected = [
            "0 µs", "999 µs", "1.0 ms", "8.1 ms", "9.9 ms", "10 ms", "253 ms", "999 ms", "1.00 s", "1.25 s",
            "41.3 s",
        ];
        assert_eq!(texts, expected);
    }

    #[test]
    fn minutes_carry_their_rounded_seconds() {
        assert_eq!(span(Duration::from_millis(59_949)), "59.9 s");
        assert_eq!(span(Duration::from_millis(59_960)), "1 min 00 s");
        assert_eq!(span(Duration::from_millis(119_700)), "2 min 00 s");
        assert_eq!(span(Duration::from_secs(605)), "10 min 05 s");
    }

    #[test]
    fn what_is_added_is_a_share_of_what_was_there() {
        assert_eq!(
            [(0, 5), (1, 3), (9, 3), (1, 0)].map(|(a, b)| added(a, b)),
            ["+0 %", "+33 %", "+300 %", "+0 %"]
        );
    }

    #[test]
    fn a_change_says_its_direction() {
        let texts = [(200.0, 10.0), (100.0, 112.0), (100.0, 99.8), (0.0, 5.0)].map(|(a, b)| change(a, b));
        assert_eq!(texts, ["95 % less", "12 % more", "the same", "the same"]);
    }
}
