use std::time::Duration;

/// The units, as people write them, in nanoseconds.
const UNITS: [(&[&str], u64); 7] = [
    (&["ns", "nsec", "nanos"], 1),
    (&["us", "µs", "usec", "micros"], 1_000),
    (&["ms", "msec", "millis"], 1_000_000),
    (&["s", "sec", "secs", "second", "seconds"], 1_000_000_000),
    (&["m", "min", "mins", "minute", "minutes"], 60_000_000_000),
    (&["h", "hr", "hrs", "hour", "hours"], 3_600_000_000_000),
    (&["d", "day", "days"], 86_400_000_000_000),
];

/// Reads "500ms", "30s", "1h 30m": whole numbers, each with its unit.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("expected a duration, such as \"500ms\", \"30s\" or \"1h 30m\"".into());
    }
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let (digits, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        let after = after.trim_start();
        let (unit, after) = after.split_at(after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len()));
        let number: u64 =
            digits.parse().map_err(|_| format!("expected a whole number before its unit in {text:?}"))?;
        let nanos = UNITS.iter().find(|(names, _)| names.contains(&unit)).map(|(_, nanos)| *nanos);
        let nanos = nanos.ok_or_else(|| match unit {
            "" => format!("{text:?} lacks a unit: ns, us, ms, s, m, h or d"),
            _ => format!("{unit:?} is no unit of time: ns, us, ms, s, m, h or d"),
        })?;
        let span = number.checked_mul(nanos).map(Duration::from_nanos);
        sum = span
            .and_then(|span| sum.checked_add(span))
            .ok_or_else(|| format!("{text:?} is longer than 584 years"))?;
        rest = after.trim_start();
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::Duration;

    #[test]
    fn units_add_up() {
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse(" 1h 30m"), Ok(Duration::from_secs(5_400)));
        assert_eq!(parse("2 seconds"), Ok(Duration::from_secs(2)));
        assert_eq!(parse("3µs"), Ok(Duration::from_micros(3)));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, complaint) in [
            ("", "expected a duration"),
            ("30", "lacks a unit"),
            ("s", "whole number"),
            ("1.5s", "unit"),
            ("30 parsecs", "no unit of time"),
            ("99999999999d", "longer"),
            ("-1s", "whole number"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(complaint), "{text:?}: {error}");
        }
    }
}
